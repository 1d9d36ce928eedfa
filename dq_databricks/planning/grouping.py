"""Statements over the groups of a key: duplicates, exact distinct, frequencies."""

from __future__ import annotations

from collections.abc import Sequence

from dq_databricks.engine.protocol import EngineFacts, Snapshot
from dq_databricks.planning.assemble import fused_statement, pieces_of
from dq_databricks.planning.packing import Bin, split_note
from dq_databricks.planning.parameters import SharedParameters, mentioned
from dq_databricks.planning.plan import PlannedStatement
from dq_databricks.planning.requests import Request
from dq_databricks.sql.identifiers import quote
from dq_databricks.sql.statement import Statement


def group_statements(
    snapshot: Snapshot, requests: Sequence[Request], facts: EngineFacts
) -> list[PlannedStatement]:
    """One statement per key; more only where a key has more measures than one may hold."""
    by_key: dict[object, list[Request]] = {}
    for request in requests:
        by_key.setdefault(_key(request), []).append(request)
    return [
        _statement(snapshot, packed, facts)
        for same_key in by_key.values()
        for packed in _in_chunks(same_key, facts)
    ]


def _key(request: Request) -> object:
    names = mentioned(" ".join(request.measure.group_by))
    return request.measure.group_by, frozenset(
        parameter for parameter in request.parameters if parameter[0] in names
    )


def _in_chunks(requests: Sequence[Request], facts: EngineFacts) -> list[Bin]:
    bins = [Bin()]
    for request in requests:
        if bins[-1].requests and not bins[-1].has_room([request], facts):
            bins.append(Bin())
        bins[-1].add([request])
    for packed in bins if len(bins) > 1 else []:
        packed.splits_columns = True
    return bins


def _statement(snapshot: Snapshot, packed: Bin, facts: EngineFacts) -> PlannedStatement:
    first = packed.requests[0].measure
    terms = [quote(term) if term in packed.columns else term for term in first.group_by]
    names = mentioned(" ".join(terms))
    used = {name: value for name, value in first.expression.parameters.items() if name in names}
    shared = SharedParameters()
    shared.bind(Statement("", used))  # first come, so the names in the key stay as they are
    return fused_statement(
        "group",
        pieces_of(packed.requests, shared),
        snapshot,
        source_sql=_grouped(snapshot, terms),
        source_columns=frozenset(packed.columns),
        source_parameters=used,
        note=split_note(facts) if packed.splits_columns else None,
    )


def _grouped(snapshot: Snapshot, terms: Sequence[str]) -> str:
    """The groups of a key, with ``group_key_1`` … and ``group_rows``, as a FROM clause."""
    keys = ", ".join(f"{term} AS group_key_{number}" for number, term in enumerate(terms, 1))
    relation = snapshot.relation.at(snapshot.version).sql
    return (
        f"(\n  SELECT {keys}, count(*) AS group_rows\n"
        f"  FROM {relation}\n  GROUP BY {', '.join(terms)}\n)"
    )
