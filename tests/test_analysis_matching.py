"""Who is like the place of a work, who may not be, and the same estimate where nothing was built."""

import numpy as np
import pytest

from analysis.evaluation import AFTER, BEFORE, CHOICE, WORKS, estimate_effect
from analysis.matching import matched
from analysis.placebo import placebo_cells, placebo_dates, share_as_low
from base.errors import HazardError
from bench import evaluation as bench

COUNTS = [100, 98, 50, 97, 10, 101]
PLACE = [True, False, False, False, False, False]


def match(**options):
    return matched(COUNTS, np.full(6, 10), PLACE, **options)


def test_the_nearest_levels_are_taken():
    found = match(most=3)
    assert np.flatnonzero(found.controls).tolist() == [1, 3, 5]
    assert found.others.tolist() == [False, True, True, True, True, True]
    assert np.isnan(found.distance[0])
    assert not found.few
    assert found.far == 0


def test_neighbours_and_what_lies_downstream_take_no_part():
    found = match(excluded=[1, 5], most=3)
    assert np.flatnonzero(found.controls).tolist() == [2, 3, 4]
    assert not found.others[[1, 5]].any()
    assert found.far == 1  # the cell with 10 reports; 50 of 100 is drawn in a little


def test_the_user_may_choose_but_not_what_the_work_can_touch():
    found = match(chosen=[2, 4], excluded=[1])
    assert np.flatnonzero(found.controls).tolist() == [2, 4]
    assert found.few
    with pytest.raises(HazardError, match="1 of the cells chosen"):
        match(chosen=[1, 2], excluded=[1])


def test_cells_without_a_report_can_be_matched():
    found = matched([0, 0, 0, 0], [10] * 4, [True, False, False, False])
    assert found.controls.tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("options", "code"),
    [({"excluded": range(1, 6)}, "no-control"), ({"most": 0}, "most-bad"), ({"chosen": []}, "no-control")],
)
def test_nobody_to_compare_with_is_refused(options, code):
    with pytest.raises(HazardError) as refused:
        match(**options)
    assert refused.value.code == code


@pytest.fixture(scope="module")
def office():
    return bench.invent(bench.SETTINGS["chance"]._replace(a_year=20), 0.3, np.random.default_rng(5))


def test_placebo_cells_had_no_work_and_show_none(office):
    others = np.arange(len(office.counts)) != office.place
    found = placebo_cells(office.counts, office.wet, office.phase, others=others, year=np.arange(54) // 12)
    assert len(found) == 20
    assert office.place not in set(found["cell"])
    assert 0.8 < found["rate_ratio"].median() < 1.25
    assert (found["verdict"] == "helped").mean() < 0.2
    true = estimate_effect(office.counts, office.wet, ~others, office.phase, controls=others)
    assert share_as_low(true.rate_ratio, found) == pytest.approx(1 / 21)


def test_placebo_dates_lie_before_the_choice(office):
    place = np.arange(len(office.counts)) == office.place
    found = placebo_dates(office.counts, office.wet, place, office.phase, controls=~place)
    assert 1 <= len(found) <= 5
    assert (office.phase[found["period"]] == BEFORE).all()
    assert ((found["low"] < 1) & (found["high"] > 1)).mean() > 0.5
    changed = office.counts.copy()
    changed[:, office.phase == AFTER] = 0  # what came after the work has no say
    years = placebo_dates(office.counts, office.wet, place, office.phase, controls=~place, year=np.arange(54) // 12)
    assert (years["high"] >= found["high"] - 1e-9).all()
    again = placebo_dates(changed, office.wet, place, office.phase, controls=~place)
    assert again.equals(found)


def test_a_year_for_other_periods_is_refused_and_not_a_missing_placebo(office):
    others = np.arange(len(office.counts)) != office.place
    with pytest.raises(HazardError, match="given for the same cells"):
        placebo_cells(office.counts, office.wet, office.phase, others=others, year=[1, 2])


def test_a_time_before_that_is_too_short_has_no_placebo_date():
    phase = np.array([BEFORE, CHOICE, WORKS, AFTER])
    assert placebo_dates(np.ones((3, 4)), [5] * 4, [True, False, False], phase, controls=[False, True, True]).empty


def test_the_share_counts_the_true_work():
    import pandas as pd

    assert share_as_low(0.5, pd.DataFrame({"rate_ratio": [0.4, 0.5, 0.9, np.nan]})) == pytest.approx(3 / 4)
