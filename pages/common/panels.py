"""The panels of the overview, and what all pages share: the empty state, the line under a title, the footer."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from analysis import charts, summary
from analysis.hotspots import BY_PLACE, CALLS, GATHER, HOT_SPOT, LIST, HotSpots, explain_cell
from base import palette
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from geo import maps
from pages.common import cached, controls, downloads, frame, map_widget
from reports import answers, intake, people, times, tracing
from reports import choropleth as drawing

FEW_ROWS = 8  # of a list, which is no higher than it needs then
FIRST_CHART_S = 1.5  # until a session's first chart is asked for


def stop_if_empty(words: Words, data: Dataset) -> None:
    """Where nothing is loaded yet, say what to do, offer the example, and end the page."""
    if data.levels and data.imports:
        return
    frame.title(words("Nothing to show yet"))
    if data.levels:
        st.info(words("Boundaries are loaded, but no incidents. Load a file on the Data page."))
    elif data.imports:
        st.info(words("Incidents are loaded, but no boundaries. Load the grid polygons on the Data page."))
    else:
        st.write(
            words(
                "Load your grid boundaries and your incident file, or look around in an invented street office first."
            )
        )
        if st.button(words("Load the example (invented data)"), type="primary", icon=":material/play_arrow:"):
            cached.load_demo(words)
            st.rerun()
    with contextlib.suppress(StreamlitPageNotFoundError):  # a page opened alone knows no other
        st.page_link(frame.ROOT / "pages" / "files.py", label=words("To the Data page"), icon=":material/upload_file:")
    st.stop()


def stop_without_cells(words: Words, data: Dataset, scope: Scope) -> None:
    """Where the chosen area holds no cell of the chosen level, say so and end the page."""
    if not len(answers.cells_of(data, scope)):
        frame.title(words("No cells here"), people.scope_words(words, data, scope))
        st.info(words("The chosen area is not divided into cells of this level: choose another area or level."))
        st.stop()


def under_title(words: Words, data: Dataset, scope: Scope, answer: answers.Overview | None = None) -> str:
    """Return the line under a page's title: the scope, n, and that a demo is one."""
    parts = [words("Example data, invented")] if data.is_demo else []
    parts.append(people.scope_words(words, data, scope))
    if answer is not None:
        parts.append(words.plural("{n} report", "{n} reports", answer.totals["n"]))
        parts += compared_with(words, answer)
    return " · ".join(parts)


def compared_with(words: Words, answer: answers.Overview) -> list[str]:
    """Return what the overview's period is compared with, nothing if there is nothing to compare with."""
    compared = answer.comparison
    if compared is None or compared.before.start is None or compared.before.end is None:
        return []
    parts = [words("compared with {period}", period=words.period(compared.before.start, compared.before.end))]
    if compared.left_out:
        parts.append(words("compared without {sources}", sources=words.listed(compared.left_out)))
    return parts


def headline(words: Words, answer: answers.Overview, spots: answers.HotSpots) -> str:
    """Return the overview's finding in one sentence."""
    return summary.headline(spots.result, answer.change, answer.totals["n"]).say(words)


def beside(words: Words, data: Dataset, scope: Scope) -> None:
    """Say what lies beside the period, where something does: the numbers of the pages tie by it."""
    if sentence := people.beside_sentence(cached.beside(data, scope), words):
        st.caption(markdown_plain(sentence))


def figures(words: Words, answer: answers.Overview, spots: answers.HotSpots, compare: str) -> None:
    """Show the five figures, each with its change or its interval."""
    totals, overall, result = answer.totals, answer.overall, spots.result
    change = summary.change_sentence(answer.change, compare).say(words)
    reached = pd.notna(overall["median_hours"])
    tested = result.tested
    share, low, high = answer.in_time
    no_deadlines = words("no deadlines given")
    figures = [
        (
            words("Reports"),
            words.number(totals["n"]),
            words("{events} events; {change}", events=answer.events, change=change),
        ),
        (
            words("Open"),
            words.number(totals["open"]),
            words("{n} of them past due", n=totals["open_overdue"]) if totals["due"] else no_deadlines,
        ),
        (
            words("Median time"),
            words.duration(overall["median_hours"]) if reached else words("not reached"),
            times_interval(words, overall["low"], overall["high"])
            if overall["n"]
            else words("no case with both times"),
        ),
        (
            words("Share in time"),
            words.percent(share) if totals["due"] else "–",
            words(
                "{in_time} of {due} due; 95% interval {low}–{high}",
                in_time=totals["in_time"],
                due=totals["due"],
                low=words.percent(low),
                high=words.percent(high),
            )
            if totals["due"]
            else no_deadlines,
        ),
        (
            words("Hot spots"),
            words.number(result.own if result.claim == HOT_SPOT else 0) if tested else "–",
            words.joined(_claim_lines(words, result)) if tested else _untested(words, result),
        ),
    ]
    for place, (column, (label, value, under)) in enumerate(zip(st.columns(5, gap="small"), figures, strict=True)):
        with column, st.container(border=True, key=f"figure-{place}", gap="xsmall", height="stretch"):
            st.metric(markdown_plain(label), markdown_plain(value))
            if place == 0 and answer.months["month"].nunique() > 1:
                st.html(charts.small_bars(answer.months))
            st.caption(markdown_plain(under))


def _untested(words: Words, result: HotSpots) -> str:
    return words("a single cell: nothing to compare") if len(result.events) < 2 else words("too few events to test")


def _claim_lines(words: Words, result: HotSpots) -> list[str]:
    lines = [words("Chance of so strong a map: {p}.", p=words.chance(result.map_p))]
    if result.sharing or (result.own and result.claim == GATHER):
        lines.insert(0, words("{sentence}.", sentence=summary.counted_claims(result)))
    return lines


def times_interval(words: Words, low: float, high: float) -> str:
    """Return a median's interval in words; its upper end may not be reached."""
    if pd.isna(low):
        return words("open cases counted")
    if pd.isna(high):
        return words("95% interval from {low}, open cases counted", low=words.duration(low))
    return words("95% interval {low} – {high}, open cases counted", low=words.duration(low), high=words.duration(high))


def choropleth(
    words: Words, data: Dataset, scope: Scope, answer: answers.Overview, spots: answers.HotSpots, chosen: str | None
) -> None:
    """Show the map of the chosen measure with its legend, the choice of a cell without a mouse, and the download."""
    table = answer.cells
    with st.container():
        view, held = map_head(words, data, scope)
        shown = table if held is None else drawing.holding(cached.cell_table(data, view), held)
        left, right = st.columns([3, 2])
        with left:
            measure = controls.select(
                words("Map shows"), "measure", drawing.measures(shown), lambda name: words(drawing.MEASURES[name][0])
            )
        with right:
            pick_cell(words, table, chosen)
    cells_map(words, data, view, held, shown, spots, chosen, measure)
    beside = beside_the_map(words, answer.totals)
    if beside:
        st.caption(markdown_plain(words.joined(beside)))
    downloads.sheet(
        words,
        data,
        scope,
        table,
        {
            "cell_id": words("Code"),
            "name": words("Name"),
            "count": words("Reports"),
            "before": words("Reports in the period compared with"),
            "one_spot": words("of them on one spot"),
            "per_km2": words("Reports per km²"),
            "per_1000_households": words("Reports per 1,000 households"),
            "median_hours": words("Median hours to resolve"),
            "low": words("95% interval from (hours)"),
            "high": words("95% interval to (hours)"),
            "open": words("Open"),
        },
        name=words("Cells"),
        file="cells",
        more=[*compared_with(words, answer), *beside],
    )


def pick_cell(words: Words, table: pd.DataFrame, chosen: str | None) -> None:
    """Draw the select box that chooses a cell, for those who do not use a mouse; among very many, those looked for."""
    state, key, text = st.session_state, controls.widget_key("cell"), ""
    many = len(table) > drawing.MOST_OPTIONS
    if many:
        text = st.text_input(words("Find a cell"), key="w_find", placeholder=words("Part of its name or code"))
    names = drawing.options(table, text, chosen)
    state[key] = chosen if chosen in names else ""

    def keep() -> None:
        controls.keep("cell", state[key] or None)

    st.selectbox(
        words("Cell"),
        ["", *names],
        key=key,
        format_func=lambda cell: names.get(cell, words("none chosen")),
        on_change=keep,
        help=words("{n} of {all} cells: find others by name or code.", n=len(names), all=len(table)) if many else None,
    )


def map_head(words: Words, data: Dataset, scope: Scope) -> tuple[Scope, pd.Series | None]:
    """Show the way back, and what a map shows in place of too many cells; return its view, and `held_by` if coarser.

    Call it in one container with what else stands over the map: where blocks come and go before it, its frame is made
    anew, and the map is blank meanwhile.
    """
    controls.way_back(words, data, scope)
    view = drawing.view_of(data, scope)
    n = len(answers.cells_of(data, scope))
    if view is None:
        st.info(markdown_plain(drawing.only_foremost(words, n)))
    if view is None or view == scope:
        return scope, None
    more = words("A click goes on to the cells inside. Figures and lists are of all {n} cells.", n=n)
    st.info(markdown_plain(words.joined([drawing.stands_in(words, scope, view, n), more])))
    return view, drawing.held_by(data, scope, view)


def on_cell(
    data: Dataset, drawn: drawing.Drawn, view: Scope, held: pd.Series | None, chosen: str | None
) -> Callable[[int, int], None]:
    """Return what a click on a map does: it chooses the cell; a second one, or one on a coarser cell, goes inside.

    Parameters
    ----------
    view, held
        As `map_head` returns them.
    """
    below = drawing.level_below(data, view.level)

    def click(level: int, position: int) -> None:
        cell = drawn.ids[level][position]
        if below and (held is not None or cell == chosen) and answers.has_cells(data, view, below, cell):
            controls.drill(below, cell)
        elif held is None:
            controls.keep("cell", None if cell == chosen else cell)

    return click


def cells_map(
    words: Words,
    data: Dataset,
    view: Scope,
    held: pd.Series | None,
    table: pd.DataFrame,
    spots: answers.HotSpots,
    chosen: str | None,
    measure: str,
    *,
    points: tuple[drawing.Dots, pd.DataFrame] | None = None,
) -> None:
    """Show the map of a view.

    Parameters
    ----------
    view, held
        As `map_head` returns them.
    table : DataFrame
        The cells of the view; the map has the foremost of them if they are too many.
    points
        Dots of events and dense groups to be shown as points and outlines.
    """
    few = drawing.foremost(table, spots.result.hot, chosen) if len(table) > drawing.MOST_CELLS else ()
    drawn = cached.published(data, view, few)
    if drawn is None:
        return
    picture = drawing.choropleth(
        data,
        drawn,
        view,
        table,
        spots.result,
        cached.silent(data, view.level),
        measure=measure,
        selected=chosen,
        words=words,
        held=held,
    )
    values: maps.MapValues = picture.values
    if points is not None:
        values = drawing.points_layer(values, *points, words)
        picture = drawing.with_points(picture, values, words)
    click = on_cell(data, drawn, view, held, chosen)
    map_widget.show_map("cells", drawn.key, values, words=words, alt=picture.alt, on_click=click)
    below = drawing.level_below(data, view.level)
    if below and held is None:
        level = intake.level_name(words, below)
        st.caption(
            markdown_plain(words("A click chooses a cell; one more shows its cells of the level {level}.", level=level))
        )
    if values.point_counts is not None:
        sentence = words(
            "{n} events are more than {most}: each dot stands for all of them nearby, the larger the more.",
            n=sum(values.point_counts),
            most=drawing.MOST_POINTS,
        )
        st.caption(markdown_plain(sentence))
    map_widget.show_legend(picture.legend)


def beside_the_map(words: Words, totals: dict[str, int]) -> list[str]:
    """Return what the map cannot show: reports near and outside, of former cells, without location, on one spot."""
    lines = []
    if totals["near"]:
        lines.append(
            words.plural(
                "{n} report lies a few metres outside its cell and is counted there.",
                "{n} reports lie a few metres outside their cell and are counted there.",
                totals["near"],
            )
        )
    if totals["other_edition"]:
        lines.append(
            words.plural(
                "{n} report belongs to a cell of another time, which is not on this map.",
                "{n} reports belong to cells of another time, which are not on this map.",
                totals["other_edition"],
            )
        )
    if totals["outside"]:
        lines.append(
            words.plural("{n} report lies outside all cells.", "{n} reports lie outside all cells.", totals["outside"])
        )
    if totals["no_location"]:
        lines.append(
            words.plural("{n} report has no location.", "{n} reports have no location.", totals["no_location"])
        )
    if totals["one_spot"]:
        lines.append(
            words(
                "{n} reports with many different addresses lie on one spot: not located? They are counted in their "
                "cell and so in its colour, and left out of hot spots.",
                n=totals["one_spot"],
            )
        )
    return lines


def worst_cells(words: Words, spots: answers.HotSpots) -> None:
    """List the cells that need attention first, and explain the first one in a sentence."""
    frame.heading(words("Cells that need attention first"))
    ranking(words, spots, height=430)
    explain_first(words, spots)


def ranking(words: Words, spots: answers.HotSpots, *, height: int) -> None:
    """Show cells by strength of evidence; choosing a row chooses the cell."""
    result = spots.result
    counted, title = ("calls", words("Calls")) if result.method == CALLS else ("events", words("Events"))
    rows = summary.rank_cells(spots.cells, counted=counted).head(cached.MOST_ROWS)
    shown = pd.DataFrame(
        {
            "claim": people.claims(words, rows["claim"]),
            "name": rows["name"],
            counted: rows[counted],
            "expected": rows["expected"].round(1),
            "pattern": people.patterns(words, rows["pattern"]),
            "p": [words.chance(p) if pd.notna(p) else "–" for p in rows["p"]],
        }
    )
    if not result.tested:
        shown = shown.drop(columns=["claim", "p"])
    elif not result.hot.any():
        shown = shown.drop(columns=["claim"])
    if not any(result.pattern):
        shown = shown.drop(columns=["pattern"])

    def choose() -> None:
        picked = st.session_state["ranking"]["selection"]["rows"]
        controls.keep("cell", str(rows["cell_id"].iloc[picked[0]]) if picked else None)

    st.dataframe(
        shown,
        hide_index=True,
        height=height,
        key="ranking",
        on_select=choose,
        selection_mode="single-row",
        column_config={
            "claim": st.column_config.TextColumn(words("Claim"), width=120 if result.sharing else 68),
            "name": st.column_config.TextColumn(words("Cell"), width=104),
            counted: st.column_config.ProgressColumn(
                title, format="localized", min_value=0, max_value=max(int(rows[counted].max()), 1), width=72
            ),
            "expected": st.column_config.NumberColumn(words("Expected"), format="localized", width=60),
            "pattern": st.column_config.TextColumn(words("Neighbourhood"), width=120),
            "p": st.column_config.TextColumn(words("Chance"), width=64),
        },
        alt=words("Cells by strength of evidence; first: {name}.", name=rows["name"].iloc[0] if len(rows) else "–"),
    )
    frame.only_first(words, len(rows), len(spots.cells))


def explain_first(words: Words, spots: answers.HotSpots) -> None:
    """Explain the strongest cell in one sentence."""
    if spots.result.method == LIST or not len(spots.cells):
        st.info(markdown_plain(spots.result.reason.say(words)))
        return
    counted = "calls" if spots.result.method == CALLS else "events"
    first = summary.rank_cells(spots.cells, counted=counted)["cell_id"].iloc[0]
    strongest = int(spots.cells.index[spots.cells["cell_id"] == first][0])
    _explain(words, spots, strongest)


def _explain(words: Words, spots: answers.HotSpots, position: int) -> None:
    """Write what is to be said of one cell, in the colour of its claim."""
    kind = st.info
    if spots.result.hot[position]:
        kind = st.warning if spots.result.by[position] == BY_PLACE else st.error
    name = spots.cells["name"].iloc[position]
    kind(markdown_plain(explain_cell(spots.result, position).say(words, name=name)))


def one_cell(words: Words, data: Dataset, scope: Scope, view: answers.CellView, spots: answers.HotSpots) -> None:
    """Show one cell: its rank, trend, resolution times and incidents."""
    cell_head(words, data, scope, view, spots)
    st.caption(
        markdown_plain(
            words(
                "{n} reports, rank {rank} of {cells} by reports; {open} open.",
                n=view.count,
                rank=view.rank,
                cells=view.cells,
                open=view.open,
            )
        )
    )
    if view.months["count"].sum():
        figure = charts.months_figure(view.months, words=words)
        st.plotly_chart(
            figure, config=charts.CONFIG, alt=charts.months_alt(view.months, words=words), key="cell-months"
        )
    hazard_times(words, view.hazards)
    cell_incidents(words, data, scope, view, height=260)


def cell_ways(words: Words, data: Dataset, scope: Scope, cell: str) -> None:
    """Draw the ways from one cell to all of them and to its own."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            words("All cells"),
            icon=":material/arrow_back:",
            on_click=controls.keep,
            args=("cell", None),
            key="all-cells",
        )
        below = drawing.level_below(data, scope.level)
        if below is not None:
            st.button(
                words("Show its cells"),
                icon=":material/zoom_in:",
                on_click=controls.drill,
                args=(below, cell),
            )


def cell_head(words: Words, data: Dataset, scope: Scope, view: answers.CellView, spots: answers.HotSpots) -> None:
    """Show the ways from one cell to all and to its own, its name, and what the test says of it."""
    cell_ways(words, data, scope, view.cell_id)
    frame.heading(view.name)
    place = spots.cells.index[spots.cells["cell_id"] == view.cell_id]
    if len(place):
        _explain(words, spots, int(place[0]))


def hazard_times(words: Words, groups: pd.DataFrame) -> None:
    """Say a median a hazard, in a sentence each."""
    row: Any
    for row in groups.itertuples():
        title = words(HAZARD_NAMES[row.key])
        median = words.duration(row.median_hours) if pd.notna(row.median_hours) else words("not reached")
        st.markdown(
            markdown_plain(
                words(
                    "{hazard}: {n} cases, median {median}, {open} open",
                    hazard=title,
                    n=int(row.n),
                    median=median,
                    open=int(row.open),
                )
            )
        )


def cell_incidents(words: Words, data: Dataset, scope: Scope, view: answers.CellView, *, height: int) -> None:
    """Show the incidents of one cell, each with the event that it counts in, and say how the two tie."""
    rows = cached.incidents(data, scope, view.cell_id)
    incidents_table(words, data, scope, rows, file="cell", height=height)
    st.caption(markdown_plain(words.joined(tracing.tie_sentences(rows, view.count, words))))


INCIDENT_TITLES = {
    "incident_id": N_("Case"),
    "event": N_("Event"),
    "counted": N_("Counted"),
    "reported_at": N_("Reported"),
    "open_days": N_("Open for (days)"),
    "hazard": N_("Hazard"),
    "type_name": N_("Type"),
    "address": N_("Address"),
    "description": N_("Description"),
    "closed_at": N_("Closed"),
    "due_at": N_("Due"),
    "unit": N_("Unit"),
    "channel": N_("Channel"),
    "source": N_("Source"),
    "remark": N_("Remark"),
}


def incidents_table(
    words: Words,
    data: Dataset,
    scope: Scope,
    incidents: pd.DataFrame,
    *,
    file: str,
    name: str = "",
    height: int,
    columns: Mapping[str, str] = INCIDENT_TITLES,
    every: Callable[[], pd.DataFrame] | None = None,
) -> None:
    """Show incidents as a table, the `columns` that hold anything, with its download: of them, or of `every` one."""
    named = _incidents(words, data, incidents)
    titles = {column: words(title) for column, title in columns.items() if column in named}
    shown = [column for column in titles if (named[column].notna() & named[column].ne("")).any()]
    st.dataframe(
        named[shown],
        hide_index=True,
        placeholder="",
        height=height if len(named) > FEW_ROWS else "auto",
        column_config=frame.columns(named[shown], titles),
        alt=words.plural("Table of {n} incident.", "Table of {n} incidents.", len(named)),
    )
    downloads.deferred(
        words,
        data,
        scope,
        lambda: (named if every is None else _incidents(words, data, every()), titles),
        name=name or words("Incidents"),
        file=file,
    )


def _incidents(words: Words, data: Dataset, rows: pd.DataFrame) -> pd.DataFrame:
    named = tracing.in_words(people.incidents_for_people(rows, words), words)
    reasons = times.reasons_of(data)
    return named.assign(due_from=[words(reasons[code]) if code in reasons else "" for code in named["due_from"]])


def trend(words: Words, data: Dataset, scope: Scope, answer: answers.Overview) -> None:
    """Show reports by month, a small picture a hazard on one scale."""
    frame.heading(words("Reports by month"))
    if not answer.months["count"].sum():
        st.info(words("No report with a time in this period."))
        return
    after_the_map()
    figure = charts.hazard_months_figure(answer.months, words=words)
    st.plotly_chart(figure, config=charts.CONFIG, alt=charts.months_alt(answer.months, words=words), key="trend")
    titles = {"month": words("Month"), "hazard": words("Hazard"), "count": words("Reports")}
    named = answer.months.assign(hazard=[words(HAZARD_NAMES[code]) for code in answer.months["hazard"]])
    downloads.sheet(words, data, scope, named, titles, name=words("Months"), file="months")


def after_the_map() -> None:
    """At a session's first page, let numbers and map come before the chart under them.

    Plotly is five megabytes of script. While the browser takes it in it shows nothing else: asked for at once, it holds
    up the whole first screen by two seconds.
    """
    if "charts" not in st.session_state:
        st.session_state["charts"] = True  # before the wait, which a click may end
        time.sleep(FIRST_CHART_S)


def hazard_colours(words: Words) -> dict[str, str]:
    """Return each hazard's colour by its name for people."""
    return {words(HAZARD_NAMES[code]): colour for code, colour in palette.HAZARDS.items()}


def footer(words: Words, data: Dataset) -> None:
    """Say which data this page stands on, so that a number can be traced."""
    parts = [words("Example data, invented")] if data.is_demo else []
    parts.append(words("data version {n}", n=data.version))
    if data.version:
        parts.append(words("fingerprint {text}", text=data.fingerprint[:8]))
    st.caption(markdown_plain(" · ".join(parts)))
    controls.passed_over(words)
