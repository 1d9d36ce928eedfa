"""Users and their memberships: added, changed, removed, seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dq_databricks.access.limits import check_users
from dq_databricks.access.people import (
    checked_email,
    checked_username,
    membership_id_of,
    user_id_of,
)
from dq_databricks.errors import AlreadyExistsError, LimitReachedError
from dq_databricks.model.access import Membership, Organization, User
from dq_databricks.model.ids import Context
from dq_databricks.model.vocabulary import Role
from dq_databricks.sql.statement import Parameter, Statement
from dq_databricks.store.access_tables import AccessTables
from dq_databricks.store.conditional import Folded, insert_unless

SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Users:
    """The users of all organizations."""

    tables: AccessTables
    context: Context

    def add(self, organization: Organization, email: str, username: str, **fields: Any) -> User:
        """Add a user with further `fields`.

        E-mail address and user name are unique in any spelling of upper and lower case. Raises
        ParameterError, AlreadyExistsError, and LimitReachedError when the organization is full.
        """
        check_users(self.tables, organization, more=1)
        user = self._insert(self._user(organization, email, username, fields))
        try:
            check_users(self.tables, organization, more=0)
        except LimitReachedError:  # others were added meanwhile: the last ones withdraw
            self.tables.users.remove([user.user_id], user.version)
            raise
        return user

    def others_named(self, user: User) -> bool:
        """Whether another user has this user name, in any spelling of upper and lower case."""
        name = user.username.casefold()
        return any(
            other.username.casefold() == name and other.user_id != user.user_id
            for other in self.tables.users.select()
        )

    def set_role(self, workspace_id: str, user: User, role: Role) -> Membership:
        """Give `user` a role in a workspace, in place of the one it has there."""
        now, key = self.context.now(), membership_id_of(workspace_id, user.user_id)
        stored = self.tables.memberships.get(key)
        if stored is None:
            return self.tables.memberships.insert(
                Membership(
                    membership_id=key,
                    workspace_id=workspace_id,
                    user_id=user.user_id,
                    role=role,
                    created_at=now,
                    updated_at=now,
                )
            )
        if stored.role is role:
            return stored
        return self.tables.memberships.update(
            stored.model_copy(update={"role": role}), stored.version
        )

    @staticmethod
    def is_due(user: User, now: datetime) -> bool:
        """Whether it is to be noted that `user` was seen: at most every five minutes."""
        return user.last_sign_in_at is None or now - user.last_sign_in_at >= SEEN_EVERY

    def touch(self, user: User) -> bool:
        """Note that `user` was seen; whether it was noted."""
        now = self.context.now()
        text = (
            f"UPDATE {self.tables.users.name.sql}\nSET `last_sign_in_at` = :now\n"
            "WHERE `user_id` = :id AND (`last_sign_in_at` IS NULL OR `last_sign_in_at` < :before)"
        )
        bound: dict[str, Parameter] = {"now": now, "id": user.user_id, "before": now - SEEN_EVERY}
        return self.tables.users.change_where(Statement(text, bound)) > 0

    # --- below -------------------------------------------------------------------------------

    def _user(
        self, organization: Organization, email: str, username: str, fields: dict[str, Any]
    ) -> User:
        now = self.context.now()
        return User.model_validate(
            {
                **fields,
                "user_id": user_id_of(checked_email(email)),
                "organization_id": organization.organization_id,
                "email": email,
                "username": checked_username(username),
                "created_at": now,
                "updated_at": now,
            }
        )

    def _insert(self, user: User) -> User:
        users = self.tables.users
        taken = {"username": Folded(user.username), "deleted_at": None}
        if insert_unless(users, [user], {"user_id": user.user_id}, taken):
            users.note(None, user)
            return user
        stored = users.get(user.user_id, include_removed=True)
        if stored is not None and stored.deleted_at is None:
            raise AlreadyExistsError(f"there is a user {user.email!r} already; edit it instead")
        if stored is None or self.others_named(user):
            raise AlreadyExistsError(f"user name {user.username!r}: it is taken; choose another")
        return users.insert(user)  # takes the row of a removed user up again
