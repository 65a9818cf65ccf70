"""What the resolution command says to people in a terminal: sentences first, shares with the number they stand on."""

from collections.abc import Mapping, Sequence

import pandas as pd

from base.text import N_, Sentence, Words
from reports.backlog import MOMENTS
from reports.terminal import table
from reports.times import Headline
from reports.times_book import KEY_NAMES, Screen
from reports.times_rows import in_words
from reports.times_words import duration


def headline(head: Headline, words: Words) -> list[str]:
    """Return what is said of the times of all cases together."""
    return [words("{sentence}.", sentence=head.main), *(one.say(words) for one in head.sentences)]


def groups(
    found: pd.DataFrame,
    by: str,
    names: Mapping[str, str],
    few: int,
    clock: str,
    words: Words,
    caveats: Sequence[Sentence] = (),
) -> list[str]:
    """Return medians with their intervals, open cases counted, and shares in time; of few cases due their counts."""
    shown = in_words(found, names, clock=clock, few_reports=few, words=words)
    titles = {
        "name": KEY_NAMES[by],
        "n": N_("Cases"),
        "open": N_("Open"),
        "past_due": N_("Past due"),
        "median": N_("Median (95%)"),
        "share": N_("In time (95%)"),
        "stands": N_("Beside the others"),
    }
    if not shown["stands"].ne("").any():
        titles.pop("stands")
    rows = table(shown, {name: words(title) for name, title in titles.items()}, words)
    return [*rows, *(one.say(words) for one in caveats)]


def summary(screen: Screen, words: Words) -> list[str]:
    """Return what is said of stages, ages past due, late cells, months and holds."""
    said = [screen.ageing.sentence, *screen.funnel.sentences, screen.trend.sentence, *screen.trend.caveats]
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
    return [*screen.waterfall.said(words), *(one.say(words) for one in said), *table(shown, titles, words)]
