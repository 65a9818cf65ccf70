"""The deadlines on the Data page: with and without a table, in both languages, edited, saved, taken back, loaded."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from hostile_names import HOSTILE
from test_pages import WORDS, box, check, press, refusals, texts, visit, workspaces  # noqa: F401  fixtures among them

from data.changes import set_settings
from data.deadline_table import EDITED, edition, editions, remove_edition, save_edition
from data.schema import HAZARDS
from data.standards import load_standard
from data.store import Workspace

OWN = "隐患类别,处置时限\n道路积水,2紧急工作时\n井盖下沉,5工作日\n墙体隐患,尽快\n"  # 示例


@pytest.fixture(scope="session")
def offices_own(demo, tmp_path_factory):
    """The demo with the office's own table in place of its tables; no test changes it."""
    folder = Path(shutil.copytree(demo, tmp_path_factory.mktemp("own") / "own"))
    workspace = Workspace(folder)
    for one in editions(workspace.newest()).itertuples():
        remove_edition(workspace, scheme=one.scheme, kind=one.kind, valid_from=one.valid_from, who="t")
    load_standard(workspace, OWN.encode(), "时限.csv", scheme="office", who="t")
    return folder


@pytest.fixture
def own(offices_own, tmp_path):
    return Path(shutil.copytree(offices_own, tmp_path / "own"))


@pytest.fixture
def editor(monkeypatch):
    """What a reader does in the table: a function of the rows shown, set by a test.

    It belongs to the table that is shown next, by its key, as what is typed does: under another key nothing is typed.
    """
    done = {"edit": lambda rows: rows, "seen": []}
    typed = {}

    def shown(rows, **options):
        done["seen"].append((rows.copy(), options))
        edit = done["edit"]
        key = typed.setdefault(id(edit), (options["key"], edit))[0]
        return edit(rows.copy()) if key == options["key"] else rows.copy()

    monkeypatch.setattr(st, "data_editor", shown)
    return done


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("workspace", ["demo", "empty", "own"])
def test_the_section_opens_with_words_for_what_is_there(visit, offices_own, workspace, lang):  # noqa: F811
    seen = visit("data", offices_own if workspace == "own" else workspace, lang=lang, section="deadlines")
    check(seen, "data", "demo" if workspace != "empty" else workspace, lang)
    said, words = " ".join(texts(seen)), WORDS[lang]
    none = {"zh": "尚未导入时限表", "en": "No table of deadlines is loaded"}[lang]
    assert (none in said) == (workspace == "empty")
    assert words("Working calendar") in said
    assert "2004" in said  # from when on the calendar is known
    assert "08:00-12:00 14:00-18:00" in said
    ours = re.compile(r"\b(None|nan|office|gbt30428|waterlogging|engineering)\b")
    tables = [one.value for one in seen.dataframe if "limit_text" not in one.value]  # the editor names its codes itself
    cells = [str(one) for table in tables for one in table.to_numpy().ravel() if isinstance(one, str)]
    assert lang == "en" or [one for one in cells if ours.search(one)] == []


def test_the_holidays_of_the_year_stand_under_it(visit):  # noqa: F811
    seen = visit("data", "demo", lang="zh", section="deadlines")
    assert box(seen, "年份").value == 2026
    rows = seen.dataframe[-1].value
    # State Council notice for 2026: Spring Festival 15 to 23 February, work on 14 and 28 February
    assert rows[rows["名称"] == "春节"].iloc[:, :4].to_numpy().tolist() == [
        ["2026年2月14日", "2026年2月14日", 1, "上班"],
        ["2026年2月15日", "2026年2月23日", 9, "放假"],
        ["2026年2月28日", "2026年2月28日", 1, "上班"],
    ]
    box(seen, "年份").select(2025).run()
    assert "2025年1月28日" in seen.dataframe[-1].value.to_numpy().ravel().tolist()


def test_limits_written_on_the_page_are_previewed_saved_and_taken_back(visit, own, editor):  # noqa: F811
    def edit(rows):
        rows.loc[rows["hazard"] == "wall_risk", "limit_text"] = "15 natural days"
        rows.loc[len(rows), ["type_name", "limit_text"]] = ["示例", "soon"]
        return rows

    seen = visit("data", own, section="deadlines")
    assert next(one for one in seen.button if one.label == "Save the deadlines").disabled
    shown, options = editor["seen"][-1]
    assert shown["limit"].tolist() == ["2 urgent hours", "5 work days", "cannot be read"]
    assert options["column_order"][:3] == ["hazard", "limit_text", "limit"]
    assert options["column_config"]["limit"]["disabled"]
    editor["edit"] = edit
    seen = visit("data", own, section="deadlines")
    preview = seen.dataframe[1].value
    assert preview.to_numpy().tolist() == [
        ["Wall risk", "15 natural days", "15 natural days"], ["示例", "soon", "cannot be read"],
    ]  # fmt: skip
    press(seen, "Save the deadlines")
    said = " ".join(texts(seen))
    assert "4 rows are saved" in said
    assert "Row 5, 示例: the limit “soon” cannot be read" in said
    assert re.search(r"\d+ cases are due at another time now", said)
    stored = Workspace(own).newest().standards()
    assert stored.set_index("hazard").loc["wall_risk", ["limit_value", "limit_clock"]].tolist() == [15, "natural_day"]
    editor["edit"] = lambda rows: rows
    press(visit("data", own, section="deadlines"), "Take it back")
    assert Workspace(own).newest().standards()["limit_text"].tolist() == ["2紧急工作时", "5工作日", "尽快"]


def test_what_is_typed_outlives_what_another_one_writes_elsewhere(visit, own, editor):  # noqa: F811
    editor["edit"] = lambda rows: rows.assign(limit_text=["2紧急工作时", "5工作日", "15自然日"])
    seen = visit("data", own, section="deadlines")
    set_settings(Workspace(own), {"fdr": 0.06}, who="another")
    seen.run()
    assert "Not saved yet" in " ".join(texts(seen))
    press(seen, "Save the deadlines")
    assert "3 rows are saved" in " ".join(texts(seen))
    assert Workspace(own).newest().standards()["limit_text"].tolist() == ["2紧急工作时", "5工作日", "15自然日"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_typed_stays_in_view_where_another_one_changed_the_same_table(visit, own, editor, lang):  # noqa: F811
    words = WORDS[lang]
    editor["edit"] = lambda rows: rows.assign(limit_text=["2紧急工作时", "5工作日", "15自然日"])
    seen = visit("data", own, lang=lang, section="deadlines")
    theirs = edition(Workspace(own).newest(), "office", "", "").assign(limit_text="3工作日")
    save_edition(Workspace(own), theirs, scheme="office", kind="", valid_from="", who="another")
    press(seen, words("Save the deadlines"))
    assert {"en": "Somebody else has changed", "zh": "已被他人修改"}[lang] in " ".join(refusals(seen))
    assert [one.value for one in seen.warning] != []
    assert seen.dataframe[1].value.iloc[:, 1].tolist() == ["15自然日"]  # the preview of what was typed
    assert Workspace(own).newest().standards()["limit_text"].tolist() == ["3工作日"] * 3
    press(seen, words("Show the deadlines as they are now"))
    assert refusals(seen) == []
    assert not seen.warning
    assert editor["seen"][-1][0]["limit_text"].tolist() == ["3工作日"] * 3


def test_who_typed_nothing_sees_at_once_what_another_one_wrote(visit, own, editor):  # noqa: F811
    seen = visit("data", own, section="deadlines")
    theirs = edition(Workspace(own).newest(), "office", "", "").assign(limit_text="3工作日")
    save_edition(Workspace(own), theirs, scheme="office", kind="", valid_from="", who="another")
    seen.run()
    assert not seen.warning
    assert editor["seen"][-1][0]["limit_text"].tolist() == ["3工作日"] * 3


@pytest.mark.parametrize("stored_first", [True, False])
def test_a_table_that_another_one_removed_or_began_meanwhile_is_told(visit, own, tmp_path, editor, stored_first):  # noqa: F811
    folder = own if stored_first else tmp_path / "new"
    of = {"scheme": "office", "kind": "", "valid_from": "", "who": "another"}
    editor["edit"] = lambda rows: rows.assign(limit_text=["1工作日", "2工作日", "3工作日"])
    seen = visit("data", folder, section="deadlines")
    if stored_first:
        remove_edition(Workspace(folder), **of)
    else:
        save_edition(Workspace(folder), pd.DataFrame([{"hazard": "wall_risk", "limit_text": "15天"}]), **of)
    before = Workspace(folder).newest_version()
    press(seen, "Save the deadlines")
    assert len(refusals(seen)) == 1
    assert "Somebody else has changed" in seen.warning[0].value
    assert editor["seen"][-1][0]["hazard"].tolist()[:1] == ["waterlogging"]
    assert Workspace(folder).newest_version() == before
    press(seen, "Show the deadlines as they are now")
    assert refusals(seen) == []
    assert not seen.warning
    assert not seen.exception


def test_a_new_edition_from_a_day_stands_beside_the_old_one_and_is_removed(visit, own, editor):  # noqa: F811
    seen = visit("data", own, section="deadlines")
    next(one for one in seen.radio if one.label == "Save as").set_value("new").run()
    save = next(one for one in seen.button if one.label == "Save the deadlines")
    assert save.disabled  # no day yet
    next(one for one in seen.date_input if one.label == "Stands from").set_value(
        pd.Timestamp("2026-08-01").date()
    ).run()
    press(seen, "Save the deadlines")
    assert editions(Workspace(own).newest())["valid_from"].tolist() == ["", "2026-08-01"]
    seen = visit("data", own, section="deadlines")
    assert seen.dataframe[0].value["Until"].tolist() == ["2026-07-31", ""]
    press(seen, "Remove it")
    assert "3 rows are removed" in " ".join(texts(seen))
    assert not seen.warning
    assert editions(Workspace(own).newest())["valid_from"].tolist() == ["2026-08-01"]


def test_an_office_without_a_table_writes_its_limits_by_hazard(visit, tmp_path, editor):  # noqa: F811
    def edit(rows):
        rows["limit_text"] = ["2紧急工作时", "5工作日", ""]
        return rows if "limit" not in rows else rows.drop(columns="limit")

    editor["edit"] = edit
    seen = visit("data", tmp_path, section="deadlines")
    assert editor["seen"][-1][0]["hazard"].tolist() == list(HAZARDS[:3])
    press(seen, "Save the deadlines")
    assert refusals(seen) == []
    assert "no limit is written" in " ".join(texts(seen))
    assert editions(Workspace(tmp_path).newest()).to_numpy().tolist() == [["office", "", "", 3, 1]]


def test_a_refused_table_is_told_at_its_place_and_nothing_is_stored(visit, own, editor):  # noqa: F811
    editor["edit"] = lambda rows: rows.assign(code="0506")
    before = Workspace(own).newest_version()
    seen = visit("data", own, section="deadlines")
    press(seen, "Save the deadlines")
    assert "choose which of the two" in " ".join(refusals(seen))
    assert Workspace(own).newest_version() == before


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_texts_are_shown_as_typed(visit, own, lang):  # noqa: F811
    frame = pd.DataFrame([{**dict.fromkeys(EDITED, text), "hazard": "", "handling": ""} for text in HOSTILE])
    for place, text in enumerate(HOSTILE[:3]):
        save_edition(Workspace(own), frame, scheme=text[:60], kind="event", valid_from=f"2026-0{place + 1}-01", who="t")
    seen = visit("data", own, lang=lang, section="deadlines")
    assert not seen.exception
    assert refusals(seen) == []
    names = seen.dataframe[0].value.iloc[:, 0].tolist()
    assert {text[:60].strip() for text in HOSTILE[:3]} <= set(names)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_tables_of_deadlines_and_of_workdays_are_told_and_loaded_on_the_page(visit, tmp_path, lang):  # noqa: F811
    words = WORDS[lang]
    for name, content, purpose, kind in (
        ("时限.csv", OWN, "standard", "standard"),
        ("日历.csv", "日期,是否工作日,备注\n2027-02-06,否,示例\n2027,,\n", "workdays", "workdays"),
    ):
        seen = visit("data", tmp_path, lang=lang)
        seen.file_uploader[0].set_value((name, content.encode(), "text/csv")).run()
        assert box(seen, words("This file holds")).value == purpose
        press(seen, words("Import"))
        assert refusals(seen) == []
        assert Workspace(tmp_path).newest().history[-1].kind == kind
    assert editions(Workspace(tmp_path).newest())["scheme"].tolist() == ["office"]
    seen = visit("data", tmp_path, lang=lang, section="deadlines")
    box(seen, words("Year")).select(2027).run()
    assert words("the office's own table") in seen.dataframe[-1].value.to_numpy().ravel().tolist()
