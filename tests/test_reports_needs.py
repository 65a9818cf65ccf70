"""The needs of places: the demo counted by another program, small workspaces by hand, and what holds for any cases."""

import datetime as dt
from dataclasses import replace

import demo_cases
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from stored import boundary, random_rows, rows, store, with_grids
from test_data_placing import EDITIONS, with_editions

from analysis import ranking
from base.errors import HazardError
from base.text import Words
from data.dataset import Dataset
from data.levels import load_cells
from data.project_checks import cells_of_projects
from data.project_files import read_projects
from data.schema import Scope
from data.store import Workspace
from reports.criteria import COUNTED, EVERY, FOLDS, REASONS
from reports.needs import CRITERIA, Needs, needs, needs_of_projects

GRID = Scope(level="grid")
PERIOD = ("2024-10-01", "2026-10-01")  # 24 whole months before the end of the demo
EN, ZH = Words("en"), Words("zh")
AS_OF = "2026-01-31T18:00:00+08:00"


@pytest.fixture(scope="module")
def dataset(demo) -> Dataset:
    return Workspace(demo).newest()


@pytest.fixture(scope="module")
def found(dataset) -> Needs:
    return needs(dataset, GRID)


@pytest.fixture(scope="module")
def projects(dataset):
    made = demo_cases.demo()
    return read_projects(made.projects_file, made.names["projects"], settings=dataset.settings).rows.drop(columns="row")


def column(found, name):
    return found.table.set_index(found.key)[name]


def by_cell(counted, found):
    return counted.reindex(found.table["cell_id"]).fillna(0).tolist()


def put(workspace, cases, *, import_id="i1", source="s", as_of=AS_OF):
    named = [{"incident_id": f"{source}{n}", "hazard": "waterlogging", **case} for n, case in enumerate(cases)]
    return store(
        workspace, rows(named, import_id=import_id, source=source), import_id=import_id, source=source, as_of=as_of
    )


def wet(cell, reported, **more):
    """A report of which only the cell is known."""
    return {"cell": cell, "reported_at": reported, **more}


def point(reported, **more):
    """A report with a point in C."""
    return {"lon": 113.005, "lat": 33.015, "reported_at": reported, **more}


def first_wet(months):
    """A patrol's reports in A in the first and, from the last one back, in each third of so many months to 2026-01."""
    back = sorted({*range(0, months, 3), months - 1}, reverse=True)
    return [wet("A", f"{pd.Period('2026-01') - ago}-05 08:00", channel="patrol") for ago in back]


def gaps(found, code):
    rows = found.gaps[found.gaps["criterion"] == code]
    return dict(zip(rows[found.key], rows["reason"], strict=True))


# --- the demo, counted by pandas from its files and its truth ---------------------------------------------------------


@pytest.fixture(scope="module")
def truth():
    cases = demo_cases.between(*PERIOD)
    cases = cases[cases["cell_id"].notna()]
    return cases.assign(event=cases["incident_id"].map(demo_cases.demo().event_of)).sort_values("reported_at")


def test_reports_events_and_days_of_the_demo_are_those_of_its_truth(found, truth):
    water = truth[truth["hazard"] == "waterlogging"]
    assert found.table["reports"].tolist() == by_cell(water.groupby("cell_id").size(), found)
    assert found.table["events"].tolist() == by_cell(water.drop_duplicates("event").groupby("cell_id").size(), found)
    days = water.assign(day=water["reported_at"].dt.date).drop_duplicates(["cell_id", "day"])
    assert found.table["days"].tolist() == by_cell(days.groupby("cell_id").size(), found)
    covers = truth[truth["hazard"] == "sunken_cover"].drop_duplicates("event")
    assert found.table["sunken_covers"].tolist() == by_cell(covers.groupby("cell_id").size(), found)
    assert (found.period, found.months) == ((dt.date(2024, 10, 1), dt.date(2026, 10, 1)), 24)


def test_the_two_hot_grids_of_the_demo_lead_by_every_count(found):
    hot = set(demo_cases.demo().truth["hot"]["waterlogging"])
    for code in ("events", "days", "excess", "chronic", "returns", "events_without", "excess_without"):
        assert set(column(found, code).nlargest(2).index) == hot, code


def test_the_totals_of_the_demo_tie(found, truth):
    table = found.table
    assert table["events"].sum() == found.n_events == truth.loc[truth["hazard"] == "waterlogging", "event"].nunique()
    assert table["reports"].sum() == found.n == (truth["hazard"] == "waterlogging").sum()
    assert table[["by_residents", "by_office", "by_unknown"]].sum(axis=1).tolist() == table["reports"].tolist()
    assert found.channels["reports"].sum() == found.n
    assert (found.left_out, found.elsewhere, table["weight"].sum()) == (0, 0, pytest.approx(1))


def test_who_reported_in_the_demo_and_what_is_left_without_the_residents(found, truth):
    water = truth[truth["hazard"] == "waterlogging"]
    called = water["问题来源"].str.contains("热线")
    assert found.table["by_residents"].tolist() == by_cell(water[called].groupby("cell_id").size(), found)
    share = called.groupby(water["cell_id"]).mean()
    assert found.table["residents"].tolist() == pytest.approx(share.reindex(found.table["cell_id"]).tolist())
    others = water[~called]
    first = water.drop_duplicates("event").set_index("event")["cell_id"]  # an event counts where its first call lies
    kept = pd.Series(others["event"].unique()).map(first).value_counts()
    assert found.table["events_without"].tolist() == by_cell(kept, found)
    days = others.assign(day=others["reported_at"].dt.date).drop_duplicates(["cell_id", "day"])
    assert found.table["days_without"].tolist() == by_cell(days.groupby("cell_id").size(), found)


def test_the_excess_of_the_demo_is_the_exact_lower_limit_by_households(found):
    households, events = column(found, "households"), column(found, "events")
    share = households / households.sum()
    # scipy.stats 1.x: the exact (Clopper-Pearson) interval of a binomial share
    for cell, k in events.items():
        exact = scipy.stats.binomtest(int(k), found.n_events).proportion_ci(0.95, method="exact")
        row = found.table.set_index("cell_id").loc[cell]
        assert row["excess"] == pytest.approx(exact.low / share[cell])
        assert row["excess_high"] == pytest.approx(exact.high / share[cell])
        assert row["excess_ratio"] == pytest.approx(k / found.n_events / share[cell])
    assert found.definition("excess").say(EN).startswith("Events over those expected by households: the lower limit")


def test_half_of_the_cases_of_the_demo_were_closed_within_the_hours_given(found, truth):
    water = truth[(truth["hazard"] == "waterlogging") & (truth["handling"] == "")]
    took = (water["closed_at"] - water["reported_at"]) / pd.Timedelta(hours=1)
    assert (took > 0).all()  # none open, none odd: then it is the plain median
    assert column(found, "hours").to_dict() == pytest.approx(took.groupby(water["cell_id"]).median().to_dict())
    assert column(found, "cases").to_dict() == water.groupby("cell_id").size().to_dict()


def test_the_demo_has_every_criterion_but_drains_and_says_so(found):
    assert {one.code for one in found.criteria} == {one.code for one in EVERY} - {"drains"}
    assert any("names a blocked or broken drain" in str(note) for note in found.notes)
    assert (len(found.gaps), found.missing) == (0, ())


# --- the period -------------------------------------------------------------------------------------------------------


def test_the_period_is_the_last_whole_months_that_are_known(dataset):
    asked = needs(dataset, replace(GRID, end=dt.date(2026, 5, 20)), months=3)
    assert (*asked.period, asked.months) == (dt.date(2026, 2, 1), dt.date(2026, 5, 1), 3)
    assert needs(dataset, replace(GRID, end=dt.date(2030, 1, 1)), months=1).period == (
        dt.date(2026, 9, 1), dt.date(2026, 10, 1)
    )  # fmt: skip
    early = needs(dataset, replace(GRID, as_of=pd.Timestamp("2026-03-15", tz="Asia/Shanghai").to_pydatetime()))
    assert early.end == dt.date(2026, 3, 1)
    longer = needs(dataset, GRID, months=120)
    assert (longer.start, longer.months) == (dt.date(2022, 4, 1), 54)
    assert "The record holds 54 whole months of the 120 asked for" in " ".join(map(str, longer.notes))


def test_wet_days_are_those_of_the_gauge_on_which_somebody_reported(found, truth):
    demo = demo_cases.demo()
    known = demo.rain[~demo.rain["day"].astype(str).str[:10].isin(demo.truth["unread_days"])]
    wet = set(pd.to_datetime(known.loc[known["rain_mm"].round(1) >= 10, "day"]).dt.date)
    water = truth[truth["hazard"] == "waterlogging"].assign(day=lambda one: one["reported_at"].dt.date)
    rained = water[water["day"].isin(wet)]
    days = rained.drop_duplicates(["cell_id", "day"]).groupby("cell_id").size()
    assert found.table["wet_days"].tolist() == by_cell(days, found)
    assert (found.table["wet_days"] <= found.table["days"]).all()
    assert (found.table["wet_days_without"] <= found.table["wet_days"]).all()
    first, last = found.period
    assert str(sum(first <= day < last for day in wet)) in found.definition("wet_days").say(Words("en"))


def test_start_and_hazards_of_the_scope_do_not_count(dataset, found):
    other = needs(dataset, replace(GRID, start=dt.date(2026, 9, 1), hazards=("wall_risk",)))
    pd.testing.assert_frame_equal(other.table, found.table)


@pytest.mark.parametrize("months", [0, 121, 2.5, float("nan")])
def test_odd_numbers_of_months_are_refused(dataset, months):
    with pytest.raises(HazardError, match="from 1 to 120 whole months") as raised:
        needs(dataset, GRID, months=months)
    assert raised.value.code == "months-bad"


def test_without_a_whole_month_or_a_boundary_there_is_no_need(dataset, tmp_path):
    with pytest.raises(HazardError) as raised:
        needs(dataset, replace(GRID, end=dt.date(2022, 4, 30)))
    assert raised.value.code == "needs-nothing-known"
    empty = with_grids(tmp_path / "a")
    with pytest.raises(HazardError) as raised:
        needs(empty.newest(), GRID)
    assert raised.value.code == "needs-nothing-known"
    with pytest.raises(HazardError) as raised:
        needs(Workspace(tmp_path / "b").newest(), GRID)
    assert raised.value.code in ("no-boundary", "level-unknown")


def test_a_source_that_begins_within_the_period_or_ends_before_it_is_named(tmp_path):
    workspace = with_grids(tmp_path)
    put(workspace, first_wet(30))
    later = [wet("B", "2025-06-10 08:00"), wet("B", "2025-08-10 08:00")]
    dataset = put(workspace, later, source="hotline", import_id="i2", as_of="2025-08-31T18:00:00+08:00")
    said = [str(note) for note in needs(dataset, GRID).notes]
    assert "The source hotline begins on 2025-06-10: what it would have reported before is missing" in " ".join(said)
    assert "The source hotline is known up to 2025-08-31" in " ".join(said)


# --- small workspaces by hand -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def four(tmp_path_factory) -> Dataset:
    """Thirty months of a patrol's reports in A, and of last year: residents in B, a flood in B and C, nobody in D."""
    reports = [
        wet("B", "2025-05-01 08:00", channel="hotline"),
        wet("B", "2025-05-01 09:00", channel="patrol"),  # the same event: known without residents
        wet("B", "2025-07-01 08:00", channel="hotline"),  # residents only
        point("2025-07-01 23:50", channel="hotline", closed_at="2025-07-02 08:00"),
        point("2025-07-02 00:10", channel="hotline", closed_at="2025-07-02 09:00"),  # one event of two days
        point("2025-09-01 08:00", channel="", lat=33.018),  # the import's name tells nothing
    ]
    return put(with_grids(tmp_path_factory.mktemp("four")), [*first_wet(30), *reports])


def test_four_cells_by_hand(four):
    found = needs(four, GRID)
    assert found.period == (dt.date(2024, 2, 1), dt.date(2026, 2, 1))
    table = found.table.set_index("cell_id")
    counts = ["reports", "events", "days", "events_without", "days_without", "by_residents", "by_office", "by_unknown"]
    assert table[counts].to_numpy().tolist() == [
        [8, 8, 8, 8, 8, 0, 8, 0],
        [3, 2, 2, 1, 1, 2, 1, 0],
        [3, 2, 3, 1, 1, 2, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert table["residents"].tolist() == pytest.approx([0, 2 / 3, 1, np.nan], nan_ok=True)
    assert gaps(found, "residents") == {"D": "no-report"}
    # Not one closing time in A and B: nothing could be seen to come back
    assert table["returns"].tolist() == pytest.approx([np.nan, np.nan, 0, 0], nan_ok=True)
    assert gaps(found, "returns") == {"A": "few-watched", "B": "few-watched"}
    assert gaps(found, "hours") == {"A": "not-reached", "B": "not-reached", "D": "no-case"}
    assert "Of 1 of 14 reports of waterlogging it is not known" in " ".join(map(str, found.notes))


def test_who_knows_the_channels_of_residents_says_so(four):
    found = needs(four, GRID, residents_by=["patrol"])
    assert column(found, "by_residents").tolist() == [8, 1, 0, 0]
    assert column(found, "events_without").tolist() == [0, 2, 2, 0]  # of C's last report nobody knows: it stays
    typed = needs(four, GRID, residents_by=["hot line"])
    assert column(typed, "by_residents").sum() == 0
    assert "given as those of residents: hot line." in " ".join(map(str, typed.notes))


def test_an_event_counts_without_residents_where_it_counts_with_them(tmp_path):
    edge = 113.01  # of A and B; a resident in A, 60 m on and two hours later a patrol in B: one event, in A
    here = {"lat": 33.005, "hazard": "waterlogging"}
    cases = [
        *first_wet(2),
        {**here, "lon": edge - 0.0003, "reported_at": "2026-01-20 08:00", "channel": "hotline"},
        {**here, "lon": edge + 0.0003, "reported_at": "2026-01-20 10:00", "channel": "patrol"},
    ]
    found = needs(put(with_grids(tmp_path), cases), GRID)
    assert column(found, "events").tolist() == column(found, "events_without").tolist() == [3, 0, 0, 0]
    assert column(found, "days").tolist() == [3, 1, 0, 0]
    assert column(found, "days_without").tolist() == [2, 1, 0, 0]


def test_defects_of_drains_are_told_by_the_names_of_types(tmp_path):
    other = {"hazard": "other", "channel": "patrol"}
    types = {"A": "雨水箅子缺失", "B": "Blocked drain", "C": "井盖破损", "D": "供水管道破裂"}
    cases = [
        *first_wet(2),
        *({**wet(cell, "2026-01-05 08:00"), **other, "type_name": one} for cell, one in types.items()),
    ]
    cases.append({**wet("B", "2026-01-05 12:00"), **other, "type_name": "Blocked drain"})  # the same event
    cases.append({**wet("B", "2025-01-05 08:00"), **other, "type_name": "Blocked drain"})  # before the period
    found = needs(put(with_grids(tmp_path), cases), GRID, months=2)
    assert column(found, "drains").tolist() == [1, 1, 1, 0]
    assert "names a blocked or broken drain" not in " ".join(map(str, found.notes))


def test_reports_in_no_cell_or_probably_not_located_are_said(tmp_path):
    nowhere = {"lon": 112.9, "lat": 33.0, "reported_at": "2026-01-06 08:00"}
    found = needs(put(with_grids(tmp_path), [*first_wet(2), nowhere]), GRID)
    assert (found.n, found.elsewhere) == (2, 1)
    assert "1 report of waterlogging lies in none of these places." in [str(note) for note in found.notes]


def test_without_any_event_nothing_stands_out_and_each_gap_has_its_reason(tmp_path):
    cases = [{**one, "hazard": "other"} for one in first_wet(30)]
    found = needs(put(with_grids(tmp_path), cases), GRID)
    assert (found.n, found.n_events) == (0, 0)
    assert column(found, "events").tolist() == [0, 0, 0, 0]
    assert set(gaps(found, "excess").values()) == {"no-event-anywhere"}
    told = "Excess over expected, at least: not known of any place. There is no event of waterlogging at all."
    assert told in [str(one) for one in found.missing]
    matrix = found.matrix()
    assert ranking.weighted_sum(matrix, found.directions(), np.ones(matrix.shape[1])).tolist() == [0, 0, 0, 0]


def test_where_only_residents_report_that_is_said(tmp_path):
    cases = [{**one, "channel": "hotline"} for one in first_wet(3)]
    found = needs(put(with_grids(tmp_path), cases), GRID)
    assert column(found, "events_without").sum() == 0
    assert any(str(note).startswith("Only residents reported") for note in found.notes)


def test_a_short_record_has_no_trend_and_one_cell_has_what_is_expected_of_it(tmp_path):
    workspace = with_grids(tmp_path / "a")
    found = needs(put(workspace, first_wet(12)), GRID)
    assert set(gaps(found, "trend").values()) == {"short-record"}
    alone = Workspace(tmp_path / "b")
    load_cells(alone, boundary("A"), "one.geojson", level="grid", who="t")
    one = needs(put(alone, first_wet(2)), GRID).table.iloc[0]
    assert (one["events"], one["excess_ratio"]) == (2, 1)  # as many as expected: there is nothing to compare with


def test_places_drawn_anew_are_named_and_have_no_trend_yet(tmp_path):
    workspace = with_grids(tmp_path)
    with_editions(workspace, EDITIONS)  # A is so since 2025, S in place of D since 2025-07; B and C always were
    north = {"lon": 113.015, "lat": 33.015}
    cases = [*first_wet(2), {**north, "reported_at": "2025-02-01"}, {**north, "reported_at": "2025-08-01"}]
    cases += [wet("B", f"{month}-01 08:00") for month in ("2023-06", "2024-03", "2024-11")]
    found = needs(put(workspace, cases), GRID)
    assert found.table[["cell_id", "events"]].to_numpy().tolist() == [["A", 2], ["B", 2], ["C", 0], ["S", 1]]
    assert found.elsewhere == 1  # in D, which is no more
    assert gaps(found, "trend") == {"A": "young-outline", "S": "young-outline"}
    weight = column(found, "weight")  # less is expected of a place that has been there for a part of the period
    assert weight["S"] < weight["A"] < weight["B"] == weight["C"]
    told = "2 places were drawn anew within the period and are counted since then only, among them: grid A, grid D."
    assert told in [str(note) for note in found.notes]


def test_exposures_come_in_where_they_are_loaded_and_only_there(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("ABCD", households=500), "grids.geojson", level="grid", who="t")
    found = needs(put(workspace, first_wet(2)), GRID)
    codes = [one.code for one in found.criteria]
    assert "households" in codes
    assert not {"population", "road_km", "covers"} & set(codes)
    bare = needs(put(with_grids(tmp_path / "bare"), first_wet(2)), GRID)
    assert not {"households", "population", "road_km", "covers"} & {one.code for one in bare.criteria}
    assert any(str(note).startswith("No households, people, roads or covers") for note in bare.notes)


def test_names_from_a_file_are_no_fields_of_a_sentence(tmp_path):
    workspace = Workspace(tmp_path)
    named = boundary("ABCD").replace(b"grid D", b"{n} {0} <b>").replace(b"grid C", b"{n} {0} <b>")
    load_cells(workspace, named, "grids.geojson", level="grid", who="t")
    said = [one.say(words) for one in needs(put(workspace, first_wet(2)), GRID).missing for words in (EN, ZH)]
    assert any("{n} {0} <b> C" in one for one in said)  # two of one name: with their codes


# --- what holds for any cases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_any_cases_tie_and_no_place_has_more_without_residents(tmp_path, seed):
    dataset = store(with_grids(tmp_path), random_rows(300, seed=seed))
    found = needs(dataset, GRID, months=2 + 4 * seed)
    table = found.table
    assert (table["events"].sum(), table["reports"].sum()) == (found.n_events, found.n)
    assert (table["by_residents"] + table["by_office"] + table["by_unknown"] == table["reports"]).all()
    assert (table["events_without"] <= table["events"]).all()
    assert (table["days_without"] <= table["days"]).all()
    assert (table["events"] <= table["reports"]).all()
    assert (table["days"] <= table["reports"]).all()
    assert (table["returns"].fillna(0) <= table["closures"]).all()
    assert table["residents"].dropna().between(0, 1).all()
    nothing = (table["reports"] == 0) & (table["days"] > 0)
    assert not nothing.any()
    unknown = {(code, cell) for code, cell in zip(found.gaps["criterion"], found.gaps["cell_id"], strict=True)}
    empty = {(one.code, cell) for one in found.criteria for cell in table["cell_id"][table[one.code].isna()]}
    assert (unknown == empty, len(unknown)) == (True, len(found.gaps))
    assert set(found.gaps["reason"]) <= set(REASONS)
    assert len(found.missing) == len(found.gaps[["criterion", "reason"]].drop_duplicates())


def test_a_matrix_has_the_asked_columns_and_changes_only_what_is_counted(found):
    ranked = [one.code for one in found.criteria if one.ranked]
    assert found.matrix().shape == (23, len(ranked)) == (23, len(found.directions()))
    both, without = found.matrix(), found.matrix(without_residents=True)
    changed = {code for code, a, b in zip(ranked, both.T, without.T, strict=True) if not np.array_equal(a, b)}
    assert changed == set(COUNTED)
    assert found.matrix(["hours", "residents"]).T.tolist() == [
        found.table["hours"].tolist(), found.table["residents"].tolist()
    ]  # fmt: skip
    with pytest.raises(HazardError, match="There is no criterion named nonsense here; known: events, days") as raised:
        found.matrix(["nonsense"])
    assert raised.value.code == "criterion-unknown"


def test_every_criterion_has_words_in_both_languages(found, projects, dataset):
    of_projects = needs_of_projects(found, projects, cells_of_projects(dataset, projects, "grid"))
    for one in EVERY:
        for words in (EN, ZH):
            assert "" not in (words(one.label), words(one.unit))
            for source in (found, of_projects):
                told = source.definition(one.code).say(words)
                assert "{" not in told
                assert len(told) > 10
    assert set(CRITERIA) == {one.code for one in EVERY}


def test_an_area_holds_its_own_cells_and_their_own_expectation(dataset, found):
    area = found.table["cell_id"].str[:12].unique()[1]
    part = needs(dataset, replace(GRID, area=area))
    here = found.table[found.table["cell_id"].str.startswith(area)]
    for code in ("reports", "days", "by_residents", "hours", "sunken_covers", "days_without"):
        assert part.table[code].tolist() == here[code].tolist(), code
    assert (part.table["events"].to_numpy() >= here["events"].to_numpy()).all()  # begun outside, they count here too
    assert part.table["weight"].sum() == pytest.approx(1)


# --- projects ---------------------------------------------------------------------------------------------------------


def covers(*pairs):
    return pd.DataFrame(pairs, columns=["project_id", "cell_id", "share"])


def named(*ids):
    return pd.DataFrame({"project_id": ids, "name": [f"project {one}" for one in ids]})


def test_a_project_that_is_one_cell_needs_what_the_cell_needs(found):
    cells = found.table["cell_id"]
    one = needs_of_projects(found, named(*cells), covers(*((cell, cell, 1.0) for cell in cells)))
    for name in [*(each.code for each in found.criteria), *(code + "_without" for code in COUNTED), "reports", "cases"]:
        assert one.table[name].tolist() == pytest.approx(found.table[name].tolist()), name
    assert one.key == "project_id"
    np.testing.assert_allclose(one.matrix(without_residents=True), found.matrix(without_residents=True))


def test_the_projects_of_the_demo_hold_the_sums_of_their_cells(dataset, found, projects):
    of = needs_of_projects(found, projects, cells_of_projects(dataset, projects, "grid"))
    assert of.table["project_id"].tolist() == projects["project_id"].tolist()
    cells = found.table.set_index("cell_id")
    both = cells.loc[["99990100100303", "99990100100304"]]  # XM07 covers two
    row = of.table.set_index("project_id").loc["XM07"]
    for code in ("events", "chronic", "returns", "households", "road_km", "sunken_covers", "events_without"):
        assert row[code] == pytest.approx(both[code].sum()), code
    assert (row["days"], row["cells"]) == (both["days"].max(), 2)
    assert row["hours"] == pytest.approx(np.average(both["hours"], weights=both["cases"]))
    assert row["residents"] == pytest.approx(both["by_residents"].sum() / both["reports"].sum())
    # scipy.stats: the exact interval of the two counted together
    exact = scipy.stats.binomtest(int(both["events"].sum()), found.n_events).proportion_ci(0.95, method="exact")
    assert row["excess"] == pytest.approx(exact.low / both["weight"].sum())
    assert of.gaps.empty


def test_a_part_of_a_cell_has_its_part_of_what_adds_up_and_all_of_what_does_not(found):
    cell = found.table["cell_id"].iloc[1]
    part = needs_of_projects(found, named("p"), covers(("p", cell, 0.25))).table.iloc[0]
    whole = found.table.iloc[1]
    for code in ("events", "days", "chronic", "returns", "households", "area_km2", "events_without", "days_without"):
        assert part[code] == pytest.approx(whole[code] / 4), code
    assert (part["hours"], part["trend"], part["residents"]) == (whole["hours"], whole["trend"], whole["residents"])
    assert part["excess_ratio"] == pytest.approx(whole["excess_ratio"])
    assert part["excess"] < whole["excess"] < part["excess_ratio"]  # fewer events: less sure


def test_a_project_without_a_cell_has_nothing_that_is_known(found):
    cell = found.table["cell_id"].iloc[0]
    of = needs_of_projects(found, named("here", "nowhere", "abroad"), covers(("here", cell, 1.0), ("abroad", "?", 1.0)))
    assert of.table.loc[1:, [one.code for one in found.criteria]].isna().all(axis=None)
    assert set(gaps(of, "events")) == {"nowhere", "abroad"}
    assert set(of.gaps["reason"]) == {"no-cell"}
    assert "It covers no cell here" in str(of.missing[0])


def test_a_project_that_reaches_beyond_the_area_is_named(found):
    cell = found.table["cell_id"].iloc[0]
    of = needs_of_projects(found, named("p", "q"), covers(("p", cell, 1.0), ("p", "?", 1.0), ("q", cell, 1.0)))
    assert str(of.notes[-1]) == (
        "1 project covers cells besides that are not looked at here, and what they need is not counted: project p."
    )
    assert of.table["events"].tolist() == [found.table["events"].iloc[0]] * 2


def test_what_is_not_known_of_a_cell_is_not_known_of_a_project_but_for_a_sliver(four):
    found = needs(four, GRID)  # returns are not known of A and B, hours of A, B and D
    of = needs_of_projects(
        found, named("half", "sliver", "mean", "none"),
        covers(("half", "A", 1.0), ("half", "C", 1.0), ("sliver", "A", 0.02), ("sliver", "C", 1.0), ("mean", "C", 0.5),
               ("mean", "D", 1.0), ("none", "A", 1.0), ("none", "D", 1.0)),
    )  # fmt: skip
    table = of.table.set_index("project_id")
    assert table["returns"].tolist() == pytest.approx([np.nan, 0, 0, np.nan], nan_ok=True)
    hours = found.table["hours"].iloc[2]
    assert table["hours"].tolist() == pytest.approx([hours, hours, hours, np.nan], nan_ok=True)
    assert gaps(of, "returns") == {"half": "few-watched", "none": "few-watched"}
    assert gaps(of, "hours") == {"none": "cell-unknown"}  # of A and of D it is not known for different reasons


def test_overlapping_projects_are_each_counted_whole_and_no_project_is_an_empty_table(found):
    cells = found.table["cell_id"].tolist()
    pairs = [(project, cell, 1.0) for project in "pq" for cell in cells]
    of = needs_of_projects(found, named("p", "q"), covers(*pairs))
    assert of.table["events"].tolist() == [found.n_events] * 2
    assert of.table["excess_ratio"].tolist() == pytest.approx([1, 1])
    none = needs_of_projects(found, named(), covers())
    assert (len(none.table), none.matrix().shape) == (0, (0, len(none.directions())))
    assert {one.fold for one in EVERY} == set(FOLDS)
