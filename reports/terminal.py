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
from rich.console import Console
from rich.table import Table
from rich.text import Text

from base.text import Words

_WIDTH, _NARROWEST = 100, 60  # columns where no terminal says how many it has; fewer no table is drawn for
_SHORT = 24  # columns that a cell may take before it is broken
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
    left = width() - _GAP * len(names) - _SHORT
    for name in names:
        widest = max(text.cell_len for text in [Text(titles[name]), *cells[name]])
        if short := widest <= min(_SHORT, left):  # not broken as long as there is room for the others
            left -= widest
        right = pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
        drawn.add_column(
            Text(titles[name]), justify="right" if right else "left", no_wrap=short, overflow="fold", vertical="top"
        )
    for row in zip(*cells.values(), strict=True):
        drawn.add_row(*row)
    buffer = io.StringIO()
    Console(file=buffer, width=width(), color_system=None, legacy_windows=False).print(drawn)
    return [line.rstrip() for line in buffer.getvalue().splitlines()]


def _cell(value: Any, words: Words) -> str:
    if isinstance(value, (list, tuple)):
        return clean(", ".join(map(str, value)))  # with blanks, at which a line may be broken
    if value is None or pd.isna(value):
        return ""
    return clean(words.value(value))
