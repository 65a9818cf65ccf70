"""Words, numbers and dates in the reader's language. English sentences stand in the code, Chinese ones in locales/."""

import datetime as dt
import gettext
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from babel import dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from base.errors import HazardError

LOCALES = Path(__file__).resolve().parent.parent / "locales"
LANGUAGES = {"zh": "中文", "en": "English"}
_BABEL = {"zh": "zh_Hans_CN", "en": "en"}


def N_(message: str) -> str:
    """Mark a sentence for translation where it is only stored, and return it unchanged."""
    return message


def NP_(one: str, many: str) -> tuple[str, str]:
    """Mark a sentence for one and for many, by its field ``{n}``, where it is only stored."""
    return one, many


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    source = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()  # compiled in memory: no second file that may grow old
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=_BABEL[language]))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=4096)  # a screen says some hundred numbers, mostly small counts, again and again
def _number(value: float, digits: int, sign: str, locale: str) -> str:
    pattern = "#,##0" + ("." + "#" * digits if digits else "") + sign
    return str(numbers.format_decimal(value, format=pattern, locale=locale))


class Term(str):
    """A field that is itself a message (marked with N_): translated when its sentence is said."""

    __slots__ = ()


class Listed(tuple[Any, ...]):
    """A field of several texts or sentences: side by side, with the comma of the language in which it is said."""

    __slots__ = ()

    def __str__(self) -> str:
        return ", ".join(map(str, self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@dataclass(frozen=True)
class Sentence:
    """A finding that is not yet in any language: a message (marked with N_) and the values of its fields.

    Stored and cached once, said by a page in its reader's words; it may be a field of another sentence. A message for
    one and for many (marked with NP_) goes by its field n, a whole number.
    """

    template: str | tuple[str, str]
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if isinstance(self.template, str):
            return self.template.format(**self.fields)
        return self.template[self.fields["n"] != 1].format(**self.fields)

    def say(self, words: "Words", **more: Any) -> str:
        """Return the sentence in the language of `words`; `more` adds or replaces fields, such as a cell's name."""
        fields = {**self.fields, **more}
        return (
            words(self.template, **fields) if isinstance(self.template, str) else words.plural(*self.template, **fields)
        )


class Words:
    """Says a sentence with named fields in one language. Builders receive it as the argument `words`.

    Whole numbers, floats, dates and times given as fields are written in the language's own way; text fields stand as
    they are (they may come from a file: escape them at the sink, not here).

    Parameters
    ----------
    language : {"zh", "en"}
    """

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise HazardError("language-unknown", "There is no language named {language}.", language=language)
        self.language = language
        self._locale = _BABEL[language]
        self._catalog = _catalog(language)

    def __call__(self, message: str, /, **fields: Any) -> str:
        translated = self._catalog.gettext(message) if message else ""
        return translated.format(**{name: self.value(value) for name, value in fields.items()})

    def plural(self, one: str, many: str, /, n: int, **fields: Any) -> str:
        """Return the sentence for one or for many, by `n`, which is also the field ``{n}``."""
        translated = self._catalog.ngettext(one, many, int(n))
        return translated.format(n=self.number(n), **{name: self.value(value) for name, value in fields.items()})

    def error(self, error: HazardError) -> str:
        """Return an error's sentence in this language."""
        return self(error.template, **error.facts)

    def value(self, value: Any) -> str:
        """Return a field's text: numbers and dates formatted, everything else by str()."""
        if isinstance(value, bool) or value is None:
            return str(value)
        if isinstance(value, Sentence):
            return value.say(self)
        if isinstance(value, Term):
            return self(value)
        if isinstance(value, Listed):
            return self.listed(self.value(item) for item in value)
        if isinstance(value, (dt.datetime, pd.Timestamp)):
            return self.time(value)
        if isinstance(value, dt.date):
            return self.date(value)
        if hasattr(value, "item"):  # numpy scalars
            value = value.item()
        if isinstance(value, int):
            return self.number(value)
        if isinstance(value, float):
            return self.number(value, 2)
        return str(value)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with thousands marks and at most `digits` decimals."""
        return _number(round(float(value), digits) + 0.0, digits, "", self._locale)  # -0.0 is 0

    def listed(self, items: Iterable[str]) -> str:
        """Return items side by side, with the language's own comma."""
        return ("、" if self.language == "zh" else ", ").join(items)

    def joined(self, sentences: Iterable[str]) -> str:
        """Return sentences one after the other: Chinese ones need no space between them."""
        return ("" if self.language == "zh" else " ").join(sentences)

    def percent(self, share: float, digits: int = 0) -> str:
        """Return a share (0..1) as a percentage; 100% and 0% only where it is all or none."""
        return _number(told_share(share, digits) + 0.0, digits, "%", self._locale)

    def chance(self, p: float) -> str:
        """Return a p-value: four decimals, or that it is smaller."""
        return "<0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.1 else f"{p:.2f}"

    def date(self, value: dt.date) -> str:
        """Return a day: 2025年3月5日 or 5 Mar 2025."""
        return str(dates.format_date(value, "y年M月d日" if self.language == "zh" else "d MMM y", locale=self._locale))

    def month(self, value: str | dt.date) -> str:
        """Return a month (a date in it, or 'YYYY-MM'): 2025年3月 or Mar 2025."""
        day = dt.date.fromisoformat(f"{value}-01") if isinstance(value, str) else value
        return str(dates.format_date(day, "y年M月" if self.language == "zh" else "MMM y", locale=self._locale))

    def time(self, value: dt.datetime) -> str:
        """Return a day and a time to the minute, in the zone that the value carries."""
        pattern = "y年M月d日 HH:mm" if self.language == "zh" else "d MMM y, HH:mm"
        return str(dates.format_datetime(value.replace(tzinfo=None), pattern, locale=self._locale))

    def period(self, start: dt.date, end: dt.date) -> str:
        """Return a half-open period [start, end) as its first and last day, or as months where it is whole months."""
        last = end - dt.timedelta(days=1)
        if start.day == 1 and end.day == 1:
            first, final = self.month(start), self.month(last)
        else:
            first, final = self.date(start), self.date(last)
        return first if first == final else f"{first} – {final}"

    def duration(self, hours: float, work_day: float | None = None) -> str:
        """Return a length of time in the unit a person would use: see `duration`."""
        return duration(hours, work_day).say(self)


def told_share(share: float, digits: int = 0) -> float:
    """Return a share rounded to so many digits of a percentage, but to 0 or 1 only where it is none or all."""
    step = 10.0 ** -(digits + 2)
    rounded = round(float(share), digits + 2)
    return min(max(rounded, step), 1 - step) if 0 < share < 1 else rounded


_LONG = 3  # days from which a length of time is told in days
_MINUTE = 1 / 60


def duration(hours: float, work_day: float | None = None, *, brief: bool = False) -> Sentence:
    """Return a length of time in the unit a person would use: minutes, hours or days; NaN is "not reached".

    Parameters
    ----------
    work_day : float, optional
        The hours of a work day, where the time is work time; else the clock never stops and a day has 24.
    brief : bool
        The shortest words, for a cell of the map: whoever uses them shows the whole words beside.
    """
    if math.isnan(hours):
        return Sentence(N_("not reached"))
    size, unit = time_unit(hours, work_day)
    n = float(hours) / size  # numpy rounds 2.55 to 2.6, Python to 2.5: one figure has one text
    digits = 0 if size == _MINUTE or (n >= 10 and size == 24) else 1
    return Sentence(_BRIEF.get(unit, unit) if brief else unit, {"n": round(n, digits) if digits else round(n)})


def time_unit(hours: float, work_day: float | None = None) -> tuple[float, str]:
    """Return the unit in which a length of time is told: its hours, and the message that says ``{n}`` of it."""
    day = work_day or 24.0
    if hours < 1:
        return _MINUTE, N_("{n} min work") if work_day else N_("{n} min")
    if not hours >= _LONG * day:
        return 1.0, N_("{n} work h") if work_day else N_("{n} h")
    return day, N_("{n} workdays") if work_day else N_("{n} days")


_BRIEF = {"{n} min work": N_("{n} wmin"), "{n} work h": N_("{n} wh"), "{n} workdays": N_("{n} wd")}


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:&@/])")
# Where Streamlit makes a link, a logo or an arrow out of plain signs, whatever stands before them: addresses, mail
# addresses, :streamlit:, ->, --, >=. An invisible word joiner between the signs keeps them as typed.
_MADE = re.compile(r"(?<=:)(?=[/A-Za-z])|(?<=@)|(?<=[wW])(?=\.)|(?<=-)(?=[->])|(?<=[<>~])(?=[-=])")


def markdown_plain(text: str) -> str:
    """Return text that Streamlit's Markdown shows as typed: no emphasis, link, image, colour, formula, icon or HTML."""
    return _MARKDOWN.sub(r"\\\1", _MADE.sub("\u2060", " ".join(str(text).split())))
