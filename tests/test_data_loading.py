"""Files into the workspace and out again: totals that tie, nothing doubled, nothing lost, whole or absent."""

import io
import json
import re

import pandas as pd
import pytest
import shapefile
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import boundary, with_grids

from base.errors import HazardError
from base.text import Words
from data import listing, loading, profiles, queries, tables
from data.changes import set_rules, set_settings, undo
from data.levels import load_cells
from data.loading import import_incidents, read_time
from data.schema import DEMO_SOURCE, Scope
from data.store import Workspace
from data.table import X_HEADER, Y_HEADER
from data.taxonomy import DEFAULT_RULES

HEADER = "案卷号,上报时间,结案时间,处置截止时间,小类名称,问题描述,地址,经度,纬度,处置部门"
GRID = Scope(level="grid")
IN_A, IN_B, OUTSIDE, NOWHERE = "113.005,33.005", "113.015,33.005", "113.100,33.100", ","


def csv(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines, ""]).encode()


def case(
    number, day="2025-03-05 14:30", *, closed="", due="", type_="道路积水", place=IN_A, unit="", address="示例路1号"
):
    return f"{number},{day},{closed},{due},{type_},,{address},{place},{unit}"


def load(workspace, content, name="a.csv", **options):
    return import_incidents(workspace, content, name, who="t", **options)


def stored(workspace):
    """What the newest version says of each case: number -> (month, grid, unit)."""
    frame = listing.incidents(workspace.newest(), GRID if workspace.newest().levels else Scope(level=""))
    return {
        row.incident_id: (str(row.reported_at)[:7], row.cell_id if isinstance(row.cell_id, str) else None, row.unit)
        for row in frame.itertuples()
    }


@pytest.fixture
def workspace(tmp_path):
    return with_grids(tmp_path / "w")


def test_an_import_says_totals_that_tie_and_where_the_rows_lie(workspace):
    answer = load(
        workspace,
        csv(
            case(1),
            case(1),  # word for word
            case(2, place=IN_B, closed="2025-03-07 09:00"),
            case(3, place=OUTSIDE, type_="井盖下沉"),
            case(4, place=NOWHERE, closed="2025-03-01"),
            case(5, "昨天"),
            case(6, place="113.005,91"),
        ),
    )
    totals = ("read", "accepted", "rejected", "repeats", "updated")
    assert [answer[key] for key in totals] == [7, 4, 2, 1, 0]  # counted by hand on the lines above
    assert answer["levels"]["grid"] == {"inside": 2, "near": 0, "outside": 1, "no_location": 1}
    assert answer["levels"]["community"] == {"inside": 2, "near": 0, "outside": 1, "no_location": 1}
    assert answer["hazards"] == {"waterlogging": 3, "sunken_cover": 1}
    assert answer["remarks"] == {"no-location": 1, "closed-before-reported": 1}
    assert answer["as_of"] == "2025-03-07T09:00:00+08:00"
    assert (answer["version"], answer["unchanged"], answer["repeat_of"]) == (3, False, None)
    dataset = workspace.newest()
    assert dataset.rejected()[["row", "reason"]].to_numpy().tolist() == [
        [7, "time-unreadable"],
        [8, "lon-lat-out-of-range"],
    ]
    (record,) = dataset.imports
    assert [getattr(record, key) for key in totals] == [answer[key] for key in totals]
    assert record.levels == answer["levels"]


def test_the_same_file_again_changes_nothing_and_says_so(workspace):
    content = csv(case(1), case(1), case(2), case(3, "昨天"))
    first = load(workspace, content)
    before = workspace.newest_version()
    again = load(workspace, content, "renamed.csv")
    assert workspace.newest_version() == before
    assert (again["unchanged"], again["repeat_of"], again["version"]) == (True, first["import_id"], first["version"])
    assert [again[key] for key in ("read", "accepted", "rejected", "repeats")] == [4, 0, 1, 3]


def test_a_newer_file_corrects_known_cases_and_moves_them_to_their_new_month(workspace):
    load(workspace, csv(case(1), case(2), case(3)))
    answer = load(workspace, csv(case(1), case(2, "2025-05-06 08:00", place=IN_B, unit="drains"), case(4)), "b.csv")
    assert [answer[key] for key in ("read", "accepted", "updated", "repeats")] == [3, 2, 1, 1]
    assert stored(workspace) == {
        "1": ("2025-03", "A", ""),
        "2": ("2025-05", "B", "drains"),
        "3": ("2025-03", "A", ""),
        "4": ("2025-03", "A", ""),
    }


def test_an_older_export_that_comes_late_says_that_it_puts_older_states_in_place_of_newer_ones(workspace):
    load(workspace, csv(case(1, closed="2025-04-01 10:00"), case(2, "2025-05-01 08:00")), "may.csv")
    older = csv(case(1), case(3, "2025-03-09"))
    for answer in (load(workspace, older, "march.csv", dry_run=True), load(workspace, older, "march.csv")):
        (note,) = [note.fields for note in answer["notes"] if "older state" in str(note)]
        assert (note["n"], str(note["known"])[:10], str(note["as_of"])[:10]) == (1, "2025-05-01", "2025-03-09")
    assert "older state" in workspace.newest().imports[-1].notes[-1]
    newer = load(workspace, csv(case(1, closed="2025-06-01 10:00")), "june.csv")
    assert newer["updated"] == 1
    assert not any("older state" in str(note) for note in newer["notes"])


def test_the_same_case_number_in_another_source_is_another_case(workspace):
    load(workspace, csv(case(1)))
    answer = load(workspace, csv(case(1)), source="hotline")
    assert (answer["accepted"], answer["unchanged"]) == (1, False)
    assert queries.totals(workspace.newest(), GRID)["n"] == 2
    assert list(workspace.newest().sources) == ["default", "hotline"]


def test_undo_gives_back_what_was_there_and_the_file_may_come_again(workspace):
    load(workspace, csv(case(1), case(2)))
    before = stored(workspace)
    second = csv(case(2, "2025-05-06 08:00", unit="drains"), case(3), case(4, "昨天"))
    load(workspace, second, "b.csv")
    answer = undo(workspace, who="t")
    assert (answer["file"], answer["removed"], answer["restored"]) == ("b.csv", 1, 1)
    assert stored(workspace) == before
    assert workspace.newest().rejected().empty
    again = load(workspace, second, "b.csv")
    assert (again["unchanged"], again["accepted"], again["updated"]) == (False, 2, 1)


def test_undo_of_everything_leaves_an_empty_workspace_and_then_there_is_nothing_to_undo(workspace):
    load(workspace, csv(case(1)), zone="America/New_York")
    assert workspace.newest().zone == "America/New_York"
    undo(workspace, who="t")
    dataset = workspace.newest()
    assert (stored(workspace), dataset.imports, dataset.span, dataset.as_of) == ({}, (), (None, None), None)
    assert dataset.zone == "Asia/Shanghai"
    with pytest.raises(HazardError, match="no import to take back") as refusal:
        undo(workspace, who="t")
    assert refusal.value.code == "nothing-to-undo"


def test_an_older_import_is_taken_back_only_if_no_later_one_holds_its_cases(workspace):
    first = load(workspace, csv(case(1)))["import_id"]
    load(workspace, csv(case(2)), "b.csv")
    third = load(workspace, csv(case(1), case(3)), "c.csv")["import_id"]  # the same case 1: a repeat
    with pytest.raises(HazardError, match=r"a\.csv cannot be taken back: the later import .* \(c\.csv\)") as refusal:
        undo(workspace, first, who="t")
    assert refusal.value.code == "undo-blocked"
    undo(workspace, third, who="t")
    undo(workspace, first, who="t")
    assert list(stored(workspace)) == ["2"]
    with pytest.raises(HazardError, match="no live import") as refusal:
        undo(workspace, first, who="t")
    assert refusal.value.code == "import-unknown"


def test_what_an_undo_gives_back_lies_in_the_boundaries_and_types_of_now(workspace):
    load(workspace, csv(case(1)))
    load(workspace, csv(case(1, unit="drains")), "b.csv")
    load_cells(workspace, boundary(("X", "Y", "Z", "Q")), "new.geojson", level="grid", who="t")
    only_wall = DEFAULT_RULES.iloc[:0].copy()
    only_wall.loc[0] = ["", "", "", "道路积水", "wall_risk", ""]
    set_rules(workspace, only_wall, who="t")
    undo(workspace, who="t")
    assert stored(workspace) == {"1": ("2025-03", "X", "")}
    assert queries.counts(workspace.newest(), GRID, ["hazard"]).to_numpy().tolist() == [["wall_risk", 1]]


def test_a_new_or_corrected_boundary_assigns_all_incidents_again_in_the_same_version(tmp_path):
    workspace = Workspace(tmp_path)
    assert load(workspace, csv(case(1), case(2, place=IN_B), case(3, place=OUTSIDE)))["levels"] == {}
    answer = load_cells(workspace, boundary("AB"), "g.geojson", level="grid", who="t")
    assert answer["version"] == workspace.newest().version == 2
    assert [place for _, place, _ in stored(workspace).values()] == ["A", "B", None]
    load_cells(workspace, boundary("KL", x=113.01), "g.geojson", level="grid", who="t")
    assert [place for _, place, _ in stored(workspace).values()] == [None, "K", None]
    load_cells(workspace, boundary("S", step=0.2), "s.geojson", level="street", who="t")
    assert queries.counts(workspace.newest(), Scope(level="street"), ["cell"]).to_numpy().tolist() == [["S", 3]]
    assert [level.name for level in workspace.newest().levels] == ["street", "grid"]


def test_a_boundary_loaded_into_an_emptied_workspace_takes_new_incidents(tmp_path):
    workspace = Workspace(tmp_path)
    load(workspace, csv(case(1)))
    undo(workspace, who="t")
    load_cells(workspace, boundary("AB"), "g.geojson", level="grid", who="t")
    load(workspace, csv(case(1)))
    assert stored(workspace) == {"1": ("2025-03", "A", "")}


def test_what_is_found_in_a_boundary_is_kept_with_it(tmp_path):
    shapes = json.loads(boundary("ABC", columns=3))
    bowtie = [[113.0, 33.0], [113.01, 33.01], [113.01, 33.0], [113.0, 33.01], [113.0, 33.0]]
    shapes["features"][0]["geometry"]["coordinates"] = [bowtie]
    shapes["features"][1]["properties"]["cell_id"] = ""
    answer = load_cells(Workspace(tmp_path), json.dumps(shapes).encode(), "g.geojson", level="grid", who="t")
    assert (answer["cells"], answer["rejected"]) == (1, 2)  # mending the bowtie would change its area
    found = Workspace(tmp_path).newest().findings("grid")
    assert found["rejected"]["reason"].tolist() == ["repair-changes-area", "cell-id-empty"]
    assert list(found["overlaps"].columns) == ["cell_a", "cell_b", "area_m2"]


def test_the_first_import_sets_the_zone_and_a_later_one_only_reads_in_its_own(workspace):
    load(workspace, csv(case(1, "2025-03-31 23:30")), zone="America/New_York")
    load(workspace, csv(case(2, "2025-04-01 09:00")), "b.csv", zone="Asia/Shanghai")  # 31 March, 21:00 in New York
    assert workspace.newest().zone == "America/New_York"
    assert queries.counts(workspace.newest(), GRID, ["month"]).to_numpy().tolist() == [["2025-03", 2]]


def test_an_unknown_zone_is_refused(workspace):
    with pytest.raises(HazardError, match="no time zone named Peking") as refusal:
        load(workspace, csv(case(1)), zone="Peking")
    assert refusal.value.code == "zone-unknown"


def test_rows_that_the_filter_leaves_out_are_counted_as_rejected(workspace):
    answer = load(workspace, csv(case(1, unit="drains"), case(2, unit="roads"), case(3)), where={"处置部门": "drains"})
    assert [answer[key] for key in ("read", "accepted", "rejected")] == [3, 1, 2]
    assert workspace.newest().rejected()[["row", "column", "value", "reason"]].to_numpy().tolist() == [
        [3, "处置部门", "roads", "filtered"],
        [4, "处置部门", "", "filtered"],
    ]
    with pytest.raises(HazardError, match="has no column 部门") as refusal:
        load(workspace, csv(case(1)), where={"部门": "drains"})
    assert refusal.value.code == "where-column"


def test_what_rows_are_chosen_by_and_the_file_name_are_kept_without_numbers_of_persons(workspace):
    content = csv(case(1, unit="13812345678"), case(2, unit="roads"))
    name = "张 13912345678.csv"
    assert load(workspace, content, name, where={"处置部门": "13812345678"})["accepted"] == 1
    assert load(workspace, content, name, where={"处置部门": "13812345678 "})["unchanged"]
    assert not load(workspace, content, name, where={"处置部门": "roads"})["unchanged"]
    assert [one.file for one in workspace.newest().imports] == ["张 ***.csv"] * 2
    stored_text = [file.read_text() for file in workspace.path.rglob("*.json")]
    assert stored_text
    assert not [text for text in stored_text if "13812345678" in text or "13912345678" in text]


def attributes(workspace):
    frame = listing.incidents(workspace.newest(), GRID)
    return dict(zip(frame["incident_id"], frame["attributes"], strict=True))


def test_columns_that_serve_no_field_are_kept_and_a_change_in_them_corrects_the_case(workspace):
    table = "案卷号,上报时间,经度,纬度,案件状态,联系电话\n1,2025-03-05,113.005,33.005,处理中 13812345678,13812345678\n"
    load(workspace, (table + "2,2025-03-05,113.005,33.005,,\n").encode())
    assert attributes(workspace) == {"1": {"案件状态": "处理中 ***"}, "2": {}}
    answer = load(workspace, table.replace("处理中", "已结案").encode(), "b.csv")
    assert (answer["accepted"], answer["updated"], answer["repeats"]) == (1, 1, 0)
    assert attributes(workspace)["1"] == {"案件状态": "已结案 ***"}
    reordered = "案件状态,案卷号,上报时间,经度,纬度\n已结案 13812345678,1,2025-03-05,113.005,33.005\n"
    assert load(workspace, reordered.encode(), "c.csv")["repeats"] == 1  # the order of columns says nothing


def test_the_newest_state_of_a_case_in_a_file_is_taken_if_asked_for(workspace):
    content = csv(case(1), case(1, closed="2025-03-07 09:00"), case(2))
    assert load(workspace, content, dry_run=True)["rejected"] == 2
    answer = load(workspace, content, duplicates="newest")
    assert [answer[key] for key in ("read", "accepted", "rejected", "repeats")] == [3, 2, 0, 1]
    assert workspace.newest().imports[0].options["duplicates"] == "newest"
    with pytest.raises(HazardError, match="Choose one of review, newest") as refusal:
        load(workspace, content, duplicates="oldest")
    assert refusal.value.code == "duplicates-unknown"


def test_a_lone_year_is_stored_as_a_year_and_another_year_corrects_it(workspace):
    first = load(workspace, csv(case(1, "2018"), case(2, "2018")))
    assert (first["remarks"], first["as_of"]) == ({"year-only": 2}, "2018-12-31T23:59:59+08:00")
    answer = load(workspace, csv(case(1, "2018"), case(2, "2019")), "b.csv")
    assert (answer["updated"], answer["repeats"]) == (1, 1)
    assert queries.counts(workspace.newest(), GRID, ["month"]).to_numpy().tolist() == [["2018", 1], ["2019", 1]]
    undo(workspace, who="t")
    assert queries.counts(workspace.newest(), GRID, ["month"]).to_numpy().tolist() == [["2018", 2]]


def coded(*pairs):
    lines = (f"{n},2025-03-05,{name},{code},113.005,33.005" for n, (name, code) in enumerate(pairs))
    return "\n".join(["案卷号,上报时间,小类名称,小类编码,经度,纬度", *lines]).encode()


def test_the_list_of_the_codes_is_taken_where_the_names_are_sure_and_the_note_says_so(workspace):
    pairs = [("道路积水", "506"), ("道路积水点", "506"), ("道路破损", "113"), ("", "0183")]
    answer = load(workspace, coded(*pairs))
    assert answer["hazards"] == {"waterlogging": 2, "wall_risk": 1, "other": 1}  # 0183 by its code: a crack in a facade
    notes = " ".join(map(str, answer["notes"]))
    assert "The codes are read by the list gbt30428: 3 rows have the names" in notes
    assert "3 codes had lost zeros in a spreadsheet" in notes
    assert workspace.newest().imports[0].options["scheme"] == "gbt30428"
    undo(workspace, who="t")
    answer = load(workspace, coded(*pairs), scheme="none")
    assert answer["hazards"] == {"waterlogging": 2, "other": 2}
    assert workspace.newest().imports[0].options["scheme"] is None


def test_an_unsure_guess_of_the_list_is_taken_only_if_asked_for(workspace):
    content = coded(("道路积水", "0506"), ("", "0183"))
    assert load(workspace, content, dry_run=True)["hazards"] == {"waterlogging": 1, "other": 1}
    assert load(workspace, content, scheme="detected")["hazards"] == {"waterlogging": 1, "wall_risk": 1}


def test_control_sites_of_a_table_of_points_are_left_out_by_their_mark(shared_data, workspace):
    # README of the files: 148 points of 2013, Degree 1 waterlogged and 0 a control site, 74 of each
    reader = shapefile.Reader(str(shared_data / "wuhan_waterlogging" / "waterlogging2013"))
    lines = [f"{X_HEADER},{Y_HEADER},Degree"]
    lines += [
        f"{one.shape.points[0][0]},{one.shape.points[0][1]},{float(one.record['Degree'])}"
        for one in reader.shapeRecords()
    ]
    reader.close()
    far = Workspace(workspace.path.parent / "wuhan")
    answer = load(far, "\n".join(lines).encode(), where={"Degree": "1"})
    assert [answer[key] for key in ("read", "accepted", "rejected", "repeats")] == [148, 74, 74, 0]
    assert set(far.newest().rejected()["reason"]) == {"filtered"}
    assert answer["mapping"] == {"lon": X_HEADER, "lat": Y_HEADER}


def test_taiwan_goes_in_with_its_years_alone(shared_data, tmp_path):
    # README of the file: 3,679 rows, 1,923 of 2018, 1,267 of 2019, 489 of 2020; four at 0, 0; EPSG:3826; Big5
    content = (shared_data / "taiwan_flood_points" / "flood_disaster_points_2018_2020_big5.csv").read_bytes()
    workspace = Workspace(tmp_path)
    answer = load(workspace, content, crs="EPSG:3826", encoding="big5", zone="Asia/Taipei")
    assert [answer[key] for key in ("read", "accepted", "rejected", "repeats")] == [3679, 3679, 0, 0]
    assert answer["remarks"] == {"year-only": 3679, "no-location": 4}
    everywhere = Scope(level="")
    assert queries.counts(workspace.newest(), everywhere, ["month"]).to_numpy().tolist() == [
        ["2018", 1923], ["2019", 1267], ["2020", 489],
    ]  # fmt: skip
    points = queries.points(workspace.newest(), everywhere)
    assert len(points) == 3675
    assert points["lon"].between(119, 123).all()
    assert points["lat"].between(21, 26).all()


def test_a_dry_run_says_the_same_totals_and_stores_nothing(workspace):
    content = csv(case(1), case(2, place=OUTSIDE), case(3, "昨天"))
    before = workspace.newest_version()
    dry = load(workspace, content, dry_run=True)
    assert workspace.newest_version() == before
    assert dry["import_id"] is None
    answer = load(workspace, content)
    for key in ("read", "accepted", "rejected", "repeats", "updated", "levels", "as_of", "hazards", "mapping"):
        assert dry[key] == answer[key]


def test_a_chosen_column_takes_the_place_of_the_guess_and_an_empty_one_takes_the_field_out(workspace):
    answer = load(workspace, csv(case(1, unit="drains")), mapping={"channel": "处置部门", "target_at": ""})
    assert answer["mapping"]["channel"] == "处置部门"
    assert not {"unit", "target_at"} & set(answer["mapping"])
    assert listing.incidents(workspace.newest(), GRID)["channel"].tolist() == ["drains"]


def test_as_of_is_given_or_the_latest_time_but_no_deadline(workspace):
    line = case(1, "2025-03-05 14:30", due="2025-12-31 00:00")
    assert load(workspace, csv(line))["as_of"] == "2025-03-05T14:30:00+08:00"
    assert load(workspace, csv(line), as_of="2025-03-31 18:00")["as_of"] == "2025-03-31T18:00:00+08:00"
    assert workspace.newest().as_of == pd.Timestamp("2025-03-31 18:00", tz="Asia/Shanghai")
    with pytest.raises(HazardError, match="“soon” is no time") as refusal:
        load(workspace, csv(line), as_of="soon")
    assert refusal.value.code == "time-unreadable"


@pytest.mark.parametrize("wrong", [{"closed": "2092-03-07 09:00"}, {"day": "2092-03-01"}])
def test_a_mistyped_year_is_remarked_and_does_not_become_the_as_of_time(workspace, wrong):
    lines = csv(case(1, "2025-03-04 08:00", closed="2025-03-07 09:00"), case(2, **wrong), case(3, due="2092-01-01"))
    answer = load(workspace, lines)
    assert (answer["accepted"], answer["remarks"]) == (3, {"time-in-future": 1})
    assert answer["as_of"] == "2025-03-07T09:00:00+08:00"
    dataset = workspace.newest()
    assert dataset.as_of == pd.Timestamp("2025-03-07 09:00", tz="Asia/Shanghai")
    assert [str(day) for day in dataset.span] == ["2025-03-04", "2025-03-05"]
    remarks = listing.incidents(dataset, GRID).set_index("incident_id")["remark"].to_dict()
    assert remarks == {"1": "", "2": "time-in-future", "3": ""}
    later = load(workspace, lines, as_of="2092-04-01")  # who says so, means it
    assert later["as_of"] == "2092-04-01T00:00:00+08:00"


def test_a_time_is_in_the_future_if_it_lies_after_the_moment_of_the_import(workspace, monkeypatch):
    lines = csv(
        case(1, "2025-03-04 08:00"), case(2, "2025-03-05 14:30"), case(3, place=NOWHERE, day="2025-03-05 14:31")
    )
    monkeypatch.setattr(loading, "_now", lambda: pd.Timestamp("2025-03-05 14:30", tz="Asia/Shanghai").to_pydatetime())
    answer = load(workspace, lines, dry_run=True)
    assert answer["as_of"] == "2025-03-05T14:30:00+08:00"
    assert answer["remarks"] == {"no-location": 1, "time-in-future": 1}
    monkeypatch.undo()
    assert load(workspace, lines, dry_run=True)["remarks"] == {"no-location": 1}


def test_a_file_whose_times_all_lie_in_the_future_knows_no_as_of(workspace):
    assert load(workspace, csv(case(1, "2092-03-05")))["as_of"] == ""
    assert (workspace.newest().as_of, workspace.newest().span) == (None, (None, None))


def meanwhile(monkeypatch, change):
    """Let another writer make a change once a file is checked; return a list of all checks."""
    check, checks = loading.check_rows, []

    def checked_then_changed(*arguments):
        checks.append(None)
        found = check(*arguments)
        if len(checks) == 1:
            change()
        return found

    monkeypatch.setattr(loading, "check_rows", checked_then_changed)
    return checks


def test_rules_set_while_a_file_was_checked_name_its_cases(workspace, monkeypatch):
    rules = DEFAULT_RULES[~DEFAULT_RULES["pattern"].str.contains("积水")]
    meanwhile(monkeypatch, lambda: set_rules(workspace, rules, who="other"))
    assert load(workspace, csv(case(1)))["hazards"] == {"other": 1}


def test_a_zone_set_while_a_file_was_checked_is_the_zone_its_times_are_read_in(workspace, monkeypatch):
    other = csv(case(1, "2025-03-31 23:30"))
    meanwhile(monkeypatch, lambda: load(workspace, other, "b.csv", source="other", zone="America/New_York"))
    answer = load(workspace, csv(case(2, "2025-03-31 23:30")))
    assert answer["as_of"] == "2025-03-31T23:30:00-04:00"
    dataset = workspace.newest()
    assert (dataset.zone, dataset.imports[-1].options["zone"]) == ("America/New_York", "America/New_York")
    assert queries.counts(dataset, GRID, ["month"]).to_numpy().tolist() == [["2025-03", 2]]


def test_boundaries_loaded_while_a_file_was_checked_are_those_it_is_checked_against(workspace, monkeypatch):
    def far_away():
        for level in ("grid", "community"):
            load_cells(workspace, boundary("XY", x=100), "far.geojson", level=level, who="other")

    meanwhile(monkeypatch, far_away)
    with pytest.raises(HazardError) as refusal:
        load(workspace, csv(*(case(n) for n in range(30))))
    assert refusal.value.code == "far-from-boundary"
    assert workspace.newest().imports == ()


def test_a_file_is_checked_once_if_another_import_came_between(workspace, monkeypatch):
    load(workspace, csv(case(1)))
    checks = meanwhile(monkeypatch, lambda: load(workspace, csv(case(2)), "b.csv", source="other"))
    load(workspace, csv(case(3)), "c.csv")
    assert len(checks) == 2  # one for each file
    assert len(stored(workspace)) == 3


def test_own_data_does_not_go_in_beside_the_invented_example(workspace):
    load(workspace, csv(case(1)), source=DEMO_SOURCE)
    before = workspace.newest_version()
    for dry_run in (True, False):
        with pytest.raises(HazardError, match="holds the invented example") as refusal:
            load(workspace, csv(case(2)), "own.csv", dry_run=dry_run)
        assert refusal.value.code == "demo-in-workspace"
    assert workspace.newest_version() == before
    load(workspace, csv(case(2)), "next.csv", source=DEMO_SOURCE)
    undo(workspace, who="t")
    undo(workspace, who="t")
    assert load(workspace, csv(case(3)), "own.csv")["accepted"] == 1


def test_the_example_that_came_while_a_file_was_checked_keeps_it_out(workspace, monkeypatch):
    meanwhile(monkeypatch, lambda: load(workspace, csv(case(1)), source=DEMO_SOURCE))
    with pytest.raises(HazardError, match="holds the invented example"):
        load(workspace, csv(case(2)), "own.csv")
    assert [record.source for record in workspace.newest().imports] == [DEMO_SOURCE]


def test_a_file_without_any_time_is_loaded_and_knows_no_as_of(workspace):
    answer = load(workspace, "编号,经度,纬度\n1,113.005,33.005\n".encode())
    assert (answer["accepted"], answer["as_of"], workspace.newest().as_of) == (1, "", None)
    assert any("no period and no duration" in str(note) for note in answer["notes"])


def test_a_written_time_is_read_in_the_zone_and_one_with_its_own_offset_is_brought_to_it():
    assert read_time("2025年3月5日 14:30", "Asia/Shanghai") == pd.Timestamp("2025-03-05 06:30", tz="UTC")
    assert str(read_time("2025-03-05T06:30:00Z", "Asia/Shanghai")) == "2025-03-05 14:30:00+08:00"


def test_other_rules_name_all_incidents_again(workspace):
    load(workspace, csv(case(1), case(2, type_="井盖下沉")))
    rules = DEFAULT_RULES[~DEFAULT_RULES["pattern"].str.contains("积水")]
    answer = set_rules(workspace, rules, who="t")
    assert (answer["changed"], answer["rules"], answer["version"]) == (1, len(rules), 4)
    counted = queries.counts(workspace.newest(), GRID, ["hazard"])
    assert counted.to_numpy().tolist() == [["other", 1], ["sunken_cover", 1]]
    assert len(workspace.newest().rules()) == len(rules)
    assert load(workspace, csv(case(9)), "b.csv")["hazards"] == {"other": 1}


def test_settings_are_kept_by_name_and_the_zone_is_fixed_while_incidents_are_stored(workspace):
    set_settings(workspace, {"fdr": 0.1, "timezone": "UTC"}, who="t")
    load(workspace, csv(case(1)))
    assert (workspace.newest().settings["fdr"], workspace.newest().zone) == (0.1, "UTC")
    assert set_settings(workspace, {"fdr": None}, who="t")["settings"] == {"timezone": "UTC"}
    for name, value, code in (
        ("timezone", "Asia/Shanghai", "zone-fixed"),
        ("timezone", "Peking", "zone-unknown"),
        ("colour", 1, "setting-unknown"),
        ("fdr", "much", "setting-type"),
        ("fdr", 1, "setting-range"),
    ):
        with pytest.raises(HazardError) as refusal:
            set_settings(workspace, {name: value}, who="t")
        assert refusal.value.code == code


def test_a_pile_on_one_spot_is_marked_in_all_months_once_it_is_a_pile_and_not_after_the_undo(workspace):
    def pile(first, month):  # twelve addresses on one point: the answer of a geocoder that found nothing
        return csv(*(case(n, f"2025-{month}-05", address=f"示例路{n}号") for n in range(first, first + 12)))

    assert load(workspace, pile(0, "03"))["remarks"] == {}  # fewer than 20
    assert load(workspace, pile(50, "06"), "b.csv")["remarks"] == {"one-spot": 12}
    assert queries.totals(workspace.newest(), GRID)["one_spot"] == 24
    assert queries.points(workspace.newest(), GRID)["one_spot"].all()
    undo(workspace, who="t")
    assert queries.totals(workspace.newest(), GRID)["one_spot"] == 0
    set_settings(workspace, {"spot_min_reports": 10}, who="t")
    assert queries.totals(workspace.newest(), GRID)["one_spot"] == 12


def test_columns_about_persons_are_named_and_not_stored(workspace):
    content = "案卷号,上报时间,小类名称,经度,纬度,联系电话\n1,2025-03-05,积水,113.005,33.005,13800138000\n".encode()
    answer = load(workspace, content)
    assert Words("en").language == "en"
    assert [note.say(Words("en")) for note in answer["notes"]] == ["Not loaded, personal data: 联系电话."]
    on_disk = b"".join(path.read_bytes() for path in workspace.path.rglob("*.json"))
    assert b"13800138000" not in on_disk
    assert "13800138000" not in listing.incidents(workspace.newest(), GRID).to_csv()


def test_a_file_without_any_type_is_told_so_unless_a_hazard_is_chosen_for_all(workspace):
    content = "案卷号,上报时间,经度,纬度\n1,2025-03-05,113.005,33.005\n".encode()
    said = [note.say(Words("en")) for note in load(workspace, content, dry_run=True)["notes"]]
    assert said == ["No column says what was reported: every case counts as “other”. Choose a hazard for all."]
    assert load(workspace, content, dry_run=True, untyped="waterlogging")["notes"] == []


def test_numbers_of_persons_in_titles_and_sheet_names_are_nowhere_in_the_workspace(workspace):
    number = "13800138000"
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet(f"台账{number}")
    sheet.write_row(0, 0, ["案卷号", "上报时间", f"情况（可询{number}）", "经度", "纬度", f"备注{number}", "状态"])
    sheet.write_row(1, 0, ["1", "2025-03-05 10:00", "积水", "113.005", "33.005", "x", "甲"])
    sheet.write_row(2, 0, ["2", "昨天", "积水", "113.005", "33.005", "x", "乙"])
    book.close()
    chosen = {"mapping": {"description": f"情况（可询{number}）"}, "sheet": f"台账{number}", "where": {"状态": "甲"}}
    set_settings(workspace, {"keep_originals_days": 0}, who="甲")
    answer = import_incidents(workspace, content.getvalue(), f"台账{number}.xlsx", who="甲", **chosen)
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert answer["mapping"]["description"] == "情况（可询***）"
    profiles.save_profile(workspace, "台账", **answer["choices"], who="甲")
    for name in tables.TABLES:
        assert number not in str(workspace.newest().rows(name).to_pylist()), name
    held = [path for path in workspace.path.rglob("*") if path.is_file() and number.encode() in path.read_bytes()]
    assert held == []
    again = import_incidents(workspace, content.getvalue(), "x.xlsx", who="甲", where={"状态": "甲"})
    assert again["unchanged"]


def test_a_file_over_the_limit_is_refused_before_it_is_read(workspace):
    set_settings(workspace, {"max_file_mb": 1}, who="t")
    with pytest.raises(HazardError, match=r"a\.csv has 2 MB; at most 1 MB") as refusal:
        load(workspace, csv(case(1)) + b" " * 2_000_000)
    assert refusal.value.code == "file-too-large"


TIMES = ("2025-01-31 23:59", "2025-02-01 00:00", "2025-07-01", "", "昨天")
PLACES = (IN_A, IN_B, "113.01,33.005", OUTSIDE, NOWHERE, "0,0", "x,33", "113.005,95")
LINES = st.lists(
    st.builds(
        case,
        st.sampled_from(["", "1", "2", "3", "4", "5"]),
        st.sampled_from(TIMES),
        place=st.sampled_from(PLACES),
        unit=st.sampled_from(["", "drains"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=6)
@given(files=st.lists(LINES, min_size=1, max_size=2))
def test_nothing_is_lost_or_doubled_by_any_files_and_their_undo(tmp_path_factory, files):
    workspace = with_grids(tmp_path_factory.mktemp("w"))
    seen = []
    for n, lines in enumerate(files):
        seen.append(stored(workspace))
        answer = load(workspace, csv(*lines), f"{n}.csv")
        assert answer["read"] == len(lines) == answer["accepted"] + answer["rejected"] + answer["repeats"]
        if answer["unchanged"]:
            seen.pop()
            continue
        for places in answer["levels"].values():
            assert sum(places.values()) == answer["accepted"]
        live = workspace.newest().imports
        assert len(stored(workspace)) == sum(one.accepted - one.updated for one in live)
        assert len(workspace.newest().rejected()) == sum(one.rejected for one in live)
        assert load(workspace, csv(*lines), f"{n}.csv")["unchanged"]
    while seen:
        undo(workspace, who="t")
        assert stored(workspace) == seen.pop()


def test_boston_is_loaded_with_every_row_accounted_for(shared_data, tmp_path):
    # README of the files: 26 polygons, four of them invalid as stored; 8,521 rows, 393 of them on the one point of City
    # Hall; opened 2015-01-01 to 2015-12-31, closed up to 2016-01-12.
    folder, workspace = shared_data / "boston311_2015", Workspace(tmp_path)
    polygons = (folder / "boston_neighborhoods.geojson").read_bytes()
    answer = load_cells(workspace, polygons, "boston.geojson", level="neighborhood", id_column="name", who="t")
    assert (answer["cells"], answer["repaired"], answer["rejected"]) == (26, 4, 0)
    content = (folder / "boston_311_2015_hazards.csv").read_bytes()
    answer = load(workspace, content, zone="America/New_York")
    assert answer["read"] == 8521 == answer["accepted"] + answer["rejected"] + answer["repeats"]
    assert sum(answer["levels"]["neighborhood"].values()) == answer["accepted"]
    assert answer["remarks"]["one-spot"] == 393
    dataset = workspace.newest()
    assert [str(day) for day in dataset.span] == ["2015-01-01", "2015-12-31"]
    assert str(dataset.as_of)[:10] == "2016-01-12"
    assert load(workspace, content, zone="America/New_York")["unchanged"]
    undo(workspace, who="t")
    assert queries.totals(workspace.newest(), Scope(level="neighborhood"))["n"] == 0


def test_an_import_names_the_points_far_outside_and_says_nothing_of_near_ones(tmp_path):
    lines = ["案卷号,上报时间,经度,纬度", *(f"{n},2025-03-05 10:00,113.005,33.005" for n in range(9))]
    lines += ["north,2025-03-05 10:00,113.005,34.02", "lost,2025-03-05 10:00,13.005,33.005", "next,,113.03,33.005"]
    workspace = with_grids(tmp_path)
    answer = import_incidents(workspace, "\n".join(lines).encode(), "a.csv", who="t", dry_run=True)
    notes = [note.say(Words("en")) for note in answer["notes"]]
    at = notes.index("Points more than 5 km outside the boundary (setting far_km): 2. The farthest:")
    assert re.fullmatch(
        r"Row 12, case lost: 8,90\d km from the boundary. Was a digit lost or mistyped\?", notes[at + 1]
    )
    # a degree of the meridian from 33.02 to 34.02 is 110.9 km long; 34.02 for 33.02 would be one digit too
    assert notes[at + 2] == "Row 11, case north: 111 km from the boundary. Was a digit lost or mistyped?"
