"""The evaluation page: its verdict and figures, the maps, what is changed by hand, its parts, and its words without."""

import pandas as pd
import pytest
from drained_office import office
from test_pages import EN, WORDS, check, figures, refusals, texts, title, visit, workspaces  # noqa: F401  fixtures

from analysis.evaluation import HELPED
from data.projects import save_projects
from data.store import Workspace
from pages.common import evaluation_parts, evaluation_view
from reports import evaluation as works
from reports import evaluation_words as told
from reports.evaluation import Asked

LANGUAGES = pytest.mark.parametrize("lang", ["zh", "en"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("drained")
    office(made)
    return made


@pytest.fixture(scope="module")
def found(folder):
    return works.evaluate(Workspace(folder).newest(), "P1", Asked(level="grid"))


def boxes(seen):
    return {one.key.split("-")[0].removeprefix("w_"): one for one in (*seen.multiselect, *seen.selectbox)}


@LANGUAGES
def test_the_first_screen_says_the_verdict_the_numbers_and_what_they_rest_on(visit, folder, found, lang):  # noqa: F811
    words = WORDS[lang]
    seen = visit("evaluation", folder, lang=lang)
    assert not seen.exception
    assert refusals(seen) == []
    assert title(seen) == told.main(found).say(words)
    assert figures(seen) == [one.value.say(words) for one in told.figures(found)]
    said = " ".join(texts(seen))
    for one in (told.why(found), *told.rests_on(found)):
        assert one.say(words) in said
    assert len(seen.get("iframe")) + len(seen.get("component_instance")) >= 2
    assert boxes(seen)["controls"].value == found.cells.loc[found.controls, "cell_id"].tolist()


@LANGUAGES
@pytest.mark.parametrize("part", list(evaluation_parts.PARTS))
def test_each_part_opens_by_its_address(visit, folder, found, lang, part):  # noqa: F811
    words = WORDS[lang]
    seen = visit("evaluation", folder, lang=lang, part=part)
    assert not seen.exception
    assert refusals(seen) == []
    names = [one.proto.label for one in seen.get("download_button")]
    for kind in ("XLSX", "GPKG"):
        assert words("Download: {name}", name=words("Before and after ({kind})", kind=kind)) in names
    said = " ".join(texts(seen))
    if part == "all":
        (table,) = (one.value for one in seen.dataframe)
        assert table["project_id"].tolist() == ["P1"]
        assert table["verdict"].tolist() == [words(told.VERDICTS[HELPED])]
    elif part == "months":
        assert told.expected_line(found).say(words) in said
    else:
        assert told.placebo_lines(found, works.placebos(found))[0].say(words) in said
        assert told.second_line(works.second_opinion(found)).say(words) in said
    assert len(seen.get("plotly_chart")) == (0 if part == "all" else 1)


def test_cells_are_chosen_and_left_out_by_hand_and_the_address_keeps_them(visit, folder):  # noqa: F811
    seen = visit("evaluation", folder)
    seen = boxes(seen)["controls"].set_value(["C", "D", "E"]).run()
    assert seen.query_params["controls"] == "C~D~E"
    assert any("3 cells to compare with were chosen by hand." in one for one in texts(seen))
    seen = boxes(seen)["leftout"].set_value(["D"]).run()
    assert seen.query_params["leftout"] == "D"
    assert boxes(seen)["controls"].value == ["C", "E"]
    again = visit("evaluation", folder, controls="C~D~E", leftout="D")
    assert title(again) == title(seen)
    assert boxes(again)["controls"].value == ["C", "E"]
    (back,) = (one for one in again.button if one.label == "Back to the usual choices")
    usual = back.click().run()
    assert len(boxes(usual)["controls"].value) == 8
    assert "controls" not in usual.query_params


def test_a_click_takes_a_cell_in_or_out_and_none_that_takes_no_part(found, monkeypatch):
    kept = []
    monkeypatch.setattr(evaluation_view, "keep_codes", lambda name, codes: kept.append("".join(sorted(codes))))
    ids = (tuple(found.cells["cell_id"]),)
    click = evaluation_view._toggle(ids, found)
    now = "".join(found.cells.loc[found.controls, "cell_id"])
    inside, outside = found.controls.argmax(), (found.others & ~found.controls).argmax()
    for position in (0, 1, int(inside), int(outside)):  # A is the project's, B next to it
        click(0, position)
    assert kept == [now.replace(ids[0][inside], ""), "".join(sorted(now + ids[0][outside]))]


def test_an_address_that_asks_for_unknown_cells_shows_the_usual_view(visit, folder):  # noqa: F811
    seen = visit("evaluation", folder, controls="Z~Y", project="P9", chosen="days", choice="x~y", since="z")
    assert not seen.exception
    assert refusals(seen) == []
    assert len(boxes(seen)["controls"].value) == 8
    assert any("not in these data" in one.value for one in seen.toast)


def test_the_days_that_led_to_the_choice_are_changed_by_the_address(visit, folder):  # noqa: F811
    seen = visit("evaluation", folder, chosen="days", choice="2023-07-01~2024-01-01")
    assert any("1 Jul 2023 – 31 Dec 2023, as chosen by hand" in one for one in texts(seen))
    seen = visit("evaluation", folder, chosen="none", since="2023-06-01")
    assert any("No time is said to have led to the choice" in one for one in texts(seen))
    assert any("1 Jun 2023" in one for one in texts(seen))


@LANGUAGES
def test_a_project_that_cannot_be_judged_is_said_with_a_way_back(visit, folder, lang):  # noqa: F811
    words = WORDS[lang]
    seen = visit("evaluation", folder, lang=lang, project="P2", since="2024-01-01")
    assert title(seen) == words("{project}: whether it helped cannot be told", project="P2")
    assert len(seen.error) == 1
    assert words("Back to the usual choices") in [one.label for one in seen.button]
    assert len(seen.dataframe) == 1  # all finished projects


@LANGUAGES
def test_without_a_project_or_a_finished_one_it_says_what_to_do(visit, workspaces, tmp_path, lang):  # noqa: F811
    words = WORDS[lang]
    check(visit("evaluation", "empty", lang=lang), "resolution", "empty", lang)
    workspace = office(tmp_path)
    save_projects(workspace, pd.DataFrame([{"project_id": "P2", "name": "Pump of L"}]), who="t")
    seen = visit("evaluation", tmp_path, lang=lang)
    assert title(seen) == words("No project is finished yet")
    save_projects(workspace, pd.DataFrame({"project_id": [], "name": []}), who="t")
    assert title(visit("evaluation", tmp_path, lang=lang)) == words("No project to evaluate yet")


def test_names_from_a_file_stay_text(visit, tmp_path):  # noqa: F811
    workspace = office(tmp_path)
    rows = workspace.newest().projects()
    rows.loc[0, "name"] = "**x** <b>y</b> [z](http://a.b)"
    save_projects(workspace, rows, who="t")
    seen = visit("evaluation", tmp_path)
    assert "<b>y</b>" in title(seen)
    assert "**x**" not in seen.title[0].value
