"""Point clusters: dense groups of events, whatever the cell borders.

A cluster is a description, not a claim. Dense groups also arise where many people live, and no chance is computed; what
is worse than chance is said by `analysis.hotspots` alone. Clusters are made of events, not calls: ten calls about one
puddle are one point (see `analysis.events`). Which points form a group is found by `analysis.density`.

By metres alone a busy corner is one group for ever. With a radius in days as well (ST-DBSCAN) a group is something that
went on for a time: the same corner may hold one in spring and another in autumn.
"""

import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from analysis.density import dense_groups
from base.errors import HazardError

COLUMNS = ("cluster_id", "members", "radius_m", "x_m", "y_m", "first", "last", "hazard", "share", "hull")

_DAY = 86_400_000_000  # in microseconds: whole numbers, so that a difference of a day is exactly one


def find_clusters(
    x_m: ArrayLike,
    y_m: ArrayLike,
    times: pd.Series | NDArray[np.datetime64],
    hazard: ArrayLike,
    *,
    radius_m: float,
    min_members: int,
    radius_days: float | None = None,
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the cluster of each event, and one row per cluster, largest first.

    Parameters
    ----------
    x_m, y_m : array_like, shape (n,)
        Places of events in metres (a projected system). NaN is no place and belongs to no cluster.
    times : array_like of times, shape (n,)
        Report times; a missing one is left out of first and last, and with `radius_days` belongs to no cluster.
    hazard : array_like of str or categorical, shape (n,)
        Kinds; clusters are found over all of them together.
    radius_m : float
        How far apart neighbours may lie (both ends included).
    min_members : int
        An event with so many neighbours, itself included, is the core of a cluster. One that is no core belongs to the
        cluster of a core it is a neighbour of; of several, to the one with the westernmost core, then the southernmost,
        then the earliest.
    radius_days : float, optional
        How far apart neighbours may also lie in time (both ends included; parts of a microsecond do not count).

    Returns
    -------
    labels : ndarray of int64, shape (n,)
        `cluster_id` of each event, -1 for none.
    frame : DataFrame
        Columns `COLUMNS`; cluster_id counts from 0 and equals the row. x_m, y_m is the mean place of the members,
        radius_m the largest distance from there, hazard the most frequent kind and share its part of the members.
        hull holds the corners of the convex hull in metres, shape (corners, 2), counter-clockwise from the westernmost
        (then the southernmost) one: two of members in one line, one of members on one spot.
        Equally large clusters stand in the order of their first report. The answer does not depend on the order of the
        events.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``cluster-radius-bad``, ``cluster-members-bad``, ``cluster-days-bad``.

    References
    ----------
    See `analysis.density.dense_groups`.
    """
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    time, kind = pd.Series(times).reset_index(drop=True), pd.Series(hazard)
    if not len(x) == len(y) == len(time) == len(kind):
        raise HazardError("lengths-differ", "Places, times and hazards of events must have the same length.")
    if not radius_m > 0 or not np.isfinite(radius_m):
        raise HazardError(
            "cluster-radius-bad", "The radius of clusters must be above 0 m, not {radius}.", radius=radius_m
        )
    if min_members < 2:
        raise HazardError("cluster-members-bad", "A cluster needs at least 2 members, not {n}.", n=min_members)
    if radius_days is not None and (not radius_days > 0 or not np.isfinite(radius_days)):
        raise HazardError(
            "cluster-days-bad", "The radius of clusters in time must be above 0 days, not {days}.", days=radius_days
        )
    found, when, span = np.isfinite(x) & np.isfinite(y), np.zeros(len(x)), np.inf
    if radius_days is not None:
        found &= time.notna().to_numpy()
        moment = time[found].to_numpy("datetime64[us]").astype(np.int64)
        when[found] = moment - moment.min(initial=np.iinfo(np.int64).max)
        span = float(radius_days) * _DAY
    placed = np.flatnonzero(found)
    placed = placed[np.lexsort((when[placed], y[placed], x[placed]))]  # one order whatever that of the rows
    x, y, when = x[placed], y[placed], when[placed]
    # One weighted point a place (and time): thousands of events on one spot are one
    new = np.logical_or.reduce([np.diff(v, prepend=np.nan) != 0 for v in (x, y, when)])
    place = np.cumsum(new) - 1
    group = dense_groups(
        x[new], y[new], np.bincount(place), radius=float(radius_m), least=min_members, time=when[new], span=span
    )[place]
    member = group >= 0
    frame = _describe(x[member], y[member], time[placed[member]], kind.iloc[placed[member]], group[member])
    rank = np.full(len(frame) + 1, -1, dtype=np.int64)  # its last entry, for label -1, stays -1
    rank[frame["label"].to_numpy(np.int64)] = np.arange(len(frame))
    labels = np.full(len(time), -1, dtype=np.int64)
    labels[placed] = rank[group]
    return labels, frame.assign(cluster_id=np.arange(len(frame)))[list(COLUMNS)]


def _describe(
    x: NDArray[np.float64], y: NDArray[np.float64], time: pd.Series, hazard: pd.Series, label: NDArray[np.int64]
) -> pd.DataFrame:
    """Return a row for each label; the members come in an order of their places."""
    n = np.bincount(label)
    mean_x, mean_y = (np.bincount(label, v) / n for v in (x, y))
    away = pd.Series(np.hypot(x - mean_x[label], y - mean_y[label]))
    times = time.groupby(label)
    kind, names = pd.factorize(hazard)
    by_name = np.argsort(np.asarray(names, dtype=str))  # of two as frequent, the first in the alphabet
    each = (label * len(names) + kind)[kind >= 0]
    kinds = np.bincount(each, minlength=len(n) * len(names)).reshape(len(n), len(names))[:, by_name]
    main = kinds.argmax(axis=1) if len(names) else np.zeros(len(n), dtype=np.int64)
    frame = pd.DataFrame(
        {
            "label": np.arange(len(n)), "members": n, "x_m": mean_x, "y_m": mean_y,
            "radius_m": away.groupby(label).max().to_numpy(), "first": times.min(), "last": times.max(),
            "hazard": np.asarray(names, dtype=object)[by_name][main],
            "share": kinds.max(axis=1, initial=0) / n, "hull": pd.Series(_hulls(x, y, label), dtype=object),
        }
    )  # fmt: skip
    return frame.sort_values(["members", "first", "label"], ascending=[False, True, True], ignore_index=True)


def _hulls(x: NDArray[np.float64], y: NDArray[np.float64], label: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """Return for each label the corners of its convex hull."""
    # Lines through the members: to make a point of every member would take three times as long. A line wants two, and a
    # core whose neighbours all belong to earlier clusters is alone: the first of each label comes twice
    every = np.append(np.arange(len(label)), np.unique(label, return_index=True)[1])
    order = every[np.argsort(label[every], kind="stable")]
    hulls = shapely.convex_hull(shapely.linestrings(x[order], y[order], indices=label[order]))
    hulls = shapely.orient_polygons(shapely.normalize(hulls), exterior_cw=False)
    corners, of = shapely.get_coordinates(hulls, return_index=True)
    ring = (shapely.get_type_id(hulls) == shapely.GeometryType.POLYGON).astype(np.int64)  # it ends where it begins
    n = np.bincount(of, minlength=len(hulls))
    end = np.cumsum(n)
    return [corners[a:b] for a, b in zip((end - n).tolist(), (end - ring).tolist(), strict=True)]
