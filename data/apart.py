"""Files are read in a process apart, with limits: a hostile one costs a sentence and not the server.

The limits of the system hold in that process where there are such (`data.apart_child`); a watch on its memory, its
processor time and the clock runs here, on every system. Nothing that it sends is trusted to be more than data.
"""

import atexit
import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import psutil

from base.errors import HazardError
from base.text import N_
from data import geofiles, readers, transport
from data.features import RawCells
from data.table import Table

_ROOT = Path(__file__).resolve().parent.parent
_PASSED = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "PYTHONPATH")  # all that it may know
_START_S, _LOOK_S, _PATIENCE = 60, 0.05, 5  # by the clock it may take this many times its processor time
_OUT_OF_MEMORY = re.compile(rb"memory allocation of|bad_alloc|out of memory|MemoryError|cannot allocate", re.IGNORECASE)
_STOPPED = {
    "memory": N_(
        "{file} needs more than {mb} MB of memory to be read, so reading was stopped. Save it as CSV, divide it, or "
        "raise the setting read_memory_mb."
    ),
    "time": N_(
        "{file} takes more than {seconds} seconds to read, so reading was stopped. Save it as CSV, divide it, or raise "
        "the setting read_seconds."
    ),
    "output": N_(
        "{file} holds more than {mb} MB of cells and text, so reading was stopped. Divide it, or raise the setting "
        "read_output_mb."
    ),
    "crash": N_(
        "{file} made the reading program break off: it is damaged, or it is not what it seems to be. Open it in the "
        "program that it comes from and save it again."
    ),
}
_WHERE = {"read_table": readers, "read_boundaries": geofiles, "read_features": geofiles}
_log = logging.getLogger(__name__)
_at_once = threading.BoundedSemaphore(2)  # more files at a time would be more memory at a time: the others wait
_lock = threading.Lock()
_spare: "Reader | None" = None
_kept = False  # whether a process is held ready


def read_table(content: bytes, name: str, *, settings: Mapping[str, Any], **options: Any) -> Table:
    """Return what `data.readers.read_table` returns, read in a process apart.

    Parameters
    ----------
    content : bytes
    name : str
    settings : mapping
        Of the workspace: read_apart (0: read in this process), max_file_mb, read_memory_mb, read_seconds,
        read_output_mb.
    **options
        Those of `data.readers.read_table`.

    Raises
    ------
    HazardError
        What that function refuses; ``file-too-large``; and ``reading-stopped`` with the fact `why`: memory, time,
        output or crash.
    """
    return cast(Table, _read("read_table", content, name, settings, options))


def read_boundaries(content: bytes, name: str, *, settings: Mapping[str, Any], **options: Any) -> RawCells:
    """Return what `data.geofiles.read_boundaries` returns, read in a process apart, as `read_table` does it."""
    return cast(RawCells, _read("read_boundaries", content, name, settings, options))


def read_features(content: bytes, name: str, *, settings: Mapping[str, Any], **options: Any) -> RawCells:
    """Return what `data.geofiles.read_features` returns, read in a process apart, as `read_table` does it."""
    return cast(RawCells, _read("read_features", content, name, settings, options))


def prepare() -> None:
    """Hold one process ready from now on, so that no file waits a second for its start; it ends with this one."""
    global _spare, _kept
    with _lock:
        _kept = True
        if _spare is None or not _spare.alive:
            _end(_spare)
            _spare = Reader()


def refuse_large(content: bytes, name: str, max_mb: float) -> None:
    """Refuse a file above the size that is read.

    Raises
    ------
    HazardError
        ``file-too-large``.
    """
    if len(content) > max_mb * 1e6:
        raise HazardError(
            "file-too-large",
            "{file} has {mb} MB; at most {max_mb} MB are read. Divide it, or raise the setting max_file_mb.",
            file=name,
            mb=round(len(content) / 1e6),
            max_mb=max_mb,
        )


def _read(reader: str, content: bytes, name: str, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    refuse_large(content, name, settings["max_file_mb"])
    if not settings["read_apart"]:
        return getattr(_WHERE[reader], reader)(content, name, **options)
    caps = {key: settings[f"read_{key}"] for key in ("memory_mb", "seconds", "output_mb")}
    with _at_once:
        process = _taken()
        try:
            return process.read(reader, content, name, options, **caps)[0]
        finally:
            process.close()  # used once: what a file may have left in it meets no other file
            if _kept:
                prepare()


def _taken() -> "Reader":
    global _spare
    with _lock:
        found, _spare = _spare, None
    if found is not None and found.alive:
        return found
    _end(found)
    return Reader()


@atexit.register
def _leave() -> None:
    global _spare, _kept
    with _lock:
        _kept = False
        _end(_spare)
        _spare = None


def _end(process: "Reader | None") -> None:
    if process is not None:
        process.close()


class Reader:
    """A process that reads files, started at once and ready a second later. For one thread, to be closed.

    Parameters
    ----------
    program : sequence of str
        What Python runs.
    """

    def __init__(self, program: Sequence[str] = ("-m", "data.apart_child")) -> None:
        self._process = subprocess.Popen(  # noqa: S603  a program of our own, no word of it from a file
            [sys.executable, *program],
            cwd=_ROOT,
            env={
                **{key: os.environ[key] for key in _PASSED if key in os.environ},
                # Arrow's own pool takes much more than it is asked for; the libraries of numbers would start threads
                "ARROW_DEFAULT_MEMORY_POOL": "system",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if sys.platform == "win32" else subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def read(
        self, reader: str, content: bytes, name: str, options: Mapping[str, Any],
        *, memory_mb: float, seconds: float, output_mb: float,
    ) -> tuple[Any, float]:  # fmt: skip
        """Return what a reader returns, and the most memory that the process had needed for it or before, in MB.

        Raises
        ------
        HazardError
            What the reader refuses, and ``reading-stopped``: the process may be dead then.
        """
        request = {
            "reader": reader,
            "name": name,
            "content": content,
            "options": dict(options),
            "memory_mb": memory_mb,
            "seconds": seconds,
        }
        stopped, detail = "crash", ""
        try:
            if not self._ready:
                with _watched(self._process, float("inf"), _START_S):
                    transport.read(self._stdout, most=1000)
                self._ready = True
            with _watched(self._process, memory_mb, seconds) as found:
                try:
                    transport.write(request, self._stdin)
                    told = transport.read(self._stdout, most=output_mb * 1e6)
                finally:
                    stopped = next(iter(found), stopped)
            answer, peak_mb = told["answer"], float(told["peak_mb"])
        except transport.Overflow:
            stopped = "output"
        except (EOFError, OSError):
            self._process.kill()
            stopped, detail = self._cause(stopped)
        except Exception as error:  # what came is no answer
            detail = type(error).__name__
        else:
            if isinstance(answer, HazardError):
                raise answer
            if isinstance(answer, (Table, RawCells)):
                return answer, peak_mb
            detail = str(answer)[:300]
        _log.warning("reading stopped: %s %s", stopped, detail)
        limit_mb = output_mb if stopped == "output" else memory_mb
        raise HazardError(
            "reading-stopped", _STOPPED[stopped], file=name, why=stopped, mb=limit_mb, seconds=seconds, detail=detail
        )

    def _cause(self, stopped: str) -> tuple[str, str]:
        """Return why the process ended, and its exit code; what it printed is looked at, not told: it may hold data."""
        code = self._process.wait()
        printed = self._process.stderr.read() if self._process.stderr else b""
        if stopped != "crash":
            return stopped, ""
        if code == transport.NO_MEMORY or _OUT_OF_MEMORY.search(printed):
            return "memory", ""
        if sys.platform != "win32" and code in (-signal.SIGXCPU, -signal.SIGKILL):
            return ("time" if code == -signal.SIGXCPU else "memory"), ""  # the system kills where memory ends
        return "crash", f"exit code {code}"

    def close(self) -> None:
        """End the process and what belongs to it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):  # what was not sent yet
                if pipe:
                    pipe.close()

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    @property
    def _stdout(self) -> Any:
        return self._process.stdout


@contextlib.contextmanager
def _watched(process: subprocess.Popen[bytes], memory_mb: float, seconds: float) -> Iterator[list[str]]:
    """Kill a process that takes more than this from now on; the list says what it took too much of."""
    found: list[str] = []
    done = threading.Event()

    def watch() -> None:
        with contextlib.suppress(psutil.Error):  # it has ended
            watched = psutil.Process(process.pid)
            held, used, start = watched.memory_info().rss, sum(watched.cpu_times()[:2]), time.monotonic()
            while not done.wait(_LOOK_S):
                late = time.monotonic() - start > seconds * _PATIENCE
                if late or sum(watched.cpu_times()[:2]) - used > seconds:
                    found.append("time")
                elif watched.memory_info().rss - held > memory_mb * 1e6:
                    found.append("memory")
                if found:
                    process.kill()
                    return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()
