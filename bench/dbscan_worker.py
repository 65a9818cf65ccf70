"""One way to find dense groups in a process of its own: for each line on standard input it groups all events.

Started by bench/dbscan.py: `-m bench.dbscan_worker WAY FOLDER`. The folder holds x.npy, y.npy (metres) and day.npy,
sorted by x, y and day: then scikit-learn gives border events to the group that our rule gives them to, the one with the
first core. Each answer is a line of JSON: seconds, cpu, groups, and a digest of the group of each event, numbered by
their first events.
"""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import worker


def ours(x: np.ndarray, y: np.ndarray, day: np.ndarray, radius: float, least: int, days: float | None) -> np.ndarray:
    """Return our groups: the whole answer, each group described."""
    from analysis.clusters import find_clusters

    times = np.datetime64("2025-01-01T00:00:00") + (day * 86_400).astype("timedelta64[s]")
    rule = {"radius_m": radius, "min_members": least, "radius_days": days}
    return find_clusters(x, y, times, pd.Categorical.from_codes(np.zeros(len(x), int), ["wet"]), **rule)[0]


def peer(x: np.ndarray, y: np.ndarray, day: np.ndarray, radius: float, least: int, days: float | None) -> np.ndarray:
    """Return scikit-learn's groups: the labels alone. It has no second radius: its kd-tree's pairs are cut by days."""
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    places = np.column_stack([x, y])
    if days is None:
        return DBSCAN(eps=radius, min_samples=least, algorithm="kd_tree").fit_predict(places)
    tree = NearestNeighbors(radius=radius, algorithm="kd_tree").fit(places)
    near = tree.radius_neighbors_graph(mode="connectivity").tocoo()
    both = np.abs(day[near.row] - day[near.col]) <= days
    near.row, near.col, near.data = near.row[both], near.col[both], near.data[both]
    return DBSCAN(eps=1, min_samples=least, metric="precomputed").fit_predict(near.tocsr())


WAYS: dict[str, tuple[str, Callable[..., np.ndarray]]] = {
    "find_clusters": ("numpy", ours),
    "kd-tree DBSCAN": ("scikit-learn", peer),
}


def describe(labels: np.ndarray) -> dict[str, Any]:
    """Return the number of groups and the digest of the labels, numbered as they first occur."""
    numbered = np.full(len(labels), -1, dtype=np.int64)
    member = labels >= 0
    numbered[member] = pd.factorize(labels[member])[0]
    return {"groups": int(numbered.max(initial=-1)) + 1, "digest": hashlib.sha256(numbered.tobytes()).hexdigest()}


def main() -> None:
    """Group all events once for every line that comes, and say what it cost."""
    folder = Path(sys.argv[2])
    x, y, day = (np.load(folder / f"{name}.npy") for name in ("x", "y", "day"))
    library, run = WAYS[sys.argv[1]]
    run(x[:1000], y[:1000], day[:1000], 100.0, 4, None)  # libraries are loaded before anything is charged
    worker.serve(library, lambda **rule: (lambda: run(x, y, day, **rule), describe))


if __name__ == "__main__":
    main()
