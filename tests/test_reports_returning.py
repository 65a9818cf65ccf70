"""What came back after closure, of a workspace: counted by hand, and over many cases by the rule word for word."""

import datetime as dt
import io
import math
from dataclasses import replace
from unittest import mock

import pandas as pd
import pytest
from hostile_names import HOSTILE
from python_calamine import CalamineWorkbook
from stored import ZONE, random_rows, rows, store, with_grids
from test_cli import Said, asked

from base.text import Words
from data.changes import set_settings
from data.dataset import Dataset
from data.schema import Scope
from reports import closures, returning, returning_tables

GRID = Scope(level="grid")
EN, ZH = Words("en"), Words("zh")
M = 1 / 110_900.0  # degrees of latitude a metre at 33 north (WGS 84), to some parts in a thousand
AS_OF = "2026-01-31T18:00:00+08:00"


def put(workspace, cases, *, import_id="i1", source="s", as_of=AS_OF):
    named = [{"incident_id": f"c{n}", "hazard": "waterlogging", **case} for n, case in enumerate(cases)]
    return store(
        workspace, rows(named, import_id=import_id, source=source), import_id=import_id, source=source, as_of=as_of
    )


def wet(metres, reported, closed=None, **more):
    """Water so many metres north of a place in A."""
    return {"lon": 113.005, "lat": 33.001 + metres * M, "reported_at": reported, "closed_at": closed, **more}


def street(tmp_path):
    return put(
        with_grids(tmp_path),
        [
            wet(0, "2025-03-01 08:00", "2025-03-02 08:00", unit="drains", address="School Road 1"),
            wet(60, "2025-03-22 08:00", "2025-03-23 08:00", unit="roads"),  # 20 days after, 60 m from it
            wet(90, "2025-04-02 08:00", "2025-04-03 08:00", unit="roads"),  # 10 days after the second, 30 m from it
            wet(300, "2025-03-01 08:00", "2025-03-02 08:00", unit="drains"),
            wet(420, "2025-03-10 08:00", "2025-03-11 08:00", unit="drains"),  # 120 m from it: elsewhere
            wet(0, "2025-03-25 08:00", "2025-03-26 08:00", unit="drains", hazard="wall_risk"),  # another hazard
            wet(0, "2025-12-31 08:00", "2026-01-11 18:00", unit=""),  # watched for 20 days; more than 90 after all
            wet(600, "2025-05-01 08:00"),  # open
            {"cell": "A", "reported_at": "2025-05-01 08:00", "closed_at": "2025-05-02 08:00"},  # no point
            wet(800, "2025-05-02 08:00", "2025-05-01 08:00"),  # closed before it was reported
        ],
    )


def cases(found, dataset):
    return returning_tables.listed(dataset, found)[["closed_case", "returned_case"]].to_numpy().tolist()


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_what_came_back_in_one_street_by_hand(tmp_path):
    dataset = street(tmp_path)
    found = returning.returning(dataset, GRID)
    # Closed: six of water with a point and one of a wall; the first and the second came back within 90 days
    assert found.overall[["closures", "watched", "returned"]].tolist() == [7, 6, 2]
    assert found.overall["share"] == pytest.approx(1 - 6 / 7 * 5 / 6)  # at 10 days 7 are watched, at 20 days still 6
    by = {key: table.set_index("key")[["closures", "watched", "returned"]] for key, table in found.groups.items()}
    assert by["hazard"].loc[["wall_risk", "waterlogging"]].to_numpy().tolist() == [[1, 1, 0], [6, 5, 2]]
    assert by["cell"].to_numpy().tolist() == [[7, 6, 2]]
    assert by["unit"].loc[["", "drains", "roads"]].to_numpy().tolist() == [[1, 0, 0], [4, 4, 1], [2, 2, 1]]
    assert found.left_out == {"no_place": 1, "no_type": 0, "odd": 1, "open": 1, "no_closing": 0}
    listed = returning_tables.listed(dataset, found)
    assert listed[["closed_case", "returned_case", "unit", "cell_id", "name"]].to_numpy().tolist() == [
        ["c1", "c2", "roads", "A", "grid A"], ["c0", "c1", "drains", "A", "grid A"]
    ]  # fmt: skip
    assert listed["days"].tolist() == [10, 20]
    assert listed["metres"].tolist() == pytest.approx([30, 60], rel=0.01)
    assert listed["address"].tolist() == ["", "School Road 1"]
    assert listed["closed_at"].iloc[1] == pd.Timestamp("2025-03-02 08:00", tz=ZONE)
    assert len(returning_tables.listed(dataset, found, 1)) == 1


def test_the_curve_tells_at_each_day_what_came_back_by_then(tmp_path):
    curve = returning.returning(street(tmp_path), GRID).curve
    days = 24.0 * pd.Series([0, 9, 10, 19, 20])
    assert (1 - curve.at(days)).tolist() == pytest.approx([0, 0, 1 / 7, 1 / 7, 2 / 7])
    # Just before: 7, then without the one that came back; the last closure is watched until the 20th day
    assert curve.at_risk[:2].tolist() == [7, 6]
    assert curve.times[:2].tolist() == [240, 480]


def test_the_closures_of_the_period_count_and_what_comes_after_it_is_watched(tmp_path):
    dataset = street(tmp_path)
    march = replace(GRID, start=dt.date(2025, 3, 1), end=dt.date(2025, 4, 1))
    found = returning.returning(dataset, march)
    assert found.overall[["closures", "returned"]].tolist() == [5, 2]  # the second came back in April
    assert returning.returning(dataset, replace(march, hazards=("wall_risk",))).overall["closures"] == 1
    # The first was reported on the day before its closure: the day of the closure counts
    day = replace(GRID, start=dt.date(2025, 3, 2), end=dt.date(2025, 3, 3))
    assert cases(returning.returning(dataset, day), dataset) == [["c0", "c1"]]
    # Nobody knew on 1 April that the second would come back
    early = returning.returning(dataset, replace(march, as_of=dt.datetime(2025, 4, 1, tzinfo=dt.UTC)))
    assert early.overall[["closures", "watched", "returned"]].tolist() == [5, 1, 1]
    assert math.isnan(early.overall["share"])


@pytest.mark.parametrize(("metres", "back"), [(99.0, 1), (101.0, 0)])
def test_what_lies_within_the_radius_comes_back(tmp_path, metres, back):
    dataset = put(
        with_grids(tmp_path),
        [wet(0, "2025-03-01", "2025-03-02"), wet(metres, "2025-03-09")],
    )
    assert returning.returning(dataset, GRID).overall["returned"] == back


@pytest.mark.parametrize(("minutes", "back"), [(0, 1), (1, 0)])
@pytest.mark.parametrize("closed", ["2025-03-02 08:20", "2025-03-05 23:59"])
def test_what_comes_back_on_the_last_day_counts_to_the_minute(tmp_path, closed, minutes, back):
    again = pd.Timestamp(closed) + pd.Timedelta(days=90, minutes=minutes)
    dataset = put(with_grids(tmp_path), [wet(0, "2025-03-01", closed), wet(0, str(again))])
    found = returning.returning(dataset, GRID)
    assert found.overall[["closures", "watched", "returned"]].tolist() == [1, 1, back]
    assert found.overall["share"] == back
    assert len(found.cases) == back


def test_calls_about_one_event_are_no_return_and_the_last_of_them_closes_it(tmp_path):
    dataset = put(
        with_grids(tmp_path),
        [
            wet(0, "2025-03-01 08:00", "2025-03-01 09:00", unit="drains"),
            wet(20, "2025-03-01 12:00", "2025-03-03 09:00", unit="roads"),  # the same event, reported after its closure
            wet(20, "2025-03-05 12:00", unit="walls"),
        ],
    )
    found = returning.returning(dataset, GRID)
    assert cases(found, dataset) == [["c1", "c2"]]
    assert found.groups["unit"]["key"].tolist() == ["roads"]
    assert found.left_out["open"] == 1
    events = closures.closed_events(dataset, GRID)
    assert events["closed_at"].dt.day.tolist()[:1] == [3]


def test_a_closure_is_watched_until_its_own_source_ends(tmp_path):
    workspace = with_grids(tmp_path)
    put(
        workspace, [wet(0, "2025-03-01", "2025-03-02")], source="old", import_id="i0", as_of="2025-03-20T00:00:00+08:00"
    )
    dataset = put(workspace, [wet(0, "2025-03-10", "2025-03-11"), wet(0, "2025-03-25")], source="new")
    found = returning.returning(dataset, GRID)
    listed = returning_tables.listed(dataset, found)
    # What the other source tells counts; what comes after the old one's end does not
    assert listed[["source", "returned_source", "days"]].to_numpy().tolist() == [["new", "new", 14], ["old", "new", 8]]
    dataset = put(
        workspace,
        [wet(0, "2025-04-01", "2025-04-02")],
        source="third",
        import_id="i3",
        as_of="2025-04-08T00:00:00+08:00",
    )
    assert returning.returning(dataset, GRID).overall[["closures", "watched"]].tolist() == [3, 2]


def test_an_area_has_its_own_closures_and_what_comes_back_beside_it(tmp_path):
    edge = {"lat": 33.005}
    dataset = put(
        with_grids(tmp_path),
        [
            {**edge, "lon": 113.0098, "reported_at": "2025-03-01", "closed_at": "2025-03-02"},  # in A
            {**edge, "lon": 113.0102, "reported_at": "2025-03-10", "closed_at": "2025-03-11"},  # 37 m east, in B
            {**edge, "lon": 113.0102, "lat": 33.015, "reported_at": "2025-03-10", "closed_at": "2025-03-11"},  # in D
        ],
    )
    assert returning.returning(dataset, GRID).groups["cell"]["key"].tolist() == ["A", "B", "D"]
    west = returning.returning(dataset, replace(GRID, area="W"))
    assert west.groups["cell"][["key", "closures", "returned"]].to_numpy().tolist() == [["A", 1, 1], ["B", 1, 0]]


def test_calls_heaped_on_one_spot_are_counted_beside(tmp_path):
    heap = [wet(0, "2025-03-01 08:00", "2025-03-05 10:00", address=f"road {n}") for n in range(20)]
    found = returning.returning(put(with_grids(tmp_path), heap), GRID)
    assert (found.overall["closures"], found.left_out["no_place"]) == (0, 20)


def test_odd_closing_times_are_counted_beside_and_never_watched(tmp_path):
    workspace = with_grids(tmp_path)
    set_settings(workspace, {"bulk_close_min": 5}, who="t")
    dataset = put(
        workspace,
        [
            wet(0, "2025-03-01 08:00", "2025-03-01 08:00"),  # at the very moment of its report
            *[wet(150 * n, "2025-03-02 08:00", "2025-03-09 17:00", lon=113.008) for n in range(6)],  # all in one minute
            wet(0, "2025-04-01 08:00", "2025-04-02 08:00"),  # after the first, and the only closure that is watched
            # what the source usually closes in a minute: one
            *[wet(30 * n, "2025-03-01", f"2025-03-03 10:{n:02d}", hazard="wall_risk") for n in range(40)],
        ],
    )
    found = returning.returning(dataset, replace(GRID, hazards=("waterlogging",)))
    assert (found.overall["closures"], found.left_out["odd"]) == (1, 7)
    assert found.overall["returned"] == 0
    assert "7 events have an odd closing time" in " ".join(found.sentences(EN))


def test_of_sources_that_tell_no_closing_times_nothing_is_open(tmp_path):
    dataset = put(with_grids(tmp_path), [wet(0, "2025-03-01"), wet(200, "2025-03-01")])
    blind = replace(dataset.imports[0], options={"mapping": {"reported_at": "when"}})
    with mock.patch.object(Dataset, "imports", (blind,)):
        found = returning.returning(dataset, GRID)
    assert found.left_out == {"no_place": 0, "no_type": 0, "odd": 0, "open": 0, "no_closing": 2}
    assert "2 events reported in the period are of sources that tell no closing times." in found.sentences(EN)


# --- in words ---------------------------------------------------------------------------------------------------------


def test_sentences_are_true_for_none_one_few_and_many(tmp_path):
    workspace = with_grids(tmp_path)
    nothing = put(workspace, [wet(0, "2025-03-01")])
    assert returning.returning(nothing, GRID).sentences(EN) == [
        "No event with a point was closed in the period, so nothing can be seen to come back.",
        "1 event reported in the period is not closed.",
    ]
    one = put(workspace, [wet(300, "2025-03-01", "2025-03-02", incident_id="d")], import_id="i2")
    assert returning.returning(one, GRID).sentences(EN)[0] == (
        "Waterlogging: of 1 event closed in the period, 0 came back within 100 m and 90 days: too few for a share."
    )
    many = [wet(1000 + 0, f"2025-03-{n:02d}", f"2025-03-{n:02d} 10:00", incident_id=f"e{n}") for n in (1, 5, 9)]
    many += [wet(150 * n, "2025-05-01", "2025-05-02", incident_id=f"f{n}", lon=113.015) for n in range(7)]
    ten = put(workspace, many, import_id="i3")
    # Eleven: two of the first three came back; Wilson's limits of 2 of 11 would be 5 and 48 in 100
    found = returning.returning(ten, GRID)
    assert found.overall[["closures", "watched", "returned"]].tolist() == [11, 11, 2]
    (first, *_) = found.sentences(EN)
    assert first.startswith(
        "Waterlogging: of 11 events closed in the period, 2 came back within 100 m and 90 days: 18%"
    )
    assert found.sentences(ZH)[0].startswith("积水：期内办结 11 起，其中 2 起在 100 米、90 天内复发：18%（")
    young = put(workspace, [wet(700, "2026-01-01", "2026-01-02", incident_id="y", hazard="wall_risk")], import_id="i4")
    lines = returning.returning(young, GRID).sentences(EN)
    assert lines[0].startswith(
        "All together: of 12 events closed in the period, 2 came back within 100 m (waterlogging) or 30 m (the others) "
        "and 90 days so far, and 1 could not be watched for so long yet. Each counted for as long as it was watched: "
    )
    assert lines[1].startswith(
        "Wall risk: of 1 event closed in the period, 0 came back within 30 m and 90 days: too few"
    )
    other = returning.returning(young, replace(GRID, start=dt.date(2026, 1, 1)))
    assert replace(other, few=0).sentences(EN)[0] == (
        "Wall risk: of 1 event closed in the period, 0 came back within 30 m so far. None could be watched for 90 days "
        "yet, so a share cannot be told."
    )


def test_names_from_files_stay_text(tmp_path):
    hostile = [
        wet(200 * n, f"2025-03-0{k}", f"2025-03-0{k} 10:00", incident_id=f"{n} {k} {name}", unit=name, address=name)
        for n, name in enumerate(HOSTILE[:4])
        for k in (1, 5)
    ]
    dataset = put(with_grids(tmp_path), hostile)
    found = returning.returning(dataset, GRID)
    assert sorted(found.groups["unit"]["key"]) == sorted(HOSTILE[:4])
    assert set(returning_tables.listed(dataset, found)["address"]) == set(HOSTILE[:4])


def test_among_other_only_the_same_type_comes_back(tmp_path):
    def other(metres, reported, closed, name):
        return wet(metres, reported, closed, hazard="other", type_name=name)

    dataset = put(
        with_grids(tmp_path),
        [
            other(0, "2025-03-01", "2025-03-02", "路灯不亮"),
            other(5, "2025-03-20", "2025-03-21", "暴露垃圾"),  # something else at the same place
            other(10, "2025-04-10", "2025-04-11", " 路灯 不亮"),  # the same lamp as the first
            other(200, "2025-03-01", "2025-03-02", ""),  # nobody knows what these were
            other(200, "2025-04-01", "2025-04-02", ""),
            wet(400, "2025-03-01", "2025-03-02", type_name="甲"),  # of the three a type makes no difference
            wet(400, "2025-04-01", "2025-04-02", type_name="乙"),
        ],
    )
    found = returning.returning(dataset, GRID)
    assert cases(found, dataset) == [["c0", "c2"], ["c5", "c6"]]
    assert found.overall[["closures", "returned"]].tolist() == [5, 2]
    assert found.left_out == {"no_place": 0, "no_type": 2, "odd": 0, "open": 0, "no_closing": 0}
    assert "2 closed events of “Other” have no type: whether the same came back cannot be told." in found.sentences(EN)
    assert "2 件已办结的“其他”事件没有类型，是否复发无从判定。" in found.sentences(ZH)
    assert "among “Other”, which gathers all else, the same type" in returning.RULE.say(EN)


# --- over many cases --------------------------------------------------------------------------------------------------


def test_many_cases_by_the_rule_word_for_word(tmp_path):
    table = random_rows(900, seed=8).to_pylist()
    for n, case in enumerate(table):  # fewer places: 60 corners of streets
        case["type_name"] = "甲乙"[n % 7 > 4]
        if case.get("lon") is not None:
            case["lon"], case["lat"] = 113.0005 + 0.003 * (n % 6), 33.0005 + 0.0019 * (n % 10)
    dataset = store(with_grids(tmp_path), rows(table), as_of=AS_OF)
    scope = Scope("grid", start=dt.date(2025, 3, 1), end=dt.date(2025, 10, 1))
    found = returning.returning(dataset, scope)
    # Places are 200 m apart and more: what is at one place is near, what is not is far. Events from the first calls.
    end = pd.Timestamp(AS_OF)
    events = []
    known = [case for case in table if case.get("reported_at") and case.get("lon") and case["reported_at"] <= end]
    known = [case for case in known if case["lon"] < 113.02 and case["lat"] < 33.02]
    for case in sorted(known, key=lambda one: one["reported_at"]):
        window = dt.timedelta(hours=24 if case["hazard"] == "waterlogging" else 168)
        of = [
            event
            for event in events
            if (event["place"], event["hazard"]) == ((case["lon"], case["lat"]), case["hazard"])
            and case["reported_at"] - event["begun"] <= window
        ]
        if of:
            of[0]["closed"].append(case.get("closed_at"))
        else:
            events.append(
                {
                    "place": (case["lon"], case["lat"]), "hazard": case["hazard"], "begun": case["reported_at"],
                    "closed": [case.get("closed_at")],
                    "kind": (case["hazard"], case["type_name"] if case["hazard"] == "other" else ""),
                }
            )  # fmt: skip
    start, stop = (pd.Timestamp(day, tz=ZONE) for day in (scope.start, scope.end))
    closed = back = 0
    for event in events:
        if not all(at and at <= end for at in event["closed"]) or not start <= (shut := max(event["closed"])) < stop:
            continue
        if shut < event["begun"]:
            continue
        closed += 1
        back += any(
            (one["place"], one["kind"]) == (event["place"], event["kind"])
            and dt.timedelta(0) < one["begun"] - shut <= dt.timedelta(days=90)
            for one in events
        )
    assert closed > 200
    assert back > 50
    assert found.overall[["closures", "returned"]].tolist() == [closed, back] == [closed, len(found.cases)]
    for groups in found.groups.values():
        assert groups[["closures", "returned"]].sum().tolist() == [closed, back]


# --- handed out -------------------------------------------------------------------------------------------------------


def sheets(content):
    return {
        name: CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()
        for name in CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    }


def test_the_command_the_files_and_the_page_tell_the_same(tmp_path):
    dataset = street(tmp_path)
    found = returning.returning(dataset, GRID)
    answer = asked(tmp_path, "returns", "--by", "unit")
    assert (answer["closures"], answer["watched"], answer["returned"], answer["days"]) == (7, 6, 2, 90)
    assert answer["share"] == pytest.approx(2 / 7)
    assert answer["radius_m"]["wall_risk"] == 30
    assert answer["left_out"] == found.left_out
    groups = found.groups["unit"]
    assert [row["unit"] for row in answer["groups"]] == groups["key"].tolist()
    assert [row["returned"] for row in answer["groups"]] == groups["returned"].tolist()
    assert [row["closed_case"] for row in answer["returns"]] == ["c1", "c0"]
    cells = asked(tmp_path, "returns", "--by", "cell", "--hazard", "waterlogging")["groups"]
    assert [(row["cell_id"], row["name"], row["closures"]) for row in cells] == [("A", "grid A", 6)]
    book = sheets(returning_tables.workbook(dataset, GRID, EN))
    assert list(book) == ["By hazard", "By cell", "By handling unit", "What came back", "About"]
    assert [row[4] for row in book["By handling unit"][1:]] == [
        "", 0.25, 0.5
    ]  # fmt: skip
    assert [row[4] for row in book["What came back"][1:]] == ["c1", "c0"]
    told = [row[0] for row in book["About"]]
    assert all(sentence in told for sentence in answer["sentences"])
    for name in ("list.csv", "all.xlsx"):
        assert asked(tmp_path, "returns", "--out", tmp_path / name)["file"] == str(tmp_path / name)
    lines = (tmp_path / "list.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].split(",")[:5] == ["Hazard", "Cell", "Code of the cell", "Closed by", "Closed case"]
    assert [line.split(",")[4] for line in lines[1:]] == ["c1", "c0"]
    assert sheets((tmp_path / "all.xlsx").read_bytes())["By hazard"] == book["By hazard"]
    said = Said(tmp_path, "returns").out
    assert all(sentence in said for sentence in found.sentences(EN))
    assert (said.index("c1 "), "School Road" in said) < (said.index("c0 "), True)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--by", "month"], "month is none of hazard, cell, unit"),
        (["--out", "a.txt"], "ends neither in .csv nor in .xlsx"),
        (["--hazard", "fire"], "fire is none of"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(tmp_path, options, why):
    street(tmp_path)
    said = Said(tmp_path, "returns", *options)
    assert (said.code, said.out) == (2, "")
    assert why in said.err


def test_without_boundaries_it_is_refused_and_without_reports_it_says_so(tmp_path):
    assert "Load the boundary polygons first" in Said(tmp_path / "none", "returns").err
    with_grids(tmp_path / "empty")
    said = Said(tmp_path / "empty", "returns")
    assert (said.code, "No event with a point was closed in the period" in said.out) == (0, True)
    assert asked(tmp_path / "empty", "returns")["share"] is None


def test_a_file_of_hostile_names_holds_no_formula(tmp_path):
    evil = '=HYPERLINK("http://x")'
    dataset = put(
        with_grids(tmp_path),
        [wet(0, "2025-03-01", "2025-03-02", unit=evil, address=evil), wet(0, "2025-03-09", "2025-03-10")],
    )
    assert f",{evil}" not in returning_tables.csv(dataset, GRID, EN).decode()
    cells = sheets(returning_tables.workbook(dataset, GRID, EN))["What came back"][1]
    assert cells[3] == evil  # a text, and no formula: xlsxwriter was told so
    assert Said(tmp_path, "returns", "--by", "unit").code == 0
