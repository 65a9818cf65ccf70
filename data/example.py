"""Load the invented street office through the same door as any office's files."""

from collections.abc import Callable
from typing import Any

from base.errors import HazardError
from base.text import N_
from data import levels, loading, projects, rain, standards
from data.demo import make_demo
from data.schema import DEMO_SOURCE
from data.store import Workspace
from data.taxonomy import GBT30428

ZONE = "Asia/Shanghai"  # of the invented office


def load_demo(
    workspace: Workspace, *, who: str, progress: Callable[[float, str, dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Load the example's cells, standard, rain, projects and incidents; return the import's answer and what else came.

    Returns
    -------
    dict
        The answer of `data.loading.import_incidents`; ``cells`` (by level), ``rain`` (read, new, missing, rejected,
        repeats, stations), ``projects`` (read, new, rejected, repeats, not_choosable) and ``truth`` (`data.demo.Demo`).

    Raises
    ------
    HazardError
        ``workspace-not-empty``: invented data never goes in beside an office's own.
    """
    if workspace.newest().version:
        raise HazardError(
            "workspace-not-empty",
            "The workspace {path} already holds data: the example goes into an empty one. Choose another folder.",
            path=str(workspace.path),
        )
    demo = make_demo()
    names = demo.names
    levels.load_cells(workspace, demo.communities, names["communities"], level="community", trusted=True, who=who)
    levels.load_cells(workspace, demo.grids, names["grids"], level="grid", trusted=True, who=who)
    for one in demo.standards:
        standards.load_standard(
            workspace,
            one.content(),
            one.name,
            scheme=GBT30428,
            kind=one.kind,
            valid_from=one.valid_from,
            trusted=True,
            who=who,
        )
    tell = progress or (lambda share, sentence, fields: None)
    tell(0.0, N_("Reading {file}"), {"file": names["rain"]})
    gauge = rain.load_rain(workspace, demo.gauge, names["rain"], zone=ZONE, trusted=True, who=who)
    tell(0.0, N_("Reading {file}"), {"file": names["projects"]})
    works = projects.load_projects(workspace, demo.projects_file, names["projects"], trusted=True, who=who)
    answer = loading.import_incidents(
        workspace,
        demo.incidents,
        names["incidents"],
        source=DEMO_SOURCE,
        crs="wgs84",
        zone=ZONE,
        as_of=demo.as_of.isoformat(),
        trusted=True,
        who=who,
        progress=progress,
    )
    return {
        **answer,
        "cells": {level.name: level.cells for level in workspace.newest().levels},
        "rain": {key: gauge[key] for key in ("read", "new", "missing", "rejected", "repeats", "stations")},
        "projects": {key: works[key] for key in ("read", "new", "rejected", "repeats", "not_choosable")},
        "truth": demo.truth,
    }
