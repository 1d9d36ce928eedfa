"""Finds the Java that a local Spark will run on, without starting it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from dq_databricks.errors import EngineUnavailableError

OLDEST_JAVA = 17
_VERSION = re.compile(r'^JAVA_VERSION="(\d+)', re.MULTILINE)


def find_java(environment: Mapping[str, str] | None = None) -> Path:
    """The `java` of JAVA_HOME or of the path, version 17 or newer as far as it tells.

    Raises EngineUnavailableError saying what to install.
    """
    source = os.environ if environment is None else environment
    home = source.get("JAVA_HOME", "")
    named = Path(home, "bin", "java") if home else shutil.which("java", path=source.get("PATH"))
    if named is None or not Path(named).exists():
        raise EngineUnavailableError(_advice(f"JAVA_HOME={home}" if home else "none on the path"))
    java = Path(named).resolve()
    version = _version(java)
    if version is not None and version < OLDEST_JAVA:
        raise EngineUnavailableError(_advice(f"{named} is Java {version}"))
    return java


def _version(java: Path) -> int | None:
    """The main version, from the `release` file that a Java carries; None without one."""
    release = java.parent.parent / "release"
    if not release.exists():
        return None
    told = _VERSION.search(release.read_text(encoding="utf-8", errors="replace"))
    # Before 9 the versions were 1.7, 1.8, …
    return int(told[1]) if told else None


def _advice(found: str) -> str:
    return (
        f"a local Spark needs Java {OLDEST_JAVA} or newer; found: {found}. Install one (Debian, "
        "Ubuntu: openjdk-17-jre-headless; macOS: openjdk@17) and set JAVA_HOME when it is not on "
        "the path"
    )
