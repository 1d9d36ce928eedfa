"""From measures to the cheapest set of statements that answers them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dq_databricks.engine.protocol import EngineFacts, Snapshot
from dq_databricks.planning.assemble import estimated_bytes, fused_statement, pieces_of
from dq_databricks.planning.grouping import group_statements
from dq_databricks.planning.measure import Measure, MeasureKind, Proof
from dq_databricks.planning.packing import pack, split_note
from dq_databricks.planning.plan import PlannedStatement, ScanPlan, StatementKind
from dq_databricks.planning.proofs import prove
from dq_databricks.planning.requests import Request, fold
from dq_databricks.sql.statement import Statement

ROW_COUNT_KEY = "table.row_count"
"""The key under which a plan also answers the row count, where that costs no scan of its own."""

_COUNT_ROWS = "count(*)"
_COUNT_GROUPED_ROWS = "coalesce(sum(group_rows), 0)"


def make_plan(
    snapshot: Snapshot,
    measures: Sequence[Measure],
    facts: EngineFacts,
    *,
    fuse_objects: bool = False,
) -> ScanPlan:
    """The plan that answers `measures` of one table at one pinned version.

    The row count is answered too, where it is proven or can ride along with a statement. What
    metadata or file statistics prove needs no statement. `fuse_objects` lets sketches share a
    statement with plain aggregates, as they do where each is a read of another system (a foreign
    table). Equal input gives an equal plan.
    """
    requests = fold([*measures, _row_count()] if measures else [])
    answers = [prove(snapshot, request) for request in requests]
    unproven = [request for request, answer in zip(requests, answers, strict=True) if not answer]
    scans, groups = _place_row_count(_without_lone_row_count(unproven))
    fuse = fuse_objects or _is_small(snapshot, facts) or snapshot.relation.is_foreign
    return ScanPlan(
        snapshot,
        proven=tuple(answer for answer in answers if answer),
        statements=(
            *_scan_statements(snapshot, scans, facts, fuse=fuse),
            *group_statements(snapshot, groups, facts),
            *_query_statements(snapshot, _of_kind(unproven, MeasureKind.QUERY)),
        ),
    )


def _row_count() -> Measure:
    return Measure(
        ROW_COUNT_KEY, MeasureKind.SCAN, Statement(_COUNT_ROWS), proof=Proof("row_count")
    )


def _of_kind(requests: Sequence[Request], kind: MeasureKind) -> list[Request]:
    return [request for request in requests if request.measure.kind is kind]


def _without_lone_row_count(requests: Sequence[Request]) -> list[Request]:
    """`requests`, less a row count nobody asked for and nothing else would scan for."""
    shared = [r for r in requests if r.keys != (ROW_COUNT_KEY,)]
    scanning = (MeasureKind.SCAN, MeasureKind.GROUP)
    rides = any(request.measure.kind in scanning for request in shared)
    return list(requests) if rides else shared


def _is_small(snapshot: Snapshot, facts: EngineFacts) -> bool:
    return snapshot.size_bytes is not None and snapshot.size_bytes < facts.min_bytes_to_split


def _place_row_count(requests: Sequence[Request]) -> tuple[list[Request], list[Request]]:
    """SCAN and GROUP requests; a row count that would be a scan alone is summed over groups."""
    scans, groups = (_of_kind(requests, kind) for kind in (MeasureKind.SCAN, MeasureKind.GROUP))
    if not groups or any(request.measure.expression.text != _COUNT_ROWS for request in scans):
        return scans, groups
    group_by, columns = groups[0].measure.group_by, groups[0].measure.columns
    moved = [
        Request(
            tuple(
                replace(
                    measure,
                    kind=MeasureKind.GROUP,
                    expression=Statement(_COUNT_GROUPED_ROWS),
                    group_by=group_by,
                    columns=columns,
                )
                for measure in request.measures
            ),
            request.parameters,
        )
        for request in scans
    ]
    return [], [*groups, *moved]


def _scan_statements(
    snapshot: Snapshot, requests: Sequence[Request], facts: EngineFacts, *, fuse: bool
) -> list[PlannedStatement]:
    if fuse:
        return _packed(snapshot, requests, facts, "scan")
    sketches = [request for request in requests if request.measure.is_object]
    plain = [request for request in requests if not request.measure.is_object]
    if not any(request.measure.columns for request in plain):
        return _packed(snapshot, requests, facts, "sketch" if sketches else "scan")
    return [
        *_packed(snapshot, plain, facts, "scan"),
        *_packed(snapshot, sketches, facts, "sketch"),
    ]


def _packed(
    snapshot: Snapshot, requests: Sequence[Request], facts: EngineFacts, kind: StatementKind
) -> list[PlannedStatement]:
    source = snapshot.relation.at(snapshot.version).sql
    return [
        fused_statement(
            kind,
            pieces_of(packed.requests),
            snapshot,
            source_sql=source,
            note=split_note(facts) if packed.splits_columns else None,
        )
        for packed in pack(requests, facts)
    ]


def _query_statements(snapshot: Snapshot, requests: Sequence[Request]) -> list[PlannedStatement]:
    return [_query_statement(snapshot, request) for request in requests]


def _query_statement(snapshot: Snapshot, request: Request) -> PlannedStatement:
    answers = {
        alias: keys
        for alias, returns_rows in (("*", True), ("m0", False))
        if (keys := tuple(m.key for m in request.measures if m.returns_rows is returns_rows))
    }
    columns = frozenset().union(*(measure.columns for measure in request.measures))
    return PlannedStatement(
        "query",
        request.measure.expression,
        answers,
        columns,
        estimated_bytes(snapshot, columns),
    )
