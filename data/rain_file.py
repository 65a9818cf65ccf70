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

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from base.settings import DEFAULTS
from base.text import N_, Sentence
from data import apart, rain_times
from data.headers import _guess, _plain
from data.numbers import read_numbers
from data.privacy import mask, mask_text
from data.rain_times import DAY_HOURS
from data.schema import REASONS
from data.table import Table
from data.times import FIRST_YEAR, LAST_YEAR

MM, INCH, TENTH = "mm", "inch", "tenth"
UNITS = {MM: 1.0, INCH: 25.4, TENTH: 0.1}  # mm in each
BEGIN, END = "begin", "end"
# World records: 305 mm in 42 minutes at Holt, Missouri, 1947, and 1,825 mm in 24 hours at Foc-Foc, Réunion, 1966
# (World Meteorological Organization, World Weather and Climate Extremes Archive)
MOST_HOUR_MM, MOST_DAY_MM = 305.0, 1825.0
_ALIASES = {  # best first
    "station": (
        "站名 站点名称 测站名称 雨量站名称 雨量站 站点 测站 监测站 stationname stnm station gauge gaugename site 站号 "
        "区站号 站点编号 测站编码 stationidc stationidd stationid siteid stcd"
    ),
    "code": "站号 区站号 站点编号 测站编码 stationidc stationid siteid stcd",
    "zone": "片区 区域 覆盖片区 所在片区 覆盖网格 网格 街道 社区 zone area district catchment cell grid",
    "time": (
        "时间 观测时间 监测时间 采集时间 数据时间 日期时间 记录时间 开始时间 起始时间 结束时间 截止时间 资料时间 "
        "datetime timestamp time observationtime begintime starttime endtime observed begin start end tm"
    ),
    "date": "日期 观测日期 资料日期 年月日 date",
    "year": "年 年份 year yr",
    "month": "月 月份 month mon mo",
    "day": "日 day",
    "hour": "小时 时次 时 hour hr",
    "length": "时段长 intv hoursareading",
    "mm": (
        "1小时降水量 1小时雨量 过去1小时降水量 过去1小时雨量 小时雨量 小时降雨量 小时降水量 时雨量 pre1h "
        "hourlyprecipitation 雨量 降雨量 降水量 时段雨量 时段降雨量 时段降水量 drp rainfall rain precipitation precip "
        "prcp rainfallmm rainmm precipitationmm precipmm rainfallin rainin precipitationin precipin depth depthmm "
        "日雨量 日降雨量 日降水量 24小时雨量 24小时降雨量 24小时降水量 过去24小时降水量 过去24小时雨量 pre24h dyp"
    ),
}  # fmt: skip
_BY_ALIAS = {field: [_plain(alias) for alias in aliases.split()] for field, aliases in _ALIASES.items()}
_MISSING = {
    "", "-", "--", "---", "—", "——", "/", "\\", "*", "缺测", "缺", "缺失", "未测", "无数据", "故障", "na", "n/a", "nan",
    "null", "none", "missing", "not measured", "m", "9999", "99999", "999999", "999998", "9999.9",
    "-9999", "-999", "-99", "-999.9", "-9999.9", "-99.9", "32766", "32744",
}  # fmt: skip
_TRACE = {"t", "trace", "tr", "微量", "痕量", "999990", "32700"}
_LESS = re.compile(r"^<0?\.\d+$")
_DEPTH = r"^[+-]?(?:\d+(?:\.\d*)?|\d{1,3}(?:,\d{3})+\.\d+)$"  # no degrees, no two numbers
_TENTHS = re.compile(r"0\.1\s*(?:mm|毫米)")
_INCHES = re.compile(r"英寸|inch|(?:^|[^a-z])in[.)\]】]*$|[\"”″]")
_UNIT_ABOVE = re.compile(r"(?i)(?:单位|units?)\s*[:：]?\s*(0\.1\s*(?:mm|毫米)|mm|毫米|inch|英寸|in\b)")
_MILLIMETRES = re.compile(r"毫米|mm|millimet")
_ENDS = re.compile(r"结束|截止|终止|止$|(?:^|[^a-z])end")
_DAY_OF = re.compile(r"\(?\b0?(\d{1,2})\s*时?\s*[-~—–至到]\s*0?\1\s*时\)?(?:累计)?")  # 20-20时
_PAST = re.compile(r"过去|past|^pre_?(?:1|24)h|^(?:drp|dyp)$")
_BEGINS = re.compile(r"开始|起始|(?:^|[^a-z])(?:begin|start)")


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
    sheet: str = ""

    @property
    def read(self) -> int:
        """How many rows the table holds."""
        return len(self.rows) + len(self.rejected) + self.repeats

    @property
    def missing(self) -> int:
        """How many readings are not known."""
        return int(self.rows["mm"].isna().sum())


def columns_of(headers: Sequence[str]) -> dict[str, str]:
    """Return which header each field of a rain table stands under; {} without a depth or a time.

    A time may stand in one column, in a day and a clock, or in year, month, day and hour.
    """
    bare = {_DAY_OF.sub("", unicodedata.normalize("NFKC", header)): header for header in reversed(headers)}
    taken = _guess(list(bare)[::-1], {field: names for field, names in _BY_ALIAS.items() if field != "code"})
    found = {field: bare[header] for field, header in taken.items()}
    code = next((bare[one] for one in bare if _plain(one) in _BY_ALIAS["code"]), None)
    if code is not None and code != found.get("station"):
        found["code"] = code
    if not {"year", "month", "day"} <= set(found):
        if not found.keys() & {"time", "date"} and "day" in found:
            found["date"] = found["day"]
        found = {field: header for field, header in found.items() if field not in ("year", "month", "day")}
    elif found.keys() & {"time", "date"}:
        found = {field: header for field, header in found.items() if field not in ("year", "month", "day")}
    if "time" not in found and "date" in found:
        found["time"] = found.pop("date")
    timed = "time" in found or {"year", "month", "day"} <= set(found)
    return found if timed and "mm" in found else {}


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
    known_unit, unit_from = _told(unit, _unit_of(columns["mm"]) or _unit_above(table.title), MM)
    title = columns.get("time") or columns.get("hour") or columns["day"]
    day_of = _DAY_OF.search(unicodedata.normalize("NFKC", columns["mm"]))
    # told by their end: 过去1小时, the standard table of hydrologists (DRP beside TM), totals of days to 20:00
    told_stamp = (
        END if _ENDS.search(title.lower()) or _PAST.search(columns["mm"].lower()) or day_of
        else BEGIN if _BEGINS.search(title.lower()) else None
    )  # fmt: skip
    known_stamp, stamp_from = _told(stamp, told_stamp, BEGIN)
    written = rain_times.written(text)
    begin, dated = rain_times.moments(written, text.get("hour"), zone, day_first, title)
    mm, missing, traces = _depths(text["mm"], UNITS[known_unit])
    station, area = _stations(text), _masked(text, "zone")
    if table.kind in ("XLSX", "XLS"):  # in a workbook 00:00 of a day and the day alone are the same
        dated &= ~station.isin(set(station[~dated])).to_numpy(bool)
    told_hours = rain_times.hours_of(columns["mm"])
    hours, usual, step = rain_times.lengths(begin, station, dated, told_hours, _said_hours(text, columns))
    if told_hours is not None and step is not None and told_hours > step * 1.01:
        raise HazardError(
            "rain-rolling",
            "{file}: column {column} holds totals of {hours} hours, and its rows follow each other after {step} hours: "
            "the same rain would be counted several times. Load the depths of single hours, or one row a day.",
            file=name, column=columns["mm"], hours=round(told_hours, 2), step=round(step, 2),
        )  # fmt: skip
    rows = pd.DataFrame(
        {"row": text.index.astype(int), "station": station, "zone": area, "begin": begin, "hours": hours, "mm": mm}
    )
    shift = np.where(dated, 0.0, -hours if known_stamp == END else 0.0)
    if day_of:
        at = int(day_of[1])
        shift = np.where(dated, at - DAY_HOURS if known_stamp == END else at, shift)
    rows["begin"] = begin + pd.to_timedelta(shift, unit="h")
    years = begin.dt.tz_convert(zone).dt.year
    wrong: list[tuple[str, pd.Series, str]] = [
        ("time-unreadable", begin.isna() | ~years.between(FIRST_YEAR, LAST_YEAR), "time"),
        ("rain-unreadable", mm.isna() & ~missing, "mm"),
        ("rain-negative", mm < 0, "mm"),
        ("rain-impossible", mm > np.where(hours <= 1, MOST_HOUR_MM, MOST_DAY_MM), "mm"),
    ]
    clocked = set(station[~dated])
    wrong.append(("rain-day-total", station.isin(clocked) & dated, "time"))
    good = pd.Series(True, text.index)
    for code, which, field in wrong:
        for row in text.index[which.to_numpy(bool) & good.to_numpy()]:
            value = _value(text, row, with_depth=field == "mm")
            rejected.append((int(row), value, _reason(code, value, columns.get(field, title))))
        good &= ~which
    kept, twice, repeats = _once_each(rows[good.to_numpy()])
    for row in twice:
        value = _value(text, row, with_depth=True)
        rejected.append((row, value, _reason("rain-twice", value, title)))
    over = rain_times.overlapping(kept)
    for row in kept.loc[over, "row"]:
        value = _value(text, row, with_depth=True)
        rejected.append((int(row), value, _reason("rain-overlaps", value, title)))
    kept = kept[~over]
    notes = _notes(table, columns, title, unit_from, stamp_from, dated, traces, kept)
    if day_of:
        notes.append(
            Sentence(_DAYS_TO if known_stamp == END else _DAYS_FROM, {"column": columns["mm"], "at": int(day_of[1])})
        )
    frame = pd.DataFrame(rejected, columns=["row", "value", "sentence"]).sort_values(
        "row", kind="stable", ignore_index=True
    )
    return RainFile(
        kept.reset_index(drop=True), frame, repeats, columns, known_unit, unit_from, known_stamp, stamp_from, usual,
        traces, tuple(notes), table.sheets, table.sheet or "",
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
    "rain-overlaps": N_(
        "“{value}” begins within the reading before it: the same rain would be counted twice; correct the times"
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
_SHEET = N_("Read was the sheet {sheet}, not {others}: load each sheet by its own, with the sheet chosen.")
_OTHER = N_("Depths were taken from column {column}; column {other} was not read.")
_DAYS_TO = N_(
    "Column {column}: the depth of a day is taken as that of the 24 hours that end at {at}:00 of this day (on the "
    "command line: --stamp begin for those that begin then)."
)
_DAYS_FROM = N_("Column {column}: the depth of a day is taken as that of the 24 hours from {at}:00 of this day.")
_TRACES = N_("Readings too small to be measured (T, 微量), counted as 0 mm: {n}.")
_UNKNOWN = N_(
    "Readings that are not known (缺测, 9999, empty): {n}. They are no dry hours: nothing is concluded from them."
)


def _reason(code: str, value: str, column: str) -> Sentence:
    return Sentence(_WHY.get(code) or REASONS[code], {"value": value, "column": column})


def _value(text: pd.DataFrame, row: Any, *, with_depth: bool) -> str:
    """Return what stands in a row: its time, and its depth where that is asked for."""
    names = [
        name
        for name in ("date", "year", "month", "day", "time", "hour", "mm")
        if name in text and (with_depth or name != "mm")
    ]
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


def _unit_above(title: str) -> str | None:
    """Return the unit that the text above a header names (单位：毫米), None if none."""
    named = _UNIT_ABOVE.search(unicodedata.normalize("NFKC", title))
    return _unit_of(named[1]) if named else None


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


def _masked(text: pd.DataFrame, field: str) -> pd.Series:
    return mask_text(text[field]).astype(object) if field in text else pd.Series("", text.index, dtype=object)


def _stations(text: pd.DataFrame) -> pd.Series:
    """Return the name of each row's station, with its code where two stations have one name."""
    name = _masked(text, "station")
    if "code" not in text:
        return name
    code = _masked(text, "code")
    often = code.groupby(name).transform("nunique") > 1
    return name.mask(name == "", code).mask(often & (name != ""), name + " " + code).astype(object)


def _said_hours(text: pd.DataFrame, columns: Mapping[str, str]) -> pd.Series | None:
    """Return of how many hours each row says that it is, None where the table has no such column."""
    if "length" not in text:
        return None
    number = pd.to_numeric(text["length"], errors="coerce")
    if _plain(columns["length"]) != "intv":
        return number
    whole = np.floor(number)  # the hydrologists' HH.MM: 1.30 is an hour and a half
    return whole + (number - whole) * 100 / 60


def _depths(text: pd.Series, unit: float) -> tuple[pd.Series, pd.Series, int]:
    """Return depths in mm (NaN where not known or unreadable), which are missing, and how many are a trace."""
    codes, unique = pd.factorize(text)  # most depths come again
    plain = pd.Series(unique, dtype=object).map(lambda cell: unicodedata.normalize("NFKC", cell).strip().lower())
    bare = plain.str.replace(r"\s*(?:mm|毫米|inch(?:es)?|英寸|in)$", "", regex=True)
    bare = bare.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    bare = bare.str.replace(r"^([+-]?)\.(?=\d)", r"\g<1>0.", regex=True)
    missing, trace = bare.isin(_MISSING), bare.isin(_TRACE) | bare.str.replace(" ", "").str.match(_LESS)
    bare = bare.where(bare.str.match(_DEPTH), "")
    values = pd.Series(read_numbers(bare.mask(missing | trace, ""))) * unit
    values = values.mask(missing).mask(trace, 0.0).round(4)
    each = [pd.Series(one.to_numpy()[codes], text.index) for one in (values, missing, trace)]
    return each[0], each[1], int(each[2].sum())


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
    table: Table, columns: Mapping[str, str], title: str, unit_from: str, stamp_from: str, dated: NDArray[np.bool_],
    traces: int, kept: pd.DataFrame,
) -> list[Sentence]:  # fmt: skip
    notes = []
    if len(table.sheets) > 1:
        others = ", ".join(one for one in table.sheets if one != table.sheet)[:200]
        notes.append(Sentence(_SHEET, {"sheet": table.sheet, "others": others}))
    for other in table.headers:
        if other not in columns.values() and _plain(_DAY_OF.sub("", other)) in _BY_ALIAS["mm"]:
            notes.append(Sentence(_OTHER, {"column": columns["mm"], "other": other}))
    if unit_from == "usual":
        notes.append(Sentence(_UNIT, {"column": columns["mm"]}))
    if stamp_from == "usual" and not dated.all():
        notes.append(Sentence(_STAMP, {"column": title}))
    if traces:
        notes.append(Sentence(_TRACES, {"n": traces}))
    if missing := int(kept["mm"].isna().sum()):
        notes.append(Sentence(_UNKNOWN, {"n": missing}))
    return notes
