"""The office's working calendar of a version: its country's days, its own table over them, its hours on them."""

from data.calendar import OfficeDays, office_days
from data.clocks import Calendar
from data.dataset import Dataset


def days_of(dataset: Dataset, zone: str | None = None) -> OfficeDays:
    """Return the days of a version's office, by its settings and its table of workdays, held with the version.

    Parameters
    ----------
    zone : str, optional
        Zone of the office hours where it is not yet that of the version: the first import sets it.
    """
    zone = zone or dataset.zone
    settings = dataset.settings

    def make() -> OfficeDays:
        hours = settings["office_hours"]
        return office_days(settings["work_calendar"], zone=zone, hours=hours, own=dataset.workdays())

    return dataset.hold("office days", zone, make, most=2)


def calendar_of(dataset: Dataset, zone: str | None = None) -> Calendar:
    """Return the same as `data.clocks` takes it, held with the version.

    Parameters
    ----------
    zone
        As in `days_of`.
    """

    def make() -> Calendar:
        days = days_of(dataset, zone)
        return Calendar(days.midnights, days.status, days.opens, days.closes)

    return dataset.hold("working calendar", zone or dataset.zone, make, most=2)
