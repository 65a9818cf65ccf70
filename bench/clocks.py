"""Work time and deadlines of many cases: `data.clocks` beside a plain loop and business-duration, in turn.

1 million cases, reported at any minute from 2016 to the middle of 2026, open for 5 days on average (60 at most), with
limits of 1 to 80 work hours; China's calendar, 8 to 12 and 14 to 18 o'clock. Two questions: how many work minutes ran
from start to end (``elapsed``), when the limit runs out (``due``; business-duration has no answer to that).

Each way has a process of its own. The others take a share of the cases, and their time is reckoned for all. Their
answers must be equal to ours, or the run fails; business-duration goes by whole seconds, as the cases do. Goal: 1
million cases within 5 s.

business-duration needs the peers' environment (bench/requirements.txt); without it that way is left out.

Run by `python run.py bench clocks`, or `python -m bench.clocks [--cases N] [--rounds N]`.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.invented import SEED
from bench.measuring import PEERS, Lines, Worker, parser

WAYS = {"ours": (sys.executable, 1), "plain loop": (sys.executable, 100), "business-duration": (PEERS, 1000)}
ANSWERS = {"elapsed": tuple(WAYS), "due": ("ours", "plain loop")}


def write_input(folder: Path, cases: int) -> None:
    """Write invented cases by whole minutes, and the days with whether people work on them."""
    from data.calendar import office_days
    from data.schema import WORKDAY

    chance = np.random.default_rng(SEED)
    first, last = (np.datetime64(day, "m").astype(np.int64) for day in ("2016-01-01", "2026-06-30"))
    start = chance.integers(first, last, cases)
    end = start + np.minimum(chance.exponential(5 * 1440, cases), 60 * 1440).astype(np.int64)
    office = office_days(zone="UTC", hours="08:00-12:00 14:00-18:00")
    days = np.datetime64(office.first) + np.arange(len(office.status))
    chosen = (days >= np.datetime64("2016-01-01")) & (days <= np.datetime64("2026-12-31"))
    arrays = {
        "start": start * 60_000_000,
        "end": end * 60_000_000,
        "value": chance.integers(1, 81, cases).astype(float),
        "days": days[chosen],
        "works": office.status[chosen] == WORKDAY,
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)


def compare(cases: int, rounds: int, lines: Lines) -> bool:
    """Print what each way costs; return whether all answers are equal."""
    equal = True
    with tempfile.TemporaryDirectory() as folder:
        write_input(Path(folder), cases)
        workers = {way: Worker(python, "bench.clocks_worker", way, folder) for way, (python, _) in WAYS.items()}
        workers = {way: worker for way, worker in workers.items() if not worker.absent}
        for absent in WAYS.keys() - workers:
            print(f"  {absent}: not there (see bench/requirements.txt)")
        try:
            for question, ways in ANSWERS.items():
                said: dict[str, list[dict[str, Any]]] = {way: [] for way in ways if way in workers}
                for _ in range(rounds):
                    for way, answers in said.items():
                        answers.append(workers[way].ask(question=question, cases=max(cases // WAYS[way][1], 1)))
                print(f"  {question}: {cases:,} cases, {rounds} rounds in turn; medians")
                mine = np.load(Path(folder) / f"ours-{question}.npy")
                for way, answers in said.items():
                    share = max(cases // WAYS[way][1], 1)
                    seconds, cpu = (
                        float(np.median([one[of] for one in answers])) * cases / share for of in ("seconds", "cpu")
                    )
                    ratio = float(
                        np.median([a["cpu"] / b["cpu"] for a, b in zip(said["ours"], answers, strict=True)])
                    ) * share / cases  # fmt: skip
                    theirs = np.load(Path(folder) / f"{way}-{question}.npy")
                    same = bool((theirs == mine[:share]).all())
                    equal &= same
                    print(
                        f"    {way:18} {seconds:10.2f} s {cpu:10.2f} s CPU, from {share:,} cases   ours / this: "
                        f"1/{1 / ratio:,.0f} CPU   {workers[way].library}{'' if same else '   DIFFERENT ANSWERS'}",
                        flush=True,
                    )
                    lines.add(
                        question=question, cases=cases, way=way, library=workers[way].library, rounds=rounds,
                        share=share, seconds=seconds, cpu=cpu, peak_mb=answers[-1]["peak_mb"], ratio=ratio, equal=same,
                    )  # fmt: skip
        finally:
            for worker in workers.values():
                worker.end()
    return equal


def main() -> int:
    """Compare; return 1 if any answers differ."""
    options = parser(__doc__)
    options.add_argument("--cases", type=float, default=1e6)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    return 0 if compare(int(asked.cases), asked.rounds, Lines("clocks", asked.json)) else 1


if __name__ == "__main__":
    sys.exit(main())
