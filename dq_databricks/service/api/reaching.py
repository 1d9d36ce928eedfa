"""How far a request reaches in access: its own workspace, or everywhere with scope `platform`."""

from __future__ import annotations

from dq_databricks.model.vocabulary import Scope
from dq_databricks.quality.access import AccessFace
from dq_databricks.service.asking import Asked


def access_of(asked: Asked) -> AccessFace:
    """Access as far as the principal of `asked` may see it."""
    access = asked.quality.access
    return access.everywhere() if Scope.PLATFORM in asked.principal.scopes else access
