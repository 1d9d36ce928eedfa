"""The state of a Delta table at one version, replayed from its log without touching data files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dq_databricks.engine.local.log import LOG, LogFiles
from dq_databricks.errors import DamagedTableError, SqlError


@dataclass(frozen=True, slots=True)
class DataFile:
    """One live data file as the log describes it; `statistics` is the JSON text or None."""

    path: str
    size: int
    partition_values: dict[str, str | None]
    statistics: str | None
    has_deletions: bool


@dataclass(slots=True)
class TableState:
    """A table at `version`: its metadata, protocol and live files, as the log has them."""

    version: int
    metadata: dict[str, Any] = field(default_factory=dict)
    protocol: dict[str, Any] = field(default_factory=dict)
    files: dict[tuple[str, str], DataFile] = field(default_factory=dict)
    modified_at: datetime | None = None

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The columns as the log writes them."""
        found: list[dict[str, Any]] = json.loads(self.metadata["schemaString"])["fields"]
        return found

    @property
    def configuration(self) -> dict[str, str]:
        """The table properties."""
        return dict(self.metadata.get("configuration") or {})

    @property
    def partition_columns(self) -> list[str]:
        """The partition columns, by their names in the schema."""
        return list(self.metadata.get("partitionColumns") or [])


def replay(log: LogFiles, version: int, *, table: str) -> TableState:
    """The state at `version`. Raises SqlError (no such version) and DamagedTableError."""
    if not 0 <= version <= log.latest:
        raise SqlError(f"table {table} has no version {version}; its latest is {log.latest}")
    state = TableState(version)
    start = log.start(version)
    try:
        for action in _checkpoint_actions(log, start) if start is not None else ():
            _apply(state, action)
        for number in range((start if start is not None else -1) + 1, version + 1):
            _apply_commit(state, log.commit_path(number))
    except FileNotFoundError as error:
        raise SqlError(
            f"table {table}: version {version} cannot be read any more: {error.filename} is gone"
        ) from error
    except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DamagedTableError(f"table {table}: its log cannot be read: {error}") from error
    if not state.metadata:
        raise DamagedTableError(f"table {table}: its log has no schema up to version {version}")
    if state.modified_at is None:
        state.modified_at = commit_time(log.commit_path(version))
    return state


def commit_time(path: Path) -> datetime | None:
    """When a commit was made (UTC): what it says itself, else the time of its file."""
    if not path.exists():
        return None
    for line in path.read_bytes().splitlines():
        if b'"commitInfo"' in line:
            info = json.loads(line).get("commitInfo", {})
            stamp = info.get("inCommitTimestamp") or info.get("timestamp")
            if stamp is not None:
                return datetime.fromtimestamp(stamp / 1000, UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _apply_commit(state: TableState, path: Path) -> None:
    state.modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    for line in path.read_bytes().splitlines():
        if line.strip():
            _apply(state, json.loads(line))


def _apply(state: TableState, action: dict[str, Any]) -> None:
    if found := action.get("metaData"):
        state.metadata = found
    if found := action.get("protocol"):
        state.protocol = found
    if found := action.get("remove"):
        state.files.pop(_key(found), None)
    if found := action.get("add"):
        state.files[_key(found)] = _data_file(found)
    if found := action.get("commitInfo"):
        stamp = found.get("inCommitTimestamp") or found.get("timestamp")
        if stamp is not None:
            state.modified_at = datetime.fromtimestamp(stamp / 1000, UTC)


def _key(action: dict[str, Any]) -> tuple[str, str]:
    deletions = action.get("deletionVector") or {}
    unique = (
        f"{deletions.get('storageType')}{deletions.get('pathOrInlineDv')}{deletions.get('offset')}"
    )
    return (action["path"], unique if deletions else "")


def _data_file(add: dict[str, Any]) -> DataFile:
    return DataFile(
        path=add["path"],
        size=add["size"],
        partition_values=dict(add.get("partitionValues") or {}),
        statistics=add.get("stats"),
        has_deletions=bool(add.get("deletionVector")),
    )


def _checkpoint_actions(log: LogFiles, version: int) -> Iterator[dict[str, Any]]:
    """Actions of the checkpoint of `version`; of several complete ones any will do."""
    paths = log.checkpoints[version]
    whole = [path for path in paths if len(path.name.split(".")) < 5]
    for path in whole[:1] or paths:
        for action in _read_actions(path):
            if sidecar := action.get("sidecar"):
                yield from _read_actions(log.folder / LOG / "_sidecars" / sidecar["path"])
            else:
                yield action


def _read_actions(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".json":
        return [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    wanted = {"add", "metaData", "protocol", "sidecar"}
    names = set(pq.read_schema(path).names)
    # `memory_map` stays off and one plain file is read: no dataset machinery is involved.
    with pq.ParquetFile(path) as file:
        table = file.read(columns=sorted(wanted & names))
    return [_plain(row) for row in table.to_pylist()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    for action in row.values():
        for key in ("partitionValues", "configuration"):
            if isinstance(action, dict) and isinstance(action.get(key), list):
                action[key] = dict(action[key])
    return row
