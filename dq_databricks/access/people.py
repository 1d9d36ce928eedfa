"""Rules of names: slugs, domains, e-mail addresses, user names; and the ids they give."""

from __future__ import annotations

import re

from dq_databricks.errors import ParameterError
from dq_databricks.model.ids import derived_id
from dq_databricks.store.reading import natural_key

_SLUG = re.compile(r"[a-z0-9-]{3,50}", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+\.[A-Za-z]{2,}", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}", re.ASCII)
_USERNAME = re.compile(r"[A-Za-z0-9_-]{3,30}", re.ASCII)
MOST_CHARS = 255


def checked_slug(slug: str) -> str:
    """`slug`, if it is one; raises ParameterError."""
    return _checked(_SLUG, slug, "slug", "3 to 50 of a-z, 0-9 and the hyphen")


def checked_domain(domain: str) -> str:
    """`domain`, if it is one; raises ParameterError."""
    return _checked(_DOMAIN, domain, "domain", "an internet domain such as example.com")


def checked_email(email: str) -> str:
    """`email`, if it is an address; raises ParameterError."""
    return _checked(_EMAIL, email, "e-mail address", "one such as ada@example.com")


def checked_username(username: str) -> str:
    """`username`, if it is one; raises ParameterError."""
    return _checked(
        _USERNAME, username, "user name", "3 to 30 letters, digits, hyphens, underscores"
    )


def checked_name(name: str, what: str) -> str:
    """`name` of an organization or workspace, if it is one; raises ParameterError."""
    if not name.strip() or len(name) > MOST_CHARS or not name.isprintable():
        raise ParameterError(f"{what} {name[:40]!r}: give 1 to {MOST_CHARS} printable characters")
    return natural_key(name)


def folded(email: str) -> str:
    """An e-mail address as it is compared: without regard to upper and lower case."""
    return natural_key(email.strip()).casefold()


def user_id_of(email: str) -> str:
    """The id of the user with this e-mail address."""
    return derived_id("user", folded(email))


def organization_id_of(slug: str) -> str:
    """The id of the organization with this slug."""
    return derived_id("organization", slug)


def workspace_id_of(organization_id: str, name: str) -> str:
    """The id of the workspace of this name in an organization."""
    return derived_id("workspace", organization_id, natural_key(name))


def membership_id_of(workspace_id: str, user_id: str) -> str:
    """The id of the membership of a user in a workspace."""
    return derived_id("membership", workspace_id, user_id)


def _checked(rule: re.Pattern[str], text: str, what: str, allowed: str) -> str:
    if len(text) > MOST_CHARS or rule.fullmatch(text) is None:
        raise ParameterError(f"{what} {text[:60]!r}: give {allowed}")
    return text
