"""Types to hazards: both code lists, the names, the traps, and what an edited table may not say."""

import pandas as pd
import pytest

from base.errors import HazardError
from data.schema import HAZARDS
from data.taxonomy import DEFAULT_RULES, RULE_COLUMNS, check_rules, classify, guess_scheme, is_sure


def _hazard(
    type_name: str = "", code: str = "", description: str = "", rules: pd.DataFrame = DEFAULT_RULES, **options
) -> str:
    return classify(pd.Series([type_name]), pd.Series([code]), pd.Series([description]), rules, **options)[0]


def _rules(*rows: tuple[str, str, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(RULE_COLUMNS))


@pytest.mark.parametrize(
    ("scheme", "code", "hazard"),
    [
        # domain facts, section 2: CJ/T 214 style against the newer style
        ("cjt214", "0406", "waterlogging"), ("gbt30428", "0506", "waterlogging"),
        ("cjt214", "0506", "other"), ("gbt30428", "0406", "other"),
        ("cjt214", "406", "waterlogging"),  # a spreadsheet ate the zero
        ("cjt214", "0404", "other"), ("gbt30428", "0503", "other"), ("gbt30428", "0183", "wall_risk"),
        ("", "0406", "other"), ("gbt30428", "0196", "other"),
    ],
)  # fmt: skip
def test_the_same_digits_mean_what_the_named_list_says(scheme, code, hazard):
    assert _hazard(code=code, scheme=scheme or None) == hazard


def test_a_component_is_not_the_event_of_the_same_number():
    # component 0506 = fittings of water bodies, event 0506 = road waterlogging
    assert _hazard(code="0506", scheme="gbt30428", kind="component") == "other"
    assert _hazard(code="0506", scheme="gbt30428", kind="event") == "waterlogging"
    assert _hazard("水域附属设施", "0506", scheme="gbt30428") == "other"
    assert _hazard("道路积水", "0506", scheme="gbt30428") == "waterlogging"


@pytest.mark.parametrize(
    ("type_name", "hazard"),
    [
        ("道路积水", "waterlogging"), ("内涝渍水", "waterlogging"), ("桥面积水", "waterlogging"),
        ("Street Flooding", "waterlogging"),
        ("井盖下沉", "sunken_cover"), ("井盖沉降", "sunken_cover"), ("雨水井盖高差", "sunken_cover"),
        ("Sunken manhole", "sunken_cover"),
        ("围墙倾斜", "wall_risk"), ("墙体开裂", "wall_risk"), ("外立面裂缝", "wall_risk"),
        ("LEANING WALL", "wall_risk"),
        # traps
        ("井盖缺失", "other"), ("井盖破损", "other"), ("下水道堵塞", "other"), ("路面塌陷", "other"),
        ("墙体广告", "other"),
        ("无积水", "other"), ("Floodlight out", "other"), ("missing manhole cover", "other"), ("道路不洁", "other"),
    ],
)  # fmt: skip
def test_names_say_the_hazard(type_name, hazard):
    assert _hazard(type_name) == hazard


def test_the_description_counts_only_where_the_type_does_not_say_what_is_wrong():
    assert _hazard("", description="门口积水没过脚踝") == "waterlogging"
    assert _hazard("占道经营", description="摊位前积水") == "other"
    assert _hazard("雨水井盖", description="井盖下沉约5厘米") == "sunken_cover"  # the type names the thing only
    assert _hazard("井盖", description="雨水井盖缺失") == "other"
    assert _hazard("墙体", description="围墙倾斜开裂") == "wall_risk"
    assert _hazard("墙体") == "other"


def test_boston_types_give_the_counts_of_the_file(shared_data):
    types = pd.read_csv(shared_data / "boston311_2015" / "boston_311_2015_hazards.csv", usecols=["TYPE"], dtype=str)[
        "TYPE"
    ]
    empty = pd.Series("", index=types.index)
    counts = classify(types, empty, empty, DEFAULT_RULES).value_counts().to_dict()
    # README of the file: Catchbasin 405, Utility Casting Repair 95; Unsafe Dangerous Conditions by a count of lines
    assert counts == {"waterlogging": 405, "sunken_cover": 95, "wall_risk": 1429, "other": 8521 - 405 - 95 - 1429}


def test_a_pattern_is_words_and_never_an_expression():
    rules = _rules(("", "", "", "a.c", "waterlogging", ""), ("", "", "", "(x|[y", "wall_risk", ""))
    assert _hazard("abc", rules=rules) == "other"
    assert _hazard("A.C", rules=rules) == "waterlogging"
    assert _hazard("[y]", rules=rules) == "wall_risk"


def test_the_first_rule_that_matches_wins():
    rules = _rules(("", "", "", "水", "other", ""), ("", "", "", "积水", "waterlogging", ""))
    assert _hazard("积水", rules=rules) == "other"
    assert _hazard("积水", rules=rules.iloc[::-1]) == "waterlogging"


def test_the_index_is_kept_and_every_answer_is_a_hazard():
    index = [7, 3, 3]
    answer = classify(
        pd.Series(["积水", "", "x"], index),
        pd.Series(["", "", ""], index),
        pd.Series(["", "墙体开裂", ""], index),
        DEFAULT_RULES,
    )
    assert list(answer.index) == index
    assert list(answer) == ["waterlogging", "wall_risk", "other"]
    assert set(answer) <= set(HAZARDS)


def test_the_shipped_table_is_a_valid_one():
    assert check_rules(DEFAULT_RULES).equals(DEFAULT_RULES)
    assert {"cjt214", "gbt30428", "boston311"} <= set(DEFAULT_RULES["scheme"])
    assert (DEFAULT_RULES["note"] != "").all()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("", "", "", "积水", "flood", ""), "no hazard"),
        (("s", "thing", "0406", "", "other", ""), "no kind"),
        (("s", "", "0406", "积水", "other", ""), "either a code or a pattern"),
        (("s", "", "", "", "other", ""), "either a code or a pattern"),
        (("", "", "0406", "", "other", ""), "scheme"),
        (("", "", "", "积水||内涝", "other", ""), "match all"),
        (("s", "", "0406", "", "", ""), "no hazard"),
    ],
)  # fmt: skip
def test_a_wrong_line_of_an_edited_table_is_named(row, words):
    with pytest.raises(HazardError, match=words) as caught:
        check_rules(_rules(("", "", "", "积水", "waterlogging", ""), row))
    assert (caught.value.code, caught.value.facts["line"]) == ("rule-invalid", 2)


def test_empty_lines_are_left_out_and_missing_columns_are_named():
    assert len(check_rules(_rules(("", "", "", "", "", ""), ("", "", "", " 积水 ", "waterlogging", None)))) == 1
    with pytest.raises(HazardError, match="hazard") as caught:
        check_rules(pd.DataFrame({"scheme": [], "kind": [], "code": [], "pattern": [], "note": []}))
    assert caught.value.code == "rules-column-missing"


def test_each_row_may_say_itself_whether_it_is_a_component_or_an_event():
    kinds = pd.Series(["部件", "事件", "Event", "", "部件类"])
    codes = pd.Series(["0506"] * 5)
    answer = classify(pd.Series([""] * 5), codes, pd.Series([""] * 5), DEFAULT_RULES, scheme="gbt30428", kind=kinds)
    assert list(answer) == ["other", "waterlogging", "waterlogging", "waterlogging", "other"]


def _guess(*pairs: tuple[str, str], rules: pd.DataFrame = DEFAULT_RULES):
    names, codes = zip(*pairs, strict=True)
    return guess_scheme(pd.Series(names), pd.Series(codes), rules)


def test_the_names_beside_the_codes_tell_the_list():
    # domain facts, section 2
    new = [("道路积水", "0506"), ("道路破损", "0113"), ("占道经营", "0406"), ("积水点", "0506")]
    old = [("道路积水", "0406"), ("道路破损", "0110"), ("非机动车乱停放", "0506")]
    assert _guess(*new) == ("gbt30428", 4, 0)
    assert _guess(*old) == ("cjt214", 3, 0)
    assert _guess(*new, ("道路积水", "0406")) == ("gbt30428", 4, 1)


def test_codes_that_no_list_knows_and_names_that_suit_both_tell_nothing():
    assert _guess(("x", "9999"), ("", "0506"), ("道路积水", "")) == (None, 0, 0)
    assert _guess(("道路积水", "0406"), ("道路积水", "0506"))[0] is None
    assert _guess(("苹果", "0506"), ("梨", "0406"))[0] is None


def test_an_office_list_of_its_own_can_be_told_by_its_hazards():
    rules = pd.concat([_rules(("own", "", "77", "", "wall_risk", "")), DEFAULT_RULES])
    assert _guess(("围墙倾斜", "77"), ("危墙", "77"), ("墙体开裂", "77"), rules=rules) == ("own", 3, 0)


def test_a_guess_is_sure_with_three_rows_and_ten_times_as_many_as_against_it():
    assert [is_sure(*counts) for counts in ((2, 0), (3, 0), (10, 1), (9, 1))] == [False, True, True, False]


def test_rows_of_which_nothing_says_what_they_are_get_the_hazard_of_their_file():
    texts = pd.Series(["", "", "暴露垃圾", ""]), pd.Series(["", "", "", "9999"]), pd.Series(["", "路口", "", ""])
    named = classify(*texts, DEFAULT_RULES, untyped="waterlogging")
    assert named.tolist() == ["waterlogging", "other", "other", "other"]
