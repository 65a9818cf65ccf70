"""Where the deadlines of the cases of a scope come from, why some have none, and what to do about it."""

from dataclasses import dataclass

import pandas as pd

from base.text import N_, NP_, Sentence
from data.dataset import Dataset
from data.schema import DUE_FROM, Scope
from reports.times import DECIDED, ORDINARY, due_from, nobody_knows

TO_DO = {
    "no-limit": N_("Add a row for these types or hazards to the table of deadlines."),
    "several": N_("Load the column with the condition of filing, or give the rows words of the description."),
    "unread": N_("Write the limit in the table of deadlines as 4工作时 or 5工作日."),
    "no-start": N_("Load the column with the time of dispatch; or let clocks start at the report (settings)."),
    "on-hold": N_("Nothing: it is told once the hold has ended or the case is closed, and the file is loaded again."),
    "hold-unknown": N_("Load the columns that tell when a hold began and ended."),
    "uncovered": N_("Load a table of the workdays of these years."),
}
TITLES = {"said": N_("Deadline"), "n": N_("Cases"), "to_do": N_("What to do")}
_RULES = {
    ("clock_start", "dispatched"): N_("Limits run from the dispatch; where a file gives none, from the report."),
    ("clock_start", "reported"): N_("Limits run from the report."),
    ("clock_end", "handled"): N_("They are met by the handling where a file tells it, else by the closing."),
    ("clock_end", "closed"): N_("They are met by the closing of the case."),
    ("file_deadline", "wins"): N_("Where a file gives a deadline it goes before the table of deadlines."),
    ("file_deadline", "fills"): N_(
        "Where a file gives a deadline it counts for cases that no row of the table of deadlines fits."
    ),
}


@dataclass(frozen=True)
class Origins:
    """Where deadlines come from.

    `rows`: code (of `data.schema.DUE_FROM`), n; those of which there are cases, deadlines that are known first. `rules`
    say how deadlines are reckoned by the settings.
    """

    rows: pd.DataFrame
    sentence: Sentence
    rules: tuple[Sentence, ...]


def origins(dataset: Dataset, scope: Scope, *, handling: str = ORDINARY) -> Origins:
    """Return where the deadlines of the cases of a scope come from, and why others have none."""
    found = due_from(dataset, scope, handling=handling)
    counts = {code: int(found[code].sum()) for code in DUE_FROM}
    known, n = sum(counts[code] for code in DECIDED), sum(counts.values())
    rows = pd.DataFrame([(code, count) for code, count in counts.items() if count], columns=["code", "n"])
    sentence = nobody_knows(dataset, scope, handling) or Sentence(
        N_("There is no case here whose deadline could be told.")
    )
    if n:
        sentence = Sentence(
            NP_("Of {n} case the deadline of {known} is known.", "Of {n} cases the deadlines of {known} are known."),
            {"n": n, "known": known},
        )
    rules = [
        Sentence(_RULES[name, str(dataset.settings[name])]) for name in ("clock_start", "clock_end", "file_deadline")
    ]
    return Origins(rows, sentence, tuple(rules))
