"""The rain of a workspace: readings of gauges, loaded from files, removed and taken back; each change is a version.

A reading takes the place of the one stored for its station and time. Where it overlaps readings of another length (a
total of a day over stored hours), the file that comes later stands: rain is never counted twice. A reading that is
missing takes the place of nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from base.text import N_, Sentence
from data.dataset import Dataset
from data.privacy import mask
from data.rain_file import BEGIN, END, UNITS, RainFile, is_rain_table, read_rain
from data.rain_times import slack
from data.store import Change, Workspace
from data.tables import RAIN_COLUMNS, TABLES
from data.taking_back import Kept, taking_back

__all__ = [
    "BEGIN", "END", "RAIN", "UNITS", "Loaded", "RainFile", "is_rain_table", "load_rain", "preview", "read_rain",
    "remove_stations", "stations", "take_back",
]  # fmt: skip

RAIN = Kept("rainfall", ("rain", "rain-removed"), "rain-undo")
_KEY = ["station", "begin", "hours"]


@dataclass(frozen=True)
class Loaded:
    """What a file would make of the stored rain: `after`, all readings; new + updated + unchanged = len(file.rows).

    `displaced` stored readings of another length go, for the file's stand for the same hours.
    """

    file: RainFile
    after: pd.DataFrame
    new: int
    updated: int
    unchanged: int
    displaced: int
    notes: tuple[Sentence, ...]


def preview(dataset: Dataset, file: RainFile) -> Loaded:
    """Return what a table of rain would do; nothing is stored."""
    stored, rows = dataset.rainfall(), file.rows[list(RAIN_COLUMNS)]
    gone = _overlapped(stored, rows)
    held = stored[~gone]
    both = rows.merge(held[[*_KEY, "mm", "zone"]], on=_KEY, how="left", suffixes=("", "_held"), indicator=True)
    known = (both["_merge"] == "both").to_numpy()
    kept = known & both["mm"].isna().to_numpy()  # what is not known now leaves what was known
    same = known & ((both["mm"] == both["mm_held"]) | kept).to_numpy() & (both["zone"] == both["zone_held"]).to_numpy()
    both.loc[kept, "mm"] = both.loc[kept, "mm_held"]
    every = pd.concat([held, both[list(RAIN_COLUMNS)]], ignore_index=True) if len(held) else both[list(RAIN_COLUMNS)]
    after = _in_order(every.drop_duplicates(_KEY, keep="last"))
    n_same, n_known = int(same.sum()), int(known.sum())
    return Loaded(
        file, after, len(rows) - n_known, n_known - n_same, n_same, int(gone.sum()), tuple(_gaps(rows, file.notes))
    )


def load_rain(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    unit: str | None = None,
    stamp: str | None = None,
    zone: str | None = None,
    day_first: bool | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    trusted: bool = False,
    who: str,
) -> dict[str, Any]:
    """Store the readings of a table of rain beside those there are.

    Parameters
    ----------
    zone : str, optional
        IANA name for times without an offset; that of the workspace if not given.
    unit, stamp, day_first, encoding, sheet
        As in `data.rain_file.read_rain`.
    trusted : bool
        Made by this program: read without a process apart, and not kept as an original.

    Returns
    -------
    dict
        read = new + updated + unchanged + rejected + repeats; missing (of the readings taken: not known), displaced
        (stored readings of another length that went), readings (stored now), stations (stored now), first, last (days
        of the file, ISO), unit, unit_from, stamp, stamp_from, hours (usual length), columns, rejected_rows (row, value,
        sentence), notes (list of Sentence), version.

    Raises
    ------
    HazardError
        What `read_rain` refuses; ``rain-none`` where no row is taken; ``workspace-busy``.
    """
    newest = workspace.newest()
    file = read_rain(
        content, name, unit=unit, stamp=stamp, zone=zone or newest.zone, day_first=day_first, encoding=encoding,
        sheet=sheet, settings=newest.settings | ({"read_apart": 0} if trusted else {}),
    )  # fmt: skip
    if not len(file.rows):
        raise HazardError(
            "rain-none",
            "{file}: none of its {n} rows is a reading of rain: nothing was stored.",
            file=name,
            n=file.read,
        )
    with workspace.change("rain", who=who) as change:
        loaded = preview(change.before, file)
        facts = {
            "read": file.read,
            "new": loaded.new,
            "updated": loaded.updated,
            "unchanged": loaded.unchanged,
            "rejected": len(file.rejected),
            "repeats": file.repeats,
        }
        if facts["read"] != sum(facts[key] for key in ("new", "updated", "unchanged", "rejected", "repeats")):
            raise RuntimeError("the totals of the rain do not tie")
        version = change.before.version
        if loaded.new or loaded.updated or loaded.displaced:  # the same again is no change
            if not trusted:
                change.keep_original(content, name)
            version = _write(change, loaded.after, **facts, file=mask(name))
    local = file.rows["begin"].dt.tz_convert(zone or newest.zone)
    return {
        **facts, **_state(loaded.after), "missing": file.missing, "displaced": loaded.displaced,
        "first": local.min().date().isoformat(), "last": local.max().date().isoformat(), "unit": file.unit,
        "unit_from": file.unit_from, "stamp": file.stamp, "stamp_from": file.stamp_from, "hours": file.hours,
        "columns": dict(file.columns), "rejected_rows": file.rejected, "notes": list(loaded.notes), "version": version,
    }  # fmt: skip


def remove_stations(workspace: Workspace, names: Iterable[str], *, who: str) -> dict[str, Any]:
    """Take all readings of some stations out ('' is the gauge without a name).

    Returns
    -------
    dict
        removed (stations), readings, stations (stored now), version.

    Raises
    ------
    HazardError
        ``station-unknown``, ``workspace-busy``.
    """
    gone = list(dict.fromkeys(names))
    known = set(workspace.newest().rainfall()["station"])
    for one in gone:
        if one not in known:
            raise HazardError(
                "station-unknown", "There is no rain of a station {station}. Stored are: {known}.",
                station=one or "-", known=", ".join(sorted(filter(None, known))[:20]) or "-",
            )  # fmt: skip
    with workspace.change("rain-removed", who=who) as change:
        stored = change.before.rainfall()
        after = _in_order(stored[~stored["station"].isin(gone)])
        version = _write(change, after, removed=len(gone))
    return {"removed": len(gone), **_state(after), "version": version}


def take_back(workspace: Workspace, *, who: str) -> dict[str, Any]:
    """Take the newest change of the rain back: it is as before. Called again, it takes back the one before.

    Returns
    -------
    dict
        took_back (the number of the version), what (its kind), file ('' where it was none), readings, stations,
        version.

    Raises
    ------
    HazardError
        ``nothing-to-undo``; ``version-cleared`` if what was before is not kept any more; ``workspace-busy``.
    """
    with taking_back(workspace, RAIN, who=who) as back:
        before = back.former.rainfall()
        version = _write(back.change, before, **back.facts)
    return {**back.facts, **_state(before), "version": version}


def stations(rain: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Return what is stored of each station: station, zone, hours (its usual reading), first and last day, what is not
    known, and the gaps.

    Parameters
    ----------
    rain : DataFrame
        As `Dataset.rainfall`.
    zone : str
        IANA name of the zone of the days.

    Returns
    -------
    DataFrame
        station, zone, hours, first, last (ISO days), readings, missing (readings that are not known), gaps (stretches
        without any reading), gap_hours (their hours in all), mm (sum of what is known), by station.
    """
    columns = ["station", "zone", "hours", "first", "last", "readings", "missing", "gaps", "gap_hours", "mm"]
    rows = []
    for station, one in rain.groupby("station", sort=True):
        begin, end = one["begin"], one["begin"] + pd.to_timedelta(one["hours"], unit="h")
        length = _stretches(begin, end)
        local, last = begin.dt.tz_convert(zone), (end - pd.Timedelta(seconds=1)).dt.tz_convert(zone)
        rows.append(
            (
                station, next((zone_ for zone_ in one["zone"] if zone_), ""), float(one["hours"].mode().iloc[0]),
                local.min().date().isoformat(), last.max().date().isoformat(), len(one), int(one["mm"].isna().sum()),
                len(length), round(float(length.sum()), 2), round(float(one["mm"].sum()), 1),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


_GAP = N_("Station {station}: gaps without any reading: {n}, together {hours} hours; they are no dry hours.")
_NAMELESS = N_("the gauge")


def _gaps(rows: pd.DataFrame, notes: Iterable[Sentence]) -> list[Sentence]:
    said = list(notes)
    for station, one in rows.groupby("station", sort=True):
        length = _stretches(one["begin"], one["begin"] + pd.to_timedelta(one["hours"], unit="h"))
        if len(length):
            named = station or Sentence(_NAMELESS, {})
            said.append(Sentence(_GAP, {"station": named, "n": len(length), "hours": round(float(length.sum()), 1)}))
    return said


def _stretches(begin: pd.Series, end: pd.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the hours of each stretch between readings of one station of which nothing is said."""
    order = np.argsort(begin.to_numpy(), kind="stable")
    first, last = begin.to_numpy()[order], np.maximum.accumulate(end.to_numpy()[order])
    length = (end - begin).to_numpy()[order] / np.timedelta64(1, "h")
    hours = (first[1:] - last[:-1]) / np.timedelta64(1, "h")
    return np.asarray(hours[hours > slack(np.maximum(length[1:], length[:-1]))], dtype=float)


def _overlapped(stored: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which stored readings stand for hours of which the new ones of their station, of another length, tell."""
    gone = np.zeros(len(stored), dtype=bool)
    if not len(stored):
        return gone
    known = rows[rows["mm"].notna()]
    for station, one in known.groupby("station", sort=False):
        at = np.flatnonzero((stored["station"] == station).to_numpy())
        if not len(at):
            continue
        begin = np.sort(one["begin"].to_numpy())
        last = np.maximum.accumulate(
            (one["begin"] + pd.to_timedelta(one["hours"], unit="h")).to_numpy()[
                np.argsort(one["begin"].to_numpy(), kind="stable")
            ]
        )
        mine = stored.iloc[at]
        from_, until = mine["begin"].to_numpy(), (mine["begin"] + pd.to_timedelta(mine["hours"], unit="h")).to_numpy()
        before = np.searchsorted(begin, until, side="left")  # new readings that begin before this one ends
        overlaps = (before > 0) & (last[np.maximum(before - 1, 0)] > from_)
        same = pd.MultiIndex.from_frame(mine[_KEY]).isin(pd.MultiIndex.from_frame(one[_KEY]))
        gone[at] = overlaps & ~same
    return gone


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["station", "begin", "hours"], kind="stable", ignore_index=True)[list(RAIN_COLUMNS)]


def _write(change: Change, rows: pd.DataFrame, **facts: Any) -> int:
    table = pa.Table.from_pandas(rows[list(RAIN_COLUMNS)], schema=TABLES["rainfall"].schema, preserve_index=False)
    change.write("rainfall", table)
    return change.commit(**facts, **_state(rows)).version


def _state(rows: pd.DataFrame) -> dict[str, int]:
    return {"readings": len(rows), "stations": int(rows["station"].nunique())}
