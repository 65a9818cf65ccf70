"""Commands that answer: quality, counts, hot spots, resolution times, what came back."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis import hotspots
from base.errors import HazardError
from base.text import N_
from commands.frame import (
    WORDS,
    End,
    Hazards,
    Json,
    Level,
    Start,
    about_lines,
    print_answer,
    progress,
    read_scope,
    write_file,
)
from data import queries
from reports import (
    alarm,
    answers,
    doubts,
    handouts,
    people,
    plain,
    plain_times,
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
)
from reports import quality as quality_report

app = typer.Typer()


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
        print_answer(rows, as_json, plain.quality_rows(rows, item, WORDS))
        return
    items = quality_report.quality_items(dataset, WORDS)
    if source is not None:
        items = items[items["source"] == source]
    print_answer(items, as_json, plain.quality(items, WORDS))


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
    scope = replace(read_scope(dataset, level, hazard, start, end), voided=True)  # every report that was accepted
    rows = queries.counts(dataset, scope, keys)
    print_answer(rows, as_json, plain.counts(rows, WORDS))


COMPARE = ("year", "previous")


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
    scope = read_scope(dataset, level, hazard, start, end)
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
        doubted = doubts.doubts_of(dataset, scope, found, progress=lambda share: progress(share, _DOUBTING, {}))
        silent = doubts.silent_of(dataset, scope, found)
    by_cell = rates.rates(dataset, scope, found, exposure=exposure)
    if evidence:
        lately = alarm.alarm_of(dataset, scope, seed=seed, progress=lambda share: progress(share, alarm.AT_WORK, {}))
    answer = people.hot_spots_json(
        found, groups, methods, WORDS,
        record=said, doubted=doubted, silent=silent, rates=by_cell, lately=lately,
    )  # fmt: skip
    about = about_lines(dataset, scope)
    if scope.start is None and scope.end is None:
        about[0] += WORDS(" (the page shows the last 12 whole months at first: --start, --end)")
    lines = [*about, *plain.hot_spots(answer, WORDS), *plain.rates(by_cell, WORDS)]
    if out is not None:
        screen = handouts.screen_of(dataset, scope, exposure=exposure, method=test, compare=compare, seed=seed)
        write_file(out, [(handouts.geopackage if kind == ".gpkg" else handouts.workbook)(screen, WORDS)])
        answer["file"] = str(out)
        lines.append(WORDS("The claims and what stands beside them are in {file}.", file=str(out)))
    if trace is not None:
        if traced == ".csv":
            write_file(trace, tracing.csv(dataset, scope, WORDS))
        else:
            write_file(trace, [tracing.workbook(dataset, scope, WORDS)])
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
    print_answer(answer, as_json, lines)


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
    scope = read_scope(dataset, level, hazard, start, end, as_of)
    asked = times.Asked(by, clock, "" if handling == "ordinary" else handling)
    groups = times.groups(dataset, scope, asked)
    head = times.headline(dataset, scope, clock=clock, handling=asked.handling)
    lines = [*about_lines(dataset, scope), *plain_times.headline(head, WORDS)]
    answer: Any = groups
    if summary or out is not None:
        screen = times_book.screen_of(dataset, scope, asked)
        if summary:
            answer = times_book.summary(screen, WORDS)
            lines += plain_times.summary(screen, WORDS)
        if out is not None:
            write_file(out, [times_book.workbook(screen, WORDS)])
    if not summary:
        names = times.key_names(dataset, scope, by, WORDS)
        few, caveats = int(dataset.settings["few_reports"]), standing.caveats(dataset, scope, asked, groups)
        lines += plain_times.groups(groups, by, names, few, clock, WORDS, caveats)
        groups.insert(1, "cell_id" if by == "cell" else by, groups["key"])
    if out is not None:
        lines.append(WORDS("All that is told of them is in {file}.", file=str(out)))
    if trace is not None:
        if traced == ".csv":
            write_file(trace, times_trace.csv(dataset, scope, asked, WORDS))
        else:
            write_file(trace, [times_trace.workbook(dataset, scope, asked, WORDS)])
        n = times_trace.count(dataset, scope)
        lines.append(
            WORDS.plural(
                "{n} case with its deadline is in {file}.", "{n} cases with their deadlines are in {file}.", n,
                file=str(trace),
            )
        )  # fmt: skip
    print_answer(answer, as_json, lines)


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
    scope = read_scope(dataset, level, hazard, start, end, as_of)
    found = returning.returning(dataset, scope)
    answer = returning_tables.as_json(dataset, found, by, WORDS) if as_json else {}
    lines = [] if as_json else returning_tables.for_terminal(dataset, found, by, WORDS)
    if (first := times.first_after(dataset, scope)) is not None:
        lines.insert(0, WORDS(times_words.NOTHING_YET, as_of=scope.as_of, first=first))
    if out is not None:
        write = returning_tables.csv if kind == ".csv" else returning_tables.workbook
        write_file(out, [write(dataset, scope, WORDS)])
        answer["file"] = str(out)
        lines.append(WORDS("What came back is in {file}.", file=str(out)))
    print_answer(answer, as_json, [people.scope_words(WORDS, dataset, scope), *lines])
