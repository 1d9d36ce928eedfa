"""Requests with an Idempotency-Key: claimed once, and answered again with the first answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dq_databricks.errors import IdempotencyMismatchError, InProgressError, VersionConflictError
from dq_databricks.model.history import AnsweredRequest
from dq_databricks.model.ids import Context, derived_id
from dq_databricks.sql.statement import Statement
from dq_databricks.store.access import Table
from dq_databricks.store.store import Store

KEPT = timedelta(hours=24)
ABANDONED = timedelta(seconds=60)
"""How long a claim without an answer holds: then the process that made it counts as dead."""


@dataclass(frozen=True, slots=True)
class RequestScope:
    """Whose request it is, and what it asks for: `fingerprint` tells one request from another."""

    workspace_id: str
    principal: str
    route: str
    key: str
    fingerprint: str

    @property
    def request_key(self) -> str:
        """The id of the stored row; the key itself is not stored."""
        return derived_id("request", self.workspace_id, self.principal, self.route, self.key)


@dataclass(frozen=True, slots=True)
class RequestFace:
    """What was asked with a key, for 24 hours."""

    store: Store
    context: Context

    def claim(self, scope: RequestScope) -> tuple[AnsweredRequest, bool]:
        """Take a request on; the row, and whether it is answered already.

        Of concurrent twins one gets the claim. Raises InProgressError while the other works,
        IdempotencyMismatchError where the key was used for something else.
        """
        fresh = self._fresh(scope)
        if self._table.insert_missing([fresh]) == 1:
            return self.store.written(fresh), False
        stored = self._table.require(scope.request_key)
        if stored == fresh:  # ours, whose reply was lost
            return self.store.written(fresh), False
        if stored.expires_at <= fresh.created_at:
            return self._taken_over(fresh, stored), False
        if stored.request_hash != scope.fingerprint:
            raise IdempotencyMismatchError(
                "this Idempotency-Key was used with another request; take a new key, or repeat "
                "the first request unchanged"
            )
        if stored.status_code is not None:
            return stored, True
        if stored.updated_at + ABANDONED > fresh.created_at:
            raise _in_progress()
        return self._taken_over(fresh, stored), False

    def finish(
        self, claimed: AnsweredRequest, status_code: int, headers: str, body: str | None
    ) -> None:
        """Keep the answer to a claimed request; nothing when somebody took it over meanwhile.

        `body` None is one that must not be kept, because it holds a secret.
        """
        answered = claimed.model_copy(
            update={"status_code": status_code, "headers": headers, "body": body}
        )
        self._conditionally(answered, claimed)

    def release(self, claimed: AnsweredRequest) -> None:
        """Give a claim back that came to nothing, so that the request can be repeated at once."""
        self._conditionally(claimed.model_copy(update={"expires_at": self.context.now()}), claimed)

    def purge(self) -> int:
        """Delete what is older than 24 hours; how many rows."""
        text = f"DELETE FROM {self._table.name.sql} WHERE expires_at <= :now"
        return self._table.change_where(Statement(text, {"now": self.context.now()}))

    @property
    def _table(self) -> Table[AnsweredRequest]:
        return self.store.table(AnsweredRequest)

    def _fresh(self, scope: RequestScope) -> AnsweredRequest:
        now = self.context.now()
        return AnsweredRequest(
            request_key=scope.request_key,
            workspace_id=scope.workspace_id,
            request_hash=scope.fingerprint,
            headers=self.context.new_id(),  # which of two twins made the claim
            created_at=now,
            expires_at=now + KEPT,
            updated_at=now,
        )

    def _taken_over(self, fresh: AnsweredRequest, stored: AnsweredRequest) -> AnsweredRequest:
        try:
            return self.store.written(self._table.update(fresh, stored.version))
        except VersionConflictError as error:
            raise _in_progress() from error

    def _conditionally(self, row: AnsweredRequest, claimed: AnsweredRequest) -> None:
        try:
            self.store.written(self._table.update(row, claimed.version))
        except VersionConflictError:
            return


def _in_progress() -> InProgressError:
    return InProgressError("the same request is being carried out now; repeat it in a moment")
