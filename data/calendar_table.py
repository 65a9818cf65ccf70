"""The office's own table of workdays: days that are workdays or days off, over what the packages know of a year."""

import calendar
import unicodedata
from collections.abc import Sequence
from typing import Any

import pandas as pd

from base.errors import HazardError
from base.settings import DEFAULTS
from base.text import N_, Sentence
from data import apart
from data.calendar import office_days
from data.cell_columns import read_day_column
from data.deadline_table import WORKDAYS, renewed
from data.privacy import mask, mask_text
from data.schema import REASONS
from data.store import Workspace
from data.table import Table
from data.times import FIRST_YEAR, LAST_YEAR, read_years

_TITLES = {  # best first
    "day": "日期 公历日期 年月日 date day",
    "workday": (
        "是否工作日 工作日 是否上班 上班 是否为工作日 日期类型 类型 isworkday workday workingday isworkingday work type"
    ),
    "note": "备注 说明 节日 节假日名称 名称 note notes remark comment holiday name",
}
# 调休 alone says neither that people work on the day nor that they rest
_WORK = {"是", "1", "y", "yes", "true", "t", "班", "上班", "工作", "工作日", "补班", "调休上班", "work", "workday"}
_OFF = {
    "否", "0", "n", "no", "false", "f", "休", "放假", "休息", "休息日", "节假日", "法定节假日", "假日", "假期", "周末",
    "调休放假", "off", "dayoff", "holiday", "weekend",
}  # fmt: skip


def read_workdays(
    content: bytes,
    name: str,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    settings: dict[str, Any] | None = None,
) -> pd.DataFrame:
    """Return the days of a table, each with whether it is a workday.

    The table has a column of days (日期, date), one that says whether they are workdays (是否工作日, workday: 是 or 否,
    yes or no, 1 or 0, 上班 or 放假 ...) and perhaps a note (备注, note). A row of a year alone (2027, 2027年), with
    nothing in the second column, says that the table names all exceptions of that year: its other days are known too,
    as the package has them, else by the week.

    Parameters
    ----------
    content : bytes
        CSV or XLSX, as `data.readers.read_table` takes it.
    encoding, sheet, settings
        As `data.apart.read_table` takes them.

    Returns
    -------
    DataFrame
        `data.tables.WORKDAY_COLUMNS`, by day, each day once: row as Excel counts; day as ISO text, or a year alone;
        workday (bool; None of a year alone); note, in which numbers of persons are masked.

    Raises
    ------
    HazardError
        Those of `data.apart.read_table`; ``not-workdays`` without the two columns or without any row; all others name
        the first row, its text and how many rows are like it: ``workdays-day`` (no day, or none of 1990 to 2100),
        ``workdays-word`` (neither yes nor no), ``workdays-year`` (a year alone with more than a note),
        ``workdays-twice`` (a day that is both), ``workdays-row`` (one that the reader gave back).
    """
    table = apart.read_table(content, name, settings=settings or DEFAULTS, encoding=encoding, sheet=sheet)
    fields = columns_of(table.headers)
    if not fields:
        raise _not_workdays(table)
    columns = {table.frame.columns[place]: field for field, place in fields.items()}
    text = table.frame.rename(columns=columns)[list(columns.values())].apply(lambda column: column.str.strip())
    text = text[(text[["day", "workday"]] != "").any(axis=1)]
    unread = table.bad[~table.bad["reason"].isin(["header-again", "note-row"])]
    if not len(text) and not len(unread):
        raise _not_workdays(table)
    years = read_years(text["day"]).astype(object)
    days, no_day = read_day_column(text["day"].where(years == "", ""))
    days = days.where(years == "", years)
    said = text["workday"].map(_plain)
    works, rests = said.isin(_WORK), said.isin(_OFF)
    inside = days.str[:4].between(str(FIRST_YEAR), str(LAST_YEAR))
    if len(unread):
        raise HazardError(
            "workdays-row",
            "{file}: row {row} cannot be read ({n} in all): {reason}.",
            file=table.name, row=int(unread["row"].iloc[0]), n=len(unread),
            reason=Sentence(REASONS[unread["reason"].iloc[0]]),
        )  # fmt: skip
    if (wrong := no_day | ~inside).any():
        raise HazardError(
            "workdays-day",
            "{file}: row {row} has “{value}” as its day, which is none of 1990 to 2100 (rows like it: {n}). Write days "
            "like 2027-02-06; a year alone (2027) says that the table names all exceptions of that year.",
            file=table.name, **_first(wrong, text["day"]),
        )  # fmt: skip
    if (wrong := (years != "") & (said != "")).any():
        raise HazardError(
            "workdays-year",
            "{file}: row {row} names the year {value} alone and says whether it is a workday (rows like it: {n}). "
            "Leave that cell empty: the row then says that the table names all exceptions of the year.",
            file=table.name, **_first(wrong, text["day"]),
        )  # fmt: skip
    if (wrong := (years == "") & ~works & ~rests).any():
        raise HazardError(
            "workdays-word",
            "{file}: row {row} has “{value}” where it should say whether people work on that day (rows like it: {n}). "
            "Write 是 or 否, yes or no, 1 or 0.",
            file=table.name, **_first(wrong, text["workday"]),
        )  # fmt: skip
    if (wrong := days.isin(days[works]) & days.isin(days[rests])).any():
        raise HazardError(
            "workdays-twice",
            "{file}: the day in row {row}, {value}, is a workday in one row and a day off in another (rows like it: "
            "{n}). Keep the right one.",
            file=table.name, **_first(wrong, text["day"]),
        )  # fmt: skip
    frame = pd.DataFrame(
        {
            "row": text.index.astype(int),
            "day": days,
            "workday": works.astype(object).where(years == "", None),
            "note": mask_text(text["note"]).astype(object) if "note" in text else "",
        }
    )
    return frame.drop_duplicates("day").sort_values("day", ignore_index=True)


def _first(wrong: pd.Series, column: pd.Series) -> dict[str, Any]:
    """Return the first row that is wrong, what stands there, and how many are."""
    row: Any = wrong.idxmax()
    return {"row": int(row), "value": mask(column[row]), "n": int(wrong.sum())}


def _plain(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).lower() if sign.isalnum())


def columns_of(headers: Sequence[str]) -> dict[str, int]:
    """Return which column serves which field of a table of workdays; {} where it is none."""
    plain = [_plain(header) for header in headers]
    found = {
        field: plain.index(title)
        for field, titles in _TITLES.items()
        if (title := next((title for title in titles.split() if title in plain), ""))
    }
    return found if {"day", "workday"} <= set(found) else {}


def _not_workdays(table: Table) -> HazardError:
    return HazardError(
        "not-workdays",
        "{file} is no table of workdays: it needs rows with a column 日期 (date) and a column 是否工作日 (workday: "
        "是 or 否, yes or no). Its columns are: {headers}.",
        file=table.name, headers=", ".join(table.headers),
    )  # fmt: skip


def load_workdays(
    workspace: Workspace, content: bytes, name: str, *, encoding: str | None = None, sheet: str | None = None, who: str
) -> dict[str, Any]:
    """Store a table of workdays; of the years that it names it replaces what was stored, other years stay.

    When cases are due is reckoned anew.

    Returns
    -------
    dict
        days (read), years (named, ascending), file, changed, lost, lost_to_file (`data.deadlines.Moved`), notes (a
        list of Sentence: years that stay unknown in part, and what is covered now), version.

    Raises
    ------
    HazardError
        Those of `read_workdays`; ``workspace-busy``.
    """
    rows = read_workdays(content, name, settings=workspace.newest().settings, encoding=encoding, sheet=sheet)
    years = sorted(set(rows["day"].str[:4]))
    with workspace.change("workdays", who=who) as change:
        settings = change.before.settings  # those that the cases are reckoned by, not those before the wait
        stored = change.before.workdays()
        kept = stored[~stored["day"].str[:4].isin(years)]
        all_ = pd.concat([part for part in (kept, rows) if len(part)]).sort_values("day")
        change.keep_original(content, name)
        facts = {"days": int((rows["day"].str.len() > 4).sum()), "years": years, "file": mask(name)}
        answer = renewed(change, WORKDAYS, all_, facts)
    days = office_days(settings["work_calendar"], zone=settings["timezone"], hours=settings["office_hours"], own=all_)
    notes = []
    for year in map(int, years):
        length = 366 if calendar.isleap(year) else 365
        if 0 < (known := days.known_days(year)) < length:
            message = N_(
                "{year}: {known} of its {days} days are known. If the table names all exceptions of that year, add a "
                "row with {year} alone."
            )
            notes.append(Sentence(message, {"year": str(year), "known": known, "days": length}))
    return {**answer, "notes": [*notes, days.coverage()]}
