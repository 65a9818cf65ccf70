"""What was reckoned from files that never change, kept beside them for the next start of the program.

It is no part of any version: whoever finds it gone, or damaged, reckons again. Readers write it too, without the
writers' lock. It holds no text of a case, but places, times and kinds of hazard: an erasure clears it.
"""

import datetime as dt
import hashlib
import io
import shutil
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from base.files import PRIVATE_FOLDER, write_whole

FOLDER = "derived"
# What reading tells of a damaged archive: a method or a password that it never had among it
_DAMAGED = (OSError, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


def name(*depends: bytes | str) -> str:
    """Return the name of a result: a hash of all that it depends on."""
    found = hashlib.sha256()
    for one in depends:
        content = one.encode() if isinstance(one, str) else one
        found.update(len(content).to_bytes(8, "little") + content)
    return found.hexdigest()


def load(root: Path, name: str) -> dict[str, NDArray[np.generic]] | None:
    """Return the arrays kept under a name; None where nothing whole is kept."""
    path = root / FOLDER / f"{name}.npz"
    with suppress(*_DAMAGED), path.open("rb") as file:
        with np.load(file, allow_pickle=False) as kept:
            arrays = {key: kept[key] for key in kept.files}
        with suppress(OSError):  # of a folder that may only be read
            path.touch()
        return arrays
    return None


def keep(root: Path, name: str, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Keep arrays under a name; where that cannot be (no room, no right to write) they are reckoned again some day."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    with suppress(OSError):
        (root / FOLDER).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        write_whole(root / FOLDER / f"{name}.npz", content.getvalue())


def clear(root: Path) -> None:
    """Remove all of it."""
    shutil.rmtree(root / FOLDER, ignore_errors=True)


def sweep(root: Path, *, now: dt.datetime, days: int) -> None:
    """Remove what nobody asked for in so many days."""
    for path in (root / FOLDER).glob("*"):
        with suppress(OSError):
            if path.stat().st_mtime < now.timestamp() - days * 86_400:
                path.unlink()
