"""What the type of a connection decides about its columns, when it is added or edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dq_databricks.errors import ParameterError
from dq_databricks.federation.catalog import find_source_type
from dq_databricks.federation.entry import SourceType
from dq_databricks.federation.options import checked_options, parsed_options
from dq_databricks.model.catalog import Connection
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.sql.identifiers import check_object_name

_BY_TYPE = ("supports_history", "supports_statistics")


def settled(
    fields: Mapping[str, Any], *, name: str, stored: Connection | None = None
) -> dict[str, Any]:
    """`fields` of a new connection, or changes of a `stored` one, checked and completed.

    Options become JSON; a federated connection reads through the Unity Catalog connection and the
    foreign catalog that are named as it is, unless they are given.
    Raises UnknownNameError, ParameterError and IdentifierError; none shows a value.
    """
    for column in _BY_TYPE:
        if column in fields:
            raise ParameterError(f"{column} follows from the type of a connection; leave it out")
    found = dict(fields)
    if (reference := found.get("managed_credentials_ref")) is not None:
        SecretReference.parse(reference)
    was = "databricks" if stored is None else stored.connection_type
    kind = find_source_type(found.get("connection_type", was))
    if stored is None or kind.name != was:
        found |= {column: getattr(kind, column) for column in _BY_TYPE}
    if stored is None or {"federation_options", "connection_type"} & set(found):
        found["federation_options"] = _options(kind, found, stored)
    return _named(found, name, stored) if kind.is_federated else _direct(kind, found, stored)


def _options(kind: SourceType, found: Mapping[str, Any], stored: Connection | None) -> str | None:
    given = found.get("federation_options")
    if given is None and "federation_options" not in found and stored is not None:
        given = stored.federation_options if stored.connection_type == kind.name else None
    if isinstance(given, str):
        given = parsed_options(given)
    values = checked_options(kind, given or {})
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else None


def _named(found: dict[str, Any], name: str, stored: Connection | None) -> dict[str, Any]:
    for column, what in (("uc_connection", "Unity Catalog connection"), ("catalog", "catalog")):
        before = None if stored is None else getattr(stored, column)
        value = found.get(column) or (before if column not in found else None) or name
        if value != before:
            found[column] = check_object_name(value, what=what)
    return found


def _direct(kind: SourceType, found: dict[str, Any], stored: Connection | None) -> dict[str, Any]:
    if found.get("uc_connection") is not None:
        raise ParameterError(
            f"a connection of type {kind.name} is read directly; it has no uc_connection"
        )
    if stored is not None and stored.uc_connection is not None:
        found["uc_connection"] = None
    return found
