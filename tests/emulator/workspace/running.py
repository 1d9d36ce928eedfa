"""A run of a job: parameters put in, tasks in order, for each input, again after a failure."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.emulator.jobs_api import FakeRun
from tests.emulator.workspace.routes import JsonDict
from tests.emulator.workspace.tasks import Executor, Outcome

_DYNAMIC = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class UnresolvedError(LookupError):
    """A dynamic value that the platform does not know."""


@dataclass
class TaskRun:
    """One task of a run. `attempts` counts how often it was started, over all its inputs."""

    task_key: str
    run_id: int
    outcome: Outcome | None = None
    result_state: str | None = None
    attempts: int = 0
    inputs: list[Any] = field(default_factory=list)

    def document(self) -> JsonDict:
        is_over = self.result_state is not None
        state: JsonDict = {"life_cycle_state": "TERMINATED" if is_over else "PENDING"}
        if is_over:
            state["result_state"] = self.result_state
        return {"task_key": self.task_key, "run_id": self.run_id, "state": state}


@dataclass
class Run(FakeRun):
    """A run whose tasks are carried out."""

    name: str = ""
    tasks: dict[str, TaskRun] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def is_open(self) -> bool:
        return not self.over.is_set()

    def end(self, result_state: str, message: str = "") -> None:
        super().end(result_state, message)
        self.over.set()

    def refuse(self, message: str) -> None:
        """As many run as may run at once, and this one does not wait."""
        self.life_cycle_state, self.message = "SKIPPED", message
        self.result_state = "MAXIMUM_CONCURRENT_RUNS_REACHED"
        self.over.set()

    def document(self) -> JsonDict:
        tasks = [task.document() for task in self.tasks.values()]
        return {
            **super().document(),
            "run_name": self.name,
            "run_page_url": f"https://workspace.example/run/{self.run_id}",
            "tasks": tasks,
            "job_parameters": [{"name": n, "value": v} for n, v in self.parameters.items()],
        }


@dataclass
class Runner:
    """Carries one run out. `place_of` says where a path of the workspace lies on disk."""

    run: Run
    settings: JsonDict
    executor: Executor
    place_of: Callable[[str], Path]

    def start(self) -> None:
        """Carry out every task whose dependencies ended well; then end the run."""
        run = self.run
        run.life_cycle_state = "RUNNING"
        for task in _in_order(self.settings["tasks"]):
            if run.cancels:
                break
            own = run.tasks[task["task_key"]]
            waits_for = [run.tasks[d["task_key"]] for d in task.get("depends_on", ())]
            if any(dependency.result_state != "SUCCESS" for dependency in waits_for):
                own.result_state = "UPSTREAM_FAILED"
                continue
            own.outcome = self._carried_out(task, own)
            own.result_state = "SUCCESS" if own.outcome.is_fine else "FAILED"
        self._end()

    def _end(self) -> None:
        bad = [t.task_key for t in self.run.tasks.values() if t.result_state != "SUCCESS"]
        if self.run.cancels:
            self.run.end("CANCELED", "the run was cancelled")
        elif bad:
            self.run.end("FAILED", f"Task {bad[0]} failed.")
        else:
            self.run.end("SUCCESS")

    def _carried_out(self, task: JsonDict, own: TaskRun) -> Outcome:
        try:
            if "for_each_task" not in task:
                return self._attempted(task, own, None)
            each = task["for_each_task"]
            own.inputs = json.loads(self._put_in(each["inputs"], None))
            return _together(self._for_each(each, own))
        except (UnresolvedError, ValueError) as error:
            return Outcome(1, error=str(error))

    def _for_each(self, each: JsonDict, own: TaskRun) -> list[Outcome]:
        at_once = int(each.get("concurrency", 1)) if self.executor.is_parallel else 1
        if at_once == 1:
            return [self._attempted(each["task"], own, one) for one in own.inputs]
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda one: self._attempted(each["task"], own, one), own.inputs))

    def _attempted(self, task: JsonDict, own: TaskRun, each: Any) -> Outcome:
        outcome = Outcome(1, error="never started")
        for _ in range(int(task.get("max_retries", 0)) + 1):
            own.attempts += 1
            outcome = self._once(task, each)
            if outcome.is_fine or self.run.cancels:
                break
        return outcome

    def _once(self, task: JsonDict, each: Any) -> Outcome:
        python = task["spark_python_task"]
        arguments = [self._put_in(text, each) for text in python.get("parameters", ())]
        return self.executor.run(
            self.place_of(python["python_file"]), arguments, list(self._wheels(task))
        )

    def _wheels(self, task: JsonDict) -> Iterator[Path]:
        for environment in self.settings.get("environments", ()):
            if environment["environment_key"] == task.get("environment_key"):
                for line in environment["spec"].get("dependencies", ()):
                    if line.partition("[")[0].endswith(".whl"):
                        yield self.place_of(line.partition("[")[0])

    def _put_in(self, text: str, each: Any) -> str:
        known = {
            "job.id": self.run.job_id,
            "job.run_id": self.run.run_id,
            "job.name": self.settings.get("name", ""),
            "job.repair_count": 0,
            **{f"job.parameters.{name}": value for name, value in self.run.parameters.items()},
        }
        if each is not None:
            known["input"] = each if isinstance(each, str) else json.dumps(each)

        def look_up(match: re.Match[str]) -> str:
            if match[1] not in known:
                raise UnresolvedError(f"{match[0]} cannot be resolved")
            return str(known[match[1]])

        return _DYNAMIC.sub(look_up, text)


def _in_order(tasks: list[JsonDict]) -> Iterator[JsonDict]:
    """Tasks after what they depend on."""
    done: set[str] = set()
    left = list(tasks)
    while left:
        ready = [t for t in left if {d["task_key"] for d in t.get("depends_on", ())} <= done]
        if not ready:
            raise ValueError("tasks depend on each other, or on what is not there")
        for task in ready:
            yield task
            done.add(task["task_key"])
            left.remove(task)


def _together(outcomes: list[Outcome]) -> Outcome:
    bad = [outcome for outcome in outcomes if not outcome.is_fine]
    return Outcome(
        bad[0].code if bad else 0,
        "".join(outcome.logs for outcome in outcomes),
        "".join(outcome.error for outcome in bad),
    )
