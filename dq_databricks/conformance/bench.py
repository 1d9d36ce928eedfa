"""Where questions are tried: an engine, a scratch schema, and the workspace around them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dq_databricks.conformance.workspace import open_workspace
from dq_databricks.engine.open import open_engine
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import QualityError
from dq_databricks.model.ids import Context
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Parameter, Statement


@dataclass(frozen=True)
class Bench:
    """What a question may use. Tables stand in `schema` of `catalog`, which is dropped after."""

    engine: Engine
    settings: Settings
    context: Context
    catalog: str
    schema: str
    connection: str = ""
    reopen: Callable[[Settings], Engine] = open_engine

    @cached_property
    def workspace(self) -> Any:
        """A client of the workspace. Raises AuthenticationError, MissingExtraError."""
        return open_workspace(self.settings)

    def new_table(self, columns: str) -> TableName:
        """A new empty Delta table with these columns."""
        name = TableName(self.catalog, self.schema, f"t_{self.context.new_id().replace('-', '')}")
        self.run(f"CREATE TABLE {name.sql} ({columns}) USING DELTA")
        return name

    def run(self, text: str, **parameters: Parameter) -> int | None:
        """Carry out a statement; affected rows where it has them."""
        return self.engine.execute(Statement(text, parameters))

    def rows(self, text: str, **parameters: Parameter) -> list[dict[str, Any]]:
        """The rows of a query."""
        found: list[dict[str, Any]] = self.engine.query(Statement(text, parameters)).to_pylist()
        return found

    def refusal(self, text: str) -> str:
        """Why a statement is refused, in one line; empty when it is taken."""
        try:
            self.run(text)
        except QualityError as error:
            return " ".join(str(error).split())[:160]
        return ""


def at_once(actions: Sequence[Callable[[], object]]) -> list[object]:
    """Carry out `actions` at the same moment; what each gave, or the error of ours it raised."""
    ready = threading.Barrier(len(actions))

    def released(action: Callable[[], object]) -> object:
        ready.wait()
        try:
            return action()
        except QualityError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(released, actions))


@contextmanager
def scratch_schema(engine: Engine, catalog: str, schema: str) -> Iterator[None]:
    """A schema that is made here and dropped at the end, whatever happens in between.

    Raises an error of the engine where it is there already: then it is not ours to drop.
    """
    name = quote(catalog, schema)
    engine.execute(Statement(f"CREATE SCHEMA {name}"))
    try:
        yield
    finally:
        engine.execute(Statement(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
