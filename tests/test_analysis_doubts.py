"""Each doubt is found where it was put, with numbers counted by hand, and hardly ever where nothing was faked."""

from math import comb

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.doubts import (
    COLUMNS,
    busiest_day,
    campaign,
    campaign_months,
    on_piles,
    one_night,
    one_source,
    placeholder,
    silent_cells,
)
from analysis.hotspots import excess_test
from base.errors import HazardError
from geo import crs
from geo.join import assign_cells

YEAR = np.full(12, 30.0)


def at_least(number):
    """A test as plain as can be: hot from so many events on."""
    return lambda counts: counts >= number


def equal_shares(counts):
    return excess_test(counts, np.ones(len(counts))).hot


def in_one_cell(n, cell=0):
    return np.full(n, cell)


def row(frame, cell=0):
    return frame.set_index("cell").loc[cell]


# --- one night --------------------------------------------------------------------------------------------------------


def test_a_night_that_made_the_claim_is_found_and_the_claim_falls_without_it():
    # Cell 0: 6 events from 20:00 of day 10 to 05:00 of day 11, and 4 at noon of days 30, 40, 50, 60. Cell 1: 5 days.
    night = [10 * 24 + hour for hour in (20, 21, 23, 25, 27, 29)]
    hours = np.array(night + [24 * day + 12 for day in (30, 40, 50, 60, 100, 110, 120, 130, 140)], dtype=float)
    cell = np.repeat([0, 1], [10, 5])
    found = row(one_night(cell, hours, [True, False], at_least(6), days=365))
    assert (found["suspects"], found["events"], found["share"]) == (6, 10, 0.6)
    assert found["start_h"] == 10 * 24 + 12  # from noon, so that midnight does not cut the night
    assert found["area_share"] == pytest.approx(6 / 15)
    # 730 beginnings, and of 10 events 6 or more on one day of 365
    tail = sum(comb(10, k) * 364 ** (10 - k) for k in range(6, 11)) / 365**10
    assert found["p"] == pytest.approx(730 * tail, rel=1e-9)
    assert found["found"]
    assert not found["survives"]  # 10 - 6 + 1 = 5
    assert row(one_night(cell, hours, [True, False], at_least(5), days=365))["survives"]


def test_events_spread_over_the_days_are_no_night():
    hours = np.arange(10) * 24.0 * 30
    found = row(one_night(in_one_cell(10), hours, [True], at_least(10), days=300))
    assert (found["suspects"], found["p"], found["found"], found["survives"]) == (1, 1.0, False, True)


def test_three_of_six_events_on_a_day_of_a_week_are_chance():
    hours = np.array([0, 1, 2, 30, 60, 90.0])
    assert not row(one_night(in_one_cell(6), hours, [True], at_least(6), days=7))["found"]
    assert row(one_night(in_one_cell(6), hours, [True], at_least(6), days=365))["found"]


def test_a_busy_night_counts_once_in_the_cells_that_are_not_claimed_too():
    # Were it taken from the claimed cell alone, the other would be the stronger one.
    asked = []
    hours = np.array([0, 1, 2, 3, 500, 700, 0, 1, 2, 3], dtype=float)
    one_night(np.repeat([0, 1], [6, 4]), hours, [True, False], lambda c: asked.append(c.tolist()) or c > 0, days=365)
    assert asked == [[3, 1]]


def test_events_without_a_time_are_events_and_in_no_night():
    found = row(one_night(in_one_cell(4), [0.0, 1, np.nan, np.nan], [True], at_least(1), days=365))
    assert (found["suspects"], found["events"], found["area_share"]) == (2, 4, 1.0)
    found = row(one_night(in_one_cell(2), [np.nan, np.nan], [True], at_least(1), days=365))
    assert (found["suspects"], found["found"], found["survives"]) == (0, False, True)
    assert np.isnan(found["start_h"])
    assert np.isnan(found["area_share"])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-60, 60)), max_size=40))
def test_the_busiest_day_is_that_of_all_beginnings_at_midnight_and_noon(rows):
    cell, hours = (np.array(column, dtype=int) for column in (zip(*rows, strict=True) if rows else ((), ())))
    number, start = busiest_day(cell, hours.astype(float), 3)
    begins = range(-84, 84, 12)
    for one in range(3):
        within = [((hours[cell == one] >= b) & (hours[cell == one] < b + 24)).sum() for b in begins]
        assert number[one] == max(within)
        if number[one]:
            assert within[begins.index(int(start[one]))] == max(within)


def test_of_equally_busy_days_the_earliest_is_told():
    number, start = busiest_day([0, 0, 0, 0], [30.0, 31.0, 200.0, 201.0], 2)
    assert number.tolist() == [2, 0]
    assert start[0] == 24.0
    assert np.isnan(start[1])


# --- placeholders -----------------------------------------------------------------------------------------------------


def piled_town():
    """30 events in a row of three cells, 50 m apart, and 8 on one point of cell 1, a hair apart, of four kinds."""
    x = np.concatenate([np.arange(30) * 50.0, np.full(8, 777.0) + np.arange(8) * 0.01])
    kind = np.array(["wall"] * 30 + ["wall", "cover", "water", "tree"] * 2, dtype=object)
    return np.minimum(x // 500, 2).astype(int), x, np.zeros(38), kind


def test_a_default_point_is_found_and_its_claim_falls():
    cell, x, y, kind = piled_town()
    found = placeholder(cell, x, y, [True, True, False], equal_shares, kind=kind)
    town_hall = row(found, 1)
    assert (town_hall["suspects"], town_hall["events"], town_hall["at_spot"]) == (8, 18, 8)
    assert (town_hall["x_m"], town_hall["y_m"]) == (777.0, 0.0)
    assert town_hall["found"]
    assert not town_hall["survives"]  # 10, 10, 10
    assert not row(found, 0)["found"]
    assert np.isnan(row(found, 0)["x_m"])


def test_a_site_that_recurs_has_one_kind_and_is_no_default_point():
    cell, x, y, _ = piled_town()
    same = np.array(["wall"] * 38)
    assert not placeholder(cell, x, y, [True] * 3, equal_shares, kind=same)["found"].any()
    # Nothing is known of kinds: the number alone decides
    for unknown in (None, np.full(38, ""), np.full(38, None, dtype=object)):
        assert row(placeholder(cell, x, y, [True] * 3, equal_shares, kind=unknown), 1)["suspects"] == 8


def test_three_kinds_on_one_point_are_as_many_as_it_takes():
    cell, x, y, kind = piled_town()
    for kinds, found in ((["a", "b", "c"] * 2 + ["a"] * 2, True), (["a", "b"] * 3 + ["", None], False)):
        kind[30:] = kinds
        assert row(placeholder(cell, x, y, [True] * 3, equal_shares, kind=kind), 1)["found"] == found


def test_centres_of_cells_all_carry_many_and_are_no_default_points():
    cell = np.repeat([0, 1, 2], [30, 10, 10])
    assert not placeholder(cell, cell * 500.0, cell * 0.0, [True] * 3, equal_shares)["found"].any()


def test_a_stored_mark_is_believed_whatever_the_numbers_say():
    cell, x, y, _ = piled_town()
    marked = np.zeros(38, dtype=bool)
    marked[:2] = True
    found = row(placeholder(cell, x, y, [True] * 3, equal_shares, kind=np.full(38, "wall"), marked=marked))
    assert (found["suspects"], found["at_spot"], found["x_m"]) == (2, 1, 0.0)
    # Of a marked event no point need be known
    found = row(placeholder(cell, np.full(38, np.nan), y, [True] * 3, equal_shares, marked=marked))
    assert (found["suspects"], found["at_spot"]) == (2, 0)


@pytest.mark.parametrize(("kind", "piles"), [("Location", [393]), ("TYPE", [393, 17, 12])])
def test_the_point_of_boston_without_a_place_is_told(shared_data, kind, piles):
    # README.md of the data: 393 rows of the hazards file lie on 42.3594, -71.0587 (City Hall, in Downtown).
    folder = shared_data / "boston311_2015"
    columns = ["LATITUDE", "LONGITUDE", "TYPE", "Location"]
    calls = pd.read_csv(folder / "boston_311_2015_hazards.csv", usecols=columns, dtype={"LATITUDE": float})
    quarters = gpd.read_file(folder / "boston_neighborhoods.geojson")
    mended = shapely.buffer(quarters.geometry.to_numpy(), 0)  # four are broken
    quarters = quarters.set_geometry(mended, crs=quarters.crs)
    lon, lat = calls["LONGITUDE"].to_numpy(float), calls["LATITUDE"].to_numpy(float)
    cell = assign_cells(lon, lat, quarters)
    x_m, y_m = crs.project(lon, lat)
    found = placeholder(cell, x_m, y_m, np.ones(len(quarters)), equal_shares, kind=calls[kind])
    downtown = row(found, int(quarters.index[quarters["name"] == "Downtown"][0]))
    assert downtown["at_spot"] == 393
    city_hall = np.flatnonzero((lat == 42.3594) & (lon == -71.0587))[0]
    assert (downtown["x_m"], downtown["y_m"]) == pytest.approx((x_m[city_hall], y_m[city_hall]))
    # By addresses nothing else is; by types two busy corners too, which are 2% and 3% of their quarters.
    assert sorted(found["at_spot"][found["found"]], reverse=True) == piles
    assert found["share"][found["at_spot"] < 393].max() < 0.04


# --- campaigns --------------------------------------------------------------------------------------------------------


def campaign_town():
    """Residents: 1 a month in each of 8 cells. A patrol: 2 a month, but 24 in month 5, of which 18 in cell 0."""
    rows = []
    for month in range(12):
        rows += [(cell, month, "residents") for cell in range(8)]
        rows += [(1 + month % 3, month, "patrol"), (2 - month % 2, month, "patrol")]
    rows += [(0, 5, "patrol")] * 18 + [(1, 5, "patrol"), (2, 5, "patrol"), (3, 5, "patrol"), (3, 5, "patrol")]
    cell, month, source = zip(*rows, strict=True)
    return np.array(cell), np.array(month), np.array(source, dtype=object)


def test_the_month_of_a_campaign_is_told_against_the_other_months_of_its_source():
    _, month, source = campaign_town()
    found = campaign_months(month, source, YEAR)
    assert found.to_dict("records") == [
        {"source": "patrol", "month": 5, "rows": 24, "usual": 2.0, "times": 12.0, "beside": 1.0}
    ]


def test_the_month_itself_is_not_among_those_it_is_set_against():
    # The median of 2, 2, 2, 4, 4 is 2; with the 40 it would be 3.
    month = np.repeat(np.arange(6), [2, 2, 2, 4, 4, 40])
    assert campaign_months(month, np.full(54, "patrol"), YEAR)["usual"].tolist() == [2.0]


def test_a_claim_made_by_a_campaign_falls_without_its_month():
    cell, month, source = campaign_town()
    counts = np.bincount(cell)
    claims = equal_shares(counts)
    assert claims.tolist() == [True] + [False] * 7  # 30 of 142
    found = row(campaign(cell, month, source, claims, equal_shares, days=YEAR))
    assert (found["suspects"], found["events"], found["source"], found["month"]) == (18, 30, "patrol", 5)
    assert found["area_share"] == pytest.approx(24 / 142)
    # 18 or more of the area's 24 suspects among 30 of 142 events
    tail = sum(comb(24, k) * comb(118, 30 - k) for k in range(18, 25)) / comb(142, 30)
    assert found["p"] == pytest.approx(tail)
    assert found["found"]
    assert not found["survives"]


def test_a_campaign_that_goes_everywhere_makes_no_cell_suspect():
    month = np.concatenate([np.repeat(np.arange(12), 4), np.full(40, 5)])
    cell = np.arange(len(month)) % 4
    frame = campaign(cell, month, np.full(len(month), "patrol"), [True] * 4, at_least(5), days=YEAR)
    assert frame["suspects"].tolist() == [11] * 4
    assert frame["share"].tolist() == pytest.approx([frame["area_share"][0]] * 4)
    assert not frame["found"].any()
    assert frame["survives"].all()


def test_a_wet_month_in_which_all_report_more_is_no_campaign():
    month = np.concatenate([np.repeat(np.arange(12), 4), np.full(16, 6)])
    alone = campaign_months(month, np.full(len(month), "residents"), YEAR)
    assert alone["month"].tolist() == [6]  # nothing tells it from a campaign
    both = np.concatenate([month, month])
    assert campaign_months(both, np.repeat(["patrol", "residents"], len(month)), YEAR).empty


def test_short_months_and_a_source_that_begins_late_are_no_campaign():
    # 10 rows in a month of which the period covers ten days, 4 in the others; then a source of the last two months.
    month = np.concatenate([np.repeat(np.arange(12), 4), np.full(6, 3)])
    source = np.full(len(month), "residents")
    assert campaign_months(month, source, np.where(np.arange(12) == 3, 10.0, 30.0))["month"].tolist() == [3]
    assert campaign_months(month, source, YEAR).empty  # 10 of 4 is 2.5 times
    late = np.concatenate([month, np.full(40, 10), np.full(40, 11)])
    assert campaign_months(late, np.append(source, np.full(80, "app")), YEAR).empty


def test_half_a_year_of_many_reports_is_a_change_of_ways_and_no_campaign():
    month = np.concatenate([np.repeat(np.arange(5), 40), np.repeat(np.arange(5, 12), 4)])
    assert campaign_months(month, np.full(len(month), "app"), YEAR).empty


def test_only_events_on_piles_are_asked_for_their_kinds():
    x = np.array([0.0] * 6 + [100.0, 200.0, 300.0, np.nan])
    piled = on_piles(x, np.zeros(10))
    assert piled.tolist() == [True] * 6 + [False] * 4
    kind = np.array([f"k{n}" for n in range(10)], dtype=object)
    asked = [[0] * 10, x, np.zeros(10), [True, False], equal_shares]
    whole, fewer = (placeholder(*asked, kind=one) for one in (kind, np.where(piled, kind, "")))
    assert whole["suspects"].tolist() == [6]
    pd.testing.assert_frame_equal(whole, fewer)


# --- sources ----------------------------------------------------------------------------------------------------------


def test_a_claim_that_one_source_alone_made_is_told():
    # Cell 0: 20 of the patrol and 2 of residents; cells 1 to 4: 2 of the patrol, 6 of residents.
    cell = np.concatenate([in_one_cell(22), np.repeat([1, 2, 3, 4], 8)])
    source = np.array(["patrol"] * 20 + ["residents"] * 2 + (["patrol"] * 2 + ["residents"] * 6) * 4, dtype=object)
    claims = np.array([True, False, False, False, False])
    found = row(one_source(cell, source, claims, equal_shares))
    assert (found["source"], found["suspects"], found["events"]) == ("patrol", 20, 22)
    assert found["expected"] == pytest.approx(22 * 28 / 54)
    tail = sum(comb(28, k) * comb(26, 22 - k) for k in range(20, 23)) / comb(54, 22)
    assert found["p"] == pytest.approx(2 * tail)
    assert found["sources"] == ("patrol", "residents")
    assert found["counts"] == (20, 2)
    assert found["alone"] == (True, False)
    assert found["found"]
    assert not found["survives"]


def test_that_a_small_source_shows_nothing_is_no_contradiction():
    # A patrol with two of cell 0's events and one of each other cell cannot claim anything: no doubt follows.
    cell = np.concatenate([in_one_cell(20), np.repeat([1, 2, 3, 4], 4)])
    source = np.array(["patrol"] * 2 + ["residents"] * 18 + (["patrol"] + ["residents"] * 3) * 4, dtype=object)
    found = row(one_source(cell, source, [True] + [False] * 4, equal_shares))
    assert found["alone"] == (False, True)
    assert not found["survives"]
    assert not found["found"]


def test_a_claim_that_each_source_makes_is_made_by_both():
    cell = np.concatenate([in_one_cell(40), np.repeat([1, 2, 3, 4], 6)])
    source = np.array(["patrol", "residents"] * 32, dtype=object)
    found = row(one_source(cell, source, [True] + [False] * 4, equal_shares))
    assert found["alone"] == (True, True)
    assert found["survives"]
    assert not found["found"]


def test_a_source_that_has_its_quarter_there_is_no_doubt_where_the_others_claim_it_too():
    # 40 of the patrol where 31 were to be expected, and 20 of residents beside 6 in each other cell
    cell = np.concatenate([in_one_cell(60), np.repeat([1, 2, 3, 4], 8)])
    source = np.array(["patrol"] * 40 + ["residents"] * 20 + (["patrol"] * 2 + ["residents"] * 6) * 4, dtype=object)
    found = row(one_source(cell, source, [True] + [False] * 4, equal_shares))
    assert found["p"] < 0.001
    assert found["survives"]
    assert not found["found"]


def test_what_each_source_alone_claims_is_only_asked_if_wanted():
    cell, source = [0] * 6 + [1], ["a", "b"] * 3 + ["a"]
    asked = []
    found = one_source(cell, source, [True, False], lambda counts: asked.append(1) or counts > 2, each_alone=False)
    assert (len(asked), "alone" in found) == (1, False)  # by all but the one that stands out
    whole = one_source(cell, source, [True, False], lambda counts: counts > 2).drop(columns="alone")
    pd.testing.assert_frame_equal(found, whole)


def test_one_source_in_all_cannot_be_checked_against_another():
    found = row(one_source([0, 0, 1], ["a"] * 3, [True, False], equal_shares))
    assert found["survives"] is pd.NA
    assert not found["found"]
    assert (found["p"], found["alone"], found["counts"]) == (1.0, (True,), (2,))


# --- silent cells -----------------------------------------------------------------------------------------------------


def test_a_cell_that_should_have_reported_is_silent_and_one_that_need_not_is_not_told():
    # 40 events; exposure 40, 40, 19, 1: nothing in the third has the chance 0.81^40, in the fourth 0.99^40.
    found = silent_cells([20, 20, 0, 0], [40, 40, 19, 1]).set_index("cell")
    assert found["p"].to_dict() == pytest.approx({2: 0.81**40, 3: 0.99**40})
    assert found["expected"].to_dict() == pytest.approx({2: 7.6, 3: 0.4})
    assert found["silent"].to_dict() == {2: True, 3: False}


def test_cells_of_which_no_exposure_is_known_are_not_judged():
    found = silent_cells([30, 30, 0, 0, 0, 0], [10, 10, np.nan, 0, -1, 10]).set_index("cell")
    assert found["p"].isna().to_dict() == {2: True, 3: True, 4: True, 5: False}
    assert found["silent"].to_dict() == {2: False, 3: False, 4: False, 5: True}
    assert found["p"][5] == pytest.approx((2 / 3) ** 60)


def test_without_any_event_no_cell_is_silent():
    assert silent_cells([0, 0], [1, 5])["silent"].tolist() == [False, False]
    assert silent_cells([], []).empty


@pytest.mark.parametrize("counts", [[1.5, 0], [-1, 0], [np.nan, 0]])
def test_silence_is_not_told_from_broken_counts(counts):
    with pytest.raises(HazardError, match="whole numbers") as refused:
        silent_cells(counts, [1, 1])
    assert refused.value.code == "counts-not-whole"


# --- all of them ------------------------------------------------------------------------------------------------------

events = st.lists(
    st.tuples(
        st.integers(-1, 3), st.integers(0, 3), st.integers(0, 60), st.integers(0, 7), st.sampled_from(["a", "b", "c"])
    ),
    max_size=60,
)


def ask(rows, claims, test):
    """All doubts about the same events: (cell, place, half day, month, source)."""
    cell, place, half, month, source = (
        np.array(column) for column in (zip(*rows, strict=True) if rows else ((), (), (), (), ()))
    )
    cell, month = cell.astype(int), month.astype(int)
    return {
        "night": one_night(cell, half * 12.0, claims, test, days=30),
        "place": placeholder(cell, place * 10.0, place * 0.0, claims, test, kind=source, times=2, least=3, min_kinds=2),
        "campaign": campaign(cell, month, source, claims, test, days=np.full(8, 30.0), times=2, least=4),
        "source": one_source(cell, source, claims, test),
    }


@settings(max_examples=20)
@given(events, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, chance):
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    before, after = (ask(one, [True] * 4, at_least(5)) for one in (rows, shuffled))
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, after[name])


@settings(max_examples=20)
@given(events, st.lists(st.booleans(), min_size=4, max_size=4))
def test_suspects_are_events_of_the_cell_and_a_claim_without_suspects_stands(rows, claims):
    counts = np.bincount([cell for cell, *_ in rows if cell >= 0], minlength=4)
    for name, frame in ask(rows, claims, at_least(0)).items():
        assert frame.columns[: len(COLUMNS)].tolist() == list(COLUMNS)
        assert frame["cell"].tolist() == np.flatnonzero(claims).tolist()
        assert frame["events"].tolist() == counts[claims].tolist()
        assert (frame["suspects"] <= frame["events"]).all()
        assert (frame["share"].isna() == (frame["events"] == 0)).all()
        assert frame["survives"].fillna(True).all()  # at_least(0) is always hot
        assert (frame["suspects"][frame["found"]] > 0).all(), name


@settings(max_examples=20)
@given(events)
def test_suspects_and_the_rest_add_up_in_the_map_that_is_tested_again(rows):
    asked = []
    frames = ask(rows, [True] * 4, lambda counts: asked.append(counts.copy()) or counts > 3)
    counts = np.bincount([cell for cell, *_ in rows if cell >= 0], minlength=4)
    assert all(((one >= 0) & (one <= counts)).all() for one in asked)
    removed = frames["place"]["suspects"].to_numpy()
    again = counts - removed > 3 if removed.any() else np.ones(4, dtype=bool)
    assert frames["place"]["survives"].tolist() == again.tolist()


def test_without_events_or_claims_there_are_no_rows_or_empty_ones():
    for claims in ([], [False] * 4, [True] * 4):
        for frame in ask([], claims, at_least(1)).values():
            assert len(frame) == sum(claims)
            assert not frame["found"].any()


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: one_night([0], [1.0, 2.0], [True], at_least(1), days=1), "lengths-differ"),
        (lambda: one_night([1], [1.0], [True], at_least(1), days=1), "cell-position-bad"),
        (lambda: one_night([-2], [1.0], [True], at_least(1), days=1), "cell-position-bad"),
        (lambda: one_night([0.5], [1.0], [True], at_least(1), days=1), "cell-position-bad"),
        (lambda: one_night([0], [1.0], [True], at_least(1), days=0), "period-without-days"),
        (lambda: placeholder([0], [1.0], [1.0], [True], at_least(1), kind=["a", "b"]), "lengths-differ"),
        (lambda: campaign_months([0], ["a", "b"], [30]), "lengths-differ"),
        (lambda: campaign_months([1], ["a"], [30]), "month-bad"),
        (lambda: campaign_months([0], ["a"], [0]), "period-without-days"),
        (lambda: campaign([0], [0], ["a"], [True], at_least(1), days=[np.nan]), "period-without-days"),
        (lambda: one_source([0], ["a", "b"], [True], at_least(1)), "lengths-differ"),
        (lambda: silent_cells([1, 2], [1]), "lengths-differ"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(call, code):
    with pytest.raises(HazardError) as refused:
        call()
    assert refused.value.code == code


def test_on_maps_without_a_fake_few_claims_carry_a_doubt():
    # 24 cells, 120 events, cell 0 four times as hot as the others, 30% from a patrol, a year; 60 maps. Each `found`
    # is held at 5% of claims or less; the counts below are that and four standard errors, and none is near it.
    chance = np.random.default_rng(20260101)
    n, claims_seen, seen = 120, 0, dict.fromkeys(("night", "place", "campaign", "source"), 0)
    share = np.append(4, np.ones(23)) / 27
    for _ in range(60):
        cell = chance.choice(24, size=n, p=share)
        hours = chance.uniform(0, 360 * 24, n)
        source = np.where(chance.random(n) < 0.3, "patrol", "residents")
        x, y = chance.uniform(0, 1000, n), chance.uniform(0, 1000, n)
        claims = equal_shares(np.bincount(cell, minlength=24))
        claims_seen += int(claims.sum())
        month = (hours // 720).astype(int)
        frames = {
            "night": one_night(cell, hours, claims, equal_shares, days=360),
            "place": placeholder(cell, x, y, claims, equal_shares, kind=source),
            "campaign": campaign(cell, month, source, claims, equal_shares, days=YEAR),
            "source": one_source(cell, source, claims, equal_shares),
        }
        for name, frame in frames.items():
            seen[name] += int(frame["found"].sum())
    assert claims_seen > 50
    bound = 0.05 * claims_seen + 4 * np.sqrt(0.05 * 0.95 * claims_seen)
    assert max(seen.values()) < bound
    assert sum(seen.values()) < 2 * bound
    assert seen["night"] == seen["place"] == 0
