"""The map of times and the panel of what came back, on a page of their own: the numbers of reports/, as text."""

import json

import pytest
import streamlit as st
from hostile_names import HOSTILE
from stored import boundary, rows, store
from streamlit.testing.v1 import AppTest
from test_reports_returning import wet

from base.text import Words, markdown_plain
from data.levels import load_cells
from data.schema import Scope
from data.store import Workspace
from pages.common import cached
from reports import returning, returning_tables, times, times_map

SCRIPT = """
import streamlit as st
from pages.common import cached, controls, frame, panels, returns_view, times_map
from reports import times

_ = frame.open_page("resolution")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    scope = controls.scope(_, data)
    panels.stop_without_cells(_, data, scope)
    times_map.draw(_, data, scope, times.Asked(), controls.cell(data, scope))
    returns_view.panel(_, data, scope)
"""


@pytest.fixture
def show(monkeypatch, static_files, components):
    """A function that draws both on a workspace's folder, with address parameters."""
    st.cache_data.clear()
    st.cache_resource.clear()

    def open_(folder, **address):
        monkeypatch.setenv("HOTSPOTS_WORKSPACE", str(folder))
        seen = AppTest.from_string(SCRIPT, default_timeout=60)
        seen.query_params.update({"period": "all", **address})
        return seen.run()

    return open_


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("measure", ["median", "share"])
def test_both_show_what_the_reports_say(show, demo, lang, measure):
    seen = show(demo, lang=lang, map=measure, returns="cell")
    assert not seen.exception
    workspace, words = Workspace(demo), Words(lang)
    data = workspace.open(workspace.newest_version()[0])
    scope = Scope(level=data.levels[-1].name, start=None, end=None)
    found = returning.returning(data, scope)
    said = [one.value for one in seen.markdown]
    assert markdown_plain(words.joined([found.headline(words), *found.beside(words)])) in said
    table, cases = (frame.value for frame in seen.dataframe)
    expected, _titles = returning_tables.groups_for_people(found, "cell", words)
    assert table.to_numpy().tolist() == expected.to_numpy().tolist()
    assert (
        cases["closed_case"].tolist() == returning_tables.listed(data, found, cached.MOST_ROWS)["closed_case"].tolist()
    )
    cells = times_map.cell_times(data, scope, times.Asked(), measure)
    assert cells.unsure.any()
    told = {
        "en": "{n} cells cannot be told from all together.",
        "zh": "{n} 个网格与总体无法区分。",
    }[lang].format(n=cells.unsure.sum())
    assert any(markdown_plain(told) in one.value for one in seen.caption)


def test_names_from_files_stay_text_on_the_page(show, tmp_path):
    workspace = Workspace(tmp_path)
    content = json.loads(boundary(["A", "B"], step=0.02))
    for feature, name in zip(content["features"], HOSTILE, strict=False):
        feature["properties"]["name"] = name
    load_cells(workspace, json.dumps(content).encode(), "g.geojson", level="grid", who="t")
    cases = [
        wet(
            0,
            f"2025-03-{day:02d}",
            f"2025-03-{day:02d} 10:00",
            incident_id=f"c{day}",
            unit=HOSTILE[2],
            address=HOSTILE[0],
        )
        for day in (1, 5, 9, 13)
    ]
    store(workspace, rows([{"hazard": "waterlogging", **case} for case in cases]))
    seen = show(tmp_path, lang="en", returns="unit")
    assert not seen.exception
    table, listed = (frame.value for frame in seen.dataframe)
    assert table["key"].tolist() == [HOSTILE[2]]
    assert listed["name"].unique().tolist() == [HOSTILE[0]]
    for text in [*seen.markdown, *seen.caption]:
        assert HOSTILE[0] not in text.value


def test_without_a_closure_it_says_so(show, tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary(["A"]), "g.geojson", level="grid", who="t")
    store(workspace, rows([wet(0, "2025-03-01", hazard="waterlogging", incident_id="a")]))
    seen = show(tmp_path, lang="en")
    assert not seen.exception
    assert any("No event with a point was closed" in one.value for one in seen.markdown)
    assert len(seen.dataframe) == 0
