"""The working calendar of an office: which days are workdays, and its hours on them, as arrays for `data.clocks`.

Public holidays and make-up workdays (调休) come from packages: China's as its State Council announces them each
November for the year to come, other countries' by their laws. A year that was not announced when the package was made
is unknown, day by day, until the office loads a table of its own (`data.calendar_table`) or a newer package: a year
that counts as all workdays, or as plain weeks, would be wrong by weeks and nobody would see it. The last days of the
last year stand as announced so far: the next year's New Year may still move them (31 December 2018 did).
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from base.text import N_, Sentence
from data.schema import DAY_OFF, UNKNOWN_DAY, WORKDAY
from data.times import FIRST_YEAR, LAST_YEAR

CHINA = "CN"
Hours = tuple[tuple[int, int], ...]
_FIRST, _LAST = dt.date(FIRST_YEAR, 1, 1), dt.date(LAST_YEAR, 12, 31)
_DAYS = np.arange(np.datetime64(_FIRST), np.datetime64(_LAST) + 1)
_YEARS = _DAYS.astype("datetime64[Y]").astype(int) + 1970
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*(?:[-–—~～至到])\s*(\d{1,2}):(\d{2})")
_BETWEEN = re.compile(r"[\s,;、]*")
_DAY_MINUTES = 24 * 60
_MINUTE = 60_000_000  # microseconds


@dataclass(frozen=True)
class OfficeDays:
    """The days from 1990 to 2100 in the office's zone, as `data.clocks.Calendar` takes them, and the first of them.

    `midnights` has one moment more than there are days, `opens` and `closes` one column for each of the office hours;
    moments are microseconds since 1970 in UTC.
    """

    midnights: NDArray[np.int64]
    status: NDArray[np.int8]
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]
    first: dt.date = _FIRST

    def known(self) -> list[tuple[dt.date, dt.date]]:
        """Return the stretches of days of which it is known whether they are workdays: first and last day of each."""
        known = np.concatenate([[False], self.status != UNKNOWN_DAY, [False]])
        edges = np.flatnonzero(known[1:] != known[:-1]).reshape(-1, 2)
        return [tuple(self.first + dt.timedelta(days=int(at)) for at in (a, b - 1)) for a, b in edges]  # type: ignore[misc]

    def known_days(self, year: int) -> int:
        """Return of how many days of a year it is known whether they are workdays."""
        return int((self.status[year == _YEARS] != UNKNOWN_DAY).sum())

    def coverage(self) -> Sentence:
        """Return which days are covered, to be said."""
        if not (spans := self.known()):
            return Sentence(N_("The working calendar knows no day: load a table of workdays and days off."))
        start, end = spans[-1]
        if len(spans) == 1:
            message = N_(
                "The working calendar knows the days from {start} to {end}; limits that run past them are undecided."
            )
            return Sentence(message, {"start": start, "end": end})
        message = N_(
            "The working calendar knows {days} days, with gaps between them; the last stretch is from {start} to "
            "{end}. Limits that run over other days are undecided."
        )
        days = int((self.status != UNKNOWN_DAY).sum())
        return Sentence(message, {"start": start, "end": end, "days": days})


def office_days(country: str = CHINA, *, zone: str, hours: str, own: pd.DataFrame | None = None) -> OfficeDays:
    """Return the days of an office.

    Parameters
    ----------
    country : str
        As in `package_days`.
    zone : str
        IANA name, as `data.changes.check_zone` lets it pass. A time of the wall clock that the zone leaves out in
        spring is the moment at which it is left out; one that comes twice in autumn is the first.
    hours : str
        As in `read_hours`.
    own : DataFrame, optional
        The office's table (`data.tables.WORKDAY_COLUMNS`): what it says of a day goes before the package. A row
        of a year alone says that the year's other days are known too: as the package has them, else by the week.

    Returns
    -------
    OfficeDays

    Raises
    ------
    HazardError
        Those of `package_days` and `read_hours`.
    """
    country = country.strip().upper()
    status = package_days(country)
    if own is not None and len(own):
        status = _overridden(status, own, country)
    midnights, opens, closes = _moments(zone, read_hours(hours))
    return OfficeDays(midnights, status, opens, closes)


def _overridden(status: NDArray[np.int8], own: pd.DataFrame, country: str) -> NDArray[np.int8]:
    status, alone = status.copy(), own["day"].str.len() == 4
    for year in own.loc[alone, "day"].astype(int):
        mine = (year == _YEARS) & (status == UNKNOWN_DAY)
        status[mine] = plain_weeks(country)[mine]
    days = own[~alone]
    places = days["day"].to_numpy("datetime64[D]").astype(int) - _DAYS[0].astype(int)
    status[places] = np.where(days["workday"].to_numpy(dtype=bool), WORKDAY, DAY_OFF)
    return status


def plain_weeks(country: str) -> NDArray[np.int8]:
    if country == CHINA:
        weekend = (_DAYS.astype(int) + 3) % 7 >= 5  # 1 January 1970 was a Thursday
    else:
        table = package(country, (FIRST_YEAR,))
        weekend = np.array([table.is_weekend(day) for day in _DAYS.tolist()])
    return np.where(weekend, DAY_OFF, WORKDAY).astype(np.int8)


def package_days(country: str) -> NDArray[np.int8]:
    """Return what the packages say of each day from 1990 to 2100: WORKDAY, DAY_OFF or UNKNOWN_DAY.

    Parameters
    ----------
    country : str
        CN: chinesecalendar, from its first to its last year (2004 to 2026 in version 1.11). Others by `holidays`: the
        code of a country, or with that of a part of it, such as US-MA. Known are there the years that the package has a
        law for; where the holidays of a year are estimated (by the moon), or where workdays are moved by a decree each
        year, that year and the ones behind the last decree are unknown.

    Raises
    ------
    HazardError
        ``country-unknown``.
    """
    return _package_days(country.strip().upper())


@lru_cache(maxsize=8)
def _package_days(country: str) -> NDArray[np.int8]:
    status = _chinese_days() if country == CHINA else _days_elsewhere(country)
    status.flags.writeable = False
    return status


def _chinese_days() -> NDArray[np.int8]:
    import chinese_calendar

    off, made_up = chinese_calendar.holidays, chinese_calendar.workdays
    status = plain_weeks(CHINA)
    status[_places(off)], status[_places(made_up)] = DAY_OFF, WORKDAY
    status[(min(off).year > _YEARS) | (max(off).year < _YEARS)] = UNKNOWN_DAY
    return status


def _days_elsewhere(country: str) -> NDArray[np.int8]:
    table = package(country, tuple(range(FIRST_YEAR, LAST_YEAR + 1)))
    status = np.where([table.is_working_day(day) for day in _DAYS.tolist()], WORKDAY, DAY_OFF).astype(np.int8)
    last = table.end_year
    if table.has_substituted_holidays:
        last = min(last, max((day.year for day in table.weekend_workdays), default=FIRST_YEAR - 1))
    estimated = {day.year for day, name in table.items() if "estimated" in name}
    unknown = np.isin(_YEARS, list(estimated)) | (table.start_year > _YEARS) | (last < _YEARS)
    status[unknown] = UNKNOWN_DAY
    return status


def package(country: str, years: tuple[int, ...]) -> Any:
    """Return the holidays of a country or of a part of it, by day, with their names in English where there are such."""
    import holidays

    code, _, part = country.partition("-")
    try:
        known = holidays.country_holidays(code, subdiv=part or None)
    except NotImplementedError:
        raise HazardError(
            "country-unknown",
            "There is no calendar of {country}. Write the code of a country, with that of a part of it if need be: CN, "
            "JP, US-MA.",
            country=country,
        ) from None
    english = next((name for name in known.supported_languages if name.startswith("en")), None)
    return holidays.country_holidays(code, subdiv=part or None, years=years, language=english)


def _places(days: Any) -> NDArray[np.int64]:
    """Return the positions of days among all."""
    found = np.array([day.toordinal() for day in days], dtype=np.int64) - _FIRST.toordinal()
    return found[(found >= 0) & (found < len(_DAYS))]


def read_hours(text: str) -> Hours:
    """Return office hours such as ``08:00-12:00 14:00-18:00``, in minutes after midnight: half-open, rising, apart.

    Raises
    ------
    HazardError
        ``office-hours`` if a part is no span of time, ``office-hours-backwards`` if one does not end after it begins
        (over midnight too), ``office-hours-overlap`` if one begins before the one before it ends.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    spans = [tuple(60 * int(one[at]) + int(one[at + 1]) for at in (1, 3)) for one in _spans(plain, text)]
    if not spans or any(int(minute) > 59 for minute in re.findall(r":(\d{2})", plain)):
        raise _unreadable(text)
    for begin, end in spans:
        if end > _DAY_MINUTES:
            raise _unreadable(text)
        if begin >= end:
            raise HazardError(
                "office-hours-backwards",
                "Office hours “{text}”: {begin} to {end} does not end after it begins. Hours cannot run over midnight: "
                "write 24:00 for the end of the day and 00:00 for its beginning.",
                text=text, begin=_clock(begin), end=_clock(end),
            )  # fmt: skip
    for (_, end), (begin, _) in pairwise(spans):
        if begin < end:
            raise HazardError(
                "office-hours-overlap",
                "Office hours “{text}”: what begins at {begin} begins before the hours before it end, at {end}. Write "
                "them in the order of the day, each once.",
                text=text, begin=_clock(begin), end=_clock(end),
            )  # fmt: skip
    return tuple((begin, end) for begin, end in spans)


def _spans(plain: str, text: str) -> Iterator[re.Match[str]]:
    """Find the spans one after the other, with nothing but commas and blanks between them."""
    at = 0
    while at < len(plain):
        if not (found := _SPAN.match(plain, at)):
            raise _unreadable(text)
        yield found
        at = _BETWEEN.match(plain, found.end()).end()  # type: ignore[union-attr]


def _unreadable(text: str) -> HazardError:
    return HazardError(
        "office-hours", "“{text}” are no office hours: write them like 08:00-12:00 14:00-18:00.", text=text
    )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@lru_cache(maxsize=8)
def _moments(zone: str, hours: Hours) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return when the days begin, and when the office would open and close on each, in microseconds UTC."""
    zone_ = _offsets(zone)
    days = np.append(_DAYS, _DAYS[-1] + 1).astype("datetime64[us]").astype(np.int64)
    midnights = _first_moment(days, *zone_)
    opens, closes = (
        np.column_stack([_first_moment(days[:-1] + span[end] * _MINUTE, *zone_) for span in hours]) for end in (0, 1)
    )
    for array in (midnights, opens, closes):
        array.flags.writeable = False
    return midnights, opens, closes


def _first_moment(wall: NDArray[np.int64], begins: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first moment at which the clock on the wall shows each time, or one after it: never out of order.

    (pandas' own way to move a time that was left out forward is an hour off in Samoa in 2010 and 2011.)
    """
    shown = np.maximum.accumulate(np.append(begins[1:], np.iinfo(np.int64).max // 2) + offsets)
    at = np.searchsorted(shown, wall, side="right")
    return np.maximum(begins[at], wall - offsets[at])


def _offsets(zone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return since when each offset of a zone's clock stands, and the offset, in microseconds, over all days."""
    place = ZoneInfo(zone)  # by a name alone pandas knows no summer time after 2037

    def offset(moments: NDArray[np.int64]) -> NDArray[np.int64]:
        utc = pd.DatetimeIndex(moments.astype("datetime64[us]"))
        local = utc.tz_localize("UTC").tz_convert(place).tz_localize(None)
        return (local - utc).to_numpy("timedelta64[us]").astype(np.int64)

    days = np.arange(_DAYS[0] - 2, _DAYS[-1] + 4).astype("datetime64[us]").astype(np.int64)
    each = offset(days)
    turns = np.flatnonzero(each[1:] != each[:-1])
    before, after, old = days[turns], days[turns + 1], each[turns]
    while (after - before > 1_000_000).any():  # to the second
        middle = (before + after) // 2_000_000 * 1_000_000
        same = offset(middle) == old
        before, after = np.where(same, middle, before), np.where(same, after, middle)
    return np.append(days[:1], after), np.append(each[:1], each[turns + 1])
