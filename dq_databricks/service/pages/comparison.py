"""Two profile runs of a table side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response

from dq_databricks.model.profile import ColumnProfile
from dq_databricks.quality.comparison import distribution_change
from dq_databricks.quality.table_view import Comparison
from dq_databricks.service.pages.forms import PageReading, page_router
from dq_databricks.service.pages.render import Crumb, Place, page
from dq_databricks.service.pages.sketch import Sketch, sketch
from dq_databricks.service.pages.tables import share_of

router = page_router()
_TOLD = ("data_type", "semantic_type", "null_count", "distinct_count", "min_value", "max_value")


@dataclass(frozen=True, slots=True)
class Side:
    """One column in one of the two profiles."""

    profile: ColumnProfile
    sketch: Sketch | None

    @property
    def null_share(self) -> float | None:
        """The share of rows that are null."""
        return share_of(self.profile.null_count, self.profile.row_count)


@dataclass(frozen=True, slots=True)
class Pair:
    """One column on both sides. `moved` is the share of rows with other values than before."""

    name: str
    before: Side | None
    after: Side | None
    moved: float | None
    differs: frozenset[str]

    @property
    def change(self) -> str:
        """``added``, ``removed``, ``changed`` or ``same``."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "changed" if self.differs else "same"


@dataclass(frozen=True, slots=True)
class ComparisonContext:
    """Two profiles; `choices` are those that can be chosen, by run id."""

    found: Comparison
    pairs: tuple[Pair, ...]
    choices: tuple[tuple[str, str], ...]
    counts: Mapping[str, int]
    only_changed: bool


@router.get("/tables/{table_id}/comparison")
def compare_profiles(
    asked: PageReading,
    table_id: str,
    before: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
    changed: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """Two profiles of a table, the newest two by default."""
    found = asked.quality.table_view.comparison(table_id, before or None, after or None)
    pairs = tuple(_pair(*one) for one in found.columns)
    counts = {
        change: sum(pair.change == change for pair in pairs)
        for change in ("added", "removed", "changed", "same")
    }
    shown = tuple(pair for pair in pairs if not changed or pair.change != "same")
    choices = tuple(
        (one.profile_run_id, f"{one.profiled_at:%d %b %Y %H:%M} UTC{_version(one.table_version)}")
        for one in found.profiles
    )
    crumbs = (Crumb("Tables", "/tables"), Crumb(found.entry.table_name, f"/tables/{table_id}"))
    place = Place("Compare profiles", "tables", crumbs, _api(found))
    context = ComparisonContext(found, shown, choices, counts, bool(changed))
    return page(asked, "comparison.html", place, context)


def _api(found: Comparison) -> str:
    if found.before is None or found.after is None:
        return ""
    return (
        f"/api/v1/profiles/comparison?before={found.before.profile_run_id}"
        f"&after={found.after.profile_run_id}"
    )


def _version(number: int | None) -> str:
    return "" if number is None else f", v{number}"


def _pair(name: str, before: ColumnProfile | None, after: ColumnProfile | None) -> Pair:
    if before is None or after is None:
        return Pair(name, _side(before), _side(after), None, frozenset())
    differs = {one for one in _TOLD if getattr(before, one) != getattr(after, one)}
    moved = distribution_change(before, after)
    if moved:
        differs.add("values")
    return Pair(name, _side(before), _side(after), moved, frozenset(differs))


def _side(column: ColumnProfile | None) -> Side | None:
    return None if column is None else Side(column, sketch(column))
