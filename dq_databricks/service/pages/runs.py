"""Runs: what waits, what runs, what was found; and asking for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Response

from dq_databricks.errors import ParameterError, UnknownNameError
from dq_databricks.model.profile import ProfileRun
from dq_databricks.model.testing import TestResult, TestRun
from dq_databricks.model.vocabulary import JobKind, RunStatus
from dq_databricks.model.work import Job
from dq_databricks.quality import Quality
from dq_databricks.quality.listings import table_label
from dq_databricks.quality.run_view import RunView
from dq_databricks.service.pages.forms import PageReading, PageRunning, done, page_router
from dq_databricks.service.pages.inputs import FormSent
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
ROWS, RESULTS = 50, 50
_RUNS = Crumb("Runs", "/runs")
STATUSES = tuple(status.value for status in RunStatus)
KINDS = {"test": "Test runs", "profile": "Profile runs"}


@dataclass(frozen=True, slots=True)
class RunsContext:
    """Open jobs, and the runs of one kind, newest first."""

    jobs: tuple[Job, ...]
    runs: tuple[TestRun, ...] | tuple[ProfileRun, ...]
    filters: Mapping[str, str]
    statuses: tuple[str, ...]
    kinds: Mapping[str, str]
    next_cursor: str | None


@router.get("/runs")
def list_runs(
    asked: PageReading, *, kind: str = "test", status: str = "", cursor: str | None = None
) -> Response:
    """What waits and runs now, and the runs of a kind."""
    listings = asked.quality.listings
    if kind not in KINDS:
        raise UnknownNameError(f"no kind of run is named {kind!r}; there are test and profile")
    listed = listings.test_runs if kind == "test" else listings.profile_runs
    found = listed(status=status or None, limit=ROWS, cursor=cursor)
    context = RunsContext(
        jobs=listings.open_jobs(),
        runs=found.items,
        filters={"kind": kind, "status": status},
        statuses=STATUSES,
        kinds=KINDS,
        next_cursor=found.next_cursor,
    )
    return page(asked, "runs.html", Place("Runs", "runs", api=f"/api/v1/runs?kind={kind}"), context)


@dataclass(frozen=True, slots=True)
class NewRunContext:
    """What a run can be asked for. `targets` groups values with their labels."""

    kind: str
    target: str
    targets: Mapping[str, tuple[tuple[str, str], ...]]


@router.get("/runs/new")
def ask_for_run(asked: PageReading, kind: str = "test", target: str = "") -> Response:
    """The form that starts a run."""
    context = NewRunContext(kind if kind in KINDS else "test", target, targets_of(asked.quality))
    return page(asked, "run_new.html", Place("Start a run", "runs", (_RUNS,)), context)


@router.post("/runs")
def start_run(asked: PageRunning, sent: FormSent) -> Response:
    """Queue a run, and go where it can be watched."""
    what, _, ref = sent.one("target").partition(":")
    if what not in ("table", "group", "suite") or not ref:
        raise ParameterError("choose what the run is for: a table, a table group or a suite")
    job = asked.quality.jobs.request(
        JobKind(sent.one("kind", "test")),
        ref if what == "table" else None,
        group=ref if what == "group" else None,
        suite=ref if what == "suite" else None,
    )
    return done(asked.request, f"/runs/{job.run_id}", f"{job.title}: queued")


# --- one run -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run: where it stands and what it found, the worst first."""

    run: RunView
    results: tuple[TestResult, ...]
    counts: Mapping[str, int]
    verdict: str
    offset: int
    has_more: bool

    @property
    def share(self) -> float | None:
        """How much of the present phase is done, 0 to 1; None: not known yet."""
        progress = self.run.progress
        return min(1.0, progress.done / progress.total) if progress.total else None


@router.get("/runs/{run_id}")
def show_run(asked: PageReading, run_id: str, verdict: str = "", offset: int = 0) -> Response:
    """One run; while it has not ended the page fetches itself again."""
    run = asked.quality.jobs.run(run_id)
    is_test, place = run.kind is JobKind.TEST, Place(run.title, "runs", (_RUNS,), _api(run_id))
    offset = max(0, min(offset, 1_000_000))
    found: tuple[TestResult, ...] = ()
    if is_test and run.is_ended:
        found = asked.quality.listings.results(
            run_id, verdict=verdict or None, limit=RESULTS + 1, offset=offset
        )
    context = RunContext(
        run=run,
        results=found[:RESULTS],
        counts=_counts(run, found, is_all=not verdict and not offset and len(found) <= RESULTS),
        verdict=verdict,
        offset=offset,
        has_more=len(found) > RESULTS,
    )
    return page(asked, "run.html", place, context)


@router.post("/runs/{run_id}/cancel")
def cancel_run(asked: PageRunning, run_id: str) -> Response:
    """Stop a run."""
    job = asked.quality.jobs.cancel(run_id)
    text = "Cancelled" if job.completed_at else "It was asked to stop and ends within seconds"
    return done(asked.request, f"/runs/{job.run_id}", text, kind="note")


@router.post("/runs/{run_id}/retry")
def retry_run(asked: PageRunning, run_id: str) -> Response:
    """Do the same once more, as a new run."""
    job = asked.quality.jobs.retry(run_id)
    return done(asked.request, f"/runs/{job.run_id}", f"{job.title}: queued again as a new run")


def _api(run_id: str) -> str:
    return f"/api/v1/runs/{run_id}"


def _counts(run: RunView, results: tuple[TestResult, ...], *, is_all: bool) -> dict[str, int]:
    """How many results have each verdict: counted where all are here, else as the run says."""
    if is_all and results:
        counted = Counter(result.result_status.value for result in results)
        return {name: counted[name] for name in _ORDER if counted[name]}
    total, bad = run.total_tests or 0, (run.failed_tests, run.error_tests, run.warned_tests)
    fail, error, warn = (count or 0 for count in bad)
    named = {"fail": fail, "error": error, "warn": warn, "pass": total - fail - error - warn}
    return {name: count for name, count in named.items() if count > 0}


_ORDER = ("fail", "error", "warn", "no_data", "skipped", "pass")


def targets_of(quality: Quality) -> dict[str, tuple[tuple[str, str], ...]]:
    """Everything a job can be for, as the choices of a form; two reads."""
    found = quality.listings.targets()
    return {
        "Tables": tuple((f"table:{one.table_id}", table_label(one)) for one in found.tables),
        "Table groups": tuple((f"group:{one.table_group_id}", one.name) for one in found.groups),
        "Suites (tests only)": tuple((f"suite:{one}", one) for one in found.suites),
    }
