"""What all requests share: settings, one engine, the clock, and the caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fastapi import Request

from dq_databricks.engine.protocol import Engine
from dq_databricks.model.ids import Context
from dq_databricks.quality import Quality
from dq_databricks.service.principal import Principal
from dq_databricks.settings import Settings


class Authenticator(Protocol):
    """Says who asks."""

    def authenticate(self, request: Request, quality: Quality) -> Principal:
        """The principal of `request`; raises UnauthenticatedError, TooManyRequestsError."""


@dataclass(frozen=True, slots=True)
class Service:
    """One running service."""

    settings: Settings
    engine: Engine
    context: Context
    authenticator: Authenticator

    def authenticate(self, request: Request) -> Principal:
        """The principal of `request`."""
        return self.authenticator.authenticate(request, self.face())

    def face(self) -> Quality:
        """The face without a principal: for signing in, health and dispatching."""
        return Quality(self.settings, self.engine, self.context)

    def quality(self, principal: Principal) -> Quality:
        """The face as `principal` sees it."""
        project = principal.projects[0] if principal.projects else ""
        return self.face().acting(principal.actor, principal.projects, project=project)
