"""What became of a work in words: the verdict, why, its figures, what it rests on; never more than the numbers say."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation import BEFORE, CHOICE, HELPED, NO_SIGN, TOO_EARLY, WORKS, WORSE
from analysis.step_change import Step
from base.text import N_, NP_, Listed, Sentence, told_share
from reports.evaluation import ANEW, BUILT, CALLS, HAND, NEXT, PARTLY, PLACE, Evaluation, Placebos
from reports.work_times import ASKED, MM, MONTHS, WET_DAYS

VERDICTS = {
    HELPED: N_("helped"),
    NO_SIGN: N_("no sign yet"),
    WORSE: N_("got worse"),
    TOO_EARLY: N_("too early to say"),
    "": N_("cannot be told"),
}
_MAIN = {
    HELPED: N_("{project} helped: {change} less waterlogging reported than {others} let expect"),
    NO_SIGN: N_("{project}: no sign yet that it helped"),
    WORSE: N_("{project}: it got worse there, {change} more waterlogging reported than {others} let expect"),
    TOO_EARLY: N_("{project}: too early to say whether it helped"),
}
_UNITS = {WET_DAYS: N_("per wet day"), MM: N_("per 10 mm of rain above {mm} mm"), MONTHS: N_("per month")}
_UNITS_OF_CELLS = {
    WET_DAYS: N_("per wet day and cell"), MM: N_("per 10 mm of rain above {mm} mm and cell"),
    MONTHS: N_("per month and cell"),
}  # fmt: skip
_MOVED = {
    -1: N_("{counted} {unit} fell from {before} ({time_before}) to {after} ({time_after})"),
    0: N_("{counted} {unit} stayed at {before} ({time_before}, then {time_after})"),
    1: N_("{counted} {unit} rose from {before} ({time_before}) to {after} ({time_after})"),
}
_WHY = N_("{moved}; {others}: {others_before} to {others_after}. {ratio}: {verdict}.")
_TIMES = {
    WET_DAYS: NP_("{n} wet day", "{n} wet days"),
    MONTHS: NP_("{n} month", "{n} months"),
}
_TEN_MM = N_("{mm} mm")
_RATIO = N_("Ratio {ratio} ({low} to {high})")
_ALSO = {
    TOO_EARLY: N_("So little time and so few reports would show only a fall by {fall} or more."),
    NO_SIGN: N_("A fall by {fall} or more would most likely have shown."),
}
_NOTHING_SHOWS = N_("So little time and so few reports would show no fall at all, not even one to zero.")
_ENOUGH = N_("After about {time} in all since the works a halving would most likely show.")
_NOT_SURE = N_(
    "The interval lies below 1, but the level before had to be guessed from all cells: that asks for more certainty."
)
_CHOSEN = {
    ASKED: N_("What led to the choice: {first} – {last}, as chosen by hand; it is left out of the comparison."),
    "rule": N_(
        "What led to the choice: {first} – {last}, the 12 months before {by}. It is left out of the "
        "comparison, for works go where last year was worst, and the worst gets better by itself."
    ),
}
_ENDED_BY = {
    "surveyed_on": N_("the survey"),
    "designed_on": N_("the design"),
    "built_from": N_("the works began"),
    "finished_on": N_("the works ended"),
}
_NOT_CHOSEN = N_("No time is said to have led to the choice: all that lies before the works is compared.")
_SHRUNK = N_(
    "Nothing is known from before the time that led to the choice. So that time stands for before, and its level is "
    "drawn towards that of all cells: the ratio rests on how cells differ, and “helped” asks for more certainty."
)
_RAIN = {
    WET_DAYS: N_("A wet day has {mm} mm of rain or more; the rain is one for all cells."),
    MM: N_("Counted are the mm of rain of a day above {mm} mm; the rain is one for all cells."),
    MONTHS: N_(
        "No rain is loaded, or it is not asked for: counts are per month, and only the cells compared with say how wet "
        "a time was. That is weaker: load the rain of a gauge on the Data page."
    ),
}
_CUT = {
    "start": N_("Rain is known from {day} on: what was reported earlier is not compared."),
    "end": N_("Rain is known up to {day}: what was reported later is not compared."),
}
_APART = {
    CHOICE: N_("led to the choice: {n}"),
    WORKS: N_("during the works: {n}"),
    "dry": N_("in months without a wet day: {n}"),
    "no_rain": N_("on days whose rain is not known: {n}"),
    "outside": N_("outside the time compared: {n}"),
    BEFORE: N_("before: {n}"),
}
_ROLES = {
    NEXT: NP_("{n} next to the project", "{n} next to the project"),
    BUILT: NP_("{n} with other works", "{n} with other works"),
    PARTLY: NP_("{n} of which the project covers a small part", "{n} of which the project covers a small part"),
    HAND: NP_("{n} by hand", "{n} by hand"),
    ANEW: NP_("{n} drawn anew within the time", "{n} drawn anew within the time"),
}
_CELLS_LEFT_OUT = N_("Cells left out of the comparison: {parts}.")
DOWNSTREAM = N_(
    "Which cells lie downstream of the project is in no data. Such a cell may change with it: take it out by hand."
)


@dataclass(frozen=True)
class Figure:
    """A figure of the screen: title, value, and the small line under it."""

    title: Sentence
    value: Sentence
    below: Sentence


def name_of(project: Any) -> str:
    """Return what a project is called: its name, else its number."""
    return str(project["name"] or project["project_id"])


def number(value: float) -> Sentence:
    """Return a rate or a ratio with about two figures; none that is infinite or missing."""
    if math.isnan(value):
        return Sentence(N_("not known"))
    if math.isinf(value):
        return Sentence(N_("no limit"))
    if value >= 100 or not value:
        return Sentence("{n}", {"n": round(value)})
    return Sentence("{n}", {"n": f"{value:.{1 if value >= 10 else 2 if value >= 0.1 else 3}f}"})


def percent(share: float) -> str:
    """Return a share as a whole percentage; 0% and 100% only where it is none or all."""
    return f"{100 * told_share(share):.0f}%"


def ratio(value: float, low: float, high: float) -> Sentence:
    """Return a rate ratio with its interval."""
    return Sentence(_RATIO, {"ratio": number(value), "low": number(low), "high": number(high)})


def main(found: Evaluation) -> Sentence:
    """Return the finding in one sentence."""
    change = abs(1 - found.effect.rate_ratio) if math.isfinite(found.effect.rate_ratio) else math.nan
    said: Any = percent(min(change, 1.0)) if found.verdict == HELPED else _more(change)
    return Sentence(_MAIN[found.verdict], {"project": name_of(found.project), "change": said, "others": others(found)})


def _more(change: float) -> Sentence | str:
    return Sentence(N_("much")) if math.isnan(change) else f"{100 * change:.0f}%"


def unit(found: Evaluation, *, cells: int | None = None) -> Sentence:
    """Return what a rate stands on; of several cells it is one a cell."""
    several = (int(found.place.sum()) if cells is None else cells) > 1
    return Sentence((_UNITS_OF_CELLS if several else _UNITS)[found.measure], {"mm": found.times.above_mm})


def shown_rate(found: Evaluation, value: float) -> float:
    """Return a rate as it is shown: mm are told by tens."""
    return value * 10 if found.measure == MM else value


def time(found: Evaluation, amount: float) -> Sentence:
    """Return how long, or how wet, a time was."""
    if found.measure == MM:
        return Sentence(_TEN_MM, {"mm": round(amount)})
    return Sentence(_TIMES[found.measure], {"n": round(amount)})


def why(found: Evaluation) -> Sentence:
    """Return the verdict with the numbers that it follows from."""
    effect = found.effect
    rates = [number(shown_rate(found, one)) for one in found.rates]
    moved = 0 if str(rates[0]) == str(rates[1]) else int(np.sign(found.rates[1] - found.rates[0]))
    told = Sentence(
        _MOVED[moved],
        {
            "counted": counted(found), "unit": unit(found), "before": rates[0], "after": rates[1],
            "time_before": time(found, effect.wet_days_before), "time_after": time(found, effect.wet_days_after),
        },
    )  # fmt: skip
    facts = {
        "moved": told, "others": others(found), "others_before": rates[2], "others_after": rates[3],
        "ratio": ratio(effect.rate_ratio, effect.low, effect.high), "verdict": Sentence(VERDICTS[found.verdict]),
    }  # fmt: skip
    return Sentence(_WHY, facts)


def beyond(found: Evaluation) -> list[Sentence]:
    """Return what the verdict leaves open."""
    if found.verdict not in _ALSO:
        return []
    lines = [Sentence(_NOT_SURE)] if found.effect.selected and found.effect.high < 1 else []
    if math.isnan(found.smallest):
        lines.append(Sentence(_NOTHING_SHOWS))
    else:
        lines.append(Sentence(_ALSO[found.verdict], {"fall": percent(1 - found.smallest)}))
    if not math.isnan(found.enough):
        lines.append(Sentence(_ENOUGH, {"time": time(found, found.enough)}))
    return lines


def others(found: Evaluation) -> Sentence:
    """Return what the cells compared with are called: similar only where most are."""
    alike = 2 * found.matches.far <= int(found.matches.controls.sum()) and not found.effect.selected
    return Sentence(N_("similar cells") if alike else N_("other cells"))


def counted(found: Evaluation) -> Sentence:
    """Return what is counted, as the beginning of a sentence."""
    return Sentence(N_("Waterlogging calls") if found.asked.count == CALLS else N_("Waterlogging events"))


def figures(found: Evaluation) -> list[Figure]:
    """Return the five figures of the screen."""
    effect, rates = found.effect, [number(shown_rate(found, one)) for one in found.rates]
    amounts = (effect.wet_days_before, effect.wet_days_after)
    seen = (effect.reports_before, effect.reports_after)
    beside = {"others": others(found)}
    of_place = [
        Figure(
            Sentence(title, {"unit": unit(found)}), rates[at],
            Sentence(_BELOW, {"n": seen[at], "time": time(found, amounts[at]), **beside, "rate": rates[at + 2]}),
        )
        for at, title in enumerate((N_("Before, {unit}"), N_("After, {unit}")))
    ]  # fmt: skip
    interval = {"low": number(effect.low), "high": number(effect.high), "share": percent(effect.confidence)}
    expected = Sentence(N_("{share} interval {low} to {high}; 1 is no effect"), interval)
    waited = Sentence(
        "{before} → {after}", {"before": _amount(found, amounts[0]), "after": _amount(found, amounts[1])}
    )  # fmt: skip
    between = Sentence(
        N_("{first} – {last}"), {"first": found.times.finished, "last": _last(found.times.end)}
    )  # fmt: skip
    shows = (
        Sentence(N_("none"))
        if math.isnan(found.smallest)
        else Sentence("−{fall}", {"fall": percent(1 - found.smallest)})
    )
    return [
        *of_place,
        Figure(Sentence(N_("Ratio to expected")), number(effect.rate_ratio), expected),
        Figure(Sentence(_AMOUNTS[found.measure]), waited, Sentence(N_("after: {period}"), {"period": between})),
        Figure(Sentence(N_("Smallest fall to show")), shows, Sentence(N_("found four times out of five"))),
    ]


_BELOW = N_("{n} in {time}; {others} {rate}")
_AMOUNTS = {
    WET_DAYS: N_("Wet days before → after"),
    MM: N_("mm above the threshold, before → after"),
    MONTHS: N_("Months before → after"),
}


def _amount(found: Evaluation, amount: float) -> Sentence:
    return Sentence("{n}", {"n": round(amount)})


def _last(day: Any) -> Any:
    return day - pd.Timedelta(days=1).to_pytimedelta()


def rests_on(found: Evaluation) -> list[Sentence]:
    """Return what the verdict rests on, and what it leaves out."""
    times, effect = found.times, found.effect
    facts: dict[str, Any] = {"first": times.start, "last": _last(times.end)}
    lines = [Sentence(N_("Compared is what was reported on {first} – {last}, in whole months."), facts)]
    if found.sources_left_out:
        sources = Listed(found.sources_left_out)
        lines.append(Sentence(N_("Without the sources that do not cover this time: {sources}."), {"sources": sources}))
    lines.append(_choice(found))
    if effect.selected:
        lines.append(Sentence(_SHRUNK))
    lines.append(_works(found))
    lines.append(rain_line(found))
    lines += [Sentence(_CUT[name], {"day": times.start if name == "start" else _last(times.end)}) for name in times.cut]
    lines += _cells(found)
    if found.other_works:
        others = Listed(found.other_works)
        sentence = N_("In the project's cells other works were built too, and nobody can tell the two apart: {others}.")
        lines.append(Sentence(sentence, {"others": others}))
    beside = (BEFORE if effect.selected else CHOICE, WORKS, "dry", "no_rain", "outside")
    parts = [Sentence(_APART[name], {"n": found.apart[name]}) for name in beside if found.apart[name]]
    if parts:
        facts = {"parts": Listed(parts), "before": effect.reports_before, "after": effect.reports_after}
        sentence = N_("Of the project's cells {before} before and {after} after are compared. Counted beside: {parts}.")
        lines.append(Sentence(sentence, facts))
    if effect.spread > 0.005:
        facts = {"spread": percent(effect.spread), "times": round(effect.dispersion, 1)}
        lines.append(Sentence(_SPREAD, facts))
    lines.append(Sentence(_ASSUMED))
    return lines


_SPREAD = N_(
    "Cells have good and bad years of their own: by about {spread}, learnt from cells where nothing was built. The "
    "interval allows for that ({times} times the variance of pure chance)."
)
_ASSUMED = N_(
    "Assumed: without the project its cells would have gone the way of the similar ones. Where people report more or "
    "less than before in these cells only, or where the water went to a neighbour, this comparison does not see it."
)


def _choice(found: Evaluation) -> Sentence:
    times = found.times
    if times.choice is None:
        return Sentence(_NOT_CHOSEN)
    facts: dict[str, Any] = {"first": times.choice[0], "last": _last(times.choice[1])}
    if times.chosen_by == ASKED:
        return Sentence(_CHOSEN[ASKED], facts)
    return Sentence(_CHOSEN["rule"], {**facts, "by": Sentence(_ENDED_BY[times.chosen_by])})


def _works(found: Evaluation) -> Sentence:
    times = found.times
    if not times.works_known:
        sentence = N_("When the works began is not known: all up to their end, on {last}, counts as before.")
        return Sentence(sentence, {"last": _last(times.finished)})
    facts = {"first": times.works_from, "last": _last(times.finished)}
    return Sentence(N_("The works, {first} – {last}, are neither before nor after."), facts)


def _cells(found: Evaluation) -> list[Sentence]:
    cells = found.cells
    named = Listed(cells.loc[cells["role"] == PLACE, "name"].head(_MOST_NAMED))
    shares = cells.loc[cells["role"] == PLACE, "share"]
    facts: dict[str, Any] = {"n": len(shares), "cells": named, "share": percent(float(shares.mean()))}
    sentence = NP_(
        "The project covers {share} of {n} cell, which counts as a whole: {cells}.",
        "The project covers {share} of {n} cells, which count as a whole: {cells}.",
    )
    lines = [Sentence(sentence, facts)]
    n = int(found.controls.sum())
    if found.asked.controls is not None and not found.effect.selected:
        lines.append(Sentence(_BY_HAND, {"n": n}))
    elif found.effect.selected:
        lines.append(Sentence(NP_("Compared with {n} other cell.", "Compared with all {n} other cells."), {"n": n}))
    else:
        lines.append(Sentence(_MATCHED[found.matched_on], {"n": n}))
    if found.matches.few and not found.effect.selected:
        lines.append(Sentence(N_("So few cells to compare with are a weak ground.")))
    if found.matches.far and not found.effect.selected:
        lines.append(Sentence(_FAR, {"n": found.matches.far}))
    parts = [Sentence(text, {"n": n}) for role, text in _ROLES.items() if (n := int((cells["role"] == role).sum()))]
    if parts:
        lines.append(Sentence(_CELLS_LEFT_OUT, {"parts": Listed(parts)}))
    return [*lines, Sentence(DOWNSTREAM)]


_MOST_NAMED = 10
_BY_HAND = NP_("{n} cell to compare with was chosen by hand.", "{n} cells to compare with were chosen by hand.")
_MATCHED = {
    CHOICE: NP_(
        "Compared with {n} cell that had about as much waterlogging in the time that led to the choice.",
        "Compared with the {n} cells whose waterlogging was nearest to the project's in the time that led to the "
        "choice.",
    ),
    BEFORE: NP_(
        "Compared with {n} cell that had about as much waterlogging before.",
        "Compared with the {n} cells whose waterlogging was nearest to the project's before.",
    ),
}
_FAR = NP_(
    "{n} of them had more than twice, or less than half, the project's level.",
    "{n} of them had more than twice, or less than half, the project's level.",
)


def rain_line(found: Evaluation) -> Sentence:
    """Return what a rate stands on."""
    return Sentence(_RAIN[found.measure], {"mm": found.times.above_mm})


def expected_line(found: Evaluation) -> Sentence:
    """Return what the line of a month means, and how the bars after the work stand to it."""
    facts = {"after": found.effect.reports_after, "expected": round(found.effect.expected, 1)}
    return Sentence(_EXPECTED, facts)


_EXPECTED = N_(
    "The marks are what the cells compared with had in each month, raised to the project's level before: the same "
    "rain, season and habit of reporting. After the work: {after}, expected without it: {expected}."
)


def strip_line() -> Sentence:
    """Return how the picture of the placebos is to be read."""
    return Sentence(_STRIP)


_STRIP = N_(
    "Each dot is a rate ratio with its 95% interval; left of 1 there were fewer reports than expected. If many "
    "placebos lie as far left as the project, its effect is nothing special."
)


def placebo_lines(found: Evaluation, placebos: Placebos) -> list[Sentence]:
    """Return what the placebos say beside the effect."""
    lines = []
    told = placebos.cells["rate_ratio"].notna()
    n = int(told.sum())
    if n:
        as_low = int((placebos.cells["rate_ratio"][told] <= found.effect.rate_ratio).sum())
        lines.append(Sentence(_PLACEBO_CELLS, {"n": n, "low": as_low}))
        helped = int((placebos.cells["verdict"] == HELPED).sum())
        lines.append(Sentence(_PLACEBO_HELPED, {"n": helped}))
    else:
        lines.append(Sentence(N_("No cell is left in whose place a work could be pretended.")))
    n = len(placebos.dates)
    if n:
        lines.append(Sentence(_PLACEBO_DATES, {"n": n, "helped": int((placebos.dates["verdict"] == HELPED).sum())}))
    else:
        lines.append(Sentence(N_("The time before is too short to pretend other days of completion.")))
    return lines


_PLACEBO_CELLS = NP_(
    "{n} cell where nothing was built was judged as if it had the project; {low} had as low a ratio.",
    "{n} cells where nothing was built were judged as if they had the project; {low} had as low a ratio.",
)
_PLACEBO_HELPED = NP_(
    "{n} of them would be called “helped”: chance alone does that to about one in forty.",
    "{n} of them would be called “helped”: chance alone does that to about one in forty.",
)
_PLACEBO_DATES = NP_(
    "The project itself was judged as if it had been finished on {n} earlier day; “helped” was said {helped} times.",
    "The project itself was judged as if it had been finished on {n} earlier days; “helped” was said {helped} times.",
)


def second_line(step: Step | Sentence) -> Sentence:
    """Return what the regression says, as a second opinion that makes no verdict."""
    if isinstance(step, Sentence):
        return Sentence(N_("A regression with rain, season and trend cannot be made: {why}"), {"why": step})
    said = ratio(step.rate_ratio, step.low, step.high)
    return Sentence(_STEP, {"ratio": said, "n": step.rows, "times": round(step.dispersion, 1)})


_STEP = N_(
    "Beside it, a Poisson regression of {n} rows with rain, season, trend and a level for each cell: {ratio}, the "
    "variance {times} times that of pure chance. It misses good and bad years of a cell's own, so it makes no verdict."
)


def verdict_words(rows: pd.DataFrame) -> list[Sentence]:
    """Return the verdicts of some projects, and of those that are refused why."""
    reasons: list[Any] = rows["reason"].tolist()
    return [
        Sentence(N_("{verdict}: {why}"), {"verdict": Sentence(VERDICTS[""]), "why": why}) if why is not None
        else Sentence(VERDICTS[code])
        for code, why in zip(rows["verdict"], reasons, strict=True)
    ]  # fmt: skip
