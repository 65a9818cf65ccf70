"""What is told of resolution times: counted by hand over a few cases, the same on page, command and workbook."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from stored import rows, store, with_grids
from test_cli import Said, asked

from base.errors import HazardError
from base.text import Words
from data.changes import set_settings
from data.schema import Scope
from data.standards import load_standard
from data.store import Workspace
from reports import answers, backlog, standing, times, times_book
from reports.times import APART, Asked

GRID = Scope(level="grid")
EN, ZH = Words("en"), Words("zh")
START = {"reported_at": "2026-01-05 08:00", "hazard": "waterlogging", "unit": "drains"}  # a Monday
FILE = {"due_from": "file"}
# reported on 5 January 2026, 08:00; known up to 31 January, 18:00, which is 634 hours later
CASES = [
    {"cell": "A", "closed_at": "2026-01-05 10:00", "due_at": "2026-01-05 12:00", **FILE},  # 2 h, in time
    {"cell": "A", "closed_at": "2026-01-05 14:00", "due_at": "2026-01-05 12:00", **FILE},  # 6 h, late
    {"cell": "A", "due_at": "2026-01-05 12:00", **FILE},  # open, past due by 630 hours
    {"cell": "B", "closed_at": "2026-01-05 09:00", "due_at": "2026-02-10 08:00", **FILE},  # 1 h, not due yet
    {"cell": "B", "due_from": "no-limit"},  # open
    {"cell": "B", "closed_at": "2026-01-04 09:00", "due_at": "2026-01-05 12:00", **FILE},  # before its report
    {"cell": "B", "closed_at": "2026-01-05 08:00", "due_at": "2026-01-05 12:00", **FILE},  # at its very moment
    {"cell": "B", "reported_at": None, "due_from": "no-start"},
    {"cell": "C", "closed_at": "2026-01-05 08:10", "handling": "on_spot", "due_from": "no-limit"},
    {"cell": "C", "surveyed_at": "2026-01-08 08:00", "handling": "engineering", "due_from": "no-limit"},
]


def put(path, cases, **options):
    named = [{"incident_id": str(n), **START, **case} for n, case in enumerate(cases, 1)]
    return store(with_grids(path), rows(named), **options)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return put(tmp_path_factory.mktemp("told"), CASES)


def said(sentences, words):
    return [one.say(words) for one in sentences]


def test_all_cases_together_as_counted_by_hand(told):
    head = times.headline(told, GRID)
    row = head.overall
    # 5 cases: 1 h, 2 h, 6 h, two open: 4/5, 3/5, 2/5 are still open after them, so half at 6 h
    assert (row["n"], row["open"], row["median_hours"]) == (5, 2, 6.0)
    assert np.isnan(row["p90_hours"])
    assert (row["due"], row["in_time"], row["past_due"], row["undecided"]) == (3, 1, 1, 1 + 1)
    assert row["share_in_time"] == pytest.approx(1 / 3)
    assert {name: n for name, n in head.apart.items() if n} == {
        "negative": 1, "zero": 1, "no_time": 1, "on_spot": 1, "engineering": 1
    }  # fmt: skip
    ordinary = [name for name in APART if name not in ("on_spot", "engineering", "reworked", "paused")]
    assert row["n"] + sum(head.apart[name] for name in ordinary) == 8  # all ordinary cases
    assert {code: n for code, n in head.undecided.items() if n} == {"no-limit": 1, "no-start": 1}
    # on their own limits: 1/4 ... 36 days of them ahead (1 h of 864), 2 of 4, 6 of 4 (late), open beyond its limit
    assert (row["limited"], row["within"]) == (4, pytest.approx(0.5))


def test_all_cases_together_are_said_in_both_languages(told):
    head = times.headline(told, Scope("grid", hazards=("waterlogging",)))
    assert head.main.say(EN) == "Half of the 5 waterlogging cases were closed within 6 h; 2 are open, 1 past due"
    assert head.main.say(ZH) == "5 件积水案件中有一半在 6 小时内办结；未办结 2 件，其中已超期 1 件"
    sentences = said(head.sentences, EN)
    assert sentences[0].startswith("Few cases: these 5 say little about the next ones (95% interval of the median: 1 h")
    assert sentences[1] == (
        "1 of the 3 cases due so far were closed in time: too few to tell a share, which may lie anywhere from 6% to "
        "79% (95% interval)."
    )
    assert (
        "Counted beside, in none of these figures: 1 closed before it was reported, 1 closed at the very moment of its "
        "report, 1 without a report time or a start, 1 handled on the spot, 1 engineering case." in sentences
    )
    assert any(line.startswith("Of 2 cases no deadline can be told, so they are neither in time") for line in sentences)
    assert "另行计数、不计入上述数字：结案早于上报 1 件、上报当时即结案 1 件、" in "".join(said(head.sentences, ZH))
    assert [one.code for one in head.figures] == ["median", "p90", "share", "within", "open"]
    assert said([one.value for one in head.figures], EN) == ["6 h", "not reached", "1 of 3", "–", "2"]
    assert said([one.value for one in head.figures], ZH) == ["6 小时", "未达到", "3 件中 1 件", "–", "2"]


@pytest.mark.parametrize(
    ("cases", "english", "chinese"),
    [
        ([], "There is no case here of which a duration is known", "此处没有用时可知的案件"),
        ([CASES[5]], "There is no case here of which a duration is known", "此处没有用时可知的案件"),
        ([CASES[0]], "1 waterlogging case, and it was closed within 2 h", "1 件积水案件，用时 2 小时 办结"),
        ([CASES[2]], "1 waterlogging case, and it is not closed yet", "1 件积水案件，尚未办结"),
        (
            [CASES[0], CASES[3]],  # half of two: from 1 h on one, up to 2 h
            "Half of the 2 waterlogging cases were closed within 1.5 h; none is open",
            "2 件积水案件中有一半在 1.5 小时内办结；没有未办结的",
        ),
        (
            [CASES[2], CASES[4]],
            "Within what time half of the 2 waterlogging cases are closed is not known yet; 2 are open, 1 past due",
            "2 件积水案件何时办结一半尚不可知；未办结 2 件，其中已超期 1 件",
        ),
        (
            [{"due_from": "no-limit"}, {"due_from": "no-limit", "closed_at": "2026-01-05 09:00"}],  # nobody has any
            "Half of the 2 waterlogging cases were closed within 13 days; 1 is open",
            "2 件积水案件中有一半在 13 天内办结；未办结 1 件",
        ),
    ],
)
def test_the_finding_is_true_of_no_case_of_one_and_of_two(tmp_path, cases, english, chinese):
    none = cases[:1] == [{"due_from": "no-limit"}]
    other = {**(CASES[0] if cases else CASES[5]), "hazard": "other"}  # has a deadline, or none, and is not asked for
    dataset = put(tmp_path, cases if none else [*cases, other])
    head = times.headline(dataset, Scope("grid", hazards=("waterlogging",)))
    assert head.has_deadlines == (not none)
    assert head.has_deadlines or head.overall["undecided"] == 0
    assert head.main.say(EN) == english
    assert head.main.say(ZH) == chinese
    assert all("NaN" not in line and "nan" not in line for line in said(head.sentences, EN) + said(head.sentences, ZH))


def test_groups_tie_with_all_cases_and_few_are_said_to_be_few(told):
    for by in ("hazard", "cell", "unit", "source", "channel"):
        groups = times.groups(told, GRID, Asked(by))
        overall = times.headline(told, GRID).overall
        for name in (
            "n",
            "open",
            "due",
            "in_time",
            "past_due",
            "open_undecided",
            "undecided",
            "limited",
            "negative",
            "zero",
        ):
            assert groups[name].sum() == overall[name], (by, name)
        assert groups["few"].all()
    cells = times.groups(told, Scope("grid", hazards=("waterlogging",)), Asked("cell")).set_index("key")
    assert list(cells.index) == ["A", "B"]  # C has cases of another handling only
    assert cells.loc["A", ["n", "open", "due", "in_time"]].tolist() == [3, 1, 3, 1]
    assert cells["verdict"].tolist() == ["few", "few"]
    assert times.groups(told, GRID, Asked("cell"))["verdict"].isna().all()  # several hazards are not compared
    engineering = times.headline(told, GRID, handling="engineering").overall
    assert (engineering["n"], engineering["open"]) == (1, 1)
    assert times.groups(told, GRID, Asked("cell", handling="on_spot"))["key"].tolist() == ["C"]


def test_the_same_numbers_stand_in_overview_cell_and_resolution(told):
    overall = times.headline(told, GRID).overall
    overview = answers.overview(told, GRID)
    for name in ("n", "open", "median_hours"):
        assert overview.overall[name] == overall[name]
    assert overview.in_time == (overall["share_in_time"], overall["share_low"], overall["share_high"])
    view = answers.cell_view(told, GRID, "A", overview.cells)
    assert view.hazards[["key", "n", "due", "in_time"]].to_numpy().tolist() == [["waterlogging", 3, 3, 1]]


def test_those_closed_in_bulk_are_left_out_and_the_share_with_them_is_told(tmp_path):
    late = {"closed_at": "2026-01-20 17:00", "due_at": "2026-01-06 12:00", **FILE}
    single = [
        {"closed_at": f"2026-01-{day} 1{hour}:30", "due_at": "2026-02-01 00:00", **FILE}
        for day in range(10, 20)
        for hour in range(4)
    ]
    head = times.headline(put(tmp_path, [*CASES[:3], *single, *[late] * 25]), GRID)
    assert (head.apart["bulk"], head.overall["due"], head.overall["in_time"]) == (25, 3, 1)
    assert head.share_with_bulk == pytest.approx(1 / 28)
    assert "With the cases closed in bulk the share in time would be 4%." in said(head.sentences, EN)
    assert "若计入批量结案的案件，按期办结率为 4%。" in said(head.sentences, ZH)


def test_an_open_case_more_never_raises_a_share_in_time(tmp_path):
    before = times.headline(put(tmp_path / "a", CASES), GRID).overall
    after = times.headline(put(tmp_path / "b", [*CASES, CASES[2]]), GRID).overall
    assert after["share_in_time"] < before["share_in_time"]
    assert after["within"] < before["within"]
    assert after["open"] == before["open"] + 1


def test_an_as_of_time_before_the_first_report_is_said(told):
    scope = Scope("grid", as_of=dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC))
    head = times.headline(told, scope)
    assert "Nothing had been reported by" in head.main.say(EN)
    assert head.main.say(ZH).endswith("最早一件上报于 2026年1月5日 08:00")
    assert head.sentences == ()
    assert times.groups(told, scope, Asked("cell"))["n"].sum() == 0
    assert standing.trend(told, scope, Asked()).rows.empty
    assert len(times_book.workbook(times_book.screen_of(told, scope, Asked()), EN)) > 1000


STANDARD = "小类代码,小类名称,立案条件,处置时限\n0401,道路积水,,4工作时\n0402,井盖松动,,尽快\n"


def test_limits_that_cannot_be_read_and_unknown_years_are_said_with_what_to_do(tmp_path):
    workspace = with_grids(tmp_path)
    load_standard(workspace, STANDARD.encode(), "事件标准.csv", scheme="own", who="t")
    cases = [{"due_from": "unread"}, {"due_from": "uncovered"}, {"due_from": "uncovered"}]
    dataset = store(workspace, rows([{"incident_id": str(n), **START, **case} for n, case in enumerate(cases)]))
    lines = said(times.headline(dataset, GRID).sentences, EN)
    unread = [line for line in lines if "尽快" in line]
    assert unread == [
        "The limit “尽快” in row 3 of the table of deadlines (own) cannot be read: write it there as 4工作时 or "
        "5工作日."
    ]
    assert any(
        line.startswith("The working calendar knows") and "Load a table of workdays of the other years" in line
        for line in lines
    )
    assert "无法识别：请在表中写成" in "".join(said(times.headline(dataset, GRID).sentences, ZH))
    assert dataset.query("SELECT count(*) AS n FROM incidents").column("n")[0].as_py() == 3


def test_a_stage_before_its_predecessor_is_counted_beside(tmp_path):
    dataset = put(
        tmp_path,
        [
            {"dispatched_at": "2026-01-05 09:00", "handled_at": "2026-01-05 11:00", "closed_at": "2026-01-05 12:00"},
            {"dispatched_at": "2026-01-05 09:00", "handled_at": "2026-01-05 13:00", "closed_at": "2026-01-05 14:00"},
            {"dispatched_at": "2026-01-05 09:00", "handled_at": "2026-01-05 15:00", "closed_at": "2026-01-05 14:00"},
        ],
    )
    found = backlog.waterfall(dataset, GRID)
    stages = found.rows.set_index(["stage_from", "stage_to"])
    assert stages.loc[("dispatched", "handled"), ["n", "open", "median_hours"]].tolist() == [2, 0, 3.0]
    assert stages.loc[("handled", "closed"), "out_of_order"] == 1
    assert said(found.sentences, EN) == [
        "The longest median is that from dispatch to handling done: 3 h, of 2 cases, 0 still in it. Medians of stages "
        "do not add up to that of the whole.",
        "Of 1 case “closing” lies before “handling done”: one of the two is wrong, so it is in no stage; it stays on "
        "the map.",
    ]


def test_open_cases_by_age_and_the_worst_first(told):
    ages = backlog.ageing(told, GRID, "cell")
    assert ages.overall == {
        "not_due": 0, "to_1_days": 0, "to_3_days": 0, "to_7_days": 0, "to_30_days": 1, "more": 0, "undecided": 2
    }  # fmt: skip
    assert ages.sentence.say(EN) == (
        "Of 3 open cases 1 are past due (0 by more than 30 days) and 0 not due yet; of 2 no deadline is known."
    )
    worst = backlog.worst(told, GRID)
    assert worst.rows["incident_id"].tolist() == ["3", "5", "8"]  # past due, then the longest open, then without a time
    assert worst.rows["hours_past_due"].iloc[0] == 630
    assert worst.sentence.say(EN).startswith("All 3 open cases: those past due (1) first")
    nothing = backlog.ageing(told, Scope("grid", hazards=("wall_risk",)))
    assert nothing.sentence.say(EN) == "No case is open."
    assert nothing.sentence.say(ZH) == "没有未办结案件。"


def test_the_furthest_past_due_comes_first_whatever_the_limit_of_the_list(tmp_path):
    days = (9, 3, 20, 12, 3)
    dataset = put(tmp_path, [{"due_at": f"2026-01-{day:02} 08:00", **FILE} for day in days] + [{}])
    everyone = backlog.worst(dataset, GRID).rows["incident_id"].tolist()
    assert everyone == ["2", "5", "1", "4", "3", "6"]
    for limit in range(1, 6):
        assert backlog.worst(dataset, GRID, limit=limit).rows["incident_id"].tolist() == everyone[:limit]


def test_the_funnel_and_the_heat_table_have_each_cell(told):
    funnel = standing.funnel(told, GRID)
    assert funnel.rows[["key", "due", "late"]].to_numpy().tolist() == [
        ["A", 3, 2],
        ["B", 0, 0],
        ["C", 0, 0],
        ["D", 0, 0],
    ]
    assert funnel.rows["word"].tolist() == ["within", "no_cases", "no_cases", "no_cases"]
    assert said(funnel.sentences, EN) == ["Only one group had cases due, so there is nothing to compare."]
    empty = standing.funnel(told, Scope("grid", hazards=("wall_risk",)), "unit")
    assert (len(empty.rows), empty.funnel) == (0, None)
    heat = standing.heat(told, GRID)
    assert heat.table["waterlogging"].iloc[0] == pytest.approx(1 / 3)
    assert heat.table["waterlogging"].iloc[1:].isna().all()
    assert heat.n["waterlogging"].tolist() == [3, 0, 0, 0]
    with pytest.raises(HazardError, match="measure") as refused:
        standing.heat(told, GRID, measure="measure")
    assert refused.value.code == "measure-unknown"


def test_a_month_is_settled_when_nothing_open_can_change_it(tmp_path):
    december = [{"reported_at": f"2025-12-{day:02} 08:00", "closed_at": f"2025-12-{day:02} 10:00"} for day in (1, 2, 3)]
    november = [{"reported_at": "2025-11-03 08:00"}, {"reported_at": "2025-11-04 08:00"}]
    months = standing.trend(put(tmp_path, [*november, *december, *CASES[:2]]), GRID, Asked()).rows.set_index("month")
    assert months["median_settled"].to_dict() == {"2025-11": False, "2025-12": True, "2026-01": False}
    assert months.loc["2025-12", "median_hours"] == 2
    # The younger of November's two open cases is open since the 4th: 88 days and 10 hours, as is the median at least
    assert months.loc["2025-11", "at_least_hours"] == pytest.approx(88 * 24 + 10, abs=0.1)


def test_a_curve_whose_cases_have_one_limit_has_its_line_on_that_clock(tmp_path):
    limit = {"limit_text": "4工作时", "limit_value": 4.0, "limit_clock": "work_hour", "due_from": "table"}
    other = limit | {"limit_text": "1工作日", "limit_value": 1.0, "limit_clock": "work_day"}
    cases = [{"cell": cell, "closed_at": "2026-01-05 10:00", "due_at": "2026-01-05 12:00"} for cell in "AABBC"]
    limits = [limit, limit, limit, other, other]
    dataset = put(tmp_path, [case | of for case, of in zip(cases, limits, strict=True)])
    found = times.curves(dataset, GRID, Asked("cell", "work"))
    assert {key: (one.text, one.hours) for key, one in found.limits.items()} == {
        "A": ("4工作时", 4.0), "C": ("1工作日", 8.0)
    }  # fmt: skip
    assert list(found.curves) == ["A", "B", "C"]
    assert times.curves(dataset, GRID, Asked("cell")).limits == {}  # natural hours since the report are no work hours
    one = times.curves(dataset, GRID, Asked("cell"), most=1)
    assert (list(one.curves), one.groups) == (["A"], 3)
    assert "the 1 largest of 3 groups" in one.sentence.say(EN)


def test_holds_are_told_with_and_without(tmp_path):
    # 4 work hours from Monday 08:00 end at 12:00; with a hold from 9 to 11 one of them has run by 9, two by 12, and
    # they end at 16:00: closed at 15:00 it is in time with the hold and late without
    workspace = with_grids(tmp_path)
    load_standard(workspace, STANDARD.encode(), "事件标准.csv", scheme="own", who="t")
    table = {"type_name": "道路积水", "due_from": "table", "limit_clock": "work_hour", "limit_value": 4.0}
    held = {"paused_at": "2026-01-05 09:00", "resumed_at": "2026-01-05 11:00", "due_at": "2026-01-05 16:00"}
    cases = [
        {"closed_at": "2026-01-05 15:00", **held, **table},
        {"closed_at": "2026-01-05 11:30", "due_at": "2026-01-05 12:00", **table},
    ]
    dataset = store(workspace, rows([{"incident_id": str(n), **START, **case} for n, case in enumerate(cases)]))
    found = times.holds(dataset, GRID)
    assert (found.paused, found.with_holds, found.without_holds) == (1, (2, 2), (2, 1))
    assert found.sentence.say(EN) == (
        "1 case was on hold. With the hold taken out 2 of 2 cases due are in time; as if there had been none, 1 of 2."
    )
    assert times.holds(dataset, Scope("grid", hazards=("other",))).sentence is None


def test_counting_when_cases_were_handled_is_said(tmp_path):
    workspace = with_grids(tmp_path)
    handled = {"handled_at": "2026-01-05 11:00", "closed_at": "2026-01-05 14:00", "due_at": "2026-01-05 12:00", **FILE}
    store(workspace, rows([{"incident_id": "1", **START, **handled}]))
    assert times.headline(workspace.newest(), GRID).overall["in_time"] == 0
    set_settings(workspace, {"clock_end": "handled"}, who="t")
    head = times.headline(workspace.newest(), GRID)
    assert head.overall["in_time"] == 1
    assert any("when the case was handled" in line for line in said(head.sentences, EN))


@pytest.mark.parametrize("asked_of", [Asked(clock="moon"), Asked(handling="magic"), Asked(by="colour")])
def test_an_unknown_clock_handling_or_key_is_refused(told, asked_of):
    with pytest.raises(HazardError) as refused:
        times.groups(told, GRID, asked_of)
    assert refused.value.code in ("clock-unknown", "handling-unknown", "key-unknown")


def test_the_command_the_page_and_the_workbook_tell_the_same(demo, tmp_path):
    dataset, scope = Workspace(demo).newest(), Scope("grid", hazards=("waterlogging",))
    for clock in ("raw", "work"):
        groups = times.groups(dataset, scope, Asked("cell", clock))
        file = tmp_path / f"{clock}.xlsx"
        options = ("--by", "cell", "--clock", clock, "--hazard", "waterlogging")
        found = asked(demo, "resolution", *options, "--out", file)
        assert [row["key"] for row in found] == groups["key"].tolist() == [row["cell_id"] for row in found]
        assert list(found[0])[:6] == ["key", "cell_id", "n", "open", "median_hours", "low"]
        for name in ("n", "open", "due", "in_time", "past_due", "median_hours", "share_in_time", "within", "verdict"):
            assert [row[name] for row in found] == [None if pd.isna(one) else one for one in groups[name]], name
        book = CalamineWorkbook.from_path(str(file))
        sheet = book.get_sheet_by_name("Groups").to_python()
        assert [row[sheet[0].index("Cases")] for row in sheet[1:]] == groups["n"].tolist()
        assert [row[sheet[0].index("Median hours to close")] for row in sheet[1:]] == pytest.approx(
            groups["median_hours"].tolist()
        )
        assert book.sheet_names == [
            "Groups", "Stages", "Ageing", "Worst", "Cells by hazard", "Months", "Funnel", "Left out", "About"
        ]  # fmt: skip
    overall = times.headline(dataset, scope).overall
    summary = asked(demo, "resolution", "--summary", "--hazard", "waterlogging")
    assert list(summary) == ["headline", "stages", "ageing", "funnel", "trend", "holds"]
    assert summary["headline"]["median_hours"] == overall["median_hours"]
    assert sum(row["n"] for row in summary["trend"]["rows"]) == summary["headline"]["n"] == overall["n"]
    assert sum(row["due"] for row in summary["funnel"]["rows"]) == overall["due"]


def test_the_workbook_is_written_in_chinese_and_holds_no_code_of_ours(told):
    content = times_book.workbook(times_book.screen_of(told, GRID, Asked("hazard")), ZH)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names[:2] == ["分组", "环节"]
    text = " ".join(
        str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row
    )
    assert not [code for code in ("no-limit", "to_30_days", "waterlogging", "share_in_time", "nan") if code in text]
    left = dict(row for row in book.get_sheet_by_name("未计入").to_python()[1:])
    assert left["结案早于上报"] == 1


def test_all_open_cases_stand_in_the_workbook_or_it_says_that_they_do_not(tmp_path, monkeypatch):
    dataset = put(tmp_path, [CASES[2]] * 250)

    def listed():
        content = times_book.workbook(times_book.screen_of(dataset, GRID, Asked()), EN)
        return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("Worst").to_python()

    whole = listed()
    assert len(whole) == 1 + 250
    assert any(str(cell).startswith("All 250 open cases:") for row in whole for cell in row)
    monkeypatch.setattr(backlog, "MOST_IN_A_BOOK", 100)
    some = listed()
    assert len(some) == 1 + 100
    assert any("The first 100 open cases" in str(cell) and "--trace" in str(cell) for row in some for cell in row)


def test_in_a_terminal_a_share_of_few_cases_is_told_as_its_counts(tmp_path):
    put(tmp_path, CASES)
    earlier = Said(tmp_path, "resolution", "--as-of", "2026-01-05 11:00").out
    assert earlier.startswith("All time · All hazards · as of 5 Jan 2026, 11:00")
    out = Said(tmp_path, "resolution", "--by", "cell", "--hazard", "waterlogging").out
    assert "1 of 3" in out
    assert "33%" not in out
    assert "Half of the 5 waterlogging cases were closed within 6 h; 2 are open, 1 past due." in out
    assert Said(tmp_path, "resolution", "--out", tmp_path / "a.csv").code == 2
    assert Said(tmp_path, "resolution", "--handling", "magic").code == 2


def test_a_building_site_that_is_looked_after_once_its_case_is_closed_ends_with_that(tmp_path):
    site = {"handling": "engineering", "surveyed_at": "2026-01-06 08:00", "designed_at": "2026-01-07 08:00",
            "built_at": "2026-01-09 08:00", "due_from": "no-limit"}  # fmt: skip
    dataset = put(
        tmp_path,
        [
            {**site, "closed_at": "2026-01-10 08:00", "followed_up_at": "2026-01-12 08:00"},  # after
            {**site, "closed_at": "2026-01-14 08:00", "followed_up_at": "2026-01-12 08:00"},  # before
        ],
    )
    rows = backlog.waterfall(dataset, GRID, handling="engineering").rows
    told = rows[rows["n"] > 0].set_index(["stage_from", "stage_to"])
    assert told["median_hours"].to_dict() == {
        ("reported", "surveyed"): 24, ("surveyed", "designed"): 24, ("designed", "built"): 48,
        ("built", "followed_up"): 72, ("followed_up", "closed"): 24,  # of 0 and 48 h
    }  # fmt: skip
    assert not rows["out_of_order"].any()
