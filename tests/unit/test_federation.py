"""The plan of a federated connection: statements that parse, secrets as references alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlglot.dialects.databricks import Databricks
from sqlglot.tokens import Token, TokenType

from dq_databricks.errors import IdentifierError, ParameterError, QualityError, UnknownNameError
from dq_databricks.federation.catalog import find_source_type, source_types
from dq_databricks.federation.entry import OptionKind, OptionPlace
from dq_databricks.federation.options import checked_options, looks_like_secret
from dq_databricks.federation.plan import FederationPlan, federation_plan
from dq_databricks.federation.settle import settled
from dq_databricks.model.catalog import Connection

NOW = datetime(2026, 1, 31, tzinfo=UTC)
FEDERATED = sorted(name for name, kind in source_types().items() if kind.is_federated)
CANARY = "Zx9QmP4vLw7TkR2nYb6HcJ8sDf3GaE5u"


def full_options(name: str) -> dict[str, str]:
    """A value for every option of a type that its credentials do not fill in."""
    values = {
        OptionKind.HOST: "db.example.com",
        OptionKind.PORT: "1234",
        OptionKind.FLAG: "true",
        OptionKind.TEXT: "some text",
    }
    options = find_source_type(name).options
    return {one.name: values[one.kind] for one in options if one.kind is not OptionKind.SECRET}


def connection(kind: str, **fields: Any) -> Connection:
    name = fields.pop("name", "sales")
    given = {"managed_credentials_ref": "secret:prod/key", "federation_options": full_options(kind)}
    values = settled({"connection_type": kind, **given, **fields}, name=name)
    return Connection(
        connection_id="c", project_key="p", name=name, created_at=NOW, updated_at=NOW, **values
    )


class Reader:
    """Reads the statements of a plan, token by token, as the grammar of Databricks has them."""

    def __init__(self, text: str) -> None:
        self._tokens: list[Token] = list(Databricks().tokenize(text))

    def words(self, text: str) -> None:
        for word in text.split():
            token = self._next()
            assert token.text.upper() == word
            assert token.token_type not in (TokenType.IDENTIFIER, TokenType.STRING)

    def name(self) -> str:
        token = self._next()
        assert token.token_type is TokenType.IDENTIFIER
        return token.text

    def options(self) -> dict[str, str | tuple[str, str]]:
        found: dict[str, str | tuple[str, str]] = {}
        self.words("OPTIONS (")
        while True:
            name = self._next().text
            found[name] = self._value()
            if self._next().text == ")":
                return found

    def end(self) -> bool:
        return not self._tokens

    def _value(self) -> str | tuple[str, str]:
        token = self._next()
        if token.token_type is TokenType.STRING:
            return token.text
        assert token.text == "secret"
        self.words("(")
        scope = self._next().text
        self.words(",")
        key = self._next().text
        self.words(")")
        return scope, key

    def _next(self) -> Token:
        return self._tokens.pop(0)


def read_back(plan: FederationPlan) -> dict[str, Any]:
    """What the two CREATE statements of `plan` say."""
    first, second = (Reader(step.statement) for step in plan.steps[:2])
    first.words("CREATE CONNECTION IF NOT EXISTS")
    uc_connection = first.name()
    keyword = find_source_type(plan.connection_type).keyword
    first.words(f"TYPE {keyword}")
    options = first.options()
    second.words("CREATE FOREIGN CATALOG IF NOT EXISTS")
    catalog = second.name()
    second.words("USING CONNECTION")
    assert second.name() == uc_connection
    shown = {} if second.end() else second.options()
    assert first.end()
    assert second.end()
    return {"connection": uc_connection, "options": options, "catalog": catalog, "shown": shown}


@pytest.mark.parametrize("kind", FEDERATED)
def test_a_plan_says_every_option_and_keeps_the_secret_a_reference(kind: str) -> None:
    plan = federation_plan(connection(kind, catalog="cat", uc_connection="conn"))
    source, values = find_source_type(kind), full_options(kind)
    shown = {one.name for one in source.of(OptionPlace.CATALOG)}
    assert read_back(plan) == {
        "connection": "conn",
        "catalog": "cat",
        "options": {
            **{name: value for name, value in values.items() if name not in shown},
            source.credentials: ("prod", "key"),
        },
        "shown": {name: value for name, value in values.items() if name in shown},
    }
    unverified = [one.name for one in source.options if not one.is_verified]
    assert list(plan.unverified) == unverified


def test_the_seven_sources_are_there_and_show_neither_history_nor_statistics() -> None:
    assert FEDERATED == [
        "bigquery", "mysql", "oracle", "postgresql", "redshift", "snowflake", "sqlserver",
    ]  # fmt: skip
    for kind in source_types().values():
        expected = not kind.is_federated
        assert (kind.supports_history, kind.supports_statistics) == (expected, expected)


@pytest.mark.parametrize("kind", sorted(source_types()))
def test_an_entry_holds_together(kind: str) -> None:
    source = find_source_type(kind)
    names = [option.name for option in source.options]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names), "an option name is never quoted"
    assert all(option.help.endswith(".") for option in source.options)
    secrets = [one.name for one in source.options if one.kind is OptionKind.SECRET]
    assert secrets == ([] if source.credentials is None else [source.credentials])


@pytest.mark.parametrize("name", ["p`g", "x';--", 'q"uo', "a\\b", "ünï", "x`)OPTIONS(a'b"])
def test_hostile_names_and_values_stay_what_they_are(name: str) -> None:
    options = {"host": "h;DROP", "user": f"u{name}", "database": f"{name}' OPTIONS (x 'y')"}
    found = connection("postgresql", name=name, federation_options=options)
    said = read_back(federation_plan(found))
    assert (said["connection"], said["catalog"]) == (name, name)
    assert (said["options"]["host"], said["options"]["user"]) == ("h;DROP", options["user"])
    assert said["shown"] == {"database": options["database"]}


def test_readers_get_what_reading_takes() -> None:
    plan = federation_plan(connection("mysql"), grant_to=["ana`lysts"])
    reader = Reader(plan.steps[-1].statement)
    reader.words("GRANT USE CATALOG , USE SCHEMA , SELECT ON CATALOG")
    assert reader.name() == "sales"
    reader.words("TO")
    assert (reader.name(), reader.end()) == ("ana`lysts", True)
    assert [need for step in plan.steps for need in step.needs] == [
        "CREATE CONNECTION on the metastore",
        "READ on secret scope prod",
        "CREATE CATALOG on the metastore",
        "owner of, or CREATE FOREIGN CATALOG on, connection sales",
        "owner of, or MANAGE on, catalog sales",
    ]


def test_a_user_may_be_a_secret_too() -> None:
    options = {**full_options("redshift"), "user": "secret:prod/user"}
    said = read_back(federation_plan(connection("redshift", federation_options=options)))
    assert said["options"]["user"] == ("prod", "user")


@pytest.mark.parametrize(
    ("kind", "options", "error", "told"),
    [
        ("postgresql", {"user": "u", "database": "d"}, ParameterError, "host (Name of the server"),
        ("postgresql", {"hst": "x"}, UnknownNameError, "did you mean 'host'"),
        ("mysql", {"database": "x"}, UnknownNameError, "no option 'database'; there are host"),
        ("databricks", {"host": "x"}, UnknownNameError, "takes no options"),
        ("postgresql", {"port": "pg"}, ParameterError, "whole number from 1 to 65535"),
        ("postgresql", {"port": "65536"}, ParameterError, "whole number from 1 to 65535"),
        ("postgresql", {"host": "https://x/y"}, ParameterError, "name of the server alone"),
        ("postgresql", {"user": "a\nb"}, ParameterError, "control characters"),
        ("postgresql", {"user": ""}, ParameterError, "1 to 1,000 characters"),
        ("sqlserver", {"trustServerCertificate": "maybe"}, ParameterError, "true or false"),
        ("snowflake", {"host": "h", "user": "u", "database": "d"}, ParameterError, "sfWarehouse"),
    ],
)
def test_options_are_held_against_their_type(
    kind: str, options: dict[str, str], error: type[QualityError], told: str
) -> None:
    with pytest.raises(error) as raised:
        checked_options(find_source_type(kind), options)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "options",
    [
        {"password": CANARY},
        {"password": "short"},
        {"user": CANARY},
        {"user": f"dapi{'0123456789abcdef' * 2}"},
        {"database": f"password={CANARY}"},
        {"host": f"postgresql://me:{CANARY}@db/x"},
        {"user": f"-----BEGIN PRIVATE KEY-----{CANARY}"},
        {"user": f"secret:no/reference/{CANARY}"},
    ],
)
def test_a_secret_among_the_options_is_refused_and_not_shown(options: dict[str, str]) -> None:
    with pytest.raises(ParameterError) as raised:
        checked_options(find_source_type("postgresql"), options)
    assert "secret:SCOPE/KEY" in str(raised.value)
    assert not [value for value in (*options.values(), CANARY) if value in str(raised.value)]


@pytest.mark.parametrize(
    "value", ["sales", "db-1.internal.example.com", "0b9f2e0c-" * 4, "DWH_PROD"]
)
def test_names_are_no_secrets(value: str) -> None:
    assert not looks_like_secret(value)


def test_credentials_are_a_reference_that_databricks_can_read() -> None:
    with pytest.raises(ParameterError, match="is no reference") as raised:
        connection("mysql", managed_credentials_ref=CANARY)
    assert CANARY not in str(raised.value)
    with pytest.raises(ParameterError, match="which Databricks cannot read"):
        federation_plan(connection("mysql", managed_credentials_ref="env:MYSQL_PASSWORD"))
    with pytest.raises(ParameterError, match="names no credentials for password"):
        federation_plan(connection("mysql", managed_credentials_ref=None))
    assert (
        "secret('a', 'b')"
        in federation_plan(connection("mysql", managed_credentials_ref="a/b")).script
    )


def test_the_type_decides_names_flags_and_defaults() -> None:
    found = connection("postgresql", federation_options={"host": "h", "user": "u", "database": "d"})
    assert (found.uc_connection, found.catalog) == ("sales", "sales")
    assert (found.supports_history, found.supports_statistics) == (False, False)
    assert json.loads(found.federation_options or "")["port"] == "5432"
    direct = settled({"catalog": "main"}, name="x")
    assert direct == {
        "catalog": "main", "federation_options": None,
        "supports_history": True, "supports_statistics": True,
    }  # fmt: skip
    with pytest.raises(ParameterError, match="follows from the type"):
        settled({"supports_history": True}, name="x")
    with pytest.raises(IdentifierError, match="Unity Catalog connection 'two words'"):
        connection("mysql", name="two words")
    with pytest.raises(UnknownNameError, match="did you mean 'postgresql'"):
        settled({"connection_type": "postgres"}, name="x")


def test_an_edit_checks_what_it_leaves() -> None:
    stored = connection("postgresql")
    assert settled({"schema_name": "public"}, name="sales", stored=stored) == {
        "schema_name": "public"
    }
    edited = settled({"federation_options": {**full_options("postgresql"), "port": 1}},
                     name="sales", stored=stored)  # fmt: skip
    assert json.loads(edited["federation_options"])["port"] == "1"
    with pytest.raises(ParameterError, match="needs the option host"):
        settled({"connection_type": "mysql"}, name="sales", stored=stored)
    with pytest.raises(ParameterError, match="is read directly"):
        settled({"connection_type": "databricks", "uc_connection": "x"}, name="s", stored=stored)
    back = settled({"connection_type": "databricks"}, name="s", stored=stored)
    assert (back["federation_options"], back["supports_history"]) == (None, True)
    assert back["uc_connection"] is None


def test_a_connection_that_is_read_directly_has_no_plan() -> None:
    direct = Connection(
        connection_id="c", project_key="p", name="main", created_at=NOW, updated_at=NOW
    )
    with pytest.raises(ParameterError, match="nothing has to be made"):
        federation_plan(direct)
