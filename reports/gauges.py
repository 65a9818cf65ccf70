"""The stored rain in words, rows and files: which stations, from when to when, what is not known, what a load did."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from base.errors import HazardError
from base.text import N_, Words
from data import rain
from data.dataset import Dataset
from data.rain_file import BEGIN, END, INCH, MM, TENTH
from data.rain_times import DAY_HOURS
from reports import intake
from reports.projects import rejected_sentences, totals_sentence
from reports.sheet import Sheet, write_book, write_csv

UNIT_NAMES = {MM: N_("millimetres"), INCH: N_("inches"), TENTH: N_("tenths of a millimetre")}
STAMP_NAMES = {BEGIN: N_("the begin of the reading"), END: N_("the end of the reading")}
STATION_TITLES = {
    "station": N_("Station"),
    "zone": N_("Stands for"),
    "hours": N_("Hours a reading"),
    "first": N_("First day"),
    "last": N_("Last day"),
    "readings": N_("Readings"),
    "missing": N_("Of these not known"),
    "gaps": N_("Gaps"),
    "gap_hours": N_("Hours in gaps"),
    "mm": N_("Rain in all (mm)"),
}
READING_TITLES = {
    "station": N_("Station"),
    "zone": N_("Stands for"),
    "time": N_("Time"),
    "hours": N_("Hours a reading"),
    "mm": N_("Rain (mm)"),
}
_MOST_ROWS = 1_000_000  # of a workbook


def station_rows(data: Dataset, found: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return what is stored of each station (`data.rain.stations`) with words for a gauge without a name or an area."""
    rows = rain.stations(found, data.zone)
    return rows.assign(
        station=rows["station"].replace("", words("the gauge")), zone=rows["zone"].replace("", words("all cells"))
    )


def titles(words: Words) -> dict[str, str]:
    """Return the titles of `station_rows`."""
    return {name: words(title) for name, title in STATION_TITLES.items()}


def headline(data: Dataset, found: pd.DataFrame, words: Words) -> str:
    """Return how much rain is known: stations, days, what is missing."""
    rows = rain.stations(found, data.zone)
    said = words(
        "Rain of {stations}, {first} to {last}: {readings} readings, of which {missing} are not known.",
        stations=words.plural("{n} station", "{n} stations", len(rows)), first=rows["first"].min(),
        last=rows["last"].max(), readings=len(found), missing=int(found["mm"].isna().sum()),
    )  # fmt: skip
    if (gaps := int(rows["gaps"].sum())) > 0:
        said = words.joined([said, words.plural("{n} gap in the record.", "{n} gaps in the record.", gaps)])
    return said


def read_sentences(file: rain.RainFile, words: Words) -> list[str]:
    """Return how a file of rain was read: unit, meaning of its times, length of a reading."""
    lines = [words("Depths in {unit}.", unit=words(UNIT_NAMES[file.unit]))]
    if file.hours < DAY_HOURS:
        lines.append(
            words(
                "A reading stands for {hours} h; its time is {stamp}.",
                hours=round(file.hours, 3), stamp=words(STAMP_NAMES[file.stamp]),
            )
        )  # fmt: skip
    else:
        lines.append(words("A reading stands for a day."))
    return lines


def unit_choice(file: rain.RainFile, words: Words) -> str:
    """Return what it means to leave the unit to the title of the column."""
    return _choice(file.unit_from, words(UNIT_NAMES[file.unit]), words)


def stamp_choice(file: rain.RainFile, words: Words) -> str:
    """Return what it means to leave the meaning of the times to the title of the column."""
    return _choice(file.stamp_from, words(STAMP_NAMES[file.stamp]), words)


def preview_facts(loaded: rain.Loaded) -> dict[str, int]:
    """Return the totals of a preview."""
    file = loaded.file
    return {
        "read": file.read, "new": loaded.new, "updated": loaded.updated, "unchanged": loaded.unchanged,
        "rejected": len(file.rejected), "repeats": file.repeats, "displaced": loaded.displaced,
    }  # fmt: skip


def preview_sentences(loaded: rain.Loaded, name: str, words: Words) -> list[str]:
    """Return what a file of rain would do, and what is to be said of it."""
    file = loaded.file
    lines = [totals_sentence(preview_facts(loaded), name, words), *read_sentences(file, words)]
    return [*lines, *_displaced(loaded.displaced, words), *rejected_sentences(file.rejected, words),
            *(note.say(words) for note in loaded.notes)]  # fmt: skip


def load_sentences(answer: Mapping[str, Any], name: str, words: Words) -> list[str]:
    """Return what the load of a file of rain says."""
    lines = [totals_sentence(answer, name, words), stored_sentence(answer, words)]
    lines += [*_displaced(answer["displaced"], words), *rejected_sentences(answer["rejected_rows"], words)]
    return lines + [note.say(words) for note in answer["notes"]]


def stored_sentence(answer: Mapping[str, Any], words: Words) -> str:
    """Return how much rain is stored now."""
    return words(
        "Readings of rain stored now: {readings}, of {stations}.",
        readings=answer["readings"], stations=words.plural("{n} station", "{n} stations", answer["stations"]),
    )  # fmt: skip


def removed_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what the removal of stations did."""
    return [words.plural("{n} station is removed.", "{n} stations are removed.", answer["removed"]),
            stored_sentence(answer, words)]  # fmt: skip


def undo_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what it did to take the newest change of the rain back."""
    kind = intake.KIND_NAMES[answer["what"]]
    return [words("{file} was taken back.", file=answer["file"] or words(kind)), stored_sentence(answer, words)]


def json_load(answer: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return the answer of a load as JSON can hold it."""
    rejected = [
        {"row": int(one.row), "value": one.value, "sentence": one.sentence.say(words)}
        for one in answer["rejected_rows"].itertuples()
    ]
    notes = [note.say(words) for note in answer["notes"]]
    return {**answer, "rejected_rows": rejected, "notes": notes}


def json_rows(data: Dataset) -> list[dict[str, Any]]:
    """Return what is stored of each station."""
    rows = rain.stations(data.rainfall(), data.zone)
    return [{str(name): value for name, value in one.items()} for one in rows.to_dict("records")]


def readings(data: Dataset, words: Words) -> pd.DataFrame:
    """Return all readings as they are handed out, in the zone of the workspace; a missing one is 缺测."""
    found = data.rainfall()
    local = found["begin"].dt.tz_convert(data.zone).dt.tz_localize(None)
    days = (found["hours"] == DAY_HOURS) & (local == local.dt.normalize())
    time = local.dt.strftime("%Y-%m-%d" if days.all() else "%Y-%m-%d %H:%M")  # a day beside hours needs its clock
    depth = found["mm"].round(4).astype(object).where(found["mm"].notna(), words("not measured"))
    return pd.DataFrame({**found[["station", "zone", "hours"]], "time": time, "mm": depth})[list(READING_TITLES)]


def file_of(data: Dataset, words: Words, suffix: str, file: str) -> bytes:
    """Return the readings as a table that can be loaded again.

    Raises
    ------
    HazardError
        ``file-kind-unknown``; ``rain-too-long`` of more rows than a sheet holds.
    """
    if suffix.lower() not in (".csv", ".xlsx"):
        raise HazardError("file-kind-unknown", "{file} ends in none of .xlsx and .csv.", file=file)
    rows = readings(data, words)
    heads = {name: words(title) for name, title in READING_TITLES.items()}
    if suffix.lower() == ".csv":
        return write_csv(rows, heads)
    if len(rows) > _MOST_ROWS:
        raise HazardError(
            "rain-too-long", "A sheet takes at most {most} readings, and here are {n}: write a file that ends in .csv.",
            most=_MOST_ROWS, n=len(rows),
        )  # fmt: skip
    empty = words("No rain is stored.")
    sheets = [
        Sheet(words("Rain"), rows, heads, empty=empty),
        Sheet(words("Stations"), station_rows(data, data.rainfall(), words), titles(words), empty=empty),
    ]
    return write_book(sheets, notes=about(data, words), words=words)


def about(data: Dataset, words: Words) -> list[str]:
    """Return what a download of the rain is, a line each."""
    lines = [words("Example data, invented")] if data.is_demo else []
    return [*lines, words("Hazard Hotspots"), words("Rain"),
            words("data version {n}", n=data.version) + " · " + data.fingerprint[:8]]  # fmt: skip


def template(words: Words, *, book: bool) -> bytes:
    """Return a table of rain with invented rows that show how it is filled in: a workbook or a CSV."""
    heads = {name: words(title) for name, title in READING_TITLES.items() if name != "hours"}
    station = words("Example: gauge at the office")
    rows = pd.DataFrame(
        [
            (station, "", "2026-06-01 20:00", "3.5"),
            (station, "", "2026-06-01 21:00", "12"),
            (station, "", "2026-06-01 22:00", words("not measured")),
        ],
        columns=list(heads),
    )
    if not book:
        return write_csv(rows, heads)
    notes = [
        words("Delete the example rows before you load the table."),
        words("An hour a row, or a day a row without an hour; dry ones too, with 0. What is missing is not dry."),
        words("Depths in mm; write inch into the title if they are in inches."),
        words("Under “Stands for”: the number or name of the area that a station stands for, or nothing."),
    ]
    return write_book([Sheet(words("Rain"), rows, heads)], notes=notes, words=words)


def _choice(told_by: str, value: str, words: Words) -> str:
    if told_by == "usual":
        return words("not said, taken as: {value}", value=value)
    return words("as the title says: {value}", value=value) if told_by == "title" else words("as the title says")


def _displaced(n: int, words: Words) -> list[str]:
    if not n:
        return []
    return [
        words.plural(
            "{n} stored reading of another length goes: the file tells of the same hours, and rain is counted once.",
            "{n} stored readings of another length go: the file tells of the same hours, and rain is counted once.",
            n,
        )
    ]
