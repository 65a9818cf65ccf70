"""The invented street plan of the demo: junctions, the streets through them, and the 23 grids that the streets enclose.

Drawn by hand in metres around one point, east and north positive. A grid is written as its corners; between two corners
its border follows the street on which both lie, through every junction and bend between them. So neighbours share every
vertex and the grids cover the street office exactly. No geometry library has a say: the coordinates are the same
everywhere.
"""

from dataclasses import dataclass
from functools import cache

# A wooded mountain side without a town, so that the plan can be taken for no real neighbourhood.
ORIGIN_LON, ORIGIN_LAT = 111.3, 33.64
M_PER_DEGREE_LON, M_PER_DEGREE_LAT = 92_773.0, 110_920.0  # WGS 84 at this latitude
DECIMALS = 7  # of a degree: about a centimetre

STREET_OFFICE = "示例街道"
COMMUNITIES = {  # code -> name
    "999901001001": "示例·青石社区",
    "999901001002": "示例·砖塔社区",
    "999901001003": "示例·柳湾社区",
    "999901001004": "示例·麦场社区",
}

_JUNCTIONS = """
m0 -1300 -118   m1 -985 -83    m2 -770 -66    m3 -545 -45    m4 -400 -30    m5 -215 -8     m6 60 20
m7 350 42       m8 455 50      m9 795 62      m10 880 63     m11 1335 48
w1 -1262 300    w2 -1195 625   n0 -1030 845   n1 -640 962    n2 -160 1006   n3 152 985     n4 640 880     n5 1195 420
b1 -905 318     b2 -585 345    b3 -250 392    b4 95 432      b5 478 468     b6 640 480     b7 850 472
k1 -965 120     k2 -196 214    k3 78 246      k4 -268 628    k5 -150 640    c1 428 190     c2 508 330
r0 -1352 -455   r1 -1030 -600  r2 -690 -585   r3 -385 -450   r4 -8 -405     r5 322 -530    r6 600 -600
r7 850 -520     r8 1110 -395   r9 1402 -352   j0 -1322 -285  j1 -806 -262   h1 338 -250    i1 812 -206
t0 -1268 -838   t1 -730 -1012  t2 -92 -985    t3 470 -1032   t4 1210 -790   v1 -760 -800   v2 560 -830
"""
# Name, whether it bends smoothly (a river, a railway, a winding lane), its junctions in order.
_STREETS = (
    ("示例大道", False, "m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 m10 m11"),
    ("示例·砖塔路", False, "n3 b4 k3 m6 r4 t2"),
    ("示例·西环路", False, "n0 w2 w1 m0 j0 r0 t0"),
    ("示例·铁路便道", True, "n0 n1 n2 n3 n4 n5 m11"),
    ("示例·河沿路", True, "r0 r1 r2 r3 r4 r5 r6 r7 r8 r9"),
    ("示例·东环路", False, "m11 r9 t4"),
    ("示例·南环路", False, "t0 t1 t2 t3 t4"),
    ("示例·青石街", False, "w1 b1 b2 b3 b4 b5 b6 b7 n5"),
    ("示例·旧仓巷", True, "m1 k1 b1"),
    ("示例·集贤里", False, "m3 b2 n1"),
    ("示例·钟楼巷", False, "m5 k2 k3"),
    ("示例·北关里", False, "b3 k4 k5 n2"),
    ("示例·弯月路", True, "m8 c1 c2 b5"),
    ("示例·站前路", False, "b6 n4"),
    ("示例·货场路", False, "m10 b7"),
    ("示例·染坊巷", False, "j0 j1 m2"),
    ("示例·渡口路", False, "m4 r3"),
    ("示例·磨坊路", False, "m7 h1 r5"),
    ("示例·桑园街", False, "h1 i1"),
    ("示例·闸口路", False, "m9 i1 r7"),
    ("示例·麦场西路", True, "r2 v1 t1"),
    ("示例·麦场东路", True, "r6 v2 t3"),
)
# Per community, north to south and west to east: corners; households, population, km of road, covers.
_GRIDS = {
    "999901001001": (
        ("w1 n0 n1 b2", 372, 1036, 3.1, 88),
        ("n1 n2 b3 b2", 566, 1587, 2.9, 112),
        ("n2 n3 b4 b3", 512, 1398, 2.6, 97),
        ("w1 b1 m1 m0", 298, 861, 1.9, 64),
        ("b1 b2 m3 m1", 455, 1263, 2.2, 83),
        ("b2 b4 k3 m5 m3", 521, 1402, 2.7, 104),
        ("k3 m6 m5", 284, 733, 1.3, 58),
    ),
    "999901001002": (
        ("n3 n4 b6 b4", 604, 1721, 3.0, 121),
        ("n4 n5 b6", 341, 918, 2.1, 72),
        ("b4 b5 m8 m6", 558, 1534, 2.4, 109),
        ("b5 b7 m10 m8", 537, 1490, 2.3, 101),
        ("b7 n5 m11 m10", 412, 1108, 2.2, 79),
    ),
    "999901001003": (
        ("m0 m2 j0", 331, 902, 1.8, 66),
        ("j0 m2 m4 r3 r0", 468, 1311, 3.2, 94),
        ("m4 m6 r4 r3", 549, 1502, 2.5, 106),
        ("m6 m7 r5 r4", 487, 1339, 2.2, 92),
        ("m7 m9 i1 h1", 402, 1105, 1.9, 75),
        ("h1 i1 r7 r5", 538, 1476, 2.1, 99),
        ("m9 m11 r9 r7", 436, 1187, 2.8, 86),
    ),
    "999901001004": (
        ("r0 r2 t1 t0", 246, 735, 2.6, 53),
        ("r2 r4 t2 t1", 359, 1012, 2.9, 70),
        ("r4 r6 t3 t2", 408, 1153, 3.1, 81),
        ("r6 r9 t4 t3", 273, 786, 2.7, 57),
    ),
}
_BENDS = 6  # pieces between two junctions of a smooth street

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of the plan: codes, name and exposures, its closed ring in metres, and its streets: name and points."""

    cell_id: str
    parent: str
    name: str
    households: int
    population: int
    road_km: float
    covers: int
    ring: tuple[Point, ...]
    streets: tuple[tuple[str, tuple[Point, ...]], ...]


def to_degrees(x_m: float, y_m: float) -> Point:
    """Return lon, lat (WGS 84) of a place given in metres east and north of the plan's origin."""
    return (
        round(ORIGIN_LON + x_m / M_PER_DEGREE_LON, DECIMALS),
        round(ORIGIN_LAT + y_m / M_PER_DEGREE_LAT, DECIMALS),
    )


@cache
def grids() -> tuple[Grid, ...]:
    """Return the 23 grids in the order of their codes."""
    found = []
    for parent, rows in _GRIDS.items():
        for number, (corners, households, population, road_km, covers) in enumerate(rows, start=1):
            ring, streets = _ring(corners.split())
            name = f"{COMMUNITIES[parent].removesuffix('社区')}{number}"
            found.append(
                Grid(f"{parent}{number:02d}", parent, name, households, population, road_km, covers, ring, streets)
            )
    return tuple(found)


def community_ring(parent: str) -> tuple[Point, ...]:
    """Return the closed ring of a community in metres: the borders that only one of its grids has, joined."""
    edges = [edge for grid in grids() if grid.parent == parent for edge in zip(grid.ring, grid.ring[1:], strict=False)]
    after = {start: end for start, end in edges if (end, start) not in set(edges)}
    ring = [min(after)]
    while len(ring) == 1 or ring[-1] != ring[0]:
        ring.append(after[ring[-1]])
    return tuple(ring)


@cache
def _streets() -> tuple[tuple[str, tuple[str, ...], tuple[Point, ...], int], ...]:
    """Return name, junctions, points, and points per piece of each street."""
    words = _JUNCTIONS.split()
    place = {name: (float(x), float(y)) for name, x, y in zip(words[::3], words[1::3], words[2::3], strict=True)}
    streets = []
    for name, smooth, junctions in _STREETS:
        names = tuple(junctions.split())
        points = [place[junction] for junction in names]
        streets.append((name, names, tuple(_smooth(points) if smooth else points), _BENDS if smooth else 1))
    return tuple(streets)


def _smooth(points: list[Point]) -> list[Point]:
    """Return a Catmull-Rom curve through all points, `_BENDS` pieces between two of them."""
    padded = [points[0], *points, points[-1]]
    curve = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(_BENDS):
            t = step / _BENDS
            curve.append(
                (_spline(before[0], start[0], end[0], after[0], t), _spline(before[1], start[1], end[1], after[1], t))
            )
    return [*curve, points[-1]]


def _spline(before: float, start: float, end: float, after: float, t: float) -> float:
    return start + t / 2 * (
        end - before + t * (2 * before - 5 * start + 4 * end - after + t * (3 * start - before - 3 * end + after))
    )


def _ring(corners: list[str]) -> tuple[tuple[Point, ...], tuple[tuple[str, tuple[Point, ...]], ...]]:
    """Return the closed ring through the corners along the streets, and these streets with their points beside it."""
    ring: list[Point] = []
    used = []
    for corner, following in zip(corners, [*corners[1:], corners[0]], strict=True):
        name, junctions, points, pieces = next(s for s in _streets() if corner in s[1] and following in s[1])
        first, last = pieces * junctions.index(corner), pieces * junctions.index(following)
        step = 1 if first < last else -1
        side = points[first : last + 1] if step == 1 else points[last : first + 1]
        ring += [points[position] for position in range(first, last, step)]
        used.append((name, side))
    return (*ring, ring[0]), tuple(used)
