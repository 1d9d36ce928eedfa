"""The one secret of a service, and the keys of single purposes that are derived from it."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from dq_databricks.errors import SecretStoreError, SettingsError
from dq_databricks.model.redacting import Redaction
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets import open_secrets
from dq_databricks.settings import Settings

SECRET_FILE = "service.secret"
LEAST_CHARS = 32
_REFERENCE = re.compile(r"(?:secret|env|file|vault):")


def service_secret(settings: Settings, redaction: Redaction) -> bytes:
    """The secret of the service that `settings` describe; `redaction` learns it.

    DQ_SERVICE_SECRET, or what it refers to (``secret:SCOPE/KEY``, ``env:NAME``, ``file:PATH``,
    ``vault:NAME``). Without it the local engine keeps one in a file below DQ_HOME, made where it
    is missing and readable by its owner alone. Raises SettingsError where there is none, or one
    too short to be one.
    """
    found = _found(settings, redaction)
    redaction.learn(found.decode())
    return found


def _found(settings: Settings, redaction: Redaction) -> bytes:
    if settings.service_secret:
        return _long_enough(_resolved(settings, redaction))
    if settings.engine != "local":
        raise SettingsError(
            f"DQ_SERVICE_SECRET is not set; with the {settings.engine} engine keys and cookies "
            f"need one secret that all processes share: {LEAST_CHARS} random characters or more"
        )
    return _long_enough(_kept(settings.home / SECRET_FILE))


def purpose_key(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one `purpose`; it tells nothing of the secret or of other keys."""
    return hmac.new(secret, b"dq-databricks/1/" + purpose.encode(), hashlib.sha256).digest()


def _resolved(settings: Settings, redaction: Redaction) -> str:
    given = settings.service_secret
    if not _REFERENCE.match(given):
        return given
    reference = SecretReference.parse(given)
    try:
        return open_secrets(settings, redaction).resolve(reference).reveal().strip()
    except SecretStoreError as error:
        raise SettingsError(f"what DQ_SERVICE_SECRET names: {error}") from error


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
