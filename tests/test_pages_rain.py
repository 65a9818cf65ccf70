"""The panel of a forecast rain: with rain, with more than was ever seen, and without any."""

import pytest
from streamlit.testing.v1 import AppTest

from data.demo import make_demo
from data.example import load_demo
from data.rain import load_rain, remove_stations
from data.store import Workspace


def panel(language: str) -> None:
    from base.text import Words
    from data.schema import Scope
    from pages.common import cached, rain_view

    rain_view.show_forecast(Words(language), cached.dataset(), Scope("grid"))


@pytest.fixture
def office(tmp_path, monkeypatch, components):
    workspace = Workspace(tmp_path)
    load_demo(workspace, who="t")
    if not len(workspace.newest().rainfall()):
        load_rain(workspace, make_demo().gauge, "rain.csv", who="t")
    monkeypatch.setenv("HOTSPOTS_WORKSPACE", str(tmp_path))
    return workspace


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_forecast_lists_cells_and_a_deeper_one_says_it_is_drawn_out(office, language):
    page = AppTest.from_function(panel, args=(language,), default_timeout=60).run()
    assert not page.exception
    assert len(page.number_input) == 1  # the demo's readings are of a day: no largest hour is asked for
    assert len(page.dataframe) == 1  # no cell of the demo lacks a chance
    before = len(page.caption[0].value)
    page.number_input[0].set_value(300.0).run()
    assert not page.exception
    assert len(page.caption[0].value) > before


def test_without_rain_the_panel_says_where_to_load_it(office):
    remove_stations(office, list(office.newest().rainfall()["station"].unique()), who="t")
    page = AppTest.from_function(panel, args=("en",), default_timeout=60).run()
    assert not page.exception
    assert "Data page" in page.info[0].value
    assert not page.number_input
