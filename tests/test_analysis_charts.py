"""Figures show the numbers they were given, let the page's theme through, and keep names from a file inert."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from hostile_names import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from analysis import charts, time_bars, time_curves
from analysis.resolution import kaplan_meier
from base.text import Words

ENGLISH = Words("en")
MONTHS = pd.DataFrame(
    [
        (month, hazard, n)
        for month, counts in {"2025-11": (4, 0), "2025-12": (0, 0), "2026-01": (7, 2)}.items()
        for hazard, n in zip(("waterlogging", "wall_risk"), counts, strict=True)
    ],
    columns=["month", "hazard", "count"],
)
STRIP = pd.DataFrame(
    [
        (cell, month, n, share)
        for cell, counts, share in (("", (9, 0, 30), 0.0), ("a", (2, 0, 7), 1.5), ("b", (None, 0, 4), 2.5))
        for month, n in zip(("2025-11", "2025-12", "2026-01"), counts, strict=True)
    ],
    columns=["cell_id", "month", "events", "expected"],
).astype({"events": "Int64"})
FIGURES = {
    "strip": lambda: charts.strip_figure(STRIP, {"b": "B", "a": "A"}, words=ENGLISH, period=("2025-12", "2026-03")),
    "strip of nothing": lambda: charts.strip_figure(STRIP.iloc[:0], {}, words=ENGLISH),
    "months": lambda: charts.months_figure(MONTHS, words=ENGLISH, before=[1, 2, 3]),
    "hazards": lambda: charts.hazard_months_figure(MONTHS, words=ENGLISH),
}


@pytest.mark.parametrize("build", FIGURES.values(), ids=FIGURES)
def test_every_figure_lets_the_theme_through_and_leaves_scrolling_to_the_page(build):
    layout = build().layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color is None
    assert layout.font.size >= 13
    assert layout.dragmode is False
    axes = [layout[key] for key in layout if re.fullmatch(r"[xy]axis\d*", key)]
    assert all(axis.fixedrange and axis.tickfont.size >= 13 for axis in axes)
    assert charts.CONFIG["displayModeBar"] is False


@pytest.mark.parametrize("build", FIGURES.values(), ids=FIGURES)
def test_no_text_in_a_figure_is_too_small_to_read(build):
    sizes = [trace.textfont.size for trace in build().data if getattr(trace, "mode", None) == "text"]
    assert all(size >= 13 for size in sizes)
    assert "<sub>" not in build().to_json()


def test_bars_hold_every_month_also_those_without_a_report():
    figure = charts.months_figure(MONTHS, words=ENGLISH)
    bars = {bar.name: list(bar.y) for bar in figure.data if bar.type == "bar"}
    assert bars == {"Waterlogging": [4, 0, 7], "Wall risk": [0, 0, 2]}
    assert list(figure.layout.xaxis.ticktext) == ["Nov<br>2025", "Dec", "Jan<br>2026"]


def test_small_pictures_stand_on_one_scale():
    figure = charts.hazard_months_figure(MONTHS, words=ENGLISH)
    ranges = {tuple(figure.layout[key].range) for key in figure.layout if key.startswith("yaxis")}
    assert len(ranges) == 1
    assert [note.text for note in figure.layout.annotations] == ["Waterlogging", "Wall risk"]


def test_a_strip_has_all_cells_on_a_scale_of_their_own_and_the_others_on_one_the_strongest_first():
    figure = FIGURES["strip"]()
    bars = [list(one.y) for one in figure.data if one.type == "bar"]
    assert bars[0] == [9, 0, 30]
    assert bars[2] == [2, 0, 7]
    assert np.isnan(bars[1][0])  # not known is not zero
    assert bars[1][1:] == [0, 4]
    own, one, other = (figure.layout[key].range for key in ("yaxis", "yaxis2", "yaxis3"))
    assert one == other
    assert own[1] > 30 > one[1] > 7
    notes = [note.text for note in figure.layout.annotations]
    assert notes[:3] == [
        "All cells (own scale): at most 30 in a month",
        "B: at most 4 in a month",
        "A: at most 7 in a month",
    ]
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(0.5, 2.5)] * 3
    assert "period" in notes[3]
    lines = [list(one.y) for one in figure.data if one.type == "scatter"]
    assert lines == [[2.5] * 5, [1.5] * 5]
    assert charts.strip_alt(STRIP, {"b": "B", "a": "A"}, words=ENGLISH) == (
        "Events by month from Nov 2025 to Jan 2026: All cells 39, most in Jan 2026 (30), B 4, most in Jan 2026 (4), "
        "A 9, most in Jan 2026 (7)."
    )
    assert charts.strip_alt(STRIP.iloc[:0], {}, words=ENGLISH) == "No events by month."


def test_a_strip_draws_so_many_cells_and_no_more_and_their_names_are_inert():
    names = {f"c{n}": HOSTILE[n % len(HOSTILE)] for n in range(40)}
    months = pd.concat([STRIP.iloc[:3].assign(cell_id=cell) for cell in ["", *names]])
    figure = charts.strip_figure(months, names, words=ENGLISH)
    assert sum(one.type == "bar" for one in figure.data) == 1 + charts.MOST_PICTURES
    assert not any(re.search(r"[<{$]", note.text) for note in figure.layout.annotations[:-1])  # the last is our own key
    assert not figure.layout.shapes


@pytest.mark.parametrize("n", [1, 12, 36, 120])
def test_at_most_seven_months_are_named_and_each_new_year_is(n):
    months = pd.period_range("2020-05", periods=n, freq="M").astype(str)
    frame = pd.DataFrame({"month": months, "hazard": "other", "count": 1})
    text = charts.months_figure(frame, words=ENGLISH).layout.xaxis.ticktext
    assert 1 <= len(text) <= 7
    assert len({label.split("<br>")[1] for label in text if "<br>" in label}) == len([t for t in text if "<br>" in t])


@pytest.mark.parametrize("build", [charts.months_figure, charts.hazard_months_figure])
def test_no_month_at_all_is_an_empty_figure(build):
    figure = build(MONTHS.iloc[:0], words=ENGLISH)
    assert not [bar for bar in figure.data if bar.type == "bar"]
    assert charts.months_alt(MONTHS.iloc[:0], words=ENGLISH) == "No reports by month."


def _months(*counts):
    """Counts of months, each of them of two hazards together."""
    return pd.DataFrame(
        [{"month": f"2025-{n + 1:02d}", "count": part} for n, c in enumerate(counts) for part in (c, 0)]
    )


def test_small_bars_are_as_high_as_their_numbers_on_a_scale_from_nought():
    assert re.findall(r"height:(\d+)%", charts.small_bars(_months(4, 0, 8, 2))) == ["50", "0", "100", "25"]
    assert re.findall(r"height:(\d+)%", charts.small_bars(_months(0, 0))) == ["0", "0"]
    assert not re.sub(r"<[^>]*>", "", charts.small_bars(_months(3, 1)))  # nothing to be read


def test_sentences_say_what_the_figures_show():
    said = charts.months_alt(MONTHS, words=ENGLISH)
    assert said == "Reports by month from Nov 2025 to Jan 2026: 13 in all, most in Jan 2026 (9)."


@given(st.text())
def test_a_label_reads_as_typed_and_holds_no_sign_that_plotly_obeys(text):
    shown = charts.label(text)
    assert not re.search(r"[<>$%{}\"'`\\\n\r]", shown)
    plain = " ".join(text.split())
    assert html.unescape(shown) == "".join(sign for sign in plain if sign.isprintable())


@pytest.mark.browser
def test_hostile_names_are_seen_as_typed_in_a_real_browser(browser, tmp_path):
    names = [" ".join(name.split())[:12].strip() for name in HOSTILE]
    curve = kaplan_meier([2, 10, 30, 50], [True, True, False, True])
    ages = pd.DataFrame({"key": names, "not_due": 2, "more": 1})
    page = browser.new_page()
    for figure in (
        time_bars.ageing_figure(ages, {}, words=ENGLISH),
        time_curves.curves_figure(dict.fromkeys(names, curve), words=ENGLISH),
    ):
        file = tmp_path / "figure.html"
        file.write_text(figure.to_html(include_plotlyjs=True, config=charts.CONFIG), encoding="utf-8")
        page.goto(file.as_uri())
        page.wait_for_selector(".ytick text, .y2tick text")
        seen = page.eval_on_selector_all(".ytick text, .y2tick text", "all => all.map(text => text.textContent)")
        assert {name for name in names if any(name in text for text in seen)} == set(names)
        assert page.title() == ""
        assert (
            page.eval_on_selector_all(
                ".js-plotly-plot img, .js-plotly-plot a, .js-plotly-plot script", "all => all.length"
            )
            == 0
        )
    page.close()
