"""The drainage projects on the Data page: loaded, edited, put on cells by a click, handed out, taken back."""

import hashlib
from functools import partial
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from base.text import Words, markdown_plain
from data import projects
from data.dataset import Dataset
from data.project_words import STATUS_NAMES, STATUSES
from data.schema import Scope
from data.tables import PROJECT_DAYS
from data.taking_back import last_change
from data.times import FIRST_YEAR, LAST_YEAR
from pages.common import cached, downloads, frame, map_widget, projects_form, results
from pages.common.projects_form import HELD
from reports import choropleth as drawing
from reports import intake
from reports import projects as report

_WRITTEN = "pr-written"  # of the session: whether the table holds what is not saved
_CELL, _LEVEL = "pr-cell", "pr-level-shown"  # of the session: the chosen cell, and the level it is of
_HEIGHT = "clamp(320px,48vh,640px)"


def draw(words: Words, data: Dataset) -> None:
    """Show the projects, or how to begin; edit them, put them on cells, load a file of them."""
    frame.heading(words("Drainage projects"))
    found = data.projects()
    if found.empty:
        st.info(
            words(
                "No project is stored. Load a list of projects (CSV, XLSX, GeoJSON or GeoPackage), fill in the "
                "template, write them into the table, or choose a cell on the map and begin one there."
            )
        )
    else:
        st.text(report.headline(found, words))
    _load(words, data)
    written = st.session_state[_WRITTEN] = _edit(words, data, found)
    _problems(words, data, found)
    _on_map(words, data, found, written=written)
    _hand_out(words, data, found)


def _load(words: Words, data: Dataset) -> None:
    with st.expander(words("Load a file of projects"), expanded=False):
        with st.container(horizontal=True):
            for book, suffix, mime in ((True, "xlsx", downloads.XLSX), (False, "csv", "text/csv")):
                label = words("Template ({kind})", kind=suffix.upper())
                name = f"hotspots-projects-template.{suffix}"
                downloads.file_of(label, partial(report.template, words, book=book), name, mime)
        file = st.file_uploader(
            words("A list or a layer of drainage projects"),
            type=["csv", "txt", "xlsx", "geojson", "json", "gpkg"],
            max_upload_size=int(data.settings["max_file_mb"]),
            key=f"pr-upload-{st.session_state.get('uploads', 0)}",
        )
        if file is not None:
            content = file.getvalue()
            with frame.told(words, stop=False):
                digest = hashlib.sha256(content).hexdigest()
                unsaved = bool(st.session_state.get(_WRITTEN))
                projects_form.draw(words, data, content, file.name, digest, unsaved=unsaved)


def _edit(words: Words, data: Dataset, found: gpd.GeoDataFrame) -> bool:
    """Show the projects in a table that can be edited, and save them; return whether something is not saved yet.

    What is edited stays in view until it is saved or given up, whatever others write meanwhile.
    """
    held: gpd.GeoDataFrame | None = st.session_state.get(HELD)
    base = found if held is None else held
    changed_meanwhile = projects.stamp(base) != projects.stamp(found)
    rows = report.to_edit(base, words)
    key = projects.stamp(base) or "none"
    edited = pd.DataFrame(
        st.data_editor(
            rows,
            num_rows="dynamic",
            hide_index=True,
            placeholder="",
            key=f"pr-rows-{key}",
            column_config=_column_config(words, data),
        )
    )
    written = not edited.equals(rows)
    st.session_state[HELD] = base
    if changed_meanwhile:
        if not written:
            _let_go()
        st.warning(
            markdown_plain(
                words(
                    "Somebody else has changed the projects meanwhile. What you wrote stands in the table still, "
                    "but it cannot be saved: note it down, look at the projects as they are now, and write it again."
                )
            )
        )
        if st.button(words("Show the projects as they are now"), key=f"pr-now-{key}"):
            _let_go()
    with st.container(horizontal=True):
        if st.button(words("Save the projects"), type="primary", disabled=not written, key=f"pr-save-{key}"):
            with frame.told(words, stop=False):
                answer = projects.save_projects(
                    cached.workspace(), report.edited(edited), based_on=base, who=frame.who()
                )
                _done(report.saved_sentences(answer, words))
        _take_back(words, data)
    st.caption(
        markdown_plain(
            words(
                "A row without a number gets the next free one; a removed row removes the project. Cells by number or "
                "name, several with 、 or ; between them. What is drawn stays with its project."
            )
        )
    )
    return written


def _column_config(words: Words, data: Dataset) -> dict[str, Any]:
    titles = report.titles(words)
    column = st.column_config
    config: dict[str, Any] = {
        name: column.TextColumn(titles[name], width=width, max_chars=2000)
        for name, width in (
            ("project_id", 90), ("name", 220), ("kind", 110), ("owner", 130), ("alternatives", 100), ("cells", 180),
        )
    }  # fmt: skip
    config["cost"] = column.NumberColumn(titles["cost"], format="localized", width=110)
    config["buffer_m"] = column.NumberColumn(titles["buffer_m"], min_value=0, max_value=100_000, width=90)
    config["year"] = column.NumberColumn(
        titles["year"], min_value=FIRST_YEAR, max_value=LAST_YEAR, step=1, format="%d", width=90
    )
    config["must"] = column.CheckboxColumn(titles["must"], default=False, width=80)
    config["status"] = column.SelectboxColumn(
        titles["status"],
        options=list(STATUSES),
        default=STATUSES[0],
        format_func=lambda code: words(STATUS_NAMES[str(code)]) if code in STATUS_NAMES else "",
        width=130,
    )
    config["level"] = column.SelectboxColumn(
        titles["level"],
        options=["", *(one.name for one in data.levels)],
        format_func=lambda name: intake.level_name(words, str(name)) if name else "",
        width=90,
    )
    for name in PROJECT_DAYS:
        config[name] = column.DateColumn(titles[name], format="YYYY-MM-DD", width=110)
    return config


def _take_back(words: Words, data: Dataset) -> None:
    last = last_change(data, projects.PROJECTS)
    if last is None:
        return
    with st.popover(words("Take the last change back"), icon=":material/undo:"):
        st.text(intake.change_sentence(last.kind, last.what, words))
        st.text(words("The projects are as they were before that change."))
        if st.button(words("Take it back"), type="primary", key="pr-undo"):
            with frame.told(words, stop=False):
                answer = projects.take_back(cached.workspace(), who=frame.who())
                _done(report.undo_sentences(answer, words))


def _problems(words: Words, data: Dataset, found: gpd.GeoDataFrame) -> None:
    odd = projects.problems(data, found)
    if odd:
        with st.expander(words("To be looked at ({n})", n=len(odd))):
            frame.table(report.problem_rows(odd, words), alt=words("What is odd about the projects."))


def _on_map(words: Words, data: Dataset, found: gpd.GeoDataFrame, *, written: bool) -> None:
    """Show the projects by their stage; a click chooses a cell, which a project can then have or lose."""
    frame.heading(words("On the map"))
    if not data.levels:
        st.info(words("Load the boundary polygons first: projects are put on their cells."))
        return
    names = [one.name for one in reversed(data.levels)]
    level, state = names[0], st.session_state
    first, second = st.columns(2)
    if len(names) > 1:
        with first:
            level = st.selectbox(
                words("Boundary level"),
                names,
                format_func=lambda one: intake.level_name(words, one),
                key="pr-map-level",
            )
    view = drawing.view_of(data, Scope(level=level))
    drawn = cached.published(data, view) if view is not None and view.level == level else None
    if state.get(_LEVEL) != level:
        state[_CELL], state[_LEVEL] = None, level
    if drawn is None:
        few = words(
            "The cells of this level do not fit one map, which holds {most}: choose the cell by its number.",
            most=drawing.MOST_CELLS,
        )
        st.caption(markdown_plain(few))
        typed = st.text_input(words("Cell"), key="pr-cell-typed").strip()
        state[_CELL] = typed if typed in set(data.cells(level)["cell_id"]) else None
    else:
        ids = drawn.ids[drawn.levels.index(level)]

        def click(_level: int, position: int) -> None:
            state[_CELL] = None if ids[position] == state.get(_CELL) else ids[position]

        picture = report.projects_map(data, drawn, level, found, selected=state.get(_CELL), words=words)
        map_widget.show_map(
            "projects", drawn.key, picture.values, words=words, alt=picture.alt, on_click=click, height=_HEIGHT
        )
        map_widget.show_legend(picture.legend)
        st.caption(markdown_plain(picture.alt))
    with second:
        _on_cell(words, data, found, level, state.get(_CELL), written=written)


def _on_cell(
    words: Words, data: Dataset, found: gpd.GeoDataFrame, level: str, cell: str | None, *, written: bool
) -> None:
    """Offer a new project in the chosen cell, and to give the cell to a project or take it away."""
    if cell is None:
        st.text(words("Choose a cell on the map: a project can begin there, or have the cell or lose it."))
        return
    st.text(words("Chosen cell: {cell}", cell=report.cell_name(data, level, cell)))
    if written:
        st.caption(markdown_plain(words("Save what you wrote in the table first.")))
    with st.container(horizontal=True):
        if st.button(words("New project in this cell"), disabled=written, key="pr-new", icon=":material/add:"):
            with frame.told(words, stop=False):
                rows, number = projects.added(found, level, [cell], name=report.new_name(data, level, cell, words))
                projects.save_projects(cached.workspace(), rows, based_on=found, who=frame.who())
                _done([words("Project {project} is new; write its name and cost in the table.", project=number)])
    if found.empty:
        return
    of = st.selectbox(
        words("Project"), found["project_id"].tolist(), format_func=lambda one: report.project_name(found, one),
        key="pr-of",
    )  # fmt: skip
    has = report.has_cell(found, of, cell)
    label = words("Take this cell from the project") if has else words("Give this cell to the project")
    if st.button(label, disabled=written, key="pr-toggle"):
        with frame.told(words, stop=False):
            rows, now = projects.toggled(found, of, level, cell)
            projects.save_projects(cached.workspace(), rows, based_on=found, who=frame.who())
            facts = {"project": of, "cell": report.cell_name(data, level, cell)}
            _done(
                [
                    words("Project {project} has cell {cell} now.", **facts)
                    if now
                    else words("Project {project} no longer has cell {cell}.", **facts)
                ]
            )


def _hand_out(words: Words, data: Dataset, found: gpd.GeoDataFrame) -> None:
    if found.empty:
        return
    with st.container(horizontal=True):
        for suffix, mime in ((".xlsx", downloads.XLSX), (".gpkg", downloads.GPKG), (".csv", "text/csv")):
            label = words("Projects ({kind})", kind=suffix[1:].upper())
            name = f"hotspots-projects{suffix}"
            downloads.file_of(label, partial(report.file_of, data, words, suffix, suffix), name, mime)


def _let_go() -> None:
    """Show the projects as they are stored now, from the next run on."""
    st.session_state[_WRITTEN] = False
    st.session_state.pop(HELD, None)
    st.rerun()


def _done(sentences: list[str]) -> None:
    st.session_state[_WRITTEN] = False
    st.session_state.pop(HELD, None)  # what is in view is no longer what the reader began with
    results.tell("done", sentences)
    st.rerun()
