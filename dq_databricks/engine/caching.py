"""An engine for the service: reads of the metadata are answered from memory while they are fresh.

Only a query whose tables all belong to the metadata is kept. On the local engine each answer
stands beside the exact versions of its tables, looked at before the query ran, so a commit of any
process is seen by the next read. Elsewhere answers live for some seconds, and writes through this
engine end them.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import pyarrow as pa
from sqlglot import exp

from dq_databricks.engine.protocol import Engine, EngineFacts, MergeCounts, Snapshot
from dq_databricks.errors import SqlError
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import shared_tree
from dq_databricks.sql.relation import Relation
from dq_databricks.sql.statement import Statement

PREFIX = "dq_"
MOST_BYTES = 64 * 1024 * 1024
# The state of the schema decides whether a write counts: nobody may know it from some seconds ago.
_NEVER_LATE = frozenset({"dq_settings", "dq_leases"})
_COMMIT = re.compile(r"(\d{20})\.json")
# What two executions of one text may answer differently, whatever the tables hold.
_UNSTABLE = re.compile(
    r"\b(?:current_|now\s*\(|rand|uuid|unix_timestamp\s*\(\s*\)|TABLESAMPLE|VERSION\s+AS|TIMESTAMP\s+AS|@v)",
    re.IGNORECASE,
)

Token = Hashable
Freshness = Callable[[TableName], Token | None]
"""What a table is like now: equal tokens, equal rows. None: nobody can tell, so keep nothing."""


@dataclass(slots=True)
class Counts:
    """Reads that the cache answered, that the engine answered, and that are never kept."""

    hits: int = 0
    misses: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: pa.Table
    tokens: tuple[Token, ...]
    tables: tuple[TableName, ...]
    size: int


class CachingEngine:
    """`engine`, with the answers about `schema` of `catalog` kept, up to `most_bytes` of them."""

    def __init__(
        self,
        engine: Engine,
        freshness: Freshness,
        *,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.engine = engine
        self.counts = Counts()
        self._freshness = freshness
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._written: dict[str, int] = {}

    @classmethod
    def over(cls, engine: Engine, settings: Settings) -> CachingEngine:
        """A cache over the engine of `settings`."""
        if settings.engine == "local":
            return cls(engine, LogFreshness(settings.home.absolute() / "lake"))
        known = settings.catalog, settings.data_quality_schema
        return cls(engine, TimedFreshness(*known, settings.cache_ttl_s, time.monotonic))

    @property
    def facts(self) -> EngineFacts:
        """The facts of the wrapped engine."""
        return self.engine.facts

    def query(self, statement: Statement) -> pa.Table:
        """See `Engine.query`; the answer may be shared, so nobody may change it."""
        tables = metadata_tables(statement.text)
        tokens = self._tokens(tables)
        if tokens is None:
            self.counts.passed += 1
            return self.engine.query(statement)
        key = (statement.text, _bound(statement))
        kept = self._find(key, tokens)
        if kept is not None:
            return kept
        answer = self.engine.query(statement)
        self._keep(key, _Kept(answer, tokens, tables, answer.nbytes + len(statement.text) + 512))
        return answer

    def execute(self, statement: Statement) -> int | None:
        """See `Engine.execute`."""
        try:
            return self.engine.execute(statement)
        finally:
            tables = tables_of(statement.text)
            self._changed(*tables) if tables else self.forget()

    def append(self, table: TableName, rows: pa.Table) -> None:
        """See `Engine.append`."""
        try:
            self.engine.append(table, rows)
        finally:
            self._changed(table)

    def merge(
        self,
        table: TableName,
        rows: pa.Table,
        *,
        on: Sequence[str],
        update: bool = True,
        counter: str | None = None,
    ) -> MergeCounts:
        """See `Engine.merge`."""
        try:
            return self.engine.merge(table, rows, on=on, update=update, counter=counter)
        finally:
            self._changed(table)

    def inspect(self, relation: Relation) -> Snapshot:
        """See `Engine.inspect`."""
        return self.engine.inspect(relation)

    def restore(self, table: TableName, version: int, *, expected_version: int) -> None:
        """See `Engine.restore`."""
        try:
            self.engine.restore(table, version, expected_version=expected_version)
        finally:
            self._changed(table)

    def tables(self, catalog: str, schema: str) -> Sequence[TableName]:
        """See `Engine.tables`."""
        return self.engine.tables(catalog, schema)

    def views(self, catalog: str, schema: str) -> Mapping[TableName, str | None]:
        """See `Engine.views`."""
        return self.engine.views(catalog, schema)

    def cancel(self) -> None:
        """See `Engine.cancel`."""
        self.engine.cancel()

    def close(self) -> None:
        """Forget everything and close the wrapped engine."""
        self.forget()
        self.engine.close()

    def tokens(self, tables: Sequence[TableName]) -> tuple[Token, ...] | None:
        """What these tables are like now: equal tokens, equal rows. None: nobody can tell."""
        return self._tokens(tuple(tables))

    def forget(self) -> None:
        """Keep nothing of what is known now."""
        with self._lock:
            self._kept.clear()
            self._size = 0
            for name in self._written:
                self._written[name] += 1

    # --- below -----------------------------------------------------------------------------

    def _tokens(self, tables: tuple[TableName, ...]) -> tuple[Token, ...] | None:
        """What the tables are like before they are read; None where nothing may be kept."""
        if not tables:
            return None
        tokens: list[Token] = []
        for table in tables:
            token = self._freshness(table)
            if token is None:
                return None
            tokens.append((token, self._written.setdefault(_folded(table), 0)))
        return tuple(tokens)

    def _find(self, key: Hashable, tokens: tuple[Token, ...]) -> pa.Table | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.tokens != tokens:
                self.counts.misses += 1
                return None
            self._kept.move_to_end(key)
            self.counts.hits += 1
            return kept.answer

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        if kept.size > self._most_bytes // 4:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = kept
            self._size += kept.size
            while self._size > self._most_bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= gone.size

    def _changed(self, *tables: TableName) -> None:
        with self._lock:
            for name in map(_folded, tables):
                self._written[name] = self._written.get(name, 0) + 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class LogFreshness:
    """Versions of local tables, by looking at their logs: one look when nothing changed.

    A token is the version and the identity of the commit file that made it, so that a table that
    was dropped and made again, or came by a renaming, is another one.
    """

    def __init__(self, lake: Path) -> None:
        from dq_databricks.engine.local.lake import Lake

        self._lake = Lake(lake)
        self._known: dict[TableName, _Seen] = {}

    def __call__(self, table: TableName) -> Token | None:
        """The token of `table`; None where it has no log to look at."""
        seen = self._known.get(table) or self._looked(table)
        mark = _mark(seen.commit)
        if mark is None:  # gone, or its old commits were cleaned away
            seen = self._looked(table)
            mark = _mark(seen.commit)
        while mark is not None and (newer := _mark(seen.next)) is not None:
            seen, mark = _Seen.at(seen.folder, seen.version + 1), newer
        if mark is None:
            self._known.pop(table, None)
            return None
        self._known[table] = seen
        return (seen.version, mark)

    def _looked(self, table: TableName) -> _Seen:
        folder = self._lake.folder(table) / "_delta_log"
        return _Seen.at(folder, _latest(folder))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A version of a log, with the files to look at: making a path costs more than looking."""

    folder: Path
    version: int
    commit: Path
    next: Path

    @classmethod
    def at(cls, folder: Path, version: int) -> _Seen:
        """What to look at once `version` was seen."""
        names = (f"{number:020d}.json" for number in (version, version + 1))
        return cls(folder, version, *(folder / name for name in names))


class TimedFreshness:
    """Trusts an answer for some seconds: the token is the span of time it was read in."""

    def __init__(
        self, catalog: str, schema: str, ttl_s: int, monotonic: Callable[[], float]
    ) -> None:
        self._place = (catalog.casefold(), schema.casefold())
        self._ttl_s = ttl_s
        self._monotonic = monotonic

    def __call__(self, table: TableName) -> Token | None:
        """The span of time that now belongs to; None when nothing may be kept."""
        place = (table.catalog.casefold(), table.schema.casefold())
        if self._ttl_s <= 0 or place != self._place or table.table.casefold() in _NEVER_LATE:
            return None
        return int(self._monotonic() // self._ttl_s)


@lru_cache(maxsize=4096)
def metadata_tables(text: str) -> tuple[TableName, ...]:
    """The tables that a query reads, when all are metadata and its answer depends on them alone."""
    if _UNSTABLE.search(text) or not _is_query(text):
        return ()
    tables = tables_of(text)
    return tables if all(table.table.casefold().startswith(PREFIX) for table in tables) else ()


@lru_cache(maxsize=4096)
def tables_of(text: str) -> tuple[TableName, ...]:
    """The tables that a statement names in full; empty when it names any in another way."""
    try:
        tree = shared_tree(text)
    except SqlError:
        return ()
    aliases = {cte.alias for cte in tree.find_all(exp.CTE)}
    found: set[TableName] = set()
    for table in tree.find_all(exp.Table):
        if not table.db and table.name in aliases:
            continue
        if not (table.catalog and table.db and isinstance(table.this, exp.Identifier)):
            return ()
        found.add(TableName(table.catalog, table.db, table.name))
    return tuple(sorted(found))


def _is_query(text: str) -> bool:
    try:
        return isinstance(shared_tree(text), exp.Query)
    except SqlError:
        return False


def _folded(table: TableName) -> str:
    return table.sql.casefold()


def _bound(statement: Statement) -> Hashable:
    """The values of a statement, where 1 and 1.0 and true differ."""
    bound = statement.parameters.items()
    return tuple(sorted((name, type(value).__name__, repr(value)) for name, value in bound))


def _mark(commit: Path) -> tuple[int, int, int] | None:
    try:
        found = commit.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _latest(folder: Path) -> int:
    """The latest version with a commit file; -1 without any."""
    try:
        names = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return -1
    return max((int(found[1]) for name in names if (found := _COMMIT.fullmatch(name))), default=-1)
