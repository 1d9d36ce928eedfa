"""Who asks: a key or a user, with a workspace, a role and scopes."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.model.actor import Actor
from dq_databricks.model.scopes import SCOPES_OF_ROLE
from dq_databricks.model.vocabulary import Role, Scope

__all__ = ["SCOPES_OF_ROLE", "Principal"]


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated key or user. `projects` are all projects of its workspace."""

    actor: Actor
    organization_id: str
    workspace_id: str
    role: Role
    scopes: frozenset[Scope]
    projects: tuple[str, ...]
    timezone: str = "UTC"
    language: str = "en"
