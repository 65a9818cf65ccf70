"""Which of several columns is it? The values decide where the headers do not: a few hundred rows are looked at."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from base.errors import HazardError
from data.numbers import read_numbers
from data.schema import FIELDS
from data.times import read_times

_ROWS = 300
KINDS = {"部件": "component", "事件": "event", "部件类": "component", "事件类": "event", "部件案件": "component",
         "事件案件": "event", "部件问题": "component", "事件问题": "event", "component": "component",
         "event": "event"}  # fmt: skip
_TIME = re.compile(
    r"^\D{0,3}\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]|^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|^[2-7]\d{4}(?:\.\d+)?$"
    r"|^(?:19|20)\d{6}(?:\d{4}|\d{6})?$|^\d{10}(?:\d{3})?$|^民[國国]"
)
_YEAR = re.compile(r"^(?:19|20)\d{2}(?:\.0)?(?:年度?)?$")
_CODE = re.compile(r"^[\w.\-]{1,20}$", re.ASCII)
_TIME_WORD = re.compile("时间|時間|日期|time|date|opened|_dt$", re.IGNORECASE)
# A time with one of these words is not when a case was reported.
_LATER = re.compile(
    "更新|修改|截止|期限|结案|办结|完成|处置|派|核|回访|作废|归档|updat|modif|clos|due|resol|target|last|end",
    re.IGNORECASE,
)
_HELD = {"kind", "code", "main_code", "main_type"}  # never taken by the header alone if the values say no
# The words for the check after the work. 核实 and 核查 swap meaning between systems: their place in time decides.
CHECKS = ("核查时间", "核查完成时间", "核查日期", "复核时间", "checktime", "checkedat", "inspectedat")
CHECKS_OR_BEFORE = ("核实时间", "核实完成时间", "核实日期", "verifytime", "verifiedat")


def few(frame: pd.DataFrame) -> pd.DataFrame:
    """Return some rows of a file, spread over it, trimmed."""
    if not len(frame):
        return frame
    rows = np.unique(np.linspace(0, len(frame) - 1, min(len(frame), _ROWS)).astype(int))
    return frame.iloc[rows].apply(lambda column: column.astype(object).fillna("").astype(str).str.strip())


def by_values(
    columns: Mapping[str, str], aliases: Mapping[str, Sequence[str]], cells: Mapping[str, pd.Series]
) -> dict[str, str]:
    """Return field -> header: the first alias whose values suit the field, else the first alias at all.

    Parameters
    ----------
    columns : mapping
        Plain form of a header -> header.
    aliases : mapping
        field -> plain aliases, best first.
    cells : mapping
        header -> some of its values, trimmed.
    """
    filled = {header: values[values != ""] for header, values in cells.items()}
    found: dict[str, str] = {}

    def free(name: str) -> list[str]:
        known = [columns[alias] for alias in aliases[name] if alias in columns]
        return [header for header in dict.fromkeys(known) if header not in found.values()]

    for name in aliases:
        headers = free(name)
        if name == "kind":
            headers += [header for header in cells if header not in headers and header not in found.values()]
        for header in headers:
            if len(filled[header]) and _suits(name, filled[header]):
                found[name] = header
                break
    for name in aliases:
        if name not in found:
            usable = [header for header in free(name) if name not in _HELD or not len(filled[header])]
            if usable:
                found[name] = usable[0]
    left = {header: values for header, values in filled.items() if header not in found.values()}
    if "reported_at" not in found:
        times = [
            header
            for header, values in left.items()
            if len(values) and _TIME_WORD.search(header) and not _LATER.search(header)
            and _share(values, _TIME) >= 0.9 and header not in _checks(columns)
        ]  # fmt: skip
        found |= {"reported_at": times[0]} if times else {}
    if not {"lon", "lat"} & set(found):
        found |= _degrees(left)
    return found


def _suits(name: str, values: pd.Series) -> bool:
    """Return whether values (none empty) may be those of a field."""
    kind = next(field.kind for field in FIELDS if field.name == name)
    if kind == "time":
        share = _share(values, _TIME) + (_share(values, _YEAR) if name == "reported_at" else 0)
        return share >= 0.5
    if kind in ("lon", "lat"):
        return bool(np.isfinite(read_numbers(values)).mean() >= 0.5)
    if name == "kind":
        return bool(values.str.lower().isin(list(KINDS)).all()) and len(values) > 1
    if name in ("type_name", "main_type"):
        return bool(values.str.isdecimal().mean() < 0.9)
    if name == "code":
        return _share(values, _CODE) >= 0.9
    if name == "main_code":
        return bool((values.str.isdecimal() & (values.str.len() <= 2)).mean() >= 0.9)
    return True


def _share(values: pd.Series, pattern: re.Pattern[str]) -> float:
    return sum(bool(pattern.search(value)) for value in values) / len(values)


def _degrees(left: Mapping[str, pd.Series]) -> dict[str, str]:
    """Return the two columns of which one holds eastern and one northern degrees of China, if there are just two."""
    east, north = [], []
    for header, values in left.items():
        if not len(values) or not values.str.contains(r"\.\d{3}|[°度]").mean() >= 0.9:
            continue
        numbers = read_numbers(values)
        if np.isfinite(numbers).all():
            east += [header] if ((numbers > 73) & (numbers < 136)).all() else []
            north += [header] if ((numbers > 3) & (numbers < 54)).all() else []
    return {"lon": east[0], "lat": north[0]} if len(east) == len(north) == 1 else {}


def _checks(columns: Mapping[str, str]) -> list[str]:
    return [columns[alias] for alias in (*CHECKS, *CHECKS_OR_BEFORE) if alias in columns]


def checked_at(columns: Mapping[str, str], cells: Mapping[str, pd.Series], found: Mapping[str, str]) -> str | None:
    """Return the header of the check after the work: not by its word alone where the times are known to say more.

    A column is it if at least half of its times lie at or after those of the stage before (handled, else dispatched,
    else filed). Without times to compare, 核查 is taken for it and 核实 is not.
    """
    candidates = [header for header in _checks(columns) if header not in found.values()]
    before = next((found[name] for name in ("handled_at", "dispatched_at", "filed_at") if name in found), None)
    sure = [columns[alias] for alias in CHECKS if alias in columns]
    for header in candidates:
        later = _later(cells.get(header), cells.get(before or ""))
        if later if later is not None else header in sure:
            return header
    return None


def _later(times: pd.Series | None, before: pd.Series | None) -> bool | None:
    if times is None or before is None:
        return None
    try:
        read = read_times({"a": before, "b": times}, zone="UTC")
    except HazardError:  # day or month first is not asked here
        return None
    both = read["a"].notna() & read["b"].notna()
    return bool((read["b"] >= read["a"])[both].mean() >= 0.5) if both.any() else None
