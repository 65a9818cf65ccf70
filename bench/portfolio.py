"""Which projects to build under a budget: 1,000 of them with all rules within the time limit, beside a list in order.

An invented district: places on a square with benefits of a gamma distribution (a few floods a year, many households or
few), projects that each serve the places around a point, wholly near it and a part further out, so that neighbours
overlap; costs are log-normal, in whole hundreds of yuan, more for more places. The budget is a fifth of what all would
cost. Then the rules one after the other: three must-dos in a hundred, pairs of alternatives, a least share for each of
twelve communities, three yearly budgets. For each: seconds, the gap that was left, and how far the list by benefit per
yuan (`analysis.greedy`) lies below the best set. At last the curve of 20 budgets and what the next 100,000 yuan buy.

Run by `python run.py bench portfolio`, or `python -m bench.portfolio [--projects N] [--places N] [--limit S]`. Goal:
1,000 projects with all rules within 10 s. Fails if a set breaks a rule, or if the best set brings less than the list.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

from analysis.priorities import budget_curve, choose, greedy, next_buy
from analysis.programme import check_programme
from bench.measuring import Lines, parser

SEED, COMMUNITIES, YEARS = 20260101, 12, 3


def invented(projects: int, places: int, seed: int = SEED) -> dict[str, Any]:
    """Return values, costs and budget of a district, with all of its rules."""
    chance = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(places)))
    at = np.stack(np.divmod(np.arange(places), side), axis=1)
    values = chance.gamma(0.7, 3.0, places) * chance.lognormal(5.0, 0.6, places)
    centre = chance.uniform(0, side, (projects, 2))
    reach = chance.uniform(0.8, 2.2, projects)
    away = np.hypot(*(centre[:, None] - at[None]).transpose(2, 0, 1)) / reach[:, None]
    share = np.where(away < 0.6, 1.0, np.where(away < 1, 0.5, 0.0))
    served = (share > 0).sum(axis=1)
    costs = np.maximum(np.round(chance.lognormal(11.5, 0.7, projects) * (1 + served / 4), -2), 100.0)
    dealt = chance.permutation(projects)
    must, pairs = dealt[: projects * 3 // 100], dealt[projects * 3 // 100 :][: projects // 10 * 2].reshape(-1, 2)
    budget = float(np.round(costs.sum() / 5, -4))
    town = (centre[:, 0] * 4 // side * 3 + centre[:, 1] * 3 // side).astype(int).tolist()
    return {
        "values": values, "costs": costs, "budget": budget, "covers": sp.csr_array(share), "must": must.tolist(),
        "exclusive": pairs.tolist(), "min_share": (town, 0.05), "yearly": [budget / YEARS] * YEARS,
    }  # fmt: skip


def rules(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the same question with more and more of its rules."""
    plain = {name: case[name] for name in ("values", "costs", "budget")}
    alone = plain | {"values": case["covers"] @ case["values"]}
    asked = {"values that add up": alone, "places": plain | {"covers": case["covers"]}}
    so_far = asked["places"]
    for name, title in (
        ("must", "and must-dos"),
        ("exclusive", "and alternatives"),
        ("min_share", "and communities"),
        ("yearly", "and yearly budgets"),
    ):
        so_far = so_far | {name: case[name]}
        asked[title] = so_far
    return asked


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what work gives, and its seconds."""
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def compare(case: dict[str, Any], limit_s: float, lines: Lines) -> bool:
    """Print each question's figures; return whether every set keeps the rules and none is behind the list."""
    good = True
    n, places = case["covers"].shape
    print(f"  {n:,} projects, {places:,} places, {case['budget']:,.0f} yuan, limit {limit_s:g} s")
    for title, asked in rules(case).items():
        best, seconds = timed(lambda asked=asked: choose(**asked, time_limit_s=limit_s))
        by_hand, hand_s = timed(lambda asked=asked: greedy(**asked))
        programme = check_programme(**asked)
        year = dict(zip(best.chosen, best.year or (0,) * len(best.chosen), strict=True))
        right = programme.holds(best.chosen, year) and best.benefit >= by_hand.benefit * (1 - 1e-9)
        good &= right
        behind = 1 - by_hand.benefit / best.benefit
        print(
            f"    {title:22s} {seconds:6.2f} s  gap {best.gap:8.6f}  {'optimal' if best.optimal else 'found  '}  "
            f"{len(best.chosen):4d} chosen   the list {hand_s:5.2f} s, {behind:7.4%} behind"
            f"{', ' + str(len(by_hand.short)) + ' communities short' if by_hand.short else ''}"
            f"{'' if right else '   WRONG'}",
            flush=True,
        )
        lines.add(
            projects=n, places=places, asked=title, seconds=seconds, gap=best.gap, optimal=best.optimal,
            greedy_seconds=hand_s, greedy_behind=behind, greedy_short=len(by_hand.short), right=right,
        )  # fmt: skip
    asked = rules(case)["and alternatives"]
    curve, seconds = timed(lambda: budget_curve(**{k: v for k, v in asked.items() if k != "budget"}, time_limit_s=20))
    rising = bool((np.diff(curve.benefit) >= -1e-9 * curve.benefit[-1]).all())
    bend = "no bend" if curve.knee is None else f"bends at {curve.budgets[curve.knee]:,.0f} yuan"
    print(f"    {'curve of 20 budgets':22s} {seconds:6.2f} s  {curve.optimal.sum()} optimal, {bend}")
    bought, next_s = timed(lambda: next_buy(**asked, time_limit_s=limit_s))
    print(
        f"    {'the next 100,000 yuan':22s} {next_s:6.2f} s  {len(bought.joins)} join, {len(bought.leaves)} leave, "
        f"{bought.gain / bought.before.benefit:.4%} more benefit",
        flush=True,
    )
    lines.add(projects=n, places=places, asked="curve", seconds=seconds, optimal=int(curve.optimal.sum()))
    lines.add(projects=n, places=places, asked="next", seconds=next_s)
    return good and rising


def main() -> int:
    """Put all questions to a district; return 1 if an answer is wrong."""
    options = parser(__doc__)
    options.add_argument("--projects", type=int, default=1_000)
    options.add_argument("--places", type=int, default=1_000)
    options.add_argument("--limit", type=float, default=10.0, help="seconds for each question")
    asked = options.parse_args()
    lines = Lines("portfolio", asked.json)
    return 0 if compare(invented(asked.projects, asked.places), asked.limit, lines) else 1


if __name__ == "__main__":
    sys.exit(main())
