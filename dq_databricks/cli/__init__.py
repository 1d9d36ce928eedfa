"""The `dq` command: arguments in, one call to the public face, words or one JSON document out."""

from dq_databricks.cli.app import main

__all__ = ["main"]
