"""When a case is due, and why, or why nobody can tell."""

import pyarrow as pa
import pyarrow.compute as pc

from data.dataset import Dataset
from data.moments import with_column


def assign(rows: pa.Table, dataset: Dataset) -> pa.Table:
    """Return incidents with the columns `data.schema.LIMIT_COLUMNS`, by the tables and settings of a version."""
    given = pc.is_valid(rows["target_at"])
    rows = with_column(rows, "due_at", rows["target_at"])
    rows = with_column(rows, "due_from", pc.if_else(given, "file", "no-limit"))
    return with_column(rows, "handling", pa.repeat(pa.scalar(""), rows.num_rows))
