"""A small office with drainage projects for tests: four grids, reports by count, projects of every fate."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
from stored import rows, store, with_grids

from data.projects import load_projects

EVENTS = {"A": 12, "B": 6, "C": 3, "D": 0}  # of waterlogging from 2024-02 to 2026-01, two months apart
TABLE = """项目编号,项目名称,类型,造价(元),状态,互斥组,必做,网格,WKT
P1,drain in A,新建雨水管,300000,计划,,否,A,
P2,pump of A and B,强排泵,500000,计划,,否,A、B,
P3,dredging of B,清淤疏浚,100000,计划,,否,B,
P4,covers of C,井盖维修,50000,计划,C,否,C,
P5,drain in C and D,新建雨水管,400000,计划,C,否,C、D,
P6,built long ago,新建雨水管,1,已完成,,否,A,
P7,without cost,新建雨水管,,计划,,否,A,
P8,costs nothing,新建雨水管,0,计划,,否,A,
P9,far away,新建雨水管,100,计划,,否,,"POLYGON ((100 20, 100.01 20, 100.01 20.01, 100 20))"
P10,being built,清淤疏浚,200000,施工,,否,B,
P11,nowhere,新建雨水管,100,计划,,否,,
"""
OPEN = ["P1", "P2", "P3", "P4", "P5"]


def cases(channels=("热线",)):
    found = []
    for cell, n in EVENTS.items():
        for at in range(n):
            month = pd.Period("2024-02") + 2 * at
            found.append({
                "incident_id": f"{cell}{at}", "cell": cell, "hazard": "waterlogging",
                "reported_at": f"{month}-05 08:00", "channel": channels[at % len(channels)],
            })  # fmt: skip
    # The record begins and ends with another hazard, so that it covers all 24 months
    for at, day in enumerate(("2024-02-01 08:00", "2026-01-20 08:00")):
        found.append({"incident_id": f"x{at}", "cell": "D", "hazard": "other", "reported_at": day})
    return found


@cache
def _made(table: str, channels: tuple[str, ...]) -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    workspace = with_grids(folder)
    store(workspace, rows(cases(channels)))
    if table:
        load_projects(workspace, table.encode(), "p.csv", who="t")
    return folder


def office(table: str = TABLE, channels: tuple[str, ...] = ("热线",)) -> Path:
    """The folder of the workspace, made once; no test changes it."""
    return _made(table, channels)
