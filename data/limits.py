"""Which row of the table of deadlines applies to each case: by its code, its type or its hazard, on the day it began.

The cases are many, what the table asks of them has few different values: each is decided once. Only where rows are
told apart by words of the description every case is looked at.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.schema import Hazard
from data.taxonomy import DEFAULT_RULES, classify, padded, read_kind

NO_ROW, SEVERAL = -1, -2  # in place of a row: none fits; some fit that set different limits
_ASKED = ("scheme", "kind", "code", "type_name", "hazard", "condition")
_WORDS = re.compile(r"[\s,，、;；]+")
_EVER = np.datetime64("0001-01-01", "D")
Rows = NDArray[np.intp]


class Limits:
    """The table of deadlines, made ready for many cases.

    Parameters
    ----------
    table : DataFrame
        `data.tables.STANDARD_COLUMNS`, one row a limit.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        texts = {name: table[name].fillna("").astype(str).to_numpy(dtype=object) for name in (*_ASKED, "words")}
        self._scheme, self._kind, self._hazard = texts["scheme"], texts["kind"], texts["hazard"]
        self._code = np.array([padded(plain(one)) for one in texts["code"]], dtype=object)
        self._name, self._condition = (
            np.array([plain(one) for one in texts[name]], dtype=object) for name in ("type_name", "condition")
        )
        self._type_hazard = _hazards(table["type_name"])
        self._words = [[word for word in _WORDS.split(one) if word] for one in texts["words"]]
        self.text, self.handling, self.clock = (
            table[name].fillna("").to_numpy(dtype=np.str_) for name in ("limit_text", "handling", "limit_clock")
        )
        self.value = np.where(self.clock != "", table["limit_value"].to_numpy(dtype=float), np.nan)
        same = [(value, clock, "" if clock else plain(text)) for value, clock, text in
                zip(self.value.tolist(), self.clock.tolist(), self.text.tolist(), strict=True)]  # fmt: skip
        self._limit = pd.factorize(pd.Series([str(one) for one in same], dtype=object))[0]  # equal: the same limit
        begins = table["valid_from"].fillna("").astype(str).to_numpy(dtype=object)
        self._begins = sorted(set(begins))
        self._editions = [_Edition(self, self._in_force(begins, day)) for day in self._begins]

    def __len__(self) -> int:
        return len(self.text)

    def _in_force(self, begins: NDArray[np.object_], day: str) -> list[int]:
        """Return the rows that apply on a day: of each scheme and kind those with the latest first day by then."""
        newest: dict[tuple[str, str], str] = {}
        for scheme, kind, first in zip(self._scheme, self._kind, begins, strict=True):
            if first <= day:
                newest[scheme, kind] = max(first, newest.get((scheme, kind), ""))
        return [at for at, first in enumerate(begins) if newest.get((self._scheme[at], self._kind[at])) == first]

    def rows_for(self, cases: pa.Table, day: NDArray[np.datetime64]) -> Rows:
        """Return which row applies to each case: its position, `NO_ROW` or `SEVERAL`.

        Of the rows that were in force on the case's day the first step that finds any decides: the same code, the same
        name of the type, or, of the rows that name neither, the same hazard. A code counts with its list and its kind
        where these are known; where the list is not, the same digits may mean something else, so that the name of the
        type has to be the same too, or at least to tell of the same hazard. Among these counts the row with the case's
        condition of filing, else one of whose words the description holds one, else those that name the case's hazard
        beside their code or type (the limits of a cover that is missing and of a sunken one differ), else those that
        ask for nothing, else all but those for other hazards (of a case whose hazard is none of the analysed ones:
        all). Several with one and the same limit are as good as one.

        Parameters
        ----------
        cases : pyarrow.Table
            scheme ('' where not known), kind, code, type_name, hazard, condition, description; n rows.
        day : ndarray of datetime64[D], shape (n,)
            The local day from which the limit runs; NaT: what is in force at last.

        Returns
        -------
        ndarray of int, shape (n,)
        """
        if not len(self) or not cases.num_rows:
            return np.full(cases.num_rows, NO_ROW, dtype=np.intp)
        firsts = np.array([np.datetime64(one, "D") if one else _EVER for one in self._begins])
        edition = np.searchsorted(firsts, day, side="right")  # NaT comes after all
        group, different = _each_once(cases, edition)
        answers = np.full(len(different), NO_ROW, dtype=np.intp)
        asking: dict[tuple[tuple[int, ...], int], list[int]] = defaultdict(list)  # worded rows, what else -> groups
        for at, (number, *asked) in enumerate(different):
            if not number:
                continue  # before the first edition
            found, hazard, wanted = self._editions[number - 1].find(*asked), asked[-2], plain(asked[-1])
            same = [row for row in found if wanted and self._condition[row] == wanted]
            answers[at] = self._one(same or self._by_hazard(found, hazard))
            if not same and (worded := tuple(row for row in found if self._words[row])):
                asking[worded, int(answers[at])].append(at)
        result = answers[group]
        for (worded, _), groups in asking.items():
            mine = np.flatnonzero(np.isin(group, groups))
            told = self._by_words(cases["description"].take(pa.array(mine)), worded)
            result[mine] = np.where(told == NO_ROW, result[mine], told)
        return result

    def _by_hazard(self, rows: list[int], hazard: str) -> list[int]:
        """Return the rows meant for the hazard of a case, else those for any; of these the ones that ask nothing."""
        if hazard not in ("", Hazard.OTHER):  # of the rest nobody knows what it is not
            rows = [row for row in rows if self._hazard[row] in ("", hazard)] or rows
        fit = [row for row in rows if hazard and self._hazard[row] == hazard] or rows
        return [row for row in fit if not self._named(row)] or fit

    def _named(self, row: int) -> bool:
        """Return whether a row asks for a condition or for words."""
        return bool(self._condition[row] or self._words[row])

    def _one(self, rows: Sequence[int]) -> int:
        """Return the row of several, an ordinary one if there is such."""
        if not rows:
            return NO_ROW
        limits = {self._limit[row] for row in rows}
        return min(rows, key=lambda row: (self.handling[row] != "", row)) if len(limits) == 1 else SEVERAL

    def _by_words(self, descriptions: pa.ChunkedArray, rows: Sequence[int]) -> Rows:
        chosen = np.full(len(descriptions), NO_ROW, dtype=np.intp)
        for row in sorted(rows, key=lambda row: (self.handling[row] != "", row)):
            # The words are quoted, so that they are words and never a program
            pattern = "|".join(map(re.escape, self._words[row]))
            held = pc.match_substring_regex(descriptions, pattern=pattern, ignore_case=True)
            hit = pc.fill_null(held, False).to_numpy().astype(bool)
            clash = hit & (chosen >= 0) & (self._limit[chosen] != self._limit[row])
            chosen[hit & (chosen == NO_ROW)] = row
            chosen[clash] = SEVERAL
        return chosen


class _Edition:
    """The rows in force at one time, by what they are found by."""

    def __init__(self, table: Limits, rows: Sequence[int]) -> None:
        self._scheme, self._kind, self._name = table._scheme, table._kind, table._name
        self._hazard, self._type_hazard = table._hazard, table._type_hazard
        self._by: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in ("code", "name", "hazard")}
        for row in rows:
            code, name, hazard = table._code[row], table._name[row], table._hazard[row]
            self._by["code"][code].append(row)
            self._by["name"][name].append(row)
            if not code and not name:
                self._by["hazard"][hazard].append(row)

    def find(self, scheme: str, kind: str, code: str, type_name: str, hazard: str, condition: str) -> list[int]:
        """Return the rows that the first step finds which finds any."""
        kind = read_kind(kind)
        for name, wanted in (("code", padded(plain(code))), ("name", plain(type_name)), ("hazard", hazard)):
            rows = self._by[name].get(wanted, []) if wanted else []
            rows = [row for row in rows if not kind or self._kind[row] in ("", kind)]
            if name == "code":
                rows = (
                    [row for row in rows if self._scheme[row] in ("", scheme)]
                    if scheme
                    else self._alike(rows, plain(type_name), hazard)
                )
            if rows:
                return rows
        return []

    def _alike(self, rows: list[int], name: str, hazard: str) -> list[int]:
        """Return the rows of a code, of which nobody knows in which list it stands, that mean what the case is."""
        if not name:
            return rows
        known = hazard not in ("", Hazard.OTHER)
        return [row for row in rows if self._name[row] == name] or [
            row
            for row in rows
            if not self._name[row] or (known and hazard in (self._hazard[row], self._type_hazard[row]))
        ]


def _hazards(type_name: pd.Series) -> NDArray[np.object_]:
    """Return the hazard that the name of each type tells, by the usual rules."""
    names = type_name.fillna("").astype(str)
    return classify(names, names.map(lambda _: ""), names.map(lambda _: ""), DEFAULT_RULES).to_numpy(dtype=object)


def plain(text: str) -> str:
    """Return a text by which rows and cases are compared: without blanks, of one width."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _each_once(cases: pa.Table, edition: Rows) -> tuple[Rows, list[tuple[Any, ...]]]:
    """Return which combination each case is, and the combinations: the edition, then what is asked of a case."""
    group, columns = pd.factorize(edition)[0], []
    for name in _ASKED:
        encoded = pc.fill_null(cases[name], "").combine_chunks().dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        columns.append((codes, encoded.dictionary))
        group = pd.factorize(group.astype(np.int64) * (len(encoded.dictionary) + 1) + codes)[0]
    first = np.unique(group, return_index=True)[1]
    texts = [dictionary.take(pa.array(codes[first])).to_pylist() for codes, dictionary in columns]
    return group, list(zip(edition[first].tolist(), *texts, strict=True))
