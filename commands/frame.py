"""What the commands share: options, how an answer and a sentence are printed, how a scope is read."""

import datetime as dt
import getpass
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from base.errors import HazardError
from base.text import Words
from data import loading, queries
from data.dataset import Dataset
from data.schema import HAZARDS, Scope
from geo.crs import Fit
from reports import people, periods
from reports.terminal import clean

WORDS = Words("zh" if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").lower().startswith("zh") else "en")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Level = Annotated[str | None, typer.Option("--level", help="Boundary level; the finest if not given.")]
Hazards = Annotated[list[str] | None, typer.Option("--hazard", help="One of: " + ", ".join(HAZARDS) + ". Repeatable.")]
Start = Annotated[str | None, typer.Option("--start", help="First day, YYYY-MM-DD.")]
End = Annotated[str | None, typer.Option("--end", help="Day after the last, YYYY-MM-DD.")]
File = Annotated[Path, typer.Argument()]
Crs = Annotated[
    str | None,
    typer.Option("--crs", help="wgs84, gcj02, bd09, EPSG:n, or “EPSG:n (y, x)” if north comes first; else the file's."),
]
Mapped = Annotated[list[str] | None, typer.Option("--map", help="field=HEADER. Repeatable.")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="utf-8, gb18030 ...; found out if not given.")]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet, table or layer; the likeliest if not given.")]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="The sign between the cells of a CSV, or tab.")]
HeaderRow = Annotated[int | None, typer.Option("--header-row", help="Row of the header, as Excel counts.")]
HeaderRows = Annotated[int | None, typer.Option("--header-rows", help="In how many rows it stands: 1 to 3.")]
Source = Annotated[
    str | None, typer.Option("--source", help="Name of the source; the same case number there is the same case.")
]
Applied = Annotated[
    str | None,
    typer.Option("--profile", help="Saved choices by name; else those saved for the same headers, if any."),
]
NoProfile = Annotated[bool, typer.Option("--no-profile", help="Apply no saved choices.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, store nothing.")]
ValidFrom = Annotated[str | None, typer.Option("--valid-from", help="First day on which it holds.")]


def say(*lines: str) -> None:
    """Print sentences on standard error."""
    for line in lines:
        typer.echo(clean(line), err=True)


def print_answer(answer: Any, as_json: bool, people: Iterable[str], messages: Sequence[str] = ()) -> None:
    """Print an answer: JSON for programs, with its messages aside; for people the messages and the lines."""
    if as_json:
        say(*messages)
        answer = json_rows(answer) if isinstance(answer, pd.DataFrame) else answer
        typer.echo(json.dumps(answer, ensure_ascii=False, default=_plain))
        return
    for line in (*messages, *people):
        typer.echo(clean(line))


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return json_rows(value)
    if isinstance(value, Fit):
        return {"crs": value.label, "inside": value.inside, "n": value.n}  # as --crs takes it
    if isinstance(value, (pd.Timestamp, dt.date)):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as rows for JSON: missing values as null, times as text."""
    plain = frame.astype(object).mask(frame.isna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def without(answer: dict[str, Any], *apart: str) -> dict[str, Any]:
    """Return an answer for programs, without what stands in its sentences."""
    return {key: value for key, value in answer.items() if key not in ("notes", *apart)}


def content_of(file: Path) -> bytes:
    """Return what a file holds."""
    try:
        return file.read_bytes()
    except OSError:  # said here: the option parser draws a box around it, which no program reads
        raise HazardError("file-missing", "There is no file {file} that can be read.", file=str(file)) from None


def read_pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """Return the names and values of a repeated option."""
    pairs = [text.partition("=") for text in texts or []]
    for left, mark, _right in pairs:
        if not mark or not left:
            raise HazardError("option-form", "{option} takes NAME=VALUE, not {text}.", option=option, text=left)
    return {left: right for left, _mark, right in pairs}


def read_day(text: str | None) -> dt.date | None:
    """Return a day that was typed."""
    try:
        day = dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise HazardError("day-unreadable", "{text} is no day: write it as 2025-03-05.", text=text) from None
    if day and day.year not in periods.YEARS:
        raise HazardError(
            "day-far", "{text} does not lie in the years {first} to {last}.", text=text,
            first=str(periods.YEARS[0]), last=str(periods.YEARS[-1]),
        )  # fmt: skip
    return day


def read_scope(
    dataset: Dataset,
    level: str | None,
    hazards: list[str] | None,
    start: str | None,
    end: str | None,
    as_of: str | None = None,
) -> Scope:
    """Return the scope that the options ask for."""
    known = [one.name for one in dataset.levels]
    if level is not None and level not in known:
        raise HazardError(
            "level-unknown", "There is no level {level}; loaded: {known}.", level=level, known=", ".join(known) or "-"
        )
    for hazard in hazards or []:
        if hazard not in HAZARDS:
            raise HazardError("hazard-unknown", "{hazard} is none of {known}.", hazard=hazard, known=", ".join(HAZARDS))
    first, after = read_day(start), read_day(end)
    if first and after and first >= after:
        raise HazardError(
            "period-empty",
            "The period holds no day: --start {start} has to lie before --end {end}, the day after the last.",
            start=first,
            end=after,
        )
    return Scope(
        level=level or (known[-1] if known else ""),
        start=first,
        end=after,
        hazards=tuple(sorted(set(hazards or []))),
        as_of=loading.read_time(as_of, dataset.zone) if as_of else None,
    )


def about_lines(dataset: Dataset, scope: Scope) -> list[str]:
    """Return what an answer is about, and what lies beside it."""
    beside = people.beside_sentence(queries.beside(dataset, scope), WORDS)
    return [people.scope_words(WORDS, dataset, scope), *([beside] if beside else [])]


def user() -> str:
    """Return who is at work, as the machine knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "cli"


def progress(share: float, sentence: str, fields: dict[str, Any]) -> None:
    """Say how far long work is, where somebody looks on."""
    if sys.stderr.isatty():
        typer.echo(f"\r{share:4.0%} {clean(WORDS(sentence, **fields))}\033[K", err=True, nl=share >= 1)


def write_file(file: Path, parts: Iterable[bytes]) -> None:
    """Write a file part by part; where that cannot be, say why."""
    try:
        with file.open("wb") as out:
            for part in parts:
                out.write(part)
    except OSError:
        if not file.parent.is_dir():
            raise HazardError(
                "folder-missing",
                "{file} cannot be written: there is no folder {folder}.",
                file=str(file), folder=str(file.parent),
            ) from None  # fmt: skip
        raise HazardError(
            "file-not-written", "{file} cannot be written: is it open in another program?", file=str(file)
        ) from None
