"""Zip files in memory: a few members by name, nothing on the disk, and no more bytes than a limit."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from base.errors import HazardError

MAX_ENTRIES, MAX_BYTES, MAX_RATIO = 50, 200_000_000, 100
_FREE_BYTES = 10_000_000  # below this no ratio is asked: a table of blanks shrinks to nothing
_PIECE = 1 << 20
_PACKED = (".zip", ".kmz", ".7z", ".rar", ".gz", ".tar")
_LINK = 0o120000


class Archive:
    """The members of a zip file by name, read one at a time; what all of them unpack to counts against one limit.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name, for sentences only.
    entries, produced, ratio : int
        Limits: how many members, how many bytes all reads may produce, and how many times the size of the file.

    Raises
    ------
    HazardError
        ``archive-damaged``, ``archive-encrypted``, ``archive-too-large``, ``archive-unsafe`` (a link, a name that
        leads elsewhere, an archive within).
    """

    def __init__(
        self, content: bytes, name: str, *, entries: int = MAX_ENTRIES, produced: int = MAX_BYTES,
        ratio: int = MAX_RATIO,
    ) -> None:  # fmt: skip
        self._name, self._size, self._limits, self._produced = name, len(content), (produced, ratio), 0
        # Counted in the bytes: zipfile would make an object for each of some millions first
        if content.count(b"PK\x01\x02") > entries:
            raise HazardError(
                "archive-too-large",
                "{file} holds more than {limit} files. Pack the files of one layer only, and no archives.",
                file=name, limit=entries,
            )  # fmt: skip
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise self._damaged() from None
        self._members = {shown: info for info in self._zip.infolist() if (shown := self._checked(info))}

    def names(self, ending: str) -> list[str]:
        """Return the members whose names end so, whatever their case, in order."""
        return sorted(member for member in self._members if member.lower().endswith(ending))

    def sibling(self, member: str, ending: str) -> bytes | None:
        """Return the content of the member of the same name with another ending, whatever the case; None if none is."""
        wanted = member.rpartition(".")[0].lower() + ending
        found = next((one for one in sorted(self._members) if one.lower() == wanted), None)
        return None if found is None else self.read(found)

    def read(self, member: str) -> bytes:
        """Return the content of a member."""
        pieces = list(self._pieces(self._members[member]))
        return b"".join(pieces)

    def _pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        limit, ratio = self._limits
        try:
            with self._zip.open(info) as file:
                while piece := file.read(_PIECE):
                    self._produced += len(piece)
                    if self._produced > limit or self._produced > max(_FREE_BYTES, ratio * self._size):
                        raise HazardError(
                            "archive-too-large",
                            "{file} unpacks to more than {limit} MB, or to much more than its own size. "
                            "Pack the files of one layer only.",
                            file=self._name, limit=limit // 1_000_000,
                        )  # fmt: skip
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError, RuntimeError):
            raise self._damaged() from None

    def _checked(self, info: zipfile.ZipInfo) -> str:
        """Return a member's name as its writer meant it; '' for folders and for what macOS adds."""
        shown = _decoded(info).replace("\\", "/")
        parts = shown.split("/")
        if info.flag_bits & 0x1:
            raise HazardError(
                "archive-encrypted", "{file} is locked with a password. Pack it again without one.", file=self._name
            )
        if shown.startswith("/") or ".." in parts or shown[1:2] == ":" or info.external_attr >> 16 & 0o170000 == _LINK:
            raise HazardError(
                "archive-unsafe",
                "{file} holds a link or a name that leads out of it ({value}). Pack the files of the layer again.",
                file=self._name, value=shown[:100],
            )  # fmt: skip
        if shown.lower().endswith(_PACKED):
            raise HazardError(
                "archive-unsafe",
                "{file} holds another archive ({value}). Unpack that one and load its files.",
                file=self._name, value=shown[:100],
            )  # fmt: skip
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._damaged()
        return "" if shown.endswith("/") or "__MACOSX" in parts or parts[-1].startswith(".") else shown

    def _damaged(self) -> HazardError:
        return HazardError(
            "archive-damaged",
            "{file} is no zip file that can be read: it is damaged or cut. Pack it again.",
            file=self._name,
        )


def _decoded(info: zipfile.ZipInfo) -> str:
    """Return a member's name: without the mark of UTF-8 it is in its writer's own encoding."""
    if info.flag_bits & 0x800:
        return info.filename
    raw = info.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename
