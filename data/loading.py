"""From a file's bytes to a new version: read, map, check, name the hazard, place in every level, merge, commit.

Conservation, asserted: read = accepted + rejected + repeats; accepted = in a cell + near + outside + no location.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from base.errors import HazardError
from base.text import N_, Sentence
from data import apart, corrections
from data.changes import check_zone, follow_edition
from data.checking import Checked, check_rows, sealed
from data.checks import DUPLICATES
from data.dataset import Dataset
from data.levels import load_cells
from data.merging import KEY, compare, replace
from data.placing import count_places, place
from data.preview import by_month, preview
from data.privacy import mask
from data.profiles import AUTO, choose
from data.schema import DEMO_SOURCE, HAZARDS, NO_MONTH, TIME_FIELDS, ImportRecord
from data.store import Change, Workspace
from data.table import Table
from data.times import read_times

__all__ = ["import_incidents", "load_cells", "read_time"]

_PAST = tuple(name for name in TIME_FIELDS if name != "due_at")  # times that have come when they are written down
_FIRST_REJECTED = 20  # of a dry run that are named
_FIRST_DOUBTFUL = 5  # of each remark
Progress = Callable[[float, str, dict[str, Any]], None]


def import_incidents(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    source: str | None = None,
    crs: str | None = None,
    zone: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    header_rows: int | None = None,
    scheme: str | None = None,
    where: Mapping[str, str] | None = None,
    day_first: bool | None = None,
    duplicates: str | None = None,
    untyped: str | None = None,
    as_of: str | dt.datetime | None = None,
    profile: str | None = AUTO,
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
    source : str, optional
        The same case number in the same source is the same case; a newer import corrects it. "default" if not given.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n", optional
        What the coordinates are in; "wgs84" if not given.
    zone : str, optional
        Zone of times without an offset; the workspace's if not given. The first import sets the workspace's zone.
    mapping : mapping, optional
        field -> header, over what the headers suggest; '' takes a field out.
    encoding, delimiter, sheet, header_row, header_rows, day_first
        As in `data.readers.read_table` and `data.checks.check_incidents`.
    scheme : str, optional
        The list that the file's codes belong to. None: the one that the names beside the codes tell, if they are sure;
        "detected": the one that suits best; "none": codes are not looked at. The list taken stands in the options.
    where : mapping, optional
        header -> value: other rows count as rejected ("filtered"); 1 is 1.0. Of the values only hashes are kept.
    untyped : str, optional
        The hazard of rows that have no type, code and description, as in a list of flooded places.
    duplicates : {"review", "newest"}, optional
        Rows of this file with one case number and different content: all are rejected (usual), or the newest is taken.
    as_of : str or datetime, optional
        When the file was extracted. If not given, its latest time up to now, deadlines apart: a mistyped year must
        not make every case look old. Rows with a later time are taken with the remark ``time-in-future``.
    profile : str, optional
        A profile's name; "auto": the one saved for files with the same headers, if any; None: none. What is given here
        goes before what a profile says. The rejected rows of an import that come back take the choices of that import.
    dry_run : bool
        Only say what would happen.
    trusted : bool
        Made by this program: read without a process apart, and not kept as an original.
    who : str
        For the history, and for another writer who has to wait.
    progress : callable, optional
        Called with a share (0..1), a sentence and its fields.

    Returns
    -------
    dict
        import_id (None for a dry run); read, accepted (new and updated), rejected, repeats, updated; levels: level
        name -> inside, near, outside, no_location; version; as_of (ISO, '' if the file holds no time); remarks and
        hazards: code -> rows among the accepted (a dry run does not look for crowded spots); remark_rows: code -> the
        first rows of it; by_month: month -> rows among the accepted; notes; mapping; profile (the name of the one
        applied, or None); choices (headers and options, as `data.profiles.save_profile` takes them); crs, crs_from,
        fits (as `data.places.system_taken`: what the coordinates were read in, who says so, and what other systems
        would bring inside); unchanged; repeat_of (import_id or None); for a dry run
        rejected_rows: the first of them with row, column, value and reason; and preview (`data.preview.preview`).

    Raises
    ------
    HazardError
        Those of `data.apart.read_table`, `data.headers.apply_mapping` and `data.checks.check_incidents`;
        ``source-name``, ``zone-unknown``, ``time-unreadable``, ``where-column``, ``personal-column``,
        ``duplicates-unknown``, ``scheme-unknown``, ``demo-in-workspace``, ``workspace-busy``; ``profile-unknown``,
        ``corrections-mixed``.
    """
    tell: Progress = progress or (lambda share, sentence, fields: None)
    name = mask(name)
    whole = hashlib.sha256(content)
    given = {
        "source": source,
        "crs": crs,
        "zone": zone,
        "mapping": mapping and {field: mask(header) for field, header in mapping.items()},  # as titles are read
        "encoding": encoding,
        "delimiter": delimiter,
        "sheet": sheet,
        "header_row": header_row,
        "header_rows": header_rows,
        "scheme": scheme,
        "where": where and {mask(header): value for header, value in where.items()},
        "day_first": day_first,
        "duplicates": duplicates,
        "untyped": untyped,
    }

    def check(before: Dataset) -> Checked:
        check_zone(zone or before.zone)
        tell(0.0, N_("Reading {file}"), {"file": name})
        settings = before.settings | ({"read_apart": 0} if trusted else {})

        def read(**reading: Any) -> Table:
            return apart.read_table(content, name, settings=settings, **reading)

        choice = choose(before, read, given, profile=profile)
        table, chosen = choice.table, choice.options
        source = " ".join(chosen["source"].split())
        if not source:
            raise HazardError("source-name", "The source needs a name.")
        _refuse_beside_demo(before, source)
        if chosen.get("untyped") not in (None, *HAZARDS):
            raise HazardError(
                "hazard-unknown", "{hazard} is none of {known}.", hazard=chosen["untyped"], known=", ".join(HAZARDS)
            )
        if chosen["duplicates"] not in DUPLICATES:
            raise HazardError(
                "duplicates-unknown",
                "“{value}” is no way to treat case numbers that stand twice with different content. Choose one of "
                "{choices}.",
                value=chosen["duplicates"], choices=", ".join(DUPLICATES),
            )  # fmt: skip
        own_zone = check_zone(chosen.get("zone") or before.zone).key
        tell(0.25, N_("Checking {n} rows"), {"n": len(table.frame) + len(table.bad)})
        options = {
            "source": source,
            "crs": chosen["crs"],
            "zone": own_zone,
            "encoding": table.encoding,
            "delimiter": table.delimiter,
            "sheet": table.sheet and mask(table.sheet),
            "header": [table.header_row, table.header_rows],
            "scheme": chosen.get("scheme"),
            "where": sealed(chosen.get("where") or {}, whole),
            "day_first": chosen.get("day_first"),
            "duplicates": chosen["duplicates"],
            "untyped": chosen.get("untyped"),
            "as_of": read_time(as_of, own_zone).isoformat() if as_of else None,
        }
        return check_rows(choice, options, before)

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
            zone_said = checked.choices["options"].get("zone")
            change.settings["timezone"] = checked.options["zone"] if zone_said else change.before.zone
        tell(0.5, N_("Placing {n} incidents"), {"n": checked.rows.num_rows})
        answer = _merge(change, checked, digest, name, None if trusted else content, tell)
        tell(1.0, N_("{file} is imported."), {"file": name})
        return answer


def _basis(dataset: Dataset) -> tuple[Any, ...]:
    """Return what the checks of a file take from a version: equal means they would find the same."""
    named = dataset.named.tables
    used = ("rules", "cells", "profiles", "rejected", "corrections")
    return dataset.is_demo, dataset.settings, dataset.levels, [named.get(name) for name in used]


def _refuse_beside_demo(dataset: Dataset, source: str) -> None:
    if dataset.is_demo and source != DEMO_SOURCE:
        raise HazardError(
            "demo-in-workspace",
            "This workspace holds the invented example. Take its import back first, or choose another folder with "
            "--workspace.",
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


def _same(before: Dataset, digest: str, options: Mapping[str, Any]) -> ImportRecord | None:
    return next((one for one in before.imports if one.content_hash == digest and one.options == options), None)


def _unchanged(checked: Checked, same: ImportRecord, before: Dataset) -> dict[str, Any]:
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
        "by_month": {},
        **_chosen(checked),
        "unchanged": True,
        "repeat_of": same.import_id,
    }


def _dry_run(checked: Checked, before: Dataset, digest: str) -> dict[str, Any]:
    if same := _same(before, digest, checked.options):
        return _unchanged(checked, same, before)
    new, updated, _ = compare(before, checked.rows)
    now = _now()
    fresh = _mark_future(pa.concat_tables([new, updated]), now)
    fresh = _set(fresh, "month", _months(fresh, before.zone if before.imports else checked.options["zone"]))
    as_of = _as_of(checked, now)
    fresh = place(fresh, before, before.levels, known_to=_known_to(before, as_of))
    answer = _answer(checked, fresh, updated.num_rows, None, before.version, before, as_of)
    answer["notes"] = [*answer["notes"], *_goes_back(before, checked, updated.num_rows, as_of)]
    answer["preview"] = preview(fresh, before.levels)
    first = checked.rejected.slice(0, _FIRST_REJECTED).select(["row", "column", "value", "reason"])
    return {**answer, "rejected_rows": first.to_pylist()}  # nothing is stored that could be asked for them


_OLDER_FILE = N_(
    "This file knows up to {as_of}, and files of source {source} that are stored know up to {known}: {n} of its rows "
    "put an older state in place of a newer one. If that is not meant, take this import back."
)


def _goes_back(before: Dataset, checked: Checked, updated: int, as_of: str) -> list[Sentence]:
    """Return what is to be said where a file corrects cases and is older than what is stored of its source."""
    source = checked.options["source"]
    known = before.sources.get(source)
    if not (updated and known and as_of and pd.Timestamp(as_of) < known):
        return []
    facts = {"source": source, "known": known, "as_of": pd.Timestamp(as_of).tz_convert(before.zone), "n": updated}
    return [Sentence(_OLDER_FILE, facts)]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _merge(
    change: Change, checked: Checked, digest: str, name: str, original: bytes | None, tell: Progress
) -> dict[str, Any]:
    before, import_id = change.before, f"{change.number:06d}-{digest[:8]}"
    new, updated, touched = compare(before, checked.rows)
    now = dt.datetime.fromisoformat(change.when)
    fresh = _mark_future(pa.concat_tables([new, updated]), now)
    zone = change.settings.get("timezone", before.zone)
    fresh = _set(fresh, "import_id", pa.repeat(pa.scalar(import_id), fresh.num_rows))
    fresh = _set(fresh, "month", _months(fresh, zone))
    as_of = _as_of(checked, now)
    fresh = place(fresh, before, before.levels, known_to=_known_to(before, as_of))
    answer = _answer(checked, fresh, updated.num_rows, import_id, change.number, before, as_of)
    answer["notes"] = [*answer["notes"], *_goes_back(before, checked, updated.num_rows, as_of)]
    tell(0.6, N_("Storing {n} incidents"), {"n": fresh.num_rows})
    if fresh.num_rows or "incidents" not in before.named.tables:
        replace(change, fresh, fresh.select(KEY).slice(0, 0))
        own = change.draft().query("SELECT hazard, remark, row FROM incidents WHERE import_id = $id", {"id": import_id})
        answer |= _tallies(own)  # crowded spots are known now
    if checked.rejected.num_rows:
        ids = pa.repeat(pa.scalar(import_id), checked.rejected.num_rows)
        change.write("rejected", _set(checked.rejected, "import_id", ids), append=True)
    if len(checked.corrected):
        change.write("corrections", corrections.stored(checked.corrected, import_id), append=True)
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
        notes=tuple(str(note) for note in answer["notes"]),
    )
    change.imports = (*change.imports, record)
    follow_edition(change)
    if original is not None:
        change.keep_original(original, name)
    change.commit(
        import_id=import_id,
        file=name,
        **{key: answer[key] for key in ("read", "accepted", "rejected", "repeats", "updated")},
    )
    return answer


def _answer(
    checked: Checked,
    fresh: pa.Table,
    updated: int,
    import_id: str | None,
    version: int,
    before: Dataset,
    as_of: str,
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
        "as_of": as_of,
        **_tallies(fresh),
        "by_month": by_month(fresh),
        **_chosen(checked),
        "unchanged": False,
        "repeat_of": None,
    }


def _as_of(checked: Checked, now: dt.datetime) -> str:
    return str(checked.options["as_of"] or _latest(checked.rows, checked.options["zone"], now))


def _known_to(before: Dataset, as_of: str) -> dt.date | None:
    """Return the day up to which anything is known once this file is in."""
    known = [time for time in (before.as_of, pd.Timestamp(as_of) if as_of else None) if time is not None]
    return max(known).tz_convert(before.zone).date() if known else None


def _chosen(checked: Checked) -> dict[str, Any]:
    return {
        "notes": checked.notes,
        "mapping": checked.mapping,
        "profile": checked.profile,
        "choices": checked.choices,
        **checked.system,
    }


def _tallies(rows: pa.Table) -> dict[str, dict[str, Any]]:
    hazards = pc.value_counts(rows["hazard"]).to_pylist()
    codes = pc.value_counts(pc.list_flatten(pc.utf8_split_whitespace(rows["remark"]))).to_pylist()
    remarks = {one["values"]: one["counts"] for one in codes if one["values"]}
    return {
        "remarks": remarks,
        "remark_rows": {code: _first(rows.filter(pc.match_substring(rows["remark"], code))["row"]) for code in remarks},
        "hazards": {one["values"]: one["counts"] for one in hazards},
    }


def _first(numbers: pa.ChunkedArray) -> list[int]:
    """Return the smallest of some numbers of rows, in order."""
    places = pc.select_k_unstable(numbers, _FIRST_DOUBTFUL, [("", "ascending")])
    return [int(number) for number in numbers.take(places).to_pylist()]


def _latest(rows: pa.Table, zone: str, now: dt.datetime) -> str:
    """Return the latest time in the rows up to now, deadlines apart, in the zone; '' if there is none.

    Where lone years are all that is known, it is the end of the last year that is over.
    """
    known = [pc.max(rows[name].filter(pc.less_equal(rows[name], now))).as_py() for name in _PAST]
    latest = max((time for time in known if time is not None), default=None)
    if latest is None:
        years = [int(year) for year in pc.unique(rows["month"]).to_pylist() if year]
        ends = [pd.Timestamp(year + 1, 1, 1, tz=zone) - pd.Timedelta(seconds=1) for year in years]
        latest = max((end for end in ends if end <= now), default=None)
    return "" if latest is None else pd.Timestamp(latest).tz_convert(zone).isoformat()


def _mark_future(rows: pa.Table, now: dt.datetime) -> pa.Table:
    """Return rows with a remark on those that hold a time after now, deadlines apart."""
    late = np.zeros(rows.num_rows, dtype=bool)
    for name in _PAST:
        late |= pc.fill_null(pc.greater(rows[name], now), False).to_numpy()
    marked = pc.utf8_trim_whitespace(pc.binary_join_element_wise(rows["remark"], "time-in-future", " "))
    return _set(rows, "remark", pc.if_else(pa.array(late), marked, rows["remark"]))


def _months(rows: pa.Table, zone: str) -> pa.Array:
    """Return the months of the report times in the zone; a lone year stays what it is."""
    local = pd.Series(rows["reported_at"].to_pandas()).dt.tz_convert(zone)
    year, month = local.dt.year, local.dt.month
    code = (year * 12 + month - 1).fillna(-1).astype("int64")
    unique, inverse = np.unique(code.to_numpy(), return_inverse=True)
    names = [NO_MONTH if one < 0 else f"{one // 12:04d}-{one % 12 + 1:02d}" for one in unique.tolist()]
    months = pa.array(names, pa.string()).take(pa.array(inverse))
    lone = pc.and_(pc.is_null(rows["reported_at"]), pc.not_equal(rows["month"], ""))
    return pc.if_else(lone, rows["month"], months).combine_chunks()


def _set(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)
