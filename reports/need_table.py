"""The needs of places as a ranking takes them: a table with its criteria, what is not known and why, and the words."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from base.text import N_, NP_, Listed, Sentence, Term
from reports.criteria import COUNTED, CRITERIA, FOLDS, REASONS, Criterion

WITHOUT = "_without"  # the same counts without the reports of residents
_NAMED = 5  # places named in a sentence

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Needs:
    """The needs of some places - the cells of a scope, or projects - and what stands behind them.

    Attributes
    ----------
    table : DataFrame
        One row a cell, sorted by cell_id: cell_id, name; a column for each of `criteria` by its code, NaN where not
        known; for the people who ask: area_km2, reports (calls of waterlogging), weight (the share of all events that
        is expected there), excess_ratio, excess_high, trend_word (of `reports.record.TREND_NAMES`), cases and open
        (behind hours), closures (behind returns), by_residents, by_office and by_unknown (they add up to reports);
        events_without, days_without, wet_days_without, excess_without: without the reports of residents.
    criteria : tuple of Criterion
        Of exposures only those loaded for any of the cells.
    gaps : DataFrame
        criterion, cell_id, name, reason (a code of `REASONS`), a row for each value that is not known.
    missing : tuple of Sentence
        The same in sentences, a criterion and a reason each.
    notes : tuple of Sentence
        What has to be thought of beside the numbers: a shorter record, sources that do not cover the period, cells
        drawn anew, reports without a known channel.
    start, end : date
        The period, half-open, in whole months.
    months : int
        Of the period.
    n, n_events : int
        Calls and events of waterlogging in these cells in the period; the sums of the columns reports and events.
    left_out : int
        Calls in these cells that are probably not located.
    elsewhere : int
        Calls of the period in none of these cells.
    channels : DataFrame
        name, who ("resident", "office", "unknown"), reports: by what names it is told who reported.
    fields : mapping
        Of the definitions.
    key : str
        The column of `table` and `gaps` that says which place a row is: cell_id, or project_id
        (`reports.project_needs`).
    """

    table: pd.DataFrame
    criteria: tuple[Criterion, ...]
    gaps: pd.DataFrame
    missing: tuple[Sentence, ...]
    notes: tuple[Sentence, ...]
    start: dt.date
    end: dt.date
    months: int
    n: int
    n_events: int
    left_out: int
    elsewhere: int
    channels: pd.DataFrame
    fields: dict[str, Any]
    key: str = "cell_id"

    @property
    def period(self) -> tuple[dt.date, dt.date]:
        """The first day, and the first one after the period."""
        return self.start, self.end

    def definition(self, code: str) -> Sentence:
        """Return what a criterion is, in a sentence."""
        said = Sentence(CRITERIA[code].definition, self.fields)
        if self.key == "cell_id":
            return said
        return Sentence(_OF_PROJECT, {"definition": said, "fold": Term(FOLDS[CRITERIA[code].fold])})

    def directions(self, codes: Sequence[str] | None = None) -> list[int]:
        """Return the directions of some criteria, or of all ranked ones."""
        return [CRITERIA[code].direction for code in self._asked(codes)]

    def matrix(self, codes: Sequence[str] | None = None, *, without_residents: bool = False) -> Floats:
        """Return some criteria, or all ranked ones, as a ranking takes them: a row a cell, NaN where not known.

        Parameters
        ----------
        without_residents : bool
            The counts (`COUNTED`) without the reports of residents; the other criteria stay as they are.

        Raises
        ------
        HazardError
            ``criterion-unknown``.
        """
        asked = self._asked(codes)
        columns = [code + WITHOUT if without_residents and code in COUNTED else code for code in asked]
        return self.table[columns].to_numpy(float)

    def _asked(self, codes: Sequence[str] | None) -> list[str]:
        known = [one.code for one in self.criteria]
        if codes is None:
            return [one.code for one in self.criteria if one.ranked]
        for code in codes:
            if code not in known:
                raise HazardError(
                    "criterion-unknown", "There is no criterion named {code} here; known: {known}.",
                    code=code, known=", ".join(known),
                )  # fmt: skip
        return list(codes)


Gap = tuple[str, int, str]  # criterion, position of the place, reason


def gap_table(gaps: Iterable[Gap], places: pd.DataFrame, criteria: Sequence[Criterion]) -> pd.DataFrame:
    """Return what is not known, by criterion in their order, then by place.

    Parameters
    ----------
    places : DataFrame
        Its first two columns are the place and its name; they stand in the answer under the same names.
    """
    known = list(gaps)
    at = [position for _, position, _ in known]
    table = pd.DataFrame(
        {
            "criterion": [code for code, _, _ in known],
            **{column: places[column].to_numpy(object)[at] for column in places.columns[:2]},
            "reason": [reason for _, _, reason in known],
        },
        dtype=object,
    )
    order = {one.code: rank for rank, one in enumerate(criteria)}
    rank = table["criterion"].map(order).to_numpy(float)
    return table.iloc[np.lexsort((np.array(at, dtype=int), rank))].reset_index(drop=True)


def missing_of(gaps: pd.DataFrame, places: pd.DataFrame, criteria: Sequence[Criterion]) -> tuple[Sentence, ...]:
    """Return `gap_table` in sentences: one for each criterion and reason."""
    key, said = places.columns[0], []
    for pair, rows in gaps.groupby(["criterion", "reason"], sort=False):
        code, reason = (str(one) for one in pair)
        which = places[key].isin(rows[key]).to_numpy()
        n = int(which.sum())
        label = next(one.label for one in criteria if one.code == code)
        fields: dict[str, Any] = {"criterion": Term(label), "reason": Term(REASONS[reason])}
        if n == len(which):
            said.append(Sentence(_MISSING_ALL, fields))
            continue
        fields |= {"n": n, "cells": Listed(named(places, key, which)), "more": n - _NAMED}
        said.append(Sentence(_MISSING_MORE if n > _NAMED else _MISSING, fields))
    return tuple(said)


def named(places: pd.DataFrame, key: str, which: Bools) -> list[str]:
    """Return the names of the first of some places; with the code where several bear one name."""
    twice = places["name"].duplicated(keep=False)
    return places["name"].where(~twice, places["name"] + " " + places[key])[which].head(_NAMED).tolist()


_OF_PROJECT = N_("{definition} Of a project: {fold}")
_MISSING = NP_(
    "{criterion}: not known of {n} place ({cells}). {reason}",
    "{criterion}: not known of {n} places ({cells}). {reason}",
)
_MISSING_MORE = NP_(
    "{criterion}: not known of {n} place ({cells} and {more} more). {reason}",
    "{criterion}: not known of {n} places ({cells} and {more} more). {reason}",
)
_MISSING_ALL = N_("{criterion}: not known of any place. {reason}")
