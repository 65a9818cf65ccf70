"""Rows of text -> typed, masked records in WGS 84, and every row that was not taken with its reason."""

import hashlib
import json
from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from base.text import N_, Sentence
from data import holds
from data.codes import Restored, restore_zeros
from data.layout import says_total
from data.numbers import converted, read_numbers
from data.places import check_place, read_places
from data.privacy import TEXT, mask, mask_text
from data.schema import INCIDENT_COLUMNS, LIMIT_COLUMNS, REJECTED_COLUMNS, TEXT_FIELDS, TIME_FIELDS
from data.steps import out_of_order
from data.texts import cells_of, chosen, trimmed
from data.times import read_times, read_years
from geo.crs import crs_name

_NUMBERS = ("code", "main_code", "part_id", "cell")  # long numbers that are nobody's: masking would damage them
UNMASKED = ("incident_id", *_NUMBERS)
_FREE_TEXT = tuple(name for name in TEXT_FIELDS if name not in UNMASKED)
# What a report consists of when it comes in: a later extract of the same case has the same (closing times change).
_IDENTITY = ("reported_at", "type_name", "code", "description", "address", "lon", "lat", "channel")
_LATER = ("source", "import_id", "hazard", "attributes", *LIMIT_COLUMNS)
_KEPT = tuple(name for name in INCIDENT_COLUMNS if name not in _LATER)
_DAMAGED_ID = r"^[+-]?\d(?:\.\d+[eE]\+?|[eE]\+)\d{1,3}$"
_PAST = tuple(name for name in TIME_FIELDS if name != "target_at")  # a deadline is no news of a case
_BLANKS = r"[\s" + "\u3000\xa0]+"
_COUNT = r"^[\d,.]+\s*[件起条例宗个处次项]?$"
_COUNTED = r"^[\d,.]+\s*[件起条例宗个处次项]$"  # no year alone is one
DUPLICATES = ("review", "newest")
Mask = NDArray[np.bool_]


class _Faults:
    """The first fault of each row."""

    def __init__(self, index: pd.Index) -> None:
        self.frame = pd.DataFrame({"column": "", "value": "", "reason": ""}, index=index)
        self.found: Mask = np.zeros(len(index), dtype=bool)

    def add(self, rows: ArrayLike, reason: str, column: str = "", values: pd.Series | None = None) -> None:
        new = np.asarray(rows, dtype=bool) & ~self.found
        if new.any():
            shown = "" if values is None else values.to_numpy(dtype=object)[new]
            self.frame.loc[new, "column"], self.frame.loc[new, "reason"] = column, reason
            self.frame.loc[new, "value"] = shown
            self.found |= new


def check_incidents(
    raw: pd.DataFrame,
    *,
    zone: str,
    crs: str,
    day_first: bool | None = None,
    boundary: gpd.GeoDataFrame | None = None,
    others: pd.DataFrame | None = None,
    duplicates: str = "review",
    doors: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the records that can be taken and the rows that cannot, with reasons.

    Parameters
    ----------
    raw : DataFrame of str
        From `data.headers.apply_mapping`: fields as columns, row numbers in Excel as index.
    zone : str
        IANA name for times without an offset.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n"
        What lon and lat of the file are in; lon is x (east), lat is y (north).
    day_first : bool, optional
        The user's answer where 03/05/2025 may be either.
    boundary : GeoDataFrame, optional
        Cells in EPSG:4326. If most points lie far from it, the file is refused with the systems that would fit.
    others : DataFrame of str, optional
        The other columns of the same rows (`data.attributes.other_columns`): they are content too, and stand in the
        original of a rejected row.
    duplicates : {"review", "newest"}
        Rows that share a case number but not the content (blanks do not count): all are rejected, or the one with the
        latest time in it is taken (of equal ones the later row) and the others count as repeats.
    doors : bool
        Whether the number of a flat is masked in free text.

    Returns
    -------
    accepted : DataFrame
        Columns of `data.schema.INCIDENT_COLUMNS` but source, import_id, hazard and attributes, in that order; the
        index is the row in Excel, as in `row`. Times are UTC (NaT where unknown), lon and lat WGS 84 (NaN together),
        absent text is '', free text is masked, `remark` holds codes separated by a space, `month` is the year where
        the report names no more, else ''. ``attrs["repeats"]`` is the number of rows left out because they repeat
        another row, case number included: ``len(raw) == len(accepted) + len(rejected) + accepted.attrs["repeats"]``.
        ``attrs["notes"]`` says what was changed on the way.
    rejected : DataFrame
        Columns of `data.schema.REJECTED_COLUMNS`; `column` is the file's own name; one line a row, its first fault.

    Raises
    ------
    HazardError
        For the whole file: ``day-month-ambiguous``, ``zone-unknown``, ``crs-unknown``, ``lon-lat-swapped-file``,
        ``looks-projected``, ``looks-like-degrees``, ``far-from-boundary``.
    """
    crs = crs_name(crs)
    titles = raw.attrs.get("headers", {})
    text = pd.DataFrame({name: trimmed(raw[name]) for name in raw}, index=raw.index)
    others = pd.DataFrame(index=raw.index) if others is None else others
    nothing = pd.Series("", index=raw.index, dtype=TEXT)  # one for all fields that the file does not have
    absent = {name: nothing for name in (*TEXT_FIELDS, "lon", "lat") if name not in text}
    text = text.assign(**absent)
    faults = _Faults(text.index)
    blank = ~np.logical_or.reduce([(text[name] != "").to_numpy() for name in raw])
    blank[blank] = ~(others[blank].apply(lambda column: column.str.strip()) != "").any(axis=1).to_numpy(dtype=bool)
    totals = _totals(text, raw.attrs.get("totals", ()))
    faults.add(totals, "totals-row")
    faults.add(blank, "empty-row")

    given = text["incident_id"]
    faults.add(given.str.match(_DAMAGED_ID), "id-scientific", titles.get("incident_id", "incident_id"), given)
    repeats, contradicting = _same_ids(text, others, ~faults.found)
    if duplicates == "review":
        faults.add(contradicting, "id-repeated", titles.get("incident_id", "incident_id"), given)

    years = read_years(text["reported_at"]) if "reported_at" in text else nothing
    timed = {name: (years == "").to_numpy() if name == "reported_at" else True for name in TIME_FIELDS if name in text}
    times = read_times(
        {name: text[name].where(~faults.found & usable, "") for name, usable in timed.items()},
        zone=zone, day_first=day_first, titles=titles,
    )  # fmt: skip
    for name, column in times.items():
        unreadable = column.isna() & (text[name] != "") & timed[name]
        faults.add(unreadable, "time-unreadable", titles.get(name, name), text[name])
    if "target_at" in times:
        times["target_at"] = _until_evening(times["target_at"], zone)
    lon, lat, misplaced = read_places(text, ~faults.found & ~repeats, crs=crs, titles=titles)
    for rows, reason, name in misplaced:
        faults.add(rows, reason, titles.get(name, name), text[name])
    if boundary is not None:
        x, y = read_numbers(text["lon"]), read_numbers(text["lat"])
        unknown = np.isnan(lon)
        check_place(np.where(unknown, np.nan, x), np.where(unknown, np.nan, y), crs=crs, boundary=boundary)
    older = np.zeros(len(text), dtype=bool)
    if duplicates == "newest":
        older = _older(given, times, contradicting & ~faults.found)

    codes = restore_zeros(text["code"], text["main_code"])
    taken = ~faults.found & ~repeats & ~older
    accepted = pd.DataFrame(index=text.index[taken])
    accepted["incident_id"] = chosen(_ids(text), taken)
    accepted["row"] = accepted.index.to_numpy(dtype=np.int64)
    absent = dict.fromkeys((*absent, "placed"), chosen(nothing, taken))
    accepted["placed"] = absent["placed"]
    accepted["month"] = chosen(years, taken)
    for name in (*_NUMBERS, *_FREE_TEXT):
        kept = absent[name] if name in absent else chosen(text[name], taken)
        accepted[name] = mask_text(kept, doors=doors) if name in _FREE_TEXT and name in raw else kept
    accepted["code"] = chosen(codes.codes, taken)
    never = pd.Series(pd.NaT, accepted.index, "datetime64[ns, UTC]")
    for name in TIME_FIELDS:
        accepted[name] = chosen(times.pop(name), taken) if name in times else never
    spans = {
        name: holds.read_spans(
            absent[name] if name in absent else chosen(text[name], taken),
            titles.get(name, name),
            natural=name == holds.HOLDS,
        )
        for name in (holds.HOLDS, holds.EXTENSIONS)
    }
    held, postponed = spans[holds.HOLDS], spans[holds.EXTENSIONS]
    minutes = np.nan_to_num(held.hours) * 60 + np.nan_to_num(held.days) * 1440
    accepted["paused_minutes"] = np.where(minutes > 0, minutes, np.nan)
    accepted["postponed_hours"], accepted["postponed_days"] = postponed.hours, postponed.days
    accepted["lon"], accepted["lat"] = lon[taken], lat[taken]
    backwards = accepted["closed_at"] < accepted["reported_at"]
    accepted["remark"] = _remarks(
        {
            "no-location": accepted["lon"].isna(),
            "no-report-time": accepted["reported_at"].isna() & (accepted["month"] == ""),
            "year-only": accepted["month"] != "",
            "closed-before-reported": backwards,
            "stages-out-of-order": ~backwards & out_of_order(accepted, zone),
        }
    )
    accepted = accepted[list(_KEPT)]
    notes = [*_notes(text, titles, taken), *_code_notes(codes), *holds.notes(accepted, spans, titles)]
    if older.any():
        notes.append(Sentence(_OLDER, {"n": int(older.sum())}))
    accepted.attrs = {"repeats": int((repeats & ~faults.found).sum() + older.sum()), "notes": notes}
    order = raw.attrs.get("order", [])
    return accepted, _rejected(faults, text[list(raw.columns)], others, titles, order, doors)


_OLDER = N_(
    "{n} rows are older states of a case that stands in this file more than once: the newest was taken, these count as "
    "repeats."
)


def _notes(text: pd.DataFrame, titles: dict[str, str], taken: Mask) -> list[Sentence]:
    """Return what the numbers went through, in sentences."""
    notes = []
    for name in ("lon", "lat"):
        cells = chosen(text[name], taken)
        changed = converted(cells)
        if changed.any():
            sentence = N_("Column {column}: {n} values such as {value} were converted to plain numbers.")
            example = mask(cells.iloc[int(changed.argmax())])
            facts = {"column": titles.get(name, name), "n": int(changed.sum()), "value": example}
            notes.append(Sentence(sentence, facts))
    for name in ("part_id", "cell"):
        cells = chosen(text[name], taken)
        damaged = cells.str.match(_DAMAGED_ID).to_numpy(dtype=bool)
        if damaged.any():
            sentence = N_(
                "Column {column}: {n} numbers such as {value} were damaged by a spreadsheet. Format the column as text "
                "and export again."
            )
            example = cells.iloc[int(damaged.argmax())]
            facts = {"column": titles.get(name, name), "n": int(damaged.sum()), "value": example}
            notes.append(Sentence(sentence, facts))
    return notes


def _code_notes(codes: Restored) -> list[Sentence]:
    if not codes.changed:
        return []
    sentence = N_("{n} codes had lost zeros in a spreadsheet and have them again, such as {before}: {after}.")
    return [Sentence(sentence, {"n": codes.changed, "before": codes.before, "after": codes.after})]


def flag_one_spot(incidents: pd.DataFrame, *, min_reports: int, min_share: float) -> pd.DataFrame:
    """Return incidents with the remark ``one-spot`` where many reports from different places lie on one point.

    A geocoder that finds nothing often answers with the town hall. A point (6 decimals, 0.1 m) is flagged if it carries
    at least `min_reports` and at least `min_share` of the located reports, and at least 5 different addresses - or,
    where no address is known at all, at least 3 different types. A site that really recurs has one address, one type.

    Parameters
    ----------
    incidents : DataFrame
        All reports of one source: lon, lat, address, type_name, remark. Earlier flags are renewed.
    """
    remark = incidents["remark"].astype(TEXT).fillna("")
    flagged_before = remark.str.contains("one-spot", regex=False)
    if flagged_before.any():
        remark = remark.where(~flagged_before, remark.str.replace("one-spot", "", regex=False).str.strip())
    lon, lat = incidents["lon"].to_numpy(dtype=float), incidents["lat"].to_numpy(dtype=float)
    located = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    # One whole number a point: 6 decimals of 360 and 180 degrees need 29 and 28 bits
    point = np.round(lon[located] * 1e6).astype(np.int64) * (1 << 30) + np.round(lat[located] * 1e6).astype(np.int64)
    spot, points = pd.factorize(point)
    reports = np.bincount(spot, minlength=len(points))
    piles = (reports >= min_reports) & (reports >= min_share * len(located))
    in_pile = located[piles[spot]]
    by_address = bool((incidents["address"].fillna("") != "").any())
    what = incidents["address" if by_address else "type_name"].iloc[in_pile].astype(object).fillna("").str.strip()
    kinds = what[what != ""].groupby(spot[piles[spot]][(what != "").to_numpy()]).nunique()
    piles &= np.isin(np.arange(len(points)), kinds.index[kinds >= (5 if by_address else 3)])
    rows = located[piles[spot]]
    remark.iloc[rows] = (remark.iloc[rows] + " one-spot").str.strip()
    return incidents.assign(remark=remark)


def _totals(text: pd.DataFrame, rows: Iterable[int]) -> Mask:
    """Return which rows are sums and no cases: they say so, and have neither a time nor a case number."""
    found = np.ones(len(text), dtype=bool)
    if "reported_at" in text:  # most rows have a time, and so are none
        found = (text["reported_at"] == "").to_numpy() | says_total(text["reported_at"])
        found |= text["reported_at"].str.match(_COUNTED).to_numpy(dtype=bool)  # 合计 | 35件, in the columns before
    some = text.loc[found, ["incident_id", "type_name"]]
    listed = some.index.isin(list(rows))
    in_id = says_total(some["incident_id"])
    in_id[listed] |= some["incident_id"][listed].str.match(_COUNT).to_numpy(dtype=bool)  # 合计 | 35件
    summed = listed | in_id | says_total(some["type_name"])
    found[found] = summed & ((some["incident_id"] == "").to_numpy() | in_id)
    return found


def _same_ids(text: pd.DataFrame, others: pd.DataFrame, usable: Mask) -> tuple[Mask, Mask]:
    """Return which rows repeat an earlier one but for blanks, and which share a case number but not the content."""
    repeats, contradicting = np.zeros(len(text), dtype=bool), np.zeros(len(text), dtype=bool)
    cells = cells_of(text["incident_id"])
    if pc.count_distinct(cells).as_py() == len(cells):
        return repeats, contradicting
    given = text["incident_id"].to_numpy(dtype=object)
    asked = np.flatnonzero(usable & (given != ""))
    asked = asked[pd.Series(given[asked]).duplicated(keep=False).to_numpy()]
    if len(asked):
        rows = pd.concat([text.iloc[asked], others.iloc[asked]], axis=1, keys=["field", "other"])
        rows = rows.apply(lambda column: column.astype(TEXT).str.replace(_BLANKS, "", regex=True)).astype(object)
        again = rows.assign(id=given[asked]).duplicated().to_numpy()
        repeats[asked] = again
        left = asked[~again]
        different = pd.Series(given[left])
        several = set(different[different.duplicated(keep=False)])
        if several:
            hit = np.array([value in several for value in given[asked]])
            contradicting[asked[hit]] = True
    return repeats & ~contradicting, contradicting


def _until_evening(targets: pd.Series, zone: str) -> pd.Series:
    """Return deadlines; one at the first moment of a day is that day (截止日期), and runs out as the day ends.

    Each by itself: what other rows say must not move it. Files write a day as such or with 00:00:00; the clock that is
    told there is that of no office.
    """
    days = targets.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()

    def begin(of: pd.Series) -> pd.Series:
        # Some zones put the clocks forward at midnight: that day begins at 01:00
        local = of.dt.tz_localize(zone, ambiguous=np.ones(len(of), dtype=bool), nonexistent="shift_forward")
        return local.dt.tz_convert("UTC").astype(targets.dtype)

    ends = begin(days + pd.Timedelta(days=1)) - pd.Timedelta(seconds=1)
    return targets.where(targets != begin(days), ends)


def _older(ids: pd.Series, times: dict[str, pd.Series], rows: Mask) -> Mask:
    """Return which of the rows are not the newest of their case: by the latest time in them, then by their place."""
    older = np.zeros(len(ids), dtype=bool)
    places = np.flatnonzero(rows)
    latest = np.full(len(places), np.iinfo(np.int64).min)
    for name in _PAST:
        if name in times:  # NaT is the smallest number there is
            came = times[name].iloc[places].dt.tz_localize(None).to_numpy("datetime64[ns]")
            latest = np.maximum(latest, came.astype(np.int64))
    frame = pd.DataFrame({"id": ids.to_numpy(dtype=object)[places], "latest": latest, "place": places})
    frame = frame.sort_values(["latest", "place"])
    older[frame.loc[frame["id"].duplicated(keep="last"), "place"]] = True
    return older


def _ids(text: pd.DataFrame) -> pd.Series:
    """Return case numbers; a row without one gets the hash of its report and a running number among equal ones."""
    ids = text["incident_id"].copy()
    without = ids == ""
    if without.any():
        # Masked, so that a row is the same case again when it comes back from where only masked text is kept, and
        # doors too, whatever the setting: it may change between two extracts
        parts = [
            (mask_text(text.loc[without, name]) if name in _FREE_TEXT else text.loc[without, name]).astype(object)
            for name in _IDENTITY
            if name in text
        ]
        keys = ["\x1f".join(values).encode() for values in zip(*parts, strict=True)]
        hashed = pd.Series([hashlib.blake2b(key, digest_size=8).hexdigest() for key in keys], index=ids.index[without])
        turn = hashed.groupby(hashed).cumcount() + 1
        ids[without] = (hashed + "-" + turn.astype(str)).astype(TEXT)
    return ids


def _remarks(flags: dict[str, pd.Series]) -> pd.Series:
    which = sum(rows.to_numpy().astype(int) << place for place, rows in enumerate(flags.values()))
    texts = [" ".join(code for place, code in enumerate(flags) if n >> place & 1) for n in range(1 << len(flags))]
    return pd.Series(pd.array(texts, dtype=TEXT)[which], index=next(iter(flags.values())).index)


def _rejected(
    faults: _Faults,
    text: pd.DataFrame,
    others: pd.DataFrame,
    titles: dict[str, str],
    order: Sequence[str],
    doors: bool,
) -> pd.DataFrame:
    """Return the faulty rows with all their columns but those about persons, masked, in the order of the file."""
    rejected = faults.frame[faults.found].copy()
    case_number = titles.get("incident_id", "incident_id")
    numbers = (rejected["column"] == case_number).to_numpy()
    rejected["value"] = rejected["value"].where(numbers, mask_text(rejected["value"], doors=doors).astype(object))
    cells: dict[str, pd.Series] = {}
    for name, column in text[faults.found].items():
        if name in ("lon", "lat"):  # a long fraction is no telephone
            column = column.where(np.isfinite(read_numbers(column)), mask_text(column, doors=doors))
        elif name not in UNMASKED:
            column = mask_text(column, doors=doors)
        cells[mask(titles.get(str(name), str(name)))] = column
    cells |= {str(title): mask_text(column, doors=doors) for title, column in others[faults.found].items()}
    keys = [key for key in order if key in cells]
    keys += [key for key in cells if key not in keys]
    rows = zip(*(cells[key].astype(object) for key in keys), strict=True)
    original = [json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False) for row in rows]
    numbered_rows = rejected.index.to_numpy(dtype=np.int64)
    return rejected.assign(row=numbered_rows, original=original)[list(REJECTED_COLUMNS)].reset_index(drop=True)
