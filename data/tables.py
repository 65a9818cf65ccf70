"""The tables of a workspace: Delta Lake, Parquet inside. What each holds, and how it is opened, written and restored.

Names of tables, columns and partitions are our own; a name from a file is never part of a path or of a condition.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import ColumnProperties, DeltaTable, PostCommitHookProperties, WriterProperties, write_deltalake

from data.schema import CELL_COLUMNS, EXPOSURES, INCIDENT_COLUMNS, REJECTED_COLUMNS, STORED_TIMES

_TIME = pa.timestamp("us", tz="UTC")


def _fields(names: tuple[str, ...], kinds: dict[str, pa.DataType]) -> list[pa.Field]:
    return [pa.field(name, kinds.get(name, pa.string())) for name in names]


@dataclass(frozen=True, slots=True)
class TableKind:
    """A table's columns, the column whose values are its folders, and the columns that hold words of ours alone."""

    schema: pa.Schema
    partition: str | None = None
    codes: tuple[str, ...] = ()


_POINT = {"lon": pa.float64(), "lat": pa.float64()}
_INCIDENT_KINDS: dict[str, pa.DataType] = {
    "row": pa.int32(),
    **_POINT,
    "attributes": pa.map_(pa.string(), pa.string()),
    **dict.fromkeys(STORED_TIMES, _TIME),
    **dict.fromkeys(("paused_minutes", "postponed_hours", "postponed_days", "limit_value"), pa.float64()),
}
STANDARD_COLUMNS = (
    "scheme", "kind", "valid_from", "row", "main_code", "main_name", "code", "type_name", "condition", "limit_text",
    "limit_value", "limit_clock", "closing", "supervisor", "duty", "hazard", "words", "handling",
)  # fmt: skip
WORKDAY_COLUMNS = ("row", "day", "workday", "note")
PROJECT_DAYS = ("surveyed_on", "designed_on", "built_from", "finished_on", "inspected_on")  # in the order of the work
PROJECT_COLUMNS = (
    "project_id", "name", "kind", "cost", "status", *PROJECT_DAYS, "owner", "alternatives", "must", "year", "level",
    "cells", "buffer_m", "geometry",
)  # fmt: skip
RAIN_COLUMNS = ("station", "zone", "begin", "hours", "mm")
_CELL_KINDS = {name: pa.float64() for name in ("area_km2", *EXPOSURES)}
TABLES = {
    # Two columns for each boundary level come on top, see `incident_schema`; rows are sorted by the finest in a month.
    "incidents": TableKind(
        pa.schema(_fields(INCIDENT_COLUMNS, _INCIDENT_KINDS)),
        "month",
        ("import_id", "hazard", "placed", "remark", "due_from", "limit_clock", "handling"),
    ),
    "rejected": TableKind(
        pa.schema(_fields(("import_id", *REJECTED_COLUMNS), {"row": pa.int32()})), "import_id", ("reason",)
    ),
    # `level` is Level.column; geometry is WKB in WGS 84. `edition` is the day from which the file that brought the cell
    # stands ('' if none was said): a level holds several editions, and a cell_id once for each time. `declared` is the
    # parent as the file names it, `parent` its cell_id where it is one of the level above.
    "cells": TableKind(
        pa.schema(_fields(("level", "edition", "declared", *CELL_COLUMNS), {**_CELL_KINDS, "geometry": pa.binary()})),
        "level",
    ),
    # What was found in a boundary: kind is one of FINDINGS, content is the row as JSON.
    "findings": TableKind(pa.schema(_fields(("level", "kind", "content"), {})), "level", ("kind",)),
    # The office's addresses, key as `data.gazetteer.address_keys` writes them, and the places it gave to cases by hand:
    # a point, or a cell of a level (Level.column). Both are WGS 84.
    "gazetteer": TableKind(pa.schema(_fields(("address", "lon", "lat"), _POINT))),
    "placements": TableKind(
        pa.schema(_fields(("source", "incident_id", "lon", "lat", "level", "cell_id", "who", "at"), _POINT)),
        codes=("level", "at"),
    ),
    # What became of a rejected row in a later import `by`: its row there, its case number ('' if rejected again), and
    # the outcome: accepted, repeats, rejected, or met (by brought its case in a row of its own, the same as stored).
    "corrections": TableKind(
        pa.schema(
            _fields(
                ("import_id", "row", "by", "by_row", "incident_id", "outcome"),
                {"row": pa.int32(), "by_row": pa.int32()},
            )
        ),
        codes=("import_id", "by", "outcome"),
    ),
    # Saved choices for files with the same headers; headers and options are JSON.
    "profiles": TableKind(
        pa.schema(_fields(("name", "fingerprint", "headers", "options", "who", "when"), {})),
        codes=("fingerprint", "when"),
    ),
    "rules": TableKind(
        pa.schema(_fields(("scheme", "kind", "code", "pattern", "hazard", "note"), {})), codes=("kind", "hazard")
    ),
    # The standards of filing and deadlines, row by row as their files have them (data.standards).
    "standards": TableKind(
        pa.schema(_fields(STANDARD_COLUMNS, {"row": pa.int32(), "limit_value": pa.float64()})),
        codes=("kind", "valid_from", "limit_clock", "hazard", "handling"),
    ),
    # The office's table of workdays and days off (data.calendar_table).
    "workdays": TableKind(
        pa.schema(_fields(WORKDAY_COLUMNS, {"row": pa.int32(), "workday": pa.bool_()})), codes=("day",)
    ),
    # Readings of rain gauges (data.rain): mm is null where a reading is missing; by station and begin.
    "rainfall": TableKind(
        pa.schema(_fields(RAIN_COLUMNS, {"begin": _TIME, **dict.fromkeys(("hours", "mm"), pa.float64())}))
    ),
    # The drainage projects (data.projects): cost in yuan, days as ISO text, cells a line each, geometry WKB in WGS 84.
    "projects": TableKind(
        pa.schema(
            _fields(
                PROJECT_COLUMNS,
                {
                    **dict.fromkeys(("cost", "buffer_m"), pa.float64()),
                    "must": pa.bool_(),
                    "year": pa.int32(),
                    "geometry": pa.binary(),
                },
            )
        ),
        codes=("status", *PROJECT_DAYS),
    ),
}
# The columns of a finding, by its kind
FINDINGS = {
    "repaired": ("cell_id", "area_before_km2", "area_after_km2"),
    "rejected": ("row", "column", "value", "reason"),
    "overlaps": ("cell_a", "cell_b", "area_m2"),
    "gaps": ("lon", "lat", "area_m2"),
    "merged": ("cell_id", "features"),
    "parents": ("cell_id", "parent", "lies_in"),  # the file's parent, and the cell of the level above around it
}
# Old versions stay until the workspace itself clears them: an undo reads them.
_KEEP = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.dataSkippingNumIndexedCols": "0",  # else the log would hold the first and the last text of each column
}
# Small groups of rows, each with its least and greatest values: the cases of one cell lie in one or two of a month.
# Times, numbers of cases and points hardly repeat: a dictionary of them only costs.
_WRITING = WriterProperties(
    compression="ZSTD",
    compression_level=3,
    max_row_group_size=16_384,
    column_properties={
        name: ColumnProperties(dictionary_enabled=False) for name in (*STORED_TIMES, "incident_id", *_POINT)
    },
)


def incident_schema(level_columns: tuple[str, ...]) -> pa.Schema:
    """Return the columns of the incidents where these levels stand: the cell, and the metres to it if only near."""
    placed = [pa.field(name, pa.string()) for name in level_columns]
    near = [pa.field(near_column(name), pa.float32()) for name in level_columns]
    return pa.schema([*TABLES["incidents"].schema, *placed, *near])


def near_column(level_column: str) -> str:
    """Return the column that says how many metres outside its cell an incident lies; null inside and elsewhere."""
    return level_column.replace("cell_", "near_")


def open_table(root: Path, name: str, version: int) -> DeltaTable:
    """Return a table as it was at a Delta version."""
    return DeltaTable((root / name).as_uri(), version=version)


def written(root: Path, name: str, version: int) -> tuple[int, int] | None:
    """Return when a Delta version of a table was written, and how long its entry in the log is; None if that is gone.

    With folder, table and version it tells one content from every other, also after a person's data were erased.
    """
    try:
        entry = (root / name / "_delta_log" / f"{version:020}.json").stat()
    except OSError:
        return None
    return entry.st_mtime_ns, entry.st_size


def file_paths(root: Path, name: str, version: int) -> list[str]:
    """Return the Parquet files of a table at a Delta version, sorted."""
    actions = pa.table(open_table(root, name, version).get_add_actions())
    return sorted(str(root / name / path) for path in actions["path"].to_pylist())


def file_rows(root: Path, name: str, version: int) -> dict[str, dict[str, int]]:
    """Return how many rows each file of a partitioned table holds, by partition and path, as the table's log says."""
    found: dict[str, dict[str, int]] = {}
    actions = pa.table(open_table(root, name, version).get_add_actions())
    for one in actions.select(["path", "num_records", "partition"]).to_pylist():
        (partition,) = one["partition"].values()
        found.setdefault(partition, {})[one["path"]] = int(one["num_records"])
    return found


def write_table(
    root: Path, name: str, data: pa.Table | pa.RecordBatchReader, *, where: str | None, append: bool
) -> int:
    """Write rows in one commit and return the Delta version it made.

    Parameters
    ----------
    data : pyarrow.Table or pyarrow.RecordBatchReader
        The new rows; a reader is taken batch by batch.
    where : str or None
        Replace only the rows that meet this condition on the partition column; None replaces everything, columns too.
    append : bool
        Add the rows and replace nothing.
    """
    uri = (root / name).as_uri()
    partition = TABLES[name].partition
    options: dict[str, Any] = {"mode": "append"} if append else {"mode": "overwrite"}
    if not DeltaTable.is_deltatable(uri):
        options = {"mode": "error", "configuration": _KEEP}
    elif where is not None:
        options["predicate"] = where
    elif not append:
        options["schema_mode"] = "overwrite"
    (root / name).mkdir(parents=True, exist_ok=True)
    write_deltalake(
        uri,
        data,
        partition_by=[partition] if partition else None,
        writer_properties=_WRITING,
        post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        **options,
    )
    return int(DeltaTable(uri).version())


def restore_table(root: Path, name: str, version: int | None) -> int | None:
    """Bring a table back to what a workspace version names, and return the Delta version that holds it now.

    None means that the workspace names no such table: whatever a killed writer left of one is removed.
    """
    folder = root / name
    if version is None:
        if folder.exists():
            shutil.rmtree(folder)
        return None
    table = DeltaTable(folder.as_uri())
    if table.version() == version:
        return version
    table.restore(version)
    return int(DeltaTable(folder.as_uri()).version())


def clear_table(root: Path, name: str, versions: set[int]) -> int:
    """Remove all files that none of these Delta versions names, and the log before the first of them.

    Readers of the named versions are not disturbed. Killed in between it leaves files that the next call removes.

    Returns
    -------
    int
        Files of rows removed.
    """
    folder, oldest = root / name, min(versions)
    log = folder / "_delta_log"
    named = {path for version in versions for path in file_paths(root, name, version)}
    if not all(os.path.exists(path) for path in named):  # never sweep by a list that is not that of the disk
        raise RuntimeError(f"{name}: a named file is missing")
    past = [path for path in log.iterdir() if (number := path.name[:20]).isdigit() and int(number) < oldest]
    if past:
        open_table(root, name, oldest).create_checkpoint()  # from here on the log can be read without what was before
    staged = [path for path in log.iterdir() if "#" in path.name]  # half a file of a killed writer
    rows = [path for path in folder.rglob("*") if path.is_file() and log not in path.parents and str(path) not in named]
    for path in (*sorted(past), *staged, *rows):
        path.unlink()
    return len(rows)
