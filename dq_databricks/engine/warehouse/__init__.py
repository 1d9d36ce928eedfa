"""The engine over a Databricks SQL warehouse.

Databricks SQL in, Arrow out, over databricks-sql-connector. Never sends a write twice when the
first one may have been carried out, and never shows a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dq_databricks.errors import MissingExtraError, SettingsError
from dq_databricks.model.redacting import Redaction
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets import open_secrets
from dq_databricks.settings import Settings

if TYPE_CHECKING:
    from dq_databricks.engine.warehouse.credentials import Credentials
    from dq_databricks.engine.warehouse.engine import WarehouseEngine


def open_warehouse(settings: Settings, redaction: Redaction | None = None) -> WarehouseEngine:
    """An engine over the warehouse of `settings`; contacts nothing yet.

    It signs in as databricks-sdk finds, or with the token that DQ_TOKEN_REF names, which
    `redaction` learns. Raises ParameterError where that is no reference, SettingsError when the
    address is incomplete, MissingExtraError without the driver.
    """
    _check_address(settings)
    try:
        from dq_databricks.engine.warehouse.connect import Warehouse
        from dq_databricks.engine.warehouse.engine import WarehouseEngine
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"the warehouse engine needs {error.name}, which is not installed: "
            "pip install 'dq-databricks[warehouse]'"
        ) from error
    warehouse = Warehouse(
        host=settings.host,
        http_path=settings.warehouse_path,
        credentials=_credentials(settings, redaction or Redaction()),
        catalog=settings.catalog,
        statement_timeout_s=settings.statement_timeout_s,
    )
    return WarehouseEngine(warehouse, connections=settings.connections)


def _credentials(settings: Settings, redaction: Redaction) -> Credentials:
    from dq_databricks.engine.warehouse.credentials import TokenCredentials, WorkspaceCredentials

    if not settings.token_ref:
        return WorkspaceCredentials(settings.host)
    reference = SecretReference.parse(settings.token_ref)
    return TokenCredentials(settings.host, reference, open_secrets(settings, redaction))


def _check_address(settings: Settings) -> None:
    asked = {"DATABRICKS_HOST": settings.host, "DATABRICKS_HTTP_PATH": settings.warehouse_path}
    if missing := [name for name, value in asked.items() if not value.strip()]:
        raise SettingsError(
            f"the warehouse engine needs {' and '.join(missing)}: set them to the host and the"
            " HTTP path on the warehouse's page 'Connection details', or give its id as"
            " DATABRICKS_WAREHOUSE_ID in place of the path"
        )
