"""The system of coordinates that a file declares, as ``EPSG:n`` or not at all."""

from typing import Any

import pyproj

from base.errors import HazardError
from geo.crs import crs_name

_LONGEST, _SURE = 20_000, 70  # signs of a declaration; per cent, by which pyproj takes it for an entry of its table


def of_code(code: Any) -> str | None:
    """Return ``EPSG:n`` of a number or its digits, None where it is no system of positions."""
    text = str(code)
    if not (text.isascii() and text.isdigit()):
        return None
    try:
        crs_name(f"EPSG:{text}")
    except HazardError:
        return None
    return f"EPSG:{int(text)}"


def of_wkt(text: str) -> str | None:
    """Return the system in the text of a .prj file; None where the table of systems has none like it."""
    if not 0 < len(text) <= _LONGEST:
        return None
    try:
        code = pyproj.CRS.from_wkt(text.strip("\ufeff\x00 \r\n")).to_epsg(min_confidence=_SURE)
    except pyproj.exceptions.CRSError:
        return None
    return None if code is None else of_code(code)


def of_projjson(member: Any) -> str | None:
    """Return the system in a PROJJSON object, by the identifier that it bears."""
    named = member.get("id") if isinstance(member, dict) else None
    if not isinstance(named, dict):
        return None
    authority, code = str(named.get("authority")).upper(), named.get("code")
    if authority == "OGC" and code in ("CRS84", "CRS84h"):  # WGS 84 with longitude first, as all readers here have it
        return "EPSG:4326"
    return of_code(code) if authority == "EPSG" else None
