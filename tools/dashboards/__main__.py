"""Write the dashboards of the bundle, or check that they are current (``--check``, exit code 1)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.dashboards import cost, overview, runs, table_detail
from tools.dashboards.parts import Json

FOLDER = Path(__file__).parents[2] / "bundles" / "dashboards"
DASHBOARDS: Mapping[str, Callable[[], Json]] = {
    "overview": overview.build,
    "runs": runs.build,
    "table_detail": table_detail.build,
    "cost": cost.build,
}


def texts() -> Mapping[str, str]:
    """The content of every dashboard file by its name."""
    return {
        f"{name}.lvdash.json": json.dumps(build(), indent=2, ensure_ascii=False) + "\n"
        for name, build in DASHBOARDS.items()
    }


def outdated(folder: Path = FOLDER) -> list[str]:
    """The files of `folder` that are missing, not current, or built by nobody."""
    wanted = texts()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))


def main(arguments: list[str]) -> int:
    """Write all files, or name those that are not current."""
    parser = argparse.ArgumentParser(prog="python -m tools.dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; 1: not current")
    if parser.parse_args(arguments).check:
        for name in (stale := outdated()):
            print(f"bundles/dashboards/{name} is not current: run `python -m tools.dashboards`")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
