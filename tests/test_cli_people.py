"""What the commands print for people: sentences and tables of 100 columns, and nothing that steers a terminal."""

import pandas as pd
import pytest
from rich.cells import cell_len
from stored import with_grids
from test_cli import Said, asked

from base.text import Words
from commands.frame import WORDS
from data.corrections import AGAIN, CORRECTED, LEFT_OUT, OPEN, SETTLED
from data.inert import as_it_was, inert
from data.store import Workspace
from reports import people, plain, terminal

HEADER = "案卷号,上报时间,小类名称,地址,经度,纬度\n"
STEERING = "红\x1b[31m\x1b]0;taken\x07\x9b2J\u202e[red]x[/red]"


@pytest.fixture
def folder(tmp_path):
    with_grids(tmp_path / "w")
    return tmp_path


def put(folder, name, *lines):
    (folder / name).write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder / name


MARCH = ("1,2025-03-01,道路积水,示例路1号,113.005,33.005", "2,昨天,道路积水,=1+1,113.005,33.005", "合计,,2,,,")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_list_fits_in_100_columns_and_holds_no_codes_of_ours_and_no_none(folder, monkeypatch, language):
    monkeypatch.setattr(WORDS, "__dict__", vars(Words(language)))
    long = "示例街道示例社区" * 9
    put(folder, "a.csv", *MARCH, f"3,2025-03-01,道路积水,{long},,")
    said = Said(folder / "w", "import", folder / "a.csv", "--save-profile", "月报")
    assert said.err == ""
    import_id = asked(folder / "w", "imports")[0]["import_id"]
    assert f"cli.py rejected --import {import_id}" in said.out
    assert "cli.py quality --item no-location" in said.out
    commands = (
        ("imports",), ("history",), ("quality",), ("quality", "--item", "no-location"), ("rejected",), ("profiles",),
        ("settings",), ("count",), ("resolution",), ("person", "find", "示例路1号"), ("systems", folder / "a.csv"),
    )  # fmt: skip
    for command in commands:
        text = Said(folder / "w", *command).out
        assert text.strip()
        for line in text.splitlines():
            assert cell_len(line) <= 100 or line[-1] in ".。", (command, line)
        for wrong in ("None", "nan", "{", "NaT", "import_id"):
            assert wrong not in text, (command, text)
    listed = "".join(Said(folder / "w", "quality", "--item", "no-location").out.split())
    assert long in listed  # broken into lines, not cut


def test_names_from_a_file_do_not_steer_the_terminal(folder):
    name = f"a{STEERING}.csv".replace("/", "")
    put(folder, name, f"1,{STEERING},道路积水,x,113.005,33.005", f"2,2025-03-01,{STEERING},{STEERING},,")
    texts = [Said(folder / "w", "import", folder / name, "--source", STEERING, "--json").err]
    commands = (
        ("import", folder / name, "--source", "b"), ("imports",), ("history",), ("rejected",), ("quality",),
        ("quality", "--item", "no-location"), ("count", "--by", "source"), ("person", "find", "taken"),
        ("count", "--hazard", STEERING), ("import", folder / f"no{name}"),
    )  # fmt: skip
    for command in commands:
        said = Said(folder / "w", *command)
        texts += [said.out, said.err]
    for text in texts:
        assert not set(text) & set("\x1b\x07\x9b\u202e"), text
    assert any("[red]x[" in text for text in texts)  # markup of the table writer stays what was typed


def test_the_sheet_of_one_import_goes_out_and_comes_back_and_several_are_named(folder):
    office = folder / "w"
    first = asked(office, "import", put(folder, "march.csv", *MARCH))["import_id"]
    out = folder / "rows.xlsx"
    assert asked(office, "rejected", "--out", out) == {"file": str(out), "rows": 1}  # without the totals
    second = asked(office, "import", put(folder, "april.csv", "12,前天,道路积水,x,113.005,33.005"))["import_id"]
    refused = Said(office, "rejected", "--out", out)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert f"{second} (april.csv: 1), {first} (march.csv: 1)" in refused.err
    assert asked(office, "rejected", "--import", second, "--out", out)["rows"] == 1
    asked(office, "undo", second)
    asked(office, "undo")
    nothing = Said(office, "rejected", "--out", folder / "none.csv", "--json")
    assert nothing.json == {"file": None, "rows": 0}
    assert not (folder / "none.csv").exists()


def test_a_csv_of_rejected_rows_holds_no_formula_and_comes_back_as_the_workbook_does(folder):
    office, out = folder / "w", folder / "rows.csv"
    asked(office, "import", put(folder, "march.csv", *MARCH))
    assert asked(office, "rejected", "--out", out)["rows"] == 1
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert b",'=1+1," in content
    out.write_bytes(content.replace(",昨天,道路".encode(), ",2025-03-02,道路".encode()))
    back = asked(office, "import", out)
    assert [back[key] for key in ("read", "accepted", "rejected", "crs_from")] == [1, 1, 0, "import"]
    (row,) = Workspace(office).newest().query("SELECT address FROM incidents WHERE incident_id = '2'").to_pylist()
    assert row["address"] == "=1+1"
    assert {one["reason"]: one["settled_by"] for one in asked(office, "rejected")} == {
        "time-unreadable": back["import_id"], "totals-row": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["=1+1", "'=1", "''@x", "-3", "-3+1", "'x", "+86 1", "＝1", "113.5", "", "-1e3",
     "\n=1+1", " =1+1", "\u3000＝1", "' =1", " -3", "\xa0\t@x", " x=1", "\v+cmd"],
)  # fmt: skip
def test_a_text_kept_from_being_a_formula_comes_back_as_it_was(text):
    kept = inert(text)
    assert not kept.lstrip().startswith(("=", "@", "＝", "+8", "+c", "-3+"))
    assert as_it_was(pd.Series([kept])).tolist() == [text]


def test_doubtful_rows_are_named_by_their_first_rows(folder):
    lines = [f"{n},2025-03-01,道路积水,x,," for n in range(7)]
    said = Said(folder / "w", "import", put(folder, "lost.csv", *lines), "--dry-run", "--json")
    assert said.json["remark_rows"] == {"no-location": [2, 3, 4, 5, 6]}
    assert "The first of them: row 2, 3, 4, 5, 6." in said.err


def test_originals_that_hold_a_person_are_named_by_file_and_import_without_the_person(folder):
    office = folder / "w"
    answer = asked(office, "import", put(folder, "王小明.csv", "1,2025-03-01,道路积水,王小明家,113.005,33.005"))
    (found,) = [one for one in asked(office, "person", "find", "王小明") if one["place"] == "originals"]
    assert (found["source"], found["incident_id"]) == (answer["import_id"], "***.csv")
    text = Said(office, "person", "find", "王小明").out
    assert f"***.csv ({answer['import_id']})" in text
    assert "王小明" not in text


def rejected_rows(*states):
    facts = {
        "row": 2,
        "reason": "time-unreadable",
        "value": "昨天",
        "column": "上报时间",
        "settled_by": "000009-abcdef01",
    }
    return pd.DataFrame([{"import_id": "a", **facts, "state": state} for state in states])


class Named:
    file = "march.csv"

    def imported(self, _id):
        return self


def test_only_rows_that_came_in_since_are_said_to_be_settled():
    assert "000009" not in "".join(plain.rejected(Named(), rejected_rows(AGAIN, OPEN, LEFT_OUT), Words("en")))
    for state in (CORRECTED, SETTLED):
        text = "\n".join(plain.rejected(Named(), rejected_rows(AGAIN, state), Words("en")))
        assert (text.count("000009"), text.count("Settled by import")) == (1, 1)


def test_sentences_are_made_only_of_the_rows_that_are_shown(monkeypatch):
    made, say = [], people.rejected_sentences
    monkeypatch.setattr(people, "rejected_sentences", lambda rows, words: made.append(len(rows)) or say(rows, words))
    assert "The first 50 of 60 rows" in "".join(plain.rejected(Named(), rejected_rows(*[OPEN] * 60), Words("en")))
    assert made == [50]


def test_medians_by_channel_and_points_far_outside_are_listed_for_people(folder):
    lines = [f"{n},2025-03-01,道路积水,x,113.005,33.005" for n in range(9)]
    path = put(folder, "a.csv", *lines, "lost,2025-03-01,道路积水,x,13.005,33.005")
    assert Said(folder / "w", "import", path).err == ""
    period, *lines = Said(folder / "w", "resolution", "--by", "channel").out.splitlines()
    assert period.startswith("All time")
    assert "10 of sources that tell no closing" in "".join(lines)  # so nobody knows which are open
    assert any(line.startswith("Channel") for line in lines)
    listed = " ".join(Said(folder / "w", "quality", "--item", "far-outside").out.split())
    for said in ("km from the boundary", "Was a digit lost or mistyped?"):
        assert all(word in listed for word in said.split()), listed


def test_points_far_outside_are_none_where_no_boundary_is(tmp_path):
    path = put(tmp_path, "a.csv", MARCH[0])
    assert Said(tmp_path / "w", "import", path).err == ""
    said = Said(tmp_path / "w", "quality", "--item", "far-outside")
    assert (said.code, said.out.strip(), said.err) == (0, "Nothing to list.", "")


def test_a_source_whose_name_holds_a_comma_is_one_source():
    found = [{"place": "incidents", "source": "热线, 夜班", "incident_id": "1", "column": "address", "count": 1}]
    data = type("Data", (), {"imports": ()})()
    assert "热线, 夜班" in "".join(plain.person_found(found, "王小明", data, Words("zh")))
    found[0] |= {"place": "originals", "source": "a1, a2"}
    assert "a1、a2" in "".join(plain.person_found(found, "王小明", data, Words("zh")))


def test_the_help_of_count_says_that_voided_cases_are_in_it(tmp_path):
    assert "voided" in Said(tmp_path, "count", "--help").out


@pytest.mark.parametrize("title", ["Rain of all readings (mm)", "全部读数的累计雨量（毫米）"])
def test_a_number_is_never_broken_its_title_gives_way(title):
    frame = pd.DataFrame({f"t{at}": ["示例雨量站一"] for at in range(4)} | {f"n{at}": [1234.5] for at in range(4)})
    lines = terminal.table(frame, {name: name if name[0] == "t" else title for name in frame}, Words("en"))
    (numbers,) = [line.split()[4:] for line in lines if "1,234" in line]
    assert numbers == ["1,234.5"] * 4
    assert max(map(cell_len, lines)) <= 100
    rule = next(at for at, line in enumerate(lines) if line.startswith("─"))
    said = "".join(lines[:rule])
    assert all(said.count(sign) >= 4 * title.count(sign) for sign in set(title) - {" "})
