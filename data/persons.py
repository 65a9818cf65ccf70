"""One person's data, found wherever the workspace keeps text, and erased for good, old files and all.

An erasure is a version of its own. It puts *** in the place of the text in every table, in the names of imports and in
other files, removes the original files that hold it, and then all that is older than itself.
"""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from base.errors import HazardError
from base.files import write_whole
from data import derived, journal, keeping, originals, tables, versions
from data.dataset import Dataset
from data.schema import DEMO_SOURCE
from data.searching import Needle
from data.store import Change, Workspace

# Folders that are looked through in their own way, and one that is cleared
_OWN = {"versions", originals.FOLDER, derived.FOLDER, *tables.TABLES}
_NO_TEXT = {"kept.json", "writer.json", "writer.lock"}
_CODE = re.compile(r"[\w.-]+")  # values of the columns that name folders: our own


def find(workspace: Workspace, text: str) -> list[dict[str, Any]]:
    """Return where a text stands; never what stands around it.

    Parameters
    ----------
    text : str
        A name, a number ...: see `data.searching.Needle`.

    Returns
    -------
    list of dict
        place ("incidents", "rejected" ... : a table; "earlier versions", "history", "originals", "originals, not
        searchable", "log", "files"), source (or the import, where a row of its file or the file itself is meant),
        incident_id (or the row in its file, the file's name), column, count.

    Raises
    ------
    HazardError
        ``person-text-short``.
    """
    needle, dataset = Needle(text), workspace.newest()
    return [*_in_tables(dataset, needle), *_in_files(workspace.path, dataset, needle)]


def summary(found: list[dict[str, Any]]) -> str:
    """Return places and counts in one line, '' if there are none."""
    counts = Counter(one["place"] for one in found)
    return ", ".join(f"{place} ({count})" for place, count in counts.items())


def _in_tables(dataset: Dataset, needle: Needle) -> Iterator[dict[str, Any]]:
    for name in tables.TABLES:
        for _, rows in _parts(dataset, name):
            for column in _texts(name, rows.schema):
                hits = needle.rows(rows[column])
                for row in rows.take(pa.array(hits)).to_pylist() if len(hits) else ():
                    if column == "source" and row[column] == DEMO_SOURCE:
                        continue
                    count = needle.count(json.dumps(row[column], ensure_ascii=False))
                    known = row.get("incident_id") or row.get("row") or row.get("cell_id") or ""
                    source = row.get("source") or row.get("import_id") or row.get("level") or ""
                    yield _found(name, column, max(count, 1), source=source, incident_id=known)


def _in_files(root: Path, dataset: Dataset, needle: Needle) -> Iterator[dict[str, Any]]:
    for name in tables.TABLES:
        if count := sum(_old_file_holds(name, path, needle) for path in _old_files(root, dataset, name)):
            yield _found("earlier versions", name, count)
    for number in versions.numbers(root / "versions"):
        facts = versions.facts(root / "versions", number)
        if _hidden(facts, needle) != facts:
            yield _found("history", "", 1, incident_id=number)
    for one in originals.listed(root):
        content = originals.content(root, one["hash"])
        held = content is not None and needle.holds(content)
        count = needle.count(one["file"]) + needle.count(one["who"]) + bool(held)
        if count or held is None:
            place = "originals, not searchable" if held is None else "originals"
            came = [record.import_id for record in dataset.imports if record.content_hash == one["hash"]]
            yield _found(place, "", count, source=", ".join(came), incident_id=needle.hide(one["file"]))
    if count := sum(needle.count(json.dumps(line, ensure_ascii=False)) for line in journal.lines(root)):
        yield _found("log", "", count)
    for path in _other_files(root):
        if needle.holds(path.read_bytes()) or needle.count(path.name):
            yield _found("files", "", 1, incident_id=path.relative_to(root).as_posix())


def _found(place: str, column: str, count: int, *, source: Any = "", incident_id: Any = "") -> dict[str, Any]:
    return {"place": place, "source": source, "incident_id": incident_id, "column": column, "count": count}


def erase(workspace: Workspace, text: str, *, who: str) -> dict[str, Any]:
    """Erase a text for good, wherever it stands, and all older versions; no import before it can be taken back.

    The same file imported again brings the text back: it has to be erased in the system it came from too.

    Returns
    -------
    dict
        places (name of the place -> how many rows or files), version (None if it stands nowhere), cleared (versions
        that can no longer be opened), files (of tables) and originals that were removed.

    Raises
    ------
    HazardError
        ``person-text-short``; ``erase-collides`` if two cells or sources would get one name; ``erase-unfinished`` if
        files could not be removed; ``workspace-busy``, ``disk-full``.
    """
    found = find(workspace, text)
    places = Counter(one["place"] for one in found)
    answer: dict[str, Any] = {"places": dict(places), "version": None, "cleared": 0, "files": 0, "originals": 0}
    if not found:
        return answer
    needle, root = Needle(text), workspace.path
    who = needle.hide(who)
    with workspace.change(keeping.ERASE, who=who) as change:
        _erase_named(change, needle)
        _erase_rows(change, needle)
        answer["originals"] = _erase_originals(root, needle, who)
        _erase_history(root, needle)
        _erase_other_files(root, needle)
        counts = {place: count for place, count in places.items() if place in tables.TABLES}
        answer["version"] = change.commit(**counts).version
        try:
            settings = change.draft().settings
            derived.clear(root)
            swept = keeping.sweep(root, settings, who=who, now=dt.datetime.now(dt.UTC))
            if places["cells"]:
                from geo.outlines import STATIC  # it brings the maps with it

                for path in (STATIC / "cells").glob("*"):  # what browsers keep of the cells: made again when asked for
                    path.unlink()
        except OSError as error:
            raise _unfinished() from error
        journal.note(root, "person-erased", who=who, places=dict(places))
    answer |= {"cleared": swept["versions"], "files": swept["files"]}
    answer["originals"] += swept["originals"]
    if any(one["count"] for one in find(workspace, text)):
        raise _unfinished()
    return answer


def _unfinished() -> HazardError:
    return HazardError(
        "erase-unfinished",
        "The data are erased in what is shown now, but some old files could not be removed. Close the other programs "
        "that use this workspace, then run: cli.py tidy",
    )


def _parts(dataset: Dataset, name: str) -> Iterator[tuple[str | None, pa.Table]]:
    """Yield a table part by part, each with the value of the column that names its folder."""
    if name not in dataset.named.tables:
        return
    table, column = tables.open_table(dataset.root, name, dataset.named.tables[name]), tables.TABLES[name].partition
    if column is None:
        yield None, table.to_pyarrow_table()
        return
    for value in sorted({str(one[column]) for one in table.partitions()}):
        yield value, table.to_pyarrow_table(filters=[(column, "=", value)])


def _texts(name: str, schema: pa.Schema) -> list[str]:
    ours = {tables.TABLES[name].partition, *tables.TABLES[name].codes}
    return [
        one.name
        for one in schema
        if one.name not in ours and (pa.types.is_string(one.type) or pa.types.is_large_string(one.type)
                                     or pa.types.is_map(one.type))
    ]  # fmt: skip


def _old_files(root: Path, dataset: Dataset, name: str) -> list[Path]:
    named = dataset.named.tables
    alive = set(tables.file_paths(root, name, named[name])) if name in named else set()
    return [
        path for path in (root / name).rglob("*.parquet") if "_delta_log" not in path.parts and str(path) not in alive
    ]


def _old_file_holds(name: str, path: Path, needle: Needle) -> bool:
    try:
        rows = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowInvalid):  # half a file of a killed writer
        return bool(needle.holds(path.read_bytes()))
    return any(len(needle.rows(rows[one])) for one in _texts(name, rows.schema))


def _hide_source(needle: Needle) -> Callable[[str], str]:
    return lambda source: source if source == DEMO_SOURCE else needle.hide(source)  # whose word says what is invented


_CODED = (
    "crs",
    "zone",
    "encoding",
    "delimiter",
    "header",
    "scheme",
    "day_first",
    "duplicates",
    "untyped",
    "as_of",
)  # options of an import that are words of ours


def _hidden(facts: dict[str, Any], needle: Needle) -> dict[str, Any]:
    """Return a version's facts with *** in every word of a person or a file; codes, times and hashes stay."""
    source = _hide_source(needle)

    def option(name: str, value: Any) -> Any:
        if name in _CODED:
            return value
        if name == "where":  # header -> hash
            return {needle.hide(header): sealed for header, sealed in value.items()}
        return source(value) if name == "source" else needle.hide_in(value, keys=False)

    return {
        **facts,
        "who": needle.hide(facts["who"]),
        "what": {k: v if k == "import_id" else needle.hide_in(v, keys=False) for k, v in facts["what"].items()},
        "settings": {k: v if k == "timezone" else needle.hide_in(v) for k, v in facts["settings"].items()},
        "levels": [
            {**one, **{k: one[k] and needle.hide(one[k]) for k in ("name", "parent_level")}} for one in facts["levels"]
        ],
        "imports": [
            {
                **one,
                "source": source(one["source"]),
                **{key: needle.hide_in(one[key]) for key in ("file", "who", "notes")},
                "options": {key: option(key, value) for key, value in one["options"].items()},
                "levels": {needle.hide(name): of for name, of in one["levels"].items()},
            }
            for one in facts["imports"]
        ],
    }


def _erase_named(change: Change, needle: Needle) -> None:
    """Take the text out of what the next version will name."""
    before = versions.facts(change.workspace.path / "versions", change.before.version)
    after = versions.from_facts(_hidden(before, needle), "draft")
    _refuse_collision([one.source for one in change.imports], [one.source for one in after.imports])
    _refuse_collision([one.name for one in change.levels], [one.name for one in after.levels])
    change.settings, change.levels, change.imports = dict(after.settings), after.levels, after.imports


def _erase_history(root: Path, needle: Needle) -> None:
    """Take the text out of the lines of the history; what else older versions name goes with them."""
    for number in versions.numbers(root / "versions"):
        facts = versions.facts(root / "versions", number)
        hidden = _hidden(facts, needle)
        if (hidden["who"], hidden["what"]) != (facts["who"], facts["what"]):
            versions.rewrite(root / "versions", {**facts, "who": hidden["who"], "what": hidden["what"]})


def _erase_originals(root: Path, needle: Needle, who: str) -> int:
    """Remove the original files that hold the text or cannot be looked through; return how many."""
    entries = originals.listed(root)
    contents = {one["hash"]: originals.content(root, one["hash"]) for one in entries}
    gone = [digest for digest, content in contents.items() if content is None or needle.holds(content) is not False]
    originals.remove(root, gone, who=who, why="person")
    if entries:
        originals.write_index(root, needle.hide_in(originals.listed(root), keys=False))
    return len(gone)


def _other_files(root: Path) -> list[Path]:
    """Return the files beside tables, versions and originals: stored runs, profiles ..."""
    found = (path for path in root.rglob("*") if path.is_file())
    return [
        path
        for path in found
        if path.relative_to(root).parts[0] not in _OWN and path.name not in (*_NO_TEXT, journal.FILE)
    ]


def _erase_other_files(root: Path, needle: Needle) -> None:
    """Put *** into JSON, and remove any other file that holds the text; the log keeps its lines."""
    for path in _other_files(root):
        content = path.read_bytes()
        if not (needle.holds(content) or needle.count(path.name)):
            continue
        try:
            if path.suffix != ".json" or needle.count(path.name):
                raise ValueError
            write_whole(path, json.dumps(needle.hide_in(json.loads(content)), ensure_ascii=False, indent=1).encode())
        except ValueError:
            path.unlink()
    lines = journal.lines(root)
    if (hidden := needle.hide_in(lines, keys=False)) != lines:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in hidden)
        write_whole(root / journal.FILE, text.encode())


def _erase_rows(change: Change, needle: Needle) -> None:
    before = change.before
    masked = before.query(
        "SELECT source || ' ' || incident_id AS key FROM incidents WHERE contains(incident_id, '***')"
    )
    taken = set(masked["key"].to_pylist())
    numbers: dict[tuple[str, str], str] = {}  # source and old case number -> the new one, in whatever table it stands
    source_of = {record.import_id: record.source for record in before.imports}
    for name, kind in tables.TABLES.items():
        for value, rows in list(_parts(before, name)):
            hidden = rows
            for column in _texts(name, rows.schema):
                if not len(needle.rows(rows[column])):
                    continue
                changed = needle.hide_column(rows[column], _hide_source(needle) if column == "source" else None)
                if column == "incident_id":
                    sources = (
                        rows["source"].to_pylist()
                        if "source" in rows.column_names
                        else [source_of.get(one, "") for one in rows["by"].to_pylist()]  # what became of rejected rows
                    )
                    changed = _numbered(sources, rows[column].to_pylist(), changed, taken, numbers)
                if column in ("source", "cell_id", "project_id"):
                    _refuse_collision(rows[column].to_pylist(), changed.to_pylist())
                hidden = hidden.set_column(hidden.column_names.index(column), rows.schema.field(column), changed)
            if hidden is not rows:
                if value is not None and not _CODE.fullmatch(value):
                    raise RuntimeError(f"{name} is divided by a value that is not ours")
                change.write(name, hidden, where=None if value is None else f"{kind.partition} = '{value}'")


def _numbered(
    sources: list[str], old_ids: list[str], changed: pa.Array, taken: set[str], numbers: dict[tuple[str, str], str]
) -> pa.Array:
    """Return case numbers of which each stands once in its source, though two may have lost what told them apart."""
    ids = []
    for source, old, new in zip(sources, old_ids, changed.to_pylist(), strict=True):
        if old != new and (source, old) not in numbers:
            name, turn = new, 1
            while f"{source} {name}" in taken:
                turn += 1
                name = f"{new}-{turn}"
            numbers[source, old] = name
            taken.add(f"{source} {name}")
        ids.append(numbers.get((source, old), new))
    return pa.array(ids, changed.type)


def _refuse_collision(old: Iterable[str], new: Iterable[str]) -> None:
    if len(set(new)) < len(set(old)):
        raise HazardError(
            "erase-collides",
            "The text stands in the names of several sources or levels, or in the numbers of several cells, which "
            "could not be told apart without it: give a longer text.",
        )
