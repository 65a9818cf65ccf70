"""Cases closed in bulk: minutes in which a source closed many more cases than in the hours around them.

Nobody handles so many in a minute: they were closed at the desk, and when they were handled nobody knows. A minute is
set against its own hours, not against the other minutes of the source: a desk that closes in bulk every day would else
make that the usual number, and no minute would stand out.
"""

from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import facts
from data.dataset import Dataset
from data.facts import NEVER, Part

TIMES_AROUND = 5  # times the mean per minute of the hours around it
AROUND = 180  # minutes before a minute, and as many after it
_MINUTE_US = 60_000_000
_SHIFT, _ZERO = 32, 1 << 31  # bits of a minute, and where 1970 stands among them

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Bulk:
    """The minutes, and the rows closed in them."""

    minutes: pd.DataFrame  # source, minute (its beginning, in the workspace's zone), n: most first
    rows: dict[str, Ints]  # places in their files, by path; files without any are left out


class _Minutes(NamedTuple):
    """Minutes with closings of a source: keys (`_keys`), rising; how many, and whether any was not on the minute."""

    keys: Ints
    n: Ints
    uneven: NDArray[np.bool_]


def closed_in_bulk(dataset: Dataset) -> Bulk:
    """Return the bulk closings of a version, held with it.

    A minute is one if its source closed as many cases in it as the setting bulk_close_min, and five times the mean per
    minute of the six hours around it (three before, three after, the minute itself left out). Midnight to the second is
    what a date without a time becomes, and no minute in which anybody worked: it counts nowhere.
    """
    return dataset.hold("bulk", None, lambda: _find(dataset), most=1)


def _find(dataset: Dataset) -> Bulk:
    parts = facts.parts(dataset)
    found = _together(facts.each(_minutes, parts, ("closed_at", "source")))
    dates = _midnight(found.keys, ZoneInfo(dataset.zone)) & ~found.uneven
    keys, n = found.keys[~dates], found.n[~dates]
    so_far = np.append(0, np.cumsum(n))  # the minutes of two sources lie further apart than any hours
    before, after = np.searchsorted(keys, keys - AROUND), np.searchsorted(keys, keys + AROUND, side="right")
    around = so_far[after] - so_far[before] - n
    many = (n >= int(dataset.settings["bulk_close_min"])) & (2 * AROUND * n >= TIMES_AROUND * around)
    keys, n = keys[many], n[many]

    def closed(part: Part) -> Ints:
        return np.flatnonzero(np.isin(_keys(part), keys))

    rows = facts.each(closed, parts, ("closed_at", "source")) if len(keys) else []
    minutes = pd.DataFrame(
        {
            "source": facts.codes("source").texts[keys >> _SHIFT],
            "minute": _local(keys, ZoneInfo(dataset.zone)),
            "n": n,
        }
    ).sort_values(["n", "source", "minute"], ascending=[False, True, True], ignore_index=True)
    by_path = zip((part.path for part in parts), rows, strict=False)
    return Bulk(minutes, {path: at for path, at in by_path if len(at)})


def _keys(part: Part) -> Ints:
    """Return source and minute of each closing as one number; -1 without one."""
    closed = part["closed_at"]
    if not any(closed.strides):  # none is
        return np.full(part.rows, -1, dtype=np.int64)
    keys = (part["source"].astype(np.int64) << _SHIFT) + closed // _MINUTE_US + _ZERO
    keys[closed == NEVER] = -1
    return keys


def _minutes(part: Part) -> _Minutes:
    keys, closed = _keys(part), part["closed_at"]
    there = keys >= 0
    keys = keys[there] * 2 + (closed[there] % _MINUTE_US != 0)
    keys.sort()
    return _counted(keys >> 1, np.ones(len(keys), dtype=np.int64), (keys & 1).astype(bool))


def _together(found: list[_Minutes]) -> _Minutes:
    keys, n, uneven = (np.concatenate([np.empty(0, kind), *of]) for kind, of in zip(
        (np.int64, np.int64, bool), zip(*found, strict=True) if found else ((), (), ()), strict=True
    ))  # fmt: skip
    order = np.argsort(keys, kind="stable")
    return _counted(keys[order], n[order], uneven[order])


def _counted(keys: Ints, n: Ints, uneven: NDArray[np.bool_]) -> _Minutes:
    """Return each of the keys, which rise, once."""
    if not len(keys):
        return _Minutes(keys, n, uneven)
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return _Minutes(keys[starts], np.add.reduceat(n, starts), np.logical_or.reduceat(uneven, starts))


def _midnight(keys: Ints, zone: ZoneInfo) -> NDArray[np.bool_]:
    """Return which minutes begin at midnight of the zone."""
    found = np.zeros(len(keys), dtype=bool)
    some = np.flatnonzero((keys & ((1 << _SHIFT) - 1)) % 15 == _ZERO % 15)  # the offsets of all zones are quarters
    minute = _local(keys[some], zone)
    found[some] = (minute.hour == 0) & (minute.minute == 0)
    return found


def _local(keys: Ints, zone: ZoneInfo) -> pd.DatetimeIndex:
    since = ((keys & ((1 << _SHIFT) - 1)) - _ZERO) * _MINUTE_US
    return pd.DatetimeIndex(since.view("datetime64[us]")).tz_localize("UTC").tz_convert(zone)
