"""Which values of a bundle are paths on the machine that deploys."""

from __future__ import annotations

from typing import Any

PATH_FIELDS = frozenset({"python_file", "notebook_path", "file_path", "source_code_path"})
_NOT_LOCAL = ("/", "dbfs:", "s3:", "abfss:", "gs:", "$", "http")


def is_local(value: Any) -> bool:
    """Whether a path, if it is one, leads to a file here and not in the workspace."""
    return isinstance(value, str) and not value.startswith(_NOT_LOCAL)


def is_wheel(value: Any) -> bool:
    """Whether a text is the path of a wheel, perhaps with the extras it is installed with."""
    return isinstance(value, str) and value.partition("[")[0].endswith(".whl")
