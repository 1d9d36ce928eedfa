"""Files the bundle names: that they are there, and that something builds the wheels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.findings import Said, rule
from tools.bundle_lint.marked import Mapping, Spot
from tools.bundle_lint.paths import PATH_FIELDS, is_local, is_wheel


@rule("file")
def find_missing_files(bundle: Bundle) -> Iterator[Said]:
    """A path, relative to the file it stands in, where nothing is."""
    for spot in bundle.spots("resources"):
        is_path = spot.path[-1:] and spot.path[-1] in PATH_FIELDS and is_local(spot.value)
        if is_path and not (bundle.folder_of(spot) / spot.value).exists():
            yield spot, f"{spot.path[-1]} {spot.value!r}: nothing is there"
    for spot in (*bundle.spots("sync", "paths"), *bundle.spots("sync", "include")):
        if isinstance(spot.value, str) and not any(_matching(bundle, spot.value)):
            yield spot, f"{spot.value!r} matches nothing, which is a warning and fails --strict"


@rule("include")
def find_empty_includes(bundle: Bundle) -> Iterator[Said]:
    """An include that brings nothing in."""
    for spot in bundle.spots("include"):
        if isinstance(spot.value, str) and not any(_matching(bundle, spot.value)):
            yield spot, f"include {spot.value!r} matches no file"


@rule("wheel")
def find_unbuilt_wheels(bundle: Bundle) -> Iterator[Said]:
    """A wheel that a job installs and no artifact builds."""
    built = [PurePosixPath(path) for path in _built(bundle)]
    for spot in bundle.spots("resources", "jobs"):
        if not is_wheel(spot.value) or not is_local(spot.value):
            continue
        folder = _from_root(bundle, spot, spot.value.partition("[")[0]).parent
        if folder not in built:
            have = ", ".join(sorted(map(str, built))) or "no folder"
            yield spot, f"nothing builds {spot.value!r}; artifacts of type whl fill {have}"


def _built(bundle: Bundle) -> Iterator[str]:
    for entry in bundle.base.get("artifacts", {}).values():
        if isinstance(entry, Mapping) and entry.get("type") == "whl":
            yield (PurePosixPath(entry.get("path", ".")) / "dist").as_posix()


def _from_root(bundle: Bundle, spot: Spot, path: str) -> PurePosixPath:
    found = (bundle.folder_of(spot) / path).resolve()
    root = bundle.root.resolve()
    return PurePosixPath(found.relative_to(root) if found.is_relative_to(root) else found)


def _matching(bundle: Bundle, pattern: str) -> Iterator[Any]:
    if any(mark in pattern for mark in "*?["):
        yield from bundle.root.glob(pattern)
    elif (bundle.root / pattern).exists():
        yield pattern
