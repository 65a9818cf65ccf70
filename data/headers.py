"""Whose column is this? Headers in Chinese and English -> the fields of a record."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from base.errors import HazardError
from data import guessing
from data.aliases import ALIASES, BESIDE_STREET, POSTAL
from data.layout import column_letter
from data.privacy import mask, personal_headers
from data.readers import Table
from data.schema import FIELDS


def _plain(header: str) -> str:
    text = re.sub(r"[(\[（【].*?[)\]）】]", "", unicodedata.normalize("NFKC", header))
    return "".join(sign for sign in text.lower() if sign.isalnum())


def _listed(aliases: str) -> list[str]:
    return [_plain(alias) for alias in aliases.split()]


_BY_ALIAS = {name: _listed(aliases) for name, aliases in ALIASES.items()}
_EVERY_ALIAS = {alias for aliases in _BY_ALIAS.values() for alias in aliases}
# 案件上报时间 is 上报时间; taken off only where the whole header is not known.
_PREFIX = re.compile("^(?:案件|案卷|事件|问题|工单|诉求|任务|隐患|case|incident|request|event)")
_SAY_LITTLE = {"时间", "日期", "编号", "编码", "代码", "名称", "类型", "类别", "来源", "备注", "内容", "描述"}
_PLACES = ("district", "street", "community", "cell")  # what may tell the place where there is no point


def guess_mapping(headers: Iterable[str], sample: pd.DataFrame | None = None) -> dict[str, str]:
    """Return which header each field of a record seems to stand under: field -> header, for those found.

    Signs, brackets, capitals and widths of the headers do not count. Headers about persons are never used, and no
    header serves two fields.

    Parameters
    ----------
    headers : iterable of str
    sample : DataFrame of str, optional
        Rows of the file, its columns in the order of `headers` (`Table.frame`; some hundred of the rows are looked
        at). Where two headers fit a field the values decide, and where none does they may find it: a time looks like a
        time, a longitude like a number, a code like a code.
    """
    headers = list(headers)
    persons = personal_headers(headers)
    usable = [place for place, header in enumerate(headers) if header.strip() and header not in persons]
    values = None if sample is None else guessing.few(sample)
    columns: dict[str, str] = {}  # plain name -> header
    cells: dict[str, pd.Series] = {}  # header -> its values
    for place in usable:
        columns.setdefault(_plain(headers[place]), headers[place])
        if values is not None:
            cells.setdefault(headers[place], values.iloc[:, place])
    for plain in list(columns):
        short = _PREFIX.sub("", plain)
        if plain not in _EVERY_ALIAS and short != plain:
            columns.setdefault(short, columns[plain])
    for place in usable:
        for title in _under_heading(headers[place]):
            columns.setdefault(title, headers[place])
    aliases = dict(_BY_ALIAS)
    if not set(columns) & set(_listed(BESIDE_STREET)):
        aliases["street"] = [alias for alias in aliases["street"] if alias != "street"]
    found = _first(columns, aliases) if values is None else guessing.by_values(columns, aliases, cells)
    if checked := guessing.checked_at(columns, cells, found):
        found["checked_at"] = checked
    if not {"lon", "lat", *_PLACES[1:]} & set(found) and (postal := _first(columns, {"cell": _listed(POSTAL)})):
        found |= {"cell": postal["cell"]} if postal["cell"] not in found.values() else {}
    return {name: found[name] for name in (field.name for field in FIELDS) if name in found}


def _under_heading(header: str) -> list[str]:
    """Return what a title of two rows ("upper lower") may be known by: by its own alone, if it says enough.

    Words that every heading may have under it (时间, 编号) go with their heading: 结案信息 时间 is 结案时间.
    """
    upper, _, lower = unicodedata.normalize("NFKC", " ".join(header.split())).rpartition(" ")
    if not upper or lower.isascii() or {_plain(header), _PREFIX.sub("", _plain(header))} & _EVERY_ALIAS:
        return []
    if lower not in _SAY_LITTLE:
        return [_plain(lower), _PREFIX.sub("", _plain(lower))]
    return [_plain(re.sub("(?:基本)?(?:信息|情况|数据|资料)$", "", upper.split()[-1]) + lower)]


def _guess(headers: list[str], aliases: Mapping[str, list[str]]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for header in headers:
        columns.setdefault(_plain(header), header)
    return _first(columns, aliases)


def _first(columns: Mapping[str, str], aliases: Mapping[str, list[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, known in aliases.items():
        for alias in known:
            if alias in columns and columns[alias] not in found.values():
                found[name] = columns[alias]
                break
    return found


def numbered(headers: Sequence[str]) -> list[str]:
    """Return titles that stand once each: equal headers get a number, an empty one its letter in a spreadsheet."""
    often = Counter(headers)
    seen: Counter[str] = Counter()
    titles: list[str] = []
    for place, header in enumerate(headers):
        seen[header] += 1
        title = header if header else f"[{column_letter(place)}]"
        if header and often[header] > 1:
            title = f"{header} ({seen[header]})"
        while title in titles or (title != header and title in often):  # a file may bear such a name already
            title += "'"
        titles.append(title)
    return titles


def fingerprint(headers: Iterable[str]) -> str:
    """Return a short name of a set of headers in this order: the same kind of file has the same one."""
    return hashlib.sha256("\x1f".join(headers).encode()).hexdigest()[:16]


def apply_mapping(table: Table, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Return the mapped columns of a table, named as the fields of a record, all text, under the row numbers in Excel.

    Parameters
    ----------
    table : Table
    mapping : mapping
        field -> header, or one of `numbered` where a header stands twice. Fields not in it are not in the result; for
        the other columns of the file see `data.attributes`.

    Returns
    -------
    DataFrame
        In the order of `data.schema.FIELDS`. ``attrs["headers"]`` keeps the mapping for sentences about a column,
        ``attrs["order"]`` the titles of all columns as they stand in the file, and ``attrs["totals"]`` the rows of
        sums (`Table.sums`).

    Raises
    ------
    HazardError
        ``field-unknown``, ``column-missing``, ``header-repeated`` (two columns under one title, or one for two fields),
        ``personal-column``; ``no-coordinate-columns`` where one of the two is missing, or both and nothing else says
        where a case is (an address, a grid, a community, a street office, a district).
    """
    titles = numbered(table.headers)
    known = {field.name for field in FIELDS}
    columns: dict[str, str] = {}
    for name, header in mapping.items():
        if name not in known:
            raise HazardError(
                "field-unknown",
                "There is no field named {field}. The fields are: {fields}.",
                field=name, fields=", ".join(field.name for field in FIELDS),
            )  # fmt: skip
        places = [place for place, title in enumerate(table.headers) if title == header]
        places = places or [place for place, title in enumerate(titles) if title == header]
        if not places:
            raise HazardError(
                "column-missing",
                "{file} has no column {header} (wanted for {field}). Its columns are: {headers}.",
                file=table.name, header=header, field=name, headers=", ".join(table.headers),
            )  # fmt: skip
        if len(places) > 1 or table.frame.columns[places[0]] in columns.values():
            raise HazardError(
                "header-repeated",
                "{file}: the column {header} (wanted for {field}) is not the only one of its name, or already serves "
                "another field. Rename it in the file or choose another column.",
                file=table.name, header=header, field=name,
            )  # fmt: skip
        if personal_headers([header]):
            raise HazardError(
                "personal-column",
                "The column {header} holds personal data and is not loaded. Choose another column for {field}.",
                header=header, field=name,
            )  # fmt: skip
        columns[name] = table.frame.columns[places[0]]
    placed = {"lon", "lat"} & set(columns) or not {"address", *_PLACES} & set(columns)
    for name in ("lon", "lat"):
        if name not in columns and placed:
            raise HazardError(
                "no-coordinate-columns",
                "{file}: no column was found for {field}. Its columns are: {headers}. Name the columns of longitude "
                "and latitude, in the list of columns (on the command line: --map lon=… --map lat=…).",
                file=table.name, field=name, headers=", ".join(table.headers),
            )  # fmt: skip
    raw = pd.DataFrame({field.name: table.frame[columns[field.name]] for field in FIELDS if field.name in columns})
    raw.attrs["headers"] = dict(mapping)
    raw.attrs["order"] = numbered([mask(header) for header in table.headers])
    raw.attrs["totals"] = list(table.sums)
    return raw
