"""The screens in a real browser: seconds from a navigation or a click until all of the answer is seen.

A workspace for each number of incidents and cells (bench/queries.py makes it), a server on this PC for each page and
round, and a browser without a window, 1920 x 1080, that keeps nothing from one screen to the next. Seconds are taken
inside the page, from the navigation or the click to the last of: the script has finished, the numbers stand there, the
map's polygons are drawn.

- cold: the first screen of a server just started, for the last 12 months; warm: once more, with a server that knows
  the answer.
- period, hazard: another choice whose answer nobody has asked for; all time: the same, of all that there is.
- recolour: on the overview another measure, on the hot-spot page the points, on the resolution page another group.
- click: on the map, to the details of a cell; drill: where the map shows coarser cells, the click that goes on to
  those inside.
- MB: resident memory of the server after all that, before "all time" and after it; kB: what the browser got, for the
  first screen and for a change of hazard.

Medians of all rounds. Run by `python run.py bench screens`, or
`python -m bench.screens [--rows N]... [--cells N]... [--pages NAME]... [--rounds N] [--folder DIR]`: with a folder the
workspaces stay and are used again.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Frame, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotYet

from bench.measuring import ROOT, Lines, Memory, parser
from bench.queries import kept
from geo.maps import prepare_static
from tools.checks import find_browser
from tools.server import choose_port, end, server_command, wait_until_healthy

ROWS, CELLS = (1_000, 100_000), (23, 300, 2_000, 10_000)
PAGES = {"overview": "", "hotspots": "hotspots", "resolution": "resolution"}
STEPS = ("cold", "warm", "period", "hazard", "recolour", "click", "drill", "all time")
QUIET_MS = 400  # nothing has happened for so long: all is there
PATIENCE_S, MOST_MB = 300, 8_000  # a step that needs more is given up

# In the page, before anything else: when the reader clicked, when the script's state and the numbers last changed
WATCH = """
(() => {
  if (window !== top) return;
  const numbers = ["h1", "h3", ...["stMetricValue", "stCaptionContainer", "stAlertContainer"].map((id) => `[data-testid=${id}]`)]
    .map((one) => ".stMain " + one).join();
  const seen = window.bench = { clicked: performance.timeOrigin, state: "", changed: 0, text: "", shown: 0, bytes: 0 };
  const look = () => {
    const app = document.querySelector(".stApp"), state = app ? app.dataset.testScriptState : "";
    if (state !== seen.state) Object.assign(seen, { state: state, changed: Date.now() });
    const text = Array.from(document.querySelectorAll(numbers), (one) => one.textContent).join("\\n");
    if (text !== seen.text) Object.assign(seen, { text: text, shown: Date.now() });
  };
  new MutationObserver(look).observe(document,
    { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["data-test-script-state"] });
  document.addEventListener("click", () => { seen.clicked = Date.now(); }, true);
  seen.map = () => { const frame = document.querySelector(".stMain iframe"); return frame && frame.contentWindow.hotspots; };
  seen.last = () => Math.max(seen.changed, seen.shown, seen.map() ? seen.map().painted : 0);
  seen.settled = (quiet) => seen.state === "notRunning" && seen.changed > seen.clicked && seen.text.length > 0
    && seen.map() && seen.map().paints > 0 && Date.now() - seen.last() > quiet;
  window.WebSocket = class extends WebSocket {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", (event) => { seen.bytes += event.data.size || event.data.byteLength || event.data.length; });
    }
  };
  seen.got = () => [window, ...Array.from(document.querySelectorAll("iframe"), (one) => one.contentWindow)]
    .flatMap((one) => [...one.performance.getEntriesByType("navigation"), ...one.performance.getEntriesByType("resource")])
    .reduce((sum, one) => sum + one.transferSize, seen.bytes);
})();
"""  # noqa: E501
# The cell whose label stands nearest to the middle of the map: where it is in the frame
MIDDLE = """
() => {
  const view = hotspots.view, layer = view.levels[view.shown.layer], size = view.map.getSize(), found = [];
  layer.eachLayer((cell) => {
    const [lon, lat] = layer.anchors[cell.position], at = view.map.latLngToContainerPoint([lat / 1e5, lon / 1e5]);
    found.push([Math.hypot(at.x - size.x / 2, at.y - size.y / 2), at.x, at.y]);
  });
  return found.reduce((best, one) => one[0] < best[0] ? one : best).slice(1);
}
"""


class GivenUp(Exception):
    """A step took too long, took too much memory, or ended in an error."""


class Screen:
    """One page in a browser window of its own."""

    def __init__(self, browser: Browser, address: str, memory: Memory) -> None:
        self.context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="en")
        self.context.add_init_script(WATCH)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_S * 1e3)
        self.memory = memory
        self.page.goto(address, wait_until="commit")
        self.first = self._seconds()

    def act(self, deed: Callable[[], Any]) -> float:
        """Return the seconds from the last click of a deed until its answer is seen, other than what was seen."""
        before = self.page.evaluate("bench.text + (bench.map() ? bench.map().paints : '')")
        deed()
        seconds = self._seconds()
        if self.page.evaluate("bench.text + (bench.map() ? bench.map().paints : '')") == before:
            raise GivenUp("nothing changed")
        return seconds

    def bytes(self) -> float:
        """Return how much the browser got up to now, in kB."""
        return self.page.evaluate("bench.got()") / 1e3

    def choose(self, label: str, option: str) -> None:
        """Choose in a select box."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def press(self, name: str) -> None:
        """Press a button of the side bar."""
        self.page.get_by_test_id("stSidebar").get_by_role("button", name=name).click()

    def click_map(self) -> None:
        """Click on the cell in the middle of the map."""
        element = self.page.query_selector(".stMain iframe")
        assert element is not None
        element.scroll_into_view_if_needed()
        x, y = self.frame().evaluate(MIDDLE)
        box = element.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + x, box["y"] + y)
        self.page.evaluate("bench.clicked = Date.now()")  # the page does not see what happens in a frame
        self.page.mouse.down()
        self.page.mouse.up()

    def frame(self) -> Frame:
        """Return the frame of the map."""
        element = self.page.query_selector(".stMain iframe")
        frame = element.content_frame() if element else None
        assert frame is not None
        return frame

    def _seconds(self) -> float:
        ask, begun = f"() => window.bench && bench.settled({QUIET_MS})", time.monotonic()
        while True:
            try:
                self.page.wait_for_function(ask, timeout=1000, polling=50)
                break
            except NotYet:
                if (used := self.memory.now()) > MOST_MB:
                    raise GivenUp(f"{used:,.0f} MB") from None
                if time.monotonic() - begun > PATIENCE_S:
                    raise GivenUp(f"{PATIENCE_S} s") from None
        if self.page.locator(".stMain [data-testid=stAlertContentError]", has_text="went wrong").count():
            raise GivenUp(self.page.locator(".stMain [data-testid=stAlertContentError]").first.inner_text())
        return self.page.evaluate("bench.last() - bench.clicked") / 1e3


@contextlib.contextmanager
def served(workspace: Path) -> Iterator[tuple[str, Memory]]:
    """Serve a workspace while this is open; give the address and the memory of the server."""
    port = choose_port(None)
    command = [sys.executable, *server_command(port)[1:]]
    surroundings = {**os.environ, "HOTSPOTS_WORKSPACE": str(workspace)}
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=log, stderr=log)
        try:
            if not wait_until_healthy(server, f"http://127.0.0.1:{port}"):
                log.seek(0)
                raise RuntimeError(log.read().decode("utf-8", "replace"))
            yield f"http://127.0.0.1:{port}", Memory(server.pid, children=True)
        finally:
            server.terminate()
            end(server)


def visit(browser: Browser, workspace: Path, page: str, found: dict[str, list[float]], *, all_time: bool) -> None:
    """Start a server, go through the steps of a page once, and add what they cost to what was found."""

    def note(step: str, cost: float) -> None:
        found.setdefault(step, []).append(cost)

    with served(workspace) as (url, memory), contextlib.ExitStack() as windows:

        def opened() -> Screen:
            screen = Screen(browser, f"{url}/{PAGES[page]}?lang=en", memory)
            windows.callback(screen.context.close)
            return screen

        cold = opened()
        note("cold", cold.first)
        note("first kB", cold.bytes())
        cold.context.close()
        screen = opened()
        note("warm", screen.first)
        for period in ("Last 6 whole months", "Last 3 whole months"):
            note("period", screen.act(lambda period=period: screen.choose("Period", period)))
        screen.act(lambda: screen.choose("Period", "Last 12 whole months"))
        before = screen.bytes()
        for hazards in ("Waterlogging", "Sunken cover", "Waterlogging"):  # one, both, the other
            note("hazard", screen.act(lambda name=hazards: screen.press(name)))
        note("change kB", (screen.bytes() - before) / 3)
        note("recolour", screen.act(lambda: recolour(screen, page)))
        place = screen.frame().evaluate("hotspots.view.place")
        seconds = screen.act(screen.click_map)
        if screen.frame().evaluate("hotspots.view.place") == place:
            note("click", seconds)
        else:
            note("drill", seconds)
            note("click", screen.act(screen.click_map))
        note("MB", memory.now())
        if not all_time:
            return
        other = opened()  # its own choices: all hazards, everywhere
        note("all time", other.act(lambda: other.choose("Period", "All time")))
        note("all time MB", memory.now())


def recolour(screen: Screen, page: str) -> None:
    """Show something else of the same incidents."""
    if page == "overview":
        screen.choose("Map shows", "Reports per km²")
    elif page == "hotspots":
        screen.page.get_by_text("Show events and dense groups as points").click()
    else:
        screen.choose("Compare by", "Handling unit")


HEAD = f"  {'incidents':>11} {'cells':>7} {'page':11}" + "".join(f"{step:>9}" for step in STEPS)
KINDS = {"MB": "MB", "all time MB": "all MB", "first kB": "first kB", "change kB": "change kB"}
HEAD += "".join(f"{title:>10}" for title in KINDS.values())


def measure(
    browser: Browser, workspace: Path, rows: int, cells: int, page: str, rounds: int, lines: Lines
) -> dict[str, float]:
    """Print and return the medians of a page."""
    found: dict[str, list[float]] = {}
    trouble = ""
    for _ in range(rounds):
        try:
            visit(browser, workspace, page, found, all_time=not trouble)  # what was given up is not tried again
        except (GivenUp, NotYet) as given_up:
            trouble = str(given_up).splitlines()[0]
    medians = {name: float(np.median(all_)) for name, all_ in found.items()}
    shown = "".join(f"{medians[step]:9.2f}" if step in medians else f"{'–':>9}" for step in STEPS)
    shown += "".join(f"{medians[kind]:10,.0f}" if kind in medians else f"{'–':>10}" for kind in KINDS)
    print(f"  {rows:11,} {cells:7,} {page:11}{shown}" + (f"   given up: {trouble}" if trouble else ""), flush=True)
    lines.add(incidents=rows, cells=cells, page=page, rounds=rounds, medians=medians, found=found, given_up=trouble)
    return medians


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Give a real browser without a window."""
    path = find_browser()
    if path is None:
        raise SystemExit("There is no Chromium, Chrome or Edge: apt-get install chromium")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that server and browser are ended too
    arguments = ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def main() -> None:
    """Measure all pages at all sizes, or those named."""
    options = parser(__doc__)
    options.add_argument("--rows", type=float, action="append", help=f"incidents; {ROWS} if not given")
    options.add_argument("--cells", type=int, action="append", help=f"{CELLS} if not given")
    options.add_argument("--pages", action="append", choices=list(PAGES))
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, help="of the workspaces: they stay and are used again")
    asked = options.parse_args()
    prepare_static()
    with tempfile.TemporaryDirectory() as made, chromium() as browser:
        lines = Lines("screens", asked.json)
        print(f"  Chromium {browser.version}; seconds, medians of {asked.rounds} rounds\n{HEAD}", flush=True)
        for rows in map(int, asked.rows or ROWS):
            for cells in asked.cells or CELLS:
                workspace = kept(asked.folder or Path(made), rows, cells)
                for page in asked.pages or PAGES:
                    measure(browser, workspace, rows, cells, page, asked.rounds, lines)


if __name__ == "__main__":
    main()
