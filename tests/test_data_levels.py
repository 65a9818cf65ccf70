"""Boundary levels: linked by parent column or code, of several times, and taken back."""

import datetime as dt
import json

import geopandas as gpd
import pytest
import shapely
from stored import boundary, rows, store, with_grids

from base.errors import HazardError
from base.text import Words
from data import tables
from data.levels import load_cells, take_back_cells
from data.loading import import_incidents
from data.schema import Scope
from data.store import Workspace
from reports import answers
from reports.intake import cell_sentences

EN = Words("en")


def _load(workspace, content, level, **options):
    return load_cells(workspace, content, f"{level}.geojson", level=level, who="t", **options)


def _with(content: bytes, **columns) -> bytes:
    """The same boundary with more columns, a list of values each."""
    root = json.loads(content)
    for name, values in columns.items():
        for feature, value in zip(root["features"], values, strict=True):
            feature["properties"][name] = value
    return json.dumps(root).encode()


def _stored(workspace, level):
    dataset = workspace.newest()
    cells = dataset.stored_cells(dataset.level(level).column)
    return list(cells[["cell_id", "valid_from", "valid_to"]].itertuples(index=False, name=None))


KML = (
    b"<kml xmlns='http://www.opengis.net/kml/2.2'><Placemark><name>A</name><Polygon><outerBoundaryIs><LinearRing>"
    b"<coordinates>113,33 113.01,33 113.01,33.01 113,33</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    b"<ExtendedData><Data name='cell_id'><value>A</value></Data></ExtendedData></Placemark></kml>"
)


def test_a_parent_column_may_hold_the_name_of_the_cell_above(tmp_path):
    workspace = Workspace(tmp_path)
    grids = boundary("ABCD", parents=["grid W", "grid W", "grid E", "grid E"])
    first = _load(workspace, grids, "grid")  # before there is a level above
    assert first["link"] == {"above": None, "by": ""}
    _load(workspace, boundary("WE", step=0.02), "community")
    dataset = workspace.newest()
    assert [(level.name, level.parent_level) for level in dataset.levels] == [
        ("community", None),
        ("grid", "community"),
    ]
    assert list(dataset.cells("grid")["parent"]) == ["W", "W", "E", "E"]
    assert _load(workspace, grids, "grid")["link"] == {"above": "community", "by": "name"}


def test_cells_of_an_earlier_boundary_find_their_parents_in_a_level_that_comes_later(tmp_path):
    workspace = Workspace(tmp_path)
    parents = ["grid W", "grid W", "grid E", "grid E"]
    _load(workspace, boundary("PQRS", parents=parents), "grid")
    _load(workspace, boundary("ABCD", parents=parents), "grid", valid_from="2025-01-01")
    _load(workspace, boundary("WE", step=0.02), "community")
    scope = Scope(level="grid", end=dt.date(2025, 1, 1), area="W")
    assert answers.cells_of(workspace.newest(), scope)["cell_id"].tolist() == ["P", "Q"]
    _load(workspace, boundary("XY", step=0.02), "community", valid_from="2025-01-01")  # what P hangs on ends there
    assert answers.cells_of(workspace.newest(), scope)["cell_id"].tolist() == ["P", "Q"]


def test_levels_are_linked_by_the_start_of_the_code_only_if_each_code_fits_one(tmp_path):
    workspace = Workspace(tmp_path)
    _load(workspace, boundary(["41001", "41002"], step=0.02), "community")
    # the drawing of `boundary`: the grids 0 and 1 of each row of four lie in the first community, 2 and 3 in the second
    fit = ["4100101", "4100102", "4100201", "4100202"]
    answer = _load(workspace, boundary(fit, columns=4), "grid")
    assert answer["link"] == {"above": "community", "by": "prefix"}
    assert any("begins with" in sentence for sentence in cell_sentences(answer, "g.geojson", EN))
    assert list(workspace.newest().cells("grid")["parent"]) == ["41001", "41001", "41002", "41002"]
    for odd in ("5100202", "41002"):
        answer = _load(workspace, boundary([*fit[:3], odd], columns=4), "grid")
        assert answer["link"] == {"above": None, "by": ""}
    turned = ["4100201", "4100202", "4100101", "4100102"]  # a coincidence: they lie in the other community
    assert _load(workspace, boundary(turned, columns=4), "grid")["link"]["by"] == ""


def test_a_parent_that_contradicts_the_drawing_is_listed(tmp_path):
    workspace = Workspace(tmp_path)
    _load(workspace, boundary("WE", step=0.02), "community")
    answer = _load(workspace, boundary("ABCD", columns=4, parents=["W", "E", "E", "X"]), "grid")
    found = workspace.newest().findings("grid")["parents"].to_dict("records")
    assert found == [
        {"cell_id": "B", "parent": "E", "lies_in": "W"},
        {"cell_id": "D", "parent": "X", "lies_in": "E"},
    ]
    assert answer["parents"] == 2
    assert "Cell B belongs to E by the file, but lies in W." in cell_sentences(answer, "g.geojson", EN)
    _load(workspace, boundary("EW", step=0.02), "community")  # the names of the two were exchanged
    assert set(workspace.newest().findings("grid")["parents"]["cell_id"]) == {"A", "C", "D"}


def test_a_few_buildings_are_finer_than_many_grids(tmp_path):
    workspace = Workspace(tmp_path)
    _load(workspace, boundary(["b1", "b2"], step=0.001), "building")
    _load(workspace, boundary([f"g{n:02d}" for n in range(12)], columns=4), "grid")
    assert [level.name for level in workspace.newest().levels] == ["grid", "building"]


def test_four_levels_down_to_buildings_are_assigned_in_one_import_and_wrong_parents_are_listed_in_each(tmp_path):
    # Drawn by hand: streets S, T of 0.08 degrees; four communities of 0.04; eight grids of 0.02; a building of 0.002 at
    # the south-west corner of the first grid and one beside it. In each level but the first one parent is wrong.
    workspace = Workspace(tmp_path)
    _load(workspace, boundary(["b1", "b2"], step=0.002, parents=["g1", "g2"]), "building")
    grids = [f"g{n}" for n in range(1, 9)]
    _load(workspace, boundary(grids, step=0.02, columns=8, parents=["c1", "c1", "c2", "c3", *"XXXX"]), "grid")
    _load(
        workspace, boundary(["c1", "c2", "c3", "c4"], step=0.04, columns=4, parents=["S", "T", "T", "T"]), "community"
    )
    again = ["c1", "c1", "c2", "c3", "c3", "c3", "c4", "c4"]  # g4 lies in c2
    _load(workspace, boundary(grids, step=0.02, columns=8, parents=again), "grid")
    _load(workspace, boundary("ST", step=0.08), "street")
    levels = workspace.newest().levels
    assert [(level.name, level.parent_level) for level in levels] == [
        ("street", None), ("community", "street"), ("grid", "community"), ("building", "grid"),
    ]  # fmt: skip
    wrong = {level.name: workspace.newest().findings(level.name)["parents"].to_numpy().tolist() for level in levels}
    assert wrong == {
        "street": [],
        "community": [["c2", "T", "S"]],
        "grid": [["g4", "c3", "c2"]],
        "building": [["b2", "g2", "g1"]],
    }
    rows_ = ["案卷号,上报时间,小类名称,经度,纬度"]
    rows_ += [f"{n},2025-01-0{n} 08:00,道路积水,{at}" for n, at in enumerate(("113.001,33.001", "113.07,33.01"), 1)]
    answer = import_incidents(workspace, "\n".join(rows_).encode(), "r.csv", crs="wgs84", who="t")
    assert [counts["inside"] for counts in answer["levels"].values()] == [2, 2, 2, 1]
    columns = ", ".join(level.column for level in levels)
    found = workspace.newest().query(f"SELECT {columns} FROM incidents ORDER BY incident_id").to_pylist()
    assert [list(row.values()) for row in found] == [["S", "c1", "g1", "b1"], ["S", "c2", "g4", None]]


def test_a_boundary_from_a_day_on_ends_the_one_before_and_both_stay(tmp_path):
    workspace = Workspace(tmp_path)
    _load(workspace, boundary("AB"), "grid")
    answer = _load(workspace, boundary("BC"), "grid", valid_from="2026-01-01")
    assert _stored(workspace, "grid") == [
        ("A", "", "2026-01-01"), ("B", "", "2026-01-01"), ("B", "2026-01-01", ""), ("C", "2026-01-01", ""),
    ]  # fmt: skip
    assert (answer["cells"], answer["editions"]) == (2, ["", "2026-01-01"])
    assert workspace.newest().level("grid").cells == 2
    _load(workspace, boundary("BD"), "grid")  # without a day: a correction of the newest
    assert _stored(workspace, "grid") == [
        ("A", "", "2026-01-01"), ("B", "", "2026-01-01"), ("B", "2026-01-01", ""), ("D", "2026-01-01", ""),
    ]  # fmt: skip
    with pytest.raises(HazardError, match="stand from 2026-01-01") as caught:
        _load(workspace, boundary("AB"), "grid", valid_from="2025-01-01")
    assert caught.value.code == "edition-too-early"
    with pytest.raises(HazardError, match="is no day"):
        _load(workspace, boundary("AB"), "grid", valid_from="next year")
    with pytest.raises(HazardError, match="before it begins"):
        _load(workspace, boundary("AB"), "grid", valid_from="2027-01-01", valid_to="2027-01-01")


def test_the_days_of_a_files_columns_are_kept_and_may_not_overlap(tmp_path):
    workspace = Workspace(tmp_path)
    dated = _with(boundary("ABA"), 启用日期=["2024/1/1", "", "2025-07-01"], 停用日期=["2025/7/1", "", ""])
    _load(workspace, dated, "grid")
    assert _stored(workspace, "grid") == [("A", "2024-01-01", "2025-07-01"), ("A", "2025-07-01", ""), ("B", "", "")]
    meeting = _with(boundary("AAB"), 启用日期=["", "2025-07-01", ""], 停用日期=["2025-08-01", "", ""])
    answer = _load(workspace, meeting, "grid")
    assert [(row.row, row.reason) for row in answer["details"]["rejected"].itertuples()] == [
        (1, "validity-overlaps"), (2, "validity-overlaps"),
    ]  # fmt: skip
    closed = _with(boundary("A"), 停用日期=["2027-01-01"])
    _load(workspace, closed, "grid")
    with pytest.raises(HazardError, match="cell A of an earlier boundary stands until 2027-01-01") as caught:
        _load(workspace, boundary("A"), "grid", valid_from="2026-01-01")
    assert caught.value.code == "validity-overlaps"


def test_a_boundary_change_is_taken_back_with_its_cells_links_and_incidents(tmp_path):
    workspace = with_grids(tmp_path)
    store(workspace, rows([{"incident_id": "1", "lon": 113.005, "lat": 33.005}]))
    column = workspace.newest().level("grid").column

    def cell():
        return workspace.newest().query(f"SELECT {column} FROM incidents").column(0).to_pylist()

    assert cell() == ["A"]
    _load(workspace, boundary("KLMN", parents="WWEE"), "grid")
    assert cell() == ["K"]
    answer = take_back_cells(workspace, who="t")
    assert (answer["level"], answer["file"], answer["cells"]) == ("grid", "grid.geojson", 4)
    assert cell() == ["A"]
    assert list(workspace.newest().cells("grid")["cell_id"]) == list("ABCD")
    take_back_cells(workspace, who="t")  # the first grids: the level goes
    assert [level.name for level in workspace.newest().levels] == ["community"]
    assert column not in workspace.newest().query("SELECT * FROM incidents").column_names
    take_back_cells(workspace, who="t")
    assert workspace.newest().levels == ()
    with pytest.raises(HazardError, match="no such change") as caught:
        take_back_cells(workspace, who="t")
    assert caught.value.code == "nothing-to-undo"


def test_taking_back_the_level_above_takes_the_links_to_it(tmp_path):
    workspace = Workspace(tmp_path)
    _load(workspace, boundary("ABCD", columns=4, parents=["grid W", "grid W", "grid E", "grid E"]), "grid")
    _load(workspace, boundary("WE", step=0.02), "community")
    take_back_cells(workspace, who="t")
    (level,) = workspace.newest().levels
    assert (level.name, level.parent_level) == ("grid", None)
    assert list(workspace.newest().cells("grid")["parent"]) == ["grid W", "grid W", "grid E", "grid E"]


def test_an_unknown_choice_for_doubled_codes_is_refused(tmp_path):
    with pytest.raises(HazardError, match="reject or merge"):
        _load(Workspace(tmp_path), boundary("A"), "grid", same_id="first")
    answer = _load(Workspace(tmp_path), boundary("AAB", columns=3), "grid", same_id="merge")
    assert (answer["cells"], answer["merged"], answer["joined"]) == (2, 1, 1)
    assert any("merged from several features" in sentence for sentence in cell_sentences(answer, "g", EN))


@pytest.mark.parametrize("content", [boundary("AB"), KML], ids=["GeoJSON", "KML"])
def test_a_file_that_does_not_say_its_system_is_taken_as_wgs84_and_this_is_said(tmp_path, content):
    workspace = Workspace(tmp_path / "w")
    answer = load_cells(workspace, content, "a", level="grid", who="t")
    assert answer["crs"] == "wgs84"
    assert any("WGS 84 was assumed" in str(note) for note in answer["notes"])
    answer = load_cells(workspace, content, "a", level="grid", crs="wgs84", who="t")
    assert not any("assumed" in str(note) for note in answer["notes"])


def test_columns_left_out_are_listed_with_the_comma_of_the_readers_language(tmp_path):
    cells = gpd.GeoDataFrame(
        {"cell_id": ["A"], "网格员": [[1, 2]], "照片": [b"\x00"]},
        geometry=[shapely.box(113, 33, 113.01, 33.01)],
        crs=4326,
    )
    cells.to_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    answer = load_cells(Workspace(tmp_path / "w"), content, "a.parquet", level="grid", who="t")
    assert "网格员、照片" in "".join(cell_sentences(answer, "a.parquet", Words("zh")))


def test_outlines_are_read_once_for_all_versions_and_anew_once_they_change(tmp_path, monkeypatch):
    workspace = with_grids(tmp_path)
    opened, really = [], tables.open_table
    monkeypatch.setattr(tables, "open_table", lambda *what: opened.append(what[1]) or really(*what))
    first = workspace.newest().cells("grid")
    first.loc[:, "name"] = "spoilt"  # what is handed out is a copy
    for n in range(2):
        store(workspace, rows([{"incident_id": f"{n}", "cell": "A"}]))
        assert workspace.newest().cells("grid")["name"].tolist() == [f"grid {one}" for one in "ABCD"]
    assert opened.count("cells") == 2  # of two levels
    _load(workspace, boundary("AB"), "grid")
    assert workspace.newest().cells("grid")["cell_id"].tolist() == ["A", "B"]
    assert len(workspace.open(workspace.newest().version - 1).cells("grid")) == 4
