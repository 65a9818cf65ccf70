"""Tables in a web page or web archive, as many offices' programs write them under the name of a spreadsheet.

Nothing that a page refers to is looked up: no address, no style, no script, no entity but the fixed names of HTML.
"""

import email
import email.policy
import re
from html.parser import HTMLParser

from base.errors import HazardError
from data.delimited import MAX_COLUMNS
from data.encodings import as_utf8, text_encoding
from data.layout import HEAD, likeness
from data.workbook_size import too_large

MAX_CELLS = 10_000_000  # the empty ones beside them included
MAX_BYTES = 200_000_000
_DEPTH = 20
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_DECLARED = re.compile(r"<[!?]")
_UNREAD = {"script", "style", "title", "noscript", "template"}
_NUMBER = re.compile(r"-?[\d,]*\.?\d+")


def read_page(
    content: bytes, kind: str, name: str, *, encoding: str | None = None, sheet: str | None = None
) -> tuple[list[list[str]], str, tuple[str, ...], str | None]:
    """Return the rows of one table, its name, the names of all tables, and the encoding of the page.

    A cell over several columns or rows stands in the first of them, the others are ''. Tables are named by their
    captions, else by their number; without `sheet`, the one that looks most like a table of reports is read.

    Parameters
    ----------
    content : bytes
    kind : {"HTML", "MHTML"}
    name : str
        The file's name, for sentences.
    encoding : str, optional
        Without it, a byte order mark, what the page says of itself, or what its bytes look like.

    Raises
    ------
    HazardError
        ``not-a-table`` if there is no table, ``table-too-large``, ``sheet-unknown``, those of
        `data.encodings.text_encoding`.
    """
    if len(content) > MAX_BYTES:
        raise too_large(name)
    pages = [content] if kind == "HTML" else _pages_of_archive(content, name)
    tables: dict[str, list[list[str]]] = {}
    used = None
    for page in pages:
        utf8, used = as_utf8(page, name, encoding or _declared(page, name))
        parser = _Tables(name)
        parser.feed(_plain(utf8.decode(errors="replace")))
        parser.close()
        for caption, rows in parser.tables:
            if any(any(row) for row in rows):
                title = caption if caption and caption not in tables else str(len(tables) + 1)
                tables[title if title not in tables else f"{title}-{len(tables) + 1}"] = rows
    if not tables:
        raise HazardError(
            "not-a-table",
            "{file} is a web page without a table. Open it in a spreadsheet program and save it as XLSX or CSV.",
            file=name,
        )
    if sheet is not None and sheet not in tables:
        raise HazardError(
            "sheet-unknown",
            "{file} has no sheet named {sheet}. Its sheets are: {sheets}.",
            file=name, sheet=sheet, sheets=", ".join(tables),
        )  # fmt: skip
    found = sheet or max(tables, key=lambda title: likeness(tables[title][:HEAD], len(tables[title])))
    rows = tables[found]
    if len(rows) * max(map(len, rows)) > MAX_CELLS:  # short rows are filled up
        raise too_large(name)
    return rows, found, tuple(tables), used


def _plain(text: str) -> str:
    """Return a page without its comments and declarations, cut behind its last tag.

    The parser goes through the rest of the page anew for each of these that is not closed.
    """
    pieces, place = [], 0
    while opened := _DECLARED.search(text, place):
        pieces.append(text[place : opened.start()])
        closing = "-->" if text.startswith("<!--", opened.start()) else ">"
        end = text.find(closing, opened.start())
        place = len(text) if end < 0 else end + len(closing)
    pieces.append(text[place:])
    plain = "".join(pieces)
    return plain[: plain.rfind(">") + 1]


def _declared(page: bytes, name: str) -> str | None:
    """Return the encoding that a page says it is in, if it is."""
    found = _CHARSET.search(page[:4096])
    if not found or page.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return None
    said = found[1].decode("ascii", errors="ignore").lower()
    try:
        return text_encoding(page, name, "gb18030" if said in ("gb2312", "gbk") else said)
    except HazardError:
        return None


def _pages_of_archive(content: bytes, name: str) -> list[bytes]:
    """Return the web pages in an archive in one file; its other parts are left alone."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.compat32)
        parts = [part for part in message.walk() if part.get_content_type() == "text/html"]
        pages = [part.get_payload(decode=True) for part in parts]
    except (ValueError, LookupError, RecursionError, TypeError) as error:
        raise _damaged(name, error) from None
    return [page for page in pages if isinstance(page, bytes)]


class _Table:
    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.caption = ""
        self.below: dict[int, int] = {}  # column -> the row that a cell above no longer reaches
        self.row: list[str] | None = None
        self.text: list[str] | None = None  # of the open cell or caption
        self.is_caption = False
        self.span = (1, 1)
        self.value = ""


class _Tables(HTMLParser):
    """Collects the rows of all tables of a page; one inside a cell of another counts for itself."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name = name
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.open: list[_Table] = []
        self.unread = ""
        self.cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD:
            self.unread = tag
        elif tag == "table" and len(self.open) < _DEPTH:
            self.open.append(_Table())
        elif self.open:
            table = self.open[-1]
            if tag == "tr":
                self._end_row(table)
                table.row = []
            elif tag in ("td", "th"):
                self._end_cell(table)
                if table.row is None:
                    table.row = []
                found = dict(attrs)
                table.text, table.is_caption = [], False
                table.span = _span(found.get("colspan"), MAX_COLUMNS), _span(found.get("rowspan"), 1 << 20)
                table.value = found.get("x:num") or ""
            elif tag == "caption":
                table.text, table.is_caption = [], True
            elif tag in ("br", "p", "div") and table.text:
                table.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.unread:
            self.unread = ""
        elif self.open:
            table = self.open[-1]
            if tag in ("td", "th", "caption"):
                self._end_cell(table)
            elif tag == "tr":
                self._end_row(table)
            elif tag == "table":
                self._end_row(table)
                self.open.pop()
                self.tables.append((table.caption, table.rows))

    def handle_data(self, data: str) -> None:
        if self.open and not self.unread and (text := self.open[-1].text) is not None:
            text.append(data)

    def close(self) -> None:
        super().close()
        while self.open:  # a page that was cut
            self.handle_endtag("table")

    def _end_cell(self, table: _Table) -> None:
        if table.text is None:
            return
        lines = (" ".join(line.split()) for line in "".join(table.text).split("\n"))
        text = "\n".join(line for line in lines if line)
        table.text = None
        if table.is_caption:
            table.caption = " ".join(text.split())[:100]
            return
        if table.value and _NUMBER.fullmatch(text):  # the number itself, not how many digits of it are shown
            text = table.value
        row = table.row if table.row is not None else []
        place = len(row)
        while table.below.get(place, 0) > len(table.rows):
            place += 1
        wide, high = table.span
        if place >= MAX_COLUMNS:
            raise HazardError(
                "too-many-columns",
                "{file} has {n} columns; at most {limit} are read. Delete those that are not needed.",
                file=self.name, n=place + 1, limit=MAX_COLUMNS,
            )  # fmt: skip
        wide = min(wide, MAX_COLUMNS - place)
        self.cells += place - len(row) + wide
        if self.cells > MAX_CELLS:
            raise too_large(self.name)
        row += [""] * (place - len(row)) + [text] + [""] * (wide - 1)
        if high > 1:
            table.below |= dict.fromkeys(range(place, place + wide), len(table.rows) + high)

    def _end_row(self, table: _Table) -> None:
        self._end_cell(table)
        if table.row is None:
            return
        table.rows.append(table.row)
        table.row = None


def _span(value: str | None, most: int) -> int:
    digits = (value or "").strip()[:9]
    return max(1, min(int(digits), most)) if digits.isascii() and digits.isdigit() else 1


def _damaged(name: str, error: Exception) -> HazardError:
    return HazardError(
        "workbook-damaged",
        "{file} cannot be opened as a workbook ({detail}). Open it in a spreadsheet program and save it again.",
        file=name, detail=str(error)[:200],
    )  # fmt: skip
