"""The form of a file of reports: how it was read, its columns, its place, what would happen, and the import."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from base.errors import HazardError
from base.text import N_, Words, markdown_plain
from data import loading, profiles
from data.dataset import Dataset
from data.headers import fingerprint
from data.privacy import mask, personal_headers
from data.schema import FIELD_TITLES, FIELDS, HAZARD_NAMES, HAZARDS
from data.store import Workspace
from data.table import Table
from pages.common import cached, frame, place_form, preview_view, reading, work
from reports import intake

ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16")
DELIMITERS = {
    ",": N_("comma"),
    ";": N_("semicolon"),
    "\t": N_("tab"),
    "|": N_("vertical bar |"),
    "，": N_("full-width comma"),
}
DAY_ORDERS = {None: N_("detected"), True: N_("day first: 05/03 is 5 March"), False: N_("month first: 05/03 is May 3")}
SCHEMES = {"": N_("detected"), **intake.SCHEME_NAMES}
DUPLICATES = {"review": N_("set them aside for review"), "newest": N_("take the newest")}
USUAL_FIELDS = ("incident_id", "reported_at", "closed_at", "type_name", "description", "address", "lon", "lat", "cell")
SMALL = 20_000  # rows up to which the check runs by itself


def draw(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Show what the file is taken for, let every guess be corrected, and import it."""
    key = digest[:8]

    def read(**options: Any) -> Table:
        return reading.table(data, content, name, digest, **options)

    asked = {one: st.session_state.get(f"i_{one}_{key}") or None for one in profiles.READING}
    saved = [one.name for one in profiles.profiles(data)]
    above = st.container()  # what the choice of a profile says depends on what fits
    try:
        choice = profiles.choose(data, read, asked, profile=_asked_profile(saved, key))
    except HazardError as error:  # perhaps another encoding or another header row helps
        with above:
            _profile(words, saved, None, key)
        st.error(markdown_plain(words.error(error)), icon=":material/block:")
        _reading(words, None, key)
        return
    table, before = choice.table, choice.options
    with above:
        _profile(words, saved, choice, key)
    st.text(intake.reading_sentence(table, words))
    again = intake.as_before_sentence(data, choice.corrected, words)
    if notes := [note.say(words) for note in choice.notes] + [again] * bool(again):
        st.info(markdown_plain(words.joined(notes)))
    _reading(words, table, key)
    form = f"{key}-{fingerprint(table.headers)}-{choice.profile.fingerprint if choice.profile else ''}"
    _sample(table)
    mapping = _mapping(words, table, before["mapping"], form)
    known = before["crs"] if again else choice.profile.options.get("crs") if choice.profile else None
    crs = place_form.of_points(words, data, table, mapping, digest, form, known or table.crs)
    read_as = {one: before[one] for one in profiles.READING if before.get(one) is not None}
    said = None if (known or table.crs) and crs == before["crs"] else crs  # left as it was found: nobody said it here
    options = {**read_as, **_more(words, data, table, before, form), "crs": said, "mapping": mapping}
    if crs is None:
        st.info(words("Choose the coordinate system of the points first: a wrong one moves points into other grids."))
        return
    checked = preview_view.show(words, data, content, name, digest, options, by_itself=len(table.frame) <= SMALL)
    _import(words, content, name, options, form, ready=checked)


def _asked_profile(saved: list[str], key: str) -> str | None:
    """Return the saved profile that is asked for; by itself the one that fits the headers."""
    asked = st.session_state.get(f"i_profile_{key}", profiles.AUTO)
    return (asked or None) if asked in ("", *saved) else profiles.AUTO


def _profile(words: Words, saved: list[str], choice: profiles.Choice | None, key: str) -> None:
    """Draw the choice of a saved profile where there are some, and say whether one fits."""
    if not saved:
        return
    found = words("the one that fits the headers")
    if choice and not choice.profile:
        found = words("none fits the headers of this file")
    titles = {profiles.AUTO: found, "": words("none")}
    st.selectbox(
        words("Saved profile"),
        [profiles.AUTO, "", *saved],
        format_func=lambda one: titles.get(one, one),
        key=f"i_profile_{key}",
    )


def _reading(words: Words, table: Table | None, key: str) -> None:
    """Let the guess of how the file is written be changed: encoding with sample lines, separator, sheet, header."""
    detected = words("detected")

    def pick(option: str, title: str, choices: list[str], shown: Callable[[str], str], used: str | None) -> None:
        guess = words("detected: {value}", value=shown(used)) if used else detected
        st.selectbox(
            title, ["", *choices], format_func=lambda one: shown(one) if one else guess, key=f"i_{option}_{key}"
        )

    def count(option: str, title: str, most: int) -> None:
        st.number_input(title, 0, most, 0, key=f"i_{option}_{key}")

    kind = table.kind if table else ""
    fields: list[Callable[[], None]] = []
    if table is None or table.encoding:
        encoding = table.encoding if table else None
        fields.append(lambda: pick("encoding", words("Encoding"), list(ENCODINGS), str.upper, encoding))
    if kind in ("", "CSV"):
        sign = table.delimiter if table else None
        names = {one: words(title) for one, title in DELIMITERS.items()}
        fields.append(lambda: pick("delimiter", words("Separator"), list(names), lambda one: names.get(one, one), sign))
    if table is not None and len(table.sheets) > 1:
        fields.append(lambda: pick("sheet", words("Sheet or layer"), list(table.sheets), str, table.sheet))
    if kind in ("", "CSV", "XLSX", "XLS", "HTML"):
        row, n = (table.header_row, table.header_rows) if table else (1, 1)
        first = words("Header begins in row (0: detected, {row})", row=row)
        fields.append(lambda: count("header_row", first, 1000))
        fields.append(lambda: count("header_rows", words("Rows of the header (0: detected, {n})", n=n), 3))
    if not fields:
        return
    with st.expander(words("How the file was read"), expanded=table is None, icon=":material/tune:"):
        columns = st.columns(len(fields))
        for column, draw_field in zip(columns, fields, strict=True):
            with column:
                draw_field()
        if table is not None and table.samples:
            st.caption(markdown_plain(words("Are these lines readable? If not, choose another encoding.")))
            st.text("\n".join(mask(line) for line in table.samples))


def _sample(table: Table) -> None:
    hidden = personal_headers(table.headers)
    keys = [key for key, header in zip(table.frame.columns, table.headers, strict=True) if header not in hidden]
    titles = dict(zip(table.frame.columns, table.headers, strict=True))
    frame.table(intake.masked_sample(table.frame[keys].head(3)), titles)


def _mapping(words: Words, table: Table, guess: Mapping[str, str], form: str) -> dict[str, str]:
    """Let the header of each field be chosen: the usual fields first, the others behind them."""
    hidden = personal_headers(table.headers)
    choices = ["", *dict.fromkeys(header for header in table.headers if header and header not in hidden)]
    found = [name for name, header in guess.items() if header in choices]
    chosen: dict[str, str] = {}
    title = words("Columns: {n} recognised of {m} in the file", n=len(found), m=len(table.headers))
    with st.expander(title, expanded=len(found) < 4, icon=":material/view_column:"):
        if hidden:
            st.caption(markdown_plain(words("Not loaded, personal data: {names}", names=words.listed(hidden))))
        shown = [field for field in FIELDS if field.name in (*USUAL_FIELDS, *found)]
        rest = [field for field in FIELDS if field not in shown]
        _fields(words, shown, guess, choices, chosen, form)
        if st.toggle(words("Show the other {n} fields", n=len(rest)), key=f"i_rest_{form}"):
            _fields(words, rest, guess, choices, chosen, form)
        kept = [header for header in choices[1:] if header not in chosen.values()]
        if kept:
            st.caption(markdown_plain(words("Kept as further attributes: {names}", names=words.listed(kept))))
    return {field.name: "" for field in FIELDS if field.name in guess} | chosen


def _fields(
    words: Words, fields: list[Any], guess: Mapping[str, str], choices: list[str], chosen: dict[str, str], form: str
) -> None:
    columns = st.columns(3)
    for place, field in enumerate(fields):
        with columns[place % 3]:
            start = choices.index(guess[field.name]) if guess.get(field.name) in choices else 0
            header = st.selectbox(
                words(FIELD_TITLES[field.name]),
                choices,
                index=start,
                format_func=lambda one: one or words("none"),
                key=f"i_{form}_{field.name}",
            )
            if header:
                chosen[field.name] = header


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


def _more(words: Words, data: Dataset, table: Table, before: Mapping[str, Any], form: str) -> dict[str, Any]:
    """Draw the choices that rarely need a change: source, zone, as-of time, day order, codes, repeats, row filter."""
    usual = profiles.USUAL["source"]
    chosen = [before["source"]] if before["source"] != usual else []
    known = list(dict.fromkeys([*chosen, *data.sources])) or [usual]
    zones = _zones()
    asked = st.session_state.get("open_choices", "").startswith(form.partition("-")[0])
    title = words("Source, times, codes, row filter")
    with st.expander(title, icon=":material/settings:", expanded=asked):
        first, second, third = st.columns(3)
        with first:
            source = st.selectbox(
                words("Source (the same case number there is the same case)"),
                known,
                format_func=lambda one: intake.source_name(words, one),
                accept_new_options=True,
                key=f"i_source_{form}",
            )
            zone = st.selectbox(
                words("Time zone"), zones, index=zones.index(before.get("zone") or data.zone), key=f"i_zone_{form}"
            )
            as_of = st.text_input(
                words("As-of time of the file"),
                placeholder=words("empty: its latest time; or 2025-09-30 18:00"),
                help=words("The time up to which the file knows its cases decides what counts as open."),
                key=f"i_as_of_{form}",
            )
        with second:
            day_first = st.selectbox(
                words("Day and month in dates"),
                list(DAY_ORDERS),
                index=list(DAY_ORDERS).index(before.get("day_first")),
                format_func=lambda one: words(DAY_ORDERS[one]),
                key=f"i_days_{form}",
            )
            scheme = st.selectbox(
                words("Code list of the types"),
                list(SCHEMES),
                index=list(SCHEMES).index(before.get("scheme") or ""),
                format_func=lambda one: words(SCHEMES[one]),
                key=f"i_scheme_{form}",
            )
            untyped = st.selectbox(
                words("Rows that name no type are"),
                HAZARDS,
                index=HAZARDS.index(before.get("untyped") or "other"),
                format_func=lambda one: words(HAZARD_NAMES[one]),
                key=f"i_untyped_{form}",
            )
            duplicates = st.selectbox(
                words("One case number, different rows"),
                list(DUPLICATES),
                index=list(DUPLICATES).index(before.get("duplicates") or "review"),
                format_func=lambda one: words(DUPLICATES[one]),
                key=f"i_duplicates_{form}",
            )
        with third:
            where = _where(words, table, form, before.get("where") or {})
    return {
        "source": source or usual,
        "zone": zone,
        "as_of": as_of.strip() or None,
        "day_first": day_first,
        "scheme": scheme or None,
        "duplicates": duplicates,
        "untyped": untyped if untyped != "other" else None,
        "where": where,
    }


def _where(words: Words, table: Table, form: str, before: Mapping[str, str]) -> dict[str, str] | None:
    """Draw the row filter: only rows that hold a value in a column are taken. That of a profile stands at first."""
    hidden = personal_headers(table.headers)
    headers = list(dict.fromkeys(one for one in table.headers if one and one not in hidden))
    first, wanted = next(((one, value) for one, value in before.items() if one in headers), ("", ""))
    header = st.selectbox(
        words("Take only rows in which column"),
        ["", *headers],
        index=headers.index(first) + 1 if first else 0,
        format_func=lambda one: one or words("no filter"),
        key=f"i_where_{form}",
    )
    if not header:
        return None
    cells = table.frame.iloc[:, table.headers.index(header)].str.strip()
    values = cells.value_counts().index[:200].tolist()
    if header == first:
        values = list(dict.fromkeys([wanted, *values]))
    value = st.selectbox(
        words("holds"),
        values,
        format_func=mask,
        key=f"i_value_{form}_{header}",
    )
    return {**{one: value for one, value in before.items() if one != first}, header: value or ""}


def _import(words: Words, content: bytes, name: str, options: Mapping[str, Any], form: str, *, ready: bool) -> None:
    """Import when asked to, with progress, and save the choices under a name if one is given."""
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        save = st.text_input(
            words("Save these choices as a profile, for the next file with the same headers"),
            placeholder=words("a name, or empty"),
            key=f"i_save_{form}",
        ).strip()
    with right:
        wanted = work.button(words, f"i_go_{form}", ready=ready, width="stretch")
    if not wanted:
        return
    workspace, who = cached.workspace(), frame.who()

    def do(tell: work.Tell) -> work.Answer:
        return store(words, workspace, content, name, options, save, who=who, tell=tell)

    work.run(f"i_go_{form}", words("Reading {file}", file=name), do)


def store(
    words: Words,
    workspace: Workspace,
    content: bytes,
    name: str,
    options: Mapping[str, Any],
    save: str,
    *,
    who: str,
    tell: work.Tell,
) -> work.Answer:
    """Import, save the choices under the name `save` if there is one, and return what is to be said of both."""
    if save:
        profiles.check_profile(save, options)  # refused before anything is stored
    answer = loading.import_incidents(workspace, content, name, who=who, progress=tell, profile=None, **options)
    lines = intake.import_sentences(answer, name, words)
    if save:
        try:
            profiles.save_profile(workspace, save, **answer["choices"], who=who)
            lines.append(words("The choices are saved as profile “{name}”.", name=save))
        except (HazardError, OSError) as error:
            lines.append(
                words(
                    "The file is imported, but its choices could not be saved as profile “{name}”. Load the file again "
                    "and save them then: no row is taken twice.",
                    name=save,
                )
            )
            if isinstance(error, HazardError):
                lines.append(words.error(error))
    return "same" if answer["unchanged"] else "done", lines, intake.worth_a_look(answer, words)
