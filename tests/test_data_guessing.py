"""Where headers do not decide, values do: two columns for one field, none with a known name, stages told by time."""

import pandas as pd
import pytest

from data.headers import guess_mapping

DAYS = ["2025-03-05 14:30", "2025-03-06 09:00", "2025-03-07 10:15"]


def _guess(**columns: list[str]) -> dict[str, str]:
    return guess_mapping(list(columns), pd.DataFrame(columns))


def test_of_two_columns_that_fit_the_one_with_the_right_values_is_taken():
    mapping = _guess(上报时间=["白班", "夜班", "白班"], 登记时间=DAYS, 经度=["", "", ""], X=["113.2", "113.3", "113.4"])
    assert (mapping["reported_at"], mapping["lon"]) == ("登记时间", "X")


def test_a_lone_column_with_a_known_name_is_kept_so_that_its_bad_values_are_named():
    mapping = _guess(上报时间=["昨天", "今天"], 经度=["东边", "西边"], 纬度=["33.7", "33.8"])
    assert (mapping["reported_at"], mapping["lon"]) == ("上报时间", "经度")


def test_a_time_and_a_pair_of_degrees_without_a_known_name_are_found():
    mapping = _guess(
        巡查日期=DAYS, 更新时间=DAYS, 甲=["33.7661", "33.7702", "33.7011"], 乙=["113.1932", "113.2011", "113.2222"]
    )
    assert mapping == {"reported_at": "巡查日期", "lon": "乙", "lat": "甲"}


def test_numbers_that_could_be_either_are_not_guessed():
    assert "lon" not in _guess(甲=["113.1932"], 乙=["113.2011"], 丙=["33.7661"])
    assert "lon" not in _guess(甲=["42.3594"], 乙=["-71.0587"])  # not in China: nothing tells which is which


def test_digits_under_a_name_of_classes_are_codes():
    mapping = _guess(大类=["1", "03", "05"], 小类=["6", "12", "06"], 小类名称=["积水", "井盖", "围墙"])
    assert mapping == {"main_code": "大类", "code": "小类", "type_name": "小类名称"}
    assert _guess(大类=["街面秩序", "突发事件"], 小类=["占道经营", "道路积水"]) == {
        "main_type": "大类",
        "type_name": "小类",
    }


def test_a_column_that_says_component_or_event_is_the_kind_whatever_it_is_called():
    assert _guess(案件类型=["部件", "事件", "部件"], 问题类型=["井盖", "积水", "井盖"]) == {
        "kind": "案件类型", "type_name": "问题类型",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verified", "checked", "expected"),
    [
        # eGova: 核实 before filing, 核查 after the work; smart_cityguard's paper has them the other way round
        ("2025-03-05 10:00", "2025-03-05 18:00", "核查时间"),
        ("2025-03-05 18:00", "2025-03-05 10:00", "核实时间"),
        ("2025-03-05 10:00", "2025-03-05 10:00", None),
        ("", "", "核查时间"),  # nothing to compare: the usual word
    ],
)
def test_the_check_after_the_work_is_told_by_time_and_not_by_its_word(verified, checked, expected):
    mapping = _guess(处置完成时间=["2025-03-05 12:00"], 核实时间=[verified], 核查时间=[checked])
    assert mapping.get("checked_at") == expected


def test_without_values_the_word_for_a_check_that_may_come_first_is_not_taken():
    assert guess_mapping(["核实时间"]) == {}
    assert guess_mapping(["核查时间"]) == {"checked_at": "核查时间"}


def test_postal_areas_are_cells_only_where_nothing_better_is_said():
    assert guess_mapping(["Zip code", "Total claims"]) == {"cell": "Zip code"}
    assert "cell" not in guess_mapping(["zip", "lat", "lon"])
    assert guess_mapping(["zip", "网格编码"])["cell"] == "网格编码"


def test_the_columns_of_a_table_of_points_come_before_all_others():
    mapping = guess_mapping(["经度", "纬度", "geometry x", "geometry y"])
    assert (mapping["lon"], mapping["lat"]) == ("geometry x", "geometry y")
