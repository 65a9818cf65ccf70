"""Who reported an event: the channel of its first call (hotline, patrol ...), or the import where a case has none."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.text import N_

MOST = 20  # told apart; the rarer ones are one
OTHERS = N_("all rarer ones")  # the name they bear


class Origins(NamedTuple):
    """Who reported some events: of each a place among the names, and those of the names that are channels."""

    code: NDArray[np.int64]
    names: NDArray[np.object_]
    channels: frozenset[str]


def origins_of(events: pd.DataFrame) -> Origins:
    """Return who reported each event, by its channel and source as `data.queries.points` gives them, as categories.

    Codes of categories are as small as may be (int8 up to 127 of them), too small to be added up as they are.
    """
    channel, source = events["channel"].cat, events["source"].cat
    by_channel, by_import = (column.codes.to_numpy(np.int64) for column in (channel, source))
    every = np.array([*channel.categories, *source.categories], dtype=object)
    filled = np.append(channel.categories != "", False)[by_channel]
    at = np.where(filled, by_channel, len(channel.categories) + by_import)
    n = np.bincount(at, minlength=len(every))
    often = np.argsort(-n, kind="stable")[: np.count_nonzero(n)]
    names = every[often]
    if len(often) > MOST:
        names = np.append(names[: MOST - 1], OTHERS)
    rank = np.zeros(len(every), dtype=np.int64)
    rank[often] = np.minimum(np.arange(len(often)), MOST - 1)
    return Origins(rank[at], names, frozenset(channel.categories))
