"""A service over a lake of its own, keys for it, and a second workspace to look across from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from dq_databricks import Quality
from dq_databricks.engine.local import LocalEngine
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from dq_databricks.service.app import create_app
from dq_databricks.service.auth import default_authenticator
from dq_databricks.settings import Settings
from tests.support.local_engine import SHARED
from tests.support.provisioned import put_schema

OTHER = "other"
KEY_HEADER = "X-API-Key"


@dataclass(frozen=True)
class ServiceUnderTest:
    """One application over the lake below `home`. `quality` is the face without bounds."""

    home: Path
    settings: Settings
    app: FastAPI
    client: TestClient
    quality: Quality
    context: Context

    def key(
        self, role: str = "admin", *, workspace: str = DEFAULT_WORKSPACE, scopes: Sequence[str] = ()
    ) -> str:
        """The text of a new key."""
        return make_key(self.quality, role=role, workspace=workspace, scopes=scopes)

    def as_(
        self, role: str = "admin", *, workspace: str = DEFAULT_WORKSPACE, scopes: Sequence[str] = ()
    ) -> TestClient:
        """A client that sends a new key with every request."""
        return self.with_key(self.key(role, workspace=workspace, scopes=scopes))

    def with_key(self, key: str) -> TestClient:
        """A client that sends `key` with every request."""
        return TestClient(
            self.app,
            headers={KEY_HEADER: key},
            raise_server_exceptions=False,
            follow_redirects=False,
        )


@contextmanager
def service(
    folder: Path, *, context: Context | None = None, **settings: object
) -> Iterator[ServiceUnderTest]:
    """A service over a clean schema below `folder`."""
    put_schema(folder, "dq_metadata")
    chosen = Settings.load({}, home=folder, durable=False, user="tester", **settings)
    clock = context or Context()
    engine = LocalEngine(folder, durable=False, database=SHARED)
    app = create_app(chosen, default_authenticator(chosen, clock), engine=engine, context=clock)
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    with engine, client:
        yield ServiceUnderTest(folder, chosen, app, client, Quality(chosen, engine, clock), clock)


def service_client(folder: Path, *, role: str = "admin", scopes: Sequence[str] = ()) -> TestClient:
    """A client with a key of `role` for a new service over a clean schema below `folder`."""
    put_schema(folder, "dq_metadata")
    chosen = Settings.load({}, home=folder, durable=False, user="tester")
    engine = LocalEngine(folder, durable=False, database=SHARED)
    app = create_app(chosen, default_authenticator(chosen), engine=engine)
    key = make_key(Quality(chosen, engine), role=role, scopes=scopes)
    return TestClient(app, headers={KEY_HEADER: key}, raise_server_exceptions=False)


def make_key(
    quality: Quality,
    *,
    role: str = "admin",
    workspace: str = DEFAULT_WORKSPACE,
    scopes: Sequence[str] = (),
) -> str:
    """The text of a new key of `role` in a workspace, named by id or name."""
    name = f"{role} of {workspace}"
    made = quality.access.keys.create(name, role=role, workspace=workspace, scopes=scopes)
    return made.key


def make_workspace(quality: Quality, name: str = OTHER, *, project: str | None = None) -> str:
    """The id of a new workspace of the default organization, with one project of its own."""
    made = quality.access.workspaces.add(name)
    quality.projects.add(project or f"{name}_project", workspace=made.workspace_id)
    return made.workspace_id
