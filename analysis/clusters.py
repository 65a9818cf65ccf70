"""Point clusters: dense groups of events, whatever the cell borders.

A cluster is a description, not a claim. Dense groups also arise where many people live, and no chance is computed; what
is worse than chance is said by `analysis.hotspots` alone. Clusters are made of events, not calls: ten calls about one
puddle are one point (see `analysis.events`).
"""

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

_MOST_PAIRS = 100_000_000  # neighbours held at once: about 1 GB
COLUMNS = ("cluster_id", "members", "radius_m", "x_m", "y_m", "first", "last", "hazard", "share")


def find_clusters(
    x_m: ArrayLike,
    y_m: ArrayLike,
    times: pd.Series | NDArray[np.datetime64],
    hazard: ArrayLike,
    *,
    radius_m: float,
    min_members: int,
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the cluster of each event, and one row per cluster, largest first.

    Parameters
    ----------
    x_m, y_m : array_like, shape (n,)
        Places of events in metres (a projected system). NaN is no place and belongs to no cluster.
    times : array_like of times, shape (n,)
        Report times; a missing one is left out of first and last.
    hazard : array_like of str, shape (n,)
        Kinds; clusters are found over all of them together.
    radius_m : float
        How far apart neighbours may lie (both ends included).
    min_members : int
        An event with so many events within the radius, itself included, is the core of a cluster.

    Returns
    -------
    labels : ndarray of int64, shape (n,)
        `cluster_id` of each event, -1 for none.
    frame : DataFrame
        Columns `COLUMNS`; cluster_id counts from 0 and equals the row. x_m, y_m is the mean place of the members,
        radius_m the largest distance from there, hazard the most frequent kind and share its part of the members.
        Equally large clusters stand in the order of their first report. The answer does not depend on the order of the
        events.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``cluster-radius-bad``, ``cluster-members-bad``; ``clusters-too-dense`` where the neighbours
        would not fit in memory.

    References
    ----------
    Ester, Kriegel, Sander & Xu (1996), KDD-96, 226-231 (DBSCAN), by scikit-learn.
    """
    x, y, kind = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float), np.asarray(hazard, dtype=object)
    time = pd.Series(times).array  # keeps the zone
    if not len(x) == len(y) == len(time) == len(kind):
        raise HazardError("lengths-differ", "Places, times and hazards of events must have the same length.")
    events = pd.DataFrame({"x_m": x, "y_m": y, "time": time, "hazard": kind})
    if not radius_m > 0 or not np.isfinite(radius_m):
        raise HazardError(
            "cluster-radius-bad", "The radius of clusters must be above 0 m, not {radius}.", radius=radius_m
        )
    if min_members < 2:
        raise HazardError("cluster-members-bad", "A cluster needs at least 2 members, not {n}.", n=min_members)
    labels = np.full(len(events), -1, dtype=np.int64)
    placed = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(placed) >= min_members:
        labels[placed] = _dbscan(np.column_stack([x, y])[placed], float(radius_m), min_members)
    frame = _describe(events.assign(label=labels)[labels >= 0])
    rank = np.full(len(frame) + 1, -1, dtype=np.int64)  # its last entry, for label -1, stays -1
    rank[frame["label"].to_numpy(np.int64)] = np.arange(len(frame))
    return rank[labels], frame.assign(cluster_id=np.arange(len(frame)))[list(COLUMNS)]


def _dbscan(points: NDArray[np.float64], radius_m: float, min_members: int) -> NDArray[np.int64]:
    from sklearn.cluster import DBSCAN  # slow to import; not every page asks for clusters

    # One weighted point a place: thousands of events on one spot would be millions of pairs. Sorted places also make
    # the member of two clusters (a border point) fall to the same one whatever the order of the rows.
    places, inverse, weight = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    tree = scipy.spatial.KDTree(places)
    pairs = int(tree.count_neighbors(tree, radius_m))
    if pairs > _MOST_PAIRS:
        raise HazardError(
            "clusters-too-dense",
            "{n} places lie so dense that clusters within {radius} m do not fit in memory: choose a shorter period, "
            "fewer hazards or a smaller radius.",
            n=len(places), radius=radius_m,
        )  # fmt: skip
    found = DBSCAN(eps=radius_m, min_samples=min_members, algorithm="kd_tree").fit(places, sample_weight=weight)
    return np.asarray(found.labels_, dtype=np.int64)[inverse.ravel()]


def _describe(members: pd.DataFrame) -> pd.DataFrame:
    groups = members.groupby("label")
    centre = groups[["x_m", "y_m"]].transform("mean")
    away = np.hypot(members["x_m"].to_numpy() - centre["x_m"], members["y_m"].to_numpy() - centre["y_m"])
    groups = members.assign(away=np.asarray(away)).groupby("label")
    kinds = members.groupby(["label", "hazard"]).size().rename("n").reset_index()
    main = kinds.sort_values(["n", "hazard"], ascending=[False, True]).drop_duplicates("label").set_index("label")
    frame = groups.agg(
        members=("x_m", "size"), x_m=("x_m", "mean"), y_m=("y_m", "mean"), radius_m=("away", "max"),
        first=("time", "min"), last=("time", "max"),
    )  # fmt: skip
    frame = frame.assign(hazard=main["hazard"], share=main["n"] / frame["members"]).reset_index()
    return frame.sort_values(["members", "first", "label"], ascending=[False, True, True], ignore_index=True)
