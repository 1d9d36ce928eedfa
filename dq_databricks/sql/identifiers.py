"""Names: the one quoting function, and the name of a table in three parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dq_databricks.errors import IdentifierError

MAX_NAME_CHARS = 255
_PLAIN = re.compile(r"[^.`\s]+")
_FORBIDDEN_IN_OBJECTS = set(". /") | {chr(code) for code in range(32)} | {"\x7f"}


def quote(*parts: str) -> str:
    """Give `parts` as one back-quoted identifier path: ``quote("a", "b`c")`` is ```a`.`b``c```.

    Raises IdentifierError for an empty part or one with a NUL character.
    """
    return ".".join(_quote_one(part) for part in parts)


def text_literal(text: str) -> str:
    """`text` as a string literal, for the places of SQL where no parameter may stand."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quote_one(part: str) -> str:
    if not part or "\x00" in part:
        raise IdentifierError(f"name {part!r}: a name is not empty and holds no NUL character")
    return "`" + part.replace("`", "``") + "`"


def check_object_name(name: str, *, what: str, max_chars: int = MAX_NAME_CHARS) -> str:
    """Return `name` when Unity Catalog would accept it for a catalog, schema or table.

    Raises IdentifierError: empty, longer than `max_chars`, or with a dot, space, slash or
    control character (the rules Databricks publishes for object names).
    """
    if not name:
        raise IdentifierError(f"{what}: the name is empty")
    if len(name) > max_chars:
        raise IdentifierError(
            f"{what} {name[:20]!r}…: {len(name)} characters; at most {max_chars} are allowed"
        )
    bad = sorted({char for char in name if char in _FORBIDDEN_IN_OBJECTS})
    if bad:
        raise IdentifierError(
            f"{what} {name!r}: contains {', '.join(map(repr, bad))}; "
            "dots, spaces, slashes and control characters are not allowed"
        )
    return name


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """The full name of a table: catalog, schema, table."""

    catalog: str
    schema: str
    table: str

    @property
    def sql(self) -> str:
        """The quoted name, ready for a statement."""
        return quote(self.catalog, self.schema, self.table)

    def __str__(self) -> str:
        return ".".join(map(_plain, (self.catalog, self.schema, self.table)))


def _plain(part: str) -> str:
    return part if _PLAIN.fullmatch(part) else _quote_one(part)
