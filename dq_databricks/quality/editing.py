"""Edits of rows as faces offer them: some columns may change, the rest is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from dq_databricks.errors import ParameterError
from dq_databricks.model.base import MutableRecord
from dq_databricks.store.access import Table

R = TypeVar("R", bound=MutableRecord)


def edited(
    table: Table[R],
    row: R,
    changes: Mapping[str, Any],
    *,
    allowed: frozenset[str],
    expected_version: int | None,
) -> R:
    """Store `row` with `changes`; `expected_version` None edits whatever is stored now.

    Raises ParameterError for columns that are not `allowed` and values they cannot have, and
    VersionConflictError.
    """
    if unknown := sorted(set(changes) - allowed):
        raise ParameterError(
            f"{row.ENTITY}: {unknown[0]!r} cannot be changed; {', '.join(sorted(allowed))} can be"
        )
    if not changes:
        raise ParameterError("nothing to change was given")
    version = row.version if expected_version is None else expected_version
    return table.update(checked_row(type(row), {**row.model_dump(), **changes}), version)


def removed(table: Table[R], row: R, expected_version: int | None) -> R:
    """Hide `row` from readers; the row as it was."""
    version = row.version if expected_version is None else expected_version
    table.remove([str(getattr(row, name)) for name in row.KEY], version)
    return row


def checked_row(model: type[R], values: Mapping[str, Any]) -> R:
    """A row of these values; raises ParameterError naming the first that cannot be."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in found["loc"])
        raise ParameterError(f"{model.ENTITY}: {name}: {found['msg']}") from error
