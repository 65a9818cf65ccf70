"""What is said of priorities: the finding, its five figures, why a project is built or not, and what it all rests on.

A score is told as a place in an order, never as a benefit; what is avoided is told with its interval and with the
assumption it hangs on.
"""

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd

from analysis.pairwise import contradiction
from base.errors import HazardError
from base.text import N_, NP_, Listed, Sentence, Term
from data.project_words import KIND_NAMES
from reports.candidates import REASONS
from reports.criteria import RULE
from reports.priorities import EQUAL, EVENTS, FIRM, HOUSEHOLDS, WEIGHINGS, Money, Priorities
from reports.times_figures import Figure
from reports.times_words import percent

MOST_NAMED = 6  # projects named in one sentence
_THIN = 0.2  # of a cell: who covers less was probably drawn as a line, not as what it helps
METHOD_NAMES = {"weighted_sum": N_("Weighted sum"), "topsis": N_("TOPSIS (nearness to the greatest need)")}
UNIT_NAMES = {EVENTS: N_("waterlogging events"), HOUSEHOLDS: N_("household-events")}
EFFECT_NAMES = {**KIND_NAMES, "other": N_("Any other work")}


def told(value: float) -> float | int:
    """Return a number of events as it is said: with one decimal where it is small."""
    return round(value, 1) if abs(value) < 9.95 else round(value)


def money(yuan: float) -> float | int:
    """Return yuan as they are said: whole ones where they are whole."""
    return int(yuan) if float(yuan).is_integer() else round(float(yuan), 2)


def unit(found: Priorities) -> Term:
    """Return what is avoided."""
    return Term(UNIT_NAMES[found.asked.unit])


def main(found: Priorities) -> Sentence:
    """Return the finding in one sentence, without a full stop."""
    n = len(found.choice.chosen)
    if not found.yearly_all:
        return Sentence(N_("No waterlogging is known of these places: there is nothing that a project could avoid"))
    if not n:
        return Sentence(N_("No project that this budget can pay avoids any waterlogging"))
    return Sentence(
        _MAIN,
        {
            "n": n, "cost": money(found.choice.cost), "avoided": told(found.avoided), "all": told(found.yearly_all),
            "low": told(found.low), "high": told(found.high), "unit": unit(found),
        },
    )  # fmt: skip


_MAIN = NP_(
    "{n} project for {cost} yuan would avoid about {avoided} of {all} {unit} a year (95%: {low} to {high})",
    "{n} projects for {cost} yuan would avoid about {avoided} of {all} {unit} a year (95%: {low} to {high})",
)


def figures(found: Priorities) -> tuple[Figure, ...]:
    """Return the five figures."""
    n, budget = len(found.choice.chosen), found.asked.budget
    left = budget - found.choice.cost
    share = found.avoided / found.yearly_all if found.yearly_all else math.nan
    per = found.choice.cost / found.avoided if found.avoided else math.nan
    return (
        Figure(
            "chosen", Sentence(N_("Projects to build")), Sentence("{n}", {"n": n}),
            Sentence(
                NP_("of {all}; {n} more cannot be chosen", "of {all}; {n} more cannot be chosen"),
                {"all": len(found.rows), "n": len(found.left)},
            ) if len(found.left) else Sentence(N_("of {all} that can be chosen"), {"all": len(found.rows)}),
        ),
        Figure(
            "cost", Sentence(N_("Cost (yuan)")), Sentence("{n}", {"n": money(found.choice.cost)}),
            Sentence(N_("of {budget}; {left} are left over"), {"budget": money(budget), "left": money(left)}),
        ),
        Figure(
            "avoided", Sentence(N_("Avoided a year")), Sentence("{n}", {"n": told(found.avoided)}),
            Sentence(
                N_("{unit}; 95% {low} to {high}, if the effects are as assumed"),
                {"unit": unit(found), "low": told(found.low), "high": told(found.high)},
            ),
        ),
        Figure(
            "share", Sentence(N_("Share of all waterlogging")), Sentence(percent(share)),
            Sentence(
                N_("of {all} a year expected here; {per} yuan for each one avoided a year"),
                {"all": told(found.yearly_all), "per": "–" if math.isnan(per) else int(round(per, -2))},
            ),
        ),
        Figure(
            "firm", Sentence(N_("Also funded by need")), Sentence(N_("{n} of {all}"), {"n": found.firm, "all": n}),
            Sentence(
                N_("of these the ranking by need funds in at least {share} of {draws} draws of its weights"),
                {"share": percent(FIRM), "draws": found.asked.draws},
            ),
        ),
    )  # fmt: skip


def optimum(found: Priorities) -> Sentence:
    """Return how sure it is that no better set exists."""
    choice = found.choice
    if choice.optimal:
        return Sentence(N_("No other set within the budget and the rules avoids more: that is proved, not estimated."))
    return Sentence(
        N_(
            "This is the best set found within {seconds} seconds: no set can avoid more than {bound} a year, which is "
            "{gap} more."
        ),
        {"seconds": found.asked.time_limit_s, "bound": told(choice.bound), "gap": percent(choice.gap)},
    )


def beside(found: Priorities) -> tuple[Sentence, ...]:
    """Return what the two lists in order would fund and avoid."""
    by_list, said = found.by_list, []
    more = found.choice.benefit - by_list.benefit
    fields: dict[str, Any] = {
        "n": len(by_list.chosen), "cost": money(by_list.cost), "avoided": told(by_list.benefit), "less": told(more),
    }  # fmt: skip
    if set(by_list.chosen) == set(found.choice.chosen):
        said.append(Sentence(N_("Taken in order of what they avoid for the money, the same projects come out.")))
    else:
        said.append(Sentence(_GREEDY if more > 1e-9 else _GREEDY_SAME, fields))
    both = int((found.rows["chosen"] & found.rows["funded"]).sum())
    said.append(
        Sentence(
            _BY_NEED,
            {
                "n": int(found.rows["funded"].sum()), "both": both, "cost": money(found.need_cost),
                "avoided": told(found.need_avoided),
            },
        )
    )  # fmt: skip
    if by_list.short:
        said.append(Sentence(_SHORT, {"n": len(by_list.short), "areas": Listed(by_list.short)}))
    return tuple(said)


_GREEDY = NP_(
    "Taken in order of what they avoid for the money, {n} project for {cost} yuan would come out and avoid {avoided} a "
    "year, {less} fewer.",
    "Taken in order of what they avoid for the money, {n} projects for {cost} yuan would come out and avoid {avoided} "
    "a year, {less} fewer.",
)
_GREEDY_SAME = NP_(
    "Taken in order of what they avoid for the money, {n} project for {cost} yuan would come out and avoid as much.",
    "Taken in order of what they avoid for the money, {n} projects for {cost} yuan would come out and avoid as much.",
)
_BY_NEED = NP_(
    "Going down the ranking by need with the same money, {n} project for {cost} yuan is funded ({both} of them chosen "
    "here) and would avoid {avoided} a year: need tells who is hit hardest, not what the money does most for.",
    "Going down the ranking by need with the same money, {n} projects for {cost} yuan are funded ({both} of them "
    "chosen here) and would avoid {avoided} a year: need tells who is hit hardest, not what the money does most for.",
)
_SHORT = NP_(
    "That list leaves {n} area without its least share: {areas}.",
    "That list leaves {n} areas without their least share: {areas}.",
)


def why(found: Priorities) -> list[Sentence]:
    """Return for each project, in the order of the rows, why it is in the best set or not."""
    rows, n = found.rows, len(found.choice.chosen)
    groups = [set(group) for group in found.programme["exclusive"]]
    inside = set(found.choice.chosen)
    place = {at: k for k, at in enumerate(found.chosen.index, start=1)}
    served = found.cells["avoided"].to_numpy(float)
    said = []
    for at, row in enumerate(rows.to_dict("records")):
        fields = {"per": told2(row["per_100k"]), "place": place.get(at, 0), "n": n}
        rivals = sorted({one for group in groups if at in group for one in group & inside} - {at})
        if row["chosen"]:
            said.append(Sentence(_MUST if row["must"] else _BEST, fields))
        elif rivals:
            names = Listed(rows["project_id"][one] for one in rivals)
            said.append(Sentence(_RIVAL, {"projects": names}))
        elif row["cost"] > found.asked.budget:
            said.append(Sentence(_DEAR, {}))
        elif not row["avoided"]:
            said.append(Sentence(_NOTHING, {}))
        else:
            own = found.programme["covers"][[at]]
            shared = bool((served[own.indices] > 0).any())
            said.append(Sentence(_SERVED if shared else _LESS, fields))
    return said


def told2(value: float) -> float:
    """Return what 100,000 yuan avoid, as it is said."""
    return round(value, 2)


_MUST = N_("Must be built; avoids {per} a year for 100,000 yuan")
_BEST = N_("Avoids {per} a year for 100,000 yuan: place {place} of the {n} chosen")
_RIVAL = N_("Its alternative is built: {projects}")
_DEAR = N_("Costs more than the whole budget")
_NOTHING = N_("Nothing is left there that it could avoid")
_SERVED = N_("Avoids {per} a year for 100,000 yuan alone, less beside those chosen, which cover its place too")
_LESS = N_("Avoids {per} a year for 100,000 yuan; the best set for this budget does without it")


def not_chosen(found: Priorities) -> tuple[Sentence, ...]:
    """Return which projects cannot be chosen, and why: a sentence a reason."""
    said = []
    for reason, rows in found.left.groupby("reason", sort=False):
        n = len(rows)
        names = Listed(named(rows))
        fields = {"n": n, "projects": names, "reason": Term(REASONS[str(reason)]), "more": n - MOST_NAMED}
        said.append(Sentence(_LEFT_MORE if n > MOST_NAMED else _LEFT, fields))
    needed = found.left[found.left["must"] & found.left["reason"].isin(["cost-missing", "cost-zero", "no-place",
                                                                       "outside", "alternative-built"])]  # fmt: skip
    if len(needed):
        said.append(Sentence(_NEEDED, {"n": len(needed), "projects": Listed(named(needed))}))
    return tuple(said)


def thin(found: Priorities) -> tuple[Sentence, ...]:
    """Return which projects get few events only for they cover little of their cells: drawn too thin? too coarse?"""
    if found.finer:
        return (Sentence(_COARSE),)
    rows = found.rows[found.rows["covered"] < _THIN]
    if not len(rows):
        return ()
    fields = {"n": len(rows), "projects": Listed(named(rows)), "share": percent(_THIN)}
    return (Sentence(_DRAWN_THIN, fields),)


_DRAWN_THIN = NP_(
    "{n} project covers less than {share} of every cell it lies in, and gets no more of the events there: {projects}. "
    "If it helps more than the ground it stands on, draw its catchment or list its cells.",
    "{n} projects cover less than {share} of every cell they lie in, and get no more of the events there: {projects}. "
    "If they help more than the ground they stand on, draw their catchments or list their cells.",
)


_COARSE = N_(
    "The events of each area are taken to lie evenly over it, a project gets them by the share of the area that it "
    "covers, and of several in one area the largest share counts alone: the finest level tells better what lies where."
)


def named(rows: pd.DataFrame) -> list[str]:
    """Return number and name of the first of some projects."""
    return [" ".join(filter(None, pair)) for pair in zip(rows["project_id"], rows["name"], strict=True)][:MOST_NAMED]


_LEFT = NP_("Not to be chosen: {projects} - {reason}.", "Not to be chosen: {projects} - {reason}.")
_LEFT_MORE = NP_(
    "Not to be chosen: {projects} and {more} more - {reason}.",
    "Not to be chosen: {projects} and {more} more - {reason}.",
)
_NEEDED = NP_(
    "{n} project is marked as one that must be built, and cannot be chosen all the same: {projects}.",
    "{n} projects are marked as such that must be built, and cannot be chosen all the same: {projects}.",
)


def rests_on(found: Priorities) -> tuple[Sentence, ...]:
    """Return what the figures rest on, what is assumed, and what is not known."""
    asked, needs = found.asked, found.needs
    effects = Listed(
        Sentence(N_("{kind} {share}"), {"kind": Term(EFFECT_NAMES[kind]), "share": percent(share)})
        for kind, share in found.effects.items()
    )
    said = [
        Sentence(
            NP_(
                "Counted are waterlogging events of {n} month, {start} to {last}; calls about one flood are one.",
                "Counted are waterlogging events of {n} months, {start} to {last}; calls about one flood are one.",
            ),
            {"n": needs.months, "start": needs.start, "last": needs.end - dt.timedelta(days=1)},
        ),
        Sentence(_SHRUNK),
        Sentence(_ASSUMED, {"effects": effects}),
        Sentence(_ONCE),
    ]
    if asked.without_residents:
        said.append(Sentence(_WITHOUT))
    if asked.unit == HOUSEHOLDS:
        said.append(Sentence(_HOUSEHOLDS))
    if (found.cells["committed"] > 0).any():
        said.append(Sentence(_COMMITTED))
    if found.rebuilt:
        said.append(Sentence(_REBUILT, {"n": len(found.rebuilt), "projects": Listed(found.rebuilt[:MOST_NAMED])}))
    if found.choice.waived:
        said.append(Sentence(_WAIVED, {"n": len(found.choice.waived), "areas": Listed(found.choice.waived)}))
    if found.rows["aside"].any():
        said.append(Sentence(_ASIDE))
    if asked.yearly or asked.min_share:
        said.append(Sentence(_LIST_RULES))
    if found.unknown.any():
        said.append(RULE)
    return (*said, *found.needs.notes, *found.needs.missing)


_SHRUNK = N_(
    "The yearly rate of each place is drawn towards the mean of all places, the more so the less it stands on: part of "
    "the worst was chance, and gets better by itself. The interval is that of the rates alone."
)
_ASSUMED = N_(
    "Assumed, not measured, is the share of its place's waterlogging that a work avoids: {effects}. If works do half "
    "as much, half as much is avoided."
)
_ONCE = N_(
    "Where projects cover the same place, the largest of their shares counts, once; a score of the ranking is never "
    "added up."
)
_WITHOUT = N_("What residents alone reported is left out of needs and rates.")
_HOUSEHOLDS = N_("Each event counts as many times as its cell has households: nobody knows how many of them it hit.")
_COMMITTED = N_(
    "What works under construction will spare their places is taken off what other projects could avoid there."
)
_REBUILT = NP_(
    "{n} work was finished within the period where projects are proposed ({projects}): what was reported before it "
    "counts too, so what another work would avoid there may be less.",
    "{n} works were finished within the period where projects are proposed ({projects}): what was reported before them "
    "counts too, so what other works would avoid there may be less.",
)
_WAIVED = NP_(
    "In {n} area nothing can be built, so it gets no least share: {areas}.",
    "In {n} areas nothing can be built, so they get no least share: {areas}.",
)
_ASIDE = N_(
    "Of alternatives the ranking by need cannot tell which to build: the one that the money does most for stands for "
    "them."
)
_LIST_RULES = N_("Going down the ranking, neither the yearly budgets nor the least shares of areas are looked at.")


def weighing(found: Priorities) -> tuple[Sentence, ...]:
    """Return how the ranking weighs its criteria, and which comparisons contradict each other."""
    fields: dict[str, Any] = {
        "method": Term(METHOD_NAMES[found.asked.method]), "way": Term(WEIGHINGS[found.asked.weighing]),
        "n": len(found.criteria), "criteria": Listed(Term(one.label) for one in found.criteria),
        "parts": Listed(
            Sentence(N_("{criterion} {share}"), {"criterion": Term(one.label), "share": f"{100 * weight:.3g}%"})
            for one, weight in zip(found.criteria, found.weights.tolist(), strict=True)
        ),
    }  # fmt: skip
    said = [Sentence(_ALIKE if found.asked.weighing == EQUAL else _WEIGHED, fields)]
    if found.compared is not None:
        wrong = contradiction(found.compared, [Term(one.label) for one in found.criteria])
        said.append(
            wrong
            or Sentence(
                N_("The comparisons hold together (consistency ratio {ratio}, at most {limit} is asked for)."),
                {"ratio": round(found.compared.consistency_ratio, 2), "limit": 0.1},
            )
        )
    return tuple(said)


_ALIKE = NP_(
    "{method} of {n} criterion: {criteria}.",
    "{method} of {n} criteria that weigh alike: {criteria}.",
)
_WEIGHED = N_("{method}. Weights ({way}): {parts}.")


def contradicts(found: Priorities) -> Sentence | None:
    """Return which comparisons contradict each other most, None where they hold together or there are none."""
    if found.compared is None:
        return None
    return contradiction(found.compared, [Term(one.label) for one in found.criteria])


def residents(found: Priorities) -> Sentence:
    """Return how far the ranking moves with and without the reports of residents."""
    moved = found.rows["rank"] - found.rows["rank_beside"]
    far = found.rows[moved.abs() >= max(2, len(moved) / 5)]
    if not len(far):
        return Sentence(N_("With and without the reports of residents the ranking is nearly the same."))
    return Sentence(_MOVED, {"n": len(far), "projects": Listed(named(far))})


_MOVED = NP_(
    "With and without the reports of residents {n} project stands far apart in the ranking: {projects}.",
    "With and without the reports of residents {n} projects stand far apart in the ranking: {projects}.",
)


def both_lists(found: Priorities, other: Priorities) -> tuple[Sentence, ...]:
    """Return how far the list of works to build is the same with and without the reports of residents."""
    full, without = (other, found) if found.asked.without_residents else (found, other)
    mine, theirs = set(full.chosen["project_id"]), set(without.chosen["project_id"])
    facts = {"n": len(mine & theirs), "all": len(mine), "more": Listed(sorted(theirs - mine))}
    return (Sentence(_SAME_LIST if mine == theirs else _OTHER_LIST if theirs - mine else _FEWER_LIST, facts),)


_SAME_LIST = N_("To be built are the same {all} projects with and without them.")
_OTHER_LIST = N_("Without them {n} of the {all} projects would be built all the same, and besides: {more}.")
_FEWER_LIST = N_("Without them {n} of the {all} projects would be built all the same, and no other.")


def unknown(found: Priorities) -> tuple[Sentence, ...]:
    """Return how many values of the criteria are not known and stand at the median."""
    n = int(found.unknown.sum())
    if not n:
        return ()
    return (
        Sentence(
            NP_(
                "{n} value is not known and stands at the median of the others.",
                "{n} values are not known and stand at the median of the others.",
            ),
            {"n": n},
        ),
    )


def bend(found: Money) -> Sentence:
    """Return where the budget curve bends."""
    curve = found.curve
    if curve.knee is None:
        return Sentence(N_("The curve does not bend: each yuan more brings about as much as the one before."))
    at = curve.knee
    return Sentence(
        N_(
            "The curve bends at about {budget} yuan, where {avoided} a year are avoided; all that is of use costs "
            "{top} yuan and avoids {most}."
        ),
        {
            "budget": round(curve.budgets[at], -4), "avoided": told(curve.benefit[at]), "top": money(curve.budgets[-1]),
            "most": told(curve.benefit[-1]),
        },
    )  # fmt: skip


def proved(found: Money) -> tuple[Sentence, ...]:
    """Return at how many budgets of the curve the set is the best found, and not proved to be the best."""
    known = np.isfinite(found.curve.benefit)
    n = int((known & ~found.curve.optimal).sum())
    return (Sentence(_NOT_PROVED, {"n": n, "all": int(known.sum())}),) if n else ()


_NOT_PROVED = NP_(
    "At {n} of {all} budgets this is the best set found in the time limit; a better one may exist.",
    "At {n} of {all} budgets this is the best set found in the time limit; a better one may exist.",
)


def next_buy(found: Priorities, more: Money) -> Sentence | HazardError:
    """Return what so much more money would buy."""
    if more.next_buy is None:
        assert more.refused is not None
        return more.refused
    buy, rows = more.next_buy, found.rows["project_id"]
    fields: dict[str, Any] = {
        "more": money(found.asked.more), "joins": Listed(rows[one] for one in buy.joins), "unit": unit(found),
        "leaves": Listed(rows[one] for one in buy.leaves), "gain": told2(buy.gain), "cost": money(buy.cost),
    }  # fmt: skip
    if buy.gain <= 0 or not buy.joins:
        return Sentence(N_("With {more} yuan more, nothing better could be built."), fields)
    if buy.cost > found.asked.more:
        return Sentence(_WITH_REST if buy.leaves else _JOINS_WITH_REST, fields)
    return Sentence(_INSTEAD if buy.leaves else _JOINS, fields)


_JOINS = N_(
    "With {more} yuan more, {joins} could be built besides: {gain} {unit} more avoided a year, for {cost} yuan."
)
_INSTEAD = N_(
    "With {more} yuan more, {joins} could be built in place of {leaves}: {gain} {unit} more avoided a year, for {cost} "
    "yuan more."
)
_JOINS_WITH_REST = N_(
    "With {more} yuan more and what is left over, {joins} could be built besides: {gain} {unit} more avoided a year, "
    "for {cost} yuan."
)
_WITH_REST = N_(
    "With {more} yuan more and what is left over, {joins} could be built in place of {leaves}: {gain} {unit} more "
    "avoided a year, for {cost} yuan more."
)
