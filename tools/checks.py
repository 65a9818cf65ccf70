"""All of the checking, and the benchmarks: ruff, mypy, pytest, with a browser found or brought."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tools.venv import ROOT, Refusal, say, venv_python

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "msedge",
    "chrome",
)
APT_CHROMIUM = "apt-get install chromium"
# Files of bench/ and their minutes, in the order of a run: what hangs on the whole machine first, the browser last
BENCHES = {
    "join": 25,
    "growth": 5,
    "aggregation": 10,
    "importing": 2,
    "association": 2,
    "scan": 2,
    "portfolio": 2,
    "clocks": 1,
    "borders": 1,
    "queries": 5,
    "resolution": 5,
    "dbscan": 5,
    "map_city": 1,
    "screens": 40,
}
LONG_BENCHES = {"fuzz": 10, "city": 60, "calibration": 60, "evaluation": 25}  # only if named


def find_browser() -> str | None:
    """Return the path of a Chromium, Chrome or Edge on this PC; HOTSPOTS_CHROMIUM goes first."""
    named = os.environ.get("HOTSPOTS_CHROMIUM")
    if named:
        return named
    programs = [os.environ.get(name, "") for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    tails = ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
    files = [Path(folder) / tail for folder in programs if folder for tail in tails]
    for app in ("Chromium", "Google Chrome", "Microsoft Edge"):
        files.append(Path(f"/Applications/{app}.app/Contents/MacOS/{app}"))
    found = [shutil.which(name) for name in BROWSERS] + [str(file) for file in files if file.is_file()]
    return next(filter(None, found), None)


def bring_browser() -> str | None:
    """Return a browser's path, after installing Debian's chromium where that is possible and needed."""
    browser = find_browser()
    if browser is None and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in ("update -qq", "install -y -qq --no-install-recommends chromium"):
            subprocess.run(["apt-get", *step.split()], env=quiet, stdout=subprocess.DEVNULL, check=False)
        browser = find_browser()
    return browser


def test(*, slow: bool, extra: list[str]) -> int:
    """Run ruff, mypy and pytest, all of them whatever the first says, and return the exit code."""
    browser = bring_browser()
    if browser:
        os.environ["HOTSPOTS_CHROMIUM"] = browser
    elif os.environ.get("REQUIRE_BROWSER") == "1":
        raise Refusal(
            f"REQUIRE_BROWSER=1, and there is no Chromium, Chrome or Edge: run '{APT_CHROMIUM}'.",
            f"设置了 REQUIRE_BROWSER=1,但没有 Chromium、Chrome 或 Edge:请运行“{APT_CHROMIUM}”。",
        )
    else:
        say(
            f"No Chromium, Chrome or Edge: the tests marked 'browser' are left out; '{APT_CHROMIUM}' brings them.",
            f"没有 Chromium、Chrome 或 Edge:跳过标记为 browser 的测试;“{APT_CHROMIUM}”可补上。",
        )
    pytest = [
        "pytest",
        "-n",
        "auto",
        "--maxprocesses",
        "4",
        "--dist",
        "worksteal",
        *(["--slow"] if slow else []),
        *extra,
    ]
    failed = []

    def begin(check: list[str], **pipes: Any) -> subprocess.Popen:
        print("$", " ".join(check), flush=True)
        return subprocess.Popen([venv_python(), "-m", *check], cwd=ROOT, **pipes)

    def end(check: list[str], begun: subprocess.Popen) -> None:
        if said := begun.communicate()[0]:
            print(said, end="", flush=True)
        if begun.returncode:
            failed.append(" ".join(check[:2]))

    for check in (["ruff", "check", "."], ["ruff", "format", "--check", "."]):
        end(check, begin(check))
    # Beside the tests: from nothing mypy takes a minute of one processor, and the tests wait now and then
    typed = begin(["mypy"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    end(pytest, begin(pytest))
    end(["mypy"], typed)
    if failed:
        raise Refusal("Failed: " + ", ".join(failed) + ".", "未通过:" + "、".join(failed) + "。")
    return 0


def bench(names: list[str], results: Path | None = None) -> int:
    """Run the benchmarks named, or all of BENCHES, in order; return the worst exit code."""
    known = [*BENCHES, *LONG_BENCHES]
    if unknown := [name for name in names if name not in known]:
        raise Refusal(
            f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(known)}.",
            f"没有基准测试 {'、'.join(unknown)};现有:{'、'.join(known)}。",
        )
    chosen = {name: minutes for name, minutes in (BENCHES | LONG_BENCHES).items() if name in (names or BENCHES)}
    plan = ", ".join(f"{name} {minutes}" for name, minutes in chosen.items())
    say(
        f"Benchmarks, about so many minutes on 2 idle processors: {plan}; in all {sum(chosen.values())}.",
        f"基准测试(2 个空闲处理器上的大致分钟数):{plan};共 {sum(chosen.values())} 分钟。",
    )
    options = ["--json", str(results.resolve())] if results else []
    worst = 0
    for name in chosen:
        print(f"$ bench/{name}.py", flush=True)
        run = subprocess.run([venv_python(), "-m", f"bench.{name}", *options], cwd=ROOT, check=False)
        worst = max(worst, abs(run.returncode))
    return worst
