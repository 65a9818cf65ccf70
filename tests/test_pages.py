"""Every page, in the app and alone, with data and without, in both languages: what it says, what the address does."""

import datetime as dt
import json
import re
import shutil
import threading
import time
from pathlib import Path
from unittest import mock

import demo_cases
import ledger_file
import pandas as pd
import pytest
import stored
import streamlit as st
from streamlit.testing.v1 import AppTest

from analysis import neighborhoods, summary
from base.errors import HazardError
from base.text import Words
from data import changes, levels, listing, loading, profiles
from data.schema import HAZARD_NAMES, Scope
from data.store import Workspace
from geo.crs import Fit
from pages.common import alarm_view, cached, files_view, frame, panels, parts_view, reports_form, work
from reports import answers, handouts, intake, quality, times, tracing
from reports.sheet import write_sheet

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "overview": "overview",
    "hotspots": "hotspots",
    "resolution": "resolution",
    "drainage": "drainage",
    "evaluation": "evaluation",
    "data": "files",
    "methods": "methods",
}
WITH_DATA = ("overview", "hotspots", "resolution", "drainage")
ZH, EN = Words("zh"), Words("en")
WORDS = {"zh": ZH, "en": EN}
PERIOD = ("2025-10-01", "2026-10-01")  # the last 12 whole months on 30 September 2026
HOT = demo_cases.demo().truth["hot"]["waterlogging"]
GRIDS = {
    one["properties"]["网格编码"]: one["properties"] for one in json.loads(demo_cases.demo().grids)["features"]
}  # by code


@pytest.fixture(scope="session")
def workspaces(demo, tmp_path_factory):
    """Workspaces that no test changes: with the demo, empty, with boundaries only, with incidents only."""
    made = {name: tmp_path_factory.mktemp(name) for name in ("empty", "boundaries", "incidents")}
    files = demo_cases.demo()
    levels.load_cells(Workspace(made["boundaries"]), files.grids, files.names["grids"], level="grid", who="t")
    loading.import_incidents(
        Workspace(made["incidents"]), files.incidents, files.names["incidents"], zone="Asia/Shanghai", who="t"
    )
    return {"demo": demo, **made}


@pytest.fixture
def visit(workspaces, monkeypatch, static_files, components):
    """A function that opens a page alone, with address parameters, on one of the workspaces or on a folder."""
    st.cache_data.clear()

    def open_(page="overview", workspace="demo", *, lang="en", script=None, **address):
        folder = workspaces.get(workspace, workspace)
        monkeypatch.setenv("HOTSPOTS_WORKSPACE", str(folder))
        monkeypatch.setattr(panels, "FIRST_CHART_S", 0)
        seen = AppTest.from_file(str(script or ROOT / "pages" / f"{FILES[page]}.py"), default_timeout=60)
        seen.query_params.update({"lang": lang, **address})
        return seen.run()

    open_.folder = lambda workspace="demo": workspaces[workspace]
    return open_


def test_the_first_chart_of_a_session_comes_after_the_map(visit, monkeypatch):
    waits = mock.Mock()
    monkeypatch.setattr(panels, "time", mock.Mock(sleep=waits))
    seen = visit()
    assert waits.call_count == 1
    seen.run()
    assert waits.call_count == 1


def title(seen):
    return unescaped(seen.title[0].value)


def unescaped(text):
    return re.sub(r"\\(.)", r"\1", text)


def texts(seen):
    """Return all sentences of a page, as a reader sees them."""
    kinds = (seen.title, seen.header, seen.subheader, seen.caption, seen.markdown, seen.text, seen.info, seen.error)
    found = [element.value for kind in (*kinds, seen.success, seen.warning) for element in kind]
    found += [button.label for button in seen.button] + [box.label for box in seen.selectbox]
    found += [part for one in seen.metric for part in (one.label, one.value)]
    return [unescaped(text) for text in found]


def figures(seen):
    return [unescaped(one.value) for one in seen.metric]


def refusals(seen):
    """Return what the page says went wrong. A red box that explains a hot cell is a claim, not a refusal."""
    return [one.value for one in seen.error if one.icon or "error" in one.value or "错误" in one.value]


def check(seen, page, workspace, lang):
    assert not seen.exception
    assert refusals(seen) == []
    said = texts(seen)
    if workspace == "demo":
        if page in WITH_DATA:
            assert re.search(r"\d|No cell", title(seen)) or lang == "zh"  # a finding, not a name
            assert title(seen) != WORDS[lang](page.title())
        if page != "methods":
            assert any(WORDS[lang]("Example data, invented") in text for text in said)
    elif page in WITH_DATA:
        assert title(seen) == WORDS[lang]("Nothing to show yet")
    if lang == "zh":
        own = [text for text in said if not (page == "methods" and re.search(r"\(\d{4}\)", text))]  # but references
        english = [text for text in own if re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", text)]
        assert english == []
    elif page != "evaluation":  # its title names the project
        assert not re.search("[一-鿿]", title(seen))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("workspace", ["demo", "empty", "boundaries", "incidents"])
def test_each_page_opens_alone(visit, workspace, lang):
    for page in FILES:
        check(visit(page, workspace, lang=lang), page, workspace, lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("workspace", ["demo", "empty", "boundaries", "incidents"])
def test_each_page_opens_in_the_app(visit, workspace, lang):
    seen = visit(workspace=workspace, lang=lang, script=ROOT / "app.py")
    check(seen, "overview", workspace, lang)
    for page in list(FILES)[1:]:
        seen.switch_page(f"pages/{FILES[page]}.py").run()
        check(seen, page, workspace, lang)


def test_the_figures_equal_counts_made_without_the_program(visit):
    rows = demo_cases.between(*PERIOD)
    seen = visit()
    ordinary = rows[rows["handling"] == ""]  # of which the share is; open and past due are all
    due, in_time = demo_cases.due(ordinary).sum(), demo_cases.in_time(ordinary).sum()
    assert figures(seen)[:2] == [f"{len(rows):,}", str(demo_cases.is_open(rows).sum())]
    assert figures(seen)[3] == f"{in_time / due:.0%}"
    under = " ".join(texts(seen))
    assert f"{in_time} of {due} due" in under
    late = (demo_cases.is_open(rows) & demo_cases.due(rows)).sum()
    assert f"{late} of them past due" in under


@pytest.mark.parametrize(
    ("address", "select"),
    [
        (
            {"start": "2025-01-01", "end": "2025-07-01"},
            lambda f: f["reported_at"].between("2025-01-01", "2025-06-30 23:59"),
        ),
        ({"period": "all"}, lambda f: f["reported_at"].notna()),
        ({"period": "all", "hazard": "waterlogging"}, lambda f: f["hazard"] == "waterlogging"),
        (
            {"period": "all", "hazard": "wall_risk.waterlogging"},
            lambda f: f["hazard"].isin(["waterlogging", "wall_risk"]),
        ),
        ({"period": "all", "area": "999901001002"}, lambda f: f["community"] == "999901001002"),
        (
            {"start": "2026-01-01", "end": "2026-04-01", "hazard": "sunken_cover", "level": "community"},
            lambda f: f["reported_at"].between("2026-01-01", "2026-03-31 23:59") & (f["hazard"] == "sunken_cover"),
        ),
    ],
)
def test_the_address_chooses_what_is_counted(visit, address, select):
    cases = demo_cases.cases()
    rows = cases[select(cases)]
    assert len(rows) > 0
    seen = visit(**address)
    assert figures(seen)[:2] == [f"{len(rows):,}", str(demo_cases.is_open(rows).sum())]
    assert {key: seen.query_params.get(key) for key in address if key != "period"} == {
        key: value for key, value in address.items() if key != "period"
    }


def test_the_address_chooses_exposure_measure_comparison_and_key(visit):
    equal = visit("hotspots", exposure="equal", period="all", hazard="waterlogging")
    assert equal.selectbox(key="w_exposure-en").value == "equal"
    table = next(one.value for one in equal.dataframe if "expected" in one.value)
    assert table["expected"].nunique() == 1
    by_unit = visit("resolution", by="unit", period="all")
    units = demo_cases.cases()["unit"].value_counts()
    table = next(one.value for one in by_unit.dataframe if "median" in one.value)
    assert set(table["name"]) == set(units.index)
    seen = visit(measure="per_km2", compare="previous")
    assert (seen.selectbox(key="w_measure-en").value, seen.selectbox(key="w_compare-en").value) == (
        "per_km2",
        "previous",
    )
    assert "Apr 2025 – Sep 2025" not in seen.caption[0].value
    assert (seen.query_params["measure"], seen.query_params["compare"]) == ("per_km2", "previous")


@pytest.mark.parametrize("page", WITH_DATA)
@pytest.mark.parametrize(
    "address",
    [
        {"hazard": "<script>alert(1)</script>"},
        {"cell": "../../x", "area": "'; DROP TABLE incidents; --"},
        {"level": "None", "measure": "__class__", "exposure": "{{7*7}}", "by": "", "compare": "2"},
        {"start": "2025-13-99", "end": "x"},
        {"start": "2025-06-01"},
        {"start": "2026-01-01", "end": "2025-01-01"},
        {"lang": "tlh", "period": "-1", "source": "nobody"},
    ],
)
def test_what_the_address_cannot_mean_is_passed_over(visit, page, address):
    plain = visit(page, lang="zh" if "lang" in address else "en")  # a language nobody knows is Chinese
    seen = visit(page, **{"lang": "en", **address})
    assert not seen.exception
    assert refusals(seen) == []
    if "lang" not in address:
        assert title(seen) == title(plain)
        assert figures(seen)[:2] == figures(plain)[:2]
    assert len(figures(seen)) == len(figures(plain))  # times are in words of the language


def test_a_choice_is_written_into_the_address_and_opens_the_same_view(visit):
    seen = visit()
    seen.selectbox(key="w_level-en").select("community").run()
    seen.selectbox(key="w_measure-en").select("per_km2").run()
    code = "999901001003"
    seen.selectbox(key="w_cell-en").select(code).run()
    assert {key: seen.query_params.get(key) for key in ("level", "measure", "cell")} == {
        "level": "community", "measure": "per_km2", "cell": code
    }  # fmt: skip
    again = visit(**{key: value for key, value in seen.query_params.items() if key != "lang"})
    assert texts(again) == texts(seen)


def test_what_was_chosen_goes_with_the_reader_to_the_next_page_and_back(visit):
    address = {"start": "2025-01-01", "end": "2026-01-01", "hazard": "waterlogging", "level": "grid", "cell": HOT[0]}
    seen = visit(script=ROOT / "app.py", **address)
    first = figures(seen)
    for page in ("hotspots", "resolution", "overview"):
        seen.query_params.clear()  # as the menu does
        seen.switch_page(f"pages/{FILES[page]}.py").run()
        line = unescaped(seen.caption[0].value)
        assert "Jan 2025 – Dec 2025" in line
        assert EN(HAZARD_NAMES["waterlogging"]) in line
        assert {key: seen.query_params.get(key) for key in ("start", "end", "hazard")} == {
            key: address[key] for key in ("start", "end", "hazard")
        }
    assert figures(seen) == first


def clicked(position, level=1):
    """Return a stand-in for the map's frame that answers once, as a click on a cell would."""
    left = [{"layer": level, "cell": position, "at": 1}]

    def st_folium(figure, *, key, on_change, **others):
        if left:
            st.session_state[key] = left.pop()
            on_change()

    return st_folium


def test_a_click_on_the_map_opens_a_cell_with_its_name_rank_and_incidents(visit):
    rows = demo_cases.between(*PERIOD)
    code = sorted(GRIDS)[4]
    counts = rows["cell_id"].value_counts().reindex(sorted(GRIDS), fill_value=0)
    with mock.patch("streamlit_folium.st_folium", clicked(4)):
        seen = visit()
        seen.run()
    same = visit(cell=code)
    box = visit()
    box.selectbox(key="w_cell-en").select(code).run()
    for one in (seen, same, box):
        assert not one.exception
        assert GRIDS[code]["网格名称"] in [unescaped(head.value) for head in one.subheader]
        rank = int((counts > counts[code]).sum()) + 1
        assert f"{counts[code]} reports, rank {rank} of 23 by reports" in " ".join(texts(one))
        listed = next(frame.value for frame in one.dataframe if "incident_id" in frame.value)
        assert sorted(listed["incident_id"]) == sorted(rows.loc[rows["cell_id"] == code, "incident_id"])
        assert one.query_params["cell"] == code


def test_a_community_opens_into_its_own_grids(visit):
    code = "999901001002"
    seen = visit(level="community", cell=code)
    button = next(one for one in seen.button if one.label == EN("Show its cells"))
    button.click().run()
    assert not seen.exception
    inside = {grid for grid, one in GRIDS.items() if one["所属社区"] == code}
    assert set(seen.selectbox(key="w_cell-en").options) - {EN("none chosen")} == {
        GRIDS[one]["网格名称"] for one in inside
    }
    rows = demo_cases.between(*PERIOD)
    assert figures(seen)[0] == str((rows["community"] == code).sum())
    assert seen.query_params["area"] == code


@pytest.mark.parametrize("language", WORDS)
def test_within_a_community_the_page_says_what_the_whole_street_claims_of_its_grids(visit, language):
    here, name = GRIDS[HOT[0]]["所属社区"], GRIDS[HOT[0]]["网格名称"]
    elsewhere = next(
        one["所属社区"] for one in GRIDS.values() if one["所属社区"] not in {GRIDS[g]["所属社区"] for g in HOT}
    )
    said = {}
    for area in (here, elsewhere, None):
        seen = visit("hotspots", lang=language, period="all", hazard="waterlogging", **({"area": area} if area else {}))
        assert not seen.exception
        said[area] = " ".join(one.value for one in seen.caption).replace("\\", "")
    only = WORDS[language]("Here the cells of this area are compared with each other only.")
    assert [only in said[area] for area in (here, elsewhere, None)] == [True, True, False]
    facts = {"all": 23, "level": WORDS[language]("Grid")}
    assert (
        WORDS[language].plural(
            "Among all {all} cells of the level {level}, {n} of them is a hot spot: {names}.",
            "Among all {all} cells of the level {level}, {n} of them are hot spots: {names}.",
            1,
            names=name,
            **facts,
        )
        in said[here]
    )
    none = WORDS[language]("Among all {all} cells of the level {level}, none of them carries a claim.", **facts)
    assert none in said[elsewhere]


def test_whole_numbers_in_a_table_have_thousands_marks_and_times_stand_to_the_minute():
    rows = pd.DataFrame({"n": [1234], "share": [0.5], "name": ["1234"], "at": pd.to_datetime(["2025-03-05 14:30"])})
    shown = frame.columns(rows, {"n": "Reports"})
    assert {name: (one["type_config"] or {}).get("format") for name, one in shown.items() if "type_config" in one} == {
        "n": "localized", "at": "YYYY-MM-DD HH:mm"
    }  # fmt: skip
    assert (shown["n"]["label"], shown["share"]["label"]) == ("Reports", None)


@pytest.mark.parametrize("language", WORDS)
def test_the_page_says_how_large_a_place_may_be_and_what_a_cell_is(visit, language, monkeypatch):
    _ = WORDS[language]

    def said(**address):
        seen = visit("hotspots", lang=language, **address)
        assert not seen.exception
        return " ".join(texts(seen))

    level = _("A cell is here one of the level {level}.", level=_("Community"))
    places = _("Places of up to {share} of the exposure were looked for.", share="50%")
    assert [text in said(level="community") for text in (level, places)] == [True, True]
    assert [text in said() for text in (level, places)] == [False, True]
    assert places not in said(method="excess")
    monkeypatch.setattr(handouts, "scan_limits", lambda _settings, cells: (0.025, 200) if cells == 23 else None)
    many = _("Places of up to {share} of the exposure and {cells} cells were looked for.", share="2.5%", cells=200)
    assert many in said()


def test_the_hot_spots_of_waterlogging_are_the_two_grids_of_the_truth(visit):
    seen = visit("hotspots", period="all", hazard="waterlogging")
    assert title(seen) == "2 hot spots beyond chance"
    table = next(one.value for one in seen.dataframe if "claim" in one.value)
    assert set(table.loc[table["claim"] != "", "name"]) == {GRIDS[code]["网格名称"] for code in HOT}
    seen.toggle(key="w_dots-en").set_value(True).run()
    assert not seen.exception


PARTS = [part for part in parts_view.PARTS if part != "evidence"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_part_of_the_hot_spots_opens_by_its_address(visit, lang):
    plain = visit("hotspots", lang=lang)
    for part in PARTS:
        seen = visit("hotspots", lang=lang, part=part)
        check(seen, "hotspots", "demo", lang)
        assert seen.query_params["part"] == part
        assert title(seen) == title(plain)
        assert [head.value for head in seen.subheader] != [head.value for head in plain.subheader]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_first_screen_names_the_hot_cells_and_the_evidence_what_is_known_of_them(visit, lang):
    words, dataset = WORDS[lang], Workspace(visit.folder()).newest()
    scope = Scope("grid", *map(dt.date.fromisoformat, PERIOD))
    screen = handouts.screen_of(dataset, scope)
    seen = visit("hotspots", lang=lang)
    check(seen, "hotspots", "demo", lang)
    said = " ".join(texts(seen)).replace("\u2060", "")  # which keeps "anew." from becoming an address
    for code in HOT:
        row = screen.spots.cells.set_index("cell_id").loc[code]
        expected = words.number(row["expected"], 1)
        assert (
            words("{cell}: {n} events, {expected} expected.", cell=row["name"], n=row["events"], expected=expected)
            in said
        )
    table = next(one.value for one in seen.dataframe if "since" in one.value)
    assert set(table["name"]) == {GRIDS[code]["网格名称"] for code in HOT}
    assert table["chronic"].tolist() == [
        int(screen.record.cells.set_index("cell_id")["chronic"][code]) for code in _codes(table["name"])
    ]
    found = screen.doubts.rows["found"]
    for sentence in (one.say(words) for one, sure in zip(screen.doubts.sentences, found, strict=True) if sure):
        assert sentence in said
    buttons = [one.proto.label for one in seen.get("download_button")]
    for name in ("Hot spots (XLSX)", "Hot spots (GeoPackage)", "Reports and events (XLSX)"):
        assert words("Download: {name}", name=words(name)) in buttons


def _codes(names):
    by_name = {one["网格名称"]: code for code, one in GRIDS.items()}
    return [by_name[name] for name in names]


def test_a_chosen_hot_cell_shows_its_doubts_and_its_incidents_and_another_one_no_doubt(visit):
    code = HOT[0]
    seen = visit("hotspots", cell=code)
    assert refusals(seen) == []
    assert GRIDS[code]["网格名称"] in [unescaped(head.value) for head in seen.subheader]
    rows = demo_cases.between(*PERIOD)
    listed = next(frame.value for frame in seen.dataframe if "incident_id" in frame.value)
    assert sorted(listed["incident_id"]) == sorted(rows.loc[rows["cell_id"] == code, "incident_id"])
    assert any("default point" in text for text in texts(seen))
    quiet = next(one for one in sorted(GRIDS) if one not in HOT)
    other = visit("hotspots", cell=quiet, part="places")
    assert not any("default point" in text for text in texts(other))
    assert any("incident_id" in frame.value for frame in other.dataframe)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", ["overview", "hotspots"])
def test_the_events_of_a_cell_can_be_counted_in_the_list_of_its_reports(visit, page, lang):
    words, code = WORDS[lang], HOT[0]
    seen = visit(page, cell=code, hazard="waterlogging", lang=lang)
    check(seen, page, "demo", lang)
    listed = next(frame.value for frame in seen.dataframe if "incident_id" in frame.value)
    first = listed[listed["counted"] == words(tracing.STATES["first"])]
    scope = Scope("grid", *map(dt.date.fromisoformat, PERIOD), hazards=("waterlogging",))
    spots = answers.hot_spots(Workspace(visit.folder()).newest(), scope)
    row = spots.cells.set_index("cell_id").loc[code]
    assert (first["event"].nunique(), len(listed)) == (row["events"], row["calls"])
    assert first["event"].tolist() == first["incident_id"].tolist()
    tie = "Reports counted in this cell: {calls}; events: {events}. An event is named by its first report."
    assert any(words(tie, calls=row["calls"], events=row["events"]) in text for text in texts(seen))


def test_too_many_reports_to_wait_for_are_handed_out_by_the_command_line_only(visit, monkeypatch):
    monkeypatch.setattr(tracing, "MOST_ON_A_PAGE", 10)
    seen = visit("hotspots")
    said = " ".join(texts(seen)).replace("\u2060", "")  # which keeps "FILE.csv" from becoming an address
    assert "hotspots --trace FILE.csv" in said
    assert not any("Reports and events" in one.proto.label for one in seen.get("download_button"))


def test_without_a_claim_the_page_says_what_the_strongest_cell_lacks(visit):
    seen = visit("hotspots", hazard="wall_risk")
    assert title(seen) == "No cell stands out beyond chance"
    lacks = [text for text in texts(seen) if "It is the nearest to a claim; " in text]
    assert len(lacks) == 2  # under the title, and where the evidence would stand
    assert lacks[1].startswith("No cell carries a claim.")


@pytest.mark.parametrize(
    ("address", "part", "sentence"),
    [
        ({"period": "all"}, "before", "All time has no period before it"),
        ({"start": "2022-04-01", "end": "2022-10-01"}, "before", "Nothing to compare with"),
        ({"start": "2022-04-01", "end": "2022-10-01"}, "evidence", "No trend word: "),
        ({"start": "2022-04-01", "end": "2022-04-15"}, "evidence", "No cell carries a claim."),
        ({"start": "2022-04-01", "end": "2022-04-15"}, "places", "No circle|not looked for|No chronic site"),
        ({"start": "2020-01-01", "end": "2020-02-01"}, "evidence", "No cell carries a claim."),
        ({"start": "2020-01-01", "end": "2020-02-01"}, "months", "No whole month|No cell carries a claim"),
        ({"start": "2020-01-01", "end": "2020-02-01"}, "places", "No such group in this period."),
    ],
)
def test_where_there_is_nothing_the_page_says_so_in_words(visit, address, part, sentence):
    seen = visit("hotspots", part=part, **address)
    assert not seen.exception
    assert refusals(seen) == []
    assert any(re.search(sentence, text) for text in texts(seen))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_nothing_has_a_closing_time_the_page_gives_no_all_clear_of_chronic_sites(visit, tmp_path, lang):
    place = {"hazard": "wall_risk", "lon": 113.005, "lat": 33.005}
    cases = [{"incident_id": f"{n}", **place, "reported_at": f"2025-{n:02}-01"} for n in range(1, 13)]
    stored.store(stored.with_grids(tmp_path), stored.rows(cases), as_of="2025-12-31T18:00:00+08:00")
    seen = visit("hotspots", tmp_path, lang=lang, level="grid", start="2025-01-01", end="2026-01-01", part="places")
    assert not seen.exception
    words = WORDS[lang]
    assert words("Chronic sites cannot be told: none of {all} events has a closing time.", all=12) in texts(seen)
    none = words("No chronic site in these cells: nothing came back so often after it was closed.")
    assert none not in texts(seen)


def test_evidence_that_takes_long_is_set_out_when_asked_for(visit, monkeypatch):
    monkeypatch.setattr(parts_view, "MANY_EVENTS", 10)
    seen = visit("hotspots")
    assert not any("since" in one.value for one in seen.dataframe)
    next(one for one in seen.button if one.label == EN("Set out the evidence")).click().run()
    assert any("since" in one.value for one in seen.dataframe)
    assert refusals(seen) == []


def test_the_example_is_loaded_by_its_button(visit, tmp_path):
    seen = visit(workspace=tmp_path / "new", lang="zh")
    next(one for one in seen.button if one.label == ZH("Load the example (invented data)")).click().run()
    check(seen, "overview", "demo", "zh")
    assert figures(seen)[0] == str(len(demo_cases.between(*PERIOD)))


@pytest.fixture
def own(workspaces, tmp_path):
    return Path(shutil.copytree(workspaces["demo"], tmp_path / "own"))


def box(seen, label):
    return next(one for one in seen.selectbox if one.label == label)


def press(seen, label):
    next(one for one in seen.button if one.label == label).click().run()
    assert not seen.exception


def test_a_file_is_uploaded_previewed_imported_and_taken_back_on_the_data_page(visit, own):
    made, truth = demo_cases.demo(), demo_cases.demo().truth["next_month"]
    before = Workspace(own).newest_version()
    seen = visit("data", own)
    seen.file_uploader[0].set_value((made.names["next_month"], made.next_month, "application/zip")).run()
    assert "Import" not in [one.label for one in seen.button]  # the coordinate system is not chosen
    assert box(seen, "This file holds").value == "reports"
    box(seen, "Coordinate system").select("wgs84").run()
    accepted = truth["new"] + truth["updated"]
    numbers = {one.label: one.value for one in seen.metric}
    assert numbers == {
        "Rows read": str(truth["read"]),
        "Accepted": str(accepted),
        "Not taken": "0",
        "Repeats": str(truth["repeats"]),
    }
    assert "Nothing is stored yet." in texts(seen)
    assert Workspace(own).newest_version() == before
    press(seen, "Import")
    total = f"{truth['read']} rows read = {accepted} accepted + 0 rejected + {truth['repeats']} repeats"
    assert any(total in unescaped(one.value) for one in seen.success)
    assert len(Workspace(own).newest().imports) == 2
    seen = visit("data", own, section="imports")
    press(seen, "Take it back")
    assert [one.source for one in Workspace(own).newest().imports] == ["示例"]
    assert figures(visit(workspace=own))[:2] == figures(visit())[:2]


@pytest.mark.parametrize(("workspace", "lang"), [("demo", "zh"), ("demo", "en"), ("empty", "zh")])
def test_each_section_of_the_data_page_opens(visit, workspace, lang):
    for section in files_view.SECTIONS:
        check(visit("data", workspace, lang=lang, section=section), "data", workspace, lang)


def test_each_item_of_the_quality_report_shows_its_rows(visit, workspaces):
    items = quality.quality_items(Workspace(workspaces["demo"]).newest(), EN)
    found = items[(items["n"] > 0) & items["source"].isna()]
    assert len(found) > 5
    for row in found.itertuples():
        if row.code.startswith("missing-") and row.code != "missing-due_at":
            continue  # one of a kind is enough
        seen = visit("data", "demo", section="quality", item=row.code)
        check(seen, "data", "demo", "en")
        assert box(seen, "Show the rows of").value == row.code
        assert len(seen.dataframe[1].value) == min(row.n, 200)


def test_an_offices_ledger_needs_one_choice_and_the_next_one_none(visit, tmp_path):
    made = ledger_file.make_ledger()
    levels.load_cells(Workspace(tmp_path), demo_cases.demo().grids, "g.geojson", level="grid", who="t")
    seen = visit("data", tmp_path)
    seen.file_uploader[0].set_value((made.name, made.content, "application/zip")).run()
    said = texts(seen)
    assert "Read as XLSX · 台账: 123 rows below the header in row 2–3." in said
    assert any("Read as GCJ-02: AMap, Tencent, 120 of 120 points lie inside" in text for text in said)
    assert not any(ledger_file.PHONE in text for text in said)
    box(seen, "Coordinate system").select("gcj02").run()
    numbers = {one.label: one.value for one in seen.metric}
    assert numbers["Accepted"] == str(len(made.cases))
    seen.text_input[-1].set_value("月报").run()
    press(seen, "Import")
    data = Workspace(tmp_path).newest()
    assert data.imports[0].levels["grid"]["inside"] == len(made.cases)
    again = visit("data", tmp_path)
    again.file_uploader[0].set_value((made.name, made.content, "application/zip")).run()
    assert "The saved profile “月报” was applied." in texts(again)
    assert box(again, "Coordinate system").value == "gcj02"


def test_a_corrected_sheet_takes_the_coordinate_system_of_its_own_import(visit, tmp_path):
    levels.load_cells(Workspace(tmp_path), demo_cases.demo().grids, "g.geojson", level="grid", who="t")
    cases = [f"K{n},{at},道路积水,111.3,33.6" for n, at in enumerate(("2025-03-05 10:00", "2025年33月5日"))]
    content = "\n".join(["案卷号,上报时间,小类,经度,纬度", *cases]).encode()
    first = loading.import_incidents(Workspace(tmp_path), content, "三月.csv", crs="gcj02", source="街道", who="t")
    rows, titles = intake.rejected_sheet(Workspace(tmp_path).newest(), ZH, first["import_id"])
    (column,) = [key for key, title in titles.items() if title == "上报时间"]
    sheet = write_sheet(rows.assign(**{column: "2025-03-05 11:00"}), titles, name="未接收的行", notes=[], words=ZH)
    seen = visit("data", tmp_path, lang="zh")
    seen.file_uploader[0].set_value(("更正.xlsx", sheet, "application/zip")).run()
    assert box(seen, ZH("Coordinate system")).value == "gcj02"
    assert any("沿用“三月.csv”首次导入时的选择" in text for text in texts(seen))
    press(seen, ZH("Import"))
    assert any("读取 1 行 = 接收 1 + 未接收 0 + 重复 0" in unescaped(one.value) for one in seen.success)
    assert [one.source for one in Workspace(tmp_path).newest().imports] == ["街道", "街道"]


def test_the_answer_of_an_import_links_to_lists_that_are_there():
    remarks = {"no-location": 2, "no-report-time": 1, "one-spot": 0}
    places = {"inside": 3, "near": 1, "outside": 4, "no_location": 2}
    answer = {"rejected": 5, "remarks": remarks, "levels": {"street": dict.fromkeys(places, 0), "grid": places}}
    found = [(one.n, one.section, one.item) for one in intake.worth_a_look(answer, EN)]
    assert found == [
        (5, "rejected", None),
        (2, "quality", "no-location"),
        (4, "quality", "outside"),
        (1, "quality", "near"),
        (1, "quality", "missing-reported_at"),
    ]
    assert set(intake.DOUBTFUL) <= set(quality.SENTENCES)
    assert {"rejected", "quality"} <= set(files_view.SECTIONS)


def work_page():
    """Draw an upload, two buttons that may be left for elsewhere, and what the data page draws around them."""
    import streamlit as st

    from base.text import Words
    from pages.common import frame, results, work

    words = Words("en")
    state = st.session_state
    begun = state.setdefault("begun", [])
    work.collect()
    results.show(words)
    st.file_uploader("file", key=work.upload_key())
    if not st.checkbox("elsewhere"):
        for key in ("one", "two"):

            def do(tell, key=key):
                begun.append(key)
                tell(0.5, "half", {})
                return "done", [f"begun {key}"], []

            with frame.told(words, stop=False):
                if work.button(words, key):
                    work.run(key, "first", do)
    st.caption("above")
    with frame.told(words, stop=False):
        work.fail()
    if not state.get("passing"):
        work.join(words)


def working():
    return AppTest.from_function(work_page, default_timeout=20).run()


def test_a_change_that_runs_is_joined_by_a_second_click_and_not_begun_again():
    seen = working()
    seen.button(key="one").click().run()
    assert [one.value for one in seen.success] == ["begun one"]
    assert not seen.button(key="one").disabled
    running = work.Work("one", "first", lambda _tell: (time.sleep(0.3), ("done", ["the first click's"], []))[1])
    seen.session_state["work"] = running
    seen.button(key="one").click().run()
    assert [one.value for one in seen.success] == ["the first click's"]
    assert seen.session_state["begun"] == ["one"]


def test_no_other_change_can_be_begun_while_one_runs():
    seen, may_end = working(), threading.Event()
    running = work.Work("one", "first", lambda _tell: (may_end.wait(20), ("done", ["1"], []))[1])
    seen.session_state["work"], seen.session_state["passing"] = running, True
    seen.button(key="two").click().run()
    assert [(one.label, one.disabled) for one in seen.button] == [("At work …", True)] * 2
    assert (seen.session_state["begun"], seen.session_state["work"]) == ([], running)
    may_end.set()
    seen.session_state["passing"] = False
    seen.run()
    assert [one.value for one in seen.success] == ["1"]


def test_a_click_that_was_not_reached_begins_nothing_later():
    seen = working()
    seen.button(key="one").click()
    seen.checkbox[0].check().run()
    seen.checkbox[0].uncheck().run()
    assert seen.session_state["begun"] == []
    assert not any(one.disabled for one in seen.button)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_a_change_failed_with_is_said_once_at_its_button_or_where_that_is_gone(elsewhere):
    seen = working()
    refused = mock.Mock(side_effect=HazardError("t", "It failed"))
    seen.session_state["work"] = work.Work("two", "", refused)
    seen.checkbox[0].set_value(elsewhere).run()
    assert refusals(seen) == ["It failed"]
    drawn = [type(one).__name__ for one in seen.main]
    assert (drawn.index("Error") > drawn.index("Caption")) == elsewhere
    assert not refusals(seen.run())


@pytest.mark.parametrize(("given", "kept"), [(b"the file of the change", "uploads"), (b"another", "upload-0")])
def test_the_end_of_a_change_empties_the_upload_of_its_own_file_only(given, kept):
    seen = working()
    seen.session_state["work"] = work.Work("one", "", lambda _tell: ("done", ["1"], []), b"the file of the change")
    seen.file_uploader[0].set_value(("a.csv", given, "text/csv")).run()
    assert [one.value for one in seen.success] == ["1"]
    assert seen.session_state[kept]


LEDGER = "案卷号,上报时间,小类,经度,纬度\nK1,2025-03-05 10:00,道路积水,111.3,33.6\n".encode()


def store(workspace, save):
    options = {"crs": "wgs84", "source": "街道"}
    return reports_form.store(EN, workspace, LEDGER, "三月.csv", options, save, who="t", tell=lambda *_: None)


def test_an_import_whose_choices_cannot_be_saved_is_said_to_be_in(tmp_path, monkeypatch):
    busy = mock.Mock(side_effect=HazardError("workspace-busy", "Somebody else is at work."))
    monkeypatch.setattr(profiles, "save_profile", busy)
    kind, lines, _ = store(Workspace(tmp_path), "月报")
    assert kind == "done"
    assert "1 rows read = 1 accepted" in lines[0]
    assert lines[-2].startswith("The file is imported, but its choices could not be saved as profile “月报”.")
    assert lines[-1] == "Somebody else is at work."
    assert len(Workspace(tmp_path).newest().imports) == 1


def test_a_name_no_profile_can_have_is_refused_before_anything_is_stored(tmp_path):
    with pytest.raises(HazardError, match="A profile needs a name"):
        store(Workspace(tmp_path), "长" * 200)
    assert not Workspace(tmp_path).newest().version


def test_a_page_names_its_own_choice_of_another_system_and_the_terminal_its_option():
    fits = [Fit("gcj02", False, 9, 9, [], []), Fit("wgs84", False, 0, 9, [], [])]
    answer = {"crs": "wgs84", "crs_from": "said", "fits": fits}
    on_page, typed = intake.crs_sentences(answer, ZH), intake.crs_sentences(answer, ZH, option="--crs")
    assert "请指定（坐标系“GCJ-02" in on_page[-1]
    assert "--" not in "".join(on_page)
    assert "请指定（--crs gcj02）" in typed[-1]


def test_the_tables_of_the_data_page_hold_no_english_of_ours_in_chinese(visit):
    ours = re.compile(r"\b(default|None|nan|NaT|event|component|cjt214|gbt30428|empty)\b")
    for section in ("imports", "rejected", "quality", "boundaries", "history"):
        seen = visit("data", "incidents", lang="zh", section=section)
        cells = [str(one) for table in seen.dataframe for one in table.value.to_numpy().ravel() if isinstance(one, str)]
        assert [one for one in [*cells, *texts(seen)] if ours.search(one)] == []
    assert not any("empty" in text for text in texts(visit("data", "empty", lang="zh")))


def test_a_day_that_may_be_a_month_is_asked_for_once_where_it_can_be_answered(visit, tmp_path):
    levels.load_cells(Workspace(tmp_path), demo_cases.demo().grids, "g.geojson", level="grid", who="t")
    lon, lat = Workspace(tmp_path).newest().cells("grid").geometry[0].representative_point().coords[0]
    rows = [f"{n},03/0{n}/2025 10:00,道路积水,{lon},{lat}" for n in range(1, 8)]
    seen = visit("data", tmp_path)
    content = "\n".join(["案卷号,上报时间,小类,经度,纬度", *rows]).encode()
    seen.file_uploader[0].set_value(("r.csv", content, "text/csv")).run()
    box(seen, "Coordinate system").select("wgs84").run()
    assert any("begin with the day or the month" in one.value for one in seen.error)
    assert next(one for one in seen.button if one.label == "Import").disabled
    assert any(one.proto.expanded for one in seen.expander if one.label == "Source, times, codes, row filter")
    box(seen, "Day and month in dates").select(False).run()
    assert refusals(seen) == []
    assert any("Reports from 2025-03 to 2025-03" in text for text in texts(seen))


def test_a_boundary_of_a_known_level_is_not_replaced_by_a_default(visit, own):
    seen = visit("data", own)
    seen.file_uploader[0].set_value(("grids.geojson", demo_cases.demo().grids, "application/json")).run()
    assert box(seen, "This file holds").value == "cells"
    assert next(one for one in seen.button if one.label == "Import").disabled
    box(seen, "Boundary level").select("building").run()
    box(seen, "Coordinate system").select("wgs84").run()
    press(seen, "Import")
    assert [one.name for one in Workspace(own).newest().levels] == ["community", "grid", "building"]
    seen = visit("data", own, section="boundaries")
    press(seen, "Take it back")
    assert [one.name for one in Workspace(own).newest().levels] == ["community", "grid"]


def test_a_report_without_location_gets_its_place_by_hand(visit, own):
    data = Workspace(own).newest()
    lost = listing.incidents(data, Scope(level="grid"), place="no_location")
    seen = visit("data", own, section="quality", item="no-location")
    box(seen, "or its cell").select(data.cells("grid")["cell_id"][3]).run()
    press(seen, "Save the place")
    after = Workspace(own).newest()
    assert len(listing.incidents(after, Scope(level="grid"), place="no_location")) == len(lost) - 1


def test_a_changed_table_of_types_changes_the_counts(visit, own):
    cases = demo_cases.cases()
    before = figures(visit(workspace=own, period="all", hazard="sunken_cover"))[0]
    assert before == str((cases["hazard"] == "sunken_cover").sum())
    name = cases.loc[cases["hazard"] == "other", "小类名称"].mode()[0]
    rules = Workspace(own).newest().rules()
    first = pd.DataFrame([{**dict.fromkeys(rules.columns, ""), "pattern": name, "hazard": "sunken_cover"}])
    changes.set_rules(Workspace(own), pd.concat([first, rules], ignore_index=True), who="t")
    wanted = ((cases["hazard"] == "sunken_cover") | (cases["小类名称"] == name)).sum()
    assert figures(visit(workspace=own, period="all", hazard="sunken_cover"))[0] == str(wanted) != before


@pytest.mark.parametrize("page", WITH_DATA)
def test_what_nobody_foresaw_is_a_sentence_with_a_number_and_none_of_the_data(visit, page, monkeypatch, caplog):
    def fails(*_arguments, **_options):
        raise ValueError("13800000000")

    modules = {
        "overview": (answers, "overview"),
        "hotspots": (answers, "hot_spots"),
        "resolution": (times, "figures"),
        "drainage": (answers, "hot_spots"),  # the needs of places ask for it
    }
    monkeypatch.setattr(*modules[page], fails)
    seen = visit(page)
    assert not seen.exception
    (said,) = [one.value for one in seen.error]
    number = re.search(r"error ([0-9a-f]{8})", said).group(1)
    assert "13800000000" not in "".join(texts(seen))
    assert number in caplog.text
    assert "13800000000" not in caplog.text


def test_a_reader_is_told_once_what_of_an_address_is_not_in_these_data(visit):
    seen = visit(level="nonsense", hazard="<b>foo</b>", measure="per_km2")
    (told,) = seen.toast
    assert "level=nonsense" in told.value
    assert "measure" not in told.value
    assert "<b>" not in told.value
    assert not seen.run().toast


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"start": "2026-01-01", "end": "2025-01-01"}, "start=2026-01-01, end=2025-01-01"),
        ({"start": "2025-06-01"}, "start=2025-06-01"),
        ({"source": "nobody"}, "source=nobody"),
        ({"start": "2025-06-01", "end": "2026-01-01"}, None),
    ],
)
def test_a_period_or_a_source_that_the_address_cannot_mean_is_told(visit, address, told):
    seen = visit(lang="en", **address)
    assert [told in unescaped(one.value) for one in seen.toast] == ([True] if told else [])
    assert not seen.run().toast


def test_in_one_area_the_cell_beside_the_hot_one_is_called_in_a_hot_place(visit):
    seen = visit("hotspots", lang="en", area="999901001001")
    assert title(seen) == "1 hot spot beyond chance, and a hot place of 2 cells"
    table = next(one.value for one in seen.dataframe if "claim" in one.value)
    assert table["claim"].tolist()[:3] == ["hot spot", "in a hot place", ""]
    chosen = visit("hotspots", lang="en", area="999901001001", cell="99990100100101")
    assert any("by itself no claim" in one.value for one in chosen.warning)
    seen = visit("hotspots", lang="zh", area="999901001001")
    assert title(seen) == "1 个热点网格，超出偶然范围，另有 1 个热点片区（共 2 个网格）"


def test_the_reports_under_the_title_are_those_of_the_line_below(visit):
    seen = visit("hotspots", lang="en")
    said = " ".join(texts(seen))
    assert "383 reports; 382 of them, in these cells, make 281 events" in said
    assert "Beside the 383 shown here" in said


ALARMED = {"start": "2024-12-31", "end": "2025-12-31", "hazard": "sunken_cover"}


def test_an_alarm_of_the_last_weeks_is_told_under_the_finding(visit, monkeypatch):
    seen = visit("hotspots", lang="en", **ALARMED)
    (told,) = [one.value for one in seen.error if one.value.startswith("Alarm")]
    seen.button(key="to-lately").click().run()
    assert seen.query_params["part"] in ("lately", ["lately"])
    assert [one.value for one in seen.error].count(told) == 2  # it stays where it was
    quiet = visit("hotspots", lang="en")
    assert not any(one.startswith("Alarm") for one in texts(quiet))
    monkeypatch.setattr(alarm_view, "MOST_AT_ONCE", 10)  # of a large past nothing is reckoned unasked
    assert not any(one.startswith("Alarm") for one in texts(visit("hotspots", lang="en", **ALARMED)))


def test_of_a_long_ranking_the_page_shows_the_first_rows_and_says_so(visit, monkeypatch):
    monkeypatch.setattr(cached, "MOST_ROWS", 10)
    seen = visit("hotspots", period="all")
    table = next(one.value for one in seen.dataframe if "expected" in one.value)
    assert len(table) == 10
    assert any(one.value.startswith("The first 10 of 23 rows") for one in seen.caption)


def test_the_method_is_chosen_by_hand_or_by_the_address_and_the_page_says_what_was_left_out(visit):
    usual = visit("hotspots", period="all")
    assert any("circle of neighbouring cells" in one.value for one in usual.markdown)
    alone = visit("hotspots", period="all", method="excess")
    assert alone.selectbox(key="w_method-en").value == "excess"
    assert any("were not looked for" in one.value for one in alone.markdown)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("method", ["gi_star", "moran"])
def test_gi_star_and_moran_are_chosen_by_hand_and_the_page_says_what_that_costs(visit, lang, method):
    seen = visit("hotspots", lang=lang, period="all", method=method)
    assert not seen.exception
    assert seen.selectbox(key=f"w_method-{lang}").value == method
    said = " ".join(texts(seen))
    assert WORDS[lang](neighborhoods.COSTS[method]) in said
    assert "nan" not in said.lower()
    assert not any(name in said for name in ("so strong a map", "规律时出现"))  # there is no such chance here
    spots = answers.hot_spots(cached.dataset(), Scope("grid"), method=method)
    table = next(one.value for one in seen.dataframe if "expected" in one.value)
    assert table["p"].tolist() == [EN.chance(p) for p in summary.rank_cells(spots.cells)["p"]]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("method", ["gi_star", "moran"])
def test_where_no_cell_can_be_judged_the_page_says_why_and_shows_no_number_for_it(visit, tmp_path, lang, method):
    cases = [
        {"incident_id": f"{cell}{n}", "cell": cell, "reported_at": f"{2010 + n}-01-05"}
        for cell in "ABCD" for n in range(6)
    ]  # fmt: skip
    stored.store(stored.with_grids(tmp_path), stored.rows(cases))
    seen = visit("hotspots", tmp_path, lang=lang, period="all", level="grid", method=method)
    assert not seen.exception
    words = WORDS[lang]
    assert title(seen) == words("No cell can be judged by this method")
    assert words("All {n} cells have the same value: none stands out.", n=4) in " ".join(texts(seen))
    table = next(one.value for one in seen.dataframe if "expected" in one.value)
    assert table["p"].tolist() == ["–"] * 4


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_calls_are_shown_in_headline_map_and_list_without_a_claim(visit, lang):
    seen = visit("hotspots", lang=lang, period="all", hazard="waterlogging", method="gi_star", calls="on")
    assert not seen.exception
    calls = demo_cases.cases().query("hazard == 'waterlogging' and cell_id.notna()")
    words = WORDS[lang]
    assert title(seen) == words("{n} calls counted, without a claim", n=len(calls))
    table = next(one.value for one in seen.dataframe if "expected" in one.value)
    assert table["calls"].tolist() == calls["cell_id"].value_counts().tolist() + [0] * (23 - calls["cell_id"].nunique())
    assert not {"p", "claim", "events"} & set(table)
    assert not seen.error
    seen.toggle(key=f"w_calls-{lang}").set_value(False).run()
    assert "calls" not in seen.query_params
    assert "claim" not in title(seen)
