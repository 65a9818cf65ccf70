"""From a file's bytes to a new version: read, map, check, name the hazard, place in every level, merge, commit.

Conservation, asserted: read = accepted + rejected + repeats; accepted = in a cell + near + outside + no location.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from base.errors import HazardError
from base.text import N_, Sentence
from data import apart, tables
from data.changes import check_zone
from data.checks import check_incidents
from data.dataset import Dataset
from data.headers import apply_mapping, guess_mapping
from data.levels import load_cells
from data.merging import KEY, compare, count_places, place, replace
from data.privacy import mask, mask_text, personal_headers
from data.readers import Table
from data.schema import DEMO_SOURCE, NO_MONTH, REJECTED_COLUMNS, TIME_FIELDS, ImportRecord
from data.store import Change, Workspace
from data.taxonomy import classify
from data.times import read_times

__all__ = ["import_incidents", "load_cells", "read_time"]

_PAST = tuple(name for name in TIME_FIELDS if name != "due_at")  # times that have come when they are written down
_FIRST_REJECTED = 20  # of a dry run that are named
Progress = Callable[[float, str, dict[str, Any]], None]


@dataclass
class _Checked:
    """A file after the checks: rows as they are stored (without levels), and what was not taken."""

    rows: pa.Table
    rejected: pa.Table
    read: int
    repeats: int  # within the file
    mapping: dict[str, str]
    options: dict[str, Any]  # what an answer depends on beside the bytes
    notes: list[Sentence] = field(default_factory=list)


def import_incidents(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    source: str = "default",
    crs: str = "wgs84",
    zone: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    scheme: str | None = None,
    where: Mapping[str, str] | None = None,
    day_first: bool | None = None,
    as_of: str | dt.datetime | None = None,
    dry_run: bool = False,
    trusted: bool = False,
    who: str,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Import a table of incidents, whole or not at all; the same file again changes nothing and says so.

    Parameters
    ----------
    content : bytes
        CSV or XLSX.
    name : str
        The file's name, for sentences and the list of imports; numbers of persons in it are masked.
    source : str
        The same case number in the same source is the same case; a newer import corrects it.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n"
        What the coordinates are in.
    zone : str, optional
        Zone of times without an offset; the workspace's if not given. The first import sets the workspace's zone.
    mapping : mapping, optional
        field -> header, over what the headers suggest; '' takes a field out.
    encoding, sheet, day_first
        As in `data.readers.read_table` and `data.checks.check_incidents`.
    scheme : str, optional
        The list that the file's codes belong to.
    where : mapping, optional
        header -> value: other rows count as rejected ("filtered"). Of the values only hashes are kept.
    as_of : str or datetime, optional
        When the file was extracted. If not given, its latest time up to now, deadlines apart: a mistyped year must
        not make every case look old. Rows with a later time are taken with the remark ``time-in-future``.
    dry_run : bool
        Only say what would happen.
    trusted : bool
        Made by this program: read without a process apart.
    who : str
        For the history, and for another writer who has to wait.
    progress : callable, optional
        Called with a share (0..1), a sentence and its fields.

    Returns
    -------
    dict
        import_id (None for a dry run); read, accepted (new and updated), rejected, repeats, updated; levels: level
        name -> inside, near, outside, no_location; version; as_of (ISO, '' if the file holds no time); remarks and
        hazards: code -> rows among the accepted (a dry run does not look for crowded spots); notes; mapping;
        unchanged; repeat_of (import_id or None); for a dry run rejected_rows: the first of them with row, column,
        value and reason.

    Raises
    ------
    HazardError
        Those of `data.apart.read_table`, `data.headers.apply_mapping` and `data.checks.check_incidents`;
        ``file-too-large``, ``source-name``, ``zone-unknown``, ``time-unreadable``, ``where-column``,
        ``personal-column``, ``demo-in-workspace``, ``workspace-busy``.
    """
    tell: Progress = progress or (lambda share, sentence, fields: None)
    source = " ".join(source.split())
    if not source:
        raise HazardError("source-name", "The source needs a name.")
    name = mask(name)
    whole = hashlib.sha256(content)

    def check(before: Dataset) -> _Checked:
        _refuse_beside_demo(before, source)
        _refuse_large(content, name, before.settings["max_file_mb"])
        own_zone = check_zone(zone or before.zone).key
        tell(0.0, N_("Reading {file}"), {"file": name})
        settings = before.settings | ({"read_apart": 0} if trusted else {})
        table = apart.read_table(content, name, settings=settings, encoding=encoding, sheet=sheet)
        tell(0.25, N_("Checking {n} rows"), {"n": len(table.frame) + len(table.bad)})
        options = {
            "source": source,
            "crs": crs,
            "zone": own_zone,
            "encoding": table.encoding,
            "sheet": table.sheet,
            "scheme": scheme,
            "where": _sealed(where or {}, whole),
            "day_first": day_first,
            "as_of": read_time(as_of, own_zone).isoformat() if as_of else None,
        }
        return _check(table, options, where or {}, before, mapping or {})

    before = workspace.newest()
    checked = check(before)
    digest = whole.hexdigest()
    if dry_run:
        return _dry_run(checked, before, digest)
    with workspace.change("import", who=who, waiting=lambda sentence, fields: tell(0.5, sentence, fields)) as change:
        if _basis(change.before) != _basis(before):  # changed by another writer since
            checked = check(change.before)
        if same := _same(change.before, digest, checked.options):
            return _unchanged(checked, same, change.before)
        if not change.imports:  # nothing is stored under another zone yet
            change.settings["timezone"] = checked.options["zone"] if zone else change.before.zone
        tell(0.5, N_("Placing {n} incidents"), {"n": checked.rows.num_rows})
        answer = _merge(change, checked, digest, name, tell)
        tell(1.0, N_("{file} is imported."), {"file": name})
        return answer


def _basis(dataset: Dataset) -> tuple[Any, ...]:
    """Return what the checks of a file take from a version: equal means they would find the same."""
    named = dataset.named.tables
    return dataset.is_demo, dataset.settings, dataset.levels, named.get("rules"), named.get("cells")


def _refuse_beside_demo(dataset: Dataset, source: str) -> None:
    if dataset.is_demo and source != DEMO_SOURCE:
        raise HazardError(
            "demo-in-workspace",
            "This workspace holds the invented example. Take its import back first, or choose another folder with "
            "--workspace.",
        )


def _refuse_large(content: bytes, name: str, max_mb: float) -> None:
    if len(content) > max_mb * 1e6:
        raise HazardError(
            "file-too-large",
            "{file} has {mb} MB; at most {max_mb} MB are read. Divide it, or raise the setting max_file_mb.",
            file=name,
            mb=round(len(content) / 1e6),
            max_mb=max_mb,
        )


def read_time(text: str | dt.datetime, zone: str) -> pd.Timestamp:
    """Return the time that a person wrote, as a Timestamp in the zone.

    Raises
    ------
    HazardError
        ``time-unreadable``.
    """
    if isinstance(text, dt.datetime):
        known = pd.Timestamp(text)
        return known.tz_localize(zone) if known.tz is None else known.tz_convert(zone)
    found = read_times({"as_of": pd.Series([text.strip()])}, zone=zone, day_first=None)["as_of"].iloc[0]
    if pd.isna(found):
        raise HazardError("time-unreadable", "“{value}” is no time: write it as 2025-03-05 14:30.", value=text)
    return found.tz_convert(zone)


def _sealed(where: Mapping[str, str], whole: Any) -> dict[str, str]:
    """Return the wanted values as hashes that only who has the file can make: a value may be a telephone number."""
    sealed = {}
    for header, value in where.items():
        seal = whole.copy()
        seal.update(value.strip().encode())
        sealed[header] = seal.hexdigest()
    return sealed


def _check(
    table: Table,
    options: dict[str, Any],
    where: Mapping[str, str],
    before: Dataset,
    mapping: Mapping[str, str],
) -> _Checked:
    chosen = guess_mapping(table.headers)
    taken = {header for header in mapping.values() if header}
    chosen = {name: header for name, header in chosen.items() if header not in taken} | dict(mapping)
    chosen = {name: header for name, header in chosen.items() if header}
    raw, filtered = _filter(table, where, apply_mapping(table, chosen))
    boundary = before.cells(before.levels[0].name) if before.levels else None
    accepted, rejected = check_incidents(
        raw, zone=options["zone"], crs=options["crs"], day_first=options["day_first"], boundary=boundary
    )
    read = len(table.frame) + len(table.bad)
    rejected = pd.concat([table.bad, filtered, rejected])[list(REJECTED_COLUMNS)].sort_values("row", ignore_index=True)
    hazard = classify(
        accepted["type_name"], accepted["code"], accepted["description"], before.rules(), scheme=options["scheme"]
    )
    repeats = int(accepted.attrs["repeats"])
    if read != len(accepted) + len(rejected) + repeats:
        raise RuntimeError("the checks lost or doubled rows")
    return _Checked(
        rows=_stored(accepted.assign(hazard=hazard), options["source"]),
        rejected=pa.Table.from_pandas(
            rejected.assign(import_id=""), schema=tables.TABLES["rejected"].schema, preserve_index=False
        ),
        read=read,
        repeats=repeats,
        mapping=chosen,
        options={**options, "mapping": chosen},
        notes=_notes(table, chosen),
    )


def _filter(table: Table, where: Mapping[str, str], raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mapped rows that hold what is asked for, and the others as rejected."""
    keep = np.ones(len(raw), dtype=bool)
    reasons = []
    for header, value in where.items():
        if header not in table.headers:
            raise HazardError(
                "where-column",
                "{file} has no column {header} to choose rows by. Its columns are: {headers}.",
                file=table.name,
                header=header,
                headers=", ".join(table.headers),
            )
        if personal_headers([header]):
            raise HazardError(
                "personal-column", "The column {header} holds personal data: rows are not chosen by it.", header=header
            )
        cells = table.frame.iloc[:, table.headers.index(header)].str.strip()
        other = keep & (cells != value.strip()).to_numpy()
        shown = mask_text(cells[other])
        reasons.append(
            pd.DataFrame(
                {"row": shown.index, "column": header, "value": shown.to_numpy(), "reason": "filtered", "original": ""}
            )
        )
        keep &= ~other
    if not reasons:
        return raw, pd.DataFrame(columns=list(REJECTED_COLUMNS))
    kept = raw[keep]
    kept.attrs = raw.attrs
    return kept, pd.concat(reasons)


def _stored(accepted: pd.DataFrame, source: str) -> pa.Table:
    """Return checked rows in the columns of the store; month and import_id are not known yet."""
    schema = tables.TABLES["incidents"].schema
    columns = {}
    for name in schema.names:
        kind = schema.field(name).type
        if name == "source":
            columns[name] = pa.repeat(pa.scalar(source, kind), len(accepted))
        elif name in ("import_id", "month"):
            columns[name] = pa.repeat(pa.scalar("", kind), len(accepted))
        elif name == "attributes":
            columns[name] = pa.array([[]] * len(accepted), kind)
        else:
            columns[name] = pa.array(accepted[name], from_pandas=True).cast(kind, safe=name not in TIME_FIELDS)
    return pa.table(columns, schema=schema)


def _notes(table: Table, mapping: Mapping[str, str]) -> list[Sentence]:
    notes = []
    if personal := personal_headers(table.headers):
        notes.append(Sentence(N_("Not loaded, personal data: {columns}."), {"columns": ", ".join(personal)}))
    if "incident_id" not in mapping:
        notes.append(
            Sentence(
                N_("No column holds a case number: a case is the same if its report is the same word for word."), {}
            )
        )
    if "reported_at" not in mapping:
        notes.append(Sentence(N_("No column holds the report time: the cases are in no period and no duration."), {}))
    return notes


def _same(before: Dataset, digest: str, options: Mapping[str, Any]) -> ImportRecord | None:
    return next((one for one in before.imports if one.content_hash == digest and one.options == options), None)


def _unchanged(checked: _Checked, same: ImportRecord, before: Dataset) -> dict[str, Any]:
    rejected = checked.rejected.num_rows
    nothing = checked.rows.slice(0, 0)
    levels = {level.name: {"inside": 0, "near": 0, "outside": 0, "no_location": 0} for level in before.levels}
    facts = {
        "read": checked.read,
        "accepted": 0,
        "rejected": rejected,
        "repeats": checked.read - rejected,
        "updated": 0,
    }
    return {
        "import_id": same.import_id,
        **facts,
        "levels": levels,
        "version": before.version,
        "as_of": same.as_of,
        **_tallies(nothing),
        "notes": checked.notes,
        "mapping": checked.mapping,
        "unchanged": True,
        "repeat_of": same.import_id,
    }


def _dry_run(checked: _Checked, before: Dataset, digest: str) -> dict[str, Any]:
    if same := _same(before, digest, checked.options):
        return _unchanged(checked, same, before)
    new, updated, _ = compare(before, checked.rows)
    now = _now()
    fresh = place(_mark_future(pa.concat_tables([new, updated]), now), before, before.levels)
    answer = _answer(checked, fresh, updated.num_rows, None, before.version, before, now)
    first = checked.rejected.slice(0, _FIRST_REJECTED).select(["row", "column", "value", "reason"])
    return {**answer, "rejected_rows": first.to_pylist()}  # nothing is stored that could be asked for them


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _merge(change: Change, checked: _Checked, digest: str, name: str, tell: Progress) -> dict[str, Any]:
    before, import_id = change.before, f"{change.number:06d}-{digest[:8]}"
    new, updated, touched = compare(before, checked.rows)
    now = dt.datetime.fromisoformat(change.when)
    fresh = _mark_future(pa.concat_tables([new, updated]), now)
    zone = change.settings.get("timezone", before.zone)
    fresh = _set(fresh, "import_id", pa.repeat(pa.scalar(import_id), fresh.num_rows))
    fresh = _set(fresh, "month", _months(fresh["reported_at"], zone))
    fresh = place(fresh, before, before.levels)
    answer = _answer(checked, fresh, updated.num_rows, import_id, change.number, before, now)
    tell(0.6, N_("Storing {n} incidents"), {"n": fresh.num_rows})
    if fresh.num_rows or "incidents" not in before.named.tables:
        replace(change, fresh, fresh.select(KEY).slice(0, 0))
        own = change.draft().query("SELECT hazard, remark FROM incidents WHERE import_id = $id", {"id": import_id})
        answer |= _tallies(own)  # crowded spots are known now
    if checked.rejected.num_rows:
        ids = pa.repeat(pa.scalar(import_id), checked.rejected.num_rows)
        change.write("rejected", _set(checked.rejected, "import_id", ids), append=True)
    record = ImportRecord(
        import_id=import_id,
        source=checked.options["source"],
        file=name,
        content_hash=digest,
        options=checked.options,
        who=change.who,
        when=change.when,
        as_of=answer["as_of"],
        **{key: answer[key] for key in ("read", "accepted", "rejected", "repeats", "updated", "levels")},
        version=change.number,
        touches=tuple(touched),
        notes=tuple(str(note) for note in checked.notes),
    )
    change.imports = (*change.imports, record)
    change.commit(
        import_id=import_id,
        file=name,
        **{key: answer[key] for key in ("read", "accepted", "rejected", "repeats", "updated")},
    )
    return answer


def _answer(
    checked: _Checked,
    fresh: pa.Table,
    updated: int,
    import_id: str | None,
    version: int,
    before: Dataset,
    now: dt.datetime,
) -> dict[str, Any]:
    rejected, accepted = checked.rejected.num_rows, fresh.num_rows
    repeats = checked.repeats + checked.rows.num_rows - accepted
    levels = count_places(fresh, before.levels)
    if checked.read != accepted + rejected + repeats or any(sum(of.values()) != accepted for of in levels.values()):
        raise RuntimeError("the totals of the import do not tie")
    return {
        "import_id": import_id,
        "read": checked.read,
        "accepted": accepted,
        "rejected": rejected,
        "repeats": repeats,
        "updated": updated,
        "levels": levels,
        "version": version,
        "as_of": checked.options["as_of"] or _latest(checked.rows, checked.options["zone"], now),
        **_tallies(fresh),
        "notes": checked.notes,
        "mapping": checked.mapping,
        "unchanged": False,
        "repeat_of": None,
    }


def _tallies(rows: pa.Table) -> dict[str, dict[str, int]]:
    hazards = pc.value_counts(rows["hazard"]).to_pylist()
    codes = pc.value_counts(pc.list_flatten(pc.utf8_split_whitespace(rows["remark"]))).to_pylist()
    return {
        "remarks": {one["values"]: one["counts"] for one in codes if one["values"]},
        "hazards": {one["values"]: one["counts"] for one in hazards},
    }


def _latest(rows: pa.Table, zone: str, now: dt.datetime) -> str:
    """Return the latest time in the rows up to now, deadlines apart, in the zone; '' if there is none."""
    known = [pc.max(rows[name].filter(pc.less_equal(rows[name], now))).as_py() for name in _PAST]
    latest = max((time for time in known if time is not None), default=None)
    return "" if latest is None else pd.Timestamp(latest).tz_convert(zone).isoformat()


def _mark_future(rows: pa.Table, now: dt.datetime) -> pa.Table:
    """Return rows with a remark on those that hold a time after now, deadlines apart."""
    late = np.zeros(rows.num_rows, dtype=bool)
    for name in _PAST:
        late |= pc.fill_null(pc.greater(rows[name], now), False).to_numpy()
    marked = pc.utf8_trim_whitespace(pc.binary_join_element_wise(rows["remark"], "time-in-future", " "))
    return _set(rows, "remark", pc.if_else(pa.array(late), marked, rows["remark"]))


def _months(reported: pa.ChunkedArray, zone: str) -> pa.Array:
    local = pd.Series(reported.to_pandas()).dt.tz_convert(zone)
    year, month = local.dt.year, local.dt.month
    code = (year * 12 + month - 1).fillna(-1).astype("int64")
    unique, inverse = np.unique(code.to_numpy(), return_inverse=True)
    names = [NO_MONTH if one < 0 else f"{one // 12:04d}-{one % 12 + 1:02d}" for one in unique.tolist()]
    return pa.array(names, pa.string()).take(pa.array(inverse))


def _set(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)
