"""The columns of a boundary file: found by their titles, taken as text or numbers, never about persons."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from base.errors import HazardError
from data.cell_columns import cell_table, guess_cell_columns


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
