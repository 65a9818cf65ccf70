"""Old workbooks (XLS) for the tests, written byte by byte from the published formats [MS-XLS] and [MS-CFB]."""

import struct

FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def text(value: str, size: str = "<HB") -> bytes:
    return struct.pack(size, len(value), 1) + value.encode("utf-16-le")


def number(row: int, column: int, value: float, form: int = 0) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, form, value))


def shared(row: int, column: int, place: int) -> bytes:
    return record(0x00FD, struct.pack("<HHHI", row, column, 0, place))


def texts(values: list[str], count: int | None = None) -> bytes:
    n = len(values) if count is None else count
    return record(0x00FC, struct.pack("<ii", n, n) + b"".join(text(value) for value in values))


def dimensions(rows: int, columns: int) -> bytes:
    return record(0x0200, struct.pack("<IIHHH", 0, rows, 0, columns, 0))


def sheet(*cells: bytes) -> bytes:
    return record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + b"".join(cells) + record(0x000A)


def stream(sheets: dict[str, bytes], table: bytes = b"", before: bytes = b"", hidden: tuple[str, ...] = ()) -> bytes:
    """A stream of records: the workbook's own, then the sheets'. Cell format 1 is a date."""
    start = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + record(0x0042, b"\xb0\x04") + before
    start += b"".join(record(0x00E0, struct.pack("<HH", 0, form) + bytes(16)) for form in (0, 22)) + table
    length = len(start) + sum(len(record(0x85, bytes(6) + text(name, "<BB"))) for name in sheets) + 4
    named, body = b"", b""
    for name, content in sheets.items():
        state = struct.pack("<IBB", length + len(body), name in hidden, 0)
        named, body = named + record(0x85, state + text(name, "<BB")), body + content
    return start + named + record(0x000A) + body


def container(content: bytes, name: str = "Workbook") -> bytes:
    """A container of 512-byte sectors: a short stream lies in small sectors, as in the files that Excel writes."""
    small = len(content) < 4096
    body = content.ljust(-(-len(content) // 512) * 512, b"\0")
    n = len(body) // 512
    tables = -(-(n + 2 + 1) // 127)
    order = [FAT] * tables + [END] + [END if small else FREE] + [*range(tables + 3, tables + 2 + n), END]
    fat = struct.pack(f"<{tables * 128}I", *order, *[FREE] * (tables * 128 - len(order)))
    little = -(-len(content) // 64)
    minifat = struct.pack("<128I", *range(1, little), END, *[FREE] * (128 - little)) if small else bytes(512)
    first = tables + 2
    entries = _entry("Root Entry", 5, first if small else END, little * 64 if small else 0)
    entries += _entry(name, 2, 0 if small else first, len(content)) + bytes(256)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, tables, tables, 0, 4096, tables + 1 if small else END, int(small), END, 0)
    header += struct.pack("<109I", *range(tables), *[FREE] * (109 - tables))
    return header + fat + entries + minifat + body


def _entry(name: str, kind: int, start: int, size: int) -> bytes:
    title = (name + "\0").encode("utf-16-le")
    head = title.ljust(64, b"\0") + struct.pack("<HBBIII", len(title), kind, 1, FREE, FREE, 1 if kind == 5 else FREE)
    return head.ljust(116, b"\0") + struct.pack("<IQ", start, size)
