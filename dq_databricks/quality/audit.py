"""The audit log: list, verify, export its head, note what changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from dq_databricks.access.chain import BrokenLink, ChainHead, Verification, head_of, verify_chain
from dq_databricks.errors import ParameterError
from dq_databricks.model.audit import AuditEvent
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.quality.listings import AuditFilter, Listings
from dq_databricks.store.page import Page

__all__ = ["AuditFace", "BrokenLink", "ChainHead", "Verification", "head_from_text"]

SIGN_IN, SIGN_OUT, EXPORT = "sign_in", "sign_out", "export"
"""What is noted although it changes nothing."""


@dataclass(frozen=True, slots=True)
class AuditFace:
    """The chain of one workspace: its own where it is bound to one."""

    site: AccessSite

    def list(
        self,
        wanted: AuditFilter | None = None,
        *,
        workspace: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[AuditEvent]:
        """Entries that `wanted` lets through, newest first."""
        listings = Listings(self.site.ready(), self._workspace_id(workspace))
        return listings.audit(wanted or AuditFilter(), limit=limit, cursor=cursor)

    def head(self, *, workspace: str | None = None) -> ChainHead:
        """The newest entry, to be kept where nobody who can write the log can change it."""
        return head_of(self.site.ready().audit, self._workspace_id(workspace))

    def verify(
        self, *, workspace: str | None = None, kept: ChainHead | None = None
    ) -> Verification:
        """Whether the chain is whole, and still has the head that was `kept`.

        Without a kept head, entries cut off the end do not show. Raises ParameterError for a head
        of another workspace.
        """
        workspace_id = self._workspace_id(
            workspace if workspace is not None or kept is None else kept.workspace
        )
        if kept is not None and kept.workspace != workspace_id:
            raise ParameterError(
                f"the head is of workspace {kept.workspace!r}; asked for is {workspace_id!r}"
            )
        return verify_chain(self.site.ready().audit, workspace_id, kept)

    def note(
        self, action: str, entity_type: str, entity_id: str, **told: str
    ) -> tuple[AuditEvent, ...]:
        """Write down an action that changes no row, such as signing in or an export."""
        changes = {name: {"old": None, "new": value} for name, value in told.items()}
        entry: Mapping[str, str] = {
            "action": action,
            "entity_type": entity_type,
            "entity_id": entity_id,
            "changes": json.dumps(changes, ensure_ascii=False, sort_keys=True),
        }
        store = self.site.ready(write=True)
        return store.written(store.audit.append([entry], self.site.actor))

    def _workspace_id(self, workspace: str | None) -> str:
        own = self.site.workspace_id or self.site.actor.workspace_id
        return own if workspace in (None, own) else self.site.workspace(workspace).workspace_id


def head_from_text(text: str) -> ChainHead:
    """A head as `dq audit head` printed it; raises ParameterError."""
    try:
        found = json.loads(text)
        return ChainHead(str(found["workspace"]), int(found["sequence"]), str(found["hash"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError(
            "this is no head of an audit log: give the file that dq audit head wrote"
        ) from error
