"""The panel of a forecast rain: with rain, with more than was ever seen, and without any."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from data.rain import remove_stations
from data.store import Workspace


def panel(language: str) -> None:
    from base.text import Words
    from data.schema import Scope
    from pages.common import cached, rain_view

    rain_view.show_forecast(Words(language), cached.dataset(), Scope("grid"))


@pytest.fixture
def office(demo, tmp_path, monkeypatch, components):
    """A demo of its own for each test."""
    folder = shutil.copytree(demo, tmp_path / "own")
    monkeypatch.setenv("HOTSPOTS_WORKSPACE", str(folder))
    return Workspace(folder)


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
