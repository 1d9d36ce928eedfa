"""A Databricks workspace in process, on loopback, over plain http.

It answers what the Databricks CLI and databricks-sdk ask while a bundle is deployed and run, keeps
what it is told and gives it back. A run of a job really runs the files that were deployed. What it
does not know is answered 501 and stands in `unknown`.
"""

from __future__ import annotations

from tests.emulator.workspace.server import FakeWorkspace

__all__ = ["FakeWorkspace"]
