"""What the same tests measured before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dq_databricks.model.testing import PastResult, TestResult
from dq_databricks.rules.values import PastReadout


def past_readouts(
    previous: Mapping[str, Sequence[PastResult]],
) -> dict[str, tuple[PastReadout, ...]]:
    """Earlier results by test id as readouts, newest first."""
    return {
        test_id: tuple(readout_of(result) for result in results)
        for test_id, results in previous.items()
    }


def readout_of(result: PastResult | TestResult) -> PastReadout:
    """An earlier result as a rule sees it."""
    return PastReadout(
        value=result.actual_value,
        number=result.measured_value,
        row_count=result.row_count,
        measured_at=result.detected_at,
        status=result.result_status,
    )
