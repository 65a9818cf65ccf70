"""`cli.py rain` and `undo --rain`: loaded, listed, written, removed, taken back, and refused with a sentence."""

import pytest
from test_cli import Said

HOURS = "站名,时间,雨量(mm)\n甲,2025-06-01 08:00,1\n甲,2025-06-01 09:00,缺测\n乙,2025-06-01 09:00,-3\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "雨量.csv"
    path.write_text(HOURS, encoding="utf-8")
    return path


def test_a_table_of_rain_is_tried_loaded_listed_and_taken_back(file, tmp_path):
    folder = tmp_path / "w"
    tried = Said(folder, "rain", file, "--dry-run", "--json")
    assert (tried.json["read"], tried.json["new"], tried.json["rejected"]) == (3, 2, 1)
    assert Said(folder, "rain", "--json").json == []
    loaded = Said(folder, "rain", file, "--json")
    assert [loaded.json[key] for key in ("read", "new", "missing", "readings", "hours")] == [3, 2, 1, 2, 1]
    assert loaded.json["rejected_rows"][0]["row"] == 4
    rows = Said(folder, "rain", "--json").json
    assert [(one["station"], one["readings"], one["missing"], one["mm"]) for one in rows] == [("甲", 2, 1, 1)]
    out = tmp_path / "out.csv"
    assert "out.csv" in Said(folder, "rain", "--out", out).out
    again = Said(folder, "rain", out, "--json")
    assert (again.json["unchanged"], again.json["rejected"]) == (2, 0)
    assert Said(folder, "rain", "--remove", "甲", "--json").json["readings"] == 0
    assert Said(folder, "undo", "--rain", "--json").json["readings"] == 2


def test_wrong_words_are_refused(file, tmp_path):
    said = Said(tmp_path / "w", "rain", file, "--unit", "cm")
    assert (said.code, "cm" in said.err) == (2, True)
    assert Said(tmp_path / "w", "rain", file, "--remove", "甲").code == 2
    assert Said(tmp_path / "w", "undo", "--rain").code == 2
