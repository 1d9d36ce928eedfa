"""Dropping the schema that a renaming left behind: only that, and nothing in it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import RenameError
from dq_databricks.lifecycle.moving.dropping import (
    DroppedSchema,
    LateRows,
    drop_old,
    kept_schemas,
)
from dq_databricks.lifecycle.moving.rename import rename
from dq_databricks.lifecycle.state import Phase, read_state
from dq_databricks.model.ids import Context
from tests.support.contract import rows, run
from tests.support.engines import open_engine_for_tests
from tests.support.renamed import (
    NEW,
    OLD,
    TESTS,
    add_tests,
    ids,
    setting_list,
    small_schema,
    tables,
)
from tests.support.store import TappedEngine, once, settings_for

SPARK_SAMPLE: set[str] = set()


class Killed(BaseException):
    """What a process does not survive."""


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Engine]:
    """The local engine, for what is the same code on every engine."""
    with open_engine_for_tests("local", tmp_path) as opened:
        yield opened


def renamed(engine: Engine, source: str = OLD, target: str = NEW) -> None:
    rename(engine, settings_for(source), Context(), target)


def drop(engine: Engine, schema: str = NEW) -> tuple[DroppedSchema, ...]:
    return drop_old(engine, settings_for(schema), Context()).dropped


def test_late_rows_are_brought_over_and_the_old_schema_goes(engine: Engine) -> None:
    small_schema(engine)
    renamed(engine)
    run(engine, f"DELETE FROM main.{NEW}.{TESTS} WHERE test_id = 't2'")
    # A client that never heard of the renaming.
    add_tests(engine, "late1", "late2")
    run(engine, f"UPDATE main.{OLD}.{TESTS} SET name = 'late' WHERE test_id = 't1'")

    (gone,) = drop(engine)

    assert gone.late == (LateRows(TESTS, added=2, edited=1),)
    assert ids(engine, NEW) == ["late1", "late2", "t1"]
    assert rows(engine, f"SELECT name FROM main.{NEW}.{TESTS} WHERE test_id = 't1'") == [
        ("test t1",)
    ]
    assert tables(engine, OLD) == []
    run(engine, f"CREATE SCHEMA main.{OLD}")
    assert drop(engine) == ()
    run(engine, f"DROP SCHEMA main.{OLD}")


def test_nothing_is_dropped_before_the_renaming_is_done(lake: Engine) -> None:
    small_schema(lake)
    assert drop(lake, OLD) == ()
    killed = TappedEngine(lake, before=once("query", "md5", Killed()))
    with pytest.raises(Killed):
        renamed(killed)
    for schema in (OLD, NEW):
        with pytest.raises(RenameError, match="finish that before"):
            drop(lake, schema)
    assert ids(lake, OLD) == ["t1", "t2"]


def test_what_was_not_copied_is_not_dropped(engine: Engine) -> None:
    small_schema(engine)
    run(engine, f"CREATE VIEW main.{OLD}.named AS SELECT name FROM main.{OLD}.{TESTS}")
    renamed(engine)
    run(engine, f"CREATE TABLE main.{OLD}.theirs (n INT) USING DELTA")
    with pytest.raises(RenameError, match=r"holds what was not copied: named, theirs; nothing"):
        drop(engine)
    assert ids(engine, OLD) == ["t1", "t2"]


@pytest.mark.parametrize("at", [f"`{TESTS}`", "`dq_settings`", "DROP SCHEMA"])
def test_m15_killed_while_dropping_the_next_run_completes(lake: Engine, at: str) -> None:
    small_schema(lake)
    renamed(lake)
    fragment = at if at.startswith("DROP") else f"DROP TABLE IF EXISTS `main`.`{OLD}`.{at}"
    with pytest.raises(Killed):
        drop(TappedEngine(lake, after=once("execute", fragment, Killed())))
    assert kept_schemas(lake, settings_for(NEW), Context()) == (OLD,)
    drop(lake)
    assert tables(lake, OLD) == []
    assert kept_schemas(lake, settings_for(NEW), Context()) == ()
    assert ids(lake, NEW) == ["t1", "t2"]


def test_there_and_back_and_on(lake: Engine) -> None:
    small_schema(lake)
    renamed(lake)
    with pytest.raises(RenameError, match=r"main\.old is the schema that was renamed to new"):
        renamed(lake, NEW, OLD)
    renamed(lake, NEW, "third")
    add_tests(lake, "late")
    gone = drop(lake, "third")
    assert {schema.schema for schema in gone} == {OLD, NEW}
    assert ids(lake, "third") == ["late", "t1", "t2"]
    renamed(lake, "third", OLD)
    assert setting_list(lake, OLD, "renamed_from") == ["third", NEW]
    assert read_state(lake, "main", OLD).operation.phase is Phase.OPEN
    assert ids(lake, OLD) == ["late", "t1", "t2"]
