"""The traps of deployment: identity, schedules in development, versions of a wheel, roots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.bundle_lint.bundle import ROOT_FILE, Bundle, below, resources
from tools.bundle_lint.findings import Said, rule
from tools.bundle_lint.marked import Mapping, Place, Spot

DEVELOPMENT, PRODUCTION = "development", "production"
_NOWHERE = Place(ROOT_FILE, 1)


@rule("run-as")
def find_run_as_of_targets(bundle: Bundle) -> Iterator[Said]:
    """A run_as of a target beside an app, which the CLI refuses for anybody but that principal."""
    if not any(True for _, view in bundle.views() for _ in resources(view, "apps")):
        return
    for spot in bundle.spots("run_as"):
        if spot.path[-1] == "run_as":
            yield spot, "a target with an app may not have a run_as; give each job its own"


@rule("job-run-as")
def find_jobs_without_identity(bundle: Bundle) -> Iterator[Said]:
    """A job in production that runs as whoever happened to deploy."""
    for _, view in bundle.views():
        if view.get("mode") != PRODUCTION:
            continue
        for job in resources(view, "jobs"):
            if "run_as" not in job.value:
                yield job, f"{job.name} runs as whoever deploys; give it a run_as"


@rule("pause")
def find_unpaused_in_development(bundle: Bundle) -> Iterator[Said]:
    """An UNPAUSED that development would keep; leave it out, or say it in a production target."""
    for _, view in bundle.views():
        if view.get("mode") != DEVELOPMENT:
            continue
        for spot in below(view, "resources"):
            if spot.path[-1:] == ("pause_status",) and spot.value == "UNPAUSED":
                yield spot, "runs in development too; say it in the target of production alone"


@rule("wheel-version")
def find_dynamic_versions(bundle: Bundle) -> Iterator[Said]:
    """A version that each build makes up: the plan of such a target is never clean."""
    for _, view in bundle.views():
        if view.get("mode") == DEVELOPMENT:
            continue
        for spot in _dynamic(view):
            yield spot, "a release has a version of its own; make versions up in development only"


@rule("wheel-version-in-development")
def find_fixed_versions(bundle: Bundle) -> Iterator[Said]:
    """Development without it: jobs go on with the wheel that they cached under the version."""
    for name, view in bundle.views():
        builds = any(_is_wheel(entry) for entry in view.get("artifacts", {}).values())
        if view.get("mode") == DEVELOPMENT and builds and not any(_dynamic(view)):
            place = bundle.targets.places[name]
            spot = Spot(("targets", name), None, place)
            yield spot, "jobs would keep the wheel they cached; presets.artifacts_dynamic_version"


@rule("root-path")
def find_bad_roots(bundle: Bundle) -> Iterator[Said]:
    """Production without a root of its own, or with a shared one that is not said to be shared."""
    for name, view in bundle.views():
        root = _get(view, "workspace", "root_path")
        spot = Spot(("targets", name), root, bundle.targets.places.get(name, _NOWHERE))
        if view.get("mode") != PRODUCTION:
            continue
        if root is None:
            yield spot, "production needs workspace.root_path, so that there is one copy"
        elif str(root).startswith("/Workspace/Shared") and not _is_for_users(view):
            yield spot, f"{root} is open to all; give permissions to the group users, or move it"


def _dynamic(view: Mapping) -> Iterator[Spot]:
    for spot in (*below(view, "presets"), *below(view, "artifacts")):
        key = spot.path[-1:]
        if key in (("artifacts_dynamic_version",), ("dynamic_version",)) and spot.value is True:
            yield spot


def _is_wheel(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get("type") == "whl"


def _is_for_users(view: Mapping) -> bool:
    return any(entry.get("group_name") == "users" for entry in view.get("permissions", ()))


def _get(view: Mapping, *keys: str) -> Any:
    value: Any = view
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
