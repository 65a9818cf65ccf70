"""How groups stand beside each other: the funnel of late cases, the table cell by hazard, the trend by month."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis import funnel as funnels
from analysis import monthly
from analysis.funnel import ABOVE, BELOW, FAR_ABOVE, FAR_BELOW
from base.errors import HazardError
from base.text import N_, NP_, Listed, Sentence
from data import timing
from data.dataset import Dataset
from data.schema import HAZARDS, Scope
from reports import answers, times
from reports.times import ORDINARY, RAW, Asked

MEASURES = {
    "share_in_time": N_("Share in time"),
    "median_hours": N_("Median time to close"),
}
WORDS = {  # of a funnel
    FAR_ABOVE: N_("more late than chance gives"),
    ABOVE: N_("rather more late"),
    "within": N_("within chance"),
    BELOW: N_("rather fewer late"),
    FAR_BELOW: N_("fewer late than chance gives"),
    "no_cases": N_("none due"),
}
_FOLLOWED = 1e9  # hours: of a month without an open case, for nothing of it can change
_MOST_NAMED = 3


@dataclass(frozen=True)
class FunnelOf:
    """The funnel of late cases among those due, by cell or unit.

    `rows`, in the order of `funnel`: key, name (of a cell; else the key), due, late, share, inner_low, inner_high,
    outer_low, outer_high, word (see `WORDS`). A cell of the scope without a case due has a row too.
    """

    rows: pd.DataFrame
    funnel: funnels.Funnel | None  # None where nothing was due
    sentences: tuple[Sentence, ...]
    caveats: tuple[Sentence, ...] = ()  # those of the sentences without which no word of a cell stands


@dataclass(frozen=True)
class Heat:
    """A measure of each cell and hazard.

    `table`: cell_id, name, and a column for each hazard; NaN where there is nothing to tell. `n` has the same columns:
    the cases that a value rests on (those due, of a share).
    """

    measure: str
    table: pd.DataFrame
    n: pd.DataFrame
    few: int  # fewer cases: drawn pale
    sentence: Sentence


@dataclass(frozen=True)
class Trend:
    """The months of report, without gaps.

    `rows`: month, n, open, median_hours, low, high, median_settled, at_least_hours; decided (cases with a deadline),
    due, in_time, share_in_time, share_low, share_high, share_settled (no case can still come to it).
    `caveats` must stand beside them.
    """

    rows: pd.DataFrame
    sentence: Sentence
    caveats: tuple[Sentence, ...] = ()


def funnel(dataset: Dataset, scope: Scope, by: str = "cell", *, handling: str = ORDINARY) -> FunnelOf:
    """Return the late cases of each cell or unit among those due, and the limits that chance keeps to.

    Raises
    ------
    HazardError
        ``key-unknown`` for another key.
    """
    if by not in times.FUNNELS:
        raise HazardError("key-unknown", "{key} is none of {keys}.", key=by, keys=", ".join(times.FUNNELS))
    found = times.figures(dataset, scope, by, handling=handling)
    rows, drawn = times.late_shares(dataset, scope, by, found)
    if drawn is None:
        return FunnelOf(rows, None, (Sentence(N_("No case was due, so there is nothing to compare.")),))
    limits = ("share", "inner_low", "inner_high", "outer_low", "outer_high")
    rows = rows.assign(**{name: getattr(drawn, name) for name in limits}, word=drawn.words)
    if (rows["due"] > 0).sum() == 1:
        alone = Sentence(_ALONE[by])
        return FunnelOf(rows, drawn, (alone,))
    caveats = _caveats(drawn, scope)
    return FunnelOf(rows, drawn, (_of_funnel(rows, drawn, by), *caveats), caveats)


def caveats(dataset: Dataset, scope: Scope, asked: Asked, groups: pd.DataFrame) -> tuple[Sentence, ...]:
    """Return what must stand below groups (of `reports.times.groups`), such as where any is called far from chance."""
    said = [*_zero_work(dataset, scope, asked), *_open_ended(groups)]
    if asked.by == "month":
        said += _mixed(scope)
    elif asked.by in times.FUNNELS and groups["funnel"].isin((FAR_ABOVE, FAR_BELOW)).any():
        said += funnel(dataset, scope, asked.by, handling=asked.handling).caveats
    return tuple(said)


def _zero_work(dataset: Dataset, scope: Scope, asked: Asked) -> list[Sentence]:
    found = times.zero_work(dataset, scope, asked)
    return [] if found is None else [found]


def _open_ended(groups: pd.DataFrame) -> list[Sentence]:
    """Return what a plus in an interval means, where a median of the groups has no upper limit."""
    if not (groups["median_hours"].notna() & groups["low"].notna() & groups["high"].isna()).any():
        return []
    return [
        Sentence(N_("A plus in an interval: its upper end cannot be told, for the cases are too few or still open."))
    ]


_ALONE = {
    "cell": N_("Only one cell had cases due, so there is nothing to compare."),
    "unit": N_("Only one handling unit had cases due, so there is nothing to compare."),
}
_NONE_FAR = {
    "cell": N_("Of {n} cells with cases due none has more late ones than chance gives."),
    "unit": N_("Of {n} handling units with cases due none has more late ones than chance gives."),
}
_SOME_FAR = {
    "cell": N_(
        "Of {n} cells with cases due {far} have more late ones than chance gives cells with as many cases "
        "(first: {names}); if all were alike, {chance} would lie beyond the outer limits."
    ),
    "unit": N_(
        "Of {n} handling units with cases due {far} have more late ones than chance gives units with as many cases "
        "(first: {names}); if all were alike, {chance} would lie beyond the outer limits."
    ),
}


def _of_funnel(rows: pd.DataFrame, drawn: funnels.Funnel, by: str) -> Sentence:
    based = rows[rows["due"] > 0]
    far = based[based["word"] == FAR_ABOVE].sort_values("share", ascending=False)
    fields: dict[str, Any] = {
        "n": len(based),
        "far": len(far),
        "names": Listed(far["name"].head(_MOST_NAMED)),
        "chance": round(drawn.by_chance, 2),
        "better": int((based["word"] == FAR_BELOW).sum()),
    }
    return Sentence(_SOME_FAR[by] if len(far) else _NONE_FAR[by], fields)


def _caveats(drawn: funnels.Funnel, scope: Scope) -> tuple[Sentence, ...]:
    said = []
    if drawn.overdispersed:
        said.append(
            Sentence(
                N_(
                    "The groups differ by more than chance throughout, as groups that handle different things do, or "
                    "nights on which many cases come at once: to lie beyond a limit then singles nobody out."
                )
            )
        )
    if len(scope.hazards) != 1:
        said.append(
            Sentence(N_("The hazards have limits of their own: choose one hazard, so that like is set against like."))
        )
    return tuple(said)


def heat(
    dataset: Dataset, scope: Scope, *, measure: str = "share_in_time", clock: str = RAW, handling: str = ORDINARY
) -> Heat:
    """Return a measure of each cell and hazard.

    Raises
    ------
    HazardError
        ``measure-unknown`` for one that is none of `MEASURES`; ``no-boundary``.
    """
    if measure not in MEASURES:
        raise HazardError("measure-unknown", "{name} is none of {known}.", name=measure, known=", ".join(MEASURES))
    cells = answers.cells_of(dataset, scope)
    table, n = (cells[["cell_id", "name"]].copy() for _ in range(2))
    for hazard in HAZARDS:
        if scope.hazards and hazard not in scope.hazards:
            continue
        found = times.medians(dataset, replace(scope, hazards=(hazard,)), "cell", clock=clock, handling=handling)
        found = found.set_index("key").reindex(cells["cell_id"])
        behind = found["due" if measure == "share_in_time" else "n"].fillna(0).to_numpy(np.int64)
        table[hazard], n[hazard] = found[measure].to_numpy(float), behind
    few = int(dataset.settings["few_reports"])
    fields = n.drop(columns=["cell_id", "name"]).to_numpy()
    said = {"n": int((fields > 0).sum()), "few": few, "pale": int(((fields > 0) & (fields < few)).sum())}
    if not said["n"]:
        sentence = Sentence(N_("No cell has a case to tell it of."))
    elif measure == "share_in_time":
        sentence = Sentence(
            N_("{n} pairs of cell and hazard have cases due; {pale} of them rest on fewer than {few} and are pale."),
            said,
        )
    else:
        sentence = Sentence(
            N_("{n} pairs of cell and hazard have cases; {pale} of them rest on fewer than {few} and are pale."), said
        )
    return Heat(measure, table, n, few, sentence)


def trend(dataset: Dataset, scope: Scope, asked: Asked) -> Trend:
    """Return medians and shares in time by month of report, months that can still change marked as not settled.

    The median of a month is settled once more than half of its cases were closed within the time for which every case
    was followed. Its share in time is settled once all of its cases that have a deadline were due and none without one
    is open, for that may get one yet: when it is dispatched, or goes on after a hold. Nothing that is still to come
    changes them then, late imports and reopened cases apart.
    """
    times.check(asked)
    histogram = timing.durations(dataset, scope, "month", clock=asked.clock, handling=asked.handling)
    over = _over(dataset, scope, histogram)
    rows = monthly.month_trend(histogram, followed_hours=_followed(histogram, over))
    found = times.figures(dataset, scope, "month", clock=asked.clock, handling=asked.handling)
    shares = ["decided", "due", "in_time", "share_in_time", "share_low", "share_high"]
    rows = rows.drop(columns=["within", "within_low", "within_high", "within_settled"]).merge(
        found[["key", *shares, "open_undecided"]].rename(columns={"key": "month"}), on="month", how="left"
    )
    counts = dict.fromkeys(("decided", "due", "in_time", "open_undecided"), 0)
    rows = rows.fillna(counts).astype(dict.fromkeys(counts, "int64"))
    known = np.array([over.get(month, True) for month in rows["month"]], dtype=bool)
    settled = known & (rows["due"] > 0) & (rows["due"] == rows["decided"]) & (rows["open_undecided"] == 0)
    rows = rows.drop(columns="open_undecided").assign(share_settled=settled)
    return Trend(rows, _of_trend(rows), _mixed(scope) if rows["n"].sum() else ())


def _mixed(scope: Scope) -> tuple[Sentence, ...]:
    """Return what must stand beside months in which several hazards are counted together."""
    if len(scope.hazards) == 1:
        return ()
    return (
        Sentence(
            N_(
                "The hazards take different times, and their mix differs from month to month: choose one hazard to see "
                "whether handling itself became quicker."
            )
        ),
    )


def _over(dataset: Dataset, scope: Scope, histogram: pd.DataFrame) -> dict[str, bool]:
    """Return which months are known to their ends by all sources that have a case in them."""
    ends = [
        pd.Timestamp(min(filter(None, (own, scope.as_of)))).tz_convert(ZoneInfo(dataset.zone))
        for source, own in dataset.sources.items()
        if own is not None and (not scope.sources or source in scope.sources)
    ]
    found = {}
    for month in histogram["key"].unique():
        start = pd.Timestamp(f"{month}-01", tz=ZoneInfo(dataset.zone))
        over = start + pd.offsets.MonthBegin()
        found[str(month)] = all(end >= over for end in ends if end >= start)
    return found


def _followed(histogram: pd.DataFrame, over: dict[str, bool]) -> dict[str, float]:
    """Return for how long every case of a month was followed: as long as the open ones, the others to their ends."""
    still = histogram[~histogram["resolved"]].groupby("key", observed=True)["minutes"].min() / 60
    return {month: float(still.get(month, _FOLLOWED)) if known else 0.0 for month, known in over.items()}


def _of_trend(rows: pd.DataFrame) -> Sentence:
    some = rows[rows["n"] > 0]
    if not len(some):
        return Sentence(N_("There is no case here of which a duration is known."))
    moving = some[~some["median_settled"]]
    if not len(moving):
        return Sentence(
            NP_(
                "The median of the only month is settled: what is still open cannot change it.",
                "The medians of all {n} months are settled: what is still open cannot change them.",
            ),
            {"n": len(some)},
        )
    return Sentence(
        N_(
            "Open cases count for as long as they have been open. Where they can still change the median of a month it "
            "is not drawn but told as “at least” (here of {n} of {all} months): so unfinished months make no fall at "
            "the end."
        )
        if len(some) > 1
        else N_(
            "Open cases count for as long as they have been open. They can still change the median of the only month, "
            "so it is not drawn but told as “at least”."
        ),
        {"n": len(moving), "all": len(some)},
    )
