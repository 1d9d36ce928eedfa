"""What roles may do: the scopes they bring, and those of seed roles."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dq_databricks.errors import ParameterError, UnknownNameError
from dq_databricks.model.vocabulary import OrganizationRole, Role, Scope

SCOPES_OF_ROLE: dict[Role, frozenset[Scope]] = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.EDITOR: frozenset({Scope.READ, Scope.WRITE, Scope.RUN}),
    Role.ADMIN: frozenset({Scope.READ, Scope.WRITE, Scope.RUN, Scope.ADMIN}),
}

ROLE_OF: dict[OrganizationRole, Role | None] = {
    OrganizationRole.SUPER_ADMIN: Role.ADMIN,
    OrganizationRole.ORG_ADMIN: Role.ADMIN,
    OrganizationRole.REPORT_MANAGER: Role.EDITOR,
    OrganizationRole.REPORT_VIEWER: Role.VIEWER,
    OrganizationRole.USER: None,
}
"""The role that an organization role brings in every workspace; None: only memberships do."""

_STRENGTH = {role: number for number, role in enumerate(Role)}


def stronger(*roles: Role | None) -> Role | None:
    """The role among `roles` that may do most; None when there is none."""
    given = [role for role in roles if role is not None]
    return max(given, key=_STRENGTH.__getitem__, default=None)


def scopes_of(role: Role, names: Iterable[str] = ()) -> frozenset[Scope]:
    """The scopes of a key of `role`: all that the role brings, or the narrower ones named.

    `platform` comes on top of them. Raises UnknownNameError, and ParameterError for a scope the
    role does not bring.
    """
    named = frozenset(_scope(name) for name in names)
    narrowed = named - {Scope.PLATFORM}
    if beyond := sorted(narrowed - SCOPES_OF_ROLE[role]):
        raise ParameterError(
            f"scope {beyond[0]}: a key of role {role} cannot have it; the role brings "
            f"{', '.join(sorted(SCOPES_OF_ROLE[role]))}"
        )
    return (narrowed or SCOPES_OF_ROLE[role]) | (named & {Scope.PLATFORM})


def scopes_text(scopes: Iterable[Scope]) -> str:
    """Scopes as a key row stores them."""
    return json.dumps(sorted(scopes))


def scopes_from_text(role: Role, text: str) -> frozenset[Scope]:
    """The scopes a key row stores; none stored: those of its role."""
    return frozenset(Scope(name) for name in json.loads(text)) or SCOPES_OF_ROLE[role]


def role_named(name: str) -> Role:
    """The role of this name; raises UnknownNameError."""
    return Role(_known(name, [role.value for role in Role], "role"))


def _scope(name: str) -> Scope:
    return Scope(_known(name, [scope.value for scope in Scope], "scope"))


def _known(name: str, names: list[str], what: str) -> str:
    if name not in names:
        raise UnknownNameError(f"no {what} is named {name!r}; there are {', '.join(names)}")
    return name
