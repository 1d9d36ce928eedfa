"""All rules over one bundle."""

from __future__ import annotations

from tools.bundle_lint import rules
from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.findings import Finding, lint

ROOMS = rules.__all__  # imported, and with that registered


def check(bundle: Bundle) -> list[Finding]:
    """All findings of all rules, in order of files and lines."""
    return lint(bundle)
