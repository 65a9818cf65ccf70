"""The drainage projects of the demo: what is planned, what is under way, and two that are finished: one helped.

What the drain of 青石2 does is written into the process, not into the rows: there water comes from two sources, each as
often as the other (`data.demo.events.second_source`), and the drain shuts one of them off. So each event that the grid
would have had from then on stays away with chance one half, whatever the rain, and all other events stay what they are.
Dredging the pipes of 柳湾6 changes nothing.
"""

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from data.demo import plan

HALVED, NO_EFFECT = 0.5, 1.0  # rate ratios
DRAINED_CELL = "99990100100102"
_USUAL_END = dt.date(2026, 9, 30)  # the days below are those of a demo that ends then
_TABLE = """
XM01 102 新建雨水管 98 已完成 2024-06-12 2024-10-15 2025-03-10 2025-05-20 2025-07-02 青石2涵洞雨水管改造 - 否 2025
XM02 306 清淤疏浚 36 已完成 2024-05-16 2024-08-20 2025-02-24 2025-05-09 2025-06-16 柳湾6低岸管道清淤 - 否 2025
XM03 306 新建雨水管 120 计划 - - - - - 柳湾6低岸新建雨水管 柳湾6低岸 否 -
XM04 306 强排泵 45 计划 - - - - - 柳湾6低岸强排泵 柳湾6低岸 否 -
XM05 403 新建雨水管 64 施工监管 2025-11-04 2026-03-18 2026-08-10 - - 麦场3雨水管延伸 - 否 2026
XM06 203 新建雨水管 76 方案设计 2026-04-21 - - - - 砖塔3雨水管改造 - 否 2027
XM07 303、304 新建雨水管 88 计划 - - - - - 柳湾3、柳湾4雨水干管 - 否 -
XM08 103 井盖整治 8 计划 - - - - - 青石3雨水箅子整治 - 是 2027
XM09 201 清淤疏浚 12 计划 - - - - - 砖塔1管道清淤 - 否 -
XM10 402 强排泵 38 计划 - - - - - 麦场2低洼处强排泵 - 否 -
XM11 106 新建雨水管 55 计划 - - - - - 青石6雨水管改造 - 否 -
XM12 302 清淤疏浚 16.5 计划 - - - - - 柳湾2管道清淤 - 否 -
"""
_OWNERS = {"新建雨水管": "示例·市政养护所", "井盖整治": "示例·市政养护所"}
_USUAL_OWNER = "示例·排水管护站"
HEADERS = {
    "项目编号": "project_id",
    "项目名称": "name",
    "网格": "cells",
    "类型": "kind",
    "造价(万元)": "cost",
    "状态": "status",
    "勘察日期": "surveyed_on",
    "设计日期": "designed_on",
    "开工日期": "built_from",
    "完工日期": "finished_on",
    "排查日期": "inspected_on",
    "负责单位": "owner",
    "互斥组": "alternatives",
    "必做": "must",
    "年度": "year",
}


@dataclass(frozen=True, slots=True)
class Project:
    """A row of the office's list: `cells` are codes of grids, `cost` is in 10,000 yuan, words are those of the file."""

    project_id: str
    name: str
    cells: tuple[str, ...]
    kind: str
    cost: float
    status: str
    surveyed_on: dt.date | None
    designed_on: dt.date | None
    built_from: dt.date | None
    finished_on: dt.date | None
    inspected_on: dt.date | None
    owner: str
    alternatives: str
    must: str
    year: str


def projects(end: dt.date) -> tuple[Project, ...]:
    """Return the projects of a demo whose last day is `end`: their days lie as far before it as usual."""
    later = end - _USUAL_END
    return tuple(_project(line.split(), later) for line in _TABLE.strip().splitlines())


def frame(known: tuple[Project, ...]) -> pd.DataFrame:
    """Return the projects as a table: a column for each field; cost in yuan, must as bool, '' for no year."""
    table = pd.DataFrame([{name: getattr(one, name) for name in HEADERS.values()} for one in known])
    return table.assign(cost=(table["cost"] * 10_000).round(2), must=table["must"] == "是")


def effects(known: tuple[Project, ...]) -> dict[str, float]:
    """Return of each finished project the true rate ratio of waterlogging: after it over before, for the same rain."""
    return {
        one.project_id: HALVED if DRAINED_CELL in one.cells else NO_EFFECT
        for one in known
        if one.finished_on is not None
    }


def drained_from(known: tuple[Project, ...]) -> dt.date:
    """Return the day on which the drain of `DRAINED_CELL` was finished: the first one without the second source."""
    return next(one.finished_on for one in known if DRAINED_CELL in one.cells and one.finished_on is not None)


def _project(words: list[str], later: dt.timedelta) -> Project:
    number, cells, kind, cost, status, *days, name, alternatives, must, year = words
    surveyed, designed, built, finished, inspected = (
        None if day == "-" else dt.date.fromisoformat(day) + later for day in days
    )
    return Project(
        project_id=number,
        name=f"示例·{name}",
        cells=tuple(_cell(one) for one in cells.split("、")),
        kind=kind,
        cost=float(cost),
        status=status,
        surveyed_on=surveyed,
        designed_on=designed,
        built_from=built,
        finished_on=finished,
        inspected_on=inspected,
        owner=_OWNERS.get(kind, _USUAL_OWNER),
        alternatives="" if alternatives == "-" else f"示例·{alternatives}",
        must=must,
        year="" if year == "-" else str(int(year) + round(later.days / 365.25)),
    )


def _cell(short: str) -> str:
    """Return the code of a grid from its last digits: 306 is the sixth of the third community."""
    parent = list(plan.COMMUNITIES)[int(short[0]) - 1]
    return f"{parent}{short[1:]}"
