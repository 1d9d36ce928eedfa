"""`python -m tools.dashboard_lint [FILE …]`: all of `bundles/dashboards` where none is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.dashboard_lint.rules import findings

FOLDER = Path("bundles/dashboards")


def lint(paths: Sequence[Path]) -> Iterator[str]:
    """The findings of files, each with its file."""
    for path in paths:
        try:
            dashboard = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            yield f"{path}: it cannot be read: {error}"
            continue
        yield from (f"{path}: {finding}" for finding in findings(dashboard))


def main(names: Sequence[str]) -> int:
    """Print the findings; an exit code."""
    found = list(lint([Path(name) for name in names] or sorted(FOLDER.glob("*.lvdash.json"))))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
