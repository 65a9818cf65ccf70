"""A person's text, as typed and in other spellings, found in strings, JSON, columns and files: plain, no pattern."""

import codecs
import html
import io
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from base.errors import HazardError
from data.contents import kind_of
from data.privacy import MASK

_BLANK = r"[ \x{3000}]"
_GAP = r"[ \x{3000}\-－—–]{0,2}"  # what may stand inside a number
_HAN = re.compile("[\u4e00-\u9fff]")
_MOST_UNPACKED = 1 << 30
_TEXTS = ("text", "JSON", "HTML", "XML")
# In which text is read (data.encodings); the letters of Latin-1 are those of cp1252
_CODECS = ("utf-8", "gb18030", "big5hkscs", "cp950", "utf-16-le", "utf-16-be", "cp1252", "shift_jis", "euc_kr")
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# Programs in Java write a telephone number in a workbook as 1.3800138E10
_POWER = re.compile(r"\b([0-9])\.([0-9]{1,17})E\+?([0-9]{1,2})\b", re.IGNORECASE)


class Needle:
    """What is looked for.

    Parameters
    ----------
    text : str
        Of two letters or digits at least. Capitals and the width of signs do not count, nor do blanks in a Chinese
        name, nor blanks and dashes inside a number.

    Raises
    ------
    HazardError
        ``person-text-short``.
    """

    def __init__(self, text: str) -> None:
        plain = unicodedata.normalize("NFKC", text).strip()
        if sum(sign.isalnum() for sign in plain) < 2:
            raise HazardError("person-text-short", "Give at least two letters or digits of the person's data.")
        plain = re.sub(r"(?<=[0-9])[ \-—–]{1,2}(?=[0-9])", "", plain)
        signs = [_either_width(sign) for sign in plain]
        for place, (left, right) in enumerate(pairwise(plain)):
            if left in "0123456789" and right in "0123456789":
                signs[place] += _GAP
            elif _HAN.match(left) and _HAN.match(right):
                signs[place] += _BLANK + "{0,2}"
        self._re2 = f"(?i){re2_quoted(text.strip())}|{''.join(signs)}"
        self._pattern = re.compile(self._re2.replace(r"\x{3000}", "　"))

    def count(self, text: str) -> int:
        """Return how often it stands in a text."""
        return len(self._pattern.findall(text))

    def hide(self, text: str) -> str:
        """Return a text with *** in its place; a text that is JSON stays JSON."""
        if not self._pattern.search(text):
            return text
        if text[:1] in ("{", "["):
            try:
                return json.dumps(self.hide_in(json.loads(text)), ensure_ascii=False)
            except ValueError:
                pass
        return self._pattern.sub(MASK, text)

    def hide_in(self, value: Any, *, keys: bool = True) -> Any:
        """Return what JSON can hold, with *** in the place of the text in every string and, if wished, every key."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide(k) if keys else k: self.hide_in(v, keys=keys) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.hide_in(one, keys=keys) for one in value]
        return value

    def rows(self, column: pa.ChunkedArray) -> np.ndarray:
        """Return the positions of the rows of a column, of text or of a map of texts, that hold it; ascending."""
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_map(whole.type):
            whole = pa.concat_arrays([whole])  # a slice would show the keys of all
            rows = np.repeat(np.arange(len(whole)), np.diff(whole.offsets.to_numpy()))
            return np.unique(rows[self._matches(whole.keys) | self._matches(whole.items)])
        return np.flatnonzero(self._matches(whole))

    def _matches(self, values: pa.Array) -> np.ndarray:
        found = pc.match_substring_regex(values, pattern=self._re2)
        return pc.fill_null(found, False).to_numpy(zero_copy_only=False).astype(bool)

    def hide_column(self, column: pa.ChunkedArray, rename: Callable[[str], str] | None = None) -> pa.Array:
        """Return a column with *** in the place of the text; `rename` gives another word instead, for keys."""
        change = rename or self.hide
        values = column.combine_chunks()
        mask = np.zeros(len(values), dtype=bool)
        mask[self.rows(values)] = True
        if pa.types.is_map(values.type):
            pairs = [
                [(self.hide(key), value and self.hide(value)) for key, value in one] if hit else one
                for hit, one in zip(mask, values.to_pylist(), strict=True)
            ]
            return pa.array(pairs, values.type)
        changed = [change(one) for one in values.filter(pa.array(mask)).to_pylist()]
        return pc.replace_with_mask(values, pa.array(mask), pa.array(changed, values.type))

    def holds(self, content: bytes) -> bool | None:
        """Tell whether a file holds it, in any usual encoding; None for a kind that cannot be looked through."""
        kind = kind_of(content)
        if kind in _TEXTS:
            return self._in_bytes(content)
        if kind in ("XLSX", "ZIP"):
            return self._in_archive(content)
        return self._in_bytes(content) or None

    def _in_bytes(self, content: bytes) -> bool:
        for codec in ("utf-32",) if content.startswith(_UTF32) else _CODECS:
            text = content.decode(codec, errors="ignore")
            if any(self.count(one) for one in _readings(text)):
                return True
        return False

    def _in_archive(self, content: bytes) -> bool | None:
        left = _MOST_UNPACKED
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for member in archive.infolist():
                    if self._in_bytes(member.filename.encode()):
                        return True
                    with archive.open(member) as file:
                        part = file.read(left)  # what it really holds, whatever it says
                    left -= len(part)
                    if not left or kind_of(part) in ("XLSX", "ZIP", "GZIP"):
                        return None
                    if self._in_bytes(part):
                        return True
        except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, NotImplementedError, EOFError):
            return None
        return False


def _readings(text: str) -> Iterator[str]:
    """Yield a text as it is and as JSON, HTML and XML mean it."""
    yield text
    if "\\u" in text:
        pairs = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
        yield pairs.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "&" in text:
        yield html.unescape(text)
    if "<" in text:
        yield html.unescape(re.sub(r"<[^<>]*>", "", text))  # a word in several runs
        if plain := [_written_out(found) for found in _POWER.finditer(text)]:
            yield " ".join(plain)


def _written_out(number: re.Match[str]) -> str:
    first, rest, power = number.groups()
    return first + rest.ljust(int(power), "0") if len(rest) <= int(power) else number[0]


def re2_quoted(text: str) -> str:
    """Return a text as a pattern of RE2, and of Python, that means the text itself."""
    return "".join(sign if sign.isalnum() or ord(sign) > 127 else f"\\x{ord(sign):02x}" for sign in text)


def _either_width(sign: str) -> str:
    if sign == " ":
        return _BLANK
    if "!" <= sign <= "~":
        return f"[{re2_quoted(sign)}{chr(ord(sign) + 0xFEE0)}]"
    return re2_quoted(sign)
