"""What was loaded, what was rejected and why, what was found in the boundaries, and the table of types."""

import pandas as pd
import streamlit as st

from base.text import N_, Words, markdown_plain
from data import changes, levels, profiles
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, HAZARDS, REMARKS
from data.taxonomy import DEFAULT_RULES, KINDS
from pages.common import cached, controls, downloads, frame, results
from reports import intake

SECTIONS = {
    "load": N_("Load a file"),
    "imports": N_("What was loaded"),
    "rejected": N_("Not taken"),
    "quality": N_("Quality"),
    "boundaries": N_("Boundaries"),
    "types": N_("Types"),
    "deadlines": N_("Deadlines"),
    "projects": N_("Projects"),
    "rain": N_("Rain"),
    "history": N_("History"),
}


def section(words: Words) -> str:
    """Draw the choice of a section and return it."""
    return controls.part(words, words("Section"), "section", SECTIONS)


def headline(words: Words, data: Dataset) -> str:
    """Return the page's finding: what came in, and what waits for somebody."""
    if not data.imports:
        return words("Nothing is loaded yet") if not data.levels else words("Boundaries are loaded, reports are not")
    return intake.account_headline(cached.account(data), words)


def under_title(words: Words, data: Dataset) -> str:
    """Return the line under the title: how many files, and up to when they know."""
    parts = [words("Example data, invented")] if data.is_demo else []
    if data.imports:
        parts.append(words.plural("{n} file", "{n} files", len(data.imports)))
    if data.as_of is not None:
        parts.append(words("as of {time}", time=words.time(data.as_of)))
    return " · ".join(parts)


def imports(words: Words, data: Dataset) -> None:
    """List the live imports with their totals, and offer to take one back."""
    frame.heading(words("What was loaded"))
    if not data.imports:
        st.info(words("No incidents are loaded yet."))
        return
    rows = intake.import_rows(data)
    rows["source"] = [intake.source_name(words, one) for one in rows["source"]]
    frame.table(
        rows[[name for name in IMPORT_COLUMNS if name != "source" or len(data.sources) > 1]],
        {key: words(title) for key, title in intake.IMPORT_TITLES.items()},
        alt=words.plural("Table of {n} import.", "Table of {n} imports.", len(rows)),
    )
    st.text(intake.account_sentence(cached.account(data), words))
    places = cached.places(data, words)
    if len(places):
        frame.table(places, alt=words("Where the accepted rows lie, by level."))
        st.caption(
            markdown_plain(
                words("Read = accepted + rejected + repeats. Accepted = in a cell + near + outside + no location.")
            )
        )
    _undo(words, data)


def _undo(words: Words, data: Dataset) -> None:
    with st.popover(words("Take an import back"), icon=":material/undo:"):
        by_id = {record.import_id: record for record in reversed(data.imports)}
        chosen = st.selectbox(
            words("Import"),
            list(by_id),
            format_func=lambda key: f"{by_id[key].file} ({words.time(_local(by_id[key].when, data))})",
            key=f"u_import-{data.fingerprint[:8]}",
        )
        st.text(words("Its rows go, rows it had updated return to what they were. The file can be imported again."))
        if st.button(words("Take it back"), type="primary"):
            with frame.told(words, stop=False):
                changes.undo(cached.workspace(), chosen, who=frame.who())
                results.tell("done", [words("{file} was taken back.", file=by_id[chosen].file)])
                st.rerun()


def _local(when: str, data: Dataset) -> pd.Timestamp:
    return pd.Timestamp(when).tz_convert(data.zone)


def rejected(words: Words, data: Dataset) -> None:
    """List the rejected rows with the reason, and download them."""
    frame.heading(words("Rows that were not taken"))
    rows, n = cached.rejected(data, words)
    if not n:
        st.info(words("Every row read was taken or was a repeat."))
    else:
        several = rows["file"].nunique() > 1
        titles = {key: words(title) for key, title in intake.REJECTED_TITLES.items()}
        frame.table(
            rows[["row", "sentence", "column", "value", *(["file"] if several else [])]],
            titles,
            height=min(320, 40 + 35 * len(rows)),
            column_config={"row": st.column_config.Column(titles["row"], width=70)},
            alt=words.plural("Table of {n} row not taken.", "Table of {n} rows not taken.", n),
        )
        frame.only_first(words, len(rows), n)
        _sheet_to_correct(words, data)
    remarks = intake.remark_counts(data)
    if remarks:
        st.text(words("Accepted, but doubtful:"))
        frame.table(
            pd.DataFrame(
                {
                    words("Rows"): list(remarks.values()),
                    words("What is odd"): [words(REMARKS[code]) for code in remarks],
                }
            )
        )
        results.list_links(words, intake.worth_a_look({"rejected": 0, "levels": {}, "remarks": remarks}, words))


def _sheet_to_correct(words: Words, data: Dataset) -> None:
    """Offer the rows not taken of one import as a sheet that can be corrected and loaded again."""
    by_id = {one: data.imported(one) for one in intake.imports_to_correct(data)}
    if not by_id:
        return
    chosen = next(iter(by_id))
    if len(by_id) > 1:  # one sheet an import: their choices differ
        chosen = st.selectbox(
            words("Import"),
            list(by_id),
            format_func=lambda key: f"{by_id[key].file} ({words.time(_local(by_id[key].when, data))})",
            key=f"r_import-{data.fingerprint[:8]}",
        )
    downloads.deferred(
        words,
        data,
        None,
        lambda: intake.rejected_sheet(data, words, chosen),
        name=words("Rows not taken"),
        file="rejected",
    )
    st.caption(
        markdown_plain(
            words(
                "Correct the cells in this sheet and load it here: the corrected rows are taken, and none that is in "
                "already is doubled."
            )
        )
    )


IMPORT_COLUMNS = ("file", "read", "accepted", "rejected", "updated", "repeats", "when", "as_of", "source", "who")
FINDINGS = {
    "repaired": N_("Repaired outlines"),
    "rejected": N_("Outlines not taken"),
    "overlaps": N_("Overlaps"),
    "gaps": N_("Gaps"),
    "merged": N_("Merged from several features"),
    "parents": N_("Parents that do not fit"),
}


def history(words: Words, data: Dataset) -> None:
    """List every change: who, when, what."""
    frame.heading(words("History"))
    if not data.version:
        st.info(words("Nothing is stored yet."))
        return
    rows = intake.history_rows(data, words)
    titles = {key: words(title) for key, title in intake.HISTORY_TITLES.items()}
    frame.table(
        rows[["when", "what", "kind", "who", "version"]],
        titles,
        alt=words("Table of {n} changes.", n=len(rows)),
    )
    downloads.sheet(words, data, None, rows, titles, name=words("History"), file="history")
    _profiles(words, data)


def _profiles(words: Words, data: Dataset) -> None:
    """List the saved profiles, and offer to remove one."""
    saved = profiles.profiles(data)
    if not saved:
        return
    frame.heading(words("Saved profiles"))
    frame.table(
        pd.DataFrame(
            {
                words("Name"): [one.name for one in saved],
                words("Headers"): [words.listed(one.headers) for one in saved],
                words("By"): [one.who for one in saved],
                words("When"): [words.time(pd.Timestamp(one.when).tz_convert(data.zone)) for one in saved],
            }
        )
    )
    with st.popover(words("Remove a profile"), icon=":material/delete:"):
        name = st.selectbox(words("Saved profile"), [one.name for one in saved], key=f"p-{data.fingerprint[:8]}")
        if st.button(words("Remove it"), type="primary"):
            with frame.told(words, stop=False):
                profiles.delete_profile(cached.workspace(), name, who=frame.who())
                results.tell("done", [words("The profile “{name}” is removed.", name=name)])
                st.rerun()


def boundaries(words: Words, data: Dataset) -> None:
    """List the boundary levels and what was found in their outlines."""
    frame.heading(words("Boundaries"))
    if not data.levels:
        st.info(words("No boundaries are loaded yet."))
        return
    for level in data.levels:
        found = data.findings(level.name)
        odd = [f"{words(FINDINGS[kind])} {len(table)}" for kind, table in found.items() if len(table)]
        counts = words.listed(odd) if odd else words("Nothing odd about their outlines.")
        st.text(
            words(
                "{level}: {n} cells. {findings}",
                level=intake.level_name(words, level.name),
                n=level.cells,
                findings=counts,
            )
        )
        for kind, table in found.items():
            if len(table):
                with st.expander(words("{what} ({n})", what=words(FINDINGS[kind]), n=len(table))):
                    shown = intake.finding_rows(table, words)
                    frame.table(shown)
                    downloads.sheet(
                        words,
                        data,
                        None,
                        shown,
                        {str(column): str(column) for column in shown},
                        name=words(FINDINGS[kind]),
                        file=f"{level.column}-{kind}",
                    )

    with st.popover(words("Take the newest boundary change back"), icon=":material/undo:"):
        st.text(words("The level is as it was before, and all reports are placed again."))
        if st.button(words("Take it back"), type="primary", key="b-undo"):
            with frame.told(words, stop=False):
                taken = levels.take_back_cells(cached.workspace(), who=frame.who())
                results.tell("done", [words("{file} was taken back.", file=taken["file"])])
                st.rerun()


def types(words: Words, data: Dataset) -> None:
    """Show and edit the table that turns an office's types into hazards."""
    frame.heading(words("Which types are which hazard"))
    st.caption(
        markdown_plain(
            words(
                "The first line that fits wins. A code counts only with its list; a pattern is a plain piece of the "
                "type's name, "
                "several are divided by |. What fits nothing is “other”, kept and counted."
            )
        )
    )
    unmatched = intake.type_rows(data, words)
    if len(unmatched):
        with st.expander(words("The types in the data and what they became ({n})", n=len(unmatched))):
            frame.table(unmatched)
    rules = data.rules()
    ours = set(DEFAULT_RULES["note"])  # these notes are sentences of ours, the others the office's own
    rules["note"] = [words(note) if note and note in ours else note for note in rules["note"]]
    schemes = dict.fromkeys(["", *intake.SCHEME_NAMES, *data.standards()["scheme"], *rules["scheme"]])
    with st.expander(words("Edit the table ({n} lines)", n=len(rules))):
        edited = st.data_editor(
            rules,
            num_rows="dynamic",
            hide_index=True,
            key=f"rules-{data.fingerprint[:8]}",
            column_config={
                "scheme": st.column_config.SelectboxColumn(
                    words("Code list"),
                    options=list(schemes),
                    format_func=lambda one: intake.scheme_name(words, str(one)),
                ),
                "kind": st.column_config.SelectboxColumn(
                    words("Kind"),
                    options=list(KINDS),
                    format_func=lambda kind: words(intake.STANDARD_KINDS[str(kind)]) if kind else "",
                ),
                "code": st.column_config.TextColumn(words("Code")),
                "pattern": st.column_config.TextColumn(words("Name holds"), width="large"),
                "hazard": st.column_config.SelectboxColumn(
                    words("Hazard"),
                    options=["", *HAZARDS],
                    format_func=lambda code: words(HAZARD_NAMES[str(code)]) if code else words("by its description"),
                ),
                "note": st.column_config.TextColumn(words("Note"), width="large"),
            },
        )
        if st.button(words("Save the table and sort all incidents again"), disabled=edited.equals(rules)):
            with frame.told(words, stop=False):
                changes.set_rules(cached.workspace(), pd.DataFrame(edited), who=frame.who())
                results.tell("done", [words("The table is saved, all incidents are sorted again.")])
                st.rerun()
