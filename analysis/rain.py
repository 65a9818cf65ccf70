"""Rain events and rain days, cut from the readings of a gauge.

An event is rain between two dry spells: readings with rain belong together until it has been dry for some hours. With
readings of a day that is until a dry day, whatever the hours.

What is not known is not dry. A reading that is missing, and a stretch of time of which no reading tells, may have
brought rain; so an event with such time in it, or within the dry hours before or after it, is not `whole`: its depth is
at least what stands there, and where it begins and ends is open. Nothing is filled in.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

HOUR, DAY = 1.0, 24.0
KNOWN = 0.9  # share of a day that a gauge must know, for its sum to stand for the day
_NS = 3_600_000_000_000  # of an hour
_LONG = 23.0  # readings of a day; where clocks change, two of them lie an hour apart
_GAP, _DAY_GAP = 0.01, 1.01  # hours between two readings that are no gap

Floats = NDArray[np.float64]


def events_of(begin: Any, hours: ArrayLike, mm: ArrayLike, *, dry_hours: float, least_mm: float) -> pd.DataFrame:
    """Return the rain events of one gauge, in order of time.

    Parameters
    ----------
    begin : array_like of timestamps (UTC), shape (n,)
        Of each reading, in any order.
    hours, mm : array_like, shape (n,)
        How long a reading stands for, and its depth; NaN is a reading that is missing, which is not dry.
    dry_hours : float
        So long without rain, and the next rain is another event; with readings of a day one dry day.
    least_mm : float
        Events of less are left out.

    Returns
    -------
    DataFrame
        begin, end (UTC, half-open: of the readings with rain), depth_mm, peak_mm (the largest reading: of the hour
        where readings are hourly), whole (nothing is unknown in it, nor within the dry hours before and after).

    Raises
    ------
    HazardError
        ``lengths-differ``; ``rain-reading-bad`` for a depth below zero or a reading that lasts no time.
    """
    start, length, depth = _sorted(begin, hours, mm)
    end = start + length
    wet = depth > 0
    if not wet.any():
        return _frame(np.empty(0), np.empty(0), np.empty(0), np.empty(0), np.empty(0, dtype=bool))
    first, reach = start[wet], np.maximum.accumulate(end[wet])
    cut = np.flatnonzero(np.r_[True, first[1:] - reach[:-1] >= max(dry_hours, 0.0) - 1e-6])
    sums, peaks = np.add.reduceat(depth[wet], cut), np.maximum.reduceat(depth[wet], cut)
    begun, ended = first[cut], reach[np.r_[cut[1:], len(reach)] - 1]
    dark, light = _unknown(start, length, depth)
    low, high = begun - dry_hours, ended + dry_hours
    whole = np.searchsorted(dark, high - 1e-6) - np.searchsorted(light, low + 1e-6, side="right") <= 0
    kept = sums >= least_mm - 1e-9
    return _frame(begun[kept], ended[kept], sums[kept], peaks[kept], whole[kept])


def daily(begin: Any, hours: ArrayLike, mm: ArrayLike, zone: str) -> pd.DataFrame:
    """Return the rain of each local day of one gauge, from the first day with a reading to the last.

    A reading belongs to the day on which its middle lies: the 24 hours to 20:00 to the day on which they end, those
    from 08:00 to the day on which they begin.

    Parameters
    ----------
    begin, hours, mm
        As in `events_of`.
    zone : str
        IANA name of the zone of the days.

    Returns
    -------
    DataFrame
        day (datetime64, at midnight), mm (of what is known; NaN where nothing is), known (share of the day, 0 to 1).
    """
    start, length, depth = _sorted(begin, hours, mm)
    if not len(start):
        return pd.DataFrame({"day": pd.DatetimeIndex([]).as_unit("s"), "mm": np.empty(0), "known": np.empty(0)})
    middle = _times(start + length / 2).tz_convert(zone).tz_localize(None).normalize()
    days = pd.date_range(middle.min(), middle.max(), freq="D")
    place = days.get_indexer(middle)
    told = ~np.isnan(depth)
    n = len(days)
    seen = np.bincount(place[told], weights=length[told], minlength=n)
    total = np.bincount(place[told], weights=depth[told], minlength=n)
    edges = pd.date_range(days[0], periods=n + 1, freq="D")  # where clocks change a day has 23 or 25 hours
    edges = edges.tz_localize(zone, ambiguous=np.ones(n + 1, dtype=bool), nonexistent="shift_forward")
    share = np.minimum(seen / np.asarray(np.diff(edges) / pd.Timedelta(hours=1), dtype=float), 1.0)
    return pd.DataFrame({"day": days.as_unit("s"), "mm": np.where(seen > 0, total, np.nan), "known": share})


def mean_days(days: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the mean of several gauges day by day.

    On each day those count that know it (`KNOWN`); where none does, those that know most of it.

    Parameters
    ----------
    days : list of DataFrame
        Of each gauge, as `daily` gives them; at least one.

    Returns
    -------
    DataFrame
        As `daily`; ``known`` is the share that the gauge knows which knows most.
    """
    if len(days) == 1:
        return days[0]
    every = pd.date_range(min(one["day"].min() for one in days), max(one["day"].max() for one in days), freq="D")
    mm, known = (
        np.stack([one.set_index("day")[name].reindex(every).to_numpy(float) for one in days])
        for name in ("mm", "known")
    )
    known = np.nan_to_num(known)
    most = known.max(axis=0)
    counts = (known >= np.minimum(most, KNOWN)) & (known > 0)
    total = np.where(counts, np.nan_to_num(mm), 0.0).sum(axis=0)
    mean = np.divide(total, counts.sum(axis=0), out=np.full(len(every), np.nan), where=counts.any(axis=0))
    return pd.DataFrame({"day": every.as_unit("s"), "mm": mean, "known": most})


def mean_readings(station: Any, begin: Any, hours: ArrayLike, mm: ArrayLike) -> tuple[pd.DataFrame, list[str]]:
    """Return the readings of some gauges as those of one: the mean of all that know, reading by reading.

    Readings of minutes are put together to hours first. Where gauges differ in the length of their readings, those
    with the shortest count, unless they know less than half of the time that others know.

    Returns
    -------
    frame : DataFrame
        begin (UTC), hours, mm (NaN where none knows), in order of time.
    aside : list of str
        Stations of which no reading counts, for theirs are of another length.
    """
    start, length, depth = _checked(begin, hours, mm)
    rows = pd.DataFrame({"station": np.asarray(station, dtype=object), "at": start, "hours": length, "mm": depth})
    rows = _hourly(rows)
    if not len(rows):
        return pd.DataFrame({"begin": _times(np.empty(0)), "hours": np.empty(0), "mm": np.empty(0)}), []
    rows["length"] = rows["hours"].where(rows["hours"] < _LONG, DAY)
    told = rows[rows["mm"].notna()]
    covered = {one: float(len(set(told.loc[told["length"] == one, "at"]))) * one for one in sorted(set(told["length"]))}
    enough = [one for one, covers in covered.items() if covers >= max(covered.values()) / 2]
    step = float(enough[0]) if enough else float(rows["length"].min())
    chosen = rows[rows["length"] == step]
    aside = sorted(set(rows["station"]) - set(chosen["station"]))
    if chosen["station"].nunique() > 1:
        phase = (chosen["at"] % step).round(4).mode().iloc[0]  # gauges may be read at different minutes
        slot = np.round((chosen["at"] - phase) / step)
        grouped = chosen.groupby(slot.to_numpy())
        chosen = pd.concat([grouped["at"].min(), grouped["hours"].max(), grouped["mm"].mean()], axis=1)
    order = np.argsort(chosen["at"].to_numpy(float), kind="stable")
    at, lasts, depths = (chosen[name].to_numpy(float)[order] for name in ("at", "hours", "mm"))
    return pd.DataFrame({"begin": _times(at), "hours": lasts, "mm": depths}), aside


def _hourly(rows: pd.DataFrame) -> pd.DataFrame:
    short = rows["hours"] < HOUR - 1e-6
    if not short.any():
        return rows
    minutes = rows[short]
    by = [minutes["station"].to_numpy(), np.floor(minutes["at"].to_numpy() + 1e-6)]
    told = minutes["hours"].where(minutes["mm"].notna(), 0.0)
    sums = pd.DataFrame({"told": told, "mm": minutes["mm"]}).groupby(by).sum()
    whole = sums["told"] >= HOUR - 1e-3  # an hour of which minutes are missing is not known
    hour = pd.DataFrame(
        {
            "station": sums.index.get_level_values(0), "at": sums.index.get_level_values(1).to_numpy(float),
            "hours": HOUR, "mm": sums["mm"].where(whole, np.nan).to_numpy(),
        }
    )  # fmt: skip
    return pd.concat([rows[~short], hour], ignore_index=True)


def _unknown(start: Floats, length: Floats, depth: Floats) -> tuple[Floats, Floats]:
    """Return begin and end of each stretch that is not known; before the first reading and after the last is one."""
    end = start + length
    missing = np.isnan(depth)
    reach = np.maximum.accumulate(end)
    close = np.where(np.maximum(length[1:], length[:-1]) >= _LONG, _DAY_GAP, _GAP)
    gap = np.flatnonzero(start[1:] - reach[:-1] > close)
    dark = np.concatenate([[-np.inf], start[missing], reach[gap], [reach[-1]]])
    light = np.concatenate([[start[0]], end[missing], start[gap + 1], [np.inf]])
    return np.sort(dark), np.sort(light)


def _sorted(begin: Any, hours: ArrayLike, mm: ArrayLike) -> tuple[Floats, Floats, Floats]:
    start, length, depth = _checked(begin, hours, mm)
    order = np.argsort(start, kind="stable")
    return start[order], length[order], depth[order]


def _checked(begin: Any, hours: ArrayLike, mm: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return begin (hours since 1970 UTC), hours and mm."""
    start = pd.DatetimeIndex(pd.to_datetime(np.asarray(begin, dtype=object) if not len(begin) else begin, utc=True))
    at = start.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64) / _NS
    length, depth = np.asarray(hours, dtype=float), np.asarray(mm, dtype=float)
    if not at.shape == length.shape == depth.shape:
        raise HazardError("lengths-differ", "Times, hours and depths of rain must have the same length.")
    if not (length > 0).all() or (depth < 0).any():
        raise HazardError("rain-reading-bad", "A reading of rain lasts some time, and its depth is never below zero.")
    return at, length, depth


def _times(at: Floats) -> pd.DatetimeIndex:
    seconds = np.round(np.asarray(at, dtype=float) * 3600).astype(np.int64)
    return pd.DatetimeIndex(seconds.astype("datetime64[s]")).tz_localize("UTC")


def _frame(begin: Floats, end: Floats, depth: Floats, peak: Floats, whole: NDArray[np.bool_]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "begin": _times(begin),
            "end": _times(end),
            "depth_mm": np.round(depth, 4),
            "peak_mm": np.round(peak, 4),
            "whole": whole,
        }
    )
