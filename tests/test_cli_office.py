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
    assert [(one["state"], one["settled_by"]) for one in listed] == [("again", ""), ("open", "")]
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


PLACES = "案卷号,上报时间,小类名称,地址,经度,纬度\n"


def test_the_systems_that_fit_are_counted_and_the_one_with_exchanged_axes_is_taken(folder):
    # 113.005, 33.005 in EPSG:4547 (pyproj 3.7.2); surveyors write north first
    table = folder / "survey.csv"
    table.write_text(PLACES + "1,2025-03-01,道路积水,,3653742.376,407017.381\n", encoding="gb18030")
    said = Said(folder / "w", "systems", table, "--json")
    assert said.json[0] == {"crs": "EPSG:4547 (y, x)", "inside": 1, "n": 1}
    assert "EPSG:4547, the two columns exchanged, 1 of 1 points" in said.err
    assert "EPSG:4547 (y, x)" in Said(folder / "w", "systems", table).out
    came = asked(folder / "w", "import", table, "--crs", "EPSG:4547 (y, x)")
    assert came["levels"]["grid"]["inside"] == 1
    (folder / "words.csv").write_text("案卷号,小类名称,地址\n1,道路积水,示例路8号\n", encoding="utf-8")
    none = Said(folder / "w", "systems", folder / "words.csv", "--json")
    assert (none.code, "no columns of coordinates" in none.err) == (2, True)
    bare = Said(folder / "empty", "systems", table, "--json")
    assert (bare.code, "polygons first" in bare.err) == (2, True)


def test_a_table_of_addresses_places_a_case_and_another_is_placed_by_hand(folder):
    office = folder / "w"
    lines = ["1,2025-03-01,道路积水,示例路8号,,", "2,2025-03-01,道路积水,示例巷,,", "3,2025-03-02,道路积水,示例里,,"]
    (folder / "lost.csv").write_text(PLACES + "\n".join([*lines, ""]), encoding="utf-8")
    came = asked(office, "import", folder / "lost.csv", "--source", "热线")
    assert came["levels"]["grid"] == {"inside": 0, "near": 0, "outside": 0, "no_location": 3}
    (folder / "known.csv").write_text("何处,东,北\n示例路8号,113.005,33.005\n示例路9号,,\n", encoding="utf-8")
    columns = [f"--map={field}" for field in ("address=何处", "lon=东", "lat=北")]
    said = Said(office, "addresses", folder / "known.csv", "--crs", "wgs84", *columns, "--json")
    assert [said.json[key] for key in ("read", "accepted", "rejected", "placed")] == [2, 1, 1, 1]
    assert [one["row"] for one in said.json["rejected_rows"]] == [3]
    assert "1 report without coordinates was placed" in said.err
    lost = asked(office, "quality", "--item", "no-location")
    assert [one["incident_id"] for one in lost] == ["3", "2"]
    assert (
        asked(office, "locate", "2", "--source", "热线", "--lon", "113.015", "--lat", "33.005")["cells"]["grid"] == "B"
    )
    assert asked(office, "locate", "3", "--source", "热线", "--cell", "C")["cells"] == {"community": "E", "grid": "C"}
    assert asked(office, "quality", "--item", "no-location") == []
    for wrong in (("4", "--cell", "C"), ("3",), ("3", "--cell", "Z")):
        refused = Said(office, "locate", *wrong, "--source", "热线", "--json")
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)


def test_how_a_file_is_read_can_be_said_in_every_respect(folder):
    text = (
        "示例街道三月报表\n编|时|类|东|北\n1|2025-03-01|道路积水|113.005|33.005\n1|2025-03-02|道路积水|113.005|33.005\n"
    )
    table = folder / "report.txt"
    named = [f"--map={one}" for one in ("incident_id=编", "reported_at=时", "type_name=类", "lon=东", "lat=北")]
    how = ("--encoding", "gb18030", "--delimiter", "|", "--header-row", 2, "--header-rows", 1)
    table.write_text(text, encoding="gb18030")
    doubtful = asked(folder / "w", "import", table, *how, *named, "--dry-run")
    assert (doubtful["accepted"], doubtful["rejected"]) == (0, 2)
    newest = asked(folder / "w", "import", table, *how, *named, "--duplicates", "newest", "--scheme", "none")
    assert [newest[key] for key in ("read", "accepted", "repeats", "by_month")] == [2, 1, 1, {"2025-03": 1}]
    for wrong in (
        ("--duplicates", "oldest"), ("--scheme", "mine"), ("--delimiter", "ab"), ("--header-row", 9),
    ):  # fmt: skip
        said = Said(folder / "w", "import", table, *how, *named, *wrong, "--dry-run", "--json")
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), (wrong, said.err, said.out)
