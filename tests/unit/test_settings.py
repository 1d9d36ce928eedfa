from __future__ import annotations

from pathlib import Path

import pytest

from dq_databricks.errors import SettingsError
from dq_databricks.settings import Settings


def test_the_environment_sets_and_arguments_win() -> None:
    environment = {"DQ_HOME": "/lake", "DQ_THREADS": "3", "DQ_DURABLE": "off", "DQ_USER": ""}
    settings = Settings.load(environment, threads=5)
    assert (settings.home, settings.threads, settings.durable) == (Path("/lake"), 5, False)
    assert settings.user == ""


def test_inside_a_databricks_runtime_the_engine_is_spark_unless_another_is_named() -> None:
    runtime = {"DATABRICKS_RUNTIME_VERSION": "17.3"}
    assert Settings.load({}).engine == "local"
    assert Settings.load(runtime).engine == "spark"
    assert Settings.load({**runtime, "DQ_ENGINE": "warehouse"}).engine == "warehouse"
    assert Settings.load(runtime, engine="local").engine == "local"


def test_a_path_may_be_given_as_text() -> None:
    assert Settings.load({}, home="here").home == Path("here")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DQ_ENGINE", "sparc", "local, spark, warehouse"),
        ("DQ_THREADS", "many", "a whole number"),
        ("DQ_THREADS", "-1", "0 or more"),
        ("DQ_DURABLE", "perhaps", "true or false"),
        ("DQ_STORAGE_FORMAT", "iceberg", "delta, hudi"),
    ],
)
def test_what_a_variable_may_not_be_is_named(variable: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.load({variable: value})


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="unknown setting 'hom'"):
        Settings.load({}, hom="x")
