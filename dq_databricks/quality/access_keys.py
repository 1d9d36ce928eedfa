"""API keys: list, show, create, rotate, revoke."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from dq_databricks.access.key_hash import DEFAULT_METHOD
from dq_databricks.access.keys import KeyOrder, Keys, NewKey, is_live
from dq_databricks.access.people import membership_id_of
from dq_databricks.errors import ForbiddenError, NotFoundError, ParameterError
from dq_databricks.model.access import ApiKey, Workspace
from dq_databricks.model.scopes import role_named, scopes_from_text, scopes_of
from dq_databricks.model.vocabulary import Role, Scope
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.store.page import Page

MOST_DAYS = 3650


class KeyInfo(BaseModel):
    """An API key without its hash; the key itself is shown once, when it is made."""

    model_config = ConfigDict(frozen=True)

    api_key_id: str
    workspace_id: str
    name: str = Field(description="What the key is for.")
    key_prefix: str = Field(description="The first characters of the key, to tell keys apart.")
    role: Role
    scopes: list[Scope] = Field(description="What the key may do.")
    is_valid: bool = Field(description="Neither revoked nor expired.")
    hash_method: str = Field(description="How the key is stored: hmac-sha256 or bcrypt.")
    user_id: str | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = Field(None, description="To five minutes.")
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    rotated_from: str | None = Field(None, description="The key it replaces.")
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int


class CreatedKey(KeyInfo):
    """A key that was just made. `key` is shown this once and stored nowhere."""

    key: str


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Some keys; `next_cursor` leads to the next."""

    items: tuple[KeyInfo, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class KeyFace:
    """The API keys of a workspace, or of all."""

    site: AccessSite

    def list(
        self, *, workspace: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> KeyPage:
        """Keys, newest first; of one workspace where it is named."""
        site = self.site if workspace is None else self.site.bound_to(workspace)
        page: Page[ApiKey] = site.tables.keys.select(
            *site.in_workspace(), order_by=("-created_at",), limit=limit, cursor=cursor
        )
        return KeyPage(tuple(self._info(row) for row in page), page.next_cursor)

    def show(self, api_key_id: str) -> KeyInfo:
        """One key by id; raises NotFoundError."""
        return self._info(self._row(api_key_id))

    def create(
        self,
        name: str,
        *,
        role: str = Role.VIEWER,
        workspace: str | None = None,
        scopes: Iterable[str] = (),
        expires_days: float | None = None,
        user_id: str | None = None,
        method: str = DEFAULT_METHOD,
        within: frozenset[Scope] | None = None,
    ) -> CreatedKey:
        """Make a key; its text is in the answer and nowhere else.

        `scopes` narrow those of `role`, and `platform` adds to them. `within` bounds what may be
        given. Raises ParameterError, UnknownNameError, NotFoundError, ForbiddenError.
        """
        wanted = role_named(role)
        granted = scopes_of(wanted, scopes)
        _check_within(granted, within)
        place = self.site.workspace(workspace)
        if user_id is not None:
            self._check_user(user_id, place)
        order = KeyOrder(
            workspace_id=place.workspace_id,
            name=name,
            role=wanted,
            scopes=granted,
            expires_at=self._end(expires_days),
            user_id=user_id,
            created_by=self.site.actor.name,
            method=method,
        )
        return self.site.written(self._created(self._keys().create(order)))

    def rotate(self, api_key_id: str, *, within: frozenset[Scope] | None = None) -> CreatedKey:
        """A new key like this one, which stays valid until it is revoked or expires.

        Raises ParameterError where two keys of its line are valid already.
        """
        row = self._row(api_key_id)
        _check_within(scopes_from_text(row.role, row.scopes), within)
        made = self._keys().rotate(row, by=self.site.actor.name)
        return self.site.written(self._created(made))

    def revoke(self, api_key_id: str, *, expected_version: int | None = None) -> KeyInfo:
        """End the validity of a key, from the next request on."""
        row = self._row(api_key_id)
        ended = self._keys().revoke(row, by=self.site.actor.name, expected_version=expected_version)
        return self.site.written(self._info(ended))

    # --- below -------------------------------------------------------------------------------

    def _keys(self) -> Keys:
        return Keys(self.site.writing().keys, self.site.context, self.site.pepper)

    def _row(self, api_key_id: str) -> ApiKey:
        row = self.site.tables.keys.get(api_key_id)
        if row is None or self.site.workspace_id not in (None, row.workspace_id):
            raise NotFoundError(f"no API key {api_key_id!r}; see dq keys")
        return row

    def _end(self, expires_days: float | None) -> datetime | None:
        if expires_days is None:
            return None
        if not 0 < expires_days <= MOST_DAYS:
            raise ParameterError(f"expires after {expires_days} days: give up to {MOST_DAYS} days")
        return self.site.context.now() + timedelta(days=expires_days)

    def _check_user(self, user_id: str, place: Workspace) -> None:
        """Bound to a workspace, only its members may have a key act for them."""
        tables = self.site.tables
        user = tables.users.get(user_id)
        is_seen = self.site.workspace_id is None or tables.memberships.get(
            membership_id_of(place.workspace_id, user_id)
        )
        if user is None or user.organization_id != place.organization_id or not is_seen:
            raise NotFoundError(f"no user {user_id!r} in the workspace")

    def _created(self, made: NewKey) -> CreatedKey:
        return CreatedKey(key=made.text, **self._info(made.row).model_dump())

    def _info(self, row: ApiKey) -> KeyInfo:
        hidden = {"key_hash", "scopes", "deleted_at"}
        return KeyInfo(
            **row.model_dump(exclude=hidden),
            scopes=sorted(scopes_from_text(row.role, row.scopes)),
            is_valid=is_live(row, self.site.context.now()),
            hash_method=row.key_hash.partition(":")[0],
        )


def _check_within(granted: frozenset[Scope], within: frozenset[Scope] | None) -> None:
    if within is not None and (beyond := sorted(granted - within)):
        raise ForbiddenError(
            f"scope {beyond[0]} is needed to give it to a key; this key or user has not got it"
        )
