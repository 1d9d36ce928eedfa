"""A commit that delta-rs has no verb for: new metadata of a table, and nothing else."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dq_databricks.engine.local.log import LOG
from dq_databricks.engine.local.writing import OpenTable
from dq_databricks.errors import UnsupportedError, WriteConflictError

# A commit of such a table must say more than this module does.
_UNKNOWN_FEATURES = {"inCommitTimestamp", "catalogManaged", "coordinatedCommits-preview"}


def commit_metadata(
    table: OpenTable,
    metadata: Mapping[str, Any],
    *,
    operation: str,
    parameters: Mapping[str, Any],
) -> None:
    """Commit `metadata` as the version after the one that `table` was opened at.

    Raises WriteConflictError when that version exists by now.
    """
    features = set(table.state.protocol.get("writerFeatures") or ())
    if found := sorted(features & _UNKNOWN_FEATURES):
        raise UnsupportedError(
            f"{operation} {table.name}: it has the feature {found[0]}, which this engine does "
            "not write; use Spark or Databricks"
        )
    info = {
        "timestamp": time.time_ns() // 1_000_000,
        "operation": operation,
        "operationParameters": {key: json.dumps(value) for key, value in parameters.items()},
        "readVersion": table.state.version,
        "isBlindAppend": False,
        "engineInfo": "dq-databricks",
    }
    lines = [json.dumps({"commitInfo": info}), json.dumps({"metaData": dict(metadata)})]
    log = table.folder / LOG
    _put_if_absent(log / f"{table.state.version + 1:020d}.json", "\n".join(lines) + "\n", table)


def _put_if_absent(path: Path, text: str, table: OpenTable) -> None:
    """A link appears whole or not at all, and never in the place of another file."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError as error:
        raise WriteConflictError(
            f"{table.name}: version {table.state.version + 1} was committed by another writer "
            "meanwhile; look at the table and repeat"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
