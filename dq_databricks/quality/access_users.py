"""Users and their roles in workspaces: list, show, add, edit, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dq_databricks.access.people import checked_username, membership_id_of, user_id_of
from dq_databricks.access.users import Users
from dq_databricks.errors import AlreadyExistsError, ForbiddenError, NotFoundError, ParameterError
from dq_databricks.model.access import Membership, User
from dq_databricks.model.scopes import role_named
from dq_databricks.model.vocabulary import OrganizationRole, Role
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.quality.editing import edited, removed
from dq_databricks.scheduling.zones import zone_named
from dq_databricks.store.filters import Condition, eq, is_in
from dq_databricks.store.page import Page

_EDITABLE = frozenset(
    {
        "username",
        "first_name",
        "last_name",
        "organization_role",
        "timezone",
        "language",
        "is_active",
    }
)


@dataclass(frozen=True, slots=True)
class UserFace:
    """Users, named by id, e-mail address or user name.

    Bound to a workspace, it sees the members of that workspace, and gives no role beyond it.
    """

    site: AccessSite

    def list(
        self, *, workspace: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[User]:
        """Users by e-mail address; the members of one workspace where it is named."""
        return self.site.tables.users.select(
            *self._seen(workspace), order_by=("email",), limit=limit, cursor=cursor
        )

    def show(self, user: str) -> User:
        """One user; raises NotFoundError."""
        rows = self.site.tables.users.select(*self._seen(None)).items
        wanted = user.casefold()
        for row in rows:
            if wanted in (row.user_id, row.email.casefold(), row.username.casefold()):
                return row
        raise NotFoundError(f"no user {user!r}; see dq users")

    def add(
        self,
        email: str,
        username: str,
        *,
        role: str = Role.VIEWER,
        workspace: str | None = None,
        **fields: Any,
    ) -> User:
        """Add a user to the organization of a workspace, with a role in it.

        Raises ParameterError, AlreadyExistsError, LimitReachedError, ForbiddenError.
        """
        wanted = role_named(role)
        place = self.site.workspace(workspace)
        organization = self.site.organization(place.organization_id)
        self._check_fields(fields)
        tables = self.site.writing()
        if known := self._member_elsewhere(email, organization.organization_id):
            Users(tables, self.site.context).set_role(place.workspace_id, known, wanted)
            return self.site.written(known)
        users = Users(tables, self.site.context)
        made = users.add(organization, email, username, **fields)
        users.set_role(place.workspace_id, made, wanted)
        return self.site.written(made)

    def edit(self, user: str, *, expected_version: int | None = None, **changes: Any) -> User:
        """Change a user. Raises ParameterError, VersionConflictError, ForbiddenError."""
        found = self.show(user)
        self._check_fields(changes)
        self._check_rank(found)
        tables = self.site.writing()
        if "username" in changes:
            checked_username(changes["username"])
            after = found.model_copy(update={"username": changes["username"]})
            if Users(tables, self.site.context).others_named(after):
                raise AlreadyExistsError(f"user name {changes['username']!r}: it is taken")
        stored = edited(
            tables.users, found, changes, allowed=_EDITABLE, expected_version=expected_version
        )
        return self.site.written(stored)

    def remove(self, user: str, *, expected_version: int | None = None) -> User:
        """Remove a user, who can no longer sign in, with the memberships.

        Bound to a workspace: end the membership in it; the user stays for the others.
        """
        found = self.show(user)
        self._check_rank(found)
        tables = self.site.writing()
        for member in tables.memberships.select(
            eq("user_id", found.user_id), *self.site.in_workspace()
        ):
            removed(tables.memberships, member, None)
        if self.site.workspace_id is None:
            removed(tables.users, found, expected_version)
        return self.site.written(found)

    # --- roles -------------------------------------------------------------------------------

    def members(
        self, *, workspace: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Membership]:
        """The memberships of a workspace."""
        place = self.site.workspace(workspace)
        return self.site.tables.memberships.select(
            eq("workspace_id", place.workspace_id), limit=limit, cursor=cursor
        )

    def give_role(self, user: str, role: str, *, workspace: str | None = None) -> Membership:
        """Give a user a role in a workspace of the organization, in place of the one before."""
        wanted = role_named(role)
        found, place = self.show(user), self.site.workspace(workspace)
        if found.organization_id != place.organization_id:
            raise NotFoundError(f"no user {user!r} in the organization of the workspace")
        users = Users(self.site.writing(), self.site.context)
        return self.site.written(users.set_role(place.workspace_id, found, wanted))

    def take_role(self, user: str, *, workspace: str | None = None) -> Membership:
        """End the membership of a user in a workspace; raises NotFoundError."""
        found, place = self.show(user), self.site.workspace(workspace)
        table = self.site.writing().memberships
        member = table.get(membership_id_of(place.workspace_id, found.user_id))
        if member is None:
            raise NotFoundError(f"{found.email} has no role in workspace {place.name!r}")
        return self.site.written(removed(table, member, None))

    # --- below -------------------------------------------------------------------------------

    def _seen(self, workspace: str | None) -> Sequence[Condition]:
        if workspace is None and self.site.workspace_id is None:
            return []
        place = self.site.workspace(workspace)
        members = self.site.tables.memberships.select(eq("workspace_id", place.workspace_id))
        return [is_in("user_id", [member.user_id for member in members])]

    def _member_elsewhere(self, email: str, organization_id: str) -> User | None:
        """A user of the organization who is no member of the workspace this is bound to."""
        if self.site.workspace_id is None:
            return None
        user = self.site.tables.users.get(user_id_of(email))
        if user is None or user.organization_id != organization_id:
            return None
        member = membership_id_of(self.site.workspace_id, user.user_id)
        return None if self.site.tables.memberships.get(member) else user

    def _check_fields(self, fields: dict[str, Any]) -> None:
        if unknown := sorted(set(fields) - _EDITABLE):
            raise ParameterError(
                f"user: {unknown[0]!r} cannot be set; {', '.join(sorted(_EDITABLE))} can be"
            )
        if "timezone" in fields:
            zone_named(fields["timezone"])
        wanted = fields.get("organization_role", OrganizationRole.USER)
        if self.site.workspace_id is not None and wanted != OrganizationRole.USER:
            raise ForbiddenError(
                "scope platform is needed to give a role in the whole organization"
            )

    def _check_rank(self, user: User) -> None:
        if self.site.workspace_id is not None and (
            user.organization_role is not OrganizationRole.USER
        ):
            raise ForbiddenError(
                f"scope platform is needed to change {user.email}, who has the role "
                f"{user.organization_role} in the organization"
            )
