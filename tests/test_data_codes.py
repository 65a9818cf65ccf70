"""The zeros that a spreadsheet eats: put back where a column can be nothing else, and counted."""

import pandas as pd
import pytest

from data.codes import restore_zeros


def _restore(*codes: str, main: tuple[str, ...] | None = None):
    found = restore_zeros(pd.Series(codes), pd.Series(main or [""] * len(codes)))
    return found.codes.tolist(), found.changed


@pytest.mark.parametrize(
    ("codes", "restored", "changed"),
    [
        (("506", "0406", "2101", ""), ["0506", "0406", "2101", ""], 1),
        (("6", "12", ""), ["06", "12", ""], 1),
        (("506", "6"), ["506", "6"], 0),  # a mixture: nobody knows what 6 is
        (("506", "10060089"), ["506", "10060089"], 0),  # another tree
        (("506", "PHF"), ["506", "PHF"], 0),
        (("",), [""], 0),
    ],
)
def test_one_column_gets_its_zeros_back_if_it_holds_such_codes_alone(codes, restored, changed):
    assert _restore(*codes) == (restored, changed)


def test_two_columns_are_joined_to_four_digits():
    # the city's own workbook: main class `1` beside `03` that kept its text
    assert _restore("06", "1", "12", "", main=("1", "03", "05", "4")) == (["0106", "0301", "0512", ""], 2)


def test_a_class_that_stands_with_its_main_class_is_not_joined_twice():
    assert _restore("0506", "506", main=("05", "5")) == (["0506", "0506"], 1)


def test_columns_that_are_no_such_codes_stay_as_they_are():
    assert _restore("A6", "7", main=("1", "2")) == (["A6", "7"], 0)


def test_the_first_change_is_named():
    found = restore_zeros(pd.Series(["0406", "506", "601"]), pd.Series(["", "", ""]))
    assert (found.before, found.after, found.changed) == ("506", "0506", 2)
