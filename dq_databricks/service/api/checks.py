"""The catalogue of check types."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, JsonValue

from dq_databricks.errors import NotFoundError, UnknownNameError
from dq_databricks.quality import CheckTypeDescription
from dq_databricks.service.api.inputs import Contains, Id, Wanted
from dq_databricks.service.asking import Reading
from dq_databricks.service.listing import Listing

router = APIRouter(prefix="/checks", tags=["checks"])


class Parameter(BaseModel):
    """A parameter of a check type; `default` is null where there is none."""

    name: str
    type: str
    required: bool
    default: JsonValue
    help: str


class CheckType(BaseModel):
    """A check type: what it measures, how it judges, what it takes, what others call it."""

    name: str
    description: str
    kind: str
    scope: str
    dimension: str
    severity: str
    measures: str
    passes: str
    column_types: list[str]
    parameters: list[Parameter]
    aliases: list[str]


@router.get("")
def list_checks(
    asked: Reading, dimension: Wanted = None, scope: Wanted = None, name: Contains = None
) -> Listing[CheckType]:
    """Every check type, by name."""
    wanted = {"dimension": dimension, "scope": scope}
    found = [
        check
        for check in asked.quality.checks()
        if all(value in (None, getattr(check, field)) for field, value in wanted.items())
        and (name is None or name.lower() in check.name)
    ]
    return Listing(items=[_check_type(check) for check in found])


@router.get("/{name}")
def show_check(asked: Reading, name: Id) -> CheckType:
    """One check type, by its name or the name the same check has in other tools."""
    try:
        (check,) = asked.quality.checks(name)
    except UnknownNameError as error:
        raise NotFoundError(str(error)) from error
    return _check_type(check)


def _check_type(check: CheckTypeDescription) -> CheckType:
    return CheckType.model_validate(check, from_attributes=True)
