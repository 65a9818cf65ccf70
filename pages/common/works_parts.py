"""What else there is to know of a list of works: one part at a time, for only what is looked at is reckoned."""

from functools import partial

import streamlit as st

from analysis import priority_figures
from analysis.charts import CONFIG
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, controls, downloads, frame, panels, rain_view
from reports import priority_tables, priority_views, priority_words
from reports.priorities import Priorities

PARTS = {
    "why": N_("Why these"),
    "weights": N_("What if weights change"),
    "money": N_("More or less money"),
    "residents": N_("Without residents"),
    "rain": N_("Rain forecast"),
    "rests": N_("What it rests on"),
}


def draw(words: Words, data: Dataset, scope: Scope, found: Priorities) -> None:
    """Draw the choice of a part, and the part."""
    part = controls.part(words, words("Part"), "works", PARTS)
    with frame.told(words, stop=False):
        if part == "weights":
            what_if(words, data, scope, found)
        elif part == "money":
            money(words, data, scope, found)
        elif part == "residents":
            residents(words, data, scope, found)
        elif part == "rain":
            rain_view.show_forecast(words, data, scope)
        elif part == "rests":
            rests_on(words, found)
        else:
            why(words, data, found)


def why(words: Words, data: Dataset, found: Priorities) -> None:
    """Say why each project is built or not; show the bars that make each score, the criteria, and what is not known."""
    frame.heading(words("Why each is built or not"))
    rows, heads = priority_views.why_rows(found, words)
    frame.table(rows, heads, alt=words("Why each of {n} projects is built or not.", n=len(rows)))
    frame.heading(words("Ranking by need: what makes each score"))
    _said(words, *priority_words.weighing(found))
    view = priority_views.bars_view(found, words)
    panels.after_the_map()
    figure = priority_figures.bars_figure(view.bars, view.names, view.criteria, marked=view.chosen, words=words)
    alt = priority_figures.bars_alt(view.bars, view.names, view.criteria, words=words)
    st.plotly_chart(figure, config=CONFIG, alt=alt, key="bars")
    notes = [words("●: to be built.")]
    if view.left_out:
        notes.append(
            words("The first {shown} of {n} projects.", shown=len(view.names) - view.left_out, n=len(view.names))
        )
    notes += [one.say(words) for one in priority_words.unknown(found)]
    st.caption(markdown_plain(words.joined(notes)))
    with st.expander(words("The criteria: numbers, units and definitions")):
        values, titles = priority_tables.criteria_rows(found, words)
        frame.table(values, titles, alt=words("Criteria of {n} projects.", n=len(values)))
        said = priority_tables.definitions(found.needs, priority_tables.weights_of(found), words)
        frame.table(said, alt=words("What the criteria are."))
        for one in found.needs.missing:
            st.markdown(markdown_plain(one.say(words)))


def what_if(words: Words, data: Dataset, scope: Scope, found: Priorities) -> None:
    """Show the ranks under weights drawn again and again: within a fifth of those chosen, and all weights."""
    with st.spinner(words("Drawing weights")):
        every = cached.works_all_weights(data, scope, found.asked)
    for key, title, view in (
        ("near", words("Weights up to {spread} more or less", spread=words.percent(found.asked.spread)),
         priority_views.ranks_view(found, None)),
        ("all", words("All weights, whatever somebody chooses"), priority_views.ranks_view(found, every)),
    ):  # fmt: skip
        frame.heading(title)
        panels.after_the_map()
        figure = priority_figures.ranks_figure(view.ranks, view.names, marked=view.chosen, words=words)
        st.plotly_chart(
            figure, config=CONFIG, alt=priority_figures.ranks_alt(view.ranks, words=words), key=f"ranks-{key}"
        )
        _said(words, view.sentence)
    rows, titles = priority_views.robust_rows(found, every, words)
    frame.table(rows, titles, alt=words("How often each project is funded, and its ranks."))
    downloads.sheet(words, data, None, rows, titles, name=words("What if weights change"), file="works-weights")


def money(words: Words, data: Dataset, scope: Scope, found: Priorities) -> None:
    """Show what is avoided at each budget, what more money buys, and the lists beside each other."""
    frame.heading(words("What more or less money would avoid"))
    with st.spinner(words("Looking for the best set at each budget")):
        more = cached.works_money(data, scope, found.asked)
    st.info(markdown_plain(priority_tables.say(priority_words.next_buy(found, more), words)))
    panels.after_the_map()
    curve = more.curve
    figure = priority_figures.curve_figure(
        curve.budgets, curve.benefit, now=(found.asked.budget, found.choice.benefit), knee=curve.knee,
        unit=words("{unit} avoided a year", unit=priority_words.unit(found)), words=words,
    )  # fmt: skip
    st.plotly_chart(
        figure, config=CONFIG, alt=priority_figures.curve_alt(curve.budgets, curve.benefit, words=words), key="curve"
    )
    _said(words, priority_words.bend(more), *priority_words.proved(more))
    frame.heading(words("The best set against lists in order"))
    rows = priority_tables.lists(found, words)
    frame.table(
        rows, {name: words(title) for name, title in priority_tables.LISTS.items()},
        alt=words("Three lists for the same money."),
        column_config={
            name: st.column_config.NumberColumn(words(priority_tables.LISTS[name]), format="localized")
            for name in ("cost", "avoided", "per")
        },
    )  # fmt: skip
    _said(words, priority_words.optimum(found), *priority_words.beside(found))
    titles = {name: words(title) for name, title in priority_tables.CURVE.items()}
    build = priority_tables.curve_rows(more)
    downloads.sheet(words, data, None, build, titles, name=words("Budget curve"), file="works-curve")


def residents(words: Words, data: Dataset, scope: Scope, found: Priorities) -> None:
    """Show ranking and list with and without what residents alone reported."""
    frame.heading(words("With and without the reports of residents"))
    st.caption(
        markdown_plain(
            words(
                "Where many people ring, a place looks worse. Without residents an event counts if a patrol, a camera "
                "or an office reported it too."
            )
        )
    )
    other = cached.priorities(words, data, scope, priority_views.other_side(found.asked))
    _said(words, priority_words.residents(found), *priority_words.both_lists(found, other))
    rows, titles = priority_views.residents_rows(found, other, words)
    frame.table(rows, titles, alt=words("Ranks and lists with and without the reports of residents."))
    with st.expander(words("Who is taken for whom")):
        names, heads = priority_views.channels(found, words)
        frame.table(names, heads, alt=words("Channels and who reports by them."))
    downloads.sheet(words, data, None, rows, titles, name=words("Without residents"), file="works-residents")


def rests_on(words: Words, found: Priorities) -> None:
    """Say what the figures rest on, what is assumed and what is not known."""
    frame.heading(words("What these figures rest on, and what is assumed"))
    for one in priority_words.rests_on(found):
        st.markdown(markdown_plain(one.say(words)))


def handed_out(words: Words, data: Dataset, scope: Scope, found: Priorities) -> None:
    """Draw the downloads of all that stands here; they are written when they are asked for."""

    def build(suffix: str) -> bytes:
        more = cached.works_money(data, scope, found.asked)
        return priority_tables.file_of(data, found, more, words, suffix, suffix)

    with st.container(horizontal=True):
        for suffix, mime, title in (
            (".xlsx", downloads.XLSX, words("Drainage priorities (XLSX)")),
            (".gpkg", downloads.GPKG, words("Drainage priorities (GeoPackage)")),
        ):
            label = words("Download: {name}", name=title)
            downloads.file_of(label, partial(build, suffix), f"hotspots-works{suffix}", mime)


def _said(words: Words, *sentences: object) -> None:
    st.caption(markdown_plain(words.joined(one.say(words) for one in sentences)))  # type: ignore[attr-defined]
