"""Bring over what is no table of rows: settings, grants and tags."""

from __future__ import annotations

import json
from collections.abc import Mapping

from dq_databricks.errors import RenameError
from dq_databricks.lifecycle.moving.copying import carry_out, latest_version, merge_statement
from dq_databricks.lifecycle.moving.job import Renaming
from dq_databricks.lifecycle.moving.privileges import carry_privileges
from dq_databricks.lifecycle.moving.target import same_schema
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import OPERATION, RENAMED_FROM, SCHEMA_NAME, read_values
from dq_databricks.model.setting import Setting

RENAMED_VERSIONS = "renamed_versions"
"""Setting of the new schema: JSON, by old schema and table the version that was verified.

Old schemas that were dropped are not in it any more.
"""

OWN_SETTINGS = (OPERATION, SCHEMA_NAME, RENAMED_FROM, RENAMED_VERSIONS)
"""Settings that say of a schema which one it is: never copied."""


def carry_settings(renaming: Renaming) -> None:
    """Bring the settings over, and what the target is called and comes from."""
    source, target = renaming.source, renaming.target
    copying = renaming.copying(Setting.TABLE)
    mine = ", ".join(f"'{key}'" for key in OWN_SETTINGS)
    version = latest_version(source.engine, copying.source)
    where = f"`key` NOT IN ({mine})"
    carry_out(source.engine, merge_statement(copying, version, update=True, where=where))
    store_settings(target, _own_settings(renaming))
    _compare_settings(renaming)


def carry_grants(renaming: Renaming) -> None:
    """Give the target the grants and tags of the source, where the engine has them."""
    source, target = renaming.source, renaming.target
    carried = target.engine.views(target.catalog, target.schema)
    views = [name.table for name in carried if name.table in renaming.shape.views]
    found = carry_privileges(
        source.engine, source.catalog, source.schema, target.schema, renaming.shape.tables, views
    )
    renaming.differences["grants"] = found


def store_settings(target: Site, values: Mapping[str, str]) -> None:
    """Store settings under new versions, those that differ; repeating it is harmless."""
    table = target.table(Setting)
    stored = {row.key: row for row in table.select()}
    rows = [
        Setting(
            key=key,
            value=value,
            updated_at=target.context.now(),
            version=stored[key].version + 1 if key in stored else 1,
        )
        for key, value in values.items()
        if key not in stored or stored[key].value != value
    ]
    table.upsert_many(rows)


# --- below ---------------------------------------------------------------------------------------


def _own_settings(renaming: Renaming) -> Mapping[str, str]:
    """What the target is called, what it comes from, and which versions of that were verified."""
    source, target = renaming.source, renaming.target
    keys = (RENAMED_FROM, RENAMED_VERSIONS)
    stored = read_values(source.engine, source.catalog, source.schema, *keys)
    older = json.loads(stored.get(RENAMED_FROM, "[]"))
    verified = json.loads(stored.get(RENAMED_VERSIONS, "{}"))
    names = [source.schema, *(name for name in older if not same_schema(name, target.schema))]
    versions = {**verified, source.schema: renaming.versions}
    return {
        SCHEMA_NAME: target.schema,
        RENAMED_FROM: json.dumps(names),
        RENAMED_VERSIONS: json.dumps(versions, sort_keys=True),
    }


def _compare_settings(renaming: Renaming) -> None:
    found = [
        {row.key: row.value for row in site.table(Setting).select() if row.key not in OWN_SETTINGS}
        for site in (renaming.source, renaming.target)
    ]
    if found[0] != found[1] and not renaming.is_switched():
        keys = sorted(k for k in {*found[0], *found[1]} if found[0].get(k) != found[1].get(k))
        raise RenameError(
            f"{renaming.source.table_name(Setting.TABLE)} has {len(found[0])} settings to carry, "
            f"{renaming.target.table_name(Setting.TABLE)} has {len(found[1])}; they differ in "
            f"{', '.join(keys)}: run {renaming.resume} again, or `dq rename --abandon`"
        )
