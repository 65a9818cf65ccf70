"""Files written whole or not at all: a draft beside them, then a rename."""

import errno
import os
from pathlib import Path

PRIVATE = 0o600  # for its owner alone; on Windows the folder's own rights decide
PRIVATE_FOLDER = 0o700
_NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def write_draft(path: Path, content: bytes) -> Path:
    """Write a draft beside a file, down to the disk, for its owner alone, and return the draft's path."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)  # a killed writer's, which may be a second name of a finished file
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), PRIVATE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or put it in place of the one of that name; whoever reads sees the old one or the new one."""
    write_draft(path, content).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring new names in a folder down to the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def disk_is_full(error: BaseException) -> bool:
    """Tell whether an error means that there is no room left; the table store says so in words only."""
    return (isinstance(error, OSError) and error.errno in _NO_ROOM) or any(
        words in str(error) for words in ("No space left on device", "not enough space on the disk")
    )
