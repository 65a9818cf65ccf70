"""Commands of what is reported: the example, an import, places by hand, what became of each row, what is taken back."""

from pathlib import Path
from typing import Annotated

import typer

from base.errors import HazardError
from commands.frame import (
    WORDS,
    Applied,
    Crs,
    Delimiter,
    DryRun,
    Encoding,
    File,
    HeaderRow,
    HeaderRows,
    Json,
    Mapped,
    NoProfile,
    Sheet,
    Source,
    content_of,
    print_answer,
    progress,
    read_pairs,
    user,
    without,
    write_file,
)
from data import changes, corrections, deadline_table, example, levels, loading, projects, rain
from data import profiles as saved
from data.dataset import Dataset
from reports import deadlines, gauges, intake, people, plain
from reports import projects as project_report
from reports.sheet import write_csv, write_sheet

app = typer.Typer()


@app.command()
def demo(context: typer.Context, as_json: Json = False) -> None:
    """Make the invented street office (示例) in an empty workspace."""
    answer = example.load_demo(context.obj, who=user(), progress=progress)
    (record,) = context.obj.newest().imports
    print_answer(answer, as_json, intake.import_sentences(answer, record.file, WORDS, option="--crs"))


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
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Import incidents from a table or a file of points."""
    wanted = read_pairs(where, "--where")
    if save_profile is not None:  # refused before anything is stored
        saved.check_profile(save_profile, {"where": wanted})
    answer = loading.import_incidents(
        context.obj,
        content_of(file),
        file.name,
        source=source,
        crs=crs,
        zone=tz,
        mapping=read_pairs(map_, "--map") or None,
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
        who=user(),
        progress=progress,
    )
    sentences, choices = intake.import_sentences(answer, file.name, WORDS, option="--crs"), answer["choices"]
    answer = without(answer, "choices", "preview")  # a map's worth of points
    if save_profile is not None and not dry_run:
        named = saved.save_profile(context.obj, save_profile, choices["headers"], choices["options"], who=user())
        sentences.append(WORDS("The profile “{name}” is saved.", name=named["name"]))
        answer["saved_profile"] = named["name"]
    print_answer(answer, as_json, plain.after_import(answer, WORDS), sentences)


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
        context.obj, source or saved.USUAL["source"], case, lon=lon, lat=lat, cell=cell, level=level, who=user()
    )
    print_answer(answer, as_json, plain.placed(answer, WORDS))


@app.command("profiles")
def profiles_(
    context: typer.Context,
    delete: Annotated[str | None, typer.Option(help="Remove the one of this name.")] = None,
    as_json: Json = False,
) -> None:
    """List the choices saved for files with the same headers, or remove one."""
    if delete is not None:
        answer = saved.delete_profile(context.obj, delete, who=user())
        print_answer(answer, as_json, [WORDS("profile {deleted} removed", deleted=answer["name"])])
        return
    dataset = context.obj.newest()
    listed = [
        {"name": one.name, "headers": list(one.headers), "options": dict(one.options), "who": one.who, "when": one.when}
        for one in saved.profiles(dataset)
    ]
    print_answer(listed, as_json, plain.profiles(listed, dataset.zone, WORDS))


@app.command()
def imports(context: typer.Context, as_json: Json = False) -> None:
    """List the live imports, the oldest first."""
    rows = intake.import_rows(context.obj.newest()).iloc[::-1]
    print_answer(rows, as_json, plain.imports(rows, WORDS))


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
        answer = rain.take_back(context.obj, who=user())
        print_answer(answer, as_json, gauges.undo_sentences(answer, WORDS))
        return
    if works:
        answer = projects.take_back(context.obj, who=user())
        print_answer(answer, as_json, project_report.undo_sentences(answer, WORDS))
        return
    if limits or working:
        kept = deadline_table.DEADLINES if limits else deadline_table.WORKDAYS
        answer = deadline_table.take_back(context.obj, kept, who=user())
        print_answer(answer, as_json, deadlines.undo_sentences(answer, WORDS))
        return
    if boundary:
        answer = levels.take_back_cells(context.obj, who=user())
        print_answer(answer, as_json, [intake.change_sentence("cells-undo", answer, WORDS)])
        return
    answer = changes.undo(context.obj, newest_or or import_id, who=user())
    print_answer(answer, as_json, [intake.change_sentence("undo", answer, WORDS)])


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
        print_answer({"file": str(out) if n else None, "rows": n}, as_json, [done if n else nothing])
        return
    frame = corrections.rejections(dataset)
    if import_id is not None:
        frame = frame[frame["import_id"] == dataset.imported(import_id).import_id]
    frame = corrections.with_cells(dataset, frame.reset_index(drop=True))
    if as_json:
        print_answer(frame.assign(sentence=people.rejected_sentences(frame, WORDS)), True, ())
    else:
        print_answer(frame, False, plain.rejected(dataset, frame, WORDS))


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
        write_file(out, [write_csv(rows, titles)])
    else:
        notes = [WORDS("Rows not taken"), WORDS("data version {n}", n=dataset.version)]
        write_file(out, [write_sheet(rows, titles, name=WORDS("Rows not taken"), notes=notes, words=WORDS)])
    return len(rows)


@app.command()
def history(context: typer.Context, as_json: Json = False) -> None:
    """List every change of the workspace: who, when, what; the newest first."""
    rows = intake.history_rows(context.obj.newest(), WORDS)
    print_answer(rows, as_json, plain.history(rows, WORDS))
