"""Counts and times of a city's history: `data.queries` beside pandas and polars, over the same Parquet files.

The files are those of a workspace of 10,000 cells and 120 months (bench/queries.py makes it). Each way has a process of
its own; in every round each answers once, one after the other, and the answers must be equal, or the run fails.

- files: the question as the first one, read from the files: the columns it needs, of the months it needs. For ours
  that is a dataset opened anew, with nothing held; libraries are loaded before.
- again: a second question, from columns held in memory, ours those asked for before. pandas and polars hold the columns
  of all questions, keys as categories. To bring them there is not charged; its seconds and memory are stated.

The peers are asked less: nothing of voided cases, times without a zone, as-of times of several sources, lone years.
Medians are of closed cases, for the peers have no Kaplan-Meier; ours come from the histogram by whole minutes.

The peers need a Python of their own (bench/requirements.txt); without it pandas is the project's. What is absent is
said. Run by `python run.py bench aggregation`, or `python -m bench.aggregation --rows 10000000 --folder DIR`.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.measuring import PEERS, Lines, Worker, parser
from bench.queries import FIRST, MONTHS, SCOPES, kept
from data import tables
from data.store import Workspace

CELLS = 10_000
OURS = "data.queries"
PEER = PEERS if PEERS.exists() else sys.executable
WAYS = {OURS: sys.executable, "pandas": PEER, "polars": PEER}
QUESTIONS = (
    "counts by cell",
    "counts by hazard",
    "counts by month",
    "counts by source",
    "counts by month, hazard",
    "durations by hazard",
    "medians by hazard",
    "medians by cell",
)
ASKED = ("all time", "a year")


def describe(folder: Path, workspace: Path) -> None:
    """Write what the ways must know of a workspace."""
    data = Workspace(workspace).newest()
    known = {
        "workspace": str(workspace),
        "files": tables.file_paths(workspace, "incidents", data.named.tables["incidents"]),
        "cell": data.level("grid").column,
        "first_month": {name: str(SCOPES[name].start or "")[:7] for name in ASKED},
        "as_of": f"{FIRST + MONTHS}-01T00:00:00+08:00",
    }
    (folder / "known.json").write_text(json.dumps(known), encoding="utf-8")


def compare(workspace: Path, rows: int, rounds: int, lines: Lines) -> bool:
    """Print what each way cost; return whether all gave the same answers."""
    same = True
    with tempfile.TemporaryDirectory() as folder:
        describe(Path(folder), workspace)
        for form in ("files", "again"):
            workers = {}
            for way, python in WAYS.items():
                worker = Worker(python, "bench.aggregation_worker", way, folder)
                if worker.absent:
                    print(f"  {way}: absent (bench/requirements.txt)")
                else:
                    workers[way] = worker
            try:
                named = [f"{way} ({worker.library})" for way, worker in workers.items()]
                print(f"  {rows:,} incidents, {CELLS:,} cells, {form}: {' | '.join(named)}")
                if form == "again":
                    for way, worker in workers.items():
                        held = worker.ask(form="hold")
                        print(f"    {way} holds: {held['seconds']:.1f} s, {held['peak_mb']:.0f} MB more")
                        lines.add(incidents=rows, form="hold", way=way, **held)
                for scope in ASKED:
                    for question in QUESTIONS:
                        same &= _asked(workers, question, scope, form, rows, rounds, lines)
            finally:
                for worker in workers.values():
                    worker.end()
    return same


def _asked(
    workers: dict[str, Worker], question: str, scope: str, form: str, rows: int, rounds: int, lines: Lines
) -> bool:
    said: dict[str, list[dict[str, Any]]] = {way: [] for way in workers}
    for _ in range(rounds):
        for way, worker in workers.items():
            said[way].append(worker.ask(question=question, scope=scope, form=form))
    digests = {one["digest"] for answers in said.values() for one in answers}
    shown = []
    for way, answers in said.items():
        seconds = float(np.median([one["seconds"] for one in answers]))
        peak = max(one["peak_mb"] for one in answers)
        pairs = zip(said[OURS], answers, strict=True)
        ratio = float(np.median([mine["seconds"] / one["seconds"] for mine, one in pairs]))
        shown.append(f"{seconds:8.3f} s {peak:6.0f} MB" + ("" if way == OURS else f" {ratio:7.3f}"))
        lines.add(
            incidents=rows, question=question, scope=scope, form=form, way=way, library=workers[way].library,
            rounds=rounds, seconds=seconds, peak_mb=peak, ratio=ratio, equal=len(digests) == 1,
        )  # fmt: skip
    wrong = "" if len(digests) == 1 else "   DIFFERENT ANSWERS"
    print(f"    {question:24} {scope:9}" + "  |".join(shown) + wrong, flush=True)
    return len(digests) == 1


def main() -> int:
    """Compare all sizes; return 1 if any answers differ."""
    options = parser(__doc__)
    options.add_argument("--rows", type=float, action="append", help="incidents; 1 and 10 million if not given")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", type=Path, help="of the workspaces: they stay and are used again")
    asked = options.parse_args()
    lines = Lines("aggregation", asked.json)
    print("  median seconds, peak memory beyond the start, median by pairs of ours / theirs")
    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or Path(made)
        sizes = [int(rows) for rows in asked.rows or (1e6, 1e7)]
        same = [compare(kept(folder, rows, CELLS), rows, asked.rounds, lines) for rows in sizes]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
