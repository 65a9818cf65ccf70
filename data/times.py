"""Times as offices write them -> UTC. A column is read by its own habit; what cannot be read is never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from base.errors import HazardError
from data.texts import TEXT, cells_of, come_again, trimmed

FIRST_YEAR, LAST_YEAR = 1990, 2100
_USUAL = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"  # taken at once; the rest goes through the pattern
_BEFORE_NOON, _AFTER_NOON = ("上午", "凌晨", "早上", "清晨", "am"), ("下午", "晚上", "傍晚", "中午", "pm")
_EVENING = ("晚上", "傍晚")
_NO_EVENING = (0, 1, 2, 3, 4, 12)  # hours of either the night before or the one after: of which day?
_PATTERN = (  # RE2
    r"(?i)^(?:(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"|(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<year2>\d{4}))"
    r"(?:\s*(?:星期|周)[一二三四五六日天])?"
    r"(?:[\sT,]*(?P<half>上午|凌晨|早上|清晨|下午|晚上|傍晚|中午|[ap]m)?\s*(?P<hour>\d{1,2})\s*[:时時点點]"
    r"\s*(?:(?P<minute>\d{1,2})\s*(?:[:分]\s*(?:(?P<second>\d{1,2})(?:[.,]\d{1,9})?\s*秒?)?)?)?"
    r"\s*(?P<half2>[ap]\.?m\.?)?\s*(?P<offset>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_COMPACT = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?)?$"
_WORDS = ("half", "half2", "offset")
_SERIAL = r"^\d{5}(?:\.\d+)?$"
_SINCE_1970 = ((r"^\d{10}(?:\.\d+)?$", 1000), (r"^\d{13}$", 1))  # how a whole column looks, and in milliseconds
_YEAR = r"^(\d{4})(?:\.0)?(?:年度?)?$"
_LONGEST_YEAR = 12
_DIGITS = {**{digit: at for at, digit in enumerate("零一二三四五六七八九")}, "〇": 0, "○": 0, "0": 0, "两": 2, "兩": 2}
_TENS = {"十": 10, "百": 100}
_NUMERALS = rf"([{''.join((*_DIGITS, *_TENS))}]+)(?=\s*[年月日时時点點分秒])"  # not the day of 星期三
_SPELT = r"[〇○零一二三四五六七八九十两兩]\s*[年月日时時点點分秒]"
_REPUBLIC = r"民[國国]\s*(\d{1,3})\s*年?"  # years of the Republic: 107 is 2018, said only with the word


@dataclass
class _Column:
    """One column on the way: each different text once, what was read at once, and the parts of the rest."""

    codes: NDArray[np.intp] | None  # None: the texts are the column itself
    texts: pd.Series
    found: pd.Series  # naive times, or NaT
    rest: pd.DataFrame  # parts, under the index of the texts not yet read
    order: str = ""  # "month" first, "day" first, "unknown", "both" by different rows, or "" where it does not matter
    exact: pd.Series | None = None  # the times in UTC, where the column needs no zone


def read_times(
    columns: Mapping[str, pd.Series],
    *,
    zone: str,
    day_first: bool | None = None,
    titles: Mapping[str, str] | None = None,
) -> dict[str, pd.Series]:
    """Return columns of text as times in UTC; NaT where a cell is empty or no time.

    Read are ISO (with T, Z or an offset too), 2025/3/5, 2025年3月5日 14时30分, 民國114年3月5日, 上午 and 下午,
    01/09/2015 02:56:26 PM, 20250305, the serial numbers of spreadsheets (20000 to 80000), and, where a whole column is
    such, seconds or milliseconds since 1970. Whether 03/05/2025 begins with the day or the
    month is told by values above 12 in its column, else in the file's other columns; AM and PM tell nothing. Any number
    may be written in Chinese numerals: 二〇二五年三月五日, 2025年3月5日 下午三点.

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
        elif order == "both":
            rest, (day, month) = part.rest, _evidence(part.rest)
            raise HazardError(
                "day-month-ambiguous",
                "Column {column}: times such as {day} begin with the day, others such as {month} with the month. Say "
                "which comes first (on the command line: --day-first or --month-first); the others are not taken then.",
                column=(titles or {}).get(name, name), field=name,
                day=str(rest["text"][day].iloc[0]), month=str(rest["text"][month].iloc[0]),
            )  # fmt: skip
        elif order == "unknown":
            example = part.rest["text"][part.rest["a"].notna()].iloc[0]
            raise HazardError(
                "day-month-ambiguous",
                "Column {column}: it is not clear whether times such as {value} begin with the day or the month. "
                "Say which comes first (on the command line: --day-first or --month-first).",
                column=(titles or {}).get(name, name), value=str(example), field=name,
            )  # fmt: skip
        utc = _to_utc(part, order, zone)
        values = (utc if part.codes is None else utc.take(part.codes)).set_axis(columns[name].index)
        read[name] = values.rename(name)
    return read


def read_years(column: pd.Series) -> pd.Series:
    """Return the year of each cell that names a year and nothing more (2018, 2018年, 民國107年), '' for the others."""
    found = pd.Series("", column.index, dtype=TEXT)
    short = (column.str.len() <= _LONGEST_YEAR).to_numpy(dtype=bool, na_value=False)  # most columns hold whole times
    if short.any():
        codes, unique = pd.factorize(column[short].astype(TEXT))
        years = _plain(unique).str.extract(_YEAR)[0].fillna("")
        known = years.isin([str(year) for year in range(FIRST_YEAR, LAST_YEAR + 1)])
        found[short] = years.where(known, "").astype(TEXT).take(codes).to_numpy()
    return found


def _plain(unique: Any) -> pd.Series:
    texts = trimmed(pd.Series(unique, dtype=TEXT))
    odd = ~pc.string_is_ascii(pa.array(texts)).to_numpy(zero_copy_only=False)
    if odd.any():
        wide = texts[odd].astype(object).str.normalize("NFKC")  # full-width digits and colons
        spelt = wide.str.contains(_SPELT, regex=True)
        wide[spelt] = wide[spelt].str.replace(_NUMERALS, lambda found: _numeral(found[1]), regex=True)
        texts[odd] = wide.str.replace(_REPUBLIC, lambda found: f"{int(found[1]) + 1911}年", regex=True)
    return texts


def _numeral(text: str) -> str:
    """Return a number in Chinese numerals in digits: 二〇二五 one by one, 二十五 and 一百一十四 by their tens."""
    if not any(sign in _TENS for sign in text):
        return "".join(str(_DIGITS[sign]) for sign in text)
    total = one = 0
    for sign in text:
        if sign in _TENS:
            total, one = total + max(one, 1) * _TENS[sign], 0
        else:
            one = _DIGITS[sign]
    return str(total + one)


def _take_apart(column: pd.Series) -> _Column:
    column = column.astype(TEXT)
    codes, unique = pd.factorize(column) if come_again(cells_of(column)) else (None, column.array)
    texts = _plain(unique)
    found = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    since = _since_1970(texts)
    if since is not None:
        return _Column(codes, texts, found, _rest(texts[:0]), exact=since)
    usual = texts.str.match(_USUAL)
    found[usual] = _usual(texts[usual])
    left = texts[(texts != "") & ~usual]
    serial = left[left.str.match(_SERIAL)].astype(float)
    serial = serial[(serial >= 20000) & (serial <= 80000)]
    if len(serial):  # days since 1899-12-30, the zero of spreadsheets
        found[serial.index] = pd.Timestamp("1899-12-30") + pd.to_timedelta(serial, unit="D").dt.round("s")
        left = left.drop(serial.index)
    rest = _rest(left)
    return _Column(codes, texts, found, rest, order=_order(rest))


def _usual(texts: pd.Series) -> NDArray[np.datetime64]:
    try:
        return cells_of(texts).cast(pa.timestamp("ns")).to_numpy()
    except pa.ArrowInvalid:  # 30 Feb among them, or a year beyond what fits
        return pd.to_datetime(texts, format="%Y-%m-%d %H:%M:%S", errors="coerce").to_numpy("datetime64[ns]")


def _since_1970(texts: pd.Series) -> pd.Series | None:
    """Return the moments of a column that counts seconds or milliseconds since 1970 throughout, in UTC."""
    filled = texts[texts != ""]
    for pattern, unit_ms in _SINCE_1970:
        if len(filled) and filled[:100].str.match(pattern).all() and filled.str.match(pattern).all():
            count_ms = (filled.astype(float) * unit_ms).round()
            usable = count_ms < (LAST_YEAR - 1969) * 366 * 86_400_000  # a later one would not fit
            moments = pd.to_datetime(count_ms.where(usable).astype("Int64"), unit="ms", utc=True).astype(
                "datetime64[ns, UTC]"
            )
            return moments.where(moments.dt.year.between(FIRST_YEAR, LAST_YEAR)).reindex(texts.index)
    return None


def _rest(left: pd.Series) -> pd.DataFrame:
    if not len(left):  # most columns are read by now
        return _nothing_left()
    rest = _parts(left, _PATTERN)
    unread = rest.index[rest["year"].isna() & rest["a"].isna()]
    if len(unread):
        compact = _parts(left[unread], _COMPACT)
        rest.loc[unread, compact.columns] = compact
    rest["year"] = rest["year"].fillna(rest["year2"])
    half = rest["half"].where(rest["half"] != "", rest["half2"]).str.lower().str.replace(".", "", regex=False)
    return rest.drop(columns=["year2", "half2"]).assign(half=half, text=left)


@cache
def _nothing_left() -> pd.DataFrame:
    nothing = pd.Series([], dtype=TEXT)
    return _parts(nothing, _PATTERN).drop(columns=["year2", "half2"]).assign(text=nothing)


def _parts(texts: pd.Series, pattern: str) -> pd.DataFrame:
    """Return the named parts of texts: numbers as float (NaN where absent), words as text ('' where absent)."""
    matched = pc.extract_regex(pa.array(texts, type=pa.large_string()), pattern=pattern)
    parts = {}
    for field in matched.type:
        column = pc.fill_null(pc.struct_field(matched, field.name), "")
        if field.name in _WORDS:
            parts[field.name] = pd.array(column, dtype=TEXT)
        else:
            number = pc.if_else(pc.equal(column, ""), None, column).cast(pa.float64())
            parts[field.name] = number.to_numpy(zero_copy_only=False)
    return pd.DataFrame(parts, index=texts.index)


def _order(rest: pd.DataFrame) -> str:
    day, month = (rows.any() for rows in _evidence(rest))
    if day or month:
        return "both" if day and month else "day" if day else "month"
    a, b = rest["a"], rest["b"]
    return "unknown" if ((a <= 12) & (b <= 12) & (a != b)).any() else ""


def _evidence(rest: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return which rows can only begin with the day, and which only with the month."""
    a, b = rest["a"], rest["b"]
    return a.between(13, 31) & (b <= 12), b.between(13, 31) & (a <= 12)


def _to_utc(part: _Column, order: str, zone: str) -> pd.Series:
    if part.exact is not None:
        return part.exact
    naive = _with_rest(part, order) if len(part.rest) else part.found
    first_time = np.ones(len(naive), dtype=bool)  # of an hour that comes twice
    utc = naive.dt.tz_localize(zone, ambiguous=first_time, nonexistent="shift_forward").dt.tz_convert("UTC")
    with_offset = part.rest.index[part.rest["offset"] != ""]
    if len(with_offset):
        exact = naive[with_offset].dt.tz_localize("UTC") - _offset(part.rest.loc[with_offset, "offset"])
        utc = utc.where(~utc.index.isin(with_offset), exact.reindex(utc.index))
    years = naive.dt.year
    return utc.where((years >= FIRST_YEAR) & (years <= LAST_YEAR))


def _with_rest(part: _Column, order: str) -> pd.Series:
    """Return the times found, and among them those made of parts."""
    rest = part.rest
    given = rest["a"].notna()
    first, second = ("b", "a") if order == "day" else ("a", "b")
    month, day = rest["month"].where(~given, rest[first]), rest["day"].where(~given, rest[second])
    hour = rest["hour"].fillna(0)
    late = rest["half"].isin(_AFTER_NOON) & (hour < 12) & ~((rest["half"] == "中午") & (hour >= 10))
    early = rest["half"].isin(_BEFORE_NOON)
    night = rest["half"].isin(_EVENING) & hour.isin(_NO_EVENING)
    hour = hour.where(~late, hour + 12).where(~(early & (hour == 12)), 0).where(~(early & (hour > 12) | night), -1)
    naive = part.found.copy()
    naive[rest.index] = _moments(rest["year"], month, day, hour, rest["minute"], rest["second"])
    return naive


def _moments(*parts: pd.Series) -> NDArray[np.datetime64]:
    """Return the moments that year, month, day, hour, minute and second name; NaT where there is none, as on 30 Feb."""
    year, month, day, hour, minute, second = (part.fillna(0).to_numpy(dtype=np.int64) for part in parts)
    usable = (year >= FIRST_YEAR - 1) & (year <= LAST_YEAR + 1) & (month >= 1) & (month <= 12) & (day >= 1)
    usable &= (hour >= 0) & (hour <= 23) & (minute <= 59) & (second <= 59)
    months = np.where(usable, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(usable, day - 1, 0)
    usable &= days.astype("datetime64[M]") == months  # else the month has no such day
    moments = days.astype("datetime64[s]") + (hour * 3600 + minute * 60 + second)
    return np.where(usable, moments, np.datetime64("NaT")).astype("datetime64[ns]")


def _offset(text: pd.Series) -> pd.Series:
    digits = text.str.extract(r"^([+-])(\d{2}):?(\d{2})?$")
    minutes = digits[1].astype(float) * 60 + digits[2].astype(float).fillna(0)
    signed = minutes.where(digits[0] == "+", -minutes).fillna(0)
    return pd.to_timedelta(signed, unit="min")
