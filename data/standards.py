"""A table of filing and deadlines, as a city publishes it or an office writes it -> rows with codes and limits.

The tables of cities come from documents: a title stands above the header, merged cells became one cell and blanks below
it, and headers come again on each page. That of an office may be three rows: the hazard and its limit. The text of a
limit is kept beside what it was understood as: cities differ.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from base.errors import HazardError
from base.settings import DEFAULTS
from base.text import N_, Listed, Sentence
from data import apart, tables
from data.codes import padded
from data.dataset import Dataset
from data.deadline_table import MASKED, put_edition, read_scheme
from data.editions import read_day
from data.limit_texts import read_handling, read_hazard, read_limit, reads_bare
from data.privacy import mask, mask_text
from data.schema import HAZARD_NAMES, REASONS, Hazard
from data.store import Workspace
from data.table import Table

COMPONENT, EVENT = "component", "event"
_TITLES = {
    "main_code": "大类代码 大类编码 大类编号",
    "main_name": "大类名称 大类",
    "code": "小类代码 小类编码 小类编号 编码 代码 code",
    "type_name": "小类名称 小类 名称 事件类型 问题类型 类型 typename type",
    "hazard": "隐患类别 隐患类型 隐患种类 隐患 类别 hazard",
    "condition": "立案条件 立案标准 condition conditionoffiling",
    "words": "关键词 关键字 words keywords wordsinthedescription",
    "limit_text": "处置时限 处理时限 办理时限 办结时限 时限 limit limitaswritten deadline timelimit",
    "handling": "工程类 是否工程类 工程类隐患 engineering handling",
    "closing": "结案条件 结案标准 closing conditionofclosing",
    "supervisor": "监管主体 监管部门 主管部门 supervisedby",
    "duty": "责任主体 责任部门 责任单位 处置部门 处置单位 handledby",
}
# What the thing is called, and what is said of it, where rows of one code have different limits
_DEFECTS = (
    ("井盖|窨井|检查井|雨水箅", "高低差|高差|下沉|沉降|沉陷|深陷|凹陷|下陷", Hazard.SUNKEN_COVER),
    ("", "积水|渍水", Hazard.WATERLOGGING),
    ("墙|外立面|边坡", "倾斜|开裂|裂缝|鼓胀|滑坡|坍塌|倒塌", Hazard.WALL_RISK),
)
_TYPE = ("hazard", "code", "type_name")  # what a row is about: one of them at least


def read_standard(
    content: bytes,
    name: str,
    *,
    kind: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Return the rows of a standard: one for each condition, with the class, type and units that merged cells left out.

    A plain table of an office will do: limits beside hazards (by code or name, in either language), types or codes.
    What stands in its column of hazards and is none of those that are analysed is taken for the type of the row.

    Parameters
    ----------
    content : bytes
        CSV or XLSX, as `data.readers.read_table` takes it.
    name : str
        The file's name; where the title does not say it, 部件 or 事件 (component, event) in it tells the kind.
    kind : {"component", "event"}, optional
        Of the whole file; where nobody tells and no row has a code it is '': both.
    settings : mapping, optional
        Of the workspace, as `data.apart.read_table` takes them.

    Returns
    -------
    DataFrame
        `data.tables.STANDARD_COLUMNS` without scheme and valid_from; `row` as Excel counts; `code` has four digits, or
        is '' where none is known. `limit_value` is NaN and `limit_clock` '' where the limit was not understood.
        `hazard` is a code of `data.schema.HAZARDS` or '', `handling` a code of `data.schema.HANDLINGS`.
        ``attrs["restored"]`` has row, was and now of codes that had lost a zero; ``attrs["skipped"]`` how many rows of
        the file are repeated headers, titles of pages, notes or empty; ``attrs["bad"]`` has row and reason of others
        that cannot be read, such as rows with more cells than the header; ``attrs["types"]`` the texts in the column of
        hazards that were taken for types.

    Raises
    ------
    HazardError
        Those of `data.apart.read_table`; ``not-a-standard``; ``standard-kind`` if rows have codes and neither title nor
        name tells it.
    """
    table = apart.read_table(content, name, settings=settings or DEFAULTS, encoding=encoding, sheet=sheet)
    kind = _kind(kind, table.title, name)
    columns = columns_of(table.headers)
    if not columns:
        raise _no_standard(table)
    rows, restored, skipped, types = [], [], 0, []
    state = dict.fromkeys(_TITLES, "")
    lines = dict(zip(table.frame.index, table.frame.to_numpy().tolist(), strict=True))
    bad = dict(zip(table.bad["row"], table.bad["reason"], strict=True))
    for number in sorted({*lines, *bad}):
        if number in bad:
            state = dict.fromkeys(_TITLES, "")
            continue
        cells = lines[number]
        cells = [" ".join(cell.split()) for cell in cells]
        filled = [cell for cell in cells if cell]
        if not filled or _is_header(cells, table.headers) or (len(filled) == 1 and cells[0] and not cells[0].isdigit()):
            state, skipped = dict.fromkeys(_TITLES, ""), skipped + 1  # a page ends: nothing is filled across it
            continue
        own = {field: cells[place] for field, place in columns.items()}
        for field in ("main_code", "code"):
            whole = padded(own.get(field, ""))
            if whole != own.get(field, ""):
                restored.append({"row": int(number), "was": own[field], "now": whole})
                own[field] = whole
        if (hazard := read_hazard(own.get("hazard", ""))) is None:
            types.append(mask(own["hazard"]))
            own["type_name"] = own.get("type_name") or own["hazard"]
        own["hazard"] = hazard or ""
        state = _filled(state, own)
        parsed = {"code": _whole_code(state), "handling": read_handling(state["handling"])}
        rows.append({**state, **parsed, "row": int(number), "kind": kind})
    if not rows:
        raise _no_standard(table)
    if not kind and any(row["code"] for row in rows):
        raise _no_kind(name)
    names = [column for column in tables.STANDARD_COLUMNS if column not in ("scheme", "valid_from")]
    frame = pd.DataFrame(rows, columns=names)
    for column in MASKED:
        frame[column] = mask_text(frame[column]).astype(object)
    limits = [read_limit(text) or (float("nan"), "") for text in frame["limit_text"]]
    frame["limit_value"], frame["limit_clock"] = (list(of) for of in zip(*limits, strict=True))
    frame.attrs["restored"] = restored
    frame.attrs["types"] = list(dict.fromkeys(types))
    frame.attrs["bad"] = {row: reason for row, reason in bad.items() if reason not in ("header-again", "note-row")}
    frame.attrs["skipped"] = skipped + len(bad) - len(frame.attrs["bad"])
    assert len(lines) + len(bad) == len(frame) + frame.attrs["skipped"] + len(frame.attrs["bad"])
    return frame


def _filled(state: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Return a row with what stands above it in merged cells: a class ends the type before it, a type its units."""
    kept: tuple[str, ...]
    classes, types = ("main_code", "main_name"), (*_TYPE, "supervisor", "duty")
    if any(own.get(field) for field in classes):
        kept = classes if all(own.get(field, "") in ("", state[field]) for field in classes) else ()
    elif any(own.get(field) for field in _TYPE):
        kept = classes
    else:
        kept = classes + types
    return {field: own.get(field) or (state[field] if field in kept else "") for field in state}


def _whole_code(state: dict[str, str]) -> str:
    main, code = state["main_code"], state["code"]
    if len(main) == 2 and code and len(code) != 4:
        return main + code
    return "" if len(code) <= 2 and code.isdecimal() else code  # two digits alone are the end of some class's codes


def columns_of(headers: Sequence[str]) -> dict[str, int]:
    """Return which column serves which field of a table of deadlines; {} where it is none."""
    plain = ["".join(unicodedata.normalize("NFKC", header).lower().split()).replace("_", "") for header in headers]
    found = {
        field: next(plain.index(title) for title in titles.split() if title in plain)
        for field, titles in _TITLES.items()
        if any(title in plain for title in titles.split())
    }
    return found if "limit_text" in found and set(_TYPE) & set(found) else {}


def _no_standard(table: Table) -> HazardError:
    return HazardError(
        "not-a-standard",
        "{file} is no table of deadlines: it needs a column 处置时限 (limit), and 隐患类别 (hazard), 小类名称 (type) "
        "or 小类代码 (code). Its columns are: {headers}.",
        file=table.name, headers=", ".join(table.headers),
    )  # fmt: skip


def _is_header(cells: list[str], headers: list[str]) -> bool:
    same = sum(bool(cell) and cell == header for cell, header in zip(cells, headers, strict=True))
    return 2 * same > sum(map(bool, cells))


def _kind(chosen: str | None, title: str, name: str) -> str:
    if chosen in (COMPONENT, EVENT):
        return chosen
    if chosen:
        raise _no_kind(name)
    for text in (title, name.lower()):
        told = [kind for kind, words in ((COMPONENT, ("部件", COMPONENT)), (EVENT, ("事件", EVENT)))
                if any(word in text for word in words)]  # fmt: skip
        if len(told) == 1:
            return told[0]
    return ""


def _no_kind(name: str) -> HazardError:
    return HazardError(
        "standard-kind",
        "{file}: is this a standard of components (部件) or of events (事件)? Their codes share the same numbers. Say "
        "component or event (on the command line: --kind).",
        file=name,
    )


def load_standard(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    scheme: str,
    kind: str | None = None,
    valid_from: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    trusted: bool = False,
    who: str,
) -> dict[str, Any]:
    """Store a standard in the workspace, beside those of other days; one of the same scheme, kind and day is replaced.

    Parameters
    ----------
    scheme : str
        Name of the code list the codes belong to (`data.taxonomy.GBT30428`, `CJT214` or the office's own).
    valid_from : str, optional
        The first day of the standard; not given: from the beginning.
    trusted : bool
        Made by this program: read without a process apart, and not kept as an original.

    Returns
    -------
    dict
        scheme, kind, valid_from; rows (stored), types (different codes), skipped (rows that are no data);
        restored (how many codes had lost a zero); unparsed (a frame of row, code, type_name - or the hazard - and
        limit_text: limits that were not understood, and rows that are about nothing); changed, lost,
        lost_to_file (`data.deadlines.Moved`); notes (a list of Sentence); version. And what else `put_edition` returns.

    Raises
    ------
    HazardError
        Those of `read_standard`; ``scheme-name``; ``validity-unreadable``; ``workspace-busy``.
    """
    scheme, day = read_scheme(scheme), read_day(valid_from, "valid_from")
    settings = workspace.newest().settings | ({"read_apart": 0} if trusted else {})
    read = read_standard(content, name, kind=kind, encoding=encoding, sheet=sheet, settings=settings)
    hazards = conditions_hazards(read)
    rows = read.assign(scheme=scheme, valid_from=day, hazard=hazards)[list(tables.STANDARD_COLUMNS)]
    facts = {"skipped": read.attrs["skipped"], "restored": len(read.attrs["restored"])}
    with workspace.change("standard", who=who) as change:
        if not trusted:
            change.keep_original(content, name)
        answer = put_edition(change, rows, file=name, **facts)
    named = rows["type_name"].where(rows["type_name"] != "", rows["hazard"])
    odd = (rows["limit_clock"] == "") | (named + rows["code"] == "")
    unparsed = rows.assign(type_name=named).loc[odd, ["row", "code", "type_name", "limit_text"]]
    return {**answer, "unparsed": unparsed.reset_index(drop=True), "notes": [*_notes(read), *_taken_for(read, hazards)]}


def conditions_hazards(rows: pd.DataFrame) -> pd.Series:
    """Return the hazard of each row: its own, or the one that its condition tells it from the other rows of its code.

    A cover that is missing has two hours, one that is sunken five days, and a case hardly ever brings the condition:
    what it is about tells the row.
    """
    told = rows["code"].where(rows["code"] != "", rows["type_name"])
    limits = rows["limit_value"].astype(str) + rows["limit_clock"]
    several = (told != "") & (limits.groupby(told).transform("nunique") > 1) & (rows["hazard"] == "")
    hazards = rows["hazard"].copy()
    for things, defects, hazard in _DEFECTS:
        thing = rows["type_name"].str.contains(things) | rows["condition"].str.contains(things)
        hazards[several & thing & rows["condition"].str.contains(defects)] = hazard.value
    return hazards


def _taken_for(rows: pd.DataFrame, hazards: pd.Series) -> list[Sentence]:
    message = N_("{n} rows hold for cases of {hazard}: their condition says so. Change them in the table if not.")
    found = hazards[rows["hazard"] == ""].value_counts().drop("", errors="ignore")
    return [Sentence(message, {"n": int(n), "hazard": Sentence(HAZARD_NAMES[str(code)])}) for code, n in found.items()]


def _notes(rows: pd.DataFrame) -> list[Sentence]:
    notes = []
    for one in rows.attrs["restored"][:5]:
        message = N_("Row {row}: code {was} was read as {now}, with the zero that a spreadsheet took away.")
        notes.append(Sentence(message, {**one, "row": str(one["row"])}))
    for row, reason in list(rows.attrs["bad"].items())[:5]:
        said = Sentence(REASONS[reason], {"value": "", "column": ""})
        notes.append(Sentence(N_("Row {row}: {reason}."), {"row": str(row), "reason": said}))
    if types := rows.attrs["types"]:
        message = N_("{types}: none of the hazards {hazards}; the limits beside them hold for cases of such a type.")
        named = Listed(HAZARD_NAMES)
        notes.append(Sentence(message, {"types": Listed(types[:10]), "hazards": named}))
    bare = rows.loc[rows["limit_text"].map(reads_bare), "limit_text"]
    if len(bare):
        message = N_(
            "{n} limits such as {limit} name bare hours or days and are read as work time. Where nights and weekends "
            "count, write 紧急工作时 or 自然日 (urgent hours, natural days)."
        )
        notes.append(Sentence(message, {"n": len(bare), "limit": bare.iloc[0]}))
    for code, names in rows[rows["main_code"] != ""].groupby("main_code")["main_name"]:
        if len(different := list(dict.fromkeys(name for name in names if name))) > 1:
            message = N_("Main class {code} bears several names: {names}.")
            notes.append(Sentence(message, {"code": str(code), "names": ", ".join(different)}))
    return notes


def standard_on(dataset: Dataset, day: str, *, scheme: str | None = None, kind: str | None = None) -> pd.DataFrame:
    """Return the rows that apply on a day: of each scheme and kind the standard with the latest first day by then."""
    rows = dataset.standards()
    rows = rows[(rows["valid_from"] <= day) & (rows["scheme"] == (scheme or rows["scheme"]))]
    rows = rows[rows["kind"] == (kind or rows["kind"])]
    newest = rows.groupby(["scheme", "kind"])["valid_from"].transform("max")
    return rows[rows["valid_from"] == newest].sort_values(["scheme", "kind", "row"], ignore_index=True)


def code_list(dataset: Dataset, *, scheme: str | None = None) -> pd.DataFrame:
    """Return the types of the loaded standards, each once: scheme, kind, code, type_name, main_code, main_name.

    A code means something only with its scheme and kind: components and events share the same numbers.
    """
    rows = standard_on(dataset, "9999-12-31", scheme=scheme)
    names = ["scheme", "kind", "code", "type_name", "main_code", "main_name"]
    return rows.loc[rows["code"] != "", names].drop_duplicates(["scheme", "kind", "code"], ignore_index=True)
