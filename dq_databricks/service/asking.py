"""What a route is given: the principal that asks, and the face as that principal sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from dq_databricks.errors import ForbiddenError
from dq_databricks.model.vocabulary import Scope
from dq_databricks.quality import Quality
from dq_databricks.service.principal import Principal
from dq_databricks.service.site import Service


@dataclass(frozen=True, slots=True)
class Asked:
    """One authenticated request. `quality` sees the workspace of `principal` and nothing else."""

    request: Request
    principal: Principal
    quality: Quality
    service: Service

    def also(self, scope: Scope) -> None:
        """Raise ForbiddenError unless the principal has `scope` beside that of the route."""
        if scope not in self.principal.scopes:
            raise ForbiddenError(
                f"scope {scope.value} is needed too; {self.principal.actor.name} lacks it"
            )


def service_of(request: Request) -> Service:
    """The service that answers `request`."""
    return cast("Service", request.app.state.service)


@asynccontextmanager
async def ask(request: Request, scope: Scope) -> AsyncIterator[Asked]:
    """The authenticated request, if its principal has `scope`.

    What a verb changed before it failed is in the audit log when the request ends. A principal
    that was seen a moment ago costs no thread.
    Raises UnauthenticatedError, TooManyRequestsError, and ForbiddenError naming the scope.
    """
    service = service_of(request)
    principal = service.remembered(request)
    if principal is None:
        principal = await run_in_threadpool(service.authenticate, request)
    if scope not in principal.scopes:
        raise ForbiddenError(
            f"scope {scope.value} is needed; {principal.actor.name} has "
            f"{', '.join(sorted(principal.scopes)) or 'none'}"
        )
    quality = service.quality(principal)
    try:
        yield Asked(request, principal, quality, service)
    finally:
        if not quality.is_settled:
            await run_in_threadpool(quality.settle)


def asking(scope: Scope) -> Callable[[Request], AsyncIterator[Asked]]:
    """A dependency: what `ask` gives."""

    async def asked(request: Request) -> AsyncIterator[Asked]:
        async with ask(request, scope) as found:
            yield found

    return asked


Reading = Annotated[Asked, Depends(asking(Scope.READ))]
Writing = Annotated[Asked, Depends(asking(Scope.WRITE))]
Running = Annotated[Asked, Depends(asking(Scope.RUN))]
Administering = Annotated[Asked, Depends(asking(Scope.ADMIN))]
Operating = Annotated[Asked, Depends(asking(Scope.PLATFORM))]
