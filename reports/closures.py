"""The events of a history and when each was closed: what chronic sites and returns after closure are told from.

An event is closed when the last of its calls is; the call closed last is its *closing* call, and whoever handled that
one closed the event. While one call of it is open the event is open.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import timing
from data.dataset import Dataset
from data.facts import NEVER
from data.schema import Scope
from data.seen import times
from reports import answers, history

Ints = NDArray[np.int64]


def closed_events(
    dataset: Dataset, scope: Scope, progress: Callable[[float], None] = lambda share: None
) -> pd.DataFrame:
    """Return the events of a scope that count in a cell, in the order of the store, and when each was closed.

    Returns
    -------
    DataFrame
        Of the first call: call (its number), cell_id, hazard, type_name, lon, lat (NaN: the cell alone is known),
        reported_at; of the event: closed_at (NaT: a call of it is not closed by its as-of time), closing (number of the
        call closed last, of several the first; of an open event its first open call); of that call: unit (missing where
        not filled in), as_of (NaT: not known), followed and odd, as `data.timing.case_times` has them.
    """
    follower, leader = history.followers(dataset, progress)
    first = answers.first_calls(dataset, scope, ("call", "cell_id", "hazard", "type_name", "lon", "lat", "reported_at"))
    every = timing.case_times(dataset, scope, ("closed_at",), handling=None)
    number, closed = every["call"].to_numpy(), every["closed_at"].to_numpy()
    # A first call that is not that of the whole history stands for it: its event is known by the number of that one
    event = first["call"].to_numpy().copy()
    at = rows_of(event, follower)
    event[at[at >= 0]] = leader[at >= 0]
    own, place = rows_of(number, first["call"].to_numpy()), rows_of(number, follower)
    row = np.concatenate([own, place[place >= 0]])
    of = np.concatenate([np.arange(len(first)), pd.Index(event).get_indexer(pd.Index(leader[place >= 0]))])
    row, of = row[(row >= 0) & (of >= 0)], of[(row >= 0) & (of >= 0)]
    last = np.full(len(first), np.iinfo(np.int64).min)
    np.maximum.at(last, of, closed[row])
    closing = np.full(len(first), len(every))  # of an event that is not known yet: behind the last row
    np.minimum.at(closing, of, np.where(closed[row] == last[of], row, len(every)))
    none = closing == len(every)
    zone, unit = ZoneInfo(dataset.zone), every["unit"].cat
    return first.assign(
        closed_at=times(np.where(none, NEVER, last), zone),
        closing=np.where(none, first["call"], np.append(number, -1)[closing]),
        unit=pd.Categorical.from_codes(np.append(unit.codes, -1)[closing].tolist(), categories=unit.categories),
        as_of=times(np.append(every["as_of"], NEVER)[closing], zone),
        followed=np.append(every["followed"], True)[closing],
        odd=np.append(every["odd"], False)[closing],
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
