"""The 45 checks of each data set: as tests of this software, and as hand-written expressions.

A hand-written expression is SQL for DuckDB and Spark alike; ``matches(column, 'pattern')`` stands
for the regular-expression function of either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks import data


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the check type with its parameters, and the aggregate a person would write."""

    check_type: str
    columns: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """A file, its checks, and the checks a person writes as queries of their own."""

    name: str
    path: Path
    checks: tuple[Check, ...]
    queries: tuple[str, ...]


def orders(rows: int) -> DataSet:
    """The generated orders."""
    table, parent = "{table}", data.customers()
    checks = (
        _rows(),
        *_nulls("order_id customer_id product_id order_date status email total city"),
        Check("unique", ("order_id",)),
        _reference("customer_id", parent),
        _accepted("status", "new paid shipped returned cancelled"),
        _accepted("channel", "web store phone app"),
        _accepted("country", " ".join(f"C{number:02}" for number in range(30))),
        _pattern("email", "^[a-z0-9]+@[a-z]+[.][a-z]+$"),
        _pattern("phone", "^[+][0-9]{11}$"),
        _pattern("country", "^C[0-9]{2}$"),
        *_lengths({"email": (6, 60), "phone": (12, 12), "city": (6, 20), "remark": (5, 40)}),
        *_blanks("city email remark"),
        *_ranges(
            {
                "quantity": (1, 20),
                "unit_price": (0, 1000),
                "discount": (0, 1),
                "total": (0, 100000),
                "store_id": (0, 499),
            }
        ),
        *_figures("mean_in_range", "avg({})", "quantity unit_price total tax"),
        *_figures("stddev_in_range", "stddev({})", "unit_price total"),
        *_figures("min_in_range", "min({})", "unit_price total"),
        *_figures("max_in_range", "max({})", "unit_price total"),
        *_figures("sum_in_range", "sum({})", "total"),
        Check("dates_in_future", ("order_date",), {}, "count_if(order_date > current_date)"),
        Check("dates_in_future", ("created_at",), {}, "count_if(created_at > current_timestamp)"),
        Check(
            "dates_in_range",
            ("order_date",),
            {"min_date": "2020-01-01", "max_date": "2026-01-01"},
            "count_if(order_date < DATE '2020-01-01' OR order_date > DATE '2026-01-01')",
        ),
        _condition("shipped_at IS NULL OR shipped_at >= created_at"),
        Check("distinct_count_range", ("store_id",), {"min_count": 1, "max_count": 500}),
    )
    queries = (
        f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM {table} "
        "WHERE order_id IS NOT NULL GROUP BY order_id) AS g WHERE n > 1",
        f"SELECT count(*) FROM {table} AS t LEFT ANTI JOIN {{customers}} AS p "
        "ON t.customer_id = p.customer_id WHERE t.customer_id IS NOT NULL",
        f"SELECT count(*) FROM (SELECT store_id FROM {table} "
        "WHERE store_id IS NOT NULL GROUP BY store_id) AS g",
    )
    return DataSet("orders", data.orders(rows), checks, queries)


def flights() -> DataSet:
    """The real flights."""
    table, key = "{table}", "year, month, day, carrier, flight, origin"
    checks = (
        _rows(),
        *_nulls("dep_time dep_delay arr_time arr_delay carrier tailnum origin air_time"),
        Check("unique_columns", tuple(key.split(", "))),
        _reference("carrier", data.airlines()),
        _accepted("origin", "EWR JFK LGA"),
        _accepted("carrier", "9E AA AS B6 DL EV F9 FL HA MQ OO UA US VX WN YV"),
        Check("accepted_values", ("year",), {"values": [2013]}, "count_if(year NOT IN (2013))"),
        _pattern("tailnum", "^N[0-9A-Z]+$"),
        _pattern("origin", "^[A-Z]{3}$"),
        _pattern("dest", "^[A-Z]{3}$"),
        *_lengths({"origin": (3, 3), "dest": (3, 3), "tailnum": (5, 6), "carrier": (2, 2)}),
        *_blanks("tailnum origin dest"),
        *_ranges(
            {
                "month": (1, 12),
                "day": (1, 31),
                "hour": (0, 23),
                "minute": (0, 59),
                "distance": (10, 5000),
                "dep_time": (1, 2400),
                "arr_time": (1, 2400),
                "sched_dep_time": (1, 2400),
            }
        ),
        *_figures("mean_in_range", "avg({})", "dep_delay arr_delay distance air_time"),
        *_figures("stddev_in_range", "stddev({})", "dep_delay distance"),
        *_figures("min_in_range", "min({})", "distance air_time"),
        *_figures("max_in_range", "max({})", "distance air_time"),
        *_figures("sum_in_range", "sum({})", "distance"),
        _condition("arr_time IS NULL OR arr_time <= 2400"),
        Check("distinct_count_range", ("dest",), {"min_count": 1, "max_count": 500}),
    )
    queries = (
        f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM {table} "
        f"GROUP BY {key}) AS g WHERE n > 1",
        f"SELECT count(*) FROM {table} AS t LEFT ANTI JOIN {{airlines}} AS p "
        "ON t.carrier = p.carrier WHERE t.carrier IS NOT NULL",
        f"SELECT count(*) FROM (SELECT dest FROM {table} "
        "WHERE dest IS NOT NULL GROUP BY dest) AS g",
    )
    return DataSet("flights", data.flights(), checks, queries)


def many(number: int) -> tuple[Check, ...]:
    """`number` of 400 checks on the orders, drawn with a fixed seed: the same mix at any size.

    Each of the 20 columns has 20 checks of all the types that fit it: one or two conditions a
    type, each held against several limits, as severities are.
    """
    every = [check for name in _KINDS for check in _twenty(name)]
    return tuple(Random(2026).sample(every, number))


_KINDS = {
    **dict.fromkeys(("order_id", "customer_id", "product_id", "store_id", "quantity"), "number"),
    **dict.fromkeys(("unit_price", "discount", "tax", "total"), "number"),
    **dict.fromkeys(("status", "channel", "country", "city"), "text"),
    **dict.fromkeys(("email", "phone", "remark"), "text"),
    **dict.fromkeys(("order_date", "created_at", "shipped_at"), "date"),
    "is_gift": "boolean",
}
_SHARE: Mapping[str, object] = {"max_percent": 0}
_CONDITIONS: Mapping[str, tuple[tuple[str, Mapping[str, object]], ...]] = {
    "number": (
        ("values_in_range", {"max_value": 10, **_SHARE}),
        ("values_in_range", {"min_value": 5, **_SHARE}),
        ("nulls_percent", _SHARE),
        ("mean_in_range", {"max_value": 10}),
        ("min_in_range", {"min_value": 0}),
        ("max_in_range", {"max_value": 10}),
        ("stddev_in_range", {"max_value": 10}),
        ("sum_in_range", {"max_value": 10}),
    ),
    "text": (
        ("text_length_range", {"max_length": 10, **_SHARE}),
        ("text_length_range", {"min_length": 5, **_SHARE}),
        ("nulls_percent", _SHARE),
        ("accepted_values", {"values": ["web", "store", "paid", "C01"], **_SHARE}),
        ("blank_text", _SHARE),
        ("regex_match", {"pattern": "^[a-zA-Z]", **_SHARE}),
    ),
    "date": (
        ("dates_in_range", {"min_date": "2020-01-02", **_SHARE}),
        ("dates_in_range", {"max_date": "2026-01-02", **_SHARE}),
        ("nulls_percent", _SHARE),
        ("dates_in_future", _SHARE),
    ),
    "boolean": (
        ("nulls_percent", _SHARE),
        ("accepted_values", {"values": [True], **_SHARE}),
    ),
}


def _twenty(name: str) -> Iterable[Check]:
    conditions = _CONDITIONS[_KINDS[name]]
    for at in range(20):
        check_type, parameters = conditions[at % len(conditions)]
        # The limit that the rule judges by is the last parameter.
        limit = list(parameters)[-1]
        yield Check(check_type, (name,), {**parameters, limit: at // len(conditions)})


def _rows() -> Check:
    return Check("row_count_range", (), {"min_count": 1}, "count(*)")


def _nulls(names: str) -> Iterable[Check]:
    for name in names.split():
        yield Check("nulls_percent", (name,), {}, f"count_if({name} IS NULL)")


def _reference(column: str, parent: Path) -> Check:
    named = {"reference_table": str(parent), "reference_columns": [column]}
    return Check("referential_integrity", (column,), named)


def _accepted(column: str, values: str) -> Check:
    listed = ", ".join(f"'{value}'" for value in values.split())
    return Check(
        "accepted_values",
        (column,),
        {"values": values.split()},
        f"count_if({column} NOT IN ({listed}))",
    )


def _pattern(column: str, pattern: str) -> Check:
    expression = f"count_if(NOT matches({column}, '{pattern}'))"
    return Check("regex_match", (column,), {"pattern": pattern}, expression)


def _lengths(limits: Mapping[str, tuple[int, int]]) -> Iterable[Check]:
    for name, (low, high) in limits.items():
        yield Check(
            "text_length_range",
            (name,),
            {"min_length": low, "max_length": high},
            f"count_if(length({name}) < {low} OR length({name}) > {high})",
        )


def _blanks(names: str) -> Iterable[Check]:
    for name in names.split():
        yield Check("blank_text", (name,), {}, f"count_if(trim({name}) = '')")


def _ranges(limits: Mapping[str, tuple[int, int]]) -> Iterable[Check]:
    for name, (low, high) in limits.items():
        yield Check(
            "values_in_range",
            (name,),
            {"min_value": low, "max_value": high},
            f"count_if({name} < {low} OR {name} > {high})",
        )


def _figures(check_type: str, template: str, names: str) -> Iterable[Check]:
    for name in names.split():
        yield Check(
            check_type, (name,), {"min_value": -1e15, "max_value": 1e15}, template.format(name)
        )


def _condition(text: str) -> Check:
    return Check("sql_condition", (), {"condition_sql": text}, f"count_if(NOT ({text}))")
