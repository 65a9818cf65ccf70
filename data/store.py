"""The workspace: a folder of tables and versions. Reading takes the newest version; writing makes the next one."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from base import settings
from base.errors import HazardError
from base.files import disk_is_full
from data import keeping, originals, tables, versions
from data.dataset import Dataset
from data.schema import ImportRecord, Level

__all__ = ["Change", "Dataset", "Workspace"]

Waiting = Callable[[str, dict[str, Any]], None]


class Workspace:
    """A folder that holds all data of an office. It need not exist before the first change.

    Parameters
    ----------
    path : str or pathlib.Path
    waiting : callable, optional
        Called with a sentence and its fields when a change has to wait for another writer.

    Raises
    ------
    HazardError
        ``workspace-path`` if a sign in the path cannot be used by the table store.
    """

    def __init__(self, path: str | Path, *, waiting: Waiting | None = None) -> None:
        self.path, self.waiting = Path(path).resolve(), waiting
        if bad := sorted(set("[]{}%*?") & set(str(self.path))):
            raise HazardError(
                "workspace-path",
                "The workspace cannot lie in {path}: the tables cannot be stored under a name with {signs}. "
                "Choose a folder without them.",
                path=str(self.path),
                signs=" ".join(bad),
            )

    @property
    def exists(self) -> bool:
        """Whether anything was ever written to it."""
        return bool(versions.numbers(self.path / "versions"))

    def newest(self) -> Dataset:
        """Return the workspace as it is now; version 0, empty, if nothing was written yet."""
        folder = self.path / "versions"
        return Dataset(self.path, versions.read(folder, max(versions.numbers(folder), default=0)))

    def newest_version(self) -> tuple[int, str]:
        """Return number and fingerprint of the newest version: a cheap key for caches."""
        folder = self.path / "versions"
        newest = versions.read(folder, max(versions.numbers(folder), default=0))
        return newest.number, newest.fingerprint

    def open(self, number: int) -> Dataset:
        """Return the workspace as it was at a version.

        Raises
        ------
        HazardError
            ``version-missing``, ``version-damaged``, ``version-cleared`` if its files were removed for good.
        """
        if 0 < number < keeping.read(self.path).oldest:
            raise HazardError(
                "version-cleared",
                "Version {number} of the workspace is no longer there: earlier versions stay for {days} days or until "
                "a person's data are erased. An import that corrected cases before can no longer be taken back.",
                number=number,
                days=self.newest().settings["keep_versions_days"],
            )
        return Dataset(self.path, versions.read(self.path / "versions", number))

    @contextmanager
    def change(self, kind: str, *, who: str, waiting: Waiting | None = None) -> Iterator["Change"]:
        """Hold the writers' lock and give a `Change`; without its `commit` the workspace stays as it was.

        Parameters
        ----------
        kind : str
            "import", "undo", "cells", "gazetteer", "location", "rules", "settings", "profiles", "erase" ...
        who : str
            Who makes the change, for the history and for others who wait.
        waiting : callable, optional
            Called with a sentence and its fields if another writer is at work, beside the workspace's own.

        Raises
        ------
        HazardError
            ``workspace-busy`` if another writer is not done within the setting lock_wait_s; ``disk-full``.
        """
        try:
            with self._locked(who, waiting):
                change = Change(self, kind, who)
                keeping.complete(self.path, change.before.named, change.before.settings, who=who)
                yield change
                keeping.sweep_if_due(self.path, self.newest().settings, who=who)
        except Exception as error:
            if disk_is_full(error):
                raise HazardError(
                    "disk-full",
                    "There is no room left on the disk of the workspace {path}. Nothing was changed: make room, then "
                    "try again.",
                    path=str(self.path),
                ) from error
            raise

    @contextmanager
    def _locked(self, who: str, *waiting: Waiting | None, wait_s: float | None = None) -> Iterator[None]:
        def tell(sentence: str, fields: dict[str, Any]) -> None:
            for one in filter(None, (self.waiting, *waiting)):
                one(sentence, fields)

        patience = self.newest().settings["lock_wait_s"] if wait_s is None else wait_s
        with versions.writers_lock(self.path, who=who, wait_s=patience, waiting=tell):
            yield

    def tidy_if_due(self, *, who: str) -> None:
        """Do what `tidy` does if a day has passed since; not while another writer is at work, which does it too."""
        if self.exists:
            with suppress(HazardError, OSError), self._locked(who, wait_s=0):
                keeping.sweep_if_due(self.path, self.newest().settings, who=who)

    def tidy(self, *, who: str) -> dict[str, int]:
        """Remove for good what the settings keep no longer: see `data.keeping.sweep`."""
        if not self.exists:
            return {"versions": 0, "files": 0, "originals": 0}
        with self._locked(who):
            return keeping.sweep(self.path, self.newest().settings, who=who, now=dt.datetime.now(dt.UTC))


class Change:
    """The next version while it is being made, under the lock. What is set here is named by `commit`, not before.

    Attributes
    ----------
    before : Dataset
        The newest version, from which the change starts.
    settings, levels, imports
        What the next version will name; set them.
    """

    def __init__(self, workspace: Workspace, kind: str, who: str) -> None:
        self.workspace, self.kind, self.who = workspace, kind, who
        self.before = workspace.newest()
        self.number = self.before.version + 1
        self.when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self.settings: dict[str, Any] = dict(self.before.named.settings)
        self.levels: tuple[Level, ...] = self.before.levels
        self.imports: tuple[ImportRecord, ...] = self.before.imports
        named = self.before.named.tables
        restored = {name: tables.restore_table(workspace.path, name, named.get(name)) for name in tables.TABLES}
        self._tables = {name: version for name, version in restored.items() if version is not None}

    def write(
        self, name: str, data: pa.Table | pa.RecordBatchReader, *, where: str | None = None, append: bool = False
    ) -> None:
        """Write rows to a table: all of it, the part `where` tells (a condition of our own making), or more rows."""
        self._tables[name] = tables.write_table(self.workspace.path, name, data, where=where, append=append)

    def keep_original(self, content: bytes, name: str) -> None:
        """Keep a file as it came, for some days (the setting keep_originals_days)."""
        effective = settings.merged(self.settings)
        originals.keep(self.workspace.path, content, name, who=self.who, when=self.when, settings=effective)

    def draft(self) -> Dataset:
        """Return what the next version would show, to look at before it is named."""
        return Dataset(self.workspace.path, self._named({}))

    def commit(self, **what: Any) -> Dataset:
        """Write the version file, the last act of a change, and return the new version.

        Parameters
        ----------
        **what
            The change in figures, for the history: plain values only.
        """
        settings.merged(self.settings)  # refuses an unknown or wrong setting before anything is named
        return Dataset(self.workspace.path, versions.write(self.workspace.path / "versions", self._named(what)))

    def _named(self, what: dict[str, Any]) -> versions.Version:
        return versions.Version(
            number=self.number,
            kind=self.kind,
            who=self.who,
            when=self.when,
            what=what,
            tables=dict(self._tables),
            settings=dict(self.settings),
            levels=self.levels,
            imports=self.imports,
            fingerprint="draft",
        )
