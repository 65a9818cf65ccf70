"""From a file's bytes to a new version: read, map, check, name the hazard, place in every level, merge, commit.

Conservation, asserted: read = accepted + rejected + repeats; accepted = in a cell + near + outside + no location.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from base.text import N_
from data import apart, corrections, deadlines, moments
from data.changes import check_zone, follow_edition
from data.checking import Checked, check_rows, sealed
from data.checks import DUPLICATES
from data.dataset import Dataset
from data.import_answers import import_answer, tallies, unchanged_answer
from data.merging import KEY, Compared, compare, in_months, replace
from data.moments import with_column
from data.placing import place
from data.preview import preview
from data.privacy import mask
from data.profiles import AUTO, choose
from data.schema import DEMO_SOURCE, HAZARDS, ImportRecord
from data.store import Change, Workspace
from data.table import Table
from data.times import read_times

_FIRST_REJECTED = 20  # of a dry run that are named
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
        ``corrections-mixed``, ``corrections-unmarked``.
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
        numbered = len(checked.corrected) > 0  # rows that come back are told from stored ones
        if _basis(change.before, numbered) != _basis(before, numbered):  # changed by another writer since
            checked = check(change.before)
        if same := _same(change.before, digest, checked.options):
            return unchanged_answer(checked, same, change.before)
        if not change.imports:  # nothing is stored under another zone yet
            zone_said = checked.choices["options"].get("zone")
            change.settings["timezone"] = checked.options["zone"] if zone_said else change.before.zone
        tell(0.5, N_("Placing {n} incidents"), {"n": checked.rows.num_rows})
        answer = _merge(change, checked, digest, name, None if trusted else content, tell)
        tell(1.0, N_("{file} is imported."), {"file": name})
        return answer


def _basis(dataset: Dataset, numbered: bool) -> tuple[Any, ...]:
    """Return what the checks of a file take from a version: equal means they would find the same."""
    named = dataset.named.tables
    used = ("rules", "cells", "profiles", "rejected", "corrections", *(["incidents"] if numbered else []))
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


def _dry_run(checked: Checked, before: Dataset, digest: str) -> dict[str, Any]:
    if same := _same(before, digest, checked.options):
        return unchanged_answer(checked, same, before)
    zone = before.zone if before.imports else checked.options["zone"]
    fresh, answer, _ = _arrived(checked, before, None, before.version, zone=zone, now=_now())
    answer["preview"] = preview(fresh, before.levels)
    first = checked.rejected.slice(0, _FIRST_REJECTED).select(["row", "column", "value", "reason"])
    return {**answer, "rejected_rows": first.to_pylist()}  # nothing is stored that could be asked for them


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _arrived(
    checked: Checked, before: Dataset, import_id: str | None, version: int, *, zone: str, now: dt.datetime
) -> tuple[pa.Table, dict[str, Any], Compared]:
    """Return the rows that are new or correct stored ones, whole and placed; the answer; and what they are beside."""
    beside = compare(before, checked.rows)
    fresh = moments.mark_future(pa.concat_tables([beside.new, beside.updated]), now)
    fresh = with_column(fresh, "import_id", pa.repeat(pa.scalar(import_id or ""), fresh.num_rows))
    fresh = with_column(fresh, "month", moments.months(fresh, zone))
    as_of = str(checked.options["as_of"] or moments.known_to(checked.rows, checked.options["zone"], now))
    known = [time for time in (before.as_of, pd.Timestamp(as_of) if as_of else None) if time is not None]
    day = max(known).tz_convert(before.zone).date() if known else None  # up to which anything is known with this file
    placed, imports = place(fresh, before, before.levels, known_to=day), {import_id or "": checked.options}
    fresh = deadlines.assign(placed, before, imports, zone=zone)
    return fresh, import_answer(checked, fresh, beside.updated.num_rows, import_id, version, before, as_of), beside


def _merge(
    change: Change, checked: Checked, digest: str, name: str, original: bytes | None, tell: Progress
) -> dict[str, Any]:
    before, import_id = change.before, f"{change.number:06d}-{digest[:8]}"
    zone, now = change.settings.get("timezone", before.zone), dt.datetime.fromisoformat(change.when)
    fresh, answer, beside = _arrived(checked, before, import_id, change.number, zone=zone, now=now)
    tell(0.6, N_("Storing {n} incidents"), {"n": fresh.num_rows})
    if fresh.num_rows or "incidents" not in before.named.tables:
        draft = replace(change, fresh, fresh.select(KEY).slice(0, 0), beside.held)
        own = f"SELECT hazard, remark, row FROM incidents WHERE import_id = $id AND {in_months(fresh)}"  # noqa: S608
        answer |= tallies(draft.query(own, {"id": import_id}))  # crowded spots are known now
    if checked.rejected.num_rows:
        ids = pa.repeat(pa.scalar(import_id), checked.rejected.num_rows)
        change.write("rejected", with_column(checked.rejected, "import_id", ids), append=True)
    source = checked.options["source"]
    words, again = corrections.words_of(before, source, (checked.corrected, checked.rows), fresh, import_id)
    if words.num_rows:
        change.write("corrections", corrections.together(before, words))
    # Whose rows these are stays, while this import does
    touched = sorted({*beside.touched, *checked.corrected["import_id"]})
    record = ImportRecord(
        import_id=import_id,
        source=source,
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
        again=again,
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
