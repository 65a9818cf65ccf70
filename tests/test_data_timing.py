"""How long cases took: the same numbers as a plain count, case by case, and what may never change them."""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np
import pytest
from stored import ZONE, rows, store, with_grids

from data import timing
from data.schema import Scope

PLACE = ZoneInfo(ZONE)
MINUTE = dt.timedelta(minutes=1)
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
        b = min(max(case.get("resumed_at") or end, start), end)
        whole -= measure(a, b)
    return whole


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
    if closed and closed < reported:
        return "negative"
    if closed and closed == reported and (reported.hour, reported.minute) != (0, 0):
        return "zero"
    if closed == dt.datetime(2025, 5, 12, 16, 59, 30, tzinfo=PLACE) and closed <= as_of:
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
    for name in ("on_spot", "engineering", "reworked", "paused"):
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
