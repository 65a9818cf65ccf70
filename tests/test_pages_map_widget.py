"""The map on a page, without a browser: what is handed to the frame, and what a click does."""

import json
from pathlib import Path
from unittest import mock

import pytest
from hostile_names import HOSTILE
from streamlit.testing.v1 import AppTest

from base.text import Words
from geo.maps import MapValues
from pages.common.map_widget import show_map

PAGE = Path(__file__).parent / "map_page.py"
pytestmark = pytest.mark.usefixtures("components")


def opened():
    return AppTest.from_file(str(PAGE), default_timeout=30).run()


def handed_over(page):
    component = page.get("component_instance")[0]
    return component.proto.id, json.loads(component.proto.json_args)


def test_the_frame_loads_our_own_files_only():
    page = opened()
    assert not page.exception
    _, arguments = handed_over(page)
    links = [*arguments["js_links"], *arguments["css_links"]]
    assert len(links) == 4
    assert all(link.startswith("../../app/static/") for link in links)


def test_a_map_whose_files_are_missing_says_so_and_is_not_an_empty_frame():
    with mock.patch("pages.common.map_widget.missing_files", return_value=["vendor/leaflet.js"]):
        page = opened()
    (said,) = [one.value.replace("\\", "") for one in page.warning]
    assert "vendor/leaflet.js is missing" in said
    assert "run.py setup" in said
    assert not page.get("component_instance")


def test_a_map_of_cells_that_are_gone_is_refused():
    with pytest.raises(LookupError, match="no cells file"):
        show_map("gone", "0123456789abcdef", MapValues(0, [], [], []), words=Words("en"), alt="")


def test_a_filter_changes_the_painted_values_and_nothing_else_so_the_frame_stays():
    page = opened()
    first, before = handed_over(page)
    page.checkbox[0].check().run()
    second, after = handed_over(page)
    assert first == second
    assert {name for name in before if before[name] != after[name]} == {"feature_group"}


def test_no_name_of_a_cell_is_handed_to_the_frame():
    _, arguments = handed_over(opened())
    text = json.dumps(arguments) + json.dumps(arguments, ensure_ascii=False)
    assert not [name for name in HOSTILE if name in text or json.dumps(name)[1:-1] in text]


def test_the_sentence_for_screen_readers_and_the_legend_hold_names_as_text():
    bodies = "".join(element.proto.body for element in opened().get("html"))
    assert "Map of &lt;img src=x" in bodies
    assert "<img" not in bodies


def clicking(answer):
    """Return a stand-in for the frame that answers once, as a click would."""
    left = [answer]

    def st_folium(figure, *, key, on_change, **others):
        import streamlit

        if left:
            streamlit.session_state[key] = left.pop()
            on_change()

    return st_folium


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"layer": 1, "cell": 4, "at": 1}, "level 1 parent None chosen 4"),
        ({"layer": 0, "cell": 1, "at": 1}, "level 1 parent None chosen None"),  # late, from the level before
        ({"layer": 1, "cell": 11, "at": 1}, "level 1 parent None chosen None"),  # no such cell
        ({"layer": 1, "cell": "4"}, "level 1 parent None chosen None"),
        ({"layer": 1, "cell": True}, "level 1 parent None chosen None"),
        ("4", "level 1 parent None chosen None"),
        (None, "level 1 parent None chosen None"),
    ],
)
def test_a_click_chooses_a_cell_that_is_there_and_nothing_else_does(answer, said):
    with mock.patch("streamlit_folium.st_folium", clicking(answer)):
        page = opened()
        page.run()
    assert not page.exception
    assert page.text[-1].value == said
