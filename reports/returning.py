"""Closed is not fixed: of what was closed in a period, how much came back, where, and after whose closure.

**Whose closures.** The events closed in the period of the scope, whenever they were reported: a leader asks "of what
was closed last quarter, what came back". Resolution times go by the report instead, so the two do not count the same
cases. Events and not calls: two calls about one flood are no return (`reports.closures` says when an event is closed).
Whatever its handling, a closure counts: an engineering work after which the water comes back is what one looks for.

**What comes back** is the first event of the same hazard within X metres - of "other", which gathers all else, of the
same type - reported after the closure, anywhere in the cells of the level and at any time until the closure is watched
no longer: until its own source's as-of time, also after
the end of the period. A closure after which nothing came is watched until then and no longer, so the share that comes
back within Y days is read from a survival curve (`analysis.returns`), and stands beside the plain counts.

**Left out, and counted beside:** events without a point, those of "other" without a type, those whose closing time is
odd, those that are not closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.resolution import Curve, kaplan_meier
from analysis.returns import Returns, find_returns, share_returned
from base.text import N_, NP_, Sentence, Term, Words
from data import queries
from data.dataset import Dataset
from data.facts import NEVER
from data.limits import plain
from data.schema import HAZARD_NAMES, Hazard, Scope
from geo import crs
from reports import answers, closures, history

KEYS = ("hazard", "cell", "unit")
LEFT_OUT = {  # why a closure of the period is not watched, or an event of it has none
    "no_place": NP_(
        "{n} closed event has no point of its own: what came back there cannot be told.",
        "{n} closed events have no point of their own: what came back there cannot be told.",
    ),
    "no_type": NP_(
        "{n} closed event of “Other” has no type: whether the same came back cannot be told.",
        "{n} closed events of “Other” have no type: whether the same came back cannot be told.",
    ),
    "odd": NP_(
        "{n} event has an odd closing time (before the report, at its very moment, or in bulk) and is left out.",
        "{n} events have an odd closing time (before the report, at its very moment, or in bulk) and are left out.",
    ),
    "no_closing": NP_(
        "{n} event reported in the period is of a source that tells no closing times.",
        "{n} events reported in the period are of sources that tell no closing times.",
    ),
    "open": NP_("{n} event reported in the period is not closed.", "{n} events reported in the period are not closed."),
}
_NO_CLOSURE = {"closures": 0, "watched": 0, "returned": 0, "share": np.nan, "low": np.nan, "high": np.nan}
_HOUR_US = 3_600_000_000
_MOST_HELD = 4  # a curve of a million closures is 50 MB
_GROUP = ["key", "name", *_NO_CLOSURE]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Returning:
    """What came back of what was closed in a period.

    Attributes
    ----------
    overall : Series
        closures (watched at all), watched (for all the days, or until a return within them), returned (within the
        days), share, low, high (by the curve, 95%; NaN where no closure was watched so long).
    groups : mapping of "hazard", "cell", "unit" to DataFrame
        key, name (of a cell; else the key), then as `overall`; by the cell in which the closed event counts, by the
        unit of the call that was closed last ('' is not filled in). Rows with a closure only, sorted by key.
    cases : DataFrame
        One row per return within the days, the latest first: hazard, cell_id, name, unit, closed_at, returned_at, days,
        metres, closed, returned (numbers of calls; `reports.returning_tables.listed` brings their texts).
    curve : Curve
        Of all closures: hours until what came back, or until they were watched no longer; None without any.
    left_out : dict of int
        As `LEFT_OUT`.
    days : float
    radius_m : dict of hazard to float
    hazards : tuple of str
        Those asked for.
    few : int
        A share of fewer closures is not told.
    """

    overall: pd.Series
    groups: Mapping[str, pd.DataFrame]
    cases: pd.DataFrame
    curve: Curve | None
    left_out: Mapping[str, int]
    days: float
    radius_m: Mapping[str, float]
    hazards: tuple[str, ...]
    few: int

    def sentences(self, words: Words) -> list[str]:
        """Return the headline, a sentence for each hazard if there are several, and what is left out."""
        rows = self.groups["hazard"]
        each = [self.sentence(words, Term(HAZARD_NAMES[row["key"]]), row, [row["key"]]) for _, row in rows.iterrows()]
        return [self.headline(words), *(each if len(each) > 1 else []), *self.beside(words)]

    def headline(self, words: Words) -> str:
        """Say what came back of all closures."""
        return self.sentence(words, self.name(words), self.overall, self.groups["hazard"]["key"].tolist())

    def name(self, words: Words) -> str:
        """Return what all closures are: of one hazard, or of several."""
        hazards = self.groups["hazard"]["key"].tolist()
        return words(HAZARD_NAMES[hazards[0]]) if len(hazards) == 1 else words("All together")

    def sentence(self, words: Words, what: Any, row: pd.Series, hazards: list[str]) -> str:
        """Say what came back of the closures of a row of `groups`; `what` names them."""
        n, back = int(row["closures"]), int(row["returned"])
        if not n:
            return words(_NONE)
        share, low, high = (percent(words, row[name]) for name in ("share", "low", "high"))
        young = n - int(row["watched"])
        template = _WATCHED if not young else _SO_FAR
        if n < self.few:
            template = _FEW
        elif np.isnan(row["share"]):
            template = _UNTOLD
        return Sentence(
            template,
            {
                "what": what, "n": n, "back": back, "within": self._within(hazards), "days": self.days, "young": young,
                "share": share, "low": low, "high": high,
            },
        ).say(words)  # fmt: skip

    def beside(self, words: Words) -> list[str]:
        """Say what is left out, a sentence each."""
        return [words.plural(*LEFT_OUT[name], n) for name, n in self.left_out.items() if n]

    def _within(self, hazards: list[str]) -> Sentence:
        radii = {self.radius_m[hazard] for hazard in hazards}
        if len(radii) == 1:
            return Sentence(N_("{radius} m"), {"radius": radii.pop()})
        return Sentence(
            N_("{wet} m (waterlogging) or {radius} m (the others)"),
            {"wet": self.radius_m["waterlogging"], "radius": self.radius_m["other"]},
        )


_NONE = N_("No event with a point was closed in the period, so nothing can be seen to come back.")
_WATCHED = NP_(
    "{what}: of {n} event closed in the period, {back} came back within {within} and {days} days: {share} "
    "({low}–{high}).",
    "{what}: of {n} events closed in the period, {back} came back within {within} and {days} days: {share} "
    "({low}–{high}).",
)
_SO_FAR = NP_(
    "{what}: of {n} event closed in the period, {back} came back within {within} and {days} days so far, and {young} "
    "could not be watched for so long yet. Each counted for as long as it was watched: {share} ({low}–{high}).",
    "{what}: of {n} events closed in the period, {back} came back within {within} and {days} days so far, and {young} "
    "could not be watched for so long yet. Each counted for as long as it was watched: {share} ({low}–{high}).",
)
_UNTOLD = NP_(
    "{what}: of {n} event closed in the period, {back} came back within {within} so far. None could be watched for "
    "{days} days yet, so a share cannot be told.",
    "{what}: of {n} events closed in the period, {back} came back within {within} so far. None could be watched for "
    "{days} days yet, so a share cannot be told.",
)
_FEW = NP_(
    "{what}: of {n} event closed in the period, {back} came back within {within} and {days} days: too few for a share.",
    "{what}: of {n} events closed in the period, {back} came back within {within} and {days} days: too few for a "
    "share.",
)
RULE = Sentence(
    N_(
        "What came back is the same hazard (among “Other”, which gathers all else, the same type), reported again near "
        "a closed event and after its closure. Several calls about one event count once, and what was closed is "
        "watched for as long as its source tells. Closures at one place follow each other, so the limits are rather "
        "too narrow. Metres lie between the first calls of the two events; the closed case that is named is the one "
        "closed last, which may have been reported a little beside."
    )
)


def returning(dataset: Dataset, scope: Scope) -> Returning:
    """Return what came back of the events closed in a scope; the answers last given are held, and never changed.

    Raises
    ------
    HazardError
        ``no-boundary`` without a level; ``level-unknown``.
    """
    dataset.level(scope.level)
    return dataset.hold("returning", scope, lambda: _returning(dataset, scope), most=_MOST_HELD)


def _returning(dataset: Dataset, scope: Scope) -> Returning:
    settings = dataset.settings
    days = float(settings["return_days"])
    radius_m = history.by_kind(settings, "return_radius", "_m")
    cells = answers.cells_of(dataset, scope)
    # Who comes back may lie beside the area, and is reported after the period: one history for all looks into it
    whole = Scope(level=scope.level, sources=scope.sources, as_of=scope.as_of)
    events, x_m, y_m, found = dataset.hold("returns", whole, lambda: _history(dataset, whole, radius_m), most=2)
    here = answers.positions(events["cell_id"], cells) >= 0
    if scope.hazards:
        here &= events["hazard"].isin(scope.hazards).to_numpy()
    asked = here & _in_period(dataset, scope, events["closed_at"])
    odd = events["odd"].to_numpy() | (events["closed_at"] < events["reported_at"]).to_numpy()
    watched = asked & ~odd & ~np.isnan(found.waited)
    placed, typed = np.isfinite(x_m), _kinds(events)[0] >= 0
    followed = events["followed"].to_numpy()
    begun = here & _in_period(dataset, scope, events["reported_at"])
    own = Returns(found.returned, np.where(watched, found.waited, np.nan), found.by)
    groups = {
        "hazard": _groups(own, events["hazard"], watched, days),
        "cell": _groups(own, events["cell_id"], watched, days),
        "unit": _groups(own, events["unit"], watched, days),
    }
    names = cells.set_index("cell_id")["name"]
    groups["cell"]["name"] = groups["cell"]["key"].map(names)
    overall = share_returned(own, days=days) if watched.any() else pd.DataFrame([_NO_CLOSURE])
    return Returning(
        overall=overall.iloc[0][list(_NO_CLOSURE)],
        groups=groups,
        cases=_cases(events, own, x_m, y_m, days, names),
        curve=kaplan_meier(own.waited[watched], own.returned[watched]) if watched.any() else None,
        left_out={
            "no_place": int((asked & ~odd & ~placed).sum()) + _on_one_spot(dataset, scope),
            "no_type": int((asked & ~odd & placed & ~typed).sum()),
            "odd": int((asked & odd).sum()),
            "open": int((begun & followed & events["closed_at"].isna()).sum()),
            "no_closing": int((begun & ~followed).sum()),
        },
        days=days,
        radius_m=radius_m,
        hazards=scope.hazards,
        few=int(settings["few_reports"]),
    )  # fmt: skip


class _History(NamedTuple):
    """The events of a history, where they lie in metres, and what came after the closure of each."""

    events: pd.DataFrame
    x_m: Floats
    y_m: Floats
    found: Returns


def _history(dataset: Dataset, whole: Scope, radius_m: Mapping[str, float]) -> _History:
    events = closures.closed_events(dataset, whole)
    x_m, y_m = crs.project(events["lon"], events["lat"])
    reported, closed = (_hours(closures.microseconds(events[name])) for name in ("reported_at", "closed_at"))
    until = _hours(closures.microseconds(events["as_of"]))
    kind, hazards = _kinds(events)
    radii = {code: radius_m[hazard] for code, hazard in enumerate(hazards)}
    kinds = np.where(kind < 0, np.nan, kind)
    found = find_returns(x_m, y_m, reported, closed, kinds, as_of=until, radius_m=radii)
    # Whole microseconds again: what comes back on the last of the days is within them
    return _History(events, x_m, y_m, found._replace(waited=np.rint(found.waited * _HOUR_US) / _HOUR_US))


def _kinds(events: pd.DataFrame) -> tuple[Ints, list[str]]:
    """Return which events are the same where they come back, and the hazard of each number; -1: that cannot be told.

    They are the same by their hazard. "Other" is none but all that is left, so there the type decides.
    """
    hazard, types = events["hazard"].cat, events["type_name"].cat
    known, place = np.unique([plain(text) for text in types.categories] or [""], return_inverse=True)
    names = hazard.categories.tolist()
    number = np.where(known == "", -1, len(names) + np.arange(len(known))).astype(np.int64)
    by_type = number[np.append(place, 0)]
    by_type[-1] = -1  # of a type that is not filled in
    codes = np.array(hazard.codes, dtype=np.int64)
    if Hazard.OTHER in names:
        other = codes == names.index(Hazard.OTHER)
        codes[other] = by_type[types.codes.to_numpy(np.int64)[other]]
    return codes, [*names, *[Hazard.OTHER] * len(known)]


def _hours(moments: Ints) -> Floats:
    hours: Floats = np.where(moments == NEVER, np.nan, moments / _HOUR_US)
    return hours


def _in_period(dataset: Dataset, scope: Scope, times: pd.Series) -> Bools:
    inside = times.notna()
    if scope.start is not None:
        inside &= times >= pd.Timestamp(scope.start, tz=dataset.zone)
    if scope.end is not None:
        inside &= times < pd.Timestamp(scope.end, tz=dataset.zone)
    return inside.to_numpy(bool)


def _groups(own: Returns, key: pd.Series, watched: Bools, days: float) -> pd.DataFrame:
    """Return the shares by a key; of a category, for its texts need not be compared a million times."""
    texts = np.append(key.cat.categories.to_numpy(object), "")  # -1, the last: not filled in
    codes = key.cat.codes.to_numpy(np.int64)
    codes = np.where(texts[codes] == "", -1, codes)
    row = np.flatnonzero(watched)
    table = share_returned(Returns(own.returned[row], own.waited[row], own.by[row]), codes[row], days=days)
    table["key"] = texts[table["key"].to_numpy(np.int64)]
    table["name"] = table["key"]
    return table[_GROUP].sort_values("key", ignore_index=True)


def _cases(events: pd.DataFrame, own: Returns, x_m: Floats, y_m: Floats, days: float, names: pd.Series) -> pd.DataFrame:
    row = np.flatnonzero(own.returned & (own.waited <= 24 * days))  # NaN: not watched
    by = own.by[row]
    frame = pd.DataFrame(
        {
            "hazard": events["hazard"].array[row].astype(object),
            "cell_id": events["cell_id"].array[row].astype(object),
            "name": names.reindex(events["cell_id"].array[row].astype(object)).to_numpy(object),
            "unit": events["unit"].array[row].astype(object),
            "closed_at": events["closed_at"].array[row],
            "returned_at": events["reported_at"].array[by],
            "days": own.waited[row] / 24,
            "metres": np.hypot(x_m[by] - x_m[row], y_m[by] - y_m[row]),
            "closed": events["closing"].to_numpy()[row],
            "returned": events["call"].to_numpy()[by],
        }
    )
    frame["unit"] = frame["unit"].fillna("")
    return frame.sort_values(["returned_at", "closed_at", "closed"], ascending=[False, False, True], ignore_index=True)


def _on_one_spot(dataset: Dataset, scope: Scope) -> int:
    """Return the calls closed in the period that are probably not located: each may be an event of its own."""
    asked = Scope(scope.level, hazards=scope.hazards, sources=scope.sources, area=scope.area, as_of=scope.as_of)
    calls = queries.points(dataset, asked, by_cell=True, columns=("cell_id", "one_spot", "closed_at"))
    spot = calls[calls["one_spot"] & calls["cell_id"].notna()]
    return int(_in_period(dataset, scope, spot["closed_at"]).sum())


def percent(words: Words, share: float) -> str:
    """Return a share as whole percent, a small one with a decimal."""
    return words.percent(share, 1 if 0 < share < 0.1 else 0)
