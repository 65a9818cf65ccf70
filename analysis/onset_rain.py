"""The rain at which reports begin: how likely a rain of some depth brings a report, cell by cell.

For each cell the chance of a report is a logistic curve of the logarithm of the depth: at twice the depth the odds are
multiplied by the same number, wherever one begins. So a cell that floods at 10 mm is told from one that floods at
80 mm. Where readings are hourly the largest hour counts too, by how much it differs from what is usual for the depth:
the curve of the depth alone is that of a rain with the usual peak.

Few rains bring a report, and sometimes all above a depth do and none below. Then the largest likelihood lies at
infinity. So Firth's penalty is added (half the logarithm of the determinant of the information, Jeffreys' prior): the
curve is finite, and its bias is smaller. Intervals are those of the profile of the penalised likelihood, which do not
pretend to be symmetric; an end that the data do not close stays open (0 or infinite).

Each cell is told from its own rains alone; nothing is borrowed from others. So where few rains brought a report, or
few brought none, nothing is told.

References
----------
Firth (1993), Biometrika 80(1), 27-38. Heinze & Schemper (2002), Statistics in Medicine 21(16), 2409-2419 (separation;
intervals by the penalised profile).
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, logit
from scipy.stats import chi2

from base.errors import HazardError

FEW, NO_REPORT, EVERY_RAIN, NO_RELATION = "few_events", "no_report", "every_rain", "no_relation"
LEAST, LEAST_RAINS = 5, 20
_STEPS, _HALVINGS, _TIGHT, _FAR = 60, 8, 1e-7, 40.0
_BISECTIONS, _DOUBLINGS = 26, 9
_BEYOND = np.log(20.0)  # an end that lies 20 times beyond the rains seen is open
_CHUNK = 400_000  # cells times rains that are worked on together

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Estimate(NamedTuple):
    """A value with its interval, each of shape (cells,); NaN where it cannot be told."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Responses:
    """The curves of some cells that had the same rains.

    Attributes
    ----------
    rains, reported : ndarray of int, shape (cells,)
        Rains of which it is known whether they brought a report, and those that did.
    reason : ndarray of object, shape (cells,)
        '' where the curve is told; `FEW` with fewer than `LEAST_RAINS` rains, `LEAST` with or `LEAST` without a report;
        `NO_REPORT` and `EVERY_RAIN` where that is because none, or each of enough rains brought one. `NO_RELATION`: the
        chance does not clearly rise with the depth; it is told, and no depth at which reports begin.
    heaviest : ndarray, shape (cells,)
        Deepest of those rains, in mm; beyond it the curve is no more than drawn out.
    slope, intercept : ndarray, shape (cells,)
        Of the log odds, on the logarithm of the depth in mm, at the usual peak.
    peaked : bool
        Whether the largest hour is in the curves.
    """

    rains: NDArray[np.int64]
    reported: NDArray[np.int64]
    reason: NDArray[np.object_]
    heaviest: Floats
    slope: Floats
    intercept: Floats
    peaked: bool
    confidence: float
    _fit: "_Fit"

    def at(self, p: float = 0.5) -> Estimate:
        """Return the depth in mm (at the usual peak) at which the chance of a report reaches p, with its interval.

        Raises
        ------
        HazardError
            ``chance-bad`` for a chance that is not between 0 and 1.
        """
        if not 0 < p < 1:
            raise HazardError("chance-bad", "A chance lies between 0 and 1, not at {p}.", p=p)
        told = self.reason == ""
        found = [np.full(len(told), np.nan) for _ in range(3)]
        for own, part in self._fit.parts(told):
            for whole, some in zip(found, part.depth_at(float(logit(p)), self.confidence), strict=True):
                whole[own] = some
        return Estimate(*found)

    def chance(self, depth: float, peak: float | None = None) -> Estimate:
        """Return the chance that a rain brings a report to each cell, with its interval.

        Parameters
        ----------
        depth, peak : float
            In mm; the peak is that of the largest hour, the usual one for the depth if not given. Where the curves
            do not know the peak it does not count.

        Raises
        ------
        HazardError
            ``depth-bad`` for one that is not above zero, or a peak above the depth.
        """
        if not (np.isfinite(depth) and depth > 0) or (peak is not None and not 0 < peak <= depth):
            raise _bad_depth(depth, peak)
        told = (self.reason == "") | (self.reason == NO_RELATION)
        found = [np.full(len(told), np.nan) for _ in range(3)]
        for own, part in self._fit.parts(told):
            for whole, some in zip(found, part.chance(depth, peak, self.confidence), strict=True):
                whole[own] = some
        return Estimate(*found)


@dataclass(frozen=True, eq=False)
class Response:
    """The curve of one cell: see `Responses`. ``low`` and ``high`` are the interval of the depth at half a chance."""

    rains: int
    reported: int
    reason: str
    heaviest: float
    low: float
    high: float
    _all: Responses

    def at(self, p: float = 0.5) -> tuple[float, float, float]:
        """Return the depth in mm at which the chance reaches p, and its interval; NaN where it cannot be told."""
        value, low, high = self._all.at(p)
        return float(value[0]), float(low[0]), float(high[0])

    def chance(self, depth: float, peak: float | None = None) -> tuple[float, float, float]:
        """Return the chance of a report, and its interval; NaN where it cannot be told."""
        value, low, high = self._all.chance(depth, peak)
        return float(value[0]), float(low[0]), float(high[0])


def response(depth: ArrayLike, peak: ArrayLike | None, reported: ArrayLike, *, confidence: float = 0.95) -> Response:
    """Return the curve of one cell; parameters as in `responses`, with reported of shape (n,)."""
    told = np.asarray(reported, dtype=bool)
    found = responses(depth, peak, told[np.newaxis] if told.ndim == 1 else told, confidence=confidence)
    _, low, high = found.at()
    return Response(
        int(found.rains[0]), int(found.reported[0]), str(found.reason[0]), float(found.heaviest[0]), float(low[0]),
        float(high[0]), found,
    )  # fmt: skip


def responses(
    depth: ArrayLike,
    peak: ArrayLike | None,
    reported: ArrayLike,
    *,
    known: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Responses:
    """Return for each cell how the chance of a report grows with the rain.

    Parameters
    ----------
    depth : array_like, shape (n,)
        Of each rain in mm, above zero.
    peak : array_like, shape (n,), optional
        Largest hour of each rain in mm; None where readings are not hourly.
    reported : array_like of bool, shape (cells, n)
        Whether a rain brought the cell a report.
    known : array_like of bool, shape (cells, n), optional
        Whether that is known; all if not given.
    confidence : float
        Of the intervals.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``depth-bad``; ``confidence-bad``.
    """
    mm, y = np.asarray(depth, dtype=float), np.asarray(reported, dtype=bool)
    mask = np.ones(y.shape, dtype=bool) if known is None else np.asarray(known, dtype=bool)
    hour = None if peak is None else np.asarray(peak, dtype=float)
    if mm.ndim != 1 or y.ndim != 2 or y.shape[1:] != mm.shape or mask.shape != y.shape or (
        hour is not None and hour.shape != mm.shape
    ):  # fmt: skip
        raise HazardError("lengths-differ", "Depths, peaks and reports must be given for the same rains.")
    if not (np.isfinite(mm) & (mm > 0)).all() or (hour is not None and not (np.isfinite(hour) & (hour > 0)).all()):
        raise _bad_depth(float(np.nanmin(mm)), None if hour is None else float(np.nanmin(hour)))
    if not 0 < confidence < 1:
        raise HazardError("confidence-bad", "A confidence lies between 0 and 1, not at {c}.", c=confidence)
    y = y & mask
    rains, n = mask.sum(axis=1), y.sum(axis=1)
    reason = np.full(len(y), "", dtype=object)
    reason[(rains < LEAST_RAINS) | (n < LEAST) | (rains - n < LEAST)] = FEW
    reason[(rains >= LEAST_RAINS) & (n == 0)] = NO_REPORT
    reason[(rains >= LEAST_RAINS) & (n == rains)] = EVERY_RAIN
    fit = _Fit.of(mm, hour, y, mask)
    slope, intercept = np.full(len(y), np.nan), np.full(len(y), np.nan)
    beta = np.full((len(y), fit.columns), np.nan)
    top = np.full(len(y), np.nan)
    flat = np.zeros(len(y), dtype=bool)
    for own, part in fit.parts(reason == ""):
        beta[own], top[own] = part.best()
        flat[own] = part.flat(beta[own], top[own], confidence)
    reason[flat] = NO_RELATION
    slope = beta[:, 1] / fit.scale
    intercept = beta[:, 0] - slope * fit.centre
    heaviest = np.where(mask, mm, 0.0).max(axis=1, initial=0.0)
    return Responses(
        rains, n, reason, heaviest, slope, intercept, fit.columns > 2, confidence, replace(fit, beta=beta, top=top)
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """Rains on scales that suit the arithmetic: logarithms, centred, of unit spread, the peak's free of the depth."""

    centre: float
    scale: float
    peak_line: tuple[float, float, float] | None  # intercept, slope and spread of log peak on log depth
    x: Floats  # (n,)
    r: Floats | None  # (n,)
    y: Floats  # (cells, n)
    mask: Floats
    beta: Floats
    top: Floats

    @classmethod
    def of(cls, mm: Floats, hour: Floats | None, y: Bools, mask: Bools) -> "_Fit":
        logs = np.log(mm)
        centre = float(logs.mean()) if len(logs) else 0.0
        scale = float(logs.std()) if len(logs) else 1.0
        scale = scale if scale > 1e-9 else 1.0
        x = (logs - centre) / scale
        line, r = None, None
        if hour is not None and len(mm) >= LEAST_RAINS:
            own = np.log(hour)
            slope = float((x * own).mean() / max(float((x * x).mean()), 1e-12))
            rest = own - own.mean() - slope * x
            if (spread := float(rest.std())) > 1e-3:
                line, r = (float(own.mean()), slope, spread), rest / spread
        none = np.empty((len(y), 0))
        return cls(centre, scale, line, x, r, y.astype(float), mask.astype(float), none, none)

    @property
    def columns(self) -> int:
        return 2 if self.r is None else 3

    def parts(self, told: Bools) -> list[tuple[NDArray[np.int64], "_Fit"]]:
        """Return the cells told of, in parts that are worked on together, and each part."""
        rows = np.flatnonzero(told)
        step = max(1, _CHUNK // max(len(self.x), 1))
        cut = [rows[at : at + step] for at in range(0, len(rows), step)]
        return [
            (own, replace(self, y=self.y[own], mask=self.mask[own], beta=self.beta[own], top=self.top[own]))
            for own in cut
        ]

    def design(self, x0: Any = 0.0, r0: float = 0.0) -> Floats:
        """Return ones, x - x0 and r - r0, shape (cells, n, columns); x0 may differ between cells."""
        cells, n = self.y.shape
        ones = np.ones((cells, n))
        x = self.x - np.broadcast_to(np.asarray(x0, dtype=float), cells)[:, np.newaxis]
        columns = [ones, x] if self.r is None else [ones, x, np.broadcast_to(self.r - r0, (cells, n))]
        return np.stack(columns, axis=2)

    def best(self) -> tuple[Floats, Floats]:
        start = np.zeros((len(self.y), self.columns))
        start[:, 0] = logit((self.y.sum(axis=1) + 0.5) / (self.mask.sum(axis=1) + 1))
        return _climb(self.design(), self.y, self.mask, start, np.ones(self.columns, dtype=bool))

    def flat(self, beta: Floats, top: Floats, confidence: float) -> Bools:
        """Return where the chance does not clearly rise with the depth."""
        free = np.ones(self.columns, dtype=bool)
        free[1] = False
        start = beta.copy()
        start[:, 1] = 0.0
        start[:, 0] = logit((self.y.sum(axis=1) + 0.5) / (self.mask.sum(axis=1) + 1))
        _, level = _climb(self.design(), self.y, self.mask, start, free)
        return (beta[:, 1] <= 0) | (2 * (top - level) < _limit(confidence))

    def depth_at(self, height: float, confidence: float) -> tuple[Floats, Floats, Floats]:
        beta = self.beta
        at = (height - beta[:, 0]) / beta[:, 1]
        lowest = np.full(len(at), self.x.min() - _BEYOND / self.scale)
        highest = np.full(len(at), self.x.max() + _BEYOND / self.scale)
        heights = np.full(len(at), height)

        def drop(x0: Floats, start: Floats) -> tuple[Floats, Floats]:
            return self._through(x0, 0.0, heights, start)

        low = self._end(drop, at, np.minimum(lowest, at), confidence)
        high = self._end(drop, at, np.maximum(highest, at), confidence)
        low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
        with np.errstate(over="ignore"):
            value, down, up = (np.exp(self.centre + self.scale * one) for one in (at, low, high))
        return value, down, up

    def chance(self, depth: float, peak: float | None, confidence: float) -> tuple[Floats, Floats, Floats]:
        x0 = (np.log(depth) - self.centre) / self.scale
        r0 = 0.0
        if peak is not None and self.peak_line is not None:
            mean, slope, spread = self.peak_line
            r0 = (np.log(peak) - mean - slope * x0) / spread
        height = self.beta[:, 0] + self.beta[:, 1] * x0 + (self.beta[:, 2] * r0 if self.columns > 2 else 0.0)
        at = np.full(len(height), x0)

        def drop(heights: Floats, start: Floats) -> tuple[Floats, Floats]:
            return self._through(at, r0, heights, start)

        ends = [self._end(drop, height, height + side * _FAR, confidence) for side in (-1, 1)]
        low, high = np.where(np.isnan(ends[0]), -np.inf, ends[0]), np.where(np.isnan(ends[1]), np.inf, ends[1])
        return expit(height), expit(low), expit(high)

    def _through(self, x0: Floats, r0: float, heights: Floats, slopes: Floats) -> tuple[Floats, Floats]:
        """Return how far the likelihood drops where the curve passes a point, and the slopes there."""
        free = np.ones(self.columns, dtype=bool)
        free[0] = False
        start = np.column_stack([heights, slopes])
        beta, level = _climb(self.design(x0, r0), self.y, self.mask, start, free)
        return 2 * (self.top - level), beta[:, 1:]

    def _end(self, drop: Any, inside: Floats, edge: Floats, confidence: float) -> Floats:
        """Return where the drop passes the limit between a point inside and an edge; NaN where it does not.

        The distance is doubled from a small one up to the edge, then halved: far out the likelihood may rise again.
        """
        limit, slopes = _limit(confidence), self.beta[:, 1:]
        near, far = inside.copy(), np.full(len(inside), np.nan)
        near_slopes = slopes
        for k in range(_DOUBLINGS, -1, -1):
            reach = inside + (edge - inside) / 2**k
            height, found = drop(reach, near_slopes)
            passed = np.isnan(far) & (height > limit)
            far = np.where(passed, reach, far)
            still = np.isnan(far)
            near = np.where(still, reach, near)
            near_slopes = np.where(still[:, np.newaxis], found, near_slopes)
            if not still.any():
                break
        open_ = np.isnan(far)
        far = np.where(open_, near, far)
        for _ in range(_BISECTIONS):
            middle = (near + far) / 2
            height, found = drop(middle, near_slopes)
            beyond = height > limit
            far, near = np.where(beyond, middle, far), np.where(beyond, near, middle)
            near_slopes = np.where(beyond[:, np.newaxis], near_slopes, found)
            if (np.abs(far - near) < 1e-4).all():
                break
        return np.where(open_, np.nan, (near + far) / 2)


def _bad_depth(depth: float, peak: float | None) -> HazardError:
    return HazardError(
        "depth-bad",
        "A rain has a depth above 0 mm, and its largest hour is above 0 mm and no more than the depth: not {depth} mm "
        "and {peak}.",
        depth=depth, peak="-" if peak is None else peak,
    )  # fmt: skip


def _limit(confidence: float) -> float:
    return float(chi2.ppf(confidence, 1))


def _level(design: Floats, y: Floats, mask: Floats, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the penalised log likelihood of each cell, the chances, and the information."""
    line = np.clip(np.einsum("cnk,ck->cn", design, beta), -_FAR * 4, _FAR * 4)
    chance = expit(line)
    weight = mask * chance * (1 - chance)
    information = np.einsum("cnk,cn,cnl->ckl", design, weight, design, optimize=True)
    sign, log_size = np.linalg.slogdet(information)
    log_size = np.where(sign > 0, log_size, -1e6)
    value = np.where(mask > 0, y * log_expit(line) + (1 - y) * log_expit(-line), 0.0).sum(axis=1)
    return value + 0.5 * log_size, chance, information


def _climb(design: Floats, y: Floats, mask: Floats, start: Floats, free: Bools) -> tuple[Floats, Floats]:
    """Return the coefficients at the top of the penalised likelihood, those not free held, and its height."""
    beta = start.copy()
    level, chance, information = _level(design, y, mask, beta)
    some = np.flatnonzero(free)
    ridge = 1e-10 * np.eye(design.shape[2])
    for _ in range(_STEPS):
        weight = mask * chance * (1 - chance)
        inverse = np.linalg.pinv(information + ridge)
        leverage = weight * np.einsum("cnk,ckl,cnl->cn", design, inverse, design, optimize=True)
        score = np.einsum("cnk,cn->ck", design, mask * (y - chance) + leverage * (0.5 - chance))[:, some]
        block = (information + ridge)[:, some][:, :, some]
        step = np.zeros_like(beta)
        step[:, some] = np.linalg.solve(block, score[:, :, np.newaxis])[:, :, 0]
        size = np.abs(step).max(axis=1, keepdims=True)
        step = step * np.minimum(1.0, 3.0 / np.maximum(size, 1e-12))
        for _ in range(_HALVINGS):
            tried, chances, informations = _level(design, y, mask, beta + step)
            worse = tried < level - 1e-9
            if not worse.any():
                break
            step = np.where(worse[:, np.newaxis], step / 2, step)
        step = np.where((tried < level - 1e-9)[:, np.newaxis], 0.0, step)
        moved = np.abs(step).max(initial=0.0)
        beta = beta + step
        level, chance, information = _level(design, y, mask, beta) if worse.any() else (tried, chances, informations)
        if moved < _TIGHT * 100:
            break
    return beta, level
