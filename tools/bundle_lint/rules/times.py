"""When things run: cron expressions, zones and intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.findings import Said, rule
from tools.bundle_lint.marked import Mapping, Spot, walk
from tools.bundle_lint.quartz import fault
from tools.bundle_lint.references import REFERENCE

_CRON = ("quartz_cron_expression", "quartz_cron_schedule")
_UNITS = ("MINUTES", "HOURS", "DAYS", "WEEKS")


@rule("cron")
def find_bad_cron(bundle: Bundle) -> Iterator[Said]:
    """A cron expression that Quartz does not take."""
    for spot, value in _given(bundle, *_CRON):
        message = fault(str(value))
        if message:
            yield spot, message


@rule("zone")
def find_bad_zones(bundle: Bundle) -> Iterator[Said]:
    """A time zone that nobody has."""
    for spot, value in _given(bundle, "timezone_id"):
        if value not in available_timezones():
            yield spot, f"there is no time zone {value!r}; write one such as Europe/Berlin or UTC"


@rule("interval")
def find_bad_intervals(bundle: Bundle) -> Iterator[Said]:
    """A periodic trigger that never, or always, fires."""
    for spot in bundle.spots("resources"):
        if spot.path[-1:] != ("periodic",) or not isinstance(spot.value, Mapping):
            continue
        interval, unit = spot.value.get("interval"), spot.value.get("unit")
        if not isinstance(interval, int) or interval < 1 or unit not in _UNITS:
            yield spot, f"every {interval} {unit}: give 1 or more of {', '.join(_UNITS)}"


def _given(bundle: Bundle, *keys: str) -> Iterator[tuple[Spot, Any]]:
    """The values of fields, with the default of the variable where one is named."""
    for _, view in bundle.views():
        for spot in walk(view.get("resources")):
            if spot.path[-1:] and spot.path[-1] in keys:
                yield spot, _value(view, spot.value)


def _value(view: Mapping, value: Any) -> Any:
    whole = REFERENCE.fullmatch(str(value))
    if whole and whole[1].startswith("var."):
        entry = view.get("variables", {}).get(whole[1].removeprefix("var."), {})
        return entry.get("default", value)
    return value
