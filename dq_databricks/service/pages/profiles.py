"""Profile runs: the list, and what one run found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Query, Response

from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.vocabulary import Disposition, RunStatus, Severity
from dq_databricks.quality.overview import ProfileView
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
STATUSES = tuple(status.value for status in RunStatus)


@dataclass(frozen=True, slots=True)
class ProfilesContext:
    """Profile runs, newest first."""

    runs: tuple[ProfileRun, ...]
    statuses: tuple[str, ...]
    filters: Mapping[str, str]
    next_cursor: str | None
    cursor: str


@dataclass(frozen=True, slots=True)
class ProfileContext:
    """One profile run; `anomalies_of` counts anomalies by table id."""

    view: ProfileView
    anomalies_of: Mapping[str, int]
    severities: Mapping[str, int]


@router.get("/profiles")
def list_profiles(
    asked: PageReading,
    status: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Profile runs of any status, newest first."""
    found = asked.quality.listings.profile_runs(status=status or None, cursor=cursor or None)
    context = ProfilesContext(found.items, STATUSES, {"status": status}, found.next_cursor, cursor)
    place = Place("Profiles", "profiles", api="/api/v1/profiles")
    return page(asked, "profiles.html", place, context)


@router.get("/profiles/{profile_run_id}")
def show_profile(asked: PageReading, profile_run_id: str) -> Response:
    """What one profile run found."""
    view = asked.quality.overview.profile_run(profile_run_id)
    counts: dict[str, int] = {}
    for anomaly in view.anomalies:
        counts[anomaly.table_id] = counts.get(anomaly.table_id, 0) + 1
    severities = {
        severity.value: sum(one.severity is severity for one in view.anomalies)
        for severity in Severity
    }
    place = Place(
        f"Profile of {view.run.started_at:%d %b %Y}",
        "profiles",
        (Crumb("Profiles", "/profiles"),),
        f"/api/v1/profiles/{profile_run_id}",
    )
    return page(asked, "profile.html", place, ProfileContext(view, counts, severities))


@router.post("/anomalies/{anomaly_id}/disposition")
def dispose_anomaly(
    asked: PageWriting,
    anomaly_id: str,
    disposition: Annotated[str, Form(max_length=20)] = "",
    back: Annotated[str, Form(max_length=300)] = "/profiles",
) -> Response:
    """Say what an anomaly is worth; an empty word takes it back."""
    said = Disposition(disposition) if disposition in tuple(Disposition) else None
    asked.quality.profiles.dispose(anomaly_id, said)
    return done(asked.request, back, f"Anomaly {said.value}." if said else "Taken back.")
