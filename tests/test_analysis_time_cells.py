"""A funnel names the cells beyond its limits where there is room, and a heat table has a word for every cell."""

import html
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hostile_names import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from analysis import drawing, time_cells
from analysis.funnel import OUTER, funnel, limits
from base.text import Words
from data.schema import HAZARD_NAMES

ENGLISH, CHINESE = Words("en"), Words("zh")
COUNTS, CASES = [50, 2, 20, 0, 0], [100, 100, 100, 3, 0]  # 72 of 303: b far below, a far above
FUNNEL = funnel(COUNTS, CASES)
TABLE = pd.DataFrame(
    [("a", "w", 2.0, 20), ("a", "r", 200.0, 5), ("b", "w", np.nan, 12), ("b", "r", np.nan, 0)],
    columns=["row", "column", "value", "n"],
)
ROWS, COLUMNS = {"a": "Cell A", "b": "Cell B", "c": "Cell C"}, {"w": "Water", "r": "Wall"}


def traces(figure):
    return {html.unescape(trace.name): trace for trace in figure.data if trace.name}


def test_a_funnel_draws_each_cell_with_cases_and_names_those_far_beyond():
    figure = time_cells.funnel_figure(FUNNEL, CASES, list("abcde"), words=ENGLISH, title="Past due")
    shown = traces(figure)
    assert (list(shown["far above"].x), list(shown["far above"].y)) == ([100], [0.5])
    assert (list(shown["far below"].x), list(shown["far below"].y)) == ([100], [0.02])
    assert (list(shown["within"].x), list(shown["within"].y)) == ([100, 3], [0.2, 0])
    assert html.unescape(shown["far above"].customdata[0]) == "a: 50% of 100 cases"
    notes = [html.unescape(note.text) for note in figure.layout.annotations]
    assert notes == ["Past due: all together 24%", "a", "b"]
    assert "1 cell without a case is not drawn" in figure.layout.xaxis.title.text


def test_the_curves_are_the_limits_for_each_number_of_cases():
    figure = time_cells.funnel_figure(FUNNEL, CASES, list("abcde"), words=ENGLISH, title="Past due")
    low, high = [trace for trace in figure.data if trace.mode == "lines"][2:]
    n = np.array(low.x, float)
    least, most = limits(n, FUNNEL.target, OUTER)
    np.testing.assert_allclose(np.array(low.y), least / n)
    np.testing.assert_allclose(np.array(high.y), most / n)
    assert n.min() == 3
    assert n.max() == 100


def test_a_funnel_is_told_in_a_sentence_and_without_any_case_it_is_words():
    assert time_cells.funnel_alt(FUNNEL, list("abcde"), words=ENGLISH, title="Past due") == (
        "Past due of 4 cells, 24% all together: far above the limits 1 (a), far below 1 (b)."
    )
    for none, cases in ((funnel([], []), []), (funnel([0], [0]), [0])):
        names = ["x"] * len(cases)
        figure = time_cells.funnel_figure(none, cases, names, words=ENGLISH, title="Past due")
        said = time_cells.funnel_alt(none, names, words=ENGLISH, title="Past due")
        assert [note.text for note in figure.layout.annotations] == [said] == ["No cell has a case to compare."]
    one = time_cells.funnel_figure(funnel([1], [3]), [3], ["x"], words=ENGLISH, title="Past due")
    assert len(traces(one)["within"].x) == 1


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=1, max_size=60))
def test_never_more_names_than_can_be_read(pairs):
    cases = [n for _, n in pairs]
    counts = [min(some, n) for some, n in pairs]
    names = [f"示例网格{i}" for i in range(len(pairs))]
    figure = time_cells.funnel_figure(funnel(counts, cases), cases, names, words=ENGLISH, title="Past due")
    assert len(figure.layout.annotations) <= 1 + time_cells.MOST_NAMED


def test_a_heat_table_has_a_value_a_dash_or_words_in_every_cell():
    figure = time_cells.heat_figure(TABLE, ROWS, COLUMNS, words=ENGLISH, measure="hours", few_reports=10)
    firm, pale, gone = figure.data
    assert [list(map(html.unescape, line)) for line in firm.text] == [["2 h", ""], ["not<br>reached", ""], ["", ""]]
    assert [list(map(html.unescape, line)) for line in pale.text] == [["", "8.3<br>days"], ["", ""], ["", ""]]
    np.testing.assert_allclose(np.array(firm.z, float)[0], [np.log10(2), np.nan])
    assert (firm.zmin, firm.zmax) == (pale.zmin, pale.zmax)
    assert sorted(zip(gone.x, gone.y, gone.text, strict=True)) == [(0, -2, "–"), (1, -2, "–"), (1, -1, "–")]
    assert html.unescape(firm.customdata[0][0]) == "Cell A, Water: 2 h (n = 20)"
    assert list(figure.layout.yaxis.ticktext) == ["Cell A", "Cell B", "Cell C"]


def test_a_small_share_is_as_strong_as_a_long_time():
    shares = TABLE.assign(value=[0.9, 0.4, 0.6, np.nan])
    figure = time_cells.heat_figure(shares, ROWS, COLUMNS, words=ENGLISH, measure="share", few_reports=1)
    np.testing.assert_allclose(np.array(figure.data[0].z, float)[:2], [[0.1, 0.6], [0.4, np.nan]])
    assert html.unescape(figure.data[0].text[0][0]) == "90%"
    said = time_cells.heat_alt(shares, ROWS, COLUMNS, words=ENGLISH, measure="share", few_reports=10)
    assert said == "Share in time of 3 cells by hazard; smallest: Cell B, Water, 60% (n = 12)."


def test_a_heat_table_is_told_and_says_how_many_rows_it_shows():
    said = time_cells.heat_alt(TABLE, ROWS, COLUMNS, words=ENGLISH, measure="hours", few_reports=5)
    assert said == "Median time of 3 cells by hazard; longest: Cell A, Wall, 8.3 days (n = 5)."
    assert time_cells.heat_alt(TABLE, {}, COLUMNS, words=ENGLISH, measure="hours", few_reports=5) == (
        "No cell has 5 cases of a hazard."
    )
    many = {i: f"Cell {i}" for i in range(54)}
    table = pd.DataFrame({"row": list(many), "column": "w", "value": 3.0, "n": 9})
    figure = time_cells.heat_figure(table, many, COLUMNS, words=ENGLISH, measure="hours", few_reports=5)
    assert len(figure.layout.yaxis.ticktext) == time_cells.MOST_ROWS
    assert "40 of 54 rows shown" in figure.layout.annotations[0].text
    none = time_cells.heat_figure(TABLE.iloc[:0], {}, {}, words=ENGLISH, measure="hours", few_reports=5)
    assert [note.text for note in none.layout.annotations] == ["No cell has a case to compare."]


def test_fields_of_work_time_are_told_in_work_days_of_8_hours():
    table = pd.DataFrame({"row": ["a"], "column": ["w"], "value": [80.0], "n": [50]})
    given = {"words": ENGLISH, "measure": "hours", "few_reports": 5, "work_day": 8}
    figure = time_cells.heat_figure(table, {"a": "A"}, {"w": "W"}, **given)
    assert figure.data[0].text[0][0] == "10<br>workdays"
    assert "A, W, 10 workdays (n = 50)" in time_cells.heat_alt(table, {"a": "A"}, {"w": "W"}, **given)


def test_names_from_a_file_stay_inert():
    names = dict(enumerate(HOSTILE))
    table = pd.DataFrame({"row": list(names), "column": "w", "value": 3.0, "n": 9})
    heat = time_cells.heat_figure(table, names, {"w": HOSTILE[0]}, words=ENGLISH, measure="hours", few_reports=5)
    cases = [50] * len(names)
    points = funnel([50, 0] * (len(names) // 2) + [25] * (len(names) % 2), cases)
    plot = time_cells.funnel_figure(points, cases, list(HOSTILE), words=ENGLISH, title=HOSTILE[0])
    texts = [
        *heat.layout.yaxis.ticktext,
        *(part for title in heat.layout.xaxis.ticktext for part in title.split("<br>")),  # breaks of our own
        *(text for line in heat.data[0].customdata for text in line),
    ]
    texts += [note.text for note in plot.layout.annotations]
    texts += [text for trace in plot.data if trace.customdata is not None for text in trace.customdata]
    assert len(texts) > 3 * len(names)
    assert [text for text in texts if re.search(r"[<>{$%]", text)] == []


def test_a_share_of_few_cases_stands_as_its_counts():
    table = pd.DataFrame({"row": ["a", "a"], "column": ["w", "o"], "value": [0.0, 0.5], "n": [1, 20]})
    columns = {"w": "Water", "o": "Other"}
    figure = time_cells.heat_figure(table, {"a": "A"}, columns, words=ENGLISH, measure="share", few_reports=10)
    firm, pale = figure.data
    assert html.unescape(pale.text[0][0]) == "0 of 1"
    assert html.unescape(firm.text[0][1]) == "50%"


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_fields_and_titles_of_a_heat_table_are_no_wider_than_a_column_on_a_phone(words):
    columns = {code: words(name) for code, name in HAZARD_NAMES.items()}
    table = pd.DataFrame({"row": ["a"] * 4, "column": list(columns), "value": [0.0, 0.4, 1.0, 1.0], "n": [1, 5, 20, 9]})
    figure = time_cells.heat_figure(table, {"a": "A"}, columns, words=words, measure="share", few_reports=10)
    fields = [html.unescape(text) for trace in figure.data for line in trace.text for text in line]
    assert any("<br>" in text for text in fields) == (words is CHINESE)
    assert all(drawing.wide_px(line) <= 48 for text in fields for line in text.split("<br>"))
    titles = [html.unescape(title).split("<br>") for title in figure.layout.xaxis.ticktext]
    for one, other in pairwise(titles):  # side by side, from the bottom: two words never meet in one line
        for left, right in zip(one[::-1], other[::-1], strict=False):
            assert (drawing.wide_px(left.strip()) + drawing.wide_px(right.strip())) / 2 <= 52
