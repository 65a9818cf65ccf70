"""The rows of the demo that a clerk has to put right, each with what the door should say about it."""

import bisect
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from data.demo import plan
from data.schema import Hazard

Row = dict[str, str | float | dt.datetime | None]


@dataclass(frozen=True, slots=True)
class Dirt:
    """A dirty row: as a spreadsheet counts it, what is wrong, what becomes of it, and by which code of data.schema."""

    row: int
    kind: str
    outcome: str  # "accepted", "rejected" or "repeat"
    code: str  # of REASONS where rejected, of REMARKS where accepted; "" if there is nothing to remark
    hazard: str
    located: str  # "inside", "outside" or "no_location"; "" if not accepted


def add_dirt(rows: list[Row], *, as_of: dt.datetime) -> tuple[list[Row], list[Dirt]]:
    """Return the rows, in order of report time, with the dirty ones among them, and a list of these.

    Parameters
    ----------
    rows : list of dict
        Clean rows by header, in order of report time; not changed.
    as_of : datetime
        The dirty rows lie between 20 months before and then; all are closed.
    """
    mixed: list[tuple[Row, tuple[str, str, str, str, str] | None]] = [(row, None) for row in rows]
    times = [row["上报时间"] for row in rows]
    for time, row, told in reversed(_dirty_rows(as_of)):  # the last first: then the earlier places still hold
        mixed.insert(bisect.bisect_left(times, time), (row, told))  # type: ignore[type-var]
    double = next(
        n for n, (row, told) in enumerate(mixed) if told is None and row["小类名称"] == "道路积水" and n > 100
    )
    mixed.insert(double + 1, (dict(mixed[double][0]), ("an exact copy", "repeat", "", Hazard.WATERLOGGING, "")))
    totals: Row = {"案卷号": "合计", "问题描述": f"【示例】共{len(mixed)}件"}
    mixed.append((totals, ("a line of totals", "rejected", "totals-row", "", "")))
    dirt = [Dirt(number, *told) for number, (_, told) in enumerate(mixed, start=2) if told]
    return [row for row, _ in mixed], dirt


def _dirty_rows(as_of: dt.datetime) -> list[tuple[dt.datetime, Row, tuple[str, str, str, str, str]]]:
    """Return (when it belongs, row, (kind, outcome, code, hazard, located)) in order of time."""
    found: list[tuple[dt.datetime, Row, tuple[str, str, str, str, str]]] = []

    def add(
        days: int, place: plan.Point, told: tuple[str, str, str], change: Callable[[Row], None], number: int
    ) -> None:
        time = dt.datetime.combine(as_of.date() - dt.timedelta(days=days), dt.time(9, 10 + len(found)))
        lon, lat = (round(degrees, 6) for degrees in plan.to_degrees(*place))
        row: Row = {
            "案卷号": f"SL{time:%Y%m}9{number:03d}",
            "上报时间": time,
            "立案时间": time + dt.timedelta(minutes=10),
            "派遣时间": time + dt.timedelta(minutes=45),
            "处置完成时间": time + dt.timedelta(hours=5),
            "核查时间": time + dt.timedelta(hours=25),
            "结案时间": time + dt.timedelta(hours=26),
            "处置截止时间": time + dt.timedelta(days=4),
            "小类名称": "暴露垃圾",
            "小类编码": "0101",
            "问题描述": "【示例】路边堆放生活垃圾",
            "地址": f"{plan.STREET_OFFICE}示例·青石街{number}号附近",
            "经度": lon,
            "纬度": lat,
            "问题来源": "示例·巡查上报",
            "处置部门": "示例·城管中队",
            "是否自处置": "否",
            "返工次数": "0",
            "上报人": "示例甲",
        }
        change(row)
        _, outcome, code = told
        located = "" if outcome != "accepted" else "no_location" if code == "no-location" else "inside"
        located = "outside" if place == _FAR_AWAY and located else located
        found.append((time, row, (*told, str(Hazard.OTHER), located)))

    def at_zero(row: Row) -> None:
        row["经度"] = row["纬度"] = 0.0

    def without_place(row: Row) -> None:
        row["经度"] = row["纬度"] = None

    def swapped(row: Row) -> None:
        row["经度"], row["纬度"] = row["纬度"], row["经度"]

    def time_in_words(row: Row) -> None:
        row["上报时间"] = "昨天下午"

    def no_such_day(row: Row) -> None:
        row["上报时间"] = f"{row['上报时间']:%Y}-02-30 09:10"

    def closed_too_early(row: Row) -> None:
        row["结案时间"] = row["上报时间"] - dt.timedelta(hours=7)  # type: ignore[operator, assignment]

    def other_text(row: Row) -> None:
        row["问题描述"] = "【示例】垃圾未及时清运，与上一行不是同一件"
        row["地址"] = f"{plan.STREET_OFFICE}示例·桑园街8号附近"

    def as_it_is(row: Row) -> None:
        return

    add(600, (-700.0, 600.0), ("coordinates 0, 0", "accepted", "no-location"), at_zero, 1)
    add(540, (-90.0, 700.0), ("no coordinates", "accepted", "no-location"), without_place, 2)
    add(480, (300.0, 650.0), ("longitude and latitude swapped", "rejected", "lon-lat-swapped"), swapped, 3)
    add(400, (250.0, 200.0), ("a time in words", "rejected", "time-unreadable"), time_in_words, 4)
    add(330, (640.0, 200.0), ("30 February", "rejected", "time-unreadable"), no_such_day, 5)
    add(250, (-800.0, 150.0), ("closed before reported", "accepted", "closed-before-reported"), closed_too_early, 6)
    add(170, (560.0, -100.0), ("one number, two cases", "rejected", "id-repeated"), as_it_is, 7)
    add(170, (560.0, -400.0), ("one number, two cases", "rejected", "id-repeated"), other_text, 7)
    add(90, _FAR_AWAY, ("3 km outside", "accepted", ""), as_it_is, 8)
    return found


_FAR_AWAY = (4400.0, -150.0)  # east of the outermost corner by 3 km
