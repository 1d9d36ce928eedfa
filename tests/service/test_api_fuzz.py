"""Requests made up from the OpenAPI document: none breaks the service or surprises its reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.campaigns.api import fuzz, ids_of
from dq_databricks.model.catalog import DEFAULT_WORKSPACE
from dq_databricks.model.ids import Context
from tests.support.service import service
from tests.support.stocked import create_orders, leaps, stock

CASES = 2_000
ASKED = 2_400  # some operations take nothing that could be varied


@pytest.mark.timeout(900)
def test_made_up_requests_are_answered_as_the_document_says(tmp_path: Path) -> None:
    with service(tmp_path, context=Context(monotonic=leaps())) as under_test:
        create_orders(under_test.quality.engine)
        found = stock(under_test.quality, DEFAULT_WORKSPACE, "default")
        key = under_test.key("admin")
        outcome = fuzz(under_test.app, key, ids_of(found), cases=ASKED, seed=20261121)
    assert not outcome.broken, "\n\n".join(f"{k}\n{v}" for k, v in outcome.broken.items())
    assert outcome.cases >= CASES
    assert not [status for status in outcome.statuses if status >= "500"]
    assert outcome.statuses["200"] > CASES / 20, "too few requests got through to mean anything"
