"""Projects: the environments of a workspace."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from dq_databricks.model.catalog import Project
from dq_databricks.model.vocabulary import IncidentKey
from dq_databricks.service.api.inputs import Body, Id, Name, Text
from dq_databricks.service.asking import Administering, Reading
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/projects", tags=["projects"])

Hours = Annotated[int, Field(ge=0, le=8760)]
Passes = Annotated[int, Field(ge=0, le=1000)]


class NewProject(Body):
    """A project: its key, and how its failures become incidents."""

    project_key: str = Field(min_length=1, max_length=64, examples=["sales"])
    name: Name = Field(examples=["Sales"])
    description: Text | None = None
    incident_key: IncidentKey = IncidentKey.TEST
    reopen_hours: Hours = 24
    resolve_after_passes: Passes = 1


class ChangedProject(Body):
    """What of a project changes; fields that are not sent stay."""

    name: Name = "unchanged"
    description: Text | None = None
    incident_key: IncidentKey = IncidentKey.TEST
    reopen_hours: Hours = 24
    resolve_after_passes: Passes = 1


@router.get("")
def list_projects(asked: Reading, paged: Paged) -> Listing[Project]:
    """Projects of the workspace, by key."""
    return listing(asked.quality.projects.list(limit=paged.limit, cursor=paged.cursor))


@router.post("", status_code=201)
def add_project(asked: Administering, new: NewProject, response: Response) -> Project:
    """Add a project; its key is unique among all workspaces."""
    fields = new.model_dump(exclude={"project_key"})
    project = asked.quality.projects.add(new.project_key, **fields)
    tagged(response, project)
    return project


@router.get("/{project_key}")
def show_project(asked: Reading, project_key: Id, response: Response) -> Project:
    """One project."""
    project = asked.quality.projects.show(project_key)
    tagged(response, project)
    return project


@router.patch("/{project_key}")
def edit_project(
    asked: Administering,
    project_key: Id,
    changes: ChangedProject,
    expected: ExpectedVersion,
    response: Response,
) -> Project:
    """Change a project."""
    project = asked.quality.projects.edit(project_key, expected_version=expected, **changes.given())
    tagged(response, project)
    return project


@router.delete("/{project_key}", status_code=204)
def remove_project(asked: Administering, project_key: Id, expected: ExpectedVersion) -> None:
    """Remove a project that has no connections."""
    asked.quality.projects.remove(project_key, expected_version=expected)
