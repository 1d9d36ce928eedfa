"""What a worker process is told to do, as values that travel as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

CATALOG = "main"
SCHEMA = "dq_metadata"
TARGET = "dq_moved"


@dataclass(frozen=True, slots=True)
class Gate:
    """A point of one engine call at which a worker says that it is there, and may wait.

    It is the `number`-th call (from 1) whose kind and text match; `when` is before or after the
    call. The worker makes the file `path`.reached, and when it `waits`, goes on once `path`.open
    is there.
    """

    path: str
    kind: str
    text: str
    when: str = "before"
    number: int = 1
    waits: bool = True

    @property
    def reached(self) -> Path:
        """The file that says the worker is there."""
        return Path(self.path + ".reached")

    @property
    def open(self) -> Path:
        """The file that lets it go on."""
        return Path(self.path + ".open")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. `stop` is the file after which writers end, `acks` where they note what
    was acknowledged; `bug` names a seeded fault.
    """

    role: str
    name: str
    home: str
    schema: str = SCHEMA
    target: str = ""
    point: str = ""
    acks: str = ""
    stop: str = ""
    bug: str = ""
    lease_s: int = 1
    wait_s: int = 60
    gates: tuple[Gate, ...] = field(default_factory=tuple)

    @property
    def text(self) -> str:
        """The job as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, values: dict[str, Any]) -> Job:
        """The job that `text` stored, after parsing."""
        gates = tuple(Gate(**gate) for gate in values["gates"])
        return cls(**{**values, "gates": gates})
