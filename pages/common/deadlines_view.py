"""The table of deadlines on the Data page, seen and edited, and the working calendar that work time runs on."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from base.text import Words, markdown_plain
from data import deadline_table
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, HAZARDS
from data.taking_back import Kept, last_change
from pages.common import cached, clock_form, downloads, frame, results
from reports import deadlines, intake
from reports.sheet import write_csv

_EDITION = ("scheme", "kind", "valid_from")
_HELD = "e-held"  # of the session: the edition that is being edited, and its rows as the reader saw them first
_Edition = tuple[str, str, str]


def draw(words: Words, data: Dataset) -> None:
    """Show the editions, edit the rows of one, and show the working calendar below."""
    frame.heading(words("Deadlines"))
    found = deadline_table.editions(data)
    if found.empty:
        st.info(
            words(
                "No table of deadlines is loaded: only cases whose file gives a deadline have one. Load a city's "
                "standard or the office's own table under “Load a file”, or write the limits here."
            )
        )
    else:
        frame.table(
            deadlines.edition_rows(data, words),
            alt=words.plural("Table of {n} edition of the deadlines.", "Table of {n} editions.", len(found)),
        )
        st.caption(
            markdown_plain(
                words(
                    "A case keeps the limit that was in force when its clock began: another limit for new cases is a "
                    "new edition that stands from a day."
                )
            )
        )
    _edit(words, data, found)
    with st.container(horizontal=True):
        if len(found):
            _remove(words, found)
        before = words("The table of deadlines is as it was before that change.")
        _take_back(words, data, deadline_table.DEADLINES, before)
    _calendar(words, data)


def _edit(words: Words, data: Dataset, found: pd.DataFrame) -> None:
    """Show the rows of an edition in a table that can be edited, and save them as it or as a new one.

    What is edited stays in view until it is saved or given up, whatever others write meanwhile.
    """
    names = _names(found)
    held: tuple[_Edition, pd.DataFrame] | None = st.session_state.get(_HELD)
    begun, base = held or (None, pd.DataFrame())
    offered: list[_Edition | None] = [*names, begun] if held and begun not in names else [*names]
    chosen = offered[-1] if offered else None
    if len(offered) > 1:
        chosen = st.selectbox(
            words("Edition"),
            offered,
            index=offered.index(begun) if held else len(offered) - 1,
            format_func=lambda one: deadlines.edition_name(words, *one) if one else words("not stored yet"),
            key=f"e-edition-{_key(*offered)}",
        )
    stored = deadline_table.edition(data, *chosen) if chosen and chosen in names else pd.DataFrame()
    if not held or chosen != begun:
        base = stored
    changed_meanwhile = deadline_table.stamp(base) != deadline_table.stamp(stored) or (bool(names) and not chosen)
    rows = deadlines.to_edit(deadlines.with_limit(base, words) if len(base) else deadlines.empty_rows())
    key = _key(chosen, deadline_table.stamp(base))
    edited = pd.DataFrame(
        st.data_editor(
            rows,
            num_rows="dynamic",
            hide_index=True,
            placeholder="",
            key=f"e-rows-{key}",
            column_order=deadlines.column_order(rows),
            column_config=_column_config(words),
        )
    )
    written = not edited.equals(rows)
    st.session_state[_HELD] = (chosen, base)
    if changed_meanwhile:
        if not written:
            _let_go()
        _say_changed(words, key)
    st.caption(markdown_plain(words(deadlines.CLOCKS)))
    for sentence in deadlines.odd_sentences(deadline_table.oddities(rows), words) if chosen else ():
        st.text(sentence)
    preview = deadlines.changed_limits(rows, edited, words)
    if len(preview):
        st.text(words("Not saved yet; the limits are read like this:"))
        frame.table(preview, alt=words("Limits that were written, and how they are read."))
    _save(words, edited, names, chosen, base, changed=written, key=key)
    if len(stored) and chosen:
        _download(words, data, deadlines.edition(data, words, *chosen), chosen)


def _names(found: pd.DataFrame) -> list[_Edition]:
    return [(str(one.scheme), str(one.kind), str(one.valid_from)) for one in found.itertuples(index=False)]


def _key(*of: object) -> str:
    """Return a key of a widget that hangs on what it shows alone: what others write elsewhere leaves it as it is."""
    return hashlib.sha256(repr(of).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _let_go() -> None:
    """Show the table of deadlines as it is stored now, from the next run on."""
    st.session_state.pop(_HELD, None)
    st.rerun()


def _say_changed(words: Words, key: str) -> None:
    """Say that the rows in view are no longer what is stored."""
    st.warning(
        markdown_plain(
            words(
                "Somebody else has changed this table of deadlines meanwhile. What you wrote stands in the table "
                "still, but it cannot be saved: note it down, look at the deadlines as they are now, and write it "
                "again."
            )
        )
    )
    if st.button(words("Show the deadlines as they are now"), key=f"e-now-{key}"):
        _let_go()


def _column_config(words: Words) -> dict[str, Any]:
    titles = {key: words(title) for key, title in deadlines.TITLES.items()}
    config: dict[str, Any] = {
        name: st.column_config.TextColumn(titles[name], width=width, max_chars=2000)
        for name, width in (("code", 70), ("type_name", 120), ("condition", 300), ("words", 130), ("limit_text", 130))
    }
    config["limit"] = st.column_config.TextColumn(words("Read when last saved"), width=130, disabled=True)
    config["hazard"] = st.column_config.SelectboxColumn(
        titles["hazard"],
        options=["", *HAZARDS],
        format_func=lambda code: words(HAZARD_NAMES[str(code)]) if code else "",
        width=110,
    )
    config["handling"] = st.column_config.CheckboxColumn(
        titles["handling"],
        default=False,
        width=100,
        help=words("Engineering works take days to months: their cases are shown apart from ordinary ones."),
    )
    return config


def _save(
    words: Words,
    edited: pd.DataFrame,
    stored: list[_Edition],
    chosen: _Edition | None,
    base: pd.DataFrame,
    *,
    changed: bool,
    key: str,
) -> None:
    """Offer to save what was edited of `base`: in place of the edition `chosen`, or as one from another day on."""
    scheme, kind, day = chosen or (deadline_table.OFFICE, "", "")
    ways = {"change": words("Change this edition"), "new": words("New edition, from a day on")}
    way = "change"
    if chosen:
        way = st.radio(
            words("Save as"), list(ways), format_func=lambda one: ways[one], horizontal=True, key=f"e-way-{key}"
        )
    if way == "new" or not chosen:
        first, second, third = st.columns(3)
        if not chosen:
            with first:
                scheme = st.selectbox(
                    words("Code list"),
                    [deadline_table.OFFICE, *intake.SCHEME_NAMES],
                    format_func=lambda one: intake.scheme_name(words, one),
                    accept_new_options=True,
                    key=f"e-scheme-{key}",
                )
            with second:
                kind = st.selectbox(
                    words("Kind"),
                    list(intake.STANDARD_KINDS),
                    format_func=lambda one: words(intake.STANDARD_KINDS[one]),
                    key=f"e-kind-{key}",
                )
        with first if chosen else third:
            title = words("Stands from") if chosen else words("Stands from (empty: always)")
            since = st.date_input(title, value=None, format="YYYY-MM-DD", key=f"e-from-{key}")
        day = since.isoformat() if since else ""
    new = way == "new"
    if new and not day:
        st.caption(markdown_plain(words("Choose the first day of the new limits; until then the present ones stand.")))
    taken = new and (scheme, kind, day) in stored
    if taken:
        st.warning(words("An edition from that day is stored already: choose it above, and change that one."))
    ready = bool(day) and not taken if new else changed
    if st.button(words("Save the deadlines"), type="primary", disabled=not ready, key=f"e-save-{key}"):
        with frame.told(words, stop=False), st.spinner(words("Saving, and reckoning when all cases are due …")):
            answer = deadline_table.save_edition(
                cached.workspace(),
                deadlines.edited(edited),
                scheme=scheme,
                kind=kind,
                valid_from=day,
                who=frame.who(),
                based_on=base,
            )
            _done(deadlines.edition_sentences(answer, words))


def _download(words: Words, data: Dataset, rows: pd.DataFrame, chosen: _Edition) -> None:
    titles = {key: words(title) for key, title in deadlines.SHEET_TITLES.items()}
    named, name = deadlines.shown(rows, words), words("Deadlines")
    with st.container(horizontal=True):
        more = [deadlines.edition_name(words, *chosen)]
        downloads.sheet(words, data, None, named, titles, name=name, file="deadlines", more=more)
        label = words("Download: {name} (CSV)", name=name)
        downloads.file_of(label, lambda: write_csv(named, titles), "hotspots-deadlines.csv", "text/csv")


def _remove(words: Words, found: pd.DataFrame) -> None:
    with st.popover(words("Remove an edition"), icon=":material/delete:"):
        names = _names(found)
        key = _key(*names)  # of the button too: a click must not remove another edition than the one in view
        gone = st.selectbox(
            words("Edition"),
            names,
            format_func=lambda one: deadlines.edition_name(words, *one),
            key=f"e-remove-{key}",
        )
        st.text(words("Its rows go, the edition before it stands on, and all cases are due anew."))
        if st.button(words("Remove it"), type="primary", key=f"e-remove-now-{key}"):
            with frame.told(words, stop=False):
                of: Mapping[str, str] = dict(zip(_EDITION, gone, strict=True))
                answer = deadline_table.remove_edition(cached.workspace(), **of, who=frame.who())
                _done(deadlines.removed_sentences(answer, words))


def _take_back(words: Words, data: Dataset, kept: Kept, what: str) -> None:
    """Offer to take the newest change of a table back, where there is one."""
    last = last_change(data, kept)
    if last is None:
        return
    with st.popover(words("Take the last change back"), icon=":material/undo:", key=f"e-undo-open-{kept.table}"):
        st.text(intake.change_sentence(last.kind, last.what, words))
        st.text(what)
        if st.button(words("Take it back"), type="primary", key=f"e-undo-{kept.table}"):
            with frame.told(words, stop=False):
                answer = deadline_table.take_back(cached.workspace(), kept, who=frame.who())
                _done(deadlines.undo_sentences(answer, words))


def _done(sentences: list[str]) -> None:
    st.session_state.pop(_HELD, None)  # what is in view is no longer what the reader began with
    results.tell("done", sentences)
    st.rerun()


def _calendar(words: Words, data: Dataset) -> None:
    """Show which days are covered, the office hours, and what a year has beyond the week."""
    frame.heading(words("Working calendar"))
    st.text(words.joined(deadlines.calendar_sentences(data, words)))
    years = deadlines.calendar_years(data)
    year = st.selectbox(
        words("Year"),
        years,
        index=years.index(deadlines.calendar_year(data)),
        key=f"c-year-{data.fingerprint[:8]}",
        format_func=str,
        width=160,
    )
    answer = deadlines.calendar_of_year(data, words, year)
    if answer["sentence"]:
        st.text(answer["sentence"])
    rows = deadlines.calendar_rows(answer, words)
    if len(rows):
        alt = words("Holidays and make-up workdays of {year}.", year=str(year))
        frame.table(rows, height="content", alt=alt)
    st.caption(
        markdown_plain(
            words("Other days: load a table with the columns 日期 (date) and 是否工作日 (workday) under “Load a file”.")
        )
    )
    _take_back(words, data, deadline_table.WORKDAYS, words("The table of workdays is as it was before."))
    clock_form.draw(words, data)
