"""A trend word is no noise: month against the same month, exact where it can be checked, one family of tests."""

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from analysis import trend
from analysis.rates import rate_ratio
from analysis.trend import compare_periods, find_trends, seasonal_mann_kendall
from base.errors import HazardError

N = float("nan")
# Monthly rain of a city on the North China Plain in mm, January first: two thirds of it falls from June to September
RAIN = np.array([10, 13, 27, 34, 64, 68, 148, 132, 78, 43, 25, 10])
SEASON = RAIN / RAIN.mean()

# pymannkendall 1.4.3, seasonal_test(x, period=12): s, var_s, z, p (the normal one), slope as it prints them
RISING = [
    2, 1, 1, 2, 3, 3, 10, 4, 2, 2, 2, 1, 1, 1, 2, 2, 5, 5, 7, 10, 8, 3, 2, 2, 5, 0, 3, 4, 3, 7, 13, 7, 11, 6, 2, 1,
    3, 1, 6, 5, 5, 4, 17, 10, 6, 2, 1, 1, 2, 1, 5, 8, 17, 9, 19, 11, 11, 7, 7, 3,
]  # fmt: skip
SPARSE = [0, 0, 0, 0, 2, 0, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 2, 2, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0]
GAPS = [
    1, 0, 0, 1, 3, N, 6, 3, 2, 1, 0, 0, 1, 0, 0, 1, 1, 4, 4, 3, 4, 1, 1, 1, N, 0, 0, 1, 1, 1, N, N, 2, N, 1, 1, N,
    1, 0, 1, 0, 1, 0, 4, 0, 1, 1, 0,
]  # fmt: skip
TWO_YEARS = [1, 0, 2, 3, 4, 6, 10, 10, 4, 3, 2, 3, 1, 2, 3, 9, 9, 15, 14, 12, 11, 4, 3, 2]
TEN_YEARS = [0, 1, 0, 0, 0, 0, 2, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 3, 3, 0, 1, 0, 0, 0, 0, 0, 0, 3, 2, 1, 4, 2, 2, 1, 0,
             0, 3, 3, 1, 3, 2, 0, 2, 1, 1, 0, 2, 0, 0, 0, 0, 4, 2, 3, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 2, 0, 5, 2, 0, 1, 0,
             1, 0, 0, 2, 4, 3, 8, 1, 4, 0, 1, 3, 1, 3, 0, 3, 3, 2, 3, 2, 5, 4, 1, 0, 1, 1, 5, 2, 2, 1, 6, 7, 2, 2, 1, 1,
             2, 1, 1, 1, 6, 4, 10, 3, 3, 1, 1, 3]  # fmt: skip
PRINTED = [
    (RISING, 59, 177.0, 4.359546962416408, 1.3033198268619373e-05, 1.0),
    (SPARSE, -3, 25.000000000000004, -0.4, 0.6891565167793516, 0.0),
    (GAPS, -5, 41.0, -0.6246950475544243, 0.5321712241488488, 0.0),
    (TWO_YEARS, 9, 11.0, 2.412090756622109, 0.01586133273977297, 2.0),
    (TEN_YEARS, 182, 1282.6666666666667, 5.053842119251467, 4.3300959395864425e-07, 0.15476190476190477),
]


@pytest.mark.parametrize(("months", "score", "variance", "z", "p", "slope"), PRINTED)
def test_the_numbers_are_those_of_pymannkendall(months, score, variance, z, p, slope):
    test = seasonal_mann_kendall([months])
    assert test.score.tolist() == [score]
    assert test.variance == pytest.approx([variance], rel=1e-12)
    assert test.z == pytest.approx([z], rel=1e-12)
    assert 2 * norm.sf(np.abs(test.z)) == pytest.approx([p], rel=1e-9)
    assert test.slope == pytest.approx([slope], rel=1e-12)


def slow(months):
    """Score, variance, slope and strongest score of one cell, pair by pair as the paper has them."""
    score, strongest, variance, slopes = 0, 0, 0.0, []
    for first in range(12):
        same = [(year, v) for year, v in enumerate(months[first::12]) if not np.isnan(v)]
        for (i, a), (j, b) in itertools.combinations(same, 2):
            score += int(b > a) - int(b < a)
            strongest += int(b != a)
            slopes.append((b - a) / (j - i))
        n, ties = len(same), Counter(v for _, v in same).values()
        variance += (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    return score, variance, float(np.median(slopes)) if slopes else N, strongest


records = st.integers(0, 61).flatmap(
    lambda length: st.lists(
        st.lists(st.sampled_from([0, 0, 0, 1, 1, 2, 7, N]), min_size=length, max_size=length), min_size=1, max_size=4
    )
)


@settings(max_examples=50)
@given(records)
def test_all_cells_at_once_give_what_one_pair_after_the_other_gives(cells):
    test = seasonal_mann_kendall(cells)
    plain = [slow(months) for months in cells]
    assert test.score.tolist() == [row[0] for row in plain]
    assert test.variance == pytest.approx([row[1] for row in plain])
    assert test.slope == pytest.approx([row[2] for row in plain], nan_ok=True)
    for at, (score, variance, _slope, strongest) in enumerate(plain):
        if not variance:
            assert np.isnan([test.z[at], test.p[at], test.strongest_p[at]]).all()
            continue
        assert abs(test.z[at]) == pytest.approx((abs(score) - 1) / variance**0.5 if score else 0)
        in_order = seasonal_mann_kendall([strongest_order(cells[at])])
        assert in_order.score.tolist() == [strongest]
        assert in_order.p == pytest.approx(max(test.strongest_p[at], 1e-12), rel=1e-3, abs=1e-13)
        assert test.p[at] >= test.strongest_p[at] * (1 - 1e-3)


def strongest_order(months):
    """The same counts with those of each month in rising order, in the years in which they are known."""
    ordered = np.array(months, dtype=float)
    for first in range(12):
        same = ordered[first::12]
        same[~np.isnan(same)] = np.sort(same[~np.isnan(same)])
    return ordered


def test_cells_in_parts_give_the_same_as_at_once(monkeypatch):
    counts = np.random.default_rng(1).poisson(0.7 * SEASON, (50, 5, 12)).reshape(50, 60).astype(float)
    counts[3, :20] = N
    whole = seasonal_mann_kendall(counts)
    monkeypatch.setattr(trend, "_AT_ONCE", 3 * 120)
    for part, all_ in zip(seasonal_mann_kendall(counts), whole, strict=True):
        assert part == pytest.approx(all_, rel=1e-12, abs=1e-14, nan_ok=True)


@settings(max_examples=50)
@given(records)
def test_the_years_backwards_turn_the_trend_round(cells):
    whole = [months[len(months) % 12 :] for months in cells]
    back = [np.reshape(months, (-1, 12))[::-1].ravel() for months in whole]
    one, other = seasonal_mann_kendall(whole), seasonal_mann_kendall(back)
    assert (other.score == -one.score).all()
    assert other.slope == pytest.approx(-one.slope, nan_ok=True)
    assert other.p == pytest.approx(one.p, rel=1e-12, nan_ok=True)
    assert np.array_equal(other.variance, one.variance)


# --- the exact p ------------------------------------------------------------------------------------------------------


def exact(months):
    """All scores and their chances if each month's years stood in any order: every order of every month is counted."""
    scores = {0: Fraction(1)}
    for first in range(12):
        values = [v for v in months[first::12] if not np.isnan(v)]
        orders = Counter(
            sum(int(b > a) - int(b < a) for a, b in itertools.combinations(order, 2))
            for order in itertools.permutations(values)
        )
        total = sum(orders.values())
        added: dict[int, Fraction] = Counter()
        for (score, chance), (more, times) in itertools.product(scores.items(), orders.items()):
            added[score + more] += chance * Fraction(times, total)
        scores = added
    return scores


@pytest.mark.parametrize("mean", [0.1, 0.5, 4, 30])
@pytest.mark.parametrize("years", [2, 3, 4, 5])
def test_p_is_the_share_of_all_orders_of_the_years_within_months(years, mean):
    # And the normal p, which it replaces, is never the smaller one up to 5%, whatever the ties
    rng = np.random.default_rng(years)
    for missing in (0.0, 0.0, 0.2):
        months = rng.poisson(mean * SEASON * np.linspace(0.5, 1.5, years)[:, None]).ravel().astype(float)
        months[rng.random(len(months)) < missing] = N
        test = seasonal_mann_kendall([months])
        scores = exact(months.tolist())
        if len(scores) == 1:
            assert np.isnan(test.p[0])
            continue
        assert float(sum(c * s**2 for s, c in scores.items())) == pytest.approx(test.variance[0], rel=1e-9)
        assert float(scores[max(scores)] * 2) == pytest.approx(test.strongest_p[0], rel=1e-9)
        for score in {abs(score) for score in scores if score}:
            p = float(sum(c for other, c in scores.items() if abs(other) >= score))
            if score == abs(test.score[0]):
                assert test.p[0] == pytest.approx(p, rel=1e-9, abs=1e-12)
            normal = 2 * norm.sf((score - 1) / test.variance[0] ** 0.5)
            assert p <= normal or normal > 0.05
        if not test.score[0]:
            assert test.p[0] == 1


def test_over_ten_years_shuffled_years_pass_as_often_as_the_p_says():
    months = np.array(TEN_YEARS).reshape(10, 12)
    rng = np.random.default_rng(4)
    orders = rng.permuted(np.broadcast_to(months, (4000, 10, 12)), axis=1).reshape(4000, 120)
    test = seasonal_mann_kendall(orders)
    for limit in (0.5, 0.05, 0.01):
        off = 4 * (limit * (1 - limit) / 4000) ** 0.5
        assert limit - off - 0.02 * limit <= (test.p <= limit).mean() <= limit + off
    for score in (20, 60, 100):  # the p that belongs to this score, and how often it is reached
        p = test.p[np.abs(test.score) == score][0]
        assert (np.abs(test.score) >= score).mean() == pytest.approx(p, abs=4 * (p * (1 - p) / 4000) ** 0.5)


def test_what_a_cell_needs_to_be_tested():
    def events_in_one_year(months, years):
        return [0] * 12 * (years - 1) + [1] * months + [0] * (12 - months)

    tested = {
        (months, years): not np.isnan(find_trends([events_in_one_year(months, years)]).p[0])
        for months, years in [(5, 2), (6, 2), (2, 5), (3, 5), (1, 10), (2, 10)]
    }
    assert tested == {(5, 2): False, (6, 2): True, (2, 5): False, (3, 5): True, (1, 10): False, (2, 10): True}
    strongest = seasonal_mann_kendall([[0] * 12 + [1] * 12])  # in 24 months: 2 of 2**12 orders; the normal p 0.0015
    assert strongest.p == pytest.approx([2 * 2**-12])
    assert 2 * norm.sf(strongest.z) == pytest.approx([0.0015], abs=5e-5)


def test_a_strong_rise_within_24_months_can_pass_among_23_cells():
    # 10 events a month, doubled from one year to the next, alone: two tests a cell, so the limit is 0.05 / 46
    rng = np.random.default_rng(8)
    months = rng.poisson(10 * SEASON * np.array([[1], [2]]), (400, 2, 12)).reshape(400, 24)
    test = seasonal_mann_kendall(months)
    assert (test.p <= 0.05 / 46).mean() > 0.3  # 0.40 in 4,000 such records
    assert not (2 * norm.sf(test.z) <= 0.05 / 46).any()


# --- seasons and false alarms -----------------------------------------------------------------------------------------


def plain_mann_kendall(months):
    """Two-sided p of the Mann-Kendall test of one series, its months in one row."""
    pairs = list(itertools.combinations(months, 2))
    score, n = sum(int(b > a) - int(b < a) for a, b in pairs), len(months)
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(months).values())
    return 2 * norm.sf((abs(score) - 1) / ((n * (n - 1) * (2 * n + 5) - ties) / 18) ** 0.5) if score else 1.0


def test_a_rainy_season_is_a_trend_to_plain_mann_kendall_and_none_to_ours():
    # No trend: every November to October has the same means. Plain, over the last twelve months: nearly all "trends".
    rng = np.random.default_rng(11)
    months = rng.poisson(40 * np.roll(SEASON, 2), (400, 3, 12)).reshape(400, 36)
    assert np.mean([plain_mann_kendall(row[-12:]) <= 0.05 for row in months.tolist()]) > 0.95
    ours = (seasonal_mann_kendall(months).p <= 0.05).mean()
    assert 0.03 < ours < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


CLAIMS = ("new", "growing", "fading")


@pytest.mark.parametrize(("years", "mean"), [(2, 0.2), (2, 3), (3, 0.3), (3, 2), (6, 0.05), (6, 1)])
def test_of_maps_without_a_trend_at_most_5_percent_carry_a_trend_word(years, mean):
    # 200 maps of 54 unequal cells with a rainy season; a few words more may be luck: three standard errors
    rng = np.random.default_rng(17)
    false = 0
    for _ in range(200):
        rate = rng.gamma(1, mean, (54, 1, 1)) * SEASON
        words = find_trends(rng.poisson(rate, (54, years, 12)).reshape(54, -1)).word
        false += any(word in CLAIMS for word in words)
    assert false / 200 <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def test_of_the_trend_words_on_a_map_with_true_trends_at_most_5_percent_are_false():
    rng = np.random.default_rng(23)
    false, found, named = [], [], []
    growth = np.ones((100, 4, 1))
    growth[:10] = np.array([1, 2, 4, 8])[:, None] / 4
    growth[10:20] = np.array([8, 4, 2, 1])[:, None] / 4
    growth[20:30] = np.array([0, 0, 0, 2])[:, None]
    expected = ["growing"] * 10 + ["fading"] * 10 + ["new"] * 10
    for _ in range(60):
        words = find_trends(rng.poisson(2 * SEASON * growth).reshape(100, 48)).word
        named.append(sum(word in CLAIMS for word in words))
        false.append(sum(word in CLAIMS for word in words[30:]))
        found.append(sum(a == b for a, b in zip(words, expected, strict=False)))
    assert np.mean([f / max(n, 1) for f, n in zip(false, named, strict=True)]) <= 0.05
    assert np.mean(found) / 30 > 0.95


# --- words ------------------------------------------------------------------------------------------------------------


def year(**events):
    """Twelve months with these events, January first."""
    names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    return [events.get(name, 0) for name in names]


def record(*years):
    """The months of these years, one after the other."""
    return list(itertools.chain(*years))


QUIET, SUMMER = year(), year(jul=1)
WORDS = [
    ([QUIET] * 3, "none"),
    ([QUIET, QUIET, year(jul=4, aug=4)], "new"),
    ([QUIET, QUIET, year(jul=8)], "sporadic"),  # all in one month: a storm
    ([QUIET, QUIET, year(jul=1, aug=1)], "sporadic"),  # too few: 3**-2 = 0.11
    ([year(jan=1), QUIET, year(jul=4, aug=4)], "sporadic"),  # one event before: not new
    ([[m] * 12 for m in (1, 2, 3, 4)], "growing"),
    ([[m] * 12 for m in (4, 3, 2, 1)], "fading"),
    ([[m] * 12 for m in (4, 3, 2, 0)], "fading"),
    ([SUMMER, SUMMER, QUIET], "persistent"),  # two of three summers
    ([SUMMER, QUIET, QUIET], "sporadic"),
    ([SUMMER, year(aug=1), QUIET, QUIET], "sporadic"),  # half is not most
    ([year(jul=3), year(sep=2), year(aug=1)], "persistent"),  # the third quarter of the year each time
    ([year(jan=1), year(apr=1), year(jul=1)], "sporadic"),  # every year, never in the same season
    ([SUMMER, SUMMER], "persistent"),
]


@pytest.mark.parametrize(("years", "word"), WORDS)
def test_each_word_by_hand(years, word):
    assert find_trends([record(*years)]).word == (word,)


def test_the_chance_of_new_is_the_product_over_its_months():
    # July was not covered before, so its four events say nothing; the three in August: 3**-3
    july_unknown = [*QUIET[:6], N, *QUIET[7:]]
    assert find_trends([record(july_unknown, july_unknown, year(jul=4, aug=3))]).p_new == pytest.approx([3**-3])
    # June is known in two years, May in three: 3**-2 * 2**-3
    june_unknown = [*QUIET[:5], N, *QUIET[6:]]
    found = find_trends([record(june_unknown, QUIET, year(may=2, jun=3))])
    assert found.p_new == pytest.approx([3**-2 * 2**-3])
    assert found.word == ("new",)
    assert find_trends([record(SUMMER, QUIET, year(may=2, jun=3))]).p_new.tolist() == [1]


def test_the_chance_of_new_is_exact():
    # 2 events in May and 3 in June of three years, each year alike: every way to place them is counted
    ways = list(itertools.product(range(3), repeat=5))
    assert find_trends([record(QUIET, QUIET, year(may=2, jun=3))]).p_new == pytest.approx(
        [sum(set(way) == {2} for way in ways) / len(ways)]
    )


def test_a_record_of_less_than_24_known_months_has_no_word():
    assert find_trends([[5] * 23, [0] * 23]).word == ("", "")
    grown = [*range(24)]
    cells = [[*grown, *grown], [N] * 24 + grown, [N] * 25 + grown[1:], [N] * 47 + [3], [N] * 48, [0] * 48]
    found = find_trends(cells)
    assert [word != "" for word in found.word] == [True, True, False, False, False, True]
    assert np.isnan(found.p[2:]).all()
    assert np.isnan(found.p_new[2:]).all()
    assert np.isnan(found.slope[3:5]).all()


def test_the_newest_year_are_the_newest_12_months_wherever_the_record_begins():
    events = [0] * 12 + [3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]  # the oldest of them 12 months ago
    for before in range(13):
        assert find_trends([[0] * before + events]).word == ("new",)
        assert find_trends([[0] * before + events + [0]]).word != ("new",)  # a month later it is 13 months ago


def test_new_is_not_tested_where_no_record_could_be_new():
    # July holds events but is not known in the newest year: they could not all lie there
    found = find_trends([record(year(jul=9, aug=3), QUIET, [*QUIET[:6], N, *QUIET[7:]])])
    assert np.isnan(found.p_new[0])


def test_one_known_season_with_events_is_not_persistent():
    summer_unknown = [*QUIET[:6], N, N, N, *QUIET[9:]]
    assert find_trends([record(summer_unknown, SUMMER, summer_unknown)]).word == ("sporadic",)
    assert find_trends([record(summer_unknown, SUMMER, SUMMER)]).word == ("persistent",)


def test_both_tests_of_a_cell_are_in_one_family():
    # 6 months rise from 1 to 2 and none falls: p = 2 / 2**6 = 0.031. It would pass alone, but not beside the test of
    # "new" (2 tests: 0.025), nor does 7 months (0.016) beside four quiet cells that could pass (limit 0.005)
    six, seven = ([1] * n + [0] * (12 - n) + [2] * n + [0] * (12 - n) for n in (6, 7))
    assert find_trends([six]).p == pytest.approx([2 / 2**6])
    assert find_trends([six]).word == ("persistent",)
    assert find_trends([seven]).word == ("growing",)
    flat = [2, 1] * 6 + [1, 2] * 6
    assert find_trends([seven] + [flat] * 4).word == ("persistent",) * 5


@settings(max_examples=50)
@given(records, st.sampled_from([0.01, 0.05, 0.3]))
def test_words_never_contradict_the_tests(cells, fdr):
    found = find_trends(cells, fdr=fdr)
    tests = np.sort(np.concatenate([found.p[~np.isnan(found.p)], found.p_new[~np.isnan(found.p_new)]]))
    ranks = [k + 1 for k, p in enumerate(tests) if p <= fdr * (k + 1) / len(tests)]
    limit = fdr * max(ranks) / len(tests) if ranks else -1  # Benjamini-Hochberg, as published
    score = seasonal_mann_kendall(cells).score
    for at, (word, months) in enumerate(zip(found.word, cells, strict=True)):
        up, down = found.p[at] <= limit and score[at] > 0, found.p[at] <= limit and score[at] < 0
        assert found.direction[at] == int(up) - int(down)
        known = [m for m in months if m == m]
        expected = (
            {""} if len(known) < 24 else {"none"} if not any(known) else {"new"} if found.p_new[at] <= limit
            else {"growing"} if up else {"fading"} if down else {"persistent", "sporadic"}
        )  # fmt: skip
        assert word in expected
        if word == "new":
            assert not any(m > 0 for m in months[:-12])
            assert sum(m > 0 for m in months[-12:]) >= 2


@settings(max_examples=50)
@given(records, st.randoms(use_true_random=False))
def test_cells_in_another_order_have_the_same_words(cells, random):
    order = random.sample(range(len(cells)), len(cells))
    words = find_trends(cells).word
    assert find_trends([cells[at] for at in order]).word == tuple(words[at] for at in order)


def test_what_says_nothing_is_answered_without_a_number():
    for empty in (np.empty((0, 36)), np.empty((3, 0)), np.empty((0, 0))):
        assert find_trends(empty).word == ("",) * len(empty)
        assert len(seasonal_mann_kendall(empty).p) == len(empty)
    constant = find_trends([[3] * 36, [0] * 36])
    assert constant.word == ("persistent", "none")
    assert np.isnan([*constant.p, *constant.z, *constant.p_new[1:]]).all()
    assert constant.slope.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ([1, 2, 3], "months-uneven"),
        ([[1, 2], [1]], "months-uneven"),
        ([[[1]]], "months-uneven"),
        ([["a"]], "months-uneven"),
        ([[1, -1]], "counts-not-whole"),
        ([[1, 0.5]], "counts-not-whole"),
        ([[1, float("inf")]], "counts-not-whole"),
    ],
)
def test_counts_that_cannot_be_are_refused_with_a_sentence(counts, code):
    for ask in (seasonal_mann_kendall, find_trends):
        with pytest.raises(HazardError) as refused:
            ask(counts)
        assert refused.value.code == code
        assert str(refused.value).endswith(".")


def test_a_false_discovery_rate_outside_0_to_1_is_refused():
    with pytest.raises(HazardError) as refused:
        find_trends([[1] * 24], fdr=5)
    assert refused.value.code == "fdr-bad"


def test_what_goes_in_is_not_changed():
    counts = np.array([RISING, [N, *RISING[1:]]])
    before = counts.copy()
    find_trends(counts)
    assert np.array_equal(counts, before, equal_nan=True)


# --- two periods ------------------------------------------------------------------------------------------------------


def test_what_became_of_each_claim_and_the_ratio_beside_it():
    found = compare_periods(
        [9, 8, 2, 0, 0], [3, 8, 6, 0, 4], claimed_now=[True, True, False, False, False],
        claimed_before=[False, True, True, False, False], exposure_now=365, exposure_before=366,
    )  # fmt: skip
    assert found.change == ("new", "stayed", "gone", "", "")
    assert found.ratio[[0, 1, 2, 4]] == pytest.approx([3 * 366 / 365, 366 / 365, 366 / 365 / 3, 0])
    assert np.isnan(found.ratio[3])
    assert (found.low[3], found.high[3]) == (0, float("inf"))
    # 0 now and 4 before: Clopper-Pearson reaches 1 - 0.025 ** (1 / 4) = 0.6024 of the sum
    assert found.high[4] == pytest.approx(0.6024 / 0.3976 * 366 / 365, rel=1e-3)
    assert np.array_equal(found.low, rate_ratio([9, 8, 2, 0, 0], [3, 8, 6, 0, 4], exposure_before=366 / 365).low)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_claims_are_sets_whatever_the_counts(claims):
    now, before = (list(part) for part in zip(*claims, strict=True))
    counts = [5] * len(claims)
    change = compare_periods(counts, counts, claimed_now=now, claimed_before=before).change
    assert [c in ("new", "stayed") for c in change] == now
    assert [c in ("gone", "stayed") for c in change] == before


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"claimed_now": [True]}, "lengths-differ"),
        ({"claimed_before": [True] * 3}, "lengths-differ"),
        ({"before": [1]}, "lengths-differ"),
        ({"before": [1, -1]}, "counts-not-whole"),
        ({"exposure_before": 0}, "exposure-bad-period"),
    ],
)
def test_periods_that_cannot_be_compared_are_refused(options, code):
    with pytest.raises(HazardError) as refused:
        compare_periods(
            **(
                {"now": [1, 2], "before": [3, 4], "claimed_now": [True, False], "claimed_before": [True, True]}
                | options
            )
        )
    assert refused.value.code == code
