"""What is still open, and where cases stay: ages past due, the worst cases, the stages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis import ageing as ages
from analysis import stages
from base.text import N_, NP_, Sentence, Term, Words
from data import listing, loops, timing
from data.dataset import Dataset
from data.schema import ENGINEERING, Scope
from reports.times import ORDINARY, nobody_knows
from reports.times_words import duration, percent

CLASSES = {
    ages.NOT_DUE: N_("not due yet"),
    "to_1_days": N_("past due by up to 1 day"),
    "to_3_days": N_("by up to 3 days"),
    "to_7_days": N_("by up to 7 days"),
    "to_30_days": N_("by up to 30 days"),
    ages.MORE: N_("by more than 30 days"),
    ages.UNDECIDED: N_("no deadline known"),
}
PAST = tuple(name for name in CLASSES if name not in (ages.NOT_DUE, ages.UNDECIDED))
MOMENTS = {
    "reported": N_("report"),
    "verified": N_("check before filing"),
    "filed": N_("filing"),
    "dispatched": N_("dispatch"),
    "handled": N_("handling done"),
    "checked": N_("check after handling"),
    "closed": N_("closing"),
    "surveyed": N_("survey and assessment"),
    "designed": N_("design"),
    "built": N_("construction"),
    "followed_up": N_("follow-up inspection"),
}
STAGES_CLOCK = Sentence(N_("Stages are told in natural time, whichever clock is chosen."))
MOST = 200  # cases of the worst list, for people to read
MOST_IN_A_BOOK = 100_000  # on a sheet among others, that somebody waits for
MOST_IN_A_FILE = 1_000_000  # what a sheet of its own holds


@dataclass(frozen=True)
class Ageing:
    """Open cases by how far past due they are.

    `rows`: key and a column for each of `CLASSES`; `overall` the same of all together. Past due is summed over `PAST`.
    Where handling ends a case's time (setting clock_end), open cases that are handled are in no class.
    """

    rows: pd.DataFrame
    overall: dict[str, int]
    sentence: Sentence


@dataclass(frozen=True)
class Worst:
    """The open cases furthest past due, then those open for longest.

    `rows`: the columns of `data.listing.incidents`, `hours_past_due` and open_days.
    """

    rows: pd.DataFrame
    sentence: Sentence


@dataclass(frozen=True)
class Waterfall:
    """How long cases stay in each stage: `rows` as `analysis.stages.waterfall`, its moments named by `MOMENTS`."""

    rows: pd.DataFrame
    sentences: tuple[Sentence, ...]

    def said(self, words: Words) -> list[str]:
        """Return all that is said of the stages, and last on which clock they are told."""
        return [*(one.say(words) for one in self.sentences), STAGES_CLOCK.say(words)]


def ageing(dataset: Dataset, scope: Scope, by: str | None = None, *, handling: str = ORDINARY) -> Ageing:
    """Return the open cases by how far past due they are, by key; by None all are one group, "all"."""
    late = timing.open_hours(dataset, scope, by, handling=handling)
    running = late[~late["stopped"]]
    rows = ages.count_ages(running["hours_past_due"], running["key"].astype(object))
    every = late if by is None else timing.open_hours(dataset, scope, handling=handling)
    together = ages.count_ages(every["hours_past_due"][~every["stopped"]])
    overall = {name: int(together[name].sum()) for name in CLASSES}
    unknown = None if len(every) else nobody_knows(dataset, scope, handling)
    return Ageing(rows, overall, unknown or _of_open(overall, int(every["stopped"].sum())))


def hours_past_due(dataset: Dataset, rows: pd.DataFrame) -> pd.Series:
    """Return by how many hours listed cases are past due at their as-of times.

    Below 0: not due yet. NaN: no deadline is known, or it runs no longer: the case is closed or, where that ends its
    time (setting clock_end), handled.
    """
    late = (rows["as_of"] - rows["due_at"]).dt.total_seconds() / 3600
    runs = ~(rows["closed_at"] <= rows["as_of"])
    if dataset.settings["clock_end"] == "handled":
        runs &= ~(rows["handled_at"] <= rows["as_of"])
    return late.where(runs)


def _of_open(overall: Mapping[str, int], stopped: int) -> Sentence:
    if not stopped:
        return _of_ages(overall, 0)
    said = Sentence(
        NP_(
            "{n} open case is handled, so it is not past due: it only has to be closed.",
            "{n} open cases are handled, so they are not past due: they only have to be closed.",
        ),
        {"n": stopped},
    )
    if not any(overall.values()):
        return said
    return Sentence("{ages} {handled}", {"ages": _of_ages(overall, stopped), "handled": said})


def _of_ages(overall: Mapping[str, int], stopped: int) -> Sentence:
    n, past = sum(overall.values()) + stopped, sum(overall[name] for name in PAST)
    if not n:
        return Sentence(N_("No case is open."))
    if overall[ages.UNDECIDED] == n:
        return Sentence(
            NP_("{n} case is open; no deadline is known of it.", "{n} cases are open; no deadline is known of any."),
            {"n": n},
        )
    fields = {
        "n": n,
        "past": past,
        "more": overall[ages.MORE],
        "not_due": overall[ages.NOT_DUE],
        "undecided": overall[ages.UNDECIDED],
    }
    if not fields["undecided"]:
        return Sentence(
            NP_(
                "Of {n} open case {past} is past due ({more} by more than 30 days) and {not_due} not due yet.",
                "Of {n} open cases {past} are past due ({more} by more than 30 days) and {not_due} not due yet.",
            ),
            fields,
        )
    return Sentence(
        NP_(
            "Of {n} open case {past} is past due ({more} by more than 30 days) and {not_due} not due yet; of "
            "{undecided} no deadline is known.",
            "Of {n} open cases {past} are past due ({more} by more than 30 days) and {not_due} not due yet; of "
            "{undecided} no deadline is known.",
        ),
        fields,
    )


def worst(dataset: Dataset, scope: Scope, *, limit: int = MOST, handling: str = ORDINARY) -> Worst:
    """Return the open cases furthest past due, then those open for longest: all of them, or as many as `limit`."""
    rows = listing.incidents(dataset, scope, open_only=True, order="most_past_due", limit=limit, handling=handling)
    past = hours_past_due(dataset, rows)
    days = ((rows["as_of"] - rows["reported_at"]).dt.total_seconds() / 86_400).round(1)
    late = int((past >= 0).sum())
    if not len(rows):
        said = nobody_knows(dataset, scope, handling) or Sentence(N_("No case is open."))
    elif len(rows) < limit:
        said = Sentence(
            NP_(
                "The only open case.",
                "All {n} open cases: those past due ({late}) first, the furthest on top, then those open for longest.",
            ),
            {"n": len(rows), "late": late},
        )
    else:
        said = Sentence(
            N_(
                "The first {n} open cases: those past due first, the furthest on top, then those open for longest; all "
                "of them are among the cases and deadlines (a download here; resolution --trace FILE.csv)."
            ),
            {"n": len(rows)},
        )
    return Worst(rows.assign(hours_past_due=past, open_days=days), said)


def waterfall(dataset: Dataset, scope: Scope, *, handling: str = ORDINARY) -> Waterfall:
    """Return how long cases stay in each stage, by the position of the moments in time and not by their names."""
    order = stages.ENGINEERING if handling == ENGINEERING else stages.ORDINARY
    told = [name for name in order if name != "verified"]
    found = timing.case_times(dataset, scope, [f"{name}_at" for name in told], handling=handling)
    backwards = found["closed_at"] < found["reported_at"]  # which the stages count apart, where it shows
    found = found[found["followed"] & (~found["odd"] | backwards)]
    if handling == ENGINEERING:  # a site may be looked after once its case is closed: the later of the two ends it
        followed, closed = found["followed_up_at"], found["closed_at"]
        both = (followed != stages.NEVER) & (closed != stages.NEVER)
        found = found.assign(closed_at=np.where(both, np.maximum(followed, closed), closed))
    moments = stages.place_checks({name: found[f"{name}_at"].to_numpy() for name in told}, found["source"])
    rows = stages.waterfall(moments, found["as_of"].to_numpy(), order=order, source=found["source"])
    few = int(dataset.settings["few_reports"])
    return Waterfall(rows, (*_of_stages(rows), *_loops(dataset, scope, handling, few)))


def _loops(dataset: Dataset, scope: Scope, handling: str, few: int) -> list[Sentence]:
    """Return what is told of cases that left the order of the stages: voided ones, and those sent back."""
    said = []
    times = loops.void_times(dataset, scope, handling=handling)
    if len(times) and (void := stages.count_voided(times["reported_at"], times["voided_at"], times["as_of"])).voided:
        fields = {"n": void.voided, "all": void.n, "median": duration(void.median_hours)}
        said.append(
            Sentence(
                NP_(
                    "{n} of {all} cases was voided, {median} after its report.",
                    "{n} of {all} cases were voided, half of them within {median} of the report.",
                ),
                fields,
            )
        )
    told = loops.rework(dataset, scope, handling=handling)
    if not len(told):
        return said
    found = stages.compare_rework(told["hours"], told["resolved"], told["reworked"]).set_index("key")
    back, others = (found.loc[name].to_dict() for name in ("with", "without"))
    if not back["n"]:
        return said
    counts: dict[str, Any] = {"n": int(back["n"]), "told": int(back["n"] + others["n"])}
    if min(back["n"], others["n"]) < few:
        few_said = NP_(
            "{n} of {told} cases of which it is told was sent back and reworked: too few to compare their times.",
            "{n} of {told} cases of which it is told were sent back and reworked: too few to compare their times.",
        )
        return [*said, Sentence(few_said, counts)]
    counts |= {
        "share": percent(back["share"]),
        "median": duration(back["median_hours"]),
        "others": duration(others["median_hours"]),
    }
    return [
        *said,
        Sentence(
            NP_(
                "{n} of {told} cases of which it is told was sent back and reworked ({share}): median {median}, of "
                "the others {others}. What stays open for long is sent back more easily, so the difference is not "
                "what the rework took.",
                "{n} of {told} cases of which it is told were sent back and reworked ({share}): median {median}, of "
                "the others {others}. What stays open for long is sent back more easily, so the difference is not "
                "what the rework took.",
            ),
            counts,
        ),
    ]


def _of_stages(rows: pd.DataFrame) -> list[Sentence]:
    some = rows[rows["n"] > 0]
    said: list[Sentence] = []
    if not len(some):
        said.append(Sentence(N_("No case has a stage whose times are known.")))
    elif (known := some[some["median_hours"].notna()]).empty:
        said.append(Sentence(N_("In no stage half of the cases have gone on yet.")))
    else:
        longest = known.sort_values("median_hours", kind="stable").to_dict("records")[-1]
        said.append(
            Sentence(
                N_(
                    "The longest median is that from {start} to {end}: {median}, of {n} cases, {open} still in it. "
                    "Medians of stages do not add up to that of the whole."
                ),
                {
                    **_named(longest), "median": duration(longest["median_hours"]), "n": int(longest["n"]),
                    "open": int(longest["open"]),
                },
            )
        )  # fmt: skip
    for row in rows[rows["out_of_order"] > 0].to_dict("records"):
        said.append(
            Sentence(
                NP_(
                    "Of {n} case “{end}” lies before “{start}”: one of the two is wrong, so it is in no stage; it "
                    "stays on the map.",
                    "Of {n} cases “{end}” lies before “{start}”: one of the two is wrong, so they are in no stage; "
                    "they stay on the map.",
                ),
                {**_named(row), "n": int(row["out_of_order"])},
            )
        )
    return said


def _named(row: Mapping[Any, Any]) -> dict[str, Term]:
    return {"start": Term(MOMENTS[row["stage_from"]]), "end": Term(MOMENTS[row["stage_to"]])}
