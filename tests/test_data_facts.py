"""The narrow columns: what the files hold, kept over versions, let go, and the same answers as SQL over the files."""

import dataclasses
import datetime as dt
import gc
import itertools
import weakref
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stored import ZONE, random_rows, rows, store, with_grids

from data import facts, groups, listing, queries, tables, timing
from data.facts import NEVER, Part
from data.schema import Scope
from reports import answers


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Two sources of different as-of times, voided cases, lone years, some without any time, place or unit."""
    workspace = with_grids(tmp_path_factory.mktemp("w"))
    table = random_rows(400, seed=5).to_pylist()
    for n, case in enumerate(table):
        case["source"] = "st"[n % 3 == 0]
        if n % 11 == 0:
            case["voided_at"] = pd.Timestamp("2025-06-01", tz=ZONE) + pd.Timedelta(hours=n)
        if n % 7 == 0:
            case["remark"] = "no-location one-spot"
        if case["reported_at"] is None and n % 2:
            case["month"] = f"{2024 + n % 3}"
        if n % 13 == 0 and case["reported_at"] is not None:
            case["reported_at"] = case["closed_at"] = case["reported_at"].replace(hour=16, minute=0)
    came = pa.Table.from_pylist(table, schema=rows([]).schema)
    by = {source: came.filter(pa.compute.equal(came["source"], source)) for source in "st"}
    store(workspace, by["s"], as_of="2025-12-01T08:00:00+08:00", import_id="s", source="s")
    return store(workspace, by["t"], as_of="2025-07-01T00:00:00+08:00", import_id="t", source="t")


def test_the_columns_hold_what_the_files_hold(dataset):
    for part in facts.parts(dataset):
        stored = pq.ParquetFile(part.path).read().to_pandas()
        assert part.rows == len(stored)
        for name in ("reported_at", "closed_at", "due_at", "voided_at"):
            times = [None if us == NEVER else pd.Timestamp(us, unit="us", tz="UTC") for us in part[name].tolist()]
            assert times == [None if pd.isna(time) else time for time in stored[name]]
        for name in ("source", "hazard", "unit", "channel", "cell_1", "cell_2"):
            codes, texts = part[name], stored[name].where(stored[name].notna(), None)
            assert np.append(facts.codes(name).texts, None)[codes].tolist() == texts.tolist()
        assert np.array_equal(part["lon"], stored["lon"].to_numpy(float), equal_nan=True)
        assert part["located"].tolist() == stored["lon"].notna().tolist()
        assert part["near_2"].tolist() == stored["near_2"].notna().tolist()
        assert part["one_spot"].tolist() == stored["remark"].str.contains("one-spot").tolist()


def test_a_further_import_leaves_the_columns_of_other_months_where_they_are(tmp_path):
    workspace = with_grids(tmp_path)
    one = store(workspace, rows([{"incident_id": str(m), "reported_at": f"2025-0{m}-05"} for m in (1, 2, 3)]))
    before = {part.month: part for part in facts.parts(one)}
    two = store(workspace, rows([{"incident_id": "9", "reported_at": "2025-02-07"}], import_id="i2"), import_id="i2")
    after = {part.month: part for part in facts.parts(two)}
    assert [after[month] is before[month] for month in ("2025-01", "2025-02", "2025-03")] == [True, False, True]
    assert queries.totals(one, Scope(level="grid"))["n"] == 3
    assert queries.totals(two, Scope(level="grid"))["n"] == 4


def test_columns_let_go_for_want_of_room_are_read_again(dataset, monkeypatch):
    whole = queries.totals(dataset, Scope(level="grid"))
    monkeypatch.setattr(facts, "MOST_BYTES", 1)
    assert queries.totals(dataset, Scope(level="grid")) == whole
    assert sum(part.bytes > 0 for part in facts._parts.values()) <= 1
    assert queries.totals(dataset, Scope(level="grid")) == whole


def test_rows_come_in_the_order_asked_from_several_groups_of_a_file(tmp_path):
    path = tmp_path / "month=2025-01" / "a.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"n": np.arange(100)}), path, row_group_size=7)
    part = Part(str(path))
    assert part.month == "2025-01"
    assert part.take(np.array([99, 0, 6, 7, 50, 6]), ["n"])["n"].to_pylist() == [99, 0, 6, 7, 50, 6]
    assert part.take(np.array([], dtype=np.int64), ["n"]).num_rows == 0


DAYS = (None, dt.date(2025, 1, 1), dt.date(2025, 3, 17), dt.date(2026, 1, 1))
TIMES = (None, pd.Timestamp("2025-05-05 10:00", tz=ZONE).to_pydatetime())
SCOPES = [
    Scope(level, start, end, hazards, sources, area, as_of, voided)
    for level, start, end, hazards, sources, area, as_of, voided in itertools.product(
        ("grid", "community"), DAYS, DAYS, ((), ("other",)), ((), ("s",)), (None, "W"), TIMES, (False, True)
    )
    if not (start and end and start >= end) and not (area and level == "community")
]


def seen_by_sql(dataset, scope):
    """The rows of a scope with their states, by DuckDB over the same files: the rules written a second time."""
    files = tables.file_paths(dataset.root, "incidents", dataset.named.tables["incidents"])
    zone = ZoneInfo(ZONE)
    level = {"community": "cell_1", "grid": "cell_2"}[scope.level]
    bound = {"s": dataset.sources["s"].to_pydatetime(), "t": dataset.sources["t"].to_pydatetime()}
    if scope.as_of:
        bound = {name: min(time, scope.as_of) for name, time in bound.items()}
    untimed, lone = "(reported_at IS NULL AND month = 'none')", "(reported_at IS NULL AND month != 'none')"
    wanted = []
    if scope.start:
        bound["start"] = dt.datetime.combine(scope.start, dt.time(), zone)
        first = f"{scope.start:%Y-%m-%d}"
        wanted.append(f"(reported_at >= $start OR {lone} AND month || '-01-01' >= '{first}')")
    if scope.end:
        bound["end"] = dt.datetime.combine(scope.end, dt.time(), zone)
        wanted.append(f"(reported_at < $end OR {lone} AND (month::INT + 1) || '-01-01' <= '{scope.end:%Y-%m-%d}')")
    if scope.as_of:
        bound["not_after"] = scope.as_of
        wanted.append(f"(reported_at <= $not_after OR {untimed} OR {lone} AND month::INT < {scope.as_of.year})")
    wanted += [f"hazard IN {(*scope.hazards, '')}"] if scope.hazards else []
    wanted += [f"source IN {(*scope.sources, '')}"] if scope.sources else []
    wanted += [f"{level} IN ('A', 'B')"] if scope.area else []
    wanted += [] if scope.voided else ["stands"]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    listed = ", ".join(f"'{file}'" for file in files)
    rows = f"""
        SELECT *, {level} AS cell_id, {level.replace("cell", "near")} IS NOT NULL AS near, source_as_of AS as_of,
            coalesce(voided_at > source_as_of, true) AS stands,
            reported_at IS NULL OR reported_at <= source_as_of AS known,
            closed_at IS NULL OR reported_at IS NULL OR closed_at >= reported_at AS sound,
            (closed_at IS NULL OR closed_at > source_as_of) AND stands AND known AS open,
            coalesce(closed_at = reported_at AND timezone('{ZONE}', reported_at)::TIME != '00:00:00', false) AS zero,
            known AND sound AND stands AND NOT zero AS plain, coalesce(plain AND due_at <= source_as_of, false) AS due
        FROM (
            SELECT *, CASE source WHEN 's' THEN $s::TIMESTAMPTZ ELSE $t::TIMESTAMPTZ END AS source_as_of
            FROM read_parquet([{listed}], hive_partitioning = true, hive_types = {{'month': VARCHAR}})
        )
        """
    where = " AND ".join(wanted) or "true"
    used = {name: value for name, value in bound.items() if f"${name}" in rows + where}
    return connection.sql(f"SELECT * FROM ({rows}) WHERE {where}", params=used).df()


@pytest.mark.parametrize("at", range(0, len(SCOPES), 47))
def test_counts_totals_durations_and_lists_are_those_of_sql_over_the_files(dataset, at):
    scope = SCOPES[at]
    found = seen_by_sql(dataset, scope)
    totals = queries.totals(dataset, scope)
    took = found["closed_at"] - found["reported_at"]
    at_once = (took == pd.Timedelta(0)) & (found["reported_at"].dt.tz_convert(ZONE).dt.strftime("%H%M%S") == "000000")
    quick = took.between(pd.Timedelta(0), pd.Timedelta("15min"), inclusive="left") & ~at_once
    placed, located, late = found["cell_id"].notna(), found["lon"].notna(), found["due_at"] <= found["as_of"]
    assert totals == {
        "n": len(found), "open": found["open"].sum(),
        "open_no_time": (found["open"] & found["reported_at"].isna()).sum(),
        "open_overdue": (found["open"] & late).sum(), "near": found["near"].sum(),
        "outside": (located & ~placed).sum(), "no_location": (~located & ~placed).sum(), "other_edition": 0,
        "one_spot": found["remark"].str.contains("one-spot").sum(), "no_time": found["reported_at"].isna().sum(),
        "closed_before_reported": (~found["sound"]).sum(),
        "closed_first_quarter_hour": (quick & (found["closed_at"] <= found["as_of"])).sum(), "due": found["due"].sum(),
        "in_time": (found["due"] & (found["closed_at"] <= found["due_at"])).sum(),
        "zero": (found["zero"] & found["known"] & found["stands"]).sum(), "bulk": 0, "no_closing": 0,
        "undecided": (found["plain"] & found["due_at"].isna()).sum() * (found["plain"] & found["due_at"].notna()).any(),
        "on_spot": 0, "engineering": 0,
    }  # fmt: skip
    counted = queries.counts(dataset, scope, ["cell", "month", "unit", "source"])
    expected = found.groupby(["cell_id", "month", "unit", "source"], dropna=False).size()
    assert counted["count"].tolist() == expected.tolist()
    assert counted.fillna("").iloc[:, :4].to_numpy().tolist() == [
        ["" if pd.isna(text) else text for text in key] for key in expected.index
    ]
    clocked = found[found["plain"] & (found["reported_at"] <= found["as_of"])]
    until = clocked["closed_at"].where(~clocked["open"], clocked["as_of"])
    minutes = ((until - clocked["reported_at"]) / pd.Timedelta("1min") + 0.5) // 1
    expected = (
        clocked.assign(minutes=minutes, resolved=~clocked["open"]).groupby(["unit", "minutes", "resolved"]).size()
    )
    histogram = timing.durations(dataset, scope, "unit")
    assert histogram.to_numpy().tolist() == [[*key, n] for key, n in expected.items()]
    listed = listing.incidents(dataset, scope, open_only=True)
    assert sorted(listed["incident_id"]) == sorted(found.loc[found["open"], "incident_id"])
    ever = dataclasses.replace(scope, start=None, end=None, voided=True)
    beside = queries.beside(dataset, scope)
    assert beside["every"] == len(seen_by_sql(dataset, ever))
    assert beside["every"] - totals["n"] == sum(beside[name] for name in ("voided", "before", "after", "no_time"))


def test_a_code_that_fills_two_bytes_is_counted_as_any_other():
    last = np.iinfo(np.int16).max
    (first, second), n = groups.grouped([np.array([3, 3, 5]), np.array([last, 1, 1], dtype=np.int16)])
    assert sorted(zip(first.tolist(), second.tolist(), n.tolist(), strict=True)) == [(3, 1, 1), (3, last, 1), (5, 1, 1)]


def test_of_many_threads_that_ask_first_all_get_the_same_codes():
    with ThreadPoolExecutor(8) as pool:
        for n in range(200):
            assert len(set(pool.map(lambda name: id(facts.codes(name)), [f"of threads {n}"] * 16))) == 1


def test_where_times_are_equal_the_first_by_case_number_are_listed_whatever_cell_they_lie_in(tmp_path):
    cases = [{"incident_id": f"z{9 - n}", "reported_at": "2025-03-01", "cell": "ABCD"[n % 4]} for n in range(10)]
    dataset = store(with_grids(tmp_path), rows(cases))
    listed = listing.incidents(dataset, Scope(level="grid"), limit=3)
    assert listed["incident_id"].tolist() == ["z0", "z1", "z2"]


def test_a_day_without_a_midnight_has_quick_closures_all_the_same(tmp_path):
    # Brazil's clocks went from 0:00 to 1:00 on 4 November 2018
    at = pd.Timestamp("2018-11-04 09:00", tz="America/Sao_Paulo").to_pydatetime()
    workspace = with_grids(tmp_path)
    with workspace.change("settings", who="t") as change:
        change.settings["timezone"] = "America/Sao_Paulo"
        change.commit()
    dataset = store(workspace, rows([{"incident_id": "1", "reported_at": at, "closed_at": at}]))
    assert queries.totals(dataset, Scope(level="grid"))["closed_first_quarter_hour"] == 1


def test_a_replaced_file_is_let_go_when_the_next_version_is_asked(tmp_path):
    workspace = with_grids(tmp_path)
    cases = [{"incident_id": f"{n}", "reported_at": f"2025-0{n}-10"} for n in (1, 2)]
    first = store(workspace, rows(cases))
    queries.totals(first, Scope(level="grid"))
    paths = {part.path for part in facts.parts(first)}
    second = store(workspace, rows([{"incident_id": "3", "reported_at": "2025-02-20"}], import_id="i2"), import_id="i2")
    queries.totals(second, Scope(level="grid"))
    held = {path for path in facts._parts if path.startswith(str(tmp_path))}
    assert held == {part.path for part in facts.parts(second)}
    assert len(held & paths) == 1  # January stayed
    assert queries.totals(first, Scope(level="grid"))["n"] == 2  # read again


def test_a_version_goes_with_the_views_that_it_holds(tmp_path):
    workspace = with_grids(tmp_path)
    store(workspace, rows([{"incident_id": "1", "reported_at": "2025-01-10"}]))
    dataset = workspace.open(workspace.newest_version()[0])
    queries.totals(dataset, Scope(level="grid"))
    answers.overview(dataset, Scope(level="grid"))
    gone = weakref.ref(dataset)
    gc.disable()
    try:
        del dataset
        assert gone() is None
    finally:
        gc.enable()


def test_only_so_many_views_and_scopes_are_held(dataset):
    for day in range(1, 29):
        for month in range(1, 5):
            answers.count_events(dataset, Scope(level="grid", start=dt.date(2025, month, day)))
    assert len(dataset.derived["views"]) == 64 == len(dataset.derived["events"])
