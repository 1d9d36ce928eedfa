"""Requests made up from the OpenAPI document, right ones and wrong ones, against the service.

``python -m benchmarks.campaigns.api --cases 100000 --seed 1`` runs the long form: it prints what
did not hold and exits with 1 when there was anything. No answer may be a 5xx or differ from what
the document says; wrong requests are refused, right ones are not; nobody gets in without a key.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation

from dq_databricks.model.ids import Context
from tests.support.stocked import Stock

# What a request that fits the document may still be refused for: what it names, and when.
_REFUSED = ["2xx", "400", "401", "403", "404", "409", "412", "422", "428", "429"]
_WRONG = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428"]
# Checks that send requests of their own, made once for each operation.
_SLOW = frozenset({"ignored_auth", "unsupported_method"})
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# One in so many cases asks for the objects that there are.
_REAL_EVERY = 2


@dataclass
class Outcome:
    """How many requests were made, how they were answered, and what did not hold."""

    cases: int = 0
    operations: set[str] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)
    broken: dict[str, str] = field(default_factory=dict)

    def note(self, label: str, status: int) -> None:
        """Count one answer."""
        self.cases += 1
        self.operations.add(label)
        self.statuses[str(status)] += 1


def fuzz(app: FastAPI, key: str, ids: Mapping[str, str], *, cases: int, seed: int) -> Outcome:
    """Make at least `cases` requests of all operations of `app`, the same for the same `seed`.

    `ids` are values of path parameters; the objects they name are asked for in half of the cases.
    Operations that remove come last, so that the others find something.
    """
    config = SchemathesisConfig()
    checks = config.projects.default.checks
    checks.positive_data_acceptance.expected_statuses = _REFUSED
    checks.negative_data_rejection.expected_statuses = _WRONG
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    operations = sorted(_operations(schema), key=lambda one: (one.method == "delete", one.label))
    each = max(1, -(-cases // (len(operations) * len(_MODES) * _REAL_EVERY)))
    outcome = Outcome()
    for place, operation in enumerate(operations):
        for real in (True, False):
            for mode in _MODES:
                given = _given(operation, ids) if real else None
                _play(operation, mode, given, key, each, seed + place, outcome)
    return outcome


def _operations(schema: Any) -> Iterator[APIOperation[Any, Any, Any]]:
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.startswith("/api/"):
            yield operation


def _given(operation: APIOperation[Any, Any, Any], ids: Mapping[str, str]) -> dict[str, str]:
    names = [parameter.name for parameter in operation.path_parameters]
    return {name: ids[name] for name in names if name in ids}


def _play(
    operation: APIOperation[Any, Any, Any],
    mode: GenerationMode,
    given: dict[str, str] | None,
    key: str,
    count: int,
    seed: int,
    outcome: Outcome,
) -> None:
    checks = CHECKS.get_all()
    fast = [check for check in checks if check.__name__ not in _SLOW]

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(
        operation.as_strategy(
            generation_mode=mode, path_parameters=given or None, headers={"X-API-Key": key}
        )
    )
    def one(case: Any) -> None:
        chosen = fast if operation.label in outcome.operations else checks
        headers = {}
        if given is not None and mode is GenerationMode.POSITIVE and "If-Match" in case.headers:
            headers["If-Match"] = '"v1"'
        response = case.call(headers=headers)
        outcome.note(operation.label, response.status_code)
        try:
            case.validate_response(response, checks=chosen, headers=headers)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                name = f"{operation.label}: {type(failure).__name__}"
                outcome.broken.setdefault(
                    name,
                    f"{failure}\n{case.as_curl_command()}\n"
                    f"{response.status_code} {response.text[:500]}",
                )

    try:
        one()
    except hypothesis.errors.Unsatisfiable:
        return  # an operation without parameters cannot be called wrongly


def ids_of(found: Stock) -> dict[str, str]:
    """The values of path parameters that name what a stock holds.

    Who would lock the caller out when it is changed is left out: the workspace, its organization.
    """
    return {
        "alert_id": found.alert_id,
        "anomaly_id": found.anomaly_id,
        "connection_id": found.connection_id,
        "incident_id": found.incident_id,
        "job_id": found.job_id,
        "name": "nulls_percent",
        "number": "1",
        "profile_run_id": found.profile_run_id,
        "project_key": found.project_key,
        "result_id": found.result_id,
        "run_id": found.run_id,
        "schedule_id": found.schedule_id,
        "table": found.table_id,
        "table_group_id": found.table_group_id,
        "test_id": found.test_id,
        "test_suite_key": found.suite,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the long form; 1 when anything did not hold."""
    from tests.support.service import service
    from tests.support.stocked import create_orders, leaps, stock

    parser = argparse.ArgumentParser(description=__doc__, prog="benchmarks.campaigns.api")
    parser.add_argument("--cases", type=int, default=100_000, help="requests to make, at least")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same requests")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    leaping = Context(monotonic=leaps())
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder), context=leaping) as under_test,
    ):
        create_orders(under_test.quality.engine)
        found = stock(under_test.quality, "default", "default")
        key = under_test.key("admin")
        outcome = fuzz(under_test.app, key, ids_of(found), cases=chosen.cases, seed=chosen.seed)
    print(
        f"{outcome.cases:,} cases, {len(outcome.operations)} operations, seed {chosen.seed}, "
        f"{time.monotonic() - started:,.0f} s; answers {dict(sorted(outcome.statuses.items()))}"
    )
    for name, what in sorted(outcome.broken.items()):
        print(f"\n{name}\n{what}")
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
