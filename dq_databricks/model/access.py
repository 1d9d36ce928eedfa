"""Who may do what: organizations, workspaces, users, memberships and API keys."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import MutableRecord, SmallCount
from dq_databricks.model.vocabulary import OrganizationRole, Role, Tier


class Organization(MutableRecord):
    """A tenant. `max_users`, `max_projects` and `storage_limit_gb` are its limits."""

    TABLE: ClassVar[str] = "dq_organizations"
    KEY: ClassVar[tuple[str, ...]] = ("organization_id",)
    ENTITY: ClassVar[str] = "organization"

    organization_id: str
    name: str
    slug: str
    domain: str | None = None
    description: str | None = None
    tier: Tier = Tier.FREE
    tier_expires_at: datetime | None = None
    max_users: SmallCount = 10
    max_projects: SmallCount = 100
    storage_limit_gb: SmallCount = 5
    is_active: bool = True
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None


class Workspace(MutableRecord):
    """A part of an organization that sees nothing of the others."""

    TABLE: ClassVar[str] = "dq_workspaces"
    KEY: ClassVar[tuple[str, ...]] = ("workspace_id",)
    ENTITY: ClassVar[str] = "workspace"

    workspace_id: str
    organization_id: str
    name: str
    description: str | None = None
    is_active: bool = True
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None


class User(MutableRecord):
    """A person. `organization_role` is a default for every workspace of the organization."""

    TABLE: ClassVar[str] = "dq_users"
    KEY: ClassVar[tuple[str, ...]] = ("user_id",)
    ENTITY: ClassVar[str] = "user"

    user_id: str
    organization_id: str
    email: str
    username: str
    first_name: str | None = None
    last_name: str | None = None
    organization_role: OrganizationRole = OrganizationRole.USER
    timezone: str = "UTC"
    language: str = "en"
    is_active: bool = True
    last_sign_in_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None


class Membership(MutableRecord):
    """The role of a user in a workspace."""

    TABLE: ClassVar[str] = "dq_memberships"
    KEY: ClassVar[tuple[str, ...]] = ("membership_id",)
    ENTITY: ClassVar[str] = "membership"

    membership_id: str
    workspace_id: str
    user_id: str
    role: Role
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None


class ApiKey(MutableRecord):
    """An API key. `scopes` is JSON, a list of scope names; `key_hash` names its method first."""

    TABLE: ClassVar[str] = "dq_api_keys"
    KEY: ClassVar[tuple[str, ...]] = ("api_key_id",)
    ENTITY: ClassVar[str] = "api_key"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"key_hash"})

    api_key_id: str
    workspace_id: str
    name: str
    key_prefix: str
    key_hash: str
    role: Role
    scopes: str = "[]"
    user_id: str | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    rotated_from: str | None = None
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None
