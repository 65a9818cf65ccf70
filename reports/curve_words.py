"""What the curves of resolution times are, and how they are read."""

from base.text import N_, Sentence
from reports.times_words import WORK


def curves_title(clock: str) -> Sentence:
    """Return what the curves are."""
    if clock == WORK:
        return Sentence(N_("Share of cases not yet closed, by work time since the clock began"))
    return Sentence(N_("Share of cases not yet closed, by time since the report"))


def curves(drawn: int, groups: int, more: Sentence | None = None) -> Sentence:
    """Return how the curves are read; `more` stands behind it."""
    if not groups:
        return Sentence(N_("There is no case here of which a duration is known."))
    if drawn < groups:
        read = Sentence(
            N_(
                "A curve falls where cases are closed and crosses the half at the median; the {drawn} largest of "
                "{groups} groups are drawn, all are in the table."
            ),
            {"drawn": drawn, "groups": groups},
        )
    else:
        read = Sentence(N_("A curve falls where cases are closed and crosses the half at the median."))
    return read if more is None else Sentence(N_("{finding} {more}"), {"finding": read, "more": more})
