"""A provisioned metadata schema, made once a process and copied: making one costs a second, and on
Spark a minute. Tests of provisioning itself do without.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from dq_databricks.lifecycle.provision import provision
from dq_databricks.model.ids import Context
from tests.support import local_engine
from tests.support.store import settings_for


def put_schema(folder: Path, schema: str = "s") -> None:
    """Put a clean install of `main`.`schema` into the lake below `folder`, for any engine."""
    made = _clean_install(schema) / "lake" / "main" / schema
    shutil.copytree(made, folder / "lake" / "main" / schema, dirs_exist_ok=True)


@cache
def _clean_install(schema: str) -> Path:
    home = tempfile.TemporaryDirectory(prefix="dq-clean-")
    atexit.register(home.cleanup)
    with local_engine.open_for_tests(Path(home.name)) as engine:
        provision(engine, settings_for(schema), Context())
    return Path(home.name)
