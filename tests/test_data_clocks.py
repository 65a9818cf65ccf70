"""The clocks: counted by hand over Spring Festivals, inverse to each other, unknown where the calendar is."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.calendar import office_days
from data.clocks import MINUTE, Calendar, Rule, Why, due, elapsed
from data.pauses import NEVER, Pauses
from data.schema import DAY_OFF, UNKNOWN_DAY, WORKDAY, Clock

HOURS = "08:00-12:00 14:00-18:00"
DAY = 24 * 60 * MINUTE


def _calendar(country="CN", zone="Asia/Shanghai", hours=HOURS):
    days = office_days(country, zone=zone, hours=hours)
    return Calendar(days.midnights, days.status, days.opens, days.closes)


def _plain_calendar(days=2000, unknown=()):
    """Mondays to Fridays 8-12 and 14-18 in UTC, from Monday 5 January 1970 on; `unknown` are positions of days."""
    midnights = (np.arange(days + 1, dtype=np.int64) + 4) * DAY
    status = np.where(np.arange(days) % 7 < 5, WORKDAY, DAY_OFF).astype(np.int8)
    status[list(unknown)] = UNKNOWN_DAY
    opens, closes = (midnights[:-1, None] + 60 * MINUTE * np.array(hours) for hours in ([8, 14], [12, 18]))
    return Calendar(midnights, status, opens, closes)


CHINA = _calendar()
PLAIN = _plain_calendar()


def at(text, zone="Asia/Shanghai"):
    """The moment of a time of the wall clock."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def told(moment, zone="Asia/Shanghai"):
    if moment == NEVER:
        return None
    return f"{dt.datetime.fromtimestamp(int(moment) / 1e6, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "end", "clock", "hours"),
    [
        # 2024: off from Saturday 10 to Saturday 17 February; Sunday 4 and Sunday 18 are workdays, by the notice.
        # Thu 8th 15-18 = 3, Fri 9th (New Year's Eve, a workday) 8, Sun 18th 8-10 = 2
        ("2024-02-08 15:00", "2024-02-18 10:00", "work_hour", 13),
        ("2024-02-08 15:00", "2024-02-18 10:00", "urgent_hour", 9 * 24 + 19),
        ("2024-02-10 00:00", "2024-02-18 00:00", "work_hour", 0),
        # Fri 2nd 8, Sat 3rd 0, Sun 4th 8, Mon 5th to Fri 9th 5 x 8
        ("2024-02-02 00:00", "2024-02-10 00:00", "work_day", 56),
        # 2025: off from Tuesday 28 January to Tuesday 4 February; Sunday 26 January, Saturday 8 February are workdays
        # Sun 26th 11-12 and 14-18 = 5, Mon 27th 8, Wed 5th 8, Thu 6th 8, Fri 7th 8, Sat 8th 8-12 and 14-14:30 = 4.5
        ("2025-01-26 11:00", "2025-02-08 14:30", "work_day", 41.5),
        # 2026: off from Sunday 15 to Monday 23 February; Saturday 14 and Saturday 28 are workdays
        # Fri 13th 17-18 = 1, Sat 14th 8, Tue 24th 8-9 = 1
        ("2026-02-13 17:00", "2026-02-24 09:00", "work_hour", 10),
        ("2026-02-13 17:00", "2026-02-24 09:00", "natural_day", 10 * 24 + 16),
    ],
)
def test_hours_over_a_spring_festival_are_those_counted_by_hand(start, end, clock, hours):
    assert elapsed(at(start), at(end), clock, CHINA) == hours * 60
    assert elapsed(at(end), at(start), clock, CHINA) == -hours * 60  # and it shows when a file has them swapped


@pytest.mark.parametrize(
    ("start", "value", "clock", "by_hours", "by_days"),
    [
        # Friday 9 February 2024 is the last workday before the festival, Sunday 18 the first one after it
        ("2024-02-09 17:00", 4, "work_hour", "2024-02-18 11:00", "2024-02-18 11:00"),
        # 5 days = 40 h: Thu 8th 3, Fri 9th 8, Sun 18th 8, Mon 19th 8, Tue 20th 8, Wed 21st 8-12 and 14-15
        ("2024-02-08 15:00", 5, "work_day", "2024-02-21 15:00", "2024-02-21 18:00"),
        ("2024-02-08 15:00", 5, "natural_day", "2024-02-13 15:00", "2024-02-14 00:00"),
        ("2024-02-10 02:00", 2, "urgent_hour", "2024-02-10 04:00", "2024-02-10 04:00"),
        # at night, at noon, on a holiday, at opening, at closing
        ("2024-03-04 22:00", 1, "work_hour", "2024-03-05 09:00", "2024-03-05 09:00"),
        ("2024-03-04 12:30", 1, "work_hour", "2024-03-04 15:00", "2024-03-04 15:00"),
        ("2024-02-12 10:00", 1, "work_day", "2024-02-18 18:00", "2024-02-18 18:00"),
        ("2024-03-04 08:00", 1, "work_day", "2024-03-04 18:00", "2024-03-05 18:00"),
        ("2024-03-04 18:00", 1, "work_day", "2024-03-05 18:00", "2024-03-05 18:00"),
        ("2024-03-04 10:00", 2, "work_hour", "2024-03-04 12:00", "2024-03-04 12:00"),  # not 14:00
        ("2024-03-04 10:00", 6, "work_hour", "2024-03-04 18:00", "2024-03-04 18:00"),  # not the next morning
        # Friday 1 March 2024; half a day is 4 work hours by either rule
        ("2024-03-01 16:00", 0.5, "work_day", "2024-03-04 10:00", "2024-03-04 10:00"),
        ("2024-03-01 16:00", 1.5, "work_day", "2024-03-05 10:00", "2024-03-05 10:00"),
        ("2024-03-02 16:00", 0, "work_hour", "2024-03-02 16:00", "2024-03-02 16:00"),
        ("2024-03-04 09:59", 1 / 60, "work_hour", "2024-03-04 10:00", "2024-03-04 10:00"),
    ],
)
def test_limits_run_out_when_counted_by_hand(start, value, clock, by_hours, by_days):
    assert told(due(at(start), value, clock, CHINA).at) == by_hours
    assert told(due(at(start), value, clock, CHINA, rule=Rule.NTH_DAY).at) == by_days


def _pauses(*rows):
    return Pauses(*(np.array(column) for column in zip(*rows, strict=True)))


def test_a_hold_stops_each_clock_for_what_it_would_have_run():
    # Monday 4 March 2024. Held from Monday 16:00 to Wednesday 10:00: 2 + 8 + 2 = 12 work hours, 42 hours in all;
    # a second note of the same hold, Tuesday to Wednesday 9:00, counts no second time
    start, end = at("2024-03-04 10:00"), at("2024-03-07 10:00")
    hold = _pauses(
        (0, at("2024-03-05 00:00"), at("2024-03-06 09:00")), (0, at("2024-03-04 16:00"), at("2024-03-06 10:00"))
    )
    work, urgent = (
        elapsed([start], [end], clock, CHINA, pauses=hold)[0] / 60 for clock in ("work_hour", "urgent_hour")
    )
    assert (work, urgent) == (24 - 12, 72 - 42)
    # 8 work hours: Mon 10-12, 14-16 = 4, then Wed 10-12 and 14-16
    assert told(due([start], 8, "work_hour", CHINA, pauses=hold).at[0]) == "2024-03-06 16:00"
    assert told(due([start], 8, "urgent_hour", CHINA, pauses=hold).at[0]) == "2024-03-06 12:00"
    # used up just when the hold begins: nothing is left to hold
    assert told(due([start], 4, "work_hour", CHINA, pauses=hold).at[0]) == "2024-03-04 16:00"
    # By the Nth day: Tuesday ends on hold, so the three are Wednesday, Thursday and Friday; the end of Monday, the day
    # of the start, counts neither way. A total of 12 hours is one whole day: Thursday 18:00 becomes Friday 18:00 too
    by_day = due([start], 3, "work_day", CHINA, pauses=hold, rule=Rule.NTH_DAY).at[0]
    assert told(by_day) == "2024-03-08 18:00"
    assert told(due([start], 3, "work_day", CHINA, paused=12 * 60, rule=Rule.NTH_DAY).at[0]) == "2024-03-08 18:00"
    assert elapsed([start], [end], "work_hour", CHINA, paused=12 * 60)[0] == 12 * 60


def test_a_hold_of_another_case_or_after_the_limit_changes_nothing():
    start = np.array([at("2024-03-04 10:00")] * 2)
    hold = _pauses((1, at("2024-03-04 11:00"), at("2024-03-04 12:00")), (0, at("2024-03-04 15:00"), NEVER))
    found = due(start, 1, "work_hour", CHINA, pauses=hold)
    assert [told(one) for one in found.at] == ["2024-03-04 11:00", "2024-03-04 11:00"]
    found = due(start, 2, "work_hour", CHINA, pauses=hold)
    assert [told(one) for one in found.at] == ["2024-03-04 12:00", "2024-03-04 15:00"]


def test_a_hold_without_an_end_leaves_the_limit_open_and_stops_the_clock():
    start, end = [at("2024-03-04 10:00")], [at("2024-03-08 10:00")]
    hold = _pauses((0, at("2024-03-04 11:30"), NEVER))
    assert due(start, 2, "work_hour", CHINA, pauses=hold) == ([NEVER], [Why.ON_HOLD])
    assert due(start, 1, "work_hour", CHINA, pauses=hold).why == [Why.KNOWN]
    assert elapsed(start, end, "work_hour", CHINA, pauses=hold) == [90]
    assert elapsed(start, end, "urgent_hour", CHINA, pauses=hold) == [90]


def test_an_extension_adds_to_the_limit_in_its_own_unit():
    start = at("2024-02-08 15:00")
    for clock in Clock:
        for rule in Rule:
            longer = due(start, 2, clock, CHINA, postponed=3, rule=rule)
            assert longer == due(start, 5, clock, CHINA, rule=rule)
            assert longer == due(start, 5, clock, CHINA, postponed=np.nan, paused=np.nan, rule=rule)


@pytest.mark.parametrize(
    ("clock", "days", "by_days"),
    [
        # Monday 4 March 2024, 09:00. One work day ends on Tuesday at 18:00, one natural day as Tuesday does
        ("work_day", 0, "2024-03-05 18:00"),
        ("work_day", 1 / 8, "2024-03-06 09:00"),  # an hour more is worked on Wednesday morning
        ("work_day", 1, "2024-03-06 18:00"),
        ("work_day", 1.5, "2024-03-07 12:00"),
        ("work_day", 4, "2024-03-11 18:00"),  # Wed, Thu, Fri, Monday
        ("natural_day", 0, "2024-03-06 00:00"),
        ("natural_day", 1 / 24, "2024-03-06 01:00"),
        ("natural_day", 24 * (1 / 24), "2024-03-07 00:00"),
        ("natural_day", 2.5, "2024-03-08 12:00"),
    ],
)
def test_by_the_nth_day_an_extension_runs_from_its_end(clock, days, by_days):
    assert told(due(at("2024-03-04 09:00"), 1, clock, CHINA, postponed=days, rule=Rule.NTH_DAY).at) == by_days


@pytest.mark.parametrize(
    ("clock", "paused", "resumed", "by_days"),
    [
        # Monday 4 March 2024, 09:00, two days: the ends of Tuesday and Wednesday
        ("natural_day", "2024-03-05 10:00", "2024-03-05 11:00", "2024-03-07 00:00"),  # within a day: nothing
        ("natural_day", "2024-03-05 00:00", "2024-03-05 23:59", "2024-03-07 00:00"),
        ("natural_day", "2024-03-05 00:00", "2024-03-06 00:00", "2024-03-08 00:00"),  # all of Tuesday
        ("natural_day", "2024-03-04 10:00", "2024-03-05 10:00", "2024-03-07 00:00"),  # Monday was none of the two
        ("natural_day", "2024-03-06 23:00", "2024-03-09 01:00", "2024-03-10 00:00"),  # Wed, Thu and Fri end on hold
        ("natural_day", "2024-03-07 00:00", "2024-03-09 01:00", "2024-03-07 00:00"),  # after the limit
        ("work_day", "2024-03-05 10:00", "2024-03-05 11:00", "2024-03-06 18:00"),
        ("work_day", "2024-03-06 17:00", "2024-03-07 09:00", "2024-03-07 18:00"),  # not due on hold, nor in the past
        ("work_day", "2024-03-05 10:00", "2024-03-11 10:00", "2024-03-12 18:00"),  # Monday and Tuesday
    ],
)
def test_by_the_nth_day_a_day_that_ends_on_hold_does_not_count(clock, paused, resumed, by_days):
    hold = _pauses((0, at(paused), at(resumed)))
    assert told(due([at("2024-03-04 09:00")], 2, clock, CHINA, pauses=hold, rule=Rule.NTH_DAY).at[0]) == by_days


def test_by_the_nth_day_an_extension_is_held_too():
    # Due on Tuesday at 18:00 and two hours on, Wednesday 10:00; on hold from Wednesday 09:00 to 11:00: 12:00
    start, hold = [at("2024-03-04 09:00")], (at("2024-03-06 09:00"), at("2024-03-06 11:00"))
    longer = {"postponed": 0.25, "rule": Rule.NTH_DAY}
    assert told(due(start, 1, "work_day", CHINA, pauses=_pauses((0, *hold)), **longer).at[0]) == "2024-03-06 12:00"
    for begin in (hold[0], at("2024-03-05 17:59")):
        found = due(start, 1, "work_day", CHINA, pauses=_pauses((0, begin, NEVER)), **longer)
        assert found == ([NEVER], [Why.ON_HOLD])


def test_what_touches_an_unknown_day_is_unknown_and_clocks_that_never_stop_are_not():
    # chinesecalendar 1.11 ends with 2026. Thursday 31 December 2026 is a workday: 2 h are left at 16:00
    start = at("2026-12-31 16:00")
    assert told(due(start, 2, "work_hour", CHINA).at) == "2026-12-31 18:00"
    for limit, clock in ((2.01, "work_hour"), (1, "work_day")):
        assert due(start, limit, clock, CHINA) == (NEVER, Why.UNCOVERED)
    assert due(start, 1, "work_day", CHINA, rule=Rule.NTH_DAY) == (NEVER, Why.UNCOVERED)
    assert told(due(start, 2, "natural_day", CHINA).at) == "2027-01-02 16:00"
    assert told(due(start, 2, "natural_day", CHINA, rule=Rule.NTH_DAY).at) == "2027-01-03 00:00"
    assert elapsed(start, at("2027-01-01 00:00"), "work_hour", CHINA) == 120  # the day itself is known to its end
    assert np.isnan(elapsed(start, at("2027-01-01 00:01"), "work_hour", CHINA))
    assert elapsed(start, at("2027-01-02 16:00"), "natural_day", CHINA) == 48 * 60
    assert np.isnan(elapsed(at("2027-01-01 00:01"), start, "work_hour", CHINA))  # swapped in the file
    early = at("2003-12-31 12:00")
    assert np.isnan(elapsed(early, at("2004-01-05 12:00"), "work_hour", CHINA))
    assert due(early, 1, "work_hour", CHINA).why == Why.UNCOVERED
    # before and after all days there are
    for year in (1980, 2150):
        assert due(at(f"{year}-03-04 10:00"), 1, "work_hour", CHINA).why == Why.UNCOVERED
        assert due(at(f"{year}-03-04 10:00"), 1, "natural_day", CHINA, rule=Rule.NTH_DAY).why == Why.UNCOVERED
        assert due(at(f"{year}-03-04 10:00"), 1, "natural_day", CHINA).why == Why.KNOWN
    assert due(start, 1e300, "natural_day", CHINA, rule=Rule.NTH_DAY).why == Why.UNCOVERED


def test_an_unknown_day_amid_known_ones_spoils_only_what_runs_over_it():
    calendar = _plain_calendar(30, unknown=[2])  # the first Wednesday
    tuesday, hour = 5 * DAY, 60 * MINUTE
    assert elapsed(tuesday, tuesday + DAY, "work_hour", calendar) == 480
    assert elapsed(tuesday + 2 * DAY, tuesday + 3 * DAY, "work_hour", calendar) == 480
    assert np.isnan(elapsed(tuesday, tuesday + DAY + 1, "work_hour", calendar))
    assert due(tuesday + 17 * hour, 1, "work_hour", calendar).at == tuesday + 18 * hour
    assert due(tuesday + 17 * hour, 2, "work_hour", calendar).why == Why.UNCOVERED
    nobody = _plain_calendar(3, unknown=[0, 1, 2])
    for rule in Rule:
        assert due(4 * DAY, 1, "work_day", nobody, rule=rule) == (NEVER, Why.UNCOVERED)
    assert np.isnan(elapsed(4 * DAY, 5 * DAY, "work_hour", nobody))


def test_without_a_start_or_a_limit_there_is_no_due_moment():
    start = [NEVER, at("2024-03-04 10:00"), at("2024-03-04 10:00"), at("2024-03-04 10:00")]
    found = due(start, [1, np.nan, -1, 1], ["work_hour", "work_day", "urgent_hour", "natural_day"], CHINA)
    assert found.why.tolist() == [Why.NO_LIMIT, Why.NO_LIMIT, Why.NO_LIMIT, Why.KNOWN]
    assert (found.at[:3] == NEVER).all()
    assert np.isnan(elapsed([NEVER, 0], [0, NEVER], ["urgent_hour", "work_hour"], CHINA)).all()
    assert due([], [], [], CHINA).at.shape == (0,)


def test_unknown_clocks_are_refused():
    with pytest.raises(HazardError, match="no clock named lunar_day; the clocks are: urgent_hour") as caught:
        due([0], [1], ["lunar_day"], CHINA)
    assert caught.value.code == "clock-unknown"


def test_days_of_23_and_25_hours_have_their_real_length():
    # New York, Sunday 10 March 2024: 02:00 becomes 03:00; Sunday 3 November 2024: 02:00 becomes 01:00 again
    zone = "America/New_York"
    calendar = _calendar("US", zone, "00:00-24:00")
    spring, autumn = (at(f"{day} 12:00", zone) for day in ("2024-03-09", "2024-11-02"))
    assert told(due(spring, 1, "natural_day", calendar).at, zone) == "2024-03-10 13:00"  # 24 hours
    assert told(due(autumn, 1, "natural_day", calendar).at, zone) == "2024-11-03 11:00"
    for start, day, hours in ((spring, "2024-03-11", 23), (autumn, "2024-11-04", 25)):  # the day, however long
        assert told(due(start, 1, "natural_day", calendar, rule=Rule.NTH_DAY).at, zone) == f"{day} 00:00"
        midnights = calendar.midnights[calendar.day(np.array(start)) + np.array([1, 2])]
        assert elapsed(*midnights, "natural_day", calendar) == hours * 60


def test_office_hours_over_a_change_of_the_clocks_are_as_long_as_they_were():
    # Shanghai, Sunday 15 April 1990: 02:00 became 03:00. Somebody worked on that day from 1 to 5
    days = office_days(zone="Asia/Shanghai", hours="01:00-05:00")
    day = (dt.date(1990, 4, 15) - days.first).days
    status = days.status.copy()
    status[day] = WORKDAY
    calendar = Calendar(days.midnights, status, days.opens, days.closes)
    opens, closes = days.opens[day, 0], days.closes[day, 0]
    assert (told(opens), told(closes)) == ("1990-04-15 01:00", "1990-04-15 05:00")
    assert elapsed(opens, closes, "work_hour", calendar) == 3 * 60


# Within 200 weeks of a plain calendar: moments by the minute
moments = st.integers(0, 200 * 7 * 24 * 60 - 1).map(lambda minute: 4 * DAY + minute * MINUTE)
limits = st.integers(0, 40 * 60).map(lambda minutes: minutes / 60)


def _days_ended(start, end, clock):
    """The days after the day of the start that have ended by the end, a work day at 18:00, by a look at each."""
    days = range(start // DAY + 1, end // DAY + 1)
    if clock == "natural_day":
        return sum((day + 1) * DAY <= end for day in days)
    return sum((day - 4) % 7 < 5 and day * DAY + 18 * 60 * MINUTE <= end for day in days)


def _one_by_one(start, end):
    """The work minutes between two moments, by a look at each minute."""
    day, minute = np.divmod(np.arange(start // MINUTE, end // MINUTE) - 4 * 24 * 60, 24 * 60)
    hour = minute // 60
    return int(((day % 7 < 5) & (((hour >= 8) & (hour < 12)) | ((hour >= 14) & (hour < 18)))).sum())


@given(moments, st.integers(0, 15 * 24 * 60))
def test_work_minutes_are_those_that_a_look_at_every_minute_counts(start, minutes):
    end = start + minutes * MINUTE
    assert elapsed(start, end, "work_hour", PLAIN) == _one_by_one(start, end)


@given(moments, limits, st.sampled_from(list(Clock)), st.lists(st.tuples(moments, st.integers(1, 9000)), max_size=4))
def test_what_ran_until_a_limit_runs_out_is_the_limit(start, value, clock, holds):
    unit = {"work_day": 480, "natural_day": 1440}.get(clock, 60)
    near = [(0, start + (begin - start) % (20 * DAY) - 3 * DAY, length) for begin, length in holds]
    pauses = _pauses(*[(case, a, a + length * MINUTE) for case, a, length in near]) if near else None
    found = due([start], value, clock, PLAIN, pauses=pauses)
    assert found.why[0] == Why.KNOWN
    assert elapsed([start], found.at, clock, PLAIN, pauses=pauses)[0] == pytest.approx(value * unit, abs=1e-6)
    if found.at[0] > start:  # and not a moment before
        before = elapsed([start], found.at - 1, clock, PLAIN, pauses=pauses)[0]
        assert before < value * unit


@given(moments, st.integers(1, 30), st.sampled_from(["work_day", "natural_day"]))
def test_the_nth_day_has_just_ended_when_the_limit_runs_out(start, days, clock):
    found = due([start], days, clock, PLAIN, rule=Rule.NTH_DAY).at
    assert _days_ended(start, found[0], clock) == days
    assert _days_ended(start, found[0] - 1, clock) == days - 1


@given(moments, limits, st.sampled_from(list(Clock)), st.sampled_from(list(Rule)), st.integers(1, 5))
def test_a_shift_by_weeks_of_the_same_kind_changes_nothing(start, value, clock, rule, weeks):
    shift = weeks * 7 * DAY
    first = due(start, value, clock, PLAIN, rule=rule).at
    assert due(start + shift, value, clock, PLAIN, rule=rule).at == first + shift
    assert elapsed(start, first, clock, PLAIN) == elapsed(start + shift, first + shift, clock, PLAIN)


@given(moments, st.lists(limits, min_size=2, max_size=2), st.integers(0, 9000), st.sampled_from(list(Clock)))
def test_a_longer_limit_a_later_start_and_more_time_never_come_earlier(start, values, minutes, clock):
    later = start + minutes * MINUTE
    short, long = sorted(values)
    assert due(start, short, clock, PLAIN).at <= due(start, long, clock, PLAIN).at
    assert due(start, short, clock, PLAIN).at <= due(later, short, clock, PLAIN).at
    assert due(start, short, clock, PLAIN, paused=minutes).at >= due(start, short, clock, PLAIN).at
    ends = elapsed(start, [start, later, later + DAY], clock, PLAIN)
    assert ends[0] == 0
    assert (np.diff(ends) >= 0).all()


@given(moments, st.integers(0, 400))
def test_whole_days_are_those_of_numpy(start, days):
    # numpy.busday_count and busday_offset count days of weeks of five workdays
    first = (start - 4 * DAY) // DAY * DAY + 4 * DAY
    last = first + days * DAY
    begin, end = (np.datetime64(of, "us").astype("datetime64[D]") for of in (first, last))
    assert elapsed(first, last, "work_day", PLAIN) == 480 * np.busday_count(begin, end)
    limit = days % 60 + 1
    ends = due(first, limit, "work_day", PLAIN, rule=Rule.NTH_DAY).at
    expected = np.busday_offset(begin, limit, roll="preceding")
    assert np.datetime64(int(ends), "us") == expected + np.timedelta64(18, "h")


def test_many_cases_are_each_as_one_alone():
    chance = np.random.default_rng(6)
    n = 300
    start = at("2023-06-01 00:00") + chance.integers(0, 500 * 24 * 60, n) * MINUTE
    end = start + chance.integers(0, 40 * 24 * 60, n) * MINUTE
    clock = chance.choice(list(Clock), n)
    value = chance.integers(0, 20, n).astype(float)
    holds = Pauses(
        chance.integers(0, n, 400),
        begins := start[chance.integers(0, n, 400)],
        begins + chance.integers(-100, 9000, 400) * MINUTE,
    )
    ran, found = elapsed(start, end, clock, CHINA, pauses=holds), due(start, value, clock, CHINA, pauses=holds)
    for i in range(n):
        own = holds.case == i
        alone = Pauses(holds.case[own] * 0, holds.start[own], holds.end[own])
        assert elapsed(start[i : i + 1], end[i], clock[i], CHINA, pauses=alone) == ran[i]
        assert due(start[i : i + 1], value[i], clock[i], CHINA, pauses=alone).at == found.at[i]


spans = st.lists(st.tuples(st.integers(-3 * 1440, 20 * 1440), st.integers(1, 9000)), max_size=3)


@given(
    moments,
    limits,
    st.floats(0, 10),
    st.integers(0, 9000),
    spans,
    st.sampled_from(list(Clock)),
    st.sampled_from(list(Rule)),
    st.booleans(),
)
def test_neither_an_extension_nor_a_hold_makes_a_case_due_earlier(
    start, value, longer, paused, holds, clock, rule, whole
):
    value = round(value) if whole else value
    rows = [(0, start + begin * MINUTE, start + (begin + length) * MINUTE) for begin, length in holds]
    pauses = _pauses(*rows) if rows else None
    plain = due([start], value, clock, PLAIN, rule=rule).at[0]
    held = due([start], value, clock, PLAIN, rule=rule, pauses=pauses).at[0]
    extended = due([start], value, clock, PLAIN, rule=rule, postponed=longer).at[0]
    both = due([start], value, clock, PLAIN, rule=rule, pauses=pauses, postponed=longer, paused=paused).at[0]
    assert plain <= held <= both
    assert plain <= extended <= both
    assert due([start], value, clock, PLAIN, rule=rule, paused=paused).at[0] >= plain
    for _, begins, ends in rows:  # and no limit runs out on hold, but for one of nothing
        assert value == 0 or not begins < held < ends
