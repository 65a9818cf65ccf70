"""Numbers as offices write them: full width, with degrees, minutes and seconds, with the signs of thousands."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_PLAIN = r"^[+-]?\d{1,12}(?:\.\d{1,25})?$"
_SIDE = r"(?:东经|北纬|西经|南纬|[EWNSewns])"
_NUMBER = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
# 38,425,000.50 and 425,000.5 can only be thousands; 425,000 alone may be a decimal comma, and is not read
_THOUSANDS = r"^([+-]?\d{1,3}(?:(?:,\d{3}){2,}(?:\.\d+)?|,\d{3}\.\d+))$"
_DEGREES = (
    rf"^({_SIDE})?[:\s]*(?:({_NUMBER})\s*[°度]?|([+-]?\d{{1,3}},\d+)\s*[°度])\s*({_SIDE})?$"  # a comma needs its sign
)
_PARTS = (
    rf"^({_SIDE})?[:\s]*([+-]?\d{{1,3}})(?:\s*[°度d:]\s*|\s+)(\d{{1,2}}(?:[.,]\d+)?)"
    rf"(?:(?:\s*['′’分m:]\s*|\s+)(?:(\d{{1,2}}(?:[.,]\d+)?)\s*(?:['′’]{{2}}|[\"”秒s])?)?)?\s*({_SIDE})?$"
)


def read_numbers(text: pd.Series) -> NDArray[np.float64]:
    """Return numbers; NaN where a cell is empty or holds none.

    Taken are full-width digits, thousands where nothing else can be meant (38,425,000.5), degrees with their sign or
    side (113.2°E, 东经113.2度, a decimal comma only there), and degrees, minutes and seconds (113°18′30.5″E,
    113度18分30秒, 113 18 30.5, 113:18:30.5, N34°12.5′).
    """
    cells = pa.array(text, type=pa.large_string())
    plainly = pc.match_substring_regex(cells, pattern=_PLAIN)
    values = pc.if_else(plainly, cells, None).cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    odd = np.flatnonzero(np.isnan(values) & (text != "").to_numpy())
    if len(odd):
        codes, unique = pd.factorize(text.iloc[odd].to_numpy(dtype=object))
        values[odd] = _odd(pd.Series(unique, dtype=object))[codes]
    return values


def converted(text: pd.Series) -> NDArray[np.bool_]:
    """Return which cells are no plain number as a computer writes it, and can be read all the same."""
    plain = pc.match_substring_regex(pa.array(text, type=pa.large_string()), pattern=rf"^(?:{_NUMBER})?$")
    changed = ~plain.to_numpy(zero_copy_only=False).astype(bool)
    changed[changed] = np.isfinite(read_numbers(text[changed]))
    return changed


def _odd(text: pd.Series) -> NDArray[np.float64]:
    plain = text.str.replace("[º˚]", "°", regex=True)  # before NFKC: it makes letters and blanks of these two
    plain = plain.str.normalize("NFKC").str.strip()
    whole = plain.str.extract(_DEGREES)
    values = _float(whole[1]).fillna(_float(whole[2]))
    thousands = _float(plain.str.extract(_THOUSANDS)[0].str.replace(",", ""))
    parts = plain.str.extract(_PARTS)
    degrees, minutes, seconds = (_float(parts[place]) for place in (1, 2, 3))
    broken = (minutes >= 60) | (seconds >= 60) | ((minutes % 1 > 0) & (seconds > 0))
    size = (degrees.abs() + minutes / 60 + seconds.fillna(0) / 3600).mask(broken)
    by_parts = size.mask(parts[1].str.startswith("-").eq(True), -size)
    found = values.fillna(thousands).fillna(by_parts)
    sides = [whole[0], whole[3], parts[0], parts[4]]
    back = np.logical_or.reduce([side.isin(["W", "w", "S", "s", "西经", "南纬"]) for side in sides])
    return found.mask(back, -found).to_numpy(dtype=float)


def _float(text: pd.Series) -> pd.Series:
    return text.str.replace(",", ".").astype(float)
