"""A scope of a version, made ready to find its rows in the files, and what it knows of their sources.

The rules are told in `data.queries`, which counts such rows; `data.listing` lists them for people.
"""

import datetime as dt
import threading
import weakref
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import facts, tables, told
from data.bulk import closed_in_bulk
from data.dataset import Dataset
from data.facts import NEVER, Part
from data.schema import NO_MONTH, Scope
from data.seen import UNKNOWN, Bools, Seen, Times

_FEW = 8  # up to so many are compared one by one, which is faster than to look them up
_MOST_HELD, _MOST_VIEWS = 8_000_000, 64  # rows, of 8 bytes each, and views: of those asked for last
_MOST_TOLD, _TOLD_VIEWS = 1_000_000, 4  # rows a view whose states are held too, some 40 bytes each; of the last views
_HOLDING = threading.Lock()


class View:
    """A scope of a version, made ready to find its rows in the files."""

    def __init__(self, dataset: Dataset, scope: Scope) -> None:
        self.dataset: Dataset = weakref.proxy(dataset)  # which holds its views: else neither would ever go
        self.scope = scope
        self.zone = ZoneInfo(dataset.zone)
        self.cell = dataset.level(scope.level).column if scope.level else None
        self._start = None if scope.start is None else midnight(scope.start, self.zone)
        self._end = None if scope.end is None else midnight(scope.end, self.zone)
        self._not_after = None if scope.as_of is None else microseconds(scope.as_of)
        wanted = {name: texts for name, texts in (("hazard", scope.hazards), ("source", scope.sources)) if texts}
        if scope.area is not None:
            wanted[self.level_column] = _cells_in(dataset, scope)
        self._codes = {name: facts.codes(name).of(texts) for name, texts in wanted.items()}
        self._rows: dict[str, NDArray[np.int64] | None] = {}  # by file; None are all
        self._seen: dict[str, Seen] = {}  # by file, with the states that were asked for

    @classmethod
    def of(cls, dataset: Dataset, scope: Scope) -> "View":
        """Return the view of a scope.

        A screen asks ten questions about one scope. So the views asked for last are held with the version, and with
        them which rows they have and, of the last few, how their cases stand; they are shared.
        """
        held: dict[Scope, View] = dataset.derived.setdefault("views", {})
        found = held.get(scope) or cls(dataset, scope)
        with _HOLDING:
            found = held[scope] = held.pop(scope, found)  # the last to go
            rows = sum(one.held for one in held.values())
            while len(held) > 1 and (rows > _MOST_HELD or len(held) > _MOST_VIEWS):
                rows -= held.pop(next(iter(held))).held
            for one in list(held.values())[:-_TOLD_VIEWS]:
                one._seen = {}
            return found

    @cached_property
    def as_of(self) -> NDArray[np.int64]:
        """Up to when a case is known: shape () where it is one time for all, else by the code of the source."""
        known: dict[str, np.int64] = {}
        for name, own in self.dataset.sources.items():
            if not self.scope.sources or name in self.scope.sources:
                times = [time for time in (own, self.scope.as_of) if time is not None]
                known[name] = microseconds(min(times)) if times else UNKNOWN
        if len(set(known.values())) < 2:
            return np.asarray(next(iter(known.values()), UNKNOWN))
        by_code = facts.codes("source").of(known)
        table = np.full(max(by_code) + 2, UNKNOWN)  # its last entry is for all with a greater code
        table[by_code] = list(known.values())
        return table

    @cached_property
    def followed(self) -> Bools:
        """Whether closing times are told: shape () where it is so for all, else by the code of the source."""
        asked = [name for name in self.dataset.sources if not self.scope.sources or name in self.scope.sources]
        silent = told.sources_without(self.dataset, "closed_at") & set(asked)
        if not silent or len(silent) == len(asked):
            return np.asarray(not silent)
        codes = facts.codes("source").of(asked)
        table = np.ones(max(codes) + 2, dtype=bool)
        table[codes] = [name not in silent for name in asked]
        return table

    @cached_property
    def bulk(self) -> dict[str, NDArray[np.int64]]:
        """The places of the rows closed in bulk, by file; files without any are left out."""
        return closed_in_bulk(self.dataset).rows

    @cached_property
    def by_handling(self) -> bool:
        """Whether a case counts as ended when it was handled, against its deadline."""
        return bool(self.dataset.settings["clock_end"] == "handled")

    @cached_property
    def dispatching(self) -> frozenset[str] | None:
        """The imports in which a case that was not dispatched has not begun; None where clocks begin at the report."""
        if self.dataset.settings["clock_start"] == "reported":
            return None
        return told.imports_with(self.dataset, "dispatched_at")

    def start(self, part: Part) -> Times:
        """Return when the clock of each case of a file begins; `NEVER` where it has not, or nobody knows."""
        reported = part["reported_at"]
        if self.dispatching is None:
            return reported
        dispatched = part["dispatched_at"]
        begins = np.where(dispatched == NEVER, reported, dispatched) if any(dispatched.strides) else reported
        if not self.dispatching:
            return begins
        if len(self.dispatching) == len(self.dataset.imports):
            return dispatched
        waits = np.isin(part["import_id"], facts.codes("import_id").of(sorted(self.dispatching)))
        return np.where(waits, dispatched, begins)

    @property
    def start_columns(self) -> set[str]:
        """What `start` needs of a file."""
        if self.dispatching is None:
            return {"reported_at"}
        mixed = 0 < len(self.dispatching) < len(self.dataset.imports)
        return {"reported_at", "dispatched_at"} | ({"import_id"} if mixed else set())

    def for_states(self) -> set[str]:
        """Return what telling the states of cases needs of a file: open, odd, clocked; and how they were handled.

        Closures in bulk are found here and now: the threads that look at the files must not wait for one another.
        """
        _ = self.bulk
        by_source = {"source"} if self.followed.ndim else set()
        return {"reported_at", "closed_at", "handling"} | by_source

    def for_deadlines(self) -> set[str]:
        """Return the same for telling whether cases were due and in time."""
        handled = {"handled_at"} if self.by_handling else set()
        return self.for_states() | self.start_columns | {"due_at"} | handled

    def as_of_each(self, sources: NDArray[np.signedinteger[Any]]) -> NDArray[np.int64]:
        """Return up to when cases are known, by the codes of their sources."""
        return np.take(self.as_of, sources, mode="clip")

    @property
    def columns(self) -> set[str]:
        """What finding the rows needs of a file."""
        timed = (self.scope.start, self.scope.end) != (None, None)
        return self.choosing_columns | self.as_of_columns | {"voided_at", *(["reported_at"] if timed else [])}

    @property
    def choosing_columns(self) -> set[str]:
        """What `chosen` needs of a file."""
        return {*self._codes, *(["reported_at"] if self.scope.as_of is not None else [])}

    @property
    def level_column(self) -> str:
        """The column of the cells; without a level there are none, which is refused."""
        return self.dataset.level(self.scope.level).column

    @property
    def cell_columns(self) -> set[str]:
        """What telling the cell needs of a file."""
        return set() if self.cell is None else {self.cell, tables.near_column(self.cell)}

    @property
    def as_of_columns(self) -> set[str]:
        """What telling the as-of time needs of a file."""
        return {"source"} if self.as_of.ndim else set()

    def parts(self) -> list[Part]:
        """Return the files that may hold rows of the period; '2018' stands before '2018-01', 'none' behind all."""
        start, end = self.scope.start, self.scope.end
        first = "" if start is None else first_month(start)
        last = "~" if end is None else month_of(end - dt.timedelta(days=1))
        return facts.parts(self.dataset, first, last)

    def seen(self, part: Part) -> "Seen":
        """Return the rows of the scope in a file of the period."""
        if part.path not in self._rows:
            since, until = self.in_period(part)
            keep = self.chosen(part) & since & until
            if not self.scope.voided:
                keep &= self.stands(part)
            self._rows[part.path] = None if keep.all() else np.flatnonzero(keep)
        held = self._seen
        found = held.get(part.path)
        if found is None:
            found = Seen(self, part, self._rows[part.path])
            if found.n + sum(one.n for one in list(held.values())) <= _MOST_TOLD:
                held[part.path] = found
        return found

    def every(self, part: Part) -> Seen:
        """Return all rows of a file, whatever the scope asks for."""
        return Seen(self, part, None)

    @property
    def held(self) -> int:
        """How many rows are held by their places in their files."""
        return sum(len(rows) for rows in list(self._rows.values()) if rows is not None)

    def chosen(self, part: Part) -> Bools:
        """Return which rows of a file the scope asks for whatever their period, and known by its as-of time."""
        keep = np.ones(part.rows, dtype=bool)
        for name, wanted in self._codes.items():
            keep &= _among(part[name], wanted)
        if self.scope.as_of is not None:
            reported = part["reported_at"]
            year_over = f"{self.scope.as_of.astimezone(self.zone).year - 1:04d}"
            timeless = part.month == NO_MONTH or part.month <= year_over
            keep &= (reported <= self._not_after) | (timeless & (reported == NEVER))
        return keep

    def in_period(self, part: Part) -> tuple[Bools, Bools]:
        """Return which rows of a file do not lie before the period, and which not after it.

        A lone year that is not whole in the period fails one of them, and a case without any time both.
        """
        start, end = self.scope.start, self.scope.end
        since = until = np.broadcast_to(np.True_, part.rows)
        if start is None and end is None:
            return since, until
        reported = part["reported_at"]
        untimed, lone = reported == NEVER, part.month != NO_MONTH
        if start is not None:
            from_here = lone and part.month >= first_month(start)
            since = np.where(untimed, from_here, reported >= self._start)
        if end is not None:
            to_here = lone and part.month <= f"{end.year - 1:04d}"
            until = np.where(untimed, to_here, reported < self._end)
        return since, until

    def side(self, part: Part) -> str | None:
        """Return "before" or "after" where all of a file lies on that side of the period; None where one has to look.

        A file of a month holds no case without a report time.
        """
        start, end = self.scope.start, self.scope.end
        if len(part.month) == len("2026-01"):
            if start is not None and part.month < month_of(start):
                return "before"
            if end is not None and part.month > month_of(end - dt.timedelta(days=1)):
                return "after"
        return None

    def stands(self, part: Part) -> Bools:
        """Return which rows of a file are not voided by their as-of time: nobody has to handle a voided case."""
        voided = part["voided_at"]
        if not any(voided.strides):  # none is
            return np.broadcast_to(np.True_, part.rows)
        return voided > (self.as_of_each(part["source"]) if self.as_of.ndim else self.as_of)


def _among(codes: NDArray[np.signedinteger[Any]], wanted: NDArray[np.int32]) -> Bools:
    if len(wanted) > _FEW:
        return np.isin(codes, wanted)
    found = np.zeros(len(codes), dtype=bool)
    for code in wanted:
        found |= codes == code
    return found


def _cells_in(dataset: Dataset, scope: Scope) -> tuple[str, ...]:
    """Return the cells of a scope's area, each in one area only: that of the edition shown, else of its newest one."""
    shown = dataset.cells(scope.level, dataset.edition_day(scope))
    newest_first = dataset.cells(scope.level, every=True)[::-1]
    parents = pd.concat([shown[["cell_id", "parent"]], newest_first[["cell_id", "parent"]]])
    parents = parents.drop_duplicates("cell_id")
    return tuple(parents.loc[parents["parent"] == scope.area, "cell_id"])


def midnight(day: dt.date, zone: ZoneInfo) -> np.int64:
    """Return the beginning of a day in a zone, in microseconds."""
    return microseconds(dt.datetime.combine(day, dt.time(), zone))


def microseconds(time: dt.datetime) -> np.int64:
    """Return a time as the columns have it."""
    return np.int64(pd.Timestamp(time).tz_convert("UTC").tz_localize(None).as_unit("us").asm8.astype(np.int64))


def first_month(day: dt.date) -> str:
    """Return the first month of a period that begins on a day; a lone year is in it if that day is New Year's Day."""
    return f"{day.year:04d}" if (day.month, day.day) == (1, 1) else month_of(day)


def month_of(day: dt.date) -> str:
    """Return the month of a day as the files are named: 2026-01."""
    return day.isoformat()[:7]


def edition(view: View) -> NDArray[np.int32] | None:
    """Return the codes of the cells that a scope shows, where its level has others too; None if it shows all."""
    dataset, scope = view.dataset, view.scope
    if view.cell is None or not dataset.has_editions(scope.level):
        return None
    return facts.codes(view.cell).of(dataset.cells(scope.level, dataset.edition_day(scope))["cell_id"].tolist())
