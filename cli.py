"""The same answers on the command line: sentences and tables, or JSON and the sentences aside; exit 0 done, 2 refused.

Without its packages it runs itself again under .venv, or says `python run.py setup`.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

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

import typer

from base.errors import HazardError
from commands import answers, boundaries, deadlines, incidents, upkeep, works
from commands.frame import WORDS, say
from data.store import Workspace

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Hazard Hotspots (网格隐患热点) on the command line."
)
for part in (incidents, boundaries, deadlines, works, answers, upkeep):
    app.add_typer(part.app)


@app.callback()
def _workspace(
    context: typer.Context,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace (usual: workspace/).")
    ] = None,
) -> None:
    folder = workspace or Path(os.environ.get("HOTSPOTS_WORKSPACE") or ROOT / "workspace")
    context.obj = Workspace(folder, waiting=lambda sentence, fields: say(WORDS(sentence, **fields)))


def main() -> None:
    """Run a command; a refusal is a sentence on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except HazardError as error:
        say(WORDS.error(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
