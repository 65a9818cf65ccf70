"""One way to reckon work time and deadlines: for each line on standard input it does one of them for some cases.

Started by bench/clocks.py, with the Python that has the way's library: `-m bench.clocks_worker WAY FOLDER`. The folder
holds start.npy, end.npy (local times, in microseconds), value.npy (work hours), days.npy and works.npy (each day, and
whether people work on it). Each answer is a line of JSON: seconds, cpu; the minutes, or the local times in
microseconds, are left in the folder, as WAY-QUESTION.npy.
"""

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import worker

HOURS = ((8, 12), (14, 18))
Work = Callable[[str, int], np.ndarray]


def ours(data: dict[str, np.ndarray]) -> Work:
    """Return ours, in which the wall clock is UTC."""
    from data.clocks import Calendar, due, elapsed

    midnights = np.append(data["days"], data["days"][-1] + 1).astype("datetime64[us]").astype(np.int64)
    opens, closes = (midnights[:-1, None] + np.array([span[end] for span in HOURS]) * 3_600_000_000 for end in (0, 1))

    def run(question: str, cases: int) -> np.ndarray:
        calendar = Calendar(midnights, data["works"].astype(np.int8), opens, closes)
        start = data["start"][:cases]
        if question == "elapsed":
            return elapsed(start, data["end"][:cases], "work_hour", calendar)
        return due(start, data["value"][:cases], "work_hour", calendar).at

    return run


def plain(data: dict[str, np.ndarray]) -> Work:
    """Return the loop one would write: case by case, day by day, with datetime and a set of workdays."""
    days = data["days"].tolist()
    workdays = {day for day, works in zip(days, data["works"].tolist(), strict=True) if works}
    spans = [(dt.time(begin), dt.time(end)) for begin, end in HOURS]
    day, minute = dt.timedelta(days=1), dt.timedelta(minutes=1)

    def elapsed(start: dt.datetime, end: dt.datetime) -> float:
        total, now = dt.timedelta(), start.date()
        while now <= end.date():
            if now in workdays:
                for opens, closes in spans:
                    begin, stop = (
                        max(start, dt.datetime.combine(now, opens)),
                        min(end, dt.datetime.combine(now, closes)),
                    )
                    if begin < stop:
                        total += stop - begin
            now += day
        return total / minute

    def due(start: dt.datetime, hours: float) -> dt.datetime:
        left, now = dt.timedelta(hours=hours), start.date()
        while True:
            if now in workdays:
                for opens, closes in spans:
                    begin, stop = max(start, dt.datetime.combine(now, opens)), dt.datetime.combine(now, closes)
                    if begin + left <= stop:
                        return begin + left
                    left -= max(stop - begin, dt.timedelta())
            now += day

    def run(question: str, cases: int) -> np.ndarray:
        start = data["start"][:cases].astype("datetime64[us]").tolist()
        if question == "elapsed":
            ends = data["end"][:cases].astype("datetime64[us]").tolist()
            return np.array([elapsed(a, b) for a, b in zip(start, ends, strict=True)])
        found = [due(a, hours) for a, hours in zip(start, data["value"][:cases].tolist(), strict=True)]
        return np.array(found, dtype="datetime64[us]").astype(np.int64)

    return run


def business_duration(data: dict[str, np.ndarray]) -> Work:
    """Return business-duration's: the morning and the afternoon apart; make-up days by naming every day off."""
    from business_duration import businessDuration

    off = set(data["days"][data["works"] == 0].tolist())
    spans = [(dt.time(begin), dt.time(end)) for begin, end in HOURS]

    def run(question: str, cases: int) -> np.ndarray:
        start, end = (data[name][:cases].astype("datetime64[us]").tolist() for name in ("start", "end"))
        return np.array(
            [
                sum(businessDuration(a, b, opens, closes, weekendlist=None, holidaylist=off) for opens, closes in spans)
                for a, b in zip(start, end, strict=True)
            ]
        )

    return run


WAYS: dict[str, tuple[str, Callable[[dict[str, np.ndarray]], Work]]] = {  # the library, and what makes it ready
    "ours": ("numpy", ours),
    "plain loop": ("numpy", plain),
    "business-duration": ("business-duration", business_duration),
}


def main() -> None:
    """Reckon for every line that comes, and say what it cost."""
    library, ready = WAYS[sys.argv[1]]
    folder = Path(sys.argv[2])
    run = ready({name: np.load(folder / f"{name}.npy") for name in ("start", "end", "value", "days", "works")})

    def begin(question: str, cases: int) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
        def keep(found: np.ndarray) -> dict[str, Any]:
            np.save(folder / f"{sys.argv[1]}-{question}.npy", found)
            return {}

        return lambda: run(question, cases), keep

    worker.serve(library, begin)


if __name__ == "__main__":
    main()
