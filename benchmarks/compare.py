"""Both sides on one engine, taking turns on the same files in the same process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb

from benchmarks import checks
from benchmarks.checks import DataSet
from benchmarks.handwritten import Handwritten, Rows
from benchmarks.ours import Ours
from benchmarks.timing import Spent, interleaved, typical
from dq_databricks.settings import Settings


@dataclass(frozen=True, slots=True)
class Comparison:
    """One task on one data set and engine. `in_engine` is our wall time within the engine."""

    engine: str
    data: str
    task: str
    handwritten: Spent
    ours: Spent
    in_engine: float
    statements: int

    @property
    def overhead(self) -> float:
        """Our seconds outside the statements: bind, plan, judge, persist."""
        return self.ours.wall - self.in_engine


@dataclass(slots=True)
class Watched:
    """Work of ours that notes, for each time it runs, what the engine spent on the data."""

    ours: Ours
    work: Callable[[], None]
    busy: list[float] = field(default_factory=list)
    statements: int = 0

    def __call__(self) -> None:
        """Run it once."""
        engine = self.ours.engine
        before, statements = engine.busy, engine.statements
        self.work()
        self.busy.append(engine.busy - before)
        self.statements = engine.statements - statements


def compare(engine: str, *, rows: int, repeat: int) -> Iterator[Comparison]:
    """All comparisons on one engine, as they are done."""
    orders, flights = checks.orders(rows), checks.flights()
    with _sides(engine) as (theirs, ours):
        for wanted in (orders, flights):
            ours.add(wanted, wanted.checks, suite=wanted.name)
            yield _checks(theirs, ours, wanted, repeat)
            yield _profile(theirs, ours, wanted, repeat)
        yield _many(ours, orders, repeat)


def _checks(theirs: Handwritten, ours: Ours, wanted: DataSet, repeat: int) -> Comparison:
    ours_once = Watched(ours, lambda: ours.test(wanted.path, wanted.name))
    return _turns(f"{len(wanted.checks)} checks", theirs, wanted, ours_once, theirs.checks, repeat)


def _profile(theirs: Handwritten, ours: Ours, wanted: DataSet, repeat: int) -> Comparison:
    ours_once = Watched(ours, lambda: ours.profile(wanted.path))
    return _turns("profile", theirs, wanted, ours_once, theirs.profile, repeat)


def _turns(
    task: str,
    theirs: Handwritten,
    wanted: DataSet,
    ours_once: Watched,
    theirs_once: Callable[[DataSet], None],
    repeat: int,
) -> Comparison:
    times = interleaved(
        {"handwritten": lambda: theirs_once(wanted), "ours": ours_once}, repeat=repeat
    )
    return Comparison(
        theirs.engine,
        wanted.name,
        task,
        typical(times["handwritten"]),
        typical(times["ours"]),
        median(ours_once.busy[1:]),
        ours_once.statements,
    )


def _many(ours: Ours, orders: DataSet, repeat: int) -> Comparison:
    """400 checks against 40 of ours: the 40 stand in the place of the hand-written ones.

    Both sides are seconds in the engine.
    """
    watched = {}
    for number in (40, 400):
        suite = f"{number} checks"
        ours.add(orders, checks.many(number), suite=suite)
        watched[suite] = Watched(ours, lambda suite=suite: ours.test(orders.path, suite))
    times = interleaved(watched, repeat=repeat)
    return Comparison(
        ours.quality.settings.engine,
        orders.name,
        "400 checks (40 as the other side)",
        Spent(median(watched["40 checks"].busy[1:]), typical(times["40 checks"]).cpu),
        typical(times["400 checks"]),
        median(watched["400 checks"].busy[1:]),
        watched["400 checks"].statements,
    )


@contextmanager
def _sides(engine: str) -> Iterator[tuple[Handwritten, Ours]]:
    with TemporaryDirectory(prefix="dq-benchmark-") as folder:
        settings = Settings.load(engine=engine, home=Path(folder))
        run = _duckdb() if engine == "local" else _spark(settings)
        with closing(Ours(settings)) as ours:
            yield Handwritten(engine, run), ours


def _duckdb() -> Callable[[str], Rows]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")

    def run(sql: str) -> Rows:
        rows = connection.cursor().execute(sql).to_arrow_table().to_pylist()
        return [tuple(row.values()) for row in rows]

    return run


def _spark(settings: Settings) -> Callable[[str], Rows]:
    """The session that our engine will find and use too."""
    from dq_databricks.engine.spark.session import start_session

    options = "-XX:+UseParallelGC -XX:ReservedCodeCacheSize=256m"
    session = start_session(settings, **{"spark.driver.extraJavaOptions": options})
    return lambda sql: [tuple(row) for row in session.sql(sql).collect()]
