"""The resolution page: its first screen, each part, what the address does, and its words where there is nothing."""

import datetime as dt
import itertools
import json
import re
from dataclasses import replace

import pandas as pd
import pytest
import stored
from hostile_names import HOSTILE
from test_pages import (  # noqa: F401  fixtures among them
    EN,
    HOT,
    PERIOD,
    WORDS,
    check,
    figures,
    refusals,
    texts,
    title,
    visit,
    workspaces,
)

from data.levels import load_cells
from data.schema import Scope
from data.store import Workspace
from pages.common import downloads, times_parts, times_view
from reports import backlog, times, times_map, times_trace, times_words
from reports.times_book import KEY_NAMES

SCOPE = Scope("grid", *map(dt.date.fromisoformat, PERIOD))
WATER = Scope("grid", SCOPE.start, SCOPE.end, hazards=("waterlogging",))


@pytest.fixture(scope="module")
def dataset(workspaces):  # noqa: F811
    return Workspace(workspaces["demo"]).newest()


def tables(seen, column):
    return [one.value for one in seen.dataframe if column in one.value]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_first_screen_says_the_finding_the_five_figures_and_what_they_leave_out(visit, dataset, lang):  # noqa: F811
    words = WORDS[lang]
    seen = visit("resolution", lang=lang)
    check(seen, "resolution", "demo", lang)
    answer = times.headline(dataset, SCOPE)
    assert title(seen) == answer.main.say(words)
    assert figures(seen) == [one.value.say(words) for one in answer.figures]
    assert len(figures(seen)) == 5
    said = " ".join(texts(seen))
    for sentence in answer.sentences:
        assert sentence.say(words) in said
    for left_out in times_words.left_out(answer.apart):
        assert left_out.say(words) in said
    assert words("natural time from report to closing") in said


def test_the_clock_is_named_with_its_start_and_changes_the_times_not_the_shares(visit):  # noqa: F811
    raw, work = visit("resolution"), visit("resolution", clock="work")
    assert work.query_params["clock"] == "work"
    assert any("work time of the office from dispatch" in text for text in texts(work))
    assert figures(raw)[0] != figures(work)[0]
    assert figures(raw)[2] == figures(work)[2]


def test_the_line_under_the_title_says_that_cases_are_few(dataset):
    answer = times.headline(dataset, SCOPE)
    for n, few in ((answer.overall["n"], False), (2, True), (0, True)):
        told = replace(answer, overall=answer.overall.copy())
        told.overall[["n", "few"]] = n, few
        line = times_view.under_title(WORDS["en"], dataset, SCOPE, times.Asked(), told)
        assert ("few cases" in line) == (n == 2)


def test_the_groups_of_each_key_are_those_of_the_answer_with_their_intervals(visit, dataset):  # noqa: F811
    for by in KEY_NAMES:
        seen = visit("resolution", by=by)
        check(seen, "resolution", "demo", "en")
        groups = times.groups(dataset, SCOPE, times.Asked(by))
        names = times.key_names(dataset, SCOPE, by, EN)
        (shown,) = tables(seen, "median")
        assert sorted(shown["name"]) == sorted(names.get(key, key) for key in groups["key"])
        assert shown["n"].sum() == groups["n"].sum()
        enough = groups[groups["due"] >= dataset.settings["few_reports"]]
        for row in enough.to_dict("records"):
            (share,) = shown.loc[shown["name"] == names.get(row["key"], row["key"]), "share"]
            assert share.endswith(f", {row['due']} due")
            assert share.startswith(f"{round(100 * row['share_in_time'])}% (")


def test_few_cases_are_called_so_and_stand_last(visit, dataset):  # noqa: F811
    (shown,) = tables(visit("resolution", by="cell", hazard="waterlogging"), "median")
    few = shown["n"] < dataset.settings["few_reports"]
    assert 0 < few.sum() < len(few)
    assert few.is_monotonic_increasing
    assert (shown.loc[few, "stands"] == "few cases").all()
    assert shown.loc[few, "share"].str.contains(" of ").all()  # counts, no percentage


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_part_opens_by_its_address_and_has_its_download(visit, lang):  # noqa: F811
    words = WORDS[lang]
    for part in times_parts.PARTS:
        seen = visit("resolution", lang=lang, part=part)
        check(seen, "resolution", "demo", lang)
        assert len(seen.subheader) >= 2  # of the ranking and of the part
        for table in (one.value for one in seen.dataframe):
            cells = [one for one in table.to_numpy().ravel() if isinstance(one, str)]
            assert [one for one in cells if re.search(r"^(nan|None|NaT)$|on_spot|no-limit|far_above", one)] == []
        names = [one.proto.label for one in seen.get("download_button")]
        for name in ("Groups", "Resolution times (XLSX)"):
            assert words("Download: {name}", name=words(name)) in names
        assert len(names) >= 3  # and the part's own


def test_the_parts_hold_what_they_promise(visit, dataset):  # noqa: F811
    said = " ".join(texts(visit("resolution", part="stages")))
    assert "The longest median is that from " in said
    assert "Engineering cases: survey, design, construction, follow-up" in said
    seen = visit("resolution", part="deadlines")
    (origins,) = tables(seen, "to_do")
    reasons = times.headline(dataset, SCOPE).undecided
    assert origins["n"].sum() - sum(reasons.values()) > 0
    assert (origins["to_do"] != "").sum() == sum(1 for n in reasons.values() if n)
    (open_cases,) = tables(visit("resolution", part="open"), "due_from")
    assert len(open_cases) == times.headline(dataset, SCOPE).overall["open"]


@pytest.mark.parametrize("measure", list(times_map.MEASURES))
def test_a_chosen_cell_shows_its_own_figures_and_its_cases(visit, dataset, measure):  # noqa: F811
    seen = visit("resolution", cell=HOT[0], hazard="waterlogging", map=measure)
    check(seen, "resolution", "demo", "en")
    groups = times.groups(dataset, WATER, times.Asked("cell")).set_index("key")
    n, due = groups.loc[HOT[0], ["n", "due"]]
    (own,) = tables(seen, "median")
    assert own["n"].tolist() == [n]
    assert own["share"].str.endswith(f", {due} due").all()
    (cases,) = tables(seen, "limit_text")
    assert len(cases) == n
    assert cases["due_at"].notna().all()
    assert any(text.startswith(f"{n} cases here, median ") for text in texts(seen))
    back = next(one for one in seen.button if one.label == "All cells").click().run()
    assert len(tables(back, "median")[0]) == 1  # all cells again: by hazard, of which one is asked for


def test_other_cases_can_be_asked_for(visit, dataset):  # noqa: F811
    seen = visit("resolution", cases="engineering", part="stages")
    check(seen, "resolution", "demo", "en")
    answer = times.headline(dataset, SCOPE, handling="engineering")
    assert title(seen) == answer.main.say(EN)
    assert "engineering" in title(seen)
    assert [head.value for head in seen.subheader].count("Where the time goes, stage by stage") == 0


def test_a_period_without_a_case_is_said_in_words(visit):  # noqa: F811
    for part in times_parts.PARTS:
        seen = visit("resolution", lang="zh", part=part, start="2020-01-01", end="2020-02-01")
        assert not seen.exception
        assert refusals(seen) == []
        assert title(seen) == WORDS["zh"]("There is no case here of which a duration is known")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Cases with nothing but a report, a closing for some, and names that would break out of a page."""
    folder = tmp_path_factory.mktemp("bare")
    ids = [f"c{n}" for n in range(len(HOSTILE))]
    cells = json.loads(stored.boundary(ids, columns=4))
    for feature, name in zip(cells["features"], HOSTILE, strict=True):
        feature["properties"]["name"] = name
    load_cells(Workspace(folder), json.dumps(cells).encode(), "cells.geojson", level="grid", who="t")
    cases = [
        {
            "incident_id": f"{name}{n}",
            "hazard": "waterlogging" if n % 2 else "wall_risk",
            "lon": 113.005 + 0.01 * (place % 4),
            "lat": 33.005 + 0.01 * (place // 4),
            "reported_at": f"2025-{n:02}-01",
            "closed_at": None if n == 12 else f"2025-{n:02}-{2 + n}",
            "unit": name,
            "channel": name,
            "type_name": name,
            "address": name,
        }
        for place, name in enumerate(HOSTILE)
        for n in range(1, 13)
    ]
    stored.store(Workspace(folder), stored.rows(cases), as_of="2025-12-31T18:00:00+08:00")
    return folder


def test_hostile_names_stand_as_text_and_without_deadlines_the_page_says_what_to_do(visit, bare):  # noqa: F811
    for part, by in zip(times_parts.PARTS, itertools.cycle(["cell", "unit", "channel"])):
        seen = visit("resolution", bare, part=part, by=by, start="2025-01-01", end="2026-01-01", level="grid")
        assert not seen.exception
        assert refusals(seen) == []
        said = [one.value for kind in (seen.markdown, seen.caption, seen.info, seen.title) for one in kind]
        assert [text for text in said if re.search(r"(?<!\\)[<`]|\]\(", text) and not text.startswith("<style")] == []
        assert any("load or write a table of deadlines" in text for text in texts(seen))
        assert figures(seen)[2] == "–"  # no share in time
        (groups,) = tables(seen, "median")
        assert len(groups) == len(HOSTILE)


def test_a_source_that_tells_no_closing_has_no_times(visit, tmp_path):  # noqa: F811
    place = {"hazard": "waterlogging", "lon": 113.005, "lat": 33.005}
    cases = [{"incident_id": f"{n}", **place, "reported_at": f"2025-{n:02}-01"} for n in range(1, 13)]
    folder = tmp_path
    stored.store(
        stored.with_grids(folder),
        stored.rows(cases),
        as_of="2025-12-31T18:00:00+08:00",
        options={"mapping": {"incident_id": "n"}},
    )
    for part in ("months", "open", "stages"):
        seen = visit("resolution", folder, level="grid", part=part, start="2025-01-01", end="2026-01-01")
        assert not seen.exception
        assert refusals(seen) == []
    assert title(seen) == "Of 12 cases nobody knows whether they are closed: the files tell no closing times"
    assert any("12 of sources that tell no closing" in text for text in texts(seen))


def test_each_clock_has_words_for_each_start():
    starts = {"dispatched", "reported"}
    assert {(clock, start) for clock in times.CLOCKS for start in starts} == set(times_view._BEGUN)
    assert set(times_view.CLOCKS) == set(times.CLOCKS)


def test_a_long_ranking_says_how_much_of_it_is_shown(visit, monkeypatch):  # noqa: F811
    monkeypatch.setattr("pages.common.cached.MOST_ROWS", 5)
    seen = visit("resolution", by="cell")
    (shown,) = tables(seen, "median")
    assert len(shown) == 5
    assert any("The first 5 of 23 rows" in text for text in texts(seen))


def test_in_one_area_only_its_cells_are_told(visit, dataset):  # noqa: F811
    seen = visit("resolution", by="cell", area=HOT[0][:12])
    (shown,) = tables(seen, "median")
    groups = times.groups(dataset, Scope("grid", SCOPE.start, SCOPE.end, area=HOT[0][:12]), times.Asked("cell"))
    assert isinstance(shown, pd.DataFrame)
    assert shown["n"].sum() == groups["n"].sum()


def test_all_open_cases_are_in_the_download_of_the_worst(visit, dataset, monkeypatch):  # noqa: F811
    handed = []
    monkeypatch.setattr(downloads, "deferred", lambda *_args, **more: handed.append((more["file"], _args[3])))
    two = backlog.worst(dataset, SCOPE, limit=2)
    monkeypatch.setattr("pages.common.cached.times_worst", lambda *_args, **_more: two)
    seen = visit("resolution", part="open")
    (shown,) = tables(seen, "due_from")
    rows, titles = next(build() for file, build in handed if file == "open")
    assert (len(shown), len(rows)) == (2, times.headline(dataset, SCOPE).overall["open"])
    assert set(shown) <= set(titles)


def test_cases_and_deadlines_are_handed_out_too_but_not_too_many_to_wait_for(visit, monkeypatch):  # noqa: F811
    assert any("Cases and deadlines" in one.proto.label for one in visit("resolution").get("download_button"))
    monkeypatch.setattr(times_trace, "MOST_ON_A_PAGE", 10)
    seen = visit("resolution")
    assert not any("Cases and deadlines" in one.proto.label for one in seen.get("download_button"))
    assert any("resolution --trace FILE.csv" in text.replace("\u2060", "") for text in texts(seen))
