"""The plan of the house, held: who may import whom, what stands where, and what no file may say."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tools import venv

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("base", "geo", "data", "analysis", "reports", "pages", "commands")  # each may import only from its left
LOCKS = (venv.BUILD, venv.MAIN, venv.DEV)


@cache
def project_files() -> tuple[Path, ...]:
    """All files that git knows or would take, relative to the project."""
    command = ["git", "-c", "core.quotepath=off", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if listed.returncode:
        pytest.skip("needs git and a clone of the repository")
    return tuple(sorted(Path(line) for line in listed.stdout.splitlines() if (ROOT / line).is_file()))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def python_files(folder: str | None = None) -> Iterator[tuple[Path, ast.Module]]:
    """The parsed Python files of one top-level folder, or of the whole project."""
    for path in project_files():
        if path.suffix == ".py" and (folder is None or path.parts[0] == folder):
            yield path, parsed(path)


def imported(tree: ast.Module) -> set[str]:
    """Dotted names of all that is imported anywhere in a file: for `from a import b` both a and a.b."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def packages(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_imports_only_from_the_floors_below(floor: str) -> None:
    later = {*FLOORS[FLOORS.index(floor) + 1 :], "app", "cli", "run", "tools", "tests", "bench"}
    later |= {"pages"} if floor == "commands" else set()  # the two stand side by side
    for path, tree in python_files(floor):
        used = packages(imported(tree))
        assert not used & later, f"{path}: {floor}/ may not import {used & later}"


def test_analysis_takes_only_the_schema_from_data() -> None:
    for path, tree in python_files("analysis"):
        used = {name for name in imported(tree) if name.startswith("data.") and not name.startswith("data.schema")}
        assert not used, f"{path}: analysis/ may not import {used}"


def test_only_pages_and_the_frame_import_streamlit() -> None:
    for path, tree in python_files():
        if path.parts[0] not in ("pages", "app.py", "tests", "bench"):
            used = packages(imported(tree)) & {"streamlit", "streamlit_folium"}
            assert not used, f"{path} may not import {used}"


def test_the_set_up_needs_nothing_but_python() -> None:
    # `packaging` is there where tools/wheels.py needs it: that part runs under .venv.
    allowed = {*sys.stdlib_module_names, "tools", "packaging"}
    for path, tree in [*python_files("run.py"), *python_files("tools")]:
        used = packages(imported(tree)) - allowed
        assert not used, f"{path}: not in the standard library: {used}"


def test_no_page_bears_the_name_of_a_top_level_folder() -> None:
    folders = {path.parts[0] for path in project_files() if len(path.parts) > 1}
    for path, _ in python_files("pages"):
        # `streamlit run pages/x.py` puts pages/ first on the path, where such a file would hide the folder
        assert path.parent != Path("pages") or path.stem not in folders, f"{path} hides {path.stem}/ when opened alone"


def test_no_installed_package_hides_a_folder_of_the_project() -> None:
    hidden = {*FLOORS, "tools"} & importlib.metadata.packages_distributions().keys()
    assert not hidden


def test_no_python_file_is_empty_and_every_module_says_what_it_is_for() -> None:
    for path, tree in python_files():
        assert ast.get_docstring(tree), f"{path} has no docstring"
        assert path.name == "__init__.py" or len(tree.body) > 1, f"{path} holds nothing"


def test_no_folder_of_code_holds_a_single_short_file() -> None:
    lines: dict[Path, int] = {}
    for path, _ in python_files():
        text = (ROOT / path).read_text(encoding="utf-8")
        lines[path.parent] = lines.get(path.parent, 0) + sum(bool(line.strip()) for line in text.splitlines())
    thin = {str(folder) for folder, count in lines.items() if count < 20}
    assert not thin


def test_html_is_written_in_one_place() -> None:
    for path, tree in python_files():
        for node in ast.walk(tree):
            place = f"{path}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.keyword):
                assert node.arg != "unsafe_allow_html", f"{place}: user text could become HTML"
            if isinstance(node, ast.Attribute) and node.attr == "html" and ast.unparse(node.value) == "st":
                assert path.parts[:2] == ("pages", "common"), f"{place}: st.html belongs in pages/common"


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    hosts = [r"pypi\.", r"pythonhosted", r"npmjs", r"debian\.org", r"tuna\.tsinghua", r"mirrors?\.[a-z]+\."]
    folders = [rf"(?<![\w.\])}}~$*-])/{name}/\w" for name in ("root", "home", "work", "opt", "Users")]
    forbidden = re.compile("|".join([*hosts, *folders]))
    for path in project_files():
        if path == Path(__file__).relative_to(ROOT):
            continue
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a font or a picture
            continue
        found = forbidden.search(text)
        assert not found, f"{path}: {found and found.group()}"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_everything_by_hash_and_holds_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|--(extra-)?index|--find-links|--trusted", text)
    blocks = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9.-]+==\S+ (; .+ )?\\\n\s+--hash=sha256:[0-9a-f]{64}\b", block), block[:80]


@pytest.mark.parametrize("name", LOCKS)
def test_every_direct_dependency_is_in_its_lock_within_its_bounds(name: str) -> None:
    from packaging.requirements import Requirement

    listed = (ROOT / name.replace(".lock", ".txt")).read_text(encoding="utf-8").splitlines()
    lock = (ROOT / name).read_text(encoding="utf-8")
    for line in listed:
        if not line.startswith("#"):
            requirement = Requirement(line)
            pinned = re.findall(rf"(?m)^{re.escape(requirement.name)}==(\S+)", lock)
            assert pinned, f"{requirement.name} is not in {name}: run 'python run.py lock'"
            assert all(requirement.specifier.contains(version) for version in pinned), (line, pinned)
