"""What might fake a claim: each doubt where it is truly there and where it is not, counted by hand, in both languages.

Four grids of a kilometre, A to D; two channels that report one event a grid and month in 2025: 24 of each grid. Each
test gives A thirty more, so that A is claimed (by equal shares), and says how they came.
"""

import dataclasses
import datetime as dt
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from stored import boundary, rows, store, with_grids

from analysis import family, hotspots
from analysis.shifted import lattice_survival
from base.text import Words
from data.levels import load_cells
from data.schema import Scope
from data.store import Workspace
from reports import answers, doubts, people, plain
from reports.surroundings import Moved

GRID = Scope(level="grid")
EN, ZH = Words("en"), Words("zh")
CHANNELS = ("hotline", "patrol")
FOUND = {"one_night", "placeholder", "campaign", "one_source", "boundary"}


def event(cell, spot, time, channel, **more):
    """A report of its own: spots are 93 m apart or more, farther than what makes two calls one event."""
    lon = 113 + 0.01 * (cell % 2) + 0.0005 + 0.001 * (spot % 10)
    lat = 33 + 0.01 * (cell // 2) + 0.0005 + 0.001 * (spot // 10)
    return {"lon": lon, "lat": lat, "reported_at": time, "channel": channel, "hazard": "wall_risk", **more}


def usual():
    """24 events in each grid, 2 a month."""
    return [
        event(cell, 2 * month + by, f"2025-{month + 1:02d}-{5 + 3 * cell + by:02d} 10:00", channel)
        for month in range(12)
        for cell in range(4)
        for by, channel in enumerate(CHANNELS)
    ]


def evenly(n=30, channels=CHANNELS):
    """More events in A, all over its area, over the year and the channels."""
    return [
        event(
            0,
            30 + 2 * (k % 35),
            f"2025-{1 + k % 12:02d}-{16 + k // 12 * 2:02d} 15:00",
            channels[(k + k // 12) % len(channels)],
        )
        for k in range(n)
    ]


def put(path, cases, **more):
    named = [{"incident_id": str(n), **case} for n, case in enumerate(cases)]
    return store(with_grids(path), rows(named, **more))


def asked(dataset, scope=GRID, **more):
    spots = answers.hot_spots(dataset, scope, method="excess", **more)
    found = doubts.doubts_of(dataset, scope, spots)
    assert len(found.rows) == len(found.sentences)
    for words in (EN, ZH):
        for sentence in (*found.sentences, *found.untold):
            assert "{" not in sentence.say(words).replace("{0} {name}", "")
    return spots, found


def one(found, code):
    """Return the only row of a doubt, as a dict, and its sentence."""
    (at,) = np.flatnonzero(found.rows["code"] == code)
    return found.rows.iloc[at].to_dict(), found.sentences[at].say(EN)


def test_a_claim_that_nothing_fakes_has_a_row_for_each_doubt_and_stands(tmp_path):
    spots, found = asked(put(tmp_path, [*usual(), *evenly()]))
    assert spots.cells.loc[spots.cells["hot"], "cell_id"].tolist() == ["A"]
    assert found.rows["code"].tolist() == list(doubts.DOUBT_NAMES)
    assert found.rows["cell_id"].tolist() == ["A"] * 5
    assert found.rows["events"].tolist() == [54] * 5
    assert found.untold == ()
    assert not found.rows["found"][:4].any()
    assert found.rows["survives"][:4].all()
    assert found.rows["suspects"].tolist()[1:3] == [0, 0]
    said = [sentence.say(EN) for sentence in found.sentences[:4]]
    assert said == [
        "No single night stands out: at most 1 of its 54 events lie within 24 hours.",
        "None of its 54 events lies on a default point.",
        "None of its events comes from a campaign month.",
        "No source stands out, and the claim holds without the channel “hotline” too (27 of 54 events).",
    ]


def test_thirty_events_of_one_night_are_one_occasion_and_the_claim_rests_on_it(tmp_path):
    night = [event(0, 30 + k, f"2025-06-{21 + (k >= 20)} {(18 + k % 6) % 24:02d}:30", "hotline") for k in range(20)]
    night += [event(0, 50 + k, f"2025-06-22 0{k % 6}:30", "hotline") for k in range(10)]
    again = [event(0, 30 + k, "2025-06-21 23:40", "patrol") for k in range(5)]  # about the same
    _, found = asked(put(tmp_path, [*usual(), *night, *again]))
    row, said = one(found, "one_night")
    assert (row["suspects"], row["events"], row["found"], row["survives"]) == (30, 54, True, False)
    assert row["share"] == pytest.approx(30 / 54)
    assert said == (  # of 126 events
        "Within 24 hours from 21 Jun 2025, 12:00: 30 of its 54 events (35 calls); of the events of all cells 23.8% "
        "fell into these hours. Counted as one event, the claim no longer holds."
    )
    assert not one(found, "placeholder")[0]["found"]


def test_a_night_that_the_claim_does_not_need_is_told_and_the_claim_holds(tmp_path):
    night = [event(0, 30 + k, "2025-06-21 23:30", "hotline") for k in range(22)]
    more = [dict(one, lon=one["lon"] + 0.0004) for one in evenly(30)]
    _, found = asked(put(tmp_path, [*usual(), *night, *more]))
    row, said = one(found, "one_night")
    assert (row["suspects"], row["events"], row["found"], row["survives"]) == (22, 76, False, True)  # not a third
    _, found = asked(put(tmp_path / "b", [*usual(), *night, *[dict(n, lat=n["lat"] + 0.0004) for n in night], *more]))
    row, said = one(found, "one_night")
    assert (row["suspects"], row["events"], row["found"], row["survives"]) == (44, 98, True, True)
    assert said.endswith("Counted as one event, the claim holds all the same.")


def default_point(n, **more):
    """So many events on one spot; from twenty on with different addresses they are marked and left out."""
    days = pd.date_range("2025-01-10 09:00", periods=n, freq="9D").strftime("%Y-%m-%d %H:%M")
    return [
        event(0, 99, day, CHANNELS[k % 2], **{name: text.format(k) for name, text in more.items()})
        for k, day in enumerate(days)
    ]


def test_a_point_with_many_addresses_is_a_default_point_and_one_with_a_single_one_recurs(tmp_path):
    _, found = asked(put(tmp_path, [*usual(), *default_point(19, address="示例路{}号", type_name="x")]))
    row, said = one(found, "placeholder")
    assert (row["suspects"], row["events"], row["found"], row["survives"]) == (19, 43, True, False)
    assert said == (
        "On a point that stands for many different addresses or kinds of report, as a default point does: 19 of its 43 "
        "events, 19 of them at 113.00950, 33.00950. Without them the claim no longer holds."
    )
    assert not one(found, "one_night")[0]["found"]
    _, found = asked(put(tmp_path / "b", [*usual(), *default_point(19, address="示例路9号", type_name="x{}")]))
    assert not one(found, "placeholder")[0]["found"]
    _, found = asked(put(tmp_path / "c", [*usual(), *default_point(19, type_name="kind {}")]))  # no addresses: by type
    assert one(found, "placeholder")[0]["found"]
    _, found = asked(put(tmp_path / "d", [*usual(), *default_point(19)]))  # neither: the number alone
    assert "a default point or a place where it recurs: 19 of its 43" in one(found, "placeholder")[1]


def test_reports_left_out_beforehand_are_told_beside_the_claim(tmp_path):
    marked = default_point(20, address="示例路{}号")
    spots, found = asked(put(tmp_path, [*usual(), *evenly(), *marked]))
    assert spots.left_out == 20
    row, said = one(found, "placeholder")
    assert (row["suspects"], row["events"], row["found"]) == (0, 54, False)
    assert said == (
        "None of its 54 events lies on a default point. Left out before the test: 20 reports that lie on one spot and "
        "are probably not located."
    )


def test_a_patrols_month_in_one_quarter_is_a_campaign(tmp_path):
    patrol = [event(0, 30 + k, f"2025-05-{1 + k:02d} 09:00", "patrol") for k in range(30)]
    _, found = asked(put(tmp_path, [*usual(), *patrol]))
    row, said = one(found, "campaign")
    assert (row["suspects"], row["events"], row["found"], row["survives"]) == (31, 54, True, False)
    assert said == (  # 34 of 126 events in all; the patrol's other months have 4, in 30 days by the median
        "From a campaign month: 31 of its 54 events, and 27% of the events of all cells. In 2025-05 34 came by the "
        "channel “patrol”, where 4.1 are usual. Without them the claim no longer holds."
    )
    assert "2025年5月" not in said
    (at,) = np.flatnonzero(found.rows["code"] == "campaign")
    assert "2025年05月，渠道“patrol”带来 34 起，平常为 4.1 起" in found.sentences[at].say(ZH)


def test_a_campaign_that_goes_everywhere_is_no_doubt_of_a_single_claim(tmp_path):
    everywhere = [
        event(cell, 30 + 2 * k, f"2025-05-{1 + k:02d} 09:00", "patrol") for cell in range(4) for k in range(20)
    ]
    more = [dict(one, lat=one["lat"] + 0.0004) for one in evenly(34)]
    _, found = asked(put(tmp_path, [*usual(), *everywhere, *more]))
    row, said = one(found, "campaign")
    assert (row["suspects"], row["found"]) == (22, False)  # 20, one as usual, and one of the thirty-four
    assert "not clearly more than in all cells" in said


def test_a_claim_by_the_patrol_alone_is_told_with_what_its_part_would_give(tmp_path):
    _, found = asked(put(tmp_path, [*usual(), *evenly(channels=("patrol",))]))
    row, said = one(found, "one_source")
    assert (row["suspects"], row["events"], row["found"], row["survives"]) == (42, 54, True, False)
    assert said == (  # 54 x 78 / 126
        "By the channel “patrol”: 42 of its 54 events, where its part in all cells would give 33.4. By the others "
        "alone the claim no longer holds."
    )
    assert not one(found, "campaign")[0]["found"]


def test_without_channels_the_imports_are_the_sources(tmp_path):
    by = {"hotline": [], "patrol": []}
    for case in [*usual(), *evenly(channels=("patrol",))]:
        by[case.pop("channel")].append(case)
    workspace = with_grids(tmp_path)
    for name, cases in by.items():
        named = [{"incident_id": f"{name}{n}", **case} for n, case in enumerate(cases)]
        dataset = store(workspace, rows(named, import_id=name, source=name), import_id=name, source=name)
    row, said = one(asked(dataset)[1], "one_source")
    assert (row["suspects"], row["found"]) == (42, True)
    assert said.startswith("By the source “patrol”: 42 of its 54 events")


def test_a_column_of_free_text_taken_for_the_channel_is_no_hindrance(tmp_path):
    cases = [dict(case, channel=f"by {n}" if n % 20 else "") for n, case in enumerate([*usual(), *evenly(60)])]
    _, found = asked(put(tmp_path, cases))  # 148 texts: more than small numbers count
    assert one(found, "one_source")[0]["events"] == 84


def test_usual_days_of_a_source_that_was_there_for_weeks_are_no_night(tmp_path):
    """Four of A's eleven events by the app in one day: rare among the days of years, not among those of three weeks.

    40 x P(Bin(11, 1/20) >= 4) = 0.06, and 730 x P(Bin(11, 1/365) >= 4) = 0.00001.
    """
    workspace = with_grids(tmp_path)
    old = [{**case, "incident_id": f"o{n}"} for n, case in enumerate([*usual(), event(0, 0, "1915-06-15 10:00", "")])]
    store(workspace, rows(old, import_id="old", source="old"), import_id="old", source="old")
    app = [
        event(cell, 30 + k, f"2025-06-{1 + 3 * cell + 2 * k:02d} 10:00", "app") for cell in (1, 2, 3) for k in range(3)
    ]
    app += [event(0, 30 + k, f"2025-06-{2 + 3 * k - (k == 6):02d} 10:00", "app") for k in range(7)]
    app += [event(0, 40 + k, "2025-06-07 10:00", "app") for k in range(4)]
    named = [{**case, "incident_id": f"a{n}"} for n, case in enumerate(app)]
    more = {"import_id": "app", "source": "app"}
    dataset = store(workspace, rows(named, **more), as_of="2025-06-20T18:00:00+08:00", **more)
    spots, found = asked(dataset, dataclasses.replace(GRID, sources=("app",)))
    assert spots.cells.loc[spots.cells["hot"], "cell_id"].tolist() == ["A"]
    row, _ = one(found, "one_night")
    assert (row["suspects"], row["events"], row["found"]) == (4, 11, False)


@pytest.mark.parametrize(
    ("scope", "as_of", "days"),
    [
        ({}, "2026-01-31", 17 + 30 + 349),  # January 1915 from its report on, November 2023, 2025 to 15 December
        ({"sources": ("app",)}, "2026-01-31", 27),  # June from its first report on
        ({"sources": ("app",)}, "2025-06-20", 17),  # and up to when it is known
        ({"sources": ("old",)}, "2025-06-20", 17 + 30 + 349),
        ({"start": dt.date(2025, 6, 10), "end": dt.date(2025, 6, 25)}, "2026-01-31", 15),
    ],
)
def test_days_are_those_of_the_months_in_which_the_sources_asked_for_reported(tmp_path, scope, as_of, days):
    workspace = with_grids(tmp_path)
    old = [*usual(), event(0, 0, "1915-01-15 10:00", ""), event(0, 0, "2023-11-30 10:00", "")]
    named = [{**case, "incident_id": f"o{n}"} for n, case in enumerate(old)]
    store(workspace, rows(named, import_id="old", source="old"), import_id="old", source="old")
    app = [{**event(0, 9, f"2025-06-{day:02d} 10:00", ""), "incident_id": f"a{day}"} for day in (4, 9, 18)]
    more = {"import_id": "app", "source": "app"}
    dataset = store(workspace, rows(app, **more), as_of=f"{as_of}T18:00:00+08:00", **more)
    asked_for = dataclasses.replace(GRID, **scope)
    assert doubts._days_heard(dataset, asked_for, doubts._period(dataset, asked_for)) == days


def test_one_source_alone_is_no_row_but_a_sentence(tmp_path):
    cases = [dict(case, channel="") for case in (*usual(), *evenly())]
    _, found = asked(put(tmp_path, cases))
    assert found.rows["code"].tolist() == ["one_night", "placeholder", "boundary"]
    assert [sentence.say(EN) for sentence in found.untold] == [
        "Campaign months: all events come by the source “s”, and by one source alone a campaign cannot be told from a "
        "wet month.",
        "One source: all events come by the source “s”, so patrols and residents cannot be set against each other.",
    ]


def test_few_months_and_a_single_day_cannot_tell_a_campaign_or_a_night(tmp_path):
    day = [event(0, 30 + k, f"2025-05-20 {k % 24:02d}:10", CHANNELS[k % 2]) for k in range(30)]
    dataset = put(tmp_path, [*usual(), *day])
    spring = dataclasses.replace(GRID, start=dt.date(2025, 4, 1), end=dt.date(2025, 7, 1))
    _, found = asked(dataset, spring)
    assert [sentence.say(EN) for sentence in found.untold] == [
        "Campaign months: the period covers 3 months; what is usual is told from 6 on."
    ]
    _, found = asked(dataset, dataclasses.replace(GRID, start=dt.date(2025, 5, 20), end=dt.date(2025, 5, 21)))
    assert found.untold[0].say(EN) == "One night: the period is a single day."
    assert set(found.rows["code"]) == {"placeholder", "one_source", "boundary"}


def test_events_known_by_their_cell_alone_tell_nothing_of_points_and_borders(tmp_path):
    cases = [
        {**case, "lon": None, "lat": None, "cell": "ABCD"[int(case["lon"] > 113.01) + 2 * int(case["lat"] > 33.01)]}
        for case in (*usual(), *evenly())
    ]
    _, found = asked(put(tmp_path, [dict(case, reported_at=None) for case in cases]))
    assert found.rows["code"].tolist() == ["one_source"]
    assert [sentence.say(EN) for sentence in found.untold] == [
        "One night: there are no report times in this period.",
        "Default points: none of the events has a point.",
        "Campaign months: there are no report times in this period.",
        "Borders: only 0 of 126 events have a point; with so few they cannot be laid otherwise.",
    ]


def test_a_clump_amid_a_cell_outlives_its_borders_and_one_in_its_corners_does_not(tmp_path):
    """Six events in each of 36 grids, and 16 more in one: the lattices part its corners, and four more are no claim."""
    workspace = Workspace(tmp_path)
    ids = [f"{n:02d}" for n in range(36)]
    load_cells(workspace, boundary(ids, columns=6), "grids.geojson", level="grid", who="t")
    months = [f"2025-{month:02d}-05" for month in range(1, 13)]
    usual = [
        {
            "lon": 113 + 0.01 * (n % 6 + at % 3 / 3 + 0.15),
            "lat": 33 + 0.01 * (n // 6 + at // 3 / 2 + 0.25),
            "at": 2 * at,
        }
        for n in range(36)
        for at in range(6)
    ]
    amid = [{"lon": 113.025 + 0.0004 * (k % 4), "lat": 33.025 + 0.0004 * (k // 4), "at": k % 12} for k in range(16)]
    corners = [
        {"lon": one["lon"] - 0.0047 + (k % 4 > 1) * 0.008, "lat": one["lat"] - 0.0047 + (k // 4 > 1) * 0.008, "at": 3}
        for k, one in enumerate(amid)
    ]
    shares = {}
    for name, more in (("amid", amid), ("corners", corners)):
        cases = [
            {"incident_id": str(n), "hazard": "wall_risk", "reported_at": months[one.pop("at")], **one}
            for n, one in enumerate([*map(dict, usual), *more])
        ]
        _, found = asked(
            store(workspace, rows(cases, import_id=name, source=name), import_id=name, source=name),
            dataclasses.replace(GRID, sources=(name,)),
        )
        row, said = one(found, "boundary")
        assert (row["cell_id"], row["events"], pd.isna(row["suspects"])) == ("14", 22, True)
        shares[name] = row["share"], row["found"], row["survives"], said
    assert shares["amid"][:3] == (1.0, False, True)
    assert shares["amid"][3] == (
        "Borders do not make it: the claim holds in 100% of all ways to lay squares of the same size."
    )
    assert shares["corners"][:3] == (0.0, False, False)  # told, but no doubt: most true hot cells do no better
    assert "in 0% of all ways. That says little" in shares["corners"][3]


def test_a_cell_of_which_few_events_have_a_point_is_not_judged_by_shifted_borders(tmp_path):
    more = evenly(30)
    lost = [{**one, "lon": None, "lat": None, "cell": "A"} for one in more[:12]]  # a week or more apart: 12 events
    found = asked(put(tmp_path, [*usual(), *lost, *more[12:]]))[1]
    assert found.untold[-1].say(EN) == (
        "Borders: only 114 of 126 events have a point; with so few they cannot be laid otherwise."
    )


def test_the_claims_own_rule_claims_the_cells_again(tmp_path):
    dataset = put(tmp_path, [*usual(), *evenly()])
    for method in ("excess", "excess+scan"):
        spots = answers.hot_spots(dataset, GRID, method=method)
        claims = doubts._Claims(dataset, GRID, spots, spots.cells["hot"].to_numpy(), mock.Mock())
        assert np.array_equal(np.bincount(claims.cell, minlength=4), spots.cells["events"])
        assert claims.test(spots.cells["events"].to_numpy()).tolist() == spots.cells["hot"].tolist()
        assert not claims.test(np.array([19, 0, 0, 0])).any()  # fewer than a claim needs


def test_no_claim_is_no_doubt_and_an_answer_is_held(tmp_path):
    dataset = put(tmp_path, usual())
    spots, found = asked(dataset)
    assert (len(found.rows), found.sentences, found.untold) == (0, (), ())
    assert list(found.rows.columns) == ["cell_id", "code", "suspects", "events", "share", "found", "survives"]
    assert doubts.doubts_of(dataset, GRID, spots) is found


def test_progress_never_falls_and_ends_at_all(tmp_path):
    dataset = put(tmp_path, [*usual(), *evenly()])
    told = []
    doubts.doubts_of(dataset, GRID, answers.hot_spots(dataset, GRID), progress=told.append)
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_hostile_names_are_names(tmp_path):
    hostile = "{0} {name} <b>x</b> [a](http://b) =1+1"
    cases = [
        dict(case, channel=hostile if case["channel"] == "patrol" else "hotline", address=hostile + str(n))
        for n, case in enumerate([*usual(), *evenly(channels=("patrol",)), *default_point(19)])
    ]
    spots, found = asked(put(tmp_path, cases))
    assert hostile in one(found, "one_source")[1]
    for words in (EN, ZH):
        answer = people.hot_spots_json(spots, None, ["excess"], words, doubted=found)
        assert any(line.startswith("grid A") and hostile in line for line in plain.hot_spots(answer, words))


def test_many_sources_are_told_apart_up_to_twenty(tmp_path):
    cases = [dict(case, channel=f"c{n % 40}") for n, case in enumerate([*usual(), *evenly()])]
    dataset = put(tmp_path, cases)
    spots = answers.hot_spots(dataset, GRID)
    claims = doubts._Claims(dataset, GRID, spots, spots.cells["hot"].to_numpy(), mock.Mock())
    assert len(claims.names) == 20
    assert claims.named("all rarer ones").say(ZH) == "其余较少的各来源"


def test_the_command_line_gives_the_doubts_of_claims_and_null_elsewhere(tmp_path):
    spots, found = asked(put(tmp_path, [*usual(), *evenly(channels=("patrol",))]))
    answer = people.hot_spots_json(spots, None, ["excess"], EN, doubted=found)
    by_cell = {cell["cell_id"]: cell["doubts"] for cell in answer["cells"]}
    assert (by_cell["B"], answer["doubts_untold"]) == (None, [])
    assert [one["code"] for one in by_cell["A"]] == list(doubts.DOUBT_NAMES)
    source, borders = by_cell["A"][3:]
    assert {key: source[key] for key in ("suspects", "events", "found", "survives")} == {
        "suspects": 42, "events": 54, "found": True, "survives": False
    }  # fmt: skip
    assert (borders["suspects"], list(borders)) == (None, list(source))
    said = f"grid A: {source['sentence']}"
    assert said in plain.hot_spots(answer, EN)
    assert "doubts" not in people.hot_spots_json(spots, None, ["excess"], EN)["cells"][0]


def test_cells_that_never_reported_are_told_with_those_for_which_it_is_no_chance(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("ABCD", households=300), "grids.geojson", level="grid", who="t")
    cases = [{"incident_id": str(n), **case} for n, case in enumerate(usual()) if n // 2 % 4 < 2]  # A and B alone
    dataset = store(workspace, rows(cases))
    spots = answers.hot_spots(dataset, GRID)
    silent = doubts.silent_of(dataset, GRID, spots)
    assert silent.cells["cell_id"].tolist() == ["C", "D"]
    assert silent.cells["expected"].tolist() == [12.0, 12.0]  # of 48
    assert silent.cells["p"].tolist() == pytest.approx([0.75**48] * 2)
    assert silent.sentence.say(EN) == (
        "Cells that report nothing at all: 2; for 2 of them that is no chance. Silent is never safe."
    )
    answer = people.hot_spots_json(spots, None, ["excess"], ZH, silent=silent)
    assert [one["silent"] for one in answer["silent"]["cells"]] == [True, True]
    assert "没有上报不等于安全" in plain.hot_spots(answer, ZH)[-1]
    equal = doubts.silent_of(dataset, GRID, answers.hot_spots(dataset, GRID, exposure="equal"))
    assert equal.cells["silent"].tolist() == [False, False]  # nobody may live there
    assert "nobody can tell whether that is chance" in equal.sentence.say(EN)
    few = Workspace(tmp_path / "b")
    load_cells(few, boundary("ABCD", households=300), "grids.geojson", level="grid", who="t")
    few = store(few, rows(cases[:6] + cases[-2:]))  # eight events
    silent = doubts.silent_of(few, GRID, answers.hot_spots(few, GRID))
    assert silent.cells["silent"].tolist() == [False, False]  # 0.75 ** 8 = 0.1
    full = put(tmp_path / "c", usual())
    assert doubts.silent_of(full, GRID, answers.hot_spots(full, GRID)).sentence is None


def test_a_place_of_several_cells_outlives_its_borders_only_if_circles_grow_on_the_squares():
    side, n = 80.0, 10
    column, row = (at.ravel() for at in np.meshgrid(np.arange(n), np.arange(n)))
    x, y = (column + 0.5) * side, (row + 0.5) * side
    counts = np.full(n * n, 3)
    hot = (column >= 3) & (column <= 6) & (row >= 3) & (row <= 6)
    counts[hot] = 7  # sixteen cells, none of which is hot alone
    around = family.Plane(x, y, 0.5, None, 999, 1)
    rule = {"fdr": 0.05, "min_events": 20}
    alone = hotspots.claimed(counts, np.ones(n * n), method="excess", **rule)
    together = hotspots.claimed(counts, np.ones(n * n), method="excess+scan", surroundings=around, **rule)
    assert not alone.any()
    assert together[hot].mean() > 0.7
    import shapely

    outlines = shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    chance = np.random.default_rng(20260101)
    cell = np.repeat(np.arange(n * n), counts)
    at_x, at_y = (of[cell] + chance.uniform(-side / 2, side / 2, len(cell)) for of in (x, y))
    drawn = around.maps(around.circles(np.ones(n * n)), int(counts.sum()))

    def by_places(number, exposure, x_m, y_m):
        return hotspots.claimed(
            number, exposure, method="excess+scan", surroundings=Moved(x_m, y_m, 0.5, None, drawn), **rule
        )

    def by_cells(number, exposure, x_m, y_m):
        return hotspots.claimed(number, exposure, method="excess", **rule)

    inner = together & (column >= 4) & (column <= 5) & (row >= 4) & (row <= 5)
    kept = lattice_survival(at_x, at_y, cell, inner, outlines, np.ones(n * n), by_places)
    assert kept["survives"].mean() > 0.7
    lost = lattice_survival(at_x, at_y, cell, inner, outlines, np.ones(n * n), by_cells)
    assert not lost["survives"].any()


def test_the_demos_two_hot_spots_hold_through_every_doubt(demo):
    """Over the whole record even a quarter of a hot cell has enough events, however lattices are laid over it."""
    dataset, water = Workspace(demo).newest(), dataclasses.replace(GRID, hazards=("waterlogging",))
    spots = answers.hot_spots(dataset, water)
    found = doubts.doubts_of(dataset, water, spots)
    names = spots.cells.set_index("cell_id")["name"].loc[found.rows["cell_id"]]
    assert set(names) == {"示例·青石2", "示例·柳湾6"}
    assert len(found.rows) == 10
    assert not found.rows["found"].any()
    assert found.untold == ()
    assert found.rows["survives"].all()

    # Of all hazards together the wettest months look like campaigns of the hotline, and the claims hold without them
    every = doubts.doubts_of(dataset, GRID, answers.hot_spots(dataset, GRID))
    assert set(every.rows.loc[every.rows["found"], "code"]) == {"campaign"}
    assert every.rows["survives"].all()
