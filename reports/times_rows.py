"""Answers about resolution times as rows for people: the ranking of groups, and curves and cells as tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis import comparing
from analysis.funnel import FAR_ABOVE, FAR_BELOW
from base.text import N_, Sentence, Words, time_unit
from reports import times_words
from reports.standing import Heat, Trend
from reports.times import Curves
from reports.times_book import VERDICTS

RANKED = ("name", "n", "open", "past_due", "median", "share", "stands")
CURVE_TITLES = {
    "name": N_("Group"),
    "hours": N_("Hours"),
    "still_open": N_("Share not yet closed"),
    "low": N_("95% interval from"),
    "high": N_("95% interval to"),
    "followed": N_("Cases still open and followed"),
}
LATE = {FAR_ABOVE: N_("more late"), FAR_BELOW: N_("fewer late")}  # than chance gives
# What stands first in the ranking: what is slower or later than chance gives; few cases, which say little, stand last
_FIRST, _MIDDLE, _LAST, _FEW = range(4)


def ranked(groups: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the groups of `reports.times.groups` in the order of the ranking: months by time, all others by standing.

    Those slower than all others together, or with more late cases than chance gives, come first, the quicker ones
    behind the rest, groups of few cases last; the larger ones before the smaller ones.
    """
    if by == "month":
        return groups.sort_values("key", ascending=False, ignore_index=True)
    place = np.full(len(groups), _MIDDLE)
    place[groups["verdict"].eq(comparing.QUICKER) | groups["funnel"].eq(FAR_BELOW)] = _LAST
    place[groups["verdict"].eq(comparing.SLOWER) | groups["funnel"].eq(FAR_ABOVE)] = _FIRST
    place[groups["few"]] = _FEW
    order = groups.assign(place=place).sort_values(["place", "n", "key"], ascending=[True, False, True])
    return order.drop(columns="place").reset_index(drop=True)


def in_words(
    groups: pd.DataFrame, names: Mapping[str, str], *, clock: str, few_reports: int, words: Words
) -> pd.DataFrame:
    """Return the columns `RANKED` of groups, in the same order: figures with their intervals as a person reads them."""
    rows: Any = groups.to_dict("records")
    return pd.DataFrame(
        {
            "name": [names.get(row["key"], row["key"]) for row in rows],
            "n": groups["n"],
            "open": groups["open"],
            "past_due": groups["past_due"],
            "median": [_median(row, clock, words) for row in rows],
            "share": [_share(row, few_reports).say(words) for row in rows],
            "stands": [_stands(row, words) for row in rows],
        },
        columns=list(RANKED),
    )


def _median(row: Mapping[str, Any], clock: str, words: Words) -> str:
    """Return a median and its interval, which is in the unit of the median and so does not repeat it."""
    if not row["n"]:
        return "–"
    median = times_words.duration(row["median_hours"], clock).say(words)
    unit, _said = time_unit(row["median_hours"], times_words.work_day(clock))
    low, high = (words.number(row[name] / unit, 1) for name in ("low", "high"))
    if pd.isna(row["median_hours"]) or pd.isna(row["low"]):
        return median
    if pd.isna(row["high"]):
        return words("{median} ({low}+)", median=median, low=low)
    return words("{median} ({low}–{high})", median=median, low=low, high=high)


def _share(row: Mapping[str, Any], few_reports: int) -> Sentence:
    share = times_words.share(row, few_reports)
    if row["due"] < max(few_reports, 1):
        return share
    low, high = (times_words.percent(row[name]) for name in ("share_low", "share_high"))
    low = low.removesuffix("%")
    return Sentence(
        N_("{share} ({low}–{high}), {due} due"), {"share": share, "low": low, "high": high, "due": int(row["due"])}
    )


def _stands(row: Mapping[str, Any], words: Words) -> str:
    """Return how a group stands beside the others: its time, its late cases, or that it has few cases."""
    if row["few"]:
        return words("few cases")
    verdict, late = row["verdict"], row["funnel"]
    said = [words(VERDICTS[verdict])] if verdict in (comparing.SLOWER, comparing.QUICKER) else []
    said += [words(LATE[late])] if late in LATE else []
    return words.listed(said)


def one_limit(found: Curves) -> float | None:
    """Return the limit in hours that all cases of all curves have; None if they have several, or none."""
    hours = {limit.hours for limit in found.limits.values()}
    return hours.pop() if len(hours) == 1 and len(found.limits) == len(found.curves) else None


def limit_lines(found: Curves, names: Mapping[str, str], words: Words) -> list[str]:
    """Return a sentence for each curve whose cases all have one limit."""
    return [
        words("Limit of {name}: {limit}.", name=names.get(key, key), limit=limit.text)
        for key, limit in found.limits.items()
    ]


def curve_rows(found: Curves, names: Mapping[str, str]) -> pd.DataFrame:
    """Return curves as a table: a row for each time at which a case was closed; columns `CURVE_TITLES`."""
    parts = []
    for key, curve in found.curves.items():
        rows = pd.DataFrame(
            {
                "hours": curve.times,
                "still_open": curve.survival,
                "low": curve.low,
                "high": curve.high,
                "followed": curve.at_risk,
            }
        )
        parts.append(rows[curve.events > 0].assign(name=names.get(key, key)))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CURVE_TITLES))


def heat_rows(heat: Heat) -> pd.DataFrame:
    """Return a table of cells by hazard as rows for a figure: row (cell_id), column (hazard), value, n."""
    long = heat.table.drop(columns="name").melt("cell_id", var_name="column", value_name="value")
    n = heat.n.drop(columns="name").melt("cell_id", var_name="column", value_name="n")
    return long.merge(n, on=["cell_id", "column"]).rename(columns={"cell_id": "row"})


def heat_cells(heat: Heat, most: int) -> dict[str, str]:
    """Return cells by cell_id with their names, as they stand; if they are more than `most`, the fullest first."""
    cells = heat.table[["cell_id", "name"]]
    if len(cells) > most:
        n = heat.n.drop(columns=["cell_id", "name"]).sum(axis=1)
        cells = cells.loc[n.sort_values(ascending=False, kind="stable").index]
    return dict(zip(cells["cell_id"], cells["name"], strict=True))


def trend_rows(trend: Trend) -> pd.DataFrame:
    """Return the months as a figure draws them: the share in time under the names of `analysis.monthly`."""
    names = {"share_in_time": "within", "share_low": "within_low", "share_high": "within_high"}
    return trend.rows.rename(columns={**names, "share_settled": "within_settled"})


def late(cases: pd.DataFrame, words: Words) -> list[str]:
    """Return by how much each open case is past due; of the others what is known of that.

    Parameters
    ----------
    cases : DataFrame
        hours_past_due (below 0: not due yet; NaN: no deadline is known, or the case is closed) and due_at.
    """
    known = zip(cases["hours_past_due"], cases["due_at"].notna(), strict=True)
    return [
        ("" if due else words("no deadline known"))
        if pd.isna(hours)
        else words("not due yet")
        if hours < 0
        else words.duration(hours)
        for hours, due in known
    ]
