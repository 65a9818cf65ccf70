"""Commands of deadlines: a file of them, what is stored, workdays, the calendar."""

from pathlib import Path
from typing import Annotated

import typer

from base.errors import HazardError
from commands.frame import (
    WORDS,
    Encoding,
    File,
    Json,
    Sheet,
    ValidFrom,
    content_of,
    print_answer,
    read_day,
    user,
    without,
    write_file,
)
from data import calendar_table, deadline_table, standards
from reports import deadlines, intake, plain
from reports.sheet import write_csv, write_sheet

app = typer.Typer()


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
        content_of(file),
        file.name,
        scheme=scheme,
        kind=kind,
        valid_from=valid_from,
        encoding=encoding,
        sheet=sheet,
        who=user(),
    )
    print_answer(without(answer), as_json, (), intake.standard_sentences(answer, file.name, WORDS))


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
        gone = deadline_table.remove_edition(context.obj, scheme=of, kind=kind, valid_from=day, who=user())
        print_answer(gone, as_json, (), deadlines.removed_sentences(gone, WORDS))
        return
    dataset, chosen = context.obj.newest(), read_day(on)
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
        write_file(out, [content])
        lines = [WORDS("The deadlines in force are in {file}.", file=str(out))]
    print_answer(rows, as_json, lines)


@app.command()
def workdays(
    context: typer.Context, file: File, encoding: Encoding = None, sheet: Sheet = None, as_json: Json = False
) -> None:
    """Load the office's own table of workdays and days off; it goes before what is known of the country."""
    answer = calendar_table.load_workdays(
        context.obj, content_of(file), file.name, encoding=encoding, sheet=sheet, who=user()
    )
    print_answer(without(answer), as_json, (), deadlines.workday_sentences(answer, WORDS))


@app.command()
def calendar(
    context: typer.Context,
    year: Annotated[int | None, typer.Option(help="The year that the data reach to if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Say which days the working calendar covers, the office hours, holidays and make-up workdays of a year."""
    dataset = context.obj.newest()
    answer = deadlines.calendar_of_year(dataset, WORDS, year)
    print_answer(answer, as_json, plain.calendar(dataset, answer, WORDS))
