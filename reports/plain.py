"""What the commands say to people in a terminal: whole sentences first, then a table of few columns."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd

from analysis import summary
from base.text import N_, Words
from data import corrections
from data.dataset import Dataset
from data.project_words import TITLES
from data.projects import problems
from data.quality import REJECTED
from data.schema import HAZARD_NAMES
from data.searching import Needle
from geo.crs import Fit
from reports import deadlines, gauges, intake, people, rain_words, record
from reports import projects as works
from reports import rates as reckoning
from reports.rain_onset import Forecast
from reports.rates import CellRates
from reports.terminal import table

MOST = 50  # rows of one import or one answer that are shown; --json has all
_ITEMS = {"no-report-time": "missing-reported_at"}  # items of the quality report that a remark has under another name


def after_import(answer: dict[str, Any], words: Words) -> list[str]:
    """Return by which commands the rows are listed that an import did not take or found doubtful."""
    if answer["import_id"] is None:
        return [words("Nothing is stored yet.")]
    lines = []
    if answer["rejected"] and not answer["unchanged"]:
        lines.append(
            words(
                "The rows not taken: cli.py rejected --import {import_id}. As a sheet to correct: the same with --out "
                "rows.xlsx.",
                import_id=answer["import_id"],
            )
        )
    if answer["remarks"]:
        commands = [f"cli.py quality --item {_ITEMS.get(code, code)}" for code in answer["remarks"]]
        lines.append(words("The doubtful rows: {commands}.", commands=words.listed(commands)))
    return lines


_IMPORTS = {"import_id": N_("Import"), **{key: intake.IMPORT_TITLES[key] for key in ("file", "source", "when")}} | {
    key: intake.IMPORT_TITLES[key] for key in ("read", "accepted", "rejected", "repeats")
}


def imports(rows: pd.DataFrame, words: Words) -> list[str]:
    """Return the live imports with their totals."""
    return table(rows, _said(_IMPORTS, words), words)


def history(rows: pd.DataFrame, words: Words) -> list[str]:
    """Return the changes of the workspace."""
    return table(rows, _said(intake.HISTORY_TITLES, words), words)


def rejected(data: Dataset, found: pd.DataFrame, words: Words) -> list[str]:
    """Return the rows not taken, import by import, with the reason and what settled them since."""
    if found.empty:
        return [words("Every row read was taken or was a repeat.")]
    titles = {"row": intake.REJECTED_TITLES["row"], "sentence": intake.REJECTED_TITLES["sentence"]}
    lines: list[str] = []
    for import_id, rows in found.groupby("import_id", sort=False):
        waiting = rows["state"] == corrections.OPEN
        lines.append(
            words(
                "{file} (import {import_id}): {n} rows were not taken, {open} of them wait to be corrected.",
                file=data.imported(str(import_id)).file, import_id=import_id, n=len(rows), open=int(waiting.sum()),
            )
        )  # fmt: skip
        settled = rows["state"].isin((corrections.CORRECTED, corrections.SETTLED))  # not what was refused again
        more = {"settled_by": N_("Settled by import")} if settled.any() else {}
        shown = rows.assign(settled_by=rows["settled_by"].where(settled, "")).head(MOST)
        shown = shown.assign(sentence=people.rejected_sentences(shown, words))
        lines += [*table(shown, _said(titles | more, words), words), *_more(len(rows), words), ""]
        if waiting.any():
            sentence = words(
                "As a sheet to correct: cli.py rejected --import {import_id} --out rows.xlsx", import_id=import_id
            )
            lines[-1:] = [sentence, ""]
    return lines[:-1]


def quality(items: pd.DataFrame, words: Words) -> list[str]:
    """Return what is missing or odd, with the code by which the rows of each are listed."""
    found = items[items["n"] > 0]
    if found.empty:
        return [words("Nothing is missing or odd.")]
    titles = {"sentence": words("What is odd"), "code": words("Code")}
    if found["source"].notna().any():
        titles["source"] = words("Source")
    found = found.assign(source=found["source"].fillna(words("all")))
    hint = words("The rows of one of them: cli.py quality --item, and its code.")
    return [*table(found, titles, words), hint]


_ROWS = {
    "incident_id": N_("Case number"),
    "km": N_("km from the boundary"),
    "why": N_("Likely reason"),
    "group": N_("Group"),
    "reported_at": N_("Reported"),
    "type_name": N_("Type"),
    "address": N_("Address"),
    "cell_id": N_("Cell"),
    "name": N_("Name"),
    "parent": N_("Belongs to"),
}


def quality_rows(rows: pd.DataFrame, code: str, words: Words) -> list[str]:
    """Return the rows behind one item: cases, rows not taken or cells."""
    if code.startswith(REJECTED):
        titles = {"import_id": N_("Import"), **{key: intake.REJECTED_TITLES[key] for key in ("row", "sentence")}}
        return table(rows.assign(sentence=people.rejected_sentences(rows, words)), _said(titles, words), words)
    several = {"source": N_("Source")} if "source" in rows and rows["source"].nunique() > 1 else {}
    return table(people.slips_in_words(rows, words), _said(several | _ROWS, words), words)


_COUNTS = {
    "cell_id": N_("Cell"),
    "hazard": N_("Hazard"),
    "month": N_("Month"),
    "source": N_("Source"),
    "channel": N_("Channel"),
    "unit": N_("Handling unit"),
    "count": N_("Reports"),
}


def counts(rows: pd.DataFrame, words: Words) -> list[str]:
    """Return counts by their keys."""
    return table(_hazards(rows, words), _said(_COUNTS, words), words)


_SPOTS = {
    "claim": N_("Claim"),
    "cell_id": N_("Code"),
    "name": N_("Name"),
    "calls": N_("Reports"),
    "observed": N_("Events"),
    "expected": N_("Expected"),
    "pattern": N_("Neighbourhood"),
    "p": N_("Chance"),
}
_SAID = {
    "name": N_("Name"),
    "interval": N_("Ratio (95%)"),
    "since": N_("Since"),
    "trend": N_("Trend"),
    "change": N_("Compared with before"),
    "chronic": N_("Chronic sites"),
}
_SHARED = {
    "cells": N_("Cells"),
    "observed": N_("Events"),
    "expected": N_("Expected"),
    "p": N_("Chance"),
}
_GROUPS = {
    "cell_ids": N_("Cells"),
    "hazard": N_("Hazard"),
    "observed": N_("Events"),
    "first": N_("First report"),
    "last": N_("Last report"),
}


def hot_spots(answer: dict[str, Any], words: Words) -> list[str]:
    """Return the claim, the cells, hot and unlikely ones first, and the dense groups of points."""
    lines = [answer["reason"]]
    if answer["cells"]:
        cells = pd.DataFrame(answer["cells"])
        cells = summary.rank_cells(cells.assign(events=cells["observed"], place=range(len(cells))))
        answer = answer | {"cells": [answer["cells"][at] for at in cells.pop("place")]}
        cells["claim"] = people.claims(words, cells["claim"])
        cells["p"] = [words.chance(p) if pd.notna(p) else "" for p in cells["p"]]
        cells["pattern"] = people.patterns(words, cells["pattern"])
        empty = [name for name in ("pattern", "claim", "p") if not cells[name].astype(bool).any()]
        if answer["count"] == "calls":
            empty.append("observed")  # the calls stand there already
        lines += [
            *table(cells.drop(columns=empty).head(MOST), _said(_SPOTS, words), words),
            *_more(len(cells), words),
        ]
        doubted = [
            words("{name}: {sentence}", name=cell["name"], sentence=doubt["sentence"])
            for cell in answer["cells"]
            for doubt in cell.get("doubts") or []
            if doubt["found"]
        ]
        lines += [*doubted[:MOST], *_more(len(doubted), words), *answer.get("doubts_untold", [])]
        if (answer.get("silent") or {}).get("sentence"):
            lines.append(answer["silent"]["sentence"])
    if "record" in answer:
        lines += _record(answer, words)
    names = {cell["cell_id"]: cell["name"] for cell in answer["cells"]}
    if places := [one for one in answer["clusters"] if one["method"] == "scan" and len(one["cell_ids"]) > 1]:
        shown = pd.DataFrame(places).assign(
            cells=[words.listed(names[cell] for cell in one["cell_ids"]) for one in places],
            p=[words.chance(one["p"]) for one in places],
        )
        lines += ["", words("Places of neighbouring cells that together hold more than chance gives:")]
        lines += [*table(shown.head(MOST), _said(_SHARED, words), words), *_more(len(shown), words)]
    if dense := [one for one in answer["clusters"] if one["method"] == "dbscan"]:
        groups = _hazards(pd.DataFrame(dense), words)
        lines += ["", words("Dense groups of points:")]
        lines += [*table(groups.head(MOST), _said(_GROUPS, words), words), *_more(len(groups), words)]
    if lately := answer.get("lately"):
        lines += ["", words("What has gathered in the last weeks:"), lately["sentence"]]
        lines += [lately["reason"]] if lately["reason"] else []
    return lines


def _record(answer: dict[str, Any], words: Words) -> list[str]:
    """Return what the record says of the claims, and what became of those of the period before."""
    lines = []
    trends, changes = (
        {code or None: words(name) for code, name in names.items()}
        for names in (record.TREND_NAMES, record.CHANGE_NAMES)
    )
    if claimed := [cell for cell in answer["cells"] if cell["hot"]]:
        shown = pd.DataFrame(
            {
                "name": cell["name"],
                "interval": people.ratio_words(words, cell["ratio"], cell["ratio_low"], cell["ratio_high"]),
                "since": record.since_words(cell["since"], answer["record"]["first"], words),
                "trend": trends[cell["trend"]],
                "change": changes[cell["change"]],
                "chronic": "" if cell["chronic"] is None else words.number(cell["chronic"]),
            }
            for cell in claimed
        )
        shown = shown.loc[:, (shown != "").any()]
        lines += ["", *table(shown.head(MOST), _said(_SAID, words), words), *_more(len(shown), words)]
        lines.append(answer["record"]["sentence"])
        lines.append(words("Chronic sites: {sentence}", sentence=answer["sites_rule"]))
        lines += [answer["sites_rest_on"]] if answer["sites_rest_on"] else []
    lines += [answer["sites_reason"]] if answer["sites_reason"] else []
    if compared := answer["compared"]:
        period = words.period(compared["start"], compared["end"])
        counts = {name: len(compared[name]) for name in ("new", "stayed", "gone")}
        lines.append(words("Compared with {period}: {new} new, {stayed} stayed, {gone} gone.", period=period, **counts))
        lines.append(people.change_words(words, words("All cells compared"), SimpleNamespace(**compared)))
        ones = [people.change_words(words, one["name"], SimpleNamespace(**one)) for one in compared["cells"]]
        lines += [*ones[:MOST], *_more(len(ones), words)]
        lines += [compared["sentence"]] if ones else []
        lines += [compared["note"]] if compared["note"] else []
        if gone := [cell["name"] for cell in answer["cells"] if cell["cell_id"] in set(compared["gone"])]:
            lines.append(words("No longer claimed: {names}.", names=words.listed(gone)))
    else:
        lines.append(answer["compared_reason"])
    left_out = sorted({*answer["record"]["left_out"], *(compared["left_out"] if compared else ())})
    if left_out:
        lines.append(words("Sources that do not cover it: {sources}.", sources=words.listed(left_out)))
    return lines


def rates(found: CellRates | None, words: Words) -> list[str]:
    """Return what rates say and the cells with the largest; nothing where there is no exposure."""
    if found is None:
        return []
    shown = found.cells.assign(mark=people.rate_marks(words, found.cells["mark"])).drop(columns="cell_id")
    titles = reckoning.titles(found) | reckoning.SHORT
    said = table(shown.head(MOST), _said(titles, words), words)
    return ["", words.joined(reckoning.sentences(found, words)), *said, *_more(len(shown), words)]


def systems(found: Sequence[Fit], words: Words) -> list[str]:
    """Return how many points each system brings inside, with the word that --crs takes."""
    label = pd.Series([fit.label for fit in found], dtype=object)
    rows = intake.fit_rows(list(found), words).assign(label=label)
    titles = {name: name for name in rows.columns} | {"label": "--crs"}
    return table(rows, titles, words)


def profiles(listed: Sequence[Mapping[str, Any]], zone: str, words: Words) -> list[str]:
    """Return the saved choices: name, columns of the files they are for, who and when."""
    rows = pd.DataFrame(listed)
    titles = {"name": N_("Name"), "headers": N_("For files with the columns"), "who": N_("By"), "when": N_("When")}
    if len(rows):
        rows["when"] = pd.to_datetime(rows["when"], utc=True).dt.tz_convert(zone)
    return table(rows, _said(titles, words), words)


def settings(listed: Sequence[Mapping[str, Any]], words: Words) -> list[str]:
    """Return the settings with value and default."""
    titles = {"name": N_("Setting"), "value": N_("Set to"), "default": N_("Usual value")}
    titles |= {"allowed": N_("Allowed"), "unit": N_("Measured in")}
    rows = pd.DataFrame(listed).astype({"value": str, "default": str})
    return table(rows, _said(titles, words), words)


def deadlines_(rows: pd.DataFrame, editions: pd.DataFrame, words: Words) -> list[str]:
    """Return the editions of the table of deadlines and the rows in force."""
    if editions.empty:
        return [words("No table of deadlines is loaded: cli.py standard FILE.")]
    lines = [*table(editions, _as_named(editions), words), "", words("In force:")]
    named = deadlines.shown(rows, words)
    empty = [name for name in named if (named[name].astype(str) == "").all()]
    shown = named[list(deadlines.TITLES)].drop(columns=[name for name in empty if name in deadlines.TITLES])
    return [*lines, *table(shown.head(MOST), _said(deadlines.TITLES, words), words), *_more(len(rows), words)]


def rain(data: Dataset, words: Words) -> list[str]:
    """Return what is stored of each rain gauge."""
    found = data.rainfall()
    if found.empty:
        return [words("No rain is stored: cli.py rain FILE.")]
    rows = gauges.station_rows(data, found, words)
    return [gauges.headline(data, found, words), *table(rows, gauges.titles(words), words)]


def forecast(found: Forecast, words: Words) -> list[str]:
    """Return which cells a forecast rain floods, the likeliest first, and those of which nothing is told."""
    ranked, apart = rain_words.rows(found.ranked, words), rain_words.rows(found.apart, words)
    titles = {"name": words("Name"), "begins": words("Why")}
    said = rain_words.lines(found, words)
    lines = [said[0], *table(ranked.head(MOST), rain_words.for_terminal(words), words), *_more(len(ranked), words)]
    if len(apart):
        lines += [words("Cells of which no chance can be told"), *table(apart.head(MOST), titles, words)]
    return [*lines, *said[1:]]


def projects(data: Dataset, found: gpd.GeoDataFrame, words: Words) -> list[str]:
    """Return the drainage projects stored, and what is odd about them."""
    if found.empty:
        return [words("No project is stored: cli.py projects FILE.")]
    titles = {name: words(TITLES[name]) for name in works.SHOWN}
    rows = works.shown(found, words)[list(titles)]
    rows["year"] = ["" if pd.isna(year) else str(year) for year in rows["year"]]  # no thousands mark
    lines = [works.headline(found, words), *table(rows.head(MOST), titles, words), *_more(len(found), words)]
    return [*lines, *works.problem_sentences(problems(data, found), words)]


def calendar(data: Dataset, answer: dict[str, Any], words: Words) -> list[str]:
    """Return what the working calendar covers, its hours, and the holidays and make-up workdays of a year."""
    rows = deadlines.calendar_rows(answer, words)
    lines = [*deadlines.calendar_sentences(data, words), *filter(None, [answer["sentence"]])]
    return [*lines, *(table(rows, _as_named(rows), words) if len(rows) else [])]


def placed(answer: dict[str, Any], words: Words) -> list[str]:
    """Return where a case lies that was given its place by hand."""
    cells = [f"{intake.level_name(words, level)} {cell}" for level, cell in answer["cells"].items() if cell]
    facts = {"case": answer["incident_id"], "source": answer["source"]}
    if not cells:
        return [words("Case {case} of source {source} has its place now; it lies in no cell.", **facts)]
    return [words("Case {case} of source {source} has its place now: {cells}.", **facts, cells=words.listed(cells))]


_PLACES = {
    "incidents": N_("Incidents"),
    "rejected": N_("Rows not taken"),
    "cells": N_("Boundaries"),
    "findings": N_("Findings in boundaries"),
    "gazetteer": N_("Table of addresses"),
    "placements": N_("Places by hand"),
    "corrections": N_("Corrected rows"),
    "profiles": N_("Saved profile"),
    "rules": N_("Table of types"),
    "standards": N_("Standard of deadlines"),
    "workdays": N_("Table of workdays"),
    "earlier versions": N_("Earlier versions"),
    "history": N_("History"),
    "originals": N_("File as it came"),
    "originals, not searchable": N_("File as it came, which cannot be searched"),
    "log": N_("Log"),
    "files": N_("Another file of the workspace"),
}
_FILES = ("originals", "originals, not searchable")


def person_found(found: list[dict[str, Any]], text: str, data: Dataset, words: Words) -> list[str]:
    """Return where a text stands, imports and files by their names, in which the text itself is hidden."""
    if not found:
        return [words("The text stands nowhere.")]
    hide = Needle(text).hide
    files = {one.import_id: f"{hide(one.file)} ({one.import_id})" for one in data.imports}
    rows = pd.DataFrame(found)
    rows["source"] = [  # only a file has come with several imports; the name of a source may hold a comma
        words.listed(hide(files.get(one, one)) for one in (of.split(", ") if place in _FILES else [str(of)]))
        for place, of in zip(rows["place"], rows["source"], strict=True)
    ]
    rows["incident_id"] = [
        words("data version {n}", n=one) if place == "history" else hide(str(one))
        for place, one in zip(rows["place"], rows["incident_id"], strict=True)
    ]
    rows["place"] = [words(_PLACES[place]) for place in rows["place"]]
    titles = {
        "place": N_("Place"),
        "source": N_("Source or import"),
        "incident_id": N_("Case, row or file"),
        "column": N_("Column"),
        "count": N_("Times"),
    }
    return table(rows, _said(titles, words), words)


def person_erased(answer: dict[str, Any], words: Words) -> list[str]:
    """Return what an erasure did."""
    if not answer["places"]:
        return [words("The text stands nowhere.")]
    return [
        words(
            "The text is erased for good. It stood in: {places}. {cleared} earlier versions and {originals} files as "
            "they came are gone with it.",
            places=words.listed(f"{words(_PLACES[place])} ({n})" for place, n in answer["places"].items()),
            cleared=answer["cleared"],
            originals=answer["originals"],
        )
    ]


def tidied(answer: dict[str, int], words: Words) -> list[str]:
    """Return what was removed because the settings keep it no longer."""
    return [
        words(
            "Removed for good: {versions} earlier versions, {files} files of tables, {originals} files as they came.",
            **answer,
        )
    ]


def _said(titles: Mapping[str, str], words: Words) -> dict[str, str]:
    return {name: words(title) for name, title in titles.items()}


def _as_named(rows: pd.DataFrame) -> dict[str, str]:
    return {str(column): str(column) for column in rows}


def _hazards(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    if "hazard" not in rows:
        return rows
    return rows.assign(hazard=[words(HAZARD_NAMES[code]) if code in HAZARD_NAMES else code for code in rows["hazard"]])


def _more(n: int, words: Words) -> list[str]:
    return [words("The first {shown} of {n} rows; --json gives all.", shown=MOST, n=n)] if n > MOST else []
