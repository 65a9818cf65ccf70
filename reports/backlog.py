"""The open cases: how far past due they are, and which are the worst; and where the time of cases goes, by stage."""

from dataclasses import dataclass

import pandas as pd

from base.text import N_, Sentence
from data.dataset import Dataset
from data.schema import Scope
from reports.times import ORDINARY


@dataclass(frozen=True)
class Ageing:
    """Open cases by how far past due they are: `rows` as `analysis.ageing.count_ages`, `overall` its one row of all."""

    rows: pd.DataFrame
    overall: pd.Series
    sentence: Sentence


@dataclass(frozen=True)
class Worst:
    """The worst open cases.

    `rows`: the columns of `data.listing.incidents`, with hours_past_due (NaN: not known) and open_days.
    """

    rows: pd.DataFrame
    sentence: Sentence


@dataclass(frozen=True)
class Waterfall:
    """The stages of cases: `rows` as `analysis.stages.waterfall`, with names of the stages in `sentence`'s words."""

    rows: pd.DataFrame
    sentence: Sentence


def ageing(dataset: Dataset, scope: Scope, by: str | None = None, *, handling: str = ORDINARY) -> Ageing:
    """Return the open cases by how far past due they are."""
    return Ageing(pd.DataFrame(), pd.Series(dtype=object), Sentence(N_("No case is open.")))


def worst(dataset: Dataset, scope: Scope, *, limit: int = 200, handling: str = ORDINARY) -> Worst:
    """Return the open cases furthest past due, then those open for longest."""
    return Worst(pd.DataFrame(), Sentence(N_("No case is open.")))


def waterfall(dataset: Dataset, scope: Scope, *, handling: str = ORDINARY) -> Waterfall:
    """Return how long cases stay in each stage."""
    return Waterfall(pd.DataFrame(), Sentence(N_("No case is open.")))
