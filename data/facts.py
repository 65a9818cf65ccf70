"""The narrow columns of the incidents in memory: what every count and every duration is made of.

A version's incidents lie in one file a month, and a file never changes. What a question needs of a file is read once, a
column at a time, as one array a column: times as whole microseconds, texts as small numbers. It stays for the next
question and for the next version, of which an import wrote three months anew and left the other hundred as they were.
Ten million incidents are some 400 MB so; of more than `MOST_BYTES` the files asked for longest ago are let go when a
question is answered.

Why not by SQL: of ten million rows DuckDB takes four seconds of processor time for the headline numbers and fourteen
for the durations by cell, most of it for comparing times with nulls; over these arrays it is a tenth.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data import tables
from data.dataset import Dataset
from data.schema import STORED_TIMES

NEVER = np.iinfo(np.int64).max  # a time that is not there: after all others
MOST_BYTES = psutil.virtual_memory().total // 8
_NUMBERS = ("lon", "lat", "paused_minutes", "postponed_hours", "postponed_days", "limit_value")
_ROWS_A_FILE = 20_000  # on average, and several threads pay: with fewer they wait for each other
_MARK = "one-spot"
_Answer = TypeVar("_Answer")


class Codes:
    """The texts of a column as small numbers: the same for all files, in the order in which they were first seen."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._all = pa.array([], pa.string())  # the same texts, to look up many of them together
        self._adding = threading.Lock()

    def of(self, texts: Collection[str]) -> NDArray[np.int32]:
        """Return the code of each text; one that is new gets the next number."""
        if not all(text in self._codes for text in texts):
            self._add(texts)
        return np.array([self._codes[text] for text in texts], dtype=np.int32)

    def of_column(self, texts: pa.StringArray) -> NDArray[np.int32]:
        """Return the same of the distinct texts of a file's column."""
        found = pc.index_in(texts, value_set=self._all)
        if found.null_count:
            self._add(texts.filter(pc.is_null(found)).to_pylist())
            found = pc.index_in(texts, value_set=self._all)
        return np.asarray(found.to_numpy(), dtype=np.int32)

    def _add(self, texts: Iterable[str]) -> None:
        with self._adding:
            new = [text for text in dict.fromkeys(texts) if text not in self._codes]
            self._all = pa.concat_arrays([self._all, pa.array(new, pa.string())])
            self._codes |= {text: len(self._codes) + at for at, text in enumerate(new)}

    @property
    def texts(self) -> NDArray[np.object_]:
        """All texts, by code."""
        return np.array(self._all.to_pylist(), dtype=object)


def codes(column: str) -> Codes:
    """Return the codes of a column, one object as long as the program runs."""
    return _codes.setdefault(column, Codes())  # of two threads that ask first, both get the same


_codes: dict[str, Codes] = {}


class Part:
    """One file of incidents: its month and its columns, read when they are asked for.

    The columns, each of shape (n,) and not to be written to:

    * a time: int64, microseconds since 1970 in UTC, `NEVER` where there is none;
    * a text: int16 or int32, its number among `codes(column)`, -1 where it is null;
    * lon, lat: float64, NaN where there is no point;
    * near_1, near_2 ...: bool, whether it lies outside its cell of that level, but near enough to count there;
    * located: bool, whether there is a point; one_spot: bool, whether it is probably not true.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.month = _month(path)
        self._columns: dict[str, NDArray[Any]] = {}
        self._reckoned: dict[str, tuple[Any, NDArray[Any]]] = {}
        self._reading = threading.Lock()
        self.bytes = 0
        self._footer = pq.read_metadata(path)
        self.rows = int(self._footer.num_rows)

    def need(self, names: Iterable[str]) -> None:
        """Read those of the columns that are not there yet, together."""
        if all(name in self._columns for name in names):
            return
        with self._reading:
            missing = [name for name in dict.fromkeys(names) if name not in self._columns]
            stored = [column for column in dict.fromkeys(map(_stored, missing)) if not _is_empty(self._footer, column)]
            texts = [column for column in stored if _is_text(column)]
            with pq.ParquetFile(self.path, metadata=self._footer, read_dictionary=texts) as file:
                table = file.read(columns=stored, use_threads=False)
            for name in missing:
                array = _array(name, table[_stored(name)] if _stored(name) in stored else None, self.rows)
                self.bytes += array.nbytes if any(array.strides) else 0
                array.flags.writeable = False
                self._columns[name] = array

    def __getitem__(self, name: str) -> NDArray[Any]:
        self.need([name])
        return self._columns[name]

    def held(self, name: str, key: Any, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return a column that is reckoned and not read, of shape (n,); made anew where it was made by another key.

        Of each name one column is held, with those that were read. Two that ask at the same time may both make it.
        """
        known = self._reckoned.get(name)
        if known is not None and known[0] == key:
            return known[1]
        array = make()
        array.flags.writeable = False
        with self._reading:
            before = self._reckoned.get(name)
            self.bytes += array.nbytes - (before[1].nbytes if before else 0)
            self._reckoned[name] = (key, array)
        return array

    def take(self, rows: NDArray[np.int64], columns: Sequence[str]) -> pa.Table:
        """Return whole rows by their places in the file, in the order given; only their groups of rows are read."""
        ends = np.cumsum([self._footer.row_group(at).num_rows for at in range(self._footer.num_row_groups)])
        group = np.searchsorted(ends, rows, side="right")
        groups = np.unique(group)
        begins = np.concatenate([[0], ends])[groups]
        read = np.concatenate([[0], np.cumsum(ends[groups] - begins)])[:-1]  # where each group begins in what is read
        with pq.ParquetFile(self.path, metadata=self._footer) as file:
            table = file.read_row_groups(groups.tolist(), columns=list(columns), use_threads=False)
        at = np.searchsorted(groups, group)
        return table.take(pa.array(rows - begins[at] + read[at]))


def parts(dataset: Dataset, first_month: str = "", last_month: str = "~") -> list[Part]:
    """Return the files of a version whose month stands between two, as texts, sorted; both included."""
    return _kept([path for path, (_, month) in _files(dataset).items() if first_month <= month <= last_month])


def number(dataset: Dataset, part: Part) -> int:
    """Return the place of a file among all files of a version."""
    return _files(dataset)[part.path][0]


def _files(dataset: Dataset) -> dict[str, tuple[int, str]]:
    """Return the place and the month of each file, in order."""
    files: dict[str, tuple[int, str]] | None = dataset.derived.get("files")
    if files is None:
        version = dataset.named.tables.get("incidents")
        paths = [] if version is None else tables.file_paths(dataset.root, "incidents", version)
        files = dataset.derived["files"] = {path: (place, _month(path)) for place, path in enumerate(paths)}
        _forget_replaced(str(dataset.root / "incidents"), files)
    return files


def _month(path: str) -> str:
    return unquote(Path(path).parent.name.partition("=")[2])


def each(ask: Callable[[Part], _Answer], asked: Sequence[Part], columns: Iterable[str]) -> list[_Answer]:
    """Return the answer of each part, in their order; the columns are read first, several parts at a time."""
    needed = tuple(columns)

    def answer(part: Part) -> _Answer:
        part.need(needed)
        return ask(part)

    rows = sum(part.rows for part in asked)
    together = len(asked) > 1 and rows >= _ROWS_A_FILE * len(asked)
    found = list(_workers().map(answer, asked)) if together else list(map(answer, asked))
    _let_go()
    return found


def forget() -> None:
    """Let all columns go: for whoever measures what reading them costs."""
    with _keeping:
        _parts.clear()


_parts: OrderedDict[str, Part] = OrderedDict()  # the last asked for at the end
_keeping = threading.Lock()


def _kept(paths: list[str]) -> list[Part]:
    with _keeping:
        for path in paths:
            part = _parts.get(path) or Part(path)
            _parts[path] = part
            _parts.move_to_end(path)
        return [_parts[path] for path in paths]


def _forget_replaced(folder: str, files: Mapping[str, Any]) -> None:
    """Let files of a table go that the version asked for last does not name; who still wants one reads it again."""
    with _keeping:
        for path in [path for path in _parts if path.startswith(folder + os.sep) and path not in files]:
            del _parts[path]


def _let_go() -> None:
    with _keeping:
        held = sum(part.bytes for part in _parts.values())
        while held > MOST_BYTES and len(_parts) > 1:
            held -= _parts.popitem(last=False)[1].bytes


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="facts")


def _stored(name: str) -> str:
    """Return the column of the file behind a column of a part."""
    return {"located": "lon", "one_spot": "remark"}.get(name, name)


def _is_text(column: str) -> bool:
    return column not in (*STORED_TIMES, *_NUMBERS) and not column.startswith("near_")


def _is_empty(footer: pq.FileMetaData, column: str) -> bool:
    """Return whether a column holds nothing but nulls, by what the file says of itself: it need not be read."""
    at = footer.schema.names.index(column)
    found = [footer.row_group(group).column(at).statistics for group in range(footer.num_row_groups)]
    return all(one is not None and one.has_null_count for one in found) and footer.num_rows == sum(
        one.null_count for one in found
    )


def _array(name: str, column: pa.ChunkedArray | None, rows: int) -> NDArray[Any]:
    """Return a column of a file as an array; None is one without any value."""
    if name in STORED_TIMES:
        if column is None:
            return np.broadcast_to(np.int64(NEVER), rows)
        return np.asarray(pc.fill_null(column.cast(pa.int64()), NEVER).to_numpy())
    if name in _NUMBERS:
        return np.broadcast_to(np.nan, rows) if column is None else np.asarray(column.to_numpy(), dtype=float)
    if name == "located" or name.startswith("near_"):
        valid = None if column is None else np.asarray(pc.is_valid(column).to_numpy())
        return np.broadcast_to(np.False_, rows) if valid is None or not valid.any() else valid
    if column is None:
        return np.broadcast_to(np.int16(-1), rows)
    texts = column.combine_chunks()
    texts = texts if isinstance(texts, pa.DictionaryArray) else texts.dictionary_encode()
    words = texts.dictionary.cast(pa.string())
    at = np.asarray(texts.indices.fill_null(len(words)).to_numpy())
    if name == "one_spot":
        marked = np.append(pc.match_substring(words, _MARK).to_numpy(zero_copy_only=False), False).astype(bool)
        return marked[at] if marked.any() else np.broadcast_to(np.False_, rows)
    found = np.append(codes(name).of_column(words), np.int32(-1))
    return found.astype(np.int16 if found.max() < 32_767 else np.int32)[at]
