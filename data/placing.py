"""Where each incident belongs: by its coordinates, else by the words for its place, in every boundary level.

Coordinates in the file come first. A row without them is placed by hand if the office did so, else by the code or name
of its cell, else by its address; where only a coarser cell is named, an address that is known says more. All but the
file's own coordinates is worked out anew whenever boundaries, addresses or settings change. The rest has no location.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data import validity
from data.cellnames import FIELDS, CellNames, address_keys
from data.dataset import Dataset
from data.privacy import mask_text
from data.schema import Level
from data.tables import near_column
from geo.join import OUTSIDE, assign_cells, nearest_within

FOUND = "(lon IS NULL OR placed != '')"  # in SQL: incidents whose file has no coordinates for them
Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


def place(rows: pa.Table, dataset: Dataset, levels: Sequence[Level], *, known_to: dt.date | None = None) -> pa.Table:
    """Return rows with the cell of each level, and the metres to it where they only lie near it.

    Parameters
    ----------
    rows : pyarrow.Table
        Incidents as they are stored, or as they come in.
    dataset : Dataset
        The version whose boundaries, addresses, places by hand and settings count.
    levels : sequence of Level
        What rows with coordinates are assigned to; in other levels they keep what they have. The columns of all
        levels are in the answer where they are in `rows` or asked for.
    known_to : date, optional
        A row without a time belongs to the newest cells on this day; the dataset's as-of day if not given.
    """
    rows = filed(rows)
    lost = pc.is_null(rows["lon"]).to_numpy()
    placing = _Placing(dataset, known_to or dataset.known_to)
    lon, lat = (rows[name].to_numpy(zero_copy_only=False).astype(float) for name in ("lon", "lat"))
    days = placing.days(rows)
    for level in levels:
        position, metres = placing.assign(lon, lat, days, level)
        rows = _put(rows, level.column, placing.ids(level, position))
        rows = _put(rows, near_column(level.column), pa.array(metres, from_pandas=True))
    if not lost.any():
        return rows
    mask = pa.array(lost)
    for name, values in placing.find(rows.filter(mask)).items():
        if name in rows.column_names:
            rows = _put(rows, name, pc.replace_with_mask(rows[name].combine_chunks(), mask, values))
    return rows


def count_places(rows: pa.Table, levels: Sequence[Level]) -> dict[str, dict[str, int]]:
    """Return by level how many rows lie inside and near a cell, outside and without location; they add up to all."""
    result = {}
    for level in levels:
        in_none = pc.is_null(rows[level.column])
        near = rows.num_rows - rows[near_column(level.column)].null_count
        outside = pc.sum(pc.and_(in_none, pc.is_valid(rows["lon"]))).as_py() or 0
        result[level.name] = {
            "inside": rows.num_rows - rows[level.column].null_count - near,
            "near": near,
            "outside": outside,
            "no_location": rows[level.column].null_count - outside,
        }
    return result


def _put(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)


def filed(rows: pa.Table) -> pa.Table:
    """Return incidents with the places that their file gave them: what was found for them is taken away."""
    own = pc.equal(rows["placed"], "")
    if pc.all(own).as_py() is not False:
        return rows
    for name in ("lon", "lat"):
        rows = _put(rows, name, pc.if_else(own, rows[name], None))
    return _put(rows, "placed", pc.if_else(own, rows["placed"], ""))


class _Placing:
    """The boundaries of a version, edition by edition."""

    def __init__(self, dataset: Dataset, known_to: dt.date | None) -> None:
        self.dataset, self.known_to = dataset, known_to
        self.levels = dataset.levels
        self.cells = {level.name: dataset.cells(level.name, every=True) for level in self.levels}
        self.within_m = float(dataset.settings["near_tolerance_m"])
        self.edges = {name: validity.edges(cells) for name, cells in self.cells.items()}

    def days(self, rows: pa.Table) -> Days:
        """Return the day of each report in the workspace's zone; of a year alone its last; NaT if not known."""
        days = np.full(rows.num_rows, np.datetime64("NaT"), dtype="datetime64[D]")
        if not any(len(edges) for edges in self.edges.values()):
            return days  # nobody asks
        reported = pd.Series(rows["reported_at"].to_pandas()).dt.tz_convert(self.dataset.zone).dt.tz_localize(None)
        days = reported.to_numpy().astype("datetime64[D]")
        year = pc.if_else(pc.is_null(rows["reported_at"]), pc.utf8_slice_codeunits(rows["month"], 0, 4), "")
        alone = pc.match_substring_regex(year, r"^\d{4}$").to_numpy().astype(bool)
        days[alone] = (year.filter(pa.array(alone)).to_numpy().astype("datetime64[Y]") + 1).astype("datetime64[D]") - 1
        return days

    def assign(
        self, lon: Floats, lat: Floats, days: Days, level: Level
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the position of each point's cell among all editions of a level, and its metres where only near."""
        cells = self.cells[level.name]
        position = np.full(len(lon), OUTSIDE, dtype=np.int32)
        metres = np.full(len(lon), np.nan, dtype=np.float32)
        for day, chosen in _by_edition(days, self.edges[level.name]):
            valid = np.flatnonzero(self.valid(level, day))
            some = cells.iloc[valid] if len(valid) < len(cells) else cells
            at = assign_cells(lon[chosen], lat[chosen], some)
            out = np.flatnonzero((at == OUTSIDE) & np.isfinite(lon[chosen]))
            away = np.full(len(at), np.nan, dtype=np.float32)
            if len(out):
                at[out], away[out] = nearest_within(lon[chosen][out], lat[chosen][out], some, self.within_m)
            position[chosen] = np.where(at == OUTSIDE, OUTSIDE, valid[at]) if len(valid) else OUTSIDE
            metres[chosen] = away
        return position, metres

    def valid(self, level: Level, day: np.datetime64 | None) -> NDArray[np.bool_]:
        """Return which cells of a level are valid on a day; None is the newest edition."""
        cells = self.cells[level.name]
        if not len(self.edges[level.name]):
            return np.ones(len(cells), dtype=bool)
        return validity.newest_on(cells, self.known_to) if day is None else validity.valid_on(cells, day)

    def ids(self, level: Level, position: NDArray[np.int32]) -> pa.Array:
        """Return the cell_id at each position, null where there is none."""
        ids = pa.array(self.cells[level.name]["cell_id"].to_numpy(dtype=object), pa.string())
        return ids.take(pa.array(position, mask=position < 0))

    def find(self, rows: pa.Table) -> dict[str, pa.Array]:
        """Return lon, lat, placed, remark and the columns of all levels for rows whose file has no coordinates."""
        days = self.days(rows)
        hand = _placements(rows, self.dataset)
        lon, lat = (hand[name].to_numpy(dtype=float, copy=True) for name in ("lon", "lat"))
        placed = np.where(np.isfinite(lon), "hand", "").astype(object)
        position = np.full((len(days), len(self.levels)), OUTSIDE, dtype=np.int32)  # of the cell in each level
        self._find_cells(rows, days, hand, placed, position)
        self._find_addresses(rows, lon, lat, placed, position)

        point = np.isfinite(lon)
        found: dict[str, pa.Array] = {}
        for at, level in enumerate(self.levels):
            by_point, metres = self.assign(lon, lat, days, level)
            found[level.column] = self.ids(level, np.where(point, by_point, position[:, at]))
            found[near_column(level.column)] = pa.array(metres, from_pandas=True)
        others = pc.utf8_trim_whitespace(pc.replace_substring_regex(rows["remark"], r"\s*no-location\s*", " "))
        marked = pc.utf8_trim_whitespace(pc.binary_join_element_wise("no-location", others, " "))
        found["remark"] = pc.if_else(pa.array(placed == ""), marked, others).combine_chunks()
        found["placed"] = pa.array(placed, pa.string())
        return found | {"lon": pa.array(lon, from_pandas=True), "lat": pa.array(lat, from_pandas=True)}

    def _find_cells(
        self, rows: pa.Table, days: Days, hand: pd.DataFrame, placed: NDArray[np.object_], position: NDArray[np.int32]
    ) -> None:
        """Fill in the cells that rows without a point are placed in by hand or by their words."""
        words = pd.DataFrame({name: rows[name].to_pandas().astype(object) for name in FIELDS})
        open_ = (placed == "") & ((words != "").any(axis=1).to_numpy() | (hand["cell_id"] != "").to_numpy())
        if not self.levels or not open_.any():
            return
        columns = [level.column for level in self.levels]
        for day, chosen in _by_edition(days, np.unique(np.concatenate(list(self.edges.values())))):
            chosen = chosen[open_[chosen]]
            names = CellNames(self.levels, list(self.cells.values()), [self.valid(one, day) for one in self.levels])
            level, cell = names.find_all(words.iloc[chosen])
            placed[chosen] = np.where(level == OUTSIDE, "", "cell")
            for at in np.flatnonzero((hand["cell_id"].iloc[chosen] != "").to_numpy()):
                given = hand.iloc[chosen[at]]
                own = columns.index(given["level"]) if given["level"] in columns else OUTSIDE
                if own != OUTSIDE and (known := names.position(own, given["cell_id"])) != OUTSIDE:
                    level[at], cell[at], placed[chosen[at]] = own, known, "hand"
            for own in np.unique(level[level != OUTSIDE]):
                of_level = level == own
                position[chosen[of_level]] = names.chain[own][cell[of_level]]

    def _find_addresses(
        self,
        rows: pa.Table,
        lon: Floats,
        lat: Floats,
        placed: NDArray[np.object_],
        position: NDArray[np.int32],
    ) -> None:
        """Fill in the points of known addresses where no cell of the finest level was named."""
        open_ = placed == ""
        if self.levels:
            open_ |= (placed == "cell") & (position[:, -1] == OUTSIDE)
        open_ = np.flatnonzero(open_ & pc.not_equal(rows["address"], "").to_numpy())
        if not len(open_) or "gazetteer" not in self.dataset.named.tables:
            return
        known = self.dataset.gazetteer()
        # Flats are masked in the table, whatever the setting says of those in the incidents: a point is a building's
        asked = address_keys(mask_text(rows["address"].to_pandas().iloc[open_]))
        at = pd.Index(known["address"]).get_indexer(asked)
        rows_, at = open_[at >= 0], at[at >= 0]
        lon[rows_], lat[rows_] = known["lon"].to_numpy()[at], known["lat"].to_numpy()[at]
        placed[rows_], position[rows_] = "address", OUTSIDE


def _by_edition(days: Days, edges: Days) -> Iterator[tuple[np.datetime64 | None, NDArray[np.intp]]]:
    """Yield for each edition a day in it, None for the newest, and the positions of the days that belong to it."""
    if not len(edges):
        yield None, np.arange(len(days))
        return
    turn = np.where(np.isnat(days), -1, np.searchsorted(edges, days, side="right"))
    for one in np.unique(turn):
        day = None if one < 0 else edges[one - 1] if one else edges[0] - 1
        yield day, np.flatnonzero(turn == one)


def _placements(rows: pa.Table, dataset: Dataset) -> pd.DataFrame:
    """Return what was given by hand for each row: lon, lat (NaN if none), level and cell_id ('' if none)."""
    given = dataset.placements()[["source", "incident_id", "lon", "lat", "level", "cell_id"]]
    if given.empty:
        nothing = {"lon": np.nan, "lat": np.nan, "level": "", "cell_id": ""}
        return pd.DataFrame(nothing, index=range(rows.num_rows))
    keys = pd.DataFrame({name: rows[name].to_pandas().astype(object) for name in ("source", "incident_id")})
    found = keys.merge(given, on=["source", "incident_id"], how="left")
    return found.assign(level=found["level"].fillna(""), cell_id=found["cell_id"].fillna(""))
