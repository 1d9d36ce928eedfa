"""A bundle as it stands in its files: the root, what it includes, and its targets laid over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bundle_lint.marked import Mapping, Place, Sequence, Spot, load, merged, walk

ROOT_FILE = "databricks.yml"


@dataclass(frozen=True)
class Bundle:
    """`documents` are the files by name; `base` is all of them, without any target."""

    root: Path
    documents: dict[str, Mapping]
    base: Mapping

    @classmethod
    def load(cls, root: Path) -> Bundle:
        """Read `databricks.yml` and what it includes. Raises FileNotFoundError, yaml.YAMLError."""
        documents = {ROOT_FILE: load(root / ROOT_FILE, name=ROOT_FILE)}
        for pattern in documents[ROOT_FILE].get("include", ()):
            for path in sorted(root.glob(str(pattern))):
                name = path.relative_to(root).as_posix()
                documents[name] = load(path, name=name)
        base = Mapping()
        for document in documents.values():
            base = merged(base, document)
        return cls(root, documents, base)

    @property
    def targets(self) -> Mapping:
        """The targets by name, as they are written."""
        return _mapping(self.base.get("targets"))

    def target(self, name: str) -> Mapping:
        """All of the bundle with a target laid over it; its variables are replaced, not merged."""
        own = _mapping(self.targets.get(name))
        whole = merged(self.base, _without(own, "variables"))
        whole.put("variables", self._variables(own), Place(ROOT_FILE, 1))
        return whole

    def views(self) -> Iterator[tuple[str, Mapping]]:
        """Every target by name with what it deploys; the base alone where there is no target."""
        if not self.targets:
            yield "", self.base
        for name in self.targets:
            yield name, self.target(name)

    def spots(self, *start: str) -> Iterator[Spot]:
        """Every value of every file below `start`, such as "resources", overrides included."""
        for document in self.documents.values():
            yield from below(document, *start)
            for name, target in _mapping(document.get("targets")).items():
                for spot in below(_mapping(target), *start):
                    yield Spot(("targets", name, *spot.path), spot.value, spot.place)

    def folder_of(self, spot: Spot) -> Path:
        """The folder that relative paths in a value's file start from."""
        return (self.root / spot.place.file).parent

    def _variables(self, target: Mapping) -> Mapping:
        result = merged(Mapping(), _mapping(self.base.get("variables")))
        for name, given in _mapping(target.get("variables")).items():
            place = target["variables"].places[name]
            entry = merged(Mapping(), _mapping(result.get(name)))
            is_whole = isinstance(given, Mapping) and {"default", "lookup"} & set(given)
            if is_whole:
                entry = merged(_without(entry, "default", "lookup"), given)
            else:
                entry.put("default", given, place)
            result.put(name, entry, place)
        return result


def below(document: Mapping, *start: str) -> Iterator[Spot]:
    """Every value of a document below the keys of `start`."""
    value: Any = document
    place = Place(ROOT_FILE, 1)
    for key in start:
        if not isinstance(value, Mapping) or key not in value:
            return
        place = value.places[key]
        value = value[key]
    yield from walk(value, start, place)


def resources(view: Mapping, kind: str) -> Iterator[Spot]:
    """The resources of a kind, each with its path `resources.KIND.KEY`."""
    for spot in below(view, "resources", kind):
        if len(spot.path) == 3 and isinstance(spot.value, Mapping):
            yield spot


def tasks(job: Spot) -> Iterator[Spot]:
    """The tasks of a job, and those inside a for_each_task."""
    for spot in walk(job.value, job.path, job.place):
        is_task = isinstance(spot.value, Mapping) and "task_key" in spot.value
        if is_task and spot.path[-1] != "depends_on" and "depends_on" not in spot.path:
            yield spot


def names_in(items: Any, key: str) -> set[str]:
    """What `items` call themselves by `key`."""
    found = items if isinstance(items, Sequence) else ()
    return {str(item[key]) for item in found if isinstance(item, Mapping) and key in item}


def _mapping(value: Any) -> Mapping:
    return value if isinstance(value, Mapping) else Mapping()


def _without(source: Mapping, *keys: str) -> Mapping:
    result = Mapping()
    for key, value in source.items():
        if key not in keys:
            result.put(key, value, source.places[key])
    return result
