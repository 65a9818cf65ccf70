"""From the city down to its grids and back by clicks on the map, in a real browser."""

from urllib.parse import parse_qs, urlsplit

import pytest
from stored import boundary, rows, store
from test_browser_journey import DESK, EN, Reader

from data.levels import load_cells
from data.store import Workspace

pytestmark = pytest.mark.browser
COMMUNITIES = ["C1", "C2", "C3", "C4"]  # two by two; S1 holds the two in the south, S2 those in the north
GRIDS = {f"{c}-{x}{y}": (2 * (c in ("C2", "C4")) + x, 2 * (c in ("C3", "C4")) + y)
         for c in COMMUNITIES for x in (0, 1) for y in (0, 1)}  # fmt: skip


@pytest.fixture(scope="module")
def city(serve, tmp_path_factory):
    """Two streets one above the other, two communities in each, four grids in each of these, a report in each grid."""
    workspace = Workspace(tmp_path_factory.mktemp("city"))
    at = {place: grid for grid, place in GRIDS.items()}
    ids = [at[x, y] for y in range(4) for x in range(4)]
    halves = boundary(["S1", "S2"], step=0.02, columns=1).replace(b"113.02", b"113.04")
    for level, content in (
        ("street", halves),
        ("community", boundary(COMMUNITIES, step=0.02, parents=["S1", "S1", "S2", "S2"])),
        ("grid", boundary(ids, columns=4, parents=[grid[:2] for grid in ids])),
    ):
        load_cells(workspace, content, f"{level}.geojson", level=level, crs="wgs84", who="test")
    cases = [
        {"incident_id": grid, "reported_at": "2026-01-05 08:00", "lon": 113.005 + 0.01 * x, "lat": 33.005 + 0.01 * y}
        for grid, (x, y) in GRIDS.items()
    ]
    store(workspace, rows(cases))
    return serve(workspace.path).url


def asked(seen):
    """Return what the address says of the cells in view."""
    found = parse_qs(urlsplit(seen.page.url).query)
    return {name: found[name][0] for name in ("level", "area", "cell") if name in found}


def shown(seen):
    """Return the level and the area that the map shows, and how many cells of it."""
    return seen.map().evaluate(
        "() => { const { shown, levels } = hotspots.view;"
        "return [shown.layer, shown.parent, levels[shown.layer].getLayers().length]; }"
    )


def test_clicks_lead_from_street_to_community_to_grid_and_the_names_above_the_map_lead_back(city, browser):
    seen = Reader(browser, f"{city}/?level=street&lang=en", **DESK)
    assert shown(seen) == [0, None, 2]
    seen.click_cell(0)
    assert asked(seen) == {"level": "street", "cell": "S1"}
    seen.click_cell(0)
    assert asked(seen) == {"level": "community", "area": "S1"}
    assert shown(seen) == [1, 0, 2]
    seen.click_cell(1)
    seen.click_cell(1)
    assert asked(seen) == {"area": "C2"}  # grids are the usual level
    assert shown(seen) == [2, 1, 4]
    assert seen.figures()[0] == "4"
    way = seen.page.locator(".st-key-way-back")
    assert [part for part in way.inner_text().split("\n") if part] == [EN("Everywhere"), "›", "grid S1", "›", "grid C2"]

    seen.click_cell(sorted(GRIDS).index("C2-00"))
    assert asked(seen) == {"area": "C2", "cell": "C2-00"}
    for title, level, area, view in (
        ("grid S1", "community", "S1", [1, 0, 2]),
        ("Everywhere", "street", None, [0, None, 2]),
    ):
        frame, before = seen.map(), seen.map().evaluate("hotspots.paints")
        way.get_by_role("button", name=title).click()
        frame.wait_for_function("n => hotspots.paints > n", arg=before, polling=100)
        seen.settled()
        assert asked(seen) == {"level": level, **({"area": area} if area else {})}
        assert shown(seen) == view
    assert seen.trouble == []
    seen.page.context.close()
