"""A worker process: takes jobs from its input, one after the other, and says how each went.

A line holds a job; once it is prepared the worker says so and waits for the line that starts it,
so that several begin together. It lives for many rounds, unless it is killed in one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.campaigns.bugs import planted
from benchmarks.campaigns.jobs import CATALOG, Job
from benchmarks.campaigns.roles import ROLES
from benchmarks.campaigns.taps import GatedEngine
from dq_databricks.engine.local import LocalEngine
from dq_databricks.engine.local.database import Database
from dq_databricks.errors import QualityError


def main() -> None:
    """Serve until the input ends."""
    database = Database(threads=1, memory_limit="")
    for line in sys.stdin:
        _serve(Job.of(json.loads(line)), database)


def _serve(job: Job, database: Database) -> None:
    local = LocalEngine(Path(job.home), catalog=CATALOG, durable=False, database=database)
    with GatedEngine(local, job.gates) as engine, planted(job.bug):
        _say({"ready": job.name})
        sys.stdin.readline()
        try:
            told = ROLES[job.role](engine, job)
        except QualityError as error:
            _say({"done": job.name, "error": type(error).__name__, "message": str(error)})
        else:
            _say({"done": job.name, "told": told})


def _say(values: dict[str, object]) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
