"""A city's standard of filing and deadlines: its table as the city publishes it -> rows with codes and limits.

Such tables come from documents: a title stands above the header, merged cells became one cell and blanks below it, and
headers come again on each page. The text of a limit is kept beside what it was understood as: cities differ.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from base.settings import DEFAULTS
from base.text import N_, Sentence
from data import apart, deadlines, tables
from data.dataset import Dataset
from data.editions import read_day
from data.privacy import mask, mask_text
from data.schema import REASONS, Clock
from data.store import Workspace
from data.table import Table

COMPONENT, EVENT = "component", "event"
_TITLES = {
    "main_code": "大类代码 大类编码 大类编号",
    "main_name": "大类名称 大类",
    "code": "小类代码 小类编码 小类编号 编码 代码",
    "type_name": "小类名称 小类 名称",
    "condition": "立案条件 立案标准",
    "limit_text": "处置时限 处理时限 办理时限 时限",
    "closing": "结案条件 结案标准",
    "supervisor": "监管主体 监管部门 主管部门",
    "duty": "责任主体 责任部门 责任单位 处置部门 处置单位",
}
_UNSAID = dict.fromkeys(("hazard", "words", "handling"), "")  # no city's table has them: the office may add them
# Domain facts, section 4: this city's 天 is a working day and its 小时 a working hour
_CLOCKS = {
    "紧急工作时": Clock.URGENT_HOUR,
    "工作时": Clock.WORK_HOUR,
    "小时": Clock.WORK_HOUR,
    "工作日": Clock.WORK_DAY,
    "天": Clock.WORK_DAY,
    "紧急工作日": Clock.NATURAL_DAY,
    "自然日": Clock.NATURAL_DAY,
}
_LIMIT = re.compile(r"([0-9]+(?:\.[0-9]+)?|[一二两三四五六七八九十])个?(" + "|".join(_CLOCKS) + ")(?:以?内)?")
_NUMERALS = {**dict(zip("一二三四五六七八九十", range(1, 11), strict=True)), "两": 2}


def read_limit(text: str) -> tuple[float, str] | None:
    """Return value and clock of a limit such as 2紧急工作时 or 5个工作日, None if it says anything else too."""
    found = _LIMIT.fullmatch("".join(unicodedata.normalize("NFKC", text).split()))
    if not found:
        return None
    number, unit = found.groups()
    return float(_NUMERALS.get(number, number)), _CLOCKS[unit].value


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

    Parameters
    ----------
    content : bytes
        CSV or XLSX, as `data.readers.read_table` takes it.
    name : str
        The file's name; where the title does not say it, 部件 or 事件 (component, event) in it tells the kind.
    kind : {"component", "event"}, optional
        Of the whole file.
    settings : mapping, optional
        Of the workspace, as `data.apart.read_table` takes them.

    Returns
    -------
    DataFrame
        `data.tables.STANDARD_COLUMNS` without scheme and valid_from; `row` as Excel counts; `code` has four digits, or
        is '' where none is known. `limit_value` is NaN and `limit_clock` '' where the limit was not understood.
        ``attrs["restored"]`` has row, was and now of codes that had lost a zero; ``attrs["skipped"]`` how many rows of
        the file are repeated headers, titles of pages, notes or empty; ``attrs["bad"]`` has row and reason of others
        that cannot be read, such as rows with more cells than the header.

    Raises
    ------
    HazardError
        Those of `data.apart.read_table`; ``not-a-standard``; ``standard-kind`` if neither title nor name tells it.
    """
    table = apart.read_table(content, name, settings=settings or DEFAULTS, encoding=encoding, sheet=sheet)
    kind = _kind(kind, table.title, name)
    columns = _columns(table)
    rows, restored, skipped = [], [], 0
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
            whole = _padded(own.get(field, ""))
            if whole != own.get(field, ""):
                restored.append({"row": int(number), "was": own[field], "now": whole})
                own[field] = whole
        state = _filled(state, own)
        value, clock = read_limit(state["limit_text"]) or (float("nan"), "")
        parsed = {"code": _whole_code(state), "limit_value": value, "limit_clock": clock}
        rows.append({**_UNSAID, **state, **parsed, "row": int(number), "kind": kind})
    if not rows:
        raise _no_standard(table)
    names = [column for column in tables.STANDARD_COLUMNS if column not in ("scheme", "valid_from")]
    frame = pd.DataFrame(rows, columns=names)
    for column in ("condition", "closing", "supervisor", "duty"):
        frame[column] = mask_text(frame[column]).astype(object)
    frame.attrs["restored"] = restored
    frame.attrs["bad"] = {row: reason for row, reason in bad.items() if reason not in ("header-again", "note-row")}
    frame.attrs["skipped"] = skipped + len(bad) - len(frame.attrs["bad"])
    assert len(lines) + len(bad) == len(frame) + frame.attrs["skipped"] + len(frame.attrs["bad"])
    return frame


def _filled(state: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """Return a row with what stands above it in merged cells: a class ends the type before it, a type its units."""
    kept: tuple[str, ...]
    classes, types = ("main_code", "main_name"), ("code", "type_name", "supervisor", "duty")
    if any(own.get(field) for field in classes):
        kept = classes if all(own.get(field, "") in ("", state[field]) for field in classes) else ()
    elif own.get("code") or own.get("type_name"):
        kept = classes
    else:
        kept = classes + types
    return {field: own.get(field) or (state[field] if field in kept else "") for field in state}


def _padded(code: str) -> str:
    """Return a code with the zero that a spreadsheet ate: 1 or 1.0 is 01, 506 is 0506."""
    whole = re.sub(r"\.0+$", "", code)
    return whole.zfill(len(whole) + len(whole) % 2) if whole.isdecimal() else code


def _whole_code(state: dict[str, str]) -> str:
    main, code = state["main_code"], state["code"]
    return code if len(code) == 4 or not code else main + code if len(main) == 2 else ""


def _columns(table: Table) -> dict[str, int]:
    plain = ["".join(header.split()) for header in table.headers]
    found = {
        field: next(plain.index(title) for title in titles.split() if title in plain)
        for field, titles in _TITLES.items()
        if any(title in plain for title in titles.split())
    }
    if not {"type_name", "limit_text"} <= set(found):
        raise _no_standard(table)
    return found


def _no_standard(table: Table) -> HazardError:
    return HazardError(
        "not-a-standard",
        "{file} is no standard of filing and deadlines: it needs columns such as 小类代码, 小类名称, 立案条件 and "
        "处置时限. Its columns are: {headers}.",
        file=table.name, headers=", ".join(table.headers),
    )  # fmt: skip


def _is_header(cells: list[str], headers: list[str]) -> bool:
    same = sum(bool(cell) and cell == header for cell, header in zip(cells, headers, strict=True))
    return 2 * same > sum(map(bool, cells))


def _kind(chosen: str | None, title: str, name: str) -> str:
    if chosen in (COMPONENT, EVENT):
        return chosen
    for text in (title, name.lower()) if chosen is None else ():
        told = [kind for kind, words in ((COMPONENT, ("部件", COMPONENT)), (EVENT, ("事件", EVENT)))
                if any(word in text for word in words)]  # fmt: skip
        if len(told) == 1:
            return told[0]
    raise HazardError(
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
    who: str,
) -> dict[str, Any]:
    """Store a standard in the workspace, beside those of other days; one of the same scheme, kind and day is replaced.

    Parameters
    ----------
    scheme : str
        Name of the code list the codes belong to (`data.taxonomy.GBT30428`, `CJT214` or the office's own).
    valid_from : str, optional
        The first day of the standard; not given: from the beginning.

    Returns
    -------
    dict
        scheme, kind, valid_from; rows (stored), types (different codes), skipped (rows that are no data);
        restored (how many codes had lost a zero); changed (incidents that are due at another time now); unparsed (a
        frame of row, code, type_name, limit_text: limits that were not understood, and rows without a type); notes (a
        list of Sentence); version.

    Raises
    ------
    HazardError
        Those of `read_standard`; ``scheme-name``; ``validity-unreadable``; ``workspace-busy``.
    """
    scheme = " ".join(scheme.split())
    if not scheme or len(scheme) > 60:
        raise HazardError("scheme-name", "A code list needs a name of 1 to {longest} signs.", longest=60)
    day = read_day(valid_from, "valid_from")
    settings = workspace.newest().settings
    read = read_standard(content, name, kind=kind, encoding=encoding, sheet=sheet, settings=settings)
    rows = read.assign(scheme=scheme, valid_from=day)[list(tables.STANDARD_COLUMNS)]
    with workspace.change("standard", who=who) as change:
        stored = change.before.standards()
        same = (stored["scheme"] == scheme) & (stored["kind"] == rows["kind"][0]) & (stored["valid_from"] == day)
        parts = [part for part in (stored[~same], rows) if len(part)]
        schema = tables.TABLES["standards"].schema
        change.write("standards", pa.Table.from_pandas(pd.concat(parts), schema=schema, preserve_index=False))
        facts = {
            "scheme": scheme,
            "kind": str(rows["kind"][0]),
            "valid_from": day,
            "rows": len(rows),
            "types": int(rows.loc[rows["code"] != "", "code"].nunique()),
            "skipped": read.attrs["skipped"],
            "restored": len(read.attrs["restored"]),
            "changed": deadlines.assign_again(change),
        }
        change.keep_original(content, name)
        version = change.commit(**facts, file=mask(name)).version
    odd = (rows["limit_clock"] == "") | (rows["type_name"] == "") | (rows["code"] == "")
    unparsed = rows.loc[odd, ["row", "code", "type_name", "limit_text"]].reset_index(drop=True)
    return {**facts, "unparsed": unparsed, "notes": _notes(read), "version": version}


def _notes(rows: pd.DataFrame) -> list[Sentence]:
    notes = []
    for one in rows.attrs["restored"][:5]:
        message = N_("Row {row}: code {was} was read as {now}, with the zero that a spreadsheet took away.")
        notes.append(Sentence(message, {**one, "row": str(one["row"])}))
    for row, reason in list(rows.attrs["bad"].items())[:5]:
        said = Sentence(REASONS[reason], {"value": "", "column": ""})
        notes.append(Sentence(N_("Row {row}: {reason}."), {"row": str(row), "reason": said}))
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
