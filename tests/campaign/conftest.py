"""One crew of worker processes and one DuckDB for all campaigns: both cost a second to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.campaigns.crew import Crew
from dq_databricks.engine.local.database import Database


@pytest.fixture(scope="session")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    """Workers that wait for their next job."""
    with Crew(tmp_path_factory.mktemp("crew"), size=5) as workers:
        yield workers


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """What the checker reads with."""
    found = Database(threads=1, memory_limit="")
    yield found
    found.close()
