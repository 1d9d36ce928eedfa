"""Statements from pieces, and halves of statements: the one place that writes fused SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from dq_databricks.engine.protocol import Snapshot
from dq_databricks.planning.parameters import SharedParameters
from dq_databricks.planning.plan import Piece, PlannedStatement, StatementKind
from dq_databricks.planning.requests import Request
from dq_databricks.sql.statement import Parameter, Statement


def pieces_of(
    requests: Iterable[Request], shared: SharedParameters | None = None
) -> tuple[Piece, ...]:
    """One result column per request, aliased m0, m1 …, their parameters brought together."""
    names = shared or SharedParameters()
    pieces = []
    for number, request in enumerate(requests):
        text, parameters = names.bind(request.measure.expression)
        pieces.append(Piece(f"m{number}", text, request.measure.columns, request.keys, parameters))
    return tuple(pieces)


def fused_statement(
    kind: StatementKind,
    pieces: Sequence[Piece],
    snapshot: Snapshot,
    *,
    source_sql: str,
    source_columns: frozenset[str] = frozenset(),
    source_parameters: Mapping[str, Parameter] | None = None,
    note: str | None = None,
) -> PlannedStatement:
    """One statement that answers all `pieces` over `source_sql`."""
    lines = ",\n  ".join(f"{piece.expression} AS {piece.alias}" for piece in pieces)
    parameters = dict(source_parameters or {})
    for piece in pieces:
        parameters.update(piece.parameters)
    columns = source_columns.union(*(piece.columns for piece in pieces))
    return PlannedStatement(
        kind=kind,
        statement=Statement(f"SELECT\n  {lines}\nFROM {source_sql}", parameters),
        answers={piece.alias: piece.keys for piece in pieces},
        columns=columns,
        estimated_bytes=estimated_bytes(snapshot, columns),
        pieces=tuple(pieces),
        source_sql=source_sql,
        source_columns=source_columns,
        source_parameters=dict(source_parameters or {}),
        note=note,
    )


def halved(
    planned: PlannedStatement, snapshot: Snapshot
) -> tuple[PlannedStatement, PlannedStatement]:
    """Two statements that answer what `planned` does, column-disjoint where that is possible.

    Each half has at least a third of the pieces, so halving ends after log(n) steps.
    """
    pieces, cut = _cut(planned.pieces)
    first, second = (
        fused_statement(
            planned.kind,
            half,
            snapshot,
            source_sql=planned.source_sql,
            source_columns=planned.source_columns,
            source_parameters=planned.source_parameters,
        )
        for half in (pieces[:cut], pieces[cut:])
    )
    return first, second


def estimated_bytes(snapshot: Snapshot, columns: Iterable[str]) -> int | None:
    """Compressed bytes of `columns`: from the files where they tell, else a share of the table."""
    known = [snapshot.statistics.columns.get(column) for column in columns]
    sizes = [entry.bytes for entry in known if entry is not None and entry.bytes is not None]
    if len(sizes) == len(known):
        return sum(sizes)
    if snapshot.size_bytes is None or not snapshot.columns:
        return None
    return min(snapshot.size_bytes, snapshot.size_bytes * len(known) // len(snapshot.columns))


def _cut(pieces: Sequence[Piece]) -> tuple[list[Piece], int]:
    """The pieces with those of a component side by side, and where to cut them in two."""
    groups = _grouped(pieces)
    ordered = [piece for group in groups for piece in group]
    middle, third = len(ordered) / 2, len(ordered) / 3
    borders = [at for at in accumulate(map(len, groups)) if third <= at <= len(ordered) - third]
    return ordered, min(borders, key=lambda at: abs(at - middle), default=len(ordered) // 2)


def _grouped(pieces: Sequence[Piece]) -> list[list[Piece]]:
    groups: list[tuple[set[str], list[Piece]]] = []
    for piece in pieces:
        touching = [group for group in groups if group[0] & piece.columns]
        merged = (set(piece.columns), [piece])
        for group in reversed(touching):
            merged = (group[0] | merged[0], group[1] + merged[1])
            groups.remove(group)
        groups.append(merged)
    return [group[1] for group in groups]
