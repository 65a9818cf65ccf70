"""The rows of a scope in a file of incidents, and how each case stands at its as-of time.

The rules are told in `data.queries`, which counts such rows; `data.listing` lists them for people.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import facts, tables
from data.facts import NEVER, Part

if TYPE_CHECKING:
    from data.views import View

Bools = NDArray[np.bool_]
Times = NDArray[np.int64]
_Reckoned = TypeVar("_Reckoned")
UNKNOWN = np.int64(np.iinfo(np.int64).min)  # the as-of time of a source that knows of none: before all others
_QUARTER_US = 900_000_000


class Seen:
    """The rows of a scope in one file: columns as `data.facts.Part` has them, and states, each of shape (n,)."""

    def __init__(self, view: "View", part: Part, rows: NDArray[np.int64] | None) -> None:
        self.view, self.part, self.month = view, part, part.month
        self.n = part.rows if rows is None else len(rows)
        self.rows: Any = slice(None) if rows is None else rows  # their places in the file
        self._reckoned: dict[Any, Any] = {}

    @property
    def positions(self) -> NDArray[np.int64]:
        """The places of the rows in their file."""
        return np.arange(self.part.rows)[self.rows]

    @property
    def calls(self) -> NDArray[np.int64]:
        """The numbers of the rows, the same in all answers of a version."""
        return (facts.number(self.view.dataset, self.part) << 32) + self.positions

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.part[name][self.rows]

    def once(self, key: Any, reckon: Callable[[], _Reckoned]) -> _Reckoned:
        """Return what is reckoned of these rows: only the first time, for several questions may want it."""
        if key not in self._reckoned:
            self._reckoned[key] = reckon()
        return cast(_Reckoned, self._reckoned[key])

    @cached_property
    def as_of(self) -> NDArray[np.int64]:
        """Up to when a case is known; of shape () where it is one time for all."""
        return self.view.as_of_each(self["source"]) if self.view.as_of.ndim else self.view.as_of

    @cached_property
    def reported(self) -> Times:
        """Report times; `NEVER` where it is not known."""
        return self["reported_at"]

    @cached_property
    def closed(self) -> Times:
        """Closing times; `NEVER` where there is none."""
        return self["closed_at"]

    @cached_property
    def timed(self) -> Bools:
        """Whether the report time is known."""
        return self.reported != NEVER

    @cached_property
    def known(self) -> Bools:
        """Whether the case was reported by its as-of time, as far as anybody can tell."""
        return (self.reported <= self.as_of) | ~self.timed

    @cached_property
    def stands(self) -> Bools:
        """Whether the case is not voided."""
        return self.view.stands(self.part)[self.rows]

    @cached_property
    def followed(self) -> Bools:
        """Whether the source of the case tells closing times: else nobody knows whether it is open."""
        table = self.view.followed
        return np.take(table, self["source"], mode="clip") if table.ndim else np.broadcast_to(table, self.n)

    @cached_property
    def open(self) -> Bools:
        """Whether the case is known, and neither closed nor voided."""
        not_closed = (self.closed > self.as_of) & (self.as_of != UNKNOWN) | (self.closed == NEVER)
        return not_closed & self.stands & self.known & self.followed

    @cached_property
    def sound(self) -> Bools:
        """Whether it was not closed before it was reported: else its times are bad data."""
        return (self.closed >= self.reported) | ~self.timed

    @cached_property
    def zero(self) -> Bools:
        """Whether it was closed at the moment of its report, where a clock is known."""
        return self._at_once(self.closed)

    def _at_once(self, ended: Times) -> Bools:
        at_once = (ended == self.reported) & self.timed
        rows = np.flatnonzero(at_once)
        # Two dates without a clock, of one day: nobody knows how long the case took
        local = times(self.reported[rows], self.view.zone).tz_localize(None).to_numpy("datetime64[us]")
        at_once[rows[local == local.astype("datetime64[D]")]] = False
        return at_once

    @cached_property
    def bulk(self) -> Bools:
        """Whether it was closed, by its as-of time, together with more cases than anybody handles."""
        places = self.view.bulk.get(self.part.path)
        if places is None:
            return np.broadcast_to(np.False_, self.n)
        found = np.zeros(self.part.rows, dtype=bool)
        found[places] = True
        return found[self.rows] & (self.closed <= self.as_of)

    @cached_property
    def plain(self) -> Bools:
        """Whether the state of a case is known and its times are not odd, but for closures in bulk."""
        return self.known & self.sound & self.stands & self.followed & ~self.zero

    @cached_property
    def clocked(self) -> Bools:
        """Whether it is known how long the case took, or how long it has been open."""
        return self.plain & self.timed & ~self.bulk

    @cached_property
    def ended(self) -> Times:
        """When the case ended as its deadline asks; `NEVER` where it did not."""
        if not self.view.by_handling:
            return self.closed
        handled = self["handled_at"]
        return np.where(handled == NEVER, self.closed, handled)

    @cached_property
    def start(self) -> Times:
        """When the clock of the case begins; `NEVER` where it has not, or nobody knows."""
        return self.view.start(self.part)[self.rows]

    @cached_property
    def stopped(self) -> Bools:
        """Whether an open case has ended as its deadline asks: it is handled, and closing it is all that is left."""
        return self.open & (self.ended <= self.as_of)

    @cached_property
    def past_due(self) -> Bools:
        """Whether an open case is past its deadline, which still runs."""
        return self.open & (self["due_at"] <= self.as_of) & ~self.stopped

    @cached_property
    def backwards(self) -> Bools:
        """Whether the case ended, as its deadline asks, before its report or before its clock began."""
        begun = self.start != NEVER
        return (self.ended < self.reported) & self.timed | (self.ended < self.start) & begun

    @cached_property
    def ended_at_once(self) -> Bools:
        """Whether it ended, as its deadline asks, at the moment of its report, where a clock is known."""
        return self.zero if not self.view.by_handling else self._at_once(self.ended)

    @cached_property
    def odd_end(self) -> Bools:
        """Whether the end that counts against the deadline is odd: nobody can say that it was in time, or late."""
        return self.backwards | self.ended_at_once

    @cached_property
    def judged(self) -> Bools:
        """Whether the case is held against its deadline, once that has come."""
        return self.plain & ~self.bulk & ~self.odd_end

    @cached_property
    def due(self) -> Bools:
        """Whether the deadline of a case had come whose state is known and not odd."""
        return (self["due_at"] <= self.as_of) & self.judged

    @cached_property
    def bulk_due(self) -> Bools:
        """The same of cases closed in bulk."""
        return (self["due_at"] <= self.as_of) & self.plain & self.bulk & ~self.odd_end

    @cached_property
    def met(self) -> Bools:
        """Whether the case had ended by its deadline."""
        return self.ended <= self["due_at"]

    def handled_as(self, handling: str | None) -> Bools:
        """Return whether the case was handled so (a code of `data.schema.HANDLINGS`); None is in any way."""
        if handling is None:
            return np.broadcast_to(np.True_, self.n)
        wanted = facts.codes("handling").of([handling])[0]

        def compare() -> Bools:
            found = self["handling"]
            return (found == wanted) if handling else (found == wanted) | (found < 0)

        return self.once(("handled as", handling), compare)

    @cached_property
    def cell(self) -> NDArray[np.signedinteger[Any]]:
        """The codes of the cells; -1 where there is none."""
        return np.broadcast_to(np.int16(-1), self.n) if self.view.cell is None else self[self.view.cell]

    @property
    def placed(self) -> Bools:
        """Whether the case counts in a cell."""
        return self.cell >= 0

    def in_cell(self, cell: str | None) -> Bools:
        """Return whether the case counts in a cell; None is everywhere."""
        if cell is None:
            return np.broadcast_to(np.True_, self.n)
        return self.cell == facts.codes(self.view.level_column).of([cell])[0]

    def lies(self, place: str, shown: NDArray[np.int32] | None) -> Bools:
        """Return whether the case lies so: inside, near, outside, no_location or other_edition.

        The last is a cell that is not among those `shown`; None are all.
        """
        if place == "near":
            return self.near
        if place == "inside":
            return self.placed & ~self.near
        if place == "other_edition":
            return np.broadcast_to(np.False_, self.n) if shown is None else self.placed & ~np.isin(self.cell, shown)
        return (self["located"] if place == "outside" else ~self["located"]) & ~self.placed

    @cached_property
    def near(self) -> Bools:
        """Whether the case lies outside its cell, but near enough to count there."""
        if self.view.cell is None:
            return np.broadcast_to(np.False_, self.n)
        return self[tables.near_column(self.view.cell)]

    @cached_property
    def within_quarter_hour(self) -> Bools:
        """Whether the case was closed less than 15 minutes after its report, where a clock is known."""
        reported, closed = self.reported, self.closed
        # What is subtracted from is never `NEVER`'s opposite, so nothing runs over
        quick = self.timed & (closed > reported) & (closed - _QUARTER_US < reported) | self.zero
        return quick & (closed <= self.as_of)


def times(values: Times, zone: ZoneInfo) -> pd.DatetimeIndex:
    """Return times of the columns as pandas has them, in a zone; `NEVER` and `UNKNOWN` are none."""
    missing = np.where(values == NEVER, UNKNOWN, values)  # pandas marks a missing time by the least number
    return pd.DatetimeIndex(missing.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
