"""A workspace at one version, read-only: what pages, reports and commands ask; it never changes under them."""

import datetime as dt
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from base import settings
from base.errors import HazardError
from data import project_rows, sql, tables, validity, versions
from data.schema import CELL_COLUMNS, DEMO_SOURCE, NO_MONTH, TIME_FIELDS, ImportRecord, Level, Scope
from data.taxonomy import DEFAULT_RULES

T = TypeVar("T")

# Outlines of levels, the last asked for last: every version of a workspace, and every change of it, asks for the same
_MOST_LEVELS = 16
_levels: OrderedDict[tuple[Any, ...], gpd.GeoDataFrame] = OrderedDict()
_holding_levels = threading.Lock()


def _held(key: tuple[Any, ...] | None) -> gpd.GeoDataFrame | None:
    with _holding_levels:
        if key is None or key not in _levels:
            return None
        _levels.move_to_end(key)
        return _levels[key]


def _hold(key: tuple[Any, ...], cells: gpd.GeoDataFrame) -> None:
    with _holding_levels:
        _levels[key] = cells
        while len(_levels) > _MOST_LEVELS:
            _levels.popitem(last=False)


class Dataset:
    """One version of a workspace. Shared between sessions: what it hands out are copies or frozen values.

    Parameters
    ----------
    root : pathlib.Path
        The workspace's folder.
    named : data.versions.Version
        The version; number 0 is the empty workspace.
    """

    def __init__(self, root: Path, named: versions.Version) -> None:
        self.root, self.named = root, named
        self._holding = threading.Lock()
        # What other modules derived from this version, by name: equal whoever derives it, and not to be changed
        self.derived: dict[str, Any] = {}

    def hold(
        self,
        kind: str,
        key: Any,
        make: Callable[[], T],
        *,
        most: int,
        weigh: Callable[[T], int] = lambda _: 0,
        heaviest: int = 0,
    ) -> T:
        """Return an answer that is held with this version, made where it is not; what was not asked for longest goes.

        Answers are shared and never changed. Two that ask at the same time may both make it.

        Parameters
        ----------
        kind : str
            Name of this kind of answers in `derived`.
        key
            What the answer depends on beside the version.
        most, heaviest : int
            How many of the kind are held, and what they may weigh together; one that weighs more is not held.
        """
        held: dict[Any, T] = self.derived.setdefault(kind, {})
        with self._holding:
            known = [held[key]] if key in held else []
        found = known[0] if known else make()
        with self._holding:
            held.pop(key, None)
            held[key] = found  # the last to go
            weight = sum(weigh(one) for one in held.values())
            while len(held) > most or weight > heaviest:
                weight -= weigh(held.pop(next(iter(held))))
        return found

    @property
    def version(self) -> int:
        """Number of the workspace version."""
        return self.named.number

    @property
    def fingerprint(self) -> str:
        """Hash of the version's file: equal means the same data and settings. A key for caches."""
        return self.named.fingerprint

    @cached_property
    def boundaries(self) -> str:
        """Hash of all that the cells on a screen depend on, beside the day: a key for what is made of outlines alone.

        It stays the same when incidents are loaded; a table is never written into files that were there before.
        """
        files: list[str] = []
        if "cells" in self.named.tables:
            files = tables.file_paths(self.root, "cells", self.named.tables["cells"])
        dated = any(self.has_editions(level.name) for level in self.levels)
        seen = (files, self.levels, self.known_to if dated else None)  # which edition is the newest hangs on the day
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All settings by name: the defaults and what this workspace overrides."""
        return settings.merged(self.named.settings)

    @property
    def zone(self) -> str:
        """Name of the zone of days, months and shown times."""
        return str(self.settings["timezone"])

    @property
    def imports(self) -> tuple[ImportRecord, ...]:
        """The live imports, oldest first."""
        return self.named.imports

    @property
    def is_demo(self) -> bool:
        """Whether invented example data are among the imports."""
        return any(record.source == DEMO_SOURCE for record in self.imports)

    def imported(self, import_id: str) -> ImportRecord:
        """Return a live import by its id.

        Raises
        ------
        HazardError
            ``import-unknown`` if there is none of that id.
        """
        for record in self.imports:
            if record.import_id == import_id:
                return record
        raise HazardError(
            "import-unknown",
            "There is no live import {import_id}. Live are: {known}.",
            import_id=import_id,
            known=", ".join(record.import_id for record in self.imports) or "-",
        )

    @property
    def levels(self) -> tuple[Level, ...]:
        """The boundary levels, coarse to fine."""
        return self.named.levels

    def level(self, name: str) -> Level:
        """Return a boundary level by its name.

        Raises
        ------
        HazardError
            ``level-unknown`` if there is none of that name, ``no-boundary`` if no name is given: what is asked needs
            boundaries.
        """
        if not name:
            raise HazardError("no-boundary", "Load the boundary polygons first.")
        for level in self.levels:
            if level.name == name:
                return level
        raise HazardError(
            "level-unknown",
            "There is no boundary level named {level}; loaded are: {levels}.",
            level=name,
            levels=", ".join(level.name for level in self.levels) or "-",
        )

    @cached_property
    def sources(self) -> dict[str, pd.Timestamp | None]:
        """What each source knows up to: the latest `as_of` of its live imports, in the workspace's zone.

        None where its files hold no time at all and nobody said when they were extracted.
        """
        latest: dict[str, pd.Timestamp | None] = {}
        for record in self.imports:
            known = [pd.Timestamp(record.as_of).tz_convert(self.zone)] if record.as_of else []
            if before := latest.get(record.source):
                known.append(before)
            latest[record.source] = max(known, default=None)
        return dict(sorted(latest.items()))

    @property
    def as_of(self) -> pd.Timestamp | None:
        """The latest of the sources' as-of times; None while nothing is loaded."""
        return max((as_of for as_of in self.sources.values() if as_of is not None), default=None)

    @cached_property
    def known_ends(self) -> dict[str, dt.date]:
        """The first day that each source knows nothing of, in the zone: the one after its as-of time.

        Of a day under way it counts as known. A source that was extracted at midnight knows nothing of the day that
        begins there - unless a case of it has that very time: then its file holds days without hours.
        """
        ends = {}
        for source, at in self.sources.items():
            if at is not None:
                begins = at == at.normalize() and not self._has_time(source, at)
                ends[source] = at.date() if begins else at.date() + dt.timedelta(days=1)
        return ends

    def _has_time(self, source: str, at: pd.Timestamp) -> bool:
        times = " OR ".join(f"{name} = $at" for name in TIME_FIELDS)
        query = f"SELECT count(*) AS n FROM incidents WHERE source = $source AND ({times})"  # noqa: S608  our names
        return bool(self.query(query, {"source": source, "at": at.to_pydatetime()}).column("n")[0].as_py())

    @property
    def known_to(self) -> dt.date | None:
        """The day of `as_of`, in the zone."""
        return self.as_of.date() if self.as_of is not None else None

    @cached_property
    def span(self) -> tuple[dt.date | None, dt.date | None]:
        """First and last day, in the zone, on which an incident was reported; None where there is none.

        A report time after the import and after all that is known is mistyped and no day of the data. A year that is
        all a file knows counts as a whole.
        """
        first, last = self.timed_span
        query = (
            "SELECT min(month) AS first, max(month) AS last FROM incidents WHERE reported_at IS NULL AND month != $none"
        )
        (row,) = self.query(query, {"none": NO_MONTH}).to_pylist()
        if row["first"]:
            first = min(filter(None, (first, dt.date(int(row["first"]), 1, 1))))
            last = max(filter(None, (last, dt.date(int(row["last"]), 12, 31))))
        return first, last

    @cached_property
    def timed_span(self) -> tuple[dt.date | None, dt.date | None]:
        """First and last day of the reports whose time is known: where series and trends begin and end."""
        query = """
            SELECT min(reported_at) AS first, max(reported_at) AS last FROM incidents
            WHERE NOT (contains(remark, 'time-in-future') AND ($as_of IS NULL OR reported_at > $as_of))
            """
        (row,) = self.query(query, {"as_of": self.as_of and self.as_of.to_pydatetime()}).to_pylist()
        zone = ZoneInfo(self.zone)
        return tuple(at and at.astimezone(zone).date() for at in (row["first"], row["last"]))

    def cells(self, level: str, on: dt.date | None = None, *, every: bool = False) -> gpd.GeoDataFrame:
        """Return the cells of a level: CELL_COLUMNS, WGS 84, sorted by cell_id, index 0, 1, 2 ...

        Parameters
        ----------
        on : date, optional
            Those valid on this day; the newest edition, as `data.validity.newest_on` tells it, if not given.
        every : bool
            All editions: a cell_id may then stand in several rows, the earlier first.

        Raises
        ------
        HazardError
            ``level-unknown``, ``no-boundary``.
        """
        cells = self._outlines(self.level(level).column)
        if every or not self.has_editions(level):
            return cells.copy()
        if on is None:
            return cells[validity.newest_on(cells, self.known_to)].reset_index(drop=True)
        return cells[validity.valid_on(cells, on)].reset_index(drop=True)

    def has_editions(self, level: str) -> bool:
        """Return whether cells of a level begin or end on a day."""
        column = self.level(level).column
        if column not in self._dated:
            held = _held(self._key(column))
            if held is None:  # a plain question need not wait for the outlines
                held = self._read("cells", ("level", column), columns=["valid_from", "valid_to"]).to_pandas().fillna("")
            self._dated[column] = validity.has_editions(held)
        return self._dated[column]

    def edition_day(self, scope: Scope) -> dt.date | None:
        """Return the day whose cells a scope shows: its last one, as far as anything is known. None: the newest cells.

        It is also None where every level has one edition, so that a key of a cache stays the same over the periods.
        """
        if scope.end is None or not any(self.has_editions(level.name) for level in self.levels):
            return None
        last = scope.end - dt.timedelta(days=1)
        return min(last, self.known_to) if self.known_to else last

    @cached_property
    def _dated(self) -> dict[str, bool]:
        return {}

    def _outlines(self, column: str) -> gpd.GeoDataFrame:
        key = self._key(column)
        if (held := _held(key)) is not None:
            return held
        frame = self._read("cells", ("level", column)).to_pandas()
        frame[["valid_from", "valid_to"]] = frame[["valid_from", "valid_to"]].fillna("")
        frame = frame.sort_values(["cell_id", "valid_from"], ignore_index=True)[list(CELL_COLUMNS)]
        shapes = shapely.from_wkb(frame["geometry"])
        cells = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs="EPSG:4326")
        if key is not None:
            _hold(key, cells)
        return cells

    def _key(self, column: str) -> tuple[Any, ...] | None:
        """Return what tells the outlines of a level from all others; None where the log does not say it any more."""
        version = self.named.tables.get("cells")
        entry = None if version is None else tables.written(self.root, "cells", version)
        return None if entry is None else (self.root, version, entry, column)

    def findings(self, level: str) -> dict[str, pd.DataFrame]:
        """Return what was found in a level's boundary file: frames by "repaired", "rejected", "overlaps", "gaps"."""
        found = self._read("findings", ("level", self.level(level).column)).to_pylist()
        return {
            kind: pd.DataFrame(
                [json.loads(one["content"]) for one in found if one["kind"] == kind], columns=list(columns)
            )
            for kind, columns in tables.FINDINGS.items()
        }

    def rejected(self, import_id: str | None = None) -> pd.DataFrame:
        """Return the rows that were not taken, of one import or of all live ones: import_id and REJECTED_COLUMNS.

        Raises
        ------
        HazardError
            ``import-unknown``.
        """
        partition = ("import_id", self.imported(import_id).import_id) if import_id is not None else None
        return self._read("rejected", partition).to_pandas().sort_values(["import_id", "row"], ignore_index=True)

    def rejected_rows(self, spans: Iterable[tuple[Any, ...]] | None = None, *, columns: list[str]) -> pa.Table:
        """Return some columns of the rows that were not taken, of all imports or of some: (import_id, first, last row).

        Of a million rows the columns that are not asked for are not read.
        """
        if spans is None:
            return self._read("rejected", columns=columns)
        parts = [
            self._read("rejected", ("import_id", import_id), columns=columns, rows=(first, last))
            for import_id, first, last in spans
        ]
        return pa.concat_tables([tables.TABLES["rejected"].schema.empty_table().select(columns), *parts])

    def gazetteer(self) -> pd.DataFrame:
        """Return the office's table of addresses: address (as `data.gazetteer.address_keys` writes it), lon, lat."""
        return self._read("gazetteer").to_pandas()

    def placements(self) -> pd.DataFrame:
        """Return the places given by hand: source, incident_id; lon, lat or level (its column), cell_id; who, at."""
        return self._read("placements").to_pandas()

    def rules(self) -> pd.DataFrame:
        """Return the rules that give a case its hazard: the office's own, or the built-in ones."""
        return self._read("rules").to_pandas() if "rules" in self.named.tables else DEFAULT_RULES.copy()

    def standards(self) -> pd.DataFrame:
        """Return all rows of the loaded standards of filing and deadlines: `data.tables.STANDARD_COLUMNS`."""
        return self._read("standards").to_pandas()

    def workdays(self) -> pd.DataFrame:
        """Return the office's table of workdays and days off, as `data.calendar_table.read_workdays` gives it."""
        return self._read("workdays").to_pandas()

    def rainfall(self) -> pd.DataFrame:
        """Return the readings of the rain gauges, by station and begin; none where no rain is loaded.

        Returns
        -------
        DataFrame
            station, zone (the area or cell that it stands for, '' for all), begin (UTC), hours (how long the reading
            stands for), mm (NaN: the reading is missing, which is not dry).
        """
        return self._read("rainfall").to_pandas()

    def projects(self) -> gpd.GeoDataFrame:
        """Return the drainage projects as `data.project_rows.from_stored` gives them; none where none is stored."""
        return project_rows.from_stored(self._read("projects"))

    def stored_cells(self, column: str) -> gpd.GeoDataFrame:
        """Return what is stored of a level (by `Level.column`): every edition, with `level`, `edition`, `declared`."""
        frame = self._read("cells", ("level", column)).to_pandas()
        frame = frame.sort_values(["cell_id", "valid_from"], ignore_index=True)
        return gpd.GeoDataFrame(
            frame.drop(columns="geometry"), geometry=shapely.from_wkb(frame["geometry"]), crs="EPSG:4326"
        )

    def rows(self, name: str) -> pa.Table:
        """Return all rows of a small table of this version; none where it was never written."""
        return self._read(name)

    @cached_property
    def history(self) -> tuple[versions.Version, ...]:
        """All versions up to this one, oldest first."""
        folder = self.root / "versions"
        return tuple(versions.read(folder, n) for n in versions.numbers(folder) if n <= self.version)

    def _read(
        self,
        name: str,
        partition: tuple[str, str] | None = None,
        columns: list[str] | None = None,
        rows: tuple[int, int] | None = None,
    ) -> pa.Table:
        if name not in self.named.tables:
            return tables.TABLES[name].schema.empty_table()
        table = tables.open_table(self.root, name, self.named.tables[name])
        filters: list[tuple[str, str, Any]] | None = [(partition[0], "=", partition[1])] if partition else None
        if filters and rows:
            filters += [("row", ">=", rows[0]), ("row", "<=", rows[1])]
        return table.to_pyarrow_table(filters=filters, columns=columns)

    @cached_property
    def _sql(self) -> sql.Incidents:
        columns = tuple(level.column for level in self.levels)
        return sql.Incidents(self.root, self.named.tables.get("incidents"), columns)

    def query(self, text: str, values: dict[str, Any] | None = None, **frames: pa.Table) -> pa.Table:
        """Return the answer to one question as an Arrow table; times come in UTC.

        Parameters
        ----------
        text : str
            Our own; it may name the view `incidents` and the given `frames`.
        values : dict, optional
            What the text names as ``$name``. Words from files or people go here and nowhere else.
        """
        return self._sql.ask(text, values, frames)
