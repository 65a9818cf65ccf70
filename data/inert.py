"""Text that a spreadsheet program would calculate, kept from it by an apostrophe in front, and given back as it was."""

import re

import pandas as pd

from data.texts import TEXT

_MARKS = "=+@\\-\t\r＝＋－＠"  # what a formula may begin with, the full-width signs of Chinese keyboards among them
_BLANKS = " \t\r\n\v\f\u00a0\u3000"  # which a program may take away before it looks
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(?:[eE][+-]?\d+)?")
_ACTIVE = re.compile(f"['{_BLANKS}]*[{_MARKS}]")
_KEPT_OFF = f"^'(['{_BLANKS}]*[{_MARKS}])"


def inert(text: str) -> str:
    """Return text as a cell of a CSV that no spreadsheet program takes for a formula; plain numbers stay numbers."""
    return "'" + text if _ACTIVE.match(text) and not _NUMBER.fullmatch(text.strip()) else text


def as_it_was(column: pd.Series) -> pd.Series:
    """Return the texts of which `inert` made those of a column."""
    return column.astype(TEXT).str.replace(_KEPT_OFF, r"\1", regex=True)
