"""The table beside a shapefile (dBASE) -> columns of text in the encoding that fits."""

import codecs
import re
import struct
from collections.abc import Callable

import numpy as np
import pandas as pd

from base.errors import HazardError
from data.encodings import text_encoding
from data.features import MAX_ATTRIBUTES, clean_text, text_of, too_many_columns

_HEADER, _FIELD = 32, 32
_END_OF_FIELDS = 0x0D
_CODE_PAGES = {"65001": "utf-8", "936": "gb18030", "54936": "gb18030", "950": "big5", "1252": "cp1252"}


def read_dbf(
    content: bytes, name: str, *, cpg: bytes | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, np.ndarray, str]:
    """Return the columns of a .dbf as text, which of its records are there (not marked as deleted), and the encoding.

    Columns that hold no text, number, day or yes and no are left out. The encoding is the one chosen, else that of the
    .cpg file if all fits, else the likeliest of UTF-8, GB18030 and Big5. A character that the width of its column cut
    in two is left out.

    Raises
    ------
    HazardError
        ``shapefile-damaged``, ``too-many-columns``, ``encoding-name-unknown``.
    """
    fields, records = _records(content, name)
    raw = {place: records[f"f{place}"].tolist() for place, _ in enumerate(fields)}
    signs = {value for place, (_, kind) in enumerate(fields) if kind == "C" for value in raw[place]}
    signs = {value for value in (*signs, *(title for title, _ in fields)) if not value.isascii()}
    used = _encoding(signs, cpg, encoding, name)
    columns = []
    for place, (_, kind) in enumerate(fields):
        if kind in _READERS:
            known = {value: _READERS[kind](value, used) for value in set(raw[place])}
            columns.append((place, [known[value] for value in raw[place]]))
    frame = pd.DataFrame(dict(columns), dtype=object, index=range(len(records)))
    frame.columns = pd.Index([_text(fields[place][0], used) for place, _ in columns], dtype=object)
    return frame, records["deleted"] != b"*", used


def _records(content: bytes, name: str) -> tuple[list[tuple[bytes, str]], np.ndarray]:
    """Return title and kind of each field, and the records as bytes in the columns f0, f1 ... and deleted."""
    if len(content) < _HEADER:
        raise _damaged(name)
    declared, start, width = struct.unpack_from("<IHH", content, 4)
    fields: list[tuple[bytes, str]] = []
    names, formats, offsets = ["deleted"], ["S1"], [0]
    place, at = _HEADER, 1
    while place + _FIELD <= min(start, len(content)) and content[place] != _END_OF_FIELDS:
        size = content[place + 16]
        names.append(f"f{len(fields)}")
        formats.append(f"S{max(size, 1)}")
        offsets.append(at)
        fields.append((content[place : place + 11].split(b"\x00")[0], chr(content[place + 11])))
        place, at = place + _FIELD, at + size
    if len(fields) > MAX_ATTRIBUTES:
        raise too_many_columns(name, len(fields))
    if not fields or at > width or start < place:
        raise _damaged(name)
    there = max(len(content) - start, 0) // width
    if declared > there:
        raise HazardError(
            "shapefile-damaged",
            "{file}: the table of the layer is cut: it should have {n} rows, and {there} are there. Export it again.",
            file=name, n=declared, there=there,
        )  # fmt: skip
    kind = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": width})
    return fields, np.frombuffer(content, dtype=kind, count=declared, offset=start)


def _damaged(name: str) -> HazardError:
    return HazardError(
        "shapefile-damaged", "{file}: the table of the layer (.dbf) is damaged. Export the layer again.", file=name
    )


def _encoding(signs: set[bytes], cpg: bytes | None, encoding: str | None, name: str) -> str:
    if encoding:
        return _wider(text_encoding(b"", name, encoding))
    if cpg is not None and (named := re.search(r"[A-Za-z0-9][\w.-]*$", cpg[:40].decode("latin-1").strip())):
        try:
            page = named.group().lower().removeprefix("cp")
            told = _wider(text_encoding(b"", name, _CODE_PAGES.get(page, named.group())))
        except HazardError:  # one that is not known here
            told = ""
        if told and _fits(signs, told):
            return told
    fitting = [one for one in ("utf-8", "gb18030", "big5") if _fits(signs, one)]
    if not fitting or fitting[0] == "utf-8":
        return "utf-8" if fitting else "gb18030"
    return max(fitting, key=lambda one: _plausible(signs, one))  # the first of equals


def _wider(encoding: str) -> str:
    """Return the encoding that holds all characters of a Chinese one, for writers name an older part of it."""
    return "gb18030" if codecs.lookup(encoding).name in ("gbk", "gb2312") else encoding


def _fits(signs: set[bytes], encoding: str) -> bool:
    try:
        for value in signs:
            codecs.getincrementaldecoder(encoding)("strict").decode(value.rstrip(b" "))
    except UnicodeDecodeError:
        return False
    return True


def _plausible(signs: set[bytes], encoding: str) -> float:
    """Return the share of usual characters: those of GB 2312, or of the first plane of Big5."""
    text = [sign for value in signs for sign in _text(value, encoding) if ord(sign) > 127]
    if encoding == "big5":
        usual = sum(b"\xa4" <= sign.encode("big5", errors="replace")[:1] <= b"\xc6" for sign in text)
    else:
        usual = sum(bool(sign.encode("gb2312", errors="ignore")) for sign in text)
    return usual / max(len(text), 1)


def _text(value: bytes, encoding: str) -> str:
    value = value.split(b"\x00")[0].rstrip(b" ") if encoding[:6] != "utf-16" else value
    return clean_text(codecs.getincrementaldecoder(encoding)("replace").decode(value))


def _number(value: bytes, _: str) -> str:
    text = value.split(b"\x00")[0].decode("latin-1").strip(" *")  # QGIS fills an empty number with asterisks
    if "." not in text and "e" not in text.lower():
        return text  # an id of any length
    try:
        return text_of(float(text))
    except ValueError:
        return text


def _day(value: bytes, _: str) -> str:
    text = value.decode("latin-1").strip(" \x00")
    if not text.strip("0"):
        return ""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


def _yes_no(value: bytes, _: str) -> str:
    return "true" if value in b"YyTt" and value else "false" if value in b"NnFf" and value else ""


_READERS: dict[str, Callable[[bytes, str], str]] = {"C": _text, "N": _number, "F": _number, "D": _day, "L": _yes_no}
