"""Linear programmes with whole variables, put to HiGHS through scipy: rules gathered row by row, and the question.

HiGHS may print a line of its own to the process's standard output when a set that it found needs another look.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy  # its parts load when they are first asked for
from numpy.typing import ArrayLike, NDArray

_LARGEST = 1e3  # coefficient of a rule of money: with larger ones the solver's own sums more often miss its tolerance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass
class Rules:
    """Rows of a linear programme, gathered one by one or many at a time: columns, coefficients and upper limits."""

    rows: list[Ints] = field(default_factory=list)
    columns: list[Ints] = field(default_factory=list)
    numbers: list[Floats] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def add(self, columns: Any, numbers: Any, most: float) -> None:
        at = np.asarray(columns, dtype=np.int64)
        self.many(np.zeros(len(at), dtype=np.int64), at, np.broadcast_to(np.asarray(numbers, float), at.shape), [most])

    def many(self, rows: Ints, columns: Ints, numbers: Floats, most: Any) -> None:
        self.rows.append(rows + len(self.most))
        self.columns.append(columns)
        self.numbers.append(numbers)
        self.most += list(most)

    def money(self, columns: Any, fen: Ints, most: int) -> None:
        """Add a rule of money, in the largest unit in which all of it is whole."""
        unit = int(np.gcd.reduce(fen))
        scale = min(1.0, _LARGEST / (np.abs(fen).max() // unit))
        self.add(columns, fen / unit * scale, (most // unit) * scale)

    def constraint(self, width: int) -> Any:
        entries = (np.concatenate(self.numbers), (np.concatenate(self.rows), np.concatenate(self.columns)))
        matrix = scipy.sparse.csr_array(entries, shape=(len(self.most), width))
        return scipy.optimize.LinearConstraint(matrix, ub=np.array(self.most))


def smallest(
    goal: Floats,
    rules: Rules,
    *,
    whole: NDArray[np.bool_] | None = None,
    low: ArrayLike = 0,
    high: ArrayLike = 1,
    seconds: float = np.inf,
    nodes: int | None = None,
    rel_gap: float = 0.0,
) -> Any:
    """Return scipy's result for the variables that keep the rules and make the goal smallest.

    Parameters
    ----------
    goal : array, shape (k,)
    whole : array of bool, shape (k,), optional
        Which variables are whole numbers; all if not given.
    low, high : array_like, shape (k,) or one number
    seconds, nodes, rel_gap
        Where the search ends if nothing else ends it: time, nodes of its tree, gap between bound and goal.
    """
    options: Any = {"mip_rel_gap": rel_gap}
    if seconds < np.inf:
        options["time_limit"] = max(seconds, 0.01)
    if nodes:
        options["node_limit"] = nodes
    return scipy.optimize.milp(
        goal, integrality=(np.ones(len(goal)) if whole is None else whole).astype(np.int64),
        bounds=scipy.optimize.Bounds(np.broadcast_to(low, goal.shape), np.broadcast_to(high, goal.shape)),
        constraints=rules.constraint(len(goal)), options=options,
    )  # fmt: skip
