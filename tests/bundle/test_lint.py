"""Each rule of the bundle lint, with the smallest bundle that breaks it and nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.bundle_lint.bundle import Bundle
from tools.bundle_lint.check import check
from tools.bundle_lint.findings import RULES
from tools.bundle_lint.quartz import fault

ROOT = Path(__file__).parents[2]

GOOD = """\
bundle: {name: b}
variables:
  schema: {default: meta}
artifacts:
  wheel: {type: whl, path: .}
targets:
  dev:
    mode: development
    presets: {artifacts_dynamic_version: true}
  prod:
    mode: production
    workspace: {root_path: /Workspace/Users/x/b}
resources:
  schemas:
    m:
      name: ${var.schema}
      catalog_name: c
  jobs:
    j:
      name: job
      run_as: {user_name: x}
      parameters:
        - {name: schema, default: "${resources.schemas.m.name}"}
      schedule: {quartz_cron_expression: "0 0 5 * * ?", timezone_id: UTC}
      environments:
        - {environment_key: e, spec: {dependencies: [./dist/*.whl]}}
      tasks:
        - task_key: one
          environment_key: e
          spark_python_task:
            python_file: ./task.py
            parameters: ["--schema={{job.parameters.schema}}"]
  apps:
    a:
      name: app-${bundle.target}
      source_code_path: ./app
"""
APP = "      source_code_path: ./app\n"
TASK = '            parameters: ["--schema={{job.parameters.schema}}"]\n'
PROD = "    mode: production\n"


@dataclass(frozen=True)
class Case:
    """`old` becomes `new` in the good bundle; the finding is on the line that holds `at`."""

    rule: str
    old: str
    new: str
    at: str
    says: str


CASES = [
    Case("cron", "0 0 5 * * ?", "0 5 * * *", "quartz_cron_expression", "5 fields"),
    Case("cron", "0 0 5 * * ?", "0 0 5 * * *", "quartz_cron_expression", "exactly one"),
    Case("zone", "timezone_id: UTC", "timezone_id: Mars/Base", "timezone_id", "Mars/Base"),
    Case(
        "interval",
        '      schedule: {quartz_cron_expression: "0 0 5 * * ?", timezone_id: UTC}\n',
        "      trigger:\n        periodic: {interval: 0, unit: MINUTES}\n",
        "periodic",
        "every 0 MINUTES",
    ),
    Case(
        "task-key", TASK, TASK + "        - {task_key: one}\n", "tasks:", "'one' is there 2 times"
    ),
    Case(
        "environment-key",
        "          environment_key: e\n",
        "          environment_key: f\n",
        "environment_key: f",
        "environments of the job are e",
    ),
    Case(
        "environment-key",
        "          environment_key: e\n",
        "          job_cluster_key: c\n",
        "job_cluster_key: c",
        "job_clusters of the job are none",
    ),
    Case(
        "depends-on",
        TASK,
        TASK + "          depends_on: [{task_key: two}]\n",
        "depends_on",
        "the other tasks are none",
    ),
    Case(
        "dynamic-value",
        "parameters.schema}}",
        "parameters.schema}} {{job.parameters.targets}}",
        "job.parameters.targets",
        "the parameters of the job are schema",
    ),
    Case("dynamic-value", TASK, TASK.replace("]", ', "{{input}}"]'), "{{input}}", "outside"),
    Case(
        "dynamic-value",
        TASK,
        TASK.replace("]", ', "{{tasks.two.values.x}}"]'),
        "tasks.two",
        "the tasks of the job are one",
    ),
    Case("unused-parameter", TASK, "", "j:", "'schema'"),
    Case("reference", "catalog_name: c", "catalog_name: ${var.cat}", "var.cat", "schema"),
    Case(
        "reference",
        "catalog_name: c",
        "catalog_name: ${resources.volumes.v.name}",
        "volumes.v",
        "none",
    ),
    Case(
        "reference",
        "catalog_name: c",
        "catalog_name: ${resources.jobs.j.nmae}",
        "nmae",
        "no field 'nmae'",
    ),
    Case("reference", "catalog_name: c", "catalog_name: ${bundle.targt}", "targt", "target"),
    Case(
        "schema-name",
        '"${resources.schemas.m.name}"',
        '"${var.schema}"',
        'default: "${var.schema}"',
        "${resources.schemas.m.name}",
    ),
    Case(
        "schema-name",
        '"${resources.schemas.m.name}"',
        "c.meta.t",
        "c.meta.t",
        "names the schema outright",
    ),
    Case(
        "prefix",
        "    presets: {artifacts_dynamic_version: true}\n",
        "    presets: {artifacts_dynamic_version: true, name_prefix: ci_}\n",
        "name_prefix",
        "ciNAME",
    ),
    Case("whose-name", "app-${bundle.target}", "app", "a:", "${bundle.target}"),
    Case("run-as", PROD, PROD + "    run_as: {user_name: y}\n", "user_name: y", "each job"),
    Case("run-as", "bundle: {name: b}\n", "run_as: {user_name: y}\n", "user_name: y", "each job"),
    Case("job-run-as", "      run_as: {user_name: x}\n", "", "j:", "as whoever deploys"),
    Case(
        "pause",
        "timezone_id: UTC}",
        "timezone_id: UTC, pause_status: UNPAUSED}",
        "UNPAUSED",
        "development",
    ),
    Case(
        "wheel-version",
        PROD,
        PROD + "    presets: {artifacts_dynamic_version: true}\n    # prod\n",
        "presets",
        "a version of its own",
    ),
    Case(
        "wheel-version",
        "  wheel: {type: whl, path: .}",
        "  wheel: {type: whl, path: ., dynamic_version: true}",
        "dynamic_version: true",
        "a version of its own",
    ),
    Case(
        "wheel-version-in-development",
        "    presets: {artifacts_dynamic_version: true}\n",
        "",
        "dev:",
        "cached",
    ),
    Case(
        "root-path", "    workspace: {root_path: /Workspace/Users/x/b}\n", "", "prod:", "root_path"
    ),
    Case("root-path", "/Workspace/Users/x/b", "/Workspace/Shared/b", "prod:", "open to all"),
    Case(
        "value-from",
        APP,
        APP + "      config: {env: [{name: X, valueFrom: w}]}\n",
        "valueFrom",
        "value_from",
    ),
    Case(
        "value-from",
        APP,
        APP + "      config: {env: [{name: X, value_from: w}]}\n",
        "value_from",
        "are none",
    ),
    Case(
        "app-permission",
        APP,
        APP
        + '      resources: [{name: r, job: {id: "${resources.jobs.j.id}"}}]\n'
        + "  # permissions of j\n",
        "j:",
        "CAN_MANAGE_RUN",
    ),
    Case("file", "./task.py", "./tusk.py", "tusk", "nothing is there"),
    Case("file", "bundle: {name: b}\n", "sync: {paths: [jibs]}\n", "jibs", "matches nothing"),
    Case("include", "bundle: {name: b}\n", "include: [more/*.yml]\n", "more", "matches no file"),
    Case("wheel", "./dist/*.whl", "./build/*.whl", "build", "fill dist"),
    Case("wheel", "  wheel: {type: whl, path: .}\n", "  {}\n", "*.whl", "fill no folder"),
]


def _bundle(folder: Path, text: str) -> Bundle:
    (folder / "databricks.yml").write_text(text)
    (folder / "task.py").touch()
    (folder / "app").mkdir()
    return Bundle.load(folder)


def _broken(case: Case) -> str:
    assert case.old in GOOD
    text = GOOD.replace(case.old, case.new)
    if case.rule == "app-permission":  # a list of permissions is what shuts the app out
        shut = "      permissions: [{level: CAN_VIEW, group_name: users}]\n"
        text = text.replace("      name: job\n", "      name: job\n" + shut)
    return text


def test_a_good_bundle_has_no_findings(tmp_path: Path) -> None:
    assert check(_bundle(tmp_path, GOOD)) == []


@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}: {case.at}" for case in CASES])
def test_a_rule_finds_its_fault_and_names_the_line(case: Case, tmp_path: Path) -> None:
    text = _broken(case)
    findings = check(_bundle(tmp_path, text))
    assert {finding.rule for finding in findings} == {case.rule}
    (finding,) = findings
    assert finding.place.file == "databricks.yml"
    assert case.at in text.splitlines()[finding.place.line - 1]
    assert case.says in finding.message


def test_every_rule_has_a_bundle_that_breaks_it() -> None:
    assert {case.rule for case in CASES} == set(RULES)


@pytest.mark.parametrize(
    "text",
    [
        "0 0/5 * * * ?",
        "0 30 2 ? * MON-FRI",
        "0 0 12 1,15 * ?",
        "0 0 0 L-3 * ?",
        "0 0 0 15W * ?",
        "0 0 0 ? * 6#3",
        "0 0 0 ? JAN,JUL SUNL 2026-2030",
    ],
)
def test_what_quartz_takes_is_taken(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*/5 * * * *",
        "60 0 0 * * ?",
        "0 0 24 * * ?",
        "0 0 0 32 * ?",
        "0 0 0 ? * 0",
        "0 0 0 ? ? *",
        "0 0 0 * * *",
        "0 0/0 * * * ?",
        "0 1-2-3 * * * ?",
        "? 0 0 * * ?",
        "0 0 0 ? * MONDAY",
    ],
)
def test_what_quartz_refuses_is_refused(text: str) -> None:
    assert fault(text) is not None


def test_an_override_of_a_target_is_looked_at_where_it_stands(tmp_path: Path) -> None:
    override = (
        "    resources: {jobs: {j: {tasks: [{task_key: one, depends_on: [{task_key: x}]}]}}}\n"
    )
    (finding,) = check(_bundle(tmp_path, GOOD.replace(PROD, PROD + override)))
    assert finding.rule == "depends-on"


def test_the_bundle_of_this_project_is_clean() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bundle_lint", str(ROOT)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "bundle: clean\n")


def test_a_fault_is_printed_with_its_place_and_fails(tmp_path: Path) -> None:
    _bundle(tmp_path, GOOD.replace("./task.py", "./tusk.py"))
    done = subprocess.run(
        [sys.executable, "-m", "tools.bundle_lint", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "databricks.yml:31: file: python_file './tusk.py'" in done.stdout
