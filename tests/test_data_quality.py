"""The items of the quality report: counts by hand on a few cases, by pandas on real files, and rows that fit counts."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from stored import SCHEMA, ZONE, boundary, random_rows, rows, store, with_grids

from base.errors import HazardError
from base.text import Words
from data import quality, queries
from data.bulk import closed_in_bulk
from data.levels import load_cells, take_back_cells
from data.loading import import_incidents
from data.schema import Scope
from data.store import Workspace
from reports import answers, repeats
from reports import quality as report

AT = "2025-03-05 10:00:00"
INSIDE = {"lon": 113.003, "lat": 33.003}


def after(**time) -> object:
    return (pd.Timestamp(AT, tz=ZONE) + pd.Timedelta(**time)).to_pydatetime()


def counted(dataset, source="s"):
    found = quality.check_quality(dataset).counts
    return found[found["source"] == source].set_index("code")["n"]


def test_each_item_counts_what_was_drawn_up_by_hand(tmp_path):
    cases = [
        {"incident_id": "a", "reported_at": AT, "closed_at": AT, **INSIDE},
        {"incident_id": "b", "reported_at": AT, "closed_at": after(seconds=1), **INSIDE},  # not the opening second
        {"incident_id": "c", "reported_at": AT, "closed_at": after(seconds=899), **INSIDE},
        {"incident_id": "d", "reported_at": AT, "closed_at": after(minutes=15), **INSIDE},  # 15 minutes are not under
        {"incident_id": "e", "reported_at": AT, "closed_at": after(seconds=-1), **INSIDE},
        {"incident_id": "f", "type_name": "积水", "unit": "u", "channel": "c", "address": "x", "description": "y"},
        {"incident_id": "g", "month": "2025", "remark": "year-only", "due_at": AT, "lon": 114.0, "lat": 33.0},
        {"incident_id": "h", "reported_at": AT, "code": "0406", "lon": 0.0, "lat": 0.001},
        {"incident_id": "0123456789abcdef-1", "reported_at": AT, "hazard": "wall_risk", **INSIDE},
        {"incident_id": "i", "reported_at": AT, "remark": "time-in-future", **INSIDE},
        {"incident_id": "j", "reported_at": AT, "lon": 113.0202, "lat": 33.005},  # 19 m east of the last grid
    ]
    dataset = store(with_grids(tmp_path / "w"), rows(cases))
    n = counted(dataset)
    assert {code: int(k) for code, k in n.items() if k} == {
        "missing-reported_at": 1, "missing-due_at": 10, "missing-type_name": 9, "missing-description": 10,
        "missing-address": 10, "missing-channel": 10, "missing-unit": 10, "no-location": 1, "outside": 2, "near": 1,
        "far-outside": 2,
        "zero-point": 1, "closed-before-reported": 1, "time-in-future": 1, "year-only": 1, "closed-at-once": 1,
        "closed-first-quarter-hour": 3, "other-type": 10, "hashed-id": 1,
    }  # fmt: skip
    assert quality.quality_rows(dataset, "closed-at-once")["incident_id"].tolist() == ["a"]
    assert quality.quality_rows(dataset, "outside")["incident_id"].tolist() == ["h", "g"]  # the latest first
    far = quality.quality_rows(dataset, "far-outside")
    # The communities reach to 113.04: "g" lies 0.96 degrees east of it, of 93.5 km each at 33 N
    assert far[["incident_id", "why"]].to_numpy().tolist() == [["h", "zero"], ["g", "digit"]]
    assert far["km"].round().tolist()[1] == 90
    said = report.quality_items(dataset, Words("en")).set_index("code")["sentence"]["far-outside"]
    assert said.startswith("2 of 11 incidents lie more than 5 km outside the boundary; the farthest is case h, ")


def test_a_case_closed_on_the_day_of_its_report_is_no_quick_one_where_only_dates_are_known(tmp_path):
    midnight = "2025-03-05 00:00"
    cases = [
        {"incident_id": "dates", "reported_at": midnight, "closed_at": midnight},
        {"incident_id": "night", "reported_at": midnight, "closed_at": "2025-03-05 00:05"},
        {"incident_id": "noon", "reported_at": AT, "closed_at": AT},
    ]
    dataset = store(with_grids(tmp_path / "w"), rows(cases))
    n = counted(dataset)
    assert (n["closed-at-once"], n["closed-first-quarter-hour"]) == (1, 2)
    assert quality.quality_rows(dataset, "closed-at-once")["incident_id"].tolist() == ["noon"]
    assert queries.totals(dataset, Scope(level="grid"))["closed_first_quarter_hour"] == 2


def test_a_case_near_a_cell_is_not_outside_and_without_boundaries_nothing_is(tmp_path):
    cases = [
        {"incident_id": "near", "lon": 112.9999, "lat": 33.005},  # 9 m west of cell A
        {"incident_id": "far", "lon": 112.998, "lat": 33.005},
    ]
    dataset = store(with_grids(tmp_path / "w"), rows(cases))
    assert {code: counted(dataset)[code] for code in ("near", "outside")} == {"near": 1, "outside": 1}
    assert quality.quality_rows(dataset, "near")["incident_id"].tolist() == ["near"]
    bare = store(Workspace(tmp_path / "bare"), rows(cases))
    assert {code: counted(bare)[code] for code in ("near", "outside", "no-location")} == dict.fromkeys(
        ("near", "outside", "no-location"), 0
    )


def test_cases_closed_in_bulk_are_found_from_the_setting_on_if_the_hours_around_are_not_as_busy(tmp_path):
    def closed(first, count, at):
        return [
            {"incident_id": f"{first}{k}", "reported_at": "2025-03-01 08:00", "closed_at": at(k)} for k in range(count)
        ]

    spread = closed("a", 20, lambda k: f"2025-03-05 10:00:{k:02d}")
    fewer = closed("b", 19, lambda k: "2025-03-05 10:01:00")
    dates = closed("c", 30, lambda k: "2025-03-06 00:00:00")  # dates without a time
    # Around the 20 are 19 in six hours, five times which is less than one a minute
    usual = closed("d", 80, lambda k: f"2025-03-07 11:{k // 2:02d}:30")
    dataset = store(with_grids(tmp_path / "w"), rows([*spread, *fewer, *dates, *usual]))
    minutes = closed_in_bulk(dataset).minutes
    assert minutes.to_numpy().tolist() == [["s", pd.Timestamp("2025-03-05 10:00", tz=ZONE), 20]]
    assert counted(dataset)["bulk-closure"] == 20
    found = quality.quality_rows(dataset, "bulk-closure", limit=None)
    assert set(found["incident_id"]) == {f"a{k}" for k in range(20)}
    # With 1,650 more in two hours after it the mean is 1,669 / 360, and five times that is 23: 20 are nothing of note
    busy = closed("e", 1650, lambda k: f"2025-03-05 {11 + k // 15 // 60}:{k // 15 % 60:02d}:30")
    often = store(with_grids(tmp_path / "often"), rows([*spread, *fewer, *busy]))
    assert closed_in_bulk(often).minutes.empty
    assert counted(often)["bulk-closure"] == 0


def test_many_reports_on_the_centre_of_a_cell_are_found_and_those_beside_it_are_not(tmp_path):
    centre = {"lon": 113.005, "lat": 33.005}  # of grid A, by hand
    beside = {"lon": 113.0053, "lat": 33.005}  # about 28 m east of it
    other = {"lon": 113.015, "lat": 33.015}  # of grid D, but only few
    spots = ((centre, 20), (beside, 20), (other, 19))
    cases = [{"incident_id": f"{at['lon']}-{k}", "reported_at": AT, **at} for at, many in spots for k in range(many)]
    dataset = store(with_grids(tmp_path / "w"), rows(cases))
    spots = quality.centre_spots(dataset)
    assert spots[["level", "cell_id", "n"]].to_numpy().tolist() == [["grid", "A", 20]]
    found = quality.quality_rows(dataset, "cell-centre", limit=None)
    assert set(found["lon"]) == {113.005}
    assert counted(dataset)["cell-centre"] == len(found) == 20


@pytest.fixture(scope="module")
def two_sources(tmp_path_factory):
    workspace = with_grids(tmp_path_factory.mktemp("w"))
    store(workspace, random_rows(300, seed=1))
    other = random_rows(200, seed=2, import_id="i2", first=1000)
    place = other.column_names.index("source")
    other = other.set_column(place, "source", [["t"] * 200])
    return store(workspace, other, import_id="i2", source="t")


@pytest.mark.parametrize("code", [*quality.CODES, "probable-repeats"])
def test_an_item_has_as_many_rows_as_it_counts_of_each_source_and_in_all(two_sources, code):
    items = report.quality_items(two_sources, Words("en"))
    items = items[items["code"] == code].astype({"source": object})
    assert len(items) == 3
    for item in items.itertuples():
        source = None if pd.isna(item.source) else item.source
        found = report.quality_rows(two_sources, code, source, limit=None)
        assert len(found) == item.n
        assert source is None or set(found["source"]) <= {source}
        assert len(report.quality_rows(two_sources, code, source, limit=3)) == min(3, item.n)
    assert items["n"].iloc[0] == items["n"].iloc[1:].sum()
    assert items["of"].iloc[0] == items["of"].iloc[1:].sum()


def test_rejected_rows_stand_under_their_reason_with_the_rows_read(tmp_path):
    workspace = with_grids(tmp_path / "w")
    content = (
        "案卷号,上报时间,经度,纬度\n1,2025-03-05,113.005,33.005\n2,昨天,113.005,33.005\n"
        "3,前天,113.005,33.005\n4,2025-03-05,113.005,x\n"
    )
    import_incidents(workspace, content.encode(), "a.csv", who="t")
    dataset = workspace.newest()
    found = quality.check_quality(dataset).counts
    found = found[found["code"].str.startswith("rejected-")]
    assert found[["code", "n", "of"]].to_numpy().tolist() == [
        ["rejected-lon-lat-unreadable", 1, 4],
        ["rejected-time-unreadable", 2, 4],
    ]
    assert quality.quality_rows(dataset, "rejected-time-unreadable")["row"].tolist() == [3, 4]
    assert quality.quality_rows(dataset, "rejected-time-unreadable", "other").empty


def test_only_open_rows_count_as_not_taken_and_those_settled_since_are_said_apart(tmp_path):
    workspace = with_grids(tmp_path / "w")
    header = "案卷号,上报时间,经度,纬度"
    content = (
        f"{header}\n1,2025-03-05,113.005,33.005\n2,昨天,113.005,33.005\n3,前天,113.005,33.005\n4,?,113.005,33.005\n"
    )
    first = import_incidents(workspace, content.encode(), "a.csv", who="t")["import_id"]
    back = f"{header},hotspots_row\n2,2025-03-06,113.005,33.005,{first}:3\n3,前天,113.005,33.005,{first}:4\n"
    import_incidents(workspace, back.encode(), "b.csv", who="t")
    import_incidents(workspace, f"{header}\n4,2025-03-07,113.005,33.005\n".encode(), "c.csv", who="t")
    dataset = workspace.newest()
    items = report.quality_items(dataset, Words("en")).set_index("code")
    found = items.loc[[code for code in items.index if code.startswith("rejected-")], ["n", "of", "sentence"]]
    assert found.to_numpy().tolist() == [
        [2, 3, "3 rows had to be corrected: 2 are settled since, 1 are open"],
        [1, 5, "1 of 5 rows were not taken: “…” in column … is no time: write it as 2025-03-05 14:30"],
    ]
    (row,) = report.quality_rows(dataset, "rejected-time-unreadable").to_dict("records")
    assert (row["row"], row["first_import"], row["first_row"]) == (3, first, 4)
    assert sorted(report.quality_rows(dataset, "rejected-settled")["row"]) == [3, 5]


@pytest.mark.parametrize("ask", [quality.quality_rows, report.quality_rows])
def test_an_unknown_item_is_refused_with_the_known_ones(tmp_path, ask):
    with pytest.raises(HazardError, match=r"x is no item of the report\. Items: missing-reported_at"):
        ask(Workspace(tmp_path).newest(), "x")


def test_a_source_is_a_value_and_no_text_of_the_query(two_sources):
    assert quality.quality_rows(two_sources, "other-type", "s' OR 'a'='a").empty
    assert quality.quality_rows(two_sources, "bulk-closure", "'; DROP VIEW incidents; --").empty


def test_boston_gives_the_numbers_that_pandas_gives_of_the_file(shared_data, tmp_path):
    # The file's README: 393 rows on one spot. The others: pandas on the text of the file.
    folder = shared_data / "boston311_2015"
    workspace = Workspace(tmp_path / "w")
    content = (folder / "boston_neighborhoods.geojson").read_bytes()
    load_cells(workspace, content, "b.geojson", level="neighborhood", id_column="name", who="t")
    file = folder / "boston_311_2015_hazards.csv"
    import_incidents(workspace, file.read_bytes(), file.name, zone="America/New_York", source="s", who="t")
    n = counted(workspace.newest())

    raw = pd.read_csv(file, dtype=str, keep_default_na=False)
    form = "%m/%d/%Y %I:%M:%S %p"
    opened, closed = (pd.to_datetime(raw[name].replace("", None), format=form) for name in ("OPEN_DT", "CLOSED_DT"))
    took = (closed - opened).dt.total_seconds()
    per_minute = closed.dropna().dt.floor("min").value_counts()
    assert n["one-spot"] == 393
    assert n["missing-due_at"] == (raw["TARGET_DT"] == "").sum() == 1961
    assert n["closed-before-reported"] == (took < 0).sum()
    assert n["closed-at-once"] == (took == 0).sum()
    assert n["closed-first-quarter-hour"] == ((took >= 0) & (took < 900)).sum() == 304
    assert n["bulk-closure"] == per_minute[per_minute >= 20].sum()
    assert n["missing-address"] == (raw["Location"].str.strip() == "").sum()


def test_all_of_boston_gives_the_numbers_of_its_description(shared_data, tmp_path):
    # The README of the data: 197 closed before opened, 1,591 at the opening second; bulk closures by pandas.
    raw = pd.read_parquet(shared_data / "boston311_2015" / "boston_311_2015.parquet")
    times = {"reported_at": raw["OPEN_DT"], "closed_at": raw["CLOSED_DT"]}
    local = {name: pd.to_datetime(column) for name, column in times.items()}
    columns = {name: pa.nulls(len(raw), SCHEMA.field(name).type) for name in SCHEMA.names}
    columns |= {name: pa.repeat("", len(raw)) for name in SCHEMA.names if SCHEMA.field(name).type == pa.string()}
    columns |= {"source": pa.repeat("s", len(raw)), "incident_id": pa.array(raw["CASE_ENQUIRY_ID"].astype(str))}
    columns |= {name: pa.array(column.dt.tz_localize("UTC")) for name, column in local.items()}
    columns |= {
        "lon": pa.array(raw["LONGITUDE"]),
        "lat": pa.array(raw["LATITUDE"]),
        "month": pa.repeat("none", len(raw)),
    }
    came = pa.table({name: columns[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names})
    n = counted(store(Workspace(tmp_path / "w"), came))

    took = (local["closed_at"] - local["reported_at"]).dt.total_seconds()
    per_minute = local["closed_at"].dropna().dt.floor("min").value_counts()
    assert n["closed-before-reported"] == 197
    assert n["closed-at-once"] == 1591
    assert n["closed-first-quarter-hour"] == ((took >= 0) & (took < 900)).sum()
    assert n["bulk-closure"] == per_minute[per_minute >= 20].sum() > 0


def test_repeats_are_groups_of_one_kind_within_metres_and_hours_and_all_stay(tmp_path):
    east = 30 / (111_320 * np.cos(np.radians(33.003)))  # degrees of 30 m, the radius of the setting
    cases = [
        {"incident_id": "1", "hazard": "wall_risk", "reported_at": "2025-03-01 00:00", **INSIDE},
        {"incident_id": "2", "hazard": "wall_risk", "reported_at": "2025-03-08 00:00", **INSIDE},  # 168 h after
        {"incident_id": "3", "hazard": "wall_risk", "reported_at": "2025-03-08 00:01", **INSIDE},  # too late for 1
        {"incident_id": "4", "hazard": "wall_risk", "reported_at": "2025-03-01 01:00", "lon": 113.003 + 0.9 * east,
         "lat": 33.003},
        {"incident_id": "5", "hazard": "wall_risk", "reported_at": "2025-03-01 01:00", "lon": 113.003 + 1.1 * east,
         "lat": 33.003},
        {"incident_id": "6", "type_name": "乱停放", "reported_at": "2025-03-01 00:00", **INSIDE},
        {"incident_id": "7", "type_name": "乱停放", "reported_at": "2025-03-01 00:00", **INSIDE},
        {"incident_id": "8", "type_name": "垃圾", "reported_at": "2025-03-01 00:00", **INSIDE},
        {"incident_id": "9", "type_name": "垃圾", **INSIDE},  # no time
    ]  # fmt: skip
    dataset = store(with_grids(tmp_path / "w"), rows(cases))
    found = repeats.find_repeats(dataset)
    groups = found.groups[["n", "hazard", "type_name"]].to_numpy().tolist()
    assert groups == [[3, "wall_risk", ""], [2, "other", "乱停放"]]
    assert found.groups["last"].iloc[0] == pd.Timestamp("2025-03-08", tz=ZONE)
    assert (found.calls, found.looked_at) == (5, {"s": 8})
    listed = report.quality_rows(dataset, "probable-repeats")
    assert listed[["group", "incident_id"]].to_numpy().tolist() == [[0, "1"], [0, "4"], [0, "2"], [1, "6"], [1, "7"]]
    assert dataset.query("SELECT count(*) AS n FROM incidents").to_pylist() == [{"n": 9}]


def test_a_silent_cell_counts_where_a_neighbour_reports(tmp_path):
    workspace = Workspace(tmp_path / "w")
    ids = ["1", "2", "3", "4", "5"]  # side by side; 1 reports, 2 touches it, 3 to 5 lie behind
    load_cells(workspace, boundary(ids, columns=5), "g.geojson", level="grid", who="t")
    cases = [
        {"incident_id": str(k), "reported_at": day, **INSIDE}
        for k, day in enumerate(["2025-01-01 09:00", "2025-12-01"])
    ]
    dataset = store(workspace, rows(cases))
    assert report.silent_cells(dataset)["cell_id"].tolist() == ["2"]
    assert report.quality_rows(dataset, "silent-cells")["cell_id"].tolist() == ["2"]


def test_a_cell_of_a_boundary_that_has_stood_for_less_than_half_a_year_is_not_silent_yet(tmp_path):
    workspace = Workspace(tmp_path / "w")
    load_cells(workspace, boundary(["1", "2"]), "g.geojson", level="grid", who="t")
    cases = [
        {"incident_id": str(k), "reported_at": day, **INSIDE}
        for k, day in enumerate(["2025-01-01 09:00", "2025-12-01"])
    ]
    assert answers.silent_cells(store(workspace, rows(cases)), "grid") == {"2"}
    for first_day, silent in (("2025-11-01", set()), ("2025-06-01", {"4"})):  # 30 and 183 days before the last report
        load_cells(workspace, boundary(["3", "4"]), "g.geojson", level="grid", valid_from=first_day, who="t")
        assert answers.silent_cells(workspace.newest(), "grid") == silent
        take_back_cells(workspace, who="t")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_item_is_a_sentence_also_where_nothing_is_stored(tmp_path, two_sources, language):
    words = Words(language)
    empty = report.quality_items(Workspace(tmp_path).newest(), words)
    assert empty["n"].sum() == 0
    items = report.quality_items(two_sources, words)
    assert set(report.SENTENCES) == set(items["code"])
    assert items["sentence"].str.len().min() > 5
    assert not items["sentence"].str.contains(r"[{}]").any()
