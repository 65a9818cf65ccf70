"""How far outside a boundary points lie, and which slip put them there."""

import numpy as np
import pytest

from geo.far import km_outside, likely_slip

BOX = (113.0, 33.0, 113.02, 33.02)


def test_points_lie_as_far_from_the_box_as_degrees_are_long():
    # WGS 84: a degree of the meridian at 33 N is 110.9 km (33 to 34: 110.92), one of the equator 111.3195 km
    km = km_outside([113.01, 113.01, 113.01, np.nan], [33.01, 34.02, 32.0, 33.0], BOX)
    assert km[:3] == pytest.approx([0, 110.92, 110.90], abs=0.02)
    assert np.isnan(km[3])
    assert km_outside([2.0], [0.0], (0.0, -1.0, 1.0, 1.0)) == pytest.approx([111.3195], abs=1e-4)


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
