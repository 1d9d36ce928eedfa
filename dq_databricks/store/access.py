"""One typed access to every metadata table: read pages, write conditionally, never lose a row.

Delta keeps no keys, so a keyed write is always one conditional statement. A write whose outcome is
unknown is looked up, or repeated as a conditional one, never repeated blindly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from dq_databricks.engine.retry import retrying
from dq_databricks.errors import (
    AlreadyExistsError,
    NotFoundError,
    OutcomeUnknownError,
    VersionConflictError,
    WriteConflictError,
    WrongUseError,
)
from dq_databricks.model.base import MutableRecord, Record
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement
from dq_databricks.store.columns import checked, column_named, to_arrow
from dq_databricks.store.filters import Condition, eq, is_null, render
from dq_databricks.store.group_commit import SharedWorkError, Step
from dq_databricks.store.reading import ReadTable

M = TypeVar("M", bound=Record)
T = TypeVar("T")


class Table(ReadTable[M]):
    """The rows of one metadata table.

    Rows that were removed are left out unless asked for; rows outside `scope` are never seen.
    Changes of audited rows are noted in `changes`. Conflicts are retried for `deadline_s`
    seconds; then WriteConflictError reaches the caller. That a table that `is_required` does not
    exist means that the schema is too old. Versions of rows are written through `group`, where
    there is one.
    """

    def about_to_change(self, *key: str) -> M:
        """As `require`; those who are about to change rows at the same time share one read."""
        row = self._before_change(key)
        return self.require(*key) if row is None else row

    def append(self, rows: Sequence[M]) -> None:
        """Add events in one commit; none is added twice, even when a reply is lost."""
        if not rows:
            return
        if issubclass(self.model, MutableRecord):
            raise WrongUseError(f"{self.model.TABLE} is keyed: insert its rows, never append them")
        arrow = to_arrow(self.model, rows)
        in_doubt = False

        def attempt() -> None:
            nonlocal in_doubt
            if in_doubt:
                self._engine.merge(self.name, arrow, on=self.model.KEY, update=False)
            else:
                self._engine.append(self.name, arrow)

        def noticed() -> None:
            nonlocal in_doubt
            try:
                attempt()
            except OutcomeUnknownError as error:
                in_doubt = True
                raise self._doubt(error) from error

        self._retrying(noticed)

    def insert(self, row: M) -> M:
        """Add the row of a new key, in one conditional statement; the row as it is now stored.

        The key of a removed row is taken up again by an update. Raises AlreadyExistsError.
        """
        row = self._discreet(row)
        if self._merge([row], update=False)[0] == 1:
            return self._noted(None, row)
        stored = self._stored(row)
        if stored == row:  # our own insert, whose reply was lost
            return self._noted(None, row)
        if isinstance(stored, MutableRecord) and stored.deleted_at is not None:
            return self._revive(row, stored.version)
        raise AlreadyExistsError(
            f"{self.model.TABLE} already has a row {self._key_text(row)!r}; edit it instead"
        )

    def note(self, old: M | None, new: M) -> None:
        """Say for the audit log what a statement written elsewhere made of a row."""
        self._noted(old, new)

    def insert_missing(self, rows: Sequence[M], *, is_audited: bool = True) -> int:
        """Add the rows whose keys are not stored, removed ones included; how many were added.

        What a run finds, nobody changed: such rows are not `is_audited`.
        """
        if not rows:
            return 0
        added = self._merge(rows, update=False)[0]
        if is_audited and self._changes is not None and added:
            for row in rows if added == len(rows) else self._as_stored(rows):
                self._noted(None, row)
        return added

    def upsert_many(self, rows: Sequence[M]) -> tuple[int, int]:
        """Insert or replace the rows of these keys; how many were inserted and updated."""
        return self._merge(rows, update=True) if rows else (0, 0)

    def upsert_expected(
        self, rows: Sequence[M], *, olds: Sequence[M] | None = None
    ) -> tuple[M, ...]:
        """Store each row whose version follows the stored one, or is 1 and new; one commit.

        The rows that were not taken, because others were faster, come back; a row whose reply was
        lost and that others changed since is among them. The rows that `olds` holds before their
        change are audited; without it nobody made these changes.
        """
        if not rows or sum(self._merge(rows, update=True, counter="version")) == len(rows):
            missed: tuple[M, ...] = ()
        else:
            missed = tuple(row for row in rows if row not in self._of_keys(rows))
        before = {self._key_text(old): old for old in olds or ()}
        for row in rows:
            if olds is not None and row not in missed:
                self._noted(before.get(self._key_text(row)), row)
        return missed

    def update(self, row: M, expected_version: int) -> M:
        """Store `row` if the stored one still has `expected_version`; the row with its new version.

        Raises NotFoundError, and VersionConflictError naming the version that is stored now.
        """
        changed = self._discreet(row).model_copy(
            update={"version": expected_version + 1, "updated_at": self._context.now()}
        )
        old, where = self._before(self._key(row)), [eq("version", expected_version)]
        if self._take(self._key(row), self._values(changed), self._visible(where), old):
            return self._noted(old, changed)
        raise self._refusal(self._key(row), expected_version)

    def remove(self, key: Sequence[str], expected_version: int) -> None:
        """Hide the row of `key` from readers if it still has `expected_version`; it stays stored.

        Raises NotFoundError and VersionConflictError.
        """
        now = self._context.now()
        values = {"version": expected_version + 1, "updated_at": now, "deleted_at": now}
        old = self._before(key)
        if not self._take(key, values, self._visible([eq("version", expected_version)]), old):
            raise self._refusal(key, expected_version)
        if old is not None and self._changes is not None:
            self._changes.note(old, None)

    def change(
        self,
        key: Sequence[str],
        values: Mapping[str, Any],
        *where: Condition,
        old: M | None = None,
    ) -> bool:
        """Set `values` on the row of `key` if it meets `where`; whether this call changed it.

        One conditional statement; a removed row is never changed. `old` is the row that was read
        before, where `where` demands its version.
        """
        old = old or self._before(key)
        is_changed = self._take(key, values, self._visible(where), old)
        if is_changed and old is not None:
            self._noted(old, old.model_copy(update=dict(values)))
        return is_changed

    def change_where(self, statement: Statement) -> int:
        """Carry out a conditional UPDATE of this table; how many rows it changed.

        Safe to repeat only when its condition no longer holds once it is done.
        """
        return self._retrying(lambda: self._engine.execute(statement) or 0)

    def _take(
        self,
        key: Sequence[str],
        values: Mapping[str, Any],
        where: Sequence[Condition],
        old: M | None,
    ) -> bool:
        """Change a row in one commit with others where its version alone decides, else alone."""
        row = following(old, values, where)
        if self._group is None or row is None:
            return self._change(key, values, where)
        in_doubt = False
        try:
            if self._group.together(("write", self.name), row, self._take_all, step=Step.WRITE):
                return True
        except SharedWorkError:  # some row was refused; perhaps after a commit
            in_doubt = True
        return self._change(key, values, where, in_doubt=in_doubt)

    def _take_all(self, rows: Sequence[M]) -> list[bool]:
        """Store the next versions of rows of any project; whether each was taken."""
        first = {self._key_text(row): row for row in reversed(rows)}
        everywhere = Table(self._engine, self.name, self.model, self._context, is_required=True)
        missed = {self._key_text(row) for row in everywhere.upsert_expected([*first.values()])}
        taken = {id(row) for key, row in first.items() if key not in missed}
        return [id(row) in taken for row in rows]

    def _change(
        self,
        key: Sequence[str],
        values: Mapping[str, Any],
        where: Sequence[Condition],
        *,
        in_doubt: bool = False,
    ) -> bool:
        statement = self._update_statement(key, values, where)

        def attempt() -> bool:
            nonlocal in_doubt
            try:
                count = self._engine.execute(statement)
            except OutcomeUnknownError as error:
                in_doubt = True
                if self._holds(key, values):
                    return True
                raise self._doubt(error) from error
            return count == 1 or ((in_doubt or count is None) and self._holds(key, values))

        return self._retrying(attempt)

    def _update_statement(
        self, key: Sequence[str], values: Mapping[str, Any], where: Sequence[Condition]
    ) -> Statement:
        condition, parameters = render(self.model, [*self._is(key), *where])
        assignments = []
        for number, (name, value) in enumerate(values.items()):
            column = column_named(self.model, name)
            if value is None:
                assignments.append(f"{quote(name)} = NULL")
                continue
            assignments.append(f"{quote(column.name)} = :v{number}")
            parameters[f"v{number}"] = checked(self.model, name, value)
        text = f"UPDATE {self.name.sql} SET {', '.join(assignments)} WHERE {condition}"
        return Statement(text, parameters)

    def _merge(
        self, rows: Sequence[M], *, update: bool, counter: str | None = None
    ) -> tuple[int, int]:
        arrow = to_arrow(self.model, rows)

        def attempt() -> tuple[int, int]:
            try:
                counts = self._engine.merge(
                    self.name, arrow, on=self.model.KEY, update=update, counter=counter
                )
            except OutcomeUnknownError as error:
                raise self._doubt(error) from error
            return counts.inserted, counts.updated

        return self._retrying(attempt)

    def _revive(self, row: M, version: int) -> M:
        changed = row.model_copy(
            update={"version": version + 1, "updated_at": self._context.now(), "deleted_at": None}
        )
        if self._change(self._key(row), self._values(changed), [eq("version", version)]):
            return self._noted(None, changed)
        raise self._refusal(self._key(row), version)

    def _holds(self, key: Sequence[str], values: Mapping[str, Any]) -> bool:
        stored = self.get(*key, include_removed=True)
        return stored is not None and all(
            getattr(stored, name) == value for name, value in values.items()
        )

    def _refusal(self, key: Sequence[str], expected_version: int) -> WrongUseError:
        stored = self.get(*key, include_removed=True)
        what = f"{self.model.TABLE} row {'/'.join(key)!r}"
        if stored is None:
            return NotFoundError(f"{what}: there is none")
        removed_at: datetime | None = getattr(stored, "deleted_at", None)
        if removed_at is not None:
            return NotFoundError(f"{what}: it was removed at {removed_at:%Y-%m-%d %H:%M:%S} UTC")
        return VersionConflictError(
            f"{what}: version {expected_version} was expected, version "
            f"{getattr(stored, 'version', None)} is stored; read it again and repeat the edit"
        )

    def _doubt(self, error: OutcomeUnknownError) -> WriteConflictError:
        return WriteConflictError(f"write to {self.name}: the reply was lost ({error})")

    def _retrying(self, action: Callable[[], T]) -> T:
        return retrying(partial(action), deadline_s=self._deadline_s)

    def _before(self, key: Sequence[str]) -> M | None:
        """The row before a change, where changes are noted."""
        return None if self._changes is None else self._before_change(key)

    def _before_change(self, key: Sequence[str]) -> M | None:
        if self._group is None:
            return self.get(*key)
        try:
            return self._group.together(
                ("read", self.name, self.scope), tuple(key), self._of_each_key, step=Step.READ
            )
        except SharedWorkError:
            return self.get(*key)

    def _noted(self, old: M | None, new: M) -> M:
        if self._changes is not None:
            self._changes.note(old, new)
        return new

    def _discreet(self, row: M) -> M:
        """`row` as it may be stored and shown: somebody may have typed a secret into a field."""
        hide = self._context.redaction.hide
        texts = {name: text for name, text in row.__dict__.items() if isinstance(text, str)}
        hidden = {name: hide(text) for name, text in texts.items() if hide(text) != text}
        return row.model_copy(update=hidden) if hidden else row

    def _as_stored(self, rows: Sequence[M]) -> list[M]:
        """Those of `rows` that are stored exactly so: the ones an insert has just added."""
        return [row for row in rows if self.get(*self._key(row)) == row]

    def _values(self, row: M) -> dict[str, Any]:
        fixed = {*self.model.KEY, "created_at"}
        return {name: value for name, value in row.__dict__.items() if name not in fixed}


def following(old: M | None, values: Mapping[str, Any], where: Sequence[Condition]) -> M | None:
    """`old` with `values`, where that is its next version and `where` asks for no more than that.

    None where more has to be looked at, or where it is clear that the row was changed meanwhile.
    """
    version = getattr(old, "version", None)
    if old is None or version is None or values.get("version") != version + 1:
        return None
    if getattr(old, "deleted_at", None) is not None:
        return None
    asked = [one for one in where if one != is_null("deleted_at")]
    return old.model_copy(update=dict(values)) if asked == [eq("version", version)] else None
