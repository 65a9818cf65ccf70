"""Lines of text with a separator -> columns of text, under the record numbers that a spreadsheet would show."""

import collections
import csv
import io
import itertools
import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from base.errors import HazardError
from data.encodings import BROKEN, first_foreign
from data.layout import HEAD
from data.privacy import TEXT

MAX_COLUMNS = 1000
_USUAL = ",;\t|"
_RARE = "，；^~:"  # only where they divide the header and nearly all lines alike: signs of ordinary text
_STAND_IN = "\x1f"  # the reader takes separators of one byte only
_HEAD = 1 << 18  # characters looked at to tell the separator and the header
csv.field_size_limit(1 << 28)


def find_delimiter(utf8: bytes, name: str, chosen: str | None = None) -> str:
    """Return the sign that divides the lines into cells.

    Without a choice: the one that divides most records into the same number of cells, more cells first.

    Raises
    ------
    HazardError
        ``delimiter-unknown``, ``not-a-table`` where nothing is divided.
    """
    if chosen is not None and (len(chosen) != 1 or chosen.isalnum() or chosen in '"\r\n'):
        raise HazardError(
            "delimiter-unknown",
            "{file}: “{delimiter}” cannot separate cells. Choose one sign, for example a comma, a semicolon or a tab.",
            file=name, delimiter=chosen,
        )  # fmt: skip
    start = utf8[:_HEAD].decode(errors="ignore")
    cut = len(utf8) > _HEAD
    if chosen:
        found = _divides(start, chosen, cut)
    else:
        found = _divides(start, _USUAL, cut, 0.5) or _divides(start, _RARE, cut, 0.9) or _divides(start, _USUAL, cut)
    if not found:
        raise HazardError(
            "not-a-table",
            "{file} is no table: no separator (comma, semicolon, tab or |) divides its lines into cells.",
            file=name,
        )
    return found


def first_records(utf8: bytes, delimiter: str, n: int = HEAD) -> list[list[str]]:
    """Return the first records of a text."""
    start = utf8[: max(_HEAD, n << 10)].decode(errors="ignore")
    return list(itertools.islice(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), n))


def read_delimited(
    utf8: bytes, delimiter: str, width: int, first: int
) -> tuple[pd.DataFrame, list[tuple[int, str, str]]]:
    """Return the records from number `first` on as columns c000, c001 ... of text, and those that are no rows.

    Returns
    -------
    frame : DataFrame
        Shorter records are filled up. A line break inside a quoted cell does not count as a row.
    bad : list of (int, str, str)
        Record number, last cell and reason: ``ragged-row`` where it has more cells than the header,
        ``undecodable-row`` where it holds bytes that are no text.
    """
    names = column_names(width)
    stand_in = not delimiter.isascii()
    if stand_in:
        utf8, sign, delimiter = utf8.replace(delimiter.encode(), _STAND_IN.encode()), delimiter, _STAND_IN
    frame, odd = _read(utf8, delimiter, names)
    frame = frame.iloc[frame.index.searchsorted(first) :]

    short: dict[int, list[str]] = {}
    bad: list[tuple[int, str, str]] = []
    for number, text in odd:
        if number < first:
            continue
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        if any(cell.strip() for cell in cells[len(names) :]) or ('"' in text and text.count('"') % 2):
            bad.append((number, next(filter(None, map(str.strip, reversed(cells))), ""), "ragged-row"))
        else:
            short[number] = (cells + [""] * len(names))[: len(names)]
    if short:
        more = pd.DataFrame(list(short.values()), index=list(short), columns=names, dtype=TEXT)
        frame = pd.concat([one for one in (frame, more) if len(one)]).sort_index()
    if stand_in:
        frame = pd.DataFrame({column: frame[column].str.replace(_STAND_IN, sign, regex=False) for column in names})
    if BROKEN.encode() in utf8 or b"\x00" in utf8:
        broken = pd.Series(False, index=frame.index)
        for column in names:
            broken |= frame[column].str.contains(f"[\x00{BROKEN}]")
        last = frame.loc[broken, names[-1]]
        bad += [(int(number), str(cell), "undecodable-row") for number, cell in zip(last.index, last, strict=True)]
        frame = frame[~broken]
    return frame, sorted(bad)


def samples(utf8: bytes, n: int = 3) -> tuple[str, ...]:
    """Return the first lines that hold foreign text, else any, cut to 200 signs: they show if the encoding is right."""
    found: dict[str, None] = {}
    place = 0
    while len(found) < n and (foreign := first_foreign(utf8, place)) is not None:
        place = _keep_line(utf8, foreign, found)
    place = 0
    for _ in range(HEAD):
        if len(found) == n or place >= len(utf8):
            break
        place = _keep_line(utf8, place, found)
    return tuple(found)


def _keep_line(utf8: bytes, place: int, found: dict[str, None]) -> int:
    """Keep the line around a place, if it holds anything, and return where the next one begins."""
    start, end = utf8.rfind(b"\n", 0, place) + 1, utf8.find(b"\n", place)
    end = len(utf8) if end < 0 else end
    text = utf8[start : min(end, start + 1000)].decode(errors="ignore").strip()[:200]
    if text:
        found[text.replace(BROKEN, "\ufffd")] = None
    return end + 1


def column_names(width: int) -> list[str]:
    """Return the names of so many columns: c000, c001 ..."""
    return [f"c{place:03d}" for place in range(width)]


def _divides(start: str, signs: str, cut: bool, least: float = 0.0) -> str | None:
    best, found = (least, 1), None
    for sign in signs:
        records = csv.reader(io.StringIO(start, newline=""), delimiter=sign)
        widths = [len(record) for record in itertools.islice(records, HEAD) if any(record)]
        if cut and len(widths) < HEAD:
            widths = widths[:-1]
        counts = collections.Counter(width for width in widths if width > 1)
        if counts and (sign in _USUAL or widths[0] > 1 or not least):
            width, n = max(counts.items(), key=lambda item: (item[1], item[0]))
            if (score := (round(n / len(widths), 1), width)) > best:
                best, found = score, sign
    return found


def _read(utf8: bytes, delimiter: str, names: list[str]) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Return the records of the usual length, and the number and text of the others."""
    odd: list[tuple[int, str]] = []

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
        if _swallowed(table, delimiter) and not _well_quoted(utf8, delimiter):
            raise pa.ArrowInvalid
    except pa.ArrowInvalid:  # or a row of more than 32 MB
        return _careful(utf8, delimiter, names)
    frame = pd.DataFrame({column: pd.array(table[column], dtype=TEXT) for column in names})
    return frame.set_axis(_numbers(len(frame), [number for number, _ in odd]), axis=0), odd


def _swallowed(table: pa.Table, delimiter: str) -> bool:
    """Return whether some cell may be the rest of one row and the beginning of the next: two unclosed quotes are it."""
    sign = re.escape(delimiter)
    pattern = f"{sign}[^\r\n]*[\r\n]|[\r\n][^\r\n]*{sign}"
    return any(pc.any(pc.match_substring_regex(column, pattern)).as_py() for column in table.columns)


def _well_quoted(utf8: bytes, delimiter: str) -> bool:
    """Return whether a separator or the end of the line stands behind every quote that closes a cell."""
    lines = io.TextIOWrapper(io.BytesIO(utf8), encoding="utf-8", newline="")
    try:
        collections.deque(csv.reader(lines, delimiter=delimiter, strict=True), maxlen=0)
    except csv.Error:
        return False
    return True


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
            good[number] = record if any(record) else [""] * len(names)
        place, number = place + used, number + 1
    frame = pd.DataFrame(list(good.values()), index=list(good), columns=names, dtype=TEXT)
    return frame, odd


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
