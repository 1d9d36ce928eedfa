"""Settings of this installation: what they are, where they come from, and changing those stored.

They hold for every workspace, so changing one needs the scope `platform`.
"""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from dq_databricks.errors import NotFoundError, ParameterError, UnknownNameError
from dq_databricks.quality import Option
from dq_databricks.service.api.inputs import Body, Id
from dq_databricks.service.asking import Administering, Asked, Operating
from dq_databricks.service.etags import ExpectedVersion, tagged
from dq_databricks.service.listing import Listing

router = APIRouter(prefix="/settings", tags=["settings"])

_RENAMES = "data_quality_schema"


class SettingView(BaseModel):
    """One setting; `version` is 0 where it was never stored."""

    name: str
    value: str
    source: str
    variable: str
    help: str
    version: int


class NewValue(Body):
    """Another value, as text."""

    value: str = Field(max_length=1000)


@router.get("")
def list_settings(asked: Administering) -> Listing[SettingView]:
    """Every setting, in the order of the documentation."""
    return Listing(items=[_setting(option) for option in asked.quality.options.list()])


@router.get("/{name}")
def show_setting(asked: Administering, name: Id, response: Response) -> SettingView:
    """One setting."""
    option = _found(asked, name)
    tagged(response, option)
    return _setting(option)


@router.patch("/{name}")
def edit_setting(
    asked: Operating, name: Id, new: NewValue, expected: ExpectedVersion, response: Response
) -> SettingView:
    """Store a setting of the metadata schema; the name of the schema is changed by `dq rename`."""
    options, found = asked.quality.options, _found(asked, name)
    if name == _RENAMES and new.value != found.value:
        raise ParameterError("renaming the schema copies every table: use dq rename")
    option = options.save(name, new.value, expected_version=expected)
    tagged(response, option)
    return _setting(option)


def _found(asked: Asked, name: str) -> Option:
    try:
        return asked.quality.options.show(name)
    except UnknownNameError as error:
        raise NotFoundError(str(error)) from error


def _setting(option: Option) -> SettingView:
    return SettingView.model_validate(option, from_attributes=True)
