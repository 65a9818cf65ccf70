"""The real files beside the project through the command line, each in a workspace of its own: what an office would do.

Expected numbers are those that the notes of the data sets state (../shared/data/*/README.md), which their collectors
counted with other programs.
"""

import collections
import json
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from test_cli import PLACES, Said, asked

from data import timing
from data.schema import Scope
from data.store import Workspace
from reports.needs import needs


def items(workspace):
    """The quality report: code -> rows, of all sources together."""
    return {one["code"]: one["n"] for one in asked(workspace, "quality") if one["source"] is None}


def ties(came, level, **expected):
    """Whether the totals of an import tie, and its places are these."""
    places = came["levels"][level]
    return (
        came["read"] == came["accepted"] + came["rejected"] + came["repeats"]
        and sum(places[key] for key in PLACES) == came["accepted"]
        and {key: places[key] for key in expected} == expected
    )


@pytest.fixture
def zipped(shared_data, tmp_path):
    """A function that zips a shapefile of Wuhan, as an office would send it."""

    def pack(name):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted((shared_data / "wuhan_waterlogging").glob(f"{name}.*")):
                archive.write(file, file.name)
        return tmp_path / f"{name}.zip"

    return pack


@pytest.fixture(scope="session")
def boston(shared_data, tmp_path_factory):
    """Boston's neighbourhoods and hazards of 2015 in a workspace, with both answers."""
    folder, files = tmp_path_factory.mktemp("boston"), shared_data / "boston311_2015"
    cells = asked(folder, "cells", files / "boston_neighborhoods.geojson", "--level", "neighborhood", "--id", "name")
    came = asked(folder, "import", files / "boston_311_2015_hazards.csv", "--tz", "America/New_York")
    return folder, files, cells, came


def test_every_row_of_boston_is_accounted_for_and_four_outlines_are_repaired(boston):
    _, _, cells, came = boston
    assert (cells["cells"], cells["repaired"], cells["rejected"]) == (26, 4, 0)
    repaired = {one["cell_id"] for one in cells["details"]["repaired"]}
    assert repaired == {"Hyde Park", "East Boston", "Downtown", "Beacon Hill"}  # as the data set's notes name them
    assert came["read"] == 8521 == came["accepted"] + came["rejected"] + came["repeats"]
    assert sum(came["levels"]["neighborhood"][key] for key in PLACES) == came["accepted"]
    assert came["remarks"]["one-spot"] == 393 == items(boston[0])["one-spot"]


def test_boston_lies_in_the_cells_that_a_spatial_join_finds_or_within_30_m_of_them(boston):
    folder, files, _, came = boston
    rows = pd.read_csv(files / "boston_311_2015_hazards.csv", dtype=str)
    rows = rows[rows["LONGITUDE"].notna()]
    points = gpd.GeoDataFrame(
        {"n": rows["CASE_ENQUIRY_ID"]},
        geometry=gpd.points_from_xy(rows["LONGITUDE"].astype(float), rows["LATITUDE"].astype(float)),
        crs="EPSG:4326",
    )
    polygons = gpd.read_file(files / "boston_neighborhoods.geojson")[["name", "geometry"]]
    polygons["geometry"] = polygons.make_valid()
    joined = points.sjoin(polygons, predicate="intersects").sort_values("name").drop_duplicates("n")
    # geopandas' nearest in metres (UTM 19N) for the rest: one call lies 30 m or less from Charlestown
    left = points[~points["n"].isin(joined["n"])].to_crs(32619)
    near = left.sjoin_nearest(polygons.to_crs(32619), max_distance=30).drop_duplicates("n")
    counts = {row["cell_id"]: row["count"] for row in asked(folder, "count", "--by", "cell")}
    found = pd.concat([joined["name"], near["name"]])
    assert {key: n for key, n in counts.items() if key} == found.value_counts().to_dict()
    assert list(near["name"]) == ["Charlestown"]
    places = came["levels"]["neighborhood"]
    assert (places["inside"], places["near"]) == (len(joined), 1)


def test_bostons_hot_spots_do_not_rest_on_the_one_spot_of_cases_without_a_place(boston):
    folder = boston[0]
    answer = asked(folder, "hotspots")
    assert answer["left_out_one_spot"] == 393
    counts = {row["cell_id"]: row["count"] for row in asked(folder, "count", "--by", "cell")}
    calls = {one["cell_id"]: one["calls"] for one in answer["cells"]}
    fewer = {cell: counts.get(cell, 0) - n for cell, n in calls.items() if counts.get(cell, 0) != n}
    assert fewer == {"Downtown": 393}  # 42.3594, -71.0587 is the City Hall
    assert answer["claim"] != "hot_spot" or answer["exposure"] == "both"  # no households are known


def test_what_bostons_neighbourhoods_need_is_what_pandas_counts_of_its_catch_basins(boston):
    folder, files, _, _ = boston
    rows = pd.read_csv(files / "boston_311_2015_hazards.csv", dtype=str)
    rows = rows[rows["TYPE"] == "Catchbasin"]
    at_city_hall = (rows["LATITUDE"] == "42.3594") & (rows["LONGITUDE"] == "-71.0587")
    points = gpd.GeoDataFrame(
        rows[~at_city_hall],
        geometry=gpd.points_from_xy(*(rows[~at_city_hall][name].astype(float) for name in ("LONGITUDE", "LATITUDE"))),
        crs="EPSG:4326",
    )
    polygons = gpd.read_file(files / "boston_neighborhoods.geojson")[["name", "geometry"]]
    polygons["geometry"] = polygons.make_valid()
    joined = points.sjoin(polygons, predicate="intersects").sort_values("name").drop_duplicates("CASE_ENQUIRY_ID")
    by_name = joined.groupby("name")
    found = needs(Workspace(folder).newest(), Scope("neighborhood"))
    table = found.table.set_index("cell_id")

    def same(column, counted):
        return table[column].tolist() == counted.reindex(table.index).fillna(0).tolist()

    assert same("reports", by_name.size())
    assert same("days", joined.assign(day=joined["OPEN_DT"].str[:10]).groupby("name")["day"].nunique())
    assert same("by_residents", (joined["Source"] != "City Worker App").groupby(joined["name"]).sum())
    assert (len(rows), found.left_out, found.n, found.elsewhere) == (405, at_city_hall.sum(), len(joined), 0)
    assert table["events"].sum() == found.n_events < found.n
    assert set(found.gaps["criterion"]) == {"trend", "hours", "residents"}  # one year, and three without a report


def test_bostons_default_point_is_told_beside_the_claim_where_it_was_not_left_out(boston, tmp_path):
    """The City Hall, 42.3594, -71.0587, as the data set's notes name it."""
    (downtown,) = (one for one in asked(boston[0], "hotspots")["cells"] if one["cell_id"] == "Downtown")
    told = next(one for one in downtown["doubts"] if one["code"] == "placeholder")
    assert not told["found"]  # Downtown gathers reports without it, too
    assert "Left out before the test: 393 reports that lie on one spot" in told["sentence"]
    files = boston[1]
    asked(tmp_path, "cells", files / "boston_neighborhoods.geojson", "--level", "neighborhood", "--id", "name")
    asked(tmp_path, "settings", "--set", "spot_min_reports=100000")
    asked(tmp_path, "import", files / "boston_311_2015_hazards.csv", "--tz", "America/New_York")
    answer = asked(tmp_path, "hotspots", "--method", "scan")
    assert answer["left_out_one_spot"] == 0
    doubts = {one["cell_id"]: {each["code"]: each for each in one["doubts"] or []} for one in answer["cells"]}
    (cell,) = (cell for cell, each in doubts.items() if each.get("placeholder", {}).get("found"))
    found = doubts[cell]["placeholder"]
    assert (cell, found["suspects"] < found["events"]) == ("Downtown", True)
    assert "at -71.05870, 42.35940" in found["sentence"]
    silent = answer["silent"]["cells"]
    # Nobody lives there, and without an exposure nobody can tell: silent, but no finding
    assert [(one["cell_id"], one["silent"]) for one in silent] == [("Harbor Islands", False)]


@pytest.fixture(scope="session")
def boston_year(shared_data, tmp_path_factory):
    """All of Boston's cases of 2015 in a workspace, with the import's answer and the file itself."""
    folder, files = tmp_path_factory.mktemp("boston_year"), shared_data / "boston311_2015"
    asked(folder, "cells", files / "boston_neighborhoods.geojson", "--level", "area", "--id", "name")
    came = asked(folder, "import", files / "boston_311_2015.parquet", "--tz", "America/New_York")
    return folder, came, pd.read_parquet(files / "boston_311_2015.parquet")


def test_a_year_of_boston_goes_in_as_parquet_with_every_row_and_what_is_odd_about_it(boston_year):
    folder, came, _ = boston_year
    assert came["read"] == came["accepted"] == 121_145
    assert ties(came, "area", no_location=0)
    counts = asked(folder, "count", "--by", "cell")
    assert sum(one["count"] for one in counts) == 121_145
    assert len({one["cell_id"] for one in counts} - {None}) == 25  # Harbor Islands has no case
    found = items(folder)
    assert found["outside"] + found["near"] == 121_145 - 121_120  # "exactly one polygon"
    assert (found["one-spot"], found["missing-due_at"]) == (17_070, 26_991)
    assert (found["closed-before-reported"], found["closed-at-once"]) == (197, 1_591)


# What the city's own column says of each case beside what its times say at the time of the extract: all 121,145 rows.
# Counted with pandas 2.3 (`pd.crosstab`) before the program was asked; docs/deadlines.md tells the reasons.
BOSTONS_TARGETS = {
    ("ONTIME", "in time"): 52_536,
    ("OVERDUE", "late"): 19_072,
    ("OVERDUE", "open, past due"): 11_373,
    ("ONTIME", "closed, not yet due"): 7_461,
    ("ONTIME", "open, not yet due"): 3_501,
    ("ONTIME", "closed, no target"): 21_924,
    ("ONTIME", "open, no target"): 4_927,
    ("ONTIME", "closed before opened"): 197,
    ("", "late"): 82,
    ("", "open, past due"): 71,
    ("OVERDUE", "open, not yet due"): 1,
}


def test_bostons_targets_tell_what_its_own_status_tells_and_every_difference_has_its_reason(boston_year):
    folder, came, file = boston_year
    as_of = pd.Timestamp(came["as_of"])
    assert as_of.tz_convert("America/New_York").tz_localize(None) == file["CLOSED_DT"].max()
    rows = Workspace(folder).newest().query(
        "SELECT row, reported_at, closed_at, due_at, due_from FROM incidents ORDER BY row"
    ).to_pandas()  # fmt: skip
    assert dict(rows["due_from"].value_counts()) == {"file": 121_145 - 26_991, "no-limit": 26_991}
    is_open, due = rows["closed_at"].isna(), rows["due_at"] <= as_of
    state = np.select(
        [
            rows["closed_at"] < rows["reported_at"],
            is_open & rows["due_at"].isna(),
            rows["due_at"].isna(),
            is_open & due,
            is_open,
            ~due & (rows["closed_at"] <= rows["due_at"]),
            rows["closed_at"] <= rows["due_at"],
        ],
        [
            "closed before opened", "open, no target", "closed, no target", "open, past due", "open, not yet due",
            "closed, not yet due", "in time",
        ],
        "late",
    )  # fmt: skip
    said = file["OnTime_Status"].fillna("").to_numpy()[rows["row"] - 2]
    assert dict(collections.Counter(zip(said, state, strict=True))) == BOSTONS_TARGETS
    assert sum(BOSTONS_TARGETS.values()) == 121_145


def test_bostons_share_in_time_is_that_of_its_file_and_odd_times_stand_beside_it(boston_year):
    folder, _, file = boston_year
    opened, closed, target = (file[name] for name in ("OPEN_DT", "CLOSED_DT", "TARGET_DT"))
    minute = closed.dt.floor("min")
    busy = minute.value_counts().sort_index()
    (many,) = np.nonzero(busy.to_numpy() >= 20)
    apart = [(busy[(abs(busy.index - busy.index[at]) <= pd.Timedelta(hours=3))].sum() - busy.iloc[at]) for at in many]
    bulk = minute.isin(busy.index[many[busy.iloc[many].to_numpy() >= 5 * np.array(apart) / 360]])
    odd = pd.DataFrame({"negative": closed < opened, "zero": closed == opened})
    odd["bulk"] = bulk & ~odd.any(axis=1)
    due, met = target <= closed.max(), closed <= target
    counted = ~odd.any(axis=1)

    dataset, scope = Workspace(folder).newest(), Scope("area")
    (found,) = timing.due(dataset, scope).to_dict("records")
    assert (found["due"], found["in_time"]) == ((due & counted).sum(), (due & met & counted).sum()) == (82_917, 52_476)
    assert (found["bulk_due"], found["bulk_in_time"]) == ((due & odd["bulk"]).sum(), (due & met & odd["bulk"]).sum())
    (beside,) = timing.apart(dataset, scope).to_dict("records")
    assert {name: beside[name] for name in odd} == odd.sum().to_dict() == {"negative": 197, "zero": 1_591, "bulk": 564}
    measured = timing.durations(dataset, scope)
    assert measured["n"].sum() == 121_145 - 197 - 1_591 - 564
    assert measured.loc[~measured["resolved"], "n"].sum() == closed.isna().sum() == 19_873


def test_taiwans_big5_table_goes_in_by_its_years_and_its_own_system(shared_data, tmp_path):
    file = shared_data / "taiwan_flood_points" / "flood_disaster_points_2018_2020_big5.csv"
    refused = Said(tmp_path, "import", file, "--tz", "Asia/Taipei", "--json")
    assert (refused.code, "hold metres" in refused.err) == (2, True)
    came = asked(tmp_path, "import", file, "--crs", "EPSG:3826", "--tz", "Asia/Taipei")
    assert came["read"] == came["accepted"] == 3_679
    assert asked(tmp_path, "count", "--by", "month") == [
        {"month": "2018", "count": 1_923}, {"month": "2019", "count": 1_267}, {"month": "2020", "count": 489}
    ]  # fmt: skip
    assert items(tmp_path)["no-location"] == 4
    nowhere = asked(tmp_path, "quality", "--item", "no-location")
    assert [(one["lon"], one["lat"]) for one in nowhere] == [(None, None)] * 4
    assert "淹水感測" in {one["channel"] for one in nowhere}  # told as Big5


def test_wuhans_sites_lie_in_the_city_though_points_and_outline_are_in_two_systems(zipped, tmp_path):
    office = tmp_path / "office"
    city = asked(office, "cells", zipped("WuhanMain"), "--level", "city", "--id", "ADCODE99", "--name", "NAME99")
    assert (city["cells"], city["crs"]) == (1, "EPSG:32650")
    (name,) = Workspace(office).newest().cells("city")["name"]
    assert name == "武汉市市辖区"  # GBK without a .cpg file
    for year, column, sites in ((2013, "Degree", 74), (2019, "Dgree", 73)):
        chosen = ("--where", f"{column}=1", "--source", f"survey {year}", "--untyped", "waterlogging")
        came = asked(office, "import", zipped(f"waterlogging{year}"), *chosen)
        assert came["hazards"] == {"waterlogging": sites}
        assert (came["accepted"], came["rejected"]) == (sites, 2 * sites - sites)
        assert ties(came, "city", inside=sites)
    assert {one["reason"] for one in asked(office, "rejected")} == {"filtered"}


def test_chicagos_claims_are_joined_by_zip_as_exposures_and_as_reports(shared_data, tmp_path):
    folder = shared_data / "chicago_flood_zip"
    twice = asked(tmp_path / "strict", "cells", folder / "chicago_zipcodes.geojson", "--level", "zip", "--id", "zip")
    assert (twice["cells"], twice["rejected"]) == (57, 4)  # no outline of a doubtful code is taken
    cells = asked(
        tmp_path, "cells", folder / "chicago_zipcodes.geojson", "--level", "zip", "--id", "zip", "--same-id", "merge"
    )
    assert (cells["cells"], cells["rejected"], cells["merged"]) == (59, 0, 2)
    claims = folder / "flood_claims_by_zip.csv"
    joined = asked(tmp_path, "exposures", claims, "--level", "zip")
    assert [joined[key] for key in ("key", "read", "matched", "unmatched")] == ["Zip code", 59, 57, 2]
    assert joined["columns"] == {"households": "Total households"}
    came = asked(tmp_path, "import", claims, "--map", "cell=Zip code")
    assert (came["read"], came["accepted"]) == (59, 59)
    assert ties(came, "zip", inside=57, no_location=2)
    missing = asked(tmp_path, "quality", "--item", "no-location")
    assert sorted(one["cell"] for one in missing) == joined["unmatched_keys"]


def test_yunchengs_standard_is_the_same_in_both_encodings(shared_data, tmp_path):
    found = []
    for name in ("yuncheng_component_standard_utf8bom.csv", "yuncheng_component_standard_gbk.csv"):
        file = shared_data / "chengguan_standard" / name
        answer = asked(tmp_path / name, "standard", file, "--scheme", "gbt30428")
        assert (answer["rows"], answer["kind"]) == (279, "component")
        found.append(Workspace(tmp_path / name).newest().standards())
    assert found[0].equals(found[1])
    limits = set(zip(found[0]["limit_value"], found[0]["limit_clock"], strict=True))
    assert {(2, "urgent_hour"), (1, "work_day"), (3, "work_day")} <= limits  # as the notes name them
    covers = {"上水井盖", "污水井盖", "雨水井盖", "雨水箅子", "路灯井盖", "热力井盖", "燃气井盖", "不明井盖"}
    assert covers <= set(found[0]["type_name"])


def test_chinese_districts_are_brought_back_from_gcj02(shared_data, tmp_path):
    for file, n, repaired in (("410400_full.json", 10, 1), ("410000_full.json", 18, 3)):
        answer = asked(
            tmp_path / file, "cells", shared_data / "china_boundaries" / file, "--level", "county", "--crs", "gcj02"
        )
        assert (answer["cells"], answer["repaired"], answer["rejected"]) == (n, repaired, 0)
    moved = Workspace(tmp_path / "410400_full.json").newest().cells("county").to_crs("EPSG:4547")
    asked(tmp_path / "unmoved", "cells", shared_data / "china_boundaries" / "410400_full.json", "--level", "county")
    unmoved = Workspace(tmp_path / "unmoved").newest().cells("county").to_crs("EPSG:4547")
    assert int(unmoved.area.sum() / 1e6) == 7_909  # km2, as the notes say of the file as it stands
    assert moved.area.sum() == pytest.approx(unmoved.area.sum(), rel=1e-3)
    assert moved.centroid.distance(unmoved.centroid).between(300, 620).all()  # "some 300 to 600 m"


def test_every_bad_file_ends_in_a_table_or_in_one_sentence(shared_data, tmp_path):
    folder = shared_data / "bad_input"
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "README.md")
    assert len(files) > 70
    ends = collections.Counter()
    for number, file in enumerate(files):
        for command in (("import", file, "--dry-run"), ("cells", file, "--level", "grid")):
            said = Said(tmp_path / str(number), *command, "--json")
            ends[command[0], said.code] += 1
            told = f"{command[0]} {file.relative_to(folder)}: {said.err}"
            assert "Traceback" not in said.err, told
            if said.code:
                assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), told
                assert said.err[-2] in ".?!", told
            else:
                assert json.loads(said.out), told
    assert set(ends) == {("import", 0), ("import", 2), ("cells", 0), ("cells", 2)}


KEYS = {  # what docs/design.md promises to other programs
    "cells": {"level", "cells", "repaired", "rejected", "overlaps", "gaps"},
    "import": {"import_id", "read", "accepted", "rejected", "repeats", "updated", "levels"},
    "hotspots": {"methods", "reason", "exposure", "map_p", "cells", "clusters"},
    "hotspots.cells": {"cell_id", "observed", "expected", "p", "hot"},
    "hotspots.clusters": {"method", "cell_ids", "observed", "expected", "p"},
    "resolution": {"n", "open", "median_hours", "low", "high", "share_in_time"},
}


def test_the_answers_bear_the_documented_keys(boston):
    office, _, cells, came = boston
    assert set(cells) >= KEYS["cells"]
    assert set(came) >= KEYS["import"]
    assert all(set(places) == set(PLACES) for places in came["levels"].values())
    for by in (("cell_id",), ("hazard",), ("month",), ("source",), ("cell_id", "hazard", "month", "source")):
        asked_for = ",".join(key.removesuffix("_id") for key in by)
        assert {frozenset(row) for row in asked(office, "count", "--by", asked_for)} == {frozenset({*by, "count"})}
    spots = asked(office, "hotspots")
    assert set(spots) >= KEYS["hotspots"]
    for part in ("cells", "clusters"):
        assert spots[part]
        assert all(set(one) >= KEYS[f"hotspots.{part}"] for one in spots[part])
    for by in ("hazard", "cell", "unit", "source", "month"):
        rows = asked(office, "resolution", "--by", by)
        assert rows
        assert all(set(one) >= {"cell_id" if by == "cell" else by, *KEYS["resolution"]} for one in rows)
