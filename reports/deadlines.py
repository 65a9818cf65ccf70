"""The table of deadlines and the working calendar in words and rows: what is in force, and what it was read as."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from base.errors import HazardError
from base.text import N_, NP_, Words
from data import deadline_table, standards
from data.dataset import Dataset
from data.exceptions import CHINESE_NAMES, exceptions
from data.limit_texts import read_limit
from data.office import days_of
from data.schema import ENGINEERING, HAZARD_NAMES, HAZARDS, Clock
from data.times import FIRST_YEAR, LAST_YEAR
from reports import intake

TITLES = {
    "scheme": N_("Code list"),
    "kind": N_("Kind"),
    "valid_from": N_("Stands from"),
    "row": N_("Row"),
    "code": N_("Code"),
    "type_name": N_("Type"),
    "hazard": N_("Hazard"),
    "condition": N_("Condition of filing"),
    "words": N_("Keywords"),
    "limit_text": N_("Limit as written"),
    "limit": N_("Limit as read"),
    "handling": N_("Engineering"),
}
SHEET_TITLES = {  # of a download, which can be corrected and loaded again
    **{name: title for name, title in TITLES.items() if name not in ("scheme", "kind", "valid_from", "row")},
    "closing": N_("Condition of closing"),
    "supervisor": N_("Supervised by"),
    "duty": N_("Handled by"),
}
_LIMITS = {
    Clock.URGENT_HOUR: NP_("{value} urgent hour", "{value} urgent hours"),
    Clock.WORK_HOUR: NP_("{value} work hour", "{value} work hours"),
    Clock.WORK_DAY: NP_("{value} work day", "{value} work days"),
    Clock.NATURAL_DAY: NP_("{value} natural day", "{value} natural days"),
}
CLOCKS = N_(
    "Urgent hours and natural days never stop; work hours and work days run in office hours on workdays. Written like "
    "2紧急工作时, 4工作时 or 4小时, 5工作日 or 5天, 15自然日; or 2 urgent hours, 4 work hours, 5 work days, 15 natural "
    "days."
)
_ABOUT = ("code", "type_name", "hazard", "condition", "words")
_MOST = 5  # rows that are named, of each kind of oddity


def limit_words(value: float, clock: str, words: Words) -> str:
    """Return a limit as it was read: value and clock; that it cannot be read where `clock` is ''."""
    if not clock:
        return words("cannot be read")
    return words.plural(*_LIMITS[Clock(clock)], 1 if value == 1 else 2, value=words.number(value, 2))


def edition_name(words: Words, scheme: str, kind: str, valid_from: str) -> str:
    """Return the name of an edition for people."""
    parts = [intake.scheme_name(words, scheme), words(intake.STANDARD_KINDS[kind]), intake.since(valid_from, words)]
    return " · ".join(parts)


def edition_rows(data: Dataset, words: Words) -> pd.DataFrame:
    """Return the editions as they are shown: list, kind, from when, until when, rows, limits that cannot be read."""
    found = deadline_table.editions(data)
    later = found.groupby(["scheme", "kind"])["valid_from"].shift(-1)
    last = [
        "" if pd.isna(day) else (dt.date.fromisoformat(str(day)) - dt.timedelta(days=1)).isoformat() for day in later
    ]
    return pd.DataFrame(
        {
            words("Code list"): [intake.scheme_name(words, one) for one in found["scheme"]],
            words("Kind"): [words(intake.STANDARD_KINDS[kind]) for kind in found["kind"]],
            words("Stands from"): found["valid_from"].where(found["valid_from"] != "", words("the beginning")),
            words("Until"): last,
            words("Rows"): found["rows"],
            words("Limits that cannot be read"): found["unread"],
        }
    )


def in_force(data: Dataset, words: Words, *, day: str | None = None, scheme: str | None = None) -> pd.DataFrame:
    """Return the rows in force on a day (ISO; the last one if not given), with the limit as it was read, in words.

    Columns: TITLES, and limit_value (NaN where it cannot be read) and limit_clock.
    """
    rows = standards.standard_on(data, day or "9999-12-31", scheme=scheme)
    return with_limit(rows, words)[[*TITLES, "limit_value", "limit_clock"]]


def to_edit(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an edition as they stand in an editor: whether it is engineering as yes or no."""
    return rows.assign(handling=rows["handling"] == ENGINEERING)


def edited(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what came out of an editor, as `data.deadline_table.save_edition` takes it."""
    yes = rows["handling"].eq(True)  # a new row of the editor may say nothing
    return rows.assign(handling=yes.map({True: ENGINEERING, False: ""}))


def column_order(rows: pd.DataFrame) -> list[str]:
    """Return the columns of an edition in the order in which they are edited: what the rows are about, then limits."""
    empty = {name for name in _ABOUT if (rows[name] == "").all()}
    limits = [name for name in ("limit_text", "limit") if name in rows]
    return [
        *(name for name in _ABOUT if name not in empty),
        *limits,
        *(name for name in _ABOUT if name in empty),
        "handling",
    ]


def edition(data: Dataset, words: Words, scheme: str, kind: str, valid_from: str) -> pd.DataFrame:
    """Return the rows of an edition: `data.tables.STANDARD_COLUMNS` and `limit`, in words what was read."""
    return with_limit(deadline_table.edition(data, scheme, kind, valid_from), words)


def with_limit(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the rows of an edition with `limit`, in words what was read."""
    pairs = zip(rows["limit_value"], rows["limit_clock"], strict=True)
    return rows.assign(limit=pd.Series([limit_words(*one, words) for one in pairs], rows.index, dtype=object))


def shown(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return rows as they stand in a table for people: names in place of codes."""
    named: dict[str, list[str]] = {
        "hazard": [words(HAZARD_NAMES[one]) if one else "" for one in rows["hazard"]],
        "handling": [words("yes") if one else "" for one in rows["handling"]],
    }
    if "scheme" in rows:
        named["scheme"] = [intake.scheme_name(words, one) for one in rows["scheme"]]
        named["kind"] = [words(intake.STANDARD_KINDS[one]) for one in rows["kind"]]
    return rows.assign(**named)


def empty_rows() -> pd.DataFrame:
    """Return the rows that a table of deadlines begins with: one for each hazard, the limits still to be written."""
    rows = pd.DataFrame("", index=range(len(HAZARDS) - 1), columns=list(deadline_table.EDITED))
    return rows.assign(hazard=HAZARDS[:-1])


def changed_limits(before: pd.DataFrame, after: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the limits that were written anew in an edition, and how they are read; the first ones of many."""
    was = before["limit_text"].reindex(after.index).fillna("")
    now = after["limit_text"].fillna("").astype(str)
    changed = after.assign(limit_text=now)[(now != was) & (now != "")].head(_MOST)
    read = [read_limit(text) or (float("nan"), "") for text in changed["limit_text"]]
    named = changed[["code", "type_name", "hazard"]].fillna("").itertuples()
    return pd.DataFrame(
        {
            words("Type or hazard"): [_subject(one, words) for one in named],
            words("Limit as written"): changed["limit_text"].to_list(),
            words("Limit as read"): [limit_words(*one, words) for one in read],
        }
    )


def edition_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what a saved edition says: its rows, limits that cannot be read, what is said twice, what changed."""
    name = edition_name(words, answer["scheme"], answer["kind"], answer["valid_from"])
    lines = [words.plural("{name}: {n} row is saved.", "{name}: {n} rows are saved.", answer["rows"], name=name)]
    return [*lines, *odd_sentences(answer, words), *changed_sentences(answer, words)]


def odd_sentences(odd: Mapping[str, Any], words: Words) -> list[str]:
    """Return what is odd about the rows of an edition (`data.deadline_table.oddities`); [] where nothing is."""
    lines, unread = [], odd["unread"]
    for row in unread.head(_MOST).itertuples():
        facts = {"row": str(row.row), "subject": _subject(row, words), "limit": row.limit_text}
        lines.append(
            words(
                "Row {row}, {subject}: the limit “{limit}” cannot be read; it is kept as text, and such cases have no "
                "due date by it.",
                **facts,
            )
            if row.limit_text
            else words("Row {row}, {subject}: no limit is written; such cases have no due date by it.", **facts)
        )
    if len(unread) > _MOST:
        lines.append(words("In all {n} limits cannot be read.", n=len(unread)))
    if len(unread):
        lines.append(words(intake.HOW_TO_WRITE))
    if rows := odd["subjectless"]:
        listed = _numbers(rows, words)
        lines.append(
            words.plural(
                "Row {rows} names no code, type or hazard: it fits no case.",
                "{n} rows name no code, type or hazard (rows {rows}): they fit no case.",
                len(rows),
                rows=listed,
            )
        )
    if rows := odd["repeated"]:
        listed = _numbers(rows, words)
        lines.append(
            words.plural(
                "Row {rows} repeats the condition of a row before it with another limit: its cases have no due date "
                "until one of the two goes.",
                "{n} rows repeat the condition of a row before them with another limit (rows {rows}): their cases have "
                "no due date until one of each goes.",
                len(rows),
                rows=listed,
            )
        )
    return lines


def _numbers(rows: list[int], words: Words) -> str:
    return words.listed(map(str, rows[:_MOST])) + (" …" if len(rows) > _MOST else "")


def _subject(row: Any, words: Words) -> str:
    named = row.type_name or row.code or (words(HAZARD_NAMES[row.hazard]) if row.hazard else "")
    return str(named or words("without a type"))


def removed_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what the removal of an edition did."""
    name = edition_name(words, answer["scheme"], answer["kind"], answer["valid_from"])
    said = words.plural("{name}: {n} row is removed.", "{name}: {n} rows are removed.", answer["rows"], name=name)
    return [said, *changed_sentences(answer, words)]


def undo_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what it did to take the newest change of the deadlines or of the workdays back."""
    kind = intake.KIND_NAMES[answer["what"]]
    return [words("{file} was taken back.", file=answer["file"] or words(kind)), *changed_sentences(answer, words)]


def workday_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what the load of a table of workdays says."""
    said = words.plural(
        "{file}: {n} day that is a workday or a day off, of {years}.",
        "{file}: {n} days that are workdays or days off, of {years}.",
        answer["days"],
        file=answer["file"],
        years=words.listed(answer["years"]),
    )
    return [said, *(note.say(words) for note in answer["notes"]), *changed_sentences(answer, words)]


def changed_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return how many cases are due at another time, or that none is."""
    return intake.due_sentences(answer, words)


def calendar_of_year(data: Dataset, words: Words, year: int | None = None) -> dict[str, Any]:
    """Return the working calendar: what is covered, the hours, and what a year has beyond the week.

    Parameters
    ----------
    year : int, optional
        That of `calendar_year` if not given.

    Returns
    -------
    dict
        calendar (country), office_hours, timezone, coverage (a sentence), covered (first and last day of each stretch);
        year, days, known_days, sentence (what is not known of the year, or that nothing is beyond the week; else '');
        exceptions (a list of first, last, days, workday, name, own), as
        `data.exceptions.exceptions` gives them.

    Raises
    ------
    HazardError
        ``year-far``.
    """
    settings, days = data.settings, days_of(data)
    year = calendar_year(data) if year is None else year
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise HazardError(
            "year-far", "{year} is none of the years {first} to {last}.",
            year=str(year), first=str(FIRST_YEAR), last=str(LAST_YEAR),
        )  # fmt: skip
    found = exceptions(days, settings["work_calendar"], year, data.workdays())
    length, known, sentence = (dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days, days.known_days(year), ""
    if not known:
        message = N_("{year}: which days are workdays is not known here. Load a table of that year.")
        sentence = words(message, year=str(year))
    elif known < length:
        sentence = words("{year}: {known} of its {days} days are known.", year=str(year), known=known, days=length)
    elif found.empty:
        sentence = words("{year} has no holidays on weekdays and no workdays on weekends.", year=str(year))
    return {
        "calendar": settings["work_calendar"],
        "office_hours": settings["office_hours"],
        "timezone": settings["timezone"],
        "coverage": days.coverage().say(words),
        "covered": days.known(),
        "year": year,
        "days": length,
        "known_days": known,
        "sentence": sentence,
        "exceptions": found.to_dict("records"),
    }


def calendar_sentences(data: Dataset, words: Words) -> list[str]:
    """Return what the calendar covers and when it runs."""
    hours, country = data.settings["office_hours"], data.settings["work_calendar"]
    return [
        days_of(data).coverage().say(words),
        words("Office hours: {hours} (country {country}).", hours=hours, country=country),
    ]


def calendar_rows(answer: Mapping[str, Any], words: Words) -> pd.DataFrame:
    """Return the holidays and make-up workdays of a year as they are shown."""
    found = pd.DataFrame(answer["exceptions"], columns=["first", "last", "days", "workday", "name", "own"])
    return pd.DataFrame(
        {
            words("First day"): [words.date(day) for day in found["first"]],
            words("Last day"): [words.date(day) for day in found["last"]],
            words("Days"): found["days"],
            words("What"): [words("Workday") if one else words("Day off") for one in found["workday"]],
            words("Name"): [words(CHINESE_NAMES[one]) if one in CHINESE_NAMES else one for one in found["name"]],
            words("Said by"): [
                words("the office's own table") if one else words("the calendar of the country") for one in found["own"]
            ],
        }
    )


def calendar_years(data: Dataset) -> list[int]:
    """Return the years that can be looked at, the newest first: those with known days, and the first one shown."""
    known = {year for first, last in days_of(data).known() for year in range(first.year, last.year + 1)}
    return sorted(known | {calendar_year(data)}, reverse=True)


def calendar_year(data: Dataset) -> int:
    """Return the year that is shown first: the one that the data reach to, else the last one with known days."""
    if data.as_of is not None:
        return int(data.as_of.year)
    return max((last.year for _, last in days_of(data).known()), default=FIRST_YEAR)
