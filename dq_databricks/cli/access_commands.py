"""Who may do what: users and API keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from dq_databricks.cli import render, render_access
from dq_databricks.cli.options import (
    NounGroup,
    expected_version,
    json_option,
    opened,
    page_options,
    version_options,
)
from dq_databricks.cli.output import write_json
from dq_databricks.model.base import MutableRecord
from dq_databricks.model.vocabulary import OrganizationRole, Role, Scope

_ROLES = click.Choice([role.value for role in Role])
_workspace = click.option("--workspace", help="Id or name of a workspace.")


def show(record: MutableRecord, as_json: bool) -> None:
    """Print one row."""
    write_json(record) if as_json else render.record(record)


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in values.items() if value is not None}


def options(*shared: Any) -> Callable[[Any], Any]:
    """Options that several commands share, in their order."""

    def add(function: Any) -> Any:
        for option in reversed(shared):
            function = option(function)
        return function

    return add


# --- keys ------------------------------------------------------------------------------------


@click.group(cls=NounGroup)
def keys() -> None:
    """API keys: list, show, create, rotate, revoke."""


@keys.command("list")
@_workspace
@page_options
@json_option
def list_keys(workspace: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List keys, newest first; the keys themselves are stored nowhere."""
    with opened() as quality:
        page = quality.access.keys.list(workspace=workspace, limit=limit, cursor=cursor)
    write_json(page) if as_json else render_access.keys(page.items, page.next_cursor)


@keys.command("show")
@click.argument("api_key_id")
@json_option
def show_key(api_key_id: str, as_json: bool) -> None:
    """Show a key by id."""
    with opened() as quality:
        found = quality.access.keys.show(api_key_id)
    write_json(found) if as_json else render_access.key(found)


@keys.command("create")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--role", type=_ROLES, default=Role.VIEWER.value, show_default=True)
@_workspace
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Fewer scopes than the role brings; platform adds to them. Repeatable.",
)
@click.option("--expires-days", type=click.FloatRange(0, 3650, min_open=True))
@click.option("--user", help="User it acts for: id, e-mail address or user name.")
@click.option(
    "--hash",
    "method",
    type=click.Choice(["hmac-sha256", "bcrypt"]),
    default="hmac-sha256",
    show_default=True,
    help="How it is stored.",
)
@json_option
def create_key(
    name: str,
    role: str,
    workspace: str | None,
    scopes: tuple[str, ...],
    expires_days: float | None,
    user: str | None,
    method: str,
    as_json: bool,
) -> None:
    """Make a key and print it, this once."""
    with opened() as quality:
        made = quality.access.keys.create(
            name,
            role=role,
            workspace=workspace,
            scopes=scopes,
            expires_days=expires_days,
            user_id=None if user is None else quality.access.users.show(user).user_id,
            method=method,
        )
    write_json(made) if as_json else render_access.created(made)


@keys.command("rotate")
@click.argument("api_key_id")
@json_option
def rotate_key(api_key_id: str, as_json: bool) -> None:
    """Make the successor of a key; the old one stays valid until it is revoked or expires."""
    with opened() as quality:
        made = quality.access.keys.rotate(api_key_id)
    write_json(made) if as_json else render_access.created(made)


@keys.command("revoke")
@click.argument("api_key_id")
@json_option
def revoke_key(api_key_id: str, as_json: bool) -> None:
    """End the validity of a key, from the next request on."""
    with opened() as quality:
        ended = quality.access.keys.revoke(api_key_id)
    write_json(ended) if as_json else render_access.key(ended)


# --- users -----------------------------------------------------------------------------------


@click.group(cls=NounGroup)
def users() -> None:
    """Users and their roles in workspaces."""


_user_fields = options(
    click.option("--first-name"),
    click.option("--last-name"),
    click.option(
        "--organization-role",
        type=click.Choice([role.value for role in OrganizationRole]),
        help="A role in every workspace of the organization.",
    ),
    click.option("--timezone", help="IANA zone that times are shown in."),
    click.option("--language", help="Language tag."),
)


@users.command("list")
@_workspace
@page_options
@json_option
def list_users(workspace: str | None, limit: int, cursor: str | None, as_json: bool) -> None:
    """List users by e-mail address; the members of a workspace where it is named."""
    with opened() as quality:
        page = quality.access.users.list(workspace=workspace, limit=limit, cursor=cursor)
    write_json(render.page_document(page)) if as_json else render_access.users(page)


@users.command("show")
@click.argument("user")
@json_option
def show_user(user: str, as_json: bool) -> None:
    """Show a user by id, e-mail address or user name."""
    with opened() as quality:
        show(quality.access.users.show(user), as_json)


@users.command("add")
@click.argument("email")
@click.argument("username")
@click.option("--role", type=_ROLES, default=Role.VIEWER.value, show_default=True)
@_workspace
@_user_fields
@json_option
def add_user(
    email: str, username: str, role: str, workspace: str | None, as_json: bool, **values: Any
) -> None:
    """Add a user, with a role in a workspace."""
    with opened() as quality:
        added = quality.access.users.add(
            email, username, role=role, workspace=workspace, **given(values)
        )
    show(added, as_json)


@users.command("edit")
@click.argument("user")
@click.option("--username")
@_user_fields
@click.option("--active/--inactive", "is_active", default=None)
@version_options
@json_option
def edit_user(
    user: str, expect_version: int | None, latest: bool, as_json: bool, **values: Any
) -> None:
    """Change a user."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.access.users.edit(user, expected_version=version, **given(values)), as_json)


@users.command("remove")
@click.argument("user")
@version_options
@json_option
def remove_user(user: str, expect_version: int | None, latest: bool, as_json: bool) -> None:
    """Remove a user, who can no longer sign in."""
    version = expected_version(expect_version, latest)
    with opened() as quality:
        show(quality.access.users.remove(user, expected_version=version), as_json)


@users.command("give-role")
@click.argument("user")
@click.argument("role", type=_ROLES)
@_workspace
@json_option
def give_role(user: str, role: str, workspace: str | None, as_json: bool) -> None:
    """Give a user a role in a workspace, in place of the one before."""
    with opened() as quality:
        show(quality.access.users.give_role(user, role, workspace=workspace), as_json)


@users.command("take-role")
@click.argument("user")
@_workspace
@json_option
def take_role(user: str, workspace: str | None, as_json: bool) -> None:
    """End the membership of a user in a workspace."""
    with opened() as quality:
        show(quality.access.users.take_role(user, workspace=workspace), as_json)


COMMANDS: Sequence[click.Command] = (users, keys)
