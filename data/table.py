"""A table as it stands in a file, before anything is understood of it."""

from dataclasses import dataclass

import pandas as pd

from base.text import N_

X_HEADER, Y_HEADER = "geometry x", "geometry y"  # titles of the two columns that a file of points brings
UNREAD = N_("Not loaded, these columns hold bytes or lists and no text, number or time: {columns}.")


@dataclass(frozen=True)
class Table:
    """A table as it stands in a file: every cell is text, '' where empty.

    `frame` has the columns c000, c001 ... under an index of row numbers as Excel counts them; a line break inside a
    quoted cell does not count. `headers[i]` is the title of column i; where the file has none, its letter, "[C]".
    `bad` holds rows with more cells than the header, with bytes that are no text, the header repeated further down and
    notes below the table (the columns of `data.schema.REJECTED_COLUMNS`, by number only; also `last`, the last cell,
    for `data.correction_sheet` alone); shorter rows are filled up.
    Empty rows at the end are left out, those in between are kept, as empty. Rows read = len(frame) + len(bad).
    `sums` are the numbers of the rows in `frame` that begin with a word such as 合计.

    How it was read, guessed or chosen: `kind` (CSV, XLSX, XLS, HTML, GeoJSON, GeoPackage, Shapefile, Parquet),
    `encoding` and `delimiter` of a text; `sheet` and `sheets` (or layers, or tables of a page: the one read, and all);
    the header stands in `header_rows` rows from `header_row` on; `samples` are the first lines of a text as they were
    decoded, not masked; `crs` is the system that a file of points declares (``EPSG:n``), its points stand in two more
    columns titled X_HEADER and Y_HEADER. `title` is the text above the header. `unread` are the titles of
    columns that are no text, number or time (lists and bytes of a Parquet), which are left out.
    """

    name: str
    headers: list[str]
    frame: pd.DataFrame
    bad: pd.DataFrame
    kind: str = "CSV"
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    header_row: int = 1
    header_rows: int = 1
    samples: tuple[str, ...] = ()
    crs: str | None = None
    sums: tuple[int, ...] = ()
    title: str = ""
    unread: tuple[str, ...] = ()
