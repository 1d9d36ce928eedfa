"""`dq connections` as people and scripts meet it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dq_databricks import open_quality
from dq_databricks.cli.app import EXIT_INTERRUPTED
from dq_databricks.engine.local import LocalEngine
from dq_databricks.errors import EngineUnavailableError
from dq_databricks.quality.catalog import CatalogFace
from dq_databricks.quality.jobs import JobFace
from dq_databricks.sql.statement import Statement
from tests.e2e.conftest import Said
from tests.support.stocked import create_orders

Dq = Callable[..., Said]
CANARY = "Zx9QmP4vLw7TkR2nYb6HcJ8sDf3GaE5u"
PG = (
    "--type", "postgresql", "--option", "host=db.example.com", "--option", "database=shop",
    "--user-secret", "prod/pg_user", "--credentials", "secret:prod/pg_password",
)  # fmt: skip


@pytest.fixture
def shop(dq: Dq) -> None:
    """`main.shop` with orders and a table nobody wants."""
    with open_quality() as quality:
        create_orders(quality.engine)
        quality.engine.execute(Statement("CREATE TABLE main.shop.tmp_x (id BIGINT) USING DELTA"))


def test_a_plan_prints_sql_and_no_secret(dq: Dq) -> None:
    assert dq("connections", "add", "pg", *PG).code == 0
    said = dq("connections", "plan", "pg", "--grant-to", "data readers")
    assert (said.code, said.err) == (0, "")
    assert "password secret('prod', 'pg_password')" in said.out
    assert "user secret('prod', 'pg_user')" in said.out
    assert "CREATE FOREIGN CATALOG IF NOT EXISTS `pg` USING CONNECTION `pg`" in said.out
    assert "TO `data readers`" in said.out
    document = dq("connections", "plan", "pg", "--json").document
    assert (document["connection_type"], len(document["steps"])) == ("postgresql", 2)
    refused = dq("connections", "plan", "pg", "--apply")
    assert (refused.code, refused.out) == (3, "")
    assert "engine local has no Unity Catalog" in refused.err


@pytest.mark.parametrize(
    "given", [("--option", f"password={CANARY}"), ("--credentials", CANARY),
              ("--option", f"user={CANARY}")],
)  # fmt: skip
def test_a_secret_given_by_mistake_is_refused_and_not_shown(
    dq: Dq, tmp_path: Path, given: tuple[str, str]
) -> None:
    said = dq("connections", "add", "pg", *PG, *given)
    assert said.code == 2
    assert CANARY not in said.out + said.err
    assert dq("connections", "list", "--json").document["items"] == []
    held = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in held if CANARY.encode() in path.read_bytes()]


def test_types_name_their_options_and_what_was_not_tried(dq: Dq) -> None:
    names = [one["name"] for one in dq("connections", "types", "--json").document["items"]]
    assert {"databricks", "postgresql", "oracle"} <= set(names)
    assert "UNVERIFIED" in dq("connections", "types", "oracle").out
    assert dq("connections", "types", "postgres").code == 2


def test_options_are_edited_one_by_one(dq: Dq) -> None:
    dq("connections", "add", "pg", *PG)
    edited = dq("connections", "edit", "pg", "--option", "port=6000", "--latest", "--json").document
    assert '"port": "6000"' in edited["federation_options"]
    assert '"host": "db.example.com"' in edited["federation_options"]
    emptied = dq("connections", "edit", "pg", "--option", "host=", "--latest")
    assert (emptied.code, "needs the option host" in emptied.err) == (2, True)


@pytest.mark.usefixtures("shop")
def test_the_exit_code_says_whether_a_connection_is_healthy(dq: Dq) -> None:
    dq("connections", "add", "shop", "--catalog", "main", "--schema", "shop")
    dq("connections", "add", "all", "--catalog", "main")
    dq("connections", "add", "lost", "--catalog", "main", "--schema", "nowhere")
    codes = {name: dq("connections", "test", name).code for name in ("shop", "all", "lost")}
    assert codes == {"shop": 0, "all": 0, "lost": 3}
    listed = dq("connections", "list", "--json").document["items"]
    assert {one["name"]: one["status"] for one in listed} == {
        "shop": "healthy", "all": "healthy", "lost": "unhealthy",
    }  # fmt: skip
    found = dq("connections", "discover", "all", "--json").document
    assert found["names"] == ["shop"]
    tables = dq("connections", "discover", "all", "--schema", "shop", "--json").document
    assert (tables["names"], tables["types"]) == (["orders", "tmp_x"], ["MANAGED", "MANAGED"])
    columns = dq("connections", "discover", "shop", "--table", "orders", "--json").document
    assert columns["names"] == ["order_id", "amount", "status", "note"]
    assert dq("connections", "discover", "all", "--table", "orders").code == 2


@pytest.mark.usefixtures("shop")
def test_an_engine_that_does_not_answer_is_an_error_without_its_secret(
    dq: Dq, monkeypatch: pytest.MonkeyPatch
) -> None:
    dq("connections", "add", "shop", "--catalog", "main", "--schema", "shop")
    asked = LocalEngine.query

    def broken(self: LocalEngine, statement: Statement) -> object:
        if "information_schema" in statement.text:
            raise EngineUnavailableError(f"jdbc:postgresql://h/d?user=x&password={CANARY} refused")
        return asked(self, statement)

    monkeypatch.setattr(LocalEngine, "query", broken)
    said = dq("connections", "test", "shop", "--json")
    assert (said.code, said.document["status"]) == (3, "error")
    assert "EngineUnavailableError" in said.document["last_error"]
    refused = dq("connections", "activate", "shop")
    assert refused.code == 3
    shown = dq("connections", "show", "shop", "--json")
    assert CANARY not in said.out + refused.out + refused.err + shown.out


@pytest.mark.usefixtures("shop")
def test_a_new_connection_is_activated_profiled_and_stays_one(dq: Dq) -> None:
    new = ("connections", "activate", "shop", "--new", "--catalog", "main", "--schema", "shop",
           "--exclude", "tmp_%", "--cron", "30 6 * * *", "--json")  # fmt: skip
    first = dq(*new).document
    assert (first["group"]["name"], first["tables"], len(first["made"])) == ("shop-default", 1, 4)
    again = dq(*new)
    assert (again.code, again.document["made"]) == (0, [])
    assert again.document["job"] == first["job"]
    assert dq("worker", "--once").code == 0
    job = dq("jobs", "show", first["job"]["job_id"], "--json").document
    assert (job["status"], job["kind"]) == ("succeeded", "profile")
    other = dq("connections", "activate", "shop", "--new", "--catalog", "else")
    assert (other.code, "exists with another" in other.err) == (2, True)
    stray = dq("connections", "add", "x", "--catalog", "main", "--cron", "* * * * *")
    assert (stray.code, "goes with --activate" in stray.err) == (2, True)


@pytest.mark.usefixtures("shop")
def test_adding_and_activating_in_one_is_repeatable(dq: Dq) -> None:
    add = ("connections", "add", "shop", "--catalog", "main", "--schema", "shop", "--activate")
    assert (dq(*add).code, dq(*add).code) == (0, 0)
    assert len(dq("connections", "list", "--json").document["items"]) == 1
    assert len(dq("jobs", "list", "--json").document["items"]) == 1


STEPS = {
    "tables": (CatalogFace, "edit_connection"),
    "the job": (JobFace, "request"),
}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("step", STEPS)
def test_whoever_was_killed_between_two_steps_goes_on(
    dq: Dq, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    dq("connections", "add", "shop", "--catalog", "main", "--schema", "shop")
    dq("connections", "edit", "shop", "--inactive", "--latest")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(*STEPS[step], killed)
        assert dq("connections", "activate", "shop").code == EXIT_INTERRUPTED
    done = dq("connections", "activate", "shop", "--json").document
    assert (done["connection"]["is_active"], done["tables"]) == (True, 2)
    for noun in ("groups", "jobs"):
        assert len(dq(noun, "list", "--json").document["items"]) == 1
    assert len(dq("tables", "list", "--json").document["items"]) == 2


@pytest.mark.usefixtures("shop")
def test_a_connection_out_of_use_has_its_schedules_stopped(dq: Dq) -> None:
    cron = ("--cron", "30 6 * * *")
    dq("connections", "add", "shop", "--catalog", "main", "--schema", "shop", "--activate", *cron)
    dq("profile", "main.shop.orders")
    assert dq("connections", "edit", "shop", "--inactive", "--latest").code == 0
    (stopped,) = dq("schedules", "list", "--json").document["items"]
    assert (stopped["is_enabled"], stopped["next_run_at"]) == (False, None)
    back = dq("connections", "activate", "shop", *cron, "--json").document
    assert back["schedule"]["is_enabled"]
    assert back["connection"]["is_active"]


@pytest.mark.usefixtures("shop")
def test_a_table_taken_off_watch_stays_off(dq: Dq) -> None:
    dq("connections", "add", "shop", "--catalog", "main", "--schema", "shop", "--activate")
    assert dq("tables", "remove", "main.shop.tmp_x", "--latest").code == 0
    again = dq("connections", "activate", "shop", "--json").document
    assert (again["tables"], again["made"]) == (1, [])
    refused = dq("connections", "edit", "shop", "--type", "mysql", "--latest")
    assert (refused.code, "has the table group" in refused.err) == (2, True)
