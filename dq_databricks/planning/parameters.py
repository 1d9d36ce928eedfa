"""Named parameters of several expressions brought together into one statement."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from dq_databricks.planning.requests import FrozenParameter, frozen
from dq_databricks.sql.statement import Parameter, Statement

# What may hold a colon without being a parameter comes first: strings, names, comments, casts.
_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`"""
    r"""|--[^\n]*|/\*.*?\*/|::|(?<![\w:]):(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL,
)


class SharedParameters:
    """Gives each (name, value) one name in a statement: shared when equal, renamed when not."""

    def __init__(self) -> None:
        self._names: dict[FrozenParameter, str] = {}
        self._used: set[str] = set()
        self._counts: Counter[str] = Counter()

    def bind(self, expression: Statement) -> tuple[str, dict[str, Parameter]]:
        """The text of `expression` with the shared names, and their values."""
        shared = {
            name: self._name_for(name, value) for name, value in expression.parameters.items()
        }
        text = expression.text
        if any(name != new for name, new in shared.items()):
            text = renamed(text, shared)
        return text, {shared[name]: value for name, value in expression.parameters.items()}

    def _name_for(self, name: str, value: Parameter) -> str:
        key = frozen(name, value)
        if key not in self._names:
            self._names[key] = self._free(name)
            self._used.add(self._names[key].lower())
        return self._names[key]

    def _free(self, name: str) -> str:
        candidate = name
        while candidate.lower() in self._used:
            self._counts[name] += 1
            candidate = f"{name}_{self._counts[name] + 1}"
        return candidate


def renamed(text: str, names: Mapping[str, str]) -> str:
    """`text` with parameters renamed; strings, quoted names and comments stay as they are."""

    def replace(match: re.Match[str]) -> str:
        name = match.group("name")
        return ":" + names[name] if name in names else match.group()

    return _TOKEN.sub(replace, text)


def mentioned(text: str) -> set[str]:
    """Names of the parameters in `text`."""
    return {match.group("name") for match in _TOKEN.finditer(text) if match.group("name")}
