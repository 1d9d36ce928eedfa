"""What a person who knows the engine would write: the best shape of each query set.

Plain aggregates in one statement, sketches apart on Spark, exact distinct and keys as GROUP BY,
foreign keys as anti joins, independent statements side by side on Spark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks import data
from benchmarks.checks import Check, DataSet

Rows = list[tuple[object, ...]]
FEW_VALUES = 1_000
SMALL_TABLE = 1_000_000
SIDE_BY_SIDE = {"local": 1, "spark": 4}
_NUMBERS = ("BIGINT", "INTEGER", "DOUBLE", "DECIMAL")
_QUANTILES = "0.05, 0.25, 0.5, 0.75, 0.95"


@dataclass(frozen=True, slots=True)
class Handwritten:
    """The query sets for one engine; `run` sends SQL and gives its rows."""

    engine: str
    run: Callable[[str], Rows]

    def checks(self, wanted: DataSet) -> None:
        """The checks of a data set: one wide statement and a few of their own."""
        fused = f"SELECT {', '.join(self._expressions(wanted.checks))} FROM {self._from(wanted)}"
        self._all([*(self._named(wanted, query) for query in wanted.queries), fused])

    def profile(self, wanted: DataSet) -> None:
        """Every column: counts, bounds, moments, lengths, quantiles, distinct, top values."""
        columns = self._columns(wanted)
        plain = [term for name, kind in columns for term in self._plain(name, kind)]
        sketches = [term for name, kind in columns for term in self._sketches(name, kind)]
        source = self._from(wanted)
        wide = [f"SELECT {', '.join([*sketches, 'count(*)'])} FROM {source}"]
        if self.engine == "spark":
            wide.append(f"SELECT {', '.join(plain)} FROM {source}")
        else:
            wide = [f"SELECT {', '.join([*sketches, 'count(*)', *plain])} FROM {source}"]
        first = self._all(wide)[0][0]
        self._all(list(self._groups(columns, source, first[: len(sketches) + 1])))

    def _expressions(self, checks: Sequence[Check]) -> list[str]:
        known = [check.expression for check in checks if check.expression]
        return [self._spelt(expression) for expression in dict.fromkeys(known)]

    def _plain(self, name: str, kind: str) -> Iterator[str]:
        yield f"count_if({name} IS NULL)"
        if kind.startswith(_NUMBERS):
            for call in ("min({0})", "max({0})", "avg({0})", "stddev({0})"):
                yield call.format(name)
            yield f"count_if({name} = 0)"
            yield f"count_if({name} < 0)"
        if kind == "DOUBLE":
            yield f"count_if(isnan({name}))"
            yield f"count_if(abs({name}) = CAST('Infinity' AS DOUBLE))"
        if kind == "VARCHAR":
            yield from map(self._spelt, _texts(name))
        if kind.startswith(("DATE", "TIMESTAMP")):
            yield f"min({name})"
            yield f"max({name})"
            yield f"count_if({name} > current_timestamp)"
            yield f"count_if({name} < DATE '1900-01-01')"
        if kind == "BOOLEAN":
            yield f"count_if({name})"
            yield f"count_if(NOT {name})"

    def _sketches(self, name: str, kind: str) -> Iterator[str]:
        """Distinct first. DuckDB's own sketch is 13 % off, so it counts exactly there."""
        if self.engine == "spark":
            yield f"hll_sketch_estimate(hll_sketch_agg(CAST({name} AS STRING), 13))"
        else:
            yield f"count(DISTINCT {name})"
        if kind.startswith(_NUMBERS) and self.engine == "spark":
            yield f"percentile_approx(CAST({name} AS DOUBLE), array({_QUANTILES}))"
        elif kind.startswith(_NUMBERS):
            yield f"approx_quantile({name}, [{_QUANTILES}])"

    def _groups(
        self, columns: Sequence[tuple[str, str]], source: str, first: Sequence[object]
    ) -> Iterator[str]:
        rows = int(str(first[-1]))
        found = iter(first)
        for name, kind in columns:
            distinct = int(str(next(found)))
            if kind.startswith(_NUMBERS):
                next(found)
            if distinct <= FEW_VALUES:
                yield (
                    f"SELECT {name}, count(*) AS n FROM {source} WHERE {name} IS NOT NULL "
                    f"GROUP BY {name} ORDER BY n DESC LIMIT {FEW_VALUES}"
                )
            elif self.engine == "spark" and (rows <= SMALL_TABLE or distinct > 0.95 * rows):
                yield f"SELECT count(*) FROM (SELECT {name} FROM {source} GROUP BY {name}) AS g"

    def _columns(self, wanted: DataSet) -> list[tuple[str, str]]:
        described = self.run(f"DESCRIBE SELECT * FROM {self._from(wanted)}")
        return [(str(row[0]), _kind(str(row[1]))) for row in described]

    def _all(self, statements: Sequence[str]) -> list[Rows]:
        with ThreadPoolExecutor(SIDE_BY_SIDE[self.engine]) as pool:
            return list(pool.map(self.run, statements))

    def _from(self, wanted: DataSet) -> str:
        return self._file(str(wanted.path))

    def _file(self, path: str) -> str:
        return f"read_parquet('{path}')" if self.engine == "local" else f"parquet.`{path}`"

    def _named(self, wanted: DataSet, query: str) -> str:
        text = query.format(
            table=self._from(wanted),
            customers=self._file(str(data.customers())),
            airlines=self._file(str(data.airlines())),
        )
        return text.replace("LEFT ANTI", "ANTI") if self.engine == "local" else text

    def _spelt(self, expression: str) -> str:
        if self.engine == "local":
            return expression.replace("matches(", "regexp_matches(")
        return re.sub(r"matches\((\w+), ('[^']*')\)", r"\1 RLIKE \2", expression)


def _texts(name: str) -> Iterator[str]:
    digits = f"{name} >= '+' AND {name} < ':'"
    for call in ("min({0})", "max({0})", "min(length({0}))", "max(length({0}))"):
        yield call.format(name)
    yield f"avg(length({name}))"
    yield f"count_if(trim({name}) = '')"
    yield f"count_if({name} LIKE ' %')"
    yield f"count_if({name} LIKE '% ')"
    yield f"count_if(length({name}) < 8 AND lower({name}) IN ('n/a', 'na', 'none', 'null', '-'))"
    yield f"count_if({digits} AND matches({name}, '^[+-]?[0-9]*[.]?[0-9]+$'))"
    yield f"count_if({digits} AND matches({name}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}'))"


def _kind(text: str) -> str:
    spark = {"STRING": "VARCHAR", "INT": "INTEGER"}
    return spark.get(text.upper(), text.upper())
