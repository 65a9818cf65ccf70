"""Points too many to be told apart on a screen, gathered on a square lattice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_ACROSS = 60  # lattice cells over the larger side: some twelve pixels each, and 3,600 dots at most


@dataclass(frozen=True)
class Gathered:
    """Points that stand for several: their middle in degrees, how many each stands for, the side of the lattice."""

    points: NDArray[np.float64]
    counts: NDArray[np.int64]
    side_m: float


def gathered(points: ArrayLike) -> Gathered:
    """Return points gathered by the cells of a square lattice over them; the counts add up to their number.

    Parameters
    ----------
    points : array_like of (lon, lat), shape (m, 2)
        Degrees, WGS 84, at least one.
    """
    lonlat = np.asarray(points, dtype=float).reshape(-1, 2)
    low, high = lonlat.min(axis=0), lonlat.max(axis=0)
    metres = 110_574.0 * np.array([np.cos(np.radians((low[1] + high[1]) / 2)), 1.0])
    side_m = max(float(((high - low) * metres).max()) / _ACROSS, 1.0)
    square = np.minimum(((lonlat - low) * metres / side_m).astype(np.int64), _ACROSS - 1)
    _, where, counts = np.unique(square[:, 1] * _ACROSS + square[:, 0], return_inverse=True, return_counts=True)
    middles = np.column_stack([np.bincount(where, weights=lonlat[:, axis]) / counts for axis in (0, 1)])
    return Gathered(middles, counts, side_m)
