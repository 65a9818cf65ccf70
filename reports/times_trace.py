"""From a figure of the resolution page back to its cases: how each came to its deadline, and what counts it.

What a case counts in is told by `data.case_rows`, over the same masks as the figures: so the rows, summed, are the
figures of `reports.times.headline`, and the reasons, counted, those beside them.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from base.errors import HazardError
from base.text import N_, Words
from data import case_rows, deadlines, queries
from data.dataset import Dataset
from data.schema import HANDLINGS, HAZARD_NAMES, Scope
from reports import intake, people, times
from reports.sheet import csv_parts, write_sheet
from reports.times import Asked
from reports.times_book import TITLES as FIGURES

TITLES = {
    "incident_id": N_("Case number"),
    "source": N_("Source"),
    "hazard": N_("Hazard"),
    "type_name": N_("Type"),
    "cell_id": N_("Cell code"),
    "cell": N_("Cell"),
    "unit": N_("Handling unit"),
    "handling": N_("Handling"),
    "reported_at": N_("Reported"),
    "dispatched_at": N_("Dispatched"),
    "start": N_("Clock began"),
    "handled_at": N_("Handling done"),
    "closed_at": N_("Closed"),
    "paused_at": N_("On hold from"),
    "resumed_at": N_("On hold until"),
    "paused_minutes": N_("Minutes on hold"),
    "postponed_hours": N_("Hours postponed"),
    "postponed_days": N_("Days postponed"),
    "limit_text": N_("Limit as written"),
    "limit_list": N_("Code list"),
    "limit_since": N_("Stands from"),
    "limit_row": N_("Row of the table of deadlines"),
    "due_at": N_("Due"),
    "due_from": N_("Where the deadline comes from"),
    "as_of": N_("Known up to"),
    "state": N_("In time"),
    "hours_late": N_("Hours late (natural)"),
    "counted": N_("Counted in times"),
    "open": N_("Counted as open"),
    "due": N_("Due so far"),
    "in_time": N_("Counted in time"),
    "past_due": N_("Past due"),
    "beside": N_("Why in no duration"),
}
STATES = {
    case_rows.IN_TIME: N_("in time"),
    case_rows.LATE: N_("late"),
    case_rows.NOT_DUE: N_("not due yet"),
    case_rows.UNTOLD: N_("not known"),
    case_rows.OUTSIDE: N_("not judged"),
}
REASONS = {name: FIGURES[name] for name in case_rows.BESIDE} | {
    "voided": N_("Voided"),
    **{name: HANDLINGS[name] for name in ("on_spot", "engineering")},
    "ordinary": HANDLINGS[""],
}
MOST_ON_A_PAGE = 30_000  # cases in a workbook that somebody waits for in front of a page
MOST_IN_A_WORKBOOK = 1_000_000
_STORED = (
    "source", "incident_id", "hazard", "type_name", "unit", "handling", "reported_at", "dispatched_at", "closed_at",
    "paused_at", "resumed_at", "paused_minutes", "postponed_hours", "postponed_days", "limit_text", "due_at",
    "due_from", *deadlines.ASKED,
)  # fmt: skip


def cases(dataset: Dataset, scope: Scope, asked: Asked) -> Iterator[pd.DataFrame]:
    """Yield every case of a scope as `data.case_rows` tells it, file by file, with the name of its cell.

    handled_at is there only where the setting clock_end makes it count. limit_list, limit_kind,
    limit_since and limit_row name the row of the table of deadlines that applies, as `Dataset.standards` has them;
    missing where none does, or several with different limits.

    Raises
    ------
    HazardError
        ``clock-unknown``, ``handling-unknown``.
    """
    times.check(asked)
    columns = (*dict.fromkeys(_STORED), *(["handled_at"] if dataset.settings["clock_end"] == "handled" else []))
    names = times.key_names(dataset, scope, "cell", Words("en")) if scope.level else {}
    standards = dataset.standards()

    def limit(rows: pd.DataFrame) -> dict[str, pd.Series]:
        found = deadlines.rows_of(rows, dataset)
        applies = standards.reindex(np.where(found < 0, -1, found)).set_axis(rows.index)
        return {
            "limit_list": applies["scheme"], "limit_kind": applies["kind"], "limit_since": applies["valid_from"],
            "limit_row": applies["row"].astype("Int64"),
        }  # fmt: skip

    for rows in case_rows.case_rows(dataset, scope, columns, clock=asked.clock, handling=asked.handling):
        yield rows.assign(cell=[names.get(one, "") if one else "" for one in rows["cell_id"]], **limit(rows))


def csv(dataset: Dataset, scope: Scope, asked: Asked, words: Words) -> Iterator[bytes]:
    """Yield every case of a scope as a CSV, a month at a time."""
    titles = _titles(dataset, words)
    every = (_named(dataset, rows, words) for rows in cases(dataset, scope, asked))
    return csv_parts((part for parts in ([pd.DataFrame(columns=list(titles))], every) for part in parts), titles)


def workbook(dataset: Dataset, scope: Scope, asked: Asked, words: Words) -> bytes:
    """Return every case of a scope as a workbook.

    Raises
    ------
    HazardError
        ``cases-too-many`` of more than `MOST_IN_A_WORKBOOK`; errors of `cases`.
    """
    n = count(dataset, scope)
    if n > MOST_IN_A_WORKBOOK:
        raise HazardError(
            "cases-too-many",
            "A workbook takes at most {most} cases, and here are {n}: write a file that ends in .csv.",
            n=n, most=MOST_IN_A_WORKBOOK,
        )  # fmt: skip
    titles = _titles(dataset, words)
    parts = [_named(dataset, rows, words) for rows in cases(dataset, scope, asked)]
    notes = [
        *([words("Example data, invented")] if dataset.is_demo else []),
        words("Hazard Hotspots"),
        words("Cases and deadlines"),
        people.scope_words(words, dataset, scope),
        words("Cases counted: {handling}.", handling=words(HANDLINGS[asked.handling])),
        words(
            "Summed, the columns Counted in times, Counted as open, Due so far, Counted in time and Past due are the "
            "numbers of the resolution page."
        ),
        words(
            "A case in no duration may still have a deadline, and an open one without a report time is past due all "
            "the same."
        ),
        words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8],
    ]
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(titles))
    return write_sheet(every, titles, name=words("Cases and deadlines"), notes=notes, words=words)


def count(dataset: Dataset, scope: Scope) -> int:
    """Return how many cases `cases` has."""
    return int(queries.counts(dataset, scope, [])["count"].sum())


def _titles(dataset: Dataset, words: Words) -> dict[str, str]:
    handled = dataset.settings["clock_end"] == "handled"
    return {name: words(title) for name, title in TITLES.items() if name != "handled_at" or handled}


def _named(dataset: Dataset, rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    told = {
        "hazard": HAZARD_NAMES,
        "handling": HANDLINGS,
        "due_from": times.reasons_of(dataset),
        "state": STATES,
        "beside": REASONS,
    }
    said: dict[str, Any] = {}
    for column, names in told.items():
        named = {code: words(name) for code, name in names.items()}
        said[column] = [named.get(code, "") for code in rows[column].astype(object).fillna("")]
    applies = rows["limit_row"].notna()
    lists = {
        (scheme, kind): f"{intake.scheme_name(words, scheme)} · {words(intake.STANDARD_KINDS[kind])}"
        for scheme, kind in set(zip(rows.loc[applies, "limit_list"], rows.loc[applies, "limit_kind"], strict=True))
    }
    pairs = zip(rows["limit_list"], rows["limit_kind"], strict=True)
    said["limit_list"] = [lists.get(pair, "") for pair in pairs]
    since = rows["limit_since"].fillna("")
    said["limit_since"] = since.mask(applies & (since == ""), words("the beginning"))
    return rows.assign(**said, hours_late=rows["hours_late"].round(2))
