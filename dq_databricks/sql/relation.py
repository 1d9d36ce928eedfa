"""A relation: what a statement reads, at one pinned version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from dq_databricks.sql.identifiers import TableName, quote

FileFormat = Literal["delta", "parquet", "csv"]


@dataclass(frozen=True, slots=True)
class TableRelation:
    """A table of a catalog, optionally pinned to one Delta version.

    One that `is_foreign` is read through a foreign catalog: it has neither versions nor file
    statistics, and nobody asks for them.
    """

    name: TableName
    version: int | None = None
    is_foreign: bool = False

    @property
    def sql(self) -> str:
        """The relation as it stands in a FROM clause."""
        return self.name.sql + _as_of(self.version)

    def at(self, version: int | None) -> TableRelation:
        """The same relation pinned to `version`."""
        return replace(self, version=version)

    def __str__(self) -> str:
        return str(self.name)


@dataclass(frozen=True, slots=True)
class FileRelation:
    """A Delta folder, parquet or CSV files, named by an absolute path, a glob or an address."""

    file_format: FileFormat
    path: str
    version: int | None = None

    @property
    def sql(self) -> str:
        """The relation as it stands in a FROM clause: ``parquet.`/data/a.parquet` ``."""
        return f"{self.file_format}.{quote(self.path)}" + _as_of(self.version)

    @property
    def is_foreign(self) -> bool:
        """Files are read where they are."""
        return False

    def at(self, version: int | None) -> FileRelation:
        """The same relation pinned to `version`; only Delta folders have versions."""
        return replace(self, version=version)

    def __str__(self) -> str:
        return self.path


Relation = TableRelation | FileRelation


def _as_of(version: int | None) -> str:
    return "" if version is None else f" VERSION AS OF {int(version)}"
