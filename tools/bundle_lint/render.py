"""What a target deploys: its resources with variables, prefixes and names put in.

What only a workspace knows stays a reference: ids, and the application id of an app.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import Any

from tools.bundle_lint.bundle import ROOT_FILE, Bundle
from tools.bundle_lint.marked import Key, Mapping, Place, Sequence
from tools.bundle_lint.paths import PATH_FIELDS, is_local, is_wheel
from tools.bundle_lint.references import UnknownReferenceError, resolve

_NAMES = {"jobs": "name", "dashboards": "display_name", "alerts": "display_name"}
_PAUSED = ("schedule", "trigger", "continuous")
DEV_RUNS = 4
_ROOT = Place(ROOT_FILE, 1)


@dataclass(frozen=True)
class User:
    """Who deploys: a person by e-mail address, or a service principal by its application id."""

    name: str = "ada.lovelace@example.com"

    @property
    def short_name(self) -> str:
        """The part before the @, of word characters."""
        return re.sub(r"\W", "_", self.name.partition("@")[0]).strip("_")


@dataclass(frozen=True)
class Rendered:
    """A target, ready to be deployed by `user`."""

    target: str
    root_path: str
    resources: dict[str, dict[str, dict[str, Any]]]
    variables: dict[str, Any]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a kind by key."""
        return self.resources.get(kind, {})


def render(
    bundle: Bundle, target: str, user: User = User(), variables: Map[str, Any] | None = None
) -> Rendered:
    """Render a target for `user`; `variables` win over the target's.

    Raises UnknownReferenceError.
    """
    view = relocated(bundle.target(target))
    for name, value in (variables or {}).items():
        view["variables"][name]["default"] = value
    fixed = _Fixed(view, target, user)
    # Prefixes go on after variables are in, and before resources name each other.
    view = resolve(view, fixed)
    _develop(view, user)
    found = resolve(view.get("resources", {}), _names_of(view.get("resources", {})))
    root = view.get("workspace", {}).get("root_path") or (
        f"/Workspace/Users/{user.name}/.bundle/{view['bundle']['name']}/{target}"
    )
    values = {name: entry.get("default") for name, entry in view.get("variables", {}).items()}
    return Rendered(target, root, found, values)


class _Fixed:
    """Looks up what is known before resources are: the bundle, the workspace, variables."""

    def __init__(self, view: dict[str, Any], target: str, user: User) -> None:
        self._variables = view.get("variables", {})
        self._known = {
            "bundle.name": view.get("bundle", {}).get("name", ""),
            "bundle.target": target,
            "workspace.current_user.userName": user.name,
            "workspace.current_user.short_name": user.short_name,
        }

    def __call__(self, name: str) -> Any:
        kind, _, rest = name.partition(".")
        if kind == "resources":
            return None
        if kind == "var":
            return self._variable(rest)
        if name in self._known:
            return self._known[name]
        raise UnknownReferenceError(f"${{{name}}} is not known here")

    def _variable(self, name: str) -> Any:
        entry = self._variables.get(name)
        if entry is None:
            raise UnknownReferenceError(f"${{var.{name}}}: there is no such variable")
        if "lookup" in entry:
            return "lookup:" + ":".join(*entry["lookup"].items())
        if "default" not in entry:
            raise UnknownReferenceError(f"${{var.{name}}} has no value")
        return entry["default"]


def _names_of(found: dict[str, Any]) -> Any:
    def look_up(name: str) -> Any:
        _, kind, key, *rest = name.split(".")
        resource = found.get(kind, {}).get(key)
        if resource is None:
            raise UnknownReferenceError(f"${{{name}}}: there is no such resource")
        return resource.get(rest[0]) if len(rest) == 1 else None

    return look_up


def _develop(view: dict[str, Any], user: User) -> None:
    """What development mode, or a prefix, does to names, schedules and runs at once."""
    presets = view.get("presets", {})
    is_dev = view.get("mode") == "development"
    prefix = presets.get("name_prefix") or (f"[dev {user.short_name}] " if is_dev else "")
    found = view.get("resources", {})
    for kind, name in _NAMES.items():
        for resource in found.get(kind, {}).values():
            resource[name] = prefix + resource[name]
            if is_dev:
                _pause(resource)
    if is_dev:
        for job in found.get("jobs", {}).values():
            job.setdefault("max_concurrent_runs", DEV_RUNS)
    if not view.get("experimental", {}).get("skip_name_prefix_for_schema"):
        for schema in found.get("schemas", {}).values():
            schema["name"] = schema_prefix(prefix) + schema["name"]


def _pause(resource: dict[str, Any]) -> None:
    for kind in _PAUSED:
        if kind in resource:
            resource[kind].setdefault("pause_status", "PAUSED")


def schema_prefix(prefix: str) -> str:
    """A prefix as a schema wears it: `[dev ada] ` becomes `dev_ada_`, but `ci_` becomes `ci`."""
    words = prefix.replace("[", "").strip(" ")
    ends_apart = words.endswith("]")
    return re.sub(r"\W+|_+", "_", words).strip("_").lower() + ("_" if ends_apart else "")


def relocated(value: Any, place: Place = _ROOT, to: Place = _ROOT, key: Key = "") -> Any:
    """A copy of plain dicts and lists, whose paths start from the folder of the file `to`."""
    if isinstance(value, Mapping):
        return {k: relocated(child, value.places[k], to, k) for k, child in value.items()}
    if isinstance(value, Sequence):
        return [relocated(child, value.places[n], to) for n, child in enumerate(value)]
    if isinstance(value, str) and (key in PATH_FIELDS or is_wheel(value)) and is_local(value):
        path = posixpath.join(posixpath.dirname(place.file), value)
        return posixpath.relpath(path, posixpath.dirname(to.file) or ".")
    return value
