"""The list one would write by hand: by benefit per yuan from the top, until the money is gone.

It stands beside the best set, to show what that is worth. What must be built comes first, then whatever a community
still lacks of its least share, then the rest. Each time the project is taken that brings most per yuan *beyond what has
been taken* (a place that is served already brings nothing more), that still fits and excludes no alternative taken; one
that does not fit is passed over. With yearly budgets it goes into the earliest year that has room for it.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.programme import Choice, Programme, Shares, check_programme
from base.errors import HazardError


def greedy(
    values: ArrayLike,
    costs: ArrayLike,
    budget: float,
    *,
    covers: Any = None,
    must: Iterable[int] = (),
    exclusive: Iterable[Iterable[int]] = (),
    min_share: Shares | None = None,
    yearly: ArrayLike | None = None,
) -> Choice:
    """Return the list in order of benefit per yuan; arguments and refusals are those of `analysis.priorities.choose`.

    Among equals the lower position goes first. A community that is left without its least share, because what would
    give it no longer fits, is named in `short`. The list is one of many: it has no bound, and `optimal` is False.

    Raises
    ------
    HazardError
        As in `analysis.programme.check_programme`; ``years-impossible`` where the projects that must be built, the
        dearest first, do not fit into the years.
    """
    programme = check_programme(
        values, costs, budget, covers=covers, must=must, exclusive=exclusive, min_share=min_share, yearly=yearly
    )
    taken = fill(programme)
    if taken is None:
        raise HazardError(
            "years-impossible", "The projects that must be built do not fit into the budgets of the years: raise one "
            "of them, or build fewer.",
        )  # fmt: skip
    return programme.choice(taken)


def fill(programme: Programme) -> dict[int, int] | None:
    """Return the year of each project taken (0 where there are none), or None if what must be built does not fit."""
    return _Filling(programme).all()


class _Filling:
    """What has been taken so far, what room there is, and what each project would still bring."""

    def __init__(self, programme: Programme) -> None:
        self.programme, self.year, self.rest = programme, dict[int, int](), programme.budget
        self.room = np.array([programme.budget]) if programme.years is None else programme.years.copy()
        self.free = programme.open.copy()
        self.served = np.zeros(len(programme.values))
        self.rows = np.repeat(np.arange(len(programme.costs)), np.diff(programme.cover.indptr))

    def all(self) -> dict[int, int] | None:
        programme = self.programme
        for project in sorted(programme.must, key=lambda one: (-programme.costs[one], one)):
            if programme.costs[project] > min(self.rest, self.room.max()):
                return None
            self.take(project)
        for community in programme.communities:
            own = np.isin(np.arange(len(self.free)), community.members)
            while programme.cost(self.year.keys() & set(community.members)) < community.least:
                if (lacking := self.best(own, useless=True)) is None:
                    break
                self.take(lacking)
        everywhere = np.ones(len(self.free), dtype=bool)
        while (best := self.best(everywhere)) is not None:
            self.take(best)
        return self.year

    def take(self, project: int) -> None:
        """Build a project in the earliest year that has room for it."""
        cost = int(self.programme.costs[project])
        at = int(np.argmax(self.room >= cost))
        self.year[project] = at
        self.room[at] -= cost
        self.rest -= cost
        self.free[project] = False
        for group in self.programme.exclusive:
            if project in group:
                self.free[list(group)] = False
        part = self.programme.cover[[project]]
        self.served[part.indices] = np.maximum(self.served[part.indices], part.data)

    def best(self, among: NDArray[np.bool_], *, useless: bool = False) -> int | None:
        """Return the project that brings most per yuan and fits, if any does; one without benefit only if asked."""
        cover, costs = self.programme.cover, self.programme.costs
        more = self.programme.values[cover.indices] * np.maximum(0, cover.data - self.served[cover.indices])
        benefit = np.bincount(self.rows, weights=more, minlength=len(costs))
        fits = among & self.free & (costs <= min(self.rest, int(self.room.max())))
        fits &= (benefit > 0) | useless
        if not fits.any():
            return None
        return int(np.argmax(np.where(fits, benefit / costs, -1.0)))
