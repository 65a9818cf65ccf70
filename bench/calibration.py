"""How often a map without a pattern carries a claim, and how often a true hot place is found.

Maps of invented square cells whose truth is known. For each setting - cells, mean events a cell, exposure, and what was
planted - the total is fixed, as the tests are conditional on it, and all maps share one set of random maps
(`analysis.family`). On every map the single tests stand beside the family of both:

- excess: the exact test of each cell, Benjamini-Hochberg at 5%; scan: the circular scan at 5%;
- split: both, each at 2.5%; family: both under one calibrated chance, which is what the program shows;
- Gi*: the usual practice, z above 1.96 of the counts anywhere; Gi* + FDR and Moran + FDR: by permutation, two-sided, of
  standardized rates, as the program makes claims of them where somebody chooses them.

Without anything planted a row tells the share of maps with any claim. With something planted it tells the share of maps
on which the claims hold all of the true cells, and in brackets any of them.

Exposures: equal; unequal and known (gamma, shape 1/2, so that a tenth of the cells holds a third of it); unequal and
unknown (the events follow it, the tests take equal shares: what they then name is where people live, which is why the
word is "reports gather"). calls: equal exposure, each event brings one call and a Poisson number of further ones (mean
1), three in ten events fall in one night, and `analysis.events` makes events of the calls again.

Planted: one (a cell three times its rate), three (adjacent cells 2.5 times), border (one place on the corner of four
cells, that doubles them).

A row is written as soon as it is known; with ``--json FILE`` rows that stand there are not asked again, so a run can be
cut and continued. `python run.py bench calibration`, or `python -m bench.calibration [--cells N]... [--mean M]...
[--exposure E]... [--planted P]... [--maps N]`.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from analysis import events, family, neighborhoods
from analysis.association import gi_star
from analysis.hotspots import excess_test
from analysis.scan import Circles, grow_circles, strongest_circles
from bench.measuring import Lines, parser

CELLS, MEANS = (23, 54, 300, 10_000), (1, 3, 8)
EXPOSURES = ("equal", "known", "unknown", "calls")
PLANTED = ("nothing", "one", "three", "border")
MAPS, MAPS_OF_MANY, MANY = 1_000, 100, 1_000
DRAWS, SEED, FDR = 999, 20_261_130, 0.05
SIDE_M, RADIUS_M, WINDOW_H, DAYS = 300.0, 100.0, 24.0, 365
CHOSEN = {"Gi* + FDR": neighborhoods.GI_STAR, "Moran + FDR": neighborhoods.MORAN}
WAYS = ("excess", "scan", "split", "family", "Gi*", *CHOSEN)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Setting(NamedTuple):
    """One row of the study."""

    cells: int
    mean: float
    exposure: str
    planted: str


class Area(NamedTuple):
    """Square cells row by row: middles in metres, which touch, and the share of the exposure that the tests know."""

    x: Floats
    y: Floats
    neighbors: scipy.sparse.csr_array
    known: Floats
    true: Floats


def build(setting: Setting) -> Area:
    """Return the cells of a setting; the last row of the square may be cut short."""
    side = int(np.ceil(np.sqrt(setting.cells)))
    row, column = np.divmod(np.arange(setting.cells), side)
    pairs = [(i, j) for i in range(setting.cells) for j in _around(i, side, setting.cells)]
    i, j = np.array(pairs).T
    neighbors = scipy.sparse.csr_array((np.ones(len(i)), (i, j)), shape=(setting.cells, setting.cells))
    equal = np.full(setting.cells, 1 / setting.cells)
    uneven = np.random.default_rng(SEED).gamma(0.5, size=setting.cells) + 0.01
    true = uneven / uneven.sum() if setting.exposure in ("known", "unknown") else equal
    return Area(column * SIDE_M, row * SIDE_M, neighbors, true if setting.exposure == "known" else equal, true)


def _around(cell: int, side: int, n: int) -> Iterator[int]:
    row, column = divmod(cell, side)
    for r in range(row - 1, row + 2):
        for c in range(max(0, column - 1), min(side, column + 2)):
            other = r * side + c
            if 0 <= other < n and other != cell:
                yield other


def plant(setting: Setting, share: Floats, chance: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """Return the share of the events with a hot place somewhere, and its cells."""
    side = int(np.ceil(np.sqrt(setting.cells)))
    if setting.planted == "nothing":
        return share, np.empty(0, dtype=np.int64)
    full = setting.cells // side  # whole rows
    row, column = int(chance.integers(full - 1)), int(chance.integers(side - 1))
    corner = row * side + column
    rate = share.copy()
    if setting.planted == "one":
        where = np.array([int(chance.integers(setting.cells))])
        rate[where] *= 3
    elif setting.planted == "three":
        where = np.array([corner, corner + 1, corner + side])
        rate[where] *= 2.5
    else:
        where = np.array([corner, corner + 1, corner + side, corner + side + 1])
        rate[where] += share[where].sum() / 4
    return rate / rate.sum(), where


def draw(setting: Setting, area: Area, rate: Floats, total: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Return the events by cell of one map; of calls, as many of the events found again as the total wants."""
    if setting.exposure != "calls":
        return chance.multinomial(total, rate)
    n = int(1.2 * total) + 20
    cell = chance.choice(setting.cells, size=n, p=rate)
    x, y = (middle[cell] + SIDE_M * (chance.random(n) - 0.5) for middle in (area.x, area.y))
    hours = np.where(chance.random(n) < 0.3, 24 * 200 + 12 * chance.random(n), 24 * DAYS * chance.random(n))
    calls = 1 + chance.poisson(1, n)
    place = [np.repeat(one, calls) + chance.normal(0, 10, calls.sum()) for one in (x, y)]
    when = np.repeat(hours, calls) + 3 * chance.random(calls.sum())
    lead = events.group_events(
        *place, when, np.zeros(len(when), dtype=np.int64), radius_m={0: RADIUS_M}, window_h={0: WINDOW_H}
    )
    first = np.flatnonzero(lead == np.arange(len(lead)))
    column, row = (np.rint(one[first] / SIDE_M).astype(np.int64) for one in place)
    side = int(np.ceil(np.sqrt(setting.cells)))
    at = row * side + column
    at = at[(column >= 0) & (column < side) & (at >= 0) & (at < setting.cells)]
    if len(at) < total:
        raise RuntimeError(f"only {len(at)} events of {total}")
    return np.bincount(chance.permutation(at)[:total], minlength=setting.cells)


def claims(
    counts: NDArray[np.int64], area: Area, circles: Circles, maps: family.RandomMaps, seed: int
) -> dict[str, Bools]:
    """Return the cells that each way names."""
    test = excess_test(counts, area.known, fdr=FDR)
    found = {"excess": test.hot}
    clusters = strongest_circles(circles, counts)
    n = len(maps.llr)
    for way, share in (("scan", FDR), ("split", FDR / 2)):
        allowed = int(share * (n + 1)) - 1
        least = np.sort(maps.llr)[::-1][allowed]
        found[way] = _inside(clusters, least * (1 + 1e-9), counts, area.known)
    found["split"] |= excess_test(counts, area.known, fdr=FDR / 2).hot
    limit = family.limits(maps, fdr=FDR)
    found["family"] = _inside(clusters, limit.llr, counts, area.known)
    if limit.level:
        found["family"] |= excess_test(counts, area.known, fdr=limit.level).hot
    if np.ptp(counts):
        found["Gi*"] = gi_star(counts, area.neighbors) > 1.96
        for way, method in CHOSEN.items():
            judged = neighborhoods.judge(
                counts, area.known, area.neighbors, method, fdr=FDR, permutations=neighborhoods.PERMUTATIONS, seed=seed
            )
            found[way] = judged.claimed
    return found


def _inside(clusters: tuple, least: float, counts: NDArray[np.int64], share: Floats) -> Bools:
    """Return the cells above expectation in circles that reach a ratio, as the program names them."""
    inside = np.zeros(len(counts), dtype=bool)
    for one in clusters:
        if one.llr >= least:
            inside[one.members] = True
    return inside & (counts > share / share.sum() * counts.sum())


def study(setting: Setting, number: int) -> dict[str, dict[str, float]]:
    """Return for each way the share of maps with any claim, with one that holds a true cell, and all of them."""
    area, many = build(setting), setting.cells > MANY
    total = round(setting.cells * setting.mean)
    limits = {"max_share": 0.02, "most_cells": 200} if many else {"max_share": 0.5}
    circles = grow_circles(area.x, area.y, area.known, **limits)
    maps = family.random_maps(circles, total, draws=DRAWS, seed=SEED)
    seen: dict[str, list[tuple[bool, bool, bool]]] = {}
    for at in range(number):
        chance = np.random.default_rng([SEED, 7, at])  # 7: no random map of the tests has this seed
        rate, where = plant(setting, area.true, chance)
        counts = draw(setting, area, rate, total, chance)
        for way, named in claims(counts, area, circles, maps, at).items():
            hits = named[where]
            seen.setdefault(way, []).append((bool(named.any()), bool(hits.any()), bool(len(where) and hits.all())))
    return {
        way: dict(zip(("any", "some", "all"), np.mean(rows, axis=0).tolist(), strict=True)) | {"maps": len(rows)}
        for way, rows in seen.items()
    }


def main() -> None:
    """Study all settings, or those named, that are not in the file yet."""
    options = parser(__doc__)
    options.add_argument("--cells", type=int, action="append")
    options.add_argument("--mean", type=float, action="append")
    options.add_argument("--exposure", action="append", choices=EXPOSURES)
    options.add_argument("--planted", action="append", choices=PLANTED)
    options.add_argument("--maps", type=int, help=f"{MAPS}, of more than {MANY} cells {MAPS_OF_MANY}")
    asked = options.parse_args()
    lines = Lines("calibration", asked.json)
    done = set()
    if asked.json and asked.json.exists():
        rows = map(json.loads, asked.json.read_text(encoding="utf-8").splitlines())
        done = {Setting(*row["setting"]) for row in rows if row.get("bench") == "calibration"}
    print(
        f"  {'cells':>6} {'mean':>5} {'exposure':9} {'planted':8}" + "".join(f"{way:>15}" for way in WAYS), flush=True
    )
    for planted in asked.planted or PLANTED:
        for exposure in asked.exposure or EXPOSURES:
            if planted != "nothing" and exposure in ("unknown", "calls"):
                continue
            for cells in asked.cells or CELLS:
                for mean in asked.mean or MEANS:
                    setting = Setting(cells, float(mean), exposure, planted)
                    if setting in done:
                        continue
                    found = study(setting, asked.maps or (MAPS_OF_MANY if cells > MANY else MAPS))
                    print(f"  {cells:6,} {mean:5g} {exposure:9} {planted:8}{_row(found, planted)}", flush=True)
                    lines.add(setting=list(setting), found=found)


def _row(found: dict[str, dict[str, float]], planted: str) -> str:
    texts = []
    for way in WAYS:
        one = found.get(way)
        if one is None:
            texts.append("–")
        elif planted == "nothing":
            texts.append(f"{one['any']:.3f}")
        else:
            texts.append(f"{one['all']:.2f} ({one['some']:.2f})")
    return "".join(f"{text:>15}" for text in texts)


if __name__ == "__main__":
    main()
