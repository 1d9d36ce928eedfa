"""Every router of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import APIRouter

from dq_databricks.service.api import alerts, jobs, runs, schedules

ROUTERS: tuple[APIRouter, ...] = (
    runs.router,
    jobs.router,
    schedules.router,
    alerts.router,
)
