"""Which slip of the pen may have put a point far outside a boundary."""

from collections.abc import Iterator

Box = tuple[float, float, float, float]  # west, south, east, north
_PLACEHOLDER = 0.01  # degrees: nearer to the equator or to Greenwich a coordinate is the 0 of an empty field
_AROUND = 0.01  # degrees around the box that a mended point may lie in: it was not surveyed


def likely_slip(lon: float, lat: float, box: Box) -> str:
    """Return what probably happened to a point far outside: "zero", "swapped", "digit", or "" where nothing shows it.

    "digit": with the decimal point moved by one place, or with one digit more or another one before it, one of the two
    coordinates lies in the box; the other one does as it is.
    """
    west, south, east, north = box[0] - _AROUND, box[1] - _AROUND, box[2] + _AROUND, box[3] + _AROUND

    def inside(x: float, y: float) -> bool:
        return west <= x <= east and south <= y <= north

    if min(abs(lon), abs(lat)) < _PLACEHOLDER:
        return "zero"
    if inside(lat, lon):
        return "swapped"
    mended = [*((x, lat) for x in _mended(lon)), *((lon, y) for y in _mended(lat))]
    return "digit" if any(inside(x, y) for x, y in mended) else ""


def _mended(value: float) -> Iterator[float]:
    yield from (value * 10, value / 10)
    whole, rest = f"{value:.7f}".split(".")
    for at in range(len(whole) + 1):
        for digit in "0123456789":
            for end in (at, at + 1):  # one more, or in place of another
                mended = f"{whole[:at]}{digit}{whole[end:]}"
                if mended.lstrip("-").isdigit():
                    yield float(f"{mended}.{rest}")
