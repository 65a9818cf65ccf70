"""The resolution times of one cell: its sentence, its hazards, its cases with their deadlines."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from base.text import NP_, Sentence
from data import listing, timing
from data.dataset import Dataset
from data.schema import Scope
from reports import answers, backlog, times, times_words
from reports.times import Asked

MOST = 1000  # cases of a list


@dataclass(frozen=True)
class OneCell:
    """One cell.

    `hazards` has a row for each hazard: key, n, open, past_due, median_hours, low, high, due, in_time, share_in_time,
    share_low, share_high, few. `cases` are the newest, with the columns of `data.listing.incidents` and
    `reports.backlog.hours_past_due`.
    """

    name: str
    sentence: Sentence
    hazards: pd.DataFrame
    cases: pd.DataFrame


def one_cell(dataset: Dataset, scope: Scope, asked: Asked, cell: str) -> OneCell:
    """Return the times of one cell of a scope by the clock and of the cases asked for."""
    cells = answers.cells_of(dataset, scope).set_index("cell_id")
    look = {"cell": cell, "clock": asked.clock, "handling": asked.handling}
    few = int(dataset.settings["few_reports"])
    every = _with_past_due(dataset, scope, None, cell, asked, times.medians(dataset, scope, **look))
    hazards = _with_past_due(dataset, scope, "hazard", cell, asked, times.medians(dataset, scope, "hazard", **look))
    first: dict[Any, Any] = every.to_dict("records")[0]
    rows = listing.incidents(dataset, scope, cell=cell, limit=MOST, handling=asked.handling)
    fields = {
        "n": int(first["n"]),
        "median": times_words.duration(first["median_hours"], asked.clock),
        "open": int(first["open"]),
        "past_due": int(first["past_due"]),
        "share": times_words.share(first, few),
    }
    return OneCell(
        name=str(cells["name"][cell]),
        sentence=Sentence(_NONE if not first["n"] else _DUE if first["due"] else _TIMES, fields),
        hazards=hazards.assign(few=hazards["n"] < few, verdict=None, funnel=None),
        cases=rows.assign(hours_past_due=backlog.hours_past_due(dataset, rows).round(1)),
    )


_NONE = NP_("{n} case here of which a duration is known.", "{n} cases here of which a duration is known.")
_TIMES = NP_(
    "{n} case here, median {median}; {open} open, {past_due} past due.",
    "{n} cases here, median {median}; {open} open, {past_due} past due.",
)
_DUE = NP_(
    "{n} case here, median {median}; {open} open, {past_due} past due; in time: {share}.",
    "{n} cases here, median {median}; {open} open, {past_due} past due; in time: {share}.",
)


def _with_past_due(
    dataset: Dataset, scope: Scope, by: str | None, cell: str, asked: Asked, table: pd.DataFrame
) -> pd.DataFrame:
    late = timing.open_hours(dataset, scope, by, cell=cell, handling=asked.handling)
    past = late["key"][(late["hours_past_due"] >= 0) & ~late["stopped"]].astype(object).value_counts()
    return table.assign(past_due=table["key"].map(past).fillna(0).astype("int64"))
