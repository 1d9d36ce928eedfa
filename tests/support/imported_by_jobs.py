"""Runs in a process of its own: what the scripts of `jobs/` import where Databricks runs them."""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path


class _Session:
    """A session that only has what serverless compute has; anything else is an AttributeError."""

    conf = property(lambda self: self)

    def set(self, name: str, value: str) -> None:
        """A setting."""


def main() -> None:
    os.environ["DATABRICKS_RUNTIME_VERSION"] = "client.4.9"
    for script in sorted((Path(__file__).parents[2] / "jobs").glob("*.py")):
        runpy.run_path(str(script))
    _open_engine()

    print(json.dumps(sorted(sys.modules)))


def _open_engine() -> None:
    """Open the engine of a task over a stand-in, so that what opening imports is seen too."""
    from pyspark.sql import SparkSession

    from dq_databricks.engine.open import open_engine
    from dq_databricks.settings import Settings

    session = type("SparkSession", (_Session,), {"__module__": "pyspark.sql.connect.session"})()
    SparkSession.getActiveSession = staticmethod(lambda: session)
    open_engine(Settings.load({}, engine="spark"))


if __name__ == "__main__":
    main()
