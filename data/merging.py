"""Rows into the stored incidents and out of them again, by key, some months at a time.

The key is (source, incident_id). Only the months that hold a key that comes or goes are written again, and those where
the mark "one-spot" changes; a plain merge would rewrite every month. All keys are looked through once: which months
hold those that come is told then (`Held`), and the months that are not written keep their files.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from base import settings
from data import tables
from data.checks import flag_one_spot
from data.dataset import Dataset
from data.schema import INCIDENT_COLUMNS, LIMIT_COLUMNS, NO_MONTH
from data.store import Change

KEY = ("source", "incident_id")
# What a case says. Equal in all of it: a repeat; otherwise the newer import corrects it.
_OURS = ("import_id", "row", "month", "placed", "remark", *LIMIT_COLUMNS)  # and not the file's
CONTENT = tuple(name for name in INCIDENT_COLUMNS if name not in (*KEY, *_OURS))
_MONTH = re.compile(r"\d{4}(?:-\d{2})?|" + NO_MONTH)
_LONE_YEAR = f"replace({{}}.month, '{NO_MONTH}', '')"  # what is known of the report time where it has no day
_MONTHS_A_STEP = 3  # read, sorted and written together: bounds the memory
_ROWS_A_BATCH = 16_384
_SPOTS = pa.schema([("source", pa.string()), ("lon", pa.float64()), ("lat", pa.float64()), ("crowded", pa.bool_())])
_PART = "(round(lon * 1e6)::INTEGER & 4095)::USMALLINT AS part"  # points of one spot are of one part
_WITH_KEY = "SEMI JOIN keys USING (source, incident_id)"
_AT_SPOT = "rows.source = spots.source AND round(rows.lon, 6) = spots.lon AND round(rows.lat, 6) = spots.lat"


@dataclass(frozen=True)
class Held:
    """How many stored rows of each month have one of some keys; the keys stand in no other month."""

    table: int | None  # the Delta version of the incidents that was looked through
    months: dict[str, int]


class Compared(NamedTuple):
    """Rows beside what is stored."""

    new: pa.Table  # rows in their order; what is neither new nor updated is stored already
    updated: pa.Table  # they correct a stored case
    touched: list[str]  # import_ids of the stored rows with the same keys, sorted
    held: Held  # where the keys of `new` and `updated` stand


def compare(dataset: Dataset, rows: pa.Table) -> Compared:
    """Return which of the rows are new, which correct a stored case, and where and by which imports those are stored.

    Parameters
    ----------
    rows : pyarrow.Table
        KEY and CONTENT, each key once.
    """
    table = dataset.named.tables.get("incidents")
    came = rows.append_column("position", pa.array(np.arange(rows.num_rows)))
    met = dataset.query(
        "SELECT position, month FROM incidents JOIN keys USING (source, incident_id)",
        keys=came.select([*KEY, "position"]),
    )
    if not met.num_rows:
        return Compared(rows, rows.slice(0, 0), [], Held(table, {}))
    same = " AND ".join(f"{_as_filed(name)} IS NOT DISTINCT FROM came.{name}" for name in CONTENT)
    same += f" AND (stored.reported_at IS NOT NULL OR {_LONE_YEAR.format('stored')} = {_LONE_YEAR.format('came')})"
    found = dataset.query(
        f"SELECT came.position, stored.import_id, stored.month, {same} AS same "  # noqa: S608  names are our own
        f"FROM came JOIN incidents AS stored USING (source, incident_id) WHERE stored.{in_months(met)}",
        came=came.take(met["position"]),
    )
    state = np.zeros(rows.num_rows, dtype=np.int8)  # 0 new, 1 equal, 2 updated
    state[found["position"].to_numpy()] = np.where(found["same"].to_numpy(zero_copy_only=False), 1, 2)
    touched = sorted(pc.unique(found["import_id"]).to_pylist())
    held = found.filter(pc.invert(found["same"])).group_by("month").aggregate([([], "count_all")]).sort_by("month")
    return Compared(
        rows.filter(pa.array(state == 0)),
        rows.filter(pa.array(state == 2)),
        touched,
        Held(table, dict(zip(held["month"].to_pylist(), held["count_all"].to_pylist(), strict=True))),
    )


def _as_filed(name: str) -> str:
    """Return a stored column as its file had it: a point found for a row without coordinates is none of its own."""
    return f"CASE WHEN stored.placed = '' THEN stored.{name} END" if name in ("lon", "lat") else f"stored.{name}"


def replace(change: Change, came: pa.Table, gone: pa.Table, held: Held | None = None) -> Dataset:
    """Take the keys `gone` out of the incidents, put the rows `came` in, mark crowded spots anew; return the draft.

    Parameters
    ----------
    came : pyarrow.Table
        All columns of the incidents, levels too; a stored row with the same key is replaced.
    gone : pyarrow.Table
        KEY of rows to take out.
    held : Held, optional
        Where the keys of `came` stand, as `compare` told of these rows. They are looked for if it is not given, if keys
        go too, or if the incidents were written since.
    """
    before, schema = change.draft(), _schema(change)  # with what the change itself has written
    came = came.select(schema.names).cast(schema)
    keys = pa.concat_tables([came.select(KEY), gone.select(KEY).cast(came.select(KEY).schema)])
    table, stored = before.named.tables.get("incidents"), _files(before)
    if table == change.before.named.tables.get("incidents"):
        before = change.before  # the same incidents; its connection may have the files open
    if held is None or gone.num_rows or held.table != table:
        held = Held(table, _by_month(before, _WITH_KEY, keys=keys) if stored else {})
    if not held.months:
        keys = keys.slice(0, 0)  # nobody need look for them
    remaining = _rows(stored) - sum(held.months.values())
    spots = crowded_spots(before, came, keys, settings.merged(change.settings))
    joined = f"LEFT JOIN spots ON {_AT_SPOT} WHERE contains(remark, 'one-spot') != coalesce(crowded, false)"
    joined = joined if spots.num_rows else "WHERE contains(remark, 'one-spot')"
    flipped = _by_month(before, f"AS rows {joined}", spots=spots)
    months = sorted({*held.months, *flipped, *pc.unique(came["month"]).to_pylist()})
    names = ", ".join(schema.names)
    for some in _steps(months):
        part, step = came.filter(pc.is_in(came["month"], pa.array(some))), _in(some)
        leave = np.zeros(part.num_rows, dtype=bool)
        if not stored.keys().isdisjoint(some):
            stay = before.query(f"SELECT {names} FROM incidents WHERE {step}").cast(schema)  # noqa: S608  names are our own
            leave = np.concatenate([_have_key(stay, keys, before), leave])
            part = pa.concat_tables([stay, part])
            del stay
        part = _marked(part.combine_chunks(), before, spots)  # in one piece it is sorted in a fraction of the time
        order = pc.sort_indices(part, _order(change)).to_numpy()
        change.write("incidents", _taken(part, order[~leave[order]]), where=step)
    if not months:
        return before
    draft = change.draft()
    _assert_whole(draft, came, months, stored, expected=remaining + came.num_rows)
    return draft


def _have_key(rows: pa.Table, keys: pa.Table, dataset: Dataset) -> NDArray[np.bool_]:
    """Return which rows have one of the keys: few, and so told by their numbers first."""
    found = pc.is_in(rows["incident_id"], pc.unique(keys["incident_id"])).to_numpy()
    likely = np.flatnonzero(found)
    if len(likely):
        asked = rows.select(KEY).take(likely).append_column("position", pa.array(likely))
        have = dataset.query(
            "SELECT position FROM asked SEMI JOIN keys USING (source, incident_id)", asked=asked, keys=keys
        )
        found = np.zeros(rows.num_rows, dtype=bool)
        found[have["position"].to_numpy()] = True
    return found


def _taken(rows: pa.Table, order: NDArray[np.uint64]) -> pa.RecordBatchReader:
    """Return rows in an order, some at a time, so that they do not stand twice in the memory."""
    parts = (rows.take(order[at : at + _ROWS_A_BATCH]) for at in range(0, len(order), _ROWS_A_BATCH))
    return pa.RecordBatchReader.from_batches(rows.schema, (batch for part in parts for batch in part.to_batches()))


def _marked(rows: pa.Table, dataset: Dataset, spots: pa.Table) -> pa.Table:
    """Return rows with the mark "one-spot" where they lie on a crowded spot, and without it where they do not."""
    remark = pc.utf8_trim_whitespace(pc.replace_substring(rows["remark"], "one-spot", ""))
    if spots.num_rows:
        points = rows.select(["source", "lon", "lat"]).append_column("position", pa.array(np.arange(rows.num_rows)))
        at = dataset.query(f"SELECT position FROM rows JOIN spots ON {_AT_SPOT}", rows=points, spots=spots)  # noqa: S608
        crowded = np.zeros(rows.num_rows, dtype=bool)
        crowded[at["position"].to_numpy()] = True
        marked = pc.utf8_trim_whitespace(pc.binary_join_element_wise(remark, "one-spot", " "))
        remark = pc.if_else(pa.array(crowded), marked, remark)
    return rows.set_column(rows.column_names.index("remark"), "remark", remark)


def _order(change: Change) -> list[tuple[str, str]]:
    """Return how rows are sorted in a file: those of a cell lie side by side."""
    finest = change.levels[-1].column if change.levels else "hazard"
    return [(name, "ascending") for name in ("month", finest, *KEY)]


def rewrite(change: Change, renew: Callable[[pa.Table], pa.Table]) -> None:
    """Write all incidents again, passed through `renew`: new boundaries or new rules.

    Parameters
    ----------
    renew : callable
        Gets a part of the stored rows and returns the same rows with the columns of the next version.
    """
    before, schema = change.before, _schema(change)
    steps = [f"WHERE {_in(some)}" for some in _steps(sorted(_files(before)))] or [""]
    for place_, step in enumerate(steps):
        rows = renew(before.query(f"SELECT * FROM incidents {step}"))  # noqa: S608  names are our own
        change.write("incidents", rows.select(schema.names).cast(schema).sort_by(_order(change)), append=place_ > 0)
    if _rows(_files(change.draft())) != _rows(_files(before)):
        raise RuntimeError("rewriting the incidents lost or doubled rows")


def amend(change: Change, renew: Callable[[pa.Table], pa.Table], columns: Sequence[str]) -> None:
    """Pass all incidents of the next version through `renew`, and write those months again where it changes any.

    Parameters
    ----------
    renew : callable
        Gets a part of the rows and returns the same rows in the same order, of which it may change `columns` alone.
    """
    draft, schema = change.draft(), _schema(change)
    for some in _steps(sorted(_files(draft))):
        step = _in(some)
        rows = draft.query(f"SELECT * FROM incidents WHERE {step}")  # noqa: S608  names are our own
        renewed = renew(rows)
        same = [rows[name].cast(schema.field(name).type) == renewed[name] for name in columns]
        if not all(same):
            change.write("incidents", renewed.select(schema.names).cast(schema).sort_by(_order(change)), where=step)
    if _rows(_files(change.draft())) != _rows(_files(draft)):
        raise RuntimeError("amending the incidents lost or doubled rows")


def crowded_spots(before: Dataset, came: pa.Table, keys: pa.Table, limits: Mapping[str, Any]) -> pa.Table:
    """Return the spots with too many different reports to be true, once `keys` left and `came` stands in their place.

    Only points that carry enough reports are looked at, a hundred of a source at most: `flag_one_spot` decides on them.
    They are told by parts of all points first (strips of the longitude), for a count of each of millions takes
    gigabytes: a point can have no more reports than its part, and mostly no part has enough.

    Returns
    -------
    pyarrow.Table
        source, lon, lat (to six decimals) and crowded (always true).
    """
    reports, share = limits["spot_min_reports"], limits["spot_min_share"]
    asked = {"reports": reports, "share": share}
    likely = before.query(
        f"""
        SELECT source, part, count(*) AS n FROM (
            SELECT source, {_PART} FROM incidents WHERE lon IS NOT NULL
            UNION ALL SELECT source, {_PART} FROM came WHERE lon IS NOT NULL
        ) GROUP BY source, part QUALIFY n >= $reports AND n >= $share * (sum(n) OVER (PARTITION BY source) - $gone)
        """,  # noqa: S608  our own pieces
        {**asked, "gone": keys.num_rows},
        came=came,
    )
    if not likely.num_rows:
        return _SPOTS.empty_table()
    text = f"SELECT source, round(lon, 6) AS lon, round(lat, 6) AS lat, {_PART}, address, type_name FROM"
    alone = Dataset(before.root, before.named)  # a connection of its own: what it took goes with it
    candidates = alone.query(
        f"""
        WITH rows AS NOT MATERIALIZED (
            {text} incidents ANTI JOIN keys USING (source, incident_id) WHERE lon IS NOT NULL
            UNION ALL {text} came WHERE lon IS NOT NULL
        ), whole AS (
            SELECT source, count(*) AS n, bool_or(address != '') AS named FROM rows GROUP BY source
        ), spots AS (
            SELECT source, lon, lat, count(*) AS n, bool_or(address != '') AS named
            FROM rows SEMI JOIN likely USING (source, part) GROUP BY ALL
        ), busy AS (
            SELECT source, lon, lat FROM spots JOIN whole USING (source)
            WHERE spots.n >= $reports AND spots.n >= $share * whole.n
                AND spots.named = whole.named  -- by address where the source has any
        )
        SELECT source, lon, lat, address, type_name, '' AS remark FROM rows SEMI JOIN busy USING (source, lon, lat)
        """,  # noqa: S608  our own pieces
        asked,
        came=came,
        keys=keys,
        likely=likely,
    ).to_pandas()
    spots = [_SPOTS.empty_table()]
    for _, rows in candidates.groupby("source"):
        flagged = flag_one_spot(rows, min_reports=reports, min_share=0)
        crowded = flagged.loc[flagged["remark"] == "one-spot", ["source", "lon", "lat"]].drop_duplicates()
        spots.append(pa.Table.from_pandas(crowded.assign(crowded=True), schema=_SPOTS, preserve_index=False))
    return pa.concat_tables(spots)


def _schema(change: Change) -> pa.Schema:
    return tables.incident_schema(tuple(level.column for level in change.levels))


def _by_month(dataset: Dataset, condition: str, **frames: pa.Table) -> dict[str, int]:
    """Return how many stored rows meet a condition of our own making, by month, sorted; months without any left out."""
    found = dataset.query(f"SELECT month, count(*) AS n FROM incidents {condition} GROUP BY month", **frames)  # noqa: S608
    return dict(sorted(zip(found["month"].to_pylist(), found["n"].to_pylist(), strict=True)))


def _steps(months: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(months), _MONTHS_A_STEP):
        yield months[start : start + _MONTHS_A_STEP]


def in_months(rows: pa.Table) -> str:
    """Return the condition in SQL that a stored row lies in one of the months of these rows."""
    return _in(sorted(pc.unique(rows["month"]).to_pylist()))


def _in(months: list[str]) -> str:
    """Return that the month is one of these in SQL: constants, so that only their files are opened."""
    if not all(_MONTH.fullmatch(month) for month in months):
        raise ValueError(f"not months: {months}")
    listed = ", ".join(f"'{month}'" for month in months)
    return f"month IN ({listed})" if months else "false"


def _count(dataset: Dataset, condition: str, **frames: pa.Table) -> int:
    return int(dataset.query(f"SELECT count(*) AS n FROM incidents {condition}", **frames)["n"][0].as_py())  # noqa: S608


def _files(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Return the files of each month and how many rows each holds."""
    table = dataset.named.tables.get("incidents")
    return {} if table is None else tables.file_rows(dataset.root, "incidents", table)


def _rows(files: dict[str, dict[str, int]]) -> int:
    return sum(n for month in files.values() for n in month.values())


def _assert_whole(
    draft: Dataset, came: pa.Table, months: list[str], before: dict[str, dict[str, int]], *, expected: int
) -> None:
    """Refuse to name a version that lost a row, doubled one or holds a key twice: an error of the program.

    What came stands in the written `months`, each key once; it was looked for in all others before, and their files
    are the same.
    """
    kept, after = ({month: one[month] for month in one.keys() - set(months)} for one in (before, _files(draft)))
    written = f"WHERE {_in(months)}"
    found = _rows(kept) + _count(draft, written)
    once = _count(draft, f"{_WITH_KEY} {written}", keys=came.select(KEY)) == came.num_rows
    if kept != after or found != expected or not once:
        raise RuntimeError(f"the merge holds {found} rows, {expected} were expected, or a key twice")
