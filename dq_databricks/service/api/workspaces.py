"""Workspaces: list, look at one, add, edit, remove."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.access import Workspace
from dq_databricks.service.api.reaching import access_of
from dq_databricks.service.asking import Administering, Operating, Reading
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/workspaces", tags=["access"])

Name = Annotated[str, Field(min_length=1, max_length=255, examples=["Finance"])]


class NewWorkspace(BaseModel):
    """A workspace to add."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    organization: str | None = Field(
        None, max_length=255, description="Id, slug or name; the default one otherwise."
    )
    description: str | None = Field(None, max_length=2000)


class WorkspaceEdit(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    description: str | None = Field(None, max_length=2000)
    is_active: bool | None = Field(None, description="Whether its keys and users may sign in.")


@router.get("")
def list_workspaces(
    asked: Reading,
    paged: Paged,
    organization: Annotated[
        str | None, Query(max_length=255, description="Only those of this organization.")
    ] = None,
) -> Listing[Workspace]:
    """Workspaces by name: one's own, or all with scope `platform`."""
    found = access_of(asked).workspaces
    return listing(found.list(organization=organization, limit=paged.limit, cursor=paged.cursor))


@router.post("", status_code=201)
def add_workspace(
    asked: Operating, wanted: NewWorkspace, request: Request, response: Response
) -> Workspace:
    """Add a workspace to an organization; 409 where its name is taken there."""
    added = access_of(asked).workspaces.add(
        wanted.name, organization=wanted.organization, description=wanted.description
    )
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{added.workspace_id}"
    tagged(response, added)
    return added


@router.get("/{workspace}")
def show_workspace(asked: Reading, workspace: str, response: Response) -> Workspace:
    """One workspace, by id or name."""
    found = access_of(asked).workspaces.show(workspace)
    tagged(response, found)
    return found


@router.patch("/{workspace}")
def edit_workspace(
    asked: Administering,
    workspace: str,
    wanted: WorkspaceEdit,
    version: ExpectedVersion,
    response: Response,
) -> Workspace:
    """Change a workspace."""
    edited = access_of(asked).workspaces.edit(
        workspace, expected_version=version, **wanted.model_dump(exclude_none=True)
    )
    tagged(response, edited)
    return edited


@router.delete("/{workspace}")
def remove_workspace(asked: Operating, workspace: str, version: ExpectedVersion) -> Workspace:
    """Remove a workspace that has no projects; its keys end with it."""
    return access_of(asked).workspaces.remove(workspace, expected_version=version)
