"""The definition of a test: its columns and parameters, as JSON text and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dq_databricks.checks.entry import CheckType
from dq_databricks.engine.protocol import Snapshot
from dq_databricks.errors import ParameterError
from dq_databricks.model.parameter import Parameter, check_parameters
from dq_databricks.sensors.render import resolve_columns


@dataclass(frozen=True, slots=True)
class Definition:
    """What `TestRecord.definition` says."""

    columns: tuple[str, ...]
    parameters: Mapping[str, object]


def parse_definition(text: str) -> Definition:
    """Read ``{"columns": [...], "parameters": {...}}``; both may be absent.

    Raises ParameterError when the text is no such JSON.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ParameterError(f"definition {text[:60]!r} is no JSON: {error}") from error
    columns = value.get("columns") or [] if isinstance(value, dict) else None
    parameters = value.get("parameters") or {} if isinstance(value, dict) else None
    if not _are_names(columns) or not isinstance(parameters, dict):
        raise ParameterError(
            f'definition {text[:60]!r}: wanted {{"columns": [names], "parameters": {{…}}}}'
        )
    return Definition(tuple(columns or ()), parameters)


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def definition_text(columns: Sequence[str], parameters: Mapping[str, object]) -> str:
    """The definition as stored: JSON with sorted keys; the same test has the same text."""
    return json.dumps(
        {"columns": list(columns), "parameters": dict(parameters)},
        sort_keys=True,
        ensure_ascii=False,
        default=str,
    )


def checked_parameters(check_type: CheckType, given: Mapping[str, object]) -> dict[str, object]:
    """All parameters of `check_type`: those `given`, checked, else defaults.

    Raises ParameterError naming the check type, the parameter, what was given, what is wanted.
    """
    return check_parameters(check_type.parameters, given, owner=check_type.name)


def parameters_from_text(check_type: CheckType, texts: Mapping[str, str]) -> dict[str, object]:
    """Parameters typed by a person as `name: text`: numbers, dates and lists are read as such.

    A list is JSON or separated by commas. Raises ParameterError.
    """
    declared = {parameter.name: parameter for parameter in check_type.parameters}
    values = {
        name: _from_text(declared[name], text) if name in declared else text
        for name, text in texts.items()
    }
    checked = checked_parameters(check_type, values)
    return {name: checked[name] for name in values}


def _from_text(parameter: Parameter, text: str) -> object:
    kind = parameter.type_in_words
    if kind.startswith(("text", "a date")):
        return text
    try:
        value: object = json.loads(text)
    except ValueError:
        value = text
    if kind.startswith("a list") and not isinstance(value, list):
        parts = [part.strip() for part in text.split(",")]
        return (
            parts
            if kind.startswith("a list of text") and "number" not in kind
            else [_scalar(part) for part in parts]
        )
    return value


def _scalar(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def validate(
    check_type: CheckType,
    columns: Sequence[str],
    parameters: Mapping[str, object],
    snapshot: Snapshot,
) -> Definition:
    """The checked definition of a test to be stored, column names spelt as in the table.

    Raises ParameterError, ColumnNotFoundError.
    """
    checked = checked_parameters(check_type, parameters)
    found = resolve_columns(check_type.sensor, snapshot, columns, owner=check_type.name)
    names = tuple(column.name for column in found) if columns else ()
    return Definition(names, {name: checked[name] for name in parameters})
