"""What holds for all tests: who runs together and in which order, the Spark lane, and the CLI."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from hypothesis import settings

from tests.support.databricks_cli import reason_not_to_run

_NOT_RUN = pytest.StashKey[str]()
settings.register_profile("house", deadline=None, derandomize=True)  # counts, never durations
settings.load_profile("house")


SHORT = "unit"  # the folder of tests that take milliseconds


@pytest.hookimpl(tryfirst=True)  # before xdist asks each test for its group
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group what shares something dear, and leave out what a module's SPARK_SAMPLE does not name.

    Short tests come last: xdist hands out groups first and single tests in this order, so all
    processes have work until the end.
    """
    left_out = [] if os.environ.get("DQ_SPARK") == "all" else [i for i in items if _left_out(i)]
    left_out += _without_cli(config, [item for item in items if item not in left_out])
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: SHORT in item.path.parts)


def _group(item: pytest.Item) -> str | None:
    """One process has the Spark session; one has what the tests of a module share.

    A session costs seconds and most of a gigabyte, a stocked service seconds in each process.
    """
    if item.get_closest_marker("spark"):
        return "spark"
    if item.get_closest_marker("xdist_group"):
        return None
    shared = any(made[-1].scope == "module" for made in _fixtures(item))
    return item.path.stem if shared else None


def _fixtures(item: pytest.Item) -> list[Sequence[pytest.FixtureDef[object]]]:
    """For each fixture of a test those that define it; the last one is taken."""
    if not isinstance(item, pytest.Function):
        return []
    return list(item._fixtureinfo.name2fixturedefs.values())


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
    """Store and profiles are the same code on every engine, and a statement costs Spark up to
    seconds: above the engines a sample runs there. DQ_SPARK=all runs everything.
    """
    module = item.getparent(pytest.Module)
    sample = getattr(module.obj, "SPARK_SAMPLE", None) if module else None
    if sample is None or not item.get_closest_marker("spark"):
        return False
    return getattr(item, "originalname", item.name) not in sample
