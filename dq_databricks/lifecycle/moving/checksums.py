"""The content of a table as two values that do not depend on the order of its rows.

One aggregate of the portable subset: each row becomes one text, its MD5 two numbers, and those are
summed. The same rows give the same checksum on every engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dq_databricks.engine.protocol import Engine
from dq_databricks.sql.identifiers import TableName, quote
from dq_databricks.sql.relation import TableRelation
from dq_databricks.sql.statement import Statement

# A double is brought between 2^-10 and 2^62 by a power of two, which loses nothing: from there its
# whole part and 62 binary digits after the point are two exact BIGINTs.
_STEP, _LOWEST = 72, -14
_LN_2 = "6.9314718055994531e-01"
_LARGEST = "1.7976931348623157e+308"
_PART_CHARS = 16


class Column(Protocol):
    """What is needed of a column: its name and its Databricks SQL type in upper case."""

    @property
    def name(self) -> str:
        """The name as the table spells it."""

    @property
    def data_type(self) -> str:
        """The type, such as ``DECIMAL(38,18)``."""


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows a table has and what is in them.

    Of the columns in `presence_only` (maps, variants and other types without one text form) only
    whether there is a value counts.
    """

    row_count: int
    checksum: str
    presence_only: tuple[str, ...] = ()


def content(
    engine: Engine, table: TableName, columns: Sequence[Column], version: int | None = None
) -> Content:
    """The content of `table`, at its latest version unless one is given, by one statement."""
    found = engine.query(content_statement(table, columns, version)).to_pylist()[0]
    parts = [int(found[name] or 0) for name in ("first_part", "second_part")]
    left_out = tuple(column.name for column in columns if not has_text(column.data_type))
    return Content(int(found["row_count"]), "-".join(f"{part:x}" for part in parts), left_out)


def content_statement(
    table: TableName, columns: Sequence[Column], version: int | None = None
) -> Statement:
    """The statement behind `content`; columns count by name, whatever their order."""
    ordered = sorted(columns, key=lambda column: column.name)
    named = [(f"c{number}", column) for number, column in enumerate(ordered)]
    plain = ", ".join(f"{_value(column)} AS {alias}" for alias, column in named)
    scales = "".join(
        f", {_scale(alias)} AS {alias}_scale" for alias, column in named if _is_double(column)
    )
    fields = ", ',', ".join(_field(alias, column.data_type) for alias, column in named)
    source = TableRelation(table, version).sql
    rows = f"SELECT *{scales} FROM (SELECT {plain} FROM {source}) AS plain_rows"
    hashed = f"SELECT md5(concat({fields}, '.')) AS row_hash FROM ({rows}) AS scaled_rows"
    return Statement(
        f"SELECT count(*) AS row_count, {_part(1)} AS first_part, "
        f"{_part(1 + _PART_CHARS)} AS second_part FROM ({hashed}) AS hashed_rows"
    )


def has_text(data_type: str) -> bool:
    """Whether values of a type have a text that is the same on every engine."""
    return _kind(data_type) in _TEXTS


def _kind(data_type: str) -> str:
    match = re.match(r"[A-Z_]+", data_type.upper())
    return match[0] if match else ""


def _is_double(column: Column) -> bool:
    return _kind(column.data_type) in ("DOUBLE", "FLOAT")


def _value(column: Column) -> str:
    name = quote(column.name)
    return f"CAST({name} AS DOUBLE)" if _is_double(column) else name


def _part(start: int) -> str:
    """The sum of half a hash as a number of 16 decimal digits, so 10^22 rows fit."""
    half = f"substr(row_hash, {start}, {_PART_CHARS})"
    return f"sum(CAST(translate({half}, 'abcdef', '012345') AS DECIMAL(38, 0)))"


def _field(alias: str, data_type: str) -> str:
    """The text of one value; NULL is told from every value, the empty text among them."""
    if not has_text(data_type):
        return f"CASE WHEN {alias} IS NULL THEN '-' ELSE '+' END"
    return f"coalesce({_TEXTS[_kind(data_type)](alias)}, '-')"


def _string(alias: str) -> str:
    # With its length in front no two rows of texts look alike.
    return f"concat(CAST(length({alias}) AS STRING), ':', {alias})"


def _plain(alias: str) -> str:
    return f"CAST({alias} AS STRING)"


def _double(alias: str) -> str:
    size = f"abs({alias}) * {alias}_scale"
    whole = f"CAST(floor({size}) AS BIGINT)"
    rest = f"CAST(floor(({size} - {whole}) * {_power(62)}) AS BIGINT)"
    # The logarithm of a power of two is off by far less than a half.
    exponent = f"CAST(floor(ln({alias}_scale) / {_LN_2} + 5.0e-01) AS BIGINT)"
    sign = f"CASE WHEN {alias} < 0 THEN 'n' ELSE 'p' END"
    finite = f"concat({sign}, " + ", ':', ".join(map(_text_of, (exponent, whole, rest))) + ")"
    return (
        f"CASE WHEN {alias} IS NULL THEN '-' WHEN isnan({alias}) THEN 'nan' "
        f"WHEN abs({alias}) > {_LARGEST} THEN concat({sign}, 'inf') "
        f"ELSE {finite} END"
    )


def _text_of(number: str) -> str:
    return f"CAST({number} AS STRING)"


def _scale(alias: str) -> str:
    """The power of two that a double is multiplied with; 1 for zero and what is no number."""
    size = f"abs({alias})"
    near = " ".join(
        f"WHEN {size} >= {_power(_STEP * step - 10)} AND {size} < {_power(_STEP * step + 62)} "
        f"THEN {_power(-_STEP * step)}"
        for step in (0, 1, -1)
    )
    step = f"floor((ln({size}) / {_LN_2} + 9.5e+00) / {_STEP}.0e+00)"
    far = f"pow({_power(1)}, -{_STEP}.0e+00 * greatest({step}, {_LOWEST}))"
    is_number = f"{size} > 0.0e+00 AND {size} <= {_LARGEST}"
    return f"CASE {near} WHEN {is_number} THEN {far} ELSE {_power(0)} END"


def _power(exponent: int) -> str:
    """A power of two as a literal that is read as exactly that double."""
    return f"{2.0**exponent:.17e}"


_TEXTS: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("STRING", "CHAR", "VARCHAR"), _string),
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "BOOLEAN"),
        _plain,
    ),
    **dict.fromkeys(("DOUBLE", "FLOAT"), _double),
    "DATE": lambda alias: f"CAST(unix_date({alias}) AS STRING)",
    "TIMESTAMP": lambda alias: f"CAST(unix_micros({alias}) AS STRING)",
    "TIMESTAMP_NTZ": lambda alias: f"CAST(unix_micros(CAST({alias} AS TIMESTAMP)) AS STRING)",
    "BINARY": lambda alias: f"hex({alias})",
    "VOID": _string,  # which holds no value
}
