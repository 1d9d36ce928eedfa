"""Deploys a rendered bundle through databricks-sdk, as far as a fake workspace needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.service.jobs import RunLifeCycleState

from tests.emulator.workspace import FakeWorkspace
from tests.emulator.workspace.server import TOKEN
from tests.support.jobs import waited
from tools.bundle_lint.references import references, resolve
from tools.bundle_lint.render import Rendered

_LATER = ("permissions", "grants", "lifecycle")
_OVER = (RunLifeCycleState.TERMINATED, RunLifeCycleState.SKIPPED, RunLifeCycleState.INTERNAL_ERROR)
_KINDS = ("schemas", "volumes", "secret_scopes", "jobs", "apps", "dashboards", "alerts")


def client_of(workspace: FakeWorkspace) -> WorkspaceClient:
    """The real SDK, signed in to the fake workspace."""
    return WorkspaceClient(
        config=Config(
            host=workspace.host,
            token=TOKEN,
            auth_type="pat",
            config_file="/nonexistent",
            retry_timeout_seconds=5,
        )
    )


@dataclass(frozen=True)
class RunReport:
    """How a run ended: its result, and what its tasks printed and failed with, by key."""

    result: str
    logs: dict[str, str]
    errors: dict[str, str]


@dataclass
class Deployer:
    """Deploys what `rendered` says; files come from `root`, the wheel from `wheel`."""

    client: WorkspaceClient
    rendered: Rendered
    root: Path
    wheel: Path
    known: dict[str, Any] = field(default_factory=dict)

    def deploy(self) -> None:
        """Upload files and wheel, create every resource, then say who may do what."""
        for name in ("app", "jobs"):
            for path in sorted((self.root / name).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    self._upload(path, self._place(path.relative_to(self.root).as_posix()))
        self._upload(self.wheel, self._wheel)
        left = [(kind, key) for kind in _KINDS for key in self.rendered.all(kind)]
        while left:
            ready = [pair for pair in left if self._is_ready(*pair)]
            assert ready, f"these wait for each other: {left}"
            for kind, key in ready:
                self._create(kind, key)
            left = [pair for pair in left if pair not in ready]
        self._permit()

    def job_id(self, key: str) -> int:
        return int(self.known[f"resources.jobs.{key}.id"])

    def run(self, key: str, token: str | None = None, **parameters: str) -> RunReport:
        """Run a job to its end."""
        started = self.client.jobs.run_now(
            self.job_id(key), job_parameters=parameters, idempotency_token=token
        )
        return self.report(started.run_id)

    def report(self, run_id: int) -> RunReport:
        """Wait for a run and collect what its tasks said."""

        def ended() -> Any:
            run = self.client.jobs.get_run(run_id)
            return run if run.state.life_cycle_state in _OVER else None

        run = waited(ended, seconds=900)
        said = {t.task_key: self.client.jobs.get_run_output(t.run_id) for t in run.tasks}
        return RunReport(
            run.state.result_state.value,
            {key: output.logs or "" for key, output in said.items()},
            {key: output.error_trace for key, output in said.items() if output.error_trace},
        )

    # --- the parts -------------------------------------------------------------------------

    @property
    def _wheel(self) -> str:
        return f"{self.rendered.root_path}/artifacts/.internal/{self.wheel.name}"

    def _place(self, path: str) -> str:
        return f"{self.rendered.root_path}/files/{path}"

    def _do(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        return self.client.api_client.do(method, path, query=query, body=body)

    def _upload(self, path: Path, place: str) -> None:
        self._do("POST", "/api/2.0/workspace/mkdirs", {"path": place.rpartition("/")[0]})
        address = f"/api/2.0/workspace-files/import-file/{quote(place, safe='')}"
        content = path.read_bytes()
        self.client.api_client.do("POST", address, query={"overwrite": "true"}, data=content)

    def _resource(self, kind: str, key: str) -> dict[str, Any]:
        settings = self.rendered.all(kind)[key]
        return {name: value for name, value in settings.items() if name not in _LATER}

    def _is_ready(self, kind: str, key: str) -> bool:
        asked = _references_in(self._resource(kind, key))
        return all(name in self.known for name in asked)

    def _create(self, kind: str, key: str) -> None:
        body = self._translated(resolve(self._resource(kind, key), self.known.__getitem__))
        for name, value in getattr(self, f"_create_{kind}")(body).items():
            self.known[f"resources.{kind}.{key}.{name}"] = value

    def _translated(self, value: Any) -> Any:
        """Paths from the root of the bundle become paths of the workspace."""
        if isinstance(value, dict):
            return {key: self._translated(child) for key, child in value.items()}
        if isinstance(value, list):
            return [self._translated(child) for child in value]
        if isinstance(value, str) and value == "dist/*.whl":
            return self._wheel
        is_path = isinstance(value, str) and value.startswith(("jobs/", "app"))
        return self._place(value) if is_path and (self.root / value).exists() else value

    def _create_schemas(self, body: dict[str, Any]) -> dict[str, Any]:
        made = self._do("POST", "/api/2.1/unity-catalog/schemas", body)
        return {"id": made["full_name"], "name": body["name"]}

    def _create_volumes(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": self._do("POST", "/api/2.1/unity-catalog/volumes", body)["full_name"]}

    def _create_secret_scopes(self, body: dict[str, Any]) -> dict[str, Any]:
        self._do("POST", "/api/2.0/secrets/scopes/create", {"scope": body["name"]})
        return {"id": body["name"], "name": body["name"]}

    def _create_jobs(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": str(self._do("POST", "/api/2.2/jobs/create", body)["job_id"])}

    def _create_apps(self, body: dict[str, Any]) -> dict[str, Any]:
        own = {name: body[name] for name in ("name", "description", "resources")}
        made = self._do("POST", "/api/2.0/apps", own, no_compute="true")
        source = {"mode": "SNAPSHOT", "source_code_path": body["source_code_path"]}
        config = {"command": body["config"]["command"], "env_vars": body["config"]["env"]}
        self._do("POST", f"/api/2.0/apps/{made['name']}/deployments", {**source, **config})
        return {
            "id": made["name"],
            "service_principal_client_id": made["service_principal_client_id"],
        }

    def _create_dashboards(self, body: dict[str, Any]) -> dict[str, Any]:
        folder = f"{self.rendered.root_path}/resources"
        self._do("POST", "/api/2.0/workspace/mkdirs", {"path": folder})
        made = self._do(
            "POST",
            "/api/2.0/lakeview/dashboards",
            {
                "display_name": body["display_name"],
                "warehouse_id": body["warehouse_id"],
                "parent_path": folder,
                "serialized_dashboard": (self.root / body["file_path"]).read_text(),
            },
            dataset_catalog=body["dataset_catalog"],
            dataset_schema=body["dataset_schema"],
        )
        published = f"/api/2.0/lakeview/dashboards/{made['dashboard_id']}/published"
        self._do("POST", published, {"warehouse_id": body["warehouse_id"]})
        return {"id": made["dashboard_id"]}

    def _create_alerts(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": self._do("POST", "/api/2.0/alerts", body)["id"]}

    def _permit(self) -> None:
        for kind, place in (("jobs", "jobs"), ("apps", "apps"), ("dashboards", "dashboards")):
            for key, settings in self.rendered.all(kind).items():
                given = resolve(settings.get("permissions", []), self.known.__getitem__)
                entries = [{**e, "permission_level": e["level"]} for e in given]
                body = {"access_control_list": [_without(e, "level") for e in entries]}
                resource_id = self.known[f"resources.{kind}.{key}.id"]
                self._do("PUT", f"/api/2.0/permissions/{place}/{resource_id}", body)
        for key, settings in self.rendered.all("schemas").items():
            given = resolve(settings.get("grants", []), self.known.__getitem__)
            changes = [
                {
                    "principal": grant["principal"],
                    "add": grant["privileges"],
                    "remove": ["ALL_PRIVILEGES"],
                }
                for grant in given
            ]
            name = self.known[f"resources.schemas.{key}.id"]
            address = f"/api/2.1/unity-catalog/permissions/schema/{name}"
            self._do("PATCH", address, {"changes": changes})
        for settings in self.rendered.all("secret_scopes").values():
            for given in resolve(settings.get("permissions", []), self.known.__getitem__):
                body = {"scope": settings["name"], "principal": given["service_principal_name"]}
                self._do(
                    "POST", "/api/2.0/secrets/acls/put", {**body, "permission": given["level"]}
                )


def _references_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {name for child in value.values() for name in _references_in(child)}
    if isinstance(value, list):
        return {name for child in value for name in _references_in(child)}
    return set(references(value))


def _without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}
