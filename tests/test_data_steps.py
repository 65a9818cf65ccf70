"""Steps of handling that stand before their predecessor: by hand, and whatever the times."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies

from data.steps import CHAINS, out_of_order

NAMES = [name for chain in CHAINS for name in chain]


def cases(*rows: dict[str, str]) -> pd.DataFrame:
    """Cases of a Shanghai office: a time as its clocks show it."""
    frame = pd.DataFrame(rows, columns=NAMES)
    return frame.apply(lambda column: pd.to_datetime(column).dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC"))


@pytest.mark.parametrize(
    ("case", "wrong"),
    [
        ({"reported_at": "2025-03-05 09:00", "filed_at": "2025-03-05 09:05", "closed_at": "2025-03-06 10:00"}, False),
        ({"reported_at": "2025-03-05 09:00", "filed_at": "2025-03-05 09:00"}, False),  # in one minute
        ({"filed_at": "2025-03-05 09:05", "dispatched_at": "2025-03-05 09:04"}, True),
        # filed is not known: handled lies before the report all the same
        ({"reported_at": "2025-03-05 09:00", "handled_at": "2025-03-05 08:00", "closed_at": "2025-03-06 10:00"}, True),
        # closed after the step before it, but not after the one before that
        (
            {"dispatched_at": "2025-03-05 12:00", "handled_at": "2025-03-05 10:00", "closed_at": "2025-03-05 11:00"},
            True,
        ),
        # of the closing the day alone is known, and it is the day of the report; then it is the day before
        ({"reported_at": "2025-03-05 09:00", "closed_at": "2025-03-05 00:00"}, False),
        ({"reported_at": "2025-03-05 09:00", "closed_at": "2025-03-04 00:00"}, True),
        # half past seven of the 5th is the evening of the 4th in UTC, but one day in the office
        ({"reported_at": "2025-03-05 07:30", "filed_at": "2025-03-05 00:00"}, False),
        ({"surveyed_at": "2025-03-05 09:00", "designed_at": "2025-03-04 09:00"}, True),
        ({"built_at": "2025-03-05 09:00", "handled_at": "2025-03-04 09:00"}, False),  # steps of two chains
        ({"paused_at": "2025-03-05 09:00", "resumed_at": "2025-03-04 09:00"}, True),
        ({"paused_at": "2025-03-05 09:00"}, False),
        ({}, False),
    ],
)
def test_a_step_before_its_predecessor_is_told(case, wrong):
    sound = {"reported_at": "2025-01-01 09:00", "closed_at": "2025-01-01 10:00"}
    assert out_of_order(cases(sound, case), "Asia/Shanghai").tolist() == [False, wrong]


@given(
    strategies.lists(
        strategies.lists(strategies.one_of(strategies.none(), strategies.integers(0, 300)), min_size=5, max_size=5),
        min_size=1,
        max_size=20,
    )
)
def test_cases_are_in_order_just_where_their_known_times_rise(hours):
    start = pd.Timestamp("2025-03-05 00:30", tz="UTC")  # half past eight: no step at midnight
    times = [[pd.NaT if hour is None else start + pd.Timedelta(hours=hour) for hour in case] for case in hours]
    frame = pd.DataFrame({name: pd.Series(pd.NaT, range(len(times)), "datetime64[ns, UTC]") for name in NAMES})
    for place, name in enumerate(CHAINS[0]):
        frame[name] = pd.Series([case[place] for case in times], dtype="datetime64[ns, UTC]")
    known = [[hour for hour in case if hour is not None] for case in hours]
    assert out_of_order(frame, "Asia/Shanghai").tolist() == [case != sorted(case) for case in known]
    assert np.array_equal(out_of_order(frame, "Asia/Shanghai"), out_of_order(frame.iloc[:, ::-1], "Asia/Shanghai"))
