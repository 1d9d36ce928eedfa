"""Who acts, and from where: what the audit log says of every change."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.vocabulary import ActorType


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change. `workspace_id` names the chain of the audit log it is written to."""

    name: str
    actor_type: ActorType = ActorType.CLI
    workspace_id: str = DEFAULT_WORKSPACE
    api_key_id: str | None = None
    request_id: str | None = None
    source_address: str | None = None
