"""A workbook of the old kind (XLS), weighed and put into a plain container before it is read.

The reader believes what such a file states: sizes of sheets, counts of texts, chains of sectors. A few hundred bytes
can ask for a hundred gigabytes. So the stream of the workbook is taken out here, looked through record by record,
freed of what only states or computes something, and handed on in a container of our own: nothing else reaches the
reader.

Container: [MS-CFB], records: [MS-XLS], both published by Microsoft.
"""

import itertools
import struct
from collections.abc import Iterator

import numpy as np

from base.errors import HazardError
from data.workbook_size import MAX_TEXT, refuse_sparse, too_large

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 4096
_BOF, _EOF, _CONTINUE, _PASSWORD, _SHEET, _TEXTS = 0x0809, 0x000A, 0x003C, 0x002F, 0x0085, 0x00FC
_NUMBER, _LABEL, _BOOL, _RK, _SHARED, _MANY, _FORMULA, _RESULT = 0x203, 0x204, 0x205, 0x27E, 0xFD, 0xBD, 0x06, 0x207
_CELLS = {_NUMBER, _LABEL, _BOOL, _RK, _SHARED, _MANY, _FORMULA, _RESULT}
# Stated sizes, merged ranges, named formulas and other sheets' names: not needed for the values of cells
_NOT_NEEDED = {0x0200, 0x00E5, 0x0018, 0x0017}
_NOTHING = 0x0FFF  # a number that no record bears


def plain_workbook(content: bytes, name: str) -> bytes:
    """Return the same cells as a workbook that states nothing untrue.

    Raises
    ------
    HazardError
        ``table-too-large``, ``workbook-locked``, ``not-a-table`` for another office document.
    ValueError, struct.error, IndexError
        Where it is not written as a workbook is.
    """
    streams = _streams(content)
    if "EncryptedPackage" in streams:
        raise _locked(name)
    found = streams.get("Workbook") or streams.get("Book")
    if found is None:
        raise HazardError(
            "not-a-table",
            "{file} is no table (it holds {kind}), whatever its name says. A table with a header row was expected: "
            "open it in a spreadsheet program and save it as XLSX or CSV.",
            file=name, kind="OLE",
        )  # fmt: skip
    stream = bytearray(found())
    _look_through(stream, name)
    return _container(bytes(stream))


def _look_through(stream: bytearray, name: str) -> None:
    """Refuse what grows out of proportion; take out what is not needed."""
    wanted: set[int] = set()  # where the sheets begin
    sheets = 0
    texts: list[int] = []
    tallies: list[_Tally] = []
    tally: _Tally | None = None
    for place, kind, start, end in _records(stream):
        if kind in _NOT_NEEDED:
            struct.pack_into("<H", stream, place, _NOTHING)
        elif kind == _PASSWORD:
            raise _locked(name)
        elif kind == _SHEET:
            wanted.add(struct.unpack_from("<I", stream, start)[0])
            sheets += 1
        elif kind == _TEXTS:
            texts = _lengths(stream, place)
        elif kind == _BOF and place in wanted and tally is None:
            tally = _Tally(texts)
            tallies.append(tally)
        elif kind == _EOF:
            tally = None
        elif kind in _CELLS and tally is not None:
            tally.add(stream, kind, start, end)
    if len(tallies) != sheets:  # one that begins elsewhere than at its own first record
        raise ValueError("sheets")
    refuse_sparse(sum(t.area for t in tallies), sum(t.cells for t in tallies), name)
    if sum(t.characters for t in tallies) > MAX_TEXT:
        raise too_large(name)


class _Tally:
    """The cells of one sheet: how many, over what range, with how many signs of shared text."""

    def __init__(self, texts: list[int]) -> None:
        self.texts = texts
        self.cells = self.characters = 0
        self.row = self.last_column = 0
        self.formula = (0, 0)

    @property
    def area(self) -> int:
        return (self.row + 1) * (self.last_column + 1) if self.cells else 0

    def add(self, stream: bytearray, kind: int, start: int, end: int) -> None:
        if kind == _RESULT:  # the text that the formula before it gave
            row, column = self.formula
        else:
            row, column = struct.unpack_from("<HH", stream, start)
        if kind == _FORMULA:
            self.formula = row, column
            struct.pack_into("<H", stream, start + 20, 0)  # its length: the value counts, not how it was computed
        elif kind == _MANY:
            column = struct.unpack_from("<H", stream, end - 2)[0]
        elif kind == _SHARED:
            number = struct.unpack_from("<I", stream, start + 6)[0]
            self.characters += self.texts[number] if number < len(self.texts) else 0
        if row < self.row:  # the reader takes the first and the last one for the range
            raise ValueError("rows")
        self.cells += 1
        self.row, self.last_column = row, max(self.last_column, column)


def _records(stream: bytearray) -> Iterator[tuple[int, int, int, int]]:
    """Yield each record's place, kind, and where its content begins and ends."""
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        end = place + 4 + length
        if end > len(stream):
            raise ValueError("record")
        yield place, kind, place + 4, end
        place = end


def _lengths(stream: bytearray, place: int) -> list[int]:
    """Return the length of each shared text; a text may go on in the records that follow."""
    pieces = [bytes(stream[place + 4 : place + 4 + struct.unpack_from("<H", stream, place + 2)[0]])]
    at = place + 4 + len(pieces[0])
    while at + 4 <= len(stream) and struct.unpack_from("<H", stream, at)[0] == _CONTINUE:
        length = struct.unpack_from("<H", stream, at + 2)[0]
        pieces.append(bytes(stream[at + 4 : at + 4 + length]))
        at += 4 + length
    count = struct.unpack_from("<i", pieces[0], 4)[0]
    if not 0 <= count * 3 <= sum(map(len, pieces)):
        raise ValueError("texts")
    lengths: list[int] = []
    piece, at = 0, 8

    def skip(n: int) -> None:
        nonlocal piece, at
        while n > len(pieces[piece]) - at:
            n -= len(pieces[piece]) - at
            piece, at = piece + 1, 0
        at += n

    for _ in range(count):
        if at >= len(pieces[piece]):
            piece, at = piece + 1, 0
        signs, flags = struct.unpack_from("<HB", pieces[piece], at)
        at += 3
        runs = struct.unpack_from("<H", pieces[piece], at)[0] * 4 if flags & 8 else 0
        at += 2 if flags & 8 else 0
        extra = struct.unpack_from("<I", pieces[piece], at)[0] if flags & 4 else 0
        at += 4 if flags & 4 else 0
        lengths.append(signs)
        while signs:  # each piece says anew if its signs take one byte or two
            size = 2 if flags & 1 else 1
            here = min(signs, (len(pieces[piece]) - at) // size)
            signs, at = signs - here, at + here * size
            if signs:
                piece, at = piece + 1, 1
                flags = pieces[piece][0]
        skip(runs + extra)
    return lengths


def _streams(content: bytes) -> dict[str, "_Stream"]:
    """Return the streams of a container by name."""
    if content[:8] != _MAGIC:
        raise ValueError("magic")
    shift, mini_shift = struct.unpack_from("<HH", content, 30)
    if shift not in (9, 12) or mini_shift != 6:
        raise ValueError("sectors")
    directory, _, cutoff, mini_start, _, more = struct.unpack_from("<6I", content, 48)
    big = _Sectors(content, 1 << shift, 1 << shift, np.zeros(0, dtype="<u4"))
    ids = list(struct.unpack_from("<109I", content, 76))
    for _ in range(len(content) >> shift):
        if more >= _FAT:
            break
        *further, more = np.frombuffer(big.sector(more), dtype="<u4").tolist()
        ids += further
    big.table = np.frombuffer(b"".join(big.sector(n) for n in dict.fromkeys(ids) if n < _FAT), dtype="<u4")
    entries = big.chain(directory)
    mini: _Sectors | None = None
    found: dict[str, _Stream] = {}
    for at in range(0, len(entries) - 127, 128):
        title = entries[at : at + 64].decode("utf-16-le", errors="replace").partition("\0")[0]
        kind = entries[at + 66]
        start, size = struct.unpack_from("<II", entries, at + 116)
        if kind == 5 and mini is None:
            table = np.frombuffer(big.chain(mini_start) if mini_start < _FAT else b"", dtype="<u4")
            mini = _Sectors(big.chain(start) if start < _FAT else b"", 64, 0, table)
        elif kind == 2:
            found.setdefault(title, _Stream(mini if size < cutoff and mini is not None else big, start, size))
    return found


class _Sectors:
    """Pieces of equal size, and the table that says which one follows each."""

    def __init__(self, content: bytes, size: int, offset: int, table: np.ndarray) -> None:
        self.content, self.size, self.offset, self.table = content, size, offset, table

    def sector(self, number: int) -> bytes:
        start = self.offset + number * self.size
        if start >= len(self.content):
            raise ValueError("sector")
        return self.content[start : start + self.size].ljust(self.size, b"\0")

    def chain(self, number: int) -> bytes:
        pieces: list[bytes] = []
        while number < _FAT:
            if len(pieces) > len(self.table):
                raise ValueError("chain")  # it bites its tail
            pieces.append(self.sector(number))
            number = int(self.table[number])
        return b"".join(pieces)


class _Stream:
    def __init__(self, sectors: _Sectors, start: int, size: int) -> None:
        self.sectors, self.start, self.size = sectors, start, size

    def __call__(self) -> bytes:
        return self.sectors.chain(self.start)[: self.size]


def _container(stream: bytes) -> bytes:
    """Return a container that holds nothing but this stream, as "Workbook"."""
    stream = stream.ljust(_SECTOR, b"\0")  # shorter ones would belong into the small sectors
    body = -(-len(stream) // _SECTOR)
    tables = 1
    while tables * (_SECTOR // 4) < tables + 1 + body:
        tables += 1
    if tables > 109:
        raise ValueError("size")
    fat = [_FAT] * tables + [_END] + [*range(tables + 2, tables + 1 + body), _END]
    fat += [_FREE] * (tables * _SECTOR // 4 - len(fat))
    # Large sectors under the older version number: the reader asks a newer one for a stream in small sectors
    header = _MAGIC + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 12, 6) + bytes(6)
    header += struct.pack("<9I", 1, tables, tables, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", *itertools.chain(range(tables), [_FREE] * (109 - tables)))
    entries = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, tables + 1, len(stream))
    return b"".join((
        header.ljust(_SECTOR, b"\0"), struct.pack(f"<{len(fat)}I", *fat), entries.ljust(_SECTOR, b"\0"),
        stream.ljust(body * _SECTOR, b"\0"),
    ))  # fmt: skip


def _entry(title: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (title + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
    return head.ljust(116, b"\0") + struct.pack("<IQ", start, size)


def _locked(name: str) -> HazardError:
    return HazardError(
        "workbook-locked",
        "{file} is protected by a password. Open it in a spreadsheet program and save it without one.",
        file=name,
    )
