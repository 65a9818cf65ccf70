"""The same answers on the command line: sentences and tables, or JSON and the sentences aside; exit 0 done, 2 refused.

Without its packages it runs itself again under .venv, or says `python run.py setup`.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def _find_packages() -> None:
    if all(importlib.util.find_spec(name) for name in ("typer", "geopandas", "deltalake", "duckdb", "lifelines")):
        return
    python = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists() and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        sys.exit(subprocess.call([str(python), str(ROOT / "cli.py"), *sys.argv[1:]]))  # noqa: S603
    print("The program's packages are not installed. Run: python run.py setup", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    _find_packages()

import contextlib
import datetime as dt
import getpass
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Any

import pandas as pd
import typer

from analysis import hotspots
from base import settings
from base.errors import HazardError
from base.text import N_, Words
from data import (
    calendar_table,
    changes,
    corrections,
    deadline_table,
    example,
    exposures,
    gazetteer,
    levels,
    loading,
    persons,
    projects,
    queries,
    rain,
    standards,
    systems,
)
from data import profiles as saved
from data.dataset import Dataset
from data.schema import HAZARDS, Scope
from data.store import Workspace
from geo.crs import Fit
from reports import (
    alarm,
    answers,
    deadlines,
    doubts,
    evaluation,
    evaluation_tables,
    gauges,
    handouts,
    intake,
    people,
    periods,
    plain,
    plain_times,
    priorities,
    priority_tables,
    rain_onset,
    rain_words,
    rates,
    record,
    returning,
    returning_tables,
    standing,
    times,
    times_book,
    times_trace,
    times_words,
    tracing,
    work_times,
)
from reports import projects as project_report
from reports import quality as quality_report
from reports.criteria import CRITERIA
from reports.sheet import write_csv, write_sheet
from reports.terminal import clean, nothing_printed

COMPARE = ("year", "previous")

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Hazard Hotspots (网格隐患热点) on the command line."
)
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
ValidFrom = Annotated[str | None, typer.Option("--valid-from", help="First day on which it holds.")]


@app.callback()
def _workspace(
    context: typer.Context,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace (usual: workspace/).")
    ] = None,
) -> None:
    folder = workspace or Path(os.environ.get("HOTSPOTS_WORKSPACE") or ROOT / "workspace")
    context.obj = Workspace(folder, waiting=lambda sentence, fields: _say(WORDS(sentence, **fields)))


def _say(*lines: str) -> None:
    for line in lines:
        typer.echo(clean(line), err=True)


def _print(answer: Any, as_json: bool, people: Iterable[str], messages: Sequence[str] = ()) -> None:
    """Print an answer: JSON for programs, with its messages aside; for people the messages and the lines."""
    if as_json:
        _say(*messages)
        answer = _rows(answer) if isinstance(answer, pd.DataFrame) else answer
        typer.echo(json.dumps(answer, ensure_ascii=False, default=_plain))
        return
    for line in (*messages, *people):
        typer.echo(clean(line))


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return _rows(value)
    if isinstance(value, Fit):
        return {"crs": value.label, "inside": value.inside, "n": value.n}  # as --crs takes it
    if isinstance(value, (pd.Timestamp, dt.date)):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as rows for JSON: missing values as null, times as text."""
    plain = frame.astype(object).mask(frame.isna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _without(answer: dict[str, Any], *apart: str) -> dict[str, Any]:
    """Return an answer for programs, without what stands in its sentences."""
    return {key: value for key, value in answer.items() if key not in ("notes", *apart)}


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # said here: the option parser draws a box around it, which no program reads
        raise HazardError("file-missing", "There is no file {file} that can be read.", file=str(file)) from None


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts or []]
    for left, mark, _right in pairs:
        if not mark or not left:
            raise HazardError("option-form", "{option} takes NAME=VALUE, not {text}.", option=option, text=left)
    return {left: right for left, _mark, right in pairs}


def _day(text: str | None) -> dt.date | None:
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


def _scope(
    dataset: Dataset,
    level: str | None,
    hazards: list[str] | None,
    start: str | None,
    end: str | None,
    as_of: str | None = None,
) -> Scope:
    known = [one.name for one in dataset.levels]
    if level is not None and level not in known:
        raise HazardError(
            "level-unknown", "There is no level {level}; loaded: {known}.", level=level, known=", ".join(known) or "-"
        )
    for hazard in hazards or []:
        if hazard not in HAZARDS:
            raise HazardError("hazard-unknown", "{hazard} is none of {known}.", hazard=hazard, known=", ".join(HAZARDS))
    first, after = _day(start), _day(end)
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


def _about(dataset: Dataset, scope: Scope) -> list[str]:
    """Return what an answer is about, and what lies beside it."""
    beside = people.beside_sentence(queries.beside(dataset, scope), WORDS)
    return [people.scope_words(WORDS, dataset, scope), *([beside] if beside else [])]


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "cli"


def _progress(share: float, sentence: str, fields: dict[str, Any]) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{share:4.0%} {clean(WORDS(sentence, **fields))}\033[K", err=True, nl=share >= 1)


@app.command()
def demo(context: typer.Context, as_json: Json = False) -> None:
    """Make the invented street office (示例) in an empty workspace."""
    answer = example.load_demo(context.obj, who=_who(), progress=_progress)
    (record,) = context.obj.newest().imports
    _print(answer, as_json, intake.import_sentences(answer, record.file, WORDS, option="--crs"))


@app.command()
def cells(
    context: typer.Context,
    file: File,
    level: Annotated[str, typer.Option(help="Name of the level: street, community, grid ...")],
    id_column: Annotated[str | None, typer.Option("--id", help="Column with the cell's code.")] = None,
    name_column: Annotated[str | None, typer.Option("--name", help="Column with the cell's name.")] = None,
    parent_column: Annotated[
        str | None, typer.Option("--parent", help="Column with the code or name of the cell one level up.")
    ] = None,
    crs: Crs = None,
    layer: Annotated[str | None, typer.Option(help="Layer of a file that has several.")] = None,
    encoding: Encoding = None,
    same_id: Annotated[str, typer.Option(help="Several outlines of one code: reject (take none) or merge.")] = "reject",
    valid_from: ValidFrom = None,
    valid_to: Annotated[str | None, typer.Option("--valid-to", help="Day after the last.")] = None,
    as_json: Json = False,
) -> None:
    """Load the boundary polygons of one level; those before end where these begin."""
    answer = levels.load_cells(
        context.obj,
        _content(file),
        file.name,
        level=level,
        id_column=id_column,
        name_column=name_column,
        parent_column=parent_column,
        crs=crs,
        layer=layer,
        encoding=encoding,
        same_id=same_id,
        valid_from=valid_from,
        valid_to=valid_to,
        who=_who(),
    )
    _print(_without(answer), as_json, (), intake.cell_sentences(answer, file.name, WORDS))


@app.command("exposures")
def exposures_(
    context: typer.Context,
    file: File,
    level: Annotated[str, typer.Option(help="Boundary level whose cells get the numbers.")],
    key: Annotated[str | None, typer.Option(help="Column with the cell's code or name; the best fit if not given.")] = (
        None
    ),
    map_: Annotated[list[str] | None, typer.Option("--map", help="households=HEADER ... Repeatable.")] = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    as_json: Json = False,
) -> None:
    """Bring households, population, km of road or covers to the cells of a level, by their code or name."""
    answer = exposures.join_exposures(
        context.obj,
        _content(file),
        file.name,
        level=level,
        key=key,
        mapping=_pairs(map_, "--map"),
        encoding=encoding,
        sheet=sheet,
        who=_who(),
    )
    _print(_without(answer), as_json, (), intake.exposure_sentences(answer, file.name, WORDS))


@app.command()
def standard(
    context: typer.Context,
    file: File,
    scheme: Annotated[str, typer.Option(help="Name of the code list: gbt30428, cjt214 or your own.")] = (
        deadline_table.OFFICE
    ),
    kind: Annotated[str | None, typer.Option(help="component or event; by the title if not given.")] = None,
    valid_from: ValidFrom = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    as_json: Json = False,
) -> None:
    """Load deadlines: a city's standard of types, conditions and limits, or an office's rows of hazard and limit."""
    answer = standards.load_standard(
        context.obj,
        _content(file),
        file.name,
        scheme=scheme,
        kind=kind,
        valid_from=valid_from,
        encoding=encoding,
        sheet=sheet,
        who=_who(),
    )
    _print(_without(answer), as_json, (), intake.standard_sentences(answer, file.name, WORDS))


@app.command("deadlines")
def deadlines_(
    context: typer.Context,
    on: Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD; the newest limits if not given.")] = None,
    scheme: Annotated[str | None, typer.Option(help="Only this code list.")] = None,
    remove: Annotated[
        tuple[str, str, str] | None,
        typer.Option(
            metavar="SCHEME KIND DAY", help="Remove an edition; KIND - for both kinds, DAY - for the beginning."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the rows in force to FILE.csv or FILE.xlsx.")] = None,
    as_json: Json = False,
) -> None:
    """List the deadlines in force: each limit as written and as it was read; or remove an edition."""
    if remove is not None:
        of, kind, day = (remove[0], *("" if text == "-" else text for text in remove[1:]))
        gone = deadline_table.remove_edition(context.obj, scheme=of, kind=kind, valid_from=day, who=_who())
        _print(gone, as_json, (), deadlines.removed_sentences(gone, WORDS))
        return
    dataset, chosen = context.obj.newest(), _day(on)
    known = sorted({*dataset.standards()["scheme"], *intake.SCHEME_NAMES})
    if scheme is not None and scheme not in known:
        raise HazardError(
            "scheme-unknown", "There is no code list {scheme}; known: {known}.", scheme=scheme, known=", ".join(known),
        )  # fmt: skip
    rows = deadlines.in_force(dataset, WORDS, day=chosen.isoformat() if chosen else None, scheme=scheme)
    lines = plain.deadlines_(rows, deadlines.edition_rows(dataset, WORDS), WORDS)
    if out is not None:
        titles = {name: WORDS(title) for name, title in deadlines.TITLES.items()}
        if out.suffix.lower() not in (".csv", ".xlsx"):
            raise HazardError(
                "file-kind-unknown", "{file} ends neither in .csv nor in .xlsx (a workbook).", file=str(out)
            )
        named = deadlines.shown(rows, WORDS)
        book = out.suffix.lower() == ".xlsx"
        content = write_sheet(named, titles, name=WORDS("Deadlines"), words=WORDS) if book else write_csv(named, titles)
        _write(out, [content])
        lines = [WORDS("The deadlines in force are in {file}.", file=str(out))]
    _print(rows, as_json, lines)


@app.command()
def workdays(
    context: typer.Context, file: File, encoding: Encoding = None, sheet: Sheet = None, as_json: Json = False
) -> None:
    """Load the office's own table of workdays and days off; it goes before what is known of the country."""
    answer = calendar_table.load_workdays(
        context.obj, _content(file), file.name, encoding=encoding, sheet=sheet, who=_who()
    )
    _print(_without(answer), as_json, (), deadlines.workday_sentences(answer, WORDS))


@app.command()
def calendar(
    context: typer.Context,
    year: Annotated[int | None, typer.Option(help="The year that the data reach to if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Say which days the working calendar covers, the office hours, holidays and make-up workdays of a year."""
    dataset = context.obj.newest()
    answer = deadlines.calendar_of_year(dataset, WORDS, year)
    _print(answer, as_json, plain.calendar(dataset, answer, WORDS))


@app.command("rain")
def rain_(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Load it; without a file the stations are listed.")] = None,
    unit: Annotated[str | None, typer.Option(help="Of the depths: mm, inch or tenth; else as the title says.")] = None,
    stamp: Annotated[str | None, typer.Option(help="A time is the begin or the end of its reading.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    encoding: Encoding = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, store nothing.")] = False,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Remove a station. Repeatable.")] = None,
    forecast: Annotated[
        float | None, typer.Option(help="Depth in mm of a rain to come: which cells will have reports?")
    ] = None,
    peak: Annotated[float | None, typer.Option(help="Largest hour of that rain in mm; else the usual one.")] = None,
    level: Level = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the readings, or the forecast, to FILE.xlsx or FILE.csv.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Load the table of a rain gauge, remove a station, list what is stored, or tell which cells a rain floods."""
    if forecast is not None and (file is not None or remove):
        raise HazardError("forecast-alone", "A forecast is asked for alone: without a FILE and without --remove.")
    if forecast is not None:
        _forecast(context.obj.newest(), forecast, peak, level, out, as_json)
        return
    if sum(map(bool, (file, remove, out))) > 1:
        raise HazardError("projects-one", "Do one thing at a time: load a FILE, --remove, or --out.")
    if file is not None:
        options: dict[str, Any] = {"unit": unit, "stamp": stamp, "sheet": sheet, "encoding": encoding}
        if dry_run:
            data = context.obj.newest()
            found = rain.read_rain(_content(file), file.name, zone=data.zone, settings=data.settings, **options)
            loaded = rain.preview(data, found)
            _print(gauges.preview_facts(loaded), as_json, (), gauges.preview_sentences(loaded, file.name, WORDS))
            return
        answer = rain.load_rain(context.obj, _content(file), file.name, **options, who=_who())
        _print(gauges.json_load(answer, WORDS), as_json, (), gauges.load_sentences(answer, file.name, WORDS))
        return
    if remove:
        gone = rain.remove_stations(context.obj, remove, who=_who())
        _print(gone, as_json, (), gauges.removed_sentences(gone, WORDS))
        return
    dataset = context.obj.newest()
    if out is not None:
        _write(out, [gauges.file_of(dataset, WORDS, out.suffix, str(out))])
        lines = [WORDS("The rain is in {file}.", file=str(out))]
    else:
        lines = plain.rain(dataset, WORDS)
    _print(gauges.json_rows(dataset), as_json, lines)


def _forecast(
    dataset: Dataset, mm: float, peak: float | None, level: str | None, out: Path | None, as_json: bool
) -> None:
    scope = _scope(dataset, level, None, None, None)
    found = rain_onset.forecast(dataset, scope, mm, peak)
    answer, lines = rain_words.as_json(found, WORDS), plain.forecast(found, WORDS)
    if out is not None:
        _write(out, [rain_words.file_of(dataset, found, WORDS, out.suffix, str(out))])
        answer["file"] = str(out)
        lines = [WORDS("The forecast is in {file}.", file=str(out))]
    _print(answer, as_json, lines)


@app.command("projects")
def projects_(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Load it; without a file the stored projects are listed.")] = None,
    crs: Crs = None,
    level: Annotated[
        str | None, typer.Option("--level", help="Level of the cells listed; else where most are.")
    ] = None,
    layer: Annotated[str | None, typer.Option("--layer", help="Layer or sheet of a file that has several.")] = None,
    encoding: Encoding = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", help="Remove a project by number. Repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write them to FILE.xlsx, FILE.csv or FILE.gpkg.")] = None,
    as_json: Json = False,
) -> None:
    """Load drainage projects from a file, remove some, or list those stored with place, cost and stage."""
    if sum(map(bool, (file, remove, out))) > 1:
        raise HazardError("projects-one", "Do one thing at a time: load a FILE, --remove, or --out.")
    if file is not None:
        answer = projects.load_projects(
            context.obj,
            _content(file),
            file.name,
            crs=crs,
            layer=layer,
            encoding=encoding,
            level=level,
            who=_who(),
        )
        told = project_report.load_sentences(answer, file.name, WORDS)
        _print(project_report.json_load(answer, WORDS), as_json, (), told)
        return
    if remove:
        gone = projects.remove_projects(context.obj, remove, who=_who())
        _print(gone, as_json, (), project_report.removed_sentences(gone, WORDS))
        return
    dataset = context.obj.newest()
    found = dataset.projects()
    lines = plain.projects(dataset, found, WORDS)
    if out is not None:
        _write(out, [project_report.file_of(dataset, WORDS, out.suffix, str(out))])
        lines = [WORDS("The projects are in {file}.", file=str(out))]
    _print(project_report.json_rows(found), as_json, lines)


@app.command()
def addresses(
    context: typer.Context,
    file: File,
    crs: Crs = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="address, lon, lat=HEADER. Repeatable.")] = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    as_json: Json = False,
) -> None:
    """Load a table of addresses and their points: it places the reports that have an address and no coordinates."""
    answer = gazetteer.load_gazetteer(
        context.obj,
        _content(file),
        file.name,
        crs=crs,
        mapping=_pairs(map_, "--map"),
        encoding=encoding,
        sheet=sheet,
        who=_who(),
    )
    _print(_without(answer), as_json, (), intake.address_sentences(answer, file.name, WORDS, option="--crs"))


@app.command("systems")
def systems_(
    context: typer.Context,
    file: File,
    map_: Mapped = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
    header_row: HeaderRow = None,
    header_rows: HeaderRows = None,
    profile: Applied = None,
    no_profile: NoProfile = False,
    as_json: Json = False,
) -> None:
    """Say how many points of a file each coordinate system would bring inside the boundary; nothing is stored."""
    found = systems.systems_of_file(
        context.obj.newest(),
        _content(file),
        file.name,
        profile=profile or (None if no_profile else saved.AUTO),
        mapping=_pairs(map_, "--map") or None,
        encoding=encoding,
        delimiter="\t" if delimiter in ("tab", "\\t") else delimiter,
        sheet=sheet,
        header_row=header_row,
        header_rows=header_rows,
    )
    _print(found, as_json, plain.systems(found, WORDS), [intake.fit_sentence(found, WORDS)])


@app.command("import")
def import_(
    context: typer.Context,
    file: File,
    crs: Crs = None,
    tz: Annotated[str | None, typer.Option(help="Zone of times without one, e.g. Asia/Shanghai.")] = None,
    map_: Mapped = None,
    where: Annotated[list[str] | None, typer.Option(help="HEADER=VALUE: take only such rows. Repeatable.")] = None,
    source: Source = None,
    as_of: Annotated[str | None, typer.Option(help="When the file was extracted; else its latest time.")] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    sheet: Sheet = None,
    header_row: HeaderRow = None,
    header_rows: HeaderRows = None,
    scheme: Annotated[
        str | None, typer.Option(help="List of the type codes: cjt214, gbt30428, detected or none; else by the names.")
    ] = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="How 05/03/2025 is meant; asked for if unclear.")
    ] = None,
    untyped: Annotated[
        str | None, typer.Option(help="Hazard of rows without any type, as in a list of flooded places.")
    ] = None,
    duplicates: Annotated[
        str | None, typer.Option(help="Rows of one case that differ: review (take none) or newest (usual: review).")
    ] = None,
    profile: Applied = None,
    no_profile: NoProfile = False,
    save_profile: Annotated[str | None, typer.Option(help="Save these choices under a name.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Import incidents from a table or a file of points."""
    wanted = _pairs(where, "--where")
    if save_profile is not None:  # refused before anything is stored
        saved.check_profile(save_profile, {"where": wanted})
    answer = loading.import_incidents(
        context.obj,
        _content(file),
        file.name,
        source=source,
        crs=crs,
        zone=tz,
        mapping=_pairs(map_, "--map") or None,
        encoding=encoding,
        delimiter="\t" if delimiter in ("tab", "\\t") else delimiter,
        sheet=sheet,
        header_row=header_row,
        header_rows=header_rows,
        scheme=scheme,
        where=wanted or None,
        day_first=day_first,
        duplicates=duplicates,
        untyped=untyped,
        as_of=as_of,
        profile=profile or (None if no_profile else saved.AUTO),
        dry_run=dry_run,
        who=_who(),
        progress=_progress,
    )
    sentences, choices = intake.import_sentences(answer, file.name, WORDS, option="--crs"), answer["choices"]
    answer = _without(answer, "choices", "preview")  # a map's worth of points
    if save_profile is not None and not dry_run:
        named = saved.save_profile(context.obj, save_profile, choices["headers"], choices["options"], who=_who())
        sentences.append(WORDS("The profile “{name}” is saved.", name=named["name"]))
        answer["saved_profile"] = named["name"]
    _print(answer, as_json, plain.after_import(answer, WORDS), sentences)


@app.command()
def locate(
    context: typer.Context,
    case: Annotated[str, typer.Argument(help="Case number, as `quality --item no-location` lists it.")],
    source: Source = None,
    lon: Annotated[float | None, typer.Option(help="Longitude, WGS 84.")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude, WGS 84.")] = None,
    cell: Annotated[str | None, typer.Option(help="Code of a cell, in place of a point.")] = None,
    level: Annotated[str | None, typer.Option("--level", help="Of the cell; the finest that has it if not given.")] = (
        None
    ),
    as_json: Json = False,
) -> None:
    """Give a case without coordinates its place by hand: a point, or a cell."""
    answer = changes.set_location(
        context.obj, source or saved.USUAL["source"], case, lon=lon, lat=lat, cell=cell, level=level, who=_who()
    )
    _print(answer, as_json, plain.placed(answer, WORDS))


@app.command("profiles")
def profiles_(
    context: typer.Context,
    delete: Annotated[str | None, typer.Option(help="Remove the one of this name.")] = None,
    as_json: Json = False,
) -> None:
    """List the choices saved for files with the same headers, or remove one."""
    if delete is not None:
        answer = saved.delete_profile(context.obj, delete, who=_who())
        _print(answer, as_json, [WORDS("profile {deleted} removed", deleted=answer["name"])])
        return
    dataset = context.obj.newest()
    listed = [
        {"name": one.name, "headers": list(one.headers), "options": dict(one.options), "who": one.who, "when": one.when}
        for one in saved.profiles(dataset)
    ]
    _print(listed, as_json, plain.profiles(listed, dataset.zone, WORDS))


@app.command()
def imports(context: typer.Context, as_json: Json = False) -> None:
    """List the live imports, the oldest first."""
    rows = intake.import_rows(context.obj.newest()).iloc[::-1]
    _print(rows, as_json, plain.imports(rows, WORDS))


@app.command()
def undo(
    context: typer.Context,
    newest_or: Annotated[str | None, typer.Argument(metavar="[ID]", help="Of the import; the newest if not given.")] = (
        None
    ),
    import_id: Annotated[str | None, typer.Option("--import", help="The same as ID.")] = None,
    boundary: Annotated[bool, typer.Option("--cells", help="The newest boundary change, not an import.")] = False,
    limits: Annotated[bool, typer.Option("--deadlines", help="The newest change of the deadlines.")] = False,
    working: Annotated[bool, typer.Option("--workdays", help="The newest table of workdays.")] = False,
    works: Annotated[bool, typer.Option("--projects", help="The newest change of the drainage projects.")] = False,
    gauged: Annotated[bool, typer.Option("--rain", help="The newest change of the rain.")] = False,
    as_json: Json = False,
) -> None:
    """Take back an import, or the newest change of boundaries, deadlines, workdays, projects or rain."""
    if sum(map(bool, (newest_or or import_id, boundary, limits, working, works, gauged))) > 1:
        raise HazardError(
            "undo-one",
            "Take back one thing at a time: an import, --cells, --deadlines, --workdays, --projects or --rain.",
        )
    if gauged:
        answer = rain.take_back(context.obj, who=_who())
        _print(answer, as_json, gauges.undo_sentences(answer, WORDS))
        return
    if works:
        answer = projects.take_back(context.obj, who=_who())
        _print(answer, as_json, project_report.undo_sentences(answer, WORDS))
        return
    if limits or working:
        kept = deadline_table.DEADLINES if limits else deadline_table.WORKDAYS
        answer = deadline_table.take_back(context.obj, kept, who=_who())
        _print(answer, as_json, deadlines.undo_sentences(answer, WORDS))
        return
    if boundary:
        answer = levels.take_back_cells(context.obj, who=_who())
        _print(answer, as_json, [intake.change_sentence("cells-undo", answer, WORDS)])
        return
    answer = changes.undo(context.obj, newest_or or import_id, who=_who())
    _print(answer, as_json, [intake.change_sentence("undo", answer, WORDS)])


@app.command()
def rejected(
    context: typer.Context,
    import_id: Annotated[str | None, typer.Option("--import", help="Only this import.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write those to correct, of one import, to FILE.xlsx or FILE.csv, to import.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the rows that were not taken, why, and which import settled them since."""
    dataset = context.obj.newest()
    if out is not None:
        n = _write_rejected(dataset, import_id, out)
        done = WORDS("{n} rows to correct are in {file}. Correct the cells and import it.", n=n, file=str(out))
        nothing = WORDS("No row waits to be corrected: no file was written.")
        _print({"file": str(out) if n else None, "rows": n}, as_json, [done if n else nothing])
        return
    frame = corrections.rejections(dataset)
    if import_id is not None:
        frame = frame[frame["import_id"] == dataset.imported(import_id).import_id]
    frame = corrections.with_cells(dataset, frame.reset_index(drop=True))
    if as_json:
        _print(frame.assign(sentence=people.rejected_sentences(frame, WORDS)), True, ())
    else:
        _print(frame, False, plain.rejected(dataset, frame, WORDS))


def _write_rejected(dataset: Dataset, import_id: str | None, out: Path) -> int:
    """Write the rows to correct of one import, the only one that has some if none is named; return how many."""
    waiting = intake.imports_to_correct(dataset)
    if import_id is None:
        if len(waiting) > 1:  # their choices differ, and each row takes those of its own import
            listed = [f"{one} ({dataset.imported(one).file}: {n})" for one, n in waiting.items()]
            raise HazardError(
                "rejected-several",
                "Rows of {n} imports wait to be corrected, and each import has a sheet of its own. Name one with "
                "--import: {imports}.",
                n=len(waiting),
                imports=WORDS.listed(listed),
            )
        import_id = next(iter(waiting), None)
    rows, titles = intake.rejected_sheet(dataset, WORDS, import_id)
    if rows.empty:
        return 0
    if out.suffix.lower() == ".csv":
        _write(out, [write_csv(rows, titles)])
    else:
        notes = [WORDS("Rows not taken"), WORDS("data version {n}", n=dataset.version)]
        _write(out, [write_sheet(rows, titles, name=WORDS("Rows not taken"), notes=notes, words=WORDS)])
    return len(rows)


def _write(file: Path, parts: Iterable[bytes]) -> None:
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


@app.command()
def history(context: typer.Context, as_json: Json = False) -> None:
    """List every change of the workspace: who, when, what; the newest first."""
    rows = intake.history_rows(context.obj.newest(), WORDS)
    _print(rows, as_json, plain.history(rows, WORDS))


@app.command()
def quality(
    context: typer.Context,
    item: Annotated[str | None, typer.Option(help="Code of an item: give its rows.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows of an item.")] = 200,
    as_json: Json = False,
) -> None:
    """Say what is missing, odd or doubtful in the data, by source; or give the rows of one item."""
    dataset = context.obj.newest()
    if item is not None:
        rows = quality_report.quality_rows(dataset, item, source, limit)
        rows = rows.drop(columns=["attributes", "original"], errors="ignore")
        _print(rows, as_json, plain.quality_rows(rows, item, WORDS))
        return
    items = quality_report.quality_items(dataset, WORDS)
    if source is not None:
        items = items[items["source"] == source]
    _print(items, as_json, plain.quality(items, WORDS))


@app.command()
def count(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="Keys from cell,hazard,month,source.")] = "cell,hazard",
    level: Level = None,
    hazard: Hazards = None,
    start: Start = None,
    end: End = None,
    as_json: Json = False,
) -> None:
    """Count incidents by cell, hazard, month and source; voided ones too, which the other answers leave out."""
    dataset = context.obj.newest()
    keys = [key.strip() for key in by.split(",") if key.strip()]
    scope = replace(_scope(dataset, level, hazard, start, end), voided=True)  # every report that was accepted
    rows = queries.counts(dataset, scope, keys)
    _print(rows, as_json, plain.counts(rows, WORDS))


@app.command("hotspots")
def hotspots_(
    context: typer.Context,
    hazard: Hazards = None,
    level: Level = None,
    start: Start = None,
    end: End = None,
    method: Annotated[
        list[str] | None, typer.Option(help="excess, scan, dbscan; or gi_star, moran in their place. Repeatable.")
    ] = None,
    counted: Annotated[str, typer.Option("--count", help="events, or calls: then without any claim.")] = "events",
    exposure: Annotated[str, typer.Option(help="households, population, road_km, covers, area, equal.")] = "auto",
    seed: Annotated[int | None, typer.Option(help="Start of the random draws.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write all that is told of them to FILE.xlsx or FILE.gpkg (for QGIS).")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Write every report with the event and the cell that it counts in to FILE.csv or FILE.xlsx."),
    ] = None,
    compare: Annotated[
        str, typer.Option(help="year: the same days a year before; previous: the period before.")
    ] = "year",
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence/--no-evidence",
            help="What the record says of each claim, and the last weeks; in a city it takes long.",
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Find cells with more events than chance, what is known of them, dense groups, rates, and the last weeks.

    Without --start and --end of all time; the page shows the last 12 whole months at first.
    """
    test = _test(method or [], counted)
    kind = out.suffix.lower() if out is not None else None
    if kind not in (None, ".xlsx", ".gpkg"):
        raise HazardError(
            "file-kind-unknown", "{file} ends neither in .xlsx (a workbook) nor in .gpkg (a GeoPackage).", file=str(out)
        )
    traced = trace.suffix.lower() if trace is not None else None
    if traced not in (None, ".csv", ".xlsx"):
        raise HazardError(
            "file-kind-unknown", "{file} ends neither in .csv nor in .xlsx (a workbook).", file=str(trace)
        )
    if compare not in COMPARE:
        raise HazardError("compare-unknown", "{name} is none of {known}.", name=compare, known=", ".join(COMPARE))
    dataset = context.obj.newest()
    scope = _scope(dataset, level, hazard, start, end)
    found = answers.hot_spots(dataset, scope, exposure=exposure, method=test, seed=seed)
    methods = list(method or _USUAL)
    if found.result.method == hotspots.EXCESS:  # no place could be looked for: the cells alone were tested
        methods = list(dict.fromkeys("excess" if name == "scan" else name for name in methods))
    if test == hotspots.CALLS:
        methods = [name for name in methods if name == "dbscan"]
    groups = answers.clusters_of(dataset, scope) if "dbscan" in methods else None
    said = doubted = silent = lately = None
    if evidence and set(methods) - {"dbscan"}:
        said = record.record_of(dataset, scope, found, exposure=exposure, method=test, compare=compare)
        doubted = doubts.doubts_of(dataset, scope, found, progress=lambda share: _progress(share, _DOUBTING, {}))
        silent = doubts.silent_of(dataset, scope, found)
    by_cell = rates.rates(dataset, scope, found, exposure=exposure)
    if evidence:
        lately = alarm.alarm_of(dataset, scope, seed=seed, progress=lambda share: _progress(share, alarm.AT_WORK, {}))
    answer = people.hot_spots_json(
        found, groups, methods, WORDS,
        record=said, doubted=doubted, silent=silent, rates=by_cell, lately=lately,
    )  # fmt: skip
    about = _about(dataset, scope)
    if scope.start is None and scope.end is None:
        about[0] += WORDS(" (the page shows the last 12 whole months at first: --start, --end)")
    lines = [*about, *plain.hot_spots(answer, WORDS), *plain.rates(by_cell, WORDS)]
    if out is not None:
        screen = handouts.screen_of(dataset, scope, exposure=exposure, method=test, compare=compare, seed=seed)
        _write(out, [(handouts.geopackage if kind == ".gpkg" else handouts.workbook)(screen, WORDS)])
        answer["file"] = str(out)
        lines.append(WORDS("The claims and what stands beside them are in {file}.", file=str(out)))
    if trace is not None:
        if traced == ".csv":
            _write(trace, tracing.csv(dataset, scope, WORDS))
        else:
            _write(trace, [tracing.workbook(dataset, scope, WORDS)])
        answer["trace"] = str(trace)
        n = tracing.count(dataset, scope)
        lines.append(
            WORDS.plural(
                "{n} report with its event is in {file}.",
                "{n} reports with their events are in {file}.",
                n,
                file=str(trace),
            )
        )
    _print(answer, as_json, lines)


_DOUBTING = N_("what might fake the claims")
_USUAL = ("excess", "scan", "dbscan")
_CHOSEN = ("gi_star", "moran")


def _test(methods: list[str], counted: str) -> str:
    """Return the method of `analysis.hotspots` that the methods asked for make together."""
    known = (*_USUAL, *_CHOSEN)
    for name in methods:
        if name not in known:
            raise HazardError("method-unknown", "{name} is none of {known}.", name=name, known=", ".join(known))
    if counted not in ("events", "calls"):
        raise HazardError("count-unknown", "{name} is none of {known}.", name=counted, known="events, calls")
    tests = set(methods) - {"dbscan"}
    if len(tests) > 1 and tests & set(_CHOSEN):
        raise HazardError(
            "methods-together",
            "{methods} cannot stand together, for a screen makes one family of claims: take gi_star alone, moran "
            "alone, or excess and scan; dbscan may stand beside any.",
            methods=", ".join(sorted(tests)),
        )
    if counted == "calls":
        if tests:
            raise HazardError(
                "calls-untested",
                "Calls are counted without any test, so {methods} cannot be had of them: leave out --method, or count "
                "events.",
                methods=", ".join(sorted(tests)),
            )
        return hotspots.CALLS
    if not methods:
        return hotspots.AUTO
    if not tests:
        return hotspots.LIST
    return tests.pop() if tests & set(_CHOSEN) else hotspots.FAMILY if "scan" in tests else hotspots.EXCESS


@app.command("resolution")
def resolution_(
    context: typer.Context,
    by: Annotated[str | None, typer.Option(help="hazard (if not given), cell, unit, source, month or channel.")] = None,
    clock: Annotated[
        str, typer.Option(help="raw: every hour from the report; work: the office's work time, holds taken out.")
    ] = "raw",
    handling: Annotated[str, typer.Option(help="ordinary, on_spot or engineering cases.")] = "ordinary",
    as_of: Annotated[str | None, typer.Option(help="Look from this time; else each source's own.")] = None,
    level: Level = None,
    hazard: Hazards = None,
    start: Start = None,
    end: End = None,
    out: Annotated[Path | None, typer.Option(help="Write all that is told of them to FILE.xlsx.")] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Write every case with its deadline and what counts it to FILE.csv or FILE.xlsx."),
    ] = None,
    summary: Annotated[
        bool,
        typer.Option("--summary", help="All cases together instead: headline, stages, ageing, funnel, trend, holds."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Give medians with intervals, open cases counted, and shares in time; odd times are counted beside."""
    if out is not None and out.suffix.lower() != ".xlsx":
        raise HazardError("file-kind-unknown", "{file} does not end in .xlsx (a workbook).", file=str(out))
    traced = trace.suffix.lower() if trace is not None else None
    if traced not in (None, ".csv", ".xlsx"):
        raise HazardError(
            "file-kind-unknown", "{file} ends neither in .csv nor in .xlsx (a workbook).", file=str(trace)
        )
    if summary and by is not None:
        raise HazardError("summary-by", "--summary tells of all cases together: leave --by {by} out.", by=by)
    by = by or "hazard"
    dataset = context.obj.newest()
    scope = _scope(dataset, level, hazard, start, end, as_of)
    asked = times.Asked(by, clock, "" if handling == "ordinary" else handling)
    groups = times.groups(dataset, scope, asked)
    head = times.headline(dataset, scope, clock=clock, handling=asked.handling)
    lines = [*_about(dataset, scope), *plain_times.headline(head, WORDS)]
    answer: Any = groups
    if summary or out is not None:
        screen = times_book.screen_of(dataset, scope, asked)
        if summary:
            answer = times_book.summary(screen, WORDS)
            lines += plain_times.summary(screen, WORDS)
        if out is not None:
            _write(out, [times_book.workbook(screen, WORDS)])
    if not summary:
        names = times.key_names(dataset, scope, by, WORDS)
        few, caveats = int(dataset.settings["few_reports"]), standing.caveats(dataset, scope, asked, groups)
        lines += plain_times.groups(groups, by, names, few, clock, WORDS, caveats)
        groups.insert(1, "cell_id" if by == "cell" else by, groups["key"])
    if out is not None:
        lines.append(WORDS("All that is told of them is in {file}.", file=str(out)))
    if trace is not None:
        if traced == ".csv":
            _write(trace, times_trace.csv(dataset, scope, asked, WORDS))
        else:
            _write(trace, [times_trace.workbook(dataset, scope, asked, WORDS)])
        n = times_trace.count(dataset, scope)
        lines.append(
            WORDS.plural(
                "{n} case with its deadline is in {file}.", "{n} cases with their deadlines are in {file}.", n,
                file=str(trace),
            )
        )  # fmt: skip
    _print(answer, as_json, lines)


@app.command("returns")
def returns_(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="hazard, cell or unit.")] = "hazard",
    level: Level = None,
    hazard: Hazards = None,
    start: Start = None,
    end: End = None,
    as_of: Annotated[str | None, typer.Option(help="Look from this time; else each source's own.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the list to FILE.csv, or the list and all shares to FILE.xlsx.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what came back of what was closed in a period: the same hazard, near by, within some days (settings)."""
    returning_tables.check_key(by)
    kind = out.suffix.lower() if out is not None else None
    if kind not in (None, ".csv", ".xlsx"):
        raise HazardError("file-kind-unknown", "{file} ends neither in .csv nor in .xlsx (a workbook).", file=str(out))
    dataset = context.obj.newest()
    scope = _scope(dataset, level, hazard, start, end, as_of)
    found = returning.returning(dataset, scope)
    answer = returning_tables.as_json(dataset, found, by, WORDS) if as_json else {}
    lines = [] if as_json else returning_tables.for_terminal(dataset, found, by, WORDS)
    if (first := times.first_after(dataset, scope)) is not None:
        lines.insert(0, WORDS(times_words.NOTHING_YET, as_of=scope.as_of, first=first))
    if out is not None:
        write = returning_tables.csv if kind == ".csv" else returning_tables.workbook
        _write(out, [write(dataset, scope, WORDS)])
        answer["file"] = str(out)
        lines.append(WORDS("What came back is in {file}.", file=str(out)))
    _print(answer, as_json, [people.scope_words(WORDS, dataset, scope), *lines])


@app.command("priorities")
def priorities_(
    context: typer.Context,
    budget: Annotated[float, typer.Option(help="Yuan for all.")],
    weights: Annotated[
        Path | None, typer.Option(help="JSON of weights by criterion, or of comparisons; else all weigh alike.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="weighted_sum or topsis: how the ranking by need is made.")
    ] = "weighted_sum",
    effects: Annotated[
        list[str] | None,
        typer.Option("--effect", "--effects", help="KIND=SHARE avoided, in place of the settings. Repeatable."),
    ] = None,
    must: Annotated[list[str] | None, typer.Option(help="Project that has to be built. Repeatable.")] = None,
    yearly: Annotated[list[float] | None, typer.Option(help="Yuan of a year, in their order. Repeatable.")] = None,
    min_share: Annotated[float, typer.Option(help="Least share of the budget (0 to 1) of each area above.")] = 0.0,
    unit: Annotated[
        str, typer.Option(help="What is avoided: events, or households (events times households).")
    ] = "events",
    months: Annotated[int, typer.Option(help="Whole months that the need is told from.")] = 24,
    without_residents: Annotated[
        bool, typer.Option("--without-residents", help="Leave out what residents alone reported.")
    ] = False,
    spread: Annotated[float, typer.Option(help="How far weights are drawn from those chosen.")] = 0.2,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = priorities.SEED,
    time_limit: Annotated[float, typer.Option(help="Seconds for the search of the best set.")] = 10,
    more: Annotated[float, typer.Option(help="Yuan beyond the budget: what would they buy?")] = 100_000,
    level: Level = None,
    end: End = None,
    out: Annotated[Path | None, typer.Option(help="Write all of it to FILE.xlsx or FILE.gpkg.")] = None,
    as_json: Json = False,
) -> None:
    """Say which drainage projects to build first: the best set under a budget, and the ranking by need beside it."""
    if out is not None:
        priority_tables.check_kind(out.suffix, str(out))
    dataset = context.obj.newest()
    scope = _scope(dataset, level, None, None, end)
    shares = {kind: _share(text) for kind, text in _pairs(effects, "--effect").items()}
    how: dict[str, Any] = {}
    if weights is not None:
        how = priority_tables.read_weights(_content(weights), weights.name, tuple(CRITERIA))
    asked = priorities.Asked(
        budget, method=method, must=tuple(must or ()), yearly=tuple(yearly or ()), min_share=min_share,
        effects=tuple(sorted(shares.items())), spread=spread, seed=seed, months=months, unit=unit, more=more,
        without_residents=without_residents, time_limit_s=time_limit, **how,
    )  # fmt: skip
    with nothing_printed():
        found = priorities.priorities(dataset, scope, asked)
        money = priorities.money(dataset, scope, asked)
    answer: Any = priority_tables.as_json(found, money, WORDS) if as_json else {}
    lines = [] if as_json else priority_tables.for_terminal(found, money, WORDS)
    if out is not None:
        _write(out, [priority_tables.file_of(dataset, found, money, WORDS, out.suffix, str(out))])
        answer["file"] = str(out)
        lines.append(WORDS("The priorities are in {file}.", file=str(out)))
    _print(answer, as_json, lines)


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise HazardError("effect-text", "{text} is no share: write it as 0.5.", text=text) from None


@app.command("evaluate")
def evaluate_(
    context: typer.Context,
    project: Annotated[
        str | None, typer.Option(help="Number of a finished project; else all finished ones are judged.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Look from this time; else each source's own.")] = None,
    level: Level = None,
    controls: Annotated[
        list[str] | None, typer.Option(help="Code of a cell to compare with, instead of those matched. Repeatable.")
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Code of a cell that takes no part, such as one downstream. Repeatable.")
    ] = None,
    choice_start: Annotated[
        str | None, typer.Option(help="First day of what led to the choice; else the 12 months before the survey.")
    ] = None,
    choice_end: Annotated[str | None, typer.Option(help="Day after the last of it.")] = None,
    since: Annotated[str | None, typer.Option(help="First day of the time before.")] = None,
    count: Annotated[str, typer.Option(help="events or calls.")] = evaluation.EVENTS,
    exposure: Annotated[
        str, typer.Option(help="wet_days, mm (above the threshold) or months (without rain).")
    ] = work_times.WET_DAYS,
    above: Annotated[
        float | None, typer.Option(help="mm of a day from which on it is wet; else the setting wet_day_mm.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write all that is told to FILE.xlsx or FILE.gpkg.")] = None,
    as_json: Json = False,
) -> None:
    """Tell whether a finished project helped: reports per wet day before and after, against similar cells."""
    writers = {".xlsx": evaluation_tables.workbook, ".gpkg": evaluation_tables.geopackage}
    if out is not None and out.suffix.lower() not in writers:
        raise HazardError("file-kind-unknown", "{file} ends neither in .xlsx nor in .gpkg.", file=str(out))
    if bool(choice_start) != bool(choice_end):
        raise HazardError("choice-half", "What led to the choice needs both --choice-start and --choice-end.")
    dataset = context.obj.newest()
    first, end = _day(choice_start), _day(choice_end)
    asked = evaluation.Asked(
        as_of=_scope(dataset, level, None, None, None, as_of).as_of, level=level,
        controls=tuple(sorted(set(controls))) if controls else None, left_out=tuple(sorted(set(leave_out or ()))),
        choice=(first, end) if first and end else None, since=_day(since), count=count, exposure=exposure,
        above_mm=above,
    )  # fmt: skip
    if project is None:
        if out is not None:
            raise HazardError("project-needed", "--out writes what is told of one project: name it with --project.")
        rows = evaluation.verdicts(dataset, asked)
        lines = evaluation_tables.plain_verdicts(rows, WORDS)
        told = rows.assign(reason=[one and one.say(WORDS) for one in rows["reason"]])
        _print(told, as_json, lines)
        return
    found = evaluation.evaluate(dataset, project, asked)
    answer, lines = evaluation_tables.to_json(found, WORDS), evaluation_tables.plain_lines(found, WORDS)
    if out is not None:
        _write(out, [writers[out.suffix.lower()](dataset, found, WORDS)])
        answer["file"] = str(out)
        lines.append(WORDS("All that is told of it is in {file}.", file=str(out)))
    _print(answer, as_json, lines)


@app.command("settings")
def settings_(
    context: typer.Context,
    changed: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE. Repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """List the settings of the workspace, or change some; the default value takes a change back."""
    messages: list[str] = []
    if wanted := {name: _setting(name, text) for name, text in _pairs(changed, "--set").items()}:
        messages = intake.settings_sentences(changes.set_settings(context.obj, wanted, who=_who()), wanted, WORDS)
    values = context.obj.newest().settings
    listed = [
        {
            "name": one.name,
            "value": values[one.name],
            "default": settings.DEFAULTS[one.name],
            "allowed": one.allowed,
            "unit": one.unit,
        }
        for one in settings.SETTINGS
    ]
    lines = [*plain.settings(listed, WORDS), *messages]  # below so many rows, where it is seen
    _print(listed, as_json, lines, messages if as_json else ())


person = typer.Typer(no_args_is_help=True, help="Find or erase what the workspace holds of one person.")
app.add_typer(person, name="person")
Text = Annotated[str, typer.Argument(help="A name, a number ...: plain text of two letters or digits at least.")]


@person.command("find")
def person_find(context: typer.Context, text: Text, as_json: Json = False) -> None:
    """List where a text stands: in incidents, rejected rows, originals, older versions ...; never what is around it."""
    found = persons.find(context.obj, text)
    _print(found, as_json, plain.person_found(found, text, context.obj.newest(), WORDS))


@person.command("erase")
def person_erase(
    context: typer.Context,
    text: Text,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a text for good wherever it stands, and all older versions: no import before can be taken back."""
    if not yes and (places := persons.summary(persons.find(context.obj, text))):
        raise HazardError(
            "erase-unconfirmed",
            "The text stands in {places}. Erasing puts *** there, removes the original files that hold it and all "
            "earlier versions for good: no import until now can be taken back. If that is wanted, give --yes.",
            places=places,
        )
    answer = persons.erase(context.obj, text, who=_who())
    _print(answer, as_json, plain.person_erased(answer, WORDS))


@app.command()
def tidy(context: typer.Context, as_json: Json = False) -> None:
    """Remove for good what the settings keep no longer: old versions, originals, what ended writers left."""
    answer = context.obj.tidy(who=_who())
    _print(answer, as_json, plain.tidied(answer, WORDS))


def _setting(name: str, text: str) -> Any:
    """Return a value of the setting's kind; what is none stays text, which the setting refuses by name."""
    kind = type(settings.DEFAULTS.get(name, ""))
    for number in (int, float) if kind is not str else ():
        with contextlib.suppress(ValueError):
            return number(text)
    return text


def main() -> None:
    """Run a command; a refusal is a sentence on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except HazardError as error:
        _say(WORDS.error(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
