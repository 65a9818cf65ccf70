"""Probable repeats: reports of one kind within metres and hours of the first one. They are grouped and never deleted:
how often a thing is reported is information.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import events
from data.dataset import Dataset
from geo import crs
from reports import history

_OTHER = "other "  # these words stand before the type of a report that is none of the three hazards


@dataclass(frozen=True)
class Repeats:
    """The groups of two reports or more.

    `groups` has group (0 is the largest), n, hazard, type_name (of a group of other hazards), first, last (report times
    in the workspace's zone), lon, lat (of the first report). `members` has source, incident_id, group.
    """

    groups: pd.DataFrame
    members: pd.DataFrame
    looked_at: dict[str, int]  # source -> reports with a place and a time

    @property
    def calls(self) -> int:
        """Reports in groups."""
        return len(self.members)


def find_repeats(dataset: Dataset) -> Repeats:
    """Return the probable repeats among all stored reports, by the settings event_radius_m, event_hours and theirs.

    The three hazards are kinds; of the others each type is one. Reports on one spot that are probably not located, and
    those without a place or a time, are in no group.
    """
    calls = dataset.query(
        f"""
        SELECT source, incident_id, lon, lat, epoch_us(reported_at) / 3.6e9 AS hours,
            if(hazard = 'other', '{_OTHER}' || coalesce(nullif(type_name, ''), code, ''), hazard) AS kind
        FROM incidents WHERE lon IS NOT NULL AND reported_at IS NOT NULL AND NOT contains(remark, 'one-spot')
        """  # noqa: S608  our own word
    )
    lon, lat, hours = (calls[name].to_numpy() for name in ("lon", "lat", "hours"))
    encoded = calls["kind"].combine_chunks().dictionary_encode()
    kinds = np.array(encoded.dictionary.to_pylist(), dtype=object)
    kind = kinds[encoded.indices.to_numpy()]
    radius, window = history.rules(dataset.settings, kinds)
    leader = events.group_events(*crs.project(lon, lat), hours, kind, radius_m=radius, window_h=window)
    size = np.bincount(leader, minlength=len(leader))
    first = np.flatnonzero(size > 1)
    first = first[np.lexsort((first, hours[first], -size[first]))]
    group = np.full(len(leader), -1)
    group[first] = np.arange(len(first))
    grouped = group[leader]
    inside = np.flatnonzero(grouped >= 0)
    members = calls.select(["source", "incident_id"]).take(inside).to_pandas().assign(group=grouped[inside])
    last = pd.Series(hours[inside]).groupby(grouped[inside]).max().to_numpy()
    other = pd.Series(kind[first], dtype=object).astype(str).str.startswith(_OTHER)
    groups = pd.DataFrame(
        {
            "group": np.arange(len(first)),
            "n": size[first],
            "hazard": np.where(other, "other", kind[first]),
            "type_name": [one.removeprefix(_OTHER) if one.startswith(_OTHER) else "" for one in kind[first]],
            "first": _times(hours[first], dataset.zone),
            "last": _times(last, dataset.zone),
            "lon": lon[first],
            "lat": lat[first],
        }
    )
    looked_at = {one["values"]: one["counts"] for one in calls["source"].value_counts().to_pylist()}
    return Repeats(groups, members.sort_values("group", kind="stable", ignore_index=True), looked_at)


def key_table(members: pd.DataFrame) -> pa.Table:
    """Return source, incident_id and group as an Arrow table, to ask the store for these rows."""
    schema = pa.schema([("source", pa.string()), ("incident_id", pa.string()), ("group", pa.int64())])
    return pa.Table.from_pandas(members[schema.names], schema=schema, preserve_index=False)


def _times(hours: np.ndarray, zone: str) -> pd.Series:
    stamps = pd.to_datetime(np.round(hours * 3600e6).astype("int64"), unit="us", utc=True)
    return pd.Series(stamps).dt.tz_convert(zone)
