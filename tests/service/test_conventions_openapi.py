"""The OpenAPI document says what holds: ids, security, problems, examples that fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from dq_databricks.service.examples import example_of
from tests.support.served import app_over

PUBLIC = {"/health", "/ready", "/metrics"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = app_over(tmp_path_factory.mktemp("lake")).openapi()
    return found


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method in METHODS & set(operations):
            yield method, path, operations[method]


def test_it_is_3_1_and_every_operation_has_an_id_of_its_own(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    ids = Counter(operation["operationId"] for _, _, operation in _operations(document))
    assert [name for name, count in ids.items() if count > 1] == []


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    silent = [(m, p) for m, p, operation in _operations(document) if not operation["description"]]
    assert silent == []


def test_every_operation_but_three_needs_a_key(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["ApiKey"]
    assert scheme == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    without = {path for _, path, operation in _operations(document) if not operation["security"]}
    assert without == PUBLIC


def test_every_operation_declares_its_problems(document: dict[str, Any]) -> None:
    for method, path, operation in _operations(document):
        if path in PUBLIC:
            continue
        told = set(operation["responses"])
        assert {"400", "401", "403", "422", "429", "500", "503"} <= told, (method, path)
        assert ("404" in told) or "{" not in path
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("Idempotency-Key" in names) == (method == "post"), (method, path)
        assert ("428" in told) == ("if-match" in names), (method, path)


def test_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    count = 0
    for _, _, operation in _operations(document):
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            for content in body.get("content", {}).values():
                if "example" in content:
                    schema = {**content["schema"], "components": document["components"]}
                    jsonschema.validate(content["example"], schema)
                    count += 1
    assert count > 5


def test_an_example_ends_however_a_schema_refers_to_itself() -> None:
    tree = {"properties": {"next": {"type": "array", "items": {"$ref": "#/x/Tree"}}}}
    assert "next" in example_of({"$ref": "#/x/Tree"}, {"Tree": tree})
