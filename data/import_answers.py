"""What an import answers: the totals that tie, the tallies of its rows, and what was chosen for its file."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from base.text import N_, Sentence
from data.checking import Checked
from data.dataset import Dataset
from data.faraway import far_notes
from data.placing import count_places
from data.preview import by_month
from data.schema import ImportRecord

_FIRST_DOUBTFUL = 5  # of each remark
_OLDER_FILE = N_(
    "This file knows up to {as_of}, and files of source {source} that are stored know up to {known}: {n} of its rows "
    "put an older state in place of a newer one. If that is not meant, take this import back."
)


def import_answer(
    checked: Checked,
    fresh: pa.Table,
    updated: int,
    import_id: str | None,
    version: int,
    before: Dataset,
    as_of: str,
) -> dict[str, Any]:
    """Return the answer of an import whose rows `fresh`, the new and the updated ones, are placed.

    Asserted: read = accepted + rejected + repeats; accepted = in a cell + near + outside + no location, at each level.
    """
    rejected, accepted = checked.rejected.num_rows, fresh.num_rows
    repeats = checked.repeats + checked.rows.num_rows - accepted
    levels = count_places(fresh, before.levels)
    if checked.read != accepted + rejected + repeats or any(sum(of.values()) != accepted for of in levels.values()):
        raise RuntimeError("the totals of the import do not tie")
    return {
        "import_id": import_id,
        "read": checked.read,
        "accepted": accepted,
        "rejected": rejected,
        "repeats": repeats,
        "updated": updated,
        "levels": levels,
        "version": version,
        "as_of": as_of,
        **tallies(fresh),
        "by_month": by_month(fresh),
        **_chosen(checked),
        "notes": [*checked.notes, *far_notes(fresh, before), *_goes_back(before, checked, updated, as_of)],
        "unchanged": False,
        "repeat_of": None,
    }


def unchanged_answer(checked: Checked, same: ImportRecord, before: Dataset) -> dict[str, Any]:
    """Return the answer where the same file was imported before with the same choices: nothing came in."""
    rejected = checked.rejected.num_rows
    nothing = checked.rows.slice(0, 0)
    levels = {level.name: {"inside": 0, "near": 0, "outside": 0, "no_location": 0} for level in before.levels}
    facts = {
        "read": checked.read,
        "accepted": 0,
        "rejected": rejected,
        "repeats": checked.read - rejected,
        "updated": 0,
    }
    return {
        "import_id": same.import_id,
        **facts,
        "levels": levels,
        "version": before.version,
        "as_of": same.as_of,
        **tallies(nothing),
        "by_month": {},
        **_chosen(checked),
        "unchanged": True,
        "repeat_of": same.import_id,
    }


def _goes_back(before: Dataset, checked: Checked, updated: int, as_of: str) -> list[Sentence]:
    """Return what is to be said where a file corrects cases and is older than what is stored of its source."""
    source = checked.options["source"]
    known = before.sources.get(source)
    if not (updated and known and as_of and pd.Timestamp(as_of) < known):
        return []
    facts = {"source": source, "known": known, "as_of": pd.Timestamp(as_of).tz_convert(before.zone), "n": updated}
    return [Sentence(_OLDER_FILE, facts)]


def _chosen(checked: Checked) -> dict[str, Any]:
    return {
        "notes": checked.notes,
        "mapping": checked.mapping,
        "profile": checked.profile,
        "choices": checked.choices,
        **checked.system,
    }


def tallies(rows: pa.Table) -> dict[str, dict[str, Any]]:
    """Return how many of the rows carry which remark and which hazard, and the first rows of each remark."""
    hazards = pc.value_counts(rows["hazard"]).to_pylist()
    codes = pc.value_counts(pc.list_flatten(pc.utf8_split_whitespace(rows["remark"]))).to_pylist()
    remarks = {one["values"]: one["counts"] for one in codes if one["values"]}
    return {
        "remarks": remarks,
        "remark_rows": {code: _first(rows.filter(pc.match_substring(rows["remark"], code))["row"]) for code in remarks},
        "hazards": {one["values"]: one["counts"] for one in hazards},
    }


def _first(numbers: pa.ChunkedArray) -> list[int]:
    """Return the smallest of some numbers of rows, in order."""
    places = pc.select_k_unstable(numbers, _FIRST_DOUBTFUL, [("", "ascending")])
    return [int(number) for number in numbers.take(places).to_pylist()]
