"""When a case is due, and why, or why nobody can tell.

The limit is that of the table of deadlines in force when the case's clock started (`data.limits`): whoever changes the
table for a later day leaves running cases alone. From the start it runs on its own clock (`data.clocks`) over the
office's calendar; holds and postponements move its end. All of it is reckoned from what is stored, so it is reckoned
again, in the same version, whenever a table or a setting that it hangs on changes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.clocks import Rule, Why, due
from data.dataset import Dataset
from data.limits import NO_ROW, SEVERAL, Limits, plain
from data.merging import amend
from data.moments import with_column
from data.office import calendar_of
from data.pauses import NEVER, Pauses
from data.schema import DUE_FROM, ENGINEERING, LIMIT_COLUMNS, ON_SPOT, Clock
from data.store import Change
from data.tables import TABLES

SETTINGS = ("work_calendar", "office_hours", "clock_start", "day_limits", "file_deadline")  # that due times hang on
ASKED = ("import_id", "kind", "code", "type_name", "hazard", "condition", "description")  # what finds the row of a case
Imports = Mapping[str, Mapping[str, Any]]  # import_id -> its options
_STEPS = ("surveyed_at", "designed_at", "built_at", "followed_up_at")  # of engineering
_HOLDS = ["paused_at", "resumed_at", "closed_at", "paused_minutes", "postponed_hours", "postponed_days"]
_YES = {
    "是", "有", "1", "y", "yes", "t", "true", "自处置", "自行处置", "已自处置", "监督员自处置", "现场处置",
    "现场处理", "已现场处置", "即办", "即办件",
}  # fmt: skip
# What an hour and a day of a postponement are in the unit of a limit
_ADDED: dict[str, tuple[float, float]] = {
    Clock.URGENT_HOUR: (1.0, 24.0),
    Clock.WORK_HOUR: (1.0, 8.0),
    Clock.WORK_DAY: (1 / 8, 1.0),
    Clock.NATURAL_DAY: (1 / 24, 1.0),
}
_WHY = {Why.KNOWN: "table", Why.ON_HOLD: "on-hold", Why.UNCOVERED: "uncovered"}
_REASONS = tuple(DUE_FROM)
Moments = NDArray[np.int64]
Bools = NDArray[np.bool_]


def assign(rows: pa.Table, dataset: Dataset, imports: Imports, *, zone: str | None = None) -> pa.Table:
    """Return incidents with the columns `data.schema.LIMIT_COLUMNS`, by the tables and settings of a version.

    Parameters
    ----------
    rows : pyarrow.Table
        Incidents as they are stored; what stood in those columns does not count.
    dataset : Dataset
        The version whose table of deadlines, workdays and settings count.
    imports : mapping
        The options of the imports that the rows came by, as `data.schema.ImportRecord` has them: `mapping` tells
        whether the file says when cases were dispatched, `scheme` which list its codes belong to.
    zone : str, optional
        Of the days, where it is not yet that of the version: the first import sets it.

    Notes
    -----
    Where a case has an interval of a hold, a total beside it is not added: it would count the hold twice.
    """
    settings, table = dataset.settings, _limits(dataset)
    start = _starts(rows, settings["clock_start"], imports)
    fits = table.rows_for(_cases(rows, imports), _local_days(start, zone or dataset.zone))
    at = np.full(rows.num_rows, NEVER)
    reason = np.select([fits == NO_ROW, fits == SEVERAL], [_code("no-limit"), _code("several")], _code("unread"))
    reason[(fits != NO_ROW) & (start == NEVER)] = _code("no-start")
    fitting = fits >= 0
    read = fitting & ~np.isnan(table.value[np.maximum(fits, 0)]) if len(table) else fitting
    ready = np.flatnonzero(read & (start != NEVER))
    if len(ready):
        held = rows.select(_HOLDS).take(pa.array(ready))
        at[ready], reason[ready] = _run_out(held, start[ready], fits[ready], table, dataset, zone)
    target = _moments(rows["target_at"])
    told = target != NEVER
    if settings["file_deadline"] != "wins":
        told &= ~read  # the table says nothing that could be reckoned with
    at, reason = np.where(told, target, at), np.where(told, _code("file"), reason)
    row = pa.array(fits, mask=~fitting)
    columns = {
        "due_at": _times(at),
        "due_from": pa.array(_REASONS).take(pa.array(reason)),
        "limit_text": pc.fill_null(pa.array(table.text.tolist(), pa.string()).take(row), ""),
        "limit_value": pa.array(table.value, from_pandas=True).take(row),
        "limit_clock": pc.fill_null(pa.array(table.clock.tolist(), pa.string()).take(row), ""),
        "handling": _handling(rows, pc.fill_null(pa.array(table.handling.tolist(), pa.string()).take(row), "")),
    }
    for name in LIMIT_COLUMNS:
        rows = with_column(rows, name, columns[name].cast(TABLES["incidents"].schema.field(name).type))
    return rows


def rows_of(cases: pd.DataFrame, dataset: Dataset) -> NDArray[np.intp]:
    """Return which row of the table of deadlines applies to each stored case, so that a limit can be traced.

    Parameters
    ----------
    cases : DataFrame
        The columns `ASKED` as they are stored, and start: when the clock of the case began, in the zone; n rows.

    Returns
    -------
    ndarray of int, shape (n,)
        Positions in `Dataset.standards`; below zero where none applies, or several with different limits do.
    """
    imports = {one.import_id: one.options for one in dataset.imports}
    rows = pa.Table.from_pandas(cases[list(ASKED)], preserve_index=False)
    day = cases["start"].dt.tz_localize(None).to_numpy("datetime64[D]")
    return _limits(dataset).rows_for(_cases(rows, imports), day)


class Moved(NamedTuple):
    """What a change does to the deadlines of stored cases, each a number of cases.

    `changed`: due at another time, or due where they were not, or no longer. `lost`: no longer due by
    the table; `lost_to_file` of them are due as their file gives it, at the same time perhaps, so that nobody would see
    from the due times alone that the table says nothing of them any more.
    """

    changed: int = 0
    lost: int = 0
    lost_to_file: int = 0


def assign_again(change: Change) -> Moved:
    """Reckon all stored incidents anew by the tables and settings of the next version, in the same change.

    Months in which nothing changes keep their files.

    Returns
    -------
    Moved
    """
    draft, imports, parts = change.draft(), options_of(change), [Moved()]

    def renew(rows: pa.Table) -> pa.Table:
        renewed = assign(rows, draft, imports)
        parts.append(moved(rows, renewed))
        return renewed

    amend(change, renew, LIMIT_COLUMNS)
    return Moved(*map(sum, zip(*parts, strict=True)))


def moved(before: pa.Table, after: pa.Table) -> Moved:
    """Return what became of the deadlines of the same incidents."""
    lost = pc.and_(pc.equal(before["due_from"], "table"), pc.not_equal(after["due_from"], "table"))
    to_file = pc.and_(lost, pc.equal(after["due_from"], "file"))
    n, by_file = (pc.sum(one).as_py() or 0 for one in (lost, to_file))
    return Moved(int((_moments(before["due_at"]) != _moments(after["due_at"])).sum()), n, by_file)


def options_of(change: Change) -> dict[str, Mapping[str, Any]]:
    """Return the options of the imports of a change, as `assign` takes them."""
    return {one.import_id: one.options for one in change.imports}


def _run_out(
    rows: pa.Table, start: Moments, fits: NDArray[np.intp], table: Limits, dataset: Dataset, zone: str | None
) -> tuple[Moments, NDArray[np.intp]]:
    """Return when the limits run out of cases that have one and have started, and the reasons."""
    calendar = calendar_of(dataset, zone)
    paused, resumed, closed = (_moments(rows[name]) for name in ("paused_at", "resumed_at", "closed_at"))
    total, hours, days = (
        pc.fill_null(rows[name], 0).to_numpy().copy() for name in
        ("paused_minutes", "postponed_hours", "postponed_days")
    )  # fmt: skip
    total[paused != NEVER] = 0
    # A total of natural minutes says nothing of how many of them the office's clock would have run
    untold = (total > 0) & np.isin(table.clock, [Clock.WORK_HOUR, Clock.WORK_DAY])[fits]
    an_hour, a_day = np.array([_ADDED.get(clock, (0.0, 0.0)) for clock in table.clock.tolist()]).T
    found = due(
        start, table.value[fits], table.clock[fits], calendar,
        paused=np.where(untold, 0, total),
        pauses=Pauses.of_cases(paused, resumed, closed),
        postponed=hours * an_hour[fits] + days * a_day[fits],
        rule=Rule(dataset.settings["day_limits"]),
    )  # fmt: skip
    known = found.why == Why.KNOWN
    beyond = known & (found.at > calendar.midnights[-1])  # a limit of centuries, and no day of any calendar
    names = {int(why): _code(name) for why, name in _WHY.items()}
    reason = np.array([names.get(int(why), _code("no-limit")) for why in Why], dtype=np.intp)[found.why]
    reason[beyond], reason[untold] = _code("uncovered"), _code("hold-unknown")
    return np.where(known & ~beyond & ~untold, found.at, NEVER), reason


def _starts(rows: pa.Table, begin: str, imports: Imports) -> Moments:
    """Return when each case's clock starts; NEVER where it has not."""
    reported, dispatched = _moments(rows["reported_at"]), _moments(rows["dispatched_at"])
    if begin == "reported":
        return reported
    told = _by_import(rows, lambda one: bool((one.get("mapping") or {}).get("dispatched_at")), imports)
    return np.where(told.to_numpy(zero_copy_only=False).astype(bool) | (dispatched != NEVER), dispatched, reported)


def _limits(dataset: Dataset) -> Limits:
    return dataset.hold("limits", None, lambda: Limits(dataset.standards()), most=1)


def _cases(rows: pa.Table, imports: Imports) -> pa.Table:
    """Return what `Limits.rows_for` looks at."""
    scheme = _by_import(rows, lambda one: str(one.get("scheme") or ""), imports)
    return rows.select(list(ASKED)).append_column("scheme", scheme)


def _by_import(rows: pa.Table, tell: Any, imports: Imports) -> pa.Array:
    """Return what is told of the import of each row."""
    encoded = rows["import_id"].combine_chunks().dictionary_encode()
    told = pa.array([tell(imports.get(one, {})) for one in encoded.dictionary.to_pylist()] or [None])
    return told.take(encoded.indices)


def _handling(rows: pa.Table, by_table: pa.Array) -> pa.Array:
    """Return the codes of HANDLINGS: by what was done with the case, else by the row of the table."""
    said = rows["on_spot"].combine_chunks().dictionary_encode()
    yes = pa.array([_says_yes(one) for one in said.dictionary.to_pylist()] or [False])
    on_spot = pc.or_(pc.fill_null(yes.take(said.indices), False), pc.equal(by_table, ON_SPOT))
    engineering = pc.equal(by_table, ENGINEERING)
    for name in _STEPS:
        engineering = pc.or_(engineering, pc.is_valid(rows[name]))
    if isinstance(engineering, pa.ChunkedArray):
        engineering = engineering.combine_chunks()
    return pc.if_else(engineering, ENGINEERING, pc.if_else(on_spot, ON_SPOT, ""))


def _says_yes(text: str | None) -> bool:
    word = plain(text or "").lower().removesuffix(".0")  # as a spreadsheet writes a 1
    return word in _YES


def _code(reason: str) -> int:
    return _REASONS.index(reason)


def _moments(column: pa.ChunkedArray) -> Moments:
    """Return times as `data.clocks` takes them."""
    return pc.fill_null(column.cast(pa.int64()), NEVER).to_numpy()


def _times(moments: Moments) -> pa.Array:
    return pa.array(moments, mask=moments == NEVER).cast(pa.timestamp("us", tz="UTC"))


def _local_days(moments: Moments, zone: str) -> NDArray[np.datetime64]:
    known = np.where(moments == NEVER, np.iinfo(np.int64).min, moments).astype("datetime64[us]")  # the least is NaT
    local = pd.DatetimeIndex(known).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return local.to_numpy().astype("datetime64[D]")
