"""Settings, where every migration stands, and restore points: three pages of one section."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from dq_databricks.errors import VersionConflictError
from dq_databricks.quality import Option
from dq_databricks.quality.points import PointStatus
from dq_databricks.quality.schema import StatusReport
from dq_databricks.service.asking import Operating
from dq_databricks.service.pages.forms import PageOperating, PageReading, done, page_router
from dq_databricks.service.pages.inputs import FormSent
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
_SETTINGS = Crumb("Settings", "/settings")
_ROWS = 50
# What of the schema itself may be changed while it is in use; a new name renames it.
_CHOICES = {
    "data_quality_storage_format": ("delta", "hudi"),
    "data_quality_auto_manage_tables": ("true", "false"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `choices` where only a few values are possible, `is_stored` where it is kept."""

    option: Option
    choices: tuple[str, ...]
    is_stored: bool


@dataclass(frozen=True, slots=True)
class SettingsContext:
    """All settings: those of the metadata schema, and those of this process."""

    of_schema: tuple[Setting, ...]
    of_process: tuple[Setting, ...]
    version: int | None


@router.get("/settings")
def list_settings(asked: PageReading) -> Response:
    """Every setting with its value and where that comes from."""
    settings = [_setting(option) for option in asked.quality.options.list()]
    context = SettingsContext(
        of_schema=tuple(one for one in settings if one.is_stored),
        of_process=tuple(one for one in settings if not one.is_stored),
        version=asked.quality.schema_version(),
    )
    place = Place("Settings", "settings", api="/api/v1/settings")
    return page(asked, "settings.html", place, context)


@dataclass(frozen=True, slots=True)
class SettingConflictContext:
    """A setting that somebody else changed meanwhile."""

    option: Option
    wanted: str
    message: str


@router.post("/settings/{name}")
def save_setting(asked: PageOperating, name: str, sent: FormSent) -> Response:
    """Store one setting of the metadata schema, if it is still at the version that was seen."""
    value = sent.one("value")
    try:
        option = asked.quality.options.save(name, value, expected_version=sent.number("version"))
    except VersionConflictError as error:
        context = SettingConflictContext(asked.quality.options.show(name), value, str(error))
        place = Place("Changed meanwhile", "settings", (_SETTINGS,))
        return page(asked, "setting_conflict.html", place, context, status=412)
    return done(asked.request, "/settings", f"{option.name} is {option.value} from now on")


def _setting(option: Option) -> Setting:
    is_stored = option.name.startswith("data_quality_") and option.name not in _OF_PROCESS
    return Setting(option, _CHOICES.get(option.name, ()), is_stored)


_OF_PROCESS = frozenset({"data_quality_readers", "data_quality_writer"})


@dataclass(frozen=True, slots=True)
class MigrationsContext:
    """Where every migration stands; `pending` counts those that are still to come."""

    report: StatusReport
    pending: int


@router.get("/settings/migrations")
def show_migrations(asked: PageReading) -> Response:
    """The migrations of the metadata schema, its lock, and what is being done to it."""
    report = asked.quality.schema.status()
    pending = sum(one.state == "pending" for one in report.migrations)
    place = Place("Migrations", "settings", (_SETTINGS,), api="/api/v1/migrations")
    return page(asked, "migrations.html", place, MigrationsContext(report, pending))


@dataclass(frozen=True, slots=True)
class PointsContext:
    """Restore points, newest first."""

    points: tuple[PointStatus, ...]
    next_cursor: str | None


@router.get("/settings/restore-points")
def list_points(asked: Operating, cursor: str | None = None) -> Response:
    """The restore points of the metadata schema."""
    found = asked.quality.points.points(limit=_ROWS, cursor=cursor)
    place = Place("Restore points", "settings", (_SETTINGS,))
    return page(asked, "points.html", place, PointsContext(found.items, found.next_cursor))
