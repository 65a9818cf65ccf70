"""Short names for cells; the rest of the map is tested on the pages."""

import pytest

from reports.choropleth import short_names


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["示例第1网格", "示例第10网格", "示例第2网格"], ["1网格", "10网格", "2网格"]),
        (["Back Bay", "Back Bay East"], ["Back Bay", "East"]),
        (["North End", "South End"], ["North End", "South End"]),
        (["alone"], ["alone"]),
        (["same", "same"], ["same", "same"]),
        ([], []),
    ],
)
def test_a_short_name_drops_what_all_names_begin_with(names, short):
    assert short_names(names) == short
