"""Every option: name, default, help and environment variable, in one table."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from dq_databricks.errors import SettingsError

EngineName = Literal["local", "spark", "warehouse"]
StorageFormat = Literal["delta", "hudi"]
LauncherName = Literal["local", "databricks"]
PlatformRole = Literal["", "viewer", "editor", "admin"]

MOST_CACHE_TTL_S = 9
DATABRICKS_RUNTIME = "DATABRICKS_RUNTIME_VERSION"
"""The variable that clusters and serverless compute set, to the version of their runtime."""

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


def _option(default: Any, env: str, text: str, *, secret: bool = False) -> Any:
    return field(
        default=default,
        repr=not secret,
        metadata={"env": env, "help": text, "secret": secret},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All options. Each field carries its environment variable and help as metadata."""

    engine: EngineName = _option(
        "local",
        "DQ_ENGINE",
        "Where work runs: local, spark, warehouse; inside a Databricks runtime spark by default.",
    )
    home: Path = _option(Path(".dq"), "DQ_HOME", "Folder of the local lake.")
    catalog: str = _option("main", "DQ_CATALOG", "Catalog of the metadata schema.")
    data_quality_schema: str = _option(
        "dq_metadata", "DQ_SCHEMA", "Schema of the metadata tables, at most 120 characters."
    )
    data_quality_storage_format: StorageFormat = _option(
        "delta", "DQ_STORAGE_FORMAT", "Format of the metadata tables: delta or hudi."
    )
    data_quality_auto_manage_tables: bool = _option(
        True, "DQ_AUTO_MANAGE", "Create and upgrade the metadata tables when they are needed."
    )
    project: str = _option("default", "DQ_PROJECT", "Project that rows are stored under.")
    user: str = _option(
        "", "DQ_USER", "Name recorded for edits; the operating system's by default."
    )
    threads: int = _option(0, "DQ_THREADS", "Threads of the local engine; 0: one per core.")
    memory_limit: str = _option(
        "",
        "DQ_MEMORY_LIMIT",
        "Memory of the local engine, such as 4GB; empty: 80 % of the machine.",
    )
    durable: bool = _option(
        True, "DQ_DURABLE", "Flush every local commit to disk before it counts as written."
    )
    statement_timeout_s: int = _option(
        3600, "DQ_STATEMENT_TIMEOUT_S", "Seconds a statement may run before it is cancelled."
    )
    host: str = _option("", "DATABRICKS_HOST", "Workspace address, for the warehouse engine.")
    http_path: str = _option(
        "", "DATABRICKS_HTTP_PATH", "HTTP path of the SQL warehouse, for the warehouse engine."
    )
    warehouse_id: str = _option(
        "", "DATABRICKS_WAREHOUSE_ID", "Id of the SQL warehouse, in place of its HTTP path."
    )
    lease_s: int = _option(
        30, "DQ_LEASE_S", "Seconds the lock of the schema outlives a runner that was killed."
    )
    lock_wait_s: int = _option(
        120, "DQ_LOCK_WAIT_S", "Seconds to wait for a migration, renaming or restore to end."
    )
    data_quality_readers: str = _option(
        "", "DQ_READERS", "Roles that may read the metadata, separated by commas."
    )
    data_quality_writer: str = _option(
        "", "DQ_WRITER", "Service principal that writes the metadata."
    )
    retention_days: int = _option(
        0, "DQ_RETENTION_DAYS", "Days to keep results, profiles and alerts; 0: for ever."
    )
    restore_days: int = _option(
        30, "DQ_RESTORE_DAYS", "Days to keep restore points and what they need."
    )
    connections: int = _option(4, "DQ_CONNECTIONS", "Connections of the warehouse engine.")
    service_secret: str = _option(
        "",
        "DQ_SERVICE_SECRET",
        "Secret that API keys are hashed and cookies signed with, 32 characters or more, or "
        "a reference to it (secret:SCOPE/KEY, env:NAME, file:PATH, vault:NAME); a file below "
        "DQ_HOME by default.",
        secret=True,
    )
    token_ref: str = _option(
        "",
        "DQ_TOKEN_REF",
        "Reference to the token that the warehouse engine signs in with, such as "
        "secret:SCOPE/KEY; empty: the identity that databricks-sdk finds.",
    )
    vault: str = _option(
        "", "DQ_VAULT", "File of the encrypted vault; vault.json below DQ_HOME by default."
    )
    vault_key: str = _option(
        "",
        "DQ_VAULT_KEY",
        "Keys of the vault, separated by commas, of which the first encrypts; those in "
        "DQ_VAULT_KEY_FILE by default.",
        secret=True,
    )
    vault_key_file: str = _option(
        "", "DQ_VAULT_KEY_FILE", "File with the keys of the vault; beside it by default."
    )
    api_key_header: str = _option(
        "X-API-Key", "API_KEY_HEADER", "Header in which requests carry their API key."
    )
    platform_identity: bool = _option(
        False,
        "DQ_PLATFORM_IDENTITY",
        "Trust the identity headers of Databricks Apps; only behind that proxy.",
    )
    platform_token_required: bool = _option(
        True,
        "DQ_PLATFORM_TOKEN_REQUIRED",
        "Trust them only beside the access token that the platform sends where user "
        "authorization is on.",
    )
    platform_role: str = _option(
        "",
        "DQ_PLATFORM_ROLE",
        "Role of people the platform names and nobody has added: viewer, editor, or admin; "
        "empty: they are refused.",
    )
    platform_admins: str = _option(
        "",
        "DQ_PLATFORM_ADMINS",
        "E-mail addresses of those who operate the service, separated by commas.",
    )
    jars: Path = _option(
        Path(".jars"), "DQ_JARS", "Folder with the Delta jars of a local Spark session."
    )
    launcher: LauncherName = _option(
        "local", "DQ_LAUNCHER", "What carries out jobs: local (processes here) or databricks."
    )
    workers: int = _option(2, "DQ_WORKERS", "Jobs that run at once.")
    run_limit_s: int = _option(
        86400, "DQ_RUN_LIMIT_S", "Seconds after which a run nobody reports on is lost."
    )
    idle_poll_s: int = _option(
        0,
        "DQ_IDLE_POLL_S",
        "Seconds between two looks of the service at queue and schedules while nothing runs, so "
        "that a warehouse may stop; 0: seconds.",
    )
    profile_job_id: str = _option(
        "", "DQ_PROFILE_JOB_ID", "Databricks job that profiles, for the databricks launcher."
    )
    test_job_id: str = _option(
        "", "DQ_TEST_JOB_ID", "Databricks job that runs tests, for the databricks launcher."
    )
    max_body_bytes: int = _option(
        1_048_576, "DQ_MAX_BODY_BYTES", "Bytes the body of a request to the service may have."
    )
    rate_limit_per_s: int = _option(
        50, "DQ_RATE_LIMIT_PER_S", "Requests a second for one key, for each process; 0: no limit."
    )
    rate_limit_burst: int = _option(
        200, "DQ_RATE_LIMIT_BURST", "Requests that one key may send at once."
    )
    cors_origins: str = _option(
        "", "DQ_CORS_ORIGINS", "Addresses whose pages may call the API, separated by commas."
    )
    cache_ttl_s: int = _option(
        5, "DQ_CACHE_TTL_S", "Seconds the service trusts metadata of a warehouse or of Spark."
    )

    def __post_init__(self) -> None:
        for name, literal in (
            ("engine", EngineName),
            ("data_quality_storage_format", StorageFormat),
            ("launcher", LauncherName),
            ("platform_role", PlatformRole),
        ):
            value, allowed = getattr(self, name), get_args(literal)
            if value not in allowed:
                raise SettingsError(
                    f"setting {name}: {value!r} is none of {', '.join(a for a in allowed if a)}"
                )
        if self.cache_ttl_s > MOST_CACHE_TTL_S:
            raise SettingsError(
                f"setting cache_ttl_s: {self.cache_ttl_s} s; at most {MOST_CACHE_TTL_S} s may "
                "pass before a change of another process is seen"
            )

    @property
    def user_name(self) -> str:
        """The name recorded for edits."""
        return self.user or _os_user()

    @property
    def warehouse_path(self) -> str:
        """The HTTP path of the SQL warehouse, derived where only its id is given; or empty."""
        if self.http_path.strip() or not self.warehouse_id.strip():
            return self.http_path
        return f"/sql/1.0/warehouses/{self.warehouse_id.strip()}"

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Settings from `environment` (the process's by default), then `overrides` on top.

        Inside a Databricks runtime the engine is ``spark`` unless something else is named.
        Raises SettingsError naming the variable, its value and what is allowed.
        """
        source = os.environ if environment is None else environment
        values = {
            entry.name: _parse(entry.metadata["env"], source[entry.metadata["env"]], entry.default)
            for entry in fields(cls)
            if source.get(entry.metadata["env"], "") != ""
        }
        if source.get(DATABRICKS_RUNTIME):
            values.setdefault("engine", "spark")
        known = {entry.name for entry in fields(cls)}
        if unknown := sorted(set(overrides) - known):
            raise SettingsError(
                f"unknown setting {unknown[0]!r}; known: {', '.join(sorted(known))}"
            )
        typed = {name: _typed(cls, name, value) for name, value in overrides.items()}
        return cls(**{**values, **typed})


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that make another process load the same settings; paths are absolute."""
    return {
        entry.metadata["env"]: _written(getattr(settings, entry.name)) for entry in fields(Settings)
    }


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value.absolute()) if isinstance(value, Path) else str(value)


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user id
        return "unknown"


def _typed(settings: type[Settings], name: str, value: Any) -> Any:
    """A path given as text becomes a path, as it does from the environment."""
    default = next(entry.default for entry in fields(settings) if entry.name == name)
    return Path(value).expanduser() if isinstance(default, Path) else value


def _parse(variable: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        return _parse_bool(variable, text)
    if isinstance(default, int):
        return _parse_int(variable, text)
    return Path(text).expanduser() if isinstance(default, Path) else text


def _parse_bool(variable: str, text: str) -> bool:
    if text.strip().lower() in _TRUE | _FALSE:
        return text.strip().lower() in _TRUE
    raise SettingsError(f"{variable}={text!r}: write true or false")


def _parse_int(variable: str, text: str) -> int:
    try:
        value = int(text)
    except ValueError as error:
        raise SettingsError(f"{variable}={text!r}: write a whole number") from error
    if value < 0:
        raise SettingsError(f"{variable}={text!r}: write 0 or more")
    return value
