"""The versions of a workspace: one small file each, written last and whole; and the lock of its one writer.

A version names the Delta version of every table, the settings, the boundary levels and the live imports. What no
version names does not exist, so a change of several tables is there whole or not at all.
"""

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from base.errors import HazardError
from base.files import sync_folder, write_draft, write_whole
from base.text import N_
from data.schema import ImportRecord, Level

_NAME = re.compile(r"^(\d{6,})\.json$")


@dataclass(frozen=True, slots=True)
class Version:
    """A workspace at one moment, and the change that led to it."""

    number: int = 0
    kind: str = ""  # "import", "undo", "cells", "gazetteer", "location", "rules", "settings", "profiles", "erase" ...
    who: str = ""
    when: str = ""  # ISO time, UTC
    what: Mapping[str, Any] = field(default_factory=dict)  # the change in figures
    tables: Mapping[str, int] = field(default_factory=dict)  # name -> Delta version
    settings: Mapping[str, Any] = field(default_factory=dict)  # what differs from the defaults
    levels: tuple[Level, ...] = ()  # coarse to fine
    imports: tuple[ImportRecord, ...] = ()  # live, oldest first
    fingerprint: str = "empty"  # of the file's bytes


def numbers(folder: Path) -> list[int]:
    """Return the numbers of the versions in a folder, ascending; none if there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(int(match[1]) for entry in folder.iterdir() if (match := _NAME.match(entry.name)))


def standing(history: Iterable[Version], kinds: Container[str], undo: str) -> Version | None:
    """Return the newest change of some kinds that none of the kind `undo` has taken back; None without one."""
    live: dict[int, Version] = {}
    for one in history:
        if one.kind in kinds:
            live[one.number] = one
        elif one.kind == undo:
            live.pop(int(one.what["took_back"]), None)
    return live[max(live)] if live else None


def read(folder: Path, number: int) -> Version:
    """Return one version; number 0 is the empty workspace, which has no file.

    Raises
    ------
    HazardError
        ``version-missing`` if there is no such version, ``version-damaged`` if its file cannot be understood.
    """
    if number == 0:
        return Version()
    try:
        content = _path(folder, number).read_bytes()
    except FileNotFoundError:
        raise HazardError(
            "version-missing", "The workspace has no version {number}: choose one of its history.", number=number
        ) from None
    try:
        return from_facts(json.loads(content), hashlib.sha256(content).hexdigest()[:16])
    except (ValueError, KeyError, TypeError) as error:
        raise HazardError(
            "version-damaged",
            "{file} of the workspace cannot be read: restore it from a copy, or remove it to go back to the version "
            "before it.",
            file=_path(folder, number).name,
        ) from error


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.json"


def facts(folder: Path, number: int) -> dict[str, Any]:
    """Return what a version's file says, as it stands there."""
    found: dict[str, Any] = json.loads(_path(folder, number).read_bytes())
    return found


def from_facts(facts: Mapping[str, Any], fingerprint: str) -> Version:
    """Return a version from what its file says."""
    imports = (ImportRecord(**{**one, **{k: tuple(one[k]) for k in ("touches", "notes")}}) for one in facts["imports"])
    levels = (Level(**{**one, "exposures": tuple(one["exposures"])}) for one in facts["levels"])
    return Version(**{**facts, "levels": tuple(levels), "imports": tuple(imports)}, fingerprint=fingerprint)


def rewrite(folder: Path, facts: Mapping[str, Any]) -> None:
    """Put other facts in place of a version's: less of them, never others."""
    write_whole(_path(folder, facts["number"]), _content(facts))


def _content(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=1).encode()


def write(folder: Path, version: Version) -> Version:
    """Write a version's file, whole or not at all, and return the version with its fingerprint.

    Raises
    ------
    FileExistsError
        If the number is taken; nothing is overwritten.
    """
    facts = asdict(version)
    del facts["fingerprint"]
    path = _path(folder, version.number)
    folder.mkdir(parents=True, exist_ok=True)
    draft = write_draft(path, _content(facts))
    try:
        os.link(draft, path)  # exclusive: fails if the number is taken
    except FileExistsError:
        raise
    except OSError:  # a file system without links; the writers' lock is held, so looking first is enough
        if path.exists():
            raise FileExistsError(path) from None
        draft.rename(path)
    draft.unlink(missing_ok=True)
    sync_folder(folder)
    return read(folder, version.number)


def clear(folder: Path, oldest: int) -> None:
    """Leave of the versions before `oldest` their lines in the history, and remove drafts that killed writers left."""
    for draft in folder.glob("*.draft"):
        draft.unlink()
    for number in numbers(folder):
        if number < oldest and (known := facts(folder, number))["tables"]:
            zone = {name: value for name, value in known["settings"].items() if name == "timezone"}  # an undo asks
            rewrite(folder, {**known, "tables": {}, "settings": zone, "levels": [], "imports": []})


@contextmanager
def writers_lock(
    workspace: Path, *, who: str, wait_s: float, waiting: Callable[[str, dict[str, Any]], None] | None = None
) -> Iterator[None]:
    """Hold the workspace's lock: one writer at a time, over all processes; the system frees a killed writer's lock.

    Parameters
    ----------
    workspace : Path
        Its folder; made if missing.
    who : str
        Shown to a writer that has to wait.
    wait_s : float
        How long to wait for another writer, in seconds.
    waiting : callable, optional
        Called once with a sentence and its fields if there is another writer to wait for.

    Raises
    ------
    HazardError
        ``workspace-busy`` if the other writer is not done in time.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    note = workspace / "writer.json"
    lock = FileLock(workspace / "writer.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = _holder(note)
        if waiting is not None:
            waiting(N_("Waiting for {who} (process {pid}), who has been writing since {since}."), holder)
        try:
            lock.acquire(timeout=wait_s)
        except Timeout:
            raise HazardError(
                "workspace-busy",
                "{who} (process {pid}) has been writing to this workspace since {since}: try again when that is done.",
                **_holder(note),
            ) from None
    try:
        since = dt.datetime.now(dt.UTC).astimezone()
        note.write_text(json.dumps({"who": who, "pid": os.getpid(), "since": since.isoformat()}), encoding="utf-8")
        yield
    finally:
        try:
            with suppress(OSError):  # Windows: not while a waiting writer reads it; the next writer overwrites it
                note.unlink(missing_ok=True)
        finally:
            lock.release()


def _holder(note: Path) -> dict[str, Any]:
    try:
        facts = json.loads(note.read_text(encoding="utf-8"))
        return {
            "who": str(facts["who"]),
            "pid": str(facts["pid"]),
            "since": dt.datetime.fromisoformat(facts["since"]).replace(microsecond=0),
        }
    except (OSError, ValueError, KeyError, TypeError):  # between taking the lock and writing the note
        return {"who": "?", "pid": "?", "since": "?"}
