"""The extent of a sheet that is written as spreadsheet programs write it, by patterns: three times as fast as a parser.

The patterns know one way to write a row and a cell, and each row has to be matched from its first to its last byte,
one behind the other. Nothing can hide in such a sheet; any other goes to the parser (`data.workbook_size`).
"""

import re
from collections.abc import Callable, Iterator

PIECE = 1 << 22
_LONGEST_ROW = 1 << 23  # a row of 16,384 cells of usual length
_START = rb'(?:<\?xml version="1\.0"(?: encoding="(?i:utf-8)")?(?: standalone="(?:yes|no)")?\s?\?>)?'
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?" + _START + rb"[^!?]*")  # no comment, no section, no declaration
_OTHER = rb' (?!r=)[\w:]+="[^"<>&]*"'
_TEXT = rb"[^<]*"
_CELL = (
    rb'<c r="[A-Z]{1,3}(?P=row)"(?: s="\d+")?(?: t="[a-zA-Z]+")?'
    rb"(?:/>|>(?:<f(?:" + _OTHER + rb")*(?:/>|>" + _TEXT + rb"</f>))?"
    rb"(?:<v>" + _TEXT + rb"</v>|<v/>|<is><t(?: xml:space=\"preserve\")?>" + _TEXT + rb"</t></is>)?</c>)"
)
_ROW = re.compile(rb'\s*<row r="(?P<row>[1-9]\d{0,6})"(?:' + _OTHER + rb")*(?:/>|>(?:" + _CELL + rb")*</row>)")
_COLUMNS = re.compile(rb'<c r="([A-Z]+)')
_SHARED = re.compile(rb'" t="s">(?:<v>([0-9]+)</v>)?')  # what only looks so inside a text counts too: no harm


def plain_extent(read: Callable[[int], bytes], lengths: list[int]) -> tuple[int, set[bytes], int, int] | None:
    """Return the last row, the letters of the columns, the cells, and the characters of their shared texts.

    None if anything is written in another way than usual.

    Parameters
    ----------
    read : callable
        Gives the next bytes of the sheet, at most so many.
    lengths : list of int
        Of the shared texts; where the number of one is not known, the longest counts.
    """
    known = {str(number).encode(): length for number, length in enumerate(lengths)}
    longest = max(lengths, default=0)
    last = cells = characters = 0
    columns: set[bytes] = set()
    for rows in _rows(read):
        if rows is None:
            return None
        place = 0
        while found := _ROW.match(rows, place):
            place = found.end()
            last = max(last, int(found["row"]))
        if rows[place:].strip():
            return None
        letters = _COLUMNS.findall(rows)
        columns.update(letters)
        cells += len(letters)
        if longest:
            characters += sum(known.get(number, longest) for number in _SHARED.findall(rows))
    return last, columns, cells, characters


def _rows(read: Callable[[int], bytes]) -> Iterator[bytes | None]:
    """Yield the rows of a sheet, some megabytes at a time; None where they do not stand in the usual frame."""
    before, begins, held = read(PIECE).partition(b"<sheetData>")
    if not begins or b"sheetData" in before or not _BEFORE.fullmatch(before):
        yield None
        return
    while b"</sheetData>" not in held:
        end = held.rfind(b"</row>") + len(b"</row>")
        if end >= len(b"</row>"):
            yield held[:end]
            held = held[end:]
        piece = read(PIECE)
        if not piece or len(held) > _LONGEST_ROW:
            yield None
            return
        held += piece
    rows, _, after = held.partition(b"</sheetData>")
    yield rows
    while piece := read(PIECE):
        after = after[-16:] + piece if b"sheetData" not in after else after
    if b"sheetData" in after:  # a second one
        yield None
