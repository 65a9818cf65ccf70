"""GeoPackage: as GDAL writes it, and as somebody with bad intentions does."""

import pytest
import shapely
from geo_examples import changed, geopackage

from base.errors import HazardError
from data import geopackage as module
from data.geofiles import read_boundaries, read_points


def test_a_geopackage_is_read_as_gdal_wrote_it(tmp_path):
    shapes = [shapely.box(0, 0, 1, 1), shapely.MultiPolygon([shapely.box(2, 0, 3, 1), shapely.box(4, 0, 5, 1)])]
    content = geopackage(tmp_path / "a.gpkg", ("grid", shapes), ("roads", [shapely.LineString([(0, 0), (1, 1)])]))
    cells = read_boundaries(content, "whatever.json")
    assert (cells.crs, cells.kind, cells.layer, cells.layers) == ("EPSG:4547", "GeoPackage", "grid", ("grid", "roads"))
    assert list(cells.frame["grid_id"]) == ["00", "01"]
    assert [found.equals(shape) for found, shape in zip(cells.frame.geometry, shapes, strict=True)] == [True, True]


def test_of_several_layers_of_polygons_one_must_be_named(tmp_path):
    content = geopackage(tmp_path / "a.gpkg", ("a", [shapely.box(0, 0, 1, 1)]), ("b", [shapely.box(2, 0, 3, 1)] * 2))
    with pytest.raises(HazardError, match="a, b") as caught:
        read_boundaries(content, "a.gpkg")
    assert caught.value.code == "layer-ambiguous"
    assert len(read_boundaries(content, "a.gpkg", layer="b").frame) == 2
    with pytest.raises(HazardError, match="a, b") as caught:
        read_boundaries(content, "a.gpkg", layer="c")
    assert caught.value.code == "layer-unknown"


def test_the_layer_of_points_beside_one_of_polygons_is_the_table(tmp_path):
    points = [shapely.Point(500000.5, 3700000, 40), shapely.Point()]
    content = geopackage(tmp_path / "a.gpkg", ("grid", [shapely.box(0, 0, 1, 1)]), ("cases", points))
    table = read_points(content, "a.gpkg")
    assert (table.kind, table.sheet, table.sheets, table.crs) == (
        "GeoPackage", "cases", ("cases", "grid"), "EPSG:4547",
    )  # fmt: skip
    assert table.headers == ["fid", "grid_id", "geometry x", "geometry y"]
    assert table.frame.to_numpy().tolist() == [["1", "00", "500000.5", "3700000.0"], ["2", "01", "", ""]]
    assert len(read_boundaries(content, "a.gpkg").frame) == 1


@pytest.mark.parametrize(
    "change",
    [
        "CREATE VIEW more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, NULL AS geom "
        "FROM n",
        "CREATE VIRTUAL TABLE more USING rtree(id, a, b)",
    ],
)
@pytest.mark.parametrize("read", [read_boundaries, read_points])
def test_a_layer_of_a_geopackage_that_is_a_program_is_no_layer(tmp_path, change, read):
    file = tmp_path / "a.gpkg"
    geopackage(file, ("grid", [shapely.box(0, 0, 1, 1)]))
    renamed = [f"UPDATE {table} SET table_name = 'more'" for table in ("gpkg_contents", "gpkg_geometry_columns")]
    with pytest.raises(HazardError) as caught:
        read(changed(file, change, *renamed), "a.gpkg")
    assert caught.value.code == "layer-ambiguous"


def test_a_geopackage_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MAX_STEPS", 100)
    file = tmp_path / "a.gpkg"
    geopackage(file, ("grid", [shapely.box(0, 0, 1, 1)]))
    content = changed(
        file,
        "ALTER TABLE gpkg_contents RENAME TO real_contents",
        "CREATE VIEW gpkg_contents AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT c.* FROM n, real_contents c",
    )
    with pytest.raises(HazardError, match="takes too long") as caught:
        read_boundaries(content, "a.gpkg")
    assert caught.value.code == "not-a-boundary"


def test_a_computed_column_gives_no_more_than_the_file_holds(tmp_path):
    file = tmp_path / "a.gpkg"
    geopackage(file, ("grid", [shapely.box(n, 0, n + 1, 1) for n in range(50)]))
    content = changed(file, "ALTER TABLE grid ADD COLUMN more GENERATED ALWAYS AS (hex(zeroblob(100000)))")
    with pytest.raises(HazardError, match="a file of its size") as caught:
        read_boundaries(content, "a.gpkg")
    assert caught.value.code == "not-a-boundary"


def test_features_of_a_geopackage_without_polygon_are_left_out(tmp_path):
    file = tmp_path / "a.gpkg"
    geopackage(file, ("grid", [shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1), shapely.box(4, 0, 5, 1)]))
    content = changed(
        file,
        "UPDATE grid SET geom = NULL WHERE fid = 2",
        "UPDATE grid SET geom = x'4750000102' WHERE fid = 3",
    )
    cells = read_boundaries(content, "a.gpkg")
    assert list(cells.frame["row"]) == [1]
    assert list(cells.rejected["reason"]) == ["geometry-missing", "coordinates-unreadable"]


def test_a_system_that_is_none_is_not_declared(tmp_path):
    file = tmp_path / "a.gpkg"
    geopackage(file, ("grid", [shapely.box(0, 0, 1, 1)]))
    content = changed(file, "UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = 999999 WHERE srs_id = 4547")
    assert read_boundaries(content, "a.gpkg").crs is None
