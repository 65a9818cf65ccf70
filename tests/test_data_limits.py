"""Which row of the table of deadlines applies: by code, type or hazard, condition and words, and the day."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data.limits import NO_ROW, SEVERAL, Limits
from data.standards import read_limit
from data.tables import STANDARD_COLUMNS


def table(*rows: dict) -> pd.DataFrame:
    """Rows of the table of deadlines from what matters of each."""
    made = []
    for number, row in enumerate(rows):
        text = row.get("limit_text", "4工作时")
        value, clock = read_limit(text) or (np.nan, "")
        made.append({"scheme": "own", "kind": "event", "row": number, "limit_text": text, "limit_value": value,
                     "limit_clock": clock, **row})  # fmt: skip
    return pd.DataFrame(made, columns=list(STANDARD_COLUMNS)).fillna(
        {name: "" for name in STANDARD_COLUMNS if name != "limit_value"}
    )


def fits(rows: pd.DataFrame, *cases: dict, day: str = "2026-03-02") -> list[int]:
    names = ("scheme", "kind", "code", "type_name", "hazard", "condition", "description")
    asked = pa.table({name: [case.get(name, "") for case in cases] for name in names})
    days = np.array([case.get("day", day) for case in cases], dtype="datetime64[D]")
    return Limits(rows).rows_for(asked, days).tolist()


def test_code_goes_before_type_and_type_before_hazard():
    rows = table(
        {"code": "0506", "type_name": "道路积水"},
        {"code": "0599", "type_name": "路面积水"},
        {"hazard": "waterlogging"},
        {"hazard": "wall_risk", "type_name": "围墙"},  # has a type: not for any other wall
    )
    cases = [
        {"code": "0506", "type_name": "路面积水", "hazard": "waterlogging"},
        {"code": "506"},  # the zero that a spreadsheet ate
        {"code": "0777", "type_name": " 路面　积水 ", "hazard": "waterlogging"},
        {"code": "0777", "type_name": "别的", "hazard": "waterlogging"},
        {"type_name": "别的", "hazard": "wall_risk"},
        {},
    ]
    assert fits(rows, *cases) == [0, 0, 1, 2, NO_ROW, NO_ROW]


def test_of_a_code_with_several_conditions_the_row_that_names_the_hazard_of_the_case_counts():
    rows = table(
        {"code": "0103", "condition": "缺失、移位", "limit_text": "2紧急工作时"},
        {"code": "0103", "condition": "破损", "limit_text": "4工作时"},
        {"code": "0103", "condition": "井框与路面高低差大于2cm", "limit_text": "5工作日", "hazard": "sunken_cover"},
        {"hazard": "waterlogging", "limit_text": "2紧急工作时"},
        {"hazard": "waterlogging", "limit_text": "1紧急工作时", "words": "隧道"},
    )
    cases = [
        {"code": "0103", "hazard": "sunken_cover"},
        {"code": "0103", "hazard": "sunken_cover", "condition": "破损"},  # what the file says goes first
        {"code": "0103", "hazard": "other"},  # missing or broken? nobody knows
        {"hazard": "waterlogging", "description": "路口积水"},
        {"hazard": "waterlogging", "description": "隧道积水"},
    ]
    assert fits(rows, *cases) == [2, 1, SEVERAL, 3, 4]


def test_a_code_counts_with_its_list_and_its_kind_where_these_are_known():
    rows = table(
        {"code": "0506", "scheme": "old", "limit_text": "1工作日"},
        {"code": "0506", "scheme": "new", "limit_text": "2工作日"},
        {"code": "0506", "scheme": "new", "kind": "component", "limit_text": "3工作日"},
    )
    cases = [
        {"code": "0506", "scheme": "old"},
        {"code": "0506", "scheme": "new", "kind": "部件"},
        {"code": "0506", "scheme": "new", "kind": "事件"},
        {"code": "0506", "scheme": "new"},
        {"code": "0506"},
        {"code": "0506", "scheme": "third"},
    ]
    assert fits(rows, *cases) == [0, 2, 1, SEVERAL, SEVERAL, NO_ROW]


def test_a_code_of_an_unknown_list_counts_only_where_its_type_means_the_same():
    # Yuncheng's components and the newer list's events share the digits 0506 (../shared/data/chengguan_standard)
    rows = table(
        {
            "code": "0506",
            "type_name": "水域附属设施",
            "scheme": "yuncheng",
            "kind": "component",
            "limit_text": "1工作日",
        },
        {"code": "0506", "type_name": "道路积水", "scheme": "gbt30428", "limit_text": "4紧急工作时"},
        {"code": "0407", "type_name": "非机动车乱停放", "scheme": "gbt30428", "limit_text": "2工作时"},
    )
    water, other = {"code": "0506", "hazard": "waterlogging"}, {"code": "0407", "hazard": "other"}
    cases = [
        {**water, "type_name": "道路积水"},
        {**water, "type_name": "路面积水"},  # another name for the same hazard
        {**water, "type_name": "道路积水", "scheme": "yuncheng"},  # who says the list is believed
        {**other, "type_name": "树池盖板"},  # of the rest nobody knows that it is the same
        {**other, "type_name": ""},
    ]
    assert fits(rows, *cases) == [1, 1, 0, NO_ROW, 2]
    assert fits(rows.iloc[:1], cases[0]) == [NO_ROW]


def test_of_several_rows_the_condition_then_words_then_neither_decides():
    rows = table(
        {"code": "0102", "condition": "井盖松动", "limit_text": "4工作时"},
        {"code": "0102", "words": "塌陷、沉降，sunk", "limit_text": "2紧急工作时"},
        {"code": "0102", "words": "伤人", "limit_text": "1紧急工作时"},
        {"code": "0102", "limit_text": "5工作日"},
    )
    cases = [
        {"code": "0102", "condition": "井盖 松动", "description": "井盖沉降"},
        {"code": "0102", "description": "路边井盖沉降10厘米"},
        {"code": "0102", "condition": "别的", "description": "a SUNK cover"},
        {"code": "0102", "description": "井盖沉降，有伤人危险"},  # two, with different limits
        {"code": "0102", "description": "井盖丢失"},
        {"code": "0102", "condition": "别的"},
    ]
    assert fits(rows, *cases) == [0, 1, 1, SEVERAL, 3, 3]


def test_where_only_conditions_are_asked_for_all_rows_count_if_they_have_one_limit():
    different = table({"code": "1", "condition": "a"}, {"code": "1", "condition": "b", "limit_text": "5工作日"})
    same = table({"code": "1", "condition": "a", "handling": "engineering"}, {"code": "1", "condition": "b"})
    unread = table({"code": "1", "condition": "a", "limit_text": "视情况"}, {"code": "1", "limit_text": "视 情况"})
    assert fits(different, {"code": "1"}) == [SEVERAL]
    assert fits(same, {"code": "1"}) == [1]  # an ordinary case, for nobody says that it is engineering
    assert fits(unread, {"code": "1", "condition": "c"}) == [1]


def test_words_are_words_and_no_program():
    rows = table({"code": "1", "words": "(a+)+$ [ .*"}, {"code": "1", "limit_text": "5工作日"})
    assert fits(rows, {"code": "1", "description": "aaaa"}, {"code": "1", "description": "x .* x"}) == [1, 0]


def test_the_edition_in_force_on_the_day_counts_for_each_list_and_kind():
    rows = table(
        {"code": "1", "type_name": "甲", "limit_text": "1工作日"},
        {"code": "1", "valid_from": "2026-03-01", "limit_text": "2工作日"},  # without 甲
        {"code": "2", "kind": "component", "valid_from": "2026-02-01"},
    )
    cases = [
        {"code": "1", "day": "2026-02-28"},
        {"code": "1", "day": "2026-03-01"},
        {"type_name": "甲", "day": "2026-02-28"},
        {"type_name": "甲", "day": "2026-03-01"},
        {"code": "2", "day": "2026-01-31"},
        {"code": "2", "day": "2027-01-01"},
        {"code": "1", "day": "NaT"},  # not begun: what is in force at last
    ]
    assert fits(rows, *cases) == [0, 1, 0, NO_ROW, NO_ROW, 2, 1]


@pytest.mark.parametrize("seed", range(3))
def test_many_cases_together_are_decided_as_each_alone(seed):
    chance = np.random.default_rng(seed)

    def any_of(*texts: str) -> str:
        return str(chance.choice(texts))

    rows = table(
        *(
            {
                "scheme": any_of("old", "new"), "kind": any_of("event", "component"),
                "code": any_of("0101", "0102", ""),
                "type_name": any_of("甲", "乙", ""), "hazard": any_of("", "waterlogging"),
                "condition": any_of("", "", "松动"), "words": any_of("", "", "水", "墙 倒"),
                "valid_from": any_of("", "2026-02-01", "2026-03-01"), "limit_text": any_of("4工作时", "5工作日", "?"),
            }
            for _ in range(30)
        )
    )  # fmt: skip
    cases = [
        {
            "scheme": any_of("old", "new", ""), "kind": any_of("事件", "部件", ""), "code": any_of("0101", "0102", "9"),
            "type_name": any_of("甲", "乙", "丙"), "hazard": any_of("other", "waterlogging"),
            "condition": any_of("", "松动"), "description": any_of("水", "倒", "", "水墙"),
            "day": any_of("2026-01-01", "2026-02-15", "2026-04-01"),
        }
        for _ in range(200)
    ]  # fmt: skip
    assert fits(rows, *cases) == [fits(rows, case)[0] for case in cases]
