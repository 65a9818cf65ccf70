"""Dense groups of events: `analysis.clusters.find_clusters` beside scikit-learn's DBSCAN on a kd-tree, in turn.

A year of 1 million events on 30 by 30 km, half anywhere and half in 300 quarters:

- a city: each on a spot of its own, groups of 4 within 100 m, and of 4 within 20 m;
- dense places: the same number on a hundredth of the spots, as where cases bear the place of an address;
- metres and days: a city, 4 within 100 m and 7 days. scikit-learn has no second radius: the pairs of its kd-tree are
  cut by days before it groups them.

Each way has a process of its own; in every round each answers once, one after the other. Ours is the whole answer, with
middle, hull, times and main hazard of each group, scikit-learn's the labels alone. The groups must be equal, border
events included, or the run fails. Goal: at most 1/3 of the time.

Run by `python run.py bench dbscan`, or `python -m bench.dbscan [--events N] [--rounds N] [--cases NAME]...`.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.dbscan_worker import WAYS
from bench.invented import SEED, scatter
from bench.measuring import Lines, Worker, parser

OURS = "find_clusters"
KM = 30
ON_A_SPOT = 100  # events, in dense places
CASES: dict[str, tuple[int, dict[str, Any]]] = {  # name: events on a spot, rule
    "city, 100 m": (1, {"radius": 100, "least": 4, "days": None}),
    "city, 20 m": (1, {"radius": 20, "least": 4, "days": None}),
    "dense places": (ON_A_SPOT, {"radius": 100, "least": 4, "days": None}),
    "metres and days": (1, {"radius": 100, "least": 4, "days": 7}),
}


def write_input(folder: Path, events: int, on_a_spot: int) -> None:
    """Write places and days of invented events, sorted."""
    spots = [1000 * v for v in scatter(max(events // on_a_spot, 1), KM, KM)]
    chance = np.random.default_rng(SEED)
    spot = chance.permutation(np.resize(np.arange(len(spots[0])), events))
    day = chance.integers(0, 365 * 86_400, events) / 86_400
    x, y = (v[spot] for v in spots)
    order = np.lexsort((day, y, x))
    for name, values in (("x", x), ("y", y), ("day", day)):
        np.save(folder / f"{name}.npy", values[order])


def compare(case: str, events: int, rounds: int, lines: Lines) -> bool:
    """Print what each way cost; return whether both gave the same groups."""
    on_a_spot, rule = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        write_input(Path(folder), events, on_a_spot)
        workers = {way: Worker(sys.executable, "bench.dbscan_worker", way, folder) for way in WAYS}
        said: dict[str, list[dict[str, Any]]] = {way: [] for way in workers}
        try:
            for _ in range(rounds):
                for way, worker in workers.items():
                    said[way].append(worker.ask(**rule))
        finally:
            for worker in workers.values():
                worker.end()
    digests = {one["digest"] for answers in said.values() for one in answers}
    print(f"  {case}: {events:,} events, {said[OURS][0]['groups']:,} groups, {rounds} rounds in turn; medians")
    for way, answers in said.items():
        seconds, cpu, peak = (float(np.median([one[of] for one in answers])) for of in ("seconds", "cpu", "peak_mb"))
        ratio, cpu_ratio = (
            float(np.median([mine[of] / one[of] for mine, one in zip(said[OURS], answers, strict=True)]))
            for of in ("seconds", "cpu")
        )
        print(
            f"    {way:16} {seconds:8.3f} s {cpu:8.3f} s CPU {peak:7.0f} MB more   ours / this: {ratio:.3f}, "
            f"{cpu_ratio:.3f} CPU   {workers[way].library}"
        )
        lines.add(
            case=case, events=events, way=way, library=workers[way].library, rounds=rounds, seconds=seconds, cpu=cpu,
            peak_mb=peak, ratio=ratio, cpu_ratio=cpu_ratio, equal=len(digests) == 1, **rule,
        )  # fmt: skip
    print("" if len(digests) == 1 else "    DIFFERENT GROUPS", flush=True)
    return len(digests) == 1


def main() -> int:
    """Compare all cases, or those named; return 1 if any groups differ."""
    options = parser(__doc__)
    options.add_argument("--events", type=float, default=1e6)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--cases", action="append", choices=list(CASES))
    asked = options.parse_args()
    lines = Lines("dbscan", asked.json)
    same = [compare(case, int(asked.events), asked.rounds, lines) for case in asked.cases or CASES]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
