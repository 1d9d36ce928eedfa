"""Data quality for Databricks: profile, propose, test and alert, with all state in Delta tables."""
