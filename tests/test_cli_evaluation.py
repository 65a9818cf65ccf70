"""The command line for finished projects: one project with what programs rely on, all of them, files, refusals."""

import geopandas as gpd
import pytest
from drained_office import office
from python_calamine import CalamineWorkbook
from test_cli import Said, asked

from base.text import Words
from commands.frame import WORDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("drained")
    office(made)
    return made


def test_one_project_is_told_with_what_programs_rely_on(folder):
    told = asked(folder, "evaluate", "--project", "P1")
    assert {"rate_ratio", "low", "high", "wet_days_before", "wet_days_after", "verdict"} <= told.keys()
    assert (told["verdict"], round(told["rate_ratio"], 9), told["before"], told["after"]) == ("helped", 0.5, 36, 24)
    assert told["low"] < 0.5 < told["high"] < 1
    people = Said(folder, "evaluate", "--project", "P1").out
    assert "Drain of A helped: 50% less waterlogging reported" in people
    assert "- Cells left out of the comparison: 1 next to the project." in people


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_all_finished_projects_are_listed(folder, monkeypatch, lang):
    monkeypatch.setattr(WORDS, "__dict__", vars(Words(lang)))
    (row,) = asked(folder, "evaluate")
    assert (row["project_id"], row["verdict"], row["finished_on"]) == ("P1", "helped", "2024-12-31")
    assert "P1 · Drain of A" in Said(folder, "evaluate").out


def test_the_comparison_is_changed_by_options(folder):
    question = ("evaluate", "--project", "P1")
    told = asked(folder, *question, "--controls", "C", "--controls", "D", "--leave-out", "E")
    assert (told["controls"], told["left_out"]["hand"]) == (["C", "D"], ["E"])
    told = asked(folder, *question, "--choice-start", "2023-07-01", "--choice-end", "2024-01-01")
    assert told["before"] == 6 * 8 + 36
    told = asked(folder, *question, "--since", "2024-04-01", "--count", "calls", "--exposure", "months")
    assert (told["before"], told["count"], told["measure"]) == (24, "calls", "months")
    told = asked(folder, *question, "--as-of", "2025-03-01")
    assert (told["after"], told["verdict"]) == (4, "too_early")


def test_files_are_written(folder, tmp_path):
    for suffix in ("xlsx", "gpkg"):
        out = tmp_path / f"o.{suffix}"
        assert asked(folder, "evaluate", "--project", "P1", "--out", out)["file"] == str(out)
    assert len(CalamineWorkbook.from_path(tmp_path / "o.xlsx").sheet_names) == 5
    assert len(gpd.read_file(tmp_path / "o.gpkg", layer="cells")) == 12


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--project", "P2"), "no day of completion"),
        (("--project", "P9"), "There is no project P9. Stored are: P1, P2."),
        (("--project", "P1", "--controls", "B"), "take them out"),
        (("--project", "P1", "--leave-out", "Z"), "There is no cell Z"),
        (("--project", "P1", "--choice-start", "2024-01-01"), "--choice-end"),
        (("--project", "P1", "--exposure", "snow"), "snow is none of"),
        (("--project", "P1", "--out", "o.csv"), "o.csv ends neither"),
        (("--out", "o.xlsx"), "--project"),
        (("--project", "P1", "--as-of", "2024-12-15"), "can be told later"),
    ],
)
def test_refusals_are_a_sentence(folder, options, words):
    said = Said(folder, "evaluate", *options)
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err
