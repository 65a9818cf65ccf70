"""Curves of time: steps with the cases followed below, and an end that says why it ends."""

import html
import re
from itertools import pairwise

import numpy as np
import pytest
from hostile_names import HOSTILE

from analysis import drawing, time_curves
from analysis.survival import kaplan_meier
from base.text import LANGUAGES, Words

ENGLISH, CHINESE = Words("en"), Words("zh")
CURVE = kaplan_meier([2, 10, 30, 50], [True, True, False, True])
ENDS = kaplan_meier([1, 2, 3, 4, 8], [True, False, False, True, False])  # S: 0.8 at 1 h, 0.4 at 4 h, then followed to 8


def lines(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def marks(figure, what):
    return [trace for trace in figure.data if trace.meta == what]


def test_a_curve_is_a_step_with_the_cases_followed_below():
    figure = time_curves.curves_figure({"A": CURVE}, words=ENGLISH)
    line = lines(figure)["A"]
    assert line.line.shape == "hv"
    assert list(line.x) == [0, 2, 10, 30, 50, 50]
    assert list(line.y) == pytest.approx([1, 0.75, 0.5, 0.5, 0, 0])
    risk = next(trace for trace in figure.data if trace.mode == "text")
    # By hand: of 2, 10, 30 (open) and 50 h: at 0 h all four, at 20 h those of 30 and 50, at 40 h the one of 50.
    assert dict(zip(risk.x, risk.text, strict=True)) == {0: "4", 10: "3", 20: "2", 30: "2", 40: "1", 50: "1"}
    assert tuple(figure.layout.xaxis.tickvals) == tuple(risk.x)


def test_a_curve_whose_cases_are_all_closed_has_no_ring_and_one_that_is_not_followed_longer_has():
    done, ends = (time_curves.curves_figure({"A": curve}, words=ENGLISH) for curve in (CURVE, ENDS))
    assert not marks(done, "end")
    assert "followed longer" not in done.layout.xaxis.title.text
    ring = marks(ends, "end")[0]
    assert (ring.x, ring.y) == ((8,), (pytest.approx(0.4),))
    assert "none was followed longer" in ends.layout.xaxis.title.text


def test_where_hardly_any_case_goes_on_the_curve_is_cut_and_says_so():
    curve = kaplan_meier([*range(1, 100), 500], [True] * 99 + [False])
    figure = time_curves.curves_figure({"A": curve}, words=ENGLISH)
    assert max(lines(figure)["A"].x) == 96  # five of a hundred are still followed
    assert marks(figure, "beyond")[0].x == (96,)
    assert "▷ fewer than 1 in 20" in figure.layout.xaxis.title.text
    ends = marks(time_curves.curves_figure({"A": ENDS}, words=ENGLISH), "end")[0]
    assert marks(figure, "beyond")[0].marker.symbol != ends.marker.symbol  # one sign, one meaning
    assert figure.layout.xaxis.range[1] < 1.05 * 96


def test_few_censored_cases_have_a_tick_each_and_many_none():
    assert marks(time_curves.curves_figure({"A": ENDS}, words=ENGLISH), "censored")[0].x.tolist() == [2, 3, 8]
    many = kaplan_meier(np.arange(1.0, 301), np.arange(300) % 2 == 0)
    assert not marks(time_curves.curves_figure({"A": many}, words=ENGLISH), "censored")


def test_a_line_falls_from_a_median_that_is_reached_and_at_the_limit():
    figure = time_curves.curves_figure({"A": ENDS, "B": kaplan_meier([5], [False])}, words=ENGLISH, limit_hours=6)
    upright = [(shape.x0, shape.y1, shape.yref) for shape in figure.layout.shapes if shape.x0 == shape.x1]
    assert upright == [(6, 1, "y domain"), (4, 0.5, "y")]
    assert ["half in 4 h" in figure.layout.yaxis2.ticktext[0], "not reached" in figure.layout.yaxis2.ticktext[1]] == [
        True,
        True,
    ]


def test_the_axis_is_in_hours_or_days_and_logarithmic_where_one_curve_would_be_an_upright_line():
    hours = time_curves.curves_figure({"A": CURVE}, words=ENGLISH).layout.xaxis
    assert (hours.type, hours.ticktext[1]) == (None, "10 h")
    weeks = kaplan_meier(np.arange(24.0, 24 * 60, 24), [True] * 59)
    days = time_curves.curves_figure({"A": weeks}, words=ENGLISH).layout.xaxis
    assert (days.type, days.ticktext[1]) == (None, "20 days")
    both = time_curves.curves_figure({"A": weeks, "B": kaplan_meier([0.5, 1, 2], [True] * 3)}, words=ENGLISH)
    assert both.layout.xaxis.type == "log"
    assert min(both.layout.xaxis.tickvals) > 0


def test_work_time_is_told_in_work_days_of_8_hours_everywhere_on_a_curve():
    # 80 work hours are 10 workdays, not 3.3 days; of 1 to 159 hours the middle is 80.
    curve = kaplan_meier(np.arange(1.0, 160), [True] * 159)
    said = time_curves.curves_alt({"A": curve}, words=ENGLISH, since="Work time", work_day=8)
    assert said == "Share of cases still open. Work time: A: half closed within 10 workdays."
    figure = time_curves.curves_figure({"A": curve}, words=ENGLISH, limit_hours=40, since="Work time", work_day=8)
    axis = figure.layout.xaxis
    assert [text.removesuffix(" workdays") for text in axis.ticktext] == [f"{t / 8:g}" for t in axis.tickvals]
    assert "limit 5 workdays" in axis.title.text
    assert "half in 10 workdays" in figure.layout.yaxis2.ticktext[0]
    hover = lines(figure)["A"]
    assert hover.customdata[list(hover.x).index(80)] == "10 workdays"
    quick = kaplan_meier([0.5, 1, 2], [True] * 3)
    both = time_curves.curves_figure({"A": curve, "B": quick}, words=ENGLISH, since="Work time", work_day=8)
    shown = dict(zip(both.layout.xaxis.tickvals, both.layout.xaxis.ticktext, strict=True))
    assert both.layout.xaxis.type == "log"
    assert shown == {hours: ENGLISH.duration(hours, 8) for hours in shown}
    assert [hours for hours, text in shown.items() if text.endswith("workdays")] == [h for h in shown if h >= 24]
    assert max(shown) >= 24


@pytest.mark.parametrize("work_day", [None, 8])
@pytest.mark.parametrize("longest", [3, 40, 100, 700, 5000, 30000])
def test_the_texts_of_ticks_do_not_touch_on_a_phone(longest, work_day):
    even, quick = kaplan_meier(np.linspace(1, longest, 60), [True] * 60), kaplan_meier([0.3] * 9, [True] * 9)
    for curves in ({"A": even}, {"A": even, "B": quick}):
        axis = time_curves.curves_figure(curves, words=ENGLISH, work_day=work_day).layout.xaxis
        at = np.log10(axis.tickvals) if axis.type == "log" else np.array(axis.tickvals)
        middle = 200 * (at - axis.range[0]) / (axis.range[1] - axis.range[0])  # beside the names 200 px are left
        half = np.array([7.8 * len(text) / 2 for text in axis.ticktext])  # 0.6 of 13 px a letter
        assert (middle[1:] - half[1:] > middle[:-1] + half[:-1]).all()


@pytest.mark.parametrize("durations", [[], [0.0], [0.0, 0.0], [1e-3], [1e6], [1e-3, 1e6]])
@pytest.mark.parametrize("resolved", [True, False])
def test_curves_of_any_length_of_time_can_be_drawn(durations, resolved):
    curve = kaplan_meier(durations, [resolved] * len(durations))
    for build in (time_curves.curves_figure, time_curves.returns_figure):
        figure = build({"A": curve, "B": kaplan_meier([], [])}, words=ENGLISH)
        assert len(durations) == 0 or 1 <= len(figure.layout.xaxis.tickvals) <= 8


def test_returns_rise_from_nought_and_the_days_have_a_line():
    # Of four closings one is back after 2 days, one after 10; the others are followed for 5 and 20 days.
    curve = kaplan_meier([48, 120, 240, 480], [True, False, True, False])
    figure = time_curves.returns_figure({"A": curve}, words=ENGLISH, days=10)
    assert list(lines(figure)["A"].y) == pytest.approx([0, 0.25, 0.25, 0.625, 0.625, 0.625])
    assert [shape.x0 for shape in figure.layout.shapes] == [240]
    assert "4 closings" in figure.layout.yaxis2.ticktext[0]
    assert time_curves.returns_alt({"A": curve}, words=ENGLISH, days=10) == (
        "Share of closed events that came back within 10 days. A: 62%."
    )
    assert "not followed so long" in time_curves.returns_alt({"A": curve}, words=ENGLISH, days=30)


def test_sentences_say_what_the_curves_show_and_nothing_is_a_figure_with_words():
    said = time_curves.curves_alt({"A": CURVE, "B": kaplan_meier([5], [False])}, words=ENGLISH)
    assert said == (
        "Share of cases still open. Time since the report: A: half closed within 30 h, B: half not reached."
    )
    for language in LANGUAGES:
        words = Words(language)
        for figure, alt in (
            (time_curves.curves_figure({}, words=words), time_curves.curves_alt({}, words=words)),
            (time_curves.returns_figure({}, words=words), time_curves.returns_alt({}, words=words, days=3)),
        ):
            assert [note.text for note in figure.layout.annotations] == [alt]


def test_names_from_a_file_stay_inert():
    curves = dict.fromkeys(HOSTILE, CURVE)
    figure = time_curves.curves_figure(curves, words=ENGLISH)
    for text in figure.layout.yaxis2.ticktext:
        assert not re.search(r"[<>{$]", re.sub(r"</?span[^>]*>|<br>", "", text))
    assert not any(re.search(r"[<>{$]", trace.name) for trace in figure.data if trace.name)


def test_a_long_axis_has_a_tick_near_its_end_and_texts_that_do_not_touch():
    quick = kaplan_meier(np.concatenate([np.full(900, 0.5), np.linspace(1, 4800, 100)]), [True] * 1000)
    axis = time_curves.curves_figure({"A": quick}, words=ENGLISH).layout.xaxis
    horizon = 10 ** axis.range[1]
    assert axis.type == "log"
    assert axis.tickvals[-1] > horizon / 4
    places = (np.log10(axis.tickvals) - axis.range[0]) / (axis.range[1] - axis.range[0]) * 200  # px on a phone
    for (left, one), (right, other) in pairwise(zip(places, axis.ticktext, strict=True)):
        assert right - left >= (drawing.wide_px(one) + drawing.wide_px(other)) / 2


def test_numbers_below_the_ticks_do_not_touch_on_a_phone():
    many = kaplan_meier(np.concatenate([np.full(7000, 0.5), np.geomspace(1, 2400, 7000)]), [True] * 14_000)
    figure = time_curves.curves_figure({"A": many}, words=ENGLISH)
    places = np.log10(figure.layout.xaxis.tickvals) / np.ptp(figure.layout.xaxis.range) * 200
    assert np.diff(places).min() >= drawing.wide_px("14,000")


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_no_line_of_notes_is_wider_than_a_phone(words):
    many = kaplan_meier([*range(1, 100), 500], [True] * 99 + [False])
    figure = time_curves.curves_figure({"A": many, "B": ENDS}, words=words, limit_hours=6)
    lines_ = re.sub("<(?!br)[^>]*>", "", figure.layout.xaxis.title.text).split("<br>")
    assert len(lines_) > 3
    assert max(drawing.wide_px(html.unescape(one)) for one in lines_) <= 260
