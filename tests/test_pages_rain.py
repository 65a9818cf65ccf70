"""The rain on the Data page: with and without, in both languages, loaded through its form, removed and taken back."""

from pathlib import Path

import pytest
import streamlit as st
from hostile_names import HOSTILE
from test_pages import WORDS, box, check, press, refusals, texts, visit, workspaces  # noqa: F401  fixtures among them

from data import rain
from data.demo import make_demo
from data.store import Workspace


class Upload:
    def __init__(self, name, content):
        self.name, self._content = name, content

    def getvalue(self):
        return self._content


@pytest.fixture
def uploaded(monkeypatch):
    """A function that makes the section's uploader hold a file until one was loaded."""
    held = {}

    def uploader(_label, **options):
        return held.get("file") if options["key"] == "ra-upload-0" else None

    monkeypatch.setattr(st, "file_uploader", uploader)
    return lambda name, content: held.update(file=Upload(name, content))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_rain_the_section_says_what_it_is_for(visit, lang):  # noqa: F811
    seen = visit("data", "empty", lang=lang, section="rain")
    check(seen, "data", "empty", lang)
    assert {"zh": "尚未导入降雨", "en": "No rain is loaded"}[lang] in " ".join(texts(seen))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_is_previewed_loaded_and_taken_back(visit, uploaded, tmp_path, lang):  # noqa: F811
    demo = make_demo()
    uploaded(demo.names["rain"], demo.gauge)
    seen = visit("data", tmp_path, lang=lang, section="rain")
    assert not refusals(seen)
    assert not len(Workspace(tmp_path).newest().rainfall())
    words = WORDS[lang]
    press(seen, words("Load the rain"))
    assert not refusals(seen)
    stored = Workspace(tmp_path).newest().rainfall()
    assert len(stored) > 900
    assert f"{len(stored):,}" in " ".join(texts(seen)).replace("，", ",")
    press(seen, words("Take it back"))
    assert Workspace(tmp_path).newest().rainfall().empty


def test_inches_can_be_asked_for_and_hostile_names_are_shown_as_typed(visit, uploaded, tmp_path):  # noqa: F811
    rows = "\n".join(
        f'"{name.replace(chr(34), chr(34) * 2)}",2025-06-01 0{n % 9}:00,1' for n, name in enumerate(HOSTILE)
    )
    uploaded("x.csv", f"站名,时间,雨量\n{rows}\n".encode())
    seen = visit("data", tmp_path, lang="en", section="rain")
    box(seen, "Depths are in").select("inch").run()
    press(seen, "Load the rain")
    assert not refusals(seen)
    stored = Workspace(tmp_path).newest().rainfall()
    assert set(stored["mm"]) == {25.4}
    table = seen.dataframe[0].value
    assert len(table) == stored["station"].nunique()


def test_a_file_that_is_no_rain_is_refused_in_its_place(visit, uploaded, tmp_path):  # noqa: F811
    uploaded("x.csv", "案件编号,上报时间\n1,2025-01-01\n".encode())
    seen = visit("data", tmp_path, lang="en", section="rain")
    assert any("no table of rain" in one for one in refusals(seen))
    assert rain.last_change(Workspace(Path(tmp_path)).newest()) is None
