"""Organizations: list, look at one, add, edit, remove."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.access import Organization
from dq_databricks.model.vocabulary import Tier
from dq_databricks.service.api.reaching import access_of
from dq_databricks.service.asking import Operating, Reading
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/organizations", tags=["access"])

Name = Annotated[str, Field(min_length=1, max_length=255, examples=["Acme"])]
Slug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9-]{3,50}$", description="Short name for addresses.", examples=["acme"]),
]
Domain = Annotated[str, Field(max_length=255, examples=["example.com"])]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class OrganizationEdit(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    domain: Domain | None = None
    description: str | None = Field(None, max_length=2000)
    tier: Tier | None = None
    tier_expires_at: datetime | None = Field(None, description="When the subscription ends.")
    max_users: Count | None = Field(None, description="Users it may have.")
    max_projects: Count | None = Field(None, description="Projects it may have.")
    storage_limit_gb: Count | None = Field(None, description="Gigabytes its metadata may take.")
    is_active: bool | None = Field(None, description="Whether its keys and users may sign in.")


class NewOrganization(OrganizationEdit):
    """An organization to add."""

    name: Name
    slug: Slug


@router.get("")
def list_organizations(asked: Reading, paged: Paged) -> Listing[Organization]:
    """Organizations by slug: one's own, or all with scope `platform`."""
    found = access_of(asked).organizations
    return listing(found.list(limit=paged.limit, cursor=paged.cursor))


@router.post("", status_code=201)
def add_organization(
    asked: Operating, wanted: NewOrganization, request: Request, response: Response
) -> Organization:
    """Add an organization; 409 where its slug or name is taken."""
    fields = wanted.model_dump(exclude_none=True)
    added = access_of(asked).organizations.add(fields.pop("name"), fields.pop("slug"), **fields)
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{added.organization_id}"
    tagged(response, added)
    return added


@router.get("/{organization}")
def show_organization(asked: Reading, organization: str, response: Response) -> Organization:
    """One organization, by id, slug or name."""
    found = access_of(asked).organizations.show(organization)
    tagged(response, found)
    return found


@router.patch("/{organization}")
def edit_organization(
    asked: Operating,
    organization: str,
    wanted: OrganizationEdit,
    version: ExpectedVersion,
    response: Response,
) -> Organization:
    """Change an organization and its limits."""
    edited = access_of(asked).organizations.edit(
        organization, expected_version=version, **wanted.model_dump(exclude_none=True)
    )
    tagged(response, edited)
    return edited


@router.delete("/{organization}")
def remove_organization(
    asked: Operating, organization: str, version: ExpectedVersion
) -> Organization:
    """Remove an organization that has neither workspaces nor users."""
    return access_of(asked).organizations.remove(organization, expected_version=version)
