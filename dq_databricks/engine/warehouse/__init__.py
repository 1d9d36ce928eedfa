"""A Databricks SQL warehouse through databricks-sql-connector."""
