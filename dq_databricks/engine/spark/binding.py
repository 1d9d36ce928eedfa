"""Runs a statement with named parameters, in the way that this session can bind them.

Delta's session extension on Spark 4.1 loses parameters in views of the plan. Three ways, tried
in this order once for each session: as they are, with the parser's older substitution switched
on, and inside EXECUTE IMMEDIATE (the only one that works through Spark Connect there).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions

from dq_databricks.engine.spark.failures import FAILURES
from dq_databricks.engine.spark.literals import literal
from dq_databricks.sql.statement import Parameter

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SUBSTITUTION = "spark.sql.legacy.parameterSubstitution.constantsOnly"
_PROBE = "SELECT :probe AS probe"
_NAME = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")


class Way(Enum):
    """How parameters reach the session."""

    ARGUMENTS = "arguments"
    EXECUTE_IMMEDIATE = "execute_immediate"


class Binder:
    """Carries out statements with parameters over one session; makes no call when constructed."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._way: Way | None = None
        self._lock = Lock()

    def run(self, text: str, parameters: Mapping[str, Parameter]) -> DataFrame:
        """The frame of `text`; commands are carried out at once. Unused parameters are dropped."""
        named = set(_NAME.findall(text))
        used = {name: value for name, value in parameters.items() if name in named}
        if not used:
            return self._session.sql(text)
        # An empty list has no type as an argument.
        if self.way is Way.ARGUMENTS and [] not in used.values():
            return self._session.sql(text, args={k: _argument(v) for k, v in used.items()})
        return self._session.sql(execute_immediate(text, used))

    @property
    def way(self) -> Way:
        """The way that works here; found by trying, once."""
        with self._lock:
            if self._way is None:
                self._way = self._find()
            return self._way

    def _find(self) -> Way:
        if self._binds() or (self._substitutes() and self._binds()):
            return Way.ARGUMENTS
        return Way.EXECUTE_IMMEDIATE

    def _binds(self) -> bool:
        try:
            self._session.sql(_PROBE, args={"probe": 1}).collect()
        except FAILURES:
            return False
        return True

    def _substitutes(self) -> bool:
        try:
            self._session.conf.set(SUBSTITUTION, "true")
        except FAILURES:
            return False
        return True


def execute_immediate(text: str, parameters: Mapping[str, Parameter]) -> str:
    """`text` and the values of its `parameters` as one statement that binds them itself."""
    values = ", ".join(f"{literal(value)} AS {name}" for name, value in parameters.items())
    return f"EXECUTE IMMEDIATE {literal(text)} USING {values}"


def _argument(value: Parameter) -> Any:
    if isinstance(value, date):
        # The bridge to Java loses the zeros of years before 1000; a literal does not.
        return functions.expr(literal(value))
    if value is None or isinstance(value, str | bytes | int | float | Decimal):
        return value
    return list(value)
