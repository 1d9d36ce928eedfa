"""``python -m tools.bundle_lint [FOLDER]``: print what is wrong with a bundle; 1 if anything is."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.check import check


def main(folder: Path) -> int:
    """Lint the bundle in a folder and say what was found."""
    findings = check(Bundle.load(folder))
    for finding in findings:
        print(finding)
    noun = "fault" if len(findings) == 1 else "faults"
    print(f"bundle: {len(findings)} {noun}" if findings else "bundle: clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
