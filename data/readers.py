"""Bytes -> rows of text, numbered as a spreadsheet shows them (header = row 1). Nothing is interpreted."""

import collections
import csv
import dataclasses
import io

import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from base.errors import HazardError
from data.contents import kind_of, text_encoding
from data.features import RawCells as RawCells  # one door for all that comes in from outside
from data.geofiles import read_boundaries as read_boundaries
from data.privacy import TEXT
from data.schema import REJECTED_COLUMNS
from data.spreadsheets import read_sheet
from data.table import Table as Table

MAX_COLUMNS = 1000
_DELIMITERS = ",;\t|"
_HEAD = 1 << 18  # characters looked at to tell the delimiter and the header
csv.field_size_limit(1 << 28)


def read_table(content: bytes, name: str, *, encoding: str | None = None, sheet: str | None = None) -> Table:
    """Return the table in a CSV or XLSX file, told by its content.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name, for sentences only.
    encoding : str, optional
        Of a CSV; without it: a byte order mark, else UTF-8, else GB18030, each over the whole file.
    sheet : str, optional
        Of a workbook; without it the first sheet that holds anything.

    Raises
    ------
    HazardError
        ``not-a-table``, ``empty-file``, ``no-rows``, ``header-not-first``, ``too-many-columns``, and those of
        `data.contents.text_encoding` and `data.spreadsheets.read_sheet`.
    """
    if not content.strip():
        raise HazardError("empty-file", "{file} is empty. A table with a header row was expected.", file=name)
    kind = kind_of(content)
    if kind == "XLSX":
        rows, used_sheet, sheets = read_sheet(content, name, sheet)
        headers = _headers(rows[:30], name)
        frame = _from_rows(rows[1:], len(headers))
        return _finished(Table(name, headers, frame, _no_bad(), kind=kind, sheet=used_sheet, sheets=sheets))
    if kind == "binary":
        raise HazardError(
            "not-a-table",
            "{file} is no table: it holds bytes that are no text. A CSV or XLSX file with a header row was expected.",
            file=name,
        )
    if kind == "JSON":
        raise HazardError(
            "not-a-table",
            "{file} is JSON and no table. Reports are expected as CSV or XLSX; boundaries are loaded as cells.",
            file=name,
        )
    if kind != "text":
        raise HazardError(
            "not-a-table",
            "{file} is no table (it holds {kind}), whatever its name says. A CSV or XLSX file with a header row was "
            "expected: "
            "open it in a spreadsheet program and save it as one of these.",
            file=name, kind=kind,
        )  # fmt: skip
    used = text_encoding(content, name, encoding)
    utf8 = content if used == "utf-8" else content.decode(used).encode()
    start = utf8[:_HEAD].decode(errors="ignore")
    delimiter = _delimiter(start, cut=len(utf8) > _HEAD)
    if delimiter is None:
        raise HazardError(
            "not-a-table",
            "{file} is no table: no separator (comma, semicolon, tab or |) divides its lines into cells.",
            file=name,
        )
    records = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
    headers = _headers([record for record, _ in zip(records, range(30), strict=False)], name)
    frame, bad = _from_csv(utf8, delimiter, len(headers))
    return _finished(Table(name, headers, frame, bad, kind="CSV", encoding=used, delimiter=delimiter))


def _delimiter(start: str, *, cut: bool) -> str | None:
    """Return the sign that divides most records into the same number of cells, more cells first."""
    best, found = (0.0, 1), None
    for sign in _DELIMITERS:
        records = csv.reader(io.StringIO(start, newline=""), delimiter=sign)
        widths = [len(record) for record, _ in zip(records, range(50), strict=False) if any(record)]
        if cut and len(widths) < 50:
            widths = widths[:-1]
        counts = collections.Counter(width for width in widths if width > 1)
        if counts:
            width, n = max(counts.items(), key=lambda item: (item[1], item[0]))
            if (score := (round(n / len(widths), 1), width)) > best:
                best, found = score, sign
    return found


def _headers(rows: list[list[str]], name: str) -> list[str]:
    """Return the first row as headers, or say where they seem to be."""

    def filled(row: list[str]) -> int:
        return sum(bool(cell.strip()) and not cell.startswith("Unnamed:") for cell in row)

    headers = [" ".join(cell.split()) for cell in rows[0]] if rows else []
    widest = max((filled(row) for row in rows), default=0)
    if filled(headers) <= 1 < widest:
        likely = next(number for number, row in enumerate(rows, start=1) if filled(row) > max(1, widest / 2))
        raise HazardError(
            "header-not-first",
            "{file}: row 1 is no header; the header seems to be row {row} ({header}). "
            "Delete the rows above it and load the file again.",
            file=name, row=likely, header=", ".join(cell for cell in rows[likely - 1] if cell)[:100],
        )  # fmt: skip
    if len(headers) > MAX_COLUMNS:
        raise HazardError(
            "too-many-columns",
            "{file} has {n} columns; at most {limit} are read. Delete those that are not needed.",
            file=name, n=len(headers), limit=MAX_COLUMNS,
        )  # fmt: skip
    return headers


def _from_rows(rows: list[list[str]], width: int) -> pd.DataFrame:
    columns = {
        name: pd.array([row[place] if place < len(row) else "" for row in rows], dtype=TEXT)
        for place, name in enumerate(_names(width))
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(2, len(rows) + 2))


def _from_csv(utf8: bytes, delimiter: str, width: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = _names(width)
    odd: list[tuple[int, str]] = []  # records of another length: number, text

    def keep(row: arrow_csv.InvalidRow) -> str:
        odd.append((row.number, row.text))
        return "skip"

    try:
        if utf8.count(b'"') % 2:  # a quote that is never closed would swallow all that follows
            raise pa.ArrowInvalid
        table = arrow_csv.read_csv(
            pa.BufferReader(utf8),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=1 << 25),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # or a row of more than 32 MB
        frame, odd = _careful(utf8, delimiter, names)
    else:
        frame = pd.DataFrame({column: pd.array(table[column], dtype=TEXT) for column in names})
        del table
        numbers = _numbers(len(frame), [number for number, _ in odd])
        frame = frame.set_axis(numbers, axis=0).iloc[1:]  # without the header

    short, bad = {}, []
    for number, text in odd:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        if any(cell.strip() for cell in cells[len(names) :]) or ('"' in text and text.count('"') % 2):
            bad.append((number, "", "", "ragged-row", ""))  # which cell holds what, a person too, nobody knows here
        else:
            short[number] = (cells + [""] * len(names))[: len(names)]
    if short:
        more = pd.DataFrame(list(short.values()), index=list(short), columns=names, dtype=TEXT)
        frame = pd.concat([frame, more]).sort_index()
    return frame, pd.DataFrame(bad, columns=list(REJECTED_COLUMNS))


def _careful(utf8: bytes, delimiter: str, names: list[str]) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Read record by record; the line where an unclosed quote begins is set apart, and reading goes on behind it."""
    lines = list(io.StringIO(utf8.decode(), newline=""))  # splitlines() would also part at U+2028 and the like
    good: dict[int, list[str]] = {}
    odd: list[tuple[int, str]] = []
    place, number = 0, 1
    while place < len(lines):
        record, used = _record(lines, place, delimiter)
        if record is None or (len(record) != len(names) and any(record)):
            odd.append((number, "".join(lines[place : place + used])))
        else:
            good[number] = record or [""] * len(names)
        place, number = place + used, number + 1
    good.pop(1, None)
    frame = pd.DataFrame(list(good.values()), index=list(good), columns=names, dtype=TEXT)
    return frame, [(number, text) for number, text in odd if number > 1]


def _record(lines: list[str], place: int, delimiter: str) -> tuple[list[str] | None, int]:
    """Return the record that begins at a line and its number of lines; None if its quote is not closed in 100 lines."""
    for used in range(1, min(100, len(lines) - place) + 1):
        if used > 1 and '"' not in lines[place + used - 1]:
            continue
        text = "".join(lines[place : place + used])
        try:
            record = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            if "unexpected end" in str(error):
                continue
            if used > 1:  # the quote that ends it seems to open another cell
                return None, 1
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []), used
        return record, used
    return None, 1


def _numbers(n: int, skipped: list[int]) -> pd.Index:
    """Return the record numbers of `n` rows that were read, when these numbers were not."""
    if not skipped:
        return pd.RangeIndex(1, n + 1)
    return pd.RangeIndex(1, n + len(skipped) + 1).difference(skipped)


def _finished(table: Table) -> Table:
    frame = table.frame
    some = pd.Series(False, index=frame.index)
    for column in frame:
        some |= frame[column].str.strip().astype(bool)
    last = some[some].index.max() if some.any() else 0
    frame = frame[frame.index <= last]
    if frame.empty and table.bad.empty:
        raise HazardError(
            "no-rows",
            "{file} has a header and no rows below it. At least one report was expected.",
            file=table.name,
        )
    return dataclasses.replace(table, frame=frame)


def _names(width: int) -> list[str]:
    return [f"c{place:03d}" for place in range(width)]


def _no_bad() -> pd.DataFrame:
    return pd.DataFrame(columns=list(REJECTED_COLUMNS))
