"""The invented street office: an exact plan, the same bytes each time, and hot spots that others can find again."""

import datetime as dt
import hashlib
import io
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import demo_cases
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod
from python_calamine import CalamineWorkbook
from scipy.stats import binomtest
from scipy.stats.contingency import odds_ratio

from analysis.evaluation import CHOICE, HELPED, NO_SIGN, estimate_effect, phases, verdict
from analysis.matching import matched
from data import listing, queries
from data.changes import set_settings
from data.demo import SEED, Demo, limits, make_demo, plan
from data.demo.cases import add_workdays
from data.demo.events import HOT, rain_days, second_source, waterlogging_events
from data.demo.projects import DRAINED_CELL
from data.example import load_demo
from data.loading import import_incidents
from data.schema import DEMO_SOURCE, HAZARDS, REASONS, REMARKS, Scope
from data.standards import read_standard
from data.store import Workspace

M_LON, M_LAT = 92_773.0, 110_920.0  # metres a degree at 33.64 degrees north on WGS 84, to 0.01%: checked below
LAST_YEAR = dt.datetime(2025, 10, 1)


@pytest.fixture(scope="module")
def demo() -> Demo:
    return demo_cases.demo()


@pytest.fixture(scope="module")
def rows(demo: Demo) -> pd.DataFrame:
    """All rows of the CSV as text, under the row number of a spreadsheet."""
    frame = pd.read_csv(io.BytesIO(demo.incidents), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return frame.set_index(frame.index + 2)


@pytest.fixture(scope="module")
def clean(demo: Demo, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not dirty, with places in metres and the true event."""
    kept = rows.drop(index=[dirt["row"] for dirt in demo.truth["dirty"]])
    return kept.assign(
        time=pd.to_datetime(kept["上报时间"]),
        x_m=(kept["经度"].astype(float) - 111.3) * M_LON,
        y_m=(kept["纬度"].astype(float) - 33.64) * M_LAT,
        event=kept["案卷号"].map(demo.event_of),
    )


def _polygons(content: bytes, key: str) -> dict[str, shapely.Polygon]:
    features = json.loads(content)["features"]
    return {feature["properties"][key]: shapely.geometry.shape(feature["geometry"]) for feature in features}


def _properties(content: bytes) -> list[dict[str, object]]:
    return [feature["properties"] for feature in json.loads(content)["features"]]


def _table(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _hot(cells: pd.Series, exposure: str) -> set[str]:
    """Return the grids with more events than their share of the exposure: exact test, Benjamini and Hochberg (1995)."""
    weights = {grid.cell_id: float(getattr(grid, exposure)) for grid in plan.grids()}
    n, total, counts = len(cells), sum(weights.values()), cells.value_counts()
    p = {
        cell: binomtest(int(counts.get(cell, 0)), n, weight / total, alternative="greater").pvalue
        for cell, weight in weights.items()
    }
    ranked = sorted(p, key=p.__getitem__)
    passed = [rank for rank, cell in enumerate(ranked, start=1) if p[cell] <= 0.05 * rank / len(p)]
    return set(ranked[: max(passed, default=0)])


def _first_calls(calls: pd.DataFrame, radius_m: float, window: pd.Timedelta) -> list[int]:
    """Return the rows of the first calls of events: a later call joins one near it in place and time."""
    leaders: list[int] = []
    for row, call in calls.sort_values("time", kind="stable").iterrows():
        near = (
            np.hypot(calls.loc[leaders, "x_m"] - call["x_m"], calls.loc[leaders, "y_m"] - call["y_m"]) <= radius_m
        ) & (call["time"] - calls.loc[leaders, "time"] <= window)
        if not near.any():
            leaders.append(row)
    return leaders


def test_the_scale_of_the_plan_is_that_of_the_ellipsoid():
    # pyproj 3.7.2, Geod(ellps="WGS84"): one thousandth of a degree east and north at the origin.
    geod = Geod(ellps="WGS84")
    _, _, east = geod.inv(plan.ORIGIN_LON, plan.ORIGIN_LAT, plan.ORIGIN_LON + 1e-3, plan.ORIGIN_LAT)
    _, _, north = geod.inv(plan.ORIGIN_LON, plan.ORIGIN_LAT, plan.ORIGIN_LON, plan.ORIGIN_LAT + 1e-3)
    assert [east, north] == pytest.approx([M_LON * 1e-3, M_LAT * 1e-3], rel=1e-4)
    assert (plan.M_PER_DEGREE_LON, plan.M_PER_DEGREE_LAT) == (M_LON, M_LAT)


def test_the_grids_cover_the_street_office_without_gap_or_overlap(demo: Demo):
    grids = list(_polygons(demo.grids, "网格编码").values())
    whole = shapely.union_all(grids)
    assert len(grids) == 23
    assert shapely.coverage_is_valid(grids)
    assert all(grid.is_valid and grid.exterior.is_ccw and not grid.interiors for grid in grids)
    assert (whole.geom_type, len(whole.interiors)) == ("Polygon", 0)
    assert sum(grid.area for grid in grids) == pytest.approx(whole.area, rel=1e-12)


def test_each_community_is_exactly_the_union_of_its_grids(demo: Demo):
    grids, communities = _polygons(demo.grids, "网格编码"), _polygons(demo.communities, "区域编码")
    parent = {row["网格编码"]: row["所属社区"] for row in _properties(demo.grids)}
    assert len(communities) == 4
    assert shapely.coverage_is_valid(list(communities.values()))
    for code, community in communities.items():
        inside = [grid for cell, grid in grids.items() if parent[cell] == code]
        assert community.equals(shapely.union_all(inside))
        assert set(map(tuple, community.exterior.coords)) <= {
            tuple(vertex) for grid in inside for vertex in grid.exterior.coords
        }


def test_households_and_people_of_a_community_are_those_of_its_grids(demo: Demo):
    sums: Counter[tuple[object, str]] = Counter()
    for row in _properties(demo.grids):
        for header in ("户数", "人口"):
            sums[row["所属社区"], header] += row[header]
    for row in _properties(demo.communities):
        assert [row["户数"], row["人口"]] == [sums[row["区域编码"], "户数"], sums[row["区域编码"], "人口"]]


def test_the_plan_is_no_chessboard():
    sizes = np.array([shapely.Polygon(grid.ring).area / 1e4 for grid in plan.grids()])  # ha
    filled = [
        shapely.Polygon(grid.ring).area / shapely.Polygon(grid.ring).minimum_rotated_rectangle.area
        for grid in plan.grids()
    ]
    assert sizes.max() > 4 * sizes.min()
    assert sum(share < 0.8 for share in filled) >= 4  # L-shapes and grids along the river and the railway


def test_same_seed_same_bytes_and_another_seed_other_cases(demo: Demo):
    again, other = make_demo(seed=SEED), make_demo(seed=SEED + 1)
    for name in ("communities", "grids", "incidents", "next_month", "gauge", "projects_file"):
        assert getattr(demo, name) == getattr(again, name)
    assert demo.truth == again.truth
    assert demo.incidents != other.incidents
    assert demo.grids == other.grids


def test_the_files_are_the_same_on_every_machine(demo: Demo):
    # Of the first machine, Linux x86-64 with numpy 2.4.6: a change here changes what the documents show.
    digests = {name: hashlib.sha256(getattr(demo, name)).hexdigest()[:16] for name in ("grids", "incidents")}
    assert digests == {"grids": "a5b55812c5ed6146", "incidents": "9c1065450b019961"}


def test_everything_bears_the_word_for_example(demo: Demo, clean: pd.DataFrame):
    names = [row["网格名称"] for row in _properties(demo.grids)] + [
        row["区域名称"] for row in _properties(demo.communities)
    ]
    assert all("示例" in name for name in [*names, *demo.names.values()])
    works = _table(demo.projects_file)
    assert works["项目名称"].str.contains("示例").all()
    assert works["负责单位"].str.contains("示例").all()
    assert set(_table(demo.gauge)["雨量站"]) == {"示例雨量站"}
    for header in ("问题描述", "地址", "问题来源", "处置部门", "上报人"):
        assert clean[header].str.contains("示例").all()


def test_no_telephone_number_but_the_invented_one(demo: Demo):
    found = Counter(re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", demo.incidents.decode("utf-8-sig")))
    assert set(found) == {"13800000000"}
    assert found["13800000000"] >= 10


def test_every_clean_row_lies_in_the_street_office_and_every_event_in_its_grid(demo: Demo, clean: pd.DataFrame):
    grids = _polygons(demo.grids, "网格编码")
    lon, lat = clean["经度"].astype(float), clean["纬度"].astype(float)
    assert shapely.contains_xy(shapely.union_all(list(grids.values())), lon, lat).all()
    first = clean.drop_duplicates("event").set_index("event")
    for event, cell in demo.events.set_index("event")["cell_id"].items():
        assert grids[cell].contains(shapely.Point(float(first.loc[event, "经度"]), float(first.loc[event, "纬度"])))


@pytest.mark.parametrize(
    ("hazard", "radius_m", "hours"),
    [("waterlogging", 100, 24), ("sunken_cover", 30, 168), ("wall_risk", 30, 168), ("other", 30, 168)],
)
def test_calls_near_the_first_in_place_and_time_are_exactly_the_true_events(
    demo: Demo, clean: pd.DataFrame, hazard: str, radius_m: float, hours: int
):
    true = demo.events[demo.events["hazard"] == hazard]
    calls = clean[clean["event"].isin(true["event"])]
    first = _first_calls(calls, radius_m, pd.Timedelta(hours=hours))
    assert sorted(calls.loc[first, "event"]) == sorted(true["event"])
    assert true["calls"].sum() == len(calls)


@pytest.mark.parametrize("since", [dt.datetime(2022, 4, 1), LAST_YEAR])
def test_both_waterlogging_hot_spots_and_no_other_grid_pass_an_exact_test(
    demo: Demo, clean: pd.DataFrame, since: dt.datetime
):
    # scipy 1.17.1, binomtest; on the events as meant, then on the calls of the file, grouped and located anew.
    true = demo.events[(demo.events["hazard"] == "waterlogging") & (demo.events["first_at"] >= since)]
    assert _hot(true["cell_id"], "households") == set(demo.truth["hot"]["waterlogging"])

    calls = clean[(clean["小类名称"] == "道路积水") & (clean["time"] >= since)]
    first = calls.loc[_first_calls(calls, 100, pd.Timedelta(hours=24))]
    grids = _polygons(demo.grids, "网格编码")
    tree = shapely.STRtree(list(grids.values()))
    points = shapely.points(first["经度"].astype(float), first["纬度"].astype(float))
    which = tree.query(points, predicate="covered_by")
    found = pd.Series([list(grids)[position] for position in which[1]])
    assert len(found) == len(true)
    assert _hot(found, "households") == set(demo.truth["hot"]["waterlogging"])


def test_the_other_hazards_have_no_hot_spot(demo: Demo):
    for hazard, exposure in {"sunken_cover": "covers", "wall_risk": "households", "other": "households"}.items():
        assert _hot(demo.events.loc[demo.events["hazard"] == hazard, "cell_id"], exposure) == set()


def test_the_two_hot_grids_do_not_touch(demo: Demo):
    one, two = (_polygons(demo.grids, "网格编码")[cell] for cell in demo.truth["hot"]["waterlogging"])
    assert one.disjoint(two)


def test_the_recurring_cover_is_reported_again_only_after_its_repair(demo: Demo, clean: pd.DataFrame):
    cover = demo.truth["recurring_cover"]
    reports = clean[clean["案卷号"].isin(cover["incident_ids"])]
    distance_m = np.hypot(
        reports["x_m"] - (cover["lon"] - 111.3) * M_LON, reports["y_m"] - (cover["lat"] - 33.64) * M_LAT
    )
    assert cover["reports"] == len(reports) == 7
    assert (distance_m <= 5).all()  # so any two lie within 10 m
    closed = pd.to_datetime(reports["结案时间"])
    assert (reports["time"].to_numpy()[1:] > closed.to_numpy()[:-1]).all()
    others = clean[(clean["小类名称"] == "井盖下沉") & ~clean["案卷号"].isin(cover["incident_ids"])]
    between_m = np.hypot(others["x_m"] - (cover["lon"] - 111.3) * M_LON, others["y_m"] - (cover["lat"] - 33.64) * M_LAT)
    assert between_m.min() > 30


def test_waterlogging_comes_with_rain_and_in_bursts(demo: Demo, clean: pd.DataFrame):
    true = demo.events[demo.events["hazard"] == "waterlogging"]
    heavy = set(demo.rain.loc[demo.rain["rain_mm"] > 12, "day"])
    days = {time.date() for time in true["first_at"]}
    after_midnight = {day for day in days if day - dt.timedelta(days=1) in heavy}
    assert days - after_midnight <= heavy
    assert (true["calls"] > 1).mean() > 0.3
    calls = clean[clean["小类名称"] == "道路积水"]
    spread = calls.groupby("event")["time"].agg(lambda times: times.max() - times.min())
    assert spread.max() <= pd.Timedelta(hours=5)


def test_hours_days_and_weeks_of_handling(clean: pd.DataFrame):
    closed = pd.to_datetime(clean["结案时间"])
    hours = ((closed - clean["time"]) / pd.Timedelta(hours=1)).groupby(clean["小类名称"]).median()
    assert 1 < hours["道路积水"] < 5
    assert 3 * 24 < hours["井盖下沉"] < 7 * 24
    assert all(10 * 24 < hours[name] < 25 * 24 for name in ("围墙倾斜", "外立面裂缝", "挡土墙开裂"))
    assert ((pd.to_datetime(clean["派遣时间"]) >= clean["time"]) | (clean["派遣时间"] == "")).all()
    assert ((pd.to_datetime(clean["处置完成时间"]) <= closed) | closed.isna()).all()
    late = (closed > pd.to_datetime(clean["处置截止时间"])).groupby(clean["小类名称"]).mean()
    assert late.between(0.05, 0.4).all()


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        (dt.datetime(2026, 9, 25, 9), 5, dt.datetime(2026, 10, 2, 9)),  # a Friday: five working days are a week
        (dt.datetime(2026, 9, 26, 9), 1, dt.datetime(2026, 9, 28, 9)),  # a Saturday: the next one is Monday
        (dt.datetime(2026, 9, 21, 9), 15, dt.datetime(2026, 10, 12, 9)),
    ],
)
def test_working_days_leave_out_weekends(start: dt.datetime, days: int, expected: dt.datetime):
    # Counted on a calendar of September 2026.
    assert add_workdays(start, days) == expected


def test_the_steps_of_handling_come_one_after_the_other(clean: pd.DataFrame):
    time = {header: pd.to_datetime(clean[header]) for header in clean if header.endswith("时间")}
    for steps in (
        "上报时间 立案时间 派遣时间 处置完成时间 核查时间 结案时间",
        "派遣时间 挂账时间 挂账结束时间 处置完成时间",
        "派遣时间 勘察评估时间 方案设计时间 施工监管时间 处置完成时间",
        "结案时间 后续排查时间",
    ):
        for before, after in pairwise(steps.split()):
            assert not (time[before] > time[after]).any()
            assert (time[before] < time[after]).any()
    held = clean["挂账时间"] != ""
    assert set(clean.loc[held, "小类名称"]) == {"井盖下沉", "围墙倾斜", "外立面裂缝", "挡土墙开裂"}
    still = held & (clean["挂账结束时间"] == "")
    assert 2 <= still.sum() < 10 < held.sum()
    assert (clean.loc[still, "结案时间"] == "").all()
    site = clean[clean["勘察评估时间"] != ""]
    assert set(site["小类名称"]) == {"围墙倾斜", "外立面裂缝", "挡土墙开裂"}
    assert ((time["施工监管时间"] - time["派遣时间"]).dropna() > pd.Timedelta(days=5)).all()
    spot = clean["是否自处置"] == "是"
    assert set(clean.loc[spot, "问题来源"]) == {"示例·巡查上报"}
    assert ((time["结案时间"] - time["上报时间"])[spot] <= pd.Timedelta(minutes=30)).all()
    assert 10 < spot.sum() < 60
    assert set(clean["返工次数"]) == {"", "0", "1", "2"}


def test_the_standard_is_read_as_it_was_meant_and_its_conditions_are_those_of_the_cases(
    demo: Demo, clean: pd.DataFrame
):
    assert {one.kind for one in demo.standards} == {"component", "event"}
    conditions, types = set(), set()
    for one in demo.standards:
        read = read_standard(one.content(), one.name)
        assert "示例" in one.name
        assert read["duty"].str.contains("示例").all()
        assert set(read["kind"]) == {one.kind}
        meant = [(*key, *limit) for key, limit in one.limits.items()]
        units = {"urgent_hour": "紧急工作时", "work_day": "工作日"}
        columns = (read["code"], read["condition"], read["limit_value"], read["limit_clock"].map(units))
        assert list(zip(*columns, strict=True)) == meant
        conditions |= set(read["condition"])
        types |= set(zip(read["code"], read["type_name"], strict=True))
    given = clean[clean["立案条件"] != ""]
    assert set(given["立案条件"]) < conditions  # of waterlogging nobody writes it down
    assert types < set(zip(clean["小类编码"], clean["小类名称"], strict=True))


@pytest.mark.parametrize(
    ("start", "code", "more", "expected"),
    [
        # State Council, 2025: 1 to 8 October off, Sunday 28 September and Saturday 11 October worked. Five work days
        # are 40 hours: Friday 7, Sunday 8, Monday 8, Tuesday 8, the 9th 8, on the 10th the last one.
        ("2025-09-26 09:00", "0103", {}, ("2025-10-10 09:00", "table")),
        # On hold from Monday morning to the 9th at noon: 15 before, then 4, 8 on the 10th, 8 on the 11th, 5 on Monday.
        (
            "2025-09-26 09:00",
            "0103",
            {"挂账时间": "2025-09-29 08:00", "挂账结束时间": "2025-10-09 14:00"},
            ("2025-10-13 15:00", "table"),
        ),
        ("2025-09-26 09:00", "0103", {"挂账时间": "2025-10-10 08:59"}, (None, "on-hold")),
        # Closed on hold: the hold ends with the case, and the last minute is left; closed before, it was never held
        (
            "2025-09-26 09:00",
            "0103",
            {"挂账时间": "2025-10-10 08:59", "结案时间": "2025-10-11 15:00"},
            ("2025-10-11 15:01", "table"),
        ),
        (
            "2025-09-26 09:00",
            "0103",
            {"挂账时间": "2025-10-10 08:59", "结案时间": "2025-09-28 15:00"},
            ("2025-10-10 09:00", "table"),
        ),
        ("2025-09-26 09:00", "0103", {"挂账时间": "2025-10-10 09:00"}, ("2025-10-10 09:00", "table")),
        # Before the second edition five days, from its first day on three; the fifth ends an hour early: one was used
        ("2026-06-30 17:00", "0103", {}, ("2026-07-07 17:00", "table")),
        ("2026-07-01 08:00", "0103", {}, ("2026-07-03 18:00", "table")),
        ("2026-07-04 10:00", "0506", {}, ("2026-07-04 14:00", "table")),  # a Saturday: urgent hours never stop
        ("2026-03-02 08:00", "0595", {"立案条件": "有倒塌危险，须先围挡"}, ("2026-03-03 18:00", "table")),
        ("2026-03-02 08:00", "0595", {}, (None, "several")),
        ("2026-03-02 08:00", "0595", {"处置截止时间": "2026-03-23 08:00"}, ("2026-03-23 08:00", "file")),
        ("2090-01-02 08:00", "0188", {}, (None, "uncovered")),
        (None, "0506", {}, (None, "no-start")),
        ("2026-03-02 08:00", "0101", {"处置截止时间": "2026-03-04 08:00"}, ("2026-03-04 08:00", "file")),
    ],
)
def test_deadlines_of_the_truth_are_those_counted_by_hand(start, code, more, expected):
    times = {name: dt.datetime.fromisoformat(value) for name, value in more.items() if name.endswith("时间")}
    row = {"小类编码": code, "派遣时间": start and dt.datetime.fromisoformat(start), **more, **times}
    due, why = limits.deadline(row)
    assert (due and due.strftime("%Y-%m-%d %H:%M"), why) == expected


def stored_deadlines(workspace: Workspace, rows: str) -> pd.DataFrame:
    """What the program says of the cases chosen: case, due_at (naive, as the office's clocks show it), due_from."""
    found = workspace.newest().query(f"SELECT incident_id, row, due_at, due_from, handling FROM incidents WHERE {rows}")
    frame = found.to_pandas()
    return frame.assign(due_at=frame["due_at"].dt.tz_convert("Asia/Shanghai").dt.tz_localize(None).astype("<M8[ns]"))


def test_the_program_finds_each_deadline_as_the_truth_has_it_and_again_when_time_goes_on(demo: Demo, tmp_path: Path):
    workspace = Workspace(tmp_path / "workspace")
    load_demo(workspace, who="test")
    names = ["due_at", "due_from", "handling"]
    found = stored_deadlines(workspace, "true").set_index("row").sort_index()
    true = demo.deadlines.set_index("row")
    pd.testing.assert_frame_equal(found[names], true[names], check_dtype=False, check_index_type=False)
    assert set(found["due_from"]) >= {"table", "file", "on-hold"}
    assert set(found["handling"]) == {"", "on_spot", "engineering"}
    late = queries.totals(workspace.newest(), Scope(level="grid"))["open_overdue"]
    assert late == demo.truth["incidents"]["overdue"]

    loading = {"source": DEMO_SOURCE, "as_of": demo.next_as_of, "who": "test"}
    import_incidents(workspace, demo.next_month, demo.names["next_month"], **loading)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(demo.next_month)).get_sheet_by_index(0).to_python()
    cases = (dict(zip(sheet[0], values, strict=True)) for values in sheet[1:])
    meant = {str(case["案卷号"]): limits.deadline(case) for case in cases}
    found = stored_deadlines(workspace, f"incident_id IN {tuple(meant)}").set_index("incident_id")
    assert {
        case: (None if pd.isna(due) else due.to_pydatetime(), by)
        for case, due, by in found[["due_at", "due_from"]].itertuples()
    } == meant

    set_settings(workspace, {"file_deadline": "wins"}, who="test")
    assert set(stored_deadlines(workspace, "true")["due_from"]) == {"file"}  # all cases of the demo bear one


def test_totals_tie_to_the_file(demo: Demo, rows: pd.DataFrame, clean: pd.DataFrame):
    totals, outcomes = demo.truth["incidents"], Counter(dirt["outcome"] for dirt in demo.truth["dirty"])
    assert totals["read"] == len(rows) == len(clean) + 11
    assert totals["read"] == totals["accepted"] + totals["rejected"] + totals["repeats"]
    assert totals["accepted"] == totals["inside"] + totals["outside"] + totals["no_location"]
    assert totals["accepted"] == sum(totals["hazards"].values()) == len(clean) + outcomes["accepted"]
    assert list(totals["hazards"]) == list(HAZARDS)
    assert dict(outcomes) == {"accepted": 4, "rejected": 6, "repeat": 1}
    assert 2_000 <= totals["read"] <= 2_500
    open_now = clean.index[clean["结案时间"] == ""]
    due = demo.deadlines.set_index("row").loc[open_now]
    assert (totals["open"], totals["overdue"]) == (len(open_now), (due["due_at"] <= demo.as_of).sum())
    assert 0 < totals["overdue"] < totals["open"]
    assert due["due_at"].isna().any()  # nobody can say of all whether they are late


def test_the_dirty_rows_are_where_the_truth_says(demo: Demo, rows: pd.DataFrame):
    dirty = {(dirt["kind"], dirt["row"]): rows.loc[dirt["row"]] for dirt in demo.truth["dirty"]}
    by_kind = {kind: row for (kind, _), row in dirty.items()}
    assert len(dirty) == 11
    assert {dirt["code"] for dirt in demo.truth["dirty"]} <= {"", *REASONS, *REMARKS}
    assert list(by_kind["coordinates 0, 0"][["经度", "纬度"]]) == ["0.000000", "0.000000"]
    assert list(by_kind["no coordinates"][["经度", "纬度"]]) == ["", ""]
    assert float(by_kind["longitude and latitude swapped"]["纬度"]) > 111
    assert by_kind["a time in words"]["上报时间"] == "昨天下午"
    assert by_kind["30 February"]["上报时间"][4:10] == "-02-30"
    assert by_kind["closed before reported"]["结案时间"] < by_kind["closed before reported"]["上报时间"]
    assert by_kind["a line of totals"]["案卷号"] == "合计"
    assert by_kind["a line of totals"].name == rows.index[-1]
    copy = by_kind["an exact copy"]
    assert list(copy) == list(rows.loc[copy.name - 1])
    one, two = (row for (kind, _), row in dirty.items() if kind == "one number, two cases")
    assert one["案卷号"] == two["案卷号"]
    assert one["问题描述"] != two["问题描述"]
    assert rows.loc[[copy.name, one.name, two.name], "案卷号"].isin(rows["案卷号"][rows["案卷号"].duplicated()]).all()
    assert rows["案卷号"].duplicated().sum() == 2  # the copy and the second of the two, no other
    far = by_kind["3 km outside"]
    street = shapely.union_all(list(_polygons(demo.grids, "网格编码").values()))
    away = shapely.Point(float(far["经度"]), float(far["纬度"])).distance(street)
    assert away * M_LON == pytest.approx(3000, abs=50)


def test_the_next_month_brings_new_cases_and_closes_open_ones(demo: Demo, rows: pd.DataFrame):
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(demo.next_month)).get_sheet_by_index(0).to_python()
    month = pd.DataFrame(sheet[1:], columns=sheet[0])
    known = month["案卷号"].isin(rows["案卷号"])
    expected = demo.truth["next_month"]
    assert list(month.columns) == list(rows.columns)
    assert [len(month), (~known).sum()] == [expected["read"], expected["new"]]
    assert known.sum() == expected["updated"] + expected["repeats"]
    later = [header for header in rows if header.endswith("时间")] + ["返工次数"]  # what becomes known as time goes on
    then = (rows.drop_duplicates("案卷号").set_index("案卷号").loc[month.loc[known, "案卷号"], later] != "").to_numpy()
    assert ((month.loc[known, later] != "").to_numpy() != then).any(axis=1).sum() == expected["updated"]
    open_before = set(rows.loc[(rows["结案时间"] == "") & rows["小类名称"].ne(""), "案卷号"])
    assert set(month.loc[known, "案卷号"]) == open_before
    assert (month.loc[known, "结案时间"] != "").any()
    assert month.loc[~known, "上报时间"].between(demo.as_of, demo.next_as_of).all()
    assert month["小类编码"].str.fullmatch(r"0\d{3}").all()  # text: no zero was eaten
    assert all(isinstance(time, dt.datetime) for time in month["上报时间"])


def test_nothing_is_known_that_happened_after_the_extract(demo: Demo, clean: pd.DataFrame):
    for header in [header for header in clean if header.endswith("时间") and header != "处置截止时间"]:
        assert (pd.to_datetime(clean[header]).dropna() <= demo.as_of).all()
    assert clean["time"].min() >= dt.datetime(2022, 4, 1)
    assert demo.rain["day"].between(dt.date(2022, 4, 1), dt.date(2026, 9, 30)).all()
    assert clean["time"].is_monotonic_increasing


def test_the_real_door_takes_and_refuses_what_the_truth_says(demo: Demo, tmp_path: Path):
    workspace = Workspace(tmp_path / "workspace")
    answer = load_demo(workspace, who="test")
    totals = demo.truth["incidents"]
    assert {key: answer[key] for key in ("read", "accepted", "rejected", "repeats", "hazards")} == {
        key: totals[key] for key in ("read", "accepted", "rejected", "repeats", "hazards")
    }
    places = {"inside": totals["inside"], "near": 0, "outside": totals["outside"], "no_location": totals["no_location"]}
    assert answer["levels"] == {"community": places, "grid": places}
    assert answer["cells"] == {"community": 4, "grid": 23}
    data = workspace.newest()

    days = len(_table(demo.gauge))
    assert answer["rain"] == {"read": days, "new": days, "missing": 2, "rejected": 0, "repeats": 0, "stations": 1}
    rain = data.rainfall()
    begins = rain["begin"].dt.tz_convert("Asia/Shanghai")
    assert set(begins.dt.strftime("%H:%M")) == {"00:00"}
    day = begins.dt.date.astype(str)
    assert sorted(day[rain["mm"].isna()]) == sorted(demo.truth["unread_days"])
    known = demo.rain[~demo.rain["day"].astype(str).isin(demo.truth["unread_days"])]
    fell = rain.assign(day=day)[rain["mm"] > 0].set_index("day")["mm"].sort_index()
    assert fell.to_dict() == pytest.approx(dict(zip(known["day"].astype(str), known["rain_mm"], strict=True)))

    n = len(demo.projects)
    assert answer["projects"] == {"read": n, "new": n, "rejected": 0, "repeats": 0, "not_choosable": 0}
    works = data.projects()
    for name in ("project_id", "name", "cost", "owner", "must", "finished_on", "cells"):
        assert works[name].tolist() == demo.projects[name].tolist()
    rejected = data.rejected()
    assert set(zip(rejected["row"], rejected["reason"], strict=True)) == {
        (dirt["row"], dirt["code"]) for dirt in demo.truth["dirty"] if dirt["outcome"] == "rejected"
    }
    stored = listing.incidents(data, Scope(level="grid"))
    remarks = stored[stored["remark"].fillna("") != ""]
    assert set(zip(remarks["row"], remarks["remark"], strict=True)) == {
        (dirt["row"], dirt["code"]) for dirt in demo.truth["dirty"] if dirt["outcome"] == "accepted" and dirt["code"]
    }
    assert not stored.astype(str).apply(lambda column: column.str.contains("13800000000|示例甲")).any(axis=None)
    assert queries.totals(data, Scope(level="grid"))["open"] == totals["open"]

    month = import_incidents(
        workspace,
        demo.next_month,
        demo.names["next_month"],
        source=DEMO_SOURCE,
        as_of=demo.next_as_of,
        who="test",
    )
    expected = demo.truth["next_month"]
    assert [month["read"], month["updated"], month["repeats"], month["rejected"]] == [
        expected["read"],
        expected["updated"],
        expected["repeats"],
        0,
    ]


def test_the_gauge_has_every_day_and_the_rain_of_the_truth(demo: Demo):
    assert demo.gauge.startswith("\ufeff雨量站,日期,日降雨量(mm)\r\n".encode())
    gauge = _table(demo.gauge)
    days = [day.date() for day in pd.to_datetime(gauge["日期"], format="%Y-%m-%d")]
    assert days == [day.date() for day in pd.date_range("2022-04-01", "2026-09-30")]
    read = dict(zip(days, gauge["日降雨量(mm)"], strict=True))
    unread = [day for day in days if read[day] == "缺测"]
    assert [day.isoformat() for day in unread] == demo.truth["unread_days"]
    true = dict(demo.rain.itertuples(index=False))
    assert [true.get(day, 0) > 0 for day in unread] == [False, True]  # a dry day, and one with a little rain
    assert {day: float(read[day]) for day in days if day not in unread} == {
        day: true.get(day, 0.0) for day in days if day not in unread
    }
    assert "0.0" in set(read.values())


def test_the_file_of_projects_holds_what_the_truth_says(demo: Demo):
    assert demo.projects_file.startswith("\ufeff项目编号,项目名称,网格,类型,造价(万元),状态,".encode())
    works, true = _table(demo.projects_file), demo.projects
    assert len(works) == len(true) == 12
    assert list(works["项目编号"]) == list(true["project_id"])
    assert list(works["网格"].str.split("、").map(tuple)) == list(true["cells"])
    assert list(works["造价(万元)"].astype(float) * 10_000) == list(true["cost"])
    assert [true["cost"].min(), true["cost"].max()] == [80_000, 1_200_000]
    assert list(works["必做"] == "是") == list(true["must"])
    for header, name in zip(
        ["勘察日期", "设计日期", "开工日期", "完工日期", "排查日期"],
        ("surveyed_on", "designed_on", "built_from", "finished_on", "inspected_on"),
        strict=True,
    ):
        assert list(works[header]) == ["" if day is None else day.isoformat() for day in true[name]]
    assert Counter(works["状态"]) == {"计划": 8, "已完成": 2, "方案设计": 1, "施工监管": 1}
    assert true["must"].sum() == 1
    pair = true[true["alternatives"] != ""]
    assert len(pair) == 2
    assert pair[["cells", "alternatives"]].drop_duplicates().shape == (1, 2)
    parents = {grid.cell_id: grid.parent for grid in plan.grids()}
    assert {parents[cell] for cells in true["cells"] for cell in cells} == set(plan.COMMUNITIES)


def test_a_demo_that_ends_a_year_earlier_has_its_projects_a_year_earlier(demo: Demo):
    earlier = make_demo(end=dt.date(2025, 9, 30))
    finished, before = (one.projects["finished_on"].dropna() for one in (demo, earlier))
    assert [day - dt.timedelta(days=365) for day in finished] == list(before)
    assert list(earlier.projects["year"])[:2] == ["2024", "2024"]
    assert earlier.truth["effects"] == demo.truth["effects"]


@pytest.mark.parametrize(("project", "truth", "none"), [("XM01", 0.5, False), ("XM02", 1.0, True)])
def test_the_finished_drain_halved_the_waterlogging_and_the_other_work_did_nothing(
    demo: Demo, clean: pd.DataFrame, project: str, truth: float, none: bool
):
    """Of the events of a work's grid how many came after it, against those of the grids where nothing was built.

    Rain, season and reporting are common to both, so the odds ratio is the rate ratio. scipy 1.17.1, odds_ratio: the
    conditional (hypergeometric) estimate and its exact interval. On the calls of the file, grouped anew; their grids
    are those of the truth, which other tests compare with the places.
    """
    works = demo.projects.set_index("project_id")
    finished = pd.Timestamp(works.loc[project, "finished_on"])
    touched = {cell for one in demo.truth["effects"] for cell in works.loc[one, "cells"]}
    calls = clean[clean["小类名称"] == "道路积水"]
    first = calls.loc[_first_calls(calls, 100, pd.Timedelta(hours=24))]
    cells = first["event"].map(demo.events.set_index("event")["cell_id"])
    own, others, after = cells.isin(works.loc[project, "cells"]), ~cells.isin(touched), first["time"] >= finished
    ratio = odds_ratio([[(own & after).sum(), (own & ~after).sum()], [(others & after).sum(), (others & ~after).sum()]])
    low, high = ratio.confidence_interval(0.95)
    assert demo.truth["effects"][project] == truth
    assert low < truth < high
    assert (low < 1 < high) == none


def test_the_last_works_lie_so_far_back_that_more_than_a_year_of_rain_follows(demo: Demo):
    finished = demo.projects["finished_on"].dropna()
    wet = pd.to_datetime(demo.rain.loc[demo.rain["day"] >= finished.max(), "day"])
    assert wet.dt.to_period("M").nunique() >= 12
    assert len(wet) >= 100
    for one in demo.projects.dropna(subset="finished_on").itertuples():
        assert one.surveyed_on < one.designed_on < one.built_from < one.finished_on < one.inspected_on


def test_over_many_seeds_the_second_source_brings_as_much_as_the_first():
    """Eight other offices: before the drain half of its grid's events are from each source; places are not too few."""
    until, counts = dt.date(2025, 5, 20), Counter[str]()
    for seed in range(8):
        one, two, other = np.random.default_rng(seed).spawn(3)
        rain = rain_days(one, dt.date(2024, 4, 1), dt.date(2025, 7, 1))
        first = waterlogging_events(two, rain)
        second = second_source(other, rain, DRAINED_CELL, until, first)
        assert {event.cell_id for event in second} == {DRAINED_CELL}
        assert max(event.first.date() for event in second) < until
        counts["first"] += sum(event.cell_id == DRAINED_CELL and event.first.date() < until for event in first)
        counts["second"] += len(second)
    assert 0.47 < counts["second"] / counts.total() < 0.53
    assert counts.total() > 250


def test_waterlogging_is_in_proportion_to_rain_and_weight_and_more_regular_than_accidents():
    """Eight other offices, by hand: 0.82 events per mm of a day's rain over 12, up to 20; two grids with five times as
    many per household. A renewal process with gamma intervals of shape 4 has a variance of a quarter of its mean."""
    weights = {grid.cell_id: grid.households * (5 if grid.cell_id in HOT else 1) for grid in plan.grids()}
    seen, expected = [], []
    for seed in range(8):
        one, two = np.random.default_rng(100 + seed).spawn(2)
        rain = rain_days(one, dt.date(2022, 4, 1), dt.date(2026, 10, 1))
        mm = sum(min(max(float(amount) - 12, 0), 20) for amount in rain["rain_mm"])
        counts = Counter(event.cell_id for event in waterlogging_events(two, rain))
        seen += [counts[cell] for cell in weights]
        expected += [0.82 * mm * weight / sum(weights.values()) for weight in weights.values()]
    assert sum(seen) == pytest.approx(sum(expected), rel=0.02)
    assert 0.15 < np.mean((np.array(seen) - expected) ** 2 / np.array(expected)) < 0.45


@pytest.mark.parametrize(("project", "told"), [("XM01", HELPED), ("XM02", NO_SIGN)])
def test_both_finished_works_are_told_right_from_the_counts_of_months(demo: Demo, project: str, told: str):
    """The true events by month and grid, wet days from 10 mm on, the 12 months before the survey left out."""
    work = demo.projects.set_index("project_id").loc[project]
    months = pd.period_range("2022-04", "2026-09", freq="M")
    phase = phases(
        months.start_time,
        (months + 1).start_time,
        choice_start=np.datetime64(work["surveyed_on"]) - np.timedelta64(365, "D"),
        choice_end=np.datetime64(work["surveyed_on"]),
        works_start=np.datetime64(work["built_from"]),
        finished=np.datetime64(work["finished_on"]) + np.timedelta64(1, "D"),
    )
    cells = [grid.cell_id for grid in plan.grids()]
    water = demo.events[demo.events["hazard"] == "waterlogging"]
    counts = pd.crosstab(water["cell_id"], water["first_at"].dt.to_period("M")).reindex(
        index=cells, columns=months, fill_value=0
    )
    wet_days = pd.to_datetime(demo.rain.loc[demo.rain["rain_mm"] >= 10, "day"]).dt.to_period("M")
    wet = wet_days.value_counts().reindex(months, fill_value=0).to_numpy(float)
    shapes = _polygons(demo.grids, "网格编码")
    touched = np.isin(cells, work["cells"])
    begun = demo.projects.loc[demo.projects["built_from"].notna(), "cells"].explode()
    next_to = [any(shapes[cell].touches(shapes[own]) for own in work["cells"]) for cell in cells]
    chosen = (phase == CHOICE) & (wet > 0)
    found = matched(
        counts.loc[:, chosen].sum(axis=1),
        np.full(len(cells), wet[chosen].sum()),
        touched,
        excluded=np.flatnonzero((np.isin(cells, begun) & ~touched) | next_to),
    )
    effect = estimate_effect(
        counts, wet, touched, phase, controls=found.controls, others=found.others, year=months.year
    )
    assert verdict(effect) == told
    assert effect.low < demo.truth["effects"][project] < effect.high
    assert (effect.selected, effect.controls) == (False, 8)
