"""An invented city for the map: 20 streets, 200 communities, 10,000 grids and 100,000 reports, as a workspace.

Cells share wavy edges of many vertices, as surveyed ones do. The timing of outlines: `python -m bench.map_city`;
the workspace, to look at in a browser: `python -m bench.map_city FOLDER`.
"""

import json
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from bench.measuring import Lines, parser
from data.levels import load_cells
from data.loading import import_incidents
from data.store import Workspace
from geo import outlines
from geo.maps import MapLevel

SIDE = 0.0025  # degrees: grids of some 250 m
WEST, SOUTH = 114.0, 30.0
BENDS = 12  # vertices an edge
TYPES = ("道路积水", "井盖下沉", "围墙倾斜")


def build_grids(columns: int, rows: int, seed: int = 7) -> NDArray[np.object_]:
    """Return cells row by row from the south-west, each edge one wavy line that both its neighbours share."""
    chance = np.random.default_rng(seed)
    nodes = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1).astype(float)
    nodes += chance.uniform(-0.2, 0.2, nodes.shape)

    def edges(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
        along = np.linspace(0, 1, BENDS, endpoint=False)[:, None]
        lines = start[..., None, :] * (1 - along) + end[..., None, :] * along
        lines[..., 1:, :] += chance.normal(0, 0.005, lines[..., 1:, :].shape)
        return lines

    across, up = edges(nodes[:, :-1], nodes[:, 1:]), edges(nodes[:-1], nodes[1:])

    def back(line: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.vstack([end, line[:0:-1]])

    rings = [
        np.vstack(
            [
                across[y, x], up[y, x + 1],
                back(across[y + 1, x], nodes[y + 1, x + 1]), back(up[y, x], nodes[y + 1, x]),
            ]
        )
        for y in range(rows) for x in range(columns)
    ]  # fmt: skip
    return np.array([shapely.Polygon(ring * SIDE + [WEST, SOUTH]) for ring in rings])


def build_levels() -> dict[str, pd.DataFrame]:
    """Return street, community and grid: code, name, parent, shape. A community is 10 x 5 grids, a street 20 x 25."""
    x, y = np.meshgrid(np.arange(100), np.arange(100))
    street, community = ((y // 25) * 5 + x // 20).ravel(), ((y // 5) * 10 + x // 10).ravel()
    shapes = build_grids(100, 100)
    grid = pd.DataFrame({"street": street, "community": community, "shape": shapes})
    frames = {}
    for level, name, above in (("street", "街道", None), ("community", "社区", "street")):
        groups = grid.groupby(level)
        frames[level] = pd.DataFrame(
            {
                "code": [f"{level[0].upper()}{n:04d}" for n in groups.groups],
                "name": [f"示例第{n + 1}{name}" for n in groups.groups],
                "parent": [f"S{n:04d}" for n in groups[above].first()] if above else "",
                "shape": [shapely.coverage_union_all(part.to_numpy()) for _, part in groups["shape"]],
            }
        )
    frames["grid"] = pd.DataFrame(
        {
            "code": [f"G{n:05d}" for n in range(len(grid))],
            "name": [
                f"示例{c + 1}社区第{n + 1}网格"
                for c, n in zip(community, grid.groupby("community").cumcount(), strict=True)
            ],
            "parent": [f"C{n:04d}" for n in community],
            "shape": shapes,
        }
    )
    return frames


def geojson(frame: pd.DataFrame) -> bytes:
    """Return a level as a GeoJSON file."""
    features = [
        {
            "type": "Feature",
            "properties": {"cell_id": row.code, "name": row.name_, "parent": row.parent},
            "geometry": json.loads(shapely.to_geojson(row.shape)),
        }
        for row in frame.rename(columns={"name": "name_"}).itertuples()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def build_reports(n: int, seed: int = 8) -> bytes:
    """Return a CSV of `n` invented reports of three years, a third of them around forty places."""
    chance = np.random.default_rng(seed)
    place = chance.uniform(0, 100, (n, 2))
    centres = chance.uniform(5, 95, (40, 2))
    near = chance.random(n) < 1 / 3
    place[near] = centres[chance.integers(0, 40, near.sum())] + chance.normal(0, 1.5, (near.sum(), 2))
    opened = np.datetime64("2023-01-01T00:00:00") + chance.integers(0, 3 * 365 * 86400, n).astype("timedelta64[s]")
    closed = opened + chance.exponential(2 * 86400, n).astype("timedelta64[s]")
    table = pd.DataFrame(
        {
            "案卷号": [f"SL{number:08d}" for number in range(n)],
            "上报时间": np.char.replace(np.datetime_as_string(opened), "T", " "),
            "结案时间": np.char.replace(np.datetime_as_string(closed), "T", " "),
            "小类名称": np.array(TYPES)[chance.integers(0, len(TYPES), n)],
            "经度": np.char.mod("%.6f", WEST + SIDE * place[:, 0]),
            "纬度": np.char.mod("%.6f", SOUTH + SIDE * place[:, 1]),
        }
    )
    return table.to_csv(index=False).encode()


def make(folder: Path, reports: int = 100_000) -> None:
    """Write the workspace."""
    workspace = Workspace(folder)
    for level, frame in build_levels().items():
        load_cells(workspace, geojson(frame), f"{level}.geojson", level=level, crs="wgs84", who="bench")
    import_incidents(workspace, build_reports(reports), "reports.csv", crs="wgs84", who="bench")


def measure(lines: Lines) -> None:
    """Print seconds and bytes of the outlines of 300, 2,000 and 10,000 cells, and of one community of the city."""
    print("cells  vertices  simplify s  encode s  raw kB  gzip kB  GeoJSON kB")
    for columns, rows in ((20, 15), (50, 40), (100, 100)):
        shapes = build_grids(columns, rows)
        began = time.perf_counter()
        simple = outlines.simplified(shapes, outlines.tolerance_m(shapes))
        middle = time.perf_counter()
        parts = [simple] if columns < 100 else [simple, simple[:50]]
        for part in parts:
            start = time.perf_counter()
            with tempfile.TemporaryDirectory() as scratch:
                names = [str(n) for n in range(len(part))]
                key = outlines.publish_cells([MapLevel("grid", part, names, names)], folder=Path(scratch))
                content = (Path(scratch) / "cells" / f"{key}.js").read_bytes()
            seconds = time.perf_counter() - start
            whole = len(shapely.to_geojson(shapely.GeometryCollection(list(shapes[: len(part)]))))
            vertices = int(shapely.get_num_coordinates(shapes[: len(part)]).sum())
            simplify = middle - began
            sizes = [len(content) / 1e3, len(zlib.compress(content)) / 1e3, whole / 1e3]
            print(
                f"{len(part):6,} {vertices:9,} {simplify:11.2f} {seconds:9.2f} "
                f"{sizes[0]:7.0f} {sizes[1]:8.0f} {sizes[2]:11.0f}"
            )
            lines.add(
                cells=len(part), vertices=vertices, simplify_s=simplify, encode_s=seconds, raw_gzip_geojson_kb=sizes
            )


def main() -> None:
    """Measure, or write the workspace."""
    options = parser(__doc__)
    options.add_argument("folder", type=Path, nargs="?", help="write the workspace here instead")
    asked = options.parse_args()
    make(asked.folder) if asked.folder else measure(Lines("map_city", asked.json))


if __name__ == "__main__":
    main()
