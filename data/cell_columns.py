"""Whose column is this, in a boundary file? Code, name and parent of a cell, and the numbers a rate may stand on."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from base.errors import HazardError
from data.headers import _guess, _plain
from data.privacy import mask_text, personal_headers
from data.schema import EXPOSURES

# Best first: where two headers fit one field, the earlier alias wins.
_ALIASES = {
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
_BY_ALIAS = {name: [_plain(alias) for alias in aliases.split()] for name, aliases in _ALIASES.items()}


def guess_cell_columns(columns: Iterable[str]) -> dict[str, str]:
    """Return which columns of a boundary seem to hold cell_id, name, parent and the exposures, for those found."""
    columns = list(columns)
    left_out = {"geometry", "row", *personal_columns(columns)}
    return _guess([column for column in columns if column not in left_out], _BY_ALIAS)


def personal_columns(columns: Iterable[str]) -> list[str]:
    """Return which columns of a boundary are about persons. A plain "name" is that of the area there."""
    return [column for column in personal_headers(columns) if _plain(column) != "name"]


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
