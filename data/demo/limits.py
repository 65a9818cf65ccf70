"""The limits of the demo's office: its standard of filing and deadlines, and when each case is due by it.

The standard is written as the files that a city hands over. When a case is due is reckoned here a second time, day by
day in plain Python, so that `data.deadlines` can be compared with something that shares nothing with it.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from data.demo.kinds import CONDITIONS, KINDS

Limit = tuple[int, str]  # (5, "工作日")
Stretch = tuple[dt.datetime, dt.datetime]
Row = Mapping[str, str | float | dt.datetime | None]  # of the file of cases, by header

_HEADERS = ("大类代码", "大类名称", "小类代码", "小类名称", "立案条件", "处置时限", "结案条件", "责任主体")
_OFFICE = ((dt.time(8), dt.time(12)), (dt.time(14), dt.time(18)))
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standard:
    """A file of the standard. Components and events have a file each, and so has each later edition."""

    name: str
    kind: str
    valid_from: str  # ISO day
    limits: Mapping[tuple[str, str], Limit]  # by code and condition

    def content(self) -> bytes:
        """Return the file as CSV, UTF-8 with byte order mark."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(_HEADERS)
        named = {code: (name, kind.unit) for kind in KINDS for name, code, _ in kind.types}
        for (code, condition), (amount, unit) in self.limits.items():
            name, office = named[code]
            closing = "【示例】隐患消除，现场恢复"
            main = "公用设施" if self.kind == "component" else "示例·隐患"
            writer.writerow([code[:2], main, code, name, condition, f"{amount}{unit}", closing, office])
        return text.getvalue().encode("utf-8-sig")


def _standard(name: str, kind: str, valid_from: str, limits: Mapping[str, tuple[Limit, ...]]) -> Standard:
    """Return a standard from the limits of each code, in the order of its conditions."""
    pairs = {code: zip(CONDITIONS[code], of, strict=True) for code, of in limits.items()}
    return Standard(name, kind, valid_from, {(code, one): limit for code in pairs for one, limit in pairs[code]})


_WALL = ((90, "工作日"),)  # a retaining wall is a building site
STANDARDS = (
    _standard(
        "示例街道立案处置标准_部件.csv",
        "component",
        "2022-01-01",
        {"0103": ((5, "工作日"), (5, "工作日")), "0188": _WALL},
    ),
    _standard(
        "示例街道立案处置标准_事件.csv",
        "event",
        "2022-01-01",
        {"0506": ((4, "紧急工作时"),), "0595": ((15, "工作日"), (2, "工作日")), "0183": ((15, "工作日"),)},
    ),
    _standard(  # sunken covers get three days in place of five; what was dispatched before keeps its five
        "示例街道立案处置标准_部件_2026年7月起.csv",
        "component",
        "2026-07-01",
        {"0103": ((3, "工作日"), (3, "工作日")), "0188": _WALL},
    ),
)


def deadline(row: Row) -> tuple[dt.datetime | None, str]:
    """Return when a row of the file of cases is due, and by what: codes of `data.schema.DUE_FROM`.

    What the standard does not have, or has with several limits, goes by the file's own deadline. A work day is eight
    work hours; the clock starts with the dispatch and stands still during a hold, which ends with the case at latest.
    """
    start, target = row.get("派遣时间"), row.get("处置截止时间")
    code, condition = str(row.get("小类编码")), str(row.get("立案条件") or "")
    limits = _in_force(code, condition, start.date() if isinstance(start, dt.datetime) else dt.date.max)
    if len(limits) != 1:
        unknown = "several" if limits else "no-limit"
        return (target, "file") if isinstance(target, dt.datetime) else (None, unknown)
    if not isinstance(start, dt.datetime):
        return None, "no-start"
    ((amount, unit),) = limits
    urgent = unit == "紧急工作时"
    left = dt.timedelta(hours=amount if urgent else 8 * amount)
    paused, resumed = row.get("挂账时间"), row.get("挂账结束时间") or row.get("结案时间")
    try:
        for begins, ends in _running(start, urgent):
            for a, b in _off_hold((begins, ends), paused, resumed):
                if b - a >= left:
                    return a + left, "table"
                left -= b - a
            if isinstance(paused, dt.datetime) and not isinstance(resumed, dt.datetime) and ends >= paused:
                return None, "on-hold"
    except NotImplementedError:  # of chinese_calendar: a year that was not announced when it was made
        return None, "uncovered"
    raise AssertionError("a clock that runs for ever reaches every limit")


def _in_force(code: str, condition: str, day: dt.date) -> set[Limit]:
    """Return the limits of a code on a day: that of the condition, or those of all if none is the case's."""
    known = [one for one in STANDARDS if one.valid_from <= day.isoformat()]
    newest = [one for one in known if one.valid_from == max(x.valid_from for x in known if x.kind == one.kind)]
    of_code = {c: limit for one in newest for (own, c), limit in one.limits.items() if own == code}
    return {of_code[condition]} if condition in of_code else set(of_code.values())


def _running(start: dt.datetime, urgent: bool) -> Iterator[Stretch]:
    """Yield the stretches of time in which a clock runs, from the start on."""
    midnight = dt.datetime.combine(start.date(), dt.time())
    while True:
        if urgent:
            yield max(start, midnight), midnight + _DAY
        elif _is_workday(midnight.date()):
            for opens, closes in _OFFICE:
                begins, ends = (dt.datetime.combine(midnight.date(), time) for time in (opens, closes))
                if ends > start:
                    yield max(start, begins), ends
        midnight += _DAY


@cache
def _is_workday(day: dt.date) -> bool:
    import chinese_calendar  # where it is used, as in data.calendar: no command but this one needs it

    return bool(chinese_calendar.is_workday(day))


def _off_hold(stretch: Stretch, paused: object, resumed: object) -> list[Stretch]:
    """Return what a hold leaves of a stretch; one without an end lasts for ever, one that ends first is none."""
    begins, ends = stretch
    again = resumed if isinstance(resumed, dt.datetime) else dt.datetime.max
    if not isinstance(paused, dt.datetime) or again <= paused:
        return [stretch]
    left = [(begins, min(ends, paused)), (max(begins, again), ends)]
    return [(a, b) for a, b in left if a < b]
