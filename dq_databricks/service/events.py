"""Server-sent events of one run: where it stands, until it has ended.

Each event carries the whole of what it tells, so one that is lost costs nothing. Its id is a
digest of that: whoever comes back with the id of what is still true is told nothing twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from dq_databricks.quality import Quality
from dq_databricks.quality.run_view import RunView

MEDIA_TYPE = "text/event-stream"
LOOK_EVERY_S = 1.0
COMMENT_EVERY_S = 15.0
LONGEST_S = 900.0
"""After this a stream ends, and whoever watches asks anew: with a key that must still be good."""
_RETRY = "retry: 2000\n\n"


class StatusEvent(BaseModel):
    """What a `status` event says."""

    run_id: str
    status: str
    is_ended: bool
    current_run_id: str
    error_message: str | None


@dataclass(slots=True)
class RunEvents:
    """The events of one run. Raises NotFoundError, before anything is sent, when there is none."""

    quality: Quality
    run_id: str
    last_event_id: str | None = None
    look_every_s: float = LOOK_EVERY_S
    _first: RunView = field(init=False)
    _sent: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._first = self._look()

    async def stream(self) -> AsyncIterator[str]:
        """The events as text, as long as the run is under way and somebody listens."""
        view, silent_s, past_s = self._first, 0.0, 0.0
        yield _RETRY
        while True:
            events = "".join(self._news(view))
            if events:
                silent_s = 0.0
                yield events
            if view.is_ended or past_s >= LONGEST_S:
                return
            if silent_s >= COMMENT_EVERY_S:
                silent_s = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(self.look_every_s)
            silent_s, past_s = silent_s + self.look_every_s, past_s + self.look_every_s
            view = await run_in_threadpool(self._look)

    def _look(self) -> RunView:
        return self.quality.jobs.run(self.run_id)

    def _news(self, view: RunView) -> Iterator[str]:
        """What has changed since it was last told; the end is always told."""
        status = StatusEvent.model_validate(view, from_attributes=True)
        for name, told in (("progress", view.progress), ("status", status)):
            data = told.model_dump_json()
            event_id = hashlib.sha256(f"{name}:{data}".encode()).hexdigest()[:16]
            is_known = self._sent.get(name) == event_id or self.last_event_id == event_id
            if not is_known or (name == "status" and view.is_ended):
                self._sent[name] = event_id
                yield f"id: {event_id}\nevent: {name}\ndata: {data}\n\n"
