"""What has gathered in the last weeks: which days and sources it stands on, what it finds, and what it says."""

import datetime as dt
import json
import re
from math import log
from unittest import mock

import pandas as pd
import pytest
from hostile_names import HOSTILE
from stored import boundary, rows, store, with_grids
from streamlit.testing.v1 import AppTest
from test_cli import asked
from test_data_placing import with_editions

from base.text import Words
from data.changes import set_settings
from data.levels import load_cells
from data.schema import Scope
from data.store import Workspace
from reports import alarm, people
from reports.alarm import alarm_of, past_of

GRID = Scope(level="grid")
LAST = dt.date(2026, 1, 30)  # the day before `stored.store`'s as-of, 31 January at 18:00, which is under way
FIRST = LAST - dt.timedelta(days=729)
PLANTED = [LAST - dt.timedelta(days=days) for days in (9, 8, 7, 6, 5, 4, 2, 1, 0)]
CORNERS = {"A": (113.001, 33.001), "B": (113.011, 33.001), "C": (113.001, 33.011), "D": (113.011, 33.011)}


def at(cell, day, place=0, **more):
    """A report in a cell of `stored.with_grids`; places lie 90 m or more apart."""
    lon, lat = CORNERS[cell]
    return {
        "lon": lon + place % 9 * 0.001, "lat": lat + place // 9 % 9 * 0.001, "reported_at": f"{day} 09:00", **more
    }  # fmt: skip


def steady(first=FIRST, last=LAST, every=5, **more):
    """One report every few days, cell after cell."""
    days = pd.date_range(first, last, freq=f"{every}D").date
    return [at("ABCD"[n % 4], day, place=n // 4, **more) for n, day in enumerate(days)]


def planted(cell="D", **more):
    return [at(cell, day, place=40 + n, **more) for n, day in enumerate(PLANTED)]


def put(workspace, cases, name="s", **more):
    named = [{"incident_id": f"{name}{n}", "hazard": "wall_risk", **case} for n, case in enumerate(cases)]
    return store(workspace, rows(named, source=name, import_id=name), source=name, import_id=name, **more)


# --- what it finds ----------------------------------------------------------------------------------------------------


def strongest_run(cases, cell):
    """The run of days up to the last with the largest ratio of Kulldorff for one cell: observed, expected, first."""
    days = [dt.date.fromisoformat(case["reported_at"][:10]) for case in cases]
    inside = [(case["lon"], case["lat"]) >= CORNERS[cell] and case["lon"] >= CORNERS[cell][0] for case in cases]
    inside = [here and case["lat"] >= CORNERS[cell][1] for here, case in zip(inside, cases, strict=True)]
    total, found = len(cases), []
    for back in range(28):
        first = LAST - dt.timedelta(days=back)
        recent = [day >= first for day in days]
        observed = sum(a and b for a, b in zip(recent, inside, strict=True))
        expected = sum(recent) * sum(inside) / total
        if observed >= 3 and observed > expected and first in days:
            ratio = observed * log(observed / expected)
            ratio += (total - observed) * log((total - observed) / (total - expected))
            found.append((ratio, observed, expected, first))
    return max(found)[1:]


def test_a_gathering_is_found_with_its_cell_its_days_and_what_was_usual(tmp_path):
    cases = [*steady(), *planted()]
    cases[-1] |= {"hazard": "sunken_cover", "closed_at": "2026-01-31 12:00"}
    cases[-2] |= {"closed_at": "2026-01-30 12:00"}
    cases.append(at("A", "2026-01-31", place=80))  # on the day under way: not looked at
    dataset = put(with_grids(tmp_path), cases)
    found = alarm_of(dataset, GRID)
    assert (found.first, found.last_day, found.n_events) == (FIRST, LAST, 146 + 9)
    first = found.clusters.iloc[0]
    assert (first["cell_ids"], first["names"], first["cell_id"]) == (["D"], ["grid D"], "D")
    assert first["alarm"]
    assert first["p"] <= 0.01
    assert (first["first_day"], first["last_day"]) == (dt.date(2026, 1, 16), LAST)  # a usual one leads them
    assert first["hazards"] == ["wall_risk", "sunken_cover"]
    assert first["open"] == 8
    assert first["lon"] == pytest.approx(113.0165, abs=0.003)
    assert not found.clusters["alarm"].iloc[1:].any()
    sentence = str(found.finding)
    assert sentence.startswith("Alarm: 10 events in grid D from 2026-01-16 to 2026-01-30, where ")
    assert alarm_of(dataset, GRID) is found  # held with the version
    assert alarm_of(dataset, Scope(level="grid", start=dt.date(2026, 1, 1))) is found  # the start has no part in it


def test_what_is_usual_is_a_cells_share_of_what_came_then_kind_by_kind(tmp_path):
    cases = [*steady(), *planted()]
    dataset = put(with_grids(tmp_path), cases)
    one = alarm_of(dataset, GRID).clusters.iloc[0]
    assert (one["observed"], pytest.approx(one["expected"]), one["first_day"]) == strongest_run(cases, "D")
    assert one["ratio"] == pytest.approx(one["observed"] / one["expected"])
    # Half of the reports are now of another hazard and come in C alone, none of them lately: of no account for D
    more = [at("C", day, place=n, hazard="other") for n, day in enumerate(pd.date_range(FIRST, "2025-11-30").date[::4])]
    both = alarm_of(put(with_grids(tmp_path / "both"), [*cases, *more]), GRID)
    assert both.n_events == 155 + len(more)
    assert both.clusters.iloc[0][["observed", "expected"]].tolist() == one[["observed", "expected"]].tolist()


def test_a_wet_week_is_no_alarm_where_water_always_stands(tmp_path):
    wet = [  # water stands in D, whenever it rains: three weeks of the two years, the last among them
        at("D", week + dt.timedelta(days=n // 3), place=n, hazard="waterlogging")
        for week in pd.date_range(FIRST, LAST - dt.timedelta(days=5), periods=3).date
        for n in range(12)
    ]
    dataset = put(with_grids(tmp_path), [*steady(), *wet])
    found = alarm_of(dataset, GRID)
    assert not found.clusters["alarm"].any()
    scan = alarm.space_time_scan
    dataset.derived.clear()
    with mock.patch.object(alarm, "space_time_scan", lambda *cell, kind, **more: scan(*cell, **more)):
        assert alarm_of(dataset, GRID).clusters["alarm"].iloc[0]  # of all kinds together it would be one


@pytest.mark.parametrize("apart", ["channels of one file", "two files"])
def test_a_patrols_campaign_is_no_alarm_where_it_always_patrols(tmp_path, apart):
    patrol = [at("D", day, place=n) for n, day in enumerate(pd.date_range(FIRST, LAST, freq="9D").date)]
    patrol += [at("D", LAST - dt.timedelta(days=n // 3), place=40 + n) for n in range(25)]
    by = {"hotline": steady(every=3), "patrol": patrol}
    workspace = with_grids(tmp_path)
    if apart == "two files":
        for name, cases in by.items():
            dataset = put(workspace, cases, name)
    else:
        dataset = put(workspace, [{**case, "channel": name} for name, cases in by.items() for case in cases])
    assert not alarm_of(dataset, GRID).clusters["alarm"].any()
    together = [{**case, "channel": ""} for cases in by.values() for case in cases]
    assert alarm_of(put(with_grids(tmp_path / "one"), together), GRID).clusters["alarm"].iloc[0]


def test_where_reports_come_as_ever_nothing_is_an_alarm_and_the_most_unusual_is_named(tmp_path):
    found = alarm_of(put(with_grids(tmp_path), steady()), GRID)
    assert not found.clusters["alarm"].any()
    assert str(found.finding).startswith("Nothing beyond chance in the 28 days to 2026-01-30")
    busy = [*steady(), *(at("ABCD"[n % 4], LAST, place=50 + n) for n in range(24))]  # everywhere at once
    assert not alarm_of(put(with_grids(tmp_path / "b"), busy), GRID).clusters["alarm"].any()


def test_an_area_is_looked_at_by_itself(tmp_path):
    dataset = put(with_grids(tmp_path), [*steady(), *planted()])
    found = alarm_of(dataset, Scope(level="grid", area="E"))  # C and D
    assert found.clusters["cell_ids"].tolist() == [["D"]]
    assert found.n_events == 72 + 9
    assert not alarm_of(dataset, Scope(level="grid", area="W")).clusters["alarm"].any()


def test_the_day_before_the_scopes_end_is_the_last_where_that_is_earlier(tmp_path):
    dataset = put(with_grids(tmp_path), [*steady(), *planted()])
    found = alarm_of(dataset, Scope(level="grid", end=dt.date(2026, 1, 19)))
    assert (found.last_day, found.first) == (dt.date(2026, 1, 18), FIRST)  # nothing is known of the days before
    assert not found.clusters["alarm"].any()
    assert alarm_of(dataset, Scope(level="grid", end=dt.date(2030, 1, 1))).last_day == LAST


# --- on which days and sources it stands ------------------------------------------------------------------------------


def sources(workspace, **spans):
    """Sources with a report on their first day, one two weeks later and one on their last, each known up to a time."""
    for name, (first, as_of) in spans.items():
        last = pd.Timestamp(as_of[:10] or "2025-12-01").date() - dt.timedelta(1)
        cases = [at("A", first), at("B", pd.Timestamp(first).date() + dt.timedelta(14)), at("C", last)]
        dataset = put(workspace, cases, name, as_of=as_of)
    return dataset


MIDNIGHT, EVENING = "2026-01-31T00:00:00+08:00", "2026-01-31T23:59:59+08:00"
ABROAD = "2026-01-30T16:00:00+00:00"  # midnight in China
DAYS_BEHIND, MONTHS_BEHIND, A_YEAR_AGO = (f"{day}T18:00:00+08:00" for day in ("2026-01-27", "2025-10-01", "2025-03-01"))
WHOLE = ("2024-02-01", "2026-01-30")


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ({"a": ("2020-01-01", MIDNIGHT)}, (*WHOLE, "a", "")),
        ({"a": ("2020-01-01", EVENING)}, ("2024-02-02", "2026-01-31", "a", "")),  # the last second ends the day
        ({"a": ("2020-01-01", ABROAD)}, (*WHOLE, "a", "")),
        # One that ended months ago, and one a few days behind
        ({"a": ("2020-01-01", MIDNIGHT), "b": ("2020-01-01", MONTHS_BEHIND)}, (*WHOLE, "a", "b")),
        ({"a": ("2020-01-01", MIDNIGHT), "b": ("2020-01-01", DAYS_BEHIND)}, ("2024-01-28", "2026-01-26", "ab", "")),
        # One that began lately has no say in the days either
        ({"a": ("2020-01-01", MIDNIGHT), "b": ("2025-12-01", DAYS_BEHIND)}, (*WHOLE, "a", "b")),
        # The past begins with the longest of those that still report
        ({"a": ("2025-01-01", MIDNIGHT), "b": ("2025-01-20", MIDNIGHT)}, ("2025-01-01", "2026-01-30", "ab", "")),
        ({"a": ("2025-01-01", MIDNIGHT), "b": ("2025-06-01", MIDNIGHT)}, ("2025-01-01", "2026-01-30", "a", "b")),
        # A new system took over from an old one
        ({"a": ("2020-01-01", A_YEAR_AGO), "b": ("2025-03-01", MIDNIGHT)}, ("2025-03-01", "2026-01-30", "b", "a")),
        ({"a": ("2020-01-01", "")}, (None, None, "", "a")),  # nobody knows up to when
    ],
)  # fmt: skip
def test_the_days_are_known_whole_by_sources_that_cover_them(tmp_path, spans, expected):
    past = past_of(sources(with_grids(tmp_path), **spans), GRID)
    days = (past.first.isoformat(), past.last.isoformat()) if past.sources else (None, None)
    assert (*days, "".join(past.sources), "".join(past.left_out)) == expected


@pytest.mark.parametrize(("every", "last"), [(1, "2025-11-30"), (9, "2026-01-30")])
def test_a_source_extracted_long_after_its_last_report_knows_of_the_months_with_reports(tmp_path, every, last):
    # Two months without a report where one came a day: not covered. Where one came every nine days: quiet.
    cases = steady(last=dt.date(2025, 11, 20), every=every)
    past = past_of(put(with_grids(tmp_path), cases), GRID)
    assert past.last.isoformat() == last


def test_a_small_rise_is_no_alarm_however_sure_it_is(tmp_path):
    dataset = put(with_grids(tmp_path), [*steady(), *planted()])
    with mock.patch.object(alarm, "LEAST_RATIO", 4.0):  # the planted one is 2.9 times the usual
        found = alarm_of(dataset, GRID)
    assert len(found.clusters) == 0
    assert str(found.finding).endswith("nowhere 3 events or more that are 4.0 times the usual.")


def test_only_the_sources_asked_for_count_and_a_given_time_counts_where_it_is_earlier(tmp_path):
    spans = {"a": ("2020-01-01", MIDNIGHT), "b": ("2020-01-01", MONTHS_BEHIND)}
    dataset = sources(with_grids(tmp_path), **spans)
    past = past_of(dataset, Scope(level="grid", sources=("b",)))
    assert (past.last, past.sources, past.left_out) == (dt.date(2025, 9, 30), ("b",), ())
    early = past_of(dataset, Scope(level="grid", as_of=dt.datetime(2020, 1, 20, tzinfo=dt.UTC)))
    assert (early.last, early.sources) == (dt.date(2020, 1, 19), ("a", "b"))


def test_a_source_that_began_lately_is_no_gathering_and_is_named(tmp_path):
    workspace = with_grids(tmp_path)
    put(workspace, planted(), "new <b>*app*</b>")
    dataset = put(workspace, steady())
    found = alarm_of(dataset, GRID)
    assert (found.n_events, found.sources_left_out) == (146, ("new <b>*app*</b>",))
    assert not found.clusters["alarm"].any()
    assert any("new <b>*app*</b>" in str(one) for one in found.remarks)


@pytest.mark.parametrize(
    ("editions", "cells", "first"),
    [
        ([(c, c, "", "") for c in "ABCD"], "ABCD", FIRST),
        ([(c, c, "2025-02-01", "") for c in "ABCD"], "ABCD", dt.date(2025, 2, 1)),  # all drawn anew: a shorter past
        ([("D", "O", "", "2026-01-10"), ("D", "D", "2026-01-10", ""), *((c, c, "", "") for c in "ABC")], "ABC", FIRST),
    ],
)
def test_cells_drawn_anew_have_no_past_and_make_no_alarm(tmp_path, editions, cells, first):
    workspace = with_grids(tmp_path)
    with_editions(workspace, editions)
    found = alarm_of(put(workspace, [*steady(), *planted("D")]), GRID)
    assert found.first == first
    assert found.clusters["alarm"].any() == ("D" in cells)
    assert ("grid D" in " ".join(map(str, found.remarks))) == ("D" not in cells)


# --- where nothing can be said ----------------------------------------------------------------------------------------


def one_cell(folder):
    workspace = Workspace(folder)
    load_cells(workspace, boundary("A"), "g.geojson", level="grid", who="t")
    return workspace


@pytest.mark.parametrize(
    ("cases", "scope", "says"),
    [
        (steady(every=40), GRID, "19 events .* too few"),
        (steady(last=LAST - dt.timedelta(days=28)), GRID, "No event in the 28 days to 2026-01-30"),
        (steady(first=LAST - dt.timedelta(days=100), every=1), GRID, "112 days are needed"),
        (steady(), Scope(level="grid", end=dt.date(2020, 1, 1)), "no source tells"),
        (steady(), Scope(level="grid", hazards=("waterlogging",)), "0 events .* too few"),
        ([{"cell": "A", "reported_at": f"{day} 09:00"} for day in pd.date_range(FIRST, LAST, freq="9D").date], GRID,
         "nowhere 3 events"),
        ([{"month": "2025"}] * 30 + steady(every=40), GRID, "19 events .* too few"),  # a lone year has no day
    ],
    ids=["few", "none lately", "short", "before all", "other hazard", "all in one cell", "years alone"],
)  # fmt: skip
def test_where_nothing_can_be_told_a_sentence_says_why(tmp_path, cases, scope, says):
    found = alarm_of(put(with_grids(tmp_path), cases), scope)
    assert re.search(says, str(found.finding))
    assert len(found.clusters) == 0
    assert list(found.clusters) == list(alarm.CLUSTER_COLUMNS)
    for words in (Words("en"), Words("zh")):
        said = people.lately_json(found, words)
        assert said["clusters"] == []
        assert "{" not in said["sentence"] + said["reason"]


def test_one_cell_and_a_city_beyond_reach_are_told(tmp_path):
    alone = put(
        one_cell(tmp_path / "one"), [at("A", day, n) for n, day in enumerate(pd.date_range(FIRST, LAST, 60).date)]
    )
    assert "at least two are needed" in str(alarm_of(alone, GRID).finding)
    dataset = put(with_grids(tmp_path / "four"), steady())
    for name, most, says in (("MOST_CELLS", 3, "choose one area"), ("MOST_REPORTS", 100, "one hazard")):
        with mock.patch.object(alarm, name, most):
            assert says in str(alarm_of(dataset, GRID).finding)
        dataset.derived.clear()
    with mock.patch.object(alarm, "MANY", 3):  # as in a city: fewer lengths, smaller places
        assert f"at most {alarm.PLACE_MANY} together" in str(alarm_of(dataset, GRID).remarks[-1])


def test_settings_and_the_seed_decide_and_progress_is_told(tmp_path):
    workspace = with_grids(tmp_path)
    put(workspace, [*steady(), *planted()])
    set_settings(workspace, {"alarm_days": 5, "alarm_history_days": 365, "alarm_chance": 0.0001}, who="t")
    told = []
    found = alarm_of(workspace.newest(), GRID, seed=5, progress=told.append)
    assert (found.days, found.seed, found.first) == (5, 5, LAST - dt.timedelta(days=364))
    assert found.clusters["first_day"].min() > LAST - dt.timedelta(days=5)
    assert found.draws == 9999  # of the usual 999 shuffles nothing could be as rare as that
    assert told
    assert told[-1] == 1.0


def test_a_rare_chance_is_told_by_as_many_shuffles_as_it_takes(tmp_path):
    workspace = with_grids(tmp_path)
    put(workspace, [*steady(), *planted(), *(at("D", LAST, place=50 + n) for n in range(12))])
    set_settings(workspace, {"alarm_chance": 0.0003, "map_draws": 99}, who="t")
    found = alarm_of(workspace.newest(), GRID)
    assert found.draws == 3333
    assert found.clusters["p"].iloc[0] == 1 / 3334
    assert found.clusters["alarm"].iloc[0]


@pytest.mark.parametrize(("history", "days"), [(60, 112), (365, 365)])
def test_the_past_is_four_times_the_last_weeks_at_least(tmp_path, history, days):
    workspace = with_grids(tmp_path)
    put(workspace, [*steady(), *planted()])
    set_settings(workspace, {"alarm_history_days": history}, who="t")
    found = alarm_of(workspace.newest(), GRID)
    assert found.first == LAST - dt.timedelta(days=days - 1)
    assert len(found.clusters)


# --- in words: page and command ---------------------------------------------------------------------------------------


def panel():
    """Draw the panel alone."""
    import streamlit as st

    from base.text import Words
    from data.schema import Scope
    from pages.common import alarm_view, cached

    words = Words(st.query_params["lang"])
    alarm_view.lately(words, cached.dataset(), Scope(level="grid"))


@pytest.fixture
def show(monkeypatch, components):
    def open_(folder, lang="en"):
        monkeypatch.setenv("HOTSPOTS_WORKSPACE", str(folder))
        seen = AppTest.from_function(panel, default_timeout=60)
        seen.query_params["lang"] = lang
        return seen.run()

    return open_


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_panel_shows_the_alarm_its_table_and_how_it_was_told(tmp_path, show, lang):
    put(with_grids(tmp_path), [*steady(), *planted()])
    seen = show(tmp_path, lang)
    assert not seen.exception
    (claim,) = seen.error
    assert ("10 events in grid D", "警报")[lang == "zh"] in claim.value
    table = seen.dataframe[0].value
    assert table["cells"].iloc[0] == "grid D"
    assert table["claim"].iloc[0] == ("alarm", "警报")[lang == "zh"]
    assert table["chance"].iloc[0] == ("1 of 1,000 looks", "1,000 次中 1 次")[lang == "zh"]
    assert "155" in " ".join(one.value for one in seen.caption)
    if lang == "zh":
        everything = " ".join(one.value for one in (*seen.caption, *seen.error, *seen.subheader))
        assert not re.search(r"[a-z]{4,}", everything.replace("grid", ""))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_quiet_panel_is_no_error_and_one_without_an_answer_has_words(tmp_path, show, lang):
    put(with_grids(tmp_path / "quiet"), steady())
    seen = show(tmp_path / "quiet", lang)
    assert not seen.exception
    assert not seen.error
    assert ("Nothing beyond chance", "没有超出偶然")[lang == "zh"] in seen.info[0].value
    put(with_grids(tmp_path / "few"), steady(every=40))
    seen = show(tmp_path / "few", lang)
    assert not seen.exception
    assert ("too few", "太少")[lang == "zh"] in seen.info[0].value
    assert not seen.dataframe


def test_hostile_names_stay_text(tmp_path, show):
    named = [name.replace("\u2028", " ") for name in HOSTILE[:4]]
    collection = boundary("ABCD").decode()
    for cell, name in zip("ABCD", named, strict=True):
        collection = collection.replace(json.dumps(f"grid {cell}"), json.dumps(name))
    workspace = Workspace(tmp_path)
    load_cells(workspace, collection.encode(), "g.geojson", level="grid", who="t")
    dataset = put(workspace, [*steady(), *planted("A")])
    seen = show(tmp_path)
    assert not seen.exception
    name = dataset.cells("grid")["name"].iloc[0]
    assert "<img" in name
    assert "<" in seen.error[0].value
    assert "<" not in re.sub(r"\\.", "", seen.error[0].value)  # each is escaped
    assert seen.dataframe[0].value["cells"].iloc[0] == name


def test_the_command_gives_it_as_json_and_as_a_line(tmp_path):
    dataset = put(with_grids(tmp_path), [*steady(), *planted()])
    answer = asked(tmp_path, "hotspots")["lately"]
    found = alarm_of(dataset, GRID)
    assert (answer["last_day"], answer["first"], answer["days"], answer["events"]) == (
        "2026-01-30",
        "2024-02-01",
        28,
        155,
    )
    first = answer["clusters"][0]
    assert first | {"lon": 0, "lat": 0, "expected": 0} == {
        "cell_ids": ["D"], "observed": 10, "expected": 0, "p": found.clusters["p"].iloc[0], "first_day": "2026-01-16",
        "last_day": "2026-01-30", "alarm": True, "hazards": ["wall_risk"], "open": 10, "lon": 0, "lat": 0,
    }  # fmt: skip
    assert answer["sentence"].startswith("Alarm: 10 events in grid D from 16 Jan 2026 to 30 Jan 2026")
