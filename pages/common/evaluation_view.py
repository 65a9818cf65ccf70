"""The first screen of the evaluation page: which project, the verdict, its figures, before and after on two maps."""

import contextlib
import datetime as dt
from collections.abc import Callable, Collection
from typing import Any

import geopandas as gpd
import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from base.errors import HazardError
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.project_words import STATUS_NAMES
from pages.common import cached, controls, frame, map_widget
from reports import evaluation as works
from reports import evaluation_map, intake, work_times
from reports import evaluation_words as told
from reports.choropleth import MOST_OPTIONS
from reports.evaluation import Asked, Evaluation

HEIGHT = "clamp(300px,42vh,620px)"
BY_RULE, BY_DAYS, NONE = "rule", "days", "none"
CHOSEN = {
    BY_RULE: N_("12 months before the survey"),
    BY_DAYS: N_("From … to …"),
    NONE: N_("No such time"),
}
_BETWEEN = "~"  # of codes in the address
_OF_ONE = ("controls", "leftout", "chosen", "choice", "since")  # choices that belong to one project


def stop_without_projects(words: Words, data: Dataset) -> gpd.GeoDataFrame:
    """Return the projects, the last finished first; where none is finished, say what to do, and end the page."""
    projects = works.offered(data.projects())
    if projects["finished_on"].notna().any():
        return projects
    invented = words("Example data, invented") if data.is_demo else ""
    if projects.empty:
        frame.title(words("No project to evaluate yet"), invented)
        st.info(
            words(
                "Load a list of drainage projects, with their cells and the days on which they were finished, on the "
                "Data page. Then this page tells whether each helped."
            )
        )
    else:
        frame.title(words("No project is finished yet"), invented)
        sentence = words.plural(
            "{n} project is stored, without a day of completion. Once one is finished, write the day into the table of "
            "projects.",
            "{n} projects are stored, none with a day of completion. Once one is finished, write the day into the "
            "table of projects.",
            len(projects),
        )
        st.info(markdown_plain(sentence))
    to_projects(words)
    st.stop()
    return projects  # never reached


def to_projects(words: Words) -> None:
    """Draw the link to the table of projects."""
    with contextlib.suppress(StreamlitPageNotFoundError):  # a page opened alone knows no other
        st.page_link(
            frame.ROOT / "pages" / "files.py",
            label=words("To the projects"),
            icon=":material/construction:",
            query_params={"section": "projects", "lang": words.language},
        )


def project(words: Words, projects: gpd.GeoDataFrame) -> str:
    """Draw the choice of a project and return its number; another one begins with the usual choices."""
    rows = projects.set_index("project_id")
    labels = {}
    for number, one in rows.iterrows():
        day, stage = one["finished_on"], STATUS_NAMES[one["status"]]
        state = words("finished {day}", day=day) if day else words(stage)
        labels[str(number)] = " · ".join(part for part in (str(number), one["name"], state) if part)
    with st.sidebar:
        chosen = controls.select(words("Project"), "project", list(labels), labels.__getitem__)
    if st.session_state.setdefault("evaluated", chosen) != chosen:
        st.session_state["evaluated"] = chosen
        reset()
    return chosen


def reset() -> None:
    """Take back what was chosen by hand for one project."""
    for name in _OF_ONE:
        controls.keep(name, None)
        st.session_state.pop(controls.widget_key(name), None)


def asked(words: Words, data: Dataset, project_id: str) -> Asked:
    """Draw the choices of how to compare, and return them."""
    with st.sidebar:
        level = data.levels[-1].name
        if len(data.levels) > 1:
            names = [one.name for one in data.levels]
            level = controls.select(
                words("Level"), "level", names, lambda name: intake.level_name(words, name), default=level
            )
        else:
            controls.unasked("level", [level])
        count = controls.select(
            words("Count"), "count", list(works.COUNTED), lambda one: words(works.COUNTED[one]),
            help=words("Several calls about one thing are one event; calls grow with every storm that many notice."),
        )  # fmt: skip
        exposure, *more = works.measures(data, level)
        if more:
            exposure = controls.select(
                words("Measured by"), "by", [exposure, *more], lambda one: words(works.EXPOSURES[one])
            )
        else:
            controls.unasked("by", [exposure])
        choice = _choice(words)
        since = _since(words)
    ids = set(data.cells(level)["cell_id"])
    left_out = _codes("leftout", ids) or ()
    chosen = _codes("controls", ids)
    if chosen is not None:
        chosen = tuple(one for one in chosen if one not in left_out) or None
    return Asked(
        level=level, controls=chosen, left_out=left_out, choice=choice, since=since, count=count, exposure=exposure
    )


def _choice(words: Words) -> work_times.Days | None:
    how = controls.select(
        words("What led to the choice"), "chosen", list(CHOSEN), lambda one: words(CHOSEN[one]),
        help=words(
            "Works go where last year was worst, and the worst gets better by itself: the time whose reports led to "
            "the project is left out of the comparison."
        ),
    )  # fmt: skip
    if how == BY_RULE:
        controls.keep("choice", None)
        return None
    if how == NONE:
        controls.keep("choice", None)
        return dt.date(2000, 1, 1), dt.date(2000, 1, 1)
    key = controls.widget_key("choice")
    known = controls.choice("choice", lambda text: _days(text) is not None, None)
    days = _days(known) if known else None
    if days and key not in st.session_state:
        st.session_state[key] = (days[0], days[1] - dt.timedelta(days=1))
    picked: Any = st.date_input(words("First and last day"), value=[], key=key, format="YYYY-MM-DD")
    if not isinstance(picked, tuple) or len(picked) != 2:
        return None
    days = (picked[0], picked[1] + dt.timedelta(days=1))
    controls.keep("choice", _BETWEEN.join(day.isoformat() for day in days))
    return days


def _days(text: str) -> work_times.Days | None:
    try:
        first, end = map(dt.date.fromisoformat, text.split(_BETWEEN))
    except ValueError:
        return None
    return (first, end) if first < end else None


def _since(words: Words) -> dt.date | None:
    def known(text: str) -> bool:
        with contextlib.suppress(ValueError):
            return bool(dt.date.fromisoformat(text))
        return False

    key = controls.widget_key("since")
    value = controls.choice("since", known, None)
    if value and key not in st.session_state:
        st.session_state[key] = dt.date.fromisoformat(value)
    day = st.date_input(
        words("The time before begins on"), value=None, key=key, format="YYYY-MM-DD",
        help=words("Not given: with the first month that all sources and the rain cover."),
    )  # fmt: skip
    controls.keep("since", day.isoformat() if isinstance(day, dt.date) else None)
    return day if isinstance(day, dt.date) else None


def _codes(name: str, ids: Collection[str]) -> tuple[str, ...] | None:
    value = controls.choice(name, lambda text: all(one in ids for one in text.split(_BETWEEN)), None)
    controls.keep(name, value)
    return tuple(sorted(set(value.split(_BETWEEN)))) if value else None


def keep_codes(name: str, codes: Collection[str]) -> None:
    """Keep some cells as a choice of the page; none is the usual choice."""
    controls.keep(name, _BETWEEN.join(sorted(codes)) or None)


def found(words: Words, data: Dataset, project_id: str, asked: Asked) -> Evaluation | None:
    """Return what became of the project; None where it is refused, which is said with a way back."""
    try:
        return cached.evaluation(words, data, project_id, asked)
    except HazardError as refused:
        frame.title(words("{project}: whether it helped cannot be told", project=project_id))
        st.error(markdown_plain(words.error(refused)), icon=":material/block:")
        if asked.controls or asked.left_out or asked.choice or asked.since:
            st.button(words("Back to the usual choices"), icon=":material/restart_alt:", on_click=reset)
        to_projects(words)
        return None


def head(words: Words, data: Dataset, found: Evaluation) -> None:
    """Write the verdict, what it is about, and the numbers it follows from."""
    parts = [words("Example data, invented")] if data.is_demo else []
    one, times = found.project, found.times
    parts += [words("Project {project}", project=one["project_id"])]
    parts += [words("reports {period}", period=words.period(times.start, times.end))]
    parts += [words("finished {day}", day=one["finished_on"])]
    frame.title(told.main(found).say(words), " · ".join(parts))
    lines = [told.why(found), *told.beyond(found)]
    st.markdown(f"**{markdown_plain(words.joined(line.say(words) for line in lines))}**")


def figures(words: Words, found: Evaluation) -> None:
    """Show the five figures, each with what makes it readable."""
    for place, (column, one) in enumerate(zip(st.columns(5, gap="small"), told.figures(found), strict=True)):
        with column, st.container(border=True, key=f"figure-{place}", gap="xsmall", height="stretch"):
            st.metric(markdown_plain(one.title.say(words)), markdown_plain(one.value.say(words)))
            st.caption(markdown_plain(one.below.say(words)))


def rests_on(words: Words, found: Evaluation) -> None:
    """Say without rain that the ground is weaker; folded, what the verdict rests on."""
    if found.measure == work_times.MONTHS:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(markdown_plain(told.rain_line(found).say(words)))
    with st.expander(words("What this verdict rests on, and what it assumes")):
        for one in told.rests_on(found):
            st.markdown(markdown_plain(one.say(words)))


def maps(words: Words, data: Dataset, found: Evaluation) -> None:
    """Show before and after beside each other; a click on a cell takes it in or out of the comparison."""
    drawn = cached.published(data, evaluation_map.view_of(found), evaluation_map.shown_cells(found))
    if drawn is None:
        return
    pictures = evaluation_map.work_maps(data, drawn, found, words)
    for column, (side, picture) in zip(st.columns(2, gap="small"), pictures.items(), strict=True):
        with column:
            frame.heading(words(evaluation_map.SIDES[side]))
            map_widget.show_map(
                side, drawn.key, picture.values, words=words, alt=picture.alt, on_click=_toggle(drawn.ids, found),
                height=HEIGHT,
            )  # fmt: skip
    map_widget.show_legend(picture.legend)


def _toggle(ids: tuple[tuple[str, ...], ...], found: Evaluation) -> Callable[[int, int], None]:
    """Return what a click does: a cell that could be compared with is taken in, or out where it is in."""

    def click(level: int, position: int) -> None:
        cell = ids[level][position]
        row = found.cells["cell_id"] == cell
        if found.effect.selected or not found.others[row.to_numpy()].any():
            return
        now = set(found.cells.loc[found.controls, "cell_id"])
        keep_codes("controls", now ^ {cell} or now)

    return click


def cells_chosen(words: Words, found: Evaluation) -> None:
    """Draw the choice of the cells compared with, and of those left out by hand."""
    cells = found.cells
    names = dict(zip(cells["cell_id"], cells["name"], strict=True))
    left, right = st.columns(2, gap="small")
    with left:
        if found.effect.selected:
            st.caption(
                words(
                    "All other cells are compared with, for nothing is known from before the time that led to the "
                    "choice."
                )
            )
        else:
            near = cells[found.others].sort_values("distance", kind="stable")["cell_id"].tolist()
            chosen = cells.loc[found.controls, "cell_id"].tolist()
            options = [*chosen, *(one for one in near[:MOST_OPTIONS] if one not in chosen)]
            _cells(words, words("Cells compared with"), "controls", options, chosen, names)
    with right:
        free = cells[cells["role"].isin([works.OTHER, works.CONTROL, works.HAND])]["cell_id"].tolist()[:MOST_OPTIONS]
        out = list(found.asked.left_out)
        options = [*out, *(one for one in free if one not in out)]
        _cells(words, words("Left out by hand, such as cells downstream"), "leftout", options, out, names)
    with st.container(horizontal=True, vertical_alignment="center"):
        if found.asked.controls or found.asked.left_out:
            st.button(words("Back to the usual choices"), icon=":material/restart_alt:", on_click=reset)
        st.caption(
            words(
                "A click on a cell of a map takes it into the comparison or out of it. Hatched cells take no part: "
                "they lie next to the project, have works of their own, or were left out by hand."
            )
        )


def _cells(words: Words, label: str, name: str, options: list[str], chosen: list[str], names: dict[str, str]) -> None:
    key = controls.widget_key(name)
    st.session_state[key] = chosen

    def kept() -> None:
        keep_codes(name, st.session_state[key])

    st.multiselect(
        label, options, key=key, format_func=lambda cell: names.get(cell, cell), on_change=kept,
        placeholder=words("none chosen"),
    )  # fmt: skip
