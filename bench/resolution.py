"""The questions of the resolution page at city scale; and medians by group beside lifelines and pandas.

The invented incidents of bench/queries.py, with a table of deadlines loaded into them: how long it takes to reckon all
due times anew is told first. Then each question in a fresh process, over all of the time and over the last year:
"first" pays for opening, "then" is the median of three more, each of a version newly opened, and "change" the median of
three filter changes, as a reader makes them: the version is the same, the period another one. Memory is the peak beyond
what the process held at its start. "The screen" is what the page shows before anything is clicked.

Then the same medians with 95% limits by others, from a frame in memory that holds minutes and whether the case was
closed (ours starts from the files): lifelines fits a curve a group, as its guide shows; of many groups it gets a share,
and its seconds are multiplied. pandas has no censoring: what it gives is the plain median of the closed cases, and how
far that is off is told. Whether all medians of lifelines equal ours is checked.

Run by `python run.py bench resolution`, or
`python -m bench.resolution [--rows N] [--cells N] [--folder DIR] [--only TEXT]`: with a folder the workspace stays.
"""

import argparse
import dataclasses
import datetime as dt
import importlib.metadata
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import resolution
from bench.measuring import Lines, Memory, called, parser
from bench.queries import LAST, TYPES, kept
from data import standards, timing
from data.dataset import Dataset
from data.schema import Scope
from data.store import Workspace
from reports import backlog, standing, times, times_book, times_map
from reports.times import Asked

ROWS, CELLS = 1_000_000, 300
LIMITS = ("4紧急工作时", "5工作日", "15工作日", "2工作日", "8工作时", "3自然日")  # of bench.queries.TYPES, in order
SCOPES = {
    "all time": Scope(level="grid"),
    "a year": Scope(level="grid", start=dt.date(LAST.year - 1, 1, 1), end=LAST),
}
ASKS: dict[str, Callable[[Dataset, Scope], Any]] = {
    "the screen": lambda data, scope: screen(data, scope),
    "headline": times.headline,
    "headline, work time": lambda data, scope: times.headline(data, scope, clock="work"),
    "groups by hazard": lambda data, scope: times.groups(data, scope, Asked()),
    "groups by cell": lambda data, scope: times.groups(data, scope, Asked("cell")),
    "groups by cell, work time": lambda data, scope: times.groups(data, scope, Asked("cell", "work")),
    "curves": lambda data, scope: times.curves(data, scope, Asked()),
    "stages": backlog.waterfall,
    "funnel": standing.funnel,
    "ageing": backlog.ageing,
    "worst": backlog.worst,
    "heat table": standing.heat,
    "trend": lambda data, scope: standing.trend(data, scope, Asked("month")),
    "holds": times.holds,
    "the whole page": lambda data, scope: times_book.screen_of(data, scope, Asked()),
}
PEERS = {"hazard": 1, "cell": 20}  # groups, and how small a share of them lifelines gets


def load_limits(folder: Path) -> dict[str, Any]:
    """Load the table of deadlines; return the seconds, the memory, and how many cases are due at another time."""
    rows = [f"{one},{limit}" for one, limit in zip(TYPES, LIMITS, strict=True)]
    content = "\n".join(["小类名称,处置时限", *rows]).encode()
    start = time.perf_counter()
    with Memory() as memory:
        answer = standards.load_standard(
            Workspace(folder), content, "limits.csv", scheme="office", kind="event", trusted=True, who="bench"
        )
    return {"seconds": time.perf_counter() - start, "gb": memory.more / 1e3, "changed": answer["changed"]}


def ask(question: str, scope: str, folder: Path) -> dict[str, Any]:
    """Ask one question in this process; return its seconds and memory."""

    def seconds(data: Dataset, asked: Scope) -> float:
        start = time.perf_counter()
        ASKS[question](data, asked)
        return time.perf_counter() - start

    with Memory() as memory:
        newest = Workspace(folder).newest()
        opened = [Dataset(newest.root, newest.named) for _ in range(4)]  # which hold no answer yet
        found = [seconds(one, SCOPES[scope]) for one in opened]
    changed = [seconds(opened[-1], earlier(SCOPES[scope], months)) for months in (1, 2, 3)]  # the watch costs time too
    told = {"first": found[0], "then": float(np.median(found[1:])), "change": float(np.median(changed))}
    return told | {"gb": memory.more / 1e3}


def screen(data: Dataset, scope: Scope) -> tuple[Any, ...]:
    """Return what the resolution page shows first: the headline, groups, map and curves."""
    asked = Asked()
    return (
        times.headline(data, scope),
        times.groups(data, scope, asked),
        times_map.cell_times(data, scope, asked, "median"),
        times.curves(data, scope, asked),
    )


def earlier(scope: Scope, months: int) -> Scope:
    """Return a scope whose period lies earlier by months; of all of the time the last ones are left out."""
    back = pd.DateOffset(months=months)
    start = None if scope.start is None else (pd.Timestamp(scope.start) - back).date()
    return dataclasses.replace(scope, start=start, end=(pd.Timestamp(scope.end or LAST) - back).date())


def measure(folder: Path, only: str, lines: Lines) -> None:
    """Print what each question costs."""
    if Workspace(folder).newest().standards().empty:
        found = load_limits(folder)
        print(f"  table of deadlines loaded, {found['changed']:,} cases due anew: {found['seconds']:.1f} s", flush=True)
        lines.add(question="due times", **found)
    print(f"  {'':26} {'':9} {'first s':>8} {'then s':>8} {'change s':>8} {'GB':>7}")
    for scope in SCOPES:
        for question in ASKS:
            if only in question:
                found, _ = called("bench.resolution", "--folder", folder, "--ask", question, scope)
                figures = f"{found['first']:8.2f} {found['then']:8.2f} {found['change']:8.2f} {found['gb']:7.2f}"
                print(f"  {question:26} {scope:9} {figures}", flush=True)
                lines.add(question=question, scope=scope, **found)


def compare(folder: Path, lines: Lines) -> bool:
    """Print what medians by group cost here and elsewhere; return whether they are the same."""
    equal = True
    for by, part in PEERS.items():
        data = Workspace(folder).newest()
        start = time.perf_counter()
        histogram = timing.durations(data, SCOPES["all time"], by)
        mine = resolution.summarize(histogram).set_index("key")
        ours = time.perf_counter() - start
        cases = histogram.loc[histogram.index.repeat(histogram["n"]), ["key", "minutes", "resolved"]]
        cases = cases.sample(frac=1, random_state=1).astype({"key": str})  # in no order, as a file has them
        asked = list(mine.index[::part])
        theirs, seconds = lifelines_medians(cases, asked)
        plain_start = time.perf_counter()
        plain = cases[cases["resolved"]].groupby("key")["minutes"].median() / 60
        plain_s = time.perf_counter() - plain_start
        whole = seconds * len(mine) / len(asked)
        same = {key for key in asked if np.isclose(mine["median_hours"].fillna(np.inf)[key], theirs[key][0])}
        off = [key for key in asked if key not in same and not theirs[key][1]]
        equal &= not off
        early = float(np.nanmedian(1 - plain.reindex(mine.index) / mine["median_hours"]))
        version = importlib.metadata.version("lifelines")
        print(
            f"  medians by {by}: {len(mine):,} groups, {len(cases):,} cases: ours {ours:.2f} s; lifelines {version} "
            f"{whole:.1f} s (from {len(asked)} groups; {len(same)} medians equal); pandas, open cases left out, "
            f"{plain_s:.2f} s, too early by {early:.1%}" + (f"   DIFFERENT: {off[:3]}" if off else ""),
            flush=True,
        )
        lines.add(
            by=by, groups=len(mine), cases=len(cases), ours=ours, lifelines=whole, share=len(asked), same=len(same),
            pandas=plain_s, early=early, equal=not off,
        )  # fmt: skip
    return equal


def lifelines_medians(cases: pd.DataFrame, keys: list[str]) -> tuple[dict[str, tuple[float, bool]], float]:
    """Return median hours as lifelines gives them, limits reckoned too, and the seconds.

    Beside each median whether the curve has a step at exactly one half: there R and ours take the middle of the step,
    lifelines the end to which rounding leads.
    """
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    start, found = time.perf_counter(), {}
    for key in keys:
        rows = cases[cases["key"] == key]
        fitted = KaplanMeierFitter().fit(rows["minutes"] / 60, rows["resolved"])
        median_survival_times(fitted.confidence_interval_)
        half = bool(np.isclose(fitted.survival_function_, 0.5, rtol=1e-9, atol=0).any())
        found[key] = float(fitted.median_survival_time_), half
    return found, time.perf_counter() - start


def main() -> None:
    """Make the workspace or use the one there is, ask everything, and compare."""
    options = parser(__doc__)
    options.add_argument("--rows", type=float, default=ROWS)
    options.add_argument("--cells", type=int, default=CELLS)
    options.add_argument("--folder", type=Path)
    options.add_argument("--only", default="", help="questions whose name holds this; no comparison then")
    options.add_argument("--ask", nargs=2, metavar=("QUESTION", "SCOPE"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.ask:
        print(json.dumps(ask(*asked.ask, asked.folder)))
        return
    with tempfile.TemporaryDirectory() as made:
        lines = Lines("resolution", asked.json)
        folder = kept(asked.folder or Path(made), int(asked.rows), asked.cells)
        measure(folder, asked.only, lines)
        if not asked.only and not compare(folder, lines):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
