"""Bytes -> rows of text, numbered as a spreadsheet shows them. Told by the content; nothing is interpreted."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from data.contents import kind_of
from data.delimited import MAX_COLUMNS as MAX_COLUMNS
from data.delimited import column_names, find_delimiter, first_records, read_delimited, samples
from data.encodings import BROKEN, as_utf8
from data.layout import HEAD, Layout, column_letter, find_header, header_names, rows_that_are_no_cases, sum_rows
from data.privacy import TEXT, mask
from data.schema import REJECTED_COLUMNS
from data.table import Table as Table

WITH_POINTS = ("JSON", "SQLite", "Parquet", "ZIP", "KML", "KMZ", "XML")
_CHUNK = 20_000  # rows made into columns at a time


def read_table(
    content: bytes,
    name: str,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    header_rows: int | None = None,
) -> Table:
    """Return the table in a file, told by its content. What is not chosen is guessed.

    Parameters
    ----------
    content : bytes
        CSV, XLSX, XLS, a web page or web archive with a table, GeoJSON, GeoPackage, a zipped Shapefile, Parquet.
    name : str
        The file's name, for sentences only.
    encoding : str, optional
        Of text. A CSV may hold some bytes that are no text: those rows are set apart.
    delimiter : str, optional
        The sign between the cells of a CSV.
    sheet : str, optional
        Of a workbook; or a table of a page, or a layer.
    header_row, header_rows : int, optional
        Where the header begins, as Excel counts rows, and in how many rows it stands (1 to 3).

    Raises
    ------
    HazardError
        ``not-a-table``, ``empty-file``, ``no-rows``, ``too-many-columns``, and those of the modules that read each
        kind: `data.encodings`, `data.delimited`, `data.spreadsheets`, `data.html_tables`, `data.layout`,
        `data.geofiles`.
    """
    if not content.strip():
        raise HazardError("empty-file", "{file} is empty. A table with a header row was expected.", file=name)
    kind = kind_of(content)
    if kind in WITH_POINTS:
        from data.geofiles import read_points  # it brings more with it than most files need

        return read_points(content, name, layer=sheet, encoding=encoding)
    if kind in ("XLSX", "XLS"):
        from data.spreadsheets import read_sheet

        rows, used_sheet, sheets = read_sheet(content, kind, name, sheet)
        blank = Table(name, [], pd.DataFrame(), _bad([]), kind, sheet=used_sheet, sheets=sheets)
        return _from_rows(rows, blank, header_row, header_rows)
    if kind in ("HTML", "MHTML"):
        from data.html_tables import read_page

        page, used_sheet, sheets, used = read_page(content, kind, name, encoding=encoding, sheet=sheet)
        blank = Table(name, [], pd.DataFrame(), _bad([]), "HTML", used, sheet=used_sheet, sheets=sheets)
        return _from_rows(iter(page), dataclasses.replace(blank, samples=_samples_of(page)), header_row, header_rows)
    if kind != "text":
        raise _no_table(name, kind)
    return _from_text(content, name, encoding, delimiter, header_row, header_rows)


def _from_text(
    content: bytes,
    name: str,
    encoding: str | None,
    delimiter: str | None,
    header_row: int | None,
    header_rows: int | None,
) -> Table:
    utf8, used = as_utf8(content, name, encoding)
    sign = find_delimiter(utf8, name, delimiter)
    head = first_records(utf8, sign, max(HEAD, (header_row or 0) + 5))
    layout = find_header(head, name, header_row=header_row, header_rows=header_rows)
    width = max(len(row) for row in head[layout.first - 1 : layout.last])
    _check_width(width, name)
    frame, bad = read_delimited(utf8, sign, width, layout.last + 1)
    table = Table(name, _titles(head, layout, width), frame, _bad(bad), "CSV", used, sign, samples=samples(utf8))
    return _finished(table, head, layout)


def _from_rows(rows: Iterator[list[str]], table: Table, header_row: int | None, header_rows: int | None) -> Table:
    head = list(itertools.islice(rows, max(HEAD, (header_row or 0) + 5)))
    layout = find_header(head, table.name, header_row=header_row, header_rows=header_rows)
    frame = _columns(itertools.chain(head[layout.last :], rows), layout.last + 1, table.name)
    width = max((len(row) for row in head[layout.first - 1 : layout.last]), default=0)
    missing = column_names(width)[len(frame.columns) :]
    frame = frame.assign(**{column: pd.array([""] * len(frame), dtype=TEXT) for column in missing})
    table = dataclasses.replace(table, headers=_titles(head, layout, len(frame.columns)), frame=frame)
    return _finished(table, head, layout)


def _columns(rows: Iterable[list[str]], first: int, name: str) -> pd.DataFrame:
    """Return rows as columns, some thousands at a time: as lists of text they would take five times the room."""
    rows, chunks, width = iter(rows), [], 0
    while some := list(itertools.islice(rows, _CHUNK)):
        widest = max(map(len, some))
        _check_width(widest, name)
        width = max(width, widest)
        if any(len(row) != widest for row in some):
            some = [row + [""] * (widest - len(row)) for row in some]
        chunks.append(
            [pa.array(column, pa.large_string()) for column in zip(*some, strict=True)] or [pa.nulls(len(some))]
        )
    n = sum(len(chunk[0]) for chunk in chunks)
    columns = {}
    for place, column in enumerate(column_names(width)):
        pieces = [
            chunk[place] if place < len(chunk) else pa.array([""] * len(chunk[0]), pa.large_string())
            for chunk in chunks
        ]
        columns[column] = pd.array(pa.chunked_array(pieces, pa.large_string()), dtype=TEXT)
    return pd.DataFrame(columns, index=pd.RangeIndex(first, first + n))


def _titles(head: Sequence[Sequence[str]], layout: Layout, width: int) -> list[str]:
    # masked: without a header row the first case stands here, and titles are shown, stored and named in sentences
    return [mask(title.replace(BROKEN, "\ufffd")) for title in header_names(head, layout, width)]


def _check_width(width: int, name: str) -> None:
    if width > MAX_COLUMNS:
        raise HazardError(
            "too-many-columns",
            "{file} has {n} columns; at most {limit} are read. Delete those that are not needed.",
            file=name, n=width, limit=MAX_COLUMNS,
        )  # fmt: skip


def _finished(table: Table, head: Sequence[Sequence[str]], layout: Layout) -> Table:
    """Return the table without empty rows at its end and without what a printed page repeats or says below it."""
    frame = table.frame
    frame = frame.iloc[: _last_filled(frame)]
    titles = table.headers
    kept = [place for place, title in enumerate(titles) if title or frame.iloc[:, place].str.strip().any()]
    headers = [titles[place] or f"[{column_letter(place)}]" for place in kept]  # formats alone are no columns
    others = rows_that_are_no_cases(frame, head[: layout.last])
    if frame.empty and table.bad.empty:
        raise HazardError(
            "no-rows",
            "{file} has a header and no rows below it. At least one report was expected.",
            file=table.name,
        )
    no_cases = [(row, str(frame.at[row, frame.columns[kept[-1]]]), reason) for row, reason in others.items()]
    bad = pd.concat([table.bad, _bad(no_cases)], ignore_index=True) if others else table.bad
    frame = frame.drop(index=list(others)) if others else frame
    frame = frame.iloc[:, kept].set_axis(column_names(len(kept)), axis=1)
    return dataclasses.replace(
        table, headers=headers, frame=frame, bad=bad.sort_values("row", ignore_index=True), sums=sum_rows(frame),
        header_row=layout.first, header_rows=layout.rows,
        title=" ".join(cell for row in head[: layout.first - 1] for cell in row if cell),
    )  # fmt: skip


def _last_filled(frame: pd.DataFrame) -> int:
    for end in range(len(frame), 0, -_CHUNK):
        some = frame.iloc[max(0, end - _CHUNK) : end]
        filled = np.zeros(len(some), dtype=bool)
        for column in some:
            filled |= (some[column].str.strip() != "").to_numpy(dtype=bool)
        if filled.any():
            return int(max(0, end - _CHUNK) + np.flatnonzero(filled)[-1] + 1)
    return 0


def _bad(rows: Iterable[tuple[int, str, str]]) -> pd.DataFrame:
    # by number and last cell: which cell holds what, a person too, nobody knows here
    found = [(row, "", "", reason, "", last) for row, last, reason in rows]
    return pd.DataFrame(found, columns=[*REJECTED_COLUMNS, "last"])


def _samples_of(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    filled = [row for row in rows[:HEAD] if any(row)]
    foreign = [row for row in filled if not "".join(row).isascii()]
    return tuple(" ".join(" | ".join(row).split())[:200] for row in (foreign or filled)[:3])


def _no_table(name: str, kind: str) -> HazardError:
    if kind == "binary":
        return HazardError(
            "not-a-table",
            "{file} is no table: it holds bytes that are no text. A CSV or XLSX file with a header row was expected.",
            file=name,
        )
    return HazardError(
        "not-a-table",
        "{file} is no table (it holds {kind}), whatever its name says. A table with a header row was expected: "
        "open it in a spreadsheet program and save it as XLSX or CSV.",
        file=name, kind=kind,
    )  # fmt: skip
