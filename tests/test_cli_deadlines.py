"""The command line for deadlines and the working calendar: listed, changed, removed, taken back; JSON for programs."""

import json

import pandas as pd
import pytest
from stored import rows, store, with_grids
from test_cli import Said, asked

from base.text import Words
from data.standards import read_standard, standard_on
from data.store import Workspace
from reports import deadlines
from reports.sheet import write_csv, write_sheet

OWN = (
    "隐患类别,类型,关键词,处置时限,工程类\n道路积水,,,2紧急工作时,\n井盖下沉,,,尽快,\n墙体隐患,,,15天,是\n"
    ",示例甲,深、急,4 work hours,\n"
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "own.csv").write_text(OWN, encoding="utf-8")
    (tmp_path / "days.csv").write_text("日期,是否工作日,备注\n2027-02-06,否,示例\n2027,,\n", encoding="utf-8")
    return tmp_path


def test_an_offices_table_is_loaded_listed_on_a_day_removed_and_taken_back(folder):
    office = folder / "w"
    first = Said(office, "standard", folder / "own.csv", "--json")
    assert (first.json["scheme"], first.json["kind"], first.json["rows"], first.json["changed"]) == ("office", "", 4, 0)
    assert "the limit “尽快” was not understood" in first.err
    (folder / "own.csv").write_text(OWN.replace("15天", "10天"), encoding="utf-8")
    asked(office, "standard", folder / "own.csv", "--valid-from", "2026-03-01")
    for day, limit in (("2026-02-28", 15), ("2026-03-01", 10)):
        rows = {row["hazard"] or row["type_name"]: row for row in asked(office, "deadlines", "--on", day)}
        assert rows["wall_risk"]["limit_value"] == limit
        assert rows["wall_risk"]["limit"] == f"{limit} work days"
        assert rows["wall_risk"]["handling"] == "engineering"
        assert (rows["sunken_cover"]["limit_value"], rows["sunken_cover"]["limit_clock"]) == (None, "")
        assert (rows["sunken_cover"]["limit_text"], rows["sunken_cover"]["limit"]) == ("尽快", "cannot be read")
        assert rows["示例甲"]["words"] == "深、急"
    people = Said(office, "deadlines")
    assert people.code == 0
    assert "In force:" in people.out
    assert "the beginning" in people.out
    assert asked(office, "deadlines", "--scheme", "gbt30428") == []
    gone = Said(office, "deadlines", "--remove", "office", "-", "2026-03-01", "--json")
    assert (gone.json["rows"], gone.json["valid_from"]) == (4, "2026-03-01")
    assert "4 rows are removed" in gone.err
    refused = Said(office, "deadlines", "--remove", "office", "-", "2026-03-01")
    assert (refused.code, refused.out) == (2, "")
    assert "There is no table of deadlines office" in refused.err
    assert asked(office, "undo", "--deadlines")["what"] == "deadlines-removed"
    assert asked(office, "deadlines")[2]["limit_value"] == 10
    assert [asked(office, "undo", "--deadlines")["file"] for _ in range(2)] == ["own.csv"] * 2
    assert Said(office, "undo", "--deadlines").code == 2
    assert "No table of deadlines is loaded" in Said(office, "deadlines").out
    kinds = [row["kind"] for row in asked(office, "history")]
    assert kinds[:4] == ["Deadlines taken back"] * 3 + ["Deadlines removed"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_goes_out_and_comes_back_the_same(folder, suffix, lang):
    office, words = folder / "w", Words(lang)
    asked(office, "standard", folder / "own.csv")
    assert Said(office, "deadlines", "--out", folder / f"out.{suffix}").code == 0
    assert (folder / f"out.{suffix}").stat().st_size > 100
    assert Said(office, "deadlines", "--out", folder / "out.doc").code == 2
    # as the page hands it out, in either language
    stored = standard_on(Workspace(office).newest(), "2026-01-01")
    titles = {name: words(title) for name, title in deadlines.SHEET_TITLES.items()}
    rows = deadlines.shown(deadlines.edition(Workspace(office).newest(), words, "office", "", ""), words)
    sheet = (
        write_sheet(rows, titles, name=words("Deadlines"), words=words) if suffix == "xlsx" else write_csv(rows, titles)
    )
    again = read_standard(sheet, f"a.{suffix}")
    same = ["type_name", "hazard", "condition", "words", "limit_text", "limit_value", "limit_clock", "handling"]
    pd.testing.assert_frame_equal(again[same], stored[same], check_dtype=False)


def test_a_table_of_workdays_is_loaded_seen_in_the_calendar_and_taken_back(folder):
    office = folder / "w"
    before = asked(office, "calendar", "--year", "2027")
    assert (before["known_days"], before["exceptions"]) == (0, [])
    assert "which days are workdays is not known here" in Said(office, "calendar", "--year", "2027").out
    loaded = Said(office, "workdays", folder / "days.csv", "--json")
    assert (loaded.json["days"], loaded.json["years"], loaded.json["changed"]) == (1, ["2027"], 0)
    assert "1 Jan 2004 to 31 Dec 2027" in loaded.err
    after = asked(office, "calendar", "--year", "2027")
    assert (after["known_days"], after["days"], after["office_hours"]) == (365, 365, "08:00-12:00 14:00-18:00")
    assert after["exceptions"] == [
        {"first": "2027-02-06", "last": "2027-02-06", "days": 1, "workday": False, "name": "示例", "own": True}
    ]
    assert after["covered"] == [["2004-01-01", "2027-12-31"]]
    assert asked(office, "undo", "--workdays")["file"] == "days.csv"
    assert asked(office, "calendar", "--year", "2027")["known_days"] == 0
    assert Said(office, "undo", "--workdays").code == 2
    both = Said(office, "undo", "--workdays", "--deadlines")
    assert both.code == 2
    assert "one thing at a time" in both.err
    assert Said(office, "calendar", "--year", "1066").code == 2


def test_the_calendar_of_a_year_is_that_of_the_state_councils_notice(folder):
    # Notice for 2024: Spring Festival 10 to 17 February, work on 4 and 18 February
    rows = [row for row in asked(folder / "w", "calendar", "--year", "2024")["exceptions"] if "Spring" in row["name"]]
    assert [(row["first"], row["last"], row["days"], row["workday"]) for row in rows] == [
        ("2024-02-04", "2024-02-04", 1, True),
        ("2024-02-10", "2024-02-17", 8, False),
        ("2024-02-18", "2024-02-18", 1, True),
    ]
    said = Said(folder / "w", "calendar", "--year", "2024")
    assert "Spring Festival" in said.out
    assert json.loads(Said(folder / "w", "calendar", "--json").out)["year"] == 2026  # the last with known days


def test_a_changed_setting_or_table_says_how_many_cases_are_due_at_another_time(folder):
    office = folder / "w"
    target = {"target_at": "2026-01-05 20:00", "due_at": "2026-01-05 20:00", "due_from": "file"}
    one = {"incident_id": "1", "reported_at": "2026-01-05 08:00", "hazard": "waterlogging", **target}
    store(with_grids(office), rows([one, {**one, "incident_id": "2", "hazard": "other"}]))
    moved, none = "1 case is due at another time now.", "No case is due at another time."
    assert moved in Said(office, "standard", folder / "own.csv").out  # 2 hours, not 12; no row fits the other case
    assert none in Said(office, "standard", folder / "own.csv", "--valid-from", "2030-01-01").out
    assert Said(office, "settings", "--set", "file_deadline=wins").out.endswith(moved + "\n")
    assert none in Said(office, "settings", "--set", "clock_end=handled").out
    said = Said(office, "settings", "--set", "file_deadline=fills", "--json")
    assert moved in said.err
    assert {row["name"]: row["value"] for row in said.json}["file_deadline"] == "fills"
    assert "another time" not in Said(office, "settings", "--set", "fdr=0.1").out + Said(office, "settings").out


def test_what_is_asked_in_vain_is_told(folder):
    office = folder / "w"
    assert "known:" in Said(office, "deadlines", "--scheme", "nope").err
    refused = Said(office, "resolution", "--summary", "--by", "cell")
    assert (refused.code, "--by cell" in refused.err) == (2, True)
