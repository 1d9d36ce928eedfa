"""Data quality for Databricks: profile, propose, test and alert, with all state in Delta tables."""

from dq_databricks.quality import Quality, open_quality

__all__ = ["Quality", "open_quality"]
