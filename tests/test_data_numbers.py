"""Coordinates as people write them; what could be two numbers is none. Degrees by hand: 18' = 0.3, 36" = 0.01."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.numbers import converted, read_numbers


def _read(text: str) -> float:
    return float(read_numbers(pd.Series([text]))[0])


@pytest.mark.parametrize(
    "text",
    ["113°18′36″E", "113°18'36\"", "113º18'36''", "113˚ 18′ 36″", "１１３°１８′３６″", "113度18分36秒",
     "东经113度18分36秒", "113 18 36", "113:18:36", "E113 18 36", "113°18.6′", "113,31°", "113.31°E", "113.31",
     "113d18m36s"],
)  # fmt: skip
def test_degrees_are_read_however_they_are_divided(text):
    assert _read(text) == pytest.approx(113.31, abs=1e-9)


def test_west_and_south_and_a_leading_minus_count_for_minutes_too():
    # 71 degrees 3 minutes 36 seconds = 71.06
    assert [_read(text) for text in ("71°3′36″W", "-71 3 36", "南纬71度3分36秒", "W71°3.6′")] == pytest.approx(
        [-71.06] * 4
    )


def test_signs_of_thousands_are_taken_where_nothing_else_can_be_meant():
    assert _read("38,425,000.5") == 38425000.5
    assert _read("425,000.25") == 425000.25
    assert _read("3,731,000") == 3731000


@pytest.mark.parametrize(
    "text",
    ["425,000", "113,31", "113°60′", "113°18′60″", "113°18.5′30″", "3 731 000", "2025-03-05", "113.3 33.7", "12:", "°",
     "113°E18", "一百", "1,23,456", "nan", "inf", "", " "],
)  # fmt: skip
def test_what_is_no_number_or_may_be_two_is_none(text):
    assert np.isnan(_read(text))


def test_only_cells_that_a_computer_would_not_read_count_as_converted():
    cells = pd.Series(["113.2", "-71", "1e3", "", "113°", "１１３", "113 18 36", "x"])
    assert converted(cells).tolist() == [False] * 4 + [True] * 3 + [False]


@given(
    st.integers(0, 179),
    st.integers(0, 59),
    st.integers(0, 59),
    st.sampled_from(["{}°{}′{}″", "{} {} {}", "{}度{}分{}秒"]),
)
def test_every_degree_minute_and_second_is_read(degrees, minutes, seconds, form):
    expected = degrees + minutes / 60 + seconds / 3600
    assert _read(form.format(degrees, minutes, seconds)) == pytest.approx(expected, abs=1e-12)
