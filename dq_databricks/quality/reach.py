"""What people who come through the service may read: tables by their names, and no metadata.

Whoever sits at the command line owns the files and the schema. Whoever comes through the service
does not: a path would read files of the host, and the metadata tables hold the rows of every
workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dq_databricks.errors import ForbiddenError, TargetError, UserSqlError
from dq_databricks.model.tables import KEYS
from dq_databricks.quality.targets import parse_table_name, parse_target
from dq_databricks.sql.identifiers import TableName
from dq_databricks.sql.relation import Relation, TableRelation
from dq_databricks.sql.user import parse_select

_SHOWN = 120
_HERE = "`tested`.`tested`.`tested`"


@dataclass(frozen=True, slots=True)
class Reach:
    """The reach of one face; `is_wide` is that of the command line, which reads everything."""

    catalog: str
    schema: str
    is_wide: bool

    def relation(self, text: str) -> Relation:
        """What TARGET names. Raises TargetError, and ForbiddenError for a metadata table."""
        if self.is_wide:
            return parse_target(text)
        name = parse_table_name(text)
        if name is None:
            raise TargetError(
                f"{text[:_SHOWN]!r}: a table is named catalog.schema.table; files are put under "
                "watch on the command line, with dq tables add"
            )
        self.check_schema(name.schema)
        return TableRelation(name)

    def check_schema(self, schema: str | None) -> None:
        """Raise ForbiddenError when `schema` is that of the metadata."""
        if schema is not None and not self.shows(schema):
            raise ForbiddenError(f"schema {schema[:_SHOWN]!r} is not for profiles and tests")

    def shows(self, schema: str) -> bool:
        """Whether `schema` is within reach."""
        hidden = (self.schema.casefold(), "information_schema")
        return self.is_wide or schema.strip("` ").casefold() not in hidden

    def lists(self, schema: str) -> bool:
        """Whether a look at a whole catalog shows `schema`: never metadata, for anybody."""
        return schema.casefold() not in (self.schema.casefold(), "information_schema")

    def check_parameters(self, parameters: Mapping[str, object]) -> None:
        """Hold user SQL and tables named in `parameters` to the reach.

        Raises UserSqlError, TargetError, ForbiddenError.
        """
        if self.is_wide:
            return
        if isinstance(reference := parameters.get("reference_table"), str):
            self.relation(reference)
        if isinstance(sql := parameters.get("sql"), str):
            self._check_sql(sql)

    def _check_sql(self, sql: str) -> None:
        """Every table of a query is {table} or has three names; none is a metadata table."""
        for table in sorted(parse_select(sql.replace("{table}", _HERE)).tables):
            parts = table.split(".")
            if len(parts) != 3:
                raise UserSqlError(
                    f"the query reads {table[:_SHOWN]!r}; name tables catalog.schema.table, or "
                    "write {table} for the table under test"
                )
            self.check_name(TableName(*parts))

    def check_name(self, name: TableName) -> None:
        """Raise ForbiddenError when `name` is a table of the metadata."""
        self.check_schema(name.schema)
        if not self.is_wide and name.table.casefold() in KEYS:
            raise ForbiddenError(f"table {str(name)[:_SHOWN]!r} is not for profiles and tests")


WIDE = Reach("", "", is_wide=True)
"""The reach of whoever owns the schema."""
