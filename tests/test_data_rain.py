"""Rain gauges: how tables are read, what is refused with its row, what is not known, how the stored rain changes."""

import datetime as dt
import io

import demo_cases
import numpy as np
import pandas as pd
import pytest

from base.errors import HazardError
from base.text import Words
from data import rain
from data.rain_file import read_rain
from data.store import Workspace
from reports import gauges

EN = Words("en")
HOURS = "站名,时间,雨量(mm)\n"


def table(*rows: str, head: str = HOURS) -> bytes:
    return (head + "\n".join(rows) + "\n").encode()


def said(file) -> dict[int, str]:
    return {int(one.row): one.sentence.say(EN) for one in file.rejected.itertuples()}


def utc(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


@pytest.mark.parametrize(
    ("title", "depth", "mm"),
    [("雨量(mm)", "2.5", 2.5), ("Rainfall (in)", "0.5", 12.7), ("rain_in", "1", 25.4), ("降水量(0.1mm)", "35", 3.5),
     ("降雨量", "2.5", 2.5), ("小时降水量（毫米）", "２.５", 2.5), ("precipitation [inches]", "2", 50.8)],
)  # fmt: skip
def test_the_title_tells_the_unit(title, depth, mm):
    file = read_rain(table(f"2025-06-01 08:00,{depth}", f"2025-06-01 09:00,{depth}", head=f"时间,{title}\n"), "x.csv")
    assert file.rows["mm"].tolist() == [mm, mm]
    assert file.unit_from == ("usual" if title == "降雨量" else "title")
    asked = read_rain(table("2025-06-01 08:00,1", head=f"时间,{title}\n"), "x.csv", unit="inch")
    assert (asked.rows["mm"].tolist(), asked.unit_from) == ([25.4], "said")


def test_the_line_above_the_header_may_tell_the_unit():
    content = "示例街道降雨记录（单位：英寸）,,\n站名,时间,雨量\n甲,2025-06-01 08:00,1\n甲,2025-06-01 09:00,0\n"
    file = read_rain(content.encode(), "x.csv")
    assert (file.rows["mm"].tolist(), file.unit_from) == ([25.4, 0], "title")
    file = read_rain(table("2025-06-01 08:00,1", "2025-06-01 09:00,0", head="time,rain\n"), "Rain in June.csv")
    assert file.unit_from == "usual"


def test_what_is_missing_is_not_dry_and_a_trace_is():
    marks = ["缺测", "-", "9999", "999999.0", "", "-999.9", "T", "微量", "999990", "0"]
    file = read_rain(table(*(f"甲,2025-06-01 {hour:02d}:00,{mark}" for hour, mark in enumerate(marks))), "x.csv")
    assert file.rows["mm"].isna().tolist() == [True] * 6 + [False] * 4
    assert file.rows["mm"].tolist()[6:] == [0, 0, 0, 0]
    assert (file.missing, file.traces, len(file.rejected)) == (6, 3, 0)


def test_every_refused_row_says_where_and_why_and_the_totals_tie():
    file = read_rain(
        table(
            "甲,2025-06-01 00:00,0.0", "甲,2025-06-01 01:00,3.5", "甲,2025-06-01 02:00,-2", "甲,2025-06-01 03:00,306",
            "甲,2025-06-01 04:00,多", "甲,昨天,1", "甲,2025-06-01,55", "甲,2025-06-01 01:00,3.5",
            "甲,2025-06-01 01:00,4", "乙,2025-06-01 01:00,4", ",,", "合计,,60",
        ),
        "x.csv",
    )  # fmt: skip
    told = said(file)
    assert sorted(told) == [4, 5, 6, 7, 8, 10, 12, 13]
    assert "below zero" in told[4]
    assert "more than has ever been measured" in told[5]
    assert "多" in told[6]
    assert "昨天" in told[7]
    assert "count the rain twice" in told[8]
    assert "different depths" in told[10]
    assert (len(file.rows), file.repeats, file.read) == (3, 1, 12)


@pytest.mark.parametrize(
    ("head", "rows", "begin", "hours"),
    [
        ("日期,日降雨量(mm)\n", ["2025-06-01,3", "2025-06-02,0"], "2025-05-31 16:00", 24),
        ("日期,降水量(mm)\n", ["2025-06-01 00:00:00,3", "2025-06-02 00:00:00,0"], "2025-05-31 16:00", 24),
        ("日期,小时,雨量(mm)\n", ["2025-06-01,0,3", "2025-06-01,1,0"], "2025-05-31 16:00", 1),
        ("日期,时次,雨量(mm)\n", ["2025-06-01,1时,3", "2025-06-01,24时,0", "2025-06-01,2时,0"], "2025-05-31 17:00", 1),
        ("结束时间,雨量(mm)\n", ["2025-06-01 09:00,3", "2025-06-01 10:00,0"], "2025-06-01 00:00", 1),
        ("开始时间,雨量(mm)\n", ["2025-06-01 09:00,3", "2025-06-01 09:10,0"], "2025-06-01 01:00", 1 / 6),
        ("date,rain (mm)\n", ["2025-06-01T09:00:00Z,3", "2025-06-01T12:00:00Z,3"], "2025-06-01 09:00", 3),
    ],
)
def test_how_long_a_reading_stands_for_is_told_by_its_times(head, rows, begin, hours):
    file = read_rain(table(*rows, head=head), "x.csv", zone="Asia/Shanghai")
    assert file.rows["begin"].iloc[0] == utc(begin)
    assert file.rows["hours"].tolist() == pytest.approx([hours] * len(rows))
    assert not len(file.rejected)


def test_a_time_of_the_end_can_be_said():
    content = table("甲,2025-06-01 09:00,3", "甲,2025-06-01 10:00,0")
    first, last = (read_rain(content, "x.csv", stamp=stamp).rows["begin"].iloc[0] for stamp in ("begin", "end"))
    assert first - last == dt.timedelta(hours=1)


@pytest.mark.parametrize(("name", "value"), [("unit", "cm"), ("stamp", "middle")])
def test_an_unknown_unit_or_stamp_is_refused(name, value):
    with pytest.raises(HazardError) as refused:
        read_rain(table("甲,2025-06-01 09:00,3"), "x.csv", **{name: value})
    assert refused.value.code == f"rain-{name}"


def test_another_table_is_refused_with_its_columns(tmp_path):
    with pytest.raises(HazardError) as refused:
        rain.load_rain(Workspace(tmp_path), "案件编号,上报时间\n1,2025-01-01\n".encode(), "x.csv", who="t")
    assert refused.value.code == "not-rain"
    assert "案件编号" in str(refused.value)
    with pytest.raises(HazardError, match="none of its 1 rows"):
        rain.load_rain(Workspace(tmp_path), table("甲,昨天,3"), "x.csv", who="t")
    assert Workspace(tmp_path).newest().rainfall().empty


def test_the_same_again_changes_nothing_a_correction_does_and_what_is_missing_takes_no_place(tmp_path):
    workspace = Workspace(tmp_path)
    content = table("甲,2025-06-01 08:00,1", "甲,2025-06-01 09:00,2", "乙,2025-06-01 09:00,5")
    first = rain.load_rain(workspace, content, "a.csv", who="t")
    assert (first["new"], first["readings"], first["stations"]) == (3, 3, 2)
    again = rain.load_rain(workspace, content, "a.csv", who="t")
    assert (again["unchanged"], again["version"]) == (3, first["version"])
    other = table("甲,2025-06-01 08:00,缺测", "甲,2025-06-01 09:00,2.5", "甲,2025-06-01 10:00,0")
    changed = rain.load_rain(workspace, other, "b.csv", who="t")
    assert [changed[key] for key in ("new", "updated", "unchanged")] == [1, 1, 1]
    stored = workspace.newest().rainfall()
    assert stored.loc[stored["station"] == "甲", "mm"].tolist() == [1, 2.5, 0]
    back = rain.take_back(workspace, who="t")
    assert (back["readings"], back["file"]) == (3, "b.csv")
    assert workspace.newest().rainfall()["mm"].tolist() == [5, 1, 2]


def test_rain_is_never_counted_twice_where_a_day_and_its_hours_are_loaded(tmp_path):
    workspace = Workspace(tmp_path)
    days = table("甲,2025-06-01,30", "甲,2025-06-02,7", head="站名,日期,日雨量(mm)\n")
    rain.load_rain(workspace, days, "days.csv", who="t")
    hours = table(*(f"甲,2025-06-01 {hour:02d}:00,1.25" for hour in range(24)))
    answer = rain.load_rain(workspace, hours, "hours.csv", who="t")
    assert (answer["displaced"], answer["readings"]) == (1, 25)
    assert workspace.newest().rainfall()["mm"].sum() == 37
    answer = rain.load_rain(workspace, days, "days.csv", who="t")  # and the other way round: the later file stands
    assert (answer["displaced"], answer["new"], answer["unchanged"]) == (24, 1, 1)
    assert workspace.newest().rainfall()["mm"].tolist() == [30, 7]


def test_gaps_are_told_and_summed_by_station(tmp_path):
    rows = ["甲,2025-06-01 08:00,1", "甲,2025-06-01 09:00,2", "甲,2025-06-01 20:00,2", "乙,2025-06-01 09:00,缺测"]
    workspace = Workspace(tmp_path)
    answer = rain.load_rain(workspace, table(*rows), "a.csv", who="t")
    assert any("甲" in (line := note.say(EN)) and "10 hours" in line for note in answer["notes"])
    found = rain.stations(workspace.newest().rainfall(), "Asia/Shanghai").set_index("station")
    assert found.loc["甲", ["gaps", "gap_hours", "mm", "missing"]].tolist() == [1, 10, 5, 0]
    assert found.loc["乙", ["gaps", "missing"]].tolist() == [0, 1]
    gone = rain.remove_stations(workspace, ["甲"], who="t")
    assert (gone["readings"], gone["stations"]) == (1, 1)
    with pytest.raises(HazardError, match="丙"):
        rain.remove_stations(workspace, ["丙"], who="t")


def test_the_gauge_of_the_demo_is_read_whole(tmp_path):
    demo = demo_cases.demo()
    workspace = Workspace(tmp_path)
    answer = rain.load_rain(workspace, demo.gauge, demo.names["rain"], who="t")
    stored = workspace.newest().rainfall()
    unread = set(demo.truth["unread_days"])
    day = stored["begin"].dt.tz_convert("Asia/Shanghai").dt.date.astype(str)
    assert answer["missing"] == len(unread)
    assert set(day[stored["mm"].isna()]) == unread
    true = {str(one.day)[:10]: one.rain_mm for one in demo.rain.itertuples()}
    got = dict(zip(day, stored["mm"], strict=True))
    inside = {one: mm for one, mm in true.items() if one in got and one not in unread}
    assert len(inside) > 100
    assert all(np.isclose(got[one], mm, atol=0.051) for one, mm in inside.items())
    assert sum(mm > 0 for mm in got.values()) == sum(mm > 0.05 for mm in inside.values())


@pytest.mark.parametrize(
    ("head", "rows", "begin", "hours"),
    [  # as weather services, hydrologists and offices write them
        ("时间,雨量(mm)\n", ["2025060108,3", "2025060109,0"], "2025-06-01 00:00", 1),  # no seconds since 1970
        ("时间,雨量(mm)\n", ["202506010800,3", "202506010810,0"], "2025-06-01 00:00", 1 / 6),
        ("时间,雨量(mm)\n", ["2025-06-01 08,3", "2025-06-01 09,0"], "2025-06-01 00:00", 1),
        ("时间,雨量(mm)\n", ["2025-06-01 24:00,3", "2025-06-02 01:00,0"], "2025-06-01 16:00", 1),
        ("日期,时间,雨量(mm)\n", ["2025-06-01,08:00,3", "2025-06-01,9:00,0"], "2025-06-01 00:00", 1),
        ("年,月,日,时,过去1小时降水量(mm)\n", ["2025,6,1,0,3", "2025,6,1,1,0"], "2025-05-31 15:00", 1),
        ("Station_Id_C,Year,Mon,Day,Hour,PRE_1h\n", ["5,2025,6,1,8,3", "5,2025,6,1,9,0"], "2025-05-31 23:00", 1),
        ("日期,20-20时降水量(mm)\n", ["2025-06-01,3", "2025-06-02,0"], "2025-05-31 12:00", 24),
        ("STCD,TM,DRP,INTV\n", ["5,2025-06-01 08:00,3,1.30", "5,2025-06-01 09:30,0,1.30"], "2025-05-31 22:30", 1.5),
        ("时间,小时雨量(mm)\n", ["2025-06-01 08:00,3", "2025-06-01 11:00,1"], "2025-06-01 00:00", 1),  # wet hours alone
        ("日,雨量(mm)\n", ["2025-06-01,3", "2025-06-02,1"], "2025-05-31 16:00", 24),
    ],
)  # fmt: skip
def test_tables_as_they_are_handed_out_are_read(head, rows, begin, hours):
    file = read_rain(table(*rows, head=head), "x.csv", zone="Asia/Shanghai")
    assert file.rows["begin"].iloc[0] == utc(begin)
    assert file.rows["mm"].iloc[0] == 3
    assert file.rows["hours"].tolist() == pytest.approx([hours] * len(rows))
    assert not len(file.rejected)


def test_days_to_the_evening_may_be_days_from_it():
    content = table("2025-06-01,3", head="日期,08-08时降水量(mm)\n")
    to, from_ = (read_rain(content, "x.csv", stamp=stamp).rows["begin"].iloc[0] for stamp in (None, "begin"))
    assert (to, from_) == (utc("2025-05-31 00:00"), utc("2025-06-01 00:00"))


def test_rolling_totals_are_refused_and_the_hour_is_taken_where_both_stand():
    with pytest.raises(HazardError, match=r"24.0 hours.*after 1.0 hours") as refused:
        read_rain(table("2025-06-01 08:00,40", "2025-06-01 09:00,41", head="时间,24小时雨量(mm)\n"), "x.csv")
    assert refused.value.code == "rain-rolling"
    both = read_rain(
        table("2025-06-01 08:00,40,1", "2025-06-01 09:00,41,2", head="时间,24小时雨量(mm),1小时雨量(mm)\n"), "x.csv"
    )
    assert both.rows["mm"].tolist() == [1, 2]
    assert any("24小时雨量" in note.say(EN) for note in both.notes)


@pytest.mark.parametrize("depth", ["12 30", "3°", "inf", "1e2", "5-6", "0.5h", "--5", "=1+1"])
def test_what_is_no_plain_number_is_no_depth(depth):
    file = read_rain(table(f"甲,2025-06-01 08:00,{depth}", "甲,2025-06-01 09:00,.5"), "x.csv")
    assert file.rows["mm"].tolist() == [0.5]
    assert depth in said(file)[2]


def test_a_reading_within_another_is_not_counted_twice_and_stations_have_lengths_of_their_own():
    rows = [f"甲,2025-06-01 {hour:02d}:00,1" for hour in range(12)] + ["甲,2025-06-01 03:20,9"]
    rows += [f"乙,2025-06-{day:02d} 08:00,10" for day in range(1, 9)] + ["丙,2025-06-01,5"]
    file = read_rain(table(*rows), "x.csv")
    assert "begins within" in said(file)[14]
    assert file.read == len(rows)
    length = file.rows.groupby("station")["hours"].unique().map(list).to_dict()
    assert length == {"甲": [1.0], "乙": [24.0], "丙": [24.0]}


def test_two_stations_of_one_name_stay_two():
    file = read_rain(
        table("1,甲,2025-06-01 08:00,1", "2,甲,2025-06-01 08:00,5", "3,乙,2025-06-01 08:00,5", head="站号," + HOURS),
        "x.csv",
    )
    assert set(file.rows["station"]) == {"甲 1", "甲 2", "乙"}


def test_one_missing_hour_is_a_gap_and_days_of_summer_time_are_none(tmp_path):
    workspace = Workspace(tmp_path)
    hours = [f"甲,2025-06-01 {hour:02d}:00,1" for hour in (1, 2, 3, 5, 6)]
    rain.load_rain(workspace, table(*hours), "a.csv", who="t")
    days = "".join(f"2025-{day},0.1\n" for day in ("03-08", "03-09", "03-10", "11-01", "11-02", "11-03"))
    rain.load_rain(workspace, f"date,rain (in)\n{days}".encode(), "b.csv", zone="America/New_York", who="t")
    found = rain.stations(workspace.newest().rainfall(), "America/New_York").set_index("station")
    assert found.loc["甲", ["gaps", "gap_hours"]].tolist() == [1, 1]
    assert found.loc["", ["readings", "gaps"]].tolist() == [6, 1]


def test_the_sheet_that_was_read_is_told():
    book = io.BytesIO()
    with pd.ExcelWriter(book) as writer:
        for month in (6, 7):
            hours = pd.date_range(f"2025-{month:02d}-01", periods=3, freq="h")
            pd.DataFrame({"时间": hours, "雨量(mm)": [month, 0.0, 1.5]}).to_excel(
                writer, sheet_name=f"{month}月", index=False
            )
    first, second = (read_rain(book.getvalue(), "x.xlsx", sheet=sheet) for sheet in (None, "7月"))
    assert (first.sheet, second.sheet) == ("6月", "7月")
    assert second.rows["mm"].tolist() == [7, 0, 1.5]
    assert second.rows["begin"].iloc[0] == utc("2025-06-30 16:00")
    assert any("7月" in note.say(EN) for note in first.notes)


def test_days_and_hours_of_one_station_come_back_from_their_own_download(tmp_path):
    workspace = Workspace(tmp_path / "a")
    rain.load_rain(
        workspace, table("甲,2025-05-01,30", "甲,2025-05-02,7", head="站名,日期,日雨量(mm)\n"), "d.csv", who="t"
    )
    half = [f"甲,2025-06-01 {at},1.5" for at in ("00:00", "00:30", "01:00", "01:30", "02:30")]
    rain.load_rain(workspace, table(*half, "乙,2025-06-01 00:00,缺测"), "h.csv", who="t")
    data = workspace.newest()
    for lang, suffix in (("zh", ".csv"), ("en", ".csv"), ("zh", ".xlsx"), ("en", ".xlsx")):
        other = Workspace(tmp_path / f"{lang}{suffix}")
        answer = rain.load_rain(other, gauges.file_of(data, Words(lang), suffix, suffix), f"x{suffix}", who="t")
        assert answer["rejected"] == 0
        pd.testing.assert_frame_equal(other.newest().rainfall(), data.rainfall())
