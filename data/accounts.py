"""How the rows of the office's files stand: each counted once, however often it came back in a sheet of rejected rows.

Of an import: read = accepted + rejected + repeats, and its rows that came back (`ImportRecord.again`) are such a sum
within it. Of the workspace: read = accepted + repeats + settled + open + left out. An import asserts its sum before it
is stored; a page says it if the workspace's does not tie (`Account.ties`), and shows the rest.
"""

from dataclasses import dataclass

from data import corrections
from data.dataset import Dataset

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

    @property
    def ties(self) -> bool:
        """Whether the parts make up what was read: else the program has a fault."""
        return self.read == self.accepted + self.repeats + self.settled + self.open + self.left_out


def own(dataset: Dataset, source: str | None = None) -> dict[str, int]:
    """Return the totals of imports without the rows that came back: read, accepted, rejected, repeats."""
    back = corrections.came_back(dataset)
    totals = dict.fromkeys(("read", *_PARTS), 0)
    for record in dataset.imports:
        if source in (None, record.source):
            again = back[record.import_id]
            totals["read"] += record.read - sum(again.values())
            for name in _PARTS:
                totals[name] += getattr(record, name) - again.get(name, 0)
    return totals


def account(dataset: Dataset) -> Account:
    """Return how the rows of all live imports stand."""
    totals = own(dataset)
    states = corrections.rejections(dataset)["state"].value_counts()
    corrected, repeated, settled, waiting, left_out = (
        int(states[state])
        for state in (
            corrections.CORRECTED, corrections.REPEATED, corrections.SETTLED, corrections.OPEN, corrections.LEFT_OUT,
        )
    )  # fmt: skip
    accepted, repeats = totals["accepted"] + corrected, totals["repeats"] + repeated
    return Account(totals["read"], accepted, corrected, repeats, settled, waiting, left_out)
