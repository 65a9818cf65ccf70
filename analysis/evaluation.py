"""Did a finished drainage work help? Reports per wet day before and after it, against cells where nothing was built.

**Works go where last year was worst, and the worst gets better by itself.** Of cells that are all alike, the one with
the most reports last year has fewer next year, work or none. So the time that led to the choice is left out: "before"
is what lies before it, and between it and the works. Where there is no such time, the level of the cell is drawn
towards that of all cells, as far as chance among them explains their differences (Hauer's empirical Bayes before-after
study); the effect then says so (``selected``), for it rests on how the cells differ and not on the cell's own record.

**The rain of the two times differs, and so do the season and the habit of reporting.** The controls have them too; how
that falls out, and what more than chance means, is told in `analysis.before_after`. `analysis.step_change` holds the
Poisson regression that says the same without controls, for a work that touched the whole area.

**A verdict in four words** (`verdict`), by a rule that is fixed before anybody looks: the interval lies below 1
(helped), above 1 (worse), or holds 1; then, if even a halving of the reports would not have shown after so few wet days
(`detectable`), it is too early to say, and else there is no sign. Where the level had to be shrunk, "helped" asks for a
p below 0.01, for nothing but a guess at how levels are distributed stands against the luck of the one that was chosen.

References
----------
Hauer (1997), Observational Before-After Studies in Road Safety, chapters 11-12. Galton (1886), Journal of the
Anthropological Institute 15, 246-263 (regression towards mediocrity). Conley & Taber (2011), Review of Economics and
Statistics 93(1), 113-125 (one treated group: its chance is learnt from the others).
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from analysis.before_after import SPREADS, Chance, cut_blocks, over_grid, shrink, two_way, weigh_spreads
from analysis.checked import check_whole
from base.errors import HazardError

HELPED, NO_SIGN, WORSE, TOO_EARLY = "helped", "no_sign", "worse", "too_early"
BEFORE, CHOICE, WORKS, AFTER = "before", "choice", "works", "after"
CONDITIONAL, SHRUNK = "conditional", "shrunk"
HALVED = 0.5
_POWER = 0.8
_SURER = 0.01  # p needed where the level before was shrunk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Effect:
    """The reports of a place per wet day after the work over those before, beyond what the controls had.

    ``rate_ratio`` with its interval from ``low`` to ``high`` (`confidence`) and the two-sided ``p`` of no effect.
    ``expected`` reports after the work, had it done nothing. ``method`` is `CONDITIONAL`, or `SHRUNK` where the only
    time before is the one that led to the choice (``selected``). ``spread`` is the standard deviation, on the log
    scale, of what a block of time of a cell has of its own beyond Poisson chance, and ``dispersion`` by how much the
    variance of the reports expected is larger for it. Wet days are those of the place (or mm, whatever `wet` counts);
    ``left_out`` reports of the place lie in periods without a wet day or outside of both times.
    """

    rate_ratio: float
    low: float
    high: float
    p: float
    method: str
    dispersion: float
    spread: float
    wet_days_before: float
    wet_days_after: float
    reports_before: int
    reports_after: int
    expected: float
    controls: int
    controls_before: int
    controls_after: int
    others: int
    left_out: int
    selected: bool
    confidence: float
    chance: Chance


def phases(
    start: ArrayLike,
    end: ArrayLike,
    *,
    choice_start: np.datetime64 | None = None,
    choice_end: np.datetime64 | None = None,
    works_start: np.datetime64 | None = None,
    finished: np.datetime64,
) -> NDArray[np.str_]:
    """Return for each period `BEFORE`, `CHOICE`, `WORKS` or `AFTER`; all times are half-open.

    A period that touches the time that led to the choice is `CHOICE`; else one that lies wholly at or past `finished`
    is `AFTER`; else one that reaches past `works_start` (without it: past `finished`) is `WORKS`; else `BEFORE`. So
    what lies between the choice and the works is before: it led to nothing.

    Parameters
    ----------
    start, end : array_like of datetime64, shape (T,)
        Of each period; `end` is the first moment that is no longer in it.
    choice_start, choice_end : datetime64, optional
        The time whose reports led to the choice; without a start, all up to its end.
    works_start : datetime64, optional
        First day of the works.
    finished : datetime64
        First moment at which the work did what it does.

    Raises
    ------
    HazardError
        ``times-crossed`` if the works begin after they were finished or the choice ends after that.
    """
    begin, until = np.asarray(start, dtype="datetime64[ns]"), np.asarray(end, dtype="datetime64[ns]")
    works = finished if works_start is None else works_start
    if works > finished or (choice_end is not None and choice_end > finished):
        raise HazardError(
            "times-crossed",
            "The work was finished on {finished}: its choice and its beginning must lie before. Correct the dates.",
            finished=np.datetime_as_string(finished, unit="D"),
        )
    chosen = np.zeros(len(begin), dtype=bool)
    if choice_end is not None:
        chosen = begin < choice_end
        if choice_start is not None:
            chosen &= until > choice_start
    return np.select([chosen, begin >= finished, until > works], [CHOICE, AFTER, WORKS], BEFORE)


def estimate_effect(
    counts: ArrayLike,
    wet: ArrayLike,
    treated: ArrayLike,
    phase: ArrayLike,
    *,
    controls: ArrayLike,
    others: ArrayLike | None = None,
    year: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Effect:
    """Return what became of the reports per wet day after a work, against the controls, with its interval.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n cells, T periods)
        Reports (or events) of each cell; periods are months or days, in order of time.
    wet : array_like, shape (T,) or (n, T)
        Wet days of each period, or mm of rain above a threshold; 0 where there was none. Rain and season of a period
        are common to all cells; rows of their own are for cells with another gauge.
    treated : array_like of bool, shape (n,)
        The cells of the work. They are one place: their reports are added, their wet days averaged.
    phase : array_like of str, or of bool, shape (T,)
        As `phases` gives them; of bool: after the work or before it. Where no wet period is `BEFORE`, those of `CHOICE`
        stand for it: the level is shrunk, and all of `others` are the controls, for cells matched over the very time
        that is compared fall back too.
    controls : array_like of bool, shape (n,)
        The matched cells (`analysis.matching`).
    others : array_like of bool, shape (n,), optional
        All cells where nothing was built and that the work cannot touch, the controls among them: from these is learnt
        how much cells differ from year to year, and how their levels differ. Default: the controls only.
    year : array_like, shape (T,), optional
        The year of each period. With less than a year after the work, blocks of one year share a good or bad one, and
        are counted as one block before; without it intervals are then too narrow.
    confidence : float
        Of the interval.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``counts-not-whole``; ``wet-bad``; ``confidence-bad``; ``no-treated-cell``;
        ``control-treated`` for a cell that is both; ``no-control``; ``no-wet-day-before``; ``no-wet-day-after``;
        ``controls-silent`` where the controls have no report before, or none after.
    """
    observed, rain, touched, control, untouched, time = _checked(counts, wet, treated, phase, controls, others)
    if not 0 < confidence < 1:
        raise HazardError("confidence-bad", "A confidence lies between 0 and 1, not at {c}.", c=confidence)
    own, own_wet = observed[touched].sum(axis=0), rain[touched].mean(axis=0)
    selected = not (own_wet[time == BEFORE] > 0).any()
    if selected:
        control = untouched
    usable = (own_wet > 0) & (rain[control].sum(axis=0) > 0)
    before, after = (usable & (time == one) for one in (CHOICE if selected else BEFORE, AFTER))
    if not before.any():
        raise HazardError(
            "no-wet-day-before", "No wet day is known before the works: load rain and reports of an earlier time."
        )
    if not after.any():
        raise HazardError(
            "no-wet-day-after",
            "There was no wet day after the work was finished: whether it helps can be told after rain.",
        )
    both = before | after
    level, period = two_way(observed[control][:, both], rain[control][:, both])
    seen = [int(observed[control][:, times].sum()) for times in (before, after)]
    if not all(seen):
        raise HazardError(
            "controls-silent",
            "The cells compared with have {before} reports before and {after} after the work: with none in one of the "
            "two nothing can be compared. Choose more cells, or a longer time.",
            before=seen[0], after=seen[1],
        )  # fmt: skip
    base = np.zeros(len(time))
    base[both] = period
    due = [float(own_wet[times] @ base[times]) for times in (before, after)]
    years = None if year is None else np.unique(np.asarray(year), return_inverse=True)[1]
    if years is not None and years.shape != time.shape:
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    spread = _Spread(observed[untouched], rain[untouched], before, after, years)
    share = observed[control][:, both].sum(axis=1) / sum(seen)
    unequal = float((share**2).sum())
    of_controls = _variance(own_wet, rain[control], base, both, level, observed[control], before, due[0])
    of_controls += _variance(own_wet, rain[control], base, both, level, observed[control], after, due[1])
    b, a = int(own[before].sum()), int(own[after].sum())
    of_place = SPREADS**2 * spread.after
    if selected:
        pool = np.append(observed[untouched][:, before].sum(axis=1), b)
        on = np.append(rain[untouched][:, before] @ base[before], due[0])
        size, mean, weight = shrink(pool, on, len(pool) - 1, SPREADS**2 * spread.before, spread.weight)
        # The rest, without the cell that was highest, had bad luck: what the place had too much, they had too little
        lucky = 1 + (b - mean * due[0]) / seen[0]
        held, ratio = size, due[1] * mean / np.maximum(size, 1e-300) / np.maximum(lucky, 0.5)
    else:
        of_place = of_place + SPREADS**2 * spread.before
        held, ratio, weight = np.array([[float(b)]]), np.array([[due[1] / due[0]]]), spread.weight[:, None]
    variance = of_place + SPREADS**2 * (spread.before + spread.after) * unequal + of_controls
    chance = over_grid(held, ratio, np.sqrt(variance)[:, None], weight)
    expected = chance.expected
    low, high = chance.interval(a, confidence)
    effect = a / expected if expected else (np.inf if a else np.nan)
    return Effect(
        rate_ratio=float(effect), low=low, high=high, p=chance.p(a), method=SHRUNK if selected else CONDITIONAL,
        dispersion=1 + spread.mean_square * spread.after * expected, spread=float(np.sqrt(spread.mean_square)),
        wet_days_before=float(own_wet[before].sum()), wet_days_after=float(own_wet[after].sum()),
        reports_before=b, reports_after=a, expected=expected, controls=int(control.sum()), controls_before=seen[0],
        controls_after=seen[1], others=int(untouched.sum()), left_out=int(own.sum()) - a - b, selected=selected,
        confidence=confidence, chance=chance,
    )  # fmt: skip


def detectable(effect: Effect, *, power: float = _POWER, more: float = 1.0) -> float:
    """Return the smallest effect that would show: the largest rate ratio below 1 that is found with chance `power`.

    "Found" is an interval wholly below 1. With fewer reports expected the effect must be larger; NaN where not even a
    place without any report after the work would show.

    Parameters
    ----------
    effect : Effect
        What is known before, the rain since, and the controls; what the place itself had after the work is not used.
    power : float
        Chance that a true effect of that size shows.
    more : float
        As if so many times as many wet days had come after the work, to tell how long to wait.

    Raises
    ------
    HazardError
        ``power-bad``; ``more-bad``.
    """
    if not 0 < power < 1:
        raise HazardError("power-bad", "A power lies between 0 and 1, not at {power}.", power=power)
    if not 0 < more < np.inf:
        raise HazardError("more-bad", "So many times as many wet days must be above zero, not {more}.", more=more)
    chance = replace(effect.chance, ratio=effect.chance.ratio * more)
    most = chance.most_that_shows(effect.confidence)

    def lacking(log_ratio: float) -> float:
        return chance.at_most(most, float(np.exp(log_ratio))) - power

    if most < 0 or lacking(-20.0) < 0:
        return float("nan")
    return float(np.exp(scipy.optimize.brentq(lacking, -20.0, 0.0, xtol=1e-8)))


def verdict(effect: Effect, smallest: float | None = None) -> str:
    """Return `HELPED`, `WORSE`, `TOO_EARLY` or `NO_SIGN`, by the rule of the module's docstring.

    `smallest` is what `detectable` gives for it, if that is known already; it is asked for where it matters.
    """
    if effect.high < 1 and (effect.p < _SURER or not effect.selected):
        return HELPED
    if effect.low > 1:
        return WORSE
    known = detectable(effect) if smallest is None else smallest
    return NO_SIGN if known >= HALVED else TOO_EARLY  # NaN: nothing would have shown


class _Spread:
    """How much the blocks of time of untouched cells vary beyond chance, and how many blocks stand on each side."""

    def __init__(self, counts: Floats, wet: Floats, before: Bools, after: Bools, year: Ints | None) -> None:
        block, number = cut_blocks(before, after)
        level, period = two_way(counts, wet)
        of_periods = level[:, None] * period * wet
        sums = np.zeros((number, len(block)))
        sums[block, np.arange(len(block))] = 1
        expected = of_periods @ sums.T
        self.weight = weigh_spreads(counts @ sums.T, expected)
        self.mean_square = float(self.weight @ SPREADS**2)
        total = of_periods.sum(axis=0)
        self.before, self.after = (_concentration(np.bincount(block, total * times)) for times in (before, after))
        if year is not None:
            self.before = max(self.before, _concentration(np.bincount(year, total * before)))


def _concentration(parts: ArrayLike) -> float:
    """Return the variance of a mean over so large blocks, in that of one."""
    size = np.asarray(parts, dtype=float)
    return float((size**2).sum() / size.sum() ** 2) if size.any() else 1.0


def _variance(
    own_wet: Floats, wet: Floats, base: Floats, both: Bools, level: Floats, counts: Floats, times: Bools, due: float
) -> float:
    """Return the Poisson variance, on the log scale, of what the controls make expected in a time: 1 / their reports.

    Where the place has rain of its own, each period of the controls counts as much as the place needs it.
    """
    standing = level @ wet
    part = np.divide(own_wet, standing, out=np.zeros(len(base)), where=both & (standing > 0))[times]
    return float(part**2 @ counts[:, times].sum(axis=0)) / due**2


def _checked(
    counts: ArrayLike, wet: ArrayLike, treated: ArrayLike, phase: ArrayLike, controls: ArrayLike,
    others: ArrayLike | None,
) -> tuple[Floats, Floats, Bools, Bools, Bools, NDArray[np.str_]]:  # fmt: skip
    observed, rain = np.asarray(counts, dtype=float), np.asarray(wet, dtype=float)
    touched, control = np.asarray(treated, dtype=bool), np.asarray(controls, dtype=bool)
    untouched = control if others is None else np.asarray(others, dtype=bool) | control
    told = np.asarray(phase)
    time = np.where(told, AFTER, BEFORE) if told.dtype == bool else told.astype(str)
    if rain.ndim == 1 and observed.ndim == 2:
        rain = np.broadcast_to(rain, (len(observed), len(rain)))
    if observed.ndim != 2 or rain.shape != observed.shape or time.shape != observed.shape[1:]:
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    if any(one.shape != observed.shape[:1] for one in (touched, control, untouched)):
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    check_whole(observed)
    if not (np.isfinite(rain).all() and (rain >= 0).all()):
        raise HazardError(
            "wet-bad", "The wet days are missing or negative in {n} periods of cells: load rain for the whole time.",
            n=int((~(np.isfinite(rain) & (rain >= 0))).sum()),
        )  # fmt: skip
    if not touched.any():
        raise HazardError("no-treated-cell", "The work has no cell: give it a place first.")
    if (touched & untouched).any():
        raise HazardError(
            "control-treated", "{n} cells of the work are among those it is compared with: take them out.",
            n=int((touched & untouched).sum()),
        )  # fmt: skip
    if not control.any():
        raise HazardError("no-control", "No cell is left to compare with: exclude fewer.")
    return observed, rain, touched, control, untouched, time
