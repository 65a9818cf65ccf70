"""Time on hold and extensions as files write them: with a unit in the title or the text, or not understood."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.checks import check_incidents
from data.holds import read_spans

NOTHING = (None, None, False)


def _read(text: str, title: str, *, natural: bool = False):
    found = read_spans(pd.Series([text]), title, natural=natural)
    hours, days = (None if np.isnan(of[0]) else float(of[0]) for of in (found.hours, found.days))
    return hours, days, bool(found.unread[0])


@pytest.mark.parametrize(
    ("title", "text", "span"),
    [
        ("total_paused_seconds", "5400", (1.5, None, False)),
        ("paused (min)", "90", (1.5, None, False)),
        ("挂账时长(分钟)", "90", (1.5, None, False)),
        ("postpone_hours", "4.0", (4, None, False)),
        ("挂账时长（小时）", "１．５", (1.5, None, False)),
        ("延期天数", "3", (None, 3, False)),
        ("延期时长（工作日）", "3", (None, 3, False)),
        ("延期(日)", "2", (None, 2, False)),
        ("postponed_days", "2", (None, 2, False)),
        ("延期", "2小时", (2, None, False)),
        ("延期", "90分钟", (1.5, None, False)),
        ("延期", "3 天", (None, 3, False)),
        ("延期", "1天2小时", (2, 1, False)),
        ("延期", "2工作日", (None, 2, False)),
        ("延期", "两个工作日", (None, 2, False)),
        ("postponed", "1 day 2 hours", (2, 1, False)),
        ("延期天数", "2小时", (2, None, False)),  # the text says it nearer than the title
        ("挂账次数", "2小时", (2, None, False)),
    ],
)
def test_a_time_is_read_with_its_unit(title, text, span):
    assert _read(text, title) == span


@pytest.mark.parametrize("title", ["挂账次数", "hang_num", "延期次数", "postpone_num", "是否挂账", "is_paused"])
@pytest.mark.parametrize("text", ["2", "是", "", "1.0"])
def test_a_count_says_nothing_about_time(title, text):
    assert _read(text, title) == NOTHING


@pytest.mark.parametrize("text", ["", "0", "0.0", "是", "否", "无", "-", "No"])
def test_nothing_and_yes_or_no_are_no_time_and_no_fault(text):
    assert _read(text, "延期") == NOTHING


@pytest.mark.parametrize("text", ["3", "延至3月5日", "2026-03-05", "5日", "若干天", "3天左右", "-2小时", "9999999天"])
def test_what_does_not_say_how_long_is_not_guessed_at(text):
    assert _read(text, "延期") == (None, None, True)


def test_work_time_on_hold_tells_no_natural_time():
    assert _read("2工作日", "挂账时长", natural=True) == (None, None, True)
    assert _read("2", "挂账时长(工作日)", natural=True) == (None, None, True)
    assert _read("2", "挂账时长(天)", natural=True) == (None, 2, False)
    assert _read("2工作小时", "延期") == (2, None, False)


@pytest.mark.parametrize(
    "title",
    [
        "挂账时长(工作小时)", "挂账时长（工作时）", "挂账工作时间(小时)", "挂账工作分钟",
        "paused_work_hours", "pausedWorkHours",
        "total_paused_working_hours", "paused working minutes", "paused_work_seconds", "paused_working_days",
        "paused_business_hours",
    ],
)  # fmt: skip
def test_a_title_of_work_time_tells_no_natural_time_and_one_of_extensions_is_read(title):
    assert _read("8", title, natural=True) == (None, None, True)
    assert _read("8小时", title, natural=True) == (None, None, True)  # whatever the text adds
    assert _read("0", title, natural=True) == NOTHING
    assert not _read("8", title)[2]


@pytest.mark.parametrize(
    ("title", "hours"),
    [("挂账时长(紧急工作时)", 8), ("工作人员挂账时长(小时)", 8), ("network_paused_hours", 8), ("paused_hours", 8)],
)
def test_titles_that_only_sound_like_work_time_are_natural_time(title, hours):
    assert _read("8", title, natural=True) == (hours, None, False)


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_text_breaks_the_reading(text, title):
    hours, days, unread = _read(text, title)
    assert not unread or (hours is None and days is None)
    assert all(value is None or 0 < value < 1e6 for value in (hours, days))


def _checked(columns: dict[str, list[str]], headers: dict[str, str]):
    n = len(next(iter(columns.values())))
    given_ = {"incident_id": [str(k) for k in range(n)], "reported_at": ["2026-03-02 09:00"] * n, **columns}
    raw = pd.DataFrame(given_, index=range(2, n + 2))
    raw.attrs["headers"] = headers
    return check_incidents(raw, zone="Asia/Shanghai", crs="wgs84")[0]


def test_a_file_s_holds_stand_in_columns_of_their_own_and_the_rest_is_told():
    found = _checked(
        {"paused": ["1天2小时", "3", "", "x"], "postponed": ["1", "", "2小时", ""]},
        {"paused": "挂账时长", "postponed": "延期天数"},
    )
    assert found["paused_minutes"].fillna(-1).tolist() == [1560, -1, -1, -1]
    assert found["postponed_days"].fillna(-1).tolist() == [1, -1, -1, -1]
    assert found["postponed_hours"].fillna(-1).tolist() == [-1, -1, 2, -1]
    (note,) = (note for note in found.attrs["notes"] if "挂账时长(小时)" in note.template)
    assert note.fields == {"column": "挂账时长", "n": 2, "value": "3"}
    assert found["paused"].tolist() == ["1天2小时", "3", "", "x"]


def test_a_hold_that_ends_before_it_begins_is_told():
    found = _checked(
        {
            "paused_at": ["2026-03-03 09:00", "2026-03-03 09:00", ""],
            "resumed_at": ["2026-03-02 10:00", "", "2026-03-04"],
        },
        {"paused_at": "挂账时间", "resumed_at": "解挂时间"},
    )
    (note,) = (note for note in found.attrs["notes"] if "off hold" in note.template)
    assert note.fields == {"n": 2}
