"""Small made-up stores for tests: rows as the tables take them, without a file behind them."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from data.levels import load_cells
from data.merging import KEY, compare, replace
from data.placing import place
from data.schema import ImportRecord
from data.store import Workspace
from data.tables import TABLES

ZONE = "Asia/Shanghai"
SCHEMA = TABLES["incidents"].schema


def boundary(ids, *, x=113.0, y=33.0, step=0.01, columns=2, parents=None, households=None) -> bytes:
    """GeoJSON of square cells of `step` degrees, side by side from the south-west, row by row."""
    features = []
    for n, cell_id in enumerate(ids):
        west, south = x + step * (n % columns), y + step * (n // columns)
        ring = [(west, south), (west + step, south), (west + step, south + step), (west, south + step), (west, south)]
        properties = {"cell_id": cell_id, "name": f"grid {cell_id}"}
        if parents:
            properties["parent"] = parents[n]
        if households:
            properties["households"] = households
        features.append(
            {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def with_grids(path: Path) -> Workspace:
    """Four grids of 0.01 degrees around 113.01, 33.01: A and B of community W, C and D of community E."""
    shutil.copytree(_grids(), path, dirs_exist_ok=True)  # made once, copied for each test
    return Workspace(path)


@cache
def _grids() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    workspace = Workspace(folder)
    load_cells(workspace, boundary("WE", step=0.02), "communities.geojson", level="community", who="t")
    load_cells(workspace, boundary("ABCD", parents="WWEE"), "grids.geojson", level="grid", who="t")
    return folder


def rows(cases, *, import_id="i1", source="s") -> pa.Table:
    """Incidents from dicts of what matters: incident_id, reported_at (local text) ...; the rest is empty."""
    found = []
    for case in cases:
        case = {"row": 2 + len(found), **case}
        for name in ("reported_at", "dispatched_at", "handled_at", "closed_at", "due_at"):
            if isinstance(case.get(name), str):
                case[name] = pd.Timestamp(case[name], tz=ZONE).to_pydatetime()
        month = case["reported_at"].strftime("%Y-%m") if case.get("reported_at") else "none"
        blank = {name: "" for name in SCHEMA.names if SCHEMA.field(name).type == pa.string()}
        found.append({**blank, "hazard": "other", "source": source, "import_id": import_id, "month": month, **case})
    return pa.Table.from_pylist(found, schema=SCHEMA)


def store(
    workspace: Workspace,
    came: pa.Table,
    *,
    as_of="2026-01-31T18:00:00+08:00",
    import_id="i1",
    source="s",
    options=None,
):
    """Merge rows as an import does, and return the new version."""
    with workspace.change("import", who="t") as change:
        new, updated, touched, held = compare(change.before, came)
        fresh = place(pa.concat_tables([new, updated]), change.before, change.levels)
        replace(change, fresh, fresh.select(KEY).slice(0, 0), held)
        record = ImportRecord(
            import_id=import_id, source=source, file=f"{import_id}.csv", content_hash=import_id,
            options=options or {}, who="t",
            when=change.when, as_of=as_of, read=came.num_rows, accepted=fresh.num_rows, rejected=0,
            repeats=came.num_rows - fresh.num_rows, updated=updated.num_rows, levels={}, version=change.number,
            touches=tuple(touched),
        )  # fmt: skip
        change.imports = (*change.imports, record)
        return change.commit(accepted=fresh.num_rows)


def random_rows(n: int, *, seed: int, import_id="i1", first=0) -> pa.Table:
    """Cases over 14 months and a little more than the four grids, some without place, time, end or deadline."""
    chance = np.random.default_rng(seed)
    reported = pd.Timestamp("2024-12-01", tz=ZONE) + pd.to_timedelta(chance.integers(0, 420 * 1440, n), unit="min")
    hours = chance.integers(-1, 200, n)
    cases = []
    for k, (at, took) in enumerate(zip(reported, hours, strict=True)):
        case = {
            "incident_id": f"c{first + k}",
            "hazard": str(chance.choice(["waterlogging", "wall_risk", "other"])),
            "unit": str(chance.choice(["drains", "roads", ""])),
            "channel": str(chance.choice(["hotline", "patrol"])),
        }
        if chance.random() > 0.1:
            case |= {"reported_at": at.to_pydatetime()}
        if chance.random() > 0.3:
            case |= {"closed_at": (at + pd.Timedelta(hours=int(took))).to_pydatetime()}
        if chance.random() > 0.3:
            case |= {"due_at": (at + pd.Timedelta(hours=48)).to_pydatetime()}
        if chance.random() > 0.1:
            case |= {"lon": float(chance.uniform(112.998, 113.022)), "lat": float(chance.uniform(32.998, 33.022))}
        cases.append(case)
    return rows(cases, import_id=import_id)
