"""Tests as documents: export them as JSON or YAML, import all of a document or nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, JsonValue

from dq_databricks.model.vocabulary import Severity
from dq_databricks.quality.documents import Format
from dq_databricks.service.api.inputs import Wanted
from dq_databricks.service.asking import Reading, Writing
from dq_databricks.service.limits import YAML, media_type

router = APIRouter(prefix="/tests", tags=["tests"])
IMPORT_PATH = "/tests/import"
_AS_DOCUMENT = {"schema": {"$ref": "#/components/schemas/TestDocument"}}
_AS_TEXT = {"schema": {"type": "string"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "At most 2,000 tests; YAML without tags, anchors and aliases.",
        "content": {
            "application/json": _AS_DOCUMENT,
            YAML: _AS_TEXT,
        },
    }
}


class TestEntry(BaseModel):
    """A test of a document. `id` is needed only where tests of a table and suite share a name."""

    __test__ = False
    id: str | None = Field(default=None, min_length=1, max_length=255)
    table: str = Field(min_length=1, max_length=1000, examples=["main.sales.orders"])
    check_type: str = Field(min_length=1, max_length=255, examples=["nulls_percent"])
    columns: list[str] = Field(default_factory=list, max_length=100, examples=[["amount"]])
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, max_length=50, examples=[{"max_percent": 1.0}]
    )
    name: str | None = Field(default=None, min_length=1, max_length=255)
    suite: str | None = Field(default=None, min_length=1, max_length=255)
    severity: Severity | None = Field(default=None, description="That of the check type, if null.")
    is_active: bool | None = Field(default=None, description="True, if null.")


class TestDocument(BaseModel):
    """Tests to keep elsewhere or to bring back."""

    __test__ = False
    version: Literal[1] = 1
    tests: list[TestEntry] = Field(max_length=2000)


class Imported(BaseModel):
    """How many tests an import added, changed and left as they were, or would have."""

    added: int
    changed: int
    unchanged: int
    is_stored: bool


@router.get(
    "/export",
    response_model=TestDocument,
    responses={200: {"content": {YAML: _AS_DOCUMENT}}},
)
def export_tests(
    asked: Reading,
    *,
    suite: Wanted = None,
    table: Annotated[
        str | None,
        Query(min_length=1, max_length=1000, description="Id, or catalog.schema.table."),
    ] = None,
    form: Annotated[Format, Query(alias="format", description="json, or yaml.")] = "json",
) -> Response:
    """Tests of the workspace, of a suite or of a table, as a document that can be imported."""
    text = asked.quality.exchange.export_text(form, suite=suite, table=table)
    kind = YAML if form == "yaml" else "application/json"
    headers = {"Content-Disposition": f'attachment; filename="tests.{form}"'}
    return Response(text.encode(), media_type=kind, headers=headers)


@router.post("/import", openapi_extra=_BODY)
def import_tests(
    asked: Writing,
    request: Request,
    *,
    dry_run: Annotated[bool, Query(description="Only say what would be done.")] = False,
) -> Imported:
    """Store all tests of a document in one commit, or nothing of it; `errors` names every fault.

    A test is known by its id, else by table, suite and name. Repeating an import changes nothing.
    Content-Type is application/json or application/yaml.
    """
    form: Format = "yaml" if media_type(request.headers) == YAML else "json"
    report = asked.quality.exchange.import_tests(request.state.body, form, dry_run=dry_run)
    return Imported(
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        is_stored=report.is_stored,
    )
