"""What is told of resolution times: counted by hand over a few cases, the same on page, command and workbook."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from stored import boundary, rows, store, with_grids
from test_cli import Said, asked

from base.errors import HazardError
from base.text import Words
from data import queries
from data.changes import set_settings
from data.deadline_table import remove_edition, save_edition
from data.levels import load_cells
from data.schema import Scope
from data.shared_limits import shared_limits
from data.standards import load_standard
from data.store import Workspace
from reports import (
    answers,
    backlog,
    intake,
    plain_times,
    standing,
    times,
    times_book,
    times_cell,
    times_due,
    times_rows,
)
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
            "decided",
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


@pytest.mark.parametrize("hazard", ["waterlogging", "wall_risk"])
def test_overview_and_page_call_the_same_cases_undecided(tmp_path, hazard):
    # One hazard has a deadline in the file, the other none: its cases are undecided, for others of the source are not
    dataset = put(tmp_path, [CASES[0], {"hazard": "wall_risk", "due_from": "no-limit"}])
    scope = Scope("grid", hazards=(hazard,))
    n = int(hazard == "wall_risk")
    assert (queries.totals(dataset, scope)["undecided"], sum(times.headline(dataset, scope).undecided.values())) == (
        n,
        n,
    )


def test_a_table_of_deadlines_taken_back_leaves_nobody_undecided(tmp_path):
    workspace = with_grids(tmp_path)
    save_edition(workspace, pd.DataFrame([{"hazard": "other", "limit_text": "4工作时"}]), scheme="own", kind="",
                 valid_from=None, who="t")  # fmt: skip
    with_table = store(workspace, rows([{"incident_id": "1", **START, "due_from": "no-limit"}]))
    remove_edition(workspace, scheme="own", kind="", valid_from="", who="t")
    for version, n in ((with_table, 1), (workspace.newest(), 0)):
        assert queries.totals(version, GRID)["undecided"] == n
        assert sum(times.headline(version, GRID).undecided.values()) == n


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
    assert said(funnel.sentences, EN) == ["Only one cell had cases due, so there is nothing to compare."]
    empty = standing.funnel(told, Scope("grid", hazards=("wall_risk",)), "unit")
    assert (len(empty.rows), empty.funnel) == (0, None)
    heat = standing.heat(told, GRID)
    assert "1 pairs of cell and hazard have cases due;" in heat.sentence.say(EN)
    assert " 2 pairs of cell and hazard have cases;" in " " + standing.heat(
        told, GRID, measure="median_hours"
    ).sentence.say(EN)
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


def test_months_of_several_hazards_say_that_their_mix_differs(told):
    one = Scope("grid", hazards=("waterlogging",))
    caveats = [standing.trend(told, scope, Asked()).caveats for scope in (GRID, one)]
    assert [len(found) for found in caveats] == [1, 0]
    by_month = Asked("month")
    assert standing.caveats(told, GRID, by_month, times.groups(told, GRID, by_month))[-1:] == caveats[0]


def test_cases_whose_deadline_nobody_knows_are_not_said_to_be_due_later(tmp_path):
    later = {"due_at": "2030-01-05 12:00", **FILE}
    dataset = put(tmp_path, [later, {"hazard": "wall_risk", "due_from": "uncovered"}])
    kinds = [times.headline(dataset, Scope("grid", hazards=(one,))) for one in ("waterlogging", "wall_risk")]
    due, unknown = (" ".join(said(head.sentences, EN)) for head in kinds)
    assert "No case was due yet" in due
    assert "Of no case is the deadline known" in unknown
    assert "No case was due yet" not in unknown


SETTLED = {"reported_at": "2025-12-01 08:00", "closed_at": "2025-12-01 10:00", "due_at": "2025-12-02 08:00", **FILE}
STILL = {"reported_at": "2025-12-02 08:00"}


@pytest.mark.parametrize(
    ("more", "settled"),
    [
        ([], True),
        ([{**STILL, "due_at": "2025-12-03 08:00", **FILE}], True),  # open, and late for good
        ([{**STILL, "due_at": "2026-03-03 08:00", **FILE}], False),  # not due yet
        ([{**STILL, "closed_at": "2025-12-09 08:00", "due_at": "2026-03-03 08:00", **FILE}], False),
        ([{**STILL, "due_from": "no-start"}], False),  # not begun: dispatched tomorrow it has a deadline
        ([{**STILL, "due_from": "on-hold"}], False),
        ([{**STILL, "due_from": "on-hold", "closed_at": "2025-12-09 08:00"}], True),  # nobody waits for it
    ],
)
def test_a_share_of_a_month_is_settled_when_no_case_can_still_come_to_it(tmp_path, more, settled):
    months = standing.trend(put(tmp_path, [SETTLED, *more]), GRID, Asked()).rows.set_index("month")
    assert months.loc["2025-12", "share_settled"] == settled


def test_a_month_is_not_settled_while_a_case_has_a_deadline_and_no_start(tmp_path):
    # The file gives deadlines also to a case that was never dispatched: on no limit's clock, but due in June
    target = {"due_at": "2026-06-11 09:00", "dispatched_at": None, **FILE}
    begun = {"dispatched_at": "2025-12-01 08:00", **SETTLED}
    dataset = put(tmp_path, [begun, {**STILL, **target}], options={"mapping": {"dispatched_at": "a", "closed_at": "b"}})
    (month,) = standing.trend(dataset, GRID, Asked()).rows.to_dict("records")
    assert (month["decided"], month["due"], month["share_settled"]) == (2, 1, False)
    head = times.headline(dataset, GRID)
    assert (head.overall["decided"], head.overall["limited"]) == (2, 1)
    (estimate,) = [line for line in said(head.sentences, EN) if line.startswith("Estimate for")]
    assert estimate.startswith("Estimate for 1 of the 2 cases with a deadline, also those not due yet: 100% within")
    assert "2 件有时限的案件中" in "".join(said(head.sentences, ZH))


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


def test_a_limit_that_was_moved_for_a_case_is_no_line_for_its_curve(tmp_path):
    limit = {"limit_text": "2紧急工作时", "limit_value": 2.0, "limit_clock": "urgent_hour", "due_from": "table"}
    done = {"closed_at": "2026-01-05 10:00", "due_at": "2026-01-05 10:00", **limit}
    held = done | {"paused_at": "2026-01-05 09:00", "resumed_at": "2026-01-05 10:00", "due_at": "2026-01-05 11:00"}
    cases = [
        {"cell": "A", **done},
        {"cell": "B", **done}, {"cell": "B", **done, "postponed_days": 1.0, "due_at": "2026-01-06 10:00"},
        {"cell": "C", **held},
        {"cell": "D", **done, "postponed_hours": 3.0, "due_at": "2026-01-05 13:00"},
    ]  # fmt: skip
    dataset = put(tmp_path, cases)
    assert list(times.curves(dataset, GRID, Asked("cell")).limits) == ["A"]
    work = {"limit_text": "2工作时", "limit_clock": "work_hour"}
    dataset = put(tmp_path / "work", [case | work for case in cases])
    # The clock of work time stands still while a case is on hold, so that its limit stays where it is
    assert list(times.curves(dataset, GRID, Asked("cell", "work")).limits) == ["A", "C"]


def test_no_line_is_sought_where_no_case_has_the_key(tmp_path):
    limit = {"limit_text": "2紧急工作时", "limit_value": 2.0, "limit_clock": "urgent_hour", "due_from": "table"}
    dataset = put(tmp_path, [{"cell": None, "closed_at": "2026-01-05 09:00", **limit}])
    assert len(shared_limits(dataset, GRID, "cell")) == 0


def test_hazards_are_not_called_slower_or_quicker_than_each_other(tmp_path):
    quick = [{"closed_at": f"2026-01-05 09:{minute:02}"} for minute in range(60)]
    slow = [{"closed_at": f"2026-01-15 09:{minute:02}", "hazard": "wall_risk"} for minute in range(60)]
    dataset = put(tmp_path, quick + slow)
    for scope in (GRID, Scope("grid", hazards=("wall_risk",))):
        assert times.groups(dataset, scope, Asked("hazard"))["verdict"].isna().all()


@pytest.fixture(scope="module")
def two_editions(tmp_path_factory):
    """A boundary of four cells, from March on of the first two; in the older ones most cases were late."""
    workspace = Workspace(tmp_path_factory.mktemp("editions"))
    load_cells(workspace, boundary("ABCD", columns=4), "g.geojson", level="grid", who="t")
    load_cells(workspace, boundary("AB", columns=4), "g2.geojson", level="grid", who="t", valid_from="2025-03-01")
    late = {"A": 24, "B": 8, "C": 70, "D": 70}
    times_of = {"reported_at": "2025-01-06 08:00", "due_at": "2025-01-06 12:00", **FILE}
    cases = [
        {"cell": cell, "closed_at": f"2025-01-06 {(14 if n < many else 10) + n // 60}:{n % 60:02}", **times_of}
        for cell, many in late.items() for n in range(80)
    ]  # fmt: skip
    named = [{"incident_id": str(n), **START, **case} for n, case in enumerate(cases)]
    return store(workspace, rows(named))


def test_ranking_command_figure_and_workbook_call_a_cell_the_same(two_editions):
    scope = Scope("grid", hazards=("waterlogging",))
    asked_for = Asked("cell")
    groups = times.groups(two_editions, scope, asked_for)
    figure = standing.funnel(two_editions, scope)
    # 32 of 160 are late in A and B together: of 80 that are all alike 5 to 28 would be, in 998 of 1,000 cells
    assert dict(zip(figure.rows["key"], figure.rows["word"], strict=True)) == {"A": "above", "B": "below"}
    assert groups.set_index("key")["funnel"].to_dict() == {"A": "above", "B": "below", "C": None, "D": None}
    book = times_book.screen_of(two_editions, scope, asked_for)
    assert book.funnel.rows.equals(figure.rows)


def test_what_differs_throughout_singles_nobody_out_also_in_the_ranking(tmp_path):
    due = {"due_at": "2026-01-05 12:00", **FILE}
    cases = [
        {"cell": cell, "closed_at": f"2026-01-05 {14 if n < many else 10}:{n:02}", **due}
        for cell, many in {"A": 45, "B": 5, "C": 40, "D": 10}.items() for n in range(50)
    ]  # fmt: skip
    dataset = put(tmp_path, cases)
    groups = times.groups(dataset, GRID, Asked("cell"))
    assert groups["funnel"].isin(["far_above", "far_below"]).all()
    told = said(standing.caveats(dataset, GRID, Asked("cell"), groups), EN)
    assert ["singles nobody out" in told[0], "choose one hazard" in told[1]] == [True, True]
    assert told == said(standing.funnel(dataset, GRID).sentences, EN)[1:]
    assert standing.caveats(dataset, GRID, Asked("cell"), groups.assign(funnel="within")) == ()
    assert standing.caveats(dataset, GRID, Asked("hazard"), groups) == ()
    out = Said(tmp_path, "resolution", "--by", "cell").out
    assert "singles nobody out" in out


def test_without_a_table_of_deadlines_no_row_of_it_is_said_not_to_fit(tmp_path):
    head = times.headline(put(tmp_path, [CASES[0], CASES[4]]), GRID)
    line = next(one for one in said(head.sentences, EN) if "no deadline can be told" in one)
    assert line.endswith("so it is neither in time nor late: 1 (no table of deadlines is loaded).")
    workspace = with_grids(tmp_path / "table")
    load_standard(workspace, STANDARD.encode(), "事件标准.csv", scheme="own", who="t")
    dataset = store(workspace, rows([{"incident_id": str(n), **START, **CASES[n]} for n in (0, 4)]))
    line = next(one for one in said(times.headline(dataset, GRID).sentences, EN) if "no deadline can be told" in one)
    assert line.endswith("1 (no row of the table of deadlines fits the case).")


def test_voided_and_reworked_cases_are_told_with_the_stages(tmp_path):
    # Voided after 2 and 4 hours: half within 3. Sent back: 12 cases of 10 h; 12 others took 2 h; of one it is not told.
    gone = [{"voided_at": f"2026-01-05 {hour}:00"} for hour in (10, 12)]
    back = [{"closed_at": "2026-01-05 18:00", "reworked": "1"}] * 12
    others = [{"closed_at": "2026-01-05 10:00", "reworked": "0"}] * 12
    workspace = with_grids(tmp_path)
    set_settings(workspace, {"few_reports": 10}, who="t")
    cases = [*gone, *back, *others, {"closed_at": "2026-01-05 11:00", "reworked": None}]
    dataset = store(workspace, rows([{"incident_id": str(n), **START, **case} for n, case in enumerate(cases)]))
    told = said(backlog.waterfall(dataset, GRID).sentences, EN)
    assert told[-2:] == [
        "2 of 27 cases were voided, half of them within 3 h of the report.",
        "12 of 24 cases of which it is told were sent back and reworked (50%): median 10 h, of the others 2 h. What "
        "stays open for long is sent back more easily, so the difference is not what the rework took.",
    ]
    set_settings(workspace, {"few_reports": 20}, who="t")
    told = said(backlog.waterfall(workspace.newest(), GRID).sentences, EN)
    assert told[-1] == (
        "12 of 24 cases of which it is told were sent back and reworked: too few to compare their times."
    )
    assert backlog.waterfall(dataset, Scope("grid", hazards=("other",))).sentences == (
        backlog.waterfall(dataset, Scope("grid", hazards=("wall_risk",))).sentences
    )


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


def test_where_handling_ends_a_case_no_answer_calls_a_handled_one_past_due(tmp_path):
    # Thirty handled in time and none closed, then one past due that nobody handled, and one whose time still runs
    workspace = with_grids(tmp_path)
    due = {"due_at": "2026-01-05 12:00", "cell": "A", **FILE}
    cases = [{"handled_at": "2026-01-05 10:00", **due}] * 30 + [due, {**due, "due_at": "2026-02-05 12:00"}]
    set_settings(workspace, {"clock_end": "handled"}, who="t")
    dataset = store(workspace, rows([{"incident_id": str(n), **START, **case} for n, case in enumerate(cases)]))
    head = times.headline(dataset, GRID)
    assert head.main.say(EN).endswith("; 32 are open, 1 past due")
    shown = said(head.sentences, EN)
    assert any(line.startswith("30 of the 31 cases due so far were handled in time: 97%") for line in shown)
    assert not any("closed in time" in line for line in shown)
    assert queries.totals(dataset, GRID)["open_overdue"] == 1
    assert times.groups(dataset, GRID, Asked(by="cell"))["past_due"].tolist() == [1]
    ages = backlog.ageing(dataset, GRID)
    assert (sum(ages.overall.values()), ages.overall["not_due"], ages.overall["to_30_days"]) == (2, 1, 1)
    assert ages.sentence.say(EN) == (
        "Of 32 open cases 1 are past due (0 by more than 30 days) and 1 not due yet. 30 open cases are handled, so "
        "they are not past due: they only have to be closed."
    )
    assert "不属超期" in ages.sentence.say(ZH)
    worst = backlog.worst(dataset, GRID)
    assert worst.rows["incident_id"].tolist()[0] == "30"
    assert (worst.rows["hours_past_due"] >= 0).sum() == 1
    one = times_cell.one_cell(dataset, GRID, Asked(), "A")
    assert one.hazards["past_due"].tolist() == [1]
    assert (one.cases["hours_past_due"] >= 0).sum() == 1


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


NOBODY = "Of 4 cases nobody knows whether they are closed: the files tell no closing times"
UNTOLD = {"mapping": {"reported_at": "上报时间"}}  # no column with a closing time


@pytest.mark.parametrize("limits", [True, False])
def test_of_a_source_without_closing_times_nobody_says_that_none_is_open(tmp_path, limits):
    case = {"due_at": "2026-01-05 12:00", **FILE} if limits else {"due_from": "no-limit"}
    dataset = put(tmp_path, [{**case, "cell": "A"}] * 4, options=UNTOLD)
    head = times.headline(dataset, GRID)
    assert head.main.say(EN) == NOBODY
    assert head.main.say(ZH) == "有 4 件案件是否办结无从得知：数据文件中没有结案时间"
    shown = {one.code: (one.value.say(EN), one.below.say(EN)) for one in head.figures}
    why = ("–", "the files tell no closing times")
    assert shown == dict.fromkeys(("median", "p90", "share", "within", "open"), why)
    assert {one.below.say(ZH) for one in head.figures} == {"数据文件中没有结案时间"}
    assert not any("was due yet" in line for line in said(head.sentences, EN))
    assert backlog.ageing(dataset, GRID).sentence.say(EN) == f"{NOBODY}."
    assert backlog.worst(dataset, GRID).sentence.say(EN) == f"{NOBODY}."
    assert times_due.origins(dataset, GRID).sentence.say(EN) == f"{NOBODY}."


def test_where_some_sources_tell_no_closing_the_open_card_says_of_how_many_it_is_not_known(tmp_path):
    put(tmp_path, CASES[:3])
    other = [{**START, "cell": "A", "incident_id": str(n), "due_from": "no-limit"} for n in range(4)]
    more = rows(other, import_id="i2", source="t")
    dataset = store(Workspace(tmp_path), more, import_id="i2", source="t", options=UNTOLD)
    card = times.headline(dataset, GRID).figures[-1]
    assert (card.value.say(EN), card.below.say(EN)) == ("1", "1 past due; of 4 more not known whether they are open")
    assert card.below.say(ZH) == "已超期 1 件；另有 4 件是否办结不明"


def test_a_half_that_is_estimated_is_not_told_as_a_count(tmp_path):
    # Reported 20, 10 and 5 days before the end: one is closed after 10 days, when one alone is still followed. Half of
    # all at 10 days by the curve (1 - 1/1), yet 1 of 3 was closed
    water = {"hazard": "waterlogging", "cell": "A", "due_from": "no-limit"}
    known = [
        {**water, "reported_at": "2026-01-05 18:00", "closed_at": "2026-01-15 18:00"},
        {**water, "reported_at": "2026-01-26 18:00"},
        {**water, "reported_at": "2026-01-25 18:00"},
    ]
    head = times.headline(put(tmp_path, known), GRID)
    assert (head.overall["n"], head.overall["open"], head.overall["median_hours"]) == (3, 2, 240.0)
    assert head.main.say(EN) == "By estimate half of the 3 cases are closed within 10 days; 2 are open"
    assert head.main.say(ZH) == "据估计，3 件案件中有一半在 10 天内办结；未办结 2 件"


def test_the_summary_says_that_stages_stay_in_natural_time(tmp_path):
    screen = times_book.screen_of(put(tmp_path, CASES), GRID, Asked("hazard", times.WORK))
    line = "Stages are told in natural time, whichever clock is chosen."
    assert line in plain_times.summary(screen, EN)
    assert line in times_book.summary(screen, EN)["stages"]["sentences"]
    assert "各环节一律按自然时间计" in "".join(plain_times.summary(screen, ZH))


def test_a_median_of_no_work_time_says_why(tmp_path):
    # Sunday 11 January 2026: two cases are reported and closed on a day off, the third on Monday after an hour of work
    water = {"hazard": "waterlogging", "cell": "A", "due_from": "no-limit"}
    at = [("2026-01-11 10:00", "2026-01-11 12:00")] * 2 + [("2026-01-12 10:00", "2026-01-12 11:00")]
    dataset = put(tmp_path, [{**water, "reported_at": start, "closed_at": end} for start, end in at])
    line = (
        "2 of 3 cases took no work time: they were closed before any office time had run, as at night or on a weekend, "
        "holds taken out."
    )
    work = Asked("hazard", times.WORK)
    groups = times.groups(dataset, GRID, work)
    assert groups["median_hours"].tolist() == [0.0]
    assert standing.caveats(dataset, GRID, work, groups)[0].say(EN) == line
    assert times.curves(dataset, GRID, work).sentence.say(EN).endswith(f" {line}")
    assert standing.caveats(dataset, GRID, Asked("hazard"), groups.assign(high=0.0)) == ()  # the other clock ran


def test_a_plus_in_an_interval_is_explained_where_it_stands(tmp_path):
    # Two of three are closed: the half is reached after 9 or 10 days, the upper limit of that never
    water = {"hazard": "waterlogging", "cell": "A", "due_from": "no-limit"}
    known = [
        {**water, "reported_at": "2026-01-05 18:00", "closed_at": "2026-01-15 18:00"},
        {**water, "reported_at": "2026-01-06 18:00", "closed_at": "2026-01-07 18:00"},
        {**water, "reported_at": "2026-01-06 18:00"},
    ]
    dataset = put(tmp_path, known)
    groups = times.groups(dataset, GRID, Asked("hazard"))
    shown = times_rows.in_words(groups, {}, clock=times.RAW, few_reports=1, words=EN)["median"].item()
    said_below = [one.say(EN) for one in standing.caveats(dataset, GRID, Asked("hazard"), groups)]
    assert shown.endswith("+)")
    plus = "A plus in an interval: its upper end cannot be told, for the cases are too few or still open."
    assert said_below == [plus]
    assert standing.caveats(dataset, GRID, Asked("hazard"), groups.assign(high=300.0)) == ()


@pytest.mark.parametrize(("by", "what"), [("cell", "cells"), ("unit", "handling units")])
def test_a_funnel_says_of_what_it_counts_the_groups(tmp_path, by, what):
    dated = {"reported_at": "2025-01-06 08:00", "due_at": "2025-01-06 12:00", "closed_at": "2025-01-06 10:00", **FILE}
    cases = [{**START, "incident_id": name, "cell": name, "unit": name, **dated} for name in "AB"]
    sentence = standing.funnel(put(tmp_path, cases), GRID, by).sentences[0]
    assert sentence.say(EN) == f"Of 2 {what} with cases due none has more late ones than chance gives."


def test_the_only_month_is_not_counted_as_one_of_one(tmp_path):
    dataset = put(tmp_path, [{"cell": "A", "due_from": "no-limit"}])
    assert standing.trend(dataset, GRID, Asked()).sentence.say(EN) == (
        "Open cases count for as long as they have been open. They can still change the median of the only month, so "
        "it is not drawn but told as “at least”."
    )


@pytest.mark.parametrize(
    ("kind", "facts", "text"),
    [
        ("deadlines", {"changed": 2}, "1 limit of code list s, since 2025; 2 cases are due at another time"),
        ("deadlines-undo", {"took_back": 3, "changed": 1},
         "the table is as before version 3, with 1 row; 1 case is due at another time"),
        ("workdays-undo", {"file": "d.csv"}, "d.csv taken back: the table is as before, with 1 row"),
    ],
)  # fmt: skip
def test_the_history_counts_one_as_one(monkeypatch, kind, facts, text):
    monkeypatch.setattr(intake, "since", lambda day, words: "since 2025")
    scheme = {"scheme": "s", "valid_from": "2025-01-01"} if kind == "deadlines" else {}
    monkeypatch.setattr(intake, "scheme_name", lambda words, name: name)
    assert intake.change_sentence(kind, {**scheme, **facts, "rows": 1}, EN) == text
    assert "1" in intake.change_sentence(kind, {**scheme, **facts, "rows": 1}, ZH)
