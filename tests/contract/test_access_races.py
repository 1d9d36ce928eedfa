"""Names and keys under races: of two who want the same, exactly one gets it, on every engine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from dq_databricks.access.defaults import ensure_defaults
from dq_databricks.access.keys import KeyOrder, Keys, is_live
from dq_databricks.access.places import Places
from dq_databricks.access.secret import service_secret
from dq_databricks.access.users import Users
from dq_databricks.engine.protocol import Engine
from dq_databricks.errors import (
    AlreadyExistsError,
    LimitReachedError,
    ParameterError,
    QualityError,
)
from dq_databricks.model.ids import Context
from dq_databricks.model.redacting import Redaction, redacted
from dq_databricks.model.scopes import scopes_of
from dq_databricks.model.vocabulary import Role
from dq_databricks.settings import Settings
from dq_databricks.store.store import Store
from tests.support import local_engine
from tests.support.engines import engine_parameters, open_engine_for_tests
from tests.support.provisioned import put_schema
from tests.support.store import TappedEngine, settings_for

SPARK_SAMPLE: set[str] = set()
PROCESSES = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put_schema(tmp_path)
    return tmp_path


@pytest.fixture(params=engine_parameters())
def engine(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    with open_engine_for_tests(request.param, folder) as opened:
        yield opened


def store_of(engine: Engine) -> Store:
    return Store(engine, settings_for("s"), Context())


def users_of(engine: Engine) -> Users:
    store = store_of(engine)
    ensure_defaults(store.access, Context())
    return Users(store.access, Context())


def keys_of(engine: Engine) -> Keys:
    return Keys(store_of(engine).access.keys, Context(), lambda: b"p" * 32)


def an_order() -> KeyOrder:
    return KeyOrder(
        workspace_id="default",
        name="k",
        role=Role.VIEWER,
        scopes=scopes_of(Role.VIEWER),
        created_by="ada",
    )


def before_the_merge(tapped: TappedEngine, act: Callable[[], object]) -> None:
    """Let `act` happen just before the first conditional insert of `tapped`."""
    fired: list[str] = []

    def tap(kind: str, what: str) -> None:
        if kind == "execute" and what.startswith("MERGE") and not fired:
            fired.append(what)
            act()

    tapped.before = tap


def test_of_two_users_with_one_name_the_second_is_refused(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    mine, theirs = users_of(tapped), users_of(engine)
    place = mine.tables.organizations.require("default")
    before_the_merge(tapped, lambda: theirs.add(place, "eve@example.com", "ADA"))
    with pytest.raises(AlreadyExistsError, match="user name 'ada'"):
        mine.add(place, "ada@example.com", "ada")
    assert [user.email for user in mine.tables.users.select()] == ["eve@example.com"]


def test_of_two_organizations_with_one_name_the_second_is_refused(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    mine = Places(store_of(tapped).access, Context())
    theirs = Places(store_of(engine).access, Context())
    before_the_merge(tapped, lambda: theirs.add_organization("Acme", "acme-1"))
    with pytest.raises(AlreadyExistsError, match="Acme"):
        mine.add_organization("Acme", "acme-2")
    assert [row.slug for row in mine.tables.organizations.select()] == ["acme-1"]


def test_of_two_rotations_of_a_key_the_second_is_refused(engine: Engine) -> None:
    tapped = TappedEngine(engine)
    mine, theirs = keys_of(tapped), keys_of(engine)
    first = theirs.create(an_order()).row
    before_the_merge(tapped, lambda: theirs.rotate(first, by="eve"))
    with pytest.raises(ParameterError, match="two keys of its line") as refused:
        mine.rotate(first, by="ada")
    now = Context().now()
    live = [row for row in mine.table.select() if is_live(row, now)]
    assert len(live) == 2
    assert all(row.api_key_id in redacted(str(refused.value)) for row in live)


def test_processes_that_want_one_name_and_the_last_place_share_them(folder: Path) -> None:
    with local_engine.open_for_tests(folder) as engine:
        users = users_of(engine)
        organizations = users.tables.organizations
        place = organizations.require("default")
        organizations.update(place.model_copy(update={"max_users": 4}), place.version)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        done = list(pool.map(_add_users, [folder] * PROCESSES, range(PROCESSES)))
    with local_engine.open_for_tests(folder) as engine:
        stored = users_of(engine).tables.users.select().items
    names = [user.username.casefold() for user in stored]
    assert len(names) == len(set(names)) <= 4
    assert sorted(name for added, _, _ in done for name in added) == sorted(names)
    assert len({secret for _, secret, _ in done}) == 1
    assert {error for _, _, errors in done for error in errors} <= {
        AlreadyExistsError.__name__,
        LimitReachedError.__name__,
    }


def _add_users(folder: Path, number: int) -> tuple[list[str], bytes, list[str]]:
    """Add the same names with other addresses; those that were added, and the secret."""
    secret = service_secret(Settings.load({}, home=folder / "fresh"), Redaction())
    added, errors = [], []
    with local_engine.open_for_tests(folder) as engine:
        users = users_of(engine)
        place = users.tables.organizations.require("default")
        for name in ("ada", "bob", "cyd", "dee", "eve"):
            try:
                users.add(place, f"{name}{number}@example.com", name)
                added.append(name)
            except QualityError as error:
                errors.append(type(error).__name__)
    return added, secret, errors
