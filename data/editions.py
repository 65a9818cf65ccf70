"""Boundaries of different times: an edition of a level stands from its day on, and the one before it ends there."""

import geopandas as gpd
import pandas as pd

from base.errors import HazardError
from data.cell_columns import read_day_column


def read_day(text: str | None, option: str) -> str:
    """Return a day as ISO text, '' for none.

    Raises
    ------
    HazardError
        ``validity-unreadable``.
    """
    if not text:
        return ""
    days, wrong = read_day_column(pd.Series([text], dtype=object))
    if wrong.any():
        raise HazardError(
            "validity-unreadable", "{option}: {text} is no day: write it as 2025-03-05.", option=option, text=text
        )
    return str(days[0])


def newest_edition(stored: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the cells of the newest edition, under their index in what is stored."""
    return stored[stored["edition"] == stored["edition"].max()] if len(stored) else stored


def add_edition(stored: gpd.GeoDataFrame, new: gpd.GeoDataFrame, *, day: str, end: str, level: str) -> gpd.GeoDataFrame:
    """Return all cells of a level once a new file has come, with a fresh index.

    Without a day the file stands in place of the newest edition; with the day of the newest edition too. With a later
    day it is an edition of its own, and the cells before it that were open end there.

    Parameters
    ----------
    stored : GeoDataFrame
        `Dataset.stored_cells`: what stands so far, perhaps nothing.
    new : GeoDataFrame
        The checked cells; valid_from and valid_to where the file has such columns.
    day, end : str
        ISO days, '' where not said: from when to when the file stands.

    Raises
    ------
    HazardError
        ``validity-empty``, ``edition-too-early``, ``validity-overlaps``.
    """
    if end and day >= end:
        raise HazardError("validity-empty", "The boundary would end on {end}, before it begins.", end=end)
    newest = str(stored["edition"].max()) if len(stored) else ""
    edition = day or newest
    if edition < newest:
        raise HazardError(
            "edition-too-early",
            "Level {level} already has boundaries that stand from {newest}; those from {day} have to be loaded before "
            "them. Take the later boundary back first.",
            level=level, newest=newest, day=day,
        )  # fmt: skip
    before = stored[stored["edition"] != edition].copy()
    if edition > newest:
        before["valid_to"] = before["valid_to"].mask(before["valid_to"] == "", edition)
    came = new.assign(edition=edition)
    came["valid_from"] = _days(new, "valid_from").map(lambda own: max(own, edition))
    came["valid_to"] = _days(new, "valid_to").map(lambda own: min(filter(None, (own, end)), default=""))
    _assert_apart(before, came, level)
    return gpd.GeoDataFrame(pd.concat([before, came], ignore_index=True), geometry="geometry", crs="EPSG:4326")


def _days(cells: gpd.GeoDataFrame, name: str) -> pd.Series:
    return cells[name].fillna("").astype(object) if name in cells else pd.Series("", cells.index, dtype=object)


def _assert_apart(before: gpd.GeoDataFrame, came: gpd.GeoDataFrame, level: str) -> None:
    """Refuse a cell that would end before it begins, or that would stand twice on one day."""
    for cells in (before, came):
        ends_early = (cells["valid_to"] != "") & (cells["valid_from"] >= cells["valid_to"])
        if ends_early.any():
            one = cells[ends_early].iloc[0]
            raise HazardError(
                "validity-overlaps",
                "Level {level}: cell {cell_id} would stand from {start} to {end}, which is no time. Correct the days "
                "of the file, or load it with another first day.",
                level=level, cell_id=one["cell_id"], start=one["valid_from"], end=one["valid_to"],
            )  # fmt: skip
    pairs = before[["cell_id", "valid_from", "valid_to"]].merge(
        came[["cell_id", "valid_from", "valid_to"]], on="cell_id", suffixes=("", "_new")
    )
    meet = ((pairs["valid_to"] == "") | (pairs["valid_from_new"] < pairs["valid_to"])) & (
        (pairs["valid_to_new"] == "") | (pairs["valid_from"] < pairs["valid_to_new"])
    )
    if meet.any():
        one = pairs[meet].iloc[0]
        raise HazardError(
            "validity-overlaps",
            "Level {level}: cell {cell_id} of an earlier boundary stands until {end}, in the new file it begins on "
            "{start}: on such days nobody knows which one counts. Give the first day of the new file (on the command "
            "line: --valid-from), or correct its days.",
            level=level, cell_id=one["cell_id"], end=one["valid_to"] or "…", start=one["valid_from_new"] or "…",
        )  # fmt: skip
