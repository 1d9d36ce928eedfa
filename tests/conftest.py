"""What holds for all tests: the Spark lane is one process and, above the engines, a sample."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)  # counts, never durations
settings.load_profile("house")


@pytest.hookimpl(tryfirst=True)  # before xdist asks each test for its group
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group the Spark lane, and leave out of it what a module's SPARK_SAMPLE does not name.

    A session costs seconds and most of a gigabyte, so one process has it. Store and profiles are
    the same code on every engine and a statement costs Spark up to seconds, so there a sample
    runs; DQ_SPARK=all runs everything.
    """
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.xdist_group("spark"))
    left_out = [] if os.environ.get("DQ_SPARK") == "all" else [i for i in items if _left_out(i)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _left_out(item: pytest.Item) -> bool:
    module = item.getparent(pytest.Module)
    sample = getattr(module.obj, "SPARK_SAMPLE", None) if module else None
    if sample is None or not item.get_closest_marker("spark"):
        return False
    return getattr(item, "originalname", item.name) not in sample
