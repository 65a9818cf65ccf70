"""From a number back to its reports: the event that each report of a scope counts in, and why some count in none.

What an event is, and where it counts, is told by `reports.answers.events_of`, which the tests of chance stand on; here
each of its calls gets the name of its event: the case number of the first call, the one that is counted. So in every
cell the reports that count as a first one are as many as the cell's events, and those in an event as many as its calls.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from base.text import N_, Words
from data import listing, queries
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from reports import answers, history, people
from reports.sheet import csv_parts, write_sheet

FIRST, WITH, ELSEWHERE, ONE_SPOT, NO_CELL, OTHER_EDITION = (
    "first", "with", "elsewhere", "one_spot", "no_cell", "other_edition"
)  # fmt: skip
STATES = {
    FIRST: N_("yes: first report"),
    WITH: N_("with the first report"),
    ELSEWHERE: N_("in {cell}, where its event began"),
    ONE_SPOT: N_("no: many addresses on one spot"),
    NO_CELL: N_("no: in no cell"),
    OTHER_EDITION: N_("no: in a cell of another time"),
}
TITLES = {
    "source": N_("Source"),
    "incident_id": N_("Case"),
    "reported_at": N_("Reported"),
    "hazard": N_("Hazard"),
    "cell_id": N_("Code"),
    "cell": N_("Cell"),
    "calls": N_("Calls"),
    "events": N_("Events"),
    "event": N_("Event"),
    "counted": N_("Counted"),
}
MOST_LISTED = 1000  # of a cell, for people to read
MOST_ON_A_PAGE = 200_000  # reports in a workbook that somebody waits for in front of a page
MOST_IN_A_WORKBOOK = 1_000_000
_COLUMNS = ("source", "incident_id", "reported_at", "hazard")

Ints = NDArray[np.int64]


def incidents_of(dataset: Dataset, scope: Scope, cell: str, *, limit: int = MOST_LISTED) -> pd.DataFrame:
    """Return the newest incidents of a cell, those of one event together, its first one before the others.

    Columns: those of `data.listing.incidents`, and those that `reports` adds to the stored ones. Only the rows listed,
    and those of the cases that their events are named by, are read.
    """
    rows = listing.incidents(dataset, scope, cell=cell, limit=limit)
    traced, leader = _traced(dataset, scope, rows, _Heads(dataset, scope))
    key = np.where(leader < 0, -2 - rows["call"].to_numpy(np.int64), leader)
    event, _ = pd.factorize(key)  # in the order of the newest report of each
    newest = np.arange(len(rows))
    return traced.iloc[np.lexsort((-newest, traced["state"] != FIRST, event))].reset_index(drop=True)


def reports(dataset: Dataset, scope: Scope) -> Iterator[pd.DataFrame]:
    """Yield every report of a scope with its event, file by file, from the first month on.

    Columns: source, incident_id, reported_at, hazard, cell_id (None in no cell), call, and

    * cell: name of the cell, '' in none;
    * calls, events: 1 where the report counts as a call of its cell, and where it stands for an event there, else 0;
      summed by cell they are the columns of `reports.answers.HotSpots.cells`;
    * event: case number of the first call of its event, with its source where a version has several; '' in none;
    * event_cell: name of the cell that the event counts in;
    * state: a key of `STATES`.

    A report in a cell of another time, which is not on the scope's map, counts as none; it may have begun an event.
    """
    heads = _Heads(dataset, scope)
    for rows in listing.by_file(dataset, scope, _COLUMNS):
        yield _traced(dataset, scope, rows, heads)[0]


def in_words(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return traced rows with the column counted, which says whether and where each counts; others as they are."""
    if "state" not in rows:
        return rows
    told = [words(STATES[state], cell=cell) for state, cell in zip(rows["state"], rows["event_cell"], strict=True)]
    return rows.assign(counted=np.array(told, dtype=object))


def tie_sentences(rows: pd.DataFrame, count: int, words: Words) -> list[str]:
    """Return how the incidents of a cell make its events, from `incidents_of` and how many reports the cell has."""
    if len(rows) < count:
        return [words("Listed are the newest {shown} of {n} reports.", shown=len(rows), n=count)]
    lines = [
        words(
            "Reports counted in this cell: {calls}; events: {events}. An event is named by its first report.",
            calls=int(rows["calls"].sum()),
            events=int(rows["events"].sum()),
        )
    ]
    elsewhere, spot = (int((rows["state"] == state).sum()) for state in (ELSEWHERE, ONE_SPOT))
    if elsewhere:
        lines.append(
            words.plural(
                "{n} belongs to an event that began in another cell and counts there.",
                "{n} belong to events that began in other cells and count there.",
                elsewhere,
            )
        )
    if spot:
        lines.append(
            words.plural("{n} more lies on one spot: in no event.", "{n} more lie on one spot: in no event.", spot)
        )
    return lines


def csv(dataset: Dataset, scope: Scope, words: Words) -> Iterator[bytes]:
    """Yield every report of a scope with its event as a CSV, a month at a time."""
    nothing = pd.DataFrame(columns=list(TITLES))
    every = (_named(rows, words) for rows in reports(dataset, scope))
    return csv_parts((frame for frames in ([nothing], every) for frame in frames), _titles(words))


def workbook(dataset: Dataset, scope: Scope, words: Words) -> bytes:
    """Return every report of a scope with its event as a workbook.

    Raises
    ------
    HazardError
        ``reports-too-many`` of more than `MOST_IN_A_WORKBOOK`.
    """
    n = count(dataset, scope)
    if n > MOST_IN_A_WORKBOOK:
        raise HazardError(
            "reports-too-many",
            "A workbook takes at most {most} reports, and here are {n}: write a file that ends in .csv.",
            n=n, most=MOST_IN_A_WORKBOOK,
        )  # fmt: skip
    parts = [_named(rows, words) for rows in reports(dataset, scope)]
    notes = [words("Example data, invented")] if dataset.is_demo else []
    notes += [
        words("Hazard Hotspots"),
        words("Reports and events"),
        people.scope_words(words, dataset, scope),
        words("Summed by cell, the columns Calls and Events are the numbers of the hot-spot page."),
        words("An event has the case number of its first report, and counts once, in the cell of that report."),
        words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8],
    ]
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(TITLES))
    return write_sheet(every, _titles(words), name=words("Reports and events"), notes=notes, words=words)


def count(dataset: Dataset, scope: Scope) -> int:
    """Return how many reports `reports` has."""
    return int(queries.counts(dataset, scope, [])["count"].sum())


def _titles(words: Words) -> dict[str, str]:
    return {column: words(title) for column, title in TITLES.items()}


def _named(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    names = {code: words(name) for code, name in HAZARD_NAMES.items()}
    return in_words(rows.assign(hazard=rows["hazard"].map(names)), words)[list(TITLES)]


class _Heads:
    """The calls that stand for the events of a scope, found from any call of an event; calls are named by numbers."""

    def __init__(self, dataset: Dataset, scope: Scope) -> None:
        columns = ("call", "cell_id", "one_spot", "located")
        points = queries.points(dataset, scope, by_cell=True, columns=columns)
        call, located = points["call"].to_numpy(), points["located"].to_numpy()
        kept = np.flatnonzero(
            points["cell_id"].notna() & ~points["one_spot"]
        )  # as `answers.calls_of`, without its copy
        self._follower, self._leader = history.followers(dataset)
        lost = np.flatnonzero(~located[kept])
        if len(lost):
            told = answers.calls_of(dataset, scope, ("cell_id", "reported_at", "hazard")).iloc[lost]
            number = call[kept[lost]]
            follower = np.append(self._follower, number)
            leader = np.append(self._leader, number[answers.group_lost(dataset, told)])
            order = np.argsort(follower, kind="stable")
            self._follower, self._leader = follower[order], leader[order]
        heads = kept[answers.events_of(dataset, scope).calls["leads"].to_numpy()]
        numbers, cells = call[heads], points["cell_id"].array[heads]
        event = self._event(numbers)
        order = np.argsort(event, kind="stable")
        self._events, self._numbers, self._cells = event[order], numbers[order], cells[order]

    def of(self, calls: Ints) -> tuple[Ints, NDArray[np.object_]]:
        """Return the call that stands for the event of each call, and its cell; -1 and None for those in no event."""
        if not len(self._events):
            return np.full(len(calls), -1), np.full(len(calls), None, dtype=object)
        event = self._event(calls)
        at = np.minimum(np.searchsorted(self._events, event), len(self._events) - 1)
        here = self._events[at] == event
        cells = np.asarray(self._cells[at].astype(object))
        cells[~here] = None
        return np.where(here, self._numbers[at], -1), cells

    def _event(self, calls: Ints) -> Ints:
        """Return the first call of the event of each call in the whole history, in the scope or not."""
        if not len(self._follower):
            return calls
        at = np.minimum(np.searchsorted(self._follower, calls), len(self._follower) - 1)
        return np.where(self._follower[at] == calls, self._leader[at], calls)


def _traced(dataset: Dataset, scope: Scope, rows: pd.DataFrame, heads: _Heads) -> tuple[pd.DataFrame, Ints]:
    """Return rows with what `reports` adds to them, and the call that stands for the event of each, -1 in none."""
    calls, cell = rows["call"].to_numpy(np.int64), rows["cell_id"].to_numpy(object)
    inside = pd.notna(cell)
    leader, event_cell = heads.of(calls)
    leader[~inside] = -1  # beside the cells: another's first call may be theirs in the history
    shown = pd.Index(answers.cells_of(dataset, scope)["cell_id"])
    state = np.select(
        [~inside, leader < 0, shown.get_indexer(pd.Index(cell)) < 0, leader == calls, event_cell == cell],
        [NO_CELL, ONE_SPOT, OTHER_EDITION, FIRST, WITH],
        ELSEWHERE,
    ).astype(object)
    newest = dataset.cells(scope.level, every=True).drop_duplicates("cell_id", keep="last")
    names = newest.set_index("cell_id")["name"].to_dict()
    event = np.full(len(rows), "", dtype=object)
    of, numbers = pd.factorize(leader[leader >= 0], sort=True)
    event[leader >= 0] = _labels(dataset, rows, numbers)[of]
    traced = rows.assign(
        cell=[names.get(one, "") for one in cell],
        calls=np.isin(state, (FIRST, WITH, ELSEWHERE)).astype(np.int64),
        events=(state == FIRST).astype(np.int64),
        event=event,
        event_cell=[names.get(one, "") if at >= 0 else "" for one, at in zip(event_cell, leader, strict=True)],
        state=state,
    )
    return traced, leader


def _labels(dataset: Dataset, rows: pd.DataFrame, numbers: Ints) -> NDArray[np.object_]:
    """Return the case numbers of some calls, rising; only those that are not among the rows are read."""
    calls = pd.Index(rows["call"].to_numpy(np.int64))
    at = calls.get_indexer(pd.Index(numbers))
    names = ["source", "incident_id"]
    found = rows[names].to_numpy(object)[at]
    if (at < 0).any():
        found[at < 0] = queries.texts(dataset, numbers[at < 0], names).to_numpy(object)
    several = len(dataset.sources) > 1  # a case number is one case in its source only
    return np.array([f"{source} · {case}" if several else case for source, case in found], dtype=object)
