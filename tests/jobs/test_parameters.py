"""Parameters of the tasks: by name, empty ones are absent, wrong ones end with code 2."""

from __future__ import annotations

import ast
import json
import re

import pytest

from dq_databricks.errors import ParameterError
from dq_databricks.launching.arguments import COMMON, Arguments
from dq_databricks.launching.loads import LOAD_PARAMETERS
from dq_databricks.launching.running import RUN_PARAMETERS
from dq_databricks.launching.targets import Target, read_targets
from dq_databricks.launching.task import TaskFailedError
from tests.support.tasks import ROOT, SCRIPTS, Tasks

SHARED = {"RUN_PARAMETERS": RUN_PARAMETERS, "LOAD_PARAMETERS": LOAD_PARAMETERS}
NAMED = re.compile(r"--([a-z-]+)")


def _script(name: str) -> ast.Module:
    return ast.parse((ROOT / "jobs" / f"{name}.py").read_text())


def _parameters(name: str) -> set[str]:
    (call,) = (
        node
        for node in ast.walk(_script(name))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "run_task"
    )
    names = {node.value for node in call.args[2:] if isinstance(node, ast.Constant)}
    starred = [ast.unparse(node.value) for node in call.args if isinstance(node, ast.Starred)]
    return names.union(COMMON, *(SHARED[name] for name in starred))


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_help_of_a_script_names_its_parameters_and_what_a_failure_means(name: str) -> None:
    text = ast.get_docstring(_script(name)) or ""
    told = {word.replace("-", "_") for word in NAMED.findall(text)}
    assert told == _parameters(name)
    assert "failure means" in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_imports_from_the_wheel_alone_and_never_exits_with_zero(name: str) -> None:
    for node in ast.walk(_script(name)):
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").startswith("dq_databricks."), node.module
        assert not isinstance(node, ast.Import)
        assert getattr(node, "attr", "") != "exit"


def test_help_is_the_docstring_and_no_failure(tasks: Tasks) -> None:
    done = tasks.run("migrate", "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip() == ast.get_docstring(_script("migrate"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--target=x"], "did you mean --targets?"),
        (["--targets"], "has no value"),
        ([], "--targets is missing"),
        (["--targets=", "--job-id="], "--targets is missing"),
        (["--targets=[1]"], "list of names"),
        (["--targets=[x"], "no JSON"),
        (["--targets=group:"], "group:NAME"),
        (["--targets=all", "--trigger=moon"], "trigger 'moon'"),
        (["--targets=all", "--platform-run-id={{job.run_id}}"], "--platform-run-id"),
        (["--targets=all", "--fail-on-failure=perhaps"], "true or false"),
        (["--targets=suite:nowhere"], "no active tests"),
    ],
)
def test_wrong_parameters_say_what_is_wrong_and_nothing_is_asked_for(
    tasks: Tasks,
    words: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(TaskFailedError, match=re.escape(told)) as failure:
        tasks.run_here("test", *words, patch=monkeypatch)
    out, err = capsys.readouterr()
    assert (failure.value.code, err) == (2, f"{failure.value}\n")
    assert json.loads(out)["exit_code"] == 2
    assert tasks.quality.jobs.list().items == ()


def test_a_process_with_a_wrong_parameter_ends_with_code_2(tasks: Tasks) -> None:
    done = tasks.run("rename_schema", "--two=x")
    assert (done.code, "did you mean --to?" in done.err) == (2, True), done.err
    assert len(done.err.strip().splitlines()) == 1


def test_both_forms_of_a_parameter_are_read_and_one_may_not_come_twice() -> None:
    read = Arguments.read(["--job-id", "7", "--schema=s", "--catalog", ""], ["job_id"])
    assert read.given == {"job_id": "7", "schema": "s"}
    with pytest.raises(ParameterError, match="twice"):
        Arguments.read(["--schema=a", "--schema=b"], [])


def test_targets_are_one_or_a_list_without_repetitions() -> None:
    assert read_targets("main.s.t") == ("main.s.t",)
    assert read_targets('["a.b.c", "suite:s", "a.b.c"]') == ("a.b.c", "suite:s")
    assert Target.read("group:night load") == Target("group:night load", group="night load")
    assert Target.read("a.b.c").table == "a.b.c"
