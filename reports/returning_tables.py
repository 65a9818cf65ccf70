"""What came back after closure as it is handed out: tables and a list for people, files of them, JSON, a terminal.

The page, the command and the download take their rows from here, so they cannot differ.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from base.text import N_, Words
from data import queries
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from reports import people
from reports.returning import KEYS, RULE, Returning, percent, returning
from reports.sheet import Sheet, write_book, write_csv
from reports.terminal import table

MOST = 20  # rows that a terminal shows; --json and the files have all
KEY_TITLES = {"hazard": N_("Hazard"), "cell": N_("Cell"), "unit": N_("Handling unit")}
CASES = {  # of `listed`, and what they are called
    "hazard": N_("Hazard"),
    "name": N_("Cell"),
    "cell_id": N_("Code of the cell"),
    "unit": N_("Closed by"),
    "source": N_("Source of the closed case"),
    "closed_case": N_("Closed case"),
    "closed_at": N_("Closed"),
    "returned_source": N_("Source of the case that came back"),
    "returned_case": N_("Case that came back"),
    "returned_at": N_("Reported again"),
    "days": N_("Days until then"),
    "metres": N_("Metres apart"),
    "address": N_("Address"),
}
_TERMINAL = ("hazard", "name", "unit", "closed_case", "closed_at", "returned_case", "days", "metres")  # what fits
_SHEETS = {"hazard": N_("By hazard"), "cell": N_("By cell"), "unit": N_("By handling unit")}

Ints = NDArray[np.int64]


def listed(dataset: Dataset, found: Returning, most: int | None = None) -> pd.DataFrame:
    """Return the returns with the texts of their cases, `CASES`, the latest first; `most` of them if a number is given.

    The address is that of the closed case, as it is stored. Days lie between the closure and the report that came back,
    metres between the first calls of the two events.
    """
    rows = found.cases if most is None else found.cases.head(most)
    closed, returned = (
        _texts(dataset, rows[side].to_numpy(np.int64), ("incident_id", "source", "address"))
        for side in ("closed", "returned")
    )
    return rows.assign(
        closed_case=closed["incident_id"],
        source=closed["source"],
        address=closed["address"],
        returned_case=returned["incident_id"],
        returned_source=returned["source"],
    )[list(CASES)]


def _texts(dataset: Dataset, calls: Ints, columns: tuple[str, ...]) -> pd.DataFrame:
    known, place = np.unique(calls, return_inverse=True)
    return queries.texts(dataset, known, columns).iloc[place].reset_index(drop=True)


def list_for_people(
    dataset: Dataset, found: Returning, words: Words, most: int | None = None
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the list in words, and its titles; sources only where the workspace has several."""
    rows = listed(dataset, found, most)
    titles = {name: words(title) for name, title in CASES.items()}
    if len(dataset.sources) < 2:
        titles = {name: title for name, title in titles.items() if name not in ("source", "returned_source")}
    return rows.assign(
        hazard=[words(HAZARD_NAMES[code]) for code in rows["hazard"]],
        unit=rows["unit"].where(rows["unit"] != "", words("not given")),
        days=rows["days"].round(1),
        metres=rows["metres"].round().astype(np.int64),
    ), titles


def groups_for_people(found: Returning, by: str, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the shares by a key in words, most returns first, and their titles.

    Columns: key (a name), n (closures), back, share (a percentage, or that they are too few), interval, young.
    """
    rows = found.groups[by].sort_values(["returned", "closures", "key"], ascending=[False, False, True])
    told = (rows["closures"] >= found.few) & rows["share"].notna()
    interval = [f"{percent(words, low)}–{percent(words, high)}" for low, high in rows[["low", "high"]].to_numpy()]
    shown = pd.DataFrame(
        {
            "key": _names(rows, by, words),
            "n": rows["closures"].to_numpy(np.int64),
            "back": rows["returned"].to_numpy(np.int64),
            "share": [
                percent(words, share) if one else words("too few") if n < found.few else words("not yet known")
                for share, one, n in zip(rows["share"], told, rows["closures"], strict=True)
            ],
            "interval": np.where(told, interval, ""),
            "young": (rows["closures"] - rows["watched"]).to_numpy(np.int64),
        }
    )
    titles = {
        "key": words(KEY_TITLES[by]),
        "n": words("Closures"),
        "back": words("Came back"),
        "share": words("Share"),
        "interval": words("95% interval"),
        "young": words("Not yet watched so long"),
    }
    return shown, titles


def _names(rows: pd.DataFrame, by: str, words: Words) -> list[str]:
    if by == "hazard":
        return [words(HAZARD_NAMES[code]) for code in rows["key"]]
    twice = rows["name"].duplicated(keep=False)  # the first grid stands in every community
    names = rows["name"].where(~twice, rows["name"] + " " + rows["key"]) if by == "cell" else rows["name"]
    return [name or words("not given") for name in names]


def workbook(dataset: Dataset, scope: Scope, words: Words) -> bytes:
    """Return all that is told of a scope as a workbook: the shares by each key, the list, and what they are."""
    found = returning(dataset, scope)
    sheets = [Sheet(words(_SHEETS[by]), *_numbers(found, by, words)) for by in KEYS]
    sheets.append(Sheet(words("What came back"), *list_for_people(dataset, found, words), empty=words("Nothing.")))
    notes = [words("Example data, invented")] if dataset.is_demo else []
    notes += [
        words("Hazard Hotspots"), words("Closed is not fixed"), people.scope_words(words, dataset, scope),
        *found.sentences(words), RULE.say(words),
        words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8],
    ]  # fmt: skip
    return write_book(sheets, notes=notes, words=words)


def _numbers(found: Returning, by: str, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the shares by a key as numbers, for a workbook."""
    rows = found.groups[by]
    titles = {"key": words("Code")} if by == "cell" else {}
    titles |= {
        "name": words(KEY_TITLES[by]),
        "closures": words("Closures"),
        "watched": words("Watched for {days} days, or until it came back", days=found.days),
        "returned": words("Came back"),
        "share": words("Share that came back"),
        "low": words("95% interval from"),
        "high": words("95% interval to"),
    }
    named = rows["name"] if by == "cell" else _names(rows, by, words)
    return rows.assign(name=named), titles


def csv(dataset: Dataset, scope: Scope, words: Words) -> bytes:
    """Return the list as CSV."""
    return write_csv(*list_for_people(dataset, returning(dataset, scope), words))


def as_json(dataset: Dataset, found: Returning, by: str, words: Words) -> dict[str, Any]:
    """Return what the command gives to programs: numbers, codes, the sentences, all returns."""
    overall = found.overall
    numbers = {name: int(overall[name]) for name in ("closures", "watched", "returned")}
    shares = {name: None if np.isnan(overall[name]) else float(overall[name]) for name in ("share", "low", "high")}
    groups = found.groups[by]
    groups = groups.assign(**{"cell_id" if by == "cell" else by: groups["key"]})
    return {
        **numbers,
        **shares,
        "days": found.days,
        "radius_m": dict(found.radius_m),
        "left_out": dict(found.left_out),
        "by": by,
        "groups": groups if by == "cell" else groups.drop(columns="name"),
        "returns": listed(dataset, found),
        "sentences": [*found.sentences(words), RULE.say(words)],
    }


def for_terminal(dataset: Dataset, found: Returning, by: str, words: Words) -> list[str]:
    """Return what the command says to people: the sentences, the shares by a key, the latest returns."""
    shown, titles = groups_for_people(found, by, words)
    rows, named = list_for_people(dataset, found, words, MOST)
    kept = {name: named[name] for name in _TERMINAL}
    lines = [*found.sentences(words), RULE.say(words), "", *table(shown.head(MOST), titles, words)]
    if len(rows):
        lines += ["", *table(rows, kept, words)]
    for n in (len(shown), len(found.cases)):
        if n > MOST:
            lines.append(words("The first {shown} of {n} rows; --json has all.", shown=MOST, n=n))
    return lines


def check_key(by: str) -> str:
    """Return a key that returns can be told by.

    Raises
    ------
    HazardError
        ``key-unknown``.
    """
    if by not in KEYS:
        raise HazardError("key-unknown", "{key} is none of {keys}.", key=by, keys=", ".join(KEYS))
    return by
