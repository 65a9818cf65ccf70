"""What the places of projects need: the needs of cells folded to those of projects, which cover several or parts.

Each criterion has its own rule (`reports.criteria.FOLDS`): what adds up is summed, each cell by the share of its area
that the project covers; what does not is the worst, or a mean with weights. Events are taken to lie evenly over a cell,
so a drain drawn as a thin line has the part of its cell's events that lies on the line, not all that it would help:
where a project helps a whole catchment, draw that, or list its cells.

**What is not known** of a cell is not known of a project that covers it, where what adds up is asked for, unless it is
a sliver of the project's ground; a mean is taken over those of which it is known. A project that covers no cell of the
needs has none of the criteria: that is no zero.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import rates
from base.text import NP_, Listed, Sentence
from reports.criteria import BY_AREA, BY_CASES, BY_REPORTS, COUNTED, MOST, RATIO, SUM
from reports.need_table import WITHOUT, Needs, gap_table, missing_of, named

SLIVER = 0.05  # of a project's ground: less of it in a cell that is not known takes no sum away

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def needs_of_projects(found: Needs, projects: pd.DataFrame, covers: pd.DataFrame) -> Needs:
    """Return the needs of projects from those of cells.

    Parameters
    ----------
    found : Needs
        Of the cells of a scope (`reports.needs.needs`).
    projects : DataFrame
        project_id and name; a row of the answer each, in their order.
    covers : DataFrame
        project_id, cell_id, share (of the cell's area, in (0, 1]), as `data.projects.cells_of_projects` gives them for
        the level of the scope. Cells that `found` does not hold are left out, which a note says.

    Returns
    -------
    Needs
        With `key` "project_id": `table` begins with project_id and name, has the criteria, and beside area_km2 (of the
        ground covered), cells (how many it covers), and those of `Needs.table` that add up, with excess_ratio and
        excess_high. Projects may overlap, so its columns do not add up to `n` and `n_events`, which stay those of the
        cells.
    """
    return _Fold(found, projects, covers).all()


class _Fold:
    """The cells that each project covers as pairs of positions, with the share of the cell; and what is folded so."""

    def __init__(self, found: Needs, projects: pd.DataFrame, covers: pd.DataFrame) -> None:
        self.found, self.cells = found, found.table
        self.places = projects[["project_id", "name"]].reset_index(drop=True)
        row = pd.Index(self.places["project_id"]).get_indexer(pd.Index(covers["project_id"]))
        cell = pd.Index(self.cells["cell_id"]).get_indexer(pd.Index(covers["cell_id"]))
        inside = (row >= 0) & (cell >= 0)
        self.row, self.cell = row[inside], cell[inside]
        self.share = covers["share"].to_numpy(float)[inside]
        self.beyond = np.zeros(len(self.places), dtype=bool)
        self.beyond[row[(row >= 0) & (cell < 0)]] = True
        self.area = self.share * self.cells["area_km2"].to_numpy(float)[self.cell]
        self.ground = self.add(self.area)
        self.gaps: list[tuple[str, int, str]] = []

    def all(self) -> Needs:
        covered = np.bincount(self.row, minlength=len(self.places))
        values: dict[str, Any] = {one.code: self.fold(one.code, one.fold) for one in self.found.criteria}
        beside: dict[str, Any] = {"area_km2": self.ground, "cells": covered}
        beside |= {name: self.sum(name) for name in _ADDED}
        for one in self.found.criteria:
            if one.code in COUNTED and one.fold != RATIO:
                name = one.code + WITHOUT
                beside[name] = self.most(name) if one.fold == MOST else self.sum(name)
        full, without = self.excess("events"), self.excess("events" + WITHOUT)
        beside |= {"excess_ratio": full.ratio, "excess_high": full.high, "excess" + WITHOUT: without.low}
        table = pd.concat([self.places, pd.DataFrame({**values, **beside})], axis=1)
        table.loc[covered == 0, [*(set(table) - {"project_id", "name", "area_km2", "cells"})]] = np.nan
        self.explain(table, covered == 0)
        gaps = gap_table(self.gaps, table, self.found.criteria)
        notes = list(self.found.notes)
        beyond = self.beyond & (covered > 0)
        if beyond.any():
            cells = Listed(named(self.places, "project_id", beyond))
            notes.append(Sentence(_BEYOND, {"n": int(beyond.sum()), "projects": cells}))
        return replace(
            self.found, table=table, gaps=gaps, missing=missing_of(gaps, table, self.found.criteria),
            notes=tuple(notes), key="project_id",
        )  # fmt: skip

    def fold(self, code: str, how: str) -> Floats:
        if how == SUM:
            return self.sum(code)
        if how == MOST:
            return self.most(code)
        if how == RATIO:
            return self.excess("events").low
        values = self.of_cells(code)
        known = ~np.isnan(values)
        weight = np.where(known, self.weights(how), 0.0)
        total = self.add(weight)
        with np.errstate(invalid="ignore"):
            return self.add(weight * np.where(known, values, 0.0)) / np.where(total > 0, total, np.nan)

    def weights(self, how: str) -> Floats:
        known = self.of_cells("by_residents") + self.of_cells("by_office")
        return {BY_AREA: self.area, BY_CASES: self.share * self.of_cells("cases"), BY_REPORTS: self.share * known}[how]

    def of_cells(self, name: str) -> Floats:
        """Return a column of the cells for each pair."""
        return self.cells[name].to_numpy(float)[self.cell]

    def add(self, each: Floats) -> Floats:
        return np.bincount(self.row, each, minlength=len(self.places)).astype(float)

    def sum(self, name: str) -> Floats:
        values = self.of_cells(name)
        unknown = np.isnan(values)
        lost = self.add(self.area * unknown) > SLIVER * self.ground
        return np.where(lost, np.nan, self.add(self.share * np.where(unknown, 0.0, values)))

    def most(self, name: str) -> Floats:
        found = np.zeros(len(self.places))
        np.maximum.at(found, self.row, self.share * self.of_cells(name))
        return found

    def excess(self, name: str) -> rates.Ratio:
        return rates.share_ratio(self.sum(name), self.sum("weight"), float(self.cells[name].sum()))

    def explain(self, table: pd.DataFrame, nowhere: NDArray[np.bool_]) -> None:
        """Give each value that is not known its reason: that of its cells where they have one in common."""
        reasons = {
            code: dict(zip(rows["cell_id"], rows["reason"], strict=True))
            for code, rows in self.found.gaps.groupby("criterion")
        }
        ids = self.cells["cell_id"].to_numpy(object)[self.cell]
        for one in self.found.criteria:
            for at in np.flatnonzero(table[one.code].isna()):
                known = reasons.get(one.code, {})
                own = {known[cell] for cell in ids[self.row == at] if cell in known}
                reason = "no-cell" if nowhere[at] else own.pop() if len(own) == 1 else "cell-unknown"
                self.gaps.append((one.code, int(at), reason))


_ADDED = ("reports", "weight", "cases", "open", "closures", "by_residents", "by_office", "by_unknown")
_BEYOND = NP_(
    "{n} project covers cells besides that are not looked at here, and what they need is not counted: {projects}.",
    "{n} projects cover cells besides that are not looked at here, and what they need is not counted, among them: "
    "{projects}.",
)
