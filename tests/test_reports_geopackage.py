"""Our own GeoPackages, read back by GDAL and by the project's reader."""

import datetime as dt
import sqlite3

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from data.geofiles import read_boundaries, read_points
from reports.geopackage import MULTIPOLYGON, POINT, Layer, write_geopackage

CHANGED = dt.datetime(2026, 9, 30, 23, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
SQUARES = np.array(
    [
        shapely.box(111.2, 33.6, 111.3, 33.7),
        shapely.MultiPolygon([shapely.box(111.3, 33.6, 111.4, 33.7), shapely.box(0, 0, 1, 2)]),
    ],
    dtype=object,
)
HOSTILE = ["'; DROP TABLE cells; --", '青石2网格 "=1+1" <b>\U0001f6a7']
ROWS = pd.DataFrame(
    {
        "name": HOSTILE,
        "events": np.array([3, 2**53], dtype=np.int64),
        "ratio": [np.inf, 0.1],
        "p": [np.nan, 5e-324],
        "hot": [True, False],
        "day": [dt.date(2024, 2, 29), None],
        "by": [None, "cell"],
    }
)


@pytest.fixture
def book():
    layers = [
        Layer("cells", "Cells", ROWS, MULTIPOLYGON, SQUARES),
        Layer("sites", "Sites", ROWS[["name"]], POINT, shapely.points([[111.25, 33.65], [111.35, 33.65]])),
        Layer("nothing", "No place", ROWS[["name"]].head(0), MULTIPOLYGON, SQUARES[:0]),
        Layer("about", "What it is", pd.DataFrame({"name": ["期间"], "value": ["2024"]})),
    ]
    return write_geopackage(layers, changed=CHANGED)


def test_gdal_reads_every_layer_with_its_places_numbers_and_gaps(book, tmp_path):
    file = tmp_path / "a.gpkg"
    file.write_bytes(book)
    assert dict(pyogrio.list_layers(file)) == {
        "cells": "MultiPolygon", "sites": "Point", "nothing": "MultiPolygon", "about": None,
    }  # fmt: skip
    cells = pyogrio.read_dataframe(file, layer="cells")
    assert cells.crs.to_epsg() == 4326
    assert cells.geometry.iloc[0].equals(SQUARES[0])
    assert cells.geometry.iloc[1].equals(SQUARES[1])
    assert cells["name"].tolist() == HOSTILE
    assert cells["events"].tolist() == [3, 2**53]
    assert cells["ratio"].isna().tolist() == [True, False]
    assert cells["p"].tolist()[1] == 5e-324
    assert cells["hot"].tolist() == [True, False]
    assert cells["hot"].dtype == bool
    assert str(cells["day"].iloc[0])[:10] == "2024-02-29"
    assert cells["day"].isna().tolist() == [False, True]
    assert pyogrio.read_dataframe(file, layer="sites").geometry.x.tolist() == [111.25, 111.35]
    assert len(pyogrio.read_dataframe(file, layer="nothing")) == 0
    assert pyogrio.read_dataframe(file, layer="about").to_dict("list") == {"name": ["期间"], "value": ["2024"]}
    # the box of a layer, from the head of its geometries, is that of the shapes: QGIS zooms by it
    assert pyogrio.read_info(file, layer="cells", force_total_bounds=True)["total_bounds"] == (0, 0, 111.4, 33.7)


def test_the_projects_own_reader_takes_it_back(book):
    cells = read_boundaries(book, "a.gpkg", layer="cells")
    assert cells.crs == "EPSG:4326"
    assert cells.frame["name"].tolist() == HOSTILE
    assert [one.equals(two) for one, two in zip(cells.frame.geometry, SQUARES, strict=True)] == [True, True]
    assert read_points(book, "a.gpkg", layer="sites").frame.iloc[:, -2].tolist() == ["111.25", "111.35"]


def test_it_is_a_geopackage_by_its_mark_sound_and_the_same_each_time(book, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert book[:16] == b"SQLite format 3\0"
    assert book[68:72] == b"GPKG"  # OGC 12-128r18, requirement 2
    assert int.from_bytes(book[60:64]) == 10300
    database = sqlite3.connect(":memory:")
    database.deserialize(book)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall() == [
        ("2026-09-30T15:00:00.000Z",)
    ]
    database.close()
    layer = Layer("cells", "Cells", ROWS, MULTIPOLYGON, SQUARES)
    assert write_geopackage([layer], changed=CHANGED) == write_geopackage([layer], changed=CHANGED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_no_database_holds_is_made_such(text):
    content = write_geopackage([Layer("about", "", pd.DataFrame({"a": [text]}))], changed=CHANGED)
    database = sqlite3.connect(":memory:")
    database.deserialize(content)
    assert database.execute("SELECT a FROM about").fetchone() in [("ab",), ("?",)]
    database.close()
