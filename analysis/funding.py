"""What of a ranking is funded: so many places from the top, or what a budget reaches going down the list.

Going down the list, what no longer fits is passed over and the next is tried. That is the list one would write by hand
from a ranking; the best set of projects for the money is another question (a score is no benefit that adds up).

Both ways answer for many orders at once, one for each draw of the weights.
"""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

_FEN, _MOST = 100, 1e13  # fen in a yuan; yuan
_DUST = 1e-6  # of a fen

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# From orders, shape (d, n): positions from the highest score to the lowest, a row a draw; to a bool for each position
Funded = Callable[[Ints], Bools]


def top(places: int, n: int) -> Funded:
    """Return what is funded if a number of places from the top is; of places of one score the earlier given go first.

    Raises
    ------
    HazardError
        ``top-bad`` for a number below zero or above n.
    """
    if not 0 <= places <= n:
        raise HazardError("top-bad", "Of {n} places 0 to {n} can be funded, not {places}.", n=n, places=places)

    def fund(order: Ints) -> Bools:
        found = np.zeros(order.shape, dtype=bool)
        np.put_along_axis(found, order[:, :places], True, axis=-1)
        return found

    return fund


def affordable(
    costs: ArrayLike, budget: float, *, must: Iterable[int] = (), exclusive: Iterable[Iterable[int]] = ()
) -> Funded:
    """Return what is funded if one goes down the ranking with a budget and passes over what no longer fits.

    Parameters
    ----------
    costs : array_like, shape (n,)
        Yuan, above zero, taken to the fen.
    budget : float
        Yuan.
    must : positions
        Funded before all others, whatever their rank.
    exclusive : groups of positions
        Of each group at most one is funded: the one that comes first.

    Raises
    ------
    HazardError
        ``costs-bad``, ``budget-bad``, ``position-bad``, ``must-exclusive``, ``budget-below-must``.
    """
    fen = _fen(costs)
    if not 0 <= budget <= _MOST:
        raise HazardError("budget-bad", "A budget is a number of yuan from 0 up: correct it.")
    n, money = len(fen), int(np.floor(budget * _FEN + _DUST))
    needed = _positions(must, n)
    groups = [_positions(group, n) for group in exclusive]
    for group in groups:
        if len(both := sorted(set(group) & set(needed))) > 1:
            raise HazardError(
                "must-exclusive", "{n} projects that must be built are alternatives to each other: only one of them "
                "can be.", n=len(both), positions=both,
            )  # fmt: skip
    if fen[needed].sum() > money:
        raise HazardError(
            "budget-below-must", "The projects that must be built cost {cost} yuan, more than the budget of {budget} "
            "yuan: raise it, or build fewer.", cost=float(fen[needed].sum()) / _FEN, budget=money / _FEN,
        )  # fmt: skip
    member = np.zeros((n, len(groups)), dtype=bool)
    for at, group in enumerate(groups):
        member[group, at] = True
    first = np.zeros(n, dtype=bool)
    first[needed] = True
    tied = member.any(axis=1)

    def fund(order: Ints) -> Bools:
        d = len(order)
        if order.shape[-1] != n:
            raise HazardError(
                "costs-differ", "There are {n} costs and {places} places: give one cost for each.",
                n=n, places=int(order.shape[-1]),
            )  # fmt: skip
        found = np.broadcast_to(first, (d, n)).copy()
        left: Ints = np.full(d, money - int(fen[needed].sum()), dtype=np.int64)
        taken = np.broadcast_to(member[needed].any(axis=0), (d, len(groups))).copy()
        row = np.arange(d)
        one: Ints
        for one in order.T:  # the position that has this place in each draw
            go: Bools = (fen.take(one) <= left) & ~first.take(one)
            some = np.flatnonzero(tied.take(one))
            if len(some):
                go[some] &= ~(taken[some] & member[one[some]]).any(axis=1)
                taken[some] |= member[one[some]] & go[some, None]
            found[row[go], one[go]] = True
            left -= np.where(go, fen.take(one), 0)
        return found

    return fund


def _fen(costs: ArrayLike) -> Ints:
    given = np.asarray(costs, dtype=float)
    bad = np.flatnonzero(~((given >= 1 / _FEN) & (given <= _MOST)))  # missing ones too
    if len(bad):
        raise HazardError(
            "costs-bad", "{n} projects have no cost, or none above zero: give each its cost in yuan.",
            n=len(bad), positions=bad.tolist(),
        )  # fmt: skip
    return np.rint(given * _FEN).astype(np.int64)


def _positions(given: Iterable[int], n: int) -> list[int]:
    found = list(dict.fromkeys(int(one) for one in given))
    if not all(0 <= one < n for one in found):
        raise HazardError("position-bad", "A rule names a project that is not among the {n}: correct it.", n=n)
    return found
