"""The door for geographic files: by content, by our own readers alone, each file a layer or one sentence."""

import io
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pytest
import shapefile
import shapely
import xlsxwriter
from geo_examples import PNG, SQUARE, geojson, geopackage, packed, polygon, shapefile_parts

from base.errors import HazardError
from data.geofiles import read_boundaries, read_points
from data.schema import REASONS

BOX = shapely.box(113, 33, 113.5, 33.5)
POINT = {"type": "Point", "coordinates": [113.25, 33.5]}


def _kml(inner: str) -> bytes:
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>a</name>{inner}</Placemark></kml>'.encode()


def _parquet(shape: shapely.Geometry) -> bytes:
    target = io.BytesIO()
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shape], crs="EPSG:4326").to_parquet(target)
    return target.getvalue()


def _shapefile(kind: int, fill: Callable[[shapefile.Writer], object]) -> bytes:
    def whole(writer: shapefile.Writer) -> None:
        writer.field("name", "C", size=10)
        fill(writer)
        writer.record("a")

    return packed({f"a.{ending}": part for ending, part in shapefile_parts(kind, whole).items()})


def _xlsx(*rows: list[object]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("网格")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


AREA = _kml(
    "<Polygon><outerBoundaryIs><LinearRing><coordinates>"
    + " ".join(f"{x},{y}" for x, y in SQUARE)
    + "</coordinates></LinearRing></outerBoundaryIs></Polygon>"
)


@pytest.fixture
def without_gdal(monkeypatch):
    """Any call of GDAL through the packages that carry it fails."""
    import pyogrio._io
    import pyogrio.raw

    def called(*_: object, **__: object) -> None:
        raise AssertionError("GDAL was called")

    for module in (pyogrio, pyogrio.raw, pyogrio._io, gpd, gpd.io.file):
        for name in dir(module):
            if name.startswith(("read", "_read", "ogr_read", "ogr_open", "open_arrow", "list_layers", "detect")):
                monkeypatch.setattr(module, name, called)
    with pytest.raises(AssertionError):
        gpd.read_file("a.geojson")
    with pytest.raises(AssertionError):
        pyogrio.read_dataframe("a.geojson")


def test_one_file_of_every_kind_is_read_without_gdal(tmp_path, without_gdal):
    areas = {
        "GeoJSON": geojson(polygon(SQUARE)),
        "GeoPackage": geopackage(tmp_path / "areas.gpkg", ("a", [BOX])),
        "Shapefile": _shapefile(shapefile.POLYGON, lambda writer: writer.poly([SQUARE[::-1]])),
        "Parquet": _parquet(BOX),
        "KML": AREA,
        "CSV": f'name,wkt\na,"{BOX.wkt}"\n'.encode(),
        "XLSX": _xlsx(["name", "wkt"], ["a", BOX.wkt]),
    }
    for kind, content in {**areas, "KMZ": packed({"doc.kml": AREA})}.items():
        cells = read_boundaries(content, f"{kind}.bin")
        assert (cells.kind, len(cells.frame), len(cells.rejected)) == (kind.replace("KMZ", "KML"), 1, 0)
    points = {
        "GeoJSON": geojson(POINT),
        "GeoPackage": geopackage(tmp_path / "points.gpkg", ("a", [shapely.Point(1, 2)])),
        "Shapefile": _shapefile(shapefile.POINT, lambda writer: writer.point(113.25, 33.5)),
        "Parquet": _parquet(shapely.Point(113.25, 33.5)),
        "KML": _kml("<Point><coordinates>113.25,33.5</coordinates></Point>"),
    }
    for kind, content in points.items():
        table = read_points(content, f"{kind}.bin")
        assert (table.kind, len(table.frame), table.headers[-2:]) == (kind, 1, ["geometry x", "geometry y"])


def test_no_reader_names_the_libraries_that_carry_gdal():
    folder = Path(__file__).resolve().parent.parent / "data"
    for file in folder.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\b(pyogrio|fiona|osgeo|read_file|list_layers)\b", text), file.name
    assert "fiona" not in sys.modules
    assert "osgeo" not in sys.modules


ADDRESS = "http://127.0.0.1:9/x"
POINTING = {
    "OGR_VRT": b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/hostname</SrcDataSource></OGRVRTLayer>'
    b"</OGRVRTDataSource>",
    "GDALG": b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/hostname"}',
    "WFS": f"<OGRWFSDataSource><URL>{ADDRESS}</URL></OGRWFSDataSource>".encode(),
    "WFS text": f"WFS:{ADDRESS}".encode(),
    "CSW": f"CSW:{ADDRESS}".encode(),
    "OAPIF": f"OAPIF:{ADDRESS}".encode(),
    "GML": f'<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" schemaLocation="{ADDRESS}"/>'.encode(),
    "FlatGeobuf": b"fgb\x03fgb\x01" + bytes(range(20)) * 40,
    "GPX": b'<?xml version="1.0"?><gpx version="1.1"><wpt lat="33" lon="113"/></gpx>',
    "GeoRSS": b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>',
    "DXF": b"  0\nSECTION\n  2\nHEADER\n  9\n$ACADVER\n  1\nAC1015\n  0\nENDSEC\n  0\nEOF\n",
    "MapInfo": b'Version 300\nCharset "WindowsSimpChinese"\nDelimiter ","\nColumns 1\n  id Integer\nData\n',
    "TopoJSON": b'{"type": "Topology", "objects": {}, "arcs": []}',
    "ESRIJSON": b'{"geometryType": "esriGeometryPolygon", "features": [{"geometry": {"rings": []}}]}',
    "STAC": b'{"type": "Catalog", "links": [{"href": "http://127.0.0.1:9/x"}]}',
    "PDS": b"PDS_VERSION_ID = PDS3\n^TABLE = /etc/hostname\n",
    "JPEG": b"\xff\xd8\xff\xe0" + b"\x00" * 50,
    "PNG": PNG,
    "PDF": b"%PDF-1.7",
    "a bare .shp": b"\x00\x00\x27\x0a" + b"\x00" * 96,
}


@pytest.mark.parametrize("kind", POINTING)
@pytest.mark.parametrize("name", ["grid.geojson", "grid.zip", "grid.json"])
def test_formats_that_point_elsewhere_are_refused_whatever_their_name(kind, name):
    with pytest.raises(HazardError, match=re.escape(name)) as caught:
        read_boundaries(POINTING[kind], name)
    assert caught.value.code == "not-a-boundary"
    with pytest.raises(HazardError, match=re.escape(name)):
        read_points(POINTING[kind], name)


@pytest.mark.parametrize("kind", POINTING)
def test_the_same_within_a_zip_is_no_layer(kind):
    for inner in ("grid.vrt", "grid.geojson", "grid.gml"):
        with pytest.raises(HazardError) as caught:
            read_boundaries(packed({inner: POINTING[kind]}), "grid.zip")
        assert caught.value.code == "not-a-boundary"


def test_a_geojson_whose_crs_is_a_link_loads_and_the_link_is_not_followed(monkeypatch):
    import socket

    def called(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", called)
    link = {"type": "link", "properties": {"href": ADDRESS, "type": "esriwkt"}}
    cells = read_boundaries(geojson(polygon(SQUARE), crs=link), "grid.json")
    assert (len(cells.frame), cells.crs, cells.crs_hint) == (1, None, None)


def test_a_zip_of_an_unknown_version_and_text_of_no_encoding_in_a_database_are_sentences(tmp_path):
    version = bytearray(packed({"a.shp": b"1"}))
    version[version.index(b"PK\x01\x02") + 6] = 255  # needed to extract: version 25.5
    database = geopackage(tmp_path / "a.gpkg", ("grid", [BOX])).replace(b"CREATE TABLE", b"CREATE \xff\xff\xff\xff\xff")
    for content, code in ((bytes(version), "archive-damaged"), (database, "not-a-boundary")):
        with pytest.raises(HazardError) as caught:
            read_boundaries(content, "grid.zip")
        assert caught.value.code == code


# --- the collection of bad and odd input ----------------------------------------------------------------------------


def _trial_files(shared_data: Path) -> list[Path]:
    folder = shared_data / "bad_input"
    return sorted(
        [*folder.glob("geojsonhint/*/*.geojson"), *folder.glob("geometry/*"), *folder.glob("geos_validity/*")]
    )


def _read(read: Callable, content: bytes, name: str) -> object:
    """What is read, or the sentence."""
    try:
        return read(content, name)
    except HazardError as error:
        return str(error)


@pytest.mark.parametrize("read", [read_boundaries, read_points])
def test_every_trial_file_loads_or_says_why_not(shared_data, read):
    files = _trial_files(shared_data)
    assert len(files) == 34
    for file in files:
        content = file.read_bytes()
        for name in (file.name, "other.zip"):
            found = _read(read, content, name)
            if isinstance(found, str):
                assert name in found, file.name
                assert "\n" not in found
            else:
                reasons = found.rejected if read is read_boundaries else found.bad
                assert len(found.frame) > 0
                assert set(reasons["reason"]) <= set(REASONS)


def test_which_trial_files_load_is_known(shared_data):
    codes: dict[str, dict[str, object]] = {"cells": {}, "points": {}}
    for file in _trial_files(shared_data):
        for kind, read in (("cells", read_boundaries), ("points", read_points)):
            try:
                codes[kind][file.stem] = len(read(file.read_bytes(), file.name).frame)
            except HazardError as error:
                codes[kind][file.stem] = error.code
    cells, points = ({stem: n for stem, n in codes[kind].items() if isinstance(n, int)} for kind in codes)
    assert cells == {
        "bad-polygon-interiorring-rhr": 1,  # only a matter of direction
        "good-featurecollection": 1,
        "issue82": 1,
        "invalid_basic": 4,
        "shapefile_no_prj": 1,
    }
    assert points == {
        "badfeatureid": 1,
        "bad-properties-as-array": 1,  # a feature without a geometry is a report without a place
        "bbox-contains-string": 1,
        "geometry_changed_semantics": 1,
        "good-feature": 1,
        "good-feature-with-id": 1,
        "good-featurecollection": 1,
        "good-featurecollection-bbox3d": 2,
        "good-point": 1,
        "nullgeometry": 1,
        "bad-duplicate-properties": 1,
        "good-multipoint": 1,  # of one point
        "stringcoord": 1,  # of two
    }
    assert codes["cells"]["bad-json"] == "json-broken"
    assert codes["cells"]["featurecollection"] == codes["cells"]["rootstring"] == "not-a-boundary"
    assert codes["cells"]["TestValid"] == "not-a-boundary"


def test_the_unclosed_ring_of_the_trial_file_is_feature_three(shared_data):
    content = (shared_data / "bad_input" / "geometry" / "invalid_basic.geojson").read_bytes()
    cells = read_boundaries(content, "invalid_basic.geojson")
    assert list(cells.frame["grid_id"]) == ["bowtie", "ok", "overlap_a", "overlap_b"]
    assert cells.rejected[["row", "reason"]].to_numpy().tolist() == [[3, "ring-not-closed"]]


def test_published_geometries_come_through_a_table_of_wkt(shared_data):
    cases = ElementTree.parse(shared_data / "bad_input" / "geos_validity" / "TestValid.xml").iter("case")
    texts = [" ".join((case.findtext("a") or "").split()) for case in cases]
    areas = [text for text in texts if re.match(r"(MULTI)?POLYGON", text)]
    assert len(areas) > 20
    table = "id\twkt\n0\t" + BOX.wkt + "\n" + "".join(f"{n}\t{text}\n" for n, text in enumerate(texts, start=1))
    cells = read_boundaries(table.encode(), "valid.tsv")
    assert len(cells.frame) + len(cells.rejected) == len(texts) + 1
    assert len(cells.frame) == 1 + len(areas) - 2  # one is empty, one holds a NaN


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b" \n", "empty-file"),
        (b"id,lon,lat\n1,2,3\n", "not-a-boundary"),
        (b"just words", "not-a-boundary"),
        (b"[" * 100_000, "json-broken"),
        (b"[1, 2", "not-a-boundary"),
        (b'{"type": "FeatureCollection", "features": []}', "no-polygons"),
        (b'{"type": "FeatureCollection", "features": [', "json-broken"),
        (b"SQLite format 3\x00" + b"\x00" * 200, "not-a-boundary"),
        (b"PK\x03\x04 not really", "archive-damaged"),
        (b"PAR1", "parquet-broken"),
    ],
)
def test_what_is_no_boundary_is_one_clear_sentence(content, code):
    with pytest.raises(HazardError, match=r"grid\.json") as caught:
        read_boundaries(content, "grid.json")
    assert caught.value.code == code


# --- tables of outlines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["WKT", "geom", "the_geom", "坐标串", "网格范围"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_with_a_column_of_wkt_is_a_boundary(title, encoding):
    text = f'编号;{title};户数\n01;"{BOX.wkt}";120\n02;;\n03;POINT (1 2);5\n04;POLYGON ((1 2;7\n'
    cells = read_boundaries(text.encode(encoding), "grid.csv")
    assert cells.frame.drop(columns="geometry").to_dict("records") == [{"编号": "01", "户数": "120", "row": 1}]
    assert cells.rejected[["row", "reason"]].to_numpy().tolist() == [
        [2, "geometry-missing"], [3, "not-a-polygon"], [4, "coordinates-unreadable"],
    ]  # fmt: skip
    assert (cells.kind, cells.crs, cells.crs_hint) == ("CSV", None, None)


def test_rows_with_too_many_cells_are_features_that_were_refused():
    text = f"id\twkt\n1\t{BOX.wkt}\n2\t{BOX.wkt}\tmore\n3\t{BOX.wkt}\n"
    cells = read_boundaries(text.encode(), "grid.tsv")
    assert list(cells.frame["row"]) == [1, 3]
    assert cells.rejected[["row", "reason"]].to_numpy().tolist() == [[2, "ragged-row"]]


def test_the_number_of_the_system_in_front_of_a_wkt_is_a_hint():
    rows = [["id", "geometry"], ["1", f"SRID=4547;{BOX.wkt}"], ["2", f"SRID=4547;{shapely.box(0, 0, 1, 1).wkt}"]]
    cells = read_boundaries(_xlsx(*rows), "grid.xlsx")
    assert (cells.crs, cells.crs_hint, cells.layer, len(cells.frame)) == (None, "EPSG:4547", "网格", 2)


def test_an_export_of_postgis_is_read():
    text = f"id,geom\n1,{shapely.to_wkb(shapely.set_srid(BOX, 4326), hex=True, include_srid=True)}\n"
    (shape,) = read_boundaries(text.encode(), "grid.csv").frame.geometry
    assert shape.equals(BOX)


def test_numbers_of_persons_where_an_outline_should_be_are_masked():
    wrong = [[[113, 33], [113, "张先生13800138000"]]]
    right = geojson({"type": "Polygon", "coordinates": [SQUARE]}, {"type": "Polygon", "coordinates": wrong})
    cells = read_boundaries(right.replace(b"grid_id", "电话13800138000".encode()), "grids.geojson")
    assert list(cells.rejected["value"]) == ['[[113, 33], [113, "******"]]']
    assert [title for title in cells.frame if title not in ("geometry", "row")] == ["电话***"]
    points = geojson(POINT).replace(b"grid_id", "电话13800138000".encode())
    assert "电话***" in read_points(points, "points.geojson").headers
