"""The sentences about resolution times: true also of no case, of one, and of two."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.survival import Curve
from base.text import N_, NP_, Sentence

WORK_DAY_HOURS = 8


@dataclass(frozen=True)
class Figure:
    """A figure to be drawn large: its code, its title, its value, and what stands below it."""

    code: str
    title: Sentence
    value: Sentence
    below: Sentence


@dataclass(frozen=True)
class Facts:
    """What the sentences about all cases of a scope rest on: see `reports.times.Headline`."""

    overall: pd.Series
    undecided: Mapping[str, int]
    apart: Mapping[str, int]
    has_deadlines: bool
    clock: str
    handling: str
    hazards: tuple[str, ...]
    few: int
    horizon_hours: float
    nothing_yet: pd.Timestamp | None


def duration(hours: float, clock: str) -> Sentence:
    """Return a length of time in the unit a person would use; NaN is "not reached"."""
    if math.isnan(hours):
        return Sentence(N_("not reached"))
    if clock != "work":
        if hours < 1:
            return Sentence(N_("{n} min"), {"n": round(60 * hours)})
        if hours < 72:
            return Sentence(N_("{n} h"), {"n": round(hours, 1)})
        return Sentence(N_("{n} days"), {"n": round(hours / 24, 1 if hours < 240 else 0)})
    if hours < 1:
        return Sentence(N_("{n} min of work time"), {"n": round(60 * hours)})
    if hours < 3 * WORK_DAY_HOURS:
        return Sentence(N_("{n} work hours"), {"n": round(hours, 1)})
    return Sentence(N_("{n} work days"), {"n": round(hours / WORK_DAY_HOURS, 1)})


def percent(share: float) -> str:
    """Return a share as a percentage; a dash where there is none."""
    return "–" if math.isnan(share) else f"{round(100 * share)}%"


def main(facts: Facts) -> Sentence:
    """Return the finding in one sentence."""
    n = int(facts.overall["n"])
    if not n:
        return Sentence(N_("No case with a known duration in this period"))
    return Sentence(
        N_("Half of the {cases} were closed within {median}; {open} are open"),
        {"cases": cases(n, facts), "median": duration(facts.overall["median_hours"], facts.clock),
         "open": int(facts.overall["open"])},
    )  # fmt: skip


def cases(n: int, facts: Facts) -> Sentence:
    """Return how many cases of what."""
    return Sentence(NP_("{n} case", "{n} cases"), {"n": n})


def figures(facts: Facts) -> tuple[Figure, ...]:
    """Return the five figures of the headline row: median, p90, share, within, open."""
    row = facts.overall
    return (
        Figure(
            "median", Sentence(N_("Median")), duration(row["median_hours"], facts.clock), cases(int(row["n"]), facts)
        ),
        Figure("p90", Sentence(N_("90% are closed within")), duration(row["p90_hours"], facts.clock), Sentence("")),
        Figure("share", Sentence(N_("Share in time")), Sentence(percent(row["share_in_time"])), Sentence("")),
        Figure("within", Sentence(N_("Estimate for all cases")), Sentence(percent(row["within"])), Sentence("")),
        Figure("open", Sentence(N_("Open")), Sentence("{n}", {"n": int(row["open"])}), Sentence("")),
    )


def sentences(facts: Facts) -> tuple[Sentence, ...]:
    """Return what stands below the figures: shares, what was left out, what is undecided."""
    return ()


def curves(found: Mapping[str, Curve], groups: int, clock: str) -> Sentence:
    """Return what the curves show."""
    return Sentence(N_("Share of cases not yet closed, by time since the report"))
