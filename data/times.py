"""Times as offices write them -> UTC. A column is read by its own habit; what cannot be read is never guessed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from data.privacy import TEXT

FIRST_YEAR, LAST_YEAR = 1990, 2100
_USUAL = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")  # taken at C speed; the rest goes through the pattern
_BEFORE_NOON, _AFTER_NOON = ("上午", "凌晨", "早上", "清晨", "am"), ("下午", "晚上", "傍晚", "中午", "pm")
_PATTERN = re.compile(
    r"^(?:(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"|(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<year2>\d{4}))"
    r"(?:\s*(?:星期|周)[一二三四五六日天])?"
    r"(?:[\sT,]*(?P<half>上午|凌晨|早上|清晨|下午|晚上|傍晚|中午|[ap]m)?\s*(?P<hour>\d{1,2})\s*[:时点]"
    r"\s*(?:(?P<minute>\d{1,2})\s*(?:[:分]\s*(?:(?P<second>\d{1,2})(?:[.,]\d{1,9})?\s*秒?)?)?)?"
    r"\s*(?P<half2>[ap]\.?m\.?)?\s*(?P<offset>z|utc|gmt|[+-]\d{2}:?\d{2})?)?$",
    re.IGNORECASE,
)
_COMPACT = re.compile(
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2}))?$"
)
_SERIAL = re.compile(r"^\d{5}(?:\.\d+)?$")


@dataclass
class _Column:
    """One column on the way: each different text once, what was read at once, and the parts of the rest."""

    codes: NDArray[np.intp]
    texts: pd.Series
    found: pd.Series  # naive times, or NaT
    rest: pd.DataFrame  # parts as text, under the index of the texts not yet read
    order: str = ""  # "month" first, "day" first, "unknown", or "" where it does not matter


def read_times(
    columns: Mapping[str, pd.Series],
    *,
    zone: str,
    day_first: bool | None = None,
    titles: Mapping[str, str] | None = None,
) -> dict[str, pd.Series]:
    """Return columns of text as times in UTC; NaT where a cell is empty or no time.

    Read are ISO (with T, Z or an offset too), 2025/3/5, 2025年3月5日 14时30分, 上午 and 下午, 01/09/2015 02:56:26 PM,
    20250305, and the serial numbers of spreadsheets (20000 to 80000). Whether 03/05/2025 begins with the day or the
    month is told by values above 12 or by AM and PM in its column, else in the file's other columns.

    Parameters
    ----------
    columns : mapping of str to Series of str
        All time columns of one file.
    zone : str
        IANA name for times without an offset. A time that the zone left out in spring is moved forward; one that it had
        twice in autumn is the first.
    day_first : bool, optional
        The user's answer for 03/05/2025.
    titles : mapping, optional
        The columns' names in the file, for sentences.

    Raises
    ------
    HazardError
        ``zone-unknown``, ``day-month-ambiguous``.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise HazardError(
            "zone-unknown", "There is no time zone named {zone}. Give a name such as Asia/Shanghai.", zone=zone
        ) from None
    parts = {name: _take_apart(column) for name, column in columns.items()}
    orders = {part.order for part in parts.values()} & {"month", "day"}
    read: dict[str, pd.Series] = {}
    for name, part in parts.items():
        order = part.order
        if day_first is not None:
            order = "day" if day_first else "month"
        elif order == "unknown" and len(orders) == 1:
            order = next(iter(orders))
        elif order == "unknown":
            example = part.rest["text"][part.rest["a"].notna()].iloc[0]
            raise HazardError(
                "day-month-ambiguous",
                "Column {column}: it is not clear whether times such as {value} begin with the day or the month. "
                "Say which comes first, for example with --day-first.",
                column=(titles or {}).get(name, name), value=str(example), field=name,
            )  # fmt: skip
        utc = _to_utc(part, order, zone)
        values = utc.take(part.codes).set_axis(columns[name].index)
        read[name] = values.rename(name)
    return read


def _take_apart(column: pd.Series) -> _Column:
    codes, unique = pd.factorize(column.astype(TEXT))
    texts = pd.Series(unique, dtype=TEXT).fillna("").str.strip()
    odd = ~texts.str.match(r"^[\x20-\x7e]*$")
    texts[odd] = texts[odd].str.normalize("NFKC")  # full-width digits and colons
    found = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    for usual in _USUAL:
        left = texts[found.isna() & (texts != "")]
        if left.empty:
            break
        found[left.index] = pd.to_datetime(left, format=usual, errors="coerce").astype("datetime64[ns]")
    left = texts[found.isna() & (texts != "")]
    serial = left[left.str.match(_SERIAL.pattern)].astype(float)
    serial = serial[(serial >= 20000) & (serial <= 80000)]
    if len(serial):  # days since 1899-12-30, the zero of spreadsheets
        found[serial.index] = pd.Timestamp("1899-12-30") + pd.to_timedelta(serial, unit="D").dt.round("s")
        left = left.drop(serial.index)
    rest = left.str.extract(_PATTERN).astype(TEXT)
    compact = left.str.extract(_COMPACT).astype(TEXT)
    plain = rest["year"].notna() | rest["a"].notna()
    rest = rest.where(plain, compact.reindex(columns=rest.columns))
    rest["year"] = rest["year"].fillna(rest["year2"])
    half = rest["half"].fillna(rest["half2"]).str.lower().str.replace(".", "", regex=False)
    rest = rest.drop(columns=["year2", "half", "half2"]).assign(half=half, text=left)
    return _Column(codes, texts, found, rest, _order(rest))


def _order(rest: pd.DataFrame) -> str:
    some = rest[rest["a"].notna()]
    a, b = some["a"].astype(float), some["b"].astype(float)
    if (a > 12).any() and not (b > 12).any():
        return "day"
    if (b > 12).any() or some["half"].isin(["am", "pm"]).any():
        return "month"
    return "unknown" if (a != b).any() else ""


def _to_utc(part: _Column, order: str, zone: str) -> pd.Series:
    rest = part.rest
    given = rest["a"].notna()
    first, second = ("b", "a") if order == "day" else ("a", "b")
    month, day = rest["month"].where(~given, rest[first]), rest["day"].where(~given, rest[second])
    hour = rest["hour"].astype(float).fillna(0)
    late = rest["half"].isin(_AFTER_NOON) & (hour < 12) & ~((rest["half"] == "中午") & (hour >= 10))
    early = rest["half"].isin(_BEFORE_NOON)
    hour = hour.where(~late, hour + 12).where(~(early & (hour == 12)), 0).where(~(early & (hour > 12)))
    numbers = pd.DataFrame(
        {
            "year": rest["year"], "month": month, "day": day, "hour": hour,
            "minute": rest["minute"].astype(float).fillna(0), "second": rest["second"].astype(float).fillna(0),
        }
    ).astype(float)  # fmt: skip
    sane = (
        numbers["year"].between(FIRST_YEAR - 1, LAST_YEAR + 1) & (numbers["hour"] <= 23) & numbers.notna().all(axis=1)
    )
    naive = part.found.copy()
    if sane.any():
        naive[rest.index[sane]] = pd.to_datetime(numbers[sane], errors="coerce").astype("datetime64[ns]")
    first_time = np.ones(len(naive), dtype=bool)  # of an hour that comes twice
    utc = naive.dt.tz_localize(zone, ambiguous=first_time, nonexistent="shift_forward").dt.tz_convert("UTC")
    with_offset = rest.index[rest["offset"].notna()]
    if len(with_offset):
        utc[with_offset] = naive[with_offset].dt.tz_localize("UTC") - _offset(rest.loc[with_offset, "offset"])
    years = naive.dt.year
    return utc.where((years >= FIRST_YEAR) & (years <= LAST_YEAR))


def _offset(text: pd.Series) -> pd.Series:
    digits = text.str.extract(r"^([+-])(\d{2}):?(\d{2})$")
    minutes = digits[1].astype(float) * 60 + digits[2].astype(float)
    signed = minutes.where(digits[0] == "+", -minutes).fillna(0)
    return pd.to_timedelta(signed, unit="min")
