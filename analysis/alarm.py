"""What has gathered lately: the scan over places and days, without any exposure (space-time permutation).

Places and days of the same events are shuffled against each other, so that busy places and busy days stay as they are
and only their coming together counts. Cylinders - circles of cells over a run of days - that end on the last day make
it an alarm. The p-value is that of `analysis.scan`.

References
----------
Kulldorff, Heffernan, Hartman, Assunção & Mostashari (2005), PLoS Medicine 2(3), e59.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.circles import (
    MAPS,
    Cluster,
    Ints,
    Maps,
    Progress,
    Scan,
    as_cluster,
    check_limits,
    checked_points,
    count_type,
    grow,
)
from base.errors import HazardError

_TOGETHER = 500_000  # counts of a few windows that are held at once


def space_time_scan(
    x: ArrayLike,
    y: ArrayLike,
    cell: ArrayLike,
    day: ArrayLike,
    *,
    max_days: int,
    permutations: int,
    seed: int,
    last_day: int | None = None,
    recent_only: bool = True,
    max_share: float = 0.5,
    most_cells: int | None = None,
    max_radius: float | None = None,
    most_clusters: int = 10,
    stop_at: int | None = 50,
    progress: Progress | None = None,
) -> tuple[Cluster, ...]:
    """Return where and since when more events came than their places and their days alone would bring together.

    A cylinder is a circle of cells over a run of days. Expected in it are (events in its cells on all days) x (events
    in all cells on its days) / (all events). Random maps shuffle the days among the events.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Points of the cells in a plane.
    cell : array_like of int, shape (m,)
        Position of each event's cell.
    day : array_like of whole numbers, shape (m,)
        Day of each event, counted from any day. All events given tell what is usual: give a long period.
    max_days : int
        Longest cylinder in days.
    last_day : int, optional
        The day on which the alarm stands; the newest day of an event if not given.
    recent_only : bool
        Only cylinders that end on `last_day` (the alarm), else any run of days, which takes as many times longer as
        there are days.
    max_share : float
        Largest share of all events that lies within a circle, over all days.
    permutations, seed, most_cells, max_radius, most_clusters, stop_at, progress
        As in `circular_scan`.

    Returns
    -------
    tuple of Cluster
        As in `circular_scan`, and no two share a cell, whatever their days. A cylinder begins on a day on which an
        event came somewhere. Empty if there are no events, none within the last `max_days`, or none too many anywhere.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``one-cell``; ``place-missing``; ``cell-position-bad``; ``day-bad`` for a day that is no
        whole number or after `last_day`; ``scan-limit-bad``, ``scan-no-circle``, ``scan-too-large``.

    References
    ----------
    Kulldorff, Heffernan, Hartman, Assunção & Mostashari (2005), PLoS Medicine 2(3), e59.
    """
    points = checked_points(x, y, np.size(x))
    check_limits(max_share, permutations, stop_at, most_clusters, most_cells, max_radius, max_days)
    where, when = _checked_events(cell, day, len(points), last_day)
    total = len(where)
    if total == 0:
        return ()
    end = int(when.max()) if last_day is None else int(last_day)
    by_day = np.argsort(when, kind="stable")
    if recent_only:
        by_day = by_day[when[by_day] > end - max_days]
    if len(by_day) == 0:
        return ()
    windows = _windows(when[by_day], max_days, end if recent_only else None)
    by_window = partial(_maps_of_windows, windows=windows, cells=len(points), whole=count_type(total))

    def random_maps(block: int) -> Maps:
        generator = np.random.default_rng([seed, block])
        return by_window(np.stack([generator.choice(where, len(by_day), replace=False) for _ in range(MAPS)]))

    weight = np.bincount(where, minlength=len(points)).astype(float)
    scan = Scan(
        circles=grow(points, weight, max_share=max_share, most_cells=most_cells, max_radius=max_radius),
        cells=len(points),
        total=total,
        factors=np.array([window.events for window in windows]) / total,
        random_maps=random_maps,
    )
    found = scan.strongest(by_window(where[by_day][None, :]), most_clusters)
    ranks = scan.ranks([cluster.llr for cluster in found], permutations, stop_at, progress)
    return tuple(
        as_cluster(one, rank, points, total)._replace(
            first_day=windows[one.window].first, last_day=windows[one.window].last
        )
        for one, rank in zip(found, ranks, strict=True)
    )


class _Window(NamedTuple):
    """A run of days: its first and last day, its events, and where those of the first day lie among all by day."""

    first: int
    last: int
    events: int
    added: slice
    fresh: bool  # the first of those that end on its last day


def _windows(days: Ints, max_days: int, end: int | None) -> list[_Window]:
    """Return the windows over sorted days of events; those with one end follow each other, from short to long."""
    day, start = np.unique(days, return_index=True)
    bounds = np.append(start, len(days))
    windows = []
    for last in range(len(day)) if end is None else [len(day) - 1]:
        until = int(day[last]) if end is None else end
        for first in range(last, -1, -1):
            if day[first] <= until - max_days:
                break
            added = slice(int(bounds[first]), int(bounds[first + 1]))
            events = int(bounds[last + 1] - bounds[first])
            windows.append(_Window(int(day[first]), until, events, added, first == last))
    return windows


def _maps_of_windows(cells_by_day: Ints, *, windows: Sequence[_Window], cells: int, whole: type[np.integer]) -> Maps:
    """Yield the events of each cell in some windows; a row of `cells_by_day` is a map, its cells in order of days."""
    n = len(cells_by_day)
    place = cells_by_day * n + np.arange(n)[:, None]
    held = np.zeros((cells, n), dtype=np.int64)
    together = max(1, _TOGETHER // (cells * n))
    for first in range(0, len(windows), together):
        part = windows[first : first + together]
        events = np.empty((cells, len(part), n), dtype=whole)
        for i, window in enumerate(part):
            added = np.bincount(place[:, window.added].ravel(), minlength=cells * n).reshape(cells, n)
            held = added if window.fresh else held + added
            events[:, i] = held
        yield first, events


def _checked_events(cell: ArrayLike, day: ArrayLike, cells: int, last_day: int | None) -> tuple[Ints, Ints]:
    where, when = np.asarray(cell, dtype=float), np.asarray(day, dtype=float)
    if where.ndim != 1 or where.shape != when.shape:
        raise HazardError("lengths-differ", "Cells and days must be given for the same events.")
    bad = ~((where >= 0) & (where < cells) & (where == np.floor(where)))
    if bad.any():
        raise HazardError(
            "cell-position-bad", "{n} events lie in none of the {cells} cells: leave them out.", n=int(bad.sum()),
            cells=cells,
        )  # fmt: skip
    bad = ~(np.isfinite(when) & (when == np.floor(when))) | (when > (np.inf if last_day is None else last_day))
    if bad.any():
        raise HazardError(
            "day-bad", "{n} events have no whole day, or one after the last day: leave them out.", n=int(bad.sum())
        )
    return where.astype(np.int64), when.astype(np.int64)
