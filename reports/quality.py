"""The quality report in words: what is missing, odd or doubtful in the data, by source, each item with its rows."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from base.errors import HazardError
from base.text import N_, Sentence, Term, Words
from data import quality, queries
from data.dataset import Dataset
from data.faraway import km_text
from data.schema import FIELD_TITLES, REASONS, Scope
from reports import answers, repeats

SENTENCES = {
    **{f"missing-{name}": N_("{n} of {of} incidents: “{field}” is missing") for name in quality.MISSING},
    "no-location": N_("{n} of {of} incidents have no usable location"),
    "outside": N_("{n} of {of} incidents lie outside the boundary"),
    "far-outside": N_(
        "{n} of {of} incidents lie more than {far} km outside the boundary; the farthest is case {case}, {km} km"
    ),
    "near": N_("{n} of {of} incidents lie just outside a cell and count in the nearest one"),
    "one-spot": N_("{n} of {of} incidents lie on one spot with many others of different addresses: not located?"),
    "zero-point": N_("{n} of {of} incidents lie at longitude 0, latitude 0: not located"),
    "cell-centre": N_("{n} of {of} incidents lie with many others on the very centre of a cell: not located?"),
    "closed-before-reported": N_("{n} of {of} incidents were closed before they were reported"),
    "stages-out-of-order": N_("{n} of {of} incidents have a step of handling before the one that comes before it"),
    "time-in-future": N_("{n} of {of} incidents hold a time later than their import"),
    "year-only": N_("{n} of {of} incidents: of the report only the year is known"),
    "closed-at-once": N_("{n} of {of} incidents were closed in the very second in which they were reported"),
    "closed-first-quarter-hour": N_("{n} of {of} incidents were closed less than 15 minutes after the report"),
    "bulk-closure": N_("{n} of {of} incidents were closed in the same minute as many others ({minutes} such minutes)"),
    "other-type": N_("{n} of {of} incidents are of a type that is none of the three hazards"),
    "hashed-id": N_("{n} of {of} incidents came without a case number and got one that is made of their report"),
    "probable-repeats": N_("{n} of {of} located incidents probably repeat one another: {groups} groups, all kept"),
    "silent-cells": N_("{n} of {of} cells never reported anything while a neighbour did"),
}
_REJECTED = N_("{n} of {of} rows were not taken: {reason}")
_SETTLED = N_("{of} rows had to be corrected: {n} are settled since, {open} are open")
QUALITY_TITLES = {
    "source": N_("Source"),
    "sentence": N_("What is odd"),
    "n": N_("Rows"),
    "of": N_("Of"),
    "share": N_("Share"),
}


def quality_items(dataset: Dataset, words: Words) -> pd.DataFrame:
    """Return every item of the report, of all sources together and, where there are several, of each.

    Returns
    -------
    DataFrame
        code, source (None: all), n, of, share (n / of; NaN of nothing), sentence; in the order of SENTENCES, the
        rejected rows by their reason last.
    """
    found = quality.check_quality(dataset)
    again = repeats.find_repeats(dataset)
    grouped = again.members["source"].value_counts()
    calls = pd.DataFrame(
        [("probable-repeats", source, int(grouped.get(source, 0)), of) for source, of in again.looked_at.items()],
        columns=["code", "source", "n", "of"],
    )
    counts = pd.concat([found.counts, calls], ignore_index=True)
    every = counts.groupby("code", as_index=False)[["n", "of"]].sum().assign(source=None)
    parts = [every, counts if len(dataset.sources) > 1 else counts.head(0)]
    if dataset.levels:
        silent, cells = silent_cells(dataset), dataset.levels[-1].cells
        parts.insert(1, pd.DataFrame([{"code": "silent-cells", "source": None, "n": len(silent), "of": cells}]))
    items = pd.concat([part.astype({"source": object}) for part in parts], ignore_index=True)
    order = {code: place for place, code in enumerate(SENTENCES)}
    items["place"] = items["code"].map(order).fillna(len(order))
    items["first"] = items["source"].notna()
    items = items.sort_values(["place", "code", "first", "source"], ignore_index=True)
    items["share"] = items["n"] / items["of"].where(items["of"] > 0)
    groups = again.members.groupby("source")["group"].nunique()
    minutes = found.minutes["source"].value_counts()
    items["source"] = items["source"].astype(object).mask(items["source"].isna(), None)
    far = pd.concat([found.far.head(1).assign(source=None), found.far])
    farthest = {source: (case, km_text(km)) for source, case, km in far[["source", "incident_id", "km"]].to_numpy()}
    rows: list[Any] = list(items.itertuples())
    items["sentence"] = [
        _sentence(
            row.code,
            {
                "n": row.n,
                "of": row.of,
                "groups": len(again.groups) if row.source is None else int(groups.get(row.source, 0)),
                "far": dataset.settings["far_km"],
                **dict(zip(("case", "km"), farthest.get(row.source, ("-", 0)), strict=True)),
                "minutes": len(found.minutes) if row.source is None else int(minutes.get(row.source, 0)),
            },
        ).say(words)
        for row in rows
    ]
    return items[["code", "source", "n", "of", "share", "sentence"]]


def _sentence(code: str, facts: dict[str, Any]) -> Sentence:
    if code.startswith(quality.REJECTED):
        reason = code.removeprefix(quality.REJECTED)
        if reason == quality.SETTLED:
            return Sentence(_SETTLED, {**facts, "open": facts["of"] - facts["n"]})
        said: Any = Sentence(REASONS[reason], {"value": "…", "column": "…"}) if reason in REASONS else reason
        return Sentence(_REJECTED, {**facts, "reason": said})
    if (name := code.removeprefix("missing-")) in FIELD_TITLES:
        facts = {**facts, "field": Term(FIELD_TITLES[name])}
    return Sentence(SENTENCES[code], facts)


def quality_rows(dataset: Dataset, code: str, source: str | None = None, limit: int | None = 200) -> pd.DataFrame:
    """Return the rows behind an item: incidents; rejected rows; cells; for repeats with the number of their `group`.

    Raises
    ------
    HazardError
        ``quality-item-unknown``.
    """
    if code == "silent-cells":
        cells = silent_cells(dataset)
        return cells.head(limit) if limit is not None else cells
    if code == "probable-repeats":
        members = repeats.find_repeats(dataset).members
        if source is not None:
            members = members[members["source"] == source]
        # the largest groups come first, and only rows that can be shown are looked up
        return quality.rows_of(dataset, repeats.key_table(members.head(limit) if limit is not None else members), limit)
    if code not in SENTENCES and not code.startswith(quality.REJECTED):
        raise HazardError(
            "quality-item-unknown",
            "{code} is no item of the report. Items: {known}.",
            code=code,
            known=", ".join([*SENTENCES, f"{quality.REJECTED}…"]),
        )
    return quality.quality_rows(dataset, code, source, limit)


def silent_cells(dataset: Dataset) -> pd.DataFrame:
    """Return the cells of the finest level that never reported while a neighbour did: cell_id, name, parent, area_km2.

    Cells in the middle of a silent part of the boundary are left out: nobody reports there, or the file does not cover
    it.
    """
    level = dataset.levels[-1].name if dataset.levels else ""
    cells = dataset.cells(level)
    silent = cells["cell_id"].isin(answers.silent_cells(dataset, level)).to_numpy()
    heard = queries.counts(dataset, Scope(level=level, voided=True), ["cell"])["cell_id"].dropna()
    shapes = cells.geometry.to_numpy()
    reporting = shapes[cells["cell_id"].isin(heard).to_numpy()]
    beside = np.unique(shapely.STRtree(reporting).query(shapes[silent], predicate="intersects")[0])
    chosen = np.flatnonzero(silent)[beside]
    return pd.DataFrame(cells[["cell_id", "name", "parent", "area_km2"]].iloc[chosen]).reset_index(drop=True)
