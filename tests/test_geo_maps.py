"""The offline map as text: what reaches the browser, and that no name does so as script, template or HTML."""

import dataclasses
import html
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import folium
import numpy as np
import pytest
import shapely
from folium.plugins import MarkerCluster
from hostile_names import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from base import palette
from base.text import Words
from bench.map_city import build_grids
from geo import maps
from geo.classes import classify
from geo.legend import Legend, build_legend, legend_html
from geo.maps import Group, MapLevel, MapValues
from geo.outlines import KEPT, anchors, encode_shapes, rounded, simplified, tolerance_m
from geo.points import gathered

EN = Words("en")
# Four cells of 0.01 degrees, two and two, and their parent.
CELLS = np.array([shapely.box(x, y, x + 0.01, y + 0.01) for y in (30.0, 30.01) for x in (114.0, 114.01)])
WHOLE = np.array([shapely.box(114.0, 30.0, 114.02, 30.02)])
NAMES = ["青石1", "南湖2", "新垸3", "West 4"]
LEVELS = (MapLevel("street", WHOLE, ["街道"], ["街"]), MapLevel("grid", CELLS, NAMES, NAMES, [0, 0, 0, 0]))
VALUES = MapValues(level=1, classes=[0, 1, 4, -1], labels=["0", "2", "9", "–"], tips=["0 reports"] * 4, hot=[2])


def spoken(script):
    """Return the value that a script hands over, read as a browser would read it."""
    return json.loads(re.search(r"hotspots\.paint\((.*)\);", script, re.S)[1])


def script_of(values):
    return next(iter(maps.painted("0f", values, words=EN)._children.values())).code(None)


# --- text ---


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=6))
def test_a_script_value_reads_back_unchanged_and_holds_no_sign_of_html_or_templates(value):
    text = maps.script_value(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&'`${}%#=_\u2028\u2029")
    assert text.isascii()


def test_a_script_value_is_no_place_for_nan():
    with pytest.raises(ValueError, match="JSON"):
        maps.script_value([float("nan")])


@given(st.text())
def test_escaped_text_holds_no_sign_that_means_something(text):
    left = re.sub(r"&#\d+;", "", maps.escape(text))
    assert not set(left) & set("<>&\"'`$\\{}%#=,\u2028\u2029\x00\x07\x1b\x7f\x9f\n")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])) | st.sampled_from(HOSTILE))
def test_escaped_text_is_shown_as_typed(text):
    assert html.unescape(maps.escape(text)) == text


# --- the cells file ---


def decode(flat):
    return np.cumsum(np.array(flat).reshape(-1, 2), axis=0) / 1e5


def test_outlines_come_back_to_a_metre_and_shared_corners_stay_shared():
    rings = [decode(part[0]) for [part] in encode_shapes(CELLS)]
    assert [sorted(map(tuple, ring)) for ring in rings] == [
        sorted({tuple(np.round(xy, 5)) for xy in shapely.get_coordinates(cell)}) for cell in CELLS
    ]


def test_holes_and_parts_are_kept():
    ring = shapely.box(0, 0, 1, 1).difference(shapely.box(0.4, 0.4, 0.6, 0.6))
    two = shapely.MultiPolygon([shapely.box(2, 0, 3, 1), shapely.box(4, 0, 5, 1)])
    assert [[len(part) for part in cell] for cell in encode_shapes(np.array([ring, two]))] == [[2], [1, 1]]


def test_a_label_stands_in_the_middle_of_a_square_with_half_its_side_as_radius():
    # By hand, at the equator: 0.01 degrees are 1,105.7 m, so the largest circle has a radius of 553 m.
    [[lon, lat, radius]] = anchors(np.array([shapely.box(0, -0.005, 0.01, 0.005)]))
    assert (lon, lat) == pytest.approx((500, 0), abs=2)
    assert radius == pytest.approx(553, abs=4)


def wavy_cells():
    """Two cells with one wavy border of 15,000 vertices, 45,000 in all."""
    t = np.linspace(0, 1, 15_000)
    wave = np.column_stack([114.5 + 0.01 * np.sin(40 * t), 30 + t])
    left = shapely.Polygon(np.vstack([[[114, 30]], wave, [[114, 31]]]))
    right = shapely.Polygon(np.vstack([[[115, 30]], wave, [[115, 31]]]))
    return np.array([left, right])


def test_large_outlines_get_smaller_and_neighbours_still_fit_edge_by_edge():
    cells = wavy_cells()
    simple = simplified(cells, 10)
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates(cells).sum() / 20
    assert shapely.coverage_is_valid(simple)
    assert shapely.hausdorff_distance(simple, cells).max() < 1 / 1_000


def test_small_outlines_are_sent_as_they_are():
    assert simplified(CELLS, 10) is CELLS


def test_cells_that_overlap_are_simplified_too_and_none_is_lost():
    t = np.linspace(0, 2 * np.pi, 400)
    around = [(114 + x / 100, 30 + y / 100) for x in range(9) for y in range(9)]
    cells = np.array(
        [shapely.Polygon(np.column_stack([x + 0.008 * np.cos(t), y + 0.008 * np.sin(t)])) for x, y in around]
    )
    simple = simplified(cells, 10)
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates(cells).sum() / 5
    assert shapely.is_valid(simple).all()
    assert shapely.area(simple) == pytest.approx(shapely.area(cells), rel=0.01)


def test_the_tolerance_grows_with_the_cells_a_few_metres_for_grids_and_some_tens_for_streets():
    # By hand: a fiftieth of the side; 0.0025 degrees of latitude are 276 m, at 60 degrees north as wide as 0.005.
    assert tolerance_m(np.array([shapely.box(114, 60, 114.005, 60.0025)])) == pytest.approx(5.5, abs=0.1)
    assert tolerance_m(np.array([shapely.box(0, 0, 0.5, 0.5)])) == 50


def test_rounding_leaves_every_cell_a_valid_outline():
    step = 1e-5
    speck = shapely.box(0, 0, step / 10, step / 10)
    neck = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0.5, step / 5), (0, 1)])  # the tip falls on the base
    pinhole = shapely.box(0, 0, 1, 1).difference(shapely.box(0.4, 0.4, 0.4 + step / 5, 0.4 + step / 5))
    whole = rounded(np.array([speck, neck, pinhole]))
    assert shapely.is_valid(whole).all()
    assert shapely.area(whole) * step**2 == pytest.approx([step**2, 0.5, 1.0], rel=1e-4)


def test_neighbours_of_a_city_leave_no_gap_and_no_overlap_when_they_are_simplified_and_rounded():
    cells = build_grids(40, 12)
    whole = rounded(simplified(cells, tolerance_m(cells)))
    union = shapely.union_all(whole)
    assert shapely.get_num_coordinates(cells).sum() > 20_000  # else they would have been sent as they are
    assert (union.geom_type, len(union.interiors)) == ("Polygon", 0)
    assert shapely.area(whole).sum() == pytest.approx(union.area, rel=1e-9)


def test_gathered_points_keep_their_number_and_their_middle():
    lonlat = np.random.default_rng(1).uniform((114, 30), (114.2, 30.1), (9_000, 2))
    many = gathered(lonlat)
    assert many.counts.sum() == 9_000
    assert len(many.points) <= 3_600
    assert np.average(many.points, axis=0, weights=many.counts) == pytest.approx(lonlat.mean(axis=0))
    assert gathered([[114, 30]] * 3).counts.tolist() == [3]


def test_the_neighbourhoods_of_boston_stay_valid(shared_data):
    features = json.loads((shared_data / "boston311_2015/boston_neighborhoods.geojson").read_text("utf-8"))["features"]
    shapes = [shapely.make_valid(shapely.geometry.shape(feature["geometry"])) for feature in features]
    polygons = np.array([shapely.union_all([p for p in shapely.get_parts(s) if p.area > 0]) for s in shapes])
    simple = simplified(polygons, 10)
    assert shapely.is_valid(simple).all()
    assert shapely.area(simple).sum() == pytest.approx(shapely.area(polygons).sum(), rel=1e-3)


def test_the_same_cells_give_the_same_key_and_others_another(tmp_path):
    first = maps.publish_cells(LEVELS, folder=tmp_path)
    assert maps.publish_cells(LEVELS, folder=tmp_path) == first
    renamed = MapLevel("grid", CELLS, ["other", *NAMES[1:]], NAMES, [0, 0, 0, 0])
    assert maps.publish_cells((LEVELS[0], renamed), folder=tmp_path) != first
    assert len(list((tmp_path / "cells").iterdir())) == 2


def test_of_many_cells_files_the_last_used_stay(tmp_path):
    keys = []
    for number in range(KEPT):
        keys.append(maps.publish_cells([MapLevel("grid", WHOLE, [str(number)], [""])], folder=tmp_path))
        os.utime(tmp_path / "cells" / f"{keys[-1]}.js", (number, number))
    assert maps.touch_cells(keys[0], folder=tmp_path)  # used again: now the second is the oldest
    maps.publish_cells(LEVELS, folder=tmp_path)
    assert [maps.touch_cells(key, folder=tmp_path) for key in keys] == [True, False] + [True] * (KEPT - 2)


@pytest.mark.parametrize(
    ("level", "message"),
    [
        (MapLevel("grid", np.array([shapely.Point(0, 0)]), ["a"], ["a"]), "cell 0 has no outline"),
        (MapLevel("grid", np.array([None, WHOLE[0]]), ["a", "b"], ["a", "b"]), "cell 0 has no outline"),
        (MapLevel("grid", CELLS, NAMES[:3], NAMES), "differ in length"),
        (MapLevel("grid", CELLS, NAMES, NAMES, [0]), "differ in length"),
    ],
)
def test_a_level_that_cannot_be_drawn_is_refused_by_name(level, message, tmp_path):
    with pytest.raises(ValueError, match=f"grid: .*{message}"):
        maps.publish_cells([level], folder=tmp_path)


def test_hostile_names_stand_in_the_cells_file_as_plain_strings(tmp_path):
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in range(len(HOSTILE))])
    key = maps.publish_cells([MapLevel("grid", shapes, HOSTILE, HOSTILE)], folder=tmp_path)
    text = (tmp_path / "cells" / f"{key}.js").read_text("ascii")
    data = re.fullmatch(r'\(window\.hotspotsCells=window\.hotspotsCells\|\|\{\}\)\["' + key + r'"\]=(.*);', text)[1]
    assert json.loads(data)["layers"][0]["names"] == list(HOSTILE)
    assert not set("".join(re.findall(r'"([^"]*)"', data))) & set("<>&'`${}%#=")


# --- the map ---


def test_a_map_asks_for_our_own_files_only():
    links = re.findall(r'(?:src|href)="([^"]+)"', maps.base_map().get_root().render())
    assert len(links) == 4
    assert all(link.startswith("../../app/static/") for link in [*links, spoken(script_of(VALUES))["link"]])


def test_the_script_of_a_map_is_always_the_same_so_other_cells_need_no_new_frame():
    scripts = [maps.base_map().get_root().render() for _ in range(2)]
    assert len({re.sub(r"_[a-z0-9]+", "", script) for script in scripts}) == 1  # as streamlit-folium compares them


@pytest.mark.parametrize(
    "part", [MarkerCluster(), folium.TileLayer(), folium.FeatureGroup().add_child(MarkerCluster())]
)
def test_a_part_that_asks_elsewhere_is_refused(part):
    drawn = maps.base_map().add_child(part)
    with pytest.raises(ValueError, match="would ask for"):
        maps.check_links(drawn)


def test_a_repaint_carries_numbers_and_words_but_no_name_of_a_cell():
    script = script_of(VALUES)
    said = spoken(script)
    assert (said["classes"], said["values"], said["hot"]) == ([0, 1, 4, -1], ["0", "2", "9", "–"], [2])
    assert said["words"] == {"in": "Zoom in", "out": "Zoom out", "all": "Whole map"}
    assert set(said["palettes"]) == {"light", "dark"}
    assert not any(json.dumps(name)[1:-1] in script for name in NAMES)


def test_hostile_text_reaches_a_repaint_as_plain_strings():
    everywhere = MapValues(
        level=0,
        classes=[0] * len(HOSTILE),
        labels=HOSTILE,
        tips=HOSTILE,
        stamp=HOSTILE[0],
        groups=[Group([[114.0, 30.0], [114.00002, 29.99999], [114.0, 29.99998]], name) for name in HOSTILE],
    )
    script = script_of(everywhere)
    said = spoken(script)
    assert said["values"] == list(HOSTILE)
    assert said["tips"] == [name.splitlines() for name in HOSTILE]
    assert [label for _, label in said["groups"]] == list(HOSTILE)
    assert said["groups"][0][0] == [11_400_000, 3_000_000, 2, -1, -2, -1]
    rendered = folium.Map(tiles=None).add_child(maps.painted("0f", everywhere, words=EN)).get_root().render()
    assert script in rendered  # not compiled again as a template
    assert "49" not in re.findall(r'"values":\[(.*?)\]', rendered)[0]


def test_points_are_sent_as_differences_with_the_colour_of_their_hazard():
    points = np.array([[114.0, 30.0], [114.00002, 29.99999]])
    values = MapValues(0, [0], ["1"], [""], points=points, point_hazards=["wall_risk", "waterlogging"])
    said = spoken(script_of(values))
    assert said["points"] == [11400000, 3000000, 2, -1]
    assert [said["hues"][kind] for kind in said["kinds"]] == [
        palette.HAZARDS["wall_risk"],
        palette.HAZARDS["waterlogging"],
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (MapValues(0, [0, 1], ["1"], [""]), "differ in length"),
        (MapValues(0, [5], ["1"], [""]), "no step"),
        (MapValues(0, [-2], ["1"], [""]), "no step"),
        (MapValues(0, [0], ["1"], [""], points=[[1, 2]], point_hazards=[]), "differ in number"),
    ],
)
def test_values_that_do_not_fit_together_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        maps.painted("0f", values, words=EN)


def test_several_starts_at_once_leave_one_whole_copy_of_leaflet(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        targets = set(pool.map(lambda _: maps.prepare_static(folder=tmp_path), range(8)))
    [target] = targets
    assert {"leaflet.js", "leaflet.css", "images"} == set(os.listdir(target))
    assert os.listdir(tmp_path / "vendor") == [os.path.basename(target)]
    assert maps.missing_files(folder=tmp_path) == ["map.js", "map.css"]
    (target / "leaflet.js").unlink()
    assert len(maps.missing_files(folder=tmp_path)) == 3


def test_the_fonts_are_there_with_their_licence():
    fonts = maps.STATIC / "fonts"
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / "OFL.txt").read_text("utf-8")
    assert {path.read_bytes()[:4] for path in fonts.glob("*.woff2")} == {b"wOF2"}
    named = re.findall(r'url\("([^"]+)"\)', (maps.STATIC / "map.css").read_text("utf-8"))
    assert named
    assert all((maps.STATIC / name).exists() for name in named)


# --- the legend ---


def legend_of(values, **options):
    classes = classify([0, 2, 9, np.nan], whole=True)
    return build_legend(classes, values, words=EN, measure="Reports", n=11, **options)


def test_a_legend_names_measure_unit_edges_scheme_and_n():
    text = re.sub(r"<[^>]+>", "|", legend_html(legend_of(VALUES, unit="events", claim="hot spot (5%)")))
    shown = [part for part in text.split("|") if part]
    assert shown == ["Reports", "events", "0", "2", "3 or more", "no data", "hot spot (5%)", "natural breaks · n = 11"]


def test_a_mark_stands_in_the_legend_only_where_a_cell_in_view_carries_it():
    plain = MapValues(1, [0, 1, 2, 2], [""] * 4, [""] * 4)
    assert legend_of(plain) == Legend("Reports", steps=("0", "2", "3 or more"), notes=("natural breaks", "n = 11"))
    marked = MapValues(1, [0, 1, 2, -1], [""] * 4, [""] * 4, hot=[2], gather=[1], silent=[0], few=[1], selected=1)
    full = legend_of(marked, claim="hot", gather="gather")
    assert (full.hot, full.gather) == ("hot", "gather")
    assert all((full.silent, full.few, full.missing, full.selected))
    part = legend_of(marked, claim="hot", gather="gather", shown=[0])
    assert part.silent
    assert (part.hot, part.gather, part.few, part.missing, part.selected) == ("",) * 5


def test_an_outline_without_a_claim_is_refused():
    gathering = dataclasses.replace(VALUES, hot=[], gather=[2])
    inside = dataclasses.replace(VALUES, within=[2])
    refused = ((VALUES, {"gather": "g"}), (gathering, {"claim": "c"}), (inside, {"claim": "c"}))
    for values, other in refused:
        with pytest.raises(ValueError, match="claims"):
            legend_of(values, **other)


def test_a_hot_spot_and_a_gathering_have_two_marks_in_the_legend():
    page = legend_html(Legend("m", hot="h", gather="g"))
    assert (page.count("px solid"), page.count("px dashed")) == (2, 2)  # each for the light and the dark ground


def test_a_cell_within_a_claimed_place_has_a_mark_of_its_own_in_the_legend():
    marked = MapValues(1, [0, 1, 2, -1], [""] * 4, [""] * 4, hot=[1, 2], within=[2])
    key = legend_of(marked, claim="hot", hot_place="in a place")
    assert (key.hot, key.hot_place, key.gather, key.gather_place) == ("hot", "in a place", "", "")
    key = legend_of(marked, claim="hot", hot_place="in a place", shown=[2])
    assert (key.hot, key.hot_place) == ("", "in a place")
    page = legend_html(Legend("m", hot_place="h", gather_place="g"))
    assert (page.count("1.6px solid"), page.count("1.6px dashed")) == (2, 2)


def test_hostile_text_in_a_legend_is_text():
    for name in HOSTILE:
        legend = Legend(
            name, unit=name, steps=(name,), notes=(name,), hot=name, gather=name, hazards=(("other", name),)
        )
        page = legend_html(legend)
        assert page.count(html.escape(name)) == 7
        assert "<img" not in page
        assert "<script" not in page


def test_every_colour_of_a_legend_is_said_for_both_grounds():
    page = legend_html(
        Legend("m", steps=("a", "b"), hot="h", gather="g", silent="s", few="f", missing="x", selected="c")
    )
    for shade in ("missing", "claim", "hatch"):
        assert f"light-dark({palette.LIGHT[shade]},{palette.DARK[shade]})" in page


def test_a_map_of_a_comparison_says_what_its_frames_and_hatching_mean():
    values = dataclasses.replace(VALUES, hot=[], subject=[0], compared=[1], apart=[2])
    message = spoken(script_of(values))
    assert (message["subject"], message["compared"], message["hatched"]) == ([0], [1], [2])
    said = {"subject": "of the project", "compared": "compared with", "apart": "left out"}
    key = legend_of(values, **said)
    assert (key.subject, key.compared, key.apart) == tuple(said.values())
    assert all(text in legend_html(key) for text in said.values())
    with pytest.raises(ValueError, match="must say"):
        legend_of(values, **{**said, "apart": ""})
