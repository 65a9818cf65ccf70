"""Events of the whole history: the same as one walk over all calls, walked again only where something came."""

import datetime as dt
import os
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from stored import ZONE, rows, store, with_grids

from analysis import events
from data import derived, queries
from data.schema import Scope
from data.store import Workspace
from geo import crs
from reports import answers, history

GRID = Scope(level="grid")


def wall(day, *, lon=113.005, **more):
    return {"hazard": "wall_risk", "lon": lon, "lat": 33.005, "reported_at": day, **more}


def put(workspace, cases, import_id="i1"):
    named = [{"incident_id": f"{import_id}-{n}", **case} for n, case in enumerate(cases)]
    return store(workspace, rows(named, import_id=import_id), import_id=import_id)


def month(first, last=None):
    start = dt.date(2025, first, 1)
    return Scope(level="grid", start=start, end=dt.date(2025, (last or first) + 1, 1))


def events_in(dataset, scope):
    return int(answers.hot_spots(dataset, scope).n_events)


def test_a_period_that_begins_within_an_event_makes_no_second_one_of_it(tmp_path):
    # Walls: within 168 hours of the first call. 1 February follows 28 January; 6 February is 9 days after it: anew
    dataset = put(with_grids(tmp_path), [wall("2025-01-28"), wall("2025-02-01"), wall("2025-02-06")])
    assert events_in(dataset, month(1, 2)) == 2
    assert events_in(dataset, month(1)) == 1
    assert events_in(dataset, month(2)) == 2  # 1 February stands for its event, and 6 February is no part of it


def random_calls(n, seed):
    chance = np.random.default_rng(seed)
    days = pd.Timestamp("2025-01-01", tz=ZONE) + pd.to_timedelta(chance.integers(0, 120 * 1440, n), unit="min")
    spots = 113.002 + 0.0002 * chance.integers(0, 25, n)
    return [
        {"hazard": str(chance.choice(["waterlogging", "wall_risk"])), "lon": float(lon), "lat": 33.005,
         "reported_at": day.to_pydatetime()}
        for lon, day in zip(spots, days, strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_a_history_of_months_has_the_events_of_one_walk_over_all_its_calls(tmp_path, seed):
    dataset = put(with_grids(tmp_path), random_calls(400, seed))
    points = queries.points(dataset, GRID)
    points = points[~points["one_spot"]]
    radius, window = history.rules(dataset.settings)
    x_m, y_m = crs.project(points["lon"], points["lat"])
    hours = (points["reported_at"] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(hours=1)
    first = events.group_events(x_m, y_m, hours, points["hazard"], radius_m=radius, window_h=window)
    follows = first != np.arange(len(points))
    assert 100 < follows.sum() < 300
    call = points["call"].to_numpy()
    found = history.followers(dataset)
    assert found.follower.tolist() == sorted(call[follows].tolist())
    assert dict(zip(found.follower, found.leader, strict=True)) == dict(
        zip(call[follows], call[first[follows]], strict=True)
    )
    leads = found.leads(call, points["reported_at"].array)
    assert leads.tolist() == (~follows).tolist()


def test_an_import_walks_its_month_and_a_later_one_only_if_what_is_carried_into_it_changed(tmp_path):
    workspace = with_grids(tmp_path)
    days = ("2025-01-10", "2025-02-10", "2025-02-27", "2025-03-10", "2025-03-30", "2025-04-10")
    put(workspace, [wall(day) for day in days])
    with mock.patch.object(events, "group_events", wraps=events.group_events) as walked:
        assert len(history.followers(workspace.newest()).follower) == 0
        assert walked.call_count == 4
        put(workspace, [wall("2025-02-12", lon=113.015)], "i2")  # over before March begins
        assert len(history.followers(workspace.newest()).follower) == 0
        assert walked.call_count == 5
        put(workspace, [wall("2025-03-31", lon=113.015)], "i3")  # reaches into April
        history.followers(workspace.newest())
        assert walked.call_count == 7


def test_a_new_start_finds_what_was_walked_and_walks_again_what_is_lost_or_damaged(tmp_path):
    workspace = with_grids(tmp_path)
    put(workspace, [wall("2025-01-30"), wall("2025-02-01"), wall("2025-02-02")])
    found = history.followers(workspace.newest())
    assert len(found.follower) == 2
    files = sorted((tmp_path / derived.FOLDER).iterdir())
    assert len(files) == 2
    for damage, walks in (
        (lambda: None, 0),
        (lambda: files[0].write_bytes(b"PK\x03\x04 torn"), 1),
        (files[1].unlink, 1),
    ):
        damage()
        history._months.clear()
        with mock.patch.object(events, "group_events", wraps=events.group_events) as walked:
            again = history.followers(workspace.newest())
        assert walked.call_count == walks
        assert again.follower.tolist() == found.follower.tolist()
        assert again.leader.tolist() == found.leader.tolist()


def test_where_a_voided_call_is_left_out_the_next_of_its_event_stands_for_it(tmp_path):
    void = {"voided_at": pd.Timestamp("2025-01-05", tz=ZONE).to_pydatetime()}
    cases = [wall(f"2025-01-0{day}", **(void if day < 4 else {})) for day in (1, 2, 3, 4)]
    dataset = put(with_grids(tmp_path), cases)
    assert events_in(dataset, month(1)) == 1
    before = pd.Timestamp("2025-01-04 12:00", tz=ZONE).to_pydatetime()
    for scope in (Scope(level="grid", as_of=before), Scope(level="grid", voided=True)):
        found = answers.hot_spots(dataset, scope)
        assert (found.n_calls, found.n_events) == (4, 1)


def test_calls_known_by_their_cell_alone_join_no_event_of_a_point(tmp_path):
    by_cell = {"hazard": "wall_risk", "cell": "A", "reported_at": "2025-01-04"}
    dataset = put(with_grids(tmp_path), [wall("2025-01-02"), wall("2025-01-03"), by_cell])
    assert len(history.followers(dataset).follower) == 1
    assert events_in(dataset, month(1)) == 2


def test_what_is_kept_does_not_hang_on_the_time_up_to_which_a_source_is_known(tmp_path):
    workspace = with_grids(tmp_path)
    void = {"voided_at": pd.Timestamp("2025-01-05", tz=ZONE).to_pydatetime()}
    put(workspace, [wall("2025-01-02", **void), wall("2025-02-03")])
    history.followers(workspace.newest())
    store(
        workspace, rows([{"incident_id": "later"}], import_id="i2"), as_of="2026-05-01T00:00:00+08:00", import_id="i2"
    )
    with mock.patch.object(events, "group_events", wraps=events.group_events) as walked:
        history.followers(workspace.newest())
    assert walked.call_count == 0


def test_what_nobody_asked_for_in_the_days_that_versions_stay_is_swept(tmp_path):
    name = derived.name("a", b"b")
    assert len({name, derived.name("ab", b""), derived.name("a", b"c")}) == 3
    derived.keep(tmp_path, name, {"n": np.arange(3)})
    derived.keep(tmp_path, derived.name("b"), {"n": np.arange(2)})
    old = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
    os.utime(tmp_path / derived.FOLDER / f"{name}.npz", (old.timestamp(), old.timestamp()))
    derived.sweep(tmp_path, now=dt.datetime.now(dt.UTC), days=30)
    assert derived.load(tmp_path, name) is None
    assert derived.load(tmp_path, derived.name("b"))["n"].tolist() == [0, 1]


def test_a_first_walk_tells_how_far_it_is_and_a_second_has_nothing_to_tell(tmp_path):
    dataset, shares = put(with_grids(tmp_path), [wall(f"2025-0{n}-10") for n in (1, 2, 3, 4)]), []
    history.followers(dataset, shares.append)
    history.followers(dataset, shares.append)
    assert shares == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize("damage", ["method", "member"])
def test_what_was_kept_and_is_damaged_is_reckoned_again(tmp_path, damage):
    dataset = put(with_grids(tmp_path), [wall("2025-01-10"), wall("2025-01-11")])
    assert events_in(dataset, month(1)) == 1
    for path in (tmp_path / derived.FOLDER).iterdir():
        if damage == "method":  # of compression, as the directory at the end tells it: one that nobody knows
            content = bytearray(path.read_bytes())
            content[content.rindex(b"PK\x01\x02") + 10] = 99
            path.write_bytes(bytes(content))
        else:
            np.savez(path, follower=np.array([1]))
    with mock.patch.object(history, "_months", type(history._months)()):
        again = Workspace(tmp_path).open(dataset.version)
        assert events_in(again, month(1)) == 1


def test_a_known_answer_does_not_wait_for_another_readers_walk_and_who_waits_is_told(tmp_path):
    dataset = put(with_grids(tmp_path), [wall("2025-01-10"), wall("2025-01-11")])
    known = history.followers(dataset)
    other = Workspace(tmp_path).open(dataset.version)
    told = []

    def hear(share):
        told.append(share)
        if history._walking.locked() and len(told) == 2:
            history._walking.release()

    history._walking.acquire()
    with mock.patch.object(history, "_ASK_AGAIN_S", 0.01):
        assert history.followers(dataset) is known
        assert len(history.followers(other, hear).follower) == 1
    assert told[:2] == [0.0, 0.0]
