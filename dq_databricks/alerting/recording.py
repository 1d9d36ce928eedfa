"""What a test run means for incidents, written so that no failure is lost and none counts twice.

The order of writes carries the promise. First the failures go into the timelines, under ids that
derive from the result, and the pass that a row holds and that will stand there no more. Then each
row is stored as what its timeline says, if nobody changed it meanwhile; else all is read and
decided again. Passes and resolutions are told after the row that holds them, the outbox comes last.
Whoever is killed in between leaves failures that the next run of the key counts, and a repetition
completes the rest.

Who opens the next incident of a key looks afterwards whether somebody reopened the one before, as
who reopens looks for a later one: whoever is last sees the other, and the later incident stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dq_databricks.alerting.keys import Policy, by_key, incident_id_of, key_of
from dq_databricks.alerting.projecting import (
    Seen,
    failed,
    is_late,
    opened,
    ordinal_for,
    overtaken,
    passed,
)
from dq_databricks.alerting.telling import (
    each_once,
    outbox_of_change,
    outbox_of_state,
    passed_event,
    resolved_event,
    seen_event,
)
from dq_databricks.engine.retry import retrying
from dq_databricks.errors import WriteConflictError
from dq_databricks.model.ids import Context
from dq_databricks.model.incident import Incident, IncidentEvent, OutboxEvent
from dq_databricks.model.testing import TestResult
from dq_databricks.model.vocabulary import (
    IncidentEventType,
    IncidentKey,
    IncidentStatus,
    Resolution,
    ResultStatus,
)
from dq_databricks.store.incidents import Failures
from dq_databricks.store.store import Store

DEADLINE_S = 60.0

Key = tuple[IncidentKey, str]
Latest = Mapping[Key, Incident]


def record_incidents(
    store: Store,
    context: Context,
    *,
    project_key: str,
    run_id: str,
    results: Sequence[TestResult],
) -> tuple[Incident, ...]:
    """Open, join, count down and resolve incidents for the results of one run; those that changed.

    `fail` counts as failing and `pass` as passing; other verdicts say nothing. One read when
    nothing failed and no incident of the tables is open. Safe to repeat.
    """
    counted = [r for r in results if r.result_status in (ResultStatus.FAIL, ResultStatus.PASS)]
    tables = sorted({result.table_id for result in counted})
    if not tables:
        return ()
    known = _known(store, project_key, tables)
    failing = tuple(r for r in counted if r.result_status is ResultStatus.FAIL)
    if not failing and not any(_concerns(found, run_id) for found in known):
        return ()
    policy = Policy.of(store.catalog.projects.get(project_key))
    recording = _Recording(store, project_key, run_id, context.now(), policy, tuple(counted))
    return recording.carry_out(tables, known)


def _known(store: Store, project_key: str, tables: Sequence[str]) -> tuple[Incident, ...]:
    found = store.incidents.latest_of(project_key, tables)
    return tuple(sorted(found, key=lambda incident: incident.ordinal))


def _newest(known: Sequence[Incident]) -> Latest:
    return {(incident.key_type, incident.incident_key): incident for incident in known}


def _concerns(incident: Incident, run_id: str) -> bool:
    return incident.status is not IncidentStatus.RESOLVED or incident.last_run_id == run_id


@dataclass(slots=True)
class _Recording:
    """The results of one run on their way into incidents.

    `homes` keeps which incident a failure was written to: it stays there when all is decided anew.
    """

    store: Store
    project_key: str
    run_id: str
    at: datetime
    policy: Policy
    results: tuple[TestResult, ...]
    homes: dict[Key, int] = field(default_factory=dict)
    steps: list[tuple[Incident | None, Incident]] = field(default_factory=list)

    def carry_out(self, tables: Sequence[str], known: tuple[Incident, ...]) -> tuple[Incident, ...]:
        first = [known]

        def attempt() -> list[Incident]:
            now = first.pop() if first else _known(self.store, self.project_key, tables)
            return self._attempt(_newest(now))

        settled = retrying(attempt, deadline_s=DEADLINE_S)
        opened_next = any(old is None and new.ordinal > 1 for old, new in self.steps)
        if opened_next or len(_newest(known)) < len(known):
            retrying(lambda: self._withdraw(tables), deadline_s=DEADLINE_S)
        self._tell(settled)
        return tuple({new.incident_id: new for _, new in self.steps}.values())

    def _attempt(self, latest: Latest) -> list[Incident]:
        """Decide and store; the incidents that needed no change. Raises WriteConflictError."""
        failing, passing = self._failing(), self._passing(latest)
        for key, seen in failing.items():
            self.homes.setdefault(key, ordinal_for(latest.get(key), seen, self.policy))
        self.store.incidents.happened(
            [*self._facts(failing, latest), *self._counted(failing, passing, latest)]
        )
        failures = self._failures(failing, passing, latest)
        steps = [self._failed(key, seen, latest, failures) for key, seen in failing.items()]
        steps += [
            (old, passed(old, seen, failures.get(old.incident_id, Failures()), self.policy))
            for old, seen in ((latest[key], seen) for key, seen in passing.items())
        ]
        self._store([(old, new) for old, new in steps if old != new])
        return [new for old, new in steps if old == new]

    def _withdraw(self, tables: Sequence[str]) -> None:
        """Resolve incidents that are open beside a later one of their key."""
        known = _known(self.store, self.project_key, tables)
        newest = _newest(known)
        pairs = ((one, newest[one.key_type, one.incident_key]) for one in known)
        self._store([(one, overtaken(one, to, self.at)) for one, to in pairs if one is not to])

    def _store(self, changed: Sequence[tuple[Incident | None, Incident]]) -> None:
        missed = self.store.incidents.store([new for _, new in changed])
        self.steps += [(old, new) for old, new in changed if new not in missed]
        if missed:
            raise WriteConflictError(f"{len(missed)} incidents were changed by somebody else")

    def _failing(self) -> dict[Key, Seen]:
        failing = (r for r in self.results if r.result_status is ResultStatus.FAIL)
        key_type = self.policy.key_type
        return {
            (key_type, key): Seen(self.run_id, results, self.at)
            for key, results in by_key(failing, key_type).items()
        }

    def _passing(self, latest: Latest) -> dict[Key, Seen]:
        """Incidents of which no test failed, and the one that failed last passed."""
        found = {}
        for (key_type, key), incident in latest.items():
            mine = tuple(r for r in self.results if key_of(r, key_type) == key)
            if _is_clean(incident, mine) and _concerns(incident, self.run_id):
                found[key_type, key] = Seen(self.run_id, mine, self.at)
        return found

    def _facts(self, failing: Mapping[Key, Seen], latest: Latest) -> list[IncidentEvent]:
        """Failures, and that they open or reopen; true whatever others do meanwhile."""
        events = []
        for key, seen in failing.items():
            incident_id, known = self._id(key), latest.get(key)
            first = seen.results[0]
            if known is None or known.ordinal < self.homes[key]:
                events.append(self._event(incident_id, IncidentEventType.OPENED, first, ""))
            elif self._reopens(key, known, seen):
                once = str(known.reopened_count + 1)
                events.append(self._event(incident_id, IncidentEventType.REOPENED, first, once))
            events += [
                self._event(incident_id, IncidentEventType.FAILED, result, result.result_id)
                for result in seen.results
            ]
        return events

    def _counted(
        self, failing: Mapping[Key, Seen], passing: Mapping[Key, Seen], latest: Latest
    ) -> list[IncidentEvent]:
        """The passes that stand in rows which this run changes: written down, they count once."""
        mine = (latest[key] for key in (*failing, *passing) if key in latest)
        return [passed_event(one) for one in mine if one.pass_count and not self._is_last(one)]

    def _is_last(self, incident: Incident) -> bool:
        return incident.last_run_id == self.run_id

    def _reopens(self, key: Key, known: Incident, seen: Seen) -> bool:
        is_over = known.status is IncidentStatus.RESOLVED and known.ordinal == self.homes[key]
        # A repetition of what was recorded and resolved since reopens nothing.
        is_old = known.last_result_id in {result.result_id for result in seen.results}
        return is_over and not is_old and not is_late(known, seen)

    def _failures(
        self, failing: Mapping[Key, Seen], passing: Mapping[Key, Seen], latest: Latest
    ) -> Mapping[str, Failures]:
        ids = [*map(self._id, failing), *(latest[key].incident_id for key in passing)]
        return self.store.incidents.failures(ids, self.run_id) if ids else {}

    def _failed(
        self, key: Key, seen: Seen, latest: Latest, failures: Mapping[str, Failures]
    ) -> tuple[Incident | None, Incident]:
        ordinal, known = self.homes[key], latest.get(key)
        count = failures.get(self._id(key), Failures())
        if known is None or known.ordinal < ordinal:
            return None, opened(self.project_key, key, ordinal, seen, count)
        if known.ordinal == ordinal:
            return known, failed(known, seen, count, is_closed=False)
        earlier = self.store.incidents.get(self._id(key))
        return earlier, failed(earlier, seen, count, is_closed=True)

    def _tell(self, settled: Sequence[Incident]) -> None:
        """Write down what the stored rows say; of rows that already stood, what may be missing."""
        again = [incident for incident in settled if self._is_last(incident)]
        quick = [new for old, new in self.steps if old is not None]
        passes = [new for new in (*quick, *again) if new.pass_count or _is_over(new)]
        events = {e.event_id: e for new in passes for e in self._passes(new)}
        ends = (resolved_event(new, self.at) for new in quick if _is_overtaken(new))
        events |= {event.event_id: event for event in ends}
        self.store.incidents.happened(list(events.values()))
        told: list[OutboxEvent] = []
        for old, new in self.steps:
            told += outbox_of_change(old, new, self.at)
        for incident in again:
            told += outbox_of_state(incident, self.at)
        self.store.outbox.write(each_once(told))

    def _passes(self, incident: Incident) -> list[IncidentEvent]:
        mine = [r for r in self.results if key_of(r, incident.key_type) == incident.incident_key]
        seen = next((r for r in mine if r.test_id == incident.test_id), None)
        if seen is None or seen.result_status is not ResultStatus.PASS:
            return []
        events = [self._event(incident.incident_id, IncidentEventType.PASSED, seen, self.run_id)]
        return [*events, resolved_event(incident, self.at)] if _is_over(incident) else events

    def _event(
        self, incident_id: str, event_type: IncidentEventType, result: TestResult, once: str
    ) -> IncidentEvent:
        return seen_event(incident_id, self.project_key, event_type, result, once=once)

    def _id(self, key: Key) -> str:
        return incident_id_of(self.project_key, *key, self.homes[key])


def _is_clean(incident: Incident, results: Sequence[TestResult]) -> bool:
    """Whether no test failed, and the one that failed last passed."""
    passed_ids = {r.test_id for r in results if r.result_status is ResultStatus.PASS}
    has_failed = any(r.result_status is ResultStatus.FAIL for r in results)
    return not has_failed and incident.test_id in passed_ids


def _is_overtaken(incident: Incident) -> bool:
    return incident.status is IncidentStatus.RESOLVED and incident.resolution is None


def _is_over(incident: Incident) -> bool:
    return incident.resolution is Resolution.PASSED_AGAIN
