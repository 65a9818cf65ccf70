"""What a table is for, told by its headers: reports, polygons, exposures, addresses, deadlines, projects, rain."""

from collections.abc import Sequence

from base.text import N_
from data import calendar_table, project_words, rain_file, standards
from data.cell_columns import guess_cell_columns
from data.headers import guess_mapping
from data.schema import EXPOSURES

PURPOSES = {
    "reports": N_("reports of hazards"),
    "cells": N_("boundary polygons"),
    "exposures": N_("households, population ... by the code of the cell"),
    "gazetteer": N_("addresses and where they lie"),
    "standard": N_("deadlines: a city's standard, or a table of the office"),
    "workdays": N_("workdays and days off"),
    "projects": N_("drainage projects"),
    "rain": N_("readings of a rain gauge"),
}
_SHAPES = ("wkt", "geom", "geometry", "the_geom")


def guess_purpose(headers: Sequence[str]) -> str:
    """Return the key of PURPOSES that fits the headers of a table best; ``reports`` when in doubt."""
    if project_words.is_project_table(headers):
        return "projects"
    titles = {"".join(header.split()).lower() for header in headers}
    if titles & set(_SHAPES):
        return "cells"
    found = guess_mapping(headers)
    if standards.columns_of(headers) and not found.keys() & {"reported_at", "incident_id", "lon", "lat"}:
        return "standard"
    if calendar_table.columns_of(headers) and not found.keys() & {"incident_id", "lon", "lat"}:
        return "workdays"
    if rain_file.is_rain_table(headers) and not found.keys() & {
        "incident_id",
        "type_name",
        "description",
        "lon",
        "lat",
    }:
        return "rain"
    if found.keys() & {"reported_at", "incident_id", "type_name", "description"}:
        return "reports"
    located = {"lon", "lat"} <= found.keys()
    if located and "address" in found:
        return "gazetteer"
    cells = guess_cell_columns(headers)
    if not located and "cell_id" in cells and cells.keys() & set(EXPOSURES):
        return "exposures"
    return "reports"
