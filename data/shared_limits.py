"""The limit that all cases of a group share, where they have one."""

import numpy as np
import pandas as pd

from data import facts
from data.dataset import Dataset
from data.groups import Ints, codes_of, each, grouped, key_column, together
from data.schema import Scope
from data.seen import Seen
from data.views import View


def shared_limits(dataset: Dataset, scope: Scope, by: str, *, handling: str | None = "") -> pd.DataFrame:
    """Return the groups whose cases, those of `data.timing.durations`, all have one limit of the table of deadlines.

    Returns
    -------
    DataFrame
        key, limit_text (as it is written), limit_value, limit_clock (a `data.schema.Clock`).
    """
    view = View.of(dataset, scope)
    column = key_column(view, by)
    ours = {"due_from", "limit_text", "limit_clock", "limit_value"}

    def count(seen: Seen) -> tuple[list[Ints], Ints]:
        rows = np.flatnonzero(seen.clocked & seen.handled_as(handling))
        minutes = np.round(60 * np.nan_to_num(seen["limit_value"][rows])).astype(np.int64)
        codes = [seen[name][rows] for name in ("due_from", "limit_text", "limit_clock")]
        return grouped([codes_of(seen, column)[rows], *codes, minutes])

    needed = view.for_states() | ours | ({column} if column != "month" else set())
    (key, due_from, text, clock, minutes), _ = together(each(view, needed, count), 5)
    alone = np.bincount(key[key >= 0])[np.maximum(key, 0)] == 1 if len(key) else np.zeros(0, dtype=bool)
    kept = alone & (key >= 0) & (due_from == facts.codes("due_from").of(["table"])[0]) & (minutes > 0)

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
