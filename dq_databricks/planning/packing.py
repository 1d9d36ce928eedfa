"""Packs aggregate expressions into statements so that no column is decoded by two of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dq_databricks.engine.protocol import EngineFacts
from dq_databricks.planning.requests import FrozenParameter, Request

_CHARS_PER_PIECE = 16  # alias, comma, line break, and room for a renamed parameter
_CHARS_AROUND = 600  # SELECT, FROM and the name of the relation


@dataclass(slots=True)
class Bin:
    """The requests of one statement in the making."""

    requests: list[Request] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    parameters: set[FrozenParameter] = field(default_factory=set)
    chars: int = _CHARS_AROUND
    splits_columns: bool = False

    def add(self, requests: Iterable[Request]) -> None:
        """Take `requests` in."""
        for request in requests:
            self.requests.append(request)
            self.columns |= request.measure.columns
            self.parameters |= request.parameters
            self.chars += _chars(request)

    def has_room(self, requests: Sequence[Request], facts: EngineFacts) -> bool:
        """Whether the statement stays within the limits of the engine with `requests` added."""
        count = len(self.requests) + len(requests)
        if facts.max_aggregates is not None and count > facts.max_aggregates:
            return False
        if self.chars + sum(map(_chars, requests)) > facts.max_statement_chars:
            return False
        parameters = self.parameters.union(*(request.parameters for request in requests))
        return len(parameters) <= facts.max_parameters


def pack(requests: Sequence[Request], facts: EngineFacts) -> list[Bin]:
    """The fewest statements first-fit finds, column-disjoint but for what no statement can hold.

    Larger components go first. Requests without columns ride along where there is room.
    """
    riders = [request for request in requests if not request.measure.columns]
    bins: list[Bin] = []
    for component in sorted(components(requests), key=len, reverse=True):
        if Bin().has_room(component, facts):
            _place(bins, component, facts)
        else:
            bins.extend(_split(component, facts))
    for rider in riders:
        _place(bins, [rider], facts)
    return bins


def split_note(facts: EngineFacts) -> str:
    """Why columns are read by more than one statement, in words."""
    return (
        "some columns are read by more than one statement: their expressions exceed what one "
        f"statement of engine {facts.name} may hold"
    )


def components(requests: Sequence[Request]) -> list[list[Request]]:
    """Requests that share columns, directly or through others, by order of appearance."""
    parent: dict[str, str] = {}

    def root(column: str) -> str:
        while parent.setdefault(column, column) != column:
            parent[column] = parent[parent[column]]
            column = parent[column]
        return column

    for request in requests:
        first, *others = sorted(request.measure.columns) or [""]
        for other in others:
            parent[root(other)] = root(first)
    found: dict[str, list[Request]] = {}
    for request in requests:
        if request.measure.columns:
            found.setdefault(root(min(request.measure.columns)), []).append(request)
    return list(found.values())


def _place(bins: list[Bin], requests: Sequence[Request], facts: EngineFacts) -> None:
    for candidate in bins:
        if candidate.has_room(requests, facts):
            candidate.add(requests)
            return
    bins.append(Bin())
    bins[-1].add(requests)


def _split(component: Sequence[Request], facts: EngineFacts) -> list[Bin]:
    """Several statements for a component no statement can hold; columns are read again as
    seldom as possible: requests on the same columns stay together, best overlap first."""
    bins: list[Bin] = []
    for group in _by_columns(component):
        for request in group:
            columns = request.measure.columns
            open_bins = [entry for entry in bins if entry.has_room([request], facts)]
            best = max(open_bins, key=lambda entry: len(entry.columns & columns), default=None)
            if best is None:
                bins.append(best := Bin(splits_columns=True))
            best.add([request])
    return bins


def _by_columns(component: Sequence[Request]) -> list[list[Request]]:
    groups: dict[frozenset[str], list[Request]] = {}
    for request in component:
        groups.setdefault(request.measure.columns, []).append(request)
    return [groups[columns] for columns in sorted(groups, key=lambda c: (len(c), sorted(c)))]


def _chars(request: Request) -> int:
    return len(request.measure.expression.text) + _CHARS_PER_PIECE + 4 * len(request.parameters)
