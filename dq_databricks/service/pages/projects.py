"""Projects of the workspace: what they hold, and how their failures become incidents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Response

from dq_databricks.model.catalog import Project
from dq_databricks.model.vocabulary import IncidentKey
from dq_databricks.quality.overview import Estate
from dq_databricks.service.pages.forms import PageAdministering, PageReading, done, page_router
from dq_databricks.service.pages.render import Place, page

router = page_router()
INCIDENT_KEYS = tuple(key.value for key in IncidentKey)


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project and how much it holds."""

    project: Project
    connections: int
    groups: int
    tables: int


@dataclass(frozen=True, slots=True)
class ProjectsContext:
    """The projects of the workspace, by name."""

    lines: tuple[ProjectLine, ...]
    incident_keys: tuple[str, ...]


@router.get("/projects")
def list_projects(asked: PageReading) -> Response:
    """The projects of the workspace."""
    estate = asked.quality.overview.estate()
    lines = tuple(_line(project, estate) for project in estate.projects)
    place = Place("Projects", "projects", api="/api/v1/projects")
    return page(asked, "projects.html", place, ProjectsContext(lines, INCIDENT_KEYS))


@router.post("/projects")
def add_project(
    asked: PageAdministering,
    project_key: Annotated[str, Form(max_length=100)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    description: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Add a project."""
    key = project_key.strip()
    fields = {"name": name.strip() or key, "description": description.strip() or None}
    project = asked.quality.projects.add(key, **fields)
    return done(asked.request, "/projects", f"Project {project.name} added.")


@router.post("/projects/{project_key}")
def edit_project(
    asked: PageAdministering,
    project_key: str,
    version: Annotated[int, Form(ge=1)],
    name: Annotated[str, Form(max_length=200)],
    incident_key: Annotated[IncidentKey, Form()],
    reopen_hours: Annotated[int, Form(ge=0, le=10_000)],
    resolve_after_passes: Annotated[int, Form(ge=1, le=1000)],
    description: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Change a project."""
    project = asked.quality.projects.edit(
        project_key,
        expected_version=version,
        name=name.strip(),
        description=description.strip() or None,
        incident_key=incident_key,
        reopen_hours=reopen_hours,
        resolve_after_passes=resolve_after_passes,
    )
    return done(asked.request, "/projects", f"Project {project.name} saved.")


def _line(project: Project, estate: Estate) -> ProjectLine:
    connections = [
        one.connection_id for one in estate.connections if one.project_key == project.project_key
    ]
    groups = [one.table_group_id for one in estate.groups if one.connection_id in connections]
    tables = estate.tables_of(*groups)
    return ProjectLine(project, len(connections), len(groups), len(tables))
