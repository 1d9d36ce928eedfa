"""The types of sources: every entry found in the modules of this room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dq_databricks.errors import UnknownNameError
from dq_databricks.federation.entry import SourceType
from dq_databricks.model.discovery import discover
from dq_databricks.model.words import did_you_mean


@cache
def source_types() -> Mapping[str, SourceType]:
    """Every type of source by its name."""
    return discover("dq_databricks.federation", SourceType)


def find_source_type(name: str) -> SourceType:
    """The type of this name. Raises UnknownNameError with near names."""
    known = source_types()
    if name in known:
        return known[name]
    hint = did_you_mean(name, known) or f"; there are {', '.join(sorted(known))}"
    raise UnknownNameError(f"no type of connection is named {name[:40]!r}{hint}")
