"""The warehouse engine over the emulator, itself over a local lake."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.protocol import Capability
from dq_databricks.engine.warehouse.connect import Warehouse
from dq_databricks.engine.warehouse.engine import FACTS, WarehouseEngine
from dq_databricks.engine.warehouse.policy import Patience
from dq_databricks.sql.statement import Statement
from tests.emulator import Emulator
from tests.support.local_engine import SHARED

TOKEN = "opaque-token-of-the-tests"
QUICK = Patience(deadline_s=5.0, first_pause_s=0.001, longest_pause_s=0.005)


class Token:
    """Credentials that are one token; `renewed` counts how often it was read again."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens) or [TOKEN]
        self.renewed = 0

    def arguments(self) -> Mapping[str, Any]:
        return {"access_token": self._tokens[0]}

    def renew(self) -> None:
        self.renewed += 1
        self._tokens = self._tokens[1:] or self._tokens

    def secrets(self) -> frozenset[str]:
        return frozenset(self._tokens)


class EmulatedEngine(WarehouseEngine):
    """A warehouse engine that closes the emulator and the lake behind it with itself."""

    def __init__(self, emulator: Emulator, behind: ExitStack, **options: Any) -> None:
        self.emulator = emulator
        self._behind = behind
        super().__init__(**options)

    def close(self) -> None:
        super().close()
        self._behind.close()


def reason_to_skip() -> str | None:
    return None


def open_for_tests(folder: Path) -> EmulatedEngine:
    return open_emulated(folder)


def open_emulated(
    folder: Path,
    *,
    credentials: Token | None = None,
    patience: Patience = QUICK,
    statement_timeout_s: int = 3600,
    connections: int = 4,
    **emulated: Any,
) -> EmulatedEngine:
    """An engine over an emulator (with the options `emulated`) over a lake in `folder`."""
    behind = ExitStack()
    lake = behind.enter_context(LocalEngine(folder, catalog="main", durable=False, database=SHARED))
    lake.execute(Statement("CREATE SCHEMA IF NOT EXISTS main.s"))
    emulator = behind.enter_context(Emulator(lake, **emulated))
    able = lake.facts.capabilities | {Capability.CANCEL, Capability.QUERY_TAGS}
    return EmulatedEngine(
        emulator,
        behind,
        warehouse=Warehouse(
            host=emulator.host,
            http_path=emulator.http_path,
            credentials=credentials or Token(),
            catalog="main",
            statement_timeout_s=statement_timeout_s,
            patience=patience,
        ),
        connections=connections,
        facts=replace(FACTS, capabilities=FACTS.capabilities & able),
    )
