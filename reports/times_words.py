"""The sentences about the times of all cases of a scope: true also of no case, of one, and of two.

They count and compare; why something took long they do not say. A share of few cases is told as its counts, for read as
a percentage it would pass for a fact.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from base import text
from base.text import N_, NP_, Listed, Sentence, Term, Words, time_unit
from data.clocks import DAY_MINUTES
from data.schema import ENGINEERING, ON_SPOT

RAW, WORK = "raw", "work"
_MOST_TEXTS = 3  # limits that cannot be read, named one by one

NOTHING_YET = N_("Nothing had been reported by {as_of}: the first report is of {first}")


@dataclass(frozen=True)
class Facts:
    """What the sentences about all cases of a scope rest on: see `reports.times.Headline`.

    `undecided` is 0 throughout where there are no deadlines at all; `reasons` say why, by its codes. `coverage` says
    which days the working calendar knows, `unread` which rows of the table of deadlines have limits that cannot be
    read (row, scheme, limit_text). `closed_by_half` are the cases in fact closed within the median, which is an
    estimate where some are open. `first` is the first report, where the as-of time asked for lies before it.
    """

    overall: Mapping[str, Any]
    closed_by_half: int
    undecided: Mapping[str, int]
    apart: Mapping[str, int]
    reasons: Mapping[str, str]
    has_deadlines: bool
    clock: str
    handling: str
    hazards: tuple[str, ...]
    few: int
    horizon_hours: float
    handled: bool
    coverage: Sentence
    unread: pd.DataFrame
    as_of: dt.datetime | None
    first: pd.Timestamp | None

    def __getitem__(self, name: str) -> Any:
        return self.overall[name]

    @property
    def untold(self) -> bool:
        """Whether no time is known, for the files tell no closing times."""
        return nobody_knows(self.overall) is not None


def duration(hours: float, clock: str = RAW, *, brief: bool = False) -> Sentence:
    """Return a length of time in the unit a person would use; NaN is "not reached". Brief: see `base.text.duration`."""
    return text.duration(hours, work_day(clock), brief=brief)


def classes_said(lowest: float, edges: Sequence[float], words: Words, clock: str = RAW) -> tuple[str, ...]:
    """Return the text of each class of hours, from `lowest` up to each of the edges, in the unit of its upper end."""
    found = []
    for low, high in pairwise((lowest, *edges)):
        begin, end = (duration(hours, clock).say(words) for hours in (low, high))
        size, unit = time_unit(high, work_day(clock))
        if begin != end and time_unit(low, work_day(clock))[1] != unit:
            begin = words(unit, n=words.number(low / size, 1 if low >= size else 2))
        found.append(end if begin == end else words("{low}–{high}", low=begin, high=end))
    return tuple(found)


def work_day(clock: str) -> float | None:
    """Return the hours of a work day where the clock is that of work time; None: a day has 24 hours."""
    return DAY_MINUTES / 60 if clock == WORK else None


def percent(share: float) -> str:
    """Return a share as a whole percentage, 100% and 0% only where it is all or none; a dash where there is none."""
    if math.isnan(share):
        return "–"
    return f"{100 * text.told_share(share):.0f}%"


def share(row: Mapping[str, Any], few: int) -> Sentence:
    """Return the share in time of a group: of few cases its counts alone."""
    if not row["due"]:
        return Sentence("–")
    if row["due"] < few:
        return Sentence(N_("{in_time} of {due}"), {"in_time": int(row["in_time"]), "due": int(row["due"])})
    return Sentence(percent(row["share_in_time"]))


_CASES = {
    ENGINEERING: NP_("{n} engineering case", "{n} engineering cases"),
    ON_SPOT: NP_("{n} case handled on the spot", "{n} cases handled on the spot"),
    "waterlogging": NP_("{n} waterlogging case", "{n} waterlogging cases"),
    "sunken_cover": NP_("{n} sunken-cover case", "{n} sunken-cover cases"),
    "wall_risk": NP_("{n} wall-risk case", "{n} wall-risk cases"),
}
_SOME = NP_("{n} case", "{n} cases")


def cases(n: int, facts: Facts) -> Sentence:
    """Return how many cases of what."""
    kind = facts.handling or (facts.hazards[0] if len(facts.hazards) == 1 else "")
    return Sentence(_CASES.get(kind, _SOME), {"n": n})


def main(facts: Facts) -> Sentence:
    """Return the finding in one sentence, without a full stop."""
    n, still = int(facts["n"]), int(facts["open"])
    if facts.first is not None:
        asked = {"as_of": facts.as_of, "first": facts.first}
        return Sentence(NOTHING_YET, asked)
    if (unknown := nobody_knows(facts.overall)) is not None:
        return unknown
    if not n:
        return Sentence(N_("There is no case here of which a duration is known"))
    fields: dict[str, Any] = {"cases": cases(n, facts), "rest": _rest(facts)}
    if n == 1 and still:
        return Sentence(N_("{cases}, and it is not closed yet"), fields)
    fields["median"] = duration(facts["median_hours"], facts.clock)
    if n == 1:
        return Sentence(N_("{cases}, and it was closed within {median}"), fields)
    if math.isnan(facts["median_hours"]):
        return Sentence(N_("Within what time half of the {cases} are closed is not known yet; {rest}"), fields)
    if facts.clock == WORK and facts["median_hours"] * 60 < 0.5:  # of all cases, for none is lost before
        return Sentence(N_("Half of the {cases} were closed before any office time had run; {rest}"), fields)
    if 2 * facts.closed_by_half < n:
        return Sentence(N_("By estimate half of the {cases} are closed within {median}; {rest}"), fields)
    return Sentence(N_("Half of the {cases} were closed within {median}; {rest}"), fields)


def nobody_knows(overall: Mapping[str, Any] | pd.Series) -> Sentence | None:
    """Return that nobody knows which cases are open, without a full stop; None where of some it is known."""
    n = int(overall["no_closing"])
    if not n or overall["n"] or overall["due"]:
        return None
    return Sentence(
        NP_(
            "Of {n} case nobody knows whether it is closed: the files tell no closing times",
            "Of {n} cases nobody knows whether they are closed: the files tell no closing times",
        ),
        {"n": n},
    )


def _rest(facts: Facts) -> Sentence:
    n = int(facts["open"])
    if not n:
        return Sentence(N_("none is open"))
    if not facts.has_deadlines:
        return Sentence(NP_("{n} is open", "{n} are open"), {"n": n})
    past = {"n": n, "past_due": int(facts["past_due"])}
    return Sentence(NP_("{n} is open, {past_due} past due", "{n} are open, {past_due} past due"), past)


def sentences(facts: Facts) -> tuple[Sentence, ...]:
    """Return what stands below the figures: how sure they are, what is left out, what is undecided and what to do."""
    if facts.first is not None:
        return ()
    said = [_few(facts), _share(facts), _handled(facts), _estimate(facts), _mean(facts), _apart(facts)]
    said += [_bulk(facts), _odd_end(facts), _loops(facts), _undecided(facts), *_unread(facts), _uncovered(facts)]
    return tuple(one for one in said if one is not None)


def _few(facts: Facts) -> Sentence | None:
    n = int(facts["n"])
    if not 1 < n < facts.few:
        return None
    if math.isnan(facts["low"]):
        return Sentence(N_("Few cases: these {n} say little about the next ones."), {"n": n})
    fields = {"n": n, **{end: duration(facts[end], facts.clock) for end in ("low", "high")}}
    return Sentence(
        N_("Few cases: these {n} say little about the next ones (95% interval of the median: {low} to {high})."), fields
    )


def _share(facts: Facts) -> Sentence:
    due, in_time = int(facts["due"]), int(facts["in_time"])
    if not facts.has_deadlines:
        return Sentence(
            N_(
                "There are no deadlines: neither the files nor a table of deadlines give any, so there is no share in "
                "time."
            )
        )
    if facts.untold:
        return Sentence(N_("The files tell no closing times, so there is no share in time."))
    if not facts["decided"]:
        return Sentence(N_("Of no case is the deadline known, so there is no share in time."))
    if not due:
        return Sentence(N_("No case was due yet, so there is no share in time."))
    if due == 1:
        return Sentence(_ONLY[facts.handled, bool(in_time)])
    fields = {
        "in_time": in_time,
        "due": due,
        "share": percent(facts["share_in_time"]),
        "low": percent(facts["share_low"]),
        "high": percent(facts["share_high"]),
    }
    return Sentence(_SHARES[facts.handled, due < facts.few], fields)


_ONLY = {  # by whether handling ends a case's time, and whether it was in time
    (False, True): N_("The only case due so far was closed in time."),
    (False, False): N_("The only case due so far was not closed in time."),
    (True, True): N_("The only case due so far was handled in time."),
    (True, False): N_("The only case due so far was not handled in time."),
}
_SHARES = {  # by the same, and whether the cases are few
    (False, True): N_(
        "{in_time} of the {due} cases due so far were closed in time: too few to tell a share, which may lie anywhere "
        "from {low} to {high} (95% interval)."
    ),
    (False, False): N_(
        "{in_time} of the {due} cases due so far were closed in time: {share} (95% interval {low}–{high})."
    ),
    (True, True): N_(
        "{in_time} of the {due} cases due so far were handled in time: too few to tell a share, which may lie anywhere "
        "from {low} to {high} (95% interval)."
    ),
    (True, False): N_(
        "{in_time} of the {due} cases due so far were handled in time: {share} (95% interval {low}–{high})."
    ),
}


def _handled(facts: Facts) -> Sentence | None:
    if not (facts.handled and facts.has_deadlines):
        return None
    return Sentence(
        N_("Against a deadline counts when the case was handled, where the file says it, else when it was closed.")
    )


def _estimate(facts: Facts) -> Sentence | None:
    if not facts["limited"]:
        return None
    if math.isnan(facts["within"]):
        return Sentence(
            N_("There is no estimate for all cases yet: none of those open was followed for the whole of its limit.")
        )
    fields = {
        "n": int(facts["limited"]),
        "all": int(facts["decided"]),
        "within": percent(facts["within"]),
        "low": percent(facts["within_low"]),
        "high": percent(facts["within_high"]),
    }
    whole = facts["limited"] == facts["decided"]
    return Sentence(_PARTLY if not whole else _HANDLED_WITHIN if facts.handled else _CLOSED_WITHIN, fields)


_PARTLY = N_(
    "Estimate for {n} of the {all} cases with a deadline, also those not due yet: {within} within their own limits "
    "(95% interval {low}–{high}). Of the others nobody knows since when their time has run."
)
_CLOSED_WITHIN, _HANDLED_WITHIN = (
    N_(
        "Estimate for all {n} cases with a deadline, also those not due yet: {within} closed within their own limits "
        "(95% interval {low}–{high})."
    ),
    N_(
        "Estimate for all {n} cases with a deadline, also those not due yet: {within} handled within their own limits "
        "(95% interval {low}–{high})."
    ),
)


def _mean(facts: Facts) -> Sentence | None:
    if math.isnan(facts["mean_hours"]):
        return None
    fields = {
        "mean": duration(facts["mean_hours"], facts.clock),
        "horizon": duration(facts.horizon_hours, facts.clock),
    }
    return Sentence(
        N_("Mean time to close: {mean}; a case that took or has been open for longer counts as {horizon}."), fields
    )


_LEFT_OUT = {
    "negative": NP_("{n} closed before it was reported", "{n} closed before they were reported"),
    "zero": NP_("{n} closed at the very moment of its report", "{n} closed at the very moment of their reports"),
    "bulk": NP_("{n} closed in bulk, with very many in one minute", "{n} closed in bulk, very many in one minute"),
    "no_time": NP_("{n} without a report time or a start", "{n} without a report time or a start"),
    "no_closing": NP_("{n} of a source that tells no closing", "{n} of sources that tell no closing"),
    "uncovered": NP_(
        "{n} over days that the working calendar does not know", "{n} over days that the working calendar does not know"
    ),
    "hold_unknown": NP_("{n} that was on hold, nobody knows when", "{n} that were on hold, nobody knows when"),
    "later": NP_(
        "{n} reported after the as-of time of its source", "{n} reported after the as-of time of their source"
    ),
    ON_SPOT: NP_("{n} handled on the spot", "{n} handled on the spot"),
    ENGINEERING: NP_("{n} engineering case", "{n} engineering cases"),
}


def left_out(apart: Mapping[str, int]) -> list[Sentence]:
    """Return what is in no figure, a short sentence each; nothing of which there is none."""
    return [Sentence(_LEFT_OUT[name], {"n": int(apart[name])}) for name in _LEFT_OUT if apart.get(name)]


def _apart(facts: Facts) -> Sentence | None:
    parts = left_out({name: n for name, n in facts.apart.items() if name != facts.handling})
    if not parts:
        return None
    return Sentence(N_("Counted beside, in none of these figures: {parts}."), {"parts": Listed(parts)})


def _bulk(facts: Facts) -> Sentence | None:
    if not facts.apart["bulk"] or math.isnan(facts["share_with_bulk"]):
        return None
    return Sentence(
        N_("With the cases closed in bulk the share in time would be {share}."),
        {"share": percent(facts["share_with_bulk"])},
    )


def _odd_end(facts: Facts) -> Sentence | None:
    if not (facts.apart["odd_end"] and facts.has_deadlines):
        return None
    if facts.handled:
        return Sentence(
            NP_(
                "{n} case was handled before its report, at its very moment, or before its clock began: it is in no "
                "share in time.",
                "{n} cases were handled before their reports, at their very moment, or before their clocks began: they "
                "are in no share in time.",
            ),
            {"n": facts.apart["odd_end"]},
        )
    return Sentence(
        NP_(
            "{n} case was closed before its clock began: it is in no share in time.",
            "{n} cases were closed before their clocks began: they are in no share in time.",
        ),
        {"n": facts.apart["odd_end"]},
    )


def _loops(facts: Facts) -> Sentence | None:
    if not facts.apart["reworked"]:
        return None
    return Sentence(
        NP_("{n} case was sent back and reworked.", "{n} cases were sent back and reworked."),
        {"n": facts.apart["reworked"]},
    )


def _undecided(facts: Facts) -> Sentence | None:
    reasons = [
        Sentence(N_("{n} ({reason})"), {"n": n, "reason": Term(facts.reasons[code])})
        for code, n in facts.undecided.items()
        if n
    ]
    if not reasons:
        return None
    return Sentence(
        NP_(
            "Of {n} case no deadline can be told, so it is neither in time nor late: {reasons}.",
            "Of {n} cases no deadline can be told, so they are neither in time nor late: {reasons}.",
        ),
        {"n": sum(facts.undecided.values()), "reasons": Listed(reasons)},
    )


def _unread(facts: Facts) -> Sequence[Sentence]:
    if not facts.undecided.get("unread"):
        return ()
    return [
        Sentence(
            N_(
                "The limit “{text}” in row {row} of the table of deadlines ({scheme}) cannot be read: write it there "
                "as 4工作时 or 5工作日."
            ),
            {"text": one["limit_text"], "row": one["row"], "scheme": one["scheme"]},
        )
        for one in facts.unread.head(_MOST_TEXTS).to_dict("records")
    ]


def _uncovered(facts: Facts) -> Sentence | None:
    if not (facts.undecided.get("uncovered") or facts.apart["uncovered"]):
        return None
    return Sentence(
        N_(
            "{coverage} Load a table of workdays of the other years: the cases, which stay on the map, are then "
            "computed again."
        ),
        {"coverage": facts.coverage},
    )


def zero_work(n: int, every: int) -> Sentence:
    """Return that so many of the cases took no work time, and why that is no fault."""
    return Sentence(
        NP_(
            "{n} of {all} cases took no work time: it was closed before any office time had run, as at night or on a "
            "weekend, holds taken out.",
            "{n} of {all} cases took no work time: they were closed before any office time had run, as at night or on "
            "a weekend, holds taken out.",
        ),
        {"n": n, "all": every},
    )


def holds(paused: int, with_holds: tuple[int, int], without: tuple[int, int]) -> Sentence:
    """Return the two shares in time: each pair is cases due, and those of them in time."""
    fields = {"n": paused, "due": with_holds[0], "in_time": with_holds[1], "all": without[0], "met": without[1]}
    return Sentence(
        NP_(
            "{n} case was on hold. With the hold taken out {in_time} of {due} cases due are in time; as if there had "
            "been none, {met} of {all}.",
            "{n} cases were on hold. With the holds taken out {in_time} of {due} cases due are in time; as if there "
            "had been none, {met} of {all}.",
        ),
        fields,
    )
