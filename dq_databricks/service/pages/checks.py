"""The catalogue of check types, found by name, by the name elsewhere, or by dimension."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response

from dq_databricks.errors import NotFoundError, UnknownNameError
from dq_databricks.quality import CheckTypeDescription
from dq_databricks.service.pages.forms import PageReading, page_router
from dq_databricks.service.pages.render import Crumb, Place, page
from dq_databricks.service.pages.test_forms import by_dimension

router = page_router()


@dataclass(frozen=True, slots=True)
class ChecksContext:
    """Check types by dimension, those that the address asks for."""

    checks: Mapping[str, tuple[CheckTypeDescription, ...]]
    dimensions: tuple[str, ...]
    filters: Mapping[str, str]
    shown: int
    total: int


@router.get("/checks")
def list_checks(
    asked: PageReading,
    q: Annotated[str, Query(max_length=200)] = "",
    dimension: str = "",
    scope: str = "",
) -> Response:
    """Every check type; no read of the store."""
    known = asked.quality.checks()
    found = tuple(
        check
        for check in known
        if _has(check, q.strip().lower())
        and dimension in ("", check.dimension)
        and scope in ("", check.scope)
    )
    context = ChecksContext(
        checks=by_dimension(found),
        dimensions=tuple(sorted({check.dimension for check in known})),
        filters={"q": q, "dimension": dimension, "scope": scope},
        shown=len(found),
        total=len(known),
    )
    return page(asked, "checks.html", Place("Check types", "checks", api="/api/v1/checks"), context)


def _has(check: CheckTypeDescription, text: str) -> bool:
    words = (check.name, check.description, check.measures, *check.aliases)
    return any(text in word.lower() for word in words)


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One check type, and how it is written where there is no page."""

    check: CheckTypeDescription
    command: str
    request: str


@router.get("/checks/{name}")
def show_check(asked: PageReading, name: str) -> Response:
    """One check type with its parameters."""
    try:
        check = asked.quality.checks(name)[0]
    except UnknownNameError as error:
        raise NotFoundError(str(error)) from error
    context = CheckContext(check, _command(check), _request(check))
    place = Place(
        check.name, "checks", (Crumb("Check types", "/checks"),), f"/api/v1/checks/{check.name}"
    )
    return page(asked, "check.html", place, context)


def _command(check: CheckTypeDescription) -> str:
    """The command that adds a test of this type."""
    column = {"column": " --column COLUMN", "columns": " --column A --column B"}
    given = "".join(f" -p {one.name}=…" for one in check.parameters if one.required)
    return f"dq tests add catalog.schema.table {check.name}{column.get(check.scope, '')}{given}"


def _request(check: CheckTypeDescription) -> str:
    """The body of the request that does the same."""
    columns = {"column": ["COLUMN"], "columns": ["A", "B"]}.get(check.scope, [])
    parameters = {
        one.name: one.default if one.default is not None else f"<{one.type}>"
        for one in check.parameters
        if one.required or one.default is not None
    }
    body = {
        "table": "catalog.schema.table",
        "check_type": check.name,
        "columns": columns,
        "parameters": parameters,
    }
    return json.dumps(body, indent=2, ensure_ascii=False, default=str)
