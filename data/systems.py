"""Which coordinate system is a file in? How many of its points each would bring inside the boundary."""

from collections.abc import Mapping
from typing import Any

from base.errors import HazardError
from data import apart
from data.dataset import Dataset
from data.headers import apply_mapping
from data.places import find_systems
from data.profiles import AUTO, choose
from geo.crs import Fit


def systems_of_file(
    dataset: Dataset, content: bytes, name: str, *, profile: str | None = AUTO, **given: Any
) -> list[Fit]:
    """Return how well each system fits the points of a file of reports, the best first.

    Parameters
    ----------
    dataset : Dataset
        With boundaries: those of the first level are meant.
    content : bytes
    name : str
        The file's name, for sentences.
    profile : str, optional
        As in `data.loading.import_incidents`.
    **given
        Further choices, as there: mapping, encoding, delimiter, sheet, header_row, header_rows.

    Raises
    ------
    HazardError
        ``no-boundary``; ``no-coordinates``; ``profile-unknown``; those of `data.apart.read_table` and
        `data.headers.apply_mapping`.
    """
    if not dataset.levels:
        raise HazardError("no-boundary", "Load the boundary polygons first.")
    choice = choose(
        dataset, lambda **how: apart.read_table(content, name, settings=dataset.settings, **how), given, profile=profile
    )
    mapping: Mapping[str, str] = {field: header for field, header in choice.options["mapping"].items() if header}
    raw = apply_mapping(choice.table, mapping)
    if not {"lon", "lat"} <= set(raw):
        raise HazardError(
            "no-coordinates",
            "{file} has no columns of coordinates that are known: name them, longitude and latitude. Its columns are: "
            "{headers}.",
            file=name,
            headers=", ".join(choice.table.headers),
        )
    return find_systems(raw, dataset.cells(dataset.levels[0].name))
