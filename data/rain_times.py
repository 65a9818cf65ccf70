"""When a reading of rain was and how long it stands for, told by what is written and by the distance of its times."""

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.times import read_times

DAY_HOURS = 24.0
_STEPS_H = (1 / 60, 1 / 30, 1 / 20, 1 / 12, 1 / 6, 0.25, 1 / 3, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, DAY_HOURS)
_OWN_STEPS, _OWN_SHARE = 5, 0.8  # from how many distances, how equal, a station tells the length of its readings alone
_CLOCK = r"[:时時点點]|[T ]\d{1,2}|^\d{14}$|^\d{5}\.\d"
_ONLY_CLOCK = r"^\d{1,2}(?:\s*[:时時点點]\s*(?:\d{1,2}\s*(?:[:分]\s*(?:\d{1,2}\s*秒?)?)?)?)?$"
# 2025060108 of the weather services, which a list of times would take for seconds since 1970
_PACKED = r"^((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-4])([0-5]\d)?$"
_BARE_HOUR = r"^(\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?)[\sT]+(\d{1,2})$"
_MIDNIGHT = r"(?<=[\sT日])24(?=\s*[:时時点點])"
_DAILY = re.compile(r"24\s*(?:小时|h)|日(?:降|雨)|逐日|daily|^dyp$|(\d{1,2})\s*时?\s*[-~—–至到]\s*0?\1\s*时")
_HOURS = re.compile(r"(?<!\d)(\d{1,2})\s*(?:小时|h(?![a-z])|hours?)")
_MINUTES = re.compile(r"(?<!\d)(\d{1,2})\s*(?:分钟|min)")
_HOURLY = re.compile(r"小时|^时雨量|逐时|hourly")


def written(text: pd.DataFrame) -> pd.Series:
    """Return the time of each row as one text: a day with its clock, or year, month and day put together."""
    if "time" not in text:
        parts = [text[name].str.replace(r"\D.*$", "", regex=True) for name in ("year", "month", "day")]
        return parts[0] + "-" + parts[1] + "-" + parts[2]
    plain = text["time"].map(lambda cell: unicodedata.normalize("NFKC", cell).strip())
    if "date" in text:
        day = text["date"].str.replace(r"\s+0{1,2}:00(?::00)?$", "", regex=True)  # a spreadsheet's days bear 00:00
        clock = plain.str.match(_ONLY_CLOCK)
        hour = plain.mask(plain.str.fullmatch(r"\d{1,2}"), plain + ":00")
        plain = plain.mask(clock, day + " " + hour).mask(plain == "", day)
    packed = plain.str.extract(_PACKED)
    joined = packed[0] + "-" + packed[1] + "-" + packed[2] + " " + packed[3] + ":" + packed[4].fillna("00")
    plain = plain.mask(packed[0].notna(), joined)
    return plain.str.replace(_BARE_HOUR, r"\1 \2:00", regex=True).astype(object)


def moments(
    text: pd.Series, hour: pd.Series | None, zone: str, day_first: bool | None, title: str
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Return each row's time in UTC (NaT where it cannot be read), and whether it is a day alone.

    Parameters
    ----------
    text : Series of str
        As `written` gives it; 24:00 is the midnight at the end of its day.
    hour : Series of str, optional
        The hour, where it stands in a column of its own.
    zone, day_first, title
        As in `data.times.read_times`.
    """
    hour = pd.Series("", text.index, dtype=object) if hour is None else hour
    ends = text.str.contains(_MIDNIGHT, regex=True)
    text = text.str.replace(_MIDNIGHT, "00", regex=True)
    clocked = text.str.contains(_CLOCK, regex=True)
    number = pd.to_numeric(hour.str.replace(r"\s*(?:[时時点點hH]|:00).*$", "", regex=True), errors="coerce")
    apart = ~clocked & number.between(0, 24)
    read = read_times({"time": text}, zone=zone, day_first=day_first, titles={"time": title})["time"]
    local = read.dt.tz_convert(zone).dt.tz_localize(None)
    moved = number.where(apart, 0.0) + np.where(ends, DAY_HOURS, 0.0)
    shifted = (local + pd.to_timedelta(moved, unit="h")).dt.tz_localize(
        zone, ambiguous=np.ones(len(local), dtype=bool), nonexistent="shift_forward"
    )
    begin = pd.Series(shifted.dt.tz_convert("UTC"), text.index).where(moved != 0, read)
    begin = begin.mask((hour != "") & ~clocked & ~apart)  # an hour that cannot be read is not the whole day
    dated = (~clocked & (hour == "")).to_numpy(bool)
    midnight = (local == local.dt.normalize()).to_numpy(bool) | local.isna().to_numpy()
    if midnight.all() and not apart.any() and not ends.any():
        dated = dated | clocked.to_numpy(bool)  # a spreadsheet's days bear 00:00
    return begin, dated


def hours_of(title: str) -> float | None:
    """Return of how many hours a depth is by the title of its column, None where it does not say."""
    plain = unicodedata.normalize("NFKC", title).lower()
    if _DAILY.search(plain):
        return DAY_HOURS
    if found := _HOURS.search(plain):
        return float(found[1]) or None
    if found := _MINUTES.search(plain):
        return float(found[1]) / 60 or None
    return 1.0 if _HOURLY.search(plain) else None


def lengths(
    begin: pd.Series,
    station: pd.Series,
    dated: NDArray[np.bool_],
    told: float | None,
    said: pd.Series | None,
) -> tuple[NDArray[np.float64], float, float | None]:
    """Return how many hours each reading stands for, the usual length, and the usual distance of times (None: unknown).

    A day alone stands for 24 hours; else counts what the row says, then the title (`hours_of`), then the most frequent
    distance of the times of its station, then that of the file.

    Parameters
    ----------
    begin, station, dated
        Of each row.
    told : float, optional
        By the title.
    said : Series of float, optional
        By each row; NaN where it does not say.
    """
    known = pd.DataFrame({"station": station, "begin": begin})[~dated & begin.notna().to_numpy()]
    known = known.drop_duplicates().sort_values(["station", "begin"])
    steps = known.groupby("station", sort=False)["begin"].diff().dt.total_seconds().div(3600).round(6)
    usual = _most(steps[steps > 0])
    hours = np.full(len(begin), 1.0 if usual is None else usual)
    if told is not None:
        hours[:] = told
    else:
        for name, own in steps[steps > 0].groupby(known["station"], sort=False):
            if len(own) >= _OWN_STEPS and (own == (most := own.mode().iloc[0])).mean() >= _OWN_SHARE:
                hours[(station == name).to_numpy()] = _near(float(most))
    if said is not None:
        own_hours = said.to_numpy(float)
        fits = (own_hours > 0) & (own_hours <= DAY_HOURS)
        hours = np.where(fits, own_hours.round(4), hours)
    hours = np.where(dated, DAY_HOURS, hours)
    return hours, float(pd.Series(hours).mode().iloc[0]) if len(hours) else DAY_HOURS, usual


def overlapping(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which readings begin within one before them of their station.

    Parameters
    ----------
    rows : DataFrame
        station, begin, hours; by station and begin, each time and length once.
    """
    over = np.zeros(len(rows), dtype=bool)
    begin = rows["begin"].to_numpy("datetime64[ns]").astype(np.int64) / 3.6e12
    hours, station = rows["hours"].to_numpy(float), rows["station"].to_numpy()
    early = slack(hours)
    last, at = -np.inf, None
    for place in range(len(rows)):
        if at is None or station[place] != at:
            last, at = -np.inf, station[place]
        if begin[place] < last - early[place]:
            over[place] = True
        else:
            last = begin[place] + hours[place]
    return over


def slack(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how many hours a reading may begin early or late: days where clocks change have 23 or 25 hours."""
    return np.where(hours >= DAY_HOURS, 1.01, 1 / 60)


def _most(steps: pd.Series) -> float | None:
    return _near(float(steps.mode().iloc[0])) if len(steps) else None


def _near(step: float) -> float:
    return min(_STEPS_H, key=lambda one: abs(one - step))
