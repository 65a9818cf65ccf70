"""Parquet and GeoParquet: text as a clerk would type it, in one sweep, and nothing of the file is run."""

import datetime as dt
import io
import json
import time

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from base.errors import HazardError
from base.text import Words
from data import parquet_files
from data.attributes import other_columns
from data.geofiles import read_boundaries, read_points


def _parquet(table: pa.Table, **options: object) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def _columns(**columns: pa.Array) -> list[list[str]]:
    return read_points(_parquet(pa.table(columns)), "a.parquet").frame.to_numpy().T.tolist()


def _geoparquet(frame: gpd.GeoDataFrame, **options: object) -> bytes:
    target = io.BytesIO()
    frame.to_parquet(target, **options)
    return target.getvalue()


def _with_geo(content: bytes, change) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    geo = json.loads(table.schema.metadata[b"geo"])
    changed = change(geo)
    return _parquet(table.replace_schema_metadata({"geo": changed if isinstance(changed, bytes) else json.dumps(geo)}))


def test_a_year_of_boston_is_read_in_two_seconds(shared_data):
    content = (shared_data / "boston311_2015" / "boston_311_2015.parquet").read_bytes()
    began = time.process_time()
    table = read_points(content, "boston.parquet")
    assert time.process_time() - began < 4  # measured: 1.2 s of both cores; loops over cells take 20
    assert table.frame.shape == (121_145, 27)  # README of the file
    assert table.frame.index[0] == 2
    assert (table.crs, table.kind, len(table.bad)) == (None, "Parquet", 0)
    first = dict(zip(table.headers, table.frame.iloc[0], strict=True))
    assert (first["CASE_ENQUIRY_ID"], first["OPEN_DT"], first["TARGET_DT"]) == (
        "101001240734", "2015-01-01 00:20:09", "",
    )  # fmt: skip
    assert (first["LATITUDE"], first["LONGITUDE"]) == ("42.3574", "-71.0648")
    closed = table.frame[f"c{table.headers.index('CLOSED_DT'):03d}"]
    assert (closed == "").sum() == 19_873  # open cases, README of the file


def test_values_become_text_as_a_clerk_would_type_them():
    naive = [dt.datetime(2015, 1, 1, 0, 12, 41), dt.datetime(2015, 1, 1, 0, 12, 41, 120_000), None]
    found = _columns(
        times=pa.array(naive, pa.timestamp("ns")),
        zoned=pa.array(naive, pa.timestamp("us", "Asia/Shanghai")),
        utc=pa.array([*naive[:1], None, None], pa.timestamp("s", "UTC")),
        floats=pa.array([2.0, 113.19321, float("nan")]),
        large=pa.array([1e17, None, 0.1 + 0.2]),
        single=pa.array([0.1, 2.0, None], pa.float32()),
        whole=pa.array([123456789012345678, None, -1]),
        money=pa.array([None, "1.50", "2.00"]).cast(pa.decimal128(10, 2)),
        days=pa.array([dt.date(2025, 3, 5), None, dt.date(1999, 12, 31)]),
        yes=pa.array([True, None, False]),
        texts=pa.array(["007", None, " 积水\n"]),
        kinds=pa.array(["a", "b", "a"]).dictionary_encode(),
        nothing=pa.nulls(3),
    )
    assert found == [
        ["2015-01-01 00:12:41", "2015-01-01 00:12:41.12", ""],
        ["2015-01-01 08:12:41+08:00", "2015-01-01 08:12:41.12+08:00", ""],
        ["2015-01-01 00:12:41+00:00", "", ""],
        ["2", "113.19321", ""],
        ["1e+17", "", "0.30000000000000004"],
        ["0.1", "2", ""],
        ["123456789012345678", "", "-1"],
        ["", "1.50", "2"],
        ["2025-03-05", "", "1999-12-31"],
        ["true", "", "false"],
        ["007", "", " 积水\n"],
        ["a", "b", "a"],
        ["", "", ""],
    ]


def test_lists_bytes_and_foreign_types_are_left_out_and_not_run():
    class Pickled:
        def __reduce__(self):
            return exec, ("raise SystemExit('run')",)

    import pickle

    hostile = pa.schema(
        [
            pa.field("id", pa.string()),
            # as an older pyarrow stored a type of Python's own, which it unpickled when it read
            pa.field(
                "evil", pa.int64(),
                metadata={"ARROW:extension:name": "arrow.py_extension_type",
                          "ARROW:extension:metadata": pickle.dumps(Pickled(), 0).decode()},
            ),
            pa.field("blob", pa.binary()),
            pa.field("many", pa.list_(pa.int64())),
            pa.field("in.side", pa.struct([("id", pa.int64())])),
        ]
    )  # fmt: skip
    columns = [pa.array(["a"]), pa.array([1]), pa.array([b"x"]), pa.array([[1]]), pa.array([{"id": 5}])]
    table = read_points(_parquet(pa.table(columns, schema=hostile)), "a.parquet")
    assert table.headers[0] == "id"
    assert set(table.headers) <= {"id", "evil"}
    assert set(table.unread) - {"evil"} == {"blob", "many", "in.side"}
    told = [note.say(Words("en")) for note in other_columns(table, {"incident_id": "id"}).notes]
    assert told[-1].startswith("Not loaded, these columns hold bytes or lists")
    assert "blob, many, in.side" in told[-1]
    assert table.frame.iloc[0, 0] == "a"


def test_columns_of_one_name_are_both_kept():
    content = _parquet(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["x", "x"]))
    table = read_points(content, "a.parquet")
    assert (table.headers, table.frame.to_numpy().tolist()) == (["x", "x"], [["a", "b"]])


@pytest.mark.parametrize(
    ("crs", "declared"),
    [("EPSG:4547", "EPSG:4547"), ("OGC:CRS84", "EPSG:4326"), ("EPSG:4326", "EPSG:4326"), (None, None)],
)
def test_a_geoparquet_of_areas_is_a_boundary_with_its_system(crs, declared):
    shapes = [shapely.box(0, 0, 1, 1), None, shapely.Point(1, 2), shapely.MultiPolygon([shapely.box(2, 0, 3, 1)])]
    content = _geoparquet(gpd.GeoDataFrame({"code": list("abcd"), "n": [1.0, 2, 3, 4]}, geometry=shapes, crs=crs))
    cells = read_boundaries(content, "grid.parquet")
    assert (cells.crs, cells.kind) == (declared, "Parquet")
    assert cells.frame[["code", "n", "row"]].to_numpy().tolist() == [["a", "1", 1], ["d", "4", 4]]
    assert cells.rejected[["row", "reason"]].to_numpy().tolist() == [[2, "geometry-missing"], [3, "not-a-polygon"]]


def test_a_geoparquet_without_a_word_on_its_system_is_wgs84_by_its_standard():
    content = _geoparquet(gpd.GeoDataFrame({"a": ["x"]}, geometry=[shapely.Point(113.5, 33.25)], crs="EPSG:4547"))

    def silent(geo):
        del geo["columns"]["geometry"]["crs"]

    table = read_points(_with_geo(content, silent), "points.parquet")
    assert table.crs == "EPSG:4326"
    assert table.headers == ["a", "geometry x", "geometry y"]
    assert table.frame.to_numpy().tolist() == [["x", "113.5", "33.25"]]


@pytest.mark.parametrize(
    "change",
    [
        lambda geo: b"{",
        lambda geo: b"[]",
        lambda geo: b"\xff\xfe",
        lambda geo: b"[" * 100_000,
        lambda geo: geo.update(primary_column="other"),
        lambda geo: geo.update(columns=None),
        lambda geo: geo["columns"]["geometry"].update(encoding="point"),
        lambda geo: (geo["columns"].update(a={"encoding": "WKB"}), geo.update(primary_column="a"))[1],
    ],
)
def test_metadata_that_lie_are_one_sentence(change):
    content = _geoparquet(gpd.GeoDataFrame({"a": ["x"]}, geometry=[shapely.Point(1, 2)]))
    with pytest.raises(HazardError, match=r"points\.parquet") as caught:
        read_points(_with_geo(content, change), "points.parquet")
    assert caught.value.code == "parquet-broken"


def test_a_parquet_without_geometry_is_no_boundary():
    with pytest.raises(HazardError) as caught:
        read_boundaries(_parquet(pa.table({"a": ["x"]})), "a.parquet")
    assert caught.value.code == "not-a-boundary"


def test_a_small_file_that_names_a_long_text_a_million_times_is_refused():
    content = _parquet(pa.table({"a": pa.array(["x" * 100_000]).take(pa.array([0] * 20_000))}))
    assert len(content) < 200_000
    with pytest.raises(HazardError) as caught:
        read_points(content, "a.parquet")
    assert caught.value.code == "table-too-large"


def test_more_cells_than_fit_are_refused_by_the_count_alone(monkeypatch):
    monkeypatch.setattr(parquet_files, "MAX_CELLS", 10)
    with pytest.raises(HazardError) as caught:
        read_points(_parquet(pa.table({"a": list(range(11))})), "a.parquet")
    assert caught.value.code == "table-too-large"


def test_damaged_files_are_one_sentence():
    content = _parquet(pa.Table.from_pandas(pd.DataFrame({"a": ["积水"] * 50, "b": range(50)})))
    for damaged in (content[:-20], content[:40], b"PAR1", b"PAR1" + b"\x00" * 100 + b"PAR1"):
        with pytest.raises(HazardError, match=r"a\.parquet") as caught:
            read_points(damaged, "a.parquet")
        assert caught.value.code == "parquet-broken"
    text = content.replace("积水".encode(), b"\xff\xfe\xff\xfe\xff\xfe")
    with pytest.raises(HazardError) as caught:
        read_points(text, "a.parquet")
    assert caught.value.code == "parquet-broken"


def test_an_empty_table_has_no_rows():
    with pytest.raises(HazardError) as caught:
        read_points(_parquet(pa.table({"a": pa.array([], pa.string())})), "a.parquet")
    assert caught.value.code == "no-rows"
