"""Boundaries: what is mended, left out, named as overlap or gap."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from base.errors import HazardError
from base.settings import DEFAULTS
from data.cell_columns import cell_table
from data.geofiles import read_boundaries
from geo.cells import CellCheck, check_cells
from geo.crs import wgs84_to_gcj02

STEP = 0.01


def _box(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    """A cell of a drawing of 0.01 degree squares near 113.2 E, 33.7 N."""
    west, south = 113.2 + column * STEP, 33.7 + row * STEP
    return shapely.box(west, south, west + width * STEP, south + height * STEP)


def _check(
    *cells: tuple[str, shapely.Geometry], crs: str = "wgs84", same_id: str = "reject", **columns: list
) -> CellCheck:
    raw = gpd.GeoDataFrame(
        {"cell_id": [name for name, _ in cells], "row": range(1, len(cells) + 1), **columns},
        geometry=[shape for _, shape in cells],
    )
    return check_cells(raw, settings=DEFAULTS, crs=crs, same_id=same_id)


def _geodesic_m2(shape: shapely.Polygon) -> float:
    # pyproj 3.7.2, Karney's geodesic polygons; the edges of the drawing are too short for the curve to matter
    return abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0])


def test_cells_are_sorted_by_their_number_as_text():
    check = _check(("10", _box(0, 0)), ("2", _box(1, 0)), ("01", _box(2, 0)))
    assert list(check.cells["cell_id"]) == ["01", "10", "2"]
    assert list(check.cells.index) == [0, 1, 2]
    assert check.cells.crs == "EPSG:4326"
    assert list(check.cells["name"]) == ["01", "10", "2"]  # no name: the number


def test_area_is_the_geodesic_area():
    check = _check(("a", _box(0, 0)))
    assert check.cells["area_km2"][0] * 1e6 == pytest.approx(_geodesic_m2(_box(0, 0)), rel=1e-5)


def test_a_bow_tie_is_left_out_with_its_areas_and_the_rest_loads():
    west, south, east, north = _box(0, 0).bounds
    bow_tie = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    check = _check(("bow", bow_tie), ("ok", _box(2, 0)))
    assert list(check.cells["cell_id"]) == ["ok"]
    (rejected,) = check.rejected.to_dict("records")
    assert (rejected["row"], rejected["column"], rejected["reason"]) == (1, "geometry", "repair-changes-area")
    assert "km²" in rejected["value"]


def test_a_small_crossing_is_mended_and_the_areas_are_stated():
    west, south, east, north = _box(0, 0).bounds
    tail = STEP / 200  # a loop outside the corner: 1/200 by 1/200 of the cell's sides
    ring = [
        (west, south),
        (east, south),
        (east, north),
        (west, north + tail),
        (west + tail, north + tail),
        (west, north),
    ]
    check = _check(("a", shapely.Polygon(ring)))
    (repaired,) = check.repaired.to_dict("records")
    assert repaired["cell_id"] == "a"
    assert repaired["area_after_km2"] == pytest.approx(repaired["area_before_km2"], rel=DEFAULTS["repair_max_change"])
    assert check.cells.geometry.is_valid.all()
    assert len(check.rejected) == 0


def test_the_same_cell_twice_is_one_and_two_shapes_of_one_number_are_none():
    turned = shapely.Polygon(list(_box(0, 0).exterior.coords)[::-1])
    check = _check(
        ("a", _box(0, 0)), ("a", turned), ("b", _box(1, 0)), ("b", _box(2, 0)), ("c", _box(3, 0)), ("", _box(4, 0))
    )
    assert list(check.cells["cell_id"]) == ["a", "c"]
    assert check.repeats == 1
    assert list(zip(check.rejected["row"], check.rejected["reason"], strict=True)) == [
        (3, "cell-id-repeated"),
        (4, "cell-id-repeated"),
        (6, "cell-id-empty"),
    ]
    assert len(check.cells) + len(check.rejected) + check.repeats == 6


def test_the_parts_of_one_number_become_one_cell_if_asked_for():
    cells = [("b", _box(0, 0)), ("a", _box(5, 5)), ("b", _box(2, 0)), ("b", _box(2, 0))]
    check = _check(*cells, same_id="merge", name=["north", "A", "south", "south"], households=[7.0, 1.0, 8.0, 8.0],
                   covers=[3.0, 1.0, 3.0, 3.0])  # fmt: skip
    assert list(check.cells["cell_id"]) == ["a", "b"]
    assert check.cells["area_km2"][1] * 1e6 == pytest.approx(_geodesic_m2(_box(0, 0)) * 2, rel=1e-5)
    assert check.merged.to_dict("records") == [{"cell_id": "b", "features": 2}]
    assert (check.repeats, check.joined, len(check.rejected)) == (1, 1, 0)
    assert check.cells["name"][1] == "north"
    assert check.cells["covers"][1] == 3  # what the parts agree on stays, what they do not is left open
    assert np.isnan(check.cells["households"][1])


def test_one_number_may_stand_for_different_times_but_for_one_time_only_once():
    days = [("a", "", "2025-01-01"), ("a", "2025-01-01", ""), ("b", "", "2025-03-01"), ("b", "2025-01-01", ""),
            ("c", "2025-02-01", "2025-02-01"), ("d", "", "")]  # fmt: skip
    check = _check(
        *((name, _box(n, 0)) for n, (name, _, _) in enumerate(days)),
        valid_from=[start for _, start, _ in days], valid_to=[end for _, _, end in days],
    )  # fmt: skip
    found = list(zip(check.cells["cell_id"], check.cells["valid_from"], strict=True))
    assert found == [("a", ""), ("a", "2025-01-01"), ("d", "")]
    assert list(zip(check.rejected["row"], check.rejected["reason"], strict=True)) == [
        (3, "validity-overlaps"), (4, "validity-overlaps"), (5, "validity-empty"),
    ]  # fmt: skip


def test_cells_of_different_times_do_not_overlap():
    shapes = [("a", _box(0, 0)), ("b", _box(0, 0)), ("c", _box(0.5, 0))]
    days = {"valid_from": ["", "2025-01-01", "2024-06-01"], "valid_to": ["2025-01-01", "", ""]}
    check = _check(*shapes, **days)
    assert list(zip(check.overlaps["cell_a"], check.overlaps["cell_b"], strict=True)) == [("a", "c"), ("b", "c")]


def test_the_vertices_of_a_shifted_boundary_come_back():
    shifted = shapely.transform(_box(0, 0), lambda points: np.column_stack(wgs84_to_gcj02(*points.T)))
    check = _check(("a", shifted), crs="gcj02")
    assert check.cells.geometry[0].equals_exact(_box(0, 0), 1e-9)


def test_metres_are_not_taken_for_degrees_and_load_with_their_system():
    metres = shapely.box(425_000, 3_731_000, 426_000, 3_732_000)
    with pytest.raises(HazardError, match="EPSG:4547") as caught:
        _check(("a", metres))
    assert caught.value.code == "looks-projected"
    check = _check(("a", metres), crs="EPSG:4547")
    assert check.cells["area_km2"][0] == pytest.approx(1, rel=1e-3)  # a square kilometre near the central meridian


def test_without_numbers_of_the_cells_the_columns_are_named():
    raw = gpd.GeoDataFrame({"label": ["a"], "row": [1]}, geometry=[_box(0, 0)])
    with pytest.raises(HazardError, match="label") as caught:
        check_cells(raw, settings=DEFAULTS)
    assert caught.value.code == "cell-id-missing"


def test_if_no_cell_is_left_the_first_fault_is_said():
    with pytest.raises(HazardError, match="cell-id-empty") as caught:
        _check(("", _box(0, 0)))
    assert caught.value.code == "no-usable-cells"


@pytest.mark.parametrize(
    ("file", "column", "crs", "cells", "repaired"),
    [
        # Counts and invalid polygons as the READMEs of the files say
        ("boston311_2015/boston_neighborhoods.geojson", "name", "wgs84", 26,
         {"Hyde Park", "East Boston", "Downtown", "Beacon Hill"}),
        ("chicago_flood_zip/chicago_neighborhoods.geojson", "name", "wgs84", 98,
         {"Auburn Gresham", "Englewood", "Montclare", "South Chicago"}),
        ("china_boundaries/410400_full.json", "name", "gcj02", 10, {"鲁山县"}),
        ("china_boundaries/410000_full.json", "name", "gcj02", 18, {"许昌市", "三门峡市", "信阳市"}),
    ],
)  # fmt: skip
def test_real_boundaries_are_mended_where_they_are_invalid(shared_data, file, column, crs, cells, repaired):
    raw = read_boundaries((shared_data / file).read_bytes(), file)
    check = check_cells(cell_table(raw.frame, {"cell_id": column}), settings=DEFAULTS, crs=crs)
    assert len(check.cells) == cells
    assert set(check.repaired["cell_id"]) == repaired
    assert check.repaired["area_after_km2"].to_numpy() == pytest.approx(check.repaired["area_before_km2"], rel=0.01)
    assert check.cells.geometry.is_valid.all()


def test_the_two_zip_codes_of_chicago_that_occur_twice_are_left_out_or_merged(shared_data):
    # 61 features, two ZIP codes occur twice, as the README says
    raw = read_boundaries((shared_data / "chicago_flood_zip/chicago_zipcodes.geojson").read_bytes(), "zip")
    table = cell_table(raw.frame, {"cell_id": "zip"})
    left_out, merged = (check_cells(table, settings=DEFAULTS, same_id=same_id) for same_id in ("reject", "merge"))
    assert (len(left_out.cells), len(left_out.rejected), left_out.joined) == (57, 4, 0)
    assert (len(merged.cells), len(merged.rejected), merged.joined) == (59, 0, 2)
    assert set(left_out.rejected["value"]) == set(merged.merged["cell_id"])
    area_m2 = sum(float(area) for area in raw.frame["shape_area"]) * 0.3048**2  # square feet, by the city itself
    assert merged.cells["area_km2"].sum() * 1e6 == pytest.approx(area_m2, rel=1e-3)
