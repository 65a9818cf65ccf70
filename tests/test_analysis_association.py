"""Gi*, local and global Moran's I have the published values, and each cell the chance that all deals would give it."""

import csv
import itertools
import json
import tracemalloc
import types

import geopandas as gpd
import numpy as np
import pytest
import scipy.sparse as sp
import scipy.stats
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import association, hotspots
from analysis.association import gi_star, gi_star_test, local_moran, moran
from analysis.rates import standardized_rates
from base.errors import HazardError
from geo.neighbors import queen_neighbors

MANY = {"permutations": 9_999, "seed": 7}


def matrix(near):
    """Binary weights from the positions that each cell has beside it."""
    weights = np.zeros((len(near), len(near)))
    for cell, others in enumerate(near):
        weights[cell, list(others)] = 1
    return sp.csr_array(weights)


def lattice(side):
    """Queen contiguity of a square of squares."""
    beside = sp.diags_array([np.ones(side - 1), np.ones(side), np.ones(side - 1)], offsets=[-1, 0, 1])
    return sp.csr_array(sp.kron(beside, beside) - sp.eye_array(side**2))


def standardised(weights):
    return sp.csr_array(weights.multiply(1 / weights.sum(axis=1)[:, None]))


def read_gal(path):
    """The ids and binary weights of a GAL file."""
    lines = [line.split() for line in path.read_text().splitlines()]
    blocks = [word for line in lines[1:] for word in line]
    near, at = {}, 0
    while at < len(blocks):
        count = int(blocks[at + 1])
        near[blocks[at]] = blocks[at + 2 : at + 2 + count]
        at += 2 + count
    ids = list(near)
    return ids, matrix([[ids.index(other) for other in near[one]] for one in ids])


@pytest.fixture(scope="module")
def published(shared_data):
    return json.loads((shared_data / "reference_results" / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def columbus(shared_data):
    """Crime in 49 quarters, and who touches whom."""
    cells = gpd.read_file(shared_data / "reference_results" / "columbus" / "columbus.shp")
    cells = cells.set_crs("EPSG:4547", allow_override=True)
    return cells["CRIME"].to_numpy(), queen_neighbors(cells, within_m=0.0), shapely.centroid(cells.geometry.to_numpy())


# --- published values -------------------------------------------------------------------------------------------------

SIX_POINTS = matrix([[1, 3], [0, 3, 4], [4], [0, 1, 4], [1, 2, 3, 5], [4]])
SIX_VALUES = [2, 3, 3.2, 5, 8, 7]


def test_six_points_have_the_published_gi_star_and_gi(published):
    # pysal/esda esda/tests/test_getisord.py for the first point; all six in the docstring of esda.G_Local
    assert gi_star(SIX_VALUES, SIX_POINTS)[0] == pytest.approx(published["getis_ord"][0]["Gistar_binary_z0"], abs=5e-9)
    gi = gi_star_test(SIX_VALUES, SIX_POINTS, **MANY, own="fixed").z
    assert gi[0] == pytest.approx(published["getis_ord"][0]["Gi_binary_z0"], abs=5e-8)


def test_six_points_have_the_values_of_the_manual():
    star = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    gi = [-1.0136729, -0.04361589, 1.31558703, -0.31412676, 1.15373986, 1.77833941]
    assert gi_star(SIX_VALUES, SIX_POINTS) == pytest.approx(star, abs=5e-9)
    assert gi_star_test(SIX_VALUES, SIX_POINTS, **MANY, own="fixed").z == pytest.approx(gi, abs=5e-9)


@pytest.mark.parametrize(
    ("own", "z"),
    [
        ("drawn", [-0.62488094, -0.09144599, 0.41150696, -0.09144599, 0.24690418, 1.28024388]),
        ("fixed", [-0.62074534, -0.01780611, 1.31558703, -0.12824171, 0.28843496, 1.77833941]),
    ],
)
def test_row_standardised_weights_give_the_same_z_and_esda_another_by_its_variance(own, z):
    # esda's z for row-standardised weights, of the same test file and manual: its variance has W (N - W) where the
    # formula has N sum(w^2) - W^2; with k weights of 1/k that is N - 1 for N/k - 1. N = 6, k = neighbours + 1 for Gi*;
    # N = 5, k = neighbours for Gi.
    found = gi_star_test(SIX_VALUES, standardised(SIX_POINTS), **MANY, own=own).z
    assert found == pytest.approx(gi_star_test(SIX_VALUES, SIX_POINTS, **MANY, own=own).z, abs=1e-12)
    big, k = (6, np.diff(SIX_POINTS.indptr) + 1) if own == "drawn" else (5, np.diff(SIX_POINTS.indptr))
    assert found * np.sqrt((big / k - 1) / (big - 1)) == pytest.approx(z, abs=5e-9)


def test_desmith_has_the_published_local_moran(published, shared_data):
    # esda divides the sum of squares by n - 1, Anselin (1995) and we by n: its I is (n - 1) / n of ours
    folder = shared_data / "reference_results" / "desmith"
    z = [float(line.split(",")[1]) for line in (folder / "desmith.txt").read_text().splitlines()[2:]]
    _ids, near = read_gal(folder / "desmith.gal")
    found = local_moran(z, standardised(near), **MANY)
    assert found.i * (len(z) - 1) / len(z) == pytest.approx(published["moran_local"][0]["Is"], abs=5e-7)


def rates(folder, name):
    """Values by id: a text table with its size in the first line, or the table beside a shapefile."""
    if name == "stl":
        with (folder / "stl" / "stl_hom.txt").open() as file:
            next(file)
            return {row["FIPSNO"]: float(row["HR8893"]) for row in csv.DictReader(file)}
    table = gpd.read_file(folder / "sids2" / "sids2.shp")
    if name == "sids2":
        return dict(zip(table["FIPSNO"].astype(int).astype(str), table["SIDR74"], strict=True))
    standard = standardized_rates(table["SID79"], table["BIR79"])  # Assuncao & Reis (1999)
    return dict(zip(table["FIPSNO"].astype(int).astype(str), standard, strict=True))


@pytest.mark.parametrize(("which", "name"), [(0, "stl"), (1, "sids2"), (2, "sids2 empirical Bayes")])
def test_homicides_and_infant_deaths_have_the_published_moran(published, shared_data, which, name):
    folder = shared_data / "reference_results"
    by_id, (ids, near) = rates(folder, name), read_gal(next((folder / name.split()[0]).glob("*.gal")))
    values = list(by_id.values()) if name == "stl" else [by_id[one] for one in ids]  # stl.gal counts from 1
    found, wanted = moran(values, standardised(near)), published["moran_global"][which]
    assert found.i == pytest.approx(wanted["I"], abs=1e-9)
    z_normal = (found.i - found.expected) / np.sqrt(found.variance_normal)
    assert scipy.stats.norm.sf(z_normal) == pytest.approx(wanted["p_norm_one_sided"], rel=1e-6)


def test_nine_squares_have_the_published_variances(published):
    beside = sp.diags_array([np.ones(2), np.ones(2)], offsets=[-1, 1])
    rook = sp.csr_array(sp.kron(beside, sp.eye_array(3)) + sp.kron(sp.eye_array(3), beside))
    found, wanted = moran(np.arange(1, 10), rook), published["moran_global"][3]
    assert (found.variance, found.variance_normal) == pytest.approx((wanted["VI_rand"], wanted["VI_norm"]), abs=1e-12)


@pytest.mark.parametrize(("which", "standardise"), [(4, True), (5, False)])
def test_columbus_has_the_moran_of_spdep(published, shared_data, which, standardise):
    with (shared_data / "reference_results" / "col_old" / "col_old.csv").open() as file:
        rows = list(csv.DictReader(file))
    near = matrix([[int(other) - 1 for other in row["nb"].split()] for row in rows])
    found = moran([float(row["CRIME"]) for row in rows], standardised(near) if standardise else near)
    wanted = published["moran_global"][which]
    assert found.i == pytest.approx(wanted["I"], abs=5e-9)
    assert found.variance == pytest.approx(wanted["Var_randomisation"], abs=5e-9)
    assert found.z == pytest.approx(wanted["z"], abs=5e-5)
    assert found.p / 2 == pytest.approx(wanted["p"], rel=5e-4)  # theirs is one-sided
    if standardise:
        assert found.expected == pytest.approx(wanted["E"], abs=5e-9)
        assert found.variance_normal == pytest.approx(wanted["Var_normality"], abs=5e-9)


# --- esda as an oracle ------------------------------------------------------------------------------------------------

# esda 2.9.0 on crime in Columbus, queen contiguity, 99,999 permutations, seed 5: Moran_Local row-standardised; G_Local
# with star=True has the very same p. Two-sided: twice the smaller share of simulated values as small or as large.
ESDA_I = """
0.721781 0.517986 0.091935 0.004723 0.29741 -0.177865 -1.822616 0.075021 -0.029971 0.039487 1.428162 0.625909
0.122724 0.602707 0.719847 1.213491 -0.105889 0.506499 0.783679 0.334442 0.151777 -0.003943 0.882465 0.223863 1.387439
0.281663 -0.121444 0.957015 1.524857 1.621393 0.997492 1.214552 0.05251 0.517637 -0.029343 1.21787 0.414609 0.56576
1.085335 0.949516 0.814705 1.064379 0.005659 -0.020249 0.066567 1.224037 0.458134 0.199386 0.355946"""
ESDA_P = """
0.3668 0.3377 0.4842 0.9517 0.3004 0.6489 0.0747 0.3268 0.7545 0.2323 0.0261 0.1831 0.694 0.2054 0.0159 0.0005
0.069 0.0433 0.2167 0.4614 0.3736 0.9096 0.0745 0.0003 0.0029 0.0338 0.8556 0.0094 0.0018 0.0357 0.0784 0.0046 0.7784
0.1026 0.7492 0.0147 0.0112 0.1678 0.0353 0.0402 0.1311 0.1667 0.8713 0.9508 0.7047 0.0927 0.1273 0.4161 0.4005"""
ESDA_QUADRANT = "3333122123111111411312311141113313431133331233333"  # 1 HH, 2 LH, 3 LL, 4 HL
ESDA_Z = """
-1.43278 -1.340008 -0.771999 -0.131733 1.285363 0.068648 0.661365 1.013024 0.219143 -1.137528 2.625151 1.715367
0.661365 1.661277 2.520776 3.475051 -1.539588 2.060228 1.663064 -1.263146 0.958013 0.078755 -2.002812 3.271094 3.195172
2.118913 0.281129 2.805861 3.28607 2.630256 -2.041136 -2.851023 0.435414 -1.78038 -0.234827 -2.674719 2.50112 1.701238
-2.273243 -2.324828 -1.821073 -1.802551 0.188579 -0.158211 -0.516733 -1.974722 -1.510601 -0.981642 -1.133105"""
# The same with weights 1 / distance between centroids, rounded to 3 decimals, row-standardised
ESDA_DISTANCE_I = """0.715143 0.453477 0.074183 0.02417 0.353348 -0.124694 -1.710385 0.054345 -0.026366 0.03108 1.655746
1.157698 0.429179 0.867536 0.815884 1.154487 -0.095977 0.500217 0.893275 0.207226 0.117707 -0.013963 0.806245 0.210419
1.46083 0.310274 -0.019328 1.041332 1.707091 1.816137 1.055892 1.132132 0.141196 0.565366 0.016871 1.238619 0.429092
0.576735 1.087407 0.9753 0.821136 1.027138 0.0125 -0.008622 0.064707 1.17488 0.452124 0.182695 0.367734"""
ESDA_DISTANCE_P = """0.3709 0.4328 0.5743 0.7774 0.2332 0.7785 0.1007 0.4853 0.7942 0.387 0.0241 0.0293 0.2463 0.1044
0.0075 0.0025 0.1037 0.0532 0.1767 0.6184 0.4914 0.6927 0.1058 0.0014 0.0022 0.0212 0.9851 0.0054 0.0007 0.0242 0.0798
0.0108 0.5049 0.0799 0.8463 0.0154 0.0094 0.1791 0.0577 0.0428 0.1286 0.1906 0.7361 0.9901 0.7195 0.1249 0.1454 0.4676
0.4109"""


def numbers(text):
    return np.array(text.split(), dtype=float)


def assert_same_chance(p, theirs, draws, their_draws=99_999):
    """Equal up to the draw: within five standard deviations of the difference of two shares, and their digits."""
    tail = np.clip(theirs / 2, 1e-5, 0.5)
    error = 2 * np.sqrt(tail * (1 - tail) * (1 / draws + 1 / their_draws))
    assert (np.abs(p - theirs) <= 5 * error + 2 / draws + 5e-5).all(), np.abs(p - theirs) / error


def test_local_moran_of_columbus_is_that_of_esda(columbus):
    values, near, _ = columbus
    found = local_moran(values, standardised(near), permutations=49_999, seed=1)
    assert found.i * 48 / 49 == pytest.approx(numbers(ESDA_I), abs=5e-7)
    assert found.quadrant.tolist() == [["HH", "LH", "LL", "HL"][int(one) - 1] for one in ESDA_QUADRANT]
    assert_same_chance(found.p, numbers(ESDA_P), 49_999)


def test_gi_star_of_columbus_is_that_of_esda_where_the_own_value_stays(columbus):
    values, near, _ = columbus
    assert gi_star(values, near) == pytest.approx(numbers(ESDA_Z), abs=5e-7)
    assert_same_chance(gi_star_test(values, near, permutations=49_999, seed=2, own="fixed").p, numbers(ESDA_P), 49_999)


def test_weights_that_differ_within_a_row_give_the_moran_of_esda(columbus):
    values, near, centroids = columbus
    near = near.tocoo()
    distance = shapely.distance(centroids[near.row], centroids[near.col])
    weights = standardised(sp.csr_array((np.round(1 / distance, 3), (near.row, near.col)), shape=near.shape))
    found = local_moran(values, weights, permutations=49_999, seed=3)
    assert found.i * 48 / 49 == pytest.approx(numbers(ESDA_DISTANCE_I), abs=5e-7)
    assert_same_chance(found.p, numbers(ESDA_DISTANCE_P), 49_999)


# --- the chance of a cell, by all deals and by hand -------------------------------------------------------------------


def exact(values, weights, *, own):
    """Two-sided p of each row's sum over all orders of the values, or of the other values."""
    n, values, weights = len(values), np.array(values, dtype=float), weights.toarray()
    if own == "drawn":
        weights = weights + np.diag(weights.max(axis=1))
    p = []
    for cell in range(n):
        rest = np.arange(n) if own == "drawn" else np.delete(np.arange(n), cell)
        dealt = np.array(list(itertools.permutations(values[rest])))
        sums, seen = dealt @ weights[cell, rest], values[rest] @ weights[cell, rest]
        p.append(min(1, 2 * min((sums >= seen - 1e-9).mean(), (sums <= seen + 1e-9).mean())))
    return np.array(p)


RING = matrix([[1, 6], [0, 2, 4], [1, 3], [2, 4], [1, 3, 5], [4, 6], [0, 5]])
UNLIKE = sp.csr_array(RING.multiply(np.arange(1, 8)[None, :] % 4 + 1.0))


@pytest.mark.parametrize("weights", [RING, standardised(RING), UNLIKE], ids=["binary", "row", "unlike"])
@pytest.mark.parametrize("own", ["drawn", "fixed"])
@pytest.mark.parametrize("values", [[5, 4, 0, 1, 1, 3, 0], [0.3, 0.1, 0.2, 0.7, 0.6, 0.1, 0.9]], ids=["ties", "rates"])
def test_p_is_that_of_all_deals(weights, own, values):
    found = gi_star_test(values, weights, permutations=40_000, seed=11, own=own)
    assert_same_chance(found.p, exact(values, weights, own=own), 40_000, 1e9)


@pytest.mark.parametrize("weights", [RING, UNLIKE], ids=["binary", "unlike"])
def test_local_moran_keeps_the_cell_and_deals_the_others(weights):
    values = [5, 4, 0, 1, 6, 3, 0]
    found = local_moran(values, weights, permutations=40_000, seed=12)
    assert_same_chance(found.p, exact(values, weights, own="fixed"), 40_000, 1e9)


maps = st.integers(2, 14).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 6), min_size=n, max_size=n).filter(lambda values: len(set(values)) > 1),
        st.lists(st.lists(st.sampled_from([0, 0, 1, 1, 3]), min_size=n, max_size=n), min_size=n, max_size=n),
    )
)


@settings(max_examples=60)
@given(maps, st.booleans(), st.booleans())
def test_a_cell_has_the_ranks_of_its_own_deals(case, fixed, unlike):
    # The same deals, cell by cell: where the cell was dealt to itself, the next one of the row takes its place
    values, weights = np.array(case[0], dtype=float), np.array(case[1], dtype=float)
    if fixed:
        np.fill_diagonal(weights, 0)
    if not unlike:
        weights = np.minimum(weights, 1)
    weights = sp.csr_array(weights)
    cells = np.flatnonzero(np.diff(weights.indptr))
    if not len(cells):
        return
    tails = association._tails(values, weights, cells, fixed, 50, np.random.default_rng(3))
    columns = int(np.diff(weights.indptr).max()) + fixed
    dealt = association._deal(np.random.default_rng(3), len(values), 50, columns)
    for cell in cells:
        own = weights.data[weights.indptr[cell] : weights.indptr[cell + 1]]
        near, k = weights.indices[weights.indptr[cell] : weights.indptr[cell + 1]], len(own)
        seen, sums = own @ values[near], []
        for row in dealt:
            taken = [row[k] if fixed and one == cell else one for one in row[:k]]
            assert len(set(taken)) == k
            assert not (fixed and cell in taken)
            sums.append(own @ values[taken])
        assert tails[:, cell].tolist() == [np.sum(np.array(sums) >= seen), np.sum(np.array(sums) <= seen)]


@pytest.mark.parametrize(("n", "columns"), [(7, 3), (5, 3), (4, 4), (9, 2)])
def test_every_deal_is_equally_likely(n, columns):
    dealt = association._deal(np.random.default_rng(5), n, 60_000, columns)
    orders = list(itertools.permutations(range(n), columns))
    seen = np.bincount((dealt * n ** np.arange(columns)).sum(axis=1), minlength=n**columns)
    counts = [seen[(np.array(order) * n ** np.arange(columns)).sum()] for order in orders]
    assert sum(counts) == 60_000  # no place twice
    assert scipy.stats.chisquare(counts).pvalue > 0.001


# --- what the answer says ---------------------------------------------------------------------------------------------


def test_a_lone_hot_cell_flags_its_neighbours_if_its_value_stays_and_itself_too_if_it_is_dealt():
    values = np.zeros(49)
    values[24] = 30
    fixed = gi_star_test(values, lattice(7), **MANY, own="fixed").p
    drawn = gi_star_test(values, lattice(7), **MANY, own="drawn").p
    beside = [16, 17, 18, 23, 25, 30, 31, 32]
    assert fixed[24] == 1
    # 8 of 48 neighbourhoods hold it, twice for two sides; with the cell itself 9 of 49
    assert fixed[beside] == pytest.approx(2 * 8 / 48, abs=0.03)
    assert drawn[[24, *beside]] == pytest.approx(2 * 9 / 49, abs=0.03)


def test_cells_at_the_floor_go_on_until_they_can_pass():
    values = np.random.default_rng(8).poisson(3, 400)
    values.reshape(20, 20)[5:9, 5:9] += 12
    found = gi_star_test(values, lattice(20), permutations=999, seed=1)
    assert set(found.draws.tolist()) == {999, 16_000}  # 2 * 400 / 0.05
    assert found.p[found.draws == 999].min() > 2 / 1000
    assert found.p.min() < 0.05 / 400
    inside = np.zeros((20, 20), dtype=bool)
    inside[5:9, 5:9] = True
    assert found.passes[inside.ravel()].all()
    assert (found.z[found.passes] > 0).all()
    few = gi_star_test(values, lattice(20), permutations=999, seed=1, fdr=0.9)
    assert few.draws.tolist() == [999] * 400


def test_two_stages_hold_the_level():
    # Without a pattern, at most 5% of maps have any cell that passes, and each cell's p is no smaller than it says
    near, rng = lattice(6), np.random.default_rng(4)
    for ask in (gi_star_test, local_moran):
        found = [ask(rng.poisson(3, 36), near, permutations=199, seed=seed) for seed in range(200)]
        assert np.mean([one.passes.any() for one in found]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
        p = np.concatenate([one.p for one in found])
        for level in (0.002, 0.01, 0.05, 0.2):
            assert (p <= level).mean() <= level + 5 * np.sqrt(level / 200)


def test_cells_without_neighbours_stay_and_are_counted_apart():
    near = sp.block_diag([sp.csr_array((1, 1)), lattice(4), sp.csr_array(np.eye(1))], format="csr")
    values = [9, *range(16), 4]
    for found in (gi_star_test(values, near, **MANY), local_moran(values, near, **MANY)):
        assert np.flatnonzero(np.isnan(found.p)).tolist() == [0, 17]
        assert found.alone == 2
        assert found.draws[[0, 17]].tolist() == [0, 0]
        assert not found.passes[[0, 17]].any()
        # Benjamini-Hochberg over the sixteen
        limit = scipy.stats.false_discovery_control(found.p[1:17]) <= 0.05
        assert found.passes[1:17].tolist() == limit.tolist()
        assert np.isnan(found[0][[0, 17]]).all()
    assert local_moran(values, near, **MANY).quadrant[[0, 17]].tolist() == ["", ""]
    assert np.flatnonzero(np.isnan(gi_star(values, near))).tolist() == [0, 17]
    assert moran(values, near).alone == 2


def test_a_cell_beside_all_others_has_no_score_and_no_chance():
    found = gi_star_test([1, 2, 5], matrix([[1, 2], [0], [0]]), **MANY)
    assert np.isnan(found.z).tolist() == [True, False, False]
    assert found.p[0] == 1.0


def test_the_score_of_a_local_moran_is_that_of_all_deals_of_the_others():
    values, near = [4.0, 1.0, 0.0, 7.0, 2.0, 2.0], SIX_POINTS
    found = local_moran(values, near, **MANY)
    away = np.array(values) - np.mean(values)
    for cell in range(6):
        beside = near[[cell]].indices
        others = np.delete(away, cell)
        deals = [away[cell] * sum(one) for one in itertools.permutations(others, len(beside))]
        own = away[cell] * away[beside].sum()
        assert found.z[cell] == pytest.approx((own - np.mean(deals)) / np.std(deals), abs=1e-9)


def test_a_cell_at_the_mean_is_like_no_neighbour():
    values = [3, 9, 9, 0, 0, 0, 3, 0, 3, 3]  # mean 3
    found = local_moran(values, matrix([[1, 2], [0], [0], [4], [3], [6], [5], [8], [7], [8]]), **MANY)
    assert (found.i[0], found.z[0]) == (0, 0)
    assert found.p[[0, 6, 8, 9]].tolist() == [1.0] * 4
    assert found.quadrant.tolist() == ["LH", "HL", "HL", "LL", "LL", "LL", "LL", "LL", "LL", "LL"]


def test_hot_and_cold_corners_have_their_quadrants():
    values = np.zeros((6, 6))
    values[:2, :2], values[4, 4] = 8, 9
    quadrant = local_moran(values.ravel(), lattice(6), **MANY).quadrant.reshape(6, 6)
    assert (quadrant[0, 0], quadrant[4, 4], quadrant[3, 0], quadrant[2, 1]) == ("HH", "HL", "LL", "LH")


@settings(max_examples=30)
@given(maps, st.floats(-50, 50), st.floats(0.01, 100))
def test_unit_and_origin_of_the_values_change_nothing(case, origin, unit):
    values, near = np.array(case[0], dtype=float), lattice(4)[: len(case[0]), : len(case[0])]
    given_ = gi_star_test(values, near, permutations=99, seed=1)
    other = gi_star_test(origin + unit * values, near, permutations=99, seed=1)
    assert other.z == pytest.approx(given_.z, abs=1e-6, nan_ok=True)
    assert other.p.tolist() == pytest.approx(given_.p.tolist(), nan_ok=True)
    mine, theirs = (local_moran(v, near, permutations=99, seed=1) for v in (values, origin + unit * values))
    assert theirs.i == pytest.approx(mine.i, abs=1e-6, nan_ok=True)
    assert (theirs.quadrant == mine.quadrant).all()


def test_the_mean_of_local_moran_is_that_of_the_map():
    values = np.random.default_rng(2).poisson(4, 100)
    near = standardised(lattice(10))
    assert local_moran(values, near, permutations=9, seed=1).i.mean() == pytest.approx(moran(values, near).i, rel=1e-12)


def test_a_seed_gives_one_answer_and_nothing_given_is_changed():
    values, near = np.random.default_rng(2).poisson(4, 100), lattice(10)
    before, kept = near.toarray(), values.copy()
    one, same, other = (gi_star_test(values, near, permutations=999, seed=seed) for seed in (1, 1, 2))
    assert one.p.tolist() == same.p.tolist() != other.p.tolist()
    assert (near.toarray() == before).all()
    assert (values == kept).all()


def test_neighbours_come_in_any_form_and_the_names_stand_with_the_hot_spots():
    values, near = np.arange(16) ** 2 % 7, lattice(4)
    for form in (types.SimpleNamespace(sparse=near), sp.coo_matrix(near), sp.csc_array(near), near + sp.eye_array(16)):
        assert hotspots.gi_star(values, form).tolist() == gi_star(values, near).tolist()
    found = hotspots.local_moran(values, near + sp.eye_array(16), permutations=99, seed=1)
    assert found.p.tolist() == local_moran(values, near, permutations=99, seed=1).p.tolist()


def test_a_weight_of_the_cell_itself_counts_in_gi_star_as_it_is():
    # By hand: values 0, 0, 3, 0; the row of cell 0 is 2, 1 on cells 0 and 1: sum 0, W = 3, sum of squares 5, mean 3/4,
    # variance 27/16: z = -9/4 / sqrt(27/16 * (20 - 9) / 3)
    weights = sp.csr_array(np.array([[2, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], dtype=float))
    assert gi_star([0, 0, 3, 0], weights)[0] == pytest.approx(-9 / 4 / np.sqrt(27 / 16 * 11 / 3), rel=1e-12)


def test_memory_stays_bounded_and_a_cell_with_many_neighbours_is_dealt_as_well():
    # A river touches 300 of 2,500 cells
    near = lattice(50).tolil()
    near[0, 1:301] = near[1:301, 0] = 1
    values = np.random.default_rng(1).poisson(3, 2500)
    found = local_moran(values, near.tocsr(), permutations=999, seed=1)
    z = (values[1:301].mean() - values.mean()) / (values.std() / np.sqrt(300))
    assert found.p[0] == pytest.approx(2 * scipy.stats.norm.sf(abs(z) * np.sqrt(2499 / 2200)), abs=0.12)


def test_weights_to_all_others_are_reckoned_in_bounded_memory():
    # 400 cells, each beside all others: within 64 MB, where all pairs of deals and neighbours would be 1.3 GB a chunk
    x, y = np.divmod(np.arange(400), 20)
    away = np.hypot(x[:, None] - x, y[:, None] - y)
    weights = sp.csr_array(1 / np.where(away > 0, away, np.inf))
    tracemalloc.start()
    found = local_moran(x + y % 3, weights, permutations=1_999, seed=1, fdr=0.5)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 64e6
    assert found.p[:20].max() < 0.01


NEAR = lattice(2)


@pytest.mark.parametrize(
    ("values", "near", "code"),
    [
        ([2, 2, 2, 2], NEAR, "values-constant"),
        ([0, 0, 0, 0], NEAR, "values-constant"),
        ([0.1 + 0.2, 0.3, 0.3, 0.3], NEAR, "values-constant"),
        ([1], sp.csr_array((1, 1)), "one-cell"),
        ([], sp.csr_array((0, 0)), "one-cell"),
        ([1, 2, 3], NEAR, "values-uneven"),
        ([[1, 2], [3, 4]], NEAR, "values-uneven"),
        ([1, 2, np.nan, 4], NEAR, "values-bad"),
        ([1, 2, np.inf, 4], NEAR, "values-bad"),
        ([1, 2, 3, 4], sp.csr_array((4, 4)), "neighbours-none"),
        ([1, 2, 3, 4], sp.csr_array(np.eye(4)), "neighbours-none"),
        ([1, 2, 3, 4], -NEAR, "weights-bad"),
        ([1, 2, 3, 4], NEAR * np.nan, "weights-bad"),
        ([1, 2, 3, 4], NEAR * 1e-200, "weights-bad"),
    ],
)
def test_what_cannot_be_compared_is_refused(values, near, code):
    for ask in (
        gi_star,
        moran,
        lambda *given: gi_star_test(*given, **MANY),
        lambda *given: local_moran(*given, **MANY),
    ):
        with pytest.raises(HazardError) as refused:
            ask(values, near)
        assert refused.value.code == code


@pytest.mark.parametrize(("change", "code"), [({"permutations": 0}, "permutations-bad"), ({"fdr": 1.0}, "fdr-bad")])
def test_options_out_of_bounds_are_refused(change, code):
    for ask in (gi_star_test, local_moran):
        with pytest.raises(HazardError) as refused:
            ask([1, 2, 3, 4], NEAR, **(MANY | change))
        assert refused.value.code == code


@pytest.mark.parametrize("values", [[1, 2], [1e290, -1e290], [0, 5e-324]])
def test_two_cells_show_nothing(values):
    near = matrix([[1], [0]])
    assert np.isnan(gi_star(values, near)).all()
    assert local_moran(values, near, **MANY).p.tolist() == [1.0, 1.0]
    assert gi_star_test(values, near, **MANY).p.tolist() == [1.0, 1.0]
    assert np.isnan(gi_star_test(values, near, **MANY, own="fixed").z).all()
    assert moran(values, near).i == pytest.approx(-1)
    assert np.isnan(moran(values, near).p)


def test_moran_of_a_map_where_all_are_neighbours_cannot_vary():
    found = moran([1, 2, 5, 9, 4], sp.csr_array(np.ones((5, 5))))
    assert found.i == pytest.approx(found.expected)
    assert np.isnan(found.z)
