"""The OpenAPI document: what FastAPI derives, and what holds for every route."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dq_databricks.service.examples import example_of
from dq_databricks.service.problems import INVALID, MEDIA_TYPE, ProblemType, problem_types
from dq_databricks.settings import Settings

SCHEME = "ApiKey"
_PUBLIC = frozenset({"/health", "/ready", "/metrics"})
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_ABOUT = """Data quality over metadata tables: profile, propose, test, alert.

Lists answer `{"items": […], "next_cursor": …}`. Changes name the version they mean in `If-Match`.
A `POST` with an `Idempotency-Key` is carried out once. Errors are `application/problem+json`;
each `type` is described under `/problems`. Every answer has an `X-Request-Id`.
"""
_PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `type` leads to a description of its kind.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not-found"]},
        "title": {"type": "string", "examples": ["Not found"]},
        "status": {"type": "integer", "examples": [404]},
        "detail": {"type": "string", "examples": ["dq_alerts has no row 'a1'"]},
        "instance": {"type": "string", "examples": ["/api/v1/alerts/a1"]},
        "request_id": {"type": "string"},
        "retry_after_s": {"type": "number", "description": "Seconds to wait before repeating."},
        "errors": {
            "type": "array",
            "description": "Each thing that does not fit.",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "detail"],
                "properties": {
                    "in": {"type": "string", "examples": ["body"]},
                    "pointer": {"type": "string", "examples": ["/name"]},
                    "detail": {"type": "string"},
                    "line": {"type": "integer", "description": "Of a document in YAML, from 1."},
                },
            },
        },
    },
}
_KEY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Carry this request out once: the same key and body within 24 hours answer "
    "what was answered first.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


class DescribedApp(FastAPI):
    """An application whose /openapi.json says what holds for every route; made when first asked."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self._settings = settings

    def openapi(self) -> dict[str, Any]:
        """The document, with problems, security and examples."""
        if self.openapi_schema is None:
            self.openapi_schema = _completed(_derived(self), self._settings)
        return self.openapi_schema


def _derived(app: FastAPI) -> dict[str, Any]:
    return get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=_ABOUT,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )


def _completed(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM_SCHEMA
    components["securitySchemes"] = {
        SCHEME: {"type": "apiKey", "in": "header", "name": settings.api_key_header}
    }
    components["responses"] = {
        f"Problem{status}": _response(kinds) for status, kinds in _by_status().items()
    }
    for path, operations in document.get("paths", {}).items():
        for method in _METHODS & set(operations):
            _complete(operations[method], method, path)
            _show(operations[method], schemas)
    return document


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    responses = operation["responses"]
    for status in _statuses(operation, method, path):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    if path in _PUBLIC:
        operation["security"] = []
        return
    operation["security"] = [{SCHEME: []}]
    if method == "post":
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)


def _show(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give bodies and answers of an operation an example."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        content = body.get("content", {}).get("application/json")
        if content and "schema" in content and not {"example", "examples"} & set(content):
            content["example"] = example_of(content["schema"], schemas)


def _statuses(operation: dict[str, Any], method: str, path: str) -> list[int]:
    """The problems an operation may answer with."""
    if path in _PUBLIC:
        return [500, 503] if path == "/ready" else []
    # filters name objects too: one that is not there is not found
    found = [400, 401, 403, 404, 422, 429, 500, 503]
    parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
    if method != "get":
        found += [409, 412, 413, 415, 501, 504, 507]
    if "if-match" in parameters:
        found.append(428)
    return found


def _by_status() -> dict[int, list[ProblemType]]:
    found: dict[int, list[ProblemType]] = {}
    for kind in problem_types():
        found.setdefault(kind.status, []).append(kind)
    return found


def _response(kinds: list[ProblemType]) -> dict[str, Any]:
    first = INVALID if INVALID in kinds else kinds[0]
    example = {
        "type": first.address,
        "title": first.title,
        "status": first.status,
        "detail": first.meaning,
        "instance": "/api/v1/alerts",
        "request_id": "018f2e3c-5b7a-7c1d-9e0f-2a4b6c8d0e1f",
    }
    return {
        "description": "; ".join(kind.title for kind in kinds),
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
