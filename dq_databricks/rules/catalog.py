"""The catalog of rules: every decorated function found in the modules of this room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dq_databricks.model.discovery import discover
from dq_databricks.rules.rule import Rule


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its name."""
    return discover("dq_databricks.rules", Rule)
