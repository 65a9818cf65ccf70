"""Rows of text from a workbook, XLSX or XLS, after a look at how large it would become."""

import datetime as dt
import io
import itertools
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.parsers import expat

import python_calamine as calamine

from base.errors import HazardError
from data.layout import HEAD, likeness
from data.old_workbook import plain_workbook
from data.workbook_size import refuse_large


def read_sheet(
    content: bytes, kind: str, name: str, sheet: str | None
) -> tuple[Iterator[list[str]], str, tuple[str, ...]]:
    """Return the rows of one sheet as text from row 1 on, the sheet's name, and the names of all sheets.

    Dates become ISO text, whole numbers stand without a point, empty cells are ''. Without `sheet`, the visible one
    that looks most like a table of reports is read, a hidden one only where no other holds anything.

    Raises
    ------
    HazardError
        ``workbook-damaged``, ``workbook-locked``, ``table-too-large``, ``sheet-unknown``, ``empty-file``.
    """
    with _told(name):
        if kind == "XLS":
            content = plain_workbook(content, name)
        else:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                refuse_large(archive, name)
                _refuse_others(archive)
        with calamine.load_workbook(io.BytesIO(content)) as book:
            names = tuple(book.sheet_names)
            if sheet is not None and sheet not in names:
                raise HazardError(
                    "sheet-unknown",
                    "{file} has no sheet named {sheet}. Its sheets are: {sheets}.",
                    file=name, sheet=sheet, sheets=", ".join(names),
                )  # fmt: skip
            found = (0.0, "", None)
            for candidate in (sheet,) if sheet is not None else names:
                page = book.get_sheet_by_name(candidate)
                score = _score(book, page, candidate)
                if score > found[0]:
                    found = score, candidate, page
    if found[2] is None:
        raise HazardError("empty-file", "{file} is empty. A table with a header row was expected.", file=name)
    return _rows(found[2]), found[1], names


def _rows(page: Any) -> Iterator[list[str]]:
    # iter_rows begins at row 1 of the sheet (to_python would at the first used one), but at its first used column
    left = [""] * page.start[1]
    return (left + [_text(value) for value in row] for row in page.iter_rows())


def _score(book: Any, page: Any, name: str) -> float:
    if page.start is None or not page.height:
        return 0.0
    head = list(itertools.islice(_rows(page), HEAD))
    seen = any(s.name == name and s.visible == calamine.SheetVisibleEnum.Visible for s in book.sheets_metadata)
    return max(likeness(head, page.end[0] + 1), 1e-6) * (1.0 if seen else 1e-9)


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


def _refuse_others(archive: zipfile.ZipFile) -> None:
    """Refuse what the reader would take for another kind of workbook, one that was not weighed."""
    parts = {entry.filename.replace("\\", "/").lower() for entry in archive.infolist()}
    if "xl/workbook.xml" not in parts or parts & {"xl/workbook.bin", "content.xml", "mimetype"}:
        raise ValueError("xl/workbook.xml")


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in one sentence what a reader says in its own words, or dies of."""
    try:
        yield
    except HazardError:
        raise
    except (
        calamine.CalamineError, calamine.WorksheetNotFound, zipfile.BadZipFile, expat.ExpatError, struct.error,
        zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError, LookupError,
    ) as error:  # fmt: skip
        detail = str(error)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of the reader, which is written in Rust
            raise
        detail = str(error)
    else:
        return
    raise HazardError(
        "workbook-damaged",
        "{file} cannot be opened as a workbook ({detail}). Open it in a spreadsheet program and save it again.",
        file=name, detail=detail[:200],
    )  # fmt: skip
