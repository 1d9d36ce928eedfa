"""Inside a job: keys of tasks and computes, what depends on what, and parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tools.bundle_lint.bundle import Bundle, names_in, resources, tasks
from tools.bundle_lint.findings import Said, rule
from tools.bundle_lint.marked import Mapping, Sequence, Spot, walk
from tools.bundle_lint.references import dynamic


@rule("task-key")
def find_doubled_keys(bundle: Bundle) -> Iterator[Said]:
    """Two tasks of one key. Seen in the file, for the CLI makes one of both."""
    for spot in bundle.spots("resources", "jobs"):
        if spot.path[-1:] != ("tasks",) or not isinstance(spot.value, Sequence):
            continue
        keys = Counter(str(t["task_key"]) for t in spot.value if isinstance(t, Mapping))
        for key in (key for key, count in keys.items() if count > 1):
            yield spot, f"{spot.name}: task_key {key!r} is there {keys[key]} times; name them apart"


@rule("environment-key")
def find_unknown_environments(bundle: Bundle) -> Iterator[Said]:
    """A task on an environment or a cluster that its job does not have."""
    for job in _jobs(bundle):
        for key, place in (
            ("environment_key", "environments"),
            ("job_cluster_key", "job_clusters"),
        ):
            known = names_in(job.value.get(place), key)
            for task in tasks(job):
                asked = task.value.get(key)
                if asked is not None and asked not in known:
                    have = ", ".join(sorted(known)) or "none"
                    yield _at(task, key), f"{key} {asked!r}: {place} of the job are {have}"


@rule("depends-on")
def find_unknown_dependencies(bundle: Bundle) -> Iterator[Said]:
    """A task that waits for one that is not there, or for itself."""
    for job in _jobs(bundle):
        known = names_in(job.value.get("tasks"), "task_key")
        for task in tasks(job):
            for name in sorted(names_in(task.value.get("depends_on"), "task_key")):
                if name not in known or name == task.value["task_key"]:
                    others = ", ".join(sorted(known - {task.value["task_key"]})) or "none"
                    yield (
                        _at(task, "depends_on"),
                        f"depends_on {name!r}: the other tasks are {others}",
                    )


@rule("dynamic-value")
def find_unknown_parameters(bundle: Bundle) -> Iterator[Said]:
    """A {{…}} that names no parameter, no task, or an input where there is none."""
    for job in _jobs(bundle):
        declared = names_in(job.value.get("parameters"), "name")
        known = names_in(job.value.get("tasks"), "task_key")
        for spot in walk(job.value, job.path, job.place):
            for name in dynamic(spot.value):
                message = _unknown(name, spot, declared, known)
                if message:
                    yield spot, message


@rule("unused-parameter")
def find_unused_parameters(bundle: Bundle) -> Iterator[Said]:
    """A parameter of a job that none of its tasks is given."""
    for job in _jobs(bundle):
        used = {name for spot in walk(job.value) for name in dynamic(spot.value)}
        for name in sorted(names_in(job.value.get("parameters"), "name")):
            if f"job.parameters.{name}" not in used:
                yield job, f"{job.name}: no task is given the parameter {name!r}"


def _unknown(name: str, spot: Spot, declared: set[str], known: set[str]) -> str | None:
    first, _, rest = name.partition(".")
    if name.startswith("job.parameters."):
        parameter = name.removeprefix("job.parameters.")
        if parameter not in declared:
            have = ", ".join(sorted(declared)) or "none"
            return f"{{{{{name}}}}}: the parameters of the job are {have}"
    elif first == "tasks" and rest.partition(".")[0] not in known:
        return f"{{{{{name}}}}}: the tasks of the job are {', '.join(sorted(known))}"
    elif first == "input" and "task" not in spot.path:
        return "{{input}} stands outside the task of a for_each_task"
    elif first not in ("job", "task", "tasks", "input", "workspace", "backfill"):
        return f"{{{{{name}}}}} is no dynamic value of a job"
    return None


def _jobs(bundle: Bundle) -> Iterator[Spot]:
    for _, view in bundle.views():
        yield from resources(view, "jobs")


def _at(task: Spot, key: str) -> Spot:
    return Spot((*task.path, key), task.value[key], task.value.places[key])
