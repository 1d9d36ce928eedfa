"""Every router of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import APIRouter

from dq_databricks.service.api import (
    alerts,
    anomalies,
    checks,
    connections,
    groups,
    incidents,
    jobs,
    migrations,
    profiles,
    projects,
    proposals,
    results,
    runs,
    schedules,
    settings,
    suites,
    tables,
    tests,
    trends,
)

ROUTERS: tuple[APIRouter, ...] = (
    projects.router,
    connections.router,
    groups.router,
    tables.router,
    suites.router,
    tests.router,
    checks.router,
    profiles.router,
    anomalies.router,
    proposals.router,
    runs.router,
    results.router,
    trends.router,
    jobs.router,
    schedules.router,
    incidents.router,
    alerts.router,
    settings.router,
    migrations.router,
)
