"""Requests that arrive together share commits, and nothing else: S5, S12."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import SqlError, VersionConflictError
from dq_databricks.model.actor import Actor
from dq_databricks.model.alert import Alert
from dq_databricks.model.ids import Context
from dq_databricks.quality import Quality
from dq_databricks.settings import Settings
from dq_databricks.store.filters import eq
from dq_databricks.store.group_commit import GroupCommit, SharedWorkError, Step
from tests.support.local_engine import SHARED
from tests.support.provisioned import put_schema
from tests.support.store import TappedEngine, an_alert

ALERTS = [f"a{number:02d}" for number in range(12)]
WAIT_S = 30.0


@dataclass
class Desk:
    """Faces of one group over a tapped engine, and somebody who holds the first writer up."""

    engine: TappedEngine
    settings: Settings
    group: GroupCommit

    def face(self) -> Quality:
        return Quality(self.settings, self.engine, Context(), actor=Actor("ann"), group=self.group)

    def commits(self, table: str) -> int:
        """Commits of a table, in its log."""
        lake = self.settings.home / "lake"
        (log,) = lake.rglob(f"{table}/_delta_log")
        return len(list(log.glob("*.json")))

    def together(self, *verbs: Callable[[], object]) -> list[Future[object]]:
        """Carry all verbs out; none gets the first turn before all others wait for theirs."""
        held, go = threading.Event(), threading.Event()

        def hold(_: object) -> list[None]:
            held.set()
            go.wait(WAIT_S)
            return [None]

        with ThreadPoolExecutor(len(verbs) + 1) as pool:
            pool.submit(self.group.together, ("hold",), None, hold, step=Step.READ)
            held.wait(WAIT_S)
            done = [pool.submit(verb) for verb in verbs]
            self._until_waiting(len(verbs))
            go.set()
        return done

    def _until_waiting(self, count: int) -> None:
        """All requests stand in line: what they wait for is written nowhere but in the group."""
        pause = threading.Event()
        for _ in range(int(WAIT_S / 0.002)):
            if self.group.waiting >= count:
                return
            pause.wait(0.002)
        raise AssertionError(f"{self.group.waiting} of {count} wait")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    put_schema(tmp_path, "dq_metadata")
    settings = Settings.load({}, home=tmp_path, durable=False, user="tester")
    with LocalEngine(tmp_path, durable=False, database=SHARED) as engine:
        tapped = TappedEngine(engine)
        found = Desk(tapped, settings, GroupCommit())
        rows = [an_alert(one) for one in ALERTS]
        found.face().store.table(Alert).insert_missing(rows, is_audited=False)
        yield found


def _acknowledging(desk: Desk, alert_id: str) -> Callable[[], object]:
    return lambda: desk.face().acknowledge(alert_id, by="ann")


def test_requests_that_meet_share_their_commits(desk: Desk) -> None:
    before = desk.commits("dq_alerts"), desk.commits("dq_audit_log")
    done = desk.together(*(_acknowledging(desk, one) for one in ALERTS))
    taken = [one.result() for one in done]
    after = desk.commits("dq_alerts"), desk.commits("dq_audit_log")
    assert [alert.alert_id for alert in taken if isinstance(alert, Alert)] == ALERTS
    # One of each when nothing else runs; a slow machine may need a few.
    assert after[0] - before[0] <= len(ALERTS) // 2
    assert after[1] - before[1] <= len(ALERTS) // 2
    face = desk.face()
    assert all(face.alert(one).version == 2 for one in ALERTS)
    entries = face.store.audit.select(eq("entity_type", "alert"))
    assert sorted(entry.entity_id for entry in entries) == ALERTS
    assert face.audit.verify().is_whole


def test_a_request_that_is_alone_waits_for_nobody(desk: Desk) -> None:
    assert desk.face().acknowledge(ALERTS[0], by="ann").version == 2
    assert desk.group.waiting == 0


def test_of_two_changes_of_one_version_one_wins(desk: Desk) -> None:
    table = desk.face().store.table(Alert)
    row = table.require(ALERTS[0])
    named = [row.model_copy(update={"title": title}) for title in ("first", "second")]

    def update(wanted: Alert) -> Callable[[], object]:
        return lambda: desk.face().store.table(Alert).update(wanted, 1)

    done = desk.together(*map(update, named), _acknowledging(desk, ALERTS[1]))
    failures = [one.exception() for one in done]
    assert [type(one) for one in failures if one] == [VersionConflictError]
    assert failures[2] is None
    assert "version 1 was expected, version 2 is stored" in str(failures[0] or failures[1])
    stored = table.require(ALERTS[0])
    assert (stored.version, stored.title) in [(2, "first"), (2, "second")]


def test_a_row_that_is_refused_leaves_the_others_alone(desk: Desk) -> None:
    def lost(alert_id: str) -> Callable[[], object]:
        def change() -> object:
            table = desk.face().store.table(Alert)
            row = table.require(alert_id)
            # NUL is stored by no engine alike.
            return table.update(row.model_copy(update={"title": "a\0b"}), 1)

        return change

    done = desk.together(
        _acknowledging(desk, ALERTS[0]), lost(ALERTS[1]), _acknowledging(desk, ALERTS[2])
    )
    assert done[0].exception() is None
    assert "NUL" in str(done[1].exception())
    assert done[2].exception() is None
    face = desk.face()
    assert [face.alert(one).version for one in ALERTS[:3]] == [2, 1, 2]
    assert len(face.store.audit.select(eq("entity_type", "alert"))) == 2
    assert face.audit.verify().is_whole


def test_s5_a_shared_commit_whose_answer_was_lost_is_told_to_everybody(desk: Desk) -> None:
    broken: list[str] = []

    def lose(kind: str, what: str) -> None:
        if kind == "merge" and what == "dq_alerts" and not broken:
            broken.append(what)
            raise SqlError("no answer")

    desk.engine.after = lose
    done = desk.together(*(_acknowledging(desk, one) for one in ALERTS[:3]))
    assert [one.exception() for one in done] == [None] * 3
    assert broken == ["dq_alerts"]
    face = desk.face()
    assert [face.alert(one).version for one in ALERTS[:3]] == [2, 2, 2]
    assert len(face.store.audit.select(eq("entity_type", "alert"))) == 3


def test_nothing_is_answered_before_it_is_recorded(desk: Desk) -> None:
    def refuse(kind: str, what: str) -> None:
        if "dq_audit_log" in what and what.startswith("MERGE"):
            raise SqlError("no audit log today")

    desk.engine.before = refuse
    done = desk.together(*(_acknowledging(desk, one) for one in ALERTS[:3]))
    assert all("no audit log today" in str(one.exception()) for one in done)


def test_shared_work_of_several_sizes_keeps_below_its_limit() -> None:
    group, sizes = GroupCommit(), list[int]()

    def carry_out(works: list[int]) -> list[int]:
        sizes.append(sum(works))
        return works

    with ThreadPoolExecutor(8) as pool:
        done = [
            pool.submit(group.together, "s", 4, carry_out, step=Step.WRITE, size=4, most_size=10)
            for _ in range(8)
        ]
    assert [one.result() for one in done] == [4] * 8
    assert max(sizes) <= 10
    assert sum(sizes) == 32


def test_a_failure_of_shared_work_is_told_as_such() -> None:
    group = GroupCommit()

    def fail(works: list[int]) -> list[int]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        group.together("s", 1, fail, step=Step.WRITE)
    assert issubclass(SharedWorkError, Exception)
