"""Where in a sheet the table is: title rows, a header of one or two rows, rows that are no cases; told by their looks.

Nothing is known here of what the columns mean.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError

HEAD = 50  # rows looked at
_MAX_HEADER_ROWS = 3
_VALUE = re.compile(r"[-+]?[\d.,:/\s年月日时分秒上下午°′″%-]*\d[\d.,:/\s年月日时分秒上下午°′″%-]*")
_LONG = re.compile(r"\d{3}|.{21}")  # a number or a sentence: no title of a column
_TIME = re.compile(r"\d{4}[-/.年]\d{1,2}|\d{1,2}/\d{1,2}/\d{4}|-?\d{1,3}\.\d{4,}")  # or degrees
_NO_HEADING = re.compile(r"[:：]|(表|台账|清单|明细|汇总|统计|一览|名册|报告|情况)$")
_NOTE = re.compile(
    r"(注|备注|附注|说明|填表|填报|制表|审核|审批|复核|报送|上报|统计|编制|打印|导出|数据来源|来源)[^,，]{0,12}[:：]|"
    r"(注|备注|附注|说明)\s*\d*[.、：:]|[*※]|notes?\b.{0,9}:|source:|prepared by|printed",
    re.IGNORECASE,
)
# 合计, 合 计, 总计（件）, 本月合计：35件, Grand total: 35 - nothing else may stand in the cell
_SUM = re.compile(
    r"^(?:本页|本月|本季度?|本年|全年|全部)?(?:合计|总计|小计|共计|累计|总数)[数量]?(?:\(.{0,6}\))?[:=]?[\d,.]*[件起条例宗个处次项]?$"
    r"|^(?:grand|sub-?)?totals?(?:\(.{0,12}\))?[:=]?[\d,.]*(?:cases?|rows?)?$|^sum[:=]?[\d,.]*(?:cases?|rows?)?$"
)
_MAYBE_SUM = r"(?i)[合总小共累][\s　]*[计数]|ｔｏｔａｌ|total|sum"


@dataclasses.dataclass(frozen=True)
class Layout:
    """The header stands in `rows` rows from row `first` on, counted as Excel does."""

    first: int = 1
    rows: int = 1

    @property
    def last(self) -> int:
        return self.first + self.rows - 1


def find_header(
    head: Sequence[Sequence[str]], name: str, *, header_row: int | None = None, header_rows: int | None = None
) -> Layout:
    """Return where the header stands among the first rows of a sheet.

    The header is the first row that fills more than half of the table's width; a row of headings over or under it
    that completes it belongs to it.

    Parameters
    ----------
    head : sequence of rows of text
        From row 1 on; `HEAD` rows are enough for a guess.
    name : str
        The file's name, for the sentence.
    header_row, header_rows : int, optional
        The user's choice.

    Raises
    ------
    HazardError
        ``header-row-unknown``.
    """
    if (header_row is not None and not 1 <= header_row <= len(head)) or (
        header_rows is not None and not 1 <= header_rows <= _MAX_HEADER_ROWS
    ):
        raise HazardError(
            "header-row-unknown",
            "{file}: the header cannot stand in {rows} rows from row {row} on. Choose a row from 1 to {last} "
            "and 1 to {most} rows.",
            file=name, row=header_row or 1, rows=header_rows or 1, last=len(head), most=_MAX_HEADER_ROWS,
        )  # fmt: skip
    rows = [[_clean(cell) for cell in row] for row in head]
    if header_row is not None:
        return Layout(header_row, header_rows or (2 if _completes(rows, header_row - 1) else 1))
    found = _guess(rows)
    return Layout(found.first, header_rows) if header_rows else found


def header_names(head: Sequence[Sequence[str]], layout: Layout, width: int) -> list[str]:
    """Return the titles of the columns.

    A heading over several columns counts for each of them ("upper lower"); where nothing stands under it, it stands
    alone. '' where a column has no title.
    """
    rows = [[_clean(cell) for cell in row] for row in head[layout.first - 1 : layout.last]]
    rows = [row + [""] * (width - len(row)) for row in rows]
    names = []
    for place in range(width):
        parts: list[str] = []
        for level, row in enumerate(rows):
            cell = row[place]
            if not cell and level < len(rows) - 1 and any(below[place] for below in rows[level + 1 :]):
                cell = _heading_over(rows, level, place)
            if cell and cell not in parts:
                parts.append(cell)
        names.append(" ".join(parts))
    return names


def column_letter(place: int) -> str:
    """Return the letters that a spreadsheet shows over column 0, 1, ...: A, B, ... Z, AA, ..."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def likeness(head: Sequence[Sequence[str]], height: int) -> float:
    """Return how much a sheet looks like a table of reports: its size; a tenth if no row bears a time or a place."""
    if not any(cell.strip() for row in head for cell in row):
        return 0.0
    layout = _guess(rows := [[_clean(cell) for cell in row] for row in head])
    body = rows[layout.last :]
    columns = _filled(rows[layout.last - 1]) if layout.last <= len(rows) else 0
    bears = any(_TIME.match(cell) for row in body for cell in row)
    return max(height - layout.last, 0.1) * columns * (1.0 if bears else 0.1)


def says_total(cells: pd.Series) -> NDArray[np.bool_]:
    """Return which cells say that their row is a sum, with or without the sum behind the word."""
    hit = cells.str.contains(_MAYBE_SUM).to_numpy(dtype=bool, na_value=False)
    for place in np.flatnonzero(hit):
        hit[place] = bool(_SUM.match("".join(unicodedata.normalize("NFKC", cells.iloc[place]).lower().split())))
    return hit


def sum_rows(frame: pd.DataFrame) -> tuple[int, ...]:
    """Return the numbers of the rows whose first filled cell, among the first three, says that they are sums."""
    found: list[int] = []
    rest = frame[frame.columns[:3]]
    for column in rest.columns:
        cells = rest[column].str.strip()
        found += (int(row) for row in rest.index[says_total(cells)])
        rest = rest[cells == ""]
    return tuple(sorted(found))


def rows_that_are_no_cases(frame: pd.DataFrame, above: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return row number -> reason for what a printed page repeats, and for notes below the table.

    Parameters
    ----------
    frame : DataFrame of text
    above : sequence of rows of text
        The rows of the sheet down to the header.
    """
    found: dict[int, str] = {}
    for row in above:
        cells = [cell.strip() for cell in row[: len(frame.columns)]]
        if not any(cells):
            continue
        same = frame
        for column, cell in sorted(zip(frame.columns, cells, strict=False), key=lambda pair: not pair[1]):
            if same.empty:
                break
            same = same[same[column].str.strip() == cell]
        found |= {int(number): "header-again" for number in same.index}
    if len(frame.columns) >= 4:
        for number in frame.index[::-1][:HEAD]:
            filled = [cell for cell in (text.strip() for text in frame.loc[number]) if cell]
            if len(filled) > 2 or (filled and not _NOTE.match(filled[0])):
                break
            if filled:
                found[int(number)] = "note-row"
    return found


def _guess(rows: list[list[str]]) -> Layout:
    widest = max((_filled(row) for row in rows), default=0)
    wide = [place for place, row in enumerate(rows) if _filled(row) > max(1, widest / 2)]
    named = [place for place in wide[:10] if _holds_names(rows[place])]
    filled = [place for place, row in enumerate(rows) if any(row)]
    at = (named or wide or filled or [0])[0]
    if _completes(rows, at):
        return Layout(at + 1, 2)
    if at > 0 and _completes(rows, at - 1):
        return Layout(at, 2)
    return Layout(at + 1)


def _holds_names(row: list[str]) -> bool:
    cells = [cell for cell in row if cell]
    odd = sum(bool(_VALUE.fullmatch(cell)) for cell in cells)
    return odd * 2 < len(cells) and not any(cell.endswith((":", "：")) for cell in cells)


def _completes(rows: list[list[str]], at: int) -> bool:
    """Return whether the row under this one gives names to the columns that it leaves open, as a second header row."""
    if not 0 <= at < len(rows) - 1:
        return False
    width = max(len(rows[at]), len(rows[at + 1]))
    upper, lower = (row + [""] * (width - len(row)) for row in rows[at : at + 2])
    if _filled(upper) < 2 or _filled(lower) < 2 or any(_LONG.search(cell) for cell in upper + lower):
        return False
    first = next(place for place, cell in enumerate(upper) if cell)
    last = max(place for place, cell in enumerate(lower) if cell)
    left_open = [place for place in range(width) if not upper[place] and place <= last]
    headings = [upper[place - 1] for place in left_open if place and upper[place - 1]]
    if not headings or any(_NO_HEADING.search(cell) for cell in headings):
        return False
    if not all(lower[place] for place in left_open if place > first):
        return False
    # Under what stands alone above all is open, at least somewhere; or all is named, a row of names over one of values
    alone = [place for place in range(width) if upper[place] and (place + 1 == width or upper[place + 1])]
    if all(lower[place] for place in alone) and (len(left_open) < 2 or not all(lower[: last + 1])):
        return False
    body = next((row for row in rows[at + 2 :] if any(row)), [])
    return any(_LONG.search(cell) for cell in body)


def _heading_over(rows: list[list[str]], level: int, place: int) -> str:
    """Return the heading that reaches over an open place: the next one to the left, unless it stands alone."""
    for left in range(place - 1, -1, -1):
        if rows[level][left]:
            return rows[level][left] if any(below[left] for below in rows[level + 1 :]) else ""
    return ""


def _filled(row: Sequence[str]) -> int:
    return sum(map(bool, row))


def _clean(cell: str) -> str:
    text = " ".join(cell.split())
    return "" if text.startswith("Unnamed:") else text  # a title that pandas made up
