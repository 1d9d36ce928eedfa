"""What a route is given: the principal that asks, and the face as that principal sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

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


def service_of(request: Request) -> Service:
    """The service that answers `request`."""
    return cast("Service", request.app.state.service)


def asking(scope: Scope) -> Callable[[Request], Iterator[Asked]]:
    """A dependency: the authenticated request, if its principal has `scope`.

    What a verb changed before it failed is in the audit log when the request ends.
    Raises UnauthenticatedError, TooManyRequestsError, and ForbiddenError naming the scope.
    """

    def asked(request: Request) -> Iterator[Asked]:
        service = service_of(request)
        principal = service.authenticate(request)
        if scope not in principal.scopes:
            raise ForbiddenError(
                f"scope {scope.value} is needed; {principal.actor.name} has "
                f"{', '.join(sorted(principal.scopes)) or 'none'}"
            )
        quality = service.quality(principal)
        try:
            yield Asked(request, principal, quality, service)
        finally:
            quality.settle()

    return asked


Reading = Annotated[Asked, Depends(asking(Scope.READ))]
Writing = Annotated[Asked, Depends(asking(Scope.WRITE))]
Running = Annotated[Asked, Depends(asking(Scope.RUN))]
Administering = Annotated[Asked, Depends(asking(Scope.ADMIN))]
Operating = Annotated[Asked, Depends(asking(Scope.PLATFORM))]
