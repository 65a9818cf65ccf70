"""The scan finds what a plain one finds, ranks it among random maps as a plain one does, and keeps its 5%."""

import itertools
import json
from math import hypot, inf, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import alarm, circles
from analysis.alarm import space_time_scan
from analysis.checked import counts_and_shares
from analysis.scan import circular_scan, grow_circles, hottest_part, strongest_circles
from base.errors import HazardError

FEW = {"permutations": 1, "seed": 1}


# --- a plain scan, circle by circle: the oracle -----------------------------------------------------------------------


def ratio(count, expected, total):
    """The log-likelihood ratio of Kulldorff (1997), written out."""
    if count <= expected * (1 + 1e-9):
        return 0.0
    outside = (total - count) * log((total - count) / (total - expected)) if count < total else 0.0
    return count * log(count / expected) + outside


def all_circles(points, weight, *, max_share, most_cells=None, max_radius=inf):
    """(number of cells, centre, members) of every circle, from few cells to many; points are whole numbers."""
    found = []
    for centre, (cx, cy) in enumerate(points):
        squared = [(x - cx) ** 2 + (y - cy) ** 2 for x, y in points]
        for reach in sorted(set(squared)):
            members = tuple(i for i, s in enumerate(squared) if s <= reach)
            within = reach <= max_radius**2 and len(members) <= (most_cells or len(points))
            if within and sum(weight[i] for i in members) <= max_share * sum(weight) * (1 + 1e-9):
                found.append((len(members), centre, members))
    return sorted(found)


def disjoint(weighed):
    """The strongest of (ratio, members, ...), then the strongest of those that share no cell with it, and so on."""
    found, left = [], [one for one in weighed if one[0] > 0]
    while left:
        limit = max(one[0] for one in left) * (1 - 1e-9)
        best = next(one for one in left if one[0] >= limit)
        found.append(best)
        left = [one for one in left if not set(one[1]) & set(best[1])]
    return found


def plain_scan(points, cases, population, **limits):
    total, exposure, weighed = sum(cases), sum(population), []
    for _, _, members in all_circles(points, population, **limits):
        count, expected = sum(cases[i] for i in members), total * sum(population[i] for i in members) / exposure
        weighed.append((ratio(count, expected, total), members, count, expected))
    return disjoint(weighed)


def plain_space_time(
    points, cell, day, *, max_days, last_day, recent_only, kind=None, fewest=1, least_ratio=1.0, lengths=None, **limits
):
    total, weighed = len(cell), []
    kinds = [0] * total if kind is None else kind
    happened = list(zip(cell, day, kinds, strict=True))
    begins = sorted(set(day))
    ends = [last_day] if recent_only else begins
    areas = all_circles(points, np.bincount(cell, minlength=len(points)).tolist(), **limits)
    for _, _, members in areas:
        for end, begin in itertools.product(ends, reversed(begins)):
            long = end - begin + 1
            if lengths is not None:  # the shortest one that begins no later, from its first event on
                long = min((one for one in lengths if one >= long), default=max_days + 1)
                if any(end - long < other < begin for other in begins):
                    continue
            if begin <= end and long <= max_days:
                count = sum(c in members and begin <= d <= end for c, d, _ in happened)
                expected = 0.0
                for k in set(kinds):
                    here = sum(c in members and one == k for c, _, one in happened)
                    then = sum(begin <= d <= end and one == k for _, d, one in happened)
                    expected += here * then / kinds.count(k)
                if count >= fewest and count >= least_ratio * expected * (1 - 1e-9):
                    weighed.append((ratio(count, expected, total), members, count, expected, begin, end))
    return disjoint(weighed)


def maxima_of(plain, maps):
    return [max((one[0] for one in plain(a_map)), default=0.0) for a_map in maps]


def ranked(strength, maxima, stop_at):
    """As extreme and draws, one draw after the other."""
    extreme = 0
    for draws, value in enumerate(maxima, 1):
        extreme += value >= strength * (1 - 1e-9)
        if extreme == stop_at:
            return extreme, draws
    return extreme, len(maxima)


# --- against exposure -------------------------------------------------------------------------------------------------


def test_the_tracts_of_new_york_give_the_computed_clusters(shared_data):
    # Brute force with other code, see the folder's README: expected.json holds what it printed.
    folder = shared_data / "reference_results"
    known = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["circular_scan"]
    tracts = pd.read_csv(folder / "ny_leukemia" / "ny_tracts.csv")
    first, second, *rest = circular_scan(
        tracts["X"], tracts["Y"], np.floor(tracts["TRACTCAS"]), tracts["POP8"], max_share=0.1, permutations=999, seed=1
    )
    assert first.llr == pytest.approx(known["LLR_max"], rel=1e-12)
    assert (first.members + 1).tolist() == known["ids_1based"]
    assert (len(first.members), first.observed) == (known["tracts"], known["cases"]) == (24, 93)
    assert first.expected == pytest.approx(known["expected"], abs=5e-9)
    assert tracts["POP8"].iloc[first.members].sum() == known["population"]
    assert (first.p, first.as_extreme, first.draws) == (0.001, 0, 999)
    beside = known["second_disjoint"]
    assert second.llr == pytest.approx(beside["LLR"], abs=5e-10)
    assert (len(second.members), second.observed) == (beside["tracts"], beside["cases"])
    assert second.expected == pytest.approx(beside["expected"], abs=5e-7)
    assert all(one.llr < second.llr and one.p >= second.p for one in rest)


def test_two_cells_by_hand():
    # N = 4, E = 2, c = 3: 3 ln(3/2) + 1 ln(1/2); 3 inside over 1 outside, equal exposure. Both cells alone are all the
    # circles, one of them has an excess. Of four events on two cells 10 of 16 maps have 3 or more on one of them.
    (only,) = circular_scan([0, 1], [0, 0], [3, 1], [5, 5], max_share=0.5, permutations=4999, seed=3, stop_at=None)
    assert only.members.tolist() == [0]
    assert only.llr == pytest.approx(3 * log(1.5) - log(2), rel=1e-14)
    assert (only.centre, only.radius, only.observed, only.expected) == (0, 0.0, 3, 2.0)
    assert only.relative_risk == pytest.approx(3)
    assert only.p == pytest.approx(10 / 16, abs=4 * (10 * 6 / 16**2 / 4999) ** 0.5)
    assert only.p == (only.as_extreme + 1) / 5000
    assert (only.first_day, only.last_day) == (None, None)


def test_all_events_inside_have_an_infinite_relative_risk():
    (only,) = circular_scan([0, 1, 2], [0, 0, 0], [0, 0, 6], [1, 1, 1], max_share=0.5, **FEW)
    assert only.llr == pytest.approx(6 * log(3))
    assert only.relative_risk == inf


cells = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0, 1, 1, 2, 5, 0.3])), min_size=n, max_size=n),
    )
)
limits = st.fixed_dictionaries(
    {
        "max_share": st.sampled_from([0.2, 0.5, 0.9]),
        "most_cells": st.sampled_from([None, 1, 3]),
        "max_radius": st.sampled_from([None, 1.0, 2.0]),
    }
)


def without_none(limits):
    return {name: value for name, value in limits.items() if value is not None}


def same_clusters(found, plain):
    assert [one.members.tolist() for one in found] == [list(one[1]) for one in plain]
    assert [one.observed for one in found] == [one[2] for one in plain]
    assert [one.expected for one in found] == pytest.approx([one[3] for one in plain])
    assert [one.llr for one in found] == pytest.approx([one[0] for one in plain], rel=1e-9, abs=1e-12)


@given(cells, limits)  # points on a lattice of 4 x 4: ties and cells on one point abound
def test_clusters_are_those_of_a_plain_scan(case, limits):
    points, values = case
    population = [weight for _, weight in values]
    cases = [count if weight else 0 for count, weight in values]
    x, y = np.array(points).T
    if not any(population):
        return
    if sum(cases) and not all_circles(points, population, **without_none(limits)):
        with pytest.raises(HazardError, match="smallest circles"):
            circular_scan(x, y, cases, population, **limits, **FEW)
        return
    found = circular_scan(x, y, cases, population, **limits, **FEW)
    same_clusters(found, plain_scan(points, cases, population, **without_none(limits)) if sum(cases) else [])
    for one in found:
        px, py = points[one.centre]
        assert one.radius == max(hypot(points[i][0] - px, points[i][1] - py) for i in one.members)


def plain_part(points, cases, population, place, least, **limits):
    total, exposure, best = sum(cases), sum(population), (0.0, tuple(place))
    for _, _, members in all_circles(points, population, **limits):
        count, expected = sum(cases[i] for i in members), total * sum(population[i] for i in members) / exposure
        a_claim = set(members) <= set(place) and ratio(count, expected, total) >= least
        if a_claim and count / expected > best[0] * (1 + 1e-9):
            best = count / expected, members
    return best[1]


@pytest.mark.parametrize("seed", range(6))
def test_the_hottest_part_of_a_place_is_the_circle_within_it_of_the_highest_rate_that_reaches_the_limit(seed):
    random = np.random.default_rng(seed)
    points = [(int(x), int(y)) for x, y in random.integers(0, 9, (40, 2))]  # some share a point
    population = random.integers(1, 9, 40).tolist()
    cases = random.poisson(np.array(population) * np.where(np.array(points)[:, 0] > 4, 2.0, 0.7)).tolist()
    circles = grow_circles(*np.array(points).T, population, max_share=0.5)
    (top, *_) = strongest_circles(circles, cases)
    for least in (0.2 * top.llr, 0.6 * top.llr, top.llr * (1 - 1e-9), 2 * top.llr):
        part = hottest_part(circles, cases, top.members, least=least)
        assert tuple(part) == plain_part(points, cases, population, top.members.tolist(), least, max_share=0.5)
    assert tuple(hottest_part(circles, cases, top.members, least=2 * top.llr)) == tuple(top.members)


def test_all_events_in_one_cell_are_the_hottest_part():
    circles = grow_circles([0, 1, 2, 3], [0, 0, 0, 0], [1, 1, 1, 1], max_share=0.5)
    assert hottest_part(circles, [9, 0, 0, 0], [0, 1], least=0.5).tolist() == [0]


@pytest.mark.parametrize("max_share", [0.05, 0.5])
def test_circles_of_many_cells_are_those_of_a_plain_scan(max_share):
    # More neighbours than are asked for at first; populations from 1 to 1,000 make circles of 1 to 100 cells
    random = np.random.default_rng(5)
    points = [(int(x), int(y)) for x, y in random.integers(0, 14, (150, 2))]
    population = (10 ** random.uniform(0, 3, 150)).round().tolist()
    cases = random.poisson(np.array(population) / 100).tolist()
    x, y = np.array(points).T
    found = circular_scan(x, y, cases, population, max_share=max_share, most_clusters=200, **FEW)
    same_clusters(found, plain_scan(points, cases, population, max_share=max_share))


@pytest.mark.parametrize("stop_at", [None, 1, 7])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_rank_is_that_among_the_strongest_circles_of_all_random_maps(seed, stop_at):
    random = np.random.default_rng(seed)
    points = [(int(x), int(y)) for x, y in random.integers(0, 4, (8, 2))]
    population = [0, *random.integers(1, 9, 7).tolist()]
    cases = [0, *random.poisson(np.array(population[1:]) / 2).tolist()]
    cases[3] += 4
    x, y = np.array(points).T
    found = circular_scan(x, y, cases, population, max_share=0.5, permutations=150, seed=seed, stop_at=stop_at)
    # 150 maps are three blocks, each with its own seed
    _, share = counts_and_shares(cases, population)  # to the last bit: a draw may hang on it
    maps = np.concatenate(
        [np.random.default_rng([seed, b]).multinomial(sum(cases), share[1:], size=64) for b in range(3)]
    )
    maxima = maxima_of(lambda m: plain_scan(points, [0, *m.tolist()], population, max_share=0.5), maps[:150])
    assert [(one.as_extreme, one.draws) for one in found] == [ranked(one.llr, maxima, stop_at) for one in found]
    assert [one.p for one in found] == [(one.as_extreme + 1) / (one.draws + 1) for one in found]
    assert len(found) > 1
    assert all(a.p <= b.p for a, b in itertools.pairwise(found))


def test_many_events_give_the_rank_of_wide_numbers():
    # 40,000 events do not fit 16 bits; half as many do. The random maps are weighed by the plain formula.
    random = np.random.default_rng(8)
    x, y = random.random((2, 30))
    for total in (20_000, 40_000, 3_000_000):
        cases = random.multinomial(total, np.full(30, 1 / 30))
        found = circular_scan(x, y, cases, np.ones(30), max_share=0.5, permutations=64, seed=4, stop_at=None)
        away = np.hypot(x[:, None] - x, y[:, None] - y).argsort(axis=1)[:, :15]
        maxima = []
        for a_map in np.random.default_rng([4, 0]).multinomial(total, np.full(30, 1 / 30), size=64):
            count, expected = a_map[away].cumsum(axis=1), total * np.arange(1, 16) / 30
            value = count * np.log(count / expected) + (total - count) * np.log((total - count) / (total - expected))
            maxima.append(value[count > expected].max())
        assert [one.as_extreme for one in found] == [sum(m >= one.llr * (1 - 1e-9) for m in maxima) for one in found]


def test_under_no_pattern_p_is_about_uniform():
    # 400 maps of 12 cells with 60 events by unequal exposure; p over 39 draws, in steps of 1/40. The standard error of
    # a share is at most 0.025; ties make p a little too large.
    random = np.random.default_rng(11)
    x, y, population = random.random(12), random.random(12), random.uniform(1, 3, 12)
    p = []
    for seed in range(400):
        cases = random.multinomial(60, population / population.sum())
        found = circular_scan(x, y, cases, population, max_share=0.5, permutations=39, seed=seed, stop_at=None)
        p.append(found[0].p)
    for level in (0.05, 0.1, 0.25, 0.5, 0.75):
        error = (level * (1 - level) / 400) ** 0.5
        assert level - 4 * error - 0.02 < np.mean(np.array(p) <= level + 1e-9) < level + 3 * error


def test_a_scan_that_stops_early_keeps_its_level():
    random = np.random.default_rng(12)
    x, y, population = random.random(12), random.random(12), random.uniform(1, 3, 12)
    p, draws = [], []
    for seed in range(400):
        cases = random.multinomial(60, population / population.sum())
        top = circular_scan(x, y, cases, population, max_share=0.5, permutations=99, seed=seed, stop_at=5)[0]
        p.append(top.p)
        draws.append(top.draws)
    assert np.median(draws) < 15  # half of 99 draws and more are saved, for 5 of 10 are as extreme in the middle
    for level in (0.05, 0.1, 0.25, 0.5):
        error = (level * (1 - level) / 400) ** 0.5
        assert level - 4 * error - 0.1 * level - 0.02 < np.mean(np.array(p) <= level + 1e-9) < level + 3 * error


def test_a_true_cluster_across_borders_is_found_and_nothing_else():
    x, y = (a.ravel().astype(float) for a in np.meshgrid(np.arange(10.0), np.arange(10.0)))
    true = np.flatnonzero((x - 4) ** 2 + (y - 4) ** 2 <= 1)  # five cells, a cross
    cases = np.random.default_rng(2).poisson(np.where(np.isin(np.arange(100), true), 12.0, 3.0))
    first, *rest = circular_scan(x, y, cases, np.ones(100), max_share=0.5, permutations=999, seed=1)
    assert first.members.tolist() == true.tolist()
    assert first.p == 0.001
    assert all(one.p > 0.05 for one in rest)


def test_neither_threads_nor_the_unit_of_exposure_change_the_answer(monkeypatch):
    random = np.random.default_rng(3)
    x, y, population = random.random((3, 40))
    cases = random.poisson(3, 40)
    one = circular_scan(x, y, cases, population, max_share=0.5, permutations=300, seed=1)
    monkeypatch.setattr(circles, "both_cores", lambda work, parts: list(map(work, parts)))
    other = circular_scan(x, y, cases, 1e300 * population, max_share=0.5, permutations=300, seed=1)
    assert [(a.members.tolist(), a.as_extreme, a.draws) for a in one] == [
        (b.members.tolist(), b.as_extreme, b.draws) for b in other
    ]


@pytest.mark.parametrize("stop_at", [None, 2])
def test_progress_goes_up_to_all(stop_at):
    told = []
    circular_scan(
        [0, 1, 2], [0, 0, 0], [1, 2, 2], [1, 1, 1], max_share=0.5, permutations=500, seed=1, stop_at=stop_at,
        progress=lambda done, of: told.append((done, of)),
    )  # fmt: skip
    assert told == sorted(set(told))
    assert told[-1] == (500, 500)
    assert {of for _, of in told} == {500}


@given(st.lists(st.floats(1e-9, 1e4), min_size=1, max_size=20), st.floats(1e-6, 300), st.integers(10_001, 100_000_000))
def test_the_least_count_is_the_first_that_reaches_the_level(expected, level, total):
    least = circles.least_counts(level, np.array([0.0, *expected]), total)
    assert least[0] == total + 1
    for count, e in zip(least[1:].tolist(), expected, strict=True):
        before = circles._llr(np.array([count - 1]), np.array([e]), total)[0]
        assert before < level
        assert count > total or circles._llr(np.array([count]), np.array([e]), total)[0] >= level


# --- over time --------------------------------------------------------------------------------------------------------

# Two cells and ten days; ten events in each, one a day in cell 0. In cell 1 six of the ten come on the last two days.
TWO_CELLS = {"x": [0, 1], "y": [0, 0]}
STEADY, LATELY = list(range(10)), [0, 2, 4, 6, 8, 8, 8, 9, 9, 9]


def test_what_gathered_lately_by_hand():
    # Days 8 and 9 hold 2 + 6 = 8 of 20 events, cell 1 holds 10: 4 expected, 6 seen.
    # Day 9 alone: 4 events, 2 expected, 3 seen, which is weaker.
    (only,) = space_time_scan(
        **TWO_CELLS, cell=[0] * 10 + [1] * 10, day=STEADY + LATELY, max_days=3, permutations=999, seed=1
    )
    assert (only.members.tolist(), only.first_day, only.last_day) == ([1], 8, 9)
    assert (only.observed, only.expected) == (6, 4.0)
    assert only.llr == pytest.approx(6 * log(6 / 4) + 14 * log(14 / 16))
    assert only.relative_risk == pytest.approx((6 / 4) / (14 / 16))


events = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(-3, 8)), min_size=1, max_size=25),
    )
)


@settings(deadline=None)
@given(events, limits, st.integers(1, 6), st.integers(0, 2), st.booleans())
def test_cylinders_are_those_of_a_plain_scan(case, limits, max_days, later, recent_only):
    points, happened = case
    cell, day = (list(values) for values in zip(*happened, strict=True))
    x, y = np.array(points).T
    options = limits | {"max_days": max_days, "last_day": max(day) + later, "recent_only": recent_only}
    in_time = not recent_only or later < max_days
    if in_time and not all_circles(points, np.bincount(cell, minlength=len(points)).tolist(), **without_none(limits)):
        with pytest.raises(HazardError, match="smallest circles"):
            space_time_scan(x, y, cell, day, **options, **FEW)
        return
    found = space_time_scan(x, y, cell, day, **options, **FEW)
    plain = plain_space_time(points, cell, day, **without_none(options))
    same_clusters(found, plain)
    assert [(one.first_day, one.last_day) for one in found] == [one[4:] for one in plain]


@settings(deadline=None, max_examples=60)
@given(
    events,
    limits,
    st.integers(1, 3),
    st.sampled_from([1.0, 1.5, 2.0]),
    st.sets(st.integers(1, 6), min_size=1) | st.none(),
    st.booleans(),
    st.randoms(),
)
def test_kinds_have_days_and_places_of_their_own(case, limits, fewest, least_ratio, lengths, recent_only, random):
    points, happened = case
    cell, day = (list(values) for values in zip(*happened, strict=True))
    x, y = np.array(points).T
    kind = [random.choice(["wet", "dry", "other"]) for _ in cell]
    options = limits | {"max_days": 5, "last_day": max(day), "recent_only": recent_only, "kind": kind}
    options |= {"fewest": fewest, "least_ratio": least_ratio, "lengths": lengths and sorted(lengths)}
    if not all_circles(points, np.bincount(cell, minlength=len(points)).tolist(), **without_none(limits)):
        return
    found = space_time_scan(x, y, cell, day, **options, **FEW)
    plain = plain_space_time(points, cell, day, **without_none(options))
    same_clusters(found, plain)
    assert [(one.first_day, one.last_day) for one in found] == [one[4:] for one in plain]


def test_days_are_shuffled_within_a_kind():
    random = np.random.default_rng(8)
    points = [(0, 0), (1, 0), (2, 1), (0, 2)]
    cell, day, kind = random.integers(0, 4, 60), np.sort(random.integers(0, 6, 60)), random.integers(0, 3, 60)
    x, y = np.array(points).T
    options = {"max_days": 2, "max_share": 0.5, "kind": kind, "fewest": 2, "least_ratio": 1.1}
    found = space_time_scan(x, y, cell, day, permutations=64, seed=9, stop_at=None, **options)
    maxima = []
    for _ in range(400):  # independent of the program's draws: the ranks agree within chance
        shuffled = day.copy()
        for k in range(3):
            shuffled[kind == k] = random.permutation(shuffled[kind == k])
        plain = plain_space_time(
            points,
            cell.tolist(),
            shuffled.tolist(),
            last_day=5,
            recent_only=True,
            **(options | {"kind": kind.tolist()}),
        )
        maxima.append(max((one[0] for one in plain), default=0.0))
    assert len(found) > 0
    for one in found:
        share = np.mean(np.array(maxima) >= one.llr * (1 - 1e-9))
        assert one.p == pytest.approx(share, abs=4 * (share * (1 - share) / 64) ** 0.5 + 2 / 65)


def test_a_wet_week_is_none_where_water_always_stands():
    # Cell 0 has all water, which comes on two days; cell 1 all else, on other days. On the last day water came.
    cell, day, kind = [0] * 12 + [1] * 12, [3] * 6 + [9] * 6 + list(range(12)), ["water"] * 12 + ["wall"] * 12
    day[-3:] = [1, 2, 3]
    together = space_time_scan(**TWO_CELLS, cell=cell, day=day, max_days=1, permutations=999, seed=1)
    assert together[0].members.tolist() == [0]
    assert together[0].p <= 0.1
    assert space_time_scan(**TWO_CELLS, cell=cell, day=day, kind=kind, max_days=1, **FEW) == ()


@pytest.mark.parametrize("recent_only", [True, False])
def test_a_rank_over_time_is_that_among_shuffled_days(recent_only):
    random = np.random.default_rng(4)
    points = [(int(x), int(y)) for x, y in random.integers(0, 3, (5, 2))]
    cell, day = random.integers(0, 5, 40), np.sort(random.integers(0, 6, 40))
    x, y = np.array(points).T
    options = {"max_days": 2, "recent_only": recent_only, "max_share": 0.5}
    found = space_time_scan(x, y, cell, day, permutations=64, seed=9, stop_at=None, **options)
    # Of the shuffled events only those are drawn whose days can lie in a window
    recent = day[day > 3] if recent_only else day
    generator, maxima = np.random.default_rng([9, 0]), []
    for _ in range(64):
        drawn = generator.choice(cell, len(recent), replace=False)
        left = np.bincount(cell, minlength=5) - np.bincount(drawn, minlength=5)
        shuffled = np.concatenate([np.repeat(np.arange(5), left), drawn])
        plain = plain_space_time(points, shuffled.tolist(), day.tolist(), last_day=5, **options)
        maxima.append(max((one[0] for one in plain), default=0.0))
    assert len(found) > 0
    assert [(one.as_extreme, one.draws) for one in found] == [ranked(one.llr, maxima, None) for one in found]


@pytest.mark.parametrize("recent_only", [True, False])
def test_how_many_windows_are_counted_together_changes_nothing(monkeypatch, recent_only):
    random = np.random.default_rng(14)
    x, y = random.random((2, 6))
    cell, day = random.integers(0, 6, 50), random.integers(0, 9, 50)
    options = {"max_days": 4, "recent_only": recent_only, "permutations": 100, "seed": 2}
    answers = []
    for together in (500_000, 1_000, 1):  # all windows, a few, one
        monkeypatch.setattr(alarm, "_TOGETHER", together)
        found = space_time_scan(x, y, cell, day, **options)
        answers.append([(one.members.tolist(), *one[1:]) for one in found])
    assert answers[0]
    assert answers[0] == answers[1] == answers[2]


def test_busy_places_and_busy_days_make_no_alarm_and_their_coming_together_does():
    random = np.random.default_rng(6)
    x, y = (a.ravel().astype(float) for a in np.meshgrid(np.arange(6.0), np.arange(6.0)))
    place = random.dirichlet(np.full(36, 0.7))  # some cells have many times the events of others
    cell, day = random.choice(36, 400, p=place), random.integers(0, 60, 400)
    storm = random.choice(36, 80, p=place)  # one night with rain everywhere
    cell, day = np.append(cell, storm), np.append(day, np.full(80, 59))
    quiet = space_time_scan(x, y, cell, day, max_days=14, permutations=199, seed=1)
    assert all(one.p > 0.05 for one in quiet)
    cell, day = np.append(cell, np.full(12, 14)), np.append(day, random.integers(52, 60, 12))
    first, *rest = space_time_scan(x, y, cell, day, max_days=14, permutations=199, seed=1)
    assert first.p <= 0.01
    assert 14 in first.members
    assert first.first_day >= 46
    assert first.last_day == 59
    assert all(one.p > 0.05 for one in rest)


def test_shuffled_days_give_about_uniform_p():
    random = np.random.default_rng(13)
    x, y = random.random((2, 8))
    p = []
    for seed in range(200):
        cell, day = random.choice(8, 60, p=np.arange(1, 9) / 36), random.integers(0, 10, 60)
        found = space_time_scan(x, y, cell, day, max_days=3, last_day=9, permutations=39, seed=seed, stop_at=None)
        p.append(found[0].p if found else 1.0)
    for level in (0.05, 0.25, 0.5):
        error = (level * (1 - level) / 200) ** 0.5
        assert level - 4 * error - 0.03 < np.mean(np.array(p) <= level + 1e-9) < level + 3 * error


# --- nothing to find, and bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cases",
    [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2]],
    ids=["no events", "one each", "as expected everywhere"],
)
def test_where_no_circle_holds_more_than_expected_there_is_no_cluster(cases):
    assert circular_scan([0, 1, 2, 3], [0, 0, 0, 0], cases, [7, 7, 7, 7], max_share=0.5, **FEW) == ()


@pytest.mark.parametrize(
    ("cell", "day", "last_day"),
    [([], [], None), ([0, 0, 1, 1], [5, 5, 5, 5], None), ([0, 1, 1], [1, 2, 3], 30), ([0, 0], [1, 9], None)],
    ids=["no events", "all on one day", "none of late", "all in one cell"],
)
def test_where_nothing_gathered_there_is_no_alarm(cell, day, last_day):
    assert space_time_scan(**TWO_CELLS, cell=cell, day=day, last_day=last_day, max_days=7, **FEW) == ()


GOOD = {"x": [0, 1, 2], "y": [0, 0, 0], "cases": [1, 2, 3], "population": [1, 1, 1], "max_share": 0.5, **FEW}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x": [0, 1]}, "lengths-differ"),
        ({"cases": [1, 2]}, "lengths-differ"),
        ({"x": [[0, 1, 2]]}, "lengths-differ"),
        ({"x": [], "y": [], "cases": [], "population": []}, "one-cell"),
        ({"x": [1], "y": [1], "cases": [3], "population": [1]}, "one-cell"),
        ({"x": [0, np.nan, 2]}, "place-missing"),
        ({"y": [0, np.inf, 2]}, "place-missing"),
        ({"cases": [1, 2, -3]}, "counts-not-whole"),
        ({"cases": [1, 2, 0.5]}, "counts-not-whole"),
        ({"cases": [1, 2, np.nan]}, "counts-not-whole"),
        ({"population": [1, 1, -1]}, "exposure-bad"),
        ({"population": [1, 1, np.nan]}, "exposure-bad"),
        ({"population": [0, 0, 0]}, "exposure-zero"),
        ({"population": [1, 1, 0]}, "incidents-without-exposure"),
        ({"max_share": 0}, "scan-limit-bad"),
        ({"max_share": 1}, "scan-limit-bad"),
        ({"max_share": np.nan}, "scan-limit-bad"),
        ({"permutations": 0}, "scan-limit-bad"),
        ({"stop_at": 0}, "scan-limit-bad"),
        ({"most_cells": 0}, "scan-limit-bad"),
        ({"most_clusters": 0}, "scan-limit-bad"),
        ({"max_radius": 0}, "scan-limit-bad"),
        ({"max_radius": np.nan}, "scan-limit-bad"),
        ({"max_share": 0.3}, "scan-no-circle"),
    ],
)
def test_a_bad_input_is_refused(change, code):
    with pytest.raises(HazardError) as refused:
        circular_scan(**(GOOD | change))
    assert refused.value.code == code
    assert str(refused.value)


def test_too_many_circles_are_refused_before_they_are_drawn(monkeypatch):
    monkeypatch.setattr(circles, "_MOST_CIRCLES", 5)
    with pytest.raises(HazardError, match="more than 5 circles") as refused:
        circular_scan(np.arange(9), np.zeros(9), np.ones(9), np.ones(9), max_share=0.5, **FEW)
    assert refused.value.code == "scan-too-large"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x": [0, 1, 2]}, "lengths-differ"),
        ({"cell": [0, 1]}, "lengths-differ"),
        ({"kind": ["a", "b"]}, "lengths-differ"),
        ({"x": [0], "y": [0]}, "one-cell"),
        ({"cell": [0, 1, 2]}, "cell-position-bad"),
        ({"cell": [0, 1, -1]}, "cell-position-bad"),
        ({"cell": [0, 1, 0.5]}, "cell-position-bad"),
        ({"day": [0, 1, np.nan]}, "day-bad"),
        ({"day": [0, 1, 1.5]}, "day-bad"),
        ({"last_day": 1}, "day-bad"),
        ({"max_days": 0}, "scan-limit-bad"),
        ({"max_share": 0.1}, "scan-no-circle"),
    ],
)
def test_a_bad_input_over_time_is_refused(change, code):
    good = TWO_CELLS | {"cell": [0, 1, 1], "day": [0, 1, 2], "max_days": 7} | FEW
    with pytest.raises(HazardError) as refused:
        space_time_scan(**(good | change))
    assert refused.value.code == code
