"""The text of a limit, as offices write it -> its value and its clock; and whose limit it is, by name."""

import re
import unicodedata

from base.text import Words
from data.schema import ENGINEERING, HAZARD_NAMES, Clock

# Domain facts, section 4: this city's 天 is a working day and its 小时 a working hour; `reads_bare` tells of them
_CLOCKS = {
    "紧急工作时": Clock.URGENT_HOUR,
    "工作时": Clock.WORK_HOUR,
    "小时": Clock.WORK_HOUR,
    "工作日": Clock.WORK_DAY,
    "天": Clock.WORK_DAY,
    "日": Clock.WORK_DAY,
    "紧急工作日": Clock.NATURAL_DAY,
    "自然日": Clock.NATURAL_DAY,
}
_ENGLISH = {  # bare hours and days are none of them: nobody could tell whether nights and weekends count
    "urgent hour": Clock.URGENT_HOUR,
    "work hour": Clock.WORK_HOUR,
    "working hour": Clock.WORK_HOUR,
    "work day": Clock.WORK_DAY,
    "working day": Clock.WORK_DAY,
    "business day": Clock.WORK_DAY,
    "urgent work day": Clock.NATURAL_DAY,
    "natural day": Clock.NATURAL_DAY,
    "calendar day": Clock.NATURAL_DAY,
}
_DIGITS = dict(zip("一二两三四五六七八九", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_ONE = f"[{''.join(_DIGITS)}]"
_NUMBER = r"([0-9]+(?:\.[0-9]+)?"
_LIMIT = re.compile(rf"{_NUMBER}|{_ONE}?十{_ONE}?|{_ONE})个?({'|'.join(_CLOCKS)})(?:以?内)?")
_ENGLISH_LIMIT = re.compile(rf"(?:within )?{_NUMBER}) ?({'|'.join(_ENGLISH)})s?")
_MOST = 1e9  # of any unit: far past every calendar
_ZH, _EN = Words("zh"), Words("en")
_ALSO = {"道路积水": "waterlogging"}
_YES = {"是", "1", "y", "yes", "true", "工程", "工程类", ENGINEERING}


def read_limit(text: str) -> tuple[float, str] | None:
    """Return value and clock of a limit such as 2紧急工作时 or 5 work days, None if it says anything else too.

    The value is above 0 and finite, the clock one of `data.schema.Clock`.
    """
    plain = unicodedata.normalize("NFKC", text)
    if found := _LIMIT.fullmatch("".join(plain.split())):
        number, clock = found[1], _CLOCKS[found[2]]
    elif found := _ENGLISH_LIMIT.fullmatch(" ".join(plain.lower().replace("workday", "work day").split())):
        number, clock = found[1], _ENGLISH[found[2]]
    else:
        return None
    value = _value(number)
    return (value, clock.value) if 0 < value <= _MOST else None


def reads_bare(text: str) -> bool:
    """Return whether a limit that is read names bare hours or days (24小时, 15天), which are taken for work time."""
    found = _LIMIT.fullmatch("".join(unicodedata.normalize("NFKC", text).split()))
    return found is not None and found[2] in ("小时", "天", "日")


def _value(number: str) -> float:
    if number[0].isascii():
        return float(number)
    if "十" not in number:
        return _DIGITS[number]
    tens, _, ones = number.partition("十")
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)


def read_hazard(text: str) -> str | None:
    """Return the code of a hazard by its code or its name in either language, '' for an empty text, None if unknown."""
    plain = "".join(unicodedata.normalize("NFKC", text).lower().split())
    return {"": "", **_hazards()}.get(plain)


def _hazards() -> dict[str, str]:
    named = {"".join(name.lower().split()): code for code, title in HAZARD_NAMES.items()
             for name in (code, _EN(title), _ZH(title))}  # fmt: skip
    return named | _ALSO


def read_handling(text: str) -> str:
    """Return whether a row of the table is about engineering works: ENGINEERING, or '' for anything but a yes."""
    return ENGINEERING if "".join(unicodedata.normalize("NFKC", text).lower().split()) in _YES else ""
