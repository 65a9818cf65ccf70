"""The best set of projects as a mixed-integer programme for HiGHS, exact to the fen.

A binary variable for each project (and for each of its years); for each place and each share that some project brings
it, a variable that is 1 once a project with that share or a larger one is built. The steps between its shares, times
those variables, add up to the largest share among the projects built, and as a linear programme that is as tight as
naming one project for each place, with fewer variables. Places with the same shares of the same projects are one.

HiGHS keeps rules up to a tolerance. So each set it finds is weighed again in whole fen; one that breaks a rule is
forbidden, with all that must break it too, and the question is put again.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy  # its parts load when they are first asked for
from numpy.typing import NDArray

from analysis.integer import Rules, smallest
from analysis.programme import Programme

OPTIMAL, FOUND, IMPOSSIBLE, OUT_OF_TIME = "optimal", "found", "impossible", "out_of_time"
_WHOLE = 1e6  # what all places together bring, as the solver sees it: it stops at differences of 1e-6
_ROW = 1e2  # what all places together bring, as a rule
_EQUAL = 1e-9  # benefits so close, to as small a part of them, differ by rounding only
_SEARCHED = 200  # projects, up to which a cheaper set that brings as much is searched for
_NODES = 200  # of that search, and of dealing projects out to years

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Answer:
    """What the solver said: the year of each project of the best set found (or None), and what none can exceed."""

    state: str
    year: dict[int, int] | None
    bound: float


class Model:
    """A programme in the form that the solver takes."""

    def __init__(self, programme: Programme) -> None:
        self.programme, n = programme, len(programme.costs)
        years = 0 if programme.years is None else len(programme.years)
        steps, owner, worth, before = _steps(programme)
        self.years, self.start = years, n * (1 + years)
        self.width = self.start + len(worth)
        self.benefit = np.append(np.zeros(self.start), worth)
        self.total = float(worth.sum())
        self.high = np.ones(self.width)
        self.high[:n] = programme.open
        self.low = np.zeros(self.width)
        self.low[list(programme.must)] = 1
        self.whole = np.arange(self.width) < self.start
        self.rules = Rules()
        self._places(steps, owner, before)
        self._money()

    def _places(self, steps: Ints, owner: Ints, before: NDArray[np.bool_]) -> None:
        """A step is reached with the step before it, or with a project that brings it."""
        n = len(before)
        if not n:
            return
        own, chained = np.arange(n), np.flatnonzero(before)
        self.rules.many(
            np.concatenate([own, chained, steps]),
            np.concatenate([self.start + own, self.start + chained - 1, owner]),
            np.concatenate([np.ones(n), -np.ones(len(chained) + len(owner))]),
            np.zeros(n),
        )

    def _money(self) -> None:
        programme, every = self.programme, np.arange(len(self.programme.costs))
        costs, n = programme.costs, len(every)
        usable = every[programme.open]
        if len(usable):
            self.rules.money(usable, costs[usable], programme.budget)
        for group in programme.exclusive:
            self.rules.add(group, 1, 1)
        for one in programme.communities:
            self.rules.money(one.members, -costs[list(one.members)], -one.least)
        if programme.years is None:
            return
        for at, budget in enumerate(programme.years):
            columns = n * (1 + at) + every
            self.high[columns] = programme.open & (costs <= budget)
            fits = every[self.high[columns] > 0]
            if len(fits):
                self.rules.money(n * (1 + at) + fits, costs[fits], int(budget))
        for sign in (1.0, -1.0):  # a project is built if, and only if, it has a year
            rows = np.tile(every, 1 + self.years)
            columns = np.arange(n * (1 + self.years))
            self.rules.many(rows, columns, np.where(columns < n, -sign, sign), np.zeros(n))

    def ask(self, goal: Floats, seconds: float, nodes: int | None = None) -> Any:
        """Return what the solver finds that makes a goal smallest."""
        return smallest(
            goal, self.rules, whole=self.whole, low=self.low, high=self.high, seconds=seconds, nodes=nodes
        )  # fmt: skip

    def read(self, x: Floats) -> dict[int, int]:
        """Return the year of each project that is built."""
        n = len(self.programme.costs)
        built = np.flatnonzero(x[:n] > 0.5).tolist()
        if not self.years:
            return dict.fromkeys(built, 0)
        table = x[n : self.start].reshape(self.years, n)
        return {project: int(table[:, project].argmax()) for project in built}

    def forbid(self, year: dict[int, int]) -> bool:
        """Forbid a set, and all that break a rule with it, if it breaks one by what the solver's tolerance lets pass.

        A budget that is exceeded: not all of these projects. A community that gets too little: one project more there.
        """
        programme, n, known = self.programme, len(self.programme.costs), len(self.rules.most)
        if programme.cost(year) > programme.budget:
            self.rules.add(list(year), 1, len(year) - 1)
        for at in programme.overspent(year):
            columns = [n * (1 + at) + project for project, its in year.items() if its == at]
            self.rules.add(columns, 1, len(columns) - 1)
        for one in programme.short(year):
            self.rules.add([member for member in one.members if member not in year], -1, -1)
        return len(self.rules.most) > known


def best_set(programme: Programme, seconds: float) -> Answer:
    """Return the set that brings most; of those that bring as much, the cheapest if that is soon found.

    Years that are alike make the solver look at every set once for each order of them. So the best set is first sought
    as if the money were not split, in half of the time; mostly its projects can be dealt out to the years, and then it
    is the best with them too. Where they cannot, the whole question is put.
    """
    until = time.monotonic() + seconds  # a limit is all that the clock is for
    if programme.years is None:
        return _search(programme, until)
    whole = _search(replace(programme, years=None), until - seconds / 2)
    if whole.state == IMPOSSIBLE:
        return whole
    if whole.year is not None and (dealt := _dealt(programme, whole.year.keys(), seconds / 4)) is not None:
        return Answer(whole.state, dealt, whole.bound)
    split = _search(programme, until)
    if split.year is None:
        return Answer(split.state, None, min(whole.bound, split.bound))
    dealt = _dealt(programme, split.year.keys(), until - time.monotonic())
    return Answer(split.state, split.year if dealt is None else dealt, min(whole.bound, split.bound))


def _search(programme: Programme, until: float) -> Answer:
    model = Model(programme)
    scale = model.total / _WHOLE or 1.0
    bound = model.total
    while True:
        answer = model.ask(-model.benefit / scale, until - time.monotonic())
        if answer.status == 2 or (answer.x is None and "infeasible" in answer.message.lower()):
            return Answer(IMPOSSIBLE, None, 0.0)
        if answer.mip_dual_bound is not None and np.isfinite(answer.mip_dual_bound):
            bound = min(bound, -answer.mip_dual_bound * scale)
        if answer.x is None:
            return Answer(OUT_OF_TIME, None, bound)
        year = model.read(answer.x)
        if not model.forbid(year):
            break
        if time.monotonic() > until:
            return Answer(OUT_OF_TIME, None, bound)
    year = _without_idle(programme, year)
    if answer.status:
        return Answer(FOUND, year, bound)
    if len(programme.costs) <= _SEARCHED:
        year = _cheaper(model, year, until)
    return Answer(OPTIMAL, year, bound)


def _without_idle(programme: Programme, year: dict[int, int]) -> dict[int, int]:
    """Return a set without projects that bring nothing beside the others and that no rule asks for, dearest first."""
    least = dict(year)
    for project in sorted(year, key=lambda one: (-programme.costs[one], -one)):
        fewer = {one: at for one, at in least.items() if one != project}
        if _as_good(programme, fewer, year):
            least = fewer
    return least


def _as_good(programme: Programme, year: dict[int, int], best: dict[int, int]) -> bool:
    return programme.benefit(year) >= programme.benefit(best) * (1 - _EQUAL) and programme.holds(year, year)


def _cheaper(model: Model, year: dict[int, int], until: float) -> dict[int, int]:
    """Return a set that brings as much as the best for less money, if a short search finds one."""
    programme, benefit = model.programme, model.programme.benefit(year)
    if benefit:
        worth = np.flatnonzero(model.benefit)
        scale = _ROW / model.total
        model.rules.add(worth, -model.benefit[worth] * scale, -benefit * scale * (1 - _EQUAL / 2))
    goal = np.zeros(model.width)
    goal[: len(programme.costs)] = programme.costs / programme.costs.sum() * _WHOLE
    answer = model.ask(goal, until - time.monotonic(), _NODES)
    if answer.x is None:
        return year
    found = model.read(answer.x)
    return found if _as_good(programme, found, year) and programme.cost(found) < programme.cost(year) else year


def _dealt(programme: Programme, projects: Iterable[int], seconds: float) -> dict[int, int] | None:
    """Return a year for each project, what brings most (each alone) in the earliest ones, or None if none is found."""
    assert programme.years is not None
    built, years = np.array(sorted(projects), dtype=np.int64), len(programme.years)
    costs, n = programme.costs[built], len(built)
    if not n:
        return {}
    alone = np.array([programme.benefit([project]) for project in built.tolist()])
    weight = alone / (alone.max() or 1.0) + 1e-3  # what brings nothing is not put off for nothing
    rules = Rules()
    for at, budget in enumerate(programme.years):
        rules.money(at * n + np.arange(n), costs, int(budget))
    rules.many(np.tile(np.arange(n), years), np.arange(n * years), -np.ones(n * years), -np.ones(n))
    found = None
    goal = np.concatenate([at * weight for at in range(years)])
    for aim in (0 * goal, goal):  # any years that fit first: the best ones may take the solver long
        answer = smallest(aim, rules, seconds=seconds / 2, nodes=_NODES, rel_gap=1e-3)
        if answer.x is None:
            break
        years_of = answer.x.reshape(years, n).argmax(axis=0).tolist()
        dealt = dict(zip(built.tolist(), years_of, strict=True))
        found = found if programme.overspent(dealt) else dealt
    return found


def _steps(programme: Programme) -> tuple[Ints, Ints, Floats, NDArray[np.bool_]]:
    """Return the steps between the shares of each place, those of a place one after the other, the largest share first.

    For each project that reaches a step the number of the step and the project; for each step what it brings, and
    whether there is one before it at the same place.
    """
    cover = scipy.sparse.csc_array(programme.cover)
    cover.sort_indices()
    alike: dict[tuple[bytes, bytes], int] = {}
    place, project, share, worth = [], [], [], list[float]()
    for column in np.flatnonzero(programme.values > 0).tolist():
        own = slice(cover.indptr[column], cover.indptr[column + 1])
        usable = programme.open[cover.indices[own]]
        who, much = cover.indices[own][usable], cover.data[own][usable]
        if not len(who):
            continue
        at = alike.setdefault((who.tobytes(), much.tobytes()), len(alike))
        if at < len(worth):
            worth[at] += float(programme.values[column])
            continue
        worth.append(float(programme.values[column]))
        order = np.argsort(-much, kind="stable")
        place.append(np.full(len(who), at))
        project.append(who[order])
        share.append(much[order])
    if not place:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=bool)
    places, owner, shares = np.concatenate(place), np.concatenate(project).astype(np.int64), np.concatenate(share)
    same_place = np.append(False, places[1:] == places[:-1])
    begins = ~same_place | np.append(True, shares[1:] != shares[:-1])
    steps = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    before = same_place[first]
    follows = np.append(before[1:], False)
    following = np.where(follows, np.append(shares[first][1:], 0.0), 0.0)
    return steps, owner, np.array(worth)[places[first]] * (shares[first] - following), before
