"""The office's table of workdays: read from what offices keep, refused with row and reason, stored and taken over."""

import datetime as dt
import io

import pytest
import xlsxwriter

from base.errors import HazardError
from base.text import Words
from data.calendar import office_days
from data.calendar_table import load_workdays, read_workdays
from data.changes import set_settings
from data.schema import WORKDAY
from data.store import Workspace

TABLE = "日期,是否工作日,备注\n2027-02-06,否,示例春节\n2027/2/20,是,示例补班\n2027年,,示例\n"


def _read(text, name="日历.csv"):
    return read_workdays(text.encode(), name)


def test_days_words_and_notes_are_read_by_day():
    rows = _read("某市工作日历,,\n" + TABLE)
    assert rows["day"].tolist() == ["2027", "2027-02-06", "2027-02-20"]
    assert rows["workday"].tolist() == [None, False, True]
    assert rows["row"].tolist() == [5, 3, 4]  # as Excel counts, below the title
    assert rows["note"].tolist() == ["示例", "示例春节", "示例补班"]


def test_headers_and_words_in_english_too():
    rows = _read("Date,Is_Workday\n2027-02-06,no\n2027-02-20,YES\n2027-02-21,0\n2027-02-22,1\n2027-02-23,true\n")
    assert rows["workday"].tolist() == [False, True, False, True, True]
    assert rows["note"].tolist() == [""] * 5
    kinds = _read("日期,类型\n2027-02-06,法定节假日\n2027-02-20,补班\n2027-02-21,调休放假\n2027-02-22,调休上班\n")
    assert kinds["workday"].tolist() == [False, True, False, True]


def test_a_workbook_with_real_dates_is_read_as_its_csv():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["日期", "是否工作日", "备注"])
        for row, (day, works, note) in enumerate(
            [("2027-02-06", "否", "示例春节"), ("2027-02-20", "是", "示例补班")], start=1
        ):
            sheet.write_datetime(row, 0, dt.datetime.fromisoformat(day))
            sheet.write_row(row, 1, [works, note])
        sheet.write_number(3, 0, 2027)
        sheet.write_string(3, 2, "示例")
    assert read_workdays(file.getvalue(), "日历.xlsx").equals(_read(TABLE))


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("案卷号,上报时间\n1,2027-02-06\n", "not-workdays", "Its columns are: 案卷号, 上报时间"),
        (
            "日期,是否工作日\n2027-02-06,否\n2027-02-30,否\nsoon,是\n",
            "workdays-day",
            "row 3 has “2027-02-30” .*like it: 2",
        ),
        ("日期,是否工作日\n1870-02-06,否\n", "workdays-day", "row 2"),
        ("日期,是否工作日\n,否\n", "workdays-day", "row 2 has “”"),
        ("日期,是否工作日\n2027-02-06,调休\n", "workdays-word", "row 2 has “调休” where it should say .* 是 or 否"),
        ("日期,是否工作日\n2027-02-06,\n", "workdays-word", "row 2 has “”"),
        ("日期,是否工作日\n2027-02-06,否\n2027,是\n", "workdays-year", "row 3 names the year 2027 alone"),
        ("日期,是否工作日\n2027-02-06,否\n2027/2/6,是\n", "workdays-twice", "row 2, 2027-02-06, is a workday in one"),
        (
            "日期,是否工作日,备注\n2027-02-06,否,a\n2027-02-08,否,b\n2027-02-07,否,c,d\n",
            "workdays-row",
            "row 4 cannot be read .*more cells than the header",
        ),
    ],
)
def test_what_is_no_table_of_workdays_is_refused_with_row_and_reason(text, code, said):
    with pytest.raises(HazardError, match=said) as caught:
        _read(text)
    assert caught.value.code == code


def test_a_day_said_twice_the_same_counts_once():
    assert len(_read("日期,是否工作日\n2027-02-06,否\n2027-02-06,否\n\n")) == 1


def test_a_table_is_a_version_and_replaces_the_years_that_it_names(tmp_path):
    workspace = Workspace(tmp_path)
    first = load_workdays(workspace, TABLE.encode(), "日历.csv", who="t")
    assert (first["days"], first["years"], first["version"]) == (2, ["2027"], 1)
    words = Words("en")
    assert [one.say(words) for one in first["notes"]] == [
        "The working calendar knows the days from 1 Jan 2004 to 31 Dec 2027; limits that run past them are undecided."
    ]
    second = load_workdays(workspace, "日期,是否工作日\n2028-01-03,否\n".encode(), "b.csv", who="t")
    assert second["notes"][0].say(words) == (
        "2028: 1 of its 366 days are known. If the table names all exceptions of that year, add a row with 2028 alone."
    )
    assert workspace.newest().workdays()["day"].tolist() == ["2027", "2027-02-06", "2027-02-20", "2028-01-03"]
    load_workdays(workspace, "日期,是否工作日\n2027-02-07,是\n".encode(), "c.csv", who="t")
    rows = workspace.newest().workdays()
    assert rows["day"].tolist() == ["2027-02-07", "2028-01-03"]
    days = office_days(zone="Asia/Shanghai", hours="08:00-12:00", own=rows)
    assert days.known_days(2027) == 1
    assert (days.status == WORKDAY).sum() == (
        office_days(zone="Asia/Shanghai", hours="08:00-12:00").status == 1
    ).sum() + 1
    assert workspace.open(1).workdays()["day"].tolist() == ["2027", "2027-02-06", "2027-02-20"]


def test_what_is_said_of_a_table_is_by_the_settings_that_it_came_under(tmp_path, monkeypatch):
    # between the reading and the change somebody else chooses another country's calendar
    workspace, other = Workspace(tmp_path / "a"), Workspace(tmp_path / "b")
    set_settings(other, {"work_calendar": "US"}, who="t")
    expected = load_workdays(other, TABLE.encode(), "日历.csv", who="t")["notes"]

    def slow(*args, **more):
        set_settings(workspace, {"work_calendar": "US"}, who="another")
        return read_workdays(*args, **more)

    monkeypatch.setattr("data.calendar_table.read_workdays", slow)
    assert load_workdays(workspace, TABLE.encode(), "日历.csv", who="t")["notes"] == expected
    assert expected != load_workdays(Workspace(tmp_path / "c"), TABLE.encode(), "日历.csv", who="t")["notes"]


def test_numbers_of_persons_in_notes_are_masked():
    rows = _read("日期,是否工作日,备注\n2027-02-06,否,值班 13800138000\n")
    assert "13800138000" not in rows["note"][0]


def test_an_empty_workspace_has_no_table(tmp_path):
    rows = Workspace(tmp_path).newest().workdays()
    assert rows.empty
    days = office_days(zone="Asia/Shanghai", hours="08:00-12:00", own=rows)
    assert len(days.known()) == 1
