"""How long cases were on hold (挂账), and by how much they were postponed (延期): from the texts of a file's columns.

The unit stands in the title (total_paused_seconds, 挂账时长(小时)) or in the text (1天2小时). A count (挂账次数) says
nothing about time, and a number without a unit is not guessed at: it would be wrong by the factor of a unit, unseen.
"""

import re
import unicodedata
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.text import N_, Sentence
from data.privacy import mask

HOLDS, EXTENSIONS = "paused", "postponed"  # the columns
_UNITS = {  # what a text may say, longest first: hours, days, and whether it is work time
    "紧急工作日": (0, 1, False), "自然日": (0, 1, False), "工作日": (0, 1, True), "天": (0, 1, False),
    "紧急工作时": (1, 0, False), "工作小时": (1, 0, True), "工作时": (1, 0, True), "小时": (1, 0, False),
    "钟头": (1, 0, False),
    "分钟": (1 / 60, 0, False), "分": (1 / 60, 0, False), "秒钟": (1 / 3600, 0, False), "秒": (1 / 3600, 0, False),
    "working days": (0, 1, True), "working day": (0, 1, True), "work days": (0, 1, True), "work day": (0, 1, True),
    "days": (0, 1, False), "day": (0, 1, False), "d": (0, 1, False), "hours": (1, 0, False), "hour": (1, 0, False),
    "hrs": (1, 0, False), "hr": (1, 0, False), "h": (1, 0, False), "minutes": (1 / 60, 0, False),
    "minute": (1 / 60, 0, False), "mins": (1 / 60, 0, False), "min": (1 / 60, 0, False),
    "seconds": (1 / 3600, 0, False), "second": (1 / 3600, 0, False), "secs": (1 / 3600, 0, False),
    "sec": (1 / 3600, 0, False), "s": (1 / 3600, 0, False),
}  # fmt: skip
_UNITS = {unit.replace(" ", ""): factors for unit, factors in _UNITS.items()}
_NUMERALS = {**dict(zip("一二三四五六七八九十", range(1, 11), strict=True)), "两": 2, "半": 0.5}
_NUMBER = r"\d{1,12}(?:\.\d+)?|[" + "".join(_NUMERALS) + "]"
_PART = re.compile(rf"({_NUMBER})个?({'|'.join(_UNITS)})(?![a-z])")
_TITLE = (  # what a title says of the numbers under it
    ("秒", r"秒|second|(?<![a-z])secs?(?![a-z])"),
    ("分钟", r"分钟|minute|(?<![a-z])mins?(?![a-z])"),
    ("小时", r"小时|工作时(?!间)|hour|(?<![a-z])hrs?(?![a-z])"),
    ("天", r"天|自然日|工作日|\(日\)|days?(?![a-z])"),
)
_WORKS = re.compile(  # work time, whichever the unit
    r"(?<!紧急)工作(?!人员|单位|小组|站)|(?:work|business|office)(?:ing)?_?(?:hour|hrs?|min|sec|days?|time)"
)
_COUNT = re.compile(r"次|是否|(?<![a-z])(?:num|number|count|times|flag|is)(?![a-z])")
_FLAGS = {"", "-", "--", "/", "是", "否", "有", "无", "y", "n", "yes", "no", "t", "f", "true", "false", "null", "none"}
_MOST_HOURS = 100 * 366 * 24  # longer than a century is no hold


class Spans(NamedTuple):
    """What texts say, shape (n,) each: hours and days, NaN where nothing; and which were not understood."""

    hours: NDArray[np.float64]
    days: NDArray[np.float64]
    unread: NDArray[np.bool_]


def read_spans(texts: pd.Series, title: str, *, natural: bool) -> Spans:
    """Return how long a time each text names.

    Parameters
    ----------
    texts : Series of str
        '' where there is nothing.
    title : str
        Of the column, as the file has it.
    natural : bool
        Whether only natural time will do: a total of work hours on hold does not tell when the hold was.
    """
    codes, different = pd.factorize(texts.to_numpy(dtype=object))
    unit, counted, untold = _unit_of(title), bool(_COUNT.search(_plain(title))), natural and _of_work(title)
    read = [_read(str(text), unit, counted=counted, natural=natural, untold=untold) for text in different]
    found = np.array(read, dtype=float).reshape(-1, 3)[codes]
    return Spans(found[:, 0], found[:, 1], found[:, 2] > 0)


def notes(accepted: pd.DataFrame, spans: dict[str, Spans], titles: dict[str, str]) -> list[Sentence]:
    """Return what is to be said of holds and extensions that were not understood, and of holds that end too early."""
    found = []
    for name, read in spans.items():
        if read.unread.any():
            message = N_(
                "Column {column}: {n} values such as {value} do not say how long a time is meant, and were not used. "
                "Write the unit with the number (2小时, 90分钟, 3天), or in the title: 挂账时长(小时), 延期天数."
            )
            example = mask(str(accepted[name].iloc[int(read.unread.argmax())]))
            facts = {"column": titles.get(name, name), "n": int(read.unread.sum()), "value": example}
            found.append(Sentence(message, facts))
    begins, ends = accepted["paused_at"], accepted["resumed_at"]
    early = int((ends.notna() & ~(ends >= begins)).sum())
    if early:
        message = N_(
            "{n} cases were taken off hold before they were put on hold, or nobody says when they were: such a hold "
            "counts as none. Correct the times."
        )
        found.append(Sentence(message, {"n": early}))
    return found


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


def _of_work(title: str) -> bool:
    return bool(_WORKS.search(_plain(title)))


def _unit_of(title: str) -> str:
    """Return the unit that a title names; '' where it names none, or several."""
    found = [unit for unit, pattern in _TITLE if re.search(pattern, _plain(title))]
    return found[0] if len(found) == 1 else ""


def _read(text: str, unit: str, *, counted: bool, natural: bool, untold: bool) -> tuple[float, float, bool]:
    """Return hours and days, and whether something stands there that was not understood; `untold`: whatever it is."""
    nothing, short = (np.nan, np.nan, False), _plain(text)
    if short in _FLAGS:
        return nothing
    if re.fullmatch(_NUMBER, short):
        if float(_NUMERALS.get(short, short)) == 0 or (counted and not unit):
            return nothing
        short += unit
    parts = _PART.findall(short)
    if not parts or "".join(found.group() for found in _PART.finditer(short)) != short:
        return (np.nan, np.nan, not counted)
    hours = days = 0.0
    for number, name in parts:
        an_hour, a_day, works = _UNITS[name]
        if untold or (works and natural):
            return (np.nan, np.nan, True)
        hours += float(_NUMERALS.get(number, number)) * an_hour
        days += float(_NUMERALS.get(number, number)) * a_day
    if hours + 24 * days > _MOST_HOURS:
        return (np.nan, np.nan, True)
    return hours or np.nan, days or np.nan, False
