"""Gi* and local Moran's I, by choice instead of the family of cell test and scan: claims about cells among their like.

**What is compared** is how far each cell's rate lies from that of all cells, in its own standard deviations
(`analysis.rates.standardized_rates`): by households or another exposure where there is one. With equal shares that is
the counts, in another unit. Raw rates would put the smallest cells on top, and their neighbours with them.

**What is a claim.** A cell that passes false-discovery control with a neighbourhood of high values *and* holds more
than expected itself, as in a hot place of the scan: of Gi* what is high, of Moran's I what is high among high (HH). The
test is two-sided, and what else passes is told as a pattern without a claim: low values that gather (a cold place is no
hazard), and cells unlike their neighbours. A cell high among low (HL) says that its neighbours are low beyond chance:
itself it need not be higher than any other.

**What it costs.** k + 1 cells dealt out at random often hold one that is hot, so neither method makes a claim on one
cell alone, and on few cells they find little (`bench/calibration.py`). That is why the program does
not choose them by itself.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from analysis.association import gi_star_test, local_moran
from analysis.rates import standardized_rates
from base.errors import HazardError
from base.text import N_, Sentence, Term

GI_STAR, MORAN = "gi_star", "moran"
METHODS = (GI_STAR, MORAN)
PERMUTATIONS = 9_999
HIGH, LOW = "high", "low"  # patterns of Gi*; those of Moran's I are HH, LL, HL, LH

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Judged(NamedTuple):
    """What a method says of each cell: z-score and p (NaN for a cell without neighbours), whether it is claimed.

    `pattern` is what passes: "high" or "low" of Gi*, the quadrant of Moran's I; "" for what does not. `alone` tells how
    many cells have no neighbour, `refused` why none could be judged.
    """

    z: Floats
    p: Floats
    claimed: Bools
    pattern: tuple[str, ...]
    alone: int
    refused: Sentence | None = None


def judge(
    counts: Floats, weight: Floats, neighbors: Any, method: str, *, fdr: float, permutations: int, seed: int
) -> Judged:
    """Return what Gi* or local Moran's I says of each cell.

    Parameters
    ----------
    counts, weight : ndarray, shape (n,)
        Events and exposure of each cell, every exposure above zero.
    neighbors
        As `analysis.association.gi_star` takes them, weights of 0 and 1; None where nobody knows who is next to whom.
    method : {"gi_star", "moran"}
    fdr, permutations, seed
        As in `analysis.association.gi_star_test`.

    Raises
    ------
    HazardError
        What `gi_star_test` and `standardized_rates` refuse, but for the two below.

    Notes
    -----
    Where no rate differs from another, or no cell has a neighbour, nothing can be judged: every z and p is NaN, and
    `refused` says why.
    """
    n = len(counts)
    values = standardized_rates(counts, weight)
    above = counts > weight / weight.sum() * counts.sum()
    options: dict[str, Any] = {"permutations": permutations, "seed": seed, "fdr": fdr}
    if neighbors is None:
        neighbors = scipy.sparse.csr_array((n, n))
    try:
        if method == GI_STAR:
            star = gi_star_test(values, neighbors, **options)
            pattern = np.where(star.passes, np.where(star.z > 0, HIGH, LOW), "")
            return Judged(star.z, star.p, (pattern == HIGH) & above, tuple(pattern.tolist()), star.alone)
        moran = local_moran(values, neighbors, **options)
    except HazardError as error:
        if error.code not in ("values-constant", "neighbours-none"):
            raise
        nothing = np.full(n, np.nan)
        return Judged(nothing, nothing, np.zeros(n, bool), ("",) * n, 0, Sentence(error.template, error.facts))
    pattern = np.where(moran.passes, moran.quadrant, "")
    return Judged(moran.z, moran.p, (pattern == "HH") & above, tuple(pattern.tolist()), moran.alone)


def reason(method: str, judged: Judged, exposed: bool, facts: dict[str, Any]) -> Sentence:
    """Return what was done, what it costs to choose it, and how many cells it cannot judge; or why it could not be.

    `exposed` says whether an exposure or equal shares were chosen; `facts` holds events, cells, exposure and percent.
    """
    if judged.refused is not None:
        return judged.refused
    alone = judged.alone
    parts: dict[str, Any] = {"judged": Sentence(_JUDGED[method, exposed], facts), "cost": Sentence(COSTS[method])}
    if alone:
        parts["alone"] = Sentence(_ALONE[alone > 1], {"n": alone})
    return Sentence(_WITH_ALONE if alone else _WHOLE, parts)


def explain(method: str, z: float, p: float, pattern: str, word: str, facts: dict[str, Any]) -> Sentence:
    """Return the sentence about one cell.

    Parameters
    ----------
    z, p, pattern
        As in `Judged`.
    word : {"hot_spot", "gather", ""}
        The claim.
    facts : dict
        observed, expected, exposure, and one_in: 1/p in a round number.
    """
    if np.isnan(p):
        return Sentence(_CELL_ALONE, facts)
    if np.isnan(z):
        return Sentence(_CELL_BESIDE_ALL, facts)
    if p > _USUAL:
        return Sentence(_CELL_USUAL, facts)
    side = Term(N_("above")) if z > 0 else Term(N_("below"))
    return Sentence(_CELLS[method, pattern, word], facts | {"z": round(abs(z), 1), "side": side})


_USUAL = 0.5  # a chance so large is not told as "once in so many times"
_WHOLE = N_("{judged} {cost}")
_WITH_ALONE = N_("{judged} {cost} {alone}")
_ALONE = {
    False: N_("One cell has no neighbour and cannot be judged by this method."),
    True: N_("{n} cells have no neighbour and cannot be judged by this method."),
}
COSTS = {  # 1,000 random maps each, three events a cell, equal exposure (bench/RESULTS.md)
    GI_STAR: N_(
        "What this choice costs: it compares neighbourhoods and not cells, and finds less. On random maps of 54 cells "
        "it named any of three neighbouring cells of 2.5 times the rate in 9 of 100 cases, the usual tests in 47 (300 "
        "cells: 10 and 36); one cell alone of three times the rate hardly ever, they in 30 (23)."
    ),
    MORAN: N_(
        "What this choice costs: it compares neighbourhoods and not cells, and finds less. On random maps of 54 cells "
        "it named any of three neighbouring cells of 2.5 times the rate in 3 of 100 cases, the usual tests in 47 (300 "
        "cells: 2 and 36); one cell alone of three times the rate never, they in 30 (23)."
    ),
}
_JUDGED = {  # method, whether an exposure or equal shares were chosen
    (GI_STAR, True): N_(
        "{events} events in {cells} cells, by Gi* as chosen: how far each cell and its neighbours lie from what "
        "{exposure} would give them is set against the same values dealt out at random over the map, up and down; of "
        "the cells that pass at most about {percent}% do so by chance. Named are those that are high with their "
        "neighbours and hold more than expected themselves."
    ),
    (GI_STAR, False): N_(
        "{events} events in {cells} cells, and no complete figures of households, population, roads or covers; by Gi* "
        "as chosen: the count of each cell, together with its neighbours', is set against the same counts dealt out at "
        "random over the map, up and down; of the cells that pass at most about {percent}% do so by chance. Named are "
        "those that are high with their neighbours and hold more than an equal share themselves. The words are "
        "“reports gather here”, for more people may live there."
    ),
    (MORAN, True): N_(
        "{events} events in {cells} cells, by local Moran's I as chosen: how far the neighbours of each cell lie from "
        "what {exposure} would give them is set against neighbours dealt out at random, up and down; of the cells that "
        "pass at most about {percent}% do so by chance. Named are those that are high among high ones (HH) and hold "
        "more than expected."
    ),
    (MORAN, False): N_(
        "{events} events in {cells} cells, and no complete figures of households, population, roads or covers; by "
        "local Moran's I as chosen: the counts of each cell's neighbours are set against neighbours dealt out at "
        "random, up and down; of the cells that pass at most about {percent}% do so by chance. Named are those that "
        "are high among high ones (HH). The words are “reports gather here”, for more people may live there."
    ),
}
_CELL_ALONE = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. It has no neighbour and cannot be judged by this "
    "method."
)
_CELL_BESIDE_ALL = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. All other cells are its neighbours, so it cannot "
    "be judged by this method."
)
_CELL_USUAL = N_(
    "{name}: {observed} observed, {expected} expected by {exposure}. It and its neighbours are as chance gives them: "
    "no claim."
)
_CELLS = {  # method, pattern, claim
    (GI_STAR, HIGH, "hot_spot"): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. With its neighbours it lies {z} standard "
        "deviations above the average; dealt out at random, the values lie so far up or down at most about once in "
        "{one_in} times: a hot spot with its neighbours."
    ),
    (GI_STAR, HIGH, "gather"): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. With its neighbours it lies {z} standard "
        "deviations above the average; dealt out at random, the values lie so far up or down at most about once in "
        "{one_in} times: reports gather here and around. Whether it is worse here or more people live here, these "
        "figures cannot tell."
    ),
    (GI_STAR, HIGH, ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. With its neighbours it lies {z} standard "
        "deviations above the average, by chance at most about once in {one_in} times; but it holds no more than "
        "expected itself: no claim."
    ),
    (GI_STAR, LOW, ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. With its neighbours it lies {z} standard "
        "deviations below the average, by chance at most about once in {one_in} times: few reports here and around. "
        "That is no claim of a hazard."
    ),
    (GI_STAR, "", ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. With its neighbours it lies {z} standard "
        "deviations {side} the average; by chance one cell lies so far up or down about once in {one_in} times, and "
        "there are many cells: no claim."
    ),
    (MORAN, "HH", "hot_spot"): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. It is high among high ones: its local "
        "Moran's I lies {z} standard deviations above what chance gives; such neighbours, dealt out at random, come at "
        "most about once in {one_in} times: a hot spot with its neighbours."
    ),
    (MORAN, "HH", "gather"): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. It is high among high ones: its local "
        "Moran's I lies {z} standard deviations above what chance gives; such neighbours, dealt out at random, come at "
        "most about once in {one_in} times: reports gather here and around. Whether it is worse here or more people "
        "live here, these figures cannot tell."
    ),
    (MORAN, "HH", ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. Its neighbours are high, by chance at most "
        "about once in {one_in} times; but it holds no more than expected itself: no claim."
    ),
    (MORAN, "LL", ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. It is low among low ones (z-score of its "
        "local Moran's I: {z}), by chance at most about once in {one_in} times: few reports here and around. That is "
        "no claim of a hazard."
    ),
    (MORAN, "HL", ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. It is high among low ones: its neighbours are "
        "low, by chance at most about once in {one_in} times. Of the cell itself that says little: no claim."
    ),
    (MORAN, "LH", ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. It is low among high ones: its neighbours are "
        "high, by chance at most about once in {one_in} times, the cell itself is not: no claim."
    ),
    (MORAN, "", ""): N_(
        "{name}: {observed} observed, {expected} expected by {exposure}. Its local Moran's I lies {z} standard "
        "deviations {side} what chance gives; such neighbours, dealt out at random, come about once in {one_in} "
        "times, and there are many cells: no claim."
    ),
}
