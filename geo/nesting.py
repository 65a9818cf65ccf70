"""Which boundary level holds which: the cells around a cell, and levels in order from coarse to fine."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely


def find_holders(cells: gpd.GeoDataFrame, above: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the cells of `above` around an inner point of each cell: positions `cell` and `above`, sorted.

    A cell outside all of them has no row; one that lies where two overlap has two.
    """
    points = shapely.point_on_surface(cells.geometry.to_numpy())
    cell, holder = shapely.STRtree(above.geometry.to_numpy()).query(points, predicate="intersects")
    return pd.DataFrame({"cell": cell, "above": holder}).sort_values(["cell", "above"], ignore_index=True)


def order_levels(levels: Mapping[str, gpd.GeoDataFrame]) -> list[str]:
    """Return the names of levels from coarse to fine.

    A level is coarser than another if most cells of the other lie in larger ones of its own; how many cells a level has
    says little, for twenty buildings of one street are finer than 300 grids of the city. What that leaves open is
    decided by the typical size of a cell, the fewer cells, and the order in which the levels come.

    Parameters
    ----------
    levels : mapping of str to GeoDataFrame
        With `area_km2` and geometry, each level in the same CRS.
    """
    places = {name: place for place, name in enumerate(levels)}
    left = sorted(levels, key=lambda name: (-levels[name]["area_km2"].median(), len(levels[name]), places[name]))
    above = {name: {other for other in left if other != name and _holds(levels[other], levels[name])} for name in left}
    ordered: list[str] = []
    while left:
        first = next((name for name in left if not above[name] & set(left)), left[0])  # a circle: the largest cells
        left.remove(first)
        ordered.append(first)
    return ordered


def _holds(above: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> bool:
    pairs = find_holders(cells, above).drop_duplicates("cell")
    own, around = cells["area_km2"].to_numpy()[pairs["cell"]], above["area_km2"].to_numpy()[pairs["above"]]
    return bool(2 * (around > own).sum() > len(cells))
