"""The commands of `cli.py`, by what they are about; each module has a Typer app that is joined there."""
