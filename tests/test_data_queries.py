"""The questions: the same numbers as plain Python loops over the rows, and the rules at the edges of a period."""

import datetime as dt
from collections import Counter

import pandas as pd
import pytest
from pyproj import Geod
from stored import ZONE, boundary, random_rows, rows, store, with_grids

from base.errors import HazardError
from data import listing, queries, timing
from data.levels import load_cells
from data.schema import Scope
from data.store import Workspace

GRID_SCOPE = Scope(level="grid")
AS_OF = pd.Timestamp("2026-01-15 12:00", tz=ZONE)
GRIDS = {"A": (113.005, 33.005), "B": (113.015, 33.005), "C": (113.005, 33.015), "D": (113.015, 33.015)}


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """300 cases of chance and the same as a list of dicts, with the cell found by plain arithmetic."""
    table = random_rows(300, seed=11)
    dataset = store(with_grids(tmp_path_factory.mktemp("w")), table, as_of=AS_OF.isoformat())
    cases = table.to_pylist()
    for case in cases:
        for name in ("reported_at", "closed_at", "due_at"):
            case[name] = None if case[name] is None else pd.Timestamp(case[name]).tz_convert(ZONE)
        case["cell"], case["near"] = cell_of(case["lon"], case["lat"])
    return dataset, cases


def cell_of(lon, lat):
    """The grid by arithmetic on its south-west corner, and whether it is only near; chance never hits an edge."""
    if lon is None:
        return None, False
    x, y = min(max(lon, 113.0), 113.02), min(max(lat, 33.0), 33.02)  # the nearest point of all four
    away_m = Geod(ellps="WGS84").inv(lon, lat, x, y)[2]
    if away_m > 30:
        return None, False
    return "ABCD"[int(x >= 113.01) + 2 * int(y >= 33.01)], away_m > 0


SCOPES = {
    "everything": (Scope(level="grid"), lambda case: True),
    "a period of local days": (
        Scope(level="grid", start=dt.date(2025, 3, 1), end=dt.date(2025, 9, 1)),
        lambda case: case["reported_at"] and "2025-03-01" <= str(case["reported_at"])[:10] < "2025-09-01",
    ),
    "two hazards": (
        Scope(level="grid", hazards=("other", "wall_risk")),
        lambda case: case["hazard"] in ("other", "wall_risk"),
    ),
    "one community": (Scope(level="grid", area="W"), lambda case: case["cell"] in ("A", "B")),
    "another source": (Scope(level="grid", sources=("t",)), lambda case: False),
}


@pytest.mark.parametrize("name", SCOPES)
def test_counts_and_totals_equal_a_plain_loop_over_the_cases(many, name):
    dataset, cases = many
    scope, wanted = SCOPES[name]
    chosen = [case for case in cases if wanted(case)]
    counted = queries.counts(dataset, scope, ["cell", "hazard", "month"])
    expected = Counter((case["cell"], case["hazard"], case["month"]) for case in chosen)
    assert {tuple(row[:3]): row[3] for row in counted.itertuples(index=False)} == dict(expected)
    totals = queries.totals(dataset, scope)
    both = [case for case in chosen if case["closed_at"] is not None and case["reported_at"] is not None]
    known = [case for case in chosen if case["reported_at"] is None or case["reported_at"] <= AS_OF]
    is_open = [case for case in known if case["closed_at"] is None or case["closed_at"] > AS_OF]
    wrong = [case for case in both if case["closed_at"] < case["reported_at"]]
    zero = [case for case in both if case["closed_at"] == case["reported_at"] <= AS_OF and not dates_alone(case)]
    late = [case for case in known if case["due_at"] is not None and case["due_at"] <= AS_OF and case not in wrong]
    due = [case for case in late if case not in zero]
    assert totals == {
        "n": len(chosen),
        "open": len(is_open),
        "open_no_time": sum(case["reported_at"] is None for case in is_open),
        "open_overdue": sum(case in late for case in is_open),
        "outside": sum(case["lon"] is not None and case["cell"] is None for case in chosen),
        "near": sum(case["near"] for case in chosen),
        "no_location": sum(case["lon"] is None for case in chosen),
        "other_edition": 0,
        "one_spot": 0,
        "no_time": sum(case["reported_at"] is None for case in chosen),
        "closed_before_reported": len(wrong),
        "closed_first_quarter_hour": sum(
            case["closed_at"] <= AS_OF and pd.Timedelta(0) <= case["closed_at"] - case["reported_at"] < QUARTER
            for case in both
        ),
        "due": len(due),
        "in_time": sum(case["closed_at"] is not None and case["closed_at"] <= case["due_at"] for case in due),
        "zero": len(zero),
        "bulk": 0,
        "no_closing": 0,
        "undecided": sum(case["due_at"] is None and case not in wrong and case not in zero for case in known),
        "on_spot": 0,
        "engineering": 0,
    }
    assert zero or name != "everything"
    assert totals["n"] == 0 or totals["closed_first_quarter_hour"] < totals["n"]
    listed = listing.incidents(dataset, scope, open_only=True)
    assert sorted(listed["incident_id"]) == sorted(case["incident_id"] for case in is_open)
    histogram = timing.durations(dataset, scope)
    assert histogram.loc[~histogram["resolved"], "n"].sum() == totals["open"] - totals["open_no_time"]


QUARTER = pd.Timedelta(minutes=15)


def dates_alone(case):
    return case["reported_at"].strftime("%H%M%S") == "000000"


@pytest.mark.parametrize("by", [None, "hazard", "unit", "source", "month", "cell"])
def test_durations_and_shares_equal_a_plain_loop_over_the_cases(many, by):
    dataset, cases = many
    histogram, shares = Counter(), {}
    for case in cases:
        key = "all" if by is None else case[by]
        reported, closed = case["reported_at"], case["closed_at"]
        if key is None:
            continue
        known = reported is None or reported <= AS_OF
        sound = reported is None or closed is None or closed >= reported
        zero = reported is not None and closed == reported and not dates_alone(case)
        if zero:
            continue
        if known and sound and case["due_at"] is not None and case["due_at"] <= AS_OF:
            due, in_time = shares.get(key, (0, 0))
            shares[key] = due + 1, in_time + (closed is not None and closed <= case["due_at"])
        if reported is None or reported > AS_OF or (closed is not None and closed < reported):
            continue
        resolved = closed is not None and closed <= AS_OF
        minutes = round(((closed if resolved else AS_OF) - reported) / pd.Timedelta(minutes=1))
        histogram[key, minutes, resolved] += 1
    found = timing.durations(dataset, Scope(level="grid"), by)
    assert list(found.columns) == ["key", "minutes", "resolved", "n"]
    assert {tuple(row[:3]): row[3] for row in found.itertuples(index=False)} == dict(histogram)
    found = timing.due(dataset, Scope(level="grid"), by)
    assert {row.key: (row.due, row.in_time) for row in found.itertuples()} == shares


def dataset_of(path, cases, **options):
    return store(with_grids(path), rows(cases), **options)


def test_a_period_begins_and_ends_at_local_midnight(tmp_path):
    dataset = dataset_of(
        tmp_path,
        [
            {"incident_id": "before", "reported_at": "2025-03-04 23:59:59"},
            {"incident_id": "first", "reported_at": "2025-03-05 00:00:00"},
            {"incident_id": "last", "reported_at": "2025-03-05 23:59:59"},
            {"incident_id": "after", "reported_at": "2025-03-06 00:00:00"},
        ],
    )
    day = Scope(level="grid", start=dt.date(2025, 3, 5), end=dt.date(2025, 3, 6))
    found = listing.incidents(dataset, day, order="longest_open")
    assert found["incident_id"].tolist() == ["first", "last"]
    assert str(found["reported_at"].iloc[0]) == "2025-03-05 00:00:00+08:00"


def test_months_and_days_are_local_where_utc_is_still_the_month_before(tmp_path):
    dataset = dataset_of(tmp_path, [{"incident_id": "1", "reported_at": "2025-04-01 01:00"}])  # 31 March in UTC
    assert queries.counts(dataset, Scope(level="grid"), ["month"])["month"].tolist() == ["2025-04"]
    assert dataset.span == (dt.date(2025, 4, 1), dt.date(2025, 4, 1))


def test_cases_without_report_time_are_counted_only_where_no_period_is_asked(tmp_path):
    dataset = dataset_of(tmp_path, [{"incident_id": "1"}, {"incident_id": "2", "reported_at": "2025-03-05"}])
    assert queries.totals(dataset, Scope(level="grid"))["n"] == 2
    assert queries.totals(dataset, Scope(level="grid", start=dt.date(1990, 1, 1)))["n"] == 1
    assert queries.totals(dataset, Scope(level="grid", end=dt.date(2090, 1, 1)))["n"] == 1


def test_a_case_is_open_as_of_a_time_before_it_was_closed(tmp_path):
    #          reported      closed        due
    # 1        1 March       10 March      5 March: late, open on 8 March
    # 2        1 March       3 March       5 March: in time
    # 3        1 March       -             20 March: open, not yet due on 8 March
    # 4        9 March       -             9 March: not known on 8 March
    dataset = dataset_of(
        tmp_path,
        [
            {"incident_id": "1", "reported_at": "2025-03-01", "closed_at": "2025-03-10", "due_at": "2025-03-05"},
            {"incident_id": "2", "reported_at": "2025-03-01", "closed_at": "2025-03-03", "due_at": "2025-03-05"},
            {"incident_id": "3", "reported_at": "2025-03-01", "due_at": "2025-03-20"},
            {"incident_id": "4", "reported_at": "2025-03-09", "due_at": "2025-03-09"},
        ],
    )
    scope = Scope(level="grid", as_of=pd.Timestamp("2025-03-08", tz=ZONE).to_pydatetime())
    totals = queries.totals(dataset, scope)
    assert (totals["n"], totals["open"], totals["due"], totals["in_time"]) == (3, 2, 2, 1)
    histogram = timing.durations(dataset, scope)
    assert histogram.to_numpy().tolist() == [["all", 2 * 1440, True, 1], ["all", 7 * 1440, False, 2]]
    later = Scope(level="grid", as_of=pd.Timestamp("2090-01-01", tz=ZONE).to_pydatetime())
    assert queries.totals(dataset, later) == queries.totals(dataset, Scope(level="grid"))  # the source's own is earlier


def test_a_case_closed_before_it_was_reported_is_neither_due_nor_in_time(tmp_path):
    day = {"reported_at": "2025-03-05", "due_at": "2025-03-07"}
    dataset = dataset_of(
        tmp_path,
        [
            {"incident_id": "wrong", "closed_at": "2025-03-01", **day},
            {"incident_id": "in time", "closed_at": "2025-03-06", **day},
            {"incident_id": "late", "closed_at": "2025-03-09", **day},
        ],
    )
    totals = queries.totals(dataset, Scope(level="grid"))
    assert (totals["due"], totals["in_time"], totals["closed_before_reported"]) == (2, 1, 1)
    assert timing.due(dataset, Scope(level="grid")).to_numpy().tolist() == [["all", 2, 1, 0, 0]]
    assert timing.durations(dataset, Scope(level="grid"))["n"].sum() == 2


def test_open_means_the_same_in_totals_lists_and_durations(tmp_path):
    # The source knows up to 31 January 2026, 18:00. "early" was not closed then; "untimed" is open for nobody knows how
    # long; "later" was reported afterwards and is counted, but not open.
    dataset = dataset_of(
        tmp_path,
        [
            {"incident_id": "early", "reported_at": "2026-01-01", "closed_at": "2026-02-05"},
            {"incident_id": "untimed"},
            {"incident_id": "later", "reported_at": "2026-02-02"},
            {"incident_id": "done", "reported_at": "2026-01-01", "closed_at": "2026-01-02"},
        ],
    )
    scope = Scope(level="grid")
    totals = queries.totals(dataset, scope)
    assert (totals["n"], totals["open"], totals["open_no_time"]) == (4, 2, 1)
    assert listing.incidents(dataset, scope, open_only=True)["incident_id"].tolist() == ["early", "untimed"]
    histogram = timing.durations(dataset, scope)
    assert histogram.loc[~histogram["resolved"], "n"].tolist() == [1]


def test_a_voided_case_is_in_no_answer_unless_asked_for_and_then_neither_open_nor_due(tmp_path):
    # The source knows up to 31 January 2026, 18:00: "later" is still open then, "archived" was voided and filed away.
    case = {"reported_at": "2026-01-01", "due_at": "2026-01-03"}
    voided, later = (pd.Timestamp(day, tz=ZONE).to_pydatetime() for day in ("2026-01-02", "2026-02-02"))
    dataset = dataset_of(
        tmp_path,
        [
            {"incident_id": "voided", "voided_at": voided, **case},
            {"incident_id": "archived", "voided_at": voided, "closed_at": "2026-01-02", **case},
            {"incident_id": "later", "voided_at": later, **case},
            {"incident_id": "plain", **case},
        ],
    )
    for voided_too, n in ((False, 2), (True, 4)):
        scope = Scope(level="grid", voided=voided_too)
        totals = queries.totals(dataset, scope)
        assert [totals[name] for name in ("n", "open", "open_overdue", "due", "in_time")] == [n, 2, 2, 2, 0]
        assert len(listing.incidents(dataset, scope)) == n
        assert listing.incidents(dataset, scope, open_only=True)["incident_id"].tolist() == ["later", "plain"]
        assert timing.durations(dataset, scope)[["resolved", "n"]].to_numpy().tolist() == [[False, 2]]
        assert timing.due(dataset, scope).to_numpy().tolist() == [["all", 2, 0, 0, 0]]


def test_what_a_scope_leaves_out_adds_up_with_its_n_to_all_there_is(tmp_path):
    void = {"voided_at": pd.Timestamp("2025-12-30", tz=ZONE).to_pydatetime()}
    place = {"lon": 113.005, "lat": 33.005}
    cases = [
        {"incident_id": "1", "reported_at": "2025-09-30 23:59"},
        {"incident_id": "2", "reported_at": "2025-09-30", **void},  # before the period first, voided second
        {"incident_id": "3", "reported_at": "2025-10-01", **place},
        {"incident_id": "4", "reported_at": "2025-12-31 23:59", **place},
        {"incident_id": "5", "reported_at": "2025-11-01", **place, **void},
        {"incident_id": "6", "reported_at": "2026-01-01"},
        {"incident_id": "7"},
        {"incident_id": "8", "hazard": "wall_risk", "reported_at": "2025-11-01"},
    ]
    dataset = dataset_of(tmp_path, cases)
    scope = Scope(level="grid", start=dt.date(2025, 10, 1), end=dt.date(2026, 1, 1), hazards=("other",))
    expected = {"voided": 1, "before": 2, "after": 1, "no_time": 1, "every": 7}
    assert queries.beside(dataset, scope) == expected
    assert queries.totals(dataset, scope)["n"] == 2
    found = queries.points(dataset, scope)["reported_at"]
    assert [str(time)[:16] for time in found] == ["2025-10-01 00:00", "2025-12-31 23:59"]
    always = Scope(level="grid", hazards=("other",))
    assert queries.beside(dataset, always) == {"voided": 2, "before": 0, "after": 0, "no_time": 0, "every": 7}
    assert queries.totals(dataset, always)["n"] == 5


def test_points_tell_their_month_and_when_they_were_closed_as_far_as_is_known(tmp_path):
    cases = [
        {"incident_id": "1", "reported_at": "2025-12-31 23:59", "closed_at": "2026-01-02"},
        {"incident_id": "2", "reported_at": "2025-11-01", "closed_at": "2025-11-03"},
        {"incident_id": "3", "reported_at": "2025-11-01"},
    ]
    dataset = dataset_of(tmp_path, [{**case, "lon": 113.005, "lat": 33.005} for case in cases])
    columns = ("month", "closed_at")
    for known, closed in (
        ("2026-01-31", ["2025-11-03", "NaT", "2026-01-02"]),
        ("2026-01-01", ["2025-11-03", "NaT", "NaT"]),
    ):
        scope = Scope(level="grid", as_of=pd.Timestamp(known, tz=ZONE).to_pydatetime())
        found = queries.points(dataset, scope, columns=columns)
        assert found["month"].tolist() == ["2025-11", "2025-11", "2025-12"]
        assert sorted(str(time)[:10] for time in found["closed_at"]) == sorted(closed)


def test_a_period_before_the_first_edition_of_a_boundary_has_no_cells_and_is_answered(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("AB"), "g.geojson", level="grid", valid_from="2025-06-01", who="t")
    cases = [
        {"incident_id": day, "reported_at": day, "lon": 113.005, "lat": 33.005} for day in ("2025-02-01", "2025-07-01")
    ]
    dataset = store(workspace, rows(cases))
    scope = Scope(level="grid", end=dt.date(2025, 6, 1))
    totals = queries.totals(dataset, scope)
    assert [totals[name] for name in ("n", "outside", "other_edition")] == [1, 1, 0]
    assert listing.incidents(dataset, scope, place="other_edition").empty


def test_incidents_say_up_to_when_each_is_known(tmp_path):
    dataset = dataset_of(tmp_path, [{"incident_id": "1", "reported_at": "2026-01-01"}])
    of_source = listing.incidents(dataset, Scope(level="grid"))["as_of"]
    assert [str(time) for time in of_source] == ["2026-01-31 18:00:00+08:00"]
    earlier = Scope(level="grid", as_of=pd.Timestamp("2026-01-11", tz=ZONE).to_pydatetime())
    assert [str(time) for time in listing.incidents(dataset, earlier)["as_of"]] == ["2026-01-11 00:00:00+08:00"]


def test_each_source_is_known_up_to_its_own_time_and_one_without_a_time_has_no_open_case_to_tell(tmp_path):
    workspace = with_grids(tmp_path)
    case = {"incident_id": "1", "reported_at": "2026-01-01", "closed_at": "2026-01-08"}
    for source, as_of in (("a", "2026-01-05T00:00:00+08:00"), ("b", "2026-01-10T00:00:00+08:00"), ("c", "")):
        dataset = store(workspace, rows([case], import_id=source, source=source), as_of=as_of, import_id=source,
                        source=source)  # fmt: skip
    listed = listing.incidents(dataset, Scope(level="grid")).set_index("source")["as_of"].astype(str).to_dict()
    assert listed == {"a": "2026-01-05 00:00:00+08:00", "b": "2026-01-10 00:00:00+08:00", "c": "NaT"}
    still = listing.incidents(dataset, Scope(level="grid"), open_only=True)
    assert still["source"].tolist() == ["a"]  # b knows that it was closed
    assert queries.totals(dataset, Scope(level="grid", sources=("b",)))["open"] == 0
    assert queries.totals(dataset, Scope(level="grid", sources=("a", "b")))["open"] == 1


@pytest.mark.parametrize(("seconds", "minutes"), [(29, 0), (30, 1), (89, 1), (90, 2), (150, 3)])
def test_a_duration_is_told_to_the_nearest_minute_and_half_a_minute_is_one_more(tmp_path, seconds, minutes):
    closed = f"2026-01-01 08:{seconds // 60:02d}:{seconds % 60:02d}"
    dataset = dataset_of(tmp_path, [{"incident_id": "1", "reported_at": "2026-01-01 08:00", "closed_at": closed}])
    assert timing.durations(dataset, Scope(level="grid"))["minutes"].tolist() == [minutes]


def test_cells_without_boundaries_are_refused_and_the_rest_is_answered(tmp_path):
    dataset = store(Workspace(tmp_path), rows([{"incident_id": "1", "reported_at": "2025-03-05"}]))
    nowhere = Scope(level="")
    for ask in (
        lambda: queries.counts(dataset, nowhere, ["hazard", "cell"]),
        lambda: timing.durations(dataset, nowhere, "cell"),
        lambda: timing.due(dataset, nowhere, "cell"),
        lambda: timing.due(dataset, nowhere, cell="A"),
        lambda: listing.incidents(dataset, nowhere, cell="A"),
        lambda: queries.totals(dataset, Scope(level="", area="A")),
        lambda: dataset.cells(""),
    ):
        with pytest.raises(HazardError, match=r"^Load the boundary polygons first\.$") as refusal:
            ask()
        assert refusal.value.code == "no-boundary"
    assert queries.totals(dataset, nowhere)["n"] == 1
    assert queries.counts(dataset, nowhere, ["hazard"]).to_numpy().tolist() == [["other", 1]]


def test_a_source_without_any_time_has_no_as_of_and_is_counted(tmp_path):
    dataset = dataset_of(tmp_path, [{"incident_id": "1", "lon": 113.005, "lat": 33.005}], as_of="")
    assert (dataset.sources, dataset.as_of) == ({"s": None}, None)
    assert queries.counts(dataset, Scope(level="grid"), ["cell"]).to_numpy().tolist() == [["A", 1]]
    assert timing.durations(dataset, Scope(level="grid")).empty


def test_counts_say_null_for_outside_and_without_location(tmp_path):
    places = [{"lon": x, "lat": y} for x, y in GRIDS.values()] + [{"lon": 114.0, "lat": 33.0}, {}]
    dataset = dataset_of(tmp_path, [{"incident_id": str(n), **place} for n, place in enumerate(places)])
    counted = queries.counts(dataset, Scope(level="grid"), ["cell"])
    assert counted.fillna("none").to_numpy().tolist() == [["A", 1], ["B", 1], ["C", 1], ["D", 1], ["none", 2]]
    assert queries.counts(dataset, Scope(level="community"), ["cell"])["count"].tolist() == [4, 2]
    assert len(queries.points(dataset, Scope(level="grid"))) == 5


def test_incidents_come_by_cell_open_ones_and_in_the_order_asked(tmp_path):
    in_a = {"lon": 113.005, "lat": 33.005}
    dataset = dataset_of(
        tmp_path,
        [
            {"incident_id": "old", "reported_at": "2025-03-01", **in_a},
            {"incident_id": "closed", "reported_at": "2025-02-01", "closed_at": "2025-02-02", **in_a},
            {"incident_id": "new", "reported_at": "2025-03-09", **in_a},
            {"incident_id": "elsewhere", "reported_at": "2025-01-01"},
        ],
    )
    scope = Scope(level="grid")
    asked = listing.incidents(dataset, scope, cell="A", open_only=True, order="longest_open")
    assert asked["incident_id"].tolist() == ["old", "new"]
    assert listing.incidents(dataset, scope, limit=2)["incident_id"].tolist() == ["new", "old"]


def test_names_from_files_are_values_and_never_sql(tmp_path):
    hostile = "x'; DROP VIEW incidents; --"
    dataset = dataset_of(tmp_path, [{"incident_id": hostile, "unit": hostile, "source": "s"}])
    scope = Scope(level="grid", hazards=(hostile,), sources=(hostile,), area=hostile)
    assert queries.totals(dataset, scope)["n"] == 0
    assert listing.incidents(dataset, Scope(level="grid"), cell=hostile).empty
    assert timing.due(dataset, Scope(level="grid"), "unit", cell=hostile).empty
    assert listing.incidents(dataset, Scope(level="grid"))["unit"].tolist() == [hostile]


def test_an_unknown_key_or_level_is_refused_with_those_known(tmp_path):
    dataset = dataset_of(tmp_path, [{"incident_id": "1"}])
    with pytest.raises(HazardError, match="colour is none of cell, hazard") as refusal:
        queries.counts(dataset, Scope(level="grid"), ["colour"])
    assert refusal.value.code == "key-unknown"
    with pytest.raises(HazardError, match="no boundary level named street; loaded are: community, grid") as refusal:
        queries.totals(dataset, Scope(level="street"))
    assert refusal.value.code == "level-unknown"


def test_a_lone_year_counts_where_all_of_it_lies_in_the_period_and_has_no_month_and_no_duration(tmp_path):
    cases = [
        {"incident_id": "y18", "month": "2018", "lon": 113.005, "lat": 33.005},
        {"incident_id": "y19", "month": "2019"},
        {"incident_id": "none"},
        {"incident_id": "timed", "reported_at": "2018-07-01 08:00", "closed_at": "2018-07-02 08:00"},
    ]
    dataset = store(with_grids(tmp_path / "w"), rows(cases), as_of="2019-12-31T23:59:59+08:00")

    def seen(start, end, as_of=None):
        days = (start and dt.date.fromisoformat(start), end and dt.date.fromisoformat(end))
        return sorted(listing.incidents(dataset, Scope("grid", *days, as_of=as_of))["incident_id"])

    assert seen(None, None) == ["none", "timed", "y18", "y19"]
    assert seen("2018-01-01", "2019-01-01") == ["timed", "y18"]
    assert seen("2018-01-02", "2020-01-01") == ["timed", "y19"]
    assert seen("2018-01-01", "2018-12-31") == ["timed"]
    assert seen("2018-01-01", None) == ["timed", "y18", "y19"]
    assert seen(None, "2019-12-31") == ["timed", "y18"]
    assert seen(None, None, pd.Timestamp("2019-06-30", tz=ZONE)) == ["none", "timed", "y18"]
    assert queries.counts(dataset, GRID_SCOPE, ["month"]).to_numpy().tolist() == [
        ["2018", 1], ["2018-07", 1], ["2019", 1], ["none", 1],
    ]  # fmt: skip
    assert timing.durations(dataset, GRID_SCOPE)["n"].sum() == 1
    assert len(queries.points(dataset, GRID_SCOPE)) == 1
    assert queries.totals(dataset, GRID_SCOPE)["no_time"] == 3
    assert dataset.span == (dt.date(2018, 1, 1), dt.date(2019, 12, 31))
    assert dataset.timed_span == (dt.date(2018, 7, 1), dt.date(2018, 7, 1))


def test_incidents_bring_what_stood_beside_the_fields(tmp_path):
    cases = [{"incident_id": "1", "attributes": [("状态", "开"), ("备注", "x")]}, {"incident_id": "2"}]
    dataset = store(with_grids(tmp_path / "w"), rows(cases))
    assert listing.incidents(dataset, GRID_SCOPE)["attributes"].tolist() == [{"状态": "开", "备注": "x"}, {}]


def test_texts_of_single_calls_come_in_the_order_asked_and_points_bring_any_stored_text_or_time(many):
    dataset, cases = many
    points = queries.points(dataset, GRID_SCOPE, columns=("call", "lon", "channel", "unit", "due_at", "reported_at"))
    some = points.iloc[::7]
    found = queries.texts(dataset, some["call"].to_numpy(), ["incident_id", "channel"])
    by_id = {case["incident_id"]: case for case in cases}
    asked = [by_id[name] for name in found["incident_id"]]
    assert some["lon"].tolist() == [case["lon"] for case in asked]
    for name in ("channel", "unit"):
        assert some[name].astype(object).fillna("").tolist() == [case[name] for case in asked]
    assert found["channel"].tolist() == [case["channel"] for case in asked]
    for name in ("reported_at", "due_at"):
        times = [None if pd.isna(time) else time for time in some[name]]
        assert times == [case[name] for case in asked]
    assert len(some) > 30
    assert queries.texts(dataset, points["call"].to_numpy()[:0], ["address"])["address"].tolist() == []


def test_a_cell_that_changed_its_area_counts_in_the_one_of_the_edition_shown_and_in_no_other(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("WE", step=0.02), "communities.geojson", level="community", who="t")
    until, since = {"valid_to": "2025-07-01"}, {"valid_from": "2025-07-01"}
    load_cells(workspace, boundary("ABCD", parents="WWEE"), "old.geojson", level="grid", who="t", **until)
    load_cells(workspace, boundary("ABC", parents="EWE"), "new.geojson", level="grid", who="t", **since)
    days = ("2025-03-10", "2025-04-10", "2025-08-10")  # all in A, which went from W to E on the first of July
    cases = [{"incident_id": f"{n}", "reported_at": day, "lon": 113.005, "lat": 33.005} for n, day in enumerate(days)]
    cases.append({"incident_id": "d", "reported_at": "2025-05-10", "lon": 113.015, "lat": 33.015})  # D, gone since
    dataset = store(workspace, rows(cases))
    summer = {"start": dt.date(2025, 1, 1), "end": dt.date(2025, 7, 1)}

    def n(**scope):
        return queries.totals(dataset, Scope(level="grid", **scope))["n"]

    assert (n(), n(area="W"), n(area="E")) == (4, 0, 4)
    assert (n(**summer), n(**summer, area="W"), n(**summer, area="E")) == (3, 2, 1)
    assert queries.totals(dataset, Scope(level="grid", area="E"))["other_edition"] == 1
