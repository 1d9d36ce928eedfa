"""Delta tables with unusual logs, made by editing the log of an ordinary one."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

Action = dict[str, Any]


def make_table(folder: Path, *batches: pa.Table, **configuration: str) -> Path:
    """A Delta table of one commit for each batch; keywords are properties, ``_`` for ``.``."""
    properties = {f"delta.{key.replace('_', '.')}": value for key, value in configuration.items()}
    folder.mkdir(parents=True)
    DeltaTable.create(folder, schema=batches[0].schema, configuration=properties)
    for batch in batches:
        write_deltalake(folder, batch, mode="append")
    return folder


def commit_file(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def edit_commit(folder: Path, version: int, change: Callable[[Action], Action]) -> None:
    """Rewrite each action of a commit."""
    path = commit_file(folder, version)
    actions = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(action) + "\n" for action in actions))


def edit_statistics(folder: Path, version: int, change: Callable[[Action], Action | None]) -> None:
    """Rewrite the statistics of each added file of a commit; None removes them."""

    def edited(action: Action) -> Action:
        if "add" in action:
            found = change(json.loads(action["add"]["stats"]))
            action["add"]["stats"] = None if found is None else json.dumps(found)
        return action

    edit_commit(folder, version, edited)


def delete_row_by_vector(folder: Path, position: int) -> None:
    """Commit an inline deletion vector that removes one row of the only file of the table."""
    version = DeltaTable(folder).version()
    add = next(
        action["add"]
        for line in commit_file(folder, version).read_text().splitlines()
        if "add" in (action := json.loads(line))
    )
    bitmap = struct.pack("<IIHHIH", 12346, 1, 0, 0, 16, position)
    content = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    vector = {
        "storageType": "i",
        "pathOrInlineDv": _z85(content + b"\0" * (-len(content) % 4)),
        "sizeInBytes": len(content),
        "cardinality": 1,
    }
    features = ["deletionVectors"]
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7}
    protocol |= {"readerFeatures": features, "writerFeatures": features}
    removed = {"path": add["path"], "dataChange": True, "deletionTimestamp": 1}
    actions = [
        {"protocol": protocol},
        {"remove": removed},
        {"add": {**add, "deletionVector": vector}},
    ]
    commit_file(folder, version + 1).write_text(
        "".join(json.dumps(action) + "\n" for action in actions)
    )


def _z85(content: bytes) -> str:
    """ZeroMQ's base 85: the same digits as Python's b85, in another order."""
    python = (
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    )
    zeromq = (
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    )
    return base64.b85encode(content).translate(bytes.maketrans(python, zeromq)).decode()
