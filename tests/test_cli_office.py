"""The command line for a clerk's files: profiles, rejected rows as a sheet, the quality report, the history."""

import json

import pytest
from stored import with_grids
from test_cli import Said, asked

HEADER = "号,何时,什么,东,北"
MAP = [f"--map={field}" for field in ("incident_id=号", "reported_at=何时", "type_name=什么", "lon=东", "lat=北")]


@pytest.fixture
def folder(tmp_path):
    with_grids(tmp_path / "w")
    for name, lines in {
        "march.csv": ["1,05/03/2025,道路积水,113.005,33.005", "2,昨天,道路积水,113.005,33.005"],
        "april.csv": ["3,05/04/2025,道路积水,113.005,33.005"],
    }.items():
        (tmp_path / name).write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    return tmp_path


def test_a_profile_is_saved_applied_by_itself_left_out_and_removed(folder):
    office = folder / "w"
    first = asked(office, "import", folder / "march.csv", *MAP, "--day-first", "--save-profile", "月报")
    assert (first["saved_profile"], first["profile"], first["accepted"]) == ("月报", None, 1)
    assert not {"choices", "preview"} & set(first)
    (listed,) = asked(office, "profiles")
    assert (listed["name"], listed["headers"], listed["options"]["day_first"]) == ("月报", HEADER.split(","), True)
    without = Said(office, "import", folder / "april.csv", "--no-profile", "--dry-run", "--json").json
    assert (without["profile"], without["mapping"]) == (None, {"lon": "东", "lat": "北"})  # what the values tell
    dry = Said(office, "import", folder / "april.csv", "--dry-run", "--json")
    assert (dry.json["profile"], dry.json["by_month"]) == ("月报", {"2025-04": 1})
    assert "月报" in dry.err
    assert asked(office, "import", folder / "april.csv", "--profile", "月报", "--source", "x")["accepted"] == 1
    assert asked(office, "profiles", "--delete", "月报")["name"] == "月报"
    gone = Said(office, "import", folder / "april.csv", "--profile", "月报")
    assert (gone.code, gone.out) == (2, "")
    assert [one["kind"] for one in asked(office, "history")][:2] == ["Saved profile", "Import"]


def test_a_profile_that_cannot_be_saved_is_refused_before_anything_is_stored(folder):
    said = Said(
        folder / "w", "import", folder / "march.csv", *MAP, "--save-profile", "p", "--where", "什么=13812345678"
    )
    assert said.code == 2
    assert "personal data" in said.err
    assert asked(folder / "w", "imports") == []


def test_rejected_rows_go_out_as_a_sheet_and_are_listed_with_what_settled_them(folder):
    office = folder / "w"
    asked(office, "import", folder / "march.csv", *MAP, "--day-first")
    out = folder / "rejected.xlsx"
    assert asked(office, "rejected", "--out", out) == {"file": str(out), "rows": 1}
    again = asked(office, "import", out)  # nothing is corrected: read, known and rejected again
    assert [again[key] for key in ("read", "accepted", "rejected")] == [1, 0, 1]
    listed = asked(office, "rejected")
    assert [one["settled_by"] for one in listed] == [again["import_id"], ""]
    lost = Said(office, "rejected", "--out", folder / "none" / "x.xlsx")
    assert (lost.code, "cannot be written" in lost.err) == (2, True)


def test_the_quality_report_names_its_items_and_gives_the_rows_of_one(folder):
    office = folder / "w"
    asked(office, "import", folder / "march.csv", *MAP, "--day-first")
    items = {one["code"]: one for one in asked(office, "quality")}
    assert {key: items["missing-unit"][key] for key in ("source", "n", "of", "share")} == {
        "source": None, "n": 1, "of": 1, "share": 1.0,
    }  # fmt: skip
    assert items["rejected-time-unreadable"]["n"] == 1
    (row,) = asked(office, "quality", "--item", "missing-unit")
    assert (row["incident_id"], row["cell_id"]) == ("1", "A")
    (row,) = asked(office, "quality", "--item", "rejected-time-unreadable")
    assert row["row"] == 3
    assert "missing-unit" in Said(office, "quality").out
    wrong = Said(office, "quality", "--item", "x")
    assert (wrong.code, "is no item" in wrong.err) == (2, True)
    assert json.loads(Said(office, "quality", "--source", "none", "--json").out) == []
