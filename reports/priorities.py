"""Which drainage works to build first: a ranking by need, and apart from it the set that avoids most for the money.

**Two lists, on purpose.** The ranking orders projects by what their places need (`reports.needs`), with weights that
somebody chooses; its scores are never added up. The set of projects goes by waterlogging avoided a year, which does add
up over places, and by money; weights have no part in it. Where both name a project the choice stands on two legs.

**What is avoided** of a place is its yearly rate, drawn towards the mean of all places of the scope
(`analysis.avoided`), times the share of the place that a project covers, times the effect of its kind of work, which is
an assumption (settings effect_...). Where projects cover the same place the largest of their shares counts, once. What
works under construction will spare a place is taken off first: their money is committed, and nobody can avoid it twice.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import pairwise, ranking
from analysis.avoided import estimate_avoided, total_avoided
from analysis.criteria import check_weights, entropy_weights, normalise
from analysis.priorities import Choice, Curve, NextBuy, budget_curve, choose, greedy, next_buy
from analysis.ranking import AHP, Robustness, affordable
from analysis.scoring import usual_way
from base.errors import HazardError
from base.text import N_, Listed
from data.dataset import Dataset
from data.schema import Scope
from reports import candidates as works
from reports.answers import cells_of
from reports.candidates import REASONS
from reports.criteria import CRITERIA, Criterion
from reports.need_table import WITHOUT
from reports.needs import MONTHS, Needs, needs, needs_of_projects

__all__ = ["REASONS", "Asked", "Money", "Priorities", "all_weights", "money", "priorities"]

SEED = 20_260_101
EVENTS, HOUSEHOLDS = "events", "households"
UNITS = {EVENTS: N_("Waterlogging events"), HOUSEHOLDS: N_("Events times households")}
EQUAL, GIVEN, PAIRS, ENTROPY = "equal", "given", "pairs", "entropy"
WEIGHINGS = {
    EQUAL: N_("All alike"),
    GIVEN: N_("Weights set one by one"),
    PAIRS: N_("Compared two by two"),
    ENTROPY: N_("By how far they tell the projects apart"),
}
USUAL = ("events", "excess", "chronic", "trend", "hours", "returns", "households", "sunken_covers")
FIRM = 0.8  # of the draws: funded in so many, a project hardly hangs on the weights
_MOST_HELD = 16
_YEAR_DAYS, _LEAST_DAYS = 365.25, 30  # a cell drawn anew has been watched for a month at least

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Asked:
    """How priorities are asked for.

    Attributes
    ----------
    budget : float
        Yuan.
    weighing : {"equal", "given", "pairs", "entropy"}
    criteria : tuple of codes
        That take part; those of `USUAL` that are known if empty.
    weights : tuple of (code, weight)
        For "given": from 0 up, those of other criteria are 0.
    pairs : tuple of (code, code, number)
        For "pairs": how much the first outweighs the second (1/9 to 9), each pair of `criteria` once.
    method : {"weighted_sum", "topsis"}
    must, exclusive
        Project numbers beside those that the table of projects marks.
    min_share : float
        Of the budget, for each area of the level above (0: none).
    yearly : tuple of float
        Yuan of each year; empty: not split.
    effects : tuple of (kind, share)
        In place of the settings.
    spread, draws, seed
        Of `analysis.ranking.robustness`.
    months : int
        Whole months that the need is told from.
    without_residents : bool
        Needs and rates without what residents alone reported.
    unit : {"events", "households"}
        What is avoided: events, or events times the households of the cell.
    more : float
        Yuan beyond the budget, for the question what they would buy.
    time_limit_s : float
        For the best set; the questions about more money get as much again each.
    """

    budget: float
    weighing: str = EQUAL
    criteria: tuple[str, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    pairs: tuple[tuple[str, str, float], ...] = ()
    method: str = ranking.WEIGHTED_SUM
    must: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    min_share: float = 0.0
    yearly: tuple[float, ...] = ()
    effects: tuple[tuple[str, float], ...] = ()
    spread: float = ranking.SPREAD
    draws: int = ranking.DRAWS
    seed: int = SEED
    months: int = MONTHS
    without_residents: bool = False
    unit: str = EVENTS
    more: float = 100_000
    time_limit_s: float = 10


@dataclass(frozen=True)
class Priorities:
    """The ranking, the best set, and what stands behind them.

    Attributes
    ----------
    rows : DataFrame
        One row a project that can be chosen, in the order of the table of projects: project_id, name, kind, status,
        cost (yuan), must, alternatives, year_planned, area (of the level above), cells (names), covered (the largest
        share of a cell that it covers); score, rank; funded (going down the ranking with the budget), share_funded
        (NaN where an alternative to it stands for both: aside), rank_low and rank_high (5% and 95% of the draws),
        rank_lowest and rank_highest; rank_beside (with the reports of residents if asked without, else without);
        effect, avoided, low and high (each alone, a year), per_100k (avoided a year for 100,000 yuan); chosen, in_list
        (taken by the list in order of benefit per yuan), year (position of the yearly budget, missing where not split
        or not chosen).
    bars : ndarray, shape (n, k)
        The part of each criterion in the score, in the order of `criteria`. Those of a weighted sum add up to it; by
        TOPSIS they are the weighted criteria that the distances are taken of.
    unknown : ndarray of bool, shape (n, k)
        Values that are not known and stand at the median.
    left : DataFrame
        project_id, name, cost, must, reason (a key of `REASONS`): the projects that cannot be chosen.
    cells : DataFrame
        cell_id, name, events, years (watched), rate and its limits (a year, drawn in), households, avoided (by the best
        set), committed (share that works under construction will spare).
    choice, by_list : Choice
        The best set and the list in order of benefit per yuan; positions are rows.
    avoided, low, high : float
        What the best set avoids a year, with its interval.
    need_cost, need_avoided : float
        What is funded going down the ranking costs and avoids.
    yearly_all : float
        What there is to avoid: events (or household-events) a year of all cells of the scope.
    needs : Needs
        Of the candidates; `cell_needs` those of the cells.
    effects : dict
        Kind of work -> share avoided, of the kinds among the candidates.
    """

    asked: Asked
    scope: Scope
    needs: Needs
    cell_needs: Needs
    criteria: tuple[Criterion, ...]
    weights: Floats
    compared: AHP | None
    rows: pd.DataFrame
    bars: Floats
    unknown: Bools
    left: pd.DataFrame
    cells: pd.DataFrame
    choice: Choice
    by_list: Choice
    avoided: float
    low: float
    high: float
    need_cost: float
    need_avoided: float
    yearly_all: float
    effects: dict[str, float]
    rebuilt: tuple[str, ...] = ()  # built in the period on ground that candidates cover
    level_above: str | None = None
    finer: bool = False  # cells of a finer level are stored, which would tell better what lies where
    programme: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def chosen(self) -> pd.DataFrame:
        """The rows of the best set, those that avoid most for the money first."""
        found = self.rows[self.rows["chosen"]]
        return found.sort_values(["per_100k", "project_id"], ascending=[False, True])

    @property
    def firm(self) -> int:
        """How many of the chosen are funded by the ranking in nearly all draws of the weights."""
        return int((self.rows["chosen"] & (self.rows["share_funded"] >= FIRM)).sum())


@dataclass(frozen=True)
class Money:
    """What other budgets would bring: the curve, and what so much more buys (None with the reason in `refused`)."""

    curve: Curve
    next_buy: NextBuy | None
    refused: HazardError | None = None


def priorities(dataset: Dataset, scope: Scope, asked: Asked) -> Priorities:
    """Return the ranking and the best set of the stored projects in a scope.

    The answers last given are held with the version, and shared: they are never changed.

    Raises
    ------
    HazardError
        What `reports.needs.needs` refuses; what `reports.candidates` refuses of projects, rules
        and effects; ``benefit-unknown``, ``households-unknown``; ``weighing-unknown``, ``pairs-missing`` and what
        `analysis.ranking` refuses of weights, comparisons and draws; what `analysis.priorities.choose` refuses.
    """
    place = dataclasses.replace(scope, start=None, hazards=())
    return dataset.hold(
        "priorities", (place, asked), lambda: _Question(dataset, place, asked).answer(), most=_MOST_HELD
    )


def money(dataset: Dataset, scope: Scope, asked: Asked) -> Money:
    """Return the budget curve, and what more money would buy; refusals are those of `priorities`."""
    found = priorities(dataset, scope, asked)
    given = dict(found.programme)
    values, costs = given.pop("values"), given.pop("costs")
    curve = budget_curve(values, costs, time_limit_s=asked.time_limit_s, **given)
    try:
        more = next_buy(values, costs, asked.budget, more=asked.more, time_limit_s=asked.time_limit_s, **given)
    except HazardError as error:
        return Money(curve, None, error)
    return Money(curve, more)


def all_weights(dataset: Dataset, scope: Scope, asked: Asked) -> Robustness:
    """Return what becomes of the ranking under all weights whatever; positions are rows of `priorities`."""
    found = priorities(dataset, scope, asked)
    return _Question(dataset, found.scope, asked).robust(None, found.rows["aside"].to_numpy(bool))


def known_criteria(dataset: Dataset, scope: Scope, months: int = MONTHS) -> tuple[Criterion, ...]:
    """Return the criteria that the projects of a scope can be ranked by; refusals as of `reports.needs.needs`."""
    place = dataclasses.replace(scope, start=None, hazards=())
    return tuple(one for one in needs(dataset, place, months=months).criteria if one.ranked)


def usual_budget(dataset: Dataset) -> float:
    """Return the budget that is asked about first: half of what all projects that could be built cost together.

    To the next 100,000 yuan, and no less than those that must be built.
    """
    projects = dataset.projects()
    open_ = projects[(projects["cost"] > 0) & ~projects["status"].isin(works.BEGUN)]
    needed = float(open_.loc[open_["must"], "cost"].sum())
    half = max(float(open_["cost"].sum()) / 2, needed, float(open_["cost"].min()) if len(open_) else 0.0)
    return float(np.ceil(half / 100_000) * 100_000)


class _Question:
    """One question: its candidates, what their places need, and what they would spare them."""

    def __init__(self, dataset: Dataset, scope: Scope, asked: Asked) -> None:
        self.dataset, self.scope, self.asked = dataset, scope, asked
        usual_way(asked.method)  # refuses an unknown one
        if asked.unit not in UNITS:
            raise HazardError(
                "benefit-unknown", "{unit} is none of {known}.", unit=asked.unit, known=Listed(UNITS),
            )  # fmt: skip
        if asked.weighing not in WEIGHINGS:
            raise HazardError(
                "weighing-unknown", "{way} is none of {known}.", way=asked.weighing, known=Listed(WEIGHINGS),
            )  # fmt: skip
        self.cell_needs = needs(dataset, scope, months=asked.months)
        self.works = works.candidates(dataset, scope, self.cell_needs)
        self.rows = self.works.open
        self.needs = needs_of_projects(self.cell_needs, self.rows, self.works.covers)
        self.criteria = self.chosen_criteria()
        self.codes = [one.code for one in self.criteria]
        self.must, self.exclusive = works.rules(self.works, asked.must, asked.exclusive)
        self.effect = works.effects(dataset, self.rows, dict(asked.effects))

    def chosen_criteria(self) -> tuple[Criterion, ...]:
        known = {one.code for one in self.needs.criteria}
        asked = self.asked.criteria or tuple(code for code in USUAL if code in known)
        if self.asked.weighing == GIVEN:
            asked = tuple(code for code, _ in self.asked.weights)
        self.needs.matrix(asked)  # refuses one that is not known
        if not asked:
            raise HazardError("criteria-none", "No criterion is chosen: choose at least one.")
        return tuple(CRITERIA[code] for code in dict.fromkeys(asked))

    def cells(self) -> pd.DataFrame:
        """Return the cells with what is known of their rate, and what works under construction will spare them."""
        table, found = self.cell_needs.table, self.cell_needs
        own = cells_of(self.dataset, dataclasses.replace(self.scope, start=found.start, end=found.end))
        counted = EVENTS + WITHOUT if self.asked.without_residents else EVENTS
        begun = [dt.date.fromisoformat(day) if day else found.start for day in own["valid_from"].astype(str)]
        days = np.array([(found.end - max(day, found.start)).days for day in begun], dtype=float)
        years = np.maximum(days, _LEAST_DAYS) / _YEAR_DAYS
        events = table[counted].to_numpy(float)
        rate = estimate_avoided(events, years, effect=1.0)
        households = own["households"].to_numpy(float)
        if self.asked.unit == HOUSEHOLDS and np.isnan(households).any():
            raise HazardError(
                "households-unknown", "The households of {n} of {all} cells are not loaded: load them on the Data "
                "page, or count events alone.", n=int(np.isnan(households).sum()), all=len(households),
            )  # fmt: skip
        under_way = self.works.under_way
        effect = works.effects(self.dataset, under_way, dict(self.asked.effects))
        committed = works.largest(works.spared(self.works.covers, under_way, effect, table["cell_id"].tolist()))
        return table[["cell_id", "name"]].assign(
            events=events.astype(np.int64), years=years, rate=rate.rate, rate_low=rate.rate_low,
            rate_high=rate.rate_high, households=households, committed=committed,
        )  # fmt: skip

    def matrix(self, *, without: bool) -> Floats:
        return self.needs.matrix(self.codes, without_residents=without)

    def weighed(self) -> tuple[Floats, AHP | None]:
        """Return the weights, which add up to 1, and the comparisons that they come from."""
        k, way = len(self.codes), self.asked.weighing
        if way == EQUAL:
            return np.full(k, 1 / k), None
        if way == GIVEN:
            given = dict(self.asked.weights)
            return check_weights([given[code] for code in self.codes], k), None
        if way == ENTROPY:
            comparable = normalise(self.matrix(without=self.asked.without_residents), self.directions)
            return entropy_weights(comparable), None
        place = {code: at for at, code in enumerate(self.codes)}
        pairs = {
            (place[one], place[other]): value for one, other, value in self.asked.pairs if {one, other} <= place.keys()
        }
        found = pairwise.ahp(pairwise.table_of(k, pairs))
        return found.weights, found

    @property
    def directions(self) -> list[int]:
        return self.needs.directions(self.codes)

    def scores(self, weights: Floats, *, without: bool) -> Floats:
        score = ranking.topsis if self.asked.method == ranking.TOPSIS else ranking.weighted_sum
        return score(self.matrix(without=without), self.directions, weights)

    def robust(self, spread: float | None, aside: Bools) -> Robustness:
        # What stands aside costs more than there is: it keeps its rank, and is never funded
        costs = np.where(aside, self.asked.budget + 1, self.rows["cost"].to_numpy(float))
        fund = affordable(costs, self.asked.budget, must=self.must, exclusive=self.exclusive)
        return ranking.robustness(
            self.matrix(without=self.asked.without_residents), self.directions, self.weighed()[0], fund,
            draws=self.asked.draws, spread=spread, seed=self.asked.seed, method=self.asked.method,
        )  # fmt: skip

    def aside(self, chosen: Iterable[int], per_yuan: Floats) -> Bools:
        """Return which projects stand aside for an alternative in the list by need, which cannot tell them apart.

        Alternatives mostly lie at one place, so their need is the same. The one of the best set stands for them, else
        one that must be built, else the one that avoids most for the money.
        """
        best, found = set(chosen), np.zeros(len(self.rows), dtype=bool)
        for group in self.exclusive:
            stays = max(group, key=lambda one: (one in best, one in self.must, per_yuan[one], -one))
            found[[one for one in group if one != stays]] = True
        return found

    def answer(self) -> Priorities:
        asked, without = self.asked, self.asked.without_residents
        weights, compared = self.weighed()
        cells = self.cells()
        hit = cells["households"].to_numpy(float) if asked.unit == HOUSEHOLDS else np.ones(len(cells))
        spared = works.spared(self.works.covers, self.rows, self.effect, cells["cell_id"].tolist())
        spared.data = np.maximum(0.0, spared.data - cells["committed"].to_numpy(float)[spared.indices])
        costs = self.rows["cost"].to_numpy(float)
        areas, above = works.areas(self.dataset, self.scope, self.works)
        values = cells["rate"].to_numpy(float) * hit
        given: dict[str, Any] = {
            "covers": spared, "must": self.must, "exclusive": self.exclusive,
            "min_share": (areas, asked.min_share) if asked.min_share else None, "yearly": asked.yearly or None,
        }  # fmt: skip
        best = choose(values, costs, asked.budget, time_limit_s=asked.time_limit_s, **given)
        by_list = greedy(values, costs, asked.budget, **given)
        share = works.largest(spared[list(best.chosen)]) if best.chosen else np.zeros(len(cells))
        years, events = cells["years"].to_numpy(float), cells["events"].to_numpy(float)
        alone = total_avoided(events, years, spared * hit)
        together = total_avoided(events, years, share * hit)
        aside = self.aside(best.chosen, alone.avoided / costs)
        firm = self.robust(asked.spread, aside)
        matrix = self.matrix(without=without)
        everyone = np.arange(len(costs))
        rows = self.described().assign(
            area=areas, score=self.scores(weights, without=without), rank=firm.rank, funded=firm.funded,
            share_funded=np.where(aside, np.nan, firm.share_funded), aside=aside,
            rank_low=firm.low, rank_high=firm.high, rank_lowest=firm.lowest, rank_highest=firm.highest,
            rank_beside=ranking.rank_scores(self.scores(weights, without=not without)),
            effect=self.effect, avoided=alone.avoided, low=alone.low, high=alone.high,
            per_100k=alone.avoided / costs * 100_000, chosen=np.isin(everyone, best.chosen),
            in_list=np.isin(everyone, by_list.chosen),
        )  # fmt: skip
        rows["year"] = pd.array([pd.NA] * len(rows), dtype="Int64")
        if best.year is not None:
            rows.loc[list(best.chosen), "year"] = list(best.year)
        return Priorities(
            asked=asked, scope=self.scope, needs=self.needs, cell_needs=self.cell_needs, criteria=self.criteria,
            weights=weights, compared=compared, rows=rows, unknown=np.isnan(matrix), left=self.works.left,
            bars=ranking.contributions(matrix, self.directions, weights, usual_way(asked.method)),
            cells=cells.assign(avoided=share * values), choice=best, by_list=by_list,
            avoided=float(together.avoided), low=float(together.low), high=float(together.high),
            need_cost=float(costs[firm.funded].sum()),
            need_avoided=float(works.largest(spared[np.flatnonzero(firm.funded)]) @ values),
            yearly_all=float(values.sum()),
            effects=dict(zip(map(works.effect_kind, self.rows["kind"]), self.effect.tolist(), strict=True)),
            rebuilt=works.built_lately(self.works, self.needs.start), level_above=above,
            finer=self.scope.level != self.dataset.levels[-1].name,
            programme={"values": values, "costs": costs, **given},
        )  # fmt: skip

    def described(self) -> pd.DataFrame:
        """Return what is known of the candidates beside their numbers."""
        names = self.cell_needs.table.set_index("cell_id")["name"]
        covers = self.works.covers[self.works.covers["cell_id"].isin(names.index)]
        named = covers.assign(cell=names.reindex(covers["cell_id"]).to_numpy())
        cells = named.groupby("project_id")["cell"].agg(tuple)
        covered = covers.groupby("project_id")["share"].max()
        known = self.rows[["project_id", "name", "kind", "status", "cost", "must", "alternatives", "year"]]
        rows = pd.DataFrame(known).rename(columns={"year": "year_planned"})
        numbers = rows["project_id"]
        return rows.assign(cells=cells.reindex(numbers).to_numpy(), covered=covered.reindex(numbers).to_numpy(float))
