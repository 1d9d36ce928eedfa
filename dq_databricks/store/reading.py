"""Typed reading of one metadata table: rows by condition, order and page, within a scope."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    ColumnNotFoundError,
    NotFoundError,
    SchemaBehindError,
    TableNotFoundError,
    WrongUseError,
)
from dq_databricks.model.base import MutableRecord, Record
from dq_databricks.model.ids import Context
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.changes import Changes
from dq_databricks.store.columns import columns_of, from_arrow
from dq_databricks.store.filters import Condition, eq, is_in, is_null, is_passing, render
from dq_databricks.store.group_commit import GroupCommit
from dq_databricks.store.order import after, order_of
from dq_databricks.store.page import Page, decode_cursor, encode_cursor

M = TypeVar("M", bound=Record)
DEADLINE_S = 60.0


def natural_key(text: str) -> str:
    """The form in which natural keys are compared: Unicode NFC. Other text is kept as it is."""
    return unicodedata.normalize("NFC", text)


class ReadTable(Generic[M]):
    """What `Table` reads with. Makes no call when constructed."""

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

    def _of_keys(self, rows: Sequence[M]) -> tuple[M, ...]:
        """What is stored under the keys of `rows`; in one read where one column is the key."""
        if len(self.model.KEY) > 1:
            stored = (self.get(*self._key(row), include_removed=True) for row in rows)
            return tuple(row for row in stored if row is not None)
        keys = is_in(self.model.KEY[0], [self._key_text(row) for row in rows])
        return self.select(keys, include_removed=True).items

    def _of_each_key(self, keys: Sequence[tuple[str, ...]]) -> list[M | None]:
        wanted = list(dict.fromkeys(keys))
        if len(wanted) == 1 or len(self.model.KEY) > 1:
            found = {key: self.get(*key) for key in wanted}
        else:
            rows = self.select(is_in(self.model.KEY[0], [key[0] for key in wanted]))
            found = {tuple(self._key(row)): row for row in rows}
        return [found.get(key) for key in keys]

    def _stored(self, row: M) -> M:
        stored = self.get(*self._key(row), include_removed=True)
        if stored is None:
            raise NotFoundError(f"{self.model.TABLE} has no row {self._key_text(row)!r}")
        return stored

    def _seen(self, conditions: Sequence[Condition], include_removed: bool) -> list[Condition]:
        shown = list(conditions) if include_removed else self._visible(conditions)
        return [*shown, *self.scope]

    def _visible(self, conditions: Sequence[Condition]) -> list[Condition]:
        return [*conditions, is_null("deleted_at")] if self._removable else list(conditions)

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
