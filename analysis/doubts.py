"""What might fake a hot spot: looked for in each claimed cell, told in numbers, and the claim tested again without it.

Nothing here takes a claim back. For each claimed cell and each doubt there is a row that says how many events are
suspect, whether that is more than chance (`found`), and whether the claim holds on the map without them (`survives`):
a reader decides. `found` and `survives` are two questions. A cell may carry a doubt and hold all the same; and a claim
may fall without a doubt of its own, because fewer events are left to show anything, or because under false-discovery
control claims lend each other strength. A claim that falls for lack of events is not refuted.

**The test stays the caller's.** The functions take ``test(counts) -> hot`` (one bool a cell), with exposure, false
discovery rate and method inside, so that a claim is made and doubted by one rule. Suspects are told by one rule for
all cells, claimed or not, and taken out of all of them: a map is tested again, not a cell.

**False doubts.** Each `found` is held at `alpha` a claimed cell where nothing is faked, also after the cells were
chosen for their many events: what is asked is how a cell's events divide among nights, months and sources, given their
number, and a claim knows of the number alone. A cell on which four doubts were looked for carries a false one with a
chance of 3 x `alpha` at most, and in truth of about 3%: counts are small and sources few (seen on random maps of 24 and
300 cells, mean 3 and 8, 30% of the events from a patrol: one night 0% of claims, campaign 0-3%, one source 0-6%).
Placeholders and campaign months are told from the whole area by plain rules (factors, least numbers); on those maps no
place was suspect.

Rows are events, not calls (`analysis.events`), for claims are about events. Cells are positions; rows outside all cells
(-1) are left out. The order of the rows does not matter. Whether borders make the claim: `analysis.shifted`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from analysis.checked import check_whole, same_cells
from base.errors import HazardError

ONE_NIGHT, PLACEHOLDER, CAMPAIGN, ONE_SOURCE = "one_night", "placeholder", "campaign", "one_source"
COLUMNS = ("cell", "code", "suspects", "events", "share", "found", "survives")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Test = Callable[[Ints], Bools]

_HALF_DAY_H = 12


def one_night(
    cell: ArrayLike,
    hours: ArrayLike,
    claimed: ArrayLike,
    test: Test,
    *,
    days: float,
    min_share: float = 1 / 3,
    least: int = 3,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Return for each claimed cell the 24 hours with most events, and whether the claim holds if they count once.

    The 24 hours begin at midnight or at noon, so that no night is cut in two. They are suspect if they hold at least
    `least` events and `min_share` of the cell's, and more than chance puts into any one of so many: p is the binomial
    upper tail of the cell's events with the share ``1 / days``, times the 2 x `days` beginnings (a union bound, so at
    most `alpha` of the cells are found where events come evenly). Rain brings events together in truth, and such a
    night is found: it is one occasion, and the reader should know that the claim rests on it. `area_share` beside it
    tells whether it was a night for the whole area (then it hardly moves the map) or for this cell.

    Parameters
    ----------
    cell : array_like of int, shape (m,)
        Position of each event's cell, -1 for none.
    hours : array_like, shape (m,)
        Time of each event in hours of local time from any midnight; NaN is no time.
    claimed : array_like of bool, shape (n,)
        The cells that were called hot.
    test : callable
        ``test(counts) -> hot``, counts of events by cell.
    days : float
        Length of the period.

    Returns
    -------
    DataFrame
        `COLUMNS` and start_h (when the 24 hours begin, as in `hours`; NaN without a timed event), area_share (theirs
        of all events with a time), p. `suspects` are the events of those 24 hours, suspect or not. One row a claimed
        cell.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``cell-position-bad``, ``period-without-days``.
    """
    claims, at, time = _rows(claimed, cell, hours)
    if not 0 < days < np.inf:
        raise HazardError("period-without-days", "A period needs a number of days above zero.")
    n = len(claims)
    counts = np.bincount(at, minlength=n)
    time = np.asarray(time, dtype=float)
    timed = np.isfinite(time)
    number, start = busiest_day(at[timed], time[timed], n)
    half = np.sort(np.floor(time[timed] / _HALF_DAY_H))
    from_h = np.where(np.isnan(start), 0.0, start) / _HALF_DAY_H
    together = np.searchsorted(half, from_h + 1, side="right") - np.searchsorted(half, from_h, side="left")
    tail = scipy.stats.binom.sf(number - 1, np.bincount(at[timed], minlength=n), min(1.0, 1 / days))
    p = np.minimum(1.0, 2 * days * tail)
    found = (number >= least) & (number >= min_share * counts) & (p <= alpha)
    frame = _frame(ONE_NIGHT, claims, number, counts, found, _again(test, counts, np.where(found, number - 1, 0)))
    area_share = np.where(number > 0, _share(together, np.full(n, len(half))), np.nan)
    return frame.assign(start_h=start[claims], area_share=area_share[claims], p=p[claims])


def busiest_day(cell: ArrayLike, hours: ArrayLike, n_cells: int) -> tuple[Ints, Floats]:
    """Return for each cell the most rows in 24 hours that begin at midnight or noon, and when they begin.

    Of equally busy ones the earliest. `hours` as in `one_night`, without NaN; 0 and NaN for a cell without rows. Serves
    calls as well: how many rang that night stands beside what happened.
    """
    at, half = np.asarray(cell, dtype=np.int64), np.floor(np.asarray(hours, dtype=float) / _HALF_DAY_H).astype(np.int64)
    number, start = np.zeros(n_cells, dtype=np.int64), np.full(n_cells, np.nan)
    if len(half):
        first, span = half.min(), half.max() - half.min() + 2  # one to spare: the last half of a cell has none after it
        key, n = np.unique(at * span + (half - first), return_counts=True)
        n[:-1] += np.where(np.diff(key) == 1, n[1:], 0)
        at, half = np.divmod(key, span)
        best = np.lexsort((-half, n, at))  # the last of each cell stays: the most, then the earliest
        number[at[best]], start[at[best]] = n[best], (half[best] + first) * float(_HALF_DAY_H)
    return number, start


def placeholder(
    cell: ArrayLike,
    x_m: ArrayLike,
    y_m: ArrayLike,
    claimed: ArrayLike,
    test: Test,
    *,
    kind: ArrayLike | None = None,
    marked: ArrayLike | None = None,
    times: float = 5,
    least: int = 5,
    min_kinds: int = 3,
    spot_m: float = 1.0,
) -> pd.DataFrame:
    """Return for each claimed cell the events on default points, and whether the claim holds without them.

    What finds no address often answers with the town hall, or with the middle of a street. A spot is suspect if it
    carries at least `least` events, `times` as many as the other spots of the area on average, and `min_kinds`
    different kinds; or if a stored mark says so. A place that really recurs has one address and one kind. Without kinds
    the number alone decides and a chronic site is suspect too: the row says where to look, not what is there. Where
    coordinates are coarse, or are the centres of cells, all spots carry many and none is suspect.

    Parameters
    ----------
    cell, claimed, test
        As in `one_night`.
    x_m, y_m : array_like, shape (m,)
        Places in metres, rounded to `spot_m`; two piles a metre apart are two. NaN is no place.
    kind : array_like, shape (m,), optional
        Address or type of each event; a missing or empty one is no kind. If all are, as without it.
    marked : array_like of bool, shape (m,), optional
        Events already known to lie on a default point (the remark one-spot).

    Returns
    -------
    DataFrame
        `COLUMNS` and x_m, y_m, at_spot: the suspect spot with the most events of the cell (NaN and 0 without one).
        `found` is any suspect event.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``cell-position-bad``.
    """
    size = len(np.atleast_1d(np.asarray(cell)))
    known = np.full(size, "") if kind is None else kind
    claims, at, x, y, what, mark = _rows(
        claimed, cell, x_m, y_m, known, np.zeros(size, dtype=bool) if marked is None else marked
    )
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    placed, spot, piled = _piled(x, y, times, least, spot_m)
    kinds = pd.Series(what).iloc[placed].reset_index(drop=True)
    kinds = kinds[kinds.notna() & (kinds != "")]
    if len(kinds):
        at_piles = kinds[piled[spot[kinds.index]]]
        various = at_piles.groupby(spot[at_piles.index]).nunique()
        piled &= np.isin(np.arange(len(piled)), various.index[various >= min_kinds])
    suspect = np.array(mark, dtype=bool)
    suspect[placed] |= piled[spot]
    n = len(claims)
    counts, suspects = np.bincount(at, minlength=n), np.bincount(at[suspect], minlength=n)
    frame = _frame(PLACEHOLDER, claims, suspects, counts, suspects > 0, _again(test, counts, suspects))
    seen = suspect[placed]
    rows = pd.DataFrame({"cell": at[placed][seen], "spot": spot[seen], "x_m": x[placed][seen], "y_m": y[placed][seen]})
    each = rows.groupby(["cell", "spot"]).agg(x_m=("x_m", "min"), y_m=("y_m", "min"), at_spot=("x_m", "size"))
    top = each.reset_index().sort_values(["cell", "at_spot", "spot"], ascending=[True, False, True])
    top = top.drop_duplicates("cell").set_index("cell").reindex(frame["cell"])
    return frame.assign(
        x_m=top["x_m"].to_numpy(), y_m=top["y_m"].to_numpy(), at_spot=top["at_spot"].fillna(0).to_numpy(np.int64)
    )


def on_piles(
    x_m: ArrayLike, y_m: ArrayLike, *, times: float = 5, least: int = 5, spot_m: float = 1.0
) -> NDArray[np.bool_]:
    """Return which events lie on spots that carry so many that `placeholder` asks for their kinds; others need none."""
    x = np.asarray(x_m, dtype=float)
    placed, spot, piled = _piled(x, np.asarray(y_m, dtype=float), times, least, spot_m)
    found = np.zeros(len(x), dtype=bool)
    found[placed] = piled[spot]
    return found


def _piled(x: Floats, y: Floats, times: float, least: int, spot_m: float) -> tuple[Ints, Ints, Bools]:
    """Return the events with a place, the spot of each, numbered from west to east, and which spots carry many."""
    placed = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    place = pd.DataFrame({"x": np.round(x[placed] / spot_m), "y": np.round(y[placed] / spot_m)})
    spot = np.asarray(place.groupby(["x", "y"]).ngroup(), dtype=np.int64)
    here = np.bincount(spot).astype(np.int64)
    beside = _share(len(placed) - here, np.full(len(here), len(here) - 1), none=0.0)
    return placed.astype(np.int64), spot, (here >= least) & (here >= times * beside)


def campaign_months(
    month: ArrayLike,
    source: ArrayLike,
    days: ArrayLike,
    *,
    times: float = 3,
    least: int = 10,
    min_months: int = 5,
    most_months: float = 1 / 4,
) -> pd.DataFrame:
    """Return the months in which one source reported far more than it does: a campaign (专项排查), not the town.

    A source's rows a day are set against the median of its other months, between its first and its last one; the median
    so that other campaigns do not hide this one. What the other sources together do in that month is set against their
    own median in the same way, for in a wet month all rise: a campaign has at least `least` rows and `times` the
    median, and `times` as much again as the others rose. With one source alone a wet month cannot be told from a
    campaign. A source that was there for fewer than `min_months` other months has nothing to be set against. Where more
    than the part `most_months` of its months are high, the source has changed its ways, and none of them is a campaign.

    Parameters
    ----------
    month : array_like of int, shape (m,)
        Number of the month of each row, from 0; -1 for none.
    source : array_like of str, shape (m,)
    days : array_like, shape (k,)
        Days of each month that the period covers.

    Returns
    -------
    DataFrame
        source, month, rows, usual (the median for as many days), times (rows / usual, infinite at 0), beside (the same
        of the other sources; NaN where it cannot be told). By source, then month; empty if there was none.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``month-bad``, ``period-without-days``.
    """
    length, when, code, names = _months(month, source, days)
    counts = _table(code, when, len(names), len(length))
    found: list[tuple[Any, ...]] = []
    everything = counts.sum(axis=0)
    for i, name in enumerate(names):
        usual, rise = _rises(counts[i], length, min_months)
        beside = _rises(everything - counts[i], length, min_months)[1]
        beside = np.where(np.isfinite(beside), beside, np.nan)
        high = (counts[i] >= least) & (rise >= times * np.fmax(1.0, beside))  # NaN is no rise
        if high.sum() > most_months * np.isfinite(usual).sum():
            continue
        found += [(name, m, counts[i, m], usual[m], rise[m], beside[m]) for m in np.flatnonzero(high)]
    return pd.DataFrame(found, columns=["source", "month", "rows", "usual", "times", "beside"])


def campaign(
    cell: ArrayLike,
    month: ArrayLike,
    source: ArrayLike,
    claimed: ArrayLike,
    test: Test,
    *,
    days: ArrayLike,
    alpha: float = 0.05,
    **rule: Any,
) -> pd.DataFrame:
    """Return for each claimed cell the events of campaign months, and whether the claim holds without those months.

    The suspects are the events that the source of a campaign brought in its month (`campaign_months`, which takes
    `rule`). A campaign that goes everywhere makes no hot spot; one that goes to a quarter does. So a cell carries the
    doubt if more of its events are suspect than of the area's, beyond chance: p is the hypergeometric upper tail, given
    the number of events of the cell and the suspects of the area.

    Parameters
    ----------
    cell, claimed, test
        As in `one_night`.
    month, source, days
        As in `campaign_months`.

    Returns
    -------
    DataFrame
        `COLUMNS` and area_share (suspects of all events), p, and source and month of the campaign with the most events
        in the cell (None and -1 without one).

    Raises
    ------
    HazardError
        ``lengths-differ``, ``cell-position-bad``, ``month-bad``, ``period-without-days``.
    """
    claims, at, when, who = _rows(claimed, cell, month, source)
    length, when, code, names = _months(when, who, days)
    found = campaign_months(when, who, length, **rule)
    n = len(claims)
    counts = np.bincount(at, minlength=n)
    by_campaign = np.zeros((len(found), n), dtype=np.int64)
    for i, (name, one) in enumerate(zip(found["source"], found["month"], strict=True)):
        by_campaign[i] = np.bincount(at[(names[code] == name) & (when == one)], minlength=n)
    suspects = by_campaign.sum(axis=0)
    p = np.asarray(scipy.stats.hypergeom.sf(suspects - 1, len(at), suspects.sum(), counts))
    frame = _frame(CAMPAIGN, claims, suspects, counts, (suspects > 0) & (p <= alpha), _again(test, counts, suspects))
    most = by_campaign.argmax(axis=0)[claims] if len(found) else np.zeros(len(frame), dtype=np.int64)
    some = suspects[claims] > 0
    names_of, months_of = [*found["source"], None], [*found["month"], -1]
    return frame.assign(
        area_share=suspects.sum() / len(at) if len(at) else np.nan,
        p=p[claims],
        source=pd.Series([names_of[i if s else -1] for i, s in zip(most, some, strict=True)], dtype=object),
        month=np.array([months_of[i if s else -1] for i, s in zip(most, some, strict=True)], dtype=np.int64),
    )


def one_source(
    cell: ArrayLike,
    source: ArrayLike,
    claimed: ArrayLike,
    test: Test,
    *,
    alpha: float = 0.05,
    each_alone: bool = True,
) -> pd.DataFrame:
    """Return for each claimed cell whether it stands on one source, and whether each source alone would claim it.

    Residents report where they live and patrols where they walk; a place that both see is less likely to be made by
    either. That a source alone does not claim a cell is no contradiction, though: a source with a tenth of the events
    can hardly claim anything. So the doubt is found only where one source holds more of the cell's events than its part
    in the area explains: p is the hypergeometric upper tail, given the number of events of the cell and of each source,
    for the source where it is smallest, times the number of sources; and only if the claim does not hold by the others
    together, for in a city each source has its quarters.

    Parameters
    ----------
    cell, claimed, test
        As in `one_night`.
    source : array_like of str, shape (m,)
        Who reported each event first.
    each_alone : bool
        False: it is not asked what each source alone would claim, which takes a test a source.

    Returns
    -------
    DataFrame
        `COLUMNS`, where the suspects are those of the `source` that stands out most, and `survives` is whether the
        claim holds by all others together (missing where the data has one source alone); expected (events that this
        source would have here by its part in the area), p; and, each a tuple over all sources of the data, by name:
        sources, counts, alone (whether the cell is hot by that source alone; only if asked).

    Raises
    ------
    HazardError
        ``lengths-differ``, ``cell-position-bad``.
    """
    claims, at, who = _rows(claimed, cell, source)
    code, names = _sources(who)
    counts = _table(code, at, len(names), len(claims))
    total, each = counts.sum(axis=0), counts.sum(axis=1)
    here = counts[:, claims]
    chance = scipy.stats.hypergeom.sf(here - 1, len(at), each[:, None], total[claims])
    first = chance.argmin(axis=0) if len(names) else np.zeros(int(claims.sum()), dtype=np.int64)
    column = np.arange(len(first))
    suspects = np.zeros(len(claims), dtype=np.int64)
    p, expected = np.ones(len(first)), np.zeros(len(first))
    without, alone = np.zeros_like(claims), np.zeros(counts.shape, dtype=bool)
    if len(names):
        suspects[claims] = here[first, column]
        p = np.minimum(1.0, len(names) * chance[first, column])
        expected = total[claims] * each[first] / max(len(at), 1)
    if len(names) > 1 and len(first):
        if each_alone:
            alone = np.array([test(of) for of in counts], dtype=bool)
        for one in np.unique(first):
            rest = np.asarray(test(total - counts[one]), dtype=bool)
            without[np.flatnonzero(claims)[first == one]] = rest[np.flatnonzero(claims)[first == one]]
    found = np.zeros_like(claims)
    found[claims] = (p <= alpha) & ~without[claims]
    frame = _frame(ONE_SOURCE, claims, suspects, total, found, without)
    if len(names) < 2:
        frame["survives"] = pd.array([pd.NA] * len(frame), dtype="boolean")
        if len(names):
            alone = np.asarray([claims])
    frame = frame.assign(
        source=pd.Series([names[i] if len(names) else None for i in first], dtype=object),
        expected=expected,
        p=p,
        sources=pd.Series([tuple(names)] * len(frame), dtype=object),
        counts=pd.Series([tuple(row) for row in here.T.tolist()], dtype=object),
    )
    if each_alone:
        frame["alone"] = pd.Series([tuple(row) for row in alone[:, claims].T.tolist()], dtype=object)
    return frame


def silent_cells(counts: ArrayLike, exposure: ArrayLike, *, fdr: float = 0.05) -> pd.DataFrame:
    """Return the cells without a report, and for which of them that is no chance: silent, never safe.

    Given the total, a cell with the share s of the exposure has nothing with the chance ``(1 - s) ** total`` exactly.
    A cell is silent if this passes Benjamini-Hochberg over all cells (each by its lower tail); of the others too few
    reports were to be expected for their absence to say anything. Events that come in bursts leave more cells empty
    than this chance says, so give events, not calls, and a long period.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n,)
    exposure : array_like, shape (n,)
        In any unit. A missing, negative or zero one cannot be judged: the cell has p = NaN, is not silent, and takes no
        part in the total.

    Returns
    -------
    DataFrame
        cell, expected, p, silent; one row a cell without a report.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``counts-not-whole``.
    """
    number, weight = same_cells(counts, exposure)
    check_whole(number)
    judged = np.isfinite(weight) & (weight > 0)
    expected, p, silent = np.full(len(number), np.nan), np.full(len(number), np.nan), np.zeros(len(number), dtype=bool)
    if judged.any():
        share = weight[judged] / weight[judged].max()
        share /= share.sum()
        total = number[judged].sum()
        expected[judged] = share * total
        lower = np.clip(scipy.stats.binom.cdf(number[judged], total, share), 0.0, 1.0)
        p[judged], silent[judged] = lower, scipy.stats.false_discovery_control(lower, method="bh") <= fdr
    empty = np.flatnonzero(number == 0)
    return pd.DataFrame({"cell": empty, "expected": expected[empty], "p": p[empty], "silent": silent[empty]})


def _rows(claimed: ArrayLike, cell: ArrayLike, *columns: ArrayLike) -> tuple[Any, ...]:
    """Return the claims, and of the rows that lie in a cell its position and their columns."""
    claims, at = np.asarray(claimed, dtype=bool), np.atleast_1d(np.asarray(cell))
    given = [np.asarray(column) for column in columns]
    if at.ndim != 1 or claims.ndim != 1 or any(column.shape != at.shape for column in given):
        raise HazardError("lengths-differ", "All columns of the events must have the same length.")
    if len(at) and (at.dtype.kind not in "iu" or at.min() < -1 or at.max() >= len(claims)):
        raise HazardError("cell-position-bad", "Events must name their cell by its position, or -1 outside all cells.")
    inside = at >= 0
    return claims, at[inside].astype(np.int64), *(column[inside] for column in given)


def _months(month: ArrayLike, source: ArrayLike, days: ArrayLike) -> tuple[Floats, Ints, Ints, NDArray[np.object_]]:
    length, when = np.asarray(days, dtype=float), np.asarray(month)
    if length.ndim != 1 or not (np.isfinite(length) & (length > 0)).all():
        raise HazardError("period-without-days", "A period needs a number of days above zero.")
    code, names = _sources(source)
    if when.shape != code.shape:
        raise HazardError("lengths-differ", "All columns of the events must have the same length.")
    if len(when) and (when.dtype.kind not in "iu" or when.min() < -1 or when.max() >= len(length)):
        raise HazardError("month-bad", "Events must name their month by its number from 0, or -1 for none.")
    return length, when.astype(np.int64), code, names


def _sources(source: ArrayLike) -> tuple[Ints, NDArray[np.object_]]:
    code, names = pd.factorize(pd.Series(source).astype(object).fillna("").astype(str), sort=True)
    return code.astype(np.int64), np.asarray(names, dtype=object)


def _table(row: Ints, column: Ints, n_rows: int, n_columns: int) -> Ints:
    """Return how often each pair occurs; column -1 is left out."""
    known = column >= 0
    flat = np.bincount(row[known] * n_columns + column[known], minlength=n_rows * n_columns)
    return flat.reshape(n_rows, n_columns)


def _rises(counts: Ints, days: Floats, min_months: int) -> tuple[Floats, Floats]:
    """Return what each month would hold by the median of the others, and how many times as much it holds."""
    usual, rise = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    there = np.flatnonzero(counts)
    if not len(there):
        return usual, rise
    span = np.arange(there[0], there[-1] + 1)
    a_day = counts[span] / days[span]
    if len(span) <= min_months:
        return usual, rise
    for i, month in enumerate(span):
        usual[month] = np.median(np.delete(a_day, i)) * days[month]
        if counts[month]:
            rise[month] = counts[month] / usual[month] if usual[month] else np.inf
        else:
            rise[month] = 0.0
    return usual, rise


def _again(test: Test, counts: Ints, suspects: Ints) -> Bools | None:
    """Return what the test says of the map without the suspects; None if there are none."""
    return np.asarray(test(counts - suspects), dtype=bool) if suspects.any() else None


def _share(part: Ints, whole: Ints, *, none: float = np.nan) -> Floats:
    return np.divide(part, whole, out=np.full(len(whole), none), where=whole > 0)


def _frame(code: str, claims: Bools, suspects: Ints, events: Ints, found: Bools, again: Bools | None) -> pd.DataFrame:
    """Return one row a claimed cell; a claim stands where nothing was taken away."""
    survives = np.ones(int(claims.sum()), dtype=bool) if again is None else again[claims]
    columns = (
        np.flatnonzero(claims), code, suspects[claims], events[claims], _share(suspects, events)[claims],
        found[claims], pd.array(survives, dtype="boolean"),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
