"""The panels of the resolution page: the key, the figures, the curves, the groups, the longest open cases."""

import pandas as pd
import streamlit as st

from analysis import charts
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from pages.common import controls, downloads, frame, panels
from reports import answers

MOST_BARS = 15
KEYS = {
    "hazard": N_("Hazard"),
    "cell": N_("Cell"),
    "unit": N_("Handling unit"),
    "source": N_("Source"),
    "month": N_("Month of report"),
}


def group_by(words: Words) -> str:
    """Draw the choice of the key and return it."""
    with st.sidebar:
        return controls.select(words("Compare by"), "by", list(KEYS), lambda key: words(KEYS[key]))


def headline(words: Words, answer: answers.Resolution) -> str:
    """Return the page's finding in one sentence."""
    if not len(answer.overall) or not answer.overall["n"].iloc[0]:
        return words("No case with a report time in this period")
    row = answer.overall.iloc[0]
    if pd.isna(row["median_hours"]):
        return words("The median of {n} cases is not reached yet: too many are open", n=int(row["n"]))
    return words(
        "Half of {n} cases were closed within {median}; {open} are open",
        n=int(row["n"]),
        median=words.duration(row["median_hours"]),
        open=int(row["open"]),
    )


def figures(words: Words, answer: answers.Resolution) -> None:
    """Say the share in time and what was left out."""
    if not len(answer.overall):
        return
    row = answer.overall.iloc[0]
    lines = []
    if row["due"]:
        lines.append(
            words(
                "{in_time} of the {due} cases due so far were closed in time: {share} (95% interval {low}–{high}).",
                in_time=int(row["in_time"]),
                due=int(row["due"]),
                share=words.percent(row["share_in_time"], 1),
                low=words.percent(row["share_low"]),
                high=words.percent(row["share_high"]),
            )
        )
    else:
        lines.append(words("No deadlines are given, so there is no share in time."))
    out = answer.left_out
    if out["no_time"]:
        lines.append(words("{n} cases without a report time are not in the durations.", n=out["no_time"]))
    if out["closed_before_reported"]:
        lines.append(
            words(
                "{n} cases closed before they were reported are left out of durations.", n=out["closed_before_reported"]
            )
        )
    if out["closed_first_quarter_hour"]:
        lines.append(
            words("{n} cases were closed within 15 minutes of the report.", n=out["closed_first_quarter_hour"])
        )
    st.markdown(markdown_plain(words.joined(lines)))


def key_names(words: Words, data: Dataset, scope: Scope, by: str) -> dict[str, str]:
    """Return the names for people of a key's values, where they differ from the values."""
    if by == "hazard":
        return {code: words(name) for code, name in HAZARD_NAMES.items()}
    if by == "cell":
        cells = data.cells(scope.level, every=True).drop_duplicates("cell_id", keep="last")
        twice = cells["name"].duplicated(keep=False)  # 第一网格 stands in every community
        shown = cells["name"].where(~twice, cells["name"] + " " + cells["cell_id"])
        return dict(zip(cells["cell_id"], shown, strict=True))
    return {}


def curves(words: Words, data: Dataset, scope: Scope, answer: answers.Resolution, by: str) -> None:
    """Show the survival curves of the largest groups."""
    frame.heading(words("Share of cases not yet closed, by time since the report"))
    if not answer.curves:
        st.info(words("No case with a report time in this period."))
        return
    names = key_names(words, data, scope, by)
    named = {names.get(key, key or words("not given")): curve for key, curve in answer.curves.items()}
    colours = panels.hazard_colours(words) if by == "hazard" else None
    figure = charts.survival_figure(named, words=words, colours=colours)
    st.plotly_chart(figure, config=charts.CONFIG, alt=charts.survival_alt(named, words=words), key="curves")
    if len(answer.groups) > len(answer.curves):
        st.caption(words("The {n} largest groups are drawn; all are in the table.", n=len(answer.curves)))


def groups(words: Words, data: Dataset, scope: Scope, answer: answers.Resolution, by: str) -> None:
    """Show the table of all groups: median with interval or "not reached", share in time."""
    frame.heading(words("Medians and shares in time"))
    names = key_names(words, data, scope, by)
    table = answer.groups.sort_values(["n", "key"], ascending=[False, True], ignore_index=True)
    few = int(data.settings["few_reports"])

    def interval(low: float, high: float) -> str:
        if pd.isna(low):
            return "–"
        return f"{words.duration(low)} – {words.duration(high) if pd.notna(high) else words('not reached')}"

    shown = pd.DataFrame(
        {
            "key": [names.get(key, key) or words("not given") for key in table["key"].fillna("")],
            "n": table["n"],
            "open": table["open"],
            "median": [words.duration(m) if pd.notna(m) else words("not reached") for m in table["median_hours"]],
            "interval": [interval(low, high) for low, high in zip(table["low"], table["high"], strict=True)],
            "due": table["due"].astype(int),
            "share": ["–" if pd.isna(share) else words.percent(share) for share in table["share_in_time"]],
            "note": [words("few cases") if n < few else "" for n in table["n"]],
        }
    )
    titles = {
        "key": words(KEYS[by]),
        "n": words("Cases"),
        "open": words("Open"),
        "median": words("Median time to resolve"),
        "interval": words("95% interval"),
        "due": words("Due so far"),
        "share": words("Share in time"),
        "note": words("Note"),
    }
    st.dataframe(
        shown,
        hide_index=True,
        column_config=frame.columns(shown, titles),
        alt=words("Medians of {n} groups.", n=len(shown)),
    )
    if by in ("cell", "unit") and len(table) > 1:
        largest = table.head(MOST_BARS).assign(name=shown["key"].head(MOST_BARS))
        figure = charts.medians_figure(largest, words=words, few_reports=few)
        st.plotly_chart(figure, config=charts.CONFIG, alt=charts.medians_alt(largest, words=words), key="medians")
    full = table.assign(key=shown["key"])
    downloads.sheet(
        words,
        data,
        scope,
        full,
        {
            "key": words(KEYS[by]),
            "n": words("Cases"),
            "open": words("Open"),
            "median_hours": words("Median hours to resolve"),
            "low": words("95% interval from (hours)"),
            "high": words("95% interval to (hours)"),
            "due": words("Due so far"),
            "in_time": words("Closed in time"),
            "share_in_time": words("Share in time"),
            "share_low": words("Share, 95% interval from"),
            "share_high": words("Share, 95% interval to"),
        },
        name=words("Resolution times"),
        file="resolution",
    )


def longest(words: Words, data: Dataset, scope: Scope, answer: answers.Resolution) -> None:
    """List the cases that are open for longest."""
    frame.heading(words("Open for longest"))
    if not len(answer.longest):
        st.info(words("No open case in this period."))
        return
    panels.incidents_table(words, data, scope, answer.longest, file="open", height=320)
