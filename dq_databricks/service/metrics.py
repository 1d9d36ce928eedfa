"""What is counted, in a registry of its own for each application; no names of keys or people."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN = "other"


class Metrics:
    """Requests by route, method and status, their seconds, errors of background work, caches."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "dq_http_requests_total",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "dq_http_request_seconds",
            "Seconds from request to the end of the answer.",
            ("route", "method"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.background = Counter(
            "dq_background_rounds_total",
            "Rounds of background work.",
            ("work", "outcome"),
            registry=self.registry,
        )
        self.cached = Gauge(
            "dq_cache_reads",
            "Metadata reads since the start, by what answered them.",
            ("answer",),
            registry=self.registry,
        )
        self.jobs = Gauge(
            "dq_jobs", "Jobs that have not ended, by status.", ("status",), registry=self.registry
        )

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one answer; `status` 0 is one that was cut."""
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else UNKNOWN
        self.requests.labels(route, method, str(status or "cut")).inc()
        self.seconds.labels(route, method).observe(seconds)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)


def route_of(scope: Scope) -> str:
    """The template of the route that answered; never the path, which has no end of values."""
    route: Any = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or UNKNOWN)
