"""The map of resolution times: classes, what is pale, hatched or empty, and the words beside it, by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from hostile_names import HOSTILE
from stored import boundary, rows, store, with_grids

from analysis import comparing, resolution
from base.text import Words
from data.levels import load_cells
from data.schema import Scope
from data.store import Workspace
from reports import answers, choropleth, times, times_map
from reports.choropleth import Drawn

EN, ZH = Words("en"), Words("zh")
NAN = math.nan
GRID = Scope(level="grid")
IDS = ("A", "B", "C", "D")
DRAWN = Drawn(("community", "grid"), (("E", "W"), IDS), "key")


def groups(**cells):
    """Figures by cell: n, open, median_hours, low, high, due, in_time, share_in_time, share_low, share_high."""
    names = ["n", "open", "median_hours", "low", "high", "due", "in_time", "share_in_time", "share_low", "share_high"]
    table = pd.DataFrame(cells.values(), columns=names)
    return table.assign(key=pd.Categorical(list(cells)), verdict=None)  # several hazards: not compared


OVERALL = groups(all=(100, 9, 3.0, 2.5, 3.6, 90, 72, 0.8, 0.71, 0.87))
EACH = groups(
    A=(40, 2, 6.3, 4.0, 9.0, 38, 19, 0.5, 0.35, 0.65),  # slower than all together
    B=(30, 3, 3.2, 2.0, 5.0, 30, 25, 0.83, 0.66, 0.93),  # its limits hold the 3 h, and the 80%, of all together
    C=(12, 8, NAN, 50.0, NAN, 0, 0, NAN, NAN, NAN),  # half not reached, nothing due yet
    # D: no case
)
FEW = groups(A=(9, 0, 30.0, 20.0, 40.0, 9, 1, 0.11, 0.02, 0.44), B=(10, 0, 2.0, 1.0, NAN, 10, 9, 0.9, 0.6, 0.98))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    workspace = with_grids(tmp_path_factory.mktemp("map"))
    return workspace.open(workspace.newest_version()[0])


def found(dataset, table, measure, overall=OVERALL):
    cells = answers.cells_of(dataset, GRID)[["cell_id", "name"]]
    return times_map.told(cells, table, overall, measure, few_reports=10)


def picture(dataset, table, measure, words=EN, overall=OVERALL, **options):
    return times_map.times_map(dataset, DRAWN, GRID, found(dataset, table, measure, overall), words=words, **options)


def test_the_slowest_is_strongest_what_is_not_reached_is_hatched_and_no_case_is_empty(dataset):
    shown = picture(dataset, EACH, "median", selected="B")
    values, key = shown.values, shown.legend
    assert values.classes == [1, 0, 4, -1]  # of two medians the longer one; the strongest colour is kept for C
    assert (values.unreached, values.unsure, values.few, values.selected) == ([2], [1], [], 1)
    assert values.labels == ["6.3 h", "3.2 h", "not reached", "–"]
    assert key.steps == ("3.2 h", "3.2 h–6.3 h")  # each value its own class
    assert (key.measure, key.unit, key.notes[1]) == ("Median time to resolve", "", "n = 82")
    assert (key.unreached, key.missing, key.few) == ("half not resolved yet", "no case", "")
    assert key.unsure == "cannot be told from all together (3 h)"
    assert shown.alt == (
        "Map of 4 cells, Median time to resolve. In 2 cells the median is above that of all together and its interval "
        "does not hold it; chance alone gives some such cells. Cells also differ in what they handle: choose one "
        "hazard. 1 cell cannot be told from all together. In 1 cell half of the cases are not resolved yet. In 1 cell "
        "there is nothing to tell."
    )


def test_the_tip_tells_value_interval_cases_and_doubt(dataset):
    tips = [tip.split("\n") for tip in picture(dataset, EACH, "median").values.tips]
    assert tips == [
        ["median 6.3 h", "95% interval 4 h–9 h", "40 cases, 2 of them open"],
        [
            "median 3.2 h", "95% interval 2 h–5 h", "30 cases, 3 of them open",
            "cannot be told from all together (3 h)",
        ],
        ["half not resolved yet", "the median is above 50 h (95%)", "12 cases, 8 of them open"],
        ["No case"],
    ]  # fmt: skip
    tips = [tip.split("\n") for tip in picture(dataset, EACH, "share").values.tips]
    assert tips[0] == ["50% of 38 due cases in time", "95% interval 35%–65%", "40 cases, 2 of them open"]
    assert tips[1][-1] == "cannot be told from all together (80%)"
    assert tips[2:] == [["No case due yet", "12 cases, 8 of them open"], ["No case"]]


def test_of_shares_the_lowest_is_strongest_and_its_legend_goes_the_same_way(dataset):
    shown = picture(dataset, EACH, "share")
    assert shown.values.classes == [1, 0, -1, -1]
    assert shown.values.labels == ["50%", "83%", "–", "–"]
    assert shown.legend.steps == ("50%–83%", "50%")
    assert (shown.legend.missing, shown.legend.unreached) == ("no case due yet", "")
    assert shown.legend.notes[1] == "n = 68"  # cases due
    assert "In 1 cell the share in time is below that of all together and its interval does not hold it;" in shown.alt


def test_few_cases_are_pale_with_a_dotted_edge_whatever_their_limits(dataset):
    shown = picture(dataset, FEW, "median")
    assert (shown.values.few, shown.values.unsure) == ([0], [1])  # ten cases are enough; an open end is beyond 3 h
    assert shown.legend.few == "fewer than 10 cases"
    assert shown.values.tips[0].split("\n")[-1] == "few cases"
    assert shown.values.tips[1].split("\n")[1] == "95% interval 1 h–not reached"
    assert "above" not in shown.alt
    shares = picture(dataset, FEW, "share")
    assert (shares.values.few, shares.values.unsure) == ([0], [1])


def test_where_all_together_is_not_reached_only_open_ends_cannot_be_told_from_it(dataset):
    overall = OVERALL.assign(median_hours=NAN)
    one = found(dataset, EACH, "median", overall)
    assert one.unsure.tolist() == [False, False, True, False]
    assert picture(dataset, EACH, "median", overall=overall).legend.unsure == (
        "cannot be told from all together (not reached)"
    )


def test_a_cell_is_named_as_slower_only_where_cells_are_compared(dataset):
    table = EACH.assign(verdict=["slower", "", "few"])
    shown = picture(dataset, table, "median").alt
    assert "Slower than all others together: grid A 6.3 h." in shown
    assert "choose one hazard" not in shown
    shown = picture(dataset, table.assign(verdict=["", "", "few"]), "median").alt
    assert "No cell is shown to be slower than all others together." in shown


def test_of_cells_that_are_all_alike_hardly_a_map_names_one(dataset):
    # 20 times four cells of 60 cases of one distribution: 1 in 20 may name one
    named = 0
    for seed in range(20):
        chance = np.random.default_rng(seed)
        minutes = np.round(chance.exponential(600, 240)).astype(int)
        histogram = pd.DataFrame({"key": np.repeat(list("ABCD"), 60), "minutes": minutes, "resolved": True, "n": 1})
        found = comparing.compare_groups(histogram, seed=1)
        table = resolution.summarize(histogram).merge(found[["key", "verdict"]], on="key")
        due = {"due": 0, "in_time": 0, "share_in_time": NAN, "share_low": NAN, "share_high": NAN}
        overall = resolution.summarize(histogram.assign(key="all")).assign(**due)
        cells = pd.DataFrame({"cell_id": list("ABCD"), "name": list("ABCD")})
        one = times_map.told(cells, table.assign(**due), overall, "median", few_reports=10)
        named += "Slower" in times_map.times_map(dataset, DRAWN, GRID, one, words=EN).alt
    assert named <= 3


def test_an_empty_scope_has_a_map_without_classes(dataset):
    shown = picture(dataset, EACH.iloc[:0], "median", overall=OVERALL.iloc[:0])
    assert (shown.values.classes, shown.legend.steps, shown.legend.missing) == ([-1] * 4, (), "no case")
    assert shown.alt == "Map of 4 cells, Median time to resolve. In 4 cells there is nothing to tell."


def test_work_time_and_chinese_are_said_as_such(dataset):
    shown = picture(dataset, EACH, "median", clock="work")
    assert shown.values.labels[:2] == ["6.3 wh", "3.2 wh"]
    assert "median 6.3 work h" in shown.values.tips[0]
    shown = picture(dataset, EACH, "share", words=ZH)
    assert shown.values.tips[0].split("\n") == [
        "应办结 38 件，按期 50%",
        "95% 区间 35%–65%",
        "共 40 件，其中未办结 2 件",
    ]
    assert shown.legend.unsure == "与总体（80%）无法区分"


def test_the_map_takes_its_numbers_from_the_figures_of_the_page(tmp_path):
    cases = [
        {
            "incident_id": f"{cell}{n}", "lon": 113.005 + 0.01 * (cell == "B"), "lat": 33.005,
            "reported_at": f"2025-03-{n + 1:02d} 08:00",
            "closed_at": f"2025-03-{n + 1:02d} {9 + n % 3 + 6 * (cell == 'B'):02d}:00",
            "due_at": f"2025-03-{n + 1:02d} 12:00",
        }
        for cell in "AB" for n in range(12)
    ]  # fmt: skip
    dataset = store(with_grids(tmp_path), rows(cases))
    median = times_map.cell_times(dataset, GRID, times.Asked(), "median")
    assert median.cells["value"].tolist()[:2] == [2, 8]  # 1 to 3 hours, 7 to 9
    assert median.cells[["n", "open"]].to_numpy().tolist() == [[12, 0], [12, 0], [0, 0], [0, 0]]
    share = times_map.cell_times(dataset, GRID, times.Asked(), "share")
    assert share.cells["value"].tolist()[:2] == [1, 0]
    assert share.whole == 0.5
    assert share.unsure.tolist() == [False] * 4
    west = times_map.cell_times(dataset, GRID, times.Asked(), "share", pd.Series({"x": "A", "y": "B"}))
    assert west.cells["cell_id"].tolist() == ["A", "B"]


def test_names_from_a_boundary_stay_text_in_labels_and_legend(tmp_path):
    workspace = Workspace(tmp_path)
    ids = [f"g{n}" for n in range(len(HOSTILE))]
    load_cells(workspace, boundary(ids), "g.geojson", level="grid", who="t")
    data = workspace.open(workspace.newest_version()[0])
    cells = answers.cells_of(data, GRID)[["cell_id", "name"]].assign(name=list(HOSTILE))
    table = groups(**{one: (20, 0, 5.0 + n, 4.0 + n, 6.0 + n, 0, 0, NAN, NAN, NAN) for n, one in enumerate(ids)})
    one = times_map.told(cells, table.assign(verdict="slower"), OVERALL, "median", few_reports=10)
    shown = times_map.times_map(data, Drawn(("grid",), (tuple(sorted(ids)),), "key"), GRID, one, words=EN)
    assert sum(name in shown.alt for name in HOSTILE) == 3  # as typed: whoever shows the sentence escapes it
    assert not any(name in tip for name in HOSTILE for tip in shown.values.tips)


def test_the_overview_says_medians_in_words_too(dataset):
    table = answers.cell_table(dataset, GRID).assign(median_hours=[2.5, 100.0, np.nan, 0.5], cases=[20.0] * 4)
    spots = answers.hot_spots(dataset, GRID).result
    shown = choropleth.choropleth(
        dataset, DRAWN, GRID, table, spots, frozenset(), measure="median_hours", selected=None, words=EN
    )
    assert shown.values.labels == ["2.5 h", "4.2 days", "–", "30 min"]
    assert shown.legend.steps == ("30 min", "0.5 h–2.5 h", "0.1 days–4.2 days")  # one unit a class
    assert shown.values.tips[0].split("\n")[1] == "Median time to resolve: 2.5 h"
