"""Who may read and write the metadata: what settings declare, what is there, what is missing.

Grants that nobody declared are listed and never revoked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dq_databricks.engine.protocol import Capability, Engine
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement

READER = ("USE SCHEMA", "SELECT")
WRITER = ("USE SCHEMA", "SELECT", "MODIFY")
_ALL = "ALL PRIVILEGES"
# Names of the time before Unity Catalog had its own.
_SAME = {"USAGE": "USE SCHEMA", "ALL_PRIVILEGES": _ALL}


class GrantState(StrEnum):
    """Whether a declared grant is there."""

    GRANTED = "granted"
    MISSING = "missing"
    SKIPPED = "skipped: capability grants"


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege that settings declare, and the statement that gives it.

    `through` names what gives it where that is not the schema itself, such as the catalog.
    """

    principal: str
    privilege: str
    statement: str
    state: GrantState
    through: str | None = None


@dataclass(frozen=True, slots=True)
class ExtraGrant:
    """A privilege on the schema that settings do not declare."""

    principal: str
    privilege: str


@dataclass(frozen=True, slots=True)
class GrantPlan:
    """Declared grants in order of the settings, and those there beside them.

    `is_supported` is false on an engine without grants, where nothing is granted.
    """

    schema: str
    engine: str
    is_supported: bool
    grants: tuple[Grant, ...]
    extra: tuple[ExtraGrant, ...] = ()

    @property
    def missing(self) -> tuple[Grant, ...]:
        """What `apply_grants` would carry out."""
        return tuple(grant for grant in self.grants if grant.state is GrantState.MISSING)


@dataclass(frozen=True, slots=True)
class GrantReport:
    """The statements that were carried out, and the plan as it stands now."""

    applied: tuple[str, ...]
    plan: GrantPlan


@dataclass(frozen=True, slots=True)
class _Held:
    """A privilege that is there; `through` names the parent it is inherited from."""

    principal: str
    privilege: str
    through: str | None


def plan_grants(engine: Engine, settings: Settings) -> GrantPlan:
    """The declared grants with their exact statements and whether they are there; one read.

    Raises PermissionDeniedError when the grants of the schema may not be read.
    """
    schema = quote(settings.catalog, settings.data_quality_schema)
    name = f"{settings.catalog}.{settings.data_quality_schema}"
    wanted = _declared(settings)
    if not engine.facts.has(Capability.GRANTS):
        grants = [_grant(schema, *pair, GrantState.SKIPPED) for pair in wanted]
        return GrantPlan(name, engine.facts.name, is_supported=False, grants=tuple(grants))
    held = tuple(_held(engine, schema))
    return GrantPlan(
        name,
        engine.facts.name,
        is_supported=True,
        grants=tuple(_compared(schema, *pair, held) for pair in wanted),
        extra=tuple(_extra(held, wanted)),
    )


def apply_grants(engine: Engine, settings: Settings) -> GrantReport:
    """Carry out the grants that are missing, and no other; repeating it grants nothing.

    Raises PermissionDeniedError; what was granted before it stays, and a repetition goes on there.
    """
    plan = plan_grants(engine, settings)
    for grant in plan.missing:
        engine.execute(Statement(grant.statement))
    if not plan.missing:
        return GrantReport((), plan)
    done = tuple(grant.statement for grant in plan.missing)
    return GrantReport(done, plan_grants(engine, settings))


def _declared(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Principal and privilege, each pair once, the readers first."""
    readers = [name.strip() for name in settings.data_quality_readers.split(",") if name.strip()]
    writer = settings.data_quality_writer.strip()
    pairs = [(reader, privilege) for reader in readers for privilege in READER]
    pairs += [(writer, privilege) for privilege in WRITER if writer]
    return tuple(dict.fromkeys(pairs))


def _grant(
    schema: str, principal: str, privilege: str, state: GrantState, through: str | None = None
) -> Grant:
    statement = f"GRANT {privilege} ON SCHEMA {schema} TO {quote(principal)}"
    return Grant(principal, privilege, statement, state, through)


def _compared(schema: str, principal: str, privilege: str, held: Iterable[_Held]) -> Grant:
    giving = [
        one for one in held if one.principal == principal and one.privilege in (privilege, _ALL)
    ]
    if not giving:
        return _grant(schema, principal, privilege, GrantState.MISSING)
    own = any(one.through is None for one in giving)
    return _grant(
        schema, principal, privilege, GrantState.GRANTED, None if own else giving[0].through
    )


def _extra(held: Iterable[_Held], wanted: Iterable[tuple[str, str]]) -> Iterator[ExtraGrant]:
    """What stands on the schema itself without being declared; inherited ones stand elsewhere."""
    declared = set(wanted)
    for one in held:
        if one.through is None and (one.principal, one.privilege) not in declared:
            yield ExtraGrant(one.principal, one.privilege)


def _held(engine: Engine, schema: str) -> Iterator[_Held]:
    answer = engine.query(Statement(f"SHOW GRANTS ON SCHEMA {schema}"))
    for row in answer.to_pylist():
        yield _read({name.lower().replace("_", ""): value for name, value in row.items()})


def _read(row: Mapping[str, Any]) -> _Held:
    privilege = str(row["actiontype"]).upper()
    kind = str(row["objecttype"]).upper()
    through = None if kind in ("SCHEMA", "DATABASE") else f"{kind.lower()} {row['objectkey']}"
    return _Held(str(row["principal"]), _SAME.get(privilege, privilege), through)
