"""A table of a rain gauge -> readings: how much fell at which station in which hours, and what is not known.

**A reading that is missing is no dry hour.** 缺测, 9999, - and an empty cell are kept as readings that are not known
(NaN); a trace (T, 微量, 999990: less than the gauge can measure) is 0 mm.

**How long a reading stands for** is told by the distance of its times: days without a clock are days, 20:00, 21:00,
22:00 are hours. A time is the beginning of its reading unless the title or the reader says that it is the end.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from base.settings import DEFAULTS
from base.text import N_, Sentence
from data import apart
from data.headers import _guess, _plain
from data.numbers import read_numbers
from data.privacy import mask, mask_text
from data.schema import REASONS
from data.table import Table
from data.times import FIRST_YEAR, LAST_YEAR, read_times

MM, INCH, TENTH = "mm", "inch", "tenth"
UNITS = {MM: 1.0, INCH: 25.4, TENTH: 0.1}  # mm in each
BEGIN, END = "begin", "end"
DAY_HOURS = 24.0
# World records: 305 mm in 42 minutes at Holt, Missouri, 1947, and 1,825 mm in 24 hours at Foc-Foc, Réunion, 1966
# (World Meteorological Organization, World Weather and Climate Extremes Archive)
MOST_HOUR_MM, MOST_DAY_MM = 305.0, 1825.0
_ALIASES = {  # best first
    "station": (
        "站名 站点名称 测站名称 雨量站名称 雨量站 站点 测站 监测站 站号 站点编号 测站编码 区站号 stationname station "
        "gauge gaugename site stationid siteid"
    ),
    "zone": "片区 区域 覆盖片区 所在片区 覆盖网格 网格 街道 社区 zone area district catchment cell grid",
    "time": (
        "时间 观测时间 监测时间 采集时间 数据时间 日期时间 记录时间 开始时间 起始时间 结束时间 截止时间 日期 观测日期 "
        "资料时间 datetime timestamp time observationtime begintime starttime endtime observed begin start end date day"
    ),
    "hour": "小时 时次 时 hour hr",
    "mm": (
        "雨量 降雨量 降水量 小时雨量 小时降雨量 小时降水量 时雨量 时段雨量 时段降雨量 时段降水量 "
        "日雨量 日降雨量 日降水量 24小时雨量 24小时降雨量 24小时降水量 1小时降水量 1小时雨量 过去1小时降水量 "
        "rainfall rain precipitation precip prcp rainfallmm rainmm precipitationmm precipmm rainfallin rainin "
        "precipitationin precipin depth depthmm amount"
    ),
}  # fmt: skip
_BY_ALIAS = {field: [_plain(alias) for alias in aliases.split()] for field, aliases in _ALIASES.items()}
_MISSING = {
    "", "-", "--", "---", "—", "——", "/", "\\", "*", "缺测", "缺", "缺失", "未测", "无数据", "故障", "na", "n/a", "nan",
    "null", "none", "missing", "not measured", "m", "9999", "99999", "999999", "999998", "9999.9",
    "-9999", "-999", "-99", "-999.9", "-9999.9", "-99.9", "32766", "32744",
}  # fmt: skip
_TRACE = {"t", "trace", "tr", "微量", "痕量", "999990", "32700"}
_TENTHS = re.compile(r"0\.1\s*(?:mm|毫米)")
_INCHES = re.compile(r"英寸|inch|(?:^|[^a-z])in(?:$|[^a-z])|[\"”″]")
_MILLIMETRES = re.compile(r"毫米|mm|millimet")
_ENDS = re.compile(r"结束|截止|终止|止$|(?:^|[^a-z])end")
_BEGINS = re.compile(r"开始|起始|(?:^|[^a-z])(?:begin|start)")
_CLOCK = re.compile(r"[:时時点點]|[T ]\d{1,2}|^\d{12,14}$|^\d{5}\.\d")
_STEPS_H = (1 / 12, 1 / 6, 0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, DAY_HOURS)
_HOUR_NS = 3_600_000_000_000


@dataclass(frozen=True)
class RainFile:
    """What a table of rain holds: read = len(rows) + len(rejected) + repeats.

    Attributes
    ----------
    rows : DataFrame
        row (as a spreadsheet counts), station, zone ('' where the file has none), begin (UTC), hours, mm (NaN: the
        reading is missing); by station and begin.
    rejected : DataFrame
        row, value, sentence (a Sentence).
    repeats : int
        Rows that say again what one before them says.
    columns : dict
        field -> header.
    unit, unit_from : str
        One of `UNITS`, and whether it was "said", told by the "title", or the "usual" one.
    stamp, stamp_from : str
        Whether times are the begin or the end of a reading, and who says so, as with the unit.
    hours : float
        How long the usual reading stands for.
    traces : int
        Readings that were too little to be measured.
    sums : int
        Rows of totals or notes that were passed over; they are among `rejected`.
    """

    rows: pd.DataFrame
    rejected: pd.DataFrame
    repeats: int
    columns: Mapping[str, str]
    unit: str
    unit_from: str
    stamp: str
    stamp_from: str
    hours: float
    traces: int
    notes: tuple[Sentence, ...]
    sheets: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """How many rows the table holds."""
        return len(self.rows) + len(self.rejected) + self.repeats

    @property
    def missing(self) -> int:
        """How many readings are not known."""
        return int(self.rows["mm"].isna().sum())


def columns_of(headers: Sequence[str]) -> dict[str, str]:
    """Return which header each field of a rain table stands under; {} without a depth or a time."""
    found = _guess(list(headers), _BY_ALIAS)
    return found if {"time", "mm"} <= set(found) else {}


def is_rain_table(headers: Sequence[str]) -> bool:
    """Return whether headers are those of a rain gauge: a depth of rain and a time."""
    return bool(columns_of(headers))


def read_rain(
    content: bytes,
    name: str,
    *,
    unit: str | None = None,
    stamp: str | None = None,
    zone: str = "Asia/Shanghai",
    day_first: bool | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> RainFile:
    """Return the readings of a table of rain.

    Parameters
    ----------
    content : bytes
        CSV or XLSX with a column of times (时间, 日期, date ...; the hour may stand in one of its own) and one of
        depths (雨量, 降水量, rainfall ...), perhaps with the station and the area for which it stands.
    unit : {"mm", "inch", "tenth"}, optional
        Of the depths; told by the title if not given (mm, in, 0.1mm), else mm.
    stamp : {"begin", "end"}, optional
        What a time is of its reading; told by the title if not given, else the begin. A day without a clock is always
        the day itself.
    zone : str
        IANA name for times without an offset.
    day_first, encoding, sheet, settings
        As in `data.times.read_times` and `data.apart.read_table`.

    Raises
    ------
    HazardError
        ``not-rain`` without a time and a depth, ``rain-unit`` and ``rain-stamp`` for unknown words, those of
        `data.times.read_times` and `data.apart.read_table`.
    """
    if unit is not None and unit not in UNITS:
        raise HazardError("rain-unit", "Rain is measured in {known}, not in {unit}.", unit=unit, known=", ".join(UNITS))
    if stamp is not None and stamp not in (BEGIN, END):
        raise HazardError("rain-stamp", "A time is the begin or the end of its reading, not its {stamp}.", stamp=stamp)
    settings = settings or DEFAULTS
    table = apart.read_table(content, name, settings=settings, encoding=encoding, sheet=sheet)
    columns = columns_of(table.headers)
    if not columns:
        raise HazardError(
            "not-rain",
            "{file} is no table of rain: it needs a column of times (时间, 日期, time, date) and one of depths (雨量, "
            "降水量, rainfall). Its columns are: {headers}. Download the template to see how it is filled in.",
            file=name, headers=", ".join(map(str, table.headers))[:300] or "-",
        )  # fmt: skip
    text, rejected = _rows_of(table, columns)
    known_unit, unit_from = _told(unit, _unit_of(columns["mm"]), MM)
    begin, dated = _times(text, columns, zone, day_first)
    title_stamp = (
        END if _ENDS.search(columns["time"].lower()) else BEGIN if _BEGINS.search(columns["time"].lower()) else None
    )
    known_stamp, stamp_from = _told(stamp, title_stamp, BEGIN)
    mm, missing, traces = _depths(text["mm"], UNITS[known_unit])
    station = (
        mask_text(text["station"]).astype(object) if "station" in text else pd.Series("", text.index, dtype=object)
    )
    area = mask_text(text["zone"]).astype(object) if "zone" in text else pd.Series("", text.index, dtype=object)
    hours, usual = _hours(begin, station, dated)
    rows = pd.DataFrame(
        {"row": text.index.astype(int), "station": station, "zone": area, "begin": begin, "hours": hours, "mm": mm}
    )
    if known_stamp == END:
        moved = begin - pd.to_timedelta(np.where(dated, 0.0, hours), unit="h")
        rows["begin"] = moved
    years = begin.dt.tz_convert(zone).dt.year
    wrong: list[tuple[str, pd.Series, str]] = [
        ("time-unreadable", begin.isna() | ~years.between(FIRST_YEAR, LAST_YEAR), "time"),
        ("rain-unreadable", mm.isna() & ~missing, "mm"),
        ("rain-negative", mm < 0, "mm"),
        ("rain-impossible", mm > np.where(hours <= 1, MOST_HOUR_MM, MOST_DAY_MM), "mm"),
    ]
    if usual < DAY_HOURS:
        wrong.append(("rain-day-total", pd.Series(dated, text.index), "time"))
    good = pd.Series(True, text.index)
    for code, which, field in wrong:
        for row in text.index[which.to_numpy(bool) & good.to_numpy()]:
            value = _value(text, row, with_depth=field == "mm")
            rejected.append((int(row), value, _reason(code, value, columns[field])))
        good &= ~which
    kept, twice, repeats = _once_each(rows[good.to_numpy()])
    for row in twice:
        value = _value(text, row, with_depth=True)
        rejected.append((row, value, _reason("rain-twice", value, columns["time"])))
    notes = _notes(columns, unit_from, stamp_from, dated, traces, text, kept)
    frame = pd.DataFrame(rejected, columns=["row", "value", "sentence"]).sort_values(
        "row", kind="stable", ignore_index=True
    )
    return RainFile(
        kept.reset_index(drop=True), frame, repeats, columns, known_unit, unit_from, known_stamp, stamp_from, usual,
        traces, tuple(notes), table.sheets,
    )  # fmt: skip


_WHY = {
    "rain-unreadable": N_(
        "“{value}” in column {column} is no depth of rain: write a number, or leave the cell empty where it is not "
        "known"
    ),
    "rain-negative": N_("“{value}” in column {column} is below zero: correct it, or leave the cell empty"),
    "rain-impossible": N_(
        "“{value}” in column {column} is more than has ever been measured on earth (305 mm in an hour, 1,825 mm in a "
        "day): look at the unit"
    ),
    "rain-day-total": N_(
        "“{value}” in column {column} has no hour, and the other rows have: a total of a day beside its hours would "
        "count the rain twice"
    ),
    "rain-twice": N_(
        "“{value}” stands twice for one station with different depths: the first is taken, correct the other"
    ),
}
_UNIT = N_("Column {column} names no unit: its depths were taken as mm (on the command line: --unit mm or inch).")
_STAMP = N_(
    "Column {column} does not say whether its times are the begin or the end of a reading: taken as the begin (on the "
    "command line: --stamp end). By the end all rain would lie one reading earlier."
)
_TRACES = N_("Readings too small to be measured (T, 微量), counted as 0 mm: {n}.")
_UNKNOWN = N_(
    "Readings that are not known (缺测, 9999, empty): {n}. They are no dry hours: nothing is concluded from them."
)


def _reason(code: str, value: str, column: str) -> Sentence:
    return Sentence(_WHY.get(code) or REASONS[code], {"value": value, "column": column})


def _value(text: pd.DataFrame, row: Any, *, with_depth: bool) -> str:
    """Return what stands in a row: its time, and its depth where that is asked for."""
    names = [name for name in ("time", "hour", "mm") if name in text and (with_depth or name != "mm")]
    cells = [str(text.at[row, name]) for name in names]
    return mask(" ".join(filter(None, cells)))[:60]


def _told(said: str | None, title: str | None, usual: str) -> tuple[str, str]:
    return (said, "said") if said else (title, "title") if title else (usual, "usual")


def _unit_of(title: str) -> str | None:
    plain = unicodedata.normalize("NFKC", title).lower()
    if _TENTHS.search(plain):
        return TENTH
    if _MILLIMETRES.search(plain):
        return MM
    ends = _plain(title)
    return INCH if _INCHES.search(plain) or ends in ("rainfallin", "rainin", "precipitationin", "precipin") else None


def _rows_of(table: Table, columns: Mapping[str, str]) -> tuple[pd.DataFrame, list[tuple[int, str, Sentence]]]:
    """Return the rows as text by field, and what is refused of them before anything is understood."""
    text = table.frame.astype(object).set_axis(table.headers, axis=1)
    text = text.loc[:, ~text.columns.duplicated()]
    text = text.rename(columns={header: field for field, header in columns.items()})[list(columns)]
    text = text.map(lambda cell: str(cell).strip())
    rejected = [
        (int(row), "", Sentence(REASONS[reason], {"value": "", "column": ""}))
        for row, reason in zip(table.bad["row"], table.bad["reason"], strict=True)
    ]
    sums = [row for row in table.sums if row in text.index]
    empty = text.index[(text == "").all(axis=1)]
    rejected += [(int(row), "", Sentence(REASONS["totals-row"])) for row in sums]
    rejected += [(int(row), "", Sentence(REASONS["empty-row"])) for row in empty if row not in sums]
    return text.drop(index=[*sums, *(row for row in empty if row not in sums)]), rejected


def _times(
    text: pd.DataFrame, columns: Mapping[str, str], zone: str, day_first: bool | None
) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Return each row's time in UTC, and whether it is a day alone."""
    written = text["time"]
    hour = text["hour"] if "hour" in text else pd.Series("", text.index, dtype=object)
    clocked = written.map(lambda cell: bool(_CLOCK.search(cell)))
    number = pd.to_numeric(hour.str.replace(r"\s*[时時点點hH].*$", "", regex=True), errors="coerce")
    apart_ = ~clocked & number.between(0, 24)
    days = read_times({"time": written}, zone=zone, day_first=day_first, titles={"time": columns["time"]})["time"]
    local = days.dt.tz_convert(zone).dt.tz_localize(None)
    shifted = (local + pd.to_timedelta(number.where(apart_, 0.0), unit="h")).dt.tz_localize(
        ZoneInfo(zone), ambiguous=False, nonexistent="shift_forward"
    )
    begin = pd.Series(shifted.dt.tz_convert("UTC"), text.index)
    dated = (~clocked & ~apart_ & (hour == "")).to_numpy(bool)
    midnight = (local == local.dt.normalize()).to_numpy(bool)
    if (midnight | local.isna().to_numpy()).all() and not apart_.any():
        dated = dated | clocked.to_numpy(bool)  # a spreadsheet's days bear 00:00
    return begin, dated


def _depths(text: pd.Series, unit: float) -> tuple[pd.Series, pd.Series, int]:
    """Return depths in mm (NaN where not known or unreadable), which are missing, and how many are a trace."""
    plain = text.map(lambda cell: unicodedata.normalize("NFKC", cell).strip().lower())
    bare = plain.str.replace(r"\s*(?:mm|毫米|inch(?:es)?|英寸|in)$", "", regex=True)
    bare = bare.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    missing, trace = bare.isin(_MISSING), bare.isin(_TRACE)
    values = pd.Series(read_numbers(bare.mask(missing | trace, "")), text.index) * unit
    return values.mask(missing).mask(trace, 0.0).round(4), missing, int(trace.sum())


def _hours(begin: pd.Series, station: pd.Series, dated: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Return how long each reading stands for, and the usual length: a day, or the most frequent distance of times."""
    if dated.all() or not len(begin):
        return np.full(len(begin), DAY_HOURS), DAY_HOURS
    known = pd.DataFrame({"station": station, "begin": begin})[~dated & begin.notna().to_numpy()]
    known = known.drop_duplicates().sort_values(["station", "begin"])
    steps = known.groupby("station", sort=False)["begin"].diff().dropna().dt.total_seconds() / 3600
    common = steps[steps > 0].round(6).mode()
    usual = 1.0
    if len(common):
        usual = min(_STEPS_H, key=lambda one: abs(one - float(common.iloc[0])))
    return np.where(dated, DAY_HOURS, usual), usual


def _once_each(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[int], int]:
    """Return rows that say something new, the numbers of those that contradict one of them, and how many repeat one.

    What is known goes before what is not.
    """
    key = ["station", "begin", "hours"]
    ordered = rows.assign(unknown=rows["mm"].isna()).sort_values(["unknown", "row"], kind="stable")
    first = ordered.drop_duplicates(key).set_index(key)
    again = ordered[ordered.duplicated(key)]
    held = first.loc[pd.MultiIndex.from_frame(again[key]), "mm"].to_numpy() if len(again) else np.empty(0)
    own = again["mm"].to_numpy()
    same = (held == own) | np.isnan(own)
    kept = first.reset_index()[list(rows.columns)].sort_values(["station", "begin"], kind="stable", ignore_index=True)
    return kept, again.loc[~same, "row"].astype(int).tolist(), int(same.sum())


def _notes(
    columns: Mapping[str, str], unit_from: str, stamp_from: str, dated: NDArray[np.bool_], traces: int,
    text: pd.DataFrame, kept: pd.DataFrame,
) -> list[Sentence]:  # fmt: skip
    notes = []
    if unit_from == "usual":
        notes.append(Sentence(_UNIT, {"column": columns["mm"]}))
    if stamp_from == "usual" and not dated.all():
        notes.append(Sentence(_STAMP, {"column": columns["time"]}))
    if traces:
        notes.append(Sentence(_TRACES, {"n": traces}))
    if missing := int(kept["mm"].isna().sum()):
        notes.append(Sentence(_UNKNOWN, {"n": missing}))
    return notes
