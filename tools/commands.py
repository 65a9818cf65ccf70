"""The command line of run.py."""

import argparse
import errno
import subprocess
import sys
from pathlib import Path

from tools.checks import BENCHES, LONG_BENCHES, bench, test
from tools.server import choose_port, start
from tools.venv import DEV, MAIN, ROOT, VENV, Refusal, ensure, say, venv_python
from tools.wheels import TARGETS, lock, wheels


def port_number(text: str) -> int:
    """Return a port from its text; argparse turns the ValueError into its own sentence."""
    if not 1 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def python_version(text: str) -> str:
    """Return a version such as 3.12 as it stands, if it is one that the program runs under."""
    major, minor = map(int, text.split("."))
    if (major, minor) < (3, 11):
        raise ValueError(text)
    return text


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the command (None: start) and its options; what stands after ``--`` goes to pytest."""
    own, extra = arguments, []
    if "--" in arguments:
        cut = arguments.index("--")
        own, extra = arguments[:cut], arguments[cut + 1 :]
    parser = argparse.ArgumentParser(prog="run.py", description="Hazard Hotspots: without a command, set up and start.")
    parser.add_argument("--port", type=port_number, help="port on 127.0.0.1 (default: the first free one from 8501)")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="folder of the data (default: workspace)")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="install from this folder, without internet")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    setup = commands.add_parser("setup", help="install, and stop")
    setup.add_argument("--wheels", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="install from this folder")
    tests = commands.add_parser("test", help="ruff, mypy, pytest; pytest's own options after --")
    tests.add_argument("--slow", action="store_true", help="the long tests too")
    benches = commands.add_parser("bench", help="run the benchmarks: all but the longest, or those named")
    known = ", ".join((*BENCHES, *LONG_BENCHES))
    benches.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {known}")
    benches.add_argument("--json", type=Path, metavar="FILE", help="add the figures to this file, a line of JSON each")
    folder = commands.add_parser("wheels", help="make a folder from which a PC without internet installs")
    folder.add_argument("--to", type=Path, metavar="DIR", default=ROOT / "wheels", help="that folder (default: wheels)")
    folder.add_argument("--platform", choices=sorted(TARGETS), help="the other PC's system (default: this one's)")
    folder.add_argument(
        "--python-version", type=python_version, metavar="3.N", help="the other PC's Python (default: this one's)"
    )
    locks = commands.add_parser("lock", help="compile the lock files (development)")
    locks.add_argument("--upgrade", action="store_true", help="take the newest versions within the bounds")
    options = parser.parse_args(own)
    if extra and options.command != "test":
        parser.error("only 'test' takes options after --")
    if options.command == "wheels" and options.python_version and not options.platform:
        parser.error("--python-version needs --platform")
    options.arguments, options.extra = arguments, extra
    return options


def act(options: argparse.Namespace) -> int:
    """Do what was asked, and return the exit code."""
    if options.command == "lock":
        return lock(upgrade=options.upgrade)
    port = choose_port(options.port) if options.command is None else 0  # refused before a long installation
    ensure((MAIN, DEV) if options.command in ("test", "bench") else (MAIN,), options.wheels)
    if options.command is None:
        return start(port, browser=not options.no_browser, workspace=options.workspace)
    if options.command == "test":
        return test(slow=options.slow, extra=options.extra)
    if options.command == "bench":
        return bench(options.names, options.json)
    if options.command == "wheels":
        if Path(sys.prefix) != VENV:
            return subprocess.run([venv_python(), ROOT / "run.py", *options.arguments], check=False).returncode
        return wheels(options.to, options.platform, options.python_version)
    say("Set up. 'python run.py' starts it.", "安装完成。运行“python run.py”即可启动。")
    return 0


def main(arguments: list[str]) -> int:
    """Run the command line; what is in the way is said in one sentence."""
    try:
        return act(parse(arguments))
    except Refusal as refusal:
        say(str(refusal), refusal.chinese, error=True)
    except OSError as refused:
        if refused.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        say(
            f"No permission to write {refused.filename}: end a Hazard Hotspots that still runs, or move the folder "
            "to a place where you may write, and start again.",
            f"没有写入 {refused.filename} 的权限:请关闭仍在运行的本程序,或把文件夹移到可写的位置后重试。",
            error=True,
        )
    except KeyboardInterrupt:
        return 130
    return 2
