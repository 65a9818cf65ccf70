"""The main way through in a real browser, from an empty workspace to a month imported and taken back, offline."""

import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import demo_cases
import pytest
from python_calamine import CalamineWorkbook

from base.text import Words
from data.geofiles import read_boundaries
from data.store import Workspace

pytestmark = pytest.mark.browser
ZH, EN = Words("zh"), Words("en")
DESK = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"}
LARGE = {"viewport": {"width": 1600, "height": 1000}, "locale": "zh-CN"}
PHONE = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "has_touch": True, "is_mobile": True}
WAIT = 60_000
# Opened at a page's own address, Streamlit asks there for its server first, is told 404, and then asks at the root.
PROBE = re.compile(
    r"http://127\.0\.0\.1:\d+/(hotspots|resolution|evaluation|data|methods)/_stcore/(health|host-config)$"
)


class Reader:
    """A browser window, and what went wrong in it."""

    def __init__(self, browser, address, **context):
        self.page = browser.new_context(**context).new_page()
        self.page.set_default_timeout(WAIT)
        self.trouble = []
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("requestfailed", self._failed)
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("dialog", lambda dialog: (self.trouble.append("dialog"), dialog.dismiss()))
        self.page.goto(address)
        self.settled()

    def _asked(self, request):
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.trouble.append(f"asked: {request.url}")

    def _answered(self, response):
        if response.status >= 400 and not PROBE.match(response.url):
            self.trouble.append(f"{response.status}: {response.url}")

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # a page left while it was still loading
            self.trouble.append(f"failed: {request.url}: {request.failure}")

    def _console(self, message):
        if message.type == "error" and not PROBE.match(message.location.get("url", "")):
            self.trouble.append(f"console: {message.text} {message.location.get('url', '')}")

    def settled(self):
        """Wait until the server has run the page to its end."""
        self.page.wait_for_function(
            "() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
            " && document.querySelector('.stMain h1')",
            timeout=WAIT,
        )

    def title(self):
        return self.page.inner_text(".stMain h1").strip()

    def go(self, words, title):
        before = self.page.url
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=words(title), exact=True).click()
        self.page.wait_for_function("before => location.href !== before", arg=before)
        self.settled()

    def figures(self):
        """Return the five figures of the overview."""
        values = self.page.get_by_test_id("stMetricValue")
        values.nth(4).wait_for()
        return values.all_inner_texts()

    def map(self):
        """Return the frame of the map once it is painted."""
        # Asked of the page and not of one frame: a rerun may put a new frame in the place of the first.
        self.page.wait_for_function(
            "() => { const frame = document.querySelector('.stMain iframe');"
            "return frame && frame.contentWindow.hotspots && frame.contentWindow.hotspots.paints > 0; }"
        )
        return self.page.query_selector(".stMain iframe").content_frame()

    def click_cell(self, position):
        frame = self.map()
        frame.wait_for_function(
            "() => !hotspots.view.map._animatingZoom", polling=100
        )  # Leaflet passes over a click meanwhile
        x, y = frame.evaluate(
            "i => { const v = hotspots.view, [lon, lat] = v.levels[v.shown.layer].anchors[i];"
            "const p = v.map.latLngToContainerPoint([lat / 1e5, lon / 1e5]); return [p.x, p.y]; }",
            position,
        )
        element = frame.frame_element()
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        before = frame.evaluate("hotspots.paints")
        self.page.mouse.click(box["x"] + x, box["y"] + y)
        frame.wait_for_function("n => hotspots.paints > n", arg=before, polling=100)
        self.settled()

    def choose(self, label, option):
        box = self.page.get_by_role("combobox", name=label)
        box.click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def says(self, text):
        self.page.locator(".stMain").get_by_text(text).first.wait_for()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("office")


@pytest.fixture
def reader(browser):
    opened = []

    def read(address, **context):
        opened.append(Reader(browser, address, **context))
        return opened[-1]

    yield read
    for one in opened:
        one.page.context.close()


@pytest.fixture(scope="module")
def office(serve, browser, folder):
    """The address of the app with the example, loaded by its button on the empty overview."""
    address = serve(folder).url
    first = Reader(browser, address, **DESK)
    assert first.title() == ZH("Nothing to show yet")
    first.page.get_by_role("button", name=ZH("Load the example (invented data)")).click()
    first.map()
    first.settled()
    assert first.title() != ZH("Nothing to show yet")
    first.says(ZH("Example data, invented"))
    assert first.trouble == []
    first.page.context.close()
    return address


def grid(position):
    """Return the id and name of the grid at a position of the map: sorted by code as text."""
    names = sorted((one["properties"]["网格编码"], one["properties"]["网格名称"]) for one in features())
    return names[position]


def features():
    return json.loads(demo_cases.demo().grids)["features"]


def test_a_click_on_the_map_opens_the_cell_and_another_click_closes_it(office, reader):
    seen = reader(office, **DESK)
    code, name = grid(1)
    seen.click_cell(1)
    seen.page.get_by_role("heading", name=name).wait_for()
    assert parse_qs(urlsplit(seen.page.url).query)["cell"] == [code]
    assert seen.map().evaluate("hotspots.view.shown.selected") == 1
    seen.click_cell(1)
    seen.page.get_by_text(ZH("Cells that need attention first")).wait_for()
    assert "cell" not in parse_qs(urlsplit(seen.page.url).query)
    assert seen.trouble == []


def test_the_way_over_all_pages_by_the_menu_needs_nothing_from_elsewhere(office, reader):
    seen = reader(office, **DESK)
    titles = [seen.title()]
    seen.go(ZH, "Hot spots")
    titles.append(seen.title())
    frame = seen.map()
    before = frame.evaluate("hotspots.paints")
    seen.page.get_by_text(ZH("Show events and dense groups as points")).click()
    frame.wait_for_function("n => hotspots.paints > n", arg=before, polling=100)
    seen.settled()
    for title in ("Resolution", "Data", "Methods"):
        seen.go(ZH, title)
        titles.append(seen.title())
    assert len(set(titles)) == 5
    assert seen.page.locator(".stMain [data-testid=stAlertContentError]").count() == 0
    assert seen.trouble == []


def test_a_months_file_is_checked_imported_shown_with_totals_and_taken_back(office, reader, folder):
    made, truth = demo_cases.demo(), demo_cases.demo().truth["next_month"]
    before = Workspace(folder).newest()
    seen = reader(f"{office}/data", **DESK)
    name = made.names["next_month"]
    seen.page.set_input_files(
        "input[type=file]", files=[{"name": name, "mimeType": "application/zip", "buffer": made.next_month}]
    )
    seen.says(ZH("Choose the coordinate system of the points first: a wrong one moves points into other grids."))
    seen.choose(ZH("Coordinate system"), ZH("WGS 84: GPS, most open data"))
    totals = ZH(
        "{file}: {read} rows read = {accepted} accepted + {rejected} rejected + {repeats} repeats; "
        "{updated} of the accepted update a known case.",
        file=name,
        read=truth["read"],
        accepted=truth["new"] + truth["updated"],
        rejected=0,
        repeats=truth["repeats"],
        updated=truth["updated"],
    )
    seen.says(ZH("Nothing is stored yet."))
    numbers = seen.page.get_by_test_id("stMetricValue")
    numbers.nth(3).wait_for()
    assert numbers.all_inner_texts() == [
        str(truth["read"]), str(truth["new"] + truth["updated"]), "0", str(truth["repeats"]),
    ]  # fmt: skip
    assert Workspace(folder).newest_version() == (before.version, before.fingerprint)
    seen.page.get_by_role("button", name=ZH("Import"), exact=True).click()
    seen.page.get_by_test_id("stAlertContentSuccess").get_by_text(totals).wait_for()
    after = Workspace(folder).newest()
    assert (after.imports[-1].file, after.imports[-1].accepted) == (name, truth["new"] + truth["updated"])

    seen.page.locator(".stMain").get_by_text(ZH("What was loaded"), exact=True).first.click()
    seen.page.get_by_role("button", name=ZH("Take an import back")).click()
    seen.page.get_by_role("button", name=ZH("Take it back"), exact=True).click()
    seen.page.get_by_test_id("stAlertContentSuccess").get_by_text(ZH("{file} was taken back.", file=name)).wait_for()
    assert [one.file for one in Workspace(folder).newest().imports] == [one.file for one in before.imports]
    assert seen.trouble == []


def test_a_copied_address_shows_another_reader_the_same_view_in_the_same_language(office, reader):
    seen = reader(office, **DESK)
    chinese = seen.title()
    seen.page.get_by_test_id("stSidebar").get_by_text("English", exact=True).click()
    seen.page.wait_for_function("old => document.querySelector('.stMain h1')?.innerText.trim() !== old", arg=chinese)
    seen.settled()
    seen.page.get_by_test_id("stSidebar").get_by_role("button", name=EN("Waterlogging")).click()
    seen.page.wait_for_function("() => location.search.includes('hazard=waterlogging')")
    seen.settled()
    seen.click_cell(1)
    asked = parse_qs(urlsplit(seen.page.url).query)
    assert asked["hazard"] == ["waterlogging"]
    assert asked["cell"] == [grid(1)[0]]
    other = reader(seen.page.url, **DESK)
    other.page.get_by_role("heading", name=grid(1)[1]).wait_for()
    assert other.title() == seen.title()
    assert other.figures() == seen.figures()
    assert not re.search("[一-鿿]", other.title())

    assert (seen.trouble, other.trouble) == ([], [])


def test_the_address_of_the_next_page_holds_what_the_reader_chose_on_the_one_before(office, reader):
    code = grid(1)[0]
    seen = reader(f"{office}/?lang=en&hazard=waterlogging&cell={code}", **DESK)
    seen.go(EN, "Hot spots")
    seen.map()
    seen.settled()
    asked = parse_qs(urlsplit(seen.page.url).query)
    assert {key: asked.get(key) for key in ("hazard", "cell", "lang")} == {
        "hazard": ["waterlogging"],
        "cell": [code],
        "lang": ["en"],
    }
    other = reader(seen.page.url, **DESK)
    assert other.title() == seen.title()
    assert (seen.trouble, other.trouble) == ([], [])


@pytest.mark.parametrize(
    "address",
    [
        *("", "hotspots", "resolution?part=stages", "resolution?part=cells", "evaluation?part=placebos"),
        *("data", "data?section=quality", "methods"),
    ],
)
def test_on_a_phone_no_page_is_wider_than_the_screen(office, reader, address):
    seen = reader(f"{office}/{address}", **PHONE)
    if address in ("", "hotspots") or address.startswith("resolution"):
        seen.map()
    widths = seen.page.evaluate(
        "[document.documentElement.scrollWidth, document.querySelector('.stMain').scrollWidth, innerWidth]"
    )
    assert widths[0] <= 390
    assert widths[1] <= 390
    assert widths[2] == 390
    assert seen.trouble == []


def test_figures_map_and_ranking_of_times_stand_on_one_screen_and_a_click_chooses_a_cell(office, reader):
    seen = reader(f"{office}/resolution?by=cell&part=open", **LARGE)
    seen.map()
    seen.figures()
    seen.page.locator(".stMain [data-testid=stDataFrame]").first.wait_for()
    bottoms = seen.page.evaluate(
        "[['stMetric', 5], ['stDataFrame', 1]].flatMap(([kind, n]) =>"
        " [...document.querySelectorAll(`.stMain [data-testid=${kind}]`)].slice(0, n))"
        ".concat(document.querySelector('.stMain iframe')).map(one => one.getBoundingClientRect().bottom)"
    )
    assert len(bottoms) == 7
    assert max(bottoms) <= 1000
    code, name = grid(1)
    seen.click_cell(1)
    assert parse_qs(urlsplit(seen.page.url).query)["cell"] == [code]
    seen.says(name)
    assert seen.trouble == []


def test_the_cells_download_as_a_workbook_with_a_row_for_each_grid(office, reader):
    seen = reader(office, **DESK)
    with seen.page.expect_download() as waiting:
        seen.page.get_by_role("button", name=ZH("Download: {name}", name=ZH("Cells")), exact=True).click()
    download = waiting.value
    assert download.suggested_filename == "hotspots-cells.xlsx"
    book = CalamineWorkbook.from_filelike(io.BytesIO(download.path().read_bytes()))
    header, *rows = book.get_sheet_by_index(0).to_python()
    assert sorted(row[header.index(ZH("Code"))] for row in rows) == [grid(n)[0] for n in range(23)]
    about = [row[0] for row in book.get_sheet_by_index(1).to_python()]
    assert ZH("Example data, invented") in about
    assert seen.trouble == []


def test_the_hot_spots_download_as_a_geopackage_of_all_grids(office, reader):
    seen = reader(f"{office}/hotspots", **DESK)
    with seen.page.expect_download() as waiting:
        name = ZH("Download: {name}", name=ZH("Hot spots (GeoPackage)"))
        seen.page.get_by_role("button", name=name, exact=True).click()
    assert waiting.value.suggested_filename == "hotspots.gpkg"
    cells = read_boundaries(waiting.value.path().read_bytes(), "hotspots.gpkg", layer="cells").frame
    assert sorted(cells["cell_id"]) == [grid(n)[0] for n in range(23)]
    assert seen.trouble == []


def test_the_page_and_the_map_show_chinese_in_the_font_that_comes_with_the_program(office, reader):
    seen = reader(office, **DESK)
    assert "Hotspots Sans" in seen.page.evaluate("getComputedStyle(document.querySelector('.stMain h1')).fontFamily")
    for where in (seen.page, seen.map()):
        loaded = where.evaluate(
            "async () => { await document.fonts.load('16px \"Hotspots Sans\"', '垸');"
            "return document.fonts.check('16px \"Hotspots Sans\"', '垸')"
            " && [...document.fonts].some(one => one.family.includes('Hotspots Sans') && one.status === 'loaded'); }"
        )
        assert loaded
    assert seen.trouble == []
