"""Words for a place, compared: which cell a file's own words mean, and when two addresses are one.

A cell is told by its code, else by a name that is unique within what is known of its parents.
"""

import unicodedata
from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.schema import Level
from geo.join import OUTSIDE, assign_cells

# Coarse to fine; a word for the cell may mean any level, the others mean levels that bear such a name.
FIELDS = ("district", "street", "community", "cell")
_LEVELS = {
    "district": {"district", "county", "区", "区县", "县区", "县"},
    "street": {"street", "subdistrict", "town", "township", "街道", "乡镇", "镇街", "街镇", "街道办", "镇"},
    "community": {"community", "neighborhood", "neighbourhood", "village", "社区", "社区村", "村社区", "村居", "村"},
}
Positions = NDArray[np.int32]


def plain(text: str | None) -> str:
    """Return a code or name as it is compared: full width as half width, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def address_keys(addresses: pd.Series) -> pd.Series:
    """Return addresses as they are compared: full width as half width, without spaces and capitals; '' if masked away.

    Province, city and district stay as they are given: dropping them could make two places one.
    """
    number, unique = pd.factorize(addresses.astype(object).fillna(""))
    keys = [plain(text).casefold() for text in unique]
    known = np.array([key if key.strip("*") else "" for key in keys] or [""], dtype=object)
    return pd.Series(known[number], addresses.index, dtype=object)


class CellNames:
    """The cells of all levels that are valid together, found by the words of a file.

    Parameters
    ----------
    levels : sequence of Level
        Coarse to fine.
    cells : sequence of GeoDataFrame
        The cells of each level; positions in answers are those in them.
    valid : sequence of ndarray of bool
        Which of them count.

    Attributes
    ----------
    chain : list of ndarray, shape (cells, levels)
        For each level and cell the position of the cell that it belongs to in each coarser level: its parent's and so
        on, else the one that a point inside it lies in; itself in its own level, -1 in finer ones and where unknown.
    """

    def __init__(
        self, levels: Sequence[Level], cells: Sequence[gpd.GeoDataFrame], valid: Sequence[NDArray[np.bool_]]
    ) -> None:
        self._levels = levels
        self._codes: list[dict[str, int]] = []
        self._names: list[dict[str, list[int]]] = []
        self.chain: list[Positions] = []
        for level, frame, mask in zip(levels, cells, valid, strict=True):
            places = np.flatnonzero(mask).tolist()
            codes: dict[str, int] = {}
            names: dict[str, list[int]] = {}
            for at, code, name in zip(places, frame["cell_id"][mask], frame["name"][mask], strict=True):
                codes.setdefault(plain(code), at)
                names.setdefault(plain(name).casefold(), []).append(at)
            self._codes.append(codes)
            self._names.append(names)
            self.chain.append(self._above(len(self.chain), level, cells, valid))
        fine_first = list(reversed(range(len(levels))))
        self._meant = {
            field: [at for at in fine_first if field == "cell" or plain(levels[at].name).casefold() in _LEVELS[field]]
            for field in FIELDS
        }

    def _above(
        self, own: int, level: Level, cells: Sequence[gpd.GeoDataFrame], valid: Sequence[NDArray[np.bool_]]
    ) -> Positions:
        chain = np.full((len(cells[own]), len(self._levels)), OUTSIDE, dtype=np.int32)
        chain[:, own] = np.arange(len(chain))
        above = [at for at in range(own) if self._levels[at].name == level.parent_level]
        for at in above:
            parent = np.array([self._codes[at].get(plain(code), OUTSIDE) for code in cells[own]["parent"]], dtype=int)
            known = parent != OUTSIDE
            chain[known, : at + 1] = self.chain[at][parent[known], : at + 1]
        for at in range(own):
            unknown = np.flatnonzero(valid[own] & (chain[:, at] == OUTSIDE))
            if len(unknown):
                inside = cells[own].geometry.iloc[unknown].representative_point()
                among = np.flatnonzero(valid[at])
                found = assign_cells(inside.x.to_numpy(), inside.y.to_numpy(), cells[at].iloc[among])
                chain[unknown[found != OUTSIDE], at] = among[found[found != OUTSIDE]]
        return chain

    def position(self, level: int, cell_id: str) -> int:
        """Return the position of the cell of a code, -1 where there is none."""
        return self._codes[level].get(plain(cell_id), OUTSIDE)

    def find_all(self, words: pd.DataFrame) -> tuple[Positions, Positions]:
        """Return the level and the position of the finest cell that each row's words mean, -1 where they mean none.

        Parameters
        ----------
        words : DataFrame of str
            The columns FIELDS.
        """
        number = np.zeros(len(words), dtype=np.int64)  # of the words together: each different place is looked up once
        for field in FIELDS:
            codes, unique = pd.factorize(words[field].fillna(""))
            number = np.unique(number * max(len(unique), 1) + codes, return_inverse=True)[1]
        first = np.unique(number, return_index=True)[1]
        places = zip(*(words[field].iloc[first].fillna("") for field in FIELDS), strict=True)
        found = [self.find(dict(zip(FIELDS, place, strict=True))) for place in places]
        level, position = np.array(found, dtype=np.int32).reshape(-1, 2)[number].T
        return level, position

    def find(self, words: Mapping[str, str]) -> tuple[int, int]:
        """Return the level and the position of the finest cell that words for a place mean; -1, -1 if none."""
        found = (OUTSIDE, OUTSIDE)
        for field in FIELDS:
            if text := plain(words[field]):
                hits = (self._hit(at, text, found, by_name) for by_name in (False, True) for at in self._meant[field])
                hit = next((one for one in hits if one is not None), found)
                found = hit if hit[0] >= found[0] else found
        return found

    def _hit(self, level: int, text: str, known: tuple[int, int], by_name: bool) -> tuple[int, int] | None:
        if not by_name:
            return (level, self._codes[level][text]) if text in self._codes[level] else None
        same = self._names[level].get(text.casefold(), [])
        if OUTSIDE < known[0] < level:  # the words before named what it lies in; there it must lie, where that is known
            above = self.chain[level][same, known[0]]
            exactly = [at for at, in_ in zip(same, above, strict=True) if in_ == known[1]]
            same = exactly or [at for at, in_ in zip(same, above, strict=True) if in_ == OUTSIDE]
        return (level, same[0]) if len(same) == 1 else None
