"""Zipped shapefiles: real ones, ones that pyshp 3.1.6 wrote, and damaged ones."""

import struct

import geopandas as gpd
import numpy as np
import pytest
import shapefile
import shapely
from geo_examples import packed, shapefile_parts, zipped
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.geofiles import read_boundaries, read_points

RING = [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]  # clockwise, as the standard has outlines
HOLE = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
PRJ_4547 = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
    'UNIT["Meter",1.0]]'
)


def _polygons(*shapes: list, encoding: str = "utf-8", names: tuple[str, ...] = (), size: int = 40) -> dict[str, bytes]:
    def fill(writer: shapefile.Writer) -> None:
        writer.field("name", "C", size=size)
        for place, rings in enumerate(shapes):
            writer.poly(rings)
            writer.record(names[place] if names else f"n{place}")

    return shapefile_parts(shapefile.POLYGON, fill, encoding=encoding)


def _zip(parts: dict[str, bytes], stem: str = "grid", **more: bytes) -> bytes:
    return packed({f"{stem}.{ending}": content for ending, content in {**parts, **more}.items()})


def _folder(folder, *stems: str) -> bytes:
    return packed({file.name: file.read_bytes() for stem in stems for file in sorted(folder.glob(f"{stem}.*"))})


# --- real files -----------------------------------------------------------------------------------------------------


def test_the_waterlogging_sites_of_wuhan_are_points_with_their_system(shared_data):
    folder = shared_data / "wuhan_waterlogging"
    for year, n, title in ((2013, 148, "Degree"), (2019, 146, "Dgree")):  # README of the files
        table = read_points(_folder(folder, f"waterlogging{year}"), "wuhan.zip")
        assert (len(table.frame), table.crs, len(table.bad)) == (n, "EPSG:4326", 0)
        assert table.headers == [title, "geometry x", "geometry y"]
        assert table.frame["c000"].value_counts().to_dict() == {"1": n // 2, "0": n // 2}
        assert list(table.frame.index) == list(range(2, n + 2))


def test_all_of_wuhan_in_one_zip_is_told_apart_by_what_is_wanted(shared_data):
    content = _folder(shared_data / "wuhan_waterlogging", "WuhanMain", "waterlogging2013", "waterlogging2019")
    cells = read_boundaries(content, "wuhan.zip")
    assert (cells.layer, cells.crs, len(cells.frame)) == ("WuhanMain", "EPSG:32650", 1)
    assert cells.layers == ("WuhanMain", "waterlogging2013", "waterlogging2019")
    with pytest.raises(HazardError, match="waterlogging2013, waterlogging2019") as caught:
        read_points(content, "wuhan.zip")
    assert caught.value.code == "layer-ambiguous"
    assert len(read_points(content, "wuhan.zip", layer="waterlogging2019").frame) == 146


def test_a_table_in_gbk_without_a_word_on_it_is_read_and_no_system_is_assumed(shared_data):
    content = (shared_data / "bad_input" / "geometry" / "shapefile_no_prj.zip").read_bytes()
    cells = read_boundaries(content, "wuhan.zip")
    assert (cells.crs, cells.crs_hint, cells.encoding) == (None, None, "gb18030")
    assert cells.frame["NAME99"][0] == "武汉市市辖区"


@pytest.mark.parametrize(("name", "n"), [("columbus", 49), ("sids2", 100)])
def test_published_boundaries_are_read_as_gdal_reads_them(shared_data, name, n):
    folder = shared_data / "reference_results" / name
    cells = read_boundaries(_folder(folder, name), f"{name}.zip")
    expected = gpd.read_file(folder / f"{name}.shp")  # GDAL 3 by pyogrio 0.13
    assert len(cells.frame) == len(expected) == n
    assert (cells.crs, len(cells.rejected)) == (None, 0)
    assert cells.frame.geometry.normalize().equals(expected.geometry.normalize())
    for column in expected.columns.drop("geometry"):
        wanted = expected[column]
        found = cells.frame[column]
        if wanted.dtype.kind in "if":
            np.testing.assert_array_equal(found.astype(float), wanted.astype(float))
        else:
            assert list(found) == list(wanted.fillna(""))


# --- attributes -----------------------------------------------------------------------------------------------------


def test_attributes_are_text_as_a_clerk_would_type_them():
    def fill(writer: shapefile.Writer) -> None:
        writer.field("id", "N", size=18)
        writer.field("x", "F", size=19, decimal=11)
        writer.field("day", "D")
        writer.field("done", "L")
        writer.field("text", "C", size=10)
        for record in ((123456789012345678, 2.5, "20250305", True, " a b"), (None, 3.0, None, False, "")):
            writer.point(1, 2)
            writer.record(*record)

    table = read_points(_zip(shapefile_parts(shapefile.POINT, fill)), "a.zip")
    assert table.headers == ["id", "x", "day", "done", "text", "geometry x", "geometry y"]
    assert table.frame.to_numpy().tolist() == [
        ["123456789012345678", "2.5", "2025-03-05", "true", " a b", "1.0", "2.0"],
        ["", "3", "", "false", "", "1.0", "2.0"],
    ]


@pytest.mark.parametrize(
    ("encoding", "cpg", "found"),
    [
        ("utf-8", None, "utf-8"),
        ("gb18030", None, "gb18030"),
        ("big5", None, "big5"),
        ("gb18030", b"GBK", "gb18030"),
        ("gb18030", b"ANSI 936\r\n", "gb18030"),
        ("big5", b"CP950", "big5"),
        ("gb18030", b"UTF-8", "gb18030"),  # what the .cpg says does not fit
        ("utf-8", b"klingon", "utf-8"),
    ],
)
def test_the_encoding_is_the_one_named_if_it_fits_else_the_likeliest(encoding, cpg, found):
    names = ("臺北市大安區積水", "中正區公園路") if encoding == "big5" else ("建设路街道积水点", "体育路社区")
    parts = _polygons([RING], [RING], encoding=encoding, names=names)
    cells = read_boundaries(_zip(parts, **({"cpg": cpg} if cpg else {})), "a.zip")
    assert (list(cells.frame["name"]), cells.encoding) == (list(names), found)


def test_an_encoding_can_be_chosen():
    content = _zip(_polygons([RING], encoding="big5", names=("網格",)))
    assert read_boundaries(content, "a.zip", encoding="big5").frame["name"][0] == "網格"
    assert read_boundaries(content, "a.zip", encoding="gbk").frame["name"][0] != "網格"
    with pytest.raises(HazardError) as caught:
        read_boundaries(content, "a.zip", encoding="klingon")
    assert caught.value.code == "encoding-name-unknown"


def test_a_character_cut_by_the_width_of_its_column_is_left_out():
    parts = _polygons([RING], names=("a" * 20,), size=20)
    parts["dbf"] = parts["dbf"].replace(b"a" * 20, "示例社区网格示例".encode()[:20])  # seven characters take 21 bytes
    cells = read_boundaries(_zip(parts), "a.zip")
    assert (cells.frame["name"][0], cells.encoding) == ("示例社区网格", "utf-8")


def test_columns_of_the_same_name_are_both_kept():
    def fill(writer: shapefile.Writer) -> None:
        writer.field("x", "C", size=3)
        writer.field("y", "C", size=3)
        writer.poly([RING])
        writer.record("a", "b")

    parts = shapefile_parts(shapefile.POLYGON, fill)
    parts["dbf"] = parts["dbf"].replace(b"y\x00\x00\x00\x00", b"x\x00\x00\x00\x00", 1)
    assert read_boundaries(_zip(parts), "a.zip").frame.drop(columns="geometry").loc[0].to_dict() == {
        "x": "a", "x_": "b", "row": 1,
    }  # fmt: skip


# --- shapes ---------------------------------------------------------------------------------------------------------


def test_holes_belong_to_the_outline_around_them_whichever_way_all_of_it_runs():
    island = [[2.5, 2.5], [2.5, 3.5], [3.5, 3.5], [3.5, 2.5], [2.5, 2.5]]
    far = [[x + 20, y] for x, y in RING]
    far_hole = [[x + 20, y] for x, y in HOLE]
    expected = shapely.MultiPolygon(
        [(RING, [HOLE]), (island, []), (far, [far_hole])]  # an island in the lake, and a second land with a lake
    )
    rings = [far_hole, RING, far, island, HOLE]
    for turned in (rings, [ring[::-1] for ring in rings]):
        (shape,) = read_boundaries(_zip(_polygons(turned)), "a.zip").frame.geometry
        assert shape.is_valid
        assert shape.equals(expected)


def test_heights_and_measures_are_dropped():
    def points(writer: shapefile.Writer) -> None:
        writer.field("n", "N", size=4)
        writer.pointz(1, 2, 3, 4)
        writer.record(1)

    def polygons(writer: shapefile.Writer) -> None:
        writer.field("n", "N", size=4)
        writer.polyz([[[x, y, 5.0, 6.0] for x, y in RING]])
        writer.record(1)

    table = read_points(_zip(shapefile_parts(shapefile.POINTZ, points)), "a.zip")
    assert list(table.frame.iloc[0]) == ["1", "1.0", "2.0"]
    (shape,) = read_boundaries(_zip(shapefile_parts(shapefile.POLYGONZ, polygons)), "a.zip").frame.geometry
    assert shape.equals(shapely.Polygon(RING))
    assert not shape.has_z


def test_empty_shapes_lines_and_lone_points_have_their_reasons():
    def fill(writer: shapefile.Writer) -> None:
        writer.field("n", "N", size=4)
        for shape in ("null", "point", "multipoint"):
            {"null": writer.null, "point": lambda: writer.multipoint([(1, 2)]),
             "multipoint": lambda: writer.multipoint([(1, 2), (3, 4)])}[shape]()  # fmt: skip
            writer.record(1)

    table = read_points(_zip(shapefile_parts(shapefile.MULTIPOINT, fill)), "a.zip")
    assert table.frame.loc[2].tolist() == ["1", "", ""]
    assert table.frame.loc[3].tolist() == ["1", "1.0", "2.0"]
    assert table.bad[["row", "value", "reason"]].to_numpy().tolist() == [[4, "MultiPoint", "not-a-point"]]

    def lines(writer: shapefile.Writer) -> None:
        writer.field("n", "N", size=4)
        writer.line([RING])
        writer.record(1)

    with pytest.raises(HazardError, match="PolyLine") as caught:
        read_boundaries(_zip(shapefile_parts(shapefile.POLYLINE, lines)), "a.zip")
    assert caught.value.code == "no-polygons"


def test_the_system_of_a_prj_is_declared_and_an_unknown_one_is_not():
    parts = _polygons([RING])
    assert read_boundaries(_zip(parts, prj=PRJ_4547.encode()), "a.zip").crs == "EPSG:4547"
    local = PRJ_4547.replace('"Central_Meridian",114.0', '"Central_Meridian",113.3')
    for text in (local, "EPSG:4326 or so", "x" * 50_000, ""):
        assert read_boundaries(_zip(parts, prj=text.encode()), "a.zip").crs is None


def test_parts_in_capitals_in_a_folder_and_without_index_are_found():
    parts = _polygons([RING], [HOLE[::-1]])
    content = packed({"导出/GRID.SHP": parts["shp"], "导出/grid.DBF": parts["dbf"]})
    cells = read_boundaries(content, "a.zip")
    assert (cells.layers, list(cells.frame["name"])) == (("GRID",), ["n0", "n1"])


def test_a_shape_file_alone_is_read_without_attributes():
    parts = _polygons([RING])
    assert list(read_boundaries(zipped(grid_shp=parts["shp"]), "a.zip").frame.columns) == ["geometry", "row"]


def test_the_index_tells_the_order():
    parts = _polygons([RING], [HOLE[::-1]])
    first, second = parts["shx"][100:108], parts["shx"][108:116]
    turned = {**parts, "shx": parts["shx"][:100] + second + first}
    cells = read_boundaries(_zip(turned), "a.zip")
    assert [shape.area for shape in cells.frame.geometry] == [4.0, 100.0]
    # one whose records lie in each other, or beyond the file, is not believed
    for index in (first + first, second[:3] + b"\xff" + second[4:]):
        cells = read_boundaries(_zip({**parts, "shx": parts["shx"][:100] + index}), "a.zip")
        assert sorted(shape.area for shape in cells.frame.geometry)[-1] == 100.0


# --- damage ---------------------------------------------------------------------------------------------------------


def test_a_record_marked_as_deleted_is_no_feature():
    parts = _polygons([RING], [HOLE[::-1]], [RING])
    dbf = bytearray(parts["dbf"])
    dbf[dbf.index(b" n1")] = ord("*")
    cells = read_boundaries(_zip({**parts, "dbf": bytes(dbf)}), "a.zip")
    assert list(cells.frame["name"]) == ["n0", "n2"]
    assert cells.rejected.empty


@pytest.mark.parametrize("part", ["dbf", "shp"])
def test_a_cut_part_is_one_sentence_or_a_reason_for_what_is_lost(part):
    parts = _polygons([RING], [RING], [RING])
    content = _zip({**parts, part: parts[part][:-40]})
    if part == "dbf":
        with pytest.raises(HazardError, match="it should have 3 rows, and 2 are there") as caught:
            read_boundaries(content, "a.zip")
        assert caught.value.code == "shapefile-damaged"
    else:
        cells = read_boundaries(content, "a.zip")
        assert (len(cells.frame), list(cells.rejected["row"])) == (2, [3])
        assert list(cells.rejected["reason"]) == ["coordinates-unreadable"]


def test_rows_of_the_table_beyond_the_shapes_are_features_without_outline():
    two, three = _polygons([RING], [RING]), _polygons([RING], [RING], [RING])
    cells = read_boundaries(_zip({**two, "dbf": three["dbf"]}), "a.zip")
    assert cells.rejected[["row", "reason"]].to_numpy().tolist() == [[3, "geometry-missing"]]
    cells = read_boundaries(_zip({**three, "dbf": two["dbf"]}), "a.zip")
    assert list(cells.frame["name"]) == ["n0", "n1", ""]


@pytest.mark.parametrize(
    ("part", "place", "value"),
    [
        ("dbf", 4, struct.pack("<I", 4_000_000_000)),  # rows
        ("dbf", 8, struct.pack("<H", 0)),  # where they begin
        ("dbf", 10, struct.pack("<H", 0)),  # how long each is
        ("dbf", 8, struct.pack("<H", 65_535)),
        ("shp", 0, b"\x00\x00\x00\x00"),
        ("shp", 104, struct.pack(">i", 2_000_000_000)),  # length of the first record
        ("shp", 104, struct.pack(">i", -8)),
        ("shp", 108, struct.pack("<i", 77)),  # its kind
        ("shp", 144, struct.pack("<i", 2_000_000_000)),  # parts
        ("shp", 144, struct.pack("<i", -1)),
        ("shp", 148, struct.pack("<i", 2_000_000_000)),  # points
        ("shp", 148, struct.pack("<i", -2_000_000_000)),
        ("shp", 152, struct.pack("<i", 4)),  # where the first part begins
        ("shp", 156, struct.pack("<d", float("nan"))),
    ],
)
def test_numbers_that_promise_more_than_is_there_are_not_believed(part, place, value):
    parts = _polygons([RING])
    damaged = bytearray(parts[part])
    damaged[place : place + len(value)] = value
    content = _zip({"shp": parts["shp"], "dbf": parts["dbf"], part: bytes(damaged)})
    with pytest.raises(HazardError) as caught:
        read_boundaries(content, "a.zip")
    assert caught.value.code in ("shapefile-damaged", "no-polygons")
    assert "a.zip" in str(caught.value)


@given(st.data())
def test_any_damage_is_a_layer_or_a_sentence(data):
    parts = {ending: bytearray(part) for ending, part in _polygons([RING, HOLE], [RING]).items()}
    for _ in range(data.draw(st.integers(1, 5))):
        part = parts[data.draw(st.sampled_from(sorted(parts)))]
        part[data.draw(st.integers(0, len(part) - 1))] = data.draw(st.integers(0, 255))
    content = _zip({ending: bytes(part) for ending, part in parts.items()})
    try:
        cells = read_boundaries(content, "a.zip")
    except HazardError as error:
        sentence = str(error)
    else:
        sentence = f"a.zip: {len(cells.frame) / len(cells.frame)}"
    assert "a.zip" in sentence
