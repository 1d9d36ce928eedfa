"""Query strings are read strictly: what is wanted once is given once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from dq_databricks.errors import RequestError


async def refuse_repeats(request: Request) -> None:
    """Raise RequestError for a parameter that is given twice and is no list.

    Of two values one would be taken and the other dropped without a word.
    """
    query = request.query_params
    given = [name for name, _ in query.multi_items()]
    route = request.scope.get("route")
    if len(set(given)) == len(given) or not isinstance(route, APIRoute):
        return
    for name in _single(route):
        if given.count(name) > 1:
            raise RequestError(f"parameter {name!r} is given {given.count(name)} times; give one")


def _single(route: APIRoute) -> tuple[str, ...]:
    """The query parameters of `route` that take one value."""
    fields = [
        (field.alias, field.field_info.annotation)
        for dependant in _flat(route.dependant)
        for field in dependant.query_params
    ]
    return tuple(name for name, annotation in fields if not _takes_many(annotation))


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for below in dependant.dependencies:
        yield from _flat(below)


def _takes_many(annotation: object) -> bool:
    parts = (annotation, *get_args(annotation))
    return any(
        part in (list, tuple, set) or get_origin(part) in (list, tuple, set) for part in parts
    )
