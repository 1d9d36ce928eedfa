"""A clock that is set by hand, and the Jobs API of a fake workspace through the real SDK."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config

from dq_databricks.launching.platform import JobsApi


@dataclass
class Clock:
    """A clock that is set on by hand."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def pass_by(self, span: timedelta) -> None:
        self.at += span


def jobs_api(host: str) -> JobsApi:
    config = Config(host=host, token="t", http_timeout_seconds=0.5, retry_timeout_seconds=1)
    return JobsApi(WorkspaceClient(config=config))
