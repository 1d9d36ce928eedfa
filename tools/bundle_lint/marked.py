"""YAML whose mappings and lists remember the file and line of what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Key = str | int


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Mapping(dict[str, Any]):
    """A mapping that knows where each key stands."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[Key, Place] = {}

    def put(self, key: str, value: Any, place: Place) -> None:
        """Set a key that stands at `place`."""
        self[key] = value
        self.places[key] = place


class Sequence(list[Any]):
    """A list that knows where each item stands."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[Key, Place] = {}

    def add(self, value: Any, place: Place) -> None:
        """Append an item that stands at `place`."""
        self.places[len(self)] = place
        self.append(value)


@dataclass(frozen=True)
class Spot:
    """A value in the bundle: the keys that lead to it, and where it stands."""

    path: tuple[Key, ...]
    value: Any
    place: Place

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(str(part) for part in self.path)


@dataclass
class _Builder:
    file: str
    known: dict[int, Any] = field(default_factory=dict)  # an alias is the same node

    def place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1)

    def build(self, loader: yaml.SafeLoader, node: yaml.Node) -> Any:
        if id(node) not in self.known:
            self.known[id(node)] = self._built(loader, node)
        return self.known[id(node)]

    def _built(self, loader: yaml.SafeLoader, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            loader.flatten_mapping(node)
            found = Mapping()
            for key, value in node.value:
                found.put(str(_scalar(loader, key)), self.build(loader, value), self.place(key))
            return found
        if isinstance(node, yaml.SequenceNode):
            items = Sequence()
            for item in node.value:
                items.add(self.build(loader, item), self.place(item))
            return items
        return _scalar(loader, node)


def _scalar(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    return loader.construct_object(node, deep=True)


def load(path: Path, *, name: str) -> Mapping:
    """The document of a file, called `name` in findings; empty where the file is.

    Raises yaml.YAMLError.
    """
    loader = yaml.SafeLoader(path.read_text(encoding="utf-8"))
    node = loader.get_single_node()
    found = _Builder(name).build(loader, node) if node is not None else Mapping()
    return found if isinstance(found, Mapping) else Mapping()


def walk(value: Any, path: tuple[Key, ...] = (), place: Place = Place("", 0)) -> Iterator[Spot]:
    """Every value below `value` and itself, parents first."""
    yield Spot(path, value, place)
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from walk(child, (*path, key), value.places.get(key, place))
    elif isinstance(value, Sequence):
        for number, child in enumerate(value):
            yield from walk(child, (*path, number), value.places.get(number, place))


def merged(base: Mapping, top: Mapping) -> Mapping:
    """`top` laid over `base`: mappings merge, lists grow, but items of one key are one."""
    result = Mapping()
    for source in (base, top):
        for key, value in source.items():
            both = _both(result[key], value) if key in result else value
            result.put(key, both, source.places[key])
    return result


_KEYS = ("task_key", "job_cluster_key", "environment_key")


def _both(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return merged(old, new)
    if isinstance(old, Sequence) and isinstance(new, Sequence):
        return _joined(old, new)
    return new


def _joined(old: Sequence, new: Sequence) -> Sequence:
    result = Sequence()
    positions: dict[tuple[str, str], int] = {}
    for source in (old, new):
        for number, item in enumerate(source):
            key = _key_of(item)
            if key in positions:
                at = positions[key]
                result[at] = _both(result[at], item)
                continue
            if key:
                positions[key] = len(result)
            result.add(item, source.places[number])
    return result


def _key_of(item: Any) -> tuple[str, str] | None:
    if not isinstance(item, Mapping):
        return None
    return next(((name, str(item[name])) for name in _KEYS if name in item), None)
