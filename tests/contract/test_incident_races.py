"""Of a person who reopens and a run that opens the next, one stays; a pass counts once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dq_databricks.alerting.recording import record_incidents
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import WrongUseError
from dq_databricks.model.actor import Actor
from dq_databricks.model.catalog import Project
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident
from dq_databricks.model.vocabulary import ResultStatus
from dq_databricks.quality.incidents import IncidentFace
from dq_databricks.store.filters import eq
from dq_databricks.store.store import Store
from tests.support import local_engine
from tests.support.provisioned import put_schema
from tests.support.store import START, TappedEngine, a_result, once, settings_for

PROJECT = "default"


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("races")
    put_schema(folder)
    with local_engine.open_for_tests(folder) as engine:
        yield engine


class Scene:
    """One test `a` of one table, its runs, and a person, each on an engine of its own."""

    def __init__(self, engine: Engine, table: str) -> None:
        self.table = table
        self.now = START
        context = Context(now=lambda: self.now)
        self.of_run, self.of_person = TappedEngine(engine), TappedEngine(engine)
        self.store = Store(self.of_run, settings_for("s"), context)
        mine = Store(self.of_person, settings_for("s"), context)
        self.person = IncidentFace(mine, context, Actor("ada"), lambda: mine)
        self.context = context
        self.made: dict[str, datetime] = {}

    def record(self, run: str, status: str, hours: float = 1) -> None:
        """Record a run; the same run again has the same results."""
        self.now += timedelta(hours=hours)
        result = a_result(
            run, f"{self.table}.a", result_status=ResultStatus(status), table_id=self.table,
            detected_at=self.made.setdefault(run, self.now), check_type="not_null",
        )  # fmt: skip
        record_incidents(
            self.store, self.context, project_key=PROJECT, run_id=run, results=[result]
        )

    def resolved(self) -> Incident:
        """The first incident, over for so long that the next failure opens another."""
        self.record("r1", "fail")
        self.record("r2", "pass")
        self.now += timedelta(hours=30)
        (incident,) = self.found()
        return incident

    def found(self) -> tuple[Incident, ...]:
        items = self.store.incidents.select(eq("table_id", self.table)).items
        return tuple(sorted(items, key=lambda one: one.ordinal))

    def standing(self) -> list[str]:
        return [incident.status.value for incident in self.found()]

    def happened(self, incident: Incident) -> list[str]:
        timeline = self.store.incidents.timeline(incident.incident_id)
        return sorted(event.event_type.value for event in timeline)


@pytest.fixture
def scene(shared: Engine, request: pytest.FixtureRequest) -> Scene:
    return Scene(shared, request.node.name)


def at_once(what: Callable[[], object], kind: str, fragment: str) -> Callable[[str, str], None]:
    """A tap that does `what` the first time a call of `kind` contains `fragment`."""
    armed = [True]

    def tap(called: str, text: str) -> None:
        if armed and called == kind and fragment in text:
            armed.clear()
            what()

    return tap


def test_s3_a_reopening_that_finds_a_later_incident_is_taken_back(scene: Scene) -> None:
    first = scene.resolved()
    run = at_once(lambda: scene.record("r3", "fail"), "execute", "UPDATE")
    scene.of_person.before = run
    with pytest.raises(WrongUseError, match="came after it; work on that one"):
        scene.person.reopen(first.incident_id)
    assert scene.standing() == ["resolved", "open"]
    back, _ = scene.found()
    assert (back.resolution, back.resolved_at) == (first.resolution, first.resolved_at)
    assert "reopened" not in scene.happened(first)


def test_s3_who_opens_the_next_resolves_what_was_reopened_meanwhile(scene: Scene) -> None:
    first = scene.resolved()
    person = at_once(lambda: scene.person.reopen(first.incident_id), "merge", "dq_incidents")
    scene.of_run.before = person
    scene.record("r3", "fail")
    assert scene.standing() == ["resolved", "open"]
    back, later = scene.found()
    assert back.resolution_notes == f"went on as {later.incident_id}"
    assert scene.happened(first).count("resolved") == 2
    told = scene.store.outbox.select(eq("entity_id", first.incident_id))
    assert [one.event_type for one in told].count("incident.resolved") == 2


def test_s3_two_open_incidents_of_a_key_are_put_right_by_the_next_run(scene: Scene) -> None:
    """The run had looked before the person wrote, and the person did not live to look."""
    first = scene.resolved()
    scene.of_person.before = at_once(lambda: scene.record("r3", "fail"), "execute", "UPDATE")
    scene.of_person.after = once("execute", "UPDATE", Killed())
    with pytest.raises(Killed):
        scene.person.reopen(first.incident_id)
    assert scene.standing() == ["open", "open"]
    scene.record("r4", "pass")
    assert scene.standing() == ["resolved", "resolved"]


def test_a_pass_that_was_recorded_by_halves_counts_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    project: Project = scene.store.catalog.ensure_project(PROJECT)
    slow = project.model_copy(update={"resolve_after_passes": 4})
    monkeypatch.setattr(scene.store.catalog.projects, "get", lambda _key: slow)
    scene.record("r1", "fail")
    scene.of_run.after = once("merge", "dq_incidents", Killed())
    with pytest.raises(Killed):
        scene.record("r2", "pass")
    for run in ("r3", "r2", "r3", "r2"):
        scene.record(run, "pass")
        assert scene.found()[0].pass_count == 2
    assert scene.happened(scene.found()[0]) == ["failed", "opened", "passed", "passed"]
    scene.of_run.after = once("merge", "dq_incidents", Killed())
    with pytest.raises(Killed):
        scene.record("r4", "pass")
    scene.record("r5", "fail")
    scene.record("r4", "pass")
    assert scene.found()[0].pass_count == 0, "it passed before the failure"
