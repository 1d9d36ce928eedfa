"""The one secret of a service, and the keys of single purposes that are derived from it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from dq_databricks.errors import SettingsError
from dq_databricks.settings import Settings

SECRET_FILE = "service.secret"
LEAST_CHARS = 32


def service_secret(settings: Settings) -> bytes:
    """The secret of the service that `settings` describe.

    DQ_SERVICE_SECRET, or what it refers to (``env:NAME``, ``file:PATH``). Without it the local
    engine keeps one in a file below DQ_HOME, made where it is missing and readable by its owner
    alone. Raises SettingsError where there is none, or one too short to be one.
    """
    if settings.service_secret:
        return _long_enough(_resolved(settings.service_secret))
    if settings.engine != "local":
        raise SettingsError(
            f"DQ_SERVICE_SECRET is not set; with the {settings.engine} engine keys and cookies "
            f"need one secret that all processes share: {LEAST_CHARS} random characters or more"
        )
    return _long_enough(_kept(settings.home / SECRET_FILE))


def purpose_key(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one `purpose`; it tells nothing of the secret or of other keys."""
    return hmac.new(secret, b"dq-databricks/1/" + purpose.encode(), hashlib.sha256).digest()


def _resolved(given: str) -> str:
    kind, separator, place = given.partition(":")
    if separator and kind == "env":
        return os.environ.get(place, "")
    if separator and kind == "file":
        return _read(Path(place).expanduser())
    return given


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"DQ_SERVICE_SECRET: {path} cannot be read as text") from error


def _long_enough(text: str) -> bytes:
    if len(text) < LEAST_CHARS:
        raise SettingsError(
            f"the secret of the service has {len(text)} characters; give DQ_SERVICE_SECRET "
            f"{LEAST_CHARS} random ones or more"
        )
    return text.encode()


def _kept(path: Path) -> str:
    """The secret in the file at `path`; of processes that make it at once, all get the same."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place, so nobody ever reads half a secret.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        _link(aside, path)
    finally:
        aside.unlink()
    return path.read_text("utf-8").strip()


def _link(aside: Path, path: Path) -> None:
    try:
        path.hardlink_to(aside)
    except FileExistsError:  # another process was first: its secret counts
        return
