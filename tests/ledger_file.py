"""A street office's ledger as it is found in real life, made of the demo's cases: 示例, and made with xlsxwriter alone.

A title over the table, a header of two rows with merged cells, columns about persons, coordinates from AMap (GCJ-02),
times in several forms, a line of totals and a remark under the table, and a second sheet that is no table of cases.
"""

import io
from dataclasses import dataclass

import demo_cases
import numpy as np
import pandas as pd
import xlsxwriter

from geo.crs import wgs84_to_gcj02

GROUPS = (  # upper title, lower titles; a column without a group has no upper one of its own
    ("序号", ()),
    ("案卷号", ()),
    ("上报信息", ("上报时间", "上报人", "联系电话")),
    ("问题", ("大类", "小类", "问题描述")),
    ("位置", ("经度", "纬度", "详细地址", "所属社区")),
    ("处置", ("处置部门", "结案时间")),
    ("天气", ()),
)
FIRST_ROW = 4  # of the cases, as a spreadsheet counts: a title and two rows of header stand above
PHONE = "13800138000"  # the number that Chinese forms show as an example


@dataclass(frozen=True)
class Ledger:
    """The workbook, and what is true in it."""

    content: bytes
    name: str
    cases: pd.DataFrame  # of `demo_cases.cases`, in the order of the rows
    not_taken: dict[int, str]  # row -> reason


def make_ledger(n: int = 120) -> Ledger:
    """Return a workbook of the demo's last `n` cases with a place."""
    cases = demo_cases.cases()
    cases = cases[(cases["经度"].astype(float) > 0) & cases["reported_at"].notna()].tail(n).reset_index(drop=True)
    lon, lat = wgs84_to_gcj02(cases["经度"].astype(float), cases["纬度"].astype(float))
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        notes = book.add_worksheet("填表说明")
        notes.write(0, 0, "请各社区每月5日前报送。")
        sheet = book.add_worksheet("台账")
        wide = sum(len(lower) or 1 for _, lower in GROUPS)
        sheet.merge_range(0, 0, 0, wide - 1, "示例街道网格隐患处置台账（2026年）")
        column = 0
        for upper, lower in GROUPS:
            if not lower:
                sheet.merge_range(1, column, 2, column, upper)
            else:
                sheet.merge_range(1, column, 1, column + len(lower) - 1, upper)
                for at, title in enumerate(lower):
                    sheet.write(2, column + at, title)
            column += len(lower) or 1
        day = book.add_format({"num_format": "yyyy/m/d h:mm"})
        for at, row in cases.iterrows():
            line = FIRST_ROW - 1 + int(at)
            reported, closed = row["reported_at"], row["closed_at"]
            values = [
                at + 1, row["incident_id"], reported, "示例甲", PHONE, "示例大类", row["小类名称"], row["问题描述"],
                float(np.round(lon[at], 6)), float(np.round(lat[at], 6)), row["地址"], row["community"], row["unit"],
                closed, "雨" if at % 3 else "",
            ]  # fmt: skip
            for place, value in enumerate(values):
                if isinstance(value, pd.Timestamp):
                    if at % 4:
                        sheet.write_datetime(line, place, value.to_pydatetime(), day)
                    else:  # typed by hand
                        sheet.write_string(line, place, f"{value.year}年{value.month}月{value.day}日 {value:%H:%M}")
                elif isinstance(value, str):
                    sheet.write_string(line, place, value)
                elif pd.notna(value):
                    sheet.write_number(line, place, value)
        end = FIRST_ROW - 1 + len(cases)
        sheet.write(end, 0, "合计")
        sheet.write(end, 1, f"{len(cases)}件")
        sheet.write(end + 2, 0, "注：数据为示例，均系虚构。")
        sheet.activate()
    bad = {end + 1: "totals-row", end + 2: "empty-row", end + 3: "note-row"}
    return Ledger(file.getvalue(), "示例街道台账.xlsx", cases, bad)
