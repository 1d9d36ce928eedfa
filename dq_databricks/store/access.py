"""One typed access to every metadata table: read pages, write conditionally, never lose a row.

Delta keeps no keys, so a keyed write is always one conditional statement. A write whose outcome is
unknown is looked up, or repeated as a conditional one, never repeated blindly.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import (
    AlreadyExistsError,
    ColumnNotFoundError,
    NotFoundError,
    OutcomeUnknownError,
    SchemaBehindError,
    TableNotFoundError,
    VersionConflictError,
    WriteConflictError,
    WrongUseError,
)
from dq_databricks.model.base import MutableRecord, Record
from dq_databricks.model.ids import Context
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.changes import Changes
from dq_databricks.store.columns import checked, column_named, columns_of, from_arrow, to_arrow
from dq_databricks.store.filters import Condition, eq, is_in, is_null, is_passing, render
from dq_databricks.store.group_commit import GroupCommit, SharedWorkError, Step
from dq_databricks.store.order import after, order_of
from dq_databricks.store.page import Page, decode_cursor, encode_cursor

M = TypeVar("M", bound=Record)
T = TypeVar("T")
DEADLINE_S = 60.0


def natural_key(text: str) -> str:
    """The form in which natural keys are compared: Unicode NFC. Other text is kept as it is."""
    return unicodedata.normalize("NFC", text)


class Table(Generic[M]):
    """The rows of one metadata table.

    Rows that were removed are left out unless asked for; rows outside `scope` are never seen.
    Changes of audited rows are noted in `changes`. Conflicts are retried for `deadline_s`
    seconds; then WriteConflictError reaches the caller. That a table that `is_required` does not
    exist means that the schema is too old. Versions of rows are written through `group`, where
    there is one.
    """

    def __init__(
        self,
        engine: Engine,
        name: TableName,
        model: type[M],
        context: Context,
        *,
        deadline_s: float = DEADLINE_S,
        is_required: bool = False,
        scope: Sequence[Condition] = (),
        changes: Changes | None = None,
        cursor_key: bytes = b"",
        group: GroupCommit | None = None,
    ) -> None:
        self.name = name
        self._cursor_key = cursor_key
        self._group = group
        self._is_required = is_required
        self.model = model
        self._engine = engine
        self._context = context
        self._deadline_s = deadline_s
        self._removable = issubclass(model, MutableRecord)
        self.scope = tuple(scope)
        self._changes = changes if model.ENTITY else None

    # --- read ------------------------------------------------------------------------------

    def select(
        self,
        *conditions: Condition,
        order_by: Sequence[str] = (),
        limit: int | None = None,
        cursor: str | None = None,
        include_removed: bool = False,
    ) -> Page[M]:
        """Rows that meet all `conditions`, in one statement.

        `order_by` holds columns, descending with a leading ``-``; the key makes the order total,
        so pages neither repeat nor skip rows while others insert. `limit` None means all.
        Raises UnknownNameError, WrongUseError for a limit below 1, CursorError for a strange one.
        """
        if limit is not None and limit < 1:
            raise WrongUseError(f"limit {limit}: ask for 1 row or more")
        order = order_of(self.model, order_by)
        where, parameters = render(self.model, self._seen(conditions, include_removed))
        scope = self._scope(where, parameters, order.sql)
        if cursor is not None:
            values = decode_cursor(scope, cursor, self.model, order.columns, self._cursor_key)
            further, more = after(self.model, order, values)
            where, parameters = f"{where} AND ({further})", {**parameters, **more}
        text = f"SELECT {self.columns_sql} FROM {self.name.sql} WHERE {where} ORDER BY {order.sql}"
        if limit is not None:
            text, parameters = f"{text} LIMIT :page_rows", {**parameters, "page_rows": limit + 1}
        return self._page(self.rows(Statement(text, parameters)), limit, scope, order.columns)

    def get(self, *key: str, include_removed: bool = False) -> M | None:
        """The row of `key`, or None."""
        where, parameters = render(self.model, self._seen(self._is(key), include_removed))
        text = f"SELECT {self.columns_sql} FROM {self.name.sql} WHERE {where}"
        return next(iter(self.rows(Statement(text, parameters))), None)

    def about_to_change(self, *key: str) -> M:
        """As `require`; those who are about to change rows at the same time share one read."""
        row = self._before_change(key)
        return self.require(*key) if row is None else row

    def require(self, *key: str) -> M:
        """The row of `key`; raises NotFoundError naming table and key."""
        row = self.get(*key)
        if row is None:
            raise NotFoundError(f"{self.model.TABLE} has no row {'/'.join(key)!r}")
        return row

    def rows(self, statement: Statement) -> tuple[M, ...]:
        """The answer to a SELECT of `columns_sql`, as rows.

        Raises SchemaBehindError where the live table is older than its model.
        """
        try:
            return from_arrow(self.model, self._engine.query(statement))
        except (ColumnNotFoundError, TableNotFoundError) as error:
            if isinstance(error, TableNotFoundError) and not self._is_required:
                raise
            raise SchemaBehindError(
                f"schema behind: {self.name} is older than this software needs ({error}): "
                "run `dq migrate`"
            ) from error

    def values(self, statement: Statement) -> list[dict[str, Any]]:
        """The answer to a SELECT of some columns, a dict a row."""
        answer: list[dict[str, Any]] = self._engine.query(statement).to_pylist()
        return answer

    @property
    def columns_sql(self) -> str:
        """All columns, for a SELECT whose rows `rows` reads."""
        return ", ".join(quote(column.name) for column in columns_of(self.model))

    # --- write -----------------------------------------------------------------------------

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
        changed = row.model_copy(
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

    # --- below -----------------------------------------------------------------------------

    def _stored(self, row: M) -> M:
        stored = self.get(*self._key(row), include_removed=True)
        if stored is None:
            raise NotFoundError(f"{self.model.TABLE} has no row {self._key_text(row)!r}")
        return stored

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

    def _of_keys(self, rows: Sequence[M]) -> tuple[M, ...]:
        """What is stored under the keys of `rows`; in one read where one column is the key."""
        if len(self.model.KEY) > 1:
            stored = (self.get(*self._key(row), include_removed=True) for row in rows)
            return tuple(row for row in stored if row is not None)
        keys = is_in(self.model.KEY[0], [self._key_text(row) for row in rows])
        return self.select(keys, include_removed=True).items

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

    def _seen(self, conditions: Sequence[Condition], include_removed: bool) -> list[Condition]:
        shown = list(conditions) if include_removed else self._visible(conditions)
        return [*shown, *self.scope]

    def _visible(self, conditions: Sequence[Condition]) -> list[Condition]:
        return [*conditions, is_null("deleted_at")] if self._removable else list(conditions)

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

    def _of_each_key(self, keys: Sequence[tuple[str, ...]]) -> list[M | None]:
        wanted = list(dict.fromkeys(keys))
        if len(wanted) == 1 or len(self.model.KEY) > 1:
            found = {key: self.get(*key) for key in wanted}
        else:
            rows = self.select(is_in(self.model.KEY[0], [key[0] for key in wanted]))
            found = {tuple(self._key(row)): row for row in rows}
        return [found.get(key) for key in keys]

    def _noted(self, old: M | None, new: M) -> M:
        if self._changes is not None:
            self._changes.note(old, new)
        return new

    def _as_stored(self, rows: Sequence[M]) -> list[M]:
        """Those of `rows` that are stored exactly so: the ones an insert has just added."""
        return [row for row in rows if self.get(*self._key(row)) == row]

    def _is(self, key: Sequence[str]) -> list[Condition]:
        if len(key) != len(self.model.KEY):
            raise WrongUseError(
                f"{self.model.TABLE}: the key is ({', '.join(self.model.KEY)}); "
                f"got {len(key)} values"
            )
        return [eq(column, value) for column, value in zip(self.model.KEY, key, strict=True)]

    def _key(self, row: M) -> list[str]:
        return [str(getattr(row, name)) for name in self.model.KEY]

    def _key_text(self, row: M) -> str:
        return "/".join(self._key(row))

    def _values(self, row: M) -> dict[str, Any]:
        fixed = {*self.model.KEY, "created_at"}
        return {name: value for name, value in row.__dict__.items() if name not in fixed}

    def _page(
        self, rows: Sequence[M], limit: int | None, scope: str, columns: Sequence[str]
    ) -> Page[M]:
        if limit is None or len(rows) <= limit:
            return Page(self.model, tuple(rows))
        items = tuple(rows[:limit])
        values = [getattr(items[-1], column) for column in columns]
        return Page(self.model, items, encode_cursor(scope, values, self._cursor_key))

    def _scope(self, where: str, parameters: Mapping[str, Parameter], order: str) -> str:
        lasting = {name: value for name, value in parameters.items() if not is_passing(name)}
        bound = sorted((name, str(value)) for name, value in lasting.items())
        return hashlib.sha256(repr((str(self.name), where, bound, order)).encode()).hexdigest()


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
