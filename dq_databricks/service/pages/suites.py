"""Suites: what runs together, how it fares, and what it is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Response

from dq_databricks.quality.suites import SuiteSummary
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.inputs import FormSent
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
_ORDER = ("fail", "error", "warn", "no_data", "skipped", "pass")


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """One suite with the newest verdicts of its tests."""

    summary: SuiteSummary
    verdicts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SuitesContext:
    """Every suite, by key."""

    rows: tuple[SuiteRow, ...]


@router.get("/suites")
def list_suites(asked: PageReading) -> Response:
    """Every suite; three reads."""
    counted: dict[str, Counter[str]] = {}
    for one in asked.quality.listings.test_counts():
        if one.verdict is not None:
            counted.setdefault(one.test_suite_key, Counter())[one.verdict.value] += one.tests
    rows = tuple(
        SuiteRow(summary, _ordered(counted.get(summary.test_suite_key, Counter())))
        for summary in asked.quality.suites.list()
    )
    place = Place("Suites", "tests", (Crumb("Tests", "/tests"),), api="/api/v1/suites")
    return page(asked, "suites.html", place, SuitesContext(rows))


@router.post("/suites/describe")
def describe_suite(asked: PageWriting, sent: FormSent) -> Response:
    """Say what a suite is for; version 0: nobody did yet."""
    key, text, version = sent.one("suite"), sent.one("description"), sent.number("version")
    if version:
        asked.quality.suites.edit(key, text or None, expected_version=version)
    else:
        asked.quality.suites.describe(key, text or None)
    return done(asked.request, "/suites", f"Suite {key} is described")


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in _ORDER if counts[name]}
