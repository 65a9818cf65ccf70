"""When cases are due: hand-counted over holidays and make-up workdays, and again whenever what it hangs on changes."""

import datetime as dt

import chinese_calendar
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import deadlines, timing
from data.calendar_table import load_workdays
from data.changes import set_rules, set_settings, undo
from data.loading import import_incidents
from data.office import calendar_of
from data.schema import Scope
from data.standards import load_standard, read_limit
from data.store import Workspace
from data.tables import STANDARD_COLUMNS, TABLES, file_paths
from data.taxonomy import DEFAULT_RULES, RULE_COLUMNS
from tests.stored import ZONE, rows

STANDARD = """小类代码,小类名称,立案条件,处置时限
0401,路面塌陷,,2紧急工作时
0402,井盖松动,,4工作时
0403,井盖下沉,,5工作日
0404,围墙倾斜,,15天
0405,路灯不亮,,3自然日
0406,护栏破损,视情况,视情况而定
0407,树木倒伏,影响交通,2紧急工作时
,,不影响交通,1工作日
"""
HEADER = (
    "案卷号,上报时间,派遣时间,小类名称,立案条件,问题描述,挂账时间,解挂时间,挂账时长(小时),延期时长,处置截止时间,自处置,"
    "结案时间,勘察时间,地址"
)
FIELDS = HEADER.split(",")


def office(path, standard: str = STANDARD, **options) -> Workspace:
    workspace = Workspace(path)
    load_standard(workspace, standard.encode(), "事件标准.csv", **{"scheme": "own", "who": "t", **options})
    return workspace


def bring(workspace: Workspace, *cases: dict, without: tuple[str, ...] = (), name: str = "a.csv", **options):
    """Import cases by the titles of their columns; the address is 示例路."""
    fields = [field for field in FIELDS if field not in without]
    lines = [",".join(str({"案卷号": k, "地址": "示例路", **case}.get(field, "")) for field in fields)
             for k, case in enumerate(cases, 1)]  # fmt: skip
    content = "\n".join([",".join(fields), *lines]).encode()
    return import_incidents(workspace, content, name, who="t", **options)


def told(workspace: Workspace) -> list[tuple[str, str]]:
    """When each case is due, in local time, or '', and where that comes from."""
    found = workspace.newest().query("SELECT due_at, due_from FROM incidents ORDER BY incident_id").to_pylist()
    local = [row["due_at"] and f"{pd.Timestamp(row['due_at']).tz_convert(ZONE):%Y-%m-%d %H:%M}" for row in found]
    return [(at or "", row["due_from"]) for at, row in zip(local, found, strict=True)]


def case(type_name: str, start: str, **more: str) -> dict:
    return {"上报时间": "2026-01-05 09:00", "派遣时间": start, "小类名称": type_name, **more}


def test_the_days_that_the_counts_below_rest_on():
    # 14 Feb (Sat) is a make-up workday, the festival from 15 to 23, 28 Feb (Sat) a make-up workday again; Mid-Autumn
    # from 25 to 27 Sep, National Day from 1 to 7 Oct, 10 Oct (Sat) a make-up workday
    spring = [dt.date(2026, 2, 13) + dt.timedelta(n) for n in range(18)]
    autumn = [dt.date(2026, 9, 22) + dt.timedelta(n) for n in range(29)]
    works = {day.strftime("%m-%d") for day in (*spring, *autumn) if chinese_calendar.is_workday(day)}
    assert works == {
        "02-13", "02-14", "02-24", "02-25", "02-26", "02-27", "02-28", "03-02",
        "09-22", "09-23", "09-24", "09-28", "09-29", "09-30", "10-08", "10-09", "10-10",
        "10-12", "10-13", "10-14", "10-15", "10-16", "10-19", "10-20",
    }  # fmt: skip


SPRING = [
    # never stops: two hours over midnight, in the festival
    (case("路面塌陷", "2026-02-16 23:00"), "2026-02-17 01:00", "2026-02-17 01:00"),
    # one hour on Friday 13th, three on Saturday 14th, a make-up workday
    (case("井盖松动", "2026-02-13 17:00"), "2026-02-14 11:00", "2026-02-14 11:00"),
    # 40 hours: 13th 1, 14th 8 (9), 24th 8 (17), 25th 8 (25), 26th 8 (33), 27th 7: until 17:00.
    # By the Nth day: 14th, 24th, 25th, 26th, 27th, at the close of the office
    (case("井盖下沉", "2026-02-13 17:00"), "2026-02-27 17:00", "2026-02-27 18:00"),
    # A hold from the 14th 10:00 to the 24th 10:00 stops 2 + 4 hours on the 14th and 2 on the 24th: one work day more,
    # the 28th, a make-up workday
    (
        case("井盖下沉", "2026-02-13 17:00", 挂账时间="2026-02-14 10:00", 解挂时间="2026-02-24 10:00"),
        "2026-02-28 17:00",
        "2026-02-28 18:00",  # of the five days after the 13th, the 14th ends on hold
    ),
    # 15 days of 8 hours: 23, 24, 28, 29, 30 Sep, 8, 9, 10 (make-up), 12, 13, 14, 15, 16, 19, 20 Oct, at the same hour
    (case("围墙倾斜", "2026-09-22 09:00"), "2026-10-20 09:00", "2026-10-20 18:00"),
    # natural days: 72 hours, or the end of the third day after the start
    (case("路灯不亮", "2026-02-14 10:00"), "2026-02-17 10:00", "2026-02-18 00:00"),
    # a total on hold moves what runs in natural time ...
    (case("路面塌陷", "2026-02-16 23:00", **{"挂账时长(小时)": "3"}), "2026-02-17 04:00", "2026-02-17 04:00"),
    # extensions: a day to four work hours is 12: 13th 1, 14th 8, 24th 3; four hours to five work days is half a day
    (case("井盖松动", "2026-02-13 17:00", 延期时长="1工作日"), "2026-02-24 11:00", "2026-02-24 11:00"),
    # By the Nth day the four hours run from the close of the 27th: the 28th, a make-up workday, 8 to 12
    (case("井盖下沉", "2026-02-13 17:00", 延期时长="4小时"), "2026-02-28 11:00", "2026-02-28 12:00"),
    (case("路面塌陷", "2026-02-16 23:00", 延期时长="1天"), "2026-02-18 01:00", "2026-02-18 01:00"),
    # By the Nth day twelve hours after the end of the 17th
    (case("路灯不亮", "2026-02-14 10:00", 延期时长="12小时"), "2026-02-17 22:00", "2026-02-18 12:00"),
]


def test_limits_run_over_holidays_and_make_up_workdays_as_counted_by_hand(tmp_path):
    workspace = office(tmp_path)
    bring(workspace, *({**one, "案卷号": f"{k:02}"} for k, (one, _, _) in enumerate(SPRING)))
    assert told(workspace) == [(due, "table") for _, due, _ in SPRING]
    answer = set_settings(workspace, {"day_limits": "nth_day"}, who="t")
    by_day = told(workspace)
    assert by_day == [(due, "table") for _, _, due in SPRING]
    assert answer["changed"] == sum(first != second for _, first, second in SPRING)
    stored = workspace.newest().query("SELECT limit_text, limit_value, limit_clock FROM incidents ORDER BY incident_id")
    assert stored.to_pylist()[2] == {"limit_text": "5工作日", "limit_value": 5, "limit_clock": "work_day"}


def test_why_nobody_can_tell_when_a_case_is_due(tmp_path):
    workspace = office(tmp_path)
    start = "2026-02-13 17:00"
    cases = [
        case("井盖松动", start, 挂账时间="2026-02-14 08:00"),  # on hold before it ran out
        case("井盖松动", start, 挂账时间="2026-02-14 12:00"),  # it had run out at 11:00
        case("井盖松动", start, **{"挂账时长(小时)": "3"}),
        case("井盖松动", ""),
        case("树木倒伏", start),
        case("树木倒伏", start, 立案条件="影响交通"),
        case("护栏破损", start),
        case("没有这一类", start),
        case("围墙倾斜", "2026-12-25 09:00"),
    ]
    bring(workspace, *cases)
    assert told(workspace) == [
        ("", "on-hold"), ("2026-02-14 11:00", "table"), ("", "hold-unknown"), ("", "no-start"), ("", "several"),
        ("2026-02-13 19:00", "table"), ("", "unread"), ("", "no-limit"), ("", "uncovered"),
    ]  # fmt: skip


def test_a_hold_that_nobody_ended_ends_when_the_case_is_closed(tmp_path):
    workspace = office(tmp_path)
    start = "2026-02-13 17:00"  # a Friday; four work hours: 1, and 3 on Saturday 14th, a make-up workday: 11:00
    held = {"挂账时间": "2026-02-14 09:00"}  # after two of them
    cases = [
        case("井盖松动", start, **held),
        case("井盖松动", start, 结案时间="2026-02-14 16:00", **held),  # the other two from 16:00
        case("井盖松动", start, 结案时间="2026-02-26 15:00", **held),
        case("井盖松动", start, 结案时间="2026-02-14 08:30", **held),  # closed before: it was never held
        case("路面塌陷", start, 结案时间="2026-02-13 20:00", 挂账时间="2026-02-13 18:00"),  # 1 h, held for 2, 1 h
    ]
    bring(workspace, *cases)
    assert told(workspace) == [
        ("", "on-hold"), ("2026-02-14 18:00", "table"), ("2026-02-26 17:00", "table"), ("2026-02-14 11:00", "table"),
        ("2026-02-13 21:00", "table"),
    ]  # fmt: skip
    view = Scope(level="", as_of=pd.Timestamp("2026-03-01 09:00", tz=ZONE).to_pydatetime())
    parts = timing.durations(workspace.newest(), view, clock="limit").query("resolved")
    # 2 of 4 hours, 2 of 4, 1 of 2; and 1.5 of 4 in parts of ten thousand
    assert dict(zip(parts["minutes"], parts["n"], strict=True)) == {5000: 3, 3750: 1}


def test_the_clock_starts_at_the_dispatch_or_at_the_report(tmp_path):
    workspace = office(tmp_path)
    bring(workspace, case("路面塌陷", "2026-02-16 23:00"), case("路面塌陷", ""))
    assert told(workspace) == [("2026-02-17 01:00", "table"), ("", "no-start")]
    assert set_settings(workspace, {"clock_start": "reported"}, who="t")["changed"] == 2
    assert told(workspace) == [("2026-01-05 11:00", "table")] * 2
    other = office(tmp_path / "other")  # a file that knows no dispatch
    bring(other, case("路面塌陷", ""), without=("派遣时间",))
    assert told(other) == [("2026-01-05 11:00", "table")]


def test_a_deadline_of_the_file_fills_or_wins(tmp_path):
    workspace, target = office(tmp_path), {"处置截止时间": "2026-03-31 18:00"}
    start = "2026-02-13 17:00"
    cases = [
        case("井盖松动", start, **target),
        case("没有这一类", start, **target),
        case("树木倒伏", start, **target),  # several rows: the table says nothing
        case("井盖松动", start, 挂账时间="2026-02-14 08:00", **target),  # it fits, and the case is on hold
        case("井盖松动", start),
    ]
    bring(workspace, *cases)
    end, by_table = ("2026-03-31 18:00", "file"), ("2026-02-14 11:00", "table")
    assert told(workspace) == [by_table, end, end, ("", "on-hold"), by_table]
    assert set_settings(workspace, {"file_deadline": "wins"}, who="t")["changed"] == 2
    assert told(workspace) == [end, end, end, end, by_table]
    limits = workspace.newest().query("SELECT limit_text FROM incidents ORDER BY incident_id")["limit_text"]
    assert limits.to_pylist() == ["4工作时", "", "", "4工作时", "4工作时"]


def test_a_limit_over_days_that_nobody_knows_is_known_once_a_table_of_them_is_loaded(tmp_path):
    workspace = office(tmp_path)
    bring(workspace, case("围墙倾斜", "2026-12-25 09:00"), case("路面塌陷", "2026-02-16 23:00"))
    assert told(workspace)[0] == ("", "uncovered")
    before = workspace.newest()
    files = file_paths(tmp_path, "incidents", before.named.tables["incidents"])
    # 28 to 31 Dec, then 4 to 8, 11 to 15 and 18 Jan: 1 January is said to be off, a Friday
    answer = load_workdays(workspace, "日期,是否工作日\n2027,\n2027-01-01,否\n".encode(), "日历.csv", who="t")
    assert answer["changed"] == 1
    assert answer["version"] == before.version + 1
    assert told(workspace) == [("2027-01-18 09:00", "table"), ("2026-02-17 01:00", "table")]
    assert told(Workspace(tmp_path)) == told(workspace)
    assert before.query("SELECT due_from FROM incidents WHERE due_at IS NULL").num_rows == 1  # as it was then
    # What it changes nothing for keeps its files
    now = workspace.newest().named.tables["incidents"]
    again = load_workdays(workspace, "日期,是否工作日\n2028,\n".encode(), "日历2.csv", who="t")
    assert again["changed"] == 0
    assert workspace.newest().named.tables["incidents"] == now
    assert file_paths(tmp_path, "incidents", now) != files


def test_a_new_edition_is_for_cases_dispatched_from_its_day_on(tmp_path):
    workspace = office(tmp_path)
    bring(workspace, case("井盖松动", "2026-03-02 09:00"), case("井盖松动", "2026-03-03 09:00"))
    assert told(workspace) == [("2026-03-02 15:00", "table"), ("2026-03-03 15:00", "table")]
    stricter = STANDARD.replace("4工作时", "1工作时")
    answer = load_standard(workspace, stricter.encode(), "事件标准.csv", scheme="own", valid_from="2026-03-03", who="t")
    assert answer["changed"] == 1
    assert told(workspace) == [("2026-03-02 15:00", "table"), ("2026-03-03 10:00", "table")]


def test_the_same_file_again_repeats_and_undo_brings_back_what_was_due(tmp_path):
    workspace = office(tmp_path)
    bring(workspace, case("井盖松动", "2026-03-02 09:00"), case("井盖下沉", "2026-03-02 09:00"))
    first = told(workspace)
    answer = bring(workspace, case("井盖松动", "2026-03-02 09:00"), case("井盖下沉", "2026-03-03 09:00"), name="b.csv")
    assert (answer["repeats"], answer["updated"]) == (1, 1)
    assert told(workspace)[1] != first[1]
    set_settings(workspace, {"office_hours": "08:00-16:00"}, who="t")
    undo(workspace, who="t")
    # by the office hours as they are now: 4 hours from 09:00; 40 hours from Monday 09:00, 8 a day
    assert told(workspace) == [("2026-03-02 13:00", "table"), ("2026-03-09 09:00", "table")]
    again = bring(workspace, case("井盖松动", "2026-03-02 09:00"), case("井盖下沉", "2026-03-02 09:00"), name="c.csv")
    assert again["repeats"] == 2


def test_the_codes_of_yuncheng_s_own_table_have_its_limits(shared_data, tmp_path):
    name = "yuncheng_component_standard_utf8bom.csv"
    workspace = Workspace(tmp_path)
    load_standard(workspace, (shared_data / "chengguan_standard" / name).read_bytes(), name, scheme="yc", who="t")
    standard = workspace.newest().standards()
    standard = standard[(standard["code"] != "") & (standard["limit_clock"] != "")]
    cases = [{"incident_id": code, "code": code, "kind": "部件", "reported_at": "2026-03-02 09:00"}
             for code in sorted(set(standard["code"]))]  # fmt: skip
    found = deadlines.assign(rows(cases), workspace.newest(), {}).to_pandas()
    # Each of its types has rows with different limits, so that the code alone never tells
    assert (standard.groupby("code")["limit_text"].nunique() > 1).all()
    assert set(found["due_from"]) == {"several"}
    # With the condition a case has the limit of its row
    told_ = standard.drop_duplicates(["code", "condition"], keep=False)
    cases = [{"incident_id": str(k), "code": row.code, "condition": row.condition, "reported_at": "2026-03-02 09:00"}
             for k, row in enumerate(told_.itertuples())]  # fmt: skip
    found = deadlines.assign(rows(cases), workspace.newest(), {}).to_pandas()
    assert found["limit_text"].tolist() == told_["limit_text"].tolist()
    assert len(found) > 100


def limits(workspace: Workspace, *made: dict) -> int:
    """Give the workspace a table of deadlines from what matters of each row; return how many cases it changed."""
    filled = []
    for number, row in enumerate(made):
        value, clock = read_limit(row["limit_text"]) or (None, "")
        blank = dict.fromkeys(STANDARD_COLUMNS, "")
        own = {"row": number, "scheme": "own", "kind": "event", "limit_value": value, "limit_clock": clock}
        filled.append({**blank, **own, **row})
    with workspace.change("standard", who="t") as change:
        change.write("standards", pa.Table.from_pylist(filled, schema=TABLES["standards"].schema))
        changed = deadlines.assign_again(change).changed
        change.commit()
    return changed


def test_a_change_says_which_cases_the_table_no_longer_tells_anything_of(tmp_path):
    workspace = Workspace(tmp_path)
    bring(
        workspace,
        case("道路积水", "2026-03-02 09:00", 处置截止时间="2026-03-02 13:00"),  # as the table below has it
        case("道路积水", "2026-03-02 09:00"),
        case("旧井盖", "2026-03-02 09:00"),
    )
    water = {"hazard": "waterlogging", "limit_text": "4紧急工作时"}
    limits(workspace, water)
    assert [at for at, _ in told(workspace)][:2] == ["2026-03-02 13:00"] * 2
    with workspace.change("standard", who="t") as change:
        change.write("standards", TABLES["standards"].schema.empty_table())
        moved = deadlines.assign_again(change)
        change.commit()
    # The first is due at the very same time, now as its file gives it; the second no longer at all
    assert moved == deadlines.Moved(changed=1, lost=2, lost_to_file=1)


def test_limits_by_hazard_and_by_words_follow_the_rules_of_the_hazards(tmp_path):
    workspace = Workspace(tmp_path)
    bring(
        workspace,
        case("道路积水", "2026-03-02 09:00", 问题描述="桥下积水"),
        case("道路积水", "2026-03-02 09:00", 问题描述="路边积水"),
        case("旧井盖", "2026-03-02 09:00"),
    )
    assert {why for _, why in told(workspace)} == {"no-limit"}
    water = {"hazard": "waterlogging", "limit_text": "4工作时"}
    assert limits(workspace, water, {**water, "words": "桥 隧道", "limit_text": "1紧急工作时"}) == 2
    assert [at for at, _ in told(workspace)] == ["2026-03-02 10:00", "2026-03-02 15:00", ""]
    rules = pd.concat([pd.DataFrame([["", "", "", "井盖", "waterlogging", ""]], columns=RULE_COLUMNS), DEFAULT_RULES])
    answer = set_rules(workspace, rules, who="t")
    assert (answer["changed"], answer["due_changed"]) == (1, 1)
    assert told(workspace)[2] == ("2026-03-02 15:00", "table")


def test_what_is_handled_on_the_spot_or_by_engineering_is_told_apart(tmp_path):
    workspace = Workspace(tmp_path)
    limits(workspace, {"type_name": "大修", "limit_text": "15天", "handling": "engineering"})
    start = "2026-03-02 09:00"
    cases = [
        case("井盖", start), case("井盖", start, 自处置="是"), case("井盖", start, 自处置="1.0"),
        case("井盖", start, 自处置="否"), case("井盖", start, 自处置="0"), case("大修", start, 自处置="是"),
        case("井盖", start, 自处置="Y", 勘察时间="2026-03-03 10:00"), case("井盖", start, 自处置="自处置"),
    ]  # fmt: skip
    bring(workspace, *cases)
    found = workspace.newest().query("SELECT handling FROM incidents ORDER BY incident_id")["handling"]
    assert found.to_pylist() == ["", "on_spot", "on_spot", "", "", "engineering", "engineering", "on_spot"]


def test_the_zone_of_a_first_import_is_that_of_its_office_hours(tmp_path):
    workspace = office(tmp_path)
    bring(workspace, case("井盖松动", "2026-03-02 09:00"), zone="Asia/Urumqi")
    (found,) = workspace.newest().query("SELECT due_at FROM incidents").to_pylist()
    assert pd.Timestamp(found["due_at"]) == pd.Timestamp("2026-03-02 15:00", tz="Asia/Urumqi")


def test_a_limit_of_centuries_is_past_every_calendar(tmp_path):
    workspace = Workspace(tmp_path)
    bring(workspace, case("甲", "2026-03-02 09:00"), case("乙", "2026-03-02 09:00"))
    limits(workspace, {"type_name": "甲", "limit_text": "99999999自然日"}, {"type_name": "乙", "limit_text": "99999天"})
    assert told(workspace) == [("", "uncovered")] * 2


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """An office of plain weeks without a holiday, in 2050."""
    workspace = Workspace(tmp_path_factory.mktemp("plain"))
    load_workdays(workspace, "日期,是否工作日\n2049,\n2050,\n2051,\n".encode(), "周.csv", who="t")
    texts = ("2紧急工作时", "4工作时", "5工作日", "3自然日")
    limits(workspace, *({"type_name": f"类{k}", "limit_text": text} for k, text in enumerate(texts)))
    return workspace.newest()


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 200 * 1440), st.integers(0, 9000), st.integers(0, 9000)),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 10),
)
def test_shifting_all_times_by_plain_weeks_shifts_every_deadline_by_as_much(plain, cases, weeks):
    first, week = pd.Timestamp("2050-01-03", tz=ZONE), pd.Timedelta(weeks=weeks)

    def due(shift: pd.Timedelta) -> np.ndarray:
        made = []
        for k, (kind, minute, hold, length) in enumerate(cases):
            start = first + pd.Timedelta(minutes=minute) + shift
            pause = start + pd.Timedelta(minutes=hold)
            times = {"reported_at": start, "paused_at": pause, "resumed_at": pause + pd.Timedelta(minutes=length)}
            times = {name: at.to_pydatetime() for name, at in times.items()}
            made.append({"incident_id": str(k), "type_name": f"类{kind}", **times})
        found = deadlines.assign(rows(made), plain, {})
        assert set(found["due_from"].to_pylist()) == {"table"}
        return found["due_at"].to_numpy()

    assert (due(week) == due(pd.Timedelta(0)) + week.to_timedelta64()).all()


def test_the_calendar_of_a_version_is_made_once(plain):
    assert calendar_of(plain) is calendar_of(plain)
    assert calendar_of(plain) is not calendar_of(plain, "Asia/Urumqi")
