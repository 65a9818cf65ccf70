"""The demo's cases counted without the program: CSV by pandas, places by geopandas, hazards by the demo's own truth."""

import io
from functools import cache

import geopandas as gpd
import pandas as pd

from data.demo import Demo, make_demo

ZONE = "Asia/Shanghai"
TIMES = {"上报时间": "reported_at", "结案时间": "closed_at"}


@cache
def demo() -> Demo:
    return make_demo()


@cache
def cases() -> pd.DataFrame:
    """The rows that should be accepted: incident_id, hazard, cell_id, community, month, unit and naive local times.

    due_at, due_from and handling are those of `data.demo.Demo.deadlines`: reckoned without the program.
    """
    rows = pd.read_csv(io.BytesIO(demo().incidents), encoding="utf-8-sig", dtype=str)
    rows.index = rows.index + 2  # as a spreadsheet counts
    out = [one["row"] for one in demo().truth["dirty"] if one["outcome"] != "accepted"]
    rows = rows.drop(index=out).rename(columns={"案卷号": "incident_id", "处置部门": "unit", **TIMES})
    for name in TIMES.values():
        rows[name] = pd.to_datetime(rows[name], format="%Y-%m-%d %H:%M")
    events = demo().events.set_index("event")
    true = rows["incident_id"].map(demo().event_of).map(events["hazard"])
    kinds = dict(rows.assign(true=true).dropna(subset=["true"])[["小类名称", "true"]].to_numpy())
    points = gpd.GeoDataFrame(
        {"n": rows.index}, geometry=gpd.points_from_xy(rows["经度"].astype(float), rows["纬度"].astype(float)), crs=4326
    )
    grids = gpd.read_file(io.BytesIO(demo().grids))
    inside = points.sjoin(grids, predicate="intersects").sort_values("网格编码").drop_duplicates("n").set_index("n")
    return rows.assign(
        hazard=rows["小类名称"].map(kinds),
        month=rows["reported_at"].dt.strftime("%Y-%m"),
        cell_id=inside["网格编码"].reindex(rows.index),
        community=inside["所属社区"].reindex(rows.index),
        **demo().deadlines.set_index("row"),
    ).reset_index(names="row")


def between(start: str, end: str) -> pd.DataFrame:
    """The cases reported in [start, end)."""
    rows = cases()
    return rows[(rows["reported_at"] >= start) & (rows["reported_at"] < end)]


def is_open(rows: pd.DataFrame) -> pd.Series:
    return rows["closed_at"].isna() | (rows["closed_at"] > demo().as_of)


def due(rows: pd.DataFrame) -> pd.Series:
    wrong = rows["closed_at"] < rows["reported_at"]  # bad data: neither due nor in time
    return (rows["due_at"] <= demo().as_of) & ~wrong


def in_time(rows: pd.DataFrame) -> pd.Series:
    return due(rows) & (rows["closed_at"] <= rows["due_at"])
