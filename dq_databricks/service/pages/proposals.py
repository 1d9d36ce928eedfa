"""Proposals: what the newest profile of a table suggests; choose and store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Form, Response

from dq_databricks.model.testing import TestRecord
from dq_databricks.quality.overview import TableLine
from dq_databricks.quality.table_view import ProposalView
from dq_databricks.service.pages.forms import PageReading, PageWriting, done, page_router
from dq_databricks.service.pages.render import Crumb, Place, page
from dq_databricks.service.pages.tables import full_name

router = page_router()
MOST_CHOSEN = 5000


@dataclass(frozen=True, slots=True)
class ProposalsContext:
    """Tables whose profiles can be looked through for tests."""

    lines: tuple[TableLine, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter of a proposed test; `before` is what stands now, None: it is new."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """One proposed test with its parameters, those that change first."""

    test: TestRecord
    columns: str
    changes: tuple[Change, ...]

    @property
    def moves(self) -> int:
        """How many parameters would change."""
        return sum(one.before not in (None, one.after) for one in self.changes)


@dataclass(frozen=True, slots=True)
class ProposalContext:
    """The proposals of one table."""

    view: ProposalView
    name: str
    new: tuple[Proposed, ...]
    refreshed: tuple[Proposed, ...]
    kept: tuple[Proposed, ...]


@router.get("/proposals")
def list_proposals(asked: PageReading) -> Response:
    """The tables whose proposals can be reviewed."""
    found = asked.quality.overview.tables(limit=200)
    place = Place("Proposals", "proposals")
    return page(asked, "proposals.html", place, ProposalsContext(found.lines))


@router.get("/proposals/{table_id}")
def review_proposals(asked: PageReading, table_id: str) -> Response:
    """What storing the proposals of a table would change."""
    view = asked.quality.table_view.proposals(table_id)
    found = view.proposals
    context = ProposalContext(
        view=view,
        name=full_name(view.entry, (view.profile,) if view.profile else ()),
        new=tuple(_proposed(test, None) for test in found.new) if found else (),
        refreshed=_refreshed(view),
        kept=tuple(_proposed(test, None) for test in found.kept) if found else (),
    )
    crumbs = (Crumb("Proposals", "/proposals"),)
    place = Place(view.entry.table_name, "proposals", crumbs, f"/api/v1/proposals?table={table_id}")
    return page(asked, "proposal.html", place, context)


@router.post("/proposals/{table_id}")
def apply_proposals(
    asked: PageWriting,
    table_id: str,
    chosen: Annotated[Sequence[str], Form(max_length=MOST_CHOSEN)] = (),
) -> Response:
    """Store the tests that were chosen."""
    here = f"/proposals/{table_id}"
    if not chosen:
        return done(asked.request, here, "Choose at least one test first.", kind="problem")
    asked.quality.apply_proposals(table_id, tuple(chosen))
    text = f"{len(chosen)} tests stored. Run them to see their first verdicts."
    return done(asked.request, f"/tables/{table_id}#tests", text)


def _refreshed(view: ProposalView) -> tuple[Proposed, ...]:
    if view.proposals is None:
        return ()
    pairs = ((test, view.stored.get(test.test_id)) for test in view.proposals.refreshed)
    found = [_proposed(test, stored) for test, stored in pairs]
    return tuple(sorted(found, key=lambda one: one.moves == 0))


def _proposed(test: TestRecord, stored: TestRecord | None) -> Proposed:
    definition = json.loads(test.definition)
    before = json.loads(stored.definition)["parameters"] if stored is not None else {}
    changes = tuple(
        Change(name, _shown(before, name), _text(value))
        for name, value in sorted(definition["parameters"].items())
    )
    ordered = sorted(changes, key=lambda one: one.before is None)
    return Proposed(test, ", ".join(definition["columns"]), tuple(ordered))


def _shown(parameters: Mapping[str, Any], name: str) -> str | None:
    return _text(parameters[name]) if name in parameters else None


def _text(value: Any) -> str:
    if isinstance(value, list):
        shown = ", ".join(_text(one) for one in value[:8])
        return f"{shown}, … ({len(value)})" if len(value) > 8 else shown
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
