"""What a workspace holds."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests.emulator.workspace.routes import JsonDict
from tests.emulator.workspace.running import Run
from tests.emulator.workspace.tasks import Executor


@dataclass
class State:
    """Everything by id. The files of the workspace lie below `folder`, under their paths."""

    folder: Path
    user: str
    executor: Executor
    lock: threading.RLock = field(default_factory=threading.RLock)
    unknown: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    jobs: dict[int, JsonDict] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    securables: dict[str, JsonDict] = field(default_factory=dict)
    grants: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    dashboards: dict[str, JsonDict] = field(default_factory=dict)
    published: dict[str, JsonDict] = field(default_factory=dict)
    apps: dict[str, JsonDict] = field(default_factory=dict)
    deployments: dict[str, JsonDict] = field(default_factory=dict)
    scopes: dict[str, dict[str, str]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    alerts: dict[str, JsonDict] = field(default_factory=dict)
    permissions: dict[str, list[JsonDict]] = field(default_factory=dict)
    warehouses: list[JsonDict] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1_001))

    def number(self) -> int:
        """A number that no other thing of this workspace has."""
        return next(self._numbers)
