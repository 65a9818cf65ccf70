"""The table of deadlines: read from an office's own rows, edited, dated, taken back; what stood before still stands."""

import pandas as pd
import pytest
from hostile_names import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from stored import rows, store, with_grids
from test_data_undo import tables_of

from base.errors import HazardError
from base.text import Words
from data.calendar_table import load_workdays
from data.deadline_table import (
    DEADLINES,
    EDITED,
    WORKDAYS,
    edition,
    editions,
    remove_edition,
    save_edition,
    take_back,
)
from data.deadlines import assign
from data.limit_texts import read_hazard, read_limit
from data.standards import load_standard, read_standard, standard_on
from data.store import Workspace
from data.tables import STANDARD_COLUMNS
from data.taking_back import last_change
from reports.deadlines import edition_sentences
from reports.sheet import write_csv

# an office's own table 示例
OWN = "隐患类别,处置时限,关键词,工程类\n道路积水,2紧急工作时,,\n井盖下沉,5工作日,,否\n墙体隐患,15天,,是\n"


def limits(workspace, day, **of):
    frame = standard_on(workspace.newest(), day, **of)
    return list(zip(frame["hazard"], frame["limit_value"], frame["limit_clock"], strict=True))


def save(workspace, frame, **options):
    options = {"scheme": "office", "kind": "", "valid_from": "", "who": "t", **options}
    return save_edition(workspace, pd.DataFrame(frame), **options)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("2 urgent hours", (2, "urgent_hour")),
        ("4 work hours", (4, "work_hour")),
        ("1 working hour", (1, "work_hour")),
        ("5 work days", (5, "work_day")),
        ("5 Workdays", (5, "work_day")),
        ("within 5 business days", (5, "work_day")),
        ("0.5 work day", (0.5, "work_day")),
        ("15 calendar days", (15, "natural_day")),
        ("3 natural days", (3, "natural_day")),
        ("十五个工作日内", (15, "work_day")),
        ("二十天", (20, "work_day")),
        ("十小时", (10, "work_hour")),
        # nobody says whether nights and weekends count
        ("5 days", None),
        ("2 hours", None),
        ("work days", None),
        ("0工作日", None),
        ("99999999999工作日", None),
        ("9" * 400 + "天", None),
    ],
)
def test_limits_are_read_as_people_type_them_in_both_languages(text, limit):
    assert read_limit(text) == limit


@given(st.integers(1, 99))
def test_a_limit_in_chinese_numerals_is_that_in_digits(n):
    signs = "〇一二三四五六七八九"
    tens, ones = divmod(n, 10)
    numeral = ("" if tens < 2 else signs[tens]) + ("十" if tens else "") + (signs[ones] if ones else "")
    assert read_limit(f"{numeral}工作日") == read_limit(f"{n}工作日") == (n, "work_day")


def test_a_hazard_is_read_by_code_and_by_name_in_both_languages():
    for code, names in {
        "waterlogging": ("waterlogging", "Waterlogging", "积水", "道路积水", " 道路 积水 "),
        "sunken_cover": ("sunken_cover", "Sunken cover", "井盖下沉"),
        "wall_risk": ("Wall risk", "墙体隐患"),
        "other": ("other", "其他"),
    }.items():
        assert [read_hazard(name) for name in names] == [code] * len(names)
    assert read_hazard("") == ""
    assert read_hazard("桥面积水") is None  # a type of its own, not the hazard


def test_three_rows_of_hazards_and_limits_are_a_table_of_deadlines(tmp_path):
    answer = load_standard(Workspace(tmp_path), OWN.encode(), "时限.csv", scheme="office", who="t")
    assert (answer["kind"], answer["rows"], answer["types"], len(answer["unparsed"])) == ("", 3, 0, 0)
    found = read_standard(OWN.encode(), "时限.csv")
    assert found["hazard"].tolist() == ["waterlogging", "sunken_cover", "wall_risk"]
    assert found[["limit_value", "limit_clock"]].to_numpy().tolist() == [
        [2, "urgent_hour"], [5, "work_day"], [15, "work_day"],
    ]  # fmt: skip
    assert found["handling"].tolist() == ["", "", "engineering"]
    assert found["code"].tolist() == found["type_name"].tolist() == [""] * 3
    english = read_standard(b"Hazard,Limit\nWaterlogging,2 urgent hours\nsunken_cover,5 work days\n", "limits.csv")
    assert english["limit_clock"].tolist() == ["urgent_hour", "work_day"]


def test_a_plain_table_keeps_types_codes_and_conditions_under_merged_cells():
    text = "类别,类型,编码,立案条件,处置时限\n,示例甲,A-7,轻,4小时\n,,,重,2天\n暴露垃圾,,,,1天\n墙体隐患,,,,15天\n"
    found = read_standard(text.encode(), "事件.csv")
    assert found["type_name"].tolist() == [
        "示例甲",
        "示例甲",
        "暴露垃圾",
        "",
    ]  # 暴露垃圾 is none of the hazards: a type
    assert found["code"].tolist() == ["A-7", "A-7", "", ""]
    assert found["hazard"].tolist() == ["", "", "", "wall_risk"]
    assert found["condition"].tolist() == ["轻", "重", "", ""]
    assert found.attrs["types"] == ["暴露垃圾"]
    with pytest.raises(HazardError, match="component or event"):
        read_standard(text.encode(), "时限.csv")


def test_a_table_without_limits_or_without_a_subject_is_refused():
    for text in ("隐患类别,数量\n积水,3\n", "处置时限,备注\n3天,x\n"):
        with pytest.raises(HazardError, match="it needs a column 处置时限") as caught:
            read_standard(text.encode(), "x.csv")
        assert caught.value.code == "not-a-standard"


def test_a_limit_changes_by_a_new_edition_and_what_stood_stands_for_earlier_days(shared_data, tmp_path):
    workspace = Workspace(tmp_path)
    name = "yuncheng_component_standard_utf8bom.csv"
    load_standard(workspace, (shared_data / "chengguan_standard" / name).read_bytes(), name, scheme="gbt30428", who="t")
    frame = edition(workspace.newest(), "gbt30428", "component", "")
    assert len(frame) == 279
    changed = frame.copy()
    changed.loc[frame["row"] == 3, "limit_text"] = "1紧急工作时"  # row 3 of the file: 上水井盖, 缺失, 2紧急工作时
    answer = save_edition(workspace, changed, scheme="gbt30428", kind="component", valid_from="2026-03-01", who="t")
    assert (answer["rows"], answer["types"], len(answer["unread"])) == (279, 66, 1)
    listed = editions(workspace.newest())
    assert listed[["valid_from", "rows", "unread"]].to_numpy().tolist() == [["", 279, 1], ["2026-03-01", 279, 1]]
    before, after = (
        standard_on(workspace.newest(), day, scheme="gbt30428", kind="component")
        for day in ("2026-02-28", "2026-03-01")
    )
    ours = [*EDITED, "main_code", "main_name", "limit_value", "limit_clock", "closing", "supervisor", "duty", "row"]
    pd.testing.assert_frame_equal(before[ours], frame[ours])
    differs = (before[ours].fillna(-1) != after[ours].fillna(-1)).any(axis=1)
    assert before.loc[differs, ["row", "limit_text", "limit_value"]].to_numpy().tolist() == [[3, "2紧急工作时", 2]]
    assert after.loc[differs, ["row", "limit_text", "limit_value"]].to_numpy().tolist() == [[3, "1紧急工作时", 1]]


def test_two_who_write_at_once_do_not_write_over_each_other(tmp_path):
    workspace = Workspace(tmp_path)
    none = pd.DataFrame()
    save(workspace, [{"hazard": "waterlogging", "limit_text": "2紧急工作时"}], based_on=none)
    seen = edition(workspace.newest(), "office", "", "")
    with pytest.raises(HazardError) as caught:  # the other one, too, saw no table when he began
        save(workspace, [{"hazard": "wall_risk", "limit_text": "15天"}], based_on=none)
    assert caught.value.code == "edition-stored"
    save(workspace, seen.assign(limit_text="4小时"), based_on=seen)
    for day in ("", "2026-08-01"):
        with pytest.raises(HazardError, match="Somebody else has changed") as caught:
            save(workspace, seen.assign(limit_text="6小时"), valid_from=day, based_on=seen)
        assert caught.value.code == "edition-changed"
    now = edition(workspace.newest(), "office", "", "")
    assert now["limit_text"].tolist() == ["4小时"]
    save(workspace, now, valid_from="2026-08-01", based_on=now)
    with pytest.raises(HazardError, match="stored already"):
        save(workspace, now, valid_from="2026-08-01", based_on=now)
    remove_edition(workspace, scheme="office", kind="", valid_from="", who="t")
    with pytest.raises(HazardError, match="Somebody else has changed"):
        save(workspace, now, based_on=now)
    save(workspace, seen.assign(limit_text="8小时"))  # who names nothing writes over what is there, as a file does
    save(workspace, seen.assign(limit_text="9小时"))
    assert edition(workspace.newest(), "office", "", "")["limit_text"].tolist() == ["9小时"]


def test_what_people_type_is_cleaned_kept_and_told(tmp_path):
    answer = save(
        Workspace(tmp_path),
        [
            {"code": " 506 ", "type_name": "示例", "limit_text": "２  紧急工作时", "hazard": None},
            {"hazard": "井盖下沉", "limit_text": "尽快"},
            {"hazard": "Wall risk", "limit_text": "15天", "handling": "engineering", "words": "裂缝、倾斜"},
            {"code": None, "limit_text": float("nan")},  # an empty line of the editor
            {"limit_text": "3天"},
            {"hazard": "wall_risk", "limit_text": "16天", "words": "裂缝、倾斜"},
        ],
        kind="event",
    )
    stored = edition(Workspace(tmp_path).newest(), "office", "event", "")
    assert list(stored) == list(STANDARD_COLUMNS)
    assert stored["row"].tolist() == [1, 2, 3, 4, 5]
    assert stored["code"].tolist() == ["0506", "", "", "", ""]
    assert stored["hazard"].tolist() == ["", "sunken_cover", "wall_risk", "", "wall_risk"]
    assert stored["limit_text"].tolist() == ["２ 紧急工作时", "尽快", "15天", "3天", "16天"]
    assert stored["limit_clock"].tolist() == ["urgent_hour", "", "work_day", "work_day", "work_day"]
    assert answer["unread"][["row", "hazard", "limit_text"]].to_numpy().tolist() == [[2, "sunken_cover", "尽快"]]
    assert (answer["subjectless"], answer["repeated"]) == ([4], [5])
    said = edition_sentences(answer, Words("en"))
    assert said[0].startswith("the office's own · events · from the beginning: 5 rows are saved")
    assert "Row 2, Sunken cover: the limit “尽快” cannot be read" in said[1]
    assert said[2].startswith("A limit is read when it is written like")
    assert "Row 4 names no code" in said[3]
    assert "Row 5 repeats the condition" in said[4]


def test_a_limit_repeated_alike_is_no_contradiction(tmp_path):
    twice = [{"hazard": "wall_risk", "limit_text": "15天"}, {"hazard": "wall_risk", "limit_text": "15工作日"}]
    assert save(Workspace(tmp_path), twice)["repeated"] == []


@pytest.mark.parametrize(
    ("frame", "options", "code"),
    [
        ([{"code": "0506", "limit_text": "1天"}], {}, "edition-kind"),
        ([{"hazard": "wall_risk", "limit_text": "1天"}], {"kind": "thing"}, "edition-kind"),
        ([{"hazard": "wall_risk", "limit_text": "1天"}], {"scheme": " "}, "scheme-name"),
        ([{"hazard": "wall_risk", "limit_text": "1天"}], {"valid_from": "soon"}, "validity-unreadable"),
        ([{"hazard": "fire", "limit_text": "1天"}], {}, "hazard-unknown"),
        ([{"hazard": "wall_risk", "limit_text": "1天", "handling": "on_spot"}], {}, "handling-unknown"),
        ([{"hazard": "", "limit_text": None}], {}, "edition-empty"),
        ([], {}, "edition-empty"),
    ],
)
def test_what_cannot_be_a_table_is_refused_and_nothing_is_stored(tmp_path, frame, options, code):
    with pytest.raises(HazardError) as caught:
        save(Workspace(tmp_path), frame, **options)
    assert caught.value.code == code
    assert len(Workspace(tmp_path).newest().standards()) == 0


def test_hostile_texts_stay_texts_through_saving_and_a_file(tmp_path):
    workspace = Workspace(tmp_path)
    frame = pd.DataFrame([{**dict.fromkeys(EDITED, text), "hazard": "other", "handling": ""} for text in HOSTILE])
    answer = save(workspace, frame, scheme=HOSTILE[0][:60], kind="event")
    assert (answer["rows"], len(answer["unread"])) == (len(HOSTILE), len(HOSTILE))
    stored = edition(workspace.newest(), HOSTILE[0][:60].strip(), "event", "")
    plain = [" ".join(text.split()) for text in HOSTILE]
    for column in ("code", "type_name", "condition", "words", "limit_text"):
        assert stored[column].tolist() == plain
    titles = {"code": "小类代码", "type_name": "小类名称", "condition": "立案条件", "limit_text": "处置时限"}
    again = read_standard(write_csv(stored, titles), "事件.csv")
    assert again["condition"].str.lstrip("'").tolist() == [text.lstrip("'") for text in plain]


def test_an_edition_is_removed_and_the_one_before_it_stands_on(tmp_path):
    workspace = Workspace(tmp_path)
    save(workspace, [{"hazard": "wall_risk", "limit_text": "15天"}])
    save(workspace, [{"hazard": "wall_risk", "limit_text": "10天"}], valid_from="2026-01-01")
    assert limits(workspace, "2026-06-01") == [("wall_risk", 10, "work_day")]
    gone = remove_edition(workspace, scheme="office", kind="", valid_from="2026-01-01", who="t")
    assert (gone["rows"], gone["version"]) == (1, 3)
    assert limits(workspace, "2026-06-01") == [("wall_risk", 15, "work_day")]
    with pytest.raises(HazardError, match="no table of deadlines office"):
        remove_edition(workspace, scheme="office", kind="", valid_from="2026-01-01", who="t")
    with pytest.raises(HazardError, match="no table of deadlines"):
        remove_edition(Workspace(tmp_path / "none"), scheme="office", kind="", valid_from="", who="t")
    assert not (tmp_path / "none").exists()


def test_changes_of_both_tables_are_taken_back_one_by_one_each_for_itself(tmp_path):
    workspace = with_grids(tmp_path / "w")
    case = rows([{"incident_id": "1", "reported_at": "2026-01-05 09:00", "hazard": "wall_risk"}])
    store(workspace, assign(case, workspace.newest(), {}))
    stood = [tables_of(workspace)]
    load_standard(workspace, OWN.encode(), "时限.csv", scheme="office", who="t")
    stood.append(tables_of(workspace))
    load_workdays(workspace, "日期,是否工作日\n2027-02-06,否\n".encode(), "w.csv", who="t")
    stood.append(tables_of(workspace))
    save(workspace, [{"hazard": "wall_risk", "limit_text": "3天"}])
    stood.append(tables_of(workspace))
    remove_edition(workspace, scheme="office", kind="", valid_from="", who="t")
    assert last_change(workspace.newest(), DEADLINES).kind == "deadlines-removed"
    for before, kept, file in (
        (stood[3], DEADLINES, ""),
        (stood[2], DEADLINES, ""),
        (stood[1], WORKDAYS, "w.csv"),
        (stood[0], DEADLINES, "时限.csv"),
    ):
        answer = take_back(workspace, kept, who="t")
        assert answer["file"] == file
        assert tables_of(workspace) == before
    for kept in (DEADLINES, WORKDAYS):
        with pytest.raises(HazardError, match="no such change") as caught:
            take_back(workspace, kept, who="t")
        assert caught.value.code == "nothing-to-undo"
    assert [one.kind for one in workspace.newest().history[-4:]] == ["deadlines-undo"] * 2 + [
        "workdays-undo",
        "deadlines-undo",
    ]


def test_a_change_after_a_change_taken_back_is_the_next_one_to_go(tmp_path):
    workspace = Workspace(tmp_path)
    for text in ("1天", "2天"):
        save(workspace, [{"hazard": "wall_risk", "limit_text": text}])
    take_back(workspace, DEADLINES, who="t")
    save(workspace, [{"hazard": "wall_risk", "limit_text": "3天"}])
    for value in (1, None):
        take_back(workspace, DEADLINES, who="t")
        assert [one[1] for one in limits(workspace, "2026-01-01")] == ([value] if value else [])
    with pytest.raises(HazardError, match="no such change"):
        take_back(Workspace(tmp_path / "none"), WORKDAYS, who="t")
    assert not (tmp_path / "none").exists()


def test_numbers_of_persons_are_masked_wherever_a_row_holds_text(tmp_path):
    phone, card = "13800138000", "110101199003070310"  # 示例
    workspace = Workspace(tmp_path)
    texts = {name: f"联系{phone} 证件号{card}" for name in EDITED if name not in ("hazard", "handling")}
    made = [{**texts, "code": phone}, {"type_name": "路灯 0755-12345678", "code": "0103", "limit_text": "5工作日"}]
    save_edition(workspace, pd.DataFrame(made), scheme="own", kind="event", valid_from=None, who="t")
    titles = "大类代码,大类名称,小类代码,小类名称,立案条件,关键词,处置时限,结案条件,监管主体,责任主体"
    lines = [
        titles,
        ",".join([phone, *[f"联系{phone}"] * 1, phone, *[f"联系{phone}"] * 7]),
        "01,公用设施,0103,井盖,,,5工作日,,,",
    ]
    load_standard(workspace, "\n".join(lines).encode(), "a.csv", scheme="b", kind="event", who="t")
    hazards = f"隐患类别,处置时限\n联系{phone},5工作日\n"
    answer = load_standard(workspace, hazards.encode(), "b.csv", scheme="c", who="t")
    stored = workspace.newest().standards()
    assert len(stored) == 5
    said = stored.to_csv() + str([one.fields for one in answer["notes"]])
    assert not [number for number in (phone, card, "12345678") if number in said]
    read = stored.set_index(["scheme", "code"]).loc[[("own", "0103"), ("b", "0103")]]
    assert read[["limit_value", "limit_clock"]].to_numpy().tolist() == [[5, "work_day"]] * 2  # codes and limits stand
