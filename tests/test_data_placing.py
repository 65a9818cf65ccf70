"""Where incidents belong: by point, by words, by address, by hand; inside, near, outside; last year and this year."""

import datetime as dt
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from stored import boundary, rows, store, with_grids

from base.errors import HazardError
from data import listing, queries
from data.changes import set_location, set_settings, undo
from data.gazetteer import load_gazetteer
from data.levels import load_cells
from data.loading import import_incidents
from data.placing import count_places, place
from data.schema import Scope
from data.store import Workspace
from data.tables import TABLES
from geo import crs

GRID, COMMUNITY = Scope(level="grid"), Scope(level="community")
METRE = 1 / 93_000  # degrees of longitude at 33 N, a little more than one metre


@pytest.fixture
def grids(tmp_path):
    return with_grids(tmp_path)


def stored(dataset, *columns):
    """incident_id -> the columns asked for."""
    named = ", ".join(("incident_id", *columns))
    found = dataset.query(f"SELECT {named} FROM incidents").to_pylist()
    return {row.pop("incident_id"): tuple(row.values()) for row in found}


def put(workspace, cases, **kind):
    return store(workspace, rows([{"incident_id": str(n), **case} for n, case in enumerate(cases)]), **kind)


# Cells: A B below, C D above, 0.01 degrees each from 113.00, 33.00. The square of community W covers all four, E lies
# east of it; C and D name E as their parent all the same, so that it shows which of the two counts.


def test_a_point_just_outside_counts_in_the_nearest_cell_and_is_marked(grids):
    dataset = put(
        grids,
        [
            {"lon": 113.005, "lat": 33.005},
            {"lon": 113.0 - 20 * METRE, "lat": 33.015},  # west of C
            {"lon": 113.0 - 40 * METRE, "lat": 33.015},
            {},
        ],
    )
    found = stored(dataset, "cell_2", "near_2")
    assert [found[n][0] for n in "0123"] == ["A", "C", None, None]
    away_m = Geod(ellps="WGS84").inv(113.0 - 20 * METRE, 33.015, 113.0, 33.015)[2]
    assert found["1"][1] == pytest.approx(away_m, abs=0.001)
    assert found["0"][1] is found["2"][1] is None
    totals = queries.totals(dataset, GRID)
    assert (totals["n"], totals["near"], totals["outside"], totals["no_location"]) == (4, 1, 1, 1)
    assert listing.incidents(dataset, GRID, place="near")["incident_id"].tolist() == ["1"]
    assert listing.incidents(dataset, GRID, place="outside")["incident_id"].tolist() == ["2"]
    assert listing.incidents(dataset, GRID, place="no_location")["incident_id"].tolist() == ["3"]


def test_another_tolerance_places_all_again_in_that_version(grids):
    put(grids, [{"lon": 113.0 - 40 * METRE, "lat": 33.015}, {"lon": 113.0 - 20 * METRE, "lat": 33.015}])
    set_settings(grids, {"near_tolerance_m": 50}, who="t")
    assert stored(grids.newest(), "cell_2") == {"0": ("C",), "1": ("C",)}
    set_settings(grids, {"near_tolerance_m": 0}, who="t")
    assert stored(grids.newest(), "cell_2", "near_2") == {"0": (None, None), "1": (None, None)}


@given(
    points=st.lists(
        st.one_of(st.none(), st.tuples(st.integers(-70, 1070), st.integers(-70, 1070))), min_size=1, max_size=40
    ),
    words=st.lists(st.sampled_from(["", "A", "grid B", "W", "nowhere"]), min_size=40, max_size=40),
)
def test_inside_near_outside_and_no_location_add_up_to_all(four_grids, points, words):
    cases = [
        {"incident_id": str(n), "cell": word}
        | ({"lon": 113 + point[0] * 2e-5, "lat": 33 + point[1] * 2e-5} if point else {})
        for n, (point, word) in enumerate(zip(points, words, strict=False))
    ]
    placed = place(rows(cases), four_grids, four_grids.levels)
    for counts in count_places(placed, four_grids.levels).values():
        assert sum(counts.values()) == len(points)
        assert min(counts.values()) >= 0
    for row, point in zip(placed.to_pylist(), points, strict=True):  # near never moves an inside point
        if point and 0 <= point[0] <= 1000 and 0 <= point[1] <= 1000:
            assert (row["near_2"], row["placed"]) == (None, "")
            assert row["cell_2"] is not None


@pytest.fixture(scope="module")
def four_grids(tmp_path_factory):
    return with_grids(tmp_path_factory.mktemp("grids")).newest()


@pytest.mark.parametrize(
    ("words", "grid", "community"),
    [
        ({"cell": "B"}, "B", "W"),  # its code; the coarser level by its parent
        ({"cell": "Ｃ "}, "C", "E"),  # full width
        ({"cell": "Grid D"}, "D", "E"),  # its name
        ({"cell": "W"}, None, "W"),  # the code of a coarser cell
        ({"community": "E"}, None, "E"),
        ({"community": "W", "cell": "A"}, "A", "W"),
        ({"community": "W", "cell": "grid D"}, None, "W"),  # such a name lies in another community
        ({"community": "W", "cell": "D"}, "D", "E"),  # a code is stronger than a word beside it
        ({"street": "E"}, None, None),  # no level is one of streets
        ({"cell": "nowhere"}, None, None),
        ({}, None, None),
    ],
)
def test_a_row_without_coordinates_is_placed_by_the_words_for_its_cell(four_grids, words, grid, community):
    (row,) = place(
        rows([{"incident_id": "1", "remark": "no-location", **words}]), four_grids, four_grids.levels
    ).to_pylist()
    assert (row["cell_2"], row["cell_1"], row["near_2"], row["lon"]) == (grid, community, None, None)
    known = community is not None
    assert (row["placed"], row["remark"]) == (("cell", "") if known else ("", "no-location"))


def test_coordinates_come_before_words(four_grids):
    (row,) = place(
        rows([{"incident_id": "1", "lon": 113.005, "lat": 33.005, "cell": "D"}]), four_grids, four_grids.levels
    ).to_pylist()
    assert (row["cell_2"], row["placed"]) == ("A", "")


def test_a_name_that_stands_in_two_communities_is_told_apart_by_the_community(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("WE", step=0.02), "c.geojson", level="社区", who="t")
    content = json.loads(boundary("ABCD", parents="WWEE"))
    for feature, name in zip(content["features"], ["第一网格", "第二网格", "第一网格", "第二网格"], strict=True):
        feature["properties"]["name"] = name
    load_cells(workspace, json.dumps(content).encode(), "g.geojson", level="网格", who="t")
    dataset = workspace.newest()
    cases = [
        {"incident_id": "1", "cell": "第一网格"},
        {"incident_id": "2", "cell": "第一网格", "community": "E"},
        {"incident_id": "3", "cell": "第二网格", "community": "grid W"},
    ]
    placed = place(rows(cases), dataset, dataset.levels)
    assert placed["cell_2"].to_pylist() == [None, "C", "B"]
    assert placed["cell_1"].to_pylist() == [None, "E", "W"]


def test_without_a_parent_the_coarser_cell_is_the_one_around_a_point_inside(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("WE", step=0.02), "c.geojson", level="community", who="t")
    load_cells(workspace, boundary("ABCD"), "g.geojson", level="grid", who="t")
    dataset = workspace.newest()
    (row,) = place(rows([{"incident_id": "1", "cell": "D"}]), dataset, dataset.levels).to_pylist()
    assert (row["cell_2"], row["cell_1"]) == ("D", "W")


def test_rows_placed_by_their_cell_are_placed_again_when_the_boundary_changes(grids):
    put(grids, [{"cell": "A"}, {"cell": "X"}, {"lon": 113.005, "lat": 33.005}])
    assert stored(grids.newest(), "cell_2", "remark")["1"] == (None, "no-location")
    load_cells(grids, boundary("XBCD", parents="WWEE"), "g.geojson", level="grid", who="t")
    found = stored(grids.newest(), "cell_2", "placed", "remark")
    assert found == {"0": (None, "", "no-location"), "1": ("X", "cell", ""), "2": ("X", "", "")}


CASES = (
    b"id,time,address,grid\n1,2025-03-05,Harbour Road 7,\n2,2025-03-06,Harbour  road 9,\n3,2025-03-07,Far Lane 1,B\n"
)
MAPPING = {"incident_id": "id", "reported_at": "time", "address": "address", "cell": "grid"}


def load(workspace, content=CASES, name="cases.csv"):
    return import_incidents(workspace, content, name, source="s", mapping=MAPPING, who="t")


def test_a_file_without_coordinates_is_placed_by_cell_and_the_rest_is_kept_and_listed(grids):
    answer = load(grids)
    assert (answer["accepted"], answer["rejected"]) == (3, 0)
    assert answer["levels"]["grid"] == {"inside": 1, "near": 0, "outside": 0, "no_location": 2}
    assert answer["remarks"]["no-location"] == 2
    listed = listing.incidents(grids.newest(), GRID, place="no_location", order="longest_open")
    assert listed["incident_id"].tolist() == ["1", "2"]


ADDRESSES = (
    b"address,lon,lat\nharbour road7,113.005,33.005\nHarbour Road 9,113.015,33.005\nHarbour Road 9,113.015,33.005\n"
    b"Twice Lane 1,113.005,33.005\nTwice Lane 1,113.015,33.005\n,113.005,33.005\nNo Point,,\nFar,x,33\n"
)


def test_a_table_of_addresses_places_what_has_no_location_in_its_own_version(grids):
    load(grids)
    answer = load_gazetteer(grids, ADDRESSES, "addresses.csv", who="t")
    totals = (answer["read"], answer["accepted"], answer["rejected"], answer["repeats"], answer["placed"])
    assert totals == (8, 2, 5, 1, 2)
    assert answer["rejected_rows"][["row", "reason"]].to_numpy().tolist() == [
        [5, "address-repeated"], [6, "address-repeated"], [7, "address-empty"], [8, "address-without-point"],
        [9, "lon-lat-unreadable"],
    ]  # fmt: skip
    found = stored(grids.newest(), "cell_2", "placed", "lon", "remark")
    assert found["1"] == ("A", "address", 113.005, "")
    assert found["2"] == ("B", "address", 113.015, "")
    assert found["3"] == ("B", "cell", None, "")
    assert grids.newest().version == answer["version"] == 4


def test_the_same_cases_once_more_are_repeats_though_places_were_found_for_them(grids):
    load(grids)
    load_gazetteer(grids, ADDRESSES, "addresses.csv", who="t")
    answer = load(grids, CASES + b"4,2025-03-08,HARBOUR ROAD 7,\n", "more.csv")
    assert (answer["accepted"], answer["repeats"], answer["updated"]) == (1, 3, 0)
    assert stored(grids.newest(), "cell_2")["4"] == ("A",)


def test_another_point_for_an_address_moves_its_incidents_and_only_them(grids):
    load(grids)
    load_gazetteer(grids, ADDRESSES, "addresses.csv", who="t")
    answer = load_gazetteer(grids, b"address,lon,lat\nHarbour Road 9,113.005,33.015\n", "corrected.csv", who="t")
    assert (answer["placed"], answer["addresses"]) == (1, 2)
    assert stored(grids.newest(), "cell_2") == {"1": ("A",), "2": ("C",), "3": ("B",)}


def test_an_address_says_more_than_a_coarse_cell(grids):
    cases = b"id,time,address,grid\n1,2025-03-05,Harbour Road 7,W\n2,2025-03-05,Unknown Road,W\n"
    load_gazetteer(grids, ADDRESSES, "addresses.csv", who="t")
    load(grids, cases)
    found = stored(grids.newest(), "cell_2", "cell_1", "placed")
    assert found == {"1": ("A", "W", "address"), "2": (None, "W", "cell")}


def test_numbers_of_persons_in_a_table_of_addresses_are_masked(grids):
    content = "地址,经度,纬度\n青石巷 13812345678,113.005,33.005\n13812345678,113.006,33.006\n".encode()
    answer = load_gazetteer(grids, content, "addresses.csv", who="t")
    assert grids.newest().gazetteer()["address"].tolist() == ["青石巷***"]
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert "13812345678" not in answer["rejected_rows"].to_json()


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"address,x1\nHere,2\n", "gazetteer-columns"), (b"address,lon,lat\n,113.005,33.005\n", "gazetteer-empty")],
)
def test_a_table_without_addresses_is_refused(grids, content, code):
    with pytest.raises(HazardError) as refusal:
        load_gazetteer(grids, content, "addresses.csv", who="t")
    assert refusal.value.code == code


def test_a_place_given_by_hand_survives_a_newer_export_and_the_undo_of_the_import(grids):
    load(grids)
    assert set_location(grids, "s", "1", lon=113.015, lat=33.015, who="t")["cells"] == {"community": "W", "grid": "D"}
    assert set_location(grids, "s", "2", cell="C", who="t")["cells"] == {"community": "E", "grid": "C"}
    by_hand = {"1": ("D", "hand"), "2": ("C", "hand"), "3": ("B", "cell")}
    assert stored(grids.newest(), "cell_2", "placed") == by_hand
    newer = CASES.replace(b"Harbour Road 7", b"Harbour Road 7a")
    answer = load(grids, newer, "newer.csv")
    assert (answer["updated"], answer["repeats"]) == (1, 2)
    assert stored(grids.newest(), "cell_2", "placed") == by_hand
    undo(grids, who="t")
    assert stored(grids.newest(), "cell_2", "placed") == by_hand
    undo(grids, who="t")
    load(grids)
    assert stored(grids.newest(), "cell_2", "placed") == by_hand


def test_a_newer_export_with_coordinates_comes_before_the_place_given_by_hand(grids):
    load(grids)
    set_location(grids, "s", "1", lon=113.015, lat=33.015, who="t")
    content = b"id,time,lon,lat\n1,2025-03-05,113.005,33.005\n"
    import_incidents(
        grids, content, "points.csv", source="s", mapping={"incident_id": "id", "reported_at": "time"}, who="t"
    )
    assert stored(grids.newest(), "cell_2", "placed")["1"] == ("A", "")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"incident_id": "1", "lon": 113.0}, "location-needed"),
        ({"incident_id": "1", "lon": 113.0, "lat": 33.0, "cell": "A"}, "location-needed"),
        ({"incident_id": "1", "lon": 33.0, "lat": 113.0}, "location-no-degrees"),
        ({"incident_id": "9", "cell": "A"}, "incident-unknown"),
        ({"incident_id": "1", "cell": "Z"}, "cell-unknown"),
        ({"incident_id": "1", "cell": "A", "level": "street"}, "level-unknown"),
        ({"incident_id": "0", "cell": "A"}, "location-known"),
    ],
)
def test_a_place_by_hand_that_says_nothing_is_refused_and_changes_nothing(grids, given, code):
    put(grids, [{"lon": 113.005, "lat": 33.005}, {}])
    with pytest.raises(HazardError) as refusal:
        set_location(grids, "s", who="t", **given)
    assert refusal.value.code == code
    assert grids.newest().version == 3


def with_editions(workspace, editions, level="grid"):
    """Give the cells of a level days: cell_id -> (valid_from, valid_to), and add those that are named "old"."""
    with workspace.change("cells", who="t") as change:
        column = change.before.level(level).column
        frame = change.before._read("cells", ("level", column)).to_pandas()
        parts = [
            frame[frame["cell_id"] == cell].assign(cell_id=new, valid_from=begin, valid_to=end)
            for cell, new, begin, end in editions
        ]
        table = pa.Table.from_pandas(pd.concat(parts), schema=TABLES["cells"].schema, preserve_index=False)
        change.write("cells", table, where=f"level = '{column}'")
        return change.commit()


# Until 2025 the square of grid A was cell P, and B and C and D were as they are; from 2025-07-01 on D is called S.
EDITIONS = [
    ("A", "P", "", "2025-01-01"), ("A", "A", "2025-01-01", ""), ("B", "B", "", ""), ("C", "C", "", ""),
    ("D", "D", "", "2025-07-01"), ("D", "S", "2025-07-01", ""),
]  # fmt: skip


def test_each_incident_belongs_to_the_cell_valid_on_its_day(grids):
    with_editions(grids, EDITIONS)
    south, north = {"lon": 113.005, "lat": 33.005}, {"lon": 113.015, "lat": 33.015}
    dataset = put(
        grids,
        [
            {**south, "reported_at": "2024-12-31 23:59"},
            {**south, "reported_at": "2025-01-01 00:00"},
            {**north, "reported_at": "2025-06-30 12:00"},
            {**north, "reported_at": "2025-07-01 12:00"},
            {"cell": "P", "reported_at": "2024-05-01"},
            {"cell": "P", "reported_at": "2025-05-01"},  # no such cell any more
            north,  # no time: the newest
            {**south, "month": "2024-00"},  # a year alone: its last day
        ],
        as_of="2025-12-31T18:00:00+08:00",
    )
    found = stored(dataset, "cell_2")
    assert [found[str(n)][0] for n in range(8)] == ["P", "A", "D", "S", "P", None, "S", "P"]


def test_cells_are_those_of_a_day_and_the_newest_as_far_as_anything_is_known(grids):
    with_editions(grids, EDITIONS)
    assert "".join(grids.newest().cells("grid")["cell_id"]) == "ABCS"  # nothing is known: the last
    dataset = put(grids, [{"lon": 113.005, "lat": 33.005}], as_of="2025-03-01T18:00:00+08:00")
    assert "".join(dataset.cells("grid")["cell_id"]) == "ABCD"
    assert "".join(dataset.cells("grid", dt.date(2024, 12, 31))["cell_id"]) == "BCDP"
    assert "".join(dataset.cells("grid", dt.date(2025, 7, 1))["cell_id"]) == "ABCS"
    assert "".join(dataset.cells("grid", every=True)["cell_id"]) == "ABCDPS"
    assert "".join(dataset.cells("community", dt.date(1999, 1, 1))["cell_id"]) == "EW"
    assert dataset.cells("grid", dt.date(2025, 7, 1)).index.tolist() == [0, 1, 2, 3]


def test_a_case_without_a_time_moves_on_to_the_newest_cells_with_what_is_known_and_back_with_an_undo(grids):
    header = "案卷号,上报时间,小类名称,经度,纬度\n"
    place_ = ",道路积水,113.005,33.005\n"
    january, march = (header + "1," + place_ + "2,2025-01-01" + place_), header + "3,2025-03-01" + place_
    import_incidents(grids, january.encode(), "january.csv", who="t")
    load_cells(grids, boundary("PQRS"), "g.geojson", level="grid", valid_from="2025-02-01", who="t")
    column = grids.newest().level("grid").column
    assert stored(grids.newest(), column) == {"1": ("A",), "2": ("A",)}
    import_incidents(grids, march.encode(), "march.csv", who="t")
    assert stored(grids.newest(), column) == {"1": ("P",), "2": ("A",), "3": ("P",)}
    undo(grids, who="t")
    assert stored(grids.newest(), column) == {"1": ("A",), "2": ("A",)}


def test_incidents_of_cells_of_another_time_are_counted_and_listed(grids):
    with_editions(grids, EDITIONS)
    south = {"lon": 113.005, "lat": 33.005}
    dataset = put(grids, [{**south, "reported_at": day} for day in ("2024-06-01", "2025-02-01", "2025-03-01")])
    everything = queries.totals(dataset, GRID)
    assert (everything["n"], everything["other_edition"], everything["outside"]) == (3, 1, 0)
    last_year = Scope(level="grid", start=dt.date(2024, 1, 1), end=dt.date(2025, 1, 1))
    assert dataset.edition_day(last_year) == dt.date(2024, 12, 31)
    assert queries.totals(dataset, last_year)["other_edition"] == 0
    assert listing.incidents(dataset, GRID, place="other_edition")["incident_id"].tolist() == ["0"]
    assert listing.incidents(dataset, COMMUNITY, place="other_edition").empty


def test_a_hand_given_cell_counts_only_while_it_is_valid(grids):
    with_editions(grids, EDITIONS)
    put(grids, [{"reported_at": "2024-06-01"}])
    with pytest.raises(HazardError, match="no cell with the code A in level grid on the day") as refusal:
        set_location(grids, "s", "0", cell="A", who="t")
    assert refusal.value.code == "cell-unknown"
    assert set_location(grids, "s", "0", cell="P", who="t")["cells"]["grid"] == "P"


def test_chicago_claims_are_placed_by_zip_code(shared_data, tmp_path):
    # flood_claims_by_zip.csv: 59 rows, 57 keys have a polygon (its README); a ZIP in two features is not loaded twice
    folder = shared_data / "chicago_flood_zip"
    workspace = Workspace(tmp_path)
    loaded = load_cells(
        workspace,
        (folder / "chicago_zipcodes.geojson").read_bytes(),
        "z.geojson",
        level="zip",
        id_column="zip",
        who="t",
    )
    header = "Zip code"
    answer = import_incidents(
        workspace, (folder / "flood_claims_by_zip.csv").read_bytes(), "claims.csv", mapping={"cell": header}, who="t"
    )
    places = answer["levels"]["zip"]
    assert answer["accepted"] == 59
    assert places["inside"] + places["no_location"] == 59
    assert places["inside"] == 57 - (59 - loaded["cells"])


def test_taiwan_is_taken_without_a_boundary_and_refused_beside_one_of_the_mainland(shared_data, tmp_path):
    # 3,679 rows, four of them at 0, 0 (its README); Big5, TWD97 / TM2 zone 121
    content = (shared_data / "taiwan_flood_points" / "flood_disaster_points_2018_2020_big5.csv").read_bytes()
    choices = {"crs": "EPSG:3826", "encoding": "big5", "who": "t"}
    workspace = Workspace(tmp_path)
    answer = import_incidents(workspace, content, "taiwan.csv", dry_run=True, **choices)
    assert (answer["read"], answer["remarks"]["no-location"]) == (3679, 4)
    henan = (shared_data / "china_boundaries" / "410400_full.json").read_bytes()
    load_cells(workspace, henan, "410400_full.json", level="district", crs="gcj02", who="t")
    with pytest.raises(HazardError, match="Is it the right boundary") as refusal:
        import_incidents(workspace, content, "taiwan.csv", dry_run=True, **choices)
    assert refusal.value.code == "far-from-boundary"


@pytest.mark.parametrize("system", ["EPSG:4326", "EPSG:4547 (y, x)"])
def test_wuhan_sites_lie_inside_in_whatever_system_they_are_written(shared_data, tmp_path, system):
    # All 148 points lie inside WuhanMain; points and polygon are in different systems (its README)
    folder = shared_data / "wuhan_waterlogging"
    city = gpd.read_file(folder / "WuhanMain.shp")
    points = gpd.read_file(folder / "waterlogging2013.shp").geometry
    workspace = Workspace(tmp_path)
    content = json.dumps(city.assign(code="wuhan")[["code", "geometry"]].__geo_interface__).encode()
    load_cells(workspace, content, "city.geojson", level="city", id_column="code", crs="EPSG:32650", who="t")
    if system != "EPSG:4326":
        points = points.to_crs("EPSG:4547")
    columns = ("lat", "lon") if system.endswith("(y, x)") else ("lon", "lat")  # X is north there
    table = pd.DataFrame(dict(zip(columns, (points.x, points.y), strict=True)))
    answer = import_incidents(workspace, table.to_csv().encode(), "sites.csv", crs=system, who="t")
    assert answer["levels"]["city"] == {"inside": 148, "near": 0, "outside": 0, "no_location": 0}


def test_the_count_of_points_inside_is_exact_for_each_chinese_system_and_the_choice_is_left_open(shared_data, tmp_path):
    workspace = Workspace(tmp_path)
    content = (shared_data / "china_boundaries" / "410400_full.json").read_bytes()
    load_cells(workspace, content, "410400_full.json", level="district", crs="gcj02", who="t")
    cells = workspace.newest().cells("district")
    west, south, east, north = cells.total_bounds
    lon, lat = np.random.default_rng(8).uniform([[west], [south]], [[east], [north]], (2, 3000))
    found = {fit.label: fit for fit in crs.fits(*crs.wgs84_to_gcj02(lon, lat), cells)}
    whole = cells.union_all()
    assert found["gcj02"].inside == int(shapely.intersects_xy(whole, lon, lat).sum())
    assert {"wgs84", "gcj02", "bd09"} <= set(found)
    assert {"wgs84", "gcj02", "bd09"} <= {fit.label for fit in crs.alike(list(found.values()))}


@pytest.mark.parametrize("doors", [0, 1])
def test_an_address_with_a_flat_is_found_whether_doors_are_masked_or_not(tmp_path, doors):
    workspace = with_grids(tmp_path / "w")
    set_settings(workspace, {"mask_doors": doors}, who="t")
    load_gazetteer(workspace, "地址,经度,纬度\n示例路1号301室,113.005,33.005\n".encode(), "g.csv", who="t")
    content = "案卷号,上报时间,地址\n1,2025-03-05,示例路1号301室\n2,昨天,示例路1号301室\n".encode()
    import_incidents(workspace, content, "a.csv", who="t")
    set_settings(workspace, {"mask_doors": 1 - doors}, who="t")
    import_incidents(workspace, content.replace(b"1,2025", b"3,2025"), "b.csv", who="t")
    dataset = workspace.newest()
    found = dataset.query("SELECT address, placed, cell_2 FROM incidents ORDER BY incident_id").to_pylist()
    clear, masked = "示例路1号301室", "示例路1号***"
    assert [one["address"] for one in found] == ([masked, clear] if doors else [clear, masked])
    assert [(one["placed"], one["cell_2"]) for one in found] == [("address", "A")] * 2
    assert [clear in text for text in dataset.rejected()["original"]] == [not doors, bool(doors)]
