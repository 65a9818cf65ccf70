"""When a case is due, and why, or why nobody can tell."""

import pyarrow as pa
import pyarrow.compute as pc

from data.dataset import Dataset
from data.merging import rewrite
from data.moments import with_column
from data.store import Change


def assign(rows: pa.Table, dataset: Dataset) -> pa.Table:
    """Return incidents with the columns `data.schema.LIMIT_COLUMNS`, by the tables and settings of a version."""
    given = pc.is_valid(rows["target_at"])
    rows = with_column(rows, "due_at", rows["target_at"])
    rows = with_column(rows, "due_from", pc.if_else(given, "file", "no-limit"))
    return with_column(rows, "handling", pa.repeat(pa.scalar(""), rows.num_rows))


def renew(change: Change) -> int:
    """Reckon anew when all stored cases are due, by the tables as the change leaves them; return how many changed."""
    if "incidents" not in change.before.named.tables:
        return 0
    draft, changed = change.draft(), 0

    def again(rows: pa.Table) -> pa.Table:
        nonlocal changed
        renewed = assign(rows, draft)
        same = pc.equal(rows["due_at"], renewed["due_at"])
        both = pc.and_(pc.is_null(rows["due_at"]), pc.is_null(renewed["due_at"]))
        changed += rows.num_rows - (pc.sum(pc.or_(pc.fill_null(same, False), both)).as_py() or 0)
        return renewed

    rewrite(change, again)
    return changed
