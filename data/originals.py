"""The files as they came, kept some days inside the workspace and then removed, with a line in the log.

They hold personal data in the clear: for the owner of the folder alone, never served, never shown. They stand under the
hash of their content; names and times are in an index.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from base.files import PRIVATE_FOLDER, write_whole
from data import journal
from data.privacy import mask

FOLDER = "originals"
_INDEX = "index.json"


def keep(root: Path, content: bytes, name: str, *, who: str, when: str, settings: dict[str, Any]) -> None:
    """Keep a file as it came, unless the setting keep_originals_days is 0. Called under the writers' lock.

    Parameters
    ----------
    root : Path
        The workspace's folder.
    content, name
        The file; numbers of persons in its name are masked.
    when : str
        ISO time from which the days count; of a file that came twice, the later.
    """
    if settings["keep_originals_days"] <= 0:
        return
    folder = root / FOLDER
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    if not (folder / digest).exists():
        write_whole(folder / digest, content)
    others = [one for one in listed(root) if one["hash"] != digest]
    write_index(root, [*others, {"hash": digest, "file": mask(name), "who": who, "when": when, "bytes": len(content)}])


def listed(root: Path) -> list[dict[str, Any]]:
    """Return what is kept, oldest first: hash, file (masked name), who, when (ISO), bytes."""
    path = root / FOLDER / _INDEX
    if not path.exists():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_bytes())
    return found


def content(root: Path, digest: str) -> bytes | None:
    """Return a kept file; None if a killed writer had removed it already."""
    path = root / FOLDER / digest
    return path.read_bytes() if path.exists() else None


def sweep(root: Path, *, who: str, now: dt.datetime, days: float) -> int:
    """Remove what was kept long enough, a line in the log for each, and what a killed writer left; return how many."""
    if not (root / FOLDER).is_dir():
        return 0
    old = (now - dt.timedelta(days=days)).isoformat()
    gone = [one["hash"] for one in listed(root) if one["when"] <= old]
    remove(root, gone, who=who, why="age")
    known = {one["hash"] for one in listed(root)} | {_INDEX}
    for path in (root / FOLDER).iterdir():
        if path.name not in known:
            path.unlink()
    return len(gone)


def remove(root: Path, hashes: Iterable[str], *, who: str, why: str) -> None:
    """Remove kept files, a line in the log for each. After a kill in between, the index still asks for the rest."""
    for digest in hashes:
        (root / FOLDER / digest).unlink(missing_ok=True)
        journal.note(root, "original-removed", who=who, why=why, hash=digest[:12])
        write_index(root, [one for one in listed(root) if one["hash"] != digest])


def write_index(root: Path, entries: list[dict[str, Any]]) -> None:
    """Put another index in place of the one there."""
    write_whole(root / FOLDER / _INDEX, json.dumps(entries, ensure_ascii=False, indent=1).encode())
