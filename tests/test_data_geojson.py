"""GeoJSON: each feature with its reason, the rest loads, and a `crs` member is no more than a hint."""

import json

import pytest
from geo_examples import SQUARE, geojson, polygon

from base.errors import HazardError
from data.geofiles import read_boundaries, read_points
from data.schema import REASONS


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "geometry-missing"),
        ({"type": "Point", "coordinates": [113, 33]}, "not-a-polygon"),
        ({"type": "GeometryCollection", "geometries": [polygon(SQUARE)]}, "not-a-polygon"),
        (polygon(SQUARE[:-1]), "ring-not-closed"),
        (polygon(SQUARE[:2] + SQUARE[:1]), "ring-too-short"),
        (polygon([[113, "33"], *SQUARE[1:]]), "coordinates-unreadable"),
        (polygon([[113, float("nan")], *SQUARE[1:]]), "coordinates-unreadable"),
        (polygon([[113], *SQUARE[1:]]), "coordinates-unreadable"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "coordinates-unreadable"),
        ({"type": "Polygon"}, "coordinates-unreadable"),
        ({"type": "Polygon", "coordinates": []}, "coordinates-unreadable"),
        ("word", "not-a-polygon"),
    ],
)
def test_a_bad_feature_is_left_out_with_its_reason_and_the_rest_loads(geometry, reason):
    cells = read_boundaries(geojson(polygon(SQUARE), geometry, polygon(SQUARE)), "grid.json")
    assert list(cells.frame["row"]) == [1, 3]
    assert list(cells.frame["grid_id"]) == ["g0", "g2"]
    (rejected,) = cells.rejected.to_dict("records")
    assert (rejected["row"], rejected["column"], rejected["reason"]) == (2, "geometry", reason)
    assert reason in REASONS


def test_attributes_are_text_and_heights_are_dropped():
    feature = {
        "type": "Feature",
        "id": 7,
        "properties": {
            "code": "007",
            "n": 3,
            "x": 2.5,
            "row": "r",
            "parent": {"a": 410400},
            "list": [1],
            "no": None,
        },
        "geometry": polygon([[*point, 9.5] for point in SQUARE]),
    }
    frame = read_boundaries(json.dumps(feature).encode(), "grid.json").frame
    record = frame.drop(columns="geometry").to_dict("records")[0]
    assert record == {
        "code": "007", "n": "3", "x": "2.5", "row_": "r", "parent": "410400", "list": "[1]", "no": "", "id": "7",
        "row": 1,
    }  # fmt: skip
    assert not frame.geometry.has_z.any()


def test_a_crs_member_is_mentioned_and_not_followed():
    named = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}}
    link = {"crs": {"type": "link", "properties": {"href": "http://127.0.0.1:9/x", "type": "proj4"}}}
    usual = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}
    found = [read_boundaries(geojson(polygon(SQUARE), **root), "grid.json") for root in (named, link, usual)]
    assert [cells.crs_hint for cells in found] == ["EPSG:4547", None, None]
    assert [cells.crs for cells in found] == [None, None, None]
    assert read_points(geojson({"type": "Point", "coordinates": [1, 2]}, **named), "p.json").crs is None


def test_points_become_two_columns_and_other_geometries_a_reason():
    table = read_points(
        geojson(
            {"type": "Point", "coordinates": [113.25, 33.5, 80.0]},
            None,
            {"type": "MultiPoint", "coordinates": [[113.1, 33.0000001]]},
            {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
            polygon(SQUARE),
            {"type": "Point", "coordinates": ["113", "33"]},
        ),
        "points.json",
    )
    assert table.headers == ["grid_id", "geometry x", "geometry y"]
    assert {row: list(cells) for row, cells in zip(table.frame.index, table.frame.to_numpy(), strict=True)} == {
        2: ["g0", "113.25", "33.5"],
        3: ["g1", "", ""],
        4: ["g2", "113.1", "33.0000001"],
    }
    assert table.bad[["row", "reason"]].to_numpy().tolist() == [
        [5, "not-a-point"],
        [6, "not-a-point"],
        [7, "lon-lat-unreadable"],
    ]
    assert set(table.bad["reason"]) <= set(REASONS)
    assert list(table.frame.columns) == ["c000", "c001", "c002"]


def test_a_layer_of_areas_is_no_table_of_reports():
    with pytest.raises(HazardError, match="areas are loaded as boundaries") as caught:
        read_points(geojson(polygon(SQUARE)), "grid.json")
    assert caught.value.code == "no-points"


def test_a_number_of_thousands_of_digits_is_a_broken_json():
    with pytest.raises(HazardError, match="digits") as caught:
        read_boundaries(b'{"type": "Feature", "properties": {"n": ' + b"9" * 5_000 + b"}}", "grid.json")
    assert caught.value.code == "json-broken"


def test_half_a_sign_in_a_name_does_not_reach_the_store():
    feature = {"type": "Feature", "properties": {"na\ud800me": "a\udfff"}, "geometry": polygon(SQUARE)}
    frame = read_boundaries(json.dumps(feature).encode(), "grid.json").frame
    assert frame["na\ufffdme"][0] == "a\ufffd"


def test_features_with_other_names_each_do_not_fill_the_memory():
    features = [
        {"type": "Feature", "properties": {f"n{n}-{key}": 1 for key in range(100)}, "geometry": None} for n in range(11)
    ]
    with pytest.raises(HazardError) as caught:
        read_boundaries(json.dumps({"type": "FeatureCollection", "features": features}).encode(), "grid.json")
    assert caught.value.code == "too-many-columns"


def test_a_boundary_in_the_encodings_of_windows_is_read(tmp_path):
    text = geojson(polygon(SQUARE)).decode().replace("g0", "网格")
    for encoding in ("utf-16", "gb18030", "utf-8-sig"):
        cells = read_boundaries(text.encode(encoding), "grid.json")
        assert list(cells.frame["grid_id"]) == ["网格"]
    assert cells.encoding == "utf-8-sig"
