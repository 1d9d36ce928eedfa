from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_databricks import Quality
from tests.support.jobs import lake
from tests.support.tasks import Tasks


@pytest.fixture
def quality(tmp_path: Path) -> Iterator[Quality]:
    with lake(tmp_path, lease_s=3) as opened:
        yield opened


@pytest.fixture
def tasks(quality: Quality, tmp_path: Path) -> Tasks:
    return Tasks(quality, tmp_path)
