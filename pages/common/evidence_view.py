"""The evidence of the hot-spot page: the claimed cells with all that is known of them, one cell, the strip by month."""

import datetime as dt
from typing import Any

import pandas as pd
import streamlit as st

from analysis import charts, summary
from base.text import N_, Sentence, Words, markdown_plain
from data.schema import Scope
from pages.common import cached, controls, frame, panels, spots_view
from reports import answers, handouts, people
from reports.doubts import Doubts, Silent
from reports.record import CHANGE_NAMES, REGRESSION, TREND_NAMES, Before, Course, Record, since_words

MOST_TOLD, TOLD_OF_MORE = 12, 8  # lines of a list: all of so many, of more the first; a line "one more" saves nothing


def claims(words: Words, spots: answers.HotSpots, record: Record, doubts: Doubts, chosen: str | None) -> None:
    """Set out the evidence for each claimed cell, and what might fake it; choosing a row chooses the cell."""
    frame.heading(words("Evidence for each claim"))
    if not spots.result.hot.any():
        without(words, spots)
        return
    table = handouts.evidence(spots, record, doubts, words)
    rows = summary.rank_cells(table[table["hot"]]).head(cached.MOST_ROWS)
    shown = pd.DataFrame(
        {
            "name": rows["name"],
            "claim": people.claims(words, rows["claim"] if spots.result.sharing else [""] * len(rows)),
            "events": rows["events"],
            "expected": rows["expected"].round(1),
            "ratio": [_ratio(words, row) for row in rows.itertuples(index=False)],
            "p": [words.chance(p) for p in rows["p"]],
            "since": [_since(words, record, month) for month in rows["since"]],
            "trend": [words(TREND_NAMES[code]) for code in rows["trend"]],
            "chronic": rows["chronic"],
            "doubts": rows["doubts"],
            "borders": [_borders(words, share) for share in rows["borders"]],
            "change": [words(CHANGE_NAMES[code]) for code in rows["change"]],
            "by": [words(handouts.BY_NAMES[code]) for code in rows["by"]],
        }
    )
    blank = [column for column in ("claim", "trend", "doubts", "borders", "change") if not shown[column].any()]

    key = f"evidence-{chosen}"  # a new choice, a new table: a row that is still marked could not be chosen again

    def choose() -> None:
        picked = st.session_state[key]["selection"]["rows"]
        controls.keep("cell", str(rows["cell_id"].iloc[picked[0]]) if picked else None)

    titles = {name: words(title) for name, title in _COLUMNS.items()}
    frame.table(
        shown.drop(columns=blank),
        titles,
        column_config={
            "name": st.column_config.TextColumn(titles["name"], pinned=True, width=104),
            "expected": st.column_config.NumberColumn(titles["expected"], format="localized"),
        },
        key=key,
        on_select=choose,
        selection_mode="single-row",
        alt=words.plural("Evidence for {n} claim.", "Evidence for {n} claims.", int(spots.result.hot.sum())),
    )
    frame.only_first(words, len(rows), int(spots.result.hot.sum()))
    what_might_fake(words, spots, doubts)
    if shown["borders"].any():
        captions(words, _SHIFTED)
    sites = record.sites_reason or record.rests_on(words)
    captions(words, *doubts.untold, record.sentence, sites, left_out(words, record))


def never(words: Words, silent: Silent) -> None:
    """Tell of the cells that never reported anything, where there are some."""
    captions(words, silent.sentence)


_SHIFTED = Sentence(
    N_(
        "On shifted borders: whether a claim holds when the same events are counted on squares as large as a cell, "
        "laid in 16 ways (in half of them or more). That it holds says much for a single cell; that it does not says "
        "little, for most cells that are truly hot do no better."
    )
)
_COLUMNS = {
    "name": N_("Cell"),
    "claim": N_("Claim"),
    "events": N_("Events"),
    "expected": N_("Expected"),
    "ratio": N_("Times the expected (95% interval)"),
    "p": N_("Chance"),
    "by": N_("Named by"),
    "since": N_("Since"),
    "trend": N_("Trend"),
    "chronic": N_("Chronic sites"),
    "doubts": N_("What might fake it"),
    "borders": N_("On shifted borders"),
    "change": N_("Compared with before"),
}


def without(words: Words, spots: answers.HotSpots) -> None:
    """Say that there is no claim, and what the strongest cell would need, or why none could be made."""
    more = spots_view.lacking(words, spots) if spots.result.tested else [spots.result.reason.say(words)]
    st.info(markdown_plain(words.joined([words("No cell carries a claim."), *more])))


def _ratio(words: Words, row: Any) -> str:
    return people.ratio_words(words, row.ratio, row.low, row.high)


def _borders(words: Words, share: float) -> str:
    if pd.isna(share):
        return ""
    percent = words.percent(share)
    return words("holds ({share})", share=percent) if share >= 0.5 else words("does not hold ({share})", share=percent)


def _since(words: Words, record: Record, month: Any) -> str:
    return since_words(None if pd.isna(month) else f"{month:%Y-%m}", record.first, words)


def what_might_fake(words: Words, spots: answers.HotSpots, doubts: Doubts) -> None:
    """Tell in sentences what might fake the claims."""
    names = spots.cells.set_index("cell_id")["name"]
    rows = doubts.rows.assign(falls=doubts.rows["survives"].eq(False).fillna(False))
    rows = rows[rows["found"]].sort_values("falls", ascending=False, kind="stable")  # first those that break a claim
    told = [
        words("{name}: {sentence}", name=names[cell], sentence=doubts.sentences[at].say(words))
        for at, cell in zip(rows.index.tolist(), rows["cell_id"], strict=True)
    ]
    if not told:
        st.markdown(markdown_plain(words("Nothing else was found that might fake these claims.")))
        return
    title = words("What might fake them")
    st.markdown(f"**{markdown_plain(title)}**")
    shown = _room(len(told))
    st.markdown("\n".join(f"- {markdown_plain(line)}" for line in told[:shown]))
    if len(told) > shown:
        st.caption(words("The first {shown} of {n} doubts; the download has all.", shown=shown, n=len(told)))


def _room(n: int) -> int:
    return n if n <= MOST_TOLD else TOLD_OF_MORE


def one_cell(words: Words, spots: answers.HotSpots, record: Record, doubts: Doubts, cell: str) -> None:
    """Tell of one claimed cell: its evidence in a line, and each doubt as a short sentence."""
    table = handouts.evidence(spots, record, doubts, words)
    row: Any = next(table[table["cell_id"] == cell].itertuples(index=False))
    parts = [words("Times the expected: {ratio}", ratio=_ratio(words, row))] if pd.notna(row.ratio) else []
    if text := _since(words, record, row.since):
        parts.append(words("since {month}", month=text))
    if row.trend:
        parts.append(words(TREND_NAMES[row.trend]))
    if row.change:
        parts.append(words("compared with before: {change}", change=words(CHANGE_NAMES[row.change])))
    if pd.notna(row.chronic) and row.chronic:
        parts.append(words.plural("{n} chronic site", "{n} chronic sites", int(row.chronic)))
    st.caption(markdown_plain(" · ".join(parts)))
    here = (doubts.rows["cell_id"] == cell).to_numpy()
    found = here & doubts.rows["found"].to_numpy(bool)
    lines = [sentence.say(words) for sentence, one in zip(doubts.sentences, found, strict=True) if one]
    if lines:
        st.markdown("\n".join(f"- {markdown_plain(line)}" for line in lines))
    captions(words, *(sentence for sentence, one in zip(doubts.sentences, here & ~found, strict=True) if one))


def strip(words: Words, scope: Scope, spots: answers.HotSpots, record: Course) -> None:
    """Show the events of the claimed cells by month, one small picture each, on the months that are known."""
    frame.heading(words("Claimed cells by month"))
    if not len(record.months):
        st.info(words("No whole month is known."))
        return
    ranked = summary.rank_cells(spots.cells[spots.cells["hot"]])
    if not len(ranked):
        st.caption(words("No cell carries a claim: shown are all cells together."))
    names = dict(zip(ranked["cell_id"], ranked["name"], strict=True))
    period = None
    if scope.start is not None and scope.end is not None:
        period = (f"{scope.start:%Y-%m}", f"{scope.end - dt.timedelta(days=1):%Y-%m}")
    panels.after_the_map()
    figure = charts.strip_figure(record.months, names, words=words, period=period)
    st.plotly_chart(figure, config=charts.CONFIG, alt=charts.strip_alt(record.months, names, words=words), key="strip")
    captions(
        words,
        words("The {shown} strongest of {n} claimed cells.", shown=charts.MOST_PICTURES, n=len(ranked))
        if len(ranked) > charts.MOST_PICTURES
        else None,
        record.tie(words),
        record.sentence,
        left_out(words, record),
    )


def left_out(words: Words, record: Course) -> str | None:
    """Return which sources are no part of the record."""
    if not record.left_out:
        return None
    return words("The months are told without {sources}.", sources=words.listed(record.left_out))


def captions(words: Words, *sentences: Sentence | str | None) -> None:
    """Write small lines, those that there are."""
    lines = [one.say(words) if isinstance(one, Sentence) else one for one in sentences if one]
    if lines:
        st.caption(markdown_plain(words.joined(lines)))


def against(words: Words, record: Before) -> None:
    """List which claims are new, stayed or gone since the period before."""
    compared = record.compared
    if compared is None:
        frame.heading(words("Compared with before"))
        reason = record.compared_reason
        st.info(markdown_plain(words("Nothing to compare with.") if reason is None else reason.say(words)))
        return
    now, before = (handouts.period(words, one) for one in (compared.now, compared.before))
    frame.heading(words("{now} against {before}", now=now, before=before))
    if compared.left_out:
        st.caption(markdown_plain(words("compared without {sources}", sources=words.listed(compared.left_out))))
    st.markdown(markdown_plain(people.change_words(words, words("All cells compared"), compared.every)))
    titles = {"new": words("New"), "stayed": words("Stayed"), "gone": words("Gone")}
    for column, (change, title) in zip(st.columns(3, gap="small"), titles.items(), strict=True):
        rows = compared.cells[compared.cells["change"] == change]
        rows = rows.sort_values(["now", "cell_id"], ascending=[False, True])
        with column, st.container(border=True):
            st.markdown(f"**{markdown_plain(title)} · {words.number(len(rows))}**")
            shown = _room(len(rows))
            told: list[Any] = list(rows.head(shown).itertuples(index=False))
            for row in told:
                st.markdown(markdown_plain(people.change_words(words, row.name, row)))
            frame.only_first(words, shown, len(rows))
    captions(
        words,
        REGRESSION,
        words("A cell that is gone need not have fewer events: look at the figures. Nothing here is a claim."),
        compared.tie(words),
        compared.note,
    )
