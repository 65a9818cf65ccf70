"""The clocks that limits run on: how much time ran between two moments, and when a limit runs out.

Urgent hours and natural days never stop. Work hours and work days run in office hours on workdays. What the calendar
says is given as arrays; a day of which it is not known whether anybody works is never taken for one or the other: what
hangs on it is unknown.

Moments are whole microseconds since 1970 in UTC, `NEVER` where there is none. All sums are whole microseconds, so
nothing is rounded on the way; minutes come out as float64, exact for whole ones. Office hours are wall-clock times of
the office's zone, but what runs between them is real time: where the clocks are put forward during office hours, that
day has an hour less. A natural day is 24 hours from its start, also over a day of 23 or 25; where days are counted
(`Rule.NTH_DAY`) it is the local day, however long.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError
from data.pauses import NEVER, Pauses
from data.schema import UNKNOWN_DAY, WORKDAY, Clock

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY_MINUTES = 480  # a work day has 8 work hours
_CLOCKS = tuple(Clock)
_WORK, _OF_DAYS = (
    np.isin(_CLOCKS, names) for names in ([Clock.WORK_HOUR, Clock.WORK_DAY], [Clock.WORK_DAY, Clock.NATURAL_DAY])
)
_HAIR = 1e-9  # of a day: 24 times a 24th may be less than one
_LONGEST = 2.0**60  # microseconds: a limit of 36,000 years is as good as one of more, and sums of it still fit

Moments = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Rule(StrEnum):
    """When a limit in days runs out."""

    HOURS = "hours"  # a work day is so many work hours, a natural day 24 hours, from the very moment of the start
    NTH_DAY = "nth_day"  # with the end of the Nth day after the day of the start


class Why(IntEnum):
    """Why a due moment is known, or is not."""

    KNOWN = 0
    NO_LIMIT = 1  # without a start, or without a limit of zero or more
    ON_HOLD = 2  # a pause began before the limit ran out, and has no end
    UNCOVERED = 3  # on the way lies a day of which it is not known whether it is a workday


@dataclass(frozen=True)
class Calendar:
    """The days of an office, one after the other without a gap.

    Parameters
    ----------
    midnights : ndarray of int64, shape (n + 1,)
        When each local day begins; at last, when the last one ends.
    status : ndarray of int8, shape (n,)
        `data.schema.WORKDAY`, `DAY_OFF` or `UNKNOWN_DAY`.
    opens, closes : ndarray of int64, shape (n, k)
        The office hours of each day, should it be a workday: k half-open intervals, rising, apart, within the day.
    """

    midnights: Moments
    status: NDArray[np.int8]
    opens: Moments
    closes: Moments

    def __post_init__(self) -> None:
        hours = np.stack([self.opens, self.closes], axis=2).reshape(len(self.status), -1)
        row = np.column_stack([self.midnights[:-1], hours, self.midnights[1:]])
        assert (np.diff(row, axis=1) >= 0).all(), "days out of order"

    @cached_property
    def _hours(self) -> tuple[Moments, Moments, Moments]:
        """Begin and end of each stretch of work time, and the work time up to its end."""
        opens, closes = (of[self.status == WORKDAY].ravel() for of in (self.opens, self.closes))
        return opens, closes, np.cumsum(closes - opens)

    @cached_property
    def _unknown(self) -> tuple[Moments, Moments]:
        """Begin and end of each run of unknown days; all that lies before the first day and after the last is one."""
        unknown = np.concatenate([[True], self.status == UNKNOWN_DAY, [True]])
        edges = np.concatenate([[np.iinfo(np.int64).min], self.midnights, [NEVER]])
        turns = np.diff(np.concatenate([[False], unknown, [False]]).astype(np.int8))
        return edges[np.flatnonzero(turns == 1)], edges[np.flatnonzero(turns == -1)]

    @cached_property
    def _workdays(self) -> tuple[NDArray[np.int64], Moments]:
        """For each day how many workdays there are up to it; and when each workday closes."""
        works = self.status == WORKDAY
        return np.cumsum(works), self.closes[works].max(axis=1, initial=self.midnights[0])

    def day(self, moments: Moments) -> NDArray[np.intp]:
        """Return the position of the day of each moment, the nearest where it lies before or after all days."""
        return np.clip(np.searchsorted(self.midnights, moments, side="right") - 1, 0, len(self.status) - 1)

    def worked(self, moments: Moments) -> Moments:
        """Return the work time from the first day to each moment, in microseconds; unknown days count as off."""
        opens, closes, up_to = self._hours
        if not len(opens):
            return np.zeros(moments.shape, dtype=np.int64)
        at = np.searchsorted(opens, moments, side="right") - 1
        began = np.maximum(at, 0)
        left = closes[began] - np.clip(moments, opens[began], closes[began])
        return np.where(at < 0, 0, up_to[began] - left)

    def reached(self, work: Moments) -> Moments:
        """Return the first moment at which so much work time has gone by since the first day; NEVER beyond the last."""
        _, closes, up_to = self._hours
        at = np.searchsorted(up_to, work, side="left")
        within = np.minimum(at, len(up_to) - 1)
        if not len(up_to):
            return np.full(work.shape, NEVER)
        return np.where(at < len(up_to), closes[within] - (up_to[within] - work), NEVER)

    def unsure(self, start: Moments, end: Moments) -> Bools:
        """Return whether an unknown day lies, in part or whole, between start and end (half-open)."""
        begins, ends = self._unknown
        at = np.minimum(np.searchsorted(ends, start, side="right"), len(ends) - 1)
        return (start < end) & (begins[at] < end)


class Due(NamedTuple):
    """When limits run out: `at`, NEVER where that is not known; `why`, one of `Why`. Shape (n,) each."""

    at: Moments
    why: NDArray[np.int8]


def elapsed(
    start: ArrayLike,
    end: ArrayLike,
    clock: ArrayLike,
    calendar: Calendar,
    *,
    paused: ArrayLike = 0,
    pauses: Pauses | None = None,
) -> NDArray[np.float64]:
    """Return how long clocks ran between two moments, in minutes.

    Parameters
    ----------
    start, end : array_like of int64, shape (n,) or ()
        Moments; which one begins (dispatch, report) is the caller's choice. `end` of an open case is the as-of time.
    clock : array_like of str, shape (n,) or ()
        `data.schema.Clock`. Work days run in the same minutes as work hours, natural days as urgent hours.
    calendar : Calendar
    paused : array_like, shape (n,) or ()
        Minutes on hold (NaN: none), in the clock's own time: of a hold over a night a clock of work hours lost nothing.
        A total of seconds as some systems keep it is such a number for urgent hours and natural days alone.
    pauses : Pauses, optional
        The holds themselves; of each only what the clock would have run in it is taken out, once.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN without a start or an end, and for work time where an unknown day lies between them. Negative where the end
        lies before the start, or where more was paused than ran: the file is wrong there, and such cases are counted
        apart.

    Raises
    ------
    HazardError
        ``clock-unknown``.
    """
    begin, finish, kind, held = np.broadcast_arrays(_moments(start), _moments(end), _clocks(clock), paused)
    found = np.full(begin.shape, np.nan)
    there = (begin != NEVER) & (finish != NEVER)
    holds = pauses.apart() if pauses is not None else None
    for work in (False, True):
        mine = there & (_WORK[kind] == work)
        a, b = begin[mine], finish[mine]
        ran = _run(b, calendar, work) - _run(a, calendar, work) - _minutes(held[mine])
        if holds is not None:
            ran -= _held(holds, mine, a, b, calendar, work)
        unsure = calendar.unsure(np.minimum(a, b), np.maximum(a, b)) & work
        found[mine] = np.where(unsure, np.nan, ran / MINUTE)
    return found


def due(
    start: ArrayLike,
    value: ArrayLike,
    clock: ArrayLike,
    calendar: Calendar,
    *,
    paused: ArrayLike = 0,
    pauses: Pauses | None = None,
    postponed: ArrayLike = 0,
    rule: Rule = Rule.HOURS,
    day_minutes: int = DAY_MINUTES,
) -> Due:
    """Return when limits run out: the first moment at which so much time has run.

    A limit that is used up just when the office closes runs out then, not the next morning; one that begins at night
    runs from the opening.

    Parameters
    ----------
    start : array_like of int64, shape (n,) or ()
        Moments at which the clocks start.
    value : array_like of float, shape (n,) or ()
        The limit in the clock's unit: hours or days; NaN where there is none.
    clock, calendar, paused, pauses
        As in `elapsed`. Time on hold moves the end on by as much of the clock's time; by ``NTH_DAY`` a day that ends
        on hold is none of the N, other holds move nothing, and of a total its whole days count.
    postponed : array_like, shape (n,) or ()
        What an extension (延期) adds to `value`, in the same unit (NaN: nothing). By ``NTH_DAY`` its whole days are
        that many more ends of days; the rest runs on from there.
    rule : Rule
        Of limits in whole days. By ``NTH_DAY`` the day of the start does not count; a work day ends when the office
        closes, a natural day at midnight; other limits are reckoned by the hours.
    day_minutes : int
        Work minutes of a work day by ``Rule.HOURS``.

    Returns
    -------
    Due
        For work time, and for days that are counted, not known where an unknown day lies on the way.

    Raises
    ------
    HazardError
        ``clock-unknown``.

    References
    ----------
    A day of 8 work hours: the timing tables of city management systems. The Nth day: Civil Code of the People's
    Republic of China (2020), articles 201 (the first day does not count) and 203 (the last day ends at 24:00, or when
    business ends). Which days a hold takes out no rule says: own choice, so that no limit runs out on hold.
    """
    begin, own, more, kind, held = np.broadcast_arrays(
        _moments(start), np.asarray(value, float), np.nan_to_num(np.asarray(postponed, float)), _clocks(clock), paused
    )
    at, why = np.full(begin.shape, NEVER), np.full(begin.shape, Why.NO_LIMIT, dtype=np.int8)
    there = (begin != NEVER) & (own + more >= 0)
    holds = pauses.apart() if pauses is not None else None
    units = {Clock.WORK_DAY: day_minutes * MINUTE, Clock.NATURAL_DAY: 24 * HOUR}
    by_ends = (own >= 1) & (own == np.floor(own)) & _OF_DAYS[kind] & (rule == Rule.NTH_DAY)
    for (place, name), counted in itertools.product(enumerate(_CLOCKS), (False, True)):
        mine = there & (kind == place) & (by_ends == counted)
        if not mine.any():
            continue
        work, a, unit = bool(_WORK[place]), begin[mine], units.get(name, HOUR)
        wanted, moved = own[mine] + more[mine], _minutes(held[mine])
        onwards, beyond, waits = a, *np.zeros((2, *a.shape), dtype=bool)
        if counted:  # whole days end with a day; the part of a day that an extension adds runs from there
            whole = own[mine] + np.floor(more[mine] + _HAIR)
            onwards, beyond, waits = _nth_end(a, whole + moved // unit, holds, mine, calendar, work)
            wanted, moved = np.maximum(wanted - whole, 0), np.zeros_like(moved)
        run = partial(_run, calendar=calendar, work=work)
        origin = run(onwards)
        target = origin + np.rint(np.minimum(wanted, _LONGEST / unit) * unit).astype(np.int64)
        none_left = target == origin
        target, on_hold = _moved_on(target + moved, holds, mine, onwards, run)
        when = np.where(none_left, onwards, calendar.reached(target) if work else target)
        on_hold, uncovered = on_hold | waits, beyond | (calendar.unsure(a, when) & work)
        at[mine] = np.where(uncovered | on_hold, NEVER, when)
        why[mine] = np.select([on_hold, uncovered], [Why.ON_HOLD, Why.UNCOVERED], Why.KNOWN)
    return Due(at, why)


def _moments(values: ArrayLike) -> Moments:
    return np.asarray(values, dtype=np.int64)


def _clocks(names: ArrayLike) -> NDArray[np.int8]:
    """Return the position of each clock among `_CLOCKS`."""
    asked = np.asarray(names, dtype=np.str_)
    found = np.full(asked.shape, -1, dtype=np.int8)
    for place, name in enumerate(_CLOCKS):
        found[asked == name] = place
    if (found < 0).any():
        raise HazardError(
            "clock-unknown",
            "There is no clock named {name}; the clocks are: {known}.",
            name=str(asked[found < 0].flat[0]), known=", ".join(_CLOCKS),
        )  # fmt: skip
    return found


def _minutes(minutes: NDArray[np.generic]) -> Moments:
    return np.rint(np.nan_to_num(minutes.astype(float)) * MINUTE).astype(np.int64)


def _run(moments: Moments, calendar: Calendar, work: bool) -> Moments:
    """Return where moments stand on a clock: a number of microseconds that rises only while it runs."""
    return calendar.worked(moments) if work else moments


def _held(holds: Pauses, mine: Bools, start: Moments, end: Moments, calendar: Calendar, work: bool) -> Moments:
    """Return what the clock would have run in the pauses of the cases chosen, between start and end."""
    case, begins, ends = _of(holds, mine)
    a, b = (_run(np.clip(of, start[case], np.maximum(start, end)[case]), calendar, work) for of in (begins, ends))
    total = np.zeros(start.shape, dtype=np.int64)
    np.add.at(total, case, b - a)
    return total


def _of(holds: Pauses, mine: Bools) -> tuple[NDArray[np.intp], Moments, Moments]:
    """Return the pauses of the cases chosen, by their position among these."""
    place = np.cumsum(mine) - 1
    kept = mine[holds.case]
    return place[holds.case[kept]], holds.start[kept], holds.end[kept]


def _moved_on(
    target: Moments, holds: Pauses | None, mine: Bools, start: Moments, run: Callable[[Moments], Moments]
) -> tuple[Moments, Bools]:
    """Return where clocks stand when the limits run out, moved on by the pauses that begin before; and who waits on."""
    target, on_hold = target.copy(), np.zeros(start.shape, dtype=bool)
    if holds is None:
        return target, on_hold
    case, begins, ends = _of(holds, mine)
    begins, ends, endless = np.maximum(begins, start[case]), np.maximum(ends, start[case]), ends == NEVER
    a, b = run(begins), run(np.where(endless, begins, ends))
    first = np.searchsorted(case, case)  # where the pauses of the same case begin
    turn = np.arange(len(case)) - first
    for n in range(int(turn.max(initial=-1)) + 1):  # the nth pause of each case; later ones look at the moved end
        now = turn == n
        which, stops = case[now], a[now] < target[case[now]]
        on_hold[which] |= stops & endless[now]
        target[which] += np.where(stops, b[now] - a[now], 0)
    return target, on_hold


def _nth_end(
    start: Moments, days: NDArray[np.float64], holds: Pauses | None, mine: Bools, calendar: Calendar, work: bool
) -> tuple[Moments, Bools, Bools]:
    """Return when the Nth day after that of the start ends, days that end on hold not counted.

    Also where the calendar does not reach so far, and who waits on.
    """
    day = calendar.day(start)
    count, closes = calendar._workdays
    ends, so_far = (closes, count[day]) if work else (calendar.midnights, day + 2)  # with the end of that day
    number = so_far + np.minimum(days, len(calendar.status) + 1).astype(np.int64)

    def ended(moments: Moments) -> Moments:
        return np.searchsorted(ends, moments, side="right")

    number, waits = _moved_on(number, holds, mine, calendar.midnights[day + 1], ended)
    outside = (number > len(ends)) | (start < calendar.midnights[0]) | (start >= calendar.midnights[-1])
    last = ends[np.minimum(number, len(ends)) - 1] if len(ends) else np.full(start.shape, NEVER)
    return last, outside, waits
