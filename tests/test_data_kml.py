"""KML and KMZ: placemarks with what is said of them, no link followed, every other XML one sentence."""

import pytest
import shapely
from geo_examples import packed

from base.errors import HazardError
from data.geofiles import read_boundaries, read_points

RING = "113.0,33.0,0 113.1,33.0,0 113.1,33.1,0 113.0,33.1,0 113.0,33.0,0"
HOLE = "113.02,33.02 113.04,33.02 113.04,33.04 113.02,33.02"


def _polygon(*rings: str) -> str:
    sides = ("outer", *["inner"] * (len(rings) - 1))
    return "<Polygon>" + "".join(
        f"<{side}BoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></{side}BoundaryIs>"
        for side, ring in zip(sides, rings, strict=True)
    ) + "</Polygon>"  # fmt: skip


def _kml(body: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return f'{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>全部</name>{body}</Document></kml>'


def _placemark(inner: str) -> str:
    return f"<Placemark>{inner}</Placemark>"


def test_a_placemark_brings_its_names_its_data_and_its_folders():
    body = "<Folder><name>示例街道</name><Folder><name>一组</name>" + _placemark(
        "<name>网格 1</name><description><![CDATA[<b>积水</b>]]></description><styleUrl>#a</styleUrl>"
        '<ExtendedData><Data name="code"><displayName>x</displayName><value>007</value></Data>'
        '<SchemaData schemaUrl="http://127.0.0.1:9/s"><SimpleData name="户数">120</SimpleData></SchemaData>'
        "</ExtendedData>" + _polygon(RING, HOLE)
    ) + "</Folder>" + _placemark("<name>2</name>" + _polygon(RING)) + "</Folder>"  # fmt: skip
    cells = read_boundaries(_kml(body).encode(), "grid.kml")
    assert (cells.kind, cells.crs, cells.crs_hint) == ("KML", None, "wgs84")
    records = cells.frame.drop(columns="geometry").to_dict("records")
    assert records == [
        {
            "name": "网格 1",
            "description": "<b>积水</b>",
            "code": "007",
            "户数": "120",
            "folder": "示例街道/一组",
            "row": 1,
        },
        {"name": "2", "description": "", "code": "", "户数": "", "folder": "示例街道", "row": 2},
    ]
    assert [len(shape.interiors) for shape in cells.frame.geometry] == [1, 0]
    assert not cells.frame.geometry.has_z.any()


def test_several_polygons_of_a_placemark_are_one_and_a_mixture_is_refused():
    other = RING.replace("113.", "114.")
    body = (
        _placemark(f"<MultiGeometry>{_polygon(RING)}<MultiGeometry>{_polygon(other)}</MultiGeometry></MultiGeometry>")
        + _placemark(f"<MultiGeometry>{_polygon(RING)}<Point><coordinates>1,2</coordinates></Point></MultiGeometry>")
        + _placemark("<LineString><coordinates>1,2 3,4</coordinates></LineString>")
        + _placemark("<name>nothing</name>")
        + _placemark(_polygon("113.0,33.0 113.1,33.0 113.1,33.1 113.0,33.1"))
        + _placemark(_polygon("113.0,33.0 113.1,x 113.1,33.1 113.0,33.1"))
    )
    cells = read_boundaries(_kml(body).encode(), "grid.kml")
    (shape,) = cells.frame.geometry
    assert isinstance(shape, shapely.MultiPolygon)
    assert cells.rejected[["row", "value", "reason"]].to_numpy().tolist() == [
        [2, "MultiGeometry", "not-a-polygon"],
        [3, "LineString", "not-a-polygon"],
        [4, "", "geometry-missing"],
        [5, "113 33 … 113 33.1", "ring-not-closed"],
        [6, "113.0,33.0 113.1,x 113.1,33.1 113.0,33.1", "coordinates-unreadable"],
    ]


def test_points_are_a_table_with_their_times():
    body = _placemark(
        "<name>井盖</name><TimeStamp><when>2024-07-15T08:12:00+08:00</when></TimeStamp>"
        "<Point><coordinates> 113.25, 33.5, 12 </coordinates></Point>"
    ) + _placemark("<name>?</name><Point><coordinates/></Point>")  # fmt: skip
    table = read_points(_kml(body).encode(), "points.kml")
    assert table.headers == ["name", "when", "geometry x", "geometry y"]
    assert table.frame.to_numpy().tolist() == [
        ["井盖", "2024-07-15T08:12:00+08:00", "113.25", "33.5"],
        ["?", "", "", ""],
    ]
    assert (table.kind, table.crs) == ("KML", None)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb2312", "big5", "utf-16"])
def test_declared_encodings_are_read_though_the_parser_knows_none_of_them(encoding):
    text = _kml(_placemark("<name>中山路</name>" + _polygon(RING)), f'<?xml version="1.0" encoding="{encoding}"?>')
    assert list(read_boundaries(text.encode(encoding), "grid.kml").frame["name"]) == ["中山路"]


def test_a_kmz_is_read_from_its_main_document():
    document = _kml(_placemark("<name>a</name>" + _polygon(RING)) + "<NetworkLink/>").encode()
    content = packed({"files/other.kml": b"<kml/>", "doc.kml": document, "files/icon.png": b"x"})
    assert list(read_boundaries(content, "grid.kmz").frame["name"]) == ["a"]


def test_a_link_is_not_followed():
    body = "<NetworkLink><Link><href>http://127.0.0.1:9/x.kml</href></Link></NetworkLink>"
    with pytest.raises(HazardError) as caught:
        read_boundaries(_kml(body).encode(), "grid.kml")
    assert caught.value.code == "no-polygons"


BILLION = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('<!DOCTYPE kml [<!ENTITY a0 "ha">' + BILLION + "]><kml><name>&a9;</name></kml>", "not-a-boundary"),
        ('<?xml version="1.0"?><!DOCTYPE kml SYSTEM "file:///etc/hostname"><kml/>', "not-a-boundary"),
        ('<?xml version="1.0"?><OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>', "not-a-boundary"),
        ("<OGRVRTDataSource/>", "not-a-boundary"),
        ("<!-- a note --><gml:FeatureCollection xmlns:gml='g'/>", "not-a-boundary"),
        ("<?xml version='1.0'?><gpx version='1.1'/>", "not-a-boundary"),
        ("<?xml version='1.0'?><OGRWFSDataSource><URL>http://127.0.0.1:9</URL></OGRWFSDataSource>", "not-a-boundary"),
        ("<?xml version='1.0'?><kml><Document>", "kml-broken"),
        ("<kml>" + "<Folder>" * 200, "kml-broken"),
        ("<kml><Placemark><name>&nothing;</name></Placemark></kml>", "kml-broken"),
        ("<kml><Document/></kml>", "no-polygons"),
    ],
)
def test_what_is_no_kml_is_one_clear_sentence(content, code):
    with pytest.raises(HazardError, match=r"grid\.kml") as caught:
        read_boundaries(content.encode(), "grid.kml")
    assert caught.value.code == code
