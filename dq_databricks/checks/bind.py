"""A test bound to a snapshot: the measures to take, and the verdict once they are taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dq_databricks.checks.catalog import find_check_type
from dq_databricks.checks.definition import checked_parameters, parse_definition
from dq_databricks.checks.entry import CheckType
from dq_databricks.checks.finding import finding_in_words
from dq_databricks.engine.protocol import Snapshot
from dq_databricks.errors import QualityError
from dq_databricks.model.redacting import redacted
from dq_databricks.model.testing import TestRecord
from dq_databricks.model.vocabulary import ResultStatus, Severity
from dq_databricks.rules.values import PastReadout, Readout, Verdict
from dq_databricks.sensors.catalog import find_sensor
from dq_databricks.sensors.measure import Measure, MeasureKind, Measurement
from dq_databricks.sensors.render import ResolveReference, render
from dq_databricks.sensors.rows import CountedRows, counted_rows


def value_key(test_id: str) -> str:
    """The key of the measure whose value is judged."""
    return f"{test_id}/value"


def row_count_key(test_id: str) -> str:
    """The key of the row count measured beside it."""
    return f"{test_id}/row_count"


@dataclass(frozen=True, slots=True)
class BoundCheck:
    """A test ready to be measured and judged.

    `problem` says why it cannot be measured; it then has no measures and its verdict is an error.
    """

    test_id: str
    severity: Severity
    check_type: CheckType | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    problem: str | None = None
    previous: tuple[PastReadout, ...] = ()

    def judge(
        self,
        measurements: Mapping[str, Measurement],
        *,
        at: datetime,
        previous: Sequence[PastReadout] | None = None,
    ) -> Verdict:
        """The verdict on `measurements` (by key), taken `at`.

        `previous` is newest first; by default what was given to `bind`.

        A failed check of severity ``warning`` gives ``warn``.
        """
        problem = self.problem or _problem(self, measurements)
        if problem or self.check_type is None:
            return error_verdict(problem or "the check type is not known")
        verdict = self.check_type.rule(
            _readout(
                self,
                self.check_type,
                measurements,
                at=at,
                previous=self.previous if previous is None else previous,
            ),
            **_rule_parameters(self.check_type, self.parameters),
        )
        if verdict.status == ResultStatus.FAIL and self.severity == Severity.WARNING:
            return replace(verdict, status=ResultStatus.WARN)
        return verdict


def bind(
    test: TestRecord,
    snapshot: Snapshot,
    *,
    resolve_reference: ResolveReference,
    now: datetime,
    previous: Sequence[PastReadout] = (),
) -> BoundCheck:
    """Bind `test` to `snapshot`; `previous` is what it measured before, newest first.

    Never raises for a test that does not fit: that is its error."""
    try:
        bound = _bound(test, snapshot, resolve_reference=resolve_reference, now=now)
        return replace(bound, previous=tuple(previous))
    except QualityError as error:
        return BoundCheck(test.test_id, test.severity, problem=redacted(str(error)))


def _bound(
    test: TestRecord, snapshot: Snapshot, *, resolve_reference: ResolveReference, now: datetime
) -> BoundCheck:
    definition = parse_definition(test.definition)
    return bind_check_type(
        find_check_type(test.rule_type),
        snapshot,
        definition.columns or _own_column(test),
        definition.parameters,
        test_id=test.test_id,
        severity=test.severity,
        resolve_reference=resolve_reference,
        now=now,
    )


def bind_check_type(
    check_type: CheckType,
    snapshot: Snapshot,
    columns: Sequence[str],
    given: Mapping[str, object],
    *,
    test_id: str,
    severity: Severity,
    resolve_reference: ResolveReference,
    now: datetime,
    template: str | None = None,
) -> BoundCheck:
    """Bind `check_type`, which need not be in the catalog, to `columns` of `snapshot`.

    `template` is the text of its sensor's template where that is no file yet. Raises what
    binding raises: ParameterError, ColumnNotFoundError, UserSqlError.
    """
    parameters = checked_parameters(check_type, given)
    declared = {parameter.name for parameter in check_type.sensor.parameters}
    value = render(
        check_type.sensor,
        snapshot,
        columns,
        {name: entry for name, entry in parameters.items() if name in declared},
        now,
        key=value_key(test_id),
        owner=check_type.name,
        resolve_reference=resolve_reference,
        template=template,
    )
    measures = (value, *_row_count(test_id, value, snapshot, now=now))
    return BoundCheck(test_id, severity, check_type, parameters, measures)


def bind_check_rows(
    test: TestRecord,
    snapshot: Snapshot,
    *,
    limit: int,
    resolve_reference: ResolveReference,
    now: datetime,
) -> CountedRows:
    """The rows of `snapshot` that the measure of `test` counts, at most `limit`.

    Raises what binding raises: ParameterError, ColumnNotFoundError, UserSqlError.
    """
    bound = _bound(test, snapshot, resolve_reference=resolve_reference, now=now)
    sensor = find_check_type(test.rule_type).sensor
    return counted_rows(sensor, bound.measures[0], snapshot, limit)


def _own_column(test: TestRecord) -> tuple[str, ...]:
    return (test.column_name,) if test.column_name else ()


def _row_count(
    test_id: str, value: Measure, snapshot: Snapshot, *, now: datetime
) -> tuple[Measure, ...]:
    # A check of metadata must not cause a scan only to know how many rows there are.
    if value.kind == MeasureKind.METADATA:
        return ()
    counted = render(find_sensor("row_count"), snapshot, (), {}, now, key=row_count_key(test_id))
    return (counted,)


def _problem(check: BoundCheck, measurements: Mapping[str, Measurement]) -> str | None:
    for measure in check.measures:
        measurement = measurements.get(measure.key)
        if measurement is None:
            return "it was not measured"
        if measurement.error:
            return measurement.error
    return None


def _readout(
    check: BoundCheck,
    check_type: CheckType,
    measurements: Mapping[str, Measurement],
    *,
    at: datetime,
    previous: Sequence[PastReadout],
) -> Readout:
    counted = measurements.get(row_count_key(check.test_id))
    rows = counted.value if counted else None
    return Readout(
        value=measurements[value_key(check.test_id)].value,
        row_count=rows if isinstance(rows, int) else None,
        measured_at=at,
        previous=tuple(previous),
        finding=finding_in_words(check_type.sensor, check.parameters),
    )


def _rule_parameters(check_type: CheckType, parameters: Mapping[str, object]) -> dict[str, object]:
    return {parameter.name: parameters[parameter.name] for parameter in check_type.rule.parameters}


def error_verdict(problem: str) -> Verdict:
    """The verdict on a test that could not be measured."""
    return Verdict(
        ResultStatus.ERROR,
        expected="a measurement",
        actual=None,
        message=f"Could not be measured: {problem}",
    )
