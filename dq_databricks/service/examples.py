"""Examples for the OpenAPI document, made from its schemas, so that they always fit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 6
_TEXTS = {
    "date-time": "2026-03-01T06:30:00Z",
    "date": "2026-03-01",
    "duration": "PT1M",
    "uuid": "018f2e3c-5b7a-7c1d-9e0f-2a4b6c8d0e1f",
    "email": "ada@example.com",
    "uri": "https://example.com",
    "binary": "",
}
_NAMES = {"_id": _TEXTS["uuid"], "cursor": None, "email": _TEXTS["email"], "timezone": "UTC"}
_PLAIN: Mapping[str, Any] = {"integer": 1, "number": 0.98, "boolean": True, "null": None}


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:
    """An example that fits `schema`; `schemas` are those it may refer to by name."""
    return _made(schema, schemas, name, 0)


def _made(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str, depth: int) -> Any:
    if "$ref" in schema:
        found = schemas[str(schema["$ref"]).rsplit("/", 1)[-1]]
        return _made(found, schemas, name, depth + 1)
    for key in ("const", "example", "default"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _made(schema[key][0], schemas, name, depth)
    return _typed(schema, schemas, name, depth)


def _typed(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str, depth: int) -> Any:
    kind = schema.get("type", "object")
    if kind == "array":
        few = schema.get("minItems", 0)
        if depth > _DEEPEST and not few:
            return []
        return [_made(schema.get("items", {}), schemas, name, depth + 1)] * max(1, few)
    if kind == "object":
        fields = schema.get("properties", {})
        needed = set(schema.get("required", ()))
        told = [one for one in fields if depth <= _DEEPEST or one in needed]
        return {one: _made(fields[one], schemas, one, depth + 1) for one in told}
    if kind == "string":
        return _text(schema, name)
    return _number(schema) if kind in ("integer", "number") else _PLAIN.get(str(kind))


def _number(schema: Mapping[str, Any]) -> Any:
    low, high = schema.get("minimum"), schema.get("maximum")
    value = _PLAIN[schema["type"]]
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value


def _text(schema: Mapping[str, Any], name: str) -> str:
    known = _TEXTS.get(str(schema.get("format")))
    named = next((text for end, text in _NAMES.items() if name.endswith(end) and text), None)
    text = known or named or name.replace("_", " ") or "text"
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]
