"""Rows of text from an XLSX workbook, after a look at how large it would become."""

import datetime as dt
import io
import re
import zipfile
import zlib
from typing import Any

import python_calamine as calamine

from base.errors import HazardError

MAX_CELLS = 40_000_000  # of the used range, which is held in memory cell by cell
_MAX_BYTES, _MAX_RATIO, _MAX_ENTRIES = 2_000_000_000, 200, 2_000
_ROW = re.compile(rb"<row [^>]{0,200}?\br=\"(\d{1,7})\"")
_FAR_COLUMN = re.compile(rb" r=\"([A-Z]{2,3})(\d{1,7})\"")
Rows = list[list[str]]


def read_sheet(content: bytes, name: str, sheet: str | None) -> tuple[Rows, str, tuple[str, ...]]:
    """Return the rows of one sheet as text from row 1 on, the sheet's name, and the names of all sheets.

    Dates become ISO text, whole numbers stand without a point, empty cells are ''. Without `sheet`, the first sheet
    that holds anything is read.

    Raises
    ------
    HazardError
        ``workbook-damaged``, ``table-too-large``, ``sheet-unknown``, ``empty-file``.
    """
    _refuse_bombs(content, name)
    try:
        with calamine.load_workbook(io.BytesIO(content)) as book:
            names = tuple(book.sheet_names)
            if sheet is not None and sheet not in names:
                raise HazardError(
                    "sheet-unknown",
                    "{file} has no sheet named {sheet}. Its sheets are: {sheets}.",
                    file=name, sheet=sheet, sheets=", ".join(names),
                )  # fmt: skip
            for candidate in (sheet,) if sheet is not None else names:
                page = book.get_sheet_by_name(candidate)
                if page.start is not None and page.height:
                    # iter_rows begins at row 1 of the sheet (to_python would at the first used one)
                    return [[_text(value) for value in row] for row in page.iter_rows()], candidate, names
    except (calamine.CalamineError, calamine.WorksheetNotFound, OSError) as error:
        raise HazardError(
            "workbook-damaged",
            "{file} cannot be opened as a workbook ({detail}). Open it in a spreadsheet program and save it again.",
            file=name, detail=str(error)[:200],
        ) from None  # fmt: skip
    raise HazardError("empty-file", "{file} is empty. A table with a header row was expected.", file=name)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Beyond 15 digits a spreadsheet no longer knows the number: show that it was damaged
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return value.replace(microsecond=0).isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return "" if value is None else str(value)


def _refuse_bombs(content: bytes, name: str) -> None:
    """Refuse a workbook that grows out of proportion, by what it really unpacks to and by the cells it names."""
    last_row, last_column = 1, 26
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            packed = sum(max(entry.compress_size, 1) for entry in entries)
            stated = sum(entry.file_size for entry in entries)
            if len(entries) > _MAX_ENTRIES or stated > _MAX_BYTES or (stated > 5e7 and stated > packed * _MAX_RATIO):
                raise _too_large(name)
            for entry in entries:
                with archive.open(entry) as file:  # stops at the stated size and checks the sum: what is stated is true
                    is_sheet, tail = entry.filename.startswith("xl/worksheets/"), b""
                    while piece := file.read(1 << 22):
                        if is_sheet:
                            row, column = _extent(tail + piece)
                            last_row, last_column = max(last_row, row), max(last_column, column)
                            tail = piece[-300:]
                if last_row * last_column > MAX_CELLS:
                    raise _too_large(name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError, zlib.error) as error:
        raise HazardError(
            "workbook-damaged",
            "{file} cannot be opened as a workbook ({detail}). Open it in a spreadsheet program and save it again.",
            file=name, detail=str(error)[:200],
        ) from None  # fmt: skip


def _extent(xml: bytes) -> tuple[int, int]:
    rows = [int(found) for found in _ROW.findall(xml)]
    row, column = max(rows, default=1), 26
    for letters, number in set(_FAR_COLUMN.findall(xml)):
        place = 0
        for letter in letters:
            place = place * 26 + letter - 64
        row, column = max(row, int(number)), max(column, place)
    return row, column


def _too_large(name: str) -> HazardError:
    return HazardError(
        "table-too-large",
        "{file} unpacks to more cells than fit in memory. Delete empty rows and columns behind the table, "
        "or save it as CSV.",
        file=name,
    )
