"""Which calls of a workspace's whole history make one event: walked month by month, once, and kept.

An event is a property of the history and not of a view: a period that begins in the middle of one does not make a
second one of it. From month to month only those calls are carried that a later one may still follow
(`analysis.events.still_open`). What a month gives is kept under a name made of all it depends on: its files, the rules,
and the calls carried into it. So an import that writes three months anew walks these, and a later one only if what is
carried into it became different.

A call without a report time and one that is probably not located are no part of another's event; calls of which only
the cell is known are grouped for each level (`reports.answers`). A voided call leads the later ones all the same: where
a view leaves it out, the next one of its event stands for it, so what is kept does not hang on any as-of time.
"""

import itertools
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import events
from data import derived, facts
from data.dataset import Dataset
from data.facts import NEVER, Part
from data.schema import HAZARDS
from geo import crs

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_COLUMNS = ("lon", "lat", "located", "one_spot", "reported_at", "hazard")
_MOST_MONTHS = 300  # held in memory: some 100 MB at a million calls a year
_EDITION = "1"  # of the rules in `_group` and what it calls: to be raised when their answers change
_HOUR_US = 3_600_000_000
_ASK_AGAIN_S = 0.25  # how often whoever waits for another reader's walk hears of it


class Open(NamedTuple):
    """Calls that lead an event which a later call may still join."""

    lon: Floats
    lat: Floats
    hours: Floats
    hazard: Ints  # place among HAZARDS


class Month(NamedTuple):
    """What a month gave. A call is its row in the month, or, below zero, -1 - k for the k-th call carried into it."""

    follower: Ints
    leader: Ints  # of each follower
    carried: Ints  # the calls of `open`
    open: Open


class Followers(NamedTuple):
    """The calls that follow another one, rising, and the first call of the event of each.

    Calls are named by their numbers in `data.queries.points`.
    """

    follower: Ints
    leader: Ints

    def events(self, calls: Ints) -> Ints:
        """Return for each call, shape (n,), the number of the first call of its event: its own where it leads."""
        found = calls.copy()
        if len(self.follower):
            at = np.minimum(np.searchsorted(self.follower, calls), len(self.follower) - 1)
            follows = self.follower[at] == calls
            found[follows] = self.leader[at[follows]]
        return found

    def leads(self, calls: Ints, times: Any) -> NDArray[np.bool_]:
        """Return which of some calls stand for an event: its first call or, where that is not among them, the next one.

        Parameters
        ----------
        calls : ndarray of int64, shape (n,)
            Numbers of calls, rising.
        times : pandas array, shape (n,)
            Their report times.

        Returns
        -------
        ndarray of bool, shape (n,)
            Its sum is the number of events.
        """
        leads = np.ones(len(calls), dtype=bool)
        if not len(self.follower) or not len(calls):
            return leads
        at = np.minimum(np.searchsorted(calls, self.follower), len(calls) - 1)
        here = calls[at] == self.follower
        following, leader = at[here], self.leader[here]
        leads[following] = False
        alone = calls[np.minimum(np.searchsorted(calls, leader), len(calls) - 1)] != leader
        orphans = pd.DataFrame({"call": following[alone], "leader": leader[alone]})
        orphans["time"] = times[orphans["call"].to_numpy()]
        leads[orphans.sort_values("time", kind="stable").drop_duplicates("leader")["call"]] = True
        return leads


def followers(dataset: Dataset, progress: Callable[[float], None] = lambda share: None) -> Followers:
    """Return the calls of a version that follow another one.

    The first walk through ten million calls takes many seconds: `progress` gets the share of the files that is done.
    """
    while "followers" not in dataset.derived:
        if not _walking.acquire(timeout=_ASK_AGAIN_S):
            progress(0.0)  # one walk at a time: that of another reader goes on
            continue
        try:
            if "followers" not in dataset.derived:
                dataset.derived["followers"] = _walk(dataset, progress)
        finally:
            _walking.release()
    found: Followers = dataset.derived["followers"]
    return found


def rules(settings: Mapping[str, Any], kinds: Iterable[str] = HAZARDS) -> tuple[dict[str, float], dict[str, float]]:
    """Return the radius in metres and the window in hours of each kind: a hazard's own, else the usual ones."""
    kinds = tuple(kinds)
    return by_kind(settings, "event_radius", "_m", kinds), by_kind(settings, "event_hours", "", kinds)


def by_kind(settings: Mapping[str, Any], name: str, unit: str, kinds: Iterable[str] = HAZARDS) -> dict[str, float]:
    """Return what the settings say for each kind of hazard: by the setting of its own, else by the usual one."""
    usual = settings[f"{name}{unit}"]
    return {kind: float(settings.get(f"{name}_{kind}{unit}", usual)) for kind in kinds}


_walking = threading.Lock()
_months: OrderedDict[str, Month] = OrderedDict()


def _walk(dataset: Dataset, progress: Callable[[float], None]) -> Followers:
    said = json.dumps(rules(dataset.settings), sort_keys=True)
    nothing = np.empty(0, dtype=np.int64)
    carried, numbers = Open(np.empty(0), np.empty(0), np.empty(0), nothing), nothing
    found = [(nothing, nothing)]
    files = facts.parts(dataset)
    for _, group in itertools.groupby(enumerate(files), lambda one: one[1].month):
        places, parts = zip(*group, strict=True)
        progress(places[0] / len(files))
        if len(parts[0].month) != len("2026-01"):
            continue  # a lone year, or no time at all
        key = derived.name(_EDITION, said, *(Path(part.path).name for part in parts), *map(bytes, carried))
        month = _kept(dataset, key)
        if month is None:
            month = _group(dataset, parts, carried)
            _keep(dataset, key, month)
        own = np.concatenate([(place << 32) + np.arange(part.rows) for place, part in zip(places, parts, strict=True)])
        known = np.concatenate([own, numbers[::-1]])  # so that -1 - k is the k-th carried in
        found.append((known[month.follower], known[month.leader]))
        carried, numbers = month.open, known[month.carried]
    follower, leader = (np.concatenate(column) for column in zip(*found, strict=True))
    return Followers(follower, leader)


def _group(dataset: Dataset, parts: Sequence[Part], before: Open) -> Month:
    facts.each(lambda part: None, parts, _COLUMNS)

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([part[name] for part in parts])

    kind = _hazards(column("hazard"))
    usable = column("located") & ~column("one_spot") & (column("reported_at") != NEVER) & (kind >= 0)
    rows = np.flatnonzero(usable)
    lon, lat = (
        np.concatenate([given, column(name)[rows]]) for given, name in ((before.lon, "lon"), (before.lat, "lat"))
    )
    hours = np.concatenate([before.hours, column("reported_at")[rows] / _HOUR_US])
    hazard = np.concatenate([before.hazard, kind[rows]])
    radius, window = ({at: rule[name] for at, name in enumerate(HAZARDS)} for rule in rules(dataset.settings))
    x_m, y_m = crs.project(lon, lat)
    leading = len(before.lon)
    first = events.group_events(x_m, y_m, hours, hazard, radius_m=radius, window_h=window, leading=leading)
    call = np.concatenate([-1 - np.arange(leading), rows])
    follower = np.flatnonzero(first != np.arange(len(first)))
    carried = events.still_open(first, hours, hazard, window_h=window)
    return Month(
        call[follower], call[first[follower]], call[carried],
        Open(lon[carried], lat[carried], hours[carried], hazard[carried]),
    )  # fmt: skip


def _hazards(codes: NDArray[Any]) -> Ints:
    """Return the places among HAZARDS of a column's codes; -1 for none of them."""
    place = {name: at for at, name in enumerate(HAZARDS)}
    return np.array([*(place.get(text, -1) for text in facts.codes("hazard").texts), -1], dtype=np.int64)[codes]


def _kept(dataset: Dataset, key: str) -> Month | None:
    if key not in _months:
        kept: Any = derived.load(dataset.root, key)
        if kept is None or not {*Month._fields, *Open._fields} - {"open"} <= kept.keys():
            return None
        _hold(
            key, Month(kept["follower"], kept["leader"], kept["carried"], Open(*(kept[name] for name in Open._fields)))
        )
    _months.move_to_end(key)
    return _months[key]


def _keep(dataset: Dataset, key: str, month: Month) -> None:
    arrays = month._asdict()
    derived.keep(dataset.root, key, {**arrays, **arrays.pop("open")._asdict()})
    _hold(key, month)


def _hold(key: str, month: Month) -> None:
    _months[key] = month
    while len(_months) > _MOST_MONTHS:
        _months.popitem(last=False)
