"""Whether a schema is what its migrations made of it, and the drift that people accepted.

Measured against the state at the applied version, as the ledger says: files that are still to be
applied are no drift. Nothing is ever mended here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from dq_databricks.errors import SchemaBehindError, WrongUseError
from dq_databricks.lifecycle.migrations.ledger import (
    Allowances,
    History,
    Ledger,
    check,
    standing_version,
    stands,
)
from dq_databricks.lifecycle.migrations.look_first import Live
from dq_databricks.lifecycle.migrations.runner import make_life_tables, numbered
from dq_databricks.lifecycle.migrations.scripts import Script, shipped_scripts
from dq_databricks.lifecycle.shape.compare import Difference, Kind, differences
from dq_databricks.lifecycle.shape.expected import expected_shape
from dq_databricks.lifecycle.shape.live import live_shape
from dq_databricks.lifecycle.shape.shape import SchemaShape
from dq_databricks.lifecycle.shape.views import made_views
from dq_databricks.lifecycle.site import Site
from dq_databricks.lifecycle.state import read_values, write_values
from dq_databricks.model.migration import MigrationState
from dq_databricks.model.tables import LIFE_TABLES

ADOPTED = "adopted_drift"
PREFIX = "dq_"
_MOST_LOOKS = 3


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a schema at `version` is, and should be.

    `drift` is what differs and was not accepted, `adopted` what was. `left_over` names objects of
    migrations that are not applied any more or not yet, `foreign` what else is in the schema;
    neither counts as drift, and the fingerprints are about the objects of the migrations only.
    `unfinished` names migrations that failed: what they did so far shows as drift.
    """

    catalog: str
    schema: str
    version: int
    fingerprint: str
    expected_fingerprint: str
    drift: tuple[Difference, ...] = ()
    adopted: tuple[Difference, ...] = ()
    left_over: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs that was not accepted."""
        return not self.drift


def verify(site: Site, *, scripts: Sequence[Script] | None = None) -> DriftReport:
    """Compare the live schema with the state at its applied version; changes nothing.

    Raises SchemaBehindError for a schema that was never migrated, SchemaNewerError,
    EditedMigrationError and MigrationError when the files are not those that were applied.
    """
    known = scripts or shipped_scripts()
    history = _history(site)
    for _ in range(_MOST_LOOKS):
        report = _report(site, known, history)
        again = _history(site)
        if again == history:
            break
        history = again  # migrated meanwhile, so it was compared with the wrong version
    return report


def adopt(site: Site, *, scripts: Sequence[Script] | None = None) -> DriftReport:
    """Accept exactly the drift there is now: `verify` subtracts it from then on.

    Done under the lock, so that no half-done migration is accepted. Raises as `verify` does,
    SchemaLockedError, and WrongUseError when a migration failed and was not resumed.
    """
    _history(site)
    live = Live(frozenset(site.engine.tables(site.catalog, site.schema)))
    make_life_tables(site, scripts or shipped_scripts(), live)
    with site.lock.hold("accepting drift") as held:
        report = verify(site, scripts=scripts)
        _refuse_unfinished(site, report)
        accepted = (*report.adopted, *report.drift)
        held.keep()
        _store_adopted(site, accepted)
    return replace(report, drift=(), adopted=accepted)


def _history(site: Site) -> History:
    history = Ledger(site.engine, site.catalog, site.schema, site.context).latest()
    if not history:
        raise SchemaBehindError(
            f"{site.name} has no metadata tables, so there is nothing to verify: run `dq migrate`"
        )
    return history


def _report(site: Site, scripts: Sequence[Script], history: History) -> DriftReport:
    check(numbered(scripts), history, Allowances(out_of_order=True))
    standing = {version for version in history if stands(history, version)}
    expected = _made(site, scripts, standing)
    there = {name.table for name in site.engine.tables(site.catalog, site.schema)}
    known = {*expected.tables, *expected.views, *made_views(scripts)}
    ours = {name for name in there if name.startswith(PREFIX) or name in known}
    live = live_shape(site.engine, site.catalog, site.schema, tables=ours)
    left_over = _left_over(site, scripts, expected, live)
    live = _without(live, left_over, expected)
    if len(standing) < len(numbered(scripts)) and not live.tables.keys() >= LIFE_TABLES:
        expected, live = _without_life(expected), _without_life(live)
    found = differences(expected, live)
    accepted = _read_adopted(site)
    return DriftReport(
        catalog=site.catalog,
        schema=site.schema,
        version=standing_version(history),
        fingerprint=live.fingerprint,
        expected_fingerprint=expected.fingerprint,
        drift=tuple(item for item in found if item not in accepted),
        adopted=tuple(item for item in found if item in accepted),
        left_over=tuple(sorted(left_over)),
        foreign=tuple(sorted(there - ours)),
        unfinished=tuple(e.name for e in history.values() if e.state is MigrationState.FAILED),
    )


def _refuse_unfinished(site: Site, report: DriftReport) -> None:
    if report.unfinished:
        raise WrongUseError(
            f"{site.name}: migration {report.unfinished[0]} failed, so what it did so far is no "
            "drift to accept: run `dq migrate`, then verify again"
        )


def _made(site: Site, scripts: Sequence[Script], versions: Collection[int]) -> SchemaShape:
    return expected_shape(scripts, versions, site.engine.facts, site.catalog, site.schema)


def _left_over(
    site: Site, scripts: Sequence[Script], expected: SchemaShape, live: SchemaShape
) -> set[str]:
    """Tables and views that some migration makes, though none that is applied."""
    views = (live.views.keys() - expected.views.keys()) & made_views(scripts)
    extra = live.tables.keys() - expected.tables.keys()
    if not extra:
        return views
    every = _made(site, scripts, [script.version for script in scripts])
    return views | {name for name in extra if name in every.tables}


def _without(live: SchemaShape, names: Collection[str], expected: SchemaShape) -> SchemaShape:
    """Without `names`, and without views that are none of the migrations'."""
    tables = {name: table for name, table in live.tables.items() if name not in names}
    views = {name: live.views[name] for name in expected.views if name in live.views}
    return SchemaShape(tables, views)


def _without_life(shape: SchemaShape) -> SchemaShape:
    """Without the tables of the runner itself: older software knew fewer and told less of them.

    The next migration brings them up before it does anything else.
    """
    tables = {name: table for name, table in shape.tables.items() if name not in LIFE_TABLES}
    return SchemaShape(tables, shape.views)


def _read_adopted(site: Site) -> frozenset[Difference]:
    stored = read_values(site.engine, site.catalog, site.schema, ADOPTED).get(ADOPTED, "[]")
    return frozenset(
        Difference(**{**item, "kind": Kind(item["kind"])}) for item in json.loads(stored)
    )


def _store_adopted(site: Site, accepted: Iterable[Difference]) -> None:
    text = json.dumps([asdict(item) for item in accepted], ensure_ascii=False)
    now = site.context.now()
    write_values(site.engine, site.catalog, site.schema, {ADOPTED: text}, at=now)
