"""A question: what is taken for granted, what hangs on it, and how it is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dq_databricks.conformance.bench import Bench
from dq_databricks.conformance.verdict import Answer
from dq_databricks.engine.protocol import Capability


class Need(StrEnum):
    """What a question needs beside an engine."""

    WAREHOUSE = "warehouse"
    WORKSPACE = "workspace"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Question:
    """`claim` is what our code takes for granted; `ask` tries it on a bench."""

    name: str
    claim: str
    hangs_on: str
    ask: Callable[[Bench], Answer]
    needs: frozenset[Need | Capability] = frozenset()

    def lacking(self, bench: Bench) -> str:
        """Why the bench cannot answer this; empty when it can."""
        lacking = (_lacking(need, bench) for need in sorted(self.needs))
        return next(filter(None, lacking), "")


def question(
    claim: str, hangs_on: str, *needs: Need | Capability
) -> Callable[[Callable[[Bench], Answer]], Question]:
    """Make a function the question of its name."""

    def made(ask: Callable[[Bench], Answer]) -> Question:
        return Question(ask.__name__, claim, hangs_on, ask, frozenset(needs))

    return made


def _lacking(need: Need | Capability, bench: Bench) -> str:
    facts = bench.engine.facts
    if isinstance(need, Capability):
        return "" if facts.has(need) else f"the {facts.name} engine has no {need.value}"
    if need is Need.WAREHOUSE and facts.name != "warehouse":
        return f"asks a SQL warehouse; this is the {facts.name} engine"
    if need is Need.WORKSPACE and not bench.settings.host:
        return "asks a workspace; set DATABRICKS_HOST"
    if need is Need.CONNECTION and not bench.connection:
        return "asks a connection of Unity Catalog; name one with --connection"
    return ""
