"""Codes of classes as they come out of spreadsheets: two digits for the main class, two for the class, zeros lost."""

import re
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Restored:
    """Codes with their zeros back: how many were changed, and the first of them before and after."""

    codes: pd.Series
    changed: int = 0
    before: str = ""
    after: str = ""


def restore_zeros(code: pd.Series, main_code: pd.Series) -> Restored:
    """Return codes of four digits, from one column or from two (main class and class).

    Zeros are put back only in a column of nothing but such numbers: a tree with other codes stays as it is. In two
    columns each is filled to two digits and they are joined. In one, 506 is 0506; where no code has more than two
    digits, 6 is 06.

    Parameters
    ----------
    code, main_code : Series of str
        Trimmed, '' where absent.
    """
    joined = (main_code != "") & (code != "")
    pairs = pd.DataFrame({"main": main_code[joined], "sub": code[joined]}).drop_duplicates()
    if joined.any() and _digits(pairs["main"], 2) and _digits(pairs["sub"], 4):
        main, sub = main_code.str.zfill(2), code.str.zfill(2)
        sub = sub.where(code.str.len() != 3, code.str.zfill(4))
        whole = (sub.str.len() == 4) & (sub.str[:2] == main)  # the class stands with its main class already
        full = (main + sub).where(~whole, sub)
        result = code.where(~joined, full)
        ate = joined & ((main_code.str.len() == 1) | code.str.len().isin([1, 3]))
        was = main_code + " " + code
    else:
        given = pd.Series(code[code != ""].unique())
        result, was, ate = code, code, pd.Series(False, code.index)
        if len(given) and _digits(given, 4) and given.str.len().isin([3, 4]).all():
            ate = code.str.len() == 3
            result = code.where(~ate, "0" + code)
        elif len(given) and _digits(given, 2):
            ate = code.str.len() == 1
            result = code.where(~ate, "0" + code)
    n = int(ate.sum())
    first = ate.to_numpy().argmax() if n else 0
    return Restored(result, n, was.iloc[first] if n else "", result.iloc[first] if n else "")


def _digits(values: pd.Series, most: int) -> bool:
    return bool((values.str.isdecimal() & (values.str.len() <= most)).all())


def padded(code: str) -> str:
    """Return a code with the zero that a spreadsheet ate: 1 or 1.0 is 01, 506 is 0506."""
    whole = re.sub(r"\.0+$", "", code)
    return whole.zfill(len(whole) + len(whole) % 2) if whole.isdecimal() else code
