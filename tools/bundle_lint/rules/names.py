"""What things are called: references, the schema's name, prefixes, and names without a prefix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tools.bundle_lint.bundle import Bundle, below, resources
from tools.bundle_lint.findings import Said, rule
from tools.bundle_lint.marked import Mapping, Spot
from tools.bundle_lint.references import REFERENCE, UnknownReferenceError, references, resolve

_KNOWN = {
    "bundle": {"name", "target", "environment", "git", "mode", "uuid"},
    "workspace": {
        "artifact_path",
        "current_user",
        "file_path",
        "host",
        "resource_path",
        "root_path",
        "state_path",
    },
}
# What a workspace adds to a resource.
_COMPUTED = {
    "id",
    "url",
    "name",
    "display_name",
    "full_name",
    "volume_path",
    "service_principal_client_id",
    "service_principal_id",
    "service_principal_name",
}
_UNPREFIXED = {"apps": "app", "secret_scopes": "secret scope"}
_WHOSE = ("bundle.target", "workspace.current_user.")


@rule("reference")
def find_unknown_references(bundle: Bundle) -> Iterator[Said]:
    """A ${…} that leads nowhere."""
    for _, view in bundle.views():
        for spot in below(view):
            if spot.path[:1] == ("targets",):
                continue
            for name in references(spot.value):
                message = _unknown(view, name)
                if message:
                    yield spot, f"${{{name}}}: {message}"


@rule("schema-name")
def find_hard_coded_schemas(bundle: Bundle) -> Iterator[Said]:
    """The name of a schema of the bundle, written out or taken from its variable.

    Development mode renames the schema, and neither the text nor the variable follows.
    """
    for key, words, variables in _schemas(bundle):
        follow = f"${{resources.schemas.{key}.name}}"
        for spot in bundle.spots("resources"):
            if not isinstance(spot.value, str) or _is_name_of(spot, key):
                continue
            bare = REFERENCE.sub("", spot.value)
            if any(re.search(rf"\b{re.escape(word)}\b", bare) for word in words):
                yield spot, f"{spot.value!r} names the schema outright; write {follow}"
            elif variables & set(references(spot.value)):
                yield spot, f"{spot.value!r} does not follow a target's prefix; write {follow}"


@rule("prefix")
def find_bad_prefixes(bundle: Bundle) -> Iterator[Said]:
    """A prefix that runs into the name of the schema: only a ] becomes a separator."""
    for spot in bundle.spots("presets", "name_prefix"):
        if isinstance(spot.value, str) and not spot.value.rstrip(" ").endswith("]"):
            joined = spot.value.strip(" _")
            yield (
                spot,
                (
                    f"name_prefix {spot.value!r} ends in no separator: the schema would be "
                    f"{joined}NAME; write '[{joined}] '"
                ),
            )


@rule("whose-name")
def find_names_without_target(bundle: Bundle) -> Iterator[Said]:
    """An app or a scope called the same in every target, where it gets no prefix."""
    if len(bundle.targets) < 2:
        return
    for _, view in bundle.views():
        for kind, word in _UNPREFIXED.items():
            for resource in resources(view, kind):
                name = str(resource.value.get("name", ""))
                if not any(part.startswith(_WHOSE) for part in _reached(view, name)):
                    yield (
                        resource,
                        (
                            f"{word} {name!r} is called the same in every target and gets no "
                            "prefix; put ${bundle.target} into its name"
                        ),
                    )


def _unknown(view: Mapping, name: str) -> str | None:
    first, *rest = name.split(".")
    if first == "var":
        known = view.get("variables", {})
        return None if rest[:1] and rest[0] in known else _have("variables", known)
    if first == "resources":
        return _unknown_resource(view, rest)
    if first in _KNOWN:
        return None if rest[:1] and rest[0] in _KNOWN[first] else _have(first, _KNOWN[first])
    return None if first in ("artifacts", "variables") else "there is no such thing"


def _unknown_resource(view: Mapping, rest: list[str]) -> str | None:
    kind, key, field = [*rest, "", "", ""][:3]
    found = view.get("resources", {}).get(kind, {})
    if key not in found:
        return _have(kind or "resources", found)
    if field in _COMPUTED or field in found[key]:
        return None
    return f"no field {field!r}; there are {', '.join(sorted(_COMPUTED | set(found[key])))}"


def _have(what: str, known: Any) -> str:
    return f"not there; {what}: {', '.join(sorted(known)) or 'none'}"


def _schemas(bundle: Bundle) -> Iterator[tuple[str, set[str], set[str]]]:
    """Each schema's key, the names it has in the targets, and the variables that give them."""
    for key in {spot.path[2] for _, view in bundle.views() for spot in resources(view, "schemas")}:
        words, variables = set(), set()
        for _, view in bundle.views():
            name = view["resources"]["schemas"][key].get("name", "")
            variables |= {part for part in references(name) if part.startswith("var.")}
            words.add(_resolved(view, name))
        yield str(key), {word for word in words if "$" not in word and word}, variables


def _is_name_of(spot: Spot, key: str) -> bool:
    return spot.path[-4:] == ("resources", "schemas", key, "name")


def _resolved(view: Mapping, text: str) -> str:
    return str(resolve(text, lambda name: _default(view, name)))


def _reached(view: Mapping, text: str) -> set[str]:
    """Every reference in a text and in the variables it names."""
    seen: set[str] = set()

    def note(name: str) -> Any:
        seen.add(name)
        return _default(view, name)

    try:
        resolve(text, note)
    except UnknownReferenceError:
        return seen
    return seen


def _default(view: Mapping, name: str) -> Any:
    if not name.startswith("var."):
        return None
    return view.get("variables", {}).get(name.removeprefix("var."), {}).get("default")
