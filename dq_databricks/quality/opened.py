"""What every face stands on: an engine, the gate to the schema, and the store behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Self

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.redacting import RedactingEngine
from dq_databricks.errors import SchemaMovedError
from dq_databricks.lifecycle.gate import Gate
from dq_databricks.lifecycle.migrations.runner import MigrateOptions
from dq_databricks.lifecycle.points.backup import before_migration
from dq_databricks.model.actor import Actor
from dq_databricks.model.ids import Context
from dq_databricks.quality.reach import Reach
from dq_databricks.settings import Settings
from dq_databricks.store.group_commit import GroupCommit
from dq_databricks.store.store import Store


class Opened:
    """One metadata schema, opened for somebody. Use it in a ``with`` block, or close it.

    `actor` is who changes things, for the audit log. With `projects`, nothing of other projects
    is seen: their objects are not found. Faces of one `group` share commits; those of threads that
    do not write at the same time need none.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        context: Context | None = None,
        *,
        told: Callable[[str], None] = lambda _: None,
        actor: Actor | None = None,
        projects: Sequence[str] | None = None,
        cursor_key: bytes = b"",
        group: GroupCommit | None = None,
    ) -> None:
        self._group = group
        self.settings = settings
        self._cursor_key = cursor_key
        self.actor = actor or Actor(settings.user_name)
        self.project_keys = projects
        self.context, self._told = context or Context(), told
        self.engine: Engine = RedactingEngine.over(engine, self.context.redaction)
        self._gate = Gate(self.engine, settings, self.context, options=self._options(), told=told)
        self._store = self._store_at(settings)
        self._may_read = self._may_write = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Write down what is left to be, and give back connections and threads."""
        try:
            self.settle()
        finally:
            self.engine.close()

    @property
    def is_settled(self) -> bool:
        """Whether all that was changed is written down; else `settle` does it."""
        return self._store.is_settled

    def settle(self) -> None:
        """Write down what a verb that failed had changed already."""
        self._store.record()

    def acting(
        self,
        actor: Actor,
        projects: Sequence[str],
        *,
        project: str = "",
        cursor_key: bytes = b"",
    ) -> Self:
        """This schema as `actor` sees it: the rows of `projects`, new ones going to `project`.

        Cursors are signed with `cursor_key`, so that only a face with the same one takes them.
        """
        return type(self)(
            replace(self.settings, project=project) if project else self.settings,
            self.engine,
            self.context,
            told=self._told,
            actor=actor,
            projects=projects,
            cursor_key=cursor_key,
            group=self._group,
        )

    @property
    def store(self) -> Store:
        """The metadata for reading, by subject, for faces and pages built on this one."""
        return self._ready()

    def _ready(self, *, write: bool = False) -> Store:
        """The store, once the schema may be read or written. It follows a renamed schema."""
        if not (self._may_write if write else self._may_read):
            settings = self._gate.enter(write=write)
            if settings != self.settings:
                self.settings = settings
                self._store = self._store_at(settings)
            self._may_read, self._may_write = True, self._may_write or write
        return self._store

    def _writing(self) -> Store:
        return self._ready(write=True)

    def _located(self) -> Settings:
        """The settings of the schema where it is now; provisions nothing."""
        return self._gate.locate()

    def _store_at(self, settings: Settings) -> Store:
        """The store of one schema; what is written through it counts for that schema only."""
        confirm = partial(self._confirm, settings.data_quality_schema)
        return Store(
            self.engine,
            settings,
            self.context,
            confirm=confirm,
            actor=self.actor,
            projects=self.project_keys,
            cursor_key=self._cursor_key,
            group=self._group,
        )

    def _confirm(self, schema: str) -> None:
        """Whether what was written counts; the next write looks anew before it begins."""
        self._may_write = False
        try:
            self._gate.confirm(schema)
        except SchemaMovedError:
            self._may_read = False
            raise

    def _options(self) -> MigrateOptions:
        return MigrateOptions(before_data=self._back_up)

    def _back_up(self) -> None:
        before_migration(self.engine, self._gate.settings, self.context)

    @property
    def _reach(self) -> Reach:
        settings = self.settings
        return Reach(settings.catalog, settings.data_quality_schema, self.project_keys is None)
