"""Colours, once: a sequence safe for colour-blind eyes, one strong colour kept for claims, one colour a hazard."""

from typing import Any

# One sequence from near the ground to strong; in the dark it runs from dark to bright. `inks` are the label colours on
# each step, `missing` is no data (never zero), `hatch` the stroke of a silent cell, `compared` the frame of a cell that
# others are compared with.
LIGHT: dict[str, Any] = {
    "fills": ["#f1eee6", "#f6dfb0", "#f2bd6b", "#de8c38", "#b3581a"],
    "inks": ["#333333", "#333333", "#2b2b2b", "#1c1c1c", "#ffffff"],
    "missing": "#d9dde2",
    "hatch": "#b9b4a6",
    "claim": "#a8103c",
    "line": "#ffffff",
    "ink": "#16202b",
    "compared": "#1f62a8",
}
DARK: dict[str, Any] = {
    "fills": ["#27323d", "#4a3d2a", "#7d5a2c", "#b97a32", "#efb15a"],
    "inks": ["#d5dde5", "#e8e2d6", "#ffffff", "#16110a", "#16110a"],
    "missing": "#3b4550",
    "hatch": "#56626e",
    "claim": "#ff5d8a",
    "line": "#10171f",
    "ink": "#ffffff",
    "compared": "#6db3ff",
}
# Readable on both grounds, told apart without red against green.
HAZARDS = {"waterlogging": "#3a7ab8", "sunken_cover": "#9a7b4f", "wall_risk": "#a05a8c", "other": "#8b98a5"}
NEUTRAL = "#8b98a5"
GOOD, BAD = "#2c7a58", LIGHT["claim"]
