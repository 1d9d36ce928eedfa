"""Opens the engine that the settings name; a driver is imported only when its engine is asked for.

A new engine is one module and one line in the table below.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import MissingExtraError
from dq_databricks.model.redacting import Redaction
from dq_databricks.settings import EngineName, Settings


@dataclass(frozen=True, slots=True)
class _Loader:
    """Where an engine is opened, and the extra that brings its drivers (empty: always there)."""

    module: str
    function: str
    extra: str
    drivers: frozenset[str]
    signs_in: bool = False


_LOADERS: Mapping[EngineName, _Loader] = {
    "local": _Loader("dq_databricks.engine.open", "_open_local", "", frozenset()),
    "spark": _Loader(
        "dq_databricks.engine.spark", "open_spark", "spark", frozenset({"pyspark", "delta"})
    ),
    "warehouse": _Loader(
        "dq_databricks.engine.warehouse",
        "open_warehouse",
        "warehouse",
        frozenset({"databricks"}),
        signs_in=True,
    ),
}


def open_engine(settings: Settings, redaction: Redaction | None = None) -> Engine:
    """The engine of `settings`, not yet connected to anything; `redaction` learns its secrets.

    Raises MissingExtraError naming what to install when a driver is absent.
    """
    loader = _LOADERS[settings.engine]
    try:
        module = importlib.import_module(loader.module)
        opened: Callable[..., Engine] = getattr(module, loader.function)
        # Only a warehouse signs in; the others run as whoever runs this.
        return opened(settings, redaction) if loader.signs_in else opened(settings)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in loader.drivers:
            raise
        raise MissingExtraError(
            f"engine {settings.engine} needs {error.name}, which is not installed; "
            f"pip install 'dq-databricks[{loader.extra}]'"
        ) from error


def _open_local(settings: Settings) -> Engine:
    from dq_databricks.engine.local import LocalEngine

    return LocalEngine(
        settings.home,
        catalog=settings.catalog,
        threads=settings.threads,
        memory_limit=settings.memory_limit,
        durable=settings.durable,
    )
