"""Rejected rows go out as a sheet and come back corrected: taken once, settled, and nothing else is doubled."""

import datetime as dt
import io
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
from data import persons
from data.changes import set_location, set_rules, set_settings, undo
from data.correction_sheet import MARK
from data.corrections import rejections
from data.exposures import join_exposures
from data.gazetteer import load_gazetteer
from data.levels import take_back_cells
from data.loading import import_incidents
from data.profiles import save_profile
from data.standards import load_standard
from data.store import Workspace
from reports import intake
from reports.sheet import write_sheet

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
    return found.loc[found["settled_by"] == "", ["import_id", "row", "reason"]].to_numpy().tolist()


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
    found = rejections(workspace.newest(), first["import_id"])
    assert found["settled_by"].tolist() == [answer["import_id"]] * 2  # taken, and rejected anew
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
    assert any("not known here" in str(note) for note in answer["notes"])
    assert open_rows(workspace) == [[first, 3, "time-unreadable"]]


def test_a_row_that_was_copied_with_its_mark_is_a_row_of_its_own(workspace):
    load(workspace, csv(row(1), row("", "昨天")))
    rows = correct(sheet(workspace), 1, "上报时间", "2025-03-06 08:00")
    rows.append([*rows[1]])
    rows = correct(rows, 2, "上报时间", "2025-03-07 08:00")
    assert load(workspace, saved(rows), "b.xlsx")["accepted"] == 2
    assert (len(cases(workspace)), open_rows(workspace)) == (3, [])


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
        assert what["erase"] == "a person's data erased for good, with all earlier versions"
    assert not any(" = " in text for kind, text in what.items() if kind != "settings")


def test_a_time_that_the_spreadsheet_program_makes_of_what_was_typed_is_taken(workspace):
    load(workspace, csv(row(1), row(2, "昨天")))
    rows = correct(sheet(workspace), 1, "上报时间", dt.datetime(2025, 3, 6, 8, 0))
    load(workspace, saved(rows), "b.xlsx")
    assert cases(workspace)[1] == ("2", "03-06 00:00", "")


ROWS = st.tuples(
    st.booleans(),  # has a case number
    st.sampled_from(["2025-03-05 14:30", "2025-03-06 08:00"]),
    st.sampled_from(["good", "corrected", "left wrong"]),
    st.sampled_from(["甲", "乙"]),
    st.sampled_from(["2025-04-01", "2025-04-02"]),
)


@settings(max_examples=5)
@given(st.lists(ROWS, min_size=2, max_size=8))
def test_a_file_and_the_sheet_of_its_corrected_rows_give_what_the_corrected_file_gives_at_once(drawn):
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
    with tempfile.TemporaryDirectory() as folder:
        parts, whole = Workspace(f"{folder}/a"), Workspace(f"{folder}/b")
        load(parts, csv(*came))
        rows = sheet(parts)
        for place in range(1, len(rows)):
            n = int(rows[place][1]) - 2
            if drawn[n][2] == "corrected":
                correct(rows, place, "上报时间", drawn[n][1])
        if len(rows) > 1:
            load(parts, saved(rows), "b.xlsx")
        load(whole, csv(*right))
        query = "SELECT description, reported_at, closed_at FROM incidents ORDER BY ALL"
        assert parts.newest().query(query).to_pylist() == whole.newest().query(query).to_pylist()
        assert len(open_rows(parts)) == len(open_rows(whole)) == sum(state == "left wrong" for *_, state, _, _ in drawn)
        assert load(parts, csv(*right), "c.csv")["accepted"] == 0 or any(not numbered for numbered, *_ in drawn)
