"""How boundary levels hang together: each cell's parent in a coarser level, by a column or by the start of its code."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from data.tables import FINDINGS
from geo.nesting import find_holders, order_levels

_ENOUGH = 0.5  # share of the parents that a level must know to be the level above


@dataclass(frozen=True)
class Link:
    """Where the cells of a level belong.

    `above` is the name of the level that holds the parents, None without one; `by` is "code" or "name" (what the parent
    column holds), "prefix" (each code begins with that of one cell above) or "". `parents` is the parent of each
    cell, under the index of the level: a cell_id of the level above, else what the file says, '' where nothing.
    `contradictions` has cell_id, parent, lies_in: the parent is unknown, or the cell lies in another one.
    """

    above: str | None
    by: str
    parents: pd.Series
    contradictions: pd.DataFrame


def find_links(levels: Mapping[str, gpd.GeoDataFrame]) -> dict[str, Link]:
    """Return the link of each level, the levels in order from coarse to fine.

    Parameters
    ----------
    levels : mapping of str to GeoDataFrame
        cell_id, name, declared (the parent as the file names it, '' where it says none), area_km2 and geometry.
    """
    ordered = order_levels(levels)
    found = {}
    for place, name in enumerate(ordered):
        nearest_first = reversed(ordered[:place])
        found[name] = _link(levels[name], {other: levels[other] for other in nearest_first})
    return found


def link_earlier(cells: gpd.GeoDataFrame, above: gpd.GeoDataFrame) -> pd.Series:
    """Return the parents of cells of earlier editions; those that are known to the level above stay as they are.

    Parameters
    ----------
    cells : GeoDataFrame
        As in `find_links`, with `parent`.
    above : GeoDataFrame
        All cells that the level above ever had: an earlier cell may hang on an earlier one.
    """
    parents = cells["parent"].fillna("").astype(object)
    unknown = cells[~parents.isin(above["cell_id"])]
    if len(unknown) and (link := _link(unknown, {"above": above})).above:
        parents[unknown.index] = link.parents
    return parents


def _link(cells: gpd.GeoDataFrame, coarser: Mapping[str, gpd.GeoDataFrame]) -> Link:
    declared = cells["declared"].fillna("").astype(object)
    said = declared[declared != ""]
    best: tuple[float, str, str, pd.Series] = (0.0, "", "", declared)
    for name, above in coarser.items():
        for by, keys in (("code", above["cell_id"]), ("name", above["name"])):
            parents = said.map(_unique(keys, above["cell_id"]))
            share = float(parents.notna().mean()) if len(said) else 0.0
            if share >= _ENOUGH and share > best[0]:
                best = (share, name, by, parents.reindex(declared.index).fillna(declared))
    for name, above in coarser.items() if not best[1] else ():
        if (by_prefix := _by_prefix(cells, above)) is not None:
            best = (1.0, name, "prefix", by_prefix)
            break
    _, above_name, by, parents = best
    if not above_name:
        return Link(None, "", parents, pd.DataFrame(columns=list(FINDINGS["parents"])))
    return Link(above_name, by, parents, _contradictions(cells, parents, coarser[above_name]))


def _unique(keys: pd.Series, codes: pd.Series) -> pd.Series:
    """Return the codes under their keys, without keys that several cells bear."""
    pairs = pd.DataFrame({"key": keys.to_numpy(), "code": codes.to_numpy()}).drop_duplicates()  # a cell of two times
    pairs = pairs[~pairs["key"].duplicated(keep=False)]
    return pairs.set_index("key")["code"].astype(object)


def _by_prefix(cells: gpd.GeoDataFrame, above: gpd.GeoDataFrame) -> pd.Series | None:
    """Return the parents by the start of the codes, if every code starts with exactly one code of the level above.

    Codes have no positions that could be relied on, so the drawing must agree: most cells have to lie in that parent.
    """
    codes = set(above["cell_id"]) - {""}
    lengths = sorted({len(code) for code in codes})
    parents = []
    for cell_id in cells["cell_id"]:
        starts = [cell_id[:length] for length in lengths if length < len(cell_id) and cell_id[:length] in codes]
        if len(starts) != 1:
            return None
        parents.append(starts[0])
    found = pd.Series(parents, index=cells.index, dtype=object)
    lies_elsewhere = len(_contradictions(cells, found, above))
    inside = find_holders(cells, above)["cell"].nunique()
    return found if 2 * (inside - lies_elsewhere) > len(cells) else None


def _contradictions(cells: gpd.GeoDataFrame, parents: pd.Series, above: gpd.GeoDataFrame) -> pd.DataFrame:
    pairs = find_holders(cells, above)
    pairs["lies_in"] = above["cell_id"].to_numpy()[pairs["above"]]
    named = parents.to_numpy()
    pairs["agrees"] = pairs["lies_in"].to_numpy() == named[pairs["cell"]]
    around = pairs.groupby("cell").agg(lies_in=("lies_in", "first"), agrees=("agrees", "any"))
    table = pd.DataFrame({"cell_id": cells["cell_id"].to_numpy(), "parent": named}).join(around)
    unknown = ~table["parent"].isin(above["cell_id"])
    elsewhere = table["lies_in"].notna() & ~table["agrees"].fillna(False).astype(bool)
    odd = (table["parent"] != "") & (unknown | elsewhere)
    return table.loc[odd, list(FINDINGS["parents"])].fillna("").reset_index(drop=True)
