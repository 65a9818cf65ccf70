"""The one export writer: frames -> an XLSX workbook or a CSV in which text stays text, whatever it looks like."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from pandas.api.types import is_string_dtype

from base.text import Words
from data.inert import inert

_SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
_MAX_ROWS = 1_048_575  # below the header; what lies beyond, a sheet drops in silence


@dataclass(frozen=True)
class Sheet:
    """One table of a workbook.

    Attributes
    ----------
    name : str
        Of the sheet; where the rows need several, "name 1", "name 2" ...
    frame : DataFrame
        Only the columns named in `titles` are written, in that order.
    titles : mapping of column name to header
    empty : str
        What to say under the headers where there are no rows.
    notes : sequence of str
        Lines beside the table, one column apart: what the rows are and rest on.
    """

    name: str
    frame: pd.DataFrame
    titles: Mapping[str, str]
    empty: str = ""
    notes: Sequence[str] = ()


def write_sheet(
    frame: pd.DataFrame, titles: Mapping[str, str], *, name: str, notes: Sequence[str] = (), words: Words
) -> bytes:
    """Return a workbook with one table, and what it is on a sheet of its own; parameters as in `write_book`."""
    return write_book([Sheet(name, frame, titles)], notes=notes, words=words)


def write_book(sheets: Sequence[Sheet], *, notes: Sequence[str] = (), words: Words) -> bytes:
    """Return a workbook with each table on a sheet (or on as many as its rows fill) and what it is on the last one.

    Parameters
    ----------
    sheets : sequence of Sheet
        Their names differ, also in their first 29 signs.
    notes : sequence of str
        Lines for the last sheet: period, as-of time, data version.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _SAFE) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        text = book.add_format({"num_format": 49})  # @: what is typed there stays as typed, no number turns 3.2E+17
        for one in sheets:
            columns = [column for column in one.titles if column in one.frame]
            starts = range(0, max(len(one.frame), 1), _MAX_ROWS)
            for number, start in enumerate(starts, start=1):
                sheet = book.add_worksheet(_sheet_name(one.name, number if len(starts) > 1 else None))
                part = one.frame.iloc[start : start + _MAX_ROWS]
                for place, column in enumerate(columns):
                    sheet.write_string(0, place, one.titles[column], head)
                    widest = max([len(str(value)) for value in part[column].head(200)] + [len(one.titles[column]) * 2])
                    kind = text if is_string_dtype(part[column].dropna()) else None
                    sheet.set_column(place, place, min(max(widest, 8), 48), kind)
                    for row, value in enumerate(part[column], start=1):
                        _write(sheet, row, place, value, moment, text)
                sheet.freeze_panes(1, 0)
                if len(part) and columns:
                    sheet.autofilter(0, 0, len(part), len(columns) - 1)
                elif one.empty:
                    sheet.write_string(1, 0, one.empty)
                for row, line in enumerate(filter(None, one.notes)):
                    sheet.write_string(row, len(columns) + 1, line)
        if notes:
            about = book.add_worksheet(_sheet_name(words("About")))
            about.set_column(0, 0, 100)
            for row, line in enumerate(notes):
                about.write_string(row, 0, line)
    return buffer.getvalue()


def write_csv(frame: pd.DataFrame, titles: Mapping[str, str]) -> bytes:
    """Return the columns of a frame that `titles` names as CSV: UTF-8 with the mark that spreadsheet programs need."""
    return b"".join(csv_parts([frame], titles))


def csv_parts(frames: Iterable[pd.DataFrame], titles: Mapping[str, str]) -> Iterator[bytes]:
    """Yield the bytes of `write_csv` of frames under one header, a frame at a time; all have the same columns."""
    columns: list[str] | None = None
    for frame in frames:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        first = columns is None
        if columns is None:
            columns = [column for column in titles if column in frame]
            writer.writerow([inert(titles[column]) for column in columns])
        writer.writerows(zip(*([_in_csv(value) for value in frame[column]] for column in columns), strict=True))
        yield buffer.getvalue().encode("utf-8-sig" if first else "utf-8")


def _in_csv(value: Any) -> Any:
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None or value is pd.NaT or value is pd.NA or value != value else value


def _sheet_name(name: str, number: int | None = None) -> str:
    plain = "".join("-" if sign in "[]:*?/\\'" else sign for sign in name)
    end = "" if number is None else f" {number}"
    return (plain[: 31 - len(end)] + end).strip() or "1"


def _write(sheet: Any, row: int, column: int, value: Any, moment: Any, text: Any) -> None:
    if isinstance(value, (list, tuple, set)):
        value = ", ".join(map(str, value))
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and not np.isfinite(value)):
        return
    if isinstance(value, pd.Timestamp):
        sheet.write_datetime(row, column, value.tz_localize(None).to_pydatetime(), moment)
    elif isinstance(value, (bool, np.bool_)):
        sheet.write_boolean(row, column, bool(value))
    elif isinstance(value, (int, float, np.number)):
        sheet.write_number(row, column, float(value))
    else:
        sheet.write_string(row, column, str(value)[:32767], text)
