"""The files that the hot-spot screen hands out, read back and set against the answers they were made of."""

import datetime as dt
import io
from unittest import mock

import demo_cases
import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from python_calamine import CalamineWorkbook
from stored import rows, store, with_grids
from test_cli import Said

from base.text import Words
from data.geofiles import read_boundaries
from data.schema import Scope
from data.store import Workspace
from reports import answers, handouts, people
from reports.record import REGRESSION

ZH, EN = Words("zh"), Words("en")
YEAR = Scope(level="grid", start=dt.date(2025, 10, 1), end=dt.date(2026, 10, 1))
EMPTY = Scope(level="grid", start=dt.date(2020, 1, 1), end=dt.date(2020, 2, 1))


@pytest.fixture(scope="module")
def screen(demo):
    return handouts.screen_of(Workspace(demo).newest(), YEAR)


@pytest.fixture(scope="module")
def package(screen, tmp_path_factory):
    file = tmp_path_factory.mktemp("package") / "a.gpkg"
    file.write_bytes(handouts.geopackage(screen, ZH))
    return file


def sheets(content):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def column(rows, title):
    return [row[rows[0].index(title)] for row in rows[1:]]


@pytest.mark.parametrize("words", [ZH, EN])
def test_the_workbook_has_a_sheet_for_each_table_and_all_cells_with_their_evidence(screen, words):
    book = sheets(handouts.workbook(screen, words))
    names = ("Hot spots", "Doubts", "Months", "Compared with before", "Chronic sites", "Places", "Dense groups")
    assert list(book) == [words(name) for name in (*names, "About")]
    cells = book[words("Hot spots")]
    assert column(cells, words("Code")) == screen.spots.cells["cell_id"].tolist()
    assert column(cells, words("Events")) == screen.spots.cells["events"].tolist()
    claims = [words("hot spot") if hot else "" for hot in screen.spots.cells["hot"]]
    assert column(cells, words("Claim")) == claims
    assert column(book[words("Doubts")], words("In words")) == [one.say(words) for one in screen.doubts.sentences]
    assert len(book[words("Chronic sites")]) == 1 + len(screen.record.sites)
    assert len(book[words("Dense groups")]) == 1 + len(screen.groups)
    before = book[words("Compared with before")]
    assert before[1][1] == words("All cells compared")
    every, *own = column(before, words("Events now"))
    assert every == sum(own) == screen.spots.n_events
    since = [text for text in column(cells, words("Since")) if text]
    assert since == [words("{month} or earlier", month=words.month("2022-04"))] * 2
    record = screen.record
    for name, line in (
        ("Months", record.tie(words)), ("Months", record.compared.tie(words)),
        ("Chronic sites", record.sites_rule.say(words)), ("Chronic sites", record.rests_on(words)),
        ("Compared with before", REGRESSION.say(words)),
    ):  # fmt: skip
        assert not line or any(line == row[-1] for row in book[words(name)])
        assert not line or line in [row[0] for row in book[words("About")]]
    about = [row[0] for row in book[words("About")]]
    assert about[0] == words("Example data, invented")
    assert screen.spots.result.reason.say(words) in about
    assert any(screen.dataset.fingerprint[:8] in line for line in about)


def test_the_packages_cells_are_the_boundary_with_the_claims_of_the_screen(screen, package):
    cells = gpd.read_file(package, layer="cells")
    grids = gpd.read_file(io.BytesIO(demo_cases.demo().grids)).sort_values("网格编码")
    assert cells["cell_id"].tolist() == grids["网格编码"].tolist()
    assert [one.equals(two) for one, two in zip(cells.geometry, grids.geometry, strict=True)] == [True] * 23
    assert cells.crs.to_epsg() == 4326
    hot = cells[cells["hot"]]
    assert set(hot["cell_id"]) == set(demo_cases.demo().truth["hot"]["waterlogging"])
    assert set(hot["claim"]) == {"hot_spot"}
    np.testing.assert_allclose(cells["expected"], screen.spots.cells["expected"])
    assert ((hot["low"] < hot["ratio"]) & (hot["ratio"] < hot["high"]) & (hot["low"] > 1)).all()
    assert hot["since"].notna().all()
    assert hot["since_or_earlier"].astype(bool).all()
    assert cells.loc[~cells["hot"], "since"].isna().all()
    assert cells.loc[~cells["hot"], "trend"].replace("", None).isna().all()  # said of claims, as on the page
    assert (hot["trend"] != "").all()
    found = screen.doubts.rows.query("found")["cell_id"]
    assert set(cells.loc[cells["doubts"].fillna("") != "", "cell_id"]) == set(found)
    back = read_boundaries(package.read_bytes(), "a.gpkg", layer="cells")
    assert back.frame["cell_id"].tolist() == cells["cell_id"].tolist()


def test_dense_groups_lie_around_their_members_and_sites_in_their_cells(screen, package):
    groups = gpd.read_file(package, layer="dense_groups")
    assert groups["members"].tolist() == screen.groups["members"].tolist()
    first = answers.first_calls(screen.dataset, YEAR)
    points = shapely.points(first[["lon", "lat"]].dropna().to_numpy(float))
    for outline, members in zip(groups.geometry, groups["members"], strict=True):
        assert shapely.contains(outline, points).sum() >= members
    corners = {(round(x, 6), round(y, 6)) for x, y in shapely.get_coordinates(groups.geometry.to_numpy())}
    assert not corners & {(round(x, 6), round(y, 6)) for x, y in shapely.get_coordinates(points)}
    sites = gpd.read_file(package, layer="chronic_sites")
    cells = gpd.read_file(package, layer="cells").set_index("cell_id").geometry
    assert len(sites) == len(screen.record.sites) > 0
    assert all(cells[row.cell_id].buffer(1e-4).intersects(row.geometry) for row in sites.itertuples())
    reported = {(x, y) for x, y in shapely.get_coordinates(points)}  # to six digits
    assert not reported & set(map(tuple, shapely.get_coordinates(sites.geometry.to_numpy())))
    assert (sites["returns"] >= 2).all()


def test_a_site_lies_on_the_same_rounded_place_wherever_it_is_handed_out(screen, package):
    told = people.record_json(screen.record, EN)["sites"]
    points = gpd.read_file(package, layer="chronic_sites").geometry
    book = sheets(handouts.workbook(screen, EN))["Chronic sites"]
    assert len(points) > 0
    for title, places in (("Longitude", points.x), ("Latitude", points.y)):
        assert column(book, title) == places.round(4).tolist() == places.tolist()
    assert {(one["lon"], one["lat"]) for one in told} <= set(zip(points.x, points.y, strict=True))


def test_dense_groups_are_looked_for_once(screen):
    with mock.patch.object(answers.clusters, "find_clusters", wraps=answers.clusters.find_clusters) as looked:
        screen.dataset.derived.pop("dense groups")
        for _ in range(2):
            answers.clusters_of(screen.dataset, YEAR)
            handouts.screen_of(screen.dataset, YEAR)
    assert looked.call_count == 1


def test_a_place_that_cells_share_is_the_union_of_its_cells(demo):
    dataset = Workspace(demo).newest()
    scope = Scope(level="grid", hazards=("sunken_cover", "wall_risk", "waterlogging"))
    screen = handouts.screen_of(dataset, scope, exposure="equal")
    shared = [place for place in screen.spots.result.places if len(place.members) > 1]
    table = handouts.places(screen.spots, EN)
    assert len(table) == len(shared)
    package = handouts.geopackage(screen, EN)
    if shared:
        back = read_boundaries(package, "a.gpkg", layer="hot_places")
        area = answers.cells_of(dataset, scope).geometry.iloc[list(shared[0].members)].union_all().area
        assert back.frame.geometry.iloc[0].area == pytest.approx(area)


def test_the_package_says_what_it_is(screen, package):
    about = pyogrio.read_dataframe(package, layer="about")
    told = dict(zip(about["item"], about["text"], strict=True))
    assert told["invented"] == ZH("Example data, invented")
    assert "2025年10月 – 2026年9月" in told["scope"]
    assert told["reason"] == screen.spots.result.reason.say(ZH)
    assert screen.dataset.fingerprint[:8] in told["data"]
    assert dict(pyogrio.list_layers(package)).keys() == {
        "cells", "hot_places", "dense_groups", "chronic_sites", "about",
    }  # fmt: skip


def test_files_and_command_line_give_no_all_clear_where_nothing_has_a_closing_time(tmp_path):
    cases = [
        {"incident_id": str(n), "hazard": "wall_risk", "lon": 113.005, "lat": 33.005, "reported_at": f"2025-{n:02}-01"}
        for n in range(1, 13)
    ]
    dataset = store(with_grids(tmp_path), rows(cases), as_of="2025-12-31T18:00:00+08:00")
    screen = handouts.screen_of(dataset, Scope("grid", dt.date(2025, 1, 1), dt.date(2026, 1, 1)))
    sentence = "Chronic sites cannot be told: none of 12 events has a closing time."
    book = sheets(handouts.workbook(screen, EN))
    assert book["Chronic sites"][1][0] == sentence
    assert column(book["Hot spots"], "Chronic sites")[0] == ""
    assert sentence in [row[0] for row in book["About"]]
    file = tmp_path / "a.gpkg"
    file.write_bytes(handouts.geopackage(screen, EN))
    assert pyogrio.read_dataframe(file, layer="cells")["chronic"].isna().tolist()[0]
    assert sentence in pyogrio.read_dataframe(file, layer="about")["text"].tolist()
    said = Said(tmp_path, "hotspots", "--start", "2025-01-01", "--end", "2026-01-01")
    assert sentence in " ".join(said.out.split())


def test_a_period_without_an_event_makes_whole_files_that_say_so(demo):
    screen = handouts.screen_of(Workspace(demo).newest(), EMPTY)
    book = sheets(handouts.workbook(screen, EN))
    assert book["Doubts"][1][0] == "No cell carries a claim."
    assert book["Dense groups"][1][0] == "No such group in this period."
    assert len(book["Hot spots"]) == 24
    cells = read_boundaries(handouts.geopackage(screen, EN), "a.gpkg", layer="cells").frame
    assert set(cells["events"]) == {"0"}


def test_groups_that_are_refused_are_left_out_and_the_files_say_why(demo, monkeypatch, tmp_path):
    monkeypatch.setattr(answers, "MOST_CLUSTERED", 10)
    screen = handouts.screen_of(Workspace(demo).newest(), YEAR)
    assert screen.groups is None
    book = sheets(handouts.workbook(screen, EN))
    assert "Dense groups" not in book
    assert any("Dense groups are sought among at most 10 events" in row[0] for row in book["About"])
    file = tmp_path / "a.gpkg"
    file.write_bytes(handouts.geopackage(screen, EN))
    assert "dense_groups" not in dict(pyogrio.list_layers(file))


def test_of_a_cell_that_only_shares_a_hot_place_no_beginning_and_no_trend_is_told(demo):
    scope = Scope("grid", area="999901001001", start=dt.date(2025, 10, 1), end=dt.date(2026, 10, 1))
    screen = handouts.screen_of(Workspace(demo).newest(), scope)
    table = handouts.evidence(screen.spots, screen.record, screen.doubts, Words("en"))
    claimed = table[table["hot"]].set_index("by")
    assert set(claimed.index) == {"both", "place"}
    assert (pd.isna(claimed.loc["place", "since"]), claimed.loc["place", "trend"]) == (True, "")
    assert (pd.isna(claimed.loc["both", "since"]), claimed.loc["both", "trend"]) == (False, "persistent")
    answer = people.hot_spots_json(screen.spots, None, ["excess", "scan"], Words("en"), record=screen.record)
    said = {one["by"]: (one["since"], one["trend"]) for one in answer["cells"] if one["hot"]}
    assert said == {"both": ("2022-04", "persistent"), "place": (None, None)}
