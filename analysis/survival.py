"""Kaplan-Meier curves, one or those of thousands of groups side by side: how long until a case is resolved.

An open case says "longer than until now": it is censored. To leave it out, or to average the resolved ones alone, would
reward whoever leaves cases open. A curve is a few lines of numpy over a histogram: beside lifelines (the oracle in the
tests) it costs a seventh of the time and no second of import. The curves of many groups are reckoned in the same
arrays: one pass over all rows.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.shares import Share, Z, wilson
from base.errors import HazardError

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_TOLERANCE = float(np.sqrt(np.finfo(float).eps))  # as R takes two survival values for equal


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve: at each time (rising, resolved or censored there) the share still open from then on.

    `low` and `high` are pointwise 95% log-log limits, NaN where the share is 1 or 0 and the variance says nothing.
    `at_risk` counts the cases still open just before each time, `events` those resolved at it.
    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: Floats
    events: Floats

    def at(self, times: ArrayLike) -> Floats:
        """Return the share still open at `times`; NaN beyond the last time unless nothing is open any more."""
        asked = np.asarray(times, dtype=float)
        if not len(self.times):
            return np.full(asked.shape, np.nan)
        step = np.searchsorted(self.times, asked, side="right")
        value = np.concatenate([[1.0], self.survival])[step]
        return np.where((asked > self.times[-1]) & (self.survival[-1] > 0), np.nan, value)

    def quantile(self, q: float) -> float:
        """Return the time by which the share `q` is resolved, NaN if that is not reached.

        Where the curve is flat at exactly 1 - q it is the midpoint of the flat, as in R's survival package.
        """
        return float(self._alone.quantile(q)[0])

    def interval(self, q: float) -> tuple[float, float]:
        """Return the 95% limits of `quantile`, each NaN where not reached.

        The times at which the log-log limits of the curve pass 1 - q (Brookmeyer & Crowley 1982), as R gives them with
        ``conf.type="log-log"``.
        """
        low, high = self._alone.interval(q)
        return float(low[0]), float(high[0])

    def restricted_mean(self, horizon: float) -> tuple[float, float, float]:
        """Return the mean time to resolve up to a horizon and its 95% limits: see `Curves.restricted_mean`."""
        mean, low, high = self._alone.restricted_mean(horizon)
        return float(mean[0]), float(low[0]), float(high[0])

    @property
    def _alone(self) -> "Curves":
        return Curves(self, np.array([0, len(self.times)]))


@dataclass(frozen=True)
class Curves:
    """The curves of groups side by side: the times of group i are `steps` from ``bounds[i]`` to ``bounds[i + 1]``.

    Each method returns one value for each group, exactly the one that the group has alone; NaN for a group without any
    case.
    """

    steps: Curve
    bounds: Places

    def quantile(self, q: float) -> Floats:
        """Return the time by which the share `q` of each group is resolved, as `Curve.quantile` does."""
        return _crossings(self.steps.times, self.steps.survival, 1 - q, self.bounds)

    def interval(self, q: float) -> tuple[Floats, Floats]:
        """Return the 95% limits of `quantile`, as `Curve.interval` does."""
        low, high = (
            _crossings(self.steps.times, limit, 1 - q, self.bounds) for limit in (self.steps.low, self.steps.high)
        )
        return low, high

    def open_at(self, times: ArrayLike) -> Floats:
        """Return the share of each group still open after a time of its own (or one for all), as `Curve.at` does."""
        _, place, _, known = self._places(times)
        begun = place >= self.bounds[:-1]
        value = np.where(begun, np.append(self.steps.survival, np.nan)[place], 1.0)
        return np.where(known, value, np.nan)

    def resolved_by(self, times: ArrayLike) -> Share:
        """Return 1 - S(t), the share of each group resolved by a time of its own (or one for all), with 95% limits.

        It is an estimate for all cases, those that are still open too: each counts for as long as it was followed. NaN
        where no case was followed so long. A case resolved at the very time counts.

        The limits are the log-log ones of the curve. Where none was resolved by then, or all were, these say nothing
        and the limits are Wilson's: none of the cases that were followed for so long; all of those resolved. The other
        cases, whose fate is half known, could only narrow them.
        """
        _, place, until, _ = self._places(times)
        still = self.open_at(times)
        low, high = (1 - np.append(limit, np.nan)[place] for limit in (self.steps.high, self.steps.low))
        followed = np.append(self.steps.at_risk, 0.0)[until]
        none = wilson(np.zeros(len(followed)), followed)
        low, high = np.where(still == 1, none.low, low), np.where(still == 1, none.high, high)
        done = self._sums(self.steps.events)
        every = wilson(done, done)
        low, high = np.where(still == 0, every.low, low), np.where(still == 0, every.high, high)
        unknown = np.isnan(still)
        return Share(1 - still, np.where(unknown, np.nan, low), np.where(unknown, np.nan, high))

    def restricted_mean(self, horizon: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return the mean time to resolve of each group up to a horizon of its own (or one for all), with 95% limits.

        The mean of min(time, horizon): the area under the curve from 0 to the horizon, in the unit of the times. A case
        that is longer open counts with the horizon, whatever becomes of it: so the horizon belongs to the figure. NaN
        where no case was followed up to the horizon and some were open until their last time. The limits are those of
        the normal distribution, kept between 0 and the horizon: with few resolved cases they are rough. NaN where
        nothing varies: no case was resolved before the horizon, or all were at one time.

        Raises
        ------
        HazardError
            ``horizon-bad`` for one that is not above zero.

        References
        ----------
        Irwin (1949), Journal of Hygiene 47, 188-189; variance as in Klein & Moeschberger (2003), Survival Analysis,
        section 4.5: the sum over times t of (area from t to the horizon)^2 d / (n (n - d)), without the factor
        m / (m - 1), as in R's survival. (What lifelines calls its variance is that of the times themselves.)
        """
        asked = np.broadcast_to(np.asarray(horizon, dtype=float), len(self.bounds) - 1)
        if not (asked > 0).all() or np.isinf(asked).any():
            raise HazardError("horizon-bad", "A mean up to a horizon needs a horizon above zero.")
        curve, sizes = self.steps, np.diff(self.bounds)
        some = sizes > 0
        until = np.repeat(asked, sizes)
        time = np.minimum(curve.times, until)
        following = np.append(time[1:], 0.0)
        last = self.bounds[1:][some] - 1
        following[last] = until[last]
        area = curve.survival * (following - time)
        after = _running(np.add, area[::-1], len(time) - self.bounds[::-1])[::-1]  # from each time to the horizon
        left = curve.at_risk - curve.events
        shown = np.divide(curve.events, curve.at_risk * left, out=np.zeros(len(time)), where=left > 0)
        variance = self._sums(after**2 * shown)
        first = self.bounds[:-1][some]
        mean = np.full(len(asked), np.nan)
        mean[some] = time[first] + after[first]
        followed = np.zeros(len(asked), dtype=bool)
        followed[some] = (curve.times[last] >= asked[some]) | (curve.survival[last] == 0)
        mean = np.where(followed, mean, np.nan)
        half = Z * np.sqrt(np.where(variance > 0, variance, np.nan))
        return mean, np.maximum(mean - half, 0), np.minimum(mean + half, asked)

    def _places(self, times: ArrayLike) -> tuple[Floats, Places, Places, NDArray[np.bool_]]:
        """Return the time asked of each group, its last step until then, its first one from then on, and what is known.

        Before the first step of a group or after the last one that is a step of another group, or none.
        """
        asked = np.broadcast_to(np.asarray(times, dtype=float), len(self.bounds) - 1)
        place, until = np.empty((2, len(asked)), dtype=np.intp)
        for group, (start, end) in enumerate(pairwise(self.bounds.tolist())):
            own = self.steps.times[start:end]
            place[group] = start - 1 + own.searchsorted(asked[group], side="right")
            until[group] = start + own.searchsorted(asked[group])
        last = self.bounds[1:] - 1
        some = np.diff(self.bounds) > 0
        ends, done = np.append(self.steps.times, np.nan)[last], np.append(self.steps.survival, np.nan)[last] == 0
        return asked, place, until, some & ~np.isnan(asked) & ((asked <= ends) | done)

    def _sums(self, values: Floats) -> Floats:
        found = np.zeros(len(self.bounds) - 1)
        some = np.diff(self.bounds) > 0
        if some.any():
            found[some] = np.add.reduceat(values, self.bounds[:-1][some])
        return found


def kaplan_meier(durations: ArrayLike, resolved: ArrayLike, *, weights: ArrayLike | None = None) -> Curve:
    """Return the Kaplan-Meier curve of cases, of which those not resolved are censored.

    Parameters
    ----------
    durations : array_like, shape (n,)
        Time to the closing, or to the as-of time for open cases; any unit, from 0 up.
    resolved : array_like of bool, shape (n,)
        False where the case was still open.
    weights : array_like, shape (n,), optional
        How many cases each row stands for (a histogram).

    Returns
    -------
    Curve
        In the unit of the durations; without any case its arrays are empty and its quantiles NaN.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``duration-bad`` for a missing or negative duration; ``weight-bad`` for a negative weight.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457-481; variance of Greenwood (1926); log-log limits as in Kalbfleisch & Prentice
    (1980). A case resolved at the time at which another is censored comes first.
    """
    time, closed = np.asarray(durations, dtype=float), np.asarray(resolved, dtype=bool)
    weight = np.ones(len(time)) if weights is None else np.asarray(weights, dtype=float)
    if not time.shape == closed.shape == weight.shape:
        raise HazardError("lengths-differ", "Durations, closings and weights must have the same length.")
    order = np.argsort(time, kind="stable")
    return side_by_side(time[order], closed[order], weight[order], np.array([0, len(time)])).steps


def side_by_side(time: Floats, closed: NDArray[np.bool_], weight: Floats, bounds: Places) -> Curves:
    """Return the curves of groups side by side, in one pass over their rows.

    The rows of group i are those from bounds[i] to bounds[i + 1], earliest first. What rows hold, and errors but for
    that of lengths, as in `kaplan_meier`.
    """
    if not (np.isfinite(time) & (time >= 0)).all():
        raise HazardError("duration-bad", "A duration is missing or negative: leave such cases out and count them.")
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise HazardError("weight-bad", "A number of cases is missing or negative.")
    if not (kept := weight > 0).all():
        time, closed, weight = time[kept], closed[kept], weight[kept]
        bounds = np.concatenate([[0], np.cumsum(kept)])[bounds]
    begins = np.ones(len(time), dtype=bool)  # a row of another group or time than the one before
    begins[1:] = time[1:] != time[:-1]
    begins[bounds[:-1][bounds[:-1] < len(time)]] = True
    step = np.flatnonzero(begins)
    bounds = np.searchsorted(step, bounds)
    every, events = np.zeros(len(step)), np.zeros(len(step))
    if len(step):
        every, events = np.add.reduceat(weight, step), np.add.reduceat(weight * closed, step)
    at_risk = _running(np.add, every[::-1], len(step) - bounds[::-1])[::-1]
    left = at_risk - events
    survival = _running(np.multiply, left / at_risk, bounds)
    variance = np.divide(events, at_risk * left, out=np.zeros(len(step)), where=left > 0)
    low, high = _log_log(survival, _running(np.add, variance, bounds))
    return Curves(Curve(time[step], survival, low, high, at_risk, events), bounds)


def _running(operation: np.ufunc, values: Floats, bounds: Places) -> Floats:
    """Return running sums or products that begin anew in each group: exactly those that a group alone would have."""
    found = np.empty_like(values)
    for start, end in pairwise(bounds.tolist()):
        operation.accumulate(values[start:end], out=found[start:end])
    return found


def _log_log(survival: Floats, greenwood: Floats) -> tuple[Floats, Floats]:
    inside = (survival > 0) & (survival < 1)
    low, high = np.full(len(survival), np.nan), np.full(len(survival), np.nan)
    log = np.log(survival[inside])
    spread = np.exp(Z * np.sqrt(greenwood[inside]) / -log)
    low[inside], high[inside] = np.exp(log * spread), np.exp(log / spread)
    return low, high


def _crossings(times: Floats, values: Floats, level: float, bounds: Places) -> Floats:
    """Return where the step function of each group passes `level` downwards; the midpoint of the step that equals it.

    NaN where it does not, and for a group without any time.
    """
    starts, ends = bounds[:-1], bounds[1:]

    def first(those: NDArray[np.bool_]) -> tuple[Places, NDArray[np.bool_]]:
        places = np.append(np.flatnonzero(those), len(times))
        found = places[np.searchsorted(places[:-1], starts)]
        return found, found < ends

    reached, is_reached = first(values <= level + _TOLERANCE)
    beyond, is_beyond = first(values < level - _TOLERANCE)
    known = np.flatnonzero(~np.isnan(values))
    last = np.append(known, -1)[np.searchsorted(known, ends) - 1]  # a flat that nothing ends lasts as far as is known
    until = np.where(is_beyond, beyond, last)[is_reached]
    found = np.full(len(starts), np.nan)
    found[is_reached] = (times[reached[is_reached]] + times[until]) / 2
    return found
