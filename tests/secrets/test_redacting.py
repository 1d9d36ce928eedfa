"""What is taken out of text and tables, and what stays because it is no secret."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dq_databricks import Quality
from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.redacting import RedactingEngine
from dq_databricks.errors import ParameterError, TableNotFoundError
from dq_databricks.model.ids import Context
from dq_databricks.model.redacting import Redaction, holds_secret, redacted
from dq_databricks.model.vocabulary import ConnectionStatus
from dq_databricks.quality.targets import parse_target
from dq_databricks.secrets import Secret, open_vault
from dq_databricks.settings import Settings
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.statement import Statement
from tests.support.provisioned import put_schema

VALUE = 'p@ss/"wörd" of ours'


def test_a_known_value_is_hidden_however_it_is_written() -> None:
    redaction = Redaction([VALUE])
    coded = base64.b64encode(VALUE.encode()).decode()
    for written in (VALUE, quote(VALUE, safe=""), repr(VALUE), f'"{VALUE}"', coded):
        assert "ss" not in redaction(f"it was {written}.").replace("was", "")
    assert redaction("nothing of it") == "nothing of it"


def test_a_value_of_several_lines_is_hidden_line_by_line() -> None:
    redaction = Redaction(["-----BEGIN KEY-----\nline-of-a-private-key\n-----END KEY-----"])
    assert redaction("it said line-of-a-private-key here") == "it said *** here"


def test_short_values_and_words_are_left_alone() -> None:
    redaction = Redaction(["admin", "", "a"])
    assert redaction("admin of a table") == "admin of a table"
    assert redaction.pattern is None


def test_the_environment_names_its_secrets() -> None:
    redaction = Redaction.of_environment(
        {
            "SOME_TOKEN": "value-of-a-token",
            "DQ_VAULT_KEY": "first-of-two-keys,second-of-two",
            "DB_PASSWORD": "value-of-a-password",
            "DQ_SERVICE_SECRET": "env:WHERE_IT_IS",
            "HOME": "/home/of-somebody",
        }
    )
    text = "value-of-a-token second-of-two value-of-a-password env:WHERE_IT_IS /home/of-somebody"
    assert redaction(text) == "*** *** *** env:WHERE_IT_IS /home/of-somebody"


@pytest.mark.parametrize(
    "text",
    [
        "secret:dq/token: the workspace has no such scope or key",
        "what DQ_SERVICE_SECRET names: vault:service: the vault has no such entry",
        "client_secret: env:PLACE is not set",
        "abfss://container@account.dfs.core.windows.net/x",
        "no column `token` in main.s.t",
    ],
)
def test_references_and_names_stay(text: str) -> None:
    assert redacted(text) == text
    assert not holds_secret(text)


@given(st.lists(st.text(min_size=8, max_size=30), max_size=4), st.text(max_size=60))
def test_any_value_can_be_looked_for_in_a_column(values: list[str], text: str) -> None:
    redaction = Redaction(values)
    rows = pa.table({"a": [text, None, *values]})
    engine = RedactingEngine(LocalEngine(Path("nowhere")), redaction)
    hidden = engine._without(rows).column("a").to_pylist()
    assert hidden == [None if one is None else redaction.hide(one) for one in rows["a"].to_pylist()]


def test_a_known_value_gets_into_no_table_and_no_error(tmp_path: Path) -> None:
    redaction = Redaction([VALUE])
    name = TableName("main", "s", "t")
    with RedactingEngine.over(LocalEngine(tmp_path, durable=False), redaction) as engine:
        engine.execute(Statement("CREATE SCHEMA main.s"))
        engine.execute(Statement(f"CREATE TABLE {name.sql} (a STRING, n BIGINT) USING DELTA"))
        rows = pa.table({"a": [f"x {VALUE}", None, "y"], "n": [1, 2, 3]})
        engine.append(name, rows)
        engine.merge(name, pa.table({"a": [VALUE], "n": [3]}), on=["n"])
        update = f"UPDATE {name.sql} SET a = :a WHERE n = 2"
        engine.execute(Statement(update, {"a": f"{VALUE}!"}))
        stored = engine.query(Statement(f"SELECT a FROM {name.sql} ORDER BY n")).to_pydict()
        assert stored == {"a": ["x ***", "***!", "***"]}
        with pytest.raises(TableNotFoundError) as missing:
            engine.query(Statement("SELECT * FROM main.s.`opaque-token-here`"))
        redaction.learn("opaque-token-here")
        with pytest.raises(TableNotFoundError) as hidden:
            engine.query(Statement("SELECT * FROM main.s.`opaque-token-here`"))
    assert "opaque-token-here" in str(missing.value)
    assert "opaque-token-here" not in str(hidden.value)


def test_an_address_with_a_password_is_no_target() -> None:
    for address in ("s3://me:hunter2@bucket/x.csv", "gs://b/x.csv?token=hunter2hunter2"):
        with pytest.raises(Exception, match="not shown") as refused:
            parse_target(address)
        assert "hunter2" not in str(refused.value)
    assert str(parse_target("abfss://c@account.dfs.core.windows.net/x"))


def test_w7_a_connection_names_the_reference_that_leads_nowhere(tmp_path: Path) -> None:
    put_schema(tmp_path, "dq_metadata")
    settings = Settings.load({}, home=tmp_path, durable=False, user="tester")
    with Quality(settings, LocalEngine(tmp_path, durable=False), Context()) as quality:
        fields = {"catalog": "main", "schema_name": "dq_metadata"}
        added = quality.catalog.add_connection("c", **fields, managed_credentials_ref="vault:token")
        tried = quality.sources.test(added)
        assert tried.status is ConnectionStatus.ERROR
        assert (tried.last_error or "").startswith("SecretNotFoundError: vault:token: ")
        open_vault(settings).put("token", Secret("a-value-of-the-vault"))
        assert quality.sources.test(added).status is ConnectionStatus.HEALTHY
        with pytest.raises(ParameterError, match="not shown"):
            quality.catalog.edit_connection("c", managed_credentials_ref="me:hunter2@host")
        typed = quality.catalog.add_connection("a-value-of-the-vault", **fields)
        assert typed.name == "***"
        assert "a-value-of-the-vault" not in str(quality.audit.list().items)
