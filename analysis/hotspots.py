"""Which cells hold more events than chance would give them, in what words, and why by this method.

**The tests.** Given the total, the events of a cell without any pattern are binomial with the cell's share of the
exposure; the p-value is the exact upper tail, and Benjamini-Hochberg holds the false alarms among the cells named at
`fdr`. It is exact for the tiny counts of a street office, where Gi* paints half of all random maps. Beside it the
circular scan (`analysis.scan`) looks at neighbouring cells together, for water does not stop at the border of a grid.
Both share one chance of a false claim (`analysis.family`). They count events, not calls: see `analysis.events`.

**The words.** A cell may be called a *hot spot* only where an exposure stands behind it: households, population, length
of road, number of covers. Without one, cells are compared by equal shares, for grids are often cut to equal numbers of
households, and the word is *reports gather here*: that is true, and whether it is worse there or more people live
there these figures cannot tell. (On random maps of events in proportion to households that nobody told us of, equal
shares name cells on nearly all maps; a second opinion by area, which is a proxy too, left up to half of them.)

**By choice.** Gi* and local Moran's I (`analysis.neighborhoods`) can be had in place of the family, never beside it:
one family of claims a screen. Calls can be counted in place of events: then nothing is tested and nothing is claimed.

**Cells of a place.** Claimed is the place, not each of its cells. A cell that its own test names, or that is a place by
itself or the whole hottest part of one, is a *hot spot*. Of the others those that hold more than expected are *in a hot
place* (*in a gathering place*): by themselves they may be quite usual. Those that hold less are not named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts load when they are first asked for: they take a second that most commands do not need
from numpy.typing import ArrayLike, NDArray

from analysis import family, neighborhoods
from analysis.association import gi_star as gi_star  # every test of a cell can be asked for here
from analysis.association import gi_star_test as gi_star_test
from analysis.association import local_moran as local_moran
from analysis.checked import counts_and_shares
from analysis.circles import Cluster
from analysis.drawn import Drawn, remark
from analysis.neighborhoods import GI_STAR as GI_STAR
from analysis.neighborhoods import MORAN as MORAN
from analysis.scan import Circles, counts_alone, hottest_part, strongest_circles
from base.errors import HazardError
from base.text import N_, NP_, Sentence, Term
from data.schema import EXPOSURES

EQUAL, AREA = "equal", "area"
HOT_SPOT, GATHER = "hot_spot", "gather"  # 热点, 报告集中
HOT_PLACE, GATHER_PLACE = "hot_place", "gather_place"  # 热点片区内, 集中片区内: the place is claimed, not the cell
IN_PLACE = {HOT_SPOT: HOT_PLACE, GATHER: GATHER_PLACE}
BY_CELL, BY_PLACE, BY_BOTH = "cell", "place", "both"  # which test names a cell
LIST, EXCESS, FAMILY = "list", "excess", "excess+scan"  # methods, beside GI_STAR and MORAN
CALLS = "calls"  # as a method: calls are counted and nothing is claimed
AUTO = "auto"
ASKED = (AUTO, EXCESS, FAMILY, GI_STAR, MORAN, LIST, CALLS)  # what can be asked for
MANY = 1_000  # cells: in a city a scan takes seconds, so places are looked for when somebody asks
EXPOSURE_NAMES = {
    "households": N_("households"),
    "population": N_("population"),
    "road_km": N_("road length"),
    "covers": N_("number of covers"),
    AREA: N_("area"),
    EQUAL: N_("equal shares"),
}
_AT_ONCE = 1_000_000  # numbers held at once while the chance of a map is summed
_SLACK = 1 + 1e-9  # what two ways of rounding may differ by: a cell named has what it needs
_EXACT = 1e-7  # a smaller chance of a map is the sum of its cells' chances, to as small a part of it

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class ExcessTest(NamedTuple):
    """One row a cell: chance of so many or more events, whether it passes, and the count a lone cell would need."""

    p: Floats
    hot: Bools
    needed: Ints


class HotPlace(NamedTuple):
    """Neighbouring cells that together hold more events than chance gives: positions of all of them, ascending.

    `ratio` is the rate inside over the rate outside; `p` the chance of a map with a place as strong; `part` the cells
    of the hottest circle within it that is a claim by itself (`analysis.scan.hottest_part`), all of them if no smaller
    one is.
    """

    members: tuple[int, ...]
    observed: int
    expected: float
    ratio: float
    p: float
    part: tuple[int, ...] = ()


@dataclass(frozen=True)
class HotSpots:
    """The answer for one family of claims (hazard, level, period); arrays have one value per cell, in the order given.

    `claims` is the word of each cell ("hot_spot" or "gather"; "hot_place" or "gather_place" where only a place is named
    in which it lies; or ""), `hot` where there is one, `by` which test names it ("cell", "place", "both", "gi_star",
    "moran" or "") and `claim` the one word of this screen, for a legend or a title ("" where none may be made).
    `weight` is the exposure that was used, ones for equal shares, times `part`: the part of the period that each cell
    had, 1 but for those drawn anew within it. `places` are the hot places, strongest first. `p` is that of the cell
    alone, `cells_p` the chance of a map with a cell as strong, and `map_p` that of a map with evidence as rare by any
    test of the method. `reason` says why by this method and this exposure.

    `method` "excess" tests the cells, "excess+scan" the cells and the places around them. "gi_star" and "moran" test
    each cell among its neighbours: `p` and `z` are theirs (NaN for a cell without any), `pattern` tells what passes
    ("high", "low"; "HH", "LL", "HL", "LH"); there is no `map_p`, no `cells_p` (NaN) and no count `needed` (0). Under
    "list" and "calls" nothing was tested: every p is NaN and `needed` is 0. Under "calls" `expected` and `ratio` are of
    calls, else of events.
    """

    method: str
    exposure: str
    claim: str
    calls: Ints
    events: Ints
    weight: Floats
    part: Floats
    expected: Floats
    ratio: Floats
    p: Floats
    hot: Bools
    needed: Ints
    claims: tuple[str, ...]
    by: tuple[str, ...]
    places: tuple[HotPlace, ...]
    map_p: float
    cells_p: float
    reason: Sentence
    z: Floats
    pattern: tuple[str, ...]

    @property
    def tested(self) -> bool:
        """Whether any cell was tested: else there is no p and no claim."""
        return self.method not in (LIST, CALLS)

    @property
    def counted(self) -> Ints:
        """What `expected` stands beside: events, or the calls where calls are counted."""
        return self.calls if self.method == CALLS else self.events

    @property
    def own(self) -> int:
        """How many cells are named themselves, and not only through a place in which they lie."""
        return sum(one in IN_PLACE for one in self.claims)

    @property
    def sharing(self) -> tuple[HotPlace, ...]:
        """The places that name cells which nothing else names, strongest first."""
        return tuple(one for one in self.places if any(self.by[cell] == BY_PLACE for cell in one.members))


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
    p, hot = _passing(observed, share, fdr)
    return ExcessTest(p, hot, _smallest_count(fdr / len(share) * _SLACK, int(observed.sum()), share))


def _passing(observed: Floats, share: Floats, fdr: float) -> tuple[Floats, Bools]:
    p = np.clip(scipy.stats.binom.sf(observed - 1, int(observed.sum()), share), 0.0, 1.0)
    return p, scipy.stats.false_discovery_control(p, method="bh") <= fdr * _SLACK


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
    limit = _smallest_count(min(strongest * _SLACK, 1.0), total, share)
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


def choose_method(events: int, cells: int, *, min_events: int, asked: str = AUTO) -> str:
    """Return the method that suits a sample: "list", "excess" or "excess+scan"; or the one asked for.

    Under `min_events` events, or of one cell, nothing can be claimed, whatever is asked. From there on the cells are
    tested, and with them the places that neighbours share: together they find more than either at the same chance of a
    false claim. Among more than `MANY` cells the cells alone, unless places are asked for. Gi* and Moran's I are never
    chosen for anybody: at the same chance of a false claim they find less. Calls carry no claim.

    Parameters
    ----------
    asked : {"auto", "excess", "excess+scan", "gi_star", "moran", "list", "calls"}

    Raises
    ------
    HazardError
        ``method-unknown``.
    """
    if asked not in ASKED:
        raise HazardError("method-unknown", "{name} is none of {known}.", name=asked, known=", ".join(ASKED))
    if asked == CALLS:
        return CALLS
    if events < min_events or cells < 2:
        return LIST
    if asked == AUTO:
        return FAMILY if cells <= MANY else EXCESS
    return asked


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
    method: str = AUTO,
    surroundings: family.Surroundings | None = None,
    permutations: int = neighborhoods.PERMUTATIONS,
    drawn: Drawn | None = None,
) -> HotSpots:
    """Return which cells hold more events than chance, with the words that the exposure allows.

    Parameters
    ----------
    calls_by_cell, events_by_cell : array_like of whole numbers, shape (n,)
        Every test is made on events. Calls are carried along, or under the method "calls" counted without a claim.
    exposures : mapping of str to array_like, shape (n,)
        By name (households, population, road_km, covers, area). One with a missing or non-positive value is incomplete
        and counts as absent.
    exposure : str
        ``"auto"``: the first complete one of households, population, road_km and covers; without one, equal shares.
        ``"equal"`` or a name: that one. Equal shares and area are no exposure: their word is "gather".
    fdr, min_events, draws, seed
        Share of false alarms; fewest events for a claim; random maps behind `map_p` where only cells are tested, and
        the seed of these and of permutations.
    method : str
        As `choose_method` takes it. Where Gi* or Moran's I cannot be reckoned (no cell has a neighbour, no rate
        differs) every p is NaN and the reason says so.
    surroundings : family.Surroundings, optional
        Where the cells lie, random maps of them, and who is next to whom; without it neither places nor neighbours can
        be looked for.
    permutations : int
        Of Gi* and Moran's I, more for cells at the floor.
    drawn : Drawn, optional
        Where cells were drawn anew within the period; they are expected to have their share of what came since then.

    Raises
    ------
    HazardError
        ``exposure-unknown``, ``exposure-incomplete`` for an exposure asked for by name; those of `excess_test`.
    """
    calls = np.array(calls_by_cell, dtype=np.int64)
    complete = {name: np.array(v, dtype=float) for name, v in exposures.items() if _bad_cells(v) == 0}
    used = _choose(exposure, exposures, complete)
    n = len(calls)
    weight = np.ones(n) if used == EQUAL else complete[used]
    part = np.ones(n) if drawn is None else drawn.part(weight)
    weight = weight * part
    counts = np.array(events_by_cell, dtype=float)
    if n > 1:
        counts, share = counts_and_shares(counts, weight)
    else:
        share = np.ones(n)
    total = int(counts.sum())
    used_method = choose_method(total, n, min_events=min_events, asked=method)
    counted = calls.astype(float) if used_method == CALLS else counts
    expected = share * counted.sum()
    ratio = np.divide(counted, expected, out=np.full(n, np.nan), where=expected > 0)
    facts: dict[str, Any] = {"events": total, "cells": n, "min_events": min_events}
    facts |= {"exposure": Term(EXPOSURE_NAMES.get(used, used)), "percent": 100 * fdr}
    exposed = used in complete or exposure == EQUAL
    test = ExcessTest(np.full(n, np.nan), np.zeros(n, bool), np.zeros(n, np.int64))
    z, pattern, by = np.full(n, np.nan), ("",) * n, ("",) * n
    map_p = cells_p = float("nan")
    places: tuple[HotPlace, ...] = ()
    reason = Sentence(_NOT_TESTED, facts)
    if used_method == CALLS:
        reason = Sentence(_CALLS, facts | {"calls": int(calls.sum())})
    elif used_method == LIST and method != LIST:
        reason = Sentence(_ONE_CELL if n < 2 else _TOO_FEW, facts)
    elif used_method in neighborhoods.METHODS:
        judged = _judged(counts, weight, used_method, surroundings, fdr, permutations, seed)
        test, z, pattern = test._replace(p=judged.p), judged.z, judged.pattern
        by = tuple(used_method if one else "" for one in judged.claimed)
        reason = neighborhoods.reason(used_method, judged, exposed, facts)
    elif used_method in (EXCESS, FAMILY):
        found = _family(weight, total, surroundings, fdr) if used_method == FAMILY else None
        cells_p = map_chance(counts, weight, draws=draws, seed=seed)
        if found is None:  # not asked for, or not to be had
            used_method, test, map_p = EXCESS, excess_test(counts, weight, fdr=fdr), cells_p
        else:
            test, places, map_p = found.of(counts, weight, total)
        facts["needed"] = int(np.median(test.needed))
        reason = Sentence(_TESTED[used_method, exposed], facts)
        circles = [circle for place in places for circle in (place.members, place.part)]
        by = _named_by(test.hot, circles, counts > expected)
    if (more := remark(part)) is not None:
        reason = Sentence(_TOGETHER, {"reason": reason, "more": more})
    claim = "" if method in (LIST, CALLS) else HOT_SPOT if used in EXPOSURES else GATHER
    word = {"": "", BY_PLACE: IN_PLACE.get(claim, "")}
    return HotSpots(
        method=used_method, exposure=used, claim=claim, calls=calls, events=counts.astype(np.int64), weight=weight,
        part=part, expected=expected, ratio=ratio, p=test.p, hot=np.array([bool(one) for one in by], dtype=bool),
        needed=test.needed, claims=tuple(word.get(one, claim) for one in by), by=by, places=places, map_p=map_p,
        cells_p=cells_p, reason=reason, z=z, pattern=pattern,
    )  # fmt: skip


def claimed(
    counts: ArrayLike,
    weight: ArrayLike,
    *,
    fdr: float,
    min_events: int,
    method: str,
    surroundings: family.Surroundings | None = None,
    permutations: int = neighborhoods.PERMUTATIONS,
    seed: int = 0,
) -> Bools:
    """Return which cells `find_hot_spots` would claim on a map, and nothing else of it: for whoever tests many maps.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n,)
        Events of each cell.
    weight : array_like, shape (n,)
        The exposure, as `HotSpots.weight` has it.
    fdr, min_events, method, surroundings, permutations, seed
        As in `find_hot_spots`.

    Raises
    ------
    HazardError
        Those of `excess_test`; ``method-unknown``.
    """
    given = np.asarray(counts, dtype=float)
    used_method = choose_method(int(given.sum()), len(given), min_events=min_events, asked=method)
    if used_method in (LIST, CALLS):
        return np.zeros(len(given), dtype=bool)
    observed, share = counts_and_shares(given, weight)
    if used_method in neighborhoods.METHODS:
        each = np.asarray(weight, dtype=float)
        return _judged(observed, each, used_method, surroundings, fdr, permutations, seed).claimed
    total = int(observed.sum())
    found = _family(np.asarray(weight, dtype=float), total, surroundings, fdr) if used_method == FAMILY else None
    if found is None:
        return _passing(observed, share, fdr)[1]
    hot = _passing(observed, share, found.limit.level)[1]
    members = [tuple(one.members.tolist()) for one in found.strong(observed)]
    return np.array([bool(one) for one in _named_by(hot, members, observed > share * total)], dtype=bool)


def _judged(
    counts: Floats,
    weight: Floats,
    method: str,
    surroundings: family.Surroundings | None,
    fdr: float,
    permutations: int,
    seed: int,
) -> neighborhoods.Judged:
    near = None if surroundings is None else surroundings.neighbors()
    return neighborhoods.judge(counts, weight, near, method, fdr=fdr, permutations=permutations, seed=seed)


class _Family(NamedTuple):
    """What names a cell and a place under one chance of a false claim."""

    circles: Circles
    maps: Sequence[family.RandomMaps]
    limit: family.Limits

    def strong(self, counts: Floats) -> list[Cluster]:
        """Return the circles that reach the limit, strongest first."""
        return [one for one in self._strongest(counts) if family.reaches(one.llr, self.limit.llr)]

    def of(self, counts: Floats, weight: Floats, total: int) -> tuple[ExcessTest, tuple[HotPlace, ...], float]:
        """Return the test of the cells, the hot places, and the chance of a map with evidence as rare."""
        test = excess_test(counts, weight, fdr=self.limit.level)
        if np.isfinite(self.limit.llr):
            test = test._replace(needed=np.minimum(test.needed, counts_alone(self.circles, total, self.limit.llr)))
        found = self._strongest(counts)
        strongest = found[0].llr if found else 0.0
        smallest = float(family.simes(test.p))
        places = tuple(
            HotPlace(
                tuple(one.members.tolist()), one.observed, one.expected, one.relative_risk,
                max(family.circle_chance(drawn, one.llr) for drawn in self.maps),
                tuple(hottest_part(self.circles, counts, one.members, least=self.limit.llr).tolist()),
            )
            for one in found
            if family.reaches(one.llr, self.limit.llr)
        )  # fmt: skip
        return test, places, max(family.map_chance(one, smallest, strongest) for one in self.maps)

    def _strongest(self, counts: Floats) -> tuple[Cluster, ...]:
        return strongest_circles(self.circles, counts, least=self.limit.llr, most_clusters=None)


def _family(weight: Floats, total: int, surroundings: family.Surroundings | None, fdr: float) -> _Family | None:
    """Return the family of the cells' test and the circles.

    None where it cannot be had: nobody knows the places, no circle is within the limits, or so few random maps cannot
    show so small a chance.
    """
    if surroundings is None:
        return None
    try:
        circles = surroundings.circles(weight)
    except HazardError as error:
        if error.code in ("scan-no-circle", "scan-too-large"):
            return None
        raise
    maps = surroundings.maps(circles, total)
    limit = family.strictest([family.limits(one, fdr=fdr) for one in maps])
    return _Family(circles, maps, limit) if limit.level else None


def _named_by(hot: Bools, circles: Iterable[tuple[int, ...]], above: Bools) -> tuple[str, ...]:
    """Return which test names each cell; a circle of one cell is that cell's own."""
    inside, hot = np.zeros(len(hot), dtype=bool), hot.copy()
    for members in circles:
        (inside if len(members) > 1 else hot)[list(members)] = True
    inside &= above
    return tuple(np.select([hot & inside, hot, inside], [BY_BOTH, BY_CELL, BY_PLACE], default="").tolist())


def explain_cell(hotspots: HotSpots, position: int) -> Sentence:
    """Return the sentence about one cell; `say` it with ``name=`` the cell's name.

    ``{one_in}`` is 1/p to two figures. Where cells alone were tested, the one with the smallest p also carries the
    chance of so strong a map; with places the map has one chance for both, and that is not a cell's.
    """
    facts: dict[str, Any] = {
        "observed": int(hotspots.counted[position]),
        "expected": _rounded(float(hotspots.expected[position])),
        "exposure": Term(EXPOSURE_NAMES.get(hotspots.exposure, hotspots.exposure)),
    }
    if not hotspots.tested:
        return Sentence(_CELL_CALLS if hotspots.method == CALLS else _CELL_LISTED, facts)
    p = float(hotspots.p[position])
    if hotspots.method in neighborhoods.METHODS:
        if np.isnan(hotspots.p).all():
            return Sentence(_CELL_NOT_JUDGED, facts | {"why": hotspots.reason})
        facts["one_in"] = 0 if np.isnan(p) else one_in(p)
        z, pattern, claim = (part[position] for part in (hotspots.z, hotspots.pattern, hotspots.claims))
        return neighborhoods.explain(hotspots.method, float(z), p, pattern, claim, facts)
    facts |= {"one_in": one_in(p), "needed": int(hotspots.needed[position]), "map_one_in": one_in(hotspots.cells_p)}
    if not hotspots.hot[position]:
        return Sentence(_CELL_BELOW if facts["observed"] < hotspots.expected[position] else _CELL_WITHIN, facts)
    sure = hotspots.claim == HOT_SPOT
    if hotspots.by[position] == BY_PLACE:
        place = next(one for one in hotspots.places if position in one.members)
        facts |= {
            "n": len(place.members) - 1,
            "together": place.observed,
            "together_expected": _rounded(place.expected),
            "place_one_in": one_in(place.p),
        }
        return Sentence(_CELL_IN_PLACE[sure], facts)
    top = hotspots.method == EXCESS and p <= float(np.min(hotspots.p))
    if sure:
        return Sentence(_CELL_HOT_TOP if top else _CELL_HOT, facts)
    return Sentence(_CELL_GATHER_TOP if top else _CELL_GATHER, facts)


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


_TOGETHER = N_("{reason} {more}")
_TOO_FEW = N_("Too few events for a claim about single cells: {events}; from {min_events} on, each cell is tested.")
_ONE_CELL = N_("A single cell cannot be compared with others, so the reports are only listed.")
_NOT_TESTED = N_(
    "The cells were not tested, so none is claimed. Dense groups of points are a description and no claim: they also "
    "form where many people live."
)
_CALLS = N_(
    "{calls} calls in {cells} cells are counted as they came, and nothing is claimed: one thing counts as often as "
    "somebody called about it. Of random maps of 23 cells without any pattern, with two calls an event on average, 56 "
    "in 100 would carry a false claim; with events 2 do."
)
_TESTED = {  # method, whether an exposure or equal shares were chosen -> sentence
    (EXCESS, True): N_(
        "{events} events in {cells} cells: each cell is tested exactly against what {exposure} would give it, and of "
        "the cells named at most about {percent}% are false alarms. A typical cell needs {needed} events to be named."
    ),
    (EXCESS, False): N_(
        "{events} events in {cells} cells, and no complete figures of households, population, roads or covers: each "
        "cell is tested exactly against an equal share, and of the cells named at most about {percent}% are false "
        "alarms. A typical cell needs {needed} events. The words are “reports gather here”, for more people may live "
        "there."
    ),
    (FAMILY, True): N_(
        "{events} events in {cells} cells: each cell, and each circle of neighbouring cells, is tested against what "
        "{exposure} would give it; of maps without a pattern at most {percent}% carry any claim. Alone a typical cell "
        "needs {needed} events to be named."
    ),
    (FAMILY, False): N_(
        "{events} events in {cells} cells, and no complete figures of households, population, roads or covers: each "
        "cell, and each circle of neighbouring cells, is tested against equal shares; of maps without a pattern at "
        "most {percent}% carry any claim. Alone a typical cell needs {needed} events. The words are “reports gather "
        "here”, for more people may live there."
    ),
}
_CELL_LISTED = N_("{name}: {observed} observed, {expected} expected by {exposure}. Too few in all to say more.")
_CELL_NOT_JUDGED = N_("{name}: {observed} observed, {expected} expected by {exposure}. {why}")
_CELL_CALLS = N_(
    "{name}: {observed} calls, {expected} expected by {exposure}. Calls about one thing count several times: no claim."
)
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
_CELL_IN_PLACE = {  # whether a hot place is claimed; n other cells
    True: NP_(
        "{name}: {observed} observed, {expected} expected by {exposure}: by itself no claim. It lies in a hot place: "
        "with one cell beside it {together} observed and {together_expected} expected, and chance alone gives a map a "
        "place this strong at most about once in {place_one_in} times.",
        "{name}: {observed} observed, {expected} expected by {exposure}: by itself no claim. It lies in a hot place: "
        "with {n} cells around it {together} observed and {together_expected} expected, and chance alone gives a map a "
        "place this strong at most about once in {place_one_in} times.",
    ),
    False: NP_(
        "{name}: {observed} observed, {expected} expected by {exposure}: by itself no claim. It lies in a gathering "
        "place: with one cell beside it {together} observed and {together_expected} expected, and chance alone gives a "
        "map a place this strong at most about once in {place_one_in} times. Whether it is worse there or more people "
        "live there, these figures cannot tell.",
        "{name}: {observed} observed, {expected} expected by {exposure}: by itself no claim. It lies in a gathering "
        "place: with {n} cells around it {together} observed and {together_expected} expected, and chance alone gives "
        "a map a place this strong at most about once in {place_one_in} times. Whether it is worse there or more "
        "people live there, these figures cannot tell.",
    ),
}
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
