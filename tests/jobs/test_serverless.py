"""What the tasks import on Databricks works on serverless compute: nothing reaches into a JVM."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("databricks.sdk")

from tests.support.tasks import ROOT

# Attributes that Spark Connect does not have.
CLASSIC = frozenset(
    {"sparkContext", "SparkContext", "_sc", "_jsc", "_jvm", "_jsparkSession", "_jdf", "_jconf"}
    | {"rdd", "toJavaRDD", "parallelize", "mapPartitions", "foreachPartition", "addJobTag"}
    | {"setLogLevel", "addPyFile", "sqlContext", "SQLContext", "HiveContext"}
)


@cache
def _imported() -> tuple[str, ...]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.imported_by_jobs"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout.strip().splitlines()[-1]))


def _ours() -> Iterator[tuple[str, Path]]:
    for module in _imported():
        if module == "dq_databricks" or module.startswith("dq_databricks."):
            path = ROOT / Path(*module.split("."))
            yield module, path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for script in sorted((ROOT / "jobs").glob("*.py")):
        yield script.stem, script


def test_what_tasks_import_holds_the_whole_work_and_no_local_session() -> None:
    modules = set(_imported())
    for needed in ("running.test_run", "profiling.measures", "lifecycle.moving.rename"):
        assert f"dq_databricks.{needed}" in modules
    assert "dq_databricks.engine.spark.engine" in modules
    local = {m for m in modules if m.startswith("dq_databricks.engine.local")}
    ours = {f"dq_databricks.engine.spark.{n}" for n in ("session", "lake", "on_lake", "jars")}
    drivers = {"duckdb", "deltalake", "fastapi", "rich"}
    assert (local | ours | drivers | {"dq_databricks.engine.spark.classic"}) & modules == set()


def test_nothing_that_tasks_import_uses_what_only_a_classic_session_has() -> None:
    found = [
        f"{module}:{node.lineno} {name}"
        for module, path in _ours()
        for node in ast.walk(ast.parse(path.read_text()))
        if (name := _name(node)) in CLASSIC
    ]
    assert found == []


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    return node.name if isinstance(node, ast.alias) else None


def test_settings_of_the_session_are_made_only_where_a_refusal_is_taken() -> None:
    makers = {
        (module, node.lineno)
        for module, path in _ours()
        for node in ast.walk(ast.parse(path.read_text()))
        if _sets_a_setting(node) and not _is_in_try(path, node)
    }
    assert makers == set()


def _sets_a_setting(node: ast.AST) -> bool:
    """Whether `node` is ``….conf.set(…)`` or ``builder.config(…)``."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    of = node.func.value
    is_conf = isinstance(of, ast.Attribute) and of.attr == "conf"
    return (node.func.attr == "set" and is_conf) or (
        node.func.attr == "config" and "builder" in ast.dump(of)
    )


def _is_in_try(path: Path, wanted: ast.AST) -> bool:
    return any(
        getattr(inner, "lineno", 0) == getattr(wanted, "lineno", -1)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Try)
        for statement in node.body
        for inner in ast.walk(statement)
    )
