"""What bytes are, told by the bytes and not by a file name."""

import codecs
import io
import re
import zipfile

from data.encodings import BOMS, utf16_order

_MAGIC = (
    (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"%PDF", "PDF"), (b"\x1f\x8b", "GZIP"),
    (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7Z"), (b"PAR1", "Parquet"), (b"SQLite format 3\x00", "SQLite"),
    (b"\xd0\xcf\x11\xe0", "XLS"), (b"\x00\x00\x27\x0a", "SHP"),
)  # fmt: skip
_HTML = re.compile(
    rb"(<\?xml[^>]*>\s*|<!--.{0,500}?-->\s*)*<(!doctype\s+html|html|table|head|body|meta|style|div)[\s>]", re.S
)
_ODD = (0, 1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18)  # no text holds these, unless something was damaged
_MOST_MEMBERS = 10_000


def kind_of(content: bytes) -> str:
    """Return what bytes are.

    ``XLSX``, ``XLS`` (any of the old office documents), ``HTML``, ``MHTML`` (a web archive), ``JSON``, ``KML``,
    ``XML``, ``KMZ``, ``ZIP`` (any other), ``SQLite``, ``Parquet``, ``PNG`` ..., ``binary`` or ``text``.
    """
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_zip(content)
    bom = next((mark for mark, _ in BOMS if content.startswith(mark)), b"")
    wide = "utf-16" if bom and bom != codecs.BOM_UTF8 else utf16_order(content)
    if wide:
        text = content[:4096].decode(wide, errors="ignore").lstrip("\ufeff \t\r\n").lower()
        return "HTML" if _HTML.match(text.encode()) else "text"
    start = content[len(bom) : len(bom) + 4096].lstrip()
    if start.startswith(b"{") or (start.startswith(b"[") and start[1:].lstrip()[:1] in (b"{", b"[", b'"')):
        return "JSON"
    lower = start.lower()
    if _HTML.match(lower):
        return "HTML"
    if re.match(rb"(<\?xml[^>]*>\s*)?(<!--.{0,500}?-->\s*)*<(\w+:)?kml[\s>]", lower, re.S):
        return "KML"
    if lower.startswith((b"<?xml", b"<!doctype", b"<gml")):
        return "XML"
    if re.match(rb"(from|mime-version|subject|date):", lower) and b"multipart/related" in lower:
        return "MHTML"
    head = content[:65536]
    return "binary" if sum(head.count(bytes([code])) for code in _ODD) > 3 + len(head) / 100 else "text"


def _kind_of_zip(content: bytes) -> str:
    if content.count(b"PK\x01\x02") > _MOST_MEMBERS:  # more than a workbook has, and each costs an object
        return "ZIP"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {name.lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "ZIP"
    if "[content_types].xml" in names and any(name.startswith("xl/") for name in names):
        return "XLSX"
    return "KMZ" if "doc.kml" in names else "ZIP"
