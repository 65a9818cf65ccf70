"""Which of the stored projects can be chosen at all and why others cannot, by what rules, and what each would spare.

The effect of a work - the share of waterlogging that it spares its place - is in no data: it is assumed by the kind of
work (settings effect_...), and said wherever a figure rests on it.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy  # its parts load when they are first asked for
from numpy.typing import NDArray

from base.errors import HazardError
from base.text import N_, Listed, Sentence, Term
from data.dataset import Dataset
from data.project_words import CONSTRUCTION, DONE, INSPECTION, KIND_NAMES
from data.projects import cells_of_projects
from data.schema import Scope
from reports.needs import Needs

REASONS = {  # why a project cannot be chosen
    "done": N_("built already"),
    "construction": N_("under construction: its money is committed, and what it will spare is taken off the others"),
    "cost-missing": N_("no cost is known"),
    "cost-zero": N_("its cost is not above zero"),
    "no-place": N_("no place is known: neither cells nor an outline"),
    "outside": N_("its place lies outside the boundary"),
    "elsewhere": N_("its place lies outside the chosen area"),
    "alternative-built": N_("an alternative to it is built or under construction"),
}
OTHER = "other"  # the kind of a word of the office's own
BUILT = (DONE, INSPECTION)
BEGUN = (*BUILT, CONSTRUCTION)

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Candidates:
    """The projects of a scope, sorted out.

    Attributes
    ----------
    projects : GeoDataFrame
        All that are stored.
    covers : DataFrame
        As `data.projects.cells_of_projects` of the scope's level.
    reasons : ndarray of str
        Why each project cannot be chosen, a key of `REASONS`; '' if it can.
    """

    projects: gpd.GeoDataFrame
    covers: pd.DataFrame
    reasons: NDArray[np.object_]

    @property
    def open(self) -> gpd.GeoDataFrame:
        """Those that can be chosen."""
        return self.projects[self.reasons == ""].reset_index(drop=True)

    @property
    def under_way(self) -> gpd.GeoDataFrame:
        """Those under construction."""
        return self.projects[self.projects["status"] == CONSTRUCTION].reset_index(drop=True)

    @property
    def left(self) -> pd.DataFrame:
        """project_id, name, cost, must, reason of those that cannot be chosen."""
        away = self.reasons != ""
        rows = pd.DataFrame(self.projects.loc[away, ["project_id", "name", "cost", "must"]])
        return rows.assign(reason=self.reasons[away]).reset_index(drop=True)


def candidates(dataset: Dataset, scope: Scope, found: Needs) -> Candidates:
    """Return the projects of a scope, sorted out; `found` are the needs of its cells.

    Raises
    ------
    HazardError
        ``projects-none-stored``; ``projects-none-choosable`` with the reasons.
    """
    projects = dataset.projects()
    if not len(projects):
        raise HazardError("projects-none-stored", "No project is stored: load or write the projects on the Data page.")
    covers = cells_of_projects(dataset, projects, scope.level)
    everywhere = set(covers["project_id"])
    here = set(covers.loc[covers["cell_id"].isin(found.table["cell_id"]), "project_id"])
    reasons = np.array([_reason(one, everywhere, here) for one in projects.itertuples(index=False)], dtype=object)
    groups = projects["alternatives"].to_numpy(object)
    taken = {group for group in groups[projects["status"].isin(BEGUN).to_numpy()] if group}
    reasons[(reasons == "") & np.isin(groups, list(taken))] = "alternative-built"
    if (reasons != "").all():
        counts = pd.Series(reasons).value_counts()
        said = Listed(
            Sentence(_COUNTED, {"reason": Term(REASONS[str(code)]), "n": int(n)}) for code, n in counts.items()
        )
        raise HazardError(
            "projects-none-choosable", "None of the {n} stored projects can be chosen: {reasons}. Correct them on the "
            "Data page.", n=len(projects), reasons=said,
        )  # fmt: skip
    return Candidates(projects, covers, reasons)


_COUNTED = N_("{reason} ({n})")


def _reason(project: Any, everywhere: set[str], here: set[str]) -> str:
    if project.status in BUILT:
        return "done"
    if project.status == CONSTRUCTION:
        return "construction"
    if project.cost != project.cost:
        return "cost-missing"
    if not project.cost > 0:
        return "cost-zero"
    if project.project_id not in everywhere:
        return "outside" if project.geometry is not None or project.cells else "no-place"
    return "" if project.project_id in here else "elsewhere"


def rules(
    found: Candidates, must: Iterable[str], exclusive: Iterable[Iterable[str]]
) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Return what must be built, and the groups of which one at most is, by position among those that can be chosen.

    Those that the table of projects marks, and those named here.

    Raises
    ------
    HazardError
        ``project-unknown``; ``rule-not-choosable``; ``must-exclusive-named``.
    """
    rows = found.open
    place = {number: at for at, number in enumerate(rows["project_id"])}
    reasons = dict(zip(found.projects["project_id"], found.reasons, strict=True))

    def position(number: str) -> int:
        if number not in reasons:
            raise HazardError(
                "project-unknown", "There is no project {project}. Stored are: {known}.",
                project=number, known=Listed(list(reasons)[:20]),
            )  # fmt: skip
        if number not in place:
            raise HazardError(
                "rule-not-choosable", "A rule names project {project}, which cannot be chosen: {reason}. Correct the "
                "project, or leave it out of the rule.", project=number, reason=Term(REASONS[reasons[number]]),
            )  # fmt: skip
        return place[number]

    needed = {*np.flatnonzero(rows["must"].to_numpy(bool)).tolist(), *map(position, must)}
    groups: dict[str, list[int]] = {}
    for at, group in enumerate(rows["alternatives"]):
        if group:
            groups.setdefault(group, []).append(at)
    every = [*(group for group in groups.values() if len(group) > 1), *([*map(position, one)] for one in exclusive)]
    for group in every:
        if len(both := sorted(needed.intersection(group))) > 1:
            raise HazardError(
                "must-exclusive-named", "{projects} must be built, but are alternatives to each other: only one of "
                "them can be. Take the mark off the others.", projects=Listed(rows["project_id"].iloc[both]),
            )  # fmt: skip
    return tuple(sorted(needed)), tuple(tuple(group) for group in every)


def effect_kind(kind: str) -> str:
    """Return the kind of work under which an effect is kept."""
    return kind if kind in KIND_NAMES else OTHER


def usual_effects(dataset: Dataset) -> dict[str, float]:
    """Return the effect of each kind of work by the settings."""
    return {kind: float(dataset.settings[f"effect_{kind}"]) for kind in (*KIND_NAMES, OTHER)}


def effects(dataset: Dataset, projects: pd.DataFrame, given: Mapping[str, float]) -> Floats:
    """Return the share of waterlogging that each project spares its place; `given` goes before the settings.

    Raises
    ------
    HazardError
        ``effect-kind``, ``effect-bad``.
    """
    known = usual_effects(dataset)
    for kind, share in given.items():
        if kind not in known:
            raise HazardError(
                "effect-kind", "An effect is given for {kind}, which is none of {known}.", kind=kind,
                known=Listed(known),
            )  # fmt: skip
        if not 0 <= share <= 1:
            raise HazardError(
                "effect-bad", "The effect of a work is the share of incidents it avoids, between 0 and 1, not "
                "{effect}.", effect=share,
            )  # fmt: skip
    known |= given
    return np.array([known[effect_kind(kind)] for kind in projects["kind"]], dtype=float)


def spared(covers: pd.DataFrame, projects: pd.DataFrame, effect: Floats, cell_ids: Sequence[str]) -> Any:
    """Return the share of each cell's waterlogging that each project spares it, sparse, shape (projects, cells)."""
    row = pd.Index(projects["project_id"]).get_indexer(pd.Index(covers["project_id"]))
    cell = pd.Index(cell_ids).get_indexer(pd.Index(covers["cell_id"]))
    both = (row >= 0) & (cell >= 0)
    share = covers["share"].to_numpy(float)[both] * effect[row[both]]
    return scipy.sparse.csr_array((share, (row[both], cell[both])), shape=(len(projects), len(cell_ids)))


def largest(shares: Any) -> Floats:
    """Return the largest share of each cell over some projects, 0 without any."""
    return shares.max(axis=0).toarray().ravel() if shares.shape[0] else np.zeros(shares.shape[1])


def areas(dataset: Dataset, scope: Scope, found: Candidates) -> tuple[list[str], str | None]:
    """Return the area of the level above in which most of each candidate lies ('' where none), and that level."""
    above = dataset.level(scope.level).parent_level
    numbers = found.open["project_id"]
    if above is None:
        return [""] * len(numbers), None
    own = dataset.cells(scope.level).set_index("cell_id")
    names = dataset.cells(above).set_index("cell_id")["name"].to_dict()
    cells = own.reindex(found.covers["cell_id"])
    ground = found.covers.assign(
        ground=found.covers["share"].to_numpy(float) * cells["area_km2"].to_numpy(float),
        parent=cells["parent"].fillna("").to_numpy(object),
    )
    sums = ground.groupby(["project_id", "parent"])["ground"].sum().reset_index()
    most = sums.sort_values("ground", kind="stable").groupby("project_id")["parent"].last()
    return [str(names.get(one) or one or "") for one in most.reindex(numbers)], above


def built_lately(found: Candidates, since: dt.date) -> tuple[str, ...]:
    """Return the projects finished since a day on ground that candidates cover, by number."""
    done = found.projects[found.projects["status"].isin(BUILT)]
    late = [
        one.project_id for one in done.itertuples() if isinstance(one.finished_on, dt.date) and one.finished_on >= since
    ]
    ground = set(found.covers.loc[found.covers["project_id"].isin(found.open["project_id"]), "cell_id"])
    shared = found.covers[found.covers["project_id"].isin(late) & found.covers["cell_id"].isin(ground)]
    return tuple(dict.fromkeys(shared["project_id"]))
