"""The stages of a case by their position in time: where its time goes, with the cases that are still in each.

A case passes through moments: reported, filed, dispatched, handled, checked, closed. What lies between two of them is a
stage. Where a case lacks a moment in the middle, nobody knows how its time was shared between the stages before and
after: it then has one *merged* stage, from its last known moment to its next known one, which is a row of its own. To
give the whole span to one of the two, or to halve it, would be a guess. So the stages of a case always add up to its
whole time, and a stage between neighbours holds only cases of which both ends are known, or that are still in it.

An open case is in the stage that begins at its last known moment and ends with the next one that its source tells at
all. Its time there is censored at the as-of time: to leave it out would make slow stages look quick. Medians of stages
do not add up to the median of the whole time.

A case in which one moment lies before its predecessor is inside no stage, for one of the two is wrong and with it the
stage on either side; it is counted at the stage that runs backwards.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.shares import Share, wilson
from analysis.survival import kaplan_meier
from base.errors import HazardError

NEVER = np.iinfo(np.int64).max  # a moment that is not there: after all others
# "verified" is a check (核实 or 核查, by whatever word) before filing, "checked" one after handling: see `place_checks`
ORDINARY = ("reported", "verified", "filed", "dispatched", "handled", "checked", "closed")
ENGINEERING = ("reported", "surveyed", "designed", "built", "followed_up", "closed")
_BEFORE_THE_CHECK = ("handled", "dispatched", "filed")  # the first of these that a source tells
_HOUR_US = 3_600_000_000

Moments = NDArray[np.int64]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]


class Void(NamedTuple):
    """How many cases were voided by the as-of time, and how soon: hours of the voided ones alone, 95% limits."""

    n: int
    voided: int
    share: float
    share_low: float
    share_high: float
    out_of_order: int
    median_hours: float
    low: float
    high: float


class _Spans(NamedTuple):
    """Stages of cases, one row each: which case, from and to which place in the order, and whether it has ended."""

    case: Places
    begin: Places
    end: Places
    done: NDArray[np.bool_]


def place_checks(times: Mapping[str, ArrayLike], source: ArrayLike | None = None) -> dict[str, Moments]:
    """Return the moments with the check where the rows of each source put it: before filing, or after handling.

    Files name the two checks either way round (核实, 核查). The check of a source stays "checked" if at least half of
    its moments lie at or after those of the stage before (handled; where the source has none of these dispatched, else
    filed). Else it is "verified", before filing. Where a source has nothing to compare with it stays as it is named.

    Parameters
    ----------
    times : mapping of str to array_like of int64, shape (n,)
        Microseconds, NEVER where there is none.
    source : array_like, shape (n,), optional
        The source of each case; None: all are of one.
    """
    found = {name: np.asarray(moments, dtype=np.int64) for name, moments in times.items()}
    if "checked" not in found:
        return found
    checked = found["checked"]
    codes, sources = _sources(source, len(checked))
    before = np.zeros(len(sources), dtype=bool)
    undecided = np.ones(len(sources), dtype=bool)
    for name in _BEFORE_THE_CHECK:
        earlier = found.get(name)
        if earlier is None:
            continue
        told = np.bincount(codes, weights=earlier != NEVER, minlength=len(sources)) > 0
        both = (earlier != NEVER) & (checked != NEVER)
        n = np.bincount(codes[both], minlength=len(sources))
        later = np.bincount(codes[both], weights=checked[both] >= earlier[both], minlength=len(sources))
        before |= undecided & (n > 0) & (2 * later < n)
        undecided &= ~told
    moved = before[codes]
    own = found.get("verified", np.full(len(checked), NEVER))
    found["verified"] = np.where(moved & (own == NEVER), checked, own)
    found["checked"] = np.where(moved, NEVER, checked)
    return found


def waterfall(
    times: Mapping[str, ArrayLike],
    as_of: ArrayLike,
    *,
    order: Sequence[str] = ORDINARY,
    source: ArrayLike | None = None,
    elapsed: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return the stages of cases: how many entered each and are still in it, how long it takes, its share of the time.

    Parameters
    ----------
    times : mapping of str to array_like of int64, shape (n,)
        Microseconds by name, NEVER where there is none; names of `order` may be missing. A moment after `as_of` is not
        known yet.
    as_of : array_like of int64, shape (n,) or one for all
        When each case was last looked at.
    order : sequence of str
        The moments in their order in time; the last one ends a case. Its cases should be of one handling: `ORDINARY`
        or `ENGINEERING`.
    source : array_like, shape (n,), optional
        The source of each case: an open case waits only for what its source tells of any case.
    elapsed : array_like of float, shape (n, len(order) + 1), optional
        For another clock than natural time: its minutes in each case from one moment of one's choice to each moment of
        `order` and, in the last column, to `as_of`; NaN where not known. Those of moments that are not there are not
        looked at.

    Returns
    -------
    DataFrame
        One row per stage, in order: stage_from, stage_to; merged (bool: cases that lack what lies between); n (cases
        that entered), open (still in it); out_of_order (that run backwards here, inside no stage), skipped (that lack
        the moment `stage_to` though later ones are known: they are in a merged row), uncovered (whose time `elapsed`
        does not know), all beside n; median_hours, low, high, p90_hours, p90_low, p90_high (log-log 95% limits; NaN:
        not reached); mean_share: the mean over ended cases of the stage's share of their whole time, 0 for a case
        without the stage, so that the column adds up to 1 (NaN: no case has ended). Rows between neighbours are there
        for all moments that the cases have, and for the last one, also where nothing was counted.

    Raises
    ------
    HazardError
        ``lengths-differ``.
    """
    names = [name for name in order if name in times]
    n = len(np.asarray(times[names[0]])) if names else 0
    now = np.broadcast_to(np.asarray(as_of, dtype=np.int64), n)
    moments = np.full((len(order), n), NEVER, dtype=np.int64)
    for place, name in enumerate(order):
        if name in times:
            given = np.asarray(times[name], dtype=np.int64)
            if given.shape != (n,):
                raise HazardError("lengths-differ", "What is told of cases must be told of each of them.")
            moments[place] = np.where(given <= now, given, NEVER)
    codes, sources = _sources(source, n)
    clock = None if elapsed is None else np.asarray(elapsed, dtype=float)
    if len(codes) != n or (clock is not None and clock.shape != (n, len(order) + 1)):
        raise HazardError("lengths-differ", "What is told of cases must be told of each of them.")
    known = moments != NEVER
    spans = _spans(known, codes, len(sources))
    begin, end = moments[spans.begin, spans.case], np.where(spans.done, moments[spans.end, spans.case], now[spans.case])
    backwards = end < begin
    odd = np.zeros(n, dtype=bool)
    odd[spans.case[backwards]] = True
    if clock is None:
        hours = (end - begin) / _HOUR_US
    else:
        until = np.where(spans.done, spans.end, len(order))
        hours = (clock[spans.case, until] - clock[spans.case, spans.begin]) / 60
    uncovered = ~odd[spans.case] & np.isnan(hours)
    inside = ~odd[spans.case] & ~uncovered
    share, ended = _shares(spans, hours, known[-1] & ~odd)
    skipped = _skipped(known)
    stage = spans.begin * len(order) + spans.end
    rows = []
    for a, b, merged in _stages(known.any(axis=1), stage, len(order)):
        here = stage == a * len(order) + b
        chosen = here & inside
        curve = kaplan_meier(hours[chosen], spans.done[chosen])
        rows.append({
            "stage_from": order[a], "stage_to": order[b], "merged": merged, "n": int(chosen.sum()),
            "open": int((chosen & ~spans.done).sum()), "out_of_order": int((here & backwards).sum()),
            "skipped": 0 if merged else int(skipped[b]), "uncovered": int((here & uncovered).sum()),
            "median_hours": curve.quantile(0.5), **dict(zip(("low", "high"), curve.interval(0.5), strict=True)),
            "p90_hours": curve.quantile(0.9), **dict(zip(("p90_low", "p90_high"), curve.interval(0.9), strict=True)),
            "mean_share": float(share[chosen].sum() / ended) if ended else np.nan,
        })  # fmt: skip
    return pd.DataFrame(rows, columns=_COLUMNS)


_COLUMNS = [
    "stage_from", "stage_to", "merged", "n", "open", "out_of_order", "skipped", "uncovered",
    "median_hours", "low", "high", "p90_hours", "p90_low", "p90_high", "mean_share",
]  # fmt: skip


def count_voided(reported: ArrayLike, voided: ArrayLike, as_of: ArrayLike) -> Void:
    """Return which share of the cases known by `as_of` was voided (作废) by then, and how soon after the report.

    Parameters
    ----------
    reported, voided : array_like of int64, shape (n,)
        Microseconds, NEVER where there is none. A case without a report time or reported after `as_of` is left out.
    as_of : array_like of int64, shape (n,) or one for all

    Returns
    -------
    Void
        The share with Wilson's 95% limits; hours of the voided cases alone, for most cases are never voided; those
        voided before their report are counted in out_of_order and in the share, not in the hours.
    """
    start, stop = np.asarray(reported, dtype=np.int64), np.asarray(voided, dtype=np.int64)
    if start.shape != stop.shape:
        raise HazardError("lengths-differ", "What is told of cases must be told of each of them.")
    now = np.broadcast_to(np.asarray(as_of, dtype=np.int64), start.shape)
    known = (start != NEVER) & (start <= now)
    gone = known & (stop != NEVER) & (stop <= now)
    hours = (stop[gone] - start[gone]) / _HOUR_US
    good = hours >= 0
    curve = kaplan_meier(hours[good], np.ones(int(good.sum()), dtype=bool))
    every, some = int(known.sum()), int(gone.sum())
    share, share_low, share_high = (float(value) for value in wilson(some, every))
    return Void(
        every, some, share, share_low, share_high, int((~good).sum()), curve.quantile(0.5), *curve.interval(0.5)
    )


def compare_rework(hours: ArrayLike, resolved: ArrayLike, reworked: ArrayLike) -> pd.DataFrame:
    """Return which share of the cases was reworked (返工), and how long those took and the others.

    A case must stay open to be sent back, so that reworked ones are longer for that reason too: the difference is not
    what the rework itself took.

    Parameters
    ----------
    hours : array_like, shape (n,)
        Time to the closing, or to the as-of time for open cases, from 0 up.
    resolved : array_like of bool, shape (n,)
    reworked : array_like of float, shape (n,)
        How often each was reworked; NaN: not told.

    Returns
    -------
    DataFrame
        Three rows, key "with", "without", "not_told": n, open; share, share_low, share_high (of the cases that are
        told, Wilson; NaN for the last row); median_hours, low, high (log-log; NaN: not reached).

    Raises
    ------
    HazardError
        ``lengths-differ``; ``duration-bad``.
    """
    time, done, times = np.asarray(hours, float), np.asarray(resolved, bool), np.asarray(reworked, float)
    if not time.shape == done.shape == times.shape:
        raise HazardError("lengths-differ", "What is told of cases must be told of each of them.")
    told = ~np.isnan(times)
    rows = []
    for key, chosen in (("with", times > 0), ("without", times <= 0), ("not_told", ~told)):
        curve = kaplan_meier(time[chosen], done[chosen])
        low, high = curve.interval(0.5)
        share = wilson(int(chosen.sum()), int(told.sum())) if key != "not_told" else Share(np.nan, np.nan, np.nan)
        rows.append({
            "key": key, "n": int(chosen.sum()), "open": int((chosen & ~done).sum()),
            "share": share.share, "share_low": share.low, "share_high": share.high,
            "median_hours": curve.quantile(0.5), "low": low, "high": high,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _sources(source: ArrayLike | None, n: int) -> tuple[Places, Any]:
    if source is None:
        return np.zeros(n, dtype=np.intp), np.zeros(1)
    codes, sources = pd.factorize(np.asarray(source), use_na_sentinel=False)
    return codes, sources


def _spans(known: NDArray[np.bool_], source: Places, sources: int) -> _Spans:
    """Return all stages of all cases; `known` has a row per moment of the order and a column per case."""
    count, n = known.shape
    told = np.zeros((count, sources), dtype=bool)
    for place in range(count):
        told[place] = np.bincount(source, weights=known[place], minlength=sources) > 0
    told[-1:] = True  # every case is to end, also where none of its source has yet
    following = np.full((count, sources), count - 1, dtype=np.intp)
    for place in range(count - 2, -1, -1):
        following[place] = np.where(told[place + 1], place + 1, following[place + 1])
    last = np.full(n, -1, dtype=np.intp)
    cases, begins, ends = [], [], []
    for place in range(count):
        here = np.flatnonzero(known[place])
        after = here[last[here] >= 0]
        cases.append(after)
        begins.append(last[after])
        ends.append(np.full(len(after), place, dtype=np.intp))
        last[here] = place
    closed = sum(len(part) for part in cases)
    waiting = np.flatnonzero((last >= 0) & (last < count - 1))
    cases.append(waiting)
    begins.append(last[waiting])
    ends.append(following[last[waiting], source[waiting]])
    case = np.concatenate(cases)
    return _Spans(case, np.concatenate(begins), np.concatenate(ends), np.arange(len(case)) < closed)


def _shares(spans: _Spans, hours: Floats, ended: NDArray[np.bool_]) -> tuple[Floats, int]:
    """Return each stage's share of the whole time of its case, 0 where that has not ended, and how many have."""
    whole = np.bincount(spans.case, weights=hours, minlength=len(ended))  # NaN where a part is not known
    counted = ended & (whole > 0)
    share = np.divide(hours, whole[spans.case], out=np.zeros(len(hours)), where=counted[spans.case])
    return share, int(counted.sum())


def _skipped(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each moment of the order how many cases lack it though they have an earlier and a later one."""
    found = np.zeros(len(known), dtype=np.int64)
    for place in range(1, len(known) - 1):
        found[place] = (~known[place] & known[:place].any(axis=0) & known[place + 1 :].any(axis=0)).sum()
    return found


def _stages(there: NDArray[np.bool_], stage: Places, count: int) -> list[tuple[int, int, bool]]:
    """Return the stages to tell, in order, and whether each is merged: those between neighbours, and all others met."""
    if not there.any():
        return []
    places = sorted({*np.flatnonzero(there).tolist(), count - 1})
    neighbours = set(pairwise(places))
    met = {(int(code) // count, int(code) % count) for code in np.unique(stage)}
    return [(a, b, (a, b) not in neighbours) for a, b in sorted(neighbours | met)]
