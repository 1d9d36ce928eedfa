"""Runs open, join, resolve and reopen incidents: one of a key, each failure counted once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dq_databricks.alerting.recording import record_incidents
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import EngineError, OutcomeUnknownError, WriteConflictError
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident, IncidentEvent
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import (
    IncidentKey,
    IncidentStatus,
    Quiet,
    Resolution,
    ResultStatus,
    Severity,
)
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store
from tests.support import local_engine
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import (
    START,
    TappedEngine,
    a_result,
    once,
    quiet,
    settings_for,
)

SPARK_SAMPLE = {"test_a_failure_opens_the_next_joins_and_a_pass_resolves"}
PROJECT = "default"
MOMENT = timedelta(seconds=1)
"""How long after the last one a result is found, and how long after that it is recorded."""


class Hours:
    """A clock that moves only when it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, hours: float) -> None:
        self.now += timedelta(hours=hours)


# What only the order of statements decides is the same on every engine.
ON_LOCAL = pytest.mark.parametrize("shared", ["local"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("incidents")


@pytest.fixture(scope="module", params=engine_parameters())
def shared(request: pytest.FixtureRequest, home: Path) -> Iterator[Engine]:
    """One migrated schema for the module; each test uses tables of its own."""
    folder = home / request.param
    put_schema(folder)
    with open_engine_for_tests(request.param, folder) as engine:
        yield engine


@pytest.fixture
def tapped(shared: Engine) -> TappedEngine:
    return TappedEngine(shared)


@pytest.fixture
def clock() -> Hours:
    return Hours()


@pytest.fixture
def store(tapped: TappedEngine, clock: Hours) -> Store:
    return Store(tapped, settings_for("s"), Context(now=clock))


Record = Callable[..., tuple[Incident, ...]]


@pytest.fixture
def record(store: Store, clock: Hours, request: pytest.FixtureRequest) -> Record:
    """Record one run of a table of this test: `record("r1", a="fail", b="pass")`.

    The same run again has the same results.
    """
    table, project = request.node.name, PROJECT
    made: dict[str, list[TestResult]] = {}

    def call(
        run: str, *, version: int | None = None, severity: str = "error", **verdicts: str
    ) -> tuple[Incident, ...]:
        clock.now += MOMENT
        found_at = clock()
        clock.now += MOMENT
        results = made.get(run) or [
            _result(run, f"{table}.{test}", status, found_at, table, version, severity)
            for test, status in verdicts.items()
        ]
        made[run] = results
        return record_incidents(
            store, Context(now=clock), project_key=project, run_id=run, results=results
        )

    return call


def _result(
    run: str,
    test: str,
    status: str,
    at: datetime,
    table: str,
    version: int | None = None,
    severity: str = "error",
) -> TestResult:
    return a_result(
        run,
        test,
        result_status=ResultStatus(status),
        detected_at=at,
        table_id=table,
        table_version=version,
        severity=Severity(severity),
        check_type="not_null",
        column_name="c",
    )


def _only(store: Store, table: str) -> Incident:
    (incident,) = store.incidents.select(eq("table_id", table))
    return incident


def _happened(store: Store, incident: Incident) -> list[str]:
    return [event.event_type.value for event in store.incidents.timeline(incident.incident_id)]


def _told(store: Store, incident: Incident) -> list[str]:
    about = eq("entity_id", incident.incident_id)
    return sorted(event.event_type for event in store.outbox.select(about))


def test_a_failure_opens_the_next_joins_and_a_pass_resolves(
    store: Store, record: Record, clock: Hours, request: pytest.FixtureRequest
) -> None:
    record("r1", a="fail", b="pass", version=4)
    clock.pass_by(1)
    record("r2", a="fail", version=5, severity="fatal")
    clock.pass_by(1)
    record("r3", a="pass", version=6)
    incident = _only(store, request.node.name)
    assert (incident.status, incident.resolution) == (
        IncidentStatus.RESOLVED,
        Resolution.PASSED_AGAIN,
    )
    assert (incident.failure_count, incident.pass_count, incident.version) == (2, 1, 3)
    assert (incident.opened_table_version, incident.fixed_table_version) == (4, 6)
    hour = timedelta(hours=1)
    assert incident.first_seen == START + MOMENT
    assert incident.last_seen - incident.first_seen == hour + 2 * MOMENT
    assert (incident.severity, incident.last_run_id) == (Severity.FATAL, "r3")
    assert incident.resolved_at == START + 2 * hour + 6 * MOMENT
    assert _happened(store, incident) == ["opened", "failed", "failed", "passed", "resolved"]
    assert _told(store, incident) == [
        "incident.opened",
        "incident.resolved",
        "incident.severity_raised",
    ]


def test_a_run_is_one_commit_a_table_and_one_read_when_all_is_well(
    store: Store, record: Record, tapped: TappedEngine
) -> None:
    record("calm", a="pass", b="pass", c="error", d="no_data", e="skipped", f="warn")
    assert (tapped.count("query"), tapped.count("merge", "execute", "append")) == (1, 0)
    tapped.calls.clear()
    record("r1", **{f"t{number}": "fail" for number in range(20)})
    assert sorted(what for kind, what in tapped.calls if kind == "merge") == [
        "dq_incident_events",
        "dq_incidents",
        "dq_outbox",
    ]
    assert (tapped.count("query"), tapped.count("execute", "append")) == (3, 0)
    tapped.calls.clear()
    record("r2", **{f"t{number}": "pass" for number in range(20)})
    assert tapped.count("merge") == 3


@ON_LOCAL
def test_other_verdicts_neither_fail_nor_pass(
    store: Store, record: Record, request: pytest.FixtureRequest
) -> None:
    record("r1", a="fail")
    for number, verdict in enumerate(("error", "no_data", "skipped", "warn")):
        assert record(f"n{number}", a=verdict) == ()
    assert _only(store, request.node.name).version == 1


def test_recording_a_run_again_changes_nothing(
    store: Store, record: Record, request: pytest.FixtureRequest
) -> None:
    for run in ("r1", "r2"):
        assert record(run, a="fail")
        assert record(run, a="fail") == ()
    record("r1", a="fail")
    incident = _only(store, request.node.name)
    assert (incident.failure_count, incident.version) == (2, 2)
    for _ in range(2):
        record("r3", a="pass")
    incident = _only(store, request.node.name)
    assert (incident.pass_count, incident.version) == (1, 3)
    assert _happened(store, incident) == ["opened", "failed", "failed", "passed", "resolved"]
    record("r2", a="fail")
    assert _only(store, request.node.name) == incident, "what is over stays over"


@ON_LOCAL
def test_a_failure_within_the_window_reopens_and_a_later_one_opens_anew(
    store: Store, record: Record, clock: Hours, request: pytest.FixtureRequest
) -> None:
    record("r1", a="fail")
    record("r2", a="pass")
    clock.pass_by(23)
    record("r3", a="fail")
    incident = _only(store, request.node.name)
    assert (incident.status, incident.reopened_count, incident.failure_count) == ("open", 1, 2)
    assert (incident.resolution, incident.resolved_at) == (None, None)
    assert _told(store, incident) == [
        "incident.opened",
        "incident.reopened",
        "incident.resolved",
    ]
    record("r4", a="pass")
    clock.pass_by(25)
    record("r5", a="fail")
    ordinals = {
        found.ordinal: found for found in store.incidents.select(eq("table_id", request.node.name))
    }
    assert {number: found.status.value for number, found in ordinals.items()} == {
        1: "resolved",
        2: "open",
    }
    assert (ordinals[1].failure_count, ordinals[2].failure_count) == (2, 1)


@ON_LOCAL
@pytest.mark.parametrize(("passes", "resolved_after"), [(0, None), (2, 3)])
def test_passes_in_a_row_resolve(
    store: Store,
    record: Record,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    passes: int,
    resolved_after: int | None,
) -> None:
    _policy(store, monkeypatch, resolve_after_passes=passes)
    found = []
    for number, verdict in enumerate(("fail", "pass", "fail", "pass", "pass")):
        record(f"r{number}", a=verdict)
        found.append(_only(store, request.node.name))
    statuses = [incident.status.value for incident in found]
    assert statuses[:4] == ["open"] * 4
    assert statuses[4] == ("open" if resolved_after is None else "resolved")
    assert [incident.pass_count for incident in found] == [0, 1, 0, 1, 2]


def _policy(store: Store, monkeypatch: pytest.MonkeyPatch, **more: object) -> None:
    project = store.catalog.ensure_project(PROJECT).model_copy(update=more)
    monkeypatch.setattr(store.catalog.projects, "get", lambda _key: project)


@ON_LOCAL
@pytest.mark.parametrize("key_type", ["table", "dimension"])
def test_failures_of_a_table_or_dimension_are_one_incident(
    store: Store,
    record: Record,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    key_type: str,
) -> None:
    _policy(store, monkeypatch, incident_key=IncidentKey(key_type))
    record("r1", a="fail", b="fail", c="pass")
    incident = _only(store, request.node.name)
    assert (incident.key_type, incident.failure_count) == (key_type, 2)
    assert incident.incident_key.startswith(request.node.name)
    record("r2", a="pass", b="fail", c="pass")
    assert _only(store, request.node.name).failure_count == 3
    record("r3", a="pass", c="pass")
    assert _only(store, request.node.name).status == "open", "the test that failed did not run"
    record("r4", a="pass", b="pass", c="pass")
    assert _only(store, request.node.name).status == "resolved"


@ON_LOCAL
def test_s15_versions_say_what_is_newer_not_clocks(
    store: Store, record: Record, clock: Hours, request: pytest.FixtureRequest
) -> None:
    record("r1", a="fail", version=5)
    record("slow", a="pass", version=4)
    assert _only(store, request.node.name).status == "open"
    record("r2", a="pass", version=6)
    clock.pass_by(0.1)
    record("slower", a="fail", version=5)
    incident = _only(store, request.node.name)
    assert (incident.status, incident.failure_count) == ("resolved", 2)
    clock.pass_by(-1)
    record("r3", a="fail", version=7)
    incident = _only(store, request.node.name)
    assert (incident.status, incident.failure_count) == ("open", 3)


@ON_LOCAL
@pytest.mark.parametrize("kind", [Quiet.MUTE, Quiet.SNOOZE])
def test_a_quiet_incident_tells_nobody_until_its_time_is_over(
    store: Store, record: Record, clock: Hours, request: pytest.FixtureRequest, kind: Quiet
) -> None:
    record("r1", a="fail", severity="warning")
    incident = _only(store, request.node.name)
    until = clock() + timedelta(hours=2)
    store.incidents.store(
        [incident.model_copy(update={"quiet_kind": kind, "quiet_until": until, "version": 2})]
    )
    clock.pass_by(1)
    record("r2", a="fail", severity="error")
    record("r3", a="pass")
    assert _told(store, incident) == ["incident.opened"]
    clock.pass_by(1)
    record("r4", a="fail")
    assert _told(store, incident) == ["incident.opened", "incident.reopened"]


def test_s3_an_incident_that_was_changed_meanwhile_is_decided_anew(
    store: Store, record: Record, tapped: TappedEngine, request: pytest.FixtureRequest
) -> None:
    record("r1", a="fail", b="fail")
    armed = [True]

    def acknowledge(kind: str, what: str) -> None:
        if armed and (kind, what) == ("merge", "dq_incidents"):
            armed.clear()
            (stored,) = store.incidents.select(eq("test_id", f"{request.node.name}.a"))
            taken = stored.model_copy(update={"status": IncidentStatus.ACKNOWLEDGED})
            store.incidents.table.update(taken, 1)

    tapped.before = acknowledge
    record("r2", a="fail", b="fail")
    found = store.incidents.select(eq("table_id", request.node.name))
    assert sorted((i.status.value, i.failure_count, i.version) for i in found) == [
        ("acknowledged", 2, 3),
        ("open", 2, 2),
    ]


@ON_LOCAL
def test_s3_a_conflict_is_retried_and_other_errors_are_not(
    store: Store, record: Record, tapped: TappedEngine, request: pytest.FixtureRequest
) -> None:
    tapped.before = once("merge", "dq_incidents", WriteConflictError("somebody won"))
    record("r1", a="fail")
    assert _only(store, request.node.name).failure_count == 1
    tapped.before = once("merge", "dq_incidents", EngineError("broken"))
    with pytest.raises(EngineError, match="broken"):
        record("r2", a="fail")


@ON_LOCAL
@pytest.mark.parametrize("table", ["dq_incident_events", "dq_incidents", "dq_outbox"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_s5_a_lost_reply_neither_loses_nor_doubles(
    store: Store,
    record: Record,
    tapped: TappedEngine,
    request: pytest.FixtureRequest,
    table: str,
    side: str,
) -> None:
    for run, verdict in (("r1", "fail"), ("r2", "fail"), ("r3", "pass")):
        tapped.before = tapped.after = quiet
        setattr(tapped, side, once("merge", table, OutcomeUnknownError("the line went dead")))
        record(run, a=verdict)
    tapped.before = tapped.after = quiet
    incident = _only(store, request.node.name)
    assert (incident.failure_count, incident.pass_count, incident.version) == (2, 1, 3)
    assert _happened(store, incident) == ["opened", "failed", "failed", "passed", "resolved"]
    assert _told(store, incident) == ["incident.opened", "incident.resolved"]


class Killed(BaseException):
    """The process is gone."""


@ON_LOCAL
@pytest.mark.parametrize("table", ["dq_incident_events", "dq_incidents", "dq_outbox"])
@pytest.mark.parametrize("verdict", ["fail", "pass"])
def test_killed_between_two_writes_a_repetition_completes_the_rest(
    store: Store,
    record: Record,
    tapped: TappedEngine,
    request: pytest.FixtureRequest,
    table: str,
    verdict: str,
) -> None:
    if verdict == "pass":
        record("r0", a="fail")
    tapped.after = once("merge", table, Killed())
    with pytest.raises(Killed):
        record("r1", a=verdict)
    record("r1", a=verdict)
    incident = _only(store, request.node.name)
    assert incident.failure_count == 1
    happened = ["opened", "failed"] + (["passed", "resolved"] if verdict == "pass" else [])
    assert _happened(store, incident) == happened
    told = ["incident.opened"] + (["incident.resolved"] if verdict == "pass" else [])
    assert _told(store, incident) == told


@ON_LOCAL
def test_killed_after_the_timeline_the_next_run_counts_what_was_lost(
    store: Store, record: Record, tapped: TappedEngine, request: pytest.FixtureRequest
) -> None:
    tapped.before = once("merge", "dq_incidents", Killed())
    with pytest.raises(Killed):
        record("r1", a="fail")
    assert not store.incidents.select(eq("table_id", request.node.name)).items
    record("r2", a="fail")
    assert _only(store, request.node.name).failure_count == 2
    tapped.before = once("merge", "dq_incidents", Killed())
    with pytest.raises(Killed):
        record("r3", a="fail")
    record("r4", a="fail")
    assert _only(store, request.node.name).failure_count == 4


RUNNERS, RUNS = 6, 2


@ON_LOCAL
def test_s1_processes_that_fail_at_once_open_one_incident(
    shared: Engine, store: Store, home: Path
) -> None:
    opener = local_engine.contender(shared, home / "local")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(RUNNERS, mp_context=context) as pool:
        done = [pool.submit(_race, opener, number) for number in range(RUNNERS)]
        for one in done:
            one.result()
    (incident,) = store.incidents.select(eq("table_id", "raced"))
    assert incident.failure_count == RUNNERS * RUNS
    happened = _happened(store, incident)
    assert (happened.count("opened"), happened.count("failed")) == (1, RUNNERS * RUNS)
    assert len(store.table(IncidentEvent).select(eq("incident_id", incident.incident_id))) == (
        1 + RUNNERS * RUNS
    )
    assert _told(store, incident) == ["incident.opened"]


def _race(opener: Callable[[], Engine], number: int) -> None:
    with opener() as engine:
        store = Store(engine, settings_for("s"), Context())
        for turn in range(RUNS):
            run = f"race-{number}-{turn}"
            result = _result(run, "raced.a", "fail", START, "raced")
            record_incidents(store, Context(), project_key=PROJECT, run_id=run, results=[result])
