"""The catalog of sensors: every entry found in the modules of this room."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dq_databricks.errors import UnknownNameError
from dq_databricks.model.discovery import discover
from dq_databricks.model.words import did_you_mean
from dq_databricks.sensors.entry import Sensor


@cache
def sensors() -> Mapping[str, Sensor]:
    """Every sensor by its name."""
    return discover("dq_databricks.sensors", Sensor)


def find_sensor(name: str) -> Sensor:
    """The sensor of this name. Raises UnknownNameError with near names."""
    try:
        return sensors()[name]
    except KeyError as error:
        raise UnknownNameError(f"no sensor is named {name!r}{did_you_mean(name, sensors())}") from (
            error
        )
