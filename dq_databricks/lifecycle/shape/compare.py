"""How two shapes differ, object by object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dq_databricks.lifecycle.shape.shape import ColumnShape, SchemaShape, TableShape


class Kind(StrEnum):
    """What is different about an object.

    A property or constraint is missing when nothing was found, extra when none was expected.
    """

    MISSING = "missing"
    EXTRA = "extra"
    TYPE = "type"
    NULLABILITY = "nullability"
    COMMENT = "comment"
    ORDER = "order"
    PROPERTY = "property"
    CONSTRAINT = "constraint"
    CLUSTERING = "clustering"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as expected; None: there is none.

    `object` is a table or view (``dq_tests``), one of its columns (``dq_tests.version``), or one of
    its properties or constraints (``dq_tests: delta.appendOnly``).
    """

    object: str
    kind: Kind
    expected: str | None = None
    found: str | None = None


def differences(expected: SchemaShape, live: SchemaShape) -> tuple[Difference, ...]:
    """Everything that is different, by table; none for equal shapes."""
    found: list[Difference] = []
    for name in sorted({*expected.tables, *live.tables}):
        if name not in live.tables:
            found.append(Difference(name, Kind.MISSING, expected="table"))
        elif name not in expected.tables:
            found.append(Difference(name, Kind.EXTRA, found="table"))
        else:
            found += table_differences(expected.tables[name], live.tables[name])
    return (*found, *view_differences(expected, live))


def view_differences(expected: SchemaShape, live: SchemaShape) -> Iterator[Difference]:
    """Views that are missing or say something else; a text that may not be read is taken as is."""
    for name, view in expected.views.items():
        there = live.views.get(name)
        if there is None:
            yield Difference(name, Kind.MISSING, expected="view")
        elif there.text is not None and there.text != view.text:
            yield Difference(name, Kind.TEXT, view.text, there.text)


def table_differences(expected: TableShape, live: TableShape) -> Iterator[Difference]:
    """How a table differs from the one it should be."""
    name = expected.name
    if expected.comment != live.comment:
        yield Difference(name, Kind.COMMENT, expected.comment, live.comment)
    yield from _columns(expected, live)
    yield from _entries(name, expected.properties, live.properties, Kind.PROPERTY)
    yield from _entries(name, expected.checks, live.checks, Kind.CONSTRAINT)
    yield from _entries(name, expected.keys, live.keys, Kind.CONSTRAINT)
    if expected.clustering != live.clustering:
        both = (_listed(shape.clustering) for shape in (expected, live))
        yield Difference(name, Kind.CLUSTERING, *both)


def _columns(expected: TableShape, live: TableShape) -> Iterator[Difference]:
    wanted = {column.name: column for column in expected.columns}
    there = {column.name: column for column in live.columns}
    for name, column in wanted.items():
        where = f"{expected.name}.{name}"
        if name in there:
            yield from _column(where, column, there[name])
        else:
            yield Difference(where, Kind.MISSING, expected=column.data_type)
    for name in [name for name in there if name not in wanted]:
        where = f"{expected.name}.{name}"
        yield Difference(where, Kind.EXTRA, found=there[name].data_type)
    shared = [[name for name in names if name in wanted and name in there]
              for names in (wanted, there)]  # fmt: skip
    if shared[0] != shared[1]:
        yield Difference(expected.name, Kind.ORDER, *map(_listed, shared))


def _column(where: str, expected: ColumnShape, live: ColumnShape) -> Iterator[Difference]:
    if expected.data_type != live.data_type:
        yield Difference(where, Kind.TYPE, expected.data_type, live.data_type)
    if expected.nullable != live.nullable:
        both = (_nullable(column) for column in (expected, live))
        yield Difference(where, Kind.NULLABILITY, *both)
    if expected.comment != live.comment:
        yield Difference(where, Kind.COMMENT, expected.comment, live.comment)


def _entries(
    table: str, expected: Mapping[str, str], live: Mapping[str, str], kind: Kind
) -> Iterator[Difference]:
    for name in sorted({*expected, *live}):
        if expected.get(name) != live.get(name):
            yield Difference(f"{table}: {name}", kind, expected.get(name), live.get(name))


def _nullable(column: ColumnShape) -> str:
    return "nullable" if column.nullable else "NOT NULL"


def _listed(names: tuple[str, ...] | list[str]) -> str | None:
    return ", ".join(names) or None
