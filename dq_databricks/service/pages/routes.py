"""Every router of the pages, in the order of the navigation."""

from __future__ import annotations

from fastapi import APIRouter

from dq_databricks.service.pages import assets, sign_in

ROUTERS: tuple[APIRouter, ...] = (
    assets.router,
    sign_in.router,
)
