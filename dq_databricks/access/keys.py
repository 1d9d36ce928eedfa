"""API keys: made, rotated, revoked, marked as used. What they open, `checking` says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dq_databricks.access.key_hash import DEFAULT_METHOD, hashed
from dq_databricks.access.key_text import new_key, prefix_of
from dq_databricks.errors import ParameterError
from dq_databricks.model.access import ApiKey
from dq_databricks.model.ids import Context
from dq_databricks.model.scopes import scopes_from_text, scopes_text
from dq_databricks.model.vocabulary import Role, Scope
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.access import Table
from dq_databricks.store.conditional import insert_unless
from dq_databricks.store.filters import eq

USED_EVERY = timedelta(minutes=5)
MOST_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: its text, which is shown once and stored nowhere, and its row."""

    text: str
    row: ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOrder:
    """What a key is to be."""

    workspace_id: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    expires_at: datetime | None = None
    user_id: str | None = None
    created_by: str
    method: str = DEFAULT_METHOD


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of all workspaces."""

    table: Table[ApiKey]
    context: Context
    pepper: Callable[[], bytes]

    def create(self, order: KeyOrder) -> NewKey:
        """Make a key. Raises ParameterError for a name or an end that cannot be."""
        made = self._made(order)
        self.table.insert(made.row)
        return made

    def rotate(self, row: ApiKey, *, by: str) -> NewKey:
        """A new key in place of `row`, which stays valid until it is revoked or expires.

        Raises ParameterError where it is not valid, or the lineage has two valid keys already.
        """
        now = self.context.now()
        if not is_live(row, now):
            raise ParameterError(
                f"key {row.key_prefix}…: it is no longer valid; make another: dq keys create"
            )
        if others := [other for other in self._lineage(row) if is_live(other, now)]:
            raise _two_live(row, others[0])
        made = self._made(_order_like(row, by), rotated_from=row.api_key_id)
        # Of two rotations at once, one finds the key of the other.
        twin = {"rotated_from": row.api_key_id, "revoked_at": None, "deleted_at": None}
        if not insert_unless(self.table, [made.row], twin):
            raise _two_live(row, next(iter(self._of_parent(row.api_key_id)), row))
        self.table.note(None, made.row)
        return made

    def revoke(self, row: ApiKey, *, by: str, expected_version: int | None = None) -> ApiKey:
        """End the validity of a key; one that was revoked already stays as it is."""
        if row.revoked_at is not None:
            return row
        version = row.version if expected_version is None else expected_version
        ended = row.model_copy(update={"revoked_at": self.context.now(), "revoked_by": by})
        return self.table.update(ended, version)

    @staticmethod
    def is_due(row: ApiKey, now: datetime) -> bool:
        """Whether it is to be noted that `row` was used: at most every five minutes."""
        return row.last_used_at is None or now - row.last_used_at >= USED_EVERY

    def touch(self, row: ApiKey) -> bool:
        """Note that `row` was used; whether it was noted."""
        now = self.context.now()
        text = (
            f"UPDATE {self.table.name.sql}\nSET `last_used_at` = :now\n"
            "WHERE `api_key_id` = :id AND (`last_used_at` IS NULL OR `last_used_at` < :before)"
        )
        bound: dict[str, Parameter] = {"now": now, "id": row.api_key_id, "before": now - USED_EVERY}
        return self.table.change_where(Statement(text, bound)) > 0

    # --- below -------------------------------------------------------------------------------

    def _made(self, order: KeyOrder, *, rotated_from: str | None = None) -> NewKey:
        now = self.context.now()
        _check(order, now)
        text = new_key(self.context.random_bytes)
        row = ApiKey(
            api_key_id=self.context.new_id(),
            workspace_id=order.workspace_id,
            name=order.name,
            key_prefix=prefix_of(text),
            key_hash=hashed(text, self.pepper(), order.method),
            role=order.role,
            scopes=scopes_text(order.scopes),
            user_id=order.user_id,
            expires_at=order.expires_at,
            rotated_from=rotated_from,
            created_by=order.created_by,
            created_at=now,
            updated_at=now,
        )
        return NewKey(text, row)

    def _lineage(self, row: ApiKey) -> Sequence[ApiKey]:
        """The other keys that came from the same first one."""
        rows = self.table.select(eq("workspace_id", row.workspace_id)).items
        parents = {other.api_key_id: other.rotated_from for other in rows}
        first = _first(row.api_key_id, parents)
        return [
            other
            for other in rows
            if other.api_key_id != row.api_key_id and _first(other.api_key_id, parents) == first
        ]

    def _of_parent(self, api_key_id: str) -> Sequence[ApiKey]:
        return self.table.select(eq("rotated_from", api_key_id), eq("revoked_at", None)).items


def is_live(row: ApiKey, at: datetime) -> bool:
    """Whether a key is valid at a time."""
    is_current = row.expires_at is None or row.expires_at > at
    return is_current and row.revoked_at is None and row.deleted_at is None


def _first(api_key_id: str, parents: dict[str, str | None]) -> str:
    seen = set()
    while (parent := parents.get(api_key_id)) and parent not in seen:
        seen.add(api_key_id)
        api_key_id = parent
    return api_key_id


def _order_like(row: ApiKey, by: str) -> KeyOrder:
    return KeyOrder(
        workspace_id=row.workspace_id,
        name=row.name,
        role=row.role,
        scopes=scopes_from_text(row.role, row.scopes),
        expires_at=row.expires_at,
        user_id=row.user_id,
        created_by=by,
        method=row.key_hash.partition(":")[0],
    )


def _check(order: KeyOrder, now: datetime) -> None:
    if not order.name.strip() or len(order.name) > MOST_NAME_CHARS:
        raise ParameterError(f"a key needs a name of 1 to {MOST_NAME_CHARS} characters")
    if order.expires_at is not None and order.expires_at <= now:
        raise ParameterError(
            f"the key would expire at {order.expires_at:%Y-%m-%d %H:%M:%S} UTC, which is past"
        )


def _two_live(row: ApiKey, other: ApiKey) -> ParameterError:
    return ParameterError(
        f"key {row.name!r} ({row.api_key_id}): two keys of its line are valid already; "
        f"revoke the other, {other.api_key_id}, first"
    )
