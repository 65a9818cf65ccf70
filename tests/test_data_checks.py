"""Every row is taken or has its reason; times, places and case numbers are what they say or are not taken."""

import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from base.errors import HazardError
from data.attributes import as_map, other_columns
from data.checks import check_incidents, flag_one_spot
from data.headers import apply_mapping, guess_mapping
from data.places import check_place
from data.privacy import TEXT
from data.readers import Table, read_table
from data.schema import REASONS, REJECTED_COLUMNS, REMARKS
from geo.crs import wgs84_to_gcj02

BOUNDARY = gpd.GeoDataFrame(geometry=[shapely.box(113.1, 33.6, 113.3, 33.8)], crs="EPSG:4326")
HEADER = "编号,上报时间,结案时间,类别,描述,经度,纬度"


def _check(*rows: str, header: str = HEADER, zone: str = "Asia/Shanghai", crs: str = "wgs84", **options):
    table = read_table("\n".join([header, *rows]).encode(), "cases.csv")
    return check_incidents(apply_mapping(table, guess_mapping(table.headers)), zone=zone, crs=crs, **options)


def _refused(*rows: str, **options) -> HazardError:
    with pytest.raises(HazardError) as caught:
        _check(*rows, **options)
    return caught.value


def test_a_good_row_is_typed_and_placed():
    accepted, rejected = _check("007,2024-07-15 08:12,2024-07-16 17:00,积水,没过脚踝,113.1932,33.7661")
    (row,) = accepted.to_dict("records")
    assert (row["incident_id"], row["row"], row["lon"], row["lat"]) == ("007", 2, 113.1932, 33.7661)
    assert row["reported_at"] == pd.Timestamp("2024-07-15 00:12", tz="UTC")
    assert row["closed_at"] == pd.Timestamp("2024-07-16 09:00", tz="UTC")
    assert row["target_at"] is pd.NaT
    assert (row["type_name"], row["code"], row["remark"]) == ("积水", "", "")
    assert list(rejected.columns) == list(REJECTED_COLUMNS)
    assert len(rejected) == 0


@pytest.mark.parametrize(
    ("row", "reason", "column", "value"),
    [
        ("A,昨天,,积水,,113.2,33.7", "time-unreadable", "上报时间", "昨天"),
        ("A,2024-02-30,,积水,,113.2,33.7", "time-unreadable", "上报时间", "2024-02-30"),
        ("A,2024-07-15,2924-07-15,积水,,113.2,33.7", "time-unreadable", "结案时间", "2924-07-15"),
        ("A,2024-07-15,,积水,,东边,33.7", "lon-lat-unreadable", "经度", "东边"),
        ("A,2024-07-15,,积水,,113.2,NaN", "lon-lat-unreadable", "纬度", "NaN"),
        ("A,2024-07-15,,积水,,inf,33.7", "lon-lat-unreadable", "经度", "inf"),
        ("A,2024-07-15,,积水,,1e308,33.7", "lon-lat-out-of-range", "经度", "1e308"),
        ("A,2024-07-15,,积水,,113.2,233.7", "lon-lat-out-of-range", "纬度", "233.7"),
        ("A,2024-07-15,,积水,,33.7,113.2", "lon-lat-swapped", "纬度", "113.2"),
        ("3.2E+17,2024-07-15,,积水,,113.2,33.7", "id-scientific", "编号", "3.2E+17"),
        ("合计,,,,,,", "totals-row", "", ""),
        ("合计,202件,,,,,", "totals-row", "", ""),
        ("Total,,,17,,,", "totals-row", "", ""),
        (",,,,,,", "empty-row", "", ""),
    ],
)
def test_a_bad_row_is_set_apart_with_column_value_and_reason(row, reason, column, value):
    good = [f"B{n},2024-07-15,,积水,,113.2,33.7" for n in range(3)]
    accepted, rejected = _check(good[0], row, *good[1:])
    assert list(accepted["row"]) == [2, 4, 5]
    (bad,) = rejected.to_dict("records")
    assert (bad["row"], bad["reason"], bad["column"], bad["value"]) == (3, reason, column, value)
    assert json.loads(bad["original"])["编号"] == row.split(",")[0]
    assert reason in REASONS


def test_totals_in_a_first_column_that_is_not_mapped_are_noticed():
    accepted, rejected = _check("1,A,2024-07-15,113.2,33.7", "合计,,,,1", header="序号,编号,上报时间,经度,纬度")
    assert list(accepted["incident_id"]) == ["A"]
    assert list(rejected["reason"]) == ["totals-row"]


@pytest.mark.parametrize(
    ("row", "remark"),
    [
        ("A,2024-07-15,,积水,,0,0", "no-location"),
        ("A,2024-07-15,,积水,,,", "no-location"),
        ("A,2024-07-15,,积水,,113.2,", "no-location"),
        ("A,,,积水,,113.2,33.7", "no-report-time"),
        ("A,2024-07-15 08:00,2024-07-15 07:00,积水,,113.2,33.7", "closed-before-reported"),
        ("A,,,积水,,,", "no-location no-report-time"),
    ],
)
def test_an_odd_row_is_taken_with_a_remark(row, remark):
    accepted, rejected = _check(row)
    assert list(accepted["remark"]) == [remark]
    assert accepted["lon"].isna().tolist() == accepted["lat"].isna().tolist() == ["no-location" in remark]
    assert len(rejected) == 0
    assert set(remark.split()) <= set(REMARKS)


def test_full_width_digits_and_signs_of_degrees_are_taken():
    texts = [
        ("１１３．２", "３３．７"),
        ("113.2°", "33.7°"),
        ("113.2°E", "33.7°N"),
        ("东经113.2度", "北纬33.7度"),
        ("E113.2", "+33.7"),
    ]
    accepted, _ = _check(*[f"A{n},2024-07-15,,积水,,{lon},{lat}" for n, (lon, lat) in enumerate(texts)])
    assert list(accepted["lon"]) == [113.2] * 5
    assert list(accepted["lat"]) == [33.7] * 5
    west, _ = _check("A,2024-07-15,,积水,,71.05°W,42.35")
    assert west["lon"].item() == -71.05


def test_the_trial_file_of_odd_coordinates_is_read_as_its_readme_says(shared_data):
    table = read_table((shared_data / "bad_input" / "points" / "coordinates_odd.csv").read_bytes(), "odd")
    accepted, rejected = check_incidents(
        apply_mapping(table, guess_mapping(table.headers)), zone="Asia/Shanghai", crs="wgs84"
    )
    assert dict(zip(accepted["incident_id"], accepted["remark"], strict=True)) == {
        "P000": "", "P001": "no-location", "P003": "no-location", "P004": "closed-before-reported", "P005": "",
    }  # fmt: skip
    assert rejected[["row", "reason"]].to_numpy().tolist() == [[4, "lon-lat-swapped"]]


# --- case numbers ---------------------------------------------------------------------------------------------------


def test_a_row_that_stands_twice_counts_once_and_a_number_with_two_contents_not_at_all():
    same = "A,2024-07-15,,积水,x,113.2,33.7"
    accepted, rejected = _check(same, "B,2024-07-15,,积水,,113.2,33.7", same, "C,2024-07-15,,积水,,113.2,33.7",
                                "C,2024-07-16,,积水,,113.2,33.7", "C,2024-07-15,,积水,,113.2,33.7")  # fmt: skip
    assert list(accepted["row"]) == [2, 3]
    assert accepted.attrs["repeats"] == 1
    assert rejected[["row", "reason", "value"]].to_numpy().tolist() == [[n, "id-repeated", "C"] for n in (5, 6, 7)]


def test_without_a_number_a_case_gets_one_that_lasts_until_it_is_closed():
    header = "上报时间,结案时间,类别,经度,纬度"
    open_case, other = "2024-07-15,,积水,113.2,33.7", "2024-07-15,,积水,113.3,33.7"
    first, _ = _check(open_case, other, open_case, header=header)
    again, _ = _check(other, open_case.replace(",,", ",2024-07-16,"), open_case, header=header)
    assert first["incident_id"].nunique() == 3  # two equal reports are two cases
    assert set(first["incident_id"]) == set(again["incident_id"])
    assert first.attrs["repeats"] == 0


def test_long_case_numbers_are_not_masked_and_persons_in_text_are():
    accepted, rejected = _check(
        "13812345678,2024-07-15,,积水,找13812345678,113.2,33.7",
        "13912345678,call 13812345678,,积水,豫D12345,113.2,33.7",
    )
    assert accepted["incident_id"].item() == "13812345678"
    assert accepted["description"].item() == "找***"
    (bad,) = rejected.to_dict("records")
    assert bad["value"] == "call ***"
    assert json.loads(bad["original"])["编号"] == "13912345678"
    assert "豫D12345" not in bad["original"]


def test_blanks_make_no_other_content():
    accepted, rejected = _check("A,2024-07-15,,道路 积水,x  y,113.2,33.7", "A,2024-07-15 ,,道路积水,x　y,113.2,33.7")
    assert (list(accepted["row"]), len(rejected), accepted.attrs["repeats"]) == ([2], 0, 1)
    two, _ = _check("A 1,2024-07-15,,积水,,113.2,33.7", "A1,2024-07-15,,积水,,113.2,33.7")
    assert list(two["incident_id"]) == ["A 1", "A1"]  # numbers of cases are taken as they stand


def _numbers(*rows: str, **options):
    """Checked rows with a column that serves no field: rows taken, rejected, repeats, notes."""
    table = read_table("\n".join([HEADER + ",状态", *rows]).encode(), "cases.csv")
    mapping = guess_mapping(table.headers)
    accepted, rejected = check_incidents(
        apply_mapping(table, mapping),
        zone="Asia/Shanghai",
        crs="wgs84",
        others=other_columns(table, mapping).frame,
        **options,
    )
    return (
        list(accepted["row"]),
        list(rejected["row"]),
        accepted.attrs["repeats"],
        " ".join(map(str, accepted.attrs["notes"])),
    )


def test_a_column_that_serves_no_field_is_content_too():
    same = "A,2024-07-15,,积水,,113.2,33.7,"
    assert _numbers(same + "开", same + "开")[:3] == ([2], [], 1)
    assert _numbers(same + "开", same + "关")[:3] == ([], [2, 3], 0)


def test_the_newest_of_several_states_of_a_case_is_taken_if_the_user_says_so():
    rows = (
        "A,2024-07-15,2024-07-18,积水,,113.2,33.7,",  # 2: the latest time in it
        "A,2024-07-15,2024-07-17,积水,,113.2,33.7,",
        "B,2024-07-15,,积水,x,113.2,33.7,",
        "B,2024-07-15,,积水,y,113.2,33.7,",  # 5: of equal times the later row
        "C,2024-07-15,,积水,,113.2,33.7,",  # 6: the only sound one
        "C,昨天,,积水,,113.2,33.7,",
        "D,2024-07-15,,积水,,113.2,33.7,",
        "D,2024-07-15,,积水,,113.2,33.7,",  # word for word
    )
    taken, rejected, repeats, notes = _numbers(*rows, duplicates="newest")
    assert (taken, rejected, repeats) == ([2, 5, 6, 8], [7], 3)
    assert "2 rows are older states of a case" in notes
    assert _numbers(*rows)[:3] == ([8], [2, 3, 4, 5, 6, 7], 1)  # for review: none of them


def test_a_rejected_row_keeps_all_its_columns_in_the_order_of_the_file_but_none_about_persons():
    table = read_table(
        "状态,联系电话,编号,上报时间,经度,纬度,批示\n开,13812345678,A,昨天,113.13812345678,33.7,找13812345678\n".encode(),
        "c.csv",
    )
    mapping = guess_mapping(table.headers)
    others = other_columns(table, mapping).frame
    _, rejected = check_incidents(apply_mapping(table, mapping), zone="UTC", crs="wgs84", others=others)
    assert rejected["original"].item() == (
        '{"状态": "开", "编号": "A", "上报时间": "昨天", "经度": "113.13812345678", "纬度": "33.7", "批示": "找***"}'
    )


@pytest.mark.parametrize(
    "row", ["合 计,,,,,,", "合计: 35件,,,,,,", ",总计（件）,,35,,,", "Grand total,,,35,,,", ",,,合计,,,"]
)
def test_a_line_of_totals_is_set_apart_however_it_is_written(row):
    accepted, rejected = _check("A,2024-07-15,,积水,,113.2,33.7", row)
    assert list(accepted["incident_id"]) == ["A"]
    assert list(rejected["reason"]) == ["totals-row"]


def test_a_case_whose_type_is_a_word_for_sums_is_a_case_or_is_named_as_not_taken():
    accepted, rejected = _check(
        "A,2024-07-15,,合计,,113.2,33.7", ",2024-07-15,,合计,,113.2,33.7", ",,,合计,x,113.2,33.7"
    )
    assert list(accepted["row"]) == [2, 3]
    assert rejected[["row", "reason"]].to_numpy().tolist() == [[4, "totals-row"]]


def test_a_year_alone_is_a_year_and_no_moment():
    accepted, rejected = _check(
        "A,2018,,积水,,113.2,33.7", "B,2018年,,积水,,,", "C,2019-01-01,,积水,,113.2,33.7", "D,18,,积水,,1,1"
    )
    assert accepted["month"].tolist() == ["2018", "2018", ""]
    assert accepted["reported_at"].isna().tolist() == [True, True, False]
    assert accepted["remark"].tolist() == ["year-only", "no-location year-only", ""]
    assert rejected["reason"].tolist() == ["time-unreadable"]


def test_what_was_changed_on_the_way_is_said_with_its_count():
    accepted, _ = _check(
        "A,2024-07-15,113°12′E,33.7,506,4.1E+13", "B,2024-07-15,113.2,33.7,2101,x", "C,2024-07-15,113.2°,33.7,0406,",
        header="编号,上报时间,经度,纬度,小类编码,网格编码",
    )  # fmt: skip
    notes = " ".join(map(str, accepted.attrs["notes"]))
    assert "Column 经度: 2 values such as 113°12′E were converted" in notes
    assert "Column 网格编码: 1 numbers such as 4.1E+13 were damaged" in notes
    assert "1 codes had lost zeros in a spreadsheet and have them again, such as 506: 0506." in notes
    assert accepted["code"].tolist() == ["0506", "2101", "0406"]
    assert accepted["lon"].tolist() == pytest.approx([113.2] * 3)


# --- whole files ----------------------------------------------------------------------------------------------------


def test_a_file_with_exchanged_columns_is_refused_with_what_to_choose():
    error = _refused(
        "A,2024-07-15,,积水,,33.7,113.2", "B,2024-07-15,,积水,,33.7,113.2", "C,2024-07-15,,积水,,113.2,33.7"
    )
    assert (error.code, error.facts["count"], error.facts["n"]) == ("lon-lat-swapped-file", 2, 3)
    assert "choose 纬度 as longitude" in str(error)


@pytest.mark.parametrize(
    ("x", "y", "system"),
    [
        ("38425000.5", "3731000", "EPSG:4526"),  # zone 38 with its number in front
        ("425000.5", "3731000", "EPSG:4534-4554"),
        ("3731000", "38425000.5", "EPSG:4526 (y, x)"),
        ("12601000", "3990000", "EPSG:3857"),
    ],
)
def test_metres_given_as_degrees_are_refused_with_systems_that_may_fit(x, y, system):
    error = _refused(f"A,2024-07-15,,积水,,{x},{y}")
    assert error.code == "looks-projected"
    assert system in error.facts["systems"]


def test_degrees_given_as_metres_are_refused():
    assert _refused("A,2024-07-15,,积水,,113.2,33.7", crs="EPSG:4547").code == "looks-like-degrees"


def test_points_come_to_wgs84_from_the_system_chosen():
    lon, lat = wgs84_to_gcj02(113.2, 33.7)
    accepted, _ = _check(f"A,2024-07-15,,积水,,{lon},{lat}", crs="gcj02")
    assert (accepted["lon"].item(), accepted["lat"].item()) == pytest.approx((113.2, 33.7), abs=1e-9)


def test_points_far_from_the_boundary_are_refused_with_the_distance_and_what_would_fit():
    # 30 points on a line inside the boundary, written in zone 38 and read as zone 37: 3 degrees of longitude away
    lon, lat = np.linspace(113.15, 113.25, 30), np.full(30, 33.7)
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:4547", always_xy=True).transform(lon, lat)
    rows = [f"A{n},2024-07-15,,积水,,{x[n]:.3f},{y[n]:.3f}" for n in range(30)]
    error = _refused(*rows, crs="EPSG:4546", boundary=BOUNDARY)
    assert error.code == "far-from-boundary"
    assert error.facts["fits"][0] == ("EPSG:4547", 30)
    # Karney's geodesic from the median point to the near edge (pyproj 3.7.2)
    expected_km = Geod(ellps="WGS84").inv(110.2, 33.7, 113.1, 33.7)[2] / 1000
    assert error.facts["km"] == pytest.approx(expected_km, abs=2)
    accepted, _ = _check(*rows, crs="EPSG:4547", boundary=BOUNDARY)
    assert len(accepted) == 30


def test_points_outside_but_near_or_few_far_ones_are_no_reason_to_refuse():
    near = ["A,2024-07-15,,积水,,113.4,33.7", "B,2024-07-15,,积水,,113.35,33.75", "C,2024-07-15,,积水,,10,50"]
    accepted, _ = _check(*near, boundary=BOUNDARY)
    assert len(accepted) == 3


def test_if_no_system_fits_the_sentence_says_so():
    with pytest.raises(HazardError, match="no usual coordinate system") as caught:
        check_place([10.0], [50.0], crs="wgs84", boundary=BOUNDARY)
    assert caught.value.facts["fits"] == []


def test_times_that_may_be_day_or_month_first_are_asked_by_the_files_own_name():
    error = _refused("A,03/05/2025,,积水,,113.2,33.7")
    assert (error.code, error.facts["column"]) == ("day-month-ambiguous", "上报时间")
    accepted, _ = _check("A,03/05/2025,,积水,,113.2,33.7", zone="UTC", day_first=True)
    assert accepted["reported_at"].item() == pd.Timestamp("2025-05-03", tz="UTC")


CELL = {
    "编号": ["A", "B", "C", "", "3.2E+17", "合计"],
    "上报时间": ["2024-07-15 08:00", "2024/7/16", "", "昨天", "07/15/2024 01:00 PM"],
    "结案时间": ["", "2024-07-14", "2024-07-20", "x"],
    "类别": ["积水", "", "合计"],
    "描述": ["", "13812345678"],
    "经度": ["113.2", "113.25", "0", "", "x", "33.7", "999"],
    "纬度": ["33.7", "33.75", "0", "", "inf"],
}


@settings(max_examples=25)
@given(st.lists(st.tuples(*[st.sampled_from(values) for values in CELL.values()]), min_size=1, max_size=25))
def test_read_is_accepted_and_rejected_and_repeats(rows):
    raw = pd.DataFrame(
        rows, columns=["incident_id", "reported_at", "closed_at", "type_name", "description", "lon", "lat"]
    )
    raw.index = pd.RangeIndex(2, len(raw) + 2)
    # One more good row than rows in all, so that the exchanged ones are never most of the file
    good = [("2024-07-15", "", "积水", "", "113.2", "33.7")] * (len(raw) + 1)
    more = pd.DataFrame([(f"G{n}", *row) for n, row in enumerate(good)], columns=raw.columns)
    raw = pd.concat([raw, more.set_index(more.index + len(raw) + 2)])
    before = raw.copy()
    accepted, rejected = check_incidents(raw, zone="Asia/Shanghai", crs="wgs84")
    assert len(raw) == len(accepted) + len(rejected) + accepted.attrs["repeats"]
    assert set(accepted["row"]).isdisjoint(rejected["row"])
    assert accepted["incident_id"].is_unique
    assert (accepted["incident_id"] != "").all()
    assert set(rejected["reason"]) <= set(REASONS)
    assert (
        accepted["lon"].between(-180, 180).sum()
        == accepted["lat"].between(-90, 90).sum()
        == accepted["lon"].notna().sum()
    )
    assert raw.equals(before)


PERSONS = ["13812345678", "0375-2345678", "41040219800101123X", "豫D12345", "zhang@example.com"]
TITLES = [
    "编号",
    "上报时间",
    "结案时间",
    "小类",
    "问题描述",
    "经度",
    "纬度",
    "状态",
    "批示",
    "批示",
    "联系人",
    "X",
    "年度",
    "地址",
    "序号",
]
VALUES = [
    "", " ", "A", "A ", "B", "00123", "3.2E+17", "合计", "合 计：35件", "总计", "2024-07-15 08:00", "2024/7/16", "2018",
    "昨天", "45721.5", "积水", "道路　积水", "113.2", "113°12′", "33.7", "0", "999", "１１３．２", "nan", "<b>",
    *(f"找{one}。" for one in PERSONS),
]  # fmt: skip


@settings(max_examples=25)
@given(st.data())
def test_in_any_table_every_row_is_accounted_for_and_no_number_of_a_person_is_kept(data):
    titles = data.draw(st.lists(st.sampled_from(TITLES), min_size=2, max_size=9))
    rows = data.draw(
        st.lists(st.lists(st.sampled_from(VALUES), min_size=len(titles), max_size=len(titles)), max_size=20)
    )
    duplicates = data.draw(st.sampled_from(["review", "newest"]))
    # So many good rows more that no fault is that of the whole file
    good = [[{"经度": "113.2", "纬度": "33.7", "上报时间": "2024-07-15"}.get(title, "") for title in titles]] * (
        len(rows) + 1
    )
    frame = pd.DataFrame([*rows, *good], columns=[f"c{n:03d}" for n in range(len(titles))], dtype=TEXT)
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    table = Table("t.csv", titles, frame, pd.DataFrame(columns=list(REJECTED_COLUMNS)))
    mapping = {name: title for name, title in guess_mapping(titles, frame).items() if titles.count(title) == 1}
    if len({"lon", "lat"} & set(mapping)) == 1:
        mapping = {name: title for name, title in mapping.items() if name not in ("lon", "lat")}
    assume({"lon", "lat", "address"} & set(mapping))
    others = other_columns(table, mapping).frame
    accepted, rejected = check_incidents(
        apply_mapping(table, mapping), zone="Asia/Shanghai", crs="wgs84", others=others, duplicates=duplicates
    )
    assert len(frame) == len(accepted) + len(rejected) + accepted.attrs["repeats"]
    assert set(accepted["row"]).isdisjoint(rejected["row"])
    assert accepted["row"].is_unique
    assert rejected["row"].is_unique
    assert set(rejected["reason"]) <= set(REASONS)
    assert accepted["incident_id"].is_unique
    texts = accepted.drop(columns=["incident_id", "code", "part_id", "cell"]).astype(str).to_numpy().ravel().tolist()
    stored = [*texts, *map(str, as_map(others).to_pylist()), *rejected["original"], *map(str, accepted.attrs["notes"])]
    number = mapping.get("incident_id")  # case numbers are no free text
    stored = [text if number is None else re.sub(rf'"{number}": "[^"]*"', "", text) for text in stored]
    stored += rejected["value"][rejected["column"] != number].tolist()
    assert not [text for text in stored for person in PERSONS if person in text]


# --- one spot -------------------------------------------------------------------------------------------------------


def _spots(*piles: tuple[int, float, list[str], list[str]]) -> pd.DataFrame:
    """Piles of (reports, lon, addresses in turn, types in turn)."""
    frames = [
        pd.DataFrame(
            {
                "lon": lon, "lat": 33.7, "remark": "",
                "address": [addresses[k % len(addresses)] for k in range(n)],
                "type_name": [types[k % len(types)] for k in range(n)],
            }
        )
        for n, lon, addresses, types in piles
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


FIVE = [f"{n} Elm St" for n in range(5)]


@pytest.mark.parametrize(
    ("pile", "flagged"),
    [
        ((20, 113.2, FIVE, ["a"]), True),
        ((19, 113.2, FIVE, ["a"]), False),  # too few reports
        ((20, 113.2, FIVE[:4], ["a"]), False),  # too few addresses
        ((60, 113.2, ["1 Elm St"], ["积水"]), False),  # a site that floods again and again
    ],
)
def test_a_spot_is_flagged_by_reports_and_by_different_addresses(pile, flagged):
    spread = [(1, 113.3 + n / 1000, ["x"], ["b"]) for n in range(40)]
    result = flag_one_spot(_spots(pile, *spread), min_reports=20, min_share=0.01)
    assert (result["remark"] == "one-spot").sum() == (pile[0] if flagged else 0)
    assert (result["remark"][pile[0] :] == "").all()


def test_where_no_address_is_known_different_types_tell():
    three, two = (20, 113.2, [""], ["a", "b", "c"]), (20, 113.4, [""], ["a", "b"])
    result = flag_one_spot(_spots(three, two), min_reports=20, min_share=0.01)
    assert result["remark"].tolist() == ["one-spot"] * 20 + [""] * 20


def test_a_pile_must_be_a_share_of_the_located_reports():
    spots = _spots((20, 113.2, FIVE, ["a"]), *[(1, 113.3 + n / 1e4, ["x"], ["b"]) for n in range(180)])
    assert (flag_one_spot(spots, min_reports=20, min_share=0.1)["remark"] != "").sum() == 20
    assert (flag_one_spot(spots, min_reports=20, min_share=0.11)["remark"] != "").sum() == 0


def test_flags_are_renewed_and_other_remarks_stay():
    spots = _spots((20, 113.2, FIVE, ["a"]))
    spots["remark"] = "closed-before-reported"
    once = flag_one_spot(spots, min_reports=20, min_share=0)
    assert set(once["remark"]) == {"closed-before-reported one-spot"}
    assert flag_one_spot(once, min_reports=20, min_share=0)["remark"].tolist() == once["remark"].tolist()
    assert set(flag_one_spot(once, min_reports=21, min_share=0)["remark"]) == {"closed-before-reported"}
    assert set(spots["remark"]) == {"closed-before-reported"}


def test_boston_has_one_spot_of_393_reports(shared_data):
    # README of the file: 393 rows carry the one point 42.3594, -71.0587 (City Hall)
    table = read_table((shared_data / "boston311_2015" / "boston_311_2015_hazards.csv").read_bytes(), "boston")
    accepted, rejected = check_incidents(
        apply_mapping(table, guess_mapping(table.headers)), zone="America/New_York", crs="wgs84"
    )
    assert (len(accepted), len(rejected), accepted.attrs["repeats"]) == (8521, 0, 0)
    flagged = flag_one_spot(accepted, min_reports=20, min_share=0.01)
    spot = flagged[flagged["remark"].str.contains("one-spot")]
    assert len(spot) == 393
    assert spot[["lon", "lat"]].drop_duplicates().to_numpy().tolist() == [[-71.0587, 42.3594]]


def test_a_deadline_given_as_a_day_alone_runs_out_with_its_day():
    header = HEADER.replace("结案时间", "截止日期")
    days, _ = _check("1,2024-07-15 08:12,2024-07-17,积水,,,", "2,2024-07-15 08:12,,积水,,,", header=header)
    assert days["target_at"].tolist() == [pd.Timestamp("2024-07-17 23:59:59", tz="Asia/Shanghai"), pd.NaT]
    # so it does where others have a clock, and where a system writes the day with one
    times, _ = _check(
        "1,2024-07-15 08:12,2024-07-17,积水,,,", "2,2024-07-15,2024-07-17 9:00,积水,,,",
        "3,2024-07-15,2024-07-17 00:00:00,积水,,,", header=header,
    )  # fmt: skip
    evening, morning = (pd.Timestamp(f"2024-07-17 {at}", tz="Asia/Shanghai") for at in ("23:59:59", "09:00"))
    assert times["target_at"].tolist() == [evening, morning, evening]


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        # The clocks were put forward as these days ended, from 00:00 to 01:00; and as the days after them began
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04 02:59:59"),  # UTC-3
        ("America/Sao_Paulo", "2018-11-04", "2018-11-05 01:59:59"),  # UTC-2
        ("Asia/Beirut", "2025-03-29", "2025-03-29 21:59:59"),  # UTC+2
        ("Africa/Cairo", "2025-04-24", "2025-04-24 21:59:59"),
        ("Africa/Cairo", "2025-04-25", "2025-04-25 20:59:59"),  # UTC+3
        ("America/Havana", "2024-11-02", "2024-11-03 03:59:59"),  # the next day begins twice, at UTC-4 and UTC-5
        ("America/Havana", "2024-11-03", "2024-11-04 04:59:59"),
    ],
)
def test_days_end_where_the_clocks_are_changed_at_midnight(zone, day, end):
    raw = pd.DataFrame({"incident_id": ["1"], "reported_at": ["2018-10-01 09:00"], "target_at": [day]}, index=[2])
    found, rejected = check_incidents(raw, zone=zone, crs="wgs84")
    assert not len(rejected)
    assert found["target_at"].tolist() == [pd.Timestamp(end, tz="UTC")]
