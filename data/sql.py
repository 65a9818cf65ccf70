"""Questions in SQL about the incidents of one version, which DuckDB answers from the files themselves."""

import threading
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import duckdb
import pyarrow as pa

from data import tables

_MONTH = "{'month': VARCHAR}"  # the one column that stands in the names of folders
_opening = threading.Lock()


class _Folder:
    """A database in memory for all versions of a workspace: it reads the workspace's files, and no others."""

    def __init__(self, root: Path) -> None:
        self.connection = duckdb.connect(":memory:", config={"python_enable_replacements": False})
        for setting in (
            "TimeZone = 'UTC'",
            "parquet_metadata_cache = true",  # a file never changes
            f"allowed_directories = [{_quoted(str(root / 'incidents'))}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self.connection.execute(f"SET {setting}")


# To open one takes longer than most questions, and whoever changes a workspace asks of several versions
_folders: "WeakValueDictionary[Path, _Folder]" = WeakValueDictionary()


class Incidents:
    """The incidents of one version, to be asked by SQL.

    Parameters
    ----------
    root : pathlib.Path
        The workspace's folder.
    version : int, optional
        Of the table of incidents; None: it was never written.
    levels : tuple of str
        The columns of the levels of cells.
    """

    def __init__(self, root: Path, version: int | None, levels: tuple[str, ...]) -> None:
        with _opening:
            self._folder = _folders.get(root) or _Folder(root)
            _folders[root] = self._folder
        files = [] if version is None else tables.file_paths(root, "incidents", version)
        self._read = f"[{', '.join(map(_quoted, files))}], hive_partitioning = true, hive_types = {_MONTH}"
        self._nothing = None if files else tables.incident_schema(levels).empty_table()
        self._idle: list[duckdb.DuckDBPyConnection] = []  # for one question at a time each

    def ask(self, sql: str, values: dict[str, Any] | None, frames: dict[str, pa.Table]) -> pa.Table:
        """Return the answer to a question, as `data.dataset.Dataset.query` tells it."""
        try:
            cursor = self._idle.pop()
        except IndexError:
            cursor = self._opened()
        try:
            for name, frame in frames.items():
                cursor.register(name, frame)
            found = cursor.sql(sql, params=values or None).to_arrow_table()
            for name in frames:
                cursor.unregister(name)
        except BaseException:
            cursor.close()  # nobody knows what is left in it
            raise
        self._idle.append(cursor)
        return found

    def _opened(self) -> duckdb.DuckDBPyConnection:
        with _opening:
            cursor = self._folder.connection.cursor()
        if self._nothing is None:  # what is temporary is seen by its own cursor alone: other versions have their own
            cursor.execute(f"CREATE TEMP VIEW incidents AS SELECT * FROM read_parquet({self._read})")  # noqa: S608  quoted
        else:
            cursor.register("nothing", self._nothing)
            cursor.execute("CREATE TEMP TABLE incidents AS SELECT * FROM nothing")
            cursor.unregister("nothing")
        return cursor


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
