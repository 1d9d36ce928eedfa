"""After the settings came back: what they say of the schema itself stays as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from dq_databricks.engine.retry import retrying
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import (
    DEADLINE_S,
    RENAMED_FROM,
    SCHEMA_NAME,
    Operation,
    Phase,
    change_operation,
    read_state,
    read_values,
    write_values,
)
from dq_databricks.model.setting import Setting
from dq_databricks.sql.statement import Statement

_OF_THE_SCHEMA = (SCHEMA_NAME, RENAMED_FROM)


@dataclass(frozen=True, slots=True)
class Kept:
    """The settings that a restore does not bring back: the name of the schema, and its old ones."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, site: Site) -> Kept:
        """As they are stored now."""
        return cls(read_values(site.engine, site.catalog, site.schema, *_OF_THE_SCHEMA))


def settle(site: Site, job: Operation, kept: Kept) -> None:
    """Put back what was `kept`, and leave the name of the job on the open schema.

    By that name a writer that began before the restore sees that it ran. Every statement is
    conditional on what the restore left, so coming late does no harm.
    """
    found = read_values(site.engine, site.catalog, site.schema, *_OF_THE_SCHEMA)
    for key, value in kept.values.items():
        if found.get(key) != value:
            _put_back(site, key, value, found.get(key))
    operation = read_state(site.engine, site.catalog, site.schema).operation
    if operation.phase is Phase.OPEN and operation.job != job.job:
        stamped, now = replace(job, phase=Phase.OPEN), site.context.now()
        change_operation(site.engine, site.catalog, site.schema, operation, stamped, at=now)


def _put_back(site: Site, key: str, value: str, left: str | None) -> None:
    now = site.context.now()
    if left is None:
        write_values(site.engine, site.catalog, site.schema, {key: value}, at=now, update=False)
        return
    change = Statement(
        f"UPDATE {site.table_name(Setting.TABLE).sql} SET `value` = :value, updated_at = :at "
        "WHERE `key` = :key AND `value` = :left",
        {"value": value, "at": now, "key": key, "left": left},
    )
    retrying(partial(site.engine.execute, change), deadline_s=DEADLINE_S)
