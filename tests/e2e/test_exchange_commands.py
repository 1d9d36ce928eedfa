"""`dq tests export` and `dq tests import` as people call them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import Said


def test_tests_are_exported_and_imported(
    dq: Callable[..., Said], orders: Path, tmp_path: Path
) -> None:
    dq("propose", str(orders), "--apply")
    exported = dq("tests", "export", str(orders))
    file = tmp_path / "tests.yaml"
    file.write_text(exported.out, encoding="utf-8")
    again = dq("tests", "import", str(file), "--json").document
    assert (again["added"], again["changed"], again["unchanged"] > 0) == (0, 0, True)
    file.write_text(exported.out.replace("severity: error", "severity: fatal", 1))
    tried = dq("tests", "import", str(file), "--dry-run")
    assert "Nothing was stored; it would be: 0 added, 1 changed" in tried.out
    file.write_text(exported.out.replace("severity:", "severty:"), encoding="utf-8")
    refused = dq("tests", "import", str(file))
    assert refused.code == 2
    assert "line 12: a test has no 'severty'; did you mean 'severity'?" in refused.err
