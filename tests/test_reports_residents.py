"""Who reported: names of channels and imports as offices write them, and which of the two counts."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.residents import OFFICE, RESIDENT, UNKNOWN, reporters, who_reports


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("12345热线", RESIDENT), ("市民服务热线", RESIDENT), ("居民来电", RESIDENT), ("微信公众号", RESIDENT),
        ("随手拍", RESIDENT), ("１２３４５", RESIDENT),
        ("Constituent Call", RESIDENT), ("Citizens Connect App", RESIDENT),
        ("Self Service", RESIDENT), ("boston_311_2015_hazards", RESIDENT), ("Hotline", RESIDENT),
        ("巡查上报", OFFICE), ("网格员", OFFICE), ("视频巡查", OFFICE),
        ("物联感知设备监测", OFFICE), ("领导交办", OFFICE),
        ("网格员微信上报", OFFICE), ("City Worker App", OFFICE), ("Employee Generated", OFFICE), ("patrol", OFFICE),
        ("Public Works", OFFICE), ("社区上报", OFFICE),
        ("", UNKNOWN), ("其他", UNKNOWN), ("系统导入", UNKNOWN), ("Context", UNKNOWN), ("application", UNKNOWN),
    ],
)  # fmt: skip
def test_a_name_tells_who_reported_and_one_that_tells_nothing_is_not_guessed(name, who):
    assert who_reports(name) == who


def test_who_knows_the_residents_channels_names_them_and_all_others_are_the_offices():
    assert [who_reports(name, ["巡查"]) for name in ("巡查", "12345热线", "其他", "")] == [
        RESIDENT, OFFICE, OFFICE, UNKNOWN
    ]  # fmt: skip


def calls(pairs):
    return pd.DataFrame(pairs, columns=["channel", "source"]).astype("category")


def test_the_channel_counts_and_the_import_only_where_a_case_has_none():
    found, names = reporters(
        calls([("热线", "巡查表"), ("", "巡查表"), (None, "热线表"), ("巡查", "热线表"), ("", "表")])
    )
    assert found.tolist() == [RESIDENT, OFFICE, RESIDENT, OFFICE, UNKNOWN]
    assert names.to_numpy().tolist() == [
        ["巡查", OFFICE, 1], ["巡查表", OFFICE, 1], ["热线", RESIDENT, 1], ["热线表", RESIDENT, 1], ["表", UNKNOWN, 1]
    ]  # fmt: skip


def test_a_channel_and_an_import_of_one_name_are_one_row():
    found, names = reporters(calls([("热线", "a"), ("", "热线"), ("", "热线")]))
    assert found.tolist() == [RESIDENT] * 3
    assert names.to_numpy().tolist() == [["热线", RESIDENT, 3]]


@given(st.lists(st.tuples(st.sampled_from(["", None, "热线", "巡查", "x"]), st.sampled_from(["热线", "b", None]))))
def test_every_report_is_somebodys_or_said_to_be_nobodys_and_the_rows_add_up(pairs):
    found, names = reporters(calls(pairs))
    assert len(found) == len(pairs) == names["reports"].sum()
    assert set(found) <= {RESIDENT, OFFICE, UNKNOWN}
    for who, n in names.groupby("who")["reports"].sum().items():
        assert (found == who).sum() == n
    assert found.tolist() == [who_reports(channel or source or "") for channel, source in pairs]


def test_no_report_has_no_reporter():
    found, names = reporters(calls([]))
    assert (len(found), len(names)) == (0, 0)
