"""How many events come on the households, roads or covers of each cell: raw rates beside smoothed ones; no claim.

Rates are of events, never of calls: their intervals take what is counted for independent.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.hotspots import AREA, EQUAL
from analysis.rates import FEW, NO_EXPOSURE, Rates, estimate_rates
from base.errors import HazardError
from base.text import N_, Words
from data.dataset import Dataset
from data.schema import EXPOSURES, Scope
from reports.answers import HotSpots, cells_of

RATES = ("raw", "low", "high", "smoothed")  # columns in events per so much exposure
MOST_FEW = 20  # events on which a rate is off by 22% (its relative standard error)
PER = {"households": 1_000.0, "population": 1_000.0, "road_km": 1.0, "covers": 100.0, AREA: 1.0}
PER_WHAT = {  # what a rate is told in
    "households": N_("Events per 1,000 households"),
    "population": N_("Events per 1,000 people"),
    "road_km": N_("Events per km of road"),
    "covers": N_("Events per 100 covers"),
    AREA: N_("Events per km²"),
}


_TITLES = {
    "households": N_("Households"),
    "population": N_("Population"),
    "road_km": N_("Road (km)"),
    "covers": N_("Covers"),
    AREA: N_("Area (km²)"),
}
MARKS = {
    FEW: N_("few events"),
    NO_EXPOSURE: N_("no figure"),
}
NO_EXPOSURE_HERE = N_(
    "A rate needs something to reckon it by: load households, population, km of road or covers of each cell on the "
    "Data page, or choose the area under “Expected by”."
)


@dataclass(frozen=True)
class CellRates:
    """The rates of the cells of a scope, in events per `per` of the exposure named `unit`; the largest smoothed first.

    `cells` has cell_id, name, events, exposure, raw with low and high (95%), smoothed and mark: "few" where there are
    too few events to carry a rate, "no_exposure" where there is nothing to divide by (NaN), or "". `few` and `missing`
    count them. `anew` cells were drawn anew within the period: their rates stand on their exposure times the part of
    the period since then.
    """

    unit: str
    per: float
    overall: float
    few: int
    missing: int
    cells: pd.DataFrame
    anew: int


def rates(dataset: Dataset, scope: Scope, spots: HotSpots, *, exposure: str = "auto") -> CellRates | None:
    """Return the rates of the cells of a scope; None where there is no exposure to reckon them by.

    Parameters
    ----------
    spots : HotSpots
        Of the same scope: its events are counted once for a screen.
    exposure : str
        "auto": the exposure that most cells have, the first of households, population, road_km and covers among
        equals. A name, "area" too: that one. "equal" is none. Cells without it have no rate, and are marked.

    Raises
    ------
    HazardError
        ``exposure-unknown``.
    """
    cells = cells_of(dataset, scope)
    columns = {name: cells[name].to_numpy(float) for name in EXPOSURES} | {AREA: cells["area_km2"].to_numpy(float)}
    known = {name: np.where(np.isfinite(values) & (values > 0), values, np.nan) for name, values in columns.items()}
    if exposure not in ("auto", EQUAL, *known):
        names = ", ".join(("auto", EQUAL, *known))
        raise HazardError(
            "exposure-unknown", "There is no exposure named {exposure}; known: {known}.", exposure=exposure, known=names
        )
    unit = max(EXPOSURES, key=lambda name: np.isfinite(known[name]).sum()) if exposure == "auto" else exposure
    if unit == EQUAL or not np.isfinite(known[unit]).any():
        return None
    part = np.ones(len(cells)) if spots.drawn is None else spots.drawn.part(known[unit])
    found = estimate_rates(spots.cells["events"].to_numpy(), known[unit] * part, unit=unit, per=PER[unit], few=MOST_FEW)
    return CellRates(
        unit=unit,
        per=found.per,
        overall=found.overall,
        few=found.marks.count(FEW),
        missing=found.marks.count(NO_EXPOSURE),
        cells=_ordered(cells, found, known[unit]),
        anew=int((part < 1).sum()),
    )


def _ordered(cells: pd.DataFrame, found: Rates, exposure: NDArray[np.float64]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "cell_id": cells["cell_id"],
            "name": cells["name"],
            "events": found.events,
            "exposure": exposure,
            "raw": found.raw,
            "low": found.low,
            "high": found.high,
            "smoothed": found.smoothed,
            "mark": found.marks,
        }
    )
    order = ["smoothed", "events", "cell_id"]
    return frame.sort_values(order, ascending=[False, False, True], na_position="last").reset_index(drop=True)


def titles(found: CellRates) -> dict[str, str]:
    """Return the titles of the columns of rates, as messages."""
    return {
        "cell_id": N_("Code"),
        "name": N_("Name"),
        "events": N_("Events"),
        "exposure": _TITLES[found.unit],
        "raw": PER_WHAT[found.unit],
        "low": N_("95% interval from"),
        "high": N_("95% interval to"),
        "smoothed": N_("Smoothed"),
        "mark": N_("Remark"),
    }


SHORT = {"raw": N_("Raw rate"), "low": N_("95% from"), "high": N_("95% to")}  # titles where the unit stands above


def sentences(found: CellRates, words: Words) -> list[str]:
    """Return what the rates are, what smoothing does, and of how many cells the events or the exposure are wanting."""
    lines = [
        words("{per}: {rate} over all cells.", per=words(PER_WHAT[found.unit]), rate=found.overall),
        words(
            "The raw rate stands with its exact 95% interval. The smoothed one draws each cell towards the rate of all "
            "cells, the more, the less it stands on (empirical Bayes): small cells no longer lead the list by chance, "
            "but a true small hot spot is drawn in too. The order of rates is no claim."
        ),
    ]
    if found.few:
        lines.append(
            words.plural(
                "{n} cell has {most} events or fewer and is marked: its rate is off by a fifth or more by "
                "chance alone.",
                "{n} cells have {most} events or fewer and are marked: their rates are off by a fifth or more by "
                "chance alone.",
                found.few,
                most=MOST_FEW,
            )
        )
    if found.missing:
        lines.append(
            words.plural(
                "{n} cell has no such figure, or none above zero, and no rate.",
                "{n} cells have no such figure, or none above zero, and no rate.",
                found.missing,
            )
        )
    if found.anew:
        lines.append(
            words.plural(
                "{n} cell was drawn anew within the period: its rate is reckoned on the part of it since then.",
                "{n} cells were drawn anew within the period: their rates are reckoned on the part of it since then.",
                found.anew,
            )
        )
    return lines


def rates_json(found: CellRates | None) -> list[dict[str, object]] | None:
    """Return the rates as the command line gives them, missing numbers as null; null where there is no exposure."""
    if found is None:
        return None
    rows = found.cells.drop(columns="name")
    rows.insert(3, "unit", found.unit)
    rows.insert(4, "per", found.per)
    plain = rows.astype(object).mask(rows.isna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
