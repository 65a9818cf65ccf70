"""Where the cells of a scope lie, and what random maps of them hold: kept, for they depend on no case.

Random maps are drawn for cells, an exposure and a total of events. They take a second or less for some hundred cells
and many seconds for a city, so they are kept in `derived/` under a hash of all they depend on. Filters give ever other
totals: among more than `EXACT_TOTALS` cells random maps are drawn for powers of two, and of the two around a total the
stricter decides (3.9 to 4.8% of maps without a pattern then carry a claim, at 5%; 1,089 cells, 999 draws).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis.family import RandomMaps, random_maps
from analysis.hotspots import MANY
from analysis.scan import Circles, grow_circles
from data import derived
from data.dataset import Dataset
from data.schema import Scope
from geo import crs
from geo.neighbors import lattice_neighbors, queen_neighbors

_EDITION = "1"  # of what random maps are: to be raised when they change
_MOST_HELD, _MOST_CIRCLES = 200, 8
EXACT_TOTALS = 100  # cells: up to so many are drawn for the very total, in a twentieth of a second

Floats = NDArray[np.float64]
Progress = Callable[[float], None]
_held: OrderedDict[str, RandomMaps] = OrderedDict()


def scan_limits(settings: Mapping[str, Any], cells: int) -> tuple[float, int | None]:
    """Return the largest share of the exposure that a place of so many cells may hold, and its most cells, if any."""
    if cells > MANY:
        return float(settings["scan_share_many"]), int(settings["scan_cells_many"])
    return float(settings["scan_share"]), None


def cell_points(cells: Any) -> tuple[Floats, Floats]:
    """Return a point of each cell that lies in it, in local metres."""
    at = shapely.point_on_surface(cells.geometry.to_numpy())
    return crs.project(shapely.get_x(at), shapely.get_y(at))


class KeptSurroundings:
    """The surroundings of a scope's cells (`analysis.family.Surroundings`), with random maps that are kept.

    `cells` are those of the scope, in the order of its counts; `progress` gets the share of the random maps drawn.
    """

    def __init__(
        self, dataset: Dataset, scope: Scope, cells: Any, *, seed: int, progress: Progress | None = None
    ) -> None:
        self._dataset, self._cells, self._seed, self._progress = dataset, cells, seed, progress
        self._key = (scope.level, dataset.edition_day(scope), scope.area)
        setting = dataset.settings
        self._draws = int(setting["map_draws"])
        self._share, self._most = scan_limits(setting, len(cells))

    def circles(self, weight: Floats) -> Circles:
        """Return the circles around the cells, made once a version for the same cells and exposure."""
        held = self._dataset.derived.setdefault("circles", {})
        key = (*self._key, hashlib.sha256(weight.tobytes()).hexdigest())
        if key not in held:
            while len(held) >= _MOST_CIRCLES:
                held.pop(next(iter(held)), None)
            held[key] = grow_circles(*cell_points(self._cells), weight, max_share=self._share, most_cells=self._most)
        return cast(Circles, held[key])

    def maps(self, circles: Circles, total: int) -> Sequence[RandomMaps]:
        """Return random maps of a total, or of the two powers of two around it."""
        totals = {total}
        if len(circles.share) > EXACT_TOTALS:
            power = int(np.log2(total))
            totals = {2**power, 2 ** (power + (2**power < total))}
        done: list[RandomMaps] = []

        def tell(part: int, of: int) -> None:
            if self._progress:
                self._progress((len(done) + part / of) / len(totals))

        for one in sorted(totals):
            done.append(self._of(circles, one, tell))
        return done

    def moved(self, x_m: Floats, y_m: Floats, drawn: Sequence[RandomMaps]) -> "Moved":
        """Return the surroundings of other cells of the same area, which are judged by random maps drawn for these."""
        return Moved(x_m, y_m, self._share, self._most, drawn)

    def neighbors(self) -> Any:
        """Return which cells touch, kept by their outlines."""
        return queen_neighbors(self._cells)

    def _of(self, circles: Circles, total: int, progress: Callable[[int, int], None]) -> RandomMaps:
        limits = f"{self._share} {self._most} {self._draws} {self._seed} {total}"
        key = derived.name(f"random maps {_EDITION}", limits, circles.points.tobytes(), circles.share.tobytes())
        if key not in _held:
            kept: Any = derived.load(self._dataset.root, key)
            if kept is not None and set(kept) == set(RandomMaps._fields):
                maps = RandomMaps(**kept)
            else:
                maps = random_maps(circles, total, draws=self._draws, seed=self._seed, progress=progress)
                derived.keep(self._dataset.root, key, maps._asdict())
            while len(_held) >= _MOST_HELD:
                _held.popitem(last=False)
            _held[key] = maps
            return maps
        return _held[key]


@dataclass(frozen=True)
class Moved:
    """Surroundings of as many cells of another cut, about: points in metres, and random maps that were drawn before."""

    x_m: Floats
    y_m: Floats
    max_share: float
    most_cells: int | None
    drawn: Sequence[RandomMaps]

    def circles(self, weight: Floats) -> Circles:
        """Return the circles around the cells."""
        return grow_circles(self.x_m, self.y_m, weight, max_share=self.max_share, most_cells=self.most_cells)

    def maps(self, circles: Circles, total: int) -> Sequence[RandomMaps]:
        """Return the random maps that were drawn before, whatever the circles and the total."""
        return self.drawn

    def neighbors(self) -> Any:
        """Return which cells touch, at an edge or a corner, for squares of one lattice."""
        return lattice_neighbors(self.x_m, self.y_m)
