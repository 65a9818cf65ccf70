"""Which projects to build under a budget: the best set, how sure it is that none is better, and what more money buys.

The best set is sought with HiGHS (scipy's `milp`) and comes with a bound: no set of projects can bring more than that.
Where bound and benefit meet, the set is the best there is; where the time limit came first, the gap between them says
how far it may be from the best. Of sets that bring as much (to one part in a billion) the cheapest is taken, as far as
a short search finds it; with yearly budgets what brings most goes into the earliest years, by a short search too. The
answer to a question is always the same, unless it hangs on the time limit.

Benefit must add up over places: incidents avoided a year, say (`analysis.avoided`). A score of a ranking does not. How
projects that share a place count, and what a community's least share means, is told in `analysis.programme`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.greedy import fill, greedy
from analysis.programme import Choice, Programme, Shares, check_programme
from analysis.solving import IMPOSSIBLE, OPTIMAL, OUT_OF_TIME, best_set
from base.errors import HazardError

__all__ = ["Choice", "Curve", "NextBuy", "Shares", "budget_curve", "choose", "greedy", "next_buy"]

POINTS = 20  # of a budget curve
_BEND = 1e-6  # of the height of the curve: closer to its chord it is straight
# Refusals that are an answer to "and with so much money?"
_TOO_LITTLE = ("budget-below-cheapest", "budget-below-must", "must-over-years", "shares-impossible", "years-impossible")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """What the best set brings at each budget, in rising order; money in yuan.

    Where a budget is too small for what must hold, `benefit` and `cost` are NaN and the choice is None. `knee` is the
    position of the budget at which the curve bends: farthest above the straight line from its first point to its last,
    both axes taken as 0 to 1; None where it does not bend.
    """

    budgets: Floats
    benefit: Floats
    cost: Floats
    optimal: NDArray[np.bool_]
    knee: int | None
    choices: tuple[Choice | None, ...]


class NextBuy(NamedTuple):
    """What more money buys: the projects that join and leave by position, the benefit gained, the yuan spent beyond."""

    joins: tuple[int, ...]
    leaves: tuple[int, ...]
    gain: float
    cost: float
    before: Choice
    after: Choice


def choose(
    values: ArrayLike,
    costs: ArrayLike,
    budget: float,
    *,
    covers: Any = None,
    must: Iterable[int] = (),
    exclusive: Iterable[Iterable[int]] = (),
    min_share: Shares | None = None,
    yearly: ArrayLike | None = None,
    time_limit_s: float = 10,
) -> Choice:
    """Return the set of projects that brings most under a budget, or the best found in the time limit.

    Parameters
    ----------
    values : array_like, shape (n,) or, with `covers`, (m,)
        Benefit of each project, which then adds up; with `covers` that of each place if it were spared everything. Any
        unit and scale, from 0 up, none missing.
    costs : array_like, shape (n,)
        Yuan, above zero, taken to the fen.
    budget : float
        Yuan for all.
    covers : array_like or sparse array, shape (n, m), optional
        The share (0..1, or bool) of each place's benefit that a project brings it. What several bring the same place is
        the largest of their shares.
    must : positions
        Projects that have to be in.
    exclusive : groups of positions
        Of each group at most one is built.
    min_share : (community of each project, share of each community), optional
        The least share of the budget that is spent in a community, or everything that can be built there if that is
        less. One number stands for all communities that have projects, a mapping for those that it names. A project
        without community has None or "". A community in which nothing can be built is named in `Choice.waived`.
    yearly : array_like, shape (years,), optional
        Yuan for each year. Each project is paid in one year; what a year leaves over is not carried on.
    time_limit_s : float
        Seconds, about, for all of the search.

    Raises
    ------
    HazardError
        As in `analysis.programme.check_programme`; ``years-impossible`` and ``shares-impossible`` where no set keeps
        the rules; ``time-too-short`` where none was found in the time limit; ``time-limit-bad``.
    """
    if not 0 < time_limit_s < np.inf:
        raise HazardError("time-limit-bad", "A time limit is a number of seconds above zero, not {n}.", n=time_limit_s)
    rules = {"covers": covers, "must": must, "exclusive": exclusive, "yearly": yearly}
    programme = check_programme(values, costs, budget, min_share=min_share, **rules)
    answer = best_set(programme, time_limit_s)
    if answer.state == IMPOSSIBLE:
        raise _impossible(programme, lambda: check_programme(values, costs, budget, **rules), time_limit_s)
    sets = [answer.year] if answer.year is not None else []
    if answer.state != OPTIMAL:
        by_hand = fill(programme)
        sets += [by_hand] if by_hand is not None and programme.holds(by_hand, by_hand) else []
    if not sets:
        raise HazardError(
            "time-too-short", "No set of projects that keeps all rules was found within {seconds} seconds: allow more "
            "time, or ask for fewer rules.", seconds=time_limit_s,
        )  # fmt: skip
    best = max(sets, key=programme.benefit)
    return programme.choice(best, answer.bound, exact=answer.state == OPTIMAL)


def _impossible(programme: Programme, without_shares: Callable[[], Programme], seconds: float) -> HazardError:
    """Return the refusal that names the rule at fault."""
    if programme.communities and (
        programme.years is None or best_set(without_shares(), seconds).state not in (IMPOSSIBLE, OUT_OF_TIME)
    ):
        return HazardError(
            "shares-impossible", "No set of projects within the budget gives each of {n} communities its least share: "
            "lower the shares, or raise the budget.", n=len(programme.communities),
        )  # fmt: skip
    return HazardError(
        "years-impossible", "The projects that must be built do not fit into the budgets of the years: raise one of "
        "them, or build fewer.",
    )  # fmt: skip


def budget_curve(
    values: ArrayLike,
    costs: ArrayLike,
    budgets: ArrayLike | None = None,
    *,
    covers: Any = None,
    must: Iterable[int] = (),
    exclusive: Iterable[Iterable[int]] = (),
    min_share: Shares | None = None,
    yearly: ArrayLike | None = None,
    time_limit_s: float = 10,
) -> Curve:
    """Return what the best set brings at each budget, and where the curve bends.

    More money never brings less. Only with least shares, which rise with the budget, may it: then the curve shows that.
    Yearly budgets stay as they are. Arguments and refusals are otherwise those of `choose`; the time limit is for all.

    Parameters
    ----------
    budgets : array_like, optional
        Yuan, in any order. If not given, `POINTS` of them from the least that can buy anything (or all that must be
        built) to the least that buys everything of use, in equal steps of whole yuan.
    """
    must, exclusive = tuple(must), tuple(map(tuple, exclusive))
    rules: dict[str, Any] = {"covers": covers, "must": must, "exclusive": exclusive, "yearly": yearly}
    if budgets is None:
        asked = _grid(values, costs, rules, time_limit_s / (POINTS + 1))
    else:
        asked = np.unique(np.asarray(budgets, dtype=float))
    each_s = time_limit_s / max(len(asked), 1)
    choices: list[Choice | None] = []
    kept: Choice | None = None  # the best so far
    for budget in asked.tolist():
        pose = partial(check_programme, values, costs, budget, min_share=min_share, **rules)
        try:
            found = choose(values, costs, budget, min_share=min_share, time_limit_s=each_s, **rules)
        except HazardError as error:
            if error.code not in (*_TOO_LITTLE, "time-too-short"):
                raise
            choices.append(kept if error.code == "time-too-short" and kept and _still(pose(), kept) else None)
            continue
        if kept and kept.benefit > found.benefit and not found.optimal and _still(programme := pose(), kept):
            found = programme.choice(_years(kept), found.bound)
        choices.append(found)
        kept = max(found, kept or found, key=lambda one: one.benefit)
    benefit = np.array([one.benefit if one else np.nan for one in choices])
    cost = np.array([one.cost if one else np.nan for one in choices])
    optimal = np.array([one is not None and one.optimal for one in choices], dtype=bool)
    return Curve(asked, benefit, cost, optimal, _knee(asked, benefit), tuple(choices))


def _grid(values: ArrayLike, costs: ArrayLike, rules: dict[str, Any], seconds: float) -> Floats:
    given = np.asarray(costs, dtype=float)
    everything = choose(values, costs, float(np.nansum(given)), time_limit_s=seconds, **rules)
    needed = float(given[list(rules["must"])].sum())
    least = max(needed, float(given.min()))
    top = max(everything.cost, least)
    steps = np.unique(np.ceil(np.round(np.linspace(least, top, POINTS), 2)))
    return np.asarray(steps, dtype=float)


def _years(choice: Choice) -> dict[int, int]:
    return dict(zip(choice.chosen, choice.year or (0,) * len(choice.chosen), strict=True))


def _still(programme: Programme, choice: Choice) -> bool:
    return programme.holds(choice.chosen, _years(choice))


def _knee(budgets: Floats, benefit: Floats) -> int | None:
    known = np.flatnonzero(np.isfinite(benefit))
    if len(known) < 3:
        return None
    x, y = budgets[known], benefit[known]
    if not y[-1] > y[0]:
        return None
    above = (y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])
    return int(known[above.argmax()]) if above.max() > _BEND else None


def next_buy(
    values: ArrayLike,
    costs: ArrayLike,
    budget: float,
    *,
    more: float = 100_000,
    year: int = 0,
    covers: Any = None,
    must: Iterable[int] = (),
    exclusive: Iterable[Iterable[int]] = (),
    min_share: Shares | None = None,
    yearly: Sequence[float] | None = None,
    time_limit_s: float = 10,
) -> NextBuy:
    """Return what so many more yuan would buy: which projects join the best set, which leave it, and the gain.

    The time limit is for both questions. Where it came first, the gain is one of the sets found. With least shares of
    the budget, which more money raises, it may be below zero.

    Parameters
    ----------
    more : float
        Yuan beyond `budget`.
    year : int
        Position of the yearly budget that they are added to; without yearly budgets it says nothing.

    Raises
    ------
    HazardError
        ``budget-bad`` for `more` below zero; otherwise as in `choose`.
    """
    if not 0 <= more < np.inf:
        raise HazardError("budget-bad", "A budget is a number of yuan from 0 up: correct it.")
    rules: dict[str, Any] = {"covers": covers, "must": tuple(must), "exclusive": tuple(map(tuple, exclusive))}
    before = choose(values, costs, budget, min_share=min_share, yearly=yearly, time_limit_s=time_limit_s / 2, **rules)
    raised = None if yearly is None else [one + more * (at == year) for at, one in enumerate(yearly)]
    after = choose(
        values, costs, budget + more, min_share=min_share, yearly=raised, time_limit_s=time_limit_s / 2, **rules
    )
    if after.benefit < before.benefit and not after.optimal:
        programme = check_programme(values, costs, budget + more, min_share=min_share, yearly=raised, **rules)
        after = programme.choice(_years(before), after.bound) if _still(programme, before) else after
    joins, leaves = set(after.chosen) - set(before.chosen), set(before.chosen) - set(after.chosen)
    return NextBuy(
        tuple(sorted(joins)), tuple(sorted(leaves)), after.benefit - before.benefit, after.cost - before.cost, before,
        after,
    )  # fmt: skip
