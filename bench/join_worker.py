"""One way to join points and polygons in a process of its own: for each line on standard input it joins them all.

Started by bench/join.py, with the Python that has the way's library: `-m bench.join_worker WAY FOLDER`. The folder
holds x.npy, y.npy, points.parquet (id, x, y) and cells.parquet (position, wkb). Each answer is a line of JSON: seconds
(index included), cpu (user and system), digest of the positions.
"""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import worker

FOLDER = Path()
QUERY = """
    SELECT p.id, c.position FROM (SELECT id, ST_Point(x, y) AS geom FROM {points}) p
    JOIN (SELECT position, ST_GeomFromWKB(wkb) AS geom FROM {cells}) c ON ST_Intersects(p.geom, c.geom)
    """


def lowest(point: Any, position: Any, n: int) -> np.ndarray:
    """Return the lowest position that each of n points is paired with, -1 where there is none."""
    found = np.full(n, np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(found, np.asarray(point), np.asarray(position, dtype=np.int32))
    found[found == np.iinfo(np.int32).max] = -1
    return found


def read_arrays() -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of the points, touched, so that no join waits for the disk."""
    return np.load(FOLDER / "x.npy") + 0.0, np.load(FOLDER / "y.npy") + 0.0


def read_outlines() -> np.ndarray:
    """Return the polygons, as they come from a file: nobody has prepared anything."""
    import shapely

    return shapely.from_wkb(pq.read_table(FOLDER / "cells.parquet")["wkb"].to_numpy(zero_copy_only=False))


def ours(*, parquet: bool) -> Callable[[], np.ndarray]:
    """Return our join, from arrays or with the read of the Parquet."""
    import geopandas as gpd

    from geo import join

    x, y = read_arrays() if not parquet else (None, None)
    read_outlines()  # once: what the reader keeps for itself is no part of a join

    def run() -> np.ndarray:
        join._kept.clear()  # the lattice is part of the price
        cells = gpd.GeoDataFrame(geometry=read_outlines())
        points = pq.read_table(FOLDER / "points.parquet", columns=["x", "y"]) if parquet else None
        if points is None:
            return join.assign_cells(x, y, cells)
        return join.assign_cells(points["x"].to_numpy(), points["y"].to_numpy(), cells)

    return run


def geopandas_sjoin() -> Callable[[], np.ndarray]:
    """Return geopandas' join, from arrays."""
    import geopandas as gpd

    x, y = read_arrays()

    def run() -> np.ndarray:
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y))
        pairs = gpd.sjoin(points, gpd.GeoDataFrame(geometry=read_outlines()), predicate="intersects")
        return lowest(pairs.index, pairs["index_right"], len(x))

    return run


def sedona(library: str) -> Callable[[], np.ndarray]:
    """Return SedonaDB's join with one of its libraries for the exact test; it reads the Parquet itself."""
    import sedonadb

    session = sedonadb.connect()
    session.sql(f"SET sedona.spatial_join.spatial_library = '{library}'").execute()
    for name in ("points", "cells"):
        session.read_parquet(str(FOLDER / f"{name}.parquet")).to_view(name)
    n = pq.read_metadata(FOLDER / "points.parquet").num_rows

    def run() -> np.ndarray:
        pairs = pa.table(session.sql(QUERY.format(points="points", cells="cells")))
        return lowest(pairs["id"], pairs["position"], n)

    return run


def duckdb_spatial() -> Callable[[], np.ndarray]:
    """Return the join of DuckDB's spatial extension; it reads the Parquet itself."""
    import duckdb
    import duckdb_extension_spatial

    connection = duckdb.connect(config={"allow_unsigned_extensions": "false"})
    (extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
    connection.execute(f"LOAD '{extension}'")
    n = pq.read_metadata(FOLDER / "points.parquet").num_rows
    files = {name: f"read_parquet('{FOLDER / name}.parquet')" for name in ("points", "cells")}

    def run() -> np.ndarray:
        pairs = connection.execute(QUERY.format(**files)).to_arrow_table()
        return lowest(pairs["id"], pairs["position"], n)

    return run


WAYS: dict[str, tuple[str, Callable[[], Callable[[], np.ndarray]]]] = {  # library, and what makes it ready
    "assign_cells": ("shapely", lambda: ours(parquet=False)),
    "assign_cells + Parquet": ("shapely", lambda: ours(parquet=True)),
    "geopandas": ("geopandas", geopandas_sjoin),
    "SedonaDB tg": ("sedonadb", lambda: sedona("tg")),
    "SedonaDB geo": ("sedonadb", lambda: sedona("geo")),
    "DuckDB spatial": ("duckdb-extension-spatial", duckdb_spatial),
}


def main() -> None:
    """Join once for every line that comes, and say what it cost."""
    global FOLDER
    FOLDER = Path(sys.argv[2])
    library, ready = WAYS[sys.argv[1]]
    run = ready()

    def digest(found: np.ndarray) -> dict[str, str]:
        return {"digest": hashlib.sha256(np.ascontiguousarray(found, dtype=np.int32)).hexdigest()}

    worker.serve(library, lambda: (run, digest))


if __name__ == "__main__":
    main()
