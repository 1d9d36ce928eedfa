"""Seeded bugs: each takes one safeguard out of the product, inside a worker only.

A campaign that has never found anything is unproven; these show that it would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from dq_databricks.engine.protocol import Engine
from dq_databricks.lifecycle import lease
from dq_databricks.lifecycle.migrations import steps
from dq_databricks.lifecycle.migrations.look_first import Live
from dq_databricks.lifecycle.moving import rename, renaming
from dq_databricks.model.ids import Context
from dq_databricks.model.migration import Outcome
from dq_databricks.sql.split import ScriptStatement
from dq_databricks.sql.statement import Statement


@contextmanager
def planted(bug: str) -> Iterator[None]:
    """Have the bug of this name inside the block; no name, no bug."""
    if not bug:
        yield
        return
    with BUGS[bug]():
        yield


def _no_lock() -> Any:
    """Holding the lock takes nothing and asks nobody."""

    @contextmanager
    def hold(_: lease.SchemaLock, purpose: str) -> Iterator[SimpleNamespace]:
        owner = f"{purpose} {Context().new_id()}"
        yield SimpleNamespace(owner=owner, fence=1, keep=lambda: None)

    return patch.object(lease.SchemaLock, "hold", hold)


def _no_look_first() -> Any:
    """Statements of a migration are carried out, whatever is there."""

    def carry_out(engine: Engine, statement: ScriptStatement, _: Live) -> Outcome:
        engine.execute(Statement(statement.text))
        return Outcome.DONE

    return patch.object(steps, "carry_out", carry_out)


def _no_verify() -> Any:
    """A renaming neither tells writers to wait nor compares what it copied."""
    kept = tuple(step for step in renaming.STEPS if step.__name__ not in ("mark_source", "verify"))
    return patch.multiple(rename, STEPS=(*kept[:-2], renaming.mark_source, *kept[-2:]))


BUGS: Mapping[str, Callable[[], Any]] = {
    "no-lock": _no_lock,
    "no-look-first": _no_look_first,
    "no-verify": _no_verify,
}
