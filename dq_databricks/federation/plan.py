"""The SQL that makes a source readable: a connection, a foreign catalog, grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dq_databricks.errors import ParameterError
from dq_databricks.federation.catalog import find_source_type
from dq_databricks.federation.entry import OptionPlace, SourceOption, SourceType
from dq_databricks.federation.options import checked_options, parsed_options, reference_in
from dq_databricks.model.catalog import Connection
from dq_databricks.model.secret_reference import SecretKind, SecretReference
from dq_databricks.sql.identifiers import quote, text_literal

READER = ("USE CATALOG", "USE SCHEMA", "SELECT")


@dataclass(frozen=True, slots=True)
class FederationStep:
    """One statement: what it does, what whoever runs it needs, and its text."""

    does: str
    needs: tuple[str, ...]
    statement: str


@dataclass(frozen=True, slots=True)
class FederationPlan:
    """The statements in the order in which they are run.

    `unverified` are names of options in them that have not been tried on a workspace.
    """

    name: str
    connection_type: str
    uc_connection: str
    catalog: str
    steps: tuple[FederationStep, ...]
    readers_need: tuple[str, ...]
    unverified: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def script(self) -> str:
        """All statements as one script."""
        return "\n\n".join(f"-- {step.does}.\n{step.statement};" for step in self.steps)


def federation_plan(connection: Connection, *, grant_to: Sequence[str] = ()) -> FederationPlan:
    """The plan of a federated connection; `grant_to` are principals that may read its tables.

    Raises ParameterError for a connection that is read directly, or without credentials in a
    secret scope.
    """
    kind = find_source_type(connection.connection_type)
    if not kind.is_federated:
        raise ParameterError(
            f"connection {connection.name!r} is of type {kind.name}: its catalog is read directly, "
            "so nothing has to be made for it"
        )
    uc_connection = connection.uc_connection or connection.name
    catalog = connection.catalog or connection.name
    values = checked_options(kind, parsed_options(connection.federation_options))
    return FederationPlan(
        name=connection.name,
        connection_type=kind.name,
        uc_connection=uc_connection,
        catalog=catalog,
        steps=(
            _connection_step(kind, uc_connection, _filled(kind, connection, values)),
            _catalog_step(kind, catalog, uc_connection, values),
            *(_grant_step(catalog, principal) for principal in grant_to),
        ),
        readers_need=tuple(f"{privilege} on catalog {catalog}" for privilege in READER),
        unverified=tuple(o.name for o in kind.options if o.name in values and not o.is_verified),
        notes=kind.notes,
    )


def _filled(kind: SourceType, connection: Connection, values: dict[str, str]) -> dict[str, str]:
    """`values` with the credentials of the connection where the type wants them."""
    name = kind.credentials
    if name is None or name in values:
        return values
    if connection.managed_credentials_ref is None:
        raise ParameterError(
            f"connection {connection.name!r} names no credentials for {name}; say where they are: "
            f"dq connections edit {connection.name} --credentials secret:SCOPE/KEY --latest"
        )
    reference = SecretReference.parse(connection.managed_credentials_ref)
    if reference.kind is not SecretKind.SECRET_SCOPE:
        raise ParameterError(
            f"connection {connection.name!r} keeps its credentials in {reference.kind.value}: "
            f"…, which Databricks cannot read; put them into a secret scope and give "
            "--credentials secret:SCOPE/KEY"
        )
    return {**values, name: str(reference)}


def _connection_step(kind: SourceType, name: str, values: dict[str, str]) -> FederationStep:
    options = _options(kind.of(OptionPlace.CONNECTION), values)
    scopes = sorted({r.place for v in values.values() if (r := reference_in(v)) is not None})
    return FederationStep(
        f"Say how {kind.title} is reached",
        ("CREATE CONNECTION on the metastore", *(f"READ on secret scope {s}" for s in scopes)),
        f"CREATE CONNECTION IF NOT EXISTS {quote(name)} TYPE {kind.keyword}\n{options}",
    )


def _catalog_step(
    kind: SourceType, catalog: str, uc_connection: str, values: dict[str, str]
) -> FederationStep:
    options = _options(kind.of(OptionPlace.CATALOG), values)
    text = (
        f"CREATE FOREIGN CATALOG IF NOT EXISTS {quote(catalog)} "
        f"USING CONNECTION {quote(uc_connection)}"
    )
    return FederationStep(
        "Show its tables as a catalog",
        (
            "CREATE CATALOG on the metastore",
            f"owner of, or CREATE FOREIGN CATALOG on, connection {uc_connection}",
        ),
        f"{text}\n{options}" if options else text,
    )


def _grant_step(catalog: str, principal: str) -> FederationStep:
    privileges = ", ".join(READER)
    return FederationStep(
        "Let whoever profiles and tests read",
        (f"owner of, or MANAGE on, catalog {catalog}",),
        f"GRANT {privileges} ON CATALOG {quote(catalog)} TO {quote(principal)}",
    )


def _options(options: Sequence[SourceOption], values: dict[str, str]) -> str:
    """OPTIONS of those that have a value; nothing where none has."""
    given = [f"  {one.name} {_value(values[one.name])}" for one in options if one.name in values]
    return "OPTIONS (\n" + ",\n".join(given) + "\n)" if given else ""


def _value(value: str) -> str:
    reference = reference_in(value)
    if reference is None:
        return text_literal(value)
    return f"secret({text_literal(reference.place)}, {text_literal(reference.key or '')})"
