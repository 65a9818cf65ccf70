"""The events of a history and when each was closed: what chronic sites and returns after closure are told from.

An event is closed when the last of its calls is; the call closed last is its *closing* call, and whoever handled that
one closed the event. While one call of it is open the event is open.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import queries
from data.dataset import Dataset
from data.facts import NEVER
from data.schema import Scope
from data.seen import times
from reports import answers, history

Ints = NDArray[np.int64]
CLOSING = ("unit",)  # columns of `queries.points` that are those of the closing call


def closed_events(
    dataset: Dataset, scope: Scope, progress: Callable[[float], None] = lambda share: None
) -> pd.DataFrame:
    """Return the events of a scope that count in a cell, in the order of the store, and when each was closed.

    Returns
    -------
    DataFrame
        Of the first call: call (its number), source, cell_id, hazard, lon, lat (NaN: the cell alone is known),
        reported_at; of the event: closed_at (NaT: a call of it is not closed by its as-of time), closing (number of the
        call closed last, of several the first; of an open event its first open call); of that call: unit.
    """
    follower, leader = history.followers(dataset, progress)
    columns = ("call", "source", "cell_id", "hazard", "lon", "lat", "reported_at")
    first = answers.first_calls(dataset, scope, columns)
    every = queries.points(dataset, scope, by_cell=True, columns=("call", "closed_at", *CLOSING))
    number, closed = every["call"].to_numpy(), microseconds(every["closed_at"])
    # A first call that is not that of the whole history stands for it: its event is known by the number of that one
    event = first["call"].to_numpy().copy()
    at = rows_of(event, follower)
    event[at[at >= 0]] = leader[at >= 0]
    place = rows_of(number, follower)
    row = np.concatenate([rows_of(number, first["call"].to_numpy()), place[place >= 0]])
    of = np.concatenate([np.arange(len(first)), pd.Index(event).get_indexer(pd.Index(leader[place >= 0]))])
    row, of = row[of >= 0], of[of >= 0]
    last = np.full(len(first), np.iinfo(np.int64).min)
    np.maximum.at(last, of, closed[row])
    closing = np.full(len(first), len(every))
    np.minimum.at(closing, of, np.where(closed[row] == last[of], row, len(every)))
    return first.assign(
        closed_at=times(last, ZoneInfo(dataset.zone)),
        closing=number[closing],
        **{name: every[name].array[closing] for name in CLOSING},
    )


def microseconds(moments: pd.Series) -> Ints:
    """Return times as whole microseconds since 1970 in UTC, `NEVER` where there is none."""
    return np.where(moments.isna(), NEVER, moments.to_numpy("datetime64[us]").astype(np.int64))


def rows_of(known: Ints, asked: Ints) -> Ints:
    """Return where each number stands among rising ones, -1 for nowhere."""
    if not len(known):
        return np.full(len(asked), -1)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[at] == asked, at, -1)
