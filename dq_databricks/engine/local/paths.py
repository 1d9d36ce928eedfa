"""Paths that DuckDB and delta-rs read the same way, whatever characters the real one has."""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
from pathlib import Path

# Both read these unchanged. Percent signs and brackets are decoded or expanded by one of them,
# and DuckDB's Delta reader drops folders with letters beyond ASCII.
_PLAIN = re.compile(r"[A-Za-z0-9_./~=+,: @-]+")


class PlainPaths:
    """Gives every folder a plain name: its own, or that of a link in a private folder."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: tempfile.TemporaryDirectory[str] | None = None

    def plain(self, folder: Path) -> str:
        """A path to `folder` of plain characters only."""
        if _PLAIN.fullmatch(str(folder)):
            return str(folder)
        return self._link(folder)

    def close(self) -> None:
        """Remove the links; what they point to stays."""
        with self._lock:
            links, self._links = self._links, None
        if links is not None:
            links.cleanup()

    def _link(self, folder: Path) -> str:
        with self._lock:
            if self._links is None:
                self._links = tempfile.TemporaryDirectory(prefix="dq-")
            digest = hashlib.sha256(str(folder).encode()).hexdigest()[:24]
            link = Path(self._links.name) / digest
            if not link.is_symlink():
                link.symlink_to(folder, target_is_directory=True)
            return str(link)
