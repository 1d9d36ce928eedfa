"""Every router of the API, in the order of the documentation."""

from __future__ import annotations

from fastapi import APIRouter

from dq_databricks.service.api import alerts

ROUTERS: tuple[APIRouter, ...] = (alerts.router,)
