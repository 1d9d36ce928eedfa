"""The overview: how good the data is, what needs somebody, and what ran last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from fastapi import Response

from dq_databricks.charts import PAGE, RunRate, pass_rate_trend, run_rates, svg
from dq_databricks.model.alert import Alert
from dq_databricks.model.testing import TestRun
from dq_databricks.model.vocabulary import AlertSource, IncidentStatus, RunStatus, Severity
from dq_databricks.quality.overview import Home, TableLine, Verdicts
from dq_databricks.service.pages.forms import PageReading, page_router
from dq_databricks.service.pages.render import Place, page
from dq_databricks.service.pages.words import short_table

router = page_router()
_PLACE = Place("Overview", "overview", api="/api/v1/runs")
MOST_NEEDS, RUNS_LISTED = 10, 6
_RANK = {Severity.FATAL: 0, Severity.ERROR: 1, Severity.WARNING: 2}


@dataclass(frozen=True, slots=True)
class Need:
    """Something somebody should look at. `severity` None: no failure, but a gap."""

    severity: Severity | None
    what: str
    where: str
    href: str
    since: datetime | None
    note: str = ""
    is_incident: bool = False


@dataclass(frozen=True, slots=True)
class OverviewContext:
    """`rates` are oldest first, of runs that judged something; `trend` is their chart."""

    verdicts: Verdicts
    home: Home
    needs: tuple[Need, ...]
    needs_more: int
    rates: tuple[RunRate, ...]
    trend: str
    runs: tuple[TestRun, ...]
    tables: tuple[TableLine, ...]

    @property
    def open_incidents(self) -> int:
        """Incidents that nobody resolved."""
        return len(self.home.incidents)

    @property
    def change(self) -> float | None:
        """How the pass rate moved from the last run but one to the last, in points."""
        if len(self.rates) < 2:
            return None
        return (self.rates[-1].rate - self.rates[-2].rate) * 100


@router.get("/")
def show_overview(asked: PageReading) -> Response:
    """The whole at a glance."""
    home = asked.quality.overview.home()
    needs = sorted(_needs(home, asked.service.context.now()), key=_urgency)
    rates = tuple(run_rates(home.runs))
    context = OverviewContext(
        verdicts=home.verdicts,
        home=home,
        needs=tuple(needs[:MOST_NEEDS]),
        needs_more=max(0, len(needs) - MOST_NEEDS),
        rates=rates,
        trend=_trend(rates),
        runs=home.runs[:RUNS_LISTED],
        tables=tuple(sorted(home.tables, key=_worst)),
    )
    return page(asked, "overview.html", _PLACE, context)


def _trend(rates: tuple[RunRate, ...]) -> str:
    if len(rates) < 2:
        return ""
    label = f"Pass rate of the last {len(rates)} runs, now {rates[-1].rate:.1%}"
    return svg(pass_rate_trend(rates, palette=PAGE), label)


def _needs(home: Home, now: datetime) -> Iterator[Need]:
    for incident in home.incidents:
        is_quiet = incident.quiet_until is not None and incident.quiet_until > now
        if not is_quiet and (incident.status is IncidentStatus.OPEN or not incident.assigned_to):
            yield Need(
                incident.severity,
                f"{incident.test_name} fails" if incident.test_name else incident.title,
                incident.table_name,
                f"/incidents/{incident.incident_id}",
                incident.first_seen,
                f"{incident.failure_count} failures, {incident.status.value}",
                is_incident=True,
            )
    yield from _alerts(home)
    yield from _gaps(home)


def _alerts(home: Home) -> Iterator[Need]:
    """Alerts about profiles, those of the same place and title as one.

    A test that fails has an incident, which says more than its alerts.
    """
    alike: dict[tuple[str | None, str], list[Alert]] = {}
    for alert in home.alerts:
        if alert.source_type is not AlertSource.TEST_FAILURE:
            alike.setdefault((alert.table_name, alert.title), []).append(alert)
    for (table, title), alerts in alike.items():
        times = f"alert, {len(alerts)} times" if len(alerts) > 1 else "alert"
        newest = alerts[0]
        href = f"/alerts?{urlencode({'q': title})}"
        yield Need(newest.severity, title, table or "", href, newest.created_at, times)


def _gaps(home: Home) -> Iterator[Need]:
    if home.runs and home.runs[0].status is RunStatus.FAILED:
        run = home.runs[0]
        yield Need(
            Severity.ERROR, "The last test run failed", run.table_name or run.test_suite_key,
            f"/runs/{run.test_run_id}", run.started_at, run.error_message or "",
        )  # fmt: skip
    for line in home.tables:
        href, name = f"/tables/{line.entry.table_id}", _full_name(line)
        if line.profile is None:
            yield Need(None, "Not profiled yet", name, href, line.entry.created_at)
        elif line.verdicts.tests == 0:
            yield Need(
                None, "Has no tests", name, f"/proposals/{line.entry.table_id}",
                line.profile.profiled_at, "review proposals",
            )  # fmt: skip


def _full_name(line: TableLine) -> str:
    return line.profile.table_name if line.profile else line.entry.table_name


def _urgency(need: Need) -> tuple[int, bool, float, str]:
    rank = 3 if need.severity is None else _RANK[need.severity]
    return (
        rank,
        not need.is_incident,
        -(need.since.timestamp() if need.since else 0),
        short_table(need.where),
    )


def _worst(line: TableLine) -> tuple[float, str]:
    rate = line.verdicts.pass_rate
    return 2.0 if rate is None else rate, line.entry.table_name
