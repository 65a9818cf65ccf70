"""How the rows of the office's files stand: each counted once, however often it came back in a sheet of rejected rows.

Of an import: read = accepted + rejected + repeats, and its rows that came back (`ImportRecord.again`) are such a sum
within it. Of the workspace: read = accepted + repeats + settled + open + left out. Both are asserted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from data import corrections
from data.dataset import Dataset
from data.schema import ImportRecord

_PARTS = ("accepted", "rejected", "repeats")


@dataclass(frozen=True, slots=True)
class Account:
    """The rows of all files: read = accepted + repeats + settled + open + left_out."""

    read: int = 0  # rows that the office's files hold; not those that came again in a sheet of ours
    accepted: int = 0  # they are in, corrected ones too
    corrected: int = 0  # of the accepted: those that are in since they came back in a sheet
    repeats: int = 0  # say what another row says
    settled: int = 0  # not taken, but a later file brought their case
    open: int = 0  # not taken, and somebody has to mend them
    left_out: int = 0  # no cases (totals, notes, empty rows), or left out by a filter


def own(records: Iterable[ImportRecord]) -> dict[str, int]:
    """Return the totals of imports without the rows that came back: read, accepted, rejected, repeats."""
    totals = dict.fromkeys(("read", *_PARTS), 0)
    for record in records:
        parts = {name: getattr(record, name) - record.again.get(name, 0) for name in _PARTS}
        if min(parts.values()) < 0 or record.read != sum(parts.values()) + sum(record.again.values()):
            raise RuntimeError("the totals of an import do not tie")
        for name, n in {"read": sum(parts.values()), **parts}.items():
            totals[name] += n
    return totals


def account(dataset: Dataset) -> Account:
    """Return how the rows of all live imports stand."""
    totals = own(dataset.imports)
    states = corrections.rejections(dataset)["state"].value_counts()
    corrected, settled, waiting, left_out = (
        int(states.get(state, 0))
        for state in (corrections.CORRECTED, corrections.SETTLED, corrections.OPEN, corrections.LEFT_OUT)
    )
    if totals["rejected"] != corrected + settled + waiting + left_out:
        raise RuntimeError("a rejected row was lost or counted twice")
    accepted = totals["accepted"] + corrected
    return Account(totals["read"], accepted, corrected, totals["repeats"], settled, waiting, left_out)
