"""The workspace's log of what was removed for good: who, when, what and how much; never a person's data."""

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

from base.files import PRIVATE

FILE = "log.jsonl"


def note(root: Path, what: str, *, who: str, **facts: Any) -> None:
    """Append one line to the log.

    Parameters
    ----------
    root : Path
        The workspace's folder.
    what : str
        "original-removed", "versions-cleared" or "person-erased".
    **facts
        Counts and plain codes only.
    """
    when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    line = json.dumps({"when": when, "who": who, "what": what, **facts}, ensure_ascii=False) + "\n"
    handle = os.open(root / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
    with os.fdopen(handle, "ab") as file:
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def lines(root: Path) -> list[dict[str, Any]]:
    """Return the lines of the log, oldest first; one that a killed writer left unfinished is passed over."""
    path = root / FILE
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
