"""Real flows with a canary in every channel a secret can come through."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dq_databricks import Quality
from dq_databricks.cli.app import run
from dq_databricks.engine.open import open_engine
from dq_databricks.errors import QualityError, SettingsError
from dq_databricks.launching.databricks import DatabricksLauncher
from dq_databricks.launching.platform import PlatformRun, PlatformState
from dq_databricks.model.ids import Context
from dq_databricks.model.redacting import Redaction
from dq_databricks.model.vocabulary import JobStatus
from dq_databricks.secrets import Secret, open_vault
from dq_databricks.service.app import create_app
from dq_databricks.service.logs import log_to
from dq_databricks.settings import Settings
from tests.emulator import Fault
from tests.emulator.secret_scopes import ScopesFake
from tests.secrets.sighting import Canaries
from tests.support.served import Named
from tests.support.serving import Served
from tests.support.warehouse_engine import EmulatedEngine

PAGES = ("/", "/tables", "/tests", "/runs", "/connections", "/incidents", "/alerts", "/settings",
         "/audit", "/keys", "/schedules", "/suites", "/groups", "/projects", "/checks")  # fmt: skip
LISTS = ("connections", "tests", "results", "jobs", "runs", "audit-log", "alerts", "incidents",
         "keys", "tables", "profiles", "settings", "users")  # fmt: skip
MOST_STATEMENTS = 10


@dataclass(frozen=True)
class Site:
    """A lake below `home`, the variables every process gets, and the canaries."""

    home: Path
    folder: Path
    canaries: Canaries
    variables: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """What every process loads."""
        return Settings.load(self.variables, user="tester")

    def dq(self, *arguments: str, stdin: str = "") -> str:
        """Run a command in this process; its stdout."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        before, sys.stdin = sys.stdin, io.StringIO(stdin)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                run(list(arguments))
        finally:
            sys.stdin = before
        out.seek(0)
        told = out.read()
        self.canaries.saw(f"dq {arguments[:2]}", told, err.getvalue())
        return told


def commands(site: Site) -> None:
    """Commands with secrets on stdin, in references, in addresses, in mistakes."""
    canaries, data = site.canaries, site.folder / "orders.csv"
    data.write_text(f"id,note\n1,token={canaries.plain('data that fails a test')}\n")
    site.dq("secrets", "set", "token", stdin=canaries.plain("vault entry") + "\n")
    for reference in (
        "vault:token", "env:PLACE_OF_OURS", f"file:{site.folder / 'kept'}", "secret:dq/token",
    ):  # fmt: skip
        assert "found" in site.dq("secrets", "check", reference), site.canaries.last
    site.dq("secrets", "check", canaries.token("value for a reference"))
    site.dq("secrets", "set", canaries.token("name of a vault entry"), stdin="x\n")
    site.dq("secrets", "rotate-key")
    address = f"s3://key:{canaries.plain('password of an address')}@bucket/x.parquet"
    for command in ("profile", "test", "propose"):
        site.dq(command, address)
    site.dq("tables", "add", f"s3://bucket/x.csv?token={canaries.plain('token of an address')}")
    site.dq("profile", f"https://me:{canaries.plain('password of a web address')}@host/x.parquet")
    site.dq("connections", "add", "raw", "--credentials", canaries.token("credentials by command"))
    site.dq("connections", "add", "here", "--catalog", "main", "--schema",
            site.variables["DATABRICKS_TOKEN"], "--json")  # fmt: skip
    site.dq("settings", "show", "service_secret", "--json")
    site.dq("settings")
    _failing_tests(site, data)


def _failing_tests(site: Site, data: Path) -> None:
    canaries = site.canaries
    site.dq("tests", "add", str(data), "sql_query_rows", "--name", "casts",
            "-p", "sql=SELECT id FROM {table} WHERE CAST(note AS INT) > 0",
            "-p", "max_count=0")  # fmt: skip
    site.dq("test", str(data))
    site.dq("test", str(data), "--json")
    literal = canaries.token("token in the SQL of a test")
    site.dq("tests", "add", str(data), "sql_query_rows", "-p",
            f"sql=SELECT id FROM {{table}} WHERE note = '{literal}'")  # fmt: skip
    document = site.folder / "tests.yaml"
    password = canaries.plain("password in an import")
    document.write_text(
        f"version: 1\ntests:\n- table: s3://me:{password}@bucket/x.csv\n  check_type: row_count\n"
        f"- table: {data}\n  check_type: 'token={canaries.plain('check type in an import')}'\n"
    )
    site.dq("tests", "import", str(document))
    document.unlink()


def crash(site: Site) -> None:
    """A mistake of ours at the command line: one line, and a report in a file."""
    password = site.canaries.plain("message of a crash")
    code = (
        "import dq_databricks.cli.app as app\n"
        "def fail(*_): raise RuntimeError('password=' + PASSWORD + ' ' + TOKEN)\n"
        f"PASSWORD, TOKEN = {password!r}, {site.variables['DATABRICKS_TOKEN']!r}\n"
        "app.run = fail\napp.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, **site.variables},
    )  # fmt: skip
    assert "RuntimeError" in done.stderr
    site.canaries.saw("crash", done.stdout, done.stderr)


def warehouse(site: Site, opened: EmulatedEngine) -> None:
    """Statements on a warehouse that fails and repeats what it was sent."""
    canaries, emulator = site.canaries, opened.emulator
    token = canaries.plain("token by reference")
    open_vault(site.settings).put("warehouse", Secret(token))
    emulator.tokens = frozenset({token})
    settings = Settings.load(
        site.variables, engine="warehouse", host=emulator.host, http_path=emulator.http_path,
        token_ref="vault:warehouse", home=site.home,
    )  # fmt: skip
    context = Context()
    words = (
        f"{token} refused for https://me:{canaries.plain('password in an answer')}@host/ with "
        f"client_secret={canaries.plain('named value in an answer')} and "
        f"Bearer {canaries.plain('header in an answer')}"
    )
    with open_engine(settings, context.redaction) as engine:
        quality = Quality(settings, engine, context)
        _failing_run(site, quality, emulator, words)
        emulator.tokens = frozenset()
        _noted(site, "no token is let in", lambda: quality.catalog.connections())
    assert f"Bearer {token}" in emulator.identities


def _failing_run(site: Site, quality: Quality, emulator: Any, words: str) -> None:
    """The statements of a run and of a look fail one after the other, each once."""
    token = site.canaries.values["token by reference"]
    quality.add_test("main.s.orders", "row_count", parameters={"min_count": 1})
    quality.add_test("main.s.orders", "nulls_percent", columns=["id"])
    added = quality.catalog.add_connection("s", catalog="main", schema_name="s")
    for first in range(1, MOST_STATEMENTS):
        emulator.script.set(Fault("status", status=400, first=first, message=words))
        _noted(site, "a failing run", lambda: quality.test("main.s.orders"))
    for first in range(1, MOST_STATEMENTS):
        emulator.script.set(Fault("status", status=400, first=first, message=words))
        _noted(site, "a connection that fails", lambda: quality.sources.test(added))
        emulator.script.set()
        if quality.catalog.connection("s").last_error:
            break
    emulator.script.set(Fault("status", status=403, times=2, message=words))
    _noted(site, "a token that is refused", lambda: quality.catalog.connections())
    emulator.script.set()
    _noted(site, "no such table", lambda: quality.test(f"main.s.`{token}`"))
    _noted(site, "what was kept", lambda: (quality.results(), quality.catalog.connections()))


def _noted(site: Site, where: str, action: Any) -> None:
    try:
        site.canaries.saw(where, repr(action()))
    except QualityError as error:
        site.canaries.saw(where, f"{type(error).__name__}: {error}")


def scopes(site: Site, fake: ScopesFake) -> None:
    """A workspace that refuses a secret and repeats the token it was asked with."""
    fake.readable = False
    site.dq("secrets", "check", "secret:dq/token")
    site.dq("connections", "add", "scoped", "--credentials", "secret:dq/token",
            "--catalog", "main", "--schema", "s")  # fmt: skip


def jobs_of_the_platform(site: Site) -> None:
    """A platform that refuses to start a job, and says with what it was asked."""

    class Refusing:
        def start(self, job_id: str, token: str, parameters: Mapping[str, str]) -> str:
            password = site.canaries.plain("answer of the Jobs API")
            raise SettingsError(f"refused: token={password} {site.variables['DATABRICKS_TOKEN']}")

        def look(self, run_id: str) -> PlatformRun:
            return PlatformRun(PlatformState.UNKNOWN)

        def cancel(self, run_id: str) -> None:
            """Nothing runs."""

    settings = Settings.load(site.variables, launcher="databricks", home=site.home)
    context = Context()
    with open_engine(settings, context.redaction) as engine:
        quality = Quality(settings, engine, context)
        job = quality.jobs.request("test", str(site.folder / "orders.csv"))
        DatabricksLauncher(settings, engine=engine, context=context, platform=Refusing()).step()
        ended = quality.jobs.show(job.job_id)
    assert ended.status is JobStatus.FAILED
    assert "could not start" in (ended.error_message or "")
    site.canaries.saw("job of the platform", repr(ended))


def service(site: Site, served: Served) -> None:
    """Requests of people and programs, good and bad, and a job in a worker process."""
    canaries = site.canaries
    canaries.known("key of dq serve", served.key)
    with served.client() as client:
        _connections(site, client)
        _keys(site, client)
        _bad_requests(site, client)
        _job(site, client)
        for path in (*PAGES, "/health", "/metrics", "/openapi.json", "/docs", "/problems"):
            _seen(site, client.get(path))
        for path in LISTS:
            _seen(site, client.get(f"/api/v1/{path}"))


def _seen(site: Site, answer: httpx.Response) -> httpx.Response:
    where = f"{answer.request.method} {answer.request.url.path[:40]} {answer.status_code}"
    site.canaries.saw(where, str(answer.headers), answer.text)
    return answer


def _connections(site: Site, client: httpx.Client) -> None:
    canaries = site.canaries
    body = {"name": "by API", "catalog": "main", "schema_name": "s"}
    for channel, value in (
        ("credentials by API", canaries.token("credentials by API")),
        ("password by API", canaries.plain("password by API")),
    ):
        raw = {**body, "managed_credentials_ref": value}
        key = {"Idempotency-Key": f"once {channel}".replace(" ", "-")}
        for _ in range(2):
            refused = _seen(site, client.post("/api/v1/connections", json=raw, headers=key))
            assert refused.status_code == 422, refused.text
    added = _seen(site, client.post("/api/v1/connections", json={
        **body, "managed_credentials_ref": "vault:nothing-there",
    }, headers={"Idempotency-Key": "fine"}))  # fmt: skip
    assert added.status_code == 201, added.text
    address = f"/api/v1/connections/{added.json()['connection_id']}"
    edited = {"managed_credentials_ref": canaries.token("credentials by an edit")}
    refused = client.patch(address, json=edited, headers={"If-Match": added.headers["etag"]})
    assert _seen(site, refused).status_code == 422
    tried = _seen(site, client.post(f"{address}/test"))
    assert "vault:nothing-there" in tried.json()["last_error"]


def _keys(site: Site, client: httpx.Client) -> None:
    canaries = site.canaries
    made = client.post("/api/v1/keys", json={"name": "loader", "role": "viewer"},
                       headers={"Idempotency-Key": "key-once"})  # fmt: skip
    assert made.status_code == 201, made.text
    key = canaries.known("key by API", made.json()["key"])
    again = client.post("/api/v1/keys", json={"name": "loader", "role": "viewer"},
                        headers={"Idempotency-Key": "key-once"})  # fmt: skip
    assert _seen(site, again).status_code == 409
    assert _seen(site, client.get("/api/v1/tests", headers={"X-API-Key": key})).status_code == 200
    mistyped = key[:-1] + ("x" if key[-1] != "x" else "y")
    canaries.known("mistyped key", mistyped[4:-1])
    for sent in (mistyped, canaries.plain("no key at all"), canaries.token("token for a key")):
        refused = client.get("/api/v1/tests", headers={"X-API-Key": sent})
        assert _seen(site, refused).status_code == 401
    bearer = {"X-API-Key": "", "Authorization": f"Bearer {canaries.plain('bearer of a request')}"}
    _seen(site, client.get("/api/v1/tests", headers=bearer))
    _seen(site, client.post("/sign-in", data={"key": canaries.plain("key on the page")}))


def _bad_requests(site: Site, client: httpx.Client) -> None:
    canaries = site.canaries
    password = canaries.plain("password in the path of a request")
    _seen(site, client.get(f"/api/v1/tables/ftp:%2F%2Fme:{password}@host"))
    _seen(site, client.get(f"/nowhere/{site.variables['DATABRICKS_TOKEN']}"))
    query = {"token": canaries.plain("query of a request")}
    _seen(site, client.get("/api/v1/tests", params=query))
    body = {"name": 7, "password": canaries.plain("unknown field of a body")}
    _seen(site, client.post("/api/v1/connections", json=body))
    target = f"s3://me:{canaries.plain('password of a target by API')}@bucket/x.csv"
    _seen(site, client.post("/api/v1/tables", json={"target": target}))
    _seen(site, client.post("/api/v1/runs", json={"kind": "test", "target": target}))
    data = _orders(client)
    sql = f"SELEC id FROM {{table}} WHERE password = '{canaries.plain('literal in bad SQL')}'"
    candidate = {"table": data, "check_type": "sql_query_rows", "parameters": {"sql": sql}}
    assert _seen(site, client.post("/api/v1/tests/validate", json=candidate)).json()["problem"]
    document = f"version: 1\ntests: [{{table: 'token={canaries.plain('YAML import by API')}'}}]"
    headers = {"Content-Type": "application/yaml"}
    _seen(site, client.post("/api/v1/tests/import", content=document, headers=headers))


def _orders(client: httpx.Client) -> str:
    tables = client.get("/api/v1/tables").json()["items"]
    return str(next(one["table_id"] for one in tables if str(one["path"]).endswith("orders.csv")))


def _job(site: Site, client: httpx.Client) -> None:
    """A test that fails on what the data holds, in a worker process."""
    body = {"kind": "test", "target": _orders(client)}
    asked = _seen(site, client.post("/api/v1/runs", json=body))
    assert asked.status_code in (200, 201, 202), asked.text
    run_id = asked.json()["run_id"]
    for _ in range(600):
        run = client.get(f"/api/v1/runs/{run_id}").json()
        if run["status"] in {"completed", "failed", "cancelled"}:
            break
        time.sleep(0.1)
    assert run["status"] == "completed", run
    _seen(site, client.get(f"/api/v1/runs/{run_id}"))
    _seen(site, client.get(f"/runs/{run_id}"))
    results = _seen(site, client.get("/api/v1/results")).json()["items"]
    assert any(one["result_status"] == "error" for one in results), results


def mistakes_of_the_service(site: Site) -> None:
    """What nobody foresaw, in this process: the answer, and the log with its trace."""
    from fastapi.testclient import TestClient

    canaries, lines = site.canaries, io.StringIO()
    context = Context(redaction=Redaction.of_environment(site.variables))
    settings = site.settings
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        for as_json in (True, False):
            log_to(lines, as_json=as_json, redaction=context.redaction)
            app = create_app(settings, Named(), context=context)
            password = canaries.plain(f"message of a mistake, JSON {as_json}")

            def fail(password: str = password) -> None:
                raise RuntimeError(f"password={password} {site.variables['DQ_SERVICE_SECRET']}")

            app.get("/fail")(fail)
            answer = TestClient(app, raise_server_exceptions=False).get("/fail")
            assert answer.status_code == 500
            canaries.saw("an unforeseen mistake", answer.text)
            library = canaries.plain(f"log line of a library, JSON {as_json}")
            logging.getLogger("databricks.sdk").warning("sent Authorization: Bearer %s", library)
    finally:
        root.handlers, root.level = handlers, level
    assert "Traceback" in lines.getvalue()
    assert "sent Authorization" in lines.getvalue()
    canaries.saw("log of the service in this process", lines.getvalue())
