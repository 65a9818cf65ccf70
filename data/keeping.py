"""How long the past stays: old versions, their files and the originals are removed for good, under the writers' lock.

Versions from `oldest` on can be opened; of those before it only the line in the history is left. A version of the kind
"erase" makes itself the oldest, so a killed erasure is completed by the next writer.
"""

import datetime as dt
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deltalake.exceptions import DeltaError

from base.files import write_whole
from data import derived, journal, originals, tables, versions

_FILE = "kept.json"
_PAUSE = dt.timedelta(days=1)
ERASE = "erase"  # the kind of a version


@dataclass(frozen=True, slots=True)
class Kept:
    """What a workspace still has of its past."""

    oldest: int = 0  # the first version that can be opened, beside 0, the empty one
    erased: int = 0  # the last version that erased a person: no import before it is taken back
    swept: str = ""  # when the past was last cleared, ISO


def read(root: Path) -> Kept:
    """Return what a workspace still has; everything, where nothing was ever cleared."""
    path = root / _FILE
    return Kept(**json.loads(path.read_bytes())) if path.exists() else Kept()


def complete(root: Path, newest: versions.Version, settings: dict[str, Any], *, who: str) -> None:
    """Clear at once what a killed erasure left: the newest version says that it was one."""
    if newest.kind == ERASE and read(root).oldest < newest.number:
        derived.clear(root)
        _try(root, settings, who)


def sweep_if_due(root: Path, settings: dict[str, Any], *, who: str) -> None:
    """Clear the past once a day. The first day nothing is old."""
    now, kept = dt.datetime.now(dt.UTC), read(root)
    if not kept.swept:
        _write(root, Kept(kept.oldest, kept.erased, now.isoformat(timespec="seconds")))
    elif now - dt.datetime.fromisoformat(kept.swept) > _PAUSE:
        _try(root, settings, who)


def _try(root: Path, settings: dict[str, Any], who: str) -> None:
    """Sweep; a file that cannot be removed now does not fail the change beside which it is done."""
    with suppress(OSError, DeltaError):
        sweep(root, settings, who=who, now=dt.datetime.now(dt.UTC))


def sweep(root: Path, settings: dict[str, Any], *, who: str, now: dt.datetime) -> dict[str, int]:
    """Remove what is older than the settings keep_versions_days and keep_originals_days, and what killed writers left.

    The newest version stays, and each that was the newest one within the days.

    Returns
    -------
    dict
        versions (how many can no longer be opened), files (of tables) and originals, removed now.

    Raises
    ------
    OSError
        If a file cannot be removed (on Windows: while it is open). What is left goes the next time.
    """
    folder, kept = root / "versions", read(root)
    stored = [versions.read(folder, number) for number in versions.numbers(folder)]
    cutoff = (now - dt.timedelta(days=settings["keep_versions_days"])).isoformat(timespec="seconds")
    erased = max([kept.erased, *(one.number for one in stored if one.kind == ERASE)])
    aged = [after.number for after in stored[1:] if after.when <= cutoff]  # what it followed was replaced so long ago
    oldest = max([kept.oldest, erased, *aged])
    cleared = sum(kept.oldest <= one.number < oldest for one in stored)
    # Said before it is done: a version that may have lost a file is never opened.
    _write(root, Kept(oldest, erased, now.isoformat(timespec="seconds")))
    versions.clear(folder, oldest)
    alive = [one for one in stored if one.number >= oldest]
    files = 0
    for name in tables.TABLES:
        if wanted := {one.tables[name] for one in alive if name in one.tables}:
            files += tables.clear_table(root, name, wanted)
    gone = originals.sweep(root, who=who, now=now, days=settings["keep_originals_days"])
    derived.sweep(root, now=now, days=settings["keep_versions_days"])
    if cleared or files:
        journal.note(root, "versions-cleared", who=who, versions=cleared, files=files)
    return {"versions": cleared, "files": files, "originals": gone}


def _write(root: Path, kept: Kept) -> None:
    write_whole(root / _FILE, json.dumps(asdict(kept)).encode())
