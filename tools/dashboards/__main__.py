"""Writes `bundles/dashboards/*.lvdash.json`; with `--check`, says which are not current."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.dashboards import cost, overview, runs, table_detail
from tools.dashboards.widgets import Document

FOLDER = Path("bundles/dashboards")
BUILDERS: Mapping[str, Callable[[], Document]] = {
    "overview": overview.build,
    "runs": runs.build,
    "table_detail": table_detail.build,
    "cost": cost.build,
}


def files() -> Mapping[Path, str]:
    """What each file should hold."""
    return {
        FOLDER / f"{name}.lvdash.json": json.dumps(build(), indent=2, ensure_ascii=False) + "\n"
        for name, build in BUILDERS.items()
    }


def main() -> int:
    """Write or check the files; an exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="Write nothing; 1 if one is stale.")
    if not parser.parse_args().check:
        for path, text in files().items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path for path, text in files().items() if not _holds(path, text)]
    for path in stale:
        print(f"{path} is not what tools/dashboards makes: run `python -m tools.dashboards`")
    return 1 if stale else 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main())
