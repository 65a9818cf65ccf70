"""Reading in a process apart: the same answers, and a sentence where a limit is met."""

import datetime as dt
import errno
import io
import os
import subprocess
import sys
import textwrap
import threading
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import pytest
from pandas.testing import assert_frame_equal
from shapely.geometry import Polygon

from base.errors import HazardError
from base.settings import DEFAULTS
from base.text import Sentence, Term
from data import apart, transport
from data.privacy import TEXT
from tests.stored import boundary

SETTINGS = {**DEFAULTS, "read_apart": 1}
CAPS = {"memory_mb": 300, "seconds": 5, "output_mb": 50}
linux = pytest.mark.skipif(sys.platform != "linux", reason="the system's own limits are Linux's")


@pytest.fixture(scope="module")
def process():
    """One process for many files, as the sweep and the fuzz run use it; a file apart has one of its own."""
    reader = apart.Reader()
    yield reader
    reader.close()


def there_and_back(value):
    pipe = io.BytesIO()
    transport.write(value, pipe)
    pipe.seek(0)
    found = transport.read(pipe, most=1e9)
    assert pipe.read() == b""
    return found


def same_frame(found, expected):
    assert type(found) is type(expected)
    assert_frame_equal(found, expected, check_exact=True, check_index_type="exact", check_column_type="exact")
    assert type(found.index) is type(expected.index)
    assert found.attrs == expected.attrs
    assert [type(value) for value in found.to_numpy().ravel()] == [type(value) for value in expected.to_numpy().ravel()]


def same(found, expected):
    assert type(found) is type(expected)
    for name, value in vars(expected).items():
        if isinstance(value, pd.DataFrame):
            same_frame(getattr(found, name), value)
        else:
            assert getattr(found, name) == value
            assert type(getattr(found, name)) is type(value)


# --- the way there and back -------------------------------------------------------------------------------------------


FRAMES = {
    "text": pd.DataFrame({"c000": pd.array(["积水", "", "\x00", "a,b\r\n"], dtype=TEXT)}, index=[2, 3, 5, 9]),
    "no rows": pd.DataFrame({"c000": pd.array([], dtype=TEXT)}, index=pd.RangeIndex(2, 2)),
    "no columns": pd.DataFrame(index=[4, 7], columns=pd.Index([], dtype=object)),
    "objects": pd.DataFrame({"row": [1, 2], "value": ["a", None], "more": [(1, "b"), {"c": [1.5]}]}),
    "only names": pd.DataFrame(columns=["row", "column", "value"]),
    "numbers": pd.DataFrame({"n": [1, -(2**62)], "x": [0.1, np.nan], "yes": [True, False]}, index=["p", "q"]),
    "times": pd.DataFrame({"at": pd.to_datetime(["2025-03-05 14:30", None]).tz_localize("Asia/Shanghai")}),
    "titles twice": pd.DataFrame([["a", "b"]], columns=["same", "same"]),
    "polygons": gpd.GeoDataFrame(
        {"name": ["A", "B"], "row": [1, 3]}, geometry=[Polygon([(0, 0), (0.1, 0), (0.1, 1 / 3)]), None], crs="EPSG:4547"
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_comes_back_with_its_types_index_and_attributes(name):
    frame = FRAMES[name]
    frame.attrs = {"repeats": 3, "kind": ("a", None)}
    frame.index.name = None if name == "text" else "row of the file"
    same_frame(there_and_back(frame), frame)


def test_other_values_come_back_equal_and_of_the_same_type():
    value = {
        "sentence": Sentence("{n} rows of {what}", {"n": 3, "what": Term("cells")}),
        "plural": Sentence(("{n} row", "{n} rows"), {"n": 3}),
        "numbers": (1, 1.5, float("inf"), True, None, 2**80),
        "half a sign": "\ud800",
        "looks like ours": {"\x00": "table"},
        "times": [dt.date(2025, 3, 5), dt.datetime(2025, 3, 5, 14, 30), pd.Timestamp("2025-03-05", tz="UTC")],
        "bytes": b"\x00\xff",
        3: [],
    }
    found = there_and_back(value)
    assert found == value
    assert type(found["sentence"].fields["what"]) is Term
    assert [type(one) for one in found["times"]] == [type(one) for one in value["times"]]


def test_what_is_not_data_does_not_go_through():
    with pytest.raises(TypeError, match="does not go through"):
        transport.write({"f": print}, io.BytesIO())


def test_text_comes_back_without_a_copy():
    pipe = io.BytesIO()
    transport.write(FRAMES["text"], pipe)
    pipe.seek(0)
    frame = transport.read(pipe, most=1e9)
    (chunk,) = frame["c000"].array.__arrow_array__().chunks
    assert isinstance(chunk.buffers()[2].parent, type(chunk.buffers()[1].parent))
    assert chunk.buffers()[2].parent.size > chunk.buffers()[2].size  # a slice of what was received


def test_a_message_larger_than_taken_is_left_alone():
    pipe = io.BytesIO()
    transport.write({"a": b"1" * 1000}, pipe)
    pipe.seek(0)
    with pytest.raises(transport.Overflow):
        transport.read(pipe, most=900)


# --- the same answers -------------------------------------------------------------------------------------------------

TABLES = {
    "text.csv": "案卷号,内容\n1,积水\n2,“井盖”\n\n3,墙体\n".encode("gb18030"),
    "ragged.csv": b"a,b\n1,2\n3,4,5\n6\n7,8\n",
    "empty.csv": b"  \n",
    "title.csv": b"title,,\na,b,c\n1,2,3\n",
    "picture.csv": b"\x89PNG....",
}
BOUNDARIES = {
    "grids.geojson": boundary("ABCD", parents="WWEE"),
    "half.geojson": boundary("AB").replace(b'"Polygon"', b'"LineString"', 1),
    "none.geojson": boundary("AB").replace(b'"Polygon"', b'"LineString"'),
    "broken.geojson": boundary("AB")[:-20],
}


def outcome(read, *arguments):
    try:
        return read(*arguments)
    except HazardError as error:
        return error


@pytest.mark.parametrize("name", [*TABLES, *BOUNDARIES])
def test_the_answer_apart_is_the_answer_here(process, name):
    reader = "read_table" if name in TABLES else "read_boundaries"
    content = TABLES.get(name) or BOUNDARIES[name]
    expected = outcome(getattr(apart._WHERE[reader], reader), content, name)
    found = outcome(lambda: process.read(reader, content, name, {}, **CAPS)[0])
    if isinstance(expected, HazardError):
        assert (found.code, found.template, str(found)) == (expected.code, expected.template, str(expected))
        assert found.facts.keys() == expected.facts.keys()
        for key, value in expected.facts.items():
            if isinstance(value, pd.DataFrame):
                same_frame(found.facts[key], value)
            else:
                assert found.facts[key] == value
    else:
        same(found, expected)


def test_options_reach_the_reader(process):
    big5 = "編號,內容\n1,積水\n".encode("big5")
    table, _ = process.read("read_table", big5, "a.csv", {"encoding": "big5"}, **CAPS)
    assert table.headers == ["編號", "內容"]


def test_a_setting_reads_in_this_process(monkeypatch):
    monkeypatch.setattr(apart, "Reader", None)
    assert len(apart.read_table(TABLES["text.csv"], "a.csv", settings={**SETTINGS, "read_apart": 0}).frame) == 4


# --- the limits -------------------------------------------------------------------------------------------------------


def stopped(program, *, limits=True, content=b"a", **caps):
    """Run a text in place of a reader, in the real process with the real limits; return the refusal."""
    code = f"""
from data import apart_child
def reader(content, name):
{textwrap.indent(textwrap.dedent(program), "    ")}
apart_child._reader = lambda request: reader
{"" if limits else "apart_child._limit = lambda *_: None"}
apart_child.main()
"""
    process = apart.Reader(("-c", code))
    try:
        with pytest.raises(HazardError) as refused:
            process.read("read_table", content, "坏.csv", {}, **{**CAPS, **caps})
    finally:
        process.close()
    assert refused.value.code == "reading-stopped"
    assert "坏.csv" in str(refused.value)
    return refused.value


GREEDY = """
held = []
while True:
    held.append(b"1" * 10_000_000)
"""


@pytest.mark.parametrize("limits", [pytest.param(True, marks=linux), False], ids=["system", "watch"])
def test_a_file_that_takes_too_much_memory_is_stopped(limits):
    error = stopped(GREEDY, limits=limits, memory_mb=200)
    assert error.facts["why"] == "memory"
    assert "200 MB of memory" in str(error)


@pytest.mark.parametrize("limits", [pytest.param(True, marks=linux), False], ids=["system", "watch"])
def test_a_file_that_takes_too_long_is_stopped(limits):
    start = time.monotonic()
    error = stopped("while True: pass", limits=limits, seconds=0.5)
    assert error.facts["why"] == "time"
    assert "0.5 seconds" in str(error)
    assert time.monotonic() - start < 60  # with the start of Python on a busy machine; without the limit: never


def test_a_file_on_which_the_reader_sleeps_is_stopped_by_the_clock():
    assert stopped("import time; time.sleep(100)", seconds=0.3).facts["why"] == "time"


def test_an_answer_that_is_too_large_is_not_taken():
    error = stopped("return 'a' * 6_000_000", output_mb=5)
    assert error.facts["why"] == "output"
    assert "5 MB of cells" in str(error)


CRASHES = {
    "dies": "import os; os._exit(1)",
    "dies while it is told": "import os; os.close(0); os._exit(0)",
    "another kind of answer": "return ['a']",
    "a mistake of ours": "raise KeyError('张三 13800000000')",
}


@pytest.mark.parametrize("program", CRASHES.values(), ids=CRASHES)
def test_a_reader_that_breaks_off_costs_a_sentence(program, caplog):
    error = stopped(program)
    assert error.facts["why"] == "crash"
    assert "broke" in str(error) or "break off" in str(error)
    assert "张三" not in caplog.text + str(error.facts)  # what stands in the file is not for the log
    assert "reading stopped: crash" in caplog.text


def test_what_a_library_prints_is_no_answer():
    assert stopped("print('x' * 1_000_000, flush=True)\nraise ValueError").facts["why"] == "crash"


def test_what_comes_back_is_never_unpickled_or_called():
    answers = [
        b"garbage that is no length",
        transport._LENGTH.pack(30) + b'[{"\\u0000": "Popen", "a": 1}, []]'[:30].ljust(30),
        transport._LENGTH.pack(2) + b"[]",
        transport._LENGTH.pack(10**15),
    ]
    for answer in answers:
        code = f"""
import struct, sys
ready = b'["ready", []]'
sys.stdout.buffer.write(struct.pack("<Q", len(ready)) + ready + {answer!r})
"""
        process = apart.Reader(("-c", code))
        with pytest.raises(HazardError) as refused:
            process.read("read_table", b"a,b\n1,2\n", "a.csv", {}, **CAPS)
        process.close()
        assert refused.value.code == "reading-stopped"


@linux
def test_the_reader_can_write_no_file(tmp_path):
    program = f"""
    from base.errors import HazardError
    found = []
    try:
        open({str(tmp_path / "out")!r}, "wb", 0).write(b"a")
    except OSError as error:
        found.append(error.errno)
    raise HazardError("reading-stopped", "{{file}} {{found}}", file=name, found=found)
    """
    found = stopped(program).facts["found"]
    assert found == [errno.EFBIG]


@linux
def test_the_reader_has_no_network_where_the_system_lets_it_have_its_own(process):
    asked = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x50000000) != 0)"
    if subprocess.run([sys.executable, "-c", asked], check=False).returncode:
        pytest.skip("this system lets no process have a network of its own")
    process.read("read_table", TABLES["ragged.csv"], "a.csv", {}, **CAPS)
    own, other = (os.readlink(f"/proc/{pid}/ns/net") for pid in ("self", process._process.pid))
    assert own != other


@linux
def test_the_reader_knows_nothing_of_our_surroundings(monkeypatch):
    monkeypatch.setenv("HOTSPOTS_SECRET", "do not tell")
    program = """
    import os
    from base.errors import HazardError
    raise HazardError("reading-stopped", "{file} {names}", file=name, names=sorted(os.environ))
    """
    assert "HOTSPOTS_SECRET" not in stopped(program).facts["names"]


# --- one held ready ---------------------------------------------------------------------------------------------------


@pytest.fixture
def held():
    apart.prepare()
    yield
    apart._leave()


def children():
    return {one.pid for one in psutil.Process().children()}


def test_a_process_is_used_once_and_replaced(held):
    first = apart._spare._process
    assert len(apart.read_table(TABLES["text.csv"], "a.csv", settings=SETTINGS).frame) == 4
    assert first.poll() is not None
    assert apart._spare._process is not first
    with pytest.raises(HazardError, match="is empty"):
        apart.read_table(b"", "a.csv", settings=SETTINGS)


def test_one_that_died_is_replaced(held):
    apart._spare._process.kill()
    apart._spare._process.wait()
    assert len(apart.read_table(TABLES["text.csv"], "a.csv", settings=SETTINGS).frame) == 4


def test_threads_do_not_share_a_process_and_nothing_is_left_behind(held):
    before = children()
    found = {}

    def read(number):
        content = f"a,b\n{number},2\n".encode()
        found[number] = apart.read_table(content, "a.csv", settings=SETTINGS).frame.iloc[0, 0]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number) for number in range(3)}
    assert len(children()) == len(before)  # the one that is held ready
    apart._leave()
    assert len(children()) == len(before) - 1


def test_the_process_ends_with_the_one_that_started_it():
    code = """
import os
from data import apart
apart.prepare()
print(apart._spare._process.pid, flush=True)
os._exit(0)  # no time to clean up
"""
    made = subprocess.run([sys.executable, "-c", code], cwd=apart._ROOT, capture_output=True, check=True)
    deadline = time.monotonic() + 20
    while psutil.pid_exists(int(made.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(int(made.stdout))
