"""What the resolution command says to people in a terminal: sentences first, shares with the number they stand on."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from base.text import N_, Words
from reports.backlog import MOMENTS
from reports.terminal import table
from reports.times import Headline
from reports.times_book import KEY_NAMES, VERDICTS, Screen
from reports.times_words import duration, percent, share


def headline(head: Headline, words: Words) -> list[str]:
    """Return what is said of the times of all cases together."""
    return [words("{sentence}.", sentence=head.main), *(one.say(words) for one in head.sentences)]


def groups(found: pd.DataFrame, by: str, names: Mapping[str, str], few: int, clock: str, words: Words) -> list[str]:
    """Return medians with their intervals, open cases counted, and shares in time; of few cases due their counts."""
    rows = found.to_dict("records")
    shown = pd.DataFrame(
        {
            "key": [names.get(row["key"], row["key"]) for row in rows],
            "n": found["n"],
            "open": found["open"],
            "past_due": found["past_due"],
            "median": [_hours(row, "median_hours", clock, words) for row in rows],
            "interval": [_interval(row, clock, words) for row in rows],
            "share": [_share(row, few, words) for row in rows],
            "verdict": [words(VERDICTS[code]) if code in VERDICTS else "" for code in found["verdict"]],
        }
    )
    titles = {
        "key": KEY_NAMES[by],
        "n": N_("Cases"),
        "open": N_("Open"),
        "past_due": N_("Past due"),
        "median": N_("Median"),
        "interval": N_("95% interval"),
        "share": N_("Share in time"),
        "verdict": N_("Against all others"),
    }
    if not any(row["verdict"] in VERDICTS for row in rows):
        titles.pop("verdict")
    return table(shown, {name: words(title) for name, title in titles.items()}, words)


def _hours(row: Mapping[Any, Any], name: str, clock: str, words: Words) -> str:
    return duration(row[name], clock).say(words) if row["n"] else ""


def _interval(row: Mapping[Any, Any], clock: str, words: Words) -> str:
    if pd.isna(row["low"]):
        return ""
    return f"{duration(row['low'], clock).say(words)} – {duration(row['high'], clock).say(words)}"


def _share(row: Mapping[Any, Any], few: int, words: Words) -> str:
    """Return a share with the number it stands on and its interval; of few cases the counts alone."""
    said = share(row, few).say(words)
    if not row["due"] or row["due"] < few:
        return said
    low, high = percent(row["share_low"]), percent(row["share_high"])
    return words("{share} of {due} ({low}–{high})", share=said, due=row["due"], low=low, high=high)


def summary(screen: Screen, words: Words) -> list[str]:
    """Return what is said of stages, ages past due, late cells, months and holds."""
    said = [*screen.waterfall.sentences, screen.ageing.sentence, *screen.funnel.sentences, screen.trend.sentence]
    said += [screen.holds.sentence] if screen.holds.sentence else []
    stages = screen.waterfall.rows
    some = stages[stages["n"] > 0]
    rows = some.to_dict("records")
    shown = pd.DataFrame(
        {
            "start": [words(MOMENTS[name]) for name in some["stage_from"]],
            "end": [words(MOMENTS[name]) for name in some["stage_to"]],
            "n": [row["n"] for row in rows],
            "open": [row["open"] for row in rows],
            "median": [duration(row["median_hours"]).say(words) for row in rows],
        }
    )
    titles = {
        "start": words("From"), "end": words("To"), "n": words("Cases"), "open": words("Still in it"),
        "median": words("Median"),
    }  # fmt: skip
    return [*(one.say(words) for one in said), *table(shown, titles, words)]
