"""Objects of a workspace on loopback: jobs, dashboards and alerts that are made and removed."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any

_IDS = {"jobs": "job_id", "dashboards": "dashboard_id", "alerts": "id"}


@dataclass
class WorkspaceApi:
    """What stands in a workspace. `refuse` gives the message for bodies that hold its key."""

    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(5_000))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, query: dict[str, str], text: str, body: Any) -> Any:
        """Status and document, or None for an address of somebody else."""
        parts = path.strip("/").split("/")
        if parts[-2:-1] == ["connections"]:
            found = self.connections.get(parts[-1])
            return (200, found) if found else (404, {"error_code": "NOT_FOUND", "message": path})
        if parts[-2:] in (["jobs", "create"], ["lakeview", "dashboards"]) or (
            parts[-1] == "alerts" and method == "POST"
        ):
            return self._make("jobs" if "jobs" in parts else parts[-1], text, body)
        if parts[-2:] == ["jobs", "get"]:
            settings = self.objects["jobs", query["job_id"]]
            return 200, {"job_id": int(query["job_id"]), "settings": settings}
        if parts[-2:] == ["jobs", "delete"]:
            return self._remove("jobs", str(body["job_id"]))
        if method == "DELETE":
            return self._remove(parts[-2], parts[-1])
        return None

    def _make(self, kind: str, text: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        for word, message in self.refuse.items():
            if word in text:
                return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": message}
        with self._lock:
            number = next(self._ids)
            self.objects[kind, str(number)] = body
            self.made.append(kind)
        name = _IDS[kind]
        return 200, {**body, name: number if kind == "jobs" else str(number)}

    def _remove(self, kind: str, number: str) -> tuple[int, dict[str, Any]]:
        with self._lock:
            found = self.objects.pop((kind, number), None)
        return (200, {}) if found is not None else (404, {"error_code": "NOT_FOUND"})
