"""The office's table of addresses: an address that it knows gives a report without coordinates its point."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from data import apart, tables
from data.cellnames import address_keys
from data.headers import apply_mapping, guess_mapping
from data.merging import replace
from data.numbers import read_numbers
from data.places import check_place, read_places, system_taken
from data.placing import FOUND, place
from data.privacy import TEXT, mask, mask_text
from data.profiles import USUAL
from data.schema import REJECTED_COLUMNS
from data.store import Change, Workspace
from data.table import Table
from geo.crs import crs_name

_NEEDED = ("address", "lon", "lat")


def load_gazetteer(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    crs: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    who: str,
) -> dict[str, Any]:
    """Load addresses with their points, beside those that are known already; one known before takes its new point.

    Incidents without coordinates whose address is known now are placed in the same version. Addresses are compared
    without spaces and capitals, full width as half width, province and city as they are given; numbers of persons in
    them are masked.

    Parameters
    ----------
    content : bytes
        A table with a header.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n", optional
        What the file declares if not given, else "wgs84".
    mapping : mapping, optional
        address, lon, lat -> header, over what the headers suggest.
    encoding, sheet
        As in `data.readers.read_table`.

    Returns
    -------
    dict
        read, accepted, rejected, repeats (read is their sum); addresses (all that are known now); placed (incidents
        that were placed or moved); version; columns; rejected_rows (DataFrame of `data.schema.REJECTED_COLUMNS`); crs,
        crs_from, fits (as `data.places.system_taken`).

    Raises
    ------
    HazardError
        ``gazetteer-columns``, ``gazetteer-empty``, ``workspace-busy``; what `data.apart.read_table`, `data.headers`
        and `data.places` refuse.
    """
    before = workspace.newest()
    table = apart.read_table(content, name, settings=before.settings, encoding=encoding, sheet=sheet)
    chosen = {**guess_mapping(table.headers), **(mapping or {})}
    chosen = {field: chosen[field] for field in _NEEDED if chosen.get(field)}
    if len(chosen) < len(_NEEDED):
        raise HazardError(
            "gazetteer-columns",
            "{file}: a table of addresses needs a column of the address and the two of its coordinates. Its columns "
            "are: {headers}. Name them in the list of columns.",
            file=table.name, headers=", ".join(table.headers),
        )  # fmt: skip
    boundary = before.cells(before.levels[0].name) if before.levels else None
    said = crs or table.crs or USUAL["crs"]
    known, rejected, repeats = _check(table, chosen, crs_name(said), boundary)
    if not len(known):
        raise HazardError(
            "gazetteer-empty", "{file}: no row holds an address and a point that can be used.", file=table.name
        )
    with workspace.change("gazetteer", who=who) as change:
        stored = change.before.gazetteer()
        all_ = pd.concat([stored[~stored["address"].isin(known["address"])], known]).sort_values("address")
        schema = tables.TABLES["gazetteer"].schema
        change.write("gazetteer", pa.Table.from_pandas(all_, schema=schema, preserve_index=False))
        facts = {
            "read": len(table.frame) + len(table.bad),
            "accepted": len(known),
            "rejected": len(rejected),
            "repeats": repeats,
            "addresses": len(all_),
            "placed": _place_again(change),
        }
        if facts["read"] != facts["accepted"] + facts["rejected"] + facts["repeats"]:
            raise RuntimeError("the totals of the addresses do not tie")
        change.keep_original(content, name)
        version = change.commit(**facts, file=mask(name)).version
    system = system_taken(
        apply_mapping(table, chosen), said, "said" if crs else "file" if table.crs else "usual", boundary
    )
    return {**facts, "version": version, "columns": chosen, "rejected_rows": rejected, **system}


def _check(
    table: Table, mapping: Mapping[str, str], crs: str, boundary: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the addresses with their points, the rows that give none, and how many say again what another said."""
    raw = apply_mapping(table, mapping)
    text = pd.DataFrame({name: raw[name].astype(TEXT).fillna("").str.strip() for name in raw}, index=raw.index)
    masked = mask_text(text["address"])
    keys = address_keys(masked)
    lon, lat, faults = read_places(text, np.ones(len(text), dtype=bool), crs=crs, titles=mapping)
    if boundary is not None:
        x, y = (np.where(np.isnan(lon), np.nan, read_numbers(text[name])) for name in ("lon", "lat"))
        check_place(x, y, crs=crs, boundary=boundary)
    found = pd.DataFrame({"address": keys, "lon": lon, "lat": lat}, index=text.index)
    reason = pd.Series("", text.index)
    column = pd.Series("", text.index)
    unusable = [((keys == "").to_numpy(), "address-empty", "address"), *faults]
    unusable.append((np.isnan(lon), "address-without-point", "lon"))
    for rows, code, field in unusable:
        new = rows & (reason == "").to_numpy()
        reason[new], column[new] = code, field
    usable = found[reason == ""].round({"lon": 7, "lat": 7})  # a centimetre
    once = usable.drop_duplicates()
    twice = once["address"][once["address"].duplicated(keep=False)].unique()
    doubtful = usable.index[usable["address"].isin(twice)]
    reason[doubtful], column[doubtful] = "address-repeated", "address"
    wrong = reason.index[reason != ""]
    shown = pd.DataFrame({name: masked if name == "address" else mask_text(text[name]) for name in _NEEDED})
    rejected = pd.DataFrame(
        {
            "row": wrong,
            "column": [mapping[field] for field in column[wrong]],
            "value": [shown.at[row, field] for row, field in column[wrong].items()],
            "reason": reason[wrong].to_numpy(),
            "original": "",
        }
    )
    rejected = pd.concat([table.bad, rejected])[list(REJECTED_COLUMNS)].sort_values("row", ignore_index=True)
    known = once[~once["address"].isin(twice)]
    return known, rejected, len(usable) - len(doubtful) - len(known)


def _place_again(change: Change) -> int:
    """Place the incidents without coordinates of their own again, and return how many lie elsewhere now."""
    if "incidents" not in change.before.named.tables:
        return 0
    lost = change.before.query(f"SELECT * FROM incidents WHERE {FOUND} AND address != ''")  # noqa: S608  our own text
    moved = place(lost, change.draft(), change.levels)
    old, new = (rows.select(["placed", "lon", "lat"]).to_pandas().fillna(0) for rows in (lost, moved))
    moved = moved.filter(pa.array((old != new).any(axis=1).to_numpy()))
    replace(change, moved, moved.slice(0, 0))
    return moved.num_rows
