"""Each expression of the corpus gives Spark's answer on the embedded engine, or is refused.

`tests/data/dialect/spark_answers.jsonl.gz` holds what open-source Spark (ANSI, UTC) answered over
the three small Delta tables beside it.
"""

from __future__ import annotations

import ast
import gzip
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import pyarrow as pa
import pytest
from sqlglot import exp

from dq_databricks.engine.local.macros import REFUSED, normalise_types, register
from dq_databricks.engine.local.transpile import transpile
from dq_databricks.errors import RegexError, SqlError, UnsupportedError
from dq_databricks.sql.parse import parse_statement
from dq_databricks.sql.regex import portable_regex

DATA = Path(__file__).parent.parent / "data" / "dialect"
# Stated errors of approximate functions; the last sums ±9e18, where the order of a sum shows.
RELATIVE_ERROR = {
    "approx_count_distinct": 0.1,
    "percentile_approx": 0.02,
    "approx_percentile": 0.05,
    "sum(CAST(b AS DOUBLE))": 1e-6,
}
LISTS_WITHOUT_ORDER = ("array_agg(", "collect_list(", "collect_set(")
# Spark stops where the embedded engine answers: it overflows on the way to a sum that fits, and it
# refuses to put text under numbers in a UNION. Nothing gives another value.
ONLY_SPARK_FAILS = {"SELECT sum(b) AS x FROM t", "SELECT i FROM t UNION ALL SELECT s FROM t"}


class NoAnswerError(Exception):
    """Spark was not asked for the rewritten form of a pattern."""


@dataclass(frozen=True)
class Case:
    category: str
    expression: str
    sql: str
    params: dict[str, Any]
    spark: dict[str, Any]

    @property
    def failed_on_spark(self) -> bool:
        return "error" in self.spark


@lru_cache(maxsize=1)
def corpus() -> list[Case]:
    with gzip.open(DATA / "spark_answers.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [Case(**json.loads(line)) for line in lines]


CATEGORIES = sorted({case.category for case in corpus()})


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    folder = Path(duckdb_extension_delta.__file__).parent
    extension = next(folder.rglob("delta.duckdb_extension"))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"LOAD '{extension}'")
        register(connection)
        for name in ("t", "n", "rx"):
            scan = f"delta_scan('{DATA / name}')"
            connection.execute(f"CREATE TABLE lake_{name} AS SELECT * FROM {scan}")
        yield connection


def resolved(table: exp.Table, version: exp.Expression | None) -> exp.Expression:
    assert version is None
    return exp.to_table(f"lake_{table.name.lower()}")


COUNTS = Counter(
    {
        "same": 1150,
        "refused": 452,
        "rewritten, Spark not asked": 4,  # of a pattern; the rewritten one has no answer to compare
        "failed on both": 29,
        "failed here": 8,  # overflow of decimals, Inf in stddev, text + number: never another value
        "only Spark fails": 2,
    }
)
NOT_IN_THE_SUBSET = {
    "min(CAST(ts AS STRING)) IS NOT NULL",
    "min(struct(x, k)).k",
    "max_by(k, struct(x, k))",
    "CAST(sign(f) * floor(abs(f)) AS DOUBLE)",
    "CAST(CASE WHEN abs(f) < 1e9D THEN sign(f) * floor(abs(f)) END AS BIGINT)",
    "f div 1",
    "date_format(ts, \"yyyy-MM-dd'T'HH:mm:ss\")",
    "exists(ar, v -> v = 'x')",
    "bround(2.5D)",
    "initcap('hello world')",
    "CAST(TIMESTAMP'2024-03-31 02:30:00' AS STRING)",
    "round(2.5D) = 3",
    "round(-2.5D)",
    "width_bucket(5.3D, 0.2D, 10.6D, 5)",
    # replaces the empty match of \\A and \\z
    "SELECT k, v RLIKE :pat AS x, regexp_replace(v, :pat, '#') AS r FROM rx ORDER BY k",
}
"""Forms of the `portable` cases that the reference tells to avoid."""

# --- one case --------------------------------------------------------------------------------


def outcome(case: Case, duck: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """How a case went (the keys of COUNTS, or ``different``), and the detail."""
    try:
        case = with_portable_pattern(case)
        names, types, rows = answer(case, duck)
    except (UnsupportedError, RegexError, SqlError) as error:
        return "refused", str(error)
    except NoAnswerError as error:
        return "rewritten, Spark not asked", str(error)
    except duckdb.Error as error:
        if REFUSED in str(error):
            return "refused", str(error)
        return ("failed on both" if case.failed_on_spark else "failed here"), str(error)
    if case.sql in ONLY_SPARK_FAILS:
        return "only Spark fails", case.spark["error"]
    if case.failed_on_spark:
        return "different", f"Spark failed: {case.spark['error'][:200]}; here {rows[:3]}"
    problem = difference(case, names, types, rows)
    return ("different", problem) if problem else ("same", "")


def answer(
    case: Case, duck: duckdb.DuckDBPyConnection
) -> tuple[list[str], list[str], list[list[Any]]]:
    statement = transpile(case.sql, resolved)
    values = {name: parameter(name, case.params[name]) for name in statement.placeholders}
    statement.check(values)
    cursor = duck.execute(statement.sql, values)
    duck_types = [column[1] for column in cursor.description]
    table = normalise_types(cursor.to_arrow_table(), duck_types)
    rows = [list(row) for row in zip(*(plain(column) for column in table.columns), strict=True)]
    return table.column_names, [family(str(field.type)) for field in table.schema], rows


def plain(column: pa.ChunkedArray) -> list[Any]:
    try:
        return [coded(value, column.type) for value in column.to_pylist()]
    except (OverflowError, ValueError):  # a year Python has no date for
        return [
            None if text is None else str(text) for text in column.cast(pa.string()).to_pylist()
        ]


def coded(value: Any, type_: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_map(type_):
        return sorted([[key, coded(item, type_.item_type)] for key, item in value], key=repr)
    if pa.types.is_list(type_):
        return [coded(item, type_.value_type) for item in value]
    if pa.types.is_struct(type_):
        return [[f.name, coded(value[f.name], f.type)] for f in type_]
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def decoded(value: Any, type_: str) -> Any:
    """A value of the corpus in the form of `coded`."""
    if not isinstance(value, list):
        return value
    mark, *rest = value
    if mark == "f":
        return float(rest[0])
    if mark == "d":
        return Decimal(rest[0])
    if mark in {"ts", "date", "b"}:
        return rest[0]
    if mark == "st":
        return [[name, decoded(item, "")] for name, item in rest[0]]
    if type_.startswith("map"):
        pairs = [[pair[1][0], decoded(pair[1][1], "")] for pair in rest[0]]
        return sorted(pairs, key=repr)
    return [decoded(item, "") for item in rest[0]]


def family(type_: str) -> str:
    """Types that mean the same here: all whole numbers, all floats, all decimals."""
    type_ = re.sub(r"(element|item|l): |, tz=[A-Za-z/]+| not null|\[day\]", "", type_)
    type_ = re.sub(r"\bu?int(8|16|32|64)\b", "int", type_)
    type_ = re.sub(r"\b(float|double)\b", "float", type_)
    type_ = re.sub(r"decimal128\(\d+, \d+\)", "decimal", type_)
    return type_.replace("list<array: ", "list<").replace("string_view", "string")


def difference(case: Case, names: list[str], types: list[str], rows: list[list[Any]]) -> str:
    spark_types = case.spark["types"]
    wanted = [
        [decoded(value, type_) for value, type_ in zip(row, spark_types, strict=True)]
        for row in case.spark["rows"]
    ]
    expected = [family(type_) for type_ in spark_types]
    if not all(
        one == other or "null" in {one, other} for one, other in zip(expected, types, strict=True)
    ):
        return f"types {types}, Spark {expected}"
    tolerance = next((e for name, e in RELATIVE_ERROR.items() if name in case.sql), 0.0)
    if len(wanted) != len(rows):
        return f"{len(rows)} rows, Spark {len(wanted)}"
    if any(name in case.sql for name in LISTS_WITHOUT_ORDER) and "sort" not in case.sql:
        wanted, rows = sorted_lists(wanted), sorted_lists(rows)
    keys = order_keys(case.sql, names)
    if keys is not None:
        if not same_rows(keyed(rows, keys), keyed(wanted, keys), tolerance):
            return "rows in another order"
        wanted, rows = sorted(wanted, key=sort_key), sorted(rows, key=sort_key)
    for mine, theirs in zip(rows, wanted, strict=True):
        if not equal(mine, theirs, tolerance):
            return f"{mine}, Spark {theirs}"
    return ""


def keyed(rows: list[list[Any]], keys: list[int]) -> list[list[Any]]:
    return [[row[key] for key in keys] for row in rows]


def same_rows(rows: list[list[Any]], wanted: list[list[Any]], tolerance: float) -> bool:
    return all(equal(a, b, tolerance) for a, b in zip(rows, wanted, strict=True))


def sort_key(row: list[Any]) -> str:
    return repr([round(value, 6) + 0.0 if isinstance(value, float) else value for value in row])


def sorted_lists(rows: list[list[Any]]) -> list[list[Any]]:
    return [[sorted(v, key=repr) if isinstance(v, list) else v for v in row] for row in rows]


def order_keys(sql: str, names: list[str]) -> list[int] | None:
    """The columns whose order the statement asks for; None when it orders by something else.

    Rows that are equal in all of them may come in any order.
    """
    order = parse_statement(sql).args.get("order")
    if order is None:
        return []
    keys = [ordered.this for ordered in order.expressions]
    lower = [name.lower() for name in names]
    if all(isinstance(key, exp.Column) and key.name.lower() in lower for key in keys):
        return [lower.index(key.name.lower()) for key in keys]
    return None


def equal(mine: Any, theirs: Any, tolerance: float) -> bool:
    if isinstance(mine, list) and isinstance(theirs, list):
        pairs = zip(mine, theirs, strict=False)
        return len(mine) == len(theirs) and all(equal(a, b, tolerance) for a, b in pairs)
    if isinstance(mine, float) or isinstance(theirs, float) or (tolerance and mine is not None):
        return close(mine, theirs, tolerance)
    return type(mine) is type(theirs) and bool(mine == theirs)


def close(mine: Any, theirs: Any, tolerance: float) -> bool:
    if not isinstance(mine, float | int) or not isinstance(theirs, float | int):
        return bool(mine == theirs)
    if math.isnan(mine) or math.isnan(theirs):
        return math.isnan(mine) and math.isnan(theirs)
    return math.isclose(mine, theirs, rel_tol=max(tolerance, 1e-9), abs_tol=1e-12)


# --- parameters ------------------------------------------------------------------------------


def parameter(name: str, text: str) -> Any:
    """The value behind a parameter of the corpus, which was stored as text."""
    if text == "None":
        return None
    if name in {"i", "big", "g"}:
        return int(text)
    if name in {"f", "b", "bin", "tags"}:
        return ast.literal_eval(text)
    if name == "d":
        return date.fromisoformat(text) if "-" in text else Decimal(text)
    if name in {"ts", "n"}:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Decimal(text) if name == "dec" else text


@lru_cache(maxsize=1)
def answers_by_pattern() -> dict[tuple[str, str], Case]:
    """Cases by (statement, pattern): Spark's answer for a rewritten pattern, where it was asked."""
    return {(case.sql, case.params["pat"]): case for case in corpus() if "pat" in case.params}


def with_portable_pattern(case: Case) -> Case:
    """The case as it runs: a bound pattern is rewritten first, and Spark's answer is for that."""
    if "pat" not in case.params:
        return case
    pattern = portable_regex(case.params["pat"])
    if pattern == case.params["pat"]:
        return case
    known = answers_by_pattern().get((case.sql, pattern))
    if known is not None:
        return known
    matching = "SELECT k, v RLIKE :pat AS x, regexp_replace(v, :pat, '#') AS r FROM rx ORDER BY k"
    both = answers_by_pattern().get((matching, pattern))
    if both is None or "RLIKE" not in case.sql or "replace" in case.sql:
        raise NoAnswerError(pattern)
    rows = [row[:2] for row in both.spark["rows"]]
    spark = {"names": ["k", "x"], "types": both.spark["types"][:2], "rows": rows}
    return Case(case.category, case.expression, case.sql, {"pat": pattern}, spark)


# --- the suite -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcomes(duck: duckdb.DuckDBPyConnection) -> list[tuple[Case, str, str]]:
    return [(case, *outcome(case, duck)) for case in corpus()]


def test_nothing_is_silently_different(outcomes: list[tuple[Case, str, str]]) -> None:
    different = [
        f"{case.sql} {case.params or ''}: {d}" for case, o, d in outcomes if o == "different"
    ]

    assert different == []


def test_the_accepted_set_does_not_shrink(outcomes: list[tuple[Case, str, str]]) -> None:
    assert Counter(found for _, found, _ in outcomes) == COUNTS


def test_a_refusal_names_what_and_a_way_out(outcomes: list[tuple[Case, str, str]]) -> None:
    refusals = [detail for _, found, detail in outcomes if found == "refused"]

    assert all("portable" in detail or "cannot parse" in detail for detail in refusals)


@pytest.mark.parametrize("category", ["portable", "rxp", "like"])
def test_the_portable_forms_are_accepted(
    category: str, outcomes: list[tuple[Case, str, str]]
) -> None:
    refused = {
        case.expression
        for case, found, _ in outcomes
        if case.category == category and found not in {"same", "failed on both"}
    }

    assert refused <= NOT_IN_THE_SUBSET
