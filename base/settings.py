"""One table of settings. A workspace overrides a value in its version file; README lists them all (a test looks)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from base.errors import HazardError
from base.text import N_


@dataclass(frozen=True, slots=True)
class Setting:
    """A named value: its default, its unit ('' where it has none) and one sentence on what it does."""

    name: str
    default: Any
    unit: str
    help: str
    choices: tuple[str, ...] = ()  # of a text; empty: any


SETTINGS = (
    Setting("timezone", "Asia/Shanghai", "", N_("zone of naive times, of months and of every time shown")),
    Setting("fdr", 0.05, "", N_("share of false alarms allowed among the cells called hot")),
    Setting("min_events", 20, "events", N_("fewer than this: list and map only, no claim")),
    Setting("map_draws", 999, "draws", N_("random maps behind the chance of so strong a map without a pattern")),
    Setting("scan_share", 0.5, "", N_("largest share of the exposure that a place of several cells may hold")),
    Setting("scan_share_many", 0.02, "", N_("the same among more than 1,000 cells")),
    Setting("scan_cells_many", 200, "cells", N_("most cells of a place among more than 1,000 cells")),
    Setting("alarm_days", 28, "days", N_("the last weeks: the longest time over which a gathering is looked for")),
    Setting("alarm_history_days", 730, "days", N_("how far back reports tell what is usual for the last weeks")),
    Setting("alarm_chance", 0.05, "", N_("an alarm is what chance alone gathers in at most this share of looks")),
    Setting("seed", 20260101, "", N_("start of every random draw; stored with each result")),
    Setting("event_radius_waterlogging_m", 100, "m", N_("calls within this distance of the first may be one event")),
    Setting("event_radius_m", 30, "m", N_("the same for the other hazards")),
    Setting("event_hours_waterlogging", 24, "h", N_("calls within this time of the first may be one event")),
    Setting("event_hours", 168, "h", N_("the same for the other hazards: a defect stays until it is repaired")),
    Setting("cluster_radius_m", 100, "m", N_("point clusters: how far members may lie apart")),
    Setting("cluster_min_events", 4, "events", N_("point clusters: how many events make one")),
    Setting("spot_min_reports", 20, "reports", N_("reports on one spot before it is asked whether they are located")),
    Setting("spot_min_share", 0.01, "", N_("the same, as a share of all located reports of the source")),
    Setting("bulk_close_min", 20, "cases", N_("so many cases of a source closed in one minute: closed in bulk?")),
    Setting("few_reports", 10, "reports", N_("a rate or a median on fewer is drawn pale with a dotted edge")),
    Setting("repair_max_change", 0.01, "", N_("largest change of area by the repair of a boundary")),
    Setting("sliver_m2", 1.0, "m2", N_("overlaps and gaps smaller than this are not reported")),
    Setting("near_tolerance_m", 30, "m", N_("how far outside a cell a point may lie and count there all the same")),
    Setting("far_km", 5, "km", N_("a point farther outside the boundary than this is named: a slip of the pen?")),
    Setting("max_file_mb", 200, "MB", N_("largest file that is read")),
    Setting("read_apart", 1, "", N_("1: files are read in a process apart, with limits; 0 only if all are trusted")),
    Setting("read_memory_mb", 1500, "MB", N_("memory that reading one file may take")),
    Setting("read_seconds", 60, "s", N_("processor time that reading one file may take")),
    Setting("read_output_mb", 1000, "MB", N_("cells and text that may come out of one file")),
    Setting("lock_wait_s", 60, "s", N_("how long a writer waits for another writer")),
    Setting(
        "personal_columns",
        "drop",
        "",
        N_("columns about persons: “drop” them, or “mask”: keep them with every value as ***"),
        ("drop", "mask"),
    ),
    Setting(
        "mask_doors", 1, "", N_("1: the number of a flat in a text is masked, the building stays; 0: it stays as it is")
    ),
    Setting(
        "keep_originals_days",
        30,
        "days",
        N_("imported files stay in the workspace so long, personal data and all; 0: not at all"),
    ),
    Setting(
        "keep_versions_days",
        30,
        "days",
        N_("earlier versions stay so long: an import that corrected cases can be taken back until then"),
    ),
    Setting("map_stamp", "", "", N_("text on every map; “internal use” if empty")),
    Setting("map_review_number", "", "", N_("map review number (审图号) on every map")),
)
_CHOICES = {setting.name: setting.choices for setting in SETTINGS if setting.choices}
DEFAULTS: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}


def merged(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings by name: the defaults, overridden.

    Raises
    ------
    HazardError
        ``setting-unknown`` for a name that is not in the table, ``setting-type`` for a value of another kind.
    """
    values = dict(DEFAULTS)
    for name, value in overrides.items():
        if name not in DEFAULTS:
            raise HazardError("setting-unknown", "There is no setting named {name}.", name=name)
        default = DEFAULTS[name]
        if isinstance(default, str) != isinstance(value, str) or value not in _CHOICES.get(name, (value,)):
            raise HazardError("setting-type", "Setting {name} cannot be {value}.", name=name, value=repr(value))
        values[name] = value
    return values
