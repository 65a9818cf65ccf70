"""A file that is read, checked to the end: rows as the store takes them, and every other row with its reason.

Conservation, asserted: read = accepted + rejected + repeats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from base.text import N_, Sentence
from data import corrections, tables
from data.attributes import Others, as_map, mostly_persons, other_columns
from data.checks import UNMASKED, check_incidents
from data.dataset import Dataset
from data.headers import apply_mapping
from data.numbers import read_numbers
from data.places import system_taken
from data.privacy import mask_text, personal_headers
from data.profiles import Choice
from data.schema import LIMIT_COLUMNS, REJECTED_COLUMNS, TIME_FIELDS
from data.table import Table
from data.taxonomy import classify, guess_scheme, is_sure


@dataclass
class Checked:
    """A file after the checks: rows as they are stored (without levels), and what was not taken."""

    rows: pa.Table
    rejected: pa.Table
    read: int
    repeats: int  # within the file
    profile: str | None  # the name of the one that was applied
    choices: dict[str, Any]  # headers and options, as a profile takes them; the rows as they came are let go
    mapping: dict[str, str]
    options: dict[str, Any]  # what an answer depends on beside the bytes
    corrected: pd.DataFrame  # rejected rows that came back, and what became of them
    system: dict[str, Any]  # what the coordinates were read in: see `data.places.system_taken`
    notes: list[Sentence] = field(default_factory=list)


def sealed(where: Mapping[str, str], whole: Any) -> dict[str, str]:
    """Return the wanted values as hashes that only who has the file can make: a value may be a telephone number."""
    sealed = {}
    for header, value in where.items():
        seal = whole.copy()
        seal.update(value.strip().encode())
        sealed[header] = seal.hexdigest()
    return sealed


def check_rows(choice: Choice, options: dict[str, Any], before: Dataset) -> Checked:
    """Return the rows of a file as they are stored, those that were not taken, and what is to be said of them.

    Parameters
    ----------
    choice : data.profiles.Choice
        The file as it is read, and everything that is chosen for it.
    options : dict
        What an answer depends on beside the bytes, as `data.schema.ImportRecord` keeps it.
    before : Dataset
        The version whose boundaries, rules, settings and rejected rows count.

    Raises
    ------
    HazardError
        ``where-column``, ``personal-column``, ``scheme-unknown``; those of `data.headers.apply_mapping` and
        `data.checks.check_incidents`.
    """
    table = choice.table
    chosen = {name: header for name, header in choice.options["mapping"].items() if header}
    raw = apply_mapping(table, chosen)
    doors = bool(before.settings["mask_doors"])
    if persons := [name for name in UNMASKED if name in raw and mostly_persons(raw[name].str.strip(), doors)]:
        chosen = {name: header for name, header in chosen.items() if name not in persons}  # then it is left out
        raw = apply_mapping(table, chosen)
    others = other_columns(table, chosen, before.settings)
    raw, filtered = _filter(table, choice.options.get("where") or {}, raw, doors)
    boundary = before.cells(before.levels[0].name) if before.levels else None
    accepted, rejected = check_incidents(
        raw,
        zone=options["zone"],
        crs=options["crs"],
        day_first=options["day_first"],
        boundary=boundary,
        others=others.frame.loc[raw.index] if len(raw) < len(table.frame) else others.frame,
        duplicates=options["duplicates"],
        doors=doors,
    )
    read = len(table.frame) + len(table.bad)
    rejected = pd.concat([table.bad, filtered, rejected])[list(REJECTED_COLUMNS)].sort_values("row", ignore_index=True)
    rules = before.rules()
    scheme, scheme_notes = _scheme(options["scheme"], accepted, rules)
    hazard = classify(
        accepted["type_name"],
        accepted["code"],
        accepted["description"],
        rules,
        scheme=scheme,
        kind=accepted["kind"],
        untyped=options["untyped"],
    )
    repeats = int(accepted.attrs["repeats"])
    given = raw["incident_id"].str.strip() if "incident_id" in raw else pd.Series("", raw.index)
    ids = corrections.settled_ids(before, accepted, given, choice.corrected, options["source"])
    accepted = accepted.assign(incident_id=ids)
    if read != len(accepted) + len(rejected) + repeats:
        raise RuntimeError("the checks lost or doubled rows")
    return Checked(
        rows=_stored(accepted.assign(hazard=hazard), options["source"], others.frame, doors),
        rejected=pa.Table.from_pandas(
            rejected.assign(import_id=""), schema=tables.TABLES["rejected"].schema, preserve_index=False
        ),
        read=read,
        repeats=repeats,
        profile=choice.profile.name if choice.profile else None,
        choices={"headers": table.headers, "options": {**choice.options, "mapping": chosen}},
        mapping=chosen,
        options={**options, "scheme": scheme, "mapping": chosen},
        corrected=corrections.table_of(choice.corrected, ids, rejected, given),
        system=system_taken(raw, options["crs"], choice.crs_from, boundary),
        notes=[*choice.notes, *_notes(others, chosen, options["untyped"]), *accepted.attrs["notes"], *scheme_notes],
    )


def _filter(
    table: Table, where: Mapping[str, str], raw: pd.DataFrame, doors: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mapped rows that hold what is asked for, and the others as rejected."""
    keep = np.ones(len(raw), dtype=bool)
    reasons = []
    for header, value in where.items():
        if header not in table.headers:
            raise HazardError(
                "where-column",
                "{file} has no column {header} to choose rows by. Its columns are: {headers}.",
                file=table.name,
                header=header,
                headers=", ".join(table.headers),
            )
        if personal_headers([header]):
            raise HazardError(
                "personal-column", "The column {header} holds personal data: rows are not chosen by it.", header=header
            )
        cells = table.frame.iloc[:, table.headers.index(header)].str.strip()
        same = (cells == value.strip()).to_numpy(dtype=bool)
        number = read_numbers(pd.Series([value.strip()]))[0]
        if np.isfinite(number):  # a table of points writes 1 as 1.0
            same |= read_numbers(cells) == number
        other = keep & ~same
        shown = mask_text(cells[other], doors=doors)
        reasons.append(
            pd.DataFrame(
                {"row": shown.index, "column": header, "value": shown.to_numpy(), "reason": "filtered", "original": ""}
            )
        )
        keep &= ~other
    if not reasons:
        return raw, pd.DataFrame(columns=list(REJECTED_COLUMNS))
    kept = raw[keep]
    kept.attrs = raw.attrs
    return kept, pd.concat(reasons)


def _scheme(asked: str | None, accepted: pd.DataFrame, rules: pd.DataFrame) -> tuple[str | None, list[Sentence]]:
    """Return the list that the codes belong to, as chosen or as their names tell, and why."""
    known = sorted(set(rules["scheme"]) - {""})
    if asked is not None and asked not in ("none", "detected", *known):
        raise HazardError(
            "scheme-unknown",
            "There is no code list {scheme}. Choose one of {known}, “detected” or “none”.",
            scheme=asked,
            known=", ".join(known) or "-",
        )
    if asked not in (None, "detected"):
        return (None if asked == "none" else asked), []
    guess, agreeing, contradicting = guess_scheme(accepted["type_name"], accepted["code"], rules)
    facts = {"scheme": guess or "", "agreeing": agreeing, "contradicting": contradicting}
    if guess and (asked or is_sure(agreeing, contradicting)):
        sentence = N_(
            "The codes are read by the list {scheme}: {agreeing} rows have the names that the list gives their codes, "
            "{contradicting} have others."
        )
        return guess, [Sentence(sentence, facts)]
    if asked or agreeing or contradicting:
        sentence = N_(
            "The codes are not looked at: their names do not tell which list they belong to. Types go by their names."
        )
        return None, [Sentence(sentence, {})]
    return None, []


def _stored(accepted: pd.DataFrame, source: str, others: pd.DataFrame, doors: bool) -> pa.Table:
    """Return checked rows in the columns of the store; import_id and months are not known yet, but for lone years."""
    schema = tables.TABLES["incidents"].schema
    columns = {}
    for name in schema.names:
        kind = schema.field(name).type
        if name == "source":
            columns[name] = pa.repeat(pa.scalar(source, kind), len(accepted))
        elif name == "import_id":
            columns[name] = pa.repeat(pa.scalar("", kind), len(accepted))
        elif name in LIMIT_COLUMNS:  # reckoned by data.deadlines
            columns[name] = pa.nulls(len(accepted), kind)
        elif name == "attributes":
            kept = others if len(accepted) == len(others) else others.loc[accepted.index]
            columns[name] = as_map(kept, doors=doors)
        else:
            columns[name] = pa.array(accepted[name], from_pandas=True).cast(kind, safe=name not in TIME_FIELDS)
    return pa.table(columns, schema=schema)


def _notes(others: Others, mapping: Mapping[str, str], untyped: str | None) -> list[Sentence]:
    notes = list(others.notes)
    if "incident_id" not in mapping:
        notes.append(
            Sentence(
                N_("No column holds a case number: a case is the same if its report is the same word for word."), {}
            )
        )
    if not untyped and not {"type_name", "code", "description"} & mapping.keys():
        notes.append(
            Sentence(N_("No column says what was reported: every case counts as “other”. Choose a hazard for all."), {})
        )
    if "reported_at" not in mapping:
        notes.append(Sentence(N_("No column holds the report time: the cases are in no period and no duration."), {}))
    if "lon" not in mapping:
        notes.append(Sentence(N_("No columns hold coordinates: the cases have no point of their own."), {}))
    return notes
