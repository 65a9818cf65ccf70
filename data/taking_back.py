"""Changes that can be taken back one by one: a table with a history of its own is as it was before its newest change.

What was taken back does not stand in the way: the next time, the change before it goes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from base.errors import HazardError
from data.dataset import Dataset
from data.store import Change, Workspace
from data.versions import Version, standing

__all__ = ["Kept", "TakenBack", "last_change", "taking_back"]


class Kept(NamedTuple):
    """A table that has a history of its own: the kinds of changes of it, and the kind that takes one back."""

    table: str
    changes: tuple[str, ...]
    undo: str


class TakenBack(NamedTuple):
    """The change that is under way, the version it takes back, the workspace before that, and what to tell of it."""

    change: Change
    taken: Version
    former: Dataset
    facts: dict[str, Any]  # took_back (the number of the version), what (its kind), file ('' where it was none)


def last_change(dataset: Dataset, kept: Kept) -> Version | None:
    """Return the change that would be taken back, None if there is none."""
    return standing(dataset.history, kept.changes, kept.undo)


@contextmanager
def taking_back(workspace: Workspace, kept: Kept, *, who: str) -> Iterator[TakenBack]:
    """Begin to take the newest change of a table back; the body writes what was before and commits.

    Raises
    ------
    HazardError
        ``nothing-to-undo``; ``version-cleared`` if what was before is not kept any more; ``workspace-busy``.
    """
    nothing = HazardError("nothing-to-undo", "There is no such change to take back.")
    if last_change(workspace.newest(), kept) is None:  # a mistyped folder is not made
        raise nothing
    with workspace.change(kept.undo, who=who) as change:
        taken = last_change(change.before, kept)
        if taken is None:
            raise nothing
        facts = {"took_back": taken.number, "what": taken.kind, "file": taken.what.get("file", "")}
        yield TakenBack(change, taken, workspace.open(taken.number - 1), facts)
