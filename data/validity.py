"""Which cells were valid when: last year's boundary keeps last year's incidents.

A cell is valid on the days from `valid_from` up to but not including `valid_to` ('' is open). Between two days on which
any cell of a level begins or ends the same cells are valid: that is an edition. Most levels have one, and no days.
"""

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
_EARLIEST, _LATEST = np.datetime64("0001-01-01"), np.datetime64("9999-12-31")


def has_editions(cells: pd.DataFrame) -> bool:
    """Return whether any cell begins or ends on a day."""
    return bool(((cells["valid_from"] != "") | (cells["valid_to"] != "")).any())


def edges(cells: pd.DataFrame) -> Days:
    """Return the days on which an edition begins, ascending; before the first there is one more."""
    days = {*cells["valid_from"], *cells["valid_to"]} - {""}
    return np.array(sorted(days), dtype="datetime64[D]")


def valid_on(cells: pd.DataFrame, day: dt.date | np.datetime64) -> NDArray[np.bool_]:
    """Return which cells are valid on a day."""
    begin = cells["valid_from"].replace("", str(_EARLIEST)).to_numpy(dtype="datetime64[D]")
    end = cells["valid_to"].replace("", str(_LATEST)).to_numpy(dtype="datetime64[D]")
    at = np.datetime64(str(day), "D")
    return np.asarray((begin <= at) & (at < end), dtype=bool)


def newest_on(cells: pd.DataFrame, known_to: dt.date | None) -> NDArray[np.bool_]:
    """Return which cells are in the newest edition: the one valid on the day that is known up to, else the last one.

    A boundary that begins later than all data is loaded ahead of its time and not the newest yet.
    """
    days = [_EARLIEST, *edges(cells)]
    if known_to is not None:
        days.append(np.datetime64(known_to, "D"))
    for day in reversed(days):
        if (valid := valid_on(cells, day)).any():
            return valid
    return np.zeros(len(cells), dtype=bool)
