"""Warehouses of other platforms, and Databricks itself."""

from __future__ import annotations

from dq_databricks.federation.databases import DATABASE, login
from dq_databricks.federation.entry import OptionKind, OptionPlace, SourceOption, SourceType

DATABRICKS = SourceType(
    name="databricks", title="Databricks", supports_history=True, supports_statistics=True
)

REDSHIFT = SourceType(
    name="redshift",
    title="Amazon Redshift",
    keyword="REDSHIFT",
    options=(*login(5439), DATABASE),
    credentials="password",
)

_HOST, _PORT, _USER, _PASSWORD = login(443)

SNOWFLAKE = SourceType(
    name="snowflake",
    title="Snowflake",
    keyword="SNOWFLAKE",
    options=(
        _HOST,
        _PORT,
        SourceOption(name="sfWarehouse", help="Warehouse that carries out the queries."),
        _USER,
        _PASSWORD,
        DATABASE,
    ),
    credentials="password",
    notes=("Sign-in by OAuth or by key pair is not planned here.",),
)

BIGQUERY = SourceType(
    name="bigquery",
    title="Google BigQuery",
    keyword="BIGQUERY",
    options=(
        SourceOption(
            name="GoogleServiceAccountKeyJson",
            kind=OptionKind.SECRET,
            help="Key file of the service account.",
        ),
        SourceOption(
            name="dataProjectId",
            place=OptionPlace.CATALOG,
            is_required=False,
            is_verified=False,
            help="Project that the foreign catalog shows, if not that of the key.",
        ),
    ),
    credentials="GoogleServiceAccountKeyJson",
)
