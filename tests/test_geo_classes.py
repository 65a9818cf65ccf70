"""Classes for a choropleth: published breaks, counts with zero apart, and too few values."""

import itertools
import warnings

import mapclassify
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.text import Words
from geo.classes import SCHEMES, classify, fixed

EN = Words("en")

# Employees per km2 in the 58 counties of California: the example data of mapclassify (pysal), as its tests use them.
CALEMP = [
    329.92, 0.42, 5.9, 14.03, 2.78, 1.34, 181.27, 1.65, 10.03, 16.7, 1.32, 3.99, 3.16, 0.22, 8.7, 6.56, 3.27, 0.33,
    370.5, 4.51, 75.29, 0.99, 2.74, 8.68, 0.14, 0.92, 12.63, 28.7, 12.02, 722.85, 36.68, 0.74, 29.82, 192.05, 3.38,
    11.15, 110.74, 4111.45, 49.47, 10.33, 317.11, 20.47, 264.93, 66.26, 5.39, 0.13, 0.61, 50.65, 40.48, 36.67, 13.09,
    1.81, 0.2, 7.6, 2.51, 57.26, 24.32, 6.97,
]  # fmt: skip


# Expected: mapclassify's own tests and docstrings (version 2.10.0), five classes of the data above.
@pytest.mark.parametrize(
    ("scheme", "edges", "counts"),
    [
        ("fisher_jenks", (75.29, 192.05, 370.5, 722.85, 4111.45), (49, 3, 4, 1, 1)),
        ("quantiles", (1.464, 5.798, 13.278, 54.616, 4111.45), (12, 11, 12, 11, 12)),
        ("equal_interval", (822.394, 1644.658, 2466.922, 3289.186, 4111.45), (57, 0, 0, 0, 1)),
    ],
)
def test_breaks_of_the_californian_counties_are_the_published_ones(scheme, edges, counts):
    classes = classify(CALEMP, scheme=scheme)
    assert classes.edges == pytest.approx(edges)
    assert classes.counts == counts


def squared_deviation(values, codes):
    return sum(((values[codes == code] - values[codes == code].mean()) ** 2).sum() for code in set(codes.tolist()))


@given(st.lists(st.integers(0, 30), min_size=5, max_size=12), st.integers(2, 4))
def test_no_other_grouping_deviates_less_than_natural_breaks(numbers, k):
    values = np.array(numbers, dtype=float)
    distinct = np.unique(values)
    ends = itertools.combinations(distinct[:-1], min(k, len(distinct)) - 1)  # every way to cut the sorted values
    best = min(squared_deviation(values, np.searchsorted([*end, distinct[-1]], values)) for end in ends)
    assert squared_deviation(values, classify(values, k=k).codes) == pytest.approx(best, abs=1e-9)


def drawn(n):
    random = np.random.default_rng(n)
    return [random.poisson(6, n).astype(float), random.gamma(1, 2, n), random.normal(0, 1e-5, n)]


# mapclassify counts in single precision: where values need more, its grouping may be worse.
@pytest.mark.parametrize("k", [3, 5, 6])
@pytest.mark.parametrize("values", [*drawn(23), *drawn(60), *drawn(120)])
def test_natural_breaks_are_those_of_mapclassify_or_better(values, k):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends numba
        breaks = mapclassify.FisherJenks(values, k=k).bins
    distinct = np.unique(values)
    ends = np.append(distinct[np.abs(distinct[:, None] - breaks[:-1]).argmin(axis=0)], distinct[-1])
    theirs = squared_deviation(values, np.searchsorted(np.unique(ends), values))
    ours = squared_deviation(values, classify(values, k=k).codes)
    assert ours <= theirs * (1 + 1e-9)
    assert ours == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("values", drawn(60))
@pytest.mark.parametrize(
    ("scheme", "other"), [("quantiles", mapclassify.Quantiles), ("equal_interval", mapclassify.EqualInterval)]
)
def test_the_other_schemes_are_those_of_mapclassify(values, scheme, other):
    assert classify(values, scheme=scheme).edges == pytest.approx(np.unique(other(values, k=5).bins), abs=1e-12)


def test_where_two_groupings_are_equally_good_a_value_goes_to_the_higher_class():
    assert classify([0, 1, 2], k=2).counts == (1, 2)  # {0} and {1, 2} or {0, 1} and {2}: half a square either way


def test_small_differences_beside_a_large_value_still_make_classes():
    assert classify([0.001, 0.002, 0.005, 0.006, 1e9], k=3).counts == (2, 2, 1)
    assert classify([-1e9, 0.001, 0.002, 0.005, 0.006], k=3).counts == (1, 2, 2)


values_with_gaps = st.lists(st.one_of(st.just(float("nan")), st.integers(0, 40).map(float)), max_size=60)


@given(values_with_gaps, st.sampled_from(sorted(SCHEMES)), st.integers(2, 5), st.booleans())
def test_every_value_is_in_one_class_or_missing(numbers, scheme, k, whole):
    values = np.array(numbers, dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classes = classify(values, scheme=scheme, k=k, whole=whole)
    assert sum(classes.counts) + classes.n_missing == len(values)
    assert len(classes.edges) == len(classes.counts) == len(classes.labels(EN)) <= k
    assert list(classes.edges) == sorted(set(classes.edges))
    assert (np.isnan(values) == (classes.codes == -1)).all()
    known = classes.codes >= 0
    edges = np.array([-np.inf, *classes.edges])
    assert (values[known] > edges[classes.codes[known]]).all()
    assert (values[known] <= edges[classes.codes[known] + 1]).all()


def test_zero_is_a_class_of_its_own_among_counts():
    # By hand: 2, 2 and 4, 4 and 6 and 9 are the four positive groups.
    classes = classify([0, 0, 2, 2, 4, 4, 6, 9, np.nan], whole=True)
    assert classes.counts == (2, 2, 2, 1, 1)
    assert classes.labels(EN) == ["0", "2", "3–4", "5–6", "7 or more"]
    assert classes.codes.tolist() == [0, 0, 1, 1, 2, 2, 3, 4, -1]


def test_the_class_of_zero_stays_empty_when_no_count_is_zero():
    classes = classify([3, 3, 3], whole=True)
    assert (classes.counts, classes.labels(EN)) == ((0, 3), ["0", "3 or more"])


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("values", "labels", "missing"),
    [([], [], 0), ([np.nan, np.nan], [], 2), ([0.0, 0.0], ["0"], 0)],
)
def test_nothing_all_missing_and_all_zero_make_no_trouble(values, labels, missing, whole):
    classes = classify(values, whole=whole)
    assert (classes.labels(EN), classes.n_missing) == (labels, missing)


def test_fewer_distinct_values_than_classes_give_each_value_its_class():
    assert classify([7.5, 7.5, 2.25], k=5).edges == (2.25, 7.5)


def test_labels_keep_apart_what_differs():
    labels = classify([0.001, 0.002, 0.0034, 0.1], k=4).labels(EN)
    assert len(set(labels)) == 4
    assert labels[-1].endswith("0.1")


def test_large_counts_are_written_with_thousands_marks():
    assert classify([0, 1500, 2600], whole=True, k=3).labels(EN) == ["0", "1,500", "1,501 or more"]


def test_forty_thousand_values_keep_smallest_and_largest_and_come_out_equal_twice():
    values = np.random.default_rng(1).gamma(1.0, 2.0, 40_000)
    first, second = classify(values), classify(values)
    assert first.edges == second.edges
    assert first.edges[-1] == values.max()
    assert sum(first.counts) == 40_000


def test_values_are_not_changed():
    values = np.array([3.0, 1.0, np.nan])
    classify(values, k=2)
    assert np.array_equal(values, [3.0, 1.0, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("values", "options"),
    [
        ([1.0], {"scheme": "pretty"}),
        ([1.0], {"k": 1}),
        ([np.inf], {}),
        ([-1.0], {"whole": True}),
        ([0.5], {"whole": True}),
    ],
)
def test_what_cannot_be_classed_is_refused(values, options):
    with pytest.raises(ValueError, match=r"no classes|finite"):
        classify(values, **options)


def test_fixed_classes_are_the_same_whatever_the_values():
    found = fixed([0, 0.2, 0.21, np.nan, 1], (0.2, 0.5, 1.0))
    assert found.codes.tolist() == [0, 0, 1, -1, 2]
    assert (found.counts, found.n_missing, found.lowest) == ((2, 1, 1), 1, 0.0)
    assert fixed([], (0.5, 1.0)).counts == (0, 0)
    for outside in (-0.1, 1.01):
        with pytest.raises(ValueError, match="outside"):
            fixed([outside], (0.5, 1.0))
