"""The same answers on the command line: JSON on standard output, messages on standard error; exit 0 done, 2 refused.

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

import datetime as dt
import getpass
import json
import math
from typing import Annotated, Any

import pandas as pd
import typer

from base import settings
from base.errors import HazardError
from base.text import Words
from data import changes, example, levels, loading, queries
from data.dataset import Dataset
from data.schema import HAZARDS, Scope
from data.store import Workspace
from reports import answers, intake, people

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


@app.callback()
def _workspace(
    context: typer.Context,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace [default: workspace/].")
    ] = None,
) -> None:
    context.obj = Workspace(workspace or Path(os.environ.get("HOTSPOTS_WORKSPACE") or ROOT / "workspace"))


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _print(answer: Any, as_json: bool) -> None:
    """Print an answer: JSON, or a table of it for people."""
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, default=_plain))
    elif isinstance(answer, list):
        frame = pd.DataFrame(answer)
        typer.echo(frame.to_string(index=False) if len(frame) else WORDS("Nothing to list."))
    else:
        for key, value in answer.items():
            typer.echo(f"{key}: {json.dumps(value, ensure_ascii=False, default=_plain)}")


def _plain(value: Any) -> Any:
    if isinstance(value, (pd.Timestamp, dt.date)):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as rows for JSON: missing values as null, times as text."""
    plain = frame.astype(object).mask(frame.isna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


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
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise HazardError("day-unreadable", "{text} is no day: write it as 2025-03-05.", text=text) from None


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


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "cli"


def _progress(share: float, sentence: str, fields: dict[str, Any]) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{share:4.0%} {WORDS(sentence, **fields)}\033[K", err=True, nl=share >= 1)


@app.command()
def demo(context: typer.Context, as_json: Json = False) -> None:
    """Make the invented street office (示例) in an empty workspace."""
    _print(example.load_demo(context.obj, who=_who(), progress=_progress), as_json)


@app.command()
def cells(
    context: typer.Context,
    file: File,
    level: Annotated[str, typer.Option(help="Name of the level: street, community, grid ...")],
    id_column: Annotated[str | None, typer.Option("--id", help="Column with the cell's code.")] = None,
    name_column: Annotated[str | None, typer.Option("--name", help="Column with the cell's name.")] = None,
    parent_column: Annotated[str | None, typer.Option("--parent", help="Column with the code one level up.")] = None,
    crs: Annotated[str | None, typer.Option(help="wgs84, gcj02, bd09 or EPSG:n; the file's own if not given.")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of a GeoPackage.")] = None,
    as_json: Json = False,
) -> None:
    """Load the boundary polygons of one level."""
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
        who=_who(),
    )
    for sentence in intake.cell_sentences(answer, file.name, WORDS):
        _say(sentence)
    details = {kind: _rows(frame) for kind, frame in answer.pop("details").items()}
    _print({**answer, "details": details} if as_json else answer, as_json)


@app.command("import")
def import_(
    context: typer.Context,
    file: File,
    crs: Annotated[str, typer.Option(help="wgs84, gcj02, bd09 or EPSG:n.")] = "wgs84",
    tz: Annotated[str | None, typer.Option(help="Zone of times without one, e.g. Asia/Shanghai.")] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="field=HEADER. Repeatable.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="HEADER=VALUE: take only such rows. Repeatable.")] = None,
    source: Annotated[str, typer.Option(help="Name of the source; the same case number there is the same case.")] = (
        "default"
    ),
    as_of: Annotated[str | None, typer.Option(help="When the file was extracted; else its latest time.")] = None,
    encoding: Annotated[str | None, typer.Option(help="utf-8, gb18030 ...; found out if not given.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; the first if not given.")] = None,
    scheme: Annotated[str | None, typer.Option(help="Code scheme of the type codes.")] = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="How 05/03/2025 is meant; asked for if unclear.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, store nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Import incidents from CSV or XLSX."""
    answer = loading.import_incidents(
        context.obj,
        _content(file),
        file.name,
        source=source,
        crs=crs,
        zone=tz,
        mapping=_pairs(map_, "--map"),
        encoding=encoding,
        sheet=sheet,
        scheme=scheme,
        where=_pairs(where, "--where"),
        day_first=day_first,
        as_of=as_of,
        dry_run=dry_run,
        who=_who(),
        progress=_progress,
    )
    for sentence in intake.import_sentences(answer, file.name, WORDS):
        _say(sentence)
    _print(answer, as_json)


@app.command()
def imports(context: typer.Context, as_json: Json = False) -> None:
    """List the live imports, oldest first."""
    _print(_rows(intake.import_rows(context.obj.newest()).iloc[::-1]), as_json)


@app.command()
def undo(
    context: typer.Context,
    import_id: Annotated[str | None, typer.Option("--import", help="Its id; the newest if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Take back an import."""
    _print(changes.undo(context.obj, import_id, who=_who()), as_json)


@app.command()
def rejected(
    context: typer.Context,
    import_id: Annotated[str | None, typer.Option("--import", help="Only this import.")] = None,
    as_json: Json = False,
) -> None:
    """List the rows that were not taken, and why."""
    frame = context.obj.newest().rejected(import_id)
    sentences = people.rejected_sentences(frame, WORDS)
    _print(_rows(frame.assign(sentence=sentences)), as_json)


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
    """Count incidents by cell, hazard, month and source."""
    dataset = context.obj.newest()
    keys = [key.strip() for key in by.split(",") if key.strip()]
    scope = _scope(dataset, level, hazard, start, end)
    _print(_rows(queries.counts(dataset, scope, keys)), as_json)


@app.command("hotspots")
def hotspots_(
    context: typer.Context,
    hazard: Hazards = None,
    level: Level = None,
    start: Start = None,
    end: End = None,
    method: Annotated[list[str] | None, typer.Option(help="excess, dbscan. Repeatable.")] = None,
    exposure: Annotated[str, typer.Option(help="households, population, road_km, covers, area, equal.")] = "auto",
    seed: Annotated[int | None, typer.Option(help="Start of the random draws.")] = None,
    as_json: Json = False,
) -> None:
    """Find cells with more events than chance, and dense groups of points."""
    known = ("excess", "dbscan")
    for name in method or []:
        if name not in known:
            raise HazardError("method-unknown", "{name} is none of {known}.", name=name, known=", ".join(known))
    dataset = context.obj.newest()
    found = answers.hot_spots(dataset, _scope(dataset, level, hazard, start, end), exposure=exposure, seed=seed)
    answer = people.hot_spots_json(found, method or list(known), WORDS)
    _print(answer if as_json else answer["cells"], as_json)
    if not as_json:
        _say(answer["reason"])


@app.command("resolution")
def resolution_(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="hazard, cell, unit, source or month.")] = "hazard",
    clock: Annotated[str, typer.Option(help="raw: every hour counts.")] = "raw",
    as_of: Annotated[str | None, typer.Option(help="Look from this time; else each source's own.")] = None,
    level: Level = None,
    hazard: Hazards = None,
    start: Start = None,
    end: End = None,
    as_json: Json = False,
) -> None:
    """Give medians with intervals, open cases counted, and shares in time."""
    if clock != "raw":
        raise HazardError("clock-unknown", "Clock {clock} is not known; known: raw.", clock=clock)
    dataset = context.obj.newest()
    scope = _scope(dataset, level, hazard, start, end, as_of)
    groups = answers.resolution_times(dataset, scope, by=by).groups
    groups.insert(1, "cell_id" if by == "cell" else by, groups["key"])
    _print(_rows(groups), as_json)


@app.command("settings")
def settings_(
    context: typer.Context,
    changed: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE. Repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """List the settings of the workspace, or change some; the default value takes a change back."""
    if wanted := {name: _setting(name, text) for name, text in _pairs(changed, "--set").items()}:
        changes.set_settings(context.obj, wanted, who=_who())
    values = context.obj.newest().settings
    listed = [
        {"name": one.name, "value": values[one.name], "default": settings.DEFAULTS[one.name], "unit": one.unit}
        for one in settings.SETTINGS
    ]
    _print(listed, as_json)


def _setting(name: str, text: str) -> Any:
    """Return a value of the setting's kind; what is none stays text, which the setting refuses by name."""
    kind = type(settings.DEFAULTS.get(name, ""))
    if kind is str:
        return text
    try:
        value = kind(text)
    except ValueError:
        return text
    return value if 0 <= value < math.inf else text


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
