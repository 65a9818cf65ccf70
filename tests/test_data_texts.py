"""Columns worked on whole give what working on each cell gives, whatever pieces they lie in."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.privacy import mask, mask_text
from data.texts import TEXT, cells_of, chosen, come_again, each_once, trimmed

PIECES = st.lists(st.lists(st.text(alphabet="a 　\t1", max_size=3), max_size=5), min_size=1, max_size=4)


def column_in(pieces: list[list[str]]) -> pd.Series:
    array = pa.chunked_array([pa.array(piece, pa.large_string()) for piece in pieces], pa.large_string())
    return pd.Series(pd.array(array, dtype=TEXT))


@given(PIECES)
def test_trimmed_text_is_what_python_trims(pieces):
    texts = [text for piece in pieces for text in piece]
    assert trimmed(column_in(pieces)).tolist() == [text.strip() for text in texts]


def test_a_column_without_blanks_around_its_texts_is_not_copied():
    column = column_in([["积水", "a b"], [""]])
    assert cells_of(trimmed(column)).chunk(0).buffers()[2].address == cells_of(column).chunk(0).buffers()[2].address


def test_all_rows_are_the_column_itself_and_some_are_its_values():
    column = column_in([["a", "b"], ["c"]])
    assert chosen(column, (column != "").to_numpy()) is column
    assert chosen(column, (column != "b").to_numpy()).tolist() == ["a", "c"]


@given(PIECES)
def test_what_is_done_to_each_different_text_is_done_to_all(pieces):
    cells = cells_of(column_in(pieces))
    assert each_once(cells, pc.utf8_upper).to_pylist() == [text.upper() for piece in pieces for text in piece]


@pytest.mark.parametrize(("texts", "recur"), [(["a", "b"] * 3, True), (list("abcdef"), False), ([], False)])
def test_texts_recur_where_most_of_them_are_the_same(texts, recur):
    assert come_again(pa.chunked_array([texts], pa.large_string())) is recur


@pytest.mark.parametrize("often", [1, 50])
def test_a_long_file_that_lies_in_pieces_is_masked_in_each_of_them(often):
    pieces = [["电话13812345678", "积水"] * often, ["无", "市民王女士反映", "13812345678"] * often]
    column = column_in(pieces)
    assert mask_text(column).tolist() == [mask(text) for text in column]


@given(st.lists(st.text(alphabet="0125869- (室) 电话１a\n", max_size=20)))
def test_digits_that_belong_to_a_longer_number_are_left_alone_at_once_as_one_by_one(texts):
    assert mask_text(pd.Series(texts, dtype=object)).tolist() == [mask(text) for text in texts]
