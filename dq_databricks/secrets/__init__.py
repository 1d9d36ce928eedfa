"""Resolves references to secrets: Databricks secret scopes, environment, files, an encrypted vault.

Takes a `SecretReference`, gives a `Secret` that never prints. Nothing is asked before it is
needed; values are kept in memory for a minute and written nowhere but into the vault.
"""

from dq_databricks.secrets.open import open_secrets, open_vault
from dq_databricks.secrets.resolver import Secrets
from dq_databricks.secrets.secret import Secret
from dq_databricks.secrets.vault import Vault

__all__ = ["Secret", "Secrets", "Vault", "open_secrets", "open_vault"]
