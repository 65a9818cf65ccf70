"""The criteria by which a place may need works for its drainage: what each is, in which unit, and which way it counts.

They are filled from the data in `reports.needs`; what is said where one is not known stands here too.
"""

from dataclasses import dataclass

from analysis.criteria import MORE
from base.text import N_, Sentence

SUM, MOST, RATIO, BY_AREA, BY_CASES, BY_REPORTS = "sum", "most", "ratio", "by_area", "by_cases", "by_reports"
FOLDS = {
    SUM: N_("The sum over its cells, of each the share of its area that is covered."),
    MOST: N_("That of its worst cell, times the share of its area that is covered: the same day may count in several."),
    RATIO: N_("From the sums of events and of expected events over its cells, each by the share of its area."),
    BY_AREA: N_("The mean of its cells, weighted by the area covered, over those of which it is known."),
    BY_CASES: N_("The mean of its cells, weighted by their cases, over those of which it is known."),
    BY_REPORTS: N_("The mean of its cells, weighted by their reports, over those of which it is known."),
}


@dataclass(frozen=True)
class Criterion:
    """One thing that a place may need works for.

    `label`, `unit` and `definition` are messages (the fields of a definition are those of `Needs.fields`). `direction`
    is `analysis.criteria.MORE`: the more of it, the more need. One that is not `ranked` is told beside, and takes part
    in a ranking only where somebody asks for it. `fold` says how the value of a place that covers several cells, or
    parts of them, comes from theirs: a key of `FOLDS`.
    """

    code: str
    label: str
    unit: str
    definition: str
    direction: int = MORE
    ranked: bool = True
    fold: str = SUM


EVERY = (
    Criterion(
        "events", N_("Waterlogging events"), N_("events"),
        N_("Events of waterlogging in the period; calls about one flood are one event."),
    ),
    Criterion(
        "days", N_("Days with waterlogging"), N_("days"),
        N_("Days of the period on which somebody reported waterlogging there."),
        fold=MOST,
    ),
    Criterion(
        "wet_days", N_("Wet days with waterlogging"), N_("days"),
        N_(
            "Of the {wet} days of the period on which {mm} mm of rain or more are known to have fallen, those on which "
            "somebody reported waterlogging there."
        ),
        fold=MOST,
    ),
    Criterion(
        "excess", N_("Excess over expected, at least"), N_("times the expected"),
        N_(
            "Events over those expected by {exposure}: the lower limit of the 95% interval of that ratio, so that a "
            "small place does not lead by chance. Ratio and upper limit stand beside it."
        ),
        fold=RATIO,
    ),
    Criterion(
        "chronic", N_("Chronic sites of waterlogging"), N_("sites"),
        N_(
            "Places where waterlogging was reported again after it had been closed (returns asked for: {returns}), in "
            "all that is known up to the end of the period."
        ),
    ),
    Criterion(
        "trend", N_("Trend of waterlogging"), N_("1, 0 or -1"),
        N_(
            "1 where events are growing or newly begun, -1 where they are fading, 0 where no change is seen: by a test "
            "of each month against the same month of other years, over the whole record."
        ),
        fold=BY_AREA,
    ),
    Criterion(
        "hours", N_("Time to resolve"), N_("hours"),
        N_(
            "Time from report to closure within which half of the cases of waterlogging were closed, open cases "
            "counted for as long as they were open. How long water stands is in no data."
        ),
        fold=BY_CASES,
    ),
    Criterion(
        "returns", N_("Came back after closure"), N_("events"),
        N_(
            "Events closed in the period after which waterlogging was reported again within {radius} m and {days} "
            "days, so far."
        ),
    ),
    Criterion(
        "households", N_("Households there"), N_("households"), N_("Households of the cell, as loaded."),
    ),
    Criterion(
        "population", N_("People there"), N_("people"), N_("Population of the cell, as loaded."),
    ),
    Criterion(
        "road_km", N_("Roads there"), N_("km of road"), N_("Kilometres of road in the cell, as loaded."),
    ),
    Criterion(
        "covers", N_("Covers there"), N_("covers"), N_("Covers of drains and shafts in the cell, as loaded."),
    ),
    Criterion(
        "sunken_covers", N_("Sunken covers"), N_("events"),
        N_("Events of sunken covers in the period: a sign of washed-out ground and of broken drains."),
    ),
    Criterion(
        "drains", N_("Defects of drains and covers"), N_("events"),
        N_(
            "Events of blocked or broken drains and of broken or missing covers in the period, told by the name of "
            "their type; sunken covers and waterlogging are not among them."
        ),
    ),
    Criterion(
        "residents", N_("Reported by residents"), N_("share of reports"),
        N_(
            "Share of residents among the reports of waterlogging in the period of which it is known who made them, by "
            "the name of the channel, or of the import where a case has none. It tells how far the counts hang on who "
            "rings, and is no need by itself."
        ),
        ranked=False, fold=BY_REPORTS,
    ),
)  # fmt: skip
CRITERIA = {one.code: one for one in EVERY}
COUNTED = ("events", "days", "wet_days", "excess")  # those that stand a second time without the reports of residents
RULE = Sentence(
    N_(
        "Where a criterion is not known of a place, the ranking gives it the median of the places of which it is "
        "known, and marks it."
    )
)
REASONS: dict[str, str] = {
    "no-event-anywhere": N_("There is no event of waterlogging at all."),
    "no-exposure": N_("Nothing is expected there, for what the expected events rest on is zero there."),
    "few-closed": N_("Fewer than half of the events there have a closing time, so chronic sites cannot be seen."),
    "few-watched": N_(
        "Fewer than half of the events there have both a point and a closing time, so what came back cannot be seen."
    ),
    "too-many": N_("There are too many events to look for chronic sites: choose one area."),
    "short-record": N_("The record is shorter than 24 whole months."),
    "young-outline": N_("The outline has held for fewer than 24 whole months."),
    "no-case": N_("There is no case of waterlogging there whose duration can be told."),
    "not-reached": N_("More than half of the cases are still open, or were followed too shortly."),
    "not-loaded": N_("The figure is not loaded for it."),
    "no-report": N_("Nobody reported waterlogging there."),
    "no-cell": N_("It covers no cell here: choose its cells, or draw its place."),
    "cell-unknown": N_("It is not known of all the cells it covers."),
    "no-channel": N_("Of none of its reports is it known who made it."),
}
