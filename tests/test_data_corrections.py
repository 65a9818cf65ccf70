"""Rejected rows go out as a sheet and come back corrected: taken once, settled, and nothing else is doubled."""

import dataclasses
import datetime as dt
import io
import itertools
import random
import tempfile

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from stored import with_grids

from base.errors import HazardError
from base.text import Words
from data import persons, projects, rain
from data.accounts import Account, account
from data.calendar_table import load_workdays
from data.changes import set_location, set_rules, set_settings, undo
from data.correction_sheet import MARK, TITLES
from data.corrections import rejections
from data.dataset import Dataset
from data.deadline_table import DEADLINES, WORKDAYS, edition, remove_edition, save_edition, take_back
from data.exposures import join_exposures
from data.gazetteer import load_gazetteer
from data.levels import take_back_cells
from data.loading import import_incidents
from data.profiles import save_profile
from data.standards import load_standard
from data.store import Workspace
from reports import intake
from reports.sheet import write_csv, write_sheet

HEADERS = ["案卷号", "上报时间", "结案时间", "小类名称", "问题描述", "地址", "经度", "纬度", "Value"]
PLACE = ("示例路1号", "113.005", "33.005", "")


def csv(*rows: tuple) -> bytes:
    return "\n".join(",".join(map(str, row)) for row in [HEADERS, *rows]).encode()


def row(number, day="2025-03-05 14:30", *, closed="", text="", place=PLACE):
    return (number, day, closed, "道路积水", text, *place)


def load(workspace, content, name="a.csv", **options):
    return import_incidents(workspace, content, name, who="t", **options)


def sheet(workspace, language="zh", import_id=None) -> list[list]:
    """The download as a list of rows: what a person has before the eyes."""
    words = Words(language)
    frame, titles = intake.rejected_sheet(workspace.newest(), words, import_id)
    content = write_sheet(frame, titles, name=words("Rows not taken"), notes=["x"], words=words)
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)


def saved(rows: list[list]) -> bytes:
    """The rows as a spreadsheet program saves them, with an empty second sheet."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(buffer, options) as book:
        page = book.add_worksheet("数据")
        for place, cells in enumerate(rows):
            page.write_row(place, 0, cells)
        book.add_worksheet("说明")
    return buffer.getvalue()


def correct(rows, at, header, value):
    rows[at][rows[0].index(header)] = value
    return rows


def open_rows(workspace):
    found = rejections(workspace.newest())
    return found.loc[found["state"] == "open", ["import_id", "row", "reason"]].to_numpy().tolist()


def cases(workspace):
    found = workspace.newest().query("SELECT incident_id, reported_at, description FROM incidents").to_pylist()
    return sorted((one["incident_id"], f"{one['reported_at']:%m-%d %H:%M}", one["description"]) for one in found)


@pytest.fixture
def workspace(tmp_path):
    return with_grids(tmp_path / "w")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_corrected_row_is_taken_and_no_longer_open_and_the_rest_is_left_as_it_is(workspace, language):
    first = load(workspace, csv(row(1), row(2, "昨天"), row(3, "前天"), row(4)))
    rows = correct(sheet(workspace, language), 1, "上报时间", "2025-03-06 08:00")
    answer = load(workspace, saved(rows), "b.xlsx")
    assert [answer[key] for key in ("read", "accepted", "rejected", "repeats", "updated")] == [2, 1, 1, 0, 0]
    assert cases(workspace) == [("1", "03-05 06:30", ""), ("2", "03-06 00:00", ""), ("4", "03-05 06:30", "")]
    assert set(answer["mapping"].values()) <= set(HEADERS)
    found = rejections(workspace.newest())
    found = found[found["import_id"] == first["import_id"]]
    assert found["settled_by"].tolist() == [answer["import_id"], ""]  # taken, and rejected anew
    assert open_rows(workspace) == [[answer["import_id"], 3, "time-unreadable"]]
    shown, n = intake.rejected_rows(workspace.newest(), Words("en"))
    assert (shown[["file", "row"]].to_numpy().tolist(), n) == ([["a.csv", 4]], 1)  # the office's own
    assert shown["sentence"][0].endswith(" (row 3 of the sheet b.xlsx)")


def test_the_same_sheet_again_and_again_doubles_nothing(workspace):
    load(workspace, csv(row(1), row("", "昨天", text="甲"), row("", "前天", text="乙"), row("", text="丙")))
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06 08:00")
    content = saved(rows)
    load(workspace, content, "b.xlsx")
    assert load(workspace, content, "b.xlsx")["unchanged"]
    rows = correct(rows, 2, "上报时间", "2025-03-07 08:00")
    answer = load(workspace, saved(rows), "b.xlsx")
    assert [answer[key] for key in ("accepted", "rejected", "repeats", "updated")] == [1, 0, 1, 0]
    assert (len(cases(workspace)), open_rows(workspace)) == (4, [])
    rows = correct(rows, 1, "上报时间", "2025-03-09 08:00")  # corrected once more: the same case, not another one
    answer = load(workspace, saved(rows), "b.xlsx")
    assert [answer[key] for key in ("accepted", "rejected", "repeats", "updated")] == [1, 0, 1, 1]
    assert [(day, text) for _, day, text in cases(workspace) if text == "甲"] == [("03-09 00:00", "甲")]


def test_a_row_without_a_number_does_not_take_the_place_of_an_equal_report_in_its_file(workspace):
    twin = row("", closed="2025-03-06 09:00")
    load(workspace, csv(twin, row("", "2025-13-05 14:30", closed="2025-03-07 09:00")))
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-05 14:30")
    answer = load(workspace, saved(rows), "b.xlsx")
    assert (answer["accepted"], answer["updated"], len(cases(workspace))) == (1, 0, 2)
    whole = load(workspace, csv(twin, row("", closed="2025-03-07 09:00")), "c.csv")  # the whole file, corrected
    assert (whole["accepted"], whole["repeats"], len(cases(workspace))) == (0, 2, 2)


def test_a_row_of_which_only_masked_text_is_kept_is_the_same_case_in_the_corrected_file(workspace):
    load(workspace, csv(row("", "昨天", text="电话 13812345678"), row("", text="乙")))
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-05 14:30")
    assert "13812345678" not in str(rows)
    load(workspace, saved(rows), "b.xlsx")
    answer = load(workspace, csv(row("", text="电话 13812345678"), row("", text="乙")), "c.csv")
    assert (answer["accepted"], answer["repeats"]) == (0, 2)


def test_undo_of_the_corrections_opens_the_rows_again(workspace):
    first = load(workspace, csv(row(1), row("", "昨天"), row(3, "前天")))
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06 08:00")
    load(workspace, saved(rows), "b.xlsx")
    undo(workspace, who="t")
    assert open_rows(workspace) == [[first["import_id"], at, "time-unreadable"] for at in (3, 4)]
    assert load(workspace, saved(rows), "b.xlsx")["accepted"] == 1
    assert len(cases(workspace)) == 2


def test_rows_are_settled_too_when_the_whole_corrected_file_comes(workspace):
    load(workspace, csv(row(1), row(2, "昨天"), row(3, "前天")))
    answer = load(workspace, csv(row(1), row(2), row(3, "前天")), "b.csv")
    assert open_rows(workspace) == [
        [workspace.newest().imports[0].import_id, 4, "time-unreadable"],
        [answer["import_id"], 4, "time-unreadable"],
    ]


def test_a_case_that_was_known_before_does_not_settle_a_row_rejected_later(workspace):
    load(workspace, csv(row(1)))
    second = load(workspace, csv(row(1, "昨天")), "b.csv")
    assert open_rows(workspace) == [[second["import_id"], 2, "time-unreadable"]]


def test_of_rows_with_one_number_the_right_one_is_kept_and_the_others_are_settled_with_it(workspace):
    load(workspace, csv(row(1), row(7, text="甲"), row(7, text="乙")))
    rows = sheet(workspace)
    assert len(rows) == 3
    del rows[1]
    answer = load(workspace, saved(rows), "b.xlsx")
    assert (answer["accepted"], open_rows(workspace)) == (1, [])
    assert [text for number, _, text in cases(workspace) if number == "7"] == ["乙"]


def test_the_choices_of_their_import_are_applied_to_rows_that_come_back(workspace):
    content = csv(row(1, "05/03/2025"), row(2, "昨天"))
    options = {"crs": "gcj02", "day_first": True, "source": "热线", "zone": "Asia/Urumqi"}
    load(workspace, content, **options, mapping={"type_name": ""})
    rows = correct(sheet(workspace), 1, "上报时间", "06/03/2025")
    load(workspace, saved(rows), "b.xlsx")
    record = workspace.newest().imports[-1]
    assert {name: record.options[name] for name in options} == options
    assert "type_name" not in record.options["mapping"]
    assert record.accepted == 1


def test_rows_of_imports_with_different_choices_are_not_loaded_together(workspace):
    one = load(workspace, csv(row(1, "昨天")), source="热线")
    load(workspace, csv(row(2, "昨天")), source="巡查")
    with pytest.raises(HazardError, match="different choices"):
        load(workspace, saved(sheet(workspace)), "b.xlsx")
    rows = correct(sheet(workspace, import_id=one["import_id"]), 1, "上报时间", "2025-03-06")
    assert load(workspace, saved(rows), "b.xlsx")["accepted"] == 1
    assert len(open_rows(workspace)) == 1


@pytest.mark.parametrize("mark", ["000099-00000000:2", "=1+1", "../x:2", "{first}:999", "{first}:2 OR 1=1", "x" * 5000])
def test_a_mark_that_no_live_import_knows_makes_a_plain_new_row(workspace, mark):
    first = load(workspace, csv(row(1), row(2, "昨天")))["import_id"]
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06 08:00")
    rows[1][-1] = mark.replace("{first}", first)
    rows[1][rows[0].index("案卷号")] = "9"
    answer = load(workspace, saved(rows), "b.xlsx")
    assert answer["accepted"] == 1
    assert any("not known here (the first is row 2)" in str(note) for note in answer["notes"])
    assert open_rows(workspace) == [[first, 3, "time-unreadable"]]


def test_a_row_that_was_copied_with_its_mark_is_a_row_of_its_own(workspace):
    load(workspace, csv(row(1), row("", "昨天")))
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06 08:00")
    rows.append([*rows[1]])
    rows = correct(rows, 2, "上报时间", "2025-03-07 08:00")
    answer = load(workspace, saved(rows), "b.xlsx")
    assert answer["accepted"] == 2
    assert any("the mark of a row above them (the first is row 3)" in str(note) for note in answer["notes"])
    assert (len(cases(workspace)), open_rows(workspace)) == (3, [])
    assert account(workspace.newest()) == Account(read=3, accepted=3, corrected=1)


def test_a_row_that_was_added_to_the_sheet_has_no_mark_and_is_a_row_of_the_office(workspace):
    load(workspace, csv(row(1), row(2, "昨天")))
    rows = sheet(workspace)
    rows.append([*rows[1][:-1], ""])
    correct(rows, 2, "案卷号", "9")
    answer = load(workspace, saved(correct(rows, 2, "上报时间", "2025-03-07")), "b.xlsx")
    assert any("1 rows of the sheet bear no mark (the first is row 3)" in str(note) for note in answer["notes"])
    assert [one[0] for one in cases(workspace)] == ["1", "9"]
    assert account(workspace.newest()) == Account(read=3, accepted=2, open=1)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("emptied", [False, True])
def test_a_sheet_whose_marks_are_gone_is_refused_until_our_columns_are_gone_too(workspace, language, emptied):
    load(workspace, csv(row(1), row(2, "昨天")))
    rows = correct(sheet(workspace, language), 1, "上报时间", "2025-03-06")
    bare = [
        [*cells[:-1], ""] if emptied and place else cells[: None if emptied else -1] for place, cells in enumerate(rows)
    ]
    with pytest.raises(HazardError, match=r"b\.xlsx looks like a sheet of rejected rows, but its column hotspots_row"):
        load(workspace, saved(bare), "b.xlsx")
    own = [cells[len(TITLES) : -1] for cells in rows]
    assert load(workspace, saved(own), "b.xlsx")["accepted"] == 1


def test_a_row_rejected_again_stays_the_row_of_its_file_through_every_sheet(workspace):
    first = load(workspace, csv(row(1), row(2, "昨天"), row(3, "前天")))["import_id"]
    second = load(workspace, saved(correct(sheet(workspace), 1, "上报时间", "2025-03-06")), "b.xlsx")["import_id"]
    for one in (first, second, None):  # by its own file, by the sheet, and among all
        (_, came) = sheet(workspace, "en", one)
        assert came[:2] == ["a.csv", 4]
        assert "(row 3 of the sheet b.xlsx)" in came[4]
        assert came[-1] == f"{first}:4"
    third = load(workspace, saved(correct(sheet(workspace), 1, "上报时间", "大前天")), "c.xlsx")["import_id"]
    (_, came) = sheet(workspace, "en")
    assert (came[:2], came[3], came[-1]) == (["a.csv", 4], "大前天", f"{first}:4")
    load(workspace, saved(correct(sheet(workspace), 1, "上报时间", "2025-03-07")), "d.xlsx")
    assert (len(cases(workspace)), open_rows(workspace)) == (3, [])
    states = rejections(workspace.newest()).set_index(["import_id", "row"])["state"]
    assert states.to_dict() == {
        (first, 3): "corrected", (first, 4): "again", (second, 3): "again", (third, 2): "corrected",
    }  # fmt: skip
    assert account(workspace.newest()) == Account(read=3, accepted=3, corrected=2)


def test_a_row_taken_then_spoilt_then_corrected_is_one_case_all_the_while_and_never_open(workspace):
    load(workspace, csv(row(1), row("", "昨天")))
    rows = sheet(workspace)
    for day in ("2025-03-06", "后天", "2025-03-08"):
        load(workspace, saved(correct(rows, 1, "上报时间", day)), "b.xlsx")
        assert len(cases(workspace)) == 2
        assert account(workspace.newest()) == Account(read=2, accepted=2, corrected=1)
    assert sorted(day for _, day, _ in cases(workspace)) == ["03-05 06:30", "03-07 16:00"]


def test_a_file_is_not_taken_back_while_a_sheet_of_its_rows_is_in(workspace):
    first = load(workspace, csv(row(1), row(2, "昨天")))["import_id"]
    load(workspace, saved(correct(sheet(workspace), 1, "上报时间", "2025-03-06")), "b.xlsx")
    with pytest.raises(HazardError, match=r"a\.csv cannot be taken back: the later import .*b\.xlsx"):
        undo(workspace, first, who="t")
    undo(workspace, who="t")
    undo(workspace, first, who="t")
    assert account(workspace.newest()) == Account()


def test_the_numbers_of_the_office_count_a_row_once_and_say_what_became_of_it(workspace):
    good = [row(1), row(1), row(2), row(9, place=("别处", "113.005", "33.005", ""))]
    wrong = [row(n, "昨天") for n in (3, 4, 5)]
    load(workspace, csv(*good, *wrong), where={"地址": "示例路1号"})  # rows 2 to 8: 2 in, a repeat, one filtered
    assert account(workspace.newest()) == Account(read=7, accepted=2, repeats=1, open=3, left_out=1)
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06")
    load(workspace, saved(rows), "b.xlsx")
    load(workspace, csv(row(4)), "c.csv")  # the case comes in a later file
    found = account(workspace.newest())
    assert found == Account(read=8, accepted=4, corrected=1, repeats=1, settled=1, open=1, left_out=1)
    assert intake.account_headline(found, Words("en")) == "4 of 8 rows are in, 1 wait for correction"
    assert intake.account_sentence(found, Words("en")).startswith(
        "8 rows read from files = 4 accepted (1 of them after correction) + 1 repeats + 1 settled by a later file "
        "+ 1 open + 1 left out"
    )
    shown = intake.import_rows(workspace.newest()).set_index("file")
    assert shown[["read", "accepted", "rejected", "repeats", "again", "open"]].to_numpy().tolist() == [
        [1, 1, 0, 0, 0, 0], [3, 1, 2, 0, 3, 0], [7, 2, 4, 1, 0, 1],
    ]  # fmt: skip
    assert intake.imports_to_correct(workspace.newest()) == {workspace.newest().imports[0].import_id: 1}


STEPS = st.one_of(
    st.tuples(st.just("file"), st.lists(st.sampled_from(["good", "wrong", "again", "brings"]), min_size=1, max_size=5)),
    st.tuples(
        st.just("sheet"),
        st.lists(st.sampled_from(["right", "spoilt", "twin", "wrong", "dropped", "emptied"]), min_size=5, max_size=5),
    ),
    st.tuples(st.just("undo"), st.none()),
)


FIRST_STEPS = [
    ("file", ["wrong", "wrong", "again", "wrong", "wrong"]),
    ("sheet", ["wrong", "right", "twin", "emptied"]),
    ("sheet", ["spoilt", "dropped"]),
    ("file", ["brings", "wrong"]),
]


def walk(workspace, steps):
    """Take the steps, and after each compare the account with a plain list of what became of each row of a file."""
    # After each live import: the state of every row that the files hold, the newest last; and where it came first
    held: list[list[str]] = [[]]
    numbers: list[list[str]] = [[]]
    for n, (step, drawn) in enumerate(steps):
        states, known = list(held[-1]), list(numbers[-1])
        if step == "file":
            lines = [row(n, text="first")]
            for state in drawn:
                number = f"{n}-{len(lines)}"
                if state == "brings" and "wrong" in states:  # the case of a row that waits, in a row of its own
                    number = known[at := states.index("wrong")]
                    states[at] = "settled"
                lines.append(lines[0] if state == "again" else row(number, "?" if state == "wrong" else "2025-03-05"))
            load(workspace, csv(*lines), f"{n}.csv")
            held.append([*states, "good", *("good" if state == "brings" else state for state in drawn)])
            numbers.append([*known, *(str(line[0]) for line in lines)])
        elif step == "sheet" and "wrong" in states:
            rows = sheet(workspace)
            waiting = [place for place, state in enumerate(states) if state == "wrong"]
            kept, done = [rows[0]], dict(zip(waiting, drawn * len(waiting), strict=False))
            number, day = (rows[0].index(header) for header in ("案卷号", "上报时间"))
            right = [place for place in waiting if done[place] in ("right", "spoilt")]
            spoilt = []
            assert len(rows) == 1 + len(waiting)
            marks = [(cells[-1].split(":")[0], int(cells[-1].split(":")[1]), cells) for cells in rows[1:]]
            for place, (_, _, cells) in zip(waiting, sorted(marks), strict=True):
                if place in right:
                    cells[day], states[place] = "2025-03-07", "corrected"
                if done[place] == "twin" and right:  # it says what another row of the sheet says
                    cells[number], cells[day], states[place] = known[right[0]], "2025-03-07", "again"
                if done[place] == "spoilt":
                    spoilt.append([*cells[:day], "?", *cells[day + 1 :]])
                if done[place] == "emptied":
                    cells[len(TITLES) : -1] = [""] * (len(cells) - len(TITLES) - 1)
                if done[place] != "dropped":
                    kept.append(cells)
            if len(kept) > 1:
                for sent in (kept, [rows[0], *spoilt])[: 2 if spoilt else 1]:  # what is in stays in
                    load(workspace, saved(sent), f"{n}.xlsx")
                    held.append(states)
                    numbers.append(known)
        elif step == "undo" and len(held) > 1:
            undo(workspace, who="t")
            held.pop()
            numbers.pop()
        told = held[-1]
        corrected, waiting = told.count("corrected"), told.count("wrong")
        assert account(workspace.newest()) == Account(
            len(told), told.count("good") + corrected, corrected, told.count("again"), told.count("settled"), waiting
        )
        assert len(cases(workspace)) == told.count("good") + corrected


@settings(max_examples=2)
@given(st.lists(STEPS, min_size=2, max_size=4))
def test_no_row_is_lost_or_counted_twice_whatever_comes_is_corrected_or_is_taken_back(steps):
    with tempfile.TemporaryDirectory() as folder:
        walk(Workspace(folder), [*FIRST_STEPS, *steps])


def test_a_row_is_settled_too_by_a_later_file_that_brings_its_case_as_it_is_stored(workspace):
    load(workspace, csv(row(1)))
    load(workspace, csv(row(1, "昨天")), "b.csv")
    third = load(workspace, csv(row(1), row(2)), "c.csv")
    assert (third["accepted"], third["repeats"]) == (1, 1)
    assert account(workspace.newest()) == Account(read=4, accepted=2, repeats=1, settled=1)
    assert rejections(workspace.newest())["settled_by"].tolist() == [third["import_id"]]
    undo(workspace, who="t")
    assert account(workspace.newest()) == Account(read=2, accepted=1, open=1)


def test_rows_of_a_sheet_that_a_filter_leaves_out_stay_open_under_their_first_reason(workspace):
    first = load(workspace, csv(row(1), row(2, "昨天")))["import_id"]
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06")
    load(workspace, saved(rows), "b.xlsx", where={"地址": "别处"})
    assert open_rows(workspace) == [[first, 3, "time-unreadable"]]
    assert account(workspace.newest()) == Account(read=2, accepted=1, open=1)


def test_a_row_of_a_csv_sheet_with_a_comma_too_many_is_no_further_row(workspace):
    first = load(workspace, csv(row(1), row(2, "昨天"), row(3, "前天")))["import_id"]
    content = write_csv(*intake.rejected_sheet(workspace.newest(), Words("zh"))).decode("utf-8-sig")
    content = content.replace("示例路1号", "示例路1号,东侧", 1).replace(",前天,道路", ",2025-03-06,道路")
    content = content.replace(",前天,,", ",2025-03-06,,")
    answer = load(workspace, content.encode("utf-8-sig"), "b.csv")
    assert [answer[key] for key in ("read", "accepted", "rejected")] == [2, 1, 1]
    assert open_rows(workspace) == [[first, 3, "time-unreadable"]]
    assert account(workspace.newest()) == Account(read=3, accepted=2, corrected=1, open=1)


def test_an_apostrophe_of_the_file_comes_back_from_a_workbook(workspace):
    load(workspace, csv(row(1, "昨天", text="'-3度结冰")))
    load(workspace, saved(correct(sheet(workspace), 1, "上报时间", "2025-03-06")), "b.xlsx")
    assert [text for *_, text in cases(workspace)] == ["'-3度结冰"]


def test_a_workspace_that_knows_no_outcomes_yet_is_counted_as_it_was(workspace):
    load(workspace, csv(row(1), row(2, "昨天"), row(3, "前天")))
    load(workspace, saved(correct(sheet(workspace), 1, "上报时间", "2025-03-06")), "b.xlsx")
    before = account(workspace.newest())
    with workspace.change("rules", who="t") as change:
        change.write("corrections", change.before.rows("corrections").drop_columns("outcome"))
        change.imports = tuple(dataclasses.replace(record, again={}) for record in change.imports)
        change.commit()
    assert account(workspace.newest()) == before == Account(read=3, accepted=2, corrected=1, open=1)
    assert intake.import_rows(workspace.newest())["again"].tolist() == [2, 0]
    load(workspace, saved(correct(sheet(workspace), 1, "上报时间", "2025-03-06")), "c.xlsx")
    assert account(workspace.newest()) == Account(read=3, accepted=3, corrected=2)


def test_a_sum_that_does_not_tie_is_said_and_not_died_of():
    assert "does not tie" in intake.account_sentence(Account(read=2, accepted=1), Words("en"))
    assert "does not tie" not in intake.account_sentence(Account(read=2, accepted=1, open=1), Words("en"))


def test_the_page_reads_no_cells_of_rows_but_those_it_shows(workspace, monkeypatch):
    load(workspace, csv(row(1), *(row(n, "昨天") for n in range(2, 9))))
    data, read = workspace.newest(), []
    real = Dataset._read

    def noted(self, name, partition=None, columns=None, rows=None):
        read.append((name, tuple(columns or ()), rows))
        return real(self, name, partition, columns, rows)

    monkeypatch.setattr(Dataset, "_read", noted)
    account(data), intake.import_rows(data), intake.imports_to_correct(data)
    assert len(intake.rejected_rows(data, Words("en"), most=2)[0]) == 2
    assert [one for one in read if one[0] == "rejected"] == [
        ("rejected", ("import_id", "row", "reason"), None),
        ("rejected", ("import_id", "row", "column", "value"), (3, 4)),
    ]


def test_a_column_of_the_file_that_bears_one_of_our_titles_stays_the_files_own(workspace):
    load(workspace, csv(row(1), row(2, "昨天", place=("a", "113.005", "33.005", "v"))), mapping={"unit": "Value"})
    rows = sheet(workspace, "en")
    assert rows[0].count("Value") == 2
    load(workspace, saved(correct(rows, 1, "上报时间", "2025-03-06")), "b.xlsx")
    found = workspace.newest().query("SELECT unit FROM incidents WHERE incident_id = '2'").to_pylist()
    assert found == [{"unit": "v"}]


def test_a_row_without_known_cells_that_comes_back_empty_stays_open_under_its_first_reason(workspace):
    first = load(workspace, csv(row(1), row(2), row(3, "昨天")) + b"\n4,2025-03-05,,,,,,,,,too,many")
    assert [reason for *_, reason in open_rows(workspace)] == ["time-unreadable", "ragged-row"]
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06")
    answer = load(workspace, saved(rows), "b.xlsx")
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert open_rows(workspace) == [[first["import_id"], 5, "ragged-row"]]


def test_rows_left_out_by_a_filter_are_listed_but_not_in_the_sheet_to_be_corrected(workspace):
    load(workspace, csv(row(1), row(2, place=("别处", "113.005", "33.005", ""))), where={"地址": "示例路1号"})
    assert intake.rejected_rows(workspace.newest(), Words("en"))[1] == 1
    assert len(sheet(workspace)) == 1


def test_the_first_sheet_of_the_download_is_the_table_and_its_last_column_the_mark(workspace):
    load(workspace, csv(row(1), row(2, "昨天")))
    rows = sheet(workspace)
    assert rows[0][-1] == MARK
    assert rows[1][-1] == f"{workspace.newest().imports[0].import_id}:3"
    assert pd.Series(rows[0]).is_unique


def test_the_history_says_who_did_what_when_with_its_totals(workspace):
    load(workspace, csv(row(1), row(2, "昨天")))
    undo(workspace, who="u")
    rows = intake.history_rows(workspace.newest(), Words("en"))
    assert rows["version"].tolist() == [4, 3, 2, 1]
    assert rows["who"].tolist() == ["u", "t", "t", "t"]
    assert rows["what"].tolist()[:2] == [
        "a.csv taken back: 1 incidents removed, 0 as they were before",
        "a.csv: 2 rows read, 1 accepted, 1 rejected, 0 repeats",
    ]
    assert str(rows["when"].dt.tz) == "Asia/Shanghai"
    assert intake.history_rows(workspace.newest(), Words("zh"))["kind"].tolist()[:2] == ["撤回导入", "导入"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_change_has_a_title_and_a_sentence(workspace, language):
    load(workspace, csv(row(1, place=("示例路1号", "", "", "")), row(2)))
    set_location(workspace, "default", "1", cell="A", who="t")
    load_gazetteer(workspace, "地址,经度,纬度\n示例路1号,113.005,33.005\n".encode(), "g.csv", who="t")
    join_exposures(workspace, "网格编码,户数\nA,100\n".encode(), "h.csv", level="grid", who="t")
    take_back_cells(workspace, who="t")
    standard = "小类代码,小类名称,处置时限\n0103,示例,4小时\n".encode()
    load_standard(workspace, standard, "s.csv", scheme="x", kind="event", who="t")
    load_workdays(workspace, "日期,是否工作日\n2027-02-07,是\n".encode(), "c.csv", who="t")
    save_edition(
        workspace,
        edition(workspace.newest(), "x", "event", ""),
        scheme="x",
        kind="event",
        valid_from="2026-01-01",
        who="t",
    )
    remove_edition(workspace, scheme="x", kind="event", valid_from="2026-01-01", who="t")
    for kept in (DEADLINES, WORKDAYS):
        take_back(workspace, kept, who="t")
    projects.load_projects(workspace, "项目编号,名称,造价,网格\nP1,示例,100,A\n".encode(), "p.csv", who="t")
    projects.save_projects(workspace, workspace.newest().projects().assign(cost=200.0), who="t")
    projects.remove_projects(workspace, ["P1"], who="t")
    projects.take_back(workspace, who="t")
    rain.load_rain(workspace, "站名,日期,雨量(mm)\n示例,2025-03-05,8\n".encode(), "r.csv", who="t")
    rain.remove_stations(workspace, ["示例"], who="t")
    rain.take_back(workspace, who="t")
    save_profile(workspace, "p", HEADERS, {}, who="t")
    set_settings(workspace, {"fdr": 0.1}, who="t")
    set_rules(workspace, workspace.newest().rules(), who="t")
    undo(workspace, who="t")
    persons.erase(workspace, "示例路", who="t")
    words = Words(language)
    rows = intake.history_rows(workspace.newest(), words)
    kinds = [one.kind for one in reversed(workspace.newest().history)]
    assert set(kinds) == set(intake.KIND_NAMES)
    assert rows["kind"].tolist() == [words(intake.KIND_NAMES[kind]) for kind in kinds]
    what = dict(zip(kinds, rows["what"], strict=True))
    if language == "en":
        assert what["location"] == "case 1 of source default placed by hand"
        assert what["exposures"] == "h.csv: 1 rows joined to cells of level Grid, 0 without a cell"
        assert what["cells-undo"] == "h.csv taken back: level Grid is as before, with 4 cells"
        assert what["gazetteer"] == "g.csv: 1 addresses known, 0 incidents placed by them"
        assert what["standard"] == "s.csv: 1 conditions of 1 types in code list x"
        assert what["deadlines"] == "1 limit of code list x, from 1 Jan 2026 on; 0 cases are due at another time"
        assert what["workdays-undo"] == "c.csv taken back: the table is as before, with 0 rows"
        assert what["erase"] == "a person's data erased for good, with all earlier versions"
    assert not any(" = " in text for kind, text in what.items() if kind != "settings")


def test_a_time_that_the_spreadsheet_program_makes_of_what_was_typed_is_taken(workspace):
    load(workspace, csv(row(1), row(2, "昨天")))
    rows = correct(sheet(workspace), 1, "上报时间", dt.datetime(2025, 3, 6, 8, 0))
    load(workspace, saved(rows), "b.xlsx")
    assert cases(workspace)[1] == ("2", "03-06 00:00", "")


# Every kind of row twice, and all of them in one file: with a number, its day, its fate, its text, its end
KINDS = list(
    itertools.product(
        (True, False),
        ("2025-03-05 14:30", "2025-03-06 08:00"),
        ("good", "corrected", "left wrong"),
        ("甲", "乙"),
        ("2025-04-01", "2025-04-02"),
    )
)


def test_a_file_and_the_sheet_of_its_corrected_rows_give_what_the_corrected_file_gives_at_once(tmp_path):
    drawn = random.Random(1).sample(2 * KINDS, k=2 * len(KINDS))

    def line(n, numbered, day, text, closed):
        return row(n if numbered else "", day, closed=closed, text=text)

    came = [
        line(n, numbered, day if state == "good" else f"?{n}", text, closed)
        for n, (numbered, day, state, text, closed) in enumerate(drawn)
    ]
    right = [
        line(n, numbered, day if state != "left wrong" else f"?{n}", text, closed)
        for n, (numbered, day, state, text, closed) in enumerate(drawn)
    ]
    parts, whole = Workspace(tmp_path / "a"), Workspace(tmp_path / "b")
    load(parts, csv(*came))
    rows = sheet(parts)
    for place in range(1, len(rows)):
        n = int(rows[place][1]) - 2
        if drawn[n][2] == "corrected":
            correct(rows, place, "上报时间", drawn[n][1])
    load(parts, saved(rows), "b.xlsx")
    load(whole, csv(*right))
    query = "SELECT description, reported_at, closed_at FROM incidents ORDER BY ALL"
    assert parts.newest().query(query).to_pylist() == whole.newest().query(query).to_pylist()
    assert len(open_rows(parts)) == len(open_rows(whole)) == 32  # a third of 96
    assert account(parts.newest()) == Account(read=96, accepted=64, corrected=32, open=32)
    last = load(parts, csv(*right), "c.csv")
    numbered = (
        "SELECT 1 FROM incidents WHERE import_id = $id AND NOT regexp_full_match(incident_id, '[0-9a-f]{16}-[0-9]+')"
    )
    assert parts.newest().query(numbered, {"id": last["import_id"]}).num_rows == 0
