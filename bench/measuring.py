"""What the benchmarks share: the sampler of memory, ways in processes of their own, and lines for a results file."""

import argparse
import contextlib
import datetime as dt
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".venv-peers" / "bin" / "python"  # bench/requirements.txt says how it is made
VERSIONS = ("duckdb", "deltalake", "numpy", "pandas", "pyarrow", "shapely", "streamlit")


class Memory:
    """The resident memory of a process, and of all that it started if asked, while this is open; sampled, in MB.

    ``most`` is the peak, ``more`` the peak beyond what was there at the start.
    """

    def __init__(self, pid: int | None = None, *, children: bool = False, every_s: float = 0.005) -> None:
        self.process, self.children, self.every_s = psutil.Process(pid), children, every_s
        self.looked, self.family = -np.inf, [self.process]
        self.start = self.most = self.now()
        self.done, self.watcher = threading.Event(), threading.Thread(target=self._watch, daemon=True)

    def now(self) -> float:
        """Return what there is at this moment."""
        if self.children and time.monotonic() - self.looked > 0.2:  # a look through all processes takes milliseconds
            with contextlib.suppress(psutil.NoSuchProcess):
                self.family = [self.process, *self.process.children(recursive=True)]
            self.looked = time.monotonic()
        total = 0
        for one in self.family:
            with contextlib.suppress(psutil.NoSuchProcess):  # ended meanwhile
                total += one.memory_info().rss
        return total / 1e6

    @property
    def more(self) -> float:
        return self.most - self.start

    def __enter__(self) -> "Memory":
        self.watcher.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.done.set()
        self.watcher.join()

    def _watch(self) -> None:
        while not self.done.wait(self.every_s):
            self.most = max(self.most, self.now())


class Worker:
    """A module that works in a process of its own whenever it is asked (the other end: bench/worker.py).

    ``absent`` if its Python or its library is not there; ``library`` is that with its version.
    """

    def __init__(self, python: str | Path, module: str, *arguments: str | Path) -> None:
        self.absent = not Path(python).exists()
        if self.absent:
            return
        command = [str(python), "-m", module, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if ready := self._read():
            self.library, self.ready_mb = ready["library"], Memory(self.process.pid).now()
        elif "ModuleNotFoundError" in (why := self.process.communicate()[1]):
            self.absent = True
        else:
            raise RuntimeError(why)

    def ask(self, **question: Any) -> dict[str, Any]:
        """Return the answer to a question, with the peak of memory beyond what the process held when ready: peak_mb."""
        assert self.process.stdin is not None
        with Memory(self.process.pid) as memory:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            answer = self._read()
        if not answer:
            raise RuntimeError(self.process.communicate()[1])
        return answer | {"peak_mb": memory.most - self.ready_mb}

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else {}


def called(module: str, *arguments: str | Path) -> tuple[dict[str, Any], Memory]:
    """Run a module once in a process of its own; return the JSON in its last line, and its memory with children."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")
    with Memory(process.pid, children=True, every_s=0.02) as memory:
        output = process.communicate()[0]
    if process.returncode:
        raise SystemExit(process.returncode)
    return json.loads(output.splitlines()[-1]), memory


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with what all benchmarks take: --json FILE."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", type=Path, metavar="FILE", help="add the figures to this file, a line of JSON each")
    return made


class Lines:
    """Lines of JSON: what a benchmark found, each with the machine and the load it was found under."""

    def __init__(self, bench: str, file: Path | None) -> None:
        self.bench, self.file = bench, file
        print(f"{bench}: {machine()}", flush=True)

    def add(self, **figures: Any) -> None:
        """Write a line, if a file was asked for."""
        if self.file is None:
            return
        line = {"bench": self.bench, "when": f"{dt.datetime.now(dt.UTC):%FT%TZ}", "machine": machine(), **figures}
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def machine() -> str:
    """Return what the figures hang on, in one line."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in VERSIONS]
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}; load {psutil.getloadavg()[0]:.1f}"
    )
