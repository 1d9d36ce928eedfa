from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine
from tests.support.engines import engine_parameters, open_engine_for_tests


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Every engine, each over an empty schema `main.s`."""
    with open_engine_for_tests(request.param, tmp_path) as opened:
        yield opened
