"""Boundaries of different times: on no day does a cell stand twice, and what an earlier file held is not lost."""

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import HazardError
from data.editions import add_edition, newest_edition, read_day


def _cells(ids: str) -> gpd.GeoDataFrame:
    shapes = [shapely.box(n, 0, n + 1, 1) for n in range(len(ids))]
    return gpd.GeoDataFrame({"cell_id": list(ids)}, geometry=shapes, crs="EPSG:4326")


NOTHING = _cells("A").assign(edition="", valid_from="", valid_to="").iloc[:0]
DAYS = ("", "2024-01-01", "2025-01-01", "2026-01-01")


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sets(st.sampled_from("ABC"), min_size=1)), min_size=1, max_size=6))
def test_on_each_day_the_newest_file_that_began_by_then_stands_alone(files):
    stored, expected, newest = NOTHING, {}, ""
    for day, ids in files:
        if day and day < newest:
            with pytest.raises(HazardError, match="loaded before"):
                add_edition(stored, _cells("".join(sorted(ids))), day=day, end="", level="grid")
            continue
        stored = add_edition(stored, _cells("".join(sorted(ids))), day=day, end="", level="grid")
        newest = day or newest
        expected[newest] = ids
    for day in ("2023-06-01", *DAYS[1:], "2030-01-01"):
        began = [start for start in expected if start <= day]
        stands = stored[(stored["valid_from"] <= day) & ((stored["valid_to"] == "") | (day < stored["valid_to"]))]
        assert sorted(stands["cell_id"]) == sorted(expected[max(began)] if began else [])
    assert sorted(newest_edition(stored)["cell_id"]) == sorted(expected.get(newest, []))


def test_a_last_day_of_the_file_ends_its_cells_unless_they_end_before():
    cells = _cells("AB").assign(valid_to=["2025-06-01", ""], valid_from=["", "2025-03-01"])
    stored = add_edition(NOTHING, cells, day="2025-01-01", end="2026-01-01", level="grid")
    assert list(stored["valid_from"]) == ["2025-01-01", "2025-03-01"]
    assert list(stored["valid_to"]) == ["2025-06-01", "2026-01-01"]
    with pytest.raises(HazardError, match="no time") as caught:
        add_edition(NOTHING, cells, day="2025-07-01", end="", level="grid")
    assert caught.value.code == "validity-overlaps"


def test_days_are_read_as_offices_write_them():
    assert [read_day(text, "valid_from") for text in (None, "", "2025年3月5日", "2025/3/5")] == [
        "", "", "2025-03-05", "2025-03-05",
    ]  # fmt: skip
