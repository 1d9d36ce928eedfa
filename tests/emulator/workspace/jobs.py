"""The Jobs API: jobs are kept as they were posted, and their runs are carried out."""

from __future__ import annotations

import threading

from tests.emulator.workspace.files import place_of
from tests.emulator.workspace.routes import Answer, JsonDict, Refusal, Request, missing, route
from tests.emulator.workspace.running import Run, Runner, TaskRun
from tests.emulator.workspace.state import State

_JOBS = "/api/2.2/jobs"
LONGEST_TOKEN = 64


@route("POST", f"{_JOBS}/create")
def create(state: State, request: Request) -> Answer:
    job_id = state.number()
    state.jobs[job_id] = request.body
    return {"job_id": job_id}


@route("POST", f"{_JOBS}/reset")
def reset(state: State, request: Request) -> Answer:
    state.jobs[_known(state, request.body["job_id"])] = request.body["new_settings"]
    return {}


@route("POST", f"{_JOBS}/update")
def update(state: State, request: Request) -> Answer:
    state.jobs[_known(state, request.body["job_id"])].update(request.body["new_settings"])
    return {}


@route("POST", f"{_JOBS}/delete")
def delete(state: State, request: Request) -> Answer:
    del state.jobs[_known(state, request.body["job_id"])]
    return {}


@route("GET", f"{_JOBS}/get")
def get(state: State, request: Request) -> Answer:
    job_id = _known(state, request.query["job_id"])
    return {"job_id": job_id, "creator_user_name": state.user, "settings": state.jobs[job_id]}


@route("GET", f"{_JOBS}/list")
def list_jobs(state: State, request: Request) -> Answer:
    wanted = request.query.get("name")
    return {
        "jobs": [
            {"job_id": job_id, "settings": {"name": settings.get("name", "")}}
            for job_id, settings in state.jobs.items()
            if wanted is None or settings.get("name") == wanted
        ]
    }


@route("POST", f"{_JOBS}/run-now")
def run_now(state: State, request: Request) -> Answer:
    body = request.body
    job_id, token = _known(state, body["job_id"]), body.get("idempotency_token", "")
    if len(token) > LONGEST_TOKEN:
        raise Refusal(400, "INVALID_PARAMETER_VALUE", "The idempotency token is too long.")
    known = [run for run in state.runs.values() if token and run.token == token]
    if known:
        return {"run_id": known[0].run_id}
    run = _new_run(state, job_id, token, body)
    state.runs[run.run_id] = run
    _begin(state, run)
    return {"run_id": run.run_id, "number_in_job": run.run_id}


@route("GET", f"{_JOBS}/runs/get")
def get_run(state: State, request: Request) -> Answer:
    return _run(state, request.query["run_id"]).document()


@route("GET", f"{_JOBS}/runs/list")
def list_runs(state: State, request: Request) -> Answer:
    job_id = request.query.get("job_id")
    runs = [r for r in state.runs.values() if job_id is None or r.job_id == int(job_id)]
    return {"runs": [run.document() for run in reversed(runs)]}


@route("POST", f"{_JOBS}/runs/cancel")
def cancel(state: State, request: Request) -> Answer:
    run = _run(state, request.body["run_id"])
    if run.is_open:
        run.cancels += 1
        state.executor.cancel()
    return {}


@route("GET", f"{_JOBS}/runs/get-output")
def get_output(state: State, request: Request) -> Answer:
    asked = int(request.query["run_id"])
    tasks = [t for run in state.runs.values() for t in run.tasks.values() if t.run_id == asked]
    if not tasks:
        raise Refusal(400, "INVALID_PARAMETER_VALUE", f"Run {asked} is no run of a task.")
    outcome = tasks[0].outcome
    answer: JsonDict = {"metadata": tasks[0].document()}
    if outcome is not None:
        answer["logs"] = outcome.logs
        if not outcome.is_fine:
            last = outcome.error.strip().rpartition("\n")[2]
            answer |= {"error": last, "error_trace": outcome.error}
    return answer


def _new_run(state: State, job_id: int, token: str, body: JsonDict) -> Run:
    settings = state.jobs[job_id]
    declared = {p["name"]: p.get("default", "") for p in settings.get("parameters", ())}
    given = body.get("job_parameters") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise Refusal(400, "INVALID_PARAMETER_VALUE", f"Job parameter {unknown[0]} is not defined.")
    only = body.get("only")
    run = Run(state.number(), job_id, token, {**declared, **given}, name=settings["name"])
    for task in settings["tasks"]:
        if not only or task["task_key"] in only:
            run.tasks[task["task_key"]] = TaskRun(task["task_key"], state.number())
    return run


def _begin(state: State, run: Run) -> None:
    settings = state.jobs[run.job_id]
    before = [r for r in state.runs.values() if r.job_id == run.job_id and r.is_open and r != run]
    is_full = len(before) >= settings.get("max_concurrent_runs", 1)
    if is_full and not settings.get("queue", {}).get("enabled"):
        run.refuse("as many runs of the job as may run at once")
        return
    if is_full:
        run.life_cycle_state = "QUEUED"
    own = {**settings, "tasks": [t for t in settings["tasks"] if t["task_key"] in run.tasks]}
    runner = Runner(run, own, state.executor, lambda path: place_of(state, path))

    def work() -> None:
        for other in before if is_full else ():
            other.over.wait()
        runner.start()

    threading.Thread(target=work, daemon=True).start()


def _known(state: State, job_id: object) -> int:
    number = int(str(job_id))
    if number not in state.jobs:
        raise missing(f"Job {number}")
    return number


def _run(state: State, run_id: object) -> Run:
    number = int(str(run_id))
    if number not in state.runs:
        raise Refusal(400, "INVALID_PARAMETER_VALUE", f"Run {number} does not exist.")
    return state.runs[number]
