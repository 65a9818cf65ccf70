"""The command line for priorities: JSON as other programs rely on it, files, refusals, and nothing else printed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import works_cases
from python_calamine import CalamineWorkbook
from test_cli import Said, asked

from base.text import Words
from commands.frame import WORDS
from data.schema import Scope
from data.store import Workspace
from reports import priority_words
from reports.priorities import Asked, priorities
from reports.terminal import nothing_printed

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def office():
    return works_cases.office()


def test_json_is_the_answer_that_the_page_shows(office):
    answer = asked(office, "priorities", "--budget", "600000")
    found = priorities(Workspace(office).newest(), Scope("grid"), Asked(600_000))
    assert answer["chosen"] == found.chosen["project_id"].tolist()
    assert (answer["cost"], answer["benefit"]) == pytest.approx((found.choice.cost, found.choice.benefit))
    assert (answer["gap"], answer["optimal"]) == (0, True)
    assert {one["project_id"]: one["rank"] for one in answer["ranking"]} == dict(
        zip(found.rows["project_id"], found.rows["rank"], strict=True)
    )
    assert answer["sentence"] == priority_words.main(found).say(Words("en"))


def test_weights_effects_and_rules_are_taken(office, tmp_path):
    file = tmp_path / "w.json"
    file.write_text(json.dumps({"events": 1}), encoding="utf-8")
    rest = ("--weights", file, "--method", "topsis", "--effect", "pump=0.9", "--must", "P3", "--months", 12)
    answer = asked(office, "priorities", "--budget", "900000", *rest)
    assert answer["weights"] == {"events": 1.0}
    assert answer["method"] == "topsis"
    assert answer["effects"]["pump"] == 0.9
    assert "P3" in answer["chosen"]
    assert answer["period"]["months"] == 12
    yearly = asked(office, "priorities", "--budget", 900_000, "--yearly", 300_000, "--yearly", 400_000)
    assert {one["year"] for one in yearly["ranking"] if one["chosen"]} <= {1, 2}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_people_read_the_finding_the_list_and_why_others_cannot_be_chosen(office, monkeypatch, lang):
    monkeypatch.setattr(WORDS, "__dict__", vars(Words(lang)))
    said = Said(office, "priorities", "--budget", "600000")
    assert said.code == 0
    found = priorities(Workspace(office).newest(), Scope("grid"), Asked(600_000))
    assert priority_words.main(found).say(Words(lang)) in said.out
    for number in ("P1", "P5", "P7", "P10"):
        assert number in said.out


def test_files_are_written_by_their_ending(office, tmp_path):
    answer = asked(office, "priorities", "--budget", "600000", "--out", tmp_path / "o.xlsx")
    assert answer["file"].endswith("o.xlsx")
    assert "Projects" in CalamineWorkbook.from_path(tmp_path / "o.xlsx").sheet_names
    assert Said(office, "priorities", "--budget", "600000", "--out", tmp_path / "o.gpkg").code == 0
    assert (tmp_path / "o.gpkg").read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--budget", "40000"), "The cheapest project costs 50,000 yuan"),
        (("--budget", "200000", "--must", "P1"), "must be built cost 300,000 yuan"),
        (("--budget", "600000", "--must", "P9"), "its place lies outside the boundary"),
        (("--budget", "600000", "--effect", "pump=much"), "much is no share"),
        (("--budget", "600000", "--effect", "pump"), "takes NAME=VALUE"),
        (("--budget", "600000", "--out", "o.pdf"), "ends in neither .xlsx nor .gpkg"),
        (("--budget", "600000", "--weights", "nowhere.json"), "There is no file nowhere.json"),
        (("--budget", "nan"), "A budget is a number of yuan"),
        (("--budget", "600000", "--time-limit", "0"), "A time limit is a number of seconds"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence_and_code_2(office, options, says):
    refused = Said(office, "priorities", *options)
    assert refused.code == 2
    assert says in refused.err
    assert refused.out == ""


def test_comparisons_that_contradict_each_other_are_shown_not_refused(office, tmp_path):
    file = tmp_path / "w.json"
    pairs = [["events", "days", 3], ["days", "sunken_covers", 3], ["events", "sunken_covers", 0.2]]
    file.write_text(json.dumps({"pairs": pairs}), encoding="utf-8")
    answer = asked(office, "priorities", "--budget", "600000", "--weights", file)
    assert answer["consistency_ratio"] > 0.1
    assert any("contradict each other" in one for one in answer["sentences"])


def test_what_a_library_prints_in_c_is_no_part_of_the_answer(capfd):
    with nothing_printed():
        os.write(1, b"HiGHS says something\n")
    os.write(1, b"answer\n")
    out, err = capfd.readouterr()
    assert out == "answer\n"
    assert "HiGHS says something" in err


def test_the_answer_of_the_program_itself_is_json_alone(office):
    command = [sys.executable, str(ROOT / "cli.py"), "--workspace", str(office), "priorities", "--budget", "600000"]
    done = subprocess.run([*command, "--json"], capture_output=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout)["optimal"] is True
