"""The fake workspace keeps its promises: it echoes, runs what was deployed, knows its limits."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("databricks.sdk")

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    DatabricksError,
    NotFound,
    ResourceConflict,
)

from tests.emulator.workspace import FakeWorkspace
from tests.emulator.workspace.tasks import InProcesses
from tests.support.deploying import Deployer, client_of
from tests.support.jobs import waited
from tools.bundle_lint.render import Rendered

SCRIPT = """
import pathlib, sys
name, value = sys.argv[1:3]
seen = pathlib.Path(name)
before = seen.read_text() if seen.exists() else ""
seen.write_text(before + value + "\\n")
print("saw", value)
if value == "bad" or (value == "flaky" and "flaky" not in before):
    sys.exit("no good: " + value)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[FakeWorkspace]:
    with FakeWorkspace(tmp_path, InProcesses(tmp_path, {})) as workspace:
        yield workspace


@pytest.fixture
def client(workspace: FakeWorkspace) -> WorkspaceClient:
    client = client_of(workspace)
    folder = {"path": "/Workspace/Users/ada"}
    client.api_client.do("POST", "/api/2.0/workspace/mkdirs", body=folder)
    address = "/api/2.0/workspace-files/import-file/%2FWorkspace%2FUsers%2Fada%2Ftask.py"
    client.api_client.do("POST", address, data=SCRIPT.encode())
    return client


def python_task(key: str, value: str, **more: Any) -> dict[str, Any]:
    python = {"python_file": "/Users/ada/task.py", "parameters": [f"{key}.txt", value]}
    return {"task_key": key, "spark_python_task": python, **more}


def make_job(client: WorkspaceClient, *tasks: dict[str, Any], **more: Any) -> int:
    body = {"name": "j", "tasks": list(tasks), **more}
    return int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])


def run(client: WorkspaceClient, job_id: int, **parameters: str) -> Any:
    deployer = Deployer(client, Rendered("t", "/", {}, {}), Path(), Path())
    started = client.jobs.run_now(job_id, job_parameters=parameters)
    return deployer.report(started.run_id)


def test_a_job_comes_back_as_it_was_posted(client: WorkspaceClient) -> None:
    more = {"format": "MULTI_TASK", "edit_mode": "UI_LOCKED", "deployment": {"kind": "BUNDLE"}}
    job_id = make_job(client, python_task("one", "x"), **more)
    settings = client.api_client.do("GET", "/api/2.2/jobs/get", query={"job_id": job_id})
    assert settings["settings"] == {"name": "j", "tasks": [python_task("one", "x")], **more}


def test_parameters_are_put_in_and_given_ones_win(client: WorkspaceClient, tmp_path: Path) -> None:
    task = python_task("one", "{{job.parameters.a}}-{{job.parameters.b}}")
    parameters = [{"name": "a", "default": "1"}, {"name": "b", "default": "2"}]
    assert run(client, make_job(client, task, parameters=parameters), b="3").result == "SUCCESS"
    assert (tmp_path / "one.txt").read_text() == "1-3\n"


def test_a_parameter_that_is_not_declared_is_refused(client: WorkspaceClient) -> None:
    job_id = make_job(client, python_task("one", "x"))
    with pytest.raises(BadRequest, match="targets is not defined"):
        client.jobs.run_now(job_id, job_parameters={"targets": "x"})


def test_what_cannot_be_resolved_fails_the_task(client: WorkspaceClient) -> None:
    report = run(client, make_job(client, python_task("one", "{{job.parameters.a}}")))
    assert report.result == "FAILED"
    assert "cannot be resolved" in report.errors["one"]


def test_each_input_is_run_and_a_bad_one_fails_the_whole(
    client: WorkspaceClient, tmp_path: Path
) -> None:
    inner = python_task("inner", "{{input}}")
    inputs = "{{job.parameters.targets}}"
    task = {"task_key": "each", "for_each_task": {"inputs": inputs, "task": inner}}
    job_id = make_job(client, task, parameters=[{"name": "targets", "default": "[]"}])
    report = run(client, job_id, targets=json.dumps(["a", "bad", "b"]))
    assert report.result == "FAILED"
    assert (tmp_path / "inner.txt").read_text() == "a\nbad\nb\n"
    assert report.logs["each"] == "saw a\nsaw bad\nsaw b\n"
    assert "no good: bad" in report.errors["each"]
    assert run(client, job_id, targets="[]").result == "SUCCESS"


def test_tasks_wait_for_each_other_and_a_failure_stops_what_depends_on_it(
    client: WorkspaceClient, tmp_path: Path
) -> None:
    after = [{"task_key": "first"}]
    job_id = make_job(
        client,
        python_task("second", "x", depends_on=after),
        python_task("first", "bad"),
        python_task("beside", "x"),
    )
    report = run(client, job_id)
    assert report.result == "FAILED"
    assert not (tmp_path / "second.txt").exists()
    assert (tmp_path / "beside.txt").exists()


def test_a_task_is_started_again_as_often_as_it_may(
    client: WorkspaceClient, tmp_path: Path
) -> None:
    assert run(client, make_job(client, python_task("one", "flaky"))).result == "FAILED"
    (tmp_path / "one.txt").unlink()
    assert (
        run(client, make_job(client, python_task("one", "flaky", max_retries=1))).result
        == "SUCCESS"
    )
    assert (tmp_path / "one.txt").read_text() == "flaky\nflaky\n"


def test_one_token_starts_one_run(client: WorkspaceClient, workspace: FakeWorkspace) -> None:
    job_id = make_job(client, python_task("one", "x"))
    runs = {client.jobs.run_now(job_id, idempotency_token="t").run_id for _ in range(3)}
    assert len(runs) == 1
    assert client.jobs.run_now(job_id, idempotency_token="u").run_id not in runs


def test_a_second_run_waits_or_is_refused(client: WorkspaceClient, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    wait = "import pathlib, time\nwhile not pathlib.Path('gate').exists(): time.sleep(0.01)\n"
    address = "/api/2.0/workspace-files/import-file/%2FUsers%2Fada%2Ftask.py"
    client.api_client.do("POST", address, query={"overwrite": "true"}, data=wait.encode())
    refusing = make_job(client, python_task("one", "x"), max_concurrent_runs=1)
    queueing = make_job(
        client, python_task("two", "x"), max_concurrent_runs=1, queue={"enabled": True}
    )
    first, second = (client.jobs.run_now(refusing).run_id for _ in range(2))
    third, fourth = (client.jobs.run_now(queueing).run_id for _ in range(2))
    assert client.jobs.get_run(second).state.life_cycle_state.value == "SKIPPED"
    assert client.jobs.get_run(fourth).state.life_cycle_state.value == "QUEUED"
    gate.touch()
    deployer = Deployer(client, Rendered("t", "/", {}, {}), Path(), Path())
    assert {deployer.report(r).result for r in (first, third, fourth)} == {"SUCCESS"}


def test_a_run_can_be_cancelled(client: WorkspaceClient, workspace: FakeWorkspace) -> None:
    address = "/api/2.0/workspace-files/import-file/%2FUsers%2Fada%2Ftask.py"
    forever = b"import time\nprint('here', flush=True)\ntime.sleep(600)\n"
    client.api_client.do("POST", address, query={"overwrite": "true"}, data=forever)
    run_id = client.jobs.run_now(make_job(client, python_task("one", "x"))).run_id
    executor = workspace.state.executor
    assert isinstance(executor, InProcesses)
    waited(lambda: executor.is_busy or None)
    client.jobs.cancel_run(run_id)
    deployer = Deployer(client, Rendered("t", "/", {}, {}), Path(), Path())
    assert deployer.report(run_id).result == "CANCELED"


def test_files_follow_the_rules_of_the_workspace(client: WorkspaceClient) -> None:
    do = client.api_client.do
    address = "/api/2.0/workspace-files/import-file/%2FUsers%2Fada%2F"
    do("POST", f"{address}lock", query={"overwrite": "false"}, data=b"one")
    with pytest.raises((AlreadyExists, ResourceConflict)):
        do("POST", f"{address}lock", query={"overwrite": "false"}, data=b"two")
    with pytest.raises(NotFound):
        do("POST", f"{address}nowhere%2Flock", data=b"two")
    assert client.workspace.get_status("/Workspace/Users/ada/lock").object_type.value == "FILE"
    do("POST", "/api/2.0/workspace/delete", body={"path": "/Users/ada/lock"})
    with pytest.raises(NotFound):
        client.workspace.get_status("/Users/ada/lock")


def test_an_unknown_address_is_refused_and_remembered(
    client: WorkspaceClient, workspace: FakeWorkspace
) -> None:
    with pytest.raises(DatabricksError):
        client.api_client.do("GET", "/api/2.0/clusters/list")
    assert workspace.state.unknown == ["GET /api/2.0/clusters/list"]


def test_grants_are_cleared_before_they_are_set(client: WorkspaceClient) -> None:
    body = {"catalog_name": "main", "name": "m"}
    client.api_client.do("POST", "/api/2.1/unity-catalog/schemas", body=body)
    address = "/api/2.1/unity-catalog/permissions/schema/main.m"
    for privileges in (["SELECT", "MODIFY"], ["SELECT"]):
        change = {"principal": "p", "add": privileges, "remove": ["ALL_PRIVILEGES"]}
        client.api_client.do("PATCH", address, body={"changes": [change]})
    found = client.api_client.do("GET", address)
    assert found["privilege_assignments"] == [{"principal": "p", "privileges": ["SELECT"]}]


def test_a_wheel_of_the_same_name_is_not_installed_anew(
    client: WorkspaceClient, tmp_path: Path
) -> None:
    address = "/api/2.0/workspace-files/import-file/%2FUsers%2Fada%2F"
    use = b"import thing; print(thing.SAYS)"
    client.api_client.do("POST", f"{address}task.py", query={"overwrite": "true"}, data=use)
    spec = {"environment_version": "4", "dependencies": ["/Users/ada/thing-1-py3-none-any.whl"]}
    job_id = make_job(
        client,
        python_task("one", "x", environment_key="e"),
        environments=[{"environment_key": "e", "spec": spec}],
    )
    said = []
    for text in ("old", "new"):
        wheel = tmp_path / "thing.whl"
        with zipfile.ZipFile(wheel, "w") as packed:
            packed.writestr("thing.py", f"SAYS = {text!r}")
        client.api_client.do(
            "POST",
            f"{address}thing-1-py3-none-any.whl",
            query={"overwrite": "true"},
            data=wheel.read_bytes(),
        )
        said.append(run(client, job_id).logs["one"])
    assert said == ["old\n", "old\n"]
