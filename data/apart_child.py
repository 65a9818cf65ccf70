"""What runs in the process that reads a file: limits first, then a reader, then the answer.

Started by `data.apart` as ``python -m data.apart_child``. Requests come by standard input, answers go to standard
output (`data.transport`); it ends when standard input does, as when the program that started it ends.
"""

import ctypes
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

if sys.platform == "linux" and __name__ == "__main__":
    # A network of its own, and so none: done first, while there is one thread. Where the system forbids it, there is
    # still no reader that opens an address.
    ctypes.CDLL(None).unshare(0x40000000 | 0x10000000)  # CLONE_NEWNET | CLONE_NEWUSER

from base.errors import HazardError
from data import readers, transport
from data.contents import kind_of

_ROOT = Path(__file__).resolve().parent.parent
_HEAD, _WORKBOOK = 1 << 12, b"[Content_Types].xml"  # tell most files from those with outlines or points


def main() -> None:
    """Answer requests until there are no more; without memory, end at once: not even words are sure to be had."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    if sys.platform != "win32":
        os.set_blocking(2, False)  # nobody reads along: what does not fit is lost
    data_mb, held_mb = _data_mb(), _peak_mb()
    transport.write("ready", pipe)
    while True:
        try:
            request = transport.read(sys.stdin.buffer, most=float("inf"))
        except EOFError:
            return
        try:
            before_mb = _data_mb()
            read = _reader(request)  # before the limits: what it brings with it is no memory of the file's
            data_mb += _data_mb() - before_mb
            _limit(request["memory_mb"], request["seconds"], data_mb)
            answer = _answer(read, request)
            transport.write({"answer": answer, "peak_mb": _peak_mb() - held_mb}, pipe)
        except MemoryError:
            os._exit(transport.NO_MEMORY)
        del request, answer


def _reader(request: dict[str, Any]) -> Callable[..., Any]:
    """Return the reader asked for; those of geographic files take half a second to load, and only where needed."""
    head = request["content"][:_HEAD]
    if request["reader"] == "read_table" and (kind_of(head) not in readers.WITH_POINTS or _WORKBOOK in head):
        return readers.read_table
    from data import geofiles

    known: dict[str, Callable[..., Any]] = {
        "read_table": readers.read_table,
        "read_boundaries": geofiles.read_boundaries,
        "read_features": geofiles.read_features,
    }
    return known[request["reader"]]


def _answer(read: Callable[..., Any], request: dict[str, Any]) -> Any:
    """Return what the reader returns or refuses; for a mistake of ours, its kind and places, not its words: they may
    hold what stands in the file."""
    try:
        return read(request.pop("content"), request["name"], **request["options"])
    except HazardError as refusal:
        return refusal
    except MemoryError:
        raise
    except Exception as mistake:
        steps = [step for step in traceback.extract_tb(mistake.__traceback__) if step.filename.startswith(str(_ROOT))]
        places = [f"{Path(step.filename).relative_to(_ROOT).as_posix()}:{step.lineno}" for step in steps]
        return " ".join([type(mistake).__name__, *places[-3:]])


def _limit(memory_mb: float, seconds: float, data_mb: float) -> None:
    """Set what this process may use from now on, where the system has such limits: else the parent's watch is alone."""
    if sys.platform == "win32":
        return
    import resource

    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    wanted = {"RLIMIT_CPU": int(used + seconds) + 1, "RLIMIT_FSIZE": 0, "RLIMIT_NOFILE": 64, "RLIMIT_CORE": 0}
    if data_mb:
        # Of the limits on memory, the one on what is written to: the address space has libraries and threads' room too
        wanted["RLIMIT_DATA"] = int((data_mb + memory_mb) * 1e6)
    for name, value in wanted.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _data_mb() -> float:
    """Return the memory that RLIMIT_DATA counts; 0 where it counts something else."""
    if sys.platform != "linux":
        return 0
    found = re.search(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else 0


def _peak_mb() -> float:
    """Return the most memory this process ever held; 0 where that is not told."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


if __name__ == "__main__":
    main()
