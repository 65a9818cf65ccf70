"""Commands of where things are: cells, exposures, addresses, coordinate systems."""

from typing import Annotated

import typer

from commands.frame import (
    WORDS,
    Applied,
    Crs,
    Delimiter,
    Encoding,
    File,
    HeaderRow,
    HeaderRows,
    Json,
    Mapped,
    NoProfile,
    Sheet,
    ValidFrom,
    content_of,
    print_answer,
    read_pairs,
    user,
    without,
)
from data import exposures, gazetteer, levels, systems
from data import profiles as saved
from reports import intake, plain

app = typer.Typer()


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
        content_of(file),
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
        who=user(),
    )
    print_answer(without(answer), as_json, (), intake.cell_sentences(answer, file.name, WORDS))


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
        content_of(file),
        file.name,
        level=level,
        key=key,
        mapping=read_pairs(map_, "--map"),
        encoding=encoding,
        sheet=sheet,
        who=user(),
    )
    print_answer(without(answer), as_json, (), intake.exposure_sentences(answer, file.name, WORDS))


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
        content_of(file),
        file.name,
        crs=crs,
        mapping=read_pairs(map_, "--map"),
        encoding=encoding,
        sheet=sheet,
        who=user(),
    )
    print_answer(without(answer), as_json, (), intake.address_sentences(answer, file.name, WORDS, option="--crs"))


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
        content_of(file),
        file.name,
        profile=profile or (None if no_profile else saved.AUTO),
        mapping=read_pairs(map_, "--map") or None,
        encoding=encoding,
        delimiter="\t" if delimiter in ("tab", "\\t") else delimiter,
        sheet=sheet,
        header_row=header_row,
        header_rows=header_rows,
    )
    print_answer(found, as_json, plain.systems(found, WORDS), [intake.fit_sentence(found, WORDS)])
