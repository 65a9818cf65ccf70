"""The settings that deadlines and work time run by, in an office's words: the calendar, its hours, when clocks run."""

from collections.abc import Mapping
from typing import Any

from base.text import N_, Words
from data.dataset import Dataset
from reports import deadlines

TITLES = {
    "work_calendar": N_("Country of the calendar"),
    "office_hours": N_("Office hours"),
    "clock_start": N_("Limits begin"),
    "clock_end": N_("A deadline is met by"),
    "day_limits": N_("A limit of N days"),
    "file_deadline": N_("A deadline that a file gives"),
}
HELP = {
    "work_calendar": N_(
        "Whose holidays stop work hours and work days: two letters, as CN; with a part of it, as US-MA."
    ),
    "office_hours": N_("When work hours and work days run on a workday, as 08:00-12:00 14:00-18:00."),
    "clock_start": N_("Limits and work time run from here. A file that tells no dispatch at all begins at the report."),
    "clock_end": N_("What must have happened when the limit runs out. A case stays open until it is closed."),
    "day_limits": N_(
        "5 work days from Monday 15:00: with 8 work hours each until the next Monday 15:00; by whole days until the "
        "end of that Monday."
    ),
    "file_deadline": N_(
        "Where a file has its own deadline of a case and the table of deadlines has a limit for it too."
    ),
}
CHOICES = {
    "clock_start": {"dispatched": N_("at the dispatch"), "reported": N_("at the report")},
    "clock_end": {
        "closed": N_("the closing of the case"),
        "handled": N_("the end of the handling, where the file tells it"),
    },
    "day_limits": {
        "hours": N_("is N times 8 work hours, or N times 24 hours"),
        "nth_day": N_("ends with the Nth day"),
    },
    "file_deadline": {
        "fills": N_("counts where the table of deadlines tells no limit"),
        "wins": N_("goes before the table of deadlines"),
    },
}


def wanted(data: Dataset, typed: Mapping[str, str]) -> dict[str, str]:
    """Return those of the settings typed that are stored otherwise, as `data.changes.set_settings` takes them."""
    clean = {name: " ".join(text.split()) for name, text in typed.items()}
    return {name: text for name, text in clean.items() if text != data.settings[name]}


def saved_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what the change of these settings did."""
    return [words("The working calendar and its clocks are saved."), *deadlines.changed_sentences(answer, words)]
