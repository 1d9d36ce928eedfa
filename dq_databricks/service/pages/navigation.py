"""The navigation: every section of the pages, in order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `key` is what a page names as its section."""

    key: str
    label: str
    href: str
    scope: str = "read"


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that belong together."""

    label: str
    entries: tuple[Entry, ...]


SECTIONS = (
    Section("", (Entry("overview", "Overview", "/"),)),
    Section(
        "Data",
        (
            Entry("tables", "Tables", "/tables"),
            Entry("profiles", "Profiles", "/profiles"),
            Entry("proposals", "Proposals", "/proposals"),
            Entry("groups", "Groups", "/groups"),
            Entry("connections", "Connections", "/connections"),
            Entry("projects", "Projects", "/projects"),
        ),
    ),
    Section(
        "Work",
        (
            Entry("incidents", "Incidents", "/incidents"),
            Entry("alerts", "Alerts", "/alerts"),
            Entry("tests", "Tests", "/tests"),
            Entry("runs", "Runs", "/runs"),
            Entry("schedules", "Schedules", "/schedules"),
        ),
    ),
    Section(
        "House",
        (
            Entry("checks", "Check types", "/checks"),
            Entry("settings", "Settings", "/settings"),
            Entry("audit", "Audit log", "/audit", "admin"),
            Entry("keys", "API keys", "/keys", "admin"),
        ),
    ),
)
