"""Coordinates as a file has them: the axes the other way round, and degrees that are exchanged without a sign of it."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from stored import boundary

from base.errors import HazardError
from base.text import Words
from data.levels import load_cells
from data.loading import import_incidents
from data.places import find_systems, read_places
from data.store import Workspace
from reports import intake

TITLES = {"lon": "X", "lat": "Y"}


def read(lon, lat, crs):
    text = pd.DataFrame({"lon": lon, "lat": lat}, dtype=str)
    return read_places(text, np.ones(len(text), dtype=bool), crs=crs, titles=TITLES)


def test_columns_the_other_way_round_are_read_as_the_system_says():
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True).transform([113.2, 113.3], [33.7, 33.8])
    lon, lat, faults = read([f"{v:.3f}" for v in y], [f"{v:.3f}" for v in x], "EPSG:4547 (y, x)")
    assert lon == pytest.approx([113.2, 113.3], abs=1e-7)
    assert lat == pytest.approx([33.7, 33.8], abs=1e-7)
    assert not any(rows.any() for rows, _, _ in faults)


def test_the_systems_of_a_file_are_found_from_its_text_and_left_to_people_where_counts_cannot_tell():
    cells = gpd.GeoDataFrame(geometry=[shapely.box(113.15, 33.65, 113.25, 33.75)], crs="EPSG:4326")
    text = pd.DataFrame({"lon": ["113.2", "１１３.21", ""], "lat": ["33.7", "33.71", "33.7"]})
    found = find_systems(text, cells)
    assert {fit.label: (fit.inside, fit.n) for fit in found} == dict.fromkeys(("wgs84", "gcj02", "bd09"), (2, 2))
    english = intake.fit_sentence(found, Words("en"))
    assert english.startswith(
        "“WGS 84: GPS, most open data” (2), “GCJ-02: AMap, Tencent” (2), “BD-09: Baidu” (2) bring about as"
    )
    assert len(intake.fit_rows(found, Words("zh"))) == 3
    swapped = find_systems(text.rename(columns={"lon": "lat", "lat": "lon"}), cells)
    alone = [fit for fit in swapped if fit.label == "wgs84 (y, x)"]
    assert "Read as WGS 84: GPS, most open data, the two columns exchanged, 2 of 2 points" in intake.fit_sentence(
        alone, Words("en")
    )
    assert "No usual coordinate system" in intake.fit_sentence([], Words("en"))


def test_a_row_that_is_not_exchanged_in_a_file_that_is_stands_out():
    lat_first = ["33.7", "33.71", "33.72", "113.2", "x"]
    lon_second = ["113.2", "113.21", "113.22", "33.7", "113.2"]
    lon, _, faults = read(lat_first, lon_second, "wgs84 (y, x)")
    assert lon[:3].tolist() == [113.2, 113.21, 113.22]
    found = [(int(np.flatnonzero(rows)[0]), reason, field) for rows, reason, field in faults if rows.any()]
    assert (3, "lon-lat-swapped", "lon") in found
    assert (4, "lon-lat-unreadable", "lon") in found


def test_exchanged_degrees_within_the_range_of_both_are_found_by_the_boundary(tmp_path):
    # Longitude and latitude of this place are both below 90, so that no single value shows that they are exchanged
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("ABCD", x=-71.1, y=42.3), "cells.geojson", level="grid", who="t")
    content = b"id,lon,lat\n1,42.305,-71.095\n2,42.315,-71.085\n"
    with pytest.raises(HazardError) as refusal:
        import_incidents(workspace, content, "cases.csv", who="t")
    assert refusal.value.code == "far-from-boundary"
    assert refusal.value.facts["fits"] == [("wgs84 (y, x)", 2), ("gcj02 (y, x)", 2), ("bd09 (y, x)", 2)]
    answer = import_incidents(workspace, content, "cases.csv", crs="wgs84 (y, x)", who="t")
    assert answer["levels"]["grid"]["inside"] == 2


def test_a_boundary_with_north_first_is_read_too(tmp_path):
    workspace = Workspace(tmp_path)
    content = json.loads(boundary("AB"))
    metres = Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True)
    for feature in content["features"]:
        ring = [metres.transform(*point)[::-1] for point in feature["geometry"]["coordinates"][0]]
        feature["geometry"]["coordinates"] = [ring]
    load_cells(workspace, json.dumps(content).encode(), "c.geojson", level="grid", crs="EPSG:4547 (y, x)", who="t")
    assert workspace.newest().cells("grid").total_bounds == pytest.approx([113.0, 33.0, 113.02, 33.01], abs=1e-6)
