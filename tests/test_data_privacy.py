"""Persons stop at the door: their columns are recognised, their numbers in free text are masked, other text is not."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.privacy import column_policy, mask, mask_text, personal_headers


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("姓名", "name"), ("上报人", "name"), ("联系人姓名", "name"), ("name", "name"), ("ReporterName", "name"),
        ("reporter", "name"), ("first_name", "name"), ("联系电话", "phone"), ("手机号码", "phone"), ("phone", "phone"),
        ("mobile", "phone"), ("contact_phone", "phone"), ("身份证号", "id_number"), ("id_card", "id_number"),
        ("车牌号", "plate"), ("plate", "plate"), ("邮箱", "email"), ("E-mail", "email"), ("email", "email"),
        ("困境儿童", "group"), ("是否退役军人", "group"), ("残疾人", "group"),
        ("发现人", "name"), ("填报人", "name"), ("提交人", "name"),
        ("创建人", "name"), ("录入人", "name"), ("承办人", "name"),
        ("受理人", "name"), ("居民", "name"), ("业主", "name"),
        ("住户", "name"), ("求助人", "name"), ("坐席", "name"),
        ("租户", "name"), ("联络员", "name"), ("楼长", "name"),
        ("网格员", "name"), ("QQ", "name"), ("QQ号", "name"),
        ("reported_by", "name"), ("created_by", "name"),
        ("createdBy", "name"), ("owner", "name"), ("派遣员", "name"),
        ("值班人员", "name"), ("巡检人(必填)", "name"), ("接单人名称", "name"),
        ("受理员编号", "name"), ("业主姓名", "name"),
        ("门牌号", "address"), ("住址", "address"),
    ],
)  # fmt: skip
def test_headers_about_persons_are_recognised(header, kind):
    assert personal_headers([header]) == {header: kind}


@pytest.mark.parametrize(
    "header",
    ["街道名称", "LOCATION_STREET_NAME", "类型名称", "小类名称", "上报时间", "上报人次", "地址", "Location", "TYPE",
     "处置部门", "责任单位", "case_title", "template", "planet", "Property_ID", "CASE_ENQUIRY_ID", "grid_name",
     "人口",
     "户数", "人数", "常住人口", "居民户数", "业主户数", "成员单位", "责任人单位", "承办单位", "处置人员类型",
     "居民区",
     "居民委员会", "业主委员会", "人员数", "standby", "nearby", "ownership",
     "created_at", "sort_by", "行政区", "网格"],
)  # fmt: skip
def test_headers_about_places_and_things_are_not(header):
    assert personal_headers([header]) == {}


@pytest.mark.parametrize(
    "secret",
    ["13812345678", "138 1234 5678", "+86 138-1234-5678", "１３８１２３４５６７８", "0375-1234567", "（0375）12345678",
     "41040219900307123X", "410402199003071234", "zhang.san@example.com.cn", "豫D12345", "豫DF12345", "豫d·1234警",
     "617-555-1234"],
)  # fmt: skip
def test_numbers_of_persons_are_masked_wherever_they_stand(secret):
    for text in (secret, f"请联系{secret}。", f"路口积水,电话:{secret} 王"):
        masked = mask_text(pd.Series([text]))[0]
        assert secret not in masked
        assert "***" in masked
        assert masked == mask(text)


@pytest.mark.parametrize(
    "text",
    ["路口积水约30厘米", "井盖300号", "2015-01-09 14:56:26", "20240715081200", "案件320240715000123456",
     "39 Saunders St  MA  02134",
     "113.1932,33.7661", "皖北路D区", "1000米", ""],
)  # fmt: skip
def test_other_text_is_left_alone(text):
    assert mask_text(pd.Series([text]))[0] == text


def test_a_local_number_is_masked_where_it_is_called_a_telephone():
    assert mask("联系电话:3912345") == "联系电话***"
    assert mask("编号3912345") == "编号3912345"


@given(st.lists(st.text(alphabet="0138-@.a豫D路 积", max_size=30)))
def test_masking_at_once_is_masking_one_by_one(texts):
    series = pd.Series(texts, index=range(5, 5 + len(texts)), dtype=object)
    masked = mask_text(series)
    assert list(masked) == [mask(text) for text in texts]
    assert masked.index.equals(series.index)


def test_a_very_long_cell_is_masked_too():
    masked = mask("a" * 300_000 + " 13812345678 " + "b@" * 50_000)
    assert "13812345678" not in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("联系人张三", "联系人***"), ("市民王女士反映", "市民***反映"), ("李先生来电", "***来电"),
        ("报告人：赵六", "报告人：***"), ("联系人：欧阳小明反映积水", "联系人：***反映积水"),
        ("居民李四，", "居民***，"),
        ("王大爷说", "***说"), ("陈某某来电", "***来电"), ("called Mr. Kelly and", "called Mr. *** and"),
        ("微信号：abc_12345", "微信号：***"), ("QQ 123456789", "QQ ***"), ("护照E12345678", "护照***"),
        ("卡号 6222 0212 3456 7894", "卡号 ***"), ("3号楼2单元501室漏水", "3号楼2单元***漏水"),
        ("5栋1201墙体", "5栋***墙体"),
    ],
)  # fmt: skip
def test_names_accounts_papers_and_flats_are_masked_and_the_rest_stays(text, masked):
    assert mask(text) == masked
    assert mask_text(pd.Series([text]))[0] == masked


@pytest.mark.parametrize(
    "text",
    ["居民反映积水", "市民高度关注", "居民曾多次反映", "业主方表示不满", "群众马上要求", "居民周边道路积水",
     "于某处积水",
     "联系人:物业公司", "30户居民", "办公室外", "3室2厅", "3号楼100米处", "2 Dr. King Blvd", "E12345678号灯杆",
     "网格410402001002003", "网格41040200100200301"],
)  # fmt: skip
def test_words_that_look_like_persons_are_left_alone(text):
    assert mask(text) == text


def test_identity_numbers_are_told_from_case_numbers_by_their_check_digit():
    # GB 11643-1999, annex: 11010519491231002X and 440524188001010014 are its examples; the second was born before 1900
    assert mask("11010519491231002X") == "***"
    case_number = "41040220240715001"  # county, day, serial number; the check digit would be 6
    weighed = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(case_number)) % 11
    check = "10X98765432"[weighed]
    assert mask(case_number + check) == "***"
    for digit in set("0123456789") - {check}:
        assert mask(case_number + digit) == case_number + digit
        assert mask("身份证号" + case_number + digit) == "身份证号***"


def test_old_identity_numbers_need_a_day_of_birth():
    assert mask("410402900307123") == "***"
    assert mask("410402901307123") == "410402901307123"


def test_bank_cards_need_their_check_digit():
    # 6222021234567894: the sum of Luhn, by hand, is 60
    assert mask("6222021234567894") == "***"
    assert mask("6222021234567895") == "6222021234567895"


def test_flats_stay_where_the_office_wants_them():
    text = pd.Series(["3号楼2单元501室，电话13812345678"])
    assert mask_text(text, doors=False)[0] == mask(text[0], doors=False) == "3号楼2单元501室，电话***"


@given(st.lists(st.text(alphabet="王李先生女士联系人居民：反映501室栋@1380x ", max_size=16)))
def test_masking_at_once_is_masking_one_by_one_for_words_too(texts):
    assert list(mask_text(pd.Series(texts, dtype=object))) == [mask(text) for text in texts]


def test_boston_closures_keep_their_words(shared_data):
    # Telephones and mail were replaced by the publisher. By eye: "Mr. Kelly", "Ms. Civitarese", and a cart's number
    # of ten digits, which reads as a telephone number.
    table = pd.read_csv(shared_data / "boston311_2015/boston_311_2015_hazards.csv", dtype=str, keep_default_na=False)
    closures = table["CLOSURE_REASON"]
    assert (mask_text(closures) != closures).sum() == 3


def test_columns_about_persons_are_dropped_or_masked_and_lists_of_special_groups_always_dropped():
    headers = ["联系电话", "困境儿童", "地址"]
    assert column_policy(headers, {"personal_columns": "drop"}) == {"联系电话": "drop", "困境儿童": "drop"}
    assert column_policy(headers, {"personal_columns": "mask"}) == {"联系电话": "mask", "困境儿童": "drop"}


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("上报信息 上报人", "name"), ("上报信息 联系电话", "phone"), ("居委会 联系人", "name"), ("联系人 居委会", None),
        ("处置 处置部门", None), ("OWNER_DEPARTMENT", None), ("ownerDepartment", None), ("Contact Agency Name", None),
        ("owner", "name"), ("contact_department_phone", "phone"), ("owner_name", "name"),
    ],
)  # fmt: skip
def test_a_title_under_a_heading_is_a_person_by_itself_and_an_office_is_none(header, kind):
    assert personal_headers([header]).get(header) == kind
