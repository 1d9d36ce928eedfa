"""From an entry to a measure: the template rendered for the columns of one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from dq_databricks.engine.protocol import ColumnInfo, Snapshot
from dq_databricks.errors import ColumnNotFoundError, ParameterError
from dq_databricks.model.column_types import GeneralType, can_group, general_type
from dq_databricks.model.parameter import check_parameters
from dq_databricks.model.words import did_you_mean
from dq_databricks.sensors.entry import Scope, Sensor
from dq_databricks.sensors.literal import end_of_day, literal
from dq_databricks.sensors.measure import Measure, MeasureKind, Proof
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.regex import portable_regex
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.render import renderer
from dq_databricks.sql.statement import Statement
from dq_databricks.sql.user import parse_condition, parse_select

TEMPLATES: Final = Path(__file__).parent / "templates"
TABLE_PLACEHOLDER: Final = "{table}"
ResolveReference = Callable[[str], Relation]


def render(
    sensor: Sensor,
    snapshot: Snapshot,
    columns: Sequence[str],
    parameters: Mapping[str, object],
    now: datetime,
    *,
    key: str = "",
    owner: str = "",
    resolve_reference: ResolveReference | None = None,
    template: str | None = None,
) -> Measure:
    """The measure `sensor` takes of `columns` of `snapshot` at the time `now`.

    `owner` is the name that errors are told under: the check type, or the sensor by default.
    `template` is the text of a template that is no file yet.

    Raises ParameterError (parameters, number or type of columns), ColumnNotFoundError,
    RegexError, UserSqlError, SqlError (the template).
    """
    owner = owner or sensor.name
    values = check_parameters(sensor.parameters, parameters, owner=owner)
    targets = resolve_columns(sensor, snapshot, columns, owner=owner)
    _check_reference(targets, values, owner=owner)
    if sensor.answer:
        return _answered(sensor, snapshot, targets, values, key=key)
    statement = _rendered(
        sensor,
        template,
        **values,
        columns=targets,
        column=targets[0] if targets else None,
        relation=snapshot.relation,
        now=now,
        **_helpers(snapshot, resolve_reference),
    )
    return Measure(
        key=key or sensor.name,
        kind=sensor.kind,
        expression=statement,
        columns=frozenset(column.name for column in targets) | _condition_columns(snapshot, values),
        is_object=sensor.is_object,
        group_by=_group_by(sensor, targets),
        proof=_proof(sensor, targets, values, now),
    )


def template_text(sensor: Sensor) -> str:
    """The template of `sensor` as its file says; empty where metadata answers."""
    return (TEMPLATES / sensor.template).read_text("utf-8") if sensor.template else ""


def _rendered(sensor: Sensor, template: str | None, **context: object) -> Statement:
    if template is not None:
        return renderer().render_source(template, **context)
    return renderer(TEMPLATES).render(str(sensor.template), **context)


def resolve_columns(
    sensor: Sensor, snapshot: Snapshot, names: Sequence[str], *, owner: str
) -> tuple[ColumnInfo, ...]:
    """The columns of `snapshot` that `names` mean, checked against what the sensor takes.

    Raises ParameterError for a wrong number or type, ColumnNotFoundError for an unknown name.
    """
    wanted = names or ([c.name for c in snapshot.columns] if sensor.all_columns_by_default else [])
    _check_number(sensor, wanted, owner=owner)
    found = tuple(_find(sensor, snapshot, name) for name in wanted)
    for column in found:
        _check_type(sensor, column, owner=owner)
    return found


def _check_number(sensor: Sensor, names: Sequence[str], *, owner: str) -> None:
    wanted = {
        Scope.TABLE: ("no column", len(names) == 0),
        Scope.COLUMN: ("one column", len(names) == 1),
        Scope.COLUMNS: ("one or more different columns", 0 < len(names) == len(set(names))),
    }[sensor.scope]
    if not wanted[1]:
        raise ParameterError(
            f"{owner}: wants {wanted[0]}; got {', '.join(map(repr, names)) or 'none'}"
        )


def _find(sensor: Sensor, snapshot: Snapshot, name: str) -> ColumnInfo:
    column = snapshot.column(name)
    if column:
        return column
    if sensor.accepts_missing:
        return ColumnInfo(name, "VOID")
    known = [entry.name for entry in snapshot.columns]
    raise ColumnNotFoundError(
        f"{snapshot.relation}: no column {name!r}{did_you_mean(name, known) or _some(known)}"
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"; it has {', '.join(map(repr, names[:8]))}{more}"


def _check_type(sensor: Sensor, column: ColumnInfo, *, owner: str) -> None:
    if sensor.accepts_missing:
        return
    if general_type(column.data_type) not in sensor.accepts:
        wanted = ", ".join(sorted(sensor.accepts))
        raise ParameterError(
            f"{owner}: column {column.name!r} is {column.data_type}; it measures {wanted}"
        )
    if sensor.kind == MeasureKind.GROUP and not can_group(column.data_type):
        raise ParameterError(
            f"{owner}: column {column.name!r} is {column.data_type}, whose values cannot be "
            "compared; name the columns to compare"
        )


def _check_reference(
    targets: Sequence[ColumnInfo], values: Mapping[str, object], *, owner: str
) -> None:
    names = values.get("reference_columns")
    if isinstance(names, list) and len(names) != len(targets):
        raise ParameterError(
            f"{owner}: reference_columns: got {len(names)} for {len(targets)} columns; "
            "give one for each, in the same order"
        )


def _answered(
    sensor: Sensor,
    snapshot: Snapshot,
    targets: Sequence[ColumnInfo],
    values: Mapping[str, object],
    *,
    key: str,
) -> Measure:
    # The text tells metadata measures apart: equal measures are taken once.
    names = ", ".join(quote(column.name) for column in targets)
    return Measure(
        key=key or sensor.name,
        kind=sensor.kind,
        expression=Statement(f"{sensor.name}({names})"),
        value=sensor.answer(snapshot, targets, values) if sensor.answer else None,
    )


def _helpers(
    snapshot: Snapshot, resolve_reference: ResolveReference | None
) -> dict[str, Callable[..., object]]:
    def reference(text: str) -> Relation:
        if resolve_reference is None:
            raise ParameterError(f"reference table {text!r}: references cannot be resolved here")
        return resolve_reference(text)

    return {
        "literal": literal,
        "end_of_day": end_of_day,
        "portable_regex": portable_regex,
        "reference": reference,
        "condition": lambda text: parse_condition(text).sql,
        "user_select": lambda text: _user_select(text, snapshot),
        "is_float": lambda column: general_type(column.data_type) == GeneralType.FLOAT,
        "is_integer": lambda column: general_type(column.data_type) == GeneralType.INTEGER,
    }


def _user_select(text: str, snapshot: Snapshot) -> str:
    return parse_select(text.replace(TABLE_PLACEHOLDER, snapshot.relation.sql)).sql


def _condition_columns(snapshot: Snapshot, values: Mapping[str, object]) -> frozenset[str]:
    """The columns that a condition written by a user reads."""
    text = values.get("condition_sql")
    if not isinstance(text, str):
        return frozenset()
    known = [entry.name for entry in snapshot.columns]
    found = set()
    for name in parse_condition(text).columns:
        column = snapshot.column(name)
        if not column:
            hint = did_you_mean(name, known) or _some(known)
            raise ColumnNotFoundError(f"{snapshot.relation}: no column {name!r}{hint}")
        found.add(column.name)
    return frozenset(found)


def _group_by(sensor: Sensor, targets: Sequence[ColumnInfo]) -> tuple[str, ...]:
    if sensor.kind != MeasureKind.GROUP:
        return ()
    return tuple(column.name for column in targets)


def _proof(
    sensor: Sensor,
    targets: Sequence[ColumnInfo],
    values: Mapping[str, object],
    now: datetime,
) -> Proof | None:
    column = targets[0].name if targets else None
    if sensor.counts_outside is not None:
        low, high = sensor.counts_outside(values, now)
        return Proof("none_outside", column, low, high)
    return Proof(sensor.proof, column) if sensor.proof is not None else None
