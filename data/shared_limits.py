"""The limit that all cases of a group share, where they have one and none had it moved."""

import numpy as np
import pandas as pd

from data import facts
from data.dataset import Dataset
from data.groups import Ints, codes_of, each, grouped, key_column, together
from data.schema import Scope
from data.seen import Seen
from data.views import View


def shared_limits(
    dataset: Dataset, scope: Scope, by: str, *, handling: str | None = "", through_holds: bool = False
) -> pd.DataFrame:
    """Return the groups whose cases, those of `data.timing.durations`, all have one limit of the table of deadlines.

    A group of which a case was granted an extension has none: that case is due later than the limit says.

    Parameters
    ----------
    through_holds : bool
        Whether the limit is set against a clock that runs on while a case is on hold: a hold then moves it as well.

    Returns
    -------
    DataFrame
        key, limit_text (as it is written), limit_value, limit_clock (a `data.schema.Clock`).
    """
    view = View.of(dataset, scope)
    column = key_column(view, by)
    ours = {"due_from", "limit_text", "limit_clock", "limit_value", "postponed_hours", "postponed_days"}
    ours |= {"paused_at", "paused_minutes"} if through_holds else set()

    def count(seen: Seen) -> tuple[list[Ints], Ints]:
        rows = np.flatnonzero(seen.clocked & seen.handled_as(handling))
        minutes = np.round(60 * np.nan_to_num(seen["limit_value"][rows])).astype(np.int64)
        codes = [seen[name][rows] for name in ("due_from", "limit_text", "limit_clock")]
        moved = np.logical_or(seen["postponed_hours"] > 0, seen["postponed_days"] > 0)
        if through_holds:
            moved |= (seen["paused_at"] <= seen.as_of) | (seen["paused_minutes"] > 0)
        return grouped([codes_of(seen, column)[rows], *codes, minutes, moved[rows].astype(np.int64)])

    needed = view.for_states() | ours | ({column} if column != "month" else set())
    (key, due_from, text, clock, minutes, moved), _ = together(each(view, needed, count), 6)
    alone = np.bincount(key + 1)[key + 1] == 1
    by_table = due_from == facts.codes("due_from").of(["table"])[0]
    kept = alone & (key >= 0) & by_table & (minutes > 0) & (moved == 0)

    def texts(name: str, codes: Ints) -> object:
        return facts.codes(name).texts[codes[kept]]

    return pd.DataFrame(
        {
            "key": texts(column, key),
            "limit_text": texts("limit_text", text),
            "limit_value": minutes[kept] / 60,
            "limit_clock": texts("limit_clock", clock),
        }
    )
