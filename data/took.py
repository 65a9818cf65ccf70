"""How long cases took on the clocks that their office is held to: work time, and parts of their own limit.

What a case took until it ended hangs on no as-of time: it is reckoned once a file and held with it. Of cases still open
it is reckoned for each question.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import facts
from data.clocks import Calendar, elapsed
from data.facts import NEVER
from data.office import calendar_of
from data.pauses import Pauses
from data.schema import Clock
from data.seen import Bools, Seen, Times
from data.views import View

PARTS = 10_000  # of a limit: a case ended in time if it took so many or less
# In place of a number: why nobody knows it
NOT_BEGUN, BACKWARDS, HOLD_UNKNOWN, UNCOVERED, NO_LIMIT, OVER = -1, -2, -3, -4, -5, -6
_LONGEST = 1 << 30  # minutes or parts
_WORK = (Clock.WORK_HOUR, Clock.WORK_DAY)

_Take = Callable[[str], NDArray[Any]]


def prepared(view: View, clock: str) -> set[str]:
    """Return what `took` needs of a file beside `View.for_states`; the calendar is made once, not in every thread."""
    calendar_of(view.dataset)
    needed = view.start_columns | {"paused_at", "resumed_at"}
    return needed | ({"paused_minutes"} if clock == "work" else {"limit_clock", "due_from", *view.for_deadlines()})


def took(seen: Seen, clock: str) -> tuple[NDArray[np.int64], Bools]:
    """Return how long cases took, or have been open by their as-of time, and whether they had ended by then.

    Parameters
    ----------
    clock : {"work", "limit"}
        "work": whole minutes (to the nearest) of the office's work time, from the start of the clock to closure, holds
        taken out. "limit": `PARTS` of the limit, on its own clock, holds taken out of both (of a hold that is told as a
        total nobody knows when it was: it stays in both); a deadline that the file gives is reckoned in natural time.
        Up, not to the nearest, so that a case ended in time if it took `PARTS` or less.

    Returns
    -------
    ndarray of int64, shape (n,)
        Negative where it is not known: `NOT_BEGUN` (the clock has no start), `BACKWARDS` (closed before it started; by
        clock "limit" `Seen.backwards` says so),
        `HOLD_UNKNOWN` (it was on hold, and nobody knows when), `UNCOVERED` (over days that the calendar does not
        know), `NO_LIMIT` (no deadline is known), `OVER` (over its limit, by how much the calendar does not know).
    ndarray of bool, shape (n,)
    """
    view, part = seen.view, seen.part
    calendar = calendar_of(view.dataset)
    measure = _work if clock == "work" else _parts
    last = "closed_at" if clock == "work" or not view.by_handling else "handled_at"

    def whole() -> NDArray[np.int32]:
        every = view.every(part)
        return measure(part.__getitem__, view.start(part), _end(every, clock), calendar, False).astype(np.int32)

    found = part.held(f"{clock} time", (_rules(view), last), whole)[seen.rows].astype(np.int64)
    end = _end(seen, clock)
    ended = end <= seen.as_of
    still = np.flatnonzero(~ended & seen.plain)
    as_of = np.broadcast_to(seen.as_of, seen.n)[still]
    found[still] = measure(lambda name: seen[name][still], seen.start[still], as_of, calendar, True)
    return found, ended


def _end(seen: Seen, clock: str) -> Times:
    return seen.closed if clock == "work" else seen.ended


def _rules(view: View) -> tuple[Any, ...]:
    """Return what the reckoning of a file hangs on: another version may have other rules."""
    dataset = view.dataset
    named = [dataset.settings[name] for name in ("timezone", "work_calendar", "office_hours")]
    dispatching = view.dispatching
    if dispatching and len(dispatching) == len(dataset.imports):  # whichever they are
        return (*named, dataset.named.tables.get("workdays"), "all")
    return (*named, dataset.named.tables.get("workdays"), dispatching)


def _work(take: _Take, start: Times, end: Times, calendar: Calendar, is_open: bool) -> NDArray[np.int64]:
    minutes = elapsed(start, end, Clock.WORK_HOUR, calendar, pauses=_holds(take, len(start)))
    found = np.where(np.isnan(minutes), UNCOVERED, np.floor(np.nan_to_num(minutes) + 0.5)).astype(np.int64)
    totals = take("paused_minutes")
    if any(totals.strides):
        found[(totals > 0) & (take("paused_at") == NEVER)] = HOLD_UNKNOWN
    found[(end < start) & (start != NEVER)] = BACKWARDS
    found[(start == NEVER) | (is_open & (end < start))] = NOT_BEGUN
    return found


def _parts(take: _Take, start: Times, end: Times, calendar: Calendar, is_open: bool) -> NDArray[np.int64]:
    due = take("due_at")
    clocks, by_table = take("limit_clock"), take("due_from") == facts.codes("due_from").of(["table"])[0]
    in_work = by_table & np.isin(clocks, facts.codes("limit_clock").of(_WORK))
    holds = _holds(take, len(start))
    ran, limit = (np.empty(len(start)) for _ in range(2))
    for clock, mine in ((Clock.WORK_HOUR, in_work), (Clock.URGENT_HOUR, ~in_work)):
        rows = np.flatnonzero(mine & (due != NEVER))
        of = _of(holds, mine & (due != NEVER))
        ran[rows] = elapsed(start[rows], end[rows], clock, calendar, pauses=of)
        limit[rows] = elapsed(start[rows], due[rows], clock, calendar, pauses=of)
    in_time = end < due if is_open else end <= due
    with np.errstate(all="ignore"):
        share = np.ceil(PARTS * ran / limit)
    share = np.where(limit > 0, share, np.where(ran > 0, _LONGEST, 0))  # a limit of nothing
    unknown = np.isnan(ran) | np.isnan(share)
    share = np.clip(np.nan_to_num(share), 0, _LONGEST).astype(np.int64)
    found = np.where(in_time, np.minimum(share, PARTS), np.maximum(share, PARTS + 1))
    found[unknown] = np.where(in_time[unknown], UNCOVERED, OVER)
    found[start == NEVER] = NOT_BEGUN
    found[due == NEVER] = NO_LIMIT
    return found


def _holds(take: _Take, n: int) -> Pauses | None:
    """Return the holds of cases of which the beginning is known."""
    begins = take("paused_at")
    if not any(begins.strides):  # none is
        return None
    ends, closed = (np.broadcast_to(take(name), n) for name in ("resumed_at", "closed_at"))
    return Pauses.of_cases(begins, ends, closed)


def _of(holds: Pauses | None, mine: Bools) -> Pauses | None:
    """Return the holds of some cases, by their positions among these."""
    if holds is None:
        return None
    kept = mine[holds.case]
    return Pauses((np.cumsum(mine) - 1)[holds.case[kept]], holds.start[kept], holds.end[kept])
