"""The circular scan with 999 random maps: `analysis.scan.circular_scan` beside the same written plainly, in turn.

Nothing that scans by circles can be had from PyPI (the usual programs are SaTScan and packages of R). So the peer is
what one would write oneself with numpy: for each centre the counts of all maps summed outwards, each sum weighed. Both
get the same random maps and must agree on the cluster, its ratio and its p, or the run fails.

Cells lie on a square, moved a little, so that no two are equally far from a third; exposure is uneven (gamma, shape 2),
3 events a cell on average, some of them together. Circles hold up to half of the exposure on 300 cells, and up to 2% of
it or 200 cells on 10,000, as the program asks. No draw is spared (`stop_at`), for an answer that is soon clear ends
sooner. Beside that stands what a screen asks first for a total of events: the random maps of the family of both tests
(`analysis.family.random_maps`).

Run by `python run.py bench scan`, or `python -m bench.scan [--cells N]... [--rounds N]`. Goals: 300 cells within 1 s,
10,000 within 20 s.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import family
from analysis.circles import MAPS
from analysis.scan import circular_scan, grow_circles, random_counts
from bench.measuring import Lines, parser

DRAWS, SEED = 999, 20260101
MANY = 1_000
Floats = NDArray[np.float64]


def invented(cells: int) -> tuple[Floats, Floats, NDArray[np.int64], Floats]:
    """Return points, events and exposure of about so many cells, and a hot corner."""
    side = round(np.sqrt(cells))
    chance = np.random.default_rng(SEED)
    x, y = (one.ravel() + chance.uniform(-0.2, 0.2, side**2) for one in np.meshgrid(np.arange(side), np.arange(side)))
    exposure = chance.gamma(2.0, size=side**2)
    rate = exposure * np.where(np.hypot(x, y) < max(2, side / 12), 2.5, 1.0)
    return x, y, chance.multinomial(3 * side**2, rate / rate.sum()), exposure


def plain(
    x: Floats, y: Floats, events: NDArray[np.int64], exposure: Floats, max_share: float, most_cells: int | None
) -> tuple[float, float, frozenset[int]]:
    """Return ratio, p and cells of the strongest circle, centre by centre, as one would write it."""
    share, total = exposure / exposure.sum(), int(events.sum())
    blocks = range(-(-DRAWS // MAPS))
    drawn = np.concatenate([random_counts(share, total, seed=SEED, block=block) for block in blocks], axis=1)
    maps = np.column_stack([events, drawn[:, :DRAWS]]).astype(float)  # the first is the one asked about
    best, members = np.zeros(DRAWS + 1), frozenset[int]()
    for centre in range(len(x)):
        order = np.argsort(np.hypot(x - x[centre], y - y[centre]))[:most_cells]
        held = np.cumsum(share[order])
        order = order[: int(np.searchsorted(held, max_share, side="right"))]
        if not len(order):
            continue
        inside, expected = np.cumsum(maps[order], axis=0), total * held[: len(order), None]
        outside = total - inside
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = inside * np.log(inside / expected)
            ratio += np.where(outside > 0, outside * np.log(outside / (total - expected)), 0.0)
        ratio[~(inside > expected)] = 0.0
        strongest = ratio.max(axis=0)
        if strongest[0] > best[0]:
            members = frozenset(order[: int(ratio[:, 0].argmax()) + 1].tolist())
        best = np.maximum(best, strongest)
    return float(best[0]), (int((best[1:] >= best[0] * (1 - 1e-9)).sum()) + 1) / (DRAWS + 1), members


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what work gives, its seconds, and those of the processors."""
    start, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - start, time.process_time() - cpu


def compare(cells: int, rounds: int, lines: Lines) -> bool:
    """Print what each way cost; return whether the answers were equal."""
    x, y, events, exposure = invented(cells)
    many = len(x) > MANY
    limit = {"max_share": 0.02, "most_cells": 200} if many else {"max_share": 0.5, "most_cells": None}

    def scan() -> tuple[float, float, frozenset[int]]:
        scanned = circular_scan(x, y, events, exposure, permutations=DRAWS, seed=SEED, stop_at=None, **limit)
        return scanned[0].llr, scanned[0].p, frozenset(scanned[0].members.tolist())

    def maps() -> None:
        family.random_maps(grow_circles(x, y, exposure, **limit), int(events.sum()), draws=DRAWS, seed=SEED)

    ways: dict[str, Callable[[], Any]] = {
        "circular_scan": scan,
        "written plainly": lambda: plain(x, y, events, exposure, **limit),
        "random maps of both tests": maps,
    }
    said: dict[str, list[tuple[Any, float, float]]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name, work in ways.items():
            if name == "written plainly" and many and turn:
                continue  # it takes minutes
            said[name].append(timed(work))
    mine, other = said["circular_scan"][0][0], said["written plainly"][0][0]
    same = bool(np.isclose(mine[0], other[0], rtol=1e-9)) and mine[1:] == other[1:]
    print(f"  {len(x):,} cells, {DRAWS} random maps, {rounds} rounds in turn; medians")
    for name, each in said.items():
        seconds, cpu = (float(np.median([one[at] for one in each])) for at in (1, 2))
        ratio = float(np.median([one[1] for one in said["circular_scan"]])) / seconds
        print(f"    {name:26s} {seconds:8.3f} s {cpu:8.3f} s CPU   ours / it {ratio:6.3f}", flush=True)
        lines.add(cells=len(x), draws=DRAWS, way=name, rounds=len(each), seconds=seconds, cpu=cpu, ratio=ratio)
    print(f"    the strongest: {len(mine[2])} cells, ratio {mine[0]:.3f}, p {mine[1]:.3f}", end="")
    print("" if same else "   DIFFERENT ANSWERS", flush=True)
    return same


def main() -> int:
    """Compare all sizes, or those named; return 1 if any answers differ."""
    options = parser(__doc__)
    options.add_argument("--cells", type=int, action="append", help="about so many; 300 and 10,000 if not given")
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    lines = Lines("scan", asked.json)
    same = [compare(cells, asked.rounds, lines) for cells in asked.cells or (300, 10_000)]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
