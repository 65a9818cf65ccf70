"""Groups as rows for people: their order, and figures with intervals as a person reads them."""

import numpy as np
import pandas as pd
import pytest

from analysis.survival import kaplan_meier
from base.text import Sentence, Words, time_unit
from reports import standing, times, times_rows, times_words

EN, ZH = Words("en"), Words("zh")
ROW = {
    "key": "a", "n": 40, "open": 2, "past_due": 1, "median_hours": 3.2, "low": 2.9, "high": 3.6, "due": 42,
    "in_time": 34, "share_in_time": 34 / 42, "share_low": 0.67, "share_high": 0.90, "few": False, "verdict": None,
    "funnel": None,
}  # fmt: skip


def groups(*changes):
    return pd.DataFrame([{**ROW, **one} for one in changes])


def shown(clock=times.RAW, words=EN, **change):
    rows = times_rows.in_words(groups(change), {"a": "Cell A"}, clock=clock, few_reports=10, words=words)
    return rows.iloc[0]


def test_a_median_has_its_interval_in_the_same_unit():
    assert shown()["median"] == "3.2 h (2.9–3.6)"
    assert shown(median_hours=96.0, low=48.0, high=150.0)["median"] == "4 days (2–6.2)"  # 150 h = 6.25 days
    assert shown(high=np.nan)["median"] == "3.2 h (2.9+)"
    assert shown(low=np.nan)["median"] == "3.2 h"
    assert shown(median_hours=np.nan)["median"] == "not reached"
    assert shown(n=0, median_hours=np.nan)["median"] == "–"
    assert shown(clock=times.WORK, median_hours=32.0, low=24.0, high=40.0)["median"] == "4 workdays (3–5)"


@pytest.mark.parametrize("clock", times.CLOCKS)
@pytest.mark.parametrize("hours", [0.01, 0.99, 1.0, 7.9, 23.9, 24.0, 71.9, 72.0, 500.0])
def test_the_unit_of_an_interval_is_that_of_its_length_of_time(clock, hours):
    told = times_words.duration(hours, clock).fields["n"]
    assert told == pytest.approx(
        hours / time_unit(hours, times_words.work_day(clock))[0], abs=0.5 if hours < 1 else 0.06 + hours / 480
    )


def test_a_share_has_its_interval_and_the_cases_due_and_one_of_few_cases_only_counts():
    assert shown()["share"] == "81% (67–90%), 42 due"
    assert shown(due=9, in_time=5)["share"] == "5 of 9"
    assert shown(due=0, in_time=0, share_in_time=np.nan)["share"] == "–"
    assert shown(words=ZH)["share"] == "81% (67–90%)，42 件"


def test_what_stands_out_comes_first_and_few_cases_last():
    table = groups(
        {"key": "few", "n": 5, "few": True, "verdict": "slower"},
        {"key": "quick", "verdict": "quicker"},
        {"key": "large", "n": 90},
        {"key": "small", "n": 30},
        {"key": "slow", "verdict": "slower"},
        {"key": "late", "n": 50, "funnel": "far_above"},
    )
    assert times_rows.ranked(table, "unit")["key"].tolist() == ["late", "slow", "large", "small", "quick", "few"]
    months = groups({"key": "2025-02"}, {"key": "2025-01", "n": 90}, {"key": "2025-03", "n": 1, "few": True})
    assert times_rows.ranked(months, "month")["key"].tolist() == ["2025-03", "2025-02", "2025-01"]


def test_how_a_group_stands_is_said_of_its_time_and_of_its_late_cases():
    assert shown(verdict="slower", funnel="far_above")["stands"] == "slower, more late"
    assert shown(verdict="", funnel="within")["stands"] == ""
    assert shown(verdict="slower", few=True)["stands"] == "few cases"


def curves(limits):
    found = {
        "a": kaplan_meier([1, 2, 2, 5], [True, True, True, False]),
        "b": kaplan_meier([3, 4], [True, False]),
    }
    return times.Curves(found, limits, 2, Sentence("title"), Sentence("read"))


def test_curves_are_handed_out_with_a_row_for_each_closing_time():
    rows = times_rows.curve_rows(curves({}), {"a": "A"})
    assert rows["name"].tolist() == ["A", "A", "b"]
    assert rows["hours"].tolist() == [1, 2, 3]
    assert rows["still_open"].tolist() == pytest.approx([0.75, 0.25, 0.5])
    assert rows["followed"].tolist() == [4, 3, 2]
    assert list(times_rows.curve_rows(times.Curves({}, {}, 0, Sentence("t"), Sentence("s")), {})) == list(
        times_rows.CURVE_TITLES
    )


def test_one_line_is_drawn_only_where_all_curves_have_one_limit():
    two, four = times.Limit("2紧急工作时", 2.0), times.Limit("4紧急工作时", 4.0)
    assert times_rows.one_limit(curves({"a": two, "b": two})) == 2.0
    assert times_rows.one_limit(curves({"a": two})) is None
    assert times_rows.one_limit(curves({"a": two, "b": four})) is None
    assert times_rows.limit_lines(curves({"a": two}), {"a": "A"}, EN) == ["Limit of A: 2紧急工作时."]


def test_a_table_of_cells_becomes_rows_with_the_cases_behind_each():
    table = pd.DataFrame({"cell_id": ["x", "y"], "name": ["X", "Y"], "waterlogging": [0.5, np.nan], "other": [1, 0.2]})
    n = pd.DataFrame({"cell_id": ["x", "y"], "name": ["X", "Y"], "waterlogging": [4, 0], "other": [1, 20]})
    rows = times_rows.heat_rows(standing.Heat("share_in_time", table, n, 10, Sentence("s")))
    at = rows.set_index(["row", "column"])
    assert at.loc[("x", "waterlogging"), ["value", "n"]].tolist() == [0.5, 4]
    assert at.loc[("y", "other"), ["value", "n"]].tolist() == [0.2, 20]
    assert len(rows) == 4
    heat = standing.Heat("share_in_time", table, n, 10, Sentence("s"))
    assert list(times_rows.heat_cells(heat, 2).items()) == [("x", "X"), ("y", "Y")]
    assert list(times_rows.heat_cells(heat, 1)) == ["y", "x"]  # of too many, those with the most cases first


def test_of_a_case_it_is_told_by_how_much_it_is_past_due():
    due = pd.to_datetime(["2026-01-01", "2026-01-01", None, "2026-01-01"])
    cases = pd.DataFrame({"hours_past_due": [48.0, -3.0, np.nan, np.nan], "due_at": due})
    assert times_rows.late(cases, EN) == ["48 h", "not due yet", "no deadline known", ""]
