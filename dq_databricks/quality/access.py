"""Who may do what: organizations, workspaces, users and API keys."""

from __future__ import annotations

from dataclasses import dataclass

from dq_databricks.quality.access_keys import CreatedKey, KeyFace, KeyInfo
from dq_databricks.quality.access_places import OrganizationFace, WorkspaceFace
from dq_databricks.quality.access_site import AccessSite
from dq_databricks.quality.access_users import UserFace

__all__ = ["AccessFace", "CreatedKey", "KeyInfo"]


@dataclass(frozen=True, slots=True)
class AccessFace:
    """Access to one workspace and its organization, or `everywhere`."""

    site: AccessSite

    def everywhere(self) -> AccessFace:
        """The same without bounds, for those who may operate the platform."""
        return AccessFace(self.site.everywhere())

    @property
    def organizations(self) -> OrganizationFace:
        """Organizations: list, show, add, edit, remove; and whether their storage is full."""
        return OrganizationFace(self.site)

    @property
    def workspaces(self) -> WorkspaceFace:
        """Workspaces: list, show, add, edit, remove."""
        return WorkspaceFace(self.site)

    @property
    def users(self) -> UserFace:
        """Users and their roles: list, show, add, edit, remove, give and take a role."""
        return UserFace(self.site)

    @property
    def keys(self) -> KeyFace:
        """API keys: list, show, create, rotate, revoke."""
        return KeyFace(self.site)
