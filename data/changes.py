"""Changes of what is stored already: an import taken back, other rules, other settings. One version each."""

from collections.abc import Mapping
from dataclasses import replace as replace_
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from base import settings
from base.errors import HazardError
from data import deadlines, keeping, tables, validity, versions
from data.calendar import package_days, read_hours
from data.dataset import Dataset
from data.merging import KEY, replace, rewrite
from data.placing import filed, place
from data.privacy import TEXT
from data.schema import NO_MONTH, ImportRecord, Level
from data.store import Change, Workspace
from data.taxonomy import check_rules, classify

_zones = cache(available_timezones)  # it looks through a folder of hundreds of files


def undo(workspace: Workspace, import_id: str | None = None, *, who: str) -> dict[str, Any]:
    """Take an import back: its new cases go, those it corrected say again what they said before, its rejected rows go.

    What returns is placed in the boundaries, named by the rules and due by the table of deadlines, as they are now.
    Places given by hand stay, for the same cases may come again.

    Parameters
    ----------
    import_id : str, optional
        The newest live import if not given.

    Returns
    -------
    dict
        import_id, file, removed (cases that went), restored (cases that say again what they said before), version.

    Raises
    ------
    HazardError
        ``nothing-to-undo``; ``import-unknown``; ``undo-blocked`` if a later import holds some of the same cases;
        ``version-cleared``, ``undo-erased`` if what stood before is gone; ``workspace-busy``.
    """
    if not workspace.exists:  # a mistyped folder is not made
        raise HazardError("nothing-to-undo", "There is no import to take back.")
    with workspace.change("undo", who=who) as change:
        record = _live(change.before, import_id)
        before, former = change.before, _former(workspace, record)
        own = before.query(
            "SELECT source, incident_id FROM incidents WHERE import_id = $id",  # the key, in the order of merging.KEY
            {"id": record.import_id},
        )
        returned = former.query("SELECT * FROM incidents SEMI JOIN own USING (source, incident_id)", own=own)
        returned = place(_base(returned), before, change.levels)
        returned = reclassify(returned, before.rules(), change.imports)
        returned = deadlines.assign(returned, before, deadlines.options_of(change))
        change.imports = tuple(one for one in change.imports if one is not record)
        if not change.imports:  # the first import may have set the zone: the next one may set another
            change.settings.pop("timezone", None)
            change.settings.update({k: v for k, v in former.named.settings.items() if k == "timezone"})
        replace(change, returned, own.select(KEY))
        follow_edition(change)
        if record.rejected:
            none = tables.TABLES["rejected"].schema.empty_table()
            change.write("rejected", none, where=f"import_id = '{record.import_id}'")
        said = before.rows("corrections")
        others = said.filter(pc.and_(*(pc.not_equal(said[name], record.import_id) for name in ("import_id", "by"))))
        if others.num_rows < said.num_rows:
            change.write("corrections", others)
        facts = {
            "import_id": record.import_id,
            "file": record.file,
            "removed": own.num_rows - returned.num_rows,
            "restored": returned.num_rows,
        }
        return {**facts, "version": change.commit(**facts).version}


def _live(dataset: Dataset, import_id: str | None) -> ImportRecord:
    if not dataset.imports:
        raise HazardError("nothing-to-undo", "There is no import to take back.")
    if import_id is None:
        return dataset.imports[-1]
    record = dataset.imported(import_id)
    later = next((one for one in dataset.imports if import_id in one.touches), None)
    if later is not None:
        raise HazardError(
            "undo-blocked",
            "{file} cannot be taken back: the later import {later_id} ({later_file}) holds some of the same cases. "
            "Take that one back first.",
            file=record.file,
            later_id=later.import_id,
            later_file=later.file,
        )
    return record


def _former(workspace: Workspace, record: ImportRecord) -> Dataset:
    """Return the version before an import: one that corrected no case needs none of its rows, so it may be cleared."""
    if record.version <= keeping.read(workspace.path).erased:
        raise HazardError(
            "undo-erased",
            "{file} cannot be taken back: a person's data were erased since then, and what stood before was removed "
            "for good.",
            file=record.file,
        )
    if record.updated:
        return workspace.open(record.version - 1)
    named = versions.read(workspace.path / "versions", record.version - 1)
    return Dataset(workspace.path, replace_(named, tables={}, levels=()))


def _base(rows: pa.Table) -> pa.Table:
    """Return rows without the columns of boundary levels."""
    schema = tables.TABLES["incidents"].schema
    return rows.select(schema.names).cast(schema)


def follow_edition(change: Change) -> None:
    """Place cases without a time anew where what is known now reaches into another edition than before the change.

    They belong to the newest cells. Call it once imports and incidents are those of the next version.
    """
    draft, before = change.draft(), change.before

    def turns(level: Level) -> bool:
        cells = draft.cells(level.name, every=True)
        now, then = (validity.newest_on(cells, known) for known in (draft.known_to, before.known_to))
        return bool((now != then).any())

    if any(draft.has_editions(level.name) and turns(level) for level in change.levels):
        untimed = draft.query("SELECT * FROM incidents WHERE reported_at IS NULL AND month = $none", {"none": NO_MONTH})
        moved = place(untimed, draft, change.levels)
        replace(change, moved, moved.select(KEY).slice(0, 0))


def set_location(
    workspace: Workspace,
    source: str,
    incident_id: str,
    *,
    lon: float | None = None,
    lat: float | None = None,
    cell: str | None = None,
    level: str | None = None,
    who: str,
) -> dict[str, Any]:
    """Give an incident without coordinates its place by hand: a point, or a cell. One version.

    It stays with the case through newer exports of its file, as long as these bring no coordinates, and through
    changes of boundaries. Given again, the later place counts.

    Parameters
    ----------
    source, incident_id : str
        The incident's key.
    lon, lat : float, optional
        WGS 84 degrees.
    cell : str, optional
        The code of a cell, in place of a point; of `level`, or of the finest level that has such a cell.

    Returns
    -------
    dict
        source, incident_id, cells (level name -> cell_id or None), version.

    Raises
    ------
    HazardError
        ``location-needed``, ``location-no-degrees``, ``incident-unknown``, ``location-known`` where the file has
        coordinates, ``cell-unknown``, ``level-unknown``, ``workspace-busy``.
    """
    if (lon is None or lat is None) == (cell is None):
        raise HazardError("location-needed", "Give longitude and latitude, or the code of a cell.")
    if lon is not None and lat is not None and not (abs(lon) <= 180 and abs(lat) <= 90):
        raise HazardError(
            "location-no-degrees",
            "{lon}, {lat} is no place on earth: write longitude and latitude in degrees, such as 113.1932 and 33.7351.",
            lon=lon, lat=lat,
        )  # fmt: skip
    with workspace.change("location", who=who) as change:
        key = {"source": source, "incident_id": incident_id}
        row = change.before.query(
            "SELECT * FROM incidents WHERE source = $source AND incident_id = $incident_id", dict(key)
        )
        if not row.num_rows:
            raise HazardError("incident-unknown", "There is no incident {incident_id} of source {source}.", **key)
        if filed(row)["lon"].null_count == 0:
            raise HazardError(
                "location-known",
                "Incident {incident_id} has coordinates in its file: correct them there and import the file again.",
                incident_id=incident_id,
            )
        column, code = _given_cell(change.before, cell, level) if cell is not None else ("", "")
        given = {**key, "lon": lon, "lat": lat, "level": column, "cell_id": code, "who": who, "at": change.when}
        others = change.before.placements()
        others = others[(others["source"] != source) | (others["incident_id"] != incident_id)]
        schema = tables.TABLES["placements"].schema
        kept = pa.Table.from_pandas(others, schema=schema, preserve_index=False)
        change.write("placements", pa.concat_tables([kept, pa.Table.from_pylist([given], schema=schema)]))
        placed = place(_base(row), change.draft(), change.levels)
        if code and placed[column][0].as_py() != code:
            raise _no_cell(cell or "", " ".join(one.name for one in change.levels if one.column == column))
        replace(change, placed, placed.select(KEY).slice(0, 0))
        cells = {one.name: placed[one.column][0].as_py() for one in change.levels}
        return {**key, "cells": cells, "version": change.commit(**key, by="cell" if code else "point").version}


def _given_cell(dataset: Dataset, cell: str, level: str | None) -> tuple[str, str]:
    """Return the column of the level and the code of a cell that a person named."""
    for one in [dataset.level(level)] if level else reversed(dataset.levels):
        ids = dataset.cells(one.name, every=True)["cell_id"]
        if cell.strip() in set(ids):
            return one.column, cell.strip()
    raise _no_cell(cell, level or ", ".join(one.name for one in dataset.levels))


def _no_cell(cell: str, level: str) -> HazardError:
    return HazardError(
        "cell-unknown",
        "There is no cell with the code {cell} in level {level} on the day of this report: look the code up.",
        cell=cell, level=level or "-",
    )  # fmt: skip


def set_rules(workspace: Workspace, rules: pd.DataFrame, *, who: str) -> dict[str, Any]:
    """Give the workspace its own rules for hazards and name all its incidents by them, in one version.

    Returns
    -------
    dict
        rules (how many), changed (incidents that have another hazard now), due_changed (incidents that are due at
        another time, for rows of the table of deadlines may go by the hazard), version.

    Raises
    ------
    HazardError
        Those of `data.taxonomy.check_rules`; ``workspace-busy``.
    """
    clean = check_rules(rules)
    with workspace.change("rules", who=who) as change:
        schema = tables.TABLES["rules"].schema
        change.write("rules", pa.Table.from_pandas(clean, schema=schema, preserve_index=False))
        draft, imports, changed, due_changed = change.draft(), deadlines.options_of(change), 0, 0

        def renew(rows: pa.Table) -> pa.Table:
            nonlocal changed, due_changed
            renewed = deadlines.assign(reclassify(rows, clean, change.imports), draft, imports)
            changed += pc.sum(pc.not_equal(rows["hazard"], renewed["hazard"])).as_py() or 0
            due_changed += deadlines.moved(rows, renewed).changed
            return renewed

        rewrite(change, renew)
        facts = {"rules": len(clean), "changed": changed, "due_changed": due_changed}
        return {**facts, "version": change.commit(**facts).version}


def reclassify(rows: pa.Table, rules: pd.DataFrame, imports: tuple[ImportRecord, ...]) -> pa.Table:
    """Return incidents with the hazard that the rules give them, each by the code scheme its import named."""
    said = {one.import_id: (one.options.get("scheme") or "", one.options.get("untyped") or "") for one in imports}
    frame = pd.DataFrame(
        {name: pd.array(rows[name], dtype=TEXT) for name in ("type_name", "code", "description", "kind", "import_id")}
    )
    hazard = pd.Series("", frame.index, dtype=object)
    for import_id, part in frame.groupby("import_id"):
        scheme, untyped = said.get(str(import_id), ("", ""))
        texts = part["type_name"], part["code"], part["description"]
        named = classify(*texts, rules, scheme=scheme or None, kind=part["kind"], untyped=untyped or None)
        hazard[part.index] = named.to_numpy(dtype=object)
    place_ = rows.column_names.index("hazard")
    return rows.set_column(place_, "hazard", pa.array(hazard, pa.string()))


def set_settings(workspace: Workspace, overrides: Mapping[str, Any], *, who: str) -> dict[str, Any]:
    """Change settings of the workspace; None, or the default value, takes an override away.

    Returns
    -------
    dict
        settings (all overrides now), changed (incidents that are due at another time now), version.

    Raises
    ------
    HazardError
        ``setting-unknown``, ``setting-type``, ``setting-range``, ``zone-unknown``; what `data.calendar` refuses of the
        country and the office hours; ``zone-fixed`` while incidents are stored, for their months were told by the old
        zone; ``workspace-busy``.
    """
    settings.check({name: value for name, value in overrides.items() if value is not None})
    with workspace.change("settings", who=who) as change:
        wanted = {**change.settings, **overrides}
        merged = settings.merged({name: value for name, value in wanted.items() if value is not None})
        check_zone(merged["timezone"])
        package_days(merged["work_calendar"])
        read_hours(merged["office_hours"])
        if merged["timezone"] != change.before.zone and change.imports:
            raise HazardError(
                "zone-fixed",
                "The time zone stays {zone} while incidents are stored: take the imports back first.",
                zone=change.before.zone,
            )
        change.settings = {name: value for name, value in merged.items() if value != settings.DEFAULTS[name]}
        if merged["near_tolerance_m"] != change.before.settings["near_tolerance_m"]:
            draft = change.draft()
            rewrite(change, lambda rows: place(rows, draft, change.levels))
        nothing = tables.incident_schema(tuple(level.column for level in change.levels)).empty_table()
        replace(change, nothing, nothing.select(KEY))  # another limit for crowded spots marks other rows
        hung_on = any(merged[name] != change.before.settings[name] for name in deadlines.SETTINGS)
        changed = deadlines.assign_again(change).changed if hung_on else 0
        facts = {"settings": dict(change.settings), "changed": changed}
        return {**facts, "version": change.commit(**facts).version}


def check_zone(zone: str) -> ZoneInfo:
    """Return the zone of a name.

    Raises
    ------
    HazardError
        ``zone-unknown``.
    """
    if zone not in _zones():
        raise HazardError("zone-unknown", "There is no time zone named {zone}: write it like Asia/Shanghai.", zone=zone)
    return ZoneInfo(zone)
