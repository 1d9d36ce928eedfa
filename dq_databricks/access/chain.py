"""Whether a chain of the audit log is whole: no entry altered, dropped, added, moved or cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dq_databricks.model.audit import AuditEvent
from dq_databricks.store.audit import AuditLog, entry_hash
from dq_databricks.store.filters import eq, ge, lt

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest entry of a chain. Kept elsewhere, it shows whether the tail was cut off.

    `sequence` 0 and an empty `hash`: the chain has no entry yet.
    """

    workspace: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first place where a chain is not whole."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of one chain: `entries` were looked at, up to the first broken link."""

    workspace: str
    entries: int
    head: ChainHead
    broken: BrokenLink | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return self.broken is None


def head_of(log: AuditLog, workspace_id: str) -> ChainHead:
    """The head of a chain as it is now."""
    newest = log.head(workspace_id)
    if newest is None:
        return ChainHead(workspace_id, 0, "")
    return ChainHead(workspace_id, newest.sequence, newest.entry_hash)


def verify_chain(log: AuditLog, workspace_id: str, kept: ChainHead | None = None) -> Verification:
    """Follow the chain from its first entry; `kept` is a head that was exported earlier."""
    head = head_of(log, workspace_id)
    previous: AuditEvent | None = None
    count = 0
    for event in _events(log, workspace_id, head.sequence):
        if broken := _broken(previous, event) or _differs(event, kept):
            return Verification(workspace_id, count, head, broken)
        previous, count = event, count + 1
    last = 0 if previous is None else previous.sequence
    return Verification(workspace_id, count, head, _missing(last, head, kept))


def _events(log: AuditLog, workspace_id: str, last: int) -> Iterator[AuditEvent]:
    """Entries in their order: what stands before the first, then part by part."""
    mine = eq("workspace_id", workspace_id)
    yield from log.table.select(mine, lt("sequence", 1), order_by=("sequence",))
    for start in range(1, last + 1, _AT_ONCE):
        part = [ge("sequence", start), lt("sequence", start + _AT_ONCE)]
        rows = log.table.select(mine, *part, order_by=("sequence",)).items
        yield from rows
        if not rows:  # a gap as wide as a part: the next entry there is tells
            further = log.table.select(mine, ge("sequence", start), order_by=("sequence",), limit=1)
            yield from further
            return


def _broken(previous: AuditEvent | None, event: AuditEvent) -> BrokenLink | None:
    expected = 1 if previous is None else previous.sequence + 1
    number = event.sequence
    if number > expected:
        gap = (
            f"entry {expected} is"
            if number == expected + 1
            else f"entries {expected} to {number - 1} are"
        )
        return BrokenLink(expected, f"{gap} missing")
    if number < expected:
        return BrokenLink(number, f"entry {number} is there twice, or was added in front")
    if event.entry_hash != entry_hash(event):
        return BrokenLink(number, f"entry {number} was altered: its fields do not give its hash")
    if event.previous_hash != ("" if previous is None else previous.entry_hash):
        return BrokenLink(
            number, f"entry {number} does not follow entry {number - 1}: one was replaced"
        )
    return None


def _differs(event: AuditEvent, kept: ChainHead | None) -> BrokenLink | None:
    if kept is None or event.sequence != kept.sequence or event.entry_hash == kept.hash:
        return None
    return BrokenLink(
        event.sequence,
        f"entry {event.sequence} is not the one whose hash was kept: it was replaced",
    )


def _missing(last: int, head: ChainHead, kept: ChainHead | None) -> BrokenLink | None:
    if kept is not None and kept.sequence > last:
        return BrokenLink(
            last + 1, f"the chain ends with entry {last}; it had {kept.sequence}: its tail was cut"
        )
    if head.sequence > last:
        return BrokenLink(last + 1, f"entry {last + 1} is missing")
    return None
