"""Adding people whom a platform vouches for, the first time they come."""

from __future__ import annotations

import re

from dq_databricks.access.people import user_id_of
from dq_databricks.errors import AlreadyExistsError
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.vocabulary import Role
from dq_databricks.quality.access_users import UserFace

_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_PLAIN_CHARS = 23  # six of the id and a hyphen fit behind it


def admit(users: UserFace, email: str, role: Role) -> None:
    """Add the user of `email` with `role` in the default workspace; one who is there stays.

    Raises ParameterError for what is no address, LimitReachedError when the organization is full.
    """
    plain = username_of(email)
    try:
        users.add(email, plain, role=role, workspace=DEFAULT_WORKSPACE)
    except AlreadyExistsError:  # the name is taken, or another request was faster
        if users.site.tables.users.get(user_id_of(email)) is None:
            own = f"{plain}-{user_id_of(email)[-6:]}"
            users.add(email, own, role=role, workspace=DEFAULT_WORKSPACE)


def username_of(email: str) -> str:
    """A user name made from what stands before the @."""
    plain = _OTHER.sub("-", email.partition("@")[0]).strip("-")[:_PLAIN_CHARS]
    return plain if len(plain) >= 3 else f"{plain or 'user'}-user"
