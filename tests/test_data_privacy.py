"""Persons stop at the door: their columns are recognised, their numbers in free text are masked, other text is not."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.privacy import mask, mask_text, personal_headers


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
