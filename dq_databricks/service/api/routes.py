"""Every router of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import APIRouter

from dq_databricks.service.api import (
    alerts,
    anomalies,
    audit,
    checks,
    connections,
    exchange,
    exports,
    groups,
    incidents,
    jobs,
    keys,
    migrations,
    organizations,
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
    users,
    workspaces,
)

ROUTERS: tuple[APIRouter, ...] = (
    organizations.router,
    workspaces.router,
    users.router,
    keys.router,
    projects.router,
    connections.router,
    groups.router,
    tables.router,
    suites.router,
    exchange.router,  # before `tests`, for which `export` would be an id
    tests.router,
    checks.router,
    profiles.router,
    anomalies.router,
    proposals.router,
    runs.router,
    exports.router,
    results.router,
    trends.router,
    jobs.router,
    schedules.router,
    incidents.router,
    alerts.router,
    settings.router,
    migrations.router,
    audit.router,
)
