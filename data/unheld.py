"""What holds (挂账) change: cases that were on hold, judged by their deadlines and as if there had been no hold."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from data.dataset import Dataset
from data.deadlines import assign
from data.facts import NEVER
from data.groups import each
from data.moments import with_column
from data.schema import INCIDENT_COLUMNS, Scope
from data.seen import Seen
from data.tables import TABLES
from data.views import View

_HOLDS = ("paused_at", "resumed_at", "paused_minutes")
_COLUMNS = tuple(name for name in INCIDENT_COLUMNS if name != "month")


class Held(NamedTuple):
    """Cases that were on hold by the as-of time, how many of them were due and in time, and would be without holds."""

    cases: int
    due: int
    in_time: int
    due_without: int
    in_time_without: int


def count_held(dataset: Dataset, scope: Scope, *, handling: str | None = "") -> Held:
    """Return the cases of a scope with a hold whose time is known, those aside that `data.timing.apart` counts.

    Their deadlines without the holds are reckoned anew by `data.deadlines`; a postponement stays, for it was granted.
    """
    view = View.of(dataset, scope)
    imports = {one.import_id: one.options for one in dataset.imports}

    def count(seen: Seen) -> tuple[int, ...]:
        held = (seen["paused_at"] <= seen.as_of) | (seen["paused_minutes"] > 0)
        rows = np.flatnonzero(held & seen.handled_as(handling) & seen.judged)
        if not len(rows):
            return 0, 0, 0, 0, 0
        stored = seen.part.take(seen.positions[rows], _COLUMNS)
        for name in _HOLDS:
            kind = TABLES["incidents"].schema.field(name).type
            stored = with_column(stored, name, pa.nulls(stored.num_rows, kind))
        renewed = assign(stored, dataset, imports)["due_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        free = renewed.fill_null(NEVER).to_numpy()
        as_of, ended = np.broadcast_to(seen.as_of, seen.n)[rows], seen.ended[rows]
        due, without = seen.due[rows], free <= as_of
        counted = (due, due & seen.met[rows], without, without & (ended <= free))
        return len(rows), *(int(np.count_nonzero(one)) for one in counted)

    needed = view.for_deadlines() | {"paused_at", "paused_minutes", "handling"}
    found = each(view, needed, count)
    return Held(*(sum(part[at] for part in found) for at in range(5)))
