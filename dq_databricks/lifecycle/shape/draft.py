"""A table while the statements of the migrations work on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlglot import exp

from dq_databricks.errors import MigrationError
from dq_databricks.lifecycle.shape.properties import CHECK_PREFIX, kept_checks, kept_properties
from dq_databricks.lifecycle.shape.shape import ColumnShape, TableShape


@dataclass(slots=True)
class Draft:
    """A table that changes; `properties` holds CHECK constraints too, as engines keep them."""

    name: str
    columns: list[ColumnShape] = field(default_factory=list)
    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    clustering: tuple[str, ...] = ()

    def shape(self) -> TableShape:
        """The table as it is now."""
        return TableShape(
            name=self.name,
            columns=tuple(self.columns),
            comment=self.comment,
            properties=kept_properties(self.properties),
            checks=kept_checks(self.properties),
            keys=dict(self.keys),
            clustering=self.clustering,
        )

    def add_columns(self, definitions: list[exp.ColumnDef]) -> None:
        """Put columns at the end; those that are there already stay as they are."""
        known = {column.name.lower() for column in self.columns}
        self.columns += [
            column_shape(found) for found in definitions if found.name.lower() not in known
        ]

    def drop_columns(self, names: list[str]) -> None:
        """Take columns out."""
        gone = {name.lower() for name in names}
        self.columns = [column for column in self.columns if column.name.lower() not in gone]

    def change_column(self, name: str, action: exp.Expression) -> None:
        """ALTER COLUMN: comment, NOT NULL or type."""
        if (comment := action.args.get("comment")) is not None:
            self.change(name, lambda column: replace(column, comment=comment.name or None))
        if (nullable := action.args.get("allow_null")) is not None:
            self.change(name, lambda column: replace(column, nullable=bool(nullable)))
        if (kind := action.args.get("dtype")) is not None:
            self.change(name, lambda column: replace(column, data_type=type_name(kind)))

    def change(self, name: str, changed: Callable[[ColumnShape], ColumnShape]) -> None:
        """Change one column. Raises MigrationError when there is none."""
        places = [at for at, c in enumerate(self.columns) if c.name.lower() == name.lower()]
        if not places:
            raise MigrationError(
                f"{self.name}: a migration changes column {name}, which no migration before it "
                "made; correct that file"
            )
        self.columns[places[0]] = changed(self.columns[places[0]])

    def add_check(self, name: str, condition: str) -> None:
        """Add a CHECK constraint."""
        self.properties[f"{CHECK_PREFIX}{name}"] = condition

    def drop_constraint(self, name: str) -> str | None:
        """Take out a constraint of any kind; the definition of the key it was, or None."""
        wanted = f"{CHECK_PREFIX}{name}".lower()
        self.properties = {k: v for k, v in self.properties.items() if k.lower() != wanted}
        found = [key for key in self.keys if key.lower() == name.lower()]
        return self.keys.pop(found[0]) if found else None


def column_shape(definition: exp.ColumnDef) -> ColumnShape:
    """The column that a definition makes. Raises MigrationError for one that has a place."""
    if definition.args.get("position") is not None:
        raise MigrationError(
            f"column {definition.name}: FIRST and AFTER are not portable; add it at the end"
        )
    kinds = [constraint.args["kind"] for constraint in definition.args.get("constraints") or []]
    comments = [kind.name for kind in kinds if isinstance(kind, exp.CommentColumnConstraint)]
    required = any(
        isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null")
        for kind in kinds
    )
    return ColumnShape(
        name=definition.name,
        data_type=type_name(definition.args["kind"]),
        nullable=not required,
        comment=(comments[-1] or None) if comments else None,
    )


def type_name(kind: exp.Expression) -> str:
    """A type as engines report it: ``DECIMAL(10,2)``, ``STRUCT<a: INT, b: ARRAY<STRING>>``."""
    if isinstance(kind, exp.ColumnDef):
        return f"{kind.name}: {type_name(kind.args['kind'])}"
    if kind.args.get("nested"):
        inner = ", ".join(map(type_name, kind.expressions))
        return f"{kind.this.value}<{inner}>"
    return str(kind.sql("databricks")).upper().replace(", ", ",")
