"""Every router of the pages, in the order of the navigation."""

from __future__ import annotations

from fastapi import APIRouter

from dq_databricks.service.pages import (
    alerts,
    assets,
    audit,
    checks,
    comparison,
    connections,
    groups,
    incidents,
    keys,
    overview,
    profiles,
    projects,
    proposals,
    runs,
    schedules,
    settings,
    sign_in,
    suites,
    tables,
    test,
    test_forms,
    tests,
)

ROUTERS: tuple[APIRouter, ...] = (
    assets.router,
    sign_in.router,
    overview.router,
    tables.router,
    comparison.router,
    profiles.router,
    proposals.router,
    groups.router,
    connections.router,
    projects.router,
    incidents.router,
    alerts.router,
    tests.router,
    test_forms.router,  # before `test`, for which `new` would be an id
    test.router,
    suites.router,
    runs.router,
    schedules.router,
    checks.router,
    settings.router,
    audit.router,
    keys.router,
)
