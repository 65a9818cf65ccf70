"""Times as offices write them: what is read, in which zone, and what is not guessed."""

import pandas as pd
import pytest

from base.errors import HazardError
from data.times import read_times, read_years


def _read(*texts: str, zone: str = "Asia/Shanghai", day_first: bool | None = None) -> list[str | None]:
    times = read_times({"t": pd.Series(texts, dtype=object)}, zone=zone, day_first=day_first)["t"]
    return [None if pd.isna(time) else time.strftime("%Y-%m-%d %H:%M:%S") for time in times]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        # Shanghai is 8 hours before UTC
        ("2025-03-05 14:30:00", "2025-03-05 06:30:00"),
        ("2025-03-05 14:30", "2025-03-05 06:30:00"),
        ("2025-03-05", "2025-03-04 16:00:00"),
        ("2025/3/5 8:05", "2025-03-05 00:05:00"),
        ("2025.3.5", "2025-03-04 16:00:00"),
        ("2025年3月5日 14时30分", "2025-03-05 06:30:00"),
        ("2025年3月5日14时30分20秒", "2025-03-05 06:30:20"),
        ("2025年3月5日 星期三 下午2:30", "2025-03-05 06:30:00"),
        ("2025-03-05 上午12:10", "2025-03-04 16:10:00"),
        ("2025-03-05 下午12点10分", "2025-03-05 04:10:00"),
        ("2025/3/5 中午11:50", "2025-03-05 03:50:00"),
        ("2025/3/5 中午1:00", "2025-03-05 05:00:00"),
        ("２０２５－０３－０５　１４：３０", "2025-03-05 06:30:00"),
        ("2025-03-05T14:30:00Z", "2025-03-05 14:30:00"),
        ("2025-03-05T14:30:00.123+08:00", "2025-03-05 06:30:00"),
        ("2025-03-05 14:30:00 -0430", "2025-03-05 19:00:00"),
        ("2025-03-05 14:30:00.25+08", "2025-03-05 06:30:00"),  # as PostgreSQL writes it
        ("2025-03-05 晚上8:30", "2025-03-05 12:30:00"),
        ("03/25/2025 02:56:26 PM", "2025-03-25 06:56:26"),
        ("25/03/2025", "2025-03-24 16:00:00"),
        ("2025-03-05 晚上5:00", "2025-03-05 09:00:00"),
        ("2025年3月5日 下午三点", "2025-03-05 07:00:00"),  # only the hour in numerals
        ("2025-3-5 下午两点十五分", "2025-03-05 06:15:00"),
        ("二〇二五年三月五日", "2025-03-04 16:00:00"),
        ("二零二五年三月十五日 下午两时三十分", "2025-03-15 06:30:00"),
        ("二0二五年十二月三十一日十四时零五分", "2025-12-31 06:05:00"),
        ("二○二五年三月五日星期三", "2025-03-04 16:00:00"),
        ("民国一百一十四年三月五日", "2025-03-04 16:00:00"),  # 1911 + 114
        ("20250305", "2025-03-04 16:00:00"),
        ("20250305143000", "2025-03-05 06:30:00"),
        # Excel: 45721 is 5 March 2025 (1 January 2025 is 45658, days counted by hand), a half is noon
        ("45721", "2025-03-04 16:00:00"),
        ("45721.5", "2025-03-05 04:00:00"),
    ],
)
def test_a_time_is_read_as_it_is_meant(text, utc):
    assert _read(text) == [utc]


@pytest.mark.parametrize(
    "text",
    ["2025-02-30 10:00:00", "2025/2/30", "昨天", "2925-01-01", "1989-12-31 23:59:59", "2101-01-01", "2025-13-01",
     "2025-03-05 25:00",
     "2025-03-05 10:61:00", "20251305", "12345", "90000", "上午", "2025",
     "二〇二五年十三月五日", "二十五年三月五日",
     "1741156200", "2025-03-05 上午14:30", "2025-03-05 晚上12:30", "inf",
     "2025年3月5日 晚上0:30", "2025-03-05 晚上1:30", "2025-03-05 晚上 2时", "2025-03-05 傍晚4:59",
     "2025年3月5日 星期三十点", "=1+1"],
)  # fmt: skip
def test_what_is_no_time_is_not_guessed(text):
    assert _read(text, "2025-03-05") == [None, "2025-03-04 16:00:00"]


def test_empty_cells_have_no_time_and_the_index_is_kept():
    column = pd.Series(["", "2025-03-05", "  "], index=[9, 4, 4])
    times = read_times({"t": column}, zone="Asia/Shanghai")["t"]
    assert times.isna().tolist() == [True, False, True]
    assert times.index.equals(column.index)
    assert str(times.dtype) == "datetime64[ns, UTC]"


def test_an_hour_left_out_in_spring_moves_forward_and_one_that_comes_twice_is_the_first():
    # New York 2015: 8 March 2:00 to 3:00 does not exist (7:00 UTC); 1 November 1:30 is first 5:30, then 6:30 UTC
    assert _read("2015-03-08 02:30:00", zone="America/New_York") == ["2015-03-08 07:00:00"]
    assert _read("2015-11-01 01:30:00", zone="America/New_York") == ["2015-11-01 05:30:00"]


def test_day_or_month_first_is_proved_by_any_value_of_the_column():
    assert _read("03/05/2025", "03/25/2025") == ["2025-03-04 16:00:00", "2025-03-24 16:00:00"]
    assert _read("03/05/2025", "25/03/2025") == ["2025-05-02 16:00:00", "2025-03-24 16:00:00"]
    assert _read("05/05/2025") == ["2025-05-04 16:00:00"]  # the same either way


def test_or_by_another_column_of_the_file():
    columns = {"opened": pd.Series(["03/05/2025"]), "closed": pd.Series(["03/25/2025"])}
    assert read_times(columns, zone="UTC")["opened"][0] == pd.Timestamp("2025-03-05", tz="UTC")


def test_or_asked_once_with_the_name_of_the_column():
    with pytest.raises(HazardError, match=r"Column 上报时间: .*03/05/2025") as caught:
        read_times({"reported_at": pd.Series(["03/05/2025"])}, zone="UTC", titles={"reported_at": "上报时间"})
    assert caught.value.code == "day-month-ambiguous"
    with pytest.raises(HazardError, match="02:56 PM"):  # AM and PM say nothing of the day
        _read("05/03/2025 02:56 PM", "04/04/2025 01:00 AM")
    assert _read("03/05/2025", zone="UTC", day_first=True) == ["2025-05-03 00:00:00"]
    assert _read("03/05/2025", zone="UTC", day_first=False) == ["2025-03-05 00:00:00"]
    assert _read("03/25/2025", zone="UTC", day_first=True) == [None]  # against the answer


def test_rows_that_contradict_one_another_over_day_and_month_are_asked_about_and_not_guessed():
    texts = ("03/04/2025", "13/05/2025", "05/14/2025")
    with pytest.raises(
        HazardError, match=r"such as 13/05/2025 begin with the day, others such as 05/14/2025"
    ) as caught:
        _read(*texts)
    assert caught.value.code == "day-month-ambiguous"
    proved = {"a": pd.Series(texts), "b": pd.Series(["25/03/2025"] * 3)}
    with pytest.raises(HazardError, match="Column a: "):  # another column does not speak for this one
        read_times(proved, zone="UTC")
    assert _read(*texts, zone="UTC", day_first=True) == ["2025-04-03 00:00:00", "2025-05-13 00:00:00", None]
    assert _read("13/13/2025", "45/03/2025", "25/03/2025", zone="UTC") == [None, None, "2025-03-25 00:00:00"]


def test_an_unknown_zone_is_refused():
    with pytest.raises(HazardError) as caught:
        _read("2025-03-05", zone="Mars/Base")
    assert caught.value.code == "zone-unknown"


def test_boston_times_are_those_another_program_reads(shared_data):
    # pandas 2.3.3 with a fixed format and its own zones
    file = shared_data / "boston311_2015" / "boston_311_2015_hazards.csv"
    text = pd.read_csv(file, usecols=["OPEN_DT"], dtype=str)["OPEN_DT"]
    expected = pd.to_datetime(text, format="%m/%d/%Y %I:%M:%S %p").dt.tz_localize("America/New_York", ambiguous=True)
    read = read_times({"t": text}, zone="America/New_York")["t"]
    assert (read == expected).all()


def test_a_whole_column_of_seconds_or_milliseconds_since_1970_is_read_in_utc_whatever_the_zone():
    # 1741156200 s: 5 March 2025 06:30 UTC, by GNU date 9.1
    assert _read("1741156200", "", "1741156201.5") == ["2025-03-05 06:30:00", None, "2025-03-05 06:30:01"]
    assert _read("1741156200123", zone="America/New_York") == ["2025-03-05 06:30:00"]
    assert _read("1741156200", "1741156200123") == [None, None]  # neither of both throughout
    assert _read("9999999999", "9999999999") == [None, None]  # the year 2286


def test_days_with_hour_and_minute_only_and_years_of_the_republic_are_read():
    assert _read("202503051430") == ["2025-03-05 06:30:00"]
    both = ["2025-03-05 06:30:00", "2025-03-04 16:00:00"]
    assert _read("民國114年3月5日 下午2時30分", "民国114年03月05日") == both


def test_a_year_alone_is_told_from_a_time():
    texts = [
        "2018",
        "2018年",
        "２０１８",
        "2018年度",
        "2018.0",
        "民國107年",
        "二〇一八年",
        "107",
        "1850",
        "2925",
        "2018-01",
        "20180101",
        "",
        "x",
    ]
    years = read_years(pd.Series(texts, index=range(5, 19)))
    assert years.tolist() == ["2018"] * 7 + [""] * 7
    assert list(years.index) == list(range(5, 19))
