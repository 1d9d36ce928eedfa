"""File statistics of Delta tables in plain folders, by the same honesty as the embedded engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dq_databricks.engine.local.statistics import delta_statistics
from dq_databricks.engine.local.tables import DeltaTables
from dq_databricks.engine.protocol import ColumnInfo, TableStatistics
from dq_databricks.errors import SqlError, UnsupportedError


class LogStatistics:
    """Reads the Delta log itself. Knows nothing of locations that are no folder of this machine."""

    def __init__(self) -> None:
        self._tables = DeltaTables()

    def __call__(
        self, location: str, version: int, columns: Sequence[ColumnInfo]
    ) -> TableStatistics | None:
        """What the log proves at `version`. Raises DamagedTableError for a broken log."""
        parts = urlsplit(location)
        if parts.scheme not in ("", "file"):
            return None
        folder = Path(unquote(parts.path))
        try:
            state = self._tables.state(folder, version, table=str(folder))
        except (SqlError, UnsupportedError):  # a version without commit files, a shallow clone
            return None
        return delta_statistics(state, columns)
