"""Every case with its deadline and what counts it: counted by hand, and summed it is what the page says."""

import io

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from stored import with_grids
from test_reports_times import CASES, EN, GRID, ZH, put

from base.errors import HazardError
from data.case_rows import SUMMED
from data.changes import set_settings
from data.schema import Scope
from data.store import Workspace
from reports import times, times_trace
from reports.times import APART, Asked

AT_ONCE = ["2026-01-06 09:00"] * 40
ONE_BY_ONE = [f"2026-01-07 09:{minute}" for minute in range(10, 60)]
BULK = [
    {"cell": "A", "closed_at": closed, "due_at": "2026-01-05 12:00", "due_from": "file"}
    for closed in (*AT_ONCE, *ONE_BY_ONE)
]
TELLING = [
    {"cell": "B", "dispatched_at": "2026-01-06 08:00", "handled_at": "2026-01-06 09:00",
     "closed_at": "2026-01-08 09:00", "due_at": "2026-01-06 12:00", "due_from": "file"},  # handled in time, closed late
    {"cell": "B", "dispatched_at": "2026-01-06 08:00", "closed_at": "2026-01-05 20:00", "due_at": "2026-01-06 12:00",
     "due_from": "file"},  # closed before its clock began
    {"cell": "B", "reported_at": None, "due_at": "2026-01-06 12:00", "due_from": "file"},  # past due, in no duration
    {"cell": "B", "voided_at": "2026-01-06 12:00", "due_at": "2026-01-06 12:00", "due_from": "file"},
    {"cell": "B", "reported_at": "2026-02-03 08:00", "due_at": "2026-02-06 12:00", "due_from": "file"},  # later
]  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return put(tmp_path_factory.mktemp("told"), CASES)


@pytest.fixture(scope="module", params=["closed", "handled"])
def mixed(tmp_path_factory, request):
    path = tmp_path_factory.mktemp(request.param)
    workspace = with_grids(path)
    set_settings(workspace, {"clock_end": request.param, "bulk_close_min": 30}, who="t")
    return put(path, [*CASES, *BULK, *TELLING])


def traced(dataset, scope=GRID, asked=None):
    return pd.concat(times_trace.cases(dataset, scope, asked or Asked()), ignore_index=True).set_index("incident_id")


def test_each_case_says_what_counts_it_and_how_late_it_is(told):
    found = traced(told)
    assert found["state"].to_dict() == {
        "1": "in_time", "2": "late", "3": "late", "4": "not_due", "5": "unknown", "6": "outside", "7": "outside",
        "8": "unknown", "9": "unknown", "10": "unknown",
    }  # fmt: skip
    assert found["hours_late"].dropna().to_dict() == {"2": 2, "3": 630}
    assert {key: one for key, one in found["beside"].items() if one} == {
        "6": "negative", "7": "zero", "8": "no_time", "9": "on_spot", "10": "engineering"
    }  # fmt: skip
    assert found["cell"].tolist()[:4] == ["grid A"] * 3 + ["grid B"]
    assert found[list(SUMMED)].sum().to_dict() == {"counted": 5, "open": 2, "due": 3, "in_time": 1, "past_due": 1}


@pytest.mark.parametrize("clock", times.CLOCKS)
@pytest.mark.parametrize("handling", ["", "on_spot", "engineering"])
@pytest.mark.parametrize(
    "scope", [GRID, Scope("grid", voided=True), Scope("grid", hazards=("waterlogging",)), Scope(None)]
)
def test_summed_the_cases_are_the_figures(mixed, clock, handling, scope):
    head = times.headline(mixed, scope, clock=clock, handling=handling)
    parts = list(times_trace.cases(mixed, scope, Asked(clock=clock, handling=handling)))
    assert sum(map(len, parts)) == times_trace.count(mixed, scope)
    found = pd.concat(parts)
    said = {"counted": head.overall["n"], **{name: head.overall[name] for name in SUMMED[1:]}}
    assert found[list(SUMMED)].sum().to_dict() == said
    reasons = found["beside"].value_counts()
    marks = ("reworked", "paused", "odd_end", "on_spot", "engineering")  # the last two are counted for any handling
    for name in set(APART).difference(marks):
        assert reasons.get(name, 0) == head.apart[name], name
    assert (found["beside"].eq("") == found["counted"].eq(1)).all()  # whatever is in no duration says why


def test_what_is_in_no_duration_says_why(mixed):
    found = traced(mixed, Scope("grid", voided=True))["beside"].value_counts()
    assert found.drop("").to_dict() == {
        "bulk": 40, "no_time": 2, "negative": 1, "zero": 1, "on_spot": 1, "engineering": 1, "voided": 1, "later": 1
    }  # fmt: skip


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_workbook_and_csv_hold_the_same_cases_in_words(mixed, words, monkeypatch):
    book = CalamineWorkbook.from_filelike(io.BytesIO(times_trace.workbook(mixed, GRID, Asked(), words)))
    header, *body = book.get_sheet_by_index(0).to_python()
    assert (words("Handling done") in header) == (mixed.settings["clock_end"] == "handled")
    read = pd.read_csv(
        io.BytesIO(b"".join(times_trace.csv(mixed, GRID, Asked(), words))), dtype=str, keep_default_na=False
    )
    assert list(read) == header
    assert len(read) == len(body) == times_trace.count(mixed, GRID)
    first = read.set_index(words("Case number")).loc["2"]
    assert first[words("Due")] == "2026-01-05 12:00:00"
    assert first[words("Where the deadline comes from")] == words("as the file gives it")
    assert first[words("In time")] == words("late")
    assert read.set_index(words("Case number")).loc["6"][words("Why in no duration")] == words(
        "Closed before the report"
    )
    monkeypatch.setattr(times_trace, "MOST_IN_A_WORKBOOK", 9)
    with pytest.raises(HazardError, match="A workbook takes at most 9 cases"):
        times_trace.workbook(mixed, GRID, Asked(), words)


def test_no_case_makes_a_file_with_its_headers(tmp_path):
    empty = put(tmp_path, [CASES[0]])
    never = Scope("grid", hazards=("other",))
    assert b"".join(times_trace.csv(empty, never, Asked(), EN)).decode("utf-8-sig").startswith("Case number,Source,")
    book = CalamineWorkbook.from_filelike(io.BytesIO(times_trace.workbook(empty, never, Asked(), EN)))
    assert book.sheet_names == ["Cases and deadlines", "About"]
    with pytest.raises(HazardError, match="Clock limit is not known"):
        next(times_trace.cases(empty, never, Asked(clock="limit")))


def test_a_limit_is_traced_to_the_list_the_edition_and_the_row_it_is_from(demo):
    found = traced(Workspace(demo).newest())
    standards = Workspace(demo).newest().standards().set_index(["kind", "valid_from", "row"])
    assert set(found["limit_kind"].dropna()) == {"component", "event"}
    told = found[found["limit_row"].notna() & (found["limit_text"] != "")]
    keys = zip(told["limit_kind"], told["limit_since"], told["limit_row"], strict=True)
    assert [standards.at[key, "limit_text"] for key in keys] == told["limit_text"].tolist()
    assert len(told) > 200
    assert found.loc[found["limit_text"] != "", "limit_row"].notna().all()
