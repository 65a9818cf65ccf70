"""In which encoding are these bytes text? Told by all of them; where two fit, by which gives everyday characters."""

import codecs
from collections.abc import Iterator

from base.errors import HazardError

BROKEN = "\U0010ffff"  # stands where bytes were no text; no text holds this sign, Unicode keeps it free for good
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
# Of each family the usual one first; the wider ones only where it does not fit
_FAMILIES = {"gb18030": ("gb18030",), "big5": ("big5", "cp950", "big5hkscs")}
# The first bytes of the everyday characters: level 1 of GB 2312 and of Big5, each about half of their characters
_EVERYDAY = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6)}
_COMMON_SIGNS = set("，。、：；（）《》“”‘’？！％－—…【】〔〕·　℃°×㎡０１２３４５６７８９")
_KNOWN = {
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk", "gb2312", "big5",
    "big5hkscs", "cp950", "latin-1", "iso8859-1", "cp1252", "shift_jis", "euc_kr", "ascii",
}  # fmt: skip
_CHUNK = 1 << 24
_SAMPLE = 1 << 18

codecs.register_error("hazard-broken", lambda error: (BROKEN, error.end))  # type: ignore[attr-defined]


def text_encoding(content: bytes, name: str, encoding: str | None = None) -> str:
    """Return the encoding in which all of the bytes are text.

    By mark, else UTF-16 by its zeros, else UTF-8, else the one of GB18030 and Big5 in which more characters are
    everyday ones: either decodes most of the other's bytes, but into signs that nobody uses.

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
    return _find(content, name, encoding, damaged=False)[0]


def as_utf8(content: bytes, name: str, encoding: str | None = None) -> tuple[bytes, str]:
    """Return text in UTF-8, without a mark, and the encoding in which it was found.

    As `text_encoding`, but some of the bytes may be no text, as long as most lines are: `BROKEN` stands for them.
    """
    used, whole = _find(content, name, encoding, damaged=True)
    if used == "utf-8" and whole:
        return content, used
    decoder = codecs.getincrementaldecoder(used)("hazard-broken")
    pieces = (
        decoder.decode(content[start : start + _CHUNK], start + _CHUNK >= len(content)).encode()
        for start in range(0, len(content), _CHUNK)
    )
    return b"".join(pieces).removeprefix(codecs.BOM_UTF8), used


def utf16_order(content: bytes) -> str | None:
    """Return "utf-16-le" or "utf-16-be" for text in it that bears no mark: the zeros of its plain signs tell."""
    head = content[: 1 << 16]
    head = head[: len(head) // 2 * 2]
    zeros = head[0::2].count(0), head[1::2].count(0)
    if not any(zeros) or max(zeros) < len(head) / 100 or max(zeros) < 10 * min(zeros):
        return None
    order = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    signs = head.decode(order, errors="replace")
    usual = sum((sign.isprintable() or sign.isspace()) and sign != "\ufffd" for sign in signs)
    return order if usual >= 0.95 * len(signs) else None


def first_foreign(content: bytes, start: int = 0) -> int | None:
    """Return the place of the first byte from `start` on that is not ASCII; it may come late in a long file."""
    for begin in range(start, len(content), _SAMPLE):
        piece = content[begin : begin + _SAMPLE]
        if not piece.isascii():
            return begin + next(place for place, code in enumerate(piece) if code > 127)
    return None


def _known(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding).name
    except LookupError:
        found = ""
    if found not in _KNOWN:
        raise HazardError(
            "encoding-name-unknown",
            "There is no text encoding named {encoding}. Choose for example utf-8, gb18030 or big5.",
            encoding=encoding,
        )
    return found


def _find(content: bytes, name: str, encoding: str | None, *, damaged: bool) -> tuple[str, bool]:
    """Return an encoding, and whether all of the bytes are text in it."""
    tried, furthest = [], 0
    for candidate in _candidates(content, encoding):
        wrong = _first_wrong_byte(content, candidate)
        if wrong is None and (encoding or _is_plausible(content, candidate)):
            return candidate, True
        tried.append(candidate)
        furthest = max(furthest, first_foreign(content) or 0 if wrong is None else wrong)
    broken = {one: n for one in tried if (n := _broken_lines(content, one)) is not None} if damaged else {}
    if fitting := list(broken):
        # UTF-8 is tried first: one with fewer broken lines goes before it, the others stand by likelihood
        return min(fitting[: 2 if fitting[0] == "utf-8" else 1], key=lambda one: broken[one]), False
    raise HazardError(
        "encoding-unknown",
        "{file}: the text is not in {tried}; the first text that does not fit is in line {row}. "
        "Choose the encoding, or save the file as UTF-8.",
        file=name, tried=" / ".join(tried).upper(), row=content.count(b"\n", 0, furthest) + 1,
    )  # fmt: skip


def _candidates(content: bytes, encoding: str | None) -> Iterator[str]:
    marked = [found for mark, found in BOMS if content.startswith(mark)]
    if encoding:
        known = _known(encoding)
        yield "utf-8-sig" if known == "utf-8" and content.startswith(codecs.BOM_UTF8) else known
    elif marked:
        yield marked[0]
    elif order := utf16_order(content):
        yield order
    else:
        yield "utf-8"
        for family in sorted(_FAMILIES, key=lambda family: -_everyday(content, family)):  # where equal, GB18030
            yield from _FAMILIES[family]


def _everyday(content: bytes, family: str) -> float:
    """Return which share of the foreign characters are everyday ones, if the bytes are text of this family."""
    narrow, low, high = _EVERYDAY[family]
    text = _sample(content).decode(_FAMILIES[family][-1], errors="replace")
    signs = [sign for sign in text if ord(sign) > 127]
    if not signs:
        return 0.0
    score = 0.0
    for sign in signs:
        code = sign.encode(narrow, errors="ignore")
        score += 1.0 if code and low <= code[0] <= high else 0.7 if sign in _COMMON_SIGNS else 0.0
    return score / len(signs)


def _is_plausible(content: bytes, encoding: str) -> bool:
    family = next((name for name, members in _FAMILIES.items() if encoding in members), None)
    return family is None or _everyday(content, family) >= 0.6


def _broken_lines(content: bytes, encoding: str) -> int | None:
    """Return how many lines of a piece of the text are not whole in this encoding; None if it is not the one.

    It may be if most lines of foreign text are whole, or in UTF-8 all but a few of all lines.
    """
    sample = content[: 2 * _SAMPLE] if encoding.startswith("utf-16") else _sample(content)
    lines = sample.decode(encoding, errors="hazard-broken").split("\n")
    broken = sum(BROKEN in line for line in lines)
    foreign = sum(not line.isascii() and BROKEN not in line for line in lines)
    # Beside the lines before it if it is all the foreign text there is; a piece says nothing of what follows it
    n = content.count(b"\n") if content.endswith(sample) else len(lines)
    few = encoding in ("utf-8", "utf-8-sig") and broken * 20 <= n
    return broken if (broken <= foreign or few) and _is_plausible(content, encoding) else None


def _sample(content: bytes) -> bytes:
    start = content.rfind(b"\n", 0, first_foreign(content) or 0) + 1
    return content[start : start + _SAMPLE]


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
