"""Whose column is this, in a boundary file? Code, name, parent and days of a cell, and what a rate may stand on."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from base.errors import HazardError
from base.text import N_, Sentence
from data.headers import _guess, _plain
from data.privacy import mask_text, personal_headers
from data.schema import EXPOSURES
from data.times import read_times

# What a file may be of, fine to coarse. The columns of a coarser kind than the cell's own say where the cell belongs.
_KINDS = (
    "楼栋 楼宇 楼幢 building",
    "网格 单元网格 责任网格 微网格 grid cell",
    "社区 村居 村 community",
    "街道 乡镇 镇街 街镇 street",
    "区县 district",
)
_CODE, _NAME = "编码 编号 代码 号 _code _id _no", "名称 _name"
# Best first: where two headers fit one field, the earlier alias wins.
_ALIASES = {
    "cell_id": (
        "单元网格 责任网格 区域编码 adcode zip zipcode zip_code postcode geoid 编码 编号 代码 code id"
    ),
    "parent": (
        "上级编码 上级编号 上级代码 父级编码 上级 上级名称 所属网格 所属社区 所属街道 社区 街道 parent parent_id "
        "parent_code parent_name community street"
    ),
    "name": "区域名称 名称 name label",
    "valid_from": (
        "启用日期 生效日期 启用时间 生效时间 起始日期 valid_from effective_from effective_date start_date"
    ),
    "valid_to": (
        "停用日期 失效日期 停用时间 失效时间 废止日期 终止日期 valid_to effective_to expiry_date end_date"
    ),
    "households": (
        "户数 常住户数 总户数 家庭户数 住户数 居民户数 户籍户数 households total_households household hh "
        "household_count number_of_households"
    ),
    "population": (
        "人口 常住人口 总人口 人口数 常住人口数 人口总数 总人数 户籍人口 population total_population pop "
        "resident_population"
    ),
    "road_km": (
        "道路长度 路网长度 道路总长 道路总长度 道路里程 道路长度km 道路长度公里 道路长度m 道路长度米 road_km "
        "road_length_km road_length road_m road_length_m road_length_metres road_length_meters"
    ),
    "covers": (
        "井盖数 井盖数量 井盖总数 井盖个数 检查井数 检查井数量 检查井个数 窨井数 窨井盖数 窨井数量 covers manholes "
        "manhole_covers manhole_count cover_count number_of_covers"
    ),
}  # fmt: skip
_BY_ALIAS = {name: [_plain(alias) for alias in aliases.split()] for name, aliases in _ALIASES.items()}
_KILOMETRES, _METRES = re.compile(r"公里|千米|km|kilomet"), re.compile(r"米|[（(\[]m[）)\]]|_m$|met(er|re)s?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_OPEN_END = re.compile(r"^9999\D?12\D?31")  # how registers write "until further notice"


def guess_cell_columns(columns: Iterable[str]) -> dict[str, str]:
    """Return which columns of a boundary seem to hold cell_id, parent, name, days and the exposures, for those found.

    A file with 网格编码 and 社区名称 is one of grids, whose parents are communities; with 社区编码 and 社区名称 alone
    it is one of communities.
    """
    columns = list(columns)
    left_out = {"geometry", "row", *personal_columns(columns)}
    columns = [column for column in columns if column not in left_out]
    plain = {_plain(column) for column in columns}
    kinds = [kind.split() for kind in _KINDS]
    own = next((n for n, kind in enumerate(kinds) if plain & set(_titles(kind, _CODE))), None)
    aliases = dict(_BY_ALIAS)
    if own is not None:
        above = [word for kind in kinds[own + 1 :] for word in kind]
        aliases["cell_id"] = _titles(kinds[own], _CODE) + aliases["cell_id"]
        aliases["name"] = _titles(kinds[own], _NAME) + aliases["name"]
        codes = _titles([word for one in above for word in (f"所属{one}", one)], _CODE)
        aliases["parent"] = [*codes, *aliases["parent"], *_titles(above, _NAME)]
    return _guess(columns, aliases)


def _titles(kind: Iterable[str], ends: str) -> list[str]:
    return [_plain(word + end) for word in kind for end in ends.split()]


def personal_columns(columns: Iterable[str]) -> list[str]:
    """Return which columns of a boundary are about persons. A plain "name", or NAME_1, is that of the area there."""
    return [column for column in personal_headers(columns) if _plain(column).rstrip("0123456789") != "name"]


def read_exposure(text: pd.Series, field: str, title: str) -> tuple[pd.Series, pd.Series, list[Sentence]]:
    """Return a column of exposures as numbers, which cells hold no number of zero or more, and what is to be said.

    Full-width digits and separators of thousands are understood; an empty cell, or a dash, is unknown. A road length
    in metres, by the title, becomes kilometres.

    Parameters
    ----------
    text : Series of str
    field : str
        One of `data.schema.EXPOSURES`.
    title : str
        Of the column, for the unit and for sentences.
    """
    plain = text.fillna("").map(lambda cell: unicodedata.normalize("NFKC", cell).strip())
    plain = plain.map(lambda cell: cell.replace(",", "") if _GROUPED.fullmatch(cell) else cell)
    empty = plain.isin(["", "-", "—", "–", "--"])
    numbers = pd.to_numeric(plain.where(~empty), errors="coerce").astype(float)
    wrong = ~empty & ~((numbers >= 0) & (numbers < float("inf")))
    notes = []
    if field == "road_km":
        unit = unicodedata.normalize("NFKC", title).lower().strip()
        if not _KILOMETRES.search(unit) and _METRES.search(unit):
            numbers = numbers / 1000
            notes = [Sentence(N_("The road lengths in column {column} are metres and were stored as kilometres."),
                              {"column": title})]  # fmt: skip
        elif not _KILOMETRES.search(unit):
            notes = [Sentence(N_("Column {column} names no unit: its road lengths were taken as kilometres."),
                              {"column": title})]  # fmt: skip
    return numbers, wrong, notes


def read_day_column(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return a column of days as ISO text, '' where it is empty or 9999-12-31, and which cells are no day."""
    plain = text.fillna("").str.strip()
    plain = plain.mask(plain.str.contains(_OPEN_END), "")
    days = read_times({"day": plain}, zone="UTC")["day"]
    return days.dt.strftime("%Y-%m-%d").fillna("").astype(object), (plain != "") & days.isna()


def cell_table(frame: pd.DataFrame, mapping: Mapping[str, str], *, name: str = "", doors: bool = True) -> pd.DataFrame:
    """Return the mapped columns of a boundary as `geo.cells.check_cells` takes them, exposures as numbers.

    Names are masked as free text is; numbers of cells are not, for they are long numbers too.

    Parameters
    ----------
    frame : GeoDataFrame
        As `data.readers.read_boundaries` gives it.
    mapping : mapping
        cell_id, name, parent, valid_from, valid_to, households, population, road_km, covers -> column; only cell_id
        must be there.
    name : str
        The file's name, for sentences.
    doors : bool
        Whether the number of a flat in a name is masked.

    Returns
    -------
    GeoDataFrame
        ``attrs["notes"]`` holds what is to be said about the columns (a list of Sentence).

    Raises
    ------
    HazardError
        ``cell-id-missing``, ``column-missing``, ``personal-column``, ``exposure-unreadable``, ``day-unreadable``.
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
    cells.attrs["notes"] = []
    for field in ("cell_id", "name", "parent"):
        if field in mapping:
            text = frame[mapping[field]]
            cells[field] = text if field == "cell_id" else mask_text(text, doors=doors)
    for field in ("valid_from", "valid_to"):
        if field in mapping:
            cells[field], wrong = read_day_column(frame[mapping[field]])
            if wrong.any():
                raise HazardError(
                    "day-unreadable",
                    "{file}: feature {row} has “{value}” in column {column}, which is no day. Write it as 2025-03-05, "
                    "or leave the cell empty.",
                    **_first(frame, mapping[field], wrong, name),
                )
    for field in EXPOSURES:
        if field in mapping:
            cells[field], wrong, notes = read_exposure(frame[mapping[field]], field, mapping[field])
            if wrong.any():
                raise HazardError(
                    "exposure-unreadable",
                    "{file}: feature {row} has “{value}” in column {column}, which is no number of zero or more. "
                    "Correct it, or leave the cell empty.",
                    **_first(frame, mapping[field], wrong, name),
                )
            cells.attrs["notes"] += notes
    return cells


def _first(frame: pd.DataFrame, column: str, wrong: pd.Series, name: str) -> dict[str, Any]:
    place: Any = wrong.idxmax()
    value = mask_text(frame.loc[[place], column]).iloc[0]
    return {"file": name, "row": frame["row"][place], "value": value, "column": column}
