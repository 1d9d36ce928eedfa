"""Databases: reached at a host and port, as a user with a password."""

from __future__ import annotations

from dq_databricks.federation.entry import OptionKind, OptionPlace, SourceOption, SourceType


def login(port: int) -> tuple[SourceOption, ...]:
    """The options by which a server with a user and a password is reached."""
    return (
        SourceOption(name="host", kind=OptionKind.HOST, help="Name of the server."),
        SourceOption(
            name="port", kind=OptionKind.PORT, default=str(port), help="Port of the server."
        ),
        SourceOption(name="user", help="User that reads, or secret:SCOPE/KEY."),
        SourceOption(name="password", kind=OptionKind.SECRET, help="Its password."),
    )


DATABASE = SourceOption(
    name="database", place=OptionPlace.CATALOG, help="Database that the foreign catalog shows."
)

POSTGRESQL = SourceType(
    name="postgresql",
    title="PostgreSQL",
    keyword="POSTGRESQL",
    options=(*login(5432), DATABASE),
    credentials="password",
)

MYSQL = SourceType(
    name="mysql",
    title="MySQL",
    keyword="MYSQL",
    options=login(3306),
    credentials="password",
    notes=("Each MySQL database becomes a schema; the server must accept TLS.",),
)

SQLSERVER = SourceType(
    name="sqlserver",
    title="SQL Server",
    keyword="SQLSERVER",
    options=(
        *login(1433),
        SourceOption(
            name="trustServerCertificate",
            kind=OptionKind.FLAG,
            is_required=False,
            is_verified=False,
            help="Whether a certificate that nobody signed is accepted.",
        ),
        DATABASE,
    ),
    credentials="password",
)

ORACLE = SourceType(
    name="oracle",
    title="Oracle",
    keyword="ORACLE",
    options=(
        *login(1521),
        SourceOption(
            name="service_name",
            place=OptionPlace.CATALOG,
            is_verified=False,
            help="Service that the foreign catalog shows.",
        ),
    ),
    credentials="password",
)
