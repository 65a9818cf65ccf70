"""Stages, ages and months as bars and dots hold the numbers they were given, and say what is not known."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from hostile_names import HOSTILE

from analysis import time_bars
from analysis.ageing import count_ages
from base.text import Words

ENGLISH = Words("en")
NAN = np.nan
STAGES = pd.DataFrame(
    [
        ("reported", "filed", False, 9, 0, 2.0, 1.0, 3.0),
        ("reported", "dispatched", True, 2, 0, 6.0, 5.0, NAN),
        ("filed", "dispatched", False, 9, 1, 4.0, 3.0, 5.0),
        ("dispatched", "handled", False, 8, 6, NAN, 7.0, NAN),
        ("handled", "closed", False, 2, 0, 10.0, 8.0, 12.0),
        ("filed", "closed", True, 0, 0, NAN, NAN, NAN),
    ],
    columns=["stage_from", "stage_to", "merged", "n", "open", "median_hours", "low", "high"],
)
NAMES = {"reported": "report", "filed": "filing", "dispatched": "dispatch", "handled": "work", "closed": "closing"}
TREND = pd.DataFrame(
    {
        "month": ["2026-01", "2026-02", "2026-03", "2026-04"],
        "n": [20, 0, 30, 10],
        "median_hours": [10.0, NAN, 12.0, 3.0],
        "low": [8.0, NAN, 9.0, 2.0],
        "high": [14.0, NAN, NAN, NAN],
        "median_settled": [True, False, True, False],
        "at_least_hours": [NAN, NAN, NAN, 5.0],
        "within": [0.8, NAN, 0.7, NAN],
        "within_low": [0.6, NAN, 0.5, NAN],
        "within_high": [0.9, NAN, 0.8, NAN],
        "within_settled": [True, False, False, False],
    }
)


def test_each_stage_begins_where_the_one_before_ends_and_a_merged_one_with_its_first_moment():
    figure = time_bars.stages_figure(STAGES, NAMES, words=ENGLISH)
    bars, text, named = figure.data
    assert list(bars.base) == [0, 0, 2, 6, 6]  # of the work nobody knows the median: what follows begins with it
    assert list(bars.x)[:3] == [2, 6, 4]
    assert list(bars.marker.opacity) == [1, 0.35, 1, 1, 1]
    assert list(bars.marker.pattern.shape) == ["", "", "", "/", ""]
    assert (bars.error_x.array[0], bars.error_x.arrayminus[0]) == (1, 1)
    assert bars.base[3] + bars.x[3] == max(text.x)  # a median not reached runs to the right edge
    said = [html.unescape(one) for one in text.text]
    assert (said[0], said[3]) == ("  2 h", "→ not reached")
    assert html.unescape(named.text[0]) == "report → filing  n = 9, open 0"
    assert set(named.x) == {0}
    assert not figure.layout.yaxis.showticklabels  # or they would take the room of the bars
    assert figure.layout.margin.l >= 28  # half of "0 min": plotly hides a tick that leaves the figure
    assert all(name > bar for name, bar in zip(named.y, bars.y, strict=True))  # above its bar, not beside it
    assert said[1].startswith("→ ")  # its upper limit is not reached


def test_stages_of_few_cases_are_pale():
    bars = time_bars.stages_figure(STAGES, NAMES, words=ENGLISH, few_reports=9).data[0]
    assert list(bars.marker.opacity) == [1, 0.35, 1, 0.35, 0.35]


def test_stages_are_told_in_a_sentence_and_none_is_a_figure_with_words():
    said = time_bars.stages_alt(STAGES, NAMES, words=ENGLISH)
    assert said.startswith("Median time of the stages: report → filing 2 h (9 cases, 0 still in it), ")
    assert "dispatch → work not reached (8 cases, 6 still in it)" in said
    figure = time_bars.stages_figure(STAGES.iloc[:0], NAMES, words=ENGLISH)
    assert [note.text for note in figure.layout.annotations] == ["No stage of these cases is known."]


def test_open_cases_are_stacked_by_age_with_their_number():
    ages = count_ages([-1, 5, 30, 100, 200, 900, NAN, NAN], ["a"] * 6 + ["b"] * 2)
    figure = time_bars.ageing_figure(ages, {"a": "A"}, words=ENGLISH)
    stacks = {trace.name: list(trace.x) for trace in figure.data if trace.type == "bar"}
    assert stacks == {
        "not due yet": [1, 0],
        "past due by up to 1 day": [1, 0],
        "1 to 3 days": [1, 0],
        "3 to 7 days": [1, 0],
        "7 to 30 days": [1, 0],
        "past due by more than 30 days": [1, 0],
        "deadline not known": [0, 2],
    }
    assert list(figure.layout.yaxis.ticktext) == ["A", "b"]
    assert [text.strip() for text in figure.data[-1].text] == ["6", "2"]
    assert time_bars.ageing_alt(ages, words=ENGLISH) == (
        "8 open cases by how far past due: not due yet: 1, past due by up to 1 day: 1, 1 to 3 days: 1, 3 to 7 days: 1, "
        "7 to 30 days: 1, past due by more than 30 days: 1, deadline not known: 2."
    )


def test_more_rows_than_can_be_read_are_said_and_no_open_case_is_a_figure_with_words():
    ages = count_ages(np.arange(54.0), np.arange(54))
    figure = time_bars.ageing_figure(ages, {}, words=ENGLISH)
    assert len(figure.layout.yaxis.ticktext) == time_bars.MOST_ROWS
    assert "40 of 54 rows shown" in figure.layout.xaxis.title.text
    none = time_bars.ageing_figure(count_ages([]), {}, words=ENGLISH)
    assert [note.text for note in none.layout.annotations] == [time_bars.ageing_alt(count_ages([]), words=ENGLISH)]


def test_settled_months_are_solid_and_of_others_it_is_drawn_what_they_cannot_be_below():
    figure = time_bars.trend_figure(TREND, words=ENGLISH)
    solid, hollow = (
        next(t for t in figure.data if t.name == name) for name in ("settled", "at least so long, not settled")
    )
    np.testing.assert_equal(np.array(solid.y, float), [10, NAN, 12, NAN])
    np.testing.assert_equal(np.array(hollow.y, float), [NAN, NAN, NAN, 5])
    assert not solid.connectgaps
    assert (solid.error_y.array[0], solid.error_y.arrayminus[0]) == (4, 2)
    assert [(arrow.x, arrow.y) for arrow in figure.layout.annotations] == [(3, 5)]
    assert html.unescape(solid.customdata[3]) == "Apr 2026: at least 5 h (n = 10)"
    arrow = next(trace for trace in figure.data if trace.mode == "text")
    assert (list(arrow.x), list(arrow.text)) == ([2], ["↑"])  # its upper limit is not reached


def test_a_limit_far_above_all_medians_has_an_arrow_and_does_not_press_them_to_the_ground():
    far = TREND.assign(high=[14.0, NAN, 5000.0, NAN])
    figure = time_bars.trend_figure(far, words=ENGLISH)
    assert figure.layout.yaxis.range[1] < 4 * 12
    arrow = next(trace for trace in figure.data if trace.mode == "text")
    assert (list(arrow.x), list(arrow.text)) == ([2], ["↑"])


def test_a_share_that_may_still_change_is_hollow_and_one_not_known_a_question():
    figure = time_bars.trend_figure(TREND, words=ENGLISH, measure="within")
    solid, hollow, question = figure.data
    np.testing.assert_equal(np.array(solid.y, float), [0.8, NAN, NAN, NAN])
    np.testing.assert_equal(np.array(hollow.y, float), [NAN, NAN, 0.7, NAN])
    assert (list(question.x), list(question.text)) == ([3], ["?"])
    assert not figure.layout.annotations
    assert html.unescape(solid.customdata[3]) == "Apr 2026: not known yet (n = 10)"
    assert html.unescape(solid.customdata[1]) == "Feb 2026: no case"


def test_a_trend_of_work_time_is_told_in_work_days_of_8_hours():
    days = TREND.assign(**{name: 8 * TREND[name] for name in ("median_hours", "low", "high", "at_least_hours")})
    assert time_bars.trend_alt(days, words=ENGLISH, work_day=8) == (
        "Median time by month of report: Jan 2026 10 workdays, Mar 2026 12 workdays. 1 month is not settled yet."
    )
    figure = time_bars.trend_figure(days, words=ENGLISH, work_day=8)
    said = [html.unescape(text) for text in figure.data[0].customdata]
    assert (said[0], said[3]) == ("Jan 2026: 10 workdays (n = 20)", "Apr 2026: at least 5 workdays (n = 10)")
    assert list(figure.layout.yaxis.ticktext)[:2] == ["0 workdays", "5 workdays"]
    assert list(figure.layout.yaxis.tickvals)[:2] == [0, 40]


def test_a_trend_is_told_by_its_settled_months():
    assert time_bars.trend_alt(TREND, words=ENGLISH) == (
        "Median time by month of report: Jan 2026 10 h, Mar 2026 12 h. 1 month is not settled yet."
    )
    assert time_bars.trend_alt(TREND, words=ENGLISH, measure="within") == (
        "Share within the limit by month of report: Jan 2026 80%. 2 months are not settled yet."
    )
    assert time_bars.trend_alt(TREND.iloc[3:], words=ENGLISH) == "1 month is not settled yet."
    for none in (TREND.iloc[:0], TREND.iloc[1:2]):
        figure = time_bars.trend_figure(none, words=ENGLISH)
        assert [note.text for note in figure.layout.annotations] == ["No reports by month."]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_a_file_stay_inert(name):
    ages = time_bars.ageing_figure(count_ages([1.0], [name]), {}, words=ENGLISH)
    stages = time_bars.stages_figure(STAGES, dict.fromkeys(NAMES, name), words=ENGLISH)
    for text in (*ages.layout.yaxis.ticktext, *stages.data[2].text):
        assert not re.search(r"[<>{$%]", text)
