"""Files of secrets: read only where nobody else can, written whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from dq_databricks.errors import (
    SecretDeniedError,
    SecretExposedError,
    SecretNotFoundError,
    SecretStoreError,
)

MOST_BYTES = 1_048_576
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path, what: str) -> str:
    """The text of the file at `path`, which `what` names in errors.

    Raises SecretNotFoundError, SecretExposedError where group or others may use the file,
    SecretDeniedError, and SecretStoreError for what is no small file of text.
    """
    try:
        # Asked of what is open, since the name may change hands; a pipe must not keep us waiting.
        with os.fdopen(os.open(path, os.O_RDONLY | _NO_WAIT), "rb") as file:
            _check(os.fstat(file.fileno()), path, what)
            return file.read(MOST_BYTES).decode("utf-8")
    except FileNotFoundError as error:
        raise SecretNotFoundError(f"{what}: there is no file {path}") from error
    except PermissionError as error:
        raise SecretDeniedError(f"{what}: this user may not read {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SecretStoreError(f"{what}: {path} cannot be read as text") from error


def write_private(path: Path, text: str) -> None:
    """Put `text` at `path` for its owner alone; a crash leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _check(found: os.stat_result, path: Path, what: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SecretStoreError(f"{what}: {path} is no regular file")
    if found.st_size > MOST_BYTES:
        raise SecretStoreError(f"{what}: {path} has {found.st_size} bytes; a secret is small")
    if os.name == "posix" and found.st_mode & _OTHERS:
        raise SecretExposedError(
            f"{what}: {path} has mode {stat.S_IMODE(found.st_mode):04o}, so others than its owner "
            f"may use it; run chmod 600 {path}, and change the secret if somebody may have read it"
        )


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
