"""RESTORE, OPTIMIZE, VACUUM and UNSET TBLPROPERTIES: statements that leave the rows as they were.

They hold the lock of the table like every write, so a file that VACUUM removes is not brought
back by a RESTORE meanwhile, and OPTIMIZE takes nobody's commit away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
from deltalake import CommitProperties
from sqlglot import exp

from dq_databricks.engine.local.committing import commit_metadata
from dq_databricks.engine.local.relations import Relations
from dq_databricks.engine.local.retention import default_hours
from dq_databricks.engine.local.writing import OpenTable, Writer
from dq_databricks.engine.restoring import check_restore
from dq_databricks.errors import ColumnNotFoundError, SqlError, UnsupportedError
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.parse import excerpt, parse_statement
from dq_databricks.sql.statement import Parameter

# Commits after which the log is summed up, so that opening the table stays cheap.
CHECKPOINT_EVERY = 10

_LEAD = r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*"
_PART = r"(?:`(?:[^`]|``)+`|\w+)"
_NAME = rf"(?P<name>{_PART}(?:\s*\.\s*{_PART})*)"
_END = r"\s*;?\s*"


def _statement(pattern: str) -> re.Pattern[str]:
    flags = re.IGNORECASE | re.DOTALL | re.VERBOSE
    return re.compile(rf"{_LEAD}{pattern}{_END}", flags)


_RESTORE = _statement(
    rf"RESTORE\s+(?:TABLE\s+)?{_NAME}\s+TO\s+(?P<asked>(?:VERSION|TIMESTAMP)\s+AS\s+OF\s+.+?)"
)
_OPTIMIZE = _statement(
    rf"OPTIMIZE\s+{_NAME}(?:\s+ZORDER\s+BY\s*(?:\((?P<listed>.+?)\)|(?P<columns>.+?)))?"
)
_VACUUM = _statement(
    rf"VACUUM\s+{_NAME}(?:\s+RETAIN\s+(?P<hours>\d+)\s+HOURS?)?(?P<dry>\s+DRY\s+RUN)?"
)
_UNSET = _statement(
    rf"ALTER\s+TABLE\s+{_NAME}\s+UNSET\s+TBLPROPERTIES\s*(?P<exists>IF\s+EXISTS\s*)?\((?P<keys>.+?)\)"
)
# Taking these away would change how files are read, or what rows may be written.
_KEPT = re.compile(r"delta\.(?:columnMapping\.|minReaderVersion|minWriterVersion|feature\.)")
_CONSTRAINT = "delta.constraints."


class Upkeep:
    """Carries out these statements on tables of the lake."""

    def __init__(self, relations: Relations, writer: Writer) -> None:
        self._relations = relations
        self._writer = writer

    def carry_out(self, text: str, bound: Mapping[str, Parameter]) -> bool:
        """Carry out `text` if it is one of these statements; whether it was."""
        for pattern, action in _ACTIONS:
            if match := pattern.fullmatch(text):
                action(self, match, bound)
                return True
        return False

    def dry_run(self, text: str) -> pa.Table | None:
        """The files that ``VACUUM … DRY RUN`` would remove; None for any other statement."""
        match = _VACUUM.fullmatch(text)
        if match is None or match["dry"] is None:
            return None
        with self._writer.open(self._name(match), what="VACUUM") as table:
            found = _vacuum(table, _hours(match), dry_run=True)
            paths = sorted(f"{table.folder.as_uri()}/{path}" for path in found)
        return pa.table({"path": pa.array(paths, pa.string())})

    def restore(self, name: TableName, version: int, *, expected_version: int) -> None:
        """Bring a table back to `version` in one commit; see `Engine.restore`."""
        with self._writer.open(name, what="restore") as table:
            latest = table.state.version
            check_restore(name, version, latest=latest, expected=expected_version)
            if version != latest:
                self._go_back(table, version)

    def _restore(self, match: re.Match[str], bound: Mapping[str, Parameter]) -> None:
        name, asked = self._name(match), _asked(match["asked"])
        with self._writer.open(name, what="RESTORE TABLE") as table:
            latest = table.state.version
            version = self._relations.version(table.folder, asked, bound, str(name))
            if version is None or not 0 <= version <= latest:
                raise SqlError(
                    f"RESTORE TABLE {name}: it has no version {version}; its latest is {latest}"
                )
            if version != latest:
                self._go_back(table, version)

    def _go_back(self, table: OpenTable, version: int) -> None:
        _check_known(table, "RESTORE")
        # Asked first: it says what is wrong with a version that cannot be read any more.
        self._relations.tables.state(table.folder, version, table=str(table.name))
        table.delta.restore(version, commit_properties=CommitProperties(max_commit_retries=0))

    def _optimize(self, match: re.Match[str], _bound: Mapping[str, Parameter]) -> None:
        with self._writer.open(self._name(match), what="OPTIMIZE") as table:
            _check_known(table, "OPTIMIZE")
            columns = _columns(table, match["listed"] or match["columns"])
            if columns:
                table.delta.optimize.z_order(columns)
            else:
                table.delta.optimize.compact()
            self._sum_up(table)

    def _sum_up(self, table: OpenTable) -> None:
        """Write a checkpoint when the last one is old."""
        self._relations.tables.forget(table.folder)
        log = self._relations.tables.log(table.folder, table=str(table.name))
        last = log.start(log.latest)
        if log.latest - (-1 if last is None else last) >= CHECKPOINT_EVERY:
            table.delta.create_checkpoint()
            self._writer.flush_checkpoint(table.folder, log.latest)

    def _vacuumed(self, match: re.Match[str], _bound: Mapping[str, Parameter]) -> None:
        with self._writer.open(self._name(match), what="VACUUM") as table:
            _vacuum(table, _hours(match), dry_run=match["dry"] is not None)

    def _unset(self, match: re.Match[str], _bound: Mapping[str, Parameter]) -> None:
        keys = _keys(match)
        with self._writer.open(self._name(match), what="ALTER TABLE") as table:
            left = table.state.configuration
            missing = [key for key in keys if left.pop(key, None) is None]
            if missing and not match["exists"]:
                raise SqlError(
                    f"table {table.name} has no property {missing[0]!r}; "
                    "write UNSET TBLPROPERTIES IF EXISTS"
                )
            if left != table.state.configuration:
                commit_metadata(
                    table,
                    {**table.state.metadata, "configuration": left},
                    operation="UNSET TBLPROPERTIES",
                    parameters={"properties": keys, "ifExists": bool(match["exists"])},
                )

    def _name(self, match: re.Match[str]) -> TableName:
        found = parse_statement(f"SELECT * FROM {match['name']}").find(exp.Table)
        if found is None:
            raise SqlError(f"{excerpt(match[0])!r} names no table")
        return self._relations.table_name(found)


_Action = Callable[[Upkeep, re.Match[str], Mapping[str, Parameter]], None]
_ACTIONS: Sequence[tuple[re.Pattern[str], _Action]] = (
    (_RESTORE, Upkeep._restore),
    (_OPTIMIZE, Upkeep._optimize),
    (_VACUUM, Upkeep._vacuumed),
    (_UNSET, Upkeep._unset),
)


def _asked(text: str) -> exp.Expression:
    """The version in ``VERSION AS OF 3`` or ``TIMESTAMP AS OF '…'``."""
    table = parse_statement(f"SELECT * FROM a.b {text}").find(exp.Table)
    version = table.args.get("version") if table is not None else None
    if not isinstance(version, exp.Version):
        raise SqlError(f"RESTORE TABLE: {excerpt(text)!r} is neither a version nor a timestamp")
    return version


def _columns(table: OpenTable, listed: str | None) -> list[str]:
    if listed is None:
        return []
    asked = parse_statement(f"SELECT {listed}").expressions
    names = [node.name for node in asked if isinstance(node, exp.Column)]
    known = {name: table.column(name) for name in names}
    if missing := [name for name, column in known.items() if column is None]:
        raise ColumnNotFoundError(f"OPTIMIZE {table.name}: it has no column {missing[0]!r}")
    found = [column for column in known.values() if column is not None]
    if len(found) != len(asked) or set(found) & set(table.state.partition_columns):
        raise SqlError(
            f"OPTIMIZE {table.name}: ZORDER BY takes columns that are no partition columns, "
            f"each once, not {excerpt(listed)!r}"
        )
    return found


def _check_known(table: OpenTable, what: str) -> None:
    """Refuse tables whose deleted rows are kept in files that delta-rs does not look after."""
    if "deletionVectors" in (table.state.protocol.get("writerFeatures") or ()):
        raise UnsupportedError(
            f"{what} {table.name}: it has deletion vectors; use Spark or Databricks for it"
        )


def _hours(match: re.Match[str]) -> int | None:
    return None if match["hours"] is None else int(match["hours"])


def _vacuum(table: OpenTable, hours: int | None, *, dry_run: bool) -> set[str]:
    """Remove what no version within the retention needs; the paths within the folder.

    Files that the log does not know may belong to a write that runs: for them the retention of
    the table stands, however short the one that was asked for.
    """
    _check_known(table, "VACUUM")
    default = default_hours(table.state)
    removed = set(_removed(table, max(default, hours or 0), full=True, dry_run=dry_run))
    if hours is not None and hours < default:
        removed |= set(_removed(table, hours, full=False, dry_run=dry_run))
    return removed


def _removed(table: OpenTable, hours: int, *, full: bool, dry_run: bool) -> list[str]:
    found: list[str] = table.delta.vacuum(
        retention_hours=hours, dry_run=dry_run, enforce_retention_duration=False, full=full
    )
    return found


def _keys(match: re.Match[str]) -> list[str]:
    listed = parse_statement(f"SELECT {match['keys']}").expressions
    keys = [_key(node) for node in listed]
    for key in keys:
        if key.startswith(_CONSTRAINT):
            name = key.removeprefix(_CONSTRAINT)
            raise SqlError(f"property {key} is a constraint: write DROP CONSTRAINT {name}")
        if _KEPT.match(key):
            raise UnsupportedError(f"property {key} cannot be taken away on this engine")
    return keys


def _key(node: exp.Expression) -> str:
    """A property is written as a string, or as names with dots."""
    if isinstance(node, exp.Literal) and node.is_string:
        return node.name
    if isinstance(node, exp.Column | exp.Dot):
        return ".".join(part.name for part in node.parts)
    raise SqlError(f"UNSET TBLPROPERTIES: {node.sql('databricks')} is no name of a property")
