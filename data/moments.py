"""The times of a file's rows as the store needs them: what the file knows up to, what lies ahead, and the months."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.schema import NO_MONTH, TIME_FIELDS

_PAST = tuple(name for name in TIME_FIELDS if name != "target_at")  # times that have come when they are written down


def known_to(rows: pa.Table, zone: str, now: dt.datetime) -> str:
    """Return the latest time in the rows up to now, deadlines apart, in the zone; '' if there is none.

    Where lone years are all that is known, it is the end of the last year that is over.
    """
    found = [pc.max(rows[name].filter(pc.less_equal(rows[name], now))).as_py() for name in _PAST]
    latest = max((time for time in found if time is not None), default=None)
    if latest is None:
        years = [int(year) for year in pc.unique(rows["month"]).to_pylist() if year]
        ends = [pd.Timestamp(year + 1, 1, 1, tz=zone) - pd.Timedelta(seconds=1) for year in years]
        latest = max((end for end in ends if end <= now), default=None)
    return "" if latest is None else pd.Timestamp(latest).tz_convert(zone).isoformat()


def mark_future(rows: pa.Table, now: dt.datetime) -> pa.Table:
    """Return rows with a remark on those that hold a time after now, deadlines apart."""
    late = np.zeros(rows.num_rows, dtype=bool)
    for name in _PAST:
        late |= pc.fill_null(pc.greater(rows[name], now), False).to_numpy()
    marked = pc.utf8_trim_whitespace(pc.binary_join_element_wise(rows["remark"], "time-in-future", " "))
    return with_column(rows, "remark", pc.if_else(pa.array(late), marked, rows["remark"]))


def months(rows: pa.Table, zone: str) -> pa.Array:
    """Return the months of the report times in the zone; a lone year stays what it is."""
    local = pd.Series(rows["reported_at"].to_pandas()).dt.tz_convert(zone)
    year, month = local.dt.year, local.dt.month
    code = (year * 12 + month - 1).fillna(-1).astype("int64")
    unique, inverse = np.unique(code.to_numpy(), return_inverse=True)
    names = [NO_MONTH if one < 0 else f"{one // 12:04d}-{one % 12 + 1:02d}" for one in unique.tolist()]
    named = pa.array(names, pa.string()).take(pa.array(inverse))
    lone = pc.and_(pc.is_null(rows["reported_at"]), pc.not_equal(rows["month"], ""))
    return pc.if_else(lone, rows["month"], named).combine_chunks()


def with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Return rows with other values in a column that they have."""
    return rows.set_column(rows.column_names.index(name), name, values)
