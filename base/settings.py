"""One table of settings. A workspace overrides a value in its version file; README lists them all (a test looks)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from base.errors import HazardError
from base.text import N_


@dataclass(frozen=True, slots=True)
class Setting:
    """A named value: its default, its unit ('' where it has none) and one sentence on what it does.

    A number has a least and a most, and is whole where its default is; a text may have `choices`, else it is free.
    """

    name: str
    default: Any
    unit: str
    help: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What it can be set to, in signs that every language reads; '' for a free text."""
        if self.least is None or self.most is None:
            return ", ".join(self.choices)
        return f"{_written(self.least)} – {_written(self.most)}"

    def nearest(self, value: Any) -> Any:
        """Return the allowed value nearest to one of the right kind."""
        if self.least is None or self.most is None:
            return value
        if value != value:  # no number, which has no nearest
            return self.default
        value = min(max(value, self.least), self.most)
        return round(value) if isinstance(self.default, int) else value


def _written(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"


SETTINGS = (
    Setting("timezone", "Asia/Shanghai", "", N_("zone of naive times, of months and of every time shown")),
    Setting("work_calendar", "CN", "", N_("country whose holidays stop work hours and work days; with a part: US-MA")),
    Setting("office_hours", "08:00-12:00 14:00-18:00", "", N_("when work hours and work days run on a workday")),
    Setting(
        "clock_start",
        "dispatched",
        "",
        N_("when limits and work time begin: “dispatched”, or “reported”; where a file has no dispatch, at the report"),
        choices=("dispatched", "reported"),
    ),
    Setting(
        "clock_end",
        "closed",
        "",
        N_("what counts against a deadline: “closed”, or “handled” where the file says when"),
        choices=("closed", "handled"),
    ),
    Setting(
        "day_limits",
        "hours",
        "",
        N_("a limit of N days: “hours”: N times 8 work hours, or 24 natural hours; “nth_day”: until the Nth day ends"),
        choices=("hours", "nth_day"),
    ),
    Setting(
        "file_deadline",
        "fills",
        "",
        N_("a deadline that a file gives: “fills” where the table of deadlines tells no limit, or “wins” over it"),
        choices=("fills", "wins"),
    ),
    Setting(
        "return_days",
        90,
        "days",
        N_("closed is not fixed: it comes back within so many days of its closure"),
        1,
        3660,
    ),
    Setting("return_radius_waterlogging_m", 100, "m", N_("how far from the closed case it may come back"), 0, 2000),
    Setting("return_radius_m", 30, "m", N_("the same for the other hazards"), 0, 2000),
    Setting(
        "horizon_hours", 720, "h", N_("how far the mean time to resolve looks; longer counts as so long"), 1, 87_600
    ),
    Setting("fdr", 0.05, "", N_("share of false alarms allowed among the cells called hot"), 0.001, 0.25),
    Setting("min_events", 20, "events", N_("fewer than this: list and map only, no claim"), 5, 10_000),
    Setting(
        "map_draws", 999, "draws", N_("random maps behind the chance of so strong a map without a pattern"), 99, 9999
    ),
    Setting(
        "scan_share", 0.5, "", N_("largest share of the exposure that a place of several cells may hold"), 0.01, 0.5
    ),
    Setting("scan_share_many", 0.02, "", N_("the same among more than 1,000 cells"), 0.001, 0.5),
    Setting("scan_cells_many", 200, "cells", N_("most cells of a place among more than 1,000 cells"), 2, 10_000),
    Setting(
        "alarm_days", 28, "days", N_("the last weeks: the longest time over which a gathering is looked for"), 1, 366
    ),
    Setting(
        "alarm_history_days",
        730,
        "days",
        N_("how far back reports tell what is usual for the last weeks; four times as long as these at least"),
        60,
        3660,
    ),
    Setting(
        "alarm_chance",
        0.05,
        "",
        N_("an alarm is what chance alone gathers in at most this share of looks"),
        0.0001,
        0.25,
    ),
    Setting("seed", 20260101, "", N_("start of every random draw; stored with each result"), 0, 4_294_967_295),
    Setting(
        "event_radius_waterlogging_m", 100, "m", N_("calls within this distance of the first may be one event"), 0, 2000
    ),
    Setting("event_radius_m", 30, "m", N_("the same for the other hazards"), 0, 2000),
    Setting("event_hours_waterlogging", 24, "h", N_("calls within this time of the first may be one event"), 0, 8760),
    Setting(
        "event_hours", 168, "h", N_("the same for the other hazards: a defect stays until it is repaired"), 0, 8760
    ),
    Setting("cluster_radius_m", 100, "m", N_("point clusters: how far members may lie apart"), 1, 5000),
    Setting("cluster_days", 90, "days", N_("the same in time; 0: whatever the time"), 0, 3660),
    Setting("cluster_min_events", 4, "events", N_("point clusters: how many events make one"), 2, 1000),
    Setting(
        "chronic_min_returns",
        2,
        "returns",
        N_("chronic sites: how often the same hazard came back to a place after it was closed"),
        1,
        20,
    ),
    Setting(
        "spot_min_reports",
        20,
        "reports",
        N_("reports on one spot before it is asked whether they are located"),
        2,
        1_000_000,
    ),
    Setting("spot_min_share", 0.01, "", N_("the same, as a share of all located reports of the source"), 0, 1),
    Setting(
        "bulk_close_min",
        20,
        "cases",
        N_(
            "so many cases of a source closed in one minute, and five times the mean per minute of the six hours "
            "around it: closed in bulk"
        ),
        2,
        1_000_000,
    ),
    Setting("effect_new_drain", 0.5, "", N_("share of waterlogging that a new drain spares its place: assumed"), 0, 1),
    Setting("effect_dredging", 0.3, "", N_("share of waterlogging that dredging spares its place: assumed"), 0, 1),
    Setting("effect_pump", 0.4, "", N_("share of waterlogging that a pump spares its place: assumed"), 0, 1),
    Setting(
        "effect_cover_repair",
        0.2,
        "",
        N_("share of waterlogging that repaired covers spare their place: assumed"),
        0,
        1,
    ),
    Setting("effect_other", 0.3, "", N_("share of waterlogging that any other work spares its place: assumed"), 0, 1),
    Setting("few_reports", 10, "reports", N_("a rate or a median on fewer is drawn pale with a dotted edge"), 0, 1000),
    Setting("repair_max_change", 0.01, "", N_("largest change of area by the repair of a boundary"), 0, 0.5),
    Setting("sliver_m2", 1.0, "m2", N_("overlaps and gaps smaller than this are not reported"), 0, 10000),
    Setting("wet_day_mm", 10.0, "mm", N_("rain of a day from which on it is a wet day: 中雨 begins there"), 0.1, 500),
    Setting("rain_dry_hours", 6, "h", N_("so long without rain, and the next rain is another one"), 1, 72),
    Setting("rain_least_mm", 1.0, "mm", N_("less is no rain that could flood a place"), 0.1, 100),
    Setting("rain_report_hours", 24, "h", N_("a report belongs to a rain that ended at most so long before"), 0, 240),
    Setting(
        "near_tolerance_m", 30, "m", N_("how far outside a cell a point may lie and count there all the same"), 0, 1000
    ),
    Setting(
        "far_km", 5, "km", N_("a point farther outside the boundary than this is named: a slip of the pen?"), 1, 1000
    ),
    Setting("max_file_mb", 200, "MB", N_("largest file that is read"), 1, 10_000),
    Setting(
        "read_apart", 1, "", N_("1: files are read in a process apart, with limits; 0 only if all are trusted"), 0, 1
    ),
    Setting("read_memory_mb", 1500, "MB", N_("memory that reading one file may take"), 200, 1_000_000),
    Setting("read_seconds", 60, "s", N_("processor time that reading one file may take"), 1, 86_400),
    Setting("read_output_mb", 1000, "MB", N_("cells and text that may come out of one file"), 1, 1_000_000),
    Setting("lock_wait_s", 60, "s", N_("how long a writer waits for another writer"), 0, 3600),
    Setting(
        "personal_columns",
        "drop",
        "",
        N_("columns about persons: “drop” them, or “mask”: keep them with every value as ***"),
        choices=("drop", "mask"),
    ),
    Setting(
        "mask_doors",
        1,
        "",
        N_("1: the number of a flat in a text is masked, the building stays; 0: it stays as it is"),
        0,
        1,
    ),
    Setting(
        "keep_originals_days",
        30,
        "days",
        N_("imported files stay in the workspace so long, personal data and all; 0: not at all"),
        0,
        36_500,
    ),
    Setting(
        "keep_versions_days",
        30,
        "days",
        N_("earlier versions stay so long: an import that corrected cases can be taken back until then"),
        0,
        36_500,
    ),
    Setting("map_stamp", "", "", N_("text on every map; “internal use” if empty")),
    Setting("map_review_number", "", "", N_("map review number (审图号) on every map")),
)
_BY_NAME = {setting.name: setting for setting in SETTINGS}
DEFAULTS: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}


def merged(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings by name: the defaults, overridden.

    A number outside its range counts as the nearest one within: a workspace written before there was a range, or by
    another program, opens all the same. `check` refuses it where it is set.

    Raises
    ------
    HazardError
        ``setting-unknown`` for a name that is not in the table, ``setting-type`` for a value of another kind.
    """
    values = dict(DEFAULTS)
    for name, value in overrides.items():
        values[name] = _known(name, value).nearest(value)
    return values


def check(overrides: Mapping[str, Any]) -> None:
    """Refuse values that a setting cannot be set to.

    Raises
    ------
    HazardError
        What `merged` raises; ``setting-range`` for a number outside its range, or with a fraction where it is whole.
    """
    for name, value in overrides.items():
        one = _known(name, value)
        if one.least is None or one.nearest(value) == value:
            continue
        facts = {"name": name, "value": repr(value), "least": _written(one.least), "most": _written(one.most or 0)}
        if isinstance(one.default, int):
            raise HazardError(
                "setting-range",
                "Setting {name} cannot be {value}: it is a whole number from {least} to {most}.",
                **facts,
            )
        raise HazardError(
            "setting-range", "Setting {name} cannot be {value}: it is a number from {least} to {most}.", **facts
        )


def _known(name: str, value: Any) -> Setting:
    if name not in _BY_NAME:
        raise HazardError("setting-unknown", "There is no setting named {name}.", name=name)
    one = _BY_NAME[name]
    if isinstance(one.default, str) != isinstance(value, str) or value not in (one.choices or (value,)):
        raise HazardError("setting-type", "Setting {name} cannot be {value}.", name=name, value=repr(value))
    return one
