"""Users and their roles: list, look at one, add, edit, remove, give and take a role."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.access import Membership, User
from dq_databricks.model.vocabulary import OrganizationRole, Role
from dq_databricks.service.api.reaching import access_of
from dq_databricks.service.asking import Administering
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/users", tags=["access"])

Email = Annotated[str, Field(max_length=255, examples=["ada@example.com"])]
Username = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{3,30}$", examples=["ada"])]
Place = Annotated[
    str | None, Query(max_length=255, description="Id or name of a workspace; one's own if none.")
]


class UserEdit(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: Username | None = None
    first_name: str | None = Field(None, max_length=100)
    last_name: str | None = Field(None, max_length=100)
    organization_role: OrganizationRole | None = Field(
        None, description="A role in every workspace of the organization; needs scope `platform`."
    )
    timezone: str | None = Field(None, max_length=50, examples=["Europe/Rome"])
    language: str | None = Field(None, max_length=10, examples=["en"])
    is_active: bool | None = Field(None, description="Whether the user may sign in.")


class NewUser(UserEdit):
    """A user to add, with a role in one workspace."""

    email: Email
    username: Username
    role: Role = Role.VIEWER
    workspace: str | None = Field(
        None, max_length=255, description="Id or name of a workspace; one's own if none."
    )


class RoleGiven(BaseModel):
    """A role in a workspace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role


@router.get("")
def list_users(asked: Administering, paged: Paged, workspace: Place = None) -> Listing[User]:
    """Users by e-mail address: the members of one's workspace, or all with scope `platform`."""
    found = access_of(asked).users
    return listing(found.list(workspace=workspace, limit=paged.limit, cursor=paged.cursor))


@router.post("", status_code=201)
def add_user(asked: Administering, wanted: NewUser, request: Request, response: Response) -> User:
    """Add a user; 409 where the e-mail address or user name is taken, 403 at the limit."""
    fields = wanted.model_dump(exclude_none=True)
    added = access_of(asked).users.add(fields.pop("email"), fields.pop("username"), **fields)
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{added.user_id}"
    tagged(response, added)
    return added


@router.get("/members")
def list_members(
    asked: Administering, paged: Paged, workspace: Place = None
) -> Listing[Membership]:
    """Who has which role in a workspace."""
    found = access_of(asked).users
    return listing(found.members(workspace=workspace, limit=paged.limit, cursor=paged.cursor))


@router.get("/{user}")
def show_user(asked: Administering, user: str, response: Response) -> User:
    """One user, by id, e-mail address or user name."""
    found = access_of(asked).users.show(user)
    tagged(response, found)
    return found


@router.patch("/{user}")
def edit_user(
    asked: Administering,
    user: str,
    wanted: UserEdit,
    version: ExpectedVersion,
    response: Response,
) -> User:
    """Change a user."""
    edited = access_of(asked).users.edit(
        user, expected_version=version, **wanted.model_dump(exclude_none=True)
    )
    tagged(response, edited)
    return edited


@router.delete("/{user}")
def remove_user(asked: Administering, user: str, version: ExpectedVersion) -> User:
    """End the membership in one's workspace; with scope `platform`, remove the user."""
    return access_of(asked).users.remove(user, expected_version=version)


@router.put("/{user}/role")
def give_role(
    asked: Administering, user: str, wanted: RoleGiven, workspace: Place = None
) -> Membership:
    """Give a user a role in a workspace, in place of the one before."""
    return access_of(asked).users.give_role(user, wanted.role, workspace=workspace)


@router.delete("/{user}/role")
def take_role(asked: Administering, user: str, workspace: Place = None) -> Membership:
    """End the membership of a user in a workspace."""
    return access_of(asked).users.take_role(user, workspace=workspace)
