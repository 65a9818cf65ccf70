"""Every case of a scope with what the figures of `data.timing` make of it, so that each number can be traced."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from data import listing
from data.dataset import Dataset
from data.facts import NEVER
from data.schema import ENGINEERING, ON_SPOT, Scope
from data.seen import UNKNOWN, Seen, times
from data.timing import for_marks, marks, minutes_of
from data.views import View

IN_TIME, LATE, NOT_DUE, UNTOLD, OUTSIDE = "in_time", "late", "not_due", "unknown", "outside"
OTHERS = ("voided", ON_SPOT, ENGINEERING, "ordinary")  # handled otherwise than asked for, or not to be handled
BESIDE = (  # each case has one at most
    "no_closing", "no_time", "later", "negative", "zero", "bulk", "uncovered", "hold_unknown",
)  # fmt: skip
SUMMED = ("counted", "open", "due", "in_time", "past_due")
_HOUR_US = 3_600_000_000


def case_rows(
    dataset: Dataset, scope: Scope, columns: Sequence[str], *, clock: str = "raw", handling: str = ""
) -> Iterator[pd.DataFrame]:
    """Yield every case of a scope with what the figures make of it, file by file, from the first month on.

    Summed, `SUMMED` are the figures: counted (n) and open as by `data.timing.durations`, due and in_time as by `due`,
    past_due as by `open_hours`; beside, counted by its values, is `apart`.

    Parameters
    ----------
    columns : sequence of str
        Stored columns, as in `data.listing.by_file`.
    clock, handling
        As in `data.timing.durations`; cases of the other handlings have rows too.

    Returns
    -------
    iterator of DataFrame
        The columns of `data.listing.by_file` and

        * as_of, start: up to when the case is known, and when its clock began; in the zone;
        * counted, open, due, in_time, past_due: 1 or 0;
        * beside: why it is in no duration, one of `BESIDE` or `OTHERS`; '' where it is in them;
        * state: `IN_TIME`, `LATE` (also while it is open), `NOT_DUE`, `UNTOLD` (no deadline is known) or `OUTSIDE`
          (its times are odd, also its end against its clock's start, or its state is not known: it is not judged);
        * hours_late: natural hours from the deadline to the end of the case, or to as_of while it has none; NaN where
          it is not late.

    Raises
    ------
    HazardError
        ``level-unknown``, ``no-boundary``, ``clock-unknown`` as `data.timing.durations`.
    """
    view = View.of(dataset, scope)
    beside = marks(clock, handling)

    def tell(seen: Seen) -> dict[str, Any]:
        ours = seen.handled_as(handling) & seen.stands
        minutes, resolved = minutes_of(seen, clock)
        counted = ours & seen.clocked & (minutes >= 0)
        due_at, as_of = seen["due_at"], np.broadcast_to(seen.as_of, seen.n)
        found = beside(seen)
        other = {"voided": ~seen.stands, ON_SPOT: seen.handled_as(ON_SPOT), ENGINEERING: seen.handled_as(ENGINEERING)}
        reasons = {name: found[name] for name in BESIDE} | {name: mask & ~ours for name, mask in other.items()}
        reasons["ordinary"] = ~ours
        late = seen.due & ~seen.met
        hours = np.full(seen.n, np.nan)
        hours[late] = (np.minimum(seen.ended, as_of)[late] - due_at[late]) / _HOUR_US
        states = {
            UNTOLD: due_at == NEVER,
            IN_TIME: seen.due & seen.met,
            LATE: late,
            NOT_DUE: seen.judged & (due_at > as_of) & (as_of != UNKNOWN),
        }
        masks = {
            "counted": counted,
            "open": counted & ~resolved,
            "due": seen.due & ours,
            "in_time": seen.due & seen.met & ours,
            "past_due": seen.past_due & ours,
        }
        return {
            "as_of": times(as_of, view.zone),
            "start": times(seen.start, view.zone),
            **{name: masks[name].astype(np.int64) for name in SUMMED},
            "beside": np.select(list(reasons.values()), list(reasons), "").astype(object),
            "state": np.select(list(states.values()), list(states), OUTSIDE).astype(object),
            "hours_late": hours,
        }

    needed = for_marks(view, clock) | view.for_deadlines() | view.start_columns
    return listing.by_file(dataset, scope, columns, needed=needed, tell=tell)
