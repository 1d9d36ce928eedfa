"""Grants: what settings declare, against what Databricks answers; elsewhere they are skipped."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.recording import RecordingEngine
from dq_databricks.errors import PermissionDeniedError
from dq_databricks.lifecycle.upkeep.grants import ExtraGrant, apply_grants, plan_grants
from dq_databricks.settings import Settings
from dq_databricks.sql.statement import Statement
from tests.support.store import TappedEngine, settings_for

SPARK_SAMPLE = {"test_an_engine_without_grants_says_so_and_does_nothing"}
SCHEMA = "`main`.`s`"


def declared(**more: str) -> Settings:
    given = {"data_quality_readers": "analysts, data stewards", "data_quality_writer": "dq-job"}
    return settings_for("s", **{**given, **more})


class Unity(RecordingEngine):
    """Answers SHOW GRANTS as Databricks does, and keeps what is granted."""

    def __init__(self, *held: tuple[str, str, str]) -> None:
        super().__init__(self._show)
        self.held = list(held)

    def execute(self, statement: Statement) -> int | None:
        privilege, _, rest = statement.text.removeprefix("GRANT ").partition(f" ON SCHEMA {SCHEMA}")
        self.held.append((rest.removeprefix(" TO ").strip("`"), privilege, "SCHEMA"))
        return super().execute(statement)

    def _show(self, statement: Statement) -> pa.Table:
        assert statement.text == f"SHOW GRANTS ON SCHEMA {SCHEMA}"
        keys = {"SCHEMA": "main.s", "CATALOG": "main"}
        return pa.table(
            {
                "Principal": [principal for principal, _, _ in self.held],
                "ActionType": [privilege for _, privilege, _ in self.held],
                "ObjectType": [kind for _, _, kind in self.held],
                "ObjectKey": [keys[kind] for _, _, kind in self.held],
            }
        )


def test_the_plan_holds_the_exact_statements() -> None:
    plan = plan_grants(Unity(), declared())
    assert [grant.statement for grant in plan.grants] == [
        f"GRANT USE SCHEMA ON SCHEMA {SCHEMA} TO `analysts`",
        f"GRANT SELECT ON SCHEMA {SCHEMA} TO `analysts`",
        f"GRANT USE SCHEMA ON SCHEMA {SCHEMA} TO `data stewards`",
        f"GRANT SELECT ON SCHEMA {SCHEMA} TO `data stewards`",
        f"GRANT USE SCHEMA ON SCHEMA {SCHEMA} TO `dq-job`",
        f"GRANT SELECT ON SCHEMA {SCHEMA} TO `dq-job`",
        f"GRANT MODIFY ON SCHEMA {SCHEMA} TO `dq-job`",
    ]
    assert {grant.state for grant in plan.grants} == {"missing"}


def test_what_is_there_is_not_granted_again() -> None:
    engine = Unity(
        ("analysts", "USE SCHEMA", "SCHEMA"),
        ("analysts", "SELECT", "CATALOG"),
        ("dq-job", "ALL PRIVILEGES", "SCHEMA"),
        ("data stewards", "USAGE", "DATABASE"),
    )
    engine.held[3] = ("data stewards", "USAGE", "SCHEMA")
    plan = plan_grants(engine, declared())
    states = {(grant.principal, grant.privilege): str(grant.state) for grant in plan.grants}
    assert states == {
        ("analysts", "USE SCHEMA"): "granted",
        ("analysts", "SELECT"): "granted",
        ("data stewards", "USE SCHEMA"): "granted",
        ("data stewards", "SELECT"): "missing",
        ("dq-job", "USE SCHEMA"): "granted",
        ("dq-job", "SELECT"): "granted",
        ("dq-job", "MODIFY"): "granted",
    }
    assert plan.grants[1].through == "catalog main"
    assert engine.calls.executed == []


def test_apply_carries_out_the_missing_ones_and_none_twice() -> None:
    engine = Unity(("analysts", "USE SCHEMA", "SCHEMA"))
    done = apply_grants(engine, declared(data_quality_readers="analysts,analysts"))
    assert done.applied == (
        f"GRANT SELECT ON SCHEMA {SCHEMA} TO `analysts`",
        f"GRANT USE SCHEMA ON SCHEMA {SCHEMA} TO `dq-job`",
        f"GRANT SELECT ON SCHEMA {SCHEMA} TO `dq-job`",
        f"GRANT MODIFY ON SCHEMA {SCHEMA} TO `dq-job`",
    )
    assert [statement.text for statement in engine.calls.executed] == list(done.applied)
    assert done.plan.missing == ()
    assert apply_grants(engine, declared(data_quality_readers="analysts")).applied == ()
    assert len(engine.calls.executed) == 4


def test_grants_nobody_declared_are_listed_and_left() -> None:
    engine = Unity(
        ("interns", "MODIFY", "SCHEMA"),
        ("analysts", "MODIFY", "SCHEMA"),
        ("admins", "ALL PRIVILEGES", "CATALOG"),
    )
    plan = apply_grants(engine, declared()).plan
    assert plan.extra == (ExtraGrant("interns", "MODIFY"), ExtraGrant("analysts", "MODIFY"))
    assert not any("REVOKE" in statement.text for statement in engine.calls.executed)


def test_a_principal_cannot_end_the_statement() -> None:
    plan = plan_grants(Unity(), declared(data_quality_readers="", data_quality_writer="a`; DROP"))
    assert {grant.statement.rpartition(" TO ")[2] for grant in plan.grants} == {"`a``; DROP`"}


def test_nothing_declared_is_nothing_planned() -> None:
    plan = plan_grants(Unity(), settings_for("s"))
    assert (plan.grants, plan.extra) == ((), ())


def test_a_refusal_keeps_what_was_granted_before_it() -> None:
    class Refusing(Unity):
        def execute(self, statement: Statement) -> int | None:
            if "MODIFY" in statement.text and not self.may_modify:
                raise PermissionDeniedError("MODIFY is for the owner to give")
            return super().execute(statement)

        may_modify = False

    engine = Refusing()
    with pytest.raises(PermissionDeniedError, match="for the owner"):
        apply_grants(engine, declared())
    engine.may_modify = True
    assert apply_grants(engine, declared()).applied == (
        f"GRANT MODIFY ON SCHEMA {SCHEMA} TO `dq-job`",
    )


def test_an_engine_without_grants_says_so_and_does_nothing(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    plan = plan_grants(tapped, declared())
    assert {str(grant.state) for grant in plan.grants} == {"skipped: capability grants"}
    assert (plan.is_supported, plan.engine) == (False, engine.facts.name)
    done = apply_grants(tapped, declared())
    assert (done.applied, done.plan) == ((), plan)
    assert tapped.calls == []
