"""What the calendar of a year says beyond the week: its holidays and the weekends on which people work."""

import datetime as dt

import pandas as pd

from base.text import N_
from data.calendar import CHINA, OfficeDays, package, plain_weeks
from data.schema import DAY_OFF, UNKNOWN_DAY, WORKDAY

COLUMNS = ("first", "last", "days", "workday", "name", "own")
CHINESE_NAMES = {  # as chinesecalendar names them
    "New Year's Day": N_("New Year's Day"),
    "Spring Festival": N_("Spring Festival"),
    "Tomb-sweeping Day": N_("Tomb-sweeping Day"),
    "Labour Day": N_("Labour Day"),
    "Dragon Boat Festival": N_("Dragon Boat Festival"),
    "National Day": N_("National Day"),
    "Mid-autumn Festival": N_("Mid-autumn Festival"),
    "Anti-Fascist 70th Day": N_("70 years since the end of the war"),
}


def exceptions(days: OfficeDays, country: str, year: int, own: pd.DataFrame) -> pd.DataFrame:
    """Return the stretches of days that a year's calendar names: off though it is no weekend, work though it is one.

    Parameters
    ----------
    days : OfficeDays
        With the office's own table in them.
    country : str
        As `data.calendar.package_days` takes it.
    own : DataFrame
        The office's table (`data.tables.WORKDAY_COLUMNS`).

    Returns
    -------
    DataFrame
        By day: first, last (dates), days; workday (bool); name, the package's English one or the note of the office's
        table; own (bool): the office says so. Days that nobody announced are not in it.
    """
    said = own[own["day"].str.len() > 4].set_index("day")["note"].to_dict()
    names, week = _names(country, year), plain_weeks(country.strip().upper())
    rows: list[list[object]] = []
    day = dt.date(year, 1, 1)
    while day.year == year:
        place = (day - days.first).days
        status, mine = int(days.status[place]), day.isoformat() in said
        if status != UNKNOWN_DAY and (mine or status != week[place] or (day in names and status == DAY_OFF)):
            name = said[day.isoformat()] if mine else names.get(day, "")
            one = [status == WORKDAY, name, mine]
            if rows and rows[-1][1] == day - dt.timedelta(days=1) and rows[-1][3:] == one:
                rows[-1][1:3] = [day, int(str(rows[-1][2])) + 1]
            else:
                rows.append([day, day, 1, *one])
        day += dt.timedelta(days=1)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _names(country: str, year: int) -> dict[dt.date, str]:
    """Return what the package calls the days of a year that it names."""
    if country.strip().upper() != CHINA:
        return {day: str(name) for day, name in package(country.strip().upper(), (year,)).items() if day.year == year}
    import chinese_calendar

    return {**chinese_calendar.holidays, **chinese_calendar.workdays}
