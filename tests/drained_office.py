"""An invented row of twelve cells, A to L, where a drain in A halved the waterlogging: all its figures are by hand.

Three years of reports. A has 8 events a month in the year that led to the choice (2023), then 4 a month, during the
works (October to December 2024) 1, and 2 a month after them. B, next to A, has 5; all others have 2 a month throughout.
Each month has four wet days of 20 mm, on its 2nd, 9th, 16th and 23rd.
"""

import pandas as pd
import stored

from data.levels import load_cells
from data.projects import save_projects
from data.store import Workspace

CELLS = "ABCDEFGHIJKL"
DAYS = {"surveyed_on": "2024-01-01", "built_from": "2024-10-01", "finished_on": "2024-12-31"}
MONTHS = pd.period_range("2023-01", "2025-12", freq="M")


def of_a(month):
    """Events of A in a month."""
    return 8 if month.year == 2023 else 2 if month.year == 2025 else 1 if month.month >= 10 else 4


def cases(own=of_a):
    """A case an event, three days and some places apart."""
    found = []
    for at, cell in enumerate(CELLS):
        for month in MONTHS:
            for n in range(own(month) if cell == "A" else 5 if cell == "B" else 2):
                day = month.start_time + pd.Timedelta(days=3 * n + 1, hours=12)
                found.append(
                    {
                        "incident_id": f"{cell}{month}{n}", "reported_at": f"{day:%Y-%m-%d %H:%M}",
                        "lon": 113.005 + 0.01 * at, "lat": 33.002 + 0.001 * (n % 7), "hazard": "waterlogging",
                    }
                )  # fmt: skip
    return found


def office(folder, *, own=of_a, projects=None):
    """Return the workspace, with the project P1 in A, and P2 in L that has no day of completion."""
    workspace = Workspace(folder)
    load_cells(workspace, stored.boundary(CELLS, columns=len(CELLS)), "cells.geojson", level="grid", who="t")
    stored.store(workspace, stored.rows(cases(own)), as_of="2025-12-31T23:00:00+08:00")
    rows = projects or [
        {"project_id": "P1", "name": "Drain of A", "status": "done", "level": "grid", "cells": ("A",), **DAYS},
        {"project_id": "P2", "name": "Pump of L", "status": "planned", "level": "grid", "cells": ("L",)},
    ]
    save_projects(workspace, pd.DataFrame(rows), who="t")
    return workspace


def rain(first="2023-01-01", last="2025-12-31", *, mm=20.0, dry=0.0):
    """The rain of each day, as `reports.work_times` takes it."""
    day = pd.date_range(first, last)
    wet = day.day.isin([2, 9, 16, 23])
    return pd.DataFrame({"day": day, "mm": [mm if one else dry for one in wet], "known": 1.0})
