"""The words of a sensor's finding, with the parameters of a test filled in."""

from __future__ import annotations

from collections.abc import Mapping

from dq_databricks.model.words import figure, range_in_words
from dq_databricks.sensors.entry import Sensor

_MAX_CHARS = 60
_MAX_ITEMS = 5


def finding_in_words(sensor: Sensor, parameters: Mapping[str, object]) -> str:
    """``are none of NY, NJ, CT`` from ``are none of {values}``."""
    words = {name: _short(value) for name, value in parameters.items()}
    return sensor.finding.format_map({**words, "range": _range(sensor, parameters)})


def _range(sensor: Sensor, parameters: Mapping[str, object]) -> str:
    limits = {
        name[:4]: parameters.get(name)
        for name in (parameter.name for parameter in sensor.parameters)
        if name.startswith(("min_", "max_"))
    }
    return range_in_words(limits.get("min_"), limits.get("max_"))


def _short(value: object) -> str:
    if isinstance(value, list):
        more = f" and {len(value) - _MAX_ITEMS} more" if len(value) > _MAX_ITEMS else ""
        return ", ".join(_short(entry) for entry in value[:_MAX_ITEMS]) + more
    text = value if isinstance(value, str) else figure(value)
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"
