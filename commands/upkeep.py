"""Commands that keep a workspace: settings, a person's data, what is kept no longer."""

import contextlib
from typing import Annotated, Any

import typer

from base import settings
from base.errors import HazardError
from commands.frame import WORDS, Json, print_answer, read_pairs, user
from data import changes, persons
from reports import intake, plain

app = typer.Typer()


@app.command("settings")
def settings_(
    context: typer.Context,
    changed: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE. Repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """List the settings of the workspace, or change some; the default value takes a change back."""
    messages: list[str] = []
    if wanted := {name: _setting(name, text) for name, text in read_pairs(changed, "--set").items()}:
        messages = intake.settings_sentences(changes.set_settings(context.obj, wanted, who=user()), wanted, WORDS)
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
    print_answer(listed, as_json, lines, messages if as_json else ())


person = typer.Typer(no_args_is_help=True, help="Find or erase what the workspace holds of one person.")
app.add_typer(person, name="person")
Text = Annotated[str, typer.Argument(help="A name, a number ...: plain text of two letters or digits at least.")]


@person.command("find")
def person_find(context: typer.Context, text: Text, as_json: Json = False) -> None:
    """List where a text stands: in incidents, rejected rows, originals, older versions ...; never what is around it."""
    found = persons.find(context.obj, text)
    print_answer(found, as_json, plain.person_found(found, text, context.obj.newest(), WORDS))


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
    answer = persons.erase(context.obj, text, who=user())
    print_answer(answer, as_json, plain.person_erased(answer, WORDS))


@app.command()
def tidy(context: typer.Context, as_json: Json = False) -> None:
    """Remove for good what the settings keep no longer: old versions, originals, what ended writers left."""
    answer = context.obj.tidy(who=user())
    print_answer(answer, as_json, plain.tidied(answer, WORDS))


def _setting(name: str, text: str) -> Any:
    """Return a value of the setting's kind; what is none stays text, which the setting refuses by name."""
    kind = type(settings.DEFAULTS.get(name, ""))
    for number in (int, float) if kind is not str else ():
        with contextlib.suppress(ValueError):
            return number(text)
    return text
