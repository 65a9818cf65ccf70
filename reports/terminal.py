"""How an answer stands in a terminal: plain text without signs that steer it, and tables that fit its width."""

import contextlib
import io
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from base.text import Words

_WIDTH, _NARROWEST = 100, 60  # columns where no terminal says how many it has; fewer no table is drawn for
_SHORT = 24  # columns that a cell may take before it is broken
_TITLE = 10  # columns at least for the title of numbers, which is broken before they are
_GAP = 2  # between two columns of a table
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")  # escapes, marks that turn the writing round, breaks of lines


def clean(text: object) -> str:
    """Return text of a file as a terminal may show it: a blank in the place of each sign that would steer it."""
    line = str(text)
    if line.isprintable():
        return line
    return "".join(" " if unicodedata.category(sign) in _STEERING else sign for sign in line)


@contextlib.contextmanager
def nothing_printed() -> Iterator[None]:
    """Send what a library prints to the process's standard output to standard error: it is no part of an answer.

    It goes by the file descriptor, for a library in C knows nothing of `sys.stdout`. For commands alone: in a server
    other threads would lose their output too.
    """
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output at all
        yield
        return
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def width() -> int:
    """Return how many columns there are to write in."""
    columns = shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH
    return max(columns, _NARROWEST)


def table(frame: pd.DataFrame, titles: Mapping[str, str], words: Words) -> list[str]:
    """Return a frame as lines: the columns that `titles` names, in that order, under their titles.

    Long cells are broken into lines, Chinese signs count as two columns; numbers and times are written in the reader's
    way, what is missing is empty.
    """
    if frame.empty:
        return [words("Nothing to list.")]
    names = [name for name in titles if name in frame]
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="")
    cells = {name: [Text(_cell(value, words)) for value in frame[name]] for name in names}
    buffer = io.StringIO()
    console = Console(file=buffer, width=width(), color_system=None, legacy_windows=False)
    numbers = {name for name in names if _is_number(frame[name])}
    widest = {name: max(text.cell_len for text in cells[name]) for name in names}
    left = width() - _GAP * len(names)
    for room in range(_TITLE, 3, -1):  # titles of numbers give way: a broken number is read as another one
        heads = {
            name: _broken(titles[name], max(room, widest[name]), console) if name in numbers else [titles[name]]
            for name in names
        }
        full = {name: max(widest[name], *map(cell_len, heads[name])) for name in names}
        if sum(full[name] if name in numbers else min(_SHORT, full[name]) for name in names) <= left:
            break
    left -= _SHORT
    for name in names:
        right = name in numbers
        if short := right or full[name] <= min(_SHORT, left):  # not broken as long as there is room for the others
            left -= full[name]
        title = Text("\n".join(heads[name]))
        drawn.add_column(title, justify="right" if right else "left", no_wrap=short, overflow="fold", vertical="top")
    for row in zip(*cells.values(), strict=True):
        drawn.add_row(*row)
    console.print(drawn)
    return [line.rstrip() for line in buffer.getvalue().splitlines()]


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _broken(title: str, room: int, console: Console) -> list[str]:
    """Return a title in lines of so many columns, words and its unit whole where they can be."""
    room = max([room, *(one for one in map(cell_len, title.split()) if one <= _TITLE)])
    parted = title.replace("（", "\n（") if cell_len(title) > room else title
    return [line.plain.rstrip() for line in Text(parted).wrap(console, room)]


def _cell(value: Any, words: Words) -> str:
    if isinstance(value, (list, tuple)):
        return clean(", ".join(map(str, value)))  # with blanks, at which a line may be broken
    if value is None or pd.isna(value):
        return ""
    return clean(words.value(value))
