"""The words of drainage projects: stages, kinds, titles of columns, and costs as people write them -> yuan."""

import re
import unicodedata
from collections.abc import Sequence

from base.text import N_
from data.headers import _guess, _plain

PLANNED, SURVEY, DESIGN, CONSTRUCTION, INSPECTION, DONE = (
    "planned", "survey", "design", "construction", "inspection", "done",
)  # fmt: skip
STATUS_NAMES = {  # in the order of the work
    PLANNED: N_("Planned"),
    SURVEY: N_("Survey and assessment"),
    DESIGN: N_("Design"),
    CONSTRUCTION: N_("Construction supervision"),
    INSPECTION: N_("Follow-up inspection"),
    DONE: N_("Done"),
}
STATUSES = tuple(STATUS_NAMES)
KIND_NAMES = {  # any other word stands as it is
    "new_drain": N_("New drain"),
    "dredging": N_("Dredging"),
    "pump": N_("Pump"),
    "cover_repair": N_("Cover repair"),
}
TITLES = {
    "project_id": N_("Project number"),
    "name": N_("Project name"),
    "kind": N_("Project kind"),
    "cost": N_("Cost (yuan)"),
    "status": N_("Stage"),
    "surveyed_on": N_("Surveyed on"),
    "designed_on": N_("Designed on"),
    "built_from": N_("Construction from"),
    "finished_on": N_("Finished on"),
    "inspected_on": N_("Inspected on"),
    "owner": N_("Responsible unit"),
    "alternatives": N_("Alternatives"),
    "must": N_("Must be done"),
    "year": N_("Year of funding"),
    "level": N_("Boundary level"),
    "cells": N_("Cells"),
    "buffer_m": N_("Metres around"),
    "wkt": N_("Geometry (WKT)"),
}
_ALIASES = {  # best first; beside the titles above in both languages
    "project_id": (
        "项目编号 工程编号 项目编码 项目代码 projectid projectnumber projectno projectcode 编号 序号 id code no"
    ),
    "name": "项目名称 工程名称 项目 工程 projectname projecttitle project 名称 name title",
    "kind": "项目类型 工程类型 建设类型 项目类别 工程类别 措施 projectkind projecttype measure 类型 类别 kind type",
    "cost": (
        "造价 投资 总投资 投资额 费用 预算 概算 估算 金额 工程造价 投资估算 估算投资 项目投资 cost budget estimate "
        "price amount totalcost costyuan"
    ),
    "status": "阶段 工作阶段 项目阶段 进度 项目状态 工程状态 状态 stage phase status projectstatus",
    "surveyed_on": "勘察日期 勘察时间 勘察评估日期 勘察完成日期 勘察评估 surveyedon surveydate surveyed dateofsurvey",
    "designed_on": "设计日期 设计时间 方案设计日期 设计完成日期 方案设计 designedon designdate designed dateofdesign",
    "built_from": (
        "开工日期 开工时间 施工开始日期 施工日期 施工开始 builtfrom constructionfrom startofconstruction "
        "constructionstart startdate started"
    ),
    "finished_on": (
        "完工日期 竣工日期 完工时间 竣工时间 完成日期 finishedon finishdate completionon completiondate finished "
        "completed enddate"
    ),
    "inspected_on": (
        "排查日期 后续排查日期 复查日期 验收日期 回访日期 排查时间 后续排查 inspectedon inspectiondate inspected "
        "followupinspection"
    ),
    "owner": (
        "责任单位 负责单位 实施单位 建设单位 牵头单位 责任部门 主管部门 承办单位 岗位 responsibleunit responsible unit "
        "department owningunit owner role 负责人 责任人"
    ),
    "alternatives": (
        "互斥组 互斥 互斥方案 备选组 备选方案 方案组 替代组 alternatives alternative exclusive exclusivegroup "
        "alternativegroup group"
    ),
    "must": "必做 必须实施 必须 必选 是否必做 must mustdo mandatory required mustbedone",
    "year": "年度 资金年度 计划年度 实施年度 年份 预算年度 yearoffunding year fundingyear budgetyear",
    "level": "边界层级 层级 level boundarylevel",
    "cells": (
        "覆盖网格 所在网格 涉及网格 网格 网格编码 网格编号 单元网格 责任网格 单元 社区 所在社区 覆盖社区 cells cell "
        "cellids cellid grid grids gridid"
    ),
    "buffer_m": "缓冲距离 缓冲 缓冲半径 影响半径 影响宽度 bufferm buffer bufferdistance metresaround radius radiusm",
    "wkt": "wkt geom geometry thegeom shape 坐标串 空间坐标 几何 位置wkt",
    "lon": "经度 lon lng longitude x geometryx",
    "lat": "纬度 lat latitude y geometryy",
}  # fmt: skip
_BY_ALIAS = {field: [_plain(alias) for alias in aliases.split()] for field, aliases in _ALIASES.items()}
_STATUS_WORDS = {
    PLANNED: "planned plan proposed 计划 规划 拟建 待建 储备 前期 未开工 未启动",
    SURVEY: "survey surveyandassessment surveying assessment 勘察评估 勘察 勘测 勘查 评估 勘察与评估 勘察设计前期",
    DESIGN: "design designing 方案设计 设计 初步设计 施工图设计 设计中",
    CONSTRUCTION: (
        "construction constructionsupervision underconstruction building 施工监管 施工 在建 施工中 监管 施工监理"
    ),
    INSPECTION: "inspection followupinspection followup 后续排查 排查 复查 回访 后续巡查 跟踪排查",
    DONE: "done finished completed complete closed 已完成 完成 完工 已完工 竣工 已竣工 已验收 办结",
}
_KIND_WORDS = {
    "new_drain": (
        "newdrain drain newpipe newsewer 新建管网 新建排水管 新建雨水管 新建排水管道 新建雨水管道 新建管道 管网新建"
    ),
    "dredging": "dredging desilting cleaning 清淤 疏浚 清淤疏浚 管道清淤 管网清淤 河道清淤",
    "pump": "pump pumps pumpstation 泵站 水泵 强排泵 排涝泵 排涝泵站 新增泵站 强排",
    "cover_repair": "coverrepair manholecoverrepair 井盖维修 井盖整治 井盖更换 井盖修复 检查井维修 井盖",
}
_YES = {"1", "是", "y", "yes", "true", "t", "必做", "必须", "必选", "✓", "√", "对"}
_NO = {"", "0", "否", "n", "no", "false", "f", "非必做", "不", "-", "—"}
_TIMES = (  # by how much a unit multiplies, the longest first
    (re.compile(r"亿"), 1e8),
    (re.compile(r"万|10[,，]?000\s*(?:yuan|cny|rmb)|ten thousand"), 1e4),
    (re.compile(r"千元|1[,，]?000\s*(?:yuan|cny|rmb)|thousand"), 1e3),
    (re.compile(r"元|yuan|cny|rmb|¥"), 1.0),
)
_AMOUNT = re.compile(
    r"(?:¥|cny|rmb)?\s*([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?)\s*"
    r"(亿元?|万元?|千元|元|yuan|cny|rmb)?(?:整|人民币)?"
)
_EMPTY = ("", "-", "—", "–", "--", "/", "无", "待定", "未定", "tbd", "n/a")


def columns_of(headers: Sequence[str]) -> dict[str, str]:
    """Return which header each field of a project stands under: field -> header, for those found.

    The titles of `TITLES` are known in both languages; signs, brackets and capitals do not count.
    """
    return _guess(list(headers), _BY_ALIAS)


def is_project_table(headers: Sequence[str]) -> bool:
    """Return whether headers are those of a table of projects: a cost and a stage or a kind, of named works."""
    found = columns_of(headers)
    named = {"project_id", "name"} & set(found)
    return bool(named) and "cost" in found and bool({"status", "kind", "alternatives"} & set(found))


def read_status(text: str) -> str | None:
    """Return the code of a stage, in either language; '' where nothing is written, None for another word."""
    return _word(text, _STATUS_WORDS)


def read_kind(text: str) -> str:
    """Return the code of a known kind of works, else the text as it is, without needless blanks."""
    return _word(text, _KIND_WORDS) or " ".join(text.split())


def _word(text: str, known: dict[str, str]) -> str | None:
    plain = _plain(text)
    if not plain:
        return ""
    return next((code for code, words in known.items() if plain == _plain(code) or plain in words.split()), None)


def read_yes(text: str) -> bool | None:
    """Return whether a cell says yes; None where it says neither yes nor no."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return True if plain in _YES else False if plain in _NO else None


def cost_unit(title: str) -> float | None:
    """Return how many yuan the numbers under a title are in (万元 10,000, 元 1); None where it names no unit."""
    plain = unicodedata.normalize("NFKC", title).lower()
    return next((factor for unit, factor in _TIMES if unit.search(plain)), None)


def read_cost(text: str, unit: float = 1.0) -> float | None:
    """Return a cost in yuan; NaN where nothing is written, None for what is no one number.

    Parameters
    ----------
    text : str
        ``1200000``, ``1,200,000``, ``120万元``, ``¥1.2e6``; a unit in the cell goes before that of the title.
    unit : float
        Yuan that a bare number stands for: `cost_unit` of the title.
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if plain in _EMPTY:
        return float("nan")
    found = _AMOUNT.fullmatch(plain)
    if found is None:
        return None
    own = cost_unit(found[2]) if found[2] else cost_unit("元") if plain.startswith(("¥", "cny", "rmb")) else None
    cost = float(found[1].replace(",", "")) * (own or unit)
    return round(cost, 2) if abs(cost) < 1e15 else None
