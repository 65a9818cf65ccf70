"""The five figures of the headline row of resolution times, each with what stands below it."""

import math
from dataclasses import dataclass

from base.text import N_, NP_, Sentence
from reports.times_words import Facts, cases, duration, percent, share


@dataclass(frozen=True)
class Figure:
    """A figure to be drawn large: its code, its title, its value, and what stands below it."""

    code: str
    title: Sentence
    value: Sentence
    below: Sentence


def headline_row(facts: Facts) -> tuple[Figure, ...]:
    """Return the five figures of the headline row: median, p90, share, within, open."""
    row = (
        Figure("median", Sentence(N_("Median time to close")), _told(facts, "median_hours"), _limits(facts, "")),
        Figure("p90", Sentence(N_("90% closed within")), _told(facts, "p90_hours"), _limits(facts, "p90_")),
        Figure("share", Sentence(N_("Share in time")), share(facts.overall, facts.few), _below_share(facts)),
        _within(facts),
        Figure("open", Sentence(N_("Open")), Sentence("{n}", {"n": int(facts["open"])}), _below_open(facts)),
    )
    if not facts.untold:
        return row
    return tuple(
        Figure(one.code, one.title, Sentence("–"), Sentence(N_("the files tell no closing times"))) for one in row
    )


def _within(facts: Facts) -> Figure:
    title = Sentence(N_("Estimate for all cases"))
    if 0 < facts["limited"] < facts.few:
        return Figure("within", title, Sentence("–"), Sentence(N_("too few cases")))
    interval = _interval(facts, "within_low", "within_high")
    return Figure("within", title, Sentence(percent(facts["within"])), interval)


def _told(facts: Facts, name: str) -> Sentence:
    return duration(facts[name], facts.clock) if facts["n"] else Sentence("–")


def _limits(facts: Facts, prefix: str) -> Sentence:
    if math.isnan(facts[f"{prefix}low"]):
        return cases(int(facts["n"]), facts)
    low, high = (duration(facts[f"{prefix}{end}"], facts.clock) for end in ("low", "high"))
    fields = {"cases": cases(int(facts["n"]), facts), "low": low, "high": high}
    return Sentence(N_("{cases}, 95% interval {low} to {high}"), fields)


def _interval(facts: Facts, low: str, high: str) -> Sentence:
    if math.isnan(facts[low]) or math.isnan(facts[high]):
        return Sentence("")
    return Sentence(N_("95% interval {low} to {high}"), {"low": percent(facts[low]), "high": percent(facts[high])})


def _below_share(facts: Facts) -> Sentence:
    if not facts.has_deadlines:
        return Sentence(N_("no deadlines"))
    if not facts["due"]:
        return Sentence(N_("none was due yet") if facts["decided"] else N_("no deadline is known"))
    fields = {
        "in_time": int(facts["in_time"]),
        "due": int(facts["due"]),
        "low": percent(facts["share_low"]),
        "high": percent(facts["share_high"]),
    }
    return Sentence(N_("{in_time} of {due} due so far, 95% interval {low} to {high}"), fields)


def _below_open(facts: Facts) -> Sentence:
    unknown = facts.apart["no_closing"]
    if not unknown:
        return _below_known_open(facts)
    return Sentence(
        NP_(
            "{known}; of {n} more not known whether it is open", "{known}; of {n} more not known whether they are open"
        ),
        {"known": _below_known_open(facts), "n": unknown},
    )


def _below_known_open(facts: Facts) -> Sentence:
    if not facts.has_deadlines:
        return Sentence(N_("no deadlines"))
    fields = {"past_due": int(facts["past_due"]), "undecided": int(facts["open_undecided"])}
    if not fields["undecided"]:
        return Sentence(N_("{past_due} past due"), fields)
    return Sentence(N_("{past_due} past due; of {undecided} no deadline is known"), fields)
