"""Whether a claim outlives its borders: the same events on square lattices, shifted, and tested again.

Counts by area depend on how the area is cut (the modifiable areal unit problem). A cluster on a border is halved and
missed; a chance clump that fits into a cell is claimed. So the events are put on squares as large as the mean cell, at
16 offsets, and each of these maps is tested by the caller's own test. A claim is kept on a lattice if the squares that
are hot there hold at least half of the cell's events.

What chance would give a square is what it would give its parts: the exposure of each cell is spread evenly over its
outline (areal weighting), so equal shares stay equal shares of the old cells. Squares that lie in the area by less than
an eighth are left out, for an error of the outline would make their claim.

**What the share means.** The 16 lattices show the same events, so they are no 16 witnesses, and make no claims of their
own. A claim that does not outlive them may be true: a hot cell that the lattice cuts in four is four small surpluses.
Homes are not spread evenly in a cell, and where they gather squares become hot or cool without a cause. So the answer
is a doubt, not a verdict: this place is hot in these borders and in few others. Seen on random maps of 24 square cells
with equal shares (`bench/borders.py`: 120 maps each, 600 without a cause), so many claims outlive half of the lattices
or more; "family" is the excess test with circles that grow over the squares, by the limits of the claim's own random
maps:

=========================================================  ============  ============  ============  ============
cause of the claim                                         excess, mean  excess, mean  family, mean  family, mean
                                                           of 3          of 8          of 3          of 8
=========================================================  ============  ============  ============  ============
none                                                       0%            0%            23%           36%
a cell three times as hot all over                         3%            30%           21%           33%
twice the mean of a cell more, close together amid a cell  47%           98%           50%           95%
four times the mean more, close together on an edge        99%           100%          100%          100%
=========================================================  ============  ============  ============  ============

To outlive them says much of a claim by one cell, and not to do so says little: a hot cell that is cut in two or four
seldom leaves a hot square. Of a claim that many cells share it says little, for no shift by less than a square parts a
wide place.

References
----------
Openshaw (1984), The Modifiable Areal Unit Problem; Goodchild & Lam (1980), Geo-Processing 1, 297-312 (areal weighting).
"""

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from analysis.checked import check_exposure
from base.errors import HazardError
from geo.join import assign_cells

BOUNDARY = "boundary"
SHIFTS = 16
_PARTS = 8  # blocks along a side of a square; their corners are where squares may begin
_OFFSETS = (1, 3, 5, 7)  # in blocks; not 0, which would give back a lattice of the same squares
_LEAST_INSIDE = 1 / 8  # of a square, in the area
_MOST_POINTS = 4_000_000  # that tell how outlines and blocks overlap
_FINEST = 8  # such points along a side of a block
_MOST_BLOCKS = 4_000_000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def lattice_survival(
    x_m: ArrayLike,
    y_m: ArrayLike,
    cell: ArrayLike,
    claimed: ArrayLike,
    outlines: ArrayLike,
    exposure: ArrayLike,
    test: Callable[[Ints, Floats, Floats, Floats], Bools],
    *,
    pitch_m: float | None = None,
) -> pd.DataFrame:
    """Return for each claimed cell the share of shifted lattices on which hot squares hold half of its events or more.

    Parameters
    ----------
    x_m, y_m : array_like, shape (m,)
        Places of events in metres; an event without a place (NaN) is left out.
    cell : array_like of int, shape (m,)
        Position of each event's cell, -1 for none: such an event is left out.
    claimed : array_like of bool, shape (n,)
    outlines : array_like of shapely polygons, shape (n,)
        In the same metres. Where two overlap, the first counts.
    exposure : array_like, shape (n,)
        What the claim was made against: ones for equal shares, the area, households.
    test : callable
        ``test(counts, exposure, x_m, y_m) -> hot``, one value a square with exposure, and the middles of the squares,
        so that squares may be tested together with those around them; there are two squares or more.
    pitch_m : float, optional
        Side of a square; without it the root of the mean area of a cell.

    Returns
    -------
    DataFrame
        cell, code, events (with a place), share (of lattices that keep the claim), found (fewer than half do), survives
        (half or more do; missing, and share NaN, where no event of the cell has a place or the area is no two squares).

    Raises
    ------
    HazardError
        ``lengths-differ``, ``cell-position-bad``, ``exposure-bad``, ``pitch-bad`` (no area, or squares so small that
        there would be millions).
    """
    x, y, at = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float), np.atleast_1d(np.asarray(cell))
    claims, weight = np.asarray(claimed, dtype=bool), np.asarray(exposure, dtype=float)
    shapes = np.asarray(outlines, dtype=object)
    if not x.shape == y.shape == at.shape or not claims.shape == weight.shape == shapes.shape or at.ndim != 1:
        raise HazardError("lengths-differ", "All columns of the events must have the same length.")
    if len(at) and (at.dtype.kind not in "iu" or at.min() < -1 or at.max() >= len(claims)):
        raise HazardError("cell-position-bad", "Events must name their cell by its position, or -1 outside all cells.")
    check_exposure(~(np.isfinite(weight) & (weight >= 0)))
    placed = np.isfinite(x) & np.isfinite(y) & (at >= 0)
    x, y, at = x[placed], y[placed], at[placed].astype(np.int64)
    events, kept, maps = np.bincount(at, minlength=len(claims)), np.zeros(len(claims), dtype=np.int64), 0
    if claims.any() and len(at):
        blocks = _Blocks(shapes, weight, pitch_m)
        block = blocks.of(x, y)
        counts = np.bincount(block, minlength=blocks.rows * blocks.columns)
        ours = claims[at]
        ours_at, ours_block = at[ours], block[ours]
        for down in _OFFSETS:
            for right in _OFFSETS:
                square, middle_x, middle_y = blocks.squares(down, right)
                n = len(middle_x)
                number, exposed, inside = (
                    _sums(square, values, n) for values in (counts, blocks.exposure, blocks.inside)
                )
                used = (inside >= _LEAST_INSIDE * _PARTS**2) & (exposed > 0)
                if used.sum() < 2:
                    continue
                hot = np.zeros(n, dtype=bool)
                hot[used] = test(np.rint(number[used]).astype(np.int64), exposed[used], middle_x[used], middle_y[used])
                held = np.bincount(ours_at[hot[square[ours_block]]], minlength=len(claims))
                kept += 2 * held >= np.maximum(events, 1)
                maps += 1
    told = claims & (events > 0) & (maps > 0)
    share = np.where(told, kept / max(maps, 1), np.nan)[claims]
    survives = pd.array(share >= 0.5, dtype="boolean")
    survives[np.isnan(share)] = pd.NA
    return pd.DataFrame(
        {
            "cell": np.flatnonzero(claims),
            "code": BOUNDARY,
            "events": events[claims],
            "share": share,
            "found": share < 0.5,  # NaN is not
            "survives": survives,
        }
    )


def _sums(at: Ints, values: Floats | Ints, n: int) -> Floats:
    return np.asarray(np.bincount(at, values, minlength=n), dtype=float)


class _Blocks:
    """The area in blocks of which squares are made: `exposure` and `inside` (the part of a block in the area) of each.

    How outlines and blocks overlap is told by a regular grid of points, far cheaper than cutting polygons: with 16 a
    side of a square, as for 10,000 cells, a square's exposure is off by 0.4% on average and 2% at most.
    """

    def __init__(self, outlines: NDArray[np.object_], exposure: Floats, pitch_m: float | None) -> None:
        area = shapely.area(outlines)
        some = area > 0
        pitch = float(np.sqrt(area[some].mean())) if pitch_m is None and some.any() else float(pitch_m or 0)
        west, south, east, north = shapely.total_bounds(outlines) if some.any() else (0.0, 0.0, 0.0, 0.0)
        self.side = pitch / _PARTS
        blocks = (east - west) * (north - south) / self.side**2 if 0 < pitch < np.inf else np.inf
        if not 0 < blocks <= _MOST_BLOCKS:
            raise HazardError(
                "pitch-bad", "The cells cannot be laid out in squares of {metres} m.", metres=round(pitch)
            )
        # A square more on each side, so that the shifted ones cover all
        self.west, self.south = west - pitch, south - pitch
        self.columns, self.rows = (int(np.ceil(span / self.side)) + 2 * _PARTS for span in (east - west, north - south))
        fine = int(np.clip(np.sqrt(_MOST_POINTS / (self.columns * self.rows)), 1, _FINEST))
        across = self.west + (np.arange(self.columns * fine) + 0.5) * self.side / fine
        up = self.south + (np.arange(self.rows * fine) + 0.5) * self.side / fine
        x, y = (line.ravel() for line in np.meshgrid(across, up))
        cell = assign_cells(x, y, gpd.GeoDataFrame(geometry=outlines))
        met = cell >= 0
        cell, block = cell[met], self.of(x[met], y[met])
        points = np.bincount(cell, minlength=len(outlines))
        size = self.columns * self.rows
        self.inside = _sums(block, np.full(len(block), 1 / fine**2), size)
        self.exposure = _sums(block, (exposure / np.maximum(points, 1))[cell], size)
        between = np.flatnonzero(some & (points == 0))  # too small to be met
        spot = shapely.get_coordinates(shapely.point_on_surface(outlines[between]))
        np.add.at(self.exposure, self.of(*spot.T), exposure[between])

    def of(self, x: Floats, y: Floats) -> Ints:
        """Return the block of each point; what lies farther out than a square belongs to the outermost."""
        column = np.clip(np.floor((x - self.west) / self.side), 0, self.columns - 1).astype(np.int64)
        row = np.clip(np.floor((y - self.south) / self.side), 0, self.rows - 1).astype(np.int64)
        return row * self.columns + column

    def squares(self, down: int, right: int) -> tuple[Ints, Floats, Floats]:
        """Return the square of each block on the lattice that begins so many blocks off, and the squares' middles."""
        column = (np.arange(self.columns) + _PARTS - right) // _PARTS
        row = (np.arange(self.rows) + _PARTS - down) // _PARTS
        x, y = (
            begin + ((np.arange(last + 1) - 0.5) * _PARTS + first) * self.side
            for begin, last, first in ((self.west, int(column[-1]), right), (self.south, int(row[-1]), down))
        )
        middle_x, middle_y = (line.ravel() for line in np.meshgrid(x, y))
        return (row[:, None] * len(x) + column).ravel(), middle_x, middle_y
