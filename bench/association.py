"""Gi* and local Moran's I with 9,999 permutations: `analysis.association` beside esda, in turn, on the same map.

Squares with up to eight neighbours each, and values of a gamma distribution, some of them high together. Each way has a
process of its own: its first answer is the first call, with all that it compiles or imports; the rest are warm. Both
statistics are charged; who is next to whom is known before. The statistics must be equal, and p equal up to the draw
(within 6 standard deviations of the difference of two shares), or the run fails.

- ours: as many draws a cell as esda makes (more for the few at the floor), and as there its own value stays in place.
- ours, on from the floor: as the program asks: all values dealt for Gi*, and cells at the floor draw on until they can
  pass a false discovery rate of 5%. Not compared, since it answers another question.

Ours and esda work on one processor: on two, esda could at best take half. It needs a Python of its own
(bench/requirements.txt, with the numba that it compiles by). What is absent is said.

Run by `python run.py bench association`, or `python -m bench.association [--cells N]... [--rounds N]`.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from bench.measuring import PEERS, Lines, Worker, parser

OURS = "ours"
WAYS = {
    OURS: sys.executable,
    "ours, on from the floor": sys.executable,
    "esda": PEERS,
}


def write_input(folder: Path, cells: int) -> int:
    """Write a map of about so many squares; return how many they are."""
    side = round(np.sqrt(cells))
    beside = sp.diags_array([np.ones(side - 1), np.ones(side), np.ones(side - 1)], offsets=[-1, 0, 1])
    binary = sp.csr_array(sp.kron(beside, beside) - sp.eye_array(side**2))
    values = np.random.default_rng(7).gamma(2.0, size=(side, side))
    values[: side // 10, : side // 10] *= 2
    np.save(folder / "values.npy", values.ravel())
    sp.save_npz(folder / "binary.npz", binary)
    sp.save_npz(folder / "weights.npz", sp.csr_array(binary.multiply(1 / binary.sum(axis=1)[:, None])))
    return side**2


def equal(folder: Path, way: str, permutations: int) -> bool:
    """Return whether a way's statistics are ours, and its p up to the draw."""
    mine, other = (np.load(folder / f"{one}.npz") for one in (OURS, way))
    same = all(np.allclose(mine[name], other[name], rtol=1e-7, atol=1e-9) for name in ("z", "i"))
    for name in ("z_p", "i_p"):
        tail = np.clip((mine[name] + other[name]) / 4, 1 / permutations, 0.5)
        same &= bool((np.abs(mine[name] - other[name]) <= 12 * np.sqrt(2 * tail / permutations)).all())
    return same


def compare(cells: int, permutations: int, rounds: int, lines: Lines) -> bool:
    """Print what each way cost; return whether the answers were equal."""
    same = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = write_input(folder, cells)
        workers = {}
        for way, python in WAYS.items():
            worker = Worker(python, "bench.association_worker", way, folder)
            if worker.absent:
                print(f"  {way}: absent (bench/requirements.txt)")
            else:
                workers[way] = worker
        try:
            said = {way: [worker.ask(permutations=permutations)] for way, worker in workers.items()}
            for _ in range(rounds):
                for way, worker in workers.items():
                    said[way].append(worker.ask(permutations=permutations))
        finally:
            for worker in workers.values():
                worker.end()
        print(f"  {cells:,} cells, {permutations:,} permutations, {rounds} warm rounds in turn; medians")
        for way, (first, *warm) in said.items():
            seconds, cpu = (float(np.median([one[of] for one in warm])) for of in ("seconds", "cpu"))
            pairs = zip(said[OURS][1:], warm, strict=True)
            ratio = float(np.median([mine["seconds"] / one["seconds"] for mine, one in pairs]))
            compared = not way.startswith(OURS)
            good = equal(folder, way, permutations) if compared else True
            same &= good
            peak = max(one["peak_mb"] for one in (first, *warm))
            print(
                f"  {way:24s} first {first['seconds']:7.2f} s   warm {seconds:7.3f} s {cpu:7.3f} s CPU {peak:6.0f} MB "
                f"more   ours / it {ratio:6.3f}  {workers[way].library}{'' if good else '   DIFFERENT ANSWERS'}",
                flush=True,
            )
            lines.add(
                cells=cells, permutations=permutations, way=way, library=workers[way].library, rounds=rounds,
                first=first["seconds"], first_cpu=first["cpu"], seconds=seconds, cpu=cpu, peak_mb=peak, ratio=ratio,
                equal=good if compared else None,
            )  # fmt: skip
    return same


def main() -> int:
    """Compare all sizes, or those named; return 1 if any answers differ."""
    options = parser(__doc__)
    options.add_argument("--cells", type=int, action="append", help="about so many; 300 and 10,000 if not given")
    options.add_argument("--permutations", type=int, default=9_999)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    lines = Lines("association", asked.json)
    same = [compare(cells, asked.permutations, asked.rounds, lines) for cells in asked.cells or (300, 10_000)]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
