"""A canary in every channel a secret can come through, and nobody ever sees one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dq_databricks.engine.local import LocalEngine
from dq_databricks.sql.statement import Statement
from tests.emulator.secret_scopes import ScopesFake
from tests.secrets import flows
from tests.secrets.sighting import Canaries
from tests.support.provisioned import put_schema
from tests.support.serving import serving
from tests.support.warehouse_engine import open_emulated

# One setup carries out every flow, in several processes: minutes on a machine that is busy.
pytestmark = [pytest.mark.xdist_group("canaries"), pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[flows.Site]:
    folder = tmp_path_factory.mktemp("canaries")
    with ScopesFake() as fake, pytest.MonkeyPatch.context() as patched:
        found = _site(folder, fake)
        for name, value in found.variables.items():
            patched.setenv(name, value)
        fake.tokens = {found.variables["DATABRICKS_TOKEN"]}
        fake.values["dq", "token"] = found.canaries.plain("secret scope")
        _carried_out(found, fake)
        yield found


def _site(folder: Path, fake: ScopesFake) -> flows.Site:
    canaries, home, temporary = Canaries(), folder / "home", folder / "tmp"
    temporary.mkdir()
    put_schema(home, "dq_metadata")
    (folder / "kept").write_text(canaries.plain("file"))
    (folder / "kept").chmod(0o600)
    keys = canaries.key("newer key of the vault"), canaries.key("older key of the vault")
    variables = {
        "DATABRICKS_TOKEN": canaries.token("DATABRICKS_TOKEN"),
        "DATABRICKS_CLIENT_SECRET": canaries.plain("DATABRICKS_CLIENT_SECRET"),
        "DATABRICKS_AUTH_TYPE": "pat",
        "DATABRICKS_HOST": fake.host,
        "DATABRICKS_CONFIG_FILE": str(folder / "none"),
        "DQ_SERVICE_SECRET": canaries.plain("DQ_SERVICE_SECRET") + "-long-enough",
        "DQ_VAULT_KEY": ",".join(keys),
        "DQ_HOME": str(home),
        "DQ_DURABLE": "false",
        "PLACE_OF_OURS": canaries.plain("variable by reference"),
        "TMPDIR": str(temporary),
    }
    return flows.Site(home, folder, canaries, variables)


def _carried_out(site: flows.Site, fake: ScopesFake) -> None:
    flows.commands(site)
    flows.crash(site)
    flows.scopes(site, fake)
    flows.jobs_of_the_platform(site)
    with serving(site.home, "--log-json", log=site.folder / "serve.log") as served:
        flows.service(site, served)
        served.stop()
    flows.mistakes_of_the_service(site)
    lake = site.folder / "emulated"
    put_schema(lake, "dq_metadata")
    with open_emulated(lake, direct_wait_s=5.0) as opened:
        opened.execute(Statement("CREATE TABLE main.s.orders (id BIGINT) USING DELTA"))
        flows.warehouse(site, opened)


def test_thirty_channels_and_more_hold_a_canary(site: flows.Site) -> None:
    assert len(site.canaries.values) >= 30
    assert len(set(site.canaries.values.values())) == len(site.canaries.values)


def test_nothing_that_was_printed_answered_or_logged_holds_one(site: flows.Site) -> None:
    assert len(site.canaries.texts) > 60
    assert site.canaries.in_texts() == []


def test_no_file_holds_one(site: flows.Site) -> None:
    meant = [site.folder / "kept", site.folder / "orders.csv"]
    assert (site.folder / "serve.log").stat().st_size > 1_000
    assert list((site.folder / "tmp").glob("dq-error-*.txt"))
    assert site.canaries.in_files(site.folder, but=meant) == []


@pytest.mark.parametrize("lake", ["home", "emulated"])
def test_no_table_holds_one(site: flows.Site, lake: str) -> None:
    with LocalEngine(site.folder / lake, catalog="main", durable=False) as engine:
        assert len(engine.tables("main", "dq_metadata")) > 15
        assert site.canaries.in_tables(engine, "main", "dq_metadata") == []


@pytest.mark.parametrize(
    ("lake", "query"),
    [
        ("home", "SELECT error_message AS told FROM main.dq_metadata.dq_jobs"),
        ("home", "SELECT schema_name AS told FROM main.dq_metadata.dq_connections"),
        ("emulated", "SELECT message AS told FROM main.dq_metadata.dq_test_results"),
        ("emulated", "SELECT last_error AS told FROM main.dq_metadata.dq_connections"),
    ],
)
def test_what_went_wrong_is_still_told(site: flows.Site, lake: str, query: str) -> None:
    """Nothing is proven by rows that hold nothing."""
    with LocalEngine(site.folder / lake, catalog="main", durable=False) as engine:
        told = engine.query(Statement(query)).column("told").to_pylist()
    assert any("***" in str(text) for text in told), told


def test_a_canary_that_stands_somewhere_is_seen(tmp_path: Path) -> None:
    canaries = Canaries()
    password = canaries.plain("planted")
    with LocalEngine(tmp_path, catalog="main", durable=False) as engine:
        engine.execute(Statement("CREATE SCHEMA main.s"))
        engine.execute(Statement("CREATE TABLE main.s.t (a STRING) USING DELTA"))
        engine.execute(Statement("INSERT INTO main.s.t VALUES (:a)", {"a": f"x {password}"}))
        assert canaries.in_tables(engine, "main", "s") == ["planted in main.s.t"]
    assert canaries.in_files(tmp_path)
    canaries.saw("a line", f"say {password}")
    assert len(canaries.in_texts()) == 1
