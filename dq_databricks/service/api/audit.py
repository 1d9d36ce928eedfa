"""The audit log: list, verify its chain, export its head."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from dq_databricks.errors import ParameterError
from dq_databricks.model.audit import AuditEvent
from dq_databricks.quality.audit import ChainHead, Verification
from dq_databricks.quality.listings import AuditFilter
from dq_databricks.service.asking import Administering
from dq_databricks.service.listing import Listing, Paged, listing

router = APIRouter(prefix="/audit", tags=["audit"])

Text = Annotated[str | None, Query(max_length=255)]
Instant = Annotated[datetime | None, Query(description="With a zone; UTC without one.")]


class Head(BaseModel):
    """The newest entry of the chain; 0 and an empty hash: there is none."""

    workspace: str
    sequence: int
    hash: str


class Broken(BaseModel):
    """The first place where the chain is not whole."""

    sequence: int
    reason: str


class Verified(BaseModel):
    """What was found of the chain."""

    workspace: str
    is_whole: bool
    entries: int = Field(description="Entries that were looked at, up to the first broken link.")
    head: Head
    broken: Broken | None = None


@router.get("")
def list_audit(
    asked: Administering,
    paged: Paged,
    *,
    actor: Text = None,
    action: Text = None,
    entity_type: Text = None,
    entity_id: Text = None,
    since: Instant = None,
    until: Instant = None,
) -> Listing[AuditEvent]:
    """Entries of the workspace, newest first; `until` is left out."""
    wanted = AuditFilter(
        actor=actor,
        action=action,
        entity_type=entity_type,
        entity_id=entity_id,
        since=_utc(since),
        until=_utc(until),
    )
    return listing(asked.quality.audit.list(wanted, limit=paged.limit, cursor=paged.cursor))


@router.get("/head")
def show_head(asked: Administering) -> Head:
    """The newest entry; kept elsewhere, it shows later whether the log was cut."""
    return _head(asked.quality.audit.head())


@router.get("/verification")
def verify_audit(
    asked: Administering,
    *,
    sequence: Annotated[
        int | None, Query(ge=0, le=2**63 - 1, description="Of a head that was kept.")
    ] = None,
    kept_hash: Annotated[
        str | None, Query(alias="hash", max_length=64, description="Of the same head.")
    ] = None,
) -> Verified:
    """Whether the chain of the workspace is whole, and still has the head that was kept."""
    if (sequence is None) != (kept_hash is None):
        raise ParameterError("give both sequence and hash of a head, or neither")
    own = asked.principal.workspace_id
    kept = None if sequence is None else ChainHead(own, sequence, kept_hash or "")
    return _verified(asked.quality.audit.verify(kept=kept))


def _head(head: ChainHead) -> Head:
    return Head(workspace=head.workspace, sequence=head.sequence, hash=head.hash)


def _verified(found: Verification) -> Verified:
    broken = None
    if found.broken is not None:
        broken = Broken(sequence=found.broken.sequence, reason=found.broken.reason)
    return Verified(
        workspace=found.workspace,
        is_whole=found.is_whole,
        entries=found.entries,
        head=_head(found.head),
        broken=broken,
    )


def _utc(instant: datetime | None) -> datetime | None:
    if instant is None or instant.tzinfo is not None:
        return instant
    return instant.replace(tzinfo=UTC)
