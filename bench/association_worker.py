"""One way to find Gi* and local Moran's I with their chances: for each line on standard input it does both.

Started by bench/association.py, with the Python that has the way's library: `-m bench.association_worker WAY FOLDER`.
The folder holds values.npy, weights.npz (row-standardised) and binary.npz. Each answer is a line of JSON: seconds, cpu;
the statistics and p are left in the folder, as WAY.npz. The first answer of a process is its first call.
"""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from bench import worker

Work = Callable[[int], tuple[Any, Any, Any, Any]]


def ours(values: np.ndarray, binary: sp.csr_array, weights: sp.csr_array) -> Work:
    """Return ours; Gi* with the cell's own value in its place, as esda has it."""
    from analysis.association import gi_star, gi_star_test, local_moran

    def run(permutations: int) -> tuple[Any, Any, Any, Any]:
        # As many draws as esda makes, but for the few at the floor: at this rate they take the fewest more
        chance = gi_star_test(values, binary, permutations=permutations, seed=1, fdr=0.999, own="fixed")
        local = local_moran(values, weights, permutations=permutations, seed=1, fdr=0.999)
        return gi_star(values, binary), chance.p, local.i * (len(values) - 1) / len(values), local.p

    return run


def ours_on(values: np.ndarray, binary: sp.csr_array, weights: sp.csr_array) -> Work:
    """Return ours as the program asks it: Gi* with all values dealt, and more draws for the cells at the floor."""
    from analysis.association import gi_star_test, local_moran

    def run(permutations: int) -> tuple[Any, Any, Any, Any]:
        star = gi_star_test(values, binary, permutations=permutations, seed=1)
        local = local_moran(values, weights, permutations=permutations, seed=1)
        return star.z, star.p, local.i * (len(values) - 1) / len(values), local.p

    return run


def esda(values: np.ndarray, binary: sp.csr_array, weights: sp.csr_array) -> Work:
    """Return esda's on one processor; its weights are made before."""
    warnings.simplefilter("ignore")  # of changes to come in esda, once a call
    from esda import G_Local, Moran_Local
    from libpysal.weights import WSP

    near, local_near = (WSP(sp.csr_matrix(matrix)).to_W(silence_warnings=True) for matrix in (binary, weights))
    options = {"keep_simulations": False, "seed": 1, "n_jobs": 1}

    def run(permutations: int) -> tuple[Any, Any, Any, Any]:
        star = G_Local(values, near, transform="B", star=True, permutations=permutations, **options)
        local = Moran_Local(values, local_near, permutations=permutations, **options)
        return star.Zs, np.minimum(1, 2 * star.p_sim), local.Is, np.minimum(1, 2 * local.p_sim)  # one-sided

    return run


WAYS: dict[str, tuple[str, Callable[..., Work]]] = {  # the library, and what makes it ready
    "ours": ("numpy", ours),
    "ours, on from the floor": ("numpy", ours_on),
    "esda": ("esda", esda),
}


def main() -> None:
    """Do both for every line that comes, and say what it cost."""
    library, ready = WAYS[sys.argv[1]]
    folder = Path(sys.argv[2])
    binary, weights = (sp.csr_array(sp.load_npz(folder / f"{name}.npz")) for name in ("binary", "weights"))
    run = ready(np.load(folder / "values.npy"), binary, weights)

    def begin(permutations: int) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
        def keep(found: tuple[Any, Any, Any, Any]) -> dict[str, Any]:
            np.savez(folder / f"{sys.argv[1]}.npz", **dict(zip(("z", "z_p", "i", "i_p"), found, strict=True)))
            return {}

        return lambda: run(permutations), keep

    worker.serve(library, begin)


if __name__ == "__main__":
    main()
