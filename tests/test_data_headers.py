"""Whose column is this: real headers, the user's corrections, and what is refused."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.headers import apply_mapping, fingerprint, guess_mapping, numbered
from data.layout import says_total
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
          "closed_at": "结案时间", "target_at": "处置截止时间", "channel": "问题来源", "type_name": "小类",
          "code": "编码", "lon": "经度",
          "lat": "纬度", "description": "问题描述", "address": "地址", "unit": "处置部门"}),
        (["task_num", "create_time", "dispatch_time", "dispose_end_time", "archive_time", "dispose_deadline",
          "event_type_code", "coordinate_x", "coordinate_y", "event_desc", "dispose_unit"],
         {"incident_id": "task_num", "reported_at": "create_time", "dispatched_at": "dispatch_time",
          "handled_at": "dispose_end_time", "closed_at": "archive_time", "target_at": "dispose_deadline",
          "code": "event_type_code", "lon": "coordinate_x", "lat": "coordinate_y", "description": "event_desc",
          "unit": "dispose_unit"}),
        (["service_request_id", "requested_datetime", "updated_datetime", "expected_datetime", "service_name", "lat",
         "long",
          "agency_responsible"],
         {"incident_id": "service_request_id", "reported_at": "requested_datetime", "target_at": "expected_datetime",
          "type_name": "service_name", "lat": "lat", "lon": "long", "unit": "agency_responsible"}),
        (["工单编号", "来电时间", "来电人", "诉求内容", "办结时间", "X", "Y"],
         {"incident_id": "工单编号", "reported_at": "来电时间", "description": "诉求内容", "closed_at": "办结时间",
          "lon": "X",
          "lat": "Y"}),
    ],
)  # fmt: skip
def test_known_headers_find_their_field(headers, mapping):
    assert guess_mapping(headers) == mapping


_NOT_THERE = (  # in eGova's table of cases
    "main_code", "condition", "on_spot", "paused_at", "resumed_at", "surveyed_at", "designed_at", "built_at",
    "followed_up_at",
)  # fmt: skip
ALL = " ".join(name for name in NAMES if name not in _NOT_THERE)


@pytest.mark.parametrize(
    ("headers", "fields", "left"),
    [
        # all fields of domain facts 6, as eGova names them, and as a Chinese export does
        ("task_num create_time inst_time dispatch_time dispose_end_time check_time archive_time cancel_time "
         "dispose_deadline part_or_event main_type sub_type event_type_code part_code event_desc address coordinate_x "
         "coordinate_y district street community cell event_src_name dispose_unit rework_num hang_num postpone_hours "
         "satisfaction_id", ALL, "duty_grid rec_id"),
        ("任务号 上报时间 立案时间 派遣时间 处置完成时间 核查时间 结案时间 作废时间 处置截止时间 "
         "部件/事件 大类 小类 编码 部件编码 问题描述 地址 横坐标 纵坐标 区 街道 社区 单元网格 问题来源 处置部门 "
         "返工次数 挂账 延期 满意度", ALL, "责任网格 案件状态"),
        # smart_cityguard: the class in two columns
        ("case_code report_time accept_time dispatch_time handle_finish_time check_time close_time deadline_time "
         "category_type small_code big_code description address longitude latitude street_id community_id grid_id "
         "source_type handle_dept rework_count total_paused_seconds visit_satisfaction",
         "incident_id reported_at filed_at dispatched_at handled_at checked_at closed_at target_at kind code main_code "
         "description address lon lat street community cell channel unit reworked paused satisfaction",
         "resp_grid_id"),
        # 12345 work orders
        ("工单编号 来电时间 受理时间 派单时间 办结时间 办理期限 一级分类 三级分类 诉求内容 诉求地址 所属区 "
         "所属街道 所属社区 工单来源 承办单位 回访满意度",
         "incident_id reported_at filed_at dispatched_at closed_at target_at main_type type_name description address "
         "district street community channel unit satisfaction", "二级分类 诉求标题 回访时间"),
        # Open311: the last change is not the end
        ("service_request_id requested_datetime expected_datetime service_name service_code description address long "
         "lat agency_responsible",
         "incident_id reported_at target_at type_name code description address lon lat unit",
         "updated_datetime address_id zipcode media_url status"),
        # New York, Chicago, San Francisco, Toronto
        ("Unique_Key Created_Date Closed_Date Due_Date Complaint_Type Descriptor Incident_Address Longitude Latitude "
         "Borough Open_Data_Channel_Type Agency_Name",
         "incident_id reported_at closed_at target_at type_name description address lon lat district channel unit",
         "Agency Incident_Zip Street_Name X_Coordinate_(State_Plane) Resolution_Action_Updated_Date Location"),
        ("SR_NUMBER CREATED_DATE CLOSED_DATE SR_TYPE SR_SHORT_CODE STREET_ADDRESS LONGITUDE LATITUDE WARD "
         "COMMUNITY_AREA ORIGIN",
         "incident_id reported_at closed_at type_name code address lon lat district community channel",
         "LAST_MODIFIED_DATE ZIP_CODE STREET_NAME X_COORDINATE"),
        ("CaseID Opened Closed Category Request_Type Request_Details Address Longitude Latitude Neighborhood Source "
         "Responsible_Agency",
         "incident_id reported_at closed_at main_type type_name description address lon lat community channel "
         "unit", "Updated Street Status Supervisor_District"),
        ("Creation_Date Service_Request_Type First_3_Chars_of_Postal_Code Ward Division",
         "reported_at type_name cell district unit", "Status Section Intersection_Street_1"),
    ],
)  # fmt: skip
def test_each_header_of_a_known_system_serves_its_field_and_the_others_none(headers, fields, left):
    expected = dict(zip(fields.split(), headers.split(), strict=True))
    assert guess_mapping([*left.split(), *headers.split()]) == expected


def test_a_word_for_the_whole_before_a_known_header_does_not_hide_it():
    assert guess_mapping(["隐患上报时间", "事件地址", "case status"]) == {
        "reported_at": "隐患上报时间", "address": "事件地址",
    }  # fmt: skip


def test_boston_is_mapped_without_help(shared_data):
    table = read_table((shared_data / "boston311_2015" / "boston_311_2015_hazards.csv").read_bytes(), "boston")
    mapping = guess_mapping(table.headers)
    assert mapping["incident_id"] == "CASE_ENQUIRY_ID"
    assert [mapping[name] for name in ("reported_at", "target_at", "closed_at")] == [
        "OPEN_DT",
        "TARGET_DT",
        "CLOSED_DT",
    ]
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


def test_equal_headers_get_a_number_by_which_they_can_be_chosen():
    assert numbered(["a", "", "a", "b", "", "a (1)"]) == ["a (1)'", "[B]", "a (2)", "b", "[E]", "a (1)"]
    raw = apply_mapping(
        _table("经度,纬度,备注,备注\n1,2,3,4\n"), {"lon": "经度", "lat": "纬度", "description": "备注 (2)"}
    )
    assert raw.loc[2, "description"] == "4"
    assert raw.attrs["order"] == ["经度", "纬度", "备注 (1)", "备注 (2)"]


@given(st.lists(st.sampled_from(["", "a", "a (1)", "a (2)", "(A)", "a (1)'"]), max_size=9))
def test_titles_stand_once_each(headers):
    titles = numbered(headers)
    assert len(set(titles)) == len(headers)
    assert all(
        title == header for title, header in zip(titles, headers, strict=True) if header and headers.count(header) == 1
    )


def test_a_file_without_coordinates_needs_another_word_about_the_place():
    assert list(apply_mapping(_table("编号,地址\n1,x\n"), {"incident_id": "编号", "address": "地址"}).columns) == [
        "incident_id", "address",
    ]  # fmt: skip
    assert _refused(_table("编号,备注\n1,x\n"), {"incident_id": "编号"}).code == "no-coordinate-columns"
    assert _refused(_table("经度,地址\n1,x\n"), {"lon": "经度", "address": "地址"}).code == "no-coordinate-columns"


@pytest.mark.parametrize(
    "cell",
    ["合计", "合 计", "合计: 35件", "总计（件）", "本月合计：1,035", "共计35起", "Grand Total", "Total: 35", "SUM"],
)
def test_a_cell_that_says_it_is_a_sum_is_one(cell):
    assert says_total(pd.Series([cell])).all()


@pytest.mark.parametrize("cell", ["", "合计路3号", "总计划", "小计量器", "total loss", "summer", "35", "合计积水3处"])
def test_a_cell_that_only_contains_such_a_word_is_none(cell):
    assert not says_total(pd.Series([cell])).any()


def test_a_kind_of_file_has_one_fingerprint():
    assert fingerprint(["a", "b"]) == fingerprint(("a", "b"))
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
    assert fingerprint(["a", "b"]) != fingerprint(["ab"])


def test_a_title_under_a_heading_counts_by_itself_or_with_its_heading_and_the_first_of_several_wins():
    titles = ["基本信息 案卷号", "上报信息 上报时间", "位置 经度", "位置 纬度", "备份 经度", "结案信息 时间",
              "网格信息 编号", "更新 时间", "处置 处置部门"]  # fmt: skip
    assert guess_mapping(titles) == {
        "incident_id": "基本信息 案卷号", "reported_at": "上报信息 上报时间", "closed_at": "结案信息 时间",
        "lon": "位置 经度", "lat": "位置 纬度", "cell": "网格信息 编号", "unit": "处置 处置部门",
    }  # fmt: skip
    # a whole title that is known comes first, whatever stands before it
    assert guess_mapping(["位置 经度", "经度", "上报信息 上报人", "Last modified date"]) == {"lon": "经度"}
