"""What the resolution screen hands out: all that it tells as one JSON object, and a workbook with a sheet a figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis import comparing
from base.text import N_, Sentence, Words
from data.dataset import Dataset
from data.schema import ENGINEERING, HAZARD_NAMES, ON_SPOT, Scope
from reports import backlog, people, standing, times
from reports.backlog import Ageing, Waterfall
from reports.sheet import Sheet, write_book
from reports.standing import FunnelOf, Heat, Trend
from reports.times import Asked, Headline, Holds

KEY_NAMES = {
    "hazard": N_("Hazard"),
    "cell": N_("Cell"),
    "unit": N_("Handling unit"),
    "source": N_("Source"),
    "month": N_("Month of report"),
    "channel": N_("Channel"),
}
TITLES = {  # of the columns of `reports.times.groups`, in the order of a table
    "n": N_("Cases"),
    "open": N_("Open"),
    "past_due": N_("Past due"),
    "median_hours": N_("Median hours to close"),
    "low": N_("95% interval from (hours)"),
    "high": N_("95% interval to (hours)"),
    "p90_hours": N_("90% closed within (hours)"),
    "p90_low": N_("90%: interval from (hours)"),
    "p90_high": N_("90%: interval to (hours)"),
    "mean_hours": N_("Mean hours up to the horizon"),
    "mean_low": N_("Mean: interval from (hours)"),
    "mean_high": N_("Mean: interval to (hours)"),
    "due": N_("Due so far"),
    "in_time": N_("Closed in time"),
    "share_in_time": N_("Share in time"),
    "share_low": N_("Share, 95% interval from"),
    "share_high": N_("Share, 95% interval to"),
    "share_with_bulk": N_("Share in time with those closed in bulk"),
    "decided": N_("Cases with a deadline"),
    "limited": N_("Cases in the estimate"),
    "within": N_("Estimate for all cases"),
    "within_low": N_("Estimate, 95% interval from"),
    "within_high": N_("Estimate, 95% interval to"),
    "undecided": N_("No deadline known"),
    "verdict": N_("Against all others"),
    "p_holm": N_("Chance, corrected"),
    "funnel": N_("Late cases against chance"),
    "negative": N_("Closed before the report"),
    "zero": N_("Closed at the moment of the report"),
    "bulk": N_("Closed in bulk"),
    "no_time": N_("Without a report time or start"),
    "no_closing": N_("Source tells no closing"),
    "uncovered": N_("Days the calendar does not know"),
    "hold_unknown": N_("On hold, not known when"),
    "later": N_("Reported after the as-of time"),
    ON_SPOT: N_("Handled on the spot"),
    ENGINEERING: N_("Engineering cases"),
    "reworked": N_("Reworked"),
    "paused": N_("Put on hold"),
    "odd_end": N_("Ended before the clock began"),
}
VERDICTS = {
    comparing.SLOWER: N_("slower"),
    comparing.QUICKER: N_("quicker"),
    comparing.FEW: N_("too few to compare"),
    "": N_("no difference shown"),
}
STAGES = {
    "stage_from": N_("From"),
    "stage_to": N_("To"),
    "n": N_("Cases"),
    "open": N_("Still in it"),
    "median_hours": N_("Median hours"),
    "low": N_("95% interval from (hours)"),
    "high": N_("95% interval to (hours)"),
    "p90_hours": N_("90% gone on within (hours)"),
    "out_of_order": N_("In the wrong order"),
    "skipped": N_("Without this moment"),
    "mean_share": N_("Share of the whole time"),
}
WORST = {
    "incident_id": N_("Case number"),
    "source": N_("Source"),
    "hazard": N_("Hazard"),
    "type_name": N_("Type"),
    "cell_id": N_("Cell code"),
    "unit": N_("Handling unit"),
    "reported_at": N_("Reported"),
    "due_at": N_("Due"),
    "due_from": N_("Where the deadline comes from"),
    "limit_text": N_("Limit"),
    "hours_past_due": N_("Hours past due (below zero: before it)"),
    "open_days": N_("Days open"),
    "address": N_("Address"),
}
TREND = {
    "month": N_("Month of report"),
    "n": N_("Cases"),
    "open": N_("Open"),
    "median_hours": N_("Median hours to close"),
    "low": N_("95% interval from (hours)"),
    "high": N_("95% interval to (hours)"),
    "median_settled": N_("Median settled"),
    "at_least_hours": N_("Median at least (hours)"),
    "decided": N_("Cases with a deadline"),
    "due": N_("Due so far"),
    "in_time": N_("Closed in time"),
    "share_in_time": N_("Share in time"),
    "share_low": N_("Share, 95% interval from"),
    "share_high": N_("Share, 95% interval to"),
    "share_settled": N_("Share settled"),
}
FUNNEL = {
    "name": N_("Name"),
    "key": N_("Code"),
    "due": N_("Due so far"),
    "late": N_("Not closed in time"),
    "share": N_("Share of late cases"),
    "inner_low": N_("95% of such groups from"),
    "inner_high": N_("95% of such groups to"),
    "outer_low": N_("99.8% of such groups from"),
    "outer_high": N_("99.8% of such groups to"),
    "word": N_("Late cases against chance"),
}
DEFINITIONS = (
    N_(
        "Raw clock: natural time from the report to the closure. Work clock: the office's work time from the start of "
        "the clock, holds taken out."
    ),
    N_(
        "Medians and 90% are those of Kaplan and Meier: an open case counts for as long as it has been open. Empty: "
        "not reached."
    ),
    N_(
        "Share in time: of the cases whose deadline had come by the as-of time, open or closed, those closed by it; "
        "interval by Wilson."
    ),
    N_("Estimate for all cases: 1 - S(limit), each case by its own limit, also those that are not due yet."),
    N_(
        "Against all others: log-rank, corrected by Holm for the number of groups, and only where all cases are of one "
        "hazard."
    ),
    N_("Odd times (closed before the report, at its moment, in bulk) are in no figure and counted beside each."),
)


@dataclass(frozen=True)
class Screen:
    """All that the resolution screen tells of a scope."""

    dataset: Dataset
    scope: Scope
    asked: Asked
    headline: Headline
    groups: pd.DataFrame
    waterfall: Waterfall
    ageing: Ageing
    heat: Heat | None  # None without a boundary, as is the funnel of cells
    trend: Trend
    funnel: FunnelOf
    holds: Holds


def screen_of(dataset: Dataset, scope: Scope, asked: Asked) -> Screen:
    """Return all that the screen tells; errors as in `reports.times.groups`."""
    clock, handling = asked.clock, asked.handling
    by = asked.by if asked.by in times.FUNNELS else "cell" if scope.level else "unit"
    return Screen(
        dataset=dataset,
        scope=scope,
        asked=asked,
        headline=times.headline(dataset, scope, clock=clock, handling=handling),
        groups=times.groups(dataset, scope, asked),
        waterfall=backlog.waterfall(dataset, scope, handling=handling),
        ageing=backlog.ageing(dataset, scope, asked.by, handling=handling),
        heat=standing.heat(dataset, scope, clock=clock, handling=handling) if scope.level else None,
        trend=standing.trend(dataset, scope, asked),
        funnel=standing.funnel(dataset, scope, by, handling=handling),
        holds=times.holds(dataset, scope, handling=handling),
    )


def summary(screen: Screen, words: Words) -> dict[str, Any]:
    """Return headline, stages, ageing, funnel, trend and holds for programs: codes, numbers and sentences."""
    head = screen.headline
    trend = [one.say(words) for one in (screen.trend.sentence, *screen.trend.caveats)]
    return {
        "headline": {
            **{name: None if pd.isna(value) else value for name, value in head.overall.drop("key").items()},
            "undecided_by": head.undecided,
            "has_deadlines": head.has_deadlines,
            "sentence": head.main.say(words),
            "sentences": [one.say(words) for one in head.sentences],
        },
        "stages": {"rows": screen.waterfall.rows, "sentences": screen.waterfall.said(words)},
        "ageing": {**screen.ageing.overall, "rows": screen.ageing.rows, "sentence": screen.ageing.sentence.say(words)},
        "funnel": {"rows": screen.funnel.rows, "sentences": [one.say(words) for one in screen.funnel.sentences]},
        "trend": {"rows": screen.trend.rows, "sentence": words.joined(trend)},
        "holds": {
            "paused": screen.holds.paused,
            "with": dict(zip(("due", "in_time"), screen.holds.with_holds, strict=True)),
            "without": dict(zip(("due", "in_time"), screen.holds.without_holds, strict=True)),
            "sentence": screen.holds.sentence.say(words) if screen.holds.sentence else "",
        },
    }


def workbook(screen: Screen, words: Words) -> bytes:
    """Return a workbook with a sheet for each figure of the screen, what was left out, and what the words mean."""
    head = screen.headline
    notes = [
        *([words("Example data, invented")] if screen.dataset.is_demo else []),
        words("{name}: {sentence}", name=words("Hazard Hotspots"), sentence=words("Resolution times")),
        people.scope_words(words, screen.dataset, screen.scope),
        head.main.say(words),
        *(one.say(words) for one in head.sentences),
        *(words(line) for line in DEFINITIONS),
        words("data version {n}", n=screen.dataset.version) + " · " + screen.dataset.fingerprint[:8],
    ]
    return write_book(_sheets(screen, words), notes=notes, words=words)


def groups_table(screen: Screen, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the groups with names and verdicts in words, and the titles of the columns, for a sheet."""
    names = times.key_names(screen.dataset, screen.scope, screen.asked.by, words)
    table = screen.groups
    shown = table.assign(
        name=[names.get(key, key) for key in table["key"]],
        verdict=[words(VERDICTS[code]) if code in VERDICTS else "" for code in table["verdict"]],
        funnel=[words(standing.WORDS[code]) if code in standing.WORDS else "" for code in table["funnel"]],
    )
    key = {"name": words(KEY_NAMES[screen.asked.by])} | ({"key": words("Code")} if screen.asked.by == "cell" else {})
    return shown, key | _said(TITLES, words)


def _sheets(screen: Screen, words: Words) -> list[Sheet]:
    groups, titles = groups_table(screen, words)
    stages = screen.waterfall.rows
    moments = {name: words(backlog.MOMENTS[name]) for name in backlog.MOMENTS}
    stages = stages.assign(**{name: stages[name].map(moments) for name in ("stage_from", "stage_to")})
    names = times.key_names(screen.dataset, screen.scope, screen.asked.by, words)
    ages = screen.ageing.rows.assign(name=[names.get(key, key) for key in screen.ageing.rows["key"]])
    open_cases = backlog.worst(
        screen.dataset, screen.scope, limit=backlog.MOST_IN_A_BOOK, handling=screen.asked.handling
    )
    worst = people.incidents_for_people(open_cases.rows, words)
    reasons = times.reasons_of(screen.dataset)
    worst["due_from"] = [words(reasons[code]) if code in reasons else "" for code in worst["due_from"]]
    funnel = screen.funnel.rows
    if "word" in funnel:
        funnel = funnel.assign(word=[words(standing.WORDS[code]) for code in funnel["word"]])
    sheets = [
        Sheet(words("Groups"), groups, titles, empty=words("Nothing to list.")),
        _sheet(words("Stages"), stages, STAGES, words, (*screen.waterfall.sentences, backlog.STAGES_CLOCK)),
        _sheet(
            words("Ageing"), ages, {"name": KEY_NAMES[screen.asked.by]} | backlog.CLASSES, words,
            (screen.ageing.sentence,),
        ),
        _sheet(words("Worst"), worst, WORST, words, (open_cases.sentence,)),
        _sheet(words("Months"), screen.trend.rows, TREND, words, (screen.trend.sentence, *screen.trend.caveats)),
        _sheet(words("Funnel"), funnel, FUNNEL, words, screen.funnel.sentences),
        Sheet(words("Left out"), _left_out(screen, words), {"what": words("What"), "n": words("Cases")}),
    ]  # fmt: skip
    if screen.heat is not None:
        hazards = {name: title for name, title in HAZARD_NAMES.items() if name in screen.heat.table}
        columns = {"name": N_("Name"), "cell_id": N_("Code")} | hazards
        measure = Sentence(standing.MEASURES[screen.heat.measure])
        sheet = _sheet(words("Cells by hazard"), screen.heat.table, columns, words, (measure, screen.heat.sentence))
        sheets.insert(4, sheet)
    return sheets


def _sheet(name: str, rows: pd.DataFrame, titles: Mapping[str, str], words: Words, notes: Any) -> Sheet:
    said = [one.say(words) for one in notes]
    return Sheet(name, rows, _said(titles, words), empty=words("Nothing to list."), notes=said)


def _left_out(screen: Screen, words: Words) -> pd.DataFrame:
    """Return what is in no figure, what marks others, and why deadlines are not known, with their numbers."""
    head = screen.headline
    rows = [(words(TITLES[name]), head.apart[name]) for name in times.APART]
    if head.has_deadlines:
        reasons = times.reasons_of(screen.dataset)
        rows += [(words(reasons[code]), n) for code, n in head.undecided.items()]
    return pd.DataFrame(rows, columns=["what", "n"])


def _said(titles: Mapping[str, str], words: Words) -> dict[str, str]:
    return {name: words(title) for name, title in titles.items()}
