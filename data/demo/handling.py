"""What the office of the demo writes down of the handling of a case: filing, check, holds, steps of a building site.

The draws come from a stream of their own: the reports, places and closings of the demo do not hang on them. Only what
a patrol sets right itself (自处置) is closed at once instead: some of the cases that are none of the three hazards.
"""

import datetime as dt
from dataclasses import replace

from numpy.random import Generator

from data.demo.cases import CHANNELS, Case, into_work
from data.demo.kinds import CONDITIONS

_PATROL = CHANNELS[0]
_BY_ONESELF = ("0101", "0406", "0407")  # a patrol can carry rubbish away, or ask people to move
_LONG = dt.timedelta(hours=1000)  # longer than any ordinary repair of the demo: it waits for money or an owner


def add_handling(rng: Generator, cases: list[Case]) -> list[Case]:
    """Return the cases with the other times, conditions and marks that the office keeps of them, in the same order."""
    return [_with_handling(rng, case) for case in cases]


def _with_handling(rng: Generator, case: Case) -> Case:
    on_spot = case.channel == _PATROL and case.code in _BY_ONESELF and rng.random() < 0.4
    if on_spot:
        case = _handled_at_once(rng, case)
    lasting = case.hazard in ("sunken_cover", "wall_risk")
    conditions = CONDITIONS.get(case.code, ())
    case = replace(
        case,
        filed_at=case.reported_at + _minutes(rng, 1, _minutes_between(case.reported_at, case.dispatched_at, 40)),
        checked_at=case.closed_at - _minutes(rng, 1, _minutes_between(case.handled_at, case.closed_at, 60)),
        condition=_condition(rng, conditions) if lasting and conditions else "",
        on_spot="是" if on_spot else "否",
        reworked=str(int(rng.choice(3, p=(0.86, 0.11, 0.03) if lasting else (0.98, 0.02, 0)))),
    )
    if lasting:
        case = _with_hold(rng, case)
    if case.hazard == "wall_risk" and case.handled_at - case.dispatched_at > dt.timedelta(days=7):
        case = _with_building_site(rng, case) if rng.random() < 0.3 else case
    return case


def _handled_at_once(rng: Generator, case: Case) -> Case:
    dispatched = case.reported_at + dt.timedelta(minutes=2)
    handled = dispatched + _minutes(rng, 3, 15)
    return replace(case, dispatched_at=dispatched, handled_at=handled, closed_at=handled + _minutes(rng, 2, 12))


def _condition(rng: Generator, conditions: tuple[str, ...]) -> str:
    """Return the condition of filing that a case meets, the usual one first; of a few nobody wrote it down."""
    if rng.random() < 0.08:
        return ""
    return conditions[0] if len(conditions) == 1 or rng.random() < 0.8 else conditions[1]


def _with_hold(rng: Generator, case: Case) -> Case:
    """Return a case that may have been put on hold: most of those that wait for long, and a few others."""
    span = case.handled_at - case.dispatched_at
    if rng.random() >= (0.6 if span > _LONG else 0.12) or span < dt.timedelta(days=4):
        return case
    paused = into_work(_part(case.dispatched_at, case.handled_at, rng.uniform(0.02, 0.3)))
    resumed = into_work(_part(paused, case.handled_at, rng.uniform(0.3, 0.8)))
    return replace(case, paused_at=paused, resumed_at=min(resumed, case.handled_at)) if paused < resumed else case


def _with_building_site(rng: Generator, case: Case) -> Case:
    start, end = case.dispatched_at, case.handled_at
    shares = (rng.uniform(0.04, 0.2), rng.uniform(0.25, 0.5), rng.uniform(0.8, 1))
    surveyed, designed, built = sorted(min(into_work(_part(start, end, share)), end) for share in shares)
    return replace(
        case,
        surveyed_at=surveyed,
        designed_at=designed,
        built_at=built,
        followed_up_at=into_work(case.closed_at + dt.timedelta(days=int(rng.integers(15, 75)))),
    )


def _part(start: dt.datetime, end: dt.datetime, share: float) -> dt.datetime:
    """Return the time at a share of the way, a whole minute."""
    return start + dt.timedelta(minutes=int(share * ((end - start) / dt.timedelta(minutes=1))))


def _minutes(rng: Generator, low: int, high: int) -> dt.timedelta:
    return dt.timedelta(minutes=int(rng.integers(low, max(high, low + 1))))


def _minutes_between(start: dt.datetime, end: dt.datetime, most: int) -> int:
    return min(int((end - start) / dt.timedelta(minutes=1)), most)
