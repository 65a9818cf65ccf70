"""The offline map in a real browser: what is seen, that nothing is asked elsewhere, and that no name is ever run."""

import os
import shutil
from pathlib import Path

import pytest
from hostile_names import HOSTILE

from base import palette

pytestmark = pytest.mark.browser
TESTS = Path(__file__).resolve().parent
TIP = "{{7*7}} <b>tip</b> `${1+1}`"  # as in map_page.py
STAMP = "<i>internal</i> {% raw %}"


@pytest.fixture(scope="module")
def address(serve, static_files, tmp_path_factory):
    """The page with the map, served from a folder of its own that has our static files beside it."""
    folder = tmp_path_factory.mktemp("map")
    for name in ("map_page.py", "hostile_names.py"):
        shutil.copy(TESTS / name, folder)
    os.symlink(static_files, folder / "static")
    return serve(folder, str(folder / "map_page.py"), PYTHONPATH=str(TESTS.parent)).url


class Map:
    """A page with a map, and what went wrong on it."""

    def __init__(self, browser, address, before=lambda page: None, **context):
        self.page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context}).new_page()
        self.trouble, self.waiting = [], set()
        self.page.on("request", self._asked)
        self.page.on("requestfinished", lambda request: self.waiting.discard(request.url))
        self.page.on("requestfailed", lambda request: self.trouble.append(f"failed: {request.url}"))
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.trouble.append("dialog"), dialog.dismiss()))
        before(self.page)
        self.page.goto(address)
        self.page.wait_for_selector("iframe", state="attached", timeout=30_000)
        self.frame = self.page.query_selector("iframe").content_frame()
        self.painted(0)

    def _asked(self, request):
        self.waiting.add(request.url)
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.trouble.append(f"asked: {request.url}")

    def painted(self, before):
        """Wait for a repaint after number `before`; where none comes, say what is there and which file is not."""
        from playwright.sync_api import TimeoutError as NotYet

        try:
            self.frame.wait_for_function(  # by the clock: a busy browser may show no frame for long
                "n => window.hotspots && hotspots.paints > n", arg=before, timeout=30_000, polling=100
            )
        except NotYet as error:
            there = self.frame.evaluate(
                "() => ({ map: Boolean(window.map), visible: document.visibilityState, words: document.body.innerText,"
                "cells: Object.keys(window.hotspotsCells || {}), asked: window.hotspots?.view.wanted?.cells,"
                "files: performance.getEntriesByType('resource').map(one => one.name.split('/').pop()) })"
            )
            pytest.fail(f"not painted after {before}: {there}; never came: {self.waiting}; {self.trouble} ({error})")

    def paints(self):
        return self.frame.evaluate("hotspots.paints")

    def place(self, cell):
        """Return where the middle of a cell is on the page."""
        x, y = self.frame.evaluate(
            "i => { const v = hotspots.view, [lon, lat] = v.levels[v.shown.layer].anchors[i];"
            "const p = v.map.latLngToContainerPoint([lat / 1e5, lon / 1e5]); return [p.x, p.y]; }",
            cell,
        )
        box = self.frame.frame_element().bounding_box()
        return box["x"] + x, box["y"] + y

    def act(self, deed):
        """Do something that repaints the map, and wait for it."""
        before = self.paints()
        deed()
        self.painted(before)

    def close(self):
        self.page.context.close()


@pytest.fixture
def shown(browser, address):
    opened = []

    def show(**context):
        opened.append(Map(browser, address, **context))
        return opened[-1]

    yield show
    for one in opened:
        one.close()


def test_a_map_is_drawn_where_the_browser_shows_no_frame(browser, address):
    no_frames = "if (window !== window.top) window.requestAnimationFrame = () => 0"
    seen = Map(browser, address, before=lambda page: page.add_init_script(no_frames))
    assert "0" in seen.frame.inner_text("body")
    assert seen.paints() >= 1
    seen.close()


def test_hostile_names_are_shown_letter_by_letter_and_nothing_runs_or_asks_elsewhere(shown):
    seen = shown()
    title = seen.page.title()
    seen.act(lambda: seen.page.get_by_text("Points", exact=True).click())
    for cell, name in enumerate(HOSTILE):
        seen.page.wait_for_timeout(60)  # Leaflet does not look at the mouse again within 32 ms
        seen.page.mouse.move(*seen.place(cell))
        seen.frame.wait_for_function(
            "t => document.querySelector('.cell-tip b')?.textContent === t", arg=name, timeout=5_000
        )
        lines = seen.frame.eval_on_selector_all(".cell-tip div > div", "all => all.map(one => one.textContent)")
        assert lines == [TIP, f"second {cell}"]
    assert seen.frame.text_content(".map-stamp") == STAMP
    assert seen.frame.text_content(".group-label") == TIP
    assert HOSTILE[10] in seen.frame.text_content(".leaflet-labels-pane").replace("\n", "")
    legend = seen.page.text_content(".map-legend")
    assert HOSTILE[0] in legend
    assert HOSTILE[6] in legend
    assert seen.page.get_by_text(f"Map of {HOSTILE[0]}", exact=True).count() == 1
    assert (seen.page.title(), seen.frame.evaluate("window.top.document.title")) == (title, title)
    assert seen.frame.evaluate("typeof jQuery") == "undefined"
    assert seen.frame.query_selector("img[src=x], .leaflet-container script") is None
    assert seen.trouble == []


def test_a_cells_file_that_is_lost_on_its_way_is_asked_for_again(shown):
    lost = []

    def lose(route):
        lost.append(route.request.url)
        route.abort() if len(lost) < 3 else route.continue_()

    seen = shown(before=lambda page: page.route("**/static/cells/*", lose))
    assert len(lost) == 3
    assert seen.paints() == 1
    assert len(seen.trouble) == 2, seen.trouble  # the two that were lost


def test_a_click_chooses_a_cell_and_the_map_keeps_its_frame_and_zoom(shown):
    seen = shown()
    seen.frame.evaluate("window.mine = true, void hotspots.view.map.setZoom(15.3, {animate: false})")
    seen.act(lambda: seen.page.mouse.click(*seen.place(5)))
    seen.page.get_by_text("level 1 parent None chosen 5").wait_for(timeout=10_000)
    assert seen.frame.evaluate("[window.mine, hotspots.view.map.getZoom(), hotspots.view.shown.selected]") == [
        True,
        15.3,
        5,
    ]
    assert not seen.frame.evaluate("document.activeElement.classList.contains('by-keyboard')")  # no ring for the mouse
    assert seen.trouble == []


def marks_of(seen, cell):
    """Return the marks on a cell in the order they are drawn: colour, and whether the line is broken."""
    return seen.frame.evaluate(
        "i => hotspots.view.marks.getLayers()"
        ".filter(one => one.getBounds().equals(hotspots.view.levels[1].cells[i].getBounds()))"
        ".map(one => [one.options.color, Boolean(one.options.dash || one.options.dashArray)])",
        cell,
    )


def test_a_chosen_hot_cell_carries_its_claim_inside_the_mark_of_the_choice(shown):
    seen = shown()
    seen.act(lambda: seen.page.mouse.click(*seen.place(10)))
    c = seen.frame.evaluate("hotspots.view.colours")
    chosen = [c["line"], c["claim"], c["line"], c["ink"], c["line"]]
    assert marks_of(seen, 10) == [[colour, False] for colour in chosen]


def test_a_hot_spot_has_an_unbroken_line_and_a_gathering_a_broken_one(shown):
    seen = shown()
    c = seen.frame.evaluate("hotspots.view.colours")
    assert marks_of(seen, 10) == [[c["line"], False], [c["claim"], False], [c["line"], False]]
    assert marks_of(seen, 7) == [[c["line"], False], [c["claim"], True], [c["line"], False]]
    assert marks_of(seen, 5) == [[c["ink"], True]]  # too few for a rate
    assert marks_of(seen, 6) == []


def test_a_cell_that_is_only_part_of_a_hot_place_has_a_thinner_line_of_the_same_kind(shown):
    seen = shown()
    c = seen.frame.evaluate("hotspots.view.colours")
    assert marks_of(seen, 8) == [[c["line"], False], [c["claim"], False], [c["line"], False]]
    reach = (
        "i => hotspots.view.marks.getLayers().filter(one => one.options.color === hotspots.view.colours.claim"
        " && one.getBounds().equals(hotspots.view.levels[1].cells[i].getBounds()))[0].options.reach"
    )
    assert seen.frame.evaluate(reach, 8) == 3.6  # 2 from the edge, and 1.6 wide
    assert seen.frame.evaluate(reach, 10) == 6


def test_the_line_of_a_claim_lies_inside_its_own_cell(shown):
    seen = shown()
    colours = seen.frame.evaluate(
        """() => {
        const view = hotspots.view, canvas = view.marksCanvas, pen = canvas._ctx, many = window.devicePixelRatio;
        const read = (x, y) => Array.from(pen.getImageData(x * many, y * many, 1, 1).data);
        const at = (x, y) => read(x - canvas._bounds.min.x, y - canvas._bounds.min.y);
        const box = view.levels[1].cells[10]._rawPxBounds, y = (box.min.y + box.max.y) / 2;
        return [at(box.min.x + 4, y), at(box.min.x - 4, y), at(box.min.x + 14, y)];
    }"""
    )
    claim = [int(palette.LIGHT["claim"][i : i + 2], 16) for i in (1, 3, 5)]
    assert colours[0] == [*claim, 255]
    assert [one[3] for one in colours[1:]] == [0, 0]  # nothing beyond the edge, nothing on the number


def test_choosing_a_community_shows_its_cells_only(shown):
    seen = shown()
    seen.act(lambda: seen.page.get_by_text("Up", exact=True).click())
    seen.act(lambda: seen.page.mouse.click(*seen.place(1)))
    visible = seen.frame.evaluate(
        "hotspots.view.levels[1].cells.filter(one => hotspots.view.levels[1].hasLayer(one)).map(one => one.position)"
    )
    assert visible == [6, 7, 8, 9, 10]
    assert seen.frame.evaluate("hotspots.view.map.hasLayer(hotspots.view.levels[0])") is False


def test_silent_few_and_missing_cells_look_different_from_all_others(shown):
    fills = shown().frame.evaluate(
        "[0, 1, 3, 5].map(i => hotspots.view.levels[1].cells[i].options)"
        ".map(o => [o.fillColor instanceof CanvasPattern ? 'hatch' : o.fillColor, o.fillOpacity])"
    )
    assert fills[0] == ["hatch", 1]
    assert fills[1][1] == 1
    assert fills[2] == [palette.LIGHT["missing"], 1]
    assert fills[3][1] == 0.35


def test_the_map_follows_the_theme_without_a_rerun(shown):
    seen = shown(color_scheme="light")
    light = seen.frame.evaluate("hotspots.view.levels[1].cells[1].options.fillColor")
    seen.act(lambda: seen.page.emulate_media(color_scheme="dark"))
    dark = seen.frame.evaluate("hotspots.view.levels[1].cells[1].options.fillColor")
    assert (seen.frame.evaluate("hotspots.view.theme"), light == dark) == ("dark", False)


def test_the_keyboard_reaches_the_map_with_a_ring(shown):
    seen = shown()
    seen.frame.focus(".leaflet-container")
    assert seen.frame.evaluate("document.activeElement.classList.contains('by-keyboard')")
    zoom = seen.frame.evaluate("hotspots.view.map.getZoom()")
    seen.page.keyboard.press("+")
    seen.frame.wait_for_function("z => hotspots.view.map.getZoom() > z", arg=zoom)


def test_the_wheel_scrolls_the_page_until_the_map_is_chosen(shown):
    seen = shown()
    state = "hotspots.view.map.scrollWheelZoom.enabled()"
    assert seen.frame.evaluate(state) is False
    seen.frame.focus(".leaflet-container")
    assert seen.frame.evaluate(state) is True


def test_on_a_phone_the_map_leaves_room_and_one_finger_scrolls_the_page(shown):
    seen = shown(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    box = seen.frame.frame_element().bounding_box()
    assert box["width"] <= 390
    assert box["height"] == pytest.approx(400, abs=1)
    assert seen.frame.evaluate("hotspots.view.map.dragging.enabled()") is False
    seen.frame.evaluate("void hotspots.view.map.setZoom(16, {animate: false})")
    assert seen.frame.evaluate("hotspots.view.map.dragging.enabled()") is True
