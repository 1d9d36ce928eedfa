"""What all requests share: settings, one engine, the clock, and the caches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from fastapi import Request

from dq_databricks.access.secret import purpose_key, service_secret
from dq_databricks.engine.protocol import Engine
from dq_databricks.model.ids import Context
from dq_databricks.quality import Quality
from dq_databricks.service.limits import RateLimiter
from dq_databricks.service.memory import PrincipalMemory
from dq_databricks.service.metrics import Metrics
from dq_databricks.service.principal import Principal
from dq_databricks.settings import Settings
from dq_databricks.store.group_commit import GroupCommit


class Authenticator(Protocol):
    """Says who asks."""

    def authenticate(self, request: Request, quality: Quality) -> Principal:
        """The principal of `request`; raises UnauthenticatedError, TooManyRequestsError."""


@dataclass(frozen=True)
class Service:
    """One running service. `background` says how its background work goes, by name."""

    settings: Settings
    engine: Engine
    context: Context
    authenticator: Authenticator
    metrics: Metrics = field(default_factory=Metrics)
    background: dict[str, str] = field(default_factory=dict)

    @cached_property
    def secret(self) -> bytes:
        """What signs cursors, cookies and forms; derive a key of your own with `purpose_key`."""
        return service_secret(self.settings, self.context.redaction)

    @cached_property
    def limiter(self) -> RateLimiter:
        """Counts the requests of each key."""
        settings = self.settings
        return RateLimiter(
            settings.rate_limit_per_s, settings.rate_limit_burst, self.context.monotonic
        )

    def authenticate(self, request: Request) -> Principal:
        """The principal of `request`, asked for and counted once a request.

        Its actor carries the id and the address of the request. Raises UnauthenticatedError and
        TooManyRequestsError.
        """
        known = self.remembered(request)
        if known is not None:
            return known
        seen = self._memory.look(request)
        found = self.authenticator.authenticate(request, self.face())
        self._memory.keep(seen, found)
        return self._admitted(request, found)

    def remembered(self, request: Request) -> Principal | None:
        """The principal of `request` where that takes no reading, else None.

        It was found for this request already, or a moment ago for the same key while no row that
        decides on it has changed since. Raises TooManyRequestsError.
        """
        known: Principal | None = getattr(request.state, "principal", None)
        if known is not None:
            return known
        found = self._memory.find(request)
        return None if found is None else self._admitted(request, found)

    def _admitted(self, request: Request, found: Principal) -> Principal:
        """Count the request of a principal, and let its actor say where it came from."""
        self.limiter.take(found.actor.api_key_id or f"{found.actor.name}", request)
        actor = replace(
            found.actor,
            request_id=getattr(request.state, "request_id", None),
            source_address=request.client.host if request.client else None,
        )
        principal: Principal = replace(found, actor=actor)
        request.state.principal = principal
        return principal

    @cached_property
    def _group(self) -> GroupCommit:
        """Lets requests that write at the same time share commits."""
        return GroupCommit()

    @cached_property
    def _memory(self) -> PrincipalMemory:
        return PrincipalMemory(self.settings, self.engine, self.context)

    def face(self) -> Quality:
        """The face without a principal: for signing in, health and dispatching."""
        return Quality(self.settings, self.engine, self.context, group=self._group)

    def quality(self, principal: Principal) -> Quality:
        """The face as `principal` sees it; the cursors it gives are worthless to others."""
        project = principal.projects[0] if principal.projects else ""
        return self.face().acting(
            principal.actor,
            principal.projects,
            project=project,
            cursor_key=purpose_key(self.secret, f"cursor:{principal.workspace_id}"),
        )
