"""Every resource of every target, rendered and loaded by the classes of databricks-bundles."""

from __future__ import annotations

import ast
import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.conftest import ROOT
from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.check import check
from tools.bundle_lint.classic import VARIANT, variant
from tools.bundle_lint.marked import load, merged
from tools.bundle_lint.render import Rendered, User, render, schema_prefix

TYPES = {
    "alerts": "Alert",
    "apps": "App",
    "dashboards": "Dashboard",
    "jobs": "Job",
    "schemas": "Schema",
    "secret_scopes": "SecretScope",
    "volumes": "Volume",
}
PRINCIPAL = "5a6c1d20-7a51-4b5e-9c1f-0d9f4f1f2b3a"
TARGETS = ("dev", "staging", "prod")
ONE_AT_A_TIME = ("migrate", "rename_schema", "maintain", "dispatch", "reconcile", "notify")
DEV_SCHEMA = "dev_ada_lovelace_dq_metadata"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(ROOT)


def rendered(bundle: Bundle, target: str, **variables: Any) -> Rendered:
    user = User() if target == "dev" else User(PRINCIPAL)
    return render(bundle, target, user, {"warehouse_id": "w1", **variables})


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for child in value.values():
            yield from strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from strings(child)
    elif isinstance(value, str):
        yield value


def inner_tasks(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for task in job["tasks"]:
        yield task["for_each_task"]["task"] if "for_each_task" in task else task


def taken(kind: str, settings: dict[str, Any]) -> Any:
    return getattr(importlib.import_module(f"databricks.bundles.{kind}"), TYPES[kind]).from_dict(
        settings
    )


@pytest.mark.parametrize("target", TARGETS)
def test_every_resource_is_taken_by_its_class(bundle: Bundle, target: str) -> None:
    found = rendered(bundle, target).resources
    assert set(found) == set(TYPES)
    for kind, resources in found.items():
        for settings in resources.values():
            assert taken(kind, settings).as_dict()


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [("max_concurent_runs", 1, ValueError), ("timeout_seconds", "soon", ValueError)],
)
def test_the_classes_refuse_what_a_workspace_would(
    bundle: Bundle, field: str, value: Any, error: type[Exception]
) -> None:
    job = rendered(bundle, "prod").all("jobs")["migrate"]
    with pytest.raises(error):
        taken("jobs", {**job, field: value})


def test_the_bundle_holds_what_the_documentation_names(bundle: Bundle) -> None:
    found = rendered(bundle, "prod")
    assert set(found.all("jobs")) == {
        *ONE_AT_A_TIME,
        "profile",
        "test",
        "test_on_update",
        "ingest_complete",
    }
    assert set(found.all("dashboards")) == {"overview", "runs", "table_detail", "cost"}
    assert set(found.all("apps")) == {"service"}
    assert set(found.all("alerts")) == {"open_incidents"}


def test_in_development_everything_follows_the_name_of_the_schema(bundle: Bundle) -> None:
    found = rendered(bundle, "dev")
    assert found.all("schemas")["dq_metadata"]["name"] == DEV_SCHEMA
    for job in found.all("jobs").values():
        defaults = {p["name"]: p["default"] for p in job["parameters"]}
        assert defaults["schema"] == DEV_SCHEMA
        assert all("--schema={{job.parameters.schema}}" in strings(t) for t in inner_tasks(job))
    assert {d["dataset_schema"] for d in found.all("dashboards").values()} == {DEV_SCHEMA}
    assert f"main.{DEV_SCHEMA}." in found.all("alerts")["open_incidents"]["query_text"]
    env = {e["name"]: e.get("value") for e in found.all("apps")["service"]["config"]["env"]}
    assert env["DQ_SCHEMA"] == DEV_SCHEMA
    assert found.all("volumes")["files"]["schema_name"] == DEV_SCHEMA


@pytest.mark.parametrize("target", TARGETS)
def test_no_other_name_of_the_schema_is_left(bundle: Bundle, target: str) -> None:
    found = rendered(bundle, target, schema="quality_of_ours", catalog="lake")
    name = found.all("schemas")["dq_metadata"]["name"]
    assert name.endswith("quality_of_ours")
    for text in strings(found.resources):
        assert "dq_metadata" not in text
        assert "quality_of_ours" not in text.replace(name, "")
        assert "main." not in text


@pytest.mark.parametrize(
    ("prefix", "worn"),
    [("[dev ada_lovelace] ", "dev_ada_lovelace_"), ("[ci] ", "ci_"), ("ci_", "ci"), ("", "")],
)
def test_a_prefix_is_worn_as_the_cli_has_it(prefix: str, worn: str) -> None:
    assert schema_prefix(prefix) == worn


def test_a_target_may_keep_the_name_of_the_schema(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "more.yml"
    path.write_text("experimental: {skip_name_prefix_for_schema: true}")
    base = load(path, name="more.yml")
    kept = Bundle(bundle.root, bundle.documents, merged(bundle.base, base))
    assert rendered(kept, "dev").all("schemas")["dq_metadata"]["name"] == "dq_metadata"


def test_production_runs_as_the_service_principal_job_by_job(bundle: Bundle) -> None:
    for target in ("staging", "prod"):
        assert "run_as" not in bundle.target(target)
        for job in rendered(bundle, target).all("jobs").values():
            assert job["run_as"] == {"service_principal_name": PRINCIPAL}


def test_development_is_paused_and_production_is_not(bundle: Bundle) -> None:
    def states(target: str) -> dict[str, str | None]:
        jobs = rendered(bundle, target).all("jobs")
        timed = {key: job["schedule"] for key, job in jobs.items() if "schedule" in job}
        timed |= {"alert": rendered(bundle, target).all("alerts")["open_incidents"]["schedule"]}
        return {key: schedule.get("pause_status") for key, schedule in timed.items()}

    timed = ("dispatch", "maintain", "notify", "reconcile", "alert")
    assert states("dev") == dict.fromkeys(timed, "PAUSED")
    assert states("staging") == dict.fromkeys(timed, None)
    assert states("prod") == dict.fromkeys(timed, "UNPAUSED")


def test_tables_are_watched_only_when_a_target_says_so(bundle: Bundle) -> None:
    for target in TARGETS:
        trigger = rendered(bundle, target).all("jobs")["test_on_update"]["trigger"]
        assert trigger["pause_status"] == "PAUSED"
    watched = rendered(bundle, "prod", watched_tables=["a.b.c", "a.b.d"])
    trigger = watched.all("jobs")["test_on_update"]["trigger"]["table_update"]
    assert trigger["table_names"] == ["a.b.c", "a.b.d"]


def test_versions_are_made_up_in_development_only(bundle: Bundle) -> None:
    assert bundle.target("dev")["presets"] == {"artifacts_dynamic_version": True}
    for target in ("staging", "prod"):
        assert "presets" not in bundle.target(target)
        assert "dynamic_version" not in str(bundle.target(target)["artifacts"])


@pytest.mark.parametrize("target", TARGETS)
def test_every_job_is_bounded_and_tells_somebody(bundle: Bundle, target: str) -> None:
    addresses = ["ops@example.com"]
    found = rendered(bundle, target, notification_addresses=addresses)
    for key, job in found.all("jobs").items():
        assert job["description"]
        assert job["timeout_seconds"] > 0
        assert job["email_notifications"]["on_failure"] == addresses
        (rule,) = job["health"]["rules"]
        assert rule["metric"] == "RUN_DURATION_SECONDS"
        assert rule["value"] < job["timeout_seconds"]
        assert "queue" in job
        assert (job["max_concurrent_runs"] == 1) is (key in ONE_AT_A_TIME)
        for task in inner_tasks(job):
            assert 0 < task["timeout_seconds"] <= job["timeout_seconds"]
            assert task["max_retries"] >= 1


def test_the_jobs_that_the_app_starts_let_it_in(bundle: Bundle) -> None:
    found = rendered(bundle, "prod")
    app = found.all("apps")["service"]
    names = {r["name"] for r in app["resources"]}
    assert {e["value_from"] for e in app["config"]["env"] if "value_from" in e} == names
    wanted = "${resources.apps.service.service_principal_client_id}"
    for key in ("profile", "test"):
        (entry,) = found.all("jobs")[key]["permissions"]
        assert entry == {"level": "CAN_MANAGE_RUN", "service_principal_name": wanted}
    principals = {g["principal"] for g in found.all("schemas")["dq_metadata"]["grants"]}
    assert principals == {"account users", wanted, PRINCIPAL}


def test_what_cannot_be_made_again_is_not_destroyed(bundle: Bundle) -> None:
    for target in TARGETS:
        schema = rendered(bundle, target).all("schemas")["dq_metadata"]
        assert schema["lifecycle"] == {"prevent_destroy": True}


def test_every_task_is_given_what_its_file_asks_for(bundle: Bundle) -> None:
    for job in rendered(bundle, "prod").all("jobs").values():
        for task in inner_tasks(job):
            python = task["spark_python_task"]
            text = ast.get_docstring(ast.parse((ROOT / python["python_file"]).read_text()))
            assert text
            for parameter in python["parameters"]:
                name = parameter.partition("=")[0]
                assert name in text, f"{python['python_file']} does not know {name}"


def test_the_classic_variant_is_what_the_jobs_make(tmp_path: Path) -> None:
    assert (ROOT / VARIANT).read_text() == variant(ROOT)


def test_the_classic_variant_is_the_same_jobs_on_clusters(bundle: Bundle, tmp_path: Path) -> None:
    for name in ("app", "bundles", "jobs", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    text = (ROOT / "databricks.yml").read_text()
    assert "bundles/jobs_*.yml" in text
    (tmp_path / "databricks.yml").write_text(
        text.replace("bundles/jobs_*.yml", "bundles/variants/classic.yml")
    )
    classic = Bundle.load(tmp_path)
    assert check(classic) == []
    serverless, clusters = (rendered(b, "prod").all("jobs") for b in (bundle, classic))
    assert set(serverless) == set(clusters)
    for key, job in clusters.items():
        assert taken("jobs", job).as_dict()
        assert "environments" not in job
        (cluster,) = job["job_clusters"]
        assert cluster["new_cluster"]["spark_version"] == "17.3.x-scala2.13"
        for task, other in zip(inner_tasks(job), inner_tasks(serverless[key]), strict=True):
            assert task["spark_python_task"] == other["spark_python_task"]
            assert {"whl": "dist/*.whl"} in task["libraries"]
