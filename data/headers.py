"""Whose column is this? Headers in Chinese and English -> the fields of a record, and the columns of a boundary."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from base.errors import HazardError
from data.privacy import mask_text, personal_headers
from data.readers import Table
from data.schema import EXPOSURES, FIELDS

# Best first: where two headers fit one field, the earlier alias wins.
_ALIASES = {
    "incident_id": (
        "案卷号 案卷编号 案件编号 案件号 任务号 工单编号 工单号 事件编号 编号 流水号 case_id caseid "
        "case_number incident_id case_enquiry_id service_request_id unique_key sr_number task_num rec_id "
        "case_code request_id incident_number id"
    ),
    "reported_at": (
        "上报时间 来电时间 报告时间 发现时间 受理时间 诉求时间 登记时间 创建时间 上报日期 发生时间 "
        "reported_at report_time requested_datetime open_dt created_date create_time created_at opened "
        "date_opened reported date_reported 时间 日期"
    ),
    "dispatched_at": "派遣时间 派单时间 转办时间 交办时间 批转时间 dispatched_at dispatch_time dispatched",
    "handled_at": ("处置完成时间 处理完成时间 处置时间 处理时间 handled_at dispose_end_time handle_finish_time"),
    "closed_at": (
        "结案时间 办结时间 完结时间 归档时间 结案日期 closed_at close_time closed_dt closed_date archive_time "
        "closed date_closed"
    ),
    "due_at": (
        "处置截止时间 截止时间 办理期限 到期时间 应结案时间 due_at deadline_time dispose_deadline target_dt "
        "expected_datetime due_date deadline"
    ),
    "type_name": (
        "小类名称 小类 事件类型 问题类型 案件类型 隐患类型 类型名称 问题分类 诉求分类 类别 类型 事项名称 "
        "sub_type type_name complaint_type service_name request_type incident_type type category 大类名称 "
        "大类"
    ),
    "code": (
        "事件编码 类别编码 类型编码 分类编码 小类编码 小类代码 类别代码 编码 代码 event_type_code "
        "service_code type_code code"
    ),
    "description": (
        "问题描述 事件描述 案件描述 诉求内容 工单内容 描述 情况描述 内容 备注 description event_desc "
        "descriptor case_title details comments"
    ),
    "address": (
        "地址 位置 地址描述 事发地址 发生地址 详细地址 地点 事发地点 位置描述 address incident_address "
        "location street_address location_street_name"
    ),
    "lon": ("经度 东经 lon lng long longitude 经度坐标 x坐标 x coordinate_x x_coord point_x x_97 横坐标 东坐标"),
    "lat": "纬度 北纬 lat latitude 纬度坐标 y坐标 y coordinate_y y_coord point_y y_97 纵坐标 北坐标",
    "channel": (
        "问题来源 案件来源 来源渠道 上报渠道 来源 渠道 channel source_type event_src_name source open_data_channel_type"
    ),
    "unit": (
        "处置部门 处置单位 承办单位 承办部门 责任单位 责任部门 主办单位 dispose_unit handle_dept "
        "agency_responsible agency department unit queue"
    ),
}
_CELL_ALIASES = {
    "cell_id": (
        "网格编码 网格编号 网格代码 网格号 单元网格编码 单元网格 责任网格 区域编码 cell_id grid_id gridid "
        "grid_code grid_no adcode zip zipcode zip_code geoid 编码 编号 代码 code id"
    ),
    "name": "网格名称 单元网格名称 区域名称 名称 name grid_name cell_name label",
    "parent": "所属社区 所属街道 所属网格 上级编码 上级 社区 街道 parent parent_id community street",
    "households": "户数 家庭户数 households",
    "population": "人口 人口数 常住人口 population pop",
    "road_km": "道路长度 路网长度 道路长度km road_km",
    "covers": "井盖数 井盖数量 covers",
}


def _plain(header: str) -> str:
    text = re.sub(r"[(\[（【].*?[)\]）】]", "", unicodedata.normalize("NFKC", header))
    return "".join(sign for sign in text.lower() if sign.isalnum())


_BY_ALIAS = {name: [_plain(alias) for alias in aliases.split()] for name, aliases in _ALIASES.items()}
_CELLS_BY_ALIAS = {name: [_plain(alias) for alias in aliases.split()] for name, aliases in _CELL_ALIASES.items()}


def guess_mapping(headers: Iterable[str]) -> dict[str, str]:
    """Return which header each field of a record seems to stand under: field -> header, for those found.

    Signs, brackets, capitals and widths of the headers do not count. Headers about persons are never used, and no
    header serves two fields.
    """
    headers = list(headers)
    persons = personal_headers(headers)
    return _guess([header for header in headers if header not in persons], _BY_ALIAS)


def guess_cell_columns(columns: Iterable[str]) -> dict[str, str]:
    """Return which columns of a boundary seem to hold cell_id, name, parent and the exposures, for those found."""
    columns = list(columns)
    left_out = {"geometry", "row", *personal_columns(columns)}
    return _guess([column for column in columns if column not in left_out], _CELLS_BY_ALIAS)


def personal_columns(columns: Iterable[str]) -> list[str]:
    """Return which columns of a boundary are about persons. A plain "name" is that of the area there."""
    return [column for column in personal_headers(columns) if _plain(column) != "name"]


def _guess(headers: list[str], aliases: Mapping[str, list[str]]) -> dict[str, str]:
    plain: dict[str, str] = {}
    for header in headers:
        plain.setdefault(_plain(header), header)
    found: dict[str, str] = {}
    for name, known in aliases.items():
        for alias in known:
            if alias in plain and plain[alias] not in found.values():
                found[name] = plain[alias]
                break
    return found


def fingerprint(headers: Iterable[str]) -> str:
    """Return a short name of a set of headers in this order: the same kind of file has the same one."""
    return hashlib.sha256("\x1f".join(headers).encode()).hexdigest()[:16]


def apply_mapping(table: Table, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Return the mapped columns of a table, named as the fields of a record, all text, under the row numbers in Excel.

    Parameters
    ----------
    table : Table
    mapping : mapping
        field -> header. Fields not in it are not in the result; columns of the file not in it go no further.

    Returns
    -------
    DataFrame
        In the order of `data.schema.FIELDS`. ``attrs["headers"]`` keeps the mapping for sentences about a column, and
        ``attrs["totals"]`` the rows whose first cell (mapped or not) says that they are sums.

    Raises
    ------
    HazardError
        ``field-unknown``, ``column-missing``, ``header-repeated`` (two columns under one title, or one for two fields),
        ``personal-column``, ``no-coordinate-columns``.
    """
    known = {field.name for field in FIELDS}
    columns: dict[str, str] = {}
    for name, header in mapping.items():
        if name not in known:
            raise HazardError(
                "field-unknown",
                "There is no field named {field}. The fields are: {fields}.",
                field=name, fields=", ".join(field.name for field in FIELDS),
            )  # fmt: skip
        places = [place for place, title in enumerate(table.headers) if title == header]
        if not places:
            raise HazardError(
                "column-missing",
                "{file} has no column {header} (wanted for {field}). Its columns are: {headers}.",
                file=table.name, header=header, field=name, headers=", ".join(table.headers),
            )  # fmt: skip
        if len(places) > 1 or table.frame.columns[places[0]] in columns.values():
            raise HazardError(
                "header-repeated",
                "{file}: the column {header} (wanted for {field}) is not the only one of its name, or already serves "
                "another field. Rename it in the file or choose another column.",
                file=table.name, header=header, field=name,
            )  # fmt: skip
        if personal_headers([header]):
            raise HazardError(
                "personal-column",
                "The column {header} holds personal data and is not loaded. Choose another column for {field}.",
                header=header, field=name,
            )  # fmt: skip
        columns[name] = table.frame.columns[places[0]]
    named = {"address", "district", "street", "community", "cell"} & columns.keys()
    for name in ("lon", "lat"):
        if name not in columns and ({"lon", "lat"} & columns.keys() or not named):
            raise HazardError(
                "no-coordinate-columns",
                "{file}: no column was found for {field}. Its columns are: {headers}. Name the columns of longitude "
                "and latitude, in the list of columns (on the command line: --map lon=… --map lat=…).",
                file=table.name, field=name, headers=", ".join(table.headers),
            )  # fmt: skip
    raw = pd.DataFrame({field.name: table.frame[columns[field.name]] for field in FIELDS if field.name in columns})
    first = table.frame[table.frame.columns[0]].str.strip().str.lower()
    raw.attrs["headers"] = dict(mapping)
    raw.attrs["totals"] = [int(row) for row in first.index[first.isin(TOTALS)]]
    return raw


TOTALS = ("合计", "总计", "小计", "共计", "合计:", "合计：", "total", "totals", "sum", "grand total")


def cell_table(frame: pd.DataFrame, mapping: Mapping[str, str], *, name: str = "") -> pd.DataFrame:
    """Return the mapped columns of a boundary as `geo.cells.check_cells` takes them, exposures as numbers.

    Names are masked as free text is; numbers of cells are not, for they are long numbers too.

    Parameters
    ----------
    frame : GeoDataFrame
        As `data.readers.read_boundaries` gives it.
    mapping : mapping
        cell_id, name, parent, households, population, road_km, covers -> column; only cell_id must be there.
    name : str
        The file's name, for sentences.

    Raises
    ------
    HazardError
        ``cell-id-missing``, ``column-missing``, ``personal-column``, ``exposure-unreadable``.
    """
    titles = [str(column) for column in frame.columns if column not in ("geometry", "row")]
    if "cell_id" not in mapping:
        raise HazardError(
            "cell-id-missing",
            "{file}: no column was found that holds the number of the cell. Its columns are: {columns}. "
            "Choose one (on the command line: --id).",
            file=name, columns=", ".join(titles) or "-",
        )  # fmt: skip
    for field, column in mapping.items():
        if column not in titles:
            raise HazardError(
                "column-missing",
                "{file} has no column {header} (wanted for {field}). Its columns are: {headers}.",
                file=name, header=column, field=field, headers=", ".join(titles),
            )  # fmt: skip
        if personal_columns([column]):
            raise HazardError(
                "personal-column",
                "The column {header} holds personal data and is not loaded. Choose another column for {field}.",
                header=column, field=field,
            )  # fmt: skip
    cells = frame[["geometry", "row"]].copy()
    for field in ("cell_id", "name", "parent"):
        if field in mapping:
            cells[field] = frame[mapping[field]] if field == "cell_id" else mask_text(frame[mapping[field]])
    for field in EXPOSURES:
        if field in mapping:
            text = frame[mapping[field]].str.strip()
            numbers = pd.to_numeric(text.where(text != ""), errors="coerce")
            wrong = (text != "") & ~((numbers >= 0) & (numbers < float("inf")))
            if wrong.any():
                row: Any = wrong.idxmax()
                raise HazardError(
                    "exposure-unreadable",
                    "{file}: feature {row} has “{value}” in column {column}, which is no number of zero or more. "
                    "Correct it, or leave the cell empty.",
                    file=name, row=frame["row"][row], value=text[row], column=mapping[field],
                )  # fmt: skip
            cells[field] = numbers.astype(float)
    return cells
