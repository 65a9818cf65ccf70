"""What would come in, before anything is stored: its months, its cells, and points enough for a map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.schema import Level

MOST_POINTS = 2000


def by_month(rows: pa.Table) -> dict[str, int]:
    """Return how many incidents each month holds ('none' without a report time), in order."""
    return dict(sorted((one["values"], one["counts"]) for one in pc.value_counts(rows["month"]).to_pylist()))


def preview(rows: pa.Table, levels: Sequence[Level]) -> dict[str, Any]:
    """Return what a map of incidents needs that are not stored yet.

    Returns
    -------
    dict
        level (name of the finest, '' without boundaries); cells: cell_id -> incidents in it; points: a frame of lon,
        lat (WGS 84), hazard and cell_id (None outside) of at most MOST_POINTS located incidents, evenly taken from all;
        located: how many there are.
    """
    finest = levels[-1] if levels else None
    cell = rows[finest.column] if finest else pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    counts = pc.value_counts(cell.drop_null()).to_pylist()
    located = np.flatnonzero(pc.is_valid(rows["lon"]).to_numpy(zero_copy_only=False))
    chosen = located[np.linspace(0, len(located) - 1, min(len(located), MOST_POINTS)).astype(int)]
    points = pa.table({**{name: rows[name] for name in ("lon", "lat", "hazard")}, "cell_id": cell}).take(chosen)
    return {
        "level": finest.name if finest else "",
        "cells": {one["values"]: one["counts"] for one in sorted(counts, key=lambda one: str(one["values"]))},
        "points": points.to_pandas(),
        "located": len(located),
    }
