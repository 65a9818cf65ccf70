"""The project's .venv: made, filled from the hashed locks, and known again at the next start without a process."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "hazard-hotspots.json"  # what is installed; an empty object while an installation is under way
BUILD, MAIN, DEV = "requirements-build.lock", "requirements.lock", "requirements-dev.lock"
SOURCE_ONLY = "autograd-gamma"  # the one package that may be built here; all others come as wheels or not at all
WINDOWS = os.name == "nt"


def say(english: str, chinese: str, error: bool = False) -> None:
    """Print one line in both languages, or in English alone where the terminal cannot show Chinese."""
    stream = sys.stderr if error else sys.stdout
    encoding = getattr(stream, "encoding", None) or "ascii"
    text = english + " / " + chinese
    try:
        text.encode(encoding)
    except UnicodeError:
        text = english.encode(encoding, "backslashreplace").decode(encoding)
    print(text, file=stream, flush=True)


class Refusal(Exception):
    """One sentence on what is in the way and what to do, in both languages."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.chinese = chinese


def venv_path(kind: str) -> Path:
    """Return a folder of .venv by its sysconfig name: ``scripts`` or ``purelib``."""
    return Path(sysconfig.get_path(kind, "venv", {"base": str(VENV), "platbase": str(VENV)}))


def venv_python() -> Path:
    """Return the interpreter in .venv, whether it is there or not."""
    return venv_path("scripts") / ("python.exe" if WINDOWS else "python")


def digest(lock: str) -> str:
    """Return the hash of a lock file's content."""
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def read_stamp() -> dict | None:
    """Return what .venv says of itself: None without a stamp, {} if an installation was cut off."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return stamp if isinstance(stamp, dict) else {}


def here() -> dict[str, str]:
    """Return what a .venv is bound to: the Python that made it and the folder it was made in."""
    return {"python": sysconfig.get_python_version(), "root": str(ROOT)}


def made_here(stamp: dict) -> bool:
    """Return whether a stamp was written by this version of Python in this folder."""
    return all(stamp.get(key) == value for key, value in here().items())


def is_ready(locks: tuple[str, ...]) -> bool:
    """Return whether .venv holds these locks as they are now. Starts no process."""
    stamp = read_stamp()
    if not stamp or not venv_python().exists() or not made_here(stamp):
        return False
    return all(stamp["locks"].get(lock) == digest(lock) for lock in locks)


def can_be_kept() -> bool:
    """Return whether .venv can be brought up to date in place: whole, made here, by this version of Python."""
    if not venv_python().exists():
        return False
    stamp = read_stamp()
    if stamp is None:  # made by hand
        version = "import sysconfig; print(sysconfig.get_python_version())"
        answer = subprocess.run([venv_python(), "-c", version], capture_output=True, text=True, check=False)
        return answer.stdout.strip() == here()["python"]
    return made_here(stamp)


def make_venv(uv: str | None) -> None:
    """Make an empty .venv (a stamp may lie in it)."""
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the Python of a .venv about to be remade
    if uv:
        must([uv, "venv", "--quiet", "--no-project", "--allow-existing", "--python", base, VENV])
    elif all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        must([base, "-m", "venv", VENV])
    else:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        raise Refusal(
            f"This Python lacks its venv module: run 'apt-get install {package}' (or install uv), then start again.",
            f"缺少 venv 模块:请运行“apt-get install {package}”(或安装 uv)后重试。",
        )


def install(locks: tuple[str, ...], wheels: Path | None, uv: str | None) -> None:
    """Install the locks in turn, everything by hash; from the folder `wheels` alone if it is given."""
    pip = [uv, "pip", "install", "--python", venv_python()] if uv else [venv_python(), "-m", "pip", "install"]
    pip += ["--require-hashes", "--no-build-isolation", "--only-binary", ":all:", "--no-binary", SOURCE_ONLY]
    pip += ["--no-index", "--find-links", wheels.resolve()] if wheels else []
    for lock in locks:
        must([*pip, "-r", ROOT / lock])


def prepare_static() -> None:
    """Copy the map's scripts from the installed packages to static/."""
    must([venv_python(), "-c", "from geo.maps import prepare_static; prepare_static()"])


def ensure(locks: tuple[str, ...], wheels: Path | None = None) -> None:
    """Bring .venv to the state that `locks` ask for; where it is in that state, do nothing.

    The stamp is emptied before and written after, so a set-up that was cut off at any moment is seen and begun anew.
    """
    locks = (BUILD, *locks)
    if is_ready(locks):
        if not (ROOT / "static" / "vendor").is_dir():
            prepare_static()
        return
    if wheels and not wheels.is_dir():
        raise Refusal(
            f"There is no folder {wheels}: make it with 'python run.py wheels' on a PC with internet.",
            f"找不到文件夹 {wheels}:请在能上网的电脑上运行“python run.py wheels”生成。",
        )
    before = {}
    if VENV.exists() and can_be_kept():
        before = (read_stamp() or {}).get("locks", {})
    elif VENV.exists():
        say(
            "The folder .venv is unfinished, moved, or of another Python: making it anew.",
            ".venv 未装完、被移动过或属于其他 Python,正在重建。",
        )
        shutil.rmtree(VENV)
    VENV.mkdir(exist_ok=True)
    STAMP.write_text("{}", encoding="utf-8")
    say("Installing what the program needs (some minutes the first time).", "正在安装所需组件(首次需要几分钟)。")
    uv = shutil.which("uv")
    if not venv_python().exists():
        make_venv(uv)
    install(locks, wheels, uv)
    # A relative line: it is plain ASCII, whatever the project's folder is called.
    site = venv_path("purelib")
    (site / "hazard-hotspots.pth").write_text(os.path.relpath(ROOT, site) + "\n", encoding="ascii")
    prepare_static()
    held = {**before, **{lock: digest(lock) for lock in locks}}
    STAMP.write_text(json.dumps({**here(), "locks": held}), encoding="utf-8")


def must(command: list) -> None:
    """Run one step of the set-up in the project's folder; refuse if it fails."""
    if subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode:
        raise Refusal(
            "A step of the set-up failed; the lines above say why. Mend it and start again. Without internet: run "
            "'python run.py wheels' on a PC that has it, bring the folder, and run 'python run.py --wheels FOLDER'.",
            "安装未完成,原因见上文,解决后请重试。不能上网时:在能上网的电脑上运行“python run.py wheels”,"
            "把生成的文件夹拷来,再运行“python run.py --wheels 文件夹”。",
        )
