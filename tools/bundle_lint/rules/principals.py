"""What an app may do, and how its configuration is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.bundle_lint.bundle import Bundle, names_in, resources
from tools.bundle_lint.findings import Said, rule
from tools.bundle_lint.marked import Mapping, Sequence, Spot, walk
from tools.bundle_lint.references import references


@rule("value-from")
def find_wrong_value_from(bundle: Bundle) -> Iterator[Said]:
    """`valueFrom` in the bundle, which is ignored, or a value_from of no resource of the app."""
    for app in _apps(bundle):
        known = names_in(app.value.get("resources"), "name")
        for spot in walk(app.value, app.path, app.place):
            if spot.path[-1:] == ("valueFrom",):
                yield spot, "valueFrom is the word of app.yaml; a bundle says value_from"
            if spot.path[-1:] == ("value_from",) and spot.value not in known:
                have = ", ".join(sorted(known)) or "none"
                yield spot, f"value_from {spot.value!r}: the resources of the app are {have}"


@rule("app-permission")
def find_jobs_closed_to_apps(bundle: Bundle) -> Iterator[Said]:
    """A job that an app names and whose permissions, being a whole list, shut the app out."""
    for _, view in bundle.views():
        jobs = {spot.path[2]: spot for spot in resources(view, "jobs")}
        for app in resources(view, "apps"):
            wanted = f"${{resources.apps.{app.path[2]}.service_principal_client_id}}"
            for key in _jobs_of(app):
                job = jobs.get(key)
                if job is not None and not _lets_in(job.value.get("permissions"), wanted):
                    yield (
                        job,
                        (
                            f"the app {app.path[2]} runs {job.name}; its permissions need level "
                            f"CAN_MANAGE_RUN, service_principal_name {wanted}"
                        ),
                    )


def _apps(bundle: Bundle) -> Iterator[Spot]:
    for _, view in bundle.views():
        yield from resources(view, "apps")


def _jobs_of(app: Spot) -> Iterator[str]:
    for spot in walk(app.value.get("resources", Sequence())):
        for name in references(spot.value):
            if name.startswith("resources.jobs."):
                yield name.split(".")[2]


def _lets_in(permissions: Any, principal: str) -> bool:
    if not permissions:
        return True
    return any(
        isinstance(entry, Mapping)
        and entry.get("service_principal_name") == principal
        and entry.get("level") in ("CAN_MANAGE_RUN", "CAN_MANAGE")
        for entry in permissions
    )
