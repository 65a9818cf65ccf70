"""How long cases took: the same numbers as a plain count, case by case, and what may never change them."""

import datetime as dt
import tempfile
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import ZONE, rows, store, with_grids

from analysis import resolution
from base.errors import HazardError
from data import facts, queries, timing
from data.bulk import closed_in_bulk
from data.dataset import Dataset
from data.facts import NEVER
from data.schema import DUE_FROM, Scope
from data.store import Workspace

PLACE = ZoneInfo(ZONE)
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
MAPPED = {
    "s": {"reported_at": "a", "closed_at": "b", "dispatched_at": "c"},
    "t": {"reported_at": "a", "closed_at": "b"},  # no dispatch: its clocks begin at the report
    "u": {"reported_at": "a"},  # tells no closing times
}
AS_OF = {"s": "2025-05-20T10:30:00+08:00", "t": "2025-05-11T00:00:00+08:00", "u": "2025-06-01T00:00:00+08:00"}
RULES = [{}, {"clock_start": "reported"}, {"clock_end": "handled"}]


def invented(n=420, seed=3):
    """Cases over ten weeks with the May holidays in them, of three sources, with all that can be odd."""
    chance = np.random.default_rng(seed)

    def some(share):
        return chance.random() < share

    def hours(low, high):
        return dt.timedelta(minutes=int(chance.integers(60 * low, 60 * high)))

    for k in range(n):
        at = dt.datetime(2025, 3, 20, tzinfo=PLACE) + hours(0, 24 * 70)
        case = {"incident_id": f"c{k}", "source": "sstu"[k % 4], "hazard": str(chance.choice(["other", "wall_risk"]))}
        case["cell"] = str(chance.choice(["A", "B", ""]))
        case["handling"] = str(chance.choice(["", "", "", "on_spot", "engineering"]))
        if some(0.95):
            case["reported_at"] = at
        if some(0.02):
            case["voided_at"] = at + hours(1, 40)
        if case["source"] == "s" and some(0.8):
            case["dispatched_at"] = at + hours(-1, 30)
        if case["source"] != "u" and some(0.8):
            case["closed_at"] = at + (hours(-1, 1) if some(0.1) else dt.timedelta(0) if some(0.1) else hours(0, 400))
            if some(0.2) and case["source"] == "s":
                case["closed_at"] = dt.datetime(2025, 5, 12, 16, 59, 30, tzinfo=PLACE)  # the desk's great clearing
            if some(0.4):
                case["handled_at"] = case["closed_at"] - hours(0, 30)
        if some(0.03):  # a day alone, and years of which the calendar knows nothing
            case["reported_at"] = case["closed_at"] = dt.datetime(2025, 4, 9, tzinfo=PLACE)
        if some(0.03):
            case |= {"reported_at": dt.datetime(2003, 12, 29, tzinfo=PLACE), "dispatched_at": None}
        if some(0.3):
            case["paused_at"] = at + hours(-5, 50)
            if some(0.7):
                case["resumed_at"] = case["paused_at"] + hours(-2, 60)
        if some(0.2):
            case["paused_minutes"] = float(chance.integers(0, 300))
        if some(0.7):
            case["due_at"] = at + hours(0, 200)
            case["due_from"] = str(chance.choice(["table", "file"]))
            case["limit_clock"] = str(chance.choice(["work_hour", "work_day", "urgent_hour", "natural_day"]))
        else:
            case["due_from"] = str(chance.choice(["no-limit", "several", "on-hold"]))
        case["reworked"] = str(chance.choice(["", "0", "2"]))
        case["paused"] = str(chance.choice(["", "否", "是"]))
        yield case


@pytest.fixture(scope="module")
def cases():
    return list(invented())


@pytest.fixture(scope="module")
def datasets(cases, tmp_path_factory):
    workspace = with_grids(tmp_path_factory.mktemp("w"))
    for source in "stu":
        mine = rows([case for case in cases if case["source"] == source], import_id=source)
        store(workspace, mine, as_of=AS_OF[source], import_id=source, source=source,
              options={"mapping": MAPPED[source]})  # fmt: skip
    found = []
    for rule in RULES:
        with workspace.change("settings", who="t") as change:
            change.settings.clear()
            change.settings.update(rule)
            found.append(change.commit())
    return found


def worked(start, end):
    """Work minutes between two moments, day by day, by what chinesecalendar says of each; None where it knows none."""
    total, day = 0.0, start.date()
    while day <= end.date() and start < end:
        if not 2004 <= day.year <= 2026:
            return None
        if chinese_calendar.is_workday(day):
            for opens, closes in ((8, 12), (14, 18)):
                a, b = (dt.datetime.combine(day, dt.time(hour), PLACE) for hour in (opens, closes))
                total += max((min(b, end) - max(a, start)) / MINUTE, 0)
        day += dt.timedelta(days=1)
    return total


def ran(case, start, end, work):
    """Minutes on a clock between two moments, the hold taken out."""
    measure = worked if work else (lambda a, b: max((b - a) / MINUTE, 0))
    if (whole := measure(start, end)) is None:
        return None
    if case.get("paused_at"):
        a = min(max(case["paused_at"], start), end)
        b = min(max(case.get("resumed_at") or case.get("closed_at") or end, a), end)
        whole -= measure(a, b)
    return whole


def odd_end(case, rule):
    """What is odd about the moment that counts against the deadline."""
    reported, handled = case.get("reported_at"), case.get("handled_at") if rule.get("clock_end") == "handled" else None
    dispatching = rule.get("clock_start") != "reported" and case["source"] == "s"
    start, ended = case.get("dispatched_at") if dispatching else reported, handled or case.get("closed_at")
    if ended and any(begun and ended < begun for begun in (start, reported)):
        return "negative"
    at_once = ended and ended == reported and (reported.hour, reported.minute) != (0, 0)
    return "zero" if at_once else None


def in_bulk(case, as_of):
    return case.get("closed_at") == dt.datetime(2025, 5, 12, 16, 59, 30, tzinfo=PLACE) <= as_of


def outcome(case, clock, as_of, rule):
    """Why a case is in no figure, or how long it took and whether it had ended."""
    reported, closed = case.get("reported_at"), case.get("closed_at")
    if case.get("voided_at") and case["voided_at"] <= as_of:
        return "voided"
    if case["source"] == "u":
        return "no_closing"
    if not reported:
        return "no_time"
    if reported > as_of:
        return "later"
    odd = odd_end(case, rule) if clock == "limit" else None
    if (closed and closed < reported) or odd == "negative":
        return "negative"
    if (closed and closed == reported and (reported.hour, reported.minute) != (0, 0)) or odd == "zero":
        return "zero"
    if in_bulk(case, as_of):
        return "bulk"
    handled = case.get("handled_at") if clock == "limit" and rule.get("clock_end") == "handled" else None
    ended = handled or closed
    is_open = not ended or ended > as_of
    end = as_of if is_open else ended
    if clock == "raw":
        return int((end - reported) / MINUTE + 0.5), not is_open
    start = reported
    if rule.get("clock_start") != "reported" and case["source"] == "s":
        start = case.get("dispatched_at")
    if clock == "limit" and not case.get("due_at"):
        return "no limit"
    if not start:
        return "no_time"
    if clock == "work":
        if end < start:
            return "no_time" if is_open else "negative"
        if case.get("paused_minutes") and not case.get("paused_at"):
            return "hold_unknown"
        minutes = ran(case, start, end, True)
        return "uncovered" if minutes is None else (int(minutes + 0.5), not is_open)
    due = case["due_at"]
    work = case["due_from"] == "table" and case["limit_clock"].startswith("work")
    took, limit = ran(case, start, end, work), ran(case, start, due, work)
    in_time = end < due if is_open else end <= due
    if took is None or limit is None:
        return "uncovered" if in_time else (timing.PARTS + 1, False)
    parts = int(np.ceil(timing.PARTS * took / limit)) if limit > 0 else (2**30 if took > 0 else 0)
    parts = min(parts, timing.PARTS) if in_time else max(parts, timing.PARTS + 1)
    return parts, not is_open


def known_to(case, scope):
    own = dt.datetime.fromisoformat(AS_OF[case["source"]])
    return min(own, scope.as_of) if scope.as_of else own


def in_scope(case, scope):
    as_of = known_to(case, scope)
    if case.get("voided_at") and case["voided_at"] <= as_of:
        return False
    return not (scope.as_of and case.get("reported_at") and case["reported_at"] > scope.as_of)


OUT = {"no_closing", "later", "negative", "zero"}  # of which nobody asks whether they were in time
EARLIER = dt.datetime(2025, 4, 25, 15, 0, tzinfo=PLACE)
ASKED = [
    (0, Scope(level="grid"), None, ""),
    (0, Scope(level="grid"), "hazard", None),
    (0, Scope(level="grid", as_of=EARLIER), "hazard", ""),
    (1, Scope(level="grid"), "source", "engineering"),
    (1, Scope(level="grid", as_of=EARLIER), None, None),
    (2, Scope(level="grid"), "cell", ""),
    (2, Scope(level="grid", as_of=EARLIER), "source", None),
]


@pytest.mark.parametrize("clock", timing.CLOCKS)
@pytest.mark.parametrize(("at", "scope", "by", "handling"), ASKED)
def test_every_case_is_in_the_figure_or_counted_beside_it_as_in_a_plain_count(
    datasets, cases, at, scope, by, handling, clock
):
    dataset = datasets[at]
    histogram, beside, marks = Counter(), Counter(), Counter()
    n = 0
    for case in cases:
        key = case[by] if by else "all"
        if not in_scope(case, scope) or not key:
            continue
        marks[key, case["handling"]] += 1
        if handling is not None and case["handling"] != handling:
            continue
        n += 1
        as_of = known_to(case, scope)
        marks[key, "reworked"] += case["reworked"] == "2"
        paused = case.get("paused_minutes", 0) > 0 or (case.get("paused_at") and case["paused_at"] <= as_of)
        marks[key, "paused"] += bool(paused or case["paused"] == "是")
        found = outcome(case, clock, as_of, RULES[at])
        if not in_bulk(case, as_of) and outcome(case, "raw", as_of, RULES[at]) not in OUT:
            marks[key, "odd_end"] += bool(odd_end(case, RULES[at]))
        if isinstance(found, str):
            beside[key, found] += 1
        else:
            histogram[key, *found] += 1
    found = timing.durations(dataset, scope, by, clock=clock, handling=handling)
    assert {tuple(row[:3]): row[3] for row in found.itertuples(index=False)} == dict(histogram)
    apart = timing.apart(dataset, scope, by, clock=clock, handling=handling).set_index("key")
    reasons = ["negative", "zero", "bulk", "no_time", "no_closing", "later", "uncovered", "hold_unknown"]
    left = {(key, name): n for key, row in apart[reasons].iterrows() for name, n in row.items() if n}
    assert left == {reason: n for reason, n in beside.items() if reason[1] != "no limit"}
    for name in ("on_spot", "engineering", "reworked", "paused", "odd_end"):
        assert {key: n for key, n in apart[name].items() if n} == {
            key: n for (key, mark), n in marks.items() if mark == name and n
        }
    limitless = sum(n for (_, reason), n in beside.items() if reason == "no limit")
    assert found["n"].sum() + apart[reasons].to_numpy().sum() + limitless == n


def test_the_cases_of_the_plain_count_hold_all_that_can_be_odd(cases):
    found = Counter(
        reason
        for clock in timing.CLOCKS
        for case in cases
        if isinstance(reason := outcome(case, clock, known_to(case, Scope(level="grid")), {}), str)
    )
    assert set(found) >= {
        "negative", "zero", "bulk", "no_time", "no_closing", "later", "uncovered", "hold_unknown", "voided", "no limit",
    }  # fmt: skip


@pytest.mark.parametrize(("at", "scope", "by", "handling"), ASKED)
def test_shares_and_deadlines_are_those_of_a_plain_count(datasets, cases, at, scope, by, handling):
    dataset, rule = datasets[at], RULES[at]
    due, origins, ages = {}, Counter(), Counter()
    for case in cases:
        key, as_of = case[by] if by else "all", known_to(case, scope)
        odd = outcome(case, "raw", as_of, rule)
        if not in_scope(case, scope) or not key or (handling is not None and case["handling"] != handling):
            continue
        closed, reported = case.get("closed_at"), case.get("reported_at")
        if odd not in ("no_closing", "later") and (not closed or closed > as_of):
            since = [
                (as_of - time) / dt.timedelta(hours=1) if time else None for time in (case.get("due_at"), reported)
            ]
            handled = case.get("handled_at") if rule.get("clock_end") == "handled" else None
            ages[key, *(time and round(time, 6) for time in since), bool(handled and handled <= as_of)] += 1
        bulk = in_bulk(case, as_of)
        if odd in OUT or odd_end(case, rule):
            continue
        if not bulk:
            origins[key, case["due_from"]] += 1
        if case.get("due_at") and case["due_at"] <= as_of:
            ended = (case.get("handled_at") if rule.get("clock_end") == "handled" else None) or closed
            counts = due.setdefault(key, [0, 0, 0, 0])
            counts[2 * bulk] += 1
            counts[2 * bulk + 1] += bool(ended and ended <= case["due_at"])
    found = timing.due(dataset, scope, by, handling=handling)
    assert list(found.columns) == ["key", "due", "in_time", "bulk_due", "bulk_in_time"]
    assert {row[0]: list(row[1:]) for row in found.itertuples(index=False)} == due
    told = timing.undecided(dataset, scope, by, handling=handling)
    assert list(told.columns) == ["key", *DUE_FROM]
    assert {(k, name): n for k, row in told.set_index("key").iterrows() for name, n in row.items() if n} == dict(
        origins
    )
    still = timing.open_hours(dataset, scope, by, handling=handling)
    assert (
        Counter(
            (row.key, *(None if np.isnan(time) else round(time, 6) for time in row[2:4]), row.stopped)
            for row in still.itertuples()
        )
        == ages
    )
    if not by and handling == "":
        totals = queries.totals(dataset, scope)
        assert [totals["due"], totals["in_time"]] == due["all"][:2]
        assert totals["undecided"] == sum(n for (_, name), n in origins.items() if name not in ("table", "file"))
        apart = timing.apart(dataset, scope).iloc[0]
        for name in ("zero", "no_closing", "on_spot", "engineering"):
            assert totals[name] >= apart[name] > 0


def test_a_version_is_answered_alike_where_several_threads_ask_its_files(datasets, monkeypatch):
    asks = [lambda of: queries.totals(of, Scope(level="grid")), lambda of: timing.due(of, Scope(level="grid")),
            lambda of: timing.apart(of, Scope(level="grid"), "hazard", clock="limit")]  # fmt: skip
    one_by_one = [ask(Dataset(datasets[0].root, datasets[0].named)) for ask in asks]
    monkeypatch.setattr(facts, "_ROWS_A_FILE", 0)
    for ask, known in zip(asks, one_by_one, strict=True):
        found = ask(Dataset(datasets[0].root, datasets[0].named))
        assert found.equals(known) if isinstance(found, pd.DataFrame) else found == known


def test_one_cell_alone_is_answered_as_among_all(datasets):
    dataset, scope = datasets[0], Scope(level="grid")
    for ask in (timing.durations, timing.due, timing.apart, timing.undecided, timing.open_hours):
        every, alone = ask(dataset, scope, "cell"), ask(dataset, scope, "cell", cell="B")
        every = every[every["key"] == "B"].astype({"key": object}).reset_index(drop=True)
        assert len(alone)
        pd.testing.assert_frame_equal(alone.astype({"key": object}), every)


def test_the_times_of_cases_are_those_known_by_their_as_of_time(datasets, cases):
    scope = Scope(level="grid", as_of=EARLIER)
    columns = ["reported_at", "handled_at", "closed_at", "due_at"]
    found = timing.case_times(datasets[0], scope, columns, handling=None)
    ids = queries.texts(datasets[0], found["call"].to_numpy(), ["incident_id"])["incident_id"]
    by_id = {case["incident_id"]: case for case in cases}
    standing = [
        case for case in cases
        if in_scope(case, scope) and outcome(case, "raw", known_to(case, scope), {}) not in ("later", "voided")
    ]  # fmt: skip
    known = {case["incident_id"] for case in standing if (case.get("reported_at") or EARLIER) <= known_to(case, scope)}
    assert set(ids) == known
    assert len(ids) == len(known)
    for row, name in zip(found.itertuples(), ids, strict=True):
        case = by_id[name]
        as_of = known_to(case, scope)
        assert row.as_of == round(as_of.timestamp() * 1e6)
        for column in columns:
            time = case.get(column)
            shown = time if time and (time <= as_of or column == "due_at") else None
            assert getattr(row, column) == (NEVER if shown is None else round(shown.timestamp() * 1e6))
        assert (row.hazard, row.source, row.followed) == (case["hazard"], case["source"], case["source"] != "u")
        odd = outcome(case | {"source": "s"}, "raw", as_of, {})
        assert row.odd == (odd in ("negative", "zero", "bulk"))


def office(cases, as_of, **options):
    """A version of some cases without any boundary."""
    with tempfile.TemporaryDirectory() as folder:
        yield store(Workspace(Path(folder)), rows(cases), as_of=as_of.isoformat(), **options)


# From Monday 9 June to Sunday 31 August 2025 every week of China's calendar is the same (holidays end on 2 June, the
# next ones move a workday on 28 September).
FIRST = dt.datetime(2025, 6, 9, tzinfo=PLACE)
minutes = st.integers(0, 21 * 1440)
case_of_weeks = st.fixed_dictionaries(
    {"reported_at": minutes, "limit_clock": st.sampled_from(["work_hour", "natural_day"])},
    optional={
        "dispatched_at": minutes, "closed_at": minutes, "due_at": minutes, "paused_at": minutes, "resumed_at": minutes,
    },
)  # fmt: skip


def dated(found, *, weeks=0):
    """Cases whose times are minutes since the first Monday, so many weeks later."""
    since = FIRST + dt.timedelta(weeks=weeks)
    return [
        {"incident_id": f"c{k}", "due_from": "table" if "due_at" in case else "no-limit"}
        | {name: since + dt.timedelta(minutes=of) if name.endswith("_at") else of for name, of in case.items()}
        for k, case in enumerate(found)
    ]


NOWHERE = Scope(level="")
# Each example stores two versions, which takes a second: few examples of many cases


@settings(max_examples=8, deadline=None)
@given(found=st.lists(case_of_weeks, min_size=1, max_size=30), weeks=st.integers(1, 8))
def test_whole_weeks_later_every_figure_is_the_same(found, weeks):
    as_of = FIRST + dt.timedelta(days=20, hours=15)
    answers = []
    for later in (0, weeks):
        for version in office(dated(found, weeks=later), as_of + dt.timedelta(weeks=later)):
            answers.append([
                *(ask(version, NOWHERE, clock=clock).to_numpy().tolist()
                  for clock in timing.CLOCKS for ask in (timing.durations, timing.apart)),
                timing.due(version, NOWHERE).to_numpy().tolist(),
            ])  # fmt: skip
    assert answers[0] == answers[1]


@settings(max_examples=8, deadline=None)
@given(found=st.lists(case_of_weeks, min_size=1, max_size=30), another=case_of_weeks)
def test_an_open_case_more_never_raises_the_share_in_time_and_never_lowers_the_median(found, another):
    another.pop("closed_at", None)
    as_of = FIRST + dt.timedelta(days=20, hours=15)
    shares, medians = [], []
    for cases in (found, [*found, another]):
        for version in office(dated(cases), as_of):
            due, in_time = timing.due(version, NOWHERE)[["due", "in_time"]].sum()
            shares.append(in_time / due if due else 1)
            tables = [resolution.summarize(timing.durations(version, NOWHERE, clock=clock)) for clock in timing.CLOCKS]
            medians.append([table["median_hours"].fillna(np.inf).max() if len(table) else -1 for table in tables])
    assert shares[1] <= shares[0]
    assert (np.array(medians[1]) >= medians[0]).all()


@pytest.mark.parametrize("clock", ["work", "limit"])
def test_other_hours_of_the_office_are_reckoned_anew(tmp_path, clock):
    # Monday 9 June 2025, 8:00 to 17:00: 7 of the usual hours, 9 of an office that has no noon; due at 12:00 after 4
    workspace = Workspace(tmp_path)
    case = {"incident_id": "1", "limit_clock": "work_hour", "due_from": "table"} | {
        name: FIRST.replace(hour=hour) for name, hour in (("reported_at", 8), ("closed_at", 17), ("due_at", 12))
    }
    usual = store(workspace, rows([case]))
    with workspace.change("settings", who="t") as change:
        change.settings["office_hours"] = "08:00-17:00"
        other = change.commit()
    found = [timing.durations(of, NOWHERE, clock=clock)["minutes"].tolist() for of in (usual, other, usual)]
    assert found == {"work": [[420], [540], [420]], "limit": [[17_500], [22_500], [17_500]]}[clock]


def test_an_unknown_clock_is_refused_with_those_known(datasets):
    for ask in (timing.durations, timing.apart):
        with pytest.raises(HazardError, match="no clock named lunar; the clocks are: raw, work, limit") as refusal:
            ask(datasets[0], Scope(level="grid"), clock="lunar")
        assert refusal.value.code == "clock-unknown"


def test_where_nobody_has_deadlines_no_case_is_called_undecided():
    case = {"incident_id": "1", "reported_at": FIRST, "due_from": "no-limit"}
    dated_too = {"incident_id": "2", "reported_at": FIRST, "due_at": FIRST, "due_from": "file"}
    for cases, n in (([case], 0), ([case, dated_too], 1)):
        for version in office(cases, FIRST):
            assert queries.totals(version, NOWHERE)["undecided"] == n


def test_a_source_tells_closing_times_if_any_of_its_imports_does_or_says_nothing_of_it(tmp_path):
    workspace = Workspace(tmp_path)
    silent = {"options": {"mapping": {"reported_at": "a"}}}
    for name, source, options in (("1", "a", silent), ("2", "b", silent), ("3", "b", {})):
        case = {"incident_id": name, "reported_at": "2025-06-09 08:00"}
        dataset = store(
            workspace, rows([case], import_id=name, source=source), import_id=name, source=source, **options
        )
    totals = queries.totals(dataset, NOWHERE)
    assert [totals[name] for name in ("n", "open", "no_closing")] == [3, 2, 1]
    assert timing.apart(dataset, NOWHERE, "source")[["key", "no_closing"]].to_numpy().tolist() == [["a", 1], ["b", 0]]
    alone = Scope(level="", sources=("a",))
    assert queries.totals(dataset, alone)["open"] == 0
    assert timing.durations(dataset, alone).empty
    assert timing.open_hours(dataset, NOWHERE, "source")["key"].tolist() == ["b", "b"]


def test_minutes_are_bulk_by_what_their_own_source_closes_around_them_and_by_the_zones_midnight(tmp_path):
    # Of source a: 30 in one minute, by chance of two months of report; of b: 30 dates alone, which are midnights.
    # Around the minute of a are 20 more, 20 / 360 a minute.
    def closed(source, n, at, month=5):
        return [
            {"incident_id": f"{source}{at}{k}", "reported_at": f"2025-0{month}-01 08:{k:02d}", "closed_at": at,
             "source": source} for k in range(n)
        ]  # fmt: skip

    together = closed("a", 15, "2025-06-02 09:15:20") + closed("a", 15, "2025-06-02 09:15:40", month=4)
    midnight = closed("b", 30, "2025-06-03 00:00:00")
    single = [one for k in range(20) for one in closed("a", 1, f"2025-06-02 10:{k:02d}:00")]
    more = store(Workspace(tmp_path / "more"), rows(together + midnight + single))
    found = closed_in_bulk(more)
    assert found.minutes.to_numpy().tolist() == [["a", pd.Timestamp("2025-06-02 09:15", tz=ZONE), 30]]
    assert sorted(len(of) for of in found.rows.values()) == [15, 15]
    # The day before it nobody knew of the closure, and the cases were open
    before = Scope(level="", as_of=dt.datetime(2025, 6, 1, tzinfo=PLACE))
    assert (queries.totals(more, before)["open"], queries.totals(more, before)["bulk"]) == (80, 0)
    assert queries.totals(more, NOWHERE)["bulk"] == 30


@pytest.mark.parametrize("often", [1, 3, 6, 10])
def test_however_often_a_source_closes_in_bulk_it_is_found(tmp_path, often):
    # A hundred cases closed one by one, and every day a minute of 40: all of these, whatever their number
    one_by_one = [
        {"reported_at": f"2025-03-{3 + k // 20:02d} 08:00", "closed_at": f"2025-03-{3 + k // 20:02d} 09:{k % 20:02d}"}
        for k in range(100)
    ]
    daily = [
        {"reported_at": "2025-03-03 08:00", "closed_at": f"2025-03-{10 + day} 17:13:{k:02d}"}
        for day in range(often)
        for k in range(40)
    ]
    cases = [{"incident_id": f"c{k}", **case} for k, case in enumerate(one_by_one + daily)]
    (found,) = timing.apart(store(Workspace(tmp_path / "w"), rows(cases)), NOWHERE)["bulk"]
    assert found == 40 * often


def test_a_minute_is_set_against_the_three_hours_before_it_and_after_it(tmp_path):
    def found(around):
        cases = [
            *({"closed_at": f"2025-03-03 12:00:{k:02d}"} for k in range(20)),
            *({"closed_at": f"2025-03-03 {hour}:{k // 10:02d}:{k % 10:02d}"} for hour, n in around for k in range(n)),
        ]
        every = [{"incident_id": f"c{k}", "reported_at": "2025-03-03 08:00", **case} for k, case in enumerate(cases)]
        return int(
            timing.apart(
                store(Workspace(tmp_path / "-".join(f"{hour}x{n}" for hour, n in around)), rows(every)), NOWHERE
            )["bulk"].sum()
        )

    # 20 are five times 4 a minute, which are 1,440 in six hours; ten in each of 72 minutes on either side
    def wide(n, early, late):
        return [(f"{early + at:02d}", 360) for at in range(2)] + [(f"{late + at:02d}", n // 2 - 360) for at in range(2)]

    assert found(wide(1440, 10, 13)) == 20
    assert found(wide(1442, 10, 13)) == 0
    assert found(wide(1442, 6, 16)) == 20  # further off they say nothing of it


def judged(path, rule, *cases):
    workspace = Workspace(path)
    named = [{"incident_id": f"c{k}", "reported_at": "2025-03-10 09:00", **case} for k, case in enumerate(cases)]
    with workspace.change("settings", who="t") as change:
        change.settings.update(rule)
        change.commit()
    return store(workspace, rows(named))


def test_what_was_closed_before_its_clock_began_is_in_no_share_and_on_no_limits_clock(tmp_path):
    due = {"due_at": "2025-03-10 17:00", "due_from": "table", "limit_clock": "urgent_hour"}
    before = {"closed_at": "2025-03-10 14:00", "dispatched_at": "2025-03-10 15:00", **due}
    after = {"closed_at": "2025-03-10 16:00", "dispatched_at": "2025-03-10 15:00", **due}
    dataset = judged(tmp_path / "w", {}, before, after)
    assert timing.due(dataset, NOWHERE)[["due", "in_time"]].to_numpy().tolist() == [[1, 1]]
    on_limit = timing.durations(dataset, NOWHERE, clock="limit")
    assert on_limit[["minutes", "n"]].to_numpy().tolist() == [[timing.PARTS // 2, 1]]
    for clock, negative, n in (("raw", 0, 2), ("work", 1, 1), ("limit", 1, 1)):
        (beside,) = timing.apart(dataset, NOWHERE, clock=clock).to_dict("records")
        assert (beside["negative"], beside["odd_end"]) == (negative, 1)
        assert timing.durations(dataset, NOWHERE, clock=clock)["n"].sum() == n
    assert timing.undecided(dataset, NOWHERE)["table"].tolist() == [1]
    totals = queries.totals(dataset, NOWHERE)
    assert (totals["due"], totals["in_time"]) == (1, 1)


@pytest.mark.parametrize("handled", ["2025-03-09 09:00", "2025-03-10 09:00"])
def test_what_was_handled_before_its_report_or_at_its_moment_is_not_in_time(tmp_path, handled):
    case = {"handled_at": handled, "closed_at": "2025-03-12 10:00", "due_at": "2025-03-10 11:00", "due_from": "file"}
    dataset = judged(tmp_path / "w", {"clock_end": "handled"}, case)
    assert timing.due(dataset, NOWHERE).empty
    assert timing.durations(dataset, NOWHERE, clock="limit").empty
    beside = timing.apart(dataset, NOWHERE, clock="limit").iloc[0]
    assert (beside["negative"] + beside["zero"], beside["odd_end"]) == (1, 1)
    assert timing.durations(dataset, NOWHERE)["n"].tolist() == [1]  # from report to closure nothing is odd
