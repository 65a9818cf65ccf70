"""What a record is: hazards, columns and the Scope of a question. Named here once, used everywhere."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from base.text import N_


class Hazard(StrEnum):
    """The kinds of hazard that are analysed, and the rest."""

    WATERLOGGING = "waterlogging"  # 道路积水
    SUNKEN_COVER = "sunken_cover"  # 井盖下沉
    WALL_RISK = "wall_risk"  # 墙体隐患
    OTHER = "other"  # kept and counted, not one of the three


class Clock(StrEnum):
    """What the time of a limit runs in (domain facts, 4)."""

    URGENT_HOUR = "urgent_hour"  # 紧急工作时: never stops
    WORK_HOUR = "work_hour"  # 工作时, 小时: in office hours on workdays
    WORK_DAY = "work_day"  # 工作日, 天: the same, by days
    NATURAL_DAY = "natural_day"  # 紧急工作日, 自然日: all days


WORKDAY, DAY_OFF, UNKNOWN_DAY = 1, 0, -1  # what the working calendar says of a day


HAZARDS = tuple(hazard.value for hazard in Hazard)
HAZARD_NAMES = {
    "waterlogging": N_("Waterlogging"),
    "sunken_cover": N_("Sunken cover"),
    "wall_risk": N_("Wall risk"),
    "other": N_("Other"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column of an incident that a file may bring: its name, kind, and its title for people."""

    name: str
    kind: str  # "text", "time", "lon", "lat"
    title: str


FIELDS = (
    Field("incident_id", "text", N_("case number")),
    Field("reported_at", "time", N_("reported at")),
    Field("filed_at", "time", N_("filed at")),
    Field("dispatched_at", "time", N_("dispatched at")),
    Field("handled_at", "time", N_("handled at")),
    Field("checked_at", "time", N_("checked at")),
    Field("closed_at", "time", N_("closed at")),
    Field("voided_at", "time", N_("voided at")),
    Field("paused_at", "time", N_("put on hold at (挂账)")),
    Field("resumed_at", "time", N_("taken off hold at")),
    Field("surveyed_at", "time", N_("survey and assessment done at (勘察评估)")),
    Field("designed_at", "time", N_("design done at (方案设计)")),
    Field("built_at", "time", N_("construction done at (施工监管)")),
    Field("followed_up_at", "time", N_("follow-up inspection at (后续排查)")),
    Field("target_at", "time", N_("deadline that the file gives")),
    Field("kind", "text", N_("component or event (部件, 事件)")),
    Field("main_type", "text", N_("main class (大类)")),
    Field("type_name", "text", N_("type")),
    Field("code", "text", N_("code")),
    Field("condition", "text", N_("condition of filing (立案条件)")),
    Field("main_code", "text", N_("code of the main class, where it stands apart")),
    Field("part_id", "text", N_("number of the component")),
    Field("description", "text", N_("description")),
    Field("address", "text", N_("address")),
    Field("lon", "lon", N_("longitude or x")),
    Field("lat", "lat", N_("latitude or y")),
    Field("district", "text", N_("district, as the file names it")),
    Field("street", "text", N_("street office, as the file names it")),
    Field("community", "text", N_("community, as the file names it")),
    Field("cell", "text", N_("grid, as the file names it")),
    Field("channel", "text", N_("channel (hotline, patrol ...)")),
    Field("unit", "text", N_("handling unit")),
    Field("on_spot", "text", N_("handled on the spot (自处置)")),
    Field("reworked", "text", N_("times reworked")),
    Field("paused", "text", N_("put on hold (挂账)")),
    Field("postponed", "text", N_("postponed")),
    Field("satisfaction", "text", N_("satisfaction")),
)
FIELD_TITLES = {**{f.name: f.title for f in FIELDS}, "due_at": N_("due at")}
TIME_FIELDS = tuple(f.name for f in FIELDS if f.kind == "time")
TEXT_FIELDS = tuple(f.name for f in FIELDS if f.kind == "text")
STORED_TIMES = (*TIME_FIELDS, "due_at")

LIMIT_COLUMNS = ("due_at", "due_from", "limit_text", "limit_value", "limit_clock", "handling")
# An incident as it is stored, beside one text column per boundary level (Level.column) that holds its cell_id or null.
# Times are UTC with zone; lon and lat are WGS 84 degrees, null together; month is 'YYYY-MM' in the workspace's zone,
# 'YYYY' where the file knows the year alone (reported_at is null then), or 'none'; main_code is joined to code;
# row is the row in its file as Excel counts (header = row 1). `placed` says how the place is known: '' by its
# coordinates, or a code of PLACED. `attributes` maps the headers of the columns that serve no field to their text.
# Read from the texts `paused` and `postponed`: paused_minutes, postponed_hours, postponed_days (NaN: nothing).
# Reckoned by `data.deadlines` from the case and the table of deadlines, again whenever that changes: due_at, due_from
# (a code of DUE_FROM: where it comes from, or why there is none), limit_text, limit_value, limit_clock (of the row of
# the table that applies), handling (a code of HANDLINGS).
INCIDENT_COLUMNS = (
    "source", "incident_id", "import_id", "row", "month", "hazard", "kind", "main_type", "type_name", "code", "part_id",
    "condition", "description", "address", "district", "street", "community", "cell", "channel", "unit", "on_spot",
    "reworked", "paused", "postponed", "satisfaction", *TIME_FIELDS, "paused_minutes", "postponed_hours",
    "postponed_days", *LIMIT_COLUMNS, "lon", "lat", "placed", "remark", "attributes",
)  # fmt: skip
DUE_FROM = {
    "table": N_("by the table of deadlines"),
    "file": N_("as the file gives it"),
    "no-limit": N_("no row of the table of deadlines fits the case"),
    "several": N_("several rows of the table of deadlines fit, with different limits: the condition is not known"),
    "unread": N_("the limit in the table of deadlines cannot be read"),
    "no-start": N_("the case has no time from which its limit runs"),
    "on-hold": N_("the case is on hold, and nobody knows until when"),
    "hold-unknown": N_("the case was on hold, and nobody knows when: work time cannot be told"),
    "uncovered": N_("the limit runs over days of which the working calendar does not know whether they are workdays"),
}
ON_SPOT, ENGINEERING = "on_spot", "engineering"
HANDLINGS = {
    "": N_("Ordinary cases"),
    ON_SPOT: N_("Handled on the spot"),
    ENGINEERING: N_("Engineering cases"),
}
PLACED = {
    "address": N_("by its address, in the office's table of addresses"),
    "cell": N_("by the code or name of its cell, without a point"),
    "hand": N_("by hand"),
}
REJECTED_COLUMNS = ("row", "column", "value", "reason", "original")  # original: the row as JSON, personal data masked
EXPOSURES = ("households", "population", "road_km", "covers")  # columns of a cell that a rate may stand on
# valid_from and valid_to are ISO days, half-open, '' where open: last year's cells keep last year's incidents
CELL_COLUMNS = ("cell_id", "name", "parent", "valid_from", "valid_to", "area_km2", *EXPOSURES, "geometry")
NO_MONTH = "none"

# Why a row was not taken. {value} and {column} are fields of the rejected table.
REASONS = {
    "ragged-row": N_("the row has more cells than the header: correct the separators or quotes"),
    "undecodable-row": N_("the row holds bytes that are no text: it was cut or damaged, export it again"),
    "header-again": N_("repeats the title or header of the table"),
    "note-row": N_("looks like a note below the table, not a case"),
    "time-unreadable": N_("“{value}” in column {column} is no time: write it as 2025-03-05 14:30"),
    "lon-lat-unreadable": N_("“{value}” in column {column} is no coordinate: write degrees such as 113.1932"),
    "lon-lat-out-of-range": N_("“{value}” in column {column} is no place on earth in the coordinate system chosen"),
    "lon-lat-swapped": N_("longitude and latitude seem to be swapped in this row"),
    "id-repeated": N_("case number {value} stands in several rows with different content: keep the right one"),
    "id-scientific": N_("case number {value} was damaged by a spreadsheet: format the column as text and export again"),
    "totals-row": N_("looks like a line of totals, not a case"),
    "empty-row": N_("the row holds nothing"),
    "filtered": N_("left out by the row filter"),
    "key-repeated": N_("cell {value} stands in several rows with different numbers: keep the right one"),
    # of a table of addresses
    "address-empty": N_("has no address in column {column}"),
    "address-without-point": N_("has no coordinates for the address"),
    "address-repeated": N_("address {value} stands in several rows with different points: keep the right one"),
    # of the features of a boundary
    "not-a-feature": N_("is no GeoJSON feature: export the layer again"),
    "geometry-missing": N_("has no outline: draw it, or delete the feature"),
    "not-a-polygon": N_("is “{value}” and no polygon: export the layer of the areas"),
    "not-a-point": N_("is “{value}” and no point: export the layer of the points"),
    "ring-not-closed": N_("the outline does not end where it begins ({value}): close it"),
    "ring-too-short": N_("an outline of {value} points is no area: four are needed, the last equal to the first"),
    "coordinates-unreadable": N_("the outline holds something that is no number or is nested wrongly: export it again"),
    "repair-changes-area": N_("the outline crosses itself, and mending it would change the area ({value}): correct it"),
    "cell-id-empty": N_("has no number of the cell in column {column}"),
    "cell-id-repeated": N_(
        "cell {value} stands in several features with different outlines: correct the numbers, or have such features "
        "merged into one cell (on the command line: --same-id merge)"
    ),
    "validity-empty": N_("the cell would end before it begins ({value}): correct the days"),
    "validity-overlaps": N_(
        "cell {value} stands in several features whose days overlap: let one end where the next begins"
    ),
}
# What is odd about a row that was taken all the same; the column `remark` holds such codes, separated by a space.
REMARKS = {
    "no-location": N_("no usable coordinates: counted, not on the map"),
    "no-report-time": N_("no report time: on the map, not in periods and durations"),
    "year-only": N_("only the year of the report is known: on the map and in counts of whole years, not in durations"),
    "closed-before-reported": N_("closed before it was reported: on the map, left out of durations; correct the times"),
    "stages-out-of-order": N_(
        "a step of handling lies before the one that comes before it: on the map, in no stage; correct the times"
    ),
    "time-in-future": N_("holds a time later than the import: not used for the as-of time; correct it"),
    "one-spot": N_("one of many reports with different addresses on one spot: not located? Left out of hot spots"),
}

LEVEL_NAMES = {  # the usual levels; any other name is shown as it was given
    "street": N_("Street office"),
    "community": N_("Community"),
    "grid": N_("Grid"),
    "building": N_("Building"),
    "district": N_("District"),
    "neighborhood": N_("Neighborhood"),
}
DEMO_SOURCE = "示例"  # the invented street office; whatever shows it says so


@dataclass(frozen=True, slots=True)
class Level:
    """A boundary level: its name, its column in the incidents, its size, and the level its cells hang on."""

    name: str
    column: str
    cells: int
    parent_level: str | None = None
    exposures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a screen asks: frozen, with sorted tuples, so that it is an exact cache key.

    `start` and `end` are days in the workspace's zone, half-open; None is open. Empty `hazards` or `sources` mean all.
    `area` is a cell_id of the level above `level` (its parent level); None is everywhere. `as_of` None takes each
    source's own; a given time counts where it is earlier than the source's own. A case voided by then (作废) was no
    hazard: it is left out unless `voided` is set.
    """

    level: str
    start: dt.date | None = None
    end: dt.date | None = None
    hazards: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    area: str | None = None
    as_of: dt.datetime | None = None
    voided: bool = False


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One import as a workspace version names it."""

    import_id: str
    source: str
    file: str
    content_hash: str
    options: Mapping[str, Any]
    who: str
    when: str  # ISO time, UTC
    as_of: str  # ISO time with zone: what the file knows up to; '' if it holds no time and nobody said
    read: int
    accepted: int
    rejected: int
    repeats: int
    updated: int
    levels: Mapping[str, Mapping[str, int]]  # level name -> inside, near, outside, no_location; add up to accepted
    version: int  # the workspace version it made
    touches: tuple[str, ...] = ()  # earlier imports whose cases, or rejected rows, stand in this file too
    notes: tuple[str, ...] = field(default=())  # e.g. dropped columns, hints
    # Of the rows read those that were rejected before and came back in a sheet: accepted, rejected, repeats
    again: Mapping[str, int] = field(default_factory=dict)
