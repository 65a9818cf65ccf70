"""The command line never takes a coordinate system in silence: it says which one and why, and what fits better."""

import geopandas as gpd
import pytest
from stored import with_grids
from test_cli import Said, asked

from geo.crs import wgs84_to_gcj02

HEADER = "案卷号,上报时间,小类名称,经度,纬度\n"
LON, LAT = [113.0005 + 0.001 * n for n in range(20)], [33.0005 + 0.001 * n for n in range(20)]


def table(path, lon, lat):
    lines = [f"{n},2025-03-01,道路积水,{x:.6f},{y:.6f}\n" for n, (x, y) in enumerate(zip(lon, lat, strict=True))]
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    with_grids(tmp_path / "w")
    return tmp_path


@pytest.fixture
def shifted(folder):
    """Twenty points on the diagonal of the boundary, as AMap writes them: read as WGS 84 some leave it in the east."""
    return table(folder / "amap.csv", *wgs84_to_gcj02(LON, LAT))


@pytest.mark.parametrize("how", [("--dry-run",), ()])
def test_a_file_that_another_system_fits_better_is_imported_with_a_warning_that_names_it(folder, shifted, how):
    said = Said(folder / "w", "import", shifted, *how, "--json")
    assert (said.json["crs"], said.json["crs_from"]) == ("wgs84", "usual")
    inside = {one["crs"]: one["inside"] for one in said.json["fits"]}
    assert inside["gcj02"] == 20 > inside["wgs84"]
    assert "Nobody said which coordinate system" in said.err
    assert f"CAREFUL: read so, {inside['wgs84']} of 20 points" in said.err
    assert "“GCJ-02: AMap, Tencent” (20)" in said.err
    assert "--crs gcj02" in said.err


def test_who_says_the_system_is_told_and_nothing_is_asked_where_it_fits(folder, shifted):
    first = Said(folder / "w", "import", shifted, "--crs", "gcj02", "--save-profile", "高德", "--json")
    assert (first.json["crs"], first.json["crs_from"]) == ("gcj02", "said")
    assert "“GCJ-02: AMap, Tencent”, as was chosen." in first.err
    again = Said(folder / "w", "import", table(folder / "more.csv", *wgs84_to_gcj02(LON, LAT)), "--dry-run", "--json")
    assert (again.json["crs"], again.json["crs_from"]) == ("gcj02", "profile")
    for said in (first, again):
        assert "CAREFUL" not in said.err
        assert "cannot tell" not in said.err
    points = gpd.GeoDataFrame({"案卷号": ["1"]}, geometry=gpd.points_from_xy([113.005], [33.005]), crs="EPSG:4326")
    points.to_parquet(folder / "p.parquet")
    assert asked(folder / "w", "import", folder / "p.parquet", "--dry-run")["crs_from"] == "file"


def test_systems_that_fit_alike_are_said_to_be_untold_by_the_counts(folder):
    said = Said(folder / "w", "import", table(folder / "one.csv", [113.01], [33.01]), "--dry-run")
    assert "the counts cannot tell them apart" in said.out
    assert "CAREFUL" not in said.out


def test_without_a_boundary_it_is_said_that_places_were_not_checked(folder, shifted):
    said = Said(folder / "empty", "import", shifted, "--dry-run", "--json")
    assert (said.json["crs"], said.json["fits"]) == ("wgs84", None)
    assert "No boundary is loaded" in said.err


def test_a_file_without_coordinates_is_in_no_system(folder):
    (folder / "words.csv").write_text("案卷号,小类名称,地址\n1,道路积水,示例路8号\n", encoding="utf-8")
    said = Said(folder / "w", "import", folder / "words.csv", "--json")
    assert (said.json["crs"], said.json["crs_from"], said.json["fits"]) == (None, None, None)
    assert "coordinate system" not in said.err


def test_a_table_of_addresses_says_its_system_too(folder):
    lon, lat = wgs84_to_gcj02(LON, LAT)
    lines = [f"示例路{n}号,{x:.6f},{y:.6f}\n" for n, (x, y) in enumerate(zip(lon, lat, strict=True))]
    (folder / "known.csv").write_text("地址,经度,纬度\n" + "".join(lines), encoding="utf-8")
    said = Said(folder / "w", "addresses", folder / "known.csv", "--json")
    assert (said.json["crs"], said.json["crs_from"]) == ("wgs84", "usual")
    assert "--crs gcj02" in said.err
    assert asked(folder / "w", "addresses", folder / "known.csv", "--crs", "gcj02")["crs_from"] == "said"


@pytest.mark.parametrize("how", [(), ("--crs", "gcj02")])
def test_nothing_is_said_of_the_system_where_no_row_has_coordinates(folder, how):
    path = folder / "empty.csv"
    path.write_text(HEADER + "1,2025-03-01,道路积水,,\n", encoding="utf-8")
    said = Said(folder / "w", "import", path, *how, "--dry-run")
    assert said.code == 0
    for word in ("WGS", "GCJ", "coordinate system"):
        assert word not in said.out
