"""Secrets: those of the vault, and whether a reference leads to one. Values are never printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from dq_databricks.cli.options import NounGroup, confirm, json_option, redaction
from dq_databricks.cli.output import safe, stdout_console, write_json
from dq_databricks.model.secret_reference import SecretReference
from dq_databricks.secrets import Secret, open_secrets, open_vault
from dq_databricks.settings import Settings

_CLASSES = ((16, "under 16"), (32, "16 to 31"), (64, "32 to 63"), (256, "64 to 255"))


@click.group(cls=NounGroup)
def secrets() -> None:
    """Secrets in the encrypted vault of this machine; and whether a reference leads to one."""


@secrets.command("list")
@json_option
@click.pass_obj
def list_secrets(settings: Settings, as_json: bool) -> None:
    """List the names in the vault."""
    names = open_vault(settings).names()
    if as_json:
        write_json({"names": names})
        return
    for name in names:
        stdout_console().print(safe(name))
    if not names:
        click.echo("the vault is empty; dq secrets set NAME puts something in", err=True)


@secrets.command("set")
@click.argument("name")
@click.pass_obj
def set_secret(settings: Settings, name: str) -> None:
    """Keep a secret in the vault, as vault:NAME.

    The value is asked for, or read from stdin; it is no argument, which other users could see.
    """
    value = _asked(name) if sys.stdin.isatty() else sys.stdin.read()
    value = value.removesuffix("\n").removesuffix("\r")
    redaction().learn(value)
    is_known = open_vault(settings).put(name, Secret(value))
    click.echo(f"vault:{name} was {'replaced' if is_known else 'added'}", err=True)


def _asked(name: str) -> str:
    value: str = click.prompt(
        f"Value of vault:{name}", hide_input=True, confirmation_prompt=True, err=True
    )
    return value


@secrets.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove_secret(settings: Settings, name: str, yes: bool) -> None:
    """Remove a secret from the vault."""
    confirm(f"Remove vault:{name}? It cannot be brought back.", yes=yes)
    open_vault(settings).remove(name)
    click.echo(f"vault:{name} was removed", err=True)


@secrets.command("rotate-key")
@click.pass_obj
def rotate_key(settings: Settings) -> None:
    """Encrypt the vault with a new key.

    A key file gets a new key. With DQ_VAULT_KEY, put the new key first and the old one after a
    comma, run this, then take the old one away.
    """
    count = open_vault(settings).rotate()
    click.echo(f"{count} secrets are encrypted with the newest key", err=True)


@secrets.command("check")
@click.argument("reference")
@json_option
@click.pass_obj
def check_secret(settings: Settings, reference: str, as_json: bool) -> None:
    """Say whether REFERENCE leads to a secret, and about how long it is; never the secret."""
    asked = SecretReference.parse(reference)
    found = open_secrets(settings, redaction()).resolve(asked)
    size = _size_of(found)
    if as_json:
        write_json({"reference": str(asked), "is_found": True, "characters": size})
        return
    stdout_console().print(safe(f"{asked}: found, {size} characters"))


def _size_of(secret: Secret) -> str:
    length = len(secret.reveal())
    return next((name for most, name in _CLASSES if length < most), "256 or more")


COMMANDS: Sequence[click.Command] = (secrets,)
