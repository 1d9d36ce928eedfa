"""Tests: the list with its filters, and one test with its history, evidence and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response

from dq_databricks.errors import QualityError
from dq_databricks.model.testing import PastResult, TestRecord
from dq_databricks.quality.listings import NEVER_RAN, TEST_ORDERS, TestCount, TestFilter
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.inputs import FormSent
from dq_databricks.service.pages.render import Crumb, Place, page

router = page_router()
ROWS = 50
VERDICTS = ("fail", "error", "warn", "no_data", "skipped", "pass", NEVER_RAN)
_TESTS = Crumb("Tests", "/tests")


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter: how many tests it would leave."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test with its last verdicts, the oldest first; `last` None: it never ran."""

    __test__ = False
    test: TestRecord
    past: tuple[PastResult, ...]

    @property
    def last(self) -> PastResult | None:
        """The newest result."""
        return self.past[-1] if self.past else None


@dataclass(frozen=True, slots=True)
class TestsContext:
    """The list of tests. `filters` is what the address asks for; a choice keeps the others."""

    __test__ = False
    rows: tuple[TestRow, ...]
    filters: Mapping[str, str]
    orders: tuple[str, ...]
    verdicts: tuple[Choice, ...]
    tables: tuple[Choice, ...]
    suites: tuple[Choice, ...]
    check_types: tuple[Choice, ...]
    total: int
    next_cursor: str | None


@router.get("/tests")
def list_tests(
    asked: PageReading,
    *,
    table: str = "",
    suite: str = "",
    check: str = "",
    verdict: str = "",
    q: Annotated[str, Query(max_length=200)] = "",
    active: str = "",
    sort: str = "table_name",
    cursor: str | None = None,
) -> Response:
    """Tests, filtered and sorted by the address."""
    filters = {
        "table": table, "suite": suite, "check": check, "verdict": verdict, "q": q,
        "active": active, "sort": sort,
    }  # fmt: skip
    listings, wanted = asked.quality.listings, _wanted(filters)
    found = listings.tests(wanted, order=sort, limit=ROWS, cursor=cursor)
    past = listings.past(found.items)
    rows = tuple(TestRow(test, tuple(reversed(past.get(test.test_id, ())))) for test in found)
    context = TestsContext(
        rows=rows, filters=filters, next_cursor=found.next_cursor, orders=TEST_ORDERS,
        **_choices(listings.test_counts(), filters),
    )  # fmt: skip
    return page(asked, "tests.html", Place("Tests", "tests", api="/api/v1/tests"), context)


def _wanted(filters: Mapping[str, str]) -> TestFilter:
    active = {"yes": True, "no": False}.get(filters["active"])
    return TestFilter(
        table_id=filters["table"] or None,
        suite=filters["suite"] or None,
        check_type=filters["check"] or None,
        verdict=filters["verdict"] or None,
        text=filters["q"] or None,
        is_active=active,
    )


def _choices(counts: Iterable[TestCount], filters: Mapping[str, str]) -> dict[str, Any]:
    """How many tests each value of each filter would leave, the other filters staying."""
    kept = list(counts)
    known = {"table", "suite", "check", "verdict"}

    def counted(name: str, label: Callable[[TestCount], str]) -> tuple[Choice, ...]:
        left: Counter[tuple[str, str]] = Counter()
        for count in kept:
            values = _values(count)
            if all(filters[one] in ("", values[one]) for one in known - {name}):
                left[values[name], label(count)] += count.tests
        return tuple(Choice(value, text, number) for (value, text), number in sorted(left.items()))

    verdicts = counted("verdict", lambda count: _values(count)["verdict"])
    return {
        "verdicts": tuple(sorted(verdicts, key=lambda one: VERDICTS.index(one.value))),
        "tables": tuple(
            sorted(counted("table", lambda one: one.table_name), key=lambda one: one.label)
        ),
        "suites": counted("suite", lambda one: one.test_suite_key),
        "check_types": counted("check", lambda one: one.rule_type),
        "total": sum(count.tests for count in kept),
    }


def _values(count: TestCount) -> dict[str, str]:
    return {
        "table": count.table_id,
        "suite": count.test_suite_key,
        "check": count.rule_type,
        "verdict": count.verdict.value if count.verdict else NEVER_RAN,
    }


@router.post("/tests/active")
def switch_tests(asked: PageWriting, sent: FormSent) -> Response:
    """Switch the chosen tests on or off; each only at the version that was seen."""
    is_active, changed, problems = sent.one("active") == "yes", 0, []
    for chosen in sent.all("test"):
        test_id, _, version = chosen.rpartition(":")
        try:
            asked.quality.edit_test(test_id, expected_version=int(version), is_active=is_active)
            changed += 1
        except (QualityError, ValueError) as error:
            problems.append(str(error))
    word = "on" if is_active else "off"
    text = f"{changed} {'test' if changed == 1 else 'tests'} switched {word}"
    if problems:
        text += f"; {len(problems)} not, because {problems[0]}"
    next_page = sent.one("next", "/tests")
    if problems or not changed:
        return done(asked.request, next_page, text, kind="problem")
    return done(asked.request, next_page, text)
