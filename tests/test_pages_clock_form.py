"""The form of the working calendar and its clocks: what an office sets there, what it changes, what is refused."""

import re
import shutil
from pathlib import Path

import pytest
from test_pages import WORDS, box, press, refusals, texts, visit, workspaces  # noqa: F401  fixtures among them

from base.settings import SETTINGS
from data.store import Workspace
from reports import clock_rules


def line(seen, label):
    return next(one for one in seen.text_input if one.label == label)


def saving(seen, words):
    return next(one for one in seen.button if one.label == words("Save calendar and clocks"))


def test_each_choice_of_a_setting_has_its_words():
    settings = {one.name: one for one in SETTINGS}
    assert set(clock_rules.TITLES) == set(clock_rules.HELP) <= set(settings)
    for name in clock_rules.TITLES:
        assert tuple(clock_rules.CHOICES.get(name, ())) == settings[name].choices


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hours_and_clocks_are_set_on_the_page_and_it_says_how_many_cases_are_due_at_another_time(
    visit,  # noqa: F811
    demo,
    tmp_path,
    lang,
):
    words, folder = WORDS[lang], Path(shutil.copytree(demo, tmp_path / "own"))
    seen = visit("data", folder, lang=lang, section="deadlines")
    assert saving(seen, words).disabled
    before = Workspace(folder).newest().query("SELECT source, incident_id, due_at FROM incidents").to_pandas()
    line(seen, words("Office hours")).set_value("09:00-12:00  13:00-17:00").run()
    box(seen, words("Limits begin")).select("reported").run()
    press(seen, words("Save calendar and clocks"))
    assert refusals(seen) == []
    now = Workspace(folder).newest()
    assert (now.settings["office_hours"], now.settings["clock_start"]) == ("09:00-12:00 13:00-17:00", "reported")
    after = now.query("SELECT source, incident_id, due_at FROM incidents").to_pandas()
    both = before.merge(after, on=["source", "incident_id"])
    same = (both["due_at_x"] == both["due_at_y"]) | (both["due_at_x"].isna() & both["due_at_y"].isna())
    n = int((~same).sum())
    assert n > 100
    said = " ".join(texts(seen)).replace("\u2060", "")  # a joiner keeps Markdown from reading the text
    assert words.plural("{n} case is due at another time now.", "{n} cases are due at another time now.", n) in said
    assert "09:00-12:00 13:00-17:00" in said
    assert saving(seen, words).disabled


def test_what_counts_against_a_deadline_moves_no_due_time(visit, demo, tmp_path):  # noqa: F811
    folder = Path(shutil.copytree(demo, tmp_path / "own"))
    seen = visit("data", folder, section="deadlines")
    box(seen, "A deadline is met by").select("handled").run()
    press(seen, "Save calendar and clocks")
    assert "No case is due at another time" in " ".join(texts(seen))
    assert Workspace(folder).newest().settings["clock_end"] == "handled"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("title", "text"),
    [("Office hours", "from nine to five"), ("Office hours", "18:00-09:00"), ("Country of the calendar", "XX")],
)
def test_what_cannot_be_read_is_refused_in_a_sentence_and_nothing_is_stored(visit, tmp_path, title, text, lang):  # noqa: F811
    words = WORDS[lang]
    seen = visit("data", tmp_path, lang=lang, section="deadlines")
    line(seen, words(title)).set_value(text).run()
    press(seen, words("Save calendar and clocks"))
    (said,) = refusals(seen)
    assert lang == "en" or re.search("[一-鿿]", said)
    assert not Workspace(tmp_path).exists
    assert line(seen, words(title)).value == text  # to be mended
