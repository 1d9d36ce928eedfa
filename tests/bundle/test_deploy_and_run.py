"""Deploy the bundle, run its jobs, read what they wrote: the deployed files, really executed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("databricks.sdk")

from dq_databricks import Quality, open_quality
from dq_databricks.engine.protocol import Engine
from dq_databricks.engine.spark import LAKE_FOLDER
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from tests.bundle.conftest import ROOT
from tests.emulator.workspace import FakeWorkspace
from tests.emulator.workspace.server import TOKEN
from tests.emulator.workspace.tasks import Executor, InProcesses, InThisProcess
from tests.support import spark_engine
from tests.support.deploying import Deployer, client_of
from tests.support.engines import skip_unless_it_runs
from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.render import User, render

SCHEMA = "dev_ada_dq_metadata"
USER = "ada@example.com"
TABLE = "main.sales.orders"


@dataclass
class Site:
    """A deployed bundle, and the lake that its jobs work on."""

    workspace: FakeWorkspace
    deployer: Deployer
    settings: Settings

    @contextmanager
    def quality(self) -> Iterator[Quality]:
        with open_quality(self.settings) as opened:
            yield opened


@contextmanager
def deployed(
    folder: Path, wheel: Path, executor: Executor, *, home: Path, engine: str = "local"
) -> Iterator[Site]:
    rendered = render(
        Bundle.load(ROOT), "dev", User(USER), {"warehouse_id": "w1", "readers": "", "writer": ""}
    )
    settings = Settings.load(
        {}, engine=engine, home=home, durable=False, data_quality_schema=SCHEMA, user="tester"
    )
    with FakeWorkspace(folder, executor, user=USER) as workspace:
        deployer = Deployer(client_of(workspace), rendered, ROOT, wheel)
        if isinstance(executor, InProcesses):
            executor.environment = {**executor.environment, "DATABRICKS_HOST": workspace.host}
        deployer.deploy()
        yield Site(workspace, deployer, settings)


@pytest.fixture
def site(tmp_path: Path, wheel: Path) -> Iterator[Site]:
    environment = {
        "DQ_ENGINE": "local",
        "DQ_HOME": str(tmp_path),
        "DQ_DURABLE": "false",
        "DQ_THREADS": "1",
        "DATABRICKS_TOKEN": TOKEN,
    }
    with deployed(tmp_path, wheel, InProcesses(tmp_path, environment), home=tmp_path) as site:
        yield site


@pytest.fixture
def spark_site(tmp_path: Path, wheel: Path) -> Iterator[Site]:
    skip_unless_it_runs("spark")
    session = spark_engine.shared_session()
    # The platform gives every task a session; here all have the one of this process.
    home = Path(session.conf.get("spark.dq.home"))
    sessions = session._jvm.org.apache.spark.sql.classic.SparkSession
    executor = InThisProcess(
        {"DQ_ENGINE": "spark", "DQ_HOME": str(home)},
        before=lambda: sessions.setActiveSession(session._jsparkSession),
    )
    spark_engine.forget_schemas()
    with deployed(tmp_path, wheel, executor, home=home, engine="spark") as site:
        yield site
    spark_engine.forget_schemas()
    shutil.rmtree(home / LAKE_FOLDER)


def put_orders(engine: Engine) -> None:
    """Three orders, of which one has no amount."""
    engine.execute(Statement("CREATE SCHEMA IF NOT EXISTS main.sales"))
    engine.execute(Statement(f"CREATE TABLE {TABLE} (id BIGINT, amount DOUBLE) USING delta"))
    engine.append(
        TableName(*TABLE.split(".")), pa.table({"id": [1, 2, 3], "amount": [1.0, 2.0, None]})
    )


def ask_for_tests(quality: Quality) -> None:
    quality.add_test(TABLE, "row_count", parameters={"min_count": 3})
    quality.add_test(TABLE, "nulls_count", columns=("amount",), parameters={"max_count": 0})


def verdicts(site: Site) -> list[tuple[str, float]]:
    with site.quality() as quality:
        rows = quality.engine.query(
            Statement(
                f"SELECT result_status, actual_value FROM main.{SCHEMA}.dq_test_results "
                "ORDER BY result_status"
            )
        )
    return [(row["result_status"], float(row["actual_value"])) for row in rows.to_pylist()]


def test_deploy_migrate_profile_test_and_read_the_results(site: Site) -> None:
    deployer = site.deployer
    migrated = deployer.run("migrate")
    assert (migrated.result, migrated.errors) == ("SUCCESS", {})
    with site.quality() as quality:
        put_orders(quality.engine)
        ask_for_tests(quality)
    profiled = deployer.run("profile", targets=json.dumps([TABLE]))
    assert (profiled.result, profiled.errors) == ("SUCCESS", {})
    tested = deployer.run("test", token="once", targets=json.dumps([TABLE]))
    assert tested.result == "FAILED"
    assert "nulls_count" in tested.errors["test"]
    assert verdicts(site) == [("fail", 1.0), ("pass", 3.0)]
    # The same token is the same run; the task that the platform started again measured nothing.
    again = deployer.run("test", token="once", targets=json.dumps([TABLE]))
    assert again == tested
    assert len(verdicts(site)) == 2
    assert site.workspace.state.unknown == []


@pytest.mark.spark
@pytest.mark.timeout(900)
def test_the_same_on_spark_and_delta(spark_site: Site) -> None:
    deployer = spark_site.deployer
    migrated = deployer.run("migrate")
    assert (migrated.result, migrated.errors) == ("SUCCESS", {})
    with spark_site.quality() as quality:
        put_orders(quality.engine)
        ask_for_tests(quality)
    profiled = deployer.run("profile", targets=json.dumps([TABLE]))
    assert (profiled.result, profiled.errors) == ("SUCCESS", {})
    tested = deployer.run("test", targets=json.dumps([TABLE]))
    assert tested.result == "FAILED"
    assert "nulls_count" in tested.errors["test"]
    assert verdicts(spark_site) == [("fail", 1.0), ("pass", 3.0)]


def test_everything_deployed_stands_where_the_target_says(site: Site) -> None:
    state, known = site.workspace.state, site.deployer.known
    assert set(state.securables) == {f"schema/main.{SCHEMA}", f"volume/main.{SCHEMA}.files"}
    principal = known["resources.apps.service.service_principal_client_id"]
    assert state.grants[f"schema/main.{SCHEMA}"][principal] == {"MODIFY", "SELECT", "USE_SCHEMA"}
    assert {d["dataset_schema"] for d in state.dashboards.values()} == {SCHEMA}
    assert set(state.published) == set(state.dashboards)
    (alert,) = state.alerts.values()
    assert f"main.{SCHEMA}." in alert["query_text"]
    (entry,) = state.permissions[f"jobs/{site.deployer.job_id('test')}"]
    assert entry["service_principal_name"] == principal
    (app,) = state.apps.values()
    env = {e["name"]: e.get("value") for e in app["active_deployment"]["env_vars"]}
    assert (app["name"], env["DQ_SCHEMA"]) == ("dq-dev", SCHEMA)
    assert state.scopes["dq-dev"][principal] == "READ"
    dispatch = state.jobs[site.deployer.job_id("dispatch")]["tasks"][0]["spark_python_task"]
    assert f"--test-job-id={site.deployer.job_id('test')}" in dispatch["parameters"]
