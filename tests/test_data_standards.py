"""A standard of filing and deadlines: what merged cells left out, limits as text and parsed, codes with their zeros."""

import collections
import io

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from base.text import Words
from data.standards import code_list, conditions_hazards, load_standard, read_limit, read_standard, standard_on
from data.store import Workspace
from reports.intake import standard_sentences

HEADER = "大类代码,大类名称,小类代码,小类名称,立案条件,处置时限,结案条件,责任主体\n"
# an invented page of a standard of events 示例
PAGE = (
    HEADER
    + "1,市容环境,3,示例甲,脏,4小时,清洁,甲单位\n"
    + ",,,,很脏,2天,清洁,\n"
    + ",,13.0,示例乙,破,1个工作日内,修复,乙单位\n"
    + HEADER
    + ",,,,续页,3工作日,修复,\n"
    + "05,突发事件,06,示例丙,积水,２紧急工作时,退水,\n"
)


def _read(text: str, name: str = "事件标准.csv", **options):
    return read_standard(text.encode(), name, **options)


def _load(workspace, text=PAGE, **options):
    options = {"scheme": "gbt30428", "who": "t", **options}
    return load_standard(workspace, text.encode(), "事件标准.csv", **options)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        # domain facts, section 4
        ("2紧急工作时", (2, "urgent_hour")),
        ("4工作时", (4, "work_hour")),
        ("4小时", (4, "work_hour")),
        ("5工作日", (5, "work_day")),
        ("1天", (1, "work_day")),
        ("3紧急工作日", (3, "natural_day")),
        ("7自然日", (7, "natural_day")),
        (" ５ 个 工作日内", (5, "work_day")),
        ("两小时以内", (2, "work_hour")),
        ("0.5工作日", (0.5, "work_day")),
        ("种植季节15工作日", None),
        ("立即", None),
        ("1-3工作日", None),
        ("", None),
    ],
)
def test_a_limit_is_understood_whole_or_not_at_all(text, limit):
    assert read_limit(text) == limit


@given(st.text())
def test_no_text_of_a_limit_breaks_the_reading(text):
    limit = read_limit(text)
    assert limit is None or limit[0] >= 0


def test_merged_cells_are_filled_downward_but_not_across_a_repeated_header():
    rows = _read(PAGE)
    assert list(rows["row"]) == [2, 3, 4, 6, 7]
    assert list(rows["code"]) == ["0103", "0103", "0113", "", "0506"]
    assert list(rows["type_name"]) == ["示例甲", "示例甲", "示例乙", "", "示例丙"]
    assert list(rows["main_name"]) == ["市容环境"] * 3 + ["", "突发事件"]
    assert list(rows["duty"]) == ["甲单位", "甲单位", "乙单位", "", ""]  # a new type has units of its own
    assert list(rows["limit_clock"]) == ["work_hour", "work_day", "work_day", "work_day", "urgent_hour"]
    assert list(rows["limit_text"])[:2] == ["4小时", "2天"]
    assert rows.attrs["skipped"] == 1
    assert [(one["row"], one["was"], one["now"]) for one in rows.attrs["restored"]] == [
        (2, "1", "01"), (2, "3", "03"), (4, "13.0", "13"),
    ]  # fmt: skip


def test_title_and_kind_come_from_the_file_its_name_or_the_user():
    assert _read("某市部件标准,,,,,,,\n" + PAGE, "a.csv")["kind"].unique().tolist() == ["component"]
    assert _read(PAGE, "event_list.csv")["kind"][0] == "event"
    assert _read(PAGE, "a.csv", kind="event")["kind"][0] == "event"
    assert list(_read("某市部件标准,,,,,,,\n" + PAGE, "a.csv")["row"])[:2] == [3, 4]
    for name, kind in (("a.csv", None), ("部件和事件.csv", None), ("a.csv", "thing")):
        with pytest.raises(HazardError, match="component or event") as caught:
            _read(PAGE, name, kind=kind)
        assert caught.value.code == "standard-kind"


def test_the_merged_cells_of_a_workbook_read_as_the_blanks_of_a_csv():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(PAGE.splitlines()):
            sheet.write_row(number, 0, line.split(","))
        for column, text in enumerate(["1", "市容环境", "3", "示例甲"]):
            sheet.merge_range(1, column, 2, column, text)
    rows = read_standard(file.getvalue(), "事件.xlsx")
    assert rows.equals(_read(PAGE))


def test_another_table_is_no_standard():
    with pytest.raises(HazardError, match="经度, 纬度") as caught:
        _read("经度,纬度\n113,33\n")
    assert caught.value.code == "not-a-standard"


def test_standards_are_stored_with_their_first_day_and_the_newest_by_then_applies(tmp_path):
    workspace = Workspace(tmp_path)
    answer = _load(workspace)
    assert (answer["rows"], answer["types"], answer["skipped"], answer["restored"]) == (5, 3, 1, 3)
    assert answer["unparsed"].to_dict("records") == [{"row": 6, "code": "", "type_name": "", "limit_text": "3工作日"}]
    sentences = standard_sentences(answer, "s.csv", Words("en"))
    assert "Row 6: no type stands beside this condition; it is kept without a code." in sentences
    _load(workspace, PAGE.replace("4小时", "2小时"), valid_from="2026-01-01")
    _load(workspace, PAGE.replace("4小时", "1小时"), valid_from="2026-01-01")  # corrected
    _load(workspace, kind="component", scheme="own")
    dataset = workspace.newest()
    assert len(dataset.standards()) == 15
    limits = [standard_on(dataset, day, scheme="gbt30428")["limit_value"][0] for day in ("2025-12-31", "2026-01-01")]
    assert limits == [4, 1]
    codes = code_list(dataset)
    assert list(codes[["scheme", "kind", "code", "type_name"]].itertuples(index=False, name=None))[:2] == [
        ("gbt30428", "event", "0103", "示例甲"), ("gbt30428", "event", "0113", "示例乙"),
    ]  # fmt: skip
    assert len(codes) == 6
    assert code_list(Workspace(tmp_path / "none").newest()).empty
    with pytest.raises(HazardError, match="1 to 60 signs"):
        _load(workspace, scheme=" ")


def test_a_row_with_more_cells_than_the_header_is_named_and_ends_a_page(tmp_path):
    answer = _load(Workspace(tmp_path), PAGE.replace(",,,,很脏,2天,清洁,", ",,,,很脏,2天,清洁,,,x"))
    assert (answer["rows"], answer["skipped"]) == (4, 1)
    assert "Row 3: the row has more cells than the header:" in " ".join(str(note) for note in answer["notes"])


@pytest.mark.parametrize("encoding", ["utf8bom", "gbk"])
def test_the_standard_of_yuncheng_is_read_whole_in_both_encodings(shared_data, tmp_path, encoding):
    name = f"yuncheng_component_standard_{encoding}.csv"
    content = (shared_data / "chengguan_standard" / name).read_bytes()
    answer = load_standard(Workspace(tmp_path), content, name, scheme="gbt30428", who="t")
    # 279 rows by the README; the rest by grep on the file: 66 lines begin with a type, ",2紧急工作时," stands 15 times
    assert (answer["kind"], answer["rows"], answer["types"], answer["skipped"]) == ("component", 279, 66, 0)
    rows = Workspace(tmp_path).newest().standards()
    assert collections.Counter(rows["limit_text"]) == {
        "1工作日": 78, "3工作日": 58, "2工作日": 47, "5工作日": 43, "4工作时": 23, "2紧急工作时": 15, "7工作日": 5,
        "4紧急工作时": 4, "2工作时": 3, "4工作日": 1, "10工作日": 1, "种植季节15工作日": 1,
    }  # fmt: skip
    assert collections.Counter(rows["limit_clock"]) == {"work_day": 233, "work_hour": 26, "urgent_hour": 19, "": 1}
    assert answer["unparsed"].to_dict("records") == [
        {"row": 230, "code": "0402", "type_name": "行道树", "limit_text": "种植季节15工作日"}
    ]
    by_row = rows.set_index("row")
    assert by_row.loc[19, ["code", "type_name", "condition"]].tolist() == ["0104", "雨水箅子", "堵塞面积达1/3以上"]
    assert by_row.loc[281, ["main_name", "code", "type_name"]].tolist() == ["其他部件", "0508", "防汛墙"]
    assert str(answer["notes"][0]) == "Main class 02 bears several names: 道路交通设施, 交通设施."
    covers = code_list(Workspace(tmp_path).newest(), scheme="gbt30428").set_index("code")["type_name"]
    # domain facts, section 2
    assert covers[["0103", "0104", "0123", "0126"]].tolist() == ["雨水井盖", "雨水箅子", "不明井盖", "沟槽盖板"]


def test_the_row_of_a_sunken_cover_is_told_by_its_condition(shared_data):
    file = shared_data / "chengguan_standard" / "yuncheng_component_standard_utf8bom.csv"
    read = read_standard(file.read_bytes(), file.name)
    hazards = conditions_hazards(read)
    rain = read["code"] == "0103"  # 雨水井盖: missing, broken, rattling, sunken
    assert list(zip(read.loc[rain, "limit_text"], hazards[rain], strict=True)) == [
        ("2紧急工作时", ""), ("4工作时", ""), ("2工作日", ""), ("5工作日", "sunken_cover"),
    ]  # fmt: skip
    assert set(read.loc[hazards == "sunken_cover", "limit_text"]) == {"5工作日"}
    assert (hazards != "").sum() == 14  # 10 kinds of covers, 3 of bridges and underpasses under water, the flood wall


def test_bare_hours_and_days_are_told_to_be_work_time(tmp_path):
    assert read_limit("5日内") == (5, "work_day")
    table = "隐患类别,处置时限\n道路积水,24小时内\n井盖下沉,5日\n墙体隐患,15自然日\n"
    answer = load_standard(Workspace(tmp_path), table.encode(), "时限.csv", scheme="office", who="t")
    assert str(answer["notes"][0]).startswith("2 limits such as 24小时内 name bare hours or days")
