"""Start the pages on this PC: a free port, the server, the browser, and a clean end."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path

from tools.venv import ROOT, WINDOWS, Refusal, say, venv_python

FIRST_PORT = 8501


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        if not WINDOWS:  # there, this option would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_port(asked: int | None) -> int:
    """Return the port asked for, else the first free one from 8501."""
    if asked is None:
        for port in range(FIRST_PORT, FIRST_PORT + 100):
            if is_free(port):
                return port
    elif is_free(asked):
        return asked
    name = asked or f"{FIRST_PORT}-{FIRST_PORT + 99}"
    raise Refusal(
        f"Port {name} is taken or not allowed: end the program that uses it, or give another with --port N.",
        f"端口 {name} 已被占用或不允许使用:请关闭占用它的程序,或用 --port N 换一个。",
    )


def server_command(port: int, script: str = "app.py") -> list[str]:
    """Return the command that serves the pages, or one page alone; the rest stands in .streamlit/config.toml."""
    options = {"server.address": "127.0.0.1", "server.port": port, "server.headless": "true"}
    options["logger.hideWelcomeMessage"] = "true"
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [str(venv_python()), "-m", "tools.serve", "run", str(ROOT / script), *flags]


def wait_until_healthy(server: subprocess.Popen, address: str) -> bool:
    """Wait until the server answers, and return True; False if it ended first. Proxies are left out: it is this PC."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while server.poll() is None:
        try:
            with opener.open(f"{address}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(0.1)
    return False


def can_show_browser() -> bool:
    """Return whether there is a screen: without one, a text browser would take over the terminal."""
    return WINDOWS or sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def start(port: int, *, browser: bool, workspace: Path | None) -> int:
    """Serve the pages until Ctrl-C, and return the exit code."""
    if workspace:
        os.environ["HOTSPOTS_WORKSPACE"] = str(workspace.resolve())
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(server_command(port), cwd=ROOT)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        if not wait_until_healthy(server, address) and server.returncode > 0:
            raise Refusal("The server ended; the lines above say why.", "服务未能启动,原因见上文。")
        if server.returncode is None:
            say(f"Hazard Hotspots: {address} (Ctrl-C ends it)", f"网格隐患热点:{address}(按 Ctrl-C 结束)")
            if browser and can_show_browser():
                webbrowser.open(address)
        return max(server.wait(), 0)
    except KeyboardInterrupt:  # a terminal has told the server too
        return 0
    finally:
        end(server)


def end(server: subprocess.Popen) -> None:
    """End a server: give it time to end by itself, then ask, then force."""
    for act in (lambda: None, server.terminate, server.kill):
        act()
        try:
            server.wait(timeout=3)
            return
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            continue
