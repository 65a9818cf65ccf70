"""Cells drawn anew within a period: D is S from May 2025 on, in the midst of two years; counted by hand."""

import datetime as dt

import numpy as np
import pytest
from stored import with_grids
from test_data_placing import with_editions
from test_reports_record import events, months, put

from analysis.drawn import Drawn
from base.text import Words
from data.schema import Scope
from reports import answers, doubts, rates, record

EDITIONS = [("A", "A", "", ""), ("B", "B", "", ""), ("C", "C", "", ""),
            ("D", "D", "", "2025-05-01"), ("D", "S", "2025-05-01", "")]  # fmt: skip
BOTH_YEARS = Scope("grid", dt.date(2024, 1, 1), dt.date(2026, 1, 1))
EN = Words("en")


def dataset(path, cases):
    workspace = with_grids(path)
    with_editions(workspace, EDITIONS)
    return put(workspace, cases)


def even(n, cells="ABCD"):
    return [one for cell in cells for month in months("2024-01", "2025-12") for one in events(cell, month, n)]


def test_a_cell_drawn_anew_is_expected_to_have_its_share_since_then_and_makes_no_claim_on_the_others(tmp_path):
    data = dataset(tmp_path, even(7))
    for method in ("excess", "excess+scan", "gi_star", "list"):
        spots = answers.hot_spots(data, BOTH_YEARS, method=method)
        cells = spots.cells
        assert cells["cell_id"].tolist() == ["A", "B", "C", "S"]
        assert cells["events"].tolist() == [7 * 24] * 3 + [7 * 8]
        # 16 months of 21 events among three cells, 8 months of 28 among four
        assert cells["expected"].tolist() == pytest.approx([7 * 24] * 3 + [7 * 8])
        assert not cells["hot"].any()
        assert spots.result.reason.say(EN).count("One cell was drawn anew within the period") == 1
        assert "重新划定" in spots.result.reason.say(Words("zh"))


def test_what_counts_is_how_much_came_since_then_and_not_how_many_days(tmp_path):
    wet = [one for cell in "ABCD" for month in ("2024-08", "2025-03") for one in events(cell, month, 7)]
    cells = answers.hot_spots(dataset(tmp_path, [*even(1), *wet]), BOTH_YEARS).cells
    assert cells["events"].tolist() == [36, 36, 36, 8]
    assert cells["expected"].tolist() == pytest.approx([36, 36, 36, 8])


def test_no_remark_where_no_cell_begins_within_the_period(tmp_path):
    data = dataset(tmp_path, even(7))
    later = answers.hot_spots(data, Scope("grid", dt.date(2025, 5, 1), dt.date(2026, 1, 1)))
    assert later.drawn is None
    assert later.cells["expected"].tolist() == [56] * 4
    assert "drawn anew" not in later.result.reason.say(EN)


def test_the_months_of_the_record_and_the_rates_tie_with_what_is_expected(tmp_path):
    data = dataset(
        tmp_path, [*even(3), *[one for month in months("2025-06", "2025-12") for one in events("D", month, 8)]]
    )
    spots = answers.hot_spots(data, BOTH_YEARS)
    assert spots.cells["hot"].tolist() == [False, False, False, True]
    found = record.record_of(data, BOTH_YEARS, spots)
    own = found.months[found.months["cell_id"] == "S"]
    assert own["expected"].sum() == pytest.approx(spots.cells["expected"][3])
    listed = rates.rates(data, BOTH_YEARS, spots, exposure="area")
    table = listed.cells.set_index("cell_id")
    # by area every cell is alike, but for its part of the period
    assert (table["raw"] / listed.overall).loc["S"] == pytest.approx(spots.cells["ratio"][3], rel=1e-3)
    assert table["exposure"].loc["S"] == pytest.approx(table["exposure"].loc["A"], rel=1e-3)
    assert "1 cell was drawn anew" in " ".join(rates.sentences(listed, EN))


def test_a_cell_that_never_reported_is_expected_to_have_what_came_since_it_was_drawn(tmp_path):
    data = dataset(
        tmp_path, [*even(1, "ABC"), *[one for month in months("2024-01", "2025-04") for one in events("D", month, 1)]]
    )
    silent = doubts.silent_of(data, BOTH_YEARS, answers.hot_spots(data, BOTH_YEARS)).cells
    # 8 months of three events among four cells; the others share 16 months of three as well
    assert silent["cell_id"].tolist() == ["S"]
    assert silent["expected"].tolist() == pytest.approx([6])
    assert silent["p"].tolist() == pytest.approx([(1 - 6 / 72) ** 72])


def test_the_part_of_a_period_by_exposure():
    begins = Drawn(np.array([0, 0, 1]), np.array([30, 40]))
    # 30 events by 3 units of exposure, then 40 by 8: of 10 + 5 a unit the last cell could have 5
    assert begins.part([1, 2, 5]).tolist() == [1, 1, pytest.approx(1 / 3)]
    assert begins.part([1, 2, np.nan])[2] == pytest.approx((40 / 3) / (70 / 3))
    assert Drawn(np.array([1, 1]), np.array([0, 9])).part([1, 1]).tolist() == [1, 1]  # all at once: the whole
    assert Drawn(np.array([0, 1]), np.array([9, 0])).part([1, 1])[1] > 0
