"""The entries of a document of tests: their shape, held against what a test may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dq_databricks.errors import DocumentError, Fault
from dq_databricks.model.testing import DEFAULT_SUITE
from dq_databricks.model.vocabulary import Severity
from dq_databricks.model.words import did_you_mean
from dq_databricks.quality.documents import Node

FORMAT_VERSION = 1
MOST_NAME_CHARS, MOST_TARGET_CHARS = 255, 1000
MOST_COLUMNS, MOST_PARAMETERS = 100, 50
_FIELDS = (
    "id",
    "table",
    "check_type",
    "columns",
    "parameters",
    "name",
    "suite",
    "severity",
    "is_active",
)
_SEVERITIES = tuple(severity.value for severity in Severity)


@dataclass(frozen=True, slots=True)
class Entry:
    """One test as a document has it; None: not said."""

    pointer: str
    line: int | None
    lines: Mapping[str, int | None]
    table: str
    check_type: str
    columns: tuple[str, ...] = ()
    parameters: Mapping[str, Any] | None = None
    test_id: str | None = None
    name: str | None = None
    suite: str = DEFAULT_SUITE
    severity: str | None = None
    is_active: bool = True

    def fault(self, problem: str, field: str | None = None) -> Fault:
        """What is wrong with this entry, or with one field of it."""
        if field is None or field not in self.lines:
            return Fault(problem, self.line, self.pointer)
        return Fault(problem, self.lines[field], f"{self.pointer}/{field}")


def entries_of(document: Node, *, most: int) -> tuple[list[Entry], list[Fault]]:
    """The entries whose shape is right, and what is wrong with the others.

    Raises DocumentError where there are no entries to look at, or more than `most`.
    """
    tests = _tests(document)
    if len(tests.value) > most:
        problem = f"{len(tests.value):,} tests; a document may have {most:,}: send it in parts"
        raise DocumentError([Fault(problem, tests.line, "/tests")])
    entries, faults = [], []
    for number, node in enumerate(tests.value):
        found = _Shape(node, f"/tests/{number}")
        entry = found.entry()
        faults += found.faults
        entries += [] if entry is None else [entry]
    return entries, faults


def _tests(document: Node) -> Node:
    if not isinstance(document.value, dict):
        raise _no_document("a document has the names version and tests", document, "")
    for name, node in document.value.items():
        if name not in ("version", "tests"):
            raise _no_document(f"unknown name {name[:60]!r}", node, "")
    version = document.value.get("version")
    if version is not None and (version.value is True or version.value != FORMAT_VERSION):
        raise _no_document(f"the version must be {FORMAT_VERSION}", version, "/version")
    tests: Node | None = document.value.get("tests")
    if tests is None or not isinstance(tests.value, list):
        raise _no_document("tests must be a list", tests or document, "/tests")
    return tests


def _no_document(problem: str, node: Node, pointer: str) -> DocumentError:
    return DocumentError([Fault(problem, node.line, pointer)])


class _Shape:
    """Reads the fields of one entry, and remembers what is wrong with them."""

    def __init__(self, node: Node, pointer: str) -> None:
        self.faults: list[Fault] = []
        self._node, self._pointer = node, pointer
        self._fields: Mapping[str, Node] = node.value if isinstance(node.value, dict) else {}

    def entry(self) -> Entry | None:
        """The entry; None where anything is wrong with it."""
        if not isinstance(self._node.value, dict):
            self.faults.append(Fault("a test is a mapping", self._node.line, self._pointer))
            return None
        self._check_names()
        values: dict[str, Any] = {
            "table": self._text("table", MOST_TARGET_CHARS, is_needed=True),
            "check_type": self._text("check_type", is_needed=True),
            "columns": self._columns(),
            "parameters": self._parameters(),
            "test_id": self._text("id"),
            "name": self._text("name"),
            "suite": self._text("suite") or DEFAULT_SUITE,
            "severity": self._severity(),
            "is_active": self._is_active(),
        }
        if self.faults:
            return None
        lines = {name: node.line for name, node in self._fields.items()}
        return Entry(self._pointer, self._node.line, lines, **values)

    def _wrong(self, field: str, problem: str) -> None:
        node = self._fields.get(field, self._node)
        step = field[:60].replace("~", "~0").replace("/", "~1")
        self.faults.append(Fault(problem, node.line, f"{self._pointer}/{step}"))

    def _check_names(self) -> None:
        for name in self._fields:
            if name not in _FIELDS:
                hint = did_you_mean(name, _FIELDS) or f"; there are {', '.join(_FIELDS)}"
                self._wrong(name, f"a test has no {name[:60]!r}{hint}")

    def _given(self, field: str) -> Any:
        node = self._fields.get(field)
        return None if node is None else node.plain

    def _text(
        self, field: str, most: int = MOST_NAME_CHARS, *, is_needed: bool = False
    ) -> str | None:
        value = self._given(field)
        if value is None:
            if is_needed:
                self._wrong(field, f"{field} is missing")
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            self._wrong(field, f"{field} must be text of 1 to {most:,} characters")
            return None
        return value

    def _columns(self) -> tuple[str, ...]:
        value = self._given("columns")
        if value is None:
            return ()
        is_fine = isinstance(value, list) and len(value) <= MOST_COLUMNS
        if not is_fine or not all(
            isinstance(name, str) and 0 < len(name) <= MOST_NAME_CHARS for name in value
        ):
            self._wrong("columns", f"columns must be a list of up to {MOST_COLUMNS} names")
            return ()
        return tuple(value)

    def _parameters(self) -> dict[str, Any]:
        value = self._given("parameters")
        if value is None:
            return {}
        if not isinstance(value, dict) or len(value) > MOST_PARAMETERS:
            self._wrong("parameters", f"parameters must be a mapping of up to {MOST_PARAMETERS}")
            return {}
        return value

    def _severity(self) -> str | None:
        value: str | None = self._given("severity")
        if value is not None and value not in _SEVERITIES:
            self._wrong("severity", f"severity must be one of {', '.join(_SEVERITIES)}")
            return None
        return value

    def _is_active(self) -> bool:
        value = self._given("is_active")
        if value is not None and not isinstance(value, bool):
            self._wrong("is_active", "is_active must be true or false")
        return value is not False
