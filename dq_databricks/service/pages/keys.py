"""API keys: made (and shown once), rotated, revoked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import Response

from dq_databricks.errors import QualityError
from dq_databricks.model.vocabulary import Role, Scope
from dq_databricks.quality.access_keys import CreatedKey, KeyInfo
from dq_databricks.service.asking import Administering, Asked
from dq_databricks.service.pages.forms import PageAdministering, done, page_router
from dq_databricks.service.pages.inputs import FormSent, Sent
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
ROWS = 50
ROLES = (
    (Role.VIEWER, "reads"),
    (Role.EDITOR, "reads, changes and runs"),
    (Role.ADMIN, "reads, changes, runs and administers the workspace"),
)
EXPIRIES = ((30, "30 days"), (90, "90 days"), (365, "a year"), (0, "never"))
_PLACE = Place("API keys", "keys", api="/api/v1/keys")


@dataclass(frozen=True, slots=True)
class KeysContext:
    """The keys of the workspace, newest first, and the form of a new one."""

    keys: tuple[KeyInfo, ...]
    own: str
    next_cursor: str | None
    roles: tuple[tuple[Role, str], ...] = ROLES
    expiries: tuple[tuple[int, str], ...] = EXPIRIES
    scopes: tuple[str, ...] = tuple(scope.value for scope in Scope)
    name: str = ""
    role: str = Role.VIEWER.value
    days: int = 90
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NewKeyContext:
    """A key that was just made: its text is here and nowhere else."""

    key: CreatedKey
    replaced: KeyInfo | None


@router.get("/keys")
def list_keys(asked: Administering, cursor: str | None = None) -> Response:
    """The keys of the workspace."""
    return page(asked, "keys.html", _PLACE, _context(asked, cursor))


@router.post("/keys")
def create_key(asked: PageAdministering, sent: FormSent) -> Response:
    """Make a key and show it, this once."""
    days = sent.number("days")
    try:
        made = asked.quality.access.keys.create(
            sent.one("name"),
            role=sent.one("role", Role.VIEWER.value),
            scopes=sent.all("scope"),
            expires_days=days or None,
            within=asked.principal.scopes,
        )
    except QualityError as error:
        return _again(asked, sent, error)
    return _shown_once(asked, NewKeyContext(made, None))


@router.post("/keys/{api_key_id}/rotate")
def rotate_key(asked: PageAdministering, api_key_id: str) -> Response:
    """Make the successor of a key; both are valid until the old one is revoked."""
    keys = asked.quality.access.keys
    old, made = keys.show(api_key_id), keys.rotate(api_key_id, within=asked.principal.scopes)
    return _shown_once(asked, NewKeyContext(made, old))


@router.post("/keys/{api_key_id}/revoke")
def revoke_key(asked: PageAdministering, api_key_id: str, sent: FormSent) -> Response:
    """End a key; whoever signed in with it is signed out."""
    version = sent.number("version")
    key = asked.quality.access.keys.revoke(api_key_id, expected_version=version)
    return done(asked.request, "/keys", f"Key {key.name} is revoked; it opens nothing any more")


def _context(asked: Asked, cursor: str | None = None) -> KeysContext:
    found = asked.quality.access.keys.list(limit=ROWS, cursor=cursor)
    return KeysContext(found.items, asked.principal.actor.api_key_id or "", found.next_cursor)


def _again(asked: Asked, sent: Sent, error: QualityError) -> Response:
    if not error.wrong_use:
        raise error
    context = replace(
        _context(asked),
        name=sent.one("name"),
        role=sent.one("role"),
        days=sent.number("days"),
        problem=str(error),
    )
    return page(asked, "keys.html", _PLACE, context, status=422)


def _shown_once(asked: Asked, context: NewKeyContext) -> Response:
    place = Place("Your new key", "keys", (Crumb("API keys", "/keys"),))
    return page(asked, "key_new.html", place, context, status=201)
