"""Paths that DuckDB and delta-rs read the same way, whatever characters the real one has."""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
from pathlib import Path
from urllib.parse import quote as url_quote

from dq_databricks.errors import UnsupportedError

# Read unchanged by DuckDB and its Delta reader. Letters beyond ASCII, brackets and quotes are not:
# there a link with a plain name helps.
_PLAIN = re.compile(r"[A-Za-z0-9_./~=+,: @-]+")
# Delta libraries follow links, then decode percent signs; delta-rs also refuses brackets.
_UNREADABLE = re.compile("%")
_UNWRITABLE = re.compile(r"[%\[\]]")


class PlainPaths:
    """Gives files and folders the names under which DuckDB and delta-rs find them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: tempfile.TemporaryDirectory[str] | None = None

    def to_read(self, path: Path) -> str:
        """A file or folder as DuckDB reads it: its own name or that of a link."""
        return str(path) if _PLAIN.fullmatch(str(path)) else self._link(path)

    def to_scan(self, folder: Path) -> str:
        """A Delta folder as DuckDB scans it. Raises UnsupportedError for a name it cannot take."""
        return self.to_read(_checked(folder, _UNREADABLE, "read"))

    def to_write(self, folder: Path) -> str:
        """A Delta folder as delta-rs writes it. Raises UnsupportedError as `to_scan` does."""
        return "file://" + url_quote(str(_checked(folder, _UNWRITABLE, "written")))

    def close(self) -> None:
        """Remove the links; what they point to stays."""
        with self._lock:
            links, self._links = self._links, None
        if links is not None:
            links.cleanup()

    def _link(self, path: Path) -> str:
        with self._lock:
            if self._links is None:
                self._links = tempfile.TemporaryDirectory(prefix="dq-")
            digest = hashlib.sha256(str(path).encode()).hexdigest()[:24]
            link = Path(self._links.name) / digest
            if not link.is_symlink():
                link.symlink_to(path, target_is_directory=path.is_dir())
            return str(link)


def _checked(folder: Path, refused: re.Pattern[str], verb: str) -> Path:
    if match := refused.search(str(folder)):
        raise UnsupportedError(
            f"{folder}: a Delta table cannot be {verb} below a folder with {match[0]!r} in its "
            "name; rename the folder, or move the local lake with DQ_HOME"
        )
    return folder
