"""How far outside the boundary points lie, asked in DuckDB; few rows leave it."""

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from stored import boundary, rows, store, with_grids

from base.text import Words
from data import faraway, quality
from data.levels import load_cells
from data.store import Workspace
from reports import quality as report


def placed(path, points, cell=(113.0, 33.0, 0.02)):
    x, y, step = cell
    workspace = Workspace(path)
    load_cells(workspace, boundary("A", x=x, y=y, step=step), "a.geojson", level="grid", who="t")
    return store(workspace, rows([{"incident_id": f"p{n}", "lon": x, "lat": y} for n, (x, y) in enumerate(points)]))


def test_points_lie_as_far_from_the_box_as_degrees_are_long(tmp_path):
    # WGS 84: a degree of the meridian at 33 N is 110.9 km (33 to 34: 110.92), one of the equator 111.3195 km
    dataset = placed(tmp_path / "w", [(113.01, 33.01), (113.01, 34.02), (113.01, 32.0)])
    far = faraway.far_points(dataset)
    assert far["incident_id"].tolist() == ["p1", "p2"]
    assert far["km"].tolist() == pytest.approx([110.92, 110.90], abs=0.02)
    equator = placed(tmp_path / "e", [(2.0, 0.0)], cell=(0.0, -0.5, 1.0))
    assert faraway.far_points(equator)["km"].tolist() == pytest.approx([111.3195], abs=1e-4)


def test_kilometres_are_those_of_the_geodesic_that_pyproj_gives(tmp_path):
    chance = np.random.default_rng(5)
    lon, lat = 113.01 + chance.uniform(-90, 60, 200), 33.01 + chance.uniform(-90, 50, 200)
    far = faraway.far_points(placed(tmp_path, zip(lon, lat, strict=True)))
    at = far["incident_id"].str[1:].astype(int)
    x, y = lon[at], lat[at]
    metres = Geod(ellps="WGS84").inv(x, y, x.clip(113.0, 113.02), y.clip(33.0, 33.02))[2]
    assert len(far) > 150
    assert far["km"].to_numpy() == pytest.approx(metres / 1000, rel=2e-5)
    assert far["km"].is_monotonic_decreasing


def test_few_rows_leave_the_query_and_count_and_rows_still_tie(tmp_path, monkeypatch):
    cases = [{"incident_id": f"z{n}", "lon": 0.0, "lat": 0.0, "source": "a, b"} for n in range(30)]
    cases += [
        {"incident_id": "near", "lon": 113.03, "lat": 33.05},
        {"incident_id": "north", "lon": 113.01, "lat": 35.0},
    ]
    dataset = store(with_grids(tmp_path), rows(cases))
    came = []
    asked = type(dataset).query
    monkeypatch.setattr(
        type(dataset), "query", lambda *given, **frames: came.append(asked(*given, **frames)) or came[-1]
    )
    counts = faraway.far_counts(dataset)
    assert counts[["source", "n", "incident_id"]].to_numpy().tolist() == [["a, b", 30, "z0"], ["s", 1, "north"]]
    assert quality.quality_rows(dataset, "far-outside", limit=3)["incident_id"].tolist() == ["z0", "z1", "z10"]
    assert quality.quality_rows(dataset, "far-outside", "s")["incident_id"].tolist() == ["north"]
    assert max(table.num_rows for table in came) == 3
    monkeypatch.undo()
    assert len(quality.quality_rows(dataset, "far-outside", limit=None)) == 31
    said = report.quality_items(dataset, Words("en")).set_index("code")["sentence"]["far-outside"]
    assert said.startswith("31 of 32 incidents lie more than 5 km outside the boundary; the farthest is case z0, ")


def test_without_a_boundary_nothing_is_far_outside(tmp_path):
    dataset = store(Workspace(tmp_path), rows([{"incident_id": "a", "lon": 0.0, "lat": 0.0}]))
    found = quality.quality_rows(dataset, "far-outside")
    assert found.empty
    assert {"km", "why"} <= set(found)
    assert faraway.far_counts(dataset).empty
    assert faraway.explained(pd.DataFrame({"lon": [], "lat": []}), dataset).empty
