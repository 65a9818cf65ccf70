"""Questions to a version: Scope in, small frames out. DuckDB over the version's files; every value is bound.

A case is known as of the time of its source, or of `Scope.as_of` where that is earlier. What was reported after a given
`Scope.as_of` is in no answer; what was reported after the source's own is counted, but is not open and has no duration.
A case is open if it is known and neither closed nor voided by then; without a report time it is open, but nobody knows
for how long. A case voided by then (作废) was no hazard: it is in no answer unless `Scope.voided` is set, and then it
counts as a report that is neither open nor due and has no duration. `beside` says how many a scope leaves out so.
Where a file knows the year of a report alone, the case counts in a period, or by a given as-of time, if all of the year
lies in it; it has no month and no duration.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from base.errors import HazardError
from data import tables
from data.dataset import Dataset
from data.schema import INCIDENT_COLUMNS, NO_MONTH, TIME_FIELDS, Scope

KEYS = ("cell", "hazard", "month", "source", "channel", "unit")
_NO_TIME = f"(reported_at IS NULL AND month = '{NO_MONTH}')"
_LONE_YEAR = f"(reported_at IS NULL AND month != '{NO_MONTH}')"
_KNOWN = "(reported_at IS NULL OR reported_at <= as_of)"
_NOT_CLOSED = "(closed_at IS NULL OR closed_at > as_of)"
_STANDS = "coalesce(voided_at > as_of, true)"  # not voided: nobody has to handle a voided case
_OPEN = f"({_NOT_CLOSED} AND {_STANDS} AND {_KNOWN})"
_SOUND = "(closed_at IS NULL OR reported_at IS NULL OR closed_at >= reported_at)"  # else its times are bad data
_DUE = f"({_KNOWN} AND {_SOUND} AND {_STANDS} AND due_at <= as_of)"
_PLACES = {
    "inside": "(cell_id IS NOT NULL AND near_m IS NULL)",
    "near": "near_m IS NOT NULL",
    "outside": "(lon IS NOT NULL AND cell_id IS NULL)",
    "no_location": "(lon IS NULL AND cell_id IS NULL)",
    "other_edition": "(cell_id IS NOT NULL AND NOT list_contains($edition::VARCHAR[], cell_id))",
}
# Two dates without a clock, of one day: nobody knows how long the case took. $zone is the workspace's. A CASE, so that
# only equal times are brought to the zone: that is slow, as all arithmetic with a calendar
DATES_ALONE = "CASE WHEN closed_at = reported_at THEN timezone($zone, reported_at)::TIME = TIME '00:00' ELSE false END"
_ONE_SPOT = "contains(remark, 'one-spot')"


def counts(dataset: Dataset, scope: Scope, by: Sequence[str]) -> pd.DataFrame:
    """Return the number of incidents by the keys asked for, groups without any left out, sorted by the keys.

    Parameters
    ----------
    by : sequence of {"cell", "hazard", "month", "source", "channel", "unit"}
        The column of "cell" is named cell_id; it is null where an incident lies in no cell or has no location. month is
        'YYYY-MM' in the workspace's zone, 'YYYY' where the year alone is known, 'none' without a report time.

    Returns
    -------
    DataFrame
        The keys and ``count``.

    Raises
    ------
    HazardError
        ``key-unknown``, ``level-unknown``; ``no-boundary`` by "cell" without a level.
    """
    keys = [_key(dataset, scope, key) for key in dict.fromkeys(by)]
    listed = ", ".join(keys)
    grouped = f"GROUP BY {listed} ORDER BY {listed}" if keys else ""
    comma = ", " if keys else ""
    return _ask(dataset, scope, f"SELECT {listed}{comma}count(*)::BIGINT AS count FROM seen {grouped}")  # noqa: S608


def totals(dataset: Dataset, scope: Scope) -> dict[str, int]:
    """Return the headline numbers of a scope.

    Returns
    -------
    dict of int
        n; open (known and neither closed nor voided by as_of); open_no_time (those of them without a report time: they
        have no duration); open_overdue (those of them past their deadline); near (outside their cell, but within the
        tolerance: they count there); outside (a point in no cell and near none); no_location (no point, in no cell);
        other_edition (in a cell that is not among those valid at the end of the scope); one_spot (probably not
        located); no_time (no report time); closed_before_reported; closed_first_quarter_hour (less than 15 minutes
        after the report, where a clock is known); due (deadline reached by as_of); in_time (closed by that deadline).
        What was closed before it was reported is neither due nor in time: its times are wrong. Nor is what was voided.
    """
    edition = _edition(dataset, scope)
    answer = _ask(
        dataset,
        scope,
        f"""
        SELECT count(*) AS n,
            count(*) FILTER ({_OPEN}) AS open,
            count(*) FILTER ({_OPEN} AND reported_at IS NULL) AS open_no_time,
            count(*) FILTER ({_OPEN} AND due_at <= as_of) AS open_overdue,
            count(*) FILTER ({_PLACES["near"]}) AS near,
            count(*) FILTER ({_PLACES["outside"]}) AS outside,
            count(*) FILTER ({_PLACES["no_location"]}) AS no_location,
            count(*) FILTER ({_PLACES["other_edition"] if edition is not None else "false"}) AS other_edition,
            count(*) FILTER ({_ONE_SPOT}) AS one_spot,
            count(*) FILTER (reported_at IS NULL) AS no_time,
            count(*) FILTER (closed_at < reported_at) AS closed_before_reported,
            count(*) FILTER (closed_at >= reported_at AND epoch_us(closed_at) - epoch_us(reported_at) < 900e6
                             AND closed_at <= as_of AND NOT {DATES_ALONE}) AS closed_first_quarter_hour,
            count(*) FILTER ({_DUE}) AS due,
            count(*) FILTER ({_DUE} AND closed_at <= due_at) AS in_time
        FROM seen
        """,  # noqa: S608  our own pieces
        edition=edition,
        zone=dataset.zone,
    )
    return {str(name): int(value) for name, value in answer.iloc[0].items()}


def beside(dataset: Dataset, scope: Scope) -> dict[str, int]:
    """Return what a scope leaves out for its period and for being voided, and all that there is of the rest of it.

    Returns
    -------
    dict of int
        voided (in the period, where the scope leaves them out); before and after the period; no_time (in no period,
        for the report time is not known, or only its year); every. The n of `totals` and the first four add up to
        `every`.
    """
    zone = ZoneInfo(dataset.zone)
    bounds = {"since": scope.start, "until": scope.end}
    asked = {name: _midnight(day, zone) for name, day in bounds.items() if day is not None}
    before, after = (
        text if name in asked else "false"
        for name, text in (("since", "reported_at < $since"), ("until", "reported_at >= $until"))
    )
    ever = dataclasses.replace(scope, start=None, end=None, voided=True)
    text = f"""
        SELECT count(*) AS every, count(*) FILTER ({before}) AS before, count(*) FILTER ({after}) AS after FROM seen
        """  # noqa: S608  our own pieces
    found = _ask(dataset, ever, text, **asked).iloc[0]
    every, before_n, after_n = (int(found[name]) for name in ("every", "before", "after"))
    here = dataclasses.replace(scope, voided=True)
    within = _ask(dataset, here, f"SELECT count(*) AS n, count(*) FILTER (NOT {_STANDS}) AS voided FROM seen").iloc[0]  # noqa: S608
    return {
        "voided": 0 if scope.voided else int(within["voided"]),
        "before": before_n,
        "after": after_n,
        "no_time": every - before_n - after_n - int(within["n"]),
        "every": every,
    }


def incidents(
    dataset: Dataset,
    scope: Scope,
    *,
    cell: str | None = None,
    open_only: bool = False,
    place: str | None = None,
    order: str = "newest",
    limit: int | None = None,
) -> pd.DataFrame:
    """Return incidents for people to read: the stored columns, cell_id, near_m and as_of; times in the zone.

    near_m is how many metres outside its cell an incident lies that counts there all the same, else null. as_of is the
    time the case is known up to: its source's, or `Scope.as_of` where that is earlier. attributes is a dict of each
    row: header -> text.

    Parameters
    ----------
    cell : str, optional
        Only those in this cell.
    open_only : bool
        Only those open at the as-of time, as `totals` counts them.
    place : {"inside", "near", "outside", "no_location", "other_edition"}, optional
        Only those that lie so, as `totals` counts them.
    order : {"newest", "longest_open"}
        Latest report first, or earliest report first; those without a report time come last.
    limit : int, optional
        At most so many rows.
    """
    direction = {"newest": "DESC", "longest_open": "ASC"}[order]
    columns = ", ".join(name for name in (*INCIDENT_COLUMNS, "cell_id", "near_m", "as_of") if name != "month")
    only = f"AND {_OPEN}" if open_only else ""
    edition = _edition(dataset, scope) if place == "other_edition" else None
    asked = place != "other_edition" or edition is not None
    lies = "" if place is None else f"AND {_PLACES[place]}" if asked else "AND false"
    first = "" if limit is None else "LIMIT $limit"
    text = (
        f"SELECT {columns} FROM seen WHERE true {_in_cell(dataset, scope, cell)} {only} {lies} "  # noqa: S608
        f"ORDER BY reported_at {direction} NULLS LAST, source, incident_id {first}"
    )
    frame = _ask(dataset, scope, text, cell=cell, limit=limit, edition=edition)
    pairs = [dict(one) if one is not None else {} for one in frame["attributes"]]
    return frame.assign(attributes=pd.Series(pairs, frame.index, dtype=object))


def points(dataset: Dataset, scope: Scope, *, by_cell: bool = False) -> pd.DataFrame:
    """Return the located incidents, earliest report first, those without a report time last.

    With ``by_cell=True`` also those of which only the cell is known, without lon and lat.
    Columns: incident_id, source, hazard, lon, lat, cell_id, reported_at (in the workspace's zone), one_spot (True for
    calls that are probably not located).
    """
    return _ask(
        dataset,
        scope,
        f"SELECT incident_id, source, hazard, lon, lat, cell_id, reported_at, {_ONE_SPOT} AS one_spot "  # noqa: S608
        f"FROM seen WHERE lon IS NOT NULL {'OR cell_id IS NOT NULL' if by_cell else ''} "
        "ORDER BY reported_at NULLS LAST, source, incident_id",
    )


def durations(dataset: Dataset, scope: Scope, by: str | None = None, *, cell: str | None = None) -> pd.DataFrame:
    """Return how long cases took, or have been open, as a histogram by whole minutes.

    Cases without a report time, reported after the as-of time, closed before it, or voided are left out.

    Parameters
    ----------
    by : {"hazard", "cell", "unit", "source", "month", "channel"}, optional
        Groups; by "cell" those in no cell are left out. None: one group named "all".
    cell : str, optional
        Only the incidents in this cell.

    Returns
    -------
    DataFrame
        key, minutes (to the nearest), resolved (False: still open at the as-of time), n; sorted by all of them.
    """
    text = f"""
        SELECT key, (epoch_us(until) - epoch_us(reported_at) + 30000000) // 60000000 AS minutes, resolved,
            count(*)::BIGINT AS n
        FROM (
            SELECT {_group(dataset, scope, by)} AS key, NOT {_OPEN} AS resolved, reported_at,
                CASE WHEN {_OPEN} THEN as_of ELSE closed_at END AS until
            FROM seen WHERE reported_at <= as_of AND {_SOUND} AND {_STANDS} {_in_cell(dataset, scope, cell)}
        ) WHERE key IS NOT NULL GROUP BY ALL ORDER BY ALL
        """  # noqa: S608
    return _ask(dataset, scope, text, cell=cell)


def due(dataset: Dataset, scope: Scope, by: str | None = None, *, cell: str | None = None) -> pd.DataFrame:
    """Return how many cases were due by the as-of time and how many of them were closed in time: key, due, in_time.

    Cases reported after the as-of time, closed before they were reported, or voided are left out.

    Parameters as in `durations`.
    """
    key = _group(dataset, scope, by)
    text = f"""
        SELECT {key} AS key, count(*)::BIGINT AS due, count(*) FILTER (closed_at <= due_at)::BIGINT AS in_time
        FROM seen WHERE {_DUE} {_in_cell(dataset, scope, cell)} AND {key} IS NOT NULL
        GROUP BY 1 ORDER BY 1
        """  # noqa: S608
    return _ask(dataset, scope, text, cell=cell)


def _key(dataset: Dataset, scope: Scope, key: str) -> str:
    if key not in KEYS:
        raise HazardError("key-unknown", "{key} is none of {keys}.", key=key, keys=", ".join(KEYS))
    if key != "cell":
        return key
    dataset.level(scope.level)  # without a level there are no cells: refused, not one empty group
    return "cell_id"


def _group(dataset: Dataset, scope: Scope, by: str | None) -> str:
    if by is None:
        return "'all'"
    return f"coalesce({by}, '')" if by in ("unit", "channel") else _key(dataset, scope, by)


def _in_cell(dataset: Dataset, scope: Scope, cell: str | None) -> str:
    if cell is None:
        return ""
    dataset.level(scope.level)
    return "AND cell_id = $cell"


def _edition(dataset: Dataset, scope: Scope) -> list[str] | None:
    """Return the cells that a scope shows, where its level has others too."""
    if not scope.level or not dataset.has_editions(scope.level):
        return None
    return dataset.cells(scope.level, dataset.edition_day(scope))["cell_id"].tolist()


def _ask(dataset: Dataset, scope: Scope, text: str, **values: Any) -> pd.DataFrame:
    """Return the answer of a text that reads `seen`: the incidents of the scope with cell_id and as_of."""
    level = dataset.level(scope.level).column if scope.level else "NULL::VARCHAR"
    near = tables.near_column(level) if scope.level else "NULL::FLOAT"
    zone = ZoneInfo(dataset.zone)
    bound: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    as_of = _as_of(dataset, scope, bound)
    conditions = ["true"]
    # A month in the name of a folder spares its files; '2018' stands before '2018-01', and 'none' behind all of them
    if scope.start is not None:
        bound["start"], bound["first_month"] = _midnight(scope.start, zone), _first_month(scope.start)
        conditions += ["month >= $first_month", f"(reported_at >= $start OR {_LONE_YEAR})"]
    if scope.end is not None:
        last = scope.end - dt.timedelta(days=1)
        bound["end"], bound["last_month"] = _midnight(scope.end, zone), f"{last:%Y-%m}"
        bound["last_year"] = f"{scope.end.year - 1:04d}"
        conditions += [
            "month <= $last_month",
            f"(reported_at < $end OR {_LONE_YEAR} AND month <= $last_year)",
        ]
    for name, wanted in (("hazard", scope.hazards), ("source", scope.sources)):
        if wanted:
            bound[f"{name}s"] = list(wanted)
            conditions.append(f"list_contains(${name}s, {name})")
    if not scope.voided:
        conditions.append(_STANDS)
    if scope.area is not None:
        cells = dataset.cells(scope.level, every=True)
        bound["area"] = cells.loc[cells["parent"] == scope.area, "cell_id"].unique().tolist()
        conditions.append(f"list_contains($area::VARCHAR[], {level})")
    if scope.as_of is not None:
        bound["not_after"] = _utc(scope.as_of)
        bound["year_over"] = f"{scope.as_of.astimezone(zone).year - 1:04d}"
        conditions.append(f"(reported_at <= $not_after OR {_NO_TIME} OR {_LONE_YEAR} AND month <= $year_over)")
    query = f"""
        WITH seen AS (
            SELECT * FROM (SELECT *, {level} AS cell_id, {near} AS near_m, {as_of} AS as_of FROM incidents)
            WHERE {" AND ".join(conditions)}
        )
        {text}
        """  # noqa: S608  names are our own, values are bound
    frame = dataset.query(query, bound).to_pandas()
    for name in (*TIME_FIELDS, "as_of"):
        if name in frame:
            frame[name] = frame[name].dt.tz_convert(zone)
    return frame


def _as_of(dataset: Dataset, scope: Scope, bound: dict[str, Any]) -> str:
    """Return the as-of time of a row in SQL, and bind its times: a constant where all sources have the same.

    A constant is compared in a fraction of the time of a join, and files can be told by their greatest values.
    """
    by_time: dict[dt.datetime | None, list[str]] = {}
    for name, own in dataset.sources.items():
        if not scope.sources or name in scope.sources:
            known = [time for time in (own, scope.as_of) if time is not None]
            by_time.setdefault(_utc(min(known)) if known else None, []).append(name)
    if len(by_time) < 2:
        bound["as_of"] = next(iter(by_time), None)
        return "$as_of::TIMESTAMPTZ"
    for at, (time, names) in enumerate(by_time.items()):
        bound |= {f"as_of_{at}": time, f"known_{at}": names}
    whens = (f"WHEN list_contains($known_{at}, source) THEN $as_of_{at}::TIMESTAMPTZ" for at in range(len(by_time)))
    return f"CASE {' '.join(whens)} END"


def _midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return _utc(dt.datetime.combine(day, dt.time(), zone))


def _first_month(day: dt.date) -> str:
    """Return the first month of a period that begins on a day; a lone year is in it if that day is New Year's Day."""
    return f"{day:%Y}" if (day.month, day.day) == (1, 1) else f"{day:%Y-%m}"


def _utc(time: dt.datetime) -> dt.datetime:
    return pd.Timestamp(time).tz_convert("UTC").to_pydatetime()
