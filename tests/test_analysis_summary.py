"""Changes carry their exact interval, months are complete, and the headline says no more than holds."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from analysis.hotspots import HotPlace, find_hot_spots
from analysis.summary import (
    change_sentence,
    complete_months,
    counted_claims,
    headline,
    just_before,
    rank_cells,
    rate_change,
    year_before,
)
from base.errors import HazardError
from base.text import Sentence, Term, Words

ENGLISH = Words("en")
DAY = dt.date


def spots_of(counts, **exposures):
    return find_hot_spots(counts, counts, exposures, fdr=0.05, min_events=20, draws=99, seed=1)


QUIET = [3, 4, 3, 4, 3, 4]
ONE_HOT = np.array([13] + [3] * 22)


def test_the_ratio_of_two_rates_is_that_of_r():
    # R 4, example of the help page of poisson.test: 11 in 800 against 6+8+7 in 1083+1050+878; ratio 1.971488, 95%
    # 0.8584264 to 4.2772659.
    change = rate_change(11, 21, exposure_now=800, exposure_before=3011)
    assert (change.ratio, change.low, change.high) == pytest.approx((1.971488, 0.8584264, 4.2772659), rel=1e-6)
    assert not change.beyond_chance


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_limits_are_clopper_and_pearsons_for_the_share_of_now(now, before):
    change = rate_change(now, before)
    if now + before:
        oracle = binomtest(now, now + before).proportion_ci(method="exact")  # scipy 1.17
        assert change.low / (1 + change.low) == pytest.approx(oracle.low, abs=1e-9)
        assert (change.high / (1 + change.high) if np.isfinite(change.high) else 1) == pytest.approx(
            oracle.high, abs=1e-9
        )
    assert change.difference == now - before


def test_nothing_before_and_nothing_at_all_are_said_as_such():
    assert rate_change(3, 0).ratio == np.inf
    nothing = rate_change(0, 0)
    assert np.isnan(nothing.ratio)
    assert (nothing.low, nothing.high, nothing.beyond_chance) == (0, np.inf, False)


def test_a_doubling_of_a_few_is_within_chance_and_of_many_is_not():
    assert not rate_change(10, 5).beyond_chance
    assert rate_change(100, 50).beyond_chance
    assert rate_change(50, 100).beyond_chance


@pytest.mark.parametrize(("arguments", "code"), [((-1, 2), "counts-not-whole"), ((1.5, 2), "counts-not-whole")])
def test_counts_that_cannot_be_are_refused(arguments, code):
    with pytest.raises(HazardError) as refused:
        rate_change(*arguments)
    assert refused.value.code == code


def test_a_period_without_exposure_is_refused():
    with pytest.raises(HazardError, match="above zero") as refused:
        rate_change(1, 1, exposure_now=0)
    assert refused.value.code == "exposure-bad-period"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (DAY(2026, 4, 1), DAY(2026, 10, 1), (DAY(2025, 4, 1), DAY(2025, 10, 1))),
        (DAY(2025, 1, 1), DAY(2026, 1, 1), (DAY(2024, 1, 1), DAY(2025, 1, 1))),
        (DAY(2024, 1, 1), DAY(2026, 1, 1), (DAY(2022, 1, 1), DAY(2024, 1, 1))),  # two years go back by two
        (DAY(2024, 2, 1), DAY(2024, 2, 29), (DAY(2023, 2, 1), DAY(2023, 3, 1))),  # to the 28th, in both years
        (DAY(2024, 2, 29), DAY(2024, 3, 5), (DAY(2023, 3, 1), DAY(2023, 3, 5))),
    ],
)
def test_the_same_days_of_the_year_before(start, end, expected):
    assert year_before(start, end) == expected


days = st.dates(DAY(2001, 1, 1), DAY(2040, 12, 31))


@given(days, st.integers(1, 2000))
def test_no_day_is_on_both_sides_of_a_comparison(start, length):
    end = start + dt.timedelta(days=length)
    for earlier, until in (year_before(start, end), just_before(start, end)):
        assert earlier <= until <= start


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (DAY(2026, 3, 1), DAY(2026, 4, 1), (DAY(2026, 2, 1), DAY(2026, 3, 1))),  # a month before a month, not 31 days
        (DAY(2026, 1, 1), DAY(2026, 7, 1), (DAY(2025, 7, 1), DAY(2026, 1, 1))),
        (DAY(2026, 3, 10), DAY(2026, 3, 20), (DAY(2026, 2, 28), DAY(2026, 3, 10))),
    ],
)
def test_the_period_just_before(start, end, expected):
    assert just_before(start, end) == expected


COUNTS = pd.DataFrame({"month": ["2025-01", "none", "2025-03"], "hazard": ["wet", "wet", "wall"], "count": [2, 9, 3]})


def test_months_without_a_report_are_zero_and_reports_without_a_month_stay_out():
    months = complete_months(COUNTS, None, None, ["wet", "wall"])
    assert months["month"].tolist() == ["2025-01"] * 2 + ["2025-02"] * 2 + ["2025-03"] * 2
    assert months["count"].tolist() == [2, 0, 0, 0, 0, 3]
    assert months["count"].dtype == np.int64


def test_the_period_sets_the_months_and_its_end_is_not_in_it():
    months = complete_months(COUNTS, DAY(2024, 12, 15), DAY(2025, 2, 1), ["wet"])
    assert months["month"].tolist() == ["2024-12", "2025-01"]


def test_no_month_known_gives_an_empty_table():
    months = complete_months(COUNTS.iloc[:0], None, None, ["wet"])
    assert (len(months), list(months.columns)) == (0, ["month", "hazard", "count"])


def test_cells_are_ranked_by_claim_then_evidence_then_events_then_code():
    cells = pd.DataFrame(
        {"cell_id": ["c", "b", "a", "d"], "p": [0.5, 0.01, 0.5, np.nan], "events": [4, 3, 4, 9], "hot": False},
        index=[7, 8, 9, 10],
    )
    assert rank_cells(cells)["cell_id"].tolist() == ["b", "a", "c", "d"]
    claimed = cells.assign(hot=[True, False, False, False])  # with the cells around it, and not alone
    assert rank_cells(claimed)["cell_id"].tolist() == ["c", "b", "a", "d"]
    assert rank_cells(cells.assign(p=np.nan))["cell_id"].tolist() == ["d", "a", "c", "b"]


MORE, FEWER, SAME = rate_change(100, 50), rate_change(50, 100), rate_change(20, 21)


@pytest.mark.parametrize(
    ("spots", "change", "n", "said"),
    [
        (spots_of(ONE_HOT, households=np.ones(23)), MORE, 79, "One cell has more events than chance explains"),
        (spots_of(ONE_HOT), None, 79, "Reports gather in one cell, beyond chance"),
        (spots_of([30, 30] + [3] * 21), SAME, 123, "Reports gather in 2 cells, beyond chance"),
        (spots_of(QUIET), MORE, 100, "More events than before, beyond chance: 100 after 50"),
        (spots_of(QUIET), FEWER, 50, "Fewer events than before, beyond chance: 50 after 100"),
        (spots_of(QUIET), SAME, 20, "No cell stands out beyond chance"),
        (spots_of([1, 2, 3]), SAME, 6, "Too few events for a claim about single cells: 6"),
        (spots_of([0, 0, 0]), FEWER, 0, "No reports in this period"),
    ],
)
def test_the_headline_is_the_strongest_finding_that_holds(spots, change, n, said):
    assert headline(spots, change, n).say(ENGLISH) == said


def placed(spots, own, *places):
    """Return hot spots whose first cells are named themselves, and the others of some places by these only."""
    inside = {cell for place in places for cell in place}
    by = tuple("both" if at < own else "place" if at in inside else "" for at in range(len(spots.by)))
    word = {"both": spots.claim, "place": f"{spots.claim.split('_')[0]}_place", "": ""}
    found = tuple(HotPlace(place, 9, 3.0, 3.0, 0.01, place) for place in places)
    hot = np.array([bool(one) for one in by])
    return dataclasses.replace(spots, by=by, claims=tuple(word[one] for one in by), places=found, hot=hot)


@pytest.mark.parametrize(
    ("own", "places", "hot", "gather"),
    [
        (1, [], "1 hot spot beyond chance", "Reports gather in 1 cell"),
        (2, [(0, 1)], "2 hot spots beyond chance", "Reports gather in 2 cells"),  # the place names no other cell
        (
            1,
            [(0, 1)],
            "1 hot spot beyond chance, and a hot place of 2 cells",
            "Reports gather in 1 cell, and in a place of 2 cells",
        ),
        (0, [(4, 5, 6)], "A hot place of 3 cells, beyond chance", "Reports gather in a place of 3 cells"),
        (
            2,
            [(1, 2), (5, 6, 7)],
            "2 hot spots beyond chance, and 2 hot places of 5 cells in all",
            "Reports gather in 2 cells, and in 2 places of 5 cells in all",
        ),
        (
            0,
            [(1, 2), (2, 3)],  # places may touch: a cell counts once
            "2 hot places of 3 cells in all, beyond chance",
            "Reports gather in 2 places of 3 cells in all",
        ),
    ],
)
def test_places_are_counted_apart_from_the_cells_that_are_claimed_themselves(own, places, hot, gather):
    for spots, said in ((spots_of(ONE_HOT, households=np.ones(23)), hot), (spots_of(ONE_HOT), gather)):
        shown = placed(spots, own, *places)
        assert counted_claims(shown).say(ENGLISH) == said
        assert "{" not in counted_claims(shown).say(Words("zh"))
        if shown.sharing:
            assert headline(shown, None, 79).say(ENGLISH) == said


def test_a_cell_in_a_hot_place_stands_after_those_that_are_hot_themselves():
    cells = pd.DataFrame(
        {"cell_id": list("ABC"), "hot": True, "by": ["place", "cell", "both"], "p": [0.001, 0.02, 0.01], "events": 3}
    )
    assert "".join(rank_cells(cells)["cell_id"]) == "CBA"


@pytest.mark.parametrize(
    ("change", "compare", "said"),
    [
        (rate_change(76, 58), "year", "+18 on the year before, within chance (×0.92–1.88)"),
        (FEWER, "previous", "−50 on the period before, beyond chance (×0.35–0.71)"),
        (rate_change(7, 7), "previous", "±0 on the period before, within chance (×0.30–3.34)"),
        (rate_change(1500, 0), "year", "+1,500; there was none in the same months of the year before"),
        (None, "year", "no earlier period to compare with"),
    ],
)
def test_a_change_is_said_with_its_interval(change, compare, said):
    assert change_sentence(change, compare).say(ENGLISH) == said


def test_a_term_in_a_sentence_is_translated_and_a_name_from_a_file_is_not():
    class Reversed(Words):
        def __call__(self, message, /, **fields):
            return super().__call__(message if fields else message[::-1], **fields)

    sentence = Sentence("{name} by {exposure}", {"exposure": Term("area")})
    assert sentence.say(Reversed("en"), name="area") == "area by aera"


def test_a_lone_year_and_no_month_are_in_no_series():
    counts = pd.DataFrame({"month": ["2018", "none", "2025-03", None], "hazard": "other", "count": [5, 6, 7, 8]})
    assert complete_months(counts, None, None, ["other"]).to_numpy().tolist() == [["2025-03", "other", 7]]
    assert complete_months(counts[:2], None, None, ["other"]).empty


def test_what_is_low_with_its_neighbours_is_not_the_nearest_to_a_claim():
    cells = pd.DataFrame(
        {
            "cell_id": list("ABCD"), "hot": [False, False, False, True], "p": [0.001, 0.04, 0.02, 0.003],
            "z": [-3.0, 2.0, 2.1, 3.5], "events": [1, 9, 2, 20], "expected": [5.0] * 4,
        }
    )  # fmt: skip
    assert "".join(rank_cells(cells)["cell_id"]) == "DBAC"
    assert "".join(rank_cells(cells.assign(z=float("nan")))["cell_id"]) == "DACB"
