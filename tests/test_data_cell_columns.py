"""The columns of a boundary file: found by their titles, taken as text or numbers, never about persons."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from base.errors import HazardError
from data.cell_columns import cell_table, guess_cell_columns, read_exposure


def test_columns_of_a_boundary_are_found():
    assert guess_cell_columns(["网格编码", "网格名称", "所属社区", "户数", "geometry", "row"]) == {
        "cell_id": "网格编码", "name": "网格名称", "parent": "所属社区", "households": "户数",
    }  # fmt: skip
    assert guess_cell_columns(["adcode", "name", "parent"]) == {"cell_id": "adcode", "name": "name", "parent": "parent"}
    assert guess_cell_columns(["name", "cartodb_id", "objectid"]) == {"name": "name"}  # no numbers of a drawing program


def _boundary(**columns: list[str]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.box(n, 0, n + 1, 1) for n in range(2)])
    return frame.assign(row=[1, 4])


def test_exposures_of_cells_become_numbers_and_numbers_of_cells_stay_text():
    cells = cell_table(_boundary(id=["007", "2"], hh=["300", ""]), {"cell_id": "id", "households": "hh"})
    assert list(cells["cell_id"]) == ["007", "2"]
    assert cells["households"][0] == 300
    assert pd.isna(cells["households"][1])


@pytest.mark.parametrize("value", ["约300", "-1", "inf"])
def test_an_exposure_that_is_no_number_is_named_with_its_feature(value):
    with pytest.raises(HazardError, match="feature 4") as caught:
        cell_table(_boundary(id=["1", "2"], hh=["300", value]), {"cell_id": "id", "households": "hh"}, name="grid.json")
    assert caught.value.code == "exposure-unreadable"


def test_without_a_number_of_the_cell_the_columns_are_named():
    with pytest.raises(HazardError, match="label") as caught:
        cell_table(_boundary(label=["1", "2"]), {}, name="grid.json")
    assert caught.value.code == "cell-id-missing"
    with pytest.raises(HazardError, match="nr") as caught:
        cell_table(_boundary(label=["1", "2"]), {"cell_id": "nr"}, name="grid.json")
    assert caught.value.code == "column-missing"


def test_columns_about_persons_are_no_columns_of_a_boundary():
    columns = ["grid_id", "name", "owner", "联系电话", "网格员"]
    assert guess_cell_columns(columns) == {"cell_id": "grid_id", "name": "name"}
    for field in ("cell_id", "name", "parent"):
        with pytest.raises(HazardError, match="网格员") as caught:
            cell_table(_boundary(id=["1", "2"], 网格员=["张三", "李四"]), {"cell_id": "id", field: "网格员"})
        assert caught.value.code == "personal-column"


def test_numbers_of_persons_in_names_of_cells_are_masked_and_numbers_of_cells_are_not():
    frame = _boundary(id=["13812345678", "2"], name=["一网格 13812345678", "二网格"], up=["张 13912345678", ""])
    cells = cell_table(frame, {"cell_id": "id", "name": "name", "parent": "up"})
    assert list(cells["cell_id"]) == ["13812345678", "2"]
    assert list(cells["name"]) == ["一网格 ***", "二网格"]
    assert list(cells["parent"]) == ["张 ***", ""]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # grids of a community; communities of a street office; buildings of a grid
        (["网格编码", "社区名称", "总户数", "常住人口"],
         {"cell_id": "网格编码", "parent": "社区名称", "households": "总户数", "population": "常住人口"}),
        (["街道名称", "社区名称", "社区编码"], {"cell_id": "社区编码", "parent": "街道名称", "name": "社区名称"}),
        (["楼栋编号", "网格编码", "楼栋名称", "社区名称"],
         {"cell_id": "楼栋编号", "parent": "网格编码", "name": "楼栋名称"}),
        (["GRID_ID", "Grid Name", "Community Code", "HH", "Pop", "Road length (km)", "Manhole covers"],
         {"cell_id": "GRID_ID", "name": "Grid Name", "parent": "Community Code", "households": "HH",
          "population": "Pop", "road_km": "Road length (km)", "covers": "Manhole covers"}),
        (["单元网格编码", "启用日期", "停用日期", "道路长度（米）", "检查井数"],
         {"cell_id": "单元网格编码", "valid_from": "启用日期", "valid_to": "停用日期", "road_km": "道路长度（米）",
          "covers": "检查井数"}),
    ],
)  # fmt: skip
def test_a_file_of_grids_buildings_or_communities_is_understood(columns, expected):
    assert guess_cell_columns(columns) == expected


def test_thousands_and_full_width_digits_are_numbers_and_a_dash_is_unknown():
    numbers, wrong, _ = read_exposure(
        pd.Series(["１，２３４", "12,345.5", "３００", "—", "", "0"]), "households", "户数"
    )
    assert numbers.dropna().tolist() == [1234, 12345.5, 300, 0]
    assert not wrong.any()
    assert read_exposure(pd.Series(["1,23", "-5", "约300", "1 2"]), "households", "户数")[1].all()


@pytest.mark.parametrize(
    ("title", "km", "said"),
    [
        ("道路长度（米）", 1.5, "metres"),
        ("road_length_m", 1.5, "metres"),
        ("道路长度(公里)", 1500, ""),
        ("road_km", 1500, ""),
        ("道路长度（千米）", 1500, ""),
        ("道路长度", 1500, "names no unit"),
    ],
)
def test_metres_of_road_become_kilometres_and_that_is_said(title, km, said):
    numbers, _, notes = read_exposure(pd.Series(["1500"]), "road_km", title)
    assert numbers[0] == km
    assert [said in str(note) for note in notes] == ([True] if said else [])
    cells = cell_table(_boundary(id=["1", "2"], road=["1500", "2"]), {"cell_id": "id", "road_km": "road"})
    assert len(cells.attrs["notes"]) == 1


def test_days_of_cells_are_iso_and_the_year_9999_is_open():
    mapping = {"cell_id": "id", "valid_from": "启用日期", "valid_to": "停用日期"}
    cells = cell_table(
        _boundary(id=["1", "2"], 启用日期=["2025年3月5日", ""], 停用日期=["9999-12-31", "20260101"]), mapping
    )
    assert list(cells["valid_from"]) == ["2025-03-05", ""]
    assert list(cells["valid_to"]) == ["", "2026-01-01"]
    with pytest.raises(HazardError, match="feature 4") as caught:
        cell_table(_boundary(id=["1", "2"], 启用日期=["", "soon"], 停用日期=["", ""]), mapping, name="grid.json")
    assert caught.value.code == "day-unreadable"
