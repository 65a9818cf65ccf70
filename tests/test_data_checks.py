"""Every row is taken or has its reason; times, places and case numbers are what they say or are not taken."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from base.errors import HazardError
from data.checks import check_incidents, flag_one_spot
from data.headers import apply_mapping, guess_mapping
from data.places import check_place
from data.readers import read_table
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
    assert row["due_at"] is pd.NaT
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


@settings(max_examples=40)
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
