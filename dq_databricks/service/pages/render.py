"""Templates: a frozen context in, one HTML answer out, with what every page has around it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as TemplateContext

from dq_databricks.model.vocabulary import Scope
from dq_databricks.service.asking import Asked, service_of
from dq_databricks.service.pages import words
from dq_databricks.service.pages.navigation import SECTIONS, Section
from dq_databricks.service.pages.session import (
    FLASH,
    VISIT,
    VISIT_S,
    Flash,
    form_token,
    keep,
    said,
    theme_of,
    visit_of,
)

# Styles, scripts and pictures come from this host alone, and nothing runs inline.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: its title, its entry in the navigation, the way to it, its JSON.

    `api` is the address of the same as JSON (below ``/api/v1``), empty where there is none.
    """

    title: str
    section: str = ""
    crumbs: tuple[Crumb, ...] = ()
    api: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page. `principal` is empty before somebody signs in."""

    place: Place
    path: str
    theme: str
    token: str
    now: datetime
    zone: str = "UTC"
    who: str = ""
    role: str = ""
    workspace: str = ""
    scopes: frozenset[Scope] = frozenset()
    flash: Flash | None = None
    sections: tuple[Section, ...] = SECTIONS

    def may(self, scope: str) -> bool:
        """Whether who is signed in has `scope`, so that a page shows only what can be done."""
        return Scope(scope) in self.scopes


def page(
    asked: Asked, template: str, place: Place, context: object, *, status: int = 200
) -> HTMLResponse:
    """`template` filled with `context` (as ``page``), for who asked."""
    principal = asked.principal
    shell = _shell(
        asked.request,
        place,
        zone=principal.timezone,
        who=principal.actor.name,
        role=principal.role.value,
        workspace=principal.workspace_id,
        scopes=principal.scopes,
    )
    return _answer(asked.request, template, shell, context, status)


def bare_page(
    request: Request, template: str, place: Place, context: object, *, status: int = 200
) -> HTMLResponse:
    """`template` for nobody in particular: signing in, and problems."""
    return _answer(request, template, _shell(request, place), context, status)


def _shell(request: Request, place: Place, **of_principal: Any) -> Shell:
    query = f"?{request.url.query}" if request.url.query else ""
    return Shell(
        place=place,
        path=request.url.path + query,
        theme=theme_of(request),
        token=form_token(request),
        now=service_of(request).context.now(),
        flash=said(request),
        **of_principal,
    )


def _answer(
    request: Request, template: str, shell: Shell, context: object, status: int
) -> HTMLResponse:
    text = templates().get_template(template).render(page=context, shell=shell, request=request)
    response = HTMLResponse(text, status, headers=_HEADERS)
    if request.cookies.get(VISIT) != visit_of(request):
        keep(request, response, VISIT, visit_of(request), VISIT_S)
    if request.cookies.get(FLASH):
        response.delete_cookie(FLASH, path="/", httponly=True, samesite="lax")
    return response


@cache
def templates() -> Environment:
    """The templates: everything is escaped, and a name that is missing is an error."""
    environment = Environment(
        loader=PackageLoader("dq_databricks.service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {
        "number": words.number,
        "compact": words.compact,
        "share": words.share,
        "duration": words.duration,
        "size": words.size,
        "exact": words.exact,
        "short_table": words.short_table,
        "schema_of": words.schema_of,
        "moment": _moment,
        "moment_in": words.moment,
        "ago": _ago,
    }
    environment.globals |= {"asset": asset, "query": query}
    return environment


@cache
def asset(name: str) -> str:
    """The address of a static file, with a mark of its content so that it can be kept for ever."""
    data = resources.files("dq_databricks.service").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(data).hexdigest()[:12]}"


def query(values: Mapping[str, Any], **changes: Any) -> str:
    """``?a=1&b=2`` of `values` with `changes`; what is None or empty is left out."""
    chosen = {**values, **changes}
    kept = {name: value for name, value in chosen.items() if value not in (None, "", False)}
    return f"?{urlencode(kept)}" if kept else "?"


@pass_context
def _moment(context: TemplateContext, value: datetime) -> str:
    return words.moment(value, context["shell"].zone)


@pass_context
def _ago(context: TemplateContext, value: datetime) -> str:
    return words.ago(value, context["shell"].now)
