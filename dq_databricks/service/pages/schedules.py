"""Schedules: when what is run, the next times, and the last job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import Response

from dq_databricks.errors import QualityError, VersionConflictError
from dq_databricks.model.vocabulary import CatchUp, JobKind, Overlap
from dq_databricks.model.work import Job, Schedule
from dq_databricks.service.asking import Asked
from dq_databricks.service.pages.forms import (
    PageReading,
    PageRunning,
    PageWriting,
    done,
    page_router,
)
from dq_databricks.service.pages.inputs import FormSent, Sent
from dq_databricks.service.pages.render import Crumb, Place, page
from dq_databricks.service.pages.runs import targets_of

router = page_router()
ROWS, TIMES = 50, 5
_SCHEDULES = Crumb("Schedules", "/schedules")
CATCH_UPS = (
    (CatchUp.ONCE, "run once for all that were missed"),
    (CatchUp.SKIP, "leave out what was missed"),
    (CatchUp.ALL, "run each slot that was missed"),
)
OVERLAPS = (
    (Overlap.SKIP, "leave the slot out"),
    (Overlap.QUEUE, "wait for its end"),
    (Overlap.ALLOW, "run beside it"),
)
KINDS = ((JobKind.TEST, "run tests"), (JobKind.PROFILE, "profile"))
EXAMPLES = (
    ("0 6 * * *", "every day at 06:00"),
    ("*/15 * * * *", "every quarter of an hour"),
    ("30 7 * * 1-5", "on weekdays at 07:30"),
    ("0 0 1 * *", "on the first of every month"),
)
_NUMBERS = ("jitter_s", "timeout_s", "max_attempts")
_TEXTS = ("name", "cron", "kind", "timezone", "catch_up", "overlap")


@dataclass(frozen=True, slots=True)
class SchedulesContext:
    """Schedules by name, with the words for what each is for and its last job."""

    schedules: tuple[Schedule, ...]
    targets: Mapping[str, str]
    jobs: Mapping[str, Job]
    next_cursor: str | None


@router.get("/schedules")
def list_schedules(asked: PageReading, cursor: str | None = None) -> Response:
    """Schedules of the workspace."""
    found = asked.quality.schedules.list(limit=ROWS, cursor=cursor)
    beside = asked.quality.listings.beside_schedules(found.items)
    context = SchedulesContext(found.items, beside.targets, beside.jobs, found.next_cursor)
    place = Place("Schedules", "schedules", api="/api/v1/schedules")
    return page(asked, "schedules.html", place, context)


# --- add and edit --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FormContext:
    """The form of a schedule. `stored` None: a new one. `times`: when it would fire next."""

    stored: Schedule | None
    values: Mapping[str, str]
    targets: Mapping[str, tuple[tuple[str, str], ...]]
    times: tuple[datetime, ...] = ()
    problem: str = ""
    kinds: tuple[tuple[JobKind, str], ...] = KINDS
    catch_ups: tuple[tuple[CatchUp, str], ...] = CATCH_UPS
    overlaps: tuple[tuple[Overlap, str], ...] = OVERLAPS
    examples: tuple[tuple[str, str], ...] = EXAMPLES


_NEW = {
    "name": "", "cron": "0 6 * * *", "kind": "test", "target": "", "catch_up": "once",
    "overlap": "skip", "jitter_s": "0", "timeout_s": "3600", "max_attempts": "1",
}  # fmt: skip


@router.get("/schedules/new")
def ask_for_schedule(asked: PageReading, target: str = "", kind: str = "test") -> Response:
    """The form of a new schedule."""
    values = {**_NEW, "timezone": asked.principal.timezone, "target": target, "kind": kind}
    return _form_page(asked, FormContext(None, values, targets_of(asked.quality)))


@router.post("/schedules")
def add_schedule(asked: PageWriting, sent: FormSent) -> Response:
    """Store a new schedule, or show when it would fire."""
    context = FormContext(None, _values(sent), {})
    if sent.one("then") == "preview":
        return _preview(asked, context)
    try:
        fields = _fields(sent)
        added = asked.quality.schedules.add(**fields)
    except QualityError as error:
        return _form_again(asked, context, error)
    return done(asked.request, f"/schedules/{added.schedule_id}", f"{added.name} was added")


@router.get("/schedules/{schedule_id}/edit")
def ask_for_edit(asked: PageReading, schedule_id: str) -> Response:
    """The form of a stored schedule."""
    stored = asked.quality.schedules.show(schedule_id)
    context = FormContext(stored, _of_schedule(stored), targets_of(asked.quality))
    return _form_page(asked, context)


@router.post("/schedules/{schedule_id}/edit")
def edit_schedule(asked: PageWriting, schedule_id: str, sent: FormSent) -> Response:
    """Store the edit if the schedule is still at the version that was edited."""
    version = sent.number("version")
    stored = asked.quality.schedules.show(schedule_id)
    context = FormContext(stored.model_copy(update={"version": version}), _values(sent), {})
    if sent.one("then") == "preview":
        return _preview(asked, context)
    try:
        asked.quality.schedules.edit(schedule_id, expected_version=version, **_fields(sent))
    except VersionConflictError:
        return _conflict(asked, asked.quality.schedules.show(schedule_id), sent)
    except QualityError as error:
        return _form_again(asked, context, error)
    return done(asked.request, f"/schedules/{schedule_id}", "Saved; its next slot follows")


def _fields(sent: Sent) -> dict[str, Any]:
    target_type, _, target_ref = sent.one("target").partition(":")
    fields: dict[str, Any] = {name: sent.one(name) for name in _TEXTS}
    fields |= {"target_type": target_type, "target_ref": target_ref}
    return fields | {name: sent.number(name, -1) for name in _NUMBERS}


def _values(sent: Sent) -> dict[str, str]:
    return {name: sent.one(name) for name in (*_TEXTS, *_NUMBERS, "target")}


def _of_schedule(stored: Schedule) -> dict[str, str]:
    values = {name: str(getattr(stored, name)) for name in (*_TEXTS, *_NUMBERS)}
    return values | {"target": f"{stored.target_type.value}:{stored.target_ref}"}


def _preview(asked: Asked, context: FormContext) -> Response:
    values = context.values
    try:
        times = asked.quality.schedules.preview_of(values["cron"], values["timezone"], TIMES)
    except QualityError as error:
        return _form_again(asked, context, error)
    return _form_page(asked, replace(context, times=times, targets=targets_of(asked.quality)))


def _form_again(asked: Asked, context: FormContext, error: QualityError) -> Response:
    if not error.wrong_use:
        raise error
    again = replace(context, problem=str(error), targets=targets_of(asked.quality))
    return _form_page(asked, again, status=422)


def _form_page(asked: Asked, context: FormContext, *, status: int = 200) -> Response:
    title = f"Edit {context.stored.name}" if context.stored else "Add a schedule"
    place = Place(title, "schedules", (_SCHEDULES,))
    return page(asked, "schedule_form.html", place, context, status=status)


@dataclass(frozen=True, slots=True)
class ScheduleConflictContext:
    """Somebody else changed the schedule meanwhile: both states (label, sent, stored)."""

    stored: Schedule
    differences: tuple[tuple[str, str, str], ...]
    values: Mapping[str, str]


def _conflict(asked: Asked, stored: Schedule, sent: Sent) -> Response:
    mine, theirs = _values(sent), _of_schedule(stored)
    pairs = tuple((name.replace("_", " "), mine[name], theirs[name]) for name in mine)
    context = ScheduleConflictContext(stored, pairs, mine)
    place = Place("Changed meanwhile", "schedules", (_SCHEDULES,))
    return page(asked, "schedule_conflict.html", place, context, status=412)


# --- one schedule --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScheduleContext:
    """One schedule: what it is for, when it fires next, its last jobs."""

    schedule: Schedule
    target: str
    times: tuple[datetime, ...]
    jobs: tuple[Job, ...]
    problem: str = ""


@router.get("/schedules/{schedule_id}")
def show_schedule(asked: PageReading, schedule_id: str) -> Response:
    """One schedule with its next times and last jobs."""
    schedule = asked.quality.schedules.show(schedule_id)
    times, problem = _times(asked, schedule)
    context = ScheduleContext(
        schedule=schedule,
        target=asked.quality.listings.beside_schedules([schedule]).targets[schedule.schedule_id],
        times=times,
        jobs=asked.quality.listings.jobs_of_schedule(schedule.schedule_id),
        problem=problem,
    )
    api = f"/api/v1/schedules/{schedule.schedule_id}"
    return page(
        asked, "schedule.html", Place(schedule.name, "schedules", (_SCHEDULES,), api), context
    )


def _times(asked: Asked, schedule: Schedule) -> tuple[tuple[datetime, ...], str]:
    """The next times; or why there are none, such as a zone that no longer exists."""
    try:
        times = asked.quality.schedules.preview_of(schedule.cron, schedule.timezone, TIMES)
    except QualityError as error:
        return (), str(error)
    return times, ""


@router.post("/schedules/{schedule_id}/enabled")
def switch_schedule(asked: PageWriting, schedule_id: str, sent: FormSent) -> Response:
    """Let a schedule fire, or not."""
    is_on, schedules = sent.one("enabled") == "yes", asked.quality.schedules
    switch = schedules.enable if is_on else schedules.disable
    found = switch(schedule_id, expected_version=sent.number("version"))
    text = f"{found.name} fires from its next slot on" if is_on else f"{found.name} is switched off"
    return done(asked.request, sent.one("next", "/schedules"), text)


@router.post("/schedules/{schedule_id}/run")
def run_now(asked: PageRunning, schedule_id: str) -> Response:
    """Queue what a schedule does, beside its slots."""
    job = asked.quality.schedules.run(schedule_id)
    return done(asked.request, f"/runs/{job.run_id}", f"{job.title}: queued")


@router.post("/schedules/{schedule_id}/remove")
def remove_schedule(asked: PageWriting, schedule_id: str, sent: FormSent) -> Response:
    """Remove a schedule; its jobs stay."""
    found = asked.quality.schedules.remove(schedule_id, expected_version=sent.number("version"))
    return done(asked.request, "/schedules", f"{found.name} was removed; its jobs stay")
