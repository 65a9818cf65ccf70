"""WKB and WKT: what GEOS itself would say, and what would end the process never reaches it."""

import struct

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data.shapes import shapes_of_text, shapes_of_wkb, srid_of

BOX = shapely.box(1, 2, 3, 4, ccw=False)
SHAPES = [
    shapely.Point(1.5, -2),
    shapely.MultiPoint([(1, 2), (3, 4)]),
    BOX,
    shapely.Polygon(BOX.exterior, [shapely.box(1.5, 2.5, 2, 3).exterior]),
    shapely.MultiPolygon([BOX, shapely.box(5, 5, 6, 6)]),
]


@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_flat_geometries_of_every_flavour_come_back_in_two_dimensions(flavor, order, dimensions):
    given_ = [shapely.force_3d(shape, 9.0) if dimensions == 3 else shape for shape in SHAPES]
    if flavor == "extended":
        given_ = [shapely.set_srid(shape, 4547) for shape in given_]
    blobs = [
        shapely.to_wkb(shape, byte_order=order, flavor=flavor, include_srid=flavor == "extended") for shape in given_
    ]
    shapes, refused = shapes_of_wkb(blobs)
    assert not refused
    assert [found.equals_exact(shape) for found, shape in zip(shapes, SHAPES, strict=True)] == [True] * len(SHAPES)
    assert not shapely.has_z(shapes).any()


def test_a_nest_of_a_million_collections_costs_a_reason_and_not_the_process():
    nested = [
        b"".join(struct.pack("<BII", 1, kind, 1) for _ in range(1_000_000)) + struct.pack("<BII", 1, 3, 0)
        for kind in (6, 4, 7)  # each of them ends a process that gives it to GEOS 3.13
    ]
    shapes, refused = shapes_of_wkb(nested)
    assert list(shapes) == [None, None, None]
    assert [one.args for one in refused.values()] == [
        ("", "coordinates-unreadable"), ("", "coordinates-unreadable"), ("GeometryCollection", None),
    ]  # fmt: skip


def test_texts_and_hexadecimal_digits_are_geometries_too():
    hexadecimal = shapely.to_wkb(shapely.set_srid(BOX, 4547), hex=True, include_srid=True)
    texts = [
        BOX.wkt,
        f" SRID=4547;{BOX.wkt.lower()}",
        hexadecimal,
        "",
        "CIRCULARSTRING (0 0, 1 1, 2 0)",
        "POLYGON ((0 0, 1 1",
        "POLYGON ((0 0, 1 0, 1 1, 0 1))",
        "113.1,33.2;113.2,33.3",
        "GEOMETRYCOLLECTION(" * 100_000,
        "POLYGON Z ((1 2 9, 1 4 9, 3 4 9, 3 2 9, 1 2 9))",
    ]
    shapes, refused = shapes_of_text(texts)
    assert [bool(shape and shape.equals(BOX)) for shape in shapes[[0, 1, 2, 9]]] == [True] * 4
    assert {place: one.args[1] for place, one in refused.items()} == {
        3: "geometry-missing",
        4: None,
        5: "coordinates-unreadable",
        6: "ring-not-closed",
        7: "coordinates-unreadable",
        8: None,
    }
    assert [srid_of(text) for text in texts[:2]] == [None, "4547"]


@given(st.sampled_from(SHAPES), st.data())
def test_damaged_bytes_give_a_geometry_or_a_reason(shape, data):
    blob = bytearray(shapely.to_wkb(shape))
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    blob = blob[: data.draw(st.integers(0, len(blob)))]
    shapes, refused = shapes_of_wkb([bytes(blob), None, shapely.to_wkb(BOX)])
    assert (shapes[0] is None) == (0 in refused)
    assert shapes[0] is None or np.isfinite(shapely.get_coordinates(shapes[0])).all()
    assert shapes[2].equals(BOX)
