"""What may be built and what a set of projects must hold: costs, places, budgets and rules, checked once.

Money is counted in whole fen (0.01 yuan), so that no rounding ever lets a set exceed its budget. Benefit belongs to
places: what a set of projects brings a place is the *largest* share that any one of them brings it. Two drains that
each spare a cell half of its floods may spare the same half: the largest share is what is sure whatever they have in
common, and adding them up (even up to the whole) would promise what may not come. Shares of 1 count a place once.

A community's least share is one of the budget, not of what is spent: a share of what is spent would be kept best by
spending nothing. A community gets that, or everything that can be built in it if that is less, and a community in
which nothing can be built is left aside and named.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy  # its parts load when they are first asked for
from numpy.typing import ArrayLike, NDArray

from analysis.integer import Rules, smallest
from base.errors import HazardError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shares: TypeAlias = tuple[Sequence[Hashable], float | Mapping[Any, float]]
FEN = 100  # of a yuan
_MOST = 1e13  # yuan: beyond, sums of fen would no longer be exact
_LARGEST = 1e200  # benefit: sums stay far from what a number can hold
_DUST = 1e-6  # of a fen, or of a share: what only rounding has left


class Community(NamedTuple):
    """What a community must get: its name, its projects by position, and the fen that must be spent there."""

    name: Hashable
    members: tuple[int, ...]
    least: int


@dataclass(frozen=True)
class Choice:
    """A set of projects, by position.

    `benefit` is in the unit of the values, `cost` in yuan. No set can bring more than `bound`; `gap` is how much more
    that is than `benefit`, as a share of it, and `optimal` says that nothing better exists; of a list in order of
    benefit per yuan neither bound nor gap is known (NaN). `year` holds the position of the year of each project in
    `chosen`, or is None where the money is not split by years. `waived` names the communities in which nothing can be
    built, `short` those that do not get their least share (only a list in order has such).
    """

    chosen: tuple[int, ...]
    benefit: float
    cost: float
    gap: float
    optimal: bool
    bound: float
    year: tuple[int, ...] | None
    waived: tuple[Hashable, ...] = ()
    short: tuple[Hashable, ...] = ()


@dataclass(frozen=True, eq=False)
class Programme:
    """A question that has been checked: n projects, m places.

    `costs`, `budget` and `years` are in fen; `cover` holds the shares of places, shape (n, m), no zero stored; `open`
    says which projects can be built at all: affordable alone, and no alternative to one that must be.
    """

    costs: Ints
    values: Floats
    cover: Any
    budget: int
    years: Ints | None
    must: tuple[int, ...]
    exclusive: tuple[tuple[int, ...], ...]
    communities: tuple[Community, ...]
    waived: tuple[Hashable, ...]
    open: NDArray[np.bool_]

    def shares(self, chosen: Iterable[int]) -> Floats:
        """Return the share of each place that a set brings it, shape (m,)."""
        best = np.zeros(len(self.values))
        part = self.cover[np.array(sorted(chosen), dtype=int)]
        np.maximum.at(best, part.indices, part.data)
        return best

    def benefit(self, chosen: Iterable[int]) -> float:
        """Return what a set brings, in the unit of the values."""
        return float(self.values @ self.shares(chosen))

    def cost(self, chosen: Iterable[int]) -> int:
        """Return what a set costs, in fen."""
        return int(self.costs[np.array(sorted(chosen), dtype=int)].sum())

    def short(self, chosen: Iterable[int]) -> tuple[Community, ...]:
        """Return the communities that do not get their least share."""
        held = set(chosen)
        return tuple(one for one in self.communities if self.cost(held.intersection(one.members)) < one.least)

    def overspent(self, year: Mapping[int, int]) -> tuple[int, ...]:
        """Return the years, by position, whose projects cost more than their budget; `year` is that of each project."""
        if self.years is None:
            return ()
        spent = np.zeros(len(self.years), dtype=np.int64)
        for project, at in year.items():
            spent[at] += self.costs[project]
        return tuple(np.flatnonzero(spent > self.years).tolist())

    def holds(self, chosen: Iterable[int], year: Mapping[int, int]) -> bool:
        """Return whether a set keeps every rule."""
        held = set(chosen)
        return (
            held.issuperset(self.must)
            and all(len(held.intersection(group)) <= 1 for group in self.exclusive)
            and self.cost(held) <= self.budget
            and not self.short(held)
            and (self.years is None or (held == year.keys() and not self.overspent(year)))
        )

    def choice(self, year: Mapping[int, int], bound: float = float("nan"), *, exact: bool = False) -> Choice:
        """Return a set as it is handed out; `year` has its projects as keys, `bound` is what none can exceed."""
        chosen = tuple(sorted(year))
        benefit = self.benefit(chosen)
        bound = benefit if exact else max(bound, benefit) if bound == bound else bound
        more = bound - benefit
        return Choice(
            chosen, benefit, self.cost(chosen) / FEN, gap=more / benefit if benefit else more and more * float("inf"),
            optimal=exact or more == 0, bound=bound, waived=self.waived,
            year=None if self.years is None else tuple(year[project] for project in chosen),
            short=tuple(one.name for one in self.short(chosen)),
        )  # fmt: skip


def check_programme(
    values: ArrayLike,
    costs: ArrayLike,
    budget: float,
    *,
    covers: Any = None,
    must: Iterable[int] = (),
    exclusive: Iterable[Iterable[int]] = (),
    min_share: Shares | None = None,
    yearly: ArrayLike | None = None,
) -> Programme:
    """Return the question in fen, with what can be built at all; the arguments are those of `analysis.priorities`.

    Raises
    ------
    HazardError
        ``projects-differ`` or ``projects-none``; ``benefits-bad``, ``costs-bad`` and ``covers-bad`` with the
        `positions` of what is wrong; ``position-bad``; ``budget-bad``; ``must-exclusive`` and ``must-over-years`` with
        `positions`; ``budget-below-must``; ``budget-below-cheapest``; ``share-bad``; ``shares-over-all``.
    """
    fen = _costs(costs)
    worth, cover = _places(values, covers, len(fen))
    needed = _positions(must, len(fen))
    groups = tuple(group for group in (_positions(one, len(fen)) for one in exclusive) if len(group) > 1)
    for group in groups:
        both = sorted(set(group).intersection(needed))
        if len(both) > 1:
            raise HazardError(
                "must-exclusive", "{n} projects that must be built are alternatives to each other: only one of them "
                "can be.", n=len(both), positions=both,
            )  # fmt: skip
    total, years, most = _budgets(budget, yearly)
    _check_affordable(fen, needed, total, most, yearly=years is not None)
    shut = {other for group in groups if set(group) & set(needed) for other in group} - set(needed)
    possible = (fen <= most) & ~np.isin(np.arange(len(fen)), list(shut))
    communities, waived = _communities(min_share, fen, total, possible, groups)
    return Programme(fen, worth, cover, total, years, needed, groups, communities, waived, possible)


def _costs(costs: ArrayLike) -> Ints:
    given = np.asarray(costs, dtype=float)
    if given.ndim != 1 or not len(given):
        raise HazardError("projects-none", "There is no project to choose from: enter one with its cost.")
    bad = np.flatnonzero(~((given >= 1 / FEN) & (given <= _MOST)))  # missing ones too
    if len(bad):
        raise HazardError(
            "costs-bad", "{n} projects have no cost, or none above zero: give each its cost in yuan.",
            n=len(bad), positions=bad.tolist(),
        )  # fmt: skip
    return np.rint(given * FEN).astype(np.int64)


def _places(values: ArrayLike, covers: Any, n: int) -> tuple[Floats, Any]:
    worth = np.asarray(values, dtype=float)
    bad = np.flatnonzero(~((worth >= 0) & (worth <= _LARGEST)))  # missing ones too
    if len(bad):
        raise HazardError(
            "benefits-bad", "{n} benefits are missing, below zero or too large to reckon with: correct them.",
            n=len(bad), positions=bad.tolist(),
        )  # fmt: skip
    given: Any = scipy.sparse.eye_array(len(worth)) if covers is None else covers
    cover = scipy.sparse.csr_array(given, dtype=float, copy=True)  # what comes in is never changed
    if worth.ndim != 1 or cover.shape != (n, len(worth)):
        raise HazardError(
            "projects-differ", "There are {n} costs, but benefits and places of {others} projects: give one row for "
            "each project.", n=n, others=int(cover.shape[0]),
        )  # fmt: skip
    cover.sum_duplicates()
    wrong = ~((cover.data >= 0) & (cover.data <= 1 + _DUST))
    if wrong.any():
        rows = np.repeat(np.arange(n), np.diff(cover.indptr))[wrong]
        raise HazardError(
            "covers-bad", "{n} projects bring a place a share of its benefit that is missing or not between 0 and 1: "
            "correct it.", n=len(np.unique(rows)), positions=np.unique(rows).tolist(),
        )  # fmt: skip
    cover.data = np.minimum(cover.data, 1.0)
    cover.eliminate_zeros()
    return worth, cover


def _positions(given: Iterable[int], n: int) -> tuple[int, ...]:
    found = tuple(sorted({int(one) for one in given}))
    if found and not (found[0] >= 0 and found[-1] < n):
        raise HazardError("position-bad", "A rule names a project that is not among the {n}: correct it.", n=n)
    return found


def _budgets(budget: float, yearly: ArrayLike | None) -> tuple[int, Ints | None, int]:
    """Return what may be spent in all, in each year, and on one project."""
    split = None if yearly is None else np.asarray(yearly, dtype=float)
    given = np.append(float(budget), [] if split is None else split)
    if not ((given >= 0) & (given <= _MOST)).all() or (split is not None and not (split.ndim == 1 and len(split))):
        raise HazardError("budget-bad", "A budget is a number of yuan from 0 up: correct it.")
    fen = np.floor(given * FEN + _DUST).astype(np.int64)
    if split is None:
        return int(fen[0]), None, int(fen[0])
    total = int(min(fen[0], fen[1:].sum()))
    return total, fen[1:], min(total, int(fen[1:].max()))


def _check_affordable(costs: Ints, must: tuple[int, ...], total: int, most: int, *, yearly: bool) -> None:
    needed = costs[list(must)]
    if needed.sum() > total:
        raise HazardError(
            "budget-below-must", "The projects that must be built cost {cost} yuan, more than the budget of {budget} "
            "yuan: raise it, or build fewer.", cost=yuan(needed.sum()), budget=yuan(total),
        )  # fmt: skip
    if yearly and (needed > most).any():
        large = [project for project in must if costs[project] > most]
        raise HazardError(
            "must-over-years", "{n} projects that must be built cost more than the {most} yuan of the best year: raise "
            "it, or build them in parts.", n=len(large), most=yuan(most), positions=large,
        )  # fmt: skip
    if costs.min() > most:
        raise HazardError(
            "budget-below-cheapest", "The cheapest project costs {cost} yuan, and {budget} yuan are the most that can "
            "be spent on one: raise the budget.", cost=yuan(costs.min()), budget=yuan(most),
        )  # fmt: skip


def _communities(
    asked: Shares | None, costs: Ints, total: int, possible: NDArray[np.bool_], exclusive: tuple[tuple[int, ...], ...]
) -> tuple[tuple[Community, ...], tuple[Hashable, ...]]:
    """Return what each community must get, and the names of those in which nothing can be built."""
    if asked is None:
        return (), ()
    labels, wanted = asked
    if len(labels) != len(costs):
        raise HazardError(
            "projects-differ", "There are {n} costs, but benefits and places of {others} projects: give one row for "
            "each project.", n=len(costs), others=len(labels),
        )  # fmt: skip
    members: dict[Hashable, list[int]] = {}
    for project, label in enumerate(labels):
        if label not in (None, "") and label == label:  # a project may belong to no community
            members.setdefault(label, []).append(project)
    shares = dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(members, wanted)
    if not all(0 <= share <= 1 for share in shares.values()):
        raise HazardError("share-bad", "A share of the budget lies between 0 and 1: correct those of the communities.")
    if sum(shares.values()) > 1 + _DUST:
        raise HazardError(
            "shares-over-all", "The shares of {n} communities add up to {percent}% of the budget: lower them to 100% "
            "or less.", n=len(shares), percent=round(100 * sum(shares.values())),
        )  # fmt: skip
    found, waived = [], []
    for name, share in shares.items():
        least = int(np.ceil(share * total - _DUST))
        buildable = tuple(project for project in members.get(name, ()) if possible[project])
        if buildable and least:
            found.append(Community(name, buildable, min(least, _all_of(buildable, costs, exclusive))))
        elif least:
            waived.append(name)
    return tuple(found), tuple(waived)


def _all_of(projects: tuple[int, ...], costs: Ints, exclusive: tuple[tuple[int, ...], ...]) -> int:
    """Return the most that can be spent on projects of which alternatives exclude each other, in fen."""
    position = {project: at for at, project in enumerate(projects)}
    inside = [[position[one] for one in group if one in position] for group in exclusive]
    money = costs[list(projects)]
    rules = Rules()
    for group in inside:
        if len(group) > 1:
            rules.add(group, 1, 1)
    if not rules.most:
        return int(money.sum())
    best = smallest(-money / money.max(), rules)
    return int(money[np.rint(best.x) == 1].sum())


def yuan(fen: int) -> float:
    """Return fen in yuan, a whole number where it is one."""
    whole, rest = divmod(int(fen), FEN)
    return int(fen) / FEN if rest else whole
