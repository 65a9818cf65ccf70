"""Columns that serve no field stay beside the record; those about persons do not, whatever they are called."""

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from base.settings import DEFAULTS
from data.attributes import as_map, other_columns
from data.loading import import_incidents
from data.privacy import TEXT
from data.readers import read_table
from data.store import Workspace


def _others(text: str, **mapping: str):
    return other_columns(read_table(text.encode(), "a.csv"), mapping)


def _notes(others) -> str:
    return " ".join(str(note) for note in others.notes)


def test_columns_beside_the_fields_are_kept_under_their_own_titles():
    others = _others("编号,状态,备注,备注,\n1,开,甲,乙,丙\n", incident_id="编号")
    assert others.frame.to_dict("records") == [{"状态": "开", "备注 (1)": "甲", "备注 (2)": "乙", "[E]": "丙"}]
    assert list(others.frame.index) == [2]
    assert "状态, 备注 (1), 备注 (2), [E]" in _notes(others)


def test_columns_about_persons_and_about_special_groups_are_named_and_not_kept():
    others = _others("编号,联系人,残疾人,状态\n1,张三,是,开\n", incident_id="编号")
    assert list(others.frame.columns) == ["状态"]
    assert "Not loaded, personal data: 联系人." in _notes(others)
    assert "Refused: 残疾人. Lists of special groups" in _notes(others)


def test_a_harmless_header_over_numbers_of_persons_does_not_let_them_in():
    rows = "".join(f"{n},1381234567{n},道路,豫D1234{n}\n" for n in range(5))
    others = _others("编号,备用一,备用二,备用三\n" + rows + "6,,x,\n", incident_id="编号")
    assert list(others.frame.columns) == ["备用二"]
    assert "telephone, identity or plate numbers: 备用一, 备用三" in _notes(others)


def test_a_number_in_a_header_is_masked():
    assert list(_others("编号,备注13812345678\n1,x\n", incident_id="编号").frame.columns) == ["备注***"]


def test_a_map_holds_what_is_filled_masked_and_in_the_order_of_the_alphabet():
    frame = pd.DataFrame({"b": ["1", "", " "], "a": ["找13812345678", "x", ""]})
    assert as_map(frame).to_pylist() == [[("a", "找***"), ("b", "1")], [("a", "x")], []]
    assert as_map(frame[["a", "b"]]).equals(as_map(frame))
    assert as_map(frame[[]]).to_pylist() == [[], [], []]
    assert as_map(frame[:0]).to_pylist() == []


def test_a_long_file_that_comes_in_pieces_gives_the_same_maps():
    pieces = pa.chunked_array([["1", ""], ["x"]], pa.large_string())
    frame = pd.DataFrame({"a": pd.array(pieces, dtype=TEXT)})
    assert as_map(frame).to_pylist() == [[("a", "1")], [], [("a", "x")]]


@given(st.lists(st.lists(st.sampled_from(["", "x", " y ", "積水", "1"]), min_size=3, max_size=3), max_size=9))
def test_nothing_that_is_filled_is_lost(rows):
    frame = pd.DataFrame(rows, columns=["c", "a", "b"], dtype=str)
    expected = [
        sorted((key, value.strip()) for key, value in row.items() if value.strip()) for row in frame.to_dict("records")
    ]
    assert as_map(frame).to_pylist() == expected


def test_columns_about_persons_are_kept_as_stars_if_the_office_wishes_but_never_those_about_groups():
    table = read_table("编号,联系人,残疾人,状态\n1,张三,是,开\n2,,,开\n".encode(), "a.csv")
    others = other_columns(table, {"incident_id": "编号"}, DEFAULTS | {"personal_columns": "mask"})
    assert others.frame.to_dict("records") == [{"联系人": "***", "状态": "开"}, {"联系人": "", "状态": "开"}]
    assert as_map(others.frame).to_pylist() == [[("状态", "开"), ("联系人", "***")], [("状态", "开")]]
    assert "kept with every value as ***: 联系人." in _notes(others)
    assert "Refused: 残疾人." in _notes(others)
    assert "as attributes: 状态." in _notes(others)


def test_a_column_of_flats_is_kept_where_doors_are_not_masked():
    table = read_table("编号,备用\n1,301室\n2,302室\n".encode(), "a.csv")
    kept = other_columns(table, {"incident_id": "编号"}, DEFAULTS | {"mask_doors": 0}).frame
    assert as_map(kept, doors=False).to_pylist() == [[("备用", "301室")], [("备用", "302室")]]
    assert other_columns(table, {"incident_id": "编号"}).frame.columns.empty


def test_a_column_of_phones_is_no_case_number_whatever_its_title_says(tmp_path):
    rows = [f"1380013800{n},2025-03-0{n + 1} 10:00,道路积水,113.2,33.7" for n in range(8)]
    content = "\n".join(["案卷号,上报时间,小类,经度,纬度", *rows]).encode()
    workspace = Workspace(tmp_path)
    answer = import_incidents(workspace, content, "r.csv", who="t")
    assert answer["accepted"] == 8
    assert any("案卷号" in str(note) for note in answer["notes"])
    stored = workspace.newest().query("SELECT * FROM incidents").to_pandas().to_csv()
    assert "1380013800" not in stored
