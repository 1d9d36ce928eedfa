"""What tests were and what requests answered, kept to go back to."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from dq_databricks.model.base import EventRecord, MutableRecord, Record, SmallCount


class TestSuite(MutableRecord):
    """A named set of tests of a project."""

    __test__ = False
    TABLE: ClassVar[str] = "dq_test_suites"
    KEY: ClassVar[tuple[str, ...]] = ("suite_id",)
    ENTITY: ClassVar[str] = "suite"

    suite_id: str
    project_key: str
    test_suite_key: str
    description: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1
    deleted_at: datetime | None = None


class TestVersion(EventRecord):
    """A test as it was at one version. `test` is JSON, all its fields."""

    __test__ = False
    TABLE: ClassVar[str] = "dq_test_versions"
    KEY: ClassVar[tuple[str, ...]] = ("test_id", "version")

    test_id: str
    version: int
    change: str
    test: str
    changed_by: str
    created_at: datetime


class AnsweredRequest(Record):
    """A request that must not be carried out twice, and its answer once there is one."""

    TABLE: ClassVar[str] = "dq_answered_requests"
    KEY: ClassVar[tuple[str, ...]] = ("request_key",)

    request_key: str
    workspace_id: str
    request_hash: str
    status_code: SmallCount | None = None
    headers: str | None = None
    body: str | None = None
    created_at: datetime
    expires_at: datetime
    version: int = 1
    updated_at: datetime
