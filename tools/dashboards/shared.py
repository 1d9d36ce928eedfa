"""Datasets that more than one dashboard has."""

from __future__ import annotations

from tools.dashboards.parts import dataset

VERDICTS_BY_DAY = dataset(
    "verdicts_by_day",
    "Verdicts by day, last 30 days",
    """
SELECT
  day,
  result_status,
  count(*) AS results
FROM v_results
WHERE day > CAST(current_timestamp() - INTERVAL 30 DAYS AS DATE)
GROUP BY day, result_status
ORDER BY day, result_status
""",
)
