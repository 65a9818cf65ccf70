"""How near two events must lie to be about one place, by hazard: checked once for all that asks it."""

from collections.abc import Mapping
from typing import Any

from base.errors import HazardError


def radius_of(hazard: Any, radius_m: Mapping[Any, float]) -> float:
    """Return the radius of a hazard in metres.

    Raises
    ------
    HazardError
        ``radius-missing`` for a hazard without one, ``radius-bad`` for one that is negative or not a number.
    """
    if hazard not in radius_m:
        raise HazardError("radius-missing", "Hazard {hazard} has no radius.", hazard=hazard)
    radius = float(radius_m[hazard])
    if not 0 <= radius < float("inf"):
        raise HazardError(
            "radius-bad",
            "Hazard {hazard}: a radius of {radius} m cannot be; give a number from 0 up.",
            hazard=hazard, radius=radius,
        )  # fmt: skip
    return radius
