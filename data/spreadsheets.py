"""Rows of text from an XLSX workbook, after a look at how large it would become."""

import datetime as dt
import io
import zipfile
import zlib
from typing import Any
from xml.parsers import expat

import python_calamine as calamine

from base.errors import HazardError
from data.workbook_size import refuse_large

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
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            refuse_large(archive, name)
    except (
        zipfile.BadZipFile, expat.ExpatError, NotImplementedError, RuntimeError, OSError, ValueError, EOFError,
        zlib.error,
    ) as error:  # fmt: skip
        raise HazardError(
            "workbook-damaged",
            "{file} cannot be opened as a workbook ({detail}). Open it in a spreadsheet program and save it again.",
            file=name, detail=str(error)[:200],
        ) from None  # fmt: skip
