"""What has gathered lately: the scan over places and days, without any exposure (space-time permutation).

Places and days of the same events are shuffled against each other, so that busy places and busy days stay as they are
and only their coming together counts. Cylinders - circles of cells over a run of days - that end on the last day make
it an alarm. The p-value is that of `analysis.scan`.

References
----------
Kulldorff, Heffernan, Hartman, Assunção & Mostashari (2005), PLoS Medicine 2(3), e59.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analysis.circles import (
    MAPS,
    Bundle,
    Cluster,
    Floats,
    Grown,
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
    kind: ArrayLike | None = None,
    last_day: int | None = None,
    lengths: Sequence[int] | None = None,
    fewest: int = 1,
    least_ratio: float = 1.0,
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
    in all cells on its days) / (all events), summed over the kinds. Random maps shuffle the days among the events of a
    kind.

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
    kind : array_like, shape (m,), optional
        What each event is (its hazard, who reports it): kinds have days and places of their own. Of all together a wet
        week would look like a gathering wherever water usually stands.
    last_day : int, optional
        The day on which the alarm stands; the newest day of an event if not given.
    lengths : sequence of int, optional
        Lengths of the cylinders in days, of those up to `max_days`; every one if not given. Few make a city's scan as
        many times faster.
    fewest, least_ratio : int, float
        Events of a cylinder that counts, and how many times the expected ones they are at least, here and in the random
        maps: of very many events the smallest rise is beyond chance.
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
    what = _checked_kinds(kind, len(where))
    total = len(where)
    if total == 0:
        return ()
    end = int(when.max()) if last_day is None else int(last_day)
    by_day = np.argsort(when, kind="stable")
    if recent_only:
        by_day = by_day[when[by_day] > end - max_days]
    every = np.arange(1, max_days + 1) if lengths is None else np.unique(np.asarray(lengths, dtype=np.int64))
    windows = _windows(when[by_day], every[(every >= 1) & (every <= max_days)], end if recent_only else None)
    if not windows:
        return ()
    by_window = partial(_maps_of_windows, windows=windows, cells=len(points), whole=count_type(len(by_day)))
    kinds = int(what.max()) + 1
    places = [where[what == k] for k in range(kinds)]  # of the events of a kind
    turns = [np.flatnonzero(what[by_day] == k) for k in range(kinds)]  # which of those by day are of the kind

    def random_maps(block: int) -> Maps:
        generator = np.random.default_rng([seed, block])
        maps = np.empty((MAPS, len(by_day)), dtype=np.int64)
        for a_map in maps:
            for of_kind, turn in zip(places, turns, strict=True):
                a_map[turn] = generator.choice(of_kind, len(turn), replace=False)
        return by_window(maps)

    by_kind = np.stack([np.bincount(of_kind, minlength=len(points)) for of_kind in places], axis=1)
    weight = by_kind.sum(axis=1).astype(float)
    grown = grow(points, weight, max_share=max_share, most_cells=most_cells, max_radius=max_radius)
    circles, held = _by_kind(grown, by_kind)
    counts = np.stack([_counts_of_windows(turn, windows) for turn in turns])
    scan = Scan(
        circles=circles,
        cells=len(points),
        total=total,
        expected=held @ (counts / by_kind.sum(axis=0)[:, None]),
        random_maps=random_maps,
        fewest=fewest,
        least_ratio=least_ratio,
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
    """A run of days: its first and last day, and where its events, and those of its first day, lie among all by day."""

    first: int
    last: int
    events: slice
    added: slice
    fresh: bool  # the first of those that end on its last day


def _windows(days: Ints, lengths: Ints, end: int | None) -> list[_Window]:
    """Return the windows over sorted days of events; those with one end follow each other, from short to long."""
    windows = []
    for until in np.unique(days).tolist() if end is None else [end]:
        stop = before = int(np.searchsorted(days, until, side="right"))
        for begin in np.searchsorted(days, until - lengths + 1).tolist():
            if begin < before:  # else no event came on the days that are added
                windows.append(
                    _Window(int(days[begin]), until, slice(begin, stop), slice(begin, before), before == stop)
                )
                before = begin
    return windows


def _counts_of_windows(turn: Ints, windows: Sequence[_Window]) -> Ints:
    """Return how many of some events, by their turns among all by day, lie in each window."""
    bounds = np.array([(window.events.start, window.events.stop) for window in windows])
    first, last = np.searchsorted(turn, bounds).T
    return np.asarray(last - first)


def _by_kind(grown: Grown, by_kind: Ints) -> tuple[list[Bundle], Floats]:
    """Return circles whose sizes tell how many events of each kind they hold, and these, shape (sizes, kinds).

    `by_kind` are the events of each cell, shape (cells, kinds).
    """
    bundles, sizes = grown
    if by_kind.shape[1] == 1:
        return bundles, sizes[:, None]
    codes = [np.zeros(bundle.size.shape, dtype=np.int64) for bundle in bundles]
    for events in by_kind.T:  # each circle's counts are written as one number after the other, closed up in between
        for code, bundle in zip(codes, bundles, strict=True):
            code *= int(events.sum()) + 1
            code += np.where(bundle.size > 0, np.cumsum(events[bundle.order], axis=0), 0)
        every, place = np.unique(np.concatenate([[0], *(code.ravel() for code in codes)]), return_inverse=True)
        parts = np.split(place[1:], np.cumsum([code.size for code in codes])[:-1])
        codes = [part.reshape(code.shape) for part, code in zip(parts, codes, strict=True)]
    held = np.zeros((len(every), by_kind.shape[1]))
    for code, bundle in zip(codes, bundles, strict=True):
        step, column = np.nonzero(bundle.size > 0)
        held[code[step, column]] = np.cumsum(by_kind[bundle.order], axis=0)[step, column]
    sized = [replace(bundle, size=code.astype(np.int32)) for bundle, code in zip(bundles, codes, strict=True)]
    return sized, held


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


def _checked_kinds(kind: ArrayLike | None, events: int) -> Ints:
    """Return the kind of each event as a number from 0 on."""
    if kind is None:
        return np.zeros(events, dtype=np.int64)
    kinds = np.asarray(kind)
    if kinds.shape != (events,):
        raise HazardError("lengths-differ", "Cells and days must be given for the same events.")
    return np.unique(kinds, return_inverse=True)[1]
