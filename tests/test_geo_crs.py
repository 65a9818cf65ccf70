"""Coordinate systems: the published pairs, the way back, and what is refused."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from base.errors import HazardError
from geo import crs

# googollee/eviltransform, go/transform_test.go (lat, lon there; lon, lat here)
PAIRS = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
]
CHINA = st.tuples(st.floats(73.5, 135), st.floats(3, 53.5))


def _square(lon: float, lat: float, size: float = 0.02) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[shapely.box(lon, lat, lon + size, lat + size)], crs="EPSG:4326")


@pytest.mark.parametrize(("wgs", "gcj"), PAIRS)
def test_published_points_are_shifted_as_published(wgs, gcj):
    assert crs.wgs84_to_gcj02(*wgs) == pytest.approx(gcj, abs=1e-6)
    assert crs.gcj02_to_wgs84(*gcj) == pytest.approx(wgs, abs=1e-6)


def test_all_pairs_of_the_reference_file_hold(shared_data):
    expected = json.loads((shared_data / "reference_results" / "expected.json").read_text())
    pairs = [entry for entry in expected["gcj02"] if "wgs84" in entry]
    assert len(pairs) == 3
    for entry in pairs:
        (lat, lon), (gcj_lat, gcj_lon) = entry["wgs84"], entry["gcj02"]
        assert crs.wgs84_to_gcj02(lon, lat) == pytest.approx((gcj_lon, gcj_lat), abs=1e-6)
    for lat, lon in expected["gcj02_outside_china_identity"]["points"]:
        assert crs.wgs84_to_gcj02(lon, lat) == (lon, lat)


def test_baidu_points_are_shifted_as_published():
    # wandergis/coordtransform, README. Its way back is approximate (4e-7 degrees), ours is not.
    assert crs.gcj02_to_bd09(116.404, 39.915) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-9)
    assert crs.bd09_to_gcj02(116.404, 39.915) == pytest.approx((116.39762729119315, 39.90865673957631), abs=1e-6)


@given(CHINA)
def test_the_way_back_from_each_shift_is_exact(place):
    lon, lat = place
    assert crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(lon, lat)) == pytest.approx((lon, lat), abs=1e-9)
    assert crs.bd09_to_wgs84(*crs.wgs84_to_bd09(lon, lat)) == pytest.approx((lon, lat), abs=1e-9)


@given(st.tuples(st.floats(-180, 70), st.floats(-90, 90)))
def test_outside_china_nothing_is_shifted(place):
    for shift in (crs.wgs84_to_gcj02, crs.gcj02_to_wgs84, crs.wgs84_to_bd09, crs.bd09_to_wgs84):
        assert shift(*place) == place


@pytest.mark.parametrize(("code", "x"), [("EPSG:4547", 500_000), ("epsg:4526", 38_500_000)])
def test_the_false_easting_of_a_zone_is_its_central_meridian(code, x):
    # CGCS2000 3-degree zone 38 lies around 114 E; its twin with the zone number in front has 38 million more (domain 9)
    lon, lat = crs.to_wgs84([x], [3_738_000], code)
    assert lon[0] == pytest.approx(114, abs=1e-6)
    assert 33.7 < lat[0] < 33.8


def test_no_place_stays_no_place_and_the_input_is_not_changed():
    x, y = np.array([113.2, np.nan]), np.array([33.7, np.nan])
    for name in ("wgs84", "gcj02", "bd09", "EPSG:4490", "EPSG:3857"):
        lon, lat = crs.to_wgs84(x, y, name)
        assert np.isnan([lon[1], lat[1]]).all(), name
        assert np.isfinite([lon[0], lat[0]]).all(), name
    assert x[0] == 113.2


@pytest.mark.parametrize(("given_name", "name"), [("WGS 84", "wgs84"), ("EPSG:4326", "wgs84"), ("GCJ-02", "gcj02")])
def test_a_system_has_one_name(given_name, name):
    assert crs.crs_name(given_name) == name


@pytest.mark.parametrize("name", ["EPSG:999999", "EPSG:5773", "mars", ""])  # 5773 is a height, no position
def test_an_unknown_system_is_refused(name):
    with pytest.raises(HazardError) as caught:
        crs.to_wgs84([1], [1], name)
    assert caught.value.code == "crs-unknown"


def test_local_metres_keep_areas():
    # Karney's geodesic area (pyproj 3.7.2 Geod) is the independent answer
    ring = np.array([[113.2, 33.7], [113.25, 33.7], [113.25, 33.74], [113.2, 33.74], [113.2, 33.7]])
    geodesic_m2, _ = Geod(ellps="WGS84").polygon_area_perimeter(ring[:, 0], ring[:, 1])
    dense = shapely.segmentize(shapely.Polygon(ring), 0.001)
    x_m, y_m = crs.project(*shapely.get_coordinates(dense).T, (113.22, 33.72))
    assert shapely.Polygon(np.column_stack([x_m, y_m])).area == pytest.approx(abs(geodesic_m2), rel=1e-6)


def test_degrees_are_not_taken_for_metres():
    cells = _square(113.2, 33.7)
    with pytest.raises(HazardError, match="cells must be in a metric") as caught:
        crs.require_projected(cells, "cells")
    assert caught.value.code == "not-projected"
    metric = cells.to_crs(crs.local_metres(113.2, 33.7))
    assert crs.require_projected(metric, "cells") is metric


@pytest.mark.parametrize("code", ["EPSG:4547", "EPSG:4526", "EPSG:32649", "EPSG:3857"])
def test_the_system_that_would_fit_is_named_with_its_points(code):
    lon, lat = np.random.default_rng(1).uniform([[113.201], [33.701]], [[113.219], [33.719]], (2, 40))
    x, y = Transformer.from_crs("EPSG:4326", code, always_xy=True).transform(lon, lat)
    assert crs.candidates(x, y, _square(113.2, 33.7))[0] == (code, 40)
    assert crs.candidates(y, x, _square(113.2, 33.7))[0] == (f"{code} (y, x)", 40)


def test_exchanged_degrees_are_recognised():
    found = dict(crs.candidates([33.71, 33.712], [113.21, 113.212], _square(113.2, 33.7)))
    assert found["wgs84 (y, x)"] == 2
    assert "wgs84" not in found


@pytest.mark.parametrize(
    ("code", "first"),
    [("EPSG:4508", "EPSG:4508"), ("EPSG:4497", "EPSG:4497"), ("EPSG:4546", "EPSG:4546"), ("EPSG:4525", "EPSG:4525")],
)
def test_six_degree_zones_and_zones_with_number_are_found(code, first):
    # 110.2 E lies in the 6-degree zone 19 (CM 111E) and in the 3-degree zone 37 (CM 111E): without number they are one
    lon, lat = np.random.default_rng(1).uniform([[110.201], [33.701]], [[110.219], [33.719]], (2, 40))
    x, y = Transformer.from_crs("EPSG:4326", code, always_xy=True).transform(lon, lat)
    found = crs.fits(x, y, _square(110.2, 33.7))
    assert (found[0].label, found[0].inside, found[0].n) == ({"EPSG:4508": "EPSG:4546"}.get(first, first), 40, 40)
    assert found[0].lon == pytest.approx(lon, abs=1e-6)
    assert found[0].lat == pytest.approx(lat, abs=1e-6)


def test_the_chinese_systems_are_listed_side_by_side_with_exact_counts_of_all_points():
    # 3,000 points on a line to the east, a metre apart from the western edge on: GCJ-02 lies some 500 m further east
    # here, so read as WGS 84 fewer are inside. Counted one by one with the published shift.
    cells = _square(113.2, 33.7)
    lon, lat = np.linspace(113.17, 113.23, 3000), np.full(3000, 33.71)
    found = {fit.label: fit for fit in crs.fits(*crs.wgs84_to_gcj02(lon, lat), cells)}
    assert list(found)[:3] == sorted(found, key=lambda label: -found[label].inside)[:3]
    assert set(found) == {"wgs84", "gcj02", "bd09"}
    assert {fit.n for fit in found.values()} == {3000}
    assert found["gcj02"].inside == int(((lon >= 113.2) & (lon <= 113.22)).sum())
    assert [fit.label for fit in crs.alike(list(found.values()))] == list(found)  # nobody can tell by the counts


def test_systems_without_a_point_inside_are_no_rivals_of_the_best():
    found = crs.fits([113.2001, 113.215], [33.71, 33.71], _square(113.2, 33.7))
    assert {fit.label: fit.inside for fit in found} == {"wgs84": 2, "gcj02": 1, "bd09": 1}
    assert [fit.label for fit in crs.alike(found)] == ["wgs84"]


def test_a_system_with_its_axes_exchanged_is_written_as_the_candidates_print_it():
    assert crs.crs_name("epsg:4547 (Y,X)") == "EPSG:4547 (y, x)"
    assert crs.split_axes("CGCS2000 (y, x)") == ("EPSG:4490", True)
    assert crs.is_projected("EPSG:4547 (y, x)")
    there = crs.to_wgs84([3_730_000.0], [500_000.0], "EPSG:4547 (y, x)")
    assert there == crs.to_wgs84([500_000.0], [3_730_000.0], "EPSG:4547")
    with pytest.raises(HazardError):
        crs.crs_name("EPSG:4547 (x, y)")


def test_nothing_fits_where_nothing_does():
    assert crs.candidates([10.0], [50.0], _square(113.2, 33.7)) == []
    assert crs.candidates([np.nan], [np.nan], _square(113.2, 33.7)) == []
    assert [fit.inside for fit in crs.fits([10.0], [50.0], _square(113.2, 33.7))] == [0, 0, 0]
    assert crs.alike(crs.fits([10.0], [50.0], _square(113.2, 33.7))) == []
    assert crs.alike([]) == []


def test_metres_lead_back_to_the_degrees_they_came_from():
    lon, lat = np.array([113.2, 113.3, np.nan]), np.array([33.7, 33.6, 33.7])
    back = crs.unproject(*crs.project(lon, lat, (113.25, 33.65)), (113.25, 33.65))
    np.testing.assert_allclose(back, [lon, np.where(np.isnan(lon), np.nan, lat)], atol=1e-9)
