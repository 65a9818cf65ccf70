"""Rates of hand-made and invented cells: raw ones by another program, smoothed ones drawn in, marks that tell why."""

import io
import json
from pathlib import Path

import demo_cases
import geopandas as gpd
import numpy as np
import pytest
import scipy.stats
from stored import rows, store, with_grids
from streamlit.testing.v1 import AppTest

from base.errors import HazardError
from base.text import Words
from data.exposures import join_exposures
from data.schema import Scope
from data.store import Workspace
from reports import answers, people
from reports.rates import rates, rates_json, sentences

GRID = Scope(level="grid")
EN, ZH = Words("en"), Words("zh")
COUNTS = {"A": 30, "B": 2, "C": 8, "D": 0}


def put(tmp_path, table=None):
    """The four grids with their counts, each call an event of its own, and exposures from a table."""
    workspace = with_grids(tmp_path)
    if table is not None:
        join_exposures(workspace, table.encode(), "h.csv", level="grid", who="t")
    cases = [
        {"incident_id": f"{cell}{n}", "cell": cell, "reported_at": f"{1995 + n}-01-05"}
        for cell, number in COUNTS.items() for n in range(number)
    ]  # fmt: skip
    return store(workspace, rows(cases))


def asked(dataset, **more):
    return rates(dataset, GRID, answers.hot_spots(dataset, GRID), **more)


def test_rates_by_hand_stand_in_the_order_of_the_smoothed_ones_with_their_marks(tmp_path):
    found = asked(put(tmp_path, "网格编码,总户数\nA,1000\nB,100\nC,800\nD,100\n"))
    assert (found.unit, found.per, found.few, found.missing) == ("households", 1000, 3, 0)
    assert found.overall == pytest.approx(20)  # 40 of 2,000
    cells = found.cells.set_index("cell_id")
    assert cells["raw"].to_dict() == pytest.approx({"A": 30, "B": 20, "C": 10, "D": 0})
    # the cells' own variance by hand, of rates per thousand: (1 * 10**2 + .1 * 0 + .8 * 10**2 + .1 * 20**2) / 2 = 110
    # less 20 / .5 = 40, so 70; A keeps 70 / (70 + 20) of its distance, B and D 70 / 270, C 70 / 95
    assert cells["smoothed"].to_dict() == pytest.approx(
        {"A": 20 + 10 * 70 / 90, "B": 20, "C": 20 - 10 * 70 / 95, "D": 20 - 20 * 70 / 270}
    )
    assert "".join(found.cells["cell_id"]) == "ABDC"
    assert cells["mark"].to_dict() == {"A": "", "B": "few", "C": "few", "D": "few"}
    low, high = scipy.stats.chi2.ppf([0.025, 0.975], [60, 62]) / 2  # Garwood's limits of a count of 30
    assert (cells["low"]["A"], cells["high"]["A"]) == pytest.approx((low, high))
    assert (cells["low"]["D"], cells["high"]["D"]) == pytest.approx((0, 36.889), abs=1e-3)  # 3.6889 of a table


def test_cells_without_the_figure_have_no_rate_say_so_and_come_last(tmp_path):
    found = asked(put(tmp_path, "网格编码,井盖数\nA,200\nB,\nC,100\n"))
    assert (found.unit, found.per, found.missing) == ("covers", 100, 2)
    assert found.cells["mark"].tolist() == ["", "few", "no_exposure", "no_exposure"]
    assert found.cells["cell_id"].tolist() == ["A", "C", "B", "D"]
    assert found.cells[["raw", "low", "high", "smoothed"]].isna().sum().sum() == 8
    assert found.overall == pytest.approx(100 * 38 / 300)
    said = " ".join(sentences(found, EN))
    assert "Events per 100 covers: 12.67 over all cells." in said
    assert "2 cells have no such figure, or none above zero, and no rate." in said
    assert "no claim" in said
    assert "排名不是判定" in "".join(sentences(found, ZH))
    missing = next(row for row in rates_json(found) if row["cell_id"] == "B")
    assert missing == {
        "cell_id": "B", "events": 2, "exposure": None, "unit": "covers", "per": 100.0, "raw": None, "low": None,
        "high": None, "smoothed": None, "mark": "no_exposure",
    }  # fmt: skip
    assert people.rate_marks(EN, found.cells["mark"]) == ["", "few events", "no figure", "no figure"]


def test_without_an_exposure_there_are_no_rates_but_by_area_if_asked_for(tmp_path):
    dataset = put(tmp_path)
    assert asked(dataset) is None
    assert asked(dataset, exposure="equal") is None
    assert asked(dataset, exposure="households") is None
    assert rates_json(None) is None
    by_area = asked(dataset, exposure="area")
    area = answers.cells_of(dataset, GRID).set_index("cell_id")["area_km2"]
    assert by_area.cells.set_index("cell_id")["raw"]["A"] == pytest.approx(30 / area["A"])
    with pytest.raises(HazardError, match="no exposure named moons"):
        asked(dataset, exposure="moons")


def test_rates_of_the_demo_are_those_of_another_program_and_are_of_events_whatever_is_counted(demo):
    dataset = Workspace(demo).newest()
    found = asked(dataset)
    events = answers.hot_spots(dataset, GRID).cells.set_index("cell_id")["events"]
    households = gpd.read_file(io.BytesIO(demo_cases.demo().grids)).set_index("网格编码")["户数"]
    raw = found.cells.set_index("cell_id")["raw"]
    assert raw.to_dict() == pytest.approx((1000 * events / households).to_dict())
    calls = rates(dataset, GRID, answers.hot_spots(dataset, GRID, method="calls"))
    assert np.array_equal(calls.cells["raw"], found.cells["raw"])


SCRIPT = """
import streamlit as st
from pages.common import cached, frame, rates_view
from data.schema import Scope
from reports import answers
words = frame.open_page("hotspots")
data, scope = cached.dataset(), Scope(level="grid")
exposure = st.query_params.get("exposure", "auto")
rates_view.rates_list(words, data, scope, answers.hot_spots(data, scope), exposure)
"""


@pytest.fixture
def panel(tmp_path_factory, monkeypatch, components):
    path = tmp_path_factory.mktemp("script") / "panel.py"
    path.write_text(SCRIPT, encoding="utf-8")

    def show(folder: Path, lang: str, **address):
        monkeypatch.setenv("HOTSPOTS_WORKSPACE", str(folder))
        seen = AppTest.from_file(str(path), default_timeout=60)
        seen.query_params.update({"lang": lang, **address})
        seen.run()
        assert not seen.exception
        return seen

    return show


@pytest.mark.parametrize(
    ("lang", "title", "no_claim"), [("en", "Smoothed", "is no claim"), ("zh", "平滑后", "不是判定")]
)
def test_the_panel_lists_the_rates_with_a_caption_and_a_download(panel, demo, lang, title, no_claim):
    seen = panel(demo, lang)
    table = seen.dataframe[0].value
    assert len(table) == 23
    assert table["smoothed"].is_monotonic_decreasing
    assert no_claim in seen.caption[0].value.replace("\\", "")
    assert title in json.dumps(json.loads(seen.dataframe[0].proto.columns), ensure_ascii=False)
    assert len(seen.get("download_button")) == 1


def test_the_panel_says_what_to_load_where_there_is_nothing_to_reckon_by(panel, tmp_path):
    put(tmp_path)
    for lang, sentence in (("en", "load households, population"), ("zh", "按网格导入户数")):
        (told,) = panel(tmp_path, lang).info
        assert sentence in told.value
    seen = panel(tmp_path, "en", exposure="area")
    assert len(seen.dataframe[0].value) == 4
    refused = panel(tmp_path, "en", exposure="moons")
    assert "no exposure named moons" in refused.error[0].value.replace("\\", "")
    assert not refused.info
