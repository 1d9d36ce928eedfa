"""Writing sensors, rules and check types: what is there already, and trying what is not yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dq_databricks.checks.bind import bind_check_type
from dq_databricks.checks.catalog import find_check_type
from dq_databricks.checks.entry import CheckType
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import UnsupportedError
from dq_databricks.model.ids import Context
from dq_databricks.planning.planner import make_plan
from dq_databricks.quality.examples import example_snapshot, over_rows
from dq_databricks.quality.reach import Reach
from dq_databricks.rules.values import Verdict
from dq_databricks.running.execute import execute
from dq_databricks.running.values import cell
from dq_databricks.sensors.catalog import find_sensor
from dq_databricks.sensors.entry import EXAMPLE_NOW, Cell, Scope, Sensor
from dq_databricks.sensors.measure import Measure
from dq_databricks.sensors.render import render, template_text
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.portable import check_portable
from dq_databricks.sql.statement import Statement

_KEY = "tried"


@dataclass(frozen=True, slots=True)
class SensorTrial:
    """What a sensor measured on its example, and on the same table without rows.

    `sql` is what the template became; `findings` are what not every engine answers alike, and
    what to write instead. While there are any, nothing is measured.
    """

    sql: str
    expected: Cell
    expected_on_empty: Cell
    measured: Cell = None
    measured_on_empty: Cell = None
    findings: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether it measures what its entry promises, in portable SQL."""
        promised = (self.expected, self.expected_on_empty)
        return promised == (self.measured, self.measured_on_empty) and not self.findings


@dataclass(frozen=True, slots=True)
class CheckTrial:
    """The verdict of a check type on a table, and the statements that measured it."""

    verdict: Verdict
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuthoringFace:
    """Shows the parts of checks and tries new ones; stores nothing, and makes no table."""

    engine: Engine
    context: Context
    reach: Reach

    def sensor(self, name: str) -> Sensor:
        """The entry of a sensor of the catalog; raises UnknownNameError with near names."""
        return find_sensor(name)

    def check_type(self, name: str) -> CheckType:
        """The entry of a check type of the catalog; raises UnknownNameError with near names."""
        return find_check_type(name)

    def template(self, name: str) -> str:
        """The template of a sensor of the catalog; empty where metadata answers."""
        return template_text(find_sensor(name))

    def try_sensor(self, sensor: Sensor, template: str | None = None) -> SensorTrial:
        """Measure the example of `sensor` on this engine; `template` is the text of a new one.

        Raises ParameterError for an example that does not fit, SqlError for a template that does
        not render, UnsupportedError where metadata or other tables answer, and what the engine
        says of the SQL.
        """
        measure = self._of_example(sensor, template)
        statement, alias = self._planned(sensor, measure)
        trial = SensorTrial(measure.expression.text, sensor.example.expected, sensor.on_empty)
        found = check_portable(parse_statement(statement.text))
        if found:
            return replace(trial, findings=tuple(f"{one.text}: {one.hint}" for one in found))
        try:
            return replace(
                trial,
                measured=self._measured(sensor, statement, alias),
                measured_on_empty=self._measured(sensor, statement, alias, empty=True),
            )
        except UnsupportedError as error:  # what only the types of the columns show
            return replace(trial, findings=(str(error),))

    def try_check(
        self,
        check_type: CheckType,
        target: str,
        *,
        columns: Sequence[str] = (),
        parameters: Mapping[str, object] | None = None,
        template: str | None = None,
    ) -> CheckTrial:
        """Measure and judge TARGET now with a check type that need not be in the catalog.

        Raises TargetError, ParameterError, ColumnNotFoundError, and EngineError children when
        the table cannot be read; a measure that fails is a verdict ``error``.
        """
        given, now = parameters or {}, self.context.now()
        self.reach.check_parameters(given)
        snapshot = self.engine.inspect(self.reach.relation(target))
        bound = bind_check_type(
            check_type,
            snapshot,
            columns,
            given,
            test_id=_KEY,
            severity=check_type.severity,
            resolve_reference=self.reach.relation,
            now=now,
            template=template,
        )
        plan = make_plan(snapshot, bound.measures, self.engine.facts)
        verdict = bound.judge(execute(plan, self.engine), at=now)
        return CheckTrial(verdict, tuple(one.statement.text for one in plan.statements))

    def _of_example(self, sensor: Sensor, template: str | None) -> Measure:
        example = sensor.example
        if example.references:
            raise UnsupportedError(
                f"sensor {sensor.name!r}: its example reads {', '.join(example.references)} too; "
                "use it in a check type and try that on tables that exist"
            )
        every = () if sensor.scope is Scope.TABLE else tuple(example.table.columns)
        return render(
            sensor,
            example_snapshot(example.table),
            every if example.measured is None else example.measured,
            example.parameters,
            EXAMPLE_NOW,
            key=_KEY,
            resolve_reference=self.reach.relation,
            template=template,
        )

    def _planned(self, sensor: Sensor, measure: Measure) -> tuple[Statement, str]:
        """The one statement that takes `measure`, and its column there."""
        plan = make_plan(example_snapshot(sensor.example.table), [measure], self.engine.facts)
        for planned in plan.statements:
            for alias, keys in planned.answers.items():
                if _KEY in keys:
                    return planned.statement, alias
        raise UnsupportedError(
            f"sensor {sensor.name!r}: metadata answers it, so there is no SQL to try; "
            "use it in a check type and try that on a table"
        )

    def _measured(
        self, sensor: Sensor, statement: Statement, alias: str, *, empty: bool = False
    ) -> Cell:
        answer = self.engine.query(over_rows(statement, sensor.example.table, empty=empty))
        return cell(answer, alias if alias in answer.column_names else 0)
