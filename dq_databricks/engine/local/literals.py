"""Values and names as DuckDB SQL."""

from __future__ import annotations

from collections.abc import Iterable


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def array(values: Iterable[str]) -> str:
    """A list of string literals."""
    return "[" + ", ".join(text(value) for value in values) + "]"


def struct(pairs: Iterable[tuple[str, str]]) -> str:
    """A struct of string literals."""
    return "{" + ", ".join(f"{text(name)}: {text(value)}" for name, value in pairs) + "}"


def name(*parts: str) -> str:
    """A quoted name."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
