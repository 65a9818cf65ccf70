"""How large a workbook becomes when it is read, told from its parts before it is read.

The reader makes room for the whole range from the first to the last cell, and a copy of a shared text for each cell
that shows it: two kilobytes can ask for half a terabyte. A sheet may lie under any name.
"""

import zipfile
from collections.abc import Callable
from xml.parsers import expat

from base.errors import HazardError
from data.plain_sheets import plain_extent

MAX_CELLS = 40_000_000  # rows x columns of one sheet, from A1 to its last cell, filled or not
_SPARSE, _SHARE = 4_000_000, 20  # a larger range than this must be filled at least to one in so many
MAX_TEXT = 1_000_000_000  # characters that the shared texts of one sheet come to, each as often as it is shown
_MAX_BYTES, _MAX_RATIO, _MAX_ENTRIES = 2_000_000_000, 200, 2_000
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_PIECE = 1 << 22
_DIGITS = "0123456789"
_INSIDE = {"v", "t", "is", "f"}  # what stands in a cell


def refuse_large(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse a workbook that grows out of proportion: unpacked, in the range of its cells, or in its texts.

    Raises
    ------
    HazardError
        ``table-too-large``.
    ValueError, expat.ExpatError
        Where a part is not written as a workbook's parts are.
    """
    entries = archive.infolist()
    packed = sum(max(entry.compress_size, 1) for entry in entries)
    stated = sum(entry.file_size for entry in entries)
    if len(entries) > _MAX_ENTRIES or stated > _MAX_BYTES or (stated > 5e7 and stated > packed * _MAX_RATIO):
        raise too_large(name)
    sheets = [entry for entry in entries if _holds_cells(archive, entry)]
    # The shared texts are the one part that the reader finds by its name alone
    texts = [entry for entry in entries if entry.filename.replace("\\", "/").lower().endswith("sharedstrings.xml")]
    tables = [_lengths(archive, entry) for entry in texts] or [[]]
    for entry in sheets:
        for lengths in tables:
            rows, columns, cells, characters = _extent(archive, entry, lengths)
            if rows > _LAST_ROW or columns > _LAST_COLUMN or characters > MAX_TEXT:
                raise too_large(name)
            refuse_sparse(rows * columns, cells, name)


def refuse_sparse(area: int, cells: int, name: str) -> None:
    """Refuse a range of cells that is too large, or large and all but empty: the reader makes room for all of it.

    Raises
    ------
    HazardError
        ``table-too-large``.
    """
    if area > MAX_CELLS or (area > _SPARSE and area > cells * _SHARE):
        raise too_large(name)


def _holds_cells(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Return whether a part, read to its end, holds cells; the name of an element can be written in one way only."""
    found, tail = False, b""
    with archive.open(entry) as file:  # stops at the stated size and checks the sum: what is stated is true
        while piece := file.read(_PIECE):
            found = found or b"sheetData" in tail + piece
            tail = piece[-16:]
    return found


def _extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, lengths: list[int]) -> tuple[int, int, int, int]:
    """Return the last row and column as the reader counts them, its cells, and the characters of their shared texts.

    As the patterns tell them, or else a parser: rows and cells without a number follow the last. Where the number of a
    text is written in several pieces or in another way than plain digits, the longest text counts.
    """
    with archive.open(entry) as file:
        plain = plain_extent(file.read, lengths)
    if plain:
        return plain[0], max((_place(letters.decode()) for letters in plain[1]), default=0), *plain[2:]
    places: dict[str, int] = {"": 0}
    row = column = last = far = cells = characters = shared = 0
    known = {str(number): length for number, length in enumerate(lengths)}
    longest = max(lengths, default=0)

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, last, far, cells, shared
        if name in _INSIDE:  # the most frequent ones
            return
        kind = name.partition(":")[2] or name
        if kind == "c":
            cells += 1
            reference = attributes.get("r", "")
            letters = reference.rstrip(_DIGITS)
            if letters not in places:
                places[letters] = _place(letters)
            column = places[letters] or column + 1
            far = column if column > far else far
            if (number := _number(reference[len(letters) :])) > last:
                last = number
            shared = attributes.get("t") == "s"
        elif kind == "row":
            shared, column = 0, 0
            row = _number(attributes["r"]) if "r" in attributes else row + 1
            last = max(last, row)

    def text(value: str) -> None:
        nonlocal shared, characters
        if shared and not value.isspace():
            characters += known.get(value, longest) if shared == 1 else longest
            shared = 2

    _parse(archive, entry, start, None, text if longest else None)  # a call for each piece of text is slow
    return last, far, cells, characters


def _place(letters: str) -> int:
    if len(letters) > 3 or not (letters.isascii() and letters.isalpha()):
        raise ValueError(f"r={letters[:20]}")
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - 64
    return place


def _number(digits: str) -> int:
    if len(digits) > 7:
        raise ValueError(f"r={digits[:20]}")
    return int(digits or 0)


def _lengths(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> list[int]:
    """Return the length of each text in a table of shared texts."""
    lengths: list[int] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if (name.partition(":")[2] or name) == "si":
            if inside:
                raise ValueError(f"{entry.filename}: si")
            inside = True
            lengths.append(0)

    def end(name: str) -> None:
        nonlocal inside
        inside = inside and (name.partition(":")[2] or name) != "si"

    def text(characters: str) -> None:
        if inside:
            lengths[-1] += len(characters)

    _parse(archive, entry, start, end, text)
    return lengths


def _parse(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None,
    text: Callable[[str], None] | None,
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError(f"{entry.filename}: DOCTYPE")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = refuse
    with archive.open(entry) as file:
        while piece := file.read(_PIECE):
            parser.Parse(piece, False)
        parser.Parse(b"", True)


def too_large(name: str) -> HazardError:
    """Return the refusal of a workbook that would not fit."""
    return HazardError(
        "table-too-large",
        "{file} unpacks to more cells than fit in memory. Delete empty rows and columns behind the table, "
        "or save it as CSV.",
        file=name,
    )
