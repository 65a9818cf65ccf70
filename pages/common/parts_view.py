"""What else there is to know of the hot spots: one part at a time, for only what is looked at is reckoned."""

import streamlit as st

from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from pages.common import alarm_view, cached, controls, downloads, evidence_view, panels, places_view, rates_view
from pages.common.cached import Asked
from reports import answers, handouts, tracing
from reports.record import course_of

PARTS = {
    "evidence": N_("Evidence"),
    "months": N_("By month"),
    "before": N_("Compared with before"),
    "lately": N_("Lately"),
    "places": N_("Places and sites"),
    "rates": N_("Rates"),
}
MANY_EVENTS, MANY_CLAIMS = 100_000, 1_000  # from there on the evidence takes longer than a reader waits unasked
EVENTS_A_MINUTE = 600_000


def draw(words: Words, data: Dataset, spots: answers.HotSpots, asked: Asked, chosen: str | None) -> None:
    """Draw the choice of a part, and the part."""
    part = controls.part(words, words("Part"), "part", PARTS)
    if part == "lately":
        alarm_view.lately(words, data, asked.scope)
    elif part == "rates":
        rates_view.rates_list(words, data, asked.scope, spots, asked.exposure)
    elif part == "places":
        places_view.shared(words, spots)
        if ready(words, data, spots, asked):
            places_view.sites(words, spots, cached.sites(words, data, asked))
        places_view.groups(words, data, asked.scope)
    elif ready(words, data, spots, asked):
        if part == "months":
            evidence_view.strip(words, asked.scope, spots, course_of(data, asked.scope, spots))
        elif part == "before":
            evidence_view.against(words, cached.before(words, data, spots, asked))
        else:
            record = cached.record(words, data, spots, asked)
            evidence_view.claims(words, spots, record, cached.doubts(words, data, spots, asked), chosen)
            evidence_view.never(words, cached.never(data, spots, asked))


def one_cell(words: Words, data: Dataset, spots: answers.HotSpots, asked: Asked, cell: str) -> None:
    """Show one cell: its sentence, its evidence where that was asked for or comes at once, its incidents."""
    view = cached.cell(data, asked.scope, cell, cached.cell_table(data, asked.scope))
    panels.cell_head(words, data, asked.scope, view, spots)
    claimed = bool(spots.cells.loc[spots.cells["cell_id"] == cell, "hot"].any())
    if claimed and (not costly(spots) or asked in st.session_state.get("evidence asked", ())):
        record = cached.record(words, data, spots, asked)
        evidence_view.one_cell(words, spots, record, cached.doubts(words, data, spots, asked), cell)
    panels.cell_incidents(words, data, asked.scope, view, height=320)


def costly(spots: answers.HotSpots) -> bool:
    """Return whether the evidence of a screen is too much to be reckoned unasked."""
    return spots.n_events > MANY_EVENTS or int(spots.result.hot.sum()) > MANY_CLAIMS


def ready(words: Words, data: Dataset, spots: answers.HotSpots, asked: Asked) -> bool:
    """Return whether the evidence may be reckoned; where that takes long, draw the button that asks for it."""
    kept: set[Asked] = st.session_state.setdefault("evidence asked", set())
    if not costly(spots) or asked in kept:
        return True
    sentence = words(
        "The evidence looks through the history of all cells, and tests each of {claims} claims again without what "
        "might fake it. With {events} events that takes about {minutes} the first time.",
        claims=int(spots.result.hot.sum()),
        events=spots.n_events,
        minutes=words.duration(max(1.0, spots.n_events / EVENTS_A_MINUTE) / 60),
    )
    st.info(markdown_plain(sentence))
    st.button(words("Set out the evidence"), icon=":material/manage_search:", on_click=kept.add, args=(asked,))
    return False


def handed_out(words: Words, data: Dataset, asked: Asked) -> None:
    """Draw the downloads of all that stands here; they are written when they are asked for."""

    def screen() -> handouts.Screen:
        return handouts.screen_of(
            data, asked.scope, exposure=asked.exposure, method=asked.method, compare=asked.compare
        )

    with st.container(horizontal=True):
        downloads.file_of(
            words("Download: {name}", name=words("Hot spots (XLSX)")),
            lambda: handouts.workbook(screen(), words),
            "hotspots.xlsx",
            downloads.XLSX,
        )
        downloads.file_of(
            words("Download: {name}", name=words("Hot spots (GeoPackage)")),
            lambda: handouts.geopackage(screen(), words),
            "hotspots.gpkg",
            downloads.GPKG,
        )
        n = tracing.count(data, asked.scope)
        if n <= tracing.MOST_ON_A_PAGE:
            downloads.file_of(
                words("Download: {name}", name=words("Reports and events (XLSX)")),
                lambda: tracing.workbook(data, asked.scope, words),
                "hotspots-reports.xlsx",
                downloads.XLSX,
            )
    if n > tracing.MOST_ON_A_PAGE:
        sentence = words(
            "{n} reports are too many to hand out here with their events: on the command line, cli.py hotspots --trace "
            "FILE.csv writes them all.",
            n=n,
        )
        st.caption(markdown_plain(sentence))
