"""Do high values lie beside high ones? Gi* and local Moran's I for each cell, Moran's I for the map.

**The chance of a cell** is found by permutation, for counts are small and skewed and the normal curve flatters them.
The values are dealt out at random many times, and p is the share of the deals, the map itself among them, whose sum
around the cell is as large or larger, or as small or smaller; ties count. Both sides are looked at, so p is twice the
smaller share, and with R deals it is never below 2 / (R + 1). That must get below fdr / n, or a lone cell could never
pass Benjamini-Hochberg: cells that no deal reached go on until it does. That only these go on keeps p valid: one below
the first floor is at most as likely as without the first look, and one above it was at the floor before.

**What is dealt** is the question that p answers. `local_moran` keeps the cell's own value and draws its k neighbours
from the other n - 1: is this value, as it is, among values like it? (Anselin 1995.) `gi_star_test` draws k + 1 values
from all n, the cell's own among them: are this cell and its neighbours together high? That is the very null whose mean
and variance stand in the z-score of Gi* (Ord & Getis 1995). To hold the cell's value there, as esda does with
``star=True``, leaves it on both sides of the comparison: p is then that of the neighbours alone, a single hot cell
cannot flag itself and its neighbours are flagged in its place. It is kept as ``own="fixed"``, for comparison: z and p
are then those of Gi, and where the weights of a row are alike p is that of local Moran's I. Neither makes a hot spot of
one cell alone: k + 1 random cells hold it too often. That is what the excess test is for.

**Fast without a compiler.** All cells share the deals: a deal is a row of distinct cells, and its first k are a random
neighbourhood of every cell with k neighbours. The sums of the rows are sorted once, and the rank of a cell is looked
up. Only a row in which the cell itself was dealt to it needs a look of its own, about k of n; there the next one in the
row takes its place. Each cell has its exact null; what chance the deals leave in p is common to the cells, as with any
shared draw. Weights that differ within a row are multiplied out instead, some cells at a time.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
import scipy  # its parts load when they are first asked for
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

_AT_ONCE = 1 << 19  # numbers dealt or multiplied at once: bounds the memory
_TIE = 1e-12  # of the range of the values: so near is equal, for sums of the same values in another order differ

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class GiStar(NamedTuple):
    """One value a cell: z-score, two-sided p, whether it passes, deals behind p; and how many cells are alone."""

    z: Floats
    p: Floats
    passes: Bools
    draws: Ints
    alone: int


class LocalMoran(NamedTuple):
    """As `GiStar`, with I and the quadrant of each cell; z is the z-score of its I."""

    i: Floats
    quadrant: NDArray[np.str_]
    p: Floats
    passes: Bools
    draws: Ints
    alone: int
    z: Floats


class GlobalMoran(NamedTuple):
    """Moran's I of a map, what it is on average without a pattern, its variances, and z and p by the first of them."""

    i: float
    expected: float
    variance: float
    variance_normal: float
    z: float
    p: float
    alone: int


def gi_star(values: ArrayLike, neighbors: Any) -> Floats:
    """Return the local Gi* statistic of each cell as a z-score.

    Parameters
    ----------
    values : array_like, shape (n,)
        One number a cell, in the order of `neighbors`. No missing values.
    neighbors : scipy sparse matrix or array, shape (n, n), or what holds one as ``.sparse`` (libpysal Graph or W)
        Weights as they are, usually 0 and 1; row i holds the neighbours of cell i. The cell itself is added with the
        largest weight of its row, unless it has one on the diagonal. Row-standardised weights give the same z.

    Returns
    -------
    ndarray, shape (n,)
        Positive where high values gather, negative where low ones do; unitless. NaN for a cell without neighbours, and
        for one whose neighbours are all the others, as its sum cannot vary.

    Raises
    ------
    HazardError
        ``values-uneven``, ``one-cell``, ``values-bad`` for a missing or infinite one, ``values-constant``;
        ``weights-bad`` for a negative or missing weight, ``neighbours-none`` if no cell has any.

    Notes
    -----
    Ord & Getis (1995), equation for any weights: the variance holds the sum of the squared weights. esda 2.9 puts the
    sum of the weights in its place, which is the same for weights of 0 and 1 only.

    References
    ----------
    Ord & Getis (1995), Geographical Analysis 27(4), 286-306.
    """
    x, others, own = _checked(values, neighbors)
    return _score(x, _with_own(others, own), fixed=False)


def gi_star_test(
    values: ArrayLike,
    neighbors: Any,
    *,
    permutations: int,
    seed: int,
    fdr: float = 0.05,
    own: Literal["drawn", "fixed"] = "drawn",
) -> GiStar:
    """Return Gi* of each cell with its chance if the values were dealt out at random.

    Parameters
    ----------
    values, neighbors
        As in `gi_star`.
    permutations : int
        Deals for all cells, 9,999 as a rule. Cells at the floor get more, up to 2n / fdr in all.
    seed : int
        Of the deals; the same seed gives the same answer.
    fdr : float
        Expected share of false alarms among the cells that pass (Benjamini-Hochberg over the cells with a p).
    own : {"drawn", "fixed"}
        Whether the cell's own value is dealt with the others, or stays in its place: then z and p are those of its
        neighbours alone, which is Gi. See the module's docstring.

    Returns
    -------
    GiStar
        ``.z`` as `gi_star`, or Gi; ``.p`` two-sided, NaN for cells without neighbours; ``.passes``, False there;
        ``.draws`` behind each p, 0 there; ``.alone`` how many of them. Hot is what passes with z > 0, cold with z < 0.

    Raises
    ------
    HazardError
        Those of `gi_star`; ``permutations-bad`` below 1; ``fdr-bad`` outside 0..1.
    """
    x, others, itself = _checked(values, neighbors)
    fixed = own == "fixed"
    around = others if fixed else _with_own(others, itself)
    p, draws = _chances(x, around, fixed, permutations, seed, fdr)
    z = _score(x, around, fixed=fixed)
    return GiStar(z, p, _passes(p, fdr), draws, int(np.isnan(p).sum()))


def local_moran(values: ArrayLike, neighbors: Any, *, permutations: int, seed: int, fdr: float = 0.05) -> LocalMoran:
    """Return local Moran's I of each cell: is it like its neighbours, and by what chance?

    Parameters
    ----------
    values, permutations, seed, fdr
        As in `gi_star_test`; the cell's own value stays in its place.
    neighbors
        As in `gi_star`, but a cell is no neighbour of itself: the diagonal counts for nothing. I is in units of the
        weights: row-standardised ones give the usual I, 0 and 1 give k times it. Quadrant and p are the same.

    Returns
    -------
    LocalMoran
        ``.i`` is z_i times the weighted sum of its neighbours' z, over the mean of all z squared, where z is the
        distance from the mean; NaN for a cell without neighbours. ``.quadrant`` "HH", "LL" (like its neighbours), "HL",
        "LH" (unlike them), first the cell, high if above the mean; "" for a cell without neighbours. ``.p`` two-sided,
        1 for a cell at the mean, whose I is 0 under any neighbours; ``.passes``, ``.draws``, ``.alone`` as in `GiStar`;
        ``.z`` is how far I lies from its mean if the others are dealt out, in standard deviations: positive for a cell
        like its neighbours, 0 for one at the mean, NaN where I cannot vary.

    Raises
    ------
    HazardError
        Those of `gi_star_test`.

    Notes
    -----
    The mean of z squared is taken over n, as in Anselin (1995) and spdep: the mean of I under row-standardised weights
    is Moran's I of the map. esda takes it over n - 1: its values are (n - 1) / n of these.

    References
    ----------
    Anselin (1995), Geographical Analysis 27(2), 93-115.
    """
    x, others, _own = _checked(values, neighbors)
    alone = np.diff(others.indptr) == 0
    z = _no_dust(x - x.mean(), 1.0)
    lag = _no_dust(others @ z, others.sum(axis=1))
    i = np.where(alone, np.nan, z * lag / np.mean(z**2))
    quadrant = np.char.add(np.where(z > 0, "H", "L"), np.where(lag > 0, "H", "L"))
    quadrant[alone] = ""
    p, draws = _chances(x, others, True, permutations, seed, fdr)
    p[(z == 0) & ~alone] = 1.0
    score = np.sign(z) * _score(x, others, fixed=True)
    return LocalMoran(i, quadrant, p, _passes(p, fdr), draws, int(alone.sum()), score)


def moran(values: ArrayLike, neighbors: Any) -> GlobalMoran:
    """Return Moran's I: whether the map as a whole is smoother or rougher than chance.

    Parameters
    ----------
    values, neighbors
        As in `local_moran`. Cells without neighbours count in the mean and in n, and are told.

    Returns
    -------
    GlobalMoran
        ``.i``; ``.expected`` -1 / (n - 1); ``.variance`` if the values are dealt out at random, ``.variance_normal`` if
        they are drawn from a normal curve; ``.z`` and the two-sided ``.p`` of a normal curve, by the former; NaN below
        four cells or if I cannot vary. ``.alone`` is the number of cells without neighbours.

    Raises
    ------
    HazardError
        Those of `gi_star`.

    References
    ----------
    Cliff & Ord (1981), Spatial Processes, p. 21.
    """
    x, others, _own = _checked(values, neighbors)
    n, z = len(x), x - x.mean()
    both = others + others.T
    s0, s1 = others.sum(), (both.data**2).sum() / 2
    s2 = (both.sum(axis=1) ** 2).sum()
    i, expected = n / s0 * (z @ (others @ z)) / (z @ z), -1 / (n - 1)
    normal = (n**2 * s1 - n * s2 + 3 * s0**2) / ((n**2 - 1) * s0**2) - expected**2
    dealt = np.nan
    if n > 3:
        peaked = np.mean(z**4) / np.mean(z**2) ** 2
        dealt = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
        dealt -= peaked * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
        dealt = dealt / ((n - 1) * (n - 2) * (n - 3) * s0**2) - expected**2
    score = (i - expected) / np.sqrt(dealt) if dealt > _TIE else np.nan
    p = 2 * scipy.stats.norm.sf(abs(score))
    alone = int((np.diff(others.indptr) == 0).sum())
    return GlobalMoran(float(i), expected, float(dealt), float(normal), float(score), float(p), alone)


def _checked(values: ArrayLike, neighbors: Any) -> tuple[Floats, Any, Floats]:
    """Return the values brought to 0..1, which changes no statistic here; the weights of others; those of the cell."""
    x = np.asarray(values, dtype=float)
    weights = scipy.sparse.csr_array(getattr(neighbors, "sparse", neighbors), dtype=float, copy=True)
    if x.ndim != 1 or weights.shape != (len(x), len(x)):
        raise HazardError("values-uneven", "Values and neighbours must be given for the same cells.")
    if len(x) < 2:
        raise HazardError("one-cell", "Cells are compared with each other: at least two are needed.")
    if bad := int((~(np.abs(x) < 1e300)).sum()):
        raise HazardError(
            "values-bad", "The value is missing, or no number to reckon with, in {n} cells: only the others can be "
            "compared.", n=bad,
        )  # fmt: skip
    lowest, width = x.min(), np.ptp(x)
    if width <= _TIE * np.abs(x).max():
        raise HazardError("values-constant", "All {n} cells have the same value: none stands out.", n=len(x))
    weights.sum_duplicates()
    if not ((weights.data == 0) | ((weights.data > 1e-100) & (weights.data < 1e100))).all():
        raise HazardError("weights-bad", "The weight of a neighbour must be a number from 0 up.")
    own = weights.diagonal()
    others = scipy.sparse.csr_array(weights - scipy.sparse.diags_array(own))
    others.eliminate_zeros()
    if not others.nnz:
        raise HazardError("neighbours-none", "No cell has a neighbour: there is nothing to compare it with.")
    return (x - lowest) / width, others, own


def _with_own(others: Any, own: Floats) -> Any:
    """Return the weights with those of the cells themselves; a cell without neighbours gets none."""
    largest = others.max(axis=1).toarray().ravel()
    around = scipy.sparse.csr_array(
        others + scipy.sparse.diags_array(np.where((own > 0) & (largest > 0), own, largest))
    )
    around.eliminate_zeros()
    return around


def _score(x: Floats, weights: Any, *, fixed: bool) -> Floats:
    """Return how far the sum of each row lies from its mean if the values are dealt out, in standard deviations.

    `fixed` says that the cell's own value is not dealt to it: the mean and variance are those of the others.
    """
    n, total = len(x) - fixed, weights.sum(axis=1)
    mean, variance = np.full(len(x), x.mean()), np.full(len(x), x.var())
    if fixed:
        variance = (x.var() - (x - mean) ** 2 / n) * (n + 1) / n
        mean = (x.sum() - x) / n
    spread = n * weights.power(2).sum(axis=1) - total**2
    vary = (spread > _TIE * total**2) & (variance > _TIE)
    z = np.full(len(x), np.nan)
    deviation = np.sqrt(variance[vary] * spread[vary] / (n - 1))
    z[vary] = _no_dust(weights @ x - mean * total, total)[vary] / deviation
    return z


def _no_dust(differences: Floats, scale: float | Floats) -> Floats:
    """Return differences of values, with 0 for what only rounding has left."""
    return np.where(np.abs(differences) <= _TIE * scale, 0.0, differences)


def _passes(p: Floats, fdr: float) -> Bools:
    tested = ~np.isnan(p)
    passes = np.zeros(len(p), dtype=bool)
    passes[tested] = scipy.stats.false_discovery_control(p[tested], method="bh") <= fdr
    return passes


def _chances(x: Floats, weights: Any, fixed: bool, permutations: int, seed: int, fdr: float) -> tuple[Floats, Ints]:
    """Return two-sided p of the sum of each row of weights, and how many deals stand behind it."""
    if permutations < 1:
        raise HazardError("permutations-bad", "At least one permutation is needed, not {n}.", n=permutations)
    if not 0 < fdr < 1:
        raise HazardError("fdr-bad", "A false discovery rate lies between 0 and 1, not at {fdr}.", fdr=fdr)
    tested = np.flatnonzero(np.diff(weights.indptr))
    rng = np.random.default_rng(seed)
    tails = _tails(x, weights, tested, fixed, permutations, rng)
    draws = np.zeros(len(x), dtype=np.int64)
    draws[tested] = permutations
    needed = int(np.ceil(2 * len(tested) / fdr))
    at_floor = tested[tails[:, tested].min(axis=0) == 0]
    if needed > permutations and len(at_floor):
        tails += _tails(x, weights, at_floor, fixed, needed - permutations, rng)
        draws[at_floor] = needed
    p = np.full(len(x), np.nan)
    p[tested] = np.minimum(1.0, 2 * (tails[:, tested].min(axis=0) + 1) / (draws[tested] + 1))
    return p, draws


class _Group(NamedTuple):
    """Cells with the same number k of weights: which, sums that count as large and as small, weights if they differ."""

    k: int
    cells: NDArray[np.intp]
    floor: Floats
    ceiling: Floats
    weights: Floats | None


def _tails(x: Floats, weights: Any, cells: NDArray[np.intp], fixed: bool, draws: int, rng: np.random.Generator) -> Ints:
    """Return for some cells how many deals give their row of weights a sum as large, and as small; shape (2, n).

    `fixed` says that a cell must not be dealt to itself.
    """
    groups = _groups(x, weights, cells)
    tails = np.zeros((2, len(x)), dtype=np.int64)
    columns = max(group.k for group in groups) + fixed
    step = max(1, _AT_ONCE // columns)
    for start in range(0, draws, step):
        dealt = _deal(rng, len(x), min(step, draws - start), columns)
        value = x[dealt]
        for group in groups:
            tails[:, group.cells] += _count(value, dealt, group, fixed)
    return tails


def _groups(x: Floats, weights: Any, cells: NDArray[np.intp]) -> list[_Group]:
    found = []
    width = np.diff(weights.indptr)[cells]
    for k in np.unique(width):
        members = cells[width == k]
        at = weights.indptr[members][:, None] + np.arange(k)
        own = weights.data[at] / weights.data[at].max(axis=1, keepdims=True)
        even = own.min(axis=1) >= 1 - _TIE
        own[even] = 1.0
        observed, slack = (own * x[weights.indices[at]]).sum(axis=1), _TIE * k  # ties within rounding are ties
        for some in (even, ~even):
            if some.any():
                differ = None if even[some].all() else own[some]
                found.append(_Group(int(k), members[some], (observed - slack)[some], (observed + slack)[some], differ))
    return found


def _count(value: Floats, dealt: Ints, group: _Group, fixed: bool) -> Ints:
    """Return how many rows of dealt values give each cell a sum as large as its own, and as small; shape (2, m)."""
    near = value[:, : group.k]
    row, place, cell = _dealt_to_itself(dealt, group) if fixed else np.empty((3, 0), dtype=np.int64)
    change = value[row, group.k] - value[row, place] if fixed else np.empty(0)
    if group.weights is None:
        before = near.sum(axis=1)
        ordered = np.sort(before)
        as_large = len(ordered) - np.searchsorted(ordered, group.floor)
        as_small = np.searchsorted(ordered, group.ceiling, side="right")
        before = before[row]
        after, floor, ceiling = before + change, group.floor[cell], group.ceiling[cell]
        np.add.at(as_large, cell, (after >= floor).astype(np.int64) - (before >= floor))
        np.add.at(as_small, cell, (after <= ceiling).astype(np.int64) - (before <= ceiling))
        return np.stack([as_large, as_small])
    change *= group.weights[cell, place]
    counts, step = np.zeros((2, len(group.cells)), dtype=np.int64), max(1, _AT_ONCE // len(near))
    for start in range(0, len(group.cells), step):
        some = slice(start, start + step)
        sums = near @ group.weights[some].T
        here = (cell >= start) & (cell < start + step)
        sums[row[here], cell[here] - start] += change[here]
        counts[:, some] = (sums >= group.floor[some]).sum(axis=0), (sums <= group.ceiling[some]).sum(axis=0)
    return counts


def _dealt_to_itself(dealt: Ints, group: _Group) -> tuple[Ints, Ints, Ints]:
    """Return the rows and places where a cell of the group was dealt, and which: the next of the row stands in."""
    member = np.full(dealt.max() + 1, -1)
    cells = group.cells[group.cells < len(member)]
    member[cells] = np.arange(len(cells))  # cells ascend
    row, place = np.nonzero(member[dealt[:, : group.k]] >= 0)
    return row, place, member[dealt[row, place]]


def _deal(rng: np.random.Generator, n: int, rows: int, columns: int) -> NDArray[np.int64]:
    """Return rows of distinct positions among n in random order; any order of any positions is equally likely."""
    if n <= 2 * columns:
        return rng.permuted(np.tile(np.arange(n), (rows, 1)), axis=1)[:, :columns]
    dealt = rng.integers(n, size=(rows, columns))
    ordered = np.sort(dealt, axis=1)
    wrong = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    # What was dealt twice is dealt again. Only equality is looked at, never which position it is: none is favoured
    while len(wrong):
        again = dealt[wrong]
        order = np.argsort(again, axis=1, kind="stable")
        ordered = np.take_along_axis(again, order, axis=1)
        row, place = np.nonzero(ordered[:, 1:] == ordered[:, :-1])
        dealt[wrong[row], order[row, place + 1]] = rng.integers(n, size=len(row))
        wrong = wrong[np.unique(row)]
    return dealt
