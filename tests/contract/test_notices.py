"""Events are given out once: by pages, to one of two, and when they were stored late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dq_databricks import Quality
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import OutboxEvent
from dq_databricks.quality.notices import LATE, NoticeFace
from tests.support.jobs import lake
from tests.support.schedules import START


def _happened(quality: Quality, *events: tuple[str, timedelta]) -> None:
    rows = [
        OutboxEvent(
            event_id=name,
            project_key="default",
            event_type="run.failed",
            entity_type="test_run",
            entity_id=name,
            title=name,
            created_at=START + after,
        )
        for name, after in events
    ]
    quality.store.outbox.write(rows)


def _ids(events: tuple[OutboxEvent, ...]) -> list[str]:
    return [event.event_id for event in events]


def test_events_come_once_in_pages_and_those_that_were_stored_late_too(tmp_path: Path) -> None:
    minute = timedelta(minutes=1)
    with lake(tmp_path) as quality:
        _happened(quality, ("a", 0 * minute), ("b", 1 * minute), ("c", 90 * minute))
        assert _ids(quality.notices.pending()) == ["a", "b", "c"]
        assert _ids(quality.notices.take(limit=2)) == ["a", "b"]
        assert _ids(quality.notices.take()) == ["c"]
        _happened(quality, ("late", 91 * minute - LATE), ("d", 95 * minute))
        assert _ids(quality.notices.take()) == ["late", "d"]
        assert quality.notices.take() == ()
        _happened(quality, ("e", timedelta(days=9)))
        assert _ids(quality.notices.take()) == ["e"]
        assert quality.audit.list().items == ()


def test_of_two_that_take_at_once_one_gets_an_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lake(tmp_path) as quality:
        _happened(quality, ("a", timedelta()))
        other = Quality(quality.settings, quality.engine, Context())
        taken: list[str] = []
        moved = NoticeFace._moved

        def first_the_other(self: NoticeFace, *arguments: object) -> bool:
            monkeypatch.undo()
            taken.extend(_ids(other.notices.take()))
            return moved(self, *arguments)

        monkeypatch.setattr(NoticeFace, "_moved", first_the_other)
        assert _ids(quality.notices.take()) == []
        assert taken == ["a"]
