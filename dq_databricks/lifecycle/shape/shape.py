"""The shape of a schema: its tables, columns, comments, properties and constraints as values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column; `data_type` is its Databricks SQL type in upper case."""

    name: str
    data_type: str
    nullable: bool = True
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class TableShape:
    """One table. `properties` holds what people or migrations set, not what engines add by
    themselves; `checks` holds CHECK constraints: name → condition; `keys` PRIMARY and FOREIGN KEY
    constraints where the engine keeps them: name → definition; `clustering` its columns.
    """

    name: str
    columns: tuple[ColumnShape, ...]
    comment: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    clustering: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewShape:
    """One view, or something else without Delta versions.

    `text` is its SELECT in one spelling, the schema it stands in as the placeholder of the
    migration files; None: it is no view, or its text may not be read.
    """

    name: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class SchemaShape:
    """The tables of a schema by name; `views` is what else it holds."""

    tables: Mapping[str, TableShape]
    views: Mapping[str, ViewShape] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole shape: equal for equal shapes, whatever order objects came in."""
        objects = {name: asdict(table) for name, table in self.tables.items()}
        objects |= {name: asdict(view) for name, view in self.views.items()}
        text = json.dumps(objects, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
