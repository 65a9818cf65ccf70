"""Settings: the ranges of numbers, where they are set and where they are only read."""

import math

import pytest

from base import settings
from base.errors import HazardError
from base.settings import DEFAULTS, SETTINGS
from base.text import Words
from data.changes import set_settings
from data.store import Workspace

NUMBERS = [one for one in SETTINGS if not isinstance(one.default, str)]


def test_every_number_has_a_range_that_holds_its_default_and_is_whole_where_that_is():
    for one in NUMBERS:
        assert one.least is not None
        assert one.most is not None
        assert one.least < one.most
        for value in (one.default, one.least, one.most):
            settings.check({one.name: value})
            assert settings.merged({one.name: value})[one.name] == value


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_a_number_outside_its_range_is_refused_with_name_value_and_range_where_it_is_set(one):
    for value in (one.least - 1, one.most + 1, math.inf, math.nan):
        with pytest.raises(HazardError) as refusal:
            settings.check({one.name: value})
        assert refusal.value.code == "setting-range"
        for language in ("en", "zh"):
            said = Words(language).error(refusal.value)
            assert all(part in said for part in (one.name, str(value), f"{one.least:,}", f"{one.most:,}"))


def test_half_a_draw_is_refused_and_half_a_share_is_not():
    with pytest.raises(HazardError, match="whole number from 99 to 9,999"):
        settings.check({"map_draws": 999.5})
    settings.check({"scan_share": 0.25})


def test_a_workspace_with_values_outside_opens_with_the_nearest_allowed_ones_and_may_be_changed(tmp_path):
    workspace = Workspace(tmp_path)
    old = {"map_draws": 5, "seed": -3, "fdr": 7.0, "lock_wait_s": 1.6, "spot_min_share": math.nan}
    with workspace.change("settings", who="t") as change:
        change.settings.update(old)
        change.commit()
    nearest = {"map_draws": 99, "seed": 0, "fdr": 0.25, "lock_wait_s": 2, "spot_min_share": 0.01}
    assert {name: workspace.newest().settings[name] for name in old} == nearest
    set_settings(workspace, {"few_reports": 12}, who="t")  # of another setting, which asks nothing about the old ones
    assert workspace.newest().settings == DEFAULTS | nearest | {"few_reports": 12}
    with pytest.raises(HazardError, match="map_draws"):
        set_settings(workspace, {"map_draws": 5}, who="t")
