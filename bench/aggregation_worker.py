"""One way to count and to summarise times, in a process of its own; see bench/aggregation.py, which starts it.

Arguments: WAY FOLDER; known.json in the folder names the files, the column of cells and the as-of time.
"""

import datetime as dt
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from bench import worker

HALF_MINUTE, MINUTE = 30_000_000, 60_000_000  # in microseconds
Ask = Callable[[str, str, str], Any]  # question, scope, form -> frame


def columns_of(question: str, known: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the key columns of a question, and the columns of times it needs."""
    names = {"cell": known["cell"]}
    keys = [names.get(key, key) for key in question.split(" by ")[1].split(", ")]
    return keys, [] if question.startswith("counts") else ["reported_at", "closed_at"]


def ours(known: dict[str, Any]) -> Ask:
    """Return our answers; medians from the histogram."""
    from bench.queries import SCOPES
    from data import facts, queries, timing
    from data.store import Workspace

    kept = Workspace(Path(known["workspace"])).newest()

    def ask(question: str, scope: str, form: str) -> Any:
        if form == "hold":
            return None
        if form == "files":
            facts.forget()
        data = kept if form == "again" else Workspace(Path(known["workspace"])).newest()
        what, keys = question.split(" by ")
        if what == "counts":
            return queries.counts(data, SCOPES[scope], keys.split(", "))
        times = timing.durations(data, SCOPES[scope], keys)
        return times if what == "durations" else medians(times)

    return ask


def medians(times: pd.DataFrame) -> pd.DataFrame:
    """Return the median minutes of closed cases by key, from a histogram sorted by key and minutes."""
    closed = times[times["resolved"]]
    groups = closed.groupby("key", observed=True)["n"]
    twice, total = 2 * groups.cumsum(), groups.transform("sum")
    low, high = (
        closed[reached].groupby("key", observed=True)["minutes"].first() for reached in (twice >= total, twice > total)
    )
    return ((low + high) / 2).rename("minutes").reset_index()


def pandas_frames(known: dict[str, Any]) -> Ask:
    """Return what one would write in pandas."""
    as_of = pd.Timestamp(known["as_of"])
    held: list[pd.DataFrame] = []

    def ask(question: str, scope: str, form: str) -> Any:
        if form == "hold":
            keys = [known["cell"], "hazard", "month", "source"]
            frame = pd.read_parquet(known["files"], columns=[*keys, "reported_at", "closed_at"])
            held.append(frame.astype(dict.fromkeys(keys, "category")))
            return None
        keys, times = columns_of(question, known)
        first = known["first_month"][scope]
        if form == "files":
            wanted = [("month", ">=", first)] if first else None
            frame = pd.read_parquet(known["files"], columns=[*keys, *times], filters=wanted)
        else:
            since = pd.Timestamp(f"{first or 1900}-01T00:00:00+08:00")
            frame = held[0][held[0]["reported_at"] >= since] if first else held[0]
        if not times:
            return frame.groupby(keys, dropna=False, observed=True).size().reset_index(name="count")
        frame = frame.dropna(subset=keys)
        frame = frame[frame["reported_at"] <= as_of]
        resolved = frame["closed_at"] <= as_of
        if question.startswith("medians"):
            frame = frame[resolved]
            minutes = _whole_minutes(frame["closed_at"] - frame["reported_at"])
            return minutes.groupby(frame[keys[0]], observed=True).median().reset_index()
        minutes = _whole_minutes(frame["closed_at"].where(resolved, as_of) - frame["reported_at"])
        rows = pd.DataFrame({"key": frame[keys[0]], "minutes": minutes, "resolved": resolved})
        return rows.groupby(["key", "minutes", "resolved"], observed=True).size().reset_index(name="n")

    return ask


def _whole_minutes(took: pd.Series) -> pd.Series:
    return (took + pd.Timedelta(seconds=30)) // pd.Timedelta(minutes=1)


def polars_frames(known: dict[str, Any]) -> Ask:
    """Return what one would write in polars: lazily from the files, or from a frame in memory."""
    import polars as pl

    as_of = dt.datetime.fromisoformat(known["as_of"]).astimezone(dt.UTC)
    held: list[pl.DataFrame] = []

    def ask(question: str, scope: str, form: str) -> Any:
        scan = pl.scan_parquet(known["files"], hive_partitioning=True, try_parse_hive_dates=False)
        if form == "hold":
            keys = [known["cell"], "hazard", "month", "source"]
            columns = [pl.col(keys).cast(pl.Categorical), "reported_at", "closed_at"]
            held.append(scan.select(columns).collect())
            return None
        keys, times = columns_of(question, known)
        rows = scan if form == "files" else held[0].lazy()
        if first := known["first_month"][scope]:
            rows = rows.filter(pl.col("month") >= first)
        if not times:
            return rows.group_by(keys).agg(pl.len().alias("count")).collect()
        resolved = (pl.col("closed_at") <= as_of).fill_null(False)
        until = pl.when(resolved).then("closed_at").otherwise(pl.lit(as_of)).cast(pl.Datetime("us", "UTC"))
        took = (until - pl.col("reported_at")).dt.total_microseconds()
        rows = rows.filter(pl.col(keys[0]).is_not_null(), pl.col("reported_at") <= as_of).select(
            key=keys[0], minutes=(took + HALF_MINUTE) // MINUTE, resolved=resolved
        )
        if question.startswith("medians"):
            return rows.filter("resolved").group_by("key").agg(pl.col("minutes").median()).collect()
        return rows.group_by("key", "minutes", "resolved").agg(n=pl.len()).collect()

    return ask


def plain(answer: Any) -> dict[str, Any]:
    """Return rows and digest of an answer, whatever frame it is and in whatever order."""
    if answer is None:
        return {}
    frame = pd.DataFrame({name: list(answer[name]) for name in answer.columns})
    for name in frame:
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        frame[name] = frame[name].astype(float) if numeric else frame[name].astype(object).fillna("").astype(str)
    lines = sorted(map(repr, frame.itertuples(index=False, name=None)))
    return {"rows": len(lines), "digest": hashlib.sha256("\n".join(lines).encode()).hexdigest()}


WAYS: dict[str, tuple[str, Callable[[dict[str, Any]], Ask]]] = {  # library, and what makes it ready
    "data.queries": ("duckdb", ours),
    "pandas": ("pandas", pandas_frames),
    "polars": ("polars", polars_frames),
}


def main() -> None:
    """Answer every line that comes, and say what it cost."""
    way, folder = sys.argv[1:]
    library, ready = WAYS[way]
    ask = ready(json.loads((Path(folder) / "known.json").read_text(encoding="utf-8")))

    def begin(form: str, question: str = "", scope: str = "") -> tuple[Callable[[], Any], Callable[[Any], Any]]:
        return lambda: ask(question, scope, form), plain

    worker.serve(library, begin)


if __name__ == "__main__":
    main()
