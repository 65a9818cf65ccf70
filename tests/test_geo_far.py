"""Which slip put a point far outside a boundary."""

import pytest

from geo.far import likely_slip

BOX = (113.0, 33.0, 113.02, 33.02)


@pytest.mark.parametrize(
    ("lon", "lat", "slip"),
    [
        (0.0, 0.004, "zero"),
        (113.01, 0.0, "zero"),
        (33.01, 113.01, "swapped"),
        (13.01, 33.01, "digit"),  # a 1 lost
        (113.01, 35.01, "digit"),  # 5 for 3
        (113.01, 3.301, "digit"),  # the point one place off
        (1130.1, 33.01, "digit"),
        (104.06, 30.67, ""),  # another city
        (113.4, 33.3, ""),  # 40 km off
        (113.01, 33.4, ""),
        (-33.01, -113.01, ""),
    ],
)
def test_a_likely_slip_is_told_by_the_place_that_it_would_mend_to(lon, lat, slip):
    assert likely_slip(lon, lat, BOX) == slip
