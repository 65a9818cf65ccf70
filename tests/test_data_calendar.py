"""The working calendar: what the packages know and what they do not, the office's hours, and days as moments."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from base.errors import HazardError
from base.text import Words
from data.calendar import office_days, package_days, read_hours
from data.changes import set_settings
from data.schema import DAY_OFF, UNKNOWN_DAY, WORKDAY
from data.store import Workspace

HOURS = "08:00-12:00 14:00-18:00"
SHANGHAI = {"zone": "Asia/Shanghai", "hours": HOURS}


def status(days, *texts):
    return [int(days.status[(dt.date.fromisoformat(text) - days.first).days]) for text in texts]


def own(**days):
    """A table of the office; a day is written d2027_02_06, a year d2027."""
    names = [name[1:].replace("_", "-") for name in days]
    return pd.DataFrame({"row": range(2, len(days) + 2), "day": names, "workday": list(days.values()), "note": ""})


def test_holidays_and_make_up_workdays_are_those_of_the_notices():
    days = office_days(**SHANGHAI)
    # 2024: 10 to 17 February off, 4 and 18 February (Sundays) worked. 2025: 28 January to 4 February off, 26 January
    # (Sunday) and 8 February (Saturday) worked. 2026: 15 to 23 February off, 14 and 28 February (Saturdays) worked.
    assert status(days, "2024-02-09", "2024-02-10", "2024-02-16", "2024-02-17") == [WORKDAY, DAY_OFF, DAY_OFF, DAY_OFF]
    assert status(days, "2024-02-04", "2024-02-18", "2024-02-11", "2024-02-25") == [WORKDAY, WORKDAY, DAY_OFF, DAY_OFF]
    assert status(days, "2025-01-26", "2025-01-27", "2025-02-04", "2025-02-08") == [WORKDAY, WORKDAY, DAY_OFF, WORKDAY]
    assert status(days, "2026-02-14", "2026-02-16", "2026-02-23", "2026-02-28") == [WORKDAY, DAY_OFF, DAY_OFF, WORKDAY]
    # 2020: the festival was prolonged to Sunday 2 February
    assert status(days, "2020-01-31", "2020-02-03") == [DAY_OFF, WORKDAY]


def test_chinas_days_are_those_of_its_package_in_every_year_that_it_knows():
    import chinese_calendar

    days = office_days(**SHANGHAI)
    for year in (2004, 2013, 2019, 2024, 2026):
        for day in pd.date_range(f"{year}-01-01", f"{year}-12-31").date:
            assert days.status[(day - days.first).days] == int(chinese_calendar.is_workday(day)), day


def test_a_year_that_nobody_announced_is_unknown_and_not_a_year_of_workdays():
    days = office_days(**SHANGHAI)
    assert status(days, "2003-12-31", "2004-01-01") == [UNKNOWN_DAY, DAY_OFF]
    ((first, last),) = days.known()
    assert first == dt.date(2004, 1, 1)
    assert (last.month, last.day) == (12, 31)
    after = f"{last.year + 1}-01-04"
    assert status(days, after, "2100-12-31") == [UNKNOWN_DAY, UNKNOWN_DAY]
    assert days.known_days(last.year + 1) == 0
    assert days.known_days(2024) == 366
    assert days.coverage().say(Words("en")) == (
        f"The working calendar knows the days from 1 Jan 2004 to 31 Dec {last.year}; limits that run past them are "
        "undecided."
    )


def test_other_countries_have_their_own_days_and_years():
    boston = package_days("us-ma")
    first = dt.date(1990, 1, 1)
    patriots = (dt.date(2015, 4, 20) - first).days  # Patriots' Day, in Massachusetts and not in Texas
    assert (boston[patriots], package_days("US-TX")[patriots]) == (DAY_OFF, WORKDAY)
    assert boston[patriots + 1] == WORKDAY
    # Taiwan worked on Saturday 17 February 2024 for Thursday 8 (New Year's Eve is Friday 9)
    taiwan = package_days("TW")
    assert [taiwan[(dt.date(2024, 2, day) - first).days] for day in (8, 17, 18)] == [DAY_OFF, WORKDAY, DAY_OFF]
    # The Emirates rested on Fridays and Saturdays until 2021, since then on Saturdays and Sundays; feasts to come hang
    # on the moon
    emirates = package_days("AE")
    assert [emirates[(dt.date(2021, 9, day) - first).days] for day in (3, 4, 5)] == [DAY_OFF, DAY_OFF, WORKDAY]
    assert [emirates[(dt.date(2023, 9, day) - first).days] for day in (1, 2, 3)] == [WORKDAY, DAY_OFF, DAY_OFF]
    assert emirates[(dt.date(2050, 3, 1) - first).days] == UNKNOWN_DAY
    assert package_days("JP")[-1] == UNKNOWN_DAY  # the package ends before 2100
    for wrong in ("XX", "US-QQ", ""):
        with pytest.raises(HazardError, match="no calendar of") as caught:
            package_days(wrong)
        assert caught.value.code == "country-unknown"


def test_the_offices_table_goes_before_the_package_and_beyond_its_years():
    table = own(d2024_02_09=False, d2024_02_10=True, d2060_01_05=True)
    days = office_days(**SHANGHAI, own=table)
    assert status(days, "2024-02-09", "2024-02-10", "2024-02-12") == [DAY_OFF, WORKDAY, DAY_OFF]
    assert status(days, "2060-01-04", "2060-01-05", "2060-01-06") == [UNKNOWN_DAY, WORKDAY, UNKNOWN_DAY]
    assert days.known()[-1] == (dt.date(2060, 1, 5), dt.date(2060, 1, 5))
    said = days.coverage().say(Words("en"))  # 2004 to 2026: 23 years, 6 of them of 366 days; and one day
    assert "knows 8,402 days, with gaps between them; the last stretch is from 5 Jan 2060 to 5 Jan 2060" in said


def test_a_year_alone_says_that_its_other_days_go_by_the_week():
    table = own(d2060=None, d2060_02_02=False, d2060_01_31=True)  # a Monday off, a Saturday worked
    days = office_days(**SHANGHAI, own=table)
    assert days.known_days(2060) == 366
    assert status(days, "2060-02-02", "2060-01-31", "2060-02-03", "2060-02-07", "2061-01-03") == [
        DAY_OFF, WORKDAY, WORKDAY, DAY_OFF, UNKNOWN_DAY,
    ]  # fmt: skip
    # of a year that the package knows its holidays stay
    assert status(office_days(**SHANGHAI, own=own(d2024=None)), "2024-02-12", "2024-02-18") == [DAY_OFF, WORKDAY]
    # in the Emirates the week is their own
    emirates = office_days(" ae", zone="Asia/Dubai", hours=HOURS, own=own(d2060=None))
    assert status(emirates, "2060-01-02", "2060-01-03", "2060-01-04") == [WORKDAY, DAY_OFF, DAY_OFF]


def test_what_is_given_is_not_changed():
    table = own(d2024=None, d2024_02_09=False)
    before, package = table.copy(), package_days("CN").copy()
    office_days(**SHANGHAI, own=table)
    assert table.equals(before)
    assert (package_days("CN") == package).all()


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        (HOURS, ((480, 720), (840, 1080))),
        ("8:30-17:00", ((510, 1020),)),
        ("８：００～１２：００、１４：００至１８：００", ((480, 720), (840, 1080))),
        ("00:00 - 24:00", ((0, 1440),)),
        ("08:00–12:00, 12:00—13:00；22:15-24:00;", ((480, 720), (720, 780), (1335, 1440))),
    ],
)
def test_office_hours_are_read_as_people_write_them(text, minutes):
    assert read_hours(text) == minutes


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "office-hours", "“” are no office hours"),
        ("8-12", "office-hours", "write them like 08:00-12:00 14:00-18:00"),
        ("08:00-12:00 or so", "office-hours", "no office hours"),
        ("08:60-12:00", "office-hours", "no office hours"),
        ("08:00-24:30", "office-hours", "no office hours"),
        ("22:00-06:00", "office-hours-backwards", "22:00 to 06:00 does not end after it begins"),
        ("08:00-08:00", "office-hours-backwards", "08:00 to 08:00"),
        ("14:00-18:00 08:00-12:00", "office-hours-overlap", "what begins at 08:00"),
        ("08:00-12:00 11:59-18:00", "office-hours-overlap", "at 12:00"),
    ],
)
def test_office_hours_that_are_none_are_refused_with_what_is_wrong(text, code, said):
    with pytest.raises(HazardError, match=said) as caught:
        read_hours(text)
    assert caught.value.code == code


def test_a_setting_of_hours_or_country_is_checked_where_it_is_set(tmp_path):
    workspace = Workspace(tmp_path)
    for wrong in ({"office_hours": "22:00-06:00"}, {"work_calendar": "XX"}):
        with pytest.raises(HazardError):
            set_settings(workspace, wrong, who="t")
    assert not workspace.exists
    set_settings(workspace, {"office_hours": "09:00-17:00", "work_calendar": "US-MA"}, who="t")
    assert workspace.newest().settings["office_hours"] == "09:00-17:00"


def test_days_are_those_of_the_offices_zone():
    days = office_days(**SHANGHAI)
    place = (dt.date(2024, 3, 4) - days.first).days
    read = [str(np.datetime64(int(one), "us"))[:16] for one in (days.midnights[place], *days.opens[place])]
    assert read == ["2024-03-03T16:00", "2024-03-04T00:00", "2024-03-04T06:00"]  # UTC is eight hours behind
    assert len(days.midnights) == len(days.status) + 1 == len(days.opens) + 1


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"])
def test_every_opening_is_that_of_the_standard_library(zone):
    # zoneinfo reckons each day by itself; Shanghai had summer time until 1991, New York has it after 2037 too
    days = office_days(zone=zone, hours="09:30-17:00")
    dates = [days.first + dt.timedelta(days=at) for at in range(len(days.status))]
    for minutes, ours in ((0, days.midnights[:-1]), (570, days.opens[:, 0]), (1020, days.closes[:, 0])):
        time = dt.time(*divmod(minutes, 60), tzinfo=ZoneInfo(zone))
        assert (ours // 1_000_000 == [int(dt.datetime.combine(day, time).timestamp()) for day in dates]).all()


@pytest.mark.parametrize("zone", ["America/Havana", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "Asia/Tehran"])
def test_days_follow_each_other_in_zones_that_change_at_midnight_or_lose_a_day(zone):
    days = office_days(zone=zone, hours="00:00-00:30 23:30-24:00")
    row = np.column_stack(
        [days.midnights[:-1], *(np.column_stack([days.opens[:, k], days.closes[:, k]]) for k in (0, 1))]
    )
    row = np.column_stack([row, days.midnights[1:]])
    assert (np.diff(row, axis=1) >= 0).all()
    lengths = set(np.diff(days.midnights) // 3_600_000_000)
    assert lengths <= ({0, 23, 24, 25} if zone == "Pacific/Apia" else {23, 24, 25})
