"""The table of deadlines as it is stored and edited: editions by code list and kind, each standing from its day on.

A row is about a code, a type or a hazard, perhaps under a condition, and has a limit: the text as written, and beside
it what it was understood as. A limit changes for the cases of a day by an edition that stands from that day; running
cases keep the one before. Each change is a version of the workspace, in which all cases get their due dates anew.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from data import deadlines, tables
from data.codes import padded
from data.dataset import Dataset
from data.editions import read_day
from data.limit_texts import read_hazard, read_limit
from data.privacy import mask, mask_text
from data.schema import ENGINEERING, HAZARDS
from data.store import Change, Workspace
from data.taking_back import Kept, taking_back
from data.taxonomy import KINDS

OFFICE = "office"  # the code list of a table that follows none
KEY = ("scheme", "kind", "valid_from")
EDITED = ("code", "type_name", "hazard", "condition", "words", "limit_text", "handling")  # what people change
# Whoever writes a telephone into a cell of these; the types of cases are masked too, so they still meet
MASKED = (
    "main_code", "main_name", "code", "type_name", "condition", "words", "limit_text", "closing", "supervisor", "duty",
)  # fmt: skip
_ABOUT = ("code", "type_name", "hazard", "condition", "words")
_SUBJECT = ("code", "type_name", "hazard")
_LONGEST_NAME = 60

DEADLINES = Kept("standards", ("standard", "deadlines", "deadlines-removed"), "deadlines-undo")
WORKDAYS = Kept("workdays", ("workdays",), "workdays-undo")


def editions(dataset: Dataset) -> pd.DataFrame:
    """Return what is stored, sorted: scheme, kind, valid_from ('' from the beginning), rows, unread (limits)."""
    stored = dataset.standards()
    unread = (stored["limit_clock"] == "").astype(int)
    groups = stored.assign(unread=unread).groupby(list(KEY))
    return groups.agg(rows=("row", "size"), unread=("unread", "sum")).reset_index()


def edition(dataset: Dataset, scheme: str, kind: str, valid_from: str) -> pd.DataFrame:
    """Return the rows of an edition in their order: `data.tables.STANDARD_COLUMNS`.

    Raises
    ------
    HazardError
        ``edition-unknown``.
    """
    stored = dataset.standards()
    rows = stored[_of(stored, scheme, kind, valid_from)].sort_values("row", ignore_index=True)
    if rows.empty:
        raise _unknown(scheme, kind, valid_from)
    return rows


def stamp(rows: pd.DataFrame | None) -> str:
    """Return what tells the rows of an edition (`edition`) from others in a few signs; '' of none."""
    if rows is None or rows.empty:
        return ""
    text = rows[list(tables.STANDARD_COLUMNS)].to_json(orient="values", force_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def save_edition(
    workspace: Workspace,
    rows: pd.DataFrame,
    *,
    scheme: str,
    kind: str,
    valid_from: str | None,
    who: str,
    based_on: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Store the rows of an edition in place of those it had, or as a new one, and reckon when all cases are due.

    Parameters
    ----------
    rows : DataFrame
        In their order; any of `data.tables.STANDARD_COLUMNS`. Missing cells are empty, empty rows are passed over.
        A row without a number gets the next one. The limits are read from `limit_text`, whatever stands beside it.
    scheme, kind : str
        The code list of the codes, and "component", "event" or '' (both; only where no row has a code).
    valid_from : str or None
        The first day on which it stands; None or '' from the beginning.
    based_on : DataFrame, optional
        The edition (`edition`) that the writer had in view, without rows where none was stored. Nothing is saved where
        it stands otherwise now, or where that would replace another edition than this one. Not given: it is replaced
        whatever stands there.

    Returns
    -------
    dict
        scheme, kind, valid_from, rows, types, unread (a frame of row, code, type_name, hazard, limit_text: limits that
        cannot be read), subjectless (rows without code, type and hazard), repeated (rows that repeat what another is
        about with another limit), changed, lost, lost_to_file (`data.deadlines.Moved`), version.

    Raises
    ------
    HazardError
        ``scheme-name``, ``edition-kind``, ``edition-empty``, ``hazard-unknown``, ``handling-unknown``,
        ``validity-unreadable``, ``edition-changed``, ``edition-stored``, ``workspace-busy``.
    """
    scheme, day = read_scheme(scheme), read_day(valid_from, "valid_from")
    clean = _checked(rows)
    if kind not in KINDS or (not kind and (clean["code"] != "").any()):
        raise HazardError(
            "edition-kind",
            "Codes of components (部件) and of events (事件) share the same numbers: choose which of the two the table "
            "is about.",
        )
    with workspace.change("deadlines", who=who) as change:
        if based_on is not None:
            _refuse_others(change.before.standards(), based_on, (scheme, kind, day))
        return put_edition(change, clean.assign(scheme=scheme, kind=kind, valid_from=day))


def _refuse_others(stored: pd.DataFrame, seen: pd.DataFrame, wanted: tuple[str, str, str]) -> None:
    """Refuse to write over what somebody else has written since the writer looked."""
    base = tuple(str(seen[name].iloc[0]) for name in KEY) if len(seen) else None
    if base and stamp(seen) != stamp(stored[_of(stored, *base)].sort_values("row", ignore_index=True)):
        raise HazardError(
            "edition-changed",
            "Somebody else has changed this table of deadlines meanwhile: nothing was saved. Look at it as it is now, "
            "and write the change again.",
        )
    if wanted != base and _of(stored, *wanted).any():
        raise HazardError(
            "edition-stored",
            "A table of deadlines for these codes from that day on is stored already: nothing was saved. Choose it, "
            "and change that one.",
        )


def remove_edition(workspace: Workspace, *, scheme: str, kind: str, valid_from: str | None, who: str) -> dict[str, Any]:
    """Take an edition out of the table; the one before it stands on.

    Returns
    -------
    dict
        scheme, kind, valid_from, rows (that went), changed, lost, lost_to_file (`data.deadlines.Moved`), version.

    Raises
    ------
    HazardError
        ``edition-unknown``, ``validity-unreadable``, ``workspace-busy``.
    """
    day = read_day(valid_from, "valid_from")
    if not workspace.exists:  # a mistyped folder is not made
        raise _unknown(scheme, kind, day)
    with workspace.change("deadlines-removed", who=who) as change:
        gone = edition(change.before, scheme, kind, day)
        stored = change.before.standards()
        facts = {"scheme": scheme, "kind": kind, "valid_from": day, "rows": len(gone)}
        return renewed(change, DEADLINES, stored[~_of(stored, scheme, kind, day)], facts)


def put_edition(change: Change, rows: pd.DataFrame, *, file: str = "", **more: Any) -> dict[str, Any]:
    """Write the rows of one edition (KEY in each, limits read) in place of those it had; commit; return `save_edition`.

    Parameters
    ----------
    file : str
        The name of the file they come from, for the history.
    **more
        Figures for the history and the answer.
    """
    rows = rows[list(tables.STANDARD_COLUMNS)]
    scheme, kind, day = (str(rows[name].iloc[0]) for name in KEY)
    stored = change.before.standards()
    parts = [part for part in (stored[~_of(stored, scheme, kind, day)], rows) if len(part)]
    codes = rows.loc[rows["code"] != "", "code"]
    facts = {
        "scheme": scheme,
        "kind": kind,
        "valid_from": day,
        "rows": len(rows),
        "types": int(codes.nunique()),
        **more,
    }
    answer = renewed(change, DEADLINES, pd.concat(parts), facts | ({"file": mask(file)} if file else {}))
    return answer | oddities(rows)


def oddities(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what is odd about the rows of an edition: unread, subjectless and repeated, as `save_edition` has them."""
    unread = rows.loc[rows["limit_clock"] == "", ["row", "code", "type_name", "hazard", "limit_text"]]
    subjectless = rows.loc[(rows[list(_SUBJECT)] == "").all(axis=1), "row"]
    return {
        "unread": unread.reset_index(drop=True),
        "subjectless": subjectless.tolist(),
        "repeated": _repeated(rows),
    }


def renewed(change: Change, kept: Kept, rows: pd.DataFrame, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write all rows of a table that due dates rest on, reckon these anew, commit; return the facts and what changed.

    The one place from which a change of the deadlines or of the workdays reaches the cases.
    """
    schema = tables.TABLES[kept.table].schema
    change.write(kept.table, pa.Table.from_pandas(rows, schema=schema, preserve_index=False))
    facts = {**facts, **deadlines.assign_again(change)._asdict()}
    return {**facts, "version": change.commit(**facts).version}


def take_back(workspace: Workspace, kept: Kept, *, who: str) -> dict[str, Any]:
    """Take the newest change of a table back: it is as before, and all cases are due as they were by it.

    Called again, it takes back the one before.

    Parameters
    ----------
    kept : Kept
        DEADLINES or WORKDAYS.

    Returns
    -------
    dict
        took_back (the number of the version), what (its kind), file (that was loaded, '' where it was none), rows (of
        the table now), changed, lost, lost_to_file (`data.deadlines.Moved`), version.

    Raises
    ------
    HazardError
        ``nothing-to-undo``; ``version-cleared`` if what was before is not kept any more; ``workspace-busy``.
    """
    with taking_back(workspace, kept, who=who) as back:
        rows = back.former.rows(kept.table).to_pandas()
        return renewed(back.change, kept, rows, {**back.facts, "rows": len(rows)})


def read_scheme(text: str) -> str:
    """Return the name of a code list, without needless blanks.

    Raises
    ------
    HazardError
        ``scheme-name``.
    """
    scheme = " ".join(text.split())
    if not scheme or len(scheme) > _LONGEST_NAME:
        raise HazardError("scheme-name", "A code list needs a name of 1 to {longest} signs.", longest=_LONGEST_NAME)
    return scheme


def _checked(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows as people typed them with all columns, clean texts, codes with their zeros, and the limits read."""
    texts = [name for name in tables.STANDARD_COLUMNS if name not in ("row", "limit_value", *KEY)]
    clean = rows.reindex(columns=texts).astype(object)
    clean = clean.where(clean.notna(), "").map(lambda text: " ".join(str(text).split()))
    for name in MASKED:
        clean[name] = mask_text(clean[name]).astype(object)
    numbers = pd.to_numeric(rows["row"], errors="coerce") if "row" in rows else pd.Series(float("nan"), rows.index)
    keep = (clean[list(EDITED)] != "").any(axis=1)
    clean, numbers = clean[keep].reset_index(drop=True), numbers[keep].reset_index(drop=True)
    if clean.empty:
        raise HazardError("edition-empty", "The table has no row: write one, or remove the edition.")
    hazard = clean["hazard"].map(read_hazard)
    if hazard.isna().any():
        unknown = str(clean.loc[hazard.isna(), "hazard"].iloc[0])
        raise HazardError("hazard-unknown", "{hazard} is none of {known}.", hazard=unknown, known=", ".join(HAZARDS))
    for unknown in set(clean["handling"]) - {"", ENGINEERING}:
        raise HazardError("handling-unknown", "{handling} is no {known}.", handling=unknown, known=ENGINEERING)
    read = [read_limit(text) or (float("nan"), "") for text in clean["limit_text"]]
    fresh = numbers.isna()
    numbers[fresh] = max(numbers.max(), 0) if numbers.notna().any() else 0
    return clean.assign(
        hazard=hazard,
        code=clean["code"].map(padded),
        row=(numbers + fresh.cumsum().where(fresh, 0)).astype(int),
        limit_value=[value for value, _ in read],
        limit_clock=[clock for _, clock in read],
    )


def _repeated(rows: pd.DataFrame) -> list[int]:
    """Return the rows that say of the same code, type, hazard and condition another limit than a row before them."""
    first = ~rows.duplicated(list(_ABOUT), keep=False)
    other = ~rows.duplicated([*_ABOUT, "limit_value", "limit_clock"], keep="first")
    seen = rows.duplicated(list(_ABOUT), keep="first")
    return rows.loc[~first & seen & other & (rows["limit_clock"] != ""), "row"].tolist()


def _of(stored: pd.DataFrame, scheme: str, kind: str, day: str) -> pd.Series:
    return (stored["scheme"] == scheme) & (stored["kind"] == kind) & (stored["valid_from"] == day)


def _unknown(scheme: str, kind: str, day: str) -> HazardError:
    return HazardError(
        "edition-unknown",
        "There is no table of deadlines {scheme} ({kind}) from {day} on.",
        scheme=scheme, kind=kind or "-", day=day or "…",
    )  # fmt: skip
