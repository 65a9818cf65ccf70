"""What bytes are, told by the bytes and not by a file name; and the encoding in which all of them are text."""

import codecs
import io
import zipfile

from base.errors import HazardError

_MAGIC = (
    (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"%PDF", "PDF"), (b"\x1f\x8b", "GZIP"),
    (b"Rar!", "RAR"), (b"7z\xbc\xaf", "7Z"), (b"PAR1", "Parquet"), (b"SQLite format 3\x00", "SQLite"),
    (b"\xd0\xcf\x11\xe0", "XLS"), (b"\x00\x00\x27\x0a", "SHP"),
)  # fmt: skip
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CHUNK = 1 << 24
_MOST_MEMBERS = 10_000


def kind_of(content: bytes) -> str:
    """Return what bytes are: ``XLSX``, ``JSON``, ``HTML``, ``XML``, ``SQLite``, ``PNG`` ..., ``binary`` or ``text``."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_zip(content)
    bom = next((mark for mark, _ in _BOMS if content.startswith(mark)), b"")
    if bom and bom != codecs.BOM_UTF8:
        return "text"
    start = content[len(bom) : len(bom) + 4096].lstrip()
    if start.startswith(b"{") or (start.startswith(b"[") and start[1:].lstrip()[:1] in (b"{", b"[", b'"')):
        return "JSON"
    lower = start[:200].lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body", b"<meta")):
        return "HTML"
    if lower.startswith((b"<?xml", b"<!doctype", b"<kml", b"<gml")):
        return "XML"
    head = content[:65536]
    odd = sum(head.count(bytes([code])) for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18))
    return "binary" if odd > len(head) / 100 else "text"


def _kind_of_zip(content: bytes) -> str:
    if content.count(b"PK\x01\x02") > _MOST_MEMBERS:  # more than a workbook has, and each costs an object
        return "ZIP"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return "ZIP"
    return "XLSX" if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names) else "ZIP"


def text_encoding(content: bytes, name: str, encoding: str | None = None) -> str:
    """Return the encoding in which all of the bytes are text: by mark, else UTF-8, else GB18030 (GBK, GB2312).

    Parameters
    ----------
    content : bytes
    name : str
        The file's name, for the sentence.
    encoding : str, optional
        One chosen by the user, which must fit as well.

    Raises
    ------
    HazardError
        ``encoding-unknown`` with the line of the first byte that fits neither; ``encoding-name-unknown``.
    """
    if encoding:
        try:
            if codecs.lookup(encoding).name not in ("utf-8", "gb18030", "gbk", "gb2312", "big5", "big5hkscs", "cp950",
                                                    "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1",
                                                    "iso8859-1", "cp1252", "shift_jis", "euc_kr", "ascii"):  # fmt: skip
                raise LookupError
        except LookupError:
            raise HazardError(
                "encoding-name-unknown",
                "There is no text encoding named {encoding}. Choose for example utf-8, gb18030 or big5.",
                encoding=encoding,
            ) from None
        tried = ["utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding]
    else:
        tried = [bom for mark, bom in _BOMS if content.startswith(mark)][:1] or ["utf-8", "gb18030"]
    furthest = -1
    for candidate in tried:
        wrong = _first_wrong_byte(content, candidate)
        if wrong is None:
            if candidate == "gb18030" and not encoding:
                _doubt(content, name)
            return candidate
        furthest = max(furthest, wrong)
    raise HazardError(
        "encoding-unknown",
        "{file}: the text is not in {tried}; the first byte that does not fit is in line {row}. "
        "Choose the encoding (for example big5), or save the file as UTF-8.",
        file=name, tried=" / ".join(tried).upper(), row=content.count(b"\n", 0, furthest) + 1,
    )  # fmt: skip


def _doubt(content: bytes, name: str) -> None:
    """Refuse what decodes as GB18030 by chance: nearly all characters of real Chinese text are in its oldest part."""
    signs = [sign for sign in content[: 1 << 22].decode("gb18030", errors="ignore") if ord(sign) > 127]
    common = sum(bool(sign.encode("gb2312", errors="ignore")) for sign in signs)
    if len(signs) >= 10 and common < 0.7 * len(signs):
        line = next(number for number, text in enumerate(content.splitlines(), start=1) if not text.isascii())
        raise HazardError(
            "encoding-unknown",
            "{file}: the text is neither UTF-8 nor plausible as GB18030; the first Chinese text is in line {row}. "
            "Choose the encoding (for example big5), or save the file as UTF-8.",
            file=name, row=line,
        )  # fmt: skip


def _first_wrong_byte(content: bytes, encoding: str) -> int | None:
    # In pieces: a text of 200 MB as one str would take up to 800 MB only to be thrown away.
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for start in range(0, max(len(content), 1), _CHUNK):
        last = start + _CHUNK >= len(content)
        try:
            decoder.decode(content[start : start + _CHUNK], final=last)
        except UnicodeDecodeError as error:
            return min(start + error.start, len(content) - 1)
    return None
