"""Set-up and start, by real processes in a scratch copy of the set-up code with a tiny index of its own: no network."""

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

import pytest

from tools import checks, commands, server, venv, wheels

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="permissions and signals of POSIX")
NO_INDEX = {  # every way to an index is closed, and what this machine's pip is told is left out
    **dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "http_proxy", "https_proxy"), "http://127.0.0.1:9"),
    **{"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "UV_NO_CONFIG": "1"},
}

# A build backend of one module, which the tests use too: it packs a module as a wheel.
BACKEND = """
import zipfile

def pack(folder, name, files):
    info = f"{name}-1.0.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: tiny\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    wheel = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{wheel}", "w") as archive:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(path, text)
    return wheel

def build_wheel(folder, config_settings=None, metadata_directory=None):
    return pack(folder, "autograd_gamma", {"autograd_gamma.py": "built = True"})
"""
# What the set-up needs of Streamlit: `python -m streamlit run ... --server.port N` that answers on its health address.
STREAMLIT = """
import http.server, os, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["HOTSPOTS_WORKSPACE"].encode())
    def log_message(self, *parts): pass
port = int(sys.argv[sys.argv.index("--server.port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Health).serve_forever()
"""


def tiny_project(folder: Path) -> Path:
    """Make a copy of the set-up code whose locks name three tiny packages that lie in its folder `from`."""
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "run.py", folder)
    for path in ("geo", "from"):
        (folder / path).mkdir()
    (folder / "geo" / "maps.py").write_text(
        "from pathlib import Path\n"
        "def prepare_static():\n"
        "    import autograd_gamma\n"
        "    assert autograd_gamma.built\n"
        "    (Path(__file__).parent.parent / 'static' / 'vendor').mkdir(parents=True, exist_ok=True)\n"
    )
    backend: dict = {}
    exec(BACKEND, backend)
    builder = backend["pack"](folder / "from", "tinybuilder", {"tinybuilder.py": BACKEND})
    streamlit = backend["pack"](folder / "from", "streamlit", {"streamlit.py": STREAMLIT})
    source = folder / "autograd-gamma-1.0"
    source.mkdir()
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: autograd-gamma\nVersion: 1.0\n")
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["tinybuilder"]\nbuild-backend = "tinybuilder"\n'
    )
    with tarfile.open(folder / "from" / "autograd-gamma-1.0.tar.gz", "w:gz") as archive:
        archive.add(source, arcname=source.name)

    def pin(name: str, file: str) -> str:
        return f"{name}==1.0 --hash=sha256:{hashlib.sha256((folder / 'from' / file).read_bytes()).hexdigest()}\n"

    (folder / venv.BUILD).write_text(pin("tinybuilder", builder))
    (folder / venv.MAIN).write_text(pin("streamlit", streamlit) + pin("autograd-gamma", "autograd-gamma-1.0.tar.gz"))
    return folder


def run(project: Path, *arguments: str, uv: bool = True) -> subprocess.CompletedProcess:
    """Run the scratch copy's run.py without any index; without uv, its folder is not on the PATH."""
    path = os.environ["PATH"].split(os.pathsep)
    if not uv:
        path = [folder for folder in path if not shutil.which("uv", path=folder)]
    return subprocess.run(
        [sys.executable, "run.py", *arguments],
        cwd=project,
        env={**os.environ, **NO_INDEX, "PATH": os.pathsep.join(path), "UV_CACHE_DIR": str(project / "cache")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny project in a folder with a Chinese name, set up from its wheels."""
    folder = tiny_project(tmp_path_factory.mktemp("热点 project"))
    done = run(folder, "setup", "--wheels", "from")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_second_set_up_installs_nothing(project: Path) -> None:
    done = run(project, "setup")
    assert done.returncode == 0, done.stderr
    assert "Installing" not in done.stdout
    assert done.stdout.startswith("Set up.")


def test_without_uv_pip_installs_the_same(project: Path, tmp_path: Path) -> None:
    if shutil.which("uv"):
        project = tiny_project(tmp_path)
        done = run(project, "setup", "--wheels", "from", uv=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "static" / "vendor").is_dir()  # made by the code that needed the package built from source


def test_the_projects_modules_are_found_from_any_folder(project: Path, tmp_path: Path) -> None:
    python = next(project.glob(".venv/[bS]*/python*"))
    where = [python, "-X", "utf8", "-c", "import geo.maps; print(geo.maps.__file__)"]
    done = subprocess.run(where, cwd=tmp_path, capture_output=True, encoding="utf-8", check=True)
    assert Path(done.stdout.strip()) == project / "geo" / "maps.py"


def test_a_set_up_that_was_moved_is_made_anew(project: Path, tmp_path: Path) -> None:
    second = Path(shutil.copytree(project, tmp_path / "second", symlinks=True))
    moved = run(second, "setup", "--wheels", "from")
    assert "making it anew" in moved.stdout
    assert moved.returncode == 0, moved.stderr
    assert "Installing" not in run(second, "setup").stdout


@pytest.fixture
def own(project: Path, tmp_path: Path) -> Path:
    """A copy of the project as if it had been set up where it lies: its stamp alone says where that was."""
    folder = Path(shutil.copytree(project, tmp_path / "own", symlinks=True))
    stamp = folder / ".venv" / venv.STAMP.name
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "root": str(folder)}))
    return folder


def test_a_changed_lock_is_installed_in_place(own: Path) -> None:
    (own / ".venv" / "kept").touch()
    lock = own / venv.MAIN
    lock.write_text("# changed\n" + lock.read_text())
    done = run(own, "setup", "--wheels", "from")
    assert done.returncode == 0, done.stderr
    assert "Installing" in done.stdout
    assert (own / ".venv" / "kept").exists()


def test_a_file_with_another_content_than_the_lock_says_is_refused_and_the_set_up_then_made_anew(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, path in (("ROOT", own), ("VENV", own / ".venv"), ("STAMP", own / ".venv" / venv.STAMP.name)):
        monkeypatch.setattr(venv, name, path)
    assert venv.can_be_kept()
    (package,) = own.glob(".venv/[lL]ib/**/autograd_gamma.py")
    package.unlink()  # so that it is to be installed again
    shutil.rmtree(next(package.parent.glob("autograd_gamma-*.dist-info")))
    lock = own / venv.MAIN
    good = lock.read_text()
    lock.write_text(re.sub(r"sha256:\w+", f"sha256:{'0' * 64}", good))
    done = run(own, "setup", "--wheels", "from")
    assert done.returncode == 2
    assert "A step of the set-up failed" in done.stderr
    assert "run.py wheels" in done.stderr
    lock.write_text(good)
    assert not venv.is_ready((venv.BUILD, venv.MAIN))
    assert not venv.can_be_kept()


def test_a_missing_wheels_folder_is_named(tmp_path: Path) -> None:
    done = run(tiny_project(tmp_path), "--wheels", "nowhere")
    assert done.returncode == 2
    assert "There is no folder nowhere" in done.stderr


@POSIX
def test_start_prints_the_address_serves_the_workspace_and_ends_its_server(project: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "run.py", "--no-browser", "--port", str(port), "--workspace", str(tmp_path)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, encoding="utf-8") as started:
        assert started.stdout is not None
        assert f"http://127.0.0.1:{port}" in started.stdout.readline()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert opener.open(f"http://127.0.0.1:{port}/").read().decode() == str(tmp_path)
        started.send_signal(signal.SIGTERM)
    assert started.returncode == 0
    assert server.is_free(port)


@pytest.mark.parametrize("version", [(3, 6), (3, 8), (3, 11)])
def test_run_py_parses_under_an_old_python(version: tuple[int, int]) -> None:
    source = (ROOT / "run.py").read_text(encoding="utf-8")
    assert ast.parse(source, feature_version=version)


def test_an_old_python_gets_one_sentence() -> None:
    versions = [path for path in Path.home().glob(".pyenv/versions/*") if re.match(r"2\.|3\.\d\.|3\.10\.", path.name)]
    old = [path / "bin" / "python" for path in versions]
    if not old:
        pytest.skip("no Python older than 3.11 on this PC")
    for python in old:
        for encoding in ("ascii", "gbk", "utf-8"):
            done = subprocess.run(
                [python, ROOT / "run.py"], capture_output=True, env={"PYTHONIOENCODING": encoding}, check=False
            )
            assert done.returncode == 2, python
            lines = done.stderr.decode(encoding).splitlines()
            assert len(lines) == 1, (python, lines)
            assert "needs Python 3.11 or later" in lines[0]
            if encoding != "ascii" and not python.parent.parent.name.startswith("2."):
                assert "需要 Python 3.11" in lines[0]


@pytest.mark.parametrize(("encoding", "line"), [("ascii", "a"), ("gbk", "a / 中文"), ("utf-8", "a / 中文")])
def test_a_sentence_is_chinese_too_where_the_terminal_can_show_it(encoding: str, line: str) -> None:
    command = [sys.executable, "-c", "from tools.venv import say; say('a', '中文')"]
    surroundings = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, check=True)
    assert done.stdout.decode(encoding).splitlines() == [line]


def test_a_taken_port_is_named_and_the_next_free_one_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert commands.main(["--port", str(port)]) == 2
        assert f"Port {port} is taken" in capsys.readouterr().err
        monkeypatch.setattr(server, "FIRST_PORT", port)
        assert port < server.choose_port(None) < port + 100


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_cannot_be_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["--port", port])
    assert ended.value.code == 2
    assert f"'{port}'" in capsys.readouterr().err


def test_a_python_without_venv_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(venv.Refusal, match=r"apt-get install python3\.\d+-venv"):
        venv.make_venv(None)


@POSIX
def test_a_folder_that_cannot_be_written_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for module in (venv, commands):
            monkeypatch.setattr(module, "VENV", folder / ".venv")
        monkeypatch.setattr(venv, "STAMP", folder / ".venv" / venv.STAMP.name)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        try:
            if root:  # whom no permission stops
                os.seteuid(65534)
            assert commands.main(["setup"]) == 2
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)
        assert f"No permission to write {folder / '.venv'}" in capsys.readouterr().err


LOCK = """\
# a comment
everywhere==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via something
onlywindows==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:cc
notmac==3.0 ; sys_platform != 'darwin' \\
    --hash=sha256:dd
split==4.0 ; python_full_version < '3.12' \\
    --hash=sha256:ee
split==4.1 ; python_full_version >= '3.12' \\
    --hash=sha256:ff
"""


def test_markers_are_read_for_the_other_pc_and_taken_off() -> None:
    # By hand from the five lines above. A marker left on would be read by pip for the PC that it runs on.
    windows = {"sys_platform": "win32", "python_version": "3.11", "python_full_version": "3.11.0"}
    assert wheels.for_target(LOCK, windows) == {
        "everywhere": "everywhere==1.0 --hash=sha256:aa --hash=sha256:bb",
        "onlywindows": "onlywindows==2.0 --hash=sha256:cc",
        "notmac": "notmac==3.0 --hash=sha256:dd",
        "split": "split==4.0 --hash=sha256:ee",
    }
    mac = {"sys_platform": "darwin", "python_version": "3.13", "python_full_version": "3.13.0"}
    assert list(wheels.for_target(LOCK, mac)) == ["everywhere", "split"]
    assert wheels.for_target(LOCK, mac)["split"].startswith("split==4.1 ")


def test_options_after_two_dashes_go_to_pytest_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.parse(["test", "--slow", "--", "-k", "join"]).extra == ["-k", "join"]
    with pytest.raises(SystemExit):
        commands.parse(["bench", "--", "-k", "join"])
    assert "only 'test'" in capsys.readouterr().err


@POSIX
def test_a_missing_browser_is_said_and_fails_where_one_is_required(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "bring_browser", lambda: None)
    monkeypatch.setattr(checks, "venv_python", lambda: "true")
    monkeypatch.setenv("REQUIRE_BROWSER", "1")
    with pytest.raises(venv.Refusal, match="apt-get install chromium"):
        checks.test(slow=False, extra=[])
    monkeypatch.setenv("REQUIRE_BROWSER", "0")
    assert checks.test(slow=False, extra=[]) == 0
    assert "marked 'browser' are left out; 'apt-get install chromium' brings them" in capsys.readouterr().out


def test_a_browser_is_found_by_its_variable_and_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / ("msedge.exe" if os.name == "nt" else "msedge")
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("HOTSPOTS_CHROMIUM", raising=False)
    found = checks.find_browser()
    assert found is not None
    assert Path(found) == program
    monkeypatch.setenv("HOTSPOTS_CHROMIUM", "named")
    assert checks.find_browser() == "named"


@POSIX
def test_every_check_runs_though_the_first_fails(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checks, "bring_browser", lambda: "chromium")
    monkeypatch.setenv("HOTSPOTS_CHROMIUM", "chromium")  # the check sets it; this takes it back afterwards
    monkeypatch.setattr(checks, "venv_python", lambda: "false")
    with pytest.raises(venv.Refusal, match="Failed: ruff check, ruff format, pytest -n, mypy"):
        checks.test(slow=True, extra=["-x"])
    assert capfd.readouterr().out.count("$ ") == 4


@pytest.mark.slow
@pytest.mark.parametrize("uv", [True, False])
def test_the_whole_program_installs_without_internet(tmp_path: Path, uv: bool) -> None:
    for name in ("run.py", venv.BUILD, venv.MAIN):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("tools", "base", "geo", "data", "static"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    assert commands.main(["wheels", "--to", str(tmp_path / "from")]) == 0
    done = run(tmp_path, "setup", "--wheels", "from", uv=uv)
    assert done.returncode == 0, done.stdout + done.stderr
    assert any((tmp_path / "static" / "vendor").rglob("leaflet*.js"))


@pytest.mark.slow
def test_the_windows_folder_holds_every_package_that_windows_needs(tmp_path: Path) -> None:
    assert commands.main(["wheels", "--to", str(tmp_path), "--platform", "win_amd64", "--python-version", "3.12"]) == 0
    files = {file.name.split("-")[0].lower().replace("_", "-") for file in tmp_path.glob("*.whl")}
    lock = (ROOT / venv.MAIN).read_text(encoding="utf-8")
    names = {line.split("==")[0] for line in lock.splitlines() if line[:1].isalpha()}
    # All but what the markers in requirements.lock keep from Windows: nothing at present, colorama is for it alone.
    assert names - files == {"autograd-gamma"}
    assert {"colorama", "pip", "setuptools", "wheel"} <= files
    assert len(list(tmp_path.glob("autograd-gamma-*.tar.gz"))) == 1
