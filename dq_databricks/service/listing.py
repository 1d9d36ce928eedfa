"""Lists: ``{"items": […], "next_cursor": …}``, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from dq_databricks.model.base import Record
from dq_databricks.store.page import Page

T = TypeVar("T")
M = TypeVar("M", bound=Record)
DEFAULT_LIMIT, MOST_ROWS = 50, 200


class Listing(BaseModel, Generic[T]):
    """Some items of a list; `next_cursor` leads to the next, null: these are the last."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """How much of a list is asked for, and from where."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


async def _paging(
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=4096, description="The next_cursor of the last page.")
    ] = None,
) -> Paging:
    return Paging(limit, cursor)


Paged = Annotated[Paging, Depends(_paging)]


def listing(page: Page[M]) -> Listing[M]:
    """A page of rows as it is answered."""
    return Listing(items=list(page.items), next_cursor=page.next_cursor)
