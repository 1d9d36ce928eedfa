"""The public face: one object for migrating, profiling, proposing, testing and reading results.

Command line, jobs, notebooks and service call this room and nothing below it.
"""

from dq_databricks.checks.catalog import CheckTypeDescription
from dq_databricks.quality.face import Quality, open_quality
from dq_databricks.quality.options import Option
from dq_databricks.store.page import Page

__all__ = ["CheckTypeDescription", "Option", "Page", "Quality", "open_quality"]
