"""What tests share: the real files beside the project, a served app, a real browser, and the choice of long tests."""

import functools
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from base import settings
from tools.checks import find_browser
from tools.server import end, server_command, wait_until_healthy

ROOT = Path(__file__).resolve().parent.parent

# The same examples at every run, and no deadline: the machine may be slow and busy.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("project")

# Dozens of processes load the same modules: they are compiled once, whatever the surroundings say of it
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Hundreds of imports of small files of our own: a process for each would take minutes (tests/test_data_apart.py has it)
settings.DEFAULTS["read_apart"] = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="long: python run.py test --slow"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real files in ../shared/data")
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace with the demo, which no test changes."""
    from data.example import load_demo
    from data.store import Workspace

    folder = tmp_path_factory.mktemp("demo")
    load_demo(Workspace(folder), who="t")
    return folder


@pytest.fixture(scope="session")
def static_files() -> Path:
    """The folder static/, with the map's scripts in it."""
    from geo.maps import prepare_static

    prepare_static()
    return ROOT / "static"


@pytest.fixture(scope="session")
def components() -> Iterator[None]:
    """Look through the installed packages for Streamlit's components once: AppTest does it at every run of a page."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@dataclass(frozen=True)
class Server:
    """A running app: where it answers, its process, and the file of all that it printed."""

    url: str
    process: subprocess.Popen
    log: Path


@pytest.fixture(scope="session")
def serve(static_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """A function that serves a workspace on a free port of this PC; what it started ends with the session.

    ``serve(workspace, script="app.py", **environment)``: `script` is a page file to open alone.
    """
    running: dict[tuple, Server] = {}

    def start(workspace: Path, script: str = "app.py", **environment: str) -> Server:
        key = (str(workspace), script, tuple(sorted(environment.items())))
        if key not in running:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            log = tmp_path_factory.mktemp("served") / "log.txt"
            surroundings = {**os.environ, "HOTSPOTS_WORKSPACE": str(workspace), **environment}
            with log.open("wb") as sink:
                process = subprocess.Popen(
                    server_command(port, script), cwd=ROOT, env=surroundings, stdout=sink, stderr=subprocess.STDOUT
                )
            running[key] = Server(f"http://127.0.0.1:{port}", process, log)
            if not wait_until_healthy(process, running[key].url):
                pytest.fail(f"the server ended: {log.read_text(encoding='utf-8', errors='replace')}")
        return running[key]

    yield start
    for server in running.values():
        server.process.terminate()
        end(server.process)


@pytest.fixture(scope="session")
def browser() -> Iterator["playwright.sync_api.Browser"]:  # noqa: F821 - imported only where a browser is there
    """A real browser without a window. Without one the test is skipped, or fails if REQUIRE_BROWSER=1."""
    path = find_browser()
    if path is None:
        (pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip)(
            "needs Chromium, Chrome or Edge: apt-get install chromium"
        )
    from playwright.sync_api import sync_playwright

    quiet = ("background-networking", "component-update", "sync", "quic", "dev-shm-usage")
    arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{part}" for part in quiet)]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=arguments)
        yield chromium
        chromium.close()
