"""The real Databricks CLI against a fake workspace, where there is one on the PATH."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

OLDEST = (1, 13)
NOT_RUN = "cli tests were not run: "


@cache
def reason_not_to_run() -> str | None:
    """Why there is no CLI to drive; None where there is one that is new enough."""
    found = shutil.which("databricks")
    if found is None:
        return f"{NOT_RUN}no databricks on PATH"
    said = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    version = re.search(r"v?(\d+)\.(\d+)\.\d+", said)
    if version is None or tuple(map(int, version.groups())) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return f"{NOT_RUN}databricks on PATH says {said.strip()!r}, and they need {wanted} or newer"
    return None


@dataclass
class Cli:
    """Runs commands of the CLI in `bundle`; it remembers who it is, so `home` is fresh."""

    bundle: Path
    home: Path
    host: str
    token: str
    target: str
    variables: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        given = [w for name, value in self.variables.items() for w in ("--var", f"{name}={value}")]
        return subprocess.run(
            ["databricks", "bundle", *words, "-t", self.target, *given],
            cwd=self.bundle,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=280,
        )

    def done(self, *words: str) -> str:
        """What a command said that ends well."""
        ended = self(*words)
        assert ended.returncode == 0, f"{words}: {ended.stdout}\n{ended.stderr}"
        return ended.stdout + ended.stderr

    def plan(self) -> dict[str, str]:
        """What would be done with each resource, by its key."""
        ended = self("plan", "-o", "json")
        assert ended.returncode == 0, ended.stderr
        document: Any = json.loads(ended.stdout)
        return {key: entry["action"] for key, entry in document["plan"].items()}

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABRICKS_", "BUNDLE_"))}
        return {
            **kept,
            "HOME": str(self.home),
            "DATABRICKS_HOST": self.host,
            "DATABRICKS_TOKEN": self.token,
            "DATABRICKS_CONFIG_FILE": str(self.home / "none"),
            "DATABRICKS_CLI_DO_NOT_EXECUTE_NEWER_VERSION": "1",
        }
