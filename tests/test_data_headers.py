"""Whose column is this: real headers, the user's corrections, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.headers import apply_mapping, fingerprint, guess_mapping
from data.readers import Table, read_table
from data.schema import FIELDS

NAMES = [field.name for field in FIELDS]


def _table(text: str) -> Table:
    return read_table(text.encode(), "cases.csv")


def _refused(table: Table, mapping: dict[str, str]) -> HazardError:
    with pytest.raises(HazardError) as caught:
        apply_mapping(table, mapping)
    return caught.value


@pytest.mark.parametrize(
    ("headers", "mapping"),
    [
        # the columns of domain facts, section 6: Chinese, eGova, smart_cityguard, Open311; and Boston, 12345
        (["案卷号", "上报时间", "派遣时间", "处置完成时间", "结案时间", "处置截止时间", "问题来源", "小类", "编码",
         "经度", "纬度",
          "问题描述", "地址", "处置部门"],
         {"incident_id": "案卷号", "reported_at": "上报时间", "dispatched_at": "派遣时间", "handled_at": "处置完成时间",
          "closed_at": "结案时间", "due_at": "处置截止时间", "channel": "问题来源", "type_name": "小类",
          "code": "编码", "lon": "经度",
          "lat": "纬度", "description": "问题描述", "address": "地址", "unit": "处置部门"}),
        (["task_num", "create_time", "dispatch_time", "dispose_end_time", "archive_time", "dispose_deadline",
          "event_type_code", "coordinate_x", "coordinate_y", "event_desc", "dispose_unit"],
         {"incident_id": "task_num", "reported_at": "create_time", "dispatched_at": "dispatch_time",
          "handled_at": "dispose_end_time", "closed_at": "archive_time", "due_at": "dispose_deadline",
          "code": "event_type_code", "lon": "coordinate_x", "lat": "coordinate_y", "description": "event_desc",
          "unit": "dispose_unit"}),
        (["service_request_id", "requested_datetime", "updated_datetime", "expected_datetime", "service_name", "lat",
         "long",
          "agency_responsible"],
         {"incident_id": "service_request_id", "reported_at": "requested_datetime", "due_at": "expected_datetime",
          "type_name": "service_name", "lat": "lat", "lon": "long", "unit": "agency_responsible"}),
        (["工单编号", "来电时间", "来电人", "诉求内容", "办结时间", "X", "Y"],
         {"incident_id": "工单编号", "reported_at": "来电时间", "description": "诉求内容", "closed_at": "办结时间",
          "lon": "X",
          "lat": "Y"}),
    ],
)  # fmt: skip
def test_known_headers_find_their_field(headers, mapping):
    assert guess_mapping(headers) == mapping


def test_boston_is_mapped_without_help(shared_data):
    table = read_table((shared_data / "boston311_2015" / "boston_311_2015_hazards.csv").read_bytes(), "boston")
    mapping = guess_mapping(table.headers)
    assert mapping["incident_id"] == "CASE_ENQUIRY_ID"
    assert [mapping[name] for name in ("reported_at", "due_at", "closed_at")] == ["OPEN_DT", "TARGET_DT", "CLOSED_DT"]
    assert [mapping[name] for name in ("lon", "lat", "type_name")] == ["LONGITUDE", "LATITUDE", "TYPE"]
    assert "CASE_STATUS" not in mapping.values()


def test_signs_brackets_capitals_and_widths_do_not_count():
    assert guess_mapping(["经度(°)", "纬度（WGS84）", " Case ID ", "上报 时间*"]) == {
        "lon": "经度(°)", "lat": "纬度（WGS84）", "incident_id": " Case ID ", "reported_at": "上报 时间*",
    }  # fmt: skip


def test_the_better_name_wins_and_personal_columns_are_never_used():
    assert guess_mapping(["x", "经度"])["lon"] == "经度"
    assert guess_mapping(["姓名", "name", "手机", "phone"]) == {}


@given(
    st.lists(
        st.sampled_from(["经度", "lon", "X", "编号", "id", "时间", "上报时间", "类别", "名称", "电话", "q"]), max_size=8
    )
)
def test_no_header_serves_two_fields(headers):
    mapping = guess_mapping(headers)
    assert len(set(mapping.values())) == len(mapping)
    assert set(mapping) <= set(NAMES)
    assert set(mapping.values()) <= set(headers) - {"电话"}


def test_mapped_columns_come_in_the_order_of_the_fields_under_their_rows():
    table = _table("纬度,经度,编号,其他\n33.7,113.2,A1,x\n33.8,113.3,A2,y\n")
    raw = apply_mapping(table, {"lon": "经度", "lat": "纬度", "incident_id": "编号"})
    assert list(raw.columns) == ["incident_id", "lon", "lat"]
    assert list(raw.index) == [2, 3]
    assert raw.loc[3].tolist() == ["A2", "113.3", "33.8"]
    assert raw.attrs["headers"]["lon"] == "经度"


@pytest.mark.parametrize(
    ("mapping", "code", "words"),
    [
        ({"longitude": "经度"}, "field-unknown", "longitude"),
        ({"lon": "东经", "lat": "纬度"}, "column-missing", "东经"),
        ({"lon": "备注", "lat": "纬度"}, "header-repeated", "备注"),
        ({"lon": "经度", "lat": "经度"}, "header-repeated", "经度"),
        ({"lon": "经度", "lat": "纬度", "address": "电话"}, "personal-column", "电话"),
        ({"lon": "经度"}, "no-coordinate-columns", "lat"),
        ({}, "no-coordinate-columns", "经度, 纬度, 备注, 备注, 电话"),
    ],
)
def test_a_wrong_mapping_is_named(mapping, code, words):
    error = _refused(_table("经度,纬度,备注,备注,电话\n1,2,3,4,5\n"), mapping)
    assert error.code == code
    assert words in str(error)


def test_repeated_headers_that_nobody_needs_do_no_harm():
    raw = apply_mapping(_table("经度,纬度,备注,备注\n1,2,3,4\n"), {"lon": "经度", "lat": "纬度"})
    assert raw.loc[2].tolist() == ["1", "2"]


def test_a_kind_of_file_has_one_fingerprint():
    assert fingerprint(["a", "b"]) == fingerprint(("a", "b"))
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
    assert fingerprint(["a", "b"]) != fingerprint(["ab"])
