"""API keys: list, look at one, make, rotate, revoke."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.model.vocabulary import Role, Scope
from dq_databricks.quality.access import CreatedKey, KeyInfo
from dq_databricks.service.api.reaching import access_of
from dq_databricks.service.asking import Administering
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing, Paged

router = APIRouter(prefix="/keys", tags=["access"])


class NewKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100, description="What the key is for.")
    role: Role = Role.VIEWER
    workspace: str | None = Field(
        None, max_length=255, description="Id or name of a workspace; one's own if none."
    )
    scopes: list[Scope] = Field(
        [], max_length=10, description="Fewer scopes than the role brings; `platform` adds to them."
    )
    expires_days: float | None = Field(None, gt=0, le=3650, description="Days it is valid.")
    user_id: str | None = Field(None, max_length=64, description="User it acts for.")


@router.get("")
def list_keys(
    asked: Administering,
    paged: Paged,
    workspace: Annotated[
        str | None, Query(max_length=255, description="Only those of this workspace.")
    ] = None,
) -> Listing[KeyInfo]:
    """Keys of the workspace, newest first; of all with scope `platform`."""
    found = access_of(asked).keys.list(workspace=workspace, limit=paged.limit, cursor=paged.cursor)
    return Listing(items=list(found.items), next_cursor=found.next_cursor)


@router.post("", status_code=201)
def create_key(
    asked: Administering, wanted: NewKey, request: Request, response: Response
) -> CreatedKey:
    """Make a key. `key` is in this answer and nowhere else: it cannot be shown again."""
    made = access_of(asked).keys.create(
        wanted.name,
        role=wanted.role,
        workspace=wanted.workspace,
        scopes=wanted.scopes,
        expires_days=wanted.expires_days,
        user_id=wanted.user_id,
        within=asked.principal.scopes,
    )
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{made.api_key_id}"
    tagged(response, made)
    return made


@router.get("/{api_key_id}")
def show_key(asked: Administering, api_key_id: str, response: Response) -> KeyInfo:
    """One key, without its hash."""
    found = access_of(asked).keys.show(api_key_id)
    tagged(response, found)
    return found


@router.post("/{api_key_id}/rotate", status_code=201)
def rotate_key(asked: Administering, api_key_id: str, response: Response) -> CreatedKey:
    """Make the successor of a key; the old one stays valid until it is revoked or expires.

    422 where two keys of its line are valid already.
    """
    made = access_of(asked).keys.rotate(api_key_id, within=asked.principal.scopes)
    tagged(response, made)
    return made


@router.post("/{api_key_id}/revoke")
def revoke_key(
    asked: Administering, api_key_id: str, version: ExpectedVersion, response: Response
) -> KeyInfo:
    """End the validity of a key, from the next request on; its sessions end with it."""
    ended = access_of(asked).keys.revoke(api_key_id, expected_version=version)
    tagged(response, ended)
    return ended
