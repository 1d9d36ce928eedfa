"""What holds for all tests: the Spark lane, its sample, and the CLI where there is one."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.support.databricks_cli import reason_not_to_run

_NOT_RUN = pytest.StashKey[str]()
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
    left_out += _without_cli(config, [item for item in items if item not in left_out])
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _without_cli(config: pytest.Config, items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests that drive the Databricks CLI, where there is none; the summary says so."""
    driving = [item for item in items if item.get_closest_marker("cli")]
    if not driving or (reason := reason_not_to_run()) is None:
        return []
    config.stash[_NOT_RUN] = reason
    return driving


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say loudly what was not run."""
    reason = config.stash.get(_NOT_RUN, None)
    if reason is None and _is_distributed(config):  # only the workers collect
        reason = reason_not_to_run()
    if reason is not None:
        terminalreporter.section("not run", yellow=True)
        terminalreporter.write_line(reason, yellow=True)


def _is_distributed(config: pytest.Config) -> bool:
    return getattr(config.option, "dist", "no") != "no"


def _left_out(item: pytest.Item) -> bool:
    module = item.getparent(pytest.Module)
    sample = getattr(module.obj, "SPARK_SAMPLE", None) if module else None
    if sample is None or not item.get_closest_marker("spark"):
        return False
    return getattr(item, "originalname", item.name) not in sample
