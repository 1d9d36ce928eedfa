"""What failures are put together by: the key of an incident, and the words for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from dq_databricks.checks.catalog import check_types
from dq_databricks.model.catalog import Project
from dq_databricks.model.ids import derived_id
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import IncidentKey, Severity

OTHER_DIMENSION = "other"
_GRAVITY = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Policy:
    """How the failures of a project become incidents; `resolve_after` 0: never by passing."""

    key_type: IncidentKey = IncidentKey.TEST
    reopen_within: timedelta = timedelta(hours=24)
    resolve_after: int = 1

    @classmethod
    def of(cls, project: Project | None) -> Policy:
        """The policy of `project`; the defaults where it is not stored."""
        if project is None:
            return cls()
        within = timedelta(hours=project.reopen_hours)
        return cls(project.incident_key, within, project.resolve_after_passes)


def dimension_of(check_type: str) -> str:
    """The side of quality that a check type looks at; `other` for one that is gone."""
    found = check_types().get(check_type)
    return OTHER_DIMENSION if found is None else str(found.dimension)


def key_of(result: TestResult, key_type: IncidentKey) -> str:
    """The key that `result` belongs to."""
    if key_type is IncidentKey.TEST:
        return result.test_id
    if key_type is IncidentKey.TABLE:
        return result.table_id
    return f"{result.table_id}/{dimension_of(result.check_type)}"


def by_key(
    results: Iterable[TestResult], key_type: IncidentKey
) -> Mapping[str, tuple[TestResult, ...]]:
    """`results` by their key."""
    found: dict[str, tuple[TestResult, ...]] = {}
    for result in results:
        key = key_of(result, key_type)
        found[key] = (*found.get(key, ()), result)
    return found


def incident_id_of(project_key: str, key_type: IncidentKey, key: str, ordinal: int) -> str:
    """The id of an incident: two runs that open it at once open the same one."""
    return derived_id("incident", project_key, key_type.value, key, str(ordinal))


def gravity(severity: Severity) -> int:
    """The place of a severity, the mildest first."""
    return _GRAVITY[severity]


def gravest(results: Iterable[TestResult]) -> TestResult:
    """The result of the highest severity, the first of several by name."""
    return min(results, key=lambda result: (-gravity(result.severity), result.test_name))


def newest_version(results: Iterable[TestResult]) -> int | None:
    """The highest version of the table among `results`; None where the table has none."""
    versions = [result.table_version for result in results if result.table_version is not None]
    return max(versions, default=None)


def title_of(result: TestResult, key_type: IncidentKey) -> str:
    """What failed, in words."""
    if key_type is IncidentKey.TABLE:
        return f"Tests fail on {result.table_name}"
    if key_type is IncidentKey.DIMENSION:
        return f"Tests of {dimension_of(result.check_type)} fail on {result.table_name}"
    column = "" if result.column_name is None else f", column {result.column_name}"
    return f"{result.test_name} fails on {result.table_name}{column}"
