"""Names for tests nobody named."""

from __future__ import annotations

from collections.abc import Sequence


def test_name(check_type: str, columns: Sequence[str]) -> str:
    """The check type, then the columns it is bound to: ``nulls_percent of tailnum``."""
    return f"{check_type} of {', '.join(columns)}" if columns else check_type
