"""Commands of drainage: rain and projects go in; what to build first and whether it helped comes out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from base.errors import HazardError
from commands.frame import (
    WORDS,
    Crs,
    DryRun,
    Encoding,
    End,
    Json,
    Level,
    content_of,
    print_answer,
    read_day,
    read_pairs,
    read_scope,
    user,
    write_file,
)
from data import projects, rain
from data.dataset import Dataset
from reports import (
    evaluation,
    evaluation_tables,
    gauges,
    plain,
    priorities,
    priority_tables,
    rain_onset,
    rain_words,
    work_times,
)
from reports import projects as project_report
from reports.criteria import CRITERIA
from reports.terminal import nothing_printed

app = typer.Typer()


@app.command("rain")
def rain_(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Load it; without a file the stations are listed.")] = None,
    unit: Annotated[str | None, typer.Option(help="Of the depths: mm, inch or tenth; else as the title says.")] = None,
    stamp: Annotated[str | None, typer.Option(help="A time is the begin or the end of its reading.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    encoding: Encoding = None,
    dry_run: DryRun = False,
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
            found = rain.read_rain(content_of(file), file.name, zone=data.zone, settings=data.settings, **options)
            loaded = rain.preview(data, found)
            print_answer(gauges.preview_facts(loaded), as_json, (), gauges.preview_sentences(loaded, file.name, WORDS))
            return
        answer = rain.load_rain(context.obj, content_of(file), file.name, **options, who=user())
        print_answer(gauges.json_load(answer, WORDS), as_json, (), gauges.load_sentences(answer, file.name, WORDS))
        return
    if remove:
        gone = rain.remove_stations(context.obj, remove, who=user())
        print_answer(gone, as_json, (), gauges.removed_sentences(gone, WORDS))
        return
    dataset = context.obj.newest()
    if out is not None:
        write_file(out, [gauges.file_of(dataset, WORDS, out.suffix, str(out))])
        lines = [WORDS("The rain is in {file}.", file=str(out))]
    else:
        lines = plain.rain(dataset, WORDS)
    print_answer(gauges.json_rows(dataset), as_json, lines)


def _forecast(
    dataset: Dataset, mm: float, peak: float | None, level: str | None, out: Path | None, as_json: bool
) -> None:
    scope = read_scope(dataset, level, None, None, None)
    found = rain_onset.forecast(dataset, scope, mm, peak)
    answer, lines = rain_words.as_json(found, WORDS), plain.forecast(found, WORDS)
    if out is not None:
        write_file(out, [rain_words.file_of(dataset, found, WORDS, out.suffix, str(out))])
        answer["file"] = str(out)
        lines = [WORDS("The forecast is in {file}.", file=str(out))]
    print_answer(answer, as_json, lines)


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
    dry_run: DryRun = False,
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
        options: dict[str, Any] = {"crs": crs, "layer": layer, "encoding": encoding}
        if dry_run:
            data = context.obj.newest()
            read = projects.read_projects(content_of(file), file.name, settings=data.settings, **options)
            loaded = projects.preview(data, read, level=level)
            facts = {
                **project_report.preview_facts(loaded), "problems": loaded.problems, "rejected_rows": read.rejected,
            }  # fmt: skip
            told = project_report.preview_sentences(loaded, file.name, WORDS)
            print_answer(project_report.json_load(facts, WORDS), as_json, (), told)
            return
        answer = projects.load_projects(context.obj, content_of(file), file.name, **options, level=level, who=user())
        told = project_report.load_sentences(answer, file.name, WORDS)
        print_answer(project_report.json_load(answer, WORDS), as_json, (), told)
        return
    if remove:
        gone = projects.remove_projects(context.obj, remove, who=user())
        print_answer(gone, as_json, (), project_report.removed_sentences(gone, WORDS))
        return
    dataset = context.obj.newest()
    found = dataset.projects()
    lines = plain.projects(dataset, found, WORDS)
    if out is not None:
        write_file(out, [project_report.file_of(dataset, WORDS, out.suffix, str(out))])
        lines = [WORDS("The projects are in {file}.", file=str(out))]
    print_answer(project_report.json_rows(found), as_json, lines)


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
    scope = read_scope(dataset, level, None, None, end)
    shares = {kind: _share(text) for kind, text in read_pairs(effects, "--effect").items()}
    how: dict[str, Any] = {}
    if weights is not None:
        how = priority_tables.read_weights(content_of(weights), weights.name, tuple(CRITERIA))
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
        write_file(out, [priority_tables.file_of(dataset, found, money, WORDS, out.suffix, str(out))])
        answer["file"] = str(out)
        lines.append(WORDS("The priorities are in {file}.", file=str(out)))
    print_answer(answer, as_json, lines)


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
    first, end = read_day(choice_start), read_day(choice_end)
    asked = evaluation.Asked(
        as_of=read_scope(dataset, level, None, None, None, as_of).as_of, level=level,
        controls=tuple(sorted(set(controls))) if controls else None, left_out=tuple(sorted(set(leave_out or ()))),
        choice=(first, end) if first and end else None, since=read_day(since), count=count, exposure=exposure,
        above_mm=above,
    )  # fmt: skip
    if project is None:
        if out is not None:
            raise HazardError("project-needed", "--out writes what is told of one project: name it with --project.")
        rows = evaluation.verdicts(dataset, asked)
        lines = evaluation_tables.plain_verdicts(rows, WORDS)
        told = rows.assign(reason=[one and one.say(WORDS) for one in rows["reason"]])
        print_answer(told, as_json, lines)
        return
    found = evaluation.evaluate(dataset, project, asked)
    answer, lines = evaluation_tables.to_json(found, WORDS), evaluation_tables.plain_lines(found, WORDS)
    if out is not None:
        write_file(out, [writers[out.suffix.lower()](dataset, found, WORDS)])
        answer["file"] = str(out)
        lines.append(WORDS("All that is told of it is in {file}.", file=str(out)))
    print_answer(answer, as_json, lines)
