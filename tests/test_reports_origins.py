"""Who reported an event: the channel, else the import, the twenty most frequent of them told apart."""

import numpy as np
import pandas as pd
import pytest

from reports.origins import MOST, OTHERS, origins_of


def events(channel, source):
    return pd.DataFrame({"channel": channel, "source": source}).astype("category")


@pytest.mark.parametrize("channels", [100, 118, 139, 300])  # codes of up to 127 categories are kept in 8 bits
def test_any_number_of_channels_and_imports_is_told(channels):
    channel = [f"c{n:03d}" for n in range(channels)] + [""] * 45 + [None] * 5
    source = ["a"] * channels + [f"s{n % 25:02d}" for n in range(50)]
    found = origins_of(events(channel, source))
    assert len(found.names) == MOST
    told = found.names[found.code]
    assert told[channels:].tolist() == [name if name < "s19" else OTHERS for name in source[channels:]]  # two each
    assert (told[:channels] == OTHERS).all()
    assert found.code.dtype == np.int64


def test_few_are_told_apart_by_their_names_the_most_frequent_first():
    found = origins_of(events(["patrol", "", "patrol", None, "hotline"], ["a", "a", "b", "b", "b"]))
    assert found.names[found.code].tolist() == ["patrol", "a", "patrol", "b", "hotline"]
    assert (found.names[0], found.names.shape) == ("patrol", (4,))
    assert {"patrol", "hotline"} <= found.channels
    assert "a" not in found.channels


def test_no_events_have_no_origins():
    found = origins_of(events([], []))
    assert (len(found.code), len(found.names)) == (0, 0)
