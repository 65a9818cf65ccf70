"""Which cases were voided (作废) and which sent back (返工): the moments and marks by which it is told."""

from dataclasses import replace

import numpy as np
import pandas as pd

from data.dataset import Dataset
from data.groups import each
from data.schema import Scope
from data.seen import Seen
from data.timing import says
from data.views import View

_HOUR_US = 3_600_000_000


def void_times(dataset: Dataset, scope: Scope, *, handling: str | None = "") -> pd.DataFrame:
    """Return reported_at, voided_at and as_of of the known cases, voided ones too (microseconds, `NEVER` for none)."""
    view = View.of(dataset, replace(scope, voided=True))

    def take(seen: Seen) -> pd.DataFrame:
        kept = seen.known & seen.handled_as(handling)
        as_of = np.broadcast_to(seen.as_of, seen.n)
        found = {"reported_at": seen.reported, "voided_at": seen["voided_at"], "as_of": as_of}
        return pd.DataFrame({name: at[kept] for name, at in found.items()})

    return _joined(each(view, view.for_states() | {"reported_at", "voided_at"}, take))


def rework(dataset: Dataset, scope: Scope, *, handling: str | None = "") -> pd.DataFrame:
    """Return hours, resolved and reworked (1 or 0; NaN: not told) of the cases of `data.timing.durations`."""
    view = View.of(dataset, scope)

    def take(seen: Seen) -> pd.DataFrame:
        kept = seen.clocked & seen.handled_as(handling)
        until = np.where(seen.open, seen.as_of, seen.closed)
        told = np.where(seen["reworked"] < 0, np.nan, says(seen, "reworked"))
        found = {"hours": (until - seen.reported) / _HOUR_US, "resolved": ~seen.open, "reworked": told}
        return pd.DataFrame({name: values[kept] for name, values in found.items()})

    return _joined(each(view, view.for_states() | {"reworked"}, take))


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    some = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame()
