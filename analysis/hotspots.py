"""Which cells hold more events than chance would give them, in what words, and why by this method.

**The test.** Given the total, the events of a cell without any pattern are binomial with the cell's share of the
exposure; the p-value is the exact upper tail, and Benjamini-Hochberg holds the false alarms among the cells named at
`fdr`. It is exact for the tiny counts of a street office, where Gi* paints half of all random maps. It counts events,
not calls: see `analysis.events`.

**The words.** A cell may be called a *hot spot* only where an exposure stands behind it. Without one there are two
stand-ins and neither is the truth: cells alike (grids are often cut to equal numbers of households) and area. The claim
is made by equal shares alone, so that there is one family of tests and the false alarms stay at `fdr`; area may only
strengthen the word. A cell hot under both is a hot spot; one hot under equal shares alone is a place where *reports
gather*, for more people may simply live there. A cell hot by area alone is not claimed: it would be a second chance to
be named, and in a town every small grid, which is dense with homes, would take it.

The second opinion is a safeguard, not a proof. On random maps of events in proportion to households nobody told us of
(23 cells, 115 events, households with a spread of 30% or 50%) equal shares alone claim on 17-60% of maps. "Hot spot"
under both stays on 5-20% of them where households go with area (correlation 0.7), on 17-51% where they do not. The cure
is to load households.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts load when they are first asked for: they take a second that most commands do not need
from numpy.typing import ArrayLike, NDArray

from analysis.association import gi_star as gi_star  # every test of a cell can be asked for here
from analysis.association import gi_star_test as gi_star_test
from analysis.association import local_moran as local_moran
from analysis.checked import counts_and_shares
from base.errors import HazardError
from base.text import N_, Sentence, Term
from data.schema import EXPOSURES

EQUAL, AREA = "equal", "area"
HOT_SPOT, GATHER = "hot_spot", "gather"  # 热点, 报告集中
EXPOSURE_NAMES = {
    "households": N_("households"),
    "population": N_("population"),
    "road_km": N_("road length"),
    "covers": N_("number of covers"),
    AREA: N_("area"),
    EQUAL: N_("equal shares"),
}
_AT_ONCE = 1_000_000  # numbers held at once while the chance of a map is summed
_EXACT = 1e-7  # a smaller chance of a map is the sum of its cells' chances, to as small a part of it

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class ExcessTest(NamedTuple):
    """One row a cell: chance of so many or more events, whether it passes, and the count a lone cell would need."""

    p: Floats
    hot: Bools
    needed: Ints


@dataclass(frozen=True)
class HotSpots:
    """The answer for one family of claims (hazard, level, period); arrays have one value per cell, in the order given.

    `claims` is the word of each cell ("hot_spot", "gather" or ""), `hot` where there is one, and `claim` the one word
    that holds for all of them, for a legend or a title. Under `method` "list" nothing was tested: `p` and `map_p` are
    NaN and `needed` is 0. `reason` says why by this method and this exposure.
    """

    method: str
    exposure: str
    claim: str
    calls: Ints
    events: Ints
    expected: Floats
    ratio: Floats
    p: Floats
    hot: Bools
    needed: Ints
    claims: tuple[str, ...]
    map_p: float
    reason: Sentence


def excess_test(counts: ArrayLike, expected: ArrayLike, *, fdr: float = 0.05) -> ExcessTest:
    """Return for each cell how likely so many events are without a pattern, and which cells pass.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n,)
        Events of each cell. All zero is an answer too: every p is 1 and nothing is hot.
    expected : array_like, shape (n,)
        Exposure of each cell in any unit; only the shares ``expected / sum(expected)`` matter.
    fdr : float
        Expected share of false alarms among the cells named.

    Returns
    -------
    ExcessTest
        ``.p`` binomial upper tail given the total, one-sided; ``.hot`` after Benjamini-Hochberg over all n cells;
        ``.needed`` smallest count with p <= fdr / n, which a cell needs if no other is hot (the total + 1 where not
        even all events would do).

    Raises
    ------
    HazardError
        ``lengths-differ``; ``one-cell``; ``counts-not-whole``; ``exposure-bad`` for a negative, missing or infinite
        exposure; ``exposure-zero`` if there is none at all; ``incidents-without-exposure`` for events where it is zero;
        ``fdr-bad`` outside 0..1.

    References
    ----------
    Benjamini & Hochberg (1995), JRSS B 57(1), 289-300. Conditioning on the total: Przyborowski & Wilenski (1940),
    Biometrika 31, 313-323.
    """
    observed, share = counts_and_shares(counts, expected)
    if not 0 < fdr < 1:
        raise HazardError("fdr-bad", "A false discovery rate lies between 0 and 1, not at {fdr}.", fdr=fdr)
    total = int(observed.sum())
    p = np.clip(scipy.stats.binom.sf(observed - 1, total, share), 0.0, 1.0)
    hot = scipy.stats.false_discovery_control(p, method="bh") <= fdr
    return ExcessTest(p, hot, _smallest_count(fdr / len(share), total, share))


def map_chance(counts: ArrayLike, expected: ArrayLike, *, draws: int, seed: int) -> float:
    """Return the chance of a map whose strongest cell is as improbable as here, if there is no pattern.

    The smallest p of the map is calibrated by `draws` random maps with the same total (multinomial by the shares of
    `expected`): ``(as_extreme + 1) / (draws + 1)``, ties counted. It answers for the map as a whole, so it needs no
    correction for the number of cells. The maps are as extreme independently of each other and with one chance, which
    is known exactly; so their number is drawn at once, and no map is. Input and errors as in `excess_test`.
    """
    observed, share = counts_and_shares(counts, expected)
    total = int(observed.sum())
    strongest = float(np.min(scipy.stats.binom.sf(observed - 1, total, share)))
    # A cell is as improbable from this count on. The slack keeps equal p-values of different cells equal under rounding
    limit = _smallest_count(min(strongest * (1 + 1e-9), 1.0), total, share)
    as_extreme = int(np.random.default_rng(seed).binomial(draws, _chance_of_any(limit, total, share)))
    return (as_extreme + 1) / (draws + 1)


def _chance_of_any(limit: Ints, total: int, share: Floats) -> float:
    """Return the chance that at least one cell of a random map with this total reaches its limit.

    Counts of a multinomial are independent Poisson counts given their sum: the chance that all stay below their limits
    is the product of the cells' own chances, times that of the total by such counts, over that of the total by any.
    The total's chance is read off the characteristic function of the sum.

    References
    ----------
    Levin (1981), Annals of Statistics 9(5), 1123-1126.
    """
    each = np.asarray(scipy.stats.binom.sf(limit - 1, total, share), dtype=float)
    if (limit <= 0).any() or total == 0:
        return float((limit <= 0).any())
    bound = float(each.sum())
    if bound < _EXACT:
        return bound
    alike, n = np.unique(np.column_stack([total * share, limit]), axis=0, return_counts=True)
    terms = int(10 * np.sqrt(alike[:, 0].max()) + 60)  # from the limit or the mean on, the rest has no chance
    period = 2 * (int(20 * np.sqrt(total)) + 50)  # nor has a sum that lies half of it away from the total
    summed, part, chunk = 0.0, 32, max(1, _AT_ONCE // terms)
    for first in range(0, period // 2 + 1, part):
        at = np.arange(first, min(first + part, period // 2 + 1))
        value = np.exp(-2j * np.pi * (total * at % period) / period)
        for start in range(0, len(n), chunk):
            here = slice(start, start + chunk)
            value *= np.prod(_below(alike[here], terms, at, period) ** n[here, None], axis=0)
        mirrored = np.where((at == 0) | (at == period // 2), 1.0, 2.0)
        summed += float((mirrored * value.real).sum())
        if np.abs(value).max() < 1e-17:
            break
    below = summed / period / scipy.stats.poisson.pmf(total, total)
    return float(np.clip(1 - below, each.max(), min(bound, 1.0)))


def _below(alike: Floats, terms: int, at: Ints, period: int) -> NDArray[np.complex128]:
    """Return, at some angles, the characteristic function of Poisson counts below their limits.

    It is that of all counts less that of those from the limit on; a row holds mean and limit.
    """
    mean, limit = alike[:, :1], alike[:, 1:]
    ratio = np.concatenate([scipy.stats.poisson.pmf(limit, mean), mean / (limit + np.arange(1, terms))], axis=1)
    angle = 2 * np.pi / period
    powers = np.exp(1j * angle * (np.arange(terms)[:, None] * at % period))
    upper = np.cumprod(ratio, axis=1)
    from_limit = np.exp(1j * angle * (limit.astype(np.int64) * at % period)) * (upper @ powers)
    values: NDArray[np.complex128] = np.exp(mean * (np.exp(1j * angle * at) - 1)) - from_limit
    return values


def find_hot_spots(
    calls_by_cell: ArrayLike,
    events_by_cell: ArrayLike,
    exposures: Mapping[str, ArrayLike],
    *,
    exposure: str = "auto",
    fdr: float,
    min_events: int,
    draws: int,
    seed: int,
) -> HotSpots:
    """Return which cells hold more events than chance, with the words that the exposure allows.

    Parameters
    ----------
    calls_by_cell, events_by_cell : array_like of whole numbers, shape (n,)
        Calls are only carried along; every test is made on events.
    exposures : mapping of str to array_like, shape (n,)
        By name (households, population, road_km, covers, area). One with a missing or non-positive value is incomplete
        and counts as absent.
    exposure : str
        ``"auto"``: the first complete one of households, population, road_km and covers; without one, equal shares with
        area as a second opinion (the rule stands in the module's docstring). ``"equal"`` or a name: that one. Equal
        shares and area by themselves are no exposure: their word is "gather".
    fdr, min_events, draws, seed
        Share of false alarms; fewest events for a claim; random maps behind `map_p`, and their seed.

    Raises
    ------
    HazardError
        ``exposure-unknown``, ``exposure-incomplete`` for an exposure asked for by name; those of `excess_test`.
    """
    calls = np.array(calls_by_cell, dtype=np.int64)
    complete = {name: np.array(v, dtype=float) for name, v in exposures.items() if _bad_cells(v) == 0}
    used = _choose(exposure, exposures, complete)
    weight = np.ones(len(calls)) if used == EQUAL else complete[used]
    counts = np.array(events_by_cell, dtype=float)
    if len(counts) > 1:
        counts, share = counts_and_shares(counts, weight)
    else:
        share = np.ones(len(counts))
    total = int(counts.sum())
    expected = share * total
    ratio = np.divide(counts, expected, out=np.full(len(counts), np.nan), where=expected > 0)
    facts: dict[str, Any] = {"events": total, "cells": len(counts), "min_events": min_events}
    name = Term(EXPOSURE_NAMES.get(used, used))
    if total < min_events or len(counts) < 2:
        test = ExcessTest(np.full(len(counts), np.nan), np.zeros(len(counts), bool), np.zeros(len(counts), np.int64))
        map_p, method = float("nan"), "list"
        reason = Sentence(_ONE_CELL if len(counts) < 2 else _TOO_FEW, facts)
    else:
        test = excess_test(counts, weight, fdr=fdr)
        map_p, method = map_chance(counts, weight, draws=draws, seed=seed), "excess"
        facts |= {"exposure": name, "percent": 100 * fdr, "needed": int(np.median(test.needed))}
        template = _TESTED if used != EQUAL or exposure == EQUAL else _TESTED_WITHOUT[AREA in complete]
        reason = Sentence(template, facts)
    strong = np.full(len(counts), used in EXPOSURES)
    if exposure == "auto" and used == EQUAL and method == "excess" and AREA in complete:
        strong = excess_test(counts, complete[AREA], fdr=fdr).hot
    claims = tuple((HOT_SPOT if s else GATHER) if h else "" for h, s in zip(test.hot, strong, strict=True))
    sure = used in EXPOSURES or (HOT_SPOT in claims and GATHER not in claims)
    return HotSpots(
        method=method, exposure=used, claim=HOT_SPOT if sure else GATHER, calls=calls, events=counts.astype(np.int64),
        expected=expected, ratio=ratio, p=test.p, hot=test.hot, needed=test.needed, claims=claims, map_p=map_p,
        reason=reason,
    )  # fmt: skip


def explain_cell(hotspots: HotSpots, position: int) -> Sentence:
    """Return the sentence about one cell; `say` it with ``name=`` the cell's name.

    ``{one_in}`` is 1/p to two figures. The cell with the smallest p also carries the chance of so strong a map.
    """
    facts: dict[str, Any] = {
        "observed": int(hotspots.events[position]),
        "expected": _rounded(float(hotspots.expected[position])),
        "exposure": Term(EXPOSURE_NAMES.get(hotspots.exposure, hotspots.exposure)),
    }
    if hotspots.method == "list":
        return Sentence(_CELL_LISTED, facts)
    p = float(hotspots.p[position])
    facts |= {"one_in": one_in(p), "needed": int(hotspots.needed[position]), "map_one_in": one_in(hotspots.map_p)}
    if not hotspots.hot[position]:
        return Sentence(_CELL_BELOW if facts["observed"] < hotspots.expected[position] else _CELL_WITHIN, facts)
    top = p <= float(np.min(hotspots.p))
    if hotspots.claims[position] == GATHER:
        return Sentence(_CELL_GATHER_TOP if top else _CELL_GATHER, facts)
    if hotspots.exposure in EXPOSURES:
        return Sentence(_CELL_HOT_TOP if top else _CELL_HOT, facts)
    return Sentence(_CELL_BOTH_TOP if top else _CELL_BOTH, facts)


def one_in(p: float) -> int:
    """Return how many trials hold one such case on average: 1/p to two figures, at most one in a million."""
    if p <= 1e-6:
        return 1_000_000
    odds = 1 / p
    return int(round(odds, -max(0, int(np.log10(odds)) - 1)))


def _rounded(value: float) -> float:
    return round(value, 1) if value >= 0.1 else round(value, 2)


def _bad_cells(values: ArrayLike) -> int:
    numbers = np.asarray(values, dtype=float)
    return int((~(np.isfinite(numbers) & (numbers > 0))).sum())


def _choose(exposure: str, given: Mapping[str, ArrayLike], complete: Mapping[str, Floats]) -> str:
    if exposure == "auto":
        return next((name for name in EXPOSURES if name in complete), EQUAL)
    if exposure == EQUAL or exposure in complete:
        return exposure
    if exposure not in given:
        known = ", ".join(["auto", EQUAL, *complete])
        raise HazardError(
            "exposure-unknown", "There is no exposure named {exposure}; known: {known}.", exposure=exposure, known=known
        )
    raise HazardError(
        "exposure-incomplete",
        "Exposure {exposure} is missing or not positive in {n} cells: complete the boundary file or choose another "
        "one.",
        exposure=exposure, n=_bad_cells(given[exposure]),
    )  # fmt: skip


def _smallest_count(p: float, total: int, share: Floats) -> Ints:
    """Return the smallest count whose upper tail is at most `p`; the total + 1 where there is none."""
    share, cells = np.unique(share, return_inverse=True)  # cells alike need the same
    # Halving, not the inverse of scipy: that one is lost for the tiny p of a city's strongest cell
    low, high = np.zeros(len(share), dtype=np.int64), np.full(len(share), total + 1)
    while (low < high).any():
        middle = (low + high) // 2
        enough = (scipy.stats.binom.sf(middle - 1, total, share) <= p) | (middle > total)
        low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
    return high[cells]


_TOO_FEW = N_("Too few events for a claim about single cells: {events}; from {min_events} on, each cell is tested.")
_ONE_CELL = N_("A single cell cannot be compared with others, so the reports are only listed.")
_TESTED = N_(
    "{events} events in {cells} cells: each cell is tested exactly against what {exposure} would give it, and of the "
    "cells named at most about {percent}% are false alarms. A typical cell needs {needed} events to be named."
)
_TESTED_WITHOUT = {
    True: N_(
        "{events} events in {cells} cells, and no complete figures of households, population, roads or covers: each "
        "cell is tested exactly against an equal share, and of the cells named at most about {percent}% are false "
        "alarms. A typical cell needs {needed} events. It is called a hot spot only if it stands out by area too; else "
        "reports gather there."
    ),
    False: N_(
        "{events} events in {cells} cells, and no complete figures of households, population, roads, covers or area: "
        "each cell is tested exactly against an equal share, and of the cells named at most about {percent}% are false "
        "alarms. A typical cell needs {needed} events. The words are “reports gather here”, for more people may live "
        "there."
    ),
}
_CELL_LISTED = N_("{name}: {observed} observed, {expected} expected by {exposure}. Too few in all to say more.")
_CELL_BELOW = N_("{name}: {observed} observed, {expected} expected by {exposure}. No more than chance gives.")
_CELL_WITHIN = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. Chance alone gives one cell so many about once in "
    "{one_in} times, and there are many cells: no claim. From {needed} on it would be one."
)
_CELL_HOT = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. Chance alone gives one cell so many at most "
    "about once in "
    "{one_in} times. From {needed} on it counts as a hot spot even alone."
)
_CELL_HOT_TOP = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. Chance alone gives one cell so many at most "
    "about once in "
    "{one_in} times, and a map with a cell this strong at most about once in {map_one_in}. From {needed} on it counts "
    "as a hot spot even alone."
)
_CELL_BOTH = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}, and its area does not explain it either. Chance "
    "alone gives one cell so many at most about once in {one_in} times. From {needed} on a cell stands out even alone."
)
_CELL_BOTH_TOP = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}, and its area does not explain it either. Chance "
    "alone gives one cell so many at most about once in {one_in} times, and a map with a cell this strong at most "
    "about once "
    "in {map_one_in}. From {needed} on a cell stands out even alone."
)
_CELL_GATHER = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. Chance alone gives one cell so many at most "
    "about once in "
    "{one_in} times: reports gather here. Whether it is worse here or more people live here, these figures cannot tell."
)
_CELL_GATHER_TOP = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. Chance alone gives one cell so many at most "
    "about once in "
    "{one_in} times, and a map with a cell this strong at most about once in {map_one_in}: reports gather here. "
    "Whether it is worse here or more people live here, these figures cannot tell."
)
