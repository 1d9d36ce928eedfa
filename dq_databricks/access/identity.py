"""Who a key or a user is: its workspace, organization, role, scopes and projects."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.access.key_hash import KeyChecker
from dq_databricks.access.key_text import is_key, prefix_of
from dq_databricks.access.keys import is_live
from dq_databricks.access.people import folded, user_id_of
from dq_databricks.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from dq_databricks.model.access import ApiKey, Membership, Organization, User, Workspace
from dq_databricks.model.ids import Context
from dq_databricks.model.scopes import ROLE_OF, SCOPES_OF_ROLE, scopes_from_text, stronger
from dq_databricks.model.vocabulary import Role, Scope
from dq_databricks.store.access_tables import AccessTables
from dq_databricks.store.filters import eq


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what it may do in one workspace."""

    workspace: Workspace
    organization: Organization
    role: Role
    scopes: frozenset[Scope]
    projects: tuple[str, ...]
    key: ApiKey | None = None
    user: User | None = None

    @property
    def name(self) -> str:
        """What the audit log calls it: the e-mail address of a user, or the name of a key."""
        if self.user is not None:
            return self.user.email
        return "" if self.key is None else self.key.name


@dataclass(frozen=True, slots=True)
class Identities:
    """Finds identities; every call reads the rows as they are now."""

    tables: AccessTables
    context: Context

    def key_of(self, text: str, checker: KeyChecker) -> ApiKey:
        """The valid row of a key. Raises UnauthenticatedError, naming no more than its prefix."""
        if not is_key(text):
            raise UnauthenticatedError(
                "this is no API key: it is cut, mistyped, or something else; keys look like dqp_…"
            )
        rows = self.tables.keys.select(eq("key_prefix", prefix_of(text))).items
        if not rows:
            checker.compare_with_nothing(text)
        right = [row for row in rows if checker.is_right(text, row.key_hash)]
        if not right:
            raise UnauthenticatedError(f"the key {prefix_of(text)}… is not valid")
        return self._live(right[0])

    def key_with_id(self, api_key_id: str) -> ApiKey:
        """The valid key of this id; raises UnauthenticatedError."""
        row = self.tables.keys.get(api_key_id)
        if row is None:
            raise UnauthenticatedError("the key of this session is gone: sign in again")
        return self._live(row)

    def of_key(self, row: ApiKey, wanted: str | None = None) -> Identity:
        """The identity of a valid key. Raises NotFoundError where `wanted` is not its workspace."""
        workspace, organization = self._place(row.workspace_id)
        if wanted is not None and wanted not in (workspace.workspace_id, workspace.name):
            raise _no_workspace(wanted)
        user, role = None, row.role
        scopes = scopes_from_text(row.role, row.scopes)
        if row.user_id is not None:
            user = self._active_user(self.tables.users.get(row.user_id))
            role = self._role_in(user, workspace) or Role.VIEWER
            scopes = self._within(user, workspace, scopes)
        return Identity(workspace, organization, role, scopes, self._projects(workspace), row, user)

    def of_email(
        self, email: str, wanted: str | None = None, *, operates: bool = False
    ) -> Identity:
        """The identity of a user by e-mail address, in the workspace `wanted` or the first.

        One who `operates` the service is an admin of every workspace, and has scope platform.
        Raises UnauthenticatedError for one nobody knows, ForbiddenError for one without a
        workspace, NotFoundError where `wanted` is none of the user's.
        """
        user = self._active_user(self.tables.users.get(user_id_of(email)))
        roles = self._all_as_admin(user) if operates else self.workspaces_of(user)
        if not roles:
            raise ForbiddenError(
                f"{folded(email)} has a role in no workspace; an administrator can give one"
            )
        chosen = next(
            (w for w in roles if wanted in (None, w.workspace_id, w.name)),
            None,
        )
        if chosen is None:
            raise _no_workspace(wanted or "")
        role = roles[chosen]
        workspace, organization = self._place(chosen.workspace_id)
        return Identity(
            workspace,
            organization,
            role,
            SCOPES_OF_ROLE[role] | (frozenset({Scope.PLATFORM}) if operates else frozenset()),
            self._projects(workspace),
            None,
            user,
        )

    def workspaces_of(self, user: User) -> dict[Workspace, Role]:
        """The workspaces a user may see, by name, with the role in each."""
        memberships = self._memberships(user)
        roles = {w: self._role(user, memberships, w) for w in self._workspaces(user)}
        return {workspace: role for workspace, role in roles.items() if role is not None}

    # --- below -------------------------------------------------------------------------------

    def _all_as_admin(self, user: User) -> dict[Workspace, Role]:
        return dict.fromkeys(self._workspaces(user), Role.ADMIN)

    def _workspaces(self, user: User) -> list[Workspace]:
        own = self.tables.workspaces.select(
            eq("organization_id", user.organization_id), order_by=("name",)
        )
        return [workspace for workspace in own if workspace.is_active]

    def _live(self, row: ApiKey) -> ApiKey:
        if row.revoked_at is not None:
            raise UnauthenticatedError(f"the key {row.key_prefix}… was revoked")
        if not is_live(row, self.context.now()):
            raise UnauthenticatedError(f"the key {row.key_prefix}… has expired")
        return row

    def _place(self, workspace_id: str) -> tuple[Workspace, Organization]:
        workspace = self.tables.workspaces.get(workspace_id)
        if workspace is None:
            raise UnauthenticatedError("the workspace of this key is gone")
        organization = self.tables.organizations.get(workspace.organization_id)
        if organization is None:
            raise UnauthenticatedError("the organization of this key is gone")
        if not (workspace.is_active and organization.is_active):
            raise UnauthenticatedError("the workspace of this key is not active")
        return workspace, organization

    def _projects(self, workspace: Workspace) -> tuple[str, ...]:
        rows = self.tables.projects.select(
            eq("workspace_id", workspace.workspace_id), order_by=("created_at",)
        )
        return tuple(row.project_key for row in rows)

    def _active_user(self, user: User | None) -> User:
        if user is None or not user.is_active:
            raise UnauthenticatedError(
                "nobody is known by this identity, or may sign in with it; "
                "an administrator can add the user"
            )
        return user

    def _within(
        self, user: User, workspace: Workspace, scopes: frozenset[Scope]
    ) -> frozenset[Scope]:
        """What a key of a user may do: never more than the user may in that workspace."""
        role = self._role_in(user, workspace)
        most = SCOPES_OF_ROLE[role] if role is not None else frozenset[Scope]()
        return scopes & (most | {Scope.PLATFORM} if role is Role.ADMIN else most)

    def _role_in(self, user: User, workspace: Workspace) -> Role | None:
        return self._role(user, self._memberships(user), workspace)

    def _memberships(self, user: User) -> dict[str, Membership]:
        rows = self.tables.memberships.select(eq("user_id", user.user_id))
        return {row.workspace_id: row for row in rows}

    @staticmethod
    def _role(user: User, memberships: dict[str, Membership], workspace: Workspace) -> Role | None:
        if workspace.organization_id != user.organization_id:
            return None
        member = memberships.get(workspace.workspace_id)
        return stronger(None if member is None else member.role, ROLE_OF[user.organization_role])


def _no_workspace(wanted: str) -> NotFoundError:
    return NotFoundError(f"no workspace {wanted[:80]!r}")
