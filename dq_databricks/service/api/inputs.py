"""What routes of resources take: names, texts, ids, orders and times, within bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from dq_databricks.errors import NotFoundError, ParameterError
from dq_databricks.quality import Quality
from dq_databricks.quality.browse import Slice
from dq_databricks.quality.work import NO_PROJECT
from dq_databricks.service.asking import Asked
from dq_databricks.service.listing import Paged

_EARLIEST, _LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """The fields that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _within(value: datetime) -> datetime:
    if not _EARLIEST < value < _LATEST:
        raise ValueError("a time between the years 1 and 9999 is wanted")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_within)]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]
Text = Annotated[str, Field(max_length=4000)]
Identifier = Annotated[str, Field(min_length=1, max_length=255)]
Target = Annotated[str, Field(min_length=1, max_length=1000, examples=["main.sales.orders"])]
Mask = Annotated[str, Field(max_length=1000, examples=["orders%,customers"])]
Id = Annotated[str, Path(min_length=1, max_length=255, description="Its id.")]
Contains = Annotated[
    str | None, Query(min_length=1, max_length=255, description="Text that the name contains.")
]
Since = Annotated[Moment | None, Query(description="Not before this time (with its zone).")]
Until = Annotated[Moment | None, Query(description="Before this time (with its zone).")]
Days = Annotated[int, Query(ge=1, le=366, description="Days to look back.")]
Wanted = Annotated[str | None, Query(min_length=1, max_length=255)]


def _order(
    sort: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=r"^-?[a-z_]+(,-?[a-z_]+){0,3}$",
            description="Up to four fields, separated by commas; a leading - turns one around.",
            examples=["-updated_at"],
        ),
    ] = None,
) -> tuple[str, ...]:
    names = () if sort is None else tuple(sort.split(","))
    if len({name.removeprefix("-") for name in names}) < len(names):
        raise ParameterError(f"sort {sort!r} names a field twice")
    return names


Sorted = Annotated[tuple[str, ...], Depends(_order)]


def _slice(paged: Paged, sort: Sorted) -> Slice:
    return Slice(paged.limit, paged.cursor, sort)


Sliced = Annotated[Slice, Depends(_slice)]


def face_of(asked: Asked, project: str | None) -> Quality:
    """The face whose new objects go to `project`, by default the first of the workspace.

    Raises NotFoundError for a project of another workspace, ParameterError where there is none.
    """
    projects = asked.principal.projects
    if project is not None and project not in projects:
        raise NotFoundError(f"no project {project!r}")
    if not projects:
        raise ParameterError(NO_PROJECT)
    return asked.quality.acting(
        asked.principal.actor, projects, project=project if project is not None else projects[0]
    )
