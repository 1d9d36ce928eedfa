"""Finding entries by where they stand: no hand-kept list of them exists."""

from __future__ import annotations

import importlib
import pkgutil
from types import MappingProxyType
from typing import Protocol, TypeVar


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name it is found by."""


Entry = TypeVar("Entry", bound=Named)


def discover(package: str, kind: type[Entry]) -> MappingProxyType[str, Entry]:
    """Every module-level value of type `kind` in the modules of `package`, by its name.

    Raises TypeError when two different entries have one name: that is a mistake of the author.
    """
    root = importlib.import_module(package)
    found: dict[str, Entry] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(root.__path__)):
        for value in vars(importlib.import_module(f"{package}.{module}")).values():
            if isinstance(value, kind) and found.setdefault(value.name, value) is not value:
                raise TypeError(f"{package}: two entries are named {value.name!r}")
    return MappingProxyType(found)
