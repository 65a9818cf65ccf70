"""Saved choices for one kind of file, applied by themselves to the next file with the same headers.

What is chosen for a file comes in layers, of which the later ones win: the guess, a saved profile (or the choices of
the import whose rejected rows come back), and what the user says this time. `choose` is the one place where they meet.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from base.text import N_, Sentence
from data import correction_sheet, tables
from data.dataset import Dataset
from data.headers import fingerprint, guess_mapping
from data.privacy import mask, personal_headers
from data.store import Workspace
from data.table import Table

AUTO = "auto"  # whichever fits the headers
READING = ("encoding", "delimiter", "sheet", "header_row", "header_rows")  # needed before the headers are known
USUAL = {"source": "default", "crs": "wgs84", "duplicates": "review"}
_LONGEST_NAME = 60
_MOST_READINGS = 5  # of a file, in search of the profile that fits it


@dataclass(frozen=True, slots=True)
class Profile:
    """Choices under a name, and the headers of the files they are for."""

    name: str
    fingerprint: str
    headers: tuple[str, ...]
    options: Mapping[str, Any]
    who: str
    when: str  # ISO time, UTC

    @property
    def reading(self) -> dict[str, Any]:
        """How such a file is to be read, where the guess was corrected."""
        return {name: value for name, value in self.options.items() if name in READING and value is not None}


@dataclass(frozen=True)
class Choice:
    """A file as it is read, and everything that is chosen for it."""

    table: Table  # without the columns that a sheet of rejected rows brings
    options: dict[str, Any]
    profile: Profile | None
    corrected: pd.DataFrame  # of a sheet of rejected rows: which rows of which import these are
    crs_from: str  # who says what the coordinates are in: "said", "profile", "import", "file" or nobody, "usual"
    notes: list[Sentence] = field(default_factory=list)


def profiles(dataset: Dataset) -> list[Profile]:
    """Return the saved profiles, the newest first."""
    found = [
        Profile(
            one["name"],
            one["fingerprint"],
            tuple(json.loads(one["headers"])),
            json.loads(one["options"]),
            one["who"],
            one["when"],
        )
        for one in dataset.rows("profiles").to_pylist()
    ]
    return sorted(found, key=lambda one: (one.when, one.name), reverse=True)


def find_profile(dataset: Dataset, headers: Iterable[str]) -> Profile | None:
    """Return the profile saved last for files with these headers in this order; blanks around them do not count."""
    wanted = fingerprint(_trimmed(headers))
    return next((one for one in profiles(dataset) if one.fingerprint == wanted), None)


def named_profile(dataset: Dataset, name: str) -> Profile:
    """Return a profile by its name.

    Raises
    ------
    HazardError
        ``profile-unknown``.
    """
    known = profiles(dataset)
    for one in known:
        if one.name == " ".join(name.split()):
            return one
    raise HazardError(
        "profile-unknown",
        "There is no profile {name}. Saved are: {known}.",
        name=name,
        known=", ".join(one.name for one in known) or "-",
    )


def check_profile(name: str, options: Mapping[str, Any]) -> str:
    """Return the name under which these choices can be saved.

    Raises
    ------
    HazardError
        ``profile-name``; ``profile-personal`` if rows are chosen by a value that holds personal data.
    """
    plain = mask(" ".join(name.split()))
    if not plain or len(plain) > _LONGEST_NAME or plain == AUTO:
        raise HazardError(
            "profile-name",
            "A profile needs a name of 1 to {longest} signs other than “{auto}”.",
            longest=_LONGEST_NAME,
            auto=AUTO,
        )
    for header, value in (options.get("where") or {}).items():
        if personal_headers([header]) or mask(str(value)) != str(value):
            raise HazardError(
                "profile-personal",
                "The profile cannot be saved: the rows are chosen by personal data in column {header}.",
                header=header,
            )
    return plain


def save_profile(
    workspace: Workspace, name: str, headers: Iterable[str], options: Mapping[str, Any], *, who: str
) -> dict[str, Any]:
    """Save choices under a name, in a version of its own; what stood under the name before is replaced.

    Parameters
    ----------
    headers : iterable of str
        Of the file that the choices were made for.
    options : mapping
        Plain values (JSON): mapping (field -> header), crs, zone, ... A field that the guess finds and the mapping does
        not hold is one that was taken out.

    Returns
    -------
    dict
        name, replaced (bool), version.

    Raises
    ------
    HazardError
        Those of `check_profile`; ``workspace-busy``.
    """
    plain, titles = check_profile(name, options), _trimmed(headers)
    kept = {key: value for key, value in options.items() if value is not None}
    if mask(sheet := str(kept.get("sheet", ""))) != sheet:
        del kept["sheet"]  # named after a person: it is guessed again
    kept["mapping"] = dict.fromkeys(guess_mapping(titles), "") | dict(kept.get("mapping", {}))
    with workspace.change("profiles", who=who) as change:
        others = [one for one in change.before.rows("profiles").to_pylist() if one["name"] != plain]
        replaced = len(others) < change.before.rows("profiles").num_rows
        new = {
            "name": plain,
            "fingerprint": fingerprint(titles),
            "headers": json.dumps(titles, ensure_ascii=False),
            "options": json.dumps(kept, ensure_ascii=False),
            "who": who,
            "when": change.when,
        }
        change.write("profiles", pa.Table.from_pylist([*others, new], schema=tables.TABLES["profiles"].schema))
        return {"name": plain, "replaced": replaced, "version": change.commit(saved=plain).version}


def delete_profile(workspace: Workspace, name: str, *, who: str) -> dict[str, Any]:
    """Take a profile away, in a version of its own; earlier versions keep it.

    Raises
    ------
    HazardError
        ``profile-unknown``, ``workspace-busy``.
    """
    known = named_profile(workspace.newest(), name)  # before the lock: a mistyped folder is not made
    with workspace.change("profiles", who=who) as change:
        left = [one for one in change.before.rows("profiles").to_pylist() if one["name"] != known.name]
        change.write("profiles", pa.Table.from_pylist(left, schema=tables.TABLES["profiles"].schema))
        return {"name": known.name, "version": change.commit(deleted=known.name).version}


def merged(*layers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return choices of which the later layers win; None means that a layer says nothing of it.

    The mapping is merged by field: a later layer gives a field another header, or '' to take it out, and a header that
    it gives to one field is no longer another's.
    """
    result: dict[str, Any] = {}
    for layer in layers:
        for name, value in (layer or {}).items():
            if value is None:
                continue
            if name == "mapping":
                taken = {header for header in value.values() if header}
                kept = {of: header for of, header in result.get("mapping", {}).items() if header not in taken}
                result["mapping"] = kept | dict(value)
            else:
                result[name] = value
    return result


def choose(
    dataset: Dataset, read: Callable[..., Table], given: Mapping[str, Any], *, profile: str | None = AUTO
) -> Choice:
    """Read a file and choose for it: what is given, over the profile, over the guess.

    Parameters
    ----------
    read : callable
        Reads the file; takes those of READING that are known as keywords.
    given : mapping
        What the user said; None where nothing was said.
    profile : str, optional
        A profile's name; "auto" takes the one saved for the same headers; None takes none.

    Raises
    ------
    HazardError
        ``profile-unknown``, ``corrections-mixed``, ``corrections-unmarked``, what `read` raises.
    """
    asked = {name: given[name] for name in READING if given.get(name) is not None}
    if profile is not None and profile != AUTO:
        used: Profile | None = named_profile(dataset, profile)
        table, marks = correction_sheet.take_apart(read(**merged(used.reading if used else {}, asked)))
    else:
        table, marks, used = _search(profiles(dataset) if profile == AUTO else [], read, asked)
    corrected, notes = correction_sheet.known_rows(dataset, marks)
    before = correction_sheet.choices_before(dataset, corrected, table.headers)
    if before and profile == AUTO:
        used = None  # the choices of their own import are nearer
    # A field that is not among choices for this very kind of file was taken out of them: it is not guessed again
    settled = before or (used and used.fingerprint == fingerprint(_trimmed(table.headers)))
    mapping = {} if settled else guess_mapping(table.headers, table.frame)
    guess = {**USUAL, **({"crs": table.crs} if table.crs else {}), "mapping": mapping}
    if used:
        sentence = N_("The saved profile “{name}” was applied.")
        notes.append(Sentence(sentence, {"name": used.name}))
    layers = {"file": guess if table.crs else {}, "import": before, "profile": used and used.options, "said": given}
    named = [name for name, layer in layers.items() if layer and layer.get("crs") is not None]
    options = merged(guess, before, used.options if used else None, given)
    return Choice(table, options, used, corrected, ["usual", *named][-1], notes)


def _search(
    known: list[Profile], read: Callable[..., Table], asked: Mapping[str, Any]
) -> tuple[Table, pd.Series, Profile | None]:
    """Return the table as it is guessed, or read as the profile says whose headers then stand in it."""
    guessed: tuple[Table, pd.Series] | None = None
    failure: HazardError | None = None
    try:
        guessed = correction_sheet.take_apart(read(**asked))
    except HazardError as error:  # such as a title row that was not told from the header
        failure = error
    if guessed:
        found = next((one for one in known if one.fingerprint == fingerprint(_trimmed(guessed[0].headers))), None)
        sheet = found.reading.get("sheet") if found else None
        if found and (sheet == guessed[0].sheet or sheet not in guessed[0].sheets or "sheet" in asked):
            return *guessed, found
    tried = 0
    for one in known:
        reading = merged(one.reading, asked)
        if reading == asked or tried == _MOST_READINGS:
            continue
        tried += 1
        try:
            table, marks = correction_sheet.take_apart(read(**reading))
        except HazardError:
            continue
        if fingerprint(_trimmed(table.headers)) == one.fingerprint:
            return table, marks, one
    if guessed is None:
        raise failure or RuntimeError("nothing was read")
    return *guessed, None


def _trimmed(headers: Iterable[str]) -> list[str]:
    """Return headers without blanks around them and without the untitled ones at the end."""
    titles = [" ".join(str(header).split()) for header in headers]
    while titles and not titles[-1]:
        titles.pop()
    return titles
