"""Writes the jobs for classic compute: ``python -m tools.bundle_lint.classic``.

The same jobs on a cluster each instead of serverless compute, made from the files of the jobs, so
that there is one place where a job is described.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from tools.bundle_lint.bundle import ROOT_FILE, Bundle
from tools.bundle_lint.marked import Mapping, Place, merged
from tools.bundle_lint.paths import is_wheel
from tools.bundle_lint.render import relocated

VARIANT = Path("bundles/variants/classic.yml")
CLUSTER, ENVIRONMENT = "dq", "environments"
_HEAD = """\
# Written by `python -m tools.bundle_lint.classic` from bundles/jobs_*.yml. For workspaces without
# serverless compute: include it in place of those files. docs/deploy.md says how.
"""
_VARIABLES = {
    "spark_version": {
        "description": "The runtime of the clusters, 17.3 LTS or 18 LTS; "
        "`databricks clusters spark-versions` lists the keys.",
        "default": "17.3.x-scala2.13",
    },
    "node_type": {
        "description": "The type of the clusters' machines, such as i3.xlarge on AWS, "
        "Standard_D4ds_v5 on Azure, n2-highmem-4 on Google Cloud.",
        "default": "i3.xlarge",
    },
    "workers": {"description": "The workers of each cluster.", "default": 1},
}
_NEW_CLUSTER = {
    "spark_version": "${var.spark_version}",
    "node_type_id": "${var.node_type}",
    "num_workers": "${var.workers}",
    "data_security_mode": "SINGLE_USER",  # the principal that the job runs as
}


def variant(root: Path) -> str:
    """The text of the variant."""
    jobs = Mapping()
    for name, document in Bundle.load(root).documents.items():
        if name != ROOT_FILE:
            jobs = merged(jobs, document.get("resources", Mapping()).get("jobs", Mapping()))
    here = Place(str(VARIANT), 1)
    found = {key: _classic(relocated(job, jobs.places[key], here)) for key, job in jobs.items()}
    document = {"variables": _VARIABLES, "resources": {"jobs": found}}
    return _HEAD + yaml.safe_dump(document, sort_keys=False, width=100)


def _classic(job: dict[str, Any]) -> dict[str, Any]:
    """A job with a cluster of its own in place of its environment."""
    (environment,) = job.pop(ENVIRONMENT)
    libraries = [
        {"whl": line} if is_wheel(line) else {"pypi": {"package": line}}
        for line in environment["spec"]["dependencies"]
    ]
    tasks = [_on_cluster(task, libraries) for task in job.pop("tasks")]
    cluster = {"job_cluster_key": CLUSTER, "new_cluster": dict(_NEW_CLUSTER)}
    return {**job, "job_clusters": [cluster], "tasks": tasks}


def _on_cluster(task: dict[str, Any], libraries: list[dict[str, Any]]) -> dict[str, Any]:
    each = task.get("for_each_task")
    if each:
        inner = _on_cluster(each["task"], libraries)
        return {**task, "for_each_task": {**each, "task": inner}}
    rest = {key: value for key, value in task.items() if key != "environment_key"}
    return {**rest, "job_cluster_key": CLUSTER, "libraries": deepcopy(libraries)}


if __name__ == "__main__":
    VARIANT.write_text(variant(Path()), encoding="utf-8")
